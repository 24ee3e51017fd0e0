//! What a run needs to go on after an interruption as if there had been none: `optimizer.safetensors`.
//!
//! It holds the network's tensors (`network.NAME`), the optimiser's moments (`moment.m.NAME`), the carried-over state
//! of the trials if the network has one (`carried.state`, `carried.rate`), what is remembered of earlier tasks
//! (`synapses.path.NAME`), and a JSON document with the experiment, the number of updates done and the validations so
//! far.

#[cfg(feature = "cli")]
use std::path::Path;
use std::{collections::BTreeSet, path::PathBuf};

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, Parameter, Start, State, Tensors};
use serde::{Deserialize, Serialize};

use super::{
    data_files::{DataFile, data_files},
    history::Thinned,
    saved_network::SavedNetwork,
    synaptic_intelligence::{KINDS, SynapticIntelligence},
    trainer::Trainer,
    validation::Validation,
};
#[cfg(feature = "cli")]
use crate::files::fingerprint;
use crate::{
    checkpoint::{ValidationRecord, read_tensors, serialize},
    echo::quoted,
    error::{Error, Result},
    experiment::{Experiment, TrainConfig, differences},
    loss::Loss,
    optimizer::Optimizer,
    run_directory::{Locked, RunDirectory},
};

/// The newest format of the document that is read, and the one that is written. From 2 on: the network that is saved,
/// files of data, and histories that are thinned.
const FORMAT: u32 = 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u32,
    /// The run.toml but for its settings of the training, which may be changed.
    experiment: String,
    updates: u64,
    /// All, or those that are kept if they are thinned.
    validations: Vec<ValidationRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thinned: Option<Thinned>,
    /// How often the conditions are drawn, where that depends on the validations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    saved: Option<SavedNetwork>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    data: Vec<DataFile>,
}

/// What was found in a run before it goes on, beside the trainer.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// All validations, or those that are kept if they are thinned.
    pub validations: Vec<ValidationRecord>,
    pub thinned: Option<Thinned>,
    /// How often the conditions are drawn.
    pub weights: Option<Vec<f64>>,
    /// What stands in `model.safetensors`; `None` if the program that wrote the state did not say it.
    pub saved: Option<SavedNetwork>,
}

/// Writes the states of one run.
pub(super) struct StateWriter<'a> {
    files: &'a Locked<'a>,
    path: PathBuf,
    identity: String,
    data: Vec<DataFile>,
}

impl<'a> StateWriter<'a> {
    pub(super) fn new(files: &'a Locked<'a>, run: &RunDirectory, experiment: &Experiment) -> Result<Self> {
        let (identity, data) = (identity(experiment)?, data_files(experiment)?);
        Ok(Self { files, path: run.optimizer(), identity, data })
    }

    /// Writes a run between two updates.
    pub(super) fn save(&self, trainer: &Trainer, validation: &Validation, saved: Option<SavedNetwork>) -> Result<()> {
        let (validations, thinned) = validation.history().to_parts();
        let document = Document {
            format: FORMAT,
            experiment: self.identity.clone(),
            updates: trainer.updates,
            validations,
            thinned,
            weights: validation.weights().cloned(),
            saved,
            data: self.data.clone(),
        };
        let json = serde_json::to_string(&document).map_err(|error| Error::file(&self.path, error))?;
        self.files.write_state(&serialize(&self.path, &tensors(trainer)?, Some(json))?)
    }
}

fn tensors(trainer: &Trainer) -> Result<Tensors> {
    let mut tensors: Tensors =
        trainer.network.tensors()?.into_iter().map(|(name, tensor)| (format!("network.{name}"), tensor)).collect();
    for (name, tensor) in trainer.optimizer.state() {
        tensors.insert(format!("moment.{name}"), tensor.clone());
    }
    if let Some(carried) = &trainer.carried {
        tensors.insert("carried.state".into(), carried.state.clone());
        tensors.insert("carried.rate".into(), carried.rate.clone());
    }
    for (name, tensor) in trainer.synapses.iter().flat_map(SynapticIntelligence::memory) {
        tensors.insert(format!("synapses.{name}"), tensor.clone());
    }
    Ok(tensors)
}

/// Whether the content of a file is what a run was trained on, as far as its `state` tells, or what is at the path
/// `trained` now. What cannot be read is not.
#[cfg(feature = "cli")]
pub(crate) fn is_trained_on(path: &Path, state: &Path, trained: Option<&Path>) -> bool {
    let kept = data_of(state).iter().any(|file| file.is_in(path));
    let content = |path: &Path| fingerprint(path).ok();
    kept || trained.is_some_and(|trained| content(path).is_some() && content(path) == content(trained))
}

/// The files that the run of a state is trained on; none where that cannot be told.
#[cfg(feature = "cli")]
fn data_of(state: &Path) -> Vec<DataFile> {
    let metadata = read_tensors(state).ok().and_then(|(_, metadata)| metadata);
    let json = metadata.and_then(|mut metadata| metadata.remove("nn4n"));
    json.and_then(|json| serde_json::from_str::<Document>(&json).ok()).map_or_else(Vec::new, |found| found.data)
}

/// Reads what a [`StateWriter`] wrote.
pub(super) fn load(run: &RunDirectory, experiment: &Experiment, device: &Device) -> Result<(Trainer, Past)> {
    let path = run.optimizer();
    let (tensors, metadata) = read_tensors(&path)?;
    let mut found = Found { path, tensors };
    let json = metadata
        .and_then(|mut metadata| metadata.remove("nn4n"))
        .ok_or_else(|| found.damaged("has no nn4n metadata".into()))?;
    let document: Document = serde_json::from_str(&json)
        .map_err(|error| found.damaged(format!("has a damaged header ({})", quoted(&error))))?;
    if document.format > FORMAT {
        let message = format!("has format {}, but this program reads up to {FORMAT}; update nn4n", document.format);
        return Err(Error::file(&found.path, message));
    }
    if let Some(fields) = differences(&document.experiment, &identity(experiment)?) {
        let message =
            format!("is not the one that the run was started with: {fields}; restore it, or start another run");
        return Err(Error::file(run.config(), message));
    }
    document.data.iter().try_for_each(DataFile::check)?;
    let network = Ctrnn::from_tensors(&experiment.model, found.network(), DType::F32, device)
        .map_err(|error| found.damaged(error.to_string()))?;
    let mut trainer = Trainer::with_network(experiment, network)?;
    found.check_settings(experiment, &trainer.parameters)?;
    let optimizer = experiment.optimizer();
    // Moments and carried states begin with the first update.
    let begun = document.updates > 0;
    let kinds = if begun { optimizer.moments() } else { &[] };
    let moments = found.all_of("moment", kinds, &trainer.parameters)?;
    trainer.updates = document.updates;
    trainer.optimizer = Optimizer::resume(optimizer, document.updates, &moments)?;
    if let Some(config) = experiment.train.synaptic_intelligence {
        let memory = found.all_of("synapses", &KINDS, &trainer.parameters)?;
        trainer.synapses = Some(SynapticIntelligence::resume(config, memory));
    }
    if begun && trainer.network.config().start == Start::Carried {
        trainer.carried =
            Some(State { state: found.take("carried.state", device)?, rate: found.take("carried.rate", device)? });
    }
    if let Some(name) = found.tensors.keys().next() {
        return Err(found.damaged(format!("has the unexpected tensor `{name}`")));
    }
    let Document { validations, thinned, weights, saved, .. } = document;
    Ok((trainer, Past { validations, thinned, weights, saved }))
}

/// The tensors of the file that are not yet taken.
struct Found {
    path: PathBuf,
    tensors: Tensors,
}

impl Found {
    fn damaged(&self, message: String) -> Error {
        let message = format!("{message}; it is not the state of this run. Start anew with --force");
        Error::file(&self.path, message)
    }

    /// Refuses settings of the training that may be changed elsewhere, but not in what this run remembers.
    fn check_settings(&self, experiment: &Experiment, parameters: &[Parameter]) -> Result<()> {
        let moments = self.tensors.keys().filter_map(|name| name.strip_prefix("moment.")?.split_once('.'));
        let (kinds, trained): (BTreeSet<&str>, BTreeSet<&str>) = moments.unzip();
        let paths: BTreeSet<String> = parameters.iter().map(Parameter::path).collect();
        let other = |field: &str, now: &str, before: &str| {
            Err(Error::setting(field, format!("{now}, but this run {before}; restore it, or start another run")))
        };
        if !kinds.is_empty() && kinds != BTreeSet::from_iter(experiment.optimizer().moments().iter().copied()) {
            return other("train.optimizer", "is another one", "holds the moments of the one that it began with");
        }
        if !trained.is_empty() && !trained.iter().eq(paths.iter()) {
            let names = |names: Vec<&str>| names.join(", ");
            let now = format!("leaves {} to be trained", names(paths.iter().map(String::as_str).collect()));
            return other("train.freeze", &now, &format!("trains {}", names(trained.into_iter().collect())));
        }
        let rows = self.tensors.get("carried.state").and_then(|states| states.dims().first());
        match rows.filter(|rows| **rows != experiment.batch_size()) {
            None => Ok(()),
            Some(rows) => {
                let now = format!("is {}", experiment.batch_size());
                other("train.batch_size", &now, &format!("carries the states of {rows} trials from update to update"))
            }
        }
    }

    fn network(&mut self) -> Tensors {
        let of_network = |name: &String| name.starts_with("network.");
        let names: Vec<String> = self.tensors.keys().filter(|name| of_network(name)).cloned().collect();
        let named = |name: String| Some((name["network.".len()..].to_string(), self.tensors.remove(&name)?));
        names.into_iter().filter_map(named).collect()
    }

    fn take(&mut self, name: &str, device: &Device) -> Result<Tensor> {
        match self.tensors.remove(name) {
            Some(tensor) => Ok(tensor.to_device(device)?),
            None => Err(self.damaged(format!("lacks the tensor `{name}`"))),
        }
    }

    fn take_like(&mut self, name: &str, like: &Tensor) -> Result<Tensor> {
        let tensor = self.take(name, like.device())?;
        if tensor.dims() == like.dims() && tensor.dtype() == like.dtype() {
            return Ok(tensor);
        }
        Err(self.damaged(format!("has `{name}` of shape {:?}, not {:?}", tensor.dims(), like.dims())))
    }

    /// `KIND.NAME` for each of the kinds and each parameter.
    fn all_of(&mut self, prefix: &str, kinds: &[&str], parameters: &[Parameter]) -> Result<Tensors> {
        let mut all = Tensors::new();
        for parameter in parameters {
            for kind in kinds {
                let name = format!("{kind}.{}", parameter.path());
                let tensor = self.take_like(&format!("{prefix}.{name}"), &parameter.var)?;
                all.insert(name, tensor);
            }
        }
        Ok(all)
    }
}

/// What may not change while a run is interrupted: everything but the settings of the training, in whose place the
/// same ones stand in every run.
fn identity(experiment: &Experiment) -> Result<String> {
    let train = TrainConfig { loss: Some(Loss::default()), ..TrainConfig::default() };
    Experiment { train, ..experiment.clone() }.to_toml()
}
