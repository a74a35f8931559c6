//! KML (OGC 12-007r2): placemarks with points, lines, polygons and collections of them, and the path of
//! folders that they lie in. How they are drawn (styles, views, altitude modes) is not read.

use crate::layer::{
    Found, Frame, Holds, Layer, Places, RECORD_BYTES_MAX, SAMPLE_BYTES, SAMPLE_RECORDS,
};
use crate::shape::{Kind, Position, Shape};
use sextant_plugin_sdk::xml::{Element, Step, XmlReader};
use sextant_plugin_sdk::{Cell, Entry, Error, ErrorKind, Host, Result, RowReader, Rows};
use std::borrow::Cow;

/// Elements, attributes and texts of a placemark.
const RECORD_NODES_MAX: usize = 200_000;
/// What a map shows beside placemarks, and the change of a map.
const OTHER_FEATURES: [&str; 6] = [
    "NetworkLink",
    "GroundOverlay",
    "ScreenOverlay",
    "PhotoOverlay",
    "Tour",
    "NetworkLinkControl",
];

/// The placemarks of a file.
#[derive(Debug)]
pub(crate) struct Placemarks {
    xml: XmlReader,
    /// The elements that are open, from the outside in; folders with their names.
    open: Vec<Option<String>>,
    /// Whether the file has anything of KML.
    is_kml: bool,
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
            is_kml: false,
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
                    "kml" => {
                        self.is_kml = true;
                        self.open.push(None);
                    }
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
                Step::End if !self.is_kml => {
                    let message = "expected the element \"kml\", found the end of the file";
                    return Err(Error::invalid_data(message).at_byte(self.xml.byte()));
                }
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
    places: Places,
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
            let add = |name: &str, _| found.add(name, Some(Holds::Text));
            extended(element, add, &mut Other::default());
        }
    }
    found.bytes += bytes;
    Ok(())
}

/// Makes the row of a placemark.
fn push(
    placemark: Placemark<'_>,
    places: &Places,
    frame: &mut Frame,
    rows: &mut Rows,
) -> Result<()> {
    frame.shape.clear();
    if Frame::wants_shape(rows) {
        geometry_of(placemark.element, &mut frame.shape)?;
    }
    let bounds = frame.shape.bounds();
    if !frame.takes(rows, bounds, placemark.number) {
        return Ok(());
    }
    let mut other = Other {
        is_wanted: frame.wants_other(rows),
        ..Other::default()
    };
    let texts = texts(placemark, places, frame.attributes.len(), &mut other);
    let texts = texts.iter().map(|text| text.as_deref());
    let texts = texts.map(|text| text.filter(|text| !text.is_empty()));
    let other = other.json()?;
    let cells = texts.map(Cell::from);
    frame.push(rows, bounds, cells, other.as_deref(), placemark.number)
}

/// How many bytes the names may have under which texts are kept that no column is for: with the names of
/// what they stand in, those of a record can be larger than the record by far.
const NAMES_BYTES_MAX: usize = 4 << 20;

/// What no column is for: names and texts, as they come.
#[derive(Debug, Default)]
struct Other<'a> {
    is_wanted: bool,
    /// How many bytes the names have.
    bytes: usize,
    texts: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Other<'a> {
    /// Keeps a text that is not empty.
    fn keep(&mut self, name: impl Into<Cow<'a, str>>, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        if !self.is_wanted || text.is_empty() || self.is_full() {
            return;
        }
        let name = name.into();
        self.bytes += name.len();
        self.texts.push((name, text));
    }

    /// Whether there is more than a record may have; it is a bad one.
    fn is_full(&self) -> bool {
        self.bytes > NAMES_BYTES_MAX
    }

    /// A JSON object, in the order of the names; texts of one name are a list. None where there is nothing.
    fn json(mut self) -> Result<Option<String>> {
        if self.is_full() {
            let message = format!(
                "the names in a placemark may have {NAMES_BYTES_MAX} bytes, with those of what they stand in; \
                 these have more"
            );
            return Err(Error::invalid_data(message));
        }
        if self.texts.is_empty() {
            return Ok(None);
        }
        self.texts.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut json = String::new();
        for texts in self.texts.chunk_by(|(one, _), (other, _)| one == other) {
            json.push(if json.is_empty() { '{' } else { ',' });
            json.push_str(&serde_json::to_string(&texts[0].0)?);
            json.push(':');
            json.push_str(&match texts {
                [(_, text)] => serde_json::to_string(text)?,
                texts => {
                    let texts: Vec<_> = texts.iter().map(|(_, text)| text).collect();
                    serde_json::to_string(&texts)?
                }
            });
        }
        json.push('}');
        Ok(Some(json))
    }
}

/// The texts of a placemark's columns.
fn texts<'a>(
    placemark: Placemark<'a>,
    places: &Places,
    columns: usize,
    other: &mut Other<'a>,
) -> Vec<Option<Cow<'a, str>>> {
    let mut texts = vec![None; columns];
    texts[0] = placemark.element.attribute("id").map(Cow::Borrowed);
    texts[3] = Some(Cow::Borrowed(placemark.folder));
    for child in placemark.element.children() {
        match child.name() {
            "name" if texts[1].is_none() => texts[1] = Some(child.text()),
            "description" if texts[2].is_none() => texts[2] = Some(child.text()),
            "ExtendedData" => {
                let mut rest = Vec::new();
                let put = |name: &'a str, value: Cow<'a, str>| match places.get(name) {
                    Some(&at) if texts[at].is_none() => texts[at] = Some(value),
                    _ => rest.push((name, value)),
                };
                extended(child, put, other);
                for (name, value) in rest {
                    other.keep(name, value);
                }
            }
            name if is_geometry(name) || is_drawing(name) => {}
            _ => leaves(child, "", other),
        }
    }
    texts
}

/// Shows the named values of extended data; what else is in it goes to `other`.
fn extended<'a>(
    element: Element<'a>,
    mut show: impl FnMut(&'a str, Cow<'a, str>),
    other: &mut Other<'a>,
) {
    for child in element.children() {
        match (child.name(), child.attribute("name")) {
            ("Data", Some(name)) => {
                let value = child.child("value").map(|value| value.text());
                show(name, value.unwrap_or_default());
                let rest = child.children().filter(|part| part.name() != "value");
                rest.for_each(|part| leaves(part, name, other));
            }
            ("SchemaData", _) => {
                let url = child.attribute("schemaUrl").unwrap_or_default();
                other.keep("SchemaData@schemaUrl", url);
                for field in child.children() {
                    match (field.name(), field.attribute("name")) {
                        ("SimpleData", Some(name)) => show(name, field.text()),
                        _ => leaves(field, "", other),
                    }
                }
            }
            _ => leaves(child, "", other),
        }
    }
}

/// Keeps the texts of an element and of those in it, by the path that leads there.
fn leaves<'a>(element: Element<'a>, above: &str, other: &mut Other<'a>) {
    if !other.is_wanted || other.is_full() {
        return;
    }
    let path: Cow<'a, str> = match above {
        "" => Cow::Borrowed(element.name()),
        above => Cow::Owned(format!("{above}/{}", element.name())),
    };
    for (name, value) in element.attributes() {
        other.keep(format!("{path}@{name}"), value);
    }
    let text = element.text();
    if !text.is_empty() {
        other.keep(path.clone(), text);
    }
    for child in element.children() {
        leaves(child, &path, other);
    }
}

/// Whether an element is a geometry, of those that are read or of the others.
fn is_geometry(name: &str) -> bool {
    matches!(
        name,
        "Point"
            | "LineString"
            | "LinearRing"
            | "Polygon"
            | "MultiGeometry"
            | "Model"
            | "Track"
            | "MultiTrack"
    )
}

/// Whether an element says how a placemark is drawn.
fn is_drawing(name: &str) -> bool {
    matches!(
        name,
        "Style" | "StyleMap" | "styleUrl" | "LookAt" | "Camera" | "visibility"
    )
}

/// Reads the geometry of a placemark, if there is one.
fn geometry_of(placemark: Element<'_>, shape: &mut Shape) -> Result<()> {
    let mut found = geometries(placemark);
    match (found.next(), found.next()) {
        (None, _) => Ok(()),
        (Some(first), None) => geometry(first, shape).map(|_| ()),
        (Some(_), Some(_)) => {
            let error = Error::invalid_data("expected one geometry, found more");
            Err(error.in_field("geometry"))
        }
    }
}

fn geometries(element: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    element.children().filter(|child| is_geometry(child.name()))
}

/// Adds a geometry, and says what geometries like it make together. Elements are nested at most as deep as
/// the reader of XML allows, and so is this.
fn geometry(element: Element<'_>, shape: &mut Shape) -> Result<Kind> {
    match element.name() {
        "Point" => {
            shape.begin(Kind::Point);
            match coordinates(element, shape)? {
                0 => {
                    shape.no_place();
                    Ok(Kind::Collection)
                }
                1 => Ok(Kind::MultiPoint),
                more => Err(wrong(format!("expected one place, found {more}"))),
            }
        }
        "LineString" | "LinearRing" => {
            shape.begin(Kind::LineString);
            shape.counted(|shape| coordinates(element, shape))?;
            Ok(Kind::MultiLineString)
        }
        "Polygon" => {
            shape.begin(Kind::Polygon);
            shape.counted(|shape| rings(element, shape))?;
            Ok(Kind::MultiPolygon)
        }
        "MultiGeometry" => {
            multi(element, shape)?;
            Ok(Kind::Collection)
        }
        other => Err(wrong(format!("geometries {other:?} are not supported"))),
    }
}

/// Adds geometries; those of one kind are that kind's collection.
fn multi(element: Element<'_>, shape: &mut Shape) -> Result<()> {
    let start = shape.begin(Kind::Collection);
    let mut kind = None;
    let put = |shape: &mut Shape| -> Result<usize> {
        let mut count = 0;
        for member in geometries(element) {
            let own = geometry(member, shape)?;
            if *kind.get_or_insert(own) != own {
                kind = Some(Kind::Collection);
            }
            count += 1;
        }
        Ok(count)
    };
    shape.counted(put)?;
    shape.set_kind(start, kind.unwrap_or(Kind::Collection));
    Ok(())
}

/// Adds the rings of a polygon, the outer one first, where there is one: how many there are.
fn rings(polygon: Element<'_>, shape: &mut Shape) -> Result<usize> {
    let mut add = |name: &str| -> Result<usize> {
        let mut count = 0;
        let boundaries = polygon.children().filter(|child| child.name() == name);
        for ring in boundaries.flat_map(|boundary| boundary.children()) {
            if ring.name() == "LinearRing" {
                shape.ring(|shape| coordinates(ring, shape))?;
                count += 1;
            }
        }
        Ok(count)
    };
    let (outer, inner) = (add("outerBoundaryIs")?, add("innerBoundaryIs")?);
    if outer > 1 || (outer == 0 && inner > 0) {
        let message = format!("expected one outer boundary, found {outer}");
        return Err(wrong(message));
    }
    Ok(outer + inner)
}

/// Adds places, `longitude,latitude` or `longitude,latitude,altitude` with white space between them: how
/// many there are.
fn coordinates(element: Element<'_>, shape: &mut Shape) -> Result<usize> {
    let Some(coordinates) = element.child("coordinates") else {
        return Ok(0);
    };
    let mut count = 0;
    for place in coordinates.text().split_ascii_whitespace() {
        shape.place(position(place)?);
        count += 1;
    }
    Ok(count)
}

fn position(text: &str) -> Result<Position> {
    let mut position = [f64::NAN; 3];
    let mut count = 0;
    for number in text.as_bytes().split(|&byte| byte == b',') {
        let number = lexical_core::parse(number)
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
