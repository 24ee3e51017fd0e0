//! How units divide their variance between two tasks, beside the same of rotated states.

use std::path::Path;

use nn4n_analysis::FractionalVariance;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Mark, key, key_width};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{GREY, INK, PALETTE, SMALL, THICK, text_width, tint};

/// Left, top, width and height of the data area.
const AREA: (f64, f64, f64, f64) = (66.0, 34.0, 300.0, 200.0);

/// A histogram of fractional task variance from -1 to 1, over the range and the mean of rotations of the states.
#[derive(Clone, Debug, PartialEq)]
pub struct FractionHistogram {
    /// The task of positive values.
    pub first: String,
    /// The task of negative values.
    pub second: String,
    /// Units in each bin.
    pub counts: Vec<usize>,
    /// The mean over rotations in each bin.
    pub null_mean: Vec<f64>,
    /// Lower end of the 95 % interval over rotations, at most the upper one.
    pub null_low: Vec<f64>,
    /// Upper end.
    pub null_high: Vec<f64>,
    /// A remark above the panel; empty for none.
    pub remark: String,
}

impl FractionHistogram {
    /// Of two tasks.
    pub fn of(found: &FractionalVariance) -> Self {
        Self {
            first: found.first.clone(),
            second: found.second.clone(),
            counts: found.histogram.clone(),
            null_mean: found.null_mean.clone(),
            null_low: found.null_low.clone(),
            null_high: found.null_high.clone(),
            remark: format!("{} units, {} rotations", found.active, found.rotations),
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no bin, the null has other ones or is not finite, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, width, height) = AREA;
        let entries = [
            ("units", Mark::Patch(PALETTE[0])),
            ("rotated: mean", Mark::Line(Stroke::solid(INK, THICK))),
            ("rotated: 95 %", Mark::Patch(band())),
        ]
        .map(|(name, mark)| (name.to_owned(), mark));
        let wide = (left + width + 18.0 + key_width(&entries)).max(left + text_width(&self.remark, SMALL)) + 20.0;
        let mut canvas = Canvas::new(wide, top + height + 72.0);
        let most = self.counts.iter().map(|count| *count as f64).chain(self.null_high.iter().copied());
        let panel = Panel {
            x: Axis::linear(-1.0, 1.0, (left, left + width)),
            y: Axis::linear(0.0, most.fold(1.0, f64::max), (top + height, top)),
        };
        let step = width / self.counts.len() as f64;
        let column = |bin: usize| left + bin as f64 * step;
        for (bin, (low, high)) in self.null_low.iter().zip(&self.null_high).enumerate() {
            let (y, end) = (panel.y.pixel(*high), panel.y.pixel(*low));
            canvas.rect((column(bin), y), step, end - y, band());
        }
        for (bin, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let y = panel.y.pixel(*count as f64);
            canvas.rect((column(bin) + 0.22 * step, y), 0.56 * step, panel.y.pixel(0.0) - y, PALETTE[0]);
        }
        let line: Vec<(f64, f64)> = self
            .null_mean
            .iter()
            .enumerate()
            .map(|(bin, mean)| (column(bin) + step / 2.0, panel.y.pixel(*mean)))
            .collect();
        canvas.polyline(&line, Stroke::solid(INK, THICK));
        panel.vertical_guide(&mut canvas, 0.0);
        panel.left_axis(&mut canvas, &panel.y.whole_ticks(5), "Units");
        panel.bottom_axis(&mut canvas, &panel.x.ticks(4), "Fractional task variance");
        let below = top + height + 56.0;
        note(&mut canvas, (left, below), &format!("\u{2190} {}", self.second), Align::Left);
        note(&mut canvas, (left + width, below), &format!("{} \u{2192}", self.first), Align::Right);
        note(&mut canvas, (left, 14.0), &self.remark, Align::Left);
        key(&mut canvas, (left + width + 18.0, top), &entries);
        Ok(canvas)
    }

    fn validate(&self) -> Result<(), PlotError> {
        let bins = self.counts.len();
        require_some("counts", bins)?;
        for (field, values) in
            [("null_mean", &self.null_mean), ("null_low", &self.null_low), ("null_high", &self.null_high)]
        {
            let found = values.len();
            require(found == bins, field, || format!("has {found} bins; there are {bins}"))?;
            require_finite(field, values.iter().copied())?;
        }
        Ok(())
    }
}

fn band() -> (u8, u8, u8) {
    tint(GREY, 0.35)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> FractionHistogram {
        FractionHistogram {
            first: "fdgo".into(),
            second: "fdanti".into(),
            counts: vec![5, 0, 2, 4],
            null_mean: vec![0.5, 3.0, 3.0, 0.5],
            null_low: vec![0.0, 1.0, 1.0, 0.0],
            null_high: vec![1.0, 5.0, 5.0, 1.0],
            remark: "11 units, 100 rotations".into(),
        }
    }

    #[test]
    fn tasks_stand_at_their_ends_and_the_null_is_named() {
        let svg = figure().draw().unwrap().into_svg();
        for text in ["\u{2190} fdanti<", ">fdgo \u{2192}<", ">rotated: mean<", ">Fractional task variance<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }

    #[test]
    fn a_null_of_other_bins_is_refused() {
        let mut figure = figure();
        figure.null_low.pop();
        let message = figure.draw().err().unwrap().to_string();
        assert!(message.contains("`null_low` has 3 bins; there are 4"), "{message}");
        figure.null_low.push(f64::NAN);
        assert!(figure.draw().err().unwrap().to_string().contains("`null_low` holds NaN"));
    }
}
