//! Which units tell the values of a variable apart.
//!
//! ```text
//! d' = (m_1 - m_2) / sqrt((v_1 + v_2) / 2)         m, v: mean and variance over trials of the mean rate in a trial
//! ```
//!
//! The first trials are those in which the variable is above 0, or has the first of its values where it is a word; the
//! second are the others, without those in which it is 0 or not there. A unit that varies in neither is not selective:
//! its d' is 0 where the means agree, and infinite where they do not.
//!
//! Green & Swets 1966, Signal Detection Theory and Psychophysics; Song, Yang & Wang 2016,
//! doi:10.1371/journal.pcbi.1004792 (sorting of units).

use ndarray::ArrayView3;
use nn4n_tasks::{Condition, TrialBatch, Value};
use serde::Serialize;

use crate::{AnalysisError, structure::Group};

/// d' of all units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Selectivity {
    /// The variable.
    pub variable: String,
    /// What a positive d' prefers, such as `coherence > 0`.
    pub prefers_first: String,
    /// What a negative d' prefers.
    pub prefers_second: String,
    /// (units)
    pub d_prime: Vec<f64>,
    /// Trials of the first and of the second kind.
    pub trials: (usize, usize),
}

impl Selectivity {
    /// Of rates (trials, steps, units) of these trials.
    ///
    /// # Errors
    /// If the rates are of other trials, or one kind of trials has fewer than two.
    pub fn of(rates: ArrayView3<'_, f32>, trials: &TrialBatch, variable: &str) -> Result<Self, AnalysisError> {
        let (n, steps, units) = rates.dim();
        if (n, steps) != (trials.len(), trials.max_steps()) {
            let message =
                format!("has shape {:?}, but must be ({}, {}, units)", rates.dim(), trials.len(), trials.max_steps());
            return Err(AnalysisError::Shape { array: "rates", message });
        }
        let word = trials.conditions.iter().find_map(|condition| condition.text(variable).map(str::to_owned));
        let kinds: Vec<Option<bool>> =
            trials.conditions.iter().map(|condition| kind(condition, variable, word.as_deref())).collect();
        let of = |wanted: bool| (0..n).filter(|trial| kinds[*trial] == Some(wanted)).collect::<Vec<_>>();
        let (first, second) = (of(true), of(false));
        if first.len() < 2 || second.len() < 2 {
            return Err(AnalysisError::Trials(refusal(trials, variable, (first.len(), second.len()))));
        }
        let mean_rate = |trial: usize, unit: usize| {
            let n_steps = trials.n_steps[trial].max(1);
            (0..n_steps).map(|step| f64::from(rates[[trial, step, unit]])).sum::<f64>() / n_steps as f64
        };
        let moments = |of: &[usize], unit: usize| {
            let values: Vec<f64> = of.iter().map(|trial| mean_rate(*trial, unit)).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64)
        };
        let d_prime = |unit: usize| d_prime(moments(&first, unit), moments(&second, unit));
        let (one, other) = match &word {
            Some(word) => (format!("{variable} = {word}"), format!("another {variable}")),
            None => (format!("{variable} > 0"), format!("{variable} < 0")),
        };
        Ok(Self {
            variable: variable.into(),
            prefers_first: one,
            prefers_second: other,
            d_prime: (0..units).map(d_prime).collect(),
            trials: (first.len(), second.len()),
        })
    }
}

/// d' of two (mean, variance).
pub fn d_prime((first, first_variance): (f64, f64), (second, second_variance): (f64, f64)) -> f64 {
    match first - second {
        0.0 => 0.0,
        difference => difference / ((first_variance + second_variance) / 2.0).sqrt(),
    }
}

/// The units of a group by what they prefer: the first, the second, and neither with at least `least` |d'|. Groups
/// without units are left out.
pub fn by_preference(group: &Group, selectivity: &Selectivity, least: f64) -> Vec<Group> {
    let of = |words: &str, is_one: &dyn Fn(f64) -> bool| Group {
        name: format!("{} ({words})", group.name),
        units: group.units.iter().copied().filter(|unit| is_one(selectivity.d_prime[*unit])).collect(),
    };
    let groups = [
        of(&selectivity.prefers_first, &|d| d >= least),
        of(&selectivity.prefers_second, &|d| d <= -least),
        of("neither", &|d| d.abs() < least),
    ];
    groups.into_iter().filter(|group| !group.units.is_empty()).collect()
}

/// Whether a trial is of the first kind; `None` if it is of neither.
fn kind(condition: &Condition, variable: &str, word: Option<&str>) -> Option<bool> {
    match (condition.get(variable)?, word) {
        (Value::Number(value), _) if *value != 0.0 => Some(*value > 0.0),
        (Value::Bool(value), _) => Some(*value),
        (Value::Text(text), Some(word)) => Some(text == word),
        _ => None,
    }
}

fn refusal(trials: &TrialBatch, variable: &str, (first, second): (usize, usize)) -> String {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in trials.conditions.iter().flat_map(Condition::iter) {
        if names.iter().all(|known| known != name) {
            names.push(name.to_owned());
        }
    }
    let names = if names.is_empty() { "none".into() } else { names.join(", ") };
    format!(
        "`{variable}` divides the trials into {first} and {second}, but two of each are needed; the variables of the \
        trials are: {names}"
    )
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    fn trials(values: &[f64]) -> TrialBatch {
        let n = values.len();
        TrialBatch {
            inputs: Array3::zeros((n, 2, 1)),
            targets: Array3::zeros((n, 2, 1)),
            loss_mask: Array3::zeros((n, 2, 1)),
            n_steps: vec![2; n],
            conditions: values.iter().map(|value| Condition::new().with("coherence", *value)).collect(),
            epochs: vec![Vec::new(); n],
            correct: vec![None; n],
        }
    }

    #[test]
    fn d_prime_is_the_one_worked_by_hand() {
        // Unit 0: means 3 and 1, variances 1 and 1; unit 1: the same rate always; unit 2: 0 without variance, then 1.
        let rates = [[2.0, 5.0, 0.0], [4.0, 5.0, 0.0], [0.0, 5.0, 1.0], [2.0, 5.0, 1.0], [9.0, 9.0, 9.0]];
        let rates = Array3::from_shape_fn((5, 2, 3), |(trial, _, unit)| rates[trial][unit] as f32);
        let found = Selectivity::of(rates.view(), &trials(&[0.5, 0.2, -0.5, -0.1, 0.0]), "coherence").unwrap();
        assert_eq!(found.d_prime, [2.0, 0.0, f64::NEG_INFINITY]);
        assert_eq!((found.trials, found.prefers_first.as_str()), ((2, 2), "coherence > 0"));
        let groups = by_preference(&Group { name: "E".into(), units: vec![0, 1, 2] }, &found, 1.0);
        let units: Vec<_> = groups.iter().map(|group| (group.name.as_str(), group.units.as_slice())).collect();
        assert_eq!(units, [("E (coherence > 0)", [0].as_slice()), ("E (coherence < 0)", &[2]), ("E (neither)", &[1])]);
    }

    #[test]
    fn a_variable_that_does_not_divide_the_trials_is_refused_with_those_there_are() {
        let rates = Array3::zeros((2, 2, 1));
        for (variable, words) in [("coherence", "into 2 and 0"), ("context", "are: coherence")] {
            let message = Selectivity::of(rates.view(), &trials(&[0.5, 0.2]), variable).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }
}
