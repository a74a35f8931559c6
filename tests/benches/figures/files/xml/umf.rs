//! Persons of messages in the Universal Message Format.

use super::{Case, Format, NATIVE, Names, Other, Row, SEED, Sink, Tag, generate, read};
use std::path::PathBuf;

pub(crate) const PERSONS: Case = Case {
    name: "files_europol_persons",
    plugin: "europol",
    table: ["umf", "persons"],
    input: "messages",
    config: "input = \"messages\"",
    files: &["messages.xml"],
    generate: |out, records| generate::umf(&mut *out[0], SEED, records),
    records: 1..=usize::MAX,
    read: |files, sink| persons(files, sink),
    native: NATIVE,
    same: &["id", "family_name", "birth_date_text", "handling"],
};

/// Where the marks of a record or of a message are, in the order of [`MARKS`].
type Marks = [String; 4];

const MARKS: [&str; 4] = [
    "handling",
    "source_evaluation",
    "information_evaluation",
    "evaluation",
];

/// The elements of a person that are columns.
const FIELDS: [(&str, &str); 14] = [
    ("FamilyName", "family_name"),
    ("GivenName", "given_name"),
    ("FullName", "full_name"),
    ("DateOfBirth", "birth_date"),
    ("BirthPlace", "birth_place"),
    ("BirthCountry", "birth_country"),
    ("Gender", "gender"),
    ("Nationality", "nationality"),
    ("Alias", "aliases"),
    ("Number", "document_number"),
    ("NationalNumber", "national_number"),
    ("Occupation", "occupation"),
    ("Description", "description"),
    ("Remarks", "description"),
];

struct Persons {
    fields: Vec<(&'static str, usize)>,
    id: usize,
    message_id: usize,
    birth_text: usize,
    marks: [usize; 4],
    other: usize,
    message: String,
    message_marks: Marks,
    person_marks: Marks,
    is_within: bool,
    rest: Other,
    row: Row,
}

fn persons(files: &[PathBuf], sink: &mut Sink) {
    let [id, message_id, other] = sink.places(["id", "message_id", "other"]);
    let [birth_text] = sink.places(["birth_date_text"]);
    let place = |(name, column)| (name, sink.places([column])[0]);
    let mut persons = Persons {
        fields: FIELDS.into_iter().map(place).collect(),
        id,
        message_id,
        birth_text,
        marks: sink.places(MARKS),
        other,
        message: String::new(),
        message_marks: Marks::default(),
        person_marks: Marks::default(),
        is_within: false,
        rest: Other::default(),
        row: Row::new(sink),
    };
    read(&files[0], &mut persons, sink);
}

/// Which mark an element is.
fn mark(path: &Names) -> Option<usize> {
    match path.last() {
        (_, "HandlingCode") => Some(0),
        ("Evaluation", "Source") => Some(1),
        ("Evaluation", "Information") => Some(2),
        (_, "EvaluationCode") => Some(3),
        _ => None,
    }
}

impl Format for Persons {
    fn open(&mut self, path: &Names, tag: &Tag<'_>) {
        match path.last() {
            (_, "Message") => {
                self.message = tag.attribute("id").unwrap_or_default();
                self.message_marks = Marks::default();
            }
            ("Message", "Person") => {
                self.is_within = true;
                self.row
                    .set(self.id, &tag.attribute("id").unwrap_or_default());
            }
            _ => {}
        }
    }

    fn close(&mut self, path: &Names, text: &str, sink: &mut Sink) {
        let (parent, name) = path.last();
        match (mark(path), self.is_within) {
            (Some(mark), true) => add(&mut self.person_marks, mark, text),
            (Some(mark), false) if path.up(1) == "Header" || path.up(2) == "Header" => {
                add(&mut self.message_marks, mark, text);
            }
            (None, true) if (parent, name) == ("Message", "Person") => self.end(sink),
            (None, true) => self.field(path, text),
            _ => {}
        }
    }
}

/// Adds a mark. Source and information make an evaluation, and that has both of them in it.
fn add(marks: &mut Marks, mark: usize, text: &str) {
    match (mark, text.split_at_checked(1)) {
        (0, _) if !marks[0].is_empty() => marks[0].push_str("; "),
        (1 | 2, _) => marks[3].push_str(text),
        (3, Some((source, information))) => {
            source.clone_into(&mut marks[1]);
            information.clone_into(&mut marks[2]);
        }
        _ => {}
    }
    marks[mark].push_str(text);
}

impl Persons {
    fn field(&mut self, path: &Names, text: &str) {
        let (parent, name) = path.last();
        // A document is a record of its own; the person has its number.
        if parent.ends_with("Document") && name != "Number" {
            return;
        }
        match self.fields.iter().find(|field| field.0 == name) {
            Some((_, at)) if name == "DateOfBirth" => {
                self.row.set(self.birth_text, text);
                self.row.set(*at, text);
            }
            Some((_, at)) => self.row.add(*at, text),
            None if parent == "Person" => self.rest.add(name, text),
            None => self.rest.add(&format!("{parent}/{name}"), text),
        }
    }

    fn end(&mut self, sink: &mut Sink) {
        self.is_within = false;
        self.row.set(self.message_id, &self.message);
        // An evaluation is inherited whole.
        let has_own = self.person_marks[1..].iter().any(|mark| !mark.is_empty());
        for (mark, at) in self.marks.into_iter().enumerate() {
            let own = &self.person_marks[mark];
            let inherits = if mark == 0 { own.is_empty() } else { !has_own };
            let text = if inherits {
                &self.message_marks[mark]
            } else {
                own
            };
            self.row.set(at, text);
        }
        self.person_marks = Marks::default();
        self.rest.push(self.other, &mut self.row);
        self.row.push(sink);
        sink.end_row();
    }
}
