//! Behaviour with and without parts of a network, beside that without as many random units.

use std::path::Path;

use super::PlotError;
use super::axis::{Axis, range};
use super::canvas::{Align, Canvas, Point, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, key, key_width};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{FAINT, GREY, INK, PALETTE, Rgb, TEXT, THICK, widest};

/// Top of the first row, height of a row, and width of the data area.
const TOP: f64 = 30.0;
const ROW: f64 = 24.0;
const WIDTH: f64 = 300.0;
/// From the middle of a row to its value, and to its control below.
const OWN: f64 = -3.0;
const CONTROL: f64 = 6.0;
const LESIONED: Rgb = PALETTE[1];

/// A measure of behaviour, row by row: the intact network on top with a line down from its value, then each lesion with
/// its interval and, hollow and grey, its matched random controls.
#[derive(Clone, Debug, PartialEq)]
pub struct LesionTable {
    /// What is measured, such as `Performance`.
    pub measure: String,
    /// The intact network.
    pub intact: LesionRow,
    /// Each lesion, from top to bottom.
    pub lesions: Vec<LesionRow>,
    /// The measure of guesses, if it is known; a dotted line.
    pub chance: Option<f64>,
    /// What the intervals are, such as `bars: 95 % intervals`; empty for none.
    pub remark: String,
}

/// A network, intact or lesioned.
#[derive(Clone, Debug, PartialEq)]
pub struct LesionRow {
    /// What is missing, with the number of units, say.
    pub name: String,
    /// The measure and its interval.
    pub value: Estimate,
    /// The same of networks without as many random units.
    pub control: Option<Estimate>,
}

/// A value with an interval about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub mean: f64,
    /// The lower end, at most the value.
    pub low: f64,
    /// The upper end, at least the value.
    pub high: f64,
}

impl LesionTable {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If a number is not finite, an interval does not hold its value, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn rows(&self) -> impl Iterator<Item = &LesionRow> + Clone {
        std::iter::once(&self.intact).chain(&self.lesions)
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let n = self.rows().count() as f64;
        let left = widest(self.rows().map(|row| row.name.as_str()), TEXT).ceil() + 24.0;
        let bottom = TOP + n * ROW;
        let entries = self.entries();
        let right = left + WIDTH;
        let below = (bottom + 54.0).max(TOP + 16.0 * entries.len() as f64 + 8.0);
        let mut canvas = Canvas::new(right + 20.0 + key_width(&entries) + 12.0, below);
        let panel = Panel { x: self.axis((left, right)), y: Axis::linear(0.0, 1.0, (bottom, TOP)) };
        let guide = |canvas: &mut Canvas, value: f64, stroke: Stroke| {
            let x = panel.x.pixel(value);
            canvas.line((x, TOP), (x, bottom), stroke);
        };
        guide(&mut canvas, self.intact.value.mean, intact_stroke());
        if let Some(chance) = self.chance {
            guide(&mut canvas, chance, chance_stroke());
        }
        for (i, row) in self.rows().enumerate() {
            let middle = TOP + ROW * (i as f64 + 0.5);
            let color = if i == 0 { INK } else { LESIONED };
            canvas.text((left - 12.0, middle), &row.name, TEXT, Align::Right, INK);
            if let Some(control) = row.control {
                draw_estimate(&mut canvas, panel.x, control, middle + CONTROL, control_dot());
            }
            let shift = if row.control.is_some() { OWN } else { 0.0 };
            draw_estimate(&mut canvas, panel.x, row.value, middle + shift, Dot::new(color, 3.6));
        }
        panel.bottom_axis(&mut canvas, &panel.x.ticks(6), &self.measure);
        note(&mut canvas, (left, 14.0), &self.remark, Align::Left);
        key(&mut canvas, (right + 20.0, TOP), &entries);
        Ok(canvas)
    }

    /// From 0 to 1 for fractions; otherwise as far as the values and intervals reach.
    fn axis(&self, pixels: Point) -> Axis {
        let estimates = self.rows().flat_map(|row| [Some(row.value), row.control]).flatten();
        let ends = estimates.flat_map(|estimate| [estimate.low, estimate.high]).chain(self.chance);
        let (low, high) = range(ends);
        let (low, high) = if low >= 0.0 && high <= 1.0 { (0.0, 1.0) } else { (low, high) };
        Axis::linear(low, high, pixels).padded(0.03)
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let control = self.rows().any(|row| row.control.is_some());
        let entries = [
            Some(("intact", Mark::Line(intact_stroke()))),
            (!self.lesions.is_empty()).then_some(("lesioned", Mark::Dot(Dot::new(LESIONED, 3.6)))),
            control.then_some(("as many random units", Mark::Dot(control_dot()))),
            self.chance.map(|_| ("chance", Mark::Line(chance_stroke()))),
        ];
        entries.into_iter().flatten().map(|(name, mark)| (name.to_owned(), mark)).collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        for (i, row) in self.rows().enumerate() {
            let field = if i == 0 { "intact".to_owned() } else { format!("lesions[{}]", i - 1) };
            require_some(&format!("{field}.name"), row.name.len())?;
            row.value.validate(&format!("{field}.value"))?;
            if let Some(control) = row.control {
                control.validate(&format!("{field}.control"))?;
            }
        }
        require_finite("chance", self.chance)
    }
}

impl Estimate {
    fn validate(self, field: &str) -> Result<(), PlotError> {
        let Self { mean, low, high } = self;
        require_finite(field, [mean, low, high])?;
        require(low <= mean && mean <= high, field, || {
            format!("is {mean}, outside its interval of {low} to {high}; an interval holds its value")
        })
    }
}

fn draw_estimate(canvas: &mut Canvas, x: Axis, estimate: Estimate, y: f64, dot: Dot) {
    let bar = Stroke::solid(dot.color, THICK);
    canvas.line((x.pixel(estimate.low), y), (x.pixel(estimate.high), y), bar);
    dot.draw(canvas, (x.pixel(estimate.mean), y));
}

fn control_dot() -> Dot {
    Dot { hollow: true, ..Dot::new(GREY, 2.8) }
}

fn intact_stroke() -> Stroke {
    Stroke::solid(FAINT, 1.2)
}

fn chance_stroke() -> Stroke {
    Stroke::dashed(GREY, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(mean: f64, half: f64) -> Estimate {
        Estimate { mean, low: mean - half, high: mean + half }
    }

    fn row(name: &str, value: Estimate, control: Option<Estimate>) -> LesionRow {
        LesionRow { name: name.into(), value, control }
    }

    fn figure(lesions: &[LesionRow]) -> LesionTable {
        LesionTable {
            measure: "Performance".into(),
            intact: row("intact", estimate(0.9, 0.02), None),
            lesions: lesions.to_vec(),
            chance: Some(0.5),
            remark: "bars: 95 % intervals".into(),
        }
    }

    #[test]
    fn rows_are_named_and_the_legend_has_what_is_there() {
        let lesion = row("area V4 (40 units)", estimate(0.55, 0.03), Some(estimate(0.8, 0.05)));
        let svg = figure(&[lesion]).draw().unwrap().into_svg();
        for text in [">area V4 (40 units)<", ">as many random units<", ">chance<", ">lesioned<", ">Performance<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        let alone = figure(&[]).draw().unwrap().into_svg();
        assert!(!alone.contains("random") && !alone.contains("lesioned"), "{alone}");
    }

    #[test]
    fn fractions_have_the_whole_axis_and_other_measures_their_own() {
        let pixel = |table: &LesionTable, value| table.axis((0.0, 106.0)).pixel(value);
        assert!((pixel(&figure(&[]), 1.0) - 103.0).abs() < 1e-9);
        let mut seconds = figure(&[row("E", estimate(4.0, 0.0), None)]);
        seconds.chance = Some(3.0);
        seconds.intact.value = estimate(2.0, 0.0);
        assert!((pixel(&seconds, 4.0) - 103.0).abs() < 1e-9 && (pixel(&seconds, 2.0) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn an_interval_without_its_value_is_refused() {
        let wrong = Estimate { mean: 0.9, low: 0.1, high: 0.2 };
        let message = figure(&[row("E", estimate(0.5, 0.1), Some(wrong))]).draw().err().unwrap().to_string();
        assert!(message.contains("`lesions[0].control` is 0.9, outside its interval of 0.1 to 0.2"), "{message}");
        let message = figure(&[row("E", estimate(f64::NAN, 0.1), None)]).draw().err().unwrap().to_string();
        assert!(message.contains("`lesions[0].value` holds NaN"), "{message}");
    }
}
