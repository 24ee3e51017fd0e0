//! Interval production: measure the interval between two pulses, keep it over a delay, and move just as long after the
//! go cue.
//!
//! ```text
//! epochs    fixation F | pulse_1 60 ms | interval T | pulse_2 60 ms | delay D | go_cue 60 ms | production T
//!           | response 300 ms
//! F         uniform on [80, 500) ms, test 100
//! T         uniform on [400, 1400) ms, test one of 600, 700, ..., 1200
//! D         uniform on [600, 1600) ms, test 1600        drawn durations go to the step below
//! signals   1 on the timing channel in both pulses, 1 on the go channel in the go cue
//! targets   1 in the response, 0 before
//! graded    from the first pulse on
//! produced  from the end of the go cue to the first output above 0.5
//! correct   no output above 0.2 from the end of pulse_1 to the end of the go cue, and |produced - T| <= 0.1 T
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | T | `interval`, `intervals_test` | ms | [400, 1400); 600 to 1200 in steps of 100 |
//! | D | `delay`, `delay_test` | ms | [600, 1600); 1600 |
//! | 0.5, 0.2 | `threshold`, `silence` | output units | 0.5, 0.2 |
//! | 0.1 | `tolerance` | fraction of T | see below |
//! | sigma_in | `sigma_in` | input units | 0.01: noise of sd sqrt(2 tau_in / dt) sigma_in = 0.014 |
//! | tau_in | `tau_in` | ms | 20 |
//!
//! The produced interval is reported as the reaction time. Training stops when more than 95 % of the trials of a
//! validation are right.
//!
//! Reference: Bi Z, Zhou C (2020), PNAS 117: 10530, <https://doi.org/10.1073/pnas.1921609117>, the interval production
//! task. Ready-set-go, in which the second pulse is the go cue, is among the tasks of neurogym.
//!
//! Differences from the source: it counts the trials in which the network moves after the cue and not before, stops
//! when these are more than 95 % and their mean relative error is below 2.5 %, and validates on T uniform on [600,
//! 1200); a trial by itself has no right or wrong there, which is what `tolerance` adds. It averages the error over the
//! steps of each trial before it averages over trials; here all steps weigh the same. It also accepts movements in the
//! padding of trials that are shorter than the batch.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, bi2020::IntervalProduction};
//! let task = IntervalProduction { sigma_in: 0.0, ..IntervalProduction::default() };
//! let condition = Condition::new().with("interval", 600.0);
//! let trial = task.trial(Split::Test, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! let ends: Vec<usize> = trial.epochs.iter().map(|epoch| epoch.end).collect();
//! assert_eq!(ends, [5, 8, 38, 41, 121, 124, 154, 169]); // 600 ms are 30 steps of 20 ms
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::FAMILY;
use crate::error::rules;
use crate::white_noise::WhiteNoise;
use crate::{
    About, Channel, Clock, Condition, Criterion, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};
use crate::{first_crossing, parameters_of};

/// Measuring, keeping and producing an interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntervalProduction {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration that is a parameter and lies between two steps.
    pub rounding: Rounding,
    /// Before the first pulse in training, ms; not graded.
    pub fixation: Duration,
    /// Before the first pulse in tests, ms; not graded.
    pub fixation_test: Duration,
    /// Each pulse and the go cue, ms.
    pub pulse: f64,
    /// The interval in training, ms.
    pub interval: Duration,
    /// The intervals of tests, ms, each equally likely.
    pub intervals_test: Vec<f64>,
    /// Between the second pulse and the go cue in training, ms.
    pub delay: Duration,
    /// The same in tests, ms.
    pub delay_test: Duration,
    /// The movement, ms.
    pub response: f64,
    /// What an output must exceed to be a movement.
    pub threshold: f64,
    /// What no output may exceed before the end of the go cue.
    pub silence: f64,
    /// How far a correct interval may be off, as a fraction of the interval.
    pub tolerance: f64,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant of the input noise, ms.
    pub tau_in: f64,
}

impl Default for IntervalProduction {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            fixation: Duration::uniform(80.0, 500.0),
            fixation_test: Duration::Fixed(100.0),
            pulse: 60.0,
            interval: Duration::uniform(400.0, 1400.0),
            intervals_test: vec![600.0, 700.0, 800.0, 900.0, 1000.0, 1100.0, 1200.0],
            delay: Duration::uniform(600.0, 1600.0),
            delay_test: Duration::Fixed(1600.0),
            response: 300.0,
            threshold: 0.5,
            silence: 0.2,
            tolerance: 0.1,
            sigma_in: 0.01,
            tau_in: 20.0,
        }
    }
}

impl IntervalProduction {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).fixed(self.rounding).drawn(Rounding::Floor)
    }

    fn noise(&self) -> WhiteNoise {
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: self.tau_in }
    }

    fn intervals_test(&self) -> Duration {
        Duration::one_of(self.intervals_test.clone())
    }

    /// The interval of a trial, in steps.
    fn interval_steps(
        &self,
        split: Split,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<usize, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["interval"]))?;
        match (condition.map_or(Ok(None), |condition| condition.finite_number("interval"))?, split) {
            (Some(given), _) => self.clock().at_least_one_step("interval", given),
            (None, Split::Train) => self.interval.draw("interval", self.clock(), rng),
            (None, Split::Test) => self.intervals_test().draw("intervals_test", self.clock(), rng),
        }
    }
}

impl Described for IntervalProduction {
    const ABOUT: About<'static> = About {
        id: "bi2020/interval_production",
        summary: "Interval production: measure the interval between two pulses, keep it over a delay, and move just as \
            long after the go cue",
        header: include_str!("interval_production.rs"),
        ..FAMILY
    };
}

impl Task for IntervalProduction {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.noise().validate()?;
        let clock = self.clock();
        self.fixation.validate("fixation", clock)?;
        self.fixation_test.validate("fixation_test", clock)?;
        clock.at_least_one_step("pulse", self.pulse)?;
        self.interval.validate_at_least_one_step("interval", clock)?;
        self.intervals_test().validate_at_least_one_step("intervals_test", clock)?;
        self.delay.validate("delay", clock)?;
        self.delay_test.validate("delay_test", clock)?;
        clock.at_least_one_step("response", self.response)?;
        rules::positive("silence", self.silence)?;
        rules::positive("threshold", self.threshold)?;
        if self.threshold >= 1.0 {
            return Err(TaskError::parameter(
                "threshold",
                self.threshold,
                "must be less than the target, 1",
                "the published task has 0.5",
            ));
        }
        rules::positive("tolerance", self.tolerance)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["timing", "go"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["movement"])
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn grid(&self) -> Vec<Condition> {
        self.intervals_test.iter().map(|&interval| Condition::new().with("interval", interval)).collect()
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let clock = self.clock();
        let interval = self.interval_steps(split, condition, rng)?;
        let (delay, fixation) = match split {
            Split::Train => (&self.delay, &self.fixation),
            Split::Test => (&self.delay_test, &self.fixation_test),
        };
        let (delay, fixation) = (delay.draw("delay", clock, rng)?, fixation.draw("fixation", clock, rng)?);
        let mut timeline = clock.timeline()?;
        timeline.push_steps("fixation", fixation)?;
        let first = timeline.push("pulse_1", ("pulse", self.pulse))?;
        timeline.push_steps("interval", interval)?;
        let second = timeline.push("pulse_2", ("pulse", self.pulse))?;
        timeline.push_steps("delay", delay)?;
        let go = timeline.push("go_cue", ("pulse", self.pulse))?;
        timeline.push_steps("production", interval)?;
        let response = timeline.push("response", ("response", self.response))?;

        let mut inputs = Array2::zeros((timeline.n_steps(), 2));
        inputs.slice_mut(s![first.clone(), 0]).fill(1.0);
        inputs.slice_mut(s![second, 0]).fill(1.0);
        inputs.slice_mut(s![go, 1]).fill(1.0);
        let mut targets = Array2::zeros((timeline.n_steps(), 1));
        targets.slice_mut(s![response, 0]).fill(1.0);
        let mut loss_mask = Array2::ones((timeline.n_steps(), 1));
        loss_mask.slice_mut(s![..first.start, ..]).fill(0.0);
        self.noise().add(&mut inputs, rng);
        let condition = Condition::new().with("interval", interval as f64 * self.dt);
        Ok(Trial { inputs, targets, loss_mask, condition, epochs: timeline.into_epochs(), correct: None })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let (Some(first), Some(production)) = (trial.epoch("pulse_1"), trial.epoch("production")) else {
            return Score::default();
        };
        let mut waiting = outputs.iter().take(production.start).skip(first.end);
        let moved_early = waiting.any(|&z| f64::from(z) > self.silence);
        let produced =
            first_crossing(outputs, production.start, self.threshold).map(|(step, _)| step - production.start);
        let asked = production.end - production.start;
        let close = produced.is_some_and(|produced| produced.abs_diff(asked) as f64 <= self.tolerance * asked as f64);
        let reaction_time = produced.map(|steps| steps as f64 * self.dt);
        Score { correct: Some(close && !moved_early), reaction_time, ..Score::default() }
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.95, window: 1 })
    }
}
