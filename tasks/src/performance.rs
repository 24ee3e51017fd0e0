//! Performance over many trials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Condition;

/// The performance in one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConditionScore {
    /// The condition.
    pub condition: Condition,
    /// The number of scored trials.
    pub trials: usize,
    /// The fraction that was right.
    pub performance: f64,
}

/// The performance over a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// The fraction of scored trials that were right; `None` if none was scored.
    pub overall: Option<f64>,
    /// The number of scored trials.
    pub trials: usize,
    /// The same for each of the task's classes of trials, in order of first appearance; those without scored trials are
    /// left out.
    pub per_condition: Vec<ConditionScore>,
    /// The performance in the worst condition.
    pub minimum: Option<f64>,
    /// The performance in each task of a set, by name; empty for a single task.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub per_task: BTreeMap<String, f64>,
    /// The root mean square error over all graded entries of all trials, in units of the targets; `None` if nothing is
    /// graded.
    pub rms_error: Option<f64>,
}

impl Performance {
    /// The mean over the tasks of a set, each counting equally; `None` for a single task.
    pub fn mean_of_tasks(&self) -> Option<f64> {
        (!self.per_task.is_empty()).then(|| self.per_task.values().sum::<f64>() / self.per_task.len() as f64)
    }

    /// The worst of the tasks of a set; `None` for a single task.
    pub fn min_of_tasks(&self) -> Option<f64> {
        self.per_task.values().copied().reduce(f64::min)
    }
}
