//! KML (OGC 12-007r2): placemarks with points, lines, polygons and collections of them, and the path of
//! folders that they lie in. How they are drawn (styles, views, altitude modes) is not read.

use crate::layer::{Found, Frame, Holds, Layer, RECORD_BYTES_MAX, SAMPLE_BYTES, SAMPLE_RECORDS};
use crate::shape::{Geometry, Position};
use serde_json::{Map, Value};
use sextant_plugin_sdk::xml::{Element, Step, XmlReader};
use sextant_plugin_sdk::{Cell, Entry, Error, ErrorKind, Host, Result, RowReader, Rows};
use std::borrow::Cow;
use std::collections::HashMap;

/// Elements, attributes and texts of a placemark.
const RECORD_NODES_MAX: usize = 200_000;
/// The geometries that are read, and those that are not.
const GEOMETRIES: [&str; 8] = [
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiGeometry",
    "Model",
    "Track",
    "MultiTrack",
];
/// What a map shows beside placemarks, and the change of a map.
const OTHER_FEATURES: [&str; 6] = [
    "NetworkLink",
    "GroundOverlay",
    "ScreenOverlay",
    "PhotoOverlay",
    "Tour",
    "NetworkLinkControl",
];
/// How a placemark is drawn.
const DRAWING: [&str; 6] = [
    "Style",
    "StyleMap",
    "styleUrl",
    "LookAt",
    "Camera",
    "visibility",
];

/// The placemarks of a file.
#[derive(Debug)]
pub(crate) struct Placemarks {
    xml: XmlReader,
    /// The elements that are open, from the outside in; folders with their names.
    open: Vec<Option<String>>,
    folder: String,
    number: u64,
    /// The other features that were read over since somebody asked.
    lost: Vec<String>,
}

/// A placemark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placemark<'a> {
    element: Element<'a>,
    folder: &'a str,
    number: u64,
}

impl Placemarks {
    pub(crate) fn new(host: &Host, entry: &Entry) -> Result<Self> {
        let xml = XmlReader::new(host.read(entry)?)?;
        Ok(Self {
            xml: xml
                .record_bytes_max(RECORD_BYTES_MAX)
                .record_nodes_max(RECORD_NODES_MAX),
            open: Vec::new(),
            folder: String::new(),
            number: 0,
            lost: Vec::new(),
        })
    }

    /// The next placemark; none at the end.
    fn next(&mut self) -> Result<Option<Placemark<'_>>> {
        if !self.seek()? {
            return Ok(None);
        }
        self.number += 1;
        self.folder.clear();
        for name in self.open.iter().flatten().filter(|name| !name.is_empty()) {
            if !self.folder.is_empty() {
                self.folder.push('/');
            }
            self.folder.push_str(name);
        }
        let number = self.number;
        let element = self
            .xml
            .element()
            .map_err(|error| error.at_record(number))?;
        Ok(Some(Placemark {
            element,
            folder: &self.folder,
            number,
        }))
    }

    /// Goes to the next placemark.
    fn seek(&mut self) -> Result<bool> {
        loop {
            match self.xml.step()? {
                Step::Open(element) => match element.name() {
                    "kml" => self.open.push(None),
                    found if self.open.is_empty() => {
                        let message = format!("expected the element \"kml\", found {found:?}");
                        return Err(Error::invalid_data(message).at_byte(element.byte()));
                    }
                    "Document" => self.open.push(None),
                    "Folder" => self.open.push(Some(String::new())),
                    "Placemark" => return Ok(true),
                    "name" => {
                        let name = self.xml.element()?.text().into_owned();
                        if let Some(Some(folder)) = self.open.last_mut() {
                            *folder = name;
                        }
                    }
                    other => {
                        if OTHER_FEATURES.contains(&other)
                            && !self.lost.iter().any(|known| known == other)
                        {
                            self.lost.push(other.to_owned());
                        }
                        self.xml.skip()?;
                    }
                },
                Step::Close => {
                    self.open.pop();
                }
                Step::Text(_) => {}
                Step::End => return Ok(false),
            }
        }
    }
}

/// Reads the placemarks of a file.
#[derive(Debug)]
pub(crate) struct Reader {
    placemarks: Placemarks,
    frame: Frame,
    places: HashMap<String, usize>,
}

impl Reader {
    pub(crate) fn new(placemarks: Placemarks, layer: &Layer, frame: Frame) -> Self {
        Self {
            placemarks,
            places: layer.places(),
            frame,
        }
    }
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        let more = match self.placemarks.next()? {
            None => false,
            Some(placemark) => {
                let byte = placemark.element.byte();
                match push(placemark, &self.places, &mut self.frame, rows) {
                    Err(error) if error.kind() == ErrorKind::InvalidData => {
                        rows.bad(error.at_record(placemark.number).at_byte(byte))?;
                    }
                    made => made?,
                }
                true
            }
        };
        for name in self.placemarks.lost.drain(..) {
            self.frame.notes.add("not read", &name, || {
                format!("elements {name:?} are no placemarks and not read (said once a file)")
            });
        }
        self.frame.notes.tell(rows);
        Ok(more)
    }
}

/// Finds the names of extended data in the first placemarks of a file.
pub(crate) fn sample(mut placemarks: Placemarks, found: &mut Found) -> Result<()> {
    let mut bytes = 0;
    while let Some(placemark) = placemarks.next()? {
        if placemark.number > SAMPLE_RECORDS || placemark.element.byte() > SAMPLE_BYTES {
            break;
        }
        bytes = placemark.element.byte();
        for element in placemark.element.children_named("ExtendedData") {
            for (name, _) in extended(element, &mut Map::new()) {
                found.add(name, Some(Holds::Text));
            }
        }
    }
    found.bytes += bytes;
    Ok(())
}

/// Makes the row of a placemark.
fn push(
    placemark: Placemark<'_>,
    places: &HashMap<String, usize>,
    frame: &mut Frame,
    rows: &mut Rows,
) -> Result<()> {
    let geometry = match Frame::wants_shape(rows) {
        true => geometry_of(placemark.element)?,
        false => None,
    };
    let bounds = geometry.as_ref().and_then(Geometry::bounds);
    if !frame.takes(rows, bounds, placemark.number) {
        return Ok(());
    }
    let (texts, other) = texts(placemark, places, frame.attributes.len());
    let texts = texts.iter().map(|text| text.as_deref());
    let texts = texts.map(|text| text.filter(|text| !text.is_empty()));
    let cells: Vec<Cell<'_>> = texts.map(Into::into).collect();
    let other = match frame.wants_other(rows) && !other.is_empty() {
        true => Some(Value::Object(other).to_string()),
        false => None,
    };
    let shape = (geometry.as_ref(), bounds);
    frame.push(rows, shape, &cells, other.as_deref(), placemark.number)
}

/// The texts of a placemark's columns, and what no column is for.
fn texts<'a>(
    placemark: Placemark<'a>,
    places: &HashMap<String, usize>,
    columns: usize,
) -> (Vec<Option<Cow<'a, str>>>, Map<String, Value>) {
    let mut texts = vec![None; columns];
    let mut other = Map::new();
    texts[0] = placemark.element.attribute("id").map(Cow::Borrowed);
    texts[3] = Some(Cow::Borrowed(placemark.folder));
    for child in placemark.element.children() {
        match child.name() {
            "name" if texts[1].is_none() => texts[1] = Some(child.text()),
            "description" if texts[2].is_none() => texts[2] = Some(child.text()),
            "ExtendedData" => {
                for (name, value) in extended(child, &mut other) {
                    match places.get(name) {
                        Some(&at) if texts[at].is_none() => texts[at] = Some(value),
                        _ => keep(&mut other, name, &value),
                    }
                }
            }
            name if GEOMETRIES.contains(&name) || DRAWING.contains(&name) => {}
            _ => leaves(child, "", &mut other),
        }
    }
    (texts, other)
}

/// The named values of extended data; what else is in it goes to `other`.
fn extended<'a>(
    element: Element<'a>,
    other: &mut Map<String, Value>,
) -> Vec<(&'a str, Cow<'a, str>)> {
    let mut data = Vec::new();
    for child in element.children() {
        match (child.name(), child.attribute("name")) {
            ("Data", Some(name)) => {
                let value = child.child("value").map(|value| value.text());
                data.push((name, value.unwrap_or_default()));
                let rest = child.children().filter(|part| part.name() != "value");
                rest.for_each(|part| leaves(part, name, other));
            }
            ("SchemaData", _) => {
                let url = child.attribute("schemaUrl").unwrap_or_default();
                keep(other, "SchemaData@schemaUrl", url);
                for field in child.children() {
                    match (field.name(), field.attribute("name")) {
                        ("SimpleData", Some(name)) => data.push((name, field.text())),
                        _ => leaves(field, "", other),
                    }
                }
            }
            _ => leaves(child, "", other),
        }
    }
    data
}

/// Keeps the texts of an element and of those in it, by the path that leads there.
fn leaves(element: Element<'_>, above: &str, other: &mut Map<String, Value>) {
    let path = match above {
        "" => element.name().to_owned(),
        above => format!("{above}/{}", element.name()),
    };
    for (name, value) in element.attributes() {
        keep(other, &format!("{path}@{name}"), value);
    }
    keep(other, &path, &element.text());
    for child in element.children() {
        leaves(child, &path, other);
    }
}

/// Keeps a text that is not empty; those of one name become a list.
fn keep(other: &mut Map<String, Value>, name: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    match other.get_mut(name) {
        None => {
            other.insert(name.to_owned(), text.into());
        }
        Some(Value::Array(texts)) => texts.push(text.into()),
        Some(known) => *known = Value::Array(vec![known.take(), text.into()]),
    }
}

/// The geometry of a placemark; none where there is none.
fn geometry_of(placemark: Element<'_>) -> Result<Option<Geometry>> {
    let is_geometry = |child: &Element<'_>| GEOMETRIES.contains(&child.name());
    let mut found = placemark.children().filter(is_geometry);
    let (first, second) = (found.next(), found.next());
    match (first, second) {
        (None, _) => Ok(None),
        (Some(first), None) => geometry(first).map(Some),
        (Some(_), Some(_)) => {
            let error = Error::invalid_data("expected one geometry, found more");
            Err(error.in_field("geometry"))
        }
    }
}

/// Elements are nested at most as deep as the reader of XML allows, and so is this.
fn geometry(element: Element<'_>) -> Result<Geometry> {
    Ok(match element.name() {
        "Point" => match coordinates(element)?.as_slice() {
            [] => Geometry::Point(None),
            [place] => Geometry::Point(Some(*place)),
            more => return Err(wrong(format!("expected one place, found {}", more.len()))),
        },
        "LineString" | "LinearRing" => Geometry::LineString(coordinates(element)?),
        "Polygon" => Geometry::Polygon(rings(element)?),
        "MultiGeometry" => {
            let members = element
                .children()
                .filter(|child| GEOMETRIES.contains(&child.name()));
            multi(members.map(geometry).collect::<Result<_>>()?)
        }
        other => return Err(wrong(format!("geometries {other:?} are not supported"))),
    })
}

/// The outer ring first, where there is one.
fn rings(polygon: Element<'_>) -> Result<Vec<Vec<Position>>> {
    let of = |name: &str| {
        let boundaries = polygon.children().filter(|child| child.name() == name);
        let rings = boundaries.flat_map(|boundary| boundary.children());
        let rings = rings.filter(|ring| ring.name() == "LinearRing");
        rings.map(coordinates).collect::<Result<Vec<_>>>()
    };
    let (mut rings, inner) = (of("outerBoundaryIs")?, of("innerBoundaryIs")?);
    if rings.len() > 1 || (rings.is_empty() && !inner.is_empty()) {
        let found = rings.len();
        return Err(wrong(format!("expected one outer boundary, found {found}")));
    }
    rings.extend(inner);
    Ok(rings)
}

/// Geometries of one kind are that kind's collection.
fn multi(members: Vec<Geometry>) -> Geometry {
    let all = |is: fn(&Geometry) -> bool| !members.is_empty() && members.iter().all(is);
    if all(|member| matches!(member, Geometry::Point(Some(_)))) {
        let places = members.iter().filter_map(|member| match member {
            Geometry::Point(place) => *place,
            _ => None,
        });
        return Geometry::MultiPoint(places.collect());
    }
    if all(|member| matches!(member, Geometry::LineString(_))) {
        let lines = members.into_iter().filter_map(|member| match member {
            Geometry::LineString(line) => Some(line),
            _ => None,
        });
        return Geometry::MultiLineString(lines.collect());
    }
    if all(|member| matches!(member, Geometry::Polygon(_))) {
        let polygons = members.into_iter().filter_map(|member| match member {
            Geometry::Polygon(rings) => Some(rings),
            _ => None,
        });
        return Geometry::MultiPolygon(polygons.collect());
    }
    Geometry::Collection(members)
}

/// `longitude,latitude` or `longitude,latitude,altitude`, with white space between places.
fn coordinates(element: Element<'_>) -> Result<Vec<Position>> {
    let Some(coordinates) = element.child("coordinates") else {
        return Ok(Vec::new());
    };
    let text = coordinates.text();
    text.split_ascii_whitespace().map(place).collect()
}

fn place(text: &str) -> Result<Position> {
    let mut position = [f64::NAN; 3];
    let mut count = 0;
    for number in text.split(',') {
        let number = number
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite());
        match (number, position.get_mut(count)) {
            (Some(number), Some(place)) => *place = number,
            _ => count = position.len(),
        }
        count += 1;
    }
    match count {
        2 | 3 => Ok(position),
        _ => Err(wrong(format!(
            "expected longitude,latitude[,altitude], found {text:?}"
        ))),
    }
}

fn wrong(message: String) -> Error {
    Error::invalid_data(message).in_field("geometry")
}
