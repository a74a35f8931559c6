//! News as tables: the entries of feeds in RSS, RDF, Atom and JSON Feed, saved or live, and the events of GDELT.
//!
//! ```text
//! input, HTTP --> opened --> xml_feed  --> entry --> rows --> batches
//!                        \-> json_feed -/             ^
//! input -------------------> gdelt -------------------+
//! ```
//!
//! One record is held at a time. README.md describes the tables.

mod tables;
mod time;
// What is read.
mod live;
mod opened;
mod window;
// What it becomes.
mod entry;
mod gdelt;
mod json_feed;
mod xml_feed;

use opened::{Format, Opened};
use serde::Deserialize;
use sextant_plugin_sdk::{
    Batches, Error, Host, OnError, Partition, Request, Result, RowReader, Rows, Source, Table,
    scan_rows,
};
use std::collections::BTreeSet;

sextant_plugin_sdk::export!(source: Feeds);

/// What the token of a partition that is a file begins with.
const FILE: u8 = b'f';
/// What the token of a partition that is a live feed begins with; its place among the feeds follows.
const LIVE: u8 = b'l';

/// A source of news.
#[derive(Debug)]
pub struct Feeds {
    /// Where the feeds are, if there is to be a table of their entries.
    feeds: Option<Vec<Place>>,
    /// The input with events.
    events: Option<String>,
    on_error: OnError,
    host: Host,
}

/// Which tables there are, and what becomes of bad records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The table of feeds' entries.
    entries: Option<EntriesConfig>,
    /// The table of GDELT's events.
    gdelt_events: Option<EventsConfig>,
    /// What becomes of a record with a bad field.
    #[serde(default)]
    on_error: OnError,
}

/// Which feeds there are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntriesConfig {
    feeds: Vec<FeedConfig>,
}

/// A feed: either `input` or `url`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedConfig {
    /// An input with saved feeds. Each entry is a whole one.
    input: Option<String>,
    /// Where a live feed is.
    url: Option<String>,
    /// What a live feed is called in the column `source`; its URL without the query unless given.
    name: Option<String>,
}

/// Where the events are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventsConfig {
    /// The input with the files. Each entry is a whole file.
    input: String,
}

/// Where feeds are.
#[derive(Clone, Debug)]
enum Place {
    Input(String),
    Live { url: String, name: String },
}

impl Place {
    fn new(config: FeedConfig) -> Result<Self> {
        let wrong = |message: String| Error::invalid_config(message).in_field("entries.feeds");
        match (config.input, config.url, config.name) {
            (Some(input), None, None) => Ok(Self::Input(input)),
            (None, Some(url), name) => {
                let is_http = url.starts_with("http://") || url.starts_with("https://");
                let shown = without_query(&url);
                if !is_http || url.contains('#') {
                    let message = format!(
                        "expected an http or https URL without a fragment, found {shown:?}"
                    );
                    return Err(wrong(message));
                }
                let name = name.unwrap_or_else(|| shown.to_owned());
                Ok(Self::Live { url, name })
            }
            (Some(_), None, Some(_)) => Err(wrong(
                "expected no name beside an input, found one".to_owned(),
            )),
            (Some(_), Some(_), _) => {
                Err(wrong("expected either input or url, found both".to_owned()))
            }
            (None, None, _) => Err(wrong(
                "expected either input or url, found neither".to_owned(),
            )),
        }
    }
}

/// A URL without what may be a secret in it.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// The feeds of a configuration.
fn places(config: EntriesConfig) -> Result<Vec<Place>> {
    let places = config.feeds.into_iter().map(Place::new);
    let places: Vec<_> = places.collect::<Result<_>>()?;
    let wrong = |message: String| Error::invalid_config(message).in_field("entries.feeds");
    if places.is_empty() {
        return Err(wrong("expected at least one feed, found none".to_owned()));
    }
    let mut names = BTreeSet::new();
    for place in &places {
        let name = match place {
            Place::Input(input) => input,
            Place::Live { name, .. } => name,
        };
        if !names.insert(name) {
            let message = format!("expected a name of its own for each feed, found {name:?} twice");
            return Err(wrong(message));
        }
    }
    Ok(places)
}

impl Feeds {
    fn feeds(&self) -> Result<&[Place]> {
        let feeds = self.feeds.as_deref();
        feeds.ok_or_else(|| no_table(tables::ENTRIES))
    }

    /// Partitions of the entries: one for each file and each live feed.
    fn feed_partitions(&self) -> Result<Vec<Partition>> {
        let mut partitions = Vec::new();
        for (at, place) in self.feeds()?.iter().enumerate() {
            match place {
                Place::Input(input) => {
                    let files = self.host.partition_by_entry([input.as_str()])?;
                    let tokens = files
                        .iter()
                        .map(|file| [&[FILE][..], file.as_slice()].concat());
                    partitions.extend(tokens);
                }
                Place::Live { .. } => {
                    partitions.push([&[LIVE][..], at.to_string().as_bytes()].concat());
                }
            }
        }
        Ok(partitions)
    }

    /// Begins to read the feed that a partition is.
    fn open_feed(&self, partition: &Partition) -> Result<(String, FeedReader)> {
        match partition.split_first() {
            Some((&FILE, token)) => {
                let entry = self.host.entry_of(&token.to_vec())?;
                let file = entry.to_string();
                let opened = Opened::new(self.host.read(&entry)?);
                let reader = opened.and_then(|opened| FeedReader::open(opened, file.clone(), None));
                let reader = reader.map_err(|error| error.in_input(file.clone()))?;
                Ok((file, reader))
            }
            Some((&LIVE, at)) => {
                let at = str::from_utf8(at).ok().and_then(|at| at.parse().ok());
                let place = at.and_then(|at: usize| self.feeds.as_deref()?.get(at));
                let Some(Place::Live { url, name }) = place else {
                    return Err(Error::internal("not a partition of this source"));
                };
                let shown = without_query(url).to_owned();
                let opened = live::fetch(&self.host, url);
                let reader = opened
                    .and_then(|opened| FeedReader::open(opened, name.clone(), Some(shown.clone())));
                let reader = reader.map_err(|error| error.in_input(shown.clone()))?;
                Ok((shown, reader))
            }
            _ => Err(Error::internal("not a partition of this source")),
        }
    }
}

/// Reads a feed, in whatever it is written.
#[derive(Debug)]
enum FeedReader {
    Xml(Box<xml_feed::Reader>),
    Json(Box<json_feed::Reader>),
}

impl FeedReader {
    fn open(opened: Opened, file: String, url: Option<String>) -> Result<Self> {
        Ok(match opened.format()? {
            Format::Xml => Self::Xml(Box::new(xml_feed::Reader::open(opened, file, url)?)),
            Format::Json => Self::Json(Box::new(json_feed::Reader::open(opened, file, url)?)),
        })
    }
}

impl RowReader for FeedReader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        match self {
            Self::Xml(reader) => reader.read(rows),
            Self::Json(reader) => reader.read(rows),
        }
    }
}

fn no_table(name: &str) -> Error {
    Error::not_found(format!("no table {name:?}"))
}

impl Source for Feeds {
    type Config = Config;

    fn open(config: Config, host: Host) -> Result<Self> {
        if config.entries.is_none() && config.gdelt_events.is_none() {
            let message = "expected at least one of entries and gdelt_events, found neither";
            return Err(Error::invalid_config(message));
        }
        Ok(Self {
            feeds: config.entries.map(places).transpose()?,
            events: config.gdelt_events.map(|events| events.input),
            on_error: config.on_error,
            host,
        })
    }

    fn tables(&self) -> Result<Vec<Table>> {
        let entries = self.feeds.iter().map(|_| tables::entries());
        let events = self.events.iter().map(|_| tables::gdelt_events());
        Ok(entries.chain(events).collect())
    }

    fn partitions(&self, request: &Request) -> Result<Vec<Partition>> {
        match (request.table.as_str(), &self.events) {
            (tables::ENTRIES, _) => self.feed_partitions(),
            (tables::GDELT_EVENTS, Some(input)) => self.host.partition_by_entry([input.as_str()]),
            (other, _) => Err(no_table(other)),
        }
    }

    fn scan(&self, request: &Request, partition: &Partition) -> Result<Batches> {
        let (host, on_error) = (&self.host, self.on_error);
        match (request.table.as_str(), &self.events) {
            (tables::ENTRIES, _) => {
                let (place, reader) = self.open_feed(partition)?;
                let columns = tables::entries_schema();
                scan_rows(host, place, &columns, request, on_error, reader)
            }
            (tables::GDELT_EVENTS, Some(_)) => {
                let entry = host.entry_of(partition)?;
                let file = entry.to_string();
                let reader = gdelt::Reader::new(file.clone(), host.read(&entry)?);
                let columns = tables::gdelt_schema();
                scan_rows(host, file, &columns, request, on_error, reader)
            }
            (other, _) => Err(no_table(other)),
        }
    }
}

#[cfg(test)]
mod tests;
