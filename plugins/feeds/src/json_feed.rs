//! JSON Feed 1.x: the items, one at a time, and what the feed says of itself before them.

use crate::entry::{At, Entry, Feed, add, trimmed};
use crate::opened::Opened;
use crate::tables::OTHER;
use crate::time;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{JsonRecord, JsonRecords};
use sextant_plugin_sdk::{Error, Result, RowReader, Rows};
use std::borrow::Cow;
use std::collections::{BTreeMap, btree_map};
use std::fmt;

/// Bytes of an item, which may be a whole article.
const ITEM_BYTES_MAX: usize = 4 << 20;
/// What the version of every JSON Feed begins with.
const VERSION: &str = "https://jsonfeed.org/version/1";

/// Reads the items of a feed.
#[derive(Debug)]
pub(crate) struct Reader {
    records: JsonRecords,
    file: String,
    feed: Feed,
    /// What to tell of the file before its first item.
    warning: Option<&'static str>,
}

impl Reader {
    /// Begins to read; `url` is where the feed came from, unless it says so itself.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](sextant_plugin_sdk::ErrorKind::InvalidData) for JSON of another version.
    pub(crate) fn open(opened: Opened, file: String, url: Option<String>) -> Result<Self> {
        let about = About::of(opened.head());
        if let Some(version) = &about.version
            && !version.starts_with(VERSION)
        {
            let message = format!("expected JSON Feed 1.x, found the version {version:?}");
            return Err(Error::invalid_data(message).in_field("version"));
        }
        let warning = about.version.is_none().then_some(
            "no version stands before the items; read as JSON Feed 1.x, and what stands behind the items is not read",
        );
        let records = JsonRecords::member(opened.reader(), &["items"]);
        let mut feed = about.feed;
        feed.url = feed.url.or(url);
        Ok(Self {
            records: records.record_bytes_max(ITEM_BYTES_MAX),
            file,
            feed,
            warning,
        })
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let record = self.records.next()?;
        if let Some(warning) = self.warning.take() {
            rows.warn(warning);
        }
        let Some(record) = record else {
            return Ok(false);
        };
        let at = At {
            file: &self.file,
            number: record.number(),
            byte: record.byte(),
        };
        match item(&record, rows.wants(OTHER)) {
            Ok(entry) => entry.push(&self.feed, at, rows)?,
            Err(error) => rows.bad(at.wrong(error))?,
        }
        Ok(true)
    }
}

/// The entry that an item is.
fn item(record: &JsonRecord<'_>, wants_other: bool) -> Result<Entry<'static>> {
    let mut members = BTreeMap::new();
    record.members(|name, value| match members.entry(name) {
        btree_map::Entry::Vacant(entry) => {
            entry.insert(value);
            Ok(())
        }
        btree_map::Entry::Occupied(entry) => {
            Err(format!("the member {:?} is there twice", entry.key()))
        }
    })?;
    let mut item = Item { record, members };
    let mut entry = Entry {
        id: item.text("id")?,
        url: item.text("url")?,
        title: item.text("title")?,
        summary: item.text("summary")?,
        content: item.text("content_html")?,
        published: item.time("date_published"),
        updated: item.time("date_modified"),
        language: item.text("language")?,
        ..Entry::default()
    };
    if entry.content.is_none() {
        entry.content = item.text("content_text")?;
    }
    // 1.0 has one author, 1.1 has several.
    item.texts("authors", "name", &mut entry.authors)?;
    item.texts("author", "name", &mut entry.authors)?;
    item.texts("tags", "", &mut entry.categories)?;
    let mut enclosures = Vec::new();
    let attachments = item.members.get("attachments").copied();
    item.texts("attachments", "url", &mut enclosures)?;
    if enclosures.len() > 1 {
        let rest = attachments.map(|raw| (Cow::Borrowed("attachments"), raw));
        item.members.extend(rest);
    }
    entry.enclosure_url = enclosures.into_iter().next();
    if wants_other && !item.members.is_empty() {
        entry.other = Some(serde_json::to_string(&item.members)?);
    }
    Ok(entry)
}

/// An item, with the members that have no column yet as they stand in the file.
struct Item<'a> {
    record: &'a JsonRecord<'a>,
    members: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

impl Item<'_> {
    /// Takes a member that is a text; a number or a word is as it stands.
    fn text(&mut self, name: &str) -> Result<Option<Cow<'static, str>>> {
        let Some(raw) = self.members.remove(name) else {
            return Ok(None);
        };
        let text = match raw.get().as_bytes() {
            [b'"', ..] => {
                let text = serde_json::from_str(raw.get());
                text.map_err(|error| self.record.wrong(&error).in_field(name))?
            }
            [b'{' | b'[', ..] => {
                let message = "expected a text, found an object or an array";
                return Err(Error::invalid_data(message).in_field(name));
            }
            b"null" => String::new(),
            _ => raw.get().to_owned(),
        };
        Ok(owned(&text))
    }

    /// Takes a member that is an instant. What is none stays.
    fn time(&mut self, name: &str) -> Option<i64> {
        let raw = self.members.get(name)?;
        let text: Option<String> = serde_json::from_str(raw.get()).ok()?;
        let text = text.unwrap_or_default();
        let time = time::instant(&text);
        if time.is_some() || text.trim().is_empty() {
            self.members.remove(name);
        }
        time
    }

    /// Reads a member that is an array of texts, or of objects with a text of a name. It stays where
    /// there is more in it.
    fn texts(&mut self, name: &str, part: &str, texts: &mut Vec<Cow<'_, str>>) -> Result<()> {
        let Some(raw) = self.members.get(name) else {
            return Ok(());
        };
        let value = serde_json::from_str(raw.get());
        let value = value.map_err(|error| self.record.wrong(&error).in_field(name))?;
        if take_texts(value, part, texts) {
            self.members.remove(name);
        }
        Ok(())
    }
}

/// Adds what is a text, or an object's part of a name; whether that was all.
fn take_texts(value: Value, part: &str, texts: &mut Vec<Cow<'_, str>>) -> bool {
    let values = match value {
        Value::Array(values) => values,
        Value::Null => Vec::new(),
        value => vec![value],
    };
    let mut is_all = true;
    for value in values {
        let text = match value {
            Value::String(text) => Some(text),
            Value::Object(mut members) => {
                let text = members.remove(part);
                is_all &= members.is_empty();
                text.and_then(|text| text.as_str().map(str::to_owned))
            }
            _ => None,
        };
        is_all &= text.is_some();
        add(texts, text.and_then(|text| owned(&text)));
    }
    is_all
}

/// A text of its own, as [`trimmed`].
fn owned(text: &str) -> Option<Cow<'static, str>> {
    trimmed(text).map(|text| Cow::Owned(text.to_owned()))
}

/// What a feed says of itself before its items.
#[derive(Default)]
struct About {
    version: Option<String>,
    feed: Feed,
}

impl About {
    /// Reads up to the items, or to whatever the head ends in.
    fn of(head: &[u8]) -> Self {
        let mut about = Self::default();
        let mut deserializer = serde_json::Deserializer::from_slice(head);
        Until(&mut about).deserialize(&mut deserializer).ok();
        about
    }

    fn member(&mut self, name: &str, value: Value) {
        let text = || value.as_str().and_then(trimmed).map(str::to_owned);
        match name {
            "version" => self.version = text(),
            "title" => self.feed.title = text(),
            "feed_url" => self.feed.url = text(),
            "language" => self.feed.language = text(),
            _ => {
                take_texts(value, "name", &mut self.feed.authors);
            }
        }
    }
}

/// Reads a feed up to its items.
struct Until<'a>(&'a mut About);

impl<'de> DeserializeSeed<'de> for Until<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Until<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "items" => return Err(de::Error::custom("the items begin")),
                "version" | "title" | "feed_url" | "language" | "author" | "authors" => {
                    self.0.member(&name, map.next_value()?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}
