//! Trials one after another, without a pause, in windows of equal length that continue each other: how neurogym's users train.
//!
//! ```text
//! row b           trial, trial, trial, ...     end to end, cut off after 16 n steps, where the next cache starts with a whole trial
//! update u        steps [w n, (w + 1) n) of row b of cache c          c = u div 16, w = u mod 16, n = n_steps
//! its trials      the k-th that starts in update u = trial(rng(seed, split, u, b n + k))         no trial has less than one step
//! ```
//!
//! A window begins where that of the update before it ended, mostly within a trial; one window in 16 begins with a whole trial. No two rows
//! or caches have a trial in common, and a batch is a pure function of its arguments: update u needs the trials of its own cache up to its
//! end and no others, which on average are as many as fill 8.5 windows.
//!
//! neurogym's `Dataset` fills a cache for each row with trials end to end, cuts the last one off, hands out one window after another, and
//! then draws a new cache. What differs here: its cache has the least number of windows that last longer than 1e5 / (numbers of an
//! observation + numbers of an action) / (size of the batch) steps, and its present code (2.x) never hands out the last of them. So at 3
//! observations and 16 rows of 100 steps, 15 windows continue each other; where one window alone is as long as that, every window begins
//! with a whole trial. Its trials are those of one environment per row, which may let them depend on earlier ones; here they are
//! independent. As in its examples, a network starts every window from its initial state.
//!
//! The rows have the periods of all their trials, and the condition and correct choice of none: what is scored are single trials.
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

/// `batch_size` rows of `n_steps` steps, each a window of a row of trials end to end that begins where the window of the update before
/// ended; every 16 updates it begins with a whole trial.
pub fn stream(task: &dyn Task, split: Split, seed: u64, update: u64, batch_size: usize, n_steps: usize) -> Result<TrialBatch, TaskError> {
    task.validate()?;
    if !(1..=MAX_STEPS).contains(&n_steps) {
        let remedy = format!("give 1 to {MAX_STEPS} steps; neurogym's users train on 100 to 1000");
        return Err(TaskError::Batch { field: "n_steps", value: n_steps.to_string(), rule: "is no length of a stream", remedy });
    }
    rules::positive("batch_size", batch_size as f64)?;
    let cache = Cache { task, split, seed, first: update - update % WINDOWS_PER_CACHE, n_steps };
    let rows = (0..batch_size).into_par_iter().map(|row| cache.window(row as u64, (update - cache.first) as usize));
    assemble(rows.collect::<Result<_, _>>()?)
}

/// The trials of some updates that continue each other.
struct Cache<'a> {
    task: &'a dyn Task,
    split: Split,
    seed: u64,
    /// The first of the updates.
    first: u64,
    n_steps: usize,
}

impl Cache<'_> {
    /// One of the windows of a row.
    fn window(&self, row: u64, window: usize) -> Result<Trial, TaskError> {
        let steps = window * self.n_steps..(window + 1) * self.n_steps;
        let (mut trials, mut start, mut next) = (Vec::new(), 0, (0, 0));
        while start < steps.end {
            // The window that the trial starts in, and how many started there before it.
            let window = (start / self.n_steps) as u64;
            let k = if window == next.0 { next.1 } else { 0 };
            next = (window, k + 1);
            let trial = self.trial(window, row, k)?;
            let end = start + trial.n_steps();
            if end > steps.start {
                trials.push((start, trial));
            }
            start = end;
        }
        Ok(join(&trials, &steps))
    }

    /// The trial of a row that is the k-th to start in a window.
    fn trial(&self, window: u64, row: u64, k: u64) -> Result<Trial, TaskError> {
        // No more trials start in a window than it has steps, so no two rows have a trial in common.
        let index = row.wrapping_mul(self.n_steps as u64).wrapping_add(k);
        let trial = self.task.trial(self.split, None, &mut TrialRng::new(self.seed, self.split.name(), self.first + window, index))?;
        if trial.n_steps() > 0 {
            return Ok(trial);
        }
        let remedy = "give every trial an epoch of at least one step".into();
        Err(TaskError::Batch { field: "trials", value: "a trial of 0 steps".into(), rule: "cannot be part of a stream", remedy })
    }
}

/// What trials that start at these steps have in `window`.
fn join(trials: &[(usize, Trial)], window: &Range<usize>) -> Trial {
    let part = |array: fn(&Trial) -> &Array2<f32>| {
        let within = |start: usize, end: usize| window.start.max(start) - start..window.end.min(end) - start;
        let parts: Vec<_> =
            trials.iter().map(|(start, trial)| array(trial).slice(s![within(*start, start + trial.n_steps()), ..])).collect();
        // All trials of a task have the same channels.
        concatenate(Axis(0), &parts).unwrap_or_default()
    };
    let place = |step: usize| step.clamp(window.start, window.end) - window.start;
    let shifted =
        |start: usize, epoch: &Epoch| Epoch { name: epoch.name.clone(), start: place(start + epoch.start), end: place(start + epoch.end) };
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
