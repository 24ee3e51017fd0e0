//! The way of a system through noise-free trials, each simulated once.

use std::collections::BTreeMap;

use ndarray::{Array2, s};
use nn4n_analysis::{AnalysisError, System};
use nn4n_tasks::TrialBatch;

use super::answer::spread;

/// Trials whose states are kept: enough for a search to begin at, few enough for the memory.
const KEPT: usize = 64;

/// States of a system in trials.
pub struct Trajectories<'a> {
    system: System<'a>,
    trials: &'a TrialBatch,
    start: Vec<f64>,
    /// (steps, dim) of whole trials.
    kept: BTreeMap<usize, Array2<f64>>,
}

impl<'a> Trajectories<'a> {
    pub fn new(system: System<'a>, trials: &'a TrialBatch) -> Self {
        Self { system, trials, start: system.start(), kept: BTreeMap::new() }
    }

    /// States (steps, dim) of the first steps of a trial; of all of them where it is kept.
    pub fn until(&mut self, trial: usize, step: usize) -> Result<Array2<f64>, AnalysisError> {
        match self.kept.get(&trial) {
            Some(states) => Ok(states.clone()),
            None => self.system.run(self.trials.inputs.slice(s![trial, ..step, ..]), &self.start),
        }
    }

    /// States (steps, dim) of at most so many trials, spread over all of them.
    pub fn some(&mut self, most: usize) -> Result<Vec<Array2<f64>>, AnalysisError> {
        let mut found = Vec::new();
        for trial in spread(self.trials.len(), most) {
            let states = self.until(trial, self.trials.n_steps[trial])?;
            if self.kept.len() < KEPT {
                self.kept.insert(trial, states.clone());
            }
            found.push(states);
        }
        Ok(found)
    }
}
