//! `nn4n analyze structure`

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::Array1;
use nn4n_analysis::{
    Structure,
    single_units::selectivity::{Selectivity, by_preference},
    structure::Group,
};
use nn4n_models::NoiseKey;
use nn4n_tasks::{Split, balanced};
use serde::Serialize;

use super::{
    answer::{AnswerArgs, complex, single},
    probe::{About, Probe, ProbeArgs},
};
use crate::{
    cli::output::{free, shell_word},
    evaluate::populations,
    plot::{Balance, EigenvaluePlane, UnitGroup, WeightHistograms, WeightMatrix},
    simulate::Simulation,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze structure kleinman2021-checkerboard --out runs/structure
  nn4n analyze structure song2016-rdm-ei --selectivity coherence --out runs/structure
  nn4n analyze structure runs/mine --json | jq .predicted_radius")]
pub struct StructureArgs {
    #[command(flatten)]
    probe: ProbeArgs,
    /// Divide the units also by the sign of this variable of the trials that they prefer
    #[arg(long, value_name = "VARIABLE")]
    selectivity: Option<String>,
    /// Fresh trials of each condition for the selectivity, with the noise of the network
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(2..))]
    trials: u32,
    /// The least |d'| of a unit that is selective
    #[arg(long, value_name = "D", default_value_t = 1.0)]
    least: f64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: About,
    groups: &'a [Group],
    selectivity: Option<&'a Selectivity>,
    #[serde(flatten)]
    found: &'a Structure,
}

pub fn structure(args: &StructureArgs) -> Result<()> {
    if !(args.least.is_finite() && args.least >= 0.0) {
        bail!("--least {}: must be finite and at least 0", args.least);
    }
    let answer = args.answer.open("structure", &["histograms", "balance", "spectrum", "weights"], &[])?;
    // Selectivity alone is one of noisy trials.
    let probe = if args.selectivity.is_some() { args.probe.open_noisy()? } else { args.probe.open()? };
    let weights = probe.network.joined_weights();
    let selectivity = args.selectivity.as_deref().map(|variable| selectivity(args, &probe, variable)).transpose()?;
    let groups = groups(&probe, selectivity.as_ref(), args.least);
    let found = Structure::of(&weights, &groups)?;
    let drawn: Vec<UnitGroup> =
        groups.iter().map(|group| UnitGroup { name: group.name.clone(), units: group.units.clone() }).collect();
    let w_rec = single(weights.view());
    answer.figure("histograms", |path| WeightHistograms { w_rec: w_rec.clone(), groups: drawn.clone() }.save(path))?;
    answer.figure("balance", |path| Balance::of(&found, &drawn).save(path))?;
    answer.figure("spectrum", |path| EigenvaluePlane::of_weights(&found).save(path))?;
    answer.figure("weights", |path| WeightMatrix { w_rec: w_rec.clone(), groups: drawn.clone() }.save(path))?;
    answer.arrays(|file| {
        let array = |values: &[f64]| Array1::from(values.to_vec());
        let counts = |values: &[usize]| values.iter().map(|value| *value as i64).collect::<Array1<i64>>();
        let file = file
            .array("w_rec", &weights)?
            .axes(["units to", "units from"])
            .array("in_degree", &counts(&found.in_degree))?
            .axes(["units"])
            .array("out_degree", &counts(&found.out_degree))?
            .axes(["units"])
            .array("excitation", &array(&found.excitation))?
            .axes(["units"])
            .array("inhibition", &array(&found.inhibition))?
            .axes(["units"])
            .array("eigenvalues", &complex(&[&found.eigenvalues]))?
            .axes(["points", "modes", "parts"])
            .columns(["real", "imaginary"])
            .array("singular_values", &array(&found.singular_values))?
            .axes(["components"]);
        Ok(match &selectivity {
            Some(selectivity) => file.array("d_prime", &array(&selectivity.d_prime))?.axes(["units"]),
            None => file,
        })
    })?;
    let report =
        Report { about: args.probe.about(&probe), groups: &groups, selectivity: selectivity.as_ref(), found: &found };
    answer.say(
        &report,
        &lines(&report),
        &format!("nn4n plot network {} --out {}", shell_word(&probe.name), free("network.svg")),
    )
}

/// d' of the mean rate in a trial between the trials in which the variable is above 0, or has its first value, and the
/// others.
fn selectivity(args: &StructureArgs, probe: &Probe, variable: &str) -> Result<Selectivity> {
    let task = probe.task.as_deref().with_context(|| {
        format!("--selectivity {variable}: nothing is known of the trials of this network; name its task with --task")
    })?;
    let trials = balanced(task, Split::Test, args.probe.seed, 0, args.trials as usize)?;
    let noise = NoiseKey::new(args.probe.seed, 0);
    let recording = Simulation::of(&probe.ctrnn, task).noise(noise).record(&trials.inputs)?;
    Ok(Selectivity::of(recording.rates.view(), &trials, variable)?)
}

/// Areas and cell types, divided by what their units prefer.
fn groups(probe: &Probe, selectivity: Option<&Selectivity>, least: f64) -> Vec<Group> {
    let of_types = populations(probe.ctrnn.units());
    match selectivity {
        None => of_types,
        Some(selectivity) => of_types.iter().flat_map(|group| by_preference(group, selectivity, least)).collect(),
    }
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let found = report.found;
    let sizes: Vec<String> =
        report.groups.iter().map(|group| format!("{} {}", group.units.len(), group.name)).collect();
    let mean = |values: &[usize]| values.iter().sum::<usize>() as f64 / values.len().max(1) as f64;
    let balances: Vec<f64> = found.balance.iter().flatten().copied().collect();
    let balance = balances.iter().sum::<f64>() / balances.len().max(1) as f64;
    let radius = found.eigenvalues.first().map_or(0.0, |value| value.0.hypot(value.1));
    let mut lines = vec![
        format!("units        {}; seed {}", sizes.join(", "), report.about.seed),
        format!("degrees      {:.1} synapses a unit on average", mean(&found.in_degree)),
        format!("balance      {balance:.3}: (E - |I|) / (E + |I|) of what a unit receives, on average"),
        format!(
            "spectrum     radius {radius:.3}; random weights of these variances: {:.3}; {} beyond it",
            found.predicted_radius, found.outliers
        ),
        format!(
            "low rank     {} of {} singular values are more than noise, with {:.1} % of the squares",
            found.rank,
            found.singular_values.len(),
            100.0 * found.low_rank_share
        ),
    ];
    for block in found.blocks.iter().filter(|block| block.synapses > 0) {
        lines.push(format!(
            "  {:>22} -> {:<22} {:>6} synapses, mean {:>8.4}, sd {:>7.4}, input of a unit {:>8.3}",
            block.from, block.to, block.synapses, block.mean, block.sd, block.input
        ));
    }
    lines
}
