//! The files that one shapefile is: entries of one input that differ in their extension alone.

use crate::layer::{Notes, plain};
use encoding_rs::Encoding;
use sextant_plugin_sdk::{Entry, Error, Host, Result};
use std::collections::HashMap;
use std::io::Read;

/// Bytes of a .prj or .cpg.
const TEXT_BYTES_MAX: u64 = 64 << 10;

/// A file, and what stands beside it if it is a .shp.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) file: Entry,
    pub(crate) dbf: Option<Entry>,
    cpg: Option<Entry>,
    prj: Option<Entry>,
}

/// An encoding as a file names it; none where it is not known.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) encoding: Option<&'static Encoding>,
}

/// The shapefiles of an input.
pub(crate) fn group(entries: Vec<Entry>) -> Vec<Parts> {
    let is_shp = |entry: &Entry| split(&entry.name).1.eq_ignore_ascii_case("shp");
    let (shapes, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_shp);
    let mut by_stem: HashMap<String, Vec<Entry>> = HashMap::new();
    for entry in others {
        let stem = split(&entry.name).0.to_lowercase();
        by_stem.entry(stem).or_default().push(entry);
    }
    let mut shapes: Vec<_> = shapes.into_iter().map(Parts::from).collect();
    for parts in &mut shapes {
        let stem = split(&parts.file.name).0.to_owned();
        for entry in by_stem.get(&stem.to_lowercase()).into_iter().flatten() {
            parts.add(&stem, entry);
        }
    }
    shapes
}

impl From<Entry> for Parts {
    fn from(file: Entry) -> Self {
        Self {
            file,
            dbf: None,
            cpg: None,
            prj: None,
        }
    }
}

impl Parts {
    /// Adds what stands beside the .shp; a name with the same capitals goes before others.
    fn add(&mut self, stem: &str, entry: &Entry) {
        let (other, extension) = split(&entry.name);
        let part = match extension.to_ascii_lowercase().as_str() {
            "dbf" => &mut self.dbf,
            "cpg" | "cst" => &mut self.cpg,
            "prj" => &mut self.prj,
            _ => return,
        };
        if part.is_none() || other == stem {
            *part = Some(entry.clone());
        }
    }

    /// The coordinate reference system, as the .prj has it; none where there is no .prj.
    pub(crate) fn crs(&self, host: &Host) -> Result<Option<serde_json::Value>> {
        let text = self.prj.as_ref().map(|prj| text(host, prj)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()).map(Into::into))
    }

    /// The encoding that the .cpg says; none where there is no .cpg.
    pub(crate) fn encoding(&self, host: &Host, notes: &mut Notes) -> Result<Option<Named>> {
        let text = self.cpg.as_ref().map(|cpg| text(host, cpg)).transpose()?;
        let text = text.filter(|text| !text.is_empty());
        Ok(text.map(|text| {
            let name = format!("the encoding {text:?} of the .cpg");
            let encoding = encoding(&text);
            if encoding.is_none() {
                notes.add("encoding", "", || {
                    format!("{name} is not known; texts other than ASCII are bad records")
                });
            }
            Named { name, encoding }
        }))
    }
}

/// The stem and the extension.
fn split(name: &str) -> (&str, &str) {
    let name = plain(name);
    name.rsplit_once('.').unwrap_or((name, ""))
}

/// A short text. What is not UTF-8 in it is a name in a .prj that nobody needs.
fn text(host: &Host, entry: &Entry) -> Result<String> {
    let mut bytes = Vec::new();
    let mut input = host.read(entry)?.take(TEXT_BYTES_MAX + 1);
    input.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        let message = format!("a text may have {TEXT_BYTES_MAX} bytes here, this one has more");
        return Err(Error::invalid_data(message).in_input(entry.to_string()));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_start_matches('\u{feff}').trim().to_owned())
}

/// The encoding of a name as programs write it: `UTF-8`, `1251`, `ANSI 1251`, `CP866`, `88595`.
fn encoding(name: &str) -> Option<&'static Encoding> {
    if let Some(encoding) = Encoding::for_label(name.as_bytes()) {
        return Some(encoding);
    }
    let name = name.to_ascii_lowercase().replace(['_', ' '], "-");
    let prefixes = ["ansi", "cp", "windows", "ibm", "ms", "oem", "ldid", "iso"];
    let prefix = prefixes.iter().find(|prefix| name.starts_with(**prefix));
    let page = prefix.map_or(name.as_str(), |prefix| &name[prefix.len()..]);
    let page = page.trim_start_matches(['-', '/']);
    if prefix == Some(&"ldid") {
        return page.parse().ok().and_then(super::dbf::language);
    }
    let label = match page {
        "65001" => "utf-8".to_owned(),
        "932" => "shift_jis".to_owned(),
        "936" => "gbk".to_owned(),
        "949" => "euc-kr".to_owned(),
        "950" => "big5".to_owned(),
        "874" => "windows-874".to_owned(),
        "20866" => "koi8-r".to_owned(),
        "21866" => "koi8-u".to_owned(),
        "10007" => "x-mac-cyrillic".to_owned(),
        _ if page.len() == 4 && page.starts_with("125") => format!("windows-{page}"),
        _ => match page.strip_prefix("8859") {
            Some(part) => format!("iso-8859-{}", part.trim_start_matches('-')),
            None => page.to_owned(),
        },
    };
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_known_by_the_names_that_programs_write() {
        for (name, expected) in [
            ("UTF-8", "UTF-8"),
            ("65001", "UTF-8"),
            ("1251", "windows-1251"),
            ("ANSI 1251", "windows-1251"),
            ("cp1251", "windows-1251"),
            ("CP866", "IBM866"),
            ("ISO-8859-5", "ISO-8859-5"),
            ("88595", "ISO-8859-5"),
            ("ISO_8859_5", "ISO-8859-5"),
            ("iso 8859-5", "ISO-8859-5"),
            ("utf_8", "UTF-8"),
            ("OEM 866", "IBM866"),
            ("Windows_1251", "windows-1251"),
            ("Shift_JIS", "Shift_JIS"),
            ("LDID/201", "windows-1251"),
        ] {
            assert_eq!(encoding(name).map(Encoding::name), Some(expected), "{name}");
        }
        assert_eq!(encoding("OEM 437"), None);
        assert_eq!(encoding("?"), None);
    }
}
