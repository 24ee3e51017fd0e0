//! Several tasks for one network, with one layout of channels.
//!
//! ```text
//! inputs      every input channel of the tasks, by name; then, unless each task brings one along (`rule_` and its own
//!             name), an input for each task that is 1 on its trials
//! outputs     every output channel of the tasks, by name; one that a task does not have is not graded (of classes:
//!             never the right one)
//! schedule    interleaved   one task per batch, task i with probability weight_i / sum(weights)
//!             mixed         the same for every trial
//!             blocks = n    tasks in turn, n updates each, over and over
//!             sequential    tasks in turn, updates_i each, the last one for ever
//! group       { tasks, updates } in the place of a task takes its turn as one does; each batch of it has one of its
//!             tasks, drawn by weight
//! rules       { NAME = value, .. } of a task: values of the rule inputs on its trials in place of 1 on its own, as in
//!             { id = "yang2019/delayanti", rules = { fdanti = 1, delaygo = 1, fdgo = -1 } }
//! ```
//!
//! A trial is the trial that the task makes alone, bit for bit, on these channels; its condition starts with `task`.
//! All tasks must have the same step; tasks of different objectives are trained by the one that `objective` names.
//! Tests and validations draw by weight, or go through all conditions of all tasks, whatever the schedule. Training
//! stops by the `criterion`, usually the mean or the minimum over the tasks.
//!
//! The default is Yang, Joglekar, Song, Newsome & Wang (2019), Task representations in neural networks trained to
//! perform many cognitive tasks, Nat Neurosci 22: 297-306, <https://doi.org/10.1038/s41593-018-0310-2>: 20 tasks, one
//! per batch, the two context tasks five-fold.
//!
//! Differences from the source: its code trains all 20 tasks for a fixed number of trials, since its stop rule, a
//! performance above 1, never holds. The criterion here is this library's: the 90 % for every task that the paper asks
//! of the networks that it analyses.
//!
//! ```
//! use nn4n_tasks::{Split, batch, create};
//! use serde_json::json;
//! let tasks = ["song2016/rdm_fixed", "song2016/rdm_varstim"];
//! let set = create("multitask/set", Some(&json!({ "tasks": tasks, "schedule": "mixed" })))?;
//! let names: Vec<String> = set.inputs().iter().map(ToString::to_string).collect();
//! assert_eq!(names[..3], ["evidence_1", "evidence_2", "start_cue"]);
//! assert_eq!(names[3..], ["rule_song2016/rdm_fixed", "rule_song2016/rdm_varstim"]);
//! let trials = batch(set.as_ref(), Split::Train, 0, 0, 8)?;
//! assert!(trials.conditions.iter().all(|condition| condition.text("task").is_some()));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

mod member;
mod schedule;
mod settings;

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

use self::member::{Layout, Member, arrange};
pub use self::settings::{Entry, GroupSettings, MemberSettings, RuleInputs, TaskSchedule, TaskSetSettings};
use crate::{
    About, Channel, Citation, Condition, Criterion, Described, Objective, Schedule, Score, Split, Task, TaskError,
    Trial, TrialRng, TrialView, parameters_of,
};

/// Several tasks for one network.
#[derive(Debug)]
pub struct TaskSet {
    settings: TaskSetSettings,
    /// Which members are trained at the same time, and for how many updates: one turn after another.
    turns: Vec<(Range<usize>, Option<u64>)>,
    members: Vec<Member>,
    layout: Layout,
    summary: String,
}

impl Described for TaskSet {
    const ABOUT: About<'static> = About {
        id: "multitask/set",
        summary: "Several tasks for one network",
        header: include_str!("mod.rs"),
        ..About::NEW
    };
}

impl TaskSet {
    /// Creates the tasks of a set.
    ///
    /// # Errors
    /// If there is no such task, a task's parameters are refused, a task is there twice, or the tasks differ in step or
    /// objective.
    pub fn new(settings: TaskSetSettings) -> Result<Self, TaskError> {
        // Families are spelt out, so that the set stays what it is when a family grows.
        let settings = TaskSetSettings { tasks: settings.spelt_out()?, ..settings };
        let (mut turns, mut all) = (Vec::new(), Vec::new());
        for turn in settings::turns(&settings.tasks) {
            turns.push((all.len()..all.len() + turn.members.len(), turn.updates));
            all.extend(turn.members);
        }
        let (members, layout) = arrange(&all, &settings)?;
        let summary = format!("{} tasks for one network, {}", members.len(), settings.schedule);
        Ok(Self { settings, turns, members, layout, summary })
    }

    /// The names of the tasks.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// The task of a trial that was made.
    fn member_of(&self, condition: &Condition) -> Option<&Member> {
        condition.text("task").and_then(|name| self.members.iter().find(|member| member.name == name))
    }

    fn member(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<&Member, TaskError> {
        let asked = condition.and_then(|condition| condition.get("task"));
        let found = match asked {
            Some(name) => self.members.iter().find(|member| name.to_string() == member.name),
            None => self.members.get(self.index_of_turn(split, rng)),
        };
        found.ok_or_else(|| {
            let remedy = format!("its tasks are: {}", self.names().collect::<Vec<_>>().join(", "));
            let name = asked.map_or(String::new(), ToString::to_string);
            TaskError::condition("task", name, "is none of this set", remedy)
        })
    }

    fn of_all(&self, conditions: impl Fn(&Member) -> Vec<Condition>) -> Vec<Condition> {
        let named = |member: &Member| {
            let name = Condition::new().with("task", member.name.clone());
            conditions(member).iter().map(|condition| name.clone().and(condition)).collect::<Vec<_>>()
        };
        self.members.iter().flat_map(named).collect()
    }
}

impl Task for TaskSet {
    fn about(&self) -> About<'_> {
        let about = || self.members.iter().map(|member| member.task.about());
        About {
            // A set changes with its tasks.
            version: about().map(|about| about.version).sum::<u32>() - self.members.len() as u32 + 1,
            summary: &self.summary,
            citation: about().next().map_or(Citation::UNPUBLISHED, |about| about.citation),
            ..Self::ABOUT
        }
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(&self.settings)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.members.iter().try_for_each(|member| member.task.validate())
    }

    fn dt(&self) -> f64 {
        self.members.first().map_or(0.0, |member| member.task.dt())
    }

    fn inputs(&self) -> Vec<Channel> {
        self.layout.inputs.clone()
    }

    fn outputs(&self) -> Vec<Channel> {
        self.layout.outputs.clone()
    }

    fn conditions(&self) -> Vec<Condition> {
        self.of_all(|member| member.task.conditions())
    }

    fn grid(&self) -> Vec<Condition> {
        self.of_all(|member| member.task.grid())
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let member = self.member(split, condition, rng)?;
        let condition =
            condition.map(|condition| condition.without("task")).filter(|condition| condition.iter().next().is_some());
        Ok(member.placed(member.task.trial(split, condition.as_ref(), rng)?, &self.layout))
    }

    fn trajectory(
        &self,
        split: Split,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<Option<Array2<f64>>, TaskError> {
        let member = self.member(split, condition, rng)?;
        let condition =
            condition.map(|condition| condition.without("task")).filter(|condition| condition.iter().next().is_some());
        member.task.trajectory(split, condition.as_ref(), rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.member_of(trial.condition).map_or(Score::default(), |member| member.score(trial, outputs, &self.layout))
    }

    /// That of the task which has the variable; all that have it must agree.
    fn unit(&self, variable: &str) -> &'static str {
        let mut units: Vec<_> = self.members.iter().map(|member| member.task.unit(variable)).collect();
        units.retain(|unit| !unit.is_empty());
        units.dedup();
        if let [unit] = units[..] { unit } else { "" }
    }

    fn chose_first(&self, condition: &Condition, score: &Score) -> Option<bool> {
        self.member_of(condition)?.chose_first(condition, score, &self.layout)
    }

    /// That of the tasks, where those that have the choice agree.
    fn choice_name(&self, choice: usize) -> String {
        let mut names: Vec<String> =
            self.members.iter().filter_map(|member| member.choice_name(choice, &self.layout)).collect();
        names.dedup();
        match names.as_slice() {
            [name] => name.clone(),
            _ => format!("choice {}", choice + 1),
        }
    }

    fn objective(&self) -> Objective {
        self.layout.objective
    }

    fn sigma_rec(&self) -> Option<f64> {
        let mut all = self.members.iter().map(|member| member.task.sigma_rec());
        let first = all.next().flatten();
        first.filter(|_| all.all(|other| other == first))
    }

    fn chance(&self) -> f64 {
        self.members.iter().map(|member| member.task.chance()).sum::<f64>() / self.members.len() as f64
    }

    fn schedule(&self) -> Option<&dyn Schedule> {
        Some(self)
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(self.settings.criterion)
    }
}
