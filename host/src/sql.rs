//! SQL: everything that knows DataFusion. A [`Session`] plans each statement on the newest snapshot
//! and streams its [`Answer`]; plugins appear as tables (`source`) and functions (`function`),
//! the host's own state as tables of the schema `sextant` (`system`).

mod answer;
mod catalog;
mod check;
mod failure;
mod function;
mod hints;
mod key_lookup;
mod options;
mod planner;
mod predicate;
mod queries;
mod scan;
mod session;
mod source;
mod spatial;
mod statements;
mod subqueries;
mod system;
mod usage;

pub use answer::Answer;
pub use check::subqueries_of_calls;
pub use queries::Queries;
pub use session::{Reach, Session, SqlStatement};
pub(crate) use spatial::geoparquet;
