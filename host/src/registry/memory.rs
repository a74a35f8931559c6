//! Tables as sources last described them, kept from one process to the next: a file a source, in a
//! folder that nobody else may read. They serve where a source is down and a query wants to go on
//! without it; nothing is read by them, and a source that is there is always asked itself.

use crate::bundle::Digest;
use crate::error::{Context, Error, Result};
use crate::wasm::{Operator, Pushdown, TableDescription};
use arrow::ipc::convert::{IpcSchemaEncoder, fb_to_schema};
use arrow::ipc::root_as_schema;
use arrow::ipc::writer::DictionaryTracker;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Tables by name.
pub(super) type Tables = BTreeMap<String, Arc<TableDescription>>;

/// What one source is remembered by.
#[derive(Debug)]
pub(super) struct Memory {
    file: PathBuf,
    /// What the source is: another plugin or another configuration makes another one, whose tables
    /// are not these.
    identity: String,
}

/// A table in a file.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    comment: String,
    /// The columns as Arrow's IPC writes a schema, in base64.
    columns: String,
    pushdown: Vec<(usize, Vec<Operator>)>,
    required_keys: Vec<usize>,
}

impl Memory {
    /// The memory of a source that is what `identity` says.
    pub(super) fn new(folder: &Path, source: &str, identity: String) -> Self {
        Self {
            file: folder.join(source),
            identity,
        }
    }

    /// The tables that were kept; none where there are none, or they are another source's.
    pub(super) fn recall(&self) -> Tables {
        let kept = std::fs::read_to_string(&self.file).ok();
        let tables = kept.and_then(|kept| self.read(&kept));
        tables.unwrap_or_default()
    }

    /// Keeps tables in the place of those that were kept before. How many rows they have is not kept:
    /// it changes, and says nothing of a source that is down.
    pub(super) fn keep(&self, tables: &Tables) -> Result<()> {
        let place = || format!("keeping descriptions in {}", self.file.display());
        let write = || {
            let text = self.write(tables)?;
            if std::fs::read_to_string(&self.file).is_ok_and(|kept| kept == text) {
                return Ok(());
            }
            let folder = self.file.parent().unwrap_or(Path::new("."));
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            let kept = file.persist(&self.file);
            kept.map_err(|error| Error::from(error.error)).map(drop)
        };
        write().context(place)
    }

    /// A digest, then the tables. It covers what the source is as well, so a file that was damaged
    /// and one of another source are told in the same way.
    fn write(&self, tables: &Tables) -> Result<String> {
        let kept: Vec<_> = tables.values().map(|table| Kept::new(table)).collect();
        let json = serde_json::to_string(&kept);
        let json = json.map_err(|error| Error::internal(error.to_string()))?;
        Ok(format!("{}\n{json}", self.digest(&json)))
    }

    fn read(&self, text: &str) -> Option<Tables> {
        let (digest, json) = text.split_once('\n')?;
        if digest != self.digest(json).to_string() {
            return None;
        }
        let kept: Vec<Kept> = serde_json::from_str(json).ok()?;
        let tables = kept.into_iter().map(|kept| {
            let table = kept.into_description()?;
            Some((table.name.clone(), Arc::new(table)))
        });
        tables.collect()
    }

    fn digest(&self, json: &str) -> Digest {
        Digest::of(format!("{}\n{json}", self.identity).as_bytes())
    }
}

impl Kept {
    fn new(table: &TableDescription) -> Self {
        let mut dictionaries = DictionaryTracker::new(false);
        let columns = IpcSchemaEncoder::new()
            .with_dictionary_tracker(&mut dictionaries)
            .schema_to_fb(&table.columns);
        let pushdown = table.pushdown.iter();
        Self {
            name: table.name.clone(),
            comment: table.comment.clone(),
            columns: STANDARD.encode(columns.finished_data()),
            pushdown: pushdown
                .map(|taken| (taken.column, taken.operators.clone()))
                .collect(),
            required_keys: table.required_keys.clone(),
        }
    }

    fn into_description(self) -> Option<TableDescription> {
        let columns = STANDARD.decode(self.columns).ok()?;
        let columns = fb_to_schema(root_as_schema(&columns).ok()?);
        let pushdown = self.pushdown.into_iter();
        Some(TableDescription {
            name: self.name,
            comment: self.comment,
            columns: Arc::new(columns),
            pushdown: pushdown
                .map(|(column, operators)| Pushdown { column, operators })
                .collect(),
            required_keys: self.required_keys,
            rows: None,
            problem: None,
        })
    }
}

/// Forgets the sources that are not among those named.
pub(super) fn forget_others(folder: &Path, sources: &BTreeSet<&str>) {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for file in files {
        let name = file.file_name();
        let is_known = name.to_str().is_some_and(|name| sources.contains(name));
        // One that is being written begins with a dot.
        if !is_known && !name.as_encoded_bytes().starts_with(b".") {
            // What cannot be removed is not used either.
            std::fs::remove_file(file.path()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::{DataType, Field, Schema, TimeUnit};

    fn table() -> TableDescription {
        let text = || Box::new(DataType::Utf8);
        let geometry = Field::new("shape", DataType::Binary, true);
        let metadata = [("ARROW:extension:name".to_owned(), "geoarrow.wkb".to_owned())];
        let columns = vec![
            Field::new("id", DataType::Decimal128(20, 3), false),
            Field::new(
                "at",
                DataType::Timestamp(TimeUnit::Nanosecond, Some("Europe/Kyiv".into())),
                true,
            ),
            Field::new(
                "kind",
                DataType::Dictionary(Box::new(DataType::UInt8), text()),
                true,
            ),
            Field::new_list(
                "all",
                Field::new_struct(
                    "each",
                    vec![Field::new(
                        "kind",
                        DataType::Dictionary(Box::new(DataType::Int32), text()),
                        true,
                    )],
                    true,
                ),
                true,
            ),
            geometry.with_metadata(metadata.into()),
        ];
        TableDescription {
            name: "t".to_owned(),
            comment: "What \"one\" row is".to_owned(),
            columns: Arc::new(Schema::new(columns)),
            pushdown: vec![Pushdown {
                column: 1,
                operators: vec![Operator::Eq, Operator::IsNotNull],
            }],
            required_keys: vec![0, 2],
            rows: Some(7),
            problem: None,
        }
    }

    #[test]
    fn what_is_kept_is_recalled_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("sources");
        let memory = Memory::new(&folder, "s", "plugin and configuration".to_owned());
        assert!(memory.recall().is_empty());
        let tables: Tables = [("t".to_owned(), Arc::new(table()))].into();
        memory.keep(&tables).unwrap();
        let recalled = memory.recall();
        let (kept, was) = (&recalled["t"], table());
        assert_eq!(kept.columns, was.columns);
        assert_eq!((&kept.name, &kept.comment), (&was.name, &was.comment));
        assert_eq!(kept.pushdown[0].column, 1);
        assert_eq!(kept.pushdown[0].operators, was.pushdown[0].operators);
        assert_eq!(kept.required_keys, was.required_keys);

        let other = Memory::new(&folder, "s", "another configuration".to_owned());
        assert!(other.recall().is_empty());
        let text = std::fs::read(&memory.file).unwrap();
        for end in 0..text.len() {
            std::fs::write(&memory.file, &text[..end]).unwrap();
            assert!(memory.recall().is_empty(), "cut off at {end}");
        }

        memory.keep(&tables).unwrap();
        forget_others(&folder, &["s"].into());
        assert_eq!(memory.recall().len(), 1);
        forget_others(&folder, &["r"].into());
        assert!(memory.recall().is_empty());
    }
}
