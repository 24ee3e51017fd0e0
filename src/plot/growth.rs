//! How much a small perturbation can grow before it decays.

use std::path::Path;

use nn4n_analysis::nonnormality::Nonnormality;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, key, key_height, key_width};
use super::panel::Panel;
use super::save::save;
use super::style::{THICK, series};

/// Left, top, width and height of the data area.
const AREA: (f64, f64, f64, f64) = (72.0, 16.0, 340.0, 220.0);
/// Beyond this ratio of the largest to the least growth the axis is logarithmic.
const LONG: f64 = 300.0;

/// The largest growth of a perturbation against time, one line for each matrix: 1 is neither growth nor decay. A dot
/// marks the peak.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// Time of a step, ms, above 0.
    pub dt: f64,
    /// At least one.
    pub curves: Vec<GrowthCurve>,
}

/// The growth of one matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct GrowthCurve {
    /// What it belongs to, such as `stable point 1`.
    pub name: String,
    /// `|J^t|_2` for t = 0, 1, .., not negative, at least two.
    pub growth: Vec<f64>,
}

impl Growth {
    /// Of named matrices of a step of `dt` ms.
    pub fn of<'a>(dt: f64, found: impl IntoIterator<Item = (&'a str, &'a Nonnormality)>) -> Self {
        let curve =
            |(name, found): (&str, &Nonnormality)| GrowthCurve { name: name.into(), growth: found.growth.clone() };
        Self { dt, curves: found.into_iter().map(curve).collect() }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no curve, one has fewer than two numbers, a number is negative or not finite, or the file cannot be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, width, height) = AREA;
        let entries = self.entries();
        let below = (top + height + 54.0).max(top + key_height(entries.len()) + 8.0);
        let mut canvas = Canvas::new(left + width + 20.0 + key_width(&entries) + 12.0, below);
        let longest = self.curves.iter().map(|curve| curve.growth.len()).max().unwrap_or(2);
        let panel = Panel {
            x: Axis::linear(0.0, (longest - 1) as f64 * self.dt, (left, left + width)),
            y: self.axis((top + height, top)),
        };
        panel.horizontal_guide(&mut canvas, 1.0);
        for (i, curve) in self.curves.iter().enumerate() {
            let at = |(step, growth): (usize, &f64)| (step as f64 * self.dt, *growth);
            panel.curve(&mut canvas, curve.growth.iter().enumerate().map(at), Stroke::solid(series(i), THICK));
            let peak = curve.peak();
            Dot::new(series(i), 3.4).draw(&mut canvas, panel.at((peak as f64 * self.dt, curve.growth[peak])));
        }
        panel.left_axis(&mut canvas, &panel.y.ticks(6), "Largest growth");
        panel.bottom_axis(&mut canvas, &panel.x.ticks(6), "Time (ms)");
        key(&mut canvas, (left + width + 20.0, top), &entries);
        Ok(canvas)
    }

    /// From 0, or logarithmic over a long range.
    fn axis(&self, pixels: (f64, f64)) -> Axis {
        let values = self.curves.iter().flat_map(|curve| &curve.growth);
        let (low, high) = values.fold((1.0f64, 1.0f64), |(low, high), v| (low.min(*v), high.max(*v)));
        if low > 0.0 && high / low > LONG && high > 10.0 {
            Axis::log(low, high, pixels).padded(0.04)
        } else {
            Axis::linear(0.0, high, pixels).padded(0.04)
        }
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let entry = |(i, curve): (usize, &GrowthCurve)| {
            let peak = curve.peak();
            let at = peak as f64 * self.dt;
            let most = curve.growth[peak];
            let most = if most < 1e4 { format!("{most:.2}") } else { format!("{most:.1e}") };
            let name = format!("{}: {most} at {at} ms", curve.name);
            (name, Mark::Line(Stroke::solid(series(i), THICK)))
        };
        self.curves.iter().enumerate().map(entry).collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_finite("dt", [self.dt])?;
        require(self.dt > 0.0, "dt", || format!("is {}; it must be above 0 ms", self.dt))?;
        require_some("curves", self.curves.len())?;
        for (i, curve) in self.curves.iter().enumerate() {
            let (field, n) = (format!("curves[{i}].growth"), curve.growth.len());
            require(n > 1, &field, || format!("has {n} numbers; a line needs two"))?;
            require_finite(&field, curve.growth.iter().copied())?;
            let least = curve.growth.iter().copied().fold(0.0, f64::min);
            require(least >= 0.0, &field, || format!("holds {least}; a norm is not negative"))?;
        }
        Ok(())
    }
}

impl GrowthCurve {
    /// The step of the largest growth, the first of several.
    fn peak(&self) -> usize {
        (1..self.growth.len()).fold(0, |best, step| if self.growth[step] > self.growth[best] { step } else { best })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(growth: &[f64]) -> Growth {
        Growth { dt: 10.0, curves: vec![GrowthCurve { name: "saddle".into(), growth: growth.to_vec() }] }
    }

    #[test]
    fn the_legend_tells_the_peak() {
        let svg = figure(&[1.0, 2.5, 2.5, 0.1]).draw().unwrap().into_svg();
        assert!(svg.contains(">saddle: 2.50 at 10 ms<") && svg.contains(">Time (ms)<"), "{svg}");
        let silent = figure(&[1.0, 0.0]).draw().unwrap().into_svg();
        assert!(silent.contains(">saddle: 1.00 at 0 ms<"), "{silent}");
    }

    #[test]
    fn a_long_range_is_logarithmic_and_norms_are_not_negative() {
        let svg = figure(&[1.0, 100.0, 1e4, 1e6]).draw().unwrap().into_svg();
        assert!(svg.contains(">10\u{2076}<"), "{svg}");
        let refusal = |figure: Growth| figure.draw().err().unwrap().to_string();
        assert!(refusal(figure(&[1.0])).contains("has 1 numbers"));
        assert!(refusal(figure(&[1.0, -1.0])).contains("holds -1"));
        assert!(refusal(Growth { dt: 0.0, ..figure(&[1.0, 1.0]) }).contains("`dt` is 0"));
        assert!(refusal(Growth { dt: 1.0, curves: Vec::new() }).contains("`curves` is empty"));
    }
}
