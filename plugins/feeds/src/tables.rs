//! The tables: their columns, and what the columns hold.

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use sextant_plugin_sdk::Table;

/// The name of the table of feeds' entries in SQL.
pub(crate) const ENTRIES: &str = "entries";
/// The name of the table of GDELT's events in SQL.
pub(crate) const GDELT_EVENTS: &str = "gdelt_events";

/// The place of the column of `entries` that is made only where it is wanted.
pub(crate) const OTHER: usize = 13;
/// How many columns `entries` has.
pub(crate) const ENTRY_COLUMNS: usize = 16;
/// How many fields a line of GDELT has.
pub(crate) const GDELT_FIELDS: usize = 61;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    Int,
    Float,
    /// A day.
    Day,
    /// An instant, in UTC.
    Instant,
}

use Holds::{Day, Float, Instant, Int, Text};

impl Holds {
    fn data_type(self) -> DataType {
        match self {
            Text => DataType::Utf8,
            Int => DataType::Int64,
            Float => DataType::Float64,
            Day => DataType::Date32,
            Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }
}

/// The columns of `entries`, but for the last two.
const ENTRY: [(&str, Holds); ENTRY_COLUMNS - 2] = [
    ("feed_title", Text),
    ("feed_url", Text),
    ("id", Text),
    ("url", Text),
    ("title", Text),
    ("summary", Text),
    ("content", Text),
    ("authors", Text),
    ("categories", Text),
    ("published_at", Instant),
    ("updated_at", Instant),
    ("language", Text),
    ("enclosure_url", Text),
    ("other", Text),
];

/// The fields of a line of GDELT 2.0, in their order. What looks like a number but is a code, with zeros
/// before it or letters among it elsewhere, is a text.
pub(crate) const GDELT: [(&str, Holds); GDELT_FIELDS] = [
    ("global_event_id", Int),
    ("sql_date", Day),
    ("month_year", Int),
    ("year", Int),
    ("fraction_date", Float),
    ("actor1_code", Text),
    ("actor1_name", Text),
    ("actor1_country_code", Text),
    ("actor1_known_group_code", Text),
    ("actor1_ethnic_code", Text),
    ("actor1_religion1_code", Text),
    ("actor1_religion2_code", Text),
    ("actor1_type1_code", Text),
    ("actor1_type2_code", Text),
    ("actor1_type3_code", Text),
    ("actor2_code", Text),
    ("actor2_name", Text),
    ("actor2_country_code", Text),
    ("actor2_known_group_code", Text),
    ("actor2_ethnic_code", Text),
    ("actor2_religion1_code", Text),
    ("actor2_religion2_code", Text),
    ("actor2_type1_code", Text),
    ("actor2_type2_code", Text),
    ("actor2_type3_code", Text),
    ("is_root_event", Int),
    ("event_code", Text),
    ("event_base_code", Text),
    ("event_root_code", Text),
    ("quad_class", Int),
    ("goldstein_scale", Float),
    ("num_mentions", Int),
    ("num_sources", Int),
    ("num_articles", Int),
    ("avg_tone", Float),
    ("actor1_geo_type", Int),
    ("actor1_geo_full_name", Text),
    ("actor1_geo_country_code", Text),
    ("actor1_geo_adm1_code", Text),
    ("actor1_geo_adm2_code", Text),
    ("actor1_geo_lat", Float),
    ("actor1_geo_long", Float),
    ("actor1_geo_feature_id", Text),
    ("actor2_geo_type", Int),
    ("actor2_geo_full_name", Text),
    ("actor2_geo_country_code", Text),
    ("actor2_geo_adm1_code", Text),
    ("actor2_geo_adm2_code", Text),
    ("actor2_geo_lat", Float),
    ("actor2_geo_long", Float),
    ("actor2_geo_feature_id", Text),
    ("action_geo_type", Int),
    ("action_geo_full_name", Text),
    ("action_geo_country_code", Text),
    ("action_geo_adm1_code", Text),
    ("action_geo_adm2_code", Text),
    ("action_geo_lat", Float),
    ("action_geo_long", Float),
    ("action_geo_feature_id", Text),
    ("date_added", Instant),
    ("source_url", Text),
];

fn schema(columns: &[(&str, Holds)]) -> Schema {
    let known = columns
        .iter()
        .map(|(name, holds)| Field::new(*name, holds.data_type(), true));
    let last = [
        Field::new("source", DataType::Utf8, false),
        Field::new("record", DataType::Int64, false),
    ];
    Schema::new(known.chain(last).collect::<Vec<_>>())
}

/// The columns of `entries`.
pub(crate) fn entries_schema() -> Schema {
    schema(&ENTRY)
}

/// The columns of `gdelt_events`.
pub(crate) fn gdelt_schema() -> Schema {
    schema(&GDELT)
}

/// The table `entries`.
pub(crate) fn entries() -> Table {
    Table::new(ENTRIES, entries_schema())
        .comment("An entry of a feed: RSS, RDF, Atom or JSON Feed")
        .filtered()
}

/// The table `gdelt_events`.
pub(crate) fn gdelt_events() -> Table {
    Table::new(GDELT_EVENTS, gdelt_schema())
        .comment("An event that GDELT 2.0 found in the news")
        .filtered()
}
