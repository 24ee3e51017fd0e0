//! What the trials of a training step cost, compared with the step that they feed.

use std::time::Instant;

use nn4n_models::Kind;
use nn4n_tasks::{Split, Task, TaskInfo, batch};
use serde::Serialize;

use super::{
    case::{CASES, Case},
    measure::{duration, median},
    step::TrainingStep,
};
use crate::{
    error::{Error, Result},
    preset,
    train::TrainConfig,
};

/// Units of a network for a task without a preset.
const UNITS: usize = 100;
/// Batches whose longest trial is averaged to the steps of the training step.
const LENGTHS: u64 = 8;
/// Fewest rounds of one batch and one step that count.
const FEWEST: usize = 5;

/// What the trials of one task cost.
#[derive(Clone, Debug, Serialize)]
pub struct TrialsRow {
    /// Id of the task.
    pub task: &'static str,
    /// The preset whose network and batch are measured; `None` for 100 units and a batch of 20.
    pub preset: Option<&'static str>,
    /// Trials in a batch.
    pub batch_size: usize,
    /// Number of units.
    pub units: usize,
    /// Steps of the longest trial of a batch, on average.
    pub steps: usize,
    /// Median time to make a batch, ms.
    pub batch_ms: f64,
    /// Median time of a training step on trials of that size, ms.
    pub step_ms: f64,
    /// `batch_ms` in percent of `step_ms`.
    pub percent: f64,
}

/// Times batches of a task and training steps of its network in turn, on the current pool of threads, for at least `seconds`.
///
/// # Errors
/// If the task makes no trials without parameters.
pub fn trials(info: &TaskInfo, seconds: f64) -> Result<TrialsRow> {
    let task = nn4n_tasks::create(info.id, None)?;
    let (preset, units, kind, batch_size) = network(info.id)?;
    let steps = typical_steps(task.as_ref(), batch_size)?;
    let case = Case {
        case: "custom",
        kind,
        units,
        batch_size,
        steps,
        inputs: task.inputs().len(),
        outputs: task.outputs().len(),
        ..CASES[0].clone()
    };
    let mut step = TrainingStep::new(&case)?;
    let (limit, start) = (duration(seconds)?, Instant::now());
    let (mut batches, mut in_steps) = (Vec::new(), Vec::new());
    while batches.len() < FEWEST || start.elapsed() < limit {
        let before = Instant::now();
        let made = batch(task.as_ref(), Split::Train, 1, batches.len() as u64, batch_size)?;
        batches.push(before.elapsed().as_secs_f64());
        drop(made);
        in_steps.push(step.run()?.total());
    }
    let (batch_ms, step_ms) = (1e3 * median(&batches), 1e3 * median(&in_steps));
    Ok(TrialsRow { task: info.id, preset, batch_size, units, steps, batch_ms, step_ms, percent: 100.0 * batch_ms / step_ms })
}

/// The network of the task's preset, of the first one of its family, or the one that `nn4n train` takes.
fn network(task: &str) -> Result<(Option<&'static str>, usize, Kind, usize)> {
    let presets = preset::list();
    let family = |id: &str| id.split('/').next().unwrap_or_default().to_string();
    let own = presets.iter().find(|preset| preset.task == task);
    let Some(found) = own.or(presets.iter().find(|preset| family(preset.id) == family(task))) else {
        return Ok((None, UNITS, Kind::Vanilla, TrainConfig::default().batch_size));
    };
    let experiment = preset::load(found.id)?;
    let units = experiment.model.n_units();
    let kind = if experiment.model.layout().have_cell_types() { Kind::Ei } else { Kind::Vanilla };
    Ok((Some(found.id), units, kind, experiment.train.batch_size))
}

fn typical_steps(task: &dyn Task, batch_size: usize) -> Result<usize> {
    let lengths = (0..LENGTHS).map(|update| Ok(batch(task, Split::Train, 2, update, batch_size)?.max_steps()));
    let sum: usize = lengths.collect::<Result<Vec<_>>>()?.iter().sum();
    if sum == 0 {
        return Err(Error::setting("task", format!("`{}` makes trials without steps", task.id())));
    }
    Ok((sum as f64 / LENGTHS as f64).round() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_with_a_preset_is_measured_with_its_network_and_others_with_the_default() -> Result<()> {
        assert_eq!(network("song2016/romo")?, (Some("song2016/romo"), 500, Kind::Ei, 20));
        assert_eq!(network("yang2019/dm1")?, (Some("yang2019/all"), 256, Kind::Vanilla, 64));
        assert_eq!(network("golub2018/flip_flop")?, (None, 100, Kind::Vanilla, 20));
        Ok(())
    }
}
