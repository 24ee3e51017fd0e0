//! `nn4n sweep --dry-run`: the runs, and the time and the memory that they take.
//!
//! Of the settings that differ at most eight are measured, the cheapest and the dearest among them; the others are
//! reckoned from the nearest of those by the operations of an update.

use std::{collections::BTreeMap, path::Path, process::ExitCode, thread};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    super::output::{self, shell_path},
    measure::{self, Measured},
};
use crate::{
    experiment::Experiment,
    memory::check,
    report::count_of,
    sweep::{Description, Entry, slurm::Estimate},
    terminal::steps_bar,
};

/// Most settings that are measured, and most runs that are named.
const MEASURED: usize = 8;
const NAMED: usize = 12;

#[derive(Serialize)]
struct Plan {
    runs: Vec<Planned>,
    /// Processes at a time.
    jobs: usize,
    /// Seconds until the last run ends at the latest.
    seconds: f64,
    /// Seconds of all runs one after the other.
    seconds_of_one_core: f64,
    /// Seconds of an update and of a validation, the shortest and the longest that were measured.
    step_seconds: [f64; 2],
    validation_seconds: [f64; 2],
    /// Most bytes of a process, where the system says how many.
    memory_of_process: Option<u64>,
    /// Those of all at a time.
    memory: Option<u64>,
    /// How many settings there are, beside the seeds, and how many of them were measured.
    settings: usize,
    measured: usize,
}

#[derive(Serialize)]
struct Planned {
    index: usize,
    name: String,
    settings: Map<String, Value>,
    seed: u64,
    /// Most updates.
    updates: u64,
    /// Seconds at most.
    seconds: f64,
}

pub fn plan(path: &Path, description: &Description, jobs: usize, is_json: bool) -> Result<ExitCode> {
    let plan = Plan::of(description, jobs)?;
    if is_json {
        output::json(&plan)?;
    } else {
        plan.print(path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a run takes, by steps that are measured.
pub fn estimate(description: &Description) -> Result<Estimate> {
    let plan = Plan::of(description, 1)?;
    let longest = plan.runs.iter().map(|run| run.seconds).fold(0.0, f64::max);
    let mean = plan.seconds_of_one_core / plan.runs.len().max(1) as f64;
    Ok(Estimate { mean, longest, memory: plan.memory_of_process })
}

/// Settings that runs of several seeds share.
struct Group {
    experiment: Experiment,
    operations: f64,
    measured: Option<Measured>,
}

impl Plan {
    fn of(description: &Description, jobs: usize) -> Result<Self> {
        let variants = description.variants();
        let numbered: Vec<_> = variants.iter().enumerate().collect();
        let experiments = description.experiments(&numbered)?;
        let entries: Vec<Entry> =
            numbered.iter().map(|(index, variant)| Entry::new(*index, variant)).collect::<Result<_, _>>()?;
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let (mut groups, mut group_of) = (Vec::new(), Vec::new());
        for (entry, experiment) in entries.iter().zip(&experiments) {
            let place = *places.entry(Value::Object(entry.settings.clone()).to_string()).or_insert(groups.len());
            if place == groups.len() {
                let operations = experiment.work()?.operations();
                groups.push(Group { experiment: experiment.clone(), operations, measured: None });
            }
            group_of.push(place);
        }
        measure_some(&mut groups)?;
        let measured: Vec<&Group> = groups.iter().filter(|group| group.measured.is_some()).collect();
        let runs: Vec<Planned> = entries
            .into_iter()
            .zip(&experiments)
            .zip(&group_of)
            .map(|((Entry { index, name, settings, seed, .. }, experiment), group)| {
                let (updates, seconds) = (experiment.train.updates, seconds(&measured, &groups[*group]));
                Planned { index, name, settings, seed, updates, seconds }
            })
            .collect();
        let found: Vec<Measured> = groups.iter().filter_map(|group| group.measured).collect();
        let jobs = jobs.min(runs.len());
        let memory_of_process = found.iter().filter_map(|found| found.memory).max();
        let lasting: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
        Ok(Self {
            seconds: until_the_last(&lasting, jobs.min(thread::available_parallelism().map_or(1, Into::into))),
            seconds_of_one_core: lasting.iter().sum(),
            step_seconds: extremes(&found, |found| found.step),
            validation_seconds: extremes(&found, |found| found.validation),
            memory_of_process,
            memory: memory_of_process.map(|bytes| bytes.saturating_mul(jobs as u64)),
            settings: groups.len(),
            measured: found.len(),
            runs,
            jobs,
        })
    }

    fn print(&self, path: &Path) -> Result<()> {
        for Planned { name, updates, seconds, .. } in self.runs.iter().take(NAMED) {
            output::text(&format!("{name}  at most {updates} updates, {}", time(*seconds)))?;
        }
        if self.runs.len() > NAMED {
            output::text(&format!("{} more; --json names all", self.runs.len() - NAMED))?;
        }
        let range = |[low, high]: [f64; 2]| match (time(low), time(high)) {
            (low, high) if low == high => low,
            (low, high) => format!("{low} to {high}"),
        };
        let settings = count_of(self.settings, "setting");
        output::text(&format!("runs    {}, {settings} beside the seeds", self.runs.len()))?;
        output::text(&format!(
            "time    at most {} with {} on cores of their own, {} of one core",
            time(self.seconds),
            processes(self.jobs),
            time(self.seconds_of_one_core)
        ))?;
        output::text(&format!(
            "        measured on {} of {}: an update takes {}, a validation {}",
            self.measured,
            settings,
            range(self.step_seconds),
            range(self.validation_seconds)
        ))?;
        if let (Some(one), Some(all)) = (self.memory_of_process, self.memory) {
            output::text(&format!("memory  {} a process, {} for all at a time", mebi(one), mebi(all)))?;
            let what = format!("training in {} at a time", processes(self.jobs));
            if let Err(error) = check("--jobs", &what, all, "give fewer --jobs, or smaller networks") {
                output::text(&format!("        {error}"))?;
            }
        }
        output::text(&format!("next: nn4n sweep {} --out DIR", shell_path(path)))
    }
}

/// Measures the cheapest and the dearest settings, and some between them.
fn measure_some(groups: &mut [Group]) -> Result<()> {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|one, other| groups[*one].operations.total_cmp(&groups[*other].operations));
    let count = order.len().min(MEASURED);
    let mut bar = steps_bar("settings measured", count as u64);
    for step in 0..count {
        let place = order[if count > 1 { step * (order.len() - 1) / (count - 1) } else { 0 }];
        let found = measure::of(&groups[place].experiment);
        groups[place].measured = Some(found.with_context(|| format!("settings {place}"))?);
        bar(step as u64 + 1);
    }
    Ok(())
}

/// Seconds of a run of this group at most.
fn seconds(measured: &[&Group], group: &Group) -> f64 {
    let apart = |other: &Group| (other.operations.max(1.0) / group.operations.max(1.0)).ln().abs();
    let near = measured.iter().min_by(|one, other| apart(one).total_cmp(&apart(other)));
    let Some(near) = near else { return 0.0 };
    let (own, near) = (group.measured, (near.measured, group.operations / near.operations.max(1.0)));
    let (Some(Measured { begin, step, validation, .. }), scale) = own.map_or(near, |own| (Some(own), 1.0)) else {
        return 0.0;
    };
    let train = &group.experiment.train;
    let (updates, validations) = (train.updates as f64, (train.updates / train.validation.every) as f64);
    begin + scale * (updates * step + validations.max(1.0) * validation)
}

/// When the last run ends, if each is begun by the first process that is free.
fn until_the_last(lasting: &[f64], jobs: usize) -> f64 {
    let mut free = vec![0.0_f64; jobs.max(1)];
    for seconds in lasting {
        if let Some(first) = free.iter_mut().min_by(|one, other| f64::total_cmp(one, other)) {
            *first += seconds;
        }
    }
    free.into_iter().fold(0.0, f64::max)
}

fn extremes(found: &[Measured], of: impl Fn(&Measured) -> f64) -> [f64; 2] {
    let values: Vec<f64> = found.iter().map(of).collect();
    [values.iter().copied().fold(f64::INFINITY, f64::min), values.iter().copied().fold(0.0, f64::max)]
}

/// A time with two or three digits.
pub fn time(seconds: f64) -> String {
    match seconds {
        _ if seconds < 1.0 => format!("{:.1} ms", 1e3 * seconds),
        _ if seconds < 60.0 => format!("{seconds:.1} s"),
        _ if seconds < 3600.0 => format!("{:.0} min", seconds / 60.0),
        _ if seconds < 48.0 * 3600.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

fn processes(count: usize) -> String {
    format!("{count} {}", if count == 1 { "process" } else { "processes" })
}

fn mebi(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_begun_by_the_first_process_that_is_free() {
        assert_eq!(until_the_last(&[3.0, 1.0, 1.0, 1.0], 2), 3.0);
        assert_eq!(until_the_last(&[1.0, 1.0, 3.0], 2), 4.0);
        assert_eq!(until_the_last(&[1.0, 2.0], 1), 3.0);
    }

    #[test]
    fn times_have_units_that_fit() {
        let times = [0.0081, 2.5, 300.0, 7200.0, 864_000.0].map(time);
        assert_eq!(times, ["8.1 ms", "2.5 s", "5 min", "2.0 h", "10.0 days"]);
    }
}
