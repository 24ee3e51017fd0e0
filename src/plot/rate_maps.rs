//! Rates of units over the places where the animal was.

use std::path::Path;

use kuva::plot::ColorMap;
use ndarray::Array2;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Point, Stroke};
use super::color_scale::ColorScale;
use super::error::{require, require_finite, require_some};
use super::key::{Mark, key, key_height, key_width};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{FAINT, GREY, INK, Rgb, SMALL, THICK, THIN, WHITE, cell_size, series, text_width, widest};

/// Longest side of a map, about, and the gap between the maps of one unit.
const SIDE: f64 = 128.0;
const BESIDE: f64 = 8.0;
/// Width and height of the lines of a track.
const TRACK: (f64, f64) = (150.0, 78.0);
/// Between units, and above the maps of each for its two lines of text.
const GAP: (f64, f64) = (24.0, 16.0);
const TEXTS: f64 = 30.0;
/// Widest row of units.
const WIDEST: f64 = 780.0;
/// Where the first unit begins.
const CORNER: Point = (16.0, 10.0);
/// Steps of colour in the bar.
const STEPS: usize = 64;
const BAR: f64 = 10.0;

/// Maps of units, each with a colour scale of its own from 0, or its least rate where that is negative, to its peak.
/// Bins that were not visited are white, y points up. Maps of a track are lines.
#[derive(Clone, Debug, PartialEq)]
pub struct RateMapFigure {
    /// At least one.
    pub units: Vec<UnitMaps>,
    /// Both ends of each axis, x first; one axis of a track.
    pub ends: Vec<(f64, f64)>,
    /// Side of a bin, in the same unit.
    pub bin: f64,
    /// What each of the maps of a unit is of; empty if there is one of each.
    pub names: Vec<String>,
    /// A remark below; empty for none.
    pub remark: String,
}

/// Maps of one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitMaps {
    /// Which it is.
    pub title: String,
    /// The peak rate and what else is known.
    pub subtitle: String,
    /// One for each name, or one: (y, x) with the lowest y first, NaN where it was not visited; one row of a track.
    pub maps: Vec<Array2<f64>>,
    /// The correlation of the map with itself moved (2 y - 1, 2 x - 1), beside it; none for units that are no grid.
    pub autocorrelogram: Option<Array2<f64>>,
}

impl RateMapFigure {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no unit, maps are of different bins or wholly unvisited, a rate is infinite, a correlation is beyond
    /// 1, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let places = self.places();
        let reach = |of: fn(&(Point, (f64, f64))) -> f64| places.iter().map(of).fold(0.0, f64::max);
        let (right, bottom) = (reach(|place| place.0.0 + place.1.0), reach(|place| place.0.1 + place.1.1));
        let entries = self.entries();
        let explained = right + 26.0;
        let legend = self.legend();
        let named = if self.is_track() { 0.0 } else { widest(legend.iter().map(String::as_str), SMALL) };
        let width = explained + key_width(&entries).max(74.0).max(named) + 10.0;
        let bars = if self.is_track() { 0.0 } else { 2.0 * (0.6 * SIDE + 44.0) };
        let below = bottom.max(CORNER.1 + key_height(entries.len()) + bars) + 14.0;
        let remark_height = if self.remark.is_empty() { 0.0 } else { 16.0 };
        let width = width.max(CORNER.0 + text_width(&self.remark, SMALL) + 10.0);
        let mut canvas = Canvas::new(width, below + remark_height + 6.0);
        for (unit, (corner, _)) in self.units.iter().zip(&places) {
            self.draw_unit(&mut canvas, unit, *corner);
        }
        if self.is_track() {
            key(&mut canvas, (explained, CORNER.1), &entries);
        } else {
            self.explain(&mut canvas, (explained, CORNER.1 + TEXTS));
        }
        note(&mut canvas, (CORNER.0, below), &self.remark, Align::Left);
        Ok(canvas)
    }

    fn is_track(&self) -> bool {
        self.units.iter().flat_map(|unit| &unit.maps).all(|map| map.nrows() == 1 || map.ncols() == 1)
    }

    /// Corner and size of each unit, row by row.
    fn places(&self) -> Vec<(Point, (f64, f64))> {
        let (mut x, mut y) = CORNER;
        let mut tallest: f64 = 0.0;
        let mut place = |unit: &UnitMaps| {
            let (width, height) = self.size(unit);
            if x > CORNER.0 && x + width > CORNER.0 + WIDEST {
                (x, y, tallest) = (CORNER.0, y + tallest + GAP.1, 0.0);
            }
            let corner = (x, y);
            (x, tallest) = (x + width + GAP.0, tallest.max(height));
            (corner, (width, height))
        };
        self.units.iter().map(&mut place).collect()
    }

    fn size(&self, unit: &UnitMaps) -> (f64, f64) {
        if self.is_track() {
            return (TRACK.0 + 40.0, TEXTS + TRACK.1 + 28.0);
        }
        let (width, height) = size_of(&unit.maps[0]);
        let beside = unit.autocorrelogram.as_ref().map_or(0.0, |map| size_of(map).0 + BESIDE);
        let n = unit.maps.len() as f64;
        let tallest = unit.autocorrelogram.as_ref().map_or(height, |map| size_of(map).1.max(height));
        let texts = [&unit.title, &unit.subtitle].map(|text| text_width(text, SMALL));
        ((n * width + (n - 1.0) * BESIDE + beside).max(texts[0]).max(0.9 * texts[1]), TEXTS + tallest)
    }

    fn draw_unit(&self, canvas: &mut Canvas, unit: &UnitMaps, (left, top): Point) {
        let text_left = if self.is_track() { left + 40.0 } else { left };
        canvas.text((text_left, top + 5.0), &unit.title, SMALL, Align::Left, INK);
        canvas.text((text_left, top + 18.0), &unit.subtitle, SMALL, Align::Left, GREY);
        let range = unit.range();
        if self.is_track() {
            return self.draw_track(canvas, unit, range, (left + 40.0, top + TEXTS));
        }
        let mut x = left;
        for map in &unit.maps {
            draw_map(canvas, map, (x, top + TEXTS), |rate| rate_color(rate, range));
            x += size_of(map).0 + BESIDE;
        }
        if let Some(map) = &unit.autocorrelogram {
            draw_map(canvas, map, (x, top + TEXTS), |value| correlations().color(value));
        }
    }

    fn draw_track(&self, canvas: &mut Canvas, unit: &UnitMaps, (low, high): (f64, f64), (left, top): Point) {
        let along = self.ends.iter().copied().find(|(low, high)| high > low).unwrap_or((0.0, 1.0));
        let panel = Panel {
            x: Axis::linear(along.0, along.1, (left, left + TRACK.0)),
            y: Axis::linear(low, high, (top + TRACK.1, top)),
        };
        for (i, map) in unit.maps.iter().enumerate() {
            let points: Vec<(f64, f64)> =
                map.iter().enumerate().map(|(bin, rate)| (along.0 + (bin as f64 + 0.5) * self.bin, *rate)).collect();
            for piece in points.split(|(_, rate)| rate.is_nan()).filter(|piece| !piece.is_empty()) {
                panel.curve_within(canvas, piece.iter().copied(), Stroke::solid(series(i), THICK));
            }
        }
        panel.left_axis(canvas, &panel.y.ticks(2), "");
        panel.bottom_axis(canvas, &panel.x.ticks(4), "");
    }

    /// Names of lines of a track.
    fn entries(&self) -> Vec<(String, Mark)> {
        if !self.is_track() {
            return Vec::new();
        }
        let line = |(i, name): (usize, &String)| (name.clone(), Mark::Line(Stroke::solid(series(i), THICK)));
        self.names.iter().enumerate().map(line).collect()
    }

    /// The bars of colours, with what is where.
    fn explain(&self, canvas: &mut Canvas, (left, top): Point) {
        let height = 0.6 * SIDE;
        let least = self.units.iter().any(|unit| unit.range().0 < 0.0);
        let step = cell_size(height, STEPS);
        canvas.text((left, top - 14.0), "Rate", SMALL, Align::Left, INK);
        canvas.cells((left, top), (BAR, step), (STEPS, 1), |row, _| {
            rate_color(1.0 - (row as f64 + 0.5) / STEPS as f64, (0.0, 1.0))
        });
        let bottom = top + step * STEPS as f64;
        outline(canvas, (left, top), (BAR, bottom - top), INK);
        for (y, label) in [(top, "peak"), (bottom, if least { "0 or least" } else { "0" })] {
            canvas.text((left + BAR + 5.0, y), label, SMALL, Align::Left, INK);
        }
        let mut below = bottom + 22.0;
        if self.units.iter().any(|unit| unit.autocorrelogram.is_some()) {
            correlations().bar(canvas, (left, below + 24.0), height, "Correlation");
            below += 24.0 + height + 22.0;
        }
        for (place, text) in self.legend().iter().enumerate() {
            canvas.text((left, below + 14.0 * place as f64), text, SMALL, Align::Left, INK);
        }
    }

    /// Which map is which.
    fn legend(&self) -> Vec<String> {
        let place = |place: usize| match (self.names.len(), place) {
            (2, 0) => "left".into(),
            (2, _) => "right".into(),
            _ => (place + 1).to_string(),
        };
        self.names.iter().enumerate().map(|(i, name)| format!("{}: {name}", place(i))).collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("units", self.units.len())?;
        require(matches!(self.ends.len(), 1 | 2), "ends", || {
            format!("has {} axes; there must be one or two", self.ends.len())
        })?;
        require_finite("ends", self.ends.iter().flat_map(|ends| [ends.0, ends.1]))?;
        require(self.bin > 0.0 && self.bin.is_finite(), "bin", || format!("is {}; it must be above 0", self.bin))?;
        let shape = self.units[0].maps.first().map(Array2::dim);
        let maps = self.names.len().max(1);
        for (i, unit) in self.units.iter().enumerate() {
            let field = format!("units[{i}].maps");
            require(unit.maps.len() == maps, &field, || format!("has {} maps; it must have {maps}", unit.maps.len()))?;
            for map in &unit.maps {
                require(Some(map.dim()) == shape && !map.is_empty(), &field, || {
                    format!("has a map of shape {:?}; all must be of the same bins", map.dim())
                })?;
                require_finite(&field, map.iter().copied().filter(|rate| !rate.is_nan()))?;
                require(map.iter().any(|rate| !rate.is_nan()), &field, || "has a map without any rate".into())?;
            }
            let beyond = unit.autocorrelogram.iter().flatten().find(|value| value.abs() > 1.0 + 1e-9);
            require(beyond.is_none(), &format!("units[{i}].autocorrelogram"), || {
                format!("holds {}; correlations lie in [-1, 1]", beyond.unwrap_or(&0.0))
            })?;
        }
        Ok(())
    }
}

impl UnitMaps {
    /// The ends of the colour scale of its maps.
    fn range(&self) -> (f64, f64) {
        let rates = self.maps.iter().flatten().copied().filter(|rate| !rate.is_nan());
        let (low, high) =
            rates.fold((0.0, f64::NEG_INFINITY), |(low, high): (f64, f64), rate| (low.min(rate), high.max(rate)));
        (low, if high > low { high } else { low + 1.0 })
    }
}

/// Correlations from -1 to 1, white at 0.
pub(super) fn correlations() -> ColorScale {
    ColorScale { limit: 1.0, diverging: true, saturated: 0.0 }
}

/// Width and height of a map.
pub(super) fn size_of(map: &Array2<f64>) -> (f64, f64) {
    let (rows, columns) = map.dim();
    let cell = cell_size(SIDE, rows.max(columns));
    (columns as f64 * cell, rows as f64 * cell)
}

/// A map with its outline from its top left corner, the first row at the bottom.
pub(super) fn draw_map(canvas: &mut Canvas, map: &Array2<f64>, corner: Point, color: impl Fn(f64) -> Rgb) {
    let (rows, columns) = map.dim();
    let cell = cell_size(SIDE, rows.max(columns));
    canvas.cells(corner, (cell, cell), (rows, columns), |row, column| {
        let value = map[[rows - 1 - row, column]];
        if value.is_nan() { WHITE } else { color(value) }
    });
    outline(canvas, corner, size_of(map), FAINT);
}

fn outline(canvas: &mut Canvas, (left, top): Point, (width, height): (f64, f64), color: Rgb) {
    let (right, bottom) = (left + width, top + height);
    canvas.outline((left, top), (right, bottom), Stroke::solid(color, 0.75 * THIN));
}

/// From dark to light, never white.
fn rate_color(rate: f64, (low, high): (f64, f64)) -> Rgb {
    ColorMap::Viridis.map_rgb(((rate - low) / (high - low)).clamp(0.0, 1.0)).unwrap_or(INK)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn figure(maps: Vec<Array2<f64>>) -> RateMapFigure {
        let unit = UnitMaps { title: "unit 3".into(), subtitle: "peak 2.00".into(), maps, autocorrelogram: None };
        RateMapFigure {
            units: vec![unit],
            ends: vec![(0.0, 3.0), (0.0, 2.0)],
            bin: 1.0,
            names: vec![],
            remark: "".into(),
        }
    }

    #[test]
    fn the_first_row_is_at_the_bottom_and_unvisited_bins_are_white() {
        let svg = figure(vec![array![[2.0, f64::NAN, 0.0], [0.0, 0.0, 0.0]]]).draw().unwrap().into_svg();
        let cell = cell_size(SIDE, 3);
        // The peak is the one bin of the lightest colour: left, in the lower row.
        let at = format!("M{} {}h{cell}v{cell}", CORNER.0, CORNER.1 + TEXTS + cell);
        assert!(svg.contains(&at), "{at} in {svg}");
        let gap = format!("M{} {}h", CORNER.0 + cell, CORNER.1 + TEXTS + cell);
        assert!(!svg.contains(&gap), "{gap} in {svg}");
        assert!(svg.contains(">unit 3<") && svg.contains(">peak 2.00<") && svg.contains(">peak<"), "{svg}");
    }

    #[test]
    fn a_track_is_a_line_with_gaps_where_it_was_not_visited() {
        let mut figure = figure(vec![array![[0.0, 1.0, f64::NAN, 2.0, 1.0]]]);
        figure.ends = vec![(0.0, 5.0)];
        let svg = figure.draw().unwrap().into_svg();
        assert!(!svg.contains(">peak<") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn maps_of_other_bins_or_without_rates_are_refused() {
        let refusal = |figure: RateMapFigure| figure.draw().err().unwrap().to_string();
        assert!(refusal(figure(vec![])).contains("`units[0].maps` has 0 maps"));
        assert!(refusal(figure(vec![array![[f64::NAN, f64::NAN]]])).contains("without any rate"));
        assert!(refusal(figure(vec![array![[f64::INFINITY, 0.0]]])).contains("holds inf"));
        let mut two = figure(vec![array![[1.0, 0.0]]]);
        two.units.push(UnitMaps { maps: vec![array![[1.0]]], ..two.units[0].clone() });
        assert!(refusal(two).contains("all must be of the same bins"));
        let mut beyond = figure(vec![array![[1.0, 0.0]]]);
        beyond.units[0].autocorrelogram = Some(array![[1.5]]);
        assert!(refusal(beyond).contains("holds 1.5"));
    }
}
