//! Items of RSS.

use super::{Case, Format, NATIVE, Names, Other, Row, SEED, Sink, Tag, generate, read};
use std::path::PathBuf;

pub(crate) const RSS: Case = Case {
    name: "files_feeds_rss",
    plugin: "feeds",
    table: ["news", "entries"],
    input: "saved",
    config: "entries = { feeds = [{ input = \"saved\" }] }",
    files: &["rss.xml"],
    generate: |out, records| generate::rss(&mut *out[0], SEED, records),
    records: 1..=usize::MAX,
    read: |files, sink| rss(files, sink),
    native: NATIVE,
    same: &["id", "title", "content", "published_at"],
};

struct Items {
    feed: [(&'static str, usize, String); 2],
    feed_url: (usize, String),
    /// The elements of an item that are columns.
    fields: [(&'static str, usize); 9],
    authors: [&'static str; 2],
    author: usize,
    category: usize,
    enclosure: usize,
    other: usize,
    is_within: bool,
    rest: Other,
    row: Row,
}

fn rss(files: &[PathBuf], sink: &mut Sink) {
    let [feed_title, feed_url, language] = sink.places(["feed_title", "feed_url", "language"]);
    let [id, url, title, summary] = sink.places(["id", "url", "title", "summary"]);
    let [content, published, updated] = sink.places(["content", "published_at", "updated_at"]);
    let [author, category] = sink.places(["authors", "categories"]);
    let [enclosure, other] = sink.places(["enclosure_url", "other"]);
    let mut items = Items {
        feed: [
            ("title", feed_title, String::new()),
            ("language", language, String::new()),
        ],
        feed_url: (feed_url, String::new()),
        fields: [
            ("guid", id),
            ("link", url),
            ("title", title),
            ("description", summary),
            ("content:encoded", content),
            ("pubDate", published),
            ("dc:date", published),
            ("atom:updated", updated),
            ("language", language),
        ],
        authors: ["author", "dc:creator"],
        author,
        category,
        enclosure,
        other,
        is_within: false,
        rest: Other::default(),
        row: Row::new(sink),
    };
    read(&files[0], &mut items, sink);
}

impl Format for Items {
    const PREFIXES: bool = true;

    fn open(&mut self, path: &Names, tag: &Tag<'_>) {
        match path.last() {
            (_, "item") => self.is_within = true,
            ("item", "enclosure") => {
                self.row
                    .set(self.enclosure, &tag.attribute("url").unwrap_or_default());
            }
            ("channel", "atom:link") if tag.attribute("rel").as_deref() == Some("self") => {
                self.feed_url.1 = tag.attribute("href").unwrap_or_default();
            }
            _ => {}
        }
    }

    fn close(&mut self, path: &Names, text: &str, sink: &mut Sink) {
        match path.last() {
            (_, "item") => self.end(sink),
            ("item", name) => self.field(name, text),
            ("channel", name) => {
                let mut feed = self.feed.iter_mut();
                if let Some((.., value)) = feed.find(|field| field.0 == name) {
                    text.clone_into(value);
                }
            }
            (_, name) if self.is_within => self.rest.add(name, text),
            _ => {}
        }
    }
}

impl Items {
    fn field(&mut self, name: &str, text: &str) {
        match self.fields.iter().find(|field| field.0 == name) {
            Some((_, at)) => self.row.set(*at, text),
            None if self.authors.contains(&name) => self.row.add(self.author, text),
            None if name == "category" => self.row.add(self.category, text),
            None => self.rest.add(name, text),
        }
    }

    fn end(&mut self, sink: &mut Sink) {
        self.is_within = false;
        for (_, at, text) in &self.feed {
            self.row.set(*at, text);
        }
        self.row.set(self.feed_url.0, &self.feed_url.1);
        self.rest.push(self.other, &mut self.row);
        self.row.push(sink);
        sink.end_row();
    }
}
