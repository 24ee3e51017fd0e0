//! A result against a setting: the median of each group of runs with its interval, and every run.

use std::path::Path;

use super::PlotError;
use super::axis::{Axis, range};
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::Dot;
use super::panel::{Panel, note};
use super::save::save;
use super::style::{INK, SMALL, TEXT, THICK, series, text_width, tint, widest};

/// Top, and width and height of the data area.
const TOP: f64 = 30.0;
const SIZE: (f64, f64) = (360.0, 240.0);
/// Room for one of several words.
const PLACE: f64 = 56.0;
/// Values whose largest is so many times their smallest have a logarithmic axis.
const DECADES: f64 = 50.0;

/// A result against the values of one setting: numbers have their place on an axis, words stand side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingCurve {
    /// The setting.
    pub x: String,
    /// The result, with its unit.
    pub y: String,
    /// The values of the setting, numbers ascending; at least one.
    pub points: Vec<SettingPoint>,
    /// A remark above, such as what the intervals are; empty for none.
    pub remark: String,
}

/// The runs of one value.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingPoint {
    /// The value in words.
    pub name: String,
    /// The value, if it is a number.
    pub x: Option<f64>,
    /// What each run reached.
    pub values: Vec<f64>,
    /// Their median.
    pub median: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl SettingCurve {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no value, a number is not finite, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let numbers = self.numbers();
        let n = self.points.len();
        let width = if numbers.is_some() { SIZE.0 } else { SIZE.0.max(PLACE * n as f64) };
        let y = self.y_axis();
        let ticks = y.ticks(6);
        let left = (widest(ticks.iter().map(|(_, text)| text.as_str()), SMALL) + 46.0).ceil();
        let words = widest(self.points.iter().map(|point| point.name.as_str()), SMALL);
        let is_turned = numbers.is_none() && words + 6.0 > width / n as f64;
        let below = if is_turned { words + 46.0 } else { 54.0 };
        let wide = (left + width + 24.0).max(left + text_width(&self.remark, SMALL) + 12.0);
        let mut canvas = Canvas::new(wide, TOP + SIZE.1 + below);
        let pixels = (left, left + width);
        let (x, places) = match &numbers {
            Some(values) => (x_axis(values, pixels), values.clone()),
            None => (Axis::linear(-0.5, n as f64 - 0.5, pixels), (0..n).map(|place| place as f64).collect()),
        };
        let panel = Panel { x, y };
        self.draw_points(&mut canvas, &panel, &places, numbers.is_some());
        panel.left_axis(&mut canvas, &ticks, &self.y);
        match numbers {
            Some(values) => panel.bottom_axis(&mut canvas, &self.value_ticks(&x, &values), &self.x),
            None => self.name_axis(&mut canvas, &panel, is_turned, words),
        }
        note(&mut canvas, (left, 12.0), &self.remark, Align::Left);
        Ok(canvas)
    }

    /// The values of the setting, if all are numbers.
    fn numbers(&self) -> Option<Vec<f64>> {
        self.points.iter().map(|point| point.x).collect()
    }

    fn y_axis(&self) -> Axis {
        let values = self.points.iter().flat_map(|point| point.values.iter().chain([&point.low, &point.high]));
        let (low, high) = range(values.copied());
        Axis::linear(low, high, (TOP + SIZE.1, TOP)).padded(0.06)
    }

    /// A tick at every value where there is room for its name, else round numbers.
    fn value_ticks(&self, x: &Axis, values: &[f64]) -> Vec<(f64, String)> {
        let own: Vec<(f64, String)> =
            values.iter().zip(&self.points).map(|(value, point)| (*value, point.name.clone())).collect();
        let half = |text: &str| text_width(text, SMALL) / 2.0 + 3.0;
        let has_room =
            |pair: &[(f64, String)]| x.pixel(pair[1].0) - x.pixel(pair[0].0) >= half(&pair[0].1) + half(&pair[1].1);
        if own.windows(2).all(has_room) { own } else { x.ticks(6) }
    }

    fn name_axis(&self, canvas: &mut Canvas, panel: &Panel, is_turned: bool, words: f64) {
        let ticks: Vec<(f64, String)> = (0..self.points.len()).map(|place| (place as f64, String::new())).collect();
        panel.bottom_axis(canvas, &ticks, if is_turned { "" } else { &self.x });
        let bottom = panel.y.pixels().0;
        for (place, point) in self.points.iter().enumerate() {
            let at = panel.x.pixel(place as f64);
            if is_turned {
                canvas.vertical_text((at, bottom + 14.0), &point.name, SMALL, Align::Right, INK);
            } else {
                canvas.text((at, bottom + 17.0), &point.name, SMALL, Align::Centre, INK);
            }
        }
        if is_turned {
            let (left, right) = panel.x.pixels();
            canvas.text(((left + right) / 2.0, bottom + words + 32.0), &self.x, TEXT, Align::Centre, INK);
        }
    }

    fn draw_points(&self, canvas: &mut Canvas, panel: &Panel, places: &[f64], is_line: bool) {
        let color = series(0);
        if is_line {
            let medians = places.iter().zip(&self.points).map(|(x, point)| (*x, point.median));
            panel.curve(canvas, medians, Stroke::solid(color, THICK));
        }
        for (x, point) in places.iter().zip(&self.points) {
            panel.curve(canvas, [(*x, point.low), (*x, point.high)], Stroke::solid(color, 1.4));
            for value in &point.values {
                Dot { hollow: true, ..Dot::new(tint(color, 0.55), 2.4) }.draw(canvas, panel.at((*x, *value)));
            }
        }
        for (x, point) in places.iter().zip(&self.points) {
            Dot::new(color, 4.0).draw(canvas, panel.at((*x, point.median)));
        }
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("points", self.points.len())?;
        for (i, point) in self.points.iter().enumerate() {
            let numbers = point.values.iter().chain([&point.median, &point.low, &point.high]).chain(&point.x);
            require_finite(&format!("points[{i}]"), numbers.copied())?;
        }
        let ascends = self.numbers().is_none_or(|values| values.is_sorted());
        require(ascends, "points", || "must ascend in x; sort them".into())
    }
}

fn x_axis(values: &[f64], pixels: (f64, f64)) -> Axis {
    let (low, high) = (values[0], values[values.len() - 1]);
    let is_log = low > 0.0 && high / low >= DECADES;
    if is_log { Axis::log(low, high, pixels).padded(0.04) } else { Axis::linear(low, high, pixels).padded(0.04) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, x: Option<f64>) -> SettingPoint {
        SettingPoint { name: name.into(), x, values: vec![0.7, 0.8, 0.9], median: 0.8, low: 0.7, high: 0.9 }
    }

    fn figure(points: &[SettingPoint]) -> SettingCurve {
        SettingCurve {
            x: "model.units".into(),
            y: "Performance".into(),
            points: points.to_vec(),
            remark: "remark".into(),
        }
    }

    #[test]
    fn values_are_ticks_and_every_run_is_a_dot() {
        let svg = figure(&[point("50", Some(50.0)), point("100", Some(100.0))]).draw().unwrap().into_svg();
        for text in [">50<", ">100<", ">model.units<", ">Performance<", ">remark<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 2 * 4);
    }

    #[test]
    fn values_over_decades_have_a_logarithmic_axis() {
        let axis = x_axis(&[1e-4, 1e-3, 1e-2], (0.0, 100.0));
        assert!((axis.pixel(1e-3) - 50.0).abs() < 1e-9);
        let axis = x_axis(&[0.0, 1e-2], (0.0, 100.0));
        assert!((axis.pixel(5e-3) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn words_stand_side_by_side_and_long_ones_upright() {
        let svg = figure(&[point("ei", None), point("vanilla", None)]).draw().unwrap().into_svg();
        assert!(svg.contains(">ei<") && svg.contains(">vanilla<"), "{svg}");
        let long = "a long name of a value of a setting that is text";
        let svg = figure(&vec![point(long, None); 5]).draw().unwrap().into_svg();
        assert_eq!(svg.matches("rotate(").count(), 5 + 1, "{svg}");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_by_name() {
        let refusal = |points: &[SettingPoint]| figure(points).draw().err().unwrap().to_string();
        assert!(refusal(&[]).contains("`points` is empty"));
        assert!(refusal(&[SettingPoint { median: f64::NAN, ..point("a", None) }]).contains("`points[0]` holds NaN"));
        assert!(refusal(&[point("2", Some(2.0)), point("1", Some(1.0))]).contains("must ascend"));
    }
}
