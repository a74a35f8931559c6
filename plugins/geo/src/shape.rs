//! The shape of a record: its well-known binary (OGC 06-103r4, ISO codes: 1001 is a point with Z), little
//! endian, and its bounding box. A format writes it as it reads, place by place, into memory that serves
//! every record. Measures (M) are not kept.

use sextant_plugin_sdk::{Error, Result};
use std::slice;

/// A place in two dimensions.
pub(crate) type Place = [f64; 2];
/// A place; the third number is NaN where the file has no height.
pub(crate) type Position = [f64; 3];

/// How deep collections may be nested.
pub(crate) const DEPTH_MAX: usize = 16;
/// Bytes of a place without a height.
pub(crate) const PLACE_BYTES: usize = 16;

/// Corners of a hole that are looked for in a ring.
const CORNERS: usize = 8;
/// Corners and boxes of rings that are looked at to find the rings around a polygon's holes.
const HOLE_STEPS_MAX: usize = 1 << 27;
const LITTLE_ENDIAN: u8 = 1;
/// Bytes of what a geometry begins with: the order of bytes, and the code of its kind.
const HEAD_BYTES: usize = 5;
const COUNT_BYTES: usize = 4;
/// What is added to the code of a kind of geometry that has heights.
const WITH_Z: u32 = 1_000;

/// A kind of geometry, and its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Point = 1,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    Collection,
}

/// A bounding box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) min: Place,
    pub(crate) max: Place,
}

impl Default for Bounds {
    /// A box around nothing, which is in every other.
    fn default() -> Self {
        Self {
            min: [f64::INFINITY; 2],
            max: [f64::NEG_INFINITY; 2],
        }
    }
}

impl Bounds {
    /// The box around places; none where there are none.
    pub(crate) fn around(places: impl IntoIterator<Item = Place>) -> Option<Self> {
        let mut bounds = Self::default();
        for place in places {
            bounds.extend(place);
        }
        bounds.some()
    }

    /// Whether another box lies in this one.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.min[axis] <= other.min[axis] && self.max[axis] >= other.max[axis])
    }

    /// The numbers of places are finite, so that they are compared without `f64::min`, which WebAssembly
    /// has to call for the sake of NaN.
    fn extend(&mut self, place: Place) {
        for (axis, value) in place.into_iter().enumerate() {
            let (min, max) = (self.min[axis], self.max[axis]);
            self.min[axis] = if value < min { value } else { min };
            self.max[axis] = if value > max { value } else { max };
        }
    }

    /// None where it is around nothing.
    fn some(self) -> Option<Self> {
        (self.min[0] <= self.max[0]).then_some(self)
    }
}

/// The shape of a record, as far as it was read.
///
/// Whether a geometry has heights is known when all of it was read. It is written without them, and they
/// are put in between its places where there are some.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// Its well-known binary without heights.
    flat: Vec<u8>,
    /// For each place the height, NaN where it has none; nothing where no place can have one.
    heights: Vec<f64>,
    /// Its well-known binary with heights, once it was asked for.
    raised: Vec<u8>,
    bounds: Bounds,
    has_open_ring: bool,
}

impl Shape {
    /// Forgets the shape of the record before.
    pub(crate) fn clear(&mut self) {
        self.flat.clear();
        self.heights.clear();
        self.bounds = Bounds::default();
        self.has_open_ring = false;
    }

    /// Whether the record has no geometry, not even an empty one.
    pub(crate) fn is_none(&self) -> bool {
        self.flat.is_empty()
    }

    /// The box around the places that were added one by one; none where there are none.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        self.bounds.some()
    }

    /// Whether a ring of a polygon does not end where it begins.
    pub(crate) fn has_open_ring(&self) -> bool {
        self.has_open_ring
    }

    /// Its well-known binary.
    pub(crate) fn wkb(&mut self) -> &[u8] {
        if self.heights.iter().all(|height| height.is_nan()) {
            return &self.flat;
        }
        self.raised.clear();
        let mut raise = Raise {
            flat: &self.flat,
            heights: self.heights.iter(),
            raised: &mut self.raised,
        };
        raise.geometry();
        &self.raised
    }

    /// Begins a geometry: where it begins.
    pub(crate) fn begin(&mut self, kind: Kind) -> usize {
        let start = self.flat.len();
        self.flat.push(LITTLE_ENDIAN);
        self.flat.extend_from_slice(&(kind as u32).to_le_bytes());
        start
    }

    /// Says of which kind a geometry is that begins there, where that is known by what is in it.
    pub(crate) fn set_kind(&mut self, start: usize, kind: Kind) {
        self.flat[start + 1..start + HEAD_BYTES].copy_from_slice(&(kind as u32).to_le_bytes());
    }

    /// Adds how many there are of what follows.
    pub(crate) fn count(&mut self, count: usize) {
        self.flat.extend_from_slice(&count_bytes(count));
    }

    /// Adds what `put` adds, and before it how many that are, as it says.
    pub(crate) fn counted<E>(
        &mut self,
        put: impl FnOnce(&mut Self) -> Result<usize, E>,
    ) -> Result<(), E> {
        let start = self.flat.len();
        self.count(0);
        let count = put(self)?;
        self.flat[start..start + COUNT_BYTES].copy_from_slice(&count_bytes(count));
        Ok(())
    }

    /// Adds a ring of a polygon, with the places that `put` adds.
    pub(crate) fn ring<E>(
        &mut self,
        put: impl FnOnce(&mut Self) -> Result<usize, E>,
    ) -> Result<(), E> {
        let start = self.flat.len() + COUNT_BYTES;
        self.counted(put)?;
        self.has_open_ring |= is_open(&self.flat[start..]);
        Ok(())
    }

    /// Adds a place.
    pub(crate) fn place(&mut self, [x, y, height]: Position) {
        self.flat.extend_from_slice(&x.to_le_bytes());
        self.flat.extend_from_slice(&y.to_le_bytes());
        self.heights.push(height);
        self.bounds.extend([x, y]);
    }

    /// Adds what stands for the place of an empty point.
    pub(crate) fn no_place(&mut self) {
        self.flat.extend_from_slice(&f64::NAN.to_le_bytes());
        self.flat.extend_from_slice(&f64::NAN.to_le_bytes());
        self.heights.push(f64::NAN);
    }

    /// Adds places as they stand in a shapefile, which has the same order of bytes, and their heights,
    /// where the kind of shape has some. The box around them is not looked for.
    pub(crate) fn copy(&mut self, places: &[u8], heights: Option<&[f64]>) {
        self.flat.extend_from_slice(places);
        if let Some(heights) = heights {
            self.heights.extend_from_slice(heights);
        }
    }

    /// As [`copy`](Self::copy), and before the places how many they are.
    pub(crate) fn copy_line(&mut self, places: &[u8], heights: Option<&[f64]>) {
        self.count(places.len() / PLACE_BYTES);
        self.copy(places, heights);
    }

    /// As [`copy_line`](Self::copy_line), for a ring of a polygon.
    pub(crate) fn copy_ring(&mut self, places: &[u8], heights: Option<&[f64]>) {
        self.copy_line(places, heights);
        self.has_open_ring |= is_open(places);
    }
}

/// A record has a bound far below 4 Gi places, so a count fits.
fn count_bytes(count: usize) -> [u8; COUNT_BYTES] {
    (count as u32).to_le_bytes()
}

/// Places without heights, as well-known binary and shapefiles have them.
pub(crate) fn places(bytes: &[u8]) -> impl DoubleEndedIterator<Item = Place> {
    let (numbers, _) = bytes.as_chunks::<8>();
    let (places, _) = numbers.as_chunks::<2>();
    places.iter().map(|&[x, y]| [x, y].map(f64::from_le_bytes))
}

/// Whether a ring does not end where it begins.
fn is_open(ring: &[u8]) -> bool {
    let mut places = places(ring);
    let ends = (places.next(), places.next_back());
    matches!(ends, (Some(first), Some(last)) if first != last)
}

/// Puts heights into well-known binary that has none.
struct Raise<'a> {
    /// What is left of it.
    flat: &'a [u8],
    heights: slice::Iter<'a, f64>,
    raised: &'a mut Vec<u8>,
}

impl Raise<'_> {
    /// Collections are nested as deep as the formats allow, and so is this.
    fn geometry(&mut self) {
        let [order, code @ ..] = self.take::<HEAD_BYTES>();
        let code = u32::from_le_bytes(code);
        self.raised.push(order);
        self.raised
            .extend_from_slice(&(code + WITH_Z).to_le_bytes());
        match code {
            // A point, a line and a polygon; what else there is holds whole geometries.
            1 => self.places(1),
            2 => self.line(),
            3 => {
                for _ in 0..self.count() {
                    self.line();
                }
            }
            _ => {
                for _ in 0..self.count() {
                    self.geometry();
                }
            }
        }
    }

    fn line(&mut self) {
        let count = self.count();
        self.places(count);
    }

    fn count(&mut self) -> u32 {
        let count = self.take::<COUNT_BYTES>();
        self.raised.extend_from_slice(&count);
        u32::from_le_bytes(count)
    }

    fn places(&mut self, count: u32) {
        for _ in 0..count {
            let place = self.take::<PLACE_BYTES>();
            let height = self.heights.next().copied().unwrap_or(f64::NAN);
            self.raised.extend_from_slice(&place);
            self.raised.extend_from_slice(&height.to_le_bytes());
        }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self
            .flat
            .split_first_chunk()
            .expect("a geometry is written whole");
        self.flat = rest;
        *taken
    }
}

/// The polygons that rings make, as pairs of a polygon's number and the place of a ring of it: the polygons
/// one behind the other, and of each the outer ring first. In a shapefile an outer ring runs clockwise, a
/// hole the other way, in any order. Some programs wind them all the other way, so the largest ring, which is
/// no hole, says which way is out. A hole goes to the smallest outer ring around it; one that is in none is
/// a polygon of its own, and it is said that there was one.
pub(crate) fn polygons(rings: &[&[Place]]) -> Result<(Vec<(usize, usize)>, bool)> {
    let areas: Vec<_> = rings.iter().map(|ring| area(ring)).collect();
    let largest = areas
        .iter()
        .max_by(|one, other| one.abs().total_cmp(&other.abs()));
    let out = largest.copied().unwrap_or_default().signum();
    let is_hole = |ring: &usize| areas[*ring] * out < 0.0;
    let outers = (0..rings.len()).filter(|ring| !is_hole(ring));
    let mut found: Vec<_> = outers.enumerate().collect();
    let mut finder = Finder::new(found.iter().map(|&(polygon, ring)| Outer {
        area: areas[ring].abs(),
        polygon,
        ring: rings[ring],
    }));
    let outers = found.len();
    let mut polygons = outers;
    for hole in (0..rings.len()).filter(is_hole) {
        let around = finder.find(rings[hole])?;
        found.push((around.unwrap_or(polygons), hole));
        polygons += usize::from(around.is_none());
    }
    found.sort_by_key(|&(polygon, _)| polygon);
    Ok((found, polygons > outers))
}

/// An outer ring.
struct Outer<'a> {
    area: f64,
    polygon: usize,
    ring: &'a [Place],
}

/// Finds the rings around holes.
struct Finder<'a> {
    /// The outer rings and their boxes, the smallest ring first.
    outers: Vec<(Bounds, Outer<'a>)>,
    steps: usize,
}

impl<'a> Finder<'a> {
    fn new(outers: impl Iterator<Item = Outer<'a>>) -> Self {
        let outers =
            outers.filter_map(|outer| Some((Bounds::around(outer.ring.iter().copied())?, outer)));
        let mut outers: Vec<_> = outers.collect();
        outers.sort_by(|(_, one), (_, other)| one.area.total_cmp(&other.area));
        Self { outers, steps: 0 }
    }

    /// The polygon whose outer ring is the smallest around a hole. There is no choice where there is one
    /// outer ring, so its box will do.
    fn find(&mut self, hole: &[Place]) -> Result<Option<usize>> {
        let Some(inner) = Bounds::around(hole.iter().copied()) else {
            return Ok(None);
        };
        for (bounds, outer) in &self.outers {
            self.steps += 1;
            if bounds.contains(&inner) {
                self.steps += CORNERS * outer.ring.len();
                if self.outers.len() == 1 || is_inside(hole, outer.ring) {
                    return Ok(Some(outer.polygon));
                }
            }
            if self.steps > HOLE_STEPS_MAX {
                return Err(Error::invalid_data(format!(
                    "expected holes whose outer rings are found within {HOLE_STEPS_MAX} steps, found \
                     too many rings"
                )));
            }
        }
        Ok(None)
    }
}

/// Twice the area of a ring; positive where it runs counter-clockwise. Numbers are taken from the
/// first corner on, so that far-off coordinates lose nothing.
fn area(ring: &[Place]) -> f64 {
    let Some(&[x, y]) = ring.first() else {
        return 0.0;
    };
    let cross =
        |pair: &[Place]| (pair[0][0] - x) * (pair[1][1] - y) - (pair[1][0] - x) * (pair[0][1] - y);
    ring.windows(2).map(cross).sum()
}

/// Whether a ring lies in another: most of the corners that are looked at do. One corner would not do, as
/// holes may touch their outer ring.
fn is_inside(hole: &[Place], outer: &[Place]) -> bool {
    let step = (hole.len() / CORNERS).max(1);
    let corners: Vec<_> = hole.iter().step_by(step).take(CORNERS).collect();
    let inside = corners.iter().filter(|corner| has_inside(outer, corner));
    inside.count() * 2 > corners.len()
}

/// Even-odd rule.
fn has_inside(ring: &[Place], &[x, y]: &Place) -> bool {
    let crosses = |pair: &&[Place]| {
        let ([x1, y1], [x2, y2]) = (pair[0], pair[1]);
        (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1
    };
    ring.windows(2).filter(crosses).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, side: f64, clockwise: bool) -> Vec<Place> {
        let mut ring = vec![
            [x, y],
            [x, y + side],
            [x + side, y + side],
            [x + side, y],
            [x, y],
        ];
        if !clockwise {
            ring.reverse();
        }
        ring
    }

    /// The rings of each polygon, and whether a hole was lost.
    fn grouped(rings: &[Vec<Place>]) -> (Vec<Vec<usize>>, bool) {
        let rings: Vec<_> = rings.iter().map(Vec::as_slice).collect();
        let (found, lost) = polygons(&rings).unwrap();
        let polygons = found.chunk_by(|(one, _), (other, _)| one == other);
        let rings = |polygon: &[(usize, usize)]| polygon.iter().map(|(_, ring)| *ring).collect();
        (polygons.map(rings).collect(), lost)
    }

    /// Adds places as a format does that reads them one by one.
    fn line(shape: &mut Shape, places: &[Position]) -> Result<usize> {
        places.iter().for_each(|place| shape.place(*place));
        Ok(places.len())
    }

    #[test]
    fn well_known_binary_is_that_of_iso() {
        let mut shape = Shape::default();
        shape.begin(Kind::Point);
        shape.place([1.0, 2.0, f64::NAN]);
        // PostGIS: SELECT ST_AsBinary('POINT(1 2)', 'NDR').
        let plain = "0101000000000000000000f03f0000000000000040";
        assert_eq!(hex(shape.wkb()), plain);
        shape.clear();
        shape.begin(Kind::LineString);
        let put = |shape: &mut Shape| line(shape, &[[1.0, 2.0, 3.0]]);
        shape.counted(put).unwrap();
        // Code 1002 = 0x03ea, one place, three numbers.
        let with_z = "01ea03000001000000000000000000f03f00000000000000400000000000000840";
        assert_eq!(hex(shape.wkb()), with_z);
        shape.clear();
        shape.begin(Kind::Collection);
        shape.count(1);
        shape.begin(Kind::MultiPoint);
        shape.count(0);
        assert_eq!(hex(shape.wkb()), "010700000001000000010400000000000000");
        assert_eq!(shape.bounds(), None);
    }

    #[test]
    fn one_height_makes_all_places_have_one() {
        let mut shape = Shape::default();
        shape.begin(Kind::Collection);
        shape.count(3);
        shape.begin(Kind::Point);
        shape.no_place();
        shape.begin(Kind::MultiPoint);
        shape.count(1);
        shape.begin(Kind::Point);
        shape.place([1.0, 2.0, f64::NAN]);
        shape.begin(Kind::Polygon);
        shape.count(1);
        let ring = [[3.0, 4.0, 5.0], [6.0, 7.0, f64::NAN]];
        shape.ring(|shape| line(shape, &ring)).unwrap();
        assert!(shape.has_open_ring());
        let bounds = Bounds {
            min: [1.0, 2.0],
            max: [6.0, 7.0],
        };
        assert_eq!(shape.bounds(), Some(bounds));
        // Python: struct.pack('<bIIbI3dbIIbI3dbIII6d', 1, 1007, 3, 1, 1001, nan, nan, nan, 1, 1004, 1, 1,
        // 1001, 1, 2, nan, 1, 1003, 1, 2, 3, 4, 5, 6, 7, nan).hex().
        let expected = concat!(
            "01ef0300000300000001e9030000000000000000f87f000000000000f87f000000000000f87f",
            "01ec0300000100000001e9030000000000000000f03f0000000000000040000000000000f87f",
            "01eb0300000100000002000000000000000000084000000000000010400000000000001440",
            "00000000000018400000000000001c40000000000000f87f",
        );
        assert_eq!(hex(shape.wkb()), expected);
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn holes_find_the_smallest_ring_around_them() {
        let island = square(4.5, 4.5, 0.5, false);
        let sea = square(0.0, 0.0, 10.0, true);
        let lake = square(3.0, 3.0, 4.0, false);
        let islet = square(4.0, 4.0, 2.0, true);
        let found = grouped(&[island, sea, lake, islet]);
        assert_eq!(found, (vec![vec![1, 2], vec![3, 0]], false));
        let found = grouped(&[square(0.0, 0.0, 1.0, false)]);
        assert_eq!(found, (vec![vec![0]], false));
        let apart = [square(0.0, 0.0, 1.0, true), square(5.0, 5.0, 1.0, false)];
        assert_eq!(grouped(&apart), (vec![vec![1], vec![0]], true));
        assert_eq!(grouped(&[]), (Vec::new(), false));
    }

    #[test]
    fn rings_may_all_run_the_other_way() {
        let hole = square(1.0, 1.0, 2.0, true);
        let around = square(0.0, 0.0, 9.0, false);
        let islet = square(20.0, 0.0, 1.0, false);
        let found = grouped(&[hole.clone(), around.clone()]);
        assert_eq!(found, (vec![vec![1, 0]], false));
        let found = grouped(&[islet, hole, around]);
        assert_eq!(found, (vec![vec![0], vec![2, 1]], false));
    }

    #[test]
    fn the_search_for_holes_is_bounded() {
        // Two rings with many corners around all holes, in neither of which these are.
        let around = square(0.0, 0.0, 100.0, true);
        let notch = vec![[50.0, 1.0]; 100_000];
        let around = [&around[..2], &notch[..], &around[2..]].concat();
        let hole = square(49.0, 90.0, 1.0, false);
        let mut rings = vec![around.as_slice(); 2];
        rings.extend(vec![hole.as_slice(); 1_000]);
        let error = polygons(&rings).unwrap_err();
        assert!(error.message().contains("too many rings"), "{error}");
    }
}
