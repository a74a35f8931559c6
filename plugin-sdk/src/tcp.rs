//! A connection to a place that the administrator granted by name. The plugin learns neither its
//! address nor its port, resolves nothing and holds no certificate: TLS is the host's.
//!
//! ```
//! use sextant_plugin_sdk::testing::TestHost;
//! use std::io::{BufRead, Write};
//!
//! let host = TestHost::new().tcp("register", "220 ready\r\n");
//! let mut connection = host.host().tcp("register")?;
//! connection.write_all(b"HELO sextant\r\n")?;
//! let mut line = String::new();
//! connection.read_line(&mut line)?;
//! assert_eq!(line, "220 ready\r\n");
//! assert_eq!(host.written("register"), b"HELO sextant\r\n");
//! # Ok::<(), sextant_plugin_sdk::Error>(())
//! ```

use crate::host::{Buffered, CHUNK_BYTES, ReadChunk};
use crate::{Error, Result};
use std::fmt;
use std::io::{self, BufRead, Read, Write};

/// What a host gives for a connection. Implemented by the SDK; plugins use [`TcpConnection`].
pub trait Transport: ReadChunk {
    /// Sends all bytes.
    fn write_chunk(&mut self, bytes: &[u8]) -> Result<()>;
    /// Continues in TLS, after the certificate agreed with the name in the grant.
    fn start_tls(&mut self) -> Result<()>;
}

/// A connection; dropping it closes it.
///
/// Reading is buffered, writing is not: every [`write`](Write::write) is a call to the host, so put
/// a message together and send it at once. Reading waits until there are bytes; the host ends a
/// call that takes too long.
pub struct TcpConnection(Buffered<dyn Transport>);

impl fmt::Debug for TcpConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpConnection")
            .field("grant", &self.0.name())
            .finish_non_exhaustive()
    }
}

impl TcpConnection {
    /// A connection over a transport; errors name the grant.
    pub fn new(grant: impl Into<String>, transport: impl Transport + 'static) -> Self {
        Self(Buffered::new(grant.into(), Box::new(transport)))
    }

    /// Continues in TLS. The host checks the certificate against the name in the grant.
    ///
    /// Bytes that came before TLS and were not read yet are an error: whoever sits on the wire
    /// could have put them there, and they would be taken for what the far side said in TLS
    /// (CVE-2021-23222 is an example).
    pub fn start_tls(&mut self) -> Result<()> {
        if !self.0.buffered().is_empty() {
            let message = format!(
                "expected nothing before TLS, found {} more bytes",
                self.0.buffered().len()
            );
            return Err(Error::invalid_data(message).in_input(self.0.name()));
        }
        self.0.named(|transport| transport.start_tls())
    }
}

impl Read for TcpConnection {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl BufRead for TcpConnection {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl Write for TcpConnection {
    /// Sends at most 256 KiB; [`write_all`](Write::write_all) sends everything.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = &bytes[..bytes.len().min(CHUNK_BYTES as usize)];
        self.0.named(|transport| transport.write_chunk(part))?;
        Ok(part.len())
    }

    /// Nothing to do: nothing is held back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::testing::TestHost;

    #[test]
    fn what_is_written_before_and_after_tls_is_known() {
        let host = TestHost::new().tcp("register", "S");
        let mut connection = host.host().tcp("register").unwrap();
        connection.write_all(b"tls?").unwrap();
        let mut answer = [0];
        connection.read_exact(&mut answer).unwrap();
        connection.start_tls().unwrap();
        connection.write_all(b"hello").unwrap();
        assert_eq!(&answer, b"S");
        assert_eq!(host.written("register"), b"tls?hello");
        assert_eq!(host.tls_started_after("register"), Some(4));
    }

    #[test]
    fn bytes_that_came_before_tls_are_refused() {
        let host = TestHost::new().tcp("register", "Sinjected");
        let mut connection = host.host().tcp("register").unwrap();
        connection.read_exact(&mut [0]).unwrap();
        let error = connection.start_tls().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(
            error.to_string(),
            "register: expected nothing before TLS, found 8 more bytes"
        );
        assert_eq!(host.tls_started_after("register"), None);
    }

    #[test]
    fn a_long_message_goes_out_in_parts() {
        let host = TestHost::new().tcp("register", "");
        let message: Vec<u8> = (0..600_000_u32).map(|i| i as u8).collect();
        let mut connection = host.host().tcp("register").unwrap();
        assert_eq!(connection.write(&message).unwrap(), CHUNK_BYTES as usize);
        connection
            .write_all(&message[CHUNK_BYTES as usize..])
            .unwrap();
        assert_eq!(host.written("register"), message);
    }

    #[test]
    fn a_place_that_was_not_granted_is_an_error() {
        let error = TestHost::new().host().tcp("register").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
    }
}
