//! A result against two settings, as colours.

use std::path::Path;

use kuva::plot::ColorMap;

use super::PlotError;
use super::axis::{decimal_label, range};
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::panel::note;
use super::save::save;
use super::style::{FAINT, INK, Rgb, SMALL, TEXT, THIN, WHITE, cell_size, ink_on, text_width, widest};

/// Top of the map, with room for what the colours are.
const TOP: f64 = 46.0;
/// Length that the longer side comes close to, and the largest and smallest cell.
const SIDE: f64 = 360.0;
const LARGEST: f64 = 56.0;
const SMALLEST: f64 = 6.0;
/// Room for a name beside the map; of smaller cells some have none.
const WITH_NAME: f64 = 11.0;
/// Steps of colour in the bar, and its height.
const STEPS: usize = 64;
const BAR: f64 = 128.0;

/// A result at each two values of two settings: one to the right, the other upwards. What no run reached is crossed
/// out.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingMap {
    /// The setting to the right.
    pub x: String,
    /// The setting upwards.
    pub y: String,
    /// Its values, from left to right.
    pub columns: Vec<String>,
    /// Those of the other, from bottom to top.
    pub rows: Vec<String>,
    /// (rows, columns)
    pub values: Vec<Vec<Option<f64>>>,
    /// What the values are.
    pub measure: String,
    /// A remark above; empty for none.
    pub remark: String,
}

impl SettingMap {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no value, their shape is not that of the names, a number is not finite, or the file cannot be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (n_rows, n_columns) = (self.rows.len(), self.columns.len());
        let cell = cell_size(SIDE, n_rows.max(n_columns)).clamp(SMALLEST, LARGEST);
        let scale = Scale::of(self.values.iter().flatten().flatten().copied());
        let every = (WITH_NAME / cell).ceil() as usize;
        let left = (widest(self.rows.iter().map(String::as_str), SMALL) + 46.0).ceil();
        let (width, height) = (n_columns as f64 * cell, n_rows as f64 * cell);
        let names = widest(self.columns.iter().map(String::as_str), SMALL);
        let is_turned = names + 4.0 > cell;
        let below = if is_turned { names + 12.0 } else { 18.0 };
        let ends = widest([scale.label(scale.low).as_str(), &scale.label(scale.high), &self.measure], SMALL);
        let wide = left + width + 24.0 + 30.0 + ends + 12.0;
        let wide = wide.max(left + text_width(&self.remark, SMALL) + 12.0);
        let wide = wide.max(left + (width + text_width(&self.x, TEXT)) / 2.0 + 12.0);
        // A name that is longer than the map is high.
        let half = text_width(&self.y, TEXT) / 2.0 + 6.0;
        let middle = (TOP + height / 2.0).max(half);
        let below_map = (TOP + height + below + 28.0).max(middle + half);
        let mut canvas = Canvas::new(wide, below_map.max(TOP + BAR + 30.0));
        let at = |row: usize, column: usize| self.values[n_rows - 1 - row][column];
        canvas.cells((left, TOP), (cell, cell), (n_rows, n_columns), |row, column| {
            at(row, column).map_or(WHITE, |value| scale.color(value))
        });
        for (row, column) in (0..n_rows).flat_map(|row| (0..n_columns).map(move |column| (row, column))) {
            let corner = (left + column as f64 * cell, TOP + row as f64 * cell);
            scale.write(&mut canvas, corner, cell, at(row, column));
        }
        let (right, bottom) = (left + width, TOP + height);
        canvas.outline((left, TOP), (right, bottom), Stroke::solid(INK, THIN));
        for (row, name) in self.rows.iter().enumerate().step_by(every) {
            canvas.text((left - 6.0, bottom - (row as f64 + 0.5) * cell), name, SMALL, Align::Right, INK);
        }
        for (column, name) in self.columns.iter().enumerate().step_by(every) {
            let x = left + (column as f64 + 0.5) * cell;
            if is_turned {
                canvas.vertical_text((x, bottom + 6.0), name, SMALL, Align::Right, INK);
            } else {
                canvas.text((x, bottom + 11.0), name, SMALL, Align::Centre, INK);
            }
        }
        canvas.vertical_text((14.0, middle), &self.y, TEXT, Align::Centre, INK);
        canvas.text((left + width / 2.0, bottom + below + 12.0), &self.x, TEXT, Align::Centre, INK);
        scale.bar(&mut canvas, right + 24.0, &self.measure);
        note(&mut canvas, (left, 12.0), &self.remark, Align::Left);
        Ok(canvas)
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("rows", self.rows.len())?;
        require_some("columns", self.columns.len())?;
        let is_shaped =
            self.values.len() == self.rows.len() && self.values.iter().all(|row| row.len() == self.columns.len());
        require(is_shaped, "values", || "must have a value, or none, for each row and column".into())?;
        require_finite("values", self.values.iter().flatten().flatten().copied())?;
        require_some("values", self.values.iter().flatten().flatten().count())
    }
}

/// From values to colours, dark to light.
struct Scale {
    low: f64,
    high: f64,
    decimals: usize,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(values);
        let span = if high > low { high - low } else { high.abs().max(1e-12) };
        // Two digits of how far the values lie apart.
        let decimals = (1.0 - span.log10().floor()).clamp(0.0, 6.0) as usize;
        Self { low, high, decimals }
    }

    fn color(&self, value: f64) -> Rgb {
        let fraction = if self.high > self.low { (value - self.low) / (self.high - self.low) } else { 0.5 };
        ColorMap::Viridis.map_rgb(fraction).unwrap_or(INK)
    }

    fn label(&self, value: f64) -> String {
        if value.abs() >= 1e6 { format!("{value:.1e}") } else { decimal_label(value, self.decimals) }
    }

    /// A value in its cell where there is room, or a cross.
    fn write(&self, canvas: &mut Canvas, (left, top): (f64, f64), cell: f64, value: Option<f64>) {
        let Some(value) = value else {
            let inset = 0.25 * cell;
            let (near, far) = (inset, cell - inset);
            canvas.line((left + near, top + near), (left + far, top + far), Stroke::solid(FAINT, THIN));
            canvas.line((left + near, top + far), (left + far, top + near), Stroke::solid(FAINT, THIN));
            return;
        };
        let text = self.label(value);
        if text_width(&text, SMALL) + 4.0 <= cell {
            let ink = ink_on(self.color(value));
            canvas.text((left + cell / 2.0, top + cell / 2.0), &text, SMALL, Align::Centre, ink);
        }
    }

    /// What the colours are.
    fn bar(&self, canvas: &mut Canvas, left: f64, measure: &str) {
        let step = BAR / STEPS as f64;
        let value = |fraction: f64| self.low + fraction * (self.high - self.low);
        canvas.cells((left, TOP), (10.0, step), (STEPS, 1), |row, _| {
            self.color(value(1.0 - (row as f64 + 0.5) / STEPS as f64))
        });
        let (right, bottom) = (left + 10.0, TOP + BAR);
        canvas.outline((left, TOP), (right, bottom), Stroke::solid(INK, THIN * 0.75));
        let fractions: &[f64] = if self.high > self.low { &[0.0, 0.5, 1.0] } else { &[0.5] };
        for fraction in fractions {
            let label = self.label(value(*fraction));
            canvas.text((right + 5.0, bottom - fraction * BAR), &label, SMALL, Align::Left, INK);
        }
        canvas.text((left, TOP - 14.0), measure, SMALL, Align::Left, INK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: Vec<Vec<Option<f64>>>) -> SettingMap {
        let names = |n: usize, of: &str| (0..n).map(|i| format!("{of}{i}")).collect();
        SettingMap {
            x: "model.units".into(),
            y: "train.learning_rate".into(),
            columns: names(values.first().map_or(0, Vec::len), "c"),
            rows: names(values.len(), "r"),
            values,
            measure: "Performance".into(),
            remark: "medians".into(),
        }
    }

    #[test]
    fn every_value_stands_in_its_cell_and_a_cross_where_there_is_none() {
        let svg = figure(vec![vec![Some(0.5), Some(0.75)], vec![Some(0.9), None]]).draw().unwrap().into_svg();
        for (text, n) in [(">0.75<", 1), (">c1<", 1), (">r1<", 1), (">model.units<", 1), (">Performance<", 1)] {
            assert_eq!(svg.matches(text).count(), n, "{text} in {svg}");
        }
        // In its cell and at the end of the bar.
        assert_eq!(svg.matches(">0.90<").count(), 2, "{svg}");
        // The first row is at the bottom.
        let y = |text: &str| {
            let line = svg.split("<text").find(|part| part.contains(text)).unwrap();
            line.split("y=\"").nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap()
        };
        assert!(y(">r0<") > y(">r1<"));
    }

    #[test]
    fn one_value_alone_has_a_colour() {
        let svg = figure(vec![vec![Some(0.0)]]).draw().unwrap().into_svg();
        assert!(svg.contains(">0"), "{svg}");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_by_name() {
        let refusal = |figure: SettingMap| figure.draw().err().unwrap().to_string();
        assert!(refusal(figure(vec![])).contains("`rows` is empty"));
        assert!(refusal(figure(vec![vec![None]])).contains("`values` is empty"));
        assert!(refusal(figure(vec![vec![Some(f64::NAN)]])).contains("`values` holds NaN"));
        assert!(refusal(figure(vec![vec![Some(1.0), Some(2.0)], vec![Some(1.0)]])).contains("for each row and column"));
    }
}
