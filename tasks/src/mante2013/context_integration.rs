//! Context-dependent integration with short trials: give the sign of the motion or of the colour evidence, as the
//! context says.
//!
//! ```text
//! epochs    fixation 100 ms | context 340 ms | stimulus 800 ms | delay 100 ms | decision 20 ms
//! signals   stimulus: k on colour and m on motion;  context to delay: 0.1 on the channel of the context
//! noise     of sd sigma_in sqrt(20 ms / dt)
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|k\|, \|m\| | `coherences` | input units | 0.1, 0.2, 0.4 (the code has 1, 2, 4 times 0.1) |
//! | 0.1 | `cue` | input units | 0.1 |
//! | sigma_in | `sigma_in` | input units | 0.1 in each step of 20 ms |
//! | | `fixation`, `stimulus`, `delay` | ms | 100, 800, 100 |
//! | | `context` | ms | 350 |
//!
//! Time rule of the source: durations are floored to whole steps, so at `dt` = 20 ms the context of 350 ms lasts 340
//! ms. Here too `rounding` is `floor` unless it is given.
//!
//! Reference: Mante V, Sussillo D, Shenoy KV, Newsome WT (2013), <https://doi.org/10.1038/nature12742>, in the form of
//! the released code of Valente, Pillow & Ostojic (2022), NeurIPS 35 (lowrank_inference), which is that of Dubreuil et
//! al. (2022), <https://doi.org/10.1038/s41593-022-01088-4>. The form of the paper itself is
//! `mante2013/context_integration_continuous`.
//!
//! Differences from the source: trials are fresh in every update, where the source trains on a fixed set of 1000; at
//! another `dt` the noise keeps its strength over time, where the code's has the same sd in each step.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, mante2013::ContextIntegration};
//! let task = ContextIntegration { sigma_in: 0.0, ..ContextIntegration::default() };
//! let coherences = Condition::new().with("motion_coherence", 0.4).with("colour_coherence", -0.2);
//! let condition = coherences.with("context", "colour");
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(22).to_vec(), [-0.2, 0.4, 0.1, 0.0]);
//! assert_eq!((trial.n_steps(), trial.targets[[67, 0]], trial.correct), (68, -1.0, Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, s};
use serde::{Deserialize, Serialize};

use super::context::{self, Variables};
use super::signed_choice::Durations;
use super::{Definition, FAMILY, Integration};
use crate::error::rules;
use crate::song2016::coherence;
use crate::{About, Clock, Condition, Rounding, Split, TaskError, Timeline, TrialRng};

/// Context-dependent integration with short trials.
pub type ContextIntegration = Integration<ShortTrials>;

/// Evidence of one strength for the length of a short stimulus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShortTrials {
    /// Fixation, ms.
    pub fixation: f64,
    /// The context alone, ms.
    pub context: f64,
    /// The stimulus, ms.
    pub stimulus: f64,
    /// The delay, ms.
    pub delay: f64,
    /// The strengths of the motion and of the colour evidence, each in [0, 1]; the signs are drawn.
    pub coherences: Vec<f64>,
    /// The level of the context cue.
    pub cue: f64,
}

impl Default for ShortTrials {
    fn default() -> Self {
        Self {
            fixation: 100.0,
            context: 350.0,
            stimulus: 800.0,
            delay: 100.0,
            coherences: vec![0.1, 0.2, 0.4],
            cue: 0.1,
        }
    }
}

impl ShortTrials {
    fn durations(&self, decision: f64) -> Durations {
        let Self { fixation, context, stimulus, delay, .. } = *self;
        Durations { fixation, context, stimulus, delay, decision }
    }
}

impl Definition for ShortTrials {
    const ABOUT: About<'static> = About {
        id: "mante2013/context_integration",
        summary: "Context-dependent integration with short trials: give the sign of the motion or of the colour \
            evidence, as the context says",
        header: include_str!("context_integration.rs"),
        ..FAMILY
    };
    const DT: f64 = 20.0;
    const ROUNDING: Rounding = Rounding::Floor;
    const DECISION: f64 = 20.0;
    const SIGMA_IN: f64 = 0.1;
    const INPUTS: [&'static str; 4] = ["colour", "motion", "context_colour", "context_motion"];

    fn validate(&self, clock: Clock, decision: f64) -> Result<(), TaskError> {
        self.durations(decision).validate(clock)?;
        rules::finite("cue", self.cue)?;
        coherence::validate("coherences", &self.coherences)
    }

    fn conditions(&self) -> Vec<Condition> {
        context::grid(&self.coherences)
    }

    fn grid(&self) -> Vec<Condition> {
        self.conditions()
    }

    fn strength(&self, _: Split, rng: &mut TrialRng) -> f64 {
        rng.pick(&self.coherences).copied().unwrap_or(0.0)
    }

    fn show(&self, clock: Clock, decision: f64, shown: &Variables) -> Result<(Timeline, Array2<f32>), TaskError> {
        let (timeline, [cue, stimulus, delay]) = self.durations(decision).timeline(clock)?;
        let mut inputs = Array2::zeros((timeline.n_steps(), 4));
        inputs.slice_mut(s![stimulus.clone(), 0]).fill(shown.colour.coherence as f32);
        inputs.slice_mut(s![stimulus, 1]).fill(shown.motion.coherence as f32);
        inputs.slice_mut(s![cue.start..delay.end, 3 - shown.context]).fill(self.cue as f32);
        Ok((timeline, inputs))
    }
}
