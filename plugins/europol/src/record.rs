//! Records: from the tree of an element, and the records in it, to rows.

use crate::codes::{Codes, Inherited, Marks};
use crate::date;
use crate::envelope::Hidden;
use crate::mapping::{Holds, Kind, Mark};
use crate::path::{Fit, Matcher, OWN_TEXT, To};
use crate::plan::{Column, Plan, TablePlan};
use serde_json::{Map, Value as Json};
use sextant_plugin_sdk::xml::Element;
use sextant_plugin_sdk::{Cell, Error, Result, Rows};
use std::borrow::Cow;
use std::rc::Rc;

/// How many bytes the paths of a record's values may have: short names nest deep in few bytes.
const PATHS_BYTES_MAX: usize = 4 << 20;

/// Makes rows of the records of a file.
#[derive(Debug)]
pub(crate) struct Walk {
    plan: Rc<Plan>,
    wanted: Kind,
    file: String,
    /// In the order of [`Kind::ALL`].
    matchers: Vec<Matcher>,
    choice: Choice,
    space: Space,
    pub(crate) counts: Counts,
}

/// Lists that are filled for one record after the other, so that they need not grow for each. They are
/// empty between records.
#[derive(Debug, Default)]
struct Space {
    values: Vec<Value<'static>>,
    texts: Vec<Option<Cow<'static, str>>>,
    cells: Vec<Cell<'static>>,
}

/// Empties a list, whose space then serves for what borrows from elsewhere.
fn emptied<T, U>(list: Vec<T>) -> Vec<U> {
    // The space of the list is that of what is collected from it, if that has the same size.
    list.into_iter().filter_map(|_| None).collect()
}

/// What was seen of a file.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Records of all tables.
    pub(crate) records: u64,
    /// Records of the table that is asked for, and how many of them have no handling code.
    pub(crate) of_table: u64,
    pub(crate) unmarked: u64,
    /// Values of columns of days and numbers that are none.
    pub(crate) unparsed: u64,
    pub(crate) hidden: Hidden,
}

/// A record, as far as it was read.
#[derive(Debug)]
struct Record<'a> {
    element: Element<'a>,
    number: u64,
    /// The record that it stands in.
    within: Option<u64>,
    values: Vec<Value<'a>>,
    /// How many bytes the paths of all values have.
    path_bytes: usize,
    /// The records that stand in it.
    inner: Vec<(Element<'a>, Kind)>,
}

/// A text of a record, and the number of its path.
#[derive(Debug)]
struct Value<'a> {
    place: usize,
    text: Cow<'a, str>,
}

impl Walk {
    pub(crate) fn new(plan: Rc<Plan>, wanted: Kind, file: String) -> Self {
        let tables = Kind::ALL.into_iter().map(|kind| plan.table(kind));
        Self {
            matchers: tables.map(|table| table.matcher.clone()).collect(),
            plan,
            wanted,
            file,
            choice: Choice::default(),
            space: Space::default(),
            counts: Counts::default(),
        }
    }

    /// Pushes the rows of a record that stands in none, and of those in it.
    pub(crate) fn outermost(
        &mut self,
        element: Element<'_>,
        kind: Kind,
        inherited: Inherited<'_>,
        rows: &mut Rows,
    ) -> Result<()> {
        if kind != self.wanted {
            let (records, is_wanted) = self.survey(element);
            if !is_wanted {
                self.counts.records += records;
                return Ok(());
            }
        }
        self.matchers.iter_mut().for_each(Matcher::trim);
        let mut handling = Vec::new();
        self.record(element, kind, None, inherited, &mut handling, rows)
    }

    /// How many records an element of a record of another table is with those in it, and whether one of
    /// these is of the table that is asked for: what is not need not be read.
    fn survey(&self, element: Element<'_>) -> (u64, bool) {
        let mut found = (1, false);
        for inner in element.descendants() {
            let kind = self.plan.begins(inner.name());
            if let Some(kind) = kind.filter(|_| !self.plan.is_reference(inner)) {
                found.0 += 1;
                found.1 |= kind == self.wanted;
            }
        }
        found
    }

    /// Pushes the rows of a record and of those in it, and adds the handling codes of all of them to those of
    /// the records in the record around it: what that shows may come from one in it.
    fn record<'a>(
        &mut self,
        element: Element<'a>,
        kind: Kind,
        within: Option<u64>,
        inherited: Inherited<'_>,
        outer_handling: &mut Vec<Cow<'a, str>>,
        rows: &mut Rows,
    ) -> Result<()> {
        self.counts.records += 1;
        let mut record = Record {
            element,
            number: self.counts.records,
            within,
            values: emptied(std::mem::take(&mut self.space.values)),
            path_bytes: 0,
            inner: Vec::new(),
        };
        let mut reading = Reading {
            plan: &self.plan,
            matcher: &mut self.matchers[kind as usize],
            record: &mut record,
            is_inner: false,
        };
        reading.element(element, Matcher::RECORD);
        if record.path_bytes > PATHS_BYTES_MAX {
            // The records in it are left out as well: codes that they should have may be missing.
            let message =
                format!("the paths in a record may have {PATHS_BYTES_MAX} bytes, these have more");
            return rows.bad(record.bad(Error::invalid_data(message)));
        }
        let marks = record.marks(self.plan.table(kind), &self.matchers[kind as usize]);
        let inherited = inherited.inside(&marks);
        let mut handling = Vec::new();
        for &(element, kind) in &record.inner {
            let number = Some(record.number);
            self.record(element, kind, number, inherited, &mut handling, rows)?;
        }
        if kind == self.wanted {
            self.row(&record, inherited, &handling, rows)?;
        }
        if within.is_some() {
            outer_handling.append(&mut handling);
            outer_handling.extend(marks.of(Mark::Handling).cloned());
        }
        self.space.values = emptied(record.values);
        Ok(())
    }

    fn row(
        &mut self,
        record: &Record<'_>,
        inherited: Inherited<'_>,
        inner_handling: &[Cow<'_, str>],
        rows: &mut Rows,
    ) -> Result<()> {
        let table = self.plan.table(self.wanted);
        let matcher = &self.matchers[self.wanted as usize];
        self.counts.of_table += 1;
        let codes = match inherited.codes(inner_handling) {
            Ok(codes) => codes,
            Err(error) => return rows.bad(record.bad(error)),
        };
        self.counts.unmarked += u64::from(codes.texts[Mark::Handling as usize].is_none());
        let choice = &mut self.choice;
        choice.fill(table, matcher, record);
        choice.look(&record.values, matcher, &mut self.counts.hidden);
        let mut texts = emptied(std::mem::take(&mut self.space.texts));
        choice.texts(table, record, rows, &mut texts);
        let last = table.other();
        let is_wanted = rows.wants(last);
        let other = is_wanted.then(|| choice.other(&record.values, matcher));
        let other = other.flatten();
        let mut cells = emptied(std::mem::take(&mut self.space.cells));
        cells.resize(table.schema.fields().len(), Cell::Null);
        self.counts.unparsed += fill(table, &texts, rows, &mut cells);
        cells[last] = other.as_deref().into();
        cells[last + 1] = record
            .within
            .map_or(Cell::Null, |number| Cell::Int(number as i64));
        cells[last + 2] = Cell::Text(&self.file);
        cells[last + 3] = Cell::Int(record.number as i64);
        shared(codes, inherited.message_id, &mut cells);
        rows.push(&cells)?;
        self.space.cells = emptied(cells);
        self.space.texts = emptied(texts);
        Ok(())
    }
}

/// Puts the cells of the columns that all tables have behind `id`.
fn shared<'a>(codes: Codes, message_id: Option<&'a str>, cells: &mut [Cell<'a>]) {
    cells[1] = message_id.into();
    for (cell, text) in cells[2..].iter_mut().zip(codes.texts) {
        *cell = text.into();
    }
}

/// Puts the cells of the columns of the mapping, and says how many values are no days or numbers as they
/// should be.
fn fill<'a>(
    table: &TablePlan,
    texts: &'a [Option<Cow<'_, str>>],
    rows: &Rows,
    cells: &mut [Cell<'a>],
) -> u64 {
    let mut unparsed = 0;
    for (column, text) in table.columns.iter().zip(texts) {
        let Some(text) = text.as_deref() else {
            continue;
        };
        let cell = match column.holds {
            Holds::Text => {
                cells[column.at] = Cell::Text(text);
                continue;
            }
            Holds::Date => date::day(text).map(Cell::Date),
            Holds::Float => finite(text).map(Cell::Float),
            Holds::Int => text.trim().parse().ok().map(Cell::Int),
        };
        unparsed += u64::from(cell.is_none() && rows.wants(column.at));
        cells[column.at] = cell.unwrap_or(Cell::Null);
        cells[column.at + 1] = Cell::Text(text);
    }
    unparsed
}

fn finite(text: &str) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok();
    number.filter(|number| number.is_finite())
}

/// Reads the values of a record from its tree.
struct Reading<'r, 'a> {
    plan: &'r Plan,
    matcher: &'r mut Matcher,
    record: &'r mut Record<'a>,
    is_inner: bool,
}

impl<'a> Reading<'_, 'a> {
    /// Reads an element at a place.
    fn element(&mut self, element: Element<'a>, place: usize) {
        let is_record = self.matcher.at(place).path_bytes == 0;
        // One with nothing in it says that it is there.
        if let Some(text) = element.only_text().filter(|_| !is_record) {
            return self.value(place, text.into());
        }
        for (name, value) in element.attributes() {
            let place = self.matcher.step(place, To::Attribute, name);
            self.value(place, value.trim().into());
        }
        let text = element.text();
        if !text.is_empty() {
            let place = match is_record {
                true => self.matcher.step(place, To::Element, OWN_TEXT),
                false => place,
            };
            self.value(place, text);
        }
        for child in element.children() {
            self.child(child, place);
        }
    }

    fn child(&mut self, child: Element<'a>, around: usize) {
        // It is a bad record, whatever else is in it.
        if self.record.path_bytes > PATHS_BYTES_MAX {
            return;
        }
        let name = child.name();
        let kind = self.plan.begins(name);
        let Some(kind) = kind.filter(|_| !self.plan.is_reference(child)) else {
            let place = self.matcher.step(around, To::Element, name);
            return self.element(child, place);
        };
        let was_inner = std::mem::replace(&mut self.is_inner, true);
        if !was_inner {
            self.record.inner.push((child, kind));
        }
        let place = self.matcher.step(around, To::Record, name);
        self.element(child, place);
        self.is_inner = was_inner;
    }

    fn value(&mut self, place: usize, text: Cow<'a, str>) {
        self.record.path_bytes += self.matcher.at(place).path_bytes;
        self.record.values.push(Value { place, text });
    }
}

impl<'a> Record<'a> {
    /// An error that makes it a bad record.
    fn bad(&self, error: Error) -> Error {
        error.at_record(self.number).at_byte(self.element.byte())
    }

    /// The values that are marks; their columns come behind those of the table.
    fn marks(&self, table: &TablePlan, matcher: &Matcher) -> Marks<'a> {
        let mut marks = Marks::default();
        for value in self.values.iter().filter(|value| !value.text.is_empty()) {
            for fit in &matcher.at(value.place).fits {
                let mark = fit.column.checked_sub(table.columns.len());
                if let Some(mark) = mark.and_then(|mark| Mark::ALL.get(mark).copied()) {
                    marks.add(mark, value.text.clone());
                }
            }
        }
        marks
    }
}

/// Which values of a record the columns take. It is filled for one record after the other.
#[derive(Debug, Default)]
struct Choice {
    /// By column, and for each by the rank of their paths and then in their order.
    taken: Vec<Taken>,
    /// For each value whether it is taken.
    is_taken: Vec<bool>,
}

/// That a column takes a value, by its number in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Taken {
    column: usize,
    rank: usize,
    value: usize,
}

impl Choice {
    fn fill(&mut self, table: &TablePlan, matcher: &Matcher, record: &Record<'_>) {
        let Self { taken, is_taken } = self;
        taken.clear();
        is_taken.clear();
        is_taken.resize(record.values.len(), false);
        for (number, value) in record.values.iter().enumerate() {
            for &Fit { column, rank } in &matcher.at(value.place).fits {
                if column < table.columns.len() && !value.text.is_empty() {
                    taken.push(Taken {
                        column,
                        rank,
                        value: number,
                    });
                } else {
                    // It is a mark, or says nothing.
                    is_taken[number] = true;
                }
            }
        }
        taken.sort_unstable();
        let mut last = None;
        taken.retain(|taken| {
            let is_first = last.replace(taken.column) != Some(taken.column);
            let column = &table.columns[taken.column];
            let is_kept =
                (is_first || column.join.is_some()) && kind_of(column, table, record).is_none();
            is_taken[taken.value] |= is_kept;
            is_kept
        });
    }

    /// Adds the texts of the columns that are wanted.
    fn texts<'a>(
        &self,
        table: &'a TablePlan,
        record: &'a Record<'_>,
        rows: &Rows,
        texts: &mut Vec<Option<Cow<'a, str>>>,
    ) {
        let mut taken = self.taken.as_slice();
        for (number, column) in table.columns.iter().enumerate() {
            let own = taken.iter().take_while(|taken| taken.column == number);
            let (own, others) = taken.split_at(own.count());
            taken = others;
            let has_text = column.holds != Holds::Text && rows.wants(column.at + 1);
            let is_wanted = has_text || rows.wants(column.at);
            texts.push(match kind_of(column, table, record) {
                _ if !is_wanted => None,
                Some(kind) => Some(Cow::Borrowed(kind)),
                None => joined(own, column, record),
            });
        }
    }

    /// The record's own values that nothing is for.
    fn left<'v, 'a>(
        &self,
        values: &'v [Value<'a>],
        matcher: &Matcher,
    ) -> impl Iterator<Item = &'v Value<'a>> {
        let values = values.iter().zip(&self.is_taken);
        let left = values.filter(move |(value, is_taken)| {
            // The values of a record in the record are in a row of its own.
            !**is_taken && !matcher.at(value.place).is_inner
        });
        left.map(|(value, _)| value)
    }

    /// Looks for handling codes among the values that nothing is for.
    fn look(&self, values: &[Value<'_>], matcher: &Matcher, hidden: &mut Hidden) {
        for value in self.left(values, matcher) {
            hidden.look(&value.text, || matcher.path(value.place));
        }
    }

    /// The column `other`: a JSON object of texts, or arrays of them, by their paths.
    fn other(&self, values: &[Value<'_>], matcher: &Matcher) -> Option<String> {
        let mut other = Map::new();
        for value in self.left(values, matcher) {
            let (path, text) = (matcher.path(value.place), Json::from(&*value.text));
            match other.get_mut(&path) {
                None => {
                    other.insert(path, text);
                }
                Some(Json::Array(texts)) => texts.push(text),
                Some(first) => *first = Json::Array(vec![first.take(), text]),
            }
        }
        (!other.is_empty()).then(|| Json::Object(other).to_string())
    }
}

/// The text of the values that a column takes: of several, each text once.
fn joined<'a>(taken: &[Taken], column: &Column, record: &'a Record<'_>) -> Option<Cow<'a, str>> {
    let text = |taken: &Taken| -> &'a str { &record.values[taken.value].text };
    match (taken, &column.join) {
        ([], _) => None,
        ([_, _, ..], Some(separator)) => {
            let mut texts: Vec<&'a str> = Vec::new();
            for text in taken.iter().map(text) {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            Some(match texts.as_slice() {
                [text] => Cow::Borrowed(*text),
                texts => Cow::Owned(texts.join(separator.as_str())),
            })
        }
        ([first, ..], _) => Some(Cow::Borrowed(text(first))),
    }
}

/// What the element of a record says of its kind, for the column `kind`.
fn kind_of<'a>(column: &Column, table: &'a TablePlan, record: &Record<'_>) -> Option<&'a str> {
    match column.is_kind {
        true => table.kind(record.element.name()),
        false => None,
    }
}
