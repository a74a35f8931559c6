//! Against what PySAL, scikit-learn, SciPy and H3 say of the same data, and against the ways in
//! which data goes wrong.

use crate::dbscan::{Dbscan, dbscan};
use crate::getis_ord::{GetisOrd, getis_ord};
use crate::h3_bins::H3Bins;
use crate::kde::{Kde, Kernel, KernelDensity};
use crate::knox::{KnoxTest, knox};
use crate::metric::{EARTH_RADIUS_M, Metric, Places};
use crate::moran_global::{MoranGlobal, moran_global, moran_global_p};
use crate::moran_local::{MoranLocal, moran_local};
use crate::neighbours::Neighbours;
use crate::rows::DAY_US;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, NullArray, RecordBatch,
    StringArray, StringViewArray, TimestampNanosecondArray,
};
use arrow_schema::DataType;
use sextant_plugin_sdk::testing::call_table;
use sextant_plugin_sdk::{Result, Signature, TableFunction};
use std::sync::Arc;

// --- Calling functions as SQL does ---

fn floats(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn whole(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn text(value: &str) -> ArrayRef {
    Arc::new(StringViewArray::from(vec![value]))
}

fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    let columns = columns.map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("equal lengths")
}

/// The batches of a call with some arguments, and defaults for the others.
fn call(
    function: &dyn TableFunction,
    rows: &RecordBatch,
    given: &[(&str, ArrayRef)],
) -> Result<Vec<RecordBatch>> {
    let parameters = function.describe().parameters.into_iter();
    let arguments = parameters.map(|parameter| {
        let own = given.iter().find(|(name, _)| *name == parameter.name);
        let own = own.map(|(_, value)| Arc::clone(value));
        own.or(parameter.default).expect("it has a value")
    });
    call_table(function, vec![rows.clone()], arguments.collect())
}

/// The rows of a call as lines of text; geometry as hexadecimal digits.
fn lines(
    function: &dyn TableFunction,
    rows: &RecordBatch,
    given: &[(&str, ArrayRef)],
) -> Vec<String> {
    let batches = call(function, rows, given).expect("it runs");
    let mut lines = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| show(column, row));
            lines.push(cells.collect::<Vec<_>>().join(","));
        }
    }
    lines
}

fn show(column: &ArrayRef, row: usize) -> String {
    match column.data_type() {
        _ if column.is_null(row) => "null".to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Binary => {
            let bytes = column.as_binary::<i32>().value(row).iter();
            bytes.map(|byte| format!("{byte:02x}")).collect()
        }
        _ => column.as_string_view().value(row).to_owned(),
    }
}

/// A column of numbers of the one batch of a call.
fn numbers(batches: &[RecordBatch], name: &str) -> Vec<Option<f64>> {
    let columns = batches.iter().map(|batch| batch.column_by_name(name));
    let columns = columns.map(|column| column.expect("it is there").as_primitive::<Float64Type>());
    columns.flat_map(|column| column.iter()).collect()
}

#[track_caller]
fn assert_near(found: f64, due: f64, tolerance: f64) {
    assert!((found - due).abs() <= tolerance, "{found} and {due}");
}

// --- Data of PySAL ---

/// The six places of PySAL's tests (esda 2.9.0, tests/test_getisord.py).
const X: [f64; 6] = [10.0, 20.0, 40.0, 15.0, 30.0, 30.0];
const Y: [f64; 6] = [10.0, 10.0, 10.0, 20.0, 20.0, 30.0];
const VALUES: [f64; 6] = [2.0, 3.0, 3.2, 5.0, 8.0, 7.0];

fn six() -> RecordBatch {
    batch([
        ("id", whole(&[1, 2, 3, 4, 5, 6])),
        ("lon", floats(&X)),
        ("lat", floats(&Y)),
        ("value", floats(&VALUES)),
    ])
}

fn planar(distance: f64) -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("distance", floats(&[distance])),
        ("metric", text("planar")),
        ("permutations", whole(&[99])),
    ]
}

/// Homicides around St. Louis, 1988-93: the values, the neighbours and the figures of each county.
/// Values and neighbours are libpysal 4.14.1's examples stl_hom.txt (HR8893) and stl.gal; the figures
/// are esda 2.9.0's: `G_Local(transform="B")` without and with star, `Moran_Local`, its z under
/// conditional randomisation from EIc and VIc, and p_sim of 9,999 permutations.
struct County {
    value: f64,
    neighbours: Vec<u32>,
    gi: f64,
    gi_star: f64,
    i: f64,
    z: f64,
    quadrant: String,
    p: f64,
}

fn counties() -> Vec<County> {
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let county = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        let neighbours = cells[1]
            .split(' ')
            .map(|row| row.parse::<u32>().expect("a row"));
        County {
            value: number(cells[0]),
            neighbours: neighbours.collect(),
            gi: number(cells[2]),
            gi_star: number(cells[3]),
            i: number(cells[4]),
            z: number(cells[5]),
            quadrant: cells[6].to_owned(),
            p: number(cells[7]),
        }
    };
    let lines = include_str!("tests/stl.csv").lines().skip(1);
    lines.map(county).collect()
}

fn st_louis() -> (Vec<County>, Vec<f64>, Neighbours) {
    let counties = counties();
    assert_eq!(counties.len(), 78);
    let values = counties.iter().map(|county| county.value).collect();
    let lists: Vec<_> = counties
        .iter()
        .map(|county| county.neighbours.clone())
        .collect();
    let neighbours = Neighbours::from_lists(&lists).expect("few");
    (counties, values, neighbours)
}

/// An event of Burkitt's lymphoma in Uganda, 1961-75 (libpysal 4.14.1, example burkitt), with its
/// cluster and whether it is a core, as scikit-learn 1.9.1 says:
/// `DBSCAN(eps=10, min_samples=3)`.
struct Event {
    x: f64,
    y: f64,
    day: i64,
    cluster: Option<u32>,
    is_core: bool,
}

fn burkitt() -> Vec<Event> {
    let event = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        Event {
            x: cells[0].parse().expect("a number"),
            y: cells[1].parse().expect("a number"),
            day: cells[2].parse().expect("a day"),
            cluster: cells[3].parse().ok(),
            is_core: cells[4] == "1",
        }
    };
    let lines = include_str!("tests/burkitt.csv").lines().skip(1);
    let events: Vec<_> = lines.map(event).collect();
    assert_eq!(events.len(), 188);
    events
}

// --- Getis-Ord ---

/// The z of esda 2.9.0's documentation of `G_Local` (getisord.py), of which tests/test_getisord.py
/// checks the first of each.
#[test]
fn gi_and_gi_star_are_those_of_pysal() {
    let places = Places::new(Metric::Planar, &X, &Y);
    let neighbours = Neighbours::within(&places, 15.0).expect("few");
    let gi = [
        -1.013_672_90,
        -0.043_615_89,
        1.315_587_03,
        -0.314_126_76,
        1.153_739_86,
        1.778_339_41,
    ];
    let gi_star = [
        -1.397_276_26,
        -0.289_177_62,
        0.650_649_64,
        -0.289_177_62,
        1.234_520_88,
        2.024_243_31,
    ];
    for (star, due) in [(false, gi), (true, gi_star)] {
        let found = getis_ord(&VALUES, &neighbours, star);
        for (found, due) in found.into_iter().zip(due) {
            assert_near(found.expect("it has neighbours"), due, 1e-8);
        }
    }
}

#[test]
fn local_statistics_of_st_louis_are_those_of_pysal() {
    let (counties, values, neighbours) = st_louis();
    let gi = getis_ord(&values, &neighbours, false);
    let gi_star = getis_ord(&values, &neighbours, true);
    let morans = moran_local(&values, &neighbours);
    for (row, county) in counties.iter().enumerate() {
        assert_near(gi[row].expect("a z"), county.gi, 1e-8);
        assert_near(gi_star[row].expect("a z"), county.gi_star, 1e-8);
        let moran = morans[row].expect("it has neighbours");
        assert_near(moran.i, county.i, 1e-8);
        assert_near(moran.z.expect("a z"), county.z, 1e-8);
        assert_eq!(moran.quadrant(), county.quadrant);
    }
}

/// PySAL's pseudo p-value is one-sided, and rests on other permutations: one of 9,999 has a standard
/// deviation of at most 0.005.
#[test]
fn permutations_of_st_louis_come_near_to_those_of_pysal() {
    let (counties, values, neighbours) = st_louis();
    let deviations = crate::lag::Deviations::new(&values).expect("they differ");
    let found = deviations.permutation_p(&neighbours, 9_999, 3);
    for (found, county) in found.into_iter().zip(counties) {
        let due = (2.0 * county.p).min(1.0);
        assert_near(found.expect("it has neighbours"), due, 0.05);
    }
}

#[test]
fn hot_spots_in_sql() {
    let found = lines(&GetisOrd, &six(), &planar(15.0));
    let cells: Vec<Vec<_>> = found.iter().map(|line| line.split(',').collect()).collect();
    let of = |column: usize| cells.iter().map(|cells| cells[column]).collect::<Vec<_>>();
    assert_eq!(of(0), ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(of(1), ["2", "3", "3.2", "5", "8", "7"]);
    assert_eq!(of(2), ["2", "3", "1", "3", "4", "1"]);
    assert_eq!(of(6)[4..], ["not significant", "hot 95 %"]);
    // A point at 30, 30.
    assert_eq!(of(7)[5], "01010000000000000000003e400000000000003e40");

    let batches = call(&GetisOrd, &six(), &planar(15.0)).expect("it runs");
    let p = numbers(&batches, "p");
    // Twice esda's p_norm.
    assert_near(p[5].expect("a p"), 2.0 * 0.021_472_561_709_936_267, 1e-9);
    let permuted = numbers(&batches, "p_permutation");
    assert!(
        permuted
            .iter()
            .all(|p| p.is_some_and(|p| (0.02..=1.0).contains(&p)))
    );
}

// --- Moran ---

/// I and p under normality: esda 2.9.0, tests/test_moran.py (`test_moran`, where p is one-sided); the
/// other figures are `Moran(y, w)` of the same version.
#[test]
fn global_moran_of_st_louis_is_that_of_pysal() {
    let (_, values, neighbours) = st_louis();
    let moran = moran_global(&values, &neighbours).expect("values differ");
    assert_near(moran.i, 0.243_655_826_217_716_6, 1e-12);
    assert_near(moran.expected, -0.012_987_012_987_012_988, 1e-15);
    let normality = moran.variance_normality;
    assert_near(
        normality.expect("there is one"),
        0.004_968_139_260_116_119,
        1e-12,
    );
    let z = moran.z(normality).expect("there is one");
    assert_near(
        crate::normal::two_sided_p(z),
        2.0 * 0.000_135_739_313_854_688_07,
        1e-12,
    );
    let randomisation = moran.variance_randomisation;
    assert_near(
        randomisation.expect("there is one"),
        0.002_976_102_828_610_931,
        1e-12,
    );
    assert_near(
        moran.z(randomisation).expect("there is one"),
        4.704_410_220_874_632,
        1e-9,
    );
    // esda's one-sided p_sim of 999 permutations is 0.002.
    let p = moran_global_p(&values, &neighbours, 999, 1).expect("there is one");
    assert!(p <= 0.006, "{p}");
}

/// esda 2.9.0, `Moran(y, w)` with `KNN(points, k=2)`, which is not mutual, and with a seventh place
/// without neighbours.
#[test]
fn global_moran_of_one_sided_and_lonely_neighbours_is_that_of_pysal() {
    let places = Places::new(Metric::Planar, &X, &Y);
    let neighbours = Neighbours::nearest(&places, 2).expect("few");
    let moran = moran_global(&VALUES, &neighbours).expect("values differ");
    assert_near(moran.i, 0.250_871_080_139_372_87, 1e-12);
    assert_near(
        moran.variance_normality.expect("one"),
        0.062_380_952_380_952_38,
        1e-12,
    );
    assert_near(
        moran.variance_randomisation.expect("one"),
        0.075_497_861_250_389_5,
        1e-12,
    );

    let lonely = |all: [f64; 6], one: f64| [&all[..], &[one]].concat();
    let places = Places::new(Metric::Planar, &lonely(X, 500.0), &lonely(Y, 500.0));
    let neighbours = Neighbours::within(&places, 15.0).expect("few");
    let moran = moran_global(&lonely(VALUES, 4.0), &neighbours).expect("values differ");
    assert_near(moran.i, 0.161_992_521_367_521_24, 1e-12);
    assert_near(
        moran.variance_normality.expect("one"),
        0.081_082_818_930_041_21,
        1e-12,
    );
    assert_near(
        moran.variance_randomisation.expect("one"),
        0.086_800_609_370_053_86,
        1e-12,
    );
}

#[test]
fn clusters_and_outliers_in_sql() {
    let found = lines(&MoranLocal, &six(), &planar(15.0));
    let quadrants: Vec<_> = found.iter().map(|line| line.split(',').nth(7)).collect();
    let due = ["LL", "LH", "LH", "HL", "HL", "HH"].map(Some);
    assert_eq!(quadrants, due);
    let found = lines(&MoranGlobal, &six(), &planar(15.0));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("6,0,0.1189895470383"), "{found:?}");
}

// --- Kernel density ---

/// `scipy.stats.multivariate_normal.pdf` with the covariance 0.49 of each place, weighted and added
/// up; SciPy 1.17.1. What is cut off is below 1e-8.
#[test]
fn gaussian_density_is_that_of_scipy() {
    let kde = Kde {
        metric: Metric::Planar,
        kernel: Kernel::Gaussian,
        bandwidth: 0.7,
        cell_size: 0.5,
    };
    let (x, y) = ([0.0, 1.0, 1.5, 4.0], [0.0, 2.0, 0.5, 3.0]);
    let density = kde
        .density(&x, &y, &[1.0, 2.0, 1.0, 0.5])
        .expect("few cells");
    assert_eq!(density.len(), 403);
    let cells: Vec<_> = (0..density.len())
        .map(|place| density.cell(place))
        .collect();
    for (middle, due) in [
        ([0.25, 0.25], 0.363_858_918_415_077_06),
        ([1.25, 1.75], 0.636_603_981_718_337_7),
        ([3.75, 2.75], 0.143_128_513_695_361_95),
    ] {
        let cell = cells
            .iter()
            .find(|cell| cell.middle == middle)
            .expect("it is reached");
        assert_near(cell.density, due, 1e-8);
        let [south_west, _, north_east, _] = cell.corners;
        assert_eq!(south_west, middle.map(|part| part - 0.25));
        assert_eq!(north_east, middle.map(|part| part + 0.25));
    }
    let total: f64 = cells.iter().map(|cell| cell.density * 0.25).sum();
    assert_near(total, 4.5, 1e-6);
}

/// Density times area, added up, is the weight, wherever on the globe: also across the antimeridian,
/// at the poles and around the Earth. Cells are a quarter of the bandwidth, so it is so to a percent.
#[test]
fn density_on_the_globe_adds_up_to_the_weight() {
    let cases: [(&[f64], &[f64]); 5] = [
        (&[30.5], &[50.4]),
        (&[-179.99, 179.99], &[10.0, 10.0]),
        (&[0.0], &[89.99]),
        (&[0.0, 45.0], &[90.0, -90.0]),
        (&[-100.0, 0.0, 100.0], &[0.0, 60.0, -89.9]),
    ];
    for (kernel, tolerance) in [(Kernel::Quartic, 0.01), (Kernel::Gaussian, 0.003)] {
        for (x, y) in cases {
            let kde = Kde {
                metric: Metric::Sphere,
                kernel,
                bandwidth: 100_000.0,
                cell_size: 25_000.0,
            };
            let density = kde.density(x, y, &vec![1.0; x.len()]).expect("few cells");
            let mut total = 0.0;
            for place in 0..density.len() {
                let cell = density.cell(place);
                let [[west, south], _, [east, north], _] = cell.corners;
                assert!((-180.0..=180.0).contains(&cell.middle[0]), "{cell:?}");
                assert!(south < north, "{cell:?}");
                assert!(south.min(-north) >= -90.0, "{cell:?}");
                let height = north.to_radians().sin() - south.to_radians().sin();
                let area = (east - west).to_radians() * height * EARTH_RADIUS_M.powi(2);
                total += cell.density * area / 1e6;
            }
            assert_near(total / x.len() as f64, 1.0, tolerance);
        }
    }
}

#[test]
fn equal_places_weigh_as_much_as_one_with_their_weight() {
    let thrice = batch([
        ("lon", floats(&[1.0, 2.0, 1.0, 1.0])),
        ("lat", floats(&[1.0, 1.0, 1.0, 1.0])),
    ]);
    let weighted = batch([
        ("lon", floats(&[2.0, 1.0])),
        ("lat", floats(&[1.0, 1.0])),
        ("weight", floats(&[1.0, 3.0])),
    ]);
    let given = [("bandwidth", floats(&[50_000.0]))];
    let found = lines(&KernelDensity, &thrice, &given);
    assert!(found.len() > 80);
    assert_eq!(found, lines(&KernelDensity, &weighted, &given));
}

/// A grid of more than a batch comes in batches, without losing a row.
#[test]
fn long_answers_come_in_batches() {
    let one = batch([("lon", floats(&[0.5])), ("lat", floats(&[0.5]))]);
    let given = [
        ("bandwidth", floats(&[100.0])),
        ("cell_size", floats(&[1.0])),
        ("metric", text("planar")),
    ];
    let batches = call(&KernelDensity, &one, &given).expect("it runs");
    let rows: Vec<_> = batches.iter().map(RecordBatch::num_rows).collect();
    // The cells whose middle is nearer than 100: points of the integer lattice in a circle (Gauss),
    // less the twenty on it.
    assert_eq!(rows.iter().sum::<usize>(), 31_417 - 20);
    assert!(rows[..rows.len() - 1].iter().all(|rows| *rows == 8_192));
}

// --- DBSCAN ---

#[test]
fn clusters_are_those_of_scikit_learn() {
    let events = burkitt();
    let x: Vec<_> = events.iter().map(|event| event.x).collect();
    let y: Vec<_> = events.iter().map(|event| event.y).collect();
    let found = dbscan(&Places::new(Metric::Planar, &x, &y), 10.0, 3);
    let clusters: Vec<_> = events.iter().map(|event| event.cluster).collect();
    let cores: Vec<_> = events.iter().map(|event| event.is_core).collect();
    assert_eq!(found.clusters, clusters);
    assert_eq!(found.cores, cores);
}

/// Two clusters with one place between: it belongs to the nearer one, and in the middle to the one
/// with the first id; with the ids turned around, to the other.
#[test]
fn a_place_on_two_borders_belongs_to_the_nearer_or_the_first() {
    let between = |middle: f64, ids: [i64; 7]| {
        let rows = batch([
            ("id", whole(&ids)),
            ("lon", floats(&[0.0, 0.0, 1.0, middle, 3.0, 4.0, 4.0])),
            ("lat", floats(&[0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0])),
        ]);
        let given = [
            ("epsilon", floats(&[1.5])),
            ("minimum", whole(&[4])),
            ("metric", text("planar")),
        ];
        let found = lines(&Dbscan, &rows, &given);
        let line = found.iter().find(|line| line.starts_with("40,"));
        line.expect("it is there")
            .split(',')
            .nth(1)
            .map(str::to_owned)
    };
    let ids = [10, 20, 30, 40, 50, 60, 70];
    let turned = [70, 60, 50, 40, 30, 20, 10];
    // The cores are the places at 1 and 3: with the one between, each has four within reach.
    assert_eq!(between(2.0, ids).as_deref(), Some("0"));
    assert_eq!(between(2.25, ids).as_deref(), Some("1"));
    // Now cluster 0 is the one on the right.
    assert_eq!(between(2.0, turned).as_deref(), Some("0"));
    assert_eq!(between(1.75, turned).as_deref(), Some("1"));
}

#[test]
fn many_events_at_one_place_are_dense_by_themselves() {
    let places = Places::new(Metric::Sphere, &vec![30.0; 200_000], &vec![50.0; 200_000]);
    let found = dbscan(&places, 1.0, 200_000);
    assert!(found.cores.iter().all(|is_core| *is_core));
    assert!(found.clusters.iter().all(|cluster| *cluster == Some(0)));
    let found = dbscan(&places, 1.0, 200_001);
    assert!(found.clusters.iter().all(Option::is_none));
}

// --- Knox ---

/// pointpats 2.5.5, tests/test_spacetime.py (`test_knox`): 13 pairs near in space and time, 3,416
/// in space alone, 39 in time alone, 10.1438161 expected; p_sim of 9,999 permutations is 0.2009, and
/// has a standard deviation of 0.004.
#[test]
fn space_time_pairs_are_those_of_pysal() {
    let events = burkitt();
    let x: Vec<_> = events.iter().map(|event| event.x).collect();
    let y: Vec<_> = events.iter().map(|event| event.y).collect();
    let days: Vec<_> = events.iter().map(|event| event.day).collect();
    let places = Places::new(Metric::Planar, &x, &y);
    let found = knox(&places, &days, 20.0, 5, 9_999, 1).expect("few pairs");
    assert_eq!((found.events, found.pairs), (188, 188 * 187 / 2));
    assert_eq!(found.observed, 13);
    assert_eq!(found.near_space, 13 + 3_416);
    assert_eq!(found.near_time, 13 + 39);
    assert_near(
        found.expected().expect("there are pairs"),
        10.143_816_1,
        1e-6,
    );
    assert_near(found.p_permutation.expect("there is one"), 0.2009, 0.02);
}

/// Dates, timestamps and numbers of days are the same times.
#[test]
fn times_of_all_types_mean_the_same() {
    let events = burkitt();
    let x: Vec<_> = events.iter().map(|event| event.x).collect();
    let y: Vec<_> = events.iter().map(|event| event.y).collect();
    let days: Vec<_> = events.iter().map(|event| event.day).collect();
    let dates = Date32Array::from_iter_values(days.iter().map(|day| *day as i32));
    let nanoseconds = days.iter().map(|day| day * DAY_US * 1_000);
    let nanoseconds = TimestampNanosecondArray::from_iter_values(nanoseconds);
    let fractions: Vec<_> = days.iter().map(|day| *day as f64).collect();
    let columns: [ArrayRef; 4] = [
        whole(&days),
        Arc::new(dates),
        Arc::new(nanoseconds.with_timezone("Europe/Kyiv")),
        floats(&fractions),
    ];
    let given = [
        ("distance", floats(&[20.0])),
        ("days", floats(&[5.0])),
        ("metric", text("planar")),
    ];
    let found = columns.map(|at| {
        let rows = batch([("x", floats(&x)), ("y", floats(&y)), ("at", at)]);
        lines(&KnoxTest, &rows, &given)
    });
    assert!(
        found[0][0].starts_with("188,17578,3429,52,13,10.1438"),
        "{found:?}"
    );
    assert!(found.iter().all(|lines| *lines == found[0]));
}

// --- H3 ---

#[test]
fn bins_count_and_add_up() {
    let rows = batch([
        ("lon", floats(&[30.5234, 24.0297, 30.5230, 30.5234])),
        ("lat", floats(&[50.4501, 49.8397, 50.4500, 50.4501])),
        (
            "value",
            Arc::new(Float64Array::from(vec![Some(2.5), None, Some(1.0), None])) as ArrayRef,
        ),
    ]);
    let given = [("resolution", whole(&[8]))];
    let found = lines(&H3Bins, &rows, &given);
    // The cells are those of h3-py 4.5.0.
    assert!(found[0].starts_with("881e6384a3fffff,3,3.5,1.75,0103000000010000000700"));
    assert!(found[1].starts_with("881e768837fffff,1,null,null,01030000000100000007"));
    let places = rows.project(&[0, 1]).expect("two columns");
    let found = lines(&H3Bins, &places, &given);
    assert!(found[0].starts_with("881e6384a3fffff,3,0103"));
}

// --- What holds for all ---

struct Place {
    id: i64,
    lon: f64,
    lat: f64,
    value: f64,
    day: i64,
}

/// Some hundred places around Kyiv, some of them equal, with values and days.
fn some_places() -> Vec<Place> {
    let places = (0..400).map(|i| {
        let [a, b] = [i * 7_919 % 211, i * 104_729 % 193];
        Place {
            id: i * 31 % 400,
            lon: 30.0 + a as f64 / 400.0,
            lat: 50.0 + b as f64 / 600.0,
            value: (a * b % 37) as f64 / 3.0,
            day: a * 3 % 101,
        }
    });
    places.collect()
}

/// Arguments by their names.
type Given = Vec<(&'static str, ArrayRef)>;

/// Every function with arguments for these places, and which of the columns id, lon, lat, value and
/// day it takes.
fn functions() -> [(Box<dyn TableFunction>, Vec<usize>, Given); 9] {
    let near = || {
        vec![
            ("distance", floats(&[3_000.0])),
            ("permutations", whole(&[199])),
        ]
    };
    let nearest = vec![("nearest", whole(&[7])), ("permutations", whole(&[199]))];
    let rings = vec![
        ("rings", whole(&[1])),
        ("resolution", whole(&[7])),
        (
            "star",
            Arc::new(BooleanArray::from(vec![false])) as ArrayRef,
        ),
    ];
    let bins = vec![("resolution", whole(&[7]))];
    let bandwidth = vec![("bandwidth", floats(&[2_000.0]))];
    let dense = vec![("epsilon", floats(&[900.0])), ("minimum", whole(&[4]))];
    let soon = vec![("distance", floats(&[2_000.0])), ("days", floats(&[7.0]))];
    [
        (Box::new(H3Bins), vec![1, 2, 3], bins),
        (Box::new(GetisOrd), vec![0, 1, 2, 3], near()),
        (Box::new(GetisOrd), vec![0, 1, 2, 3], rings),
        (Box::new(MoranLocal), vec![0, 1, 2, 3], nearest.clone()),
        (Box::new(MoranGlobal), vec![0, 1, 2, 3], near()),
        (Box::new(MoranGlobal), vec![0, 1, 2, 3], nearest),
        (Box::new(KernelDensity), vec![1, 2, 3], bandwidth),
        (Box::new(Dbscan), vec![0, 1, 2], dense),
        (Box::new(KnoxTest), vec![1, 2, 4], soon),
    ]
}

fn columns_of(places: &[Place]) -> RecordBatch {
    let part = |of: fn(&Place) -> f64| floats(&places.iter().map(of).collect::<Vec<_>>());
    let number = |of: fn(&Place) -> i64| whole(&places.iter().map(of).collect::<Vec<_>>());
    batch([
        ("id", number(|place| place.id)),
        ("lon", part(|place| place.lon)),
        ("lat", part(|place| place.lat)),
        ("value", part(|place| place.value)),
        ("day", number(|place| place.day)),
    ])
}

/// Also where random numbers are used: not one bit differs.
#[test]
fn the_order_of_rows_changes_nothing() {
    let mut places = some_places();
    let first = columns_of(&places);
    places.reverse();
    places.rotate_left(123);
    let second = columns_of(&places);
    for (function, columns, given) in functions() {
        let name = function.describe().name;
        let [first, second] = [&first, &second]
            .map(|rows| rows.project(&columns).expect("they are there"))
            .map(|rows| lines(function.as_ref(), &rows, &given));
        assert!(!first.is_empty(), "{name}");
        assert_eq!(first, second, "{name}");
    }
}

#[test]
fn no_rows_give_no_rows_and_one_row_no_panic() {
    let places = columns_of(&some_places());
    for (function, columns, given) in functions() {
        let name = function.describe().name;
        let rows = places.project(&columns).expect("they are there");
        let none = lines(function.as_ref(), &rows.slice(0, 0), &given);
        assert!(none.is_empty(), "{name}");
        let one = lines(function.as_ref(), &rows.slice(7, 1), &given);
        assert!(!one.is_empty(), "{name}");
        // `SELECT NULL, NULL, .. WHERE false`: columns without a type.
        let untyped = columns.iter().map(|column| {
            let nothing: ArrayRef = Arc::new(NullArray::new(0));
            (format!("c{column}"), nothing, true)
        });
        let untyped = RecordBatch::try_from_iter_with_nullable(untyped).expect("a batch");
        assert!(
            lines(function.as_ref(), &untyped, &given).is_empty(),
            "{name}"
        );
    }
}

#[test]
fn statistics_without_variance_or_neighbours_are_null() {
    let rows = batch([
        ("id", texts(&["a", "b", "c"])),
        ("lon", floats(&[0.0, 1.0, 90.0])),
        ("lat", floats(&[0.0, 0.0, 0.0])),
        ("value", floats(&[0.1, 0.1, 0.1])),
    ]);
    let given = planar(2.0);
    let found = lines(&GetisOrd, &rows, &given);
    assert!(
        found[0].starts_with("a,0.1,1,null,null,null,null,01"),
        "{found:?}"
    );
    assert!(
        found[2].starts_with("c,0.1,0,null,null,null,null,01"),
        "{found:?}"
    );
    let found = lines(&MoranLocal, &rows, &given);
    assert!(
        found[1].starts_with("b,0.1,1,null,null,null,null,null,01"),
        "{found:?}"
    );
    let nulls = ["null"; 9].join(",");
    assert_eq!(lines(&MoranGlobal, &rows, &given), [format!("3,1,{nulls}")]);

    // One that lies alone among others that vary, and permutations that are not asked for.
    let rows = batch([
        ("id", texts(&["a", "b", "c"])),
        ("lon", floats(&[0.0, 1.0, 90.0])),
        ("lat", floats(&[0.0, 0.0, 0.0])),
        ("value", whole(&[1, 2, 4])),
    ]);
    let mut given = planar(2.0);
    given[2].1 = whole(&[0]);
    let batches = call(&GetisOrd, &rows, &given).expect("it runs");
    let z = numbers(&batches, "z");
    assert!(z[0].is_some() && z[1].is_some() && z[2].is_none());
    assert_eq!(numbers(&batches, "p_permutation"), [None::<f64>; 3]);
}

#[test]
fn geometry_says_what_it_is() {
    let places = columns_of(&some_places());
    for (function, columns, given) in functions() {
        let rows = places.project(&columns).expect("they are there");
        for batch in call(function.as_ref(), &rows, &given).expect("it runs") {
            let schema = batch.schema();
            let Ok(field) = schema.field_with_name("geometry") else {
                continue;
            };
            assert_eq!(field.extension_type_name(), Some("geoarrow.wkb"));
            let crs = field.extension_type_metadata();
            assert_eq!(crs, Some(r#"{"crs":"OGC:CRS84"}"#));
        }
    }
    let batches = call(&GetisOrd, &six(), &planar(15.0)).expect("it runs");
    let schema = batches[0].schema();
    let field = schema.field_with_name("geometry").expect("it is there");
    assert_eq!(field.extension_type_metadata(), Some("{}"));
}

// --- What is refused ---

fn four(id: ArrayRef, lon: ArrayRef, lat: ArrayRef, value: ArrayRef) -> RecordBatch {
    batch([("id", id), ("lon", lon), ("lat", lat), ("value", value)])
}

#[test]
fn bad_rows_are_named() {
    let ids = || whole(&[7, 8]);
    let two = |a: f64, b: f64| floats(&[a, b]);
    let null = || Arc::new(Float64Array::from(vec![Some(1.0), None])) as ArrayRef;
    let no_id = Arc::new(Int64Array::from(vec![None, Some(1)])) as ArrayRef;
    let untyped = || Arc::new(NullArray::new(2)) as ArrayRef;
    let fine = || two(1.0, 2.0);
    let cases = [
        (
            four(ids(), fine(), two(1.0, f64::NAN), fine()),
            "record 2, field \"lat\": expected degrees from -90 to 90, found NaN",
        ),
        (
            four(ids(), two(-180.5, 0.0), fine(), fine()),
            "record 1, field \"lon\": expected degrees from -180 to 180, found -180.5",
        ),
        (
            four(ids(), null(), fine(), fine()),
            "record 2, field \"lon\": expected a value, found null; hint: WHERE lon IS NOT NULL",
        ),
        (
            four(ids(), fine(), untyped(), fine()),
            "record 1, field \"lat\": expected a value, found null; hint: WHERE lat IS NOT NULL",
        ),
        (
            four(ids(), fine(), fine(), two(f64::INFINITY, 0.0)),
            "record 1, field \"value\": expected a finite number, found inf",
        ),
        (
            four(no_id, fine(), fine(), fine()),
            "record 1, field \"id\": expected a value, found null; hint: WHERE id IS NOT NULL",
        ),
        (
            four(whole(&[7, 7]), fine(), fine(), fine()),
            "expected a different id in each row, found 7 twice; hint: GROUP BY the id",
        ),
        (
            four(texts(&["a", "a"]), fine(), fine(), fine()),
            "expected a different id in each row, found \"a\" twice; hint: GROUP BY the id",
        ),
        (
            four(ids(), texts(&["1", "2"]), fine(), fine()),
            "field \"lon\": expected numbers, found Utf8; hint: CAST(... AS DOUBLE)",
        ),
        (
            four(fine(), fine(), fine(), fine()),
            "field \"id\": expected whole numbers or texts, found Float64; hint: CAST(... AS TEXT)",
        ),
        (
            batch([("id", ids()), ("lon", fine()), ("lat", fine())]),
            "expected the columns id, lon, lat, value, found 3 columns",
        ),
    ];
    for (rows, due) in cases {
        let error = call(&MoranGlobal, &rows, &[("nearest", whole(&[1]))]).expect_err("an error");
        assert_eq!(error.to_string(), due);
    }
}

#[track_caller]
fn assert_refused(
    function: &dyn TableFunction,
    rows: &RecordBatch,
    given: &[(&str, ArrayRef)],
    due: &str,
) {
    let error = call(function, rows, given).expect_err("an error");
    assert_eq!(error.to_string(), due);
}

#[test]
fn bad_weights_and_times_are_named() {
    let fine = || floats(&[1.0, 2.0]);
    let third =
        |name: &str, column: ArrayRef| batch([("x", fine()), ("y", fine()), (name, column)]);
    let given = [("bandwidth", floats(&[1.0]))];
    assert_refused(
        &KernelDensity,
        &third("weight", floats(&[1.0, -1.0])),
        &given,
        "record 2, field \"weight\": expected at least 0, found -1",
    );
    assert_refused(
        &KernelDensity,
        &third("weight", floats(&[1.0, f64::NAN])),
        &given,
        "record 2, field \"weight\": expected a finite number, found NaN",
    );
    assert_refused(
        &KernelDensity,
        &batch([("x", fine())]),
        &given,
        "expected the columns lon, lat, [weight], found 1 columns",
    );
    assert_refused(
        &H3Bins,
        &third("height", floats(&[1.0, f64::NEG_INFINITY])),
        &[("resolution", whole(&[1]))],
        "record 2, field \"height\": expected a finite number, found -inf",
    );
    let given = [("distance", floats(&[1.0])), ("days", floats(&[1.0]))];
    assert_refused(
        &KnoxTest,
        &third("at", texts(&["1.5.", "2.5."])),
        &given,
        "field \"at\": expected dates, timestamps or numbers of days, found Utf8; hint: \
         CAST(... AS TIMESTAMP)",
    );
    assert_refused(
        &KnoxTest,
        &third("at", floats(&[1.0, 1e300])),
        &given,
        "record 2, field \"at\": expected a time within 292,000 years of 1970",
    );
}

#[test]
fn bad_neighbourhoods_and_permutations_are_named() {
    let rows = six();
    let nearest = |count: i64| ("nearest", whole(&[count]));
    let distance = |distance: f64| ("distance", floats(&[distance]));
    let rings = || ("rings", whole(&[1]));
    let refused = |given: &[(&str, ArrayRef)], due: &str| {
        assert_refused(&GetisOrd, &rows, given, due);
        assert_refused(&MoranLocal, &rows, given, due);
        assert_refused(&MoranGlobal, &rows, given, due);
    };
    let one_of = "expected one of distance, nearest, and rings with resolution, found";
    refused(&[], &format!("{one_of} none"));
    refused(
        &[nearest(1), distance(1.0)],
        &format!("{one_of} distance and nearest"),
    );
    refused(&[rings()], &format!("{one_of} rings"));
    refused(
        &[
            rings(),
            ("resolution", whole(&[7])),
            ("metric", text("planar")),
        ],
        "expected distance or nearest for the metric planar, found rings",
    );
    refused(&[nearest(0)], "expected nearest from 1 to 10000, found 0");
    refused(
        &[distance(f64::NAN)],
        "expected a distance above 0, found NaN",
    );
    refused(
        &[nearest(1), ("permutations", whole(&[100_000]))],
        "expected permutations from 0 to 99999, found 100000",
    );
    refused(
        &[nearest(1), ("metric", text("globe"))],
        "expected a metric of sphere or planar, found \"globe\"",
    );
}

#[test]
fn bad_arguments_of_the_others_are_named() {
    let places = columns_of(&some_places());
    let of = |columns: &[usize]| places.project(columns).expect("they are there");
    let rows = of(&[1, 2]);
    let bandwidth = |bandwidth: f64| ("bandwidth", floats(&[bandwidth]));
    let refused = |given: &[(&str, ArrayRef)], due: &str| {
        assert_refused(&KernelDensity, &rows, given, due);
    };
    refused(&[bandwidth(0.0)], "expected a bandwidth above 0, found 0");
    refused(
        &[bandwidth(2e6)],
        "expected a bandwidth of at most 1000000 metres, found 2000000",
    );
    refused(
        &[bandwidth(5.0), ("cell_size", floats(&[6.0]))],
        "expected a cell_size of at most the bandwidth of 5, found 6",
    );
    refused(
        &[bandwidth(5.0), ("kernel", text("conic"))],
        "expected a kernel of quartic or gaussian, found \"conic\"",
    );
    refused(
        &[bandwidth(1e-15), ("metric", text("planar"))],
        "expected cells that can be told apart, found a cell_size too small for the coordinates",
    );
    let error = call(&KernelDensity, &rows, &[bandwidth(10.0)]).expect_err("too many cells");
    let due = "expected a grid of at most 4000000 cells, found ";
    assert!(error.message().starts_with(due), "{error}");

    assert_refused(
        &H3Bins,
        &rows,
        &[("resolution", whole(&[16]))],
        "expected a resolution from 0 to 15, found 16",
    );
    assert_refused(
        &Dbscan,
        &of(&[0, 1, 2]),
        &[("epsilon", floats(&[1.0])), ("minimum", whole(&[0]))],
        "expected a minimum from 1 to 4294967295, found 0",
    );
    assert_refused(
        &KnoxTest,
        &of(&[1, 2, 4]),
        &[("distance", floats(&[1.0])), ("days", floats(&[-1.0]))],
        "expected a number of days of at least 0, found -1",
    );
}

/// The host checks arguments before it binds; should it ever not, that is an error and no panic.
#[test]
fn binding_without_relations_and_constants_is_refused() {
    let nothing = Signature {
        fields: vec![],
        constants: vec![],
    };
    for (function, _, _) in functions() {
        let error = function.bind(&[], &nothing).err().expect("an error");
        assert!(error.message().starts_with("expected "), "{error}");
    }
}
