//! How good predictions of the trials of a fold are, and how certain their mean over folds or networks is.

use std::f64::consts::FRAC_2_PI;

use ndarray::ArrayView2;

/// Values that an interval is of at least.
pub(super) const FEWEST: usize = 3;

/// The class that linear functions (trials, functions) choose of each trial: with one function the second of two
/// classes where it is above 0, else the class of the largest, the first of those that are equal.
pub(super) fn chosen(functions: ArrayView2<'_, f64>) -> Vec<usize> {
    let choice = |of_trial: ndarray::ArrayView1<'_, f64>| match of_trial.len() {
        1 => usize::from(of_trial[0] > 0.0),
        _ => (1..of_trial.len()).fold(0, |best, class| if of_trial[class] > of_trial[best] { class } else { best }),
    };
    functions.outer_iter().map(choice).collect()
}

/// The mean over the classes that are there of the fraction of their trials that were recognised; NaN without trials.
pub(super) fn balanced_accuracy(chosen: &[usize], labels: &[usize], classes: usize) -> f64 {
    let (mut right, mut all) = (vec![0usize; classes], vec![0usize; classes]);
    for (chosen, label) in chosen.iter().zip(labels) {
        all[*label] += 1;
        right[*label] += usize::from(chosen == label);
    }
    let recalls = right.iter().zip(&all).filter(|(_, all)| **all > 0).map(|(right, all)| *right as f64 / *all as f64);
    mean(recalls)
}

/// `1 - sum (y - p)^2 / sum (y - mean y)^2`; NaN where values do not differ.
pub(super) fn r2(predicted: impl Iterator<Item = f64>, values: &[f64]) -> f64 {
    let mean = mean(values.iter().copied());
    let all: f64 = values.iter().map(|y| (y - mean).powi(2)).sum();
    let left: f64 = values.iter().zip(predicted).map(|(y, p)| (y - p).powi(2)).sum();
    if all > 0.0 { 1.0 - left / all } else { f64::NAN }
}

/// The mean of the fractions of positive and of negative values that were predicted with their sign; NaN where one of
/// the two is missing. Values of 0 have no sign.
pub(super) fn sign_accuracy(predicted: impl Iterator<Item = f64>, values: &[f64]) -> f64 {
    let (mut right, mut all) = ([0usize; 2], [0usize; 2]);
    for (y, p) in values.iter().zip(predicted).filter(|(y, _)| **y != 0.0) {
        let side = usize::from(*y > 0.0);
        all[side] += 1;
        right[side] += usize::from(if side == 1 { p > 0.0 } else { p < 0.0 });
    }
    if all.contains(&0) { f64::NAN } else { mean((0..2).map(|side| right[side] as f64 / all[side] as f64)) }
}

/// The mean; NaN of nothing.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    sum / n as f64
}

/// Half the 95 % interval of a mean: `t sqrt(v (1 / n + overlap))`, `t` the quantile of Student's distribution with
/// n - 1 degrees of freedom, `v` the sample variance. `overlap` is 0 for values that are independent, and the ratio of
/// tested to trained trials for folds. Infinite of fewer than `FEWEST` values: of two, `t` is 12.7, and the interval
/// would say nothing.
pub(super) fn half_interval(values: &[f64], overlap: f64) -> f64 {
    let n = values.len();
    if n < FEWEST {
        return f64::INFINITY;
    }
    let mean = mean(values.iter().copied());
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    student(n - 1) * (variance * (1.0 / n as f64 + overlap)).sqrt()
}

/// The value that Student's variable with so many degrees of freedom exceeds in modulus in 5 % of draws.
fn student(freedom: usize) -> f64 {
    let (mut low, mut high) = (1.9, 13.0);
    while high - low > 1e-12 {
        let middle = 0.5 * (low + high);
        if within(middle, freedom) < 0.95 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// `P(|T| < t)`, by its finite series (Abramowitz and Stegun, 26.7.3 and 26.7.4).
fn within(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = freedom % 2 == 1;
    let (mut term, mut sum) = if is_odd { (cosine, cosine) } else { (1.0, 1.0) };
    if freedom == 1 {
        sum = 0.0;
    }
    let first = if is_odd { 3 } else { 2 };
    for k in (first..freedom.saturating_sub(1)).step_by(2) {
        term *= cosine * cosine * (k - 1) as f64 / k as f64;
        sum += term;
    }
    if is_odd { FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_worked_by_hand() {
        assert!((balanced_accuracy(&[0, 0, 1, 1], &[0, 0, 0, 1], 3) - (2.0 / 3.0 + 1.0) / 2.0).abs() < 1e-15);
        let values = [-2.0, 0.0, 1.0, 1.0];
        assert!((r2([-1.0, 0.0, 1.0, 2.0].into_iter(), &values) - (1.0 - 2.0 / 6.0)).abs() < 1e-15);
        assert_eq!(sign_accuracy([-1.0, 5.0, 1.0, -1.0].into_iter(), &values), 0.75);
        assert!(sign_accuracy([1.0].into_iter(), &[1.0]).is_nan() && r2([1.0].into_iter(), &[1.0]).is_nan());
    }

    #[test]
    fn students_quantiles_are_those_of_tables() {
        for (freedom, wanted) in
            [(1, 12.706205), (2, 4.302653), (3, 3.182446), (4, 2.776445), (9, 2.262157), (30, 2.042272)]
        {
            assert!((student(freedom) - wanted).abs() < 1e-6, "{freedom}: {}", student(freedom));
        }
        let half = half_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.0);
        assert!((half - 2.776445 * (2.5f64 / 5.0).sqrt()).abs() < 1e-6);
        assert_eq!(half_interval(&[0.5, 0.6], 0.0), f64::INFINITY, "two values have no interval");
        let folds = half_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25);
        assert!((folds / half - (0.45f64 / 0.2).sqrt()).abs() < 1e-12);
    }
}
