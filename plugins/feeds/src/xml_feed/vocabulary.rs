//! What the elements of a feed and of its entries are for. An element is known by its name and its prefix,
//! which is by custom the same in all feeds: `dc` for Dublin Core, `content` for RSS's module of
//! that name, `atom` or `a10` for Atom in RSS. What is not known is kept in `other`.

use crate::entry::{Entry, Feed, add, present, set, set_time, trimmed};
use crate::window::Window;
use serde_json::{Map, Value};
use sextant_plugin_sdk::xml::Element;
use std::borrow::Cow;

/// Authors that are kept of a feed as a whole.
const FEED_AUTHORS_MAX: usize = 100;

/// How the elements of a record are looked at.
#[derive(Debug)]
pub(super) struct View<'a> {
    window: &'a Window,
    /// The prefix of the format's own elements.
    own: &'a str,
}

/// Whose an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// The format's own.
    Own,
    Atom,
    DublinCore,
    /// Dublin Core's later terms.
    Terms,
    Content,
    Unknown,
}

/// How much of an element was taken into columns: all but attributes with other names than these. None
/// where all of it belongs into `other`.
type Taken = Option<&'static [&'static str]>;

/// No attribute is used.
const NONE: &[&str] = &[];
/// The attributes of a guid.
const GUID: &[&str] = &["isPermaLink"];
/// Those of a category, which has one of them.
const CATEGORY: &[&str] = &["term", "label"];
/// The attributes of a link.
const LINK: &[&str] = &["rel", "href"];
/// The same, where the type says nothing new.
const TYPED_LINK: &[&str] = &["rel", "href", "type"];
/// The attribute of a text that says no more than that it is one.
const TYPE: &[&str] = &["type"];

impl<'a> View<'a> {
    pub(super) fn new(window: &'a Window, own: &'a str) -> Self {
        Self { window, own }
    }

    fn whose(&self, element: Element<'_>) -> Whose {
        match element.prefix() {
            prefix if prefix == self.own => Whose::Own,
            "atom" | "a10" => Whose::Atom,
            "dc" => Whose::DublinCore,
            "dcterms" => Whose::Terms,
            "content" => Whose::Content,
            _ => Whose::Unknown,
        }
    }

    /// The name with its prefix, unless that is the format's own.
    fn name(&self, element: Element<'_>) -> String {
        match element.prefix() {
            prefix if prefix.is_empty() || prefix == self.own => element.name().to_owned(),
            prefix => format!("{prefix}:{}", element.name()),
        }
    }

    /// What is in an element: its text, or the markup, where elements stand in it.
    fn value<'e>(&self, element: Element<'e>) -> Option<Cow<'e, str>> {
        let child = element.children().next();
        let markup = child.and_then(|_| self.window.inside(element.byte()));
        present(markup.map_or_else(|| element.text(), Cow::Owned))
    }

    /// An element as JSON: a text, or an object with its attributes and what is in it.
    fn json(&self, element: Element<'_>) -> Value {
        let mut members = Other::new(true);
        for (name, value) in element.attributes() {
            members.add(format!("@{name}"), value.into());
        }
        let text = element.text();
        let mut children = element.children().peekable();
        if children.peek().is_none() {
            if members.0.as_ref().is_none_or(Map::is_empty) {
                return text.into_owned().into();
            }
            if !text.is_empty() {
                members.add("#text".to_owned(), text.into_owned().into());
            }
        } else if text.is_empty() {
            for child in children {
                members.add(self.name(child), self.json(child));
            }
        } else {
            // Texts and elements in turn have their order in the markup alone.
            let markup = self.value(element).unwrap_or_default();
            members.add("#markup".to_owned(), markup.into());
        }
        Value::Object(members.0.unwrap_or_default())
    }
}

/// The members of `other`; none where nobody wants it.
#[derive(Debug)]
pub(super) struct Other(Option<Map<String, Value>>);

impl Other {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self(is_wanted.then(Map::new))
    }

    /// Adds a member. What comes more than once becomes an array.
    fn add(&mut self, name: String, value: Value) {
        let Some(members) = &mut self.0 else {
            return;
        };
        match members.get_mut(&name) {
            None => {
                members.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(known) => *known = Value::Array(vec![known.take(), value]),
        }
    }

    /// Adds what was not taken of an element.
    fn add_rest(&mut self, view: &View<'_>, element: Element<'_>, taken: Taken) {
        if self.0.is_none() {
            return;
        }
        let Some(used) = taken else {
            return self.add(view.name(element), view.json(element));
        };
        let rest = element.attributes();
        let mut rest = rest.filter(|(name, _)| !used.contains(name)).peekable();
        if rest.peek().is_some() {
            let rest: Map<String, Value> = rest
                .map(|(name, value)| (format!("@{name}"), Value::from(value)))
                .collect();
            self.add(view.name(element), rest.into());
        }
    }

    /// The JSON object; none where there is nothing in it.
    pub(super) fn finish(self) -> Option<String> {
        let members = self.0.filter(|members| !members.is_empty())?;
        Some(Value::Object(members).to_string())
    }
}

/// Takes what is said of a feed as a whole.
pub(super) fn describe(view: &View<'_>, element: Element<'_>, is_atom: bool, feed: &mut Feed) {
    let whose = view.whose(element);
    match element.name() {
        "title" if whose == Whose::Own => {
            set(&mut feed.title, view.value(element).map(Cow::into_owned));
        }
        "language" if matches!(whose, Whose::Own | Whose::DublinCore) => {
            let language = view.value(element).map(Cow::into_owned);
            set(&mut feed.language, language);
        }
        "link" if whose == Whose::Atom || (is_atom && whose == Whose::Own) => {
            if element.attribute("rel") == Some("self")
                && let Some(url) = element.attribute("href").and_then(trimmed)
            {
                feed.url = Some(url.to_owned());
            }
        }
        "author" if is_atom && whose == Whose::Own && feed.authors.len() < FEED_AUTHORS_MAX => {
            let author = person(element).map(|name| Cow::Owned(name.into_owned()));
            add(&mut feed.authors, author);
        }
        _ => {}
    }
}

/// Takes an item of RSS or RDF.
pub(super) fn rss<'a>(
    view: &View<'_>,
    item: Element<'a>,
    entry: &mut Entry<'a>,
    other: &mut Other,
) {
    attributes(item, entry, other);
    for element in item.children() {
        let taken = rss_element(view, element, entry);
        other.add_rest(view, element, taken);
    }
    // The id is where the entry is, unless it says that it is not.
    if entry.url.is_none()
        && let Some(guid) = item.child("guid")
        && guid.attribute("isPermaLink") != Some("false")
        && guid.text().starts_with("http")
    {
        entry.url = Some(guid.text());
    }
}

fn rss_element<'a>(view: &View<'_>, element: Element<'a>, entry: &mut Entry<'a>) -> Taken {
    use Whose::{Atom, Content, DublinCore, Own, Terms};
    let value = || view.value(element);
    let is_taken = match (view.whose(element), element.name()) {
        (Own | DublinCore, "title") => set(&mut entry.title, value()),
        (Own, "link") => set(&mut entry.url, value()),
        (Own | DublinCore, "description") => set(&mut entry.summary, value()),
        (Content, "encoded") => set(&mut entry.content, value()),
        (Own, "author") | (DublinCore, "creator") => add(&mut entry.authors, value()),
        (Atom, "author") => return author(element, entry),
        (Own, "category") | (DublinCore, "subject") => {
            add(&mut entry.categories, value()) && element.attributes().next().is_none()
        }
        (Own, "pubDate") | (DublinCore, "date") | (Atom, "published") => {
            set_time(&mut entry.published, value())
        }
        (Terms, "created" | "issued") => set_time(&mut entry.published, value()),
        (Atom, "updated") | (Terms, "modified") => set_time(&mut entry.updated, value()),
        (Own | DublinCore, "language") => set(&mut entry.language, value()),
        (Own, "guid") => {
            return set(&mut entry.id, value()).then_some(GUID);
        }
        (Own, "enclosure") => {
            let is_taken = set(&mut entry.enclosure_url, attribute(element, "url"));
            is_taken && element.attributes().count() <= 1
        }
        _ => false,
    };
    is_taken.then_some(NONE)
}

/// Takes an entry of Atom.
pub(super) fn atom<'a>(
    view: &View<'_>,
    element: Element<'a>,
    entry: &mut Entry<'a>,
    other: &mut Other,
) {
    attributes(element, entry, other);
    for child in element.children() {
        let taken = atom_element(view, child, entry);
        other.add_rest(view, child, taken);
    }
    // An entry that was taken over from another feed is by whoever that feed is.
    if entry.authors.is_empty()
        && let Some(source) = element.child("source")
    {
        for author in source.children_named("author") {
            add(&mut entry.authors, person(author));
        }
    }
}

fn atom_element<'a>(view: &View<'_>, element: Element<'a>, entry: &mut Entry<'a>) -> Taken {
    use Whose::{DublinCore, Own};
    let value = || view.value(element);
    // Without a type it is a text.
    let text_type = match element.attribute("type") {
        Some("text") => TYPE,
        _ => NONE,
    };
    let is_taken = match (view.whose(element), element.name()) {
        (Own, "id") => set(&mut entry.id, value()),
        (Own, "title") => return set(&mut entry.title, value()).then_some(text_type),
        (Own, "summary") => return set(&mut entry.summary, value()).then_some(text_type),
        (Own, "content") => return set(&mut entry.content, value()).then_some(text_type),
        (Own, "published" | "issued" | "created") | (DublinCore, "date") => {
            set_time(&mut entry.published, value())
        }
        (Own, "updated" | "modified") => set_time(&mut entry.updated, value()),
        (Own, "author") => return author(element, entry),
        (DublinCore, "creator") => add(&mut entry.authors, value()),
        (DublinCore, "subject") => add(&mut entry.categories, value()),
        (Own, "category") => {
            let term = attribute(element, "term").or_else(|| attribute(element, "label"));
            let is_taken = add(&mut entry.categories, term);
            return (is_taken && element.attributes().count() <= 1).then_some(CATEGORY);
        }
        (Own, "link") => return link(element, entry),
        _ => false,
    };
    is_taken.then_some(NONE)
}

/// Takes a link of Atom. That what it leads to is HTML goes without saying.
fn link<'a>(element: Element<'a>, entry: &mut Entry<'a>) -> Taken {
    let href = attribute(element, "href");
    match element.attribute("rel").unwrap_or("alternate") {
        "alternate" => {
            let used = match element.attribute("type") {
                Some("text/html") => TYPED_LINK,
                _ => LINK,
            };
            set(&mut entry.url, href).then_some(used)
        }
        "enclosure" => {
            let is_taken = set(&mut entry.enclosure_url, href);
            (is_taken && element.attributes().count() <= 2).then_some(LINK)
        }
        _ => None,
    }
}

/// Takes an author of Atom, who may have more than a name.
fn author<'a>(element: Element<'a>, entry: &mut Entry<'a>) -> Taken {
    add(&mut entry.authors, person(element));
    let is_name = |child: Element<'_>| child.name() == "name";
    element.children().all(is_name).then_some(NONE)
}

/// Whom an element of Atom names: by name, else by address.
fn person(element: Element<'_>) -> Option<Cow<'_, str>> {
    let part = |name| {
        let child = element.child(name)?;
        present(child.text())
    };
    part("name")
        .or_else(|| part("email"))
        .or_else(|| present(element.text()))
}

/// Takes the attributes of an entry.
fn attributes<'a>(element: Element<'a>, entry: &mut Entry<'a>, other: &mut Other) {
    for (name, value) in element.attributes() {
        let is_taken = match name {
            "about" => set(&mut entry.id, trimmed(value).map(Cow::Borrowed)),
            "lang" => set(&mut entry.language, trimmed(value).map(Cow::Borrowed)),
            _ => false,
        };
        if !is_taken {
            other.add(format!("@{name}"), value.into());
        }
    }
}

fn attribute<'a>(element: Element<'a>, name: &str) -> Option<Cow<'a, str>> {
    let value = element.attribute(name).and_then(trimmed);
    value.map(Cow::Borrowed)
}
