//! The host as a source sees it: named inputs to read, HTTP, TCP and secrets where they were
//! granted, and reports to the analyst.
//!
//! A [`Host`] is handed to [`Source::open`](crate::Source::open). In a component it is the real
//! one; in a native test it is a [`testing::TestHost`](crate::testing::TestHost) that serves bytes
//! from memory and remembers what was reported. Functions get no host: they compute.
//!
//! What was not declared and granted answers with [`ErrorKind::Unauthorized`](crate::ErrorKind).

use crate::{Error, HttpRequest, HttpResponse, Result, ScramProof, TcpConnection};
use std::fmt;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// One file, archive member or object of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The input that it belongs to.
    pub input: String,
    /// The name within the input.
    pub name: String,
    /// Decompressed bytes, where that is known without reading them.
    pub size: Option<u64>,
    /// Whether reading may start anywhere without reading what comes before.
    pub seekable: bool,
    /// Changes when the content may have changed.
    pub version: String,
}

impl fmt::Display for Entry {
    /// The input and the name in it, as errors show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.input, self.name)
    }
}

/// What a host does for a source. Implemented by the SDK; plugins use [`Host`].
///
/// What has a body here may be left out by an implementor: it answers that there is no such thing.
pub trait Capabilities {
    /// The entries of an input.
    fn entries(&self, input: &str) -> Result<Vec<Entry>>;
    /// Opens an entry.
    fn open(&self, entry: &Entry, start: u64, length: Option<u64>) -> Result<Box<dyn ReadChunk>>;
    /// Records were left out.
    fn skipped(&self, count: u64, first: &Error);
    /// Something the analyst must hear.
    fn warning(&self, message: &str);

    /// Sends an HTTP request.
    fn http(&self, request: &HttpRequest) -> Result<HttpResponse> {
        let _ = request;
        Err(Error::unsupported("this host has no http"))
    }

    /// Connects to the place that a grant names.
    fn tcp(&self, grant: &str) -> Result<TcpConnection> {
        let _ = grant;
        Err(Error::unsupported("this host has no tcp"))
    }

    /// The user name of a granted secret.
    fn secret_user(&self, name: &str) -> Result<String> {
        let _ = name;
        Err(Error::unsupported("this host has no secrets"))
    }

    /// SCRAM-SHA-256 with the password of a granted secret.
    fn scram_sha256(
        &self,
        name: &str,
        salt: &[u8],
        iterations: u32,
        auth_message: &str,
    ) -> Result<ScramProof> {
        let _ = (name, salt, iterations, auth_message);
        Err(Error::unsupported("this host has no secrets"))
    }
}

/// A stream of byte chunks, as the host gives them.
pub trait ReadChunk {
    /// Up to `max` bytes; empty at the end.
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>>;
}

/// The host, for a source. Cheap to clone.
#[derive(Clone)]
pub struct Host(Backend);

#[derive(Clone)]
enum Backend {
    /// The component's imports, called without `dyn` in between: a table of all capabilities would
    /// make every source import, and so have to declare, every one of them.
    #[cfg(target_arch = "wasm32")]
    Imports,
    Given(Rc<dyn Capabilities>),
}

/// Calls a capability of whatever the host is.
macro_rules! call {
    ($host:expr, $method:ident($($argument:expr),*)) => {
        match &$host.0 {
            #[cfg(target_arch = "wasm32")]
            Backend::Imports => crate::wasm::Imports.$method($($argument),*),
            Backend::Given(capabilities) => capabilities.$method($($argument),*),
        }
    };
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

impl Host {
    /// A host with the given capabilities.
    pub fn new(capabilities: impl Capabilities + 'static) -> Self {
        Self(Backend::Given(Rc::new(capabilities)))
    }

    /// The host that the component was instantiated by.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn imports() -> Self {
        Self(Backend::Imports)
    }

    /// The entries of a named input, in a fixed order.
    pub fn entries(&self, input: &str) -> Result<Vec<Entry>> {
        call!(self, entries(input))
    }

    /// Reads an entry from its start to its end.
    pub fn read(&self, entry: &Entry) -> Result<InputReader> {
        self.read_range(entry, 0, None)
    }

    /// Reads an entry from byte `start` on, for at most `length` bytes. Bytes are counted after
    /// decompression; on an entry that is not seekable what comes before is read and dropped.
    pub fn read_range(
        &self,
        entry: &Entry,
        start: u64,
        length: Option<u64>,
    ) -> Result<InputReader> {
        Ok(InputReader(Buffered::new(
            entry.to_string(),
            call!(self, open(entry, start, length))?,
        )))
    }

    /// Sends an HTTP request and waits for the head of the response; see [`http`](crate::http).
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) where the source was not granted the method
    /// or the place, [`Unavailable`](crate::ErrorKind::Unavailable) where there is no answer. A
    /// status of 400 or more is a response.
    pub fn http(&self, request: &HttpRequest) -> Result<HttpResponse> {
        call!(self, http(request))
    }

    /// Connects to the place that a grant names; see [`tcp`](crate::tcp).
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) where the source has no such grant,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) where nobody answers.
    pub fn tcp(&self, grant: &str) -> Result<TcpConnection> {
        call!(self, tcp(grant))
    }

    /// The user name that belongs to a granted secret; it is not secret itself. See
    /// [`secret`](crate::secret).
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) where the source has no such grant.
    pub fn secret_user(&self, name: &str) -> Result<String> {
        call!(self, secret_user(name))
    }

    /// Both proofs of SCRAM-SHA-256, made with the password of a granted secret. `salt` is as the
    /// far side sent it, decoded from base64; `auth_message` is the three messages of RFC 5802,
    /// section 3, joined by commas. See [`secret`](crate::secret).
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](crate::ErrorKind::Unauthorized) where the source has no such grant.
    pub fn scram_sha256(
        &self,
        name: &str,
        salt: &[u8],
        iterations: u32,
        auth_message: &str,
    ) -> Result<ScramProof> {
        call!(self, scram_sha256(name, salt, iterations, auth_message))
    }

    /// Reports that records were left out because the configuration says so. `first` is the error
    /// of the first of them.
    pub fn skipped(&self, count: u64, first: &Error) {
        call!(self, skipped(count, first));
    }

    /// Reports something that does not change the rows but matters to whoever reads them.
    pub fn warning(&self, message: &str) {
        call!(self, warning(message));
    }
}

/// How many bytes are asked of the host, or handed to it, at a time.
pub(crate) const CHUNK_BYTES: u32 = 256 * 1024;

/// A stream of bytes as [`Read`] and [`BufRead`]. `fill_buf` shows the host's own chunk, so a
/// parser that works on it copies nothing.
pub struct InputReader(Buffered<dyn ReadChunk>);

impl fmt::Debug for InputReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputReader")
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

impl InputReader {
    /// A reader over chunks; errors carry the name.
    pub fn new(name: impl Into<String>, chunks: impl ReadChunk + 'static) -> Self {
        Self(Buffered::new(name.into(), Box::new(chunks)))
    }

    /// The input and entry, or the URL, as errors show it.
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

impl BufRead for InputReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl Read for InputReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

/// The host's latest chunk, how far it has been read, and where the next one comes from. An error
/// gets the name as its place.
pub(crate) struct Buffered<T: ?Sized> {
    name: String,
    buffer: Vec<u8>,
    position: usize,
    chunks: Box<T>,
}

impl<T: ReadChunk + ?Sized> Buffered<T> {
    pub(crate) fn new(name: String, chunks: Box<T>) -> Self {
        Self {
            name,
            buffer: Vec::new(),
            position: 0,
            chunks,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What was read of the host and not yet by the plugin.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer[self.position..]
    }

    /// Calls what the chunks come from.
    pub(crate) fn named<R>(&mut self, call: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        call(&mut self.chunks).map_err(|error| error.in_input(self.name.clone()))
    }

    pub(crate) fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position == self.buffer.len() {
            self.buffer = self.named(|chunks| chunks.read_chunk(CHUNK_BYTES))?;
            self.position = 0;
        }
        Ok(self.buffered())
    }

    pub(crate) fn consume(&mut self, amount: usize) {
        self.position = (self.position + amount).min(self.buffer.len());
    }

    pub(crate) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::testing::TestHost;

    fn reader(bytes: &[u8], chunk_bytes: usize) -> InputReader {
        let host = TestHost::new()
            .entry("files", "a.txt", bytes)
            .chunk_bytes(chunk_bytes)
            .host();
        host.read(&host.entries("files").unwrap()[0]).unwrap()
    }

    #[test]
    fn every_split_reads_the_same() {
        let text = "one\ntwo\r\n\nlast";
        for chunk_bytes in 1..=text.len() + 1 {
            let mut whole = String::new();
            reader(text.as_bytes(), chunk_bytes)
                .read_to_string(&mut whole)
                .unwrap();
            assert_eq!(whole, text);
            let lines: Vec<_> = reader(text.as_bytes(), chunk_bytes)
                .lines()
                .map(io::Result::unwrap)
                .collect();
            assert_eq!(lines, ["one", "two", "", "last"]);
        }
    }

    #[test]
    fn a_chunk_is_shown_until_it_is_consumed() {
        let mut reader = reader(b"abcdef", 4);
        assert_eq!(reader.fill_buf().unwrap(), b"abcd");
        reader.consume(3);
        assert_eq!(reader.fill_buf().unwrap(), b"d");
        let mut out = [0; 8];
        assert_eq!(reader.read(&mut out).unwrap(), 1);
        assert_eq!(reader.read(&mut out).unwrap(), 2);
        assert_eq!(&out[..2], b"ef");
        assert_eq!(reader.fill_buf().unwrap(), b"");
        assert_eq!(reader.read(&mut out).unwrap(), 0);
    }

    #[test]
    fn a_range_is_bounded_on_both_sides() {
        let host = TestHost::new().entry("files", "a.txt", "abcdef").host();
        let entry = host.entries("files").unwrap().remove(0);
        let read = |start, length| {
            let mut text = String::new();
            host.read_range(&entry, start, length)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            text
        };
        assert_eq!(read(2, Some(3)), "cde");
        assert_eq!(read(2, None), "cdef");
        assert_eq!(read(4, Some(u64::MAX)), "ef");
        assert_eq!(read(9, Some(1)), "");
    }

    /// Gives one chunk and then fails, as an archive that ends too soon does.
    struct Broken(bool);

    impl ReadChunk for Broken {
        fn read_chunk(&mut self, _: u32) -> Result<Vec<u8>> {
            match std::mem::replace(&mut self.0, true) {
                false => Ok(b"ab".to_vec()),
                true => Err(Error::new(
                    ErrorKind::Unavailable {
                        retry_after_ms: Some(5),
                    },
                    "the far side went away",
                )),
            }
        }
    }

    #[test]
    fn an_error_of_the_host_comes_through_io_with_its_kind_and_the_name() {
        let mut text = String::new();
        let error = InputReader::new("files/a.txt", Broken(false))
            .read_to_string(&mut text)
            .unwrap_err();
        let error = Error::from(error);
        assert_eq!(
            error.kind(),
            ErrorKind::Unavailable {
                retry_after_ms: Some(5)
            }
        );
        assert_eq!(error.to_string(), "files/a.txt: the far side went away");
    }

    /// Knows inputs alone, as an implementor from before http, tcp and secret does.
    struct InputsOnly;

    impl Capabilities for InputsOnly {
        fn entries(&self, _: &str) -> Result<Vec<Entry>> {
            Ok(Vec::new())
        }

        fn open(&self, _: &Entry, _: u64, _: Option<u64>) -> Result<Box<dyn ReadChunk>> {
            Ok(Box::new(Broken(false)))
        }

        fn skipped(&self, _: u64, _: &Error) {}

        fn warning(&self, _: &str) {}
    }

    #[test]
    fn what_a_host_leaves_out_is_unsupported() {
        let host = Host::new(InputsOnly);
        let kinds = [
            host.http(&HttpRequest::get("https://example.org"))
                .unwrap_err()
                .kind(),
            host.tcp("register").unwrap_err().kind(),
            host.secret_user("register").unwrap_err().kind(),
            host.scram_sha256("register", b"salt", 4096, "")
                .unwrap_err()
                .kind(),
        ];
        assert_eq!(kinds, [ErrorKind::Unsupported; 4]);
    }
}
