//! Finding the places around a place.

use std::collections::BinaryHeap;

/// So few nodes are looked through one by one.
const LEAF_NODES: usize = 8;

/// A k-d tree of points in space (Bentley, "Multidimensional Binary Search Trees Used for
/// Associative Searching", 1975). Each run of nodes is split where its points spread widest: what
/// lies before the middle one comes first in the run, what lies behind it last.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    point: [f64; 3],
    row: u32,
    /// The axis that splits the run that this node is the middle of.
    axis: u32,
}

impl Index {
    /// An index of points, whose rows are their positions in the list.
    pub(crate) fn new(points: &[[f64; 3]]) -> Self {
        let nodes = points.iter().zip(0..);
        let mut nodes: Vec<_> = nodes
            .map(|(&point, row)| Node {
                point,
                row,
                axis: 0,
            })
            .collect();
        arrange(&mut nodes);
        Self { nodes }
    }

    /// Visits every point within a distance, whose square is given, with the square of its own
    /// distance; in no particular order.
    pub(crate) fn within(&self, centre: &[f64; 3], squared: f64, visit: &mut impl FnMut(u32, f64)) {
        search(&self.nodes, centre, squared, visit);
    }

    /// The rows of the nearest points, except for one row, nearest first. Of points at the same
    /// distance, the one with the lower row is nearer.
    pub(crate) fn nearest(&self, centre: &[f64; 3], count: usize, except: u32) -> Vec<u32> {
        let mut nearest = Nearest {
            centre,
            count,
            except,
            found: BinaryHeap::with_capacity(count + 1),
        };
        if count > 0 {
            nearest.search(&self.nodes);
        }
        let found = nearest.found.into_sorted_vec();
        found.into_iter().map(|(_, row)| row).collect()
    }
}

fn arrange(nodes: &mut [Node]) {
    if nodes.len() <= LEAF_NODES {
        return;
    }
    let axis = widest_axis(nodes);
    let middle = nodes.len() / 2;
    nodes.select_nth_unstable_by(middle, |a, b| a.point[axis].total_cmp(&b.point[axis]));
    nodes[middle].axis = axis as u32;
    let (before, behind) = nodes.split_at_mut(middle);
    arrange(before);
    arrange(&mut behind[1..]);
}

fn widest_axis(nodes: &[Node]) -> usize {
    let mut least = [f64::INFINITY; 3];
    let mut most = [f64::NEG_INFINITY; 3];
    for node in nodes {
        for ((least, most), part) in least.iter_mut().zip(&mut most).zip(node.point) {
            *least = least.min(part);
            *most = most.max(part);
        }
    }
    let spread = |axis: &usize| most[*axis] - least[*axis];
    let axes = 0..3;
    axes.max_by(|a, b| spread(a).total_cmp(&spread(b)))
        .unwrap_or(0)
}

fn squared_distance(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    let [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    x * x + y * y + z * z
}

fn search(nodes: &[Node], centre: &[f64; 3], squared: f64, visit: &mut impl FnMut(u32, f64)) {
    let mut offer = |node: &Node| {
        let distance = squared_distance(centre, &node.point);
        if distance <= squared {
            visit(node.row, distance);
        }
    };
    if nodes.len() <= LEAF_NODES {
        nodes.iter().for_each(offer);
        return;
    }
    let middle = nodes.len() / 2;
    let node = &nodes[middle];
    offer(node);
    let axis = node.axis as usize;
    let beyond = centre[axis] - node.point[axis];
    let reaches_across = beyond * beyond <= squared;
    if beyond <= 0.0 || reaches_across {
        search(&nodes[..middle], centre, squared, visit);
    }
    if beyond >= 0.0 || reaches_across {
        search(&nodes[middle + 1..], centre, squared, visit);
    }
}

/// A search for the nearest points.
struct Nearest<'a> {
    centre: &'a [f64; 3],
    count: usize,
    except: u32,
    /// The squares of distances and the rows, the farthest on top. The bits of numbers that are not
    /// negative are in the order of the numbers.
    found: BinaryHeap<(u64, u32)>,
}

impl Nearest<'_> {
    fn search(&mut self, nodes: &[Node]) {
        if nodes.len() <= LEAF_NODES {
            for node in nodes {
                self.offer(node);
            }
            return;
        }
        let middle = nodes.len() / 2;
        let node = &nodes[middle];
        self.offer(node);
        let axis = node.axis as usize;
        let beyond = self.centre[axis] - node.point[axis];
        let (before, behind) = (&nodes[..middle], &nodes[middle + 1..]);
        let (near, far) = if beyond <= 0.0 {
            (before, behind)
        } else {
            (behind, before)
        };
        self.search(near);
        if self.may_find(beyond * beyond) {
            self.search(far);
        }
    }

    /// Whether a point at a distance, whose square is given, may be among the nearest. At the same
    /// distance it may, since its row may be lower.
    fn may_find(&self, squared: f64) -> bool {
        let farthest = self.found.peek().map(|(bits, _)| f64::from_bits(*bits));
        self.found.len() < self.count || farthest.is_none_or(|farthest| squared <= farthest)
    }

    fn offer(&mut self, node: &Node) {
        if node.row == self.except {
            return;
        }
        let distance = squared_distance(self.centre, &node.point);
        if !self.may_find(distance) {
            return;
        }
        self.found.push((distance.to_bits(), node.row));
        if self.found.len() > self.count {
            self.found.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a coarse grid, so that many coincide and many distances are equal.
    fn points() -> Vec<[f64; 3]> {
        let part = |i: usize, factor: usize| (i * factor % 7) as f64;
        (0..300)
            .map(|i| [part(i, 31), part(i / 3, 17), part(i / 7, 5)])
            .collect()
    }

    #[test]
    fn points_within_a_distance_are_those_that_a_full_search_finds() {
        let points = points();
        let index = Index::new(&points);
        for (centre, squared) in points
            .iter()
            .zip([0.0, 1.0, 5.0, 14.0, 200.0].iter().cycle())
        {
            let mut found = Vec::new();
            index.within(centre, *squared, &mut |row, _| found.push(row));
            found.sort_unstable();
            let due: Vec<_> = (0..points.len() as u32)
                .filter(|row| squared_distance(centre, &points[*row as usize]) <= *squared)
                .collect();
            assert_eq!(found, due);
        }
    }

    #[test]
    fn nearest_points_are_those_that_a_full_search_finds() {
        let points = points();
        let index = Index::new(&points);
        for (row, count) in (0..points.len() as u32).zip([0, 1, 2, 9, 50, 1_000].iter().cycle()) {
            let centre = &points[row as usize];
            let mut due: Vec<_> = (0..points.len() as u32)
                .filter(|other| *other != row)
                .map(|other| {
                    (
                        squared_distance(centre, &points[other as usize]).to_bits(),
                        other,
                    )
                })
                .collect();
            due.sort_unstable();
            due.truncate(*count);
            let due: Vec<_> = due.into_iter().map(|(_, row)| row).collect();
            assert_eq!(index.nearest(centre, *count, row), due);
        }
    }

    #[test]
    fn an_empty_index_finds_nothing() {
        let index = Index::new(&[]);
        let mut count = 0;
        index.within(&[0.0; 3], f64::INFINITY, &mut |_, _| count += 1);
        assert_eq!(count, 0);
        assert!(index.nearest(&[0.0; 3], 3, 0).is_empty());
    }
}
