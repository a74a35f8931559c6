//! dBase tables (.dbf): fields of fixed width, one record for each shape.

use super::bytes::{Bytes, Cursor};
use super::parts::Named;
use crate::layer::Holds;
use encoding_rs::{
    BIG5, DecoderResult, EUC_KR, Encoding, GBK, IBM866, SHIFT_JIS, UTF_8, WINDOWS_874,
    WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255,
    WINDOWS_1256, WINDOWS_1257, X_MAC_CYRILLIC,
};
use sextant_plugin_sdk::date::compact_day;
use sextant_plugin_sdk::{Cell, Entry, Error, Host, Result};
use std::borrow::Cow;

const FIELD_BYTES: usize = 32;
const END_OF_FIELDS: u8 = 0x0D;
const DELETED: u8 = b'*';
/// Digits that always fit into 64 bits.
const INT_DIGITS_MAX: u8 = 18;

/// A table.
#[derive(Debug)]
pub(crate) struct Dbf {
    bytes: Bytes,
    file: String,
    header: Header,
    number: u64,
}

/// A record of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    header: &'a Header,
    bytes: &'a [u8],
}

#[derive(Debug)]
struct Header {
    records: u64,
    record_bytes: u16,
    /// How texts are encoded. Of an encoding that is not known, ASCII is read.
    named: Named,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    name: String,
    kind: u8,
    /// None for a kind that is not read.
    holds: Option<Holds>,
    start: usize,
    end: usize,
}

impl Dbf {
    /// Reads the header. Texts are in the encoding that a .cpg says, or in that of the header.
    pub(crate) fn new(host: &Host, entry: &Entry, cpg: Option<Named>) -> Result<Self> {
        let file = entry.to_string();
        let mut bytes = Bytes::new(host.read(entry)?);
        let header = Header::read(&mut bytes, cpg);
        let header = header.map_err(|error| error.in_input(file.as_str()))?;
        Ok(Self {
            bytes,
            file,
            header,
            number: 0,
        })
    }

    /// The fields that are read, and what they hold.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, Holds)> {
        let fields = self.header.fields.iter();
        fields.filter_map(|field| Some((field.name.as_str(), field.holds?)))
    }

    /// The place of a field that is read.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        let mut fields = self.header.fields.iter();
        fields.position(|field| field.name == name && field.holds.is_some())
    }

    /// What is to be said of the fields that are not read, where there are any.
    pub(crate) fn unread(&self) -> Option<String> {
        let fields = self.header.fields.iter();
        let unread = fields.filter(|field| field.holds.is_none());
        let unread: Vec<_> = unread
            .map(|field| format!("{:?} ({})", field.name, char::from(field.kind)))
            .collect();
        (!unread.is_empty()).then(|| {
            let fields = unread.join(", ");
            format!("fields of kinds other than C, N, F, L and D are not read: {fields}")
        })
    }

    /// Goes to the next record.
    pub(crate) fn advance(&mut self) -> Result<Record<'_>> {
        if self.number == self.header.records {
            let found = self.header.records;
            let message =
                format!("expected a record for each shape, found {found} and more shapes");
            return Err(Error::invalid_data(message).in_input(self.file.as_str()));
        }
        let record_bytes = u64::from(self.header.record_bytes);
        if self.number > 0 {
            self.bytes.skip(record_bytes)?;
        }
        self.number += 1;
        let start = self.bytes.position();
        let bytes = self.bytes.peek(record_bytes)?;
        match bytes.first() {
            Some(&(b' ' | DELETED)) => Ok(Record {
                header: &self.header,
                bytes,
            }),
            found => {
                let message = format!("expected the start of a record, found {found:?}");
                let error = Error::invalid_data(message).at_byte(start);
                Err(error.in_input(self.file.as_str()))
            }
        }
    }

    /// Every record must have had its shape.
    pub(crate) fn finish(&mut self) -> Result<()> {
        match self.header.records - self.number {
            0 => Ok(()),
            left => {
                let message = format!("expected a shape for each record, found {left} without");
                Err(Error::invalid_data(message).in_input(self.file.as_str()))
            }
        }
    }
}

impl<'a> Record<'a> {
    pub(crate) fn is_deleted(&self) -> bool {
        self.bytes.first() == Some(&DELETED)
    }

    pub(crate) fn name(&self, field: usize) -> &'a str {
        &self.header.fields[field].name
    }

    /// The text of a field in this record, without the blanks behind it, and whether a character that the
    /// field had no room for was left out at its end.
    pub(crate) fn text(&self, field: usize) -> Result<(Cow<'a, str>, bool)> {
        let field = &self.header.fields[field];
        let bytes = self.bytes[field.start..field.end].trim_ascii_end();
        let nul = bytes.iter().position(|&byte| byte == 0);
        let bytes = bytes[..nul.unwrap_or(bytes.len())].trim_ascii_end();
        let encoding = self.header.named.encoding;
        let text = match encoding {
            _ if bytes.is_ascii() => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Some(encoding) => encoding.decode_without_bom_handling_and_without_replacement(bytes),
            None => None,
        };
        if let Some(text) = text {
            return Ok((text, false));
        }
        let is_full = bytes.len() == field.end - field.start;
        let cut = encoding.filter(|_| is_full);
        let cut = cut.and_then(|encoding| whole_characters(encoding, bytes));
        let undecodable = || self.header.undecodable().in_field(field.name.as_str());
        Ok((Cow::Owned(cut.ok_or_else(undecodable)?), true))
    }
}

/// A text that ends within a character, without that character; none where anything else is wrong.
fn whole_characters(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let capacity = decoder.max_utf8_buffer_length_without_replacement(bytes.len())?;
    let mut text = String::with_capacity(capacity);
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, false);
    matches!(result, DecoderResult::InputEmpty).then(|| text.trim_end().to_owned())
}

impl Header {
    fn read(bytes: &mut Bytes, cpg: Option<Named>) -> Result<Self> {
        let head = bytes.peek(FIELD_BYTES as u64)?;
        let language = head[29];
        let mut cursor = Cursor::new(head);
        cursor.skip(4)?;
        let records = u64::from(cursor.u32_le()?);
        let (header_bytes, record_bytes) = (cursor.u16_le()?, cursor.u16_le()?);
        bytes.skip(FIELD_BYTES as u64)?;
        if usize::from(header_bytes) <= FIELD_BYTES || record_bytes == 0 {
            let message = format!(
                "expected the header of a dBase table, found lengths of {header_bytes} and \
                 {record_bytes} bytes"
            );
            return Err(Error::invalid_data(message).at_byte(8));
        }
        let named = cpg.unwrap_or_else(|| Named {
            name: format!("the code page {language:#04x} of the .dbf"),
            encoding: self::language(language),
        });
        let rest = u64::from(header_bytes) - FIELD_BYTES as u64;
        let fields = Self::fields(bytes.peek(rest)?, record_bytes, named.encoding)?;
        bytes.skip(rest)?;
        Ok(Self {
            records,
            record_bytes,
            fields,
            named,
        })
    }

    /// The fields that descriptions say, which must lie within a record.
    fn fields(
        descriptions: &[u8],
        record_bytes: u16,
        encoding: Option<&'static Encoding>,
    ) -> Result<Vec<Field>> {
        let mut fields: Vec<Field> = Vec::new();
        // The first byte of a record says whether it is deleted.
        let mut start = 1;
        let descriptions = descriptions.chunks_exact(FIELD_BYTES);
        for description in descriptions.take_while(|bytes| bytes[0] != END_OF_FIELDS) {
            let field = Field::new(description, start, encoding);
            if field.end > usize::from(record_bytes) {
                let message = format!(
                    "expected fields within records of {record_bytes} bytes, found one that ends at {}",
                    field.end
                );
                return Err(Error::invalid_data(message).in_field(field.name));
            }
            if fields.iter().any(|known| known.name == field.name) {
                let error = Error::invalid_data("expected a field once, found it twice");
                return Err(error.in_field(field.name));
            }
            start = field.end;
            fields.push(field);
        }
        Ok(fields)
    }

    fn undecodable(&self) -> Error {
        let Named { name, encoding } = &self.named;
        Error::invalid_data(match encoding {
            Some(encoding) => format!("expected text in {}, found other bytes", encoding.name()),
            None => format!(
                "expected ASCII, as {name} is not known, found other bytes; name the encoding in a .cpg"
            ),
        })
    }
}

impl Field {
    fn new(description: &[u8], start: usize, encoding: Option<&'static Encoding>) -> Self {
        let name = description[..11].split(|&byte| byte == 0).next();
        let name = name.unwrap_or_default().trim_ascii();
        // The name of a field is in the encoding of its texts; one that is not is no loss of data.
        let name = encoding
            .unwrap_or(WINDOWS_1252)
            .decode_without_bom_handling(name)
            .0;
        let (kind, length, decimals) = (description[11], description[16], description[17]);
        let holds = match kind {
            b'C' => Some(Holds::Text),
            b'N' if decimals == 0 && length <= INT_DIGITS_MAX => Some(Holds::Int),
            b'N' | b'F' => Some(Holds::Float),
            b'L' => Some(Holds::Bool),
            b'D' => Some(Holds::Day),
            _ => None,
        };
        Self {
            name: name.into_owned(),
            kind,
            holds,
            start,
            end: start + usize::from(length),
        }
    }
}

/// A field's text as its column holds it.
pub(crate) fn cell(text: &str, holds: Holds) -> Result<Cell<'_>> {
    let trimmed = text.trim();
    let is_overflow = trimmed.bytes().all(|byte| byte == b'*');
    let cell = match holds {
        _ if trimmed.is_empty() => Some(Cell::Null),
        Holds::Text | Holds::Mixed => Some(Cell::Text(text)),
        // What did not fit into the field when it was written.
        Holds::Int | Holds::Float if is_overflow => Some(Cell::Null),
        Holds::Int => trimmed.parse().ok().map(Cell::Int),
        Holds::Float => {
            let number = trimmed.parse().ok();
            number
                .filter(|number: &f64| number.is_finite())
                .map(Cell::Float)
        }
        Holds::Bool => match trimmed {
            "T" | "t" | "Y" | "y" => Some(Cell::Bool(true)),
            "F" | "f" | "N" | "n" => Some(Cell::Bool(false)),
            "?" => Some(Cell::Null),
            _ => None,
        },
        Holds::Day if trimmed == "00000000" => Some(Cell::Null),
        Holds::Day => compact_day(trimmed).map(Cell::Date),
    };
    cell.ok_or_else(|| {
        let expected = match holds {
            Holds::Int => "a whole number",
            Holds::Float => "a number",
            Holds::Bool => "T, F or ?",
            _ => "a day as YYYYMMDD",
        };
        Error::invalid_data(format!("expected {expected}, found {text:?}"))
    })
}

/// The encoding that a .dbf says by the number of a language driver; none where it is not known. A
/// file that says nothing is taken for UTF-8, and what is not is refused.
pub(crate) fn language(driver: u8) -> Option<&'static Encoding> {
    Some(match driver {
        0x00 => UTF_8,
        0x03 | 0x57..=0x59 => WINDOWS_1252,
        0x13 | 0x7B => SHIFT_JIS,
        0x26 | 0x65 => IBM866,
        0x4D | 0x7A => GBK,
        0x4E | 0x79 => EUC_KR,
        0x4F | 0x78 => BIG5,
        0x50 | 0x7C => WINDOWS_874,
        0x7D => WINDOWS_1255,
        0x7E => WINDOWS_1256,
        0x96 => X_MAC_CYRILLIC,
        0xC8 => WINDOWS_1250,
        0xC9 => WINDOWS_1251,
        0xCA => WINDOWS_1254,
        0xCB => WINDOWS_1253,
        0xCC => WINDOWS_1257,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_what_their_columns_hold() {
        let is = |text, holds| cell(text, holds).unwrap();
        assert_eq!(is(" 12", Holds::Int), Cell::Int(12));
        assert_eq!(is("-1.5e3", Holds::Float), Cell::Float(-1500.0));
        assert_eq!(is("****", Holds::Int), Cell::Null);
        assert_eq!(is("?", Holds::Bool), Cell::Null);
        assert_eq!(is("n", Holds::Bool), Cell::Bool(false));
        // `date -ud 2017-05-12 +%s` divided by 86,400.
        assert_eq!(is("20170512", Holds::Day), Cell::Date(17_298));
        assert_eq!(is("00010101", Holds::Day), Cell::Date(-719_162));
        assert_eq!(is("99991231", Holds::Day), Cell::Date(2_932_896));
        assert_eq!(is("00000000", Holds::Day), Cell::Null);
        assert_eq!(is(" a ", Holds::Text), Cell::Text(" a "));
        for (text, holds) in [
            ("1.5", Holds::Int),
            ("nan", Holds::Float),
            ("x", Holds::Bool),
            ("20170229", Holds::Day),
            ("2017-5-2", Holds::Day),
        ] {
            let error = cell(text, holds).unwrap_err();
            assert!(
                error.message().ends_with(&format!("found {text:?}")),
                "{error}"
            );
        }
    }
}
