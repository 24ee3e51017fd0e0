//! Trials along graded evidence, of a network or recorded: which variable grades it, and which trials belong together.
//!
//! ```text
//! group       trials that share the words of a curve of the task, such as the context; of recordings, that have the
//!             same words, or the same values of --by
//! relevant    the graded variable whose sign is that of the right answer in 90 % of the trials of a group that have a
//!             sign, if there is one alone; the right answer is what was chosen where that was right, else the other one
//! ```

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clap::Args;
use nn4n_analysis::{
    activity::{Trials, Variable},
    behaviour::psychometric::ChoiceCount,
};
use nn4n_tasks::{Condition, Value};

use super::source::{Behaviour, SourceArgs, repetitions};
use crate::cli::{
    names::{self, Names},
    output::shell_word,
};
use crate::evaluate::{ADDED, GRADED, RIGHT_CHOICE, graded_curves, graded_grid};

/// Trials of a network, in all, unless the number of each condition is given; between the fewest and most of each.
const TRIALS: usize = 4000;
const OF_EACH: (usize, usize) = (10, 200);
/// Different values of a variable that is still graded in steps.
const VALUES: usize = 100;
/// In so many trials, of 1, the sign of the relevant variable is that of the right answer.
const AGREES: f64 = 0.9;
/// Groups that are told apart at most.
const GROUPS: usize = 24;

#[derive(Debug, Args)]
pub struct GradedArgs {
    /// The variable of the trials that grades the evidence [default: as the task has it; of recordings the one that is
    /// called as in one of the tasks, or the only one with numbers]
    #[arg(long, value_name = "NAME")]
    pub variable: Option<String>,
    /// Tell trials apart by these variables [default: by what the task tells them apart by, such as the context; of
    /// recordings by all that are words]
    #[arg(long, value_name = "NAME,..")]
    by: Option<Names>,
}

/// What was done along graded evidence.
pub struct Graded {
    pub behaviour: Behaviour,
    pub groups: Vec<Group>,
    /// Trials of no group, such as those without a stimulus.
    pub left_out: usize,
    /// Trials that are a row of a file once more: they differ from its first draw in the noise alone.
    pub repeated: usize,
}

/// Trials that belong together.
pub struct Group {
    /// Such as `context motion`; empty of the only one.
    pub name: String,
    pub trials: Vec<usize>,
    /// The graded variables of these trials, the relevant one first.
    pub variables: Vec<String>,
    /// Whether the right answers tell which of several is relevant.
    pub is_relevance_known: bool,
}

/// Choices at the values of a variable.
pub struct Choices {
    pub counts: Vec<ChoiceCount>,
    /// Trials with a value, in which neither alternative was chosen.
    pub without_choice: usize,
}

impl GradedArgs {
    /// The options that choose the same variables again.
    pub fn again(&self) -> String {
        let variable = self.variable.iter().map(|name| format!(" --variable {}", shell_word(name)));
        let by = self.by.iter().map(|names| format!(" --by {}", shell_word(&names.to_string())));
        variable.chain(by).collect()
    }

    /// Trials at all values of the graded variables. A second variable may be named, too.
    pub fn open(&self, source: &SourceArgs, second: Option<&str>) -> Result<Graded> {
        let variable = self.variable.as_deref();
        let behaviour = source.behaviour_of(
            |task, asked| Ok(Some(graded_grid(task, variable, second, asked)?)),
            |conditions| Some((TRIALS / conditions.max(1)).clamp(OF_EACH.0, OF_EACH.1) as u32),
        )?;
        self.group(behaviour, second)
    }

    /// The groups of trials that are there.
    pub fn group(&self, mut behaviour: Behaviour, second: Option<&str>) -> Result<Graded> {
        let repeated = behaviour.count_rows_once();
        let trials = &behaviour.outcomes.trials;
        let names = self.names(&behaviour, second)?;
        let words = self.words(&behaviour, trials)?;
        let mut groups = Vec::new();
        for words in words {
            let has_number = |trial: &usize, name: &String| trials.conditions[*trial].number(name).is_some();
            let mut members: Vec<usize> =
                (0..trials.len()).filter(|trial| trials.conditions[*trial].belongs_to(&words)).collect();
            members.retain(|trial| names.iter().any(|name| has_number(trial, name)));
            let there: Vec<String> =
                names.iter().filter(|name| members.iter().any(|trial| has_number(trial, name))).cloned().collect();
            let varying = there.iter().filter(|name| distinct(trials, &members, name) > 1).cloned().collect();
            if !members.is_empty() {
                groups.push(Group::of(trials, self.name(&words), members, there, varying, self.variable.is_some()));
            }
        }
        if groups.is_empty() {
            bail!("no trial has a number of {}; name another variable with --variable", names.join(" or "));
        }
        let in_groups: usize = groups.iter().map(|group| group.trials.len()).sum();
        let left_out = trials.len() - in_groups;
        Ok(Graded { behaviour, groups, left_out, repeated })
    }

    fn name(&self, words: &Condition) -> String {
        let words = words.iter().map(|(name, value)| format!("{} {value}", name.replace('_', " ")));
        words.collect::<Vec<_>>().join(", ")
    }

    /// The graded variables.
    fn names(&self, behaviour: &Behaviour, second: Option<&str>) -> Result<Vec<String>> {
        let trials = &behaviour.outcomes.trials;
        let mut names = match (&self.variable, &behaviour.task) {
            (Some(variable), _) => vec![variable.clone()],
            (None, Some(task)) => {
                let mut names: Vec<String> = Vec::new();
                for curve in graded_curves(task.as_ref(), None) {
                    if !names.contains(&curve.variable) {
                        names.push(curve.variable);
                    }
                }
                names
            }
            (None, None) => graded_variables(trials)?,
        };
        names.extend(second.map(String::from));
        for name in &names {
            if trials.variable(name)?.numbers().is_none() {
                bail!("--variable {name}: holds words, but the evidence is graded by numbers; name another");
            }
        }
        Ok(names)
    }

    /// What tells the groups apart, one for each.
    fn words(&self, behaviour: &Behaviour, trials: &Trials) -> Result<Vec<Condition>> {
        let by = match (&behaviour.task, self.by.is_none()) {
            (_, false) => names::of(&self.by).to_vec(),
            (Some(task), true) => {
                let mut found: Vec<Condition> = Vec::new();
                for curve in graded_curves(task.as_ref(), self.variable.as_deref()) {
                    if !found.contains(&curve.words) {
                        found.push(curve.words);
                    }
                }
                return Ok(found);
            }
            (None, true) => words_of(trials),
        };
        for name in &by {
            trials.variable(name)?;
        }
        let mut found: Vec<Condition> = Vec::new();
        for condition in &trials.conditions {
            let values = by.iter().filter_map(|name| Some((name, condition.get(name)?)));
            let words = values.fold(Condition::new(), |all, (name, value)| all.with(name.clone(), value.clone()));
            if words.iter().count() == by.len() && !found.contains(&words) {
                found.push(words);
            }
        }
        if found.len() > GROUPS {
            bail!(
                "trials have {} different combinations of {}, and {GROUPS} are told apart at most; name fewer \
                 variables with --by, or choose trials with --where",
                found.len(),
                by.join(", ")
            );
        }
        found.sort_by_key(ToString::to_string);
        Ok(found)
    }
}

impl Graded {
    /// A line on the rows of a file that were drawn more than once, if any were.
    pub fn repetitions(&self) -> Option<String> {
        repetitions(self.repeated)
    }

    /// The value of a variable in a trial.
    pub fn value(&self, trial: usize, variable: &str) -> Option<f64> {
        self.condition(trial).number(variable).filter(|value| !value.is_nan())
    }

    /// Whether the first of two alternatives was chosen, if one of them was.
    pub fn chose_first(&self, trial: usize) -> Option<bool> {
        flag(self.condition(trial), "chose_first")
    }

    /// Whether the answer was right.
    pub fn was_right(&self, trial: usize) -> Option<bool> {
        flag(self.condition(trial), "was_right")
    }

    pub fn condition(&self, trial: usize) -> &Condition {
        &self.behaviour.outcomes.trials.conditions[trial]
    }

    /// How often the first alternative was chosen at each value.
    pub fn choices(&self, group: &Group, variable: &str) -> Result<Choices> {
        let outcome = |trial| self.chose_first(trial);
        let found = self.counts(group, |trial| self.value(trial, variable), outcome, variable)?;
        if found.counts.iter().all(|count| count.trials == 0) {
            bail!(
                "no trial{} has a choice between two alternatives (`chose_first`); {}",
                of(&group.name),
                match self.behaviour.task {
                    Some(_) => "the task may have none, see nn4n analyze confusion, or name trials with --where",
                    None => "give the trials a variable `chose_first`, 1 where the first of the two was chosen, else 0",
                }
            );
        }
        Ok(found)
    }

    /// How often the answer was right at each strength of the relevant evidence.
    pub fn rights(&self, group: &Group, boundary: f64) -> Result<Choices> {
        let variable = &group.variables[0];
        let strength = |trial| self.value(trial, variable).map(|value| (value - boundary).abs());
        let found = self.counts(group, strength, |trial| self.was_right(trial), variable)?;
        if found.counts.iter().all(|count| count.trials == 0) {
            bail!("no trial{} says whether its answer was right (`was_right`)", of(&group.name));
        }
        Ok(found)
    }

    fn counts(
        &self,
        group: &Group,
        value: impl Fn(usize) -> Option<f64>,
        outcome: impl Fn(usize) -> Option<bool>,
        variable: &str,
    ) -> Result<Choices> {
        let mut found = Choices { counts: Vec::new(), without_choice: 0 };
        for trial in &group.trials {
            let Some(value) = value(*trial) else { continue };
            let place = match found.counts.iter().position(|count| count.value == value) {
                Some(place) => place,
                None => {
                    found.counts.push(ChoiceCount { value, chose_first: 0, trials: 0 });
                    found.counts.len() - 1
                }
            };
            match outcome(*trial) {
                Some(is_first) => {
                    found.counts[place].trials += 1;
                    found.counts[place].chose_first += usize::from(is_first);
                }
                None => found.without_choice += 1,
            }
        }
        if found.counts.len() > VALUES {
            bail!(
                "`{variable}` has {} different values, and a curve goes through {VALUES} at most; give it in steps",
                found.counts.len()
            );
        }
        found.counts.sort_by(|a, b| a.value.total_cmp(&b.value));
        Ok(found)
    }
}

impl Group {
    fn of(
        trials: &Trials,
        name: String,
        members: Vec<usize>,
        there: Vec<String>,
        varying: Vec<String>,
        is_named: bool,
    ) -> Self {
        // A variable that was named comes first, whatever the right answers say.
        let (first, known) = if is_named { (Vec::new(), false) } else { relevant(trials, &members, &varying) };
        let is_relevance_known = known && varying.len() > 1;
        let mut variables = first;
        variables.extend(varying);
        variables.extend(there);
        let mut once: Vec<String> = Vec::new();
        variables.into_iter().for_each(|variable| {
            if !once.contains(&variable) {
                once.push(variable);
            }
        });
        Self { name, trials: members, variables: once, is_relevance_known }
    }
}

/// ` of NAME`, unless it is the only group.
pub fn of(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" of {name}") }
}

pub fn flag(condition: &Condition, name: &str) -> Option<bool> {
    match condition.get(name) {
        Some(Value::Bool(value)) => Some(*value),
        // A recording may have numbers.
        Some(Value::Number(value)) if *value == 0.0 || *value == 1.0 => Some(*value == 1.0),
        _ => None,
    }
}

fn distinct(trials: &Trials, members: &[usize], name: &str) -> usize {
    let mut values: Vec<u64> =
        members.iter().filter_map(|trial| trials.conditions[*trial].number(name)).map(f64::to_bits).collect();
    values.sort_unstable();
    values.dedup();
    values.len()
}

/// The variable whose sign is that of the right answer, where that is so of one alone. Not in all trials: an answer may
/// be wrong for another reason than its side, such as one that is given too early.
fn relevant(trials: &Trials, members: &[usize], names: &[String]) -> (Vec<String>, bool) {
    let agrees = |name: &&String| {
        let signs = members.iter().filter_map(|trial| {
            let condition = &trials.conditions[*trial];
            let value = condition.number(name).filter(|value| *value != 0.0)?;
            let right_is_first = flag(condition, "chose_first")? == flag(condition, "was_right")?;
            Some(right_is_first == (value > 0.0))
        });
        let signs: Vec<bool> = signs.collect();
        let same = signs.iter().filter(|is_same| **is_same).count();
        !signs.is_empty() && same as f64 >= AGREES * signs.len() as f64
    };
    let found: Vec<String> = names.iter().filter(agrees).cloned().collect();
    if found.len() == 1 { (found, true) } else { (Vec::new(), false) }
}

/// The variables of a recording that may grade the evidence.
fn graded_variables(trials: &Trials) -> Result<Vec<String>> {
    let own = |name: &String| !ADDED.contains(&name.as_str()) && name != RIGHT_CHOICE;
    let variables = trials.variables().into_iter().filter(own).map(|name| trials.variable(&name));
    let graded: Vec<String> = variables
        .collect::<Result<Vec<Variable>, _>>()?
        .into_iter()
        .filter(Variable::is_graded)
        .map(|variable| variable.name)
        .collect();
    let known: Vec<String> = graded.iter().filter(|name| GRADED.contains(&name.as_str())).cloned().collect();
    match (known.is_empty(), &graded[..]) {
        (false, _) => Ok(known),
        (true, [one]) => Ok(vec![one.clone()]),
        (true, []) => bail!("no variable of the trials has more than two numbers; name one with --variable"),
        (true, several) => bail!("{} are numbers; name one with --variable", several.join(", ")),
    }
}

/// Whether a variable says what was chosen, by whatever name: more than one value, and one choice alone with each.
fn is_a_choice(trials: &Trials, name: &str) -> bool {
    let mut of_values: BTreeMap<String, bool> = BTreeMap::new();
    for condition in &trials.conditions {
        let (Some(value), Some(first)) = (condition.get(name), flag(condition, "chose_first")) else { continue };
        if *of_values.entry(value.to_string()).or_insert(first) != first {
            return false;
        }
    }
    of_values.len() > 1
}

/// The variables of a recording that are words, and do not say what was chosen.
fn words_of(trials: &Trials) -> Vec<String> {
    let is_words = |name: &String| {
        let mut values = trials.conditions.iter().filter_map(|condition| condition.get(name));
        !ADDED.contains(&name.as_str()) && name != RIGHT_CHOICE && values.all(|value| matches!(value, Value::Text(_)))
    };
    trials.variables().into_iter().filter(is_words).filter(|name| !is_a_choice(trials, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_tells_no_groups_apart_by_whatever_name() {
        let trial = |i: usize| {
            let first = i.is_multiple_of(3);
            Condition::new()
                .with("coherence", i as f64)
                .with("rule", if i.is_multiple_of(2) { "go" } else { "anti" })
                .with("response", if first { "L" } else { "R" })
                .with("chose_first", first)
                .with("day", "monday")
        };
        let trials = Trials::new(vec![1; 12], (0..12).map(trial).collect());
        assert_eq!(words_of(&trials), ["rule", "day"]);
    }
}
