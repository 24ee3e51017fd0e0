//! Measured curves in panels side by side: points with intervals, lines, bands.

use std::path::Path;

use super::PlotError;
use super::axis::{Axis, range};
use super::canvas::{Align, Canvas, Dash, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, key, key_height, key_width};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{FAINT, INK, Rgb, SMALL, TEXT, THICK, series, text_width, tint, widest};

/// Width and height of the data area of a panel.
const SIZE: (f64, f64) = (270.0, 220.0);
/// Room right of a panel.
const GAP: f64 = 22.0;
/// Top of the panels, with titles above them and without.
const TOPS: (f64, f64) = (48.0, 30.0);
/// Radius of a dot.
const DOT: f64 = 3.4;
/// How much of its colour a band has.
const BAND: f64 = 0.22;

/// Panels side by side, with one legend. Such as a psychometric curve for the evidence that counts and one for the
/// evidence that does not, a chronometric curve beside its reaction times, or psychophysical kernels.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePanels {
    /// From left to right, at least one.
    pub panels: Vec<CurvePanel>,
    /// A remark above, such as what the intervals are; empty for none.
    pub remark: String,
}

/// One panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurvePanel {
    /// What stands above it; empty for nothing.
    pub title: String,
    /// Name of the x axis, with its unit.
    pub x: String,
    /// Name of the y axis, with its unit.
    pub y: String,
    /// Whether the x axis is logarithmic.
    pub log_x: bool,
    /// Whether the y axis is logarithmic.
    pub log_y: bool,
    /// Ends of the y axis; as far as what is drawn, unless they are given: bars and lines end at them, and they must
    /// hold all points.
    pub y_range: Option<(f64, f64)>,
    /// Dotted line up the panel.
    pub x_guide: Option<f64>,
    /// Dotted line across the panel.
    pub y_guide: Option<f64>,
    /// What is drawn, the last on top; at least one.
    pub series: Vec<CurveSeries>,
}

/// Points, a line and a band that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurveSeries {
    /// Legend entry; those of the same name look the same and have one entry. Empty for none.
    pub name: String,
    /// Which colour of the palette.
    pub color: usize,
    /// Measured points.
    pub points: Vec<CurvePoint>,
    /// Whether points are hollow, as those of errors.
    pub hollow: bool,
    /// A line (x, y), such as a fitted function.
    pub line: Vec<(f64, f64)>,
    /// Whether the line is dashed, as one that is expected.
    pub dashed: bool,
    /// A band (x, lower end, upper end).
    pub band: Vec<(f64, f64, f64)>,
}

/// A point with an interval about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Where it lies on the x axis.
    pub x: f64,
    /// Its value.
    pub y: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl CurvePanels {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no panel, one has nothing to draw, a number is not finite, or not above 0 on a logarithmic axis, or
    /// the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (width, height) = SIZE;
        let has_titles = self.panels.iter().any(|panel| !panel.title.is_empty());
        let top = if has_titles { TOPS.0 } else { TOPS.1 };
        let ticks: Vec<Vec<(f64, String)>> =
            self.panels.iter().map(|panel| panel.y_axis((top + height, top)).ticks(6)).collect();
        let mut left = 8.0;
        let mut places = Vec::new();
        for ticks in &ticks {
            left += (widest(ticks.iter().map(|(_, text)| text.as_str()), SMALL) + 46.0).ceil();
            places.push(left);
            left += width + GAP;
        }
        let entries = self.entries();
        let right = if entries.is_empty() { left } else { left + key_width(&entries) + 12.0 };
        let wide = right.max(places[0] + text_width(&self.remark, SMALL) + 12.0);
        let below = (top + height + 54.0).max(top + key_height(entries.len()) + 8.0);
        let mut canvas = Canvas::new(wide, below);
        for ((panel, left), ticks) in self.panels.iter().zip(&places).zip(&ticks) {
            let drawn = Panel { x: panel.x_axis((*left, left + width)), y: panel.y_axis((top + height, top)) };
            panel.draw(&mut canvas, &drawn);
            drawn.left_axis(&mut canvas, ticks, &panel.y);
            drawn.bottom_axis(&mut canvas, &drawn.x.ticks(6), &panel.x);
            canvas.text((left + width / 2.0, top - 16.0), &panel.title, TEXT, Align::Centre, INK);
        }
        note(&mut canvas, (places[0], 12.0), &self.remark, Align::Left);
        key(&mut canvas, (left, top), &entries);
        Ok(canvas)
    }

    /// A name once, by its points if it has any somewhere.
    fn entries(&self) -> Vec<(String, Mark)> {
        let mut entries: Vec<(String, Mark)> = Vec::new();
        let named = || self.panels.iter().flat_map(|panel| &panel.series).filter(|series| !series.name.is_empty());
        for series in named() {
            if entries.iter().any(|(name, _)| *name == series.name) {
                continue;
            }
            let has_points = named().any(|other| other.name == series.name && !other.points.is_empty());
            let mark = if has_points { Mark::Dot(series.dot()) } else { Mark::Line(series.stroke()) };
            entries.push((series.name.clone(), mark));
        }
        entries
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("panels", self.panels.len())?;
        for (i, panel) in self.panels.iter().enumerate() {
            require_some(&format!("panels[{i}].series"), panel.corners().count())?;
            for (j, series) in panel.series.iter().enumerate() {
                let field = format!("panels[{i}].series[{j}]");
                let corners = || series.corners();
                require_finite(&field, corners().flat_map(|(x, y)| [x, y]))?;
                let is_above = corners().all(|(x, y)| (!panel.log_x || x > 0.0) && (!panel.log_y || y > 0.0));
                require(is_above, &field, || "has no place on a logarithmic axis; its values must be above 0".into())?;
            }
            let holds = |(low, high): (f64, f64)| panel.points().all(|point| (low..=high).contains(&point.y));
            require(panel.y_range.is_none_or(holds), &format!("panels[{i}].y_range"), || {
                "does not hold all points; widen it".into()
            })?;
            let range = panel.y_range.into_iter().flat_map(|(low, high)| [low, high]);
            require_finite(&format!("panels[{i}].y_range"), range)?;
        }
        Ok(())
    }
}

impl CurvePanel {
    fn corners(&self) -> impl Iterator<Item = (f64, f64)> {
        self.series.iter().flat_map(CurveSeries::corners)
    }

    fn points(&self) -> impl Iterator<Item = &CurvePoint> {
        self.series.iter().flat_map(|series| &series.points)
    }

    fn x_axis(&self, pixels: (f64, f64)) -> Axis {
        let (low, high) = range(self.corners().map(|(x, _)| x));
        axis(self.log_x, low, high, pixels).padded(0.04)
    }

    fn y_axis(&self, pixels: (f64, f64)) -> Axis {
        let (low, high) = self.y_range.unwrap_or_else(|| range(self.corners().map(|(_, y)| y).chain(self.y_guide)));
        axis(self.log_y, low, high, pixels).padded(if self.y_range.is_some() { 0.03 } else { 0.06 })
    }

    fn draw(&self, canvas: &mut Canvas, drawn: &Panel) {
        let ((left, right), (bottom, top)) = (drawn.x.pixels(), drawn.y.pixels());
        if let Some(y) = self.y_guide {
            canvas.line((left, drawn.y.pixel(y)), (right, drawn.y.pixel(y)), dotted());
        }
        if let Some(x) = self.x_guide {
            canvas.line((drawn.x.pixel(x), bottom), (drawn.x.pixel(x), top), dotted());
        }
        self.series.iter().for_each(|series| series.draw_band(canvas, drawn));
        self.series.iter().for_each(|series| drawn.curve_within(canvas, series.line.iter().copied(), series.stroke()));
        self.series.iter().for_each(|series| series.draw_points(canvas, drawn));
    }
}

impl CurveSeries {
    fn corners(&self) -> impl Iterator<Item = (f64, f64)> {
        let points =
            self.points.iter().flat_map(|point| [(point.x, point.y), (point.x, point.low), (point.x, point.high)]);
        let band = self.band.iter().flat_map(|(x, low, high)| [(*x, *low), (*x, *high)]);
        points.chain(self.line.iter().copied()).chain(band)
    }

    fn rgb(&self) -> Rgb {
        series(self.color)
    }

    fn dot(&self) -> Dot {
        Dot { hollow: self.hollow, ..Dot::new(self.rgb(), DOT) }
    }

    fn stroke(&self) -> Stroke {
        if self.dashed { Stroke::dashed(self.rgb(), THICK) } else { Stroke::solid(self.rgb(), THICK) }
    }

    fn draw_band(&self, canvas: &mut Canvas, drawn: &Panel) {
        if self.band.len() < 2 {
            return;
        }
        let upper = self.band.iter().map(|(x, _, high)| drawn.at((*x, *high)));
        let lower = self.band.iter().rev().map(|(x, low, _)| drawn.at((*x, *low)));
        canvas.polygon(&upper.chain(lower).collect::<Vec<_>>(), tint(self.rgb(), BAND));
    }

    fn draw_points(&self, canvas: &mut Canvas, drawn: &Panel) {
        for point in &self.points {
            let bar = [(point.x, point.low), (point.x, point.high)];
            drawn.curve_within(canvas, bar, Stroke::solid(self.rgb(), 1.0));
        }
        for point in &self.points {
            self.dot().draw(canvas, drawn.at((point.x, point.y)));
        }
    }
}

fn dotted() -> Stroke {
    Stroke { color: FAINT, width: 1.2, dash: Some(Dash { first_gap: 0.0, dash: 1.6, gap: 2.6 }) }
}

fn axis(log: bool, low: f64, high: f64, pixels: (f64, f64)) -> Axis {
    if log { Axis::log(low, high, pixels) } else { Axis::linear(low, high, pixels) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(series: &[CurveSeries], log_x: bool) -> CurvePanels {
        let panel = CurvePanel {
            title: "Relevant".into(),
            x: "Coherence (%)".into(),
            y: "Choices (%)".into(),
            log_x,
            x_guide: Some(1.0),
            y_guide: Some(0.5),
            series: series.to_vec(),
            ..CurvePanel::default()
        };
        CurvePanels {
            panels: vec![panel.clone(), CurvePanel { title: "Irrelevant".into(), ..panel }],
            remark: "bars".into(),
        }
    }

    fn points(name: &str, x: f64) -> CurveSeries {
        let point = CurvePoint { x, y: 0.5, low: 0.4, high: 0.6 };
        CurveSeries { name: name.into(), points: vec![point; 2], ..CurveSeries::default() }
    }

    #[test]
    fn panels_are_titled_and_a_name_stands_once_in_the_legend() {
        let svg = figure(&[points("motion", 1.0), points("colour", 2.0)], false).draw().unwrap().into_svg();
        for (text, n) in
            [(">motion<", 1), (">colour<", 1), (">Relevant<", 1), (">Irrelevant<", 1), (">Coherence (%)<", 2)]
        {
            assert_eq!(svg.matches(text).count(), n, "{text} in {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 2 * 4 + 2, "{svg}");
    }

    #[test]
    fn bands_lie_below_lines_and_nameless_series_have_no_entry() {
        let series = CurveSeries {
            line: vec![(1.0, 0.2), (2.0, 0.8)],
            band: vec![(1.0, 0.1, 0.3), (2.0, 0.7, 0.9)],
            ..CurveSeries::default()
        };
        let svg = figure(&[series], true).draw().unwrap().into_svg();
        // An area closes its path; a line has the colour of its series.
        assert!(svg.find("z\"").unwrap() < svg.find("stroke=\"#0072b2\"").unwrap(), "{svg}");
    }

    #[test]
    fn nothing_to_draw_and_numbers_without_a_place_are_refused() {
        let refusal = |figure: CurvePanels| figure.draw().err().unwrap().to_string();
        assert!(refusal(CurvePanels { panels: vec![], remark: String::new() }).contains("`panels` is empty"));
        assert!(refusal(figure(&[], false)).contains("`panels[0].series` is empty"));
        assert!(refusal(figure(&[points("a", f64::NAN)], false)).contains("`panels[0].series[0]` holds NaN"));
        assert!(refusal(figure(&[points("a", 0.0)], true)).contains("logarithmic axis"));
        let mut outside = figure(&[points("a", 1.0)], false);
        outside.panels[1].y_range = Some((0.0, 0.4));
        assert!(refusal(outside).contains("`panels[1].y_range` does not hold all points"));
    }
}
