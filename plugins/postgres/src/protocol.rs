//! Messages of PostgreSQL's protocol 3.0, as they are framed (PostgreSQL documentation, "Frontend/Backend
//! Protocol", sections "Message Formats" and "Message Flow").
//!
//! A message is held whole, and only one is; so a row can be decoded where it lies.

use crate::failure;
use sextant_plugin_sdk::{Error, Result, TcpConnection, log};
use std::io::{BufRead, Read, Write};
use std::ops::Range;

/// Bytes of a message, which may be a row.
const MESSAGE_BYTES_MAX: usize = 32 << 20;
/// Bytes that may come in one piece, and so come too many.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes from which on there is not room for a buffer that doubles.
const LARGE_BYTES: usize = 1 << 20;
/// Its type and its length, which counts itself.
const HEADER_BYTES: usize = 5;
const LENGTH_BYTES: usize = 4;

/// Asks for TLS, before anything else.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// Version 3.0.
const VERSION: [u8; 4] = [0, 3, 0, 0];

/// Types of messages that the server sends.
pub(crate) mod tag {
    pub(crate) const AUTHENTICATION: u8 = b'R';
    pub(crate) const BACKEND_KEY: u8 = b'K';
    pub(crate) const COMMAND_COMPLETE: u8 = b'C';
    pub(crate) const COPY_DATA: u8 = b'd';
    pub(crate) const COPY_DONE: u8 = b'c';
    pub(crate) const COPY_OUT: u8 = b'H';
    pub(crate) const DATA_ROW: u8 = b'D';
    pub(crate) const ERROR: u8 = b'E';
    pub(crate) const NEGOTIATE_VERSION: u8 = b'v';
    pub(crate) const NOTICE: u8 = b'N';
    pub(crate) const NOTIFICATION: u8 = b'A';
    pub(crate) const PARAMETER_STATUS: u8 = b'S';
    pub(crate) const READY: u8 = b'Z';
    pub(crate) const ROW_DESCRIPTION: u8 = b'T';
}

/// A connection as messages.
#[derive(Debug)]
pub(crate) struct Wire {
    connection: TcpConnection,
    /// What was received and not used up.
    buffer: Vec<u8>,
    /// The message that was received last, without its header.
    body: Range<usize>,
}

impl Wire {
    /// Begins, in TLS where that is wanted.
    pub(crate) fn new(mut connection: TcpConnection, in_tls: bool) -> Result<Self> {
        if in_tls {
            start_tls(&mut connection)?;
        }
        Ok(Self {
            connection,
            buffer: Vec::new(),
            body: 0..0,
        })
    }

    /// Says who wants to use which database, and how.
    pub(crate) fn start(&mut self, parameters: &[(&str, &str)]) -> Result<()> {
        let mut body = VERSION.to_vec();
        for (name, value) in parameters {
            if value.contains('\0') {
                let message = format!("expected a {name} without a zero byte, found {value:?}");
                return Err(Error::invalid_config(message));
            }
            for text in [name, value] {
                body.extend_from_slice(text.as_bytes());
                body.push(0);
            }
        }
        body.push(0);
        let mut message = length_of(&body)?.to_vec();
        message.append(&mut body);
        Ok(self.connection.write_all(&message)?)
    }

    /// Answers in an exchange of SASL.
    pub(crate) fn send_sasl(&mut self, body: &[u8]) -> Result<()> {
        self.send(b'p', body)
    }

    /// Begins an exchange of SASL.
    pub(crate) fn send_sasl_initial(&mut self, mechanism: &str, text: &str) -> Result<()> {
        let mut body = mechanism.as_bytes().to_vec();
        body.push(0);
        body.extend_from_slice(&(text.len() as u32).to_be_bytes());
        body.extend_from_slice(text.as_bytes());
        self.send(b'p', &body)
    }

    /// Asks for the results of statements.
    pub(crate) fn send_query(&mut self, sql: &str) -> Result<()> {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        self.send(b'Q', &body)
    }

    /// Takes leave.
    pub(crate) fn send_terminate(&mut self) -> Result<()> {
        self.send(b'X', &[])
    }

    fn send(&mut self, tag: u8, body: &[u8]) -> Result<()> {
        let mut message = Vec::with_capacity(HEADER_BYTES + body.len());
        message.push(tag);
        message.extend_from_slice(&length_of(body)?);
        message.extend_from_slice(body);
        Ok(self.connection.write_all(&message)?)
    }

    /// Receives the next message that says something of what was asked, and gives its type. An error of the
    /// server is one here, and the last that is heard of it.
    #[inline]
    pub(crate) fn receive(&mut self) -> Result<u8> {
        loop {
            match self.receive_any()? {
                tag::ERROR => return Err(failure::error(self.body())),
                tag::NOTICE => log::debug!("the server says: {}", failure::notice(self.body())),
                tag::PARAMETER_STATUS | tag::NOTIFICATION | tag::NEGOTIATE_VERSION => {}
                tag => return Ok(tag),
            }
        }
    }

    #[inline]
    fn receive_any(&mut self) -> Result<u8> {
        let start = self.body.end;
        let start = self.fill(start, HEADER_BYTES)?;
        let header = &self.buffer[start..start + HEADER_BYTES];
        let tag = header[0];
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
        if !(LENGTH_BYTES..=MESSAGE_BYTES_MAX).contains(&length) {
            return Err(wrong_length(tag, length));
        }
        let start = self.fill(start, 1 + length)?;
        self.body = start + HEADER_BYTES..start + 1 + length;
        Ok(tag)
    }

    /// The message that was received last, without its header.
    #[inline]
    pub(crate) fn body(&self) -> &[u8] {
        &self.buffer[self.body.clone()]
    }

    /// Sees to it that so many bytes from a place on are there, and gives the place they are at.
    #[inline]
    fn fill(&mut self, start: usize, count: usize) -> Result<usize> {
        match self.buffer.len() - start >= count {
            true => Ok(start),
            false => self.read(start, count).map(|()| 0),
        }
    }

    /// Reads until so many bytes from a place on are there, and drops what is before it.
    fn read(&mut self, start: usize, count: usize) -> Result<()> {
        self.buffer.drain(..start);
        self.body = 0..0;
        let missing = count.saturating_sub(self.buffer.len()) + CHUNK_BYTES;
        match count < LARGE_BYTES {
            true => self.buffer.reserve(missing),
            false => self.buffer.reserve_exact(missing),
        }
        while self.buffer.len() < count {
            let chunk = self.connection.fill_buf()?;
            if chunk.is_empty() {
                return Err(closed());
            }
            let received = chunk.len();
            self.buffer.extend_from_slice(chunk);
            self.connection.consume(received);
        }
        Ok(())
    }
}

fn start_tls(connection: &mut TcpConnection) -> Result<()> {
    connection.write_all(&SSL_REQUEST)?;
    let mut answer = [0];
    if connection.read(&mut answer)? == 0 {
        return Err(closed());
    }
    match answer {
        [b'S'] => connection.start_tls(),
        [b'N'] => Err(Error::invalid_config(
            "the server offers no TLS: have it switched on there, or write tls = \"off\" here and tls = \"optional\" into the grant",
        )),
        [other] => Err(Error::invalid_data(format!(
            "expected a server of PostgreSQL, which says S or N to a wish for TLS, found the byte {other}"
        ))),
    }
}

fn closed() -> Error {
    Error::unavailable(
        "the server closed the connection before its answer was complete",
        None,
    )
}

fn length_of(body: &[u8]) -> Result<[u8; LENGTH_BYTES]> {
    match body.len() + LENGTH_BYTES {
        length if length <= MESSAGE_BYTES_MAX => Ok((length as u32).to_be_bytes()),
        length => Err(Error::unsupported(format!(
            "a request of {length} bytes, and the limit is {MESSAGE_BYTES_MAX}"
        ))),
    }
}

fn wrong_length(tag: u8, length: usize) -> Error {
    let what = match tag {
        tag::COPY_DATA => "a row",
        _ => "a message",
    };
    match length {
        ..LENGTH_BYTES => Error::invalid_data(format!(
            "expected a message of PostgreSQL, found one that is {length} bytes long"
        )),
        _ => Error::unsupported(format!(
            "{what} of {length} bytes, and the limit is {MESSAGE_BYTES_MAX}; leave out the column that is so long"
        )),
    }
}

/// What the server does not say at such a moment.
pub(crate) fn unexpected(tag: u8, expected: &str) -> Error {
    Error::invalid_data(format!(
        "expected {expected} of the server, found a message of type {:?}",
        char::from(tag)
    ))
}

/// The fields of a row of texts; a null is none.
pub(crate) fn texts(body: &[u8]) -> Result<Vec<Option<&str>>> {
    let broken = || Error::invalid_data("expected a row, found one that ends too soon");
    let (count, mut rest) = body.split_first_chunk::<2>().ok_or_else(broken)?;
    let mut fields = Vec::with_capacity(usize::from(u16::from_be_bytes(*count)));
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
        rest = after;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            fields.push(None);
            continue;
        };
        let (field, after) = rest.split_at_checked(length).ok_or_else(broken)?;
        rest = after;
        let text = std::str::from_utf8(field)
            .map_err(|_| Error::invalid_data("expected a name in UTF-8, found other bytes"))?;
        fields.push(Some(text));
    }
    Ok(fields)
}
