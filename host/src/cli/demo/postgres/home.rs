//! A server's folder, and the user who runs it: PostgreSQL refuses to be run by root.

use crate::error::{Context, Error, Result};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A temporary folder that nobody but its user may look into, removed when it is dropped.
///
/// Where root makes it, it stays root's, and the server's user passes through it to what is in it: another process of
/// that user could otherwise put a link where root is about to write.
pub(super) struct Home {
    folder: TempDir,
    /// Who runs the server, where that is not whoever runs this.
    user: Option<User>,
}

/// A user and a group, by their numbers.
#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

impl Home {
    /// Makes it.
    ///
    /// # Errors
    ///
    /// Io, where there is no room for it, and not found, where root has no user to give it to.
    pub(super) fn new() -> Result<Self> {
        let place = || "a folder for PostgreSQL".to_owned();
        let folder = tempfile::Builder::new()
            .prefix("sextant-postgres-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .context(place)?;
        // What somebody makes is theirs, so it tells who runs this.
        let is_root = folder.path().metadata().context(place)?.uid() == 0;
        let user = is_root.then(User::other_than_root).transpose()?;
        let home = Self { folder, user };
        home.furnish().context(place)?;
        Ok(home)
    }

    /// Makes the folder of the server's files, and lets its user through to it.
    fn furnish(&self) -> std::io::Result<()> {
        let data = self.data();
        DirBuilder::new().mode(0o700).create(&data)?;
        self.give(&File::open(data)?)?;
        if let Some(User { gid, .. }) = self.user {
            let folder = File::open(self.folder.path())?;
            fchown(&folder, None, Some(gid))?;
            folder.set_permissions(Permissions::from_mode(0o710))?;
        }
        Ok(())
    }

    /// Where the server has its files.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file that nobody but the user may read.
    ///
    /// # Errors
    ///
    /// Io.
    pub(super) fn put(&self, name: &str, content: &[u8]) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        let put = || -> std::io::Result<()> {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            let mut file = options.open(&path)?;
            file.write_all(content)?;
            self.give(&file)
        };
        put().context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Gives the user what is open, whatever stands at its path by now.
    fn give(&self, file: &File) -> std::io::Result<()> {
        match self.user {
            Some(User { uid, gid }) => fchown(file, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }

    /// A shell's script with a program as its arguments, run by the user; the program's arguments follow.
    pub(super) fn command(&self, script: &str, program: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]);
        if let Some(User { uid, gid }) = self.user {
            // It becomes the program, so that a signal to it reaches that.
            command.arg("setpriv");
            command.args([format!("--reuid={uid}"), format!("--regid={gid}")]);
            command.arg("--clear-groups");
        }
        command.arg(program);
        clear_settings(&mut command);
        // What it says is read, so it is to be in English; and the folder that this runs in may be closed to it.
        command.env("LC_ALL", "C.UTF-8").current_dir("/");
        command
    }
}

impl User {
    /// PostgreSQL's own user, else nobody.
    fn other_than_root() -> Result<Self> {
        let found = ["postgres", "nobody"].into_iter().find_map(Self::named);
        found.ok_or_else(|| {
            Error::not_found(
                "PostgreSQL refuses to be run by root, and there is no user postgres or nobody",
            )
            .with_hint("run this as another user")
        })
    }

    fn named(name: &str) -> Option<Self> {
        let number = |option: &str| -> Option<u32> {
            let said = Command::new("id").args([option, name]).output().ok()?;
            String::from_utf8(said.stdout).ok()?.trim().parse().ok()
        };
        Some(Self {
            uid: number("-u")?,
            gid: number("-g")?,
        })
    }
}

/// Takes PostgreSQL's own variables from a command: they are about other servers.
pub(super) fn clear_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
}
