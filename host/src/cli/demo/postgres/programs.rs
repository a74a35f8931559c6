//! Where PostgreSQL's programs are. Nothing is installed.

use std::path::{Path, PathBuf};

/// What installs them, on Debian and what follows it.
pub(in crate::cli) const INSTALL: &str = "apt-get install postgresql";

/// Where Debian installs them, each version in a folder of its own; they are not on the path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A folder with `initdb`, `postgres` and `psql`.
pub(in crate::cli) struct Programs(PathBuf);

impl Programs {
    /// The newest that Debian has, else those on the path; none where one is missing.
    pub(in crate::cli) fn find() -> Option<Self> {
        let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
        let mut versions: Vec<_> = versions
            .filter_map(|version| {
                let number: u32 = version.file_name().to_str()?.parse().ok()?;
                Some((number, version.path().join("bin")))
            })
            .collect();
        versions.sort();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let newest_first = versions.into_iter().rev().map(|(_, folder)| folder);
        let mut folders = newest_first.chain(std::env::split_paths(&path));
        let is_whole = |folder: &PathBuf| {
            let needed = ["initdb", "postgres", "psql"];
            needed.iter().all(|name| folder.join(name).is_file())
        };
        folders.find(is_whole).map(Self)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}
