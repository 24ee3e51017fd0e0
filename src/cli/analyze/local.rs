//! `nn4n analyze local`

use anyhow::{Context, Result};
use clap::Args;
use ndarray::s;
use nn4n_analysis::Local;
use serde::Serialize;

use super::{
    answer::{AnswerArgs, complex, rows},
    probe::{About, ConditionArgs, LoopArgs, ProbeArgs},
};
use crate::plot::{TimeCourses, TimeLine, TimePanel, spans};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze local song2016-rdm-ei --where coherence=0.128 --out runs/local
  nn4n analyze local runs/mine --trial 3 --modes 8 --json")]
pub struct LocalArgs {
    #[command(flatten)]
    probe: ProbeArgs,
    #[command(flatten)]
    condition: ConditionArgs,
    #[command(flatten)]
    closed: LoopArgs,
    /// Which of the noise-free test trials
    #[arg(long, value_name = "N", default_value_t = 0)]
    trial: usize,
    /// How many modes, the slowest first
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    modes: u32,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: About,
    /// Of the trial.
    condition: &'a nn4n_tasks::Condition,
    epochs: &'a [nn4n_tasks::Epoch],
    #[serde(flatten)]
    found: &'a Local,
}

pub fn local(args: &LocalArgs) -> Result<()> {
    let answer = args.answer.open("local", &["local"], &[])?;
    let probe = args.probe.open()?;
    let trials = probe
        .trials(&args.condition.parse()?, args.probe.seed)?
        .context("nothing is known of the trials of this network; name its task with --task")?;
    let n = trials.len();
    let view =
        trials.view(args.trial).with_context(|| format!("--trial {}: there are {n}, counted from 0", args.trial))?;
    let inputs = trials.inputs.slice(s![args.trial, ..trials.n_steps[args.trial], ..]).mapv(f64::from);
    let system = args.closed.system(&probe)?;
    let found = Local::of_trial(system, inputs.view(), &system.start(), args.modes as usize)?;
    let figure = figure(&found, (probe.network.dt(), system.flow_unit()), view.epochs);
    answer.figure("local", |path| figure.save(path))?;
    answer.arrays(|file| {
        Ok(file
            .array("eigenvalues", &complex(&found.eigenvalues.iter().map(Vec::as_slice).collect::<Vec<_>>()))?
            .axes(["steps", "modes", "parts"])
            .columns(["real", "imaginary"])
            .array("time_constants_ms", &rows(found.time_constants_ms.iter().map(Vec::as_slice)))?
            .axes(["steps", "modes"])
            .unit("ms")
            .array("speed", &ndarray::Array1::from(found.speed.clone()))?
            .axes(["steps"]))
    })?;
    let about = args.probe.about(&probe).of(&system);
    let report = Report { about, condition: view.condition, epochs: view.epochs, found: &found };
    let mut lines = vec![format!(
        "trial        {} of {n} noise-free test trials: {}, seed {}",
        args.trial, view.condition, args.probe.seed
    )];
    for epoch in view.epochs.iter().filter(|epoch| !epoch.steps().is_empty()) {
        let last = epoch.end - 1;
        let tau = found.time_constants_ms[last].first().copied().unwrap_or(f64::NAN);
        lines.push(format!(
            "  {:<16} at its end: the slowest mode {}, speed {:.3} {}",
            epoch.name,
            super::fixed_points::in_words(tau),
            found.speed[last],
            system.flow_unit()
        ));
    }
    report.about.head(&mut lines);
    let next = format!("nn4n analyze fixed-points {}{}", args.probe.again(), args.closed.words());
    answer.say(&report, &lines, &next)
}

/// How fast the slowest modes grow, and the speed, at every step.
fn figure(found: &Local, (dt, flow_unit): (f64, &str), epochs: &[nn4n_tasks::Epoch]) -> TimeCourses {
    let modes = found.eigenvalues.first().map_or(0, Vec::len);
    let modulus = |mode: usize| TimeLine {
        name: format!("mode {}", mode + 1),
        // A mode that is gone within a step has no rate.
        values: found.time_constants_ms.iter().map(|tau| finite(-1000.0 / tau[mode])).collect(),
    };
    TimeCourses {
        dt,
        epochs: spans(dt, epochs),
        quantity: String::new(),
        panels: vec![
            TimePanel {
                title: "Growth rate of the slowest modes, -1/tau (1/s)".into(),
                lines: (0..modes).map(modulus).collect(),
            },
            TimePanel {
                title: format!("Speed, {flow_unit}"),
                lines: vec![TimeLine { name: "speed".into(), values: found.speed.clone() }],
            },
        ],
        share_y: false,
    }
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}
