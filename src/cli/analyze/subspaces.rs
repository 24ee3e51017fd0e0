//! `nn4n analyze subspaces`

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::Array1;
use nn4n_analysis::{
    geometry::{Comparison, PotentSpace, subspaces::Settings},
    structure::Group,
};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    source::{Source, SourceAbout, SourceArgs},
    window::states,
};
use crate::{
    cli::names::{self, Names},
    plot::{AgainstRandomFigure, RandomRow},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze subspaces song2016-rdm-ei --epochs stimulus,decision --out runs/subspaces
  nn4n analyze subspaces kleinman2021-checkerboard --projection 'area1->area2' --out runs/subspaces
  nn4n analyze subspaces --activity recording.npz --conditions trials.json --epochs delay,go --average condition")]
pub struct SubspacesArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Compare the subspaces of activity in two epochs
    #[arg(long, value_name = "A,B", conflicts_with = "projection")]
    epochs: Option<Names>,
    /// The part of the activity of an area, or other group of units, that its weights to another let through
    #[arg(long, value_name = "FROM->TO")]
    projection: Option<String>,
    /// Only the activity of this epoch, with --projection
    #[arg(long, value_name = "EPOCH", requires = "projection")]
    epoch: Option<String>,
    /// Means over trials of the same values of these variables in place of trials; `condition` for all variables
    #[arg(long, value_name = "VARIABLE,..|condition")]
    average: Option<Names>,
    /// Dimensions of a subspace [default: the fewest with 90 % of the variance, or of the squared weights]
    #[arg(long, value_name = "K")]
    dimensions: Option<usize>,
    /// Random subspaces to compare with
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = super::count::count)]
    draws: usize,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a, T: Serialize> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    /// The two epochs, or source and target.
    names: [&'a str; 2],
    average: &'a [String],
    #[serde(flatten)]
    found: &'a T,
}

pub fn subspaces(args: &SubspacesArgs) -> Result<()> {
    match (names::of(&args.epochs), &args.projection) {
        ([first, second], None) => between_epochs(args, [first, second]),
        (_, Some(projection)) => through_projection(args, projection),
        _ => bail!("name two epochs with --epochs A,B, or a projection with --projection FROM->TO"),
    }
}

fn settings(args: &SubspacesArgs) -> Settings {
    Settings { dimensions: args.dimensions, draws: args.draws, seed: args.source.seed }
}

fn between_epochs(args: &SubspacesArgs, names: [&str; 2]) -> Result<()> {
    let answer = args.answer.open("subspaces", &["subspaces"], &[])?;
    let source = args.source.open_one(None)?;
    let of =
        |name: &str| Ok::<_, anyhow::Error>(states(&source.activity, Some(name), names::of(&args.average))?.0.rows);
    let found = Comparison::of(&of(names[0])?, &of(names[1])?, &settings(args))?;
    let [a, b] = names;
    let figure = AgainstRandomFigure {
        quantity: "Alignment index".into(),
        random: "random planes".into(),
        rows: vec![
            RandomRow::of(&format!("{a} in {b}"), &found.first_in_second),
            RandomRow::of(&format!("{b} in {a}"), &found.second_in_first),
        ],
        angles_deg: found.principal_angles_deg.clone(),
        remark: format!("{} dimensions, {} random planes with the covariance of both", found.dimensions, args.draws),
    };
    answer.figure("subspaces", |path| figure.save(path))?;
    answer.arrays(|file| {
        let angles = Array1::from(found.principal_angles_deg.clone());
        let [first, second] = &found.bases;
        Ok(file
            .array("first", first)?
            .axes(["components", "units"])
            .array("second", second)?
            .axes(["components", "units"])
            .array("principal_angles_deg", &angles)?
            .axes(["angles"])
            .unit("degrees"))
    })?;
    let line = |name: String, of: &nn4n_analysis::geometry::subspaces::AgainstRandom| {
        format!(
            "  {name:<28} {:.3}; random {:.3} ({:.3} to {:.3}), p {:.3} below, {:.3} above",
            of.value, of.random, of.random_low, of.random_high, of.p_low, of.p_high
        )
    };
    let angles: Vec<String> = found.principal_angles_deg.iter().rev().take(8).map(|one| format!("{one:.1}")).collect();
    let lines = vec![
        format!(
            "subspaces    of {} dimensions of {} units: {:.1} % of `{a}`, {:.1} % of `{b}`; seed {}",
            found.dimensions,
            found.units,
            100.0 * found.held[0],
            100.0 * found.held[1],
            args.source.seed
        ),
        format!("angles       {} degrees, the smallest first", angles.join(" ")),
        format!("alignment    beside {} random planes drawn with the covariance of both", args.draws),
        line(format!("{a} in {b}"), &found.first_in_second),
        line(format!("{b} in {a}"), &found.second_in_first),
    ];
    let report = Report { about: &source.about, names, average: names::of(&args.average), found: &found };
    answer.say(&report, &lines, &format!("nn4n analyze pca {} --epoch {a}", args.source.again()))
}

fn through_projection(args: &SubspacesArgs, projection: &str) -> Result<()> {
    let Some((from, to)) = projection.split_once("->").map(|(from, to)| (from.trim(), to.trim())) else {
        bail!("--projection {projection}: must be FROM->TO, such as 'area1->area2', in quotes")
    };
    let answer = args.answer.open("subspaces", &["subspaces"], &[])?;
    let source = args.source.open_one(None)?;
    if source.about.selected_units.is_some() {
        bail!("--units: a projection is of all units of its groups; leave it out");
    }
    let (from_units, to_units) = (group(&source, from)?, group(&source, to)?);
    let weights = source
        .weights(&to_units, &from_units)?
        .context("--projection: recordings have no weights; name a network, or compare epochs with --epochs A,B")?;
    let (states, _, said) =
        states(&source.activity.with_units(&from_units)?, args.epoch.as_deref(), names::of(&args.average))?;
    let found = PotentSpace::of(&weights, &states.rows, &settings(args))?;
    let figure = AgainstRandomFigure {
        quantity: "Part of the variance".into(),
        random: "random spaces".into(),
        rows: vec![RandomRow::of(&format!("potent, {from} to {to}"), &found.variance)],
        angles_deg: Vec::new(),
        remark: format!(
            "{} of {} dimensions of {from}; as many principal components hold {:.1} %",
            found.dimensions,
            found.units,
            100.0 * found.most
        ),
    };
    answer.figure("subspaces", |path| figure.save(path))?;
    answer.arrays(|file| {
        let values = Array1::from(found.singular_values.clone());
        Ok(file
            .array("potent", &found.potent)?
            .axes(["components", "units from"])
            .array("singular_values", &values)?
            .axes(["components"])
            .array("weights", &weights)?
            .axes(["units to", "units from"]))
    })?;
    let variance = &found.variance;
    let lines = vec![
        format!("activity     of {} units of {from}: {said}; seed {}", found.units, args.source.seed),
        format!(
            "potent       {} dimensions with {:.1} % of the squared weights to {} units of {to}; null {}",
            found.dimensions,
            100.0 * found.weights_held,
            found.target_units,
            found.units - found.dimensions
        ),
        format!(
            "variance     {:.1} % in the potent, {:.1} % in the null space; the most that as many dimensions hold is \
             {:.1} %",
            100.0 * variance.value,
            100.0 * (1.0 - variance.value),
            100.0 * found.most
        ),
        format!(
            "random       {:.1} % ({:.1} to {:.1}) in {} random spaces, p {:.3} below, {:.3} above",
            100.0 * variance.random,
            100.0 * variance.random_low,
            100.0 * variance.random_high,
            args.draws,
            variance.p_low,
            variance.p_high
        ),
    ];
    let report = Report { about: &source.about, names: [from, to], average: names::of(&args.average), found: &found };
    answer.say(&report, &lines, &format!("nn4n analyze currents {}", source.name))
}

fn group(source: &Source, name: &str) -> Result<Vec<usize>> {
    let found = source.groups.iter().find(|group| group.name == name);
    let names: Vec<&str> = source.groups.iter().map(|group: &Group| group.name.as_str()).collect();
    let units = found.map(|group| group.units.clone());
    let known = if names.is_empty() { "none are known".into() } else { format!("there are {}", names.join(", ")) };
    units.with_context(|| format!("--projection: `{name}` is no group of units; {known}"))
}
