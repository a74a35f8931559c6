//! A server whose answers are a script, to be connected to through a host.

use sextant_plugin_sdk::host::{Capabilities, ReadChunk};
use sextant_plugin_sdk::tcp::Transport;
use sextant_plugin_sdk::{Entry, Error, Host, Result, ScramProof, TcpConnection};
use std::cell::RefCell;
use std::rc::Rc;

/// What the server does when somebody logs in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Login {
    /// It asks for SCRAM-SHA-256.
    Scram,
    /// It asks for something else, by number, with these bytes.
    Wish(u32, &'static [u8]),
    /// It answers with a nonce that does not begin with the client's.
    ForeignNonce,
    /// It proves itself wrongly.
    WrongProof,
    /// It lets the client in without a proof of its own.
    NoProof,
}

/// A server. What is cloned has the same memory of what happened.
#[derive(Clone)]
pub(super) struct Server {
    answers: Vec<(String, Vec<u8>)>,
    login: Login,
    offer: u8,
    chunk_bytes: usize,
    memory: Rc<RefCell<Memory>>,
}

#[derive(Default)]
struct Memory {
    connections: usize,
    tls_started: usize,
    starts: usize,
    left: usize,
    statements: Vec<String>,
    warnings: Vec<String>,
}

const SIGNATURE: &[u8] = b"the server's proof";

impl Server {
    pub(super) fn new() -> Self {
        Self {
            answers: Vec::new(),
            login: Login::Scram,
            offer: b'S',
            chunk_bytes: usize::MAX,
            memory: Rc::default(),
        }
    }

    /// Answers a statement with this part, unless an answer was given before for another.
    pub(super) fn answers(mut self, part: &str, bytes: Vec<u8>) -> Self {
        self.answers.push((part.to_owned(), bytes));
        self
    }

    /// The same, before all others, of a server that remembers nothing yet.
    pub(super) fn answers_first(mut self, part: &str, bytes: Vec<u8>) -> Self {
        self.answers.insert(0, (part.to_owned(), bytes));
        self.memory = Rc::default();
        self
    }

    pub(super) fn log_in(mut self, login: Login) -> Self {
        self.login = login;
        self
    }

    /// Says this to a wish for TLS.
    pub(super) fn offers(mut self, offer: u8) -> Self {
        self.offer = offer;
        self
    }

    pub(super) fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes;
        self
    }

    pub(super) fn host(&self) -> Host {
        Host::new(self.clone())
    }

    pub(super) fn statements(&self) -> Vec<String> {
        self.memory.borrow().statements.clone()
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        self.memory.borrow().warnings.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.memory.borrow().connections
    }

    /// How many connections took leave.
    pub(super) fn left(&self) -> usize {
        self.memory.borrow().left
    }

    pub(super) fn tls_started(&self) -> usize {
        self.memory.borrow().tls_started
    }

    /// Whether somebody said who it is.
    pub(super) fn was_told_who(&self) -> bool {
        self.memory.borrow().starts > 0
    }

    fn answer(&self, sql: &str) -> Vec<u8> {
        let found = self.answers.iter().find(|(part, _)| sql.contains(part));
        let nothing = || failed("42601", "the script has no answer");
        found.map_or_else(nothing, |(_, bytes)| bytes.clone())
    }
}

impl Capabilities for Server {
    fn entries(&self, _: &str) -> Result<Vec<Entry>> {
        Err(Error::unsupported("there are no inputs"))
    }

    fn open(&self, _: &Entry, _: u64, _: Option<u64>) -> Result<Box<dyn ReadChunk>> {
        Err(Error::unsupported("there are no inputs"))
    }

    fn skipped(&self, _: u64, _: &Error) {}

    fn warning(&self, message: &str) {
        self.memory.borrow_mut().warnings.push(message.to_owned());
    }

    fn tcp(&self, grant: &str) -> Result<TcpConnection> {
        self.memory.borrow_mut().connections += 1;
        let connection = Connection {
            server: self.clone(),
            step: Step::Start,
            received: Vec::new(),
            to_send: Vec::new(),
        };
        Ok(TcpConnection::new(grant, connection))
    }

    fn secret_user(&self, _: &str) -> Result<String> {
        Ok("reader".to_owned())
    }

    fn scram_sha256(&self, _: &str, salt: &[u8], _: u32, exchanged: &str) -> Result<ScramProof> {
        assert_eq!(salt, b"salt");
        // The three messages, and the nonce twice.
        assert_eq!(exchanged.split(',').count(), 7, "{exchanged}");
        Ok(ScramProof {
            client_proof: b"the client's proof".to_vec(),
            server_signature: SIGNATURE.to_vec(),
        })
    }
}

/// What the client is expected to say next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    First,
    Last,
    Statement,
}

struct Connection {
    server: Server,
    step: Step,
    received: Vec<u8>,
    to_send: Vec<u8>,
}

impl ReadChunk for Connection {
    fn read_chunk(&mut self, max: u32) -> Result<Vec<u8>> {
        let count = self.to_send.len();
        let count = count.min(self.server.chunk_bytes).min(max as usize);
        Ok(self.to_send.drain(..count).collect())
    }
}

impl Transport for Connection {
    fn write_chunk(&mut self, bytes: &[u8]) -> Result<()> {
        self.received.extend(bytes);
        while let Some((tag, body)) = self.next_message() {
            self.take(tag, &body);
        }
        Ok(())
    }

    fn start_tls(&mut self) -> Result<()> {
        self.server.memory.borrow_mut().tls_started += 1;
        Ok(())
    }
}

impl Connection {
    /// The next message that was received whole; the first ones have no type.
    fn next_message(&mut self) -> Option<(u8, Vec<u8>)> {
        let at = usize::from(self.step != Step::Start);
        let length = self.received.get(at..at + 4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
        let whole = self.received.get(..at + length)?.to_vec();
        self.received.drain(..at + length);
        let tag = if at == 0 { 0 } else { whole[0] };
        Some((tag, whole[at + 4..].to_vec()))
    }

    fn take(&mut self, tag: u8, body: &[u8]) {
        match (self.step, tag) {
            (Step::Start, _) if body == [4, 210, 22, 47] => self.to_send.push(self.server.offer),
            (Step::Start, _) => self.start(body),
            (Step::First, b'p') => self.challenge(body),
            (Step::Last, b'p') => self.prove(body),
            (Step::Statement, b'Q') => {
                let sql = String::from_utf8(body[..body.len() - 1].to_vec()).unwrap();
                self.to_send.extend(self.server.answer(&sql));
                self.server.memory.borrow_mut().statements.push(sql);
            }
            (Step::Statement, b'X') => self.server.memory.borrow_mut().left += 1,
            (_, tag) => panic!("a message {:?} at the wrong time", char::from(tag)),
        }
    }

    fn start(&mut self, body: &[u8]) {
        self.server.memory.borrow_mut().starts += 1;
        let expected = b"\0\x03\0\0user\0reader\0database\0police\0application_name\0sextant\0client_encoding\0UTF8\0\0";
        assert_eq!(body, expected);
        let (wish, more) = match self.server.login {
            Login::Wish(wish, more) => (wish, more),
            _ => (10, &b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"[..]),
        };
        self.authenticate(wish, more);
        match wish {
            0 => self.be_ready(),
            _ => self.step = Step::First,
        }
    }

    fn challenge(&mut self, body: &[u8]) {
        let first = body.strip_prefix(b"SCRAM-SHA-256\0").unwrap();
        let (length, first) = first.split_first_chunk::<4>().unwrap();
        assert_eq!(u32::from_be_bytes(*length) as usize, first.len());
        let nonce = first.strip_prefix(b"n,,n=,r=").unwrap();
        let mut answer = b"r=".to_vec();
        match self.server.login {
            Login::ForeignNonce => answer.extend(b"another"),
            _ => answer.extend(nonce),
        }
        answer.extend(b"+server,s=c2FsdA==,i=4096");
        self.authenticate(11, &answer);
        self.step = Step::Last;
    }

    fn prove(&mut self, body: &[u8]) {
        let text = std::str::from_utf8(body).unwrap();
        assert!(text.starts_with("c=biws,r="), "{text}");
        // base64 of the client's proof
        assert!(text.ends_with(",p=dGhlIGNsaWVudCdzIHByb29m"), "{text}");
        match self.server.login {
            Login::WrongProof => self.authenticate(12, b"v=d3Jvbmc="),
            Login::NoProof => {}
            // base64 of the server's
            _ => self.authenticate(12, b"v=dGhlIHNlcnZlcidzIHByb29m"),
        }
        self.authenticate(0, b"");
        self.be_ready();
    }

    fn authenticate(&mut self, wish: u32, more: &[u8]) {
        let body = [&wish.to_be_bytes()[..], more].concat();
        self.to_send.extend(message(b'R', &body));
    }

    fn be_ready(&mut self) {
        self.to_send
            .extend(message(b'S', b"server_encoding\0UTF8\0"));
        self.to_send.extend(message(b'K', &[0; 8]));
        self.to_send.extend(message(b'N', b"SNOTICE\0Mhello\0\0"));
        self.to_send.extend(message(b'Z', b"I"));
        self.step = Step::Statement;
    }
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![tag];
    message.extend((body.len() as u32 + 4).to_be_bytes());
    message.extend(body);
    message
}

fn field(value: Option<&[u8]>) -> Vec<u8> {
    let length = value.map_or(-1, |value| value.len() as i32);
    [&length.to_be_bytes()[..], value.unwrap_or_default()].concat()
}

/// A field of a row of texts.
pub(super) trait Text {
    fn text(&self) -> Option<&str>;
}

impl Text for &str {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Text for Option<String> {
    fn text(&self) -> Option<&str> {
        self.as_deref()
    }
}

/// Rows of texts, as the answer to a statement.
pub(super) fn result<T: Text, R: AsRef<[T]>>(rows: &[R]) -> Vec<u8> {
    let mut bytes = message(b'T', b"\0\0");
    for row in rows {
        let row = row.as_ref();
        let mut body = (row.len() as u16).to_be_bytes().to_vec();
        for text in row {
            body.extend(field(text.text().map(str::as_bytes)));
        }
        bytes.extend(message(b'D', &body));
    }
    bytes.extend(message(b'C', b"SELECT\0"));
    bytes.extend(message(b'Z', b"T"));
    bytes
}

/// Rows in binary, as the answer to a COPY.
pub(super) fn copied(rows: &[Vec<Option<Vec<u8>>>]) -> Vec<u8> {
    let mut bytes = message(b'H', b"\x01\0\0");
    // What begins the stream comes with the first row.
    let mut body = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
    for row in rows {
        body.extend((row.len() as i16).to_be_bytes());
        for value in row {
            body.extend(field(value.as_deref()));
        }
        bytes.extend(message(b'd', &std::mem::take(&mut body)));
    }
    bytes.extend(message(b'd', b"\xff\xff"));
    bytes.extend(message(b'c', b""));
    bytes.extend(message(b'C', b"COPY\0"));
    bytes.extend(message(b'Z', b"T"));
    bytes
}

/// An error.
pub(super) fn failed(code: &str, text: &str) -> Vec<u8> {
    message(
        b'E',
        format!("SERROR\0VERROR\0C{code}\0M{text}\0\0").as_bytes(),
    )
}
