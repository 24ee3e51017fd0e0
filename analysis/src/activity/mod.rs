//! Activity of units in trials: of a network at its task, or of recorded neurons.
//!
//! ```text
//! rates  (trials, steps, units)   NaN after a trial's end, at steps that are missing, and where a unit was not recorded
//! step k covers the time (k dt, (k + 1) dt] of its trial
//! ```
//!
//! What an analysis of activity begins with is one of three:
//!
//! | what | is | of |
//! |---|---|---|
//! | [`Samples`] | the states of all steps as they are | [`Activity::samples`] |
//! | [`Aligned`] | trials side by side, moved so that an epoch begins at the time 0 | [`Activity::aligned`] |
//! | [`Averages`] | means of aligned trials over conditions | [`Aligned::averages`] |
//!
//! Units that were recorded in sessions of their own have no trials in common: a unit is NaN throughout a trial in which
//! it was not recorded. Averages take such units, since each condition is averaged unit by unit; what joins the units
//! of one trial refuses them.

mod aligned;
mod means;
mod trials;

use ndarray::{Array2, Array3, ArrayView3, Axis, s};
use nn4n_tasks::Condition;

pub use aligned::{Aligned, Averages};
pub(crate) use trials::names_of;
pub use trials::{Classes, Trials, Variable};

use crate::AnalysisError;

/// Rates of units in trials, with what is known of the trials.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    rates: Array3<f64>,
    dt: f64,
    trials: Trials,
    places: Option<Array3<f64>>,
}

/// States of all units at steps of trials, one row each.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// (rows, units), all finite.
    pub rows: Array2<f64>,
    /// Trial and step of each row.
    pub of: Vec<(usize, usize)>,
    /// Steps of trials that are left out, since nothing was recorded there.
    pub missing: usize,
}

impl Activity {
    /// Rates (trials, steps, units) at steps of `dt` ms. What lies behind a trial's end is no part of anything.
    ///
    /// # Errors
    /// If the arrays are of different trials, a trial is longer than the rates, `dt` is not above 0, there is no unit
    /// or trial, or a rate is infinite.
    pub fn new(mut rates: Array3<f64>, dt: f64, trials: Trials) -> Result<Self, AnalysisError> {
        let (n, steps, units) = rates.dim();
        trials.check()?;
        if n != trials.len() || n == 0 || units == 0 {
            let message = format!(
                "has shape {:?}, but must be ({} trials, steps, units), with one of each at least",
                rates.dim(),
                trials.len()
            );
            return Err(AnalysisError::Shape { array: "rates", message });
        }
        if !(dt.is_finite() && dt > 0.0) {
            let rule = "must be the time of a step in ms, above 0".into();
            return Err(AnalysisError::Setting { setting: "dt", value: dt.to_string(), rule });
        }
        if let Some((trial, &n_steps)) = trials.n_steps.iter().enumerate().find(|(_, n_steps)| **n_steps > steps) {
            let message = format!("has {steps} steps, but trial {trial} has {n_steps}; give the steps of all trials");
            return Err(AnalysisError::Shape { array: "rates", message });
        }
        for (mut of_trial, &n_steps) in rates.outer_iter_mut().zip(&trials.n_steps) {
            of_trial.slice_mut(s![n_steps.., ..]).fill(f64::NAN);
        }
        if let Some(value) = rates.iter().find(|rate| rate.is_infinite()) {
            return Err(AnalysisError::NotFinite { array: "rates", value: *value });
        }
        Ok(Self { rates, dt, trials, places: None })
    }

    /// The same with where the animal was (trials, steps + 1, axes): before the first step of a trial, and at the end of
    /// each.
    ///
    /// # Errors
    /// If it is of other trials, or ends before they do.
    pub fn with_places(self, places: Array3<f64>) -> Result<Self, AnalysisError> {
        let (trials, steps, _) = places.dim();
        let longest = self.trials.n_steps.iter().copied().max().unwrap_or(0);
        if trials != self.trials.len() || steps <= longest {
            let message = format!(
                "has shape {:?}, but must be ({} trials, more than {longest} steps, axes)",
                places.dim(),
                self.trials.len()
            );
            return Err(AnalysisError::Shape { array: "places", message });
        }
        Ok(Self { places: Some(places), ..self })
    }

    /// Where the animal was (trials, steps + 1, axes), if that is known.
    pub fn places(&self) -> Option<ArrayView3<'_, f64>> {
        self.places.as_ref().map(|places| places.view())
    }

    /// (trials, steps, units); NaN after a trial's end and where nothing was recorded.
    pub fn rates(&self) -> ArrayView3<'_, f64> {
        self.rates.view()
    }

    /// Time of a step, ms.
    pub fn dt(&self) -> f64 {
        self.dt
    }

    /// What is known of the trials.
    pub fn trials(&self) -> &Trials {
        &self.trials
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.rates.dim().2
    }

    /// Whether a unit was recorded in a trial.
    pub fn is_recorded(&self, trial: usize, unit: usize) -> bool {
        self.rates.slice(s![trial, .., unit]).iter().any(|rate| !rate.is_nan())
    }

    /// These trials alone.
    ///
    /// # Errors
    /// If there is none.
    pub fn with_trials(&self, trials: &[usize]) -> Result<Self, AnalysisError> {
        if trials.is_empty() {
            return Err(AnalysisError::Trials("no trial is left; choose fewer conditions to leave out".into()));
        }
        Ok(Self {
            rates: self.rates.select(Axis(0), trials),
            dt: self.dt,
            trials: self.trials.select(trials),
            places: self.places.as_ref().map(|places| places.select(Axis(0), trials)),
        })
    }

    /// The trials of these variables alone.
    ///
    /// # Errors
    /// If there is none; the message says which variables and values there are.
    pub fn with_condition(&self, condition: &Condition) -> Result<Self, AnalysisError> {
        self.with_trials(&self.trials.of_condition(condition)?)
    }

    /// These units alone, in this order.
    ///
    /// # Errors
    /// If there is none, or a unit is not there.
    pub fn with_units(&self, units: &[usize]) -> Result<Self, AnalysisError> {
        if let Some(unit) = units.iter().find(|unit| **unit >= self.units()) {
            let rule = format!("must be below the number of units, {}", self.units());
            return Err(AnalysisError::Setting { setting: "units", value: unit.to_string(), rule });
        }
        if units.is_empty() {
            let rule = "must name one unit at least".into();
            return Err(AnalysisError::Setting { setting: "units", value: "none".into(), rule });
        }
        Ok(Self {
            rates: self.rates.select(Axis(2), units),
            dt: self.dt,
            trials: self.trials.clone(),
            places: self.places.clone(),
        })
    }

    /// Refuses units of which some were not recorded while others were, for what joins the units of one trial.
    ///
    /// # Errors
    /// With the first trial and unit of which this is so.
    pub fn check_simultaneous(&self, analysis: &str) -> Result<(), AnalysisError> {
        for (trial, of_trial) in self.rates.outer_iter().enumerate() {
            let partial = of_trial.outer_iter().find_map(|state| {
                let unit = state.iter().position(|rate| rate.is_nan())?;
                state.iter().any(|rate| !rate.is_nan()).then_some(unit)
            });
            if let Some(unit) = partial {
                return Err(AnalysisError::Trials(format!(
                    "unit {unit} has no rate at a step of trial {trial} at which others have one, but {analysis} needs \
                     the units of a trial together; give units that were recorded at the same time, or averages of \
                     conditions where there is a choice"
                )));
            }
        }
        Ok(())
    }

    /// All states as they are, or those of one epoch.
    ///
    /// # Errors
    /// If no trial has the epoch, units were not recorded at the same time, or nothing was recorded.
    pub fn samples(&self, epoch: Option<&str>) -> Result<Samples, AnalysisError> {
        self.check_simultaneous("this analysis")?;
        epoch.map_or(Ok(()), |name| self.trials.check_epoch(name))?;
        let (mut of, mut missing) = (Vec::new(), 0);
        for (trial, of_trial) in self.rates.outer_iter().enumerate() {
            let steps = match epoch {
                Some(name) => self.trials.steps_of(trial, name),
                None => 0..self.trials.n_steps[trial],
            };
            let before = of.len();
            of.extend(steps.clone().filter(|step| !of_trial[[*step, 0]].is_nan()).map(|step| (trial, step)));
            missing += steps.len() - (of.len() - before);
        }
        if of.is_empty() {
            return Err(AnalysisError::Trials("nothing was recorded in any trial; look at the rates".into()));
        }
        let rows = Array2::from_shape_fn((of.len(), self.units()), |(row, unit)| {
            let (trial, step) = of[row];
            self.rates[[trial, step, unit]]
        });
        Ok(Samples { rows, of, missing })
    }

    /// Trials side by side: from the start of each, or so that `epoch` begins at the time 0 in all of them, in bins of
    /// so many steps whose means are taken.
    ///
    /// # Errors
    /// If no trial has the epoch, or bins have no step.
    pub fn aligned(&self, epoch: Option<&str>, steps_in_bin: usize) -> Result<Aligned, AnalysisError> {
        Aligned::of(self, epoch, steps_in_bin)
    }

    /// Two trials that have the same variables and the same activity, step by step: where there are any, trials are
    /// copies of each other, as those of a network without noise.
    pub fn copies(&self) -> Option<(usize, usize)> {
        let same = |a: usize, b: usize| {
            let pairs = self.rates.index_axis(Axis(0), a).into_iter().zip(self.rates.index_axis(Axis(0), b));
            let mut any = false;
            pairs.into_iter().all(|(x, y)| {
                any |= x == y;
                x == y || (x.is_nan() && y.is_nan())
            }) && any
        };
        let conditions = &self.trials.conditions;
        let mut firsts: Vec<usize> = Vec::new();
        for trial in 0..self.trials.len() {
            match firsts.iter().find(|first| conditions[**first] == conditions[trial]) {
                Some(first) if same(*first, trial) => return Some((*first, trial)),
                Some(_) => {}
                None => firsts.push(trial),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;

    fn trials(n_steps: &[usize]) -> Trials {
        Trials::new(n_steps.to_vec(), vec![Condition::new(); n_steps.len()])
    }

    #[test]
    fn what_lies_behind_a_trials_end_is_no_sample() {
        let rates = array![[[1.0], [2.0], [9.0]], [[3.0], [f64::NAN], [5.0]]];
        let samples = Activity::new(rates, 10.0, trials(&[2, 3])).unwrap().samples(None).unwrap();
        assert_eq!(samples.rows, array![[1.0], [2.0], [3.0], [5.0]]);
        assert_eq!((samples.of, samples.missing), (vec![(0, 0), (0, 1), (1, 0), (1, 2)], 1));
    }

    #[test]
    fn units_of_different_sessions_are_told_from_steps_that_are_missing() {
        let mut rates = Array3::ones((2, 2, 2));
        rates.slice_mut(s![0, 1, ..]).fill(f64::NAN);
        let whole = Activity::new(rates.clone(), 10.0, trials(&[2, 2])).unwrap();
        assert!(whole.check_simultaneous("decoding").is_ok());
        rates.slice_mut(s![1, .., 0]).fill(f64::NAN);
        let apart = Activity::new(rates, 10.0, trials(&[2, 2])).unwrap();
        assert!(!apart.is_recorded(1, 0) && apart.is_recorded(1, 1));
        let message = apart.check_simultaneous("decoding").unwrap_err().to_string();
        assert!(message.contains("unit 0") && message.contains("trial 1") && message.contains("decoding"), "{message}");
    }

    #[test]
    fn trials_that_are_copies_are_found() {
        let noisy = array![[[1.0], [2.0]], [[1.0], [2.5]], [[1.0], [2.25]]];
        assert_eq!(Activity::new(noisy.clone(), 1.0, trials(&[2, 2, 2])).unwrap().copies(), None);
        let mut copied = noisy;
        copied[[2, 1, 0]] = 2.0;
        assert_eq!(Activity::new(copied, 1.0, trials(&[2, 2, 2])).unwrap().copies(), Some((0, 2)));
    }

    #[test]
    fn rates_of_other_trials_and_infinite_ones_are_refused() {
        let refusal = |rates, dt, n_steps: &[usize]| Activity::new(rates, dt, trials(n_steps)).unwrap_err().to_string();
        assert!(refusal(Array3::zeros((2, 3, 1)), 1.0, &[3]).contains("rates: has shape (2, 3, 1)"));
        assert!(refusal(Array3::zeros((1, 3, 1)), 1.0, &[4]).contains("trial 0 has 4"));
        assert!(refusal(Array3::zeros((1, 3, 1)), 0.0, &[3]).contains("dt = 0"));
        assert!(refusal(array![[[f64::INFINITY]]], 1.0, &[1]).contains("holds inf"));
    }
}
