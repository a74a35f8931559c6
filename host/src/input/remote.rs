//! Files on web servers and in object stores: found, and read as streams. What reads them blocks, as
//! it does for files; a runtime of their own does the waiting.
//!
//! A file of a store has a length, a tag and any part. One of a web server may lack each of them. What has no
//! parts, or no tag or date by which two parts are seen to be of the same file, is read from its start in one
//! answer. What has neither tag nor date can become another unseen between two queries, and between being
//! described and being read, as a database can; a scan of it is of one state nevertheless.

use super::ByteStream;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::net::{InStore, Stores, WebFile, WebPlace};
use bytes::Bytes;
use futures::stream::{BoxStream, Fuse, StreamExt, TryStreamExt};
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// How often a file of a web server is gone on with where an answer broke off, without a byte in between. Stores do
/// so by themselves.
const RESUMES_MAX: u32 = 3;

/// Bytes for which a server has once more the time that it has for the first.
const PIECE_BYTES: u64 = 64 << 10;

/// How many waits for a store the next names of a listing may take: some to try again, and one for the names.
const LISTING_WAITS: u32 = 4;

/// Bytes as they come.
type Chunks = BoxStream<'static, Result<Bytes>>;

/// Whether a text under `[source.NAME.inputs]` is a URL.
pub(super) fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// A file as it was when it was found.
#[derive(Clone)]
pub(super) struct RemoteFile {
    place: Place,
    /// Its URL, as errors show it.
    url: String,
    /// How many bytes it has, where its server says so.
    pub(super) bytes: Option<u64>,
    pub(super) version: String,
    /// How long its server may let itself be waited for.
    wait: Duration,
}

#[derive(Clone)]
enum Place {
    Object {
        store: Arc<dyn ObjectStore>,
        path: ObjectPath,
        etag: Option<String>,
    },
    Web(WebPlace, WebFile),
}

impl fmt::Debug for RemoteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl PartialEq for RemoteFile {
    fn eq(&self, other: &Self) -> bool {
        (&self.url, &self.version) == (&other.url, &other.version)
    }
}

impl Eq for RemoteFile {}

impl fmt::Display for RemoteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl RemoteFile {
    /// The file at a URL; none where nothing is.
    pub(super) fn at(url: &str, stores: &Stores) -> Result<Option<Self>> {
        let found = match stores.of(url)? {
            InStore::Object(store, path) => match wait(store.head(&path)) {
                Ok(meta) => Ok(Some(Self::in_store(&store, meta, url.to_owned(), stores))),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(failed(error)),
            },
            InStore::Web(place) => wait(place.find())
                .map(|file| file.map(|file| Self::on_web(place, file, url.to_owned(), stores))),
        };
        found.map_err(|error| error.context(url))
    }

    /// The files below a URL whose names there are wanted, with these names.
    pub(super) fn below(
        url: &str,
        stores: &Stores,
        limits: &Limits,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, Self)>> {
        let is_web = matches!(url.split_once("://"), Some(("http" | "https", _)));
        let (InStore::Object(store, folder), false) = (stores.of(url)?, is_web) else {
            return Err(Error::config(format!(
                "{url}: the files of a web server cannot be listed"
            ))
            .with_hint("name each of them"));
        };
        let limit = limits.input_glob_files_max;
        let patience = stores.wait().saturating_mul(LISTING_WAITS);
        let mut found = Vec::new();
        let listing = async {
            let mut listed = store.list(Some(&folder));
            let mut count = 0;
            loop {
                let next = timeout(patience, listed.try_next()).await.map_err(|_| {
                    let limit = patience.as_millis();
                    too_slow(format!(
                        "the next names of files took longer than {limit} ms"
                    ))
                })?;
                let Some(meta) = next.map_err(failed)? else {
                    return Ok(());
                };
                count += 1;
                if count > limit {
                    return Err(Error::over_limit(
                        "files and folders that the glob looks at",
                        format!("more than {limit}"),
                        limit,
                        "input_glob_files_max",
                    ));
                }
                let parts = meta.location.prefix_match(&folder);
                let name = parts.map(|parts| {
                    let parts: Vec<_> = parts.map(|part| part.as_ref().to_owned()).collect();
                    parts.join("/")
                });
                if let Some(name) = name.filter(|name| is_wanted(name)) {
                    let url = format!("{url}{name}");
                    found.push((name, Self::in_store(&store, meta, url, stores)));
                }
            }
        };
        wait(listing).map_err(|error: Error| error.context(url))?;
        Ok(found)
    }

    fn in_store(
        store: &Arc<dyn ObjectStore>,
        meta: ObjectMeta,
        url: String,
        stores: &Stores,
    ) -> Self {
        Self {
            wait: stores.wait(),
            version: version(&meta),
            bytes: Some(meta.size),
            place: Place::Object {
                store: Arc::clone(store),
                path: meta.location,
                etag: meta.e_tag.as_deref().map(quoted),
            },
            url,
        }
    }

    fn on_web(place: WebPlace, file: WebFile, url: String, stores: &Stores) -> Self {
        let bytes = file.bytes.map(|bytes| bytes.to_string());
        let mark = file.mark.as_deref().unwrap_or_default();
        Self {
            wait: stores.wait(),
            version: format!("{}-{mark}", bytes.unwrap_or_default()),
            bytes: file.bytes,
            place: Place::Web(place, file),
            url,
        }
    }

    /// Whether its version tells it from any other file of the same length.
    pub(super) fn is_marked(&self) -> bool {
        match &self.place {
            Place::Object { .. } => true,
            Place::Web(_, file) => file.is_told_apart(),
        }
    }

    /// Whether it can be read from anywhere, and be seen to be the same file.
    pub(super) fn is_seekable(&self) -> bool {
        match &self.place {
            Place::Object { .. } => true,
            Place::Web(_, file) => file.has_safe_ranges(),
        }
    }

    /// The file that was found, and no other, to be read here and there. Where nothing marks it, whoever
    /// reads has to see by what he reads that it is of one file, as the checksums of an archive show.
    ///
    /// # Errors
    ///
    /// Config, where its server gives no parts of it. One that said it did shows when it is read.
    pub(super) fn open(&self) -> Result<RemoteReader> {
        match &self.place {
            Place::Web(_, file) if !file.has_ranges() => Err(no_ranges()),
            _ => Ok(RemoteReader::new(self)),
        }
    }

    /// The file that was found, and no other, from `start` on, or from its start where the server gives all
    /// of it whatever it is asked for. Where it is read from comes along.
    pub(super) fn read_from(&self, start: u64) -> Result<(ByteStream, u64)> {
        let mut reader = RemoteReader::new(self);
        if start > 0 {
            reader.position = start;
            reader.connect()?;
        }
        let starts_at = reader.position;
        Ok((Box::new(reader), starts_at))
    }

    /// Asks for the bytes from a position on. Where they start comes along.
    async fn stream(&self, position: u64) -> Result<(u64, Chunks)> {
        match &self.place {
            Place::Web(place, file) => place.open(file, position).await,
            Place::Object { store, path, etag } => {
                let options = GetOptions {
                    range: (position > 0).then_some(GetRange::Offset(position)),
                    if_match: etag.clone(),
                    ..GetOptions::default()
                };
                let answer = store.get_opts(path, options).await.map_err(failed)?;
                match version(&answer.meta) == self.version {
                    true => Ok((position, answer.into_stream().map_err(failed).boxed())),
                    false => Err(Error::file_changes()),
                }
            }
        }
    }
}

/// A tag as HTTP writes it (RFC 9110, 8.8.3). Azure lists tags without the quotes that it sends and expects elsewhere.
fn quoted(tag: &str) -> String {
    match tag.ends_with('"') {
        true => tag.to_owned(),
        false => format!("\"{tag}\""),
    }
}

/// What changes with the content: the tag, or else what stands for one.
fn version(meta: &ObjectMeta) -> String {
    match &meta.e_tag {
        Some(tag) => format!("{}-{}", meta.size, quoted(tag)),
        None => format!("{}-{}", meta.size, meta.last_modified.timestamp_micros()),
    }
}

/// How long a server may let itself be waited for. Each wait is bounded by the client, but one that sends a byte now
/// and then is never late, and whoever waits holds a thread. So all waits together are bounded as well, by how much
/// came: once for the first bytes, and once more for each piece. What passes between two reads is no wait.
struct Patience {
    wait: Duration,
    waited: Duration,
    bytes: u64,
}

impl Patience {
    /// Takes note of bytes that came.
    ///
    /// # Errors
    ///
    /// Unavailable, where they took too long.
    fn came(&mut self, bytes: usize) -> Result<()> {
        self.bytes += bytes as u64;
        let waits = u32::try_from(1 + self.bytes / PIECE_BYTES).unwrap_or(u32::MAX);
        match self.waited > self.wait.saturating_mul(waits) {
            true => Err(too_slow(format!(
                "{} bytes in {} ms, and the limit is {} ms for each {PIECE_BYTES}",
                self.bytes,
                self.waited.as_millis(),
                self.wait.as_millis()
            ))),
            false => Ok(()),
        }
    }
}

fn too_slow(how: impl fmt::Display) -> Error {
    Error::unavailable(format!("it sends too slowly: {how}")).with_hint(
        "raise limits.network_wait_ms_max in sextant.toml if the far side is known to be slow",
    )
}

/// Reads a file. Where a seek leads elsewhere it is asked for again from there.
pub(super) struct RemoteReader {
    file: RemoteFile,
    position: u64,
    chunk: Bytes,
    rest: Option<Fuse<Chunks>>,
    patience: Patience,
    /// How often it was gone on with since bytes came last.
    resumes: u32,
    /// What ended it. An error that is read over must not look like the end.
    failure: Option<Error>,
}

impl RemoteReader {
    fn new(file: &RemoteFile) -> Self {
        Self {
            file: file.clone(),
            position: 0,
            chunk: Bytes::new(),
            rest: None,
            patience: Patience {
                wait: file.wait,
                waited: Duration::ZERO,
                bytes: 0,
            },
            resumes: 0,
            failure: None,
        }
    }

    /// Asks for the bytes from its position on, unless the file ends there. Its position is then where they
    /// start, which may be the start of the file.
    fn connect(&mut self) -> Result<()> {
        if self.file.bytes.is_none_or(|bytes| self.position < bytes) {
            let (starts_at, rest) = wait(self.file.stream(self.position))?;
            self.position = starts_at;
            self.rest = Some(rest.fuse());
        }
        Ok(())
    }

    /// The next bytes; none at the end.
    fn next_chunk(&mut self) -> Result<Bytes> {
        loop {
            if self.rest.is_none() {
                let position = self.position;
                self.connect()?;
                if self.position != position {
                    return Err(no_ranges());
                }
            }
            let Some(rest) = &mut self.rest else {
                return Ok(Bytes::new());
            };
            let bytes = self.file.bytes;
            let began = Instant::now();
            let next = wait(rest.next());
            self.patience.waited += began.elapsed();
            let failure = match next {
                Some(Ok(chunk)) => {
                    self.patience.came(chunk.len())?;
                    if chunk.is_empty() {
                        continue;
                    }
                    self.resumes = 0;
                    let end = self.position + chunk.len() as u64;
                    return match bytes.filter(|&bytes| end > bytes) {
                        Some(bytes) => Err(Error::unavailable(format!(
                            "it goes on after the {bytes} bytes that it was said to have"
                        ))),
                        None => Ok(chunk),
                    };
                }
                Some(Err(error)) => error,
                None => match bytes.filter(|&bytes| self.position < bytes) {
                    Some(bytes) => Error::unavailable(format!(
                        "it broke off at byte {} of {bytes}",
                        self.position
                    )),
                    None => return Ok(Bytes::new()),
                },
            };
            self.resume(failure)?;
        }
    }

    /// Goes on after a failure, where the rest is seen to be that of the same file.
    fn resume(&mut self, failure: Error) -> Result<()> {
        let is_resumed = matches!(self.file.place, Place::Web(..)) && self.file.is_seekable();
        if !is_resumed || !failure.is_unavailable() || self.resumes == RESUMES_MAX {
            return Err(failure);
        }
        self.resumes += 1;
        self.rest = None;
        let position = self.position;
        // A server that breaks off again and again is waited for as well.
        let began = Instant::now();
        let connected = self.connect();
        self.patience.waited += began.elapsed();
        connected?;
        match self.rest.is_some() && self.position == position {
            true => Ok(()),
            false => Err(failure),
        }
    }
}

impl Read for RemoteReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = &self.failure {
            return Err(io::Error::other(failure.clone()));
        }
        if self.chunk.is_empty() && !out.is_empty() {
            let chunk = self.next_chunk();
            self.chunk = chunk.map_err(|error| {
                self.failure = Some(error.clone());
                io::Error::other(error)
            })?;
        }
        let count = out.len().min(self.chunk.len());
        out[..count].copy_from_slice(&self.chunk.split_to(count));
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for RemoteReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => self.file.bytes.and_then(|end| end.checked_add_signed(by)),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let to = to.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        if to != self.position {
            (self.chunk, self.rest) = (Bytes::new(), None);
            self.position = to;
        }
        Ok(to)
    }
}

/// Waits on a thread that may.
fn wait<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("inputs")
            .enable_all()
            .build();
        runtime.unwrap_or_else(|error| panic!("no thread can be started: {error}"))
    });
    runtime.block_on(work)
}

fn no_ranges() -> Error {
    Error::config("the server gives no ranges, and members of an archive are read where they lie")
        .with_hint("download the archive and name the file instead of its URL")
}

fn failed(error: object_store::Error) -> Error {
    // One of ours, such as that of an address, comes back as it was.
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut innermost = String::new();
    while let Some(error) = cause {
        if let Some(own) = error.downcast_ref::<Error>() {
            return own.clone();
        }
        innermost = error.to_string();
        cause = error.source();
    }
    match error {
        object_store::Error::NotFound { .. } => Error::not_found("there is no such file any more"),
        object_store::Error::Precondition { .. } | object_store::Error::NotModified { .. } => {
            Error::file_changes()
        }
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => {
            Error::denied("the store does not allow it with these credentials")
                .with_hint("credentials stand under stores and secrets in sextant.toml")
        }
        _ => Error::unavailable(format!("the store cannot answer: {innermost}")),
    }
}
