//! Map layers: GeoJSON, KML and ESRI shapefiles, with points and polygons in a box around Ukraine.

use super::{Date, Page, Random, STREETS, TOWNS, place, windows_1251};
use std::io::{self, Write};

/// A point: longitude and latitude, in millionths of a degree.
type Point = (i64, i64);

/// A polygon: its outer ring clockwise, and sometimes a hole, which goes the other way round. Rings are
/// closed.
#[derive(Default)]
struct Polygon {
    points: Vec<Point>,
    /// Where the hole begins, if there is one.
    hole: Option<usize>,
}

impl Polygon {
    /// Another polygon, in the same memory: a strip of 2 to 30 columns with a ragged top and bottom.
    fn draw(&mut self, random: &mut Random) {
        let (latitude, west) = place(random);
        let (columns, width) = (
            random.between(2, 30) as i64,
            random.between(500, 9000) as i64,
        );
        let mut height = || random.between(2000, 20_000) as i64;
        self.points.clear();
        for column in 0..columns {
            self.points
                .push((west + column * width, latitude + height()));
        }
        for column in (0..columns).rev() {
            self.points
                .push((west + column * width, latitude - height()));
        }
        self.points.push(self.points[0]);
        self.hole = random.percent(10).then_some(self.points.len());
        if self.hole.is_some() {
            let (left, right) = (west + width / 4, west + width / 2);
            let (bottom, top) = (latitude - 900, latitude + 900);
            let corners = [(left, bottom), (right, bottom), (right, top), (left, top)];
            self.points.extend(corners);
            self.points.push(corners[0]);
        }
    }

    /// The rings.
    fn rings(&self) -> impl Iterator<Item = &[Point]> {
        let (outer, hole) = self.points.split_at(self.hole.unwrap_or(self.points.len()));
        [outer, hole].into_iter().filter(|ring| !ring.is_empty())
    }

    /// The least and the greatest longitude and latitude.
    fn bounds(&self) -> Bounds {
        let mut bounds = Bounds::NOTHING;
        for &(x, y) in &self.points {
            bounds.add((x, y, x, y));
        }
        bounds
    }
}

/// A bounding box: what is least, and what is greatest.
#[derive(Clone, Copy)]
struct Bounds(i64, i64, i64, i64);

impl Bounds {
    const NOTHING: Self = Self(i64::MAX, i64::MAX, i64::MIN, i64::MIN);

    fn add(&mut self, other: (i64, i64, i64, i64)) {
        self.0 = self.0.min(other.0);
        self.1 = self.1.min(other.1);
        self.2 = self.2.max(other.2);
        self.3 = self.3.max(other.3);
    }
}

const KINDS: [&str; 4] = ["post", "camera", "patrol", "district"];

/// A FeatureCollection: two points to a polygon, and some features without a geometry.
pub fn geojson(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    let mut polygon = Polygon::default();
    page.put("{\"type\":\"FeatureCollection\",\"name\":\"posts\",\"features\":[\n");
    for record in 0..records {
        let mut random = Random::of_record(seed, record);
        page.put("{\"type\": \"Feature\", \"id\": \"p")
            .number(record + 1);
        page.put("\", \"geometry\": ");
        match random.below(30) {
            0 => {
                page.put("null");
            }
            1..20 => {
                let (latitude, longitude) = place(&mut random);
                page.put("{\"type\": \"Point\", \"coordinates\": ");
                position(&mut page, (longitude, latitude));
                page.put("}");
            }
            _ => {
                polygon.draw(&mut random);
                geojson_polygon(&mut page, &polygon);
            }
        }
        properties(&mut page, &mut random, record);
        page.put(if record + 1 < records { "},\n" } else { "}\n" });
        page.turn()?;
    }
    page.put("]}\n");
    page.finish()
}

fn position(page: &mut Page<'_>, (longitude, latitude): Point) {
    page.put("[").decimal(longitude, 6).put(", ");
    page.decimal(latitude, 6).put("]");
}

/// Rings go the other way round than in a shapefile (RFC 7946, section 3.1.6).
fn geojson_polygon(page: &mut Page<'_>, polygon: &Polygon) {
    page.put("{\"type\": \"Polygon\", \"coordinates\": [");
    for (at, ring) in polygon.rings().enumerate() {
        page.put(if at == 0 { "[" } else { ", [" });
        for (at, point) in ring.iter().rev().enumerate() {
            page.put(if at == 0 { "" } else { ", " });
            position(page, *point);
        }
        page.put("]");
    }
    page.put("]}");
}

fn properties(page: &mut Page<'_>, random: &mut Random, record: usize) {
    let (town, street) = (random.one(&TOWNS).0, random.one(&STREETS).0);
    page.put(", \"properties\": {\"name\": \"Пост ")
        .number(record + 1);
    page.puts(&["\", \"kind\": \"", random.one(&KINDS), "\", \"staff\": "]);
    match random.below(8) {
        0 => page.put("null"),
        staff => page.number(staff - 1),
    };
    let height = random.between(0, 30_000) as i64 - 1000;
    page.put(", \"height_m\": ")
        .decimal(height, 1)
        .put(", \"is_open\": ");
    page.put(if random.percent(70) { "true" } else { "false" });
    page.puts(&[
        ", \"town\": \"",
        town,
        "\", \"street\": \"вул. \\\"",
        street,
    ]);
    page.put("\\\"\"");
    if random.percent(80) {
        page.put(", \"since\": \"")
            .day(random.day(1991, 2024))
            .put("\"");
    }
    if random.percent(5) {
        page.put(", \"tags\": [\"night\", \"dog\"]");
    }
    page.put("}");
}

/// How many placemarks a folder has.
const FOLDER_RECORDS: usize = 100;

/// Placemarks in folders: points, lines and polygons, with extended data.
pub fn kml(out: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(out);
    let mut polygon = Polygon::default();
    page.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    page.put("<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document>");
    page.element("name", "Sightings").put("\n");
    for record in 0..records {
        if record % FOLDER_RECORDS == 0 {
            page.put("<Folder><name>Тиждень ")
                .number(record / FOLDER_RECORDS + 1);
            page.put("</name>\n");
        }
        let mut random = Random::of_record(seed, record);
        page.put("<Placemark id=\"s").number(record + 1).put("\">");
        placemark(&mut page, &mut random, record);
        shape(&mut page, &mut random, &mut polygon);
        page.put("</Placemark>\n");
        if record % FOLDER_RECORDS == FOLDER_RECORDS - 1 || record + 1 == records {
            page.put("</Folder>\n");
        }
        page.turn()?;
    }
    page.put("</Document></kml>\n");
    page.finish()
}

fn placemark(page: &mut Page<'_>, random: &mut Random, record: usize) {
    page.put("<name>Спостереження ")
        .number(record + 1)
        .put("</name>");
    if random.percent(70) {
        page.puts(&["<description><![CDATA[<b>", random.one(&KINDS)]);
        page.puts(&["</b> & ", random.one(&TOWNS).0, "]]></description>"]);
    }
    page.put("<ExtendedData><Data name=\"plate\"><value>ZZ");
    page.digits(random.below(10_000), 4)
        .put("ZZ</value></Data>");
    if random.percent(80) {
        page.put("<Data name=\"seen_on\"><value>")
            .day(random.day(2010, 2024));
        page.put("</value></Data>");
    }
    page.put("<SchemaData schemaUrl=\"#s\"><SimpleData name=\"speed\">");
    page.number(random.between(0, 180));
    page.put("</SimpleData></SchemaData></ExtendedData>");
}

fn shape(page: &mut Page<'_>, random: &mut Random, polygon: &mut Polygon) {
    let kind = random.below(20);
    polygon.draw(random);
    match kind {
        0 => {}
        1..10 => {
            coordinates(page.open("Point"), polygon.points[..1].iter());
            page.close("Point");
        }
        10..14 => {
            let half = polygon.points.len().min(5) / 2;
            coordinates(page.open("LineString"), polygon.points[..half].iter());
            page.close("LineString");
        }
        _ => {
            page.open("Polygon");
            for (ring, name) in polygon.rings().zip(["outerBoundaryIs", "innerBoundaryIs"]) {
                coordinates(page.open(name).open("LinearRing"), ring.iter().rev());
                page.close("LinearRing").close(name);
            }
            page.close("Polygon");
        }
    }
}

fn coordinates<'p>(page: &mut Page<'_>, points: impl Iterator<Item = &'p Point>) {
    page.open("coordinates");
    for (at, &(longitude, latitude)) in points.enumerate() {
        page.put(if at == 0 { "" } else { " " })
            .decimal(longitude, 6);
        page.put(",").decimal(latitude, 6);
    }
    page.close("coordinates");
}

/// A shapefile of polygons (ESRI Shapefile Technical Description, 1998) and its table (dBASE III), whose
/// texts are in windows-1251. One record in forty has no shape. The polygons are made twice, since the
/// header says how long the file is and where its shapes are.
pub fn shapefile(
    shp: &mut dyn Write,
    dbf: &mut dyn Write,
    seed: u64,
    records: usize,
) -> io::Result<()> {
    let mut polygon = Polygon::default();
    let (mut words, mut bounds) = (50, Bounds::NOTHING);
    for record in 0..records {
        let is_shape = shape_of(seed, record, &mut polygon);
        words += 4 + content_words(is_shape.then_some(&polygon));
        if is_shape {
            let Bounds(west, south, east, north) = polygon.bounds();
            bounds.add((west, south, east, north));
        }
    }
    if bounds.0 > bounds.2 {
        bounds = Bounds(0, 0, 0, 0);
    }
    let mut page = Page::new(shp);
    page.raw(&9994_i32.to_be_bytes()).raw(&[0; 20]);
    page.raw(&signed(words)?.to_be_bytes())
        .raw(&1000_i32.to_le_bytes());
    page.raw(&5_i32.to_le_bytes());
    put_bounds(&mut page, bounds);
    page.raw(&[0; 32]);
    for record in 0..records {
        let is_shape = shape_of(seed, record, &mut polygon);
        let polygon = is_shape.then_some(&polygon);
        page.raw(&signed(record + 1)?.to_be_bytes());
        page.raw(&signed(content_words(polygon))?.to_be_bytes());
        put_shape(&mut page, polygon)?;
        page.turn()?;
    }
    page.finish()?;
    table(dbf, seed, records)
}

/// Draws the shape of a record: false where it has none.
fn shape_of(seed: u64, record: usize, polygon: &mut Polygon) -> bool {
    let mut random = Random::of_record(seed, record);
    let is_shape = random.below(40) > 0;
    polygon.draw(&mut random);
    is_shape
}

/// How many words of 16 bits a shape has.
fn content_words(polygon: Option<&Polygon>) -> usize {
    polygon.map_or(2, |polygon| {
        22 + 2 * polygon.rings().count() + 8 * polygon.points.len()
    })
}

fn put_shape(page: &mut Page<'_>, polygon: Option<&Polygon>) -> io::Result<()> {
    let Some(polygon) = polygon else {
        page.raw(&0_i32.to_le_bytes());
        return Ok(());
    };
    page.raw(&5_i32.to_le_bytes());
    put_bounds(page, polygon.bounds());
    page.raw(&signed(polygon.rings().count())?.to_le_bytes());
    page.raw(&signed(polygon.points.len())?.to_le_bytes());
    let mut start = 0;
    for ring in polygon.rings() {
        page.raw(&signed(start)?.to_le_bytes());
        start += ring.len();
    }
    for &(x, y) in &polygon.points {
        page.raw(&degrees(x)).raw(&degrees(y));
    }
    Ok(())
}

fn put_bounds(page: &mut Page<'_>, Bounds(west, south, east, north): Bounds) {
    for side in [west, south, east, north] {
        page.raw(&degrees(side));
    }
}

fn degrees(millionths: i64) -> [u8; 8] {
    (millionths as f64 / 1e6).to_le_bytes()
}

/// A length as the file has it.
fn signed(length: usize) -> io::Result<i32> {
    let wrong = |_| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "too many records for a shapefile",
        )
    };
    i32::try_from(length).map_err(wrong)
}

/// Names, kinds, bytes and decimals.
const FIELDS: [(&str, u8, u8, u8); 5] = [
    ("NAME", b'C', 40, 0),
    ("PEOPLE", b'N', 9, 0),
    ("AREA_KM2", b'N', 12, 2),
    ("IS_CITY", b'L', 1, 0),
    ("SINCE", b'D', 8, 0),
];
/// How many bytes a record of the table has.
const RECORD_BYTES: u16 = 71;
/// The code of windows-1251 in a header.
const WINDOWS_1251: u8 = 0xc9;

fn table(dbf: &mut dyn Write, seed: u64, records: usize) -> io::Result<()> {
    let mut page = Page::new(dbf);
    let header = 32 * (1 + FIELDS.len() as u16) + 1;
    page.raw(&[3, 124, 1, 1])
        .raw(&signed(records)?.to_le_bytes());
    page.raw(&header.to_le_bytes())
        .raw(&RECORD_BYTES.to_le_bytes());
    page.raw(&[0; 17]).raw(&[WINDOWS_1251, 0, 0]);
    for (name, kind, bytes, decimals) in FIELDS {
        page.put(name)
            .raw(&[0; 11][name.len()..])
            .raw(&[kind, 0, 0, 0, 0]);
        page.raw(&[bytes, decimals]).raw(&[0; 14]);
    }
    page.raw(b"\r");
    for record in 0..records {
        let mut random = Random::of_record(!seed, record);
        table_row(&mut page, &mut random, record);
        page.turn()?;
    }
    page.raw(&[0x1a]);
    page.finish()
}

fn table_row(page: &mut Page<'_>, random: &mut Random, record: usize) {
    let end = page.bytes.len() + usize::from(RECORD_BYTES);
    page.put(" ");
    for letter in random.one(&TOWNS).0.chars().chain(" район ".chars()) {
        page.raw(&[windows_1251(letter).unwrap_or(b'?')]);
    }
    page.number(record + 1);
    page.bytes.resize(end - 30, b' ');
    match random.percent(5) {
        true => page.put("         "),
        false => page.digits(random.below(5_000_000), 9),
    };
    page.digits(random.below(100_000), 9).put(".");
    page.digits(random.below(100), 2);
    page.put(random.one(&["T", "F", "?"]));
    let since: Date = random.day(1900, 2024);
    match random.percent(5) {
        true => page.put("        "),
        false => page.compact(since),
    };
}
