//! The lists of OFAC in the legacy CSV: a file of entries, and beside it one of aliases, one of
//! addresses and one of remarks that were too long, all joined by the number of the entry.
//!
//! Each file is read by itself, and each of its records becomes what it adds to an entity; so nothing is
//! kept to be joined. `-0-` stands for no value. The files end with a line of 0x1A; one without it is
//! read and warned of, since it may have been cut off between two records.

use crate::csv::{CsvReader, CsvRecord};
use crate::entity::{
    Description, Entity, EntityKind, Ids, Name, NameKind, Place, Record, Records, Role, RoleKind,
    joined, shortened,
};
use crate::tables::ListTable;
use crate::{ofac, remarks};
use sextant_plugin_sdk::{Error, InputReader, Result};

/// How long the number of an entry may be.
const ID_BYTES_MAX: usize = 20;

/// One of the files of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Entries,
    Aliases,
    Addresses,
    Comments,
}

impl Part {
    /// The part that a file has, by its name without folder and endings, in any case: those of the list
    /// of specially designated nationals, and those of the consolidated list of all others.
    pub(crate) fn of(file: &str) -> Option<Self> {
        match stem(file).as_str() {
            "sdn" | "cons_prim" => Some(Self::Entries),
            "alt" | "cons_alt" => Some(Self::Aliases),
            "add" | "cons_add" => Some(Self::Addresses),
            "sdn_comments" | "cons_comments" => Some(Self::Comments),
            _ => None,
        }
    }

    /// The name of its file.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Entries => "sdn.csv",
            Self::Aliases => "alt.csv",
            Self::Addresses => "add.csv",
            Self::Comments => "sdn_comments.csv",
        }
    }

    /// Whether it has rows of a table.
    pub(crate) fn gives(self, table: ListTable) -> bool {
        match self {
            Self::Entries => table != ListTable::Addresses,
            Self::Aliases => table == ListTable::Names,
            Self::Addresses => table == ListTable::Addresses,
            Self::Comments => table == ListTable::Attributes,
        }
    }

    /// The fields of a record, in their order, as OFAC's description of the files names them.
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Entries => &[
                "ent_num",
                "SDN_Name",
                "SDN_Type",
                "Program",
                "Title",
                "Call_Sign",
                "Vess_type",
                "Tonnage",
                "GRT",
                "Vess_flag",
                "Vess_owner",
                "Remarks",
            ],
            Self::Aliases => &["ent_num", "alt_num", "alt_type", "alt_name", "alt_remarks"],
            Self::Addresses => &[
                "ent_num",
                "add_num",
                "address",
                "city_state_zip",
                "country",
                "add_remarks",
            ],
            Self::Comments => &["ent_num", "remarks"],
        }
    }
}

/// The name of a file without its folder and its endings, in lower case.
pub(crate) fn stem(file: &str) -> String {
    let name = file.rsplit(['/', '\\', '!']).next().unwrap_or(file);
    name.split('.').next().unwrap_or(name).to_lowercase()
}

/// The records of one file of a list.
pub(crate) fn records(part: Part, input: InputReader) -> Records {
    Box::new(File {
        part,
        csv: CsvReader::new(input, part.fields().len()),
        ids: Ids::default(),
        ended: false,
    })
}

struct File {
    part: Part,
    csv: CsvReader,
    ids: Ids,
    ended: bool,
}

impl Iterator for File {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let record = self.read();
        self.ended |= record.is_err();
        record.transpose()
    }
}

impl File {
    fn read(&mut self) -> Result<Option<Record>> {
        let record = match self.csv.next()? {
            Some(Ok(record)) => record,
            Some(Err(error)) => {
                self.ids.count()?;
                return Ok(Some(Record::Bad(error)));
            }
            None => {
                self.ended = true;
                return self.end();
            }
        };
        self.ids.count()?;
        Ok(Some(match self.entity(&record) {
            Ok(entity) => Record::Entity(Box::new(entity)),
            Err(error) => Record::Bad(error.at_record(record.number).at_byte(record.byte)),
        }))
    }

    fn end(&self) -> Result<Option<Record>> {
        if self.part == Part::Entries && self.ids.total() == 0 {
            return Err(Error::invalid_data("expected entries, found none").at_byte(0));
        }
        let warning = "there is no line of 0x1A at its end, so it may not be complete";
        Ok((!self.csv.has_end()).then(|| Record::Unread(warning.to_owned())))
    }

    fn entity(&mut self, record: &CsvRecord) -> Result<Entity> {
        let values = Values {
            fields: self.part.fields(),
            values: &record.values,
        };
        match self.part {
            Part::Entries => entry(&values).and_then(|entity| self.ids.once(entity, "ent_num")),
            Part::Aliases => alias(&values),
            Part::Addresses => address(&values),
            Part::Comments => comment(&values),
        }
    }
}

/// The values of a record. There is one for each field.
struct Values<'a> {
    fields: &'static [&'static str],
    values: &'a [String],
}

impl Values<'_> {
    /// The value of a field, where there is one. The last value of the last file that was seen has lost
    /// its second dash.
    fn get(&self, field: usize) -> Option<&str> {
        let value = self.values.get(field)?.as_str();
        (!matches!(value, "" | "-0-" | "-0")).then_some(value)
    }

    fn owned(&self, field: usize) -> Option<String> {
        self.get(field).map(str::to_owned)
    }

    /// The value of a field that every record must have.
    fn required(&self, field: usize, what: &str) -> Result<&str> {
        self.get(field).ok_or_else(|| {
            Error::invalid_data(format!("expected {what}, found nothing"))
                .in_field(self.fields[field])
        })
    }

    /// The number of the entry.
    fn id(&self) -> Result<&str> {
        let id = self.required(0, "a number")?;
        let digits = id.bytes().all(|byte| byte.is_ascii_digit());
        if digits && id.len() <= ID_BYTES_MAX {
            return Ok(id);
        }
        let message = format!("expected a number, found {:?}", shortened(id));
        Err(Error::invalid_data(message).in_field(self.fields[0]))
    }

    /// A field as a piece of a note.
    fn noted(&self, field: usize) -> Option<String> {
        Some(format!("{}: {}", self.fields[field], self.get(field)?))
    }
}

fn entry(values: &Values<'_>) -> Result<Entity> {
    const ATTRIBUTES: std::ops::Range<usize> = 5..11;
    let (id, name) = (values.id()?, values.required(1, "a name")?);
    let kind = ofac::entity_kind(values.get(2));
    let programmes = programmes(values.get(3).unwrap_or_default());
    let mut entity = Entity {
        names: vec![primary_name(name, values.get(2) == Some("individual"))],
        measures: ofac::measures(&programmes),
        description: Some(Description {
            kind,
            name: name.to_owned(),
            programme: Some(programmes.join("; ")).filter(|text| !text.is_empty()),
            comments: values.owned(11),
            ..Description::default()
        }),
        ..Entity::new(id)
    };
    if let (EntityKind::Other, Some(word)) = (kind, values.get(2)) {
        entity.attribute(values.fields[2], word);
    }
    entity.roles.extend(values.owned(4).map(|role| Role {
        kind: RoleKind::Designation,
        role,
    }));
    for field in ATTRIBUTES {
        if let Some(value) = values.get(field) {
            entity.attribute(values.fields[field], value);
        }
    }
    if let Some(remark) = values.get(11) {
        remarks::read(remark, &mut entity);
    }
    Ok(entity)
}

/// Several programmes stand in one value: `SDGT] [IFSR`.
fn programmes(text: &str) -> Vec<String> {
    let parts = text.split("] [");
    let parts = parts.map(|part| part.trim_matches(['[', ']', ' ']).to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// The name of a person is `LAST, First`, where it has both.
fn primary_name(name: &str, is_person: bool) -> Name {
    let mut primary = Name::new(NameKind::Primary, name);
    if let Some((last, first)) = name.split_once(", ")
        && is_person
        && !first.contains(',')
    {
        primary.parts[0] = Some(last.to_owned());
        primary.parts[1] = Some(first.to_owned());
    }
    primary
}

fn alias(values: &Values<'_>) -> Result<Entity> {
    let (id, name) = (values.id()?, values.required(3, "a name")?);
    let kind = match values.get(2).map(str::to_lowercase).as_deref() {
        Some("fka" | "f.k.a.") => NameKind::Former,
        _ => NameKind::Alias,
    };
    let name = Name {
        quality_raw: values.owned(2),
        note: joined([values.noted(4), values.noted(1)].into_iter().flatten()),
        ..Name::new(kind, name)
    };
    Ok(Entity {
        names: vec![name],
        ..Entity::new(id)
    })
}

/// An address. One with no more than its number says nothing.
fn address(values: &Values<'_>) -> Result<Entity> {
    let mut entity = Entity::new(values.id()?);
    if (2..=5).any(|field| values.get(field).is_some()) {
        entity.addresses.push(Place {
            street: values.owned(2),
            city: values.owned(3),
            country: values.owned(4),
            note: joined([values.noted(5), values.noted(1)].into_iter().flatten()),
            ..Place::default()
        });
    }
    Ok(entity)
}

/// What of an entry's remarks had no room in it. It may begin in the middle of a clause, so it is kept
/// as it is.
fn comment(values: &Values<'_>) -> Result<Entity> {
    let mut entity = Entity::new(values.id()?);
    if let Some(remark) = values.get(1) {
        entity.attribute("Remarks", remark);
    }
    Ok(entity)
}
