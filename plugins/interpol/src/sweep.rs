//! A sweep: everything that a query asks for, each notice once, although the API gives no more than 160
//! to a query and clamps every page beyond them.
//!
//! A slice with more is split, and its parts are asked for. What its own page had and none of its parts
//! has, a notice without an age say, is taken when they are done. In the end the notices found are
//! counted against the total that the API said in the beginning.

use crate::api::Api;
use crate::narrowing;
use crate::notice::{Notice, Origin};
use crate::seen::Seen;
use crate::slice::{NOTICES_MAX, Slice};
use crate::tables::{Column, Relation, Step};
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
    /// Whether a slice that cannot be split is taken as far as the API gives it.
    pub(crate) warns_of_overflow: bool,
}

/// Reads the notices of one kind.
pub(crate) struct Sweep {
    api: Api,
    relation: Relation,
    columns: Vec<Column>,
    /// The request's predicates, to ask for no detail that they leave out.
    filter: Filter,
    limits: Limits,
    /// What is left to do, the next at the end.
    tasks: Vec<Task>,
    /// Notices that are rows next, and the sex that their slice says.
    found: VecDeque<(Notice, Option<char>)>,
    seen: Seen,
    /// The notices of the first slice at hand, whichever slices had them before.
    of_first: HashSet<String>,
    slices: u64,
}

/// Something to do.
enum Task {
    /// Ask for a slice.
    Open { slice: Slice, is_first: bool },
    /// A slice's parts are done: look at what its own page had.
    Close(Closing),
}

struct Closing {
    slice: Slice,
    total: u64,
    notices: Vec<Notice>,
    /// Whether it is a part of no other.
    is_first: bool,
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
            is_first: true,
        };
        Ok(Self {
            api,
            relation,
            columns: relation.columns(),
            filter,
            limits,
            tasks: slices.into_iter().rev().map(open).collect(),
            found: VecDeque::new(),
            seen: Seen::default(),
            of_first: HashSet::new(),
            slices: 0,
        })
    }

    /// Asks for a slice. Its notices are taken at once, or after its parts where it has any.
    fn open(&mut self, slice: Slice, is_first: bool, rows: &mut Rows) -> Result<()> {
        if self.slices == SLICES_MAX {
            let message = format!(
                "expected to find all in {SLICES_MAX} slices, found more to ask for; narrow the query"
            );
            return Err(Error::unsupported(message));
        }
        self.slices += 1;
        let page = self.api.page(&slice)?;
        let mut notices = Vec::with_capacity(page.notices.len());
        for notice in page.notices {
            match notice.and_then(Notice::numbered) {
                Ok(notice) => notices.push(notice),
                Err(error) => rows.bad(error)?,
            }
        }
        let closing = Closing {
            slice,
            total: page.total,
            notices,
            is_first,
        };
        if page.total <= NOTICES_MAX {
            self.close(closing, rows);
            return Ok(());
        }
        let parts = closing.slice.split();
        if parts.is_empty() {
            self.overflow(&closing, rows)?;
        }
        self.tasks.push(Task::Close(closing));
        let parts = parts.into_iter().rev().map(|slice| Task::Open {
            slice,
            is_first: false,
        });
        self.tasks.extend(parts);
        Ok(())
    }

    /// A slice that cannot be split has more than the API gives.
    fn overflow(&self, closing: &Closing, rows: &Rows) -> Result<()> {
        let (slice, total) = (&closing.slice, closing.total);
        if self.limits.warns_of_overflow {
            let given = closing.notices.len();
            rows.warn(&format!(
                "{total} notices in the slice {slice}, which cannot be split; the API gives {given}, the others are missing"
            ));
            return Ok(());
        }
        let message = format!(
            "expected at most {NOTICES_MAX} notices in the slice {slice}, which cannot be split, found {total}; \
             on_overflow = \"warn\" takes those that the API gives"
        );
        Err(Error::unsupported(message).in_input(self.api.place()))
    }

    /// Takes the notices of a slice that are new, and counts where it is a part of no other.
    fn close(&mut self, closing: Closing, rows: &Rows) {
        // Details leave out a sex that is not known, or say so; a slice cannot tell which.
        let sex = closing.slice.sex.filter(|&sex| sex != 'U');
        for notice in closing.notices {
            let Ok(id) = notice.entity_id() else {
                continue;
            };
            self.of_first.insert(id.to_owned());
            if self.seen.insert(id, "") {
                self.found.push_back((notice, sex));
            }
        }
        if !closing.is_first {
            return;
        }
        let (found, total) = (self.of_first.len() as u64, closing.total);
        if found < total {
            let slice = &closing.slice;
            rows.warn(&format!(
                "found {found} of {total} notices ({slice}): the API gives the others to no part of the query, as where it \
                 has no age, sex or known nationality of a person"
            ));
        }
        self.of_first.clear();
    }

    /// Makes a notice's rows, of its detail where a column wants that.
    fn take(&self, mut notice: Notice, sex: Option<char>, rows: &mut Rows) -> Result<()> {
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
        let mut wanted = self.columns.iter().enumerate();
        let lacks = wanted.any(|(at, column)| rows.wants(at) && notice.lacks(column));
        if lacks || self.relation == Relation::Warrants {
            match self.api.detail(&notice)? {
                Ok(detail) => notice = notice.with_detail(detail),
                Err(error) => return rows.bad(error),
            }
        }
        let origin = Origin {
            source: self.api.place(),
            record: None,
        };
        match notice.push(self.relation, &self.columns, origin, rows) {
            Ok(()) => Ok(()),
            Err(error) => rows.bad(error),
        }
    }

    /// Whether the predicates on what the list says take a notice.
    fn is_taken(&self, notice: &Notice) -> Result<bool> {
        for at in self.filter.columns() {
            let column = &self.columns[at];
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
            Some(Task::Open { slice, is_first }) => self.open(slice, is_first, rows)?,
            Some(Task::Close(closing)) => self.close(closing, rows),
            None => {
                self.seen.report_unknown(rows);
                return Ok(false);
            }
        }
        Ok(true)
    }
}
