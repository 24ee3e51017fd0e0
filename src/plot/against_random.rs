//! Numbers beside those of random subspaces or surrogates, and the angles between subspaces.

use std::path::Path;

use nn4n_analysis::geometry::subspaces::AgainstRandom;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, key, key_width};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{FAINT, GREY, INK, SMALL, THIN, UNSTABLE, text_width, tint, widest};

/// Width of the panel of numbers and of that of angles, height of a row, and height of the panel of angles.
const WIDTH: f64 = 260.0;
const ANGLES: (f64, f64) = (170.0, 150.0);
const ROW: f64 = 30.0;
/// Top of the panels, and the gap between them.
const TOP: f64 = 30.0;
const GAP: f64 = 84.0;
/// Height of the band of random values.
const BAND: f64 = 12.0;

/// Numbers in [0, 1], each a dot on the band that holds 95 % of random ones; principal angles beside them.
#[derive(Clone, Debug, PartialEq)]
pub struct AgainstRandomFigure {
    /// What the numbers are: the label of their axis.
    pub quantity: String,
    /// What random ones are, for the legend.
    pub random: String,
    /// From top to bottom, at least one.
    pub rows: Vec<RandomRow>,
    /// Degrees, the largest first; empty for no panel.
    pub angles_deg: Vec<f64>,
    /// A remark above; empty for none.
    pub remark: String,
}

/// A number and its null.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomRow {
    /// What it is of.
    pub name: String,
    /// The number.
    pub value: f64,
    /// Mean of random ones.
    pub mean: f64,
    /// Ends of the band.
    pub band: (f64, f64),
}

impl RandomRow {
    /// With the band from 2.5 to 97.5 %.
    pub fn of(name: &str, found: &AgainstRandom) -> Self {
        let band = (found.random_low, found.random_high);
        Self { name: name.into(), value: found.value, mean: found.random, band }
    }
}

impl AgainstRandomFigure {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no row, a number is not finite, a band ends before it begins, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let left = widest(self.rows.iter().map(|row| row.name.as_str()), SMALL) + 24.0;
        let height = ROW * self.rows.len() as f64;
        let has_angles = !self.angles_deg.is_empty();
        let (right, tall) = match has_angles {
            true => (left + WIDTH + GAP + ANGLES.0, height.max(ANGLES.1)),
            false => (left + WIDTH, height),
        };
        let entries = self.entries();
        let wide = (right + 20.0 + key_width(&entries)).max(left + text_width(&self.remark, SMALL)) + 12.0;
        let mut canvas = Canvas::new(wide, TOP + tall.max(48.0) + 54.0);
        let ends = self.rows.iter().flat_map(|row| [row.value, row.band.0, row.band.1]);
        let (low, high) = ends.fold((0.0f64, 1.0f64), |(low, high), value| (low.min(value), high.max(value)));
        let panel = Panel {
            x: Axis::linear(low, high, (left, left + WIDTH)),
            y: Axis::linear(0.0, height, (TOP + height, TOP)),
        };
        for (place, row) in self.rows.iter().enumerate() {
            let y = TOP + ROW * (place as f64 + 0.5);
            draw_row(&mut canvas, &panel, row, y);
            canvas.text((left - 12.0, y), &row.name, SMALL, Align::Right, INK);
        }
        panel.bottom_axis(&mut canvas, &panel.x.ticks(5), &self.quantity);
        if has_angles {
            self.draw_angles(&mut canvas, left + WIDTH + GAP);
        }
        note(&mut canvas, (left, 12.0), &self.remark, Align::Left);
        key(&mut canvas, (right + 20.0, TOP), &entries);
        Ok(canvas)
    }

    fn draw_angles(&self, canvas: &mut Canvas, left: f64) {
        let n = self.angles_deg.len();
        let panel = Panel {
            x: Axis::linear(0.5, n as f64 + 0.5, (left, left + ANGLES.0)),
            y: Axis::linear(0.0, 90.0, (TOP + ANGLES.1, TOP)),
        };
        let points: Vec<(f64, f64)> =
            self.angles_deg.iter().rev().enumerate().map(|(place, angle)| ((place + 1) as f64, *angle)).collect();
        panel.curve(canvas, points.iter().copied(), Stroke::solid(FAINT, THIN));
        points.into_iter().for_each(|point| Dot::new(INK, 3.0).draw(canvas, panel.at(point)));
        panel.left_axis(
            canvas,
            &[0.0, 30.0, 60.0, 90.0].map(|degrees| (degrees, format!("{degrees:.0}"))),
            "Angle (°)",
        );
        panel.bottom_axis(canvas, &panel.x.whole_ticks(6), "Principal angle");
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        vec![
            ("found".into(), Mark::Dot(Dot::new(UNSTABLE, 4.0))),
            (format!("{}: 95 %", self.random), Mark::Patch(band_color())),
            ("their mean".into(), Mark::Line(Stroke::solid(GREY, 1.6))),
        ]
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("rows", self.rows.len())?;
        for (i, row) in self.rows.iter().enumerate() {
            let (field, (low, high)) = (format!("rows[{i}]"), row.band);
            require_finite(&field, [row.value, row.mean, low, high])?;
            require(low <= high, &field, || {
                format!("has a band from {low} to {high}; it must not end before it begins")
            })?;
        }
        require_finite("angles_deg", self.angles_deg.iter().copied())
    }
}

fn draw_row(canvas: &mut Canvas, panel: &Panel, row: &RandomRow, y: f64) {
    let (left, right) = panel.x.pixels();
    canvas.line((left, y), (right, y), Stroke::solid(FAINT, 0.6));
    let (low, high) = (panel.x.pixel(row.band.0), panel.x.pixel(row.band.1));
    canvas.rect((low, y - BAND / 2.0), (high - low).max(1.0), BAND, band_color());
    let mean = panel.x.pixel(row.mean);
    canvas.line((mean, y - BAND / 2.0), (mean, y + BAND / 2.0), Stroke::solid(GREY, 1.6));
    Dot::new(UNSTABLE, 4.0).draw(canvas, (panel.x.pixel(row.value), y));
}

fn band_color() -> super::style::Rgb {
    tint(GREY, 0.35)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> AgainstRandomFigure {
        let row = |name: &str, value: f64| RandomRow { name: name.into(), value, mean: 0.5, band: (0.4, 0.6) };
        AgainstRandomFigure {
            quantity: "Alignment index".into(),
            random: "random planes".into(),
            rows: vec![row("delay in response", 0.1), row("response in delay", 0.2)],
            angles_deg: vec![80.0, 45.0],
            remark: "2 dimensions".into(),
        }
    }

    #[test]
    fn numbers_lie_beside_their_band_and_angles_in_a_panel_of_their_own() {
        let svg = figure().draw().unwrap().into_svg();
        for text in [">delay in response<", ">random planes: 95 %<", ">Alignment index<", ">Principal angle<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        let without = AgainstRandomFigure { angles_deg: Vec::new(), ..figure() }.draw().unwrap().into_svg();
        assert!(!without.contains("Principal angle"), "{without}");
    }

    #[test]
    fn bands_that_end_first_are_refused() {
        let refusal = |change: fn(&mut AgainstRandomFigure)| {
            let mut figure = figure();
            change(&mut figure);
            figure.draw().err().unwrap().to_string()
        };
        assert!(refusal(|figure| figure.rows.clear()).contains("`rows` is empty"));
        assert!(refusal(|figure| figure.rows[1].band = (0.6, 0.4)).contains("`rows[1]` has a band from 0.6 to 0.4"));
        assert!(refusal(|figure| figure.rows[0].value = f64::NAN).contains("`rows[0]` holds NaN"));
    }
}
