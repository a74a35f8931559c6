//! The sandbox: everything that knows wasmtime. An [`Engine`] compiles a verified bundle into a
//! [`Plugin`]; a plugin is instantiated once a query as a source ([`Connection`], [`Scan`]) or as a
//! bound function ([`BoundScalar`], [`BoundGroups`], [`TableCall`]); an instance is one store with one owner, and is dropped after
//! any trap, time-out or cancel.
//!
//! Guests get nothing but what the linker gives: inert WASI, logs, reports, and, for sources, the
//! inputs and the network they were granted. What they say comes in through `arrow` and `describe` alone.

mod api;
mod arrow;
mod baseline;
mod cache;
mod describe;
mod engine;
mod function;
mod input;
mod limiter;
mod linker;
mod network;
mod plugin;
mod scope;
mod source;
mod state;
mod usage;

pub use describe::{
    FunctionDescription, FunctionKind, Operator, ParameterDescription, Pushdown,
    RelationDescription, TableDescription, Volatility,
};
pub use engine::Engine;
pub use function::{
    BoundGroups, BoundScalar, Distribution, Progress, TableArguments, TableCall, TableShape,
};
pub use plugin::Plugin;
pub use scope::{MemoryBudget, Scope, Skipped};
pub use source::{Connection, Predicate, Request, Scan, SourceSettings};
pub use usage::Usage;
