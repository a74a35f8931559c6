//! Whether events that are near in space are near in time as well.

use crate::arguments::{
    Constants, metric_parameter, number, permutations, permutations_parameter, seed_parameter,
};
use crate::call::{count_field, float_field, floats, gathering, one_row};
use crate::lag::pseudo_p;
use crate::metric::{Metric, Places};
use crate::neighbours::Neighbours;
use crate::random::Random;
use crate::rows::{DAY_US, Layout, Role, Rows};
use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::SchemaRef;
use sextant_plugin_sdk::{BoundTable, Description, Feed, Result, Signature, TableFunction};
use std::iter::once;
use std::sync::Arc;

/// Pairs of events, counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knox {
    /// Events.
    pub events: u64,
    /// Pairs of two different events.
    pub pairs: u64,
    /// Pairs that are near in space.
    pub near_space: u64,
    /// Pairs that are near in time.
    pub near_time: u64,
    /// Pairs that are near in both: the statistic.
    pub observed: u64,
    /// The share of permutations of the times that have as many such pairs or more, with the
    /// observed one counted as one of them; one-sided. None without permutations or pairs.
    pub p_permutation: Option<f64>,
}

impl Knox {
    /// How many pairs are near in both on average, if times have nothing to do with places. None
    /// without pairs.
    pub fn expected(&self) -> Option<f64> {
        let product = self.near_space as f64 * self.near_time as f64;
        (self.pairs > 0).then(|| product / self.pairs as f64)
    }
}

/// Knox's test of the interaction of space and time (Knox, "The Detection of Space-Time
/// Interactions", Applied Statistics 13, 1964), with significance by permuting the times (Mantel,
/// "The Detection of Disease Clustering and a Generalized Regression Approach", Cancer Research 27,
/// 1967).
///
/// Pairs are near within a distance (metres, or the plane's unit) and a difference of times, in the
/// unit of the times; both inclusive.
///
/// # Errors
///
/// More than 8 million pairs that are near in space.
pub fn knox(
    places: &Places,
    times: &[i64],
    distance: f64,
    difference: u64,
    permutations: u32,
    seed: u64,
) -> Result<Knox> {
    let neighbours = Neighbours::within(places, distance)?;
    let observed = near_in_both(&neighbours, times, difference);
    let events = times.len() as u64;
    let pairs = events * events.saturating_sub(1) / 2;
    let mut dealt = times.to_vec();
    let mut random = Random::new(seed);
    let mut as_many = 0;
    for _ in 0..permutations {
        random.draw(&mut dealt, times.len());
        as_many += u32::from(near_in_both(&neighbours, &dealt, difference) >= observed);
    }
    Ok(Knox {
        events,
        pairs,
        near_space: neighbours.counts().sum::<usize>() as u64 / 2,
        near_time: near_in_time(times, difference),
        observed,
        p_permutation: (permutations > 0 && pairs > 0).then(|| pseudo_p(as_many, permutations)),
    })
}

fn near_in_both(neighbours: &Neighbours, times: &[i64], difference: u64) -> u64 {
    let mut count = 0;
    for (row, time) in times.iter().enumerate() {
        let all = neighbours.of(row);
        // Each pair once, with its first event.
        let later_rows = &all[all.partition_point(|other| (*other as usize) < row)..];
        let near = later_rows
            .iter()
            .filter(|other| times[**other as usize].abs_diff(*time) <= difference);
        count += near.count() as u64;
    }
    count
}

/// Pairs of which the later time is near to the earlier one: in order, these are the last before it.
fn near_in_time(times: &[i64], difference: u64) -> u64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let mut first = 0;
    let mut count = 0;
    for (place, time) in times.iter().enumerate() {
        while times[first].abs_diff(*time) > difference {
            first += 1;
        }
        count += (place - first) as u64;
    }
    count
}

/// `knox((lon, lat, at), distance, days)`.
#[derive(Debug)]
pub(crate) struct KnoxTest;

impl TableFunction for KnoxTest {
    fn describe(&self) -> Description {
        Description::new(
            "knox",
            "Whether events near in space are also near in time (Knox 1964), in one row: events, pairs \
             (of all events), near_space, near_time, observed (pairs near in both), expected (if times \
             have nothing to do with places), ratio (of the two) and p_permutation (how probable as \
             many pairs or more are if the times are dealt out at random: Mantel 1967, one-sided). No \
             row for no events. At most 8 million pairs may be near in space.",
        )
        .relation(
            "events",
            Feed::Build,
            "By position: lon, lat (degrees, or the coordinates of a plane), at (date, timestamp, or \
             number of days; counted in microseconds). No nulls.",
        )
        .parameter(number(
            "distance",
            "How far near events may be apart, inclusive, from 0, in metres (or the plane's unit).",
        ))
        .parameter(number(
            "days",
            "How many days near events may be apart, inclusive, from 0; may be a fraction.",
        ))
        .parameter(metric_parameter())
        .parameter(permutations_parameter())
        .parameter(seed_parameter())
        .example(
            "SELECT events, pairs, near_space, near_time, observed, expected FROM hotspots.knox((SELECT * FROM (VALUES (0, 0, DATE '2024-01-01'), (1, 0, DATE '2024-01-03'), (0, 1, DATE '2024-03-01'), (9, 9, DATE '2024-03-02')) AS t(x, y, at)), distance => 1, days => 7, metric => 'planar')",
            "4,6,2,2,1,0.6666666666666666",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let constants = Constants(signature);
        let distance = constants.not_negative(0, "a distance")?;
        let days = constants.not_negative(1, "a number of days")?;
        let metric = constants.choice(2, "a metric", &Metric::CHOICES)?;
        let (permutations, seed) = permutations(&constants, 3)?;
        // Saturates, and no two times are farther apart.
        let difference = (days * DAY_US as f64).round() as u64;
        let layout = Layout::new(relations, &[Role::X, Role::Y, Role::Time], metric)?;
        let whole = ["events", "pairs", "near_space", "near_time", "observed"];
        let mut fields = whole.map(count_field).to_vec();
        fields.extend(["expected", "ratio", "p_permutation"].map(float_field));
        let compute = move |rows: Rows| {
            let rows = rows.by_place();
            let places = Places::new(metric, &rows.x, &rows.y);
            let found = knox(
                &places,
                &rows.times,
                distance,
                difference,
                permutations,
                seed,
            )?;
            Ok(one_row((found.events > 0).then(|| columns(&found))))
        };
        Ok(gathering(layout, fields, compute))
    }
}

fn columns(found: &Knox) -> Vec<ArrayRef> {
    let expected = found.expected();
    let ratio = expected.filter(|expected| *expected > 0.0);
    let ratio = ratio.map(|expected| found.observed as f64 / expected);
    let tallies = [
        found.events,
        found.pairs,
        found.near_space,
        found.near_time,
        found.observed,
    ];
    let tallies = tallies.map(|count| Arc::new(Int64Array::from(vec![count as i64])) as ArrayRef);
    let numbers = [expected, ratio, found.p_permutation].map(|number| floats(once(number)));
    tallies.into_iter().chain(numbers).collect()
}
