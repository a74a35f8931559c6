//! draft
pub mod error;
pub mod limits;
pub mod input;
pub mod bundle;
pub mod wasm;
pub mod workspace;
pub mod registry;
pub mod watch;
pub mod sql;
pub mod host;
