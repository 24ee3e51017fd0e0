//! In which epoch of a task a variable can be told from the inputs first.

use nn4n_analysis::activity::Trials;
use nn4n_tasks::{Condition, Split, Task, TrialBatch, Value, noise_free};

use super::{ADDED, EVALUATION};
use crate::error::Result;

/// Inputs that differ by less are the same.
const SAME: f64 = 1e-6;

/// The first epoch of noise-free trials of the conditions of `trials` in which the mean inputs differ by the value of a
/// variable: between trials that have all other variables in common, or where there are none such, between the means
/// over trials of a value. `None` if no inputs differ by it, as by what was chosen.
///
/// # Errors
/// If the task has no such trials.
pub fn epoch_that_carries(task: &dyn Task, trials: &Trials, variable: &str, seed: u64) -> Result<Option<String>> {
    let mut conditions: Vec<Condition> = Vec::new();
    for condition in &trials.conditions {
        let own = without(condition, &ADDED);
        if own.get(variable).is_some() && !conditions.contains(&own) {
            conditions.push(own);
        }
    }
    if conditions.is_empty() {
        return Ok(None);
    }
    let batch = noise_free(task, Split::Test, seed, EVALUATION, &conditions, 1)?;
    let carries = |epoch: &String| differs(&batch, epoch, variable);
    Ok(Trials::from(&batch).epoch_names().into_iter().find(carries))
}

/// A trial: its other variables, the value of the variable, and its mean inputs in an epoch.
struct Seen<'a> {
    others: Condition,
    value: &'a Value,
    inputs: Vec<f64>,
}

fn differs(batch: &TrialBatch, epoch: &str, variable: &str) -> bool {
    let seen: Vec<Seen<'_>> = (0..batch.len()).filter_map(|trial| seen(batch, trial, (epoch, variable))).collect();
    let pairs = || {
        seen.iter().enumerate().flat_map(|(place, a)| {
            seen[..place].iter().filter(|b| b.value != a.value && b.others == a.others).map(move |b| (a, b))
        })
    };
    if pairs().next().is_some() {
        return pairs().any(|(a, b)| are_apart(&a.inputs, &b.inputs));
    }
    let mean = |value: &Value| -> Vec<f64> {
        let own: Vec<&Seen<'_>> = seen.iter().filter(|one| one.value == value).collect();
        let channels = own.first().map_or(0, |one| one.inputs.len());
        (0..channels).map(|channel| own.iter().map(|one| one.inputs[channel]).sum::<f64>() / own.len() as f64).collect()
    };
    seen.first().is_some_and(|first| {
        let of_first = mean(first.value);
        seen.iter().filter(|one| one.value != first.value).any(|one| are_apart(&of_first, &mean(one.value)))
    })
}

fn seen<'a>(batch: &'a TrialBatch, trial: usize, (epoch, variable): (&str, &str)) -> Option<Seen<'a>> {
    let value = batch.conditions[trial].get(variable)?;
    let steps = batch.epochs[trial].iter().find(|own| own.name == epoch)?.steps();
    let channels = batch.inputs.dim().2;
    let mean = |channel: usize| {
        steps.clone().map(|step| f64::from(batch.inputs[[trial, step, channel]])).sum::<f64>()
            / steps.len().max(1) as f64
    };
    Some(Seen {
        others: without(&batch.conditions[trial], &[variable]),
        value,
        inputs: (0..channels).map(mean).collect(),
    })
}

fn are_apart(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).any(|(a, b)| (a - b).abs() > SAME)
}

fn without(condition: &Condition, names: &[&str]) -> Condition {
    let kept = condition.iter().filter(|(name, _)| !names.contains(name));
    kept.fold(Condition::new(), |all, (name, value)| all.with(name.to_owned(), value.clone()))
}
