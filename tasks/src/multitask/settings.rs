//! What a set of tasks is made of, as written in a run.toml.

use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::{Criterion, TaskError, list};

/// The parameters of [`TaskSet`](super::TaskSet).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSetSettings {
    /// The tasks: ids, or tables with more to say.
    pub tasks: Vec<Entry>,
    /// Which task comes when.
    pub schedule: TaskSchedule,
    /// Whether an input of its own names each task.
    pub rule_inputs: RuleInputs,
    /// When training may stop.
    pub criterion: Criterion,
}

/// A task of a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected the id of a task, `FAMILY/*`, or a table with `id`")]
pub enum Entry {
    /// The id of a task with its published parameters, or `FAMILY/*` for all tasks of a family.
    Id(String),
    /// The same with more to say.
    Table(MemberSettings),
}

/// A task of a set, with all that can be said about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSettings {
    /// The id of the task.
    pub id: String,
    /// What the set calls it; the id if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How often it is drawn, in proportion to the weights of the others.
    #[serde(default = "one")]
    pub weight: f64,
    /// For how many updates it is trained, in a sequential schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates: Option<u64>,
    /// Parameters that differ from the published ones.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

fn one() -> f64 {
    1.0
}

/// Which task comes when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskSchedule {
    /// Every batch has one task, drawn by its weight (Yang et al. 2019).
    #[default]
    Interleaved,
    /// Every trial has a task of its own, drawn by its weight.
    Mixed,
    /// One task after another for so many updates each, over and over.
    Blocks(u64),
    /// One task after another, each for its own number of updates; the last one goes on.
    Sequential,
}

/// Whether an input of its own names each task, 1 on the whole trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleInputs {
    /// Unless the tasks have such inputs themselves (channels named `rule_...`).
    #[default]
    Auto,
    /// Yes.
    Always,
    /// No: what the network sees must tell the tasks apart.
    Never,
}

impl Default for TaskSetSettings {
    /// The 20 tasks of Yang et al. (2019), the two context tasks five times as often as the others; every task must reach 90 %.
    fn default() -> Self {
        let member = |id: &str| {
            let weight = if id.contains("contextdm") { 5.0 } else { 1.0 };
            Entry::Table(MemberSettings { id: id.into(), name: None, weight, updates: None, parameters: serde_json::Map::new() })
        };
        Self {
            tasks: crate::yang2019::TASKS.iter().map(|entry| member(entry.id())).collect(),
            schedule: TaskSchedule::Interleaved,
            rule_inputs: RuleInputs::Auto,
            criterion: Criterion::MinOfTasks { threshold: 0.9 },
        }
    }
}

impl TaskSetSettings {
    /// The tasks one by one, families spelt out.
    pub(super) fn members(&self) -> Result<Vec<MemberSettings>, TaskError> {
        let mut members = Vec::new();
        for entry in &self.tasks {
            let table =
                |id: &str| MemberSettings { id: id.into(), name: None, weight: 1.0, updates: None, parameters: serde_json::Map::new() };
            match entry {
                Entry::Table(member) => members.push(member.clone()),
                Entry::Id(id) => match id.strip_suffix('*') {
                    None => members.push(table(id)),
                    Some(family) => {
                        let before = members.len();
                        members.extend(
                            list().iter().filter(|info| info.id.starts_with(family) && info.n_inputs.is_some()).map(|info| table(info.id)),
                        );
                        if members.len() == before {
                            let remedy = "name a family with its slash, such as \"yang2019/*\"; `nn4n tasks list` shows them";
                            return Err(TaskError::parameter("tasks", id, "names no family", remedy));
                        }
                    }
                },
            }
        }
        if members.is_empty() {
            return Err(TaskError::parameter("tasks", "[]", "must not be empty", "name at least one task"));
        }
        self.check(&members)?;
        Ok(members)
    }

    fn check(&self, members: &[MemberSettings]) -> Result<(), TaskError> {
        for (i, member) in members.iter().enumerate() {
            rules::positive(&format!("tasks[{i}].weight"), member.weight)?;
            if members[..i].iter().any(|other| other.name() == member.name()) {
                let remedy = "give one of them a `name` of its own";
                return Err(TaskError::parameter("tasks", member.name(), "is there twice", remedy));
            }
            let must_end = self.schedule == TaskSchedule::Sequential && i + 1 < members.len();
            if must_end && member.updates.unwrap_or(0) == 0 {
                let remedy = "say for how many updates it is trained: in a sequential schedule only the last task may go on for ever";
                return Err(TaskError::parameter(
                    &format!("tasks[{i}].updates"),
                    member.updates.unwrap_or(0),
                    "must be at least 1",
                    remedy,
                ));
            }
            if self.schedule != TaskSchedule::Sequential && member.updates.is_some() {
                let remedy = "set `schedule` to \"sequential\", or leave it out";
                let field = format!("tasks[{i}].updates");
                return Err(TaskError::parameter(
                    &field,
                    member.updates.unwrap_or(0),
                    "has a meaning in a sequential schedule only",
                    remedy,
                ));
            }
        }
        if self.schedule == TaskSchedule::Blocks(0) {
            return Err(TaskError::parameter("schedule", "blocks = 0", "must be at least 1", "say how many updates a block lasts"));
        }
        Ok(())
    }
}

impl MemberSettings {
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}
