//! Red notices of INTERPOL, a detail a line.

use super::{Case, SEED, Sink, Value, open};
use serde::Deserialize;
use sextant_tests::generate;
use std::io::BufRead;
use std::path::PathBuf;

/// The plugin remembers as many, to tell which come again; there were never more red notices.
const NOTICES_MAX: usize = 200_000;

pub(super) const CASE: Case = Case {
    name: "files_interpol_notices",
    plugin: "interpol",
    table: ["saved", "red_notices"],
    input: "red",
    config: "notices = { red = { input = \"red\" } }",
    files: &["red_details.ndjson"],
    generate: |out, records| generate::notices(&mut *out[0], SEED, records),
    records: 1..=NOTICES_MAX,
    read: notices,
    native: "serde_json, a struct a line",
    same: &[
        "entity_id",
        "name",
        "forename",
        "date_of_birth",
        "birth_year",
        "nationalities",
        "sex",
        "place_of_birth",
        "languages",
        "height_m",
        "weight_kg",
        "distinguishing_marks",
        "image_url",
        "detail_url",
    ],
};

/// A detail, of which the warrants are a table of their own.
#[derive(Deserialize)]
struct Notice {
    entity_id: String,
    name: Option<String>,
    forename: Option<String>,
    date_of_birth: Option<String>,
    nationalities: Option<Vec<String>>,
    sex_id: Option<String>,
    place_of_birth: Option<String>,
    country_of_birth_id: Option<String>,
    languages_spoken_ids: Option<Vec<String>>,
    eyes_colors_id: Option<Vec<String>>,
    hairs_id: Option<Vec<String>>,
    height: Option<f64>,
    weight: Option<f64>,
    distinguishing_marks: Option<String>,
    #[serde(rename = "_links")]
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    #[serde(rename = "self")]
    detail: Link,
    images: Option<Link>,
    thumbnail: Option<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

const TEXTS: [&str; 10] = [
    "entity_id",
    "name",
    "forename",
    "date_of_birth",
    "sex",
    "place_of_birth",
    "country_of_birth",
    "distinguishing_marks",
    "image_url",
    "detail_url",
];
const LISTS: [&str; 4] = ["nationalities", "languages", "eye_colors", "hair_colors"];

fn notices(files: &[PathBuf], sink: &mut Sink) {
    let (texts, lists) = (sink.places(TEXTS), sink.places(LISTS));
    let [birth_year, height, weight] = sink.places(["birth_year", "height_m", "weight_kg"]);
    sink.begin(&files[0]);
    let (mut file, mut line) = (open(&files[0]), Vec::new());
    while file.read_until(b'\n', &mut line).expect("it can be read") > 0 {
        let notice: Notice = serde_json::from_slice(&line).expect("it is JSON");
        line.clear();
        let image = notice.links.thumbnail.or(notice.links.images);
        let values = [
            Some(notice.entity_id),
            notice.name,
            notice.forename.filter(|forename| forename != "-"),
            notice.date_of_birth,
            notice.sex_id,
            notice.place_of_birth,
            notice.country_of_birth_id,
            notice.distinguishing_marks,
            image.map(|link| link.href),
            Some(notice.links.detail.href),
        ];
        let born = values[3].as_deref().and_then(|day| day.get(..4));
        sink.parse(birth_year, born.unwrap_or_default());
        for (at, value) in texts.into_iter().zip(&values) {
            sink.parse(at, value.as_deref().unwrap_or_default());
        }
        let values = [
            notice.nationalities,
            notice.languages_spoken_ids,
            notice.eyes_colors_id,
            notice.hairs_id,
        ];
        for (at, values) in lists.into_iter().zip(values) {
            sink.parse(at, &values.unwrap_or_default().join("; "));
        }
        for (at, value) in [(height, notice.height), (weight, notice.weight)] {
            if let Some(known) = value.filter(|&value| value > 0.0) {
                sink.put(at, Value::Float(known));
            }
        }
        sink.end_row();
    }
}
