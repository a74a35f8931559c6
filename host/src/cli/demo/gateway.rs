//! `sextant demo-gateway`: a gateway for the plugin `find`, on this machine alone, for the demo, tests and
//! benchmarks. It speaks the framing of that plugin's README; what it has on file is made up
//! (`register`). It counts what it is asked, and fails in the ways that it is told to.

mod register;

pub(in crate::cli) use register::{Kind, Planted};

use crate::error::{Context, Error, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use register::Register;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
use tiny_http::{Method, Request, Server};

/// Requests that are answered at the same time, so that one which takes its time holds up no other.
const THREADS: usize = 16;
/// Bytes of a request's body.
const REQUEST_BYTES_MAX: u64 = 16 << 20;

/// Arguments of `demo-gateway`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Where to listen: an address of this machine alone. Port 0 is any that is free.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    address: SocketAddr,
    /// How many of a thousand keys have a record.
    #[arg(long, default_value_t = 20, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(..=1_000))]
    records: u64,
    /// What is on file follows from it, and from the key.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Records that are on file as well, a line of JSON each: kind, key, record.
    #[arg(long, value_name = "FILE")]
    planted: Option<PathBuf>,
    /// How long each answer takes.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    latency_ms: u64,
    /// What goes wrong, and with every how manieth request: a status such as 502, garbage, missing (an
    /// answer), foreign (an answer); or refused, with about every so manieth key.
    #[arg(long, value_name = "WHAT=EVERY", value_parser = failure)]
    fail: Vec<(Failure, u64)>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Failure {
    /// The response has a status and no answers.
    Status(u16),
    /// The response is a page for people.
    Garbage,
    /// The last message has no answer.
    Missing,
    /// There is an answer to a message that was not sent.
    Foreign,
    /// A key is refused.
    Refused,
}

fn failure(text: &str) -> std::result::Result<(Failure, u64), String> {
    let (what, every) = text.split_once('=').ok_or("expected WHAT=EVERY")?;
    let failure = match what {
        "garbage" => Failure::Garbage,
        "missing" => Failure::Missing,
        "foreign" => Failure::Foreign,
        "refused" => Failure::Refused,
        status => match status.parse() {
            Ok(status @ 400..=599) => Failure::Status(status),
            _ => return Err(format!("there is no failure {what:?}")),
        },
    };
    match every.parse() {
        Ok(every @ 1..) => Ok((failure, every)),
        _ => Err("expected a number of at least 1 after =".to_owned()),
    }
}

/// What a gateway is started with.
#[derive(Debug)]
pub(in crate::cli) struct Options {
    pub(in crate::cli) address: SocketAddr,
    /// Of a thousand keys.
    pub(in crate::cli) records: u64,
    pub(in crate::cli) seed: u64,
    pub(in crate::cli) planted: Vec<Planted>,
    pub(in crate::cli) latency: Duration,
    pub(in crate::cli) failures: Vec<(Failure, u64)>,
}

/// Serves until the process is ended.
pub(in crate::cli) fn run(arguments: Arguments) -> Result<()> {
    let planted = arguments.planted.as_deref().map(read_planted).transpose()?;
    let gateway = Gateway::start(Options {
        address: arguments.address,
        records: arguments.records,
        seed: arguments.seed,
        planted: planted.unwrap_or_default(),
        latency: Duration::from_millis(arguments.latency_ms),
        failures: arguments.fail,
    })?;
    println!("{}", gateway.url());
    // Whoever started it reads the address through a pipe.
    std::io::stdout().flush()?;
    gateway.wait();
    Ok(())
}

fn read_planted(path: &Path) -> Result<Vec<Planted>> {
    let place = || path.display().to_string();
    let text = std::fs::read_to_string(path).context(place)?;
    let planted = text.lines().enumerate().map(|(number, line)| {
        serde_json::from_str(line)
            .map_err(|error| Error::data(error.to_string()).context(format!("line {}", number + 1)))
    });
    planted.collect::<Result<_>>().context(place)
}

/// A gateway that runs until it is dropped.
pub(in crate::cli) struct Gateway {
    address: SocketAddr,
    server: Arc<Server>,
    threads: Vec<JoinHandle<()>>,
}

impl Gateway {
    /// Begins to serve.
    ///
    /// # Errors
    ///
    /// Config where the address is not of this machine alone, Io where it cannot be listened at.
    pub(in crate::cli) fn start(options: Options) -> Result<Self> {
        if !options.address.ip().is_loopback() {
            return Err(Error::config(format!(
                "{} can be reached from elsewhere, and this gateway asks nobody who they are",
                options.address
            ))
            .with_hint("listen at 127.0.0.1"));
        }
        let place = || format!("listening at {}", options.address);
        let server = Server::http(options.address)
            .map_err(|error| Error::io(error.to_string()))
            .context(place)?;
        let address = server.server_addr().to_ip();
        let address = address.ok_or_else(|| Error::internal("a server without an address"))?;
        let (server, desk) = (Arc::new(server), Arc::new(Desk::new(options)));
        let threads = (0..THREADS).map(|_| {
            let (server, desk) = (Arc::clone(&server), Arc::clone(&desk));
            std::thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    desk.serve(request);
                }
            })
        });
        Ok(Self {
            address,
            threads: threads.collect(),
            server,
        })
    }

    /// Its URL, which is the `base` of a source.
    pub(in crate::cli) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves for as long as the process runs.
    fn wait(mut self) {
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        for _ in &self.threads {
            self.server.unblock();
        }
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

/// Who answers, for all threads.
struct Desk {
    register: Register,
    latency: Duration,
    failures: Vec<(Failure, u64)>,
    counts: Counts,
}

/// What was asked so far.
#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    failed_requests: AtomicU64,
    messages: AtomicU64,
    hits: AtomicU64,
    keys: Mutex<Seen>,
    full: Mutex<Seen>,
}

/// Questions, and how many came again.
#[derive(Default)]
struct Seen {
    distinct: HashSet<String>,
    repeated: u64,
}

impl Seen {
    fn count(&mut self, question: String) {
        if !self.distinct.insert(question) {
            self.repeated += 1;
        }
    }
}

impl Counts {
    fn show(&self) -> Value {
        let number = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (keys, full) = (lock(&self.keys), lock(&self.full));
        json!({
            "requests": number(&self.requests),
            "failed_requests": number(&self.failed_requests),
            "messages": number(&self.messages),
            "hits": number(&self.hits),
            "keys_distinct": keys.distinct.len(),
            "keys_repeated": keys.repeated,
            "full_distinct": full.distinct.len(),
            "full_repeated": full.repeated,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A response to be written.
struct Response {
    status: u16,
    headers: &'static str,
    body: String,
}

impl Response {
    fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: "",
            body: body.into(),
        }
    }

    /// Writes it in one piece: of several, the later ones would wait until the first is acknowledged. The
    /// connection ends with it: the server's threads serve a connection each, and would leave those that come
    /// while all threads wait for idle ones unserved.
    fn write(self, request: Request) {
        let (status, length) = (self.status, self.body.len());
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{}\r\n",
            self.headers
        );
        let mut writer = request.into_writer();
        // Whoever asked may have gone away.
        writer.write_all((head + &self.body).as_bytes()).ok();
        writer.flush().ok();
    }
}

impl Desk {
    fn new(options: Options) -> Self {
        Self {
            register: Register::new(options.seed, options.records, options.planted),
            latency: options.latency,
            failures: options.failures,
            counts: Counts::default(),
        }
    }

    fn serve(&self, mut request: Request) {
        let is = |method: &Method, url: &str| request.method() == method && request.url() == url;
        let response = if is(&Method::Get, "/stats") {
            Response::new(200, self.counts.show().to_string())
        } else if is(&Method::Post, "/query") {
            std::thread::sleep(self.latency);
            self.query(&mut request)
        } else {
            Response::new(404, "{}")
        };
        response.write(request);
    }

    fn query(&self, request: &mut Request) -> Response {
        let number = 1 + self.counts.requests.fetch_add(1, Ordering::Relaxed);
        let due = |failure: &Failure| {
            let mut failures = self.failures.iter();
            failures.any(|(known, every)| known == failure && number.is_multiple_of(*every))
        };
        let statuses = self.failures.iter().map(|(failure, _)| failure);
        let mut statuses = statuses.filter(|failure| matches!(failure, Failure::Status(_)));
        if let Some(Failure::Status(status)) = statuses.find(|failure| due(failure)) {
            self.counts.failed_requests.fetch_add(1, Ordering::Relaxed);
            let headers = if matches!(status, 429 | 503) {
                "retry-after: 1\r\n"
            } else {
                ""
            };
            return Response {
                headers,
                ..Response::new(*status, "{}")
            };
        }
        let mut text = String::new();
        let read = request
            .as_reader()
            .take(REQUEST_BYTES_MAX)
            .read_to_string(&mut text);
        let Some(body) = read
            .ok()
            .and_then(|_| serde_json::from_str::<Value>(&text).ok())
        else {
            return Response::new(400, "{}");
        };
        let Some(messages) = body["messages"].as_array() else {
            return Response::new(400, "{}");
        };
        let mut answers: Vec<_> = messages
            .iter()
            .map(|message| self.answer(message))
            .collect();
        if due(&Failure::Garbage) {
            return Response::new(200, "<html><body>Scheduled maintenance</body></html>");
        }
        if due(&Failure::Missing) {
            answers.pop();
        }
        if due(&Failure::Foreign)
            && let Some(mut foreign) = answers.first().cloned()
        {
            foreign["id"] = json!(messages.len() + 1);
            answers.push(foreign);
        }
        Response::new(200, json!({ "answers": answers }).to_string())
    }

    fn answer(&self, message: &Value) -> Value {
        let number = 1 + self.counts.messages.fetch_add(1, Ordering::Relaxed);
        let kind = message["MKE"].as_str().unwrap_or_default();
        let now = DateTime::<Utc>::from(SystemTime::now());
        let mut answer = json!({
            "id": message["id"],
            "MKE": kind.strip_suffix('Q').map(|kind| format!("{kind}R")),
            "message_id": format!("DEMO{number:08}"),
            "answered_at": now.to_rfc3339_opts(SecondsFormat::Millis, true),
        });
        match self.records(kind, message) {
            Ok(records) => {
                let hits = records.len() as u64;
                self.counts.hits.fetch_add(hits, Ordering::Relaxed);
                answer["records"] = json!(records);
            }
            Err(why) => answer["error"] = json!({ "code": "rejected", "message": why }),
        }
        answer
    }

    /// What is on file for a message, or why it is not answered.
    fn records(&self, kind: &str, message: &Value) -> std::result::Result<Vec<Value>, String> {
        let text = |field: &str| message[field].as_str().filter(|text| !text.is_empty());
        let (kind, is_full) = Kind::of(kind).ok_or_else(|| format!("no message {kind:?}"))?;
        if is_full {
            let entity = text("EID").ok_or("EID is missing")?;
            lock(&self.counts.full).count(format!("{kind:?} {entity}"));
            return Ok(self.register.full(kind, entity).into_iter().collect());
        }
        let fields = kind.key_fields().iter();
        let mut given = fields.filter_map(|field| Some((*field, text(field)?)));
        let (field, key) = given
            .next()
            .ok_or_else(|| format!("{} is missing", kind.key_fields().join(" or ")))?;
        lock(&self.counts.keys).count(format!("{field} {key}"));
        let mut refused = self
            .failures
            .iter()
            .filter(|(known, _)| *known == Failure::Refused);
        if refused.any(|(_, every)| self.register.draw(key).is_multiple_of(*every)) {
            return Err(format!("the system does not take this {field}"));
        }
        let mut records = self.register.candidates(kind, field, key);
        for narrowing in ["DOB", "TYP", "CNT"] {
            if let Some(wanted) = text(narrowing) {
                records.retain(|record| record[narrowing] == wanted);
            }
        }
        Ok(records)
    }
}
