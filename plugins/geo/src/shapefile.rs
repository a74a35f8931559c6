//! ESRI shapefiles (ESRI white paper of July 1998): the geometries in the .shp, and, record for record,
//! their attributes in the .dbf. Both stream by. Every length that a file says is held against a limit, and
//! what is counted in a record against the bytes of it, before anything is reserved.

mod bytes;
mod dbf;
mod parts;

use crate::layer::{ATTRIBUTES_MAX, Found, Frame, Holds, Layer, Notes, RECORD_BYTES_MAX};
use crate::shape::{Bounds, Geometry, Position, polygons};
use bytes::{Bytes, Cursor};
use dbf::Dbf;
use sextant_plugin_sdk::{Cell, Entry, Error, ErrorKind, Host, Result, RowReader, Rows};
use std::borrow::Cow;

pub(crate) use parts::{Parts, group};

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
        if bytes < 4 || bytes > left.min(RECORD_BYTES_MAX as u64) {
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
        let is_taken = match &bounds {
            Ok(bounds) => !is_deleted && self.frame.takes(rows, *bounds, self.number),
            Err(_) => false,
        };
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
        let number = self.number;
        if let Some(geometry) = &geometry
            && geometry.bounds() != bounds
        {
            self.frame.notes.add("another box", "", || {
                format!(
                    "record {number}: the bounding box that it says is not that of its places; the \
                     columns have what it says (said once a file)"
                )
            });
        }
        let mut texts = vec![Cow::Borrowed(""); self.fields.len()];
        let mut cells = vec![Cell::Null; self.fields.len()];
        if let Some(dbf) = &self.dbf {
            for (at, field) in self.fields.iter().enumerate() {
                if let Some(field) = field.filter(|_| self.frame.wants(rows, at)) {
                    let (text, is_cut) = dbf.text(field)?;
                    texts[at] = text;
                    if is_cut {
                        self.frame
                            .notes
                            .add("cut", "", || cut(number, dbf.name(field)));
                    }
                }
            }
            let attributes = texts.iter().zip(&self.frame.attributes).zip(&mut cells);
            for ((text, attribute), cell) in attributes {
                *cell = dbf::cell(text, attribute.holds)
                    .map_err(|error| error.in_field(&attribute.column))?;
            }
        }
        let shape = (geometry.as_ref(), bounds);
        self.frame.push(rows, shape, &cells, None, number)
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
    if kind.shape == Shape::Null {
        return Ok(None);
    }
    let lengths = lengths(kind.shape, &mut cursor)?;
    let mut lines = lines(kind, &lengths, &mut cursor, frame)?;
    Ok(Some(match (kind.shape, lines.len()) {
        (Shape::Point, _) => Geometry::Point(lines.iter().flatten().next().copied()),
        (Shape::MultiPoint, _) => Geometry::MultiPoint(lines.remove(0)),
        (Shape::PolyLine, 1) => Geometry::LineString(lines.remove(0)),
        (Shape::PolyLine, _) => Geometry::MultiLineString(lines),
        _ => grouped(lines, frame)?,
    }))
}

/// How many places each part of a record has.
fn lengths(shape: Shape, cursor: &mut Cursor<'_>) -> Result<Vec<usize>> {
    if shape == Shape::Point {
        return Ok(vec![1]);
    }
    cursor.skip(32)?;
    if shape == Shape::MultiPoint {
        return Ok(vec![cursor.u32_le()? as usize]);
    }
    let (parts, count) = (cursor.u32_le()?, cursor.u32_le()?);
    // Both are held against the bytes that there are before any place is made for them.
    cursor.has(u64::from(parts) * 4 + u64::from(count) * 16)?;
    let starts = (0..parts)
        .map(|_| cursor.u32_le())
        .collect::<Result<Vec<_>>>()?;
    let ends = starts.iter().copied().skip(1).chain([count]);
    let lengths = starts.iter().zip(ends).map(|(&start, end)| {
        let length = end.checked_sub(start).filter(|&length| length > 0);
        length.map(|length| length as usize)
    });
    let first = starts.first().copied().unwrap_or(count);
    let lengths: Option<Vec<_>> = lengths.collect();
    lengths.filter(|_| first == 0).ok_or_else(|| {
        Error::invalid_data(format!(
            "expected parts that begin at 0 and follow each other within {count} places"
        ))
    })
}

fn grouped(rings: Vec<Vec<Position>>, frame: &mut Frame) -> Result<Geometry> {
    let (geometry, has_lost_hole) = polygons(rings)?;
    if has_lost_hole {
        frame.notes.add("lost hole", "", || {
            "a ring runs as holes do, the other way than the largest, but is in no other ring; it is \
             kept as a polygon of its own (said once a file)"
                .to_owned()
        });
    }
    Ok(geometry)
}

/// The places of each part, and behind all of them their heights and measures; where there is more than a
/// point, the ranges of those come first.
fn lines(
    kind: Kind,
    lengths: &[usize],
    cursor: &mut Cursor<'_>,
    frame: &mut Frame,
) -> Result<Vec<Vec<Position>>> {
    let count: usize = lengths.iter().sum();
    cursor.has(count as u64 * 16)?;
    let lines = lengths.iter().map(|&length| line(cursor, length));
    let mut lines = lines.collect::<Result<Vec<_>>>()?;
    let ranges = if kind.shape == Shape::Point { 0 } else { 16 };
    if kind.has_z {
        cursor.skip(ranges)?;
        for place in lines.iter_mut().flatten() {
            place[2] = cursor.f64()?;
        }
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
    Ok(lines)
}

fn line(cursor: &mut Cursor<'_>, length: usize) -> Result<Vec<Position>> {
    let mut places = Vec::with_capacity(length);
    for _ in 0..length {
        let [x, y] = cursor.pair()?;
        if !(x.is_finite() && y.is_finite()) {
            let message = format!("expected a place, found {x}, {y}");
            return Err(Error::invalid_data(message));
        }
        places.push([x, y, f64::NAN]);
    }
    Ok(places)
}
