//! Which elements begin records, and which of their values are which columns: what the plugin ships, and
//! what a configuration changes of it. Nothing is checked here; [`plan`](crate::plan) does that.

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sextant_plugin_sdk::{Error, Result};
use std::collections::BTreeMap;
use std::fmt;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Persons,
    Organisations,
    Locations,
    Items,
    Connections,
}

/// How information may be handled, and how it was evaluated. Where a record does not say so, what
/// encloses it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    Handling,
    SourceEvaluation,
    InformationEvaluation,
    /// Both evaluations in one, such as B2.
    Evaluation,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Holds {
    #[default]
    Text,
    /// A day. Beside it, as beside a number, a column `NAME_text` has what stands in the file.
    Date,
    Float,
    Int,
}

/// A mapping, or changes of one: what is not given stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mapping {
    /// The elements that are messages or files, and where their identifiers are.
    pub(crate) messages: Option<Messages>,
    /// Attributes that make an element which is otherwise empty a reference to a record.
    pub(crate) references: Option<Vec<String>>,
    /// Where handling codes and evaluations are, in records and in what encloses them.
    pub(crate) shared: BTreeMap<Mark, Paths>,
    pub(crate) tables: BTreeMap<Kind, TableMapping>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Messages {
    pub(crate) elements: Vec<String>,
    pub(crate) paths: Vec<String>,
    /// The elements whose codes and evaluations are those of the element around them. Where a change
    /// does not give them, they stay.
    pub(crate) headers: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paths {
    pub(crate) paths: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TableMapping {
    /// Whether nothing that the plugin ships for the table stays.
    pub(crate) replace: bool,
    /// The elements that begin a record.
    pub(crate) elements: Vec<String>,
    /// What the column `kind` says of records that begin with an element.
    pub(crate) kinds: BTreeMap<String, String>,
    pub(crate) columns: Columns,
}

/// Columns, in the order in which they are given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns(pub(crate) Vec<(String, ColumnMapping)>);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnMapping {
    /// Where the values are; the first that has one counts.
    pub(crate) paths: Vec<String>,
    #[serde(default, rename = "type")]
    pub(crate) holds: Holds,
    /// What stands between values where there are several. Without it there is one.
    pub(crate) join: Option<String>,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Persons,
        Self::Organisations,
        Self::Locations,
        Self::Items,
        Self::Connections,
    ];

    /// The name in SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Persons => "persons",
            Self::Organisations => "organisations",
            Self::Locations => "locations",
            Self::Items => "items",
            Self::Connections => "connections",
        }
    }

    pub(crate) fn comment(self) -> &'static str {
        match self {
            Self::Persons => "A person in a message; handling says what may be done with the row",
            Self::Organisations => {
                "An organisation in a message; handling says what may be done with the row"
            }
            Self::Locations => "A location in a message; handling says what may be done with it",
            Self::Items => {
                "A means of transport or communication, a document or a firearm in a message; \
                 handling says what may be done with the row"
            }
            Self::Connections => {
                "A connection of two records; handling says what may be done with the row"
            }
        }
    }
}

impl Mark {
    pub(crate) const ALL: [Self; 4] = [
        Self::Handling,
        Self::SourceEvaluation,
        Self::InformationEvaluation,
        Self::Evaluation,
    ];

    /// The column.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Handling => "handling",
            Self::SourceEvaluation => "source_evaluation",
            Self::InformationEvaluation => "information_evaluation",
            Self::Evaluation => "evaluation",
        }
    }
}

impl Mapping {
    /// What the plugin ships.
    pub(crate) fn shipped() -> Result<Self> {
        serde_json::from_str(include_str!("mapping.json"))
            .map_err(|error| Error::internal(format!("the mapping that is shipped: {error}")))
    }

    /// The mapping with changes. An element that a change gives to a table is no other table's any
    /// longer.
    pub(crate) fn changed(mut self, changes: Self) -> Self {
        if let Some(mut messages) = changes.messages {
            let headers = self.messages.and_then(|messages| messages.headers);
            messages.headers = messages.headers.or(headers);
            self.messages = Some(messages);
        }
        self.references = changes.references.or(self.references);
        self.shared.extend(changes.shared);
        let given: Vec<_> = changes
            .tables
            .values()
            .flat_map(|table| &table.elements)
            .collect();
        for table in self.tables.values_mut() {
            table
                .elements
                .retain(|element| !given.iter().any(|name| name.eq_ignore_ascii_case(element)));
        }
        for (kind, change) in changes.tables {
            let table = self.tables.entry(kind).or_default();
            match change.replace {
                true => *table = change,
                false => table.extend(change),
            }
        }
        self
    }
}

impl TableMapping {
    fn extend(&mut self, change: Self) {
        self.elements.extend(change.elements);
        for (element, kind) in change.kinds {
            self.kinds
                .retain(|known, _| !known.eq_ignore_ascii_case(&element));
            self.kinds.insert(element, kind);
        }
        for (name, column) in change.columns.0 {
            match self.columns.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = column,
                None => self.columns.0.push((name, column)),
            }
        }
    }
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Columns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("columns by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
        let mut columns: Vec<(String, ColumnMapping)> = Vec::new();
        while let Some((name, column)) = map.next_entry::<String, ColumnMapping>()? {
            if columns.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format!(
                    "the column {name:?} is there twice"
                )));
            }
            columns.push((name, column));
        }
        Ok(Columns(columns))
    }
}
