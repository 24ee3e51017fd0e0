//! Interval discrimination: which of two stimuli lasted longer?
//!
//! ```text
//! epochs    fixation 300 ms | stim1 D1 | delay1 uniform on [800, 1500) ms | stim2 D2 | delay2 500 ms | decision 300 ms   dt 80 ms
//! D1, D2    uniform on [300, 600) ms, drawn again until they differ in steps
//! inputs    fixation: 1 until the decision;  stim1: 1 in the first stimulus;  stim2: 1 in the second
//! classes   0 fixate, 1 if D1 > D2, 2 if D1 < D2 in the decision; 0 before
//! graded    every step
//! correct   the first action in the decision is the right choice
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | D1, D2 | `stim1`, `stim2`; variables `duration_1`, `duration_2` | ms | in whole steps |
//! | the right choice | variable `longer` | | 1, 2 |
//!
//! Reference: Genovesio A, Tsujimoto S, Wise SP (2009), Neuron 63: 254, <https://doi.org/10.1016/j.neuron.2009.06.018>;
//! as `IntervalDiscrimination` of neurogym 2.2, Molano-Mazon et al. (2022), <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source: a step of 80 ms leaves 4 or 5 durations, so that they are equal in 24 % of neurogym's
//! trials, where it calls choice 2 right (`ties = true` keeps them; `longer` is 2). 300 and 500 ms are no whole numbers
//! of steps: the nearest is taken, for drawn durations too, where neurogym takes the step below (`rounding = "floor"`).
//! The training rule, a performance above 0.95, is ours.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::IntervalDiscrimination};
//! let condition = Condition::new().with("duration_1", 480.0).with("duration_2", 400.0);
//! let trial = IntervalDiscrimination::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!((trial.inputs.column(1).sum(), trial.inputs.column(2).sum()), (6.0, 5.0));
//! assert_eq!(trial.correct, Some(1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::answer::{chance_of_action, score};
use super::asked::Asked;
use super::environment::environment;
use super::evidence::fixation_and;
use super::stage::{Schedule, clock, validate};
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};

/// How often durations are drawn before they are said not to differ.
const MAX_DRAWS: usize = 10_000;

/// Interval discrimination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntervalDiscrimination {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the first stimulus, ms.
    pub fixation: Duration,
    /// The first stimulus, ms.
    pub stim1: Duration,
    /// Between the stimuli, ms.
    pub delay1: Duration,
    /// The second stimulus, ms.
    pub stim2: Duration,
    /// Between the second stimulus and the decision, ms.
    pub delay2: Duration,
    /// The response, ms.
    pub decision: f64,
    /// Whether the stimuli can last equally long, choice 2 being right then; `true` as in neurogym.
    pub ties: bool,
}

impl Default for IntervalDiscrimination {
    fn default() -> Self {
        Self {
            dt: 80.0,
            rounding: Rounding::Nearest,
            fixation: 300.0.into(),
            stim1: Duration::uniform(300.0, 600.0),
            delay1: Duration::uniform(800.0, 1500.0),
            stim2: Duration::uniform(300.0, 600.0),
            delay2: 500.0.into(),
            decision: 300.0,
            ties: false,
        }
    }
}

impl IntervalDiscrimination {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }

    /// Both durations in steps: those asked for, the others drawn until the pair is one that the task can present and
    /// the condition allows.
    fn durations(&self, asked: Asked<'_>, rng: &mut TrialRng) -> Result<[usize; 2], TaskError> {
        let longer = asked.whole("longer", 2)?;
        let given = [asked.steps("duration_1", self.dt)?, asked.steps("duration_2", self.dt)?];
        for _ in 0..MAX_DRAWS {
            let first = given[0].map_or_else(|| self.stim1.draw("stim1", self.clock(), rng), Ok)?;
            let second = given[1].map_or_else(|| self.stim2.draw("stim2", self.clock(), rng), Ok)?;
            if (self.ties || first != second) && longer.is_none_or(|longer| longer == choice(first, second)) {
                return Ok([first, second]);
            }
            if given.iter().all(Option::is_some) {
                break;
            }
        }
        let value = longer.map_or("any".into(), |longer| longer.to_string());
        Err(TaskError::condition(
            "longer",
            value,
            "agrees with no durations that can be shown",
            "give durations that differ, or ask for less",
        ))
    }
}

/// The right choice.
fn choice(first: usize, second: usize) -> usize {
    if first > second { 1 } else { 2 }
}

impl Described for IntervalDiscrimination {
    const ABOUT: About<'static> = About {
        id: "neurogym/interval_discrimination",
        summary: "Interval discrimination: report which of two stimuli lasted longer",
        citation: Citation {
            authors: "Genovesio A, Tsujimoto S, Wise SP",
            year: 2009,
            title: "Feature- and order-based timing representations in the frontal cortex",
            doi: "10.1016/j.neuron.2009.06.018",
        },
        header: include_str!("interval_discrimination.rs"),
        shared: &[include_str!("evidence.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for IntervalDiscrimination {
    environment! { threshold: 0.95 }

    fn validate(&self) -> Result<(), TaskError> {
        let others = [("fixation", &self.fixation), ("delay1", &self.delay1), ("delay2", &self.delay2)];
        validate(self.clock(), 0.0, &[("stim1", &self.stim1), ("stim2", &self.stim2)], &others)?;
        self.clock().at_least_one_step("decision", self.decision)?;
        let (a, b) = (&self.stim1, &self.stim2);
        if (a.quantile(0.99) - b.quantile(0.01)).max(b.quantile(0.99) - a.quantile(0.01)) < self.dt {
            let remedy = format!("let the durations of stim1 and stim2 vary over more than a step of {} ms", self.dt);
            return Err(TaskError::parameter("stim2", format!("{b:?}"), "cannot differ from `stim1`", remedy));
        }
        Ok(())
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "stim1", "stim2"])
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", 2)
    }

    fn conditions(&self) -> Vec<Condition> {
        [1.0, 2.0].into_iter().map(|longer| Condition::new().with("longer", longer)).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let asked = Asked::new(condition, &["longer", "duration_1", "duration_2"])?;
        let [first, second] = self.durations(asked, rng)?;
        let mut schedule = Schedule::new(self.clock())?;
        schedule.epoch("fixation", &self.fixation, rng)?;
        let stim1 = schedule.steps("stim1", first)?;
        schedule.epoch("delay1", &self.delay1, rng)?;
        let stim2 = schedule.steps("stim2", second)?;
        schedule.epoch("delay2", &self.delay2, rng)?;
        let decision = schedule.fixed("decision", self.decision)?;

        let mut stage = schedule.stage(3, 3);
        stage.show(0..decision.start, 0, 1.0);
        stage.show(stim1, 1, 1.0);
        stage.show(stim2, 2, 1.0);
        let correct = choice(first, second);
        stage.label(decision, correct);
        let ms = |steps: usize| steps as f64 * self.dt;
        let condition = Condition::new()
            .with("longer", correct as f64)
            .with("duration_1", ms(first))
            .with("duration_2", ms(second));
        Ok(stage.finish(condition, Some(correct)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        score(trial, outputs, "decision", self.dt)
    }

    fn chance(&self) -> f64 {
        chance_of_action(3, self.clock().steps("decision", self.decision).unwrap_or(0))
    }
}
