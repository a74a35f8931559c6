//! What a record of FollowTheMoney says: the texts of its members and of its properties, by their names.
//!
//! A usual record is read in one pass. One in which something else stands than texts, or with which something
//! is wrong, is read once more, member by member as it stands in the file.

use super::{EXPANDED_BYTES_MAX, Sort};
use crate::date::PartialDate;
use crate::entity::{Joined, Moment};
use crate::rows::TableRows;
use crate::tables::ListTable;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{self, JsonRecord};
use sextant_plugin_sdk::{Error, Result};
use std::borrow::Cow;
use std::fmt;

/// How many members, and texts of properties, most records have at most.
const MEMBERS: usize = 16;

/// What a record says, before anything is looked for in it.
pub(super) struct Said<'a> {
    /// What stands beside the properties.
    pub(super) members: Properties<'a>,
    /// None where the record has no such member.
    pub(super) properties: Option<Properties<'a>>,
}

impl<'a> Said<'a> {
    /// Reads a record. What the table cannot use is not kept; all that makes a record bad is found for
    /// every table alike.
    pub(super) fn read(record: &JsonRecord<'a>, rows: &TableRows) -> Result<Self> {
        let is_narrow = rows.wants_any(&[ListTable::Entities, ListTable::Names]);
        let said = record.parse_seed(OnePass { is_narrow });
        // Few records need more than that, among them all that something is wrong with.
        said.or_else(|_| Self::read_raw(record))
    }

    /// Reads any record, each value as it stands in the file, and says what is wrong.
    fn read_raw(record: &JsonRecord<'a>) -> Result<Self> {
        let (mut members, mut objects) = (Properties::default(), Vec::new());
        record.members(|name, value| {
            match name == "properties" {
                true => objects.push(value),
                false => members.add(name, value.get()),
            }
            Ok(())
        })?;
        members.check(record)?;
        let mut properties: Option<Properties<'a>> = None;
        for object in objects {
            let properties = properties.get_or_insert_default();
            json::members(object.get(), |name, value| {
                properties.add(name, value.get());
                Ok(())
            })
            .map_err(|error| record.wrong(&error))?;
        }
        Ok(Self {
            members,
            properties,
        })
    }
}

/// Members of objects: each text that one of them has, with the member's name. What is taken is not
/// there any more, so in the end there is what nothing was for.
#[derive(Debug, Default)]
pub(super) struct Properties<'a> {
    pub(super) texts: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// How many bytes they have: the name of a member is that of each of its texts.
    bytes: usize,
    /// The first member among whose values an object is.
    pub(super) nested: Option<Cow<'a, str>>,
    /// What is wrong with the first member of which something is.
    wrong: Option<(Cow<'a, str>, serde_json::Error)>,
}

impl<'a> Properties<'a> {
    /// Has room for as many as most records have.
    fn with_room() -> Self {
        Self {
            texts: Vec::with_capacity(MEMBERS),
            ..Self::default()
        }
    }

    /// A member whose texts go here.
    fn member(&mut self, name: Cow<'a, str>, is_needed: bool) -> Member<'_, 'a> {
        Member {
            name,
            object: self,
            is_needed,
            is_list: false,
        }
    }

    /// Adds a member that is as JSON: the values of a list, or the one value that it has.
    fn add(&mut self, name: Cow<'a, str>, json: &'a str) {
        if !json.starts_with('[') {
            return self.member(name, true).add_json(json);
        }
        match serde_json::from_str::<Vec<&'a RawValue>>(json) {
            Ok(values) => {
                let mut member = self.member(name, true);
                values.iter().for_each(|value| member.add_json(value.get()));
            }
            Err(error) => {
                self.wrong.get_or_insert((name, error));
            }
        }
    }

    /// Says what is wrong with a member.
    pub(super) fn check(&mut self, record: &JsonRecord<'_>) -> Result<()> {
        match self.wrong.take() {
            Some((name, error)) => Err(record.wrong(&error).in_field(name)),
            None if self.bytes > EXPANDED_BYTES_MAX => {
                let message = format!(
                    "the texts of a record may have {EXPANDED_BYTES_MAX} bytes, each with its name; these have {}",
                    self.bytes
                );
                Err(Error::invalid_data(message))
            }
            None => Ok(()),
        }
    }

    /// The texts of a member.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &str> + Clone {
        let named = self.texts.iter().filter(move |(known, _)| known == name);
        named.map(|(_, text)| &**text)
    }

    /// The first text, which stays.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.named(name).next()
    }

    /// Takes all texts.
    pub(super) fn take(&mut self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        let named = self.texts.extract_if(.., move |(known, _)| known == name);
        named.map(|(_, text)| text)
    }

    /// Takes the first text; the others stay.
    pub(super) fn take_one(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.texts.iter().position(|(known, _)| known == name)?;
        Some(self.texts.remove(at).1)
    }

    /// Takes all texts as one.
    pub(super) fn joined(&mut self, name: &str) -> Joined {
        self.take(name).collect()
    }

    /// Takes all texts of the first of two members that has any.
    pub(super) fn joined_first(&mut self, names: [&str; 2]) -> Joined {
        let found = names.into_iter().find(|name| self.first(name).is_some());
        found.map(|name| self.joined(name)).unwrap_or_default()
    }

    /// Takes the first day, or the last one. What says more than it, less than a day, or nothing that is
    /// known, stays.
    pub(super) fn day(&mut self, name: &'static str, is_last: bool) -> Option<i32> {
        let texts: Vec<_> = self.take(name).collect();
        let day = |text: &Cow<'_, str>| PartialDate::parse(text).and_then(PartialDate::days);
        let known = texts.iter().filter_map(day);
        let wanted = if is_last { known.max() } else { known.min() };
        // `2020-01-02` has ten bytes.
        let is_said = |text: &Cow<'_, str>| day(text).is_some_and(|day| Some(day) == wanted);
        let others = texts.into_iter();
        let others = others.filter(|text| text.len() > 10 || !is_said(text));
        let others = others.map(|text| (Cow::Borrowed(name), text));
        self.texts.extend(others);
        wanted
    }

    /// Takes a date of a tie, as it stands there.
    pub(super) fn moment(&mut self, name: &str) -> TextMoment {
        let texts: Vec<_> = self.take(name).collect();
        let mut dates = texts.iter().filter_map(|text| PartialDate::parse(text));
        TextMoment {
            date: dates.find_map(PartialDate::days),
            text: texts.iter().collect(),
        }
    }

    /// Adds what is left to a note, text by text.
    pub(super) fn add_to(&self, note: &mut Joined) {
        for (field, text) in &self.texts {
            note.add_field(field, text);
        }
    }
}

/// A [`Moment`] with its text.
pub(super) struct TextMoment {
    date: Option<i32>,
    pub(super) text: Joined,
}

impl TextMoment {
    pub(super) fn moment(&self) -> Moment<'_> {
        Moment {
            date: self.date,
            text: self.text.text(),
        }
    }
}

/// A member of an object that is being read. It takes texts, `true` and `false`, and lists of these, with
/// `null` anywhere. Anything else it refuses: only [`add_json`](Self::add_json) takes that as it stands in
/// the file.
struct Member<'t, 'a> {
    name: Cow<'a, str>,
    /// The members of the object.
    object: &'t mut Properties<'a>,
    /// Whether its texts are kept. They are counted anyway.
    is_needed: bool,
    /// Whether its value is a list, in which there may be no other.
    is_list: bool,
}

impl<'a> Member<'_, 'a> {
    /// Adds a value as it stands in the file.
    fn add_json(&mut self, json: &'a str) {
        if json.starts_with('{') {
            let nested = &mut self.object.nested;
            nested.get_or_insert_with(|| self.name.clone());
        }
        match json::text(json) {
            Ok(text) if json != "null" && self.counts(&text) => self.keep(text),
            Ok(_) => {}
            Err(error) => {
                let wrong = &mut self.object.wrong;
                wrong.get_or_insert_with(|| (self.name.clone(), error));
            }
        }
    }

    /// Counts a text, and tells whether to keep it. What says nothing is none.
    fn counts(&mut self, text: &str) -> bool {
        if text.chars().all(char::is_whitespace) {
            return false;
        }
        let bytes = &mut self.object.bytes;
        *bytes = bytes.saturating_add(self.name.len() + text.len());
        self.is_needed && *bytes <= EXPANDED_BYTES_MAX
    }

    fn keep(&mut self, text: Cow<'a, str>) {
        self.object.texts.push((self.name.clone(), text));
    }
}

impl<'de> DeserializeSeed<'de> for &mut Member<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Member<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<(), E> {
        if self.counts(text) {
            self.keep(Cow::Borrowed(text));
        }
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if self.counts(text) {
            self.keep(Cow::Owned(text.to_owned()));
        }
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, is_true: bool) -> Result<(), E> {
        self.visit_borrowed_str(if is_true { "true" } else { "false" })
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        if self.is_list {
            return Err(de::Error::invalid_type(Unexpected::Seq, &self));
        }
        self.is_list = true;
        while values.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }
}

/// Reads a record in one pass, in which each text is found and decoded once, and fails where a
/// [`Member`] does.
#[derive(Clone, Copy)]
struct OnePass {
    /// Whether only what the tables of entities and names need is kept. In the others, what nothing is
    /// for becomes attributes and notes.
    is_narrow: bool,
}

impl<'de> DeserializeSeed<'de> for OnePass {
    type Value = Said<'de>;

    fn deserialize<D: Deserializer<'de>>(self, record: D) -> Result<Said<'de>, D::Error> {
        record.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OnePass {
    type Value = Said<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said<'de>, A::Error> {
        let mut members = Properties::with_room();
        let mut properties: Option<Properties<'de>> = None;
        while let Some(json::Name(name)) = map.next_key()? {
            if name == "properties" {
                // Where the schema comes behind them, they are all kept.
                let schema = members.first("schema").filter(|_| self.is_narrow);
                let sort = schema.map(Sort::of);
                let properties = properties.get_or_insert_with(Properties::with_room);
                map.next_value_seed(Object { properties, sort })?;
            } else {
                let is_needed = !self.is_narrow
                    || matches!(&*name, "id" | "schema" | "caption" | "last_change");
                map.next_value_seed(&mut members.member(name, is_needed))?;
            }
        }
        Ok(Said {
            members,
            properties,
        })
    }
}

/// The object of properties, which is being read.
struct Object<'t, 'a> {
    properties: &'t mut Properties<'a>,
    /// What decides which of them are needed; none where all are.
    sort: Option<Sort>,
}

impl<'de> DeserializeSeed<'de> for Object<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, object: D) -> Result<(), D::Error> {
        object.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(json::Name(name)) = map.next_key()? {
            let is_needed = self.sort.is_none_or(|sort| sort.needs(&name));
            map.next_value_seed(&mut self.properties.member(name, is_needed))?;
        }
        Ok(())
    }
}
