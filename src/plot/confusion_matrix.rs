//! The confusion matrix: what was chosen in each class of trials.

use std::path::Path;

use ndarray::Array2;

use super::PlotError;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_some};
use super::panel::note;
use super::save::save;
use super::style::{INK, PALETTE, Rgb, SMALL, TEXT, THIN, WHITE, cell_size, text_width, tint, widest};

/// Side that the longer side of the matrix comes close to, and of a cell at most.
const SIDE: f64 = 320.0;
const LARGEST: f64 = 64.0;
/// Top of the matrix.
const TOP: f64 = 34.0;
/// Cells narrower than this hold no numbers.
const WRITTEN: f64 = 30.0;
const FULL: Rgb = PALETTE[0];

/// Counts as cells, coloured by the fraction of their row: the value of a variable downwards, what was chosen to the
/// right.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionMatrix {
    /// Name of the variable.
    pub variable: String,
    /// Its values, from top to bottom.
    pub rows: Vec<String>,
    /// Answers, from left to right.
    pub columns: Vec<String>,
    /// Trials (rows, columns).
    pub counts: Array2<usize>,
    /// A remark above; empty for none.
    pub remark: String,
}

impl ConfusionMatrix {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no row or column, their names do not match the counts, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (rows, columns) = self.counts.dim();
        let cell = cell_size(SIDE, rows.max(columns)).min(LARGEST);
        let left = (widest(self.rows.iter().map(String::as_str), SMALL) + 46.0).ceil();
        let (width, height) = (columns as f64 * cell, rows as f64 * cell);
        let names = widest(self.columns.iter().map(String::as_str), SMALL);
        // Names that are wider than a cell are turned.
        let is_turned = names + 4.0 > cell;
        let below = if is_turned { names + 10.0 } else { 18.0 };
        let bar = 70.0;
        let wide = (left + width + bar + 20.0).max(left + text_width(&self.remark, SMALL) + 12.0);
        let wide = wide.max(left + (width + text_width("Chosen", TEXT)) / 2.0 + 12.0);
        let mut canvas = Canvas::new(wide, (TOP + height + below + 26.0).max(TOP + 150.0));
        canvas.cells((left, TOP), (cell, cell), (rows, columns), |row, column| {
            tint(FULL, self.fraction(row, column).unwrap_or(0.0))
        });
        self.write_counts(&mut canvas, left, cell);
        let (right, bottom) = (left + width, TOP + height);
        canvas.outline((left, TOP), (right, bottom), Stroke::solid(INK, THIN));
        for (row, name) in self.rows.iter().enumerate() {
            canvas.text((left - 6.0, TOP + (row as f64 + 0.5) * cell), name, SMALL, Align::Right, INK);
        }
        for (column, name) in self.columns.iter().enumerate() {
            let x = left + (column as f64 + 0.5) * cell;
            if is_turned {
                canvas.vertical_text((x, bottom + 6.0), name, SMALL, Align::Right, INK);
            } else {
                canvas.text((x, bottom + 11.0), name, SMALL, Align::Centre, INK);
            }
        }
        canvas.vertical_text((14.0, TOP + height / 2.0), &self.variable, TEXT, Align::Centre, INK);
        canvas.text((left + width / 2.0, bottom + below + 12.0), "Chosen", TEXT, Align::Centre, INK);
        draw_bar(&mut canvas, right + 18.0);
        note(&mut canvas, (left, 12.0), &self.remark, Align::Left);
        Ok(canvas)
    }

    /// Of the trials of a row; `None` in a row without any.
    fn fraction(&self, row: usize, column: usize) -> Option<f64> {
        let total: usize = self.counts.row(row).sum();
        (total > 0).then(|| self.counts[[row, column]] as f64 / total as f64)
    }

    /// Counts, in cells with the room for them.
    fn write_counts(&self, canvas: &mut Canvas, left: f64, cell: f64) {
        let widest_count = self.counts.iter().map(|count| text_width(&count.to_string(), SMALL)).fold(0.0, f64::max);
        if cell < WRITTEN.max(widest_count + 2.0) {
            return;
        }
        for ((row, column), count) in self.counts.indexed_iter() {
            let color = if self.fraction(row, column).unwrap_or(0.0) > 0.55 { WHITE } else { INK };
            let at = (left + (column as f64 + 0.5) * cell, TOP + (row as f64 + 0.5) * cell);
            canvas.text(at, &count.to_string(), SMALL, Align::Centre, color);
        }
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("rows", self.rows.len())?;
        require_some("columns", self.columns.len())?;
        let (found, named) = (self.counts.dim(), (self.rows.len(), self.columns.len()));
        require(found == named, "counts", || format!("has shape {found:?}; there are names for {named:?}"))
    }
}

/// What the colours are.
fn draw_bar(canvas: &mut Canvas, left: f64) {
    const STEPS: usize = 50;
    let step = 2.0;
    let height = step * STEPS as f64;
    let top = TOP + 16.0;
    canvas.cells((left, top), (10.0, step), (STEPS, 1), |row, _| tint(FULL, 1.0 - (row as f64 + 0.5) / STEPS as f64));
    let (right, bottom) = (left + 10.0, top + height);
    canvas
        .polyline(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], Stroke::solid(INK, THIN));
    for (fraction, text) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
        canvas.text((right + 5.0, bottom - fraction * height), text, SMALL, Align::Left, INK);
    }
    canvas.text((left, TOP + 2.0), "Of row", SMALL, Align::Left, INK);
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn figure(rows: &[&str], counts: Array2<usize>) -> ConfusionMatrix {
        let columns = (0..counts.dim().1).map(|column| format!("answer {column}")).collect();
        let rows = rows.iter().map(|row| (*row).to_owned()).collect();
        ConfusionMatrix { variable: "Right answer".into(), rows, columns, counts, remark: String::new() }
    }

    #[test]
    fn rows_go_downwards_and_hold_their_counts() {
        let svg = figure(&["left", "right"], array![[40, 2], [0, 38]]).draw().unwrap().into_svg();
        for text in [">left<", ">right<", ">40<", ">38<", ">answer 1<", ">Right answer<", ">Chosen<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        let at = |text: &str| svg.find(text).unwrap();
        assert!(at(">40<") < at(">2<") && at(">2<") < at(">38<"));
    }

    #[test]
    fn many_classes_have_no_numbers_and_a_row_without_trials_no_colour() {
        let names: Vec<String> = (0..40).map(|i| i.to_string()).collect();
        let rows: Vec<&str> = names.iter().map(String::as_str).collect();
        let svg = figure(&rows, Array2::from_elem((40, 40), 777)).draw().unwrap().into_svg();
        assert!(!svg.contains(">777<"));
        assert!(figure(&["a", "b"], array![[0, 0], [1, 1]]).draw().is_ok());
    }

    #[test]
    fn names_that_do_not_match_are_refused() {
        let message = figure(&["a"], array![[1, 2], [3, 4]]).draw().err().unwrap().to_string();
        assert!(message.contains("`counts` has shape (2, 2); there are names for (1, 2)"), "{message}");
    }
}
