//! One training step: what an update does to a network.
//!
//! ```text
//! simulate -> named loss terms -> gradients -> clip -> optimiser -> constraints -> Update
//! ```
//!
//! ```
//! use std::sync::Arc;
//! use candle_core::{DType, Device};
//! use nn4n::{Experiment, TensorBatch, TrainConfig, Trainer, models::ModelConfig};
//! use nn4n::tasks::{Split, batch, song2016::RdmFixed};
//! let task = Arc::new(RdmFixed::default());
//! let experiment = Experiment::new(task.clone(), ModelConfig::ei(2, 20, 2), TrainConfig::default(), 0)?;
//! let mut trainer = Trainer::new(&experiment, &Device::Cpu)?;
//! for update in 0..3 {
//!     let trials = batch(task.as_ref(), Split::Train, 0, update, 20)?;
//!     let found = trainer.step(&TensorBatch::new(&trials, DType::F32, &Device::Cpu)?)?;
//!     assert!(found.loss.is_finite() && found.update == update + 1);
//! }
//! # Ok::<(), nn4n::Error>(())
//! ```

use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, NoiseKey, Parameter, Start, State, Trajectory, host};
use nn4n_tasks::{Task, motor::Plant};

use super::{
    demand::check_device,
    gradients::{clip, gradients},
    synaptic_intelligence::{SynapticIntelligence, position},
    trained::trained,
};
use crate::{
    error::{Error, Result},
    experiment::{Experiment, TrainConfig},
    loss::Loss,
    optimizer::Optimizer,
    penalty::{Context, LossTerms, loss_terms},
    simulate::{Simulation, TensorBatch, cause, largest},
};

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    pub(super) network: Ctrnn,
    /// Those that are trained.
    pub(super) parameters: Vec<Parameter>,
    pub(super) optimizer: Optimizer,
    /// The states in which the next trials begin, where the network carries them over.
    pub(super) carried: Option<State>,
    pub(super) synapses: Option<SynapticIntelligence>,
    /// Updates done.
    pub(super) updates: u64,
    config: TrainConfig,
    loss: Loss,
    seed: u64,
    /// What the network drives in the trials that it is trained on.
    plant: Option<Plant>,
    /// The updates after which earlier tasks are to be protected, ascending.
    switches: Vec<u64>,
}

/// What one update did.
#[derive(Clone, Debug)]
pub struct Update {
    /// Updates done, this one included.
    pub update: u64,
    /// Loss of the batch, penalties included.
    pub loss: f64,
    /// The loss term by term, weighted: `task` first, then each penalty.
    pub terms: Vec<(String, f64)>,
    /// Norm of all gradients before clipping.
    pub gradient_norm: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Seconds that each phase took, in the order of [`Trainer::PHASES`].
    pub seconds: [f64; Trainer::PHASES.len()],
}

impl Update {
    /// Seconds of all phases.
    pub fn total_seconds(&self) -> f64 {
        self.seconds.iter().sum()
    }
}

impl Trainer {
    /// The phases of a step, in their order.
    pub const PHASES: [&'static str; 5] = ["forward", "loss", "backward", "clip_optimizer", "constraints"];

    /// A network drawn from the experiment's seed, before its first update.
    ///
    /// # Errors
    /// If the experiment is invalid, starts from a checkpoint, or trains no parameter.
    pub fn new(experiment: &Experiment, device: &Device) -> Result<Self> {
        if let Some(name) = &experiment.init {
            let message = format!("names {}, which was not opened; open it and hand its network over", name.display());
            return Err(Error::setting("init", message));
        }
        Self::with_network(experiment, Ctrnn::init(&experiment.model, experiment.seed, DType::F32, device)?)
    }

    /// A network that exists already, before its first update in this experiment.
    ///
    /// # Errors
    /// If the experiment is invalid or describes another network, trains no parameter, or protects earlier tasks where
    /// there are none.
    pub fn with_network(experiment: &Experiment, network: Ctrnn) -> Result<Self> {
        experiment.validate()?;
        if *network.config() != experiment.model {
            let message = "describes another network than the one that was handed over; take its description";
            return Err(Error::setting("model", message));
        }
        check_device(experiment, network.device())?;
        let config = experiment.train.clone();
        let parameters = trained(&network, &config, experiment.task.as_ref())?;
        let synapses =
            config.synaptic_intelligence.map(|config| SynapticIntelligence::new(config, &parameters)).transpose()?;
        Ok(Self {
            optimizer: Optimizer::new(experiment.optimizer()),
            carried: None,
            synapses,
            updates: 0,
            loss: experiment.loss(),
            seed: experiment.seed,
            plant: experiment.task.plant(),
            switches: switches(experiment)?,
            network,
            parameters,
            config,
        })
    }

    /// The network, which changes with every step.
    pub fn network(&self) -> &Ctrnn {
        &self.network
    }

    /// The parameters that are trained.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Updates done.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Bytes of the optimiser's running means, which outlive a step.
    pub fn optimizer_bytes(&self) -> u64 {
        let bytes = |tensor: &Tensor| (tensor.elem_count() * tensor.dtype().size_in_bytes()) as u64;
        self.optimizer.state().values().map(bytes).sum()
    }

    /// Lets the next steps have these penalties, which are for the network.
    #[cfg(feature = "cli")]
    pub(crate) fn set_regularisers(&mut self, regularisers: Vec<crate::penalty::Regulariser>) {
        self.config.regularisers = regularisers;
    }

    /// Lets the next steps be on trials of `task`, which has the channels of the experiment's.
    pub(super) fn turn_to(&mut self, task: &dyn Task) {
        self.plant = task.plant();
    }

    /// Trains on a batch of trials, which is on the network's device. Every update has noise of its own.
    ///
    /// # Errors
    /// If the batch does not fit the network, or the loss or the norm of its gradients is not finite; then nothing has
    /// changed.
    pub fn step(&mut self, batch: &TensorBatch) -> Result<Update> {
        let update = self.updates;
        let learning_rate = self.config.learning_rate * self.config.schedule.factor(update);
        let mut clock = Clock::now();

        let noise = NoiseKey::new(self.seed, update);
        let trajectory = self.unroll(&batch.inputs, self.carried.as_ref(), Some(noise))?;
        let forward = clock.lap();

        let found = self.loss_terms(&trajectory, batch)?;
        self.finite("loss", host::value(&found.total)?, batch)?;
        let graded = clock.lap();

        let gradients = gradients(&found.total, &self.parameters)?;
        let (loss, mut terms) = found.values()?;
        self.finite("loss", loss, batch)?;
        let carried = self.last_states(&trajectory, batch, noise)?;
        // Letting go of the graph is a part of the pass.
        drop((found, trajectory));
        let backward = clock.lap();

        let (along, protection) = self.protected(gradients)?;
        let gradient_norm = self.descend(along, learning_rate, batch)?;
        let descended = clock.lap();

        self.network.project()?;
        let constrained = clock.lap();

        self.carried = carried;
        self.updates += 1;
        let penalty = protection.as_ref().map(|protection| protection.penalty);
        terms.extend(penalty.map(|penalty| ("synaptic_intelligence".to_string(), penalty)));
        protection.map_or(Ok(()), |protection| self.remember(&protection))?;
        Ok(Update {
            update: self.updates,
            loss: loss + penalty.unwrap_or(0.0),
            terms,
            gradient_norm,
            learning_rate,
            seconds: [forward, graded, backward, descended, constrained],
        })
    }
}

/// What an update needs to know where earlier tasks are protected.
struct Protection {
    /// In units of the loss.
    penalty: f64,
    /// Where the parameters were.
    before: Vec<Tensor>,
    /// Gradients of the loss without the penalty.
    gradients: Vec<Tensor>,
}

impl Trainer {
    /// Computes the loss of a batch and forgets it, so that what fits neither the network nor the trials is refused
    /// before anything is replaced, as is a network that cannot be trained from where it is.
    pub(super) fn rehearse(&self, batch: &TensorBatch) -> Result<()> {
        let trajectory = self.unroll(&batch.inputs, None, None)?;
        let found = self.loss_terms(&trajectory, batch)?;
        if found.awaits() {
            found.total.backward()?;
        }
        self.finite("loss", found.values()?.0, batch).map(drop)
    }

    /// Before they are saved: the loss of an update may be finite where the step that follows it overflows.
    pub(super) fn check_finite(&self) -> Result<()> {
        for parameter in &self.parameters {
            let sum = host::values(&parameter.var)?.iter().sum();
            finite("sum of a parameter's elements", sum, self.updates.saturating_sub(1))?;
        }
        Ok(())
    }

    fn unroll(&self, inputs: &Tensor, start: Option<&State>, noise: Option<NoiseKey>) -> Result<Trajectory> {
        if self.config.remat {
            return Ok(self.network.unroll_remat(inputs, start, noise)?);
        }
        let simulation = Simulation::new(&self.network).plant(self.plant).start(start.cloned());
        match noise {
            Some(noise) => simulation.noise(noise).unroll(inputs),
            None => simulation.unroll(inputs),
        }
    }

    fn loss_terms(&self, trajectory: &Trajectory, batch: &TensorBatch) -> Result<LossTerms> {
        let context = Context { model: &self.network, trajectory, batch, loss: self.loss };
        loss_terms(&self.config.regularisers, &context)
    }

    /// The state at each trial's own last step, if the network carries it over to the next batch.
    fn last_states(&self, trajectory: &Trajectory, batch: &TensorBatch, noise: NoiseKey) -> Result<Option<State>> {
        if self.network.config().start != Start::Carried {
            return Ok(None);
        }
        if self.config.remat {
            return self.last_states_again(trajectory, batch, noise).map(Some);
        }
        let (states, rates) = (trajectory.states()?, trajectory.rates()?);
        let (_, _, units) = states.dims3()?;
        let last: Vec<u32> =
            batch.n_steps.iter().flat_map(|steps| std::iter::repeat_n(*steps as u32 - 1, units)).collect();
        let index = Tensor::from_vec(last, (batch.n_steps.len(), 1, units), self.network.device())?;
        let at_last =
            |all: &Tensor| -> Result<Tensor> { Ok(all.detach().contiguous()?.gather(&index, 1)?.squeeze(1)?) };
        Ok(Some(State { state: at_last(&states)?, rate: at_last(&rates)? }))
    }

    /// The same where the states of all steps are not kept: those of trials that end before the longest are computed
    /// again, some steps at a time.
    fn last_states_again(&self, trajectory: &Trajectory, batch: &TensorBatch, noise: NoiseKey) -> Result<State> {
        const STEPS: usize = 256;
        let longest = batch.inputs.dim(1)?;
        if batch.n_steps.iter().all(|steps| *steps == longest) {
            return Ok(trajectory.last()?.detach());
        }
        let mut last = vec![None; batch.n_steps.len()];
        self.network.visit(&batch.inputs, self.carried.as_ref(), Some(noise), STEPS, |first, piece| {
            let (states, rates) = (piece.states()?, piece.rates()?);
            let steps = first..first + states.dim(1)?;
            for (trial, n_steps) in batch.n_steps.iter().enumerate().filter(|(_, n)| steps.contains(&(**n - 1))) {
                let at_last = |all: &Tensor| all.get(trial)?.get(n_steps - 1 - first)?.copy();
                last[trial] = Some((at_last(&states)?, at_last(&rates)?));
            }
            Ok::<_, Error>(())
        })?;
        let (states, rates): (Vec<_>, Vec<_>) = last.into_iter().flatten().unzip();
        Ok(State { state: Tensor::stack(&states, 0)?, rate: Tensor::stack(&rates, 0)? })
    }

    /// The gradients to follow: those of the loss, with those of the penalty where earlier tasks are protected.
    fn protected(&self, gradients: Vec<Tensor>) -> Result<(Vec<Tensor>, Option<Protection>)> {
        let Some(synapses) = &self.synapses else { return Ok((gradients, None)) };
        let along = synapses.gradients(&self.parameters, &gradients)?;
        let before = self.parameters.iter().map(position).collect::<Result<_>>()?;
        let penalty = synapses.penalty(&self.parameters)?;
        Ok((along, Some(Protection { penalty, before, gradients })))
    }

    /// Accounts for an update where earlier tasks are protected, and for the end of a task.
    fn remember(&mut self, protection: &Protection) -> Result<()> {
        let Some(synapses) = &mut self.synapses else { return Ok(()) };
        synapses.follow(&self.parameters, &protection.before, &protection.gradients)?;
        if self.switches.contains(&self.updates) {
            synapses.switch(&self.parameters)?;
        }
        Ok(())
    }

    /// Refuses a value that is not finite. Before the first update the learning rate has no part in it.
    fn finite(&self, quantity: &'static str, value: f64, batch: &TensorBatch) -> Result<f64> {
        if value.is_finite() || self.updates > 0 {
            return finite(quantity, value, self.updates);
        }
        let arrays = [("inputs", largest(&batch.inputs)?), ("targets", largest(&batch.targets)?)];
        Err(Error::NotFinite {
            what: format!("the {quantity} is {value} before the first update, whatever the learning rate"),
            cause: cause(&self.network, batch.inputs.dim(1)?, &arrays)?,
        })
    }

    /// One step of the optimiser; returns the norm of the gradients before clipping.
    fn descend(&mut self, along: Vec<Tensor>, learning_rate: f64, batch: &TensorBatch) -> Result<f64> {
        let (along, norm) = clip(along, self.config.clip_value, self.config.clip_norm)?;
        self.finite("gradient norm", norm, batch)?;
        self.optimizer.step(&self.parameters, &along, learning_rate)?;
        Ok(norm)
    }
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

fn finite(quantity: &'static str, value: f64, update: u64) -> Result<f64> {
    if value.is_finite() { Ok(value) } else { Err(Error::Diverged { quantity, value, update }) }
}

/// Times one phase after the other.
struct Clock(Instant);

impl Clock {
    fn now() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the start or the last lap.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        (now - std::mem::replace(&mut self.0, now)).as_secs_f64()
    }
}
