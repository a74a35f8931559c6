//! The framing of messages and answers in JSON, and the checks of an answer. Fields in capitals are the
//! specification's; those in small letters are this framing's. What does not keep to it is refused as a
//! whole: an answer that is understood in part is not understood.

use crate::record::Record;
use crate::tables::{Found, Query};
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use sextant_plugin_sdk::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Message {
    #[serde(rename = "MKE")]
    kind: &'static str,
    #[serde(flatten)]
    fields: BTreeMap<&'static str, String>,
    /// The key, which is one of the fields, and which of them.
    #[serde(skip)]
    key: (&'static str, String),
    /// The kind of its answer.
    #[serde(skip)]
    answered: &'static str,
}

impl Message {
    pub(crate) fn new(
        query: Query,
        field: &'static str,
        key: &str,
        narrowing: &[(&'static str, String)],
    ) -> Self {
        let mut fields: BTreeMap<_, _> = narrowing.iter().cloned().collect();
        fields.insert(field, key.to_owned());
        Self {
            kind: query.asked,
            fields,
            key: (field, key.to_owned()),
            answered: query.answered,
        }
    }

    /// The message as a recording writes it.
    pub(crate) fn recorded(&self) -> BTreeMap<String, String> {
        let fields = self.fields.iter();
        let fields = fields.map(|(&name, value)| (name.to_owned(), value.clone()));
        let kind = ("MKE".to_owned(), self.kind.to_owned());
        fields.chain([kind]).collect()
    }

    /// The message without what narrows it: its answer has every record that the answer to this one has.
    pub(crate) fn wider(&self) -> BTreeMap<String, String> {
        let (field, key) = &self.key;
        let key = ((*field).to_owned(), key.clone());
        BTreeMap::from([("MKE".to_owned(), self.kind.to_owned()), key])
    }
}

#[derive(Serialize)]
struct Asked<'a> {
    messages: Vec<Numbered<'a>>,
}

#[derive(Serialize)]
struct Numbered<'a> {
    id: usize,
    #[serde(flatten)]
    message: &'a Message,
}

/// The body of a request. A message's id is its place among them, counted from 1.
pub(crate) fn encode(messages: &[Message]) -> Result<Vec<u8>> {
    let numbered = messages
        .iter()
        .enumerate()
        .map(|(place, message)| Numbered {
            id: place + 1,
            message,
        });
    let messages = numbered.collect();
    Ok(serde_json::to_vec(&Asked { messages })?)
}

/// What the gateway says to a message.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The records that match, and how many there are; the gateway may give fewer.
    Found { records: Vec<Found>, total: u64 },
    /// It does not answer it.
    Refused(Refusal),
}

/// Why a message is not answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    code: String,
    message: String,
}

impl Refusal {
    /// Of a message that a recording does not have. Whether there is such a record is not known, so this
    /// is not an answer without records.
    pub(crate) fn not_recorded() -> Self {
        Self {
            code: "not_recorded".to_owned(),
            message: "the recording has no answer to it".to_owned(),
        }
    }

    /// As an error of a key.
    pub(crate) fn error(&self, column: &str, key: &str) -> Error {
        let kind = match self.code.as_str() {
            "unauthorized" => ErrorKind::Unauthorized,
            "unavailable" => ErrorKind::Unavailable {
                retry_after_ms: None,
            },
            "not_recorded" => ErrorKind::NotFound,
            _ => ErrorKind::InvalidData,
        };
        let message = format!("no answer for {key:?}: {}: {}", self.code, self.message);
        Error::new(kind, message).in_field(column)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    answers: Vec<Given>,
}

/// An answer as it was given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    /// Not in a recording, which has the message beside its answer.
    id: Option<u64>,
    #[serde(rename = "MKE")]
    kind: String,
    message_id: Option<String>,
    answered_at: Option<String>,
    total: Option<u64>,
    records: Option<Vec<Record>>,
    error: Option<Refusal>,
}

impl Given {
    /// What it says to a message.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](ErrorKind::InvalidData) where it does not keep to the framing.
    pub(crate) fn check(self, message: &Message) -> Result<Answer> {
        if self.kind != message.answered {
            return Err(Error::invalid_data(format!(
                "expected an answer {} to a message {}, found {:?}",
                message.answered, message.kind, self.kind
            )));
        }
        let records = match (self.records, self.error) {
            (Some(records), None) => records,
            (None, Some(refusal)) => return Ok(Answer::Refused(refusal)),
            (Some(_), Some(_)) => {
                let found = "expected records or an error in an answer, found both";
                return Err(Error::invalid_data(found));
            }
            (None, None) => {
                let found = "expected records or an error in an answer, found neither";
                return Err(Error::invalid_data(found));
            }
        };
        let given = records.len() as u64;
        let total = self.total.unwrap_or(given);
        if total < given {
            let found = format!("expected a total of at least {given}, found {total}");
            return Err(Error::invalid_data(found).in_field("total"));
        }
        let message_id = self.message_id.filter(|id| !id.trim().is_empty());
        let message_id = message_id.ok_or_else(|| {
            Error::invalid_data("expected a text, found nothing").in_field("message_id")
        })?;
        let answered_at = instant(&self.answered_at.unwrap_or_default())?;
        let message_id: Rc<str> = message_id.into();
        let found = |record| Found {
            record,
            message_id: Rc::clone(&message_id),
            answered_at,
        };
        Ok(Answer::Found {
            records: records.into_iter().map(found).collect(),
            total,
        })
    }
}

fn instant(text: &str) -> Result<i64> {
    let instant = DateTime::parse_from_rfc3339(text);
    let instant = instant.map_err(|_| {
        let message = format!("expected an instant as in RFC 3339, found {text:?}");
        Error::invalid_data(message).in_field("answered_at")
    });
    Ok(instant?.timestamp_micros())
}

/// The answers in the body of a response, in the order of the messages.
///
/// # Errors
///
/// [`InvalidData`](ErrorKind::InvalidData) where it does not keep to the framing: also where an answer is
/// missing, comes twice, or is one to a message that was not sent.
pub(crate) fn decode(bytes: &[u8], messages: &[Message]) -> Result<Vec<Answer>> {
    let frame: Answers =
        serde_json::from_slice(bytes).map_err(|error| unreadable(bytes, &error))?;
    let mut answers: Vec<Option<Answer>> = messages.iter().map(|_| None).collect();
    for given in frame.answers {
        let place = given.id.and_then(|id| usize::try_from(id).ok());
        let place = place.and_then(|id| id.checked_sub(1));
        let Some(place) = place.filter(|place| *place < messages.len()) else {
            return Err(Error::invalid_data(match given.id {
                Some(id) => format!(
                    "expected answers to the messages 1 to {}, found one to {id}",
                    messages.len()
                ),
                None => "expected an answer with an id, found one without".to_owned(),
            }));
        };
        let at_message = |error: Error| error.at_record(place as u64 + 1);
        if answers[place].is_some() {
            let message = "expected one answer to a message, found two";
            return Err(at_message(Error::invalid_data(message)));
        }
        answers[place] = Some(given.check(&messages[place]).map_err(at_message)?);
    }
    let missing = answers.iter().filter(|answer| answer.is_none()).count();
    if let Some(first) = answers.iter().position(Option::is_none) {
        return Err(Error::invalid_data(format!(
            "expected an answer to each of {} messages, found none to {missing} of them, first that for {:?}",
            messages.len(),
            messages[first].key.1
        )));
    }
    Ok(answers.into_iter().flatten().collect())
}

/// An error at the byte where the text stops being what was expected.
fn unreadable(bytes: &[u8], error: &serde_json::Error) -> Error {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    let byte = before + error.column().saturating_sub(1);
    let what = error.to_string();
    // The place follows as a byte.
    let what = what.split(" at line ").next().unwrap_or(&what);
    Error::invalid_data(format!("these are no answers of a gateway: {what}")).at_byte(byte as u64)
}
