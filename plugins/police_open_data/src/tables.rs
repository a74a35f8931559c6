//! The tables: their columns, and which members of a record they are.

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use serde::Deserialize;
use sextant_plugin_sdk::Table;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    WantedPersons,
    MissingPersons,
    Vehicles,
    Weapons,
    Phones,
    InvalidDocuments,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Text,
    /// A day.
    Day,
    /// A day with a time of day, in the time of the place, as the files have it.
    Time,
}

/// A column: its name, what it holds, and the members that it is of, by their names in lower case
/// without underscores.
pub(crate) type Column = (&'static str, Holds, &'static [&'static str]);

use Holds::{Day, Text, Time};

const PERSON: &[Column] = &[
    ("id", Text, &["id"]),
    ("organ", Text, &["ovd", "organunit"]),
    ("category", Text, &["category"]),
    ("last_name_uk", Text, &["lastnameu", "lastname"]),
    ("first_name_uk", Text, &["firstnameu", "firstname"]),
    ("middle_name_uk", Text, &["middlenameu", "middlename"]),
    ("last_name_ru", Text, &["lastnamer"]),
    ("first_name_ru", Text, &["firstnamer"]),
    ("middle_name_ru", Text, &["middlenamer"]),
    ("last_name_en", Text, &["lastnamee"]),
    ("first_name_en", Text, &["firstnamee"]),
    ("middle_name_en", Text, &["middlenamee"]),
    ("birth_date", Day, &["birthdate"]),
    ("sex", Text, &["sex"]),
    ("lost_at", Time, &["lostdate"]),
    ("lost_place", Text, &["lostplace"]),
    ("article", Text, &["articlecrim"]),
    ("restraint", Text, &["restraint"]),
    ("contact", Text, &["contact"]),
    ("photo_id", Text, &["photoid"]),
];

const VEHICLE: &[Column] = &[
    ("id", Text, &["id"]),
    ("brand_model", Text, &["brandmodel"]),
    ("brand", Text, &["brand"]),
    ("model", Text, &["model"]),
    ("type", Text, &["cartype"]),
    ("color", Text, &["color"]),
    ("plate", Text, &["vehiclenumber"]),
    ("body_number", Text, &["bodynumber"]),
    ("chassis_number", Text, &["chassisnumber"]),
    ("engine_number", Text, &["enginenumber"]),
    ("seized_at", Time, &["illegalseizuredate"]),
    ("organ", Text, &["organunit", "ovd"]),
    ("inserted_at", Time, &["insertdate"]),
];

const WEAPON: &[Column] = &[
    ("id", Text, &["id"]),
    ("organ", Text, &["organunit", "ovd"]),
    ("brand_model", Text, &["brandmodel"]),
    ("type", Text, &["weapontype"]),
    ("kind", Text, &["weaponkind"]),
    ("series", Text, &["weaponseries"]),
    ("number", Text, &["weaponnumber"]),
    ("caliber", Text, &["weaponcaliber"]),
    ("trunks", Text, &["trunks"]),
    ("graduation_year", Text, &["graduationyear"]),
    ("reason", Text, &["reasonsearch"]),
    ("inserted_at", Time, &["insertdate"]),
    ("stolen_at", Time, &["theftdate"]),
];

const PHONE: &[Column] = &[
    ("id", Text, &["id"]),
    ("organ", Text, &["ovd", "organunit"]),
    ("inserted_at", Time, &["insertdate"]),
    ("register_number", Text, &["nz"]),
    ("imei", Text, &["imei"]),
    ("nk", Text, &["nk"]),
    ("dk", Text, &["dk"]),
];

const DOCUMENT: &[Column] = &[
    ("id", Text, &["id"]),
    ("type", Text, &["dtype"]),
    ("series", Text, &["dseries"]),
    ("number", Text, &["dnumber"]),
    ("status", Text, &["dstatus"]),
    ("stolen_at", Time, &["theftdata", "theftdate"]),
    ("inserted_at", Time, &["insertdate"]),
    ("organ", Text, &["ovd", "organunit"]),
];

/// What every table ends with: what no column is for, and where the record is.
const LAST: [(&str, DataType, bool); 3] = [
    ("other", DataType::Utf8, true),
    ("source", DataType::Utf8, false),
    ("record", DataType::Int64, false),
];

impl Kind {
    /// The name in SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WantedPersons => "wanted_persons",
            Self::MissingPersons => "missing_persons",
            Self::Vehicles => "vehicles",
            Self::Weapons => "weapons",
            Self::Phones => "phones",
            Self::InvalidDocuments => "invalid_documents",
        }
    }

    /// The columns that are members of a record.
    pub(crate) fn columns(self) -> &'static [Column] {
        match self {
            Self::WantedPersons | Self::MissingPersons => PERSON,
            Self::Vehicles => VEHICLE,
            Self::Weapons => WEAPON,
            Self::Phones => PHONE,
            Self::InvalidDocuments => DOCUMENT,
        }
    }

    fn comment(self) -> &'static str {
        match self {
            Self::WantedPersons => "A person whom the police look for",
            Self::MissingPersons => "A person who is missing, or a body nobody knows",
            Self::Vehicles => {
                "A vehicle that is looked for; one that was found is no longer listed"
            }
            Self::Weapons => "A weapon that is looked for",
            Self::Phones => "A phone that is looked for",
            Self::InvalidDocuments => "A document that was stolen, lost or cancelled",
        }
    }

    pub(crate) fn schema(self) -> Schema {
        let members = self.columns().iter().map(|(name, holds, _)| {
            let data_type = match holds {
                Text => DataType::Utf8,
                Day => DataType::Date32,
                Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            };
            Field::new(*name, data_type, true)
        });
        let last = LAST.map(|(name, data_type, nullable)| Field::new(name, data_type, nullable));
        Schema::new(members.chain(last).collect::<Vec<_>>())
    }

    pub(crate) fn table(self) -> Table {
        Table::new(self.name(), self.schema())
            .comment(self.comment())
            .filtered()
    }
}
