//! JSON: an array of records, lines of entities and a collection of features, read with serde.

mod notices;

use super::shape::{Geometry, Places};
use super::sink::{Sink, Value};
use super::{Case, LIST_RECORDS_MAX, SEED, WEAPONS};
use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny};
use serde::de::{MapAccess, SeqAccess, Visitor};
use sextant_tests::generate;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The weapons first.
pub(crate) const CASES: [Case; 4] = [
    Case {
        name: "files_police_weapons",
        plugin: "police_open_data",
        table: ["police", "weapons"],
        input: "weapons",
        config: "tables = { weapons = { input = \"weapons\" } }",
        files: &["weaponswanted.json"],
        generate: |out, records| generate::weapons(&mut *out[0], SEED, records),
        records: WEAPONS..=WEAPONS,
        read: weapons,
        native: "serde_json, a struct a record",
        same: &["id", "number", "stolen_at"],
    },
    Case {
        name: "files_sanctions_ftm",
        plugin: "sanctions",
        table: ["lists", "entities"],
        input: "ftm",
        config: "lists = [{ name = \"ftm\", input = \"ftm\", format = \"ftm\" }]",
        files: &["entities.ftm.json"],
        generate: |out, records| generate::ftm(&mut *out[0], SEED, records),
        records: 1..=LIST_RECORDS_MAX,
        read: entities,
        native: "serde_json, a struct a line",
        same: &["entity_id", "name"],
    },
    Case {
        name: "files_geo_geojson",
        plugin: "geo",
        table: ["map", "posts"],
        input: "posts",
        config: "layers = { posts = { input = \"posts\" } }",
        files: &["posts.geojson"],
        generate: |out, records| generate::geojson(&mut *out[0], SEED, records),
        records: 1..=usize::MAX,
        read: features,
        native: "serde_json, a struct a feature",
        same: &["geometry", "max_y"],
    },
    notices::CASE,
];

/// Opens a file behind the byte order mark that it may have.
fn open(path: &Path) -> BufReader<File> {
    let mut file = BufReader::new(File::open(path).expect("it is there"));
    let start = file.fill_buf().expect("it can be read");
    if start.starts_with(b"\xEF\xBB\xBF") {
        file.consume(3);
    }
    file
}

/// Shows each record of an array, or of the array `features` of an object.
fn each<T: DeserializeOwned>(path: &Path, mut show: impl FnMut(T)) {
    let mut json = serde_json::Deserializer::from_reader(open(path));
    let each = Each { show: &mut show };
    each.deserialize(&mut json).expect("it is JSON");
}

struct Each<'a, T> {
    show: &'a mut dyn FnMut(T),
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Each<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while let Some(record) = records.next_element()? {
            (self.show)(record);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "features" => members.next_value_seed(Each {
                    show: &mut *self.show,
                })?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A text, or what else stands in its place.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

#[derive(Deserialize)]
struct Weapon {
    #[serde(alias = "ID", alias = "Id")]
    id: Option<Text>,
    #[serde(alias = "OrganUnit", alias = "organUnit", alias = "ovd")]
    organunit: Option<Text>,
    #[serde(alias = "BrandModel", alias = "brandModel")]
    brandmodel: Option<Text>,
    #[serde(alias = "weaponType")]
    weapontype: Option<Text>,
    #[serde(alias = "weaponKind")]
    weaponkind: Option<Text>,
    #[serde(alias = "weaponSeries")]
    weaponseries: Option<Text>,
    #[serde(alias = "weaponNumber")]
    weaponnumber: Option<Text>,
    #[serde(alias = "weaponCaliber")]
    weaponcaliber: Option<Text>,
    trunks: Option<Text>,
    #[serde(alias = "graduationYear")]
    graduationyear: Option<Text>,
    #[serde(alias = "reasonSearch")]
    reasonsearch: Option<Text>,
    #[serde(alias = "insertDate")]
    insertdate: Option<Text>,
    #[serde(alias = "theftDate")]
    theftdate: Option<Text>,
}

const WEAPON: [&str; 13] = [
    "id",
    "organ",
    "brand_model",
    "type",
    "kind",
    "series",
    "number",
    "caliber",
    "trunks",
    "graduation_year",
    "reason",
    "inserted_at",
    "stolen_at",
];

fn weapons(files: &[PathBuf], sink: &mut Sink) {
    let places = sink.places(WEAPON);
    sink.begin(&files[0]);
    each(&files[0], |weapon: Weapon| {
        let values = [
            weapon.id,
            weapon.organunit,
            weapon.brandmodel,
            weapon.weapontype,
            weapon.weaponkind,
            weapon.weaponseries,
            weapon.weaponnumber,
            weapon.weaponcaliber,
            weapon.trunks,
            weapon.graduationyear,
            weapon.reasonsearch,
            weapon.insertdate,
            weapon.theftdate,
        ];
        for (at, value) in places.into_iter().zip(values) {
            sink.parse(at, value.as_ref().map_or("", |Text(text)| text.trim()));
        }
        sink.end_row();
    });
}

/// A thing or a person of FollowTheMoney.
#[derive(Deserialize)]
struct Entity {
    id: String,
    schema: String,
    caption: Option<String>,
    last_change: Option<String>,
    properties: HashMap<String, Vec<String>>,
}

/// What is no entity of its own, but says something of others.
const NO_ENTITIES: [&str; 13] = [
    "Address",
    "Associate",
    "Directorship",
    "Employment",
    "Family",
    "Identification",
    "Membership",
    "Ownership",
    "Passport",
    "Representation",
    "Sanction",
    "Succession",
    "UnknownLink",
];

fn entities(files: &[PathBuf], sink: &mut Sink) {
    let [list, id, kind, name, gender] =
        sink.places(["list", "entity_id", "kind", "name", "gender"]);
    let [programme, updated_on, comments] = sink.places(["programme", "updated_on", "comments"]);
    sink.begin(&files[0]);
    let (mut file, mut line) = (open(&files[0]), Vec::new());
    while file.read_until(b'\n', &mut line).expect("it can be read") > 0 {
        let entity: Entity = serde_json::from_slice(&line).expect("it is JSON");
        line.clear();
        if NO_ENTITIES.contains(&entity.schema.as_str()) {
            continue;
        }
        let all = |name: &str| entity.properties.get(name).map(|values| values.join("; "));
        let names = entity
            .properties
            .get("name")
            .and_then(|names| names.first());
        let caption = entity.caption.as_ref().or(names);
        sink.parse(list, "ftm");
        sink.parse(id, &entity.id);
        sink.parse(kind, kind_of(&entity.schema));
        sink.parse(name, caption.map_or("", String::as_str));
        sink.parse(gender, &all("gender").unwrap_or_default());
        sink.parse(programme, &all("programId").unwrap_or_default());
        let changed = entity
            .last_change
            .as_deref()
            .and_then(|time| time.get(..10));
        sink.parse(updated_on, changed.unwrap_or_default());
        sink.parse(comments, &all("notes").unwrap_or_default());
        sink.end_row();
    }
}

fn kind_of(schema: &str) -> &'static str {
    match schema {
        "Person" => "person",
        "Organization" | "Company" | "LegalEntity" | "PublicBody" => "organization",
        "Vessel" => "vessel",
        "Airplane" => "aircraft",
        _ => "other",
    }
}

#[derive(Deserialize)]
struct Feature {
    id: Option<Text>,
    geometry: Option<Geometry>,
    properties: Option<serde_json::Map<String, serde_json::Value>>,
}

fn features(files: &[PathBuf], sink: &mut Sink) {
    let places = Places::new(sink);
    let [id] = sink.places(["feature_id"]);
    sink.begin(&files[0]);
    let (mut columns, mut wkb) = (HashMap::new(), Vec::new());
    each(&files[0], |feature: Feature| {
        if let Some(geometry) = &feature.geometry {
            places.put(geometry, &mut wkb, sink);
        }
        sink.parse(
            id,
            feature.id.as_ref().map_or("", |Text(text)| text.as_str()),
        );
        for (name, value) in feature.properties.into_iter().flatten() {
            let at = match columns.get(&name) {
                Some(at) => *at,
                None => *columns.entry(name.clone()).or_insert(sink.place(&name)),
            };
            if let Some(at) = at {
                property(at, &value, sink);
            }
        }
        sink.end_row();
    });
}

fn property(at: usize, value: &serde_json::Value, sink: &mut Sink) {
    use serde_json::Value as Json;
    match value {
        Json::Null => {}
        Json::Bool(value) => sink.put(at, Value::Bool(*value)),
        Json::Number(number) => match (sink.is_float(at), number.as_i64()) {
            (false, Some(number)) => sink.put(at, Value::Int(number)),
            _ => sink.put(at, Value::Float(number.as_f64().expect("it is finite"))),
        },
        Json::String(text) => sink.put(at, Value::Text(text)),
        value => sink.put(at, Value::Text(&value.to_string())),
    }
}
