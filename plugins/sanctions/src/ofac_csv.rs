//! The lists of OFAC in the legacy CSV: a file of entries, and beside it one of aliases, one of
//! addresses and one of remarks that were too long, all joined by the number of the entry.
//!
//! Each file is read by itself, and each of its records gives the rows that it adds to an entity; so nothing
//! is kept to be joined. `-0-` stands for no value. The line of 0x1A at the end is missing from most copies,
//! so a file that is cut off between two records cannot be told from a whole one.

use crate::csv::{CsvReader, CsvRecord};
use crate::entity::{
    Description, EntityKind, Ids, Joined, Name, NameKind, Place, RoleKind, is_word, shortened,
};
use crate::rows::{Record, Records, TableRows};
use crate::tables::ListTable;
use crate::{ofac, remarks};
use memchr::memchr_iter;
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
        note: Joined::default(),
    };
    Box::new(move |rows: &mut TableRows| file.read(rows))
}

struct Reading {
    part: Part,
    csv: CsvReader,
    ids: Ids,
    /// The note of the record at hand, kept for its space.
    note: Joined,
}

impl Reading {
    fn read(&mut self, rows: &mut TableRows) -> Result<Option<Record>> {
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
        let record = match record {
            Ok(record) => record,
            Err(error) => return Ok(Some(Record::Bad(error))),
        };
        let values = Values {
            fields: self.part.fields(),
            record,
        };
        let told = match self.part {
            Part::Entries => entry(&values, rows).and_then(|id| self.ids.once(id, "ent_num")),
            Part::Aliases => alias(&values, &mut self.note, rows),
            Part::Addresses => address(&values, &mut self.note, rows),
            Part::Comments => comment(&values, rows),
        };
        Ok(Some(match told {
            Ok(()) => Record::Read,
            Err(error) => Record::Bad(error.at_record(record.number).at_byte(record.byte)),
        }))
    }
}

/// The values of a record. There is one for each field.
struct Values<'a> {
    fields: &'static [&'static str],
    record: CsvRecord<'a>,
}

impl<'a> Values<'a> {
    /// The value of a field, where there is one. The last value of the last file that was seen has lost
    /// its second dash.
    fn get(&self, field: usize) -> Option<&'a str> {
        let value = self.record.value(field)?;
        (!matches!(value, "" | "-0-" | "-0")).then_some(value)
    }

    /// The value of a field that every record must have.
    fn required(&self, field: usize, what: &str) -> Result<&'a str> {
        self.get(field).ok_or_else(|| {
            Error::invalid_data(format!("expected {what}, found nothing"))
                .in_field(self.fields[field])
        })
    }

    /// The number of the entry.
    fn id(&self) -> Result<&'a str> {
        let id = self.required(0, "a number")?;
        let digits = id.bytes().all(|byte| byte.is_ascii_digit());
        if digits && id.len() <= ID_BYTES_MAX {
            return Ok(id);
        }
        let message = format!("expected a number, found {:?}", shortened(id));
        Err(Error::invalid_data(message).in_field(self.fields[0]))
    }

    /// Fields as pieces of a note.
    fn note(&self, fields: [usize; 2], note: &mut Joined) {
        note.clear();
        for field in fields {
            if let Some(value) = self.get(field) {
                note.add_field(self.fields[field], value);
            }
        }
    }
}

/// Tells of an entry, and gives its number.
fn entry<'a>(values: &Values<'a>, rows: &mut TableRows) -> Result<&'a str> {
    const ATTRIBUTES: std::ops::Range<usize> = 5..11;
    let (id, name) = (values.id()?, values.required(1, "a name")?);
    let kind = ofac::entity_kind(values.get(2));
    rows.name(id, &primary_name(name, kind == EntityKind::Person));
    if rows.wants(ListTable::Measures) {
        for programme in programmes(values) {
            rows.measure(id, &ofac::measure(programme));
        }
    }
    if let (EntityKind::Other, Some(word)) = (kind, values.get(2)) {
        rows.attribute(id, values.fields[2], word);
    }
    if let Some(role) = values.get(4) {
        rows.role(id, RoleKind::Designation, role);
    }
    if rows.wants(ListTable::Attributes) {
        for field in ATTRIBUTES {
            if let Some(value) = values.get(field) {
                rows.attribute(id, values.fields[field], value);
            }
        }
    }
    let remark = values.get(11);
    let gender = remark.and_then(|remark| remarks::read(remark, id, rows));
    if rows.wants(ListTable::Entities) {
        let gender = gender.map(str::to_lowercase);
        let programme = programmes(values).collect::<Joined>();
        let description = Description {
            kind,
            name,
            gender: gender.as_deref(),
            programme: programme.text(),
            comments: remark,
            ..Description::default()
        };
        rows.entity(id, &description);
    }
    Ok(id)
}

/// Several programmes stand in one value: `SDGT] [IFSR`.
fn programmes<'a>(values: &Values<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let parts = values.get(3).unwrap_or_default().split("] [");
    let parts = parts.map(|part| part.trim_matches(['[', ']', ' ']));
    parts.filter(|part| !part.is_empty())
}

/// The name of a person is `LAST, First`, where it has both.
fn primary_name(name: &str, is_person: bool) -> Name<'_> {
    let mut primary = Name::new(NameKind::Primary, name);
    if is_person
        && let Some((last, first)) = split_comma(name)
        && !first.contains(',')
    {
        (primary.parts[0], primary.parts[1]) = (Some(last), Some(first));
    }
    primary
}

/// What stands around the first comma that has a space behind it. To search for both at once is made for
/// longer texts, and takes longer.
fn split_comma(name: &str) -> Option<(&str, &str)> {
    let mut commas = memchr_iter(b',', name.as_bytes());
    commas.find_map(|at| Some((&name[..at], name[at + 1..].strip_prefix(' ')?)))
}

fn alias(values: &Values<'_>, note: &mut Joined, rows: &mut TableRows) -> Result<()> {
    let (id, name) = (values.id()?, values.required(3, "a name")?);
    let word = values.get(2);
    let is_former = word.is_some_and(|word| is_word(word, "fka") || is_word(word, "f.k.a."));
    let kind = match is_former {
        true => NameKind::Former,
        false => NameKind::Alias,
    };
    values.note([4, 1], note);
    let name = Name {
        quality_raw: word,
        note: note.text(),
        ..Name::new(kind, name)
    };
    rows.name(id, &name);
    Ok(())
}

/// An address. One with no more than its number says nothing.
fn address(values: &Values<'_>, note: &mut Joined, rows: &mut TableRows) -> Result<()> {
    let id = values.id()?;
    if (2..=5).any(|field| values.get(field).is_some()) {
        values.note([5, 1], note);
        let address = Place {
            street: values.get(2),
            city: values.get(3),
            country: values.get(4),
            note: note.text(),
            ..Place::default()
        };
        rows.address(id, &address);
    }
    Ok(())
}

/// What of an entry's remarks had no room in it. It may begin in the middle of a clause, so it is kept
/// as it is.
fn comment(values: &Values<'_>, rows: &mut TableRows) -> Result<()> {
    let id = values.id()?;
    if let Some(remark) = values.get(1) {
        rows.attribute(id, "Remarks", remark);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_as_the_standard_library_splits_them() {
        for name in [
            "",
            ",",
            ", ",
            "GULL, Arne",
            "GULL,Arne",
            "GULL,Arne, Jr",
            "GULL , Arne, Jr.",
            "ЧАЙКА, Арне",
            "GULL,, Arne",
            "GULL,",
        ] {
            assert_eq!(split_comma(name), name.split_once(", "), "{name:?}");
        }
        let parts = |name, is_person| primary_name(name, is_person).parts;
        assert_eq!(parts("GULL, Arne", true)[..2], [Some("GULL"), Some("Arne")]);
        assert_eq!(parts("GULL, Arne", false), [None; 6]);
        assert_eq!(parts("GULL, Arne, Jr", true), [None; 6]);
    }
}
