//! draft
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
pub mod columns;
mod error;
mod export;
mod function;
pub mod host;
pub mod http;
mod rows;
pub mod secret;
mod source;
mod strings;
pub mod tcp;
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
pub use http::{HttpRequest, HttpResponse};
pub use rows::{Cell, RowBuilder};
pub use secret::ScramProof;
pub use source::{Batches, Key, Operator, Partition, Predicate, Pushdown, Request, Source, Table};
pub use strings::Strings;
pub use tcp::TcpConnection;

pub use arrow_array;
pub use arrow_buffer;
pub use arrow_data;
pub use arrow_schema;
pub use log;
pub use serde;
pub use serde_json;
