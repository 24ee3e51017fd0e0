//! How well a network does a task, over all trials and condition by condition, as it is and with what is done to it.

mod activity;
mod behaviour;
mod carried;
mod currents;
mod graded;
mod recorded;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

pub use activity::{ADDED, Outcomes, Performed, RIGHT_CHOICE, TrialPlan, activity, conditions, outcomes, performed};
pub use behaviour::{
    BehaviourOptions, BehaviourProgress, BehaviourRow, BehaviourTable, Controls, Matched, Matching, behaviour,
};
pub use carried::epoch_that_carries;
pub use currents::{TaskCurrents, currents, populations};
pub use graded::{GRADED, GradedCurve, graded_curves, graded_grid, numbers_of};
use ndarray::Array3;
use nn4n_analysis::ChoiceCount;
use nn4n_models::{Ctrnn, NoiseKey};
use nn4n_tasks::{
    Condition, Split, Task, TrialBatch, TrialRng, balanced, longest_of_some, performance, repeated, scores,
};
pub use recorded::{Recorded, recorded, recorded_outcomes};
use serde::Serialize;
pub use variables::{Compared, shared_variables, stimulus, variance_settings};

use crate::{
    error::{Error, Result},
    experiment::check_fit,
    intervention::{Altered, TrialTimes},
    memory::{check, trial_bytes},
    simulate::{Answers, LARGE, Simulation, array3, cause},
};

/// Noise and trials of evaluations never coincide with those of training updates or of its validations.
const EVALUATION: u64 = u64::MAX - 1;

/// What `nn4n eval` reports.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Id of the task.
    pub task: String,
    /// Fraction of scored trials that were right, in [0, 1]; `None` where the task has no right and wrong.
    pub performance: Option<f64>,
    /// Number of scored trials.
    pub trials: usize,
    /// The number of rows of a file that the trials are, each with noise of its own where it is there more than once;
    /// `None` where trials are drawn without end.
    pub rows: Option<usize>,
    /// Performance in the worst condition.
    pub minimum: Option<f64>,
    /// The performance in each task of a set, by name; empty for a single task.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub per_task: BTreeMap<String, f64>,
    /// Root mean square error over graded entries, in units of the targets.
    pub rms_error: Option<f64>,
    /// Mean reaction time over trials that have one, ms.
    pub reaction_time: Option<f64>,
    /// The largest magnitude of the outputs before their nonlinearity, where it is beyond that of any network at work,
    /// 10^4: activity grows without bound, if only at the end of trials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runaway: Option<f64>,
    /// Every condition.
    pub conditions: Vec<ConditionResult>,
}

/// One condition of an [`Evaluation`].
#[derive(Clone, Debug, Serialize)]
pub struct ConditionResult {
    /// The condition's variables.
    pub condition: Condition,
    /// Number of scored trials.
    pub trials: usize,
    /// Fraction of them that were right.
    pub performance: f64,
}

/// Evaluates a network on `per_condition` fresh trials of each of the task's conditions (test timing), with its noise
/// on.
///
/// # Errors
/// If the network does not fit the task, or its outputs are not finite.
pub fn evaluate(network: &Ctrnn, task: &dyn Task, per_condition: usize, seed: u64) -> Result<Evaluation> {
    evaluate_altered(&Altered::of(network, &[])?, task, per_condition, seed)
}

/// [`evaluate`] of a network with what is done to it, on the same trials with the same noise.
///
/// # Errors
/// As [`evaluate`], and if a window is not in the trials.
pub fn evaluate_altered(altered: &Altered, task: &dyn Task, per_condition: usize, seed: u64) -> Result<Evaluation> {
    check_fit(altered.network.config(), None, task)?;
    let trials = test_trials(task, per_condition, seed)?;
    let Answered { outputs, largest } = finite_outputs(altered, task, &trials, seed)?;
    let found = performance(task, &trials, outputs.view())?;
    let times: Vec<f64> =
        scores(task, &trials, outputs.view())?.iter().filter_map(|score| score.reaction_time).collect();
    Ok(Evaluation {
        task: task.id().into(),
        performance: found.overall,
        trials: found.trials,
        rows: distinct_rows(&trials),
        minimum: found.minimum,
        per_task: found.per_task,
        rms_error: found.rms_error,
        reaction_time: (!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64),
        runaway: (largest > LARGE).then_some(largest),
        conditions: found
            .per_condition
            .into_iter()
            .map(|score| ConditionResult {
                condition: score.condition,
                trials: score.trials,
                performance: score.performance,
            })
            .collect(),
    })
}

/// The values of a graded condition variable, such as `coherence`, in ascending order, with 0 if they lie on both sides
/// of it and the task has trials without evidence. Empty if the task has no such variable.
pub fn graded_values(task: &dyn Task, variable: &str) -> Vec<f64> {
    let mut values: Vec<f64> = task.conditions().iter().filter_map(|condition| condition.number(variable)).collect();
    if values.iter().any(|value| *value < 0.0) && values.iter().any(|value| *value > 0.0) {
        let without = Condition::new().with(variable.to_owned(), 0.0);
        if task.trial(Split::Test, Some(&without), &mut TrialRng::new(0, "graded", 0, 0)).is_ok() {
            values.push(0.0);
        }
    }
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Psychometric data: `per_value` fresh trials at each value of the condition variable `variable`, such as `coherence`.
pub fn psychometric(
    network: &Ctrnn,
    task: &dyn Task,
    variable: &'static str,
    values: &[f64],
    per_value: usize,
    seed: u64,
) -> Result<Vec<ChoiceCount>> {
    let conditions: Vec<Condition> = values.iter().map(|value| Condition::new().with(variable, *value)).collect();
    choices(network, task, variable, &conditions, per_value, seed)
}

/// The same under conditions that may fix other variables, too, such as the context; each must have the `variable`.
/// A row of a file of trials is counted once, however often it was drawn: draws of it differ in the noise alone, and an
/// interval that took them for trials would be too narrow.
pub fn choices(
    network: &Ctrnn,
    task: &dyn Task,
    variable: &str,
    conditions: &[Condition],
    per_condition: usize,
    seed: u64,
) -> Result<Vec<ChoiceCount>> {
    check_fit(network.config(), None, task)?;
    let missing = || Error::setting("conditions", format!("every one must have a value of `{variable}`"));
    let values = conditions
        .iter()
        .map(|condition| condition.number(variable).ok_or_else(missing))
        .collect::<Result<Vec<_>>>()?;
    check_memory(task, seed, conditions.len().saturating_mul(per_condition))?;
    let trials: TrialBatch = repeated(task, Split::Test, seed, EVALUATION, conditions, per_condition)?;
    let outputs = finite_outputs(&Altered::of(network, &[])?, task, &trials, seed)?.outputs;
    let scores = scores(task, &trials, outputs.view())?;
    let first: Vec<Option<bool>> =
        trials.conditions.iter().zip(&scores).map(|(condition, score)| task.chose_first(condition, score)).collect();
    let count = |((value, conditions), first): ((f64, &[Condition]), &[Option<bool>])| {
        let firsts: Vec<bool> = once(task, conditions).into_iter().filter_map(|trial| first[trial]).collect();
        ChoiceCount { value, chose_first: firsts.iter().filter(|is_first| **is_first).count(), trials: firsts.len() }
    };
    let of_value = values.into_iter().zip(trials.conditions.chunks(per_condition));
    Ok(of_value.zip(first.chunks(per_condition)).map(count).collect())
}

/// The places of these trials of a task, a row of a file of trials once, at its first draw.
pub fn once(task: &dyn Task, conditions: &[Condition]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    // Other tasks may mean something else by `row`.
    let is_file = task.id() == "data/npz";
    let is_new = |place: &usize| !is_file || row(&conditions[*place]).is_none_or(|row| seen.insert(row));
    (0..conditions.len()).filter(is_new).collect()
}

/// The row of a file that a trial is.
fn row(condition: &Condition) -> Option<u64> {
    condition.number("row").map(f64::to_bits)
}

/// How many rows of a file these trials are; `None` if they are of none.
fn distinct_rows(trials: &TrialBatch) -> Option<usize> {
    trials.conditions.iter().map(row).collect::<Option<BTreeSet<_>>>().map(|rows| rows.len()).filter(|rows| *rows > 0)
}

/// The trials of an evaluation.
fn test_trials(task: &dyn Task, per_condition: usize, seed: u64) -> Result<TrialBatch> {
    check_memory(task, seed, task.conditions().len().max(1).saturating_mul(per_condition))?;
    Ok(balanced(task, Split::Test, seed, EVALUATION, per_condition)?)
}

/// Refuses more trials than the machine has the memory for, with their outputs and logits.
fn check_memory(task: &dyn Task, seed: u64, trials: usize) -> Result<()> {
    let steps = longest_of_some(task, Split::Test, seed)?;
    check(
        "trials",
        &format!("evaluating {trials} trials of {steps} steps"),
        trial_bytes(trials, steps, task.inputs().len(), 2 * task.outputs().len()),
        "take fewer trials of each condition",
    )
}

/// What the network answers to trials, with its noise on.
fn answers(altered: &Altered, task: &dyn Task, trials: &TrialBatch, seed: u64) -> Result<Answers> {
    let perturbations = altered.perturbations(&TrialTimes::of(trials, task.dt()))?;
    let simulation = Simulation::of(&altered.network, task).noise(NoiseKey::new(seed, EVALUATION));
    simulation.perturb(perturbations).answer(&trials.inputs)
}

/// The outputs (trials, steps, outputs) of the network, or of the task's plant, with the network's noise on.
fn outputs(altered: &Altered, task: &dyn Task, trials: &TrialBatch, seed: u64) -> Result<Array3<f32>> {
    array3(&answers(altered, task, trials, seed)?.outputs)
}

/// Outputs that are finite.
struct Answered {
    /// (trials, steps, outputs)
    outputs: Array3<f32>,
    /// The largest magnitude before their nonlinearity, within trials.
    largest: f64,
}

/// The outputs, refused if they are not finite, before their nonlinearity or after.
fn finite_outputs(altered: &Altered, task: &dyn Task, trials: &TrialBatch, seed: u64) -> Result<Answered> {
    let answers = answers(altered, task, trials, seed)?;
    let (outputs, logits) = (array3(&answers.outputs)?, array3(&answers.logits)?);
    check_bounded(altered, task, trials, ("outputs", f64::MAX), &logits)?;
    check_bounded(altered, task, trials, ("outputs", f64::MAX), &outputs)?;
    let within = logits.indexed_iter().filter(|((trial, step, _), _)| *step < trials.n_steps[*trial]);
    let largest = within.fold(0f32, |largest, (_, value)| largest.max(value.abs()));
    Ok(Answered { outputs, largest: largest.into() })
}

/// Refuses values (trials, steps, channels) that are not finite or beyond a limit in a trial, and says what makes them so.
fn check_bounded<T: Copy + Into<f64>>(
    altered: &Altered,
    task: &dyn Task,
    trials: &TrialBatch,
    (name, limit): (&str, f64),
    values: &Array3<T>,
) -> Result<()> {
    let is_beyond = |((trial, step, _), value): &((usize, usize, usize), &T)| {
        let value: f64 = (**value).into();
        *step < trials.n_steps[*trial] && (value.is_nan() || value.abs() > limit)
    };
    let Some(((_, step, _), value)) = values.indexed_iter().find(is_beyond) else { return Ok(()) };
    let inputs = trials.inputs.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    let done = altered.applied.iter().map(|applied| format!(", after {applied}")).collect::<String>();
    let value: f64 = (*value).into();
    Err(Error::NotFinite {
        what: format!(
            "activity grows without bound: the {name} reach {value:.1e} (at step {step} of a trial of `{}`{done})",
            task.id()
        ),
        cause: cause(&altered.network, trials.max_steps(), &[("inputs", f64::from(inputs))])?,
    })
}

/// A fraction in percent.
pub(crate) fn percent(fraction: f64) -> String {
    format!("{:.1} %", 100.0 * fraction)
}
