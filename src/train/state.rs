//! What a run needs to go on after an interruption as if there had been none: `optimizer.safetensors`.
//!
//! It holds the network's tensors (`network.NAME`), the optimiser's moments (`moment.m.NAME`), the carried-over state of the trials if the network has
//! one (`carried.state`, `carried.rate`), and a JSON document with the experiment, the number of updates done and the validations so far.

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, Start, State, Tensors};
use serde::{Deserialize, Serialize};

use super::{
    config::TrainConfig,
    optimizer::{Optimizer, OptimizerConfig},
};
use crate::{
    checkpoint::{FORMAT, ValidationRecord, read_tensors, serialize},
    error::{Error, Result},
    experiment::Experiment,
    run_directory::{RunDirectory, write_atomically},
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u32,
    /// The run.toml but for its settings of the training, which may be changed.
    experiment: String,
    updates: u64,
    validations: Vec<ValidationRecord>,
}

/// A run between two updates.
pub(super) struct RunState {
    /// Updates done.
    pub updates: u64,
    pub optimizer: Optimizer,
    pub carried: Option<State>,
}

impl RunState {
    /// A run before its first update.
    pub(super) fn fresh(config: OptimizerConfig) -> Self {
        Self { updates: 0, optimizer: Optimizer::new(config), carried: None }
    }

    pub(super) fn save(
        &self,
        run: &RunDirectory,
        experiment: &Experiment,
        network: &Ctrnn,
        validations: &[ValidationRecord],
    ) -> Result<()> {
        let mut tensors: Tensors = network.tensors()?.into_iter().map(|(name, tensor)| (format!("network.{name}"), tensor)).collect();
        for (name, tensor) in self.optimizer.state() {
            tensors.insert(format!("moment.{name}"), tensor.clone());
        }
        if let Some(carried) = &self.carried {
            tensors.insert("carried.state".into(), carried.state.clone());
            tensors.insert("carried.rate".into(), carried.rate.clone());
        }
        let document =
            Document { format: FORMAT, experiment: identity(experiment)?, updates: self.updates, validations: validations.to_vec() };
        let path = run.optimizer();
        let json = serde_json::to_string(&document).map_err(|error| Error::file(&path, error))?;
        write_atomically(&path, &serialize(&path, &tensors, Some(json))?)
    }

    /// Reads the network, the state and the validations of a run.
    pub(super) fn load(run: &RunDirectory, experiment: &Experiment, device: &Device) -> Result<(Ctrnn, Self, Vec<ValidationRecord>)> {
        let path = run.optimizer();
        let config = experiment.train.optimizer;
        let damaged = |message: String| Error::file(&path, format!("{message}; it is not the state of this run. Start anew with --force"));
        let (mut tensors, metadata) = read_tensors(&path)?;
        let json = metadata.and_then(|mut metadata| metadata.remove("nn4n")).ok_or_else(|| damaged("has no nn4n metadata".into()))?;
        let document: Document = serde_json::from_str(&json).map_err(|error| damaged(format!("has a damaged header ({error})")))?;
        if document.format > FORMAT {
            return Err(Error::file(&path, format!("has format {}, but this program reads up to {FORMAT}; update nn4n", document.format)));
        }
        if document.experiment != identity(experiment)? {
            let message = "has another task, network, seed or init than the run was started with; restore it, or start another run";
            return Err(Error::file(run.config(), message));
        }
        let names: Vec<String> = tensors.keys().filter(|name| name.starts_with("network.")).cloned().collect();
        let parts = names.iter().filter_map(|name| Some((name["network.".len()..].to_string(), tensors.remove(name)?))).collect();
        let network = Ctrnn::from_tensors(&experiment.model, parts, DType::F32, device).map_err(|error| damaged(error.to_string()))?;
        let mut take = |name: &str, like: &Tensor| match tensors.remove(name) {
            None => Err(damaged(format!("lacks the tensor `{name}`"))),
            Some(tensor) if tensor.dims() == like.dims() && tensor.dtype() == like.dtype() => Ok(tensor.to_device(like.device())?),
            Some(tensor) => Err(damaged(format!("has `{name}` of shape {:?}, not {:?}", tensor.dims(), like.dims()))),
        };
        let mut moments = Tensors::new();
        for parameter in &network.parameters()? {
            for kind in config.moments() {
                let name = format!("{kind}.{}", parameter.name);
                let moment = take(&format!("moment.{name}"), &parameter.var)?;
                moments.insert(name, moment);
            }
        }
        let mut carried = None;
        if network.config().start == Start::Carried {
            let mut take = |name: &str| tensors.remove(name).ok_or_else(|| damaged(format!("lacks the tensor `{name}`")));
            let (state, rate) = (take("carried.state")?, take("carried.rate")?);
            carried = Some(State { state: state.to_device(network.device())?, rate: rate.to_device(network.device())? });
        }
        if let Some(name) = tensors.keys().next() {
            return Err(damaged(format!("has the unexpected tensor `{name}`")));
        }
        let optimizer = Optimizer::resume(config, document.updates, &moments)?;
        let state = Self { updates: document.updates, optimizer, carried };
        Ok((network, state, document.validations))
    }
}

/// What may not change while a run is interrupted.
fn identity(experiment: &Experiment) -> Result<String> {
    let mut experiment = experiment.clone();
    experiment.train = TrainConfig::default();
    experiment.to_toml()
}
