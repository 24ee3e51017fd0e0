//! `nn4n analyze remapping`

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::{Array1, ArrayView3, Axis};
use nn4n_analysis::{
    Activity, Remapping, RemappingMatrix,
    spatial::{Arena, remapping::Measure, units::Settings},
};
use nn4n_tasks::{Condition, Value};
use serde::Serialize;

use super::{
    answer::{Answer, AnswerArgs, spread},
    rate_maps::{MapArgs, TRIALS, edges, or_none, short},
    source::{SourceAbout, SourceArgs},
};
use crate::plot::{RateMapFigure, RemappingFigure, SimilarityMatrix, UnitMaps};

/// Units whose maps are drawn.
const DRAWN: usize = 9;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze remapping --activity recorded.npz --between room=1,2 --out runs/remapping
  nn4n analyze remapping --activity first.npz --activity second.npz --bin 2.5 --json
  nn4n analyze remapping --activity recorded.npz --between room=1,2,3          a matrix: each two of several
  nn4n analyze remapping runs/rooms/model-{320,640,960}.safetensors --where task=room_1
  nn4n tasks sample wang2024/place_cells --set room_seed=2 --batch 200 --out room2.npz   the same network in two rooms:
  nn4n run runs/place-cells --inputs room2.npz --out second.npz                          its activity in each of them")]
pub struct RemappingArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Compare the trials of two values of a variable, or of more, unless two sources or more are named; of more than
    /// two, each two are compared, without shuffles
    #[arg(long, value_name = "VARIABLE=A,B[,..]", allow_hyphen_values = true)]
    between: Option<String>,
    #[command(flatten)]
    maps: MapArgs,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a, F> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    /// What is compared.
    between: &'a [String],
    #[serde(flatten)]
    found: &'a F,
}

/// Conditions with their names.
struct Compared {
    names: Vec<String>,
    /// The same in short.
    labels: Vec<String>,
    activities: Vec<Activity>,
    about: SourceAbout,
}

pub fn remapping(args: &RemappingArgs) -> Result<()> {
    let answer = args.answer.open("remapping", &["remapping", "remapped-maps"], &[])?;
    let settings = args.maps.settings(args.source.seed)?;
    let compared = compared(args)?;
    match compared.activities.as_slice() {
        [a, b] => of_two(args, &answer, &compared, &Remapping::of(a, b, &settings)?),
        all => of_several(args, &answer, &compared, all, &settings),
    }
}

fn of_two(args: &RemappingArgs, answer: &Answer<'_>, compared: &Compared, found: &Remapping) -> Result<()> {
    let figure = RemappingFigure::of(found);
    // Where nothing correlates there is nothing to draw.
    if !figure.measures.is_empty() && figure.of_bins.iter().any(|r| !r.is_nan()) {
        answer.figure("remapping", |path| figure.save(path))?;
    }
    let alike: Vec<Option<f64>> = found.units.iter().map(|unit| unit.place).collect();
    let numbers: Vec<usize> = found.units.iter().map(|unit| unit.unit).collect();
    let of_conditions = [found.maps_a.view(), found.maps_b.view()];
    answer.figure("remapped-maps", |path| {
        maps(&of_conditions, &numbers, &alike, &found.arena, &compared.labels).save(path)
    })?;
    answer.arrays(|file| {
        Ok(edges(file, &found.arena)?
            .array("of_bins", &found.of_bins)?
            .axes(["y", "x"])
            .array("maps_a", &found.maps_a)?
            .axes(["units", "y", "x"])
            .array("maps_b", &found.maps_b)?
            .axes(["units", "y", "x"])
            .array("units", &in_file(&numbers))?
            .axes(["units"]))
    })?;
    let report = Report { about: &compared.about, between: &compared.names, found };
    answer.say(&report, &lines(&report), &next(args, &compared.about))
}

fn of_several(
    args: &RemappingArgs,
    answer: &Answer<'_>,
    compared: &Compared,
    activities: &[Activity],
    settings: &Settings,
) -> Result<()> {
    let found = RemappingMatrix::of(&activities.iter().collect::<Vec<_>>(), settings)?;
    let [values, places] = found.arrays();
    if values.iter().all(|value| !value.is_nan()) {
        let figure = SimilarityMatrix {
            names: compared.labels.clone(),
            values: values.clone(),
            measure: "Correlation of population vectors".into(),
            is_distance: false,
            remark: "on the diagonal between halves of a condition".into(),
        };
        answer.figure("remapping", |path| figure.save(path))?;
    }
    let alike: Vec<Option<f64>> = found.units.iter().map(|unit| unit.place).collect();
    let numbers: Vec<usize> = found.units.iter().map(|unit| unit.unit).collect();
    let of_conditions: Vec<ArrayView3<'_, f64>> = found.maps.outer_iter().collect();
    answer.figure("remapped-maps", |path| {
        maps(&of_conditions, &numbers, &alike, &found.arena, &compared.labels).save(path)
    })?;
    answer.arrays(|file| {
        Ok(edges(file, &found.arena)?
            .array("population_vector", &values)?
            .axes(["conditions", "conditions"])
            .array("place", &places)?
            .axes(["conditions", "conditions"])
            .array("maps", &found.maps)?
            .axes(["conditions", "units", "y", "x"])
            .array("units", &in_file(&numbers))?
            .axes(["units"]))
    })?;
    let report = Report { about: &compared.about, between: &compared.names, found: &found };
    answer.say(&report, &lines_of_several(&found, &compared.labels), &next(args, &compared.about))
}

fn in_file(units: &[usize]) -> Array1<i64> {
    units.iter().map(|unit| *unit as i64).collect()
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

fn compared(args: &RemappingArgs) -> Result<Compared> {
    let sources = args.source.open(Some(TRIALS))?;
    let about = sources.first().context("no network is named")?.about.clone();
    match (&args.between, sources.len()) {
        (Some(between), 1) => {
            let (name, values) = parse(between)?;
            let of = |value: &Value| {
                let condition = Condition::new().with(name.clone(), value.clone());
                sources[0].activity.with_condition(&condition).with_context(|| format!("--between {between}"))
            };
            let names: Vec<String> = values.iter().map(|value| format!("{name}={value}")).collect();
            Ok(Compared {
                labels: names.clone(),
                names,
                activities: values.iter().map(of).collect::<Result<_>>()?,
                about,
            })
        }
        (None, 2..) => {
            let (names, activities): (Vec<String>, _) =
                sources.into_iter().map(|source| (source.name, source.activity)).unzip();
            Ok(Compared { labels: without_shared_folders(&names), names, activities, about })
        }
        (Some(between), n) => bail!("--between {between}: is for one source, but {n} are named; name one"),
        (None, n) => bail!("{n} source is named; name two, or one with --between VARIABLE=A,B"),
    }
}

/// Names as labels: paths without the folders that all of them begin with.
fn without_shared_folders(names: &[String]) -> Vec<String> {
    let parts: Vec<Vec<&str>> = names.iter().map(|name| name.split('/').collect()).collect();
    let most = parts.iter().map(|parts| parts.len() - 1).min().unwrap_or(0);
    let is_shared = |place: &usize| parts.iter().all(|one| one[*place] == parts[0][*place]);
    let shared = (0..most).take_while(is_shared).count();
    let label = |parts: &Vec<&str>| parts[shared..].join("/").trim_end_matches(".safetensors").to_owned();
    parts.iter().map(label).collect()
}

/// The variable and its values, of which numbers and `true` and `false` are no words.
fn parse(between: &str) -> Result<(String, Vec<Value>)> {
    let value = |text: &str| match text.trim() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        other => other.parse().map_or_else(|_| Value::from(other.to_owned()), Value::Number),
    };
    let (name, values) = between.split_once('=').unwrap_or_default();
    let texts: Vec<&str> = values.split(',').collect();
    if name.is_empty() || texts.len() < 2 || texts.iter().any(|text| text.is_empty()) {
        bail!("--between {between}: must be VARIABLE=A,B or name more values");
    }
    let values: Vec<Value> = texts.into_iter().map(value).collect();
    if let Some(twice) = (1..values.len()).find(|place| values[..*place].contains(&values[*place])) {
        bail!("--between {between}: names {} twice; name it once", values[twice]);
    }
    Ok((name.trim().into(), values))
}

/// From the unit whose maps are the least alike to that whose are the most, evenly; of units whose maps vary, where
/// there are any.
fn maps(
    of_conditions: &[ArrayView3<'_, f64>],
    numbers: &[usize],
    alike: &[Option<f64>],
    arena: &Arena,
    names: &[String],
) -> RateMapFigure {
    let varying: Vec<usize> = (0..numbers.len()).filter(|place| alike[*place].is_some()).collect();
    let (mut order, which) = match varying.is_empty() {
        true => ((0..numbers.len()).collect(), "units"),
        false => (varying, "units whose maps vary"),
    };
    let score = |place: &usize| alike[*place].unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|a, b| score(a).total_cmp(&score(b)));
    let unit = |place: usize| {
        let maps: Vec<_> = of_conditions.iter().map(|maps| maps.index_axis(Axis(0), place).to_owned()).collect();
        let peak = maps.iter().flatten().copied().filter(|rate| !rate.is_nan()).fold(f64::NEG_INFINITY, f64::max);
        UnitMaps {
            title: format!("unit {}", numbers[place]),
            subtitle: format!("peak {}, correlation {}", short(peak), or_none(alike[place])).replace('-', "\u{2212}"),
            maps,
            autocorrelogram: None,
        }
    };
    let drawn = DRAWN.min(order.len());
    RateMapFigure {
        units: spread(order.len(), DRAWN).map(|place| unit(order[place])).collect(),
        ends: arena.ends.clone(),
        bin: arena.bin,
        names: names.to_vec(),
        remark: format!("{drawn} of {} {which}, from the least alike to the most", order.len()),
    }
}

fn lines_of_several(found: &RemappingMatrix, labels: &[String]) -> Vec<String> {
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let arena = &found.arena;
    let mut lines = vec![
        format!("bins         {} x {}, of {} each", arena.columns, arena.rows, short(arena.bin)),
        format!("units        {} in all, {} left out", found.units_in_all, found.units_left_out),
        "correlation of population vectors; on the diagonal between halves".into(),
    ];
    lines.extend(labels.iter().zip(&found.population_vector).map(|(label, row)| {
        let row: Vec<String> = row.iter().map(|r| format!("{:>6}", or_none(*r))).collect();
        format!("  {label:<width$} {}", row.join(" "))
    }));
    lines
}

fn lines(report: &Report<'_, Remapping>) -> Vec<String> {
    let found = report.found;
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
        format!(
            "between      {} ({} trials) and {} ({} trials)",
            report.between[0], found.trials[0], report.between[1], found.trials[1]
        ),
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
    fn labels_are_what_differs() {
        let labels =
            |names: &[&str]| without_shared_folders(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(labels(&["runs/a/model-1.safetensors", "runs/a/model-2.safetensors"]), ["model-1", "model-2"]);
        assert_eq!(labels(&["runs/a", "runs/b/c"]), ["a", "b/c"]);
        assert_eq!(labels(&["runs/a", "other"]), ["runs/a", "other"]);
        assert_eq!(labels(&["a.npz", "a.npz"]), ["a.npz", "a.npz"]);
    }

    #[test]
    fn a_variable_has_two_values() {
        assert_eq!(parse("room=1,-2").unwrap(), ("room".into(), vec![Value::Number(1.0), Value::Number(-2.0)]));
        assert_eq!(parse("light=true,dim").unwrap().1, [Value::Bool(true), Value::from("dim".to_owned())]);
        for wrong in ["room", "room=1", "room=1,", "=1,2"] {
            assert!(parse(wrong).unwrap_err().to_string().contains("must be VARIABLE=A,B"), "{wrong}");
        }
        assert_eq!(parse("room=1,2,3").unwrap().1.len(), 3);
        assert!(parse("room=1,2,1.0").unwrap_err().to_string().contains("twice"));
    }
}
