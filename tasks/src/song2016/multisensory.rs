//! Multisensory integration: is the rate of events seen, heard, or both, above or below a boundary?
//!
//! ```text
//! epochs    fixation 100 ms (test 500) | stimulus 1000 ms | decision 300 ms
//! signals   stimulus: in each modality that is shown, positive(f) and negative(f) on its two channels
//!           stimulus and decision: 1 on the start cue
//! correct   "high" if f is above the boundary, "low" if it is below; drawn if it is neither
//! catch     1 trial in 5, of 2500 ms
//! training  ends above 90 %
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | f | `rates` | events/s | 9, 10, ..., 16 |
//! | boundary | `boundary` | events/s | 12.5 |
//! | | `stimulus`, `decision` | ms | 1000, 300 |
//!
//! Modalities are `visual`, `auditory` and `both`, equally likely.
//!
//! It is the task of Fig 6 of the source; after Raposo, Kaufman & Churchland (2014), <https://doi.org/10.1038/nn.3865>.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::Multisensory};
//! let task = Multisensory { sigma_in: 0.0, baseline: 0.0, ..Multisensory::default() };
//! let asked = Condition::new().with("modality", "visual").with("rate", 16.0);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! // visual +, auditory +, visual -, auditory -, start cue
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.2, 0.0, 0.4, 0.0, 1.0]);
//! assert_eq!(trial.correct, Some(0));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Definition, Epochs, Plan, RATES, RateTuning, TwoChoice, rate_tuning};
use crate::error::rules;
use crate::{About, Clock, Condition, Criterion, Split, TaskError, TrialRng};

/// The words for the modalities.
const MODALITIES: [&str; 3] = ["visual", "auditory", "both"];

/// Multisensory integration.
pub type Multisensory = TwoChoice<EventRate>;

/// A rate of events that are seen, heard, or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventRate {
    /// Stimulus, ms.
    pub stimulus: f64,
    /// Decision, ms.
    pub decision: f64,
    /// The event rates, events/s; at least two different ones. The tuning of the inputs spans their range.
    pub rates: Vec<f64>,
    /// Rates above this are high, events/s.
    pub boundary: f64,
}

impl Default for EventRate {
    fn default() -> Self {
        Self { stimulus: 1000.0, decision: 300.0, rates: (9..=16).map(f64::from).collect(), boundary: 12.5 }
    }
}

impl EventRate {
    fn tuning(&self) -> RateTuning {
        RateTuning::spanning(self.rates.iter().copied())
    }
}

impl Definition for EventRate {
    const ABOUT: About<'static> = About {
        id: "song2016/multisensory",
        summary: "Multisensory integration: is the rate of events seen, heard, or both, above or below a boundary?",
        header: include_str!("multisensory.rs"),
        ..RATES
    };
    const INPUTS: &'static [&'static str] =
        &["visual_positive", "auditory_positive", "visual_negative", "auditory_negative", "start_cue"];
    const OUTPUTS: [&'static str; 2] = ["choice_high", "choice_low"];
    const VARIABLES: &'static [&'static str] = &["modality", "rate"];
    const P_CATCH: f64 = 5.0 / 25.0;
    const CATCH_DURATION: f64 = 2500.0;
    const CRITERION: Criterion = Criterion::MeanPerformance { threshold: 0.90, window: 5 };

    fn validate(&self, clock: Clock, _: Range<f64>) -> Result<(), TaskError> {
        clock.at_least_one_step("stimulus", self.stimulus)?;
        clock.at_least_one_step("decision", self.decision)?;
        rules::finite("boundary", self.boundary)?;
        self.tuning().validate("rates")
    }

    fn conditions(&self) -> Vec<Condition> {
        let rates = |modality| self.rates.iter().map(move |&rate| named(modality, rate));
        MODALITIES.into_iter().flat_map(rates).collect()
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let modality = draw_modality(condition, rng)?;
        let tuning = self.tuning();
        let rate = match tuning.given(condition, "rate")? {
            Some(rate) => rate,
            None => rng.pick(&self.rates).copied().unwrap_or(self.boundary),
        };
        let correct = rate_tuning::higher(rate, self.boundary, rng);
        let tuned = tuning.signals(rate);
        let [seen, heard] = ["auditory", "visual"].map(|other| if modality == other { [0.0; 2] } else { tuned });
        let signals = vec![
            ("stimulus", vec![seen[0], heard[0], seen[1], heard[1], 1.0]),
            ("decision", vec![0.0, 0.0, 0.0, 0.0, 1.0]),
        ];
        Ok(Plan { condition: named(modality, rate), correct, signals })
    }

    fn epochs(&self, _: Split, clock: Clock, _: &mut TrialRng) -> Result<Epochs, TaskError> {
        let stimulus = clock.steps("stimulus", self.stimulus)?;
        Ok(vec![("stimulus", stimulus), ("decision", clock.steps("decision", self.decision)?)])
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
    MODALITIES.into_iter().find(|&modality| word == Some(modality)).ok_or_else(|| {
        TaskError::condition("modality", given, "is no modality of this task", "write visual, auditory or both")
    })
}
