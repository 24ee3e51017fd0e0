//! A trained network in one safetensors file: its tensors, and a JSON header with everything that made it.
//!
//! ```text
//! tensors     see nn4n_models::params
//! metadata    nn4n = { format, model, task, train, seed, metrics, provenance }
//! ```
//!
//! Reading is strict: what is missing, unexpected, misshapen, not finite, truncated or newer is refused by name, and
//! sizes are checked before memory is taken. Writing is atomic.
//!
//! Its tensors are arrays without a copy:
//!
//! ```no_run
//! let checkpoint = nn4n::Checkpoint::load("runs/rdm")?;
//! let w_rec = checkpoint.array::<f32>("w_rec")?;
//! let strongest = w_rec.view().iter().fold(0f32, |largest, weight| largest.max(weight.abs()));
//! # Ok::<(), nn4n::Error>(())
//! ```

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor, WithDType};
use nn4n_models::{Ctrnn, ModelConfig, Tensors, zoo::ALL as PRETRAINED};
use nn4n_tasks::Task;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::{
    batch::{HostArray, host},
    device::platform,
    error::{Error, Result},
    experiment::Experiment,
    hub::{self, Reference},
    run_directory::{read_bounded, write_atomically},
};

/// The newest format this program reads and the one it writes.
pub const FORMAT: u32 = 1;

/// The one key of the file's metadata.
const KEY: &str = "nn4n";

/// The largest file that is read, bytes: the largest network in f64 with all its masks is smaller.
const LARGEST_FILE: u64 = 32 << 30;

/// The largest JSON document in a file, bytes.
const LARGEST_HEADER: usize = 16 << 20;
/// Most tensors in a file: a stacked network has some ten for each layer.
const MOST_TENSORS: usize = 10_000;

/// A network and everything that made it.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The header.
    pub header: Header,
    /// The network's tensors, on the host.
    pub tensors: Tensors,
}

/// The JSON document in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Format of this document and of the tensors.
    pub format: u32,
    /// The network.
    pub model: ModelConfig,
    /// The task it was trained on.
    pub task: TaskRecord,
    /// How it was trained.
    pub train: TrainRecord,
    /// Seed of the run.
    pub seed: u64,
    /// Results, such as `performance`.
    pub metrics: BTreeMap<String, f64>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// A task as a checkpoint names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRecord {
    /// `family/name`
    pub id: String,
    /// Version of the definition.
    pub version: u32,
    /// All parameters.
    pub parameters: serde_json::Value,
    /// Names of the input channels.
    pub inputs: Vec<String>,
    /// Names of the output channels.
    pub outputs: Vec<String>,
}

impl TaskRecord {
    /// The record of a task.
    pub fn of(task: &dyn Task) -> Self {
        let names = |channels: Vec<nn4n_tasks::Channel>| channels.into_iter().map(|channel| channel.name).collect();
        Self {
            id: task.id().into(),
            version: task.about().version,
            parameters: task.parameters(),
            inputs: names(task.inputs()),
            outputs: names(task.outputs()),
        }
    }

    /// Rebuilds the task from the registry.
    ///
    /// # Errors
    /// If the id is not in the registry (a task of one's own: pass it to the library call instead), or its definition
    /// has another version by now.
    pub fn create(&self) -> Result<Box<dyn Task>> {
        if nn4n_tasks::ids().all(|id| id != self.id) {
            let message = format!(
                "`{}`, which the network was trained on, is not a task of this program; name one with --task ID (see \
                `nn4n tasks list`) or your own trials with --data FILE, or evaluate it from Rust",
                self.id
            );
            return Err(Error::setting("task.id", message));
        }
        let task = nn4n_tasks::create(&self.id, Some(&self.parameters))?;
        if task.about().version == self.version {
            return Ok(task);
        }
        Err(Error::setting(
            "task.version",
            format!(
                "the checkpoint was trained on version {} of `{}`, but this program has version {}; use a program of \
                the checkpoint's version, or name a task explicitly",
                self.version,
                self.id,
                task.about().version
            ),
        ))
    }
}

/// How a network was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainRecord {
    /// The settings, as in `[train]` of a run.toml.
    pub settings: serde_json::Value,
    /// Updates done when this network was saved.
    pub updates: u64,
    /// All validations until then.
    pub validations: Vec<ValidationRecord>,
}

/// One validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationRecord {
    /// Updates done.
    pub update: u64,
    /// Loss of the task on the validation trials.
    pub loss: f64,
    /// Fraction of scored trials that were right.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub performance: Option<f64>,
    /// Performance in the worst condition.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub minimum: Option<f64>,
    /// Root mean square error over graded entries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rms_error: Option<f64>,
    /// Performance in each task of a set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub per_task: BTreeMap<String, f64>,
    /// Stage of the curriculum, counted from 0, on whose trials this was found; `None` without a curriculum.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stage: Option<usize>,
}

/// Where a network comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Program and version that wrote the file.
    pub program: String,
    /// Where it was trained, as [`platform`] says it: there the recipe gives the same bits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub platform: Option<String>,
    /// The checkpoint whose network training started from; `None` if it was drawn from the seed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub init: Option<PathBuf>,
    /// The file of another library that it was read from; `None` if this program made it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub imported: Option<ImportedFrom>,
    /// What to cite with it.
    pub citations: Vec<String>,
}

/// A file of another library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedFrom {
    /// Name of its [format](crate::import::Format).
    pub format: String,
    /// Its name, without the directory.
    pub file: String,
}

impl Provenance {
    /// This program and its version.
    pub(crate) fn program() -> String {
        concat!("nn4n ", env!("CARGO_PKG_VERSION")).into()
    }

    /// This program, and the sources of the network and the task.
    pub fn of(experiment: &Experiment) -> Self {
        let task = experiment.task.as_ref();
        let model = "Song, Yang & Wang (2016). Training excitatory-inhibitory recurrent neural networks for cognitive \
            tasks: a simple and flexible framework. https://doi.org/10.1371/journal.pcbi.1004792";
        let citation = task.about().citation;
        let citations = if citation.doi.is_empty() || citation.doi.contains("pcbi.1004792") {
            vec![model.into()]
        } else {
            vec![model.into(), citation.to_string()]
        };
        Self {
            program: Self::program(),
            platform: Some(platform()),
            init: experiment.init.clone(),
            imported: None,
            citations,
        }
    }
}

impl Checkpoint {
    /// The network on `device`; its trained tensors are variables, as in a fresh one.
    pub fn network(&self, device: &Device) -> Result<Ctrnn> {
        let dtype = self.tensors.get("w_out").map_or(DType::F32, Tensor::dtype);
        Ok(Ctrnn::from_tensors(&self.header.model, self.tensors.clone(), dtype, device)?)
    }

    /// The task it was trained on.
    pub fn task(&self) -> Result<Box<dyn Task>> {
        self.header.task.create()
    }

    /// The tensor `name` as an array, without a copy if it is of type `T`.
    ///
    /// # Errors
    /// If there is no such tensor.
    pub fn array<T: WithDType>(&self, name: &str) -> Result<HostArray<'_, T>> {
        let tensor = self.tensors.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
            Error::setting(
                "tensor",
                format!("`{name}` is not part of this network; its tensors are {}", names.join(", ")),
            )
        })?;
        host(tensor)
    }

    /// Writes the file, whole or not at all.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        check_names(path.as_ref(), &self.header)?;
        let json = serde_json::to_string(&self.header).map_err(|error| Error::file(&path, error))?;
        if json.len() > LARGEST_HEADER {
            let message = format!(
                "would have a header of {} bytes, more than the {LARGEST_HEADER} that can be read; shorten the \
                model's arrays or the task's parameters",
                json.len()
            );
            return Err(Error::file(&path, message));
        }
        write_atomically(path.as_ref(), &serialize(path.as_ref(), &self.tensors, Some(json))?)
    }

    /// Reads `reference`: a file, a run directory, the name of a network that comes with the program (see
    /// [`zoo`](crate::zoo)), or `hf:owner/repo[@revision][/file]` on the [hub].
    ///
    /// # Errors
    /// If there is no such file, it cannot be downloaded, or it is not a complete and consistent checkpoint of a format
    /// this program knows.
    pub fn load(reference: impl AsRef<Path>) -> Result<Self> {
        load_with_bytes(reference.as_ref()).map(|(checkpoint, _)| checkpoint)
    }

    /// Reads the bytes of a file, which is called `path` in messages.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self> {
        let (tensors, metadata) = parse_tensors(path, bytes)?;
        let not_ours = || {
            Error::file(
                path,
                "is a safetensors file of another program (its metadata are not the one key `nn4n`); only checkpoints \
                saved by nn4n can be read",
            )
        };
        let json = metadata
            .as_ref()
            .filter(|metadata| metadata.len() == 1)
            .and_then(|metadata| metadata.get(KEY))
            .ok_or_else(not_ours)?;
        let checkpoint = Self { header: parse_header(path, json)?, tensors };
        let unfit = |error| {
            Error::file(path, format!("does not hold the network it describes ({error}); copy or download it again"))
        };
        checkpoint.network(&Device::Cpu).map_err(unfit)?;
        check_types(path, &checkpoint)?;
        check_complete(path, json, &checkpoint.header)?;
        check_names(path, &checkpoint.header)?;
        Ok(checkpoint)
    }
}

/// The checkpoint that `reference` names, and the bytes of its file.
pub(crate) fn load_with_bytes(reference: &Path) -> Result<(Checkpoint, Cow<'static, [u8]>)> {
    let from_hub = Reference::from_path(reference)?;
    let unfit = |error| match &from_hub {
        Some(named) => {
            Error::hub(named, format!("{error}; or name another file of the repository, as hf:owner/repo/FILE"))
        }
        None => error,
    };
    let (path, bytes) = read(reference)?;
    Ok((Checkpoint::from_bytes(&path, &bytes).map_err(unfit)?, bytes))
}

/// The bytes of the checkpoint that `reference` names, and what to call it.
fn read(reference: &Path) -> Result<(PathBuf, Cow<'static, [u8]>)> {
    // A file or a run on the disk goes before a network of the same name that comes with the program.
    let is_on_disk = reference.is_file() || reference.join("model.safetensors").is_file();
    if let Some(pretrained) = PRETRAINED.iter().find(|files| !is_on_disk && Path::new(files.id) == reference) {
        return Ok((pretrained.id.into(), Cow::Borrowed(pretrained.model)));
    }
    let path = locate(reference)?;
    let bytes = read_bounded(&path, LARGEST_FILE)?;
    Ok((path, Cow::Owned(bytes)))
}

/// The file that `reference` names, downloaded if it is on the [hub] and not in the cache.
///
/// # Errors
/// If there is none.
pub fn locate(reference: &Path) -> Result<PathBuf> {
    if let Some(named) = Reference::from_path(reference)? {
        return hub::fetch(&named);
    }
    let path = if reference.is_dir() { reference.join("model.safetensors") } else { reference.to_path_buf() };
    if path.is_file() {
        return Ok(path);
    }
    let message = if reference.is_dir() { "is a directory without model.safetensors" } else { "does not exist" };
    Err(Error::file(
        reference,
        format!(
            "{message}; name a checkpoint file or a run directory (`nn4n train` makes one), a network of `nn4n zoo \
            list`, or hf:owner/repo on the hub"
        ),
    ))
}

fn parse_header(path: &Path, json: &str) -> Result<Header> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    if json.len() > LARGEST_HEADER {
        let message = format!(
            "has a header of {} bytes, more than the {LARGEST_HEADER} that a network has; get the file again",
            json.len()
        );
        return Err(Error::file(path, message));
    }
    let damaged = |error: serde_json::Error| {
        Error::file(path, format!("has a damaged nn4n header ({error}); copy or download the file again"))
    };
    let version: Version = serde_json::from_str(json).map_err(damaged)?;
    if version.format != FORMAT {
        let message =
            format!("has format {}, but this program reads {FORMAT}; update nn4n to read a newer one", version.format);
        return Err(Error::file(path, message));
    }
    serde_json::from_str(json).map_err(damaged)
}

/// Numbers of one type, which nothing has to be converted to.
fn check_types(path: &Path, checkpoint: &Checkpoint) -> Result<()> {
    let specs = checkpoint.header.model.tensor_specs();
    let numbers = || {
        specs
            .iter()
            .filter(|spec| !spec.mask)
            .filter_map(|spec| Some((&spec.name, checkpoint.tensors.get(&spec.name)?.dtype())))
    };
    for wanted in [DType::F32, DType::F64] {
        if numbers().all(|(_, dtype)| dtype == wanted) {
            return Ok(());
        }
    }
    let found = numbers().map(|(name, dtype)| format!("{name} {}", dtype.as_str())).collect::<Vec<_>>().join(", ");
    Err(Error::file(
        path,
        format!(
            "has tensors of more than one data type or of one that networks do not have ({found}); get the file again"
        ),
    ))
}

/// A description with a field left out would be read with a default, and might mean another network.
fn check_complete(path: &Path, json: &str, header: &Header) -> Result<()> {
    let refused =
        |message: &str| Err(Error::file(path, format!("has a damaged nn4n header ({message}); get the file again")));
    let written: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    if serde_json::to_value(&header.model).ok().as_ref() != written.get("model") {
        return refused("its model is not complete");
    }
    if (header.task.inputs.len(), header.task.outputs.len()) != (header.model.inputs, header.model.outputs) {
        return refused("its task has not the channels of its model");
    }
    Ok(())
}

/// Names are shown in terminals and on cards. A network that could not be read again is not written either.
fn check_names(path: &Path, header: &Header) -> Result<()> {
    let names = header
        .task
        .inputs
        .iter()
        .chain(&header.task.outputs)
        .chain(header.metrics.keys())
        .chain(&header.provenance.citations);
    match names.chain([&header.task.id, &header.provenance.program]).find(|name| name.contains(char::is_control)) {
        Some(name) => Err(Error::file(
            path,
            format!("has the name {name:?}, which holds a control character; names are plain text, so take another"),
        )),
        None => Ok(()),
    }
}

/// The tensors as a safetensors file with `json` under the one metadata key.
pub(crate) fn serialize(path: &Path, tensors: &Tensors, json: Option<String>) -> Result<Vec<u8>> {
    let contiguous: Vec<(&String, Tensor)> = tensors
        .iter()
        .map(|(name, tensor)| Ok((name, tensor.to_device(&Device::Cpu)?.contiguous()?)))
        .collect::<Result<_>>()?;
    let metadata = json.map(|json| HashMap::from([(KEY.to_string(), json)]));
    safetensors::serialize(contiguous.iter().map(|(name, tensor)| (name, tensor)), metadata)
        .map_err(|error| Error::file(path, format!("could not be written ({error})")))
}

/// All tensors of a safetensors file, and its metadata.
pub(crate) fn read_tensors(path: &Path) -> Result<(Tensors, Option<HashMap<String, String>>)> {
    parse_tensors(path, &read_bounded(path, LARGEST_FILE)?)
}

fn parse_tensors(path: &Path, bytes: &[u8]) -> Result<(Tensors, Option<HashMap<String, String>>)> {
    let damaged = |error: &dyn std::fmt::Display| {
        Error::file(
            path,
            format!("is not a complete safetensors file ({error}); it may be truncated: copy or download it again"),
        )
    };
    let length = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if length > 2 * LARGEST_HEADER as u64 {
        return Err(damaged(&format!(
            "its head has {length} bytes, more than the table and the description of a network"
        )));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?;
    if file.len() > MOST_TENSORS {
        return Err(damaged(&format!(
            "it has {} tensors, more than the {MOST_TENSORS} of the largest network",
            file.len()
        )));
    }
    for (name, tensor) in file.iter() {
        // Of a shape with a zero among its sizes the others say nothing about the bytes in the file.
        let strides = tensor.shape().iter().try_fold(1usize, |product, size| product.checked_mul((*size).max(1)));
        if strides.is_none_or(|product| isize::try_from(product).is_err()) {
            return Err(damaged(&format!("tensor `{name}` has the impossible shape {:?}", tensor.shape())));
        }
    }
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error))?;
    let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(|error| damaged(&error))?;
    Ok((tensors.into_iter().collect(), metadata.metadata().clone()))
}
