//! Trials made ahead of time on a thread of their own.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use nn4n_tasks::{Split, Task, TaskError, TrialBatch};

use crate::error::{Error, Result};

/// Batches of successive updates, two ahead of the one in use. The thread ends when this is dropped.
pub(super) struct Prefetch {
    batches: Receiver<Result<TrialBatch, TaskError>>,
    peeked: Option<TrialBatch>,
}

impl Prefetch {
    /// Starts with the batch of `first`.
    pub(super) fn start(task: Arc<dyn Task>, seed: u64, batch_size: usize, first: u64) -> Self {
        let (sender, batches) = sync_channel(2);
        thread::spawn(move || {
            let mut batches = (first..).map(|update| nn4n_tasks::batch(task.as_ref(), Split::Train, seed, update, batch_size));
            while let Some(batch) = batches.next()
                && sender.send(batch).is_ok()
            {}
        });
        Self { batches, peeked: None }
    }

    /// The batch that `next` will return.
    pub(super) fn peek(&mut self) -> Result<&TrialBatch> {
        let batch = self.next()?;
        Ok(self.peeked.insert(batch))
    }

    /// The next batch.
    pub(super) fn next(&mut self) -> Result<TrialBatch> {
        if let Some(batch) = self.peeked.take() {
            return Ok(batch);
        }
        let batch =
            self.batches.recv().map_err(|_| Error::setting("task", "stopped making trials; a panic in its `trial` is reported above"))?;
        Ok(batch?)
    }
}
