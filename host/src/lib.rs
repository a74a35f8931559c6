//! Sextant: one SQL space over sandboxed WASM component plugins.
//!
//! A [`Host`] opens a workspace, loads the bundles in its watched folder, and gives out
//! [`Session`]s that run SQL over sources and functions of plugins. The modules stand in the order
//! in which data flows; each imports only from those above it. ARCHITECTURE.md has the map.

pub mod error;
pub mod limits;

pub mod net;

pub mod input;

pub mod bundle;

pub mod wasm;

pub mod workspace;

pub mod registry;

pub mod watch;

pub mod sql;

pub mod host;

pub mod cli;

pub use error::{Error, Result};
pub use host::Host;
pub use sql::{Answer, Session};
pub use workspace::Workspace;
