//! Trials one after another, without a pause, in windows of equal length that continue each other: how neurogym's users
//! train.
//!
//! ```text
//! row b           trial, trial, trial, ...     end to end, cut off after 16 n steps, where the next cache starts with
//!                 a whole trial
//! update u        steps [w n, (w + 1) n) of row b of cache c          c = u div 16, w = u mod 16, n = n_steps
//! its trials      the k-th that starts in update u = trial(rng(seed, split, u, b n + k)); none is shorter than a step
//! ```
//!
//! A window begins where that of the update before it ended, mostly within a trial; one window in 16 begins with a
//! whole trial. No two rows or caches have a trial in common, and a batch is a pure function of its arguments: update u
//! needs the trials of its own cache up to its end and no others, which on average are as many as fill 8.5 windows.
//!
//! neurogym's `Dataset` fills a cache for each row with trials end to end, cuts the last one off, hands out one window
//! after another, and then draws a new cache. What differs here: its cache has the least number of windows that last
//! longer than 1e5 / (numbers of an observation + numbers of an action) / (size of the batch) steps, and its present
//! code (2.x) never hands out the last of them. So at 3 observations and 16 rows of 100 steps, 15 windows continue each
//! other; where one window alone is as long as that, every window begins with a whole trial. Its trials are those of
//! one environment per row, which may let them depend on earlier ones; here they are independent. As in its examples, a
//! network starts every window from its initial state.
//!
//! The rows have the periods of all their trials, and the condition and correct choice of none: what is scored are
//! single trials.
//!
//! ```
//! use nn4n_tasks::{Split, create, stream};
//! let task = create("song2016/rdm_fixed", None)?;
//! let rows = |update| stream(task.as_ref(), Split::Train, 0, update, 16, 45);
//! let (first, second) = (rows(0)?, rows(1)?);
//! assert_eq!(first.inputs.dim(), (16, 45, 2));
//! // Of the 60 steps of the first trial the second window has the last 15: the decision.
//! assert_eq!((first.epochs[0][0].name.as_ref(), first.epochs[0][1].end), ("fixation", 45));
//! assert_eq!((second.epochs[0][0].name.as_ref(), second.epochs[0][0].end), ("decision", 15));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use ndarray::{Array2, Axis, concatenate, s};
use rayon::prelude::*;

use crate::error::rules;
use crate::{Condition, Epoch, MAX_STEPS, Split, Task, TaskError, Trial, TrialBatch, TrialRng, assemble};

/// How many windows continue each other before a row starts anew with a whole trial.
const WINDOWS_PER_CACHE: u64 = 16;

/// `batch_size` rows of `n_steps` steps, each a window of a row of trials end to end that begins where the window of
/// the update before ended; every 16 updates it begins with a whole trial.
pub fn stream(
    task: &dyn Task,
    split: Split,
    seed: u64,
    update: u64,
    batch_size: usize,
    n_steps: usize,
) -> Result<TrialBatch, TaskError> {
    Stream::new(task, split, seed, batch_size, n_steps)?.window(update)
}

/// The same for one update after another, each trial made once.
#[derive(Debug)]
pub struct Stream<'a> {
    source: Source<'a>,
    rows: Vec<Row>,
}

impl<'a> Stream<'a> {
    /// A stream of `batch_size` rows, whose windows have `n_steps` steps.
    ///
    /// # Errors
    /// If the task is invalid, or there are no rows or no steps.
    pub fn new(
        task: &'a dyn Task,
        split: Split,
        seed: u64,
        batch_size: usize,
        n_steps: usize,
    ) -> Result<Self, TaskError> {
        task.validate()?;
        if !(1..=MAX_STEPS).contains(&n_steps) {
            let remedy = format!("give 1 to {MAX_STEPS} steps; neurogym's users train on 100 to 1000");
            return Err(TaskError::Batch {
                field: "n_steps",
                value: n_steps.to_string(),
                rule: "is no length of a stream",
                remedy,
            });
        }
        rules::positive("batch_size", batch_size as f64)?;
        let rows = (0..batch_size as u64).map(|row| Row { row, ..Row::default() }).collect();
        Ok(Self { source: Source { task, split, seed, n_steps }, rows })
    }

    /// The windows of an update: quickly made if it follows the update before, or is the same again.
    ///
    /// # Errors
    /// If a trial cannot be made, or has no steps.
    pub fn window(&mut self, update: u64) -> Result<TrialBatch, TaskError> {
        let source = &self.source;
        assemble(self.rows.par_iter_mut().map(|row| row.window(source, update)).collect::<Result<_, _>>()?)
    }
}

/// Where trials come from.
#[derive(Clone, Copy, Debug)]
struct Source<'a> {
    task: &'a dyn Task,
    split: Split,
    seed: u64,
    n_steps: usize,
}

impl Source<'_> {
    /// The trial of a row that is the k-th to start in the window of an update.
    fn trial(&self, update: u64, row: u64, k: u64) -> Result<Trial, TaskError> {
        // No more trials start in a window than it has steps, so no two rows have a trial in common.
        let index = row.wrapping_mul(self.n_steps as u64).wrapping_add(k);
        let trial =
            self.task.trial(self.split, None, &mut TrialRng::new(self.seed, self.split.name(), update, index))?;
        if trial.n_steps() > 0 {
            return Ok(trial);
        }
        let remedy = "give every trial an epoch of at least one step".into();
        Err(TaskError::Batch {
            field: "trials",
            value: "a trial of 0 steps".into(),
            rule: "cannot be part of a stream",
            remedy,
        })
    }
}

/// A row in the course of a cache. Steps are counted from the start of the cache.
#[derive(Debug, Default)]
struct Row {
    row: u64,
    /// The first update of the cache.
    first: u64,
    /// The first step of the last window that was asked for.
    from: usize,
    /// The end of the last trial that was made.
    end: usize,
    /// The window that the next trial starts in if it is that of the last one, and how many have started there.
    next: (u64, u64),
    /// The first step of each trial that reaches into the last window or beyond, and the trial.
    trials: Vec<(usize, Trial)>,
}

impl Row {
    fn window(&mut self, source: &Source<'_>, update: u64) -> Result<Trial, TaskError> {
        let first = update - update % WINDOWS_PER_CACHE;
        let from = (update - first) as usize * source.n_steps;
        if self.first != first || from < self.from {
            *self = Self { row: self.row, first, ..Self::default() };
        }
        self.from = from;
        while self.end < from + source.n_steps {
            let window = (self.end / source.n_steps) as u64;
            let k = if window == self.next.0 { self.next.1 } else { 0 };
            let trial = source.trial(first + window, self.row, k)?;
            self.next = (window, k + 1);
            let start = self.end;
            self.end += trial.n_steps();
            self.trials.push((start, trial));
        }
        self.trials.retain(|(start, trial)| start + trial.n_steps() > from);
        Ok(join(&self.trials, &(from..from + source.n_steps)))
    }
}

/// What trials that start at these steps have in `window`.
fn join(trials: &[(usize, Trial)], window: &Range<usize>) -> Trial {
    let part = |array: fn(&Trial) -> &Array2<f32>| {
        let within = |start: usize, end: usize| window.start.max(start) - start..window.end.min(end) - start;
        let parts: Vec<_> = trials
            .iter()
            .map(|(start, trial)| array(trial).slice(s![within(*start, start + trial.n_steps()), ..]))
            .collect();
        // All trials of a task have the same channels.
        concatenate(Axis(0), &parts).unwrap_or_default()
    };
    let place = |step: usize| step.clamp(window.start, window.end) - window.start;
    let shifted = |start: usize, epoch: &Epoch| Epoch {
        name: epoch.name.clone(),
        start: place(start + epoch.start),
        end: place(start + epoch.end),
    };
    let epochs = trials.iter().flat_map(|(start, trial)| trial.epochs.iter().map(move |epoch| shifted(*start, epoch)));
    Trial {
        inputs: part(|trial| &trial.inputs),
        targets: part(|trial| &trial.targets),
        loss_mask: part(|trial| &trial.loss_mask),
        condition: Condition::new(),
        epochs: epochs.filter(|epoch| epoch.start < epoch.end).collect(),
        correct: None,
    }
}
