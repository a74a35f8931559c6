//! Compressions of streams, and the bounds of what comes out of them.
//!
//! Every decoder reads a buffer at a time and takes all streams, frames or members that stand one
//! after the other. All of them are in the binary already, since DataFusion and parquet read files
//! with them; a second decoder of a format would be more code that reads hostile bytes, not less.

use super::ByteStream;
use crate::error::{Error, Result};
use crate::limits::Limits;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many compressed bytes are read at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// How many bytes at its start tell the compression of a stream.
const HEAD_BYTES: u64 = 10;

/// A compression of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// bzip2 1.0.
    Bzip2,
    /// The .xz file format 1.2.
    Xz,
    /// RFC 1951, bare; what members of zip archives usually have.
    Deflate,
}

impl Compression {
    /// The compression that a file's name tells.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let extension = Path::new(name).extension()?.to_str()?;
        match extension.to_ascii_lowercase().as_str() {
            "gz" => Some(Self::Gzip),
            "zst" => Some(Self::Zstd),
            "bz2" => Some(Self::Bzip2),
            "xz" => Some(Self::Xz),
            _ => None,
        }
    }

    /// The compression that the first bytes of a stream tell.
    fn of_head(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [b'B', b'Z', b'h', _, block @ ..] if block.starts_with(b"1AY&SY") => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Deflate => "deflate",
        }
    }

    /// Decompresses a stream with a decoder of at most so much memory, in bytes.
    pub(super) fn decode(self, packed: ByteStream, memory_bytes_max: u64) -> Result<ByteStream> {
        let packed = BufReader::with_capacity(BUFFER_BYTES, packed);
        let reader: ByteStream = match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            Self::Deflate => Box::new(flate2::bufread::DeflateDecoder::new(packed)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(packed)?;
                // The window is nearly all that a decoder holds, and has 2^10 to 2^31 bytes.
                decoder.window_log_max(memory_bytes_max.max(1).ilog2().clamp(10, 31))?;
                Box::new(decoder)
            }
            Self::Xz => {
                let all_streams = liblzma::stream::CONCATENATED;
                let stream =
                    liblzma::stream::Stream::new_stream_decoder(memory_bytes_max, all_streams)
                        .map_err(io::Error::from)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(packed, stream))
            }
        };
        Ok(Box::new(Decoder {
            compression: self,
            memory_bytes_max,
            reader,
        }))
    }
}

/// Passes a stream on that is not compressed. One that is, and whose name does not say so, would
/// otherwise be read as garbage.
pub(super) fn refuse_compressed(mut reader: ByteStream) -> Result<ByteStream> {
    let mut head = Vec::new();
    reader.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    match Compression::of_head(&head) {
        Some(compression) => Err(Error::data(format!(
            "compressed with {}, and its name does not say so",
            compression.name()
        ))
        .with_hint("let its name end in .gz, .zst, .bz2 or .xz, so that it is decompressed")),
        None => Ok(Box::new(Cursor::new(head).chain(reader))),
    }
}

/// A decoder whose errors say that it was the compression that was broken.
struct Decoder {
    compression: Compression,
    memory_bytes_max: u64,
    reader: ByteStream,
}

impl Decoder {
    fn explain(&self, error: io::Error) -> io::Error {
        let inner = error.get_ref();
        let is_from_below = inner.is_some_and(|inner| inner.is::<Error>());
        if is_from_below || error.raw_os_error().is_some() {
            return error;
        }
        let memory_key = "input_decoder_memory_bytes_max";
        let of_xz = inner.and_then(|inner| inner.downcast_ref::<liblzma::stream::Error>());
        if of_xz == Some(&liblzma::stream::Error::MemLimit) {
            return io::Error::other(Error::over_limit(
                "bytes of memory of a decoder",
                "more",
                self.memory_bytes_max,
                memory_key,
            ));
        }
        let name = self.compression.name();
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return io::Error::other(Error::data(format!("broken {name}: it ends too soon")));
        }
        let broken = Error::data(format!("broken {name}: {error}"));
        io::Error::other(match self.compression {
            // Of a window that is too large zstd says so in words alone.
            Compression::Zstd => broken.with_hint(format!(
                "if it was made with --long or --ultra, raise limits.{memory_key} in sextant.toml"
            )),
            _ => broken,
        })
    }
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        read.map_err(|error| self.explain(error))
    }
}

/// Counts the bytes that are read of a stream from here on.
pub(super) fn count(reader: &mut ByteStream) -> Arc<AtomicU64> {
    let bytes = Arc::new(AtomicU64::new(0));
    let uncounted = std::mem::replace(reader, Box::new(io::empty()));
    *reader = Box::new(Counted {
        reader: uncounted,
        bytes: Arc::clone(&bytes),
    });
    bytes
}

struct Counted {
    reader: ByteStream,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A stream that ends with an error where it grows beyond its bounds, so that a decompression bomb costs
/// no more than they allow, nor does a server that goes on sending. It is never held, so all it could cost
/// is time.
pub(super) struct Bounded {
    reader: ByteStream,
    /// What is counted, as an error calls it.
    what: &'static str,
    /// How many bytes came out.
    bytes: u64,
    /// How many go in: all together where that is known, else so far.
    packed_bytes: Arc<AtomicU64>,
    bytes_max: u64,
    ratio_max: u64,
    ratio_from_bytes: u64,
}

impl Bounded {
    /// Bounds what comes out of so many compressed bytes.
    pub(super) fn new(
        reader: ByteStream,
        what: &'static str,
        packed_bytes: Arc<AtomicU64>,
        limits: &Limits,
    ) -> Self {
        Self {
            reader,
            what,
            bytes: 0,
            packed_bytes,
            bytes_max: limits.input_decompressed_bytes_max,
            ratio_max: limits.input_decompression_ratio_max,
            ratio_from_bytes: limits.input_decompression_ratio_from_bytes,
        }
    }

    fn check(&self) -> Result<()> {
        if self.bytes > self.bytes_max {
            return Err(Error::over_limit(
                self.what,
                format!("{} so far", self.bytes),
                self.bytes_max,
                "input_decompressed_bytes_max",
            ));
        }
        let ratio = self.bytes / self.packed_bytes.load(Ordering::Relaxed).max(1);
        if self.bytes > self.ratio_from_bytes && ratio > self.ratio_max {
            return Err(Error::over_limit(
                "decompressed bytes for each compressed one",
                format!("{ratio} so far"),
                self.ratio_max,
                "input_decompression_ratio_max",
            ));
        }
        Ok(())
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes += count as u64;
        self.check().map_err(io::Error::other)?;
        Ok(count)
    }
}
