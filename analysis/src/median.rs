//! The median of a few values and how certain it is.
//!
//! ```text
//! interval   of the median: the order statistics l and n + 1 - l, with the largest l for which
//!            P(Binomial(n, 1/2) < l) <= 2.5 %, and with l = 1 where there is none (n < 6)
//! coverage   1 - 2 P(Binomial(n, 1/2) < l)
//! ```
//!
//! | symbol | is |
//! |---|---|
//! | `n` | how many values |
//! | `l` | rank of the lower end, from 1 |
//!
//! It assumes that the values are independent draws from one continuous distribution, and nothing of its form. Of few
//! values it covers less than 95 %, and says so: of five 93.75 %, of three 75 %, of one nothing.
//!
//! Reference: Conover WJ (1999), Practical Nonparametric Statistics, 3rd edition, section 3.2; David HA, Nagaraja HN
//! (2003), Order Statistics, 3rd edition, section 7.1, <https://doi.org/10.1002/0471722162>.

use serde::Serialize;

/// A median with an interval about it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MedianInterval {
    /// How many values.
    pub n: usize,
    /// Their median: the value in the middle, or the mean of the two there.
    pub median: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// With which probability such an interval holds the median of what the values are drawn from: at least 0.95 of 6
    /// and more.
    pub coverage: f64,
}

impl MedianInterval {
    /// Of these values; `None` of nothing, or if one is no number.
    ///
    /// ```
    /// let found = nn4n_analysis::MedianInterval::of(&[3.0, 1.0, 2.0]).unwrap();
    /// assert_eq!((found.median, found.low, found.high, found.coverage), (2.0, 1.0, 3.0, 0.75));
    /// ```
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() || values.iter().any(|value| value.is_nan()) {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let rank = lower_rank(n).unwrap_or(1);
        let (below, above) = (sorted[(n - 1) / 2], sorted[n / 2]);
        // Two infinities have no difference.
        let median = if below == above { below } else { 0.5 * below + 0.5 * above };
        let coverage = (1.0 - 2.0 * below_rank(n, rank)).max(0.0);
        Some(Self { n, median, low: sorted[rank - 1], high: sorted[n - rank], coverage })
    }
}

/// The largest `l` with `P(Binomial(n, 1/2) < l) <= 2.5 %`, counted from 1.
pub(crate) fn lower_rank(n: usize) -> Option<usize> {
    let mut below = 0.0;
    let rank = probabilities(n).take_while(|probability| {
        below += probability;
        below <= 0.025
    });
    Some(rank.count()).filter(|rank| *rank > 0)
}

/// `P(Binomial(n, 1/2) < rank)`.
fn below_rank(n: usize, rank: usize) -> f64 {
    probabilities(n).take(rank).sum()
}

/// `P(Binomial(n, 1/2) = k)` for k from 0 on.
fn probabilities(n: usize) -> impl Iterator<Item = f64> {
    let mut logarithm = -(n as f64) * std::f64::consts::LN_2;
    (0..=n).map(move |k| {
        let probability = logarithm.exp();
        logarithm += ((n - k) as f64 / (k + 1) as f64).ln();
        probability
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> MedianInterval {
        MedianInterval::of(values).unwrap()
    }

    #[test]
    fn ranks_and_coverages_are_those_of_published_tables() {
        // Conover 1999, table A3 of the binomial distribution with p = 1/2.
        let ranks = [5, 6, 8, 9, 10, 12, 15, 20, 25, 100].map(lower_rank);
        assert_eq!(ranks, [None, Some(1), Some(1), Some(2), Some(2), Some(3), Some(4), Some(6), Some(8), Some(40)]);
        let coverage = |n: usize| of(&(0..n).map(|value| value as f64).collect::<Vec<_>>()).coverage;
        let known =
            [(1, 0.0), (2, 0.5), (3, 0.75), (5, 0.9375), (6, 0.968_75), (10, 0.978_515_625), (20, 0.958_610_534_7)];
        for (n, expected) in known {
            assert!((coverage(n) - expected).abs() < 1e-9, "{n}: {}", coverage(n));
        }
    }

    #[test]
    fn ends_are_order_statistics() {
        let ten = of(&[9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0, 10.0]);
        assert_eq!((ten.n, ten.median, ten.low, ten.high), (10, 5.5, 2.0, 9.0));
        let one = of(&[4.0]);
        assert_eq!((one.median, one.low, one.high, one.coverage), (4.0, 4.0, 4.0, 0.0));
        assert_eq!(of(&[1.0, f64::INFINITY, f64::INFINITY]).median, f64::INFINITY);
        assert!(MedianInterval::of(&[]).is_none() && MedianInterval::of(&[1.0, f64::NAN]).is_none());
    }
}
