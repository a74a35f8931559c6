//! The files that one shapefile is: entries of one input that differ in their extension alone.

use crate::layer::plain;
use encoding_rs::Encoding;
use sextant_plugin_sdk::{Entry, Error, Host, Result};
use std::io::{self, Read};

/// Bytes of a .prj or .cpg.
const TEXT_BYTES_MAX: u64 = 64 << 10;

/// What stands beside a .shp.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) dbf: Option<Entry>,
    cpg: Option<Entry>,
    prj: Option<Entry>,
}

/// The .shp files of an input.
pub(crate) fn entries(all: Vec<Entry>) -> Vec<Entry> {
    let is_shp = |entry: &Entry| split(&entry.name).1.eq_ignore_ascii_case("shp");
    all.into_iter().filter(is_shp).collect()
}

/// The coordinate reference system of a shapefile, as the .prj has it; none where there is no .prj.
pub(crate) fn crs(host: &Host, shp: &Entry) -> Result<Option<serde_json::Value>> {
    let prj = Parts::find(host, shp)?.prj;
    let text = prj.map(|prj| text(host, &prj)).transpose()?;
    Ok(text.filter(|text| !text.is_empty()).map(Into::into))
}

impl Parts {
    pub(crate) fn find(host: &Host, shp: &Entry) -> Result<Self> {
        let mut parts = Self::default();
        let (stem, _) = split(&shp.name);
        for entry in host.entries(&shp.input)? {
            let (other, extension) = split(&entry.name);
            if other != stem {
                continue;
            }
            let part = match extension.to_ascii_lowercase().as_str() {
                "dbf" => &mut parts.dbf,
                "cpg" | "cst" => &mut parts.cpg,
                "prj" => &mut parts.prj,
                _ => continue,
            };
            *part = Some(entry);
        }
        Ok(parts)
    }

    /// The encoding that the .cpg says; none where there is no .cpg.
    pub(crate) fn encoding(&self, host: &Host) -> Result<Option<&'static Encoding>> {
        let Some(cpg) = &self.cpg else {
            return Ok(None);
        };
        let text = text(host, cpg)?;
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            let message = format!("expected an encoding such as UTF-8 or 1251, found {text:?}");
            Error::invalid_data(message).in_input(cpg.to_string())
        };
        encoding(&text).map(Some).ok_or_else(wrong)
    }
}

/// The stem and the extension.
fn split(name: &str) -> (&str, &str) {
    let name = plain(name);
    name.rsplit_once('.').unwrap_or((name, ""))
}

fn text(host: &Host, entry: &Entry) -> Result<String> {
    let mut text = String::new();
    let mut input = host.read(entry)?.take(TEXT_BYTES_MAX + 1);
    let wrong = |error: io::Error| Error::from(error).in_input(entry.to_string());
    input.read_to_string(&mut text).map_err(wrong)?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        let message = format!("a text may have {TEXT_BYTES_MAX} bytes here, this one has more");
        return Err(Error::invalid_data(message).in_input(entry.to_string()));
    }
    Ok(text.trim_start_matches('\u{feff}').trim().to_owned())
}

/// The encoding of a name as programs write it: `UTF-8`, `1251`, `ANSI 1251`, `CP866`, `88595`.
fn encoding(name: &str) -> Option<&'static Encoding> {
    let name = name.to_ascii_lowercase();
    let prefixes = ["ansi", "cp", "windows", "ibm", "ms", "oem", "ldid"];
    let prefix = prefixes.iter().find(|prefix| name.starts_with(**prefix));
    let page = prefix.map_or(name.as_str(), |prefix| &name[prefix.len()..]);
    let page = page.trim_start_matches([' ', '-', '_', '/']);
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
        "866" => "ibm866".to_owned(),
        "20866" => "koi8-r".to_owned(),
        "21866" => "koi8-u".to_owned(),
        "10007" => "x-mac-cyrillic".to_owned(),
        _ if page.len() == 4 && page.starts_with("125") => format!("windows-{page}"),
        _ => match page.strip_prefix("8859") {
            Some(part) => format!("iso-8859-{}", part.trim_start_matches(['-', '_'])),
            None => name.clone(),
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
            ("LDID/201", "windows-1251"),
        ] {
            assert_eq!(encoding(name).map(Encoding::name), Some(expected), "{name}");
        }
        assert_eq!(encoding("OEM 437"), None);
        assert_eq!(encoding("?"), None);
    }
}
