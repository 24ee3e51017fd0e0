//! Which tasks or epochs units take part in, cluster by cluster.

use std::path::Path;

use ndarray::Array2;

use super::PlotError;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_fractions, require_some};
use super::panel::note;
use super::save::save;
use super::style::{INK, Rgb, SMALL, TEXT, THIN, WHITE, cell_size, series, text_width, widest};

/// Top of the map, its width about, and the height of a row.
const TOP: f64 = 34.0;
const WIDTH: f64 = 420.0;
const ROW: f64 = 16.0;
/// Height of the bar of the clusters, and the gap to it.
const BAR: f64 = 9.0;
const GAP: f64 = 5.0;
/// Steps of colour in the colour bar, and their height together.
const STEPS: usize = 64;
const SCALE: f64 = 96.0;

/// Variance of units (columns) by task or epoch (rows), each unit scaled to a largest of 1: black is 0, white is 1. The
/// bar below tells the clusters, in the order in which units are given.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskVarianceMap {
    /// Names of the rows.
    pub tasks: Vec<String>,
    /// (units, tasks), fractions, cluster after cluster.
    pub variance: Array2<f64>,
    /// The clusters, from left to right.
    pub clusters: Vec<ClusterSpan>,
    /// A remark above the map; empty for none.
    pub remark: String,
}

/// Units of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSpan {
    /// Its name, such as `1`.
    pub name: String,
    /// How many units.
    pub units: usize,
}

impl TaskVarianceMap {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no unit or task, a value is no fraction, the clusters are of other units, or the file cannot be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (units, tasks) = self.variance.dim();
        let cell = cell_size(WIDTH, units);
        let (width, height) = (units as f64 * cell, tasks as f64 * ROW);
        let left = (widest(self.tasks.iter().map(String::as_str), TEXT) + 20.0).ceil();
        let (right, bottom) = (left + width, TOP + height);
        let tall = (bottom + GAP + BAR + 46.0).max(TOP + SCALE + 32.0);
        let wide = (right + 78.0).max(left + text_width(&self.remark, SMALL) + 12.0);
        let mut canvas = Canvas::new(wide, tall);
        canvas.cells((left, TOP), (cell, ROW), (tasks, units), |task, unit| hot(self.variance[[unit, task]]));
        canvas.outline((left, TOP), (right, bottom), Stroke::solid(INK, THIN));
        for (task, name) in self.tasks.iter().enumerate() {
            canvas.text((left - 8.0, TOP + (task as f64 + 0.5) * ROW), name, TEXT, Align::Right, INK);
        }
        self.draw_clusters(&mut canvas, (left, bottom), cell, height);
        let below = bottom + GAP + BAR + 32.0;
        canvas.text((left + width / 2.0, below), "Units, by cluster", TEXT, Align::Centre, INK);
        draw_scale(&mut canvas, (right + 18.0, TOP + 16.0));
        note(&mut canvas, (left, 14.0), &self.remark, Align::Left);
        Ok(canvas)
    }

    fn draw_clusters(&self, canvas: &mut Canvas, (left, bottom): (f64, f64), cell: f64, height: f64) {
        let top = bottom + GAP;
        let (mut start, mut free) = (left, f64::NEG_INFINITY);
        for (place, cluster) in self.clusters.iter().enumerate() {
            let width = cluster.units as f64 * cell;
            canvas.rect((start, top), width, BAR, series(place));
            if place > 0 {
                // Black on white and white on black.
                for (color, width) in [(WHITE, 2.4), (INK, 0.8)] {
                    canvas.line((start, bottom - height), (start, bottom), Stroke::solid(color, width));
                }
            }
            let (middle, half) = (start + width / 2.0, text_width(&cluster.name, SMALL) / 2.0);
            // A name that would touch the one before it is left out; colours and order tell which it is.
            if middle - half > free {
                canvas.text((middle, top + BAR + 9.0), &cluster.name, SMALL, Align::Centre, INK);
                free = middle + half + 2.0;
            }
            start += width;
        }
    }

    fn validate(&self) -> Result<(), PlotError> {
        let (units, tasks) = self.variance.dim();
        require_some("variance", self.variance.len())?;
        let names = self.tasks.len();
        require(names == tasks, "tasks", || format!("has {names} names; the variance is of {tasks}"))?;
        require_fractions("variance", self.variance.iter().copied())?;
        let of_clusters: usize = self.clusters.iter().map(|cluster| cluster.units).sum();
        require(of_clusters == units, "clusters", || format!("have {of_clusters} units; the variance is of {units}"))
    }
}

fn draw_scale(canvas: &mut Canvas, (left, top): (f64, f64)) {
    let step = cell_size(SCALE, STEPS);
    let height = step * STEPS as f64;
    canvas.cells((left, top), (10.0, step), (STEPS, 1), |row, _| hot(1.0 - (row as f64 + 0.5) / STEPS as f64));
    let (right, bottom) = (left + 10.0, top + height);
    canvas
        .polyline(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], Stroke::solid(INK, 0.75));
    for (label, y) in [("1", top), ("0", bottom)] {
        canvas.line((right, y), (right + 3.0, y), Stroke::solid(INK, THIN));
        canvas.text((right + 6.0, y), label, SMALL, Align::Left, INK);
    }
    canvas.text((left, top - 12.0), "Variance", SMALL, Align::Left, INK);
}

/// Black, red, yellow, white: a ramp of each primary after the other.
fn hot(value: f64) -> Rgb {
    let ramp = |from: f64, to: f64| (255.0 * ((value - from) / (to - from)).clamp(0.0, 1.0)).round() as u8;
    (ramp(0.0, 3.0 / 8.0), ramp(3.0 / 8.0, 6.0 / 8.0), ramp(6.0 / 8.0, 1.0))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn figure() -> TaskVarianceMap {
        TaskVarianceMap {
            tasks: vec!["fdgo".into(), "fdanti".into()],
            variance: array![[1.0, 0.0], [1.0, 0.5], [0.25, 1.0]],
            clusters: vec![ClusterSpan { name: "1".into(), units: 2 }, ClusterSpan { name: "2".into(), units: 1 }],
            remark: "3 of 9 units".into(),
        }
    }

    #[test]
    fn tasks_clusters_and_the_scale_are_named() {
        let svg = figure().draw().unwrap().into_svg();
        for text in [">fdgo<", ">fdanti<", ">1<", ">2<", ">0<", ">Units, by cluster<", ">3 of 9 units<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }

    #[test]
    fn black_is_0_white_is_1_and_red_comes_before_yellow() {
        assert_eq!((hot(0.0), hot(1.0)), ((0, 0, 0), (255, 255, 255)));
        assert_eq!((hot(0.375), hot(0.75)), ((255, 0, 0), (255, 255, 0)));
    }

    #[test]
    fn what_is_of_other_units_or_no_fraction_is_refused() {
        let refusal = |change: &dyn Fn(&mut TaskVarianceMap)| {
            let mut figure = figure();
            change(&mut figure);
            figure.draw().err().unwrap().to_string()
        };
        assert!(refusal(&|figure| figure.clusters[0].units = 5).contains("`clusters` have 6 units"));
        assert!(refusal(&|figure| figure.variance[[0, 0]] = 1.5).contains("`variance` holds 1.5"));
        assert!(refusal(&|figure| figure.tasks.truncate(1)).contains("`tasks` has 1 names"));
    }
}
