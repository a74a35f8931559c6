//! What a list says of one person, organization, vessel or aircraft, in words that no single list owns.
//!
//! This is the seam between list formats and tables. A format is a function from a stream of bytes
//! to [`Records`]; [`tables`](crate::tables) turns those into rows and never learns which format
//! they came from. Whatever a list says has a place here: what fits no field goes into the `note`
//! of the thing it belongs to, or else into [`Entity::attributes`].
//!
//! A record need not say all there is of an entity. Where a list has its parts in several files, or
//! what joins two entities in records of their own, each record becomes an [`Entity`] with the id it
//! belongs to and only the rows that it adds; so nothing is kept until its other half is found.

use sextant_plugin_sdk::{Error, Result};
use std::collections::HashSet;

/// Gives the records of one list file, in its order; none at the end. An error is the end too: the
/// file itself is broken and no part of it should pass for the whole.
pub(crate) type Records = Box<dyn FnMut() -> Result<Option<Record>>>;

/// What a list file has at one place.
#[derive(Debug)]
pub(crate) enum Record {
    /// What is said of an entity.
    Entity(Box<Entity>),
    /// A record that cannot be used. The file is sound and what follows can be read.
    Bad(Error),
    /// Something that is not read and that the analyst should know of.
    Unread(String),
}

/// What a record says of an entity.
#[derive(Debug, Default)]
pub(crate) struct Entity {
    /// The list's own id, unique in the list.
    pub(crate) id: String,
    /// None where the record only adds to an entity that stands elsewhere.
    pub(crate) description: Option<Description>,
    pub(crate) names: Vec<Name>,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) addresses: Vec<Place>,
    pub(crate) births: Vec<Birth>,
    pub(crate) nationalities: Vec<String>,
    /// Those that [`nationality`](Self::nationality) has added.
    pub(crate) known_nationalities: HashSet<String>,
    pub(crate) roles: Vec<Role>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) measures: Vec<Measure>,
    /// What has no field of its own.
    pub(crate) attributes: Vec<Attribute>,
}

impl Entity {
    /// Of an entity nothing is said yet.
    pub(crate) fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            ..Self::default()
        }
    }

    /// Adds a field of the list that has no column.
    pub(crate) fn attribute(&mut self, field: impl Into<String>, value: impl Into<String>) {
        self.attributes.push(Attribute {
            field: field.into(),
            value: value.into(),
        });
    }

    /// Adds a nationality; one that is there already is not there twice.
    pub(crate) fn nationality(&mut self, country: &str) {
        if self.known_nationalities.insert(country.to_owned()) {
            self.nationalities.push(country.to_owned());
        }
    }
}

/// The one row that an entity has of its own.
#[derive(Debug, Default)]
pub(crate) struct Description {
    pub(crate) kind: EntityKind,
    /// The primary name, or what the list shows for something that has none.
    pub(crate) name: String,
    /// `male`, `female`, or the list's word in lower case.
    pub(crate) gender: Option<String>,
    /// The list's reference for people, such as a number in a committee's list.
    pub(crate) reference: Option<String>,
    /// The sanctions programme or regime; several are joined by `; `.
    pub(crate) programme: Option<String>,
    /// Days since 1970-01-01.
    pub(crate) listed_on: Option<i32>,
    /// The latest update; days since 1970-01-01.
    pub(crate) updated_on: Option<i32>,
    pub(crate) comments: Option<String>,
    /// What the file says of its own version, as it stands there.
    pub(crate) source_version: Option<String>,
}

/// What sort of thing is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EntityKind {
    Person,
    Organization,
    Vessel,
    Aircraft,
    /// Anything else; an attribute has the list's own word for it.
    #[default]
    Other,
}

impl EntityKind {
    /// The word in the tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organization => "organization",
            Self::Vessel => "vessel",
            Self::Aircraft => "aircraft",
            Self::Other => "other",
        }
    }
}

/// One name of an entity.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) kind: NameKind,
    /// The whole name.
    pub(crate) name: String,
    pub(crate) quality: Option<Quality>,
    /// The list's own word for kind or quality.
    pub(crate) quality_raw: Option<String>,
    /// ISO 15924, where the list says.
    pub(crate) script: Option<String>,
    /// ISO 639, where the list says.
    pub(crate) language: Option<String>,
    /// The parts in the list's order, where it gives parts. What the first or last of them means
    /// differs between lists and between people.
    pub(crate) parts: [Option<String>; NAME_PARTS],
    pub(crate) note: Option<String>,
}

impl Name {
    /// A name of which no more is known.
    pub(crate) fn new(kind: NameKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            quality: None,
            quality_raw: None,
            script: None,
            language: None,
            parts: Default::default(),
            note: None,
        }
    }
}

/// How many parts a name can have: the British list has the most.
pub(crate) const NAME_PARTS: usize = 6;

/// What a name is to its entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameKind {
    Primary,
    Alias,
    /// A name that is no longer used.
    Former,
    /// The name in the writing of the entity's own country.
    OriginalScript,
}

impl NameKind {
    /// The word in the tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Alias => "alias",
            Self::Former => "former",
            Self::OriginalScript => "original_script",
        }
    }
}

/// How well a name identifies its entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quality {
    Strong,
    Weak,
}

impl Quality {
    /// The word in the tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Weak => "weak",
        }
    }
}

/// A document or number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identifier {
    pub(crate) kind: IdentifierKind,
    /// The list's own word for the kind.
    pub(crate) kind_raw: Option<String>,
    /// A closer description.
    pub(crate) kind_detail: Option<String>,
    /// None where the number stands somewhere in the note.
    pub(crate) number: Option<String>,
    /// The country that issued it.
    pub(crate) country: Option<String>,
    /// Days since 1970-01-01.
    pub(crate) issued_on: Option<i32>,
    /// Days since 1970-01-01.
    pub(crate) expires_on: Option<i32>,
    /// Where it was handed out, which may be an embassy.
    pub(crate) issue_city: Option<String>,
    /// Where it was handed out, which may be another country than the one that issued it.
    pub(crate) issue_country: Option<String>,
    pub(crate) note: Option<String>,
}

/// What sort of document or number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum IdentifierKind {
    Passport,
    /// Of a person, by a state.
    NationalId,
    /// For taxes, of a person or organization.
    TaxId,
    /// In a register of companies or other organizations.
    Registration,
    /// Of a ship or its owner, by the International Maritime Organization.
    Imo,
    #[default]
    Other,
}

impl IdentifierKind {
    /// The word in the tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passport => "passport",
            Self::NationalId => "national_id",
            Self::TaxId => "tax_id",
            Self::Registration => "registration",
            Self::Imo => "imo",
            Self::Other => "other",
        }
    }
}

/// An address, or as much of a place as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) street: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) note: Option<String>,
}

/// When or where a person may have been born. A list that does not say which date goes with which
/// place gives a `Birth` for each date and one for each place.
#[derive(Debug, Default)]
pub(crate) struct Birth {
    /// How sure the date is, where the list says.
    pub(crate) kind: Option<BirthKind>,
    /// Days since 1970-01-01, only where the day is known and exact.
    pub(crate) date: Option<i32>,
    pub(crate) year_from: Option<i32>,
    pub(crate) year_to: Option<i32>,
    /// `postal_code` and `note` stay empty here.
    pub(crate) place: Place,
    /// The alias under which this was claimed; none where it is the entity's own.
    pub(crate) alias: Option<String>,
    pub(crate) note: Option<String>,
}

/// How sure a date of birth is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BirthKind {
    Exact,
    Approximate,
    Between,
}

impl BirthKind {
    /// The word in the tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Approximate => "approximate",
            Self::Between => "between",
        }
    }
}

/// A title or a function that someone has or had.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) kind: RoleKind,
    pub(crate) role: String,
}

/// What sort of role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleKind {
    /// Stands before a name.
    Title,
    /// A function or position.
    Designation,
}

impl RoleKind {
    /// The word in the tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Designation => "designation",
        }
    }
}

/// What joins the entity to another one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relation {
    /// None where the list has no more than the other's name, which is in the note then.
    pub(crate) other_id: Option<String>,
    /// `ownership`, `family` and so on.
    pub(crate) kind: &'static str,
    /// What the entity is to the other one, in the list's own words.
    pub(crate) role: Option<String>,
    pub(crate) start: Moment,
    pub(crate) end: Moment,
    pub(crate) note: Option<String>,
}

/// A date of which the list may know only a part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moment {
    /// Days since 1970-01-01, where the day is known.
    pub(crate) date: Option<i32>,
    /// As the list has it.
    pub(crate) text: Option<String>,
}

/// A decision by which the entity is listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measure {
    /// What is forbidden or frozen.
    pub(crate) kind: Option<String>,
    /// The sanctions programme or regime.
    pub(crate) programme: Option<String>,
    /// Who decided, where the list says.
    pub(crate) authority: Option<String>,
    /// Its reference for people.
    pub(crate) reference: Option<String>,
    /// Days since 1970-01-01.
    pub(crate) listed_on: Option<i32>,
    /// Days since 1970-01-01.
    pub(crate) ended_on: Option<i32>,
    pub(crate) reason: Option<String>,
    pub(crate) note: Option<String>,
}

/// A field of the list that has no column, in the list's own words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Such as `VERSIONNUM` or `NATIONALITY/NOTE`.
    pub(crate) field: String,
    pub(crate) value: String,
}

/// How many entities a file may have whose ids are kept. The list of the United Nations has 1,003
/// in 2026, that of the United States some 18,000.
const RECORDS_MAX: usize = 1_000_000;

/// The records of a list that has each entity once: how many there were, and their ids.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    record: u64,
    seen: HashSet<String>,
}

impl Ids {
    /// Counts a record: its number, from 1.
    pub(crate) fn count(&mut self) -> Result<u64> {
        self.record += 1;
        if self.record > RECORDS_MAX as u64 {
            let message = format!("a list may have {RECORDS_MAX} records, this one has more");
            return Err(Error::invalid_data(message));
        }
        Ok(self.record)
    }

    /// How many records there were.
    pub(crate) fn total(&self) -> u64 {
        self.record
    }

    /// Refuses an id that stands twice: it would multiply rows in every join.
    pub(crate) fn once(&mut self, entity: Entity, field: &str) -> Result<Entity> {
        if self.seen.insert(entity.id.clone()) {
            return Ok(entity);
        }
        let message = format!(
            "expected an id of its own, found {:?} for the second time",
            entity.id
        );
        Err(Error::invalid_data(message).in_field(field))
    }
}

/// The pieces of a note, as one.
pub(crate) fn joined(parts: impl Iterator<Item = String>) -> Option<String> {
    Some(parts.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty())
}

/// A text that may be long, as errors show it.
pub(crate) fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
