//! `nn4n analyze tuning`

use anyhow::Result;
use clap::{Args, ValueEnum};
use ndarray::{Array1, Array2};
use nn4n_analysis::{
    Tuning,
    single_units::tuning::{AngleUnit, UnitTuning},
    structure::Group,
};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    single_units::{groups, lesion, median},
    source::{Source, SourceAbout, SourceArgs},
};
use crate::{
    cli::output::shell_word,
    plot::{TuningCurve, TuningCurves},
};

/// Units whose curves are drawn.
const DRAWN: usize = 6;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze tuning yang2019-go-anti --variable angle --where task=yang2019/fdgo --epoch stim1 --out runs/tuning
  nn4n analyze tuning runs/dms --variable sample --epoch delay --unit degrees
  nn4n analyze tuning --activity neurons.npz --conditions trials.csv --variable direction --epoch movement")]
pub struct TuningArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// The direction, a number
    #[arg(long, value_name = "VARIABLE")]
    variable: String,
    /// Mean rates in this epoch [default: in the whole trial]
    #[arg(long, value_name = "EPOCH")]
    epoch: Option<String>,
    /// What the direction is counted in [default: as the task says; else radians if no value is above 2 pi]
    #[arg(long, value_enum)]
    unit: Option<UnitName>,
    /// A unit with a p below this is tuned
    #[arg(long, value_name = "P", default_value_t = 0.01)]
    alpha: f64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UnitName {
    /// 360 are a turn
    Degrees,
    /// 2 pi are a turn
    Radians,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    epoch: Option<&'a str>,
    /// Where the unit of the direction comes from.
    unit_from: &'a str,
    alpha: f64,
    groups: &'a [Group],
    /// Numbers of the units.
    unit_numbers: &'a [usize],
    #[serde(flatten)]
    found: &'a Tuning,
}

pub fn tuning(args: &TuningArgs) -> Result<()> {
    if !(args.alpha > 0.0 && args.alpha < 1.0) {
        anyhow::bail!("--alpha {}: must lie between 0 and 1", args.alpha);
    }
    let answer = args.answer.open("tuning", &["tuning"], &[])?;
    // A direction is often no class of trials, but on the grid.
    let source = args.source.open_grid(None, !args.source.noise_free)?;
    let (unit, unit_from) = unit_of(args, &source)?;
    let found = Tuning::of(&source.activity, &args.variable, unit, args.epoch.as_deref())?;
    let tuned: Vec<usize> = (0..found.units.len()).filter(|unit| is_tuned(&found.units[*unit], args.alpha)).collect();
    let rest = (0..found.units.len()).filter(|unit| !tuned.contains(unit)).collect();
    let groups = groups(&source, [("tuned", tuned.clone()), ("untuned", rest)]);
    let figure = figure(&found, &source, &tuned, args.alpha);
    answer.figure("tuning", |path| figure.save(path))?;
    answer.arrays(|file| {
        Ok(file
            .array("directions", &Array1::from(found.directions.clone()))?
            .axes(["directions"])
            .array("means", &found.means)?
            .axes(["units", "directions"])
            .array("standard_errors", &found.standard_errors)?
            .axes(["units", "directions"])
            .array(
                "cosine",
                &fits(&found.units, |unit| {
                    unit.cosine.as_ref().map(|fit| [fit.offset, fit.amplitude, fit.preferred, fit.pev, fit.p])
                }),
            )?
            .axes(["units", "columns"])
            .columns(["offset", "amplitude", "preferred direction", "explained variance", "p"])
            .array(
                "von_mises",
                &fits(&found.units, |unit| {
                    let half = |width: Option<f64>| width.unwrap_or(f64::NAN);
                    unit.von_mises
                        .as_ref()
                        .map(|fit| [fit.offset, fit.amplitude, fit.preferred, fit.concentration, half(fit.half_width)])
                }),
            )?
            .axes(["units", "columns"])
            .columns(["offset", "amplitude", "preferred direction", "concentration", "half width"]))
    })?;
    let report = Report {
        about: &source.about,
        epoch: args.epoch.as_deref(),
        unit_from,
        alpha: args.alpha,
        groups: &groups,
        unit_numbers: &source.units,
        found: &found,
    };
    let next = lesion(&source, answer.report().as_deref(), &groups).unwrap_or_else(|| {
        format!("nn4n analyze decoding {} --variable {}", args.source.again(), shell_word(&args.variable))
    });
    answer.say(&report, &lines(&report, tuned.len()), &next)
}

/// What the direction is counted in, and who says so.
fn unit_of(args: &TuningArgs, source: &Source) -> Result<(AngleUnit, &'static str)> {
    if let Some(name) = args.unit {
        let unit = match name {
            UnitName::Degrees => AngleUnit::Degrees,
            UnitName::Radians => AngleUnit::Radians,
        };
        return Ok((unit, "--unit"));
    }
    match source.task.as_ref().map_or("", |task| task.unit(&args.variable)) {
        "rad" => return Ok((AngleUnit::Radians, "the task")),
        "\u{b0}" => return Ok((AngleUnit::Degrees, "the task")),
        _ => {}
    }
    let values = source.activity.trials().variable(&args.variable)?.numbers().unwrap_or_default();
    Ok(match AngleUnit::of_values(&values) {
        AngleUnit::Radians => (AngleUnit::Radians, "no value is above 2 pi"),
        AngleUnit::Degrees => (AngleUnit::Degrees, "a value is above 2 pi"),
    })
}

fn is_tuned(unit: &UnitTuning, alpha: f64) -> bool {
    unit.cosine.as_ref().is_some_and(|cosine| cosine.p < alpha)
}

/// Numbers of a fit (units, 5), NaN where there is none.
fn fits(units: &[UnitTuning], of: impl Fn(&UnitTuning) -> Option<[f64; 5]>) -> Array2<f64> {
    let rows: Vec<[f64; 5]> = units.iter().map(|unit| of(unit).unwrap_or([f64::NAN; 5])).collect();
    Array2::from_shape_fn((rows.len(), 5), |(unit, place)| rows[unit][place])
}

fn lines(report: &Report<'_>, tuned: usize) -> Vec<String> {
    let found = report.found;
    let (name, decimals) = match found.unit {
        AngleUnit::Degrees => ("degrees", 1),
        AngleUnit::Radians => ("radians", 3),
    };
    let alpha = report.alpha;
    let of_tuned = || found.units.iter().filter(|unit| is_tuned(unit, alpha));
    let pev = median(of_tuned().filter_map(|unit| unit.cosine.as_ref()).map(|fit| fit.pev));
    let curves = || of_tuned().filter_map(|unit| unit.von_mises.as_ref());
    let widths = || curves().filter_map(|fit| fit.half_width);
    let mut lines = vec![
        format!(
            "trials       {} of {} directions in {name} ({}), {} without one left out; {}, seed {}",
            found.trials,
            found.directions.len(),
            report.unit_from,
            found.trials_left_out,
            report.epoch.map_or_else(|| "whole trials".into(), |epoch| format!("epoch `{epoch}`")),
            report.about.seed
        ),
        format!(
            "units        {tuned} of {} are tuned (p < {alpha}); {} are flat, {} recorded in too few trials",
            found.units.len(),
            found.flat,
            found.unresolved
        ),
    ];
    if let Some(pev) = pev {
        lines.push(format!("cosine       explains {:.1} % of the variance of a tuned unit (median)", 100.0 * pev));
    }
    if let Some(width) = median(widths()) {
        lines.push(format!(
            "von Mises    half width {width:.decimals$} {name} (median of {}); {} broader than any, {} at a bound of k",
            widths().count(),
            curves().filter(|fit| fit.half_width.is_none()).count(),
            curves().filter(|fit| fit.at_bound).count()
        ));
    }
    lines
}

/// Units spread over the directions that they prefer, and the directions of all.
fn figure(found: &Tuning, source: &Source, tuned: &[usize], alpha: f64) -> TuningCurves {
    let preferred = |unit: usize| found.units[unit].cosine.as_ref().map_or(0.0, |fit| fit.preferred);
    let pev = |unit: usize| found.units[unit].cosine.as_ref().map_or(0.0, |fit| fit.pev);
    let turn = found.unit.turn();
    // Of each part of the turn the unit that is explained best.
    let in_part = |part: usize| {
        let is_there = |unit: &&usize| (preferred(**unit) / turn * DRAWN as f64) as usize == part;
        tuned.iter().filter(is_there).max_by(|a, b| pev(**a).total_cmp(&pev(**b))).copied()
    };
    let curve = |unit: usize| TuningCurve {
        name: format!("unit {}", source.units[unit]),
        points: (0..found.directions.len())
            .map(|place| (found.directions[place], found.means[[unit, place]], found.standard_errors[[unit, place]]))
            .filter(|(_, mean, _)| !mean.is_nan())
            .map(|(direction, mean, error)| (direction, mean, if error.is_nan() { 0.0 } else { error }))
            .collect(),
        fit: match &found.units[unit].von_mises {
            Some(fit) => (0..=120)
                .map(|place| turn * f64::from(place) / 120.0)
                .map(|direction| (direction, fit.rate(direction, found.unit)))
                .collect(),
            None => Vec::new(),
        },
    };
    TuningCurves {
        turn,
        unit: match found.unit {
            AngleUnit::Degrees => "\u{b0}".into(),
            AngleUnit::Radians => "rad".into(),
        },
        variable: found.variable.clone(),
        curves: (0..DRAWN).filter_map(in_part).map(curve).collect(),
        preferred: tuned.iter().map(|unit| preferred(*unit)).collect(),
        remark: format!("{} of {} units are tuned (p < {alpha})", tuned.len(), found.units.len()),
    }
}
