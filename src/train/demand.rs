//! What a training needs of the host's memory.
//!
//! ```text
//! weights     (weights, effective weights, gradients, moments of the optimiser) * units^2 * 4 bytes
//!             + units^2 * 16 bytes while the initial ones are drawn
//! rates       arrays of batch * steps * units (penalties on rates come on top):
//!             3 in passes of the CPU; in the operations of other devices 14 (16 in the rate form), with `sigma_post`
//!             3 more (2), with learned time constants 4 more (1)
//! trials      of the batch in use, three ahead and one in the making, with logits and their gradients;
//!             those of the validations
//! ```
//!
//! A GPU has the rates in its own memory, with the weights and one batch; the host then draws noise, of one array at a
//! time. How many arrays the operations hold is counted by `.ci/run imitation`.

use candle_core::Device;
use nn4n_models::{Form, LearnTau, ModelConfig, PerUnit, host::has_passes};
use nn4n_tasks::{Split, longest_of_some};

use crate::{
    error::Result,
    experiment::Experiment,
    memory::{bytes_of, check, check_on, trial_bytes},
    optimizer::OptimizerConfig,
};

/// Batches that are there at once.
const BATCHES: u64 = 5;
/// Refuses a training that the machine has not the memory for, before anything large is made.
///
/// # Errors
/// If it needs more than there is; or as making one trial.
pub(super) fn check_memory(experiment: &Experiment, device: &Device) -> Result<()> {
    let (task, units) = (experiment.task.as_ref(), experiment.model.n_units());
    let (inputs, outputs) = (task.inputs().len(), task.outputs().len());
    let batch_size = experiment.batch_size();
    let trial_steps = longest_of_some(task, Split::Train, experiment.seed)?;
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

    let what = format!("an update with {batch_size} trials of {steps} steps and {units} units");
    let remedy = "take fewer trials (`batch_size`), a larger `dt` or fewer units";
    let batch = trial_bytes(batch_size, steps, inputs, outputs);
    let sum = |parts: &[u64]| parts.iter().copied().fold(0, u64::saturating_add);
    let rates = bytes_of(&[batch_size, steps, units]);
    let held = rates.saturating_mul(arrays(&experiment.model, device));
    let pass = sum(&[held, bytes_of(&[batch_size, steps, 2 * outputs])]);
    let prepared = sum(&[weights, validation, batch.saturating_mul(BATCHES)]);
    if device.is_cpu() {
        return check("train.batch_size", &what, sum(&[prepared, pass]), remedy);
    }
    check("train.batch_size", &what, sum(&[prepared, rates]), remedy)?;
    let trained = bytes_of(&[units, units]).saturating_mul(copies);
    check_on(device, "train.batch_size", &what, sum(&[trained, batch, pass]), remedy)
}

/// Arrays of rates that a pass and its gradients hold at most.
fn arrays(model: &ModelConfig, device: &Device) -> u64 {
    let has_post = u64::from(model.sigma_post != PerUnit::Uniform(0.0));
    let learns_tau = u64::from(model.learn_tau != LearnTau::Off);
    match (has_passes(device), model.form) {
        (true, _) => 3,
        (false, Form::Current | Form::Blend) => 14 + 3 * has_post + 4 * learns_tau,
        (false, Form::Rate) => 16 + 2 * has_post + learns_tau,
    }
}

/// Arrays that the optimiser keeps of each weight.
fn moments(optimizer: &OptimizerConfig) -> u64 {
    match optimizer {
        OptimizerConfig::Sgd { momentum } => u64::from(*momentum > 0.0),
        OptimizerConfig::Adam { .. } | OptimizerConfig::Adamw { .. } => 2,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nn4n_models::host::by_operations;

    use super::*;
    use crate::experiment::TrainConfig;

    fn experiment(form: Form, batch_size: usize) -> Experiment {
        let task = nn4n_tasks::create("song2016/rdm_fixed", None).expect("a task");
        let model = ModelConfig::vanilla(task.inputs().len(), 1000, task.outputs().len()).form(form);
        let train = TrainConfig { batch_size: Some(batch_size), ..TrainConfig::default() };
        Experiment::new(Arc::from(task), model, train, 0).expect("an experiment")
    }

    #[test]
    fn operations_are_reckoned_with_the_arrays_that_they_hold() {
        let of = |form| arrays(&experiment(form, 1).model, &Device::Cpu);
        assert_eq!(Form::ALL.map(of), [3; 3]);
        assert_eq!(by_operations(|| [Form::Current, Form::Blend, Form::Rate].map(of)), [14, 14, 16]);
        let all = |form| {
            let model = experiment(form, 1).model.sigma_post(0.1).learn_tau(LearnTau::PerUnit);
            arrays(&model, &Device::Cpu)
        };
        assert_eq!(by_operations(|| [Form::Current, Form::Blend, Form::Rate].map(all)), [21, 21, 19]);
    }

    /// Where a batch just fits in passes, four times its arrays do not.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_largest_batch_that_passes_have_room_for_is_too_large_for_operations() {
        let fits = |batch_size: &usize| check_memory(&experiment(Form::Current, *batch_size), &Device::Cpu).is_ok();
        let largest = (0..40).map(|power| 1 << power).take_while(fits).last().expect("one trial fits");
        let refusal = by_operations(|| check_memory(&experiment(Form::Current, largest), &Device::Cpu));
        let message = refusal.expect_err("there is no room").to_string();
        assert!(message.contains("train.batch_size") && message.contains("GiB of memory"), "{message}");
    }
}
