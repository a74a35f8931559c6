//! What an algorithm of the crate geo takes at worst, told before it runs: nothing stops it then, and what it
//! takes grows with the square of what it is given. Relations keep every place in which lines cross; these are
//! counted by a sweep over the lines, sorted along one axis. Sound geometry, whose lines hardly cross, may have
//! millions of points; what would go beyond the bounds is refused.

use super::geometry::{self, Geometry, Kind, Path, Role};
use crate::error::{Error, Result};
use crate::limits::Limits;
use std::mem::replace;

/// Points up to which a relation is not looked at, since it is done in less time than that would take.
const POINTS_SMALL: usize = 64;
/// Points of a line up to which its simplification is not.
const LINE_POINTS_SMALL: usize = 4 << 10;
/// Steps for each point of a geometry of which geo makes its graph of nodes and edges.
const STEPS_GRAPH: u64 = 64;
/// Steps for each point of a geometry of which that graph is copied.
const STEPS_COPY: u64 = 4;
/// Steps for each node of a relation.
const STEPS_NODE: u64 = 256;
/// Steps for each point of a geometry that is repeated in every row.
const STEPS_REPEAT: u64 = 128;
/// Steps of comparing two lines exactly.
const STEPS_EXACT: u64 = 4;
/// Steps of comparing two lines, or a point and a line, where less is exact.
const STEPS_COMPARE: u64 = 2;
/// Steps for each point of a polygon of which it is asked whether it has a place. As a rule the first place
/// is one, so that this is less than what it takes.
const STEPS_TRY: u64 = 8;
/// The sizes of coordinates whose products are neither infinite nor zero.
const SIZES: std::ops::Range<f64> = 1e-100..1e100;

/// The algorithms that have to be bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Effort {
    /// A relation of two geometries, by a graph of nodes, which are the places where lines cross, touch or end.
    Relation,
    /// The distance of two geometries: each line of one from each of the other.
    Distance,
    /// Whether a geometry is valid: each line of a ring beside each other, and each ring beside each other.
    Validity,
    /// Douglas and Peucker's simplification, which may split off a point at a time.
    Splits,
    /// Visvalingam's, which looks at the lines within each triangle that goes away.
    Triangles,
    /// The hull of a geometry, and the box around it, which turns it by each of its sides.
    Hull,
    /// A point within a geometry, on a line through the middle of each polygon.
    PointWithin,
}

/// What one row takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Estimate {
    pub(super) steps: u64,
    /// How deep the algorithm recurses.
    pub(super) depth: usize,
}

impl Effort {
    /// How many of the arguments are geometry; they are the first.
    pub(super) fn geometries(self) -> usize {
        match self {
            Self::Relation | Self::Distance => 2,
            _ => 1,
        }
    }
}

/// A geometry of a row, and of the next ones that have the same, as those of a join have.
#[derive(Debug)]
struct Known<'a> {
    bytes: &'a [u8],
    geometry: Geometry,
    /// Its nodes and the steps to them, once they were counted.
    nodes: Option<(usize, u64)>,
}

impl<'a> Known<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self> {
        Ok(Self {
            bytes,
            geometry: geometry::read(bytes)?,
            nodes: None,
        })
    }

    /// The nodes of a relation that this geometry has by itself.
    fn nodes(&mut self, limits: &Limits) -> Result<(usize, u64)> {
        if let Some(nodes) = self.nodes {
            return Ok(nodes);
        }
        let ends = self.geometry.ends;
        let (crossings, steps) = match self.geometry.vertices {
            0..=POINTS_SMALL => (0, 0),
            _ => {
                // A ring of these is taken to be one that does not cross itself.
                let is_area = matches!(self.geometry.kind, Kind::Polygon | Kind::MultiPolygon);
                let segments = segments(self.bytes, Side::One)?;
                let is_counted = |one: &Segment, two: &Segment| !is_area || one.path != two.path;
                match is_area && ends == 1 {
                    true => (0, checked_steps(fewest_overlaps(&segments).1, limits)?),
                    false => count(segments, is_counted, limits)?,
                }
            }
        };
        let nodes = checked_nodes(ends + crossings, limits)?;
        Ok(*self.nodes.insert((nodes, steps)))
    }

    /// Points that are of no line, which are nodes as well, but small ones.
    fn loose_points(&self) -> usize {
        self.geometry.points - self.geometry.vertices
    }
}

/// Tells what each row takes.
#[derive(Debug)]
pub(super) struct Estimator<'a> {
    effort: Effort,
    /// Which geometries are the same for all rows.
    is_constant: &'a [bool],
    /// How far a simplified line may be from the line.
    tolerance: f64,
    limits: &'a Limits,
    known: [Option<Known<'a>>; 2],
}

impl<'a> Estimator<'a> {
    pub(super) fn new(
        effort: Effort,
        is_constant: &'a [bool],
        tolerance: f64,
        limits: &'a Limits,
    ) -> Self {
        Self {
            effort,
            is_constant,
            tolerance,
            limits,
            known: [None, None],
        }
    }

    /// What a row takes; next to nothing where a geometry of it is null.
    ///
    /// # Errors
    ///
    /// Where that is more than the bounds allow, and where geo has no answer for a geometry.
    pub(super) fn estimate(&mut self, row: &[Option<&'a [u8]>]) -> Result<Estimate> {
        for (known, bytes) in self.known.iter_mut().zip(row) {
            let is_other = |known: &Known<'_>| bytes.is_none_or(|bytes| bytes != known.bytes);
            if known.as_ref().is_none_or(is_other) {
                *known = bytes.map(Known::read).transpose()?;
            }
        }
        let steps = match &mut self.known {
            [Some(one), Some(two)] if self.effort == Effort::Relation => {
                relation([one, two], self.is_constant, self.limits)?
            }
            [Some(one), Some(two)] => distance([one, two], self.is_constant),
            [one, two] if self.effort.geometries() == 2 => {
                // geo makes the graph of a constant whatever the rows are.
                let constants = [one, two].into_iter().zip(self.is_constant);
                for (known, _) in constants.filter(|(_, is_constant)| **is_constant) {
                    if let (Some(known), Effort::Relation) = (known, self.effort) {
                        known.nodes(self.limits)?;
                    }
                }
                0
            }
            [Some(known), _] => {
                let (bytes, points) = (known.bytes, known.geometry.points);
                return self.of_one(bytes, points);
            }
            [None, _] => 0,
        };
        Ok(Estimate {
            steps: checked_steps(steps, self.limits)?,
            depth: 0,
        })
    }

    /// What a function of one geometry takes.
    fn of_one(&self, bytes: &[u8], points: usize) -> Result<Estimate> {
        let paths = geometry::paths(bytes)?;
        let (steps, depth) = match self.effort {
            Effort::Validity => (validity(&paths, points), 0),
            Effort::Triangles => {
                let segments = segments(bytes, Side::One)?;
                (fewest_overlaps(&segments).1, 0)
            }
            Effort::Hull => (hull(paths)?, points),
            Effort::PointWithin => {
                let polygons = paths.chunk_by(|_, next| next.role == Role::Interior);
                let polygons = polygons.map(point_within);
                (polygons.fold(0, u64::saturating_add), points)
            }
            Effort::Splits | Effort::Relation | Effort::Distance => {
                splits(&paths, self.tolerance, self.limits)?
            }
        };
        let steps = checked_steps(steps, self.limits)?;
        Ok(Estimate { steps, depth })
    }
}

/// A number of things as steps.
fn steps(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn checked_steps(steps: u64, limits: &Limits) -> Result<u64> {
    let limit = limits.geometry_steps_max;
    match steps <= limit {
        true => Ok(steps),
        false => Err(Error::limit(format!(
            "a row would take {steps} steps, and the limit is {limit}"
        ))
        .with_hint("st_simplify makes less of geometry; or raise limits.geometry_steps_max in sextant.toml if this is meant to be")),
    }
}

fn checked_nodes(nodes: usize, limits: &Limits) -> Result<usize> {
    let limit = limits.geometry_nodes_max;
    match nodes <= limit {
        true => Ok(nodes),
        false => Err(Error::limit(format!(
            "lines of the geometry cross, touch or end in {nodes} places or more, and the limit is {limit}"
        ))
        .with_hint("mend the geometry, or make less of it by st_simplify; or raise limits.geometry_nodes_max in sextant.toml if this is meant to be")),
    }
}

/// The steps of relating two geometries. Every node of one is looked for in the other, unless it is of both, and
/// places where both cross are looked for among all nodes.
fn relation(both: [&mut Known<'_>; 2], is_constant: &[bool], limits: &Limits) -> Result<u64> {
    let [one, two] = both;
    let points = [one.geometry.points, two.geometry.points].map(steps);
    let graphs = points.into_iter().zip(is_constant);
    let graphs = graphs.map(|(points, is_constant)| match *is_constant {
        true => points * STEPS_COPY,
        false => points * STEPS_GRAPH,
    });
    let graphs: u64 = graphs.sum();
    let meets = one.geometry.bounds.meet(&two.geometry.bounds);
    let mut nodes = [0, 0];
    let mut steps_all = graphs;
    let values = [&mut *one, &mut *two].into_iter().zip(is_constant);
    for (nodes, (known, is_constant)) in nodes.iter_mut().zip(values) {
        // Where the boxes do not meet, geo looks no further, except at constants, once and before it looks at rows.
        if meets || *is_constant {
            let (own, steps) = known.nodes(limits)?;
            *nodes = own;
            steps_all += if *is_constant { 0 } else { steps };
        }
    }
    if !meets {
        return Ok(graphs);
    }
    let (common, common_steps) = common_nodes(one, two, limits)?;
    let all = checked_nodes(nodes[0] + nodes[1] + common, limits)?;
    let loose = [one.loose_points(), two.loose_points()];
    let found = [
        steps(nodes[0] + loose[0]).saturating_mul(points[1]),
        steps(nodes[1] + loose[1]).saturating_mul(points[0]),
        steps(common).saturating_mul(steps(nodes[0] + nodes[1])),
        steps(all).saturating_mul(STEPS_NODE),
        common_steps,
    ];
    Ok(found.into_iter().fold(steps_all, u64::saturating_add))
}

/// The nodes in which lines of one geometry meet lines of the other, and the steps to them.
fn common_nodes(one: &Known<'_>, two: &Known<'_>, limits: &Limits) -> Result<(usize, u64)> {
    let (left, right) = (one.geometry.vertices, two.geometry.vertices);
    if left == 0 || right == 0 || left + right <= POINTS_SMALL {
        return Ok((0, 0));
    }
    // Lines beside the box of the other geometry meet none of it.
    let within = |known: &Known<'_>, side, other: &Known<'_>| -> Result<Vec<Segment>> {
        let mut segments = segments(known.bytes, side)?;
        let bounds = ['x', 'y'].map(|axis| other.geometry.bounds.along(axis));
        segments.retain(|segment| {
            let mut along = bounds.iter().enumerate();
            along.all(|(axis, bounds)| {
                let meets = |(least, greatest): (f64, f64)| {
                    segment.low[axis] <= greatest && least <= segment.high[axis]
                };
                bounds.is_some_and(meets)
            })
        });
        Ok(segments)
    };
    let mut segments = within(one, Side::One, two)?;
    segments.extend(within(two, Side::Two, one)?);
    count(segments, |one, two| one.side != two.side, limits)
}

/// The steps to a distance: each line of one geometry is compared to each of the other. A constant is repeated
/// for each row.
fn distance(both: [&mut Known<'_>; 2], is_constant: &[bool]) -> u64 {
    let points = both.map(|known| steps(known.geometry.points));
    let constants = points.iter().zip(is_constant);
    let constants = constants.filter(|(_, is_constant)| **is_constant);
    let repeated: u64 = constants.map(|(points, _)| points * STEPS_REPEAT).sum();
    let [one, two] = points;
    one.saturating_mul(two)
        .saturating_mul(STEPS_EXACT)
        .saturating_add(repeated)
}

/// The steps of checking rings, each by itself and all of them by pairs, which looks at all of their points.
fn validity(paths: &[Path], points: usize) -> u64 {
    let rings = paths.iter().filter(|path| path.role.is_ring());
    let squares = rings.clone().map(|ring| square(ring.points.len()));
    let squares = squares.fold(0, u64::saturating_add);
    let pairs = steps(rings.count()).saturating_mul(steps(points));
    squares
        .saturating_mul(STEPS_COMPARE)
        .saturating_add(pairs.saturating_mul(STEPS_GRAPH))
}

fn square(number: usize) -> u64 {
    steps(number).saturating_mul(steps(number))
}

/// The steps of simplifying lines, and how deep that is: counted by doing the same without recursion.
fn splits(paths: &[Path], tolerance: f64, limits: &Limits) -> Result<(u64, usize)> {
    let (mut steps_all, mut deepest) = (0, 0);
    for Path { points, .. } in paths {
        // Nothing is done without a tolerance.
        if points.len() <= LINE_POINTS_SMALL || tolerance <= 0.0 {
            steps_all += steps(points.len()) * STEPS_GRAPH;
            deepest = deepest.max(points.len().min(LINE_POINTS_SMALL));
            continue;
        }
        let mut left = vec![(0, points.len() - 1, 1)];
        while let Some((first, last, depth)) = left.pop() {
            deepest = deepest.max(depth);
            steps_all += steps(last - first) * STEPS_COMPARE;
            checked_steps(steps_all, limits)?;
            let mut farthest = (first, 0.0);
            let between = points.iter().enumerate().take(last).skip(first + 1);
            for (index, point) in between {
                let distance = distance_to_line(*point, points[first], points[last]);
                if distance >= farthest.1 {
                    farthest = (index, distance);
                }
            }
            if farthest.1 > tolerance {
                left.push((first, farthest.0, depth + 1));
                left.push((farthest.0, last, depth + 1));
            }
        }
    }
    Ok((steps_all, deepest))
}

/// How far a point is from a line between two others: as geo computes it, since it matters which of several
/// is the farthest.
fn distance_to_line(point: [f64; 2], start: [f64; 2], end: [f64; 2]) -> f64 {
    let from = |other: [f64; 2]| (other[0] - point[0]).hypot(other[1] - point[1]);
    if start == end {
        return from(start);
    }
    let (dx, dy) = (end[0] - start[0], end[1] - start[1]);
    let squared = dx * dx + dy * dy;
    let along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / squared;
    if along <= 0.0 {
        return from(start);
    }
    if along >= 1.0 {
        return from(end);
    }
    let across = ((start[1] - point[1]) * dx - (start[0] - point[0]) * dy) / squared;
    across.abs() * dx.hypot(dy)
}

/// The square of the points of a hull, found by Andrew's monotone chain (A. M. Andrew, "Another efficient algorithm
/// for convex hulls in two dimensions", 1979). geo's recurses for each point where it cannot tell which is the
/// farthest, since the product of their coordinates is infinite or zero.
fn hull(paths: Vec<Path>) -> Result<u64> {
    let mut points: Vec<_> = paths.into_iter().flat_map(|path| path.points).collect();
    let is_sized = |c: f64| c == 0.0 || SIZES.contains(&c.abs());
    if let Some(odd) = points.iter().flatten().find(|c| !is_sized(**c)) {
        return Err(Error::data(format!(
            "a coordinate is {odd:e}, and no hull is made of those"
        )));
    }
    points.sort_unstable_by(|one, two| one[0].total_cmp(&two[0]).then(one[1].total_cmp(&two[1])));
    points.dedup();
    let around = chain(points.iter()) + chain(points.iter().rev());
    Ok(square(around).saturating_add(steps(points.len()) * STEPS_GRAPH))
}

/// How many of some points, in their order, are left where each turns to the left.
fn chain<'a>(points: impl Iterator<Item = &'a [f64; 2]>) -> usize {
    let mut chain: Vec<[f64; 2]> = Vec::new();
    for point in points {
        while let [.., one, two] = chain.as_slice()
            && turn(*one, *two, *point) <= 0
        {
            chain.pop();
        }
        chain.push(*point);
    }
    chain.len()
}

/// The steps to a point within a polygon, whose rings these are: all lines are compared that overlap along x, and
/// places between the lines that cross the middle are tried. The middle is moved where it goes through a point.
fn point_within(rings: &[Path]) -> u64 {
    let mut segments = Vec::new();
    for (index, ring) in rings
        .iter()
        .enumerate()
        .filter(|(_, path)| path.role.is_ring())
    {
        add_segments(&mut segments, ring, index, Side::One);
    }
    let points = || rings.iter().flat_map(|ring| &ring.points).map(|[_, y]| *y);
    let (least, greatest) = points().fold((f64::INFINITY, f64::NEG_INFINITY), |all, y| {
        (all.0.min(y), all.1.max(y))
    });
    let middle = f64::midpoint(least, greatest);
    let others = points().filter(|y| *y != middle);
    let nearest = others.min_by(|one, two| (one - middle).abs().total_cmp(&(two - middle).abs()));
    let middle = match nearest {
        Some(nearest) if points().any(|y| y == middle) => f64::midpoint(middle, nearest),
        _ => middle,
    };
    let crossing = segments.iter();
    let crossing = crossing.filter(|segment| segment.low[1] <= middle && middle <= segment.high[1]);
    let tries = steps(crossing.count()).saturating_mul(steps(segments.len()));
    tries
        .saturating_mul(STEPS_TRY)
        .saturating_add(overlaps(&segments, 0))
}

/// Whose a segment is, of two geometries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    One,
    Two,
}

/// A piece of a line, from one of its points to the next one.
#[derive(Clone, Copy, Debug)]
struct Segment {
    start: [f64; 2],
    end: [f64; 2],
    low: [f64; 2],
    high: [f64; 2],
    path: usize,
    side: Side,
}

/// The segments of a geometry.
fn segments(bytes: &[u8], side: Side) -> Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for (index, path) in geometry::paths(bytes)?.iter().enumerate() {
        let mut coordinates = path.points.iter().flatten();
        if let Some(odd) = coordinates.find(|c| !c.is_finite()) {
            return Err(Error::data(format!("a coordinate is {odd}")));
        }
        if path.role != Role::Point {
            add_segments(&mut segments, path, index, side);
        }
    }
    Ok(segments)
}

/// Adds the segments of a path. A ring that is open gets closed, as geo does it.
fn add_segments(segments: &mut Vec<Segment>, path: &Path, index: usize, side: Side) {
    let closing = path.points.first().filter(|_| path.role.is_ring());
    let ends = path.points.iter().chain(closing).skip(1);
    for (start, end) in path.points.iter().zip(ends) {
        // A point that is repeated is one.
        if start != end {
            segments.push(Segment {
                start: *start,
                end: *end,
                low: [start[0].min(end[0]), start[1].min(end[1])],
                high: [start[0].max(end[0]), start[1].max(end[1])],
                path: index,
                side,
            });
        }
    }
}

/// How many pairs of segments overlap along an axis.
fn overlaps(segments: &[Segment], axis: usize) -> u64 {
    let spans = segments.iter().map(|one| (one.low[axis], one.high[axis]));
    let mut spans: Vec<_> = spans.collect();
    spans.sort_unstable_by(|one, two| one.0.total_cmp(&two.0));
    let later = spans.iter().enumerate().map(|(index, (_, high))| {
        let begun = spans.partition_point(|(low, _)| low <= high);
        steps(begun.saturating_sub(index + 1))
    });
    later.sum()
}

/// The axis along which fewer pairs of segments overlap, and how many.
fn fewest_overlaps(segments: &[Segment]) -> (usize, u64) {
    let along = [overlaps(segments, 0), overlaps(segments, 1)];
    let axis = usize::from(along[1] < along[0]);
    (axis, along[axis])
}

/// Counts the nodes of pairs of segments, and the steps to them, by a sweep along the axis along which fewer overlap.
fn count(
    mut segments: Vec<Segment>,
    is_counted: impl Fn(&Segment, &Segment) -> bool,
    limits: &Limits,
) -> Result<(usize, u64)> {
    let (axis, steps) = fewest_overlaps(&segments);
    let across = 1 - axis;
    checked_steps(steps, limits)?;
    segments.sort_unstable_by(|one, two| one.low[axis].total_cmp(&two.low[axis]));
    let mut nodes = 0;
    for (index, one) in segments.iter().enumerate() {
        let later = segments[index + 1..].iter();
        let mut starts_in_node = false;
        for two in later.take_while(|two| two.low[axis] <= one.high[axis]) {
            let overlap =
                two.low[across] <= one.high[across] && one.low[across] <= two.high[across];
            if !overlap || !is_counted(one, two) {
                continue;
            }
            match meeting(one, two) {
                Meeting::None => {}
                Meeting::Start if replace(&mut starts_in_node, true) => {}
                Meeting::Start | Meeting::Other => nodes += 1,
            }
        }
        checked_nodes(nodes, limits)?;
    }
    Ok((nodes, steps))
}

/// Where two segments meet, as far as that is a node that no others make.
enum Meeting {
    /// They do not, or one begins where the other ends: there, as a rule, another begins.
    None,
    /// Where they begin.
    Start,
    Other,
}

fn meeting(one: &Segment, two: &Segment) -> Meeting {
    let from_start = one.start == two.start;
    let is_same = from_start && one.end == two.end;
    if is_same || one.start == two.end && one.end == two.start {
        return Meeting::Start;
    }
    // The place that they share, if they do, and where they go from there.
    let (place, there, that) = if from_start {
        (one.start, one.end, two.end)
    } else if one.start == two.end {
        (one.start, one.end, two.start)
    } else if one.end == two.start {
        (one.end, one.start, two.end)
    } else if one.end == two.end {
        (one.end, one.start, two.start)
    } else {
        let is_beside = |one: &Segment, two: &Segment| {
            let sides = [two.start, two.end].map(|end| turn(one.start, one.end, end));
            sides[0] * sides[1] > 0
        };
        return match is_beside(one, two) || is_beside(two, one) {
            true => Meeting::None,
            false => Meeting::Other,
        };
    };
    let along: f64 = [0, 1]
        .map(|axis: usize| (there[axis] - place[axis]) * (that[axis] - place[axis]))
        .iter()
        .sum();
    match turn(place, there, that) == 0 && along > 0.0 {
        true => Meeting::Other,
        false if from_start => Meeting::Start,
        false => Meeting::None,
    }
}

/// To which side the way from one point over another to a third turns: 1 to the left, -1 to the right; 0 where it
/// goes straight on, or so nearly that rounding may hide it (J. R. Shewchuk, "Adaptive precision floating-point
/// arithmetic and fast robust geometric predicates", 1997, has the bound of the error).
fn turn(one: [f64; 2], two: [f64; 2], three: [f64; 2]) -> i8 {
    let left = (one[0] - three[0]) * (two[1] - three[1]);
    let right = (one[1] - three[1]) * (two[0] - three[0]);
    let (turn, error) = (left - right, (left.abs() + right.abs()) * 4e-16);
    match turn.abs() > error {
        true if turn > 0.0 => 1,
        true => -1,
        false => 0,
    }
}
