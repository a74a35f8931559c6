//! draft
#[cfg(target_arch = "wasm32")]
pub mod bindings;
mod error;
pub mod export;
mod function;
pub mod host;
mod rows;
mod source;
mod strings;
pub mod testing;
pub use error::*;
pub use function::*;
pub use host::*;
pub use rows::*;
pub use source::*;
pub use strings::*;
