//! What a network does on given trials, brought back to the host: the input of scoring, analysis and figures.

use candle_core::Tensor;
use ndarray::{Array2, Array3, Axis, concatenate, s};
use nn4n_models::{Ctrnn, NoiseKey, State};
use nn4n_tasks::{Task, TrialBatch, motor::Plant};

use crate::{
    batch::{array3, matrix, tensor},
    error::{Error, Result},
    plant::unroll,
};

/// Activity of a network on a batch of trials; steps after a trial's end are padding.
#[derive(Clone, Debug)]
pub struct Recording {
    /// (trials, steps, units)
    pub states: Array3<f32>,
    /// (trials, steps, units)
    pub rates: Array3<f32>,
    /// (trials, steps, outputs)
    pub outputs: Array3<f32>,
}

/// Most units times steps times trials that one pass holds, so that many trials do not need much memory.
const CHUNK: usize = 1 << 23;

/// Most numbers that a recording may hold (16 GiB), so that a mistyped size is an error instead of an exhausted memory.
const LARGEST: usize = 1 << 32;

/// Runs `inputs` (trials, steps, inputs) through the network, from the states `x0` (trials, units) if given; `noise` switches its noise on.
///
/// # Errors
/// If the shapes do not fit the network or each other.
pub fn record(network: &Ctrnn, inputs: &Array3<f32>, x0: Option<&Array2<f32>>, noise: Option<NoiseKey>) -> Result<Recording> {
    record_driving(network, None, inputs, x0, noise)
}

/// What a network does on trials of a task, driving the task's plant if it has one: then the outputs are what the plant does.
///
/// # Errors
/// If the network does not fit the trials.
pub fn record_trials(network: &Ctrnn, task: &dyn Task, trials: &TrialBatch, noise: Option<NoiseKey>) -> Result<Recording> {
    record_driving(network, task.plant().as_ref(), &trials.inputs, None, noise)
}

/// As [`record`], while the network drives a plant if there is one: then the outputs are what the plant does.
///
/// # Errors
/// As [`record`], and if the network does not fit the plant.
pub fn record_driving(
    network: &Ctrnn,
    plant: Option<&Plant>,
    inputs: &Array3<f32>,
    x0: Option<&Array2<f32>>,
    noise: Option<NoiseKey>,
) -> Result<Recording> {
    let (mut states, mut rates, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    for_each_chunk(network, inputs, x0, noise, |network, part, start, noise| {
        let trajectory = unroll(network, plant, part, start, noise)?;
        states.push(array3(&trajectory.states()?)?);
        rates.push(array3(&trajectory.rates()?)?);
        outputs.push(array3(&trajectory.outputs)?);
        Ok(())
    })?;
    Ok(Recording { states: join(&states)?, rates: join(&rates)?, outputs: join(&outputs)? })
}

/// What a network answers to a batch of trials, on its device, without its activity.
#[derive(Clone, Debug)]
pub struct Answers {
    /// (trials, steps, outputs), before the readout's nonlinearity.
    pub logits: Tensor,
    /// (trials, steps, outputs)
    pub outputs: Tensor,
}

/// The network's answers to a batch of trials of a task; where the task has a plant, `outputs` are what the plant does.
pub fn answer(network: &Ctrnn, task: &dyn Task, trials: &TrialBatch, noise: Option<NoiseKey>) -> Result<Answers> {
    let (mut logits, mut outputs, plant) = (Vec::new(), Vec::new(), task.plant());
    for_each_chunk(network, &trials.inputs, None, noise, |network, part, start, noise| {
        if plant.is_some() {
            let trajectory = unroll(network, plant.as_ref(), part, start, noise)?;
            logits.push(trajectory.logits.clone());
            outputs.push(trajectory.outputs.clone());
        } else {
            let answer = network.answer(part, start, noise)?;
            logits.push(answer.logits);
            outputs.push(answer.outputs);
        }
        Ok(())
    })?;
    Ok(Answers { logits: Tensor::cat(&logits, 0)?, outputs: Tensor::cat(&outputs, 0)? })
}

/// The outputs (trials, steps, outputs) of the network, or of the task's plant, on a batch of trials.
pub fn respond(network: &Ctrnn, task: &dyn Task, trials: &TrialBatch, noise: Option<NoiseKey>) -> Result<Array3<f32>> {
    array3(&answer(network, task, trials, noise)?.outputs)
}

fn join(parts: &[Array3<f32>]) -> Result<Array3<f32>> {
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    concatenate(Axis(0), &views).map_err(|_| Error::setting("inputs", "hold no trial; give at least one"))
}

/// Calls `run` with the network and successive trials: their inputs, start and noise. A trial has the same noise however the trials are cut into chunks.
fn for_each_chunk(
    network: &Ctrnn,
    inputs: &Array3<f32>,
    x0: Option<&Array2<f32>>,
    noise: Option<NoiseKey>,
    mut run: impl FnMut(&Ctrnn, &Tensor, Option<&State>, Option<NoiseKey>) -> Result<()>,
) -> Result<()> {
    let (trials, steps, _) = inputs.dim();
    let network = network.frozen();
    let numbers = trials.saturating_mul(steps).saturating_mul(2 * network.units().len() + network.config().outputs);
    if numbers > LARGEST {
        let message = format!(
            "ask for {numbers} numbers ({trials} trials of {steps} steps), more than the {LARGEST} of one recording; run fewer trials at a time"
        );
        return Err(Error::setting("inputs", message));
    }
    if let Some(x0) = x0
        && x0.dim() != (trials, network.units().len())
    {
        let message = format!("has shape {:?}, but must be ({trials} trials, {} units)", x0.dim(), network.units().len());
        return Err(Error::setting("x0", message));
    }
    let chunk = (CHUNK / (steps * network.units().len()).max(1)).max(1);
    for start in (0..trials).step_by(chunk) {
        let rows = start..(start + chunk).min(trials);
        let from = match x0 {
            Some(x0) => Some(network.start_from(&matrix(x0.slice(s![rows.clone(), ..]), network.dtype(), network.device())?)?),
            None => None,
        };
        let noise = noise.map(|key| NoiseKey { first_trial: key.first_trial.wrapping_add(start as u32), ..key });
        let part = tensor(inputs.slice(s![rows, .., ..]), network.dtype(), network.device())?;
        run(&network, &part, from.as_ref(), noise)?;
    }
    Ok(())
}
