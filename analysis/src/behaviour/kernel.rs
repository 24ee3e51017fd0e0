//! The psychophysical kernel: how much the evidence at each time weighs in a choice.
//!
//! ```text
//! s[i, t]      noise of the evidence: input less its mean over trials of the same condition
//! reverse correlation    K[t] = mean of s[., t] where 1 was chosen - mean of s[., t] where it was not
//! logistic regression    P(choice 1) = 1 / (1 + exp(-(b + sum_t w[t] s[., t] / sd)))
//!                        most likely with the penalty  ridge / 2 sum_t w[t]^2
//! covariance of w        H^-1 (X' V X) H^-1        H = X' V X + ridge,  V = P (1 - P)
//! trend                  (line through K at its end - at its beginning) / mean of K        < 0 primacy, > 0 recency
//!                        over the times at which half of the trials or more have evidence
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | `K` | kernel, in the unit of the noise |
//! | `sd` | standard deviation of the noise over all trials and times |
//! | `w` | weights, per standard deviation |
//!
//! A linear integrator that decides by the sign of `sum_t w_t s_t` has `K = 2 sqrt(2 / pi) w / |w|` in unit noise.
//! Where a bound ends the integration, the kernel decays though the weights are flat.
//!
//! Times at which a trial had no evidence are NaN: they are left out of the means and weigh nothing in the regression.
//! Intervals of 95 % take noise as independent from time to time.
//!
//! References: Ahumada AJ (1996), Perception 25 (ECVP suppl.): 18; Neri P, Heeger DJ (2002), Nat Neurosci 5: 812-816,
//! <https://doi.org/10.1038/nn886>.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::Serialize;

use crate::{AnalysisError, linear::Factors};

/// Standard normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_985;
/// Fewest trials of each choice at a time of which a mean is taken.
const FEWEST: usize = 5;
/// Most steps of Newton's method; it takes 5 to 10.
const STEPS: usize = 100;

/// How much the evidence at each time weighs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kernel {
    /// Trials in which 1 was chosen.
    pub chose_first: usize,
    /// Trials in which it was not.
    pub chose_second: usize,
    /// Difference of the means, for each time; NaN where too few trials of a choice have evidence.
    pub reverse_correlation: Vec<f64>,
    /// Half the width of its interval.
    pub reverse_half: Vec<f64>,
    /// Weights of the logistic regression, per standard deviation of the noise; NaN where `reverse_correlation` is.
    pub logistic: Vec<f64>,
    /// Half the width of their intervals.
    pub logistic_half: Vec<f64>,
    /// Trials with evidence at each time.
    pub trials_at: Vec<usize>,
    /// Penalty of the weights.
    pub ridge: f64,
    /// Standard deviation of the noise over all trials and times.
    pub noise_sd: f64,
    /// Primacy or recency; `None` of fewer than three times with half of the trials, or where the mean of the kernel
    /// there is not beyond its error.
    pub trend: Option<KernelTrend>,
}

/// How a kernel goes over time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KernelTrend {
    /// The line at its end less that at its beginning, over the mean: < 0 primacy, > 0 recency.
    pub index: f64,
    /// 95 %, of the line; the mean is taken as known.
    pub interval: [f64; 2],
}

/// What is left of evidence (trials, steps) without its mean over the trials of each group; NaN where there is none. A
/// group of one trial has nothing left, and is NaN.
pub fn residual_noise(evidence: ArrayView2<'_, f64>, groups: &[usize]) -> Array2<f64> {
    let n = groups.iter().copied().max().map_or(0, |last| last + 1);
    let mut members = vec![Vec::new(); n];
    groups.iter().enumerate().for_each(|(trial, group)| members[*group].push(trial));
    let mut noise = Array2::from_elem(evidence.dim(), f64::NAN);
    for trials in members {
        for step in 0..evidence.dim().1 {
            let there: Vec<usize> = trials.iter().copied().filter(|trial| !evidence[[*trial, step]].is_nan()).collect();
            if there.len() < 2 {
                continue;
            }
            let mean = there.iter().map(|trial| evidence[[*trial, step]]).sum::<f64>() / there.len() as f64;
            there.iter().for_each(|trial| noise[[*trial, step]] = evidence[[*trial, step]] - mean);
        }
    }
    noise
}

impl Kernel {
    /// Of noise (trials, times), NaN where there is no evidence, and of what was chosen in each trial.
    ///
    /// # Errors
    /// If the arrays are of different trials, a number is infinite, the ridge is not above 0, there are too few trials
    /// of a choice at all times, or the noise does not vary.
    pub fn of(noise: ArrayView2<'_, f64>, chose_first: &[bool], ridge: f64) -> Result<Self, AnalysisError> {
        check(noise, chose_first, ridge)?;
        let n_first = chose_first.iter().filter(|first| **first).count();
        let mut kernel = Self {
            chose_first: n_first,
            chose_second: chose_first.len() - n_first,
            reverse_correlation: Vec::new(),
            reverse_half: Vec::new(),
            logistic: vec![f64::NAN; noise.dim().1],
            logistic_half: vec![f64::NAN; noise.dim().1],
            trials_at: noise.axis_iter(Axis(1)).map(|at| at.iter().filter(|s| !s.is_nan()).count()).collect(),
            ridge,
            noise_sd: 0.0,
            trend: None,
        };
        for at in noise.axis_iter(Axis(1)) {
            let of = |choice: bool| {
                at.iter().zip(chose_first).filter(move |(s, first)| !s.is_nan() && **first == choice).map(|(s, _)| *s)
            };
            let (first, second) = (moments(of(true)), moments(of(false)));
            let both = first.zip(second);
            kernel.reverse_correlation.push(both.map_or(f64::NAN, |(a, b)| a.0 - b.0));
            kernel.reverse_half.push(both.map_or(f64::NAN, |(a, b)| Z * (a.1 + b.1).sqrt()));
        }
        let times: Vec<usize> = (0..noise.dim().1).filter(|time| !kernel.reverse_correlation[*time].is_nan()).collect();
        if times.is_empty() {
            return Err(AnalysisError::Trials(format!(
                "1 was chosen in {n_first} of {} trials, and a kernel needs {FEWEST} trials of both choices with \
                 evidence at the same time; take weaker evidence, or more trials",
                chose_first.len()
            )));
        }
        kernel.noise_sd = deviation(noise, &times);
        if kernel.noise_sd == 0.0 {
            return Err(AnalysisError::Trials(
                "the evidence has no noise: within a condition all trials are alike; turn its noise on, or take \
                 another channel"
                    .into(),
            ));
        }
        kernel.weigh(noise, chose_first, &times)?;
        kernel.trend = trend(&kernel);
        Ok(kernel)
    }

    /// The logistic regression, at these times.
    fn weigh(
        &mut self,
        noise: ArrayView2<'_, f64>,
        chose_first: &[bool],
        times: &[usize],
    ) -> Result<(), AnalysisError> {
        let columns = 1 + times.len();
        let x = Array2::from_shape_fn((chose_first.len(), columns), |(trial, column)| match column {
            0 => 1.0,
            column => {
                let s = noise[[trial, times[column - 1]]];
                if s.is_nan() { 0.0 } else { s / self.noise_sd }
            }
        });
        let (weights, covariance) = logistic(&x, chose_first, self.ridge)?;
        for (column, time) in times.iter().enumerate() {
            self.logistic[*time] = weights[column + 1];
            self.logistic_half[*time] = Z * covariance[[column + 1, column + 1]].max(0.0).sqrt();
        }
        Ok(())
    }
}

/// Mean, and its squared standard error; `None` of too few.
fn moments(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let n = values.clone().count();
    if n < FEWEST {
        return None;
    }
    let mean = values.clone().sum::<f64>() / n as f64;
    let spread: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
    Some((mean, spread / (n - 1) as f64 / n as f64))
}

fn deviation(noise: ArrayView2<'_, f64>, times: &[usize]) -> f64 {
    let values = || times.iter().flat_map(|time| noise.column(*time).to_vec()).filter(|s| !s.is_nan());
    let n = values().count() as f64;
    let mean = values().sum::<f64>() / n;
    (values().map(|s| (s - mean) * (s - mean)).sum::<f64>() / n).sqrt()
}

/// Weights, the first of which is not penalised, and their covariance.
fn logistic(x: &Array2<f64>, chose_first: &[bool], ridge: f64) -> Result<(Array1<f64>, Array2<f64>), AnalysisError> {
    let columns = x.dim().1;
    let mut weights = Array1::<f64>::zeros(columns);
    for _ in 0..STEPS {
        let p = x.dot(&weights).mapv(|z| 1.0 / (1.0 + (-z).exp()));
        let wrong: Array1<f64> = p.iter().zip(chose_first).map(|(p, first)| f64::from(u8::from(*first)) - p).collect();
        let mut score = x.t().dot(&wrong);
        (1..columns).for_each(|j| score[j] -= ridge * weights[j]);
        let (hessian, information) = curvature(x, &p, ridge);
        let factors = Factors::of(&hessian);
        let step = Array1::from(factors.solve(&score.to_vec()));
        // Newton's steps from 0 hold for a penalised likelihood of this form, unless choices are nearly separated.
        let shorter = (2.0 / step.iter().fold(0.0, |most: f64, s| most.max(s.abs()))).min(1.0);
        weights.scaled_add(shorter, &step);
        if step.iter().all(|step| step.abs() < 1e-10) {
            let inverse = factors.inverse();
            return Ok((weights, inverse.dot(&information).dot(&inverse)));
        }
    }
    Err(AnalysisError::Trials(format!(
        "the logistic regression did not settle in {STEPS} steps; take a larger ridge than {ridge}"
    )))
}

/// With the penalty, and without.
fn curvature(x: &Array2<f64>, p: &Array1<f64>, ridge: f64) -> (Array2<f64>, Array2<f64>) {
    let mut weighted = x.clone();
    weighted.outer_iter_mut().zip(p).for_each(|(mut row, p)| row *= p * (1.0 - p));
    let information = x.t().dot(&weighted);
    let mut hessian = information.clone();
    (1..hessian.dim().0).for_each(|j| hessian[[j, j]] += ridge);
    (hessian, information)
}

fn trend(kernel: &Kernel) -> Option<KernelTrend> {
    // Where few trials are left, a line would be that of a few.
    let all = kernel.chose_first + kernel.chose_second;
    let is_taken = |time: &usize| !kernel.reverse_correlation[*time].is_nan() && 2 * kernel.trials_at[*time] >= all;
    let times: Vec<usize> = (0..kernel.trials_at.len()).filter(is_taken).collect();
    if times.len() < 3 {
        return None;
    }
    let n = times.len() as f64;
    let mean = times.iter().map(|time| kernel.reverse_correlation[*time]).sum::<f64>() / n;
    let error = times.iter().map(|time| (kernel.reverse_half[*time] / Z).powi(2)).sum::<f64>().sqrt() / n;
    if mean.abs() <= Z * error {
        return None;
    }
    let middle = times.iter().sum::<usize>() as f64 / n;
    let spread: f64 = times.iter().map(|time| (*time as f64 - middle).powi(2)).sum();
    let length = (times[times.len() - 1] - times[0]) as f64;
    let (mut rise, mut variance) = (0.0, 0.0);
    for time in &times {
        let weight = (*time as f64 - middle) / spread * length;
        rise += weight * kernel.reverse_correlation[*time];
        variance += (weight * kernel.reverse_half[*time] / Z).powi(2);
    }
    let half = (Z * variance.sqrt() / mean).abs();
    let index = rise / mean;
    Some(KernelTrend { index, interval: [index - half, index + half] })
}

fn check(noise: ArrayView2<'_, f64>, chose_first: &[bool], ridge: f64) -> Result<(), AnalysisError> {
    if noise.dim().0 != chose_first.len() || noise.is_empty() {
        let message = format!(
            "has shape {:?}, but must be ({} trials, times), with one of each at least",
            noise.dim(),
            chose_first.len()
        );
        return Err(AnalysisError::Shape { array: "noise", message });
    }
    if let Some(value) = noise.iter().find(|value| value.is_infinite()) {
        return Err(AnalysisError::NotFinite { array: "noise", value: *value });
    }
    if !(ridge > 0.0 && ridge.is_finite()) {
        let rule = "must be above 0, for weights of separated choices grow without limit".into();
        return Err(AnalysisError::Setting { setting: "ridge", value: ridge.to_string(), rule });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Unit noise, and the sign of its weighted sum.
    fn integrator(weights: &[f64], trials: usize) -> (Array2<f64>, Vec<bool>) {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let noise = Array2::from_shape_simple_fn((trials, weights.len()), || StandardNormal.sample(&mut rng));
        let sums = noise.dot(&Array1::from(weights.to_vec()));
        (noise, sums.iter().map(|sum| *sum > 0.0).collect())
    }

    #[test]
    fn a_perfect_integrator_weighs_all_times_alike() {
        let (noise, choices) = integrator(&[1.0; 10], 40_000);
        let kernel = Kernel::of(noise.view(), &choices, 1.0).unwrap();
        let known = 2.0 * (2.0 / std::f64::consts::PI).sqrt() / 10f64.sqrt();
        assert!((known - 0.504627).abs() < 1e-6);
        let mean = kernel.reverse_correlation.iter().sum::<f64>() / 10.0;
        assert!((mean - known).abs() < 0.005, "{mean}");
        let within =
            kernel.reverse_correlation.iter().zip(&kernel.reverse_half).filter(|(k, half)| (*k - known).abs() < **half);
        assert!(within.count() >= 8);
        let trend = kernel.trend.unwrap();
        assert!(trend.interval[0] < 0.0 && 0.0 < trend.interval[1] && trend.index.abs() < 0.05, "{trend:?}");
        assert_eq!(kernel.chose_first + kernel.chose_second, 40_000);
    }

    #[test]
    fn a_leaky_integrator_weighs_the_last_times_most() {
        let weights: Vec<f64> = (0..10).map(|k| 0.8f64.powi(9 - k)).collect();
        let (noise, choices) = integrator(&weights, 40_000);
        let kernel = Kernel::of(noise.view(), &choices, 1.0).unwrap();
        let (first, last) = (kernel.reverse_correlation[0], kernel.reverse_correlation[9]);
        assert!((first - 0.1293).abs() < 0.02 && (last - 0.9630).abs() < 0.02, "{first} {last}");
        let ratio = kernel.logistic[9] / kernel.logistic[7];
        assert!((ratio - 1.0 / 0.64).abs() < 0.1, "{ratio}");
        let trend = kernel.trend.unwrap();
        assert!(trend.index > 1.0 && trend.interval[0] > 0.8, "{trend:?}");
        let mut backwards = noise.clone();
        backwards.invert_axis(Axis(1));
        assert!(Kernel::of(backwards.view(), &choices, 1.0).unwrap().trend.unwrap().index < -1.0);
    }

    #[test]
    fn times_without_evidence_are_left_out() {
        let (mut noise, choices) = integrator(&[1.0; 4], 4000);
        for trial in 0..3996 {
            noise[[trial, 3]] = f64::NAN;
        }
        (0..1000).for_each(|trial| noise[[trial, 2]] = f64::NAN);
        let kernel = Kernel::of(noise.view(), &choices, 1.0).unwrap();
        assert_eq!(kernel.trials_at, [4000, 4000, 3000, 4]);
        assert!(kernel.reverse_correlation[3].is_nan() && kernel.logistic[3].is_nan());
        assert!((kernel.reverse_correlation[2] - kernel.reverse_correlation[0]).abs() < 0.15);
    }

    #[test]
    fn residual_noise_has_no_mean_in_any_group() {
        let nan = f64::NAN;
        let evidence = array![[1.0, 2.0], [3.0, nan], [10.0, 5.0], [20.0, 7.0], [9.0, 9.0]];
        let noise = residual_noise(evidence.view(), &[0, 0, 1, 1, 2]);
        assert_eq!(noise.column(0).to_vec()[..4], [-1.0, 1.0, -5.0, 5.0]);
        assert!(noise[[0, 1]].is_nan() && noise[[1, 1]].is_nan() && noise[[4, 0]].is_nan());
        assert_eq!((noise[[2, 1]], noise[[3, 1]]), (-1.0, 1.0));
    }

    #[test]
    fn noise_that_is_none_and_choices_that_are_all_alike_are_refused() {
        let refusal = |noise: &Array2<f64>, choices: &[bool], ridge| {
            Kernel::of(noise.view(), choices, ridge).unwrap_err().to_string()
        };
        let (noise, choices) = integrator(&[1.0; 4], 40);
        assert!(refusal(&noise, &[true; 40], 1.0).contains("1 was chosen in 40 of 40 trials"));
        assert!(refusal(&noise, &choices, 0.0).contains("ridge = 0"));
        assert!(refusal(&noise, &choices[1..], 1.0).contains("must be (39 trials, times)"));
        assert!(refusal(&Array2::zeros((40, 4)), &choices, 1.0).contains("has no noise"));
        assert!(refusal(&Array2::from_elem((40, 4), f64::NAN), &choices, 1.0).contains("needs 5 trials"));
    }
}
