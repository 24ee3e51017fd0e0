//! Perceptual decision-making in reaction time: report the stronger of two noisy inputs as soon as possible.
//!
//! ```text
//! epochs    fixation 100 ms (test 300) | stimulus 300 ms | decision 500 ms (test 1200)
//! signals   stimulus and decision: (1 + c)/2 and (1 - c)/2 on the evidence channels, 1 on the start cue
//! targets   hi is 1.2
//! catch     5 trials in 11, of 2000 ms
//! choice    the output that first exceeds the threshold after onset;  reaction time = that step's end - onset
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|c\| | `coherences` | fraction | 0.032, 0.064, 0.128, 0.256, 0.512, either sign |
//! | | `stimulus`, `stimulus_test` | ms | 800, 1500: onset to the end of the trial |
//! | ungraded | `ungraded` | ms | 300 |
//! | threshold | `threshold` | output units | 1.0 |
//!
//! The stimulus stays on to the end of the trial. So that epochs tile the trial, its ungraded first part is the epoch
//! `stimulus` and the rest is `decision`.
//!
//! A trial in which no output exceeds the threshold has neither choice nor reaction time, so it enters neither a
//! psychometric curve nor a distribution of reaction times. The performance does not look at the threshold: as for the
//! source's stop rule, a trial is right if the correct output is the larger one at the last step.
//!
//! It is the task of Fig 2B of the source; after Roitman & Shadlen (2002),
//! <https://doi.org/10.1523/JNEUROSCI.22-21-09475.2002>.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::RdmRt};
//! let task = RdmRt::default();
//! let asked = Condition::new().with("coherence", 0.5);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! let mut outputs = trial.targets.clone();
//! outputs[[12, 0]] = 1.1; // onset is step 5, so this is the 8th step of the stimulus
//! let score = task.score(trial.view(), outputs.view());
//! assert_eq!((score.choice, score.reaction_time), (Some(0), Some(160.0)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::{Definition, EVIDENCE, Epochs, Plan, TwoChoice, coherence, plan};
use crate::error::rules;
use crate::{About, Clock, Condition, Score, Split, TaskError, TrialRng, TrialView, first_crossing, reaction_time};

/// Reaction-time perceptual decision-making.
pub type RdmRt = TwoChoice<ReactionTime>;

/// A stimulus that may be answered at any time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReactionTime {
    /// Stimulus in training, from its onset to the end of the trial, ms.
    pub stimulus: f64,
    /// Stimulus in tests, from its onset to the end of the trial, ms.
    pub stimulus_test: f64,
    /// How long after onset answers are not graded, ms; shorter than the stimulus.
    pub ungraded: f64,
    /// An output that exceeds this has decided.
    pub threshold: f64,
    /// The strengths of the evidence, each in [0, 1]; the sign is drawn.
    pub coherences: Vec<f64>,
}

impl Default for ReactionTime {
    fn default() -> Self {
        Self {
            stimulus: 800.0,
            stimulus_test: 1500.0,
            ungraded: 300.0,
            threshold: 1.0,
            coherences: coherence::PUBLISHED.into(),
        }
    }
}

impl Definition for ReactionTime {
    const ABOUT: About<'static> = About {
        id: "song2016/rdm_rt",
        summary: "Perceptual decision-making in reaction time: report the stronger of two noisy inputs as soon as \
            possible",
        header: include_str!("rdm_rt.rs"),
        ..EVIDENCE
    };
    const INPUTS: &'static [&'static str] = &["evidence_1", "evidence_2", "start_cue"];
    const VARIABLES: &'static [&'static str] = &["coherence"];
    const FIXATION_TEST: f64 = 300.0;
    const P_CATCH: f64 = 5.0 / 11.0;
    const HI: f64 = 1.2;

    fn validate(&self, clock: Clock, targets: Range<f64>) -> Result<(), TaskError> {
        let ungraded = clock.steps("ungraded", self.ungraded)?;
        for (field, stimulus) in [("stimulus", self.stimulus), ("stimulus_test", self.stimulus_test)] {
            if clock.at_least_one_step(field, stimulus)? <= ungraded {
                let remedy =
                    format!("give more than `ungraded` = {} ms, so that there is a decision to grade", self.ungraded);
                return Err(TaskError::parameter(field, stimulus, "must exceed `ungraded`", remedy));
            }
        }
        rules::finite("threshold", self.threshold)?;
        if !targets.contains(&self.threshold) {
            let Range { start: lo, end: hi } = targets;
            let remedy = format!("a correct answer must cross it: `lo` = {lo} <= threshold < `hi` = {hi}");
            return Err(TaskError::parameter("threshold", self.threshold, "must lie between the targets", remedy));
        }
        coherence::validate("coherences", &self.coherences)
    }

    fn conditions(&self) -> Vec<Condition> {
        coherence::conditions(&self.coherences)
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let evidence = coherence::draw(condition, "coherence", &self.coherences, rng)?;
        let [first, second] = evidence.signals();
        let signals = ["stimulus", "decision"].map(|epoch| (epoch, vec![first, second, 1.0])).into();
        Ok(Plan { condition: evidence.condition(), correct: evidence.favoured, signals })
    }

    fn epochs(&self, split: Split, clock: Clock, _: &mut TrialRng) -> Result<Epochs, TaskError> {
        // Onset to end is what is rounded, not each part of it.
        let stimulus = match split {
            Split::Train => clock.steps("stimulus", self.stimulus)?,
            Split::Test => clock.steps("stimulus_test", self.stimulus_test)?,
        };
        let ungraded = clock.steps("ungraded", self.ungraded)?;
        Ok(vec![("stimulus", ungraded), ("decision", stimulus.saturating_sub(ungraded))])
    }

    fn score(&self, dt: f64, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let decision = trial.epoch("stimulus").and_then(|epoch| {
            let (step, choice) = first_crossing(outputs, epoch.start, self.threshold)?;
            Some((choice, reaction_time(step, epoch.start, dt)))
        });
        let (choice, reaction_time) = decision.unzip();
        Score { choice, reaction_time, ..plan::score(trial, outputs) }
    }
}
