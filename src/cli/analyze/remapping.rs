//! `nn4n analyze remapping`

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::{Array1, Axis};
use nn4n_analysis::{Activity, Remapping, spatial::remapping::Measure};
use nn4n_tasks::{Condition, Value};
use serde::Serialize;

use super::{
    answer::{AnswerArgs, spread},
    rate_maps::{MapArgs, TRIALS, edges, or_none, short},
    source::{SourceAbout, SourceArgs},
};
use crate::plot::{RateMapFigure, RemappingFigure, UnitMaps};

/// Units whose maps are drawn.
const DRAWN: usize = 9;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze remapping --activity recorded.npz --between room=1,2 --out runs/remapping
  nn4n analyze remapping --activity first.npz --activity second.npz --bin 2.5 --json
  nn4n tasks sample wang2024/place_cells --set room_seed=2 --batch 200 --out room2.npz   the same network in two rooms:
  nn4n run runs/place-cells --inputs room2.npz --out second.npz                          its activity in each of them")]
pub struct RemappingArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Compare the trials of two values of a variable, unless two sources are named
    #[arg(long, value_name = "VARIABLE=A,B", allow_hyphen_values = true)]
    between: Option<String>,
    #[command(flatten)]
    maps: MapArgs,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    /// What is compared.
    between: [String; 2],
    #[serde(flatten)]
    found: &'a Remapping,
}

/// Two conditions with their names.
struct Pair {
    names: [String; 2],
    activities: [Activity; 2],
    about: SourceAbout,
}

pub fn remapping(args: &RemappingArgs) -> Result<()> {
    let answer = args.answer.open("remapping", &["remapping", "remapped-maps"], &[])?;
    let settings = args.maps.settings(args.source.seed)?;
    let pair = pair(args)?;
    let [a, b] = &pair.activities;
    let found = Remapping::of(a, b, &settings)?;
    let figure = RemappingFigure::of(&found);
    // Where nothing correlates there is nothing to draw.
    if !figure.measures.is_empty() && figure.of_bins.iter().any(|r| !r.is_nan()) {
        answer.figure("remapping", |path| figure.save(path))?;
    }
    answer.figure("remapped-maps", |path| maps(&found, &pair.names).save(path))?;
    answer.arrays(|file| {
        let units: Array1<i64> = found.units.iter().map(|unit| unit.unit as i64).collect();
        Ok(edges(file, &found.arena)?
            .array("of_bins", &found.of_bins)?
            .axes(["y", "x"])
            .array("maps_a", &found.maps_a)?
            .axes(["units", "y", "x"])
            .array("maps_b", &found.maps_b)?
            .axes(["units", "y", "x"])
            .array("units", &units)?
            .axes(["units"]))
    })?;
    let report = Report { about: &pair.about, between: pair.names.clone(), found: &found };
    answer.say(&report, &lines(&report), &next(args, &pair.about))
}

/// The maps of one source, since rate maps are of one.
fn next(args: &RemappingArgs, about: &SourceAbout) -> String {
    let source = match (&args.between, &about.network, &about.recording) {
        (None, Some(network), _) => network.clone(),
        (None, None, Some(recording)) => format!("--activity {recording}"),
        _ => args.source.again(),
    };
    format!("nn4n analyze rate-maps {source}")
}

fn pair(args: &RemappingArgs) -> Result<Pair> {
    let sources = args.source.open(Some(TRIALS))?;
    match (&args.between, sources.len()) {
        (Some(between), 1) => {
            let (name, values) = parse(between)?;
            let source = &sources[0];
            let of = |value: &Value| {
                let condition = Condition::new().with(name.clone(), value.clone());
                source.activity.with_condition(&condition).with_context(|| format!("--between {between}"))
            };
            Ok(Pair {
                names: values.clone().map(|value| format!("{name}={value}")),
                activities: [of(&values[0])?, of(&values[1])?],
                about: source.about.clone(),
            })
        }
        (None, 2) => {
            let about = sources[0].about.clone();
            let names = [sources[0].name.clone(), sources[1].name.clone()];
            let mut activities = sources.into_iter().map(|source| source.activity);
            let (a, b) = activities.next().zip(activities.next()).context("two sources are needed")?;
            Ok(Pair { names, activities: [a, b], about })
        }
        (Some(between), n) => bail!("--between {between}: is for one source, but {n} are named; name one"),
        (None, n) => bail!("{n} source is named; name two, or one with --between VARIABLE=A,B"),
    }
}

/// The variable and its two values, of which numbers and `true` and `false` are no words.
fn parse(between: &str) -> Result<(String, [Value; 2])> {
    let parts = between.split_once('=').and_then(|(name, values)| Some((name, values.split_once(',')?)));
    let Some((name, (a, b))) = parts.filter(|(name, (a, b))| ![*name, *a, *b].iter().any(|part| part.is_empty()))
    else {
        bail!("--between {between}: must be VARIABLE=A,B");
    };
    let value = |text: &str| match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        other => other.parse().map_or_else(|_| Value::from(other.to_owned()), Value::Number),
    };
    let values = [value(a.trim()), value(b.trim())];
    if values[0] == values[1] {
        bail!("--between {between}: names the same value twice; name two");
    }
    Ok((name.trim().into(), values))
}

/// From the unit whose maps are the least alike to that whose are the most, evenly.
fn maps(found: &Remapping, names: &[String; 2]) -> RateMapFigure {
    let mut order: Vec<usize> = (0..found.units.len()).collect();
    let alike = |place: &usize| found.units[*place].place.unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|a, b| alike(a).total_cmp(&alike(b)));
    let unit = |place: usize| {
        let maps = [&found.maps_a, &found.maps_b].map(|maps| maps.index_axis(Axis(0), place).to_owned());
        let peak = maps.iter().flatten().copied().filter(|rate| !rate.is_nan()).fold(f64::NEG_INFINITY, f64::max);
        UnitMaps {
            title: format!("unit {}", found.units[place].unit),
            subtitle: format!("peak {}, correlation {}", short(peak), or_none(found.units[place].place))
                .replace('-', "\u{2212}"),
            maps: maps.to_vec(),
            autocorrelogram: None,
        }
    };
    let drawn = DRAWN.min(order.len());
    RateMapFigure {
        units: spread(order.len(), DRAWN).map(|place| unit(order[place])).collect(),
        ends: found.arena.ends.clone(),
        bin: found.arena.bin,
        names: names.to_vec(),
        remark: format!("{drawn} of {} units, from the least alike to the most", order.len()),
    }
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let found = report.found;
    let [a, b] = &report.between;
    let measure = |name: &str, measure: &Measure| {
        format!(
            "{name:<12} {} (p {}); between halves {}, of one condition {}, units in random order {}: similarity {}",
            or_none(measure.between),
            or_none(measure.p),
            or_none(measure.between_halves),
            or_none(measure.ceiling),
            or_none(measure.floor),
            or_none(measure.similarity)
        )
    };
    let arena = &found.arena;
    let mut lines = vec![
        format!("between      {a} ({} trials) and {b} ({} trials)", found.trials[0], found.trials[1]),
        format!(
            "bins         {} of {} x {} visited in both, of {} each; smoothed over {} bins; {} without a correlation",
            found.bins_in_both,
            arena.columns,
            arena.rows,
            short(arena.bin),
            found.smooth,
            found.bins_without_correlation
        ),
        format!(
            "units        {} in both, {} left out, {} whose map does not vary; {} shuffles, seed {}",
            found.units_in_both,
            found.units_left_out,
            found.units_without_correlation,
            found.shuffles,
            report.about.seed
        ),
        measure("population", &found.population_vector),
        measure("place", &found.place),
    ];
    lines.push(match &found.rate {
        Some(rate) => measure("rate", rate),
        None => "rate         none: overlap is of rates that are not negative".into(),
    });
    lines.push(match (found.remapping, &found.undecided) {
        (Some(kind), _) => format!("remapping    {kind}; places or rates have changed below a similarity of 0.5"),
        (None, reason) => format!("remapping    cannot be said: {}", reason.as_deref().unwrap_or("")),
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_has_two_values() {
        assert_eq!(parse("room=1,-2").unwrap(), ("room".into(), [Value::Number(1.0), Value::Number(-2.0)]));
        assert_eq!(parse("light=true,dim").unwrap().1, [Value::Bool(true), Value::from("dim".to_owned())]);
        for wrong in ["room", "room=1", "room=1,", "=1,2"] {
            assert!(parse(wrong).unwrap_err().to_string().contains("must be VARIABLE=A,B"), "{wrong}");
        }
        assert!(parse("room=1,1.0").unwrap_err().to_string().contains("twice"));
    }
}
