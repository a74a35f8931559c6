//! Notices from files: pages of lists as the API gives them, and details, one alone, in an array, or one
//! after the other.
//!
//! A notice that is in several files is one row. Its detail says more than a list, so that files are
//! read for details first, and again for notices that only lists have, where there are any.

use crate::notice::{Frame, Notice, Origin};
use crate::seen::Seen;
use crate::tables::{Column, Relation};
use sextant_plugin_sdk::json::{JsonRecord, JsonRecords};
use sextant_plugin_sdk::{Entry, Host, Result, RowReader, Rows};

/// Bytes of a record, which may be a whole page.
const RECORD_BYTES_MAX: usize = 4 << 20;

/// Reads the notices of one kind.
pub(crate) struct Saved {
    host: Host,
    relation: Relation,
    columns: Vec<Column>,
    entries: Vec<Entry>,
    /// Which entry is next in this pass.
    next: usize,
    file: Option<(String, JsonRecords)>,
    pass: Pass,
    /// Whether there are notices as lists have them.
    has_listed: bool,
    details: Seen,
    listed: Seen,
    /// How many rows there are of notices without their detail.
    without_detail: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Details,
    Lists,
}

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
            relation,
            columns: relation.columns(),
            entries,
            next: 0,
            file: None,
            pass: Pass::Details,
            has_listed: false,
            details: Seen::default(),
            listed: Seen::default(),
            without_detail: 0,
        }
    }

    /// Opens the next file, or says that there is none in this pass.
    fn open(&mut self) -> Result<bool> {
        let Some(entry) = self.entries.get(self.next) else {
            return Ok(false);
        };
        self.next += 1;
        let records = JsonRecords::new(self.host.read(entry)?).record_bytes_max(RECORD_BYTES_MAX);
        self.file = Some((entry.to_string(), records));
        Ok(true)
    }

    /// Goes on to lists after details, or says that this was all.
    fn end_pass(&mut self, rows: &Rows) -> bool {
        if self.pass == Pass::Details && self.has_listed {
            self.pass = Pass::Lists;
            self.next = 0;
            return true;
        }
        self.details.report_again(rows);
        self.listed.report_again(rows);
        self.details.report_unknown(rows);
        self.listed.report_unknown(rows);
        let count = self.without_detail;
        if count > 0 {
            rows.warn(&match self.relation {
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

    /// A record's notices, and why some of them cannot be read. Those of a page are a list's, a notice of
    /// its own is a detail.
    fn notices(record: &JsonRecord<'_>) -> Result<(Word, Vec<Result<Notice>>)> {
        let frame: Frame<'_> = record.parse()?;
        Ok(match frame.notices() {
            Some(page) => (Word::List, page.into_iter().map(Notice::of_page).collect()),
            None => (Word::Detail, vec![record.parse()]),
        })
    }

    /// Whether a notice is for this pass, and was not there before.
    fn is_new(&mut self, word: Word, notice: &Notice) -> Result<bool> {
        let id = notice.entity_id()?;
        Ok(match (self.pass, word) {
            (Pass::Details, Word::Detail) => {
                self.details.insert(id, &serde_json::to_string(notice)?)
            }
            (Pass::Details, Word::List) => {
                self.has_listed = true;
                false
            }
            (Pass::Lists, Word::List) if !self.details.contains(id) => {
                self.listed.insert(id, &serde_json::to_string(notice)?)
            }
            (Pass::Lists, _) => false,
        })
    }

    fn take(
        &mut self,
        word: Word,
        notice: &Notice,
        origin: Origin<'_>,
        rows: &mut Rows,
    ) -> Result<()> {
        let columns = self.columns.iter().enumerate();
        let mut wanted = columns.filter(|(at, _)| rows.wants(*at));
        let is_warrants = self.relation == Relation::Warrants;
        let lacks = is_warrants || wanted.any(|(_, column)| notice.lacks(column));
        self.without_detail += u64::from(lacks && word == Word::List);
        notice.push(self.relation, &self.columns, origin, rows)
    }
}

impl RowReader for Saved {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let Some((source, records)) = &mut self.file else {
            return Ok(self.open()? || self.end_pass(rows));
        };
        let source = source.clone();
        let next = records.next().map_err(|error| error.in_input(&*source))?;
        let Some(record) = next else {
            self.file = None;
            return Ok(true);
        };
        let (number, byte) = (record.number(), record.byte());
        let notices = Self::notices(&record);
        let (word, notices) = notices.unwrap_or_else(|error| (Word::Detail, vec![Err(error)]));
        let origin = Origin {
            source: &source,
            record: i64::try_from(number).ok(),
        };
        for notice in notices {
            let is_new = match &notice {
                Ok(notice) => self.is_new(word, notice),
                Err(error) => Err(error.clone()),
            };
            let taken = match (is_new, notice) {
                (Ok(true), Ok(notice)) => self.take(word, &notice, origin, rows),
                // What cannot be read was told in the first pass.
                (Err(error), _) if self.pass == Pass::Details => Err(error),
                _ => Ok(()),
            };
            if let Err(error) = taken {
                let error = error.in_input(&*source).at_record(number).at_byte(byte);
                rows.bad(error)?;
            }
        }
        Ok(true)
    }
}
