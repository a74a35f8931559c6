//! The tables that every list is read into, and their columns.
//!
//! Each row begins with `list` and `entity_id`; that pair joins the tables, also where several lists
//! are read together.

use arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::Table;

/// A table that all lists share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListTable {
    Entities,
    Names,
    Identifiers,
    Addresses,
    Births,
    Nationalities,
    Roles,
    Relations,
    Measures,
    Attributes,
}

/// A column: its name, its type, and whether it can be null.
pub(crate) type Column = (&'static str, DataType, bool);

/// How many columns a table has at most.
pub(crate) const COLUMNS_MAX: usize = NAMES.len();

const LIST: Column = ("list", DataType::Utf8, false);
const ENTITY_ID: Column = ("entity_id", DataType::Utf8, false);

/// A text column that can be null.
const fn text(name: &'static str) -> Column {
    (name, DataType::Utf8, true)
}

/// A column of days that can be null.
const fn day(name: &'static str) -> Column {
    (name, DataType::Date32, true)
}

const ENTITIES: &[Column] = &[
    LIST,
    ENTITY_ID,
    ("kind", DataType::Utf8, false),
    ("name", DataType::Utf8, false),
    text("name_original_script"),
    text("gender"),
    text("reference"),
    text("programme"),
    day("listed_on"),
    day("updated_on"),
    text("comments"),
    text("source_version"),
    ("source", DataType::Utf8, false),
];

const NAMES: &[Column] = &[
    LIST,
    ENTITY_ID,
    ("kind", DataType::Utf8, false),
    ("name", DataType::Utf8, false),
    text("quality"),
    text("quality_raw"),
    text("script"),
    text("language"),
    text("part_1"),
    text("part_2"),
    text("part_3"),
    text("part_4"),
    text("part_5"),
    text("part_6"),
    text("note"),
];

const IDENTIFIERS: &[Column] = &[
    LIST,
    ENTITY_ID,
    ("kind", DataType::Utf8, false),
    text("kind_raw"),
    text("kind_detail"),
    text("number"),
    text("country"),
    day("issued_on"),
    day("expires_on"),
    text("issue_city"),
    text("issue_country"),
    text("note"),
];

const ADDRESSES: &[Column] = &[
    LIST,
    ENTITY_ID,
    text("street"),
    text("city"),
    text("region"),
    text("postal_code"),
    text("country"),
    text("note"),
];

const BIRTHS: &[Column] = &[
    LIST,
    ENTITY_ID,
    text("kind"),
    day("date"),
    ("year_from", DataType::Int32, true),
    ("year_to", DataType::Int32, true),
    text("street"),
    text("city"),
    text("region"),
    text("country"),
    text("alias"),
    text("note"),
];

const NATIONALITIES: &[Column] = &[LIST, ENTITY_ID, ("country", DataType::Utf8, false)];

const ROLES: &[Column] = &[
    LIST,
    ENTITY_ID,
    ("kind", DataType::Utf8, false),
    ("role", DataType::Utf8, false),
];

const RELATIONS: &[Column] = &[
    LIST,
    ENTITY_ID,
    text("other_id"),
    ("kind", DataType::Utf8, false),
    text("role"),
    day("start_date"),
    text("start_text"),
    day("end_date"),
    text("end_text"),
    text("note"),
];

const MEASURES: &[Column] = &[
    LIST,
    ENTITY_ID,
    text("kind"),
    text("programme"),
    text("authority"),
    text("reference"),
    day("listed_on"),
    day("ended_on"),
    text("reason"),
    text("note"),
];

const ATTRIBUTES: &[Column] = &[
    LIST,
    ENTITY_ID,
    ("field", DataType::Utf8, false),
    ("value", DataType::Utf8, false),
];

impl ListTable {
    /// Every table.
    pub(crate) const ALL: [Self; 10] = [
        Self::Entities,
        Self::Names,
        Self::Identifiers,
        Self::Addresses,
        Self::Births,
        Self::Nationalities,
        Self::Roles,
        Self::Relations,
        Self::Measures,
        Self::Attributes,
    ];

    /// The column with the list's name, in each table.
    pub(crate) const LIST_COLUMN: usize = 0;

    /// The table with that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Entities => "entities",
            Self::Names => "names",
            Self::Identifiers => "identifiers",
            Self::Addresses => "addresses",
            Self::Births => "births",
            Self::Nationalities => "nationalities",
            Self::Roles => "roles",
            Self::Relations => "relations",
            Self::Measures => "measures",
            Self::Attributes => "attributes",
        }
    }

    fn comment(self) -> &'static str {
        match self {
            Self::Entities => "a row for each person, organization, vessel or aircraft on a list",
            Self::Names => {
                "a row for each name of an entity: primary, alias, former, original script"
            }
            Self::Identifiers => "a row for each document or number of an entity",
            Self::Addresses => "a row for each address of an entity",
            Self::Births => "a row for each date or place of birth that an entity may have",
            Self::Nationalities => "a row for each nationality of an entity",
            Self::Roles => "a row for each title or designation of an entity",
            Self::Relations => "a row for each tie of an entity to another one",
            Self::Measures => "a row for each decision by which an entity is listed",
            Self::Attributes => {
                "a row for each field of a list that has no column, in the list's own words"
            }
        }
    }

    /// The columns, in their order.
    pub(crate) fn columns(self) -> &'static [Column] {
        match self {
            Self::Entities => ENTITIES,
            Self::Names => NAMES,
            Self::Identifiers => IDENTIFIERS,
            Self::Addresses => ADDRESSES,
            Self::Births => BIRTHS,
            Self::Nationalities => NATIONALITIES,
            Self::Roles => ROLES,
            Self::Relations => RELATIONS,
            Self::Measures => MEASURES,
            Self::Attributes => ATTRIBUTES,
        }
    }

    /// The columns as Arrow has them.
    pub(crate) fn schema(self) -> Schema {
        let fields = self.columns().iter();
        let fields = fields
            .map(|(name, data_type, nullable)| Field::new(*name, data_type.clone(), *nullable));
        Schema::new(fields.collect::<Vec<_>>())
    }

    /// The table as the host is told of it: every predicate is taken.
    pub(crate) fn table(self) -> Table {
        Table::new(self.name(), self.schema())
            .comment(self.comment())
            .filtered()
    }
}
