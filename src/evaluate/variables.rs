//! Which variables and epochs of trials an analysis is about, where nobody says.

use nn4n_analysis::{AnalysisError, activity::Trials, single_units::task_variance};
use nn4n_tasks::{Condition, Task};

use super::ADDED;

/// The variable that says the task in sets of tasks.
const TASK: &str = "task";

/// The variables of the stimulus: all but what was done, and whether anything was shown.
pub fn stimulus(trials: &Trials) -> Vec<String> {
    trials.variables().into_iter().filter(|name| !ADDED.contains(&name.as_str()) && name != "catch").collect()
}

/// What the variance of tasks is taken over: what is asked for, and else what the trials are of.
///
/// Conditions are those of the stimulus. The first epoch of trials is left out, where there are others.
pub fn variance_settings(
    trials: &Trials,
    tasks: Option<String>,
    by: Option<Vec<String>>,
    left_out: Option<Vec<String>>,
    per_epoch: bool,
) -> task_variance::Settings {
    let has_tasks = trials.variables().iter().any(|name| name == TASK);
    let tasks = tasks.or_else(|| has_tasks.then(|| TASK.to_owned()));
    let is_task = |name: &String| Some(name) == tasks.as_ref();
    let by = by.unwrap_or_else(|| stimulus(trials).into_iter().filter(|name| !is_task(name)).collect());
    // Catch trials and others without a condition are left out, and so are epochs that they alone have.
    let has_condition = |trial: &usize| by.iter().any(|name| trials.conditions[*trial].get(name).is_some());
    let with = trials.select(&(0..trials.len()).filter(has_condition).collect::<Vec<_>>());
    let names = with.epoch_names();
    let is_first = |name: &String| with.epochs.iter().any(|of| of.first().is_some_and(|first| first.name == *name));
    let firsts: Vec<String> = names.iter().filter(|name| is_first(name)).cloned().collect();
    // Where all trials have one epoch alone, it is all that there is.
    let firsts = if firsts.len() < names.len() { firsts } else { Vec::new() };
    task_variance::Settings { per_epoch: per_epoch || tasks.is_none(), tasks, by, left_out: left_out.unwrap_or(firsts) }
}

/// Trials that are compared with others, by a name for messages, and of which task they are, if that is known.
pub struct Compared<'a> {
    /// As a user calls it.
    pub name: &'a str,
    /// The trials.
    pub trials: &'a Trials,
    /// `None` of a recording.
    pub task: Option<&'a dyn Task>,
}

/// The variables of the tasks that all of these trials have; of recordings alone, which have no task, those of which
/// values recur.
///
/// # Errors
/// If there are variables, but all share none.
pub fn shared_variables(all: &[Compared<'_>]) -> Result<Vec<String>, AnalysisError> {
    let known: Vec<Vec<String>> = all.iter().map(|one| one.trials.variables()).collect();
    let catch = Condition::catch();
    let is_asked = |name: &String| !ADDED.contains(&name.as_str()) && catch.get(name).is_none();
    let of_tasks: Vec<Vec<Condition>> = all.iter().filter_map(|one| Some(one.task?.conditions())).collect();
    let is_of_tasks = |name: &String| {
        of_tasks.iter().all(|conditions| conditions.iter().any(|condition| condition.get(name).is_some()))
    };
    let recurs = |name: &String| {
        all.iter().all(|one| {
            one.trials.variable(name).is_ok_and(|variable| 2 * variable.classes().names.len() <= one.trials.len())
        })
    };
    let candidates = known.first().into_iter().flatten();
    let in_all = candidates.filter(|name| known.iter().all(|names| names.contains(name)) && is_asked(name));
    let found: Vec<String> =
        in_all.filter(|name| if of_tasks.is_empty() { recurs(name) } else { is_of_tasks(name) }).cloned().collect();
    if found.is_empty() && known.iter().any(|names| !names.is_empty()) {
        let has = |(one, names): (&Compared<'_>, &Vec<String>)| format!("{} has {}", one.name, names.join(", "));
        let all = all.iter().zip(&known).map(has).collect::<Vec<_>>().join("; ");
        let message = format!("no variable whose values recur is had by all ({all}); name some with --by");
        return Err(AnalysisError::Trials(message));
    }
    Ok(found)
}
