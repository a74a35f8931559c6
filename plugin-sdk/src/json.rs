//! JSON, one record at a time. A file may be of any size: a record is found by its brackets while the
//! file streams by, lent out as its bytes, and read by [`serde_json`] into whatever the plugin likes.
//!
//! ```
//! use sextant_plugin_sdk::json::JsonRecords;
//! use sextant_plugin_sdk::serde::Deserialize;
//! use sextant_plugin_sdk::testing::TestHost;
//!
//! #[derive(Deserialize)]
//! #[serde(crate = "sextant_plugin_sdk::serde")]
//! struct Station<'a> {
//!     name: &'a str,
//!     height_m: Option<i32>,
//! }
//!
//! let text = r#"{"total": 2, "stations": [{"name": "Kyiv", "height_m": 167}, {"name": "Lviv"}]}"#;
//! let host = TestHost::new().entry("files", "a.json", text).host();
//! let file = host.read(&host.entries("files")?[0])?;
//! let mut records = JsonRecords::member(file, &["stations"]);
//! let mut names = Vec::new();
//! while let Some(record) = records.next()? {
//!     let station: Station<'_> = record.parse()?;
//!     names.push((record.number(), station.name.to_owned(), station.height_m));
//! }
//! assert_eq!(names, [(1, "Kyiv".to_owned(), Some(167)), (2, "Lviv".to_owned(), None)]);
//! # Ok::<(), sextant_plugin_sdk::Error>(())
//! ```

mod scanner;

use crate::{Error, InputReader, Result};
use scanner::Scanner;
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;
use std::marker::PhantomData;

/// Bytes of a record, unless [`record_bytes_max`](JsonRecords::record_bytes_max) says otherwise.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// Bytes of a member's name.
const NAME_BYTES_MAX: usize = 1 << 10;

/// The records of a file: the values of an array, of an array within the object that the file is, or
/// values that stand one after the other (a line each, mostly).
///
/// It is strict: what is not JSON between records, a comma too many, an array that is not closed and
/// anything behind it are errors, and so is a file in which there is nothing at all. What is within a record
/// is for [`JsonRecord::parse`] to say. A byte order mark is passed over; a file in UTF-16 is refused.
#[derive(Debug)]
pub struct JsonRecords {
    reader: InputReader,
    /// Where the array is, from the outside in.
    path: Vec<String>,
    place: Place,
    record_bytes_max: usize,
    /// A record that does not lie in one chunk.
    carry: Vec<u8>,
    /// How much of the chunk was lent out.
    lent: usize,
    /// Where the chunk begins in the file.
    byte: u64,
    number: u64,
}

/// Where in a file the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    /// In an array, before its first value.
    First,
    /// In an array, behind a value.
    Behind,
    /// Between values that stand one after the other.
    Between,
    End,
}

/// A record, as its bytes.
#[derive(Clone, Copy, Debug)]
pub struct JsonRecord<'a> {
    bytes: &'a [u8],
    number: u64,
    byte: u64,
}

impl<'a> JsonRecord<'a> {
    /// Its bytes, without the white space around it.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The same as text; none where it is not UTF-8.
    pub fn text(&self) -> Option<&'a str> {
        simdutf8::basic::from_utf8(self.bytes).ok()
    }

    /// Its number in the file, counted from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Where it begins in the file.
    pub fn byte(&self) -> u64 {
        self.byte
    }

    /// Reads it. What is borrowed is borrowed from the record.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](crate::ErrorKind::InvalidData) at the record, where it is not what was expected.
    pub fn parse<T: Deserialize<'a>>(&self) -> Result<T> {
        let parsed = self.parse_seed(PhantomData);
        parsed.map_err(|error| self.wrong(&error))
    }

    /// Reads it with a seed, which says how.
    ///
    /// # Errors
    ///
    /// Where it is not what the seed expects; [`wrong`](Self::wrong) adds the place.
    pub fn parse_seed<S: DeserializeSeed<'a>>(&self, seed: S) -> serde_json::Result<S::Value> {
        // Text that is known to be UTF-8 is not looked at again piece by piece.
        match self.text() {
            Some(text) => whole(serde_json::Deserializer::from_str(text), seed),
            None => whole(serde_json::Deserializer::from_slice(self.bytes), seed),
        }
    }

    /// Shows the members of the object that it is; see [`members`].
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and where `show` says what is wrong with a member.
    pub fn members(
        &self,
        show: impl FnMut(Cow<'a, str>, &'a RawValue) -> Result<(), String>,
    ) -> Result<()> {
        let shown = self.parse_seed(Members(show));
        shown.map_err(|error| self.wrong(&error))
    }

    /// An error of reading it, with its place.
    pub fn wrong(&self, error: &serde_json::Error) -> Error {
        let message = error.to_string();
        // Lines and columns count from the start of the record, which nobody sees.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&place).unwrap_or(&message);
        Error::invalid_data(message)
            .at_record(self.number)
            .at_byte(self.byte)
    }
}

impl JsonRecords {
    /// The values of the array that the file is, or the values that stand in it one after the other.
    pub fn new(reader: InputReader) -> Self {
        Self::member(reader, &[])
    }

    /// The values of an array within the object that the file is, by the names that lead there. Other
    /// members are read over.
    pub fn member(reader: InputReader, path: &[&str]) -> Self {
        Self {
            reader,
            path: path.iter().map(|&name| name.to_owned()).collect(),
            place: Place::Start,
            record_bytes_max: RECORD_BYTES_MAX,
            carry: Vec::new(),
            lent: 0,
            byte: 0,
            number: 0,
        }
    }

    /// Sets how many bytes a record may have.
    #[must_use]
    pub fn record_bytes_max(mut self, bytes: usize) -> Self {
        self.record_bytes_max = bytes;
        self
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](crate::ErrorKind::InvalidData) where the file is not what it says; it is not to be
    /// read on then. Those of the input.
    #[expect(
        clippy::should_implement_trait,
        reason = "a record is lent, which an iterator cannot do"
    )]
    pub fn next(&mut self) -> Result<Option<JsonRecord<'_>>> {
        self.give_back();
        if self.place == Place::Start {
            self.start()?;
        }
        if !self.is_before_value()? {
            self.place = Place::End;
            return Ok(None);
        }
        self.number += 1;
        let (number, byte) = (self.number, self.byte);
        let bytes = match self.value() {
            Ok(end) => self.lend(end)?,
            Err(error) => return Err(error.at_record(number)),
        };
        Ok(Some(JsonRecord {
            bytes,
            number,
            byte,
        }))
    }

    /// Goes to where the first record may be.
    fn start(&mut self) -> Result<()> {
        self.byte_order_mark()?;
        let begins = |byte: u8| byte.is_ascii_digit() || b"{[\"-tfn".contains(&byte);
        match self.peek()? {
            None => return Err(self.wrong("expected JSON, found nothing: the file is empty")),
            Some(byte) if begins(byte) => {}
            Some(_) => return Err(self.unexpected("JSON")),
        }
        for at in 0..self.path.len() {
            self.expect(b'{', "an object")?;
            let wanted = self.path[at].clone();
            let mut is_first = true;
            loop {
                match self.member_name(is_first)? {
                    Some(name) if name == wanted => break,
                    Some(_) => self.skip()?,
                    None => {
                        let message = format!("expected a member {wanted:?}, found none");
                        return Err(self.wrong(message));
                    }
                }
                is_first = false;
            }
        }
        self.place = match self.peek()? {
            Some(b'[') => {
                self.consume(1);
                Place::First
            }
            _ if self.path.is_empty() => Place::Between,
            _ => return Err(self.unexpected("an array")),
        };
        Ok(())
    }

    /// Whether there is another record, to whose first byte it goes.
    fn is_before_value(&mut self) -> Result<bool> {
        let found = self.peek()?;
        match (self.place, found) {
            (Place::End | Place::Start, _) => Ok(false),
            (Place::Between, found) => Ok(found.is_some()),
            (Place::First | Place::Behind, Some(b']')) => {
                self.consume(1);
                self.finish()?;
                Ok(false)
            }
            (Place::First, Some(_)) => {
                self.place = Place::Behind;
                Ok(true)
            }
            (Place::Behind, Some(b',')) => {
                self.consume(1);
                match self.peek()? {
                    Some(b']') | None => Err(self.unexpected("another value")),
                    Some(_) => Ok(true),
                }
            }
            (Place::First, None) => Err(self.unexpected("a value or the end of the array")),
            (Place::Behind, _) => Err(self.unexpected("a comma or the end of the array")),
        }
    }

    /// Reads what is left behind the array.
    fn finish(&mut self) -> Result<()> {
        for at in (0..self.path.len()).rev() {
            while let Some(name) = self.member_name(false)? {
                if name == self.path[at] {
                    return Err(self.wrong(format!("the member {name:?} is there twice")));
                }
                self.skip()?;
            }
        }
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.unexpected("the end of the file")),
        }
    }

    /// The name of the next member of an object, to whose value it goes; none at the object's end.
    fn member_name(&mut self, is_first: bool) -> Result<Option<String>> {
        match self.peek()? {
            Some(b'}') => {
                self.consume(1);
                return Ok(None);
            }
            Some(b',') if !is_first => self.consume(1),
            _ if is_first => {}
            _ => return Err(self.unexpected("a comma or the end of the object")),
        }
        if self.peek()? != Some(b'"') {
            return Err(self.unexpected("the name of a member"));
        }
        let max = std::mem::replace(&mut self.record_bytes_max, NAME_BYTES_MAX);
        let end = self.value();
        self.record_bytes_max = max;
        let byte = self.byte;
        let bytes = self.lend(end?)?;
        let name = serde_json::from_slice(bytes)
            .map_err(|_| Error::invalid_data("expected the name of a member").at_byte(byte))?;
        self.give_back();
        self.expect(b':', "a colon")?;
        self.peek()?;
        Ok(Some(name))
    }

    /// Reads over a value and keeps nothing of it.
    fn skip(&mut self) -> Result<()> {
        self.peek()?;
        let mut scanner = Scanner::default();
        loop {
            let chunk = self.reader.fill_buf()?;
            let (count, end) = (chunk.len(), scanner.scan(chunk));
            match end {
                Some(end) => {
                    self.consume(end);
                    return Ok(());
                }
                None if count == 0 => return self.at_end(scanner),
                None => self.consume(count),
            }
        }
    }

    /// Finds the end of the value at hand. What lies in chunks before the last is in `carry` then.
    fn value(&mut self) -> Result<usize> {
        self.carry.clear();
        let start = self.byte;
        let mut scanner = Scanner::default();
        loop {
            let chunk = self.reader.fill_buf()?;
            let (count, end) = (chunk.len(), scanner.scan(chunk));
            let bytes = self.carry.len() + end.unwrap_or(count);
            if bytes > self.record_bytes_max {
                let message = format!(
                    "a record may have {} bytes, this one has more",
                    self.record_bytes_max
                );
                return Err(Error::invalid_data(message).at_byte(start));
            }
            match end {
                Some(end) => return Ok(end),
                None if count == 0 => {
                    self.at_end(scanner)?;
                    return Ok(0);
                }
                None => {
                    self.carry.extend_from_slice(chunk);
                    self.consume(count);
                }
            }
        }
    }

    /// The file ends within a value: only a number or word may end so.
    fn at_end(&self, scanner: Scanner) -> Result<()> {
        match scanner.is_in_word() {
            true => Ok(()),
            false => {
                Err(self.wrong("expected more, found the end of the file: it is not complete"))
            }
        }
    }

    /// The value that ends so many bytes into the chunk.
    fn lend(&mut self, end: usize) -> Result<&[u8]> {
        if self.carry.is_empty() {
            self.lent = end;
            return Ok(&self.reader.fill_buf()?[..end]);
        }
        let rest = self.reader.fill_buf()?;
        self.carry.extend_from_slice(&rest[..end]);
        self.consume(end);
        Ok(&self.carry)
    }

    /// The next byte that is no white space; none at the end.
    fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let space = chunk.iter().take_while(|byte| is_space(**byte)).count();
            let found = chunk.get(space).copied();
            self.consume(space);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn expect(&mut self, wanted: u8, name: &str) -> Result<()> {
        match self.peek()? == Some(wanted) {
            true => {
                self.consume(1);
                Ok(())
            }
            false => Err(self.unexpected(name)),
        }
    }

    fn byte_order_mark(&mut self) -> Result<()> {
        let first = self.reader.fill_buf()?.first().copied();
        match first {
            Some(0xEF) => {
                for wanted in [0xEF, 0xBB, 0xBF] {
                    if self.reader.fill_buf()?.first() != Some(&wanted) {
                        return Err(self.wrong("expected JSON, found bytes of another format"));
                    }
                    self.consume(1);
                }
                Ok(())
            }
            Some(0xFE | 0xFF) => Err(self.wrong(
                "expected UTF-8, found UTF-16 or another encoding; convert the file to UTF-8",
            )),
            _ => Ok(()),
        }
    }

    /// Consumes what was lent out.
    fn give_back(&mut self) {
        let lent = std::mem::take(&mut self.lent);
        self.consume(lent);
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.byte += count as u64;
    }

    fn unexpected(&mut self, wanted: &str) -> Error {
        let found = match self.reader.fill_buf() {
            Err(error) => return error.into(),
            Ok(chunk) => chunk.first().copied(),
        };
        let error = match found {
            None => format!("expected {wanted}, found the end of the file: it is not complete"),
            Some(byte) if byte.is_ascii_graphic() => {
                format!("expected {wanted}, found {:?}", char::from(byte))
            }
            Some(byte) => format!("expected {wanted}, found the byte {byte:#04x}"),
        };
        let error = self.wrong(error);
        match self.number {
            0 => error,
            number => error.at_record(number),
        }
    }

    fn wrong(&self, message: impl Into<String>) -> Error {
        Error::invalid_data(message).at_byte(self.byte)
    }
}

/// Shows the members of an object, each with its name, borrowed where it stands in the text as it is, and
/// its value as it stands there. One that is there twice is shown twice.
///
/// # Errors
///
/// Where the text is no object, or `show` says what is wrong with a member.
pub fn members<'a>(
    json: &'a str,
    show: impl FnMut(Cow<'a, str>, &'a RawValue) -> Result<(), String>,
) -> serde_json::Result<()> {
    whole(serde_json::Deserializer::from_str(json), Members(show))
}

/// A value behind which nothing is left.
fn whole<'a, R: serde_json::de::Read<'a>, S: DeserializeSeed<'a>>(
    mut deserializer: serde_json::Deserializer<R>,
    seed: S,
) -> serde_json::Result<S::Value> {
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// A value as a text: of a string what it says, borrowed where that stands in the file as it is, and of
/// anything else what stands there.
///
/// # Errors
///
/// Where a string has no meaning, such as half a surrogate pair.
pub fn text(json: &str) -> serde_json::Result<Cow<'_, str>> {
    let inner = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'));
    match inner {
        None => Ok(Cow::Borrowed(json)),
        Some(text) if memchr::memchr(b'\\', text.as_bytes()).is_none() => Ok(Cow::Borrowed(text)),
        Some(_) => serde_json::from_str(json).map(Cow::Owned),
    }
}

/// Shows the members of an object, as [`members`] does, where a larger value is being read.
#[derive(Debug)]
pub struct Members<F>(pub F);

impl<'de, F> DeserializeSeed<'de> for Members<F>
where
    F: FnMut(Cow<'de, str>, &'de RawValue) -> Result<(), String>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F> Visitor<'de> for Members<F>
where
    F: FnMut(Cow<'de, str>, &'de RawValue) -> Result<(), String>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            (self.0)(name, map.next_value()?).map_err(de::Error::custom)?;
        }
        Ok(())
    }
}

/// The name of a member, borrowed where it stands in the text as it is.
#[derive(Debug, Deserialize)]
pub struct Name<'a>(#[serde(borrow)] pub Cow<'a, str>);

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHost;

    #[test]
    fn members_are_shown_as_they_stand_there() {
        let mut found = Vec::new();
        let json = r#"{"a": "x\n", "b\"" : [1, {}], "a":1.50 }"#;
        members(json, |name, value| {
            let is_borrowed = matches!(name, Cow::Borrowed(_));
            found.push((name.into_owned(), is_borrowed, value.get()));
            Ok(())
        })
        .unwrap();
        let expected = [
            ("a".to_owned(), true, r#""x\n""#),
            ("b\"".to_owned(), false, "[1, {}]"),
            ("a".to_owned(), true, "1.50"),
        ];
        assert_eq!(found, expected);
        assert_eq!(text(found[0].2).unwrap(), "x\n");
        assert_eq!(text(found[2].2).unwrap(), "1.50");
        assert!(matches!(text("\"x\"").unwrap(), Cow::Borrowed("x")));
        assert!(text(r#""\ud800""#).is_err());
        let refused = |json| {
            members(json, |_, _| Err("no".to_owned()))
                .unwrap_err()
                .to_string()
        };
        assert!(refused("{\"a\": 1}").starts_with("no at line 1"));
        assert!(refused("[]").contains("expected an object"));
        assert!(refused("{} 1").contains("trailing characters"));
    }

    fn read(text: impl AsRef<[u8]>, path: &[&str], chunk_bytes: usize) -> Result<Vec<String>> {
        let host = TestHost::new()
            .entry("files", "a.json", text.as_ref())
            .chunk_bytes(chunk_bytes)
            .host();
        let reader = host.read(&host.entries("files").unwrap()[0])?;
        let mut records = JsonRecords::member(reader, path).record_bytes_max(100);
        let mut found = Vec::new();
        while let Some(record) = records.next()? {
            let bytes = record.bytes();
            assert_eq!(
                &text.as_ref()[record.byte() as usize..][..bytes.len()],
                bytes,
                "it is where it says"
            );
            found.push(String::from_utf8_lossy(bytes).into_owned());
            assert_eq!(record.number(), found.len() as u64);
        }
        assert!(records.next()?.is_none(), "the end stays the end");
        Ok(found)
    }

    /// Reads with every size of chunk, which must make no difference.
    fn every(text: impl AsRef<[u8]>, path: &[&str]) -> Result<Vec<String>> {
        let whole = read(text.as_ref(), path, 1 << 20);
        for chunk_bytes in 1..=text.as_ref().len().min(40) {
            assert_eq!(
                read(text.as_ref(), path, chunk_bytes),
                whole,
                "{chunk_bytes}"
            );
        }
        whole
    }

    fn failure(text: impl AsRef<[u8]>, path: &[&str]) -> String {
        every(text, path).unwrap_err().to_string()
    }

    #[test]
    fn arrays_lines_and_values_are_records() {
        let objects = ["{\"a\":[1,{\"b\":\"]}\\\"\"}]}", "{}"];
        let array = format!(" [ {} ,\n{}]\r\n", objects[0], objects[1]);
        assert_eq!(every(&array, &[]).unwrap(), objects);
        assert_eq!(every(format!("\u{feff}{array}"), &[]).unwrap(), objects);
        let lines = format!("{}\n{}\n\n", objects[0], objects[1]);
        assert_eq!(every(&lines, &[]).unwrap(), objects);
        assert_eq!(every(objects.concat(), &[]).unwrap(), objects);
        assert_eq!(
            every("[1, -2.5e3,true ,null,\"a\\\\\",[],\"\"]", &[]).unwrap(),
            ["1", "-2.5e3", "true", "null", "\"a\\\\\"", "[]", "\"\""]
        );
        assert_eq!(every("1 2", &[]).unwrap(), ["1", "2"]);
        // A record ends with its own bracket, whether or not others in it are in pairs.
        assert_eq!(every("[{\"a\":[1},{}]", &[]).unwrap(), ["{\"a\":[1}", "{}"]);
        assert!(failure("[{\"a\":1],{}]", &[]).ends_with("it is not complete"));
        for nothing in ["[]", "[ ]", "\u{feff}[]"] {
            assert_eq!(every(nothing, &[]).unwrap(), Vec::<String>::new());
        }
        for (nothing, byte) in [("", 0), (" \n", 2), ("\u{feff}", 3)] {
            let expected = format!("byte {byte}: expected JSON, found nothing: the file is empty");
            assert_eq!(failure(nothing, &[]), expected);
            assert_eq!(failure(nothing, &["f"]), expected);
        }
        let page = failure("<html>502</html>", &[]);
        assert_eq!(page, "byte 0: expected JSON, found '<'");
    }

    #[test]
    fn members_lead_to_the_array() {
        let text = r#"{"total":2,"_embedded":{"x":["]"],"notices":[{"a":1},2],"y":{}},"z":[[]]}"#;
        let path = ["_embedded", "notices"];
        assert_eq!(every(text, &path).unwrap(), ["{\"a\":1}", "2"]);
        assert_eq!(
            every(r#"{"features":[]}"#, &["features"]).unwrap(),
            Vec::<String>::new()
        );
        for (text, expected) in [
            (r#"{"a": 1}"#, "byte 8: expected a member \"f\", found none"),
            ("[1]", "byte 0: expected an object, found '['"),
            (r#"{"f":{}}"#, "byte 5: expected an array, found '{'"),
            (
                r#"{"f":[],"f":[]}"#,
                "byte 12: the member \"f\" is there twice",
            ),
            (
                r#"{"f":[1]"#,
                "record 1, byte 8: expected a comma or the end of the object, found the end of the file: it is not complete",
            ),
            (
                r#"{"f":[1]}x"#,
                "record 1, byte 9: expected the end of the file, found 'x'",
            ),
            (
                r#"{,"f":[]}"#,
                "byte 1: expected the name of a member, found ','",
            ),
            (r#"{"e" 1}"#, "byte 5: expected a colon, found '1'"),
        ] {
            assert_eq!(failure(text, &["f"]), expected, "{text}");
        }
    }

    #[test]
    fn what_is_broken_is_told_with_its_place() {
        for (text, expected) in [
            (
                "[{\"a\":1}",
                "record 1, byte 8: expected a comma or the end of the array, found the end of the file: it is not complete",
            ),
            (
                "[{\"a\":1",
                "record 1, byte 7: expected more, found the end of the file: it is not complete",
            ),
            (
                "[{\"a\":\"x",
                "record 1, byte 8: expected more, found the end of the file: it is not complete",
            ),
            (
                "[1,]",
                "record 1, byte 3: expected another value, found ']'",
            ),
            (
                "[1 2]",
                "record 1, byte 3: expected a comma or the end of the array, found '2'",
            ),
            (
                "[1]]",
                "record 1, byte 3: expected the end of the file, found ']'",
            ),
            (
                "[",
                "byte 1: expected a value or the end of the array, found the end of the file: it is not complete",
            ),
            (
                "[{}x]",
                "record 1, byte 3: expected a comma or the end of the array, found 'x'",
            ),
        ] {
            assert_eq!(failure(text, &[]), expected, "{text}");
        }
        assert!(failure(b"\xff\xfe[\0", &[]).contains("UTF-16"));
        assert!(failure(b"\xef\xbb[]", &[]).contains("another format"));
        let long = format!("[{{\"a\":\"{}\"}}]", "x".repeat(100));
        assert_eq!(
            failure(long, &[]),
            "record 1, byte 1: a record may have 100 bytes, this one has more"
        );
    }

    #[test]
    fn a_record_says_what_is_wrong_with_it() {
        let host = TestHost::new()
            .entry("files", "a.json", "[{\"a\":1},{\"a\":\"x\"},{\"a\" 1}, ,]")
            .host();
        let reader = host.read(&host.entries("files").unwrap()[0]).unwrap();
        let mut records = JsonRecords::new(reader);
        #[derive(Debug, Deserialize)]
        struct A {
            a: i64,
        }
        let mut said = Vec::new();
        while let Ok(Some(record)) = records.next() {
            said.push(match record.parse::<A>() {
                Ok(found) => found.a.to_string(),
                Err(error) => error.to_string(),
            });
        }
        assert_eq!(
            said,
            [
                "1",
                "record 2, byte 9: invalid type: string \"x\", expected i64",
                "record 3, byte 19: expected `:`",
                "record 4, byte 28: expected value",
            ]
        );
    }
}
