//! From the records of one list file to the rows of one table, for [`scan_rows`].
//!
//! It holds the rows of one record, and gives them one by one, so that batches have the size asked for.
//!
//! [`scan_rows`]: sextant_plugin_sdk::scan_rows

use crate::rows::{Record, Records, TableRows};
use sextant_plugin_sdk::{Result, RowReader, Rows};

/// Reads a list file for a table.
pub(crate) struct Reader {
    pub(crate) records: Records,
    /// The rows of the record at hand.
    pub(crate) rows: TableRows,
}

impl RowReader for Reader {
    /// Gives the next row of the record at hand, or goes on to the next record.
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        if self.rows.give(rows)? {
            return Ok(true);
        }
        self.rows.clear();
        match (self.records)(&mut self.rows)? {
            None => return Ok(false),
            Some(Record::Read) => {}
            Some(Record::Bad(error)) => {
                self.rows.clear();
                rows.bad(error)?;
            }
            Some(Record::Unread(what)) => rows.warn(&what),
        }
        Ok(true)
    }
}
