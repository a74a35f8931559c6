//! What the local statistics share: the sums of values over neighbours (the spatial lag), and how
//! unusual they are, by moments and by permutation.

use crate::neighbours::Neighbours;
use crate::random::Random;

/// Below this share of the variance of all values, a variance is taken as rounding.
const VARIANCE_SHARE_MIN: f64 = 1e-12;

/// Sums that differ by less than this share of the largest value are taken as equal: they are added
/// up in different orders.
const TIE_SHARE: f64 = 1e-9;

/// Values as deviations from their mean.
#[derive(Clone, Debug)]
pub(crate) struct Deviations {
    values: Vec<f64>,
    /// The sum of their squares.
    squares: f64,
}

impl Deviations {
    /// None where all values are equal, or there is none.
    pub(crate) fn new(values: &[f64]) -> Option<Self> {
        let first = values.first()?;
        // A mean of equal values may differ from them by rounding.
        if values.iter().all(|value| value == first) {
            return None;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let values: Vec<_> = values.iter().map(|value| value - mean).collect();
        let squares = values.iter().map(|value| value * value).sum();
        Some(Self { values, squares })
    }

    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn squares(&self) -> f64 {
        self.squares
    }

    /// The sum over the neighbours of a row.
    pub(crate) fn sum(&self, neighbours: &Neighbours, row: usize) -> f64 {
        sum(&self.values, neighbours.of(row))
    }

    /// How many standard deviations the sum over the neighbours of a row lies above what it would
    /// be on average if the values of all other rows were dealt out at random. None where it could
    /// not be anything else: without neighbours, where all others are neighbours, or where the
    /// others' values are equal.
    pub(crate) fn z_without_self(&self, neighbours: &Neighbours, row: usize) -> Option<f64> {
        let others = self.values.len() as f64 - 1.0;
        let own = self.values[row];
        let mean = -own / others;
        let variance = (self.squares - own * own) / others - mean * mean;
        let count = neighbours.count(row) as f64;
        let sum = self.sum(neighbours, row);
        self.z(sum - count * mean, variance, count, others)
    }

    /// The same for the row and its neighbours together, if the values of all rows were dealt out.
    /// None without neighbours, too: a place says nothing of its surroundings by itself.
    pub(crate) fn z_with_self(&self, neighbours: &Neighbours, row: usize) -> Option<f64> {
        let all = self.values.len() as f64;
        let count = neighbours.count(row) as f64 + 1.0;
        let sum = self.values[row] + self.sum(neighbours, row);
        let z = self.z(sum, self.squares / all, count, all);
        z.filter(|_| neighbours.count(row) > 0)
    }

    /// A sum's distance from its mean, over the standard deviation of a sum of so many values drawn
    /// without replacement from a number of values with a variance.
    fn z(&self, distance: f64, variance: f64, count: f64, drawn_from: f64) -> Option<f64> {
        let least = VARIANCE_SHARE_MIN * self.squares / self.values.len() as f64;
        let spread = variance * count * (drawn_from - count) / (drawn_from - 1.0);
        let z = distance / spread.sqrt();
        (variance > least && spread > 0.0 && z.is_finite()).then_some(z)
    }

    /// For each row, how probable a sum over its neighbours is that is as unusual, if its own value
    /// stays and the others are dealt out at random (conditional permutation, Anselin 1995):
    /// two-sided, see [`pseudo_p`]. None where there are no permutations or no neighbours.
    ///
    /// All rows look at the same permutations. A random order of all rows, with one of them left
    /// out, is a random order of the others; so a row's sum is that of the first ones in the order,
    /// less itself where it is among them, and comes from running sums in constant time.
    pub(crate) fn permutation_p(
        &self,
        neighbours: &Neighbours,
        permutations: u32,
        seed: u64,
    ) -> Vec<Option<f64>> {
        if permutations == 0 {
            return vec![None; self.values.len()];
        }
        let counts: Vec<_> = neighbours.counts().collect();
        let mut tallies = self.tallies(neighbours);
        let mut deal = Deal::new(self.values.len(), counts.iter().copied().max().unwrap_or(0));
        let mut random = Random::new(seed);
        for _ in 0..permutations {
            deal.shuffle(&self.values, &mut random);
            for (row, (tally, &count)) in tallies.iter_mut().zip(&counts).enumerate() {
                tally.add(deal.sum_without(row, count, self.values[row]));
            }
        }
        let ps = tallies.iter().zip(&counts);
        ps.map(|(tally, &count)| (count > 0).then(|| tally.p(permutations)))
            .collect()
    }

    fn tallies(&self, neighbours: &Neighbours) -> Vec<Tally> {
        let largest = self
            .values
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        let rows = 0..self.values.len();
        rows.map(|row| Tally::new(self.sum(neighbours, row), TIE_SHARE * largest))
            .collect()
    }
}

/// The sum of the values of some rows.
#[inline]
pub(crate) fn sum(values: &[f64], rows: &[u32]) -> f64 {
    rows.iter().map(|row| values[*row as usize]).sum()
}

/// Values dealt out at random, as far as anyone looks.
struct Deal {
    /// Rows, of which the first ones are drawn.
    order: Vec<u32>,
    drawn: usize,
    /// Where each row stands among those drawn.
    place_of: Vec<u32>,
    /// The sums of the values of the first rows: of none, of one, and so on.
    sums: Vec<f64>,
}

/// The place of a row that is not drawn.
const NOWHERE: u32 = u32::MAX;

impl Deal {
    /// For so many rows, of which each looks at so many others at most.
    fn new(rows: usize, others: usize) -> Self {
        let drawn = rows.min(others + 1);
        Self {
            order: (0..rows as u32).collect(),
            drawn,
            place_of: vec![NOWHERE; rows],
            sums: vec![0.0; drawn + 1],
        }
    }

    fn shuffle(&mut self, values: &[f64], random: &mut Random) {
        for row in &self.order[..self.drawn] {
            self.place_of[*row as usize] = NOWHERE;
        }
        random.draw(&mut self.order, self.drawn);
        let mut sum = 0.0;
        for (place, row) in (0..).zip(&self.order[..self.drawn]) {
            self.place_of[*row as usize] = place;
            sum += values[*row as usize];
            self.sums[place as usize + 1] = sum;
        }
    }

    /// The sum of the first so many values, passing over one row with its value.
    #[inline]
    fn sum_without(&self, row: usize, count: usize, value: f64) -> f64 {
        if (self.place_of[row] as usize) < count {
            self.sums[count + 1] - value
        } else {
            self.sums[count]
        }
    }
}

/// How a value stands among random ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    least: f64,
    most: f64,
    at_least: u32,
    at_most: u32,
}

impl Tally {
    /// For a value, and a difference that does not count.
    pub(crate) fn new(value: f64, tie: f64) -> Self {
        Self {
            least: value - tie,
            most: value + tie,
            at_least: 0,
            at_most: 0,
        }
    }

    pub(crate) fn add(&mut self, random: f64) {
        self.at_least += u32::from(random >= self.least);
        self.at_most += u32::from(random <= self.most);
    }

    /// Two-sided, see [`pseudo_p`].
    pub(crate) fn p(&self, permutations: u32) -> f64 {
        let unusual = self.at_least.min(self.at_most);
        (2.0 * pseudo_p(unusual, permutations)).min(1.0)
    }
}

/// The pseudo p-value of a permutation test: the share of values that are at least as unusual, with
/// the observed one counted as one of them (Davison and Hinkley, "Bootstrap Methods and their
/// Application", 1997, section 4.3).
pub(crate) fn pseudo_p(unusual: u32, permutations: u32) -> f64 {
    (f64::from(unusual) + 1.0) / (f64::from(permutations) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every choice of neighbours' values, counted: with the six values of PySAL's tests, the first
    /// row has two of five others, and of the ten sums two are at most its 8. So p is
    /// 2 * min(2, 9) / 10; the others alike, by `itertools.combinations`.
    #[test]
    fn permutations_come_near_to_counting_every_choice() {
        let values = [2.0, 3.0, 3.2, 5.0, 8.0, 7.0];
        let lists = [
            vec![1, 3],
            vec![0, 3, 4],
            vec![4],
            vec![0, 1, 4],
            vec![1, 2, 3, 5],
            vec![4],
        ];
        let neighbours = Neighbours::from_lists(&lists).expect("few");
        let deviations = Deviations::new(&values).expect("they differ");
        let found = deviations.permutation_p(&neighbours, 99_999, 7);
        let due: [f64; 6] = [0.4, 1.0, 0.4, 0.8, 0.4, 0.4];
        for (found, due) in found.into_iter().zip(due) {
            let found = found.expect("it has neighbours");
            assert!((found - due).abs() < 0.01, "{found} and {due}");
        }
    }

    #[test]
    fn values_without_variance_are_none() {
        assert!(Deviations::new(&[]).is_none());
        assert!(Deviations::new(&[0.1; 3]).is_none());
        let others_equal = Deviations::new(&[1.0, 0.1, 0.1, 0.1]).expect("one differs");
        let lists = [vec![1], vec![0, 2], vec![], vec![0, 1, 2]];
        let neighbours = Neighbours::from_lists(&lists).expect("few");
        let z = |row| others_equal.z_without_self(&neighbours, row);
        assert_eq!(z(0), None);
        assert!(z(1).is_some());
        assert_eq!((z(2), z(3)), (None, None));
        assert_eq!(others_equal.z_with_self(&neighbours, 2), None);
        assert_eq!(others_equal.z_with_self(&neighbours, 3), None);
    }
}
