//! Where notices have the members that are columns of a table. Those of a file have them in one order mostly, so
//! that what was found for the last notice is kept for the next.

use crate::json::Member;
use crate::tables::{Column, Holds, Kind, LINKS, Relation, WARRANTS};

/// The columns of a table, and the places of their members.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) relation: Relation,
    pub(crate) columns: Vec<Column>,
    /// The names of the members of the last notice.
    names: Vec<String>,
    places: Places,
}

/// Places among the members of a notice.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Those of the columns.
    pub(crate) columns: Vec<Option<usize>>,
    /// Those of what may have no column, or more to say than it, with the column.
    pub(crate) others: Vec<(usize, Option<Column>)>,
}

impl Layout {
    pub(crate) fn new(relation: Relation) -> Self {
        Self {
            relation,
            columns: relation.columns(),
            names: Vec::new(),
            places: Places::default(),
        }
    }

    /// The columns, and the places in a notice.
    pub(crate) fn places(&mut self, members: &[Member<'_>]) -> (&[Column], &Places) {
        let names = members.iter().map(|(name, _)| &**name);
        if !names.clone().eq(&self.names) || self.places.columns.is_empty() {
            self.names = names.map(str::to_owned).collect();
            self.places = Places {
                columns: self
                    .columns
                    .iter()
                    .map(|column| self.place(column))
                    .collect(),
                others: self.others(),
            };
        }
        (&self.columns, &self.places)
    }

    fn place(&self, column: &Column) -> Option<usize> {
        self.names.iter().rposition(|name| name == column.member)
    }

    fn others(&self) -> Vec<(usize, Option<Column>)> {
        let names = self.names.iter().enumerate();
        let others = names.filter_map(|(at, name)| {
            let mut columns = self.columns.iter();
            let column = columns.find(|column| column.member == name).copied();
            let has_table = name == WARRANTS && self.relation.kind() == Kind::Red;
            let is_all = column.is_some_and(|column| column.holds != Holds::Day) && name != LINKS;
            (!is_all && !has_table).then_some((at, column))
        });
        others.collect()
    }
}
