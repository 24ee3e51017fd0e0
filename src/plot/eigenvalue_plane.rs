//! Eigenvalues in the complex plane, with the line between decay and growth.

use std::path::Path;

use ndarray::Array2;
use nn4n_analysis::{FixedPoints, fixed_points::PointKind, nonnormality::Pseudospectrum, structure::Structure};

use super::axis::power_of_ten;
use super::canvas::{Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, key, key_height, key_width};
use super::panel::{EqualScale, Panel, padded_range};
use super::projection::kind;
use super::save::save;
use super::shading::Grid;
use super::state_space_panels::dot;
use super::style::{FAINT, GREY, Rgb, series, tint};
use super::{PlotError, StatePointKind};

const LEFT: f64 = 70.0;
const TOP: f64 = 16.0;
/// The longest and the shortest side of the panel.
const LONGEST: f64 = 320.0;
const SHORTEST: f64 = 170.0;
/// So many eigenvalues are many.
const MANY: usize = 300;
/// A range of this part of the diameter shows the unit circle as a whole.
const NEARLY_WHOLE: f64 = 0.5;
/// Side of a cell of a pseudospectrum, whose few levels are smooth areas.
const PIXEL: f64 = 1.0;
/// Most levels of a pseudospectrum.
const LEVELS: i32 = 5;
/// The colour of the innermost level.
const SHADE: Rgb = (120, 120, 150);

/// Eigenvalues in the complex plane, equal units on both axes.
///
/// Each series is a set of eigenvalues that are alike, such as those of all stable points. What is drawn with them
/// tells growth from decay: the unit circle, the imaginary axis, or the circle that random weights would fill.
#[derive(Clone, Debug, PartialEq)]
pub struct EigenvaluePlane {
    /// Of what they are eigenvalues.
    pub of: EigenvaluesOf,
    /// What is drawn, the first lowest.
    pub series: Vec<EigenvalueSeries>,
    /// How much the eigenvalues mean; shaded behind them.
    pub pseudospectrum: Option<Resolvent>,
}

/// What a matrix does, and so where its eigenvalues part growth from decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EigenvaluesOf {
    /// A step: modes grow outside the unit circle.
    Step,
    /// A flow in continuous time, eigenvalues in 1/s: modes grow right of the imaginary axis.
    Flow,
    /// Recurrent weights: random ones of the same variances lie within the circle of this radius, at least 0.
    Weights {
        /// The radius.
        predicted_radius: f64,
    },
}

/// Eigenvalues that look alike.
#[derive(Clone, Debug, PartialEq)]
pub struct EigenvalueSeries {
    /// Its name in the legend.
    pub name: String,
    /// The kind of point that they belong to, whose colour they have; `None` for a colour of the palette.
    pub kind: Option<StatePointKind>,
    /// (real, imaginary)
    pub values: Vec<(f64, f64)>,
}

/// The smallest singular value of `z - J` on a grid of the complex plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolvent {
    /// Real parts, ascending in equal steps, at least two.
    pub real: Vec<f64>,
    /// Imaginary parts, the same.
    pub imaginary: Vec<f64>,
    /// (imaginary parts, real parts), not negative.
    pub smallest: Array2<f64>,
}

impl EigenvaluePlane {
    /// Eigenvalues of the step at all points, by what the points are.
    pub fn of(found: &FixedPoints) -> Self {
        Self::at_points(found, EigenvaluesOf::Step, |point| Some(&point.eigenvalues))
    }

    /// Eigenvalues in continuous time, 1/s; `None` where the equation has no such limit.
    pub fn in_continuous_time(found: &FixedPoints) -> Option<Self> {
        let figure = Self::at_points(found, EigenvaluesOf::Flow, |point| point.continuous_eigenvalues.as_ref());
        (!figure.series.is_empty()).then_some(figure)
    }

    /// Eigenvalues of the recurrent weights.
    pub fn of_weights(structure: &Structure) -> Self {
        let values = structure.eigenvalues.clone();
        let name = format!("{} eigenvalues", values.len());
        Self {
            of: EigenvaluesOf::Weights { predicted_radius: structure.predicted_radius },
            series: vec![EigenvalueSeries { name, kind: None, values }],
            pseudospectrum: None,
        }
    }

    /// With the pseudospectrum of the same matrix behind.
    pub fn over(mut self, pseudospectrum: &Pseudospectrum) -> Self {
        let Pseudospectrum { real, imaginary, smallest } = pseudospectrum.clone();
        self.pseudospectrum = Some(Resolvent { real, imaginary, smallest });
        self
    }

    fn at_points(
        found: &FixedPoints,
        of: EigenvaluesOf,
        values: impl Fn(&nn4n_analysis::FixedPoint) -> Option<&Vec<(f64, f64)>>,
    ) -> Self {
        // Of stable points last: what is drawn later lies above.
        let series = StatePointKind::ALL.into_iter().rev().filter_map(|wanted| {
            let points: Vec<_> = found.points.iter().filter(|point| kind(point) == wanted).collect();
            let values: Vec<_> = points.iter().filter_map(|point| values(point)).flatten().copied().collect();
            let noun = if points.iter().all(|point| point.kind == PointKind::Slow) { "point" } else { "fixed point" };
            let plural = if points.len() == 1 { "" } else { "s" };
            let name = match wanted {
                StatePointKind::Slow => format!("modes of {} slow {noun}{plural}", points.len()),
                _ => format!("modes of {} {} {noun}{plural}", points.len(), wanted.name()),
            };
            (!values.is_empty()).then_some(EigenvalueSeries { name, kind: Some(wanted), values })
        });
        Self { of, series: series.collect(), pseudospectrum: None }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no eigenvalue, one is not finite, the radius is negative, the pseudospectrum does not fit its grid,
    /// or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (x, y) = self.ranges();
        let scale = EqualScale::new(&[x, y], LONGEST, SHORTEST);
        let [width, height] = [x, y].map(|range| scale.length(range).ceil());
        let entries = self.entries();
        let below = (TOP + height + 54.0).max(TOP + key_height(entries.len()) + 8.0);
        let mut canvas = Canvas::new(LEFT + width + 20.0 + key_width(&entries) + 12.0, below);
        let panel = Panel { x: scale.axis(x, (LEFT, LEFT + width)), y: scale.axis(y, (TOP + height, TOP)) };
        if let Some(resolvent) = &self.pseudospectrum {
            resolvent.shade(&mut canvas, &panel);
        }
        self.draw_boundary(&mut canvas, &panel);
        for (i, series) in self.series.iter().enumerate() {
            let dot = self.dot(i);
            series.values.iter().for_each(|value| dot.draw(&mut canvas, panel.at(*value)));
        }
        let (re, im) = self.labels();
        panel.left_axis(&mut canvas, &panel.y.roomy_ticks(), im);
        panel.bottom_axis(&mut canvas, &panel.x.roomy_ticks(), re);
        key(&mut canvas, (LEFT + width + 20.0, TOP), &entries);
        Ok(canvas)
    }

    /// What the axes must show: all eigenvalues, and of the boundary the part next to them.
    fn ranges(&self) -> ((f64, f64), (f64, f64)) {
        if let Some(resolvent) = &self.pseudospectrum {
            let ends = |grid: &[f64]| (grid[0], grid[grid.len() - 1]);
            return (ends(&resolvent.real), ends(&resolvent.imaginary));
        }
        let (re, im): (Vec<f64>, Vec<f64>) =
            self.series.iter().flat_map(|series| series.values.iter().copied()).unzip();
        let span = |values: &[f64]| {
            let (low, high) = padded_range(values.iter().copied(), 0.0);
            high - low
        };
        let (re_too, im_too) = match self.of {
            EigenvaluesOf::Step if span(&re).max(span(&im)) > NEARLY_WHOLE * 2.0 => (vec![-1.0, 1.0], vec![-1.0, 1.0]),
            EigenvaluesOf::Step => (vec![1.0], vec![0.0]),
            EigenvaluesOf::Flow => (vec![0.0], vec![0.0]),
            EigenvaluesOf::Weights { predicted_radius: r } => (vec![-r, r], vec![-r, r]),
        };
        (padded_range(re.into_iter().chain(re_too), 0.07), padded_range(im.into_iter().chain(im_too), 0.07))
    }

    fn draw_boundary(&self, canvas: &mut Canvas, panel: &Panel) {
        let circle = |r: f64| {
            let angle = |i: i32| std::f64::consts::TAU * f64::from(i) / 1440.0;
            (0..=1440).map(move |i| (r * angle(i).cos(), r * angle(i).sin()))
        };
        let ((left, right), (bottom, top)) = (panel.x.pixels(), panel.y.pixels());
        let zero = panel.at((0.0, 0.0));
        if (top..=bottom).contains(&zero.1) {
            canvas.line((left, zero.1), (right, zero.1), Stroke::solid(FAINT, 0.7));
        }
        match self.of {
            EigenvaluesOf::Step => panel.curve_within(canvas, circle(1.0), self.boundary()),
            EigenvaluesOf::Flow if (left..=right).contains(&zero.0) => {
                canvas.line((zero.0, bottom), (zero.0, top), self.boundary());
            }
            EigenvaluesOf::Flow => {}
            EigenvaluesOf::Weights { predicted_radius } => {
                panel.curve_within(canvas, circle(predicted_radius), self.boundary());
            }
        }
    }

    /// That of the series, smaller where there are many.
    fn dot(&self, i: usize) -> Dot {
        let n: usize = self.series.iter().map(|series| series.values.len()).sum();
        let radius = if n > MANY { 2.0 } else { 2.6 };
        self.series[i].kind.map_or_else(|| Dot::new(series(i), radius), |kind| Dot { radius, ..dot(kind, false) })
    }

    fn boundary(&self) -> Stroke {
        match self.of {
            EigenvaluesOf::Weights { .. } => Stroke::dashed(GREY, 1.1),
            _ => Stroke::solid(GREY, 1.1),
        }
    }

    fn labels(&self) -> (&'static str, &'static str) {
        match self.of {
            EigenvaluesOf::Flow => ("Re \u{3bc} (1/s)", "Im \u{3bc} (1/s)"),
            _ => ("Re \u{3bb}", "Im \u{3bb}"),
        }
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        // What is drawn on top stands on top.
        let series = self.series.iter().enumerate().rev();
        let mut entries: Vec<(String, Mark)> =
            series.map(|(i, series)| (series.name.clone(), Mark::Dot(self.dot(i)))).collect();
        let boundary = match self.of {
            EigenvaluesOf::Step => "unit circle",
            EigenvaluesOf::Flow => "imaginary axis",
            EigenvaluesOf::Weights { .. } => "random weights lie within",
        };
        entries.push((boundary.into(), Mark::Line(self.boundary())));
        entries.extend(self.pseudospectrum.iter().flat_map(Resolvent::entries));
        entries
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("series", self.series.iter().map(|series| series.values.len()).sum())?;
        for (i, series) in self.series.iter().enumerate() {
            let field = format!("series[{i}].values");
            require_finite(&field, series.values.iter().flat_map(|(re, im)| [*re, *im]))?;
        }
        if let EigenvaluesOf::Weights { predicted_radius } = self.of {
            require_finite("predicted_radius", [predicted_radius])?;
            require(predicted_radius >= 0.0, "predicted_radius", || {
                format!("is {predicted_radius}; it must not be negative")
            })?;
        }
        self.pseudospectrum.as_ref().map_or(Ok(()), Resolvent::validate)
    }
}

impl Resolvent {
    fn validate(&self) -> Result<(), PlotError> {
        for (field, grid) in [("pseudospectrum.real", &self.real), ("pseudospectrum.imaginary", &self.imaginary)] {
            require(grid.len() > 1, field, || format!("has {} numbers; a grid has at least two", grid.len()))?;
            require_finite(field, grid.iter().copied())?;
            require(grid.windows(2).all(|pair| pair[0] < pair[1]), field, || "must ascend; sort it".into())?;
        }
        let (shape, wanted) = (self.smallest.dim(), (self.imaginary.len(), self.real.len()));
        require(shape == wanted, "pseudospectrum.smallest", || {
            format!("has shape {shape:?}; it must be (imaginary parts, real parts), {wanted:?}")
        })?;
        require_finite("pseudospectrum.smallest", self.smallest.iter().copied())
    }

    /// The powers of ten below which it is shaded, the largest first.
    fn levels(&self) -> Vec<i32> {
        let largest = self.smallest.iter().copied().fold(0.0, f64::max);
        if largest <= 0.0 {
            return Vec::new();
        }
        let first = largest.log10().ceil() as i32 - 1;
        let lowest = self.smallest.iter().copied().filter(|s| *s > 0.0).fold(largest, f64::min);
        (0..LEVELS).map(|i| first - i).take_while(|level| lowest < 10f64.powi(*level)).collect()
    }

    fn color(of: usize, levels: usize) -> Rgb {
        tint(SHADE, 0.85 * of as f64 / levels.max(1) as f64)
    }

    fn shade(&self, canvas: &mut Canvas, panel: &Panel) {
        let levels = self.levels();
        let grid = Grid { x: &self.real, y: &self.imaginary, values: &self.smallest };
        grid.shade(canvas, panel, PIXEL, |s| {
            Self::color(levels.iter().filter(|level| s < 10f64.powi(**level)).count(), levels.len())
        });
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let levels = self.levels();
        let entry = |(i, level): (usize, &i32)| {
            (format!("changes of size {}", power_of_ten(*level)), Mark::Patch(Self::color(i + 1, levels.len())))
        };
        levels.iter().enumerate().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(of: EigenvaluesOf, values: &[(f64, f64)]) -> EigenvaluePlane {
        let series = EigenvalueSeries { name: "modes".into(), kind: None, values: values.to_vec() };
        EigenvaluePlane { of, series: vec![series], pseudospectrum: None }
    }

    fn svg(figure: &EigenvaluePlane) -> String {
        figure.draw().unwrap().into_svg()
    }

    fn refusal(figure: &EigenvaluePlane) -> String {
        figure.draw().err().expect("the figure must be refused").to_string()
    }

    #[test]
    fn what_parts_growth_from_decay_is_named() {
        let values = [(0.9, 0.1), (0.9, -0.1), (1.05, 0.0)];
        let step = svg(&figure(EigenvaluesOf::Step, &values));
        assert!(step.contains(">unit circle<") && step.contains(">Re \u{3bb}<"), "{step}");
        assert_eq!(step.matches("<circle").count(), 4, "three eigenvalues and the legend: {step}");
        let flow = svg(&figure(EigenvaluesOf::Flow, &values));
        assert!(flow.contains(">imaginary axis<") && flow.contains("(1/s)"), "{flow}");
        let weights = svg(&figure(EigenvaluesOf::Weights { predicted_radius: 1.0 }, &values));
        assert!(weights.contains(">random weights lie within<"), "{weights}");
    }

    #[test]
    fn a_pseudospectrum_is_shaded_by_powers_of_ten() {
        let mut plane = figure(EigenvaluesOf::Step, &[(0.5, 0.0)]);
        let grid = vec![-1.0, 0.0, 1.0];
        let smallest = Array2::from_shape_fn((3, 3), |(row, column)| 10f64.powi(-((row + column) as i32)));
        plane.pseudospectrum = Some(Resolvent { real: grid.clone(), imaginary: grid, smallest });
        let svg = svg(&plane);
        for level in ["10\u{207b}\u{b9}", "10\u{207b}\u{b3}"] {
            assert!(svg.contains(&format!(">changes of size {level}<")), "{level} in {svg}");
        }
        plane.pseudospectrum.as_mut().unwrap().real.pop();
        assert!(refusal(&plane).contains("(3, 2)"), "{}", refusal(&plane));
    }

    #[test]
    fn what_has_no_place_is_refused() {
        assert!(refusal(&figure(EigenvaluesOf::Step, &[])).contains("`series` is empty"));
        assert!(
            refusal(&figure(EigenvaluesOf::Step, &[(0.0, f64::INFINITY)])).contains("`series[0].values` holds inf")
        );
        let negative = figure(EigenvaluesOf::Weights { predicted_radius: -1.0 }, &[(0.0, 0.0)]);
        assert!(refusal(&negative).contains("`predicted_radius` is -1"));
    }
}
