//! Comparison: which of two stimuli, one before and one after a delay, is the larger one?
//!
//! ```text
//! epochs    stimulus 250 ms | delay 1000 ms | response 250 ms        25, 100 and 25 steps
//! signals   stimulus: channel k fires Poisson( peak exp(-(s_1 - phi_k)^2 / (2 width^2)) / 25 ) times in each step
//!           delay: every channel fires Poisson( spontaneous / 100 ) times in each step
//!           response: as in the stimulus, with s_2
//! targets   the class `first_larger` (s_1 > s_2) or `second_larger`, at all times
//! graded    response
//! choice    the larger output at the 5th step from the end
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | s_1, s_2 | `stimulus_max` | stimulus units | independent, uniform in [-40, 40) |
//! | k | `n_channels` | | 50; phi_k from -50 to 50 |
//! | 50 | `range` | stimulus units | 50 |
//! | width | `width` | stimulus units | 10 |
//! | peak, spontaneous | `peak_spikes`, `spontaneous_spikes` | spikes per channel and period | 1, 0.1 |
//! | delay | `delay` | ms | 1000, or one of 100, 400, 700 and 1000 |
//!
//! The tests present all pairs of different stimuli out of -30, -10, 10 and 30 (3/4 and 1/4 of `stimulus_max`, either
//! sign).
//!
//! Reference: Orhan AE, Ma WJ (2019), <https://doi.org/10.1038/s41593-018-0314-y>; released code recurrent-memory.
//!
//! Differences from the source: its network has one output and a binary cross-entropy, for which two classes stand
//! here; it measures the information that is lost against an observer who knows the spikes, where a trial here is right
//! or wrong; it has no rule for ending the training.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::Comparison};
//! let condition = Condition::new().with("stimulus_1", 10.0).with("stimulus_2", -10.0);
//! let trial = Comparison::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (150, 50));
//! assert_eq!((trial.targets.row(125).to_vec(), trial.correct), (vec![1.0, 0.0], Some(0)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::{FAMILY, Spikes, Timing, Tuning, two_choice};
use crate::error::rules;
use crate::{
    About, Channel, Condition, Described, Objective, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// The words for the larger stimulus, in the order of the outputs.
const LARGER: [&str; 2] = ["first", "second"];

/// Comparison across a delay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comparison {
    /// When things happen.
    #[serde(flatten)]
    pub timing: Timing,
    /// How much the channels fire.
    #[serde(flatten)]
    pub spikes: Spikes,
    /// The stimuli lie between `-stimulus_max` and `stimulus_max`, stimulus units.
    pub stimulus_max: f64,
    /// The preferred places of the channels go from `-range` to `range`, stimulus units.
    pub range: f64,
    /// The width of the tuning, stimulus units.
    pub width: f64,
}

impl Default for Comparison {
    fn default() -> Self {
        Self { timing: Timing::default(), spikes: Spikes::default(), stimulus_max: 40.0, range: 50.0, width: 10.0 }
    }
}

impl Comparison {
    /// Both stimuli: as the condition asks, the rest drawn.
    fn draw(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<[f64; 2], TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["larger", "stimulus_1", "stimulus_2"]))?;
        let larger = two_choice::word("larger", LARGER, condition)?;
        let given = [self.asked("stimulus_1", condition)?, self.asked("stimulus_2", condition)?];
        let (low, high) = (-self.stimulus_max, self.stimulus_max);
        let [first, second] = match (given, larger) {
            ([None, None], Some(larger)) => {
                let pair = [rng.between(low, high), rng.between(low, high)];
                if first_is_larger(pair) == (larger == 0) { pair } else { [pair[1], pair[0]] }
            }
            ([Some(first), None], Some(0)) => [first, rng.between(low, first)],
            ([Some(first), None], Some(_)) => [first, rng.between(first, high)],
            ([None, Some(second)], Some(0)) => [rng.between(second, high), second],
            ([None, Some(second)], Some(_)) => [rng.between(low, second), second],
            _ => given.map(|given| given.unwrap_or_else(|| rng.between(low, high))),
        };
        match larger {
            Some(larger) if first_is_larger([first, second]) != (larger == 0) => {
                let remedy = format!("the stimuli are {first} and {second}");
                Err(TaskError::condition("larger", LARGER[larger], "is not the larger stimulus", remedy))
            }
            _ => Ok([first, second]),
        }
    }

    fn asked(&self, name: &str, condition: Option<&Condition>) -> Result<Option<f64>, TaskError> {
        match condition.map_or(Ok(None), |condition| condition.finite_number(name))? {
            Some(stimulus) if stimulus.abs() > self.stimulus_max => {
                let remedy = format!("give a number from {} to {}", -self.stimulus_max, self.stimulus_max);
                Err(TaskError::condition(name, stimulus, "lies outside the range of the stimuli", remedy))
            }
            given => Ok(given),
        }
    }
}

impl Described for Comparison {
    const ABOUT: About<'static> = About {
        id: "orhan2019/comparison",
        version: 3,
        summary: "Comparison: which of two stimuli, one before and one after a delay, is the larger one?",
        header: include_str!("comparison.rs"),
        shared: &[include_str!("two_choice.rs"), include_str!("spikes.rs"), include_str!("timing.rs")],
        ..FAMILY
    };
}

impl Task for Comparison {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.timing.validate()?;
        self.spikes.validate()?;
        rules::positive("stimulus_max", self.stimulus_max)?;
        rules::positive("range", self.range)?;
        rules::positive("width", self.width)
    }

    fn dt(&self) -> f64 {
        self.timing.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("channel", self.timing.n_channels)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["first_larger", "second_larger"])
    }

    fn conditions(&self) -> Vec<Condition> {
        LARGER.map(|larger| Condition::new().with("larger", larger)).into()
    }

    fn grid(&self) -> Vec<Condition> {
        let stimuli = [-0.75, -0.25, 0.25, 0.75].map(|part| part * self.stimulus_max);
        let pairs = stimuli.into_iter().flat_map(|first| stimuli.map(|second| [first, second]));
        pairs.filter(|[first, second]| first != second).map(named).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let stimuli = self.draw(condition, rng)?;
        let periods = self.timing.draw(rng)?;
        let (tuning, channels) = (Tuning::Line { range: self.range, width: self.width }, 0..self.timing.n_channels);
        let mut inputs = Array2::zeros((periods.n_steps(), channels.len()));
        self.spikes.show(&mut inputs, &periods.stimulus, channels.clone(), (tuning, stimuli[0]), rng);
        self.spikes.delay(&mut inputs, &periods, rng);
        self.spikes.show(&mut inputs, &periods.response, channels, (tuning, stimuli[1]), rng);
        Ok(two_choice::trial(periods, inputs, named(stimuli), usize::from(!first_is_larger(stimuli))))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        two_choice::score(&self.timing, trial, outputs)
    }

    fn objective(&self) -> Objective {
        Objective::Classes
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

/// As in the source, of equal ones the second counts as the larger.
fn first_is_larger([first, second]: [f64; 2]) -> bool {
    first > second
}

fn named(stimuli: [f64; 2]) -> Condition {
    let larger = LARGER[usize::from(!first_is_larger(stimuli))];
    Condition::new().with("larger", larger).with("stimulus_1", stimuli[0]).with("stimulus_2", stimuli[1])
}
