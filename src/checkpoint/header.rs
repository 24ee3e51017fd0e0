//! The JSON document of a checkpoint: what is in the file beside the tensors.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use candle_core::Device;
use nn4n_models::ModelConfig;
use nn4n_tasks::{Citation, Task};
use serde::{Deserialize, Serialize};

use crate::{
    device::{name, platform},
    echo::quoted,
    error::{Error, Result},
    experiment::ChannelNames,
};

/// The newest format this program reads and the one it writes.
pub const FORMAT: u32 = 1;

/// The largest JSON document in a file, bytes.
pub(super) const LARGEST_HEADER: usize = 16 << 20;

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
    /// The id of the task of a network of which no task is known.
    pub const UNKNOWN: &'static str = "unknown";

    /// Of a network of which no task is known.
    pub fn unknown(model: &ModelConfig) -> Self {
        let names = |kind: &str, count: usize| (0..count).map(|index| format!("{kind}_{index}")).collect();
        Self {
            id: Self::UNKNOWN.into(),
            version: 0,
            parameters: serde_json::json!({}),
            inputs: names("input", model.inputs),
            outputs: names("output", model.outputs),
        }
    }

    /// The names of its channels.
    pub fn channels(&self) -> ChannelNames<'_> {
        ChannelNames { inputs: &self.inputs, outputs: &self.outputs }
    }

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
    /// has another version by now that cannot make the same trials.
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
        if let Some(then) = task.about().of_version(self.version, &self.parameters) {
            return Ok(nn4n_tasks::create(&self.id, Some(&then))?);
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
    /// The validations until then, oldest first: all of up to 1,000, and of more every second, fourth, eighth ... with
    /// the best and the last.
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
    /// The CPU on which it was trained, as [`platform`](crate::device::platform) says it: there the recipe gives the
    /// same bits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub platform: Option<String>,
    /// The GPU on which it was trained, where the same recipe may give other bits; `None` if it was the CPU.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device: Option<String>,
    /// The checkpoint whose network training started from; `None` if it was drawn from the seed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub init: Option<PathBuf>,
    /// The file of another library that it was read from; `None` if this program made it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub imported: Option<ImportedFrom>,
    /// What was done to the network since, such as a lesion, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub altered: Vec<String>,
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

impl ValidationRecord {
    /// What was found, in words: in the measure of its task, and in which stage of a curriculum.
    pub fn summary(&self) -> String {
        let found = match (self.performance, self.rms_error) {
            (Some(performance), _) => format!("performance {:.1} %", 100.0 * performance),
            (None, Some(error)) => format!("error {error:.4}"),
            (None, None) => format!("validation loss {:.4}", self.loss),
        };
        match self.stage {
            Some(stage) => format!("stage {}: {found}", stage + 1),
            None => found,
        }
    }
}

impl Provenance {
    /// This program and its version.
    pub(crate) fn program() -> String {
        concat!("nn4n ", env!("CARGO_PKG_VERSION")).into()
    }

    /// The citations and that of a task, unless it is among them, in this form or another, or nothing is published.
    fn citations_with(&self, task: &Citation) -> Vec<String> {
        let mut citations = self.citations.clone();
        if task.is_published() && !citations.iter().any(|known| task.is_meant_by(known)) {
            citations.push(task.to_string());
        }
        citations
    }

    /// This program, and the sources of the network and of the task that it was trained on.
    pub fn of(task: &dyn Task, init: Option<PathBuf>) -> Self {
        let own = Self { init, ..Self::own() };
        Self { citations: own.citations_with(&task.about().citation), ..own }
    }

    /// This program, and the source of the network.
    pub fn own() -> Self {
        let model = "Song, Yang & Wang (2016). Training excitatory-inhibitory recurrent neural networks for cognitive \
            tasks: a simple and flexible framework. https://doi.org/10.1371/journal.pcbi.1004792";
        let platform = Some(platform());
        let citations = vec![model.into()];
        let altered = Vec::new();
        Self { program: Self::program(), platform, device: None, init: None, imported: None, altered, citations }
    }

    /// The same of a network that was trained on this device.
    pub fn on(self, device: &Device) -> Self {
        if device.is_cpu() { self } else { Self { platform: None, device: Some(name(device)), ..self } }
    }
}

impl Header {
    /// What to cite: the sources of the network, and that of its task where it is one of this program's. Files of
    /// earlier versions do not name the latter.
    pub fn citations(&self) -> Vec<String> {
        match nn4n_tasks::list().iter().find(|task| task.id == self.task.id) {
            Some(task) => self.provenance.citations_with(&task.citation),
            None => self.provenance.citations.clone(),
        }
    }

    /// The document as it stands in the file `path`; of the network it says all, so that it stays what it is when a
    /// default changes.
    pub(super) fn to_json(&self, path: &Path) -> Result<String> {
        self.check_names(path)?;
        let whole = Self { model: self.model.clone().completed(), ..self.clone() };
        let json = serde_json::to_string(&whole).map_err(|error| Error::file(path, error))?;
        if json.len() > LARGEST_HEADER {
            let message = format!(
                "would have a header of {} bytes, more than the {LARGEST_HEADER} that can be read; shorten the \
                model's arrays or the task's parameters",
                json.len()
            );
            return Err(Error::file(path, message));
        }
        Ok(json)
    }

    /// Reads the document of the file `path`, which is to be [checked](Self::check).
    pub(super) fn from_json(path: &Path, json: &str) -> Result<Self> {
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
            let error = quoted(&error);
            Error::file(path, format!("has a damaged nn4n header ({error}); copy or download the file again"))
        };
        let version: Version = serde_json::from_str(json).map_err(damaged)?;
        if version.format != FORMAT {
            let message = format!(
                "has format {}, but this program reads {FORMAT}; update nn4n to read a newer one",
                version.format
            );
            return Err(Error::file(path, message));
        }
        serde_json::from_str(json).map_err(damaged)
    }

    /// Refuses what is not complete or not fit to be shown.
    pub(super) fn check(&self, path: &Path, json: &str) -> Result<()> {
        self.check_complete(path, json)?;
        self.check_names(path)
    }

    /// A description with a field left out would be read with a default, and might mean another network.
    fn check_complete(&self, path: &Path, json: &str) -> Result<()> {
        let refused = |message: &str| {
            Err(Error::file(path, format!("has a damaged nn4n header ({message}); get the file again")))
        };
        let written: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        if serde_json::to_value(self.model.clone().completed()).ok().as_ref() != written.get("model") {
            return refused("its model is not complete");
        }
        if (self.task.inputs.len(), self.task.outputs.len()) != (self.model.inputs, self.model.outputs) {
            return refused("its task has not the channels of its model");
        }
        Ok(())
    }

    /// Names are shown in terminals and on cards. A network that could not be read again is not written either.
    fn check_names(&self, path: &Path) -> Result<()> {
        let Self { task, metrics, provenance, .. } = self;
        let names = task.inputs.iter().chain(&task.outputs).chain(metrics.keys()).chain(&provenance.citations);
        match names
            .chain(&provenance.altered)
            .chain([&task.id, &provenance.program])
            .find(|name| name.contains(char::is_control))
        {
            Some(name) => {
                let name = quoted(&format!("{name:?}"));
                let message = format!(
                    "has the name {name}, which holds a control character; names are plain text, so take another"
                );
                Err(Error::file(path, message))
            }
            None => Ok(()),
        }
    }
}
