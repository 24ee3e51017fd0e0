//! What a set of tasks is made of, as written in a run.toml.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::{Criterion, Objective, TaskError, families, yang2019};

/// The parameters of [`TaskSet`](super::TaskSet).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSetSettings {
    /// The tasks: ids, or tables with more to say, or groups.
    pub tasks: Vec<Entry>,
    /// Which task comes when.
    pub schedule: TaskSchedule,
    /// Whether an input of its own names each task.
    pub rule_inputs: RuleInputs,
    /// What the outputs are trained to do; the objective of the tasks if left out, which then must be the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<Objective>,
    /// When training may stop.
    pub criterion: Criterion,
}

/// A task of a set, or a group of tasks that take their turn together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected the id of a task, `FAMILY/*`, a table with `id`, or a group with `tasks`")]
pub enum Entry {
    /// The id of a task with its published parameters, or `FAMILY/*` for all tasks of a family.
    Id(String),
    /// The same with more to say.
    Table(MemberSettings),
    /// Tasks that are trained at the same time, one per batch by their weights, in a schedule of turns.
    Group(GroupSettings),
}

/// Tasks that take their turn together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSettings {
    /// The tasks: ids, or tables with more to say.
    pub tasks: Vec<Entry>,
    /// For how many updates they are trained, in a sequential schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates: Option<u64>,
}

/// A task of a set, with all that can be said about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSettings {
    /// The id of the task, or `FAMILY/*` for all tasks of a family.
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
    /// Values of the rule inputs on its trials by the names of their tasks, in place of 1 on its own: a composed rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, f64>,
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
    /// Unless each task brings one along: a channel called `rule_` and its own name, as of the families yang2019 and
    /// driscoll2022.
    #[default]
    Auto,
    /// Yes.
    Always,
    /// No: what the network sees must tell the tasks apart.
    Never,
}

impl Default for TaskSetSettings {
    /// The 20 tasks of Yang et al. (2019), the two context tasks five times as often as the others; every task must
    /// reach 90 %.
    fn default() -> Self {
        let member = |id: &str| {
            let weight = if id.contains("contextdm") { 5.0 } else { 1.0 };
            Entry::Table(MemberSettings {
                id: id.into(),
                name: None,
                weight,
                updates: None,
                rules: BTreeMap::new(),
                parameters: serde_json::Map::new(),
            })
        };
        Self {
            tasks: yang2019::TASKS.iter().map(|entry| member(entry.id)).collect(),
            schedule: TaskSchedule::Interleaved,
            rule_inputs: RuleInputs::Auto,
            objective: None,
            criterion: Criterion::MinOfTasks { threshold: 0.9 },
        }
    }
}

impl TaskSetSettings {
    /// The entries with families spelt out, none of them an id.
    pub(super) fn spelt_out(&self) -> Result<Vec<Entry>, TaskError> {
        let mut entries = Vec::new();
        for entry in &self.tasks {
            match entry {
                Entry::Group(group) => {
                    let mut tasks = Vec::new();
                    for entry in &group.tasks {
                        tasks.extend(members(entry)?.into_iter().map(Entry::Table));
                    }
                    entries.push(Entry::Group(GroupSettings { tasks, updates: group.updates }));
                }
                task => entries.extend(members(task)?.into_iter().map(Entry::Table)),
            }
        }
        let entries = Self { tasks: entries, ..self.clone() };
        entries.check()?;
        Ok(entries.tasks)
    }

    fn check(&self) -> Result<(), TaskError> {
        let turns = turns(&self.tasks);
        let mut names = BTreeSet::new();
        for (i, turn) in turns.iter().enumerate() {
            let field = |name: &str| format!("tasks[{i}].{name}");
            if turn.members.is_empty() {
                return Err(TaskError::parameter("tasks", "[]", "must not be empty", "name at least one task"));
            }
            for (j, member) in turn.members.iter().enumerate() {
                let weight = if turn.is_group { format!("tasks[{j}].weight") } else { "weight".into() };
                rules::positive(field(&weight), member.weight)?;
                if !names.insert(member.name()) {
                    let remedy = "give one of them a `name` of its own";
                    return Err(TaskError::parameter("tasks", member.name(), "is there twice", remedy));
                }
                if let (true, Some(updates)) = (turn.is_group, member.updates) {
                    let remedy = "give the whole group its `updates`";
                    return Err(TaskError::parameter(
                        field(&format!("tasks[{j}].updates")),
                        updates,
                        "is inside a group",
                        remedy,
                    ));
                }
            }
            self.check_turn(turn, &field("updates"), i + 1 == turns.len())?;
        }
        if turns.is_empty() {
            return Err(TaskError::parameter("tasks", "[]", "must not be empty", "name at least one task"));
        }
        if self.schedule == TaskSchedule::Blocks(0) {
            return Err(TaskError::parameter(
                "schedule",
                "blocks = 0",
                "must be at least 1",
                "say how many updates a block lasts",
            ));
        }
        Ok(())
    }

    /// Whether the turn and its length have a meaning in the schedule.
    fn check_turn(&self, turn: &Turn<'_>, field: &str, is_last: bool) -> Result<(), TaskError> {
        let updates = turn.updates.unwrap_or(0);
        if self.schedule == TaskSchedule::Sequential {
            if updates > 0 || (is_last && turn.updates.is_none()) {
                return Ok(());
            }
            let remedy = "say for how many updates it is trained: in a sequential schedule only the last task may go \
                on for ever";
            return Err(TaskError::parameter(field, updates, "must be at least 1", remedy));
        }
        if turn.updates.is_some() {
            let remedy = "set `schedule` to \"sequential\", or leave it out";
            return Err(TaskError::parameter(field, updates, "has a meaning in a sequential schedule only", remedy));
        }
        if turn.is_group && !matches!(self.schedule, TaskSchedule::Blocks(_)) {
            let remedy = "set `schedule` to \"sequential\" or { blocks = n }, or list its tasks one by one";
            let names = turn.members.iter().map(|member| member.name()).collect::<Vec<_>>().join(", ");
            return Err(TaskError::parameter(
                "tasks",
                format!("[{names}]"),
                "is a group, and groups take turns",
                remedy,
            ));
        }
        Ok(())
    }
}

/// What is trained at the same time: a task, or a group of tasks.
pub(super) struct Turn<'a> {
    pub members: Vec<&'a MemberSettings>,
    pub updates: Option<u64>,
    is_group: bool,
}

/// The turns of entries that are spelt out.
pub(super) fn turns(entries: &[Entry]) -> Vec<Turn<'_>> {
    entries.iter().filter_map(Entry::turn).collect()
}

impl Entry {
    fn turn(&self) -> Option<Turn<'_>> {
        match self {
            Self::Id(_) => None,
            Self::Table(member) => Some(Turn { members: vec![member], updates: member.updates, is_group: false }),
            Self::Group(group) => {
                let members = group
                    .tasks
                    .iter()
                    .filter_map(|entry| if let Self::Table(member) = entry { Some(member) } else { None });
                Some(Turn { members: members.collect(), updates: group.updates, is_group: true })
            }
        }
    }
}

/// The tasks that an entry names, which is no group.
fn members(entry: &Entry) -> Result<Vec<MemberSettings>, TaskError> {
    let member = match entry {
        Entry::Table(member) => member.clone(),
        Entry::Group(_) => {
            return Err(TaskError::parameter(
                "tasks",
                "a group",
                "is inside a group",
                "list its tasks in the outer one",
            ));
        }
        Entry::Id(id) => MemberSettings {
            id: id.clone(),
            name: None,
            weight: 1.0,
            updates: None,
            rules: BTreeMap::new(),
            parameters: serde_json::Map::new(),
        },
    };
    let id = member.id.as_str();
    if id.starts_with("multitask/") {
        return Err(TaskError::parameter("tasks", id, "is a set, and inside of one", "list its tasks instead"));
    }
    let Some(family) = id.strip_suffix('*') else { return Ok(vec![member]) };
    if let Some(name) = &member.name {
        let remedy = "leave `name` out, or list the tasks of the family one by one";
        return Err(TaskError::parameter("tasks", name, "would be the name of every task of a family", remedy));
    }
    let of_family = families::published().filter(|entry| family.ends_with('/') && entry.id.starts_with(family));
    let members: Vec<_> = of_family.map(|entry| MemberSettings { id: entry.id.into(), ..member.clone() }).collect();
    if members.is_empty() {
        let remedy = "name a family with its slash, such as \"yang2019/*\"; `nn4n tasks list` shows them";
        return Err(TaskError::parameter("tasks", id, "names no family", remedy));
    }
    Ok(members)
}

impl MemberSettings {
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}
