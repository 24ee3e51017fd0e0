//! What the batches between two validations consist of.

use std::sync::Arc;

use nn4n_tasks::{Condition, Split, Stream, Task, TaskError, TrialBatch, batch, weighted};

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

/// Batches of trials, without an end.
pub(super) type Batches<'a> = Box<dyn Iterator<Item = Result<TrialBatch, TaskError>> + Send + 'a>;

impl Lesson {
    /// The trials of one update after another.
    pub(super) fn batches(&self, seed: u64, batch_size: usize, first: u64) -> Result<Batches<'_>, TaskError> {
        let task = self.task.as_ref();
        Ok(match &self.draw {
            Draw::AsSource => {
                Box::new((first..).map(move |update| batch(task, Split::Train, seed, update, batch_size)))
            }
            Draw::Stream(n_steps) => {
                let mut stream = Stream::new(task, Split::Train, seed, batch_size, *n_steps)?;
                Box::new((first..).map(move |update| stream.window(update)))
            }
            Draw::Weighted(conditions, weights) => Box::new(
                (first..)
                    .map(move |update| weighted(task, Split::Train, seed, update, batch_size, conditions, weights)),
            ),
        })
    }

    /// Whether both give the same batches.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.task, &other.task) && self.draw == other.draw
    }
}
