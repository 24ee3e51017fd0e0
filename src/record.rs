//! What a network does on given trials, brought back to the host: the input of scoring, analysis and figures.
//!
//! A recording is three arrays; as a file it is an `.npz` that NumPy reads and writes under the same names.
//!
//! ```text
//! states (trials, steps, units) f32   rates (trials, steps, units) f32   outputs (trials, steps, outputs) f32
//! ```
//!
//! ```
//! use candle_core::{DType, Device};
//! use nn4n::{Recording, models::{Ctrnn, ModelConfig}, record::record};
//! let network = Ctrnn::init(&ModelConfig::vanilla(2, 10, 1), 0, DType::F32, &Device::Cpu)?;
//! let recording = record(&network, &ndarray::Array3::ones((4, 30, 2)), None, None)?;
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("activity.npz");
//! recording.save(&path)?; // in Python: numpy.load("activity.npz")["rates"]
//! assert_eq!(Recording::load(&path)?, recording);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{io::Cursor, path::Path};

use candle_core::Tensor;
use ndarray::{Array2, Array3, Axis, Ix3, concatenate, s};
use ndarray_npy::{NpzWriter, WriteNpzError};
use nn4n_models::{Ctrnn, NoiseKey, State};
use nn4n_tasks::{NpzFile, Task, TrialBatch, motor::Plant};

use crate::{
    batch::{array3, matrix, tensor},
    error::{Error, Result},
    plant::unroll,
    run_directory::write_atomically,
};

/// Activity of a network on a batch of trials; steps after a trial's end are padding.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// (trials, steps, units)
    pub states: Array3<f32>,
    /// (trials, steps, units)
    pub rates: Array3<f32>,
    /// (trials, steps, outputs)
    pub outputs: Array3<f32>,
}

impl Recording {
    /// Writes the arrays as an `.npz`, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = self.npz().map_err(|error| Error::file(&path, format!("could not be written ({error})")))?;
        write_atomically(path.as_ref(), &bytes)
    }

    fn npz(&self) -> Result<Vec<u8>, WriteNpzError> {
        let mut writer = NpzWriter::new(Cursor::new(Vec::new()));
        writer.add_array("outputs", &self.outputs)?;
        writer.add_array("states", &self.states)?;
        writer.add_array("rates", &self.rates)?;
        Ok(writer.finish()?.into_inner())
    }

    /// Reads an `.npz` with `states`, `rates` and `outputs`, of this program or of NumPy.
    ///
    /// # Errors
    /// If an array is missing, has another rank than three, or does not fit the others.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut file = NpzFile::open(path)?;
        let mut read = |name: &str| {
            let array = file.require(name)?;
            let shape = array.shape().to_vec();
            let misshapen =
                |_| Error::file(path, format!("`{name}` has shape {shape:?}, but must be (trials, steps, channels)"));
            array.into_dimensionality::<Ix3>().map_err(misshapen)
        };
        let recording = Self { states: read("states")?, rates: read("rates")?, outputs: read("outputs")? };
        let (trials, steps, _) = recording.states.dim();
        if recording.rates.dim() != recording.states.dim() || recording.outputs.shape()[..2] != [trials, steps] {
            let message = format!(
                "`states` {:?}, `rates` {:?} and `outputs` {:?} are not of the same trials; record them in one run",
                recording.states.dim(),
                recording.rates.dim(),
                recording.outputs.dim()
            );
            return Err(Error::file(path, message));
        }
        Ok(recording)
    }
}

/// Most units times steps times trials that one pass holds, so that many trials do not need much memory.
const CHUNK: usize = 1 << 23;

/// Most numbers that a recording may hold (16 GiB), so that a mistyped size is an error instead of an exhausted memory.
const LARGEST: usize = 1 << 32;

/// Runs `inputs` (trials, steps, inputs) through the network, from the states `x0` (trials, units) if given; `noise`
/// switches its noise on.
///
/// # Errors
/// If the shapes do not fit the network or each other.
pub fn record(
    network: &Ctrnn,
    inputs: &Array3<f32>,
    x0: Option<&Array2<f32>>,
    noise: Option<NoiseKey>,
) -> Result<Recording> {
    record_driving(network, None, inputs, x0, noise)
}

/// What a network does on trials of a task, driving the task's plant if it has one: then the outputs are what the plant
/// does.
///
/// # Errors
/// If the network does not fit the trials.
pub fn record_trials(
    network: &Ctrnn,
    task: &dyn Task,
    trials: &TrialBatch,
    noise: Option<NoiseKey>,
) -> Result<Recording> {
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
    let (trials, steps, _) = inputs.dim();
    let numbers = trials.saturating_mul(steps).saturating_mul(2 * network.units().len() + network.config().outputs);
    if numbers > LARGEST {
        let message = format!(
            "ask for {numbers} numbers ({trials} trials of {steps} steps), more than the {LARGEST} of one recording; \
            run fewer trials at a time"
        );
        return Err(Error::setting("inputs", message));
    }
    let (mut states, mut rates, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    for_each_chunk(network, inputs, x0, noise, |network, part, start, noise| {
        let trajectory = unroll(network, plant, part, start, noise)?;
        states.push(array3(&trajectory.states()?)?);
        rates.push(array3(&trajectory.rates()?)?);
        outputs.push(array3(&trajectory.outputs)?);
        Ok(())
    })?;
    Ok(Recording { states: join(states)?, rates: join(rates)?, outputs: join(outputs)? })
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

fn join(mut parts: Vec<Array3<f32>>) -> Result<Array3<f32>> {
    if parts.len() == 1
        && let Some(whole) = parts.pop()
    {
        return Ok(whole);
    }
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    concatenate(Axis(0), &views).map_err(|_| Error::setting("inputs", "hold no trial; give at least one"))
}

/// Calls `run` with the network and successive trials: their inputs, start and noise. A trial has the same noise
/// however the trials are cut into chunks.
fn for_each_chunk(
    network: &Ctrnn,
    inputs: &Array3<f32>,
    x0: Option<&Array2<f32>>,
    noise: Option<NoiseKey>,
    mut run: impl FnMut(&Ctrnn, &Tensor, Option<&State>, Option<NoiseKey>) -> Result<()>,
) -> Result<()> {
    let (trials, steps, _) = inputs.dim();
    let network = network.frozen();
    if let Some(x0) = x0
        && x0.dim() != (trials, network.units().len())
    {
        let message =
            format!("has shape {:?}, but must be ({trials} trials, {} units)", x0.dim(), network.units().len());
        return Err(Error::setting("x0", message));
    }
    let chunk = (CHUNK / (steps * network.units().len()).max(1)).max(1);
    for start in (0..trials).step_by(chunk) {
        let rows = start..(start + chunk).min(trials);
        let from = match x0 {
            Some(x0) => {
                Some(network.start_from(&matrix(x0.slice(s![rows.clone(), ..]), network.dtype(), network.device())?)?)
            }
            None => None,
        };
        let noise = noise.map(|key| NoiseKey { first_trial: key.first_trial.wrapping_add(start as u32), ..key });
        let part = tensor(inputs.slice(s![rows, .., ..]), network.dtype(), network.device())?;
        run(&network, &part, from.as_ref(), noise)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why a file with these shapes of states, rates and outputs is refused.
    fn refusal(shapes: [(usize, usize, usize); 3]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("activity.npz");
        let [states, rates, outputs] = shapes.map(Array3::zeros);
        Recording { states, rates, outputs }.save(&path).unwrap();
        Recording::load(&path).unwrap_err().to_string()
    }

    #[test]
    fn arrays_of_different_trials_are_refused() {
        for shapes in
            [[(2, 3, 4), (2, 3, 5), (2, 3, 1)], [(2, 3, 4), (2, 3, 4), (2, 4, 1)], [(2, 3, 4), (2, 3, 4), (1, 3, 1)]]
        {
            let message = refusal(shapes);
            assert!(message.contains("activity.npz") && message.contains("not of the same trials"), "{message}");
        }
    }

    #[test]
    fn missing_and_misshapen_arrays_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("activity.npz");
        let write = |name: &str, shape: &[usize]| {
            let mut file = NpzWriter::new(std::fs::File::create(&path).unwrap());
            file.add_array(name, &ndarray::ArrayD::<f32>::zeros(shape)).unwrap();
            file.finish().unwrap();
            Recording::load(&path).unwrap_err().to_string()
        };
        assert!(write("rates", &[1, 2, 3]).contains("states"));
        assert!(write("states", &[2, 3]).contains("`states` has shape [2, 3], but must be (trials, steps, channels)"));
    }
}
