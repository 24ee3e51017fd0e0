//! The flow in a plane of the state space: where activity goes, and how fast.

use std::path::Path;

use ndarray::Array2;
use nn4n_analysis::flow_field::FlowField;

use super::axis::Axis;
use super::canvas::{Align, Canvas, Point, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, arrow, key, key_width};
use super::panel::{EqualScale, Panel};
use super::save::save;
use super::shading::{CELL, Grid, in_cells};
use super::state_space_panels::{counted, dot};
use super::style::{GREY, INK, Rgb, SMALL, THICK, THIN, TICK, TRAJECTORY, darker, series, text_width, tint};
use super::{PlotError, StatePoint};

const LEFT: f64 = 70.0;
const TOP: f64 = 16.0;
/// The longest and the shortest side of the panel.
const LONGEST: f64 = 340.0;
const SHORTEST: f64 = 120.0;
/// Pixels between two arrows, about.
const SPACING: f64 = 19.0;
/// Radius of a point beside the plane.
const BESIDE: f64 = 1.8;
/// What is fast; what is slow is white.
const FAST: Rgb = (94, 79, 162);
/// Width and height of the bar of colours, and its steps.
const BAR: (f64, f64, usize) = (10.0, 110.0, 44);
/// Speeds below this part of the largest are as white as it.
const SLOWEST: f64 = 1e-4;

/// The flow on a grid of a plane: speed as colour on a logarithmic scale, white where it is slow, arrows of equal
/// length for its direction, with fixed points and trajectories in the plane.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowFieldFigure {
    /// What the two coordinates are called.
    pub axes: [String; 2],
    /// First coordinates of the grid, ascending in equal steps, at least two.
    pub a: Vec<f64>,
    /// Second coordinates, the same.
    pub b: Vec<f64>,
    /// The flow along the first axis, (second coordinates, first coordinates).
    pub along_a: Array2<f64>,
    /// The flow along the second, the same.
    pub along_b: Array2<f64>,
    /// The speed, with what leaves the plane, the same; not negative.
    pub speed: Array2<f64>,
    /// Unit of the speed.
    pub unit: String,
    /// Fixed points by their two coordinates; those beyond the grid are left out.
    pub points: Vec<StatePoint>,
    /// Points beside the plane, by the coordinates at which they are seen along it: drawn small and hollow.
    pub beside: Vec<StatePoint>,
    /// Trajectories (steps, 2); what lies beyond the grid is left out.
    pub trajectories: Vec<Array2<f64>>,
    /// Named lines, such as nullclines; what lies beyond the grid is left out.
    pub lines: Vec<FlowLine>,
}

/// A named line in the plane.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowLine {
    /// Its name in the legend.
    pub name: String,
    /// Its points by their two coordinates, at least one.
    pub points: Vec<(f64, f64)>,
}

impl FlowFieldFigure {
    /// A flow field without points or trajectories.
    pub fn of(field: &FlowField, axes: [&str; 2]) -> Self {
        Self {
            axes: axes.map(String::from),
            a: field.a.clone(),
            b: field.b.clone(),
            along_a: field.along_a.clone(),
            along_b: field.along_b.clone(),
            speed: field.speed.clone(),
            unit: "per time constant".into(),
            points: Vec::new(),
            beside: Vec::new(),
            trajectories: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If a field breaks a rule that stands with it, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let [x, y] = [&self.a, &self.b].map(|grid| covered(grid));
        let scale = EqualScale::new(&[x, y], LONGEST, SHORTEST);
        let [width, height] = [x, y].map(|range| in_cells(scale.length(range)));
        let panel = Panel { x: scale.axis(x, (LEFT, LEFT + width)), y: scale.axis(y, (TOP + height, TOP)) };
        let entries = self.entries();
        let right = LEFT + width + 20.0;
        let unit = format!("Speed ({})", self.unit);
        let keyed = TOP + 18.0 + BAR.1 + 22.0;
        let below = (TOP + height + 54.0).max(keyed + 16.0 * entries.len() as f64 + 8.0);
        let mut canvas = Canvas::new(right + key_width(&entries).max(text_width(&unit, SMALL)) + 12.0, below);
        let speeds = Speeds::of(&self.speed);
        let grid = Grid { x: &self.a, y: &self.b, values: &self.speed };
        grid.shade(&mut canvas, &panel, CELL, |speed| speeds.color(speed));
        self.draw_arrows(&mut canvas, &panel);
        for (place, line) in self.lines.iter().enumerate() {
            panel.curve_within(&mut canvas, line.points.iter().copied(), line_stroke(place));
        }
        for states in &self.trajectories {
            let points = states.outer_iter().map(|state| (state[0], state[1]));
            panel.curve_within(&mut canvas, points, trajectory_stroke());
        }
        for point in self.beside.iter().filter(|point| self.holds(point)) {
            canvas.ring(panel.at((point.at[0], point.at[1])), BESIDE, Stroke::solid(GREY, THIN));
        }
        for point in self.points.iter().filter(|point| self.holds(point)) {
            dot(point.kind, point.on_kink).draw(&mut canvas, panel.at((point.at[0], point.at[1])));
        }
        panel.left_axis(&mut canvas, &panel.y.roomy_ticks(), &self.axes[1]);
        panel.bottom_axis(&mut canvas, &panel.x.roomy_ticks(), &self.axes[0]);
        speeds.bar(&mut canvas, (right, TOP + 18.0), &unit);
        key(&mut canvas, (right, keyed), &entries);
        Ok(canvas)
    }

    /// At every so many points of the grid, through the middle of its cell.
    fn draw_arrows(&self, canvas: &mut Canvas, panel: &Panel) {
        let (rows, columns) = self.speed.dim();
        let length = |axis: Axis| (axis.pixels().1 - axis.pixels().0).abs();
        let every = |pixels: f64, n: usize| ((n as f64 * SPACING / pixels).round() as usize).max(1);
        let (every_row, every_column) = (every(length(panel.y), rows), every(length(panel.x), columns));
        for row in (every_row / 2..rows).step_by(every_row) {
            for column in (every_column / 2..columns).step_by(every_column) {
                let (da, db) = (self.along_a[[row, column]], self.along_b[[row, column]]);
                let norm = da.hypot(db);
                if norm > 0.0 {
                    let middle = panel.at((self.a[column], self.b[row]));
                    draw_arrow(canvas, middle, (da / norm, -db / norm));
                }
            }
        }
    }

    fn holds(&self, point: &StatePoint) -> bool {
        let inside = |value: f64, (low, high): (f64, f64)| (low..=high).contains(&value);
        inside(point.at[0], covered(&self.a)) && inside(point.at[1], covered(&self.b))
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let mut entries = counted(self.points.iter().filter(|point| self.holds(point)));
        if self.beside.iter().any(|point| self.holds(point)) {
            entries.push(("beside the plane".into(), Mark::Dot(Dot { hollow: true, ..Dot::new(GREY, BESIDE) })));
        }
        entries.extend(
            self.lines.iter().enumerate().map(|(place, line)| (line.name.clone(), Mark::Line(line_stroke(place)))),
        );
        if !self.trajectories.is_empty() {
            entries.push(("trajectories".into(), Mark::Line(trajectory_stroke())));
        }
        entries
    }

    fn validate(&self) -> Result<(), PlotError> {
        for (field, grid) in [("a", &self.a), ("b", &self.b)] {
            require(grid.len() > 1, field, || format!("has {} numbers; a grid has at least two", grid.len()))?;
            require_finite(field, grid.iter().copied())?;
            require(grid.windows(2).all(|pair| pair[0] < pair[1]), field, || "must ascend; sort it".into())?;
        }
        let wanted = (self.b.len(), self.a.len());
        for (field, array) in [("along_a", &self.along_a), ("along_b", &self.along_b), ("speed", &self.speed)] {
            let shape = array.dim();
            require(shape == wanted, field, || format!("has shape {shape:?}; it must be (b, a), {wanted:?}"))?;
            require_finite(field, array.iter().copied())?;
        }
        let least = self.speed.iter().copied().fold(0.0, f64::min);
        require(least >= 0.0, "speed", || format!("holds {least}; it must not be negative"))?;
        for (i, point) in self.points.iter().enumerate() {
            let (field, n) = (format!("points[{i}].at"), point.at.len());
            require(n == 2, &field, || format!("has {n} numbers; a plane has two coordinates"))?;
            require_finite(&field, point.at.iter().copied())?;
        }
        for (i, states) in self.trajectories.iter().enumerate() {
            let (field, shape) = (format!("trajectories[{i}]"), states.dim());
            require_some(&field, shape.0)?;
            require(shape.1 == 2, &field, || format!("has shape {shape:?}; it must be (steps, 2)"))?;
            require_finite(&field, states.iter().copied())?;
        }
        for (i, line) in self.lines.iter().enumerate() {
            let field = format!("lines[{i}].points");
            require_some(&field, line.points.len())?;
            require_finite(&field, line.points.iter().flat_map(|(a, b)| [*a, *b]))?;
        }
        Ok(())
    }
}

/// From the outer edge of the first cell of a grid to that of the last.
fn covered(grid: &[f64]) -> (f64, f64) {
    let (first, last) = (grid[0], grid[grid.len() - 1]);
    let half = 0.5 * (last - first) / (grid.len() - 1) as f64;
    (first - half, last + half)
}

fn draw_arrow(canvas: &mut Canvas, middle: Point, (dx, dy): (f64, f64)) {
    let half = 0.38 * SPACING;
    let end = |sign: f64| (middle.0 + sign * half * dx, middle.1 + sign * half * dy);
    arrow(canvas, end(-1.0), end(1.0), Stroke::solid(INK, 0.7));
}

fn trajectory_stroke() -> Stroke {
    Stroke::solid(darker(TRAJECTORY), 1.0)
}

fn line_stroke(place: usize) -> Stroke {
    Stroke::solid(series(place), THICK)
}

/// From white at 0; light enough at 1 for black arrows. In steps, for an `.svg` of few pieces.
fn shade(part: f64) -> Rgb {
    let steps = BAR.2 as f64;
    tint(FAST, 0.62 * (part * steps).round() / steps)
}

/// The scale of colours.
#[derive(Clone, Copy)]
struct Speeds {
    low: f64,
    high: f64,
}

impl Speeds {
    fn of(speed: &Array2<f64>) -> Self {
        let high = speed.iter().copied().fold(0.0, f64::max);
        let moving = speed.iter().copied().filter(|speed| *speed > 0.0);
        let low = moving.fold(high, f64::min).max(SLOWEST * high);
        if high > 0.0 { Self { low, high } } else { Self { low: 0.1, high: 1.0 } }
    }

    /// From 0 at the slowest to 1 at the fastest.
    fn part(self, speed: f64) -> f64 {
        let range = self.high.ln() - self.low.ln();
        if range > 0.0 { ((speed.max(self.low).ln() - self.low.ln()) / range).min(1.0) } else { 1.0 }
    }

    fn color(self, speed: f64) -> Rgb {
        shade(self.part(speed))
    }

    fn bar(self, canvas: &mut Canvas, (left, top): Point, label: &str) {
        let (width, height, steps) = BAR;
        let axis = Axis::log(self.low, self.high, (top + height, top));
        let step = height / steps as f64;
        canvas.cells((left, top), (width, step), (steps, 1), |row, _| shade(1.0 - (row as f64 + 0.5) / steps as f64));
        let right = left + width;
        canvas.outline((left, top), (right, top + height), Stroke::solid(INK, THIN * 0.75));
        for (value, text) in axis.ticks(5) {
            let y = axis.pixel(value);
            canvas.line((right, y), (right + TICK - 1.0, y), Stroke::solid(INK, THIN));
            canvas.text((right + TICK + 2.0, y), &text, SMALL, Align::Left, INK);
        }
        canvas.text((left, top - 14.0), label, SMALL, Align::Left, INK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::StatePointKind;

    fn figure() -> FlowFieldFigure {
        let grid = vec![-1.0, 0.0, 1.0];
        FlowFieldFigure {
            axes: ["PC 1".into(), "PC 2".into()],
            a: grid.clone(),
            b: grid.clone(),
            along_a: Array2::from_shape_fn((3, 3), |(_, column)| -grid[column]),
            along_b: Array2::from_shape_fn((3, 3), |(row, _)| -grid[row]),
            speed: Array2::from_shape_fn((3, 3), |(row, column)| grid[row].hypot(grid[column])),
            unit: "per time constant".into(),
            points: Vec::new(),
            beside: Vec::new(),
            trajectories: Vec::new(),
            lines: Vec::new(),
        }
    }

    #[test]
    fn points_in_the_plane_are_drawn_and_those_beyond_are_not() {
        let mut figure = figure();
        let point = |at: [f64; 2]| StatePoint {
            at: at.to_vec(),
            kind: StatePointKind::Stable,
            on_kink: false,
            modes: Vec::new(),
            label: String::new(),
        };
        figure.points = vec![point([0.0, 0.0]), point([1.4, -1.4]), point([2.0, 0.0])];
        let svg = figure.draw().unwrap().into_svg();
        assert!(svg.contains(">2 stable<") && svg.contains(">Speed (per time constant)<"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 3, "two points and the legend: {svg}");
    }

    #[test]
    fn slow_is_white_and_a_field_at_rest_is_no_error() {
        let speeds = Speeds::of(&figure().speed);
        assert_eq!((speeds.low, speeds.part(0.0), speeds.part(2f64.sqrt())), (1.0, 0.0, 1.0));
        let mut rest = figure();
        for array in [&mut rest.along_a, &mut rest.along_b, &mut rest.speed] {
            array.fill(0.0);
        }
        let svg = rest.draw().unwrap().into_svg();
        assert!(!svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn arrays_that_do_not_fit_the_grid_are_refused() {
        let refusal = |change: fn(&mut FlowFieldFigure)| {
            let mut figure = figure();
            change(&mut figure);
            figure.draw().err().unwrap().to_string()
        };
        assert!(refusal(|figure| figure.a.truncate(1)).contains("`a` has 1 numbers"));
        assert!(
            refusal(|figure| figure.b.truncate(2)).contains("`along_a` has shape (3, 3); it must be (b, a), (2, 3)")
        );
        assert!(refusal(|figure| figure.speed[[0, 0]] = -1.0).contains("`speed` holds -1"));
        assert!(refusal(|figure| figure.trajectories.push(Array2::zeros((4, 3)))).contains("must be (steps, 2)"));
    }
}
