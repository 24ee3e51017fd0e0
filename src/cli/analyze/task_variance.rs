//! `nn4n analyze task-variance`

use anyhow::{Result, bail};
use clap::Args;
use ndarray::{Array1, Axis};
use nn4n_analysis::{
    FractionalVariance, TaskVariance,
    activity::Trials,
    single_units::clusters,
    single_units::task_variance::{Column, Settings, TaskClusters},
    structure::Group,
};
use serde::Serialize;
use serde_json::Value;

use super::{
    answer::AnswerArgs,
    single_units::{json, lesion},
    source::{Source, SourceAbout, SourceArgs},
};
use crate::cli::names::{Names, joined};
use crate::evaluate::variance_settings;
use crate::plot::{ClusterSpan, FractionHistogram, TaskVarianceMap};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze task-variance yang2019-go-anti --out runs/variance
  nn4n analyze interventions yang2019-go-anti --lesion @runs/variance/task-variance.json#cluster1
  nn4n analyze task-variance yang2019-context --by-epoch --clusters 6
  nn4n eval yang2019-context --lesion @runs/context/task-variance.json#first-only    units of one of a pair
  nn4n analyze task-variance song2016-mante-ei --tasks context --pair colour,motion
  nn4n analyze task-variance --activity neurons.npz --conditions trials.csv --by direction

The noise of inputs and units is off unless --noise is given. Trials are of the grid of conditions of the task (nn4n
tasks show). Variance is over conditions, and then averaged over the steps of all epochs but the first.")]
pub struct TaskVarianceArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// The variable that says which task a trial is of [default: task, if there is one; else each epoch is a column]
    #[arg(long, value_name = "VARIABLE")]
    tasks: Option<String>,
    /// Variables that make a condition [default: all but the task and what was done]
    #[arg(long, value_name = "A,B,..")]
    by: Option<Names>,
    /// Each epoch of each task as a column of its own
    #[arg(long)]
    by_epoch: bool,
    /// Epochs that are left out [default: those that trials begin with]
    #[arg(long, value_name = "A,B,..")]
    without: Option<Names>,
    /// Units with less variance in all columns together take part in nothing
    #[arg(long, value_name = "V", default_value_t = 1e-3)]
    active: f64,
    /// How many clusters [default: the number from 2 to 29 with the best silhouette]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..))]
    clusters: Option<u32>,
    /// Starts of k-means
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    starts: u32,
    /// Two columns whose variances are compared unit by unit [default: those that there are, if there are two]
    #[arg(long, value_name = "A,B")]
    pair: Option<Names>,
    /// Rotations of the states for the null of the comparison
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rotations: u32,
    /// With the noise of inputs and units, averaged over the trials of a condition
    #[arg(long, conflicts_with_all = ["noise_free", "activity"])]
    noise: bool,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    /// Numbers of the units.
    units: &'a [usize],
    /// Names of the columns.
    tasks: Vec<&'a str>,
    /// (units, tasks)
    variance: Vec<Vec<Value>>,
    /// The cluster of each unit from 1; `null` of one that takes part in nothing.
    clusters: Vec<Option<usize>>,
    silhouette: Option<f64>,
    groups: &'a [Group],
    columns: &'a [Column],
    by: &'a [String],
    left_out: &'a [String],
    /// Epochs of one condition, which are left out.
    single: &'a [String],
    trials_left_out: usize,
    active: f64,
    active_units: usize,
    unrecorded_units: usize,
    starts: u32,
    k: Option<usize>,
    inertia: Option<f64>,
    /// Numbers of clusters with their silhouettes.
    tried: &'a [(usize, f64)],
    /// Mean and least adjusted Rand index with the clusters of other seeds.
    stability: Option<f64>,
    least_stability: Option<f64>,
    /// Why there are no clusters.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_clusters: Option<String>,
    fractional_variance: Option<&'a FractionalVariance>,
}

pub fn task_variance(args: &TaskVarianceArgs) -> Result<()> {
    if !(args.active.is_finite() && args.active >= 0.0) {
        bail!("--active {}: must be finite and at least 0", args.active);
    }
    let answer = args.answer.open("task-variance", &["task-variance", "fractional-variance"], &[])?;
    // Without noise the trials of a condition are copies.
    let source = args.source.open_grid((!args.noise).then_some(1), args.noise)?;
    let settings = settings(args, source.activity.trials());
    let found = TaskVariance::of(&source.activity, &settings)?;
    let seed = args.source.seed;
    let of_clusters = clusters::Settings {
        k: args.clusters.map(|k| k as usize),
        starts: args.starts as usize,
        seed,
        ..clusters::Settings::default()
    };
    let clustered = found.clusters(args.active, &of_clusters);
    if let (Err(error), Some(_)) = (&clustered, args.clusters) {
        return Err(error.clone().into());
    }
    let pair = pair(args, &found)?
        .map(|(a, b)| {
            let rotations = args.rotations as usize;
            FractionalVariance::of(&source.activity, &found, (&a, &b), args.active, rotations, seed)
        })
        .transpose()?;
    if let Ok(clustered) = &clustered {
        let figure = figure(&found, clustered, &source);
        answer.figure("task-variance", |path| figure.save(path))?;
    }
    if let Some(pair) = &pair {
        let figure = FractionHistogram::of(pair);
        answer.figure("fractional-variance", |path| figure.save(path))?;
    }
    answer.arrays(|file| {
        let units: Array1<i64> = source.units.iter().map(|unit| *unit as i64).collect();
        let names = found.columns.iter().map(|column| &column.name);
        let file = file
            .array("units", &units)?
            .axes(["units"])
            .array("variance", &found.variance)?
            .axes(["units", "columns"])
            .columns(names.clone());
        let file = match &clustered {
            Ok(of) => file.array("centroids", &of.clusters.centroids)?.axes(["clusters", "columns"]).columns(names),
            Err(_) => file,
        };
        Ok(match &pair {
            Some(pair) => {
                let units: Array1<i64> = pair.units.iter().map(|unit| source.units[*unit] as i64).collect();
                file.array("fractional_variance_units", &units)?
                    .axes(["units of the pair"])
                    .array("fractional_variance", &Array1::from(pair.values.clone()))?
                    .axes(["units of the pair"])
            }
            None => file,
        })
    })?;
    let mut groups = clustered.as_ref().map(|of| of.groups(&source.units)).unwrap_or_default();
    groups.extend(pair.iter().flat_map(|pair| pair.groups(&source.units)));
    let of = clustered.as_ref().ok().map(|of| &of.clusters);
    let report = Report {
        about: &source.about,
        units: &source.units,
        tasks: found.columns.iter().map(|column| column.name.as_str()).collect(),
        variance: found.variance.outer_iter().map(|row| json(row.iter().copied())).collect(),
        clusters: clustered
            .as_ref()
            .map_or_else(|_| vec![None; source.units.len()], |of| of.of_units(source.units.len())),
        silhouette: of.map(|of| of.silhouette),
        groups: &groups,
        columns: &found.columns,
        by: &settings.by,
        left_out: &found.left_out,
        single: &found.single,
        trials_left_out: found.trials_left_out,
        active: args.active,
        active_units: found.active(args.active).len(),
        unrecorded_units: found.unrecorded(),
        starts: args.starts,
        k: of.map(|of| of.k),
        inertia: of.map(|of| of.inertia),
        tried: of.map_or(&[], |of| &of.tried),
        stability: of.and_then(|of| of.stability),
        least_stability: of.and_then(|of| of.least_stability),
        no_clusters: clustered.as_ref().err().map(ToString::to_string),
        fractional_variance: pair.as_ref(),
    };
    let next = lesion(&source, answer.report().as_deref(), &groups).unwrap_or_else(|| next(args, &settings));
    answer.say(&report, &lines(&report), &next)
}

/// Where to go from here without clusters to lesion.
fn next(args: &TaskVarianceArgs, settings: &Settings) -> String {
    let again = args.source.again();
    match settings.by.first() {
        Some(variable) => format!("nn4n analyze selectivity {again} --variable {variable}"),
        None => format!("nn4n analyze sequence {again}"),
    }
}

/// What the arguments say, or what the trials do.
fn settings(args: &TaskVarianceArgs, trials: &Trials) -> Settings {
    let named = |names: &Option<Names>| names.clone().map(|Names(names)| names);
    variance_settings(trials, args.tasks.clone(), named(&args.by), named(&args.without), args.by_epoch)
}

/// The two columns that are compared.
fn pair(args: &TaskVarianceArgs, found: &TaskVariance) -> Result<Option<(String, String)>> {
    match args.pair.as_ref().map(|Names(names)| (names, &names[..])) {
        Some((_, [first, second])) => Ok(Some((first.clone(), second.clone()))),
        Some((names, _)) => bail!("--pair {}: must name two columns, as in A,B", joined(names)),
        None => Ok(match &found.columns[..] {
            [first, second] => Some((first.name.clone(), second.name.clone())),
            _ => None,
        }),
    }
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let about = report.about;
    let steps = |of: fn(&Column) -> usize| report.columns.iter().map(of).sum::<usize>();
    let list = |names: &[String]| if names.is_empty() { "none".into() } else { names.join(", ") };
    let mut lines = vec![
        format!(
            "columns      {}; {} trials without a task or condition left out, seed {}",
            report.tasks.join(", "),
            report.trials_left_out,
            about.seed
        ),
        format!(
            "conditions   by {}; epochs left out: {}; of one condition: {}; noise {}",
            list(report.by),
            list(report.left_out),
            list(report.single),
            match about.noise {
                Some(true) => "on",
                Some(false) => "off",
                None => "of the recording",
            }
        ),
        format!(
            "steps        {}, {} that not all conditions have left out{}",
            steps(|column| column.steps),
            steps(|column| column.steps_left_out),
            if steps(|column| column.steps_left_out) > 0 && about.network.is_some() {
                "; with more --trials a condition has longer ones, too"
            } else {
                ""
            }
        ),
        format!(
            "units        {} of {} have a variance above {}; {} not recorded in all conditions",
            report.active_units,
            report.units.len(),
            report.active,
            report.unrecorded_units
        ),
    ];
    match (report.k, report.silhouette, &report.no_clusters) {
        (Some(k), Some(silhouette), _) => {
            let of_seeds = match (report.stability, report.least_stability) {
                (Some(mean), Some(least)) => format!("; other seeds agree by {mean:.3} (Rand, least {least:.3})"),
                _ => String::new(),
            };
            lines.push(format!("clusters     {k}, silhouette {silhouette:.3}{of_seeds}"));
            let clusters = report.groups.iter().take(k);
            lines.extend(clusters.map(|group| format!("  {:<11} {} units", group.name, group.units.len())));
        }
        (.., why) => lines.push(format!("clusters     none: {}", why.as_deref().unwrap_or("not asked for"))),
    }
    if let Some(pair) = report.fractional_variance {
        let share = |name: &str, share: nn4n_analysis::single_units::task_variance::Share| {
            format!(
                "  {:<11} {:.1} % of {} units, rotated {:.1} % (p = {:.3})",
                name,
                100.0 * share.share,
                pair.active,
                100.0 * share.null_mean,
                share.p
            )
        };
        lines.push(format!("fractions    {} against {}, {} rotations", pair.first, pair.second, pair.rotations));
        lines.push(share("first only", pair.only_first));
        lines.push(share("second only", pair.only_second));
        lines.push(share("both alike", pair.both));
    }
    lines
}

/// Columns by units, cluster after cluster; within one by the column that a unit prefers.
fn figure(found: &TaskVariance, clustered: &TaskClusters, source: &Source) -> TaskVarianceMap {
    let labels = &clustered.clusters.labels;
    let key = |row: usize| {
        let values = clustered.normalised.row(row);
        let preferred = values.iter().position(|value| *value == 1.0).unwrap_or(0);
        let sum: f64 = values.sum();
        (labels[row], preferred, (sum * 1e9) as i64, row)
    };
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by_key(|row| key(*row));
    let clusters = (0..clustered.clusters.k).map(|cluster| ClusterSpan {
        name: (cluster + 1).to_string(),
        units: labels.iter().filter(|label| **label == cluster).count(),
    });
    let stability = clustered.clusters.stability.map_or(String::new(), |value| format!(", Rand {value:.2} over seeds"));
    TaskVarianceMap {
        tasks: found.columns.iter().map(|column| column.name.clone()).collect(),
        variance: clustered.normalised.select(Axis(0), &order),
        clusters: clusters.collect(),
        remark: format!(
            "{} of {} units; silhouette {:.2}{stability}",
            labels.len(),
            source.units.len(),
            clustered.clusters.silhouette
        ),
    }
}
