//! What the gateway has on file: records of nobody and nothing. Each follows from the seed and its key,
//! however that is spelt, so there is no table of them; some can be planted.

use crate::cli::random::Random;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Of every so many keys on file, one has a second record.
const SECOND_EVERY: usize = 8;

/// Countries and their bureaus.
const OWNERS: [(&str, &str); 6] = [
    ("UKR", "Kyiv"),
    ("MDA", "Chisinau"),
    ("POL", "Warsaw"),
    ("ROU", "Bucharest"),
    ("FRA", "Paris"),
    ("CIV", "Abidjan"),
];
const PLACES: [&str; 5] = ["Львів", "Bălți", "Kraków", "Iași", "Lyon"];

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum Kind {
    Person,
    Vehicle,
    TravelDocument,
    Firearm,
}

impl Kind {
    /// What a message asks for, and whether it asks for a full record.
    pub(super) fn of(message: &str) -> Option<(Self, bool)> {
        Some(match message {
            "IPQ" => (Self::Person, false),
            "FPQ" => (Self::Person, true),
            "IVQ" => (Self::Vehicle, false),
            "FVQ" => (Self::Vehicle, true),
            "ITQ" => (Self::TravelDocument, false),
            "FTQ" => (Self::TravelDocument, true),
            "IGQ" => (Self::Firearm, false),
            "FGQ" => (Self::Firearm, true),
            _ => return None,
        })
    }

    /// The fields that can be a key, one of which is asked by.
    pub(super) fn key_fields(self) -> &'static [&'static str] {
        match self {
            Self::Person => &["NAM"],
            Self::Vehicle => &["VIN", "ENG"],
            Self::TravelDocument => &["DID"],
            Self::Firearm => &["SER"],
        }
    }

    fn database(self) -> &'static str {
        match self {
            Self::Person => "nominal",
            Self::Vehicle => "SMV",
            Self::TravelDocument => "SLTD",
            Self::Firearm => "iARMS",
        }
    }
}

/// A record that is on file whatever the seed says: a made-up one, with some fields of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Planted {
    /// What it is.
    pub(in crate::cli) kind: Kind,
    /// The first of the fields that can be its key.
    pub(in crate::cli) key: String,
    /// Fields instead of made-up ones.
    #[serde(default)]
    pub(in crate::cli) record: Map<String, Value>,
}

/// What is on file.
pub(super) struct Register {
    seed: u64,
    /// Of a thousand keys.
    records: u64,
    planted: HashMap<(Kind, String), Vec<Map<String, Value>>>,
    /// The full records of the candidates that were given, by their entity.
    full: Mutex<HashMap<(Kind, String), Value>>,
}

/// A record as a candidate, and in full.
struct Entity {
    candidate: Map<String, Value>,
    full: Map<String, Value>,
}

impl Register {
    pub(super) fn new(seed: u64, records: u64, planted: Vec<Planted>) -> Self {
        let mut by_key: HashMap<_, Vec<_>> = HashMap::new();
        for planted in planted {
            let key = (planted.kind, on_file(planted.kind, &planted.key));
            by_key.entry(key).or_default().push(planted.record);
        }
        Self {
            seed,
            records,
            planted: by_key,
            full: Mutex::default(),
        }
    }

    /// A number that follows from the seed and a text.
    pub(super) fn draw(&self, text: &str) -> u64 {
        // FNV-1a (Fowler, Noll and Vo), of 64 bits.
        let start = 0xcbf2_9ce4_8422_2325 ^ self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = text.bytes().fold(start, step);
        // Its low bits alone are poor.
        hash ^ (hash >> 29)
    }

    /// The candidates for a key of a field.
    pub(super) fn candidates(&self, kind: Kind, field: &str, key: &str) -> Vec<Value> {
        let key = on_file(kind, key);
        let drawn = self.draw(&format!("{field} {key}"));
        let mut entities = Vec::new();
        if drawn % 1_000 < self.records {
            let mut random = Random::new(drawn);
            let count = if random.below(SECOND_EVERY) == 0 {
                2
            } else {
                1
            };
            entities.extend((0..count).map(|_| made_up(kind, field, &key, &mut random)));
        }
        let planted =
            (field == kind.key_fields()[0]).then(|| self.planted.get(&(kind, key.clone())));
        for (place, record) in planted.flatten().into_iter().flatten().enumerate() {
            let mut random = Random::new(self.draw(&format!("planted {place} {key}")));
            let mut entity = made_up(kind, field, &key, &mut random);
            for (name, value) in record {
                if entity.candidate.contains_key(name) {
                    entity.candidate.insert(name.clone(), value.clone());
                }
                entity.full.insert(name.clone(), value.clone());
            }
            entities.push(entity);
        }
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let given = entities.into_iter().map(|entity| {
            let number = entity.full["EID"].as_str().unwrap_or_default().to_owned();
            full.insert((kind, number), Value::Object(entity.full));
            Value::Object(entity.candidate)
        });
        given.collect()
    }

    /// The full record of an entity that was given as a candidate.
    pub(super) fn full(&self, kind: Kind, entity: &str) -> Option<Value> {
        let full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        full.get(&(kind, entity.to_owned())).cloned()
    }
}

/// A key as the register has it: however it is spelt, in capitals, and a number without what divides it.
fn on_file(kind: Kind, key: &str) -> String {
    let words = key.split(|c: char| !c.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let between = if kind == Kind::Person { " " } else { "" };
    words.join(between).to_uppercase()
}

fn made_up(kind: Kind, field: &str, key: &str, random: &mut Random) -> Entity {
    let (owner, bureau) = OWNERS[random.below(OWNERS.len())];
    let mut candidate = fields([
        (
            "EID",
            format!(
                "{}/{}",
                2015 + random.below(12),
                random.below(1_000_000_000_000)
            ),
        ),
        ("owner_country", owner.to_owned()),
        ("owner_ncb", bureau.to_owned()),
        ("database", kind.database().to_owned()),
        ("confirmation", "unconfirmed".to_owned()),
        (field, key.to_owned()),
    ]);
    let (of_candidate, of_full) = match kind {
        Kind::Person => person(random),
        Kind::Vehicle => vehicle(field, random),
        Kind::TravelDocument => travel_document(random),
        Kind::Firearm => firearm(random),
    };
    candidate.extend(of_candidate);
    let mut full = candidate.clone();
    full.extend(of_full);
    full.extend(fields([
        (
            "case_reference",
            format!("{}/{}", 100 + random.below(900), 15 + random.below(12)),
        ),
        ("recorded_on", day(2015, 11, random)),
    ]));
    Entity { candidate, full }
}

type Fields = Map<String, Value>;

fn person(random: &mut Random) -> (Fields, Fields) {
    let candidate = fields([
        ("DOB", day(1950, 55, random)),
        ("sex", one(&["M", "F", "U"], random)),
        ("nationalities", one(&["UKR", "MDA", "POL", "ROU"], random)),
    ]);
    let full = fields([
        ("birth_place", one(&PLACES, random)),
        ("notice", one(&["red", "yellow", "diffusion"], random)),
        ("offences", one(&["fraud", "forgery", "шахрайство"], random)),
    ]);
    (candidate, full)
}

fn vehicle(field: &str, random: &mut Random) -> (Fields, Fields) {
    let other = match field {
        "VIN" => ("ENG", format!("DEMO{}", random.below(1_000_000))),
        _ => (
            "VIN",
            format!("DEMO{:013}", random.below(10_000_000_000_000)),
        ),
    };
    let candidate = fields([
        other,
        ("plate", format!("АА{:04}ВВ", random.below(10_000))),
        ("make", one(&["Вигадка", "Imaginaire"], random)),
        ("model", one(&["Таврія", "Octet", "Mirage"], random)),
    ]);
    let mut full = theft(random);
    full.extend(fields([("colour", one(&["білий", "red", "grey"], random))]));
    full.insert("model_year".to_owned(), json!(1995 + random.below(30)));
    (candidate, full)
}

fn travel_document(random: &mut Random) -> (Fields, Fields) {
    let candidate = fields([
        ("TYP", one(&["passport", "identity card", "visa"], random)),
        ("CNT", one(&["UKR", "MDA", "POL", "ROU"], random)),
        (
            "status",
            one(&["stolen", "lost", "revoked", "stolen blank"], random),
        ),
    ]);
    let mut full = theft(random);
    full.extend(fields([("issued_on", day(2005, 20, random))]));
    (candidate, full)
}

fn firearm(random: &mut Random) -> (Fields, Fields) {
    let candidate = fields([
        ("make", one(&["Вигадка", "Vyhadka Arms"], random)),
        ("model", one(&["12", "M-1", "Туман"], random)),
        ("calibre", one(&["9 mm", "5.45 mm"], random)),
        (
            "status",
            one(&["stolen", "lost", "trafficked", "smuggled"], random),
        ),
    ]);
    let mut full = theft(random);
    full.extend(fields([("category", one(&["pistol", "rifle"], random))]));
    (candidate, full)
}

fn theft(random: &mut Random) -> Fields {
    fields([
        ("stolen_on", day(2015, 11, random)),
        ("stolen_place", one(&PLACES, random)),
        (
            "stolen_country",
            OWNERS[random.below(OWNERS.len())].0.to_owned(),
        ),
    ])
}

fn fields<const N: usize>(fields: [(&str, String); N]) -> Fields {
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}

fn one(texts: &[&str], random: &mut Random) -> String {
    random.of(texts).copied().unwrap_or_default().to_owned()
}

/// A day as `ccyymmdd`, in one of some years.
fn day(first_year: usize, years: usize, random: &mut Random) -> String {
    let (year, month) = (first_year + random.below(years), 1 + random.below(12));
    format!("{year}{month:02}{:02}", 1 + random.below(28))
}
