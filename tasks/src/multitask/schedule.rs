//! Whose turn it is among the tasks of a set.

use std::fmt;
use std::ops::Range;

use super::{TaskSchedule, TaskSet};
use crate::rng::by_weight;
use crate::{Condition, Schedule, Split, TrialRng};

impl TaskSet {
    /// The index of the task whose turn it is.
    pub(super) fn index_of_turn(&self, split: Split, rng: &mut TrialRng) -> usize {
        let turn = match self.settings.schedule {
            TaskSchedule::Mixed => return self.by_weight(0..self.members.len(), rng.uniform()),
            TaskSchedule::Blocks(updates) if split == Split::Train => {
                (rng.update() / updates % self.turns.len() as u64) as usize
            }
            TaskSchedule::Sequential if split == Split::Train => {
                self.switches().iter().take_while(|switch| **switch <= rng.update()).count()
            }
            // All of them.
            TaskSchedule::Interleaved | TaskSchedule::Blocks(_) | TaskSchedule::Sequential => self.turns.len(),
        };
        let members = self.turns.get(turn).map_or(0..self.members.len(), |(members, _)| members.clone());
        self.by_weight(members, rng.shared("task").uniform())
    }

    fn by_weight(&self, members: Range<usize>, uniform: f64) -> usize {
        let first = members.start;
        let weights = self.members.get(members).unwrap_or_default().iter().map(|member| member.weight);
        first + by_weight(weights, uniform).unwrap_or(0)
    }
}

impl Schedule for TaskSet {
    fn turn(&self, split: Split, rng: &mut TrialRng) -> Condition {
        let member = self.members.get(self.index_of_turn(split, rng));
        member.map_or_else(Condition::new, |member| Condition::new().with("task", member.name.clone()))
    }

    fn switches(&self) -> Vec<u64> {
        if self.settings.schedule != TaskSchedule::Sequential {
            return Vec::new();
        }
        let end_of = |end: &mut u64, (_, updates): &(Range<usize>, Option<u64>)| {
            *end = end.saturating_add(updates.unwrap_or(0));
            Some(*end)
        };
        self.turns.iter().take(self.turns.len() - 1).scan(0, end_of).collect()
    }

    fn unscored(&self) -> Vec<String> {
        self.members
            .iter()
            .filter(|member| !member.task.unscored().is_empty())
            .map(|member| member.name.clone())
            .collect()
    }
}

impl fmt::Display for TaskSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interleaved => f.write_str("one per batch"),
            Self::Mixed => f.write_str("mixed within batches"),
            Self::Blocks(updates) => write!(f, "in blocks of {updates} updates"),
            Self::Sequential => f.write_str("one after another"),
        }
    }
}
