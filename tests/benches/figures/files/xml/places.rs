//! Placemarks of KML.

use super::super::shape::{Geometry, Places, Position};
use super::{Case, Format, NATIVE, Names, Row, SEED, Sink, Tag, generate, read};
use std::collections::HashMap;
use std::path::PathBuf;

pub(crate) const KML: Case = Case {
    name: "files_geo_kml",
    plugin: "geo",
    table: ["map", "sightings"],
    input: "sightings",
    config: "layers = { sightings = { input = \"sightings\" } }",
    files: &["sightings.kml"],
    generate: |out, records| generate::kml(&mut *out[0], SEED, records),
    records: 1..=usize::MAX,
    read: |files, sink| kml(files, sink),
    native: NATIVE,
    same: &["geometry", "name", "folder"],
};

struct Placemarks {
    places: Places,
    /// The columns of the extended data, by their names.
    data: HashMap<String, usize>,
    id: usize,
    name: usize,
    description: usize,
    folder: usize,
    row: Row,
    folders: Vec<String>,
    /// The name of the extended data that is open.
    field: String,
    coordinates: Vec<Position>,
    rings: Vec<Vec<Position>>,
    found: Vec<Geometry>,
    wkb: Vec<u8>,
}

fn kml(files: &[PathBuf], sink: &mut Sink) {
    let [id, name, description, folder] =
        sink.places(["feature_id", "name", "description", "folder"]);
    let mut placemarks = Placemarks {
        places: Places::new(sink),
        data: sink.all().collect(),
        id,
        name,
        description,
        folder,
        row: Row::new(sink),
        folders: Vec::new(),
        field: String::new(),
        coordinates: Vec::new(),
        rings: Vec::new(),
        found: Vec::new(),
        wkb: Vec::new(),
    };
    read(&files[0], &mut placemarks, sink);
}

impl Format for Placemarks {
    fn open(&mut self, path: &Names, tag: &Tag<'_>) {
        match path.up(0) {
            "Folder" => self.folders.push(String::new()),
            "Placemark" => self
                .row
                .set(self.id, &tag.attribute("id").unwrap_or_default()),
            "Data" | "SimpleData" => self.field = tag.attribute("name").unwrap_or_default(),
            _ => {}
        }
    }

    fn close(&mut self, path: &Names, text: &str, sink: &mut Sink) {
        match path.last() {
            ("Folder", "name") => {
                if let Some(folder) = self.folders.last_mut() {
                    text.clone_into(folder);
                }
            }
            ("Placemark", "name") => self.row.set(self.name, text),
            ("Placemark", "description") => self.row.set(self.description, text),
            ("Data", "value") | (_, "SimpleData") => {
                if let Some(at) = self.data.get(&self.field) {
                    self.row.set(*at, text);
                }
            }
            (_, "Placemark") => self.end(sink),
            (_, "Folder") => drop(self.folders.pop()),
            (_, name) => self.geometry(name, text),
        }
    }
}

impl Placemarks {
    fn geometry(&mut self, name: &str, text: &str) {
        match name {
            "coordinates" => self
                .coordinates
                .extend(text.split_whitespace().map(position)),
            "LinearRing" => self.rings.push(std::mem::take(&mut self.coordinates)),
            "Point" => {
                let places = std::mem::take(&mut self.coordinates);
                self.found
                    .extend(places.first().map(|place| Geometry::Point(*place)));
            }
            "LineString" => {
                let places = std::mem::take(&mut self.coordinates);
                self.found.push(Geometry::LineString(places));
            }
            "Polygon" => {
                let rings = std::mem::take(&mut self.rings);
                self.found.push(Geometry::Polygon(rings));
            }
            "MultiGeometry" => {
                let members = std::mem::take(&mut self.found);
                self.found.push(Geometry::Collection(members));
            }
            _ => {}
        }
    }

    fn end(&mut self, sink: &mut Sink) {
        let folders = self.folders.iter().filter(|name| !name.is_empty());
        let folders: Vec<_> = folders.map(String::as_str).collect();
        self.row.set(self.folder, &folders.join("/"));
        self.row.push(sink);
        if let Some(geometry) = self.found.pop() {
            self.places.put(&geometry, &mut self.wkb, sink);
        }
        self.found.clear();
        sink.end_row();
    }
}

/// Reads `x,y` or `x,y,z`.
fn position(text: &str) -> Position {
    let mut numbers = text
        .split(',')
        .map(|number| number.parse().expect("it is a number"));
    let mut next = || numbers.next();
    let (x, y) = (next().expect("there is x"), next().expect("there is y"));
    Position(x, y, next())
}
