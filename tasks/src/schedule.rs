//! Several tasks that one network is trained on: whose turn it is.

use crate::{Condition, Split, TrialRng};

/// What a set of tasks adds to a [`Task`](crate::Task): which of its tasks a trial is of, and when.
pub trait Schedule {
    /// What its place in the training says of the condition of a trial: which task it is of. `rng` is not that of the
    /// trial, whose numbers would then say something of its task.
    fn turn(&self, split: Split, rng: &mut TrialRng) -> Condition;

    /// The updates at which training goes over to another task, ascending; none if the tasks do not follow each other.
    fn switches(&self) -> Vec<u64>;

    /// The names of the tasks whose answers are neither right nor wrong.
    fn unscored(&self) -> Vec<String>;
}
