//! Names of the consolidated list of the United Nations Security Council.

use super::{Case, Format, NATIVE, Names, Row, SEED, Sink, Tag, generate, read};
use std::path::PathBuf;

pub(crate) const UN_NAMES: Case = Case {
    name: "files_sanctions_un",
    plugin: "sanctions",
    table: ["lists", "names"],
    input: "un",
    config: "lists = [{ name = \"un\", input = \"un\", format = \"un-xml\" }]",
    files: &["un.xml"],
    generate: |out, records| generate::un_list(&mut *out[0], SEED, records),
    records: 1..=usize::MAX,
    read: |files, sink| un_names(files, sink),
    native: NATIVE,
    same: &["entity_id", "quality", "part_1"],
};

const PARTS: [&str; 6] = [
    "FIRST_NAME",
    "SECOND_NAME",
    "THIRD_NAME",
    "FOURTH_NAME",
    "FIFTH_NAME",
    "SIXTH_NAME",
];

/// An alias: its quality, name and note.
type Alias = [String; 3];

struct List {
    list: usize,
    id: usize,
    kind: usize,
    name: usize,
    quality: usize,
    quality_raw: usize,
    note: usize,
    parts: [usize; 6],
    row: Row,
    entity: String,
    given: [String; 6],
    original: String,
    alias: Alias,
    aliases: Vec<Alias>,
}

fn un_names(files: &[PathBuf], sink: &mut Sink) {
    let [list, id, kind, name] = sink.places(["list", "entity_id", "kind", "name"]);
    let [quality, quality_raw, note] = sink.places(["quality", "quality_raw", "note"]);
    let parts = ["part_1", "part_2", "part_3", "part_4", "part_5", "part_6"];
    let mut names = List {
        list,
        id,
        kind,
        name,
        quality,
        quality_raw,
        note,
        parts: sink.places(parts),
        row: Row::new(sink),
        entity: String::new(),
        given: Default::default(),
        original: String::new(),
        alias: Alias::default(),
        aliases: Vec::new(),
    };
    read(&files[0], &mut names, sink);
}

impl Format for List {
    fn open(&mut self, _: &Names, _: &Tag<'_>) {}

    fn close(&mut self, path: &Names, text: &str, sink: &mut Sink) {
        match path.last() {
            ("INDIVIDUALS", "INDIVIDUAL") => self.end(true, sink),
            ("ENTITIES", "ENTITY") => self.end(false, sink),
            ("INDIVIDUAL", "INDIVIDUAL_ALIAS") | ("ENTITY", "ENTITY_ALIAS") => {
                let alias = std::mem::take(&mut self.alias);
                if !alias[1].is_empty() {
                    self.aliases.push(alias);
                }
            }
            ("INDIVIDUAL_ALIAS" | "ENTITY_ALIAS", name) => {
                let fields = ["QUALITY", "ALIAS_NAME", "NOTE"];
                if let Some(at) = fields.iter().position(|field| *field == name) {
                    text.clone_into(&mut self.alias[at]);
                }
            }
            ("INDIVIDUAL" | "ENTITY", "DATAID") => text.clone_into(&mut self.entity),
            ("INDIVIDUAL" | "ENTITY", "NAME_ORIGINAL_SCRIPT") => {
                text.clone_into(&mut self.original);
            }
            ("INDIVIDUAL" | "ENTITY", name) => {
                if let Some(at) = PARTS.iter().position(|part| *part == name) {
                    text.clone_into(&mut self.given[at]);
                }
            }
            _ => {}
        }
    }
}

impl List {
    fn begin(&mut self, kind: &str, name: &str) {
        self.row.set(self.list, "un");
        self.row.set(self.id, &self.entity);
        self.row.set(self.kind, kind);
        self.row.set(self.name, name);
    }

    fn push(&mut self, sink: &mut Sink) {
        self.row.push(sink);
        sink.end_row();
    }

    fn end(&mut self, is_person: bool, sink: &mut Sink) {
        let given = std::mem::take(&mut self.given);
        let parts = given.iter().map(String::as_str);
        let whole: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        self.begin("primary", &whole.join(" "));
        for (at, part) in self.parts.into_iter().zip(&given).filter(|_| is_person) {
            self.row.set(at, part);
        }
        self.push(sink);
        let original = std::mem::take(&mut self.original);
        if !original.is_empty() {
            self.begin("original_script", &original);
            self.push(sink);
        }
        for [word, name, note] in std::mem::take(&mut self.aliases) {
            let (kind, quality) = match word.as_str() {
                "Good" => ("alias", "strong"),
                "Low" => ("alias", "weak"),
                "f.k.a." => ("former", ""),
                _ => ("alias", ""),
            };
            self.begin(kind, &name);
            self.row.set(self.quality, quality);
            self.row.set(self.quality_raw, &word);
            self.row.set(self.note, &note);
            self.push(sink);
        }
        self.entity.clear();
    }
}
