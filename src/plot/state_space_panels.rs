//! Where everything of a figure of the state space goes: one or two panels of one scale, the legend to the right.

use super::canvas::{Canvas, Point, Stroke};
use super::key::{Dot, Mark, arrow, key, key_height, key_width};
use super::labels::Labels;
use super::panel::{EqualScale, Panel, padded_range};
use super::style::{GREY, INK, MARGINAL, Rgb, STABLE, TRAJECTORY, UNSTABLE, series, tint};
use super::{StatePoint, StatePointKind, StateSpace};

/// Left and top of the first panel, and the gap between two.
const LEFT: f64 = 70.0;
const TOP: f64 = 16.0;
const GAP: f64 = 82.0;
/// The longest and the shortest side of a panel.
const LONGEST: f64 = 300.0;
const SHORTEST: f64 = 110.0;
/// Most growing modes that are drawn at a point.
const MODES: usize = 3;

/// Draws a valid figure.
pub(super) fn draw(figure: &StateSpace) -> Canvas {
    let ranges: Vec<(f64, f64)> = (0..figure.axes.len()).map(|axis| padded_range(values(figure, axis), 0.05)).collect();
    let scale = EqualScale::new(&ranges, LONGEST, SHORTEST);
    let width = scale.length(ranges[0]);
    let height = ranges[1..].iter().map(|range| scale.length(*range)).fold(0.0, f64::max);
    let panels = (ranges.len() - 1) as f64;
    let right = LEFT + panels * width + (panels - 1.0) * GAP;
    let entries = entries(figure);
    let below = (TOP + height + 54.0).max(TOP + key_height(entries.len()) + 8.0);
    let mut canvas = Canvas::new(right + 20.0 + key_width(&entries) + 12.0, below);
    for (i, range) in ranges[1..].iter().enumerate() {
        let left = LEFT + i as f64 * (width + GAP);
        let panel =
            Panel { x: scale.axis(ranges[0], (left, left + width)), y: scale.axis(*range, (TOP + height, TOP)) };
        draw_panel(&mut canvas, figure, &panel, i + 1);
        panel.left_axis(&mut canvas, &panel.y.roomy_ticks(), &figure.axes[i + 1].label());
        panel.bottom_axis(&mut canvas, &panel.x.roomy_ticks(), &figure.axes[0].label());
    }
    key(&mut canvas, (right + 20.0, TOP), &entries);
    canvas
}

/// Everything that is drawn, along one axis.
fn values(figure: &StateSpace, axis: usize) -> impl Iterator<Item = f64> {
    let trajectories = figure.trajectories.iter().flat_map(move |states| states.column(axis).to_vec());
    let ends = move |point: &StatePoint| {
        let at = point.at[axis];
        let modes = point.modes.iter().take(MODES).flat_map(move |mode| [at - mode[axis], at + mode[axis]]);
        std::iter::once(at).chain(modes).collect::<Vec<_>>()
    };
    let arrows = figure.arrows.iter().flat_map(move |arrow| [arrow.from[axis], arrow.to[axis]]);
    trajectories.chain(figure.points.iter().flat_map(ends)).chain(arrows)
}

fn draw_panel(canvas: &mut Canvas, figure: &StateSpace, panel: &Panel, across: usize) {
    let at = |place: &[f64]| panel.at((place[0], place[across]));
    for states in &figure.trajectories {
        let points = states.outer_iter().map(|state| (state[0], state[across]));
        panel.curve(canvas, points, trajectory_stroke(figure));
    }
    for link in &figure.links {
        canvas.line(at(&figure.points[link.from].at), at(&figure.points[link.to].at), link_stroke());
    }
    for point in &figure.points {
        for mode in point.modes.iter().take(MODES) {
            let end = |sign: f64| panel.at((point.at[0] + sign * mode[0], point.at[across] + sign * mode[across]));
            canvas.line(end(-1.0), end(1.0), Stroke::solid(UNSTABLE, 1.3));
        }
    }
    for (i, direction) in figure.arrows.iter().enumerate() {
        arrow(canvas, at(&direction.from), at(&direction.to), arrow_stroke(i));
    }
    for point in drawn_last_on_top(&figure.points) {
        dot(point.kind, point.on_kink).draw(canvas, at(&point.at));
    }
    label(canvas, figure, panel, at);
}

/// Stable points are the message, and lie above the others.
fn drawn_last_on_top(points: &[StatePoint]) -> Vec<&StatePoint> {
    let mut order: Vec<&StatePoint> = points.iter().collect();
    order.sort_by_key(|point| std::cmp::Reverse(point.kind));
    order
}

fn label(canvas: &mut Canvas, figure: &StateSpace, panel: &Panel, at: impl Fn(&[f64]) -> Point) {
    let ((left, right), (bottom, top)) = (panel.x.pixels(), panel.y.pixels());
    let mut labels = Labels::new((left, top, right, bottom));
    figure.points.iter().for_each(|point| labels.avoid(at(&point.at), 5.0));
    for link in &figure.links {
        labels.avoid_line(at(&figure.points[link.from].at), at(&figure.points[link.to].at));
    }
    for point in figure.points.iter().filter(|point| !point.label.is_empty()) {
        labels.place(canvas, at(&point.at), &point.label, INK);
    }
}

/// How a point of a kind is drawn, in every figure.
pub(super) fn dot(kind: StatePointKind, on_kink: bool) -> Dot {
    let (color, radius) = match kind {
        StatePointKind::Stable => (STABLE, 4.0),
        StatePointKind::Unstable => (UNSTABLE, 3.4),
        StatePointKind::Marginal => (MARGINAL, 3.2),
        StatePointKind::Slow => (GREY, 2.8),
    };
    Dot { hollow: kind == StatePointKind::Slow, ringed: on_kink, ..Dot::new(color, radius) }
}

/// Entries of a legend that count points by their kind.
pub(super) fn counted<'a>(points: impl Iterator<Item = &'a StatePoint> + Clone) -> Vec<(String, Mark)> {
    let of = |kind: StatePointKind| {
        let count = points.clone().filter(|point| point.kind == kind).count();
        (count > 0).then(|| (format!("{count} {}", kind.name()), Mark::Dot(dot(kind, false))))
    };
    let kinks = points.clone().filter(|point| point.on_kink).count();
    let ringed = Mark::Dot(Dot { hollow: true, ringed: true, ..Dot::new(GREY, 1.0) });
    let on_kink = (kinks > 0).then(|| (format!("{kinks} on a kink"), ringed));
    StatePointKind::ALL.into_iter().filter_map(of).chain(on_kink).collect()
}

fn entries(figure: &StateSpace) -> Vec<(String, Mark)> {
    let mut entries = counted(figure.points.iter());
    if figure.points.iter().any(|point| !point.modes.is_empty()) {
        entries.push(("growing modes".into(), Mark::Line(Stroke::solid(UNSTABLE, 1.3))));
    }
    if !figure.links.is_empty() {
        entries.push(("where saddles lead".into(), Mark::Line(link_stroke())));
    }
    let arrows = figure.arrows.iter().enumerate();
    entries.extend(arrows.map(|(i, arrow)| (arrow.name.clone(), Mark::Arrow(arrow_stroke(i)))));
    let n = figure.trajectories.len();
    if n > 0 {
        let name = if n == 1 { "1 trajectory".into() } else { format!("{n} trajectories") };
        entries.push((name, Mark::Line(trajectory_stroke(figure))));
    }
    entries
}

fn link_stroke() -> Stroke {
    Stroke::dashed(GREY, 1.0)
}

/// Thinner and paler where there are so many that they would hide the points.
fn trajectory_stroke(figure: &StateSpace) -> Stroke {
    const MANY: usize = 1000;
    let steps = figure.trajectories.iter().map(|states| states.nrows()).sum::<usize>();
    if steps > MANY { Stroke::solid(tint(TRAJECTORY, 0.75), 0.6) } else { Stroke::solid(TRAJECTORY, 0.9) }
}

/// Hues of the palette that neither points nor trajectories have: greens and purples first.
fn arrow_stroke(i: usize) -> Stroke {
    const HUES: [usize; 4] = [2, 3, 0, 1];
    let color: Rgb = series(HUES[i % HUES.len()]);
    Stroke::solid(color, 1.6)
}
