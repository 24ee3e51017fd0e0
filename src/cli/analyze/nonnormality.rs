//! `nn4n analyze nonnormality`

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::Array1;
use nn4n_analysis::{
    FixedPoints,
    nonnormality::{Nonnormality, Pseudospectrum},
};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    probe::{About, Held},
    search::{SearchArgs, search},
    trajectories::Trajectories,
};
use crate::plot::{EigenvaluePlane, Growth};

/// How far the grid of the pseudospectrum reaches past the eigenvalues.
const BEYOND: f64 = 0.15;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze nonnormality song2016-rdm-ei --out runs/nonnormality
  nn4n analyze nonnormality flip-flop-3bit --point 8 --steps 300 --json")]
pub struct NonnormalityArgs {
    #[command(flatten)]
    search: SearchArgs,
    /// The point, by its number in `analyze fixed-points`
    #[arg(long, value_name = "N", default_value_t = 0)]
    point: usize,
    /// Steps of the transient
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// Points of the pseudospectrum on each side
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..=500))]
    grid: u32,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: About,
    input: &'a Held,
    point: usize,
    kind: String,
    eigenbasis_condition: f64,
    #[serde(flatten)]
    found: &'a Nonnormality,
}

pub fn nonnormality(args: &NonnormalityArgs) -> Result<()> {
    let answer = args.answer.open("nonnormality", &["growth", "pseudospectrum"], &[])?;
    let (probe, held) = args.search.open()?;
    let system = args.search.closed.system(&probe)?;
    let mut trials = held.trials.as_ref().map(|trials| Trajectories::new(system, trials));
    let search = search(system, &held, trials.as_mut(), &args.search)?;
    if search.found.points.is_empty() {
        bail!("no fixed point was found; take more --starts, or another --input");
    }
    let point = search.found.points.get(args.point).with_context(|| {
        format!("--point {}: there is no such point; they are 0 to {}", args.point, search.found.points.len() - 1)
    })?;
    let found = Nonnormality::of(&point.jacobian, args.steps as usize)?;
    let spectrum = Pseudospectrum::of(&point.jacobian, args.grid as usize, BEYOND)?;
    let kind = search.words(args.point);
    let name = format!("point {} ({kind})", args.point);
    answer.figure("growth", |path| Growth::of(probe.network.dt(), [(name.as_str(), &found)]).save(path))?;
    let alone = FixedPoints { points: vec![point.clone()], ..search.found.clone() };
    let plane = EigenvaluePlane::of(&alone).over(&spectrum);
    answer.figure("pseudospectrum", |path| plane.save(path))?;
    answer.arrays(|file| {
        let array = |values: &[f64]| Array1::from(values.to_vec());
        Ok(file
            .array("jacobian", &point.jacobian)?
            .axes(["to", "from"])
            .array("growth", &array(&found.growth))?
            .axes(["steps"])
            .array("real", &array(&spectrum.real))?
            .axes(["real parts"])
            .array("imaginary", &array(&spectrum.imaginary))?
            .axes(["imaginary parts"])
            .array("smallest", &spectrum.smallest)?
            .axes(["imaginary parts", "real parts"]))
    })?;
    let report = Report {
        about: args.search.about(&probe, &system),
        input: &held,
        point: args.point,
        kind,
        eigenbasis_condition: point.eigenbasis_condition,
        found: &found,
    };
    let mut lines = vec![
        format!("input        {}", held.words()),
        format!(
            "point        {} of {}, {}, seed {}",
            args.point,
            search.found.points.len(),
            report.kind,
            args.search.probe.seed
        ),
        format!("departure    {:.4}, {:.1} % of the norm (Henrici)", found.departure, 100.0 * found.relative_departure),
        format!("growth       at most {:.3}, after {} steps", found.largest_growth, found.at_step),
        format!("eigenbasis   condition {:.3e}", point.eigenbasis_condition),
    ];
    report.about.head(&mut lines);
    if system.is_in_loop() {
        lines.push("norms        of states, angles (rad) and angular velocities (rad/s) together, as they are".into());
    }
    answer.say(&report, &lines, &format!("nn4n analyze structure {}", args.search.probe.again()))
}
