//! The picture of a model card: psychometric curves, or a few trials.

use nn4n_models::{Ctrnn, NoiseKey};
use nn4n_tasks::{Split, Task, balanced};

use super::assessment::SEED;
use crate::{
    error::Result,
    plot::{PlotError, Psychometric, PsychometricPlan, TrialFigure},
    simulate::Simulation,
};

/// Trials at each value of a psychometric curve.
const PER_VALUE: usize = 200;
/// Trials side by side in a figure.
const SHOWN: usize = 3;

/// The picture of a card.
pub(super) enum Picture {
    /// How choices depend on the evidence.
    Psychometric(Psychometric),
    /// What the network does in a few trials.
    Trials(TrialFigure),
}

impl Picture {
    /// Psychometric curves where the task has a graded variable, otherwise trials.
    pub fn of(network: &Ctrnn, task: &dyn Task) -> Result<Self> {
        let plan = PsychometricPlan { variable: None, per_value: PER_VALUE, seed: SEED };
        if let Some(figure) = Psychometric::measured(network, task, plan)? {
            return Ok(Self::Psychometric(figure));
        }
        let trials = balanced(task, Split::Test, SEED, 0, SHOWN.div_ceil(task.conditions().len().max(1)))?;
        let recording = Simulation::of(network, task).noise(NoiseKey::new(SEED, 0)).record(&trials.inputs)?;
        let shown: Vec<usize> = (0..SHOWN).map(|i| i * trials.len() / SHOWN).collect();
        Ok(Self::Trials(TrialFigure::of(task, network, &trials, &recording, &shown)))
    }

    /// What it shows.
    pub fn caption(&self) -> &'static str {
        match self {
            Self::Psychometric(_) => {
                "Choices by the strength of the evidence, with the network's noise on; a cumulative Gaussian where \
                one fits, with lapses where it does not without."
            }
            Self::Trials(_) => "Inputs, rates and outputs in a few trials, with the network's noise on.",
        }
    }

    /// Writes it.
    pub fn save(&self, path: &std::path::Path) -> Result<(), PlotError> {
        match self {
            Self::Psychometric(figure) => figure.save(path),
            Self::Trials(figure) => figure.save(path),
        }
    }
}
