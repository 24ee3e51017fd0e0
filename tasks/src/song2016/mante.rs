//! Context-dependent integration: report the motion or the colour evidence, as the context says, and ignore the other.
//!
//! ```text
//! epochs    fixation 100 ms (test 400) | stimulus 800 ms | decision 300 ms
//! signals   stimulus: 1 on the channel of the context; (1 + m)/2, (1 - m)/2 on the motion channels;
//!           (1 + k)/2, (1 - k)/2 on the colour channels
//! targets   decision: 1 for the choice favoured by m (motion context) or by k (colour context), 0.2 for the other; 0.2 before
//! graded    fixation and decision
//! catch     1 trial in 73: 2000 ms without signal, both targets 0.2, all graded
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|m\|, \|k\| | `coherences` | fraction | 0.05, 0.15, 0.5, either sign, drawn independently |
//!
//! Reference: Song HF, Yang GR, Wang X-J (2016), PLoS Comput Biol 12: e1004792,
//! <https://doi.org/10.1371/journal.pcbi.1004792>, Fig 4; after Mante, Sussillo, Shenoy & Newsome (2013),
//! <https://doi.org/10.1038/nature12742>.
//!
//! Differences from the source: ungraded targets are 0.2 where the code leaves them at 0, which changes nothing that is
//! graded; coherence is a signed fraction where the code scales a percentage by 5.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::Mante};
//! let task = Mante { sigma_in: 0.0, ..Mante::default() };
//! let condition = Condition::new().with("context", "colour").with("motion_coherence", 0.5).with("colour_coherence", -0.25);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [0.2, 1.2, 0.95, 0.45, 0.575, 0.825]);
//! assert_eq!(trial.correct, Some(1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{ArrayView2, aview1, s};
use serde::{Deserialize, Serialize};

use super::{FAMILY, InputNoise, TwoChoice, coherence};
use crate::{
    About, Channel, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView,
};
use crate::{Value, parameters_of};

/// The words for the two contexts.
const CONTEXTS: [&str; 2] = ["motion", "colour"];

/// Context-dependent integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mante {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Fixation in training, ms.
    pub fixation: f64,
    /// Fixation in tests, ms.
    pub fixation_test: f64,
    /// Stimulus, ms.
    pub stimulus: f64,
    /// Decision, ms.
    pub decision: f64,
    /// The strengths of the motion and of the colour evidence, each in [0, 1]; the signs are drawn.
    pub coherences: Vec<f64>,
    /// The fraction of catch trials.
    pub p_catch: f64,
    /// The length of a catch trial, ms.
    pub catch_duration: f64,
    /// The target of the correct output in the decision.
    pub hi: f64,
    /// The target everywhere else.
    pub lo: f64,
    /// Added to every input.
    pub baseline: f64,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant of the input noise, ms.
    pub tau_in: f64,
}

impl Default for Mante {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            fixation: 100.0,
            fixation_test: 400.0,
            stimulus: 800.0,
            decision: 300.0,
            coherences: vec![0.05, 0.15, 0.5],
            p_catch: 1.0 / 73.0,
            catch_duration: 2000.0,
            hi: 1.0,
            lo: 0.2,
            baseline: 0.2,
            sigma_in: 0.01,
            tau_in: 100.0,
        }
    }
}

impl Mante {
    fn two_choice(&self) -> TwoChoice {
        TwoChoice {
            input: InputNoise { dt: self.dt, baseline: self.baseline, sigma_in: self.sigma_in, tau_in: self.tau_in },
            rounding: self.rounding,
            n_inputs: 6,
            hi: self.hi,
            lo: self.lo,
            p_catch: self.p_catch,
            catch_duration: self.catch_duration,
        }
    }
}

impl Described for Mante {
    const ABOUT: About<'static> = About {
        id: "song2016/mante",
        summary: "Context-dependent integration: report the motion or the colour evidence, as the context says",
        header: include_str!("mante.rs"),
        shared: &[include_str!("two_choice.rs"), include_str!("coherence.rs"), include_str!("input_noise.rs")],
        ..FAMILY
    };
}

impl Task for Mante {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.two_choice().validate()?;
        let clock = self.two_choice().clock();
        clock.steps("fixation", self.fixation)?;
        clock.steps("fixation_test", self.fixation_test)?;
        clock.at_least_one_step("stimulus", self.stimulus)?;
        clock.at_least_one_step("decision", self.decision)?;
        coherence::validate("coherences", &self.coherences)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["context_motion", "context_colour", "motion_1", "motion_2", "colour_1", "colour_2"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice_1", "choice_2"])
    }

    fn conditions(&self) -> Vec<Condition> {
        let coherences = coherence::signed(&self.coherences);
        let mut conditions = Vec::new();
        for context in CONTEXTS {
            for &motion in &coherences {
                conditions.extend(coherences.iter().map(|&colour| named(context, motion, colour)));
            }
        }
        self.two_choice().conditions(conditions)
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let two_choice = self.two_choice();
        if let Some(catch) =
            two_choice.catch_trial(&["context", "motion_coherence", "colour_coherence"], condition, rng)?
        {
            return Ok(catch);
        }
        let context = draw_context(condition, rng)?;
        let motion = coherence::draw(condition, "motion_coherence", &self.coherences, rng)?;
        let colour = coherence::draw(condition, "colour_coherence", &self.coherences, rng)?;
        let fixation = match split {
            Split::Train => ("fixation", self.fixation),
            Split::Test => ("fixation_test", self.fixation_test),
        };
        let mut timeline = two_choice.clock().timeline()?;
        timeline.push("fixation", fixation)?;
        let stimulus = timeline.push("stimulus", ("stimulus", self.stimulus))?;
        timeline.push("decision", ("decision", self.decision))?;

        let mut signals = two_choice.silence(&timeline);
        let ([motion_1, motion_2], [colour_1, colour_2]) = (motion.signals(), colour.signals());
        let (cues, correct) =
            if context == "motion" { ([1.0, 0.0], motion.favoured) } else { ([0.0, 1.0], colour.favoured) };
        let shown = [cues[0], cues[1], motion_1, motion_2, colour_1, colour_2];
        signals.slice_mut(s![stimulus, ..]).assign(&aview1(&shown));
        let condition = named(context, motion.coherence, colour.coherence);
        Ok(two_choice.trial(timeline, signals, condition, correct, rng))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        TwoChoice::score(trial, outputs)
    }

    fn chance(&self) -> f64 {
        0.5
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.90, window: 5 })
    }
}

fn named(context: &'static str, motion: f64, colour: f64) -> Condition {
    Condition::new().with("context", context).with("motion_coherence", motion).with("colour_coherence", colour)
}

fn draw_context(condition: Option<&Condition>, rng: &mut TrialRng) -> Result<&'static str, TaskError> {
    match condition.and_then(|condition| condition.get("context")) {
        None => Ok(if rng.chance(0.5) { CONTEXTS[0] } else { CONTEXTS[1] }),
        Some(Value::Text(word)) if word == CONTEXTS[0] => Ok(CONTEXTS[0]),
        Some(Value::Text(word)) if word == CONTEXTS[1] => Ok(CONTEXTS[1]),
        Some(other) => {
            Err(TaskError::condition("context", other, "is no context of this task", "write motion or colour"))
        }
    }
}
