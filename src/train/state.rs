//! What a run needs to go on after an interruption as if there had been none: `optimizer.safetensors`.
//!
//! It holds the network's tensors (`network.NAME`), the optimiser's moments (`moment.m.NAME`), the carried-over state
//! of the trials if the network has one (`carried.state`, `carried.rate`), what is remembered of earlier tasks
//! (`synapses.path.NAME`), and a JSON document with the experiment, the number of updates done and the validations so
//! far.

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, Parameter, Start, State, Tensors};
use serde::{Deserialize, Serialize};

use super::{
    config::TrainConfig,
    optimizer::Optimizer,
    synaptic_intelligence::{KINDS, SynapticIntelligence},
    trained::trained,
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
    /// How often the conditions are drawn, where that depends on the validations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<Vec<f64>>,
}

/// A run between two updates.
pub(super) struct RunState {
    /// Updates done.
    pub updates: u64,
    pub optimizer: Optimizer,
    pub carried: Option<State>,
    pub synapses: Option<SynapticIntelligence>,
}

/// A run to go on with.
pub(super) struct Saved {
    pub network: Ctrnn,
    /// Those that are trained.
    pub parameters: Vec<Parameter>,
    pub state: RunState,
    pub validations: Vec<ValidationRecord>,
    pub weights: Option<Vec<f64>>,
}

impl RunState {
    /// A run before its first update.
    pub(super) fn fresh(config: &TrainConfig, parameters: &[Parameter]) -> Result<Self> {
        let synapses =
            config.synaptic_intelligence.map(|config| SynapticIntelligence::new(config, parameters)).transpose()?;
        Ok(Self { updates: 0, optimizer: Optimizer::new(config.optimizer), carried: None, synapses })
    }

    pub(super) fn save(
        &self,
        run: &RunDirectory,
        experiment: &Experiment,
        network: &Ctrnn,
        validations: &[ValidationRecord],
        weights: Option<&Vec<f64>>,
    ) -> Result<()> {
        let mut tensors: Tensors =
            network.tensors()?.into_iter().map(|(name, tensor)| (format!("network.{name}"), tensor)).collect();
        for (name, tensor) in self.optimizer.state() {
            tensors.insert(format!("moment.{name}"), tensor.clone());
        }
        if let Some(carried) = &self.carried {
            tensors.insert("carried.state".into(), carried.state.clone());
            tensors.insert("carried.rate".into(), carried.rate.clone());
        }
        for (name, tensor) in self.synapses.iter().flat_map(SynapticIntelligence::memory) {
            tensors.insert(format!("synapses.{name}"), tensor.clone());
        }
        let document = Document {
            format: FORMAT,
            experiment: identity(experiment)?,
            updates: self.updates,
            validations: validations.to_vec(),
            weights: weights.cloned(),
        };
        let path = run.optimizer();
        let json = serde_json::to_string(&document).map_err(|error| Error::file(&path, error))?;
        write_atomically(&path, &serialize(&path, &tensors, Some(json))?)
    }

    /// Reads what [`save`](Self::save) wrote.
    pub(super) fn load(run: &RunDirectory, experiment: &Experiment, device: &Device) -> Result<Saved> {
        let path = run.optimizer();
        let config = experiment.train.optimizer;
        let damaged = |message: String| {
            Error::file(&path, format!("{message}; it is not the state of this run. Start anew with --force"))
        };
        let (mut tensors, metadata) = read_tensors(&path)?;
        let json = metadata
            .and_then(|mut metadata| metadata.remove("nn4n"))
            .ok_or_else(|| damaged("has no nn4n metadata".into()))?;
        let document: Document =
            serde_json::from_str(&json).map_err(|error| damaged(format!("has a damaged header ({error})")))?;
        if document.format > FORMAT {
            return Err(Error::file(
                &path,
                format!("has format {}, but this program reads up to {FORMAT}; update nn4n", document.format),
            ));
        }
        if document.experiment != identity(experiment)? {
            let message = "has another task, network, seed or init than the run was started with; restore it, or \
                start another run";
            return Err(Error::file(run.config(), message));
        }
        let names: Vec<String> = tensors.keys().filter(|name| name.starts_with("network.")).cloned().collect();
        let parts = names
            .iter()
            .filter_map(|name| Some((name["network.".len()..].to_string(), tensors.remove(name)?)))
            .collect();
        let network = Ctrnn::from_tensors(&experiment.model, parts, DType::F32, device)
            .map_err(|error| damaged(error.to_string()))?;
        let mut take = |name: &str, like: &Tensor| match tensors.remove(name) {
            None => Err(damaged(format!("lacks the tensor `{name}`"))),
            Some(tensor) if tensor.dims() == like.dims() && tensor.dtype() == like.dtype() => {
                Ok(tensor.to_device(like.device())?)
            }
            Some(tensor) => Err(damaged(format!("has `{name}` of shape {:?}, not {:?}", tensor.dims(), like.dims()))),
        };
        let parameters = trained(&network, &experiment.train, experiment.task.as_ref())?;
        let mut all_of = |prefix: &str, kinds: &[&str]| -> Result<Tensors> {
            let names = parameters.iter().flat_map(|parameter| {
                kinds.iter().map(move |kind| (format!("{kind}.{}", parameter.path()), parameter))
            });
            names
                .map(|(name, parameter)| Ok((name.clone(), take(&format!("{prefix}.{name}"), &parameter.var)?)))
                .collect()
        };
        let moments = all_of("moment", config.moments())?;
        let synapses = match experiment.train.synaptic_intelligence {
            Some(config) => Some(SynapticIntelligence::resume(config, all_of("synapses", &KINDS)?)),
            None => None,
        };
        let mut carried = None;
        if network.config().start == Start::Carried {
            let mut take =
                |name: &str| tensors.remove(name).ok_or_else(|| damaged(format!("lacks the tensor `{name}`")));
            let (state, rate) = (take("carried.state")?, take("carried.rate")?);
            carried =
                Some(State { state: state.to_device(network.device())?, rate: rate.to_device(network.device())? });
        }
        if let Some(name) = tensors.keys().next() {
            return Err(damaged(format!("has the unexpected tensor `{name}`")));
        }
        let optimizer = Optimizer::resume(config, document.updates, &moments)?;
        let state = Self { updates: document.updates, optimizer, carried, synapses };
        Ok(Saved { network, parameters, state, validations: document.validations, weights: document.weights })
    }
}

/// What may not change while a run is interrupted.
fn identity(experiment: &Experiment) -> Result<String> {
    let mut experiment = experiment.clone();
    experiment.train = TrainConfig::default();
    experiment.to_toml()
}
