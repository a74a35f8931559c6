//! draft
use crate::error::Result;
use std::path::{Path, PathBuf};
/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Work the real lists in this folder instead of the synthetic case.
    #[arg(long)]
    data: Option<PathBuf>,
}
pub(super) fn run(_workspace: Option<&Path>, _arguments: &Arguments) -> Result<()> {
    Ok(())
}
