//! The tables that every list is read into: their columns, and the rows that an entity has in each.
//!
//! Each row begins with `list` and `entity_id`; that pair joins the tables, also where several lists
//! are read together.

use crate::entity::{Description, Entity, NAME_PARTS, Name, NameKind};
use arrow_schema::{DataType, Field, Schema};
use sextant_plugin_sdk::{Cell, Table};

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

    fn columns(self) -> &'static [Column] {
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

    /// How many rows an entity has.
    pub(crate) fn rows(self, entity: &Entity) -> usize {
        match self {
            Self::Entities => usize::from(entity.description.is_some()),
            Self::Names => entity.names.len(),
            Self::Identifiers => entity.identifiers.len(),
            Self::Addresses => entity.addresses.len(),
            Self::Births => entity.births.len(),
            Self::Nationalities => entity.nationalities.len(),
            Self::Roles => entity.roles.len(),
            Self::Relations => entity.relations.len(),
            Self::Measures => entity.measures.len(),
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
            Self::Entities => {
                let description = entity.description.iter();
                cells.extend(description.flat_map(|it| entity_cells(from, entity, it)));
            }
            Self::Names => cells.extend(name_cells(entity, row)),
            Self::Identifiers => cells.extend(identifier_cells(entity, row)),
            Self::Addresses => cells.extend(address_cells(entity, row)),
            Self::Births => cells.extend(birth_cells(entity, row)),
            Self::Nationalities => cells.push(Cell::Text(&entity.nationalities[row])),
            Self::Roles => {
                let role = &entity.roles[row];
                cells.extend([Cell::Text(role.kind.as_str()), Cell::Text(&role.role)]);
            }
            Self::Relations => cells.extend(relation_cells(entity, row)),
            Self::Measures => cells.extend(measure_cells(entity, row)),
            Self::Attributes => {
                let attribute = &entity.attributes[row];
                cells.extend([Cell::Text(&attribute.field), Cell::Text(&attribute.value)]);
            }
        }
        cells
    }
}

fn entity_cells<'a>(
    from: &'a Provenance,
    entity: &'a Entity,
    description: &'a Description,
) -> [Cell<'a>; 11] {
    let original = |name: &&Name| name.kind == NameKind::OriginalScript;
    let original = entity.names.iter().find(original);
    [
        Cell::Text(description.kind.as_str()),
        Cell::Text(&description.name),
        original.map(|name| name.name.as_str()).into(),
        (&description.gender).into(),
        (&description.reference).into(),
        (&description.programme).into(),
        date(description.listed_on),
        date(description.updated_on),
        (&description.comments).into(),
        (&description.source_version).into(),
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

fn relation_cells(entity: &Entity, row: usize) -> [Cell<'_>; 8] {
    let relation = &entity.relations[row];
    [
        (&relation.other_id).into(),
        Cell::Text(relation.kind),
        (&relation.role).into(),
        date(relation.start.date),
        (&relation.start.text).into(),
        date(relation.end.date),
        (&relation.end.text).into(),
        (&relation.note).into(),
    ]
}

fn measure_cells(entity: &Entity, row: usize) -> [Cell<'_>; 8] {
    let measure = &entity.measures[row];
    [
        (&measure.kind).into(),
        (&measure.programme).into(),
        (&measure.authority).into(),
        (&measure.reference).into(),
        date(measure.listed_on),
        date(measure.ended_on),
        (&measure.reason).into(),
        (&measure.note).into(),
    ]
}

fn date(days: Option<i32>) -> Cell<'static> {
    days.map_or(Cell::Null, Cell::Date)
}

fn year(year: Option<i32>) -> Cell<'static> {
    year.map_or(Cell::Null, |year| Cell::Int(year.into()))
}
