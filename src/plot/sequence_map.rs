//! Rates of units over time, the one with the earliest peak on top.

use std::path::Path;

use ndarray::Array2;

use super::PlotError;
use super::axis::{Axis, range};
use super::canvas::{Align, Canvas, Stroke};
use super::color_scale::ColorScale;
use super::error::{require, require_finite, require_some};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{INK, SMALL, THIN, UNSTABLE, cell_size, text_width};

/// Left and top of the map, and its width and height about.
const LEFT: f64 = 66.0;
const TOP: f64 = 34.0;
const SIZE: (f64, f64) = (320.0, 300.0);

/// Mean rates of units (rows) over time (columns), each from its least, white, to its largest rate. A line goes through
/// the times of the peaks by which the units are sorted, of other trials than those that are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceMap {
    /// (units, steps), the first unit on top; a unit that does not vary is white.
    pub rates: Array2<f64>,
    /// The time of each unit's peak in the trials that sort, ms.
    pub peaks_ms: Vec<f64>,
    /// Time of a step, ms.
    pub dt: f64,
    /// What begins at the time 0, such as `delay`.
    pub from: String,
    /// A remark above the map; empty for none.
    pub remark: String,
}

impl SequenceMap {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no unit or step, a number is not finite, peaks are of other units, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (units, steps) = self.rates.dim();
        let cell = (cell_size(SIZE.0, steps), cell_size(SIZE.1, units));
        let (right, bottom) = (LEFT + steps as f64 * cell.0, TOP + units as f64 * cell.1);
        let wide = (right + 96.0).max(LEFT + text_width(&self.remark, SMALL) + 12.0);
        let mut canvas = Canvas::new(wide, bottom.max(TOP + 190.0) + 54.0);
        let scale = ColorScale { limit: 1.0, diverging: false, saturated: 0.0 };
        let ranges: Vec<(f64, f64)> = self.rates.outer_iter().map(|row| range(row.iter().copied())).collect();
        canvas.cells((LEFT, TOP), cell, (units, steps), |unit, step| {
            let (low, high) = ranges[unit];
            let part = if high > low { (self.rates[[unit, step]] - low) / (high - low) } else { 0.0 };
            // Neighbours of one colour are one rectangle, which keeps the file small.
            scale.color((part * 64.0).round() / 64.0)
        });
        let panel = Panel {
            x: Axis::linear(0.0, steps as f64 * self.dt, (LEFT, right)),
            y: Axis::linear(0.0, units as f64, (TOP, bottom)),
        };
        let peaks = self.peaks_ms.iter().enumerate().map(|(unit, peak)| (*peak, unit as f64 + 0.5));
        panel.curve(&mut canvas, peaks, Stroke::solid(UNSTABLE, THIN));
        let below = Panel { x: panel.x, y: Axis::linear(0.0, 1.0, (bottom, TOP)) };
        below.bottom_axis(
            &mut canvas,
            &below.x.roomy_ticks(),
            &format!("Time from the start of the {} (ms)", self.from),
        );
        below.left_axis(&mut canvas, &[], "");
        for (value, text) in panel.y.whole_ticks(5) {
            let y = panel.y.pixel(value);
            canvas.line((LEFT - 5.0, y), (LEFT - 9.0, y), Stroke::solid(INK, THIN));
            canvas.text((LEFT - 12.0, y), &text, SMALL, Align::Right, INK);
        }
        canvas.vertical_text((18.0, (TOP + bottom) / 2.0), "Unit, by its peak", 12, Align::Centre, INK);
        scale.bar(&mut canvas, (right + 20.0, TOP + 22.0), 120.0, "Rate, scaled");
        note(&mut canvas, (LEFT, 14.0), &self.remark, Align::Left);
        note(&mut canvas, (right + 20.0, TOP + 168.0), "line: peaks of", Align::Left);
        note(&mut canvas, (right + 20.0, TOP + 181.0), "other trials", Align::Left);
        Ok(canvas)
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("rates", self.rates.len())?;
        require_finite("rates", self.rates.iter().copied())?;
        require_finite("peaks_ms", self.peaks_ms.iter().copied())?;
        let (peaks, units) = (self.peaks_ms.len(), self.rates.nrows());
        require(peaks == units, "peaks_ms", || format!("has {peaks} entries; the rates are of {units} units"))?;
        require(self.dt.is_finite() && self.dt > 0.0, "dt", || format!("is {}; it must be above 0", self.dt))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn figure() -> SequenceMap {
        SequenceMap {
            rates: array![[5.0, 1.0, 1.0], [1.0, 1.0, 3.0], [2.0, 2.0, 2.0]],
            peaks_ms: vec![5.0, 25.0, 25.0],
            dt: 10.0,
            from: "delay".into(),
            remark: "peaks of the halves correlate by 0.9".into(),
        }
    }

    #[test]
    fn each_unit_is_dark_at_its_own_peak_and_one_that_does_not_vary_nowhere() {
        let svg = figure().draw().unwrap().into_svg();
        let dark = ColorScale { limit: 1.0, diverging: false, saturated: 0.0 }.color(1.0);
        let path = format!("#{:02x}{:02x}{:02x}", dark.0, dark.1, dark.2);
        let cells = svg.split("<path").find(|part| part.contains(&path)).map(|part| part.matches('M').count());
        assert_eq!(cells, Some(2), "{path} in {svg}");
        for text in [">Time from the start of the delay (ms)<", ">Unit, by its peak<", ">Rate, scaled<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }

    #[test]
    fn peaks_of_other_units_are_refused() {
        let mut figure = figure();
        figure.peaks_ms.pop();
        assert!(
            figure.draw().err().unwrap().to_string().contains("`peaks_ms` has 2 entries; the rates are of 3 units")
        );
        figure.rates[[0, 0]] = f64::NAN;
        assert!(figure.draw().err().unwrap().to_string().contains("`rates` holds NaN"));
    }
}
