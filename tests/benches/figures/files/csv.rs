//! Records of separated values, read with the crate `csv`.

use super::sink::Sink;
use super::{Case, LIST_RECORDS_MAX, SEED};
use ::csv::{ReaderBuilder, StringRecord};
use sextant_tests::generate;
use std::path::PathBuf;

pub(crate) const CASES: [Case; 2] = [
    Case {
        name: "files_sanctions_ofac",
        plugin: "sanctions",
        table: ["lists", "names"],
        input: "ofac",
        config: "lists = [{ name = \"ofac\", input = \"ofac\", format = \"ofac-csv\" }]",
        files: &["sdn.csv", "alt.csv"],
        generate: |out, records| {
            generate::ofac_sdn(&mut *out[0], SEED, records)?;
            generate::ofac_alt(&mut *out[1], SEED, records)
        },
        records: 1..=LIST_RECORDS_MAX,
        read: ofac_names,
        native: "the crate csv",
        same: &["entity_id", "name", "part_1"],
    },
    Case {
        name: "files_feeds_gdelt",
        plugin: "feeds",
        table: ["news", "gdelt_events"],
        input: "events",
        config: "gdelt_events = { input = \"events\" }",
        files: &["events.export.CSV"],
        generate: |out, records| generate::gdelt(&mut *out[0], SEED, records),
        records: 1..=usize::MAX,
        read: gdelt,
        native: "the crate csv",
        same: &["global_event_id", "actor1_name", "date_added"],
    },
];

fn gdelt(files: &[PathBuf], sink: &mut Sink) {
    sink.begin(&files[0]);
    let mut reader = ReaderBuilder::new()
        .delimiter(b'\t')
        .has_headers(false)
        .quoting(false)
        .from_path(&files[0])
        .expect("it is there");
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).expect("it is UTF-8") {
        for (at, field) in record.iter().enumerate() {
            sink.parse(at, field);
        }
        sink.end_row();
    }
}

/// Where the columns of a name are.
struct Places {
    list: usize,
    id: usize,
    kind: usize,
    name: usize,
    quality: usize,
    quality_raw: usize,
    parts: [usize; 2],
    note: usize,
}

impl Places {
    fn new(sink: &Sink) -> Self {
        let [list, id, kind, name] = sink.places(["list", "entity_id", "kind", "name"]);
        let [quality, quality_raw, note] = sink.places(["quality", "quality_raw", "note"]);
        Self {
            list,
            id,
            kind,
            name,
            quality,
            quality_raw,
            parts: sink.places(["part_1", "part_2"]),
            note,
        }
    }

    /// Begins a row.
    fn name(&self, id: &str, kind: &str, name: &str, sink: &mut Sink) {
        sink.parse(self.list, "ofac");
        sink.parse(self.id, id);
        sink.parse(self.kind, kind);
        sink.parse(self.name, name);
    }
}

fn ofac_names(files: &[PathBuf], sink: &mut Sink) {
    let places = Places::new(sink);
    each(&files[0], 12, |record| primary(record, &places, sink));
    each(&files[1], 5, |record| {
        let kind = match &record[2] {
            "fka" | "f.k.a." => "former",
            _ => "alias",
        };
        places.name(&record[0], kind, &record[3], sink);
        sink.parse(places.quality_raw, value(&record[2]));
        let number = format!("alt_num: {}", &record[1]);
        let note = match value(&record[4]) {
            "" => number,
            remarks => format!("alt_remarks: {remarks}\n{number}"),
        };
        sink.parse(places.note, &note);
        sink.end_row();
    });
}

/// Shows each record that has so many values: the last line is the mark of the end, 0x1A.
fn each(path: &PathBuf, values: usize, mut show: impl FnMut(&StringRecord)) {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_path(path)
        .expect("it is there");
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).expect("it is UTF-8") {
        if record.len() == values {
            record.trim();
            show(&record);
        }
    }
}

/// A value, where there is one.
fn value(field: &str) -> &str {
    match field {
        "-0-" | "-0" => "",
        field => field,
    }
}

/// The name of an entry, and the weak ones that stand in its remarks.
fn primary(record: &StringRecord, places: &Places, sink: &mut Sink) {
    let (id, name) = (&record[0], &record[1]);
    places.name(id, "primary", name, sink);
    if let Some((last, first)) = name.split_once(", ")
        && &record[2] == "individual"
        && !first.contains(',')
    {
        sink.parse(places.parts[0], last);
        sink.parse(places.parts[1], first);
    }
    sink.end_row();
    let remarks = value(&record[11]);
    for clause in remarks.trim_end_matches('.').split(';') {
        let clause = clause.trim();
        let clause = clause.strip_prefix("alt. ").unwrap_or(clause);
        let Some((word, rest)) = clause.split_once(" '") else {
            continue;
        };
        let kind = match word {
            "a.k.a." | "n.k.a." => "alias",
            "f.k.a." => "former",
            _ => continue,
        };
        if let Some(name) = rest.strip_suffix('\'').filter(|name| !name.is_empty()) {
            places.name(id, kind, name, sink);
            sink.parse(places.quality, "weak");
            sink.parse(places.quality_raw, word);
            sink.end_row();
        }
    }
}
