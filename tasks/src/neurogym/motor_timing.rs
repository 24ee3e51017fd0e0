//! Motor timing: produce one of two intervals, as a cue says.
//!
//! ```text
//! epochs      fixation 500 ms | cue uniform on [1000, 3000) ms | set 50 ms | production 2 T                  dt 80 ms
//! inputs      interval_k: 1 in cue and set, for T = T_k;  set: 1 in set
//! classes     1 go: at the one step that starts T after the end of set
//! correct     |t - T| <= 0.2 T + 25 ms for the first action in the production, which starts t after the end of set
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | T_1, T_2 | `intervals`, variable `interval` | ms | 800, 1500, each equally likely |
//! | 0.2, 25 | `prod_margin`, `prod_slack` | , ms | |
//!
//! Reference: Wang J, Narain D, Hosseini EA, Jazayeri M (2018), Nat Neurosci 21: 102,
//! <https://doi.org/10.1038/s41593-017-0028-6>; as `MotorTiming` of neurogym, with one effector where the experiment
//! has two.
//!
//! Differences from the source: 500 and 50 ms and the intervals are no whole numbers of steps of 80 ms. The nearest is
//! taken; at neurogym's step below, set is never shown and the response to the longer interval is due after 1440 ms.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{CuedInterval, Environment}};
//! let task = CuedInterval { cue: 1040.0.into(), ..CuedInterval::default() };
//! let task = Environment { task, ..Environment::default() };
//! let condition = Condition::new().with("interval", 1500.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! // fixation 6, cue 13 and set 1 steps; the label 19 steps (1520 ms) later; production 38 steps
//! assert_eq!(trial.inputs.row(19).to_vec(), [1.0, 0.0, 1.0, 1.0]);
//! assert_eq!((trial.targets[[39, 1]], trial.n_steps()), (1.0, 58));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::production::Tolerance;
use super::{Asked, Definition, Environment, PRODUCTION, Period, Timing};
use crate::error::rules;
use crate::{
    About, Channel, Citation, Clock, Condition, Duration, Rounding, Score, TaskError, Trial, TrialRng, TrialView,
};

/// Motor timing.
pub type MotorTiming = Environment<CuedInterval>;

/// One of two intervals, as a cue says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CuedInterval {
    /// The cue, ms.
    pub cue: Duration,
    /// The flash that ends the cue, ms.
    pub set: Duration,
    /// The two intervals, ms.
    pub intervals: [f64; 2],
    /// How far from its interval a response may be, as a fraction of it.
    pub prod_margin: f64,
    /// How much farther it may be, ms.
    pub prod_slack: f64,
}

impl Default for CuedInterval {
    fn default() -> Self {
        Self {
            cue: Duration::uniform(1000.0, 3000.0),
            set: 50.0.into(),
            intervals: [800.0, 1500.0],
            prod_margin: 0.2,
            prod_slack: 25.0,
        }
    }
}

impl CuedInterval {
    fn periods(&self) -> [Period<'_>; 2] {
        [Period::shown("cue", &self.cue), Period::pause("set", &self.set)]
    }

    fn tolerance(&self, clock: Clock) -> Tolerance {
        Tolerance { dt: clock.dt, margin: self.prod_margin, slack: self.prod_slack }
    }

    /// An interval in steps, and the length of its production: twice the interval, and up to the label in any case.
    fn steps(clock: Clock, interval: f64) -> Result<(usize, usize), TaskError> {
        let produced = clock.at_least_one_step("intervals", interval)?;
        Ok((produced, clock.steps("intervals", 2.0 * interval)?.max(produced + 1)))
    }

    /// The interval that is asked for, or one of the two.
    fn interval(&self, asked: Asked<'_>, rng: &mut TrialRng) -> Result<usize, TaskError> {
        let Some(interval) = asked.number("interval")? else { return Ok(usize::from(rng.chance(0.5))) };
        let [first, second] = self.intervals;
        let remedy = format!("give {first} or {second} ms");
        let known = self.intervals.iter().position(|known| *known == interval);
        known.ok_or_else(|| TaskError::condition("interval", interval, "is none of the task's", remedy))
    }
}

impl Definition for CuedInterval {
    const ABOUT: About<'static> = About {
        id: "neurogym/motor_timing",
        summary: "Motor timing: produce the shorter or the longer of two intervals, as a cue says",
        citation: Citation {
            authors: "Wang J, Narain D, Hosseini EA, Jazayeri M",
            year: 2018,
            title: "Flexible timing by temporal scaling of cortical responses",
            doi: "10.1038/s41593-017-0028-6",
        },
        header: include_str!("motor_timing.rs"),
        ..PRODUCTION
    };
    const DT: f64 = 80.0;
    const ROUNDING: Rounding = Rounding::Nearest;
    const FIXATION: f64 = 500.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        self.tolerance(timing.clock).validate()?;
        for interval in self.intervals {
            rules::positive("intervals", interval)?;
            Self::steps(timing.clock, interval)?;
        }
        if self.intervals[0] == self.intervals[1] {
            let remedy = "give two different intervals";
            return Err(TaskError::parameter("intervals", self.intervals[0], "must differ", remedy));
        }
        Ok(())
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "interval_1", "interval_2", "set"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "go"])
    }

    fn conditions(&self) -> Vec<Condition> {
        self.intervals.into_iter().map(|interval| Condition::new().with("interval", interval)).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let which = self.interval(Asked::new(condition, &["interval"])?, rng)?;
        let interval = self.intervals[which];
        let (mut schedule, [cue, set]) = timing.draw(self.periods(), rng)?;
        let (produced, lasting) = Self::steps(timing.clock, interval)?;
        let production = schedule.steps("production", lasting)?;

        let mut stage = schedule.stage(4, 2, production.start);
        stage.show(cue.start..set.end, 1 + which, 1.0);
        stage.show(set, 3, 1.0);
        let go = production.start + produced;
        Ok(stage.finish(go..go + 1, 1, Condition::new().with("interval", interval)))
    }

    fn score(&self, timing: Timing<'_>, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let production = trial.epoch("production").map_or(0..0, |epoch| epoch.steps());
        let interval = trial.condition.number("interval").unwrap_or(0.0);
        self.tolerance(timing.clock).score(outputs, production.clone(), production.start, interval)
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        let at = |interval: f64| {
            let steps = Self::steps(timing.clock, interval);
            steps.map_or(0.0, |(_, lasting)| self.tolerance(timing.clock).chance(lasting, 0, interval))
        };
        self.intervals.into_iter().map(at).sum::<f64>() / 2.0
    }
}
