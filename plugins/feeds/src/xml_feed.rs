//! Feeds in XML, element by element: RSS 0.9x to 2.0, RDF (RSS 0.90, 1.0) and Atom. What an entry's elements are
//! for is in [`vocabulary`].

mod vocabulary;

use crate::entry::{At, Entry, Feed};
use crate::opened::Opened;
use crate::tables::OTHER;
use crate::window::Window;
use sextant_plugin_sdk::xml::{Step, XmlReader};
use sextant_plugin_sdk::{Error, Result, RowReader, Rows};
use vocabulary::{Other, View};

/// Bytes of an entry, which may be a whole article.
const ENTRY_BYTES_MAX: usize = 4 << 20;
/// Elements, attributes and texts of an entry.
const ENTRY_NODES_MAX: usize = 100_000;
/// Bytes that are kept as they stand: an entry, its tag, and the chunk behind it.
const WINDOW_BYTES_MAX: usize = 2 * ENTRY_BYTES_MAX + (1 << 20);

/// Reads the entries of a feed.
#[derive(Debug)]
pub(crate) struct Reader {
    reader: XmlReader,
    window: Window,
    file: String,
    feed: Feed,
    is_atom: bool,
    /// The prefix of the feed's own elements.
    own_prefix: String,
    number: u64,
}

/// An element outside entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outer {
    /// What the feed's other elements are in.
    Channel,
    Entry,
    /// What is said of the feed as a whole.
    Description,
    Unknown,
}

impl Outer {
    fn of(name: &str) -> Self {
        match name {
            "channel" => Self::Channel,
            "item" | "entry" => Self::Entry,
            "title" | "link" | "language" | "author" => Self::Description,
            _ => Self::Unknown,
        }
    }
}

impl Reader {
    /// Begins to read; `url` is where the feed came from, unless it says so itself.
    ///
    /// # Errors
    ///
    /// [`InvalidData`](sextant_plugin_sdk::ErrorKind::InvalidData) for what is no feed, and those of the
    /// input.
    pub(crate) fn open(opened: Opened, file: String, url: Option<String>) -> Result<Self> {
        let (window, input) = Window::over(opened, WINDOW_BYTES_MAX);
        let mut reader = XmlReader::new(input)?
            .record_bytes_max(ENTRY_BYTES_MAX)
            .record_nodes_max(ENTRY_NODES_MAX);
        let expected = "expected a feed, which is <rss>, <RDF> or <feed>";
        let (own_prefix, is_atom, language) = match reader.step()? {
            Step::Open(root) if matches!(root.name(), "rss" | "RDF" | "feed") => {
                let is_atom = root.name() == "feed";
                let own_prefix = if is_atom { root.prefix() } else { "" };
                let language = root.attribute("lang").map(str::to_owned);
                (own_prefix.to_owned(), is_atom, language)
            }
            Step::Open(root) => {
                let message = format!("{expected}, found <{}>", root.name());
                return Err(Error::invalid_data(message).at_byte(root.byte()));
            }
            Step::Text(_) | Step::Close | Step::End => {
                return Err(Error::invalid_data(format!("{expected}, found no element")));
            }
        };
        let feed = Feed {
            url,
            language,
            ..Feed::default()
        };
        Ok(Self {
            own_prefix,
            reader,
            window,
            file,
            feed,
            is_atom,
            number: 0,
        })
    }

    /// Reads the entry that was just opened.
    fn entry(&mut self, rows: &mut Rows) -> Result<()> {
        self.number += 1;
        let number = self.number;
        let element = self.reader.element();
        let element = element.map_err(|error| error.at_record(number))?;
        // In RDF, the root has another prefix than what is in it.
        let view = View::new(&self.window, element.prefix());
        let mut entry = Entry::default();
        let mut other = Other::new(rows.wants(OTHER));
        match self.is_atom {
            true => vocabulary::atom(&view, element, &mut entry, &mut other),
            false => vocabulary::rss(&view, element, &mut entry, &mut other),
        }
        entry.other = other.finish();
        let at = At {
            file: &self.file,
            number,
            byte: element.byte(),
        };
        entry.push(&self.feed, at, rows)
    }

    /// Reads what is said of the feed in the element that was just opened.
    fn describe(&mut self) -> Result<()> {
        let element = self.reader.element()?;
        let view = View::new(&self.window, &self.own_prefix);
        vocabulary::describe(&view, element, self.is_atom, &mut self.feed);
        Ok(())
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        loop {
            self.window.forget_before(self.reader.byte());
            let step = match self.reader.step()? {
                // What follows a text was read with it, so it begins before where the reader stands now.
                Step::Text(_) => self.reader.step()?,
                step => step,
            };
            let (outer, prefix) = match step {
                Step::Open(element) => (Outer::of(element.name()), element.prefix()),
                Step::Text(_) | Step::Close => continue,
                Step::End => return Ok(false),
            };
            match outer {
                Outer::Entry => return self.entry(rows).map(|()| true),
                Outer::Channel => self.own_prefix = prefix.to_owned(),
                Outer::Description => self.describe()?,
                Outer::Unknown => {
                    // However long it is, nothing of it is kept.
                    self.window.forget_before(u64::MAX);
                    self.reader.skip()?;
                }
            }
        }
    }
}
