//! Inputs: named streams of bytes that the host opens for a source. A source sees names and bytes;
//! paths, globs and compression stay here. Only regular files, and only those that the
//! administrator wrote under `[source.NAME.inputs]`.

use crate::error::{Context, Error, Result};
use crate::limits::Limits;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The files of an input, as `sextant.toml` gives them: a path or glob, or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Paths {
    /// One path or glob.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// One file of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name within the input.
    pub name: String,
    /// Decompressed bytes, where that is known.
    pub size: Option<u64>,
    /// Whether reading may start anywhere.
    pub seekable: bool,
    /// Changes when the content may have changed.
    pub version: String,
}

/// The inputs that a source was granted.
#[derive(Clone, Debug)]
pub struct Inputs {
    source: String,
    base: PathBuf,
    named: BTreeMap<String, Paths>,
    entries_max: usize,
}

impl Inputs {
    /// The inputs of a source; relative paths start at `base`.
    pub fn new(source: &str, base: &Path, named: BTreeMap<String, Paths>, limits: &Limits) -> Self {
        let entries_max = limits.input_entries_max;
        Self {
            source: source.to_owned(),
            base: base.to_owned(),
            named,
            entries_max,
        }
    }

    /// The names of the inputs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    /// The entries of an input, ordered by name.
    pub fn entries(&self, input: &str) -> Result<Vec<Entry>> {
        let files = self.files(input)?;
        Ok(files
            .into_iter()
            .map(|(name, (_, metadata))| describe(name, &metadata))
            .collect())
    }

    /// Opens an entry from byte `start` on, for at most `length` bytes; bytes are counted after
    /// decompression.
    pub fn open(
        &self,
        input: &str,
        entry: &str,
        start: u64,
        length: Option<u64>,
    ) -> Result<Box<dyn Read + Send>> {
        let mut files = self.files(input)?;
        let (path, _) = files.remove(entry).ok_or_else(|| {
            Error::not_found(format!("there is no entry {entry:?} in input {input:?}"))
        })?;
        let place = || format!("{input}/{entry}");
        let reader = open_file(&path, start).context(place)?;
        Ok(match length {
            Some(length) => Box::new(reader.take(length)),
            None => reader,
        })
    }

    /// A text that changes when any entry of any input may have changed.
    pub fn version(&self) -> String {
        let versions = self.names().map(|input| match self.entries(input) {
            Ok(entries) => entries
                .iter()
                .map(|entry| format!("{}={};", entry.name, entry.version))
                .collect(),
            Err(error) => error.to_string(),
        });
        versions.collect()
    }

    fn files(&self, input: &str) -> Result<BTreeMap<String, (PathBuf, Metadata)>> {
        let paths = self
            .named
            .get(input)
            .ok_or_else(|| self.not_granted(input))?;
        let patterns = match paths {
            Paths::One(pattern) => std::slice::from_ref(pattern),
            Paths::Many(patterns) => patterns,
        };
        let mut files = BTreeMap::new();
        for pattern in patterns {
            self.add_matches(pattern, &mut files)
                .context(|| format!("input {input:?}"))?;
        }
        Ok(files)
    }

    fn not_granted(&self, input: &str) -> Error {
        Error::denied(format!("input {input:?} is not granted")).with_hint(format!(
            "write it into sextant.toml: [source.{}.inputs] {input} = \"path/to/*.csv\"",
            self.source
        ))
    }

    fn add_matches(
        &self,
        pattern: &str,
        files: &mut BTreeMap<String, (PathBuf, Metadata)>,
    ) -> Result<()> {
        let full = self.base.join(pattern);
        let full = full
            .to_str()
            .ok_or_else(|| Error::config(format!("the path {pattern:?} is not UTF-8")))?;
        let matches = glob::glob(full)
            .map_err(|error| Error::config(format!("{pattern:?} is not a glob: {error}")))?;
        let is_glob = pattern.contains(['*', '?', '[']);
        let mut found = false;
        for path in matches {
            let path = path.map_err(|error| Error::io(error.to_string()))?;
            let metadata = path.metadata()?;
            if !metadata.is_file() {
                if is_glob {
                    continue;
                }
                return Err(Error::config(format!("{pattern:?} is not a regular file"))
                    .with_hint("for the files of a folder, write folder/*"));
            }
            found = true;
            let name = entry_name(&path, full);
            if files.len() >= self.entries_max {
                let limit = self.entries_max;
                return Err(Error::over_limit(
                    "files",
                    format!("more than {limit}"),
                    limit,
                    "input_entries_max",
                ));
            }
            if let Some((other, _)) = files
                .insert(name.clone(), (path.clone(), metadata))
                .filter(|(other, _)| *other != path)
            {
                return Err(Error::config(format!(
                    "{} and {} would both be entry {name:?}",
                    other.display(),
                    path.display()
                )));
            }
        }
        match found {
            true => Ok(()),
            false => Err(Error::not_found(format!(
                "no file matches {pattern:?} (from {})",
                self.base.display()
            ))
            .with_hint("check the path in sextant.toml; relative paths start at its folder")),
        }
    }
}

/// The path below the part of a pattern that has no wildcard.
fn entry_name(path: &Path, pattern: &str) -> String {
    let fixed = pattern.split(['*', '?', '[']).next().unwrap_or_default();
    let folder = match fixed.len() == pattern.len() {
        true => Path::new(fixed).parent(),
        false => Some(Path::new(
            &fixed[..fixed.rfind('/').map_or(0, |slash| slash + 1)],
        )),
    };
    let relative = folder
        .and_then(|folder| path.strip_prefix(folder).ok())
        .unwrap_or(path);
    relative.to_string_lossy().into_owned()
}

fn describe(name: String, metadata: &Metadata) -> Entry {
    let compressed = is_gzip_name(&name);
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Entry {
        name,
        size: (!compressed).then_some(metadata.len()),
        seekable: !compressed,
        version: format!(
            "{}-{}",
            metadata.len(),
            modified.unwrap_or_default().as_nanos()
        ),
    }
}

fn is_gzip_name(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

fn open_file(path: &Path, start: u64) -> Result<Box<dyn Read + Send>> {
    let mut file = File::open(path)?;
    let mut magic = [0; 2];
    let has_magic = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    file.seek(SeekFrom::Start(0))?;
    match (is_gzip_name(&path.to_string_lossy()), has_magic) {
        (true, true) => {
            let mut reader =
                MultiGzDecoder::new(std::io::BufReader::with_capacity(256 << 10, file));
            std::io::copy(&mut reader.by_ref().take(start), &mut std::io::sink())
                .map_err(broken_gzip)?;
            Ok(Box::new(GzipReader(reader)))
        }
        (true, false) => Err(Error::data("named .gz, but not gzip")),
        (false, true) => Err(Error::data("gzip, but not named .gz")
            .with_hint("rename it, so that it is decompressed")),
        (false, false) => {
            file.seek(SeekFrom::Start(start))?;
            Ok(Box::new(file))
        }
    }
}

fn broken_gzip(error: std::io::Error) -> Error {
    Error::data(format!("broken gzip: {error}"))
}

/// Says that it was the compression that was broken.
struct GzipReader<R>(R);

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0
            .read(buffer)
            .map_err(|error| std::io::Error::new(error.kind(), format!("broken gzip: {error}")))
    }
}
