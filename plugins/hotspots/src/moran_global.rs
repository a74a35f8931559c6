//! Global Moran's I: whether values that are near to each other are alike at all.

use crate::call::{count_field, counts, float_field, floats, gathering, one_row};
use crate::lag::{Deviations, Tally, sum};
use crate::neighbours::Neighbours;
use crate::normal::two_sided_p;
use crate::random::Random;
use crate::rows::Rows;
use crate::setting::Setting;
use arrow_array::ArrayRef;
use arrow_schema::SchemaRef;
use sextant_plugin_sdk::{BoundTable, Description, Result, Signature, TableFunction};

/// Values of I that differ by less are taken as equal: they are added up in different orders.
const TIE: f64 = 1e-10;

/// Below this share of the squared mean, a variance is taken as rounding.
const VARIANCE_SHARE_MIN: f64 = 1e-9;

/// Moran's I and its moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlobalMoran {
    /// The statistic.
    pub i: f64,
    /// Its mean where nothing depends on place: -1 / (n - 1).
    pub expected: f64,
    /// Its variance if values are normally distributed; none where that is none.
    pub variance_normality: Option<f64>,
    /// Its variance if the given values are dealt out at random; none where that is none, and for
    /// fewer than four rows.
    pub variance_randomisation: Option<f64>,
}

impl GlobalMoran {
    /// The distance from the mean in standard deviations.
    pub fn z(&self, variance: Option<f64>) -> Option<f64> {
        variance.map(|variance| (self.i - self.expected) / variance.sqrt())
    }
}

/// Moran's I (Moran, "Notes on Continuous Stochastic Phenomena", Biometrika 37, 1950) with
/// row-standardised weights, and its variances (Cliff and Ord, "Spatial Processes", 1981, equations
/// 1.44 and 2.27). Rows without neighbours count among the n rows and weigh nothing, as in PySAL.
///
/// None where all values are equal or nobody has neighbours.
pub fn moran_global(values: &[f64], neighbours: &Neighbours) -> Option<GlobalMoran> {
    let deviations = Deviations::new(values)?;
    let weights = Weights::new(neighbours)?;
    let i = i_of(
        deviations.values(),
        deviations.squares(),
        &weights,
        neighbours,
    );
    let n = values.len() as f64;
    let expected = -1.0 / (n - 1.0);
    let vary =
        |variance: f64| (variance > VARIANCE_SHARE_MIN * expected * expected).then_some(variance);
    Some(GlobalMoran {
        i,
        expected,
        variance_normality: vary(weights.variance_normality(n)),
        variance_randomisation: vary(weights.variance_randomisation(n, &deviations)),
    })
}

/// How probable an I that is as unusual is, if all values are dealt out at random: two-sided. None
/// where there are no permutations, and where [`moran_global`] is none or cannot vary.
pub fn moran_global_p(
    values: &[f64],
    neighbours: &Neighbours,
    permutations: u32,
    seed: u64,
) -> Option<f64> {
    let moran = moran_global(values, neighbours)?;
    moran.variance_normality.filter(|_| permutations > 0)?;
    let deviations = Deviations::new(values)?;
    let weights = Weights::new(neighbours)?;
    let mut dealt = deviations.values().to_vec();
    let mut random = Random::new(seed);
    let mut tally = Tally::new(moran.i, TIE);
    for _ in 0..permutations {
        let all = dealt.len();
        random.draw(&mut dealt, all);
        tally.add(i_of(&dealt, deviations.squares(), &weights, neighbours));
    }
    Some(tally.p(permutations))
}

fn i_of(deviations: &[f64], squares: f64, weights: &Weights, neighbours: &Neighbours) -> f64 {
    let mut products = 0.0;
    for ((row, own), count) in deviations.iter().enumerate().zip(neighbours.counts()) {
        if count > 0 {
            products += own * sum(deviations, neighbours.of(row)) / count as f64;
        }
    }
    deviations.len() as f64 / weights.sum * products / squares
}

/// The sums of weights that variances are made of: S0, S1 and S2 of Cliff and Ord.
struct Weights {
    sum: f64,
    squares: f64,
    row_and_column_squares: f64,
}

impl Weights {
    /// None where nobody has neighbours.
    fn new(neighbours: &Neighbours) -> Option<Self> {
        let mut to = vec![0.0; neighbours.len()];
        let mut squares = 0.0;
        for row in 0..neighbours.len() {
            let weight = 1.0 / neighbours.count(row) as f64;
            for &other in neighbours.of(row) {
                let other = other as usize;
                to[other] += weight;
                let is_mutual = neighbours.of(other).binary_search(&(row as u32)).is_ok();
                let back = if is_mutual {
                    1.0 / neighbours.count(other) as f64
                } else {
                    0.0
                };
                squares += weight * (weight + back);
            }
        }
        let has_neighbours = |row: usize| f64::from(u8::from(neighbours.count(row) > 0));
        let both = to
            .iter()
            .enumerate()
            .map(|(row, to)| to + has_neighbours(row));
        let sum = (0..neighbours.len()).map(has_neighbours).sum::<f64>();
        (sum > 0.0).then(|| Self {
            sum,
            squares,
            row_and_column_squares: both.map(|both| both * both).sum(),
        })
    }

    fn variance_normality(&self, n: f64) -> f64 {
        let [s0, s1, s2] = [self.sum, self.squares, self.row_and_column_squares];
        let mean_square = (n * n * s1 - n * s2 + 3.0 * s0 * s0) / ((n * n - 1.0) * s0 * s0);
        mean_square - 1.0 / ((n - 1.0) * (n - 1.0))
    }

    /// Not a number for fewer than four rows.
    fn variance_randomisation(&self, n: f64, deviations: &Deviations) -> f64 {
        if n < 4.0 {
            return f64::NAN;
        }
        let [s0, s1, s2] = [self.sum, self.squares, self.row_and_column_squares];
        let fourths: f64 = deviations.values().iter().map(|value| value.powi(4)).sum();
        let kurtosis = n * fourths / (deviations.squares() * deviations.squares());
        let even = n * ((n * n - 3.0 * n + 3.0) * s1 - n * s2 + 3.0 * s0 * s0);
        let peaked = kurtosis * ((n * n - n) * s1 - 2.0 * n * s2 + 6.0 * s0 * s0);
        let mean_square = (even - peaked) / ((n - 1.0) * (n - 2.0) * (n - 3.0) * s0 * s0);
        mean_square - 1.0 / ((n - 1.0) * (n - 1.0))
    }
}

/// `moran_global((id, lon, lat, value), ..)`.
#[derive(Debug)]
pub(crate) struct MoranGlobal;

impl TableFunction for MoranGlobal {
    fn describe(&self) -> Description {
        let description = Description::new(
            "moran_global",
            "Whether near values are alike: Moran's I (Moran 1950) with row-standardised weights, in \
             one row: rows, isolated (rows without neighbours, which count among the rows and weigh \
             nothing), i, expected, and for two null hypotheses (Cliff and Ord 1981) the variance, z \
             and two-sided p: variance_normality, z_normality, p_normality if values are normally \
             distributed, variance_randomisation, z_randomisation, p_randomisation if the given values \
             are dealt out at random (null for fewer than four rows); p_permutation by dealing them \
             out (two-sided). Null where all values are equal, nobody has neighbours, or i cannot \
             vary. No row for no rows.",
        );
        Setting::describe(description).example(
            "SELECT rows, isolated, round(i, 4), expected, round(z_normality, 4), round(p_randomisation, 4) FROM hotspots.moran_global((SELECT * FROM (VALUES (1, 10, 10, 2.0), (2, 20, 10, 3.0), (3, 40, 10, 3.2), (4, 15, 20, 5.0), (5, 30, 20, 8.0), (6, 30, 30, 7.0)) AS t(id, lon, lat, value)), distance => 15, metric => 'planar')",
            "6,0,0.119,-0.2,1.1777,0.2787",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let (setting, layout) = Setting::read(relations, signature)?;
        let mut fields = vec![count_field("rows"), count_field("isolated")];
        let names = [
            "i",
            "expected",
            "variance_normality",
            "z_normality",
            "p_normality",
            "variance_randomisation",
            "z_randomisation",
            "p_randomisation",
            "p_permutation",
        ];
        fields.extend(names.map(float_field));
        let compute = move |rows: Rows| {
            let rows = rows.by_id()?;
            let neighbours = setting.neighbours(&rows)?;
            let columns = (rows.len() > 0).then(|| columns(&rows.values, &neighbours, &setting));
            Ok(one_row(columns))
        };
        Ok(gathering(layout, fields, compute))
    }
}

fn columns(values: &[f64], neighbours: &Neighbours, setting: &Setting) -> Vec<ArrayRef> {
    let moran = moran_global(values, neighbours);
    let normality = moran.and_then(|moran| moran.variance_normality);
    let randomisation = moran.and_then(|moran| moran.variance_randomisation);
    let z = |variance| moran.and_then(|moran| moran.z(variance));
    let numbers = [
        moran.map(|moran| moran.i),
        moran.map(|moran| moran.expected),
        normality,
        z(normality),
        z(normality).map(two_sided_p),
        randomisation,
        z(randomisation),
        z(randomisation).map(two_sided_p),
        moran_global_p(values, neighbours, setting.permutations, setting.seed),
    ];
    let isolated = neighbours.counts().filter(|count| *count == 0).count();
    let tallies = [values.len(), isolated].map(|count| counts(std::iter::once(count)));
    let numbers = numbers.map(|number| floats(std::iter::once(number)));
    tallies.into_iter().chain(numbers).collect()
}
