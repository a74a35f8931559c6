//! Paths to the values of a record, and which columns a value is for.
//!
//! A path is names joined by `/`: `*` is any one element, `**` any number of them, `@name` an
//! attribute, `.` the record's own text. Letters A to Z are the same in both cases. `*` and `**` do not
//! enter a record that stands in the record; its name does.

use hashbrown::{Equivalent, HashMap};
use sextant_plugin_sdk::xml::is_same;
use sextant_plugin_sdk::{Error, Result};

/// Stands before the name of a record in a record. No name of XML has it.
const INNER: &str = "!";
/// The path of the text that is directly in a record.
pub(crate) const OWN_TEXT: &str = ".";

/// How many steps a path of the mapping may have.
const STEPS_MAX: usize = 32;
/// How often a path may say `**`; trying them out takes longer with each.
const DEEP_MAX: usize = 2;
/// How many paths of a file it is remembered for which columns they are.
const PLACES_MAX: usize = 4_096;

/// A path of the mapping.
#[derive(Clone, Debug)]
pub(crate) struct Path(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// An element, or an attribute with its `@`, in lower case.
    Name(String),
    /// Any one element.
    One,
    /// Any number of elements.
    Deep,
}

impl Path {
    pub(crate) fn new(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            let message = format!("expected a path such as \"Name/*/@id\", found {text:?}: {why}");
            Err(Error::invalid_config(message))
        };
        let mut parts = Vec::new();
        for step in text.split('/') {
            parts.push(match step {
                "*" => Part::One,
                "**" => Part::Deep,
                "" | "@" => return wrong("a name is missing"),
                OWN_TEXT if text != OWN_TEXT => return wrong("\".\" stands alone"),
                _ if step.contains('*') => return wrong("a name has no \"*\""),
                _ => Part::Name(step.to_ascii_lowercase()),
            });
        }
        let is_attribute = |part: &Part| matches!(part, Part::Name(name) if name.starts_with('@'));
        let before_last = &parts[..parts.len() - 1];
        if before_last.iter().any(is_attribute) {
            return wrong("an attribute has nothing in it");
        }
        if parts.last() == Some(&Part::Deep) {
            return wrong("something follows \"**\"");
        }
        let deep = parts.iter().filter(|part| **part == Part::Deep).count();
        if parts.len() > STEPS_MAX || deep > DEEP_MAX {
            return wrong(&format!(
                "it may have {STEPS_MAX} steps, and {DEEP_MAX} times \"**\""
            ));
        }
        Ok(Self(parts))
    }

    /// Whether it leads to a value whose path, in lower case, has these steps.
    fn fits(&self, steps: &[&str]) -> bool {
        fits(&self.0, steps)
    }
}

fn fits(parts: &[Part], steps: &[&str]) -> bool {
    match parts.split_first() {
        None => steps.is_empty(),
        Some((Part::Deep, rest)) => {
            let elements = steps.iter().take_while(|step| is_plain(step)).count();
            (0..=elements).any(|count| fits(rest, &steps[count..]))
        }
        Some((part, rest)) => steps
            .split_first()
            .is_some_and(|(step, others)| part.takes(step) && fits(rest, others)),
    }
}

impl Part {
    fn takes(&self, step: &str) -> bool {
        match self {
            Self::Name(name) => step.strip_prefix(INNER).unwrap_or(step) == name,
            Self::One | Self::Deep => is_plain(step),
        }
    }
}

/// Whether a step is an element that is no record.
fn is_plain(step: &str) -> bool {
    step != OWN_TEXT && !step.starts_with('@') && !step.starts_with(INNER)
}

/// A path of the mapping, and the column that it is of.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) column: usize,
    pub(crate) path: Path,
    /// Whether it leads into no record in the record, not even by name.
    pub(crate) is_own: bool,
}

/// That a value is for a column; of several values the one with the lowest rank is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) column: usize,
    pub(crate) rank: usize,
}

/// What a step of a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum To {
    /// An element that is no record, or the record's own text.
    Element,
    /// A record in the record.
    Record,
    Attribute,
}

/// A step from a place in a record to one in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Step<N> {
    from: usize,
    to: To,
    /// As it stands in the file.
    name: N,
}

impl Equivalent<Step<String>> for Step<&str> {
    fn equivalent(&self, known: &Step<String>) -> bool {
        self.from == known.from && self.to == known.to && is_same(self.name, &known.name)
    }
}

/// A path of a file, by its last step.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    step: Step<String>,
    /// How many bytes the path has.
    pub(crate) path_bytes: usize,
    /// The columns that its values are for.
    pub(crate) fits: Vec<Fit>,
    /// Whether it leads into a record in the record.
    pub(crate) is_inner: bool,
    /// The place that was asked for after this one, the last time.
    next: usize,
}

/// Says which columns the values at a path are for, and remembers it. A place is found by the step that
/// leads to it from the place around it, so no path is made for a value.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    patterns: Vec<Pattern>,
    known: HashMap<Step<String>, usize>,
    /// The first is the record itself.
    places: Vec<Place>,
    /// The place that was asked for last. What comes after it in one record mostly does in the next.
    last: usize,
}

impl Matcher {
    /// The number of the record itself, from which all paths lead.
    pub(crate) const RECORD: usize = 0;

    /// Of the patterns of a column the first is the one that is preferred.
    pub(crate) fn new(patterns: Vec<Pattern>) -> Self {
        let record = Place {
            step: Step {
                // No step leads to it.
                from: usize::MAX,
                to: To::Record,
                name: String::new(),
            },
            path_bytes: 0,
            fits: Vec::new(),
            is_inner: false,
            next: Self::RECORD,
        };
        Self {
            patterns,
            known: HashMap::new(),
            places: vec![record],
            last: Self::RECORD,
        }
    }

    /// Forgets the paths of the file if there are many; their numbers mean nothing afterwards.
    pub(crate) fn trim(&mut self) {
        if self.places.len() > PLACES_MAX {
            self.known.clear();
            self.places.truncate(1);
            self.places[Self::RECORD].next = Self::RECORD;
            self.last = Self::RECORD;
        }
    }

    /// The number of the place to which a step leads.
    pub(crate) fn step(&mut self, from: usize, to: To, name: &str) -> usize {
        let next = self.places[self.last].next;
        let step = Step { from, to, name };
        let number = match step.equivalent(&self.places[next].step) {
            true => next,
            false => self.find(from, to, name),
        };
        self.places[self.last].next = number;
        self.last = number;
        number
    }

    fn find(&mut self, from: usize, to: To, name: &str) -> usize {
        if let Some(&number) = self.known.get(&Step { from, to, name }) {
            return number;
        }
        let number = self.places.len();
        let name = name.to_owned();
        let step = Step { from, to, name };
        let place = self.place(step.clone());
        self.places.push(place);
        self.known.insert(step, number);
        number
    }

    /// The number of the place to which a path leads, whose names have their signs.
    pub(crate) fn number(&mut self, path: &str) -> usize {
        let steps = path.split('/');
        steps.fold(Self::RECORD, |from, name| {
            self.step(from, To::Element, name)
        })
    }

    /// The place with a number that [`step`](Self::step) gave.
    pub(crate) fn at(&self, number: usize) -> &Place {
        &self.places[number]
    }

    /// The path to a place as it stands in the file, with [`INNER`] before the names of records.
    pub(crate) fn path(&self, number: usize) -> String {
        match number {
            Self::RECORD => String::new(),
            _ => self.path_of(&self.places[number].step),
        }
    }

    fn path_of(&self, step: &Step<String>) -> String {
        let mut path = self.path(step.from);
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(match step.to {
            To::Element => "",
            To::Record => INNER,
            To::Attribute => "@",
        });
        path.push_str(&step.name);
        path
    }

    fn place(&self, step: Step<String>) -> Place {
        let lower = self.path_of(&step).to_ascii_lowercase();
        let steps: Vec<_> = lower.split('/').collect();
        let is_inner = steps.iter().any(|step| step.starts_with(INNER));
        let mut fits: Vec<Fit> = Vec::new();
        for (rank, pattern) in self.patterns.iter().enumerate() {
            let column = pattern.column;
            let is_known = fits.iter().any(|fit| fit.column == column);
            let is_left_out = is_known || (is_inner && pattern.is_own);
            if !is_left_out && pattern.path.fits(&steps) {
                fits.push(Fit { column, rank });
            }
        }
        Place {
            step,
            path_bytes: lower.len(),
            fits,
            is_inner,
            next: Self::RECORD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(pattern: &str, path: &str) -> bool {
        let pattern = Pattern {
            column: 0,
            path: Path::new(pattern).unwrap(),
            is_own: false,
        };
        let mut matcher = Matcher::new(vec![pattern]);
        let number = matcher.number(path);
        !matcher.at(number).fits.is_empty()
    }

    #[test]
    fn paths_lead_where_they_say() {
        for (pattern, path) in [
            ("PersonName/FamilyName", "personname/FAMILYNAME"),
            ("*/FamilyName", "Any/FamilyName"),
            ("**/FamilyName", "FamilyName"),
            ("**/FamilyName", "a/b/c/FamilyName"),
            ("a/**/b/**/c", "a/x/b/b/c"),
            ("@id", "@ID"),
            ("**/@id", "@id"),
            ("a/*", "a/b"),
            (".", "."),
            ("From/Person/@id", "From/!Person/@id"),
        ] {
            assert!(leads(pattern, path), "{pattern} to {path}");
        }
        for (pattern, path) in [
            ("*/FamilyName", "FamilyName"),
            ("*/FamilyName", "a/b/FamilyName"),
            ("FamilyName", "FamilyName/x"),
            ("id", "@id"),
            ("*", "@id"),
            ("*", "."),
            ("From/*/@id", "From/!Person/@id"),
            ("**/@id", "From/!Person/@id"),
            ("a/**/b", "a/@b"),
        ] {
            assert!(!leads(pattern, path), "{pattern} to {path}");
        }
    }

    #[test]
    fn places_are_found_by_steps_and_have_paths() {
        let mut matcher = Matcher::new(Vec::new());
        let from = matcher.step(Matcher::RECORD, To::Element, "From");
        let person = matcher.step(from, To::Record, "Person");
        let id = matcher.step(person, To::Attribute, "id");
        assert_eq!(matcher.step(person, To::Attribute, "id"), id);
        assert_ne!(matcher.step(person, To::Element, "id"), id);
        assert_ne!(matcher.step(from, To::Element, "Person"), person);
        let path = "From/!Person/@id";
        assert_eq!(matcher.path(id), path);
        assert_eq!(matcher.at(id).path_bytes, path.len());
        assert!(matcher.at(id).is_inner && !matcher.at(from).is_inner);
        for number in 0..PLACES_MAX {
            matcher.number(&number.to_string());
        }
        matcher.trim();
        let first = matcher.step(Matcher::RECORD, To::Element, "other");
        assert_eq!((first, matcher.path(first).as_str()), (1, "other"));
    }

    #[test]
    fn paths_without_sense_are_refused() {
        for (text, why) in [
            ("", "a name is missing"),
            ("a//b", "a name is missing"),
            ("a/", "a name is missing"),
            ("a/.", "stands alone"),
            ("a*", "a name has no"),
            ("@a/b", "an attribute has nothing in it"),
            ("a/**", "something follows"),
            ("**/a/**/b/**/c", "2 times"),
        ] {
            let error = Path::new(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
