//! Trials made ahead of time on a thread of their own.

use std::{
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use candle_core::{DType, Device};

use super::{lesson::Lesson, trainer::Trainer};
use crate::{
    error::{Error, Result},
    experiment::Experiment,
    simulate::TensorBatch,
    threads::on_own_pool,
};

/// Batches of successive updates, up to three ahead of the one in use, or one where memory is spared, as tensors on the
/// host. The thread ends when this is dropped.
pub(super) struct Prefetch {
    lesson: Lesson,
    batches: Receiver<Result<TensorBatch>>,
    peeked: Option<TensorBatch>,
}

impl Prefetch {
    /// The batches of `lesson` for the next updates of the trainer, which turns to its task.
    pub(super) fn of(lesson: Lesson, experiment: &Experiment, trainer: &mut Trainer) -> Result<Self> {
        trainer.turn_to(lesson.task.as_ref());
        let dtype = trainer.network().dtype();
        let batches = spawn(lesson.clone(), experiment, trainer.updates(), dtype)?;
        Ok(Self { lesson, batches, peeked: None })
    }

    /// Goes over to another lesson, unless it gives the same batches.
    pub(super) fn turn_to(&mut self, lesson: Lesson, experiment: &Experiment, trainer: &mut Trainer) -> Result<()> {
        if !lesson.is(&self.lesson) {
            *self = Self::of(lesson, experiment, trainer)?;
        }
        Ok(())
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
        let stopped = "making trials of the task stopped; a panic in its `trial` is reported above";
        self.batches.recv().map_err(|_| Error::system(stopped))?
    }
}

/// Batches that wait for their turn, beside the one that is being made: a long update leaves time to make one.
pub(super) fn waiting(remat: bool) -> usize {
    if remat { 0 } else { 2 }
}

/// Makes batches from that of update `first` on.
fn spawn(lesson: Lesson, experiment: &Experiment, first: u64, dtype: DType) -> Result<Receiver<Result<TensorBatch>>> {
    let (seed, batch_size) = (experiment.seed, experiment.batch_size());
    let (sender, receiver) = sync_channel(waiting(experiment.train.remat));
    let make = move || {
        let mut batches = match lesson.batches(seed, batch_size, first) {
            Ok(batches) => batches.map(|trials| TensorBatch::new(&trials?, dtype, &Device::Cpu)),
            // Nobody may wait for it any more.
            Err(error) => return drop(sender.send(Err(error.into()))),
        };
        while let Some(batch) = on_own_pool(|| batches.next()).unwrap_or_else(|error| Some(Err(error)))
            && sender.send(batch).is_ok()
        {}
    };
    let started = thread::Builder::new().name("trials".into()).spawn(make);
    started.map_err(|error| Error::system(format!("the thread that makes trials could not be started ({error})")))?;
    Ok(receiver)
}
