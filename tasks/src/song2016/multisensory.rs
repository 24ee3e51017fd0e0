//! Multisensory integration: is the rate of events seen, heard, or both, above or below a boundary?
//!
//! ```text
//! epochs    fixation 100 ms (test 500) | stimulus 1000 ms | decision 300 ms
//! signals   stimulus: in each modality that is shown, 0.4 + 0.8 (f - 9)/7 on its positive channel and 0.4 + 0.8 (16 - f)/7 on its
//!           negative channel; stimulus and decision: 1 on the start cue
//! targets   decision: 1 for "high" if f > 12.5, for "low" if f < 12.5, 0.2 for the other; 0.2 before
//! graded    fixation and decision
//! catch     1 trial in 5: 2500 ms without signal, both targets 0.2, all graded
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | f | `rates` | events/s | 9, 10, ..., 16; the 9 and 16 above are their minimum and maximum |
//! | boundary | `boundary` | events/s | 12.5; at exactly this rate the correct choice is drawn |
//!
//! Modalities are `visual`, `auditory` and `both`, equally likely.
//!
//! Reference: Song HF, Yang GR, Wang X-J (2016), PLoS Comput Biol 12: e1004792,
//! <https://doi.org/10.1371/journal.pcbi.1004792>, Fig 6; after Raposo, Kaufman & Churchland (2014),
//! <https://doi.org/10.1038/nn.3865>.
//!
//! Differences from the source: ungraded targets are 0.2 where the code leaves them at 0, which changes nothing that is
//! graded.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::Multisensory};
//! let task = Multisensory { sigma_in: 0.0, baseline: 0.0, ..Multisensory::default() };
//! let condition = Condition::new().with("modality", "visual").with("rate", 16.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.2, 0.0, 0.4, 0.0, 1.0]); // visual +, auditory +, visual -, auditory -, start cue
//! assert_eq!(trial.correct, Some(0));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::cmp::Ordering;

use ndarray::{ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::{FAMILY, InputNoise, RateTuning, TwoChoice};
use crate::error::rules;
use crate::{
    About, Channel, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView, parameters_of,
};

/// The words for the modalities.
const MODALITIES: [&str; 3] = ["visual", "auditory", "both"];

/// Multisensory integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Multisensory {
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
    /// The event rates, events/s; at least two different ones. The tuning of the inputs spans their range.
    pub rates: Vec<f64>,
    /// Rates above this are high, events/s.
    pub boundary: f64,
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

impl Default for Multisensory {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            fixation: 100.0,
            fixation_test: 500.0,
            stimulus: 1000.0,
            decision: 300.0,
            rates: (9..=16).map(f64::from).collect(),
            boundary: 12.5,
            p_catch: 5.0 / 25.0,
            catch_duration: 2500.0,
            hi: 1.0,
            lo: 0.2,
            baseline: 0.2,
            sigma_in: 0.01,
            tau_in: 100.0,
        }
    }
}

impl Multisensory {
    fn two_choice(&self) -> TwoChoice {
        TwoChoice {
            input: InputNoise { dt: self.dt, baseline: self.baseline, sigma_in: self.sigma_in, tau_in: self.tau_in },
            rounding: self.rounding,
            n_inputs: 5,
            hi: self.hi,
            lo: self.lo,
            p_catch: self.p_catch,
            catch_duration: self.catch_duration,
        }
    }

    fn tuning(&self) -> RateTuning {
        RateTuning::spanning(self.rates.iter().copied())
    }
}

impl Described for Multisensory {
    const ABOUT: About<'static> = About {
        id: "song2016/multisensory",
        summary: "Multisensory integration: is the rate of events seen, heard, or both, above or below a boundary?",
        header: include_str!("multisensory.rs"),
        shared: &[include_str!("two_choice.rs"), include_str!("rate_tuning.rs"), include_str!("input_noise.rs")],
        ..FAMILY
    };
}

impl Task for Multisensory {
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
        rules::finite("boundary", self.boundary)?;
        self.tuning().validate("rates")
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["visual_positive", "auditory_positive", "visual_negative", "auditory_negative", "start_cue"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice_high", "choice_low"])
    }

    fn conditions(&self) -> Vec<Condition> {
        let rates = |modality| self.rates.iter().map(move |&rate| named(modality, rate));
        self.two_choice().conditions(MODALITIES.into_iter().flat_map(rates))
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let two_choice = self.two_choice();
        if let Some(catch) = two_choice.catch_trial(&["modality", "rate"], condition, rng)? {
            return Ok(catch);
        }
        let modality = draw_modality(condition, rng)?;
        let tuning = self.tuning();
        let rate = match tuning.given(condition, "rate")? {
            Some(rate) => rate,
            None => rng.pick(&self.rates).copied().unwrap_or(self.boundary),
        };
        let correct = match rate.total_cmp(&self.boundary) {
            Ordering::Greater => 0,
            Ordering::Less => 1,
            Ordering::Equal => usize::from(rng.chance(0.5)),
        };
        let fixation = match split {
            Split::Train => ("fixation", self.fixation),
            Split::Test => ("fixation_test", self.fixation_test),
        };
        let mut timeline = two_choice.clock().timeline()?;
        timeline.push("fixation", fixation)?;
        let stimulus = timeline.push("stimulus", ("stimulus", self.stimulus))?;
        let decision = timeline.push("decision", ("decision", self.decision))?;

        let mut signals = two_choice.silence(&timeline);
        let [positive, negative] = tuning.signals(rate);
        for (channel, silent) in [(0, "auditory"), (1, "visual")] {
            if modality != silent {
                signals.slice_mut(s![stimulus.clone(), channel]).fill(positive);
                signals.slice_mut(s![stimulus.clone(), channel + 2]).fill(negative);
            }
        }
        signals.slice_mut(s![stimulus.start..decision.end, 4]).fill(1.0);
        Ok(two_choice.trial(timeline, signals, named(modality, rate), correct, rng))
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

fn named(modality: &'static str, rate: f64) -> Condition {
    Condition::new().with("modality", modality).with("rate", rate)
}

fn draw_modality(condition: Option<&Condition>, rng: &mut TrialRng) -> Result<&'static str, TaskError> {
    let Some(given) = condition.and_then(|condition| condition.get("modality")) else {
        return Ok(rng.pick(&MODALITIES).copied().unwrap_or(MODALITIES[2]));
    };
    let word = condition.and_then(|condition| condition.text("modality"));
    match MODALITIES.into_iter().find(|&modality| word == Some(modality)) {
        Some(modality) => Ok(modality),
        None => Err(TaskError::condition(
            "modality",
            given,
            "is no modality of this task",
            "write visual, auditory or both",
        )),
    }
}
