//! What the batches between two validations consist of.

use std::sync::Arc;

use nn4n_tasks::{Condition, Split, Task, TaskError, TrialBatch, batch, stream, weighted};

/// A task and how its trials are drawn. A batch is a pure function of this, the seed and the update.
#[derive(Clone, Debug)]
pub(super) struct Lesson {
    pub task: Arc<dyn Task>,
    pub draw: Draw,
}

/// How trials are drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Draw {
    /// As the source does.
    AsSource,
    /// End to end in rows of so many steps.
    Stream(usize),
    /// These conditions in proportion to these weights.
    Weighted(Vec<Condition>, Vec<f64>),
}

impl Lesson {
    /// The trials of an update.
    pub(super) fn batch(&self, seed: u64, update: u64, batch_size: usize) -> Result<TrialBatch, TaskError> {
        let task = self.task.as_ref();
        match &self.draw {
            Draw::AsSource => batch(task, Split::Train, seed, update, batch_size),
            Draw::Stream(n_steps) => stream(task, Split::Train, seed, update, batch_size, *n_steps),
            Draw::Weighted(conditions, weights) => weighted(task, Split::Train, seed, update, batch_size, conditions, weights),
        }
    }

    /// Whether both give the same batches.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.task, &other.task) && self.draw == other.draw
    }
}
