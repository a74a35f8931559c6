//! From the records of one list file to the rows of one table, for [`scan_rows`].
//!
//! It holds one entity, and gives its rows one by one, so that batches have the size asked for.
//!
//! [`scan_rows`]: sextant_plugin_sdk::scan_rows

use crate::entity::{Entity, Record, Records};
use crate::tables::{ListTable, Provenance};
use sextant_plugin_sdk::{Result, RowReader, Rows};

/// Reads a list file for a table.
pub(crate) struct Reader {
    pub(crate) from: Provenance,
    pub(crate) table: ListTable,
    pub(crate) records: Records,
    /// The entity whose rows are being given out, and which row comes next.
    pub(crate) current: Option<(Box<Entity>, usize)>,
}

impl RowReader for Reader {
    /// Gives the next row of the entity at hand, or goes on to the next entity.
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        if let Some((entity, row)) = &mut self.current
            && *row < self.table.rows(entity)
        {
            rows.push(&self.table.row(&self.from, entity, *row))?;
            *row += 1;
            return Ok(true);
        }
        self.current = None;
        match (self.records)()? {
            None => return Ok(false),
            Some(Record::Entity(entity)) => self.current = Some((entity, 0)),
            Some(Record::Bad(error)) => rows.bad(error)?,
            Some(Record::Unread(what)) => rows.warn(&what),
        }
        Ok(true)
    }
}
