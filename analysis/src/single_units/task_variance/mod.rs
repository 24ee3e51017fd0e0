//! Which tasks, or epochs of them, units take part in: their variance over the conditions of each.
//!
//! ```text
//! TV_i(A)   = mean_t var_c r_i(c, t)                             c: conditions of task A, t: steps of its epochs
//! FTV_i     = (TV_i(A) - TV_i(B)) / (TV_i(A) + TV_i(B))          1: only A, -1: only B, 0: both alike
//! rotated   TV_i(A) = (Q S_A Q^T)_ii,  S_A = mean_t cov_c r      Q: a random rotation of the units
//! ```
//!
//! Trials of one condition are averaged first. Conditions are compared step by step from the start of each epoch, at the
//! steps that all of them have; the variance is that of a population. Under rotations the states keep all distances,
//! and single units mean nothing.
//!
//! Units of no task are left out by their absolute variance. The others are scaled to a largest task of 1, and put
//! into [`Clusters`] of like tasks, in the order of the tasks that they prefer.
//!
//! Yang et al. 2019, doi:10.1038/s41593-018-0310-2; Driscoll, Shenoy & Sussillo 2024, doi:10.1038/s41593-024-01668-6.

mod fractional;

use std::{collections::BTreeMap, ops::Range};

use ndarray::{Array1, Array2, Axis};
use nn4n_tasks::Condition;
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    Activity, AnalysisError,
    single_units::clusters::{self, Clusters},
    structure::Group,
};

pub use fractional::{BINS, FractionalVariance, Share};

/// What trials without known epochs are called.
const WHOLE: &str = "trial";

/// What the variance is taken over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The variable that says which task a trial is of; `None` where all are of one.
    pub tasks: Option<String>,
    /// Variables of which trials of one condition have the same values.
    pub by: Vec<String>,
    /// Epochs that are left out, such as the fixation.
    pub left_out: Vec<String>,
    /// Whether each epoch is a column of its own.
    pub per_epoch: bool,
}

/// Variance of all units, by task or by epoch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskVariance {
    /// Tasks, or epochs.
    pub columns: Vec<Column>,
    /// Epochs that are left out, as asked.
    pub left_out: Vec<String>,
    /// Epochs in which a task has a single condition, which has no variance; they are left out.
    pub single: Vec<String>,
    /// Trials that are of no task, or have none of the variables that make a condition, such as catch trials.
    pub trials_left_out: usize,
    /// (units, columns); NaN where a unit was not recorded in all conditions.
    #[serde(skip)]
    pub variance: Array2<f64>,
    #[serde(skip)]
    parts: Vec<Vec<Part>>,
}

/// A task, or an epoch of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Column {
    /// `contextdm1`, `stimulus`, or `contextdm1:stimulus`.
    pub name: String,
    /// Conditions.
    pub conditions: usize,
    /// Trials.
    pub trials: usize,
    /// Steps over which the variance is averaged.
    pub steps: usize,
    /// Steps that not all conditions have, which are left out.
    pub steps_left_out: usize,
}

/// One epoch of one task: the steps of the trials of each condition.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    conditions: Vec<Vec<(usize, Range<usize>)>>,
    /// Steps that all conditions have, and the most that one has.
    steps: usize,
    longest: usize,
}

/// Units by the tasks that they take part in.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskClusters {
    /// The units that take part in any.
    pub active: Vec<usize>,
    /// Their variance (active units, columns), each row divided by its largest.
    pub normalised: Array2<f64>,
    /// Groups of them.
    pub clusters: Clusters,
}

impl TaskVariance {
    /// Of the rates of an activity, best of trials without noise.
    ///
    /// # Errors
    /// If no trial has a variable, an epoch that is to be left out is unknown or nothing is left, or no task has an epoch
    /// with two conditions.
    pub fn of(activity: &Activity, settings: &Settings) -> Result<Self, AnalysisError> {
        let trials = activity.trials();
        settings.by.iter().try_for_each(|name| trials.variable(name).map(drop))?;
        settings.left_out.iter().try_for_each(|name| trials.check_epoch(name))?;
        let tasks = tasks(activity, settings)?;
        let mut found = Self {
            columns: Vec::new(),
            left_out: settings.left_out.clone(),
            single: Vec::new(),
            trials_left_out: trials.len() - tasks.iter().map(|(_, trials)| trials.len()).sum::<usize>(),
            variance: Array2::zeros((activity.units(), 0)),
            parts: Vec::new(),
        };
        let mut is_any_left = false;
        for (task, of_task) in &tasks {
            let (mut parts, names) = (Vec::new(), epochs(activity, of_task, &settings.left_out));
            is_any_left |= !names.is_empty();
            for epoch in &names {
                let part = Part::of(activity, of_task, epoch.as_deref(), &settings.by);
                let name = column_name(task.as_deref(), epoch.as_deref());
                match part.conditions.len() {
                    0 => {}
                    1 => found.single.push(name),
                    _ if settings.per_epoch => found.add(name, vec![part]),
                    _ => parts.push(part),
                }
            }
            if !settings.per_epoch && !parts.is_empty() {
                found.add(task.clone().unwrap_or_else(|| "all".into()), parts);
            }
        }
        if !is_any_left {
            let message = format!("no epoch is left without {}; leave fewer out", settings.left_out.join(", "));
            return Err(AnalysisError::Trials(message));
        }
        if found.columns.is_empty() {
            return Err(AnalysisError::Trials(format!(
                "no task has an epoch with two conditions or more by {}, but variance over conditions needs them; name \
                 other variables that make a condition",
                if settings.by.is_empty() { "no variable".into() } else { settings.by.join(", ") }
            )));
        }
        let columns: Vec<Array1<f64>> = found.parts.par_iter().map(|parts| variance(activity, parts)).collect();
        found.variance =
            Array2::from_shape_fn((activity.units(), columns.len()), |(unit, column)| columns[column][unit]);
        Ok(found)
    }

    fn add(&mut self, name: String, parts: Vec<Part>) {
        let trials = parts.iter().map(|part| part.conditions.iter().map(Vec::len).sum::<usize>());
        self.columns.push(Column {
            name,
            conditions: parts.iter().map(|part| part.conditions.len()).max().unwrap_or(0),
            trials: trials.max().unwrap_or(0),
            steps: parts.iter().map(|part| part.steps).sum(),
            steps_left_out: parts.iter().map(|part| part.longest - part.steps).sum(),
        });
        self.parts.push(parts);
    }

    /// The place of a column.
    ///
    /// # Errors
    /// If there is none of this name; the message names those that there are.
    pub fn column(&self, name: &str) -> Result<usize, AnalysisError> {
        self.columns.iter().position(|column| column.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
            AnalysisError::Trials(format!("there is no task or epoch `{name}`; there are {}", names.join(", ")))
        })
    }

    /// The units with more variance than this in all columns together.
    pub fn active(&self, least: f64) -> Vec<usize> {
        (0..self.variance.nrows()).filter(|unit| self.variance.row(*unit).sum() > least).collect()
    }

    /// Units that were not recorded in all conditions.
    pub fn unrecorded(&self) -> usize {
        self.variance.outer_iter().filter(|row| row.iter().any(|value| value.is_nan())).count()
    }

    /// Groups of units that take part in like columns, those that prefer the first column first.
    ///
    /// # Errors
    /// If there is one column, or there are too few active units that differ.
    pub fn clusters(&self, least: f64, settings: &clusters::Settings) -> Result<TaskClusters, AnalysisError> {
        if self.columns.len() < 2 {
            return Err(AnalysisError::Trials(format!(
                "there is `{}` alone, but clusters are of units that take part in different tasks or epochs; give two",
                self.columns[0].name
            )));
        }
        let active = self.active(least);
        let mut normalised = self.variance.select(Axis(0), &active);
        for mut row in normalised.outer_iter_mut() {
            let largest = row.iter().fold(0.0, |most: f64, value| most.max(*value));
            row /= largest;
        }
        if active.len() < 3 {
            return Err(AnalysisError::Trials(format!(
                "{} of {} units have a variance above {least}; take a lower limit",
                active.len(),
                self.variance.nrows()
            )));
        }
        let found = Clusters::of(normalised.view(), settings)?;
        let size = |group: usize| found.labels.iter().filter(|label| **label == group).count();
        let mut order: Vec<usize> = (0..found.k).collect();
        let key = |group: usize| (preferred(found.centroids.row(group)), std::cmp::Reverse(size(group)), group);
        order.sort_by_key(|group| key(*group));
        Ok(TaskClusters { active, normalised, clusters: found.ordered(&order) })
    }
}

impl TaskClusters {
    /// The clusters by name, of units in the numbers that `numbers` gives them.
    pub fn groups(&self, numbers: &[usize]) -> Vec<Group> {
        let of = |cluster: usize| {
            let members = self.active.iter().zip(&self.clusters.labels).filter(|(_, label)| **label == cluster);
            members.map(|(unit, _)| numbers[*unit]).collect()
        };
        (0..self.clusters.k)
            .map(|cluster| Group { name: format!("cluster{}", cluster + 1), units: of(cluster) })
            .collect()
    }

    /// The cluster of each of so many units, from 1; `None` of those that take part in nothing.
    pub fn of_units(&self, units: usize) -> Vec<Option<usize>> {
        let mut of = vec![None; units];
        self.active.iter().zip(&self.clusters.labels).for_each(|(unit, label)| of[*unit] = Some(label + 1));
        of
    }
}

fn preferred(row: ndarray::ArrayView1<'_, f64>) -> usize {
    row.iter().enumerate().fold((0, f64::NEG_INFINITY), |best, (i, v)| if *v > best.1 { (i, *v) } else { best }).0
}

fn column_name(task: Option<&str>, epoch: Option<&str>) -> String {
    match (task, epoch.unwrap_or(WHOLE)) {
        (Some(task), epoch) => format!("{task}:{epoch}"),
        (None, epoch) => epoch.into(),
    }
}

/// A task by its name, and its trials.
type TaskTrials = (Option<String>, Vec<usize>);

/// Tasks with their trials, in the order in which they first appear.
fn tasks(activity: &Activity, settings: &Settings) -> Result<Vec<TaskTrials>, AnalysisError> {
    let trials = activity.trials();
    let has_condition = |trial: &usize| {
        settings.by.is_empty() || settings.by.iter().any(|name| trials.conditions[*trial].get(name).is_some())
    };
    let kept = (0..trials.len()).filter(has_condition);
    let Some(name) = &settings.tasks else { return Ok(vec![(None, kept.collect())]) };
    let values = trials.variable(name)?.values;
    let mut found: Vec<TaskTrials> = Vec::new();
    for trial in kept {
        let Some(task) = values[trial].as_ref().map(ToString::to_string) else { continue };
        match found.iter_mut().find(|(known, _)| known.as_ref() == Some(&task)) {
            Some((_, of_task)) => of_task.push(trial),
            None => found.push((Some(task), vec![trial])),
        }
    }
    Ok(found)
}

/// The epochs of these trials that count, in the order in which they first appear; `None` for whole trials where no trial
/// has any.
fn epochs(activity: &Activity, of_task: &[usize], left_out: &[String]) -> Vec<Option<String>> {
    let trials = activity.trials();
    let names = trials.select(of_task).epoch_names();
    if names.is_empty() && trials.epoch_names().is_empty() {
        return vec![None];
    }
    names.into_iter().filter(|name| !left_out.contains(name)).map(Some).collect()
}

impl Part {
    fn of(activity: &Activity, of_task: &[usize], epoch: Option<&str>, by: &[String]) -> Self {
        let trials = activity.trials();
        let mut conditions: BTreeMap<String, Vec<(usize, Range<usize>)>> = BTreeMap::new();
        for trial in of_task {
            let steps = match epoch {
                Some(name) => trials.steps_of(*trial, name),
                None => 0..trials.n_steps[*trial],
            };
            if !steps.is_empty() {
                let condition =
                    by.iter().fold(Condition::new(), |of, name| match trials.conditions[*trial].get(name) {
                        Some(value) => of.with(name.clone(), value.clone()),
                        None => of,
                    });
                conditions.entry(condition.to_string()).or_default().push((*trial, steps));
            }
        }
        let conditions: Vec<Vec<(usize, Range<usize>)>> = conditions.into_values().collect();
        let lengths = conditions.iter().map(|trials| trials.iter().map(|(_, steps)| steps.len()).max().unwrap_or(0));
        Self { steps: lengths.clone().min().unwrap_or(0), longest: lengths.max().unwrap_or(0), conditions }
    }

    /// Mean rates of conditions at one step (conditions, units) about their mean over conditions; NaN where no trial of a
    /// condition has the unit.
    fn deviations(&self, activity: &Activity, step: usize) -> Array2<f64> {
        let (rates, units) = (activity.rates(), activity.units());
        let mut block = Array2::zeros((self.conditions.len(), units));
        for (mut row, trials) in block.outer_iter_mut().zip(&self.conditions) {
            let mut counts = vec![0usize; units];
            for (trial, steps) in trials.iter().filter(|(_, steps)| step < steps.len()) {
                for (unit, rate) in rates.slice(ndarray::s![*trial, steps.start + step, ..]).iter().enumerate() {
                    if !rate.is_nan() {
                        row[unit] += rate;
                        counts[unit] += 1;
                    }
                }
            }
            row.iter_mut().zip(counts).for_each(|(sum, n)| *sum = if n == 0 { f64::NAN } else { *sum / n as f64 });
        }
        let mean = block.sum_axis(Axis(0)) / self.conditions.len() as f64;
        block - &mean
    }
}

/// The mean over steps of the variance over conditions (units).
fn variance(activity: &Activity, parts: &[Part]) -> Array1<f64> {
    let mut sum = Array1::zeros(activity.units());
    for part in parts {
        for step in 0..part.steps {
            let deviations = part.deviations(activity, step);
            sum += &(deviations.mapv(|value| value * value).sum_axis(Axis(0)) / part.conditions.len() as f64);
        }
    }
    sum / parts.iter().map(|part| part.steps).sum::<usize>() as f64
}

/// The mean over steps of the covariance over conditions of these units.
fn covariance(activity: &Activity, parts: &[Part], units: &[usize]) -> Array2<f64> {
    let mut sum = Array2::zeros((units.len(), units.len()));
    for part in parts {
        for step in 0..part.steps {
            let deviations = part.deviations(activity, step).select(Axis(1), units);
            sum += &(deviations.t().dot(&deviations) / part.conditions.len() as f64);
        }
    }
    sum / parts.iter().map(|part| part.steps).sum::<usize>() as f64
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};
    use nn4n_tasks::Epoch;

    use super::*;
    use crate::activity::Trials;

    /// Two tasks of four angles with a fixation of 2 and a stimulus of 3 or 4 steps. Unit 0 is of the first task, unit 1
    /// of the second, unit 2 of both, unit 3 varies in the fixation alone.
    pub(super) fn activity() -> Activity {
        let (mut conditions, mut epochs, mut n_steps) = (Vec::new(), Vec::new(), Vec::new());
        let mut rates = Array3::zeros((8, 6, 4));
        for trial in 0..8 {
            let (task, angle) = (["go", "anti"][trial / 4], (trial % 4) as f64);
            conditions.push(Condition::new().with("task", task).with("angle", angle).with("choice", trial as f64));
            let length = if trial == 5 { 3 } else { 4 };
            epochs.push(vec![
                Epoch { name: "fixation".into(), start: 0, end: 2 },
                Epoch { name: "stimulus".into(), start: 2, end: 2 + length },
            ]);
            n_steps.push(2 + length);
            for step in 0..6 {
                let (is_stimulus, wave) = (step >= 2, [1.0, -1.0, 1.0, -1.0][trial % 4]);
                let time = f64::from(u8::from(is_stimulus)) * (step as f64 - 1.0);
                rates[[trial, step, 0]] = if trial < 4 { wave * time } else { 0.0 };
                rates[[trial, step, 1]] = if trial < 4 { 5.0 } else { 2.0 * wave * time.min(1.0) };
                rates[[trial, step, 2]] = wave * time.min(1.0);
                rates[[trial, step, 3]] = if is_stimulus { 7.0 } else { angle };
            }
        }
        Activity::new(rates, 20.0, Trials { n_steps, conditions, epochs }).unwrap()
    }

    pub(super) fn settings() -> Settings {
        Settings {
            tasks: Some("task".into()),
            by: vec!["angle".into()],
            left_out: vec!["fixation".into()],
            per_epoch: false,
        }
    }

    #[test]
    fn variance_is_over_conditions_step_by_step_and_then_the_mean_over_time() {
        let found = TaskVariance::of(&activity(), &settings()).unwrap();
        let names: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["go", "anti"]);
        // Rates +-1, +-2, +-3, +-4: variances 1, 4, 9, 16. A trial of the second task ends a step before the others.
        let wanted = array![[7.5, 0.0], [0.0, 4.0], [1.0, 1.0], [0.0, 0.0]];
        assert!((&found.variance - &wanted).iter().all(|off| off.abs() < 1e-12), "{:?}", found.variance);
        let lengths: Vec<_> = found.columns.iter().map(|column| (column.steps, column.steps_left_out)).collect();
        assert_eq!(lengths, [(4, 0), (3, 1)]);
        assert_eq!((found.active(1e-3), found.unrecorded(), found.trials_left_out), (vec![0, 1, 2], 0, 0));
        let fixated = Settings { left_out: Vec::new(), ..settings() };
        let found = TaskVariance::of(&activity(), &fixated).unwrap();
        assert!((found.variance[[3, 0]] - 2.0 * 1.25 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn epochs_are_columns_of_their_own_if_wanted_and_trials_of_a_condition_are_averaged() {
        let by_epoch = Settings { per_epoch: true, left_out: Vec::new(), ..settings() };
        let found = TaskVariance::of(&activity(), &by_epoch).unwrap();
        let names: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["go:fixation", "go:stimulus", "anti:fixation", "anti:stimulus"]);
        assert!((found.variance[[3, 0]] - 1.25).abs() < 1e-12 && found.variance[[3, 1]] == 0.0);
        // Two conditions of two angles each: waves of opposite sign cancel.
        let mut trials = activity().trials().clone();
        for (trial, condition) in trials.conditions.iter_mut().enumerate() {
            *condition = condition.clone().with("half", (trial % 4 / 2) as f64);
        }
        let halved = Activity::new(activity().rates().to_owned(), 20.0, trials).unwrap();
        let by_half = Settings { by: vec!["half".into()], ..settings() };
        let found = TaskVariance::of(&halved, &by_half).unwrap();
        assert_eq!((found.variance[[0, 0]], found.columns[0].conditions, found.columns[0].trials), (0.0, 2, 4));
    }

    #[test]
    fn trials_without_a_task_or_a_condition_are_counted() {
        let mut trials = activity().trials().clone();
        trials.conditions[0] = Condition::catch().with("task", "go");
        trials.conditions[4] = trials.conditions[4].without("task");
        let some = Activity::new(activity().rates().to_owned(), 20.0, trials).unwrap();
        let found = TaskVariance::of(&some, &settings()).unwrap();
        let conditions: Vec<usize> = found.columns.iter().map(|column| column.conditions).collect();
        assert_eq!((found.trials_left_out, conditions), (2, vec![3, 3]));
    }

    #[test]
    fn clusters_are_in_the_order_of_their_tasks_and_have_the_names_of_groups() {
        let mut found = TaskVariance::of(&activity(), &settings()).unwrap();
        let rows: Vec<f64> = (0..30)
            .flat_map(|unit| match unit % 3 {
                0 => [1e-6, 1e-6],
                1 => [0.01 * unit as f64, 5.0],
                _ => [2.0, 0.01 * unit as f64],
            })
            .collect();
        found.variance = Array2::from_shape_vec((30, 2), rows).unwrap();
        let clusters = found.clusters(1e-3, &clusters::Settings::default()).unwrap();
        assert_eq!((clusters.active.len(), clusters.clusters.k), (20, 2));
        let numbers: Vec<usize> = (0..30).map(|unit| 100 + unit).collect();
        let groups = clusters.groups(&numbers);
        assert_eq!((groups[0].name.as_str(), groups[1].name.as_str()), ("cluster1", "cluster2"));
        assert!(groups[0].units.iter().all(|unit| (unit - 100) % 3 == 2) && groups[0].units.len() == 10);
        assert_eq!(clusters.of_units(30)[..3], [None, Some(2), Some(1)]);
        assert!(clusters.normalised.outer_iter().all(|row| row.iter().fold(0.0f64, |a, b| a.max(*b)) == 1.0));
        assert!(
            found.clusters(100.0, &clusters::Settings::default()).unwrap_err().to_string().contains("0 of 30 units")
        );
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let refusal = |settings: Settings| TaskVariance::of(&activity(), &settings).unwrap_err().to_string();
        assert!(refusal(Settings { by: vec!["task".into()], ..settings() }).contains("two conditions or more by task"));
        assert!(refusal(Settings { by: vec!["speed".into()], ..settings() }).contains("there are task, angle, choice"));
        let all = vec!["fixation".into(), "stimulus".into()];
        assert!(refusal(Settings { left_out: all, ..settings() }).contains("no epoch is left"));
        let found = TaskVariance::of(&activity(), &settings()).unwrap();
        let pair = |names| FractionalVariance::of(&activity(), &found, names, 1e-3, 1, 1).unwrap_err().to_string();
        assert!(pair(("go", "dm1")).contains("there are go, anti") && pair(("go", "go")).contains("with itself"));
    }
}
