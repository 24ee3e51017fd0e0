//! Probabilistic reasoning: weigh the evidence of four shapes that appear one by one.
//!
//! ```text
//! epochs      fixation 500 ms | stimulus1 | .. | stimulus4, 500 ms each | delay | decision 500 ms           dt 100 ms
//! delay       uniform on [450, 550) ms
//! shapes      s_1 .. s_4, each one of 10, independent and equally likely; shape j appears in stimulus j at a place of
//!             its own and stays to the end of stimulus4; the order of the places is drawn
//! inputs      location_l_shape_s: 1 while shape s is shown at place l                       l = 1 .. 4, s = 1 .. 10
//! rewarded    choice 2 with probability p = 1 / (1 + 10^-(w_{s_1} + .. + w_{s_4})), else choice 1
//! classes     k the rewarded choice: in the decision
//! training    0.85: the reward is drawn, so that the choice with the better odds is rewarded in 0.915 of the trials
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | w | `shape_weights` | log10 odds | -10, -0.9, -0.7, -0.5, -0.3, 0.3, 0.5, 0.7, 0.9, 10 |
//! | 4 | `n_locations` | | |
//! | k | variable `rewarded` | | 1, 2 |
//! | s_j | variables `shape_1` .. | | 1 .. 10, in order of appearance |
//! | places | variables `location_1` .. | | 1 .. 4, in order of appearance |
//! | w_{s_1} + .. | variable `log_odds` | | |
//!
//! Reference: Yang T, Shadlen MN (2007), Nature 447: 1075, <https://doi.org/10.1038/nature05852>; as
//! `ProbabilisticReasoning` of neurogym, where the shapes follow each other without a delay, too, though its
//! documentation has one.
//!
//! Differences from the source: none but those of all environments.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::ProbabilisticReasoning};
//! let task = ProbabilisticReasoning::default();
//! let shapes = (1..).zip([10.0, 6.0, 7.0, 9.0]); // weights 10 + 0.3 + 0.5 + 0.9
//! let condition = shapes.fold(Condition::new(), |condition, (j, shape)| condition.with(format!("shape_{j}"), shape));
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert!((trial.condition.number("log_odds").unwrap() - 11.7).abs() < 1e-12);
//! assert_eq!(trial.correct, Some(2));
//! let shown: Vec<f32> = [0, 5, 10, 15, 20, 25].map(|step| trial.inputs.row(step).sum() - 1.0).into();
//! assert_eq!(shown, [0.0, 1.0, 2.0, 3.0, 4.0, 0.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::asked::{Asked, one_to};
use super::{Definition, Environment, FAMILY, Period, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, Duration, TaskError, Trial, TrialRng};

/// The most shapes and places: a mistyped number should be an error instead of an exhausted memory.
const MAX_SIZE: usize = 64;

/// The names of variables and periods, made once for all trials.
static SHAPES: LazyLock<Vec<String>> = LazyLock::new(|| numbered("shape_"));
static LOCATIONS: LazyLock<Vec<String>> = LazyLock::new(|| numbered("location_"));
static STIMULI: LazyLock<Vec<String>> = LazyLock::new(|| numbered("stimulus"));

fn numbered(prefix: &str) -> Vec<String> {
    (1..=MAX_SIZE).map(|i| format!("{prefix}{i}")).collect()
}

/// How often shapes are drawn before the reward that is asked for is said to be impossible.
const MAX_DRAWS: usize = 10_000;

/// Probabilistic reasoning.
pub type ProbabilisticReasoning = Environment<ShapeOdds>;

/// The choice with the better odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShapeOdds {
    /// Between the appearance of a shape and the next, ms.
    pub stimulus: f64,
    /// Between shapes and decision, ms.
    pub delay: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The evidence of each shape for choice 2, log10 odds.
    pub shape_weights: Vec<f64>,
    /// The number of places, and of shapes in a trial.
    pub n_locations: usize,
}

impl Default for ShapeOdds {
    fn default() -> Self {
        Self {
            stimulus: 500.0,
            delay: Duration::uniform(450.0, 550.0),
            decision: 500.0,
            shape_weights: vec![-10.0, -0.9, -0.7, -0.5, -0.3, 0.3, 0.5, 0.7, 0.9, 10.0],
            n_locations: 4,
        }
    }
}

/// The shapes of a trial and its reward.
#[derive(Clone, Debug)]
struct Sequence {
    /// From 1, in order of appearance.
    shapes: Vec<usize>,
    /// The rewarded choice.
    rewarded: usize,
    log_odds: f64,
}

impl ShapeOdds {
    /// The names among these that this task has, one for each place.
    fn names(&self, all: &'static [String]) -> impl Iterator<Item = &'static str> {
        all.iter().take(self.n_locations).map(String::as_str)
    }

    /// The values of one kind of variable, all of them or none.
    fn given(
        &self,
        asked: Asked<'_>,
        prefix: &str,
        all: &'static [String],
        n: usize,
    ) -> Result<Option<Vec<usize>>, TaskError> {
        let values: Vec<Option<usize>> = self.names(all).map(|name| asked.whole(name, n)).collect::<Result<_, _>>()?;
        let known: Vec<usize> = values.iter().copied().flatten().collect();
        match known.len() {
            0 => Ok(None),
            given if given == values.len() => Ok(Some(known)),
            given => {
                let remedy = format!("give {prefix}_1 to {prefix}_{}, or none", values.len());
                Err(TaskError::condition(prefix, given, "is not enough", remedy))
            }
        }
    }

    /// The places in order of appearance, as given or shuffled.
    fn locations(&self, asked: Asked<'_>, rng: &mut TrialRng) -> Result<Vec<usize>, TaskError> {
        let mut all: Vec<usize> = (1..=self.n_locations).collect();
        if let Some(given) = self.given(asked, "location", &LOCATIONS, self.n_locations)? {
            if all.iter().all(|place| given.contains(place)) {
                return Ok(given);
            }
            let remedy = "give each place once";
            return Err(TaskError::condition("location", format!("{given:?}"), "leaves a place empty", remedy));
        }
        for last in (1..all.len()).rev() {
            all.swap(last, one_to(last + 1, rng) - 1);
        }
        Ok(all)
    }

    /// Shapes and reward: those asked for, the others drawn until they agree with them.
    fn sequence(&self, asked: Asked<'_>, rng: &mut TrialRng) -> Result<Sequence, TaskError> {
        let (rewarded, log_odds) = (asked.whole("rewarded", 2)?, asked.number("log_odds")?);
        let given = self.given(asked, "shape", &SHAPES, self.shape_weights.len())?;
        for _ in 0..MAX_DRAWS {
            let shape = |_| one_to(self.shape_weights.len(), rng);
            let shapes = given.clone().unwrap_or_else(|| (0..self.n_locations).map(shape).collect());
            let sum: f64 = shapes.iter().filter_map(|shape| self.shape_weights.get(shape - 1)).sum();
            if log_odds.is_some_and(|asked| (asked - sum).abs() > 1e-9) {
                if given.is_some() {
                    break;
                }
                continue;
            }
            let p = 1.0 / (1.0 + 10.0_f64.powf(-sum));
            let drawn = if rng.chance(p) { 2 } else { 1 };
            if given.is_some() || rewarded.is_none_or(|rewarded| rewarded == drawn) {
                return Ok(Sequence { shapes, rewarded: rewarded.unwrap_or(drawn), log_odds: sum });
            }
        }
        let (name, value) = log_odds.map_or(("rewarded", rewarded.unwrap_or(0) as f64), |odds| ("log_odds", odds));
        let remedy = "leave it out, or give shapes that have it";
        Err(TaskError::condition(name, value, "agrees with no shapes that were drawn", remedy))
    }
}

impl Definition for ShapeOdds {
    const ABOUT: About<'static> = About {
        id: "neurogym/probabilistic_reasoning",
        summary: "Probabilistic reasoning: sum the evidence of four shapes and take the choice with the better odds",
        citation: Citation {
            authors: "Yang T, Shadlen MN",
            year: 2007,
            title: "Probabilistic reasoning by neurons",
            doi: "10.1038/nature05852",
        },
        header: include_str!("probabilistic_reasoning.rs"),
        ..FAMILY
    };
    const FIXATION: f64 = 500.0;
    const THRESHOLD: f64 = 0.85;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&[
            Period::fixed("stimulus", self.stimulus),
            Period::pause("delay", &self.delay),
            Period::fixed("decision", self.decision),
        ])?;
        for (field, size) in [("n_locations", self.n_locations), ("shape_weights", self.shape_weights.len())] {
            if !(1..=MAX_SIZE).contains(&size) {
                let remedy = format!("give 1 to {MAX_SIZE}");
                return Err(TaskError::parameter(field, size, "is no number of shapes", remedy));
            }
        }
        self.shape_weights.iter().try_for_each(|&weight| rules::finite("shape_weights", weight))
    }

    fn inputs(&self) -> Vec<Channel> {
        let shapes = |location| Channel::numbered(&format!("location_{location}_shape"), self.shape_weights.len());
        Channel::list(&["fixation"]).into_iter().chain((1..=self.n_locations).flat_map(shapes)).collect()
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", 2)
    }

    fn conditions(&self) -> Vec<Condition> {
        [1.0, 2.0].into_iter().map(|rewarded| Condition::new().with("rewarded", rewarded)).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let numbered = || self.names(&SHAPES).chain(self.names(&LOCATIONS));
        let asked = Asked::new(condition, &["rewarded", "log_odds"].into_iter().chain(numbered()).collect::<Vec<_>>())?;
        let sequence = self.sequence(asked, rng)?;
        let locations = self.locations(asked, rng)?;
        let lasting = timing.clock.steps("stimulus", self.stimulus)?;
        let mut schedule = timing.fixate(rng)?;
        let mut shown = Vec::with_capacity(self.n_locations);
        for name in self.names(&STIMULI) {
            shown.push(schedule.steps(name, lasting)?);
        }
        let end = shown.last().map_or(0, |last| last.end);
        schedule.period(&Period::pause("delay", &self.delay), rng)?;
        let decision = schedule.period(&Period::fixed("decision", self.decision), rng)?;

        let n_shapes = self.shape_weights.len();
        let mut stage = schedule.stage(1 + n_shapes * self.n_locations, 3, decision.start);
        for (steps, (shape, location)) in shown.iter().zip(sequence.shapes.iter().zip(&locations)) {
            stage.show(steps.start..end, (location - 1) * n_shapes + shape, 1.0);
        }
        let mut condition =
            Condition::new().with("rewarded", sequence.rewarded as f64).with("log_odds", sequence.log_odds);
        for (name, value) in numbered().zip(sequence.shapes.into_iter().chain(locations)) {
            condition = condition.with(name, value as f64);
        }
        Ok(stage.finish(decision, sequence.rewarded, condition))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(3, timing.steps("decision", self.decision))
    }
}
