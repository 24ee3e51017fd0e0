//! `nn4n analyze flow-field`

use anyhow::{Result, bail};
use clap::Args;
use ndarray::{Array1, Array2};
use nn4n_analysis::{FlowField, flow_field::Plane};
use serde::Serialize;

use super::{
    answer::{AnswerArgs, rows, spread},
    probe::{About, Held},
    search::{SHOWN, Search, SearchArgs, search},
    trajectories::Trajectories,
};
use crate::cli::output::free;
use crate::plot::{FlowFieldFigure, Projection, StateSpace};

/// Trajectories that the field reaches around.
const TRAJECTORIES: usize = 6;
/// A point lies in the plane within this part of its extent.
const IN_PLANE: f64 = 0.02;
/// Room around what is shown, as a part of its extent.
const MARGIN: f64 = 0.15;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze flow-field flip-flop-3bit --out runs/flow                 along the first two components
  nn4n analyze flow-field flip-flop-3bit --components 1,3 --out runs/flow
  nn4n analyze flow-field flip-flop-3bit --through 0,1,8 --out runs/flow   points as `analyze fixed-points` numbers them")]
pub struct FlowFieldArgs {
    #[command(flatten)]
    search: SearchArgs,
    /// The plane through three points, by their numbers in `analyze fixed-points`
    #[arg(long, value_name = "P,P,P", value_delimiter = ',', num_args = 1, conflicts_with = "components")]
    through: Option<Vec<usize>>,
    /// The plane through the mean of the states along two of their principal components
    #[arg(long, value_name = "C,C", value_delimiter = ',', num_args = 1, default_value = "1,2")]
    components: Vec<usize>,
    /// Points of the grid on each side
    #[arg(long, value_name = "N", default_value_t = 41, value_parser = clap::value_parser!(u32).range(2..=500))]
    grid: u32,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: About,
    input: &'a Held,
    plane: &'a Plane,
    axes: &'a [String; 2],
    /// Coordinates (first, second) of the fixed and slow points, seen along the plane.
    points: Vec<(f64, f64)>,
    /// The same, away from the plane.
    distances: Vec<f64>,
    slowest: f64,
    fastest: f64,
}

pub fn flow_field(args: &FlowFieldArgs) -> Result<()> {
    let answer = args.answer.open("flow-field", &["flow-field"], &[])?;
    let (probe, held) = args.search.open()?;
    let system = args.search.closed.system(&probe)?;
    if system.dim() < 2 {
        bail!("a network of one unit has no plane of states; see nn4n analyze bifurcations {}", probe.name);
    }
    let mut trials = held.trials.as_ref().map(|trials| Trajectories::new(system, trials));
    let search = search(system, &held, trials.as_mut(), &args.search)?;
    let most = args.components.iter().copied().max().unwrap_or(2).clamp(2, system.dim());
    let trajectories = trials.as_mut().map_or_else(|| Ok(Vec::new()), |trials| trials.some(SHOWN))?;
    let projection = search.projection(&trajectories, most)?;
    let (plane, axes) = plane(args, &search, &projection)?;
    let seen = Projection {
        origin: plane.origin.clone(),
        directions: plane.axes.to_vec(),
        axes: axes.iter().map(|name| crate::plot::StateAxis { name: name.clone(), variance: None }).collect(),
    };
    // The flow is shown where some of the trajectories go.
    let some: Vec<_> = spread(trajectories.len(), TRAJECTORIES).map(|place| trajectories[place].clone()).collect();
    let shown = StateSpace::of(&seen, &search.found, &[], &some)?;
    let places = || {
        shown.points.iter().map(|point| (point.at[0], point.at[1])).chain(
            shown
                .trajectories
                .iter()
                .flat_map(|states| states.outer_iter().map(|row| (row[0], row[1])).collect::<Vec<_>>()),
        )
    };
    let (a, b) = (extent(places().map(|place| place.0)), extent(places().map(|place| place.1)));
    let field = FlowField::of(&*search.under, &plane, a, b, args.grid as usize);
    let mut figure = FlowFieldFigure::of(&field, [&axes[0], &axes[1]]);
    figure.unit = system.flow_unit().into();
    let points: Vec<(f64, f64)> = search.found.points.iter().map(|point| plane.coordinates(&point.x_star)).collect();
    let distances: Vec<f64> = search.found.points.iter().map(|point| plane.distance(&point.x_star)).collect();
    // What is drawn as a point of the plane must lie in it; the flow at other points is not that of their shadows.
    let is_in = |distance: &f64| *distance <= IN_PLANE * (a.1 - a.0).max(b.1 - b.0);
    let n_in = distances.iter().filter(|distance| is_in(distance)).count();
    let drawn = shown.points.iter().zip(&distances);
    figure.points = drawn.clone().filter(|(_, distance)| is_in(distance)).map(|(point, _)| point.clone()).collect();
    figure.beside = drawn.filter(|(_, distance)| !is_in(distance)).map(|(point, _)| point.clone()).collect();
    answer.figure("flow-field", |path| figure.save(path))?;
    answer.arrays(|file| {
        let array = |values: &[f64]| Array1::from(values.to_vec());
        Ok(file
            .array("a", &array(&field.a))?
            .axes(["a"])
            .array("b", &array(&field.b))?
            .axes(["b"])
            .array("along_a", &field.along_a)?
            .axes(["b", "a"])
            .array("along_b", &field.along_b)?
            .axes(["b", "a"])
            .array("speed", &field.speed)?
            .axes(["b", "a"])
            .array("origin", &array(&plane.origin))?
            .axes(["state"])
            .array("axes", &rows(plane.axes.iter().map(Vec::as_slice)))?
            .axes(["axes of the plane", "state"])
            .array("x_star", &rows(search.found.points.iter().map(|point| point.x_star.as_slice())))?
            .axes(["points", "state"]))
    })?;
    let report = Report {
        about: args.search.about(&probe, &system),
        input: &held,
        plane: &plane,
        axes: &axes,
        distances,
        points,
        slowest: least(&field.speed),
        fastest: field.speed.iter().copied().fold(0.0, f64::max),
    };
    let mut lines = vec![
        format!("input        {}", held.words()),
        format!(
            "plane        {} and {}, {} by {} points, seed {}",
            axes[0], axes[1], args.grid, args.grid, args.search.probe.seed
        ),
        format!(
            "speed        {:.2e} to {:.2e} {}, of all directions",
            report.slowest,
            report.fastest,
            system.flow_unit()
        ),
        format!(
            "points       {n_in} of {} fixed and slow points lie in the plane; the others are drawn small and hollow, where \
            they are seen along it",
            search.found.points.len()
        ),
    ];
    report.about.head(&mut lines);
    answer.say(
        &report,
        &lines,
        &format!("nn4n analyze fixed-points {} --out {}", args.search.again(), free("fixed_points")),
    )
}

fn plane(args: &FlowFieldArgs, search: &Search<'_>, projection: &Projection) -> Result<(Plane, [String; 2])> {
    let points = &search.found.points;
    match (&args.through, args.components.as_slice()) {
        (Some(through), _) => {
            let [a, b, c] = through.as_slice() else {
                bail!("--through: takes three points, but {} were given", through.len());
            };
            let state = |place: &usize| match points.get(*place) {
                Some(point) => Ok(point.x_star.as_slice()),
                None => {
                    bail!("--through {place}: there is no such point; they are 0 to {}", points.len().saturating_sub(1))
                }
            };
            let plane = Plane::through(state(a)?, state(b)?, state(c)?)?;
            Ok((plane, [format!("From point {a} to {b}"), format!("Across, to point {c}")]))
        }
        (None, [first, second]) if first != second && *first > 0 && *second > 0 => {
            if projection.axes.iter().all(|axis| axis.variance == Some(0.0)) {
                bail!("the states do not vary, so that they have no components; name three points with --through");
            }
            let axis = |component: usize| match projection.directions.get(component - 1) {
                Some(direction) => Ok((direction, projection.axes[component - 1].label())),
                None => bail!(
                    "--components {component}: there are only {}, as many as a state has numbers",
                    projection.origin.len()
                ),
            };
            let ((one, one_name), (other, other_name)) = (axis(*first)?, axis(*second)?);
            Ok((Plane::along(&projection.origin, one, other)?, [one_name, other_name]))
        }
        (None, given) => bail!("--components {given:?}: must be two different numbers, counted from 1"),
    }
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), value| (l.min(value), h.max(value)));
    match high - low {
        width if width > 0.0 && width.is_finite() => (low - MARGIN * width, high + MARGIN * width),
        _ if low.is_finite() => (low - 1.0, low + 1.0),
        _ => (-1.0, 1.0),
    }
}

fn least(speed: &Array2<f64>) -> f64 {
    speed.iter().copied().fold(f64::INFINITY, f64::min)
}
