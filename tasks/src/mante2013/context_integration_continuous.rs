//! Context-dependent integration of continuous noise: give the sign of the mean motion or colour, as the context says.
//!
//! ```text
//! epochs    stimulus 749 ms | decision 1 ms
//! signals   m on motion, k on colour, 1 on the channel of the context, at all times
//! noise     of sd sigma_in sqrt(1 ms / dt)
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | m, k in training | `coherence_max` | input units | uniform in (-0.1875, 0.1875) |
//! | \|m\|, \|k\| in tests | `coherences_test` | input units | 0.009, 0.036, 0.15 |
//! | sigma_in | `sigma_in` | input units | 1 in each step of 1 ms |
//! | duration | `stimulus` | ms | 750, the decision included |
//!
//! An observer that adds up all of the evidence is right in Phi(c sqrt(750)) of the trials of coherence c: 60 %, 84 %
//! and more than 99.99 % in tests. The two contexts are told apart in validation; the conditions of the tests are all
//! 72.
//!
//! Reference: Mante V, Sussillo D, Shenoy KV, Newsome WT (2013), <https://doi.org/10.1038/nature12742>, Supplementary
//! Information. Their network has a time constant of 10 ms.
//!
//! Differences from the source: there is no released code, so the numbers are those of the paper as published
//! reimplementations give them.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, mante2013::ContextIntegrationContinuous};
//! let task = ContextIntegrationContinuous { sigma_in: 0.0, ..ContextIntegrationContinuous::default() };
//! let coherences = Condition::new().with("motion_coherence", 0.15).with("colour_coherence", -0.036);
//! let condition = coherences.with("context", "motion");
//! let trial = task.trial(Split::Test, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(0).to_vec(), [0.15, -0.036, 1.0, 0.0]);
//! assert_eq!((trial.n_steps(), trial.targets[[748, 0]], trial.targets[[749, 0]]), (750, 0.0, 1.0));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, aview1};
use serde::{Deserialize, Serialize};

use super::context::{self, CONTEXTS, Variables};
use super::{Definition, FAMILY, Integration};
use crate::error::rules;
use crate::song2016::coherence;
use crate::{About, Clock, Condition, Rounding, Split, TaskError, Timeline, TrialRng};

/// Context-dependent integration of continuous noise.
pub type ContextIntegrationContinuous = Integration<ContinuousNoise>;

/// Noise around two means for the whole of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContinuousNoise {
    /// The whole trial, ms, of which the decision is the end.
    pub stimulus: f64,
    /// The largest strength in training, in (0, 1].
    pub coherence_max: f64,
    /// The strengths in tests, each in [0, 1]; the signs are drawn.
    pub coherences_test: Vec<f64>,
}

impl Default for ContinuousNoise {
    fn default() -> Self {
        Self { stimulus: 750.0, coherence_max: 0.1875, coherences_test: vec![0.009, 0.036, 0.15] }
    }
}

impl Definition for ContinuousNoise {
    const ABOUT: About<'static> = About {
        id: "mante2013/context_integration_continuous",
        summary: "Context-dependent integration of continuous noise: give the sign of the mean motion or colour, as \
            the context says",
        header: include_str!("context_integration_continuous.rs"),
        ..FAMILY
    };
    const DT: f64 = 1.0;
    const ROUNDING: Rounding = Rounding::Exact;
    const DECISION: f64 = 1.0;
    const SIGMA_IN: f64 = 1.0;
    const INPUTS: [&'static str; 4] = ["motion", "colour", "context_motion", "context_colour"];

    fn validate(&self, clock: Clock, decision: f64) -> Result<(), TaskError> {
        let stimulus = clock.at_least_one_step("stimulus", self.stimulus)?;
        if clock.at_least_one_step("decision", decision)? > stimulus {
            let remedy = format!("give at most `stimulus` = {} ms", self.stimulus);
            return Err(TaskError::parameter("decision", decision, "must lie within the stimulus", remedy));
        }
        rules::positive("coherence_max", self.coherence_max)?;
        rules::probability("coherence_max", self.coherence_max)?;
        coherence::validate("coherences_test", &self.coherences_test)
    }

    fn conditions(&self) -> Vec<Condition> {
        CONTEXTS.map(|context| Condition::new().with("context", context)).into()
    }

    fn grid(&self) -> Vec<Condition> {
        context::grid(&self.coherences_test)
    }

    fn strength(&self, split: Split, rng: &mut TrialRng) -> f64 {
        match split {
            Split::Train => rng.between(0.0, self.coherence_max),
            Split::Test => rng.pick(&self.coherences_test).copied().unwrap_or(0.0),
        }
    }

    fn show(&self, clock: Clock, decision: f64, shown: &Variables) -> Result<(Timeline, Array2<f32>), TaskError> {
        let (all, decision) = (clock.steps("stimulus", self.stimulus)?, clock.steps("decision", decision)?);
        let mut timeline = clock.timeline()?;
        timeline.push_steps("stimulus", all.saturating_sub(decision))?;
        timeline.push_steps("decision", decision)?;

        let cues = if shown.context == 0 { [1.0, 0.0] } else { [0.0, 1.0] };
        let levels = [shown.motion.coherence as f32, shown.colour.coherence as f32, cues[0], cues[1]];
        let mut inputs = Array2::zeros((timeline.n_steps(), 4));
        inputs.assign(&aview1(&levels));
        Ok((timeline, inputs))
    }
}
