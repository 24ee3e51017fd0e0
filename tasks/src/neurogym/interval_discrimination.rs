//! Interval discrimination: which of two stimuli lasted longer?
//!
//! ```text
//! epochs      fixation 300 ms | stim1 D1 | delay1 | stim2 D2 | delay2 500 ms | decision 300 ms               dt 80 ms
//! D1, D2      uniform on [300, 600) ms, drawn again until they differ in steps
//! delay1      uniform on [800, 1500) ms
//! inputs      stim1: 1 in the first stimulus;  stim2: 1 in the second
//! classes     1, 2 choice: 1 if D1 > D2, 2 if D1 < D2 in the decision
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | D1, D2 | `stim1`, `stim2`; variables `duration_1`, `duration_2` | ms | in whole steps |
//! | the right choice | variable `longer` | | 1, 2 |
//!
//! Reference: Genovesio A, Tsujimoto S, Wise SP (2009), Neuron 63: 254, <https://doi.org/10.1016/j.neuron.2009.06.018>;
//! as `IntervalDiscrimination` of neurogym.
//!
//! Differences from the source: a step of 80 ms leaves 4 or 5 durations, so that they are equal in 24 % of neurogym's
//! trials, where it calls choice 2 right (`ties = true` keeps them; `longer` is 2). 300 and 500 ms are no whole numbers
//! of steps: the nearest is taken.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::IntervalDiscrimination};
//! let task = IntervalDiscrimination::default();
//! let condition = Condition::new().with("duration_1", 480.0).with("duration_2", 400.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!((trial.inputs.column(1).sum(), trial.inputs.column(2).sum()), (6.0, 5.0));
//! assert_eq!(trial.correct, Some(1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{Asked, Definition, Environment, FAMILY, Period, Timing, answer, environment::fixation_and};
use crate::{About, Channel, Citation, Clock, Condition, Duration, Rounding, TaskError, Trial, TrialRng};

/// How often durations are drawn before they are said not to differ.
const MAX_DRAWS: usize = 10_000;

/// Interval discrimination.
pub type IntervalDiscrimination = Environment<IntervalComparison>;

/// Which of two stimuli lasts longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IntervalComparison {
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

impl Default for IntervalComparison {
    fn default() -> Self {
        Self {
            stim1: Duration::uniform(300.0, 600.0),
            delay1: Duration::uniform(800.0, 1500.0),
            stim2: Duration::uniform(300.0, 600.0),
            delay2: 500.0.into(),
            decision: 300.0,
            ties: false,
        }
    }
}

impl IntervalComparison {
    /// Both durations in steps: those asked for, the others drawn until the pair is one that the task can present and
    /// the condition allows.
    fn durations(&self, asked: Asked<'_>, clock: Clock, rng: &mut TrialRng) -> Result<[usize; 2], TaskError> {
        let longer = asked.whole("longer", 2)?;
        let given = [asked.steps("duration_1", clock.dt)?, asked.steps("duration_2", clock.dt)?];
        for _ in 0..MAX_DRAWS {
            let first = given[0].map_or_else(|| self.stim1.draw("stim1", clock, rng), Ok)?;
            let second = given[1].map_or_else(|| self.stim2.draw("stim2", clock, rng), Ok)?;
            if (self.ties || first != second) && longer.is_none_or(|longer| longer == choice(first, second)) {
                return Ok([first, second]);
            }
            if given.iter().all(Option::is_some) {
                break;
            }
        }
        let value = longer.map_or("any".into(), |longer| longer.to_string());
        let remedy = "give durations that differ, or ask for less";
        Err(TaskError::condition("longer", value, "agrees with no durations that can be shown", remedy))
    }
}

/// The right choice.
fn choice(first: usize, second: usize) -> usize {
    if first > second { 1 } else { 2 }
}

impl Definition for IntervalComparison {
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
        ..FAMILY
    };
    const DT: f64 = 80.0;
    const ROUNDING: Rounding = Rounding::Nearest;
    const FIXATION: f64 = 300.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        let (a, b) = (&self.stim1, &self.stim2);
        timing.validate(&[
            Period::shown("stim1", a),
            Period::shown("stim2", b),
            Period::pause("delay1", &self.delay1),
            Period::pause("delay2", &self.delay2),
            Period::fixed("decision", self.decision),
        ])?;
        if (a.quantile(0.99) - b.quantile(0.01)).max(b.quantile(0.99) - a.quantile(0.01)) < timing.clock.dt {
            let step = timing.clock.dt;
            let remedy = format!("let the durations of stim1 and stim2 vary over more than a step of {step} ms");
            return Err(TaskError::parameter("stim2", serde_json::json!(b), "cannot differ from `stim1`", remedy));
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

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let asked = Asked::new(condition, &["longer", "duration_1", "duration_2"])?;
        let [first, second] = self.durations(asked, timing.clock, rng)?;
        let mut schedule = timing.fixate(rng)?;
        let stim1 = schedule.steps("stim1", first)?;
        schedule.period(&Period::pause("delay1", &self.delay1), rng)?;
        let stim2 = schedule.steps("stim2", second)?;
        schedule.period(&Period::pause("delay2", &self.delay2), rng)?;
        let decision = schedule.period(&Period::fixed("decision", self.decision), rng)?;

        let mut stage = schedule.stage(3, 3, decision.start);
        stage.show(stim1, 1, 1.0);
        stage.show(stim2, 2, 1.0);
        let correct = choice(first, second);
        let ms = |steps: usize| steps as f64 * timing.clock.dt;
        let condition = Condition::new()
            .with("longer", correct as f64)
            .with("duration_1", ms(first))
            .with("duration_2", ms(second));
        Ok(stage.finish(decision, correct, condition))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(3, timing.steps("decision", self.decision))
    }
}
