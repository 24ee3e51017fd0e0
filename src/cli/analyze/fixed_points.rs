//! `nn4n analyze fixed-points`

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use ndarray::{Array1, Array3, Ix2};
use nn4n_analysis::{
    FixedPoint, FixedPoints,
    fixed_points::{Beside, Connection, Manifold, PointKind, Settings},
};
use nn4n_tasks::NpzFile;
use serde::Serialize;

use super::{
    answer::{AnswerArgs, Arrays, complex, numbers, rows},
    probe::{About, Held, Probe},
    search::{SHOWN, Search, SearchArgs, search},
    trajectories::Trajectories,
};
use crate::{
    cli::output::free,
    plot::{EigenvaluePlane, StateSpace, StateSpaceText},
};

/// Points that are told one by one on the terminal.
const TOLD: usize = 12;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze fixed-points flip-flop-3bit --out runs/flip_flop      figures, a page that turns with the mouse, arrays
  nn4n analyze fixed-points flip-flop-3bit --json | jq .stable
  nn4n analyze fixed-points song2016-mante-ei --at stimulus --where context=motion,motion_coherence=0,colour_coherence=0
  nn4n analyze fixed-points runs/mine --input fixation=1             others are 0
  nn4n analyze fixed-points yang2019-go-anti --at delay1 --where task=yang2019/delaygo --out runs/go
  nn4n analyze fixed-points yang2019-go-anti --at delay1 --where task=yang2019/delayanti --beside runs/go/fixed-points.npz
  nn4n analyze fixed-points runs/arm --open-loop                     without the arm that the network drives
  nn4n analyze fixed-points runs/imported --starts 4096              without a task: zero input, starts from a box")]
pub struct FixedPointsArgs {
    #[command(flatten)]
    search: SearchArgs,
    /// How near the points are to those of another search, as of another input: the arrays that it left
    #[arg(long, value_name = "FILE.npz")]
    beside: Option<PathBuf>,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: About,
    input: &'a Held,
    starts_from: &'a str,
    /// Fixed points.
    count: usize,
    stable: usize,
    slow: usize,
    index_sum: Option<i64>,
    /// Whether the index sum proves that fixed points are missing.
    misses_points: bool,
    /// From the starts to the described points.
    seconds: f64,
    /// The part of them until the points were found.
    search_seconds: f64,
    n_starts: usize,
    n_fixed: usize,
    n_slow: usize,
    n_failed: usize,
    n_outliers: usize,
    manifold: &'a Option<Manifold>,
    connections: &'a [Connection],
    /// Why there are no eigenvalues in continuous time.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_continuous_time: Option<&'static str>,
    same_point_distance: f64,
    settings: &'a Settings,
    points: &'a [FixedPoint],
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
}

pub fn fixed_points(args: &FixedPointsArgs) -> Result<()> {
    const FIGURES: [&str; 3] = ["fixed-points", "eigenvalues", "continuous-eigenvalues"];
    let answer = args.answer.open("fixed-points", &FIGURES, &["fixed-points.html"])?;
    let (probe, held) = args.search.open()?;
    let system = args.search.closed.system(&probe)?;
    let mut trials = held.trials.as_ref().map(|trials| Trajectories::new(system, trials));
    let clock = Instant::now();
    let search = search(system, &held, trials.as_mut(), &args.search)?;
    let seconds = clock.elapsed().as_secs_f64();
    let found = &search.found;
    let beside = args.beside.as_deref().map(|file| beside(found, file)).transpose()?;
    let connections = found.connections(&*search.under);
    let report = Report {
        about: args.search.about(&probe, &system),
        input: &held,
        starts_from: &search.starts_from,
        count: found.fixed().count(),
        stable: found.n_stable(),
        slow: found.points.len() - found.fixed().count(),
        index_sum: found.index_sum,
        misses_points: found.misses_points(),
        seconds,
        search_seconds: search.search_seconds,
        n_starts: found.n_starts,
        n_fixed: found.n_fixed,
        n_slow: found.n_slow,
        n_failed: found.n_failed,
        n_outliers: found.n_outliers,
        manifold: &found.manifold,
        connections: &connections,
        no_continuous_time: search.under.no_continuous_time(),
        same_point_distance: found.same_point_distance,
        settings: &found.settings,
        points: &found.points,
        beside,
    };
    if !found.points.is_empty() {
        // The states of one unit are numbers, and no space to draw.
        if system.dim() > 1 {
            let draw = || state_space(&probe, &held, &search, trials.as_mut(), &connections);
            if let Some((figure, text)) = answer.attempt("fixed-points", draw) {
                answer.figure("fixed-points", |path| figure.save(path))?;
                answer.file("fixed-points.html", |path| figure.save_html(path, &text))?;
            }
        }
        answer.figure("eigenvalues", |path| EigenvaluePlane::of(found).save(path))?;
        if let Some(plane) = EigenvaluePlane::in_continuous_time(found) {
            answer.figure("continuous-eigenvalues", |path| plane.save(path))?;
        }
    }
    answer.arrays(|file| arrays(file, found))?;
    let same = args.search.again();
    let next = match report.stable {
        0 => format!("nn4n analyze lyapunov {same}"),
        _ => format!("nn4n analyze flow-field {same} --out {}", free("flow_field")),
    };
    answer.say(&report, &lines(&report, &search, &connections), &next)
}

/// How near the points are to those of another search.
fn beside(found: &FixedPoints, file: &Path) -> Result<Beside> {
    let others = NpzFile::open(file)?.numbers("x_star")?;
    let others = others.and_then(|others| others.into_dimensionality::<Ix2>().ok());
    let Some(others) = others else {
        bail!(
            "--beside {}: has no `x_star` (points, state); give the arrays of a search for fixed points",
            file.display()
        )
    };
    let points: Vec<&[f64]> = found.points.iter().map(|point| point.x_star.as_slice()).collect();
    let others = others.as_standard_layout();
    let others: Vec<&[f64]> = others.outer_iter().filter_map(|row| row.to_slice()).collect();
    Beside::of(&points, &others).map_err(|error| anyhow!("--beside {}: {error}", file.display()))
}

fn lines(report: &Report<'_>, search: &Search<'_>, connections: &[Connection]) -> Vec<String> {
    let found = &search.found;
    let mut lines = vec![
        format!("of           {}", report.about.system),
        format!("input        {}", report.input.words()),
        format!(
            "starts       {} ({}), and {} between points that were found, seed {}",
            search.n_given,
            report.starts_from,
            report.n_starts.saturating_sub(search.n_given),
            report.about.seed
        ),
        format!(
            "ended        {} fixed, {} slow, {} failed, {} points far away left out, in {:.2} s",
            report.n_fixed, report.n_slow, report.n_failed, report.n_outliers, report.seconds
        ),
        format!("points       {} fixed, of which {} stable; {} slow", report.count, report.stable, report.slow),
    ];
    if 2 * report.n_failed > report.n_starts {
        lines.push(
            "             most starts failed: what they would have led to is not known; try --start-noise 0.1".into(),
        );
    }
    let index = match (report.index_sum, report.misses_points) {
        (Some(sum), true) => format!("{sum}, but it is 1 where none is missing: take more --starts"),
        (Some(sum), false) => format!("{sum}, as it must be"),
        (None, _) if !report.about.state.is_empty() => "not known: nothing bounds the angles of the arm".into(),
        (None, _) => "not known: units are unbounded, or a point is singular or on a kink".into(),
    };
    lines.push(format!("index sum    {index}"));
    lines.extend(report.no_continuous_time.map(|reason| format!("eigenvalues  of the step alone: {reason}")));
    if let Some(beside) = &report.beside {
        let (most, spread) = (beside.distance.iter().copied().fold(0.0, f64::max), beside.spread);
        lines.push(format!(
            "beside       {:.3} from the nearest other point in the median, {most:.3} at most, in units of the spread of \
             those ({spread:.3})",
            beside.median
        ));
    }
    if let Some(manifold) = &found.manifold {
        lines.push(format!("attractor    continuous, {}", manifold_words(manifold)));
    }
    let per = if report.about.state.is_empty() { "a tau" } else { "a step" };
    for (place, point) in found.points.iter().enumerate().take(TOLD) {
        let kink =
            if point.on_kink.is_empty() { String::new() } else { format!(", {} on a kink", point.on_kink.len()) };
        lines.push(format!(
            "  {place:>3}  {:<13} q {:>8.1e}  {:<20} outputs {}{kink}",
            search.words(place),
            point.q,
            pace(point, per),
            numbers(&point.outputs, 3)
        ));
    }
    if found.points.len() > TOLD {
        lines.push(format!("  and {} more: --json, or --out DIR", found.points.len() - TOLD));
    }
    let is_simple = |place: &usize| found.points[*place].unstable_dimensions == 1;
    let joins = ends(connections).into_iter().filter(|(place, ends)| is_simple(place) && ends.len() == 2).count();
    if joins > 0 {
        lines.push(format!("saddles      {joins} join two attractors each (`connections` in the JSON)"));
    }
    lines
}

/// The attractors that each saddle with one growing mode leads to.
fn ends(connections: &[Connection]) -> BTreeMap<usize, Vec<usize>> {
    let mut ends: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for way in connections {
        let known = ends.entry(way.from).or_default();
        known.extend(way.to.filter(|to| !known.contains(to)));
    }
    ends
}

fn manifold_words(manifold: &Manifold) -> String {
    let shape = match (manifold.dimension, manifold.is_closed) {
        (1, true) => "a ring",
        (1, false) => "a line",
        _ => "a sheet",
    };
    let fastest = manifold.speed_between.iter().copied().fold(0.0, f64::max);
    let length = manifold.arc_length.as_ref().and_then(|lengths| lengths.last());
    let length = length.map_or_else(String::new, |length| format!(" of length {length:.2}"));
    format!("{shape}{length} through {} points; between them |g| is at most {fastest:.1e}", manifold.order.len())
}

/// How fast its slowest mode is; of a slow point, how fast the state itself moves.
fn pace(point: &FixedPoint, per: &str) -> String {
    match (point.kind, point.time_constants_ms.first()) {
        (PointKind::Slow, _) => format!("moves {:.1e} {per}", point.speed),
        (PointKind::Fixed, Some(tau)) => in_words(*tau),
        (PointKind::Fixed, None) => String::new(),
    }
}

/// A time constant with the digits that it needs.
pub fn in_words(tau: f64) -> String {
    let digits = |tau: f64| if tau >= 1e5 { format!("{tau:.1e}") } else { format!("{tau:.1}") };
    match tau {
        tau if tau.is_infinite() || tau.is_nan() => "stays".into(),
        tau if tau < 0.0 => format!("grows in {} ms", digits(-tau)),
        tau => format!("decays in {} ms", digits(tau)),
    }
}

/// The points among trajectories, along the first components of the states that trials visit, or of the points.
pub fn state_space(
    probe: &Probe,
    held: &Held,
    search: &Search<'_>,
    trials: Option<&mut Trajectories<'_>>,
    connections: &[Connection],
) -> Result<(StateSpace, StateSpaceText)> {
    let trajectories = trials.map_or_else(|| Ok(Vec::new()), |trials| trials.some(SHOWN))?;
    let projection = search.projection(&trajectories, search.under.dim().min(3))?;
    let figure = StateSpace::of(&projection, &search.found, connections, &trajectories)?;
    let title = format!("Fixed points of {}", probe.name);
    let task = probe.task.as_ref().map_or_else(String::new, |task| format!("{}; ", task.id()));
    let subtitle = format!("{task}input: {}", held.words());
    let text = StateSpaceText::of(&title, &subtitle, &search.found.points);
    Ok((figure, text))
}

fn arrays(file: Arrays, found: &FixedPoints) -> Result<Arrays> {
    let points = &found.points;
    let row = |of: fn(&FixedPoint) -> &[f64]| rows(points.iter().map(of));
    let one = |of: fn(&FixedPoint) -> f64| points.iter().map(of).collect::<Array1<f64>>();
    let flag = |of: fn(&FixedPoint) -> bool| points.iter().map(|point| i64::from(of(point))).collect::<Array1<i64>>();
    let count = |of: fn(&FixedPoint) -> usize| points.iter().map(|point| of(point) as i64).collect::<Array1<i64>>();
    let dim = points.first().map_or(0, |point| point.x_star.len());
    let jacobian =
        Array3::from_shape_fn((points.len(), dim, dim), |(place, to, from)| points[place].jacobian[[to, from]]);
    let right = vectors(points, dim, |point, place, mode| point.right[[place, mode]]);
    let left = vectors(points, dim, |point, mode, place| match &point.left {
        Some(left) => left[[mode, place]],
        None => (f64::NAN, f64::NAN),
    });
    let eigenvalues = complex(&points.iter().map(|point| point.eigenvalues.as_slice()).collect::<Vec<_>>());
    let mut file = file
        .array("x_star", &row(|point| &point.x_star))?
        .axes(["points", "state"])
        .array("rates", &row(|point| &point.rates))?
        .axes(["points", "units"])
        .array("outputs", &row(|point| &point.outputs))?
        .axes(["points", "outputs"])
        .array("q", &one(|point| point.q))?
        .axes(["points"])
        .array("speed", &one(|point| point.speed))?
        .axes(["points"])
        .array("is_fixed", &flag(|point| point.kind == PointKind::Fixed))?
        .axes(["points"])
        .array("is_stable", &flag(|point| point.is_stable))?
        .axes(["points"])
        .array("unstable_dimensions", &count(|point| point.unstable_dimensions))?
        .axes(["points"])
        .array("n_starts", &count(|point| point.n_starts))?
        .axes(["points"])
        .array("jacobian", &jacobian)?
        .axes(["points", "to", "from"])
        .array("eigenvalues", &eigenvalues)?
        .axes(["points", "modes", "parts"])
        .columns(["real", "imaginary"])
        .array("right", &right)?
        .axes(["points", "state", "modes", "parts"])
        .columns(["real", "imaginary"])
        .array("left", &left)?
        .axes(["points", "modes", "state", "parts"])
        .columns(["real", "imaginary"])
        .array("time_constants_ms", &row(|point| &point.time_constants_ms))?
        .axes(["points", "modes"])
        .unit("ms")
        .array("frequencies_hz", &row(|point| &point.frequencies_hz))?
        .axes(["points", "modes"])
        .unit("Hz")
        .array("input", &Array1::from(found.input.clone()))?
        .axes(["inputs"]);
    let continuous: Option<Vec<_>> = points.iter().map(|point| point.continuous_eigenvalues.as_deref()).collect();
    if let Some(continuous) = continuous {
        file = file
            .array("continuous_eigenvalues", &complex(&continuous))?
            .axes(["points", "modes", "parts"])
            .columns(["real", "imaginary"]);
    }
    Ok(file)
}

/// Complex matrices of all points (points, dim, dim, 2).
fn vectors(
    points: &[FixedPoint],
    dim: usize,
    of: impl Fn(&FixedPoint, usize, usize) -> (f64, f64),
) -> ndarray::Array4<f64> {
    ndarray::Array4::from_shape_fn((points.len(), dim, dim, 2), |(place, row, column, part)| {
        let (re, im) = of(&points[place], row, column);
        if part == 0 { re } else { im }
    })
}
