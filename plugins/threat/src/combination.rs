//! Ratings and weights put together: plain computations on numbers. The formulas stand in the
//! documentation of the crate.

/// What the reports on one indicator say together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Combined {
    /// The mean of their ratings by weight, 0 to 1; none where nothing is known.
    pub(crate) value: Option<f64>,
    /// From 0, nothing is known, to 1.
    pub(crate) confidence: f64,
    /// How far two reports differ on average, 0 to 0.5.
    pub(crate) contradiction: f64,
}

impl Combined {
    /// Combines reports, each with the number of its rating and a weight from 0 to 1; `values` has
    /// the value of each rating. The order of reports matters to the last bit of the result, so
    /// they are given in their own.
    pub(crate) fn new(reports: &[(usize, f64)], values: &[f64]) -> Self {
        let mut totals = vec![0.0; values.len()];
        let mut doubt = 1.0;
        for &(rating, weight) in reports {
            totals[rating] += weight;
            doubt *= 1.0 - weight;
        }
        let sum: f64 = totals.iter().sum();
        if sum <= 0.0 {
            return Self::default();
        }
        let ratings = || totals.iter().zip(values);
        let mut value = 0.0;
        let mut contradiction = 0.0;
        for (total, rated) in ratings() {
            let share = total / sum;
            value += share * rated;
            for (other_total, other_rated) in ratings() {
                contradiction += share * (other_total / sum) * (rated - other_rated).abs();
            }
        }
        Self {
            value: Some(value),
            confidence: (1.0 - doubt) * (1.0 - contradiction),
            contradiction,
        }
    }

    /// The lower end of the interval.
    pub(crate) fn low(&self) -> f64 {
        self.value.map_or(0.0, |value| self.confidence * value)
    }

    /// The upper end of the interval.
    pub(crate) fn high(&self) -> f64 {
        self.value
            .map_or(1.0, |value| 1.0 - self.confidence * (1.0 - value))
    }
}

/// The score over several indicators.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Score {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// The mean over what is known; none where nothing is.
    pub(crate) best: Option<f64>,
    pub(crate) confidence: f64,
    /// How many indicators are known.
    pub(crate) known: usize,
    /// Of how many.
    pub(crate) indicators: usize,
}

impl Score {
    /// The means of indicators by their weights, of which at least one is above 0.
    pub(crate) fn new(parts: &[(f64, Combined)]) -> Self {
        let mean = |of: fn(&Combined) -> f64| {
            let sum: f64 = parts.iter().map(|(weight, part)| weight * of(part)).sum();
            let weights: f64 = parts.iter().map(|(weight, _)| weight).sum();
            rounded(sum / weights)
        };
        let known = || {
            parts
                .iter()
                .filter_map(|(weight, part)| Some((*weight, part.value?)))
        };
        let known_weight: f64 = known().map(|(weight, _)| weight).sum();
        let known_sum: f64 = known().map(|(weight, value)| weight * value).sum();
        Self {
            low: mean(Combined::low),
            high: mean(Combined::high),
            best: (known_weight > 0.0).then(|| rounded(known_sum / known_weight)),
            confidence: mean(|part| part.confidence),
            known: known().count(),
            indicators: parts.len(),
        }
    }
}

/// Six places: far finer than any rating, and free of what the order of additions leaves behind.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
