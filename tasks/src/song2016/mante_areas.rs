//! Context-dependent integration for two areas: the trials of [`Mante`], under an id of their own.
//!
//! ```text
//! sensory area: receives all inputs          motor area: read out by both outputs
//! ```
//!
//! In the source this task differs from `song2016/mante` by the network only (half of the units in each area,
//! feedforward projections dense, feedback sparse). Trials are the same number for number at the same seed; parameters
//! are the same and flat.
//!
//! Reference: Song HF, Yang GR, Wang X-J (2016), PLoS Comput Biol 12: e1004792,
//! <https://doi.org/10.1371/journal.pcbi.1004792>, Fig 5.
//!
//! Differences from the source: those of [`Mante`].
//!
//! ```
//! use nn4n_tasks::{Split, batch, create};
//! let [one, two] = ["song2016/mante", "song2016/mante_areas"].map(|id| create(id, None));
//! assert_eq!(batch(one?.as_ref(), Split::Train, 0, 0, 4)?, batch(two?.as_ref(), Split::Train, 0, 0, 4)?);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::Mante;
use crate::{
    About, Channel, Condition, Criterion, Described, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
};

/// Context-dependent integration for two areas; holds the parameters of [`Mante`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ManteAreas(pub Mante);

impl Described for ManteAreas {
    const ABOUT: About<'static> = About {
        id: "song2016/mante_areas",
        summary: "Context-dependent integration for a sensory and a motor area: the trials of song2016/mante",
        header: include_str!("mante_areas.rs"),
        shared: &[
            include_str!("mante.rs"),
            include_str!("two_choice.rs"),
            include_str!("coherence.rs"),
            include_str!("input_noise.rs"),
        ],
        ..Mante::ABOUT
    };
}

impl Task for ManteAreas {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        self.0.parameters()
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.0.validate()
    }

    fn dt(&self) -> f64 {
        self.0.dt()
    }

    fn inputs(&self) -> Vec<Channel> {
        self.0.inputs()
    }

    fn outputs(&self) -> Vec<Channel> {
        self.0.outputs()
    }

    fn conditions(&self) -> Vec<Condition> {
        self.0.conditions()
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.0.trial(split, condition, rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.0.score(trial, outputs)
    }

    fn chance(&self) -> f64 {
        self.0.chance()
    }

    fn criterion(&self) -> Option<Criterion> {
        self.0.criterion()
    }
}
