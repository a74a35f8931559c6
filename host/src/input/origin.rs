//! Origins: where the bytes of an entry come from, and how they are read from there.

use super::compression::{Bounded, Compression, count, refuse_compressed};
use super::remote::RemoteFile;
use super::zip::{self, Member};
use super::{ByteStream, Entry, Opened};
use crate::error::{Error, Result};
use crate::limits::Limits;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// A regular file as it was when it was found, by a path without symbolic links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocalFile {
    path: PathBuf,
    bytes: u64,
    version: String,
}

impl LocalFile {
    /// The file at a path without symbolic links; none where something else is.
    pub(super) fn at(path: PathBuf) -> Result<Option<Self>> {
        let metadata = path.metadata()?;
        Ok(metadata.is_file().then(|| Self {
            path,
            bytes: metadata.len(),
            version: version(&metadata),
        }))
    }

    /// Opens the file that was found, and no other.
    pub(super) fn open(&self) -> Result<File> {
        self.open_as_found().map(|(file, _)| file)
    }

    fn open_as_found(&self) -> Result<(File, Metadata)> {
        let file = File::open(&self.path)?;
        // What was opened is looked at, not what the path leads to by now: between the look and the
        // opening, somebody could have put a link there.
        let found = file.metadata()?;
        match version(&found) == self.version {
            true => Ok((file, found)),
            false => Err(Error::file_changes()),
        }
    }

    fn is_current(&self) -> bool {
        let metadata = self.path.metadata();
        metadata.is_ok_and(|metadata| version(&metadata) == self.version)
    }

    fn read_from(&self, start: u64) -> Result<ByteStream> {
        let (mut file, found) = self.open_as_found()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(Box::new(Unchanged { file, found }))
    }
}

/// A file that gives nothing any more once it is not as it was found. It is looked at after each read, since who
/// writes it in its place does so at any time.
struct Unchanged {
    file: File,
    found: Metadata,
}

impl Unchanged {
    /// To put another file in its place changes it as well, though not what it holds: it then has no name any more.
    fn is_as_found(&self, now: &Metadata) -> bool {
        let written = |file: &Metadata| (file.len(), file.mtime(), file.mtime_nsec());
        let changed = |file: &Metadata| (file.ctime(), file.ctime_nsec());
        written(now) == written(&self.found)
            && (changed(now) == changed(&self.found) || now.nlink() == 0)
    }
}

impl Read for Unchanged {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        match self.is_as_found(&self.file.metadata()?) {
            true => Ok(count),
            false => Err(io::Error::other(Error::file_changes())),
        }
    }
}

/// The time of the last change is the file system's own: whoever sets that of the last modification back cannot
/// set it.
fn version(metadata: &Metadata) -> String {
    format!(
        "{}-{}.{:09}-{}.{:09}-{}",
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
        metadata.ino()
    )
}

/// A file, wherever it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FoundFile {
    Local(LocalFile),
    Remote(RemoteFile),
}

/// Bytes that are read from anywhere.
pub(super) trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

impl fmt::Display for FoundFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(file) => write!(f, "{}", file.path.display()),
            Self::Remote(file) => write!(f, "{file}"),
        }
    }
}

impl FoundFile {
    /// How many bytes it has, where that is known.
    fn bytes(&self) -> Option<u64> {
        match self {
            Self::Local(file) => Some(file.bytes),
            Self::Remote(file) => file.bytes,
        }
    }

    /// Whether its version tells it from any other file of the same length.
    pub(super) fn is_marked(&self) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Remote(file) => file.is_marked(),
        }
    }

    fn is_seekable(&self) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Remote(file) => file.is_seekable(),
        }
    }

    fn version(&self) -> &str {
        match self {
            Self::Local(file) => &file.version,
            Self::Remote(file) => &file.version,
        }
    }

    /// Opens the file that was found, and no other, to be read here and there.
    ///
    /// # Errors
    ///
    /// Unavailable where the file is being replaced, config where its server gives no parts of it.
    pub(super) fn open(&self) -> Result<Box<dyn ReadSeek>> {
        Ok(match self {
            Self::Local(file) => Box::new(file.open()?),
            Self::Remote(file) => Box::new(file.open()?),
        })
    }

    /// Whether it is still what it was when it was found; of a remote one that is seen when it is
    /// read.
    fn is_current(&self) -> bool {
        match self {
            Self::Local(file) => file.is_current(),
            Self::Remote(_) => true,
        }
    }

    /// Its bytes from `start` on, or from its start where no others are given. Where they start comes along.
    fn read_from(&self, start: u64) -> Result<(ByteStream, u64)> {
        match self {
            Self::Local(file) => Ok((file.read_from(start)?, start)),
            Self::Remote(file) => file.read_from(start),
        }
    }
}

/// Where the bytes of an entry come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    place: Place,
    /// How they are compressed there, as the name of the entry says.
    compression: Option<Compression>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(FoundFile),
    Member(FoundFile, Member),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(file) => write!(f, "{file}"),
            Place::Member(archive, member) => {
                write!(f, "{archive}!{} at byte {}", member.name, member.start)
            }
        }
    }
}

impl Origin {
    /// A whole file.
    pub(super) fn file(name: &str, file: FoundFile) -> Self {
        Self {
            compression: Compression::of_name(name),
            place: Place::File(file),
        }
    }

    /// A member of an archive.
    pub(super) fn member(archive: FoundFile, member: Member) -> Self {
        Self {
            compression: Compression::of_name(&member.name),
            place: Place::Member(archive, member),
        }
    }

    /// What a source is told of it.
    pub(super) fn entry(&self, name: &str) -> Entry {
        Entry {
            name: name.to_owned(),
            size: self.bytes(),
            seekable: self.is_seekable(),
            version: self.found_file().version().to_owned(),
        }
    }

    /// Whether it is still what it was when it was found.
    pub(super) fn is_current(&self) -> bool {
        self.found_file().is_current()
    }

    /// Whether it is a whole file of this machine, and that is an archive.
    pub(super) fn is_archive(&self) -> bool {
        match &self.place {
            Place::File(FoundFile::Local(file)) => file.open().is_ok_and(zip::is_archive),
            Place::File(FoundFile::Remote(_)) | Place::Member(..) => false,
        }
    }

    /// Opens it from byte `start` on, for at most `length` bytes, both counted after decompression.
    ///
    /// # Errors
    ///
    /// Data where it is broken from the start, unavailable where the file is being replaced.
    pub(super) fn open(&self, start: u64, length: Option<u64>, limits: &Limits) -> Result<Opened> {
        let memory_bytes_max = limits.input_decoder_memory_bytes_max;
        let jump = if self.is_seekable() { start } else { 0 };
        let (mut reader, starts_at) = match &self.place {
            Place::File(file) => file.read_from(jump)?,
            Place::Member(archive, member) => {
                let reader = member.read_from(archive.open()?, jump, memory_bytes_max)?;
                (reader, jump)
            }
        };
        let packed_bytes = match self.packed_bytes() {
            Some(bytes) => Arc::new(AtomicU64::new(bytes)),
            None => count(&mut reader),
        };
        reader = match self.compression {
            Some(compression) => compression.decode(reader, memory_bytes_max)?,
            None if starts_at == 0 => refuse_compressed(reader)?,
            None => reader,
        };
        let bounded = match (self.is_plain(), self.bytes()) {
            (true, Some(_)) => None,
            (true, None) => Some("bytes of a file whose length is not known"),
            (false, _) => Some("decompressed bytes"),
        };
        if let Some(what) = bounded {
            reader = Box::new(Bounded::new(reader, what, packed_bytes, limits));
        }
        let skip = start - starts_at;
        let bytes_max = skip.saturating_add(length.unwrap_or(u64::MAX));
        Ok(Opened {
            reader: Box::new(reader.take(bytes_max)),
            skip,
        })
    }

    /// Only what is not compressed can be read from anywhere, and only where its file can.
    fn is_seekable(&self) -> bool {
        self.is_plain() && self.found_file().is_seekable()
    }

    /// Whether it stands in its file as it is.
    fn is_plain(&self) -> bool {
        let is_plain = match &self.place {
            Place::File(_) => true,
            Place::Member(_, member) => member.is_stored(),
        };
        is_plain && self.compression.is_none()
    }

    /// How many bytes it has after decompression, where that is known without reading them.
    fn bytes(&self) -> Option<u64> {
        let bytes = match &self.place {
            Place::File(file) => file.bytes(),
            Place::Member(_, member) => Some(member.bytes),
        };
        bytes.filter(|_| self.compression.is_none())
    }

    fn packed_bytes(&self) -> Option<u64> {
        match &self.place {
            Place::File(file) => file.bytes(),
            Place::Member(_, member) => Some(member.packed_bytes),
        }
    }

    fn found_file(&self) -> &FoundFile {
        match &self.place {
            Place::File(file) | Place::Member(file, _) => file,
        }
    }
}
