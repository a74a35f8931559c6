//! The tables and their columns: which member of a notice each is, and whether a list has it or the
//! notice's own detail alone.

use arrow_schema::{DataType, Field, Schema};
use serde::Deserialize;
use sextant_plugin_sdk::Table;

/// A kind of notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Wanted persons.
    Red,
    /// Missing persons.
    Yellow,
    /// Persons and organisations under sanctions of the Security Council.
    Un,
}

impl Kind {
    /// Its name, in paths of the API too.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Yellow => "yellow",
            Self::Un => "un",
        }
    }
}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// One row a notice.
    Notices(Kind),
    /// One row an arrest warrant of a red notice.
    Warrants,
}

impl Relation {
    /// The tables of a kind.
    pub(crate) fn of(kind: Kind) -> Vec<Self> {
        match kind {
            Kind::Red => vec![Self::Notices(kind), Self::Warrants],
            _ => vec![Self::Notices(kind)],
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Notices(kind) => kind,
            Self::Warrants => Kind::Red,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Notices(Kind::Red) => "red_notices",
            Self::Notices(Kind::Yellow) => "yellow_notices",
            Self::Notices(Kind::Un) => "un_notices",
            Self::Warrants => "warrants",
        }
    }

    fn comment(self) -> &'static str {
        match self {
            Self::Notices(Kind::Red) => "INTERPOL red notices, one row a wanted person",
            Self::Notices(Kind::Yellow) => "INTERPOL yellow notices, one row a missing person",
            Self::Notices(Kind::Un) => {
                "INTERPOL-UN Security Council special notices, one row a person or organisation"
            }
            Self::Warrants => "arrest warrants of INTERPOL red notices, one row a warrant",
        }
    }

    /// Its columns, in their order.
    pub(crate) fn columns(self) -> Vec<Column> {
        let own: &[&[Column]] = match self {
            Self::Notices(Kind::Red) => &[PERSON, BIRTH, APPEARANCE, LINKED],
            Self::Notices(Kind::Yellow) => &[PERSON, BIRTH, APPEARANCE, MISSING, LINKED],
            Self::Notices(Kind::Un) => &[PERSON, BIRTH, SANCTIONED, LINKED],
            Self::Warrants => &[WARRANT],
        };
        let groups = own.iter().chain([&PROVENANCE]);
        groups.flat_map(|group| group.iter().copied()).collect()
    }

    pub(crate) fn schema(self) -> Schema {
        let fields = self.columns().into_iter().map(|column| {
            let is_optional = !matches!(column.name, "entity_id" | "source");
            Field::new(column.name, column.data_type(), is_optional)
        });
        Schema::new(fields.collect::<Vec<_>>())
    }

    /// It takes every predicate.
    pub(crate) fn table(self) -> Table {
        Table::new(self.name(), self.schema())
            .comment(self.comment())
            .filtered()
    }
}

/// What a column holds, and how its member says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A text.
    Text,
    /// A text, or `-` for none.
    Forename,
    /// Texts, joined by `; `; an array of anything else as JSON.
    Listed,
    /// A day; nothing where only a part of it is known.
    Day,
    /// The year of a day.
    Year,
    /// A number; 0 is unknown.
    Measure,
    /// The link to the picture.
    Image,
    /// The link to the detail.
    Detail,
    /// What has no column.
    Other,
    /// Where the notice was read.
    Source,
    /// Which record it was.
    Record,
}

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// In a list, or it is known anyway.
    Listed,
    /// In a notice's own detail.
    Detailed,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// The member of a notice that it is; empty where it is none.
    pub(crate) member: &'static str,
    pub(crate) holds: Holds,
    pub(crate) step: Step,
}

impl Column {
    fn data_type(&self) -> DataType {
        match self.holds {
            Holds::Day => DataType::Date32,
            Holds::Year => DataType::Int32,
            Holds::Measure => DataType::Float64,
            Holds::Record => DataType::Int64,
            _ => DataType::Utf8,
        }
    }
}

const fn listed(name: &'static str, member: &'static str, holds: Holds) -> Column {
    Column {
        name,
        member,
        holds,
        step: Step::Listed,
    }
}

const fn detailed(name: &'static str, member: &'static str, holds: Holds) -> Column {
    Column {
        name,
        member,
        holds,
        step: Step::Detailed,
    }
}

/// The member with the sex, which a slice of a sweep may know without the detail.
pub(crate) const SEX: &str = "sex_id";

/// The member with the links.
pub(crate) const LINKS: &str = "_links";

/// The member with the arrest warrants of a red notice, which are a table of their own.
pub(crate) const WARRANTS: &str = "arrest_warrants";

const PERSON: &[Column] = &[
    listed("entity_id", "entity_id", Holds::Text),
    listed("name", "name", Holds::Text),
    listed("forename", "forename", Holds::Forename),
    listed("date_of_birth", "date_of_birth", Holds::Day),
    listed("birth_year", "date_of_birth", Holds::Year),
    listed("nationalities", "nationalities", Holds::Listed),
];

const BIRTH: &[Column] = &[
    detailed("sex", SEX, Holds::Text),
    detailed("place_of_birth", "place_of_birth", Holds::Text),
    detailed("country_of_birth", "country_of_birth_id", Holds::Text),
];

const APPEARANCE: &[Column] = &[
    detailed("languages", "languages_spoken_ids", Holds::Listed),
    detailed("eye_colors", "eyes_colors_id", Holds::Listed),
    detailed("hair_colors", "hairs_id", Holds::Listed),
    detailed("height_m", "height", Holds::Measure),
    detailed("weight_kg", "weight", Holds::Measure),
    detailed("distinguishing_marks", "distinguishing_marks", Holds::Text),
];

const MISSING: &[Column] = &[
    detailed("birth_name", "birth_name", Holds::Text),
    detailed("date_of_event", "date_of_event", Holds::Day),
    detailed("place", "place", Holds::Text),
    detailed("country", "country", Holds::Text),
    detailed("father_forename", "father_forename", Holds::Text),
    detailed("mother_forename", "mother_forename", Holds::Text),
    detailed("mother_name", "mother_name", Holds::Text),
];

const SANCTIONED: &[Column] = &[
    detailed("un_reference", "un_reference", Holds::Text),
    detailed("un_reference_date", "un_reference_date", Holds::Day),
    detailed("un_resolution", "un_resolution", Holds::Text),
    detailed("purposes", "purposes", Holds::Listed),
    detailed("aliases", "aliases", Holds::Listed),
    detailed("identity_documents", "identity_documents", Holds::Listed),
    detailed("associates", "associates", Holds::Listed),
    // The API writes it so.
    detailed("addresses", "adresses", Holds::Listed),
    detailed(
        "name_in_original_script",
        "name_in_original_script",
        Holds::Text,
    ),
    detailed("summary", "summary", Holds::Text),
    detailed("profession", "profession", Holds::Text),
    detailed("legal_form", "legal_form", Holds::Text),
    detailed("registration_number", "registration_number", Holds::Text),
    detailed("main_activity", "main_activity", Holds::Text),
    detailed("administrators", "administrators", Holds::Listed),
    detailed("formerly_known_as", "formerly_known_as", Holds::Listed),
];

const LINKED: &[Column] = &[
    listed("image_url", LINKS, Holds::Image),
    listed("detail_url", LINKS, Holds::Detail),
];

const WARRANT: &[Column] = &[
    listed("entity_id", "entity_id", Holds::Text),
    detailed("charge", "charge", Holds::Text),
    detailed("charge_translation", "charge_translation", Holds::Text),
    detailed("issuing_country", "issuing_country_id", Holds::Text),
];

const PROVENANCE: &[Column] = &[
    detailed("other", "", Holds::Other),
    listed("source", "", Holds::Source),
    listed("record", "", Holds::Record),
];
