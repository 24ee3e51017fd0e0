//! Trials made ahead of time on a thread of their own.

use std::{
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use candle_core::{DType, Device};

use super::lesson::Lesson;
use crate::{
    batch::TensorBatch,
    error::{Error, Result},
};

/// Batches of successive updates, up to three ahead of the one in use, as tensors on the host. The thread ends when
/// this is dropped.
pub(super) struct Prefetch {
    batches: Receiver<Result<TensorBatch>>,
    peeked: Option<TensorBatch>,
}

impl Prefetch {
    /// Starts with the batch of `first`.
    pub(super) fn start(lesson: Lesson, seed: u64, batch_size: usize, first: u64, dtype: DType) -> Result<Self> {
        let (sender, batches) = sync_channel(2);
        let make = move || {
            let mut batches = match lesson.batches(seed, batch_size, first) {
                Ok(batches) => batches.map(|trials| TensorBatch::new(&trials?, dtype, &Device::Cpu)),
                // Nobody may wait for it any more.
                Err(error) => return drop(sender.send(Err(error.into()))),
            };
            while let Some(batch) = batches.next()
                && sender.send(batch).is_ok()
            {}
        };
        let started = thread::Builder::new().name("trials".into()).spawn(make);
        started.map_err(|error| {
            Error::setting("train", format!("could not start the thread that makes its trials ({error})"))
        })?;
        Ok(Self { batches, peeked: None })
    }

    /// The batch that `next` will return.
    pub(super) fn peek(&mut self) -> Result<&TensorBatch> {
        let batch = self.next()?;
        Ok(self.peeked.insert(batch))
    }

    /// The next batch.
    pub(super) fn next(&mut self) -> Result<TensorBatch> {
        if let Some(batch) = self.peeked.take() {
            return Ok(batch);
        }
        self.batches
            .recv()
            .map_err(|_| Error::setting("task", "stopped making trials; a panic in its `trial` is reported above"))?
    }
}
