//! How units divide their variance between two tasks, beside the same of rotated states.

use faer::Mat;
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

use super::{TaskVariance, covariance};
use crate::{Activity, AnalysisError, interruption::each, linear::view, statistics::quantile, structure::Group};

/// Bins of fractional task variance, from -1 to 1.
pub const BINS: usize = 20;
/// A unit of one of two tasks has this part of its variance there at least, as a fractional task variance.
const ALONE: f64 = 0.8;
/// A unit of both is within this of 0.
const BOTH: f64 = 0.2;

/// How units divide their variance between two tasks, beside the same of rotated states.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FractionalVariance {
    /// The task of positive values.
    pub first: String,
    /// The task of negative values.
    pub second: String,
    /// Units that take part in either.
    pub active: usize,
    /// Units in each of the bins from -1 to 1.
    pub histogram: Vec<usize>,
    /// The mean over rotations.
    pub null_mean: Vec<f64>,
    /// The 2.5th percentile over rotations.
    pub null_low: Vec<f64>,
    /// The 97.5th percentile over rotations.
    pub null_high: Vec<f64>,
    /// Part of the units with 90 % of their variance or more in the first task.
    pub only_first: Share,
    /// The same in the second task.
    pub only_second: Share,
    /// Part of the units with 40 to 60 % of their variance in each.
    pub both: Share,
    /// How often the states were rotated.
    pub rotations: usize,
    /// The units.
    #[serde(skip)]
    pub units: Vec<usize>,
    /// Of each of these units.
    #[serde(skip)]
    pub values: Vec<f64>,
}

impl FractionalVariance {
    /// The units of each of the three parts that has any, in the numbers that `numbers` gives them: `first-only`,
    /// `second-only` and `both-alike`.
    pub fn groups(&self, numbers: &[usize]) -> Vec<Group> {
        let group = |name: &str, is_one: fn(f64) -> bool| {
            let own = self.units.iter().zip(&self.values).filter(|(_, value)| is_one(**value));
            Group { name: name.into(), units: own.map(|(unit, _)| numbers[*unit]).collect() }
        };
        let parts =
            [group("first-only", is_first_only), group("second-only", is_second_only), group("both-alike", is_both)];
        parts.into_iter().filter(|part| !part.units.is_empty()).collect()
    }
}

/// A part of the units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// As it was found.
    pub share: f64,
    /// The mean over rotations.
    pub null_mean: f64,
    /// One-sided p: how often rotations have as large a part, (1 + n) / (1 + rotations).
    pub p: f64,
}

impl FractionalVariance {
    /// Of two columns. A unit takes part if both variances together are above `least`; rotations are of such units.
    ///
    /// # Errors
    /// If a column is not there, both are the same, or fewer than two units take part.
    pub fn of(
        activity: &Activity,
        found: &TaskVariance,
        (first, second): (&str, &str),
        least: f64,
        rotations: usize,
        seed: u64,
    ) -> Result<Self, AnalysisError> {
        let (a, b) = (found.column(first)?, found.column(second)?);
        if a == b {
            let message = format!("`{first}` cannot be compared with itself; name two tasks or epochs");
            return Err(AnalysisError::Trials(message));
        }
        let sum = |unit: &usize| found.variance[[*unit, a]] + found.variance[[*unit, b]];
        let units: Vec<usize> = (0..found.variance.nrows()).filter(|unit| sum(unit) > least).collect();
        if units.len() < 2 {
            return Err(AnalysisError::Trials(format!(
                "{} of {} units have a variance above {least} in `{first}` and `{second}` together; take a lower limit",
                units.len(),
                found.variance.nrows()
            )));
        }
        let values: Vec<f64> =
            units.iter().map(|unit| fraction(found.variance[[*unit, a]], found.variance[[*unit, b]])).collect();
        let covariances = [a, b].map(|column| covariance(activity, &found.parts[column], &units));
        let null: Vec<Vec<f64>> = each(rotations, |place| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(place as u64);
            Ok::<_, AnalysisError>(rotated(&covariances, &rotation(units.len(), &mut rng)))
        })?;
        let histograms: Vec<Vec<usize>> = null.iter().map(|values| histogram(values)).collect();
        let bins = |of: &dyn Fn(Vec<usize>) -> f64| {
            (0..BINS).map(|bin| of(histograms.iter().map(|one| one[bin]).collect())).collect::<Vec<f64>>()
        };
        let share = |is_one| Share::of(&values, &null, is_one);
        Ok(Self {
            first: first.into(),
            second: second.into(),
            active: units.len(),
            histogram: histogram(&values),
            null_mean: bins(&|counts| counts.iter().sum::<usize>() as f64 / counts.len() as f64),
            null_low: bins(&|counts| percentile(counts, 0.025)),
            null_high: bins(&|counts| percentile(counts, 0.975)),
            only_first: share(is_first_only),
            only_second: share(is_second_only),
            both: share(is_both),
            rotations,
            units,
            values,
        })
    }
}

impl Share {
    fn of(values: &[f64], null: &[Vec<f64>], is_one: fn(f64) -> bool) -> Self {
        let part = |values: &[f64]| values.iter().filter(|value| is_one(**value)).count() as f64 / values.len() as f64;
        let (share, rotated) = (part(values), null.iter().map(|values| part(values)).collect::<Vec<f64>>());
        Self {
            share,
            null_mean: rotated.iter().sum::<f64>() / rotated.len() as f64,
            p: (1 + rotated.iter().filter(|part| **part >= share).count()) as f64 / (1 + rotated.len()) as f64,
        }
    }
}

fn is_first_only(value: f64) -> bool {
    value >= ALONE
}

fn is_second_only(value: f64) -> bool {
    value <= -ALONE
}

fn is_both(value: f64) -> bool {
    value.abs() <= BOTH
}

fn fraction(first: f64, second: f64) -> f64 {
    (first - second) / (first + second)
}

/// Fractional variances of rotated units.
fn rotated([first, second]: &[Array2<f64>; 2], rotation: &Array2<f64>) -> Vec<f64> {
    let diagonal = |covariance: &Array2<f64>| -> Vec<f64> {
        let turned = rotation.dot(covariance);
        turned.outer_iter().zip(rotation.outer_iter()).map(|(a, b)| a.dot(&b)).collect()
    };
    diagonal(first).into_iter().zip(diagonal(second)).map(|(a, b)| fraction(a, b)).collect()
}

/// A random orthogonal matrix, all alike probable: Q of a Gaussian one, with the signs of the diagonal of R.
fn rotation(n: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let gaussian = Array2::from_shape_simple_fn((n, n), || StandardNormal.sample(rng));
    let qr = view(&gaussian.view()).qr();
    let (q, r): (Mat<f64>, _) = (qr.compute_Q(), qr.R());
    Array2::from_shape_fn((n, n), |(row, column)| q[(row, column)] * r[(column, column)].signum())
}

fn histogram(values: &[f64]) -> Vec<usize> {
    let mut bins = vec![0; BINS];
    for value in values {
        let bin = ((value + 1.0) / 2.0 * BINS as f64).max(0.0) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    bins
}

/// The value below which this part of the values lies, between the two that are nearest.
fn percentile(mut values: Vec<usize>, part: f64) -> f64 {
    values.sort_unstable();
    quantile(&values.into_iter().map(|count| count as f64).collect::<Vec<_>>(), part)
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::{
        super::tests::{activity, settings},
        *,
    };

    #[test]
    fn fractional_variance_tells_tasks_apart_and_its_rotations_are_those_of_the_states() {
        let activity = activity();
        let found = TaskVariance::of(&activity, &settings()).unwrap();
        let pair = FractionalVariance::of(&activity, &found, ("go", "anti"), 1e-3, 50, 1).unwrap();
        assert_eq!(
            (pair.units.as_slice(), pair.values.as_slice()),
            ([0, 1, 2].as_slice(), [1.0, -1.0, 0.0].as_slice())
        );
        assert_eq!((pair.histogram[0], pair.histogram[10], pair.histogram[19]), (1, 1, 1));
        let third = 1.0 / 3.0;
        assert_eq!((pair.only_first.share, pair.only_second.share, pair.both.share), (third, third, third));
        let groups = pair.groups(&[7, 8, 9]);
        let named: Vec<(&str, &[usize])> = groups.iter().map(|of| (of.name.as_str(), of.units.as_slice())).collect();
        assert_eq!(named, [("first-only", &[7][..]), ("second-only", &[8]), ("both-alike", &[9])]);
        assert!((pair.null_mean.iter().sum::<f64>() - 3.0).abs() < 1e-9);
        assert!(pair.null_low.iter().zip(&pair.null_high).all(|(low, high)| low <= high));
        // The variance of rotated rates is what the covariance says.
        let turn = rotation(3, &mut ChaCha8Rng::seed_from_u64(5));
        let turned = Array3::from_shape_fn((8, 6, 3), |(trial, step, unit)| {
            (0..3).map(|from| turn[[unit, from]] * activity.rates()[[trial, step, from]]).sum::<f64>()
        });
        let turned =
            Activity::new(turned.mapv(|rate| if rate.is_nan() { 0.0 } else { rate }), 20.0, activity.trials().clone());
        let direct = TaskVariance::of(&turned.unwrap(), &settings()).unwrap().variance;
        let covariances = [0, 1].map(|column| covariance(&activity, &found.parts[column], &[0, 1, 2]));
        for (unit, value) in rotated(&covariances, &turn).into_iter().enumerate() {
            assert!((value - fraction(direct[[unit, 0]], direct[[unit, 1]])).abs() < 1e-12);
        }
    }

    #[test]
    fn random_rotations_are_orthogonal_and_turn_units_into_any_direction() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let turn = rotation(12, &mut rng);
        let product = turn.dot(&turn.t());
        assert!((&product - &Array2::<f64>::eye(12)).iter().all(|off| off.abs() < 1e-12));
        let mean = (0..400).map(|_| rotation(3, &mut rng)[[0, 0]]).sum::<f64>() / 400.0;
        assert!(mean.abs() < 0.1, "{mean}");
    }
}
