//! How well decoders of one time work at others.

use std::path::Path;

use ndarray::{Array2, s};
use nn4n_analysis::Decoding;

use super::PlotError;
use super::axis::{Axis, decimal_label};
use super::canvas::{Align, Canvas, Stroke};
use super::color_scale::ColorScale;
use super::decoding_course::words;
use super::error::{require, require_finite, require_some};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{GREY, INK, Rgb, SMALL, THIN, TICK, cell_size};

/// Side that the matrix comes close to, with whole pixels per cell.
const SIDE: f64 = 320.0;
/// Left and top of the matrix.
const CORNER: (f64, f64) = (76.0, 34.0);
/// Width and number of steps of the colour bar.
const BAR: (f64, usize) = (10.0, 64);
/// No number.
const MISSING: Rgb = (225, 225, 225);

/// Scores of decoders, training time on y (upwards) and test time on x, on equal scales. White is what guessing
/// reaches, red above, blue below: a code that turned round; grey is no number.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossTemporalMatrix {
    /// The middle of each bin, ms, ascending in equal steps.
    pub time_ms: Vec<f64>,
    /// Scores (training time, test time); NaN where there is none.
    pub matrix: Array2<f64>,
    /// What guessing reaches.
    pub guessing: f64,
    /// What the scores are.
    pub measure: String,
    /// A remark above, such as the stability index; empty for none.
    pub remark: String,
}

impl CrossTemporalMatrix {
    /// Of the bins from the first to the last that has a number; `None` where there is no matrix.
    pub fn of(found: &Decoding) -> Option<Self> {
        let cross = found.cross_temporal.as_ref()?;
        let has = |bin: &usize| !cross.matrix[[*bin, *bin]].is_nan();
        let first = (0..found.time_ms.len()).find(has)?;
        let last = (0..found.time_ms.len()).rfind(has)? + 1;
        let remark = match cross.stability.is_nan() {
            true => format!("{}: nothing is decoded on the diagonal", found.variable),
            false => format!("{}: stability index {:.2}", found.variable, cross.stability),
        };
        Some(Self {
            time_ms: found.time_ms[first..last].to_vec(),
            matrix: cross.matrix.slice(s![first..last, first..last]).to_owned(),
            guessing: found.course.guessing,
            measure: words(found.course.measure).into(),
            remark,
        })
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no number, the matrix is not (bins, bins), a number is infinite, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let n = self.time_ms.len();
        let cell = cell_size(SIDE, n);
        let (side, (left, top)) = (cell * n as f64, CORNER);
        let scale = self.scale();
        let mut canvas = Canvas::new(left + side + 96.0, top + side + 54.0);
        canvas.cells((left, top), (cell, cell), (n, n), |row, column| {
            let value = self.matrix[[n - 1 - row, column]];
            if value.is_nan() { MISSING } else { scale.color(value - self.guessing) }
        });
        let half = if n > 1 { 0.5 * (self.time_ms[1] - self.time_ms[0]) } else { 0.5 };
        let axis = |pixels| Axis::linear(self.time_ms[0] - half, self.time_ms[n - 1] + half, pixels);
        let panel = Panel { x: axis((left, left + side)), y: axis((top + side, top)) };
        if self.time_ms[0] - half < 0.0 && self.time_ms[n - 1] + half > 0.0 {
            panel.vertical_guide(&mut canvas, 0.0);
            panel.horizontal_guide(&mut canvas, 0.0);
        }
        let ticks = panel.x.ticks(6);
        panel.left_axis(&mut canvas, &ticks, "Training time (ms)");
        panel.bottom_axis(&mut canvas, &ticks, "Test time (ms)");
        note(&mut canvas, (left, 14.0), &self.remark, Align::Left);
        self.draw_bar(&mut canvas, (left + side + 22.0, top + 20.0), scale);
        Ok(canvas)
    }

    /// As far to both sides of chance as scores go above it; those that are further below share the end's colour.
    fn scale(&self) -> ColorScale {
        let there = || self.matrix.iter().filter(|value| !value.is_nan()).map(|value| value - self.guessing);
        let above = there().fold(0.0, f64::max);
        let limit = if above > 0.0 { above } else { there().fold(0.0, |most: f64, value| most.max(-value)) };
        let limit = if limit > 0.0 { limit } else { 1.0 };
        let beyond = there().filter(|value| *value < -limit * (1.0 + 1e-9)).count();
        ColorScale { limit, diverging: true, saturated: beyond as f64 / there().count().max(1) as f64 }
    }

    fn draw_bar(&self, canvas: &mut Canvas, (left, top): (f64, f64), scale: ColorScale) {
        let (width, steps) = BAR;
        let step = cell_size(SIDE / 2.0, steps);
        let height = step * steps as f64;
        canvas.cells((left, top), (width, step), (steps, 1), |row, _| {
            scale.color(scale.limit * (1.0 - 2.0 * (row as f64 + 0.5) / steps as f64))
        });
        let right = left + width;
        canvas.outline((left, top), (right, top + height), Stroke::solid(INK, THIN * 0.75));
        let sign = if scale.saturated > 0.0 { "\u{2264} " } else { "" };
        for (part, before) in [(1.0, ""), (0.0, ""), (-1.0, sign)] {
            let y = top + 0.5 * (1.0 - part) * height;
            canvas.line((right, y), (right + TICK - 1.0, y), Stroke::solid(INK, THIN));
            let label = format!("{before}{}", decimal_label(self.guessing + part * scale.limit, 2));
            canvas.text((right + TICK + 2.0, y), &label, SMALL, Align::Left, INK);
        }
        canvas.text((left, top - 14.0), &self.measure, SMALL, Align::Left, INK);
        if scale.saturated > 0.0 {
            canvas.text((left, top + height + 14.0), &scale.saturation_note(), SMALL, Align::Left, GREY);
        }
    }

    fn validate(&self) -> Result<(), PlotError> {
        let n = self.time_ms.len();
        require_some("time_ms", n)?;
        require_finite("time_ms", self.time_ms.iter().copied())?;
        let ascends = self.time_ms.windows(2).all(|pair| pair[0] < pair[1]);
        require(ascends, "time_ms", || "must ascend; sort the bins".into())?;
        let shape = self.matrix.dim();
        require(shape == (n, n), "matrix", || format!("has shape {shape:?}; there are {n} bins"))?;
        let there = || self.matrix.iter().copied().filter(|value| !value.is_nan());
        require_some("matrix", there().count())?;
        require_finite("matrix", there().chain([self.guessing]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> CrossTemporalMatrix {
        let mut matrix = Array2::from_shape_fn((4, 4), |(i, j)| if i == j { 0.9 } else { 0.5 });
        matrix[[0, 3]] = 0.2;
        CrossTemporalMatrix {
            time_ms: vec![-25.0, 25.0, 75.0, 125.0],
            matrix,
            guessing: 0.5,
            measure: "Balanced accuracy".into(),
            remark: "side: stability index 0.10".into(),
        }
    }

    #[test]
    fn training_time_goes_up_and_test_time_to_the_right_on_one_scale() {
        let svg = figure().draw().unwrap().into_svg();
        for text in [">Training time (ms)<", ">Test time (ms)<", ">0.90<", ">0.50<", ">0.10<", ">Balanced accuracy<"] {
            assert_eq!(svg.matches(text).count(), 1, "{text} in {svg}");
        }
        // The one score below chance, trained first and tested last, is the lower right cell.
        let cell = format!("M{} {}h{}", CORNER.0 + 240.0, CORNER.1 + 240.0, 80.0);
        assert!(svg.contains(&cell), "{cell} in {svg}");
    }

    #[test]
    fn scores_far_below_chance_share_a_colour_that_says_so() {
        let mut far = figure();
        far.guessing = 0.0;
        far.matrix[[0, 3]] = -40.0;
        far.matrix[[1, 2]] = f64::NAN;
        let svg = far.draw().unwrap().into_svg();
        assert!(svg.contains("\u{2264} \u{2212}0.90") && svg.contains("6.7 % beyond"), "{svg}");
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn what_is_no_square_of_the_bins_is_refused() {
        let mut flat = figure();
        flat.matrix = Array2::zeros((3, 4));
        assert!(flat.draw().err().unwrap().to_string().contains("`matrix` has shape (3, 4); there are 4 bins"));
        let none = CrossTemporalMatrix { matrix: Array2::from_elem((4, 4), f64::NAN), ..figure() };
        assert!(none.draw().is_err());
    }
}
