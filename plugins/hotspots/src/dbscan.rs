//! Clusters of dense places.

use crate::arguments::{Constants, given, metric_parameter, number, whole_number};
use crate::call::gathering;
use crate::geometry;
use crate::index::Index;
use crate::metric::{Metric, Places};
use crate::rows::{Layout, Role, Rows};
use arrow_array::{ArrayRef, BooleanArray, Int64Array};
use arrow_schema::{DataType, Field, SchemaRef};
use sextant_plugin_sdk::{Answer, BoundTable, Description, Feed, Result, Signature, TableFunction};
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// The clusters of places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters {
    /// The cluster of each row, from 0; none for noise.
    pub clusters: Vec<Option<u32>>,
    /// Whether each row is the core of a cluster.
    pub cores: Vec<bool>,
}

/// DBSCAN (Ester, Kriegel, Sander and Xu, "A Density-Based Algorithm for Discovering Clusters in
/// Large Spatial Databases with Noise", KDD 1996).
///
/// A row with so many rows within epsilon, inclusive and itself counted, is a core; cores within
/// epsilon of each other share a cluster. Other rows within epsilon of a core are the border. The
/// paper leaves open which cluster a row gets that borders several: here that of the nearest core,
/// and of equally near ones the first. Clusters are numbered in the order of their first cores.
pub fn dbscan(places: &Places, epsilon: f64, minimum: usize) -> Clusters {
    let sites = Sites::new(places.points());
    let squared = places.metric().squared_line(epsilon);
    let index = Index::new(&sites.points);
    let cores: Vec<_> = sites
        .points
        .iter()
        .map(|point| {
            let mut rows = 0;
            index.within(point, squared, &mut |site, _| {
                rows += sites.counts[site as usize]
            });
            rows >= minimum
        })
        .collect();
    let anchors = anchors(&sites, &index, squared, &cores);
    let mut numbers = vec![None; sites.points.len()];
    let mut count = 0;
    // Cores first, since clusters are numbered by them; then whatever belongs to them.
    for &site in sites.of_row.iter().filter(|site| cores[**site as usize]) {
        if let Some(root) = anchors[site as usize] {
            numbers[root as usize].get_or_insert_with(|| {
                count += 1;
                count - 1
            });
        }
    }
    let cluster = |site: &u32| numbers[anchors[*site as usize]? as usize];
    Clusters {
        clusters: sites.of_row.iter().map(cluster).collect(),
        cores: sites
            .of_row
            .iter()
            .map(|site| cores[*site as usize])
            .collect(),
    }
}

/// The site that stands for the cluster of each site; none for noise.
fn anchors(sites: &Sites, index: &Index, squared: f64, cores: &[bool]) -> Vec<Option<u32>> {
    let mut union = Union::new(cores.len());
    let mut nearest = vec![None; cores.len()];
    for (site, point) in (0_u32..).zip(&sites.points) {
        if cores[site as usize] {
            nearest[site as usize] = Some(site);
            index.within(point, squared, &mut |other, _| {
                // Two cores find each other twice; once is enough.
                if other < site && cores[other as usize] {
                    union.join(site, other);
                }
            });
        } else {
            nearest[site as usize] = nearest_core(sites, index, squared, cores, point);
        }
    }
    let anchors = nearest.into_iter();
    anchors
        .map(|core| core.map(|core| union.root(core)))
        .collect()
}

/// The nearest core within reach; of equally near ones that of the first row.
fn nearest_core(
    sites: &Sites,
    index: &Index,
    squared: f64,
    cores: &[bool],
    point: &[f64; 3],
) -> Option<u32> {
    let mut nearest: Option<(f64, u32, u32)> = None;
    index.within(point, squared, &mut |site, distance| {
        let first_row = sites.first_rows[site as usize];
        let is_nearer = nearest.is_none_or(|(least, row, _)| (distance, first_row) < (least, row));
        if cores[site as usize] && is_nearer {
            nearest = Some((distance, first_row, site));
        }
    });
    nearest.map(|(_, _, site)| site)
}

/// Rows at the same place are one site: in a register of events thousands share the place of a town,
/// and each would find all the others.
struct Sites {
    points: Vec<[f64; 3]>,
    /// How many rows, and the first of them.
    counts: Vec<usize>,
    first_rows: Vec<u32>,
    of_row: Vec<u32>,
}

impl Sites {
    fn new(points: &[[f64; 3]]) -> Self {
        let mut order: Vec<_> = (0..points.len() as u32).collect();
        order.sort_unstable_by(|a, b| {
            let places = compare(&points[*a as usize], &points[*b as usize]);
            places.then(a.cmp(b))
        });
        let mut sites = Self {
            points: Vec::new(),
            counts: Vec::new(),
            first_rows: Vec::new(),
            of_row: vec![0; points.len()],
        };
        let point_of = |row: u32| points[row as usize];
        for same in order.chunk_by(|a, b| point_of(*a) == point_of(*b)) {
            for row in same {
                sites.of_row[*row as usize] = sites.points.len() as u32;
            }
            sites.points.push(point_of(same[0]));
            sites.counts.push(same.len());
            sites.first_rows.push(same[0]);
        }
        sites
    }
}

fn compare(a: &[f64; 3], b: &[f64; 3]) -> Ordering {
    let parts = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
    parts.fold(Ordering::Equal, Ordering::then)
}

/// Sets that are joined (Tarjan and van Leeuwen 1984, with path halving); the lowest one stands for
/// its set.
struct Union(Vec<u32>);

impl Union {
    fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    fn root(&mut self, mut of: u32) -> u32 {
        while self.0[of as usize] != of {
            let parent = self.0[of as usize];
            self.0[of as usize] = self.0[parent as usize];
            of = parent;
        }
        of
    }

    fn join(&mut self, a: u32, b: u32) {
        let [a, b] = [self.root(a), self.root(b)];
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// `dbscan((id, lon, lat), epsilon, minimum)`.
#[derive(Debug)]
pub(crate) struct Dbscan;

impl TableFunction for Dbscan {
    fn describe(&self) -> Description {
        Description::new(
            "dbscan",
            "Clusters of dense places, of any shape (DBSCAN: Ester, Kriegel, Sander and Xu 1996): id, \
             cluster_id (numbered from 0 in the order of the ids of their cores; null for noise), core \
             (whether enough places are within epsilon) and geometry (the point). A place on the \
             border of several clusters belongs to the one with the nearest core, of equally near ones \
             to that of the first id.",
        )
        .relation(
            "places",
            Feed::Build,
            "By position: id (whole number or text, another in each row), lon, lat (degrees, or the \
             coordinates of a plane). No nulls.",
        )
        .parameter(number(
            "epsilon",
            "How far neighbours may be, inclusive, above 0, in metres (or the plane's unit).",
        ))
        .parameter(whole_number(
            "minimum",
            "How many places, itself counted, must be within epsilon of a core; from 1.",
        ))
        .parameter(metric_parameter())
        .example(
            "SELECT id, cluster_id, core FROM hotspots.dbscan((SELECT * FROM (VALUES ('a', 0, 0), ('b', 1, 0), ('c', 2, 0), ('d', 9, 9), ('e', 20, 0), ('f', 20, 1), ('g', 20, 1)) AS t(id, x, y)), epsilon => 1, minimum => 3, metric => 'planar') ORDER BY id",
            "a,0,false\nb,0,true\nc,0,false\nd,,false\ne,1,true\nf,1,true\ng,1,true",
        )
    }

    fn bind(&self, relations: &[SchemaRef], signature: &Signature) -> Result<Box<dyn BoundTable>> {
        let constants = Constants(signature);
        let epsilon = given(constants.positive(0, "an epsilon")?, "an epsilon")?;
        let minimum = constants.whole(1, "a minimum", 1..=i64::from(u32::MAX))?;
        let minimum = given(minimum, "a minimum")? as usize;
        let metric = constants.choice(2, "a metric", &Metric::CHOICES)?;
        let layout = Layout::new(relations, &[Role::Id, Role::X, Role::Y], metric)?;
        let fields = vec![
            layout.id_field(),
            Field::new("cluster_id", DataType::Int64, true),
            Field::new("core", DataType::Boolean, false),
            geometry::field(metric, false),
        ];
        let compute = move |rows: Rows| {
            let rows = rows.by_id()?;
            let found = dbscan(&Places::new(metric, &rows.x, &rows.y), epsilon, minimum);
            Ok(Answer::new(rows.len(), move |range| {
                columns(&rows, &found, range)
            }))
        };
        Ok(gathering(layout, fields, compute))
    }
}

fn columns(rows: &Rows, found: &Clusters, range: Range<usize>) -> Vec<ArrayRef> {
    let clusters = found.clusters[range.clone()].iter();
    let clusters = clusters.map(|cluster| cluster.map(i64::from));
    vec![
        rows.ids.column(range.clone()),
        Arc::new(clusters.collect::<Int64Array>()),
        Arc::new(BooleanArray::from(found.cores[range.clone()].to_vec())),
        geometry::points(&rows.x[range.clone()], &rows.y[range]),
    ]
}
