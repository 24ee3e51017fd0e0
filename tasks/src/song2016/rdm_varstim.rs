//! Perceptual decision-making with variable stimulus duration: which of two noisy inputs is the stronger?
//!
//! ```text
//! epochs    fixation 100 ms (test 500) | stimulus D | decision 300 ms
//! D         exponential with mean parameter 330 ms, truncated to [80, 1500) ms:  D = a - m ln(1 - U (1 - exp(-(b - a) / m))),
//!           rounded down to a whole step
//! signals   stimulus: (1 + c)/2 and (1 - c)/2 on the evidence channels, 1 on the start cue
//! targets   decision: 1 for the favoured choice, 0.2 for the other; 0.2 before
//! graded    fixation and decision
//! catch     1 trial in 11: 2000 ms without signal, both targets 0.2, all graded
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|c\| | `coherences` | fraction | 0.032, 0.064, 0.128, 0.256, 0.512, either sign |
//! | a, b | `stimulus_min`, `stimulus_max` | ms | 80, 1500 |
//! | m | `stimulus_mean` | ms | 330, before truncation |
//!
//! The drawn D goes to the step below, as in the code, unless `rounding` is "nearest" or "ceil"; the other durations
//! must be whole numbers of steps unless `rounding` says what to do with them.
//!
//! Reference: Song HF, Yang GR, Wang X-J (2016), PLoS Comput Biol 12: e1004792,
//! <https://doi.org/10.1371/journal.pcbi.1004792>, Fig 2A; durations after Kiani, Hanks & Shadlen (2008),
//! <https://doi.org/10.1523/JNEUROSCI.4761-07.2008>.
//!
//! Differences from the source: ungraded targets are 0.2 where the code leaves them at 0, which changes nothing that is
//! graded; coherence is a signed fraction where the code scales a percentage by 3.2.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::RdmVarstim};
//! let task = RdmVarstim { sigma_in: 0.0, ..RdmVarstim::default() };
//! let trial = task.trial(Split::Train, Some(&Condition::new().with("coherence", 0.5)), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [0.95, 0.45, 1.2]); // baseline 0.2 + signals 0.75, 0.25, 1
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::{FAMILY, InputNoise, TwoChoice, coherence};
use crate::error::rules;
use crate::{
    About, Channel, Condition, Criterion, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView, parameters_of,
};

/// Variable-duration perceptual decision-making.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RdmVarstim {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps; the drawn one goes to the step below unless this says otherwise.
    pub rounding: Rounding,
    /// Fixation in training, ms.
    pub fixation: f64,
    /// Fixation in tests, ms.
    pub fixation_test: f64,
    /// The shortest stimulus, ms; at least one step.
    pub stimulus_min: f64,
    /// The mean of the exponential before truncation, ms.
    pub stimulus_mean: f64,
    /// The longest stimulus, ms.
    pub stimulus_max: f64,
    /// Decision, ms.
    pub decision: f64,
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

impl Default for RdmVarstim {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            fixation: 100.0,
            fixation_test: 500.0,
            stimulus_min: 80.0,
            stimulus_mean: 330.0,
            stimulus_max: 1500.0,
            decision: 300.0,
            coherences: vec![0.032, 0.064, 0.128, 0.256, 0.512],
            p_catch: 1.0 / 11.0,
            catch_duration: 2000.0,
            hi: 1.0,
            lo: 0.2,
            baseline: 0.2,
            sigma_in: 0.01,
            tau_in: 100.0,
        }
    }
}

impl RdmVarstim {
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

    fn stimulus(&self) -> Duration {
        Duration::truncated_exponential(self.stimulus_mean, self.stimulus_min, self.stimulus_max)
    }
}

impl Described for RdmVarstim {
    const ABOUT: About<'static> = About {
        id: "song2016/rdm_varstim",
        version: 2,
        summary: "Perceptual decision-making: report the stronger of two noisy inputs after a stimulus of varying \
            duration",
        header: include_str!("rdm_varstim.rs"),
        shared: &[include_str!("two_choice.rs"), include_str!("coherence.rs"), include_str!("input_noise.rs")],
        ..FAMILY
    };
}

impl Task for RdmVarstim {
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
        clock.at_least_one_step("decision", self.decision)?;
        rules::positive("stimulus_mean", self.stimulus_mean)?;
        rules::positive("stimulus_min", self.stimulus_min)?;
        rules::positive("stimulus_max", self.stimulus_max)?;
        if self.stimulus_min < self.dt {
            let remedy = format!("a stimulus needs at least one step of `dt` = {} ms", self.dt);
            return Err(TaskError::parameter("stimulus_min", self.stimulus_min, "must be at least `dt`", remedy));
        }
        if self.stimulus_max < self.stimulus_min {
            let remedy = format!("give at least `stimulus_min` = {} ms", self.stimulus_min);
            return Err(TaskError::parameter(
                "stimulus_max",
                self.stimulus_max,
                "must not be less than `stimulus_min`",
                remedy,
            ));
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
        let fixation = match split {
            Split::Train => ("fixation", self.fixation),
            Split::Test => ("fixation_test", self.fixation_test),
        };
        let clock = two_choice.clock();
        let mut timeline = clock.timeline()?;
        timeline.push("fixation", fixation)?;
        let stimulus = timeline.push_steps("stimulus", self.stimulus().draw("stimulus", clock, rng)?)?;
        timeline.push("decision", ("decision", self.decision))?;

        let mut signals = two_choice.silence(&timeline);
        let [first, second] = evidence.signals();
        signals.slice_mut(s![stimulus.clone(), 0]).fill(first);
        signals.slice_mut(s![stimulus.clone(), 1]).fill(second);
        signals.slice_mut(s![stimulus, 2]).fill(1.0);
        let condition = Condition::new().with("coherence", evidence.coherence);
        Ok(two_choice.trial(timeline, signals, condition, evidence.favoured, rng))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        TwoChoice::score(trial, outputs)
    }

    fn chance(&self) -> f64 {
        0.5
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.85, window: 5 })
    }
}
