//! Geometries: what the formats read, their bounding box, and their well-known binary (OGC 06-103r4,
//! ISO codes: 1001 is a point with Z), little endian. Measures (M) are not kept.

use sextant_plugin_sdk::{Error, Result};

/// A place; the third number is NaN where the file has no height.
pub(crate) type Position = [f64; 3];

/// How deep collections may be nested.
pub(crate) const DEPTH_MAX: usize = 16;

/// Corners of a hole that are looked for in a ring.
const CORNERS: usize = 8;
/// Corners and boxes of rings that are looked at to find the rings around a polygon's holes.
const HOLE_STEPS_MAX: usize = 1 << 27;
const LITTLE_ENDIAN: u8 = 1;
/// What is added to the code of a kind of geometry that has heights.
const WITH_Z: u32 = 1_000;

/// A geometry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Geometry {
    /// None where it is empty.
    Point(Option<Position>),
    LineString(Vec<Position>),
    /// Rings: the outer one first.
    Polygon(Vec<Vec<Position>>),
    MultiPoint(Vec<Position>),
    MultiLineString(Vec<Vec<Position>>),
    MultiPolygon(Vec<Vec<Vec<Position>>>),
    Collection(Vec<Self>),
}

/// A bounding box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) min: [f64; 2],
    pub(crate) max: [f64; 2],
}

impl Bounds {
    /// The box around places; none where there are none.
    pub(crate) fn around<'a>(places: impl IntoIterator<Item = &'a Position>) -> Option<Self> {
        let mut places = places.into_iter();
        let &[x, y, _] = places.next()?;
        let mut bounds = Self {
            min: [x, y],
            max: [x, y],
        };
        for place in places {
            bounds.extend(place);
        }
        Some(bounds)
    }

    /// Whether another box lies in this one.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.min[axis] <= other.min[axis] && self.max[axis] >= other.max[axis])
    }

    fn extend(&mut self, place: &Position) {
        for (axis, &value) in place.iter().take(2).enumerate() {
            self.min[axis] = self.min[axis].min(value);
            self.max[axis] = self.max[axis].max(value);
        }
    }
}

impl Geometry {
    /// Its bounding box; none where it is empty.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        let mut bounds: Option<Bounds> = None;
        self.each(&mut |place| match &mut bounds {
            Some(bounds) => bounds.extend(place),
            None => bounds = Bounds::around([place]),
        });
        bounds
    }

    /// Whether a ring of a polygon does not end where it begins.
    pub(crate) fn has_open_ring(&self) -> bool {
        let is_open = |ring: &Vec<Position>| match (ring.first(), ring.last()) {
            (Some(first), Some(last)) => first[..2] != last[..2],
            _ => false,
        };
        match self {
            Self::Polygon(rings) => rings.iter().any(is_open),
            Self::MultiPolygon(polygons) => polygons.iter().flatten().any(is_open),
            Self::Collection(members) => members.iter().any(Self::has_open_ring),
            _ => false,
        }
    }

    /// Adds its well-known binary.
    pub(crate) fn write(&self, wkb: &mut Vec<u8>) {
        let mut has_z = false;
        self.each(&mut |place| has_z |= !place[2].is_nan());
        self.write_with(wkb, has_z);
    }

    fn write_with(&self, wkb: &mut Vec<u8>, has_z: bool) {
        start(wkb, self.code(), has_z);
        match self {
            Self::Point(place) => put(wkb, &place.unwrap_or([f64::NAN; 3]), has_z),
            Self::LineString(places) => put_line(wkb, places, has_z),
            Self::Polygon(rings) => put_rings(wkb, rings, has_z),
            Self::MultiPoint(places) => {
                put_count(wkb, places.len());
                for place in places {
                    start(wkb, 1, has_z);
                    put(wkb, place, has_z);
                }
            }
            Self::MultiLineString(lines) => {
                put_count(wkb, lines.len());
                for line in lines {
                    start(wkb, 2, has_z);
                    put_line(wkb, line, has_z);
                }
            }
            Self::MultiPolygon(polygons) => {
                put_count(wkb, polygons.len());
                for rings in polygons {
                    start(wkb, 3, has_z);
                    put_rings(wkb, rings, has_z);
                }
            }
            Self::Collection(members) => {
                put_count(wkb, members.len());
                for member in members {
                    member.write_with(wkb, has_z);
                }
            }
        }
    }

    fn code(&self) -> u32 {
        match self {
            Self::Point(_) => 1,
            Self::LineString(_) => 2,
            Self::Polygon(_) => 3,
            Self::MultiPoint(_) => 4,
            Self::MultiLineString(_) => 5,
            Self::MultiPolygon(_) => 6,
            Self::Collection(_) => 7,
        }
    }

    /// Shows every place.
    fn each(&self, show: &mut dyn FnMut(&Position)) {
        match self {
            Self::Point(place) => place.iter().for_each(show),
            Self::LineString(places) | Self::MultiPoint(places) => places.iter().for_each(show),
            Self::Polygon(lines) | Self::MultiLineString(lines) => {
                lines.iter().flatten().for_each(show);
            }
            Self::MultiPolygon(polygons) => polygons.iter().flatten().flatten().for_each(show),
            Self::Collection(members) => {
                for member in members {
                    member.each(show);
                }
            }
        }
    }
}

fn start(wkb: &mut Vec<u8>, code: u32, has_z: bool) {
    wkb.push(LITTLE_ENDIAN);
    let code = if has_z { code + WITH_Z } else { code };
    wkb.extend(code.to_le_bytes());
}

/// A record has a bound far below 4 Gi places, so a count fits.
fn put_count(wkb: &mut Vec<u8>, count: usize) {
    wkb.extend((count as u32).to_le_bytes());
}

fn put(wkb: &mut Vec<u8>, place: &Position, has_z: bool) {
    let numbers = if has_z { 3 } else { 2 };
    for number in &place[..numbers] {
        wkb.extend(number.to_le_bytes());
    }
}

fn put_line(wkb: &mut Vec<u8>, places: &[Position], has_z: bool) {
    put_count(wkb, places.len());
    for place in places {
        put(wkb, place, has_z);
    }
}

fn put_rings(wkb: &mut Vec<u8>, rings: &[Vec<Position>], has_z: bool) {
    put_count(wkb, rings.len());
    for ring in rings {
        put_line(wkb, ring, has_z);
    }
}

/// The polygon or polygons that rings make: in a shapefile an outer ring runs clockwise, a hole the
/// other way, in any order. Some programs wind them all the other way, so the largest ring, which is no
/// hole, says which way is out. A hole goes to the smallest outer ring around it; one that is in none is
/// a polygon of its own, and it is said that there was one.
pub(crate) fn polygons(rings: Vec<Vec<Position>>) -> Result<(Geometry, bool)> {
    let rings: Vec<_> = rings.into_iter().map(|ring| (area(&ring), ring)).collect();
    let areas = rings.iter().map(|(area, _)| *area);
    let largest = areas.max_by(|one, other| one.abs().total_cmp(&other.abs()));
    let out = largest.unwrap_or_default().signum();
    let (holes, outers): (Vec<_>, Vec<_>) =
        rings.into_iter().partition(|(area, _)| area * out < 0.0);
    let mut finder = Finder::new(&outers);
    let mut polygons: Vec<_> = outers.into_iter().map(|(_, ring)| vec![ring]).collect();
    let mut lost = Vec::new();
    for (_, hole) in holes {
        match finder.find(&hole, &polygons)? {
            Some(at) => polygons[at].push(hole),
            None => lost.push(vec![hole]),
        }
    }
    let any_lost = !lost.is_empty();
    polygons.append(&mut lost);
    Ok(match polygons.len() {
        1 => (Geometry::Polygon(polygons.remove(0)), any_lost),
        _ => (Geometry::MultiPolygon(polygons), any_lost),
    })
}

/// Finds the rings around holes.
struct Finder {
    /// The boxes and places of the outer rings, the smallest ring first.
    outers: Vec<(Bounds, usize)>,
    steps: usize,
}

impl Finder {
    fn new(rings: &[(f64, Vec<Position>)]) -> Self {
        let mut by_area: Vec<_> = (0..rings.len()).collect();
        by_area.sort_by(|&one, &other| rings[one].0.abs().total_cmp(&rings[other].0.abs()));
        let outers = by_area.into_iter();
        let outers = outers.filter_map(|at| Some((Bounds::around(&rings[at].1)?, at)));
        Self {
            outers: outers.collect(),
            steps: 0,
        }
    }

    /// The polygon whose outer ring is the smallest around a hole. There is no choice where there is one
    /// outer ring, so its box will do.
    fn find(
        &mut self,
        hole: &[Position],
        polygons: &[Vec<Vec<Position>>],
    ) -> Result<Option<usize>> {
        let Some(inner) = Bounds::around(hole) else {
            return Ok(None);
        };
        for &(outer, at) in &self.outers {
            self.steps += 1;
            if outer.contains(&inner) {
                let ring = &polygons[at][0];
                self.steps += CORNERS * ring.len();
                if self.outers.len() == 1 || is_inside(hole, ring) {
                    return Ok(Some(at));
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
fn area(ring: &[Position]) -> f64 {
    let Some(&[x, y, _]) = ring.first() else {
        return 0.0;
    };
    let cross = |pair: &[Position]| {
        (pair[0][0] - x) * (pair[1][1] - y) - (pair[1][0] - x) * (pair[0][1] - y)
    };
    ring.windows(2).map(cross).sum()
}

/// Whether a ring lies in another: most of the corners that are looked at do. One corner would not do, as
/// holes may touch their outer ring.
fn is_inside(hole: &[Position], outer: &[Position]) -> bool {
    let step = (hole.len() / CORNERS).max(1);
    let corners: Vec<_> = hole.iter().step_by(step).take(CORNERS).collect();
    let inside = corners.iter().filter(|corner| has_inside(outer, corner));
    inside.count() * 2 > corners.len()
}

/// Even-odd rule.
fn has_inside(ring: &[Position], &[x, y, _]: &Position) -> bool {
    let crosses = |pair: &&[Position]| {
        let ([x1, y1, _], [x2, y2, _]) = (pair[0], pair[1]);
        (y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1
    };
    ring.windows(2).filter(crosses).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, side: f64, clockwise: bool) -> Vec<Position> {
        let mut ring = vec![
            [x, y, f64::NAN],
            [x, y + side, f64::NAN],
            [x + side, y + side, f64::NAN],
            [x + side, y, f64::NAN],
            [x, y, f64::NAN],
        ];
        if !clockwise {
            ring.reverse();
        }
        ring
    }

    #[test]
    fn well_known_binary_is_that_of_iso() {
        let mut wkb = Vec::new();
        Geometry::Point(Some([1.0, 2.0, f64::NAN])).write(&mut wkb);
        // PostGIS: SELECT ST_AsBinary('POINT(1 2)', 'NDR').
        let plain = "0101000000000000000000f03f0000000000000040";
        assert_eq!(hex(&wkb), plain);
        wkb.clear();
        Geometry::LineString(vec![[1.0, 2.0, 3.0]]).write(&mut wkb);
        // Code 1002 = 0x03ea, one place, three numbers.
        let with_z = "01ea03000001000000000000000000f03f00000000000000400000000000000840";
        assert_eq!(hex(&wkb), with_z);
        wkb.clear();
        Geometry::Collection(vec![Geometry::MultiPoint(Vec::new())]).write(&mut wkb);
        assert_eq!(hex(&wkb), "010700000001000000010400000000000000");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn holes_find_the_smallest_ring_around_them() {
        let rings = vec![
            square(4.5, 4.5, 0.5, false),
            square(0.0, 0.0, 10.0, true),
            square(3.0, 3.0, 4.0, false),
            square(4.0, 4.0, 2.0, true),
        ];
        let (geometry, lost) = polygons(rings.clone()).unwrap();
        let [island, sea, lake, islet] = rings.as_slice() else {
            panic!("four rings");
        };
        let expected = Geometry::MultiPolygon(vec![
            vec![sea.clone(), lake.clone()],
            vec![islet.clone(), island.clone()],
        ]);
        assert!(!lost && format!("{geometry:?}") == format!("{expected:?}"));
        let (geometry, lost) = polygons(vec![square(0.0, 0.0, 1.0, false)]).unwrap();
        assert!(!lost && matches!(geometry, Geometry::Polygon(rings) if rings.len() == 1));
        let apart = vec![square(0.0, 0.0, 1.0, true), square(5.0, 5.0, 1.0, false)];
        let (geometry, lost) = polygons(apart).unwrap();
        assert!(lost && matches!(geometry, Geometry::MultiPolygon(all) if all.len() == 2));
    }

    #[test]
    fn rings_may_all_run_the_other_way() {
        let hole = square(1.0, 1.0, 2.0, true);
        let around = square(0.0, 0.0, 9.0, false);
        let islet = square(20.0, 0.0, 1.0, false);
        let (geometry, lost) = polygons(vec![hole.clone(), around.clone()]).unwrap();
        assert!(
            !lost
                && matches!(geometry, Geometry::Polygon(rings) if rings[0][1][..2] == around[1][..2])
        );
        let (geometry, lost) = polygons(vec![islet, hole, around]).unwrap();
        let Geometry::MultiPolygon(polygons) = geometry else {
            panic!("two polygons");
        };
        let rings: Vec<_> = polygons.iter().map(Vec::len).collect();
        assert!(!lost && rings == [1, 2]);
    }

    #[test]
    fn the_search_for_holes_is_bounded() {
        // Two rings with many corners around all holes, in neither of which these are.
        let around = square(0.0, 0.0, 100.0, true);
        let notch = vec![[50.0, 1.0, f64::NAN]; 100_000];
        let around = [&around[..2], &notch[..], &around[2..]].concat();
        let hole = square(49.0, 90.0, 1.0, false);
        let mut rings = vec![around.clone(), around];
        rings.extend(vec![hole; 1_000]);
        let error = polygons(rings).unwrap_err();
        assert!(error.message().contains("too many rings"), "{error}");
    }
}
