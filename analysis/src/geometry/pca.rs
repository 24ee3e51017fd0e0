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

use std::ops::{ControlFlow, Range};

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::algebra::{self, Spectrum, centre, gram, product, symmetric_product};
use crate::{AnalysisError, activity::Samples};

/// The longest lag of the autocorrelation, steps.
const LONGEST_LAG: usize = 1000;
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

/// The participation ratio of as many units of independent noise with the same autocorrelation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IndependentNoise {
    /// `N / (1 + N / (m - 1))` of the units that vary; `null` where the states count as one.
    pub participation_ratio: Option<f64>,
    /// As how many independent states the states count.
    pub effective_samples: f64,
    /// `tau`, ms.
    pub correlation_time_ms: f64,
}

/// Spectra of the units shuffled against each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shuffled {
    /// Mean over shuffles.
    pub explained_variance_ratio: Vec<f64>,
    /// 95 % of shuffles have at most so much.
    pub explained_variance_ratio_95: Vec<f64>,
    /// Mean over shuffles.
    pub participation_ratio: f64,
    /// How many components, from the first on, hold more than 95 % of shuffles do in their place.
    pub components_above: usize,
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
        let independent_noise = noise(units - silent_units, samples, correlation_time(&rows, &runs, dt), dt);
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

fn noise(units: usize, samples: usize, correlation_time_ms: f64, dt: f64) -> IndependentNoise {
    let effective_samples = samples as f64 * dt / correlation_time_ms;
    let n = units as f64;
    let ratio = (effective_samples > 1.0).then(|| n / (1.0 + n / (effective_samples - 1.0)));
    IndependentNoise { participation_ratio: ratio, effective_samples, correlation_time_ms }
}

/// `dt sum_k (n_k / n) rho(k)^2` of centred rows, over positive and negative lags `k` that `n_k` pairs of rows have.
fn correlation_time(rows: &Array2<f64>, runs: &[Range<usize>], dt: f64) -> f64 {
    let longest = runs.iter().map(ExactSizeIterator::len).max().unwrap_or(0).saturating_sub(1).min(LONGEST_LAG);
    // Blocks of the runs, each with the rows that follow it within the longest lag.
    let blocks: Vec<(Range<usize>, usize)> = runs
        .iter()
        .flat_map(|run| run.clone().step_by(BLOCK).map(|start| (start..(start + BLOCK).min(run.end), run.end)))
        .collect();
    let sums: Vec<Vec<f64>> = blocks
        .into_par_iter()
        .map(|(block, end)| {
            let after = (block.end + longest).min(end);
            let (now, later) = (rows.slice(s![block.clone(), ..]), rows.slice(s![block.start..after, ..]));
            let products = product(now, later.t());
            let mut sums = vec![0.0; longest + 1];
            for (place, row) in products.outer_iter().enumerate() {
                row.iter().skip(place).take(longest + 1).zip(&mut sums).for_each(|(value, sum)| *sum += value);
            }
            sums
        })
        .collect();
    let at = |lag: usize| sums.iter().map(|of| of[lag]).sum::<f64>();
    let pairs = |lag: usize| runs.iter().map(|run| run.len().saturating_sub(lag)).sum::<usize>() as f64;
    let (samples, variance) = (rows.nrows() as f64, at(0) / rows.nrows() as f64);
    let mut sum = 1.0;
    for lag in 1..=longest {
        let correlation = at(lag) / pairs(lag) / variance;
        if correlation <= 0.0 {
            break;
        }
        sum += 2.0 * pairs(lag) / samples * correlation * correlation;
    }
    dt * sum
}

impl Shuffled {
    fn of(
        (rows, runs): (&Array2<f64>, &[Range<usize>]),
        ratio: &[f64],
        settings: &Settings,
        watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
    ) -> Result<Self, AnalysisError> {
        let n = settings.shuffles;
        // Runs of one unit follow one another in memory.
        let units = rows.t().as_standard_layout().into_owned();
        let spectra = super::each(n, watch, |shuffle| {
            let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
            rng.set_stream(shuffle as u64);
            let orders: Vec<Order> = (0..rows.ncols()).map(|_| Order::draw(runs, &mut rng)).collect();
            shuffled_spectrum(&units, &orders)
        })?;
        let places = spectra.iter().map(Vec::len).min().unwrap_or(0).min(ratio.len());
        let at = |place: usize| spectra.iter().map(move |spectrum| spectrum[place]);
        let high = |place: usize| {
            let mut all: Vec<f64> = at(place).collect();
            all.sort_by(f64::total_cmp);
            all[((0.95 * n as f64).ceil() as usize).clamp(1, n) - 1]
        };
        let high: Vec<f64> = (0..places).map(high).collect();
        Ok(Self {
            explained_variance_ratio: (0..places).map(|place| at(place).sum::<f64>() / n as f64).collect(),
            components_above: ratio.iter().zip(&high).take_while(|(own, null)| own > null).count(),
            explained_variance_ratio_95: high,
            participation_ratio: spectra.iter().map(|spectrum| participation_ratio(spectrum)).sum::<f64>() / n as f64,
        })
    }
}

/// The order of the rows of a shuffled unit: runs, each with where it begins now, and by how much it is moved.
struct Order(Vec<(usize, Range<usize>, usize)>);

impl Order {
    fn draw(runs: &[Range<usize>], rng: &mut ChaCha8Rng) -> Self {
        let mut runs = runs.to_vec();
        runs.shuffle(rng);
        let mut start = 0;
        let place = |run: Range<usize>| {
            let (begins, shift) = (start, rng.random_range(0..run.len()));
            start += run.len();
            (begins, run, shift)
        };
        Self(runs.into_iter().map(place).collect())
    }

    /// Puts what lies at these places now, of the numbers of one unit.
    fn put(&self, of_unit: &[f64], places: Range<usize>, to: &mut [f64]) {
        let first = self.0.partition_point(|(begins, run, _)| begins + run.len() <= places.start);
        for (begins, run, shift) in self.0[first..].iter().take_while(|(begins, ..)| *begins < places.end) {
            let of_run = &of_unit[run.clone()];
            // The run begins with the step that it was moved by.
            let (head, tail) = of_run.split_at(*shift);
            for (start, part) in [(*begins, tail), (begins + tail.len(), head)] {
                let (low, high) = (start.max(places.start), (start + part.len()).min(places.end));
                if low < high {
                    to[low - places.start..high - places.start].copy_from_slice(&part[low - start..high - start]);
                }
            }
        }
    }
}

/// The spectrum, as parts of the variance, of rows whose columns, which are given as rows (units, rows), each have an
/// order of their own.
fn shuffled_spectrum(units: &Array2<f64>, orders: &[Order]) -> Result<Vec<f64>, AnalysisError> {
    let (n, samples) = units.dim();
    let shuffled = |places: Range<usize>| {
        let mut out = Array2::zeros((n, places.len()));
        for ((mut to, of_unit), order) in out.outer_iter_mut().zip(units.outer_iter()).zip(orders) {
            if let (Some(to), Some(of_unit)) = (to.as_slice_mut(), of_unit.to_slice()) {
                order.put(of_unit, places.clone(), to);
            }
        }
        out
    };
    let values = if n <= samples {
        let mut sum = Array2::zeros((n, n));
        for start in (0..samples).step_by(BLOCK) {
            let block = shuffled(start..(start + BLOCK).min(samples));
            sum += &symmetric_product(block.view(), block.t());
        }
        algebra::spectrum("the covariance of shuffled rates", sum.view())?.values
    } else {
        let all = shuffled(0..samples);
        algebra::spectrum("the products of shuffled states", symmetric_product(all.t(), all.view()).view())?.values
    };
    Ok(ratios(&values.iter().take(n.min(samples - 1)).map(|value| value.max(0.0)).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::geometry::test::{gaussian, unwatched};

    fn plain(rows: Array2<f64>) -> Pca {
        Pca::of(States::of(rows, 10.0), &Settings::plain(), &mut unwatched).unwrap()
    }

    #[test]
    fn the_participation_ratio_is_that_worked_by_hand() {
        assert!((participation_ratio(&[4.0, 2.0, 1.0, 1.0]) - 2.909_090_909).abs() < 1e-9);
        assert_eq!(participation_ratio(&[]), 0.0);
        // Variances of 4, 2, 1 and 1 along rotated axes.
        let (c, s) = (0.6, 0.8);
        let points = [[2.0, 0.0, 0.0, 0.0], [0.0, 2f64.sqrt(), 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];
        let rows = Array2::from_shape_fn((8, 4), |(row, unit)| {
            let [a, b, y, z] = points[row / 2];
            [c * a - s * b, s * a + c * b, y, z][unit] * if row % 2 == 0 { 1.0 } else { -1.0 } + 5.0
        });
        let found = plain(rows);
        assert!((found.participation_ratio - 64.0 / 22.0).abs() < 1e-12);
        assert!((found.explained_variance[0] - 8.0 / 7.0).abs() < 1e-12);
        assert_eq!((found.components_90, found.components_95, found.units, found.samples), (4, 4, 4, 8));
        assert!((found.axes[[0, 1]] - 0.8).abs() < 1e-12 && (found.axes[[0, 0]] - 0.6).abs() < 1e-12);
    }

    #[test]
    fn white_noise_has_the_ratio_of_the_formula() {
        let found = plain(gaussian((100, 100), 3));
        assert!((found.participation_ratio - 49.7).abs() < 1.0, "{}", found.participation_ratio);
        let null = found.independent_noise;
        // The autocorrelation of white noise is 0 to within 1 / sqrt(N T) at each lag.
        assert!((null.correlation_time_ms - 10.0).abs() < 0.1, "{}", null.correlation_time_ms);
        assert!((null.participation_ratio.unwrap() - 49.7).abs() < 0.5);
        let many = plain(gaussian((1000, 100), 3));
        assert!((many.participation_ratio - 90.9).abs() < 1.0, "{}", many.participation_ratio);
    }

    /// `x' = a x + noise` in every unit, in runs of so many steps.
    fn decaying(run: usize, runs: usize, units: usize, a: f64) -> States {
        let mut rows = gaussian((run * runs, units), 5);
        for row in 0..run * runs {
            if row % run > 0 {
                for unit in 0..units {
                    rows[[row, unit]] = a * rows[[row - 1, unit]] + (1.0 - a * a).sqrt() * rows[[row, unit]];
                }
            }
        }
        States { rows, runs: (0..runs).map(|place| place * run..(place + 1) * run).collect(), dt: 10.0 }
    }

    #[test]
    fn slow_noise_counts_as_fewer_states() {
        // coth(dt / tau) dt of an exponential decay: 100.3 ms.
        let a = (-0.1f64).exp();
        let settings = Settings { shuffles: 20, ..Settings::plain() };
        let found = Pca::of(decaying(2000, 2, 60, a), &settings, &mut unwatched).unwrap();
        let null = &found.independent_noise;
        assert!((null.correlation_time_ms - 100.3).abs() < 8.0, "{}", null.correlation_time_ms);
        let ratio = null.participation_ratio.unwrap();
        assert!((found.participation_ratio / ratio - 1.0).abs() < 0.03, "{} {ratio}", found.participation_ratio);
        let shuffled = found.shuffled.unwrap();
        assert!((shuffled.participation_ratio / ratio - 1.0).abs() < 0.03, "{}", shuffled.participation_ratio);
        assert!(shuffled.components_above <= 6, "{}", shuffled.components_above);
    }

    #[test]
    fn a_time_course_that_all_trials_have_is_none_of_shuffled_units() {
        // Two courses in 40 units, in 60 trials of 50 steps.
        let weights = gaussian((2, 40), 6);
        let noise = gaussian((60 * 50, 40), 7);
        let rows = Array2::from_shape_fn((60 * 50, 40), |(row, unit)| {
            let (sin, cos) = (0.1 * (row % 50) as f64).sin_cos();
            sin * weights[[0, unit]] + cos * weights[[1, unit]] + 0.05 * noise[[row, unit]]
        });
        let runs = (0..60).map(|run| run * 50..(run + 1) * 50).collect();
        let settings = Settings { shuffles: 5, ..Settings::plain() };
        let found = Pca::of(States { rows, runs, dt: 10.0 }, &settings, &mut unwatched).unwrap();
        let shuffled = found.shuffled.unwrap();
        assert!(found.participation_ratio < 2.1, "{}", found.participation_ratio);
        assert!(shuffled.participation_ratio > 12.0, "{}", shuffled.participation_ratio);
        assert_eq!(shuffled.components_above, 2);
    }

    #[test]
    fn an_order_has_each_row_once_in_any_blocks() {
        let order = Order::draw(&[0..3, 3..4, 4..9], &mut ChaCha8Rng::seed_from_u64(3));
        let unit: Vec<f64> = (0..9).map(f64::from).collect();
        let rows = |places: Range<usize>| {
            let mut to = vec![-1.0; places.len()];
            order.put(&unit, places, &mut to);
            to.into_iter().map(|row| row as usize).collect::<Vec<_>>()
        };
        let all: Vec<usize> = rows(0..9);
        assert_eq!([rows(0..4), rows(4..9)].concat(), all);
        assert_eq!([rows(0..1), rows(1..2), rows(2..7), rows(7..9)].concat(), all);
        let mut sorted = all;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..9).collect::<Vec<_>>());
    }

    #[test]
    fn a_direction_that_units_share_stands_out_of_the_shuffles() {
        let mut states = decaying(500, 4, 30, 0.8);
        let shared = gaussian((2000, 1), 9);
        states.rows += &(&shared * 0.7);
        let settings = Settings { shuffles: 10, seed: 1, ..Settings::plain() };
        let found = Pca::of(states.clone(), &settings, &mut unwatched).unwrap();
        assert_eq!(found.shuffled.as_ref().unwrap().components_above, 1);
        assert_eq!(Pca::of(states, &settings, &mut unwatched).unwrap(), found);
    }

    #[test]
    fn more_units_than_states_give_the_same_components() {
        let rows = gaussian((12, 30), 2);
        let wide = plain(rows.clone());
        assert_eq!(wide.axes.dim(), (11, 30));
        let square = gram((&rows - &rows.mean_axis(Axis(0)).unwrap()).view());
        let Spectrum { values, vectors } = algebra::spectrum("c", square.view()).unwrap();
        for (place, value) in values.iter().take(11).enumerate() {
            assert!((wide.explained_variance[place] - value / 11.0).abs() < 1e-10);
            assert!((wide.axes.row(place).dot(&vectors.row(place)) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn silent_units_are_counted_and_stay_nothing() {
        let mut rows = gaussian((50, 3), 1);
        rows.column_mut(1).fill(0.7);
        rows.column_mut(2).mapv_inplace(|value| 100.0 * value);
        for normalization in [Normalization::None, Normalization::Zscore, Normalization::Soft] {
            let settings = Settings { normalization, ..Settings::plain() };
            let found = Pca::of(States::of(rows.clone(), 1.0), &settings, &mut unwatched).unwrap();
            assert_eq!(found.silent_units, 1);
            assert!(found.axes[[0, 1]].abs() < 1e-12 && found.explained_variance[2] < 1e-20);
            let is_even = found.explained_variance_ratio[0] < 0.7;
            assert_eq!(is_even, normalization == Normalization::Zscore, "{:?}", found.explained_variance_ratio);
            let coordinates = found.coordinates(rows.view(), 2);
            assert!(coordinates.column(0).mean().unwrap().abs() < 1e-10);
        }
        let message =
            |rows| Pca::of(States::of(rows, 1.0), &Settings::plain(), &mut unwatched).unwrap_err().to_string();
        assert!(message(Array2::ones((4, 2))).contains("none of the 2 units varies"));
        assert!(message(Array2::ones((1, 2))).contains("two at least"));
        assert!(message(array![[1.0], [f64::NAN]]).contains("holds NaN"));
    }

    #[test]
    fn runs_end_where_trials_end_or_steps_are_missing() {
        let of = vec![(0, 0), (0, 1), (1, 0), (1, 1), (1, 3)];
        let states = States::of_samples(Samples { rows: Array2::zeros((5, 1)), of, missing: 1 }, 1.0);
        assert_eq!(states.runs, [0..2, 2..4, 4..5]);
    }

    #[test]
    fn the_work_ends_when_it_is_asked_to() {
        let settings = Settings { shuffles: 50, ..Settings::plain() };
        let ended = Pca::of(States::of(gaussian((50, 5), 0), 1.0), &settings, &mut |_| ControlFlow::Break(()));
        assert!(ended.unwrap_err().to_string().contains("ended"));
    }
}
