//! Spatial statistics: where things happen more than chance would have it.
//!
//! Table functions take a relation whose columns have their meaning by position, and give rows with
//! a geometry (well-known binary, longitude and latitude) that maps show as it is.
//!
//! | function | gives | after |
//! |---|---|---|
//! | `h3_bins((lon, lat, value), resolution)` | cell, count, sum, mean, polygon | H3 |
//! | `getis_ord((id, lon, lat, value), ..)` | z, p, class of each row | Getis and Ord 1992, 1995 |
//! | `moran_local((id, lon, lat, value), ..)` | i, z, p, quadrant of each row | Anselin 1995 |
//! | `moran_global((id, lon, lat, value), ..)` | i, its moments and p, one row | Moran 1950 |
//! | `kde((lon, lat, weight), bandwidth)` | density, polygon of each cell | Silverman 1986 |
//! | `dbscan((id, lon, lat), epsilon, minimum)` | cluster, core of each row | Ester et al. 1996 |
//! | `knox((lon, lat, at), distance, days)` | pairs near in space and time, one row | Knox 1964 |
//! | `h3_cell(lon, lat, resolution)` | text | H3 |
//! | `h3_boundary(cell)` | polygon | H3 |
//!
//! The same rows give the same result in any order and however they are spread, also where it rests
//! on random permutations: rows are sorted first, and random numbers start at a seed.
//!
//! The computations are plain Rust functions on plain data, so that native code and benchmarks can
//! call them.
//!
//! ```
//! use sextant_plugin_hotspots::{Metric, Neighbours, Places, getis_ord};
//!
//! // Six places in a plane, of PySAL's tests.
//! let x = [10.0, 20.0, 40.0, 15.0, 30.0, 30.0];
//! let y = [10.0, 10.0, 10.0, 20.0, 20.0, 30.0];
//! let values = [2.0, 3.0, 3.2, 5.0, 8.0, 7.0];
//! let places = Places::new(Metric::Planar, &x, &y);
//! let neighbours = Neighbours::within(&places, 15.0)?;
//! let hottest = getis_ord(&values, &neighbours, true)[5].unwrap();
//! assert!((hottest - 2.02424331).abs() < 1e-8);
//! # Ok::<(), sextant_plugin_sdk::Error>(())
//! ```

// Numbers.
mod normal;
mod random;

// Places, what is around them, and how they are drawn.
mod metric;

mod index;

mod geometry;

mod h3;

mod neighbours;

mod lag;

// From SQL and back.
mod rows;

mod arguments;

mod call;

mod setting;

// The analyses, each with its function in SQL.
mod h3_bins;

mod getis_ord;

mod moran_local;

mod moran_global;

mod kde;

mod dbscan;

mod knox;

pub use dbscan::{Clusters, dbscan};
pub use getis_ord::getis_ord;
pub use h3::{h3_boundary, h3_cell};
pub use h3_bins::{Bin, h3_bins};
pub use kde::{Density, DensityCell, Kde, Kernel};
pub use knox::{Knox, knox};
pub use metric::{EARTH_RADIUS_M, Metric, Places};
pub use moran_global::{GlobalMoran, moran_global, moran_global_p};
pub use moran_local::{LocalMoran, moran_local};
pub use neighbours::Neighbours;

use sextant_plugin_sdk::Functions;

/// The functions of this plugin.
pub fn functions() -> Functions {
    Functions::new()
        .scalar(h3::h3_cell_function())
        .scalar(h3::H3Boundary)
        .table(h3_bins::H3Bins)
        .table(getis_ord::GetisOrd)
        .table(moran_local::MoranLocal)
        .table(moran_global::MoranGlobal)
        .table(kde::KernelDensity)
        .table(dbscan::Dbscan)
        .table(knox::KnoxTest)
}

sextant_plugin_sdk::export!(functions: functions);

#[cfg(test)]
mod tests;
