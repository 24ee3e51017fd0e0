//! `nn4n analyze tdr`

use anyhow::Result;
use clap::{Args, ValueEnum};
use ndarray::{Array1, Array3, Axis};
use nn4n_analysis::geometry::{Tdr, tdr::Method};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    source::{SourceAbout, SourceArgs},
    window::{WindowArgs, no_variables},
};
use crate::{
    cli::names::{self, Names},
    plot::{StateAxis, StateSpaceText, Trajectories, Trajectory},
};

/// The epoch that is analysed unless another is named, if trials have it.
const EPOCH: &str = "stimulus";
/// A condition number above this is said to be large.
const LARGE: f64 = 30.0;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze tdr song2016-mante-ei --variables chose_first,motion_coherence,colour_coherence,context --out runs/tdr
  nn4n analyze tdr song2016-rdm-ei --variables chose_first,coherence --as mante --out runs/tdr
  nn4n analyze tdr --activity recording.npz --conditions trials.csv --variables choice,motion,context --epoch dots")]
pub struct TdrArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    window: WindowArgs,
    /// Variables in the order of their axes, the choice first: numbers, or words of two kinds. Of networks
    /// `chose_first` is the choice
    #[arg(long, value_name = "VARIABLE,..")]
    variables: Option<Names>,
    /// How: as pycog does for networks, or as Mante et al. (2013) for recorded neurons
    #[arg(long = "as", value_enum, default_value_t = Way::Mante)]
    way: Way,
    /// Principal components that regression vectors are denoised with; 0 for none
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = super::count::count)]
    components: usize,
    #[command(flatten)]
    answer: AnswerArgs,
}

/// As on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    /// Active units, products of variables, signs of the preferred choice, every 50 ms
    Pycog,
    /// All units, variables alone, every bin, right trials for means
    Mante,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    epoch: Option<&'a str>,
    #[serde(flatten)]
    found: &'a Tdr,
}

pub fn tdr(args: &TdrArgs) -> Result<()> {
    let answer = args.answer.open("tdr", &["task-axes"], &["task-axes.html"])?;
    let source = args.source.open_one(None)?;
    let trials = source.activity.trials();
    if names::of(&args.variables).is_empty() {
        return no_variables(trials, "--variables");
    }
    let standard = trials.epoch_names().into_iter().find(|name| name == EPOCH);
    let (window, bin) = args.window.open(&source.activity, standard.as_deref())?;
    let method = match args.way {
        Way::Pycog => Method::pycog(),
        Way::Mante => Method::mante(),
    };
    let method = Method { components: (args.components > 0).then_some(args.components), ..method };
    let found = Tdr::of(&window, bin, names::of(&args.variables), &method)?;
    if let Some(figure) = figure(&found) {
        answer.figure("task-axes", |path| figure.save(path))?;
        let text = StateSpaceText {
            title: format!("Task axes of {}", source.name),
            subtitle: figure.remark.clone(),
            details: Vec::new(),
        };
        answer.file("task-axes.html", |path| figure.save_html(path, &text))?;
    }
    answer.arrays(|file| {
        Ok(file
            .array("directions", &found.directions)?
            .axes(["variables", "active units"])
            .array("regression", &found.regression)?
            .axes(["variables", "times", "active units"])
            .array("projections", &found.projections)?
            .axes(["conditions", "times", "variables"])
            .array("time_ms", &Array1::from(found.time_ms.clone()))?
            .axes(["times"])
            .unit("ms")
            .array("active_units", &found.active_units.iter().map(|unit| *unit as i64).collect::<Array1<i64>>())?
            .axes(["active units"]))
    })?;
    let epoch = args.window.epoch.as_deref().or(standard.as_deref());
    let report = Report { about: &source.about, epoch, found: &found };
    let mut lines = terminal(&report);
    let of = epoch.map_or_else(String::new, |name| format!("`{name}`, "));
    lines.insert(1, format!("window       {of}{}", args.window.said(&window, bin)));
    answer.say(&report, &lines, &format!("nn4n analyze dpca {}", args.source.again()))
}

/// Means over conditions along the first two or three axes, of each value of the choice and of the next variable.
fn figure(found: &Tdr) -> Option<Trajectories> {
    let n = found.axes.len().min(3);
    if n < 2 {
        return None;
    }
    let mut keys: Vec<(usize, usize)> = found.places.iter().map(|place| (place[1], place[0])).collect();
    keys.sort_unstable();
    keys.dedup();
    let line = |(second, first): &(usize, usize)| {
        let own: Vec<usize> = (0..found.places.len())
            .filter(|place| (found.places[*place][1], found.places[*place][0]) == (*second, *first))
            .collect();
        let states: Array3<f64> = found.projections.select(Axis(0), &own);
        let states = states.sum_axis(Axis(0)) / own.len() as f64;
        let level = &found.levels[1][*second];
        Trajectory {
            name: format!("{} {level}, {} {}", found.axes[1].variable, found.axes[0].variable, found.levels[0][*first]),
            value: level.parse().ok(),
            states: states.slice(ndarray::s![.., ..n]).to_owned(),
        }
    };
    let axis = |place: usize| {
        let axis = &found.axes[place];
        StateAxis { name: axis.variable.clone(), variance: Some(axis.variance.clamp(0.0, 1.0)) }
    };
    let wrong = if found.wrong_trials.is_some() { "right trials" } else { "trials" };
    Some(Trajectories {
        axes: (0..n).map(axis).collect(),
        lines: keys.iter().map(line).collect(),
        remark: format!(
            "means over {wrong} less their mean at each time, in standard deviations; as {}",
            found.method.name
        ),
    })
}

fn terminal(report: &Report<'_>) -> Vec<String> {
    let found = report.found;
    let wrong = match found.wrong_trials {
        Some(wrong) => format!(", {wrong} of them wrong"),
        None => String::new(),
    };
    let large = if found.condition_number > LARGE { ": large, axes are uncertain" } else { "" };
    let mut lines = vec![
        format!(
            "trials       {}{wrong}; {} of {} units active; as {}; seed {}",
            found.trials.words(),
            found.active_units.len(),
            found.units,
            found.method.name,
            report.about.seed
        ),
        format!("regressors   condition number {:.1}{large}", found.condition_number),
    ];
    if let Some((k, part)) = found.components {
        let mirror = match found.without_mirror {
            0 => String::new(),
            n => format!("; {n} conditions without a mirror image left out of them"),
        };
        lines.push(format!(
            "denoised     by {k} components with {:.1} % of the variance of means{mirror}",
            100.0 * part
        ));
    }
    lines.push("axes         in the order of QR, which changes all but the first".into());
    lines.extend(found.axes.iter().map(|axis| {
        format!(
            "  {:<22} |b| {:>7.3} at {:>6.0} ms, cos to its axis {:.3}, {:>5.1} % of the variance of means",
            axis.variable,
            axis.norm,
            axis.time_of_max_ms,
            axis.cosine,
            100.0 * axis.variance
        )
    }));
    lines
}
