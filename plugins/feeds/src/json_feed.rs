//! JSON Feed 1.x: the items, one at a time, and what the feed says of itself before them.

use crate::entry::{At, Entry, Feed, add};
use crate::opened::{Opened, with_status};
use crate::tables::OTHER;
use serde::de::{self, Deserialize, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sextant_plugin_sdk::json::{JsonRecord, JsonRecords};
use sextant_plugin_sdk::{Error, Result, RowReader, Rows};
use std::collections::BTreeMap;
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
    status: Option<u16>,
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
        let status = opened.status();
        let records = JsonRecords::member(opened.reader(), &["items"]);
        let mut feed = about.feed;
        feed.url = feed.url.or(url);
        Ok(Self {
            records: records.record_bytes_max(ITEM_BYTES_MAX),
            file,
            feed,
            status,
            warning,
        })
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let record = self.records.next();
        let record = record.map_err(|error| with_status(self.status, error))?;
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
fn item(record: &JsonRecord<'_>, wants_other: bool) -> Result<Entry> {
    let mut members: Members<'_> = record.parse()?;
    let mut entry = Entry {
        id: members.text("id")?,
        url: members.text("url")?,
        title: members.text("title")?,
        summary: members.text("summary")?,
        content: members.text("content_html")?,
        published: members.text("date_published")?,
        updated: members.text("date_modified")?,
        language: members.text("language")?,
        ..Entry::default()
    };
    if entry.content.is_none() {
        entry.content = members.text("content_text")?;
    }
    // 1.0 has one author, 1.1 has several.
    members.texts("authors", "name", &mut entry.authors)?;
    members.texts("author", "name", &mut entry.authors)?;
    members.texts("tags", "", &mut entry.categories)?;
    let mut enclosures = Vec::new();
    members.texts("attachments", "url", &mut enclosures)?;
    entry.enclosure_url = enclosures.into_iter().next();
    if wants_other && !members.0.is_empty() {
        entry.other = Some(serde_json::to_string(&members.0)?);
    }
    Ok(entry)
}

/// The members of an item that have no column yet, as they stand in the file.
struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl Members<'_> {
    /// Takes a member that is a text; a number or a word is as it stands.
    fn text(&mut self, name: &str) -> Result<Option<String>> {
        let Some(raw) = self.0.remove(name) else {
            return Ok(None);
        };
        let text = match raw.get().as_bytes() {
            [b'"', ..] => serde_json::from_str(raw.get())?,
            [b'{' | b'[', ..] => {
                let message = "expected a text, found an object or an array";
                return Err(Error::invalid_data(message).in_field(name));
            }
            b"null" => String::new(),
            _ => raw.get().to_owned(),
        };
        Ok((!text.trim().is_empty()).then_some(text))
    }

    /// Reads a member that is an array of texts, or of objects with a text of a name. It stays where
    /// there is more in it.
    fn texts(&mut self, name: &str, part: &str, texts: &mut Vec<String>) -> Result<()> {
        let Some(raw) = self.0.get(name) else {
            return Ok(());
        };
        if take_texts(serde_json::from_str(raw.get())?, part, texts) {
            self.0.remove(name);
        }
        Ok(())
    }
}

/// Adds what is a text, or an object's part of a name; whether that was all.
fn take_texts(value: Value, part: &str, texts: &mut Vec<String>) -> bool {
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
        add(texts, text.filter(|text| !text.trim().is_empty()));
    }
    is_all
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: de::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item, which is an object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if members.contains_key(&name) {
                        let message = format!("the member {name:?} is there twice");
                        return Err(de::Error::custom(message));
                    }
                    members.insert(name, value);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
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
        let text = || {
            let text = value.as_str().filter(|text| !text.trim().is_empty());
            text.map(str::to_owned)
        };
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
