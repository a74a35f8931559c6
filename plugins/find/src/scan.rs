//! A scan: batches of keys are asked for, and what is found becomes rows. It holds one batch of
//! candidates, and one of full records, at a time.

use crate::gateway::Gateway;
use crate::keys;
use crate::message::{Answer, Message};
use crate::record::{Datum, ENTITY};
use crate::tables::{Columns, Found, Hit, Lookup, Query, Step};
use sextant_plugin_sdk::{Error, Filter, Request, Result, RowReader, Rows};
use std::collections::HashMap;

/// The scan of a table for some keys.
pub(crate) struct Scan {
    gateway: Gateway,
    lookup: &'static Lookup,
    columns: Columns,
    /// The request's predicates, to ask for no full record that they leave out.
    filter: Filter,
    narrowing: Vec<(&'static str, String)>,
    keys: std::vec::IntoIter<String>,
    keys_per_request: usize,
    blank: u64,
    capped: Capped,
}

/// A record that was found for a key, which is told by its place.
struct Candidate {
    key: usize,
    found: Found,
}

impl Scan {
    pub(crate) fn new(
        gateway: Gateway,
        lookup: &'static Lookup,
        request: &Request,
        keys: Vec<String>,
        narrowing: Vec<(&'static str, String)>,
        keys_per_request: usize,
    ) -> Result<Self> {
        let columns = lookup.columns();
        Ok(Self {
            gateway,
            lookup,
            filter: Filter::new(&columns.schema(), &request.predicates)?,
            columns,
            narrowing,
            keys: keys.into_iter(),
            keys_per_request,
            blank: 0,
            capped: Capped::default(),
        })
    }

    /// Leaves out the keys that no message can have.
    fn askable(&mut self, keys: Vec<String>, rows: &mut Rows) -> Result<Vec<String>> {
        let mut askable = Vec::with_capacity(keys.len());
        for key in keys {
            if key.trim().is_empty() {
                self.blank += 1;
                continue;
            }
            match keys::check(self.lookup, &key) {
                Ok(()) => askable.push(key),
                Err(error) => rows.bad(error)?,
            }
        }
        Ok(askable)
    }

    /// First step: what the gateway has for the keys, as far as the predicates take it.
    fn candidates(&mut self, keys: &[String], rows: &mut Rows) -> Result<Vec<Candidate>> {
        let field = self.lookup.key.field;
        let messages = keys
            .iter()
            .map(|key| Message::new(self.lookup.query, field, key, &self.narrowing));
        let answers = self.gateway.ask(&messages.collect::<Vec<_>>())?;
        let mut candidates = Vec::new();
        for (place, answer) in answers.into_iter().enumerate() {
            let key = &keys[place];
            let records = match answer {
                Answer::Refused(refusal) => {
                    rows.bad(refusal.error(self.lookup.key.column, key))?;
                    continue;
                }
                Answer::Found { records, total } => {
                    self.capped.count(key, records.len(), total);
                    records
                }
            };
            if self.lookup.full.is_none()
                && let Err(error) = check_full(key, &records)
            {
                rows.bad(error)?;
                continue;
            }
            for found in records {
                match self.check(key, &found) {
                    Ok(true) => candidates.push(Candidate { key: place, found }),
                    Ok(false) => {}
                    Err(error) => rows.bad(error)?,
                }
            }
        }
        Ok(candidates)
    }

    /// That a record can be used, and whether the predicates on this step's columns take it.
    fn check(&self, key: &str, found: &Found) -> Result<bool> {
        found.record.check().map_err(|error| {
            let message = format!("a record for {key:?}: {}", error.message());
            Error::new(error.kind(), message).at(error.place().clone())
        })?;
        let hit = Hit {
            key,
            candidate: found,
            full: None,
        };
        for column in self.filter.columns() {
            if self.columns.step(column) != Step::Full {
                let value = self.columns.value(column, &hit)?;
                if !self.filter.takes_cell(column, value.cell()) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// What is asked for full records, where a column wants them.
    fn full(&self, rows: &Rows) -> Option<Query> {
        let is_wanted = (0..self.columns.len())
            .any(|column| self.columns.step(column) == Step::Full && rows.wants(column));
        self.lookup.full.filter(|_| is_wanted)
    }

    /// Second step: the full records of candidates, each entity asked for once. Where there is none, why.
    fn full_records(
        &self,
        query: Query,
        candidates: &[Candidate],
    ) -> Result<HashMap<String, Result<Found>>> {
        let mut entities: Vec<_> = candidates
            .iter()
            .map(|candidate| candidate.found.record.entity().into_owned())
            .collect();
        entities.sort_unstable();
        entities.dedup();
        let messages = entities
            .iter()
            .map(|entity| Message::new(query, ENTITY, entity, &[]));
        let answers = self.gateway.ask(&messages.collect::<Vec<_>>())?;
        let records = entities.into_iter().zip(answers).map(|(entity, answer)| {
            let record = match answer {
                Answer::Refused(refusal) => Err(refusal.error("entity_id", &entity)),
                Answer::Found { mut records, .. } => check_full(&entity, &records).and_then(|()| {
                    records.pop().ok_or_else(|| {
                        let message = format!("{entity:?} was a candidate, and is not on file now");
                        Error::invalid_data(message).in_field("entity_id")
                    })
                }),
            };
            (entity, record)
        });
        Ok(records.collect())
    }

    fn push(&self, hit: &Hit<'_>, rows: &mut Rows) -> Result<()> {
        let values = (0..self.columns.len()).map(|column| match rows.wants(column) {
            true => self.columns.value(column, hit),
            false => Ok(Datum::Null),
        });
        match values.collect::<Result<Vec<_>>>() {
            Ok(values) => rows.push(&values.iter().map(Datum::cell).collect::<Vec<_>>()),
            Err(error) => rows.bad(error),
        }
    }

    /// Tells what the rows do not show.
    fn report(&self, rows: &Rows) {
        if self.blank > 0 {
            let blank = self.blank;
            rows.warn(&format!("{blank} blank keys were not asked for"));
        }
        if let Some((key, given, total)) = &self.capped.first {
            let keys = self.capped.keys;
            rows.warn(&format!(
                "for {keys} keys the gateway has more candidates than it gave, first for {key:?}: {given} of {total}"
            ));
        }
    }
}

impl RowReader for Scan {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let keys: Vec<_> = self.keys.by_ref().take(self.keys_per_request).collect();
        if keys.is_empty() {
            self.report(rows);
            return Ok(false);
        }
        let keys = self.askable(keys, rows)?;
        let candidates = self.candidates(&keys, rows)?;
        let full = self.full(rows);
        // A person's full record may have images, so that not all are held.
        for some in candidates.chunks(self.keys_per_request) {
            if rows.is_done() {
                break;
            }
            let records = match full {
                Some(query) => self.full_records(query, some)?,
                None => HashMap::new(),
            };
            for candidate in some {
                let full = match records.get(&*candidate.found.record.entity()) {
                    None => None,
                    Some(Ok(found)) => Some(found),
                    Some(Err(error)) => {
                        rows.bad(error.clone())?;
                        continue;
                    }
                };
                let hit = Hit {
                    key: &keys[candidate.key],
                    candidate: &candidate.found,
                    full,
                };
                self.push(&hit, rows)?;
            }
        }
        Ok(true)
    }
}

/// That an answer to an entity's number has no more than that entity.
fn check_full(entity: &str, records: &[Found]) -> Result<()> {
    let problem = match records {
        [] => return Ok(()),
        [one] => {
            let found = one.record.entity();
            if is_same_entity(&found, entity) {
                return Ok(());
            }
            format!("expected the full record of {entity:?}, found that of {found:?}")
        }
        _ => {
            let count = records.len();
            format!("expected one full record of {entity:?}, found {count}")
        }
    };
    Err(Error::invalid_data(problem).in_field("entity_id"))
}

/// Whether two numbers are those of one entity: a gateway may write them without white space, or in
/// capitals.
fn is_same_entity(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> String {
        let visible = text.chars().filter(|c| !c.is_whitespace());
        visible.flat_map(char::to_uppercase).collect()
    };
    plain(one) == plain(other)
}

/// Keys for which the gateway has more than it gave.
#[derive(Debug, Default)]
struct Capped {
    keys: u64,
    first: Option<(String, usize, u64)>,
}

impl Capped {
    fn count(&mut self, key: &str, given: usize, total: u64) {
        if total > given as u64 {
            self.keys += 1;
            self.first
                .get_or_insert_with(|| (key.to_owned(), given, total));
        }
    }
}
