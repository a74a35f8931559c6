//! The files that plugins bring along as examples are what the generators make, so that they can be made
//! anew, and at any size.

use sextant_tests::generate;
use sextant_tests::root;
use std::io::{self, Write};

type Generate = fn(&mut dyn Write, u64, usize) -> io::Result<()>;

const SEED: u64 = 1;
const RECORDS: usize = 40;

const FILES: [(&str, Generate); 13] = [
    (
        "police_open_data/examples/wanted.json",
        generate::wanted_persons,
    ),
    (
        "police_open_data/examples/vehicles.json",
        generate::vehicles,
    ),
    ("police_open_data/examples/weapons.json", generate::weapons),
    ("police_open_data/examples/phones.json", generate::phones),
    (
        "police_open_data/examples/documents.json",
        generate::invalid_documents,
    ),
    ("registers/examples/uo.xml", generate::register),
    ("europol/examples/messages.xml", generate::umf),
    ("geo/examples/posts.geojson", generate::geojson),
    ("geo/examples/sightings.kml", generate::kml),
    ("feeds/examples/rss.xml", generate::rss),
    ("feeds/examples/atom.xml", generate::atom),
    ("feeds/examples/feed.json", generate::json_feed),
    ("feeds/examples/events.export.CSV", generate::gdelt),
];

#[test]
fn examples_are_made_by_generators() {
    for (file, generate) in FILES {
        let mut due = Vec::new();
        generate(&mut due, SEED, RECORDS).expect("a Vec takes everything");
        same(file, &due);
    }
    let (mut shapes, mut records) = (Vec::new(), Vec::new());
    generate::shapefile(&mut shapes, &mut records, SEED, RECORDS).expect("a Vec takes everything");
    same("geo/examples/districts.shp", &shapes);
    same("geo/examples/districts.dbf", &records);
}

/// Compares a file; where `SEXTANT_UPDATE_EXAMPLES` is set, writes it.
fn same(file: &str, due: &[u8]) {
    let path = root().join("plugins").join(file);
    if std::env::var_os("SEXTANT_UPDATE_EXAMPLES").is_some() {
        std::fs::write(&path, due).expect("it can be written");
    }
    let found = std::fs::read(&path).unwrap_or_default();
    assert!(
        found == due,
        "{file} is not what its generator makes: run this test with SEXTANT_UPDATE_EXAMPLES=1, and look at what changed"
    );
}
