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

mod header;
mod tensors;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor, WithDType};
use nn4n_models::{Ctrnn, Tensors};
use nn4n_tasks::Task;

pub use header::{FORMAT, Header, ImportedFrom, Provenance, TaskRecord, TrainRecord, ValidationRecord};
#[cfg(feature = "sweep")]
pub(crate) use tensors::read_document;
use tensors::{KEY, parse_tensors};
pub(crate) use tensors::{data_checksum, read_safetensors, read_tensors, serialize};

use crate::{
    error::{Error, Result},
    files::write_atomically,
    intervention::{Altered, Applied},
    simulate::{HostArray, host},
};

/// A network and everything that made it.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The header.
    pub header: Header,
    /// The network's tensors, on the host.
    pub tensors: Tensors,
}

impl Checkpoint {
    /// The network on `device`; its trained tensors are variables, as in a fresh one.
    pub fn network(&self, device: &Device) -> Result<Ctrnn> {
        let dtype = self.tensors.get("w_out").map_or(DType::F32, Tensor::dtype);
        Ok(Ctrnn::from_tensors(&self.header.model, self.tensors.clone(), dtype, device)?)
    }

    /// Of a network that is not trained yet, drawn from `seed`; `task` is what it is for, if that is known.
    ///
    /// # Errors
    /// If its tensors cannot be read.
    pub fn untrained(network: &Ctrnn, task: Option<&dyn Task>, seed: u64) -> Result<Self> {
        let model = network.config().clone();
        let train = TrainRecord { settings: serde_json::json!({}), updates: 0, validations: Vec::new() };
        let header = Header {
            format: FORMAT,
            task: task.map_or_else(|| TaskRecord::unknown(&model), TaskRecord::of),
            provenance: task.map_or_else(Provenance::own, |task| Provenance::of(task, None)),
            model,
            train,
            seed,
            metrics: BTreeMap::new(),
        };
        Ok(Self { header, tensors: network.tensors()? })
    }

    /// The same network with other numbers in some of its tensors, given by their names.
    ///
    /// # Errors
    /// If there is no such tensor, or the numbers break a rule of the network, such as Dale's law.
    pub fn with_tensors(&self, others: Tensors) -> Result<Self> {
        let mut provenance = self.header.provenance.clone();
        provenance.altered.extend(others.keys().map(|name| format!("other numbers in {name}")));
        for name in others.keys() {
            self.array::<f32>(name)?;
        }
        let header = Header { metrics: BTreeMap::new(), provenance, ..self.header.clone() };
        let tensors = self.tensors.clone().into_iter().chain(others).collect();
        let changed = Self { header, tensors };
        changed.network(&Device::Cpu)?;
        Ok(changed)
    }

    /// The checkpoint of this network after lesions or other changes of its weights and noise. It keeps how the network was
    /// trained, but not what was measured of it, and says in its `provenance` what was done.
    ///
    /// # Errors
    /// If units are silenced or injected with currents, which is done in trials and is no part of a network, or the
    /// tensors cannot be brought to the host.
    pub fn altered(&self, altered: &Altered) -> Result<Self> {
        if altered.acts_in_trials() {
            let message = "are done in trials, and cannot be saved with a network; leave them out, or lesion the units";
            return Err(Error::setting("silence and injections", message));
        }
        let mut provenance = self.header.provenance.clone();
        provenance.altered.extend(altered.applied.iter().map(Applied::to_string));
        let model = altered.network.config().clone();
        let header = Header { model, metrics: BTreeMap::new(), provenance, ..self.header.clone() };
        let place = |(name, tensor): (String, Tensor)| Ok((name, tensor.to_device(&Device::Cpu)?));
        let tensors = altered.network.tensors()?.into_iter().map(place).collect::<Result<_>>()?;
        Ok(Self { header, tensors })
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
            Error::shape(
                "tensor",
                format!("`{name}` is not part of this network; its tensors are {}", names.join(", ")),
            )
        })?;
        host(tensor)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written, or could not be read again.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        write_atomically(path, &self.to_bytes(path)?)
    }

    /// The bytes of the file, which is called `path` in messages.
    ///
    /// # Errors
    /// If they could not be read again.
    pub(crate) fn to_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let json = self.header.to_json(path)?;
        serialize(path, &self.tensors, Some(json))
    }

    /// Reads a file, or that of a run directory. Networks that come with the program and those of the hub are opened by
    /// [`zoo::open`](crate::zoo::open).
    ///
    /// # Errors
    /// If there is no such file, or it is not a complete and consistent checkpoint of a format this program knows.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let (path, bytes) = read(path.as_ref())?;
        Self::from_bytes(&path, &bytes)
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
                format!(
                    "is a safetensors file of another program (its metadata are not the one key `nn4n`); if it holds a \
                    network, `nn4n import {} --out DIR` makes a checkpoint of it",
                    path.display()
                ),
            )
        };
        let json = metadata
            .as_ref()
            .filter(|metadata| metadata.len() == 1)
            .and_then(|metadata| metadata.get(KEY))
            .ok_or_else(not_ours)?;
        if tensors.keys().any(|name| name.starts_with("network.")) {
            let message = "is the state of a training run, from which it is resumed, and no network; name the run \
                directory or the model.safetensors in it";
            return Err(Error::file(path, message));
        }
        let checkpoint = Self { header: Header::from_json(path, json)?, tensors };
        let unfit = |error| {
            Error::file(path, format!("does not hold the network it describes ({error}); copy or download it again"))
        };
        checkpoint.network(&Device::Cpu).map_err(unfit)?;
        check_types(path, &checkpoint)?;
        checkpoint.header.check(path, json)?;
        Ok(checkpoint)
    }
}

/// The bytes of the checkpoint at `path`, a file or a run directory, and the file that they are of.
pub(crate) fn read(path: &Path) -> Result<(PathBuf, Vec<u8>)> {
    let file = if path.is_dir() { path.join("model.safetensors") } else { path.to_path_buf() };
    if file.is_file() {
        let bytes = read_safetensors(&file)?;
        return Ok((file, bytes));
    }
    let found = if path.is_dir() { "is a directory without model.safetensors" } else { "does not exist" };
    let message = format!(
        "{found}; name a checkpoint file or a run directory (`nn4n train` makes one), a network of `nn4n zoo list`, or \
        hf:owner/repo on the hub"
    );
    Err(Error::file(path, message))
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
