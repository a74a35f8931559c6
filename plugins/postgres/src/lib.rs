//! Every table and view of a PostgreSQL database, read with its own protocol.
//!
//! ```text
//! host.tcp --> protocol --> session --> catalog --> types, naming --> tables
//!                 ^            |                        |
//!            scram, failure    |     predicates --> statement --> literal
//!                              |                        |
//!                              +--> COPY (SELECT ..) <--+
//!                                        |
//!                                        v
//!                                  scan --> values --> batches
//! ```
//!
//! The plugin knows neither the server's address nor a password: the host connects, encrypts, and makes
//! the proof of SCRAM-SHA-256. Each part of a scan is a connection of its own, in which the table
//! is described anew and then copied in binary, with the columns, predicates and limit of the request in
//! the statement. README.md says which types become which, and when a predicate is taken.

// What is configured, and what relations are called: in our SQL, and in the server's.
mod config;
mod naming;
mod quoting;
// To the server and back.
mod failure;
mod protocol;
mod scram;
mod session;
// As what columns are read.
mod types;
// What there is.
mod catalog;
// What is asked for.
mod literal;
mod partition;
mod statement;
// What comes back, as columns.
mod values;
// As batches.
mod scan;

pub use config::{Config, Infinity, Tls};

use catalog::Relation;
use partition::{Blocks, Part};
use scan::Scan;
use session::Session;
use sextant_plugin_sdk::{Batches, Error, Host, Partition, Request, Result, Source, Table};
use statement::Select;
use std::cell::RefCell;
use std::fmt;

sextant_plugin_sdk::export!(source: Postgres);

/// Tables below a relation that is read in parts: each part names all of them.
const TABLES_MAX: usize = 2_000;
/// Rows up to which a limited request is not worth more than one connection.
const FEW_ROWS: u64 = 10_000;

/// A source of a database's tables and views.
pub struct Postgres {
    config: Config,
    host: Host,
    /// A session in which a table was described, until it is used.
    opened: RefCell<Option<Opened>>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

struct Opened {
    session: Session,
    relation: Relation,
}

impl Postgres {
    /// A session, and the relation that a table is, as it was described there.
    fn open_table(&self, table: &str) -> Result<Option<Opened>> {
        self.open_relation(
            |relation| relation.is_table(table),
            |session| catalog::relation(session, &self.config, table),
        )
    }

    /// The session in which a relation was described, or another in which it is.
    fn open_relation(
        &self,
        is_it: impl Fn(&Relation) -> bool,
        describe: impl Fn(&mut Session) -> Result<Option<Relation>>,
    ) -> Result<Option<Opened>> {
        if let Some(opened) = self.opened.take() {
            if is_it(&opened.relation) {
                return Ok(Some(opened));
            }
            opened.session.close();
        }
        let mut session = Session::open(&self.config, &self.host)?;
        Ok(match describe(&mut session)? {
            Some(relation) => Some(Opened { session, relation }),
            None => {
                session.close();
                None
            }
        })
    }

    /// The relation of a part, if it is in the files that it was split in.
    fn open_part(&self, table: &str, part: &Part) -> Result<Opened> {
        let opened = self.open_relation(
            |relation| relation.oid == part.oid,
            |session| catalog::relation_of(session, &self.config, part.oid),
        );
        let mut opened = checked(table, opened?)?;
        let Opened { session, relation } = &mut opened;
        if part.files.is_empty() {
            return Ok(opened);
        }
        let found = catalog::blocks(session, relation)?;
        if found.is_none_or(|(_, files)| files != part.files) {
            let name = relation.full_name();
            let message = format!("{name} was rewritten while it was read: ask again");
            return Err(Error::unavailable(message, None));
        }
        Ok(opened)
    }

    /// The parts of a request.
    fn split(&self, opened: &mut Opened, request: &Request) -> Result<Vec<Part>> {
        let whole = vec![Part::whole(opened.relation.oid)];
        let most = self.config.partitions.unwrap_or(usize::MAX);
        let parts = request.partitions.min(most);
        let is_short = request.limit.is_some_and(|limit| limit <= FEW_ROWS);
        if parts <= 1 || is_short {
            return Ok(whole);
        }
        let Opened { session, relation } = opened;
        let Some((tables, files)) = catalog::blocks(session, relation)? else {
            return Ok(whole);
        };
        let blocks = partition::split(&tables, parts);
        if blocks.len() <= 1 || tables.len() > TABLES_MAX {
            return Ok(whole);
        }
        if !request.predicates.is_empty() {
            let select = self.select(relation, request, Blocks::default())?;
            let plan = session.value(&select.explain())?;
            if !partition::reads_all(&plan.unwrap_or_default())? {
                return Ok(whole);
            }
        }
        let parts = blocks.into_iter().map(|blocks| Part {
            oid: relation.oid,
            blocks,
            files: files.clone(),
        });
        Ok(parts.collect())
    }

    fn select(&self, relation: &Relation, request: &Request, blocks: Blocks) -> Result<Select> {
        Select::new(
            &relation.quoted(),
            &relation.columns,
            request,
            blocks,
            self.config.infinity,
        )
    }
}

/// A relation that is there and can be read.
fn checked(table: &str, opened: Option<Opened>) -> Result<Opened> {
    let opened = opened.ok_or_else(|| {
        Error::not_found(format!(
            "there is no table {table:?} that the role may read"
        ))
    })?;
    opened.relation.check()?;
    Ok(opened)
}

impl Source for Postgres {
    type Config = Config;

    /// Connects to nothing yet.
    fn open(config: Config, host: Host) -> Result<Self> {
        config.check()?;
        Ok(Self {
            config,
            host,
            opened: RefCell::default(),
        })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let mut session = Session::open(&self.config, &self.host)?;
        let relations = catalog::relations(&mut session, &self.config, &self.host)?;
        session.close();
        Ok(relations.iter().map(Relation::table).collect())
    }

    /// Describes one table, and keeps the session for what is asked of it next.
    fn table(&self, name: &str) -> Result<Option<Table>> {
        let opened = self.open_table(name)?;
        let table = opened.as_ref().map(|opened| opened.relation.table());
        self.opened.replace(opened);
        Ok(table)
    }

    /// Ranges of blocks, where the server would read all of a table.
    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        let mut opened = checked(&request.table, self.open_table(&request.table)?)?;
        let parts = self.split(&mut opened, request)?;
        opened.session.close();
        parts.iter().map(Part::to_token).collect()
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let part = Part::from_token(partition)?;
        let Opened {
            mut session,
            relation,
        } = self.open_part(&request.table, &part)?;
        let select = self.select(&relation, request, part.blocks)?;
        if request.columns.is_empty() {
            let count = session.value(&select.count())?;
            session.close();
            let count = count.and_then(|count| count.parse().ok());
            let count = count.ok_or_else(|| Error::invalid_data("expected a count, found none"))?;
            let schema = request.project(&relation.schema());
            return Ok(Box::new(scan::counted(&schema, count, request.batch_rows)));
        }
        let infinity = self.config.infinity;
        let sql = select.copy();
        let scan = Scan::start(&self.host, session, &relation, request, infinity, &sql)?;
        Ok(Box::new(scan))
    }
}

#[cfg(test)]
mod tests;
