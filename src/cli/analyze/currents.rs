//! `nn4n analyze currents`

use anyhow::{Result, bail};
use clap::Args;
use ndarray::{Array1, Axis};
use serde::Serialize;

use super::answer::AnswerArgs;
use crate::{
    cli::{interventions::InterventionArgs, subject::SubjectArgs},
    evaluate::{TaskCurrents, currents as of_task, populations},
    intervention::{Altered, Applied},
    plot::{TimeCourses, TimeLine, TimePanel},
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
    let subject = args.subject.open(args.trials as usize)?;
    let altered = Altered::of(&subject.network, &args.interventions.all())?;
    let groups = populations(altered.network.units());
    let found = of_task(&altered, subject.task.as_ref(), (args.trials as usize, args.seed), &groups, &groups)?;
    if found.conditions.is_empty() {
        bail!("the task has no test trials");
    }
    let figure = figure(&found);
    answer.figure("currents", |path| figure.save(path))?;
    answer.arrays(|file| {
        let n_steps: Array1<i64> = found.n_steps.iter().map(|n| *n as i64).collect();
        Ok(file
            .array("by_source", &found.currents.by_source)?
            .array("total", &found.currents.total)?
            .array("n_steps", &n_steps)?)
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

/// Means over trials of the largest currents into each target; steps that no trial has are left out.
fn figure(found: &TaskCurrents) -> TimeCourses {
    let steps = found.n_steps.iter().copied().min().unwrap_or(0);
    let currents = &found.currents;
    let mean = |source: usize, target: usize| -> Vec<f64> {
        let of = currents.by_source.index_axis(Axis(0), source);
        let of = of.index_axis(Axis(0), target);
        (0..steps).map(|step| of.column(step).mean().unwrap_or(0.0)).collect()
    };
    let panel = |(target, title): (usize, &String)| {
        let mut lines: Vec<TimeLine> = currents
            .sources
            .iter()
            .enumerate()
            .map(|(source, name)| TimeLine { name: name.clone(), values: mean(source, target) })
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
