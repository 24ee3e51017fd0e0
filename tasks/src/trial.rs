//! One trial, and a batch of trials padded to the longest of them.
//!
//! ```text
//! Trial       inputs (n_steps, I)   targets (n_steps, O)   loss_mask (n_steps, O)
//! TrialBatch  inputs (B, T, I)      targets (B, T, O)      loss_mask (B, T, O)      n_steps[B], T = max n_steps
//! ```
//!
//! `loss_mask` weighs the squared error of each output at each step; padding has 0 in all three arrays, so it is never
//! graded.

use ndarray::{Array2, Array3, ArrayView2, s};
use serde::{Deserialize, Serialize};

use crate::{Condition, Epoch};

/// Which timing the trials have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// As the paper trains.
    #[default]
    Train,
    /// As the paper tests; usually with a longer fixation.
    Test,
}

impl Split {
    /// `"train"` or `"test"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

/// One trial, as long as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What the network receives, (n_steps, inputs).
    pub inputs: Array2<f32>,
    /// What it should answer, (n_steps, outputs).
    pub targets: Array2<f32>,
    /// The weight of each target in the loss, (n_steps, outputs), >= 0.
    pub loss_mask: Array2<f32>,
    /// The trial variables.
    pub condition: Condition,
    /// The periods; they cover all steps, in order, without gaps.
    pub epochs: Vec<Epoch>,
    /// The output that should win; `None` on catch trials and in tasks without a choice.
    pub correct: Option<usize>,
}

impl Trial {
    /// The number of steps.
    pub fn n_steps(&self) -> usize {
        self.inputs.nrows()
    }

    /// Inputs, targets and loss mask.
    pub(crate) fn arrays(&self) -> [&Array2<f32>; 3] {
        [&self.inputs, &self.targets, &self.loss_mask]
    }

    /// What a scoring rule sees.
    pub fn view(&self) -> TrialView<'_> {
        TrialView {
            inputs: self.inputs.view(),
            targets: self.targets.view(),
            loss_mask: self.loss_mask.view(),
            condition: &self.condition,
            epochs: &self.epochs,
            correct: self.correct,
        }
    }
}

/// A trial inside a batch or on its own, without padding.
#[derive(Clone, Copy, Debug)]
pub struct TrialView<'a> {
    /// (n_steps, inputs).
    pub inputs: ArrayView2<'a, f32>,
    /// (n_steps, outputs).
    pub targets: ArrayView2<'a, f32>,
    /// (n_steps, outputs).
    pub loss_mask: ArrayView2<'a, f32>,
    /// The trial variables.
    pub condition: &'a Condition,
    /// The periods.
    pub epochs: &'a [Epoch],
    /// The output that should win.
    pub correct: Option<usize>,
}

impl TrialView<'_> {
    /// The number of steps.
    pub fn n_steps(&self) -> usize {
        self.inputs.nrows()
    }

    /// The period of this name.
    pub fn epoch(&self, name: &str) -> Option<&Epoch> {
        self.epochs.iter().find(|epoch| epoch.name == name)
    }
}

/// Trials side by side, padded at the end to the longest.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialBatch {
    /// (trials, steps, inputs); 0 after a trial's end.
    pub inputs: Array3<f32>,
    /// (trials, steps, outputs); 0 after a trial's end.
    pub targets: Array3<f32>,
    /// (trials, steps, outputs); 0 after a trial's end.
    pub loss_mask: Array3<f32>,
    /// The length of each trial, in steps.
    pub n_steps: Vec<usize>,
    /// The variables of each trial.
    pub conditions: Vec<Condition>,
    /// The periods of each trial.
    pub epochs: Vec<Vec<Epoch>>,
    /// The output that should win in each trial.
    pub correct: Vec<Option<usize>>,
}

impl TrialBatch {
    /// The number of trials.
    pub fn len(&self) -> usize {
        self.n_steps.len()
    }

    /// Whether there is no trial.
    pub fn is_empty(&self) -> bool {
        self.n_steps.is_empty()
    }

    /// The number of steps of the longest trial.
    pub fn max_steps(&self) -> usize {
        self.inputs.dim().1
    }

    /// Trial `i` without its padding; `None` if there is no such trial.
    pub fn view(&self, i: usize) -> Option<TrialView<'_>> {
        let n_steps = *self.n_steps.get(i)?;
        Some(TrialView {
            inputs: self.inputs.slice(s![i, ..n_steps, ..]),
            targets: self.targets.slice(s![i, ..n_steps, ..]),
            loss_mask: self.loss_mask.slice(s![i, ..n_steps, ..]),
            condition: self.conditions.get(i)?,
            epochs: self.epochs.get(i)?,
            correct: *self.correct.get(i)?,
        })
    }
}
