//! Notices from files: pages of lists as the API gives them, and details, one alone, in an array, or one
//! after the other.
//!
//! A notice that is in several files is one row. Its detail says more than a list, so that files are
//! read for details first, and those with lists again for notices that only lists have. Where a notice came
//! again in other bytes, all are read once more to tell whether it says something else.

use crate::layout::Layout;
use crate::notice::{Frame, Notice, Origin};
use crate::seen::Seen;
use crate::tables::Relation;
use serde_json::Value;
use sextant_plugin_sdk::json::{JsonRecord, JsonRecords};
use sextant_plugin_sdk::{Entry, Host, Result, RowReader, Rows};
use std::iter;
use std::vec::IntoIter;

/// Bytes of a record, which may be a whole page.
const RECORD_BYTES_MAX: usize = 4 << 20;

/// Reads the notices of one kind.
pub(crate) struct Saved {
    host: Host,
    layout: Layout,
    entries: Vec<Entry>,
    /// What is left to read in this pass.
    left: IntoIter<Entry>,
    file: Option<Box<File>>,
    pass: Pass,
    /// What has notices as lists have them.
    with_lists: Vec<Entry>,
    details: Seen,
    listed: Seen,
    /// How many rows there are of notices without their detail.
    without_detail: u64,
}

/// A file that is being read.
struct File {
    entry: Entry,
    /// Its name, as rows and errors have it.
    source: String,
    records: JsonRecords,
    has_lists: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Details,
    Lists,
    /// No rows: what came again is compared.
    Again,
}

/// The bytes of a notice, and what was read from them.
type Read<'a> = (&'a [u8], Result<Notice<'a>>);

/// Notices of a record, each of which is read when it is taken.
type Reads<'a> = Box<dyn Iterator<Item = Read<'a>> + 'a>;

/// Whose word of a notice it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Detail,
    List,
}

impl Saved {
    pub(crate) fn new(host: &Host, relation: Relation, entries: Vec<Entry>) -> Self {
        Self {
            host: host.clone(),
            layout: Layout::new(relation),
            left: entries.clone().into_iter(),
            entries,
            file: None,
            pass: Pass::Details,
            with_lists: Vec::new(),
            details: Seen::default(),
            listed: Seen::default(),
            without_detail: 0,
        }
    }

    /// Opens the next file, or says that there is none in this pass.
    fn open(&mut self) -> Result<bool> {
        let Some(entry) = self.left.next() else {
            return Ok(false);
        };
        let records = JsonRecords::new(self.host.read(&entry)?);
        self.file = Some(Box::new(File {
            source: entry.to_string(),
            records: records.record_bytes_max(RECORD_BYTES_MAX),
            has_lists: false,
            entry,
        }));
        Ok(true)
    }

    /// Goes on to the next pass that is needed, or says that this was all.
    fn end_pass(&mut self, rows: &Rows) -> bool {
        let with_lists = std::mem::take(&mut self.with_lists);
        if self.pass == Pass::Details && !with_lists.is_empty() {
            self.pass = Pass::Lists;
            self.left = with_lists.into_iter();
            return true;
        }
        if self.pass != Pass::Again && (self.details.is_unclear() || self.listed.is_unclear()) {
            self.pass = Pass::Again;
            self.left = std::mem::take(&mut self.entries).into_iter();
            return true;
        }
        self.details.report_again(rows);
        self.listed.report_again(rows);
        self.details.report_unknown(rows);
        self.listed.report_unknown(rows);
        let count = self.without_detail;
        if count > 0 {
            rows.warn(&match self.layout.relation {
                Relation::Warrants => {
                    format!("{count} notices are there without their detail, which has the warrants")
                }
                Relation::Notices(_) => format!(
                    "{count} notices are there without their detail; columns that lists do not have are null"
                ),
            });
        }
        false
    }

    /// A record's notices with their bytes, and why some of them cannot be read. Those of a page are a list's, a
    /// notice of its own is a detail.
    fn notices<'a>(&self, record: &JsonRecord<'a>) -> (Word, Reads<'a>) {
        match Frame::of_record(record, self.layout.relation) {
            // One after the other: there may be as many in a page as find room in its bytes.
            Ok(Frame {
                page: Some(page), ..
            }) => {
                let page = page.into_iter();
                let page = page.map(|raw| (raw.get().as_bytes(), Notice::of_page(raw)));
                (Word::List, Box::new(page))
            }
            frame => {
                let notice = frame.map(|frame| frame.notice);
                (Word::Detail, Box::new(iter::once((record.bytes(), notice))))
            }
        }
    }

    /// Takes what the next record has, or says that there is none.
    fn read_record(&mut self, file: &mut File, rows: &mut Rows) -> Result<bool> {
        let source = &*file.source;
        let next = file.records.next();
        let Some(record) = next.map_err(|error| error.in_input(source))? else {
            return Ok(false);
        };
        let (number, byte) = (record.number(), record.byte());
        let origin = Origin {
            source,
            record: i64::try_from(number).ok(),
        };
        let (word, notices) = self.notices(&record);
        file.has_lists |= word == Word::List;
        for notice in notices {
            if let Err(error) = self.read_notice(word, notice, origin, rows) {
                let error = error.in_input(source).at_record(number).at_byte(byte);
                rows.bad(error)?;
            }
        }
        Ok(true)
    }

    /// Takes a notice, if it is for this pass and was not there before.
    fn read_notice(
        &mut self,
        word: Word,
        (bytes, notice): Read<'_>,
        origin: Origin<'_>,
        rows: &mut Rows,
    ) -> Result<()> {
        let is_new = notice.and_then(|notice| Ok((self.is_new(word, bytes, &notice)?, notice)));
        match is_new {
            Ok((true, notice)) => self.take(word, notice, origin, rows),
            // What cannot be read was told in the first pass.
            Err(error) if self.pass == Pass::Details => Err(error),
            Ok((false, _)) | Err(_) => Ok(()),
        }
    }

    /// Whether a notice is for this pass, and was not there before.
    fn is_new(&mut self, word: Word, bytes: &[u8], notice: &Notice<'_>) -> Result<bool> {
        let id = notice.entity_id()?;
        Ok(match (self.pass, word) {
            (Pass::Details, Word::Detail) => self.details.insert(id, bytes),
            (Pass::Lists, Word::List) if !self.details.contains(id) => {
                self.listed.insert(id, bytes)
            }
            (Pass::Details | Pass::Lists, _) => false,
            (Pass::Again, word) => {
                let seen = match word {
                    Word::Detail => &mut self.details,
                    Word::List => &mut self.listed,
                };
                seen.compare(id, || says(bytes));
                false
            }
        })
    }

    fn take(
        &mut self,
        word: Word,
        notice: Notice<'_>,
        origin: Origin<'_>,
        rows: &mut Rows,
    ) -> Result<()> {
        if word == Word::List {
            let columns = self.layout.columns.iter().enumerate();
            let mut wanted = columns.filter(|(at, _)| rows.wants(*at));
            let is_warrants = self.layout.relation == Relation::Warrants;
            let lacks = is_warrants || wanted.any(|(_, column)| notice.lacks(column));
            self.without_detail += u64::from(lacks);
        }
        notice.push(&mut self.layout, origin, rows)
    }
}

impl RowReader for Saved {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let Some(mut file) = self.file.take() else {
            return Ok(self.open()? || self.end_pass(rows));
        };
        match self.read_record(&mut file, rows)? {
            true => self.file = Some(file),
            false if file.has_lists => self.with_lists.push(file.entry),
            false => {}
        }
        Ok(true)
    }
}

/// What a notice says, written in one way: serde_json's objects are sorted, and its white space and escapes are
/// always the same.
fn says(bytes: &[u8]) -> String {
    serde_json::from_slice(bytes).map_or_else(
        |_| String::from_utf8_lossy(bytes).into_owned(),
        |value: Value| value.to_string(),
    )
}
