//! Local Moran's I: clusters and outliers.

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

/// The local Moran's I of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalMoran {
    /// The statistic.
    pub i: f64,
    /// Its distance from its mean in standard deviations, if the others' values were dealt out at
    /// random; none where it has no variance.
    pub z: Option<f64>,
    /// Whether the value is above the mean.
    pub is_high: bool,
    /// Whether the mean of the neighbours' values is above the mean.
    pub is_among_high: bool,
}

impl LocalMoran {
    /// The quadrant of the Moran scatter plot: `HH`, `LL`, `HL` or `LH`, the value first.
    pub fn quadrant(&self) -> &'static str {
        match (self.is_high, self.is_among_high) {
            (true, true) => "HH",
            (true, false) => "HL",
            (false, true) => "LH",
            (false, false) => "LL",
        }
    }
}

/// The local Moran's I of each row (Anselin, "Local Indicators of Spatial Association",
/// Geographical Analysis 27, 1995), with row-standardised weights and divided by n - 1, as GeoDa and
/// PySAL do; z by the moments under conditional randomisation (Sokal, Oden and Thomson, "Local
/// Spatial Autocorrelation in a Biological Model", Geographical Analysis 30, 1998).
///
/// None for a row without neighbours, and where all values are equal.
pub fn moran_local(values: &[f64], neighbours: &Neighbours) -> Vec<Option<LocalMoran>> {
    match Deviations::new(values) {
        Some(deviations) => moran_of(&deviations, neighbours),
        None => vec![None; values.len()],
    }
}

fn moran_of(deviations: &Deviations, neighbours: &Neighbours) -> Vec<Option<LocalMoran>> {
    let scale = (deviations.values().len() as f64 - 1.0) / deviations.squares();
    let rows = deviations.values().iter().enumerate();
    rows.map(|(row, &own)| {
        let count = neighbours.count(row);
        let lag = deviations.sum(neighbours, row) / count as f64;
        // I is the neighbours' sum times a constant of the row, so it is as unusual, or where the
        // constant is negative as unusual on the other side.
        let z = deviations.z_without_self(neighbours, row);
        (count > 0).then(|| LocalMoran {
            i: scale * own * lag,
            z: z.filter(|_| own != 0.0).map(|z| z * own.signum()),
            is_high: own > 0.0,
            is_among_high: lag > 0.0,
        })
    })
    .collect()
}

/// `moran_local((id, lon, lat, value), ..)`.
#[derive(Debug)]
pub(crate) struct MoranLocal;

impl TableFunction for MoranLocal {
    fn describe(&self) -> Description {
        let description = Description::new(
            "moran_local",
            "Clusters and outliers by local Moran's I (Anselin 1995) with row-standardised weights: \
             id, value, neighbours (how many), i, z and p (two-sided, by the moments under conditional \
             randomisation: Sokal, Oden and Thomson 1998, and the normal distribution), p_permutation \
             (two-sided, by conditional permutation: twice the pseudo p-value of GeoDa and PySAL, ties \
             on both sides), quadrant (HH and LL are clusters, HL and LH outliers: the value first, its \
             neighbours second, H where above the mean) and geometry (the point). All of them are null \
             without neighbours and where all values are equal; z and the p where i cannot vary. \
             Quadrants say nothing without a p: WHERE p_permutation < 0.05.",
        );
        Setting::describe(description).example(
            "SELECT id, round(i, 4), round(z, 4), quadrant FROM hotspots.moran_local((SELECT * FROM (VALUES (1, 10, 10, 2.0), (2, 20, 10, 3.0), (3, 40, 10, 3.2), (4, 15, 20, 5.0), (5, 30, 20, 8.0), (6, 30, 30, 7.0)) AS t(id, lon, lat, value)), distance => 15, metric => 'planar') ORDER BY id",
            "1,0.3293,1.0137,LL\n2,-0.0889,0.0436,LH\n3,-0.8624,-1.3156,LH\n4,-0.0192,-0.3141,HL\n5,-0.0862,1.1537,HL\n6,1.3223,1.7783,HH",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let (setting, layout) = Setting::read(relations, signature)?;
        let fields = vec![
            layout.id_field(),
            Field::new("value", DataType::Float64, false),
            count_field("neighbours"),
            float_field("i"),
            float_field("z"),
            float_field("p"),
            float_field("p_permutation"),
            Field::new("quadrant", DataType::Utf8View, true),
            geometry::field(setting.metric(), false),
        ];
        let compute = move |rows: Rows| {
            let found = Found::new(rows.by_id()?, &setting)?;
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
    morans: Vec<Option<LocalMoran>>,
    p_permutation: Vec<Option<f64>>,
}

impl Found {
    fn new(rows: Rows, setting: &Setting) -> Result<Self> {
        let neighbours = setting.neighbours(&rows)?;
        let (morans, p_permutation) = match Deviations::new(&rows.values) {
            Some(deviations) => (
                moran_of(&deviations, &neighbours),
                deviations.permutation_p(&neighbours, setting.permutations, setting.seed),
            ),
            None => (vec![None; rows.len()], vec![None; rows.len()]),
        };
        Ok(Self {
            rows,
            neighbours,
            morans,
            p_permutation,
        })
    }

    fn columns(&self, range: Range<usize>) -> Vec<ArrayRef> {
        let morans = &self.morans[range.clone()];
        let z: Vec<_> = morans.iter().map(|moran| moran.as_ref()?.z).collect();
        let p_permutation = &self.p_permutation[range.clone()];
        let quadrants = morans
            .iter()
            .map(|moran| moran.as_ref().map(LocalMoran::quadrant));
        vec![
            self.rows.ids.column(range.clone()),
            floats(self.rows.values[range.clone()].iter().copied().map(Some)),
            counts(range.clone().map(|row| self.neighbours.count(row))),
            floats(
                morans
                    .iter()
                    .map(|moran| moran.as_ref().map(|moran| moran.i)),
            ),
            floats(z.iter().copied()),
            floats(z.iter().map(|z| z.map(two_sided_p))),
            // Where I cannot vary, no permutation is unusual.
            floats(z.iter().zip(p_permutation).map(|(z, p)| z.and(*p))),
            Arc::new(quadrants.collect::<StringViewArray>()),
            geometry::points(&self.rows.x[range.clone()], &self.rows.y[range]),
        ]
    }
}
