//! Which rows are neighbours of which.

use crate::h3::{h3_cell, h3_disk};
use crate::index::Index;
use crate::metric::Places;
use sextant_plugin_sdk::{Error, Result};

/// Neighbours that lists may hold in all.
pub(crate) const NEIGHBOURS_MAX: usize = 16_000_000;

/// The neighbours of each row, in the order of rows. No row is its own neighbour; rows at the same
/// place are neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbours {
    /// Where the list of each row starts, and where the last ends.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Neighbours {
    /// Neighbours as lists give them, for neighbourhoods of other kinds. Rows beyond the last list,
    /// and a row in its own list, are an error, as are more than 16 million neighbours in all.
    pub fn from_lists(lists: &[Vec<u32>]) -> Result<Self> {
        let mut neighbours = Self::with_capacity(lists.len());
        for (row, list) in lists.iter().enumerate() {
            let is_wrong =
                |other: &&u32| **other as usize >= lists.len() || **other as usize == row;
            if let Some(other) = list.iter().find(is_wrong) {
                return Err(Error::invalid_data(format!(
                    "expected neighbours among {} rows, found {other} for row {row}",
                    lists.len()
                )));
            }
            neighbours.push(&mut list.clone())?;
        }
        Ok(neighbours)
    }

    /// The rows within a distance, inclusive, in the metric's unit.
    pub fn within(places: &Places, distance: f64) -> Result<Self> {
        let index = Index::new(places.points());
        let squared = places.metric().squared_line(distance);
        let mut neighbours = Self::with_capacity(places.points().len());
        let mut list = Vec::new();
        for (own, point) in (0..).zip(places.points()) {
            list.clear();
            index.within(point, squared, &mut |row, _| {
                if row != own {
                    list.push(row);
                }
            });
            neighbours.push(&mut list)?;
        }
        Ok(neighbours)
    }

    /// So many nearest rows; of rows at the same distance the first. Fewer where there are no more.
    /// Not mutual: a row may be near to one that has nearer ones.
    pub fn nearest(places: &Places, count: usize) -> Result<Self> {
        let index = Index::new(places.points());
        let mut neighbours = Self::with_capacity(places.points().len());
        for (own, point) in (0..).zip(places.points()) {
            neighbours.push(&mut index.nearest(point, count, own))?;
        }
        Ok(neighbours)
    }

    /// The rows whose H3 cell at a resolution is within so many steps of the own cell; with 0 steps
    /// those in the same cell. Coordinates are degrees, and are checked.
    pub fn rings(lon: &[f64], lat: &[f64], resolution: u8, steps: u32) -> Result<Self> {
        let mut members = Vec::with_capacity(lon.len());
        for (row, (&lon, &lat)) in (0_u32..).zip(lon.iter().zip(lat)) {
            let cell = h3_cell(lon, lat, resolution);
            let cell = cell.ok_or_else(|| Error::invalid_data("expected places on the globe"))?;
            members.push((cell, row));
        }
        members.sort_unstable();
        // Rows of a cell share the rows around them.
        let mut disks: Vec<Vec<u32>> = Vec::new();
        let mut disk_of = vec![0; members.len()];
        let mut held = 0;
        for same in members.chunk_by(|a, b| a.0 == b.0) {
            for &(_, row) in same {
                disk_of[row as usize] = disks.len();
            }
            let around = h3_disk(same[0].0, steps).into_iter();
            let rows: Vec<_> = around.flat_map(|cell| rows_of(&members, cell)).collect();
            // Each row of the cell will have as many, less itself.
            held += rows.len() - 1;
            check_count(held)?;
            disks.push(rows);
        }
        let mut neighbours = Self::with_capacity(members.len());
        let mut list = Vec::new();
        for (own, disk) in (0..).zip(disk_of) {
            list.clear();
            list.extend(disks[disk].iter().filter(|row| **row != own));
            neighbours.push(&mut list)?;
        }
        Ok(neighbours)
    }

    fn with_capacity(rows: usize) -> Self {
        let mut starts = Vec::with_capacity(rows + 1);
        starts.push(0);
        Self {
            starts,
            rows: Vec::new(),
        }
    }

    fn push(&mut self, list: &mut Vec<u32>) -> Result<()> {
        check_count(self.rows.len() + list.len())?;
        list.sort_unstable();
        self.rows.append(list);
        self.starts.push(self.rows.len() as u32);
        Ok(())
    }

    /// How many rows there are, with and without neighbours.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The neighbours of a row, ascending.
    #[inline]
    pub fn of(&self, row: usize) -> &[u32] {
        &self.rows[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    /// How many neighbours a row has.
    #[inline]
    pub fn count(&self, row: usize) -> usize {
        (self.starts[row + 1] - self.starts[row]) as usize
    }

    /// How many neighbours each row has.
    pub(crate) fn counts(&self) -> impl Iterator<Item = usize> {
        self.starts
            .windows(2)
            .map(|ends| (ends[1] - ends[0]) as usize)
    }
}

fn check_count(count: usize) -> Result<()> {
    if count > NEIGHBOURS_MAX {
        return Err(Error::unsupported(format!(
            "expected at most {NEIGHBOURS_MAX} neighbours in all, found more; hint: a shorter \
             distance, fewer nearest rows or fewer rings"
        )));
    }
    Ok(())
}

/// The rows of a cell, where they are sorted by their cells.
fn rows_of(members: &[(u64, u32)], cell: u64) -> impl Iterator<Item = u32> {
    let start = members.partition_point(|member| member.0 < cell);
    let same = members[start..]
        .iter()
        .take_while(move |member| member.0 == cell);
    same.map(|member| member.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;

    fn lists(neighbours: &Neighbours) -> Vec<Vec<u32>> {
        (0..neighbours.len())
            .map(|row| neighbours.of(row).to_vec())
            .collect()
    }

    /// The six points of PySAL's tests (esda 2.9.0, tests/test_getisord.py); the lists are those of
    /// `libpysal.weights.DistanceBand(points, threshold=15)` and `KNN(points, k=2)`, libpysal
    /// 4.14.1.
    #[test]
    fn distance_bands_and_nearest_rows_are_those_of_pysal() {
        let x = [10.0, 20.0, 40.0, 15.0, 30.0, 30.0];
        let y = [10.0, 10.0, 10.0, 20.0, 20.0, 30.0];
        let places = Places::new(Metric::Planar, &x, &y);
        let band = Neighbours::within(&places, 15.0).expect("few");
        assert_eq!(
            lists(&band),
            [
                vec![1, 3],
                vec![0, 3, 4],
                vec![4],
                vec![0, 1, 4],
                vec![1, 2, 3, 5],
                vec![4]
            ]
        );
        let nearest = Neighbours::nearest(&places, 2).expect("few");
        assert_eq!(
            lists(&nearest),
            [
                vec![1, 3],
                vec![0, 3],
                vec![1, 4],
                vec![0, 1],
                vec![1, 5],
                vec![3, 4]
            ]
        );
        assert!(
            Neighbours::nearest(&places, 9)
                .expect("few")
                .counts()
                .all(|count| count == 5)
        );
    }

    /// Two places some metres apart on both sides of the antimeridian, and one at each pole.
    #[test]
    fn the_antimeridian_and_the_poles_are_places_like_others() {
        let lon = [179.9999, -179.9999, 0.0, 90.0, 10.0];
        let lat = [10.0, 10.0, 90.0, 89.9999, -90.0];
        let places = Places::new(Metric::Sphere, &lon, &lat);
        let band = Neighbours::within(&places, 100.0).expect("few");
        assert_eq!(lists(&band), [vec![1], vec![0], vec![3], vec![2], vec![]]);
        let cells = Neighbours::rings(&lon, &lat, 5, 1).expect("few");
        assert_eq!(lists(&cells), lists(&band));
        let all = Neighbours::within(&places, 3e7).expect("few");
        assert!(all.counts().all(|count| count == 4));
    }

    #[test]
    fn too_many_neighbours_are_refused_before_they_take_memory() {
        let same = [1.0; 4_002];
        let places = Places::new(Metric::Planar, &same, &same);
        let within = Neighbours::within(&places, 1.0).expect_err("16,012,002 are too many");
        let rings = Neighbours::rings(&same, &same, 5, 0).expect_err("as many");
        assert_eq!(within, rings);
        let due = "expected at most 16000000 neighbours in all, found more; hint: ";
        assert!(within.message().starts_with(due), "{within}");
    }

    #[test]
    fn lists_from_elsewhere_are_checked() {
        let found = Neighbours::from_lists(&[vec![1], vec![0]]).expect("they are fine");
        assert_eq!(lists(&found), [[1], [0]]);
        let why = |lists: &[Vec<u32>]| {
            let error = Neighbours::from_lists(lists).expect_err("an error");
            error.to_string()
        };
        let due = "expected neighbours among 2 rows, found";
        assert_eq!(why(&[vec![1], vec![2]]), format!("{due} 2 for row 1"));
        assert_eq!(why(&[vec![0], vec![]]), format!("{due} 0 for row 0"));
    }
}
