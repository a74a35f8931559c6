//! Handling codes and evaluations: what is written of them, what a record has from what encloses it, and
//! what they say. What is none of the codes there are is refused, never passed over.

use crate::mapping::Mark;
use sextant_plugin_sdk::{Error, Result};
use std::borrow::Cow;

/// What may be said of handling, by the codes that are said, as bits: H0 is the lowest.
const HANDLING: [&str; 16] = [
    "",
    "H0",
    "H1",
    "H0; H1",
    "H2",
    "H0; H2",
    "H1; H2",
    "H0; H1; H2",
    "H3",
    "H0; H3",
    "H1; H3",
    "H0; H1; H3",
    "H2; H3",
    "H0; H2; H3",
    "H1; H2; H3",
    "H0; H1; H2; H3",
];

/// The evaluations of sources there are, and those of information.
const SOURCES: &str = "ABCX";
const INFORMATION: &str = "1234";
/// Both of them: for each letter its four numbers.
const EVALUATIONS: [&str; 16] = [
    "A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4", "C1", "C2", "C3", "C4", "X1", "X2", "X3", "X4",
];

/// The texts of marks, as they stand in a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks<'a>(Vec<(Mark, Cow<'a, str>)>);

/// What holds for a record if it does not say something else itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inherited<'a> {
    pub(crate) message_id: Option<&'a str>,
    /// Those that have the handling codes.
    handling: Option<&'a Marks<'a>>,
    /// Those that have the evaluation.
    evaluation: Option<&'a Marks<'a>>,
}

/// What the marks of a record say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Codes {
    /// By the order of [`Mark::ALL`].
    pub(crate) texts: [Option<&'static str>; Mark::ALL.len()],
}

impl<'a> Marks<'a> {
    /// Adds a text, once.
    pub(crate) fn add(&mut self, mark: Mark, text: Cow<'a, str>) {
        if !self.has(mark, &text) {
            self.0.push((mark, text));
        }
    }

    pub(crate) fn has(&self, mark: Mark, text: &str) -> bool {
        self.of(mark).any(|known| known == text)
    }

    pub(crate) fn of(&self, mark: Mark) -> impl Iterator<Item = &Cow<'a, str>> {
        let marks = self.0.iter().filter(move |(known, _)| *known == mark);
        marks.map(|(_, text)| text)
    }

    fn is_handled(&self) -> bool {
        self.of(Mark::Handling).next().is_some()
    }

    /// Whether there is an evaluation, or a part of one.
    fn is_evaluated(&self) -> bool {
        self.0.iter().any(|(mark, _)| *mark != Mark::Handling)
    }
}

impl<'a> Inherited<'a> {
    /// What holds inside something with these marks. An evaluation is taken whole: a source's letter
    /// does not go with another one's number.
    pub(crate) fn inside(self, marks: &'a Marks<'a>) -> Self {
        Self {
            message_id: self.message_id,
            handling: marks.is_handled().then_some(marks).or(self.handling),
            evaluation: marks.is_evaluated().then_some(marks).or(self.evaluation),
        }
    }

    /// The codes of a record for which this holds, and in which there are records with more handling
    /// codes.
    pub(crate) fn codes(self, inner_handling: &[Cow<'_, str>]) -> Result<Codes> {
        let own = self.handling.into_iter();
        let own = own.flat_map(|marks| marks.of(Mark::Handling));
        let handling = handling(own.chain(inner_handling).map(AsRef::as_ref))?;
        let (source, information) = match self.evaluation {
            Some(marks) => evaluation(marks)?,
            None => (None, None),
        };
        let source = source.and_then(|source| SOURCES.find(source));
        let information = information.and_then(|information| INFORMATION.find(information));
        let both = source.zip(information);
        Ok(Codes {
            texts: [
                handling,
                source.map(|at| &SOURCES[at..=at]),
                information.map(|at| &INFORMATION[at..=at]),
                both.map(|(source, information)| EVALUATIONS[4 * source + information]),
            ],
        })
    }
}

/// Whether a text is a handling code and nothing else.
pub(crate) fn is_handling_code(text: &str) -> bool {
    handling_number(text.trim()).is_some()
}

/// The start of a text, for an error.
pub(crate) fn start(text: &str, chars_max: usize) -> &str {
    let end = text.char_indices().nth(chars_max);
    end.map_or(text, |(end, _)| &text[..end])
}

fn wrong(expected: &str, found: &str, mark: Mark) -> Error {
    let found = start(found, 60);
    Error::invalid_data(format!("expected {expected}, found {found:?}")).in_field(mark.name())
}

/// Handling codes, each once, in their order.
fn handling<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Option<&'static str>> {
    let mut found = 0;
    for text in texts {
        let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '+' | '|');
        let mut codes = text
            .split(is_between)
            .filter(|code| !code.is_empty())
            .peekable();
        if codes.peek().is_none() {
            return Err(wrong("H0, H1, H2 or H3", text, Mark::Handling));
        }
        for code in codes {
            let number = handling_number(code);
            let number = number.ok_or_else(|| wrong("H0, H1, H2 or H3", text, Mark::Handling))?;
            found |= 1 << number;
        }
    }
    Ok((found > 0).then_some(HANDLING[found]))
}

fn handling_number(code: &str) -> Option<usize> {
    match code.as_bytes() {
        [b'H' | b'h', digit @ b'0'..=b'3'] => Some(usize::from(digit - b'0')),
        _ => None,
    }
}

/// The evaluations of the source and of the information.
fn evaluation(marks: &Marks<'_>) -> Result<(Option<char>, Option<char>)> {
    let (mut source, mut information) = (None, None);
    for text in marks.of(Mark::Evaluation) {
        let expected = "A, B, C or X and then 1, 2, 3 or 4";
        let both = both(text).ok_or_else(|| wrong(expected, text, Mark::Evaluation))?;
        settle(&mut source, both.0, Mark::SourceEvaluation)?;
        settle(&mut information, both.1, Mark::InformationEvaluation)?;
    }
    for text in marks.of(Mark::SourceEvaluation) {
        let letter = one(text, is_source);
        let mark = Mark::SourceEvaluation;
        settle(
            &mut source,
            letter.ok_or_else(|| wrong("A, B, C or X", text, mark))?,
            mark,
        )?;
    }
    for text in marks.of(Mark::InformationEvaluation) {
        let number = one(text, is_information);
        let mark = Mark::InformationEvaluation;
        settle(
            &mut information,
            number.ok_or_else(|| wrong("1, 2, 3 or 4", text, mark))?,
            mark,
        )?;
    }
    Ok((source, information))
}

/// `B2`, `B-2`, `B/2` or `B 2`.
fn both(text: &str) -> Option<(char, char)> {
    let mut chars = text
        .chars()
        .filter(|&c| !c.is_whitespace() && c != '-' && c != '/');
    let source = chars.next()?.to_ascii_uppercase();
    let information = chars.next()?;
    let is_both = is_source(source) && is_information(information) && chars.next().is_none();
    is_both.then_some((source, information))
}

fn one(text: &str, is_code: fn(char) -> bool) -> Option<char> {
    let mut chars = text.trim().chars();
    let code = chars.next()?.to_ascii_uppercase();
    (is_code(code) && chars.next().is_none()).then_some(code)
}

fn is_source(c: char) -> bool {
    SOURCES.contains(c)
}

fn is_information(c: char) -> bool {
    INFORMATION.contains(c)
}

/// Takes a code, unless there is another one already.
fn settle(known: &mut Option<char>, found: char, mark: Mark) -> Result<()> {
    match known.replace(found) {
        Some(before) if before != found => {
            let message = format!("expected one evaluation, found {before} and {found}");
            Err(Error::invalid_data(message).in_field(mark.name()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(marks: &[(Mark, &'static str)]) -> Result<[Option<&'static str>; 4]> {
        let mut found = Marks::default();
        for &(mark, text) in marks {
            found.add(mark, text.into());
        }
        Ok(Inherited::default().inside(&found).codes(&[])?.texts)
    }

    #[test]
    fn codes_are_read_and_put_into_order() {
        use Mark::{Evaluation, Handling, InformationEvaluation, SourceEvaluation};
        let texts =
            |marks: &[(Mark, &'static str)]| codes(marks).unwrap().map(Option::unwrap_or_default);
        assert_eq!(texts(&[]), ["", "", "", ""]);
        let handling = texts(&[(Handling, "h3, H1"), (Handling, "H1")]);
        assert_eq!(handling, ["H1; H3", "", "", ""]);
        assert_eq!(texts(&[(Evaluation, "b-2")]), ["", "B", "2", "B2"]);
        let parts = [(SourceEvaluation, "X"), (InformationEvaluation, "4")];
        assert_eq!(texts(&parts), ["", "X", "4", "X4"]);
        assert_eq!(texts(&parts[..1]), ["", "X", "", ""]);
    }

    #[test]
    fn every_set_of_codes_has_its_text() {
        for (set, text) in HANDLING.iter().enumerate() {
            let codes = (0..4).filter(|code| set & (1 << code) != 0);
            let codes: Vec<_> = codes.map(|code| format!("H{code}")).collect();
            assert_eq!(codes.join("; "), *text);
        }
        for source in ["A", "B", "C", "X"] {
            for information in ["1", "2", "3", "4"] {
                let parts = [
                    (Mark::SourceEvaluation, source),
                    (Mark::InformationEvaluation, information),
                ];
                let both = format!("{source}{information}");
                let expected = [None, Some(source), Some(information), Some(both.as_str())];
                assert_eq!(codes(&parts).unwrap(), expected);
            }
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        use Mark::{Evaluation, Handling, InformationEvaluation, SourceEvaluation};
        for (marks, expected) in [
            (vec![(Handling, "H4")], "H0, H1, H2 or H3, found \"H4\""),
            (vec![(Handling, "H1 secret")], "H0, H1, H2 or H3"),
            (vec![(Handling, ";")], "H0, H1, H2 or H3"),
            (vec![(SourceEvaluation, "D")], "A, B, C or X, found \"D\""),
            (vec![(InformationEvaluation, "5")], "1, 2, 3 or 4"),
            (vec![(Evaluation, "2B")], "A, B, C or X and then"),
            (
                vec![(Evaluation, "A1"), (SourceEvaluation, "B")],
                "expected one evaluation, found A and B",
            ),
        ] {
            let error = codes(&marks).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_evaluation_comes_whole_from_one_place() {
        let (mut outer, mut inner) = (Marks::default(), Marks::default());
        outer.add(Mark::Evaluation, "A1".into());
        outer.add(Mark::Handling, "H1".into());
        inner.add(Mark::SourceEvaluation, "C".into());
        let inherited = Inherited::default().inside(&outer).inside(&inner);
        let texts = inherited.codes(&["H2".into()]).unwrap().texts;
        assert_eq!(texts, [Some("H1; H2"), Some("C"), None, None]);
    }
}
