//! Behaviour with and without interventions, on the same trials with the same noise, and beside random controls.
//!
//! ```text
//! performance      fraction of scored trials that were right, with its Wilson interval
//! difference       performance - performance of the intact network, with the Bonett-Price interval for the same trials
//! control          the same done to as many other units: drawn from the same areas and cell types, or of nearly the
//!                  same mean rate; the units themselves are left out
//! at least as bad  fraction of the controls whose performance is not higher (or error not lower) than this
//! ```
//!
//! What is done to a network tells of the units that it was done to only as far as it differs from what is done to any
//! others. What is done in trials is simulated step by step, which rounds differently (about 1e-6 of the states).
//! Trials are of the test, balanced over conditions; intervals are of trials, not of networks.

mod bench;
mod text;

use std::{collections::BTreeMap, ops::ControlFlow};

use nn4n_models::Ctrnn;
use nn4n_tasks::Task;
use serde::Serialize;

use self::bench::{Bench, row};
use super::test_trials;
use crate::{
    error::Result,
    experiment::check_fit,
    intervention::{Altered, Applied, Intervention},
};

/// How behaviour is compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BehaviourOptions {
    /// Trials of each condition.
    pub per_condition: usize,
    /// Of trials, noise and controls.
    pub seed: u64,
    /// Random controls of each intervention on units; 0 is none. Fewer where there are not as many different ones.
    pub controls: usize,
    /// What the controls share with the units.
    pub matching: Matching,
}

impl Default for BehaviourOptions {
    fn default() -> Self {
        Self { per_condition: 100, seed: 0, controls: 20, matching: Matching::Group }
    }
}

/// What random controls are to share with the units that something is done to, beside their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// Area and cell type. Where too few others are of these, their number alone.
    #[default]
    Group,
    /// Nearly the mean rate in the trials.
    Rate,
}

/// Behaviour with and without interventions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BehaviourTable {
    /// Id of the task.
    pub task: String,
    /// How it was made.
    pub options: BehaviourOptions,
    /// The intact network first, then each intervention in the order that they were given.
    pub rows: Vec<BehaviourRow>,
    /// Whether it was stopped before all rows were done.
    pub interrupted: bool,
}

/// Behaviour under one set of interventions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BehaviourRow {
    /// `intact`, or what was done in a few words.
    pub name: String,
    /// What was done.
    pub interventions: Vec<Applied>,
    /// Number of scored trials.
    pub trials: usize,
    /// Fraction of scored trials that were right; `None` where the task has no right and wrong.
    pub performance: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// The performance in each task of a set, by name; empty for a single task.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub per_task: BTreeMap<String, f64>,
    /// `performance` minus that of the intact network; `None` of the intact network.
    pub difference: Option<f64>,
    /// Its 95 % interval.
    pub difference_interval: Option<[f64; 2]>,
    /// Root mean square error over graded entries, in units of the targets; `None` where nothing is graded or it is not
    /// finite.
    pub rms_error: Option<f64>,
    /// Mean reaction time over trials that have one, ms.
    pub reaction_time: Option<f64>,
    /// Trials with outputs that are not finite, as where activity grows without limit; they are scored like the others.
    pub not_finite: usize,
    /// The same done to random other units.
    pub controls: Option<Controls>,
    /// Why there are no controls, where some were asked for.
    pub no_controls: Option<String>,
}

/// The same intervention on random other units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Controls {
    /// What they share with the units.
    pub matched: Matched,
    /// Which quantity the numbers are of: `performance`, or where there is none `rms_error`.
    pub measure: &'static str,
    /// That of each control.
    pub values: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// The least.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
    /// Fraction of them that are at least as bad as the intervention.
    pub at_least_as_bad: f64,
    /// `(1 + k) / (1 + n)` where `k` of `n` controls are at least as bad: the chance of doing as badly with random units.
    pub p: f64,
}

/// What controls share with the units, beside their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// Areas and cell types.
    AreaAndCellType,
    /// Nearly the mean rate.
    MeanRate,
    /// Nothing: too few other units are of the same areas and cell types.
    Number,
}

/// How far the work is.
#[derive(Clone, Copy, Debug)]
pub struct BehaviourProgress<'a> {
    /// What is evaluated now.
    pub row: &'a str,
    /// Evaluations that are done.
    pub done: usize,
    /// All evaluations.
    pub total: usize,
}

/// Evaluates a network intact and with each of these sets of interventions; `told` is told before each evaluation and
/// can end the work, of which the table so far remains.
///
/// # Errors
/// If the network does not fit the task, or an intervention does not fit the network or the trials.
pub fn behaviour(
    network: &Ctrnn,
    task: &dyn Task,
    interventions: &[Vec<Intervention>],
    options: BehaviourOptions,
    mut told: impl FnMut(BehaviourProgress<'_>) -> ControlFlow<()>,
) -> Result<BehaviourTable> {
    check_fit(network.config(), None, task)?;
    let trials = test_trials(task, options.per_condition, options.seed)?;
    let bench = Bench { network, task, trials: &trials, options };
    // What does not fit is refused before the work begins.
    let plans = interventions.iter().map(|done| bench.plan(done)).collect::<Result<Vec<_>>>()?;
    let total = 1 + plans.iter().map(|plan| 1 + plan.n_controls()).sum::<usize>();
    let mut table = BehaviourTable { task: task.id().into(), options, rows: Vec::new(), interrupted: false };
    let mut done = 0;
    let mut go_on = |row: &str| {
        let answer = told(BehaviourProgress { row, done, total });
        done += 1;
        answer.is_continue()
    };
    if !go_on("intact") {
        return Ok(BehaviourTable { interrupted: true, ..table });
    }
    let intact = bench.answer(&Altered::of(network, &[])?)?;
    table.rows.push(row("intact".into(), Vec::new(), &intact, None));
    for plan in &plans {
        match bench.row(plan, &intact, &mut go_on)? {
            Some(row) => table.rows.push(row),
            None => return Ok(BehaviourTable { interrupted: true, ..table }),
        }
    }
    Ok(table)
}
