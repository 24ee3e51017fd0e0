//! What a list of networks shows, in `config.json`.

use nn4n_models::{CellType, Kind, Units};
use serde::{Deserialize, Serialize};

use super::Assessment;
use crate::{
    checkpoint::Checkpoint,
    error::{Error, Result},
};

/// A network in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// What reads the checkpoint beside this file: `nn4n`.
    pub library_name: String,
    /// Its name.
    pub id: String,
    /// What the network has learned, in one sentence.
    pub summary: String,
    /// Vanilla, E/I, multi-area or stacked.
    pub kind: Kind,
    /// How many units it has.
    pub units: UnitCounts,
    /// Id of the task.
    pub task: String,
    /// Ids of the tasks that a set of tasks consists of.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub members: Vec<String>,
    /// Version of the task's definition.
    pub task_version: u32,
    /// Size of the checkpoint, bytes.
    pub size: u64,
    /// How well it does.
    pub assessment: Assessment,
    /// Licence of the network, as the hub names it.
    pub license: String,
    /// The paper that the task is from.
    pub paper: String,
}

/// Numbers of units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCounts {
    /// All.
    pub total: usize,
    /// Excitatory ones.
    pub excitatory: usize,
    /// Inhibitory ones.
    pub inhibitory: usize,
    /// Areas by name and number of units, in feedforward order; none where there is but one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub areas: Vec<(String, usize)>,
}

impl UnitCounts {
    /// Those of a network.
    pub fn of(units: &Units) -> Self {
        let count = |wanted| units.cell_types.iter().filter(|cell_type| **cell_type == Some(wanted)).count();
        let areas = units.areas.iter().map(|area| (area.name.clone(), area.range().len()));
        Self {
            total: units.len(),
            excitatory: count(CellType::Excitatory),
            inhibitory: count(CellType::Inhibitory),
            areas: if units.areas.len() > 1 { areas.collect() } else { Vec::new() },
        }
    }
}

/// The ids in the `tasks` of a set of tasks.
fn members(parameters: &serde_json::Value) -> Vec<String> {
    let id = |member: &serde_json::Value| member.as_str().or_else(|| member["id"].as_str()).map(String::from);
    parameters["tasks"].as_array().into_iter().flatten().filter_map(id).collect()
}

impl Description {
    /// The size of the checkpoint in KiB, to the nearest.
    pub fn kibibytes(&self) -> u64 {
        (self.size + 512) / 1024
    }

    /// The description of a checkpoint of `size` bytes.
    ///
    /// # Errors
    /// If the task is not one of this program.
    pub fn of(id: &str, checkpoint: &Checkpoint, size: u64, assessment: Assessment, license: &str) -> Result<Self> {
        let (header, task) = (&checkpoint.header, checkpoint.task()?);
        let members = members(&header.task.parameters);
        let of_these = if members.is_empty() { String::new() } else { format!(": {}", members.join(", ")) };
        Ok(Self {
            library_name: "nn4n".into(),
            id: id.into(),
            summary: format!("{}{of_these}", task.about().summary),
            kind: header.model.kind,
            units: UnitCounts::of(&header.model.layout()),
            task: header.task.id.clone(),
            members,
            task_version: header.task.version,
            size,
            assessment,
            license: license.into(),
            paper: task.about().citation.to_string(),
        })
    }

    /// Reads a `config.json`; `name` says in errors which one.
    ///
    /// # Errors
    /// If it is not one of nn4n.
    pub fn from_json(name: &str, json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|error| {
            Error::file(name, format!("has a config.json that is not of nn4n or of another version ({error})"))
        })
    }
}
