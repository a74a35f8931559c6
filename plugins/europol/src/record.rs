//! Records: from the tree of an element, and the records in it, to rows.

use crate::codes::{Codes, Inherited, Marks};
use crate::date;
use crate::envelope::Hidden;
use crate::mapping::{Holds, Kind, Mark};
use crate::path::{INNER, Matcher, OWN_TEXT};
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
    pub(crate) counts: Counts,
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
    marks: Marks,
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
        let (records, is_wanted) = self.survey(element, kind);
        if !is_wanted {
            self.counts.records += records;
            return Ok(());
        }
        self.matchers.iter_mut().for_each(Matcher::trim);
        self.record(element, kind, None, inherited, rows).map(drop)
    }

    /// How many records an element of a record is with those in it, and whether one of them is of the table
    /// that is asked for: what is not need not be read.
    fn survey(&self, element: Element<'_>, kind: Kind) -> (u64, bool) {
        let mut found = (1, kind == self.wanted);
        for child in element.children() {
            self.survey_child(child, &mut found);
        }
        found
    }

    fn survey_child(&self, child: Element<'_>, found: &mut (u64, bool)) {
        let kind = self.plan.begins(child.name());
        if let Some(kind) = kind.filter(|_| !self.plan.is_reference(child)) {
            found.0 += 1;
            found.1 |= kind == self.wanted;
        }
        for inner in child.children() {
            self.survey_child(inner, found);
        }
    }

    /// Pushes the rows of a record and of those in it, and gives the handling codes of all of them: what a
    /// record shows may come from one in it.
    fn record(
        &mut self,
        element: Element<'_>,
        kind: Kind,
        within: Option<u64>,
        inherited: Inherited<'_>,
        rows: &mut Rows,
    ) -> Result<Vec<String>> {
        self.counts.records += 1;
        let mut record = Record {
            element,
            number: self.counts.records,
            within,
            values: Vec::new(),
            path_bytes: 0,
            inner: Vec::new(),
            marks: Marks::default(),
        };
        let table = self.plan.table(kind);
        let matcher = &mut self.matchers[kind as usize];
        Reading::new(&self.plan, matcher, &mut record).element(element);
        if record.path_bytes > PATHS_BYTES_MAX {
            // The records in it are left out as well: codes that they should have may be missing.
            let message =
                format!("the paths in a record may have {PATHS_BYTES_MAX} bytes, these have more");
            rows.bad(record.bad(Error::invalid_data(message)))?;
            return Ok(Vec::new());
        }
        record.find_marks(table, matcher);
        let inherited = inherited.inside(&record.marks);
        let mut handling = Vec::new();
        for &(element, kind) in &record.inner {
            let number = Some(record.number);
            handling.extend(self.record(element, kind, number, inherited, rows)?);
        }
        if kind == self.wanted {
            self.row(&record, inherited, &handling, rows)?;
        }
        handling.extend_from_slice(record.marks.of(Mark::Handling));
        Ok(handling)
    }

    fn row(
        &mut self,
        record: &Record<'_>,
        inherited: Inherited<'_>,
        inner_handling: &[String],
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
        let choice = Choice::new(table, matcher, record);
        choice.look(&record.values, matcher, &mut self.counts.hidden);
        let texts = choice.texts(table, record, rows);
        let last = table.other();
        let is_wanted = rows.wants(last);
        let other = is_wanted.then(|| choice.other(&record.values, matcher));
        let other = other.flatten();
        let mut cells = vec![Cell::Null; table.schema.fields().len()];
        self.counts.unparsed += fill(table, &texts, rows, &mut cells);
        cells[last] = other.as_deref().into();
        cells[last + 1] = record
            .within
            .map_or(Cell::Null, |number| Cell::Int(number as i64));
        cells[last + 2] = Cell::Text(&self.file);
        cells[last + 3] = Cell::Int(record.number as i64);
        shared(&codes, inherited.message_id, &mut cells);
        rows.push(&cells)
    }
}

/// Puts the cells of the columns that all tables have behind `id`.
fn shared<'a>(codes: &'a Codes, message_id: Option<&'a str>, cells: &mut [Cell<'a>]) {
    cells[1] = message_id.into();
    for (cell, text) in cells[2..].iter_mut().zip(&codes.texts) {
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
    /// Where it is.
    path: String,
    is_inner: bool,
}

impl<'r, 'a> Reading<'r, 'a> {
    fn new(plan: &'r Plan, matcher: &'r mut Matcher, record: &'r mut Record<'a>) -> Self {
        Self {
            plan,
            matcher,
            record,
            path: String::new(),
            is_inner: false,
        }
    }

    fn element(&mut self, element: Element<'a>) {
        let mut is_leaf = true;
        for (name, value) in element.attributes() {
            is_leaf = false;
            self.at(&["@", name], |reading| reading.value(value.trim().into()));
        }
        let text = element.text();
        is_leaf &= element.children().next().is_none();
        // An element with nothing in it says that it is there.
        if !text.is_empty() || (is_leaf && !self.path.is_empty()) {
            match self.path.is_empty() {
                true => self.at(&[OWN_TEXT], |reading| reading.value(text)),
                false => self.value(text),
            }
        }
        for child in element.children() {
            self.child(child);
        }
    }

    fn child(&mut self, child: Element<'a>) {
        let kind = self.plan.begins(child.name());
        let kind = kind.filter(|_| !self.plan.is_reference(child));
        let was_inner = self.is_inner;
        let sign = if kind.is_some() { INNER } else { "" };
        if let Some(kind) = kind {
            if !was_inner {
                self.record.inner.push((child, kind));
            }
            self.is_inner = true;
        }
        self.at(&[sign, child.name()], |reading| reading.element(child));
        self.is_inner = was_inner;
    }

    /// Goes a step further, and comes back.
    fn at(&mut self, step: &[&str], act: impl FnOnce(&mut Self)) {
        let before = self.path.len();
        if before > 0 {
            self.path.push('/');
        }
        step.iter().for_each(|part| self.path.push_str(part));
        act(self);
        self.path.truncate(before);
    }

    fn value(&mut self, text: Cow<'a, str>) {
        self.record.path_bytes += self.path.len();
        if self.record.path_bytes <= PATHS_BYTES_MAX {
            let place = self.matcher.number(&self.path);
            self.record.values.push(Value { place, text });
        }
    }
}

impl Record<'_> {
    /// An error that makes it a bad record.
    fn bad(&self, error: Error) -> Error {
        error.at_record(self.number).at_byte(self.element.byte())
    }

    /// The values that are marks; their columns come behind those of the table.
    fn find_marks(&mut self, table: &TablePlan, matcher: &Matcher) {
        for value in self.values.iter().filter(|value| !value.text.is_empty()) {
            for fit in &matcher.at(value.place).fits {
                let mark = fit.column.checked_sub(table.columns.len());
                if let Some(mark) = mark.and_then(|mark| Mark::ALL.get(mark).copied()) {
                    self.marks.add(mark, &value.text);
                }
            }
        }
    }
}

/// Which values of a record the columns take.
#[derive(Debug)]
struct Choice {
    /// For each column the values, by the rank of their paths and then in their order.
    of: Vec<Vec<(usize, usize)>>,
    /// For each value whether it is taken.
    is_taken: Vec<bool>,
}

impl Choice {
    fn new(table: &TablePlan, matcher: &Matcher, record: &Record<'_>) -> Self {
        let mut of = vec![Vec::new(); table.columns.len()];
        let mut is_taken = vec![false; record.values.len()];
        for (number, value) in record.values.iter().enumerate() {
            for fit in &matcher.at(value.place).fits {
                match of.get_mut(fit.column) {
                    Some(of) if !value.text.is_empty() => of.push((fit.rank, number)),
                    // It is a mark, or says nothing.
                    Some(_) | None => is_taken[number] = true,
                }
            }
        }
        for (column, of) in table.columns.iter().zip(&mut of) {
            of.sort_unstable();
            match column.join {
                _ if kind_of(column, table, record).is_some() => of.clear(),
                None => of.truncate(1),
                Some(_) => {}
            }
            for (_, number) in of {
                is_taken[*number] = true;
            }
        }
        Self { of, is_taken }
    }

    /// The texts of the columns that are wanted.
    fn texts<'a>(
        &self,
        table: &'a TablePlan,
        record: &'a Record<'_>,
        rows: &Rows,
    ) -> Vec<Option<Cow<'a, str>>> {
        let text = |(column, of): (&'a Column, &Vec<(usize, usize)>)| {
            let has_text = column.holds != Holds::Text && rows.wants(column.at + 1);
            if !rows.wants(column.at) && !has_text {
                return None;
            }
            if let Some(kind) = kind_of(column, table, record) {
                return Some(Cow::Borrowed(kind));
            }
            let mut texts: Vec<&'a str> = Vec::new();
            for (_, number) in of {
                let text: &'a str = &record.values[*number].text;
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            match (&column.join, texts.as_slice()) {
                (_, []) => None,
                (Some(separator), [_, _, ..]) => Some(Cow::Owned(texts.join(separator.as_str()))),
                (_, [first, ..]) => Some(Cow::Borrowed(*first)),
            }
        };
        table.columns.iter().zip(&self.of).map(text).collect()
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
            hidden.look(&matcher.at(value.place).path, &value.text);
        }
    }

    /// The column `other`: a JSON object of texts, or arrays of them, by their paths.
    fn other(&self, values: &[Value<'_>], matcher: &Matcher) -> Option<String> {
        let mut other = Map::new();
        for value in self.left(values, matcher) {
            let text = Json::from(&*value.text);
            match other.get_mut(&matcher.at(value.place).path) {
                None => {
                    other.insert(matcher.at(value.place).path.clone(), text);
                }
                Some(Json::Array(texts)) => texts.push(text),
                Some(first) => *first = Json::Array(vec![first.take(), text]),
            }
        }
        (!other.is_empty()).then(|| Json::Object(other).to_string())
    }
}

/// What the element of a record says of its kind, for the column `kind`.
fn kind_of<'a>(column: &Column, table: &'a TablePlan, record: &Record<'_>) -> Option<&'a str> {
    match column.name.as_str() {
        "kind" => table.kind(record.element.name()),
        _ => None,
    }
}
