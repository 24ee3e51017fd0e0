//! What a training needs of the host's memory.
//!
//! ```text
//! weights     (weights, effective weights, gradients, moments of the optimiser) * units^2 * 4 bytes
//!             + units^2 * 16 bytes while the initial ones are drawn
//! rates       arrays of batch * steps * units:
//!             3 in passes of the CPU; in the operations of other devices 14 (16 in the rate form), with `sigma_post`
//!             3 more (2), with learned time constants 4 more (1)
//!             with `remat` the states that are kept, and those of a segment that is computed again
//!             (ModelConfig::numbers_of_remat)
//!             3 more on the CPU with penalties on the activity, but for `vanishing_gradient`
//! trials      of the batch in use, three ahead and one in the making, with logits and their gradients; with `remat`
//!             one ahead; those of the validations
//! ```
//!
//! A GPU has the rates in its own memory, with the weights and one batch; the host then draws noise, of one array at a
//! time. How many arrays the operations hold is counted by `.ci/run imitation`.

use candle_core::Device;
use nn4n_models::{Form, LearnTau, ModelConfig, PerUnit, host::has_passes};
use nn4n_tasks::{Split, longest_of_some};

use super::prefetch::waiting;
use crate::{
    device::name,
    error::{Error, Result},
    experiment::Experiment,
    memory::{bytes_of, check, check_on, fits, gib, trial_bytes},
    optimizer::OptimizerConfig,
    penalty::Penalty,
};

/// From so many bytes on it is said beforehand what an update takes.
const LARGE: u64 = 1 << 30;

/// Refuses states that are to be computed again where there is no pass that does it.
///
/// # Errors
/// If they are, and the device is not the CPU.
pub(super) fn check_device(experiment: &Experiment, device: &Device) -> Result<()> {
    if !experiment.train.remat || has_passes(device) {
        return Ok(());
    }
    let message = format!(
        "= true is for training on the CPU, but this is on the {}; train on the CPU (--device cpu), or leave it out",
        name(device)
    );
    Err(Error::setting("train.remat", message))
}

/// Refuses a training that the machine has not the memory for, before anything large is made. Returns what an update on
/// the CPU takes, where that is much, and what it would take if most states were computed again.
///
/// # Errors
/// If it needs more than there is; or as making one trial.
pub(super) fn check_memory(experiment: &Experiment, device: &Device) -> Result<Option<String>> {
    check_device(experiment, device)?;
    let units = experiment.model.n_units();
    let demand = Demand::of(experiment)?;
    let Demand { weights, validation, validations, trial_steps, .. } = demand;
    check(
        "model.units",
        &format!("training a network of {units} units"),
        weights,
        "take fewer units, or a machine with more memory",
    )?;
    check(
        "train.validation.trials_per_condition",
        &format!("a validation on {validations} trials of {trial_steps} steps"),
        weights.saturating_add(validation),
        "take fewer trials for each condition",
    )?;
    let (what, remedy) = (demand.update_in_words(), demand.remedy(device));
    if device.is_cpu() {
        check("train.batch_size", &what, demand.update(device, experiment.train.remat), &remedy)?;
        return Ok(demand.in_words(device));
    }
    check("train.batch_size", &what, demand.prepared(false).saturating_add(demand.rates()), &remedy)?;
    let trained = bytes_of(&[units, units]).saturating_mul(copies(experiment));
    let on_device = sum(&[trained, demand.batch, demand.pass(device, false)]);
    check_on(device, "train.batch_size", &what, on_device, &remedy)?;
    Ok(None)
}

fn sum(parts: &[u64]) -> u64 {
    parts.iter().copied().fold(0, u64::saturating_add)
}

/// A training's sizes, and the bytes that it needs of the host.
#[derive(Clone, Copy)]
struct Demand<'a> {
    experiment: &'a Experiment,
    /// Trials of a validation, and steps of the longest.
    validations: usize,
    trial_steps: usize,
    /// Steps of an update.
    steps: usize,
    weights: u64,
    validation: u64,
    /// The trials of one update.
    batch: u64,
}

impl<'a> Demand<'a> {
    fn of(experiment: &'a Experiment) -> Result<Self> {
        let (task, units) = (experiment.task.as_ref(), experiment.model.n_units());
        let (inputs, outputs) = (task.inputs().len(), task.outputs().len());
        let trial_steps = longest_of_some(task, Split::Train, experiment.seed)?;
        let steps = experiment.train.stream_steps.unwrap_or(trial_steps);
        let per_condition = experiment.train.validation.trials_per_condition;
        let validations = task.conditions().len().max(1).saturating_mul(per_condition);
        Ok(Self {
            experiment,
            validations,
            trial_steps,
            steps,
            weights: bytes_of(&[units, units]).saturating_mul(copies(experiment) + 4),
            validation: trial_bytes(validations, trial_steps, inputs, 2 * outputs),
            batch: trial_bytes(experiment.batch_size(), steps, inputs, outputs),
        })
    }

    /// One array of rates.
    fn rates(&self) -> u64 {
        bytes_of(&[self.experiment.batch_size(), self.steps, self.experiment.model.n_units()])
    }

    /// What is there before an update.
    fn prepared(&self, remat: bool) -> u64 {
        sum(&[self.weights, self.validation, self.batch.saturating_mul(3 + waiting(remat) as u64)])
    }

    /// What an update holds of activity and gradients, logits included.
    fn pass(&self, device: &Device, remat: bool) -> u64 {
        let (model, batch_size) = (&self.experiment.model, self.experiment.batch_size());
        let activity = if remat {
            bytes_of(&[1]).saturating_mul(model.numbers_of_remat(batch_size, self.steps))
        } else {
            self.rates().saturating_mul(arrays(model, device))
        };
        let looked_at = if device.is_cpu() { self.rates().saturating_mul(self.penalties().1) } else { 0 };
        let outputs = self.experiment.task.outputs().len();
        sum(&[activity, looked_at, bytes_of(&[batch_size, self.steps, 2 * outputs])])
    }

    /// All that an update on the CPU needs.
    fn update(&self, device: &Device, remat: bool) -> u64 {
        self.prepared(remat).saturating_add(self.pass(device, remat))
    }

    /// The penalty that holds the most arrays of the activity of all steps, and how many, if any does.
    fn penalties(&self) -> (Option<String>, u64) {
        let regularisers = self.experiment.train.regularisers.iter();
        let held = regularisers.map(|regulariser| (Some(regulariser.name()), looks_at(&regulariser.kind)));
        held.filter(|(_, arrays)| *arrays > 0).max_by_key(|(_, arrays)| *arrays).unwrap_or((None, 0))
    }

    /// What an update would take if most of its states were computed again, where that is another choice and takes half
    /// of what it takes now, or less.
    fn with_remat(&self, device: &Device) -> Option<u64> {
        let Experiment { task, curriculum, train, .. } = self.experiment;
        let drives = curriculum.iter().map(|stage| &stage.task).chain([task]).any(|task| task.plant().is_some());
        let needed = self.update(device, true);
        (has_passes(device) && !train.remat && !drives && needed <= self.update(device, false) / 2).then_some(needed)
    }

    fn update_in_words(&self) -> String {
        let (batch_size, units) = (self.experiment.batch_size(), self.experiment.model.n_units());
        format!("an update with {batch_size} trials of {} steps and {units} units", self.steps)
    }

    fn remedy(&self, device: &Device) -> String {
        let other = "take fewer trials (`batch_size`), a larger `dt` or fewer units";
        match self.with_remat(device).filter(|needed| fits(*needed)) {
            Some(needed) => {
                format!("set `train.remat = true` (--remat), which needs {} in up to 1.5 times the time", size(needed))
            }
            None => other.into(),
        }
    }

    /// What is said beforehand of an update on the CPU.
    fn in_words(&self, device: &Device) -> Option<String> {
        let needed = self.update(device, self.experiment.train.remat);
        if needed < LARGE {
            return None;
        }
        let mut words = format!("{} takes about {} of memory", self.update_in_words(), size(needed));
        if let Some(less) = self.with_remat(device) {
            words.push_str(&format!(
                "; `train.remat = true` (--remat) takes about {}, in up to 1.5 times the time, with the same result",
                size(less)
            ));
        } else if let (true, (Some(penalty), _)) = (self.experiment.train.remat, self.penalties()) {
            words.push_str(&format!(
                " even with `train.remat`, since `{penalty}` looks at the activity of all steps at once"
            ));
        }
        Some(words)
    }
}

/// Bytes in words, also of what is little.
fn size(bytes: u64) -> String {
    if bytes < LARGE / 10 { format!("{} MiB", bytes.div_ceil(1 << 20)) } else { gib(bytes) }
}

/// Arrays of the activity of all steps that a penalty and its gradient hold at most, about.
fn looks_at(penalty: &Penalty) -> u64 {
    match penalty {
        Penalty::L1Weights { .. } | Penalty::L2Weights { .. } | Penalty::Frobenius { .. } => 0,
        // It looks at the gradients as they go by.
        Penalty::VanishingGradient {} => 0,
        _ => 3,
    }
}

/// Arrays of the size of the recurrent weights: themselves, as they act, their gradients and moments.
fn copies(experiment: &Experiment) -> u64 {
    3 + moments(&experiment.optimizer())
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

    use nn4n_models::{Activation, host::by_operations};
    use nn4n_tasks::golub2018::FlipFlop;

    use super::*;
    use crate::{
        experiment::{TrainConfig, ValidationConfig},
        penalty::Regulariser,
    };

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

    #[test]
    fn states_that_are_computed_again_take_little_and_are_offered() -> Result<()> {
        let long = |change: fn(&mut Experiment)| -> Result<(u64, u64, Option<String>)> {
            let task = Arc::new(FlipFlop { n_steps: 100_000, ..FlipFlop::default() });
            let model = ModelConfig::vanilla(3, 100, 3).activation(Activation::Tanh);
            let validation = ValidationConfig { trials_per_condition: 1, ..ValidationConfig::default() };
            let train = TrainConfig { batch_size: Some(8), validation, ..TrainConfig::default() };
            let mut experiment = Experiment::new(task, model, train, 0)?;
            change(&mut experiment);
            let demand = Demand::of(&experiment)?;
            let update = |remat| demand.update(&Device::Cpu, remat);
            Ok((update(false), update(true), demand.in_words(&Device::Cpu)))
        };
        let (kept, again, words) = long(|_| {})?;
        // Three arrays of 320 MB against some rows of each trial.
        assert!(kept > 960_000_000 && again < 300_000_000, "{kept} {again}");
        let words = words.expect("it is said");
        assert!(words.contains("8 trials of 100000 steps and 100 units takes about 1.1 GiB"), "{words}");
        assert!(words.contains("`train.remat = true` (--remat) takes about 0."), "{words}");
        let (_, _, words) = long(|experiment| experiment.train.remat = true)?;
        assert_eq!(words, None);
        let (_, again, words) = long(|experiment| {
            experiment.train.remat = true;
            experiment.train.regularisers.push(Regulariser::new(Penalty::L2Rates {}, 1.0));
        })?;
        assert!(again > 960_000_000 && words.is_some_and(|words| words.contains("since `l2_rates` looks at")));
        Ok(())
    }

    #[test]
    fn states_are_not_computed_again_in_operations() {
        let mut experiment = experiment(Form::Current, 1);
        experiment.train.remat = true;
        assert!(check_memory(&experiment, &Device::Cpu).is_ok());
        let message = by_operations(|| check_memory(&experiment, &Device::Cpu)).expect_err("no passes").to_string();
        assert!(message.starts_with("train.remat: = true is for training on the CPU"), "{message}");
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
