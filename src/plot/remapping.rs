//! How much the maps of units change from one condition to another.

use std::path::Path;

use ndarray::Array2;
use nn4n_analysis::{Remapping, spatial::remapping::Measure};

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Point, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, key, key_height, key_width};
use super::panel::{Panel, note};
use super::rate_maps::{correlations, draw_map, size_of};
use super::save::save;
use super::style::{FAINT, GREY, INK, SMALL, THICK, series, tint, widest};

/// Top of both parts.
const TOP: f64 = 34.0;
/// Left of the first part.
const LEFT: f64 = 18.0;
/// Width of the second part, and the height of a measure.
const WIDTH: f64 = 220.0;
const ROW: f64 = 34.0;
/// Width and height of the line of a track.
const TRACK: (f64, f64) = (220.0, 110.0);

/// On the left the correlation of population vectors in each bin, on the right each measure between the conditions,
/// beside that between halves of one condition and that of units in random order.
#[derive(Clone, Debug, PartialEq)]
pub struct RemappingFigure {
    /// Correlation in each bin (y, x) with the lowest y first, one row of a track; NaN where there is none.
    pub of_bins: Array2<f64>,
    /// Both ends of the x axis.
    pub ends: (f64, f64),
    /// From top to bottom.
    pub measures: Vec<RemappingRow>,
    /// A remark above; empty for none.
    pub remark: String,
}

/// One measure.
#[derive(Clone, Debug, PartialEq)]
pub struct RemappingRow {
    /// What is measured.
    pub name: String,
    /// Between the conditions, from as few data as the ceiling.
    pub between: f64,
    /// Between halves of one condition.
    pub ceiling: f64,
    /// With units in random order; none if they were not shuffled.
    pub floor: Option<f64>,
}

impl RemappingFigure {
    /// Of an analysis, without measures that are not defined.
    pub fn of(found: &Remapping) -> Self {
        let row = |name: &str, measure: &Measure| {
            let (between, ceiling) = measure.between_halves.zip(measure.ceiling)?;
            Some(RemappingRow { name: name.into(), between, ceiling, floor: measure.floor })
        };
        let measures = [
            row("population vector", &found.population_vector),
            row("place of fields", &found.place),
            found.rate.as_ref().and_then(|rate| row("overlap of rates", rate)),
        ];
        let remark = match (found.remapping, &found.undecided) {
            (Some("none"), _) => "no remapping".to_owned(),
            (Some(kind), _) => format!("{kind} remapping"),
            (None, reason) => reason.clone().unwrap_or_default(),
        };
        Self {
            of_bins: found.of_bins.clone(),
            ends: found.arena.ends[0],
            measures: measures.into_iter().flatten().collect(),
            remark,
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no measure, no bin has a correlation, one is beyond 1, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let is_track = self.of_bins.nrows() == 1;
        let (width, height) = if is_track { (TRACK.0 + 44.0, TRACK.1) } else { size_of(&self.of_bins) };
        let bar = if is_track { 0.0 } else { 66.0 };
        let names = widest(self.measures.iter().map(|row| row.name.as_str()), SMALL);
        let left = LEFT + width + bar + 30.0 + names;
        let entries = self.entries();
        let bottom = TOP + ROW * self.measures.len() as f64;
        let right = left + WIDTH + 20.0;
        let room = if is_track { 44.0 } else { 16.0 };
        let below = (TOP + height + room).max(bottom + 54.0).max(TOP + key_height(entries.len()) + 10.0);
        let mut canvas = Canvas::new(right + key_width(&entries) + 12.0, below);
        canvas.text((LEFT, 12.0), "Correlation of population vectors", SMALL, Align::Left, INK);
        if is_track {
            self.draw_track(&mut canvas, (LEFT + 44.0, TOP));
        } else {
            draw_map(&mut canvas, &self.of_bins, (LEFT, TOP), |value| correlations().color(value));
            correlations().bar(&mut canvas, (LEFT + width + 12.0, TOP + 8.0), 0.7 * height, "");
        }
        self.draw_measures(&mut canvas, (left, bottom));
        key(&mut canvas, (right, TOP), &entries);
        note(&mut canvas, (left, 12.0), &self.remark, Align::Left);
        Ok(canvas)
    }

    fn draw_track(&self, canvas: &mut Canvas, (left, top): Point) {
        let panel = Panel {
            x: Axis::linear(self.ends.0, self.ends.1, (left, left + TRACK.0)),
            y: Axis::linear(-1.0, 1.0, (top + TRACK.1, top)),
        };
        panel.horizontal_guide(canvas, 0.0);
        let side = (self.ends.1 - self.ends.0) / self.of_bins.ncols() as f64;
        let points: Vec<(f64, f64)> =
            self.of_bins.iter().enumerate().map(|(bin, r)| (self.ends.0 + (bin as f64 + 0.5) * side, *r)).collect();
        for piece in points.split(|(_, r)| r.is_nan()).filter(|piece| !piece.is_empty()) {
            panel.curve(canvas, piece.iter().copied(), Stroke::solid(series(0), THICK));
        }
        panel.left_axis(canvas, &panel.y.ticks(4), "");
        panel.bottom_axis(canvas, &panel.x.ticks(4), "Place");
    }

    fn draw_measures(&self, canvas: &mut Canvas, (left, bottom): Point) {
        let all = self.measures.iter().flat_map(|row| [Some(row.between), Some(row.ceiling), row.floor]).flatten();
        let low = all.fold(0.0, f64::min);
        let x = Axis::linear(low, 1.0, (left, left + WIDTH));
        let panel = Panel { x, y: Axis::linear(0.0, 1.0, (bottom, TOP)) };
        panel.vertical_guide(canvas, 0.0);
        for (i, row) in self.measures.iter().enumerate() {
            let y = TOP + ROW * (i as f64 + 0.5);
            canvas.text((left - 12.0, y), &row.name, SMALL, Align::Right, INK);
            let ceiling = x.pixel(row.ceiling);
            if let Some(floor) = row.floor.map(|floor| x.pixel(floor)) {
                canvas.line((floor, y), (ceiling, y), Stroke::solid(tint(GREY, 0.3), 6.0));
                canvas.line((floor, y - 7.0), (floor, y + 7.0), Stroke::solid(FAINT, 2.0));
            }
            canvas.line((ceiling, y - 7.0), (ceiling, y + 7.0), Stroke::solid(INK, 2.0));
            Dot::new(series(1), 4.0).draw(canvas, (x.pixel(row.between), y));
        }
        panel.bottom_axis(canvas, &x.ticks(5), "Correlation, or overlap");
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let shuffled = self.measures.iter().any(|row| row.floor.is_some());
        let floor = shuffled.then(|| ("units in random order".to_owned(), Mark::Line(Stroke::solid(FAINT, 2.0))));
        let others = [
            ("between the conditions".to_owned(), Mark::Dot(Dot::new(series(1), 4.0))),
            ("between halves of one".to_owned(), Mark::Line(Stroke::solid(INK, 2.0))),
        ];
        others.into_iter().chain(floor).collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("measures", self.measures.len())?;
        require_finite("ends", [self.ends.0, self.ends.1])?;
        let there = || self.of_bins.iter().copied().filter(|r| !r.is_nan());
        require(there().next().is_some(), "of_bins", || "has no correlation; a figure needs one at least".into())?;
        let values = self.measures.iter().flat_map(|row| [Some(row.between), Some(row.ceiling), row.floor]).flatten();
        require_finite("measures", values.clone())?;
        for (field, value) in there().map(|r| ("of_bins", r)).chain(values.map(|value| ("measures", value))) {
            require(value.abs() <= 1.0 + 1e-9, field, || format!("holds {value}; it must lie in [-1, 1]"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn figure() -> RemappingFigure {
        let row = RemappingRow { name: "place of fields".into(), between: 0.2, ceiling: 0.9, floor: Some(0.0) };
        RemappingFigure {
            of_bins: array![[0.5, f64::NAN], [-0.5, 1.0]],
            ends: (0.0, 2.0),
            measures: vec![row],
            remark: "global remapping".into(),
        }
    }

    #[test]
    fn a_measure_lies_between_its_floor_and_its_ceiling() {
        let svg = figure().draw().unwrap().into_svg();
        for text in [">place of fields<", ">global remapping<", ">units in random order<", ">between the conditions<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert!(!svg.contains("NaN"), "{svg}");
        let mut track = figure();
        track.of_bins = array![[0.5, f64::NAN, -0.5, 1.0]];
        track.measures[0].floor = None;
        let svg = track.draw().unwrap().into_svg();
        assert!(svg.contains(">Place<") && !svg.contains("random order") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn correlations_beyond_1_and_none_at_all_are_refused() {
        let refusal = |figure: RemappingFigure| figure.draw().err().unwrap().to_string();
        assert!(refusal(RemappingFigure { measures: vec![], ..figure() }).contains("`measures` is empty"));
        assert!(refusal(RemappingFigure { of_bins: array![[f64::NAN]], ..figure() }).contains("has no correlation"));
        assert!(refusal(RemappingFigure { of_bins: array![[1.5]], ..figure() }).contains("holds 1.5"));
        let mut beyond = figure();
        beyond.measures[0].between = f64::NAN;
        assert!(refusal(beyond).contains("`measures` holds NaN"));
    }
}
