//! Hot and cold spots: the local statistics of Getis and Ord.

use crate::arguments::{Constants, truth_or};
use crate::call::{count_field, counts, float_field, floats, gathering};
use crate::geometry;
use crate::lag::Deviations;
use crate::neighbours::Neighbours;
use crate::normal::two_sided_p;
use crate::rows::Rows;
use crate::setting::Setting;
use arrow_array::{ArrayRef, StringViewArray};
use arrow_schema::{DataType, Field, SchemaRef};
use sextant_plugin_sdk::{Answer, BoundTable, Description, Result, Signature, TableFunction};
use std::ops::Range;
use std::sync::Arc;

/// Levels of significance, and what places are called that reach them; the strictest first.
const CLASSES: [(f64, &str, &str); 3] = [
    (0.01, "hot 99 %", "cold 99 %"),
    (0.05, "hot 95 %", "cold 95 %"),
    (0.1, "hot 90 %", "cold 90 %"),
];

/// The standardised Gi (without the place itself) or, with `star`, Gi* (with it) of each row (Ord
/// and Getis, "Local Spatial Autocorrelation Statistics", Geographical Analysis 27, 1995, equation
/// 14; each neighbour weighs the same).
///
/// None for a row without neighbours, and where the statistic has no variance: all values are equal,
/// all others are neighbours, or for Gi all others' values are equal.
pub fn getis_ord(values: &[f64], neighbours: &Neighbours, star: bool) -> Vec<Option<f64>> {
    match Deviations::new(values) {
        Some(deviations) => z_of(&deviations, neighbours, star),
        None => vec![None; values.len()],
    }
}

fn z_of(deviations: &Deviations, neighbours: &Neighbours, star: bool) -> Vec<Option<f64>> {
    let rows = 0..neighbours.len();
    rows.map(|row| match star {
        true => deviations.z_with_self(neighbours, row),
        false => deviations.z_without_self(neighbours, row),
    })
    .collect()
}

/// What a place is called.
fn class(z: f64) -> &'static str {
    let p = two_sided_p(z);
    let reached = CLASSES.iter().find(|(level, ..)| p < *level);
    reached.map_or(
        "not significant",
        |&(_, hot, cold)| if z > 0.0 { hot } else { cold },
    )
}

/// `getis_ord((id, lon, lat, value), ..)`.
#[derive(Debug)]
pub(crate) struct GetisOrd;

impl TableFunction for GetisOrd {
    fn describe(&self) -> Description {
        let description = Description::new(
            "getis_ord",
            "Hot and cold spots by the local statistic Gi* or Gi (Getis and Ord 1992; Ord and Getis \
             1995), each neighbour weighing the same: id, value, neighbours (how many), z, p \
             (two-sided, by the normal distribution), p_permutation (two-sided, by conditional \
             permutation: twice the pseudo p-value of GeoDa and PySAL, ties on both sides), class (hot \
             or cold with 99 %, 95 % or 90 % confidence by p, or not significant) and geometry (the \
             point). All of them are null without neighbours, and where values do not vary. No \
             correction for testing many places: see to it, or ask for 99 %.",
        );
        Setting::describe(description)
            .parameter(truth_or(
                "star",
                true,
                "Gi*, which counts the place itself among its neighbours; otherwise Gi.",
            ))
            .example(
                "SELECT id, neighbours, round(z, 4), round(p, 4), class FROM hotspots.getis_ord((SELECT * FROM (VALUES (1, 10, 10, 2.0), (2, 20, 10, 3.0), (3, 40, 10, 3.2), (4, 15, 20, 5.0), (5, 30, 20, 8.0), (6, 30, 30, 7.0)) AS t(id, lon, lat, value)), distance => 15, metric => 'planar') ORDER BY id",
                "1,2,-1.3973,0.1623,not significant\n2,3,-0.2892,0.7724,not significant\n3,1,0.6506,0.5153,not significant\n4,3,-0.2892,0.7724,not significant\n5,4,1.2345,0.217,not significant\n6,1,2.0242,0.0429,hot 95 %",
            )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let (setting, layout) = Setting::read(relations, signature)?;
        let star = Constants(signature).truth(Setting::PARAMETERS, "star")?;
        let fields = vec![
            layout.id_field(),
            Field::new("value", DataType::Float64, false),
            count_field("neighbours"),
            float_field("z"),
            float_field("p"),
            float_field("p_permutation"),
            Field::new("class", DataType::Utf8View, true),
            geometry::field(setting.metric(), false),
        ];
        let compute = move |rows: Rows| {
            let found = Found::new(rows.by_id()?, &setting, star)?;
            Ok(Answer::new(found.rows.len(), move |range| {
                found.columns(range)
            }))
        };
        Ok(gathering(layout, fields, compute))
    }
}

/// Rows and what was found of each.
struct Found {
    rows: Rows,
    neighbours: Neighbours,
    z: Vec<Option<f64>>,
    p_permutation: Vec<Option<f64>>,
}

impl Found {
    fn new(rows: Rows, setting: &Setting, star: bool) -> Result<Self> {
        let neighbours = setting.neighbours(&rows)?;
        let (z, p_permutation) = match Deviations::new(&rows.values) {
            Some(deviations) => (
                z_of(&deviations, &neighbours, star),
                deviations.permutation_p(&neighbours, setting.permutations, setting.seed),
            ),
            None => (vec![None; rows.len()], vec![None; rows.len()]),
        };
        Ok(Self {
            rows,
            neighbours,
            z,
            p_permutation,
        })
    }

    fn columns(&self, range: Range<usize>) -> Vec<ArrayRef> {
        let z = &self.z[range.clone()];
        let p_permutation = &self.p_permutation[range.clone()];
        let classes = z.iter().map(|z| z.map(class));
        vec![
            self.rows.ids.column(range.clone()),
            floats(self.rows.values[range.clone()].iter().copied().map(Some)),
            counts(range.clone().map(|row| self.neighbours.count(row))),
            floats(z.iter().copied()),
            floats(z.iter().map(|z| z.map(two_sided_p))),
            // Where the statistic has no variance, no permutation is unusual.
            floats(z.iter().zip(p_permutation).map(|(z, p)| z.and(*p))),
            Arc::new(classes.collect::<StringViewArray>()),
            geometry::points(&self.rows.x[range.clone()], &self.rows.y[range]),
        ]
    }
}
