//! Shapefiles, read as ESRI and dBase describe them, and geometries as well-known binary.

use super::sink::{Sink, Value};
use super::{Case, SEED};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1251};
use serde::Deserialize;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::PathBuf;

pub(crate) const CASE: Case = Case {
    name: "files_geo_shapefile",
    plugin: "geo",
    table: ["map", "districts"],
    input: "districts",
    config: "layers = { districts = { input = \"districts\" } }",
    files: &["districts.shp", "districts.dbf"],
    generate: |out, records| {
        let [shp, dbf] = out else {
            unreachable!("there are two files")
        };
        sextant_tests::generate::shapefile(*shp, *dbf, SEED, records)
    },
    records: 1..=usize::MAX,
    read: shapefile,
    native: "a reader of the published layout of .shp and .dbf",
    same: &["geometry", "min_x"],
};

/// A place: x, y, and a height where there is one.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Position(
    pub(crate) f64,
    pub(crate) f64,
    #[serde(default)] pub(crate) Option<f64>,
);

/// A geometry, as GeoJSON has it.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "coordinates")]
pub(crate) enum Geometry {
    Point(Position),
    LineString(Vec<Position>),
    Polygon(Vec<Vec<Position>>),
    MultiPoint(Vec<Position>),
    MultiLineString(Vec<Vec<Position>>),
    MultiPolygon(Vec<Vec<Vec<Position>>>),
    #[serde(skip)]
    Collection(Vec<Self>),
}

/// Where the columns of a geometry are.
#[derive(Debug)]
pub(crate) struct Places([usize; 5]);

impl Places {
    pub(crate) fn new(sink: &Sink) -> Self {
        Self(sink.places(["geometry", "min_x", "min_y", "max_x", "max_y"]))
    }

    /// Puts a geometry and its bounding box into their columns.
    pub(crate) fn put(&self, geometry: &Geometry, wkb: &mut Vec<u8>, sink: &mut Sink) {
        let (mut bounds, mut has_z) = ([f64::MAX, f64::MAX, f64::MIN, f64::MIN], false);
        geometry.each(&mut |&Position(x, y, z)| {
            bounds = [
                bounds[0].min(x),
                bounds[1].min(y),
                bounds[2].max(x),
                bounds[3].max(y),
            ];
            has_z |= z.is_some();
        });
        wkb.clear();
        geometry.write(wkb, has_z);
        sink.put(self.0[0], Value::Bytes(wkb));
        if bounds[0] <= bounds[2] {
            for (at, bound) in self.0[1..].iter().zip(bounds) {
                sink.put(*at, Value::Float(bound));
            }
        }
    }
}

impl Geometry {
    fn each(&self, show: &mut dyn FnMut(&Position)) {
        match self {
            Self::Point(place) => show(place),
            Self::LineString(places) | Self::MultiPoint(places) => places.iter().for_each(show),
            Self::Polygon(lines) | Self::MultiLineString(lines) => {
                lines.iter().flatten().for_each(show);
            }
            Self::MultiPolygon(polygons) => polygons.iter().flatten().flatten().for_each(show),
            Self::Collection(members) => members.iter().for_each(|member| member.each(show)),
        }
    }

    /// Adds its well-known binary.
    fn write(&self, wkb: &mut Vec<u8>, has_z: bool) {
        match self {
            Self::Point(place) => start(wkb, 1, has_z).position(place),
            Self::LineString(places) => start(wkb, 2, has_z).line(places),
            Self::Polygon(rings) => start(wkb, 3, has_z).lines(rings),
            Self::MultiPoint(places) => {
                start(wkb, 4, has_z).count(places.len());
                for place in places {
                    start(wkb, 1, has_z).position(place);
                }
            }
            Self::MultiLineString(lines) => {
                start(wkb, 5, has_z).count(lines.len());
                for line in lines {
                    start(wkb, 2, has_z).line(line);
                }
            }
            Self::MultiPolygon(polygons) => {
                start(wkb, 6, has_z).count(polygons.len());
                for rings in polygons {
                    start(wkb, 3, has_z).lines(rings);
                }
            }
            Self::Collection(members) => {
                start(wkb, 7, has_z).count(members.len());
                for member in members {
                    member.write(wkb, has_z);
                }
            }
        }
    }
}

/// Writes well-known binary, little endian.
struct Wkb<'a> {
    bytes: &'a mut Vec<u8>,
    has_z: bool,
}

fn start(bytes: &mut Vec<u8>, code: u32, has_z: bool) -> Wkb<'_> {
    bytes.push(1);
    bytes.extend(if has_z { code + 1_000 } else { code }.to_le_bytes());
    Wkb { bytes, has_z }
}

impl Wkb<'_> {
    fn count(&mut self, count: usize) {
        self.bytes.extend((count as u32).to_le_bytes());
    }

    fn position(&mut self, &Position(x, y, z): &Position) {
        self.bytes.extend(x.to_le_bytes());
        self.bytes.extend(y.to_le_bytes());
        if self.has_z {
            self.bytes.extend(z.unwrap_or(f64::NAN).to_le_bytes());
        }
    }

    fn line(&mut self, places: &[Position]) {
        self.count(places.len());
        places.iter().for_each(|place| self.position(place));
    }

    fn lines(&mut self, lines: &[Vec<Position>]) {
        self.count(lines.len());
        lines.iter().for_each(|line| self.line(line));
    }
}

fn shapefile(files: &[PathBuf], sink: &mut Sink) {
    sink.begin(&files[0]);
    let places = Places::new(sink);
    let mut shp = BufReader::new(File::open(&files[0]).expect("it is there"));
    let mut dbf = Dbf::open(&files[1], sink);
    shp.read_exact(&mut [0; 100]).expect("there is a header");
    let (mut head, mut record, mut wkb) = ([0; 8], Vec::new(), Vec::new());
    while shp.read_exact(&mut head).is_ok() {
        let words = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        record.resize(2 * words as usize, 0);
        shp.read_exact(&mut record).expect("the record is whole");
        if let Some(geometry) = geometry(&record) {
            places.put(&geometry, &mut wkb, sink);
        }
        if dbf.read(sink) {
            sink.end_row();
        }
    }
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    let bytes = bytes[at..at + 4].try_into().expect("four bytes");
    u32::from_le_bytes(bytes) as usize
}

fn f64_at(bytes: &[u8], at: usize) -> f64 {
    f64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// The geometry of a record; none where it has none.
fn geometry(record: &[u8]) -> Option<Geometry> {
    let kind = u32_at(record, 0);
    let has_z = (11..20).contains(&kind);
    let (parts, count, first) = match kind {
        0 => return None,
        1 | 11 | 21 => {
            let z = has_z.then(|| f64_at(record, 20));
            let place = Position(f64_at(record, 4), f64_at(record, 12), z);
            return Some(Geometry::Point(place));
        }
        8 | 18 | 28 => (0, u32_at(record, 36), 40),
        _ => {
            let parts = u32_at(record, 36);
            (parts, u32_at(record, 40), 44 + 4 * parts)
        }
    };
    // Behind the places is the range of their heights, and then those.
    let heights = first + 16 * count + 16;
    let place = |at: usize| {
        let z = has_z.then(|| f64_at(record, heights + 8 * at));
        let (x, y) = (first + 16 * at, first + 16 * at + 8);
        Position(f64_at(record, x), f64_at(record, y), z)
    };
    if parts == 0 {
        return Some(Geometry::MultiPoint((0..count).map(place).collect()));
    }
    let start = |part: usize| match part < parts {
        true => u32_at(record, 44 + 4 * part),
        false => count,
    };
    let lines = (0..parts).map(|part| (start(part)..start(part + 1)).map(place).collect());
    let mut lines: Vec<Vec<_>> = lines.collect();
    Some(match kind {
        5 | 15 | 25 => polygons(lines),
        _ if parts == 1 => Geometry::LineString(lines.remove(0)),
        _ => Geometry::MultiLineString(lines),
    })
}

/// The polygons that rings make: an outer one runs clockwise, and its holes behind it do not.
fn polygons(rings: Vec<Vec<Position>>) -> Geometry {
    let mut polygons: Vec<Vec<Vec<Position>>> = Vec::new();
    for ring in rings {
        let cross = |pair: &[Position]| pair[0].0 * pair[1].1 - pair[1].0 * pair[0].1;
        let is_hole = ring.windows(2).map(cross).sum::<f64>() > 0.0;
        match polygons.last_mut() {
            Some(polygon) if is_hole => polygon.push(ring),
            _ => polygons.push(vec![ring]),
        }
    }
    match polygons.len() {
        1 => Geometry::Polygon(polygons.remove(0)),
        _ => Geometry::MultiPolygon(polygons),
    }
}

/// A table of dBase.
struct Dbf {
    file: BufReader<File>,
    encoding: &'static Encoding,
    /// For each field that is a column, its place in a record and that of the column.
    fields: Vec<(std::ops::Range<usize>, usize)>,
    record: Vec<u8>,
}

impl Dbf {
    fn open(path: &PathBuf, sink: &Sink) -> Self {
        let mut file = BufReader::new(File::open(path).expect("it is there"));
        let mut head = [0; 32];
        file.read_exact(&mut head).expect("there is a header");
        let length = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
        let (header_bytes, record_bytes) = (length(8), length(10));
        let mut descriptions = vec![0; header_bytes - head.len()];
        file.read_exact(&mut descriptions)
            .expect("the header is whole");
        let (mut fields, mut start) = (Vec::new(), 1);
        for field in descriptions.chunks_exact(32) {
            if field[0] == 0x0D {
                break;
            }
            let name = field[..11].split(|&byte| byte == 0).next();
            let name = String::from_utf8_lossy(name.expect("one part at least"));
            let end = start + usize::from(field[16]);
            fields.extend(sink.place(name.trim()).map(|at| (start..end, at)));
            start = end;
        }
        Self {
            file,
            encoding: if head[29] == 0xC9 {
                WINDOWS_1251
            } else {
                UTF_8
            },
            fields,
            record: vec![0; record_bytes],
        }
    }

    /// Puts the fields of the next record into their columns; false where it was deleted.
    fn read(&mut self, sink: &mut Sink) -> bool {
        self.file
            .read_exact(&mut self.record)
            .expect("there is a record for each shape");
        for (range, at) in &self.fields {
            let bytes = &self.record[range.clone()];
            let (text, _) = self.encoding.decode_without_bom_handling(bytes);
            sink.parse(*at, text.trim());
        }
        self.record[0] == b' '
    }
}
