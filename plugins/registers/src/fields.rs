//! The fields of an element: the first of each name is for the columns, and what no column is for is kept
//! as JSON. Nothing is copied before it is known to be left over.

use serde_json::{Map, Value};
use sextant_plugin_sdk::xml::Element;

/// A field that is known, by its name.
pub(crate) type Known = (&'static str, Use);

/// What a field is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    /// Its text is a column's. Columns hold the first of several.
    Column,
    /// It has fields of its own. Columns hold those of the first of several.
    Fields(&'static [Known]),
    /// Its rows are in another table; its attributes are not.
    Table,
}

/// Finds names among those that are known. Elements come in about the order of the list, so a name is
/// looked for behind the one that was found before it.
struct Names {
    known: &'static [Known],
    next: usize,
}

impl Names {
    fn new(known: &'static [Known]) -> Self {
        Self { known, next: 0 }
    }

    /// Where in the list a name is.
    fn find(&mut self, name: &str) -> Option<usize> {
        let mut places = (self.next..self.known.len()).chain(0..self.next);
        let found = places.find(|&at| self.known[at].0 == name)?;
        self.next = found + 1;
        Some(found)
    }
}

/// The first element of each name, in the order of the names.
pub(crate) fn firsts<'a, const N: usize>(
    element: Element<'a>,
    known: &'static [Known; N],
) -> [Option<Element<'a>>; N] {
    let mut names = Names::new(known);
    let mut firsts = [None; N];
    for child in element.children() {
        if let Some(at) = names.find(child.name()) {
            firsts[at].get_or_insert(child);
        }
    }
    firsts
}

/// What no column is for, as a JSON object: from paths to texts, or lists of texts. The element's own
/// text is part of it, by the element's name, unless a column has it.
pub(crate) fn left_over(
    element: Element<'_>,
    known: &'static [Known],
    has_own: bool,
) -> Option<String> {
    let mut found = Map::new();
    if !has_own {
        let place = Place {
            within: None,
            name: element.name(),
        };
        put(&mut found, place, &element.text());
    }
    collect(element, None, known, &mut found);
    (!found.is_empty()).then(|| Value::Object(found).to_string())
}

/// Where something is in the element of a row. A path is made of it only if there is something to keep.
#[derive(Clone, Copy)]
struct Place<'p> {
    within: Option<&'p Self>,
    name: &'p str,
}

impl Place<'_> {
    fn path(&self) -> String {
        match self.within {
            Some(within) => format!("{}/{}", within.path(), self.name),
            None => self.name.to_owned(),
        }
    }
}

fn collect(
    element: Element<'_>,
    within: Option<&Place<'_>>,
    known: &'static [Known],
    found: &mut Map<String, Value>,
) {
    put_attributes(element, within, found);
    let mut names = Names::new(known);
    let mut seen = vec![false; known.len()];
    for child in element.children() {
        let place = Place {
            within,
            name: child.name(),
        };
        let at = names.find(place.name);
        let is_first = at.is_some_and(|at| !std::mem::replace(&mut seen[at], true));
        match at.map(|at| known[at].1) {
            Some(Use::Table) => put_attributes(child, Some(&place), found),
            Some(Use::Column) if is_first => collect(child, Some(&place), &[], found),
            Some(Use::Fields(fields)) if is_first => {
                put(found, place, &child.text());
                collect(child, Some(&place), fields, found);
            }
            _ => {
                put(found, place, &child.text());
                collect(child, Some(&place), &[], found);
            }
        }
    }
}

fn put_attributes(
    element: Element<'_>,
    within: Option<&Place<'_>>,
    found: &mut Map<String, Value>,
) {
    for (name, value) in element.attributes() {
        let name = &format!("@{name}");
        put(found, Place { within, name }, value);
    }
}

fn put(found: &mut Map<String, Value>, place: Place<'_>, text: &str) {
    if text.is_empty() {
        return;
    }
    let (path, value) = (place.path(), Value::String(text.to_owned()));
    match found.get_mut(&path) {
        None => {
            found.insert(path, value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}
