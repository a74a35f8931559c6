//! A sweep: everything that a query asks for, each notice once, although the API gives no more than 160
//! to a query and clamps every page beyond them.
//!
//! A slice with more is split, and its parts are asked for. What its own page had and none of its parts
//! has, a notice without an age say, is taken when they are done. Then the notices found are counted
//! against the slice's total, and where some are missing it is split again, by something else. What is
//! missing in the end is an error, or a warning.

use crate::api::Api;
use crate::layout::Layout;
use crate::narrowing;
use crate::notice::{Notice, Origin};
use crate::seen::Seen;
use crate::slice::{Dimension, NOTICES_MAX, Slice};
use crate::tables::{Relation, Step};
use arrow_schema::Schema;
use sextant_plugin_sdk::{Error, Filter, Predicate, Result, RowReader, Rows};
use std::collections::{HashSet, VecDeque};

/// How many slices are asked for at most: an API whose totals are never
/// reached would be asked without end.
const SLICES_MAX: u64 = 20_000;

/// What the configuration says of what is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Only notices with one of these nationalities.
    pub(crate) nationalities: Option<Vec<String>>,
    /// Only these ages, from and to.
    pub(crate) ages: (u8, u8),
    /// Whether what the API does not give is warned of, and is no error.
    pub(crate) warns_of_overflow: bool,
}

/// Reads the notices of one kind.
pub(crate) struct Sweep {
    api: Api,
    layout: Layout,
    /// The request's predicates, to ask for no detail that they leave out.
    filter: Filter,
    limits: Limits,
    /// What is left to do, the next at the end.
    tasks: Vec<Task>,
    /// Notices that are rows next, and the sex that their slice says.
    found: VecDeque<(Notice<'static>, Option<char>)>,
    seen: Seen,
    slices: u64,
}

/// Something to do.
enum Task {
    /// Ask for a slice, and split it by this dimension first.
    Open {
        slice: Slice,
        by: Dimension,
        is_first: bool,
    },
    /// A slice's parts are done: look at what its own page had, and what is missing.
    Close(Closing),
}

/// A slice that was asked for. Those among the tasks are in one another, the innermost at the end.
struct Closing {
    slice: Slice,
    total: u64,
    /// Those of its own page that were not taken yet.
    notices: Vec<Notice<'static>>,
    /// The numbers of those that were found.
    found: HashSet<String>,
    /// How many are known to be missing: they cannot be used, or the API does not give them.
    lost: u64,
    /// What it may still be split by.
    left: VecDeque<Dimension>,
    /// Whether it is a part of no other.
    is_first: bool,
}

impl Closing {
    /// Whether nothing is left to be looked for.
    fn is_settled(&self) -> bool {
        self.found.len() as u64 + self.lost >= self.total
    }
}

impl Sweep {
    pub(crate) fn new(
        api: Api,
        relation: Relation,
        columns: &Schema,
        predicates: &[Predicate],
        limits: Limits,
    ) -> Result<Self> {
        let filter = Filter::new(columns, predicates)?;
        let nationalities = limits.nationalities.as_deref();
        let year = narrowing::this_year();
        let slices = narrowing::slices(columns, predicates, nationalities, limits.ages, year);
        let open = |slice| Task::Open {
            slice,
            by: Dimension::Sex,
            is_first: true,
        };
        Ok(Self {
            api,
            layout: Layout::new(relation),
            filter,
            limits,
            tasks: slices.into_iter().rev().map(open).collect(),
            found: VecDeque::new(),
            seen: Seen::default(),
            slices: 0,
        })
    }

    /// Asks for a slice. Its notices are taken at once, or after its parts where it has more than a page.
    fn open(&mut self, slice: Slice, by: Dimension, is_first: bool, rows: &mut Rows) -> Result<()> {
        if self.slices == SLICES_MAX {
            let message = format!(
                "expected to find all in {SLICES_MAX} slices, found more to ask for; narrow the query"
            );
            return Err(Error::unsupported(message));
        }
        self.slices += 1;
        let page = self.api.page(&slice)?;
        let mut closing = Closing {
            slice,
            total: page.total,
            notices: Vec::with_capacity(page.notices.len()),
            found: HashSet::new(),
            lost: 0,
            left: by.and_others(),
            is_first,
        };
        for notice in page.notices {
            match notice.and_then(Notice::numbered) {
                Ok(notice) => closing.notices.push(notice),
                Err(error) => {
                    rows.bad(error)?;
                    closing.lost += 1;
                }
            }
        }
        match closing.total > NOTICES_MAX {
            true => self.split(closing, rows),
            false => self.close(closing, rows),
        }
    }

    /// Asks for the parts of a slice by what it was not split by yet, or ends it where nothing is left.
    fn split(&mut self, mut closing: Closing, rows: &Rows) -> Result<()> {
        while let Some(by) = closing.left.pop_front() {
            let parts = closing.slice.split(by);
            if !parts.is_empty() {
                // Its parts say it again.
                closing.lost = 0;
                self.tasks.push(Task::Close(closing));
                let open = |slice| Task::Open {
                    slice,
                    by,
                    is_first: false,
                };
                self.tasks.extend(parts.into_iter().rev().map(open));
                return Ok(());
            }
        }
        self.end(closing, rows)
    }

    /// Takes what a slice's own page had, and splits it again where notices are missing: those without an
    /// age are in no part by age.
    fn close(&mut self, mut closing: Closing, rows: &Rows) -> Result<()> {
        self.take_page(&mut closing);
        match closing.is_settled() {
            true => self.end(closing, rows),
            false => self.split(closing, rows),
        }
    }

    /// Gives what was found to the slice that this one is a part of.
    fn end(&mut self, mut closing: Closing, rows: &Rows) -> Result<()> {
        self.take_page(&mut closing);
        if !closing.is_settled() && (closing.is_first || closing.slice.is_smallest()) {
            self.overflow(&closing, rows)?;
            closing.lost = closing.total - closing.found.len() as u64;
        }
        if let Some(whole) = self.innermost() {
            whole.found.extend(closing.found);
            whole.lost += closing.lost;
        }
        Ok(())
    }

    /// The slice of which parts are asked for.
    fn innermost(&mut self) -> Option<&mut Closing> {
        self.tasks.iter_mut().rev().find_map(|task| match task {
            Task::Close(closing) => Some(closing),
            Task::Open { .. } => None,
        })
    }

    /// A slice of which nothing further can be asked has notices that the API does not give.
    fn overflow(&self, closing: &Closing, rows: &Rows) -> Result<()> {
        let (slice, total, found) = (&closing.slice, closing.total, closing.found.len());
        let message = format!(
            "expected {total} notices in the slice {slice}, found {found}: the API gives {NOTICES_MAX} to a query, and \
             the others to no part of it"
        );
        if self.limits.warns_of_overflow {
            rows.warn(&message);
            return Ok(());
        }
        let message = format!("{message}; on_overflow = \"warn\" takes those that it gives");
        Err(Error::unsupported(message).in_input(self.api.place()))
    }

    /// Takes the notices of a slice's own page that are new.
    fn take_page(&mut self, closing: &mut Closing) {
        // Details leave out a sex that is not known, or say so; a slice cannot tell which.
        let sex = closing.slice.sex.filter(|&sex| sex != 'U');
        for notice in std::mem::take(&mut closing.notices) {
            let Ok(id) = notice.entity_id() else {
                continue;
            };
            let is_new = self.seen.insert(id, b"");
            closing.found.insert(id.to_owned());
            if is_new {
                self.found.push_back((notice, sex));
            }
        }
    }

    /// Makes a notice's rows, of its detail where a column wants that.
    fn take(
        &mut self,
        mut notice: Notice<'static>,
        sex: Option<char>,
        rows: &mut Rows,
    ) -> Result<()> {
        let codes = self.limits.nationalities.as_deref();
        if codes.is_some_and(|codes| !notice.has_nationality(codes)) {
            return Ok(());
        }
        if let Some(sex) = sex {
            notice.set_sex(sex);
        }
        match self.is_taken(&notice) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return rows.bad(error),
        }
        let mut wanted = self.layout.columns.iter().enumerate();
        let lacks = wanted.any(|(at, column)| rows.wants(at) && notice.lacks(column));
        if lacks || self.layout.relation == Relation::Warrants {
            match self.api.detail(&notice)? {
                Ok(detail) => notice = notice.with_detail(detail),
                Err(error) => return rows.bad(error),
            }
        }
        let origin = Origin {
            source: self.api.place(),
            record: None,
        };
        match notice.push(&mut self.layout, origin, rows) {
            Ok(()) => Ok(()),
            Err(error) => rows.bad(error),
        }
    }

    /// Whether the predicates on what the list says take a notice.
    fn is_taken(&self, notice: &Notice<'_>) -> Result<bool> {
        for at in self.filter.columns() {
            let column = &self.layout.columns[at];
            let is_listed = column.step == Step::Listed && !column.member.is_empty();
            if is_listed && !self.filter.takes_cell(at, notice.value(column)?.cell()) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl RowReader for Sweep {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        if let Some((notice, sex)) = self.found.pop_front() {
            self.take(notice, sex, rows)?;
            return Ok(true);
        }
        match self.tasks.pop() {
            // Everything was found before its last part.
            Some(Task::Open { .. }) if self.innermost().is_some_and(|whole| whole.is_settled()) => {
            }
            Some(Task::Open {
                slice,
                by,
                is_first,
            }) => self.open(slice, by, is_first, rows)?,
            Some(Task::Close(closing)) => self.close(closing, rows)?,
            None => {
                self.seen.report_unknown(rows);
                return Ok(false);
            }
        }
        Ok(true)
    }
}
