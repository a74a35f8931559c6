//! Reading a file: what encloses records step by step, and each record as a whole.

use crate::envelope::Envelope;
use crate::mapping::Kind;
use crate::plan::Plan;
use crate::record::Walk;
use sextant_plugin_sdk::xml::{Step, XmlReader};
use sextant_plugin_sdk::{Error, Result, RowReader, Rows};
use std::rc::Rc;

/// Reads the records of a file and gives the rows of one table.
#[derive(Debug)]
pub(crate) struct Reader {
    plan: Rc<Plan>,
    xml: XmlReader,
    envelope: Envelope,
    walk: Walk,
    /// Whether the file has anything of the mapping.
    has_message: bool,
}

impl Reader {
    pub(crate) fn new(plan: &Rc<Plan>, kind: Kind, file: String, xml: XmlReader) -> Self {
        Self {
            envelope: Envelope::new(plan),
            walk: Walk::new(Rc::clone(plan), kind, file),
            plan: Rc::clone(plan),
            xml,
            has_message: false,
        }
    }

    /// Tells the analyst what is known only now that the file was read.
    fn finish(&self, rows: &Rows) -> Result<()> {
        let (elements, counts) = (self.envelope.elements, &self.walk.counts);
        if elements == 0 && counts.records == 0 {
            return Err(Error::invalid_data("expected XML, found no element").at_byte(0));
        }
        if counts.records == 0 {
            rows.warn(&format!(
                "none of its {elements} elements begins a record: does the mapping fit the file?"
            ));
        }
        if counts.unmarked > 0 {
            let (count, all) = (counts.unmarked, counts.of_table);
            rows.warn(&format!(
                "{count} of {all} records have no handling code, nor has what encloses them"
            ));
        }
        for hidden in [&counts.hidden, &self.envelope.hidden] {
            if hidden.count > 0 {
                rows.warn(&format!(
                    "{} values look like handling codes, where no path of \"handling\" leads; the \
                     first is at {:?}: should the mapping have it?",
                    hidden.count, hidden.first
                ));
            }
        }
        if self.envelope.late > 0 {
            rows.warn(&format!(
                "{} codes and evaluations stand behind records of the element that they are in, and \
                 hold for those alone that follow",
                self.envelope.late
            ));
        }
        if counts.unparsed > 0 {
            rows.warn(&format!(
                "{} values are no whole days or numbers: they are null, and the columns *_text have them",
                counts.unparsed
            ));
        }
        self.warn_of_unread(rows);
        Ok(())
    }

    /// Names what stands around the records and is in no row.
    fn warn_of_unread(&self, rows: &Rows) {
        let unread = self.envelope.unread.iter();
        let mut paths: Vec<_> = unread
            .map(|(path, count)| format!("{path} ({count})"))
            .collect();
        if self.envelope.unread_more > 0 {
            paths.push(format!("and {} more", self.envelope.unread_more));
        }
        if !paths.is_empty() {
            let paths = paths.join(", ");
            rows.warn(&format!("values outside records are in no row: {paths}"));
        }
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        loop {
            let byte = self.xml.byte();
            let walked = match self.xml.step()? {
                Step::Open(open) => match self.plan.begins(open.name()) {
                    Some(kind) => {
                        let element = self.xml.element()?;
                        if self.plan.is_reference(element) {
                            self.envelope.reference(element.name());
                            continue;
                        }
                        self.has_message = true;
                        self.envelope.record();
                        let inherited = self.envelope.inherited();
                        self.walk.outermost(element, kind, inherited, rows)?;
                        return Ok(true);
                    }
                    None => {
                        self.has_message |= self.plan.is_message(open.name());
                        self.envelope.open(open, &self.plan)
                    }
                },
                Step::Text(text) => {
                    self.envelope.text(text);
                    Ok(())
                }
                Step::Close => self.envelope.close(),
                Step::End if !self.has_message && self.envelope.elements > 0 => {
                    let message = "expected a message or a record of the mapping, found none: it is something else, or the mapping is not this file's";
                    return Err(Error::invalid_data(message).at_byte(byte));
                }
                Step::End => return self.finish(rows).map(|()| false),
            };
            walked.map_err(|error| error.at_byte(byte))?;
        }
    }
}
