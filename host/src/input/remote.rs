//! Files on web servers and in object stores: found, and read as streams. What reads them blocks, as
//! it does for files; a runtime of their own does the waiting.

use super::ByteStream;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::net::{InStore, Stores};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, OnceLock};
use tokio::runtime::{Builder, Runtime};

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
    store: Arc<dyn ObjectStore>,
    path: ObjectPath,
    /// Its URL, as errors show it.
    url: String,
    pub(super) bytes: u64,
    pub(super) version: String,
    etag: Option<String>,
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
        let (store, path) = stores.of(url)?;
        match wait(store.head(&path)) {
            Ok(meta) => Ok(Some(Self::new(&store, meta, url.to_owned()))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error).context(url)),
        }
    }

    /// The files below a URL whose names there are wanted, with these names.
    pub(super) fn below(
        url: &str,
        stores: &Stores,
        limits: &Limits,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, Self)>> {
        let (store, folder): InStore = stores.of(url)?;
        if matches!(url.split_once("://"), Some(("http" | "https", _))) {
            return Err(Error::config(format!(
                "{url}: the files of a web server cannot be listed"
            ))
            .with_hint("name each of them"));
        }
        let limit = limits.input_glob_files_max;
        let mut found = Vec::new();
        let listing = async {
            let mut listed = store.list(Some(&folder));
            let mut count = 0;
            while let Some(meta) = listed.try_next().await.map_err(failed)? {
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
                    found.push((name, Self::new(&store, meta, url)));
                }
            }
            Ok(())
        };
        wait(listing).map_err(|error: Error| error.context(url))?;
        Ok(found)
    }

    fn new(store: &Arc<dyn ObjectStore>, meta: ObjectMeta, url: String) -> Self {
        let etag = meta.e_tag.clone();
        Self {
            version: version(&meta),
            bytes: meta.size,
            path: meta.location,
            store: Arc::clone(store),
            url,
            etag,
        }
    }

    /// The file that was found, and no other, from the start.
    pub(super) fn open(&self) -> RemoteReader {
        RemoteReader {
            file: self.clone(),
            position: 0,
            chunk: bytes::Bytes::new(),
            rest: None,
        }
    }

    pub(super) fn read_from(&self, start: u64) -> ByteStream {
        Box::new(RemoteReader {
            position: start.min(self.bytes),
            ..self.open()
        })
    }

    /// Asks for the bytes from a position on.
    async fn stream(
        &self,
        position: u64,
    ) -> object_store::Result<BoxStream<'static, object_store::Result<bytes::Bytes>>> {
        let options = GetOptions {
            range: (position > 0).then_some(GetRange::Offset(position)),
            if_match: self.etag.clone(),
            ..GetOptions::default()
        };
        let answer = self.store.get_opts(&self.path, options).await?;
        if version(&answer.meta) != self.version {
            return Err(object_store::Error::Precondition {
                path: self.url.clone(),
                source: "it is another".into(),
            });
        }
        Ok(answer.into_stream())
    }
}

/// What changes with the content: the tag, or else what stands for one.
fn version(meta: &ObjectMeta) -> String {
    match &meta.e_tag {
        Some(tag) => format!("{}-{tag}", meta.size),
        None => format!("{}-{}", meta.size, meta.last_modified.timestamp_micros()),
    }
}

/// Reads a file. Where a seek leads elsewhere it is asked for again from there.
pub(super) struct RemoteReader {
    file: RemoteFile,
    position: u64,
    chunk: bytes::Bytes,
    rest: Option<BoxStream<'static, object_store::Result<bytes::Bytes>>>,
}

impl Read for RemoteReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() && self.position < self.file.bytes {
            let rest = match &mut self.rest {
                Some(rest) => rest,
                None => {
                    let stream = wait(self.file.stream(self.position)).map_err(failed);
                    self.rest.insert(stream.map_err(io::Error::other)?)
                }
            };
            match wait(rest.next()) {
                Some(chunk) => {
                    self.chunk = chunk.map_err(|error| io::Error::other(failed(error)))?
                }
                None => {
                    let error = Error::unavailable(format!(
                        "it broke off at byte {} of {}",
                        self.position, self.file.bytes
                    ));
                    return Err(io::Error::other(error));
                }
            }
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
            SeekFrom::End(by) => self.file.bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let to = to.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        if to != self.position {
            (self.chunk, self.rest) = (bytes::Bytes::new(), None);
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
            Error::unavailable("the file changes").with_hint("try again")
        }
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => {
            Error::denied("the store does not allow it with these credentials")
                .with_hint("credentials stand under stores and secrets in sextant.toml")
        }
        _ => Error::unavailable(format!("the store cannot answer: {innermost}")),
    }
}
