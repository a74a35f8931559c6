//! The far side of a network: a server whose answers are bytes, so that it can also answer what no
//! server should.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method and target, such as `GET /a?b=c`.
    pub line: String,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as long as `content-length` says.
    pub body: String,
    /// When it came.
    pub at: Instant,
}

impl Asked {
    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A server of HTTP on 127.0.0.1. It runs until the process ends.
#[derive(Clone, Debug)]
pub struct FarSide {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FarSide {
    /// A server that gives whatever bytes `answer` makes of a request, one a connection, and closes it.
    /// It is also told how many requests came before.
    pub fn new(answer: impl Fn(&Asked, usize) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::slow(usize::MAX, Duration::ZERO, answer)
    }

    /// The same, which sends the head of an answer at once, and of the rest so many bytes at a time, with a
    /// pause before each.
    pub fn slow(
        bytes: usize,
        pause: Duration,
        answer: impl Fn(&Asked, usize) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let far = Self {
            address: listener.local_addr().expect("it listens"),
            asked: Arc::default(),
        };
        let (asked, answer) = (Arc::clone(&far.asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
                thread::spawn(move || {
                    let answer = serve(&stream, &asked, &*answer)?;
                    send(&stream, &answer, bytes, pause).ok()
                });
            }
        });
        far
    }

    /// Its URL, with a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test panics with it").clone()
    }
}

fn send(
    mut stream: &TcpStream,
    answer: &[u8],
    bytes: usize,
    pause: Duration,
) -> std::io::Result<()> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let at_once = match head.filter(|_| !pause.is_zero()) {
        Some(end) => end + 4,
        None => answer.len(),
    };
    let (at_once, body) = answer.split_at(at_once);
    stream.write_all(at_once)?;
    for piece in body.chunks(bytes) {
        thread::sleep(pause);
        stream.write_all(piece)?;
    }
    Ok(())
}

/// Takes a request, and gives the answer to it.
fn serve(
    stream: &TcpStream,
    asked: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(&Asked, usize) -> Vec<u8> + Send + Sync),
) -> Option<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let headers = lines.iter().skip(1).filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    let mut request = Asked {
        line: lines.first()?.trim_end_matches(" HTTP/1.1").to_owned(),
        headers: headers.collect(),
        body: String::new(),
        at: Instant::now(),
    };
    let length = request
        .header("content-length")
        .and_then(|length| length.parse().ok());
    let body = (&mut reader).take(length.unwrap_or(0));
    request.body = std::io::read_to_string(body).ok()?;
    let before = {
        let mut asked = asked.lock().expect("no test panics with it");
        asked.push(request.clone());
        asked.len() - 1
    };
    Some(answer(&request, before))
}

/// An answer of HTTP: a status, further header fields a line each, and a body.
pub fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let headers: String = headers
        .lines()
        .map(|line| format!("{}\r\n", line.trim()))
        .collect();
    format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}
