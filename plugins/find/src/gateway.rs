//! Who answers: a live gateway, or a recording of one. Both are asked the same messages and give an
//! answer to each, in their order.

use crate::message::{Answer, Given, Message, Refusal, decode, encode};
use serde::Deserialize;
use sextant_plugin_sdk::json::JsonRecords;
use sextant_plugin_sdk::{Error, Host, HttpRequest, InputReader, Result};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;

/// Bytes of a response, which is held as a whole: the answers to one batch of messages.
const RESPONSE_BYTES_MAX: u64 = 32 << 20;

/// A gateway.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    host: Host,
    kind: Kind,
    /// The URL, or the input.
    place: String,
}

#[derive(Clone, Debug)]
enum Kind {
    Live { timeout_ms: Option<u32> },
    Saved,
}

impl Gateway {
    /// The gateway at a URL.
    pub(crate) fn live(host: &Host, base: &str, timeout_ms: Option<u32>) -> Result<Self> {
        let is_http = base.starts_with("http://") || base.starts_with("https://");
        if !is_http || base.contains(['?', '#']) {
            let message = format!("expected an http or https URL without a query, found {base:?}");
            return Err(Error::invalid_config(message).in_field("base"));
        }
        Ok(Self {
            host: host.clone(),
            kind: Kind::Live { timeout_ms },
            place: format!("{}/query", base.trim_end_matches('/')),
        })
    }

    /// A recording in an input.
    pub(crate) fn saved(host: &Host, input: String) -> Self {
        Self {
            host: host.clone(),
            kind: Kind::Saved,
            place: input,
        }
    }

    /// Where errors happen.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// An answer to each message.
    ///
    /// # Errors
    ///
    /// Those of a batch as a whole: nobody answers, or not as it should.
    pub(crate) fn ask(&self, messages: &[Message]) -> Result<Vec<Answer>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        match self.kind {
            Kind::Live { timeout_ms } => self.ask_live(messages, timeout_ms),
            Kind::Saved => self.look_up(messages),
        }
    }

    fn ask_live(&self, messages: &[Message], timeout_ms: Option<u32>) -> Result<Vec<Answer>> {
        let mut request = HttpRequest::post(&self.place, encode(messages)?)
            .header("content-type", "application/json")
            .header("accept", "application/json");
        request.timeout_ms = timeout_ms;
        let response = self.host.http(&request)?.error_for_status()?;
        decode(&read_whole(response.body)?, messages)
    }

    /// Reads the recording once. Where it has two answers to a message, the later one is the newer;
    /// where it has none but one to the key alone, that has the same records among others.
    fn look_up(&self, messages: &[Message]) -> Result<Vec<Answer>> {
        let (exact, wider) = (
            places(messages, Message::recorded),
            places(messages, Message::wider),
        );
        let mut answers: Vec<(Option<Answer>, Option<Answer>)> = Vec::new();
        answers.resize_with(messages.len(), Default::default);
        for entry in self.host.entries(&self.place)? {
            let in_entry = |error: Error| error.in_input(entry.to_string());
            let mut records = JsonRecords::new(self.host.read(&entry)?)
                .record_bytes_max(RESPONSE_BYTES_MAX as usize);
            while let Some(record) = records.next().map_err(in_entry)? {
                let number = record.number();
                let exchange: Exchange = record.parse().map_err(in_entry)?;
                let (exact, wider) = (exact.get(&exchange.message), wider.get(&exchange.message));
                let Some(&place) = exact.or(wider) else {
                    continue;
                };
                let answer = exchange.answer.check(&messages[place]);
                let answer = answer.map_err(|error| in_entry(error.at_record(number)))?;
                match exact {
                    Some(_) => answers[place].0 = Some(answer),
                    None => answers[place].1 = Some(answer),
                }
            }
        }
        let known = answers.into_iter().map(|(exact, wider)| {
            let answer = exact.or(wider);
            answer.unwrap_or_else(|| Answer::Refused(Refusal::not_recorded()))
        });
        Ok(known.collect())
    }
}

type Recorded = BTreeMap<String, String>;

/// Where among the messages those are that a recording writes so.
fn places(messages: &[Message], write: fn(&Message) -> Recorded) -> HashMap<Recorded, usize> {
    let places = messages.iter().enumerate();
    places
        .map(|(place, message)| (write(message), place))
        .collect()
}

/// A line of a recording.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    message: Recorded,
    answer: Given,
}

fn read_whole(body: InputReader) -> Result<Vec<u8>> {
    let name = body.name().to_owned();
    let mut bytes = Vec::new();
    body.take(RESPONSE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > RESPONSE_BYTES_MAX {
        let message = format!(
            "expected a response of at most {RESPONSE_BYTES_MAX} bytes, found more; a smaller keys_per_request gives smaller ones"
        );
        return Err(Error::invalid_data(message).in_input(name));
    }
    Ok(bytes)
}
