//! The `sextant` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    sextant::cli::main()
}
