//! One listed person or organization, in words that no single list owns.
//!
//! This is the seam between list formats and tables. A format is a function from a stream of bytes
//! to [`Records`]; [`tables`](crate::tables) turns those into rows and never learns which format
//! they came from. Whatever a list says has a place here: what fits no field goes into the `note`
//! of the thing it belongs to, or else into [`Entity::attributes`].

use sextant_plugin_sdk::{Error, Result};

/// The records of one list file, in its order. An error ends the stream: the file itself is broken
/// and no part of it should pass for the whole.
pub(crate) type Records = Box<dyn Iterator<Item = Result<Record>>>;

/// What a list file has at one place.
#[derive(Debug)]
pub(crate) enum Record {
    /// An entity.
    Entity(Box<Entity>),
    /// An entity that cannot be used. The file is sound and what follows can be read.
    Bad(Error),
    /// Something that is not read and that the analyst should know of.
    Unread(String),
}

/// A listed person or organization.
#[derive(Debug)]
pub(crate) struct Entity {
    /// The list's own id, unique in the list.
    pub(crate) id: String,
    pub(crate) kind: EntityKind,
    /// `male`, `female`, or the list's word in lower case.
    pub(crate) gender: Option<String>,
    /// The list's reference for people, such as a number in a committee's list.
    pub(crate) reference: Option<String>,
    /// The sanctions programme or regime.
    pub(crate) programme: Option<String>,
    /// Days since 1970-01-01.
    pub(crate) listed_on: Option<i32>,
    /// The latest update; days since 1970-01-01.
    pub(crate) updated_on: Option<i32>,
    pub(crate) comments: Option<String>,
    /// What the file says of its own version, as it stands there.
    pub(crate) source_version: Option<String>,
    /// At least one, and the first of [`NameKind::Primary`] is the entity's name.
    pub(crate) names: Vec<Name>,
    pub(crate) identifiers: Vec<Identifier>,
    pub(crate) addresses: Vec<Place>,
    pub(crate) births: Vec<Birth>,
    pub(crate) nationalities: Vec<String>,
    pub(crate) roles: Vec<Role>,
    /// What has no field of its own.
    pub(crate) attributes: Vec<Attribute>,
}

impl Entity {
    /// The text of the first name of a kind.
    pub(crate) fn first_name(&self, kind: NameKind) -> Option<&str> {
        self.names
            .iter()
            .find(|name| name.kind == kind)
            .map(|name| name.name.as_str())
    }
}

/// What sort of thing is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntityKind {
    Person,
    Organization,
}

impl EntityKind {
    /// The word in the tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organization => "organization",
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
#[derive(Debug)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdentifierKind {
    Passport,
    NationalId,
    Other,
}

impl IdentifierKind {
    /// The word in the tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passport => "passport",
            Self::NationalId => "national_id",
            Self::Other => "other",
        }
    }
}

/// An address, or as much of a place as is known.
#[derive(Debug, Default)]
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

/// A field of the list that has no column, in the list's own words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Such as `VERSIONNUM` or `NATIONALITY/NOTE`.
    pub(crate) field: String,
    pub(crate) value: String,
}
