//! Where places are and how far apart: on the globe, or in a plane.
//!
//! Either way a place becomes a point in space, and distances become straight lines there, so that
//! one index serves both; the poles and the antimeridian are places like others.

use std::f64::consts::PI;

/// The mean radius of the Earth in metres: (2a + b) / 3 of WGS 84 (Moritz, "Geodetic Reference
/// System 1980", 2000).
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// What coordinates and distances mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Longitude and latitude in degrees; distances along great circles of a sphere, in metres.
    Sphere,
    /// Two coordinates of a plane; distances are straight, in the unit of the coordinates.
    Planar,
}

impl Metric {
    /// How a constant argument names the metrics.
    pub(crate) const CHOICES: [(&'static str, Self); 2] =
        [("sphere", Self::Sphere), ("planar", Self::Planar)];

    /// The point in space of a place: on the sphere around the origin, in metres, or in the plane.
    pub fn point(self, x: f64, y: f64) -> [f64; 3] {
        match self {
            Self::Planar => [x, y, 0.0],
            Self::Sphere => {
                let (sin_x, cos_x) = x.to_radians().sin_cos();
                let (sin_y, cos_y) = y.to_radians().sin_cos();
                [cos_y * cos_x, cos_y * sin_x, sin_y].map(|part| part * EARTH_RADIUS_M)
            }
        }
    }

    /// The square of the straight line in space that belongs to a distance. Longer distances have
    /// longer lines, so comparing the one is comparing the other.
    pub fn squared_line(self, distance: f64) -> f64 {
        let line = match self {
            Self::Planar => distance,
            // No place is farther away than the antipode.
            Self::Sphere if distance >= PI * EARTH_RADIUS_M => f64::INFINITY,
            Self::Sphere => 2.0 * EARTH_RADIUS_M * (distance / (2.0 * EARTH_RADIUS_M)).sin(),
        };
        line * line
    }
}

/// Places, as points in space.
#[derive(Clone, Debug)]
pub struct Places {
    metric: Metric,
    points: Vec<[f64; 3]>,
}

impl Places {
    /// Places by their coordinates: longitudes and latitudes in degrees, or those of a plane.
    pub fn new(metric: Metric, x: &[f64], y: &[f64]) -> Self {
        let points = x.iter().zip(y).map(|(&x, &y)| metric.point(x, y));
        Self {
            metric,
            points: points.collect(),
        }
    }

    /// What coordinates and distances mean.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The points in space.
    pub fn points(&self) -> &[[f64; 3]] {
        &self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squared_between(a: [f64; 3], b: [f64; 3]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
    }

    /// A quarter of a great circle is pi R / 2, whatever its direction.
    #[test]
    fn lines_belong_to_distances_along_great_circles() {
        let metric = Metric::Sphere;
        let quarter = PI * EARTH_RADIUS_M / 2.0;
        for (from, to) in [
            ([0.0, 0.0], [90.0, 0.0]),
            ([10.0, 0.0], [77.0, 90.0]),
            ([135.0, 0.0], [-135.0, 0.0]),
        ] {
            let [from, to] = [from, to].map(|[x, y]| metric.point(x, y));
            let squared = squared_between(from, to);
            assert!((squared / metric.squared_line(quarter) - 1.0).abs() < 1e-12);
        }
        let antipodes = squared_between(metric.point(30.0, 50.0), metric.point(-150.0, -50.0));
        assert!(antipodes <= metric.squared_line(PI * EARTH_RADIUS_M));
        // One metre to the north.
        let north = 50.0 + (1.0 / EARTH_RADIUS_M).to_degrees();
        let metre = squared_between(metric.point(30.0, 50.0), metric.point(30.0, north));
        assert!((metre - 1.0).abs() < 1e-7);
    }
}
