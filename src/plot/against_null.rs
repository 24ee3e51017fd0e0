//! Values of units beside those of their shuffles.

use std::path::Path;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Mark, key, key_width};
use super::panel::{Panel, note, padded_range};
use super::save::save;
use super::style::{INK, Rgb, THICK, series, tint};

/// Left, top, width and height of the data area.
const AREA: (f64, f64, f64, f64) = (64.0, 30.0, 320.0, 190.0);
/// Bins of the histogram.
const BINS: usize = 40;

/// A histogram of a value of all units, and the one of their shuffles as a line, both as fractions in bins of the same
/// width.
#[derive(Clone, Debug, PartialEq)]
pub struct AgainstNull {
    /// What the values are, with their unit.
    pub quantity: String,
    /// One of each unit, at least one.
    pub values: Vec<f64>,
    /// All of the shuffles, at least one.
    pub null: Vec<f64>,
    /// A remark above the panel; empty for none.
    pub remark: String,
}

impl AgainstNull {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there are no values or shuffles, one is not finite, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        for (field, values) in [("values", &self.values), ("null", &self.null)] {
            require_some(field, values.len())?;
            require_finite(field, values.iter().copied())?;
        }
        require(!self.quantity.is_empty(), "quantity", || "is empty; say what the values are".into())?;
        let (left, top, width, height) = AREA;
        let (low, high) = padded_range(self.values.iter().chain(&self.null).copied(), 0.0);
        let x = Axis::linear(low, high, (left, left + width));
        let (values, null) = (fractions(&self.values, x), fractions(&self.null, x));
        let most = values.iter().chain(&null).copied().fold(0.0, f64::max);
        let panel = Panel { x, y: Axis::linear(0.0, 1.04 * most, (top + height, top)) };
        let entries = [
            (format!("units ({})", self.values.len()), Mark::Patch(fill())),
            (format!("shuffles ({})", self.null.len()), Mark::Line(line())),
        ];
        let mut canvas = Canvas::new(left + width + 24.0 + key_width(&entries) + 10.0, top + height + 56.0);
        let step = width / BINS as f64;
        for (bin, fraction) in values.iter().enumerate().filter(|(_, fraction)| **fraction > 0.0) {
            let y = panel.y.pixel(*fraction);
            canvas.rect((left + bin as f64 * step, y), step, top + height - y, fill());
        }
        canvas.polyline(&stairs(&null, &panel), line());
        panel.left_axis(&mut canvas, &panel.y.ticks(5), "Fraction");
        panel.bottom_axis(&mut canvas, &panel.x.roomy_ticks(), &self.quantity);
        key(&mut canvas, (left + width + 24.0, top), &entries);
        note(&mut canvas, (left, 12.0), &self.remark, Align::Left);
        Ok(canvas)
    }
}

fn fill() -> Rgb {
    tint(series(0), 0.55)
}

fn line() -> Stroke {
    Stroke::solid(INK, THICK)
}

/// The fraction of the values in each bin of the axis.
fn fractions(values: &[f64], x: Axis) -> Vec<f64> {
    let (left, right) = x.pixels();
    let mut fractions = vec![0.0; BINS];
    for value in values {
        let place = (x.pixel(*value) - left) / (right - left) * BINS as f64;
        fractions[(place.max(0.0) as usize).min(BINS - 1)] += 1.0 / values.len() as f64;
    }
    fractions
}

/// The outline of a histogram from zero to zero.
fn stairs(fractions: &[f64], panel: &Panel) -> Vec<(f64, f64)> {
    let (left, right) = panel.x.pixels();
    let step = (right - left) / fractions.len() as f64;
    let zero = panel.y.pixel(0.0);
    let mut points = vec![(left, zero)];
    for (bin, fraction) in fractions.iter().enumerate() {
        let y = panel.y.pixel(*fraction);
        points.extend([(left + bin as f64 * step, y), (left + (bin + 1) as f64 * step, y)]);
    }
    points.push((right, zero));
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: &[f64], null: &[f64]) -> AgainstNull {
        AgainstNull {
            quantity: "Information (bits per spike)".into(),
            values: values.to_vec(),
            null: null.to_vec(),
            remark: String::new(),
        }
    }

    #[test]
    fn fractions_are_of_all_values_and_the_far_end_is_within() {
        let x = Axis::linear(0.0, 1.0, (0.0, 100.0));
        let found = fractions(&[0.0, 0.01, 0.5, 1.0], x);
        assert_eq!((found[0], found[BINS / 2], found[BINS - 1]), (0.5, 0.25, 0.25));
        let svg = figure(&[1.0, 2.0], &[0.1, 0.2, 0.3]).draw().unwrap().into_svg();
        assert!(svg.contains(">units (2)<") && svg.contains(">shuffles (3)<"), "{svg}");
    }

    #[test]
    fn no_values_and_infinite_ones_are_refused() {
        let refusal = |values: &[f64], null: &[f64]| figure(values, null).draw().err().unwrap().to_string();
        assert!(refusal(&[], &[0.0]).contains("`values` is empty"));
        assert!(refusal(&[1.0], &[]).contains("`null` is empty"));
        assert!(refusal(&[f64::NAN], &[0.0]).contains("`values` holds NaN"));
    }
}
