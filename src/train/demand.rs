//! What a training needs of the host's memory.
//!
//! ```text
//! weights     (weights, effective weights, gradients, moments of the optimiser) * units^2 * 4 bytes
//!             + units^2 * 16 bytes while the initial ones are drawn
//! rates       3 arrays of batch * steps * units on a CPU (penalties on rates come on top)
//! trials      of the batch in use, three ahead and one in the making, with logits and their gradients;
//!             those of the validations
//! ```

use candle_core::Device;
use nn4n_tasks::Split;

use crate::{
    error::Result,
    experiment::Experiment,
    memory::{bytes_of, check, trial_bytes},
    optimizer::OptimizerConfig,
};

/// Batches that are there at once.
const BATCHES: u64 = 5;
/// Arrays of rates of a pass and its gradients.
const ARRAYS: u64 = 3;

/// Refuses a training that the machine has not the memory for, before anything large is made.
///
/// # Errors
/// If it needs more than there is; or as making one trial.
pub(super) fn check_memory(experiment: &Experiment, device: &Device) -> Result<()> {
    let (task, units) = (experiment.task.as_ref(), experiment.model.n_units());
    let (inputs, outputs) = (task.inputs().len(), task.outputs().len());
    let batch_size = experiment.batch_size();
    let trial_steps = nn4n_tasks::batch(task, Split::Train, experiment.seed, 0, 1)?.max_steps();
    let steps = experiment.train.stream_steps.unwrap_or(trial_steps);

    let copies = 3 + moments(&experiment.optimizer());
    let weights = bytes_of(&[units, units]).saturating_mul(copies + 4);
    check(
        "model.units",
        &format!("training a network of {units} units"),
        weights,
        "take fewer units, or a machine with more memory",
    )?;

    let per_condition = experiment.train.validation.trials_per_condition;
    let validations = task.conditions().len().max(1).saturating_mul(per_condition);
    let validation = trial_bytes(validations, trial_steps, inputs, 2 * outputs);
    check(
        "train.validation.trials_per_condition",
        &format!("a validation on {validations} trials of {trial_steps} steps"),
        weights.saturating_add(validation),
        "take fewer trials for each condition",
    )?;

    let rates = if device.is_cpu() { bytes_of(&[batch_size, steps, units]).saturating_mul(ARRAYS) } else { 0 };
    let trials = trial_bytes(batch_size, steps, inputs, outputs).saturating_mul(BATCHES);
    let logits = bytes_of(&[batch_size, steps, 2 * outputs]);
    let whole = [weights, validation, rates, trials, logits].into_iter().fold(0, u64::saturating_add);
    check(
        "train.batch_size",
        &format!("an update with {batch_size} trials of {steps} steps and {units} units"),
        whole,
        "take fewer trials (`batch_size`), a larger `dt` or fewer units",
    )
}

/// Arrays that the optimiser keeps of each weight.
fn moments(optimizer: &OptimizerConfig) -> u64 {
    match optimizer {
        OptimizerConfig::Sgd { momentum } => u64::from(*momentum > 0.0),
        OptimizerConfig::Adam { .. } | OptimizerConfig::Adamw { .. } => 2,
    }
}
