//! Motor timing: produce one of two intervals, as a cue says.
//!
//! ```text
//! epochs    fixation 500 ms | cue uniform on [1000, 3000) ms | set 50 ms | production 2 T                              dt 80 ms
//! inputs    fixation: 1 until the production;  interval_k: 1 in cue and set, for T = T_k;  set: 1 in set
//! classes   0 fixate, 1 go: at the one step that starts T after the end of set; 0 elsewhere
//! graded    every step
//! correct   |t - T| <= 0.2 T + 25 ms for the first action in the production, which starts t after the end of set
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | T_1, T_2 | `intervals`, variable `interval` | ms | 800, 1500, each equally likely |
//! | 0.2, 25 | `prod_margin`, `prod_slack` | , ms | |
//!
//! The reaction time is t.
//!
//! Reference: Wang J, Narain D, Hosseini EA, Jazayeri M (2018), Nat Neurosci 21: 102,
//! <https://doi.org/10.1038/s41593-017-0028-6>; as `MotorTiming` of neurogym 2.2, Molano-Mazon et al. (2022),
//! <https://doi.org/10.31234/osf.io/aqc9n>. As in neurogym there is one effector, where the experiment has two.
//!
//! Differences from the source: 500 and 50 ms and the intervals are no whole numbers of steps of 80 ms. The nearest is
//! taken, for the cue too; neurogym takes the step below (`rounding = "floor"`), and then set is never shown and the
//! response to the longer interval is due after 1440 ms. The training rule, a performance above 0.95, is ours.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::MotorTiming};
//! let task = MotorTiming { cue: 1040.0.into(), ..MotorTiming::default() };
//! let trial = task.trial(Split::Train, Some(&Condition::new().with("interval", 1500.0)), &mut TrialRng::new(0, "doc", 0, 0))?;
//! // fixation 6, cue 13 and set 1 steps; the label 19 steps (1520 ms) later; production 38 steps
//! assert_eq!(trial.inputs.row(19).to_vec(), [1.0, 0.0, 1.0, 1.0]);
//! assert_eq!((trial.targets[[39, 1]], trial.n_steps()), (1.0, 58));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::asked::Asked;
use super::environment::environment;
use super::production::Tolerance;
use super::stage::{Schedule, clock, validate};
use crate::error::rules;
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};

/// Motor timing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MotorTiming {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the cue, ms.
    pub fixation: Duration,
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

impl Default for MotorTiming {
    fn default() -> Self {
        Self {
            dt: 80.0,
            rounding: Rounding::Nearest,
            fixation: 500.0.into(),
            cue: Duration::uniform(1000.0, 3000.0),
            set: 50.0.into(),
            intervals: [800.0, 1500.0],
            prod_margin: 0.2,
            prod_slack: 25.0,
        }
    }
}

impl MotorTiming {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }

    fn tolerance(&self) -> Tolerance {
        Tolerance { dt: self.dt, margin: self.prod_margin, slack: self.prod_slack }
    }

    /// An interval in steps, and the length of its production: twice the interval, and up to the label in any case.
    fn steps(&self, interval: f64) -> Result<(usize, usize), TaskError> {
        let produced = self.clock().at_least_one_step("intervals", interval)?;
        Ok((produced, self.clock().steps("intervals", 2.0 * interval)?.max(produced + 1)))
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

impl Described for MotorTiming {
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
        shared: &[include_str!("production.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for MotorTiming {
    environment! { threshold: 0.95 }

    fn validate(&self) -> Result<(), TaskError> {
        validate(self.clock(), 0.0, &[("cue", &self.cue)], &[("fixation", &self.fixation), ("set", &self.set)])?;
        self.tolerance().validate()?;
        for interval in self.intervals {
            rules::positive("intervals", interval)?;
            self.steps(interval)?;
        }
        if self.intervals[0] == self.intervals[1] {
            return Err(TaskError::parameter(
                "intervals",
                self.intervals[0],
                "must differ",
                "give two different intervals",
            ));
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

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let which = self.interval(Asked::new(condition, &["interval"])?, rng)?;
        let interval = self.intervals[which];
        let mut schedule = Schedule::new(self.clock())?;
        schedule.epoch("fixation", &self.fixation, rng)?;
        let cue = schedule.epoch("cue", &self.cue, rng)?;
        let set = schedule.epoch("set", &self.set, rng)?;
        let (produced, lasting) = self.steps(interval)?;
        let production = schedule.steps("production", lasting)?;

        let mut stage = schedule.stage(4, 2);
        stage.show(0..production.start, 0, 1.0);
        stage.show(cue.start..set.end, 1 + which, 1.0);
        stage.show(set, 3, 1.0);
        let go = production.start + produced;
        stage.label(go..go + 1, 1);
        Ok(stage.finish(Condition::new().with("interval", interval), Some(1)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let production = trial.epoch("production").map_or(0..0, |epoch| epoch.steps());
        let interval = trial.condition.number("interval").unwrap_or(0.0);
        self.tolerance().score(outputs, production.clone(), production.start, interval)
    }

    fn chance(&self) -> f64 {
        let at = |interval: f64| {
            self.steps(interval).map_or(0.0, |(_, lasting)| self.tolerance().chance(lasting, 0, interval))
        };
        self.intervals.into_iter().map(at).sum::<f64>() / 2.0
    }
}
