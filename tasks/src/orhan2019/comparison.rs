//! Comparison: which of two stimuli, one before and one after a delay, is the larger one?
//!
//! ```text
//! signals   stimulus: s_1, response: s_2, independent and uniform in [-stimulus_max, stimulus_max), on a line
//! classes   first_larger (s_1 > s_2), second_larger
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | stimulus_max | `stimulus_max` | stimulus units | 40 |
//! | range, width | `range`, `width`, of the tuning | stimulus units | 50, 10 |
//!
//! The tests present all pairs of different stimuli out of -30, -10, 10 and 30 (3/4 and 1/4 of `stimulus_max`, either
//! sign).
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::Comparison};
//! let asked = Condition::new().with("stimulus_1", 10.0).with("stimulus_2", -10.0);
//! let trial = Comparison::default().trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (150, 50));
//! assert_eq!((trial.targets.row(125).to_vec(), trial.correct), (vec![1.0, 0.0], Some(0)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{CLASSES, Definition, Plan, Response, ShortTermMemory, Tuning, word};
use crate::error::rules;
use crate::{About, Channel, Condition, TaskError, TrialRng};

/// Comparison across a delay.
pub type Comparison = ShortTermMemory<Larger>;

/// The words for the larger stimulus, in the order of the outputs.
const LARGER: [&str; 2] = ["first", "second"];

/// Two stimuli, one of which is the larger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Larger {
    /// The stimuli lie between `-stimulus_max` and `stimulus_max`, stimulus units.
    pub stimulus_max: f64,
    /// The preferred places of the channels go from `-range` to `range`, stimulus units.
    pub range: f64,
    /// The width of the tuning, stimulus units.
    pub width: f64,
}

impl Default for Larger {
    fn default() -> Self {
        Self { stimulus_max: 40.0, range: 50.0, width: 10.0 }
    }
}

impl Larger {
    /// Both stimuli: as the condition asks, the rest drawn.
    fn draw(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<[f64; 2], TaskError> {
        let larger = word::given("larger", LARGER, condition)?;
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

impl Definition for Larger {
    const ABOUT: About<'static> = About {
        id: "orhan2019/comparison",
        version: 3,
        summary: "Comparison: which of two stimuli, one before and one after a delay, is the larger one?",
        header: include_str!("comparison.rs"),
        ..CLASSES
    };
    const VARIABLES: &'static [&'static str] = &["larger", "stimulus_1", "stimulus_2"];

    fn validate(&self) -> Result<(), TaskError> {
        rules::positive("stimulus_max", self.stimulus_max)?;
        rules::positive("range", self.range)?;
        rules::positive("width", self.width)
    }

    fn tuning(&self) -> Tuning {
        Tuning::Line { range: self.range, width: self.width }
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

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let stimuli = self.draw(condition, rng)?;
        let correct = usize::from(!first_is_larger(stimuli));
        Ok(Plan::class(named(stimuli), stimuli[0], Response::Probe(stimuli[1]), correct))
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
