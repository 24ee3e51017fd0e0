//! Principal component analysis: how many directions activity takes, and how much of it each holds.
//!
//! ```text
//! C = X^T X / (n - 1) = V diag(l) V^T           X: states less their mean (n rows, N units), l_1 >= l_2 >= ..
//! PR = (sum l)^2 / sum l^2                      from 1, all in one direction, to N, the same in all
//! PR of independent noise = N / (1 + N / (m - 1)),   m = n dt / tau
//! tau = dt sum_k (n_k / n) rho(k)^2             the time after which noise of this autocorrelation is new; n_k pairs
//! ```
//!
//! Rows are as they are given: all steps of all trials, or the steps of means over conditions. Steps that follow one
//! another resemble each other, so that `n` of them count as `m`: the covariance of two independent units has the
//! variance `sum_k rho(k)^2 / n` of its entries (Bartlett 1935). `rho` is the autocorrelation of all units, weighted by
//! their variance, up to the first lag at which it is not positive, of 1000 steps at most; that of an exponential decay
//! gives its time constant. The second null is the spectrum of shuffled units: for each unit by itself, the runs of
//! steps (trials) come in a random order, each moved by a random number of steps around its end. That keeps the
//! variance and the autocorrelation of each unit, and nothing that units share, not even the time course of trials.
//!
//! Reference: Gao et al. (2017), doi:10.1101/214262, for the participation ratio; Bartlett (1935), Journal of the Royal
//! Statistical Society 98:536, for samples that resemble each other.

mod noise;
mod shuffled;

use std::ops::{ControlFlow, Range};

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use super::algebra::{self, Spectrum, centre, gram, product};
use crate::{AnalysisError, activity::Samples};

pub use noise::IndependentNoise;
pub use shuffled::Shuffled;

/// Rows that a product is taken of at a time.
const BLOCK: usize = 1024;
/// A unit that varies less than this, relative to its largest rate, is silent.
const SILENT: f64 = 1e-12;
/// Part of the largest range over all units that soft normalisation adds to the range of each.
const SOFT: f64 = 0.05;

/// How rates of units are made comparable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalization {
    /// As they are.
    #[default]
    None,
    /// Divided by their standard deviation; silent units stay 0.
    Zscore,
    /// Divided by their range plus 5 % of the largest range of all units, so that those that hardly vary stay small.
    Soft,
}

/// States of units in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct States {
    /// (rows, units), all finite.
    pub rows: Array2<f64>,
    /// Rows that follow one another without a gap, such as the steps of a trial.
    pub runs: Vec<Range<usize>>,
    /// Time from row to row, ms.
    pub dt: f64,
}

/// What is computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// How units are made comparable.
    pub normalization: Normalization,
    /// How often the units are shuffled against each other.
    pub shuffles: usize,
    /// Seed of the shuffles.
    pub seed: u64,
}

/// Principal components with their spectrum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pca {
    /// Number of units.
    pub units: usize,
    /// Number of states.
    pub samples: usize,
    /// How many units do not vary.
    pub silent_units: usize,
    /// Variance along each component, the largest first.
    pub explained_variance: Vec<f64>,
    /// Its part of the variance of all.
    pub explained_variance_ratio: Vec<f64>,
    /// `(sum l)^2 / sum l^2`.
    pub participation_ratio: f64,
    /// The fewest components with 90 % of the variance.
    pub components_90: usize,
    /// The same with 95 %.
    pub components_95: usize,
    /// What as many independent units would have.
    pub independent_noise: IndependentNoise,
    /// `null` without shuffles.
    pub shuffled: Option<Shuffled>,
    /// What was asked for.
    pub settings: Settings,
    /// Orthonormal directions (components, units), the part of the largest modulus positive.
    #[serde(skip)]
    pub axes: Array2<f64>,
    /// The mean state (units).
    #[serde(skip)]
    pub mean: Array1<f64>,
    /// What each unit is divided by (units).
    #[serde(skip)]
    pub scale: Array1<f64>,
}

impl Settings {
    /// Without normalisation and shuffles.
    pub fn plain() -> Self {
        Self { normalization: Normalization::None, shuffles: 0, seed: 0 }
    }
}

impl States {
    /// Each row after the other, of one run.
    pub fn of(rows: Array2<f64>, dt: f64) -> Self {
        let all = 0..rows.nrows();
        Self { rows, runs: vec![all], dt }
    }

    /// The steps of trials.
    pub fn of_samples(samples: Samples, dt: f64) -> Self {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (row, place) in samples.of.iter().enumerate() {
            let follows = row > 0 && samples.of[row - 1] == (place.0, place.1.wrapping_sub(1));
            match runs.last_mut() {
                Some(run) if follows => run.end = row + 1,
                _ => runs.push(row..row + 1),
            }
        }
        Self { rows: samples.rows, runs, dt }
    }
}

impl Pca {
    /// Of these states. `watch` is told how many shuffles are done, and may end the work.
    ///
    /// # Errors
    /// If there are fewer than two states, a number is not finite, no unit varies, or the work was ended.
    pub fn of(
        states: States,
        settings: &Settings,
        watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
    ) -> Result<Self, AnalysisError> {
        let States { mut rows, runs, dt } = states;
        check(&rows)?;
        let (samples, units) = rows.dim();
        let scale = scale(&rows, settings.normalization);
        let varies: Vec<bool> = rows.axis_iter(Axis(1)).map(|unit| !is_silent(unit)).collect();
        let silent_units = varies.iter().filter(|varies| !**varies).count();
        if silent_units == units {
            let message = format!("none of the {units} units varies over the {samples} states; look at the rates");
            return Err(AnalysisError::Trials(message));
        }
        let mean = centre(&mut rows);
        if settings.normalization != Normalization::None {
            rows.outer_iter_mut().into_par_iter().for_each(|mut row| row /= &scale);
        }
        let Spectrum { values, vectors } = components(&rows)?;
        let ratio = ratios(&values);
        let independent_noise = IndependentNoise::of(units - silent_units, (&rows, &runs), dt);
        let shuffled = match settings.shuffles {
            0 => None,
            _ => Some(Shuffled::of((&rows, &runs), &ratio, settings, watch)?),
        };
        Ok(Self {
            units,
            samples,
            silent_units,
            participation_ratio: participation_ratio(&values),
            components_90: holding(&ratio, 0.9),
            components_95: holding(&ratio, 0.95),
            explained_variance: values,
            explained_variance_ratio: ratio,
            independent_noise,
            shuffled,
            settings: settings.clone(),
            axes: vectors,
            mean,
            scale,
        })
    }

    /// Coordinates (states, components) of states (states, units) along the first `k` components.
    pub fn coordinates(&self, states: ArrayView2<'_, f64>, k: usize) -> Array2<f64> {
        let moved = (&states - &self.mean) / &self.scale;
        let k = k.min(self.axes.nrows());
        product(moved.view(), algebra::first(&self.axes, k).t())
    }

    /// Parts of the variance that the first one, two, .. components hold.
    pub fn cumulative(&self) -> Vec<f64> {
        cumulative(&self.explained_variance_ratio)
    }
}

/// `(sum l)^2 / sum l^2` of variances; 0 of none.
pub fn participation_ratio(variances: &[f64]) -> f64 {
    let (sum, squares) = variances.iter().fold((0.0, 0.0), |(sum, squares), l| (sum + l, squares + l * l));
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// Sums of the first one, two, .. numbers.
pub fn cumulative(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .scan(0.0, |sum, value| {
            *sum += value;
            Some(*sum)
        })
        .collect()
}

/// The fewest components that hold this part.
pub(super) fn holding(ratios: &[f64], part: f64) -> usize {
    let before = cumulative(ratios).iter().take_while(|sum| **sum < part - 1e-12).count();
    (before + 1).min(ratios.len())
}

fn check(rows: &Array2<f64>) -> Result<(), AnalysisError> {
    if rows.nrows() < 2 {
        let message = format!("there are {} states, but components need two at least; give more steps", rows.nrows());
        return Err(AnalysisError::Trials(message));
    }
    match rows.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(AnalysisError::NotFinite { array: "rates", value: *value }),
        None => Ok(()),
    }
}

fn is_silent(unit: ArrayView1<'_, f64>) -> bool {
    let (low, high) = range(unit);
    high - low <= SILENT * high.abs().max(low.abs())
}

fn range(unit: ArrayView1<'_, f64>) -> (f64, f64) {
    unit.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// What each unit is divided by.
pub(super) fn scale(rows: &Array2<f64>, normalization: Normalization) -> Array1<f64> {
    let units = rows.axis_iter(Axis(1));
    match normalization {
        Normalization::None => Array1::ones(rows.ncols()),
        Normalization::Zscore => {
            units.map(|unit| if is_silent(unit) { 1.0 } else { unit.to_owned().std(0.0) }).collect()
        }
        Normalization::Soft => {
            let ranges: Array1<f64> = units.map(|unit| range(unit).1 - range(unit).0).collect();
            let largest = ranges.iter().copied().fold(0.0, f64::max);
            if largest > 0.0 { ranges + SOFT * largest } else { Array1::ones(rows.ncols()) }
        }
    }
}

/// Variances and directions of rows that are centred, by the smaller of `X^T X` and `X X^T`.
pub(super) fn components(rows: &Array2<f64>) -> Result<Spectrum, AnalysisError> {
    let (samples, units) = rows.dim();
    let n = (samples - 1) as f64;
    if units <= samples {
        let Spectrum { values, vectors } = algebra::spectrum("the covariance of rates", gram(rows.view()).view())?;
        let k = units.min(samples - 1);
        let values = values.into_iter().take(k).map(|value| value.max(0.0) / n).collect();
        return Ok(Spectrum { values, vectors: algebra::first(&vectors, k).to_owned() });
    }
    let found = algebra::spectrum("the products of states", gram(rows.t()).view())?;
    // One direction is lost to the mean, and those that rounding alone fills are none.
    let least = found.values[0].max(0.0) * f64::EPSILON * samples as f64;
    let k = found.values.iter().take(samples - 1).take_while(|value| **value > least).count();
    let mut vectors = product(algebra::first(&found.vectors, k), rows.view());
    for mut vector in vectors.outer_iter_mut() {
        let length = algebra::squares(vector.iter()).sqrt();
        vector *= algebra::sign_of(vector.iter()) / length;
    }
    Ok(Spectrum { values: found.values[..k].iter().map(|value| value / n).collect(), vectors })
}

fn ratios(values: &[f64]) -> Vec<f64> {
    let sum: f64 = values.iter().sum();
    values.iter().map(|value| value / sum).collect()
}

#[cfg(test)]
mod tests;
