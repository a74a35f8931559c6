//! draft
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
pub mod columns;
mod error;
mod export;
mod function;
pub mod host;
mod rows;
mod source;
mod strings;
pub mod testing;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod wasm;

pub use error::{Error, ErrorKind, Place, Result};
pub use function::{
    Accumulator, Aggregate, Arguments, BoundAggregate, BoundScalar, BoundTable, Description,
    Distribution, Example, Feed, Functions, Parameter, Progress, Relation, Scalar, Signature,
    SimpleScalar, TableCall, TableFunction, Volatility,
};
pub use host::{Entry, Host, InputReader};
pub use rows::{Cell, RowBuilder};
pub use source::{Batches, Key, Operator, Partition, Predicate, Pushdown, Request, Source, Table};
pub use strings::Strings;

pub use arrow_array;
pub use arrow_buffer;
pub use arrow_data;
pub use arrow_schema;
pub use log;
pub use serde;
pub use serde_json;
