//! Ready-set-go: measure the interval between two flashes and produce it after the second.
//!
//! ```text
//! epochs      fixation 100 ms | ready 83 ms | measure | set 83 ms | production 2 g T                         dt 80 ms
//! T           from the end of ready to the onset of set, uniform on [800, 1500) ms
//! inputs      ready: 1 in ready;  set: 1 in set
//! classes     1 go: at the one step that starts g T after the end of set
//! correct     |t - g T| <= 0.2 g T + 25 ms for the first action in the production, t after the end of set
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | T | `measure`, variable `interval` | ms | uniform on [800, 1500), in whole steps |
//! | g | `gain` | | 1 |
//! | 0.2, 25 | `prod_margin`, `prod_slack` | , ms | |
//!
//! Reference: Remington ED, Narain D, Hosseini EA, Jazayeri M (2018), Neuron 98: 1005,
//! <https://doi.org/10.1016/j.neuron.2018.05.020>; as `ReadySetGo` of neurogym.
//!
//! Differences from the source: the documentation of neurogym lets the interval start when ready ends, as here; its
//! code lets it start with ready (`measure_from = "onset"`). The code puts the label g T after the end of set, but
//! rewards responses by the time since its onset (`reward_from = "onset"`); here both count from its end, or from its
//! onset (`label_from = "onset"`, too). 100 and 83 ms are no whole numbers of steps of 80 ms: the nearest is taken.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::ReadySetGo};
//! let condition = Condition::new().with("interval", 800.0);
//! let trial = ReadySetGo::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! // Ready in step 1, set in step 12 (800 ms between them), and the label in step 23 (800 ms after set).
//! assert_eq!((trial.inputs[[1, 1]], trial.inputs[[12, 2]], trial.targets[[23, 1]]), (1.0, 1.0, 1.0));
//! assert_eq!((trial.n_steps(), trial.targets.column(1).sum()), (33, 1.0));
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

/// The edge of a flash from which an interval is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// Where it starts.
    Onset,
    /// Where it ends.
    #[default]
    Offset,
}

/// Ready-set-go.
pub type ReadySetGo = Environment<IntervalReproduction>;

/// An interval between two flashes, produced after the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IntervalReproduction {
    /// The first flash, ms.
    pub ready: f64,
    /// The interval to be measured, ms.
    pub measure: Duration,
    /// The second flash, ms.
    pub set: f64,
    /// The interval to be produced, as a multiple of the measured one.
    pub gain: f64,
    /// Where the measured interval starts in the first flash; the onset in the code of neurogym.
    pub measure_from: Edge,
    /// Where the labelled interval starts in the second flash.
    pub label_from: Edge,
    /// Where the interval that is scored starts in the second flash; the onset in the code of neurogym.
    pub reward_from: Edge,
    /// How far from its interval a response may be, as a fraction of it.
    pub prod_margin: f64,
    /// How much farther it may be, ms.
    pub prod_slack: f64,
}

impl Default for IntervalReproduction {
    fn default() -> Self {
        Self {
            ready: 83.0,
            measure: Duration::uniform(800.0, 1500.0),
            set: 83.0,
            gain: 1.0,
            measure_from: Edge::Offset,
            label_from: Edge::Offset,
            reward_from: Edge::Offset,
            prod_margin: 0.2,
            prod_slack: 25.0,
        }
    }
}

impl IntervalReproduction {
    fn tolerance(&self, clock: Clock) -> Tolerance {
        Tolerance { dt: clock.dt, margin: self.prod_margin, slack: self.prod_slack }
    }

    /// A multiple of the measured interval in steps.
    fn produced_steps(&self, clock: Clock, multiple: f64, measured: usize) -> Result<usize, TaskError> {
        clock.drawn_steps("gain", multiple * self.gain * measured as f64 * clock.dt)
    }

    /// The length of the production: twice the interval, and up to the label in any case.
    fn production_steps(&self, clock: Clock, measured: usize) -> Result<usize, TaskError> {
        Ok(self.produced_steps(clock, 2.0, measured)?.max(self.produced_steps(clock, 1.0, measured)? + 1))
    }

    /// Checks that an interval of so many steps ends after the flashes that it contains.
    fn fits(&self, clock: Clock, interval: usize) -> Result<(), TaskError> {
        let (ready, set) = (clock.steps("ready", self.ready)?, clock.steps("set", self.set)?);
        if self.measure_from == Edge::Onset && interval < ready {
            let remedy = "an interval counted from the onset of ready is at least as long as `ready`";
            let value = format!("{} ms", interval as f64 * clock.dt);
            return Err(TaskError::parameter("measure", value, "is too short", remedy));
        }
        let least = if self.label_from == Edge::Onset { set.max(1) } else { 1 };
        if self.produced_steps(clock, 1.0, interval)? < least {
            let remedy = "the interval to be produced must be at least one step, and as long as `set` if it counts \
                from the onset of set";
            return Err(TaskError::parameter("gain", self.gain, "is too small", remedy));
        }
        Ok(())
    }

    /// Performance by chance on one interval.
    fn chance_at(&self, clock: Clock, interval: usize) -> Result<f64, TaskError> {
        let target = self.gain * interval as f64 * clock.dt;
        let before = if self.reward_from == Edge::Onset { clock.steps("set", self.set)? } else { 0 };
        Ok(self.tolerance(clock).chance(self.production_steps(clock, interval)?, before, target))
    }
}

impl Definition for IntervalReproduction {
    const ABOUT: About<'static> = About {
        id: "neurogym/ready_set_go",
        version: 2,
        summary: "Ready-set-go: measure the interval between two flashes and produce it after the second",
        citation: Citation {
            authors: "Remington ED, Narain D, Hosseini EA, Jazayeri M",
            year: 2018,
            title: "Flexible sensorimotor computations through rapid reconfiguration of cortical dynamics",
            doi: "10.1016/j.neuron.2018.05.020",
        },
        header: include_str!("ready_set_go.rs"),
        ..PRODUCTION
    };
    const DT: f64 = 80.0;
    const ROUNDING: Rounding = Rounding::Nearest;
    const FIXATION: f64 = 100.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        let measure = Period::shown("measure", &self.measure);
        timing.validate(&[measure, Period::fixed("ready", self.ready), Period::fixed("set", self.set)])?;
        rules::positive("gain", self.gain)?;
        self.tolerance(timing.clock).validate()?;
        self.fits(timing.clock, timing.clock.drawn_steps("measure", self.measure.bounds().0)?)
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "ready", "set"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "go"])
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    /// Five intervals, evenly spaced over the range.
    fn grid(&self, timing: Timing<'_>) -> Vec<Condition> {
        let (clock, (min, max)) = (timing.clock, self.measure.bounds());
        let steps = |k: u32| clock.drawn_steps("measure", min + (max - min) * f64::from(k) / 4.0).unwrap_or(0);
        let mut grid: Vec<usize> = (0..5).map(steps).collect();
        grid.dedup();
        grid.into_iter().map(|steps| Condition::new().with("interval", steps as f64 * clock.dt)).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let clock = timing.clock;
        let asked = Asked::new(condition, &["interval"])?.steps("interval", clock.dt)?;
        let interval = asked.map_or_else(|| self.measure.draw("measure", clock, rng), Ok)?;
        self.fits(clock, interval)?;
        let (mut schedule, [ready]) = timing.draw([Period::fixed("ready", self.ready)], rng)?;
        let measured_in_flash = if self.measure_from == Edge::Onset { ready.len() } else { 0 };
        schedule.steps("measure", interval - measured_in_flash)?;
        let set = schedule.period(&Period::fixed("set", self.set), rng)?;
        let production = schedule.steps("production", self.production_steps(clock, interval)?)?;

        let mut stage = schedule.stage(3, 2, production.start);
        stage.show(ready, 1, 1.0);
        stage.show(set.clone(), 2, 1.0);
        let origin = if self.label_from == Edge::Onset { set.start } else { set.end };
        let go = origin + self.produced_steps(clock, 1.0, interval)?;
        Ok(stage.finish(go..go + 1, 1, Condition::new().with("interval", interval as f64 * clock.dt)))
    }

    fn score(&self, timing: Timing<'_>, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let steps = |name| trial.epoch(name).map_or(0..0, |epoch| epoch.steps());
        let interval = self.gain * trial.condition.number("interval").unwrap_or(0.0);
        let set = steps("set");
        let origin = if self.reward_from == Edge::Onset { set.start } else { set.end };
        self.tolerance(timing.clock).score(outputs, steps("production"), origin, interval)
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        const N: u32 = 2000;
        let at = |k: u32| {
            let drawn = self.measure.quantile((f64::from(k) + 0.5) / f64::from(N));
            let steps = timing.clock.drawn_steps("measure", drawn);
            steps.and_then(|interval| self.chance_at(timing.clock, interval)).unwrap_or(0.0)
        };
        (0..N).map(at).sum::<f64>() / f64::from(N)
    }
}
