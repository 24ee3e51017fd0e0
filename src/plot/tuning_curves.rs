//! Tuning curves of a few units, and the directions that all units prefer.

use std::path::Path;

use super::PlotError;
use super::axis::{Axis, decimal_label};
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite};
use super::panel::{Panel, note, padded_range};
use super::save::save;
use super::style::{INK, PALETTE, SMALL, TEXT, THICK, THIN, text_width};

/// Curves in a row, left and top of the first, size of one, and gaps between them.
const COLUMNS: usize = 3;
const LEFT: f64 = 62.0;
const TOP: f64 = 52.0;
const SIZE: (f64, f64) = (120.0, 92.0);
const GAP: (f64, f64) = (44.0, 44.0);
/// Size of the histogram, and the gap to it.
const HISTOGRAM: (f64, f64) = (220.0, 228.0);
const TO_HISTOGRAM: f64 = 76.0;
/// Bins of a turn.
const BINS: usize = 12;
const DOT: f64 = 2.2;

/// Small panels with mean rates, their standard errors and fitted curves, beside a histogram of preferred directions.
#[derive(Clone, Debug, PartialEq)]
pub struct TuningCurves {
    /// A turn in the unit of the directions: 360 or 2 pi.
    pub turn: f64,
    /// That unit, `°` or `rad`.
    pub unit: String,
    /// What the direction is called.
    pub variable: String,
    /// At most six are drawn.
    pub curves: Vec<TuningCurve>,
    /// The preferred direction of each unit that has one, within a turn.
    pub preferred: Vec<f64>,
    /// A remark above; empty for none.
    pub remark: String,
}

/// The rates of one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct TuningCurve {
    /// Its name.
    pub name: String,
    /// Direction, mean rate and standard error.
    pub points: Vec<(f64, f64, f64)>,
    /// Direction and rate of the fitted curve; may be empty.
    pub fit: Vec<(f64, f64)>,
}

impl TuningCurves {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If a number is not finite, a preferred direction is not within a turn, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let drawn = &self.curves[..self.curves.len().min(2 * COLUMNS)];
        let columns = drawn.len().min(COLUMNS) as f64;
        let left = if drawn.is_empty() { LEFT } else { LEFT + columns * (SIZE.0 + GAP.0) - GAP.0 + TO_HISTOGRAM };
        let wide = (left + HISTOGRAM.0).max(LEFT + text_width(&self.remark, SMALL)) + 20.0;
        let mut canvas = Canvas::new(wide, TOP + HISTOGRAM.1 + 54.0);
        for (place, curve) in drawn.iter().enumerate() {
            let (column, row) = ((place % COLUMNS) as f64, (place / COLUMNS) as f64);
            let corner = (LEFT + column * (SIZE.0 + GAP.0), TOP + row * (SIZE.1 + GAP.1));
            // The axis stands below the lowest of a column.
            let has_axis = place + COLUMNS >= drawn.len();
            self.draw_curve(&mut canvas, curve, corner, has_axis, place % COLUMNS == 0);
        }
        self.draw_histogram(&mut canvas, left);
        note(&mut canvas, (LEFT, 14.0), &self.remark, Align::Left);
        Ok(canvas)
    }

    fn draw_curve(
        &self,
        canvas: &mut Canvas,
        curve: &TuningCurve,
        (left, top): (f64, f64),
        has_axis: bool,
        is_first: bool,
    ) {
        let ends = curve.points.iter().flat_map(|(_, mean, error)| [mean - error, mean + error]);
        let (low, high) = padded_range(ends.chain(curve.fit.iter().map(|point| point.1)), 0.08);
        let panel = Panel {
            x: Axis::linear(0.0, self.turn, (left, left + SIZE.0)),
            y: Axis::linear(low, high, (top + SIZE.1, top)),
        };
        panel.curve(canvas, curve.fit.iter().copied(), Stroke::solid(PALETTE[0], THICK));
        for (direction, mean, error) in &curve.points {
            let ends = [mean - error, mean + error].map(|rate| panel.at((*direction, rate)));
            canvas.line(ends[0], ends[1], Stroke::solid(INK, THIN));
            canvas.dot(panel.at((*direction, *mean)), DOT, INK);
        }
        canvas.text((left + SIZE.0 / 2.0, top - 10.0), &curve.name, SMALL, Align::Centre, INK);
        panel.left_axis(canvas, &panel.y.ticks(3), if is_first { "Rate" } else { "" });
        if has_axis {
            panel.bottom_axis(canvas, &self.ticks(), &self.label());
        }
    }

    fn draw_histogram(&self, canvas: &mut Canvas, left: f64) {
        let mut bins = [0usize; BINS];
        for direction in &self.preferred {
            bins[((direction / self.turn * BINS as f64) as usize).min(BINS - 1)] += 1;
        }
        let most = bins.iter().copied().max().unwrap_or(0).max(1) as f64;
        let panel = Panel {
            x: Axis::linear(0.0, self.turn, (left, left + HISTOGRAM.0)),
            y: Axis::linear(0.0, most, (TOP + HISTOGRAM.1, TOP)),
        };
        let width = HISTOGRAM.0 / BINS as f64;
        for (bin, count) in bins.into_iter().enumerate() {
            let (top, bottom) = (panel.y.pixel(count as f64), panel.y.pixel(0.0));
            if count > 0 {
                canvas.rect((left + bin as f64 * width + 0.5, top), width - 1.0, bottom - top, PALETTE[0]);
            }
        }
        canvas.text((left + HISTOGRAM.0 / 2.0, TOP - 14.0), "Preferred directions", TEXT, Align::Centre, INK);
        panel.left_axis(canvas, &panel.y.whole_ticks(5), "Units");
        panel.bottom_axis(canvas, &self.ticks(), &self.label());
    }

    /// Quarters of a turn would crowd small panels: its half and its ends.
    fn ticks(&self) -> Vec<(f64, String)> {
        let label = |part: f64| match self.unit.as_str() {
            "rad" => [(0.0, "0"), (0.5, "\u{3c0}"), (1.0, "2\u{3c0}")]
                .into_iter()
                .find(|(known, _)| *known == part)
                .map_or_else(String::new, |(_, label)| label.into()),
            _ => decimal_label(part * self.turn, 0),
        };
        [0.0, 0.5, 1.0].map(|part| (part * self.turn, label(part))).into()
    }

    fn label(&self) -> String {
        format!("{} ({})", self.variable, self.unit)
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_finite("turn", [self.turn])?;
        require(self.turn > 0.0, "turn", || format!("is {}; it must be above 0", self.turn))?;
        require_finite("preferred", self.preferred.iter().copied())?;
        let outside = self.preferred.iter().find(|value| !(0.0..=self.turn).contains(*value));
        require(outside.is_none(), "preferred", || {
            format!("holds {}; it must lie within a turn, 0 to {}", outside.copied().unwrap_or(0.0), self.turn)
        })?;
        for (i, curve) in self.curves.iter().enumerate() {
            let points = curve.points.iter().flat_map(|(direction, mean, error)| [*direction, *mean, *error]);
            require_finite(&format!("curves[{i}].points"), points)?;
            require_finite(&format!("curves[{i}].fit"), curve.fit.iter().flat_map(|(x, y)| [*x, *y]))?;
            require(!curve.points.is_empty(), &format!("curves[{i}].points"), || "is empty; give one".into())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(preferred: &[f64]) -> TuningCurves {
        let curve = TuningCurve {
            name: "unit 7".into(),
            points: vec![(0.0, 1.0, 0.1), (90.0, 2.0, 0.1)],
            fit: vec![(0.0, 1.1), (45.0, 1.6), (90.0, 2.1)],
        };
        TuningCurves {
            turn: 360.0,
            unit: "\u{b0}".into(),
            variable: "direction".into(),
            curves: vec![curve; 4],
            preferred: preferred.to_vec(),
            remark: "4 of 9 units are tuned".into(),
        }
    }

    #[test]
    fn curves_have_their_points_and_directions_their_bins() {
        let svg = figure(&[0.0, 10.0, 359.0, 360.0]).draw().unwrap().into_svg();
        assert_eq!((svg.matches("<circle").count(), svg.matches(">unit 7<").count()), (8, 4), "{svg}");
        // Two bars beside the background.
        assert_eq!(svg.matches(">Preferred directions<").count(), 1, "{svg}");
        for text in [">direction (\u{b0})<", ">180<", ">360<", ">Units<", ">4 of 9 units are tuned<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        let mut none = figure(&[]);
        none.curves.clear();
        assert!(none.draw().is_ok());
        none.unit = "rad".into();
        assert!(none.draw().unwrap().into_svg().contains(">2\u{3c0}<"));
    }

    #[test]
    fn directions_beyond_a_turn_are_refused() {
        let message = figure(&[400.0]).draw().err().unwrap().to_string();
        assert!(message.contains("`preferred` holds 400; it must lie within a turn, 0 to 360"), "{message}");
        let mut figure = figure(&[]);
        figure.curves[1].fit[0].1 = f64::NAN;
        assert!(figure.draw().err().unwrap().to_string().contains("`curves[1].fit` holds NaN"));
    }
}
