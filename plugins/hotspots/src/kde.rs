//! Kernel density on a grid.

use crate::arguments::{Constants, choice_or, given, metric_parameter, number, optional_number};
use crate::call::gathering;
use crate::geometry;
use crate::metric::{EARTH_RADIUS_M, Metric};
use crate::rows::{Layout, Role, Rows};
use arrow_array::{ArrayRef, Float64Array};
use arrow_schema::{DataType, Field, SchemaRef};
use sextant_plugin_sdk::{
    Answer, BoundTable, Description, Error, Feed, Result, Signature, TableFunction,
};
use std::f64::consts::PI;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Cells of a grid, with those that stay empty.
pub(crate) const CELLS_MAX: usize = 4_000_000;

/// Numbers of cells up to here are whole as floating-point numbers.
const CELL_NUMBER_MAX: f64 = (1_u64 << 52) as f64;

/// The kernel is flat, and so should be what it covers.
const BANDWIDTH_MAX_M: f64 = 1_000_000.0;

/// Meridians meet at the poles; cells are no more than a hundred times as many degrees wide as high.
const COS_MIN: f64 = 0.01;

/// How weight is spread around a place (Silverman, "Density Estimation for Statistics and Data
/// Analysis", 1986, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// The quartic kernel, `3 / pi (1 - u^2)^2` within the bandwidth: Silverman's K2.
    Quartic,
    /// The normal density, whose standard deviation is the bandwidth; cut at six bandwidths, beyond
    /// which lies 1.5e-8 of it.
    Gaussian,
}

impl Kernel {
    const CHOICES: [(&'static str, Self); 2] =
        [("quartic", Self::Quartic), ("gaussian", Self::Gaussian)];

    /// Where it ends, in bandwidths.
    fn reach(self) -> f64 {
        match self {
            Self::Quartic => 1.0,
            Self::Gaussian => 6.0,
        }
    }

    /// Its height at a squared distance in bandwidths.
    #[inline]
    fn at(self, squared: f64) -> f64 {
        match self {
            Self::Quartic if squared < 1.0 => 3.0 / PI * (1.0 - squared) * (1.0 - squared),
            Self::Gaussian if squared < 36.0 => 0.5 / PI * (-0.5 * squared).exp(),
            _ => 0.0,
        }
    }
}

/// A kernel density estimate.
#[derive(Clone, Copy, Debug)]
pub struct Kde {
    /// What coordinates and distances mean.
    pub metric: Metric,
    /// How weight is spread.
    pub kernel: Kernel,
    /// How far it is spread, above 0: metres, or the plane's unit.
    pub bandwidth: f64,
    /// The side of a cell, above 0, in the same unit.
    pub cell_size: f64,
}

impl Kde {
    /// The density at the middle of each cell that any weight reaches.
    ///
    /// Density is weight by square kilometre, or by the square of the plane's unit. Sums are made in
    /// the order of the places, which must be sorted by their first coordinate on the sphere.
    ///
    /// Cells of a plane start at multiples of their side. On the sphere their height is the side, and
    /// so is their width at the latitude of a place that is nearest to the equator; they are narrower
    /// elsewhere. So no cell is larger than asked for, and every place reaches one. Rows start at
    /// multiples from the equator, and where the grid goes around the Earth the width is fitted to
    /// it. Distances are along great circles; the kernel itself is flat, as the Earth nearly is
    /// within a bandwidth.
    ///
    /// # Errors
    ///
    /// A cell size above the bandwidth, so that places might fall between the middles of cells; on
    /// the sphere a bandwidth above 1,000 km; a grid of more than 4,000,000 cells, and one whose
    /// cells are too small to be told apart.
    pub fn density(&self, x: &[f64], y: &[f64], weights: &[f64]) -> Result<Density> {
        self.check()?;
        let grid = Grid::new(self, x, y)?;
        let mut values = vec![0.0; grid.columns.count * grid.rows.count];
        let mut across = Vec::new();
        for ((&x, &y), &weight) in x.iter().zip(y).zip(weights) {
            let place = [grid.unrolled(x), y];
            self.spread(&grid, place, weight, &mut across, &mut values);
        }
        let unit = match self.metric {
            Metric::Sphere => self.bandwidth / 1_000.0,
            Metric::Planar => self.bandwidth,
        };
        for value in &mut values {
            *value /= unit * unit;
        }
        let cells = (0..).zip(&values).filter(|(_, density)| **density > 0.0);
        let cells: Vec<u32> = cells.map(|(cell, _)| cell).collect();
        Ok(Density {
            grid,
            values,
            cells,
        })
    }

    fn check(&self) -> Result<()> {
        let [bandwidth, cell_size] = [self.bandwidth, self.cell_size];
        if self.metric == Metric::Sphere && bandwidth > BANDWIDTH_MAX_M {
            return Err(Error::invalid_config(format!(
                "expected a bandwidth of at most {BANDWIDTH_MAX_M} metres, found {bandwidth}"
            )));
        }
        if cell_size > bandwidth {
            return Err(Error::invalid_config(format!(
                "expected a cell_size of at most the bandwidth of {bandwidth}, found {cell_size}"
            )));
        }
        Ok(())
    }

    /// Adds what reaches the cells around a place. The square of a distance is made of a part along
    /// the column of cells and a part across, so that sines are needed for rows and columns only.
    fn spread(
        &self,
        grid: &Grid,
        [x, y]: [f64; 2],
        weight: f64,
        across: &mut Vec<(usize, f64)>,
        values: &mut [f64],
    ) {
        let [reach_x, reach_y] = self.reach(y);
        let squared_bandwidth = self.bandwidth * self.bandwidth;
        let columns = grid.columns.numbers(x - reach_x, x + reach_x);
        across.clear();
        across.extend(columns.take(grid.columns.count).map(|column| {
            let part = self.part(grid.columns.middle(column) - x);
            (grid.columns.place_around(column), part)
        }));
        for row in grid.rows.numbers(y - reach_y, y + reach_y) {
            // A circle around a place near a pole reaches beyond the last row.
            let Some(place) = grid.rows.place(row) else {
                continue;
            };
            let middle = grid.rows.middle(row);
            let along = self.part(middle - y);
            let narrowing = self.narrowing(y, middle);
            let cells = &mut values[place * grid.columns.count..][..grid.columns.count];
            for (column, part) in &*across {
                let squared = self.squared_distance(along + narrowing * part);
                cells[*column] += weight * self.kernel.at(squared / squared_bandwidth);
            }
        }
    }

    /// How far the kernel of a place reaches, in each coordinate.
    fn reach(&self, y: f64) -> [f64; 2] {
        let reach = self.kernel.reach() * self.bandwidth;
        if self.metric == Metric::Planar {
            return [reach, reach];
        }
        let angle = reach / EARTH_RADIUS_M;
        // The meridians that touch a circle around a place; none do where a pole is within.
        let sine = angle.min(PI / 2.0).sin() / y.to_radians().cos();
        let across = if sine < 1.0 {
            sine.asin().to_degrees()
        } else {
            180.0
        };
        [across, angle.to_degrees().min(180.0)]
    }

    /// The part of a difference of one coordinate in a squared distance: its square, or the squared
    /// sine of its half (the haversine formula; Sinnott, "Virtues of the Haversine", 1984).
    #[inline]
    fn part(&self, difference: f64) -> f64 {
        let part = match self.metric {
            Metric::Planar => difference,
            Metric::Sphere => (difference.to_radians() / 2.0).sin(),
        };
        part * part
    }

    /// How much shorter the way across is at two latitudes than at the equator, in the same formula.
    fn narrowing(&self, y: f64, other: f64) -> f64 {
        match self.metric {
            Metric::Planar => 1.0,
            Metric::Sphere => y.to_radians().cos() * other.to_radians().cos(),
        }
    }

    /// The square of the distance whose parts are put together.
    #[inline]
    fn squared_distance(&self, parts: f64) -> f64 {
        match self.metric {
            Metric::Planar => parts,
            Metric::Sphere => (2.0 * EARTH_RADIUS_M * parts.sqrt().min(1.0).asin()).powi(2),
        }
    }
}

/// Columns or rows of cells: number 0 starts at coordinate 0.
#[derive(Clone, Copy, Debug)]
struct Axis {
    step: f64,
    first: i64,
    count: usize,
    /// Where the coordinate ends, on either side.
    most: f64,
}

impl Axis {
    /// From one coordinate to another.
    fn new(step: f64, [low, high]: [f64; 2], most: f64) -> Result<Self> {
        let first = (low.max(-most) / step).floor();
        // Nothing starts where the coordinate ends.
        let last = (high / step).floor().min((most / step).ceil() - 1.0);
        if first.abs().max(last.abs()) > CELL_NUMBER_MAX {
            return Err(Error::invalid_config(
                "expected cells that can be told apart, found a cell_size too small for the coordinates",
            ));
        }
        Ok(Self {
            step,
            first: first as i64,
            // What is too much saturates, and is refused with the grid.
            count: (last - first + 1.0) as usize,
            most,
        })
    }

    /// All longitudes: an even number of columns, so that one starts at the antimeridian.
    fn around(step: f64) -> Self {
        let half = (180.0 / step).ceil();
        Self {
            step: 180.0 / half,
            first: -(half as i64),
            count: 2 * half as usize,
            most: f64::INFINITY,
        }
    }

    /// The numbers of what lies between two coordinates.
    fn numbers(&self, low: f64, high: f64) -> RangeInclusive<i64> {
        let [first, last] = [low, high].map(|end| (end / self.step).floor() as i64);
        first..=last
    }

    fn ends(&self, number: i64) -> [f64; 2] {
        let ends = [number, number + 1].map(|number| number as f64 * self.step);
        ends.map(|end| end.clamp(-self.most, self.most))
    }

    fn middle(&self, number: i64) -> f64 {
        let [start, end] = self.ends(number);
        (start + end) / 2.0
    }

    /// Where a number stands; none beyond both ends.
    fn place(&self, number: i64) -> Option<usize> {
        let place = usize::try_from(number - self.first).ok();
        place.filter(|place| *place < self.count)
    }

    /// Where a number stands, if the first comes after the last.
    fn place_around(&self, number: i64) -> usize {
        (number - self.first).rem_euclid(self.count as i64) as usize
    }
}

/// Cells side by side: columns along the first coordinate, rows along the second.
#[derive(Clone, Copy, Debug)]
struct Grid {
    metric: Metric,
    columns: Axis,
    rows: Axis,
    /// Longitudes below go on at the eastern end, after a turn.
    seam: f64,
}

impl Grid {
    /// A grid of all cells that places reach.
    fn new(kde: &Kde, x: &[f64], y: &[f64]) -> Result<Self> {
        let (seam, most_y) = match kde.metric {
            Metric::Sphere => (seam(x), 90.0),
            Metric::Planar => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let mut ends = None;
        for (&x, &y) in x.iter().zip(y) {
            let [reach_x, reach_y] = kde.reach(y);
            let x = unrolled(seam, x);
            let own = [[x - reach_x, x + reach_x], [y - reach_y, y + reach_y]];
            ends = Some(ends.map_or(own, |ends| spanning(ends, own)));
        }
        // Without places there is one cell that nobody reaches.
        let [ends_x, ends_y] = ends.unwrap_or_default();
        let [step_x, step_y] = steps(kde, y);
        let mut columns = Axis::new(step_x, ends_x, f64::INFINITY)?;
        let rows = Axis::new(step_y, ends_y, most_y)?;
        if kde.metric == Metric::Sphere && columns.count as f64 * step_x > 360.0 {
            columns = Axis::around(step_x);
        }
        if columns.count as f64 * rows.count as f64 > CELLS_MAX as f64 {
            return Err(Error::invalid_config(format!(
                "expected a grid of at most {CELLS_MAX} cells, found {} x {}; hint: a larger \
                 cell_size, or fewer places",
                columns.count, rows.count
            )));
        }
        Ok(Self {
            metric: kde.metric,
            columns,
            rows,
            seam,
        })
    }

    fn unrolled(&self, x: f64) -> f64 {
        unrolled(self.seam, x)
    }
}

/// The low and high ends, in both coordinates, of what two ranges span.
fn spanning(a: [[f64; 2]; 2], b: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    [0, 1].map(|axis| [a[axis][0].min(b[axis][0]), a[axis][1].max(b[axis][1])])
}

/// A longitude on the line that starts at the seam.
fn unrolled(seam: f64, x: f64) -> f64 {
    if x < seam { x + 360.0 } else { x }
}

/// The width and height of a cell: on the sphere in degrees, and no wider anywhere than high.
fn steps(kde: &Kde, y: &[f64]) -> [f64; 2] {
    match kde.metric {
        Metric::Planar => [kde.cell_size; 2],
        Metric::Sphere => {
            let height = (kde.cell_size / EARTH_RADIUS_M).to_degrees();
            let widest = y
                .iter()
                .map(|y| y.to_radians().cos())
                .fold(COS_MIN, f64::max);
            [height / widest, height]
        }
    }
}

/// Where the grid starts: after the widest gap between longitudes, which are sorted. So places on
/// both sides of the antimeridian are near to each other.
fn seam(x: &[f64]) -> f64 {
    let (Some(first), Some(last)) = (x.first(), x.last()) else {
        return f64::NEG_INFINITY;
    };
    let mut widest = (first + 360.0 - last, *first);
    for pair in x.windows(2) {
        if pair[1] - pair[0] > widest.0 {
            widest = (pair[1] - pair[0], pair[1]);
        }
    }
    widest.1
}

/// Densities of the cells of a grid.
#[derive(Clone, Debug)]
pub struct Density {
    grid: Grid,
    values: Vec<f64>,
    /// The cells that have any.
    cells: Vec<u32>,
}

/// A cell and its density.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DensityCell {
    /// The middle: longitude and latitude, or the coordinates of the plane.
    pub middle: [f64; 2],
    /// Weight by square kilometre, or by the square of the plane's unit.
    pub density: f64,
    /// The four corners, counterclockwise.
    pub corners: [[f64; 2]; 4],
}

impl Density {
    /// How many cells have a density above 0.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether no cell has.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// A cell that has, by its place in the order of rows, from south to north, and columns. One that
    /// crosses the antimeridian has corners beyond 180 or -180, and its middle is not.
    pub fn cell(&self, place: usize) -> DensityCell {
        let Grid { columns, rows, .. } = self.grid;
        let cell = self.cells[place] as usize;
        let column = columns.first + (cell % columns.count) as i64;
        let row = rows.first + (cell / columns.count) as i64;
        let turns = match self.grid.metric {
            Metric::Sphere => (columns.middle(column) / 360.0 + 0.5).floor(),
            Metric::Planar => 0.0,
        };
        let [west, east] = columns.ends(column).map(|end| end - 360.0 * turns);
        let [south, north] = rows.ends(row);
        DensityCell {
            middle: [(west + east) / 2.0, rows.middle(row)],
            density: self.values[cell],
            corners: [[west, south], [east, south], [east, north], [west, north]],
        }
    }
}

/// `kde((lon, lat, weight), bandwidth, ..)`.
#[derive(Debug)]
pub(crate) struct KernelDensity;

impl TableFunction for KernelDensity {
    fn describe(&self) -> Description {
        Description::new(
            "kde",
            "Kernel density on a grid (Silverman 1986): for each cell that any place reaches lon and \
             lat of its middle (x and y in a plane), density there (places, or their weight, by square \
             kilometre; by the square of the plane's unit), and geometry (the cell). Distances are \
             along great circles. Cells have their size from south to north, and from west to east \
             where they are nearest to the equator; elsewhere they are narrower. At most 4,000,000.",
        )
        .relation(
            "places",
            Feed::Build,
            "By position: lon, lat (degrees, or the coordinates of a plane) and, where wanted, weight \
             (from 0). No nulls.",
        )
        .parameter(number(
            "bandwidth",
            "How far a place is spread, above 0, in metres and at most 1,000 km (or the plane's unit): \
             the radius of the quartic kernel, the standard deviation of the gaussian.",
        ))
        .parameter(optional_number(
            "cell_size",
            "The side of a cell, above 0 and at most the bandwidth, in the same unit; a quarter of the \
             bandwidth where none is given.",
        ))
        .parameter(choice_or("kernel", "quartic", "quartic or gaussian (cut at six bandwidths)."))
        .parameter(metric_parameter())
        .example(
            "SELECT x, y, round(density, 4) FROM hotspots.kde((SELECT * FROM (VALUES (0.5, 0.5), (1.5, 0.5)) AS t(x, y)), bandwidth => 1.2, cell_size => 1, metric => 'planar') ORDER BY y, x",
            "0.5,-0.5,0.0619\n1.5,-0.5,0.0619\n-0.5,0.5,0.0619\n0.5,0.5,0.7251\n1.5,0.5,0.7251\n2.5,0.5,0.0619\n0.5,1.5,0.0619\n1.5,1.5,0.0619",
        )
        .example(
            "SELECT count(*), round(sum(density) * 0.01, 2) FROM hotspots.kde((SELECT 30.5 AS lon, 50.4 AS lat), bandwidth => 1000, cell_size => 100)",
            "316,1.0",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let constants = Constants(signature);
        let bandwidth = given(constants.positive(0, "a bandwidth")?, "a bandwidth")?;
        let cell_size = constants.positive(1, "a cell_size")?;
        let kde = Kde {
            kernel: constants.choice(2, "a kernel", &Kernel::CHOICES)?,
            metric: constants.choice(3, "a metric", &Metric::CHOICES)?,
            bandwidth,
            cell_size: cell_size.unwrap_or(bandwidth / 4.0),
        };
        let layout = Layout::new(relations, &[Role::X, Role::Y, Role::Weight], kde.metric)?;
        kde.check()?;
        let names = match kde.metric {
            Metric::Sphere => ["lon", "lat", "density"],
            Metric::Planar => ["x", "y", "density"],
        };
        let mut fields = names
            .map(|name| Field::new(name, DataType::Float64, false))
            .to_vec();
        fields.push(geometry::field(kde.metric, false));
        let compute = move |rows: Rows| {
            let rows = merged(rows.by_place());
            let density = kde.density(&rows.x, &rows.y, &rows.values)?;
            Ok(Answer::new(density.len(), move |range| {
                columns(range.map(|place| density.cell(place)).collect())
            }))
        };
        Ok(gathering(layout, fields, compute))
    }
}

/// The rows with the weights of equal places added up, which are next to each other; without weights
/// each row weighs 1. Places are often those of towns, and many events happened there.
fn merged(mut rows: Rows) -> Rows {
    if rows.values.is_empty() {
        rows.values = vec![1.0; rows.len()];
    }
    let mut last = 0;
    for row in 1..rows.len() {
        if rows.x[row] == rows.x[last] && rows.y[row] == rows.y[last] {
            rows.values[last] += rows.values[row];
        } else {
            last += 1;
            (rows.x[last], rows.y[last]) = (rows.x[row], rows.y[row]);
            rows.values[last] = rows.values[row];
        }
    }
    let count = rows.len().min(last + 1);
    for column in [&mut rows.x, &mut rows.y, &mut rows.values] {
        column.truncate(count);
    }
    rows
}

fn columns(cells: Vec<DensityCell>) -> Vec<ArrayRef> {
    let column = |value: fn(&DensityCell) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(cells.iter().map(value)))
    };
    vec![
        column(|cell| cell.middle[0]),
        column(|cell| cell.middle[1]),
        column(|cell| cell.density),
        geometry::polygons(cells.iter().map(|cell| Some(cell.corners))),
    ]
}
