//! ESRI shapefiles (ESRI white paper of July 1998): the geometries in the .shp, and, record for record,
//! their attributes in the .dbf. Both stream by. Every length that a file says is held against a limit, and
//! what is counted in a record against the bytes of it, before anything is reserved.

mod bytes;
mod dbf;
mod parts;

use crate::layer::{ATTRIBUTES_MAX, Found, Frame, Holds, Layer, Notes, RECORD_BYTES_MAX};
use crate::shape::{self, Bounds, PLACE_BYTES, Place, polygons};
use bytes::{Bytes, Cursor};
use dbf::{Dbf, Record};
use sextant_plugin_sdk::{Entry, Error, ErrorKind, Host, Result, RowReader, Rows};
use std::borrow::Cow;

pub(crate) use parts::{Parts, group};

const HEADER_BYTES: u64 = 100;
const FILE_CODE: u32 = 9994;
const VERSION: u32 = 1000;
/// What comes before a record: its number, and how long it is.
const LENGTH_BYTES: u64 = 8;
/// What of a record says its kind, its bounding box and its counts.
const HEAD_BYTES: u64 = 44;
/// A measure below this is none.
const NO_MEASURE: f64 = -1e38;

/// What a record's places make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Null,
    Point,
    PolyLine,
    Polygon,
    MultiPoint,
}

/// A kind of record: its shape, and whether there are heights and measures behind its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    code: u32,
    shape: Shape,
    has_z: bool,
    has_m: bool,
}

impl Kind {
    fn new(code: u32) -> Result<Self> {
        let shape = match code {
            0 => Shape::Null,
            1 | 11 | 21 => Shape::Point,
            3 | 13 | 23 => Shape::PolyLine,
            5 | 15 | 25 => Shape::Polygon,
            8 | 18 | 28 => Shape::MultiPoint,
            31 => return Err(Error::invalid_data("multipatches (31) are not supported")),
            _ => {
                let message =
                    format!("expected a type of shape such as 1, 3, 5 or 8, found {code}");
                return Err(Error::invalid_data(message));
            }
        };
        Ok(Self {
            code,
            shape,
            has_z: (11..20).contains(&code),
            has_m: code > 10,
        })
    }
}

/// Reads the records of a shapefile.
#[derive(Debug)]
pub(crate) struct Reader {
    shp: Bytes,
    /// The kind that the file says, and where it says it ends.
    kind: Kind,
    end: u64,
    dbf: Option<Dbf>,
    /// For each attribute of the layer, the field.
    fields: Vec<Option<usize>>,
    frame: Frame,
    number: u64,
}

impl Reader {
    pub(crate) fn new(
        host: &Host,
        shp: &Entry,
        parts: &Parts,
        layer: &Layer,
        mut frame: Frame,
    ) -> Result<Self> {
        let dbf = match &parts.dbf {
            Some(dbf) => Some(Dbf::new(
                host,
                dbf,
                parts.encoding(host, &mut frame.notes)?,
            )?),
            None => {
                frame.notes.add("no dbf", "", || {
                    "there is no .dbf beside it, so it has no attributes".to_owned()
                });
                None
            }
        };
        let field = |name: &str| dbf.as_ref().and_then(|dbf| dbf.position(name));
        let attributes = layer.attributes.iter();
        let fields = attributes.map(|attribute| field(&attribute.name)).collect();
        if let Some(dbf) = &dbf {
            note_unread(dbf, layer, &mut frame);
        }
        let mut shp = Bytes::new(host.read(shp)?);
        let (kind, end) = header(&mut shp)?;
        Ok(Self {
            shp,
            kind,
            end,
            dbf,
            fields,
            frame,
            number: 0,
        })
    }

    /// Reads how many bytes the record has that begins here, and goes to them.
    fn length(&mut self) -> Result<u64> {
        let start = self.shp.position();
        let mut cursor = Cursor::new(self.shp.peek(LENGTH_BYTES)?);
        // Its number is not looked at: some programs write others than they should.
        cursor.skip(4)?;
        let bytes = u64::from(cursor.u32_be()?) * 2;
        self.shp.skip(LENGTH_BYTES)?;
        let left = self.end.saturating_sub(self.shp.position());
        if bytes < 4 || bytes > left.min(RECORD_BYTES_MAX as u64) {
            let message = format!(
                "expected a record of 4 to {RECORD_BYTES_MAX} bytes within the {left} that are left, \
                 found one of {bytes}"
            );
            return Err(Error::invalid_data(message).at_byte(start));
        }
        Ok(bytes)
    }

    /// Reads the record that begins here, as far as it is wanted.
    fn record(&mut self, rows: &mut Rows) -> Result<Outcome> {
        let start = self.shp.position();
        let bytes = self.length()?;
        let head = self.shp.peek(bytes.min(HEAD_BYTES))?;
        let attributes = self.dbf.as_mut().map(Dbf::advance).transpose()?;
        let is_deleted = attributes.is_some_and(|record| record.is_deleted());
        let bounds = match Frame::wants_shape(rows) && !is_deleted {
            true => head_of(self.kind, head),
            false => Ok(None),
        };
        let is_taken = match &bounds {
            Ok(bounds) => !is_deleted && self.frame.takes(rows, *bounds, self.number),
            Err(_) => false,
        };
        self.frame.shape.clear();
        let mut drawn = Ok(());
        if let Ok(bounds) = bounds
            && is_taken
            && Frame::wants_geometry(rows)
        {
            let record = self.shp.peek(bytes)?;
            drawn = draw(self.kind, record, bounds, &mut self.frame, self.number);
        }
        self.shp.skip(bytes)?;
        let pushed = match bounds {
            _ if is_deleted => return Ok(Outcome::Deleted),
            Ok(_) if !is_taken => return Ok(Outcome::Done),
            Ok(bounds) => drawn.and_then(|()| {
                let (fields, number) = (&self.fields, self.number);
                push(rows, &mut self.frame, attributes, fields, bounds, number)
            }),
            Err(error) => Err(error),
        };
        match pushed {
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                Ok(Outcome::Bad(error.at_byte(start)))
            }
            pushed => pushed.map(|()| Outcome::Done),
        }
    }

    /// The file has ended where it said; so must its attributes.
    fn finish(&mut self) -> Result<()> {
        if !self.shp.is_at_end()? {
            let message = format!(
                "expected the end of the file at byte {}, as its header says, found more",
                self.end
            );
            return Err(Error::invalid_data(message).at_byte(self.end));
        }
        self.dbf.as_mut().map_or(Ok(()), Dbf::finish)
    }
}

/// What became of a record.
enum Outcome {
    /// It is a row, or one that is not wanted.
    Done,
    Deleted,
    Bad(Error),
}

impl RowReader for Reader {
    fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        self.frame.notes.tell(rows);
        if self.shp.position() >= self.end {
            return self.finish().map(|()| false);
        }
        self.number += 1;
        let number = self.number;
        match self.record(rows).map_err(|error| error.at_record(number))? {
            Outcome::Done => {}
            Outcome::Deleted => self.frame.notes.add("deleted", "", || {
                format!(
                    "record {number} is marked as deleted in the .dbf; such records are left out \
                     (said once a file)"
                )
            }),
            Outcome::Bad(error) => rows.bad(error.at_record(number))?,
        }
        self.frame.notes.tell(rows);
        Ok(true)
    }
}

/// Adds the row of a record whose shape is in the frame. For each attribute of the layer there is the field of
/// the .dbf.
fn push(
    rows: &mut Rows,
    frame: &mut Frame,
    attributes: Option<Record<'_>>,
    fields: &[Option<usize>],
    bounds: Option<Bounds>,
    number: u64,
) -> Result<()> {
    let mut texts = Vec::with_capacity(fields.len());
    for (at, field) in fields.iter().enumerate() {
        let field = field.filter(|_| frame.wants(rows, at));
        texts.push(match attributes.zip(field) {
            None => Cow::Borrowed(""),
            Some((attributes, field)) => {
                let (text, is_cut) = attributes.text(field)?;
                if is_cut {
                    let name = attributes.name(field);
                    frame.notes.add("cut", "", || cut(number, name));
                }
                text
            }
        });
    }
    let mut cells = Vec::with_capacity(fields.len());
    for (text, attribute) in texts.iter().zip(&frame.attributes) {
        let cell = dbf::cell(text, attribute.holds);
        cells.push(cell.map_err(|error| error.in_field(&attribute.column))?);
    }
    frame.push(rows, bounds, cells, None, number)
}

fn cut(number: u64, field: &str) -> String {
    format!(
        "record {number}, field {field:?}: the text is as long as the field and ends within a \
         character, which is left out (said once a file)"
    )
}

/// Notes the fields that are not read.
fn note_unread(dbf: &Dbf, layer: &Layer, frame: &mut Frame) {
    if let Some(unread) = dbf.unread() {
        frame.notes.add("unread", "", || unread);
    }
    let places = layer.places();
    let mut without = dbf.fields().filter(|(name, _)| !places.contains_key(*name));
    if let Some((first, _)) = without.next() {
        let others = without.count();
        frame.notes.add("no column", "", || {
            format!(
                "the field {first:?} and {others} more have no column and are not read: a layer has \
                 up to {ATTRIBUTES_MAX}, which are found in its first files"
            )
        });
    }
}

/// The fields of the .dbf beside a .shp.
pub(crate) fn sample(host: &Host, parts: &Parts, found: &mut Found) -> Result<()> {
    header(&mut Bytes::new(host.read(&parts.file)?))?;
    if let Some(dbf) = &parts.dbf {
        let dbf = Dbf::new(host, dbf, parts.encoding(host, &mut Notes::default())?)?;
        dbf.fields()
            .for_each(|(name, holds): (&str, Holds)| found.add(name, Some(holds)));
    }
    Ok(())
}

/// The kind of the records, and how many bytes the file has.
fn header(shp: &mut Bytes) -> Result<(Kind, u64)> {
    let mut cursor = Cursor::new(shp.peek(HEADER_BYTES)?);
    let code = cursor.u32_be()?;
    cursor.skip(20)?;
    let bytes = u64::from(cursor.u32_be()?) * 2;
    let (version, kind) = (cursor.u32_le()?, cursor.u32_le()?);
    shp.skip(HEADER_BYTES)?;
    if code != FILE_CODE || version != VERSION {
        let message = format!(
            "expected a shapefile (code {FILE_CODE}, version {VERSION}), found code {code}, version \
             {version}"
        );
        return Err(Error::invalid_data(message).at_byte(0));
    }
    if bytes < HEADER_BYTES {
        let message = format!("expected a file of at least {HEADER_BYTES} bytes, found {bytes}");
        return Err(Error::invalid_data(message).at_byte(24));
    }
    let kind = Kind::new(kind).map_err(|error| error.at_byte(32))?;
    Ok((kind, bytes))
}

/// The kind of a record, which is that of the file or none.
fn kind_of(expected: Kind, cursor: &mut Cursor<'_>) -> Result<Kind> {
    let kind = Kind::new(cursor.u32_le()?)?;
    if kind.shape != Shape::Null && kind != expected {
        return Err(Error::invalid_data(format!(
            "expected a shape of type {} as the file says, found {}",
            expected.code, kind.code
        )));
    }
    Ok(kind)
}

/// The bounding box of a record, by its first bytes; none where it is empty.
fn head_of(expected: Kind, record: &[u8]) -> Result<Option<Bounds>> {
    let mut cursor = Cursor::new(record);
    let kind = kind_of(expected, &mut cursor)?;
    let (min, max) = match kind.shape {
        Shape::Null => return Ok(None),
        Shape::Point => {
            let place = cursor.pair()?;
            (place, place)
        }
        shape => {
            let corners = (cursor.pair()?, cursor.pair()?);
            if shape != Shape::MultiPoint {
                cursor.skip(4)?;
            }
            if cursor.u32_le()? == 0 {
                return Ok(None);
            }
            corners
        }
    };
    let is_box = (0..2).all(|at| min[at].is_finite() && max[at].is_finite() && min[at] <= max[at]);
    match is_box {
        true => Ok(Some(Bounds { min, max })),
        false => Err(Error::invalid_data(format!(
            "expected a bounding box, found {min:?} to {max:?}"
        ))),
    }
}

/// Reads the geometry of a whole record into the frame's shape.
fn draw(
    expected: Kind,
    record: &[u8],
    bounds: Option<Bounds>,
    frame: &mut Frame,
    number: u64,
) -> Result<()> {
    let mut cursor = Cursor::new(record);
    let kind = kind_of(expected, &mut cursor)?;
    if kind.shape == Shape::Null {
        return Ok(());
    }
    let starts = starts(kind.shape, &mut cursor)?;
    let places = Places::read(kind, starts, &mut cursor, frame)?;
    put(kind.shape, &places, frame)?;
    if Bounds::around(shape::places(places.bytes)) != bounds {
        frame.notes.add("another box", "", || {
            format!(
                "record {number}: the bounding box that it says is not that of its places; the columns \
                 have what it says (said once a file)"
            )
        });
    }
    Ok(())
}

/// Where each part of a record begins, as the number of its first place, and where the last one ends.
fn starts(shape: Shape, cursor: &mut Cursor<'_>) -> Result<Vec<usize>> {
    if shape == Shape::Point {
        return Ok(vec![0, 1]);
    }
    cursor.skip(32)?;
    if shape == Shape::MultiPoint {
        return Ok(vec![0, cursor.u32_le()? as usize]);
    }
    let (parts, count) = (cursor.u32_le()?, cursor.u32_le()?);
    // Both are held against the bytes that there are before any place is made for them.
    cursor.has(u64::from(parts) * 4 + u64::from(count) * 16)?;
    let mut starts = Vec::with_capacity(parts as usize + 1);
    for _ in 0..parts {
        starts.push(cursor.u32_le()? as usize);
    }
    starts.push(count as usize);
    match starts[0] == 0 && starts.is_sorted_by(|start, end| start < end) {
        true => Ok(starts),
        false => Err(Error::invalid_data(format!(
            "expected parts that begin at 0 and follow each other within {count} places"
        ))),
    }
}

/// The places of a record, part by part, as they stand in it.
struct Places<'a> {
    starts: Vec<usize>,
    bytes: &'a [u8],
    heights: Option<Vec<f64>>,
}

impl<'a> Places<'a> {
    /// Behind the places of all parts are their heights and measures; where there is more than a point, the
    /// ranges of those come first.
    fn read(
        kind: Kind,
        starts: Vec<usize>,
        cursor: &mut Cursor<'a>,
        frame: &mut Frame,
    ) -> Result<Self> {
        let count = starts.last().copied().unwrap_or_default();
        let bytes = cursor.take(count as u64 * PLACE_BYTES as u64)?;
        let is_finite = |place: &Place| place.iter().all(|number| number.is_finite());
        if let Some([x, y]) = shape::places(bytes).find(|place| !is_finite(place)) {
            let message = format!("expected a place, found {x}, {y}");
            return Err(Error::invalid_data(message));
        }
        let ranges = if kind.shape == Shape::Point { 0 } else { 16 };
        let mut heights = None;
        if kind.has_z {
            cursor.skip(ranges)?;
            let numbers = (0..count).map(|_| cursor.f64());
            heights = Some(numbers.collect::<Result<Vec<_>>>()?);
        }
        // Measures may be left out, even where the kind has them.
        if kind.has_m && cursor.has(ranges + count as u64 * 8).is_ok() {
            cursor.skip(ranges)?;
            let mut has_measures = false;
            for _ in 0..count {
                has_measures |= cursor.f64()? > NO_MEASURE;
            }
            if has_measures {
                frame.notes.add("measures", "", || {
                    "places have measures (M), which are not read (said once a file)".to_owned()
                });
            }
        }
        Ok(Self {
            starts,
            bytes,
            heights,
        })
    }

    fn parts(&self) -> usize {
        self.starts.len() - 1
    }

    /// The places of a part, and their heights.
    fn part(&self, part: usize) -> (&[u8], Option<&[f64]>) {
        self.between(self.starts[part], self.starts[part + 1])
    }

    fn between(&self, start: usize, end: usize) -> (&[u8], Option<&[f64]>) {
        let heights = self.heights.as_ref().map(|heights| &heights[start..end]);
        (&self.bytes[start * PLACE_BYTES..end * PLACE_BYTES], heights)
    }
}

/// Puts the geometry that places make into the frame's shape.
fn put(shape: Shape, places: &Places<'_>, frame: &mut Frame) -> Result<()> {
    let (out, parts) = (&mut frame.shape, places.parts());
    match (shape, parts) {
        (Shape::Null, _) => {}
        (Shape::Point, _) => {
            out.begin(shape::Kind::Point);
            let (places, heights) = places.part(0);
            out.copy(places, heights);
        }
        (Shape::MultiPoint, _) => {
            let count = places.starts[parts];
            out.begin(shape::Kind::MultiPoint);
            out.count(count);
            for at in 0..count {
                out.begin(shape::Kind::Point);
                let (place, height) = places.between(at, at + 1);
                out.copy(place, height);
            }
        }
        (Shape::PolyLine, _) => {
            if parts != 1 {
                out.begin(shape::Kind::MultiLineString);
                out.count(parts);
            }
            for part in 0..parts {
                out.begin(shape::Kind::LineString);
                let (places, heights) = places.part(part);
                out.copy_line(places, heights);
            }
        }
        // A ring alone is a polygon, whichever way it runs.
        (Shape::Polygon, 1) => {
            out.begin(shape::Kind::Polygon);
            out.count(1);
            let (places, heights) = places.part(0);
            out.copy_ring(places, heights);
        }
        (Shape::Polygon, _) => put_polygons(places, frame)?,
    }
    Ok(())
}

fn put_polygons(places: &Places<'_>, frame: &mut Frame) -> Result<()> {
    let corners: Vec<_> = shape::places(places.bytes).collect();
    let ends = places.starts.windows(2);
    let rings: Vec<_> = ends.map(|ends| &corners[ends[0]..ends[1]]).collect();
    let (found, has_lost_hole) = polygons(&rings)?;
    if has_lost_hole {
        frame.notes.add("lost hole", "", || {
            "a ring runs as holes do, the other way than the largest, but is in no other ring; it is \
             kept as a polygon of its own (said once a file)"
                .to_owned()
        });
    }
    let out = &mut frame.shape;
    let count = found.last().map_or(0, |(polygon, _)| polygon + 1);
    if count != 1 {
        out.begin(shape::Kind::MultiPolygon);
        out.count(count);
    }
    for rings in found.chunk_by(|(one, _), (other, _)| one == other) {
        out.begin(shape::Kind::Polygon);
        out.count(rings.len());
        for (_, ring) in rings {
            let (places, heights) = places.part(*ring);
            out.copy_ring(places, heights);
        }
    }
    Ok(())
}
