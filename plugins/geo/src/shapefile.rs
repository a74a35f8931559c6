//! ESRI shapefiles (ESRI white paper of July 1998): the geometries in the .shp, and, record for record,
//! their attributes in the .dbf. Both stream by. Every length that a file says is held against what is
//! left of it before anything is reserved.

mod bytes;
mod dbf;
mod parts;

use crate::layer::{Found, Frame, Holds, Layer};
use crate::shape::{Bounds, Geometry, polygons};
use bytes::{Bytes, Cursor};
use dbf::Dbf;
use parts::Parts;
use sextant_plugin_sdk::{Cell, Entry, Error, ErrorKind, Host, Result, RowReader, Rows};
use std::borrow::Cow;

pub(crate) use parts::{crs, entries};

/// Bytes of a record.
const RECORD_BYTES_MAX: u64 = 64 << 20;
const HEADER_BYTES: u64 = 100;
const FILE_CODE: u32 = 9994;
const VERSION: u32 = 1000;
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
    record: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(host: &Host, shp: &Entry, layer: &Layer, mut frame: Frame) -> Result<Self> {
        let parts = Parts::find(host, shp)?;
        let dbf = match &parts.dbf {
            Some(dbf) => Some(Dbf::new(host, dbf, parts.encoding(host)?)?),
            None => {
                frame.notes.add("no dbf", || {
                    "there is no .dbf beside it, so it has no attributes".to_owned()
                });
                None
            }
        };
        let field = |name: &str| dbf.as_ref().and_then(|dbf| dbf.position(name));
        let attributes = layer.attributes.iter();
        let fields = attributes.map(|attribute| field(&attribute.name)).collect();
        if let Some(unread) = dbf.as_ref().and_then(Dbf::unread) {
            frame.notes.add("unread", || unread);
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
            record: Vec::new(),
        })
    }

    /// Reads the head of the record that begins here, and how many bytes are behind it.
    fn head(&mut self) -> Result<u64> {
        let start = self.shp.position();
        self.shp.read(&mut self.record, 8)?;
        let mut cursor = Cursor::new(&self.record);
        // Its number is not looked at: some programs write others than they should.
        cursor.skip(4)?;
        let bytes = u64::from(cursor.u32_be()?) * 2;
        let left = self.end.saturating_sub(self.shp.position());
        if bytes < 4 || bytes > left.min(RECORD_BYTES_MAX) {
            let message = format!(
                "expected a record of 4 to {RECORD_BYTES_MAX} bytes within the {left} that are left, \
                 found one of {bytes}"
            );
            return Err(Error::invalid_data(message).at_byte(start));
        }
        self.shp.read(&mut self.record, bytes.min(HEAD_BYTES))?;
        Ok(bytes - bytes.min(HEAD_BYTES))
    }

    /// Reads the record that begins here, as far as it is wanted.
    fn record(&mut self, rows: &mut Rows) -> Result<Outcome> {
        let start = self.shp.position();
        let rest = self.head()?;
        let is_deleted = match &mut self.dbf {
            Some(dbf) => dbf.advance()?,
            None => false,
        };
        let bounds = match Frame::wants_shape(rows) && !is_deleted {
            true => head_of(self.kind, &self.record),
            false => Ok(None),
        };
        let is_taken = !is_deleted && matches!(&bounds, Ok(bounds) if self.frame.takes(*bounds));
        if is_taken && Frame::wants_geometry(rows) {
            self.shp.append(&mut self.record, rest)?;
        } else {
            self.shp.skip(rest)?;
        }
        let pushed = match bounds {
            _ if is_deleted => return Ok(Outcome::Deleted),
            Ok(_) if !is_taken => return Ok(Outcome::Done),
            Ok(bounds) => self.push(rows, bounds),
            Err(error) => Err(error),
        };
        match pushed {
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                Ok(Outcome::Bad(error.at_byte(start)))
            }
            pushed => pushed.map(|()| Outcome::Done),
        }
    }

    fn push(&mut self, rows: &mut Rows, bounds: Option<Bounds>) -> Result<()> {
        let geometry = match Frame::wants_geometry(rows) {
            true => geometry(self.kind, &self.record, &mut self.frame)?,
            false => None,
        };
        let mut texts = vec![Cow::Borrowed(""); self.fields.len()];
        let mut cells = vec![Cell::Null; self.fields.len()];
        if let Some(dbf) = &self.dbf {
            for (at, field) in self.fields.iter().enumerate() {
                if let Some(field) = field.filter(|_| self.frame.wants(rows, at)) {
                    texts[at] = dbf.text(field)?;
                }
            }
            let attributes = texts.iter().zip(&self.frame.attributes).zip(&mut cells);
            for ((text, attribute), cell) in attributes {
                *cell = dbf::cell(text, attribute.holds)
                    .map_err(|error| error.in_field(&attribute.column))?;
            }
        }
        let shape = (geometry.as_ref(), bounds);
        self.frame.push(rows, shape, &cells, None, self.number)
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
            Outcome::Deleted => self.frame.notes.add("deleted", || {
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

/// The fields of the .dbf beside a .shp.
pub(crate) fn sample(host: &Host, shp: &Entry, found: &mut Found) -> Result<()> {
    let mut bytes = Bytes::new(host.read(shp)?);
    header(&mut bytes).map_err(|error| error.in_input(shp.to_string()))?;
    let parts = Parts::find(host, shp)?;
    if let Some(dbf) = &parts.dbf {
        let dbf = Dbf::new(host, dbf, parts.encoding(host)?)?;
        dbf.fields()
            .for_each(|(name, holds): (&str, Holds)| found.add(name, Some(holds)));
    }
    Ok(())
}

/// The kind of the records, and how many bytes the file has.
fn header(shp: &mut Bytes) -> Result<(Kind, u64)> {
    let mut header = Vec::new();
    shp.read(&mut header, HEADER_BYTES)?;
    let mut cursor = Cursor::new(&header);
    let code = cursor.u32_be()?;
    cursor.skip(20)?;
    let bytes = u64::from(cursor.u32_be()?) * 2;
    let (version, kind) = (cursor.u32_le()?, cursor.u32_le()?);
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

/// The geometry of a whole record.
fn geometry(expected: Kind, record: &[u8], frame: &mut Frame) -> Result<Option<Geometry>> {
    let mut cursor = Cursor::new(record);
    let kind = kind_of(expected, &mut cursor)?;
    let (parts, count) = match kind.shape {
        Shape::Null => return Ok(None),
        Shape::Point => {
            let places = places(kind, &mut cursor, 1, false, frame)?;
            return Ok(Some(Geometry::Point(places.first().copied())));
        }
        shape => {
            cursor.skip(32)?;
            let parts = match shape {
                Shape::MultiPoint => 0,
                _ => cursor.u32_le()?,
            };
            (parts, cursor.u32_le()?)
        }
    };
    // Both are held against the bytes that there are before any place is made for them.
    cursor.has(u64::from(parts) * 4 + u64::from(count) * 16)?;
    let starts = (0..parts)
        .map(|_| cursor.u32_le())
        .collect::<Result<Vec<_>>>()?;
    let places = places(kind, &mut cursor, count as usize, true, frame)?;
    if kind.shape == Shape::MultiPoint {
        return Ok(Some(Geometry::MultiPoint(places)));
    }
    let mut lines = split(&starts, places)?;
    Ok(Some(match (kind.shape, lines.len()) {
        (Shape::PolyLine, 1) => Geometry::LineString(lines.remove(0)),
        (Shape::PolyLine, _) => Geometry::MultiLineString(lines),
        _ => grouped(lines, frame),
    }))
}

fn grouped(rings: Vec<Vec<[f64; 3]>>, frame: &mut Frame) -> Geometry {
    let (geometry, has_lost_hole) = polygons(rings);
    if has_lost_hole {
        frame.notes.add("lost hole", || {
            "a ring runs counter-clockwise, as holes do, but is in no other ring; it is kept as a \
             polygon of its own (said once a file)"
                .to_owned()
        });
    }
    geometry
}

/// Places, and behind them their heights and measures; where there are ranges, those come first.
fn places(
    kind: Kind,
    cursor: &mut Cursor<'_>,
    count: usize,
    has_ranges: bool,
    frame: &mut Frame,
) -> Result<Vec<[f64; 3]>> {
    cursor.has(count as u64 * 16)?;
    let mut places = Vec::with_capacity(count);
    for _ in 0..count {
        let [x, y] = cursor.pair()?;
        if !(x.is_finite() && y.is_finite()) {
            return Err(Error::invalid_data(format!(
                "expected a place, found {x}, {y}"
            )));
        }
        places.push([x, y, f64::NAN]);
    }
    let ranges = if has_ranges { 16 } else { 0 };
    if kind.has_z {
        cursor.skip(ranges)?;
        for place in &mut places {
            place[2] = cursor.f64()?;
        }
    }
    // Measures may be left out, even where the kind has them.
    if kind.has_m && cursor.has(ranges + count as u64 * 8).is_ok() {
        cursor.skip(ranges)?;
        for _ in 0..count {
            if cursor.f64()? > NO_MEASURE {
                frame.notes.add("measures", || {
                    "places have measures (M), which are not read (said once a file)".to_owned()
                });
            }
        }
    }
    Ok(places)
}

/// Cuts places into the parts that begin at each start.
fn split(starts: &[u32], mut places: Vec<[f64; 3]>) -> Result<Vec<Vec<[f64; 3]>>> {
    let is_sound = match starts.first() {
        Some(first) => *first == 0 && starts.windows(2).all(|pair| pair[0] < pair[1]),
        None => places.is_empty(),
    };
    let is_last_within = starts
        .last()
        .is_none_or(|last| (*last as usize) < places.len());
    if !is_sound || !is_last_within {
        return Err(Error::invalid_data(format!(
            "expected parts that begin at 0 and follow each other within {} places",
            places.len()
        )));
    }
    let mut lines = Vec::with_capacity(starts.len());
    for start in starts.iter().rev() {
        lines.push(places.split_off(*start as usize));
    }
    lines.reverse();
    Ok(lines)
}
