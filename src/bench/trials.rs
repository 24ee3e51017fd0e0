//! What the trials of a training step cost, compared with the step that they feed.

use std::{sync::Arc, time::Instant};

use nn4n_models::ModelConfig;
use nn4n_tasks::{Split, Task, TaskInfo, TrialBatch, batch};
use serde::Serialize;

use super::{measure::duration, median::median, step::TrainingStep};
use crate::{
    error::{Error, Result},
    experiment::{Experiment, TrainConfig, preset},
};

/// Units of a network for a task without a preset.
const UNITS: usize = 100;
/// Batches from which the one with the median length is taken for the training step.
const LENGTHS: u64 = 9;
/// Fewest rounds of one batch and one step that count.
const FEWEST: usize = 5;

/// What the trials of one task cost.
#[derive(Clone, Debug, Serialize)]
pub struct TrialsRow {
    /// Id of the task.
    pub task: &'static str,
    /// The preset whose step is measured; `None` for that of a vanilla network of 100 units with the default settings.
    pub preset: Option<&'static str>,
    /// Trials in a batch.
    pub batch_size: usize,
    /// Number of units.
    pub units: usize,
    /// Steps of the longest trial of a batch: the median over batches.
    pub steps: usize,
    /// Median time to make a batch, ms.
    pub batch_ms: f64,
    /// Median time of a training step on trials of that size, ms.
    pub step_ms: f64,
    /// `batch_ms` in percent of `step_ms`.
    pub percent: f64,
}

/// Times batches of a task and the training steps that they feed, in turn, on the current pool of threads, for at least
/// `seconds`.
///
/// # Errors
/// If the task makes no trials without parameters.
pub fn trials(info: &TaskInfo, seconds: f64) -> Result<TrialsRow> {
    let (preset, experiment) = experiment(info.id)?;
    let (task, batch_size) = (experiment.task.as_ref(), experiment.batch_size());
    let typical = typical(task, batch_size)?;
    let mut step = TrainingStep::of(&experiment, &typical)?;
    let (limit, start) = (duration(seconds)?, Instant::now());
    let (mut batches, mut in_steps) = (Vec::new(), Vec::new());
    while batches.len() < FEWEST || start.elapsed() < limit {
        let before = Instant::now();
        let made = batch(task, Split::Train, 1, batches.len() as u64, batch_size)?;
        batches.push(before.elapsed().as_secs_f64());
        drop(made);
        in_steps.push(step.update()?.total_seconds());
    }
    let (batch_ms, step_ms) = (1e3 * median(&batches), 1e3 * median(&in_steps));
    let (units, steps) = (experiment.model.n_units(), typical.max_steps());
    Ok(TrialsRow {
        task: info.id,
        preset,
        batch_size,
        units,
        steps,
        batch_ms,
        step_ms,
        percent: 100.0 * batch_ms / step_ms,
    })
}

/// The task's preset, or the first one of its family with this task, or what `nn4n train --task` trains.
fn experiment(id: &str) -> Result<(Option<&'static str>, Experiment)> {
    let presets = preset::list();
    let family = |id: &str| id.split('/').next().unwrap_or_default().to_string();
    let own = presets.iter().find(|preset| preset.task == id);
    let task: Arc<dyn Task> = nn4n_tasks::create(id, None)?.into();
    let Some(found) = own.or(presets.iter().find(|preset| family(preset.id) == family(id))) else {
        let model = ModelConfig::vanilla(task.inputs().len(), UNITS, task.outputs().len());
        return Ok((None, Experiment::new(task.clone(), model.dt(task.dt()), TrainConfig::default(), 0)?));
    };
    let experiment = preset::load(found.id)?;
    let task = if own.is_some() { experiment.task.clone() } else { task };
    Experiment::new(task, experiment.model, experiment.train, 0).map(|experiment| (Some(found.id), experiment))
}

/// The batch whose length is the median of several.
fn typical(task: &dyn Task, batch_size: usize) -> Result<TrialBatch> {
    let mut batches =
        (0..LENGTHS).map(|update| batch(task, Split::Train, 2, update, batch_size)).collect::<Result<Vec<_>, _>>()?;
    batches.sort_by_key(TrialBatch::max_steps);
    let typical = batches.swap_remove(batches.len() / 2);
    if typical.max_steps() == 0 {
        return Err(Error::setting("task", format!("`{}` makes trials without steps", task.id())));
    }
    Ok(typical)
}

#[cfg(test)]
mod tests {
    use nn4n_models::Kind;

    use super::*;
    use crate::loss::Loss;

    #[test]
    fn a_task_with_a_preset_is_measured_with_its_step_and_others_with_the_default() -> Result<()> {
        let found = |id| -> Result<_> {
            let (preset, found) = experiment(id)?;
            Ok((preset, found.model.n_units(), found.model.kind, found.batch_size(), found.loss()))
        };
        assert_eq!(found("song2016/romo")?, (Some("song2016/romo"), 500, Kind::Ei, 20, Loss::MaskedMse));
        assert_eq!(found("yang2019/dm1")?, (Some("yang2019/all"), 256, Kind::Vanilla, 64, Loss::MeanSquare));
        assert_eq!(found("kim2019/go_nogo")?, (None, 100, Kind::Vanilla, 20, Loss::MaskedMse));
        assert_eq!(found("neurogym/go_nogo")?, (None, 100, Kind::Vanilla, 20, Loss::CrossEntropy));
        Ok(())
    }
}
