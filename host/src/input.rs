//! Inputs: named streams of bytes that the host opens for a source. A source sees names and bytes;
//! paths, globs, archives and compression stay here. Only regular files, and only those that the
//! administrator wrote under `[source.NAME.inputs]`. Nothing is unpacked to disk, no stream is held
//! whole, and what decompresses is bounded.
//!
//! A text in `sextant.toml` is a grant (`grant`). It finds files here, on web servers and in object
//! stores (`remote`), and members of archives among them, each an origin (`origin`), which opens as a
//! stream. Archives, compression, bounds and names are the same wherever a file lies.

mod compression;

mod zip;

mod remote;

mod origin;

mod grant;

use crate::error::{Context, Error, Result};
use crate::limits::Limits;
use crate::net::{NetworkConfig, Stores};
use grant::Grant;
use origin::{FoundFile, Origin};
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes in their order. An error of the host comes through it with its kind.
type ByteStream = Box<dyn Read + Send>;

/// The files of an input, as `sextant.toml` gives them: one text or several. A text is a path, a glob,
/// or the URL of either, and for members of zip archives one of each with `!` between:
/// `data/*.zip!**/*.xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paths {
    /// One path or glob.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// Not derived, so that what is neither a text nor a list is told in words that an administrator knows.
impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PathsVisitor)
    }
}

struct PathsVisitor;

impl<'de> Visitor<'de> for PathsVisitor {
    type Value = Paths;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, a glob or a URL such as \"data/*.csv\", or a list of them such as [\"2023/*.csv\", \"2024/*.csv\"]")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Paths, E> {
        Ok(Paths::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Paths, A::Error> {
        let mut all = Vec::new();
        while let Some(text) = texts.next_element()? {
            all.push(text);
        }
        Ok(Paths::Many(all))
    }
}

impl Paths {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// One file or archive member of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name within the input: the path below the part of the glob that has no wildcard, and
    /// for a member also `!` and its name in the archive.
    pub name: String,
    /// Decompressed bytes, where that is known without reading them.
    pub size: Option<u64>,
    /// Whether reading may start anywhere without reading what comes before.
    pub seekable: bool,
    /// Changes when the content may have changed, as far as that can be told: a web server need not.
    pub version: String,
}

/// An entry, opened.
pub struct Opened {
    /// The bytes, decompressed, to the end of what was asked for. An error says what is broken or
    /// which bound was reached, and does not name the entry.
    pub reader: Box<dyn Read + Send>,
    /// How many bytes come before those that were asked for. They are left to the reader, so that
    /// it can be given up while it is still on its way there.
    pub skip: u64,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("skip", &self.skip)
            .finish_non_exhaustive()
    }
}

/// The inputs that a source was granted, as they are whenever they are looked at, or as they were found to be
/// once ([`pinned`](Self::pinned)).
#[derive(Debug)]
pub struct Inputs {
    granted: Arc<Granted>,
    pinned: Option<Listings>,
}

/// What a source was granted, and what was last found of it.
#[derive(Debug)]
struct Granted {
    source: String,
    base: PathBuf,
    stores: Stores,
    named: BTreeMap<String, Paths>,
    limits: Limits,
    listings: Listings,
}

/// What inputs were found to be, by their names.
#[derive(Debug, Default)]
struct Listings(Mutex<BTreeMap<String, Arc<Listing>>>);

impl Listings {
    fn get(&self, input: &str) -> Option<Arc<Listing>> {
        self.lock().get(input).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Listing>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inputs {
    /// The inputs of a source; relative paths start at `base`.
    pub fn new(
        source: &str,
        base: &Path,
        named: BTreeMap<String, Paths>,
        network: &NetworkConfig,
        limits: &Limits,
    ) -> Self {
        let granted = Granted {
            stores: Stores::new(base, &network.stores, &network.secrets, limits),
            source: source.to_owned(),
            base: base.to_owned(),
            named,
            limits: limits.clone(),
            listings: Listings::default(),
        };
        Self {
            granted: Arc::new(granted),
            pinned: None,
        }
    }

    /// The same inputs for one scan, whoever reads a part of it: what is found of an input first is what it is, and
    /// what became another by the time that it is opened is an error. Else a part that was cut out of one file could
    /// be read of another.
    #[must_use]
    pub fn pinned(&self) -> Self {
        Self {
            granted: Arc::clone(&self.granted),
            pinned: Some(Listings::default()),
        }
    }

    /// Checks what can be checked before a file is looked for.
    ///
    /// # Errors
    ///
    /// Config, where what an input names makes no sense; denied, where it is an address that is not allowed.
    pub fn check(&self) -> Result<()> {
        for (input, paths) in &self.granted.named {
            for text in paths.texts() {
                Grant::parse(text)
                    .and_then(|grant| grant.check(&self.granted.stores))
                    .context(|| format!("input {input:?}"))?;
            }
        }
        Ok(())
    }

    /// The names of the inputs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.granted.named.keys().map(String::as_str)
    }

    /// Whether a file of an input lies on a server, so that whoever lists or reads it waits for the far side of a
    /// network.
    pub fn is_far(&self, input: &str) -> bool {
        let paths = self.granted.named.get(input);
        paths.is_some_and(|paths| paths.texts().iter().any(|text| remote::is_url(text)))
    }

    /// The entries of an input, ordered by name.
    ///
    /// # Errors
    ///
    /// Denied where the input is not granted or a link leads out of its folder, not found where a
    /// grant matches nothing, data where an archive is broken, and limit.
    pub fn entries(&self, input: &str) -> Result<Vec<Entry>> {
        let listing = self.find(input)?;
        let entries = listing
            .origins
            .iter()
            .map(|(name, origin)| origin.entry(name));
        Ok(entries.collect())
    }

    /// Opens an entry from byte `start` on, for at most `length` bytes; bytes are counted after
    /// decompression.
    ///
    /// # Errors
    ///
    /// Those of [`entries`](Self::entries), not found where there is no such entry, and data where it
    /// cannot be decompressed. What is wrong with the entry itself does not name it: who asked knows.
    pub fn open(
        &self,
        input: &str,
        entry: &str,
        start: u64,
        length: Option<u64>,
    ) -> Result<Opened> {
        let found = |listing: Arc<Listing>| listing.origins.get(entry).cloned();
        let origin = match self.pinned {
            Some(_) => found(self.find(input)?),
            // A source lists its entries once and opens many, so what was listed is believed as long
            // as its file is the same.
            None => match self.known(input).and_then(found).filter(Origin::is_current) {
                Some(origin) => Some(origin),
                None => found(self.find(input)?),
            },
        };
        let origin = origin.ok_or_else(|| {
            Error::not_found(format!("there is no entry {entry:?} in input {input:?}"))
        })?;
        origin.open(start, length, &self.granted.limits)
    }

    /// A text that changes when any entry of any input may have changed.
    pub fn version(&self) -> String {
        let versions = self.names().map(|input| match self.entries(input) {
            Ok(entries) => entries
                .iter()
                .map(|entry| format!("{}={};", entry.name, entry.version))
                .collect(),
            Err(error) => error.to_string(),
        });
        versions.collect()
    }

    /// What to do where data could not be read and is an archive whose members were not named. The place is an
    /// input, or one and an entry with a slash between. A plugin may well want an archive as it is, so
    /// that is no error by itself.
    pub fn archive_advice(&self, place: &str) -> Option<String> {
        self.granted.named.iter().find_map(|(input, paths)| {
            let below = place.strip_prefix(input.as_str())?;
            let listing = self.known(input)?;
            let (name, origin) = match below {
                "" => listing.origins.first_key_value()?,
                _ => listing.origins.get_key_value(below.strip_prefix('/')?)?,
            };
            let mut grants = paths.texts().iter().zip(&listing.files);
            let (text, _) = grants.find(|(_, files)| files.contains_key(name))?;
            let is_archive = origin.is_archive();
            is_archive.then(|| grant::archive_advice(name, text))
        })
    }

    fn find(&self, input: &str) -> Result<Arc<Listing>> {
        let Some(pinned) = &self.pinned else {
            return self.granted.find(input);
        };
        if let Some(listing) = pinned.get(input) {
            return Ok(listing);
        }
        let found = self.granted.find(input)?;
        // Whoever looked at the same time and was first, found it for all.
        let mut pinned = pinned.lock();
        let listing = pinned.entry(input.to_owned()).or_insert(found);
        Ok(Arc::clone(listing))
    }

    fn known(&self, input: &str) -> Option<Arc<Listing>> {
        let pinned = self.pinned.as_ref();
        let pinned = pinned.and_then(|pinned| pinned.get(input));
        pinned.or_else(|| self.granted.listings.get(input))
    }
}

impl Granted {
    /// Looks at an input.
    fn find(&self, input: &str) -> Result<Arc<Listing>> {
        let paths = self.named.get(input);
        let paths = paths.ok_or_else(|| self.not_granted(input))?;
        let found = Listing::find(paths.texts(), self.listings.get(input), self);
        let listing = found.context(|| format!("input {input:?}"))?;
        let mut listings = self.listings.lock();
        listings.insert(input.to_owned(), Arc::clone(&listing));
        Ok(listing)
    }

    fn not_granted(&self, input: &str) -> Error {
        Error::denied(format!("input {input:?} is not granted")).with_hint(format!(
            "write it into sextant.toml: [source.{}.inputs] {input} = \"path/to/*.csv\"",
            self.source
        ))
    }
}

/// What an input was found to be.
#[derive(Debug)]
struct Listing {
    /// The files that each of its grants found.
    files: Vec<BTreeMap<String, FoundFile>>,
    /// What is to be read, by the name of its entry.
    origins: BTreeMap<String, Origin>,
}

impl Listing {
    /// Looks for the files. While they are the ones of the listing that is known, no archive has
    /// to be looked into again.
    fn find(texts: &[String], known: Option<Arc<Self>>, inputs: &Granted) -> Result<Arc<Self>> {
        let limits = &inputs.limits;
        let grants = texts.iter().map(|text| Grant::parse(text));
        let grants: Vec<_> = grants.collect::<Result<_>>()?;
        let files = grants
            .iter()
            .map(|grant| grant.files(&inputs.base, &inputs.stores, limits));
        let files: Vec<_> = files.collect::<Result<_>>()?;
        // What nothing marks may have become another, with other members.
        let are_marked = files
            .iter()
            .flat_map(BTreeMap::values)
            .all(FoundFile::is_marked);
        if let Some(known) = known.filter(|known| are_marked && known.files == files) {
            return Ok(known);
        }
        let mut origins = BTreeMap::new();
        for (grant, files) in grants.iter().zip(&files) {
            for (name, origin) in grant.origins(files, limits)? {
                check_entries(origins.len() + 1, limits)?;
                insert(&mut origins, name, origin)?;
            }
        }
        Ok(Arc::new(Self { files, origins }))
    }
}

/// Two grants may name the same file; two files may not have the same name.
fn insert(origins: &mut BTreeMap<String, Origin>, name: String, origin: Origin) -> Result<()> {
    match origins.entry(name) {
        Slot::Vacant(slot) => {
            slot.insert(origin);
            Ok(())
        }
        Slot::Occupied(slot) if *slot.get() == origin => Ok(()),
        Slot::Occupied(slot) => Err(Error::config(format!(
            "{} and {origin} would both be entry {:?}",
            slot.get(),
            slot.key()
        ))),
    }
}

fn check_entries(count: usize, limits: &Limits) -> Result<()> {
    let limit = limits.input_entries_max;
    match count > limit {
        true => Err(Error::over_limit(
            "entries of the input",
            format!("more than {limit}"),
            limit,
            "input_entries_max",
        )),
        false => Ok(()),
    }
}

/// A name as it may be shown: whoever packs an archive or names a file must not move a terminal's
/// cursor with it.
fn shown_name(name: &str) -> String {
    let clean = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    name.chars().map(clean).collect()
}
