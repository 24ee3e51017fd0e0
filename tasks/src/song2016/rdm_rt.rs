//! Perceptual decision-making in reaction time: report the stronger of two noisy inputs as soon as possible.
//!
//! ```text
//! epochs    fixation 100 ms (test 300) | stimulus 300 ms | decision 500 ms (test 1200)
//! signals   stimulus and decision: (1 + c)/2 and (1 - c)/2 on the evidence channels, 1 on the start cue
//! targets   decision: 1.2 for the favoured choice, 0.2 for the other; 0.2 before
//! graded    fixation and decision; not the first 300 ms after onset
//! catch     5 trials in 11: 2000 ms without signal, both targets 0.2, all graded
//! decision  choice = the output that first exceeds 1.0 after onset;  reaction time = that step's end - onset
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|c\| | `coherences` | fraction | 0.032, 0.064, 0.128, 0.256, 0.512, either sign |
//! | stimulus | `stimulus`, `stimulus_test` | ms | 800, 1500: onset to the end of the trial |
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
//! Reference: Song HF, Yang GR, Wang X-J (2016), PLoS Comput Biol 12: e1004792,
//! <https://doi.org/10.1371/journal.pcbi.1004792>, Fig 2B; after Roitman & Shadlen (2002),
//! <https://doi.org/10.1523/JNEUROSCI.22-21-09475.2002>.
//!
//! Differences from the source: ungraded targets are 0.2 where the code leaves them at 0; coherence is a signed
//! fraction where the code scales a percentage by 3.2.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::RdmRt};
//! let task = RdmRt::default();
//! let trial = task.trial(Split::Train, Some(&Condition::new().with("coherence", 0.5)), &mut TrialRng::new(0, "doc", 0, 0))?;
//! let mut outputs = trial.targets.clone();
//! outputs[[12, 0]] = 1.1; // onset is step 5, so this is the 8th step of the stimulus
//! let score = task.score(trial.view(), outputs.view());
//! assert_eq!((score.choice, score.reaction_time), (Some(0), Some(160.0)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::{FAMILY, InputNoise, TwoChoice, coherence};
use crate::error::rules;
use crate::{
    About, Channel, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView,
};
use crate::{first_crossing, parameters_of, reaction_time};

/// Reaction-time perceptual decision-making.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RdmRt {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Fixation in training, ms.
    pub fixation: f64,
    /// Fixation in tests, ms.
    pub fixation_test: f64,
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

impl Default for RdmRt {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            fixation: 100.0,
            fixation_test: 300.0,
            stimulus: 800.0,
            stimulus_test: 1500.0,
            ungraded: 300.0,
            threshold: 1.0,
            coherences: vec![0.032, 0.064, 0.128, 0.256, 0.512],
            p_catch: 5.0 / 11.0,
            catch_duration: 2000.0,
            hi: 1.2,
            lo: 0.2,
            baseline: 0.2,
            sigma_in: 0.01,
            tau_in: 100.0,
        }
    }
}

impl RdmRt {
    fn two_choice(&self) -> TwoChoice {
        TwoChoice {
            input: InputNoise { dt: self.dt, baseline: self.baseline, sigma_in: self.sigma_in, tau_in: self.tau_in },
            rounding: self.rounding,
            n_inputs: 3,
            hi: self.hi,
            lo: self.lo,
            p_catch: self.p_catch,
            catch_duration: self.catch_duration,
        }
    }
}

impl Described for RdmRt {
    const ABOUT: About<'static> = About {
        id: "song2016/rdm_rt",
        summary: "Perceptual decision-making in reaction time: report the stronger of two noisy inputs as soon as \
            possible",
        header: include_str!("rdm_rt.rs"),
        shared: &[include_str!("two_choice.rs"), include_str!("coherence.rs"), include_str!("input_noise.rs")],
        ..FAMILY
    };
}

impl Task for RdmRt {
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
        let ungraded = clock.steps("ungraded", self.ungraded)?;
        for (field, stimulus) in [("stimulus", self.stimulus), ("stimulus_test", self.stimulus_test)] {
            if clock.at_least_one_step(field, stimulus)? <= ungraded {
                let remedy =
                    format!("give more than `ungraded` = {} ms, so that there is a decision to grade", self.ungraded);
                return Err(TaskError::parameter(field, stimulus, "must exceed `ungraded`", remedy));
            }
        }
        rules::finite("threshold", self.threshold)?;
        if !(self.lo..self.hi).contains(&self.threshold) {
            let remedy =
                format!("a correct answer must cross it: `lo` = {} <= threshold < `hi` = {}", self.lo, self.hi);
            return Err(TaskError::parameter("threshold", self.threshold, "must lie between the targets", remedy));
        }
        coherence::validate("coherences", &self.coherences)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["evidence_1", "evidence_2", "start_cue"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice_1", "choice_2"])
    }

    fn conditions(&self) -> Vec<Condition> {
        self.two_choice()
            .conditions(coherence::signed(&self.coherences).into_iter().map(|c| Condition::new().with("coherence", c)))
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let two_choice = self.two_choice();
        if let Some(catch) = two_choice.catch_trial(&["coherence"], condition, rng)? {
            return Ok(catch);
        }
        let evidence = coherence::draw(condition, "coherence", &self.coherences, rng)?;
        let (fixation, (field, stimulus)) = match split {
            Split::Train => (("fixation", self.fixation), ("stimulus", self.stimulus)),
            Split::Test => (("fixation_test", self.fixation_test), ("stimulus_test", self.stimulus_test)),
        };
        let clock = two_choice.clock();
        let mut timeline = clock.timeline()?;
        timeline.push("fixation", fixation)?;
        let onset = timeline.push("stimulus", ("ungraded", self.ungraded))?.start;
        // Onset to end is what is rounded, not each part of it.
        let stimulus = clock.steps(field, stimulus)?;
        timeline.push_steps("decision", stimulus.saturating_sub(clock.steps("ungraded", self.ungraded)?))?;
        let shown = onset..timeline.n_steps();

        let mut signals = two_choice.silence(&timeline);
        let [first, second] = evidence.signals();
        signals.slice_mut(s![shown.clone(), 0]).fill(first);
        signals.slice_mut(s![shown.clone(), 1]).fill(second);
        signals.slice_mut(s![shown, 2]).fill(1.0);
        let condition = Condition::new().with("coherence", evidence.coherence);
        Ok(two_choice.trial(timeline, signals, condition, evidence.favoured, rng))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let at_the_end = TwoChoice::score(trial, outputs);
        let decision = trial.epoch("stimulus").and_then(|epoch| {
            let (step, choice) = first_crossing(outputs, epoch.start, self.threshold)?;
            Some((choice, reaction_time(step, epoch.start, self.dt)))
        });
        Score {
            choice: decision.map(|(choice, _)| choice),
            reaction_time: decision.map(|(_, time)| time),
            ..at_the_end
        }
    }

    fn chance(&self) -> f64 {
        0.5
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.85, window: 5 })
    }
}
