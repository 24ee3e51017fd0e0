//! `nn4n analyze lyapunov`

use std::ops::ControlFlow;

use anyhow::{Result, bail};
use clap::Args;
use ndarray::{Array1, concatenate, s};
use nn4n_analysis::{Lyapunov, lyapunov::Settings};
use nn4n_tasks::TrialRng;
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    probe::{About, Held, InputArgs, LoopArgs, Probe, ProbeArgs},
};
use crate::{plot::Exponents, terminal::steps_bar};

/// Exponents that are computed unless another number is asked for.
const EXPONENTS: usize = 10;
/// Standard deviation of what is added to the start state, so that an unstable fixed point there is left.
const START_NOISE: f64 = 0.1;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze lyapunov runs/mine --out runs/lyapunov
  nn4n analyze lyapunov runs/mine --exponents 64 --steps 20000 --json
  nn4n analyze lyapunov runs/mine --driven --where context=motion     along trials, end to end: conditional exponents")]
pub struct LyapunovArgs {
    #[command(flatten)]
    probe: ProbeArgs,
    #[command(flatten)]
    input: InputArgs,
    /// How many exponents, the largest first [default: 10, or as many as there are units]
    #[arg(long, value_name = "N")]
    exponents: Option<usize>,
    /// Steps that the mean is over
    #[arg(long, value_name = "N", default_value_t = Settings::default().steps)]
    steps: usize,
    /// Steps before
    #[arg(long, value_name = "N", default_value_t = Settings::default().transient)]
    transient: usize,
    /// Drive the network by its noise-free test trials, end to end, instead of a constant input
    #[arg(long, conflicts_with_all = ["at", "input"])]
    driven: bool,
    #[command(flatten)]
    closed: LoopArgs,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: About,
    /// The input that is held; nothing where trials drive the network.
    input: Option<&'a Held>,
    #[serde(flatten)]
    found: &'a Lyapunov,
}

pub fn lyapunov(args: &LyapunovArgs) -> Result<()> {
    let answer = args.answer.open("lyapunov", &["exponents"], &[])?;
    let probe = args.probe.open()?;
    let seed = args.probe.seed;
    let settings = Settings {
        exponents: args.exponents.unwrap_or(EXPONENTS.min(probe.network.units())),
        steps: args.steps,
        transient: args.transient,
        seed,
        ..Settings::default()
    };
    let system = args.closed.system(&probe)?;
    let at_start = system.under(&vec![0.0; probe.network.inputs()])?.at_rest(&start(&probe, seed));
    let mut bar = steps_bar("steps", (settings.steps + settings.transient) as u64);
    let watch = &mut |done: usize| {
        bar(done as u64);
        ControlFlow::Continue(())
    };
    let (held, found) = if args.driven {
        let Some(trials) = probe.trials(&args.input.trials.parse()?, seed)? else {
            bail!("--driven: nothing is known of the trials of this network; name its task with --task")
        };
        let parts: Vec<_> =
            (0..trials.len()).map(|trial| trials.inputs.slice(s![trial, ..trials.n_steps[trial], ..])).collect();
        let inputs = concatenate(ndarray::Axis(0), &parts)?.mapv(f64::from);
        (None, Lyapunov::driven(system, inputs.view(), &at_start, &settings, watch)?)
    } else {
        let held = probe.held(&args.input, seed)?;
        let under = system.under(&held.values)?;
        let found = Lyapunov::of(&*under, probe.network.dt(), &at_start, &settings, watch)?;
        (Some(held), found)
    };
    answer.figure("exponents", |path| Exponents::of(&found).save(path))?;
    answer.arrays(|file| {
        let array = |values: &[f64]| Array1::from(values.to_vec());
        Ok(file
            .array("exponents_per_second", &array(&found.exponents_per_second))?
            .axes(["exponents"])
            .unit("1/s")
            .array("exponents_per_step", &array(&found.exponents_per_step))?
            .axes(["exponents"])
            .array("standard_errors", &array(&found.standard_errors))?
            .axes(["exponents"])
            .unit("1/s"))
    })?;
    let about = args.probe.about(&probe).of(&system);
    let report = Report { about, input: held.as_ref(), found: &found };
    let next = format!("nn4n analyze fixed-points {}{}{}", args.probe.again(), args.closed.words(), args.input.words());
    answer.say(&report, &lines(&report), &next)
}

/// The start of trials with a little noise.
fn start(probe: &Probe, seed: u64) -> Vec<f64> {
    let mut rng = TrialRng::new(seed, "lyapunov", 0, 0);
    probe.network.x0().iter().map(|x| x + START_NOISE * rng.gaussian()).collect()
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let found = report.found;
    let input = report.input.map_or_else(|| "noise-free test trials, end to end".into(), Held::words);
    let mut lines = vec![
        format!("of           {}", report.about.system),
        format!("input        {input}"),
        format!(
            "steps        {} after {} of transient, {} exponents of {}, seed {}",
            found.steps,
            found.settings.transient,
            found.exponents_per_second.len(),
            found.dimensions,
            report.about.seed
        ),
    ];
    for (place, (exponent, error)) in found.exponents_per_second.iter().zip(&found.standard_errors).enumerate() {
        lines.push(format!("  {:>3}  {exponent:>10.4} +- {error:.4} per second", place + 1));
    }
    lines.push(match (found.kaplan_yorke, &found.kaplan_yorke_reason) {
        (Some(dimension), _) => format!("dimension    {dimension:.3} (Kaplan-Yorke)"),
        (None, reason) => format!("dimension    not known: {}", reason.as_deref().unwrap_or("")),
    });
    lines
}
