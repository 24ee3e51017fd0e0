//! `nn4n analyze currents`

use std::ops::Range;

use anyhow::{Result, bail};
use clap::Args;
use ndarray::{Array1, Axis};
use serde::Serialize;

use super::answer::AnswerArgs;
use crate::{
    cli::{interventions::InterventionArgs, subject::SubjectArgs},
    evaluate::{TaskCurrents, currents as of_task, populations},
    intervention::{Altered, Applied},
    plot::{TimeCourses, TimeLine, TimePanel, named_alike},
};

/// Sources that are drawn into one target.
const DRAWN: usize = 8;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze currents kleinman2021-checkerboard --out runs/currents
  nn4n analyze currents song2016-rdm-ei --lesion inhibitory --json")]
pub struct CurrentsArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    interventions: InterventionArgs,
    /// Trials of each condition, without the noise of the network
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Seed of the trials
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    network: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    interventions: &'a [Applied],
    seed: u64,
    remark: &'static str,
    #[serde(flatten)]
    found: &'a TaskCurrents,
}

pub fn currents(args: &CurrentsArgs) -> Result<()> {
    let answer = args.answer.open("currents", &["currents"], &[])?;
    args.interventions.refuse_noise_factor("currents are those of trials without noise")?;
    let subject = args.subject.open(args.trials as usize)?;
    let altered = Altered::of(&subject.network, &args.interventions.all())?;
    let groups = populations(altered.network.units());
    let found = of_task(&altered, subject.task.as_ref(), (args.trials as usize, args.seed), &groups, &groups)?;
    if found.conditions.is_empty() {
        bail!("the task has no test trials");
    }
    let figure = figure(&found, groups.len());
    answer.figure("currents", |path| figure.save(path))?;
    answer.arrays(|file| {
        let n_steps: Array1<i64> = found.n_steps.iter().map(|n| *n as i64).collect();
        Ok(file
            .array("by_source", &found.currents.by_source)?
            .axes(["sources", "targets", "trials", "steps"])
            .array("total", &found.currents.total)?
            .axes(["targets", "trials", "steps"])
            .array("n_steps", &n_steps)?
            .axes(["trials"])
            .unit("steps"))
    })?;
    let name = args.subject.checkpoint.display().to_string();
    let report = Report {
        network: name.clone(),
        interventions: &altered.applied,
        seed: args.seed,
        remark: "shares of the norm and of the variance do not add up to 1, since currents cancel",
        found: &found,
    };
    let mut lines = vec![format!("trials       {} without noise, seed {}", found.conditions.len(), args.seed)];
    lines.push(
        "share        of the norm of all that a target receives; they do not add up, since currents cancel".into(),
    );
    let pairs = found.currents.pairs.iter().filter(|pair| pair.norm_share.is_some_and(|share| share >= 0.01));
    lines.extend(pairs.map(|pair| {
        let share = 100.0 * pair.norm_share.unwrap_or(0.0);
        format!("  {:>22} -> {:<22} mean {:>8.3}  share {share:>6.1} %", pair.from, pair.to, pair.mean)
    }));
    answer.say(&report, &lines, &format!("nn4n analyze structure {name}"))
}

/// Means over trials of the largest currents into each target; steps that not all trials have are left out. Channels
/// that are named alike are one source.
fn figure(found: &TaskCurrents, populations: usize) -> TimeCourses {
    let steps = found.n_steps.iter().copied().min().unwrap_or(0);
    let currents = &found.currents;
    let mean = |source: usize, target: usize| -> Vec<f64> {
        let of = currents.by_source.index_axis(Axis(0), source);
        let of = of.index_axis(Axis(0), target);
        (0..steps).map(|step| of.column(step).mean().unwrap_or(0.0)).collect()
    };
    let sum = |sources: &Range<usize>, target: usize| {
        let mut parts = sources.clone().map(|source| mean(source, target));
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |sum, part| sum.iter().zip(part).map(|(sum, part)| sum + part).collect())
    };
    let sources = drawn_sources(&currents.sources, populations);
    let panel = |(target, title): (usize, &String)| {
        let mut lines: Vec<TimeLine> = sources
            .iter()
            .map(|(name, sources)| TimeLine { name: name.clone(), values: sum(sources, target) })
            .filter(|line| line.values.iter().any(|value| *value != 0.0))
            .collect();
        let size = |line: &TimeLine| line.values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        lines.sort_by(|a, b| size(b).total_cmp(&size(a)));
        lines.truncate(DRAWN);
        TimePanel { title: format!("Into {title}"), lines }
    };
    TimeCourses {
        dt: found.dt,
        epochs: Vec::new(),
        quantity: "Current".into(),
        panels: currents.targets.iter().enumerate().map(panel).filter(|panel| !panel.lines.is_empty()).collect(),
        share_y: false,
    }
}

/// Populations and the bias one by one, channels that are named alike together: (name, sources).
fn drawn_sources(names: &[String], populations: usize) -> Vec<(String, Range<usize>)> {
    let channels = populations..names.len().saturating_sub(1).max(populations);
    let one = |source: usize| (names[source].clone(), source..source + 1);
    let together = named_alike(&names[channels.clone()]).into_iter().map(|(name, Range { start, end })| {
        let name = if end - start > 1 { format!("{name} (sum of {})", end - start) } else { name };
        (name, populations + start..populations + end)
    });
    (0..populations).map(one).chain(together).chain((channels.end..names.len()).map(one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_named_alike_are_drawn_as_one_source_beside_populations_and_bias() {
        let names = ["E", "I", "fixation", "ring_1", "ring_2", "bias"].map(String::from);
        let wanted = [("E", 0..1), ("I", 1..2), ("fixation", 2..3), ("ring (sum of 2)", 3..5), ("bias", 5..6)];
        assert_eq!(drawn_sources(&names, 2), wanted.map(|(name, sources)| (name.to_owned(), sources)));
    }
}
