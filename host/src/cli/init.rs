//! `sextant init`: makes a workspace.

use crate::error::Result;
use crate::workspace::Workspace;
use std::path::PathBuf;

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder; made where it is not there. What is in it stays.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let workspace = Workspace::init(&arguments.folder)?;
    println!("workspace {}", workspace.root().display());
    super::note(
        "hint: put bundles into bundles/, describe sources in sextant.toml, then: sextant query -c 'SHOW TABLES'",
    );
    Ok(())
}
