//! `nn4n analyze rate-maps`

use std::{cmp::Ordering, collections::BTreeMap, ops::ControlFlow};

use anyhow::{Result, bail};
use clap::Args;
use ndarray::{Array1, Axis};
use nn4n_analysis::{
    RateMaps,
    spatial::{
        Arena, Bins,
        units::{Active, Settings, UnitMap},
    },
};
use serde::Serialize;

use super::{
    answer::{AnswerArgs, Arrays, numbers},
    source::{Source, SourceAbout, SourceArgs},
};
use crate::{
    plot::{AgainstNull, RateMapFigure, UnitMaps},
    terminal::steps_bar,
};

/// Trials of a network, of each condition, unless another number is asked for: rooms are large.
pub const TRIALS: u32 = 200;
/// Information below which it is the rounding of a constant rate, bits.
const CONSTANT: f64 = 1e-9;
/// Units that are drawn: the most informative ones, and grids that are not among them; units that are said.
const DRAWN: usize = 11;
const GRIDS: usize = 4;
const SAID: usize = 8;
/// p below which a unit counts as a grid.
const LEVEL: f64 = 0.05;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze rate-maps runs/place-cells --trials 1000 --out runs/maps
  nn4n analyze rate-maps --activity recorded.npz --bin 2.5 --smooth 2 --arena 0,100,0,100 --json
  nn4n analyze rate-maps runs/path-integration --task cueva2018/path_integration --bins 20 --shuffles 500")]
pub struct RateMapsArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    maps: MapArgs,
    /// The least time by which a shuffle moves rates along places [default: 20 s, or a tenth of all where that is less]
    #[arg(long, value_name = "MS")]
    min_shift: Option<f64>,
    /// Bins above this fraction of the peak rate are in a field, if they share sides
    #[arg(long, value_name = "FRACTION", default_value_t = Settings::default().field_threshold)]
    field_threshold: f64,
    /// Fewest bins of a field [default: 9, or 3 of a track]
    #[arg(long, value_name = "N")]
    field_bins: Option<usize>,
    /// Units with a bin above this rate are active, and are told of together
    #[arg(long, value_name = "RATE", default_value_t = Settings::default().least)]
    least: f64,
    /// Count rates from the lowest of each map, as of tanh units, which are negative, too
    #[arg(long)]
    from_lowest: bool,
    #[command(flatten)]
    answer: AnswerArgs,
}

/// How maps are made.
#[derive(Debug, Args)]
pub struct MapArgs {
    /// Bins along the longest axis; they are square [default: 30]
    #[arg(long, value_name = "N", conflicts_with = "bin")]
    bins: Option<usize>,
    /// Side of a bin, in units of the places
    #[arg(long, value_name = "SIDE")]
    bin: Option<f64>,
    /// Ends of the x axis, then of the y axis [default: the range of the places]
    #[arg(long, value_name = "LOW,HIGH,..", value_delimiter = ',', allow_hyphen_values = true)]
    arena: Option<Vec<f64>>,
    /// Standard deviation of the Gaussian that smooths sums and visits alike, bins; 0 for none
    #[arg(long, value_name = "BINS", default_value_t = Settings::default().smooth)]
    smooth: f64,
    /// Shuffles; 0 for none
    #[arg(long, value_name = "N", default_value_t = Settings::default().shuffles, value_parser = super::count::count)]
    shuffles: usize,
}

impl MapArgs {
    /// With the other settings as they are by default.
    pub fn settings(&self, seed: u64) -> Result<Settings> {
        let default = Settings::default();
        let bins = self.bin.map(Bins::Side).or(self.bins.map(Bins::Count));
        let arena = match &self.arena {
            Some(ends) if ends.len() % 2 == 1 => {
                bail!("--arena: has {} numbers, but must have a lower and a higher end of each axis", ends.len())
            }
            Some(ends) => Some(ends.chunks(2).map(|pair| (pair[0], pair[1])).collect()),
            None => None,
        };
        Ok(Settings {
            bins: bins.unwrap_or(default.bins),
            arena,
            smooth: self.smooth,
            shuffles: self.shuffles,
            seed,
            ..default
        })
    }
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    remark: &'static str,
    #[serde(flatten)]
    found: &'a RateMaps,
}

pub fn rate_maps(args: &RateMapsArgs) -> Result<()> {
    let answer = args.answer.open("rate-maps", &["rate-maps", "information"], &[])?;
    let settings = Settings {
        min_shift: args.min_shift,
        field_threshold: args.field_threshold,
        field_bins: args.field_bins,
        least: args.least,
        from_lowest: args.from_lowest,
        ..args.maps.settings(args.source.seed)?
    };
    let source = args.source.open_one(Some(TRIALS))?;
    let mut bar = steps_bar("units", source.activity.units() as u64);
    let found = RateMaps::of(&source.activity, &settings, &mut |done| {
        bar(done as u64);
        ControlFlow::Continue(())
    })?;
    drop(bar);
    let order = order(&found, args.least);
    answer.figure("rate-maps", |path| figure(&found, &order).save(path))?;
    if let Some(figure) = against_null(&found) {
        answer.figure("information", |path| figure.save(path))?;
    }
    answer.arrays(|file| arrays(file, &found))?;
    let report = Report {
        about: &source.about,
        remark: "maps are (y, x), the lowest y first; one in twenty units passes a shuffle by chance",
        found: &found,
    };
    answer.say(&report, &lines(&found, &source, &order), &next(args, &source, &found, &order))
}

/// Active units first, as `--least` counts them; of these those with the most information, by what is above that of
/// shuffles where there are any; then those without.
fn order(found: &RateMaps, least: f64) -> Vec<usize> {
    let is_active = |unit: &UnitMap| unit.peak_rate > least;
    // A unit whose rate is the same everywhere tells nothing of the place, whatever its shuffles give.
    let told = |unit: &UnitMap| match (unit.information, unit.information_corrected) {
        (Some(bits), _) if bits < CONSTANT => f64::NEG_INFINITY,
        (bits, corrected) => corrected.or(bits).unwrap_or(f64::NEG_INFINITY),
    };
    let score = |unit: &UnitMap| unit.grid_score.unwrap_or(f64::NEG_INFINITY);
    let mut order: Vec<usize> = (0..found.units.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&found.units[*a], &found.units[*b]);
        let active_first = is_active(b).cmp(&is_active(a));
        active_first.then(told(b).total_cmp(&told(a))).then(score(b).total_cmp(&score(a))).then(a.unit.cmp(&b.unit))
    });
    order
}

fn is_grid(unit: &UnitMap) -> bool {
    unit.grid_p.is_some_and(|p| p < LEVEL) && unit.grid_score.is_some_and(|score| score > 0.0)
}

fn figure(found: &RateMaps, order: &[usize]) -> RateMapFigure {
    let unit = |place: &usize| {
        let unit = &found.units[*place];
        let mut subtitle = format!("peak {}", short(unit.peak_rate));
        if let Some(told) = unit.information {
            subtitle.push_str(&format!(", {told:.2} bits"));
        }
        let grid = found.autocorrelograms.as_ref().filter(|_| is_grid(unit));
        if let Some(score) = unit.grid_score.filter(|_| grid.is_some()) {
            subtitle.push_str(&format!(", grid {score:.2}"));
        }
        UnitMaps {
            title: format!("unit {}", unit.unit),
            subtitle,
            maps: vec![found.maps.index_axis(Axis(0), *place).to_owned()],
            autocorrelogram: grid.map(|all| all.index_axis(Axis(0), *place).to_owned()),
        }
    };
    let (first, others) = order.split_at(order.len().min(DRAWN));
    let mut grids: Vec<usize> = others.iter().copied().filter(|place| is_grid(&found.units[*place])).collect();
    grids
        .sort_by(|a, b| found.units[*b].grid_score.partial_cmp(&found.units[*a].grid_score).unwrap_or(Ordering::Equal));
    grids.truncate(GRIDS);
    let then = if grids.is_empty() { "" } else { ", then the best grids" };
    RateMapFigure {
        units: first.iter().chain(&grids).map(unit).collect(),
        ends: found.arena.ends.clone(),
        bin: found.arena.bin,
        names: Vec::new(),
        remark: format!(
            "{} of {} units, the most informative first{then}; arena {}, bins of {}, smoothed over {} bins",
            first.len() + grids.len(),
            order.len(),
            extent(&found.arena),
            short(found.arena.bin),
            found.smooth
        ),
    }
}

/// `None` without shuffles, or where information is not defined for any unit.
fn against_null(found: &RateMaps) -> Option<AgainstNull> {
    let values: Vec<f64> = found.units.iter().filter_map(|unit| unit.information).collect();
    let null: Vec<f64> = found.null_information.iter().copied().filter(|value| !value.is_nan()).collect();
    (!values.is_empty() && !null.is_empty()).then(|| AgainstNull {
        quantity: "Spatial information (bits per spike)".into(),
        remark: format!("{} of {} units have p < {LEVEL}", found.passed.information, values.len()),
        values,
        null,
    })
}

fn arrays(file: Arrays, found: &RateMaps) -> Result<Arrays> {
    let of = |number: fn(&UnitMap) -> Option<f64>| -> Array1<f64> {
        found.units.iter().map(|unit| number(unit).unwrap_or(f64::NAN)).collect()
    };
    let file = edges(file, &found.arena)?
        .array("maps", &found.maps)?
        .axes(["units", "y", "x"])
        .array("occupancy_s", &found.occupancy)?
        .axes(["y", "x"])
        .unit("s")
        .array("mean_rate", &of(|unit| Some(unit.mean_rate)))?
        .axes(["units"])
        .array("peak_rate", &of(|unit| Some(unit.peak_rate)))?
        .axes(["units"])
        .array("information", &of(|unit| unit.information))?
        .axes(["units"])
        .unit("bits per spike")
        .array("information_corrected", &of(|unit| unit.information_corrected))?
        .axes(["units"])
        .unit("bits per spike")
        .array("information_p", &of(|unit| unit.information_p))?
        .axes(["units"])
        .array("sparsity", &of(|unit| unit.sparsity))?
        .axes(["units"])
        .array("grid_score", &of(|unit| unit.grid_score))?
        .axes(["units"])
        .array("border_score", &of(|unit| unit.border_score))?
        .axes(["units"])
        .array("null_information", &found.null_information)?
        .axes(["units", "shuffles"])
        .unit("bits per spike");
    match &found.autocorrelograms {
        Some(autocorrelograms) => {
            Ok(file.array("autocorrelograms", autocorrelograms)?.axes(["units", "shifts along y", "shifts along x"]))
        }
        None => Ok(file),
    }
}

fn lines(found: &RateMaps, source: &Source, order: &[usize]) -> Vec<String> {
    let n = found.units.len();
    let arena = &found.arena;
    let by_chance = LEVEL * n as f64;
    let mut lines = vec![
        format!(
            "places       {} steps; {} outside of the arena and {} of unknown place are left out",
            found.steps, found.steps_outside, found.steps_without_place
        ),
        format!(
            "bins         {} of {} x {} visited, of {} each, in an arena of {}; smoothed over {} bins",
            found.visited_bins,
            arena.columns,
            arena.rows,
            short(arena.bin),
            extent(arena),
            found.smooth
        ),
        format!(
            "fields       above {} of the peak rate, {} bins at least that share sides",
            found.field_threshold, found.field_bins
        ),
        match found.shuffles {
            0 => format!("shuffles     none, so that nothing is corrected or tested; seed {}", source.about.seed),
            shuffles => format!(
                "shuffles     {shuffles}, rates moved by {:.0} ms at least; seed {}",
                found.min_shift_ms, source.about.seed
            ),
        },
    ];
    if found.shuffles > 0 {
        let passed = found.passed;
        let of_planes = passed.grid.zip(passed.border);
        let of_planes = of_planes
            .map(|(grid, border)| format!(", {grid} by grid score, {border} by border score"))
            .unwrap_or_default();
        lines.push(format!(
            "passed       of {n} units {} by information{of_planes}; {by_chance:.1} by each measure by chance",
            passed.information
        ));
    }
    lines.push(active(&found.active));
    lines.extend(order.iter().take(SAID).map(|place| line(&found.units[*place])));
    if order.len() > SAID {
        lines.push(format!("  and {} more, in the order of information: --json, or --out DIR", order.len() - SAID));
    }
    lines.extend(undefined(found));
    lines
}

/// What active units have in common.
fn active(found: &Active) -> String {
    let percent = |part: Option<f64>| part.map_or_else(|| "none".into(), |part| format!("{:.0} %", 100.0 * part));
    format!(
        "active       {} units above a rate of {}: median {} bits; {} have one or two fields below a quarter of the \
         arena, the largest takes {}",
        found.units,
        short(found.least),
        or_none(found.median_information),
        percent(found.compact),
        percent(found.median_field)
    )
}

/// What is not defined of how many units, and why of the first.
fn undefined(found: &RateMaps) -> Vec<String> {
    let mut all: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for (what, why) in found.units.iter().flat_map(|unit| &unit.undefined) {
        all.entry(what).or_insert((0, why)).0 += 1;
    }
    let line = |(what, (units, why)): (&str, (usize, &str))| format!("undefined    {what} of {units} units: {why}");
    all.into_iter().map(line).collect()
}

fn line(unit: &UnitMap) -> String {
    let mut line =
        format!("  unit {:>4}   peak {:>7} at {}", unit.unit, short(unit.peak_rate), numbers(&unit.peak_at, 2));
    let mut add = |name: &str, value: Option<f64>, p: Option<f64>| {
        if let Some(value) = value {
            let p = p.map(|p| format!(" (p {p:.3})")).unwrap_or_default();
            line.push_str(&format!("  {name} {value:.3}{p}"));
        }
    };
    add("bits", unit.information, unit.information_p);
    add("grid", unit.grid_score, unit.grid_p);
    add("border", unit.border_score, unit.border_p);
    line.push_str(&format!("  fields {}", unit.fields.len()));
    line
}

/// What the units that pass are for, of a network; where they remap, of a recording.
fn next(args: &RateMapsArgs, source: &Source, found: &RateMaps, order: &[usize]) -> String {
    let passed =
        order.iter().map(|place| &found.units[*place]).filter(|unit| unit.information_p.is_some_and(|p| p < LEVEL));
    let units: Vec<String> = passed.take(SAID).map(|unit| unit.unit.to_string()).collect();
    // Numbers of selected units are not those of the network.
    if source.network.is_some() && source.about.selected_units.is_none() && !units.is_empty() {
        return format!("nn4n analyze interventions {} --lesion {}", source.name, units.join(","));
    }
    let trials = source.activity.trials();
    let of_two = trials.variables().into_iter().find_map(|name| {
        let names = trials.variable(&name).ok()?.classes().names;
        (names.len() == 2).then(|| format!("{name}={}", names.join(",")))
    });
    match of_two {
        Some(between) => format!("nn4n analyze remapping {} --between {between}", args.source.again()),
        None => format!("nn4n analyze pca {}", args.source.again()),
    }
}

/// Such as `100 x 70`.
fn extent(arena: &Arena) -> String {
    arena.ends.iter().map(|(low, high)| short(high - low)).collect::<Vec<_>>().join(" x ")
}

/// A number with three digits that matter, about.
pub fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if !(0.01..1e5).contains(&size) => format!("{value:.2e}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Correlations and other numbers that may not be defined.
pub fn or_none(value: Option<f64>) -> String {
    value.map_or_else(|| "none".into(), |value| format!("{value:.3}"))
}

/// Adds the edges of the bins.
pub fn edges(file: Arrays, arena: &Arena) -> Result<Arrays> {
    let file = file.array("x_edges", &Array1::from(arena.edges(0)))?.axes(["edges along x"]);
    Ok(if arena.ends.len() > 1 {
        file.array("y_edges", &Array1::from(arena.edges(1)))?.axes(["edges along y"])
    } else {
        file
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 0.5, 12.34, 3333.3, 1e-5].map(short), ["0", "0.50", "12.3", "3333", "1.00e-5"]);
    }
}
