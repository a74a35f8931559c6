//! A plugin as native code: what [`export!`](crate::export) leaves in a crate that is not compiled to
//! a component, so that its native twin can be asked for the same.

use crate::{Batches, Functions, Host, Partition, Request, Result, Source, Table};
use std::fmt;

/// Opens a source with its configuration, a JSON object.
pub type Open = fn(&str, Host) -> Result<Box<dyn OpenSource>>;

/// What a crate exports.
#[derive(Clone, Copy, Default)]
pub struct Native {
    /// Its functions.
    pub functions: Option<fn() -> Functions>,
    /// Opens its source.
    pub source: Option<Open>,
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native")
            .field("functions", &self.functions.is_some())
            .field("source", &self.source.is_some())
            .finish()
    }
}

/// An open source, whatever its type.
pub trait OpenSource {
    /// See [`Source::tables`].
    fn tables(&self) -> Result<Vec<Table>>;

    /// See [`Source::partitions`].
    fn partitions(&self, request: &Request) -> Result<Vec<Partition>>;

    /// See [`Source::scan`].
    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches>;
}

impl<S: Source> OpenSource for S {
    fn tables(&self) -> Result<Vec<Table>> {
        Source::tables(self)
    }

    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        Source::partitions(self, request)
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        Source::scan(self, request, partition)
    }
}

/// Opens a source with its configuration, a JSON object.
pub fn open<S: Source>(config: &str, host: Host) -> Result<Box<dyn OpenSource>> {
    let config = crate::export::parse_config(config)?;
    Ok(Box::new(S::open(config, host)?))
}
