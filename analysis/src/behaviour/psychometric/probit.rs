//! The probit model: a cumulative Gaussian by Fisher scoring, with guesses on a grid of rates.
//!
//! ```text
//! P(choice 1 | c) = lambda / 2 + (1 - lambda) Phi((c - mu) / sigma)
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | `c` | signed coherence (or any other graded variable) |
//! | `mu` | bias: where both choices are equally likely |
//! | `sigma` | inverse slope: the change of `c` from 50 % to 84 % |
//! | `lambda` | lapse rate: the fraction of trials that are answered by guessing, whatever the evidence |
//!
//! Fitted by Fisher scoring in (-mu / sigma, 1 / sigma); without lapses this is the probit model of Song, Yang & Wang
//! 2016 (doi:10.1371/journal.pcbi.1004792). A network that errs on the easiest trials, too, lapses (Wichmann & Hill
//! 2001, doi:10.3758/BF03194544): of a grid of lapse rates the most likely one is taken, to 0.1 %.

use serde::Serialize;

/// A fitted cumulative Gaussian.
///
/// ```
/// use nn4n_analysis::CumulativeGaussian;
///
/// let fit = CumulativeGaussian::fit(&[(-0.1, 16, 100), (0.0, 50, 100), (0.1, 84, 100)]).ok_or("no fit")?;
/// assert!(fit.mu.abs() < 1e-6 && (fit.sigma - 0.1).abs() < 0.001);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CumulativeGaussian {
    /// Bias, in the unit of the variable.
    pub mu: f64,
    /// Inverse slope, in the unit of the variable; > 0 for a rising curve.
    pub sigma: f64,
    /// Lapse rate, in [0, 0.5].
    pub lapse: f64,
}

impl CumulativeGaussian {
    /// The psychometric function of these choices, if they determine one.
    pub fn of(counts: &[ChoiceCount]) -> Option<Self> {
        Self::fit(&points(counts))
    }

    /// The same with a lapse rate.
    pub fn with_lapses(counts: &[ChoiceCount]) -> Option<Self> {
        Self::fit_with_lapses(&points(counts))
    }

    /// Fits (value, choices of 1, trials) without lapses. `None` if the data do not determine a curve: fewer than two
    /// values, perfectly separated choices, or no dependence on the value.
    pub fn fit(points: &[(f64, usize, usize)]) -> Option<Self> {
        Self::fit_at(points, 0.0)
    }

    /// Fits the lapse rate, too. `None` if the data determine no curve at any rate.
    pub fn fit_with_lapses(points: &[(f64, usize, usize)]) -> Option<Self> {
        let fits = (0..=500).filter_map(|thousandths| Self::fit_at(points, f64::from(thousandths) / 1000.0));
        fits.max_by(|a, b| a.log_likelihood(points).total_cmp(&b.log_likelihood(points)))
    }

    fn fit_at(points: &[(f64, usize, usize)], lapse: f64) -> Option<Self> {
        // From a flat curve, as generalised linear models are fitted: the first step is a linear regression.
        let (mut offset, mut slope) = (0.0, 0.0);
        for _ in 0..100 {
            let (step_offset, step_slope) = scoring_step(points, offset, slope, lapse)?;
            offset += step_offset;
            slope += step_slope;
            if step_offset.abs() < 1e-10 * (1.0 + offset.abs()) && step_slope.abs() < 1e-10 * (1.0 + slope.abs()) {
                return (slope != 0.0).then(|| Self { mu: -offset / slope, sigma: 1.0 / slope, lapse });
            }
        }
        None
    }

    /// Probability of choice 1 at `value`.
    pub fn at(&self, value: f64) -> f64 {
        with_lapses(normal_cdf((value - self.mu) / self.sigma), self.lapse)
    }

    fn log_likelihood(&self, points: &[(f64, usize, usize)]) -> f64 {
        let log = |count: usize, p: f64| if count == 0 { 0.0 } else { count as f64 * p.max(1e-12).ln() };
        points
            .iter()
            .map(|(value, chosen, trials)| log(*chosen, self.at(*value)) + log(trials - chosen, 1.0 - self.at(*value)))
            .sum()
    }
}

/// Choices at one value of a trial variable.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChoiceCount {
    /// Value of the variable.
    pub value: f64,
    /// Trials in which the first alternative was chosen, the one that positive evidence speaks for.
    pub chose_first: usize,
    /// Trials in which one of the two was chosen.
    pub trials: usize,
}

impl ChoiceCount {
    /// Fraction of the choices that were the first; 0 without any.
    pub fn fraction(&self) -> f64 {
        self.chose_first as f64 / self.trials.max(1) as f64
    }
}

fn points(counts: &[ChoiceCount]) -> Vec<(f64, usize, usize)> {
    counts.iter().map(|count| (count.value, count.chose_first, count.trials)).collect()
}

/// A probability where a fraction `lapse` of the trials is answered by guessing.
fn with_lapses(p: f64, lapse: f64) -> f64 {
    lapse / 2.0 + (1.0 - lapse) * p
}

/// One Fisher-scoring step of `P = lapse / 2 + (1 - lapse) Phi(offset + slope value)`: the inverse information times
/// the score.
fn scoring_step(points: &[(f64, usize, usize)], offset: f64, slope: f64, lapse: f64) -> Option<(f64, f64)> {
    let (mut score, mut information) = ([0.0; 2], [0.0; 3]);
    for (value, chosen, trials) in points {
        let z = offset + slope * value;
        let p = with_lapses(normal_cdf(z), lapse).clamp(1e-12, 1.0 - 1e-12);
        let density = (1.0 - lapse) * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let variance = p * (1.0 - p);
        let residual = density * (*chosen as f64 - *trials as f64 * p) / variance;
        let weight = *trials as f64 * density * density / variance;
        score[0] += residual;
        score[1] += residual * value;
        information[0] += weight;
        information[1] += weight * value;
        information[2] += weight * value * value;
    }
    let determinant = information[0] * information[2] - information[1] * information[1];
    if determinant.is_nan() || determinant <= 1e-12 * information[0] * information[2] {
        return None;
    }
    Some((
        (information[2] * score[0] - information[1] * score[1]) / determinant,
        (information[0] * score[1] - information[1] * score[0]) / determinant,
    ))
}

/// Standard normal distribution function, by the complementary error function of `libm`.
pub(super) fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_function_matches_tabulated_values() {
        for (z, p) in [(0.0, 0.5), (1.0, 0.841_344_746_068_542_9), (-1.96, 0.024_997_895_148_220_435)] {
            assert!((normal_cdf(z) - p).abs() < 1e-14);
        }
    }

    #[test]
    fn a_known_curve_is_recovered_from_its_expected_counts() {
        let truth = CumulativeGaussian { mu: 0.03, sigma: 0.12, lapse: 0.0 };
        let points: Vec<_> = (-5..=5)
            .map(|i| f64::from(i) * 0.1)
            .map(|c| (c, (truth.at(c) * 1e9).round() as usize, 1_000_000_000))
            .collect();
        let fit = CumulativeGaussian::fit(&points).unwrap();
        assert!((fit.mu - truth.mu).abs() < 1e-6 && (fit.sigma - truth.sigma).abs() < 1e-6, "{fit:?}");
    }

    #[test]
    fn curves_that_fall_or_lie_far_from_zero_are_found() {
        for truth in [
            CumulativeGaussian { mu: 12.5, sigma: 0.4, lapse: 0.0 },
            CumulativeGaussian { mu: -0.03, sigma: -0.12, lapse: 0.0 },
        ] {
            let value = |i: i32| if truth.mu > 1.0 { 12.5 + f64::from(i) * 0.5 } else { f64::from(i) * 0.1 };
            let points: Vec<_> =
                (-5..=5).map(value).map(|c| (c, (truth.at(c) * 1e9).round() as usize, 1_000_000_000)).collect();
            let fit = CumulativeGaussian::fit(&points).unwrap();
            assert!((fit.mu - truth.mu).abs() < 1e-4 && (fit.sigma - truth.sigma).abs() < 1e-4, "{fit:?}");
        }
    }

    #[test]
    fn a_curve_that_hardly_depends_on_the_value_is_found() {
        let points =
            [(-0.5, 103, 200), (-0.15, 90, 200), (-0.05, 92, 200), (0.05, 106, 200), (0.15, 108, 200), (0.5, 123, 200)];
        let fit = CumulativeGaussian::fit(&points).unwrap();
        assert!(
            fit.sigma > 2.0 && points.iter().all(|(value, k, n)| (fit.at(*value) - *k as f64 / *n as f64).abs() < 0.08),
            "{fit:?}"
        );
    }

    #[test]
    fn lapses_are_told_from_a_shallow_slope() {
        let truth = CumulativeGaussian { mu: -0.02, sigma: 0.06, lapse: 0.08 };
        let points: Vec<_> = (-8..=8)
            .map(|i| f64::from(i) * 0.05)
            .map(|c| (c, (truth.at(c) * 1e6).round() as usize, 1_000_000))
            .collect();
        let fit = CumulativeGaussian::fit_with_lapses(&points).unwrap();
        assert!(
            (fit.mu - truth.mu).abs() < 1e-4
                && (fit.sigma - truth.sigma).abs() < 1e-4
                && (fit.lapse - truth.lapse).abs() < 1e-6,
            "{fit:?}"
        );
        assert!(CumulativeGaussian::fit(&points).unwrap().sigma > 0.09, "without lapses the slope is too shallow");
        let none = CumulativeGaussian { lapse: 0.0, ..truth };
        let points: Vec<_> = (-8..=8)
            .map(|i| f64::from(i) * 0.05)
            .map(|c| (c, (none.at(c) * 1e6).round() as usize, 1_000_000))
            .collect();
        assert_eq!(CumulativeGaussian::fit_with_lapses(&points).unwrap().lapse, 0.0);
    }

    #[test]
    fn undetermined_data_have_no_fit() {
        assert_eq!(CumulativeGaussian::fit(&[]), None);
        assert_eq!(CumulativeGaussian::fit(&[(0.1, 5, 10)]), None);
        assert_eq!(CumulativeGaussian::fit(&[(-0.1, 0, 10), (0.1, 10, 10)]), None);
    }
}
