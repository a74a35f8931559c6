//! Grants: what a text under `[source.NAME.inputs]` allows a source to read, and looking for it.
//!
//! A path without wildcards is what the administrator wrote, wherever links lead it. A glob stays in
//! its folder, which is its part before the first wildcard: whoever may write into that folder could
//! otherwise have any file of the host read by leaving a link there. A name that has a wildcard in it is
//! a glob too, in which `[[]`, `[*]` and `[?]` stand for these characters.

use super::origin::{FoundFile, LocalFile, Origin};
use super::remote::{RemoteFile, is_url};
use super::{check_entries, shown_name, zip};
use crate::error::{Context, Error, Result};
use crate::limits::Limits;
use crate::net::Stores;
use glob::{MatchOptions, Pattern};
use std::collections::BTreeMap;
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};

const WILDCARDS: [char; 3] = ['*', '?', '['];

/// How names match: `*` stays within a folder, `**` does not.
const MATCHING: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// How the names of archives end. In other names, `!` is a character like any other.
const ARCHIVES: [&str; 2] = [".zip", ".kmz"];

/// A text under `[source.NAME.inputs]`.
#[derive(Debug)]
pub(super) struct Grant {
    /// The path or glob of files.
    files: String,
    /// Which members of these files, where they are archives to look into.
    members: Option<Pattern>,
}

impl Grant {
    /// Reads `path`, `glob` or `archives!members`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let is_archive = |&(at, _): &(usize, &str)| is_called_archive(&text[..at]);
        let Some((at, _)) = text.match_indices('!').find(is_archive) else {
            return Ok(Self {
                files: text.to_owned(),
                members: None,
            });
        };
        Ok(Self {
            files: text[..at].to_owned(),
            members: Some(pattern(&text[at + 1..])?),
        })
    }

    /// Checks what can be checked before a file is looked for.
    ///
    /// # Errors
    ///
    /// Config where the URL makes no sense, denied where it names an address that is not allowed.
    pub(super) fn check(&self, stores: &Stores) -> Result<()> {
        match is_url(&self.files) {
            true => stores.of(self.url_parts().0).map(drop),
            false => Ok(()),
        }
    }

    /// The files, by their names in the input.
    ///
    /// # Errors
    ///
    /// Not found where there are none, config where a path is not that of a regular file, denied
    /// where a link leads out of the glob's folder, and limit.
    pub(super) fn files(
        &self,
        base: &Path,
        stores: &Stores,
        limits: &Limits,
    ) -> Result<BTreeMap<String, FoundFile>> {
        if is_url(&self.files) {
            return self.remote_files(stores, limits);
        }
        let files = match self.files.find(WILDCARDS) {
            None => self.file(base)?,
            Some(wildcard) => {
                let folder = self.files[..wildcard]
                    .rfind('/')
                    .map_or(0, |slash| slash + 1);
                let (folder, below) = self.files.split_at(folder);
                match real_path(&base.join(folder))? {
                    Some(folder) => Walk::new(folder, pattern(below)?, limits).run()?,
                    None => BTreeMap::new(),
                }
            }
        };
        let found = files.into_iter();
        let files: BTreeMap<_, _> = found
            .map(|(name, file)| (name, FoundFile::Local(file)))
            .collect();
        match files.is_empty() {
            false => Ok(files),
            true => Err(Error::not_found(format!(
                "no file matches {:?} (from {})",
                self.files,
                base.display()
            ))
            .with_hint(self.advice(base))),
        }
    }

    /// What to do where nothing matches. A glob is not taken as a name where there is a file of that name:
    /// what is granted would be another thing once somebody made one.
    fn advice(&self, base: &Path) -> String {
        let is_glob = self.files.contains(WILDCARDS);
        match is_glob && base.join(&self.files).is_file() {
            true => format!(
                "there is a file of exactly that name; since *, ? and [ are wildcards, it is written {:?}",
                Pattern::escape(&self.files)
            ),
            false => {
                "check the path in sextant.toml; relative paths start at its folder".to_owned()
            }
        }
    }

    /// The URL of a file, or that of a folder and a glob below it.
    fn url_parts(&self) -> (&str, Option<&str>) {
        // Behind the host, which may be `[::1]`. In a URL, `?` would begin a query.
        let host = self.files.find("://").map_or(0, |colon| colon + 3);
        let path = self.files[host..].find('/');
        let path = path.map_or(self.files.len(), |slash| host + slash);
        let Some(wildcard) = self.files[path..].find(['*', '[']) else {
            return (&self.files, None);
        };
        let folder = self.files[..path + wildcard].rfind('/');
        let (folder, below) = self.files.split_at(folder.map_or(0, |slash| slash + 1));
        (folder, Some(below))
    }

    fn remote_files(
        &self,
        stores: &Stores,
        limits: &Limits,
    ) -> Result<BTreeMap<String, FoundFile>> {
        let mut files = BTreeMap::new();
        let mut add = |name: &str, file| {
            check_entries(files.len() + 1, limits)?;
            match files.insert(shown_name(name), FoundFile::Remote(file)) {
                None => Ok(()),
                Some(_) => Err(Error::config(format!("two files are called {name:?}"))),
            }
        };
        match self.url_parts() {
            (url, None) => {
                let name = url.rsplit('/').next().unwrap_or_default();
                if let Some(file) = RemoteFile::at(url, stores)? {
                    add(name, file)?;
                }
            }
            (folder, Some(below)) => {
                let pattern = pattern(below)?;
                let is_wanted = |name: &str| pattern.matches_with(name, MATCHING);
                for (name, file) in RemoteFile::below(folder, stores, limits, is_wanted)? {
                    add(&name, file)?;
                }
            }
        }
        match files.is_empty() {
            false => Ok(files),
            true => Err(
                Error::not_found(format!("no file matches {:?}", self.files))
                    .with_hint("check the URL in sextant.toml"),
            ),
        }
    }

    fn file(&self, base: &Path) -> Result<BTreeMap<String, LocalFile>> {
        let Some(path) = real_path(&base.join(&self.files))? else {
            return Ok(BTreeMap::new());
        };
        let file = LocalFile::at(path)?.ok_or_else(|| {
            Error::config(format!("{:?} is not a regular file", self.files))
                .with_hint("for the files of a folder, write folder/*")
        })?;
        let name = Path::new(&self.files).file_name().unwrap_or_default();
        Ok(BTreeMap::from([(
            shown_name(&name.to_string_lossy()),
            file,
        )]))
    }

    /// What is to be read of the files that were found, by the names of the entries.
    ///
    /// # Errors
    ///
    /// Data where an archive is broken, config where its server gives no parts of it, not found where none has
    /// such a member, and limit.
    pub(super) fn origins(
        &self,
        files: &BTreeMap<String, FoundFile>,
        limits: &Limits,
    ) -> Result<Vec<(String, Origin)>> {
        let Some(members) = &self.members else {
            let whole = files
                .iter()
                .map(|(name, file)| (name.clone(), Origin::file(name, file.clone())));
            return Ok(whole.collect());
        };
        let mut origins = Vec::new();
        let is_wanted = |name: &str| members.matches_with(name, MATCHING);
        for (archive, file) in files {
            let found = file
                .open()
                .and_then(|mut open| zip::members(&mut open, limits, is_wanted))
                .context(|| archive.clone())?;
            check_entries(origins.len() + found.len(), limits)?;
            origins.extend(found.into_iter().map(|member| {
                let name = format!("{archive}!{}", member.name);
                (name, Origin::member(file.clone(), member))
            }));
        }
        match origins.is_empty() {
            false => Ok(origins),
            true => Err(Error::not_found(format!(
                "no member of {:?} matches {:?}",
                self.files,
                members.as_str()
            ))
            .with_hint("* stays within a folder of the archive; **/* looks into all of them")),
        }
    }
}

fn is_called_archive(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ARCHIVES.iter().any(|archive| text.ends_with(archive))
}

/// What to do about a file that is an archive, and that a text grants as if it were none.
pub(super) fn archive_advice(name: &str, text: &str) -> String {
    let mut texts = [text, name].into_iter();
    match texts.find(|text| is_called_archive(text)) {
        Some(text) => format!(
            "{name} is an archive: name its members in sextant.toml, as in \"{text}!**/*.xml\""
        ),
        None => format!(
            "{name} is packed as a zip archive is: if it is one, let its name end in .zip and name its members, as in \"archive.zip!**/*.xml\"; if it is a document, export it in the format that is read"
        ),
    }
}

fn pattern(text: &str) -> Result<Pattern> {
    Pattern::new(text).map_err(|error| {
        Error::config(format!("{text:?} is not a glob: {error}")).with_hint(format!(
            "if it is meant as a name, it is written {:?}",
            Pattern::escape(text)
        ))
    })
}

/// A path without links; none where nothing is.
fn real_path(path: &Path) -> Result<Option<PathBuf>> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        path => Ok(Some(path?)),
    }
}

/// A walk through a folder, looking for files whose paths below it match.
struct Walk<'a> {
    root: PathBuf,
    pattern: Pattern,
    /// How many names a path that matches has at most.
    depth_max: usize,
    is_recursive: bool,
    limits: &'a Limits,
    /// Folders that are still to be looked into.
    folders: Vec<Folder>,
    found: BTreeMap<String, LocalFile>,
}

struct Folder {
    path: PathBuf,
    /// What the names in it start with: nothing, or names of folders with a slash behind each.
    prefix: String,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn new(root: PathBuf, pattern: Pattern, limits: &'a Limits) -> Self {
        let is_recursive = pattern.as_str().split('/').any(|name| name == "**");
        let depth_max = match is_recursive {
            true => usize::MAX,
            false => pattern.as_str().split('/').count(),
        };
        let first = Folder {
            path: root.clone(),
            prefix: String::new(),
            depth: 1,
        };
        Self {
            root,
            pattern,
            depth_max,
            is_recursive,
            limits,
            folders: vec![first],
            found: BTreeMap::new(),
        }
    }

    fn run(mut self) -> Result<BTreeMap<String, LocalFile>> {
        let limit = self.limits.input_glob_files_max;
        let mut count = 0;
        while let Some(folder) = self.folders.pop() {
            let items = folder.path.read_dir();
            for item in items.context(|| folder.path.display().to_string())? {
                count += 1;
                if count > limit {
                    return Err(Error::over_limit(
                        "files and folders that the glob looks at",
                        format!("more than {limit}"),
                        limit,
                        "input_glob_files_max",
                    ));
                }
                self.look_at(&folder, &item?)?;
            }
        }
        Ok(self.found)
    }

    fn look_at(&mut self, folder: &Folder, item: &DirEntry) -> Result<()> {
        let name = format!("{}{}", folder.prefix, item.file_name().to_string_lossy());
        let matches = self.pattern.matches_with(&name, MATCHING);
        let goes_deeper = folder.depth < self.depth_max;
        let kind = item.file_type()?;
        let path = item.path();
        if kind.is_symlink() {
            let Ok(target) = path.canonicalize() else {
                // A link to nothing matters where it stands for a file that is wanted.
                return match matches {
                    true => Err(Error::not_found(format!("{name:?} is a link to nothing"))),
                    false => Ok(()),
                };
            };
            let is_folder = target.is_dir();
            let is_met = if is_folder { goes_deeper } else { matches };
            if is_met && !target.starts_with(&self.root) {
                return Err(Error::denied(format!(
                    "{name:?} is a link that leads out of the folder of the glob"
                ))
                .with_hint("write what it leads to into sextant.toml, if it is to be read"));
            }
            // Below `**` a folder is found where it is, and links could lead around in circles.
            if is_folder && goes_deeper && !self.is_recursive {
                self.enter(target, name, folder.depth);
            } else if !is_folder && matches {
                self.add(target, &name)?;
            }
        } else if kind.is_dir() && goes_deeper {
            self.enter(path, name, folder.depth);
        } else if kind.is_file() && matches {
            self.add(path, &name)?;
        }
        Ok(())
    }

    fn enter(&mut self, path: PathBuf, name: String, depth: usize) {
        self.folders.push(Folder {
            path,
            prefix: name + "/",
            depth: depth + 1,
        });
    }

    fn add(&mut self, path: PathBuf, name: &str) -> Result<()> {
        let file = match LocalFile::at(path) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(()),
            // It was removed a moment ago.
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error.context(name)),
        };
        check_entries(self.found.len() + 1, self.limits)?;
        match self.found.insert(shown_name(name), file) {
            None => Ok(()),
            Some(_) => Err(Error::config(format!("two files are called {name:?}"))),
        }
    }
}
