//! What is known of trials: their lengths, variables and epochs.

use std::{collections::BTreeSet, ops::Range};

use nn4n_tasks::{Condition, Epoch, TrialBatch, Value};

use crate::AnalysisError;

/// Values of a variable that are named in a message at most.
const NAMED: usize = 12;

/// What is known of trials, one entry each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trials {
    /// Lengths, steps.
    pub n_steps: Vec<usize>,
    /// Variables, such as `coherence`, and what was done, such as `choice`.
    pub conditions: Vec<Condition>,
    /// Periods, in steps; empty where none are known.
    pub epochs: Vec<Vec<Epoch>>,
}

/// A variable of trials; a trial may have no value of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// As it is called.
    pub name: String,
    /// One for each trial.
    pub values: Vec<Option<Value>>,
}

/// Trials by the values of a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    /// The values: numbers in ascending order, `false` before `true`, words by the alphabet.
    pub names: Vec<String>,
    /// The class of each trial; `None` where it has no value.
    pub of: Vec<Option<usize>>,
}

impl Trials {
    /// Trials of which no epochs are known.
    pub fn new(n_steps: Vec<usize>, conditions: Vec<Condition>) -> Self {
        let epochs = vec![Vec::new(); n_steps.len()];
        Self { n_steps, conditions, epochs }
    }

    /// The number of trials.
    pub fn len(&self) -> usize {
        self.n_steps.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.n_steps.is_empty()
    }

    /// These trials, in this order; each must be there.
    pub fn select(&self, trials: &[usize]) -> Self {
        Self {
            n_steps: trials.iter().map(|trial| self.n_steps[*trial]).collect(),
            conditions: trials.iter().map(|trial| self.conditions[*trial].clone()).collect(),
            epochs: trials.iter().map(|trial| self.epochs[*trial].clone()).collect(),
        }
    }

    /// Refuses lists of different lengths, and epochs that end behind their trial.
    ///
    /// # Errors
    /// With the first trial of which this is so.
    pub fn check(&self) -> Result<(), AnalysisError> {
        let (n, conditions, epochs) = (self.len(), self.conditions.len(), self.epochs.len());
        if conditions != n || epochs != n {
            return Err(AnalysisError::Trials(format!(
                "there are {n} lengths of trials, but {conditions} conditions and {epochs} lists of epochs; give one of \
                 each for every trial"
            )));
        }
        for (trial, (epochs, n_steps)) in self.epochs.iter().zip(&self.n_steps).enumerate() {
            if let Some(epoch) = epochs.iter().find(|epoch| epoch.start > epoch.end || epoch.end > *n_steps) {
                return Err(AnalysisError::Trials(format!(
                    "epoch `{}` of trial {trial} goes from step {} to {}, but the trial has {n_steps} steps; mend it",
                    epoch.name, epoch.start, epoch.end
                )));
            }
        }
        Ok(())
    }

    /// The names of the variables, in the order in which they first appear.
    pub fn variables(&self) -> Vec<String> {
        names_of(&self.conditions)
    }

    /// A variable.
    ///
    /// # Errors
    /// If no trial has it; the message names those that there are.
    pub fn variable(&self, name: &str) -> Result<Variable, AnalysisError> {
        let values: Vec<Option<Value>> = self.conditions.iter().map(|condition| condition.get(name).cloned()).collect();
        if values.iter().all(Option::is_none) {
            return Err(AnalysisError::Trials(format!("no trial has `{name}`; {}", self.known_variables())));
        }
        Ok(Variable { name: name.into(), values })
    }

    /// The trials that have these values.
    ///
    /// # Errors
    /// If there is none; the message says which values there are.
    pub fn of_condition(&self, condition: &Condition) -> Result<Vec<usize>, AnalysisError> {
        for (name, value) in condition.iter() {
            let variable = self.variable(name)?;
            if !variable.values.iter().flatten().any(|known| known == value) {
                let known = list(&variable.classes().names, NAMED);
                return Err(AnalysisError::Trials(format!("no trial has {name}={value}; there are {known}")));
            }
        }
        let found: Vec<usize> = (0..self.len()).filter(|trial| self.conditions[*trial].belongs_to(condition)).collect();
        match found.is_empty() {
            true => Err(AnalysisError::Trials(format!("no trial has {condition} together; ask for fewer of them"))),
            false => Ok(found),
        }
    }

    /// The step at which an epoch of a trial starts; 0 without one.
    pub(crate) fn zero(&self, trial: usize, epoch: Option<&str>) -> usize {
        epoch.and_then(|name| self.epoch(trial, name)).map_or(0, |epoch| epoch.start)
    }

    /// The names of the epochs, in the order in which they first appear.
    pub fn epoch_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for epoch in self.epochs.iter().flatten() {
            if names.iter().all(|known| *known != epoch.name) {
                names.push(epoch.name.to_string());
            }
        }
        names
    }

    /// The first of the epochs that the most trials have.
    pub fn commonest_epoch(&self) -> Option<String> {
        let has = |name: &String| (0..self.len()).filter(|trial| self.epoch(*trial, name).is_some()).count();
        // Of equals `max_by_key` takes the last.
        self.epoch_names().into_iter().rev().max_by_key(has)
    }

    /// Refuses the name of an epoch that no trial has, and names those that there are.
    pub(crate) fn check_epoch(&self, name: &str) -> Result<(), AnalysisError> {
        let names = self.epoch_names();
        if names.iter().any(|known| known == name) {
            return Ok(());
        }
        let known =
            if names.is_empty() { "no epochs are known".into() } else { format!("there are {}", names.join(", ")) };
        Err(AnalysisError::Trials(format!("no trial has an epoch `{name}`; {known}")))
    }

    /// The first epoch of this name of a trial.
    pub fn epoch(&self, trial: usize, name: &str) -> Option<&Epoch> {
        self.epochs[trial].iter().find(|epoch| epoch.name == name)
    }

    /// Its steps; none if the trial does not have it.
    pub(crate) fn steps_of(&self, trial: usize, epoch: &str) -> Range<usize> {
        self.epoch(trial, epoch).map_or(0..0, Epoch::steps)
    }

    fn known_variables(&self) -> String {
        let names = self.variables();
        if names.is_empty() { "trials have no variables".into() } else { format!("there are {}", list(&names, 40)) }
    }
}

impl From<&TrialBatch> for Trials {
    fn from(batch: &TrialBatch) -> Self {
        Self { n_steps: batch.n_steps.clone(), conditions: batch.conditions.clone(), epochs: batch.epochs.clone() }
    }
}

impl Variable {
    /// The values as numbers, NaN where there is none; `None` if one is no number.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let number = |value: &Option<Value>| match value {
            Some(Value::Number(number)) => Some(*number),
            None => Some(f64::NAN),
            Some(_) => None,
        };
        self.values.iter().map(number).collect()
    }

    /// Whether the values are numbers, and more than two of them differ.
    pub fn is_graded(&self) -> bool {
        self.numbers().is_some_and(|numbers| {
            let distinct: BTreeSet<u64> =
                numbers.iter().filter(|number| !number.is_nan()).map(|number| number.to_bits()).collect();
            distinct.len() > 2
        })
    }

    /// Trials by value. NaN counts as none.
    pub fn classes(&self) -> Classes {
        let there = |value: &&Value| !matches!(value, Value::Number(number) if number.is_nan());
        let mut values: Vec<&Value> = self.values.iter().flatten().filter(there).collect();
        values.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| compare(a, b)));
        values.dedup();
        let place = |value: &Option<Value>| values.iter().position(|known| Some(*known) == value.as_ref());
        Classes { names: values.iter().map(ToString::to_string).collect(), of: self.values.iter().map(place).collect() }
    }
}

impl Classes {
    /// The trials of each class.
    pub fn trials(&self) -> Vec<Vec<usize>> {
        let mut trials = vec![Vec::new(); self.names.len()];
        self.of.iter().enumerate().for_each(|(trial, class)| {
            if let Some(class) = class {
                trials[*class].push(trial);
            }
        });
        trials
    }
}

fn order(value: &Value) -> u8 {
    match value {
        Value::Bool(_) => 0,
        Value::Number(_) => 1,
        Value::Text(_) => 2,
    }
}

fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    }
}

fn list(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > most { format!("{shown} and {} more", names.len() - most) } else { shown }
}

/// The names of the variables of trials, in the order in which they first appear.
pub(crate) fn names_of(conditions: &[Condition]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in conditions.iter().flat_map(Condition::iter) {
        if names.iter().all(|known| known != name) {
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials() -> Trials {
        let of = |coherence: f64, context: &'static str| {
            Condition::new().with("coherence", coherence).with("context", context)
        };
        let conditions = vec![of(0.5, "motion"), of(-0.5, "colour"), of(0.1, "colour"), Condition::catch()];
        Trials::new(vec![4; 4], conditions)
    }

    #[test]
    fn a_variable_has_classes_in_order_and_trials_without_it() {
        let trials = trials();
        assert_eq!(trials.variables(), ["coherence", "context", "catch"]);
        let coherence = trials.variable("coherence").unwrap();
        assert!(coherence.is_graded() && coherence.numbers().unwrap()[3].is_nan());
        let classes = coherence.classes();
        assert_eq!(classes.names, ["-0.5", "0.1", "0.5"]);
        assert_eq!(classes.of, [Some(2), Some(0), Some(1), None]);
        let context = trials.variable("context").unwrap();
        assert_eq!((context.is_graded(), context.numbers()), (false, None));
        assert_eq!(context.classes().trials(), [vec![1, 2], vec![0]]);
    }

    #[test]
    fn what_no_trial_has_is_refused_with_what_there_is() {
        let trials = trials();
        let message = trials.variable("speed").unwrap_err().to_string();
        assert!(message.contains("`speed`; there are coherence, context, catch"), "{message}");
        let refusal = |condition| trials.of_condition(&condition).unwrap_err().to_string();
        assert!(refusal(Condition::new().with("context", "place")).contains("there are colour, motion"));
        let apart = Condition::new().with("context", "motion").with("coherence", 0.1);
        assert!(refusal(apart).contains("together"));
        assert_eq!(trials.of_condition(&Condition::new().with("context", "colour")).unwrap(), [1, 2]);
        assert!(trials.check_epoch("delay").unwrap_err().to_string().contains("no epochs are known"));
    }
}
