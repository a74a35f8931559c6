//! What the statistics of neighbours share in SQL: the relation, how neighbours are found, and how
//! significance is tested.

use crate::arguments::{
    Constants, metric_parameter, optional_number, permutations, permutations_parameter,
    seed_parameter, whole_number_or,
};
use crate::h3::RESOLUTION_MAX;
use crate::metric::{Metric, Places};
use crate::neighbours::Neighbours;
use crate::rows::{Layout, Role, Rows};
use arrow_schema::SchemaRef;
use sextant_plugin_sdk::{Description, Error, Feed, Result, Signature};

/// The columns of the relation.
const ROLES: [Role; 4] = [Role::Id, Role::X, Role::Y, Role::Value];

/// Steps on the H3 grid: at 20 a disk has 1,261 cells.
const RINGS_MAX: i64 = 20;

/// How neighbours are found.
#[derive(Clone, Copy, Debug)]
enum Neighbourhood {
    /// Within a distance in metres or, in a plane, its unit.
    Distance(f64),
    /// So many nearest ones.
    Nearest(usize),
    /// Within so many steps on the H3 grid of a resolution.
    Rings { steps: u32, resolution: u8 },
}

/// How rows are compared with their neighbours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    neighbourhood: Neighbourhood,
    metric: Metric,
    /// How often to permute.
    pub(crate) permutations: u32,
    /// Where random numbers start.
    pub(crate) seed: u64,
}

impl Setting {
    /// How many parameters it has; a function's own come after them.
    pub(crate) const PARAMETERS: usize = 7;

    /// Adds the relation and the parameters.
    pub(crate) fn describe(description: Description) -> Description {
        description
            .relation(
                "places",
                Feed::Build,
                "By position: id (whole number or text, another in each row), lon, lat (degrees, or \
                 the coordinates of a plane), value. No nulls.",
            )
            .parameter(optional_number(
                "distance",
                "Neighbours are all within this distance, inclusive, in metres (or the plane's unit). \
                 Give one of distance, nearest and rings.",
            ))
            .parameter(whole_number_or(
                "nearest",
                None,
                "Neighbours are so many nearest, from 1 to 10,000; of equally near ones those with \
                 the first ids.",
            ))
            .parameter(whole_number_or(
                "rings",
                None,
                "Neighbours are all in the H3 cells at most so many steps away, from 0 (the own cell) \
                 to 20; needs resolution.",
            ))
            .parameter(whole_number_or(
                "resolution",
                None,
                "The resolution of the H3 cells for rings, from 0 to 15.",
            ))
            .parameter(metric_parameter())
            .parameter(permutations_parameter())
            .parameter(seed_parameter())
    }

    /// The setting of a call, and its columns.
    pub(crate) fn read(relations: &[SchemaRef], signature: &Signature) -> Result<(Self, Layout)> {
        let constants = Constants(signature);
        let metric = constants.choice(4, "a metric", &Metric::CHOICES)?;
        let (permutations, seed) = permutations(&constants, 5)?;
        let setting = Self {
            neighbourhood: neighbourhood(&constants, metric)?,
            metric,
            permutations,
            seed,
        };
        Ok((setting, Layout::new(relations, &ROLES, metric)?))
    }

    pub(crate) fn metric(&self) -> Metric {
        self.metric
    }

    /// Who is whose neighbour.
    pub(crate) fn neighbours(&self, rows: &Rows) -> Result<Neighbours> {
        let places = || Places::new(self.metric, &rows.x, &rows.y);
        match self.neighbourhood {
            Neighbourhood::Distance(distance) => Neighbours::within(&places(), distance),
            Neighbourhood::Nearest(count) => Neighbours::nearest(&places(), count),
            Neighbourhood::Rings { steps, resolution } => {
                Neighbours::rings(&rows.x, &rows.y, resolution, steps)
            }
        }
    }
}

fn neighbourhood(constants: &Constants<'_>, metric: Metric) -> Result<Neighbourhood> {
    let distance = constants.positive(0, "a distance")?;
    let nearest = constants.whole(1, "nearest", 1..=10_000)?;
    let rings = constants.whole(2, "rings", 0..=RINGS_MAX)?;
    let resolution = constants.whole(3, "a resolution", 0..=i64::from(RESOLUTION_MAX))?;
    match (distance, nearest, rings, resolution) {
        (Some(distance), None, None, None) => Ok(Neighbourhood::Distance(distance)),
        (None, Some(count), None, None) => Ok(Neighbourhood::Nearest(count as usize)),
        (None, None, Some(_), _) if metric == Metric::Planar => Err(Error::invalid_config(
            "expected distance or nearest for the metric planar, found rings",
        )),
        (None, None, Some(steps), Some(resolution)) => Ok(Neighbourhood::Rings {
            steps: steps as u32,
            resolution: resolution as u8,
        }),
        _ => {
            let given = [
                ("distance", distance.is_some()),
                ("nearest", nearest.is_some()),
                ("rings", rings.is_some()),
                ("resolution", resolution.is_some()),
            ];
            let given = given.iter().filter(|(_, is_given)| *is_given);
            let given: Vec<_> = given.map(|(name, _)| *name).collect();
            Err(Error::invalid_config(format!(
                "expected one of distance, nearest, and rings with resolution, found {}",
                if given.is_empty() {
                    "none".to_owned()
                } else {
                    given.join(" and ")
                }
            )))
        }
    }
}
