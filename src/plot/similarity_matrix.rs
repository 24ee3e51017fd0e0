//! How alike each two of several things are.

use std::path::Path;

use ndarray::Array2;
use nn4n_analysis::Similarity;

use super::PlotError;
use super::axis::decimal_label;
use super::canvas::{Align, Canvas, Stroke};
use super::color_scale::ColorScale;
use super::error::{require, require_finite, require_some};
use super::panel::note;
use super::save::save;
use super::style::{INK, SMALL, TEXT, THIN, cell_size, ink_on, widest};

/// Top of the matrix.
const TOP: f64 = 30.0;
/// Side that a large matrix comes close to, and the largest side of a cell.
const SIDE: f64 = 400.0;
const CELL: f64 = 52.0;
/// The smallest cell with its value in it, and the smallest with a name beside it.
const WITH_VALUE: f64 = 30.0;
const WITH_NAME: f64 = 11.0;

/// A symmetric matrix of similarities or distances with names on both sides, each value in its cell where there is
/// room.
///
/// Similarities have colours from 0, or -1 where one is negative, to 1; distances from 0 to the largest.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarityMatrix {
    /// What is compared, from the top and from the left.
    pub names: Vec<String>,
    /// (names, names)
    pub values: Array2<f64>,
    /// What the values are, above the colours.
    pub measure: String,
    /// Whether larger values are farther apart.
    pub is_distance: bool,
    /// A remark above the matrix; empty for none.
    pub remark: String,
}

impl SimilarityMatrix {
    /// Of what was found.
    pub fn of(found: &Similarity, measure: &str, remark: &str) -> Self {
        let n = found.names.len();
        Self {
            names: found.names.clone(),
            values: Array2::from_shape_fn((n, n), |(i, j)| found.matrix[i][j]),
            measure: measure.into(),
            is_distance: found.is_distance,
            remark: remark.into(),
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no name, the values are not a finite square of as many, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let n = self.names.len();
        let cell = cell_size(SIDE.min(CELL * n as f64), n);
        let side = cell * n as f64;
        let names = if cell >= WITH_NAME { widest(self.names.iter().map(String::as_str), TEXT).ceil() } else { 0.0 };
        let left = names + 20.0;
        let wide = left + side + 34.0 + widest([self.measure.as_str(), "-0.00"], SMALL) + 12.0;
        let wide = wide.max(left + widest([self.remark.as_str()], SMALL) + 12.0);
        let mut canvas = Canvas::new(wide, TOP + side + names + 24.0);
        let scale = self.scale();
        canvas.cells((left, TOP), (cell, cell), (n, n), |row, column| scale.color(self.values[[row, column]]));
        canvas.outline((left, TOP), (left + side, TOP + side), Stroke::solid(INK, THIN));
        let middle = |i: usize| cell * (i as f64 + 0.5);
        if names > 0.0 {
            for (i, name) in self.names.iter().enumerate() {
                canvas.text((left - 8.0, TOP + middle(i)), name, TEXT.min(cell as u32), Align::Right, INK);
                let below = (left + middle(i), TOP + side + 8.0);
                canvas.vertical_text(below, name, TEXT.min(cell as u32), Align::Right, INK);
            }
        }
        if cell >= WITH_VALUE {
            for ((row, column), value) in self.values.indexed_iter() {
                let at = (left + middle(column), TOP + middle(row));
                canvas.text(at, &value_label(*value), SMALL, Align::Centre, ink_on(scale.color(*value)));
            }
        }
        scale.bar(&mut canvas, (left + side + 18.0, TOP + 18.0), (side - 20.0).clamp(60.0, 160.0), &self.measure);
        note(&mut canvas, (left, 12.0), &self.remark, Align::Left);
        Ok(canvas)
    }

    fn scale(&self) -> ColorScale {
        let of_values = ColorScale::channels(self.values.iter().map(|value| *value as f32));
        if self.is_distance { of_values } else { ColorScale { limit: 1.0, ..of_values } }
    }

    fn validate(&self) -> Result<(), PlotError> {
        let n = self.names.len();
        require_some("names", n)?;
        require(self.values.dim() == (n, n), "values", || {
            format!("has shape {:?}, but there are {n} names; give a value for each two", self.values.dim())
        })?;
        require_finite("values", self.values.iter().copied())
    }
}

/// As many digits as fit into a cell.
fn value_label(value: f64) -> String {
    let decimals = if value.abs() < 10.0 { 2 } else { usize::from(value.abs() < 100.0) };
    decimal_label(value, decimals)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn figure(names: &[&str], values: Array2<f64>, is_distance: bool) -> SimilarityMatrix {
        SimilarityMatrix {
            names: names.iter().map(ToString::to_string).collect(),
            values,
            measure: "CKA".into(),
            is_distance,
            remark: "260 samples".into(),
        }
    }

    #[test]
    fn each_name_stands_on_both_sides_and_each_value_in_its_cell() {
        let svg = figure(&["V4", "PFC"], array![[1.0, 0.25], [0.25, 1.0]], false).draw().unwrap().into_svg();
        for (text, times) in
            [(">V4<", 2), (">PFC<", 2), (">0.25<", 2), (">1.00<", 2), (">CKA<", 1), (">260 samples<", 1)]
        {
            assert_eq!(svg.matches(text).count(), times, "{text} in {svg}");
        }
        let many: Vec<String> = (0..60).map(|i| format!("network {i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let svg = figure(&many, Array2::eye(60), false).draw().unwrap().into_svg();
        assert!(!svg.contains("network 7"), "names have no room");
    }

    #[test]
    fn similarities_end_at_1_and_distances_at_the_largest() {
        let limit = |value: f64, is_distance| {
            figure(&["a", "b"], array![[0.0, value], [value, 0.0]], is_distance).scale().limit
        };
        assert_eq!((limit(0.3, false), limit(0.3, true), limit(7.0, true)), (1.0, 0.3, 7.0));
        assert!(figure(&["a", "b"], array![[1.0, -0.1], [-0.1, 1.0]], false).scale().diverging);
    }

    #[test]
    fn what_is_no_square_of_the_names_is_refused() {
        let refusal = |names: &[&str], values| figure(names, values, true).draw().err().unwrap().to_string();
        assert!(refusal(&[], Array2::zeros((0, 0))).contains("`names` is empty"));
        assert!(refusal(&["a"], Array2::zeros((1, 2))).contains("has shape (1, 2), but there are 1 names"));
        assert!(refusal(&["a"], array![[f64::NAN]]).contains("`values` holds NaN"));
    }
}
