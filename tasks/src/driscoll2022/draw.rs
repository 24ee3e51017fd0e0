//! Trial variables: what a condition gives is taken, what it leaves out is drawn.
//!
//! ```text
//! angles      rad, in [0, 2 pi)
//! modality    1 or 2, one for all trials of a batch unless `same_timing_per_batch` is off
//! ```

use std::f64::consts::TAU;

use super::Modality;
use crate::{Condition, TaskError, TrialRng, Value};

/// The sources of a trial's variables.
#[derive(Debug)]
pub struct Draw<'a> {
    given: &'a Condition,
    /// The trial's own random numbers.
    pub rng: &'a mut TrialRng,
    /// Those that all trials of the batch have in common.
    batch: Option<TrialRng>,
}

impl<'a> Draw<'a> {
    /// Variables from a condition and random numbers; modalities from those of the batch if it has one.
    pub fn new(given: &'a Condition, same_modality_per_batch: bool, rng: &'a mut TrialRng) -> Self {
        let batch = same_modality_per_batch.then(|| rng.shared("modality"));
        Self { given, rng, batch }
    }

    /// A given number.
    pub fn number(&self, name: &str) -> Result<Option<f64>, TaskError> {
        self.given.finite_number(name)
    }

    /// A given yes or no.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, TaskError> {
        match self.given.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(TaskError::condition(name, other, "must be true or false", "give a yes or no")),
        }
    }

    /// A given angle.
    pub fn angle(&self, name: &str) -> Result<Option<f64>, TaskError> {
        match self.number(name)? {
            Some(angle) if !(0.0..TAU).contains(&angle) => {
                Err(TaskError::condition(name, angle, "must lie in 0 to 2 pi, 2 pi excluded", "give an angle in rad"))
            }
            angle => Ok(angle),
        }
    }

    /// A given angle, or any.
    pub fn angle_or_any(&mut self, name: &str) -> Result<f64, TaskError> {
        Ok(self.angle(name)?.unwrap_or_else(|| self.rng.between(0.0, TAU)))
    }

    /// A given number that must be 1 (true) or 2 (false).
    pub fn one_or_two(&self, name: &str) -> Result<Option<bool>, TaskError> {
        match self.number(name)? {
            None => Ok(None),
            Some(1.0) => Ok(Some(true)),
            Some(2.0) => Ok(Some(false)),
            Some(other) => Err(TaskError::condition(name, other, "must be 1 or 2", "give 1 or 2")),
        }
    }

    /// A given modality, or either.
    pub fn modality_or_either(&mut self, name: &str) -> Result<Modality, TaskError> {
        let given = self.one_or_two(name)?;
        // Drawn even if one is given, so that the next variable of the batch is the same in all trials.
        let drawn = self.batch.as_mut().unwrap_or(self.rng).chance(0.5);
        Ok(if given.unwrap_or(drawn) { Modality::One } else { Modality::Two })
    }

    /// 1 or -1.
    pub fn sign(&mut self) -> f64 {
        if self.rng.chance(0.5) { 1.0 } else { -1.0 }
    }
}
