//! The timing of a trial: drawn in training, fixed in tests, and chosen by the condition for psychometric curves.
//!
//! ```text
//! training   each period from the task's parameters, as the source's mode `random`
//! tests      fixed periods, as the source's mode `test`
//! tests whose condition names a period (ms)
//!            that period, and fixed others, as the source's mode `psychometric`
//! ```
//!
//! Every period is rounded to steps on its own, one drawn from a range to the step below, as in the source. The last
//! one starts with the go signal.

use std::ops::Range;

use crate::error::rules;
use crate::{Clock, Condition, Duration, Epoch, Split, TaskError, Timeline, TrialRng};

use super::Yang2019;

/// One period of a trial.
#[derive(Clone, Copy, Debug)]
pub struct Period<'a> {
    /// The epoch that it makes.
    pub epoch: &'static str,
    /// The parameter that holds its duration in training.
    pub field: &'static str,
    /// Its duration in training.
    pub train: &'a Duration,
    /// Its duration in tests, ms.
    pub test: f64,
    /// Its duration in psychometric trials unless the condition names it, ms.
    pub psychometric: f64,
    /// The variable by which a condition names its duration.
    pub variable: Option<&'static str>,
}

impl<'a> Period<'a> {
    /// A period without a variable: its epoch, its parameter and value in training, its durations in tests and
    /// psychometric trials, ms.
    pub fn new(epoch: &'static str, field: &'static str, train: &'a Duration, test: f64, psychometric: f64) -> Self {
        Self { epoch, field, train, test, psychometric, variable: None }
    }

    /// The same with a variable by which a condition can name its duration.
    #[must_use]
    pub fn named(self, variable: &'static str) -> Self {
        Self { variable: Some(variable), ..self }
    }

    fn steps(&self, mode: Mode, condition: &Condition, clock: Clock, rng: &mut TrialRng) -> Result<usize, TaskError> {
        match mode {
            Mode::Train => self.train.draw(self.field, clock, rng),
            Mode::Test => published_steps(self.test, clock),
            Mode::Psychometric => match self.variable.map(|name| (name, condition.finite_number(name))) {
                Some((name, Ok(Some(ms)))) => clock.steps(name, ms),
                Some((_, Err(error))) => Err(error),
                Some((_, Ok(None))) | None => published_steps(self.psychometric, clock),
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Train,
    Test,
    Psychometric,
}

/// The periods of one trial, in steps.
#[derive(Clone, Debug)]
pub struct Schedule {
    timeline: Timeline,
    spans: Vec<(&'static str, Range<usize>)>,
    is_psychometric: bool,
}

impl Schedule {
    /// The timing of a trial of this split and condition. Draws from what the trials of a batch have in common.
    pub fn draw(
        settings: &Yang2019,
        periods: &[Period<'_>],
        split: Split,
        condition: &Condition,
        rng: &mut TrialRng,
    ) -> Result<Self, TaskError> {
        let mode = mode(periods, split, condition)?;
        settings.common(rng, "timing", |rng| Self::lay(settings, periods, mode, condition, rng))
    }

    fn lay(
        settings: &Yang2019,
        periods: &[Period<'_>],
        mode: Mode,
        condition: &Condition,
        rng: &mut TrialRng,
    ) -> Result<Self, TaskError> {
        let clock = settings.clock();
        let (mut timeline, mut spans) = (clock.timeline()?, Vec::with_capacity(periods.len()));
        for period in periods {
            let steps = period.steps(mode, condition, clock, rng)?;
            spans.push((period.epoch, timeline.push_steps(period.epoch, steps)?));
        }
        let schedule = Self { timeline, spans, is_psychometric: mode == Mode::Psychometric };
        if schedule.go() < schedule.n_steps() {
            return Ok(schedule);
        }
        Err(TaskError::parameter("dt", settings.dt, "leaves no step for the response", "use a smaller `dt`"))
    }

    /// The number of steps.
    pub fn n_steps(&self) -> usize {
        self.timeline.n_steps()
    }

    /// The step of the go signal, with which the last period starts.
    pub fn go(&self) -> usize {
        self.spans.last().map_or(0, |(_, span)| span.start)
    }

    /// The steps of a period; none if there is no such period.
    pub fn span(&self, epoch: &str) -> Range<usize> {
        self.spans.iter().find(|(name, _)| *name == epoch).map_or(0..0, |(_, span)| span.clone())
    }

    /// The steps from the start of a period to the end of the trial.
    pub fn from(&self, epoch: &str) -> Range<usize> {
        self.span(epoch).start..self.n_steps()
    }

    /// Whether the condition chose the timing.
    pub fn is_psychometric(&self) -> bool {
        self.is_psychometric
    }

    /// The epochs.
    pub fn into_epochs(self) -> Vec<Epoch> {
        self.timeline.into_epochs()
    }
}

/// Checks that every duration fits the step, and that something of the response is graded.
pub fn validate(settings: &Yang2019, periods: &[Period<'_>]) -> Result<(), TaskError> {
    let clock = settings.clock();
    for period in periods {
        period.train.validate(period.field, clock)?;
        published_steps(period.test, clock)?;
        published_steps(period.psychometric, clock)?;
    }
    let Some(response) = periods.last() else { return Ok(()) };
    let (shortest, least) = (response.train.bounds().0, settings.grace + settings.dt);
    if shortest >= least {
        return Ok(());
    }
    let remedy = format!("give at least {least} ms: the first `grace` = {} ms of it are not graded", settings.grace);
    Err(TaskError::parameter(response.field, shortest, "must last at least one step longer than `grace`", remedy))
}

/// Which timing a trial has; a condition that names a period has a meaning in tests only.
fn mode(periods: &[Period<'_>], split: Split, condition: &Condition) -> Result<Mode, TaskError> {
    let named = periods.iter().filter_map(|period| period.variable).find_map(|name| Some((name, condition.get(name)?)));
    match (split, named) {
        (Split::Train, None) => Ok(Mode::Train),
        (Split::Test, None) => Ok(Mode::Test),
        (Split::Test, Some(_)) => Ok(Mode::Psychometric),
        (Split::Train, Some((name, value))) => {
            let remedy = "present it in test trials; in training set the durations by the parameters of the task";
            Err(TaskError::condition(name, value, "has no meaning in training trials", remedy))
        }
    }
}

/// The number of steps of a duration that the source fixes.
fn published_steps(ms: f64, clock: Clock) -> Result<usize, TaskError> {
    rules::positive("dt", clock.dt)?;
    clock.steps("dt", ms).map_err(|_| {
        let remedy = format!("use a `dt` that divides {ms} ms, or set `rounding` to \"floor\" as the source does");
        TaskError::parameter("dt", clock.dt, "does not fit the durations of the test trials", remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAIN: [Duration; 2] = [Duration::Fixed(60.0), Duration::Fixed(200.0)];

    fn periods(train: &[Duration; 2]) -> [Period<'_>; 2] {
        let fixation = Period::new("fix1", "fixation", &train[0], 500.0, 300.0);
        [fixation.named("stimulus_onset"), Period::new("go1", "response", &train[1], 400.0, 500.0)]
    }

    fn steps(settings: &Yang2019, split: Split, condition: &Condition) -> Result<(usize, usize), TaskError> {
        let mut rng = TrialRng::new(0, "test", 0, 0);
        Schedule::draw(settings, &periods(&TRAIN), split, condition, &mut rng)
            .map(|schedule| (schedule.go(), schedule.n_steps()))
    }

    #[test]
    fn a_trial_is_timed_as_in_training_in_tests_or_as_its_condition_says() -> Result<(), TaskError> {
        let (settings, onset) = (Yang2019::default(), Condition::new().with("stimulus_onset", 80.0));
        assert_eq!(steps(&settings, Split::Train, &Condition::new())?, (3, 13));
        assert_eq!(steps(&settings, Split::Test, &Condition::new())?, (25, 45));
        assert_eq!(steps(&settings, Split::Test, &onset)?, (4, 29));
        assert!(steps(&settings, Split::Train, &onset).unwrap_err().to_string().contains("`stimulus_onset` = 80"));
        Ok(())
    }

    #[test]
    fn durations_between_two_steps_are_refused_or_floored_one_by_one() -> Result<(), TaskError> {
        let onset = Condition::new().with("stimulus_onset", 90.0);
        assert!(
            steps(&Yang2019::default(), Split::Test, &onset)
                .unwrap_err()
                .to_string()
                .contains("stimulus_onset = 80 or 100")
        );
        let coarse = Yang2019 { dt: 70.0, ..Yang2019::default() };
        assert!(steps(&coarse, Split::Test, &Condition::new()).unwrap_err().to_string().contains("`dt` = 70"));
        let floored = Yang2019 { rounding: crate::Rounding::Floor, ..coarse };
        assert_eq!(steps(&floored, Split::Test, &Condition::new())?, (7, 12));
        Ok(())
    }

    #[test]
    fn a_response_that_is_never_graded_is_refused() {
        let message = validate(&Yang2019::default(), &periods(&[60.0.into(), 100.0.into()])).unwrap_err().to_string();
        assert!(message.contains("`response` = 100") && message.contains("`grace`"), "{message}");
        assert!(validate(&Yang2019::default(), &periods(&[60.0.into(), 120.0.into()])).is_ok());
    }
}
