//! The tables that every list is read into: their columns, and the rows that an entity has in each.
//!
//! Each row begins with `list` and `entity_id`; that pair joins the tables, also where several lists
//! are read together.

use crate::entity::{Entity, NAME_PARTS, NameKind};
use arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::{Cell, Operator, Table};

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
    Attributes,
}

/// What a row says of where it comes from.
#[derive(Debug)]
pub(crate) struct Provenance {
    /// The list, as the configuration names it.
    pub(crate) list: String,
    /// The input and the entry in it.
    pub(crate) source: String,
}

/// A column: its name, its type, and whether it can be null.
type Column = (&'static str, DataType, bool);

const LIST: Column = ("list", DataType::Utf8, false);
const ENTITY_ID: Column = ("entity_id", DataType::Utf8, false);

/// A text column that can be null.
const fn text(name: &'static str) -> Column {
    (name, DataType::Utf8, true)
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
    ("listed_on", DataType::Date32, true),
    ("updated_on", DataType::Date32, true),
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
    ("issued_on", DataType::Date32, true),
    ("expires_on", DataType::Date32, true),
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
    ("date", DataType::Date32, true),
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

const ATTRIBUTES: &[Column] = &[
    LIST,
    ENTITY_ID,
    ("field", DataType::Utf8, false),
    ("value", DataType::Utf8, false),
];

impl ListTable {
    /// Every table.
    pub(crate) const ALL: [Self; 8] = [
        Self::Entities,
        Self::Names,
        Self::Identifiers,
        Self::Addresses,
        Self::Births,
        Self::Nationalities,
        Self::Roles,
        Self::Attributes,
    ];

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
            Self::Attributes => "attributes",
        }
    }

    fn comment(self) -> &'static str {
        match self {
            Self::Entities => "a row for each person or organization on a list",
            Self::Names => {
                "a row for each name of an entity: primary, alias, former, original script"
            }
            Self::Identifiers => "a row for each document or number of an entity",
            Self::Addresses => "a row for each address of an entity",
            Self::Births => "a row for each date or place of birth that an entity may have",
            Self::Nationalities => "a row for each nationality of an entity",
            Self::Roles => "a row for each title or designation of an entity",
            Self::Attributes => {
                "a row for each field of a list that has no column, in the list's own words"
            }
        }
    }

    fn columns(self) -> &'static [Column] {
        match self {
            Self::Entities => ENTITIES,
            Self::Names => NAMES,
            Self::Identifiers => IDENTIFIERS,
            Self::Addresses => ADDRESSES,
            Self::Births => BIRTHS,
            Self::Nationalities => NATIONALITIES,
            Self::Roles => ROLES,
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

    /// The table as the host is told of it: `=` and `IN` are taken on the columns that name things.
    pub(crate) fn table(self) -> Table {
        const TAKEN: [&str; 3] = ["list", "entity_id", "kind"];
        let taken = self
            .columns()
            .iter()
            .map(|column| column.0)
            .filter(|name| TAKEN.contains(name));
        let table = Table::new(self.name(), self.schema()).comment(self.comment());
        taken.fold(table, |table, column| {
            table.takes(column, &[Operator::Eq, Operator::InList], true)
        })
    }

    /// How many rows an entity has.
    pub(crate) fn rows(self, entity: &Entity) -> usize {
        match self {
            Self::Entities => 1,
            Self::Names => entity.names.len(),
            Self::Identifiers => entity.identifiers.len(),
            Self::Addresses => entity.addresses.len(),
            Self::Births => entity.births.len(),
            Self::Nationalities => entity.nationalities.len(),
            Self::Roles => entity.roles.len(),
            Self::Attributes => entity.attributes.len(),
        }
    }

    /// One of the rows of an entity, with a cell for each column.
    pub(crate) fn row<'a>(
        self,
        from: &'a Provenance,
        entity: &'a Entity,
        row: usize,
    ) -> Vec<Cell<'a>> {
        let mut cells = vec![Cell::Text(&from.list), Cell::Text(&entity.id)];
        match self {
            Self::Entities => cells.extend(entity_cells(from, entity)),
            Self::Names => cells.extend(name_cells(entity, row)),
            Self::Identifiers => cells.extend(identifier_cells(entity, row)),
            Self::Addresses => cells.extend(address_cells(entity, row)),
            Self::Births => cells.extend(birth_cells(entity, row)),
            Self::Nationalities => cells.push(Cell::Text(&entity.nationalities[row])),
            Self::Roles => {
                let role = &entity.roles[row];
                cells.extend([Cell::Text(role.kind.as_str()), Cell::Text(&role.role)]);
            }
            Self::Attributes => {
                let attribute = &entity.attributes[row];
                cells.extend([Cell::Text(&attribute.field), Cell::Text(&attribute.value)]);
            }
        }
        cells
    }
}

fn entity_cells<'a>(from: &'a Provenance, entity: &'a Entity) -> [Cell<'a>; 11] {
    [
        Cell::Text(entity.kind.as_str()),
        entity.first_name(NameKind::Primary).into(),
        entity.first_name(NameKind::OriginalScript).into(),
        (&entity.gender).into(),
        (&entity.reference).into(),
        (&entity.programme).into(),
        date(entity.listed_on),
        date(entity.updated_on),
        (&entity.comments).into(),
        (&entity.source_version).into(),
        Cell::Text(&from.source),
    ]
}

fn name_cells(entity: &Entity, row: usize) -> Vec<Cell<'_>> {
    let name = &entity.names[row];
    let mut cells = vec![
        Cell::Text(name.kind.as_str()),
        Cell::Text(&name.name),
        name.quality.map(|quality| quality.as_str()).into(),
        (&name.quality_raw).into(),
        (&name.script).into(),
        (&name.language).into(),
    ];
    let parts: [Cell<'_>; NAME_PARTS] = name.parts.each_ref().map(Cell::from);
    cells.extend(parts);
    cells.push((&name.note).into());
    cells
}

fn identifier_cells(entity: &Entity, row: usize) -> [Cell<'_>; 10] {
    let identifier = &entity.identifiers[row];
    [
        Cell::Text(identifier.kind.as_str()),
        (&identifier.kind_raw).into(),
        (&identifier.kind_detail).into(),
        (&identifier.number).into(),
        (&identifier.country).into(),
        date(identifier.issued_on),
        date(identifier.expires_on),
        (&identifier.issue_city).into(),
        (&identifier.issue_country).into(),
        (&identifier.note).into(),
    ]
}

fn address_cells(entity: &Entity, row: usize) -> [Cell<'_>; 6] {
    let address = &entity.addresses[row];
    [
        (&address.street).into(),
        (&address.city).into(),
        (&address.region).into(),
        (&address.postal_code).into(),
        (&address.country).into(),
        (&address.note).into(),
    ]
}

fn birth_cells(entity: &Entity, row: usize) -> [Cell<'_>; 10] {
    let birth = &entity.births[row];
    [
        birth.kind.map(|kind| kind.as_str()).into(),
        date(birth.date),
        year(birth.year_from),
        year(birth.year_to),
        (&birth.place.street).into(),
        (&birth.place.city).into(),
        (&birth.place.region).into(),
        (&birth.place.country).into(),
        (&birth.alias).into(),
        (&birth.note).into(),
    ]
}

fn date(days: Option<i32>) -> Cell<'static> {
    days.map_or(Cell::Null, Cell::Date)
}

fn year(year: Option<i32>) -> Cell<'static> {
    year.map_or(Cell::Null, |year| Cell::Int(year.into()))
}
