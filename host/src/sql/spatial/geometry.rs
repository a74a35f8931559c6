//! Geometry as it comes: well-known binary (OGC 06-103r4, 8.2, with the dimensions of ISO 13249-3 or the
//! flags of PostGIS) and well-known text. Guests and files make it. What works on it later (the crates wkb,
//! wkt, geoarrow and geo) recurses where it is nested and takes the parts of a geometry to be like the whole;
//! so every value is looked through once before, and what would be too deep, or read as something else
//! than it is, goes no further.

use crate::error::{Error, Result};
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::DataType;

/// How deep collections may be nested: whatever walks through them takes stack for each level.
const DEPTH_MAX: usize = 32;
/// Brackets of a text: those of collections, and of a multipolygon within.
const BRACKETS_MAX: usize = DEPTH_MAX + 3;
/// The least bytes of a part: byte order, code, and a count.
const PART_BYTES_MIN: usize = 9;
/// The least bytes of a ring: a count.
const RING_BYTES_MIN: usize = 4;
/// Bytes of a coordinate along one axis.
const COORDINATE_BYTES: usize = 8;

/// The flags of PostGIS in a code.
const FLAG_Z: u32 = 0x8000_0000;
const FLAG_M: u32 = 0x4000_0000;
const FLAG_SRID: u32 = 0x2000_0000;

/// What a geometry is, once it was looked through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub(super) kind: Kind,
    /// Its points, without empty ones.
    pub(super) points: usize,
    /// Whether any of them has a height.
    pub(super) has_heights: bool,
    /// Where it is, if it is a point and not empty.
    pub(super) place: Option<Place>,
}

/// The coordinates of a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    x: f64,
    y: f64,
    z: Option<f64>,
    m: Option<f64>,
}

impl Place {
    /// The coordinate along an axis: `x`, `y`, `z` or `m`.
    pub(super) fn along(&self, axis: char) -> Option<f64> {
        match axis {
            'x' => Some(self.x),
            'y' => Some(self.y),
            'z' => self.z,
            _ => self.m,
        }
    }
}

/// The kinds of geometry, in the order of their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    GeometryCollection,
}

impl Kind {
    fn of(code: u32) -> Option<Self> {
        Some(match code {
            1 => Self::Point,
            2 => Self::LineString,
            3 => Self::Polygon,
            4 => Self::MultiPoint,
            5 => Self::MultiLineString,
            6 => Self::MultiPolygon,
            7 => Self::GeometryCollection,
            _ => return None,
        })
    }

    /// What all parts have to be.
    fn part(self) -> Option<Self> {
        match self {
            Self::MultiPoint => Some(Self::Point),
            Self::MultiLineString => Some(Self::LineString),
            Self::MultiPolygon => Some(Self::Polygon),
            _ => None,
        }
    }

    /// The name in well-known text.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Point => "POINT",
            Self::LineString => "LINESTRING",
            Self::Polygon => "POLYGON",
            Self::MultiPoint => "MULTIPOINT",
            Self::MultiLineString => "MULTILINESTRING",
            Self::MultiPolygon => "MULTIPOLYGON",
            Self::GeometryCollection => "GEOMETRYCOLLECTION",
        }
    }
}

/// The values of a column; none for a null.
pub(super) type Values<'a, T> = Box<dyn Iterator<Item = Option<T>> + 'a>;

/// Looks through all geometry of a column, and says how many points the largest one has at most. What is
/// neither binary nor text is geometry in arrays, which cannot be nested.
pub(super) fn look_through(array: &dyn Array) -> Result<usize> {
    let mut largest = 0;
    if let Some(values) = binaries(array) {
        for bytes in values.flatten() {
            largest = largest.max(read(bytes)?.points);
        }
    } else if let Some(values) = texts(array) {
        for text in values.flatten() {
            check_text(text)?;
            // A digit, a space, a digit and a comma.
            largest = largest.max(text.len() / 4);
        }
    } else {
        largest = array.get_array_memory_size() / (2 * COORDINATE_BYTES);
    }
    Ok(largest)
}

/// The values of a column, if it is binary.
pub(super) fn binaries(array: &dyn Array) -> Option<Values<'_, &[u8]>> {
    let values: Values<'_, &[u8]> = match array.data_type() {
        DataType::Binary => Box::new(array.as_binary::<i32>().iter()),
        DataType::LargeBinary => Box::new(array.as_binary::<i64>().iter()),
        DataType::BinaryView => Box::new(array.as_binary_view().iter()),
        _ => return None,
    };
    Some(values)
}

/// The values of a column, if it is text.
fn texts(array: &dyn Array) -> Option<Values<'_, &str>> {
    let values: Values<'_, &str> = match array.data_type() {
        DataType::Utf8 => Box::new(array.as_string::<i32>().iter()),
        DataType::LargeUtf8 => Box::new(array.as_string::<i64>().iter()),
        DataType::Utf8View => Box::new(array.as_string_view().iter()),
        _ => return None,
    };
    Some(values)
}

/// Looks through well-known binary. Bytes after the geometry are none of it, and are passed over.
pub(super) fn read(bytes: &[u8]) -> Result<Geometry> {
    let mut reader = Reader {
        rest: bytes,
        points: 0,
        has_heights: false,
        place: None,
    };
    let header = reader.header()?;
    reader.body(header, 0)?;
    Ok(Geometry {
        kind: header.kind,
        points: reader.points,
        has_heights: reader.has_heights,
        place: reader.place.filter(|_| header.kind == Kind::Point),
    })
}

/// Looks at how deep brackets are nested. Whether a text is well-known is left to its parser.
fn check_text(text: &str) -> Result<()> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > BRACKETS_MAX {
            return Err(too_deep());
        }
    }
    Ok(())
}

fn malformed(why: impl std::fmt::Display) -> Error {
    Error::data(format!("malformed geometry: {why}"))
}

fn too_deep() -> Error {
    Error::data(format!(
        "geometry is nested deeper than {DEPTH_MAX} collections"
    ))
}

/// What a geometry or a part of one begins with.
#[derive(Clone, Copy)]
struct Header {
    kind: Kind,
    has_z: bool,
    has_m: bool,
    has_system: bool,
    is_little_endian: bool,
}

impl Header {
    /// Bytes of the coordinates of a point.
    fn point_bytes(self) -> usize {
        (2 + usize::from(self.has_z) + usize::from(self.has_m)) * COORDINATE_BYTES
    }

    /// Whether a part is what the readers after this one take it for. They look at its header not at all,
    /// or at the flag of a reference system alone, which nothing writes within a geometry.
    fn check_part(self, part: Self) -> Result<()> {
        if part.has_system {
            return Err(malformed("a part has a reference system of its own"));
        }
        let Some(kind) = self.kind.part() else {
            return Ok(());
        };
        if part.kind != kind {
            let (part, whole) = (part.kind.name(), self.kind.name());
            return Err(malformed(format!("a {whole} has a {part}")));
        }
        if (part.has_z, part.has_m) != (self.has_z, self.has_m) {
            return Err(malformed("a part has other dimensions than the whole"));
        }
        if part.is_little_endian != self.is_little_endian {
            return Err(malformed("a part has another byte order than the whole"));
        }
        Ok(())
    }
}

/// What is left of a geometry, and what was seen of it.
struct Reader<'a> {
    rest: &'a [u8],
    points: usize,
    has_heights: bool,
    place: Option<Place>,
}

impl Reader<'_> {
    fn header(&mut self) -> Result<Header> {
        let [order] = self.take()?;
        let is_little_endian = match order {
            0 => false,
            1 => true,
            _ => return Err(malformed(format!("{order} is no byte order"))),
        };
        let whole = self.number(is_little_endian)?;
        let flags = whole & (FLAG_Z | FLAG_M | FLAG_SRID);
        let code = whole & !flags;
        let unknown = || malformed(format!("{whole} is the code of no geometry"));
        let kind = Kind::of(code % 1000).ok_or_else(unknown)?;
        let (has_z, has_m) = match (code / 1000, flags) {
            (0, _) => (flags & FLAG_Z != 0, flags & FLAG_M != 0),
            (1, 0) => (true, false),
            (2, 0) => (false, true),
            (3, 0) => (true, true),
            // Flags beside a code that says it already: readers differ in what they make of it.
            _ => return Err(unknown()),
        };
        let has_system = flags & FLAG_SRID != 0;
        if has_system {
            self.number(is_little_endian)?;
        }
        Ok(Header {
            kind,
            has_z,
            has_m,
            has_system,
            is_little_endian,
        })
    }

    fn body(&mut self, header: Header, depth: usize) -> Result<()> {
        match header.kind {
            Kind::Point => self.point(header),
            Kind::LineString => self.line(header),
            Kind::Polygon => {
                for _ in 0..self.count(header, RING_BYTES_MIN)? {
                    self.line(header)?;
                }
                Ok(())
            }
            Kind::GeometryCollection if depth >= DEPTH_MAX => Err(too_deep()),
            _ => {
                for _ in 0..self.count(header, PART_BYTES_MIN)? {
                    let part = self.header()?;
                    header.check_part(part)?;
                    self.body(part, depth + 1)?;
                }
                Ok(())
            }
        }
    }

    fn point(&mut self, header: Header) -> Result<()> {
        let x = self.coordinate(header)?;
        let y = self.coordinate(header)?;
        let z = header.has_z.then(|| self.coordinate(header)).transpose()?;
        let m = header.has_m.then(|| self.coordinate(header)).transpose()?;
        // There is no other way to write an empty point.
        if !(x.is_nan() && y.is_nan()) {
            self.points += 1;
            self.has_heights |= header.has_z;
            self.place = Some(Place { x, y, z, m });
        }
        Ok(())
    }

    /// The points of a line or a ring.
    fn line(&mut self, header: Header) -> Result<()> {
        let count = self.count(header, header.point_bytes())?;
        let bytes = count * header.point_bytes();
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.points += count;
        self.has_heights |= header.has_z && count > 0;
        Ok(())
    }

    /// A number of things of so many bytes at least, all of which can be there.
    fn count(&mut self, header: Header, bytes_min: usize) -> Result<usize> {
        let count = self.number(header.is_little_endian)? as usize;
        let left = self.rest.len();
        match count.checked_mul(bytes_min) {
            Some(bytes) if bytes <= left => Ok(count),
            _ => Err(malformed(format!(
                "it counts {count} parts of {bytes_min} bytes or more, and {left} bytes are left"
            ))),
        }
    }

    fn number(&mut self, is_little_endian: bool) -> Result<u32> {
        let bytes = self.take()?;
        Ok(match is_little_endian {
            true => u32::from_le_bytes(bytes),
            false => u32::from_be_bytes(bytes),
        })
    }

    fn coordinate(&mut self, header: Header) -> Result<f64> {
        let bytes = self.take()?;
        Ok(match header.is_little_endian {
            true => f64::from_le_bytes(bytes),
            false => f64::from_be_bytes(bytes),
        })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| malformed("it ends too early"))?;
        self.rest = rest;
        Ok(*taken)
    }
}
