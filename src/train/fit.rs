//! The training loop.

use std::ops::ControlFlow;

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, NoiseKey, Parameter, Start, State, Trajectory};
use nn4n_tasks::{Split, Task};
use rayon::ThreadPoolBuilder;

use super::{
    config::TrainConfig,
    gradients::{clip, gradients},
    init,
    lesson::Lesson,
    log::{Log, UpdateRecord},
    prefetch::Prefetch,
    regulariser::{Context, LossTerms, loss_terms},
    state::{RunState, Saved},
    synaptic_intelligence::position,
    trained::trained,
    validation::{StopReason, Validation},
};
use crate::{
    batch::TensorBatch,
    checkpoint::{Checkpoint, FORMAT, Header, Provenance, TaskRecord, TrainRecord, ValidationRecord},
    error::{Error, Result},
    experiment::Experiment,
    plant::unroll,
    run_directory::RunDirectory,
};

/// On other devices than the CPU, candle's backward pass and the release of its graph recurse through time, so training
/// has threads with deep stacks. Only the part that is used takes memory.
const STACK: usize = 256 << 20;

/// Most rates in one update, so that a mistyped size is an error instead of an exhausted memory; training holds about
/// three arrays of that many numbers.
const MAX_RATES: usize = 1 << 30;

/// How far a run is, told after every update.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// Updates done.
    pub update: u64,
    /// Most updates.
    pub updates: u64,
    /// Loss of this update's batch, penalties included.
    pub loss: f64,
    /// The validation that followed this update, if one did.
    pub validation: Option<&'a ValidationRecord>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Updates done.
    pub updates: u64,
    /// Why it ended.
    pub reason: StopReason,
    /// All validations.
    pub validations: Vec<ValidationRecord>,
    /// That of the network in `model.safetensors`, the best; `None` before the first one.
    pub saved: Option<ValidationRecord>,
}

/// Trains the network of `experiment` and leaves the run in `run`: the best network in `model.safetensors`, and what is
/// needed to resume.
///
/// A run directory opened to resume goes on where its run left off; any other starts with the network of the
/// experiment's `init`, or with one drawn from its seed. `progress` is called after every update and may end the run,
/// which can then be resumed.
///
/// # Errors
/// If the parts do not fit, a file cannot be written, or the loss is no longer finite; the last good checkpoint stays
/// in the directory.
pub fn fit(
    experiment: &Experiment,
    run: &RunDirectory,
    device: &Device,
    progress: impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send,
) -> Result<Outcome> {
    let pool = ThreadPoolBuilder::new().stack_size(STACK).build().map_err(|error| {
        let message = format!(
            "could not start its threads, which need {} MiB of address space each ({error}); raise the limit (ulimit \
            -v)",
            STACK >> 20
        );
        Error::setting("train", message)
    })?;
    // Within the pool, so that no step of the training hands its work over to another thread.
    pool.install(|| train(experiment, run, device, progress))
}

fn train(
    experiment: &Experiment,
    run: &RunDirectory,
    device: &Device,
    mut progress: impl FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<Outcome> {
    experiment.validate()?;
    let _lock = run.lock()?;
    let config = &experiment.train;
    let Saved { network, parameters, mut state, validations, weights } = begin(experiment, run, device)?;
    let switches = switches(experiment)?;
    let mut validation = Validation::new(experiment, validations, weights)?;
    refuse_if_too_large(experiment, network.units().len())?;
    let mut lesson = validation.lesson();
    let start = |lesson: &Lesson, first| {
        Prefetch::start(lesson.clone(), experiment.seed, config.batch_size, first, network.dtype())
    };
    let mut batches = start(&lesson, state.updates)?;
    rehearse(experiment, lesson.task.as_ref(), &network, batches.peek()?)?;
    run.start(&experiment.to_toml()?)?;
    if !run.is_resumed() {
        // From here on there is a network to load and a state to resume, whatever happens before the first validation.
        checkpoint(experiment, &network, &[])?.save(run.model())?;
        state.save(run, experiment, &network, &validation.records, validation.weights.as_ref())?;
    }
    let mut log = Log::open(run, state.updates, config.tensorboard)?;

    let mut reason = validation.stop().unwrap_or(StopReason::LastUpdate);
    while reason == StopReason::LastUpdate && state.updates < config.updates {
        let update = state.updates;
        let batch = batches.next()?.to_device(device)?;
        let noise = NoiseKey::new(experiment.seed, update);
        let trajectory =
            unroll(&network, lesson.task.plant().as_ref(), &batch.inputs, state.carried.as_ref(), Some(noise))?;
        let context = Context { model: &network, trajectory: &trajectory, batch: &batch, loss: config.loss };
        let terms = loss_terms(&config.regularisers, &context)?;
        let synaptic = state.synapses.as_ref().map(|synapses| synapses.penalty(&parameters)).transpose()?;
        let loss = finite(&terms.total, update)? + synaptic.unwrap_or(0.0);

        let learning_rate = config.learning_rate * config.schedule.factor(update);
        let gradient_norm =
            descend(&mut state, &network, &parameters, gradients(&terms.total, &parameters)?, config, learning_rate)?;
        state.carried = carry(&network, &trajectory, &batch)?;
        state.updates += 1;
        if switches.contains(&state.updates)
            && let Some(synapses) = &mut state.synapses
        {
            synapses.switch(&parameters)?;
        }

        if state.updates % config.log_every == 0 {
            let mut record = record(state.updates, loss, &terms, gradient_norm, learning_rate)?;
            record.terms.extend(synaptic.map(|penalty| ("synaptic_intelligence".to_string(), penalty.into())));
            log.update(&record)?;
        }
        let validated = state.updates % config.validation.every == 0 || state.updates == config.updates;
        if validated {
            finite_parameters(&parameters, update)?;
            let is_best = validation.run(&network, state.updates)?;
            log.validation(&validation.records[validation.records.len() - 1])?;
            if is_best {
                checkpoint(experiment, &network, &validation.records)?.save(run.model())?;
            }
            reason = validation.stop().unwrap_or(reason);
            let next = validation.lesson();
            if !next.is(&lesson) {
                batches = start(&next, state.updates)?;
                lesson = next;
            }
            state.save(run, experiment, &network, &validation.records, validation.weights.as_ref())?;
        }
        let told = Progress {
            update: state.updates,
            updates: config.updates,
            loss,
            validation: if validated { validation.records.last() } else { None },
        };
        if progress(&told).is_break() && reason == StopReason::LastUpdate {
            reason = StopReason::Interrupted;
            finite_parameters(&parameters, update)?;
            state.save(run, experiment, &network, &validation.records, validation.weights.as_ref())?;
        }
    }
    Ok(Outcome { updates: state.updates, reason, saved: validation.saved().cloned(), validations: validation.records })
}

/// One step of the optimiser along `gradients`, back onto the constraints; returns the norm of the gradients before
/// clipping.
fn descend(
    state: &mut RunState,
    network: &Ctrnn,
    parameters: &[Parameter],
    gradients: Vec<Tensor>,
    config: &TrainConfig,
    learning_rate: f64,
) -> Result<f64> {
    let (along, before) = match &state.synapses {
        Some(synapses) => {
            (synapses.gradients(parameters, &gradients)?, parameters.iter().map(position).collect::<Result<_>>()?)
        }
        None => (gradients.clone(), Vec::new()),
    };
    let (along, norm) = clip(along, config.clip_value, config.clip_norm)?;
    finite_norm(norm, state.updates)?;
    state.optimizer.step(parameters, &along, learning_rate)?;
    network.project()?;
    if let Some(synapses) = &mut state.synapses {
        synapses.follow(parameters, &before, &gradients)?;
    }
    Ok(norm)
}

/// The updates after which earlier tasks are to be protected.
fn switches(experiment: &Experiment) -> Result<Vec<u64>> {
    let switches = experiment.task.switches();
    if experiment.train.synaptic_intelligence.is_some() && switches.is_empty() {
        let message = format!(
            "protects earlier tasks of a sequence, but `{}` has none; train on a sequential `multitask/set`",
            experiment.task.id()
        );
        return Err(Error::setting("train.synaptic_intelligence", message));
    }
    Ok(switches)
}

/// The network and the state to start with, and the validations so far.
fn begin(experiment: &Experiment, run: &RunDirectory, device: &Device) -> Result<Saved> {
    if run.is_resumed() {
        return RunState::load(run, experiment, device);
    }
    let network = match &experiment.init {
        Some(path) => init::start(experiment, path, device)?,
        None => Ctrnn::init(&experiment.model, experiment.seed, DType::F32, device)?,
    };
    let parameters = trained(&network, &experiment.train, experiment.task.as_ref())?;
    let state = RunState::fresh(&experiment.train, &parameters)?;
    Ok(Saved { network, parameters, state, validations: Vec::new(), weights: None })
}

fn refuse_if_too_large(experiment: &Experiment, units: usize) -> Result<()> {
    let batch_size = experiment.train.batch_size;
    let steps = match experiment.train.stream_steps {
        Some(steps) => steps,
        None => nn4n_tasks::batch(experiment.task.as_ref(), Split::Train, experiment.seed, 0, 1)?.max_steps(),
    };
    if batch_size.saturating_mul(steps).saturating_mul(units) <= MAX_RATES {
        return Ok(());
    }
    let message = format!(
        "= {batch_size} trials of {steps} steps with {units} units are more than {MAX_RATES} rates in one update; \
        take fewer trials"
    );
    Err(Error::setting("train.batch_size", message))
}

/// Computes the loss of the first batch once, so that what fits neither the network nor the trials is refused before an
/// old run is replaced.
fn rehearse(experiment: &Experiment, task: &dyn Task, network: &Ctrnn, batch: &TensorBatch) -> Result<()> {
    let batch = batch.to_device(network.device())?;
    let trajectory = unroll(network, task.plant().as_ref(), &batch.inputs, None, None)?;
    let context = Context { model: network, trajectory: &trajectory, batch: &batch, loss: experiment.train.loss };
    loss_terms(&experiment.train.regularisers, &context).map(drop)
}

/// Before they are saved: the loss of an update may be finite where the step that follows it overflows.
fn finite_parameters(parameters: &[Parameter], update: u64) -> Result<()> {
    for parameter in parameters {
        let sum = parameter.var.as_detached_tensor().to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()?;
        if !sum.is_finite() {
            return Err(Error::Diverged { quantity: "sum of a parameter's elements", value: sum, update });
        }
    }
    Ok(())
}

fn finite(loss: &Tensor, update: u64) -> Result<f64> {
    let loss = loss.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    if loss.is_finite() { Ok(loss) } else { Err(Error::Diverged { quantity: "loss", value: loss, update }) }
}

fn finite_norm(norm: f64, update: u64) -> Result<()> {
    if norm.is_finite() { Ok(()) } else { Err(Error::Diverged { quantity: "gradient norm", value: norm, update }) }
}

/// The state at each trial's own last step, if the network carries it over to the next batch.
fn carry(network: &Ctrnn, trajectory: &Trajectory, batch: &TensorBatch) -> Result<Option<State>> {
    if network.config().start != Start::Carried {
        return Ok(None);
    }
    let (states, rates) = (trajectory.states()?, trajectory.rates()?);
    let (_, _, units) = states.dims3()?;
    let last: Vec<u32> = batch.n_steps.iter().flat_map(|steps| std::iter::repeat_n(*steps as u32 - 1, units)).collect();
    let index = Tensor::from_vec(last, (batch.n_steps.len(), 1, units), network.device())?;
    let at_last = |all: &Tensor| -> Result<Tensor> { Ok(all.detach().contiguous()?.gather(&index, 1)?.squeeze(1)?) };
    Ok(Some(State { state: at_last(&states)?, rate: at_last(&rates)? }))
}

fn record(update: u64, loss: f64, terms: &LossTerms, gradient_norm: f64, learning_rate: f64) -> Result<UpdateRecord> {
    let mut named = serde_json::Map::new();
    for (name, value) in &terms.terms {
        named.insert(name.clone(), value.to_dtype(DType::F64)?.to_scalar::<f64>()?.into());
    }
    Ok(UpdateRecord { update, loss, terms: named, gradient_norm, learning_rate })
}

fn checkpoint(experiment: &Experiment, network: &Ctrnn, validations: &[ValidationRecord]) -> Result<Checkpoint> {
    let mut metrics = std::collections::BTreeMap::new();
    let last = validations.last();
    for (name, value) in [
        ("loss", last.map(|record| record.loss)),
        ("performance", last.and_then(|record| record.performance)),
        ("minimum_performance", last.and_then(|record| record.minimum)),
        ("rms_error", last.and_then(|record| record.rms_error)),
    ] {
        metrics.extend(value.map(|value| (name.to_string(), value)));
    }
    let settings =
        serde_json::to_value(&experiment.train).map_err(|error| Error::setting("train", error.to_string()))?;
    Ok(Checkpoint {
        header: Header {
            format: FORMAT,
            model: experiment.model.clone(),
            task: TaskRecord::of(experiment.task.as_ref()),
            train: TrainRecord {
                settings,
                updates: last.map_or(0, |record| record.update),
                validations: validations.to_vec(),
            },
            seed: experiment.seed,
            metrics,
            provenance: Provenance::of(experiment),
        },
        tensors: network.tensors()?,
    })
}
