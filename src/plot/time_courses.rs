//! Lines over time in panels below one another, with the epochs of the trial.

use std::path::Path;

use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Mark, key, key_height, key_width};
use super::panel::{Panel, lanes};
use super::save::save;
use super::style::{FAINT, INK, Rgb, SMALL, TEXT, THICK, THIN, series, text_width, widest};
use super::{EpochSpan, PlotError};

/// Width of a panel, and the height of one of a few and of one of many.
const WIDTH: f64 = 360.0;
const HEIGHTS: (f64, f64) = (110.0, 72.0);
/// So many panels are many.
const MANY: usize = 4;
/// Between two panels.
const GAP: f64 = 26.0;
/// Height of a lane of names of epochs.
const LANE: f64 = 13.0;
/// Every other epoch.
const SHADED: Rgb = (240, 240, 240);

/// Panels below one another that share their time axis, each with named lines; a line of the same name has the same
/// colour in all of them. Such as the currents into each area by where they come from, or the time constants of the
/// slowest modes along a trajectory.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeCourses {
    /// Time of a step, ms, above 0.
    pub dt: f64,
    /// Epochs, every other shaded; may be empty.
    pub epochs: Vec<EpochSpan>,
    /// What the values are, with their unit: the label of every y axis.
    pub quantity: String,
    /// From top to bottom, at least one.
    pub panels: Vec<TimePanel>,
    /// Whether all panels have the same y axis.
    pub share_y: bool,
}

/// One panel.
#[derive(Clone, Debug, PartialEq)]
pub struct TimePanel {
    /// What stands above it, such as the area that currents flow into.
    pub title: String,
    /// At least one.
    pub lines: Vec<TimeLine>,
}

/// A line over time.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeLine {
    /// Its name in the legend.
    pub name: String,
    /// A value for each step; NaN is a gap. Not all may be gaps.
    pub values: Vec<f64>,
}

impl TimeCourses {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no panel, one has no line, a line has no number, a number is infinite, an epoch ends before it
    /// begins, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let n = self.panels.len();
        let height = if n > MANY { HEIGHTS.1 } else { HEIGHTS.0 };
        let ranges: Vec<(f64, f64)> = self.panels.iter().map(TimePanel::range).collect();
        let all = ranges.iter().fold((f64::MAX, f64::MIN), |(low, high), r| (low.min(r.0), high.max(r.1)));
        let range = |i: usize| if self.share_y { all } else { ranges[i] };
        let y = |i: usize, pixels| Axis::linear(range(i).0, range(i).1, pixels).padded(0.06);
        // One tick alone tells no scale.
        let ticks = |i: usize| {
            let few = y(i, (height, 0.0)).ticks(3);
            if few.len() > 1 { few } else { y(i, (height, 0.0)).roomy_ticks() }
        };
        let labels: Vec<String> = (0..n).flat_map(|i| ticks(i).into_iter().map(|(_, label)| label)).collect();
        let left = (widest(labels.iter().map(String::as_str), SMALL) + 44.0).ceil();
        let time = self.time_axis((left, left + WIDTH));
        let names = self.epoch_names(time);
        let top = 10.0 + LANE * names.iter().map(|(_, lane)| lane + 1).max().unwrap_or(0) as f64 + 18.0;
        let bottom = top + n as f64 * (height + GAP) - GAP;
        let names_of_lines = self.names();
        let entries = entries(&names_of_lines);
        let below = (bottom + 54.0).max(top + key_height(entries.len()) + 8.0);
        let mut canvas = Canvas::new(left + WIDTH + 20.0 + key_width(&entries) + 12.0, below);
        for (epoch, (x, lane)) in self.epochs.iter().zip(&names) {
            canvas.text((*x, top - 24.0 - LANE * *lane as f64), &epoch.name, SMALL, Align::Centre, INK);
        }
        for (i, panel) in self.panels.iter().enumerate() {
            let above = top + i as f64 * (height + GAP);
            let drawn = Panel { x: time, y: y(i, (above + height, above)) };
            self.draw_panel(&mut canvas, &drawn, panel, &names_of_lines);
            drawn.left_axis(&mut canvas, &ticks(i), "");
        }
        canvas.vertical_text((12.0, (top + bottom) / 2.0), &self.quantity, TEXT, Align::Centre, INK);
        let lowest = Panel { x: time, y: Axis::linear(0.0, 1.0, (bottom, top)) };
        lowest.bottom_axis(&mut canvas, &time.ticks(6), "Time (ms)");
        key(&mut canvas, (left + WIDTH + 20.0, top), &entries);
        Ok(canvas)
    }

    fn draw_panel(&self, canvas: &mut Canvas, drawn: &Panel, panel: &TimePanel, names: &[&str]) {
        let ((left, right), (bottom, top)) = (drawn.x.pixels(), drawn.y.pixels());
        for epoch in self.epochs.iter().skip(1).step_by(2) {
            let (start, end) = (drawn.x.pixel(epoch.start), drawn.x.pixel(epoch.end));
            canvas.rect((start, top), end - start, bottom - top, SHADED);
        }
        let zero = drawn.y.pixel(0.0);
        if (top..=bottom).contains(&zero) {
            canvas.line((left, zero), (right, zero), Stroke::solid(FAINT, THIN));
        }
        for line in &panel.lines {
            // Each name is among them.
            let color = names.iter().position(|name| *name == line.name).unwrap_or(0);
            for piece in self.pieces(line) {
                drawn.curve(canvas, piece, stroke(color));
            }
        }
        canvas.text((left, top - 9.0), &panel.title, SMALL, Align::Left, INK);
    }

    /// The parts of a line between its gaps, at the middle of each step.
    fn pieces(&self, line: &TimeLine) -> Vec<Vec<(f64, f64)>> {
        let points: Vec<(f64, f64)> =
            line.values.iter().enumerate().map(|(step, value)| ((step as f64 + 0.5) * self.dt, *value)).collect();
        points.split(|(_, value)| value.is_nan()).filter(|piece| !piece.is_empty()).map(<[_]>::to_vec).collect()
    }

    /// Names of lines in the order in which they first appear.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            if !names.contains(&line.name.as_str()) {
                names.push(&line.name);
            }
        }
        names
    }

    fn time_axis(&self, pixels: (f64, f64)) -> Axis {
        let lines = self.panels.iter().flat_map(|panel| &panel.lines);
        let steps = lines.map(|line| line.values.len()).max().unwrap_or(1) as f64 * self.dt;
        let end = self.epochs.iter().map(|epoch| epoch.end).fold(steps, f64::max);
        Axis::linear(0.0, end, pixels)
    }

    /// Centre and lane of each epoch's name.
    fn epoch_names(&self, time: Axis) -> Vec<(f64, usize)> {
        let centre = |epoch: &EpochSpan| time.pixel(0.5 * (epoch.start + epoch.end));
        let texts: Vec<(f64, f64)> =
            self.epochs.iter().map(|epoch| (centre(epoch), text_width(&epoch.name, SMALL))).collect();
        texts.iter().map(|text| text.0).zip(lanes(texts.iter().copied())).collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_finite("dt", [self.dt])?;
        require(self.dt > 0.0, "dt", || format!("is {}; it must be above 0 ms", self.dt))?;
        require_some("panels", self.panels.len())?;
        for (i, epoch) in self.epochs.iter().enumerate() {
            let (field, start, end) = (format!("epochs[{i}]"), epoch.start, epoch.end);
            require_finite(&field, [start, end])?;
            require(0.0 <= start && start < end, &field, || {
                format!("goes from {start} to {end} ms; it must begin at 0 or later, and before it ends")
            })?;
        }
        for (i, panel) in self.panels.iter().enumerate() {
            require_some(&format!("panels[{i}].lines"), panel.lines.len())?;
            for (j, line) in panel.lines.iter().enumerate() {
                let field = format!("panels[{i}].lines[{j}].values");
                let there = || line.values.iter().copied().filter(|value| !value.is_nan());
                require_some(&field, there().count())?;
                require_finite(&field, there())?;
            }
        }
        Ok(())
    }
}

impl TimePanel {
    fn range(&self) -> (f64, f64) {
        let values = self.lines.iter().flat_map(|line| line.values.iter().copied()).filter(|value| !value.is_nan());
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
    }
}

fn entries(names: &[&str]) -> Vec<(String, Mark)> {
    let entry = |(i, name): (usize, &&str)| ((*name).to_owned(), Mark::Line(stroke(i)));
    names.iter().enumerate().map(entry).collect()
}

/// Beyond the colours of the palette lines are dashed.
fn stroke(i: usize) -> Stroke {
    const COLORS: usize = super::style::PALETTE.len();
    if i < COLORS { Stroke::solid(series(i), THICK) } else { Stroke::dashed(series(i), THICK) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, values: &[f64]) -> TimeLine {
        TimeLine { name: name.into(), values: values.to_vec() }
    }

    fn figure(lines: &[TimeLine]) -> TimeCourses {
        let epoch = |name: &str, start: f64, end: f64| EpochSpan { name: name.into(), start, end };
        let panel = |title: &str| TimePanel { title: title.into(), lines: lines.to_vec() };
        TimeCourses {
            dt: 10.0,
            epochs: vec![epoch("fixation", 0.0, 20.0), epoch("stimulus", 20.0, 40.0)],
            quantity: "Current".into(),
            panels: vec![panel("into E"), panel("into I")],
            share_y: true,
        }
    }

    #[test]
    fn a_name_stands_once_in_the_legend_and_epochs_above() {
        let svg = figure(&[line("from E", &[0.0, 1.0, 2.0, 1.0]), line("from I", &[0.0, -1.0, -2.0, -1.0])]);
        let svg = svg.draw().unwrap().into_svg();
        for text in [">from E<", ">from I<", ">into E<", ">into I<", ">stimulus<", ">Time (ms)<", ">Current<"] {
            assert_eq!(svg.matches(text).count(), 1, "{text} in {svg}");
        }
    }

    #[test]
    fn a_line_is_broken_at_its_gaps() {
        let line = line("tau", &[1.0, 2.0, f64::NAN, f64::NAN, 3.0]);
        assert_eq!(figure(&[]).pieces(&line), vec![vec![(5.0, 1.0), (15.0, 2.0)], vec![(45.0, 3.0)]]);
    }

    #[test]
    fn lines_without_numbers_and_epochs_that_end_first_are_refused() {
        let refusal = |figure: TimeCourses| figure.draw().err().unwrap().to_string();
        assert!(refusal(figure(&[])).contains("`panels[0].lines` is empty"));
        assert!(refusal(figure(&[line("a", &[f64::NAN])])).contains("`panels[0].lines[0].values` is empty"));
        assert!(refusal(figure(&[line("a", &[f64::INFINITY])])).contains("holds inf"));
        let mut late = figure(&[line("a", &[1.0])]);
        late.epochs[1].end = 10.0;
        assert!(refusal(late).contains("`epochs[1]` goes from 20 to 10 ms"));
    }
}
