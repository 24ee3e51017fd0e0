//! A small task and short runs.

use std::{ops::ControlFlow, path::Path, sync::Arc};

use candle_core::Device;
use nn4n::{
    Checkpoint, Existing, Experiment, Result, RunDirectory, TrainConfig,
    experiment::ValidationConfig,
    tasks::{
        Task,
        song2016::{FixedDuration, RdmFixed},
    },
    train::{Outcome, fit},
};

/// Two inputs, two outputs, one clear difference to report, 20 steps.
pub fn easy_task() -> Arc<dyn Task> {
    let task = FixedDuration { stimulus: 200.0, decision: 100.0, coherences: vec![0.512] };
    Arc::new(RdmFixed { fixation_test: 100.0, p_catch: 0.0, task, ..RdmFixed::default() })
}

/// Small batches and few validation trials, without a stop rule.
pub fn settings(updates: u64, validate_every: u64) -> TrainConfig {
    let mut settings = TrainConfig {
        batch_size: Some(4),
        updates,
        log_every: 1,
        validation: ValidationConfig { every: validate_every, trials_per_condition: 2, keep: false },
        ..TrainConfig::default()
    };
    settings.stop.never = true;
    settings
}

/// Trains into a directory that holds no run yet.
pub fn train(experiment: &Experiment, directory: &Path) -> Result<Outcome> {
    let run = RunDirectory::open(directory, Existing::Keep)?;
    fit(experiment, init(experiment)?.as_ref(), &run, &Device::Cpu, |_| ControlFlow::Continue(()))
}

/// The checkpoint that training starts from, if it does.
pub fn init(experiment: &Experiment) -> Result<Option<Checkpoint>> {
    experiment.init.as_ref().map(Checkpoint::load).transpose()
}
