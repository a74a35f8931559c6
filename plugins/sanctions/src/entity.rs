//! What a list says of one person, organization, vessel or aircraft, in words that no single list owns.
//!
//! Each type here is what one row says, and lends its texts from the record that it was read from; so
//! nothing is kept until a table takes it. Whatever a list says has a place here: what fits no field goes
//! into the `note` of the thing it belongs to, or else becomes an attribute.

use hashbrown::HashSet;
use sextant_plugin_sdk::{Error, Result, in_pieces};
use std::borrow::Cow;

/// The one row that an entity has of its own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Description<'a> {
    pub(crate) kind: EntityKind,
    /// The primary name, or what the list shows for something that has none.
    pub(crate) name: &'a str,
    /// The name in the writing of the entity's own country.
    pub(crate) name_original_script: Option<&'a str>,
    /// `male`, `female`, or the list's word in lower case.
    pub(crate) gender: Option<&'a str>,
    /// The list's reference for people, such as a number in a committee's list.
    pub(crate) reference: Option<&'a str>,
    /// The sanctions programme or regime; several are joined by `; `.
    pub(crate) programme: Option<&'a str>,
    /// Days since 1970-01-01.
    pub(crate) listed_on: Option<i32>,
    /// The latest update; days since 1970-01-01.
    pub(crate) updated_on: Option<i32>,
    pub(crate) comments: Option<&'a str>,
    /// What the file says of its own version, as it stands there.
    pub(crate) source_version: Option<&'a str>,
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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    pub(crate) kind: NameKind,
    /// The whole name.
    pub(crate) name: &'a str,
    pub(crate) quality: Option<Quality>,
    /// The list's own word for kind or quality.
    pub(crate) quality_raw: Option<&'a str>,
    /// ISO 15924, where the list says.
    pub(crate) script: Option<&'a str>,
    /// ISO 639, where the list says.
    pub(crate) language: Option<&'a str>,
    /// The parts in the list's order, where it gives parts. What the first or last of them means
    /// differs between lists and between people.
    pub(crate) parts: [Option<&'a str>; NAME_PARTS],
    pub(crate) note: Option<&'a str>,
}

impl<'a> Name<'a> {
    /// A name of which no more is known.
    pub(crate) fn new(kind: NameKind, name: &'a str) -> Self {
        Self {
            kind,
            name,
            quality: None,
            quality_raw: None,
            script: None,
            language: None,
            parts: [None; NAME_PARTS],
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
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Identifier<'a> {
    pub(crate) kind: IdentifierKind,
    /// The list's own word for the kind.
    pub(crate) kind_raw: Option<&'a str>,
    /// A closer description.
    pub(crate) kind_detail: Option<&'a str>,
    /// None where the number stands somewhere in the note.
    pub(crate) number: Option<&'a str>,
    /// The country that issued it.
    pub(crate) country: Option<&'a str>,
    /// Days since 1970-01-01.
    pub(crate) issued_on: Option<i32>,
    /// Days since 1970-01-01.
    pub(crate) expires_on: Option<i32>,
    /// Where it was handed out, which may be an embassy.
    pub(crate) issue_city: Option<&'a str>,
    /// Where it was handed out, which may be another country than the one that issued it.
    pub(crate) issue_country: Option<&'a str>,
    pub(crate) note: Option<&'a str>,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) street: Option<&'a str>,
    pub(crate) city: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
    pub(crate) postal_code: Option<&'a str>,
    pub(crate) country: Option<&'a str>,
    pub(crate) note: Option<&'a str>,
}

/// When or where a person may have been born. A list that does not say which date goes with which
/// place gives a `Birth` for each date and one for each place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Birth<'a> {
    /// How sure the date is, where the list says.
    pub(crate) kind: Option<BirthKind>,
    /// Days since 1970-01-01, only where the day is known and exact.
    pub(crate) date: Option<i32>,
    pub(crate) year_from: Option<i32>,
    pub(crate) year_to: Option<i32>,
    /// `postal_code` and `note` stay empty here.
    pub(crate) place: Place<'a>,
    /// The alias under which this was claimed; none where it is the entity's own.
    pub(crate) alias: Option<&'a str>,
    pub(crate) note: Option<&'a str>,
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

/// What sort of role: a title or a function that someone has or had.
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
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Relation<'a> {
    /// None where the list has no more than the other's name, which is in the note then.
    pub(crate) other_id: Option<&'a str>,
    /// `ownership`, `family` and so on.
    pub(crate) kind: &'static str,
    /// What the entity is to the other one, in the list's own words.
    pub(crate) role: Option<&'a str>,
    pub(crate) start: Moment<'a>,
    pub(crate) end: Moment<'a>,
    pub(crate) note: Option<&'a str>,
}

/// A date of which the list may know only a part.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment<'a> {
    /// Days since 1970-01-01, where the day is known.
    pub(crate) date: Option<i32>,
    /// As the list has it.
    pub(crate) text: Option<&'a str>,
}

/// A decision by which the entity is listed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measure<'a> {
    /// What is forbidden or frozen.
    pub(crate) kind: Option<&'a str>,
    /// The sanctions programme or regime.
    pub(crate) programme: Option<&'a str>,
    /// Who decided, where the list says.
    pub(crate) authority: Option<&'a str>,
    /// Its reference for people.
    pub(crate) reference: Option<&'a str>,
    /// Days since 1970-01-01.
    pub(crate) listed_on: Option<i32>,
    /// Days since 1970-01-01.
    pub(crate) ended_on: Option<i32>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) note: Option<&'a str>,
}

/// How many entities a file may have whose ids are kept. The list of the United Nations has 1,003
/// in 2026, that of the United States some 18,000.
const RECORDS_MAX: usize = 1_000_000;

/// The records of a list that has each entity once: how many there were, and their ids.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    record: u64,
    seen: HashSet<Box<str>>,
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
    pub(crate) fn once(&mut self, id: &str, field: &str) -> Result<()> {
        if self.seen.insert(id.into()) {
            return Ok(());
        }
        let message = format!("expected an id of its own, found {id:?} for the second time");
        Err(Error::invalid_data(message).in_field(field))
    }
}

/// The pieces of a text, such as a note, joined by `; `.
#[derive(Debug, Default)]
pub(crate) struct Joined(String);

impl Joined {
    /// Adds a piece.
    pub(crate) fn add(&mut self, piece: &str) {
        self.begin();
        in_pieces(piece, |piece| self.0.push_str(piece));
    }

    /// Adds a field of the list as a piece.
    pub(crate) fn add_field(&mut self, field: &str, text: &str) {
        self.begin();
        for part in [field, ": ", text] {
            in_pieces(part, |piece| self.0.push_str(piece));
        }
    }

    /// The text; none without a piece.
    pub(crate) fn text(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }

    /// Forgets the pieces, for the next text.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn begin(&mut self) {
        if !self.0.is_empty() {
            self.0.push_str("; ");
        }
    }
}

impl<T: AsRef<str>> FromIterator<T> for Joined {
    fn from_iter<I: IntoIterator<Item = T>>(pieces: I) -> Self {
        let mut joined = Self::default();
        pieces
            .into_iter()
            .for_each(|piece| joined.add(piece.as_ref()));
        joined
    }
}

/// The parts of a text, such as a name, as one; none where there are none. A part alone is lent as it is.
pub(crate) fn joined<'a>(
    parts: impl Iterator<Item = &'a str> + Clone,
    between: &str,
) -> Option<Cow<'a, str>> {
    let mut others = parts.clone();
    let first = others.next()?;
    if others.clone().next().is_none() {
        return Some(Cow::Borrowed(first));
    }
    let bytes = parts.map(|part| between.len() + part.len()).sum();
    let mut whole = String::with_capacity(bytes);
    whole.push_str(first);
    for part in others {
        whole.push_str(between);
        whole.push_str(part);
    }
    Some(Cow::Owned(whole))
}

/// Whether a text is a word, which is given in lower case, in whatever case the list writes it.
pub(crate) fn is_word(text: &str, word: &str) -> bool {
    match text.is_ascii() {
        true => text.eq_ignore_ascii_case(word),
        false => text.chars().flat_map(char::to_lowercase).eq(word.chars()),
    }
}

/// A text that may be long, as errors show it.
pub(crate) fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
