//! Trials one after another, without a pause, cut into pieces of equal length: how neurogym's users train.
//!
//! ```text
//! row b of update u = trial (u, b n), trial (u, b n + 1), ...   until n_steps steps are full; the last one is cut off        n = n_steps
//! ```
//!
//! A row starts with a whole trial. As neurogym does, the next update goes on with other trials, not with the rest of the one that was cut.
//! The rows have the periods of all their trials, and the condition and correct choice of none: what is scored are single trials.
//!
//! ```
//! use nn4n_tasks::{Split, create, stream};
//! let task = create("song2016/rdm_fixed", None)?;
//! let rows = stream(task.as_ref(), Split::Train, 0, 0, 16, 100)?;
//! assert_eq!(rows.inputs.dim(), (16, 100, 2));
//! assert_eq!(rows.epochs[0].iter().filter(|epoch| epoch.name == "fixation").count(), 2);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Axis, concatenate, s};
use rayon::prelude::*;

use crate::error::rules;
use crate::{Condition, Epoch, MAX_STEPS, Split, Task, TaskError, Trial, TrialBatch, TrialRng, assemble};

/// `batch_size` rows of `n_steps` steps, each filled with trials one after another.
pub fn stream(task: &dyn Task, split: Split, seed: u64, update: u64, batch_size: usize, n_steps: usize) -> Result<TrialBatch, TaskError> {
    task.validate()?;
    if !(1..=MAX_STEPS).contains(&n_steps) {
        let remedy = format!("give 1 to {MAX_STEPS} steps; neurogym's users train on 100 to 1000");
        return Err(TaskError::Batch { field: "n_steps", value: n_steps.to_string(), rule: "is no length of a stream", remedy });
    }
    rules::positive("batch_size", batch_size as f64)?;
    let rows = (0..batch_size).into_par_iter().map(|row| fill(task, split, seed, update, row as u64, n_steps));
    assemble(rows.collect::<Result<_, _>>()?)
}

fn fill(task: &dyn Task, split: Split, seed: u64, update: u64, row: u64, n_steps: usize) -> Result<Trial, TaskError> {
    let (mut trials, mut length, mut epochs) = (Vec::new(), 0, Vec::new());
    while length < n_steps {
        // No row has more trials than steps, so no two rows have a trial in common.
        let index = row.wrapping_mul(n_steps as u64).wrapping_add(trials.len() as u64);
        let trial = task.trial(split, None, &mut TrialRng::new(seed, split.name(), update, index))?;
        let shifted =
            |epoch: &Epoch| Epoch { name: epoch.name.clone(), start: epoch.start + length, end: (epoch.end + length).min(n_steps) };
        epochs.extend(trial.epochs.iter().map(shifted).filter(|epoch| epoch.start < epoch.end));
        length += trial.n_steps();
        trials.push(trial);
    }
    let join = |part: fn(&Trial) -> ndarray::ArrayView2<'_, f32>| {
        let parts: Vec<_> = trials.iter().map(part).collect();
        // All trials of a task have the same channels.
        concatenate(Axis(0), &parts).unwrap_or_default().slice(s![..n_steps, ..]).to_owned()
    };
    Ok(Trial {
        inputs: join(|trial| trial.inputs.view()),
        targets: join(|trial| trial.targets.view()),
        loss_mask: join(|trial| trial.loss_mask.view()),
        condition: Condition::new(),
        epochs,
        correct: None,
    })
}
