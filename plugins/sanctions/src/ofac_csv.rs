//! The lists of OFAC in the legacy CSV: a file of entries, and beside it one of aliases, one of
//! addresses and one of remarks that were too long, all joined by the number of the entry.
//!
//! Each file is read by itself, and each of its records becomes what it adds to an entity; so nothing is
//! kept to be joined. `-0-` stands for no value. The line of 0x1A at the end is missing from most copies,
//! so a file that is cut off between two records cannot be told from a whole one.

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

/// Which of OFAC's two lists a file is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Family {
    /// Specially designated nationals.
    #[default]
    Sdn,
    /// The consolidated list of all others.
    Consolidated,
}

/// A file of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) family: Family,
    pub(crate) part: Part,
}

impl File {
    /// What a file is by its name, without folder and endings and in any case.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = name.rsplit(['/', '\\', '!']).next().unwrap_or(name);
        let stem = name.split('.').next().unwrap_or(name).to_lowercase();
        let (family, part) = match stem.as_str() {
            "sdn" => (Family::Sdn, Part::Entries),
            "alt" => (Family::Sdn, Part::Aliases),
            "add" => (Family::Sdn, Part::Addresses),
            "sdn_comments" => (Family::Sdn, Part::Comments),
            "cons_prim" => (Family::Consolidated, Part::Entries),
            "cons_alt" => (Family::Consolidated, Part::Aliases),
            "cons_add" => (Family::Consolidated, Part::Addresses),
            "cons_comments" => (Family::Consolidated, Part::Comments),
            _ => return None,
        };
        Some(Self { family, part })
    }
}

impl Part {
    /// The name of its file.
    pub(crate) fn file(self, family: Family) -> &'static str {
        match (family, self) {
            (Family::Sdn, Self::Entries) => "sdn.csv",
            (Family::Sdn, Self::Aliases) => "alt.csv",
            (Family::Sdn, Self::Addresses) => "add.csv",
            (Family::Sdn, Self::Comments) => "sdn_comments.csv",
            (Family::Consolidated, Self::Entries) => "cons_prim.csv",
            (Family::Consolidated, Self::Aliases) => "cons_alt.csv",
            (Family::Consolidated, Self::Addresses) => "cons_add.csv",
            (Family::Consolidated, Self::Comments) => "cons_comments.csv",
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

/// The records of one file of a list.
pub(crate) fn records(part: Part, input: InputReader) -> Records {
    let mut file = Reading {
        part,
        csv: CsvReader::new(input, part.fields().len()),
        ids: Ids::default(),
    };
    Box::new(move || file.read())
}

struct Reading {
    part: Part,
    csv: CsvReader,
    ids: Ids,
}

impl Reading {
    fn read(&mut self) -> Result<Option<Record>> {
        let byte = self.csv.byte();
        let Some(record) = self.csv.next()? else {
            return match self.part {
                Part::Entries if self.ids.total() == 0 => {
                    Err(Error::invalid_data("expected entries, found none").at_byte(0))
                }
                _ => Ok(None),
            };
        };
        self.ids.count().map_err(|error| error.at_byte(byte))?;
        let entity = record.and_then(|record| {
            let entity = self.entity(&record);
            entity.map_err(|error| error.at_record(record.number).at_byte(record.byte))
        });
        Ok(Some(match entity {
            Ok(entity) => Record::Entity(Box::new(entity)),
            Err(error) => Record::Bad(error),
        }))
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
        names: vec![primary_name(name, kind == EntityKind::Person)],
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
