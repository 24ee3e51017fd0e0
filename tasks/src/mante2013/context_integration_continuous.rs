//! Context-dependent integration of continuous noise: give the sign of the mean motion or colour, as the context says.
//!
//! ```text
//! epochs    stimulus 749 ms | decision 1 ms
//! signals   m on motion, k on colour, 1 on the channel of the context, at all times
//! noise     on motion and colour, at all times, of sd sigma_in sqrt(1 ms / dt)
//! targets   decision: sign of m (motion context) or of k (colour context);  0 before
//! graded    the decision, which is the last step
//! choice    the sign of the output in the decision: positive is choice 0, negative is choice 1
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | m, k in training | `coherence_max` | input units | uniform in (-0.1875, 0.1875), drawn independently |
//! | \|m\|, \|k\| in tests | `coherences_test` | input units | 0.009, 0.036, 0.15, either sign, drawn independently |
//! | sigma_in | `sigma_in` | input units | 1 in each step of 1 ms |
//! | duration | `stimulus` | ms | 750, the decision included |
//! | decision | `decision` | ms | 1 |
//!
//! An observer that adds up all of the evidence is right in Phi(c sqrt(750)) of the trials of coherence c: 60 %, 84 %
//! and more than 99.99 % in tests. The two contexts are told apart in validation; the conditions of the tests are all
//! 72.
//!
//! Reference: Mante V, Sussillo D, Shenoy KV, Newsome WT (2013), <https://doi.org/10.1038/nature12742>, Supplementary
//! Information. Their network has a time constant of 10 ms.
//!
//! Differences from the source: there is no released code, so the numbers are those of the paper as published
//! reimplementations give them. At another `dt` the noise keeps its strength over time.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, mante2013::ContextIntegrationContinuous};
//! let task = ContextIntegrationContinuous { sigma_in: 0.0, ..ContextIntegrationContinuous::default() };
//! let condition = Condition::new().with("context", "motion").with("motion_coherence", 0.15).with("colour_coherence", -0.036);
//! let trial = task.trial(Split::Test, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(0).to_vec(), [0.15, -0.036, 1.0, 0.0]);
//! assert_eq!((trial.n_steps(), trial.targets[[748, 0]], trial.targets[[749, 0]]), (750, 0.0, 1.0));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2, aview1};
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::context::{self, CONTEXTS, Variables};
use super::signed_choice;
use crate::error::rules;
use crate::song2016::coherence;
use crate::white_noise::WhiteNoise;
use crate::{
    About, Channel, Clock, Condition, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// Context-dependent integration of continuous noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContextIntegrationContinuous {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The whole trial, ms.
    pub stimulus: f64,
    /// The end of the trial in which the output is graded, ms; less than `stimulus`.
    pub decision: f64,
    /// The largest strength in training, in (0, 1].
    pub coherence_max: f64,
    /// The strengths in tests, each in [0, 1]; the signs are drawn.
    pub coherences_test: Vec<f64>,
    /// The standard deviation of the noise of the evidence in a step of 1 ms.
    pub sigma_in: f64,
}

impl Default for ContextIntegrationContinuous {
    fn default() -> Self {
        Self {
            dt: 1.0,
            rounding: Rounding::Exact,
            stimulus: 750.0,
            decision: 1.0,
            coherence_max: 0.1875,
            coherences_test: vec![0.009, 0.036, 0.15],
            sigma_in: 1.0,
        }
    }
}

impl ContextIntegrationContinuous {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).rounding(self.rounding)
    }

    fn noise(&self) -> WhiteNoise {
        // sqrt(2 tau_in / dt) is 1 at 1 ms.
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: 0.5 }
    }
}

impl Described for ContextIntegrationContinuous {
    const ABOUT: About<'static> = About {
        id: "mante2013/context_integration_continuous",
        summary: "Context-dependent integration of continuous noise: give the sign of the mean motion or colour, as \
            the context says",
        header: include_str!("context_integration_continuous.rs"),
        ..FAMILY
    };
}

impl Task for ContextIntegrationContinuous {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        let clock = self.clock();
        self.noise().validate()?;
        let stimulus = clock.at_least_one_step("stimulus", self.stimulus)?;
        if clock.at_least_one_step("decision", self.decision)? > stimulus {
            let remedy = format!("give at most `stimulus` = {} ms", self.stimulus);
            return Err(TaskError::parameter("decision", self.decision, "must lie within the stimulus", remedy));
        }
        rules::positive("coherence_max", self.coherence_max)?;
        rules::probability("coherence_max", self.coherence_max)?;
        coherence::validate("coherences_test", &self.coherences_test)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["motion", "colour", "context_motion", "context_colour"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice"])
    }

    fn conditions(&self) -> Vec<Condition> {
        CONTEXTS.map(|context| Condition::new().with("context", context)).into()
    }

    fn grid(&self) -> Vec<Condition> {
        context::grid(&self.coherences_test)
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let shown = Variables::draw(condition, rng, |rng| match split {
            Split::Train => rng.between(0.0, self.coherence_max),
            Split::Test => rng.pick(&self.coherences_test).copied().unwrap_or(0.0),
        })?;
        let clock = self.clock();
        let (all, decision) = (clock.steps("stimulus", self.stimulus)?, clock.steps("decision", self.decision)?);
        let mut timeline = clock.timeline()?;
        timeline.push_steps("stimulus", all.saturating_sub(decision))?;
        timeline.push_steps("decision", decision)?;

        let cues = if shown.context == 0 { [1.0, 0.0] } else { [0.0, 1.0] };
        let levels = [shown.motion.coherence as f32, shown.colour.coherence as f32, cues[0], cues[1]];
        let mut inputs = Array2::zeros((timeline.n_steps(), 4));
        inputs.assign(&aview1(&levels));
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
