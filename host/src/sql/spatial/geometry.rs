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

/// An empty MULTIPOINT.
const EMPTY: [u8; 9] = [1, 4, 0, 0, 0, 0, 0, 0, 0];

/// What a geometry is, once it was looked through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry {
    pub(super) kind: Kind,
    /// Whether its points have measures in the place of heights.
    pub(super) is_measured: bool,
    /// Its points, without empty ones.
    pub(super) points: usize,
    /// Those of its lines and rings.
    pub(super) vertices: usize,
    /// Where its lines end: two for a line, and one for a ring.
    pub(super) ends: usize,
    /// Whether it is a point that is empty, or one of its parts has no points.
    pub(super) has_empty_parts: bool,
    pub(super) bounds: Bounds,
    /// Where it is, if it is a point and not empty.
    pub(super) place: Option<Place>,
}

/// The least and the greatest coordinates along x, y and z. Where there is none, the least is above the greatest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    along: [(f64, f64); 3],
    /// Whether a coordinate along x or y is no number, so that others may see other bounds.
    has_nan: bool,
}

impl Bounds {
    const NONE: Self = Self {
        along: [(f64::INFINITY, f64::NEG_INFINITY); 3],
        has_nan: false,
    };

    fn add(&mut self, place: Place) {
        self.has_nan |= place.x.is_nan() || place.y.is_nan();
        let place = [Some(place.x), Some(place.y), place.z];
        for ((least, greatest), coordinate) in self.along.iter_mut().zip(place) {
            // What is no number is neither.
            *least = least.min(coordinate.unwrap_or(f64::NAN));
            *greatest = greatest.max(coordinate.unwrap_or(f64::NAN));
        }
    }

    /// The bounds along an axis: `x`, `y` or `z`.
    pub(super) fn along(&self, axis: char) -> Option<(f64, f64)> {
        let [x, y, z] = self.along;
        let bounds = match axis {
            'x' => x,
            'y' => y,
            _ => z,
        };
        (bounds.0 <= bounds.1).then_some(bounds)
    }

    /// Whether two boxes may have a place in common, whatever its height.
    pub(super) fn meet(&self, other: &Self) -> bool {
        let mut both = self.along.iter().zip(&other.along).take(2);
        let meet = both.all(|(one, other)| one.0 <= other.1 && other.0 <= one.1);
        meet || self.has_nan || other.has_nan
    }
}

/// A line of a geometry or what is told as one, without heights and measures.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) role: Role,
    pub(super) points: Vec<[f64; 2]>,
}

/// What a path is of its geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Point,
    Line,
    /// The ring around a polygon. Those of its holes come right after it.
    Exterior,
    Interior,
}

impl Role {
    pub(super) fn is_ring(self) -> bool {
        matches!(self, Self::Exterior | Self::Interior)
    }
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

/// Looks through all geometry of a column that is binary or text. What is neither is geometry in arrays, which
/// cannot be nested, or none.
pub(super) fn look_through(array: &dyn Array) -> Result<()> {
    for bytes in binaries(array).into_iter().flatten().flatten() {
        read(bytes)?;
    }
    for text in texts(array).into_iter().flatten().flatten() {
        check_text(text)?;
    }
    Ok(())
}

/// Whether values of a type are read as well-known binary.
pub(super) fn is_binary(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView
    )
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
    let mut reader = Reader::new(bytes);
    let header = reader.header()?;
    reader.body(header, 0)?;
    let is_point = header.kind == Kind::Point;
    Ok(Geometry {
        kind: header.kind,
        is_measured: header.has_m && !header.has_z,
        points: reader.points,
        vertices: reader.vertices,
        ends: reader.ends,
        has_empty_parts: reader.has_empty_parts || is_point && reader.points == 0,
        bounds: reader.bounds,
        place: reader.place.filter(|_| is_point),
    })
}

/// The paths of a geometry.
pub(super) fn paths(bytes: &[u8]) -> Result<Vec<Path>> {
    let mut reader = Reader::new(bytes);
    reader.paths = Some(Vec::new());
    let header = reader.header()?;
    reader.body(header, 0)?;
    Ok(reader.paths.unwrap_or_default())
}

/// The same geometry without those of its parts that have no points, which add nothing to it. An empty point
/// becomes an empty MULTIPOINT.
pub(super) fn without_empty_parts(bytes: &[u8]) -> Result<Vec<u8>> {
    let geometry = read(bytes)?;
    if geometry.kind == Kind::Point && geometry.points == 0 {
        return Ok(EMPTY.to_vec());
    }
    let mut kept = Vec::with_capacity(bytes.len());
    Reader::new(bytes).keep(&mut kept)?;
    Ok(kept)
}

/// A box as a polygon. Of its heights, if it has any, one corner has the greatest.
pub(super) fn polygon(bounds: &[(f64, f64)]) -> Vec<u8> {
    let code: u32 = if bounds.len() > 2 { 1003 } else { 3 };
    let mut bytes = vec![1];
    for number in [code, 1, 5] {
        bytes.extend(number.to_le_bytes());
    }
    for (is_right, is_upper) in [(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)] {
        let greatest = [is_right, is_upper, is_right * is_upper];
        for ((least, most), is_greatest) in bounds.iter().zip(greatest) {
            let coordinate = if is_greatest == 1 { most } else { least };
            bytes.extend(coordinate.to_le_bytes());
        }
    }
    bytes
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
    vertices: usize,
    ends: usize,
    has_empty_parts: bool,
    bounds: Bounds,
    place: Option<Place>,
    /// Where they are wanted.
    paths: Option<Vec<Path>>,
}

impl<'a> Reader<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self {
            rest,
            points: 0,
            vertices: 0,
            ends: 0,
            has_empty_parts: false,
            bounds: Bounds::NONE,
            place: None,
            paths: None,
        }
    }

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
            Kind::LineString => self.line(header, Role::Line),
            Kind::Polygon => {
                for ring in 0..self.count(header, RING_BYTES_MIN)? {
                    let role = match ring {
                        0 => Role::Exterior,
                        _ => Role::Interior,
                    };
                    self.line(header, role)?;
                }
                Ok(())
            }
            Kind::GeometryCollection if depth >= DEPTH_MAX => Err(too_deep()),
            _ => {
                for _ in 0..self.count(header, PART_BYTES_MIN)? {
                    let before = self.points;
                    let part = self.header()?;
                    header.check_part(part)?;
                    self.body(part, depth + 1)?;
                    self.has_empty_parts |= self.points == before;
                }
                Ok(())
            }
        }
    }

    /// Copies a geometry that was looked through, but for its empty parts.
    fn keep(&mut self, kept: &mut Vec<u8>) -> Result<()> {
        let whole = self.rest;
        let header = self.header()?;
        if let Kind::Point | Kind::LineString | Kind::Polygon = header.kind {
            self.body(header, 0)?;
            kept.extend_from_slice(&whole[..whole.len() - self.rest.len()]);
            return Ok(());
        }
        kept.extend_from_slice(&whole[..whole.len() - self.rest.len()]);
        let count_at = kept.len();
        kept.extend([0; size_of::<u32>()]);
        let mut left: u32 = 0;
        for _ in 0..self.count(header, PART_BYTES_MIN)? {
            let (bytes, points) = (kept.len(), self.points);
            self.keep(kept)?;
            match self.points == points {
                true => kept.truncate(bytes),
                false => left += 1,
            }
        }
        let left = match header.is_little_endian {
            true => left.to_le_bytes(),
            false => left.to_be_bytes(),
        };
        kept[count_at..count_at + left.len()].copy_from_slice(&left);
        Ok(())
    }

    fn point(&mut self, header: Header) -> Result<()> {
        let place = self.place(header)?;
        // There is no other way to write an empty point.
        if !(place.x.is_nan() && place.y.is_nan()) {
            self.points += 1;
            self.bounds.add(place);
            self.place = Some(place);
            if let Some(paths) = &mut self.paths {
                let points = vec![[place.x, place.y]];
                let role = Role::Point;
                paths.push(Path { role, points });
            }
        }
        Ok(())
    }

    /// The points of a line or a ring.
    fn line(&mut self, header: Header, role: Role) -> Result<()> {
        let count = self.count(header, header.point_bytes())?;
        let mut points = Vec::new();
        for _ in 0..count {
            let place = self.place(header)?;
            self.bounds.add(place);
            if self.paths.is_some() {
                points.push([place.x, place.y]);
            }
        }
        self.points += count;
        self.vertices += count;
        self.ends += if role.is_ring() { 1 } else { 2 };
        if let Some(paths) = &mut self.paths {
            paths.push(Path { role, points });
        }
        Ok(())
    }

    fn place(&mut self, header: Header) -> Result<Place> {
        Ok(Place {
            x: self.coordinate(header)?,
            y: self.coordinate(header)?,
            z: header.has_z.then(|| self.coordinate(header)).transpose()?,
            m: header.has_m.then(|| self.coordinate(header)).transpose()?,
        })
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
