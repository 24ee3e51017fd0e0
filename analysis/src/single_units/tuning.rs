//! Which direction a unit prefers, and how narrowly: cosine and von Mises tuning curves.
//!
//! ```text
//! cosine       r = b_0 + b_1 cos th + b_2 sin th          preferred atan2(b_2, b_1),  PEV = 1 - mse / var
//! von Mises    r = b + A exp(k (cos(th - mu) - 1))        A > 0,  k in [0.05, 50]
//! half width   arccos(1 - ln 2 / k)                       from mu to where A has fallen to a half; none below k = 0.347
//! resultant    |sum_th r e^(i th)| / sum_th r             1 - circular variance, of rates that are not below 0
//! ```
//!
//! `r` is the mean rate in a trial; all fits are least squares over trials. The cosine is the limit of the von Mises curve
//! as k goes to 0, so that a unit with a broader curve has k at its lower bound. p is that of an F test of the cosine
//! with 2 and n - 3 degrees of freedom.
//!
//! Georgopoulos et al. 1982, doi:10.1523/JNEUROSCI.02-11-01527.1982 (cosine); Masse et al. 2019,
//! doi:10.1038/s41593-019-0414-3 (part of the variance); Mardia & Jupp 1999, Directional Statistics,
//! doi:10.1002/9780470316979.

use std::f64::consts::{LN_2, PI, TAU};

use ndarray::{Array2, array};
use rayon::prelude::*;
use serde::Serialize;

use crate::{Activity, AnalysisError, f_distribution::upper_tail, linear::Factors};

/// Directions that each of the two curves needs.
const FOR_COSINE: usize = 3;
const FOR_VON_MISES: usize = 5;
/// The broadest and the narrowest curve that is fitted.
const BROADEST: f64 = 0.05;
const NARROWEST: f64 = 50.0;
/// Starts of the search along mu and along ln k.
const STARTS: (usize, usize) = (36, 12);
/// A gain that counts, as a part of the variance.
const GAIN: f64 = 1e-12;
/// Where the search ends, rad and in ln k.
const FINE: f64 = 1e-10;

/// What a direction is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AngleUnit {
    /// 360 are a turn.
    Degrees,
    /// 2 pi are a turn.
    Radians,
}

/// Tuning of all units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tuning {
    /// The direction.
    pub variable: String,
    /// What all directions and widths are counted in.
    pub unit: AngleUnit,
    /// The directions of trials, ascending, within a turn.
    pub directions: Vec<f64>,
    /// Trials that have the variable.
    pub trials: usize,
    /// Those that have not, which are left out.
    pub trials_left_out: usize,
    /// Each unit.
    pub units: Vec<UnitTuning>,
    /// Units whose rate is the same in all trials; they have no preferred direction.
    pub flat: usize,
    /// Units that were recorded at fewer than three directions, or in fewer than four trials.
    pub unresolved: usize,
    /// Mean rates (units, directions), NaN where a unit was not recorded.
    #[serde(skip)]
    pub means: Array2<f64>,
    /// Standard errors of the means (units, directions), NaN where there are fewer than two trials.
    #[serde(skip)]
    pub standard_errors: Array2<f64>,
}

/// Tuning of one unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnitTuning {
    /// Trials in which it was recorded.
    pub trials: usize,
    /// `None` of a unit that is flat or unresolved.
    pub cosine: Option<Cosine>,
    /// `None` also where no curve with a peak explains anything, or there are fewer than five directions.
    pub von_mises: Option<VonMises>,
    /// Length of the mean resultant of the mean rates; `None` where one is below 0 or all are 0.
    pub resultant: Option<f64>,
}

/// A cosine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cosine {
    /// `b_0`
    pub offset: f64,
    /// From the middle to the peak.
    pub amplitude: f64,
    /// Within a turn.
    pub preferred: f64,
    /// Part of the variance over trials that it explains.
    pub pev: f64,
    /// F with 2 and n - 3 degrees of freedom; infinite where nothing is left to explain.
    pub f: f64,
    /// Its p.
    pub p: f64,
}

/// A von Mises curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VonMises {
    /// `b`
    pub offset: f64,
    /// `A`, from the offset to the peak.
    pub amplitude: f64,
    /// `mu`, within a turn.
    pub preferred: f64,
    /// `k`
    pub concentration: f64,
    /// `None` where the curve nowhere falls to a half.
    pub half_width: Option<f64>,
    /// Part of the variance over trials that it explains.
    pub r2: f64,
    /// Whether k is at one of its bounds: the curve is broader or narrower than can be said.
    pub at_bound: bool,
}

impl AngleUnit {
    /// What numbers are counted in as far as they say it: radians if none is larger than 2 pi, else degrees.
    pub fn of_values(values: &[f64]) -> Self {
        let largest = values.iter().filter(|value| !value.is_nan()).fold(0.0, |most: f64, value| most.max(value.abs()));
        if largest <= TAU * (1.0 + 1e-6) { Self::Radians } else { Self::Degrees }
    }

    /// A turn.
    pub fn turn(self) -> f64 {
        match self {
            Self::Degrees => 360.0,
            Self::Radians => TAU,
        }
    }

    fn radians(self, value: f64) -> f64 {
        value / self.turn() * TAU
    }

    fn of_radians(self, value: f64) -> f64 {
        value / TAU * self.turn()
    }
}

impl VonMises {
    /// The rate at a direction, in the unit that the curve is counted in.
    pub fn rate(&self, direction: f64, unit: AngleUnit) -> f64 {
        let away = unit.radians(direction - self.preferred);
        self.offset + self.amplitude * (self.concentration * (away.cos() - 1.0)).exp()
    }
}

/// From the peak of a von Mises curve to where it has fallen to a half, rad; `None` where it nowhere does.
///
/// ```
/// let degrees = nn4n_analysis::single_units::tuning::half_width(2.0).map(f64::to_degrees);
/// assert!((degrees.unwrap_or(0.0) - 49.2).abs() < 0.05);
/// ```
pub fn half_width(concentration: f64) -> Option<f64> {
    let cosine = 1.0 - LN_2 / concentration;
    (cosine >= -1.0).then(|| cosine.acos())
}

impl Tuning {
    /// Of mean rates in trials, or in one epoch of each.
    ///
    /// # Errors
    /// If no trial has the variable or the epoch, its values are no numbers, or there are fewer than three directions.
    pub fn of(
        activity: &Activity,
        variable: &str,
        unit: AngleUnit,
        epoch: Option<&str>,
    ) -> Result<Self, AnalysisError> {
        let trials = activity.trials();
        let Some(values) = trials.variable(variable)?.numbers() else {
            return Err(AnalysisError::Trials(format!(
                "`{variable}` has values that are no numbers, but a direction is one; name another variable"
            )));
        };
        let directions = Directions::of(&values, unit);
        if directions.values.len() < FOR_COSINE {
            return Err(AnalysisError::Trials(format!(
                "`{variable}` has {} different directions, but a tuning curve needs {FOR_COSINE} at least; take trials \
                 of more",
                directions.values.len()
            )));
        }
        let rates = activity.mean_rates(epoch)?;
        let curves: Vec<Curve> = (0..activity.units())
            .into_par_iter()
            .map(|unit| Curve::of(&directions, rates.column(unit).iter().copied()))
            .collect();
        let units: Vec<UnitTuning> = curves.par_iter().map(|curve| curve.tuning(unit)).collect();
        let shape = (units.len(), directions.values.len());
        Ok(Self {
            variable: variable.into(),
            unit,
            directions: directions.values.iter().map(|value| unit.of_radians(*value)).collect(),
            trials: directions.of.iter().flatten().count(),
            trials_left_out: directions.of.iter().filter(|of| of.is_none()).count(),
            flat: curves.iter().filter(|curve| curve.is_resolved() && curve.is_flat).count(),
            unresolved: curves.iter().filter(|curve| !curve.is_resolved()).count(),
            units,
            means: Array2::from_shape_fn(shape, |(unit, place)| curves[unit].points[place].mean()),
            standard_errors: Array2::from_shape_fn(shape, |(unit, place)| curves[unit].points[place].standard_error()),
        })
    }
}

/// The different directions of trials.
struct Directions {
    /// rad, ascending, in [0, 2 pi).
    values: Vec<f64>,
    /// Which each trial has.
    of: Vec<Option<usize>>,
}

impl Directions {
    fn of(values: &[f64], unit: AngleUnit) -> Self {
        // 0 and a turn are one direction, and so are values that differ by rounding.
        let close = 1e-9;
        let wrapped = |value: &f64| {
            let value = unit.radians(*value).rem_euclid(TAU);
            if TAU - value < close { 0.0 } else { value }
        };
        let all: Vec<f64> = values.iter().map(wrapped).collect();
        let mut values: Vec<f64> = all.iter().copied().filter(|value| !value.is_nan()).collect();
        values.sort_by(f64::total_cmp);
        values.dedup_by(|b, a| *b - *a < close);
        let place = |value: &f64| {
            let after = values.partition_point(|known| *known <= *value);
            (!value.is_nan()).then(|| after.saturating_sub(1))
        };
        Self { of: all.iter().map(place).collect(), values }
    }
}

/// The rates of a unit at one direction.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    direction: f64,
    n: usize,
    sum: f64,
    squares: f64,
}

impl Point {
    fn mean(&self) -> f64 {
        if self.n == 0 { f64::NAN } else { self.sum / self.n as f64 }
    }

    fn standard_error(&self) -> f64 {
        let n = self.n as f64;
        if self.n < 2 { f64::NAN } else { (self.squares / (n - 1.0) / n).sqrt() }
    }
}

/// The rates of a unit at all directions.
struct Curve {
    points: Vec<Point>,
    /// The sum of squares about the mean.
    total: f64,
    /// That about the means of directions.
    within: f64,
    is_flat: bool,
}

impl Curve {
    fn of(directions: &Directions, rates: impl Iterator<Item = f64> + Clone) -> Self {
        let mut points: Vec<Point> =
            directions.values.iter().map(|direction| Point { direction: *direction, ..Point::default() }).collect();
        let there = || rates.clone().zip(&directions.of).filter_map(|(rate, of)| Some((rate, (*of)?)));
        let there = || there().filter(|(rate, _)| !rate.is_nan());
        for (rate, of) in there() {
            points[of].n += 1;
            points[of].sum += rate;
        }
        for (rate, of) in there() {
            points[of].squares += (rate - points[of].mean()).powi(2);
        }
        let (n, sum) = points.iter().fold((0, 0.0), |(n, sum), point| (n + point.n, sum + point.sum));
        let mean = sum / n as f64;
        let first = there().map(|(rate, _)| rate).next();
        let total: f64 = there().map(|(rate, _)| (rate - mean).powi(2)).sum();
        Self {
            within: points.iter().map(|point| point.squares).sum(),
            // A variance that is lost to rounding is none.
            is_flat: there().all(|(rate, _)| Some(rate) == first) || total <= 1e-28 * n as f64 * mean * mean,
            total,
            points,
        }
    }

    fn trials(&self) -> usize {
        self.points.iter().map(|point| point.n).sum()
    }

    fn seen(&self) -> impl Iterator<Item = &Point> + Clone {
        self.points.iter().filter(|point| point.n > 0)
    }

    fn is_resolved(&self) -> bool {
        self.seen().count() >= FOR_COSINE && self.trials() > FOR_COSINE
    }

    fn tuning(&self, unit: AngleUnit) -> UnitTuning {
        let is_tuned = self.is_resolved() && !self.is_flat;
        let von_mises = (is_tuned && self.seen().count() >= FOR_VON_MISES).then(|| self.von_mises(unit)).flatten();
        UnitTuning {
            trials: self.trials(),
            cosine: is_tuned.then(|| self.cosine(unit)).flatten(),
            von_mises,
            resultant: self.resultant(),
        }
    }

    /// `None` only where the directions are so close that the cosine is not determined.
    fn cosine(&self, unit: AngleUnit) -> Option<Cosine> {
        let mut products = Array2::zeros((3, 3));
        let mut with_rates = [0.0; 3];
        for point in self.seen() {
            let columns = array![1.0, point.direction.cos(), point.direction.sin()];
            for (row, one) in columns.iter().enumerate() {
                with_rates[row] += one * point.sum;
                for (column, other) in columns.iter().enumerate() {
                    products[[row, column]] += point.n as f64 * one * other;
                }
            }
        }
        let found = Factors::of(&products).solve(&with_rates);
        let [offset, along, across] = found[..] else { return None };
        if !found.iter().all(|value| value.is_finite()) {
            return None;
        }
        let fit = |point: &Point| offset + along * point.direction.cos() + across * point.direction.sin();
        let rest = self.rest(fit);
        let left = self.trials() - 3;
        let f = ((self.total - rest) / 2.0) / (rest / left as f64);
        Some(Cosine {
            offset,
            amplitude: along.hypot(across),
            preferred: unit.of_radians(across.atan2(along).rem_euclid(TAU)),
            pev: 1.0 - rest / self.total,
            f,
            p: upper_tail(f, 2, left),
        })
    }

    /// The sum of squares that a curve leaves; 0 where that is rounding.
    fn rest(&self, fit: impl Fn(&Point) -> f64) -> f64 {
        let between: f64 = self.seen().map(|point| point.n as f64 * (point.mean() - fit(point)).powi(2)).sum();
        let rest = self.within + between;
        if rest < 1e-24 * self.total { 0.0 } else { rest.min(self.total) }
    }

    /// The best offset and amplitude at this mu and k, and what they leave between directions.
    fn at(&self, mu: f64, k: f64) -> (f64, f64, f64) {
        let shape = |point: &Point| (k * ((point.direction - mu).cos() - 1.0)).exp();
        let (mut n, mut mean_shape, mut mean_rate) = (0.0, 0.0, 0.0);
        for point in self.seen() {
            n += point.n as f64;
            mean_shape += point.n as f64 * shape(point);
            mean_rate += point.sum;
        }
        (mean_shape, mean_rate) = (mean_shape / n, mean_rate / n);
        let (mut both, mut of_shape, mut of_rate) = (0.0, 0.0, 0.0);
        for point in self.seen() {
            let (weight, x, y) = (point.n as f64, shape(point) - mean_shape, point.mean() - mean_rate);
            both += weight * x * y;
            of_shape += weight * x * x;
            of_rate += weight * y * y;
        }
        if both <= 0.0 || of_shape <= 0.0 {
            return (mean_rate, 0.0, of_rate);
        }
        let amplitude = both / of_shape;
        (mean_rate - amplitude * mean_shape, amplitude, of_rate - amplitude * both)
    }

    fn von_mises(&self, unit: AngleUnit) -> Option<VonMises> {
        let (low, high) = (BROADEST.ln(), NARROWEST.ln());
        let rest = |(mu, ln_k): (f64, f64)| self.at(mu, ln_k.exp()).2;
        let starts = (0..STARTS.0 * STARTS.1).map(|place| {
            let (mu, k) = (place / STARTS.1, place % STARTS.1);
            (TAU * mu as f64 / STARTS.0 as f64, low + (high - low) * k as f64 / (STARTS.1 - 1) as f64)
        });
        let mut best = starts.min_by(|a, b| rest(*a).total_cmp(&rest(*b)))?;
        // A pattern search: to a better neighbour, or else to a finer pattern.
        let (mut least, mut step) = (rest(best), (PI / STARTS.0 as f64, (high - low) / STARTS.1 as f64));
        while step.0 > FINE || step.1 > FINE {
            let (mu, ln_k) = best;
            let neighbours = [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)]
                .map(|(along, across)| (mu + along * step.0, (ln_k + across * step.1).clamp(low, high)));
            match neighbours.into_iter().min_by(|a, b| rest(*a).total_cmp(&rest(*b))) {
                // Along a flat valley gains are ever smaller and without end.
                Some(better) if rest(better) < least - GAIN * self.total => (best, least) = (better, rest(better)),
                _ => step = (step.0 / 2.0, step.1 / 2.0),
            }
        }
        let (mu, k) = (best.0.rem_euclid(TAU), best.1.exp());
        let (offset, amplitude, _) = self.at(mu, k);
        let fit = |point: &Point| offset + amplitude * (k * ((point.direction - mu).cos() - 1.0)).exp();
        (amplitude > 0.0).then(|| VonMises {
            offset,
            amplitude,
            preferred: unit.of_radians(mu),
            concentration: k,
            half_width: half_width(k).map(|width| unit.of_radians(width)),
            r2: 1.0 - self.rest(fit) / self.total,
            at_bound: best.1 - low < 1e-6 || high - best.1 < 1e-6,
        })
    }

    fn resultant(&self) -> Option<f64> {
        let sum: f64 = self.seen().map(Point::mean).sum();
        if self.seen().any(|point| point.mean() < 0.0) || sum <= 0.0 {
            return None;
        }
        let along: f64 = self.seen().map(|point| point.mean() * point.direction.cos()).sum();
        let across: f64 = self.seen().map(|point| point.mean() * point.direction.sin()).sum();
        Some(along.hypot(across) / sum)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use nn4n_tasks::Condition;

    use super::*;
    use crate::activity::Trials;

    /// Trials at these directions with the rates of some units at each.
    fn activity(directions: &[f64], rates: &[&dyn Fn(usize, f64) -> f64]) -> Activity {
        let n = directions.len();
        let values =
            Array3::from_shape_fn((n, 1, rates.len()), |(trial, _, unit)| rates[unit](trial, directions[trial]));
        let conditions = directions.iter().map(|value| Condition::new().with("direction", *value)).collect();
        Activity::new(values, 1.0, Trials::new(vec![1; n], conditions)).unwrap()
    }

    fn evenly(n: usize, turn: f64) -> Vec<f64> {
        (0..n).map(|place| turn * place as f64 / n as f64).collect()
    }

    fn made(k: f64, mu: f64) -> impl Fn(usize, f64) -> f64 {
        move |_, direction: f64| 0.5 + 3.0 * (k * ((direction - mu).cos() - 1.0)).exp()
    }

    #[test]
    fn the_curve_that_a_unit_was_made_with_is_found() {
        for (k, mu, n) in [(2.0, 1.0, 16), (0.7, 6.0, 20), (20.0, 0.1, 36)] {
            let found = Tuning::of(&activity(&evenly(n, TAU), &[&made(k, mu)]), "direction", AngleUnit::Radians, None);
            let unit = found.unwrap().units.remove(0);
            let fit = unit.von_mises.unwrap();
            let off = [fit.preferred - mu, fit.concentration / k - 1.0, fit.offset - 0.5, fit.amplitude - 3.0];
            assert!(off.iter().all(|off| off.abs() < 1e-5), "{k}: {off:?}");
            assert!(fit.r2 > 1.0 - 1e-10 && !fit.at_bound);
            assert!((unit.cosine.unwrap().preferred - mu).abs() < 1e-9);
        }
    }

    #[test]
    fn a_concentration_of_two_has_the_half_width_and_the_resultant_of_tables() {
        assert!((half_width(2.0).unwrap().to_degrees() - 49.2).abs() < 0.05);
        assert!((half_width(2.0).unwrap() - (1.0 - LN_2 / 2.0).acos()).abs() < 1e-15);
        assert_eq!(half_width(0.3), None);
        // I_1(2) / I_0(2), from rates that are a von Mises density.
        let density = |_: usize, direction: f64| (2.0 * direction.cos()).exp();
        let found = Tuning::of(&activity(&evenly(64, TAU), &[&density]), "direction", AngleUnit::Radians, None);
        let unit = found.unwrap().units.remove(0);
        assert!((unit.resultant.unwrap() - 0.69777).abs() < 5e-6, "{:?}", unit.resultant);
        let degrees = |_: usize, direction: f64| (2.0 * direction.to_radians().cos()).exp();
        let found = Tuning::of(&activity(&evenly(24, 360.0), &[&degrees]), "direction", AngleUnit::Degrees, None);
        let fit = found.unwrap().units.remove(0).von_mises.unwrap();
        assert!((fit.half_width.unwrap() - 49.2).abs() < 0.05, "{fit:?}");
    }

    #[test]
    fn a_cosine_has_its_direction_its_part_of_the_variance_and_the_broadest_curve() {
        // Amplitude 2 about 5, and a wobble of variance 1 that is no function of the direction.
        let directions: Vec<f64> = evenly(8, 360.0).into_iter().flat_map(|value| [value; 2]).collect();
        let rate = |trial: usize, direction: f64| {
            5.0 + 2.0 * (direction - 90.0).to_radians().cos() + if trial.is_multiple_of(2) { 1.0 } else { -1.0 }
        };
        let found = Tuning::of(&activity(&directions, &[&rate]), "direction", AngleUnit::Degrees, None).unwrap();
        let cosine = found.units[0].cosine.clone().unwrap();
        let off = [cosine.offset - 5.0, cosine.amplitude - 2.0, cosine.preferred - 90.0, cosine.pev - 2.0 / 3.0];
        assert!(off.iter().all(|off| off.abs() < 1e-9), "{cosine:?}");
        assert!((cosine.f - (32.0 / 2.0) / (16.0 / 13.0)).abs() < 1e-9 && cosine.p < 0.01);
        let curve = found.units[0].von_mises.clone().unwrap();
        assert!(curve.at_bound && curve.half_width.is_none() && (curve.preferred - 90.0).abs() < 1e-3, "{curve:?}");
        assert!((found.means[[0, 2]] - 7.0).abs() < 1e-12 && (found.standard_errors[[0, 2]] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn flat_units_have_no_direction_and_those_recorded_too_seldom_are_counted() {
        let flat = |_: usize, _: f64| 2.0;
        let seldom = |trial: usize, direction: f64| if trial < 2 { direction } else { f64::NAN };
        let found =
            Tuning::of(&activity(&evenly(8, TAU), &[&flat, &seldom]), "direction", AngleUnit::Radians, None).unwrap();
        assert_eq!((found.flat, found.unresolved), (1, 1));
        assert!(found.units.iter().all(|unit| unit.cosine.is_none() && unit.von_mises.is_none()));
        assert!(found.units[0].resultant.unwrap() < 1e-12);
    }

    #[test]
    fn a_turn_is_no_direction_of_its_own_and_units_are_told_by_the_largest_value() {
        let rate = |_: usize, direction: f64| direction.cos();
        let found = Tuning::of(&activity(&[0.0, TAU, -PI, PI, 1.0], &[&rate]), "direction", AngleUnit::Radians, None);
        let found = found.unwrap();
        assert!(found.directions.len() == 3 && (found.directions[2] - PI).abs() < 1e-12, "{:?}", found.directions);
        assert!(found.units[0].von_mises.is_none() && found.units[0].resultant.is_none());
        assert_eq!(AngleUnit::of_values(&[0.0, 6.2, f64::NAN]), AngleUnit::Radians);
        assert_eq!(AngleUnit::of_values(&[0.0, 45.0]), AngleUnit::Degrees);
        let two = Tuning::of(&activity(&[0.0, 1.0, 0.0], &[&rate]), "direction", AngleUnit::Radians, None);
        assert!(two.unwrap_err().to_string().contains("has 2 different directions"));
    }
}
