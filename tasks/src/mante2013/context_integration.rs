//! Context-dependent integration with short trials: give the sign of the motion or of the colour evidence, as the
//! context says.
//!
//! ```text
//! epochs    fixation 100 ms | context 340 ms | stimulus 800 ms | delay 100 ms | decision 20 ms
//! signals   stimulus: k on colour and m on motion;  context to delay: 0.1 on the channel of the context
//! noise     on colour and motion, at all times, of sd sigma_in sqrt(20 ms / dt)
//! targets   decision: sign of k (colour context) or of m (motion context);  0 before
//! graded    the decision
//! choice    the sign of the mean output in the decision: positive is choice 0, negative is choice 1
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|k\|, \|m\| | `coherences` | input units | 0.1, 0.2, 0.4, either sign, drawn independently (the code has 1, 2, 4 times 0.1) |
//! | 0.1 | `cue` | input units | 0.1 |
//! | sigma_in | `sigma_in` | input units | 0.1 in each step of 20 ms |
//! | context | `context` | ms | 350 |
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
//! let condition = Condition::new().with("context", "colour").with("motion_coherence", 0.4).with("colour_coherence", -0.2);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(22).to_vec(), [-0.2, 0.4, 0.1, 0.0]);
//! assert_eq!((trial.n_steps(), trial.targets[[67, 0]], trial.correct), (68, -1.0, Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::context::{self, Variables};
use super::signed_choice::{self, Durations};
use crate::error::rules;
use crate::song2016::coherence;
use crate::white_noise::WhiteNoise;
use crate::{
    About, Channel, Clock, Condition, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// Context-dependent integration with short trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContextIntegration {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Fixation, ms.
    pub fixation: f64,
    /// The context alone, ms.
    pub context: f64,
    /// The stimulus, ms.
    pub stimulus: f64,
    /// The delay, ms.
    pub delay: f64,
    /// The decision, ms.
    pub decision: f64,
    /// The strengths of the motion and of the colour evidence, each in [0, 1]; the signs are drawn.
    pub coherences: Vec<f64>,
    /// The level of the context cue.
    pub cue: f64,
    /// The standard deviation of the noise of the evidence in a step of 20 ms.
    pub sigma_in: f64,
}

impl Default for ContextIntegration {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Floor,
            fixation: 100.0,
            context: 350.0,
            stimulus: 800.0,
            delay: 100.0,
            decision: 20.0,
            coherences: vec![0.1, 0.2, 0.4],
            cue: 0.1,
            sigma_in: 0.1,
        }
    }
}

impl ContextIntegration {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).rounding(self.rounding)
    }

    fn durations(&self) -> Durations {
        let Self { fixation, context, stimulus, delay, decision, .. } = *self;
        Durations { fixation, context, stimulus, delay, decision }
    }

    fn noise(&self) -> WhiteNoise {
        // sqrt(2 tau_in / dt) is 1 at 20 ms.
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: 10.0 }
    }
}

impl Described for ContextIntegration {
    const ABOUT: About<'static> = About {
        id: "mante2013/context_integration",
        summary: "Context-dependent integration with short trials: give the sign of the motion or of the colour \
            evidence, as the context says",
        header: include_str!("context_integration.rs"),
        ..FAMILY
    };
}

impl Task for ContextIntegration {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.noise().validate()?;
        self.durations().validate(self.clock())?;
        rules::finite("cue", self.cue)?;
        coherence::validate("coherences", &self.coherences)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["colour", "motion", "context_colour", "context_motion"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice"])
    }

    fn conditions(&self) -> Vec<Condition> {
        context::grid(&self.coherences)
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let shown = Variables::draw(condition, rng, |rng| rng.pick(&self.coherences).copied().unwrap_or(0.0))?;
        let (timeline, [cue, stimulus, delay]) = self.durations().timeline(self.clock())?;

        let mut inputs = Array2::zeros((timeline.n_steps(), 4));
        inputs.slice_mut(s![stimulus.clone(), 0]).fill(shown.colour.coherence as f32);
        inputs.slice_mut(s![stimulus, 1]).fill(shown.motion.coherence as f32);
        inputs.slice_mut(s![cue.start..delay.end, 3 - shown.context]).fill(self.cue as f32);
        signed_choice::add_noise(self.noise(), &mut inputs, rng);
        Ok(signed_choice::trial(timeline, inputs, shown.condition(), shown.correct()))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        signed_choice::score(trial, outputs)
    }

    fn chance(&self) -> f64 {
        0.5
    }
}
