//! How well a network does, with the uncertainty of the answer.

use nn4n_analysis::wilson_interval;
use nn4n_models::Ctrnn;
use nn4n_tasks::Task;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    evaluate::{ConditionResult, evaluate},
};

/// About how many trials an assessment takes.
const TRIALS: usize = 2000;
/// Seed of the trials and the noise.
pub(super) const SEED: u64 = 0;

/// The result of an evaluation on fresh trials, with the network's noise on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Fraction of the scored trials that were right; `None` where the task has no right and wrong.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub performance: Option<Fraction>,
    /// Performance in the worst condition.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub minimum: Option<f64>,
    /// Root mean square error over graded entries, in units of the targets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rms_error: Option<f64>,
    /// Performance that guessing reaches.
    pub chance: f64,
    /// Trials of each condition.
    pub trials_per_condition: usize,
    /// Seed of the trials and the noise.
    pub seed: u64,
}

/// A fraction of trials and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fraction {
    /// The fraction found, in [0, 1].
    pub value: f64,
    /// Lower end of its Wilson 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Of so many trials.
    pub trials: usize,
}

impl Assessment {
    /// Evaluates a network on about 2000 fresh test trials of its task, the same ones every time; also condition by
    /// condition.
    ///
    /// # Errors
    /// If the task does not fit the network.
    pub fn of(network: &Ctrnn, task: &dyn Task) -> Result<(Self, Vec<ConditionResult>)> {
        let trials_per_condition = TRIALS.div_ceil(task.conditions().len().max(1));
        let found = evaluate(network, task, trials_per_condition, SEED)?;
        let performance = found.performance.map(|value| {
            let (low, high) = wilson_interval((value * found.trials as f64).round() as usize, found.trials);
            Fraction { value, low, high, trials: found.trials }
        });
        let assessment = Self {
            performance,
            minimum: found.minimum,
            rms_error: found.rms_error,
            chance: task.chance(),
            trials_per_condition,
            seed: SEED,
        };
        Ok((assessment, found.conditions))
    }
}
