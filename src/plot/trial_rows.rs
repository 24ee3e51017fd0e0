//! Trials side by side as plain data: columns of trials, rows of panels, each row the same channels in every trial.

use std::ops::Range;

use ndarray::{Array2, ArrayView1};

use super::EpochSpan;
use super::axis::range;
use super::canvas::{Canvas, Point, Stroke};
use super::channel_groups::channel_groups;
use super::channel_looks::Look;
use super::color_scale::ColorScale;
use super::panel::legend_height;
use super::style::{INK, PALETTE, THIN, cell_size};

/// Height of a row of lines.
const LINES: f64 = 80.0;
/// Height of the strip of one of a few channels.
const STRIP: f64 = 14.0;
/// Jumps per trial and channel above which several lines are a tangle. A jump is a change by half of the range of all.
const JUMPS: usize = 8;
/// Height that a heatmap of channels comes close to.
pub(super) const CHANNELS: f64 = 96.0;

/// What a figure of trials shows.
pub(super) struct TrialGrid<'a> {
    /// Integration step, ms.
    pub dt: f64,
    /// Width that the longest trial comes close to.
    pub width: f64,
    /// Whether every other epoch is shaded.
    pub shaded: bool,
    pub columns: Vec<Column<'a>>,
    /// A remark below the rows.
    pub note: String,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// One trial.
pub(super) struct Column<'a> {
    /// Heading, one or several lines.
    pub title: &'a str,
    /// A last line of the heading that stands out.
    pub mark: Option<&'static str>,
    pub epochs: &'a [EpochSpan],
    pub n_steps: usize,
}

/// One row of panels, shared by all trials.
pub(super) struct Row {
    pub name: String,
    pub content: Content,
    pub key: Key,
    pub height: f64,
    /// Whether it belongs to the row above and stands close to it.
    pub joined: bool,
}

/// How a row shows its values. There is one array (time, channels) per column.
pub(super) enum Content {
    /// Lines between these values, one layer over the other.
    Lines { layers: Vec<Layer>, low: f64, high: f64 },
    /// One value that all channels share, as an area from 0 up to at most this value.
    Area { values: Vec<Array2<f32>>, high: f32 },
    /// One strip of cells per channel, each this high; `what` its channels are, and which of them are named together.
    Heat {
        values: Vec<Array2<f32>>,
        scale: ColorScale,
        cell: f64,
        what: &'static str,
        groups: Vec<(String, Range<usize>)>,
    },
}

/// What explains a row, to its right.
pub(super) enum Key {
    /// Line samples with names.
    Legend(Vec<(String, Stroke)>),
    /// The colour scale, beside rows of this height together.
    Bar {
        label: &'static str,
        height: f64,
    },
    Nothing,
}

/// Lines of one look, one per channel.
pub(super) struct Layer {
    pub values: Vec<Array2<f32>>,
    /// Where they are drawn; everywhere if there is nothing here.
    pub shown: Option<Vec<Array2<bool>>>,
    pub strokes: Vec<Stroke>,
    pub course: Course,
}

/// How a line goes from one step to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It jumps: inputs and targets hold for a step.
    Steps,
    /// Straight from the middle of one to the middle of the next.
    Line,
}

impl Layer {
    /// All of the lines.
    pub fn whole(values: Vec<Array2<f32>>, strokes: Vec<Stroke>, course: Course) -> Self {
        Self { values, shown: None, strokes, course }
    }

    /// The lines where the loss asks for them (`graded`), or where it does not.
    pub fn of_targets(
        targets: Vec<Array2<f32>>,
        loss_masks: &[Array2<f32>],
        graded: bool,
        strokes: Vec<Stroke>,
    ) -> Self {
        let shown = loss_masks.iter().map(|mask| mask.mapv(|weight| (weight > 0.0) == graded)).collect();
        Self { values: targets, shown: Some(shown), strokes, course: Course::Steps }
    }

    /// Whether channel `channel` of trial `column` is drawn at a step.
    pub fn is_shown(&self, column: usize, step: usize, channel: usize) -> bool {
        self.shown.as_ref().is_none_or(|shown| shown[column][[step, channel]])
    }

    /// Whether anything is drawn.
    pub fn is_seen(&self) -> bool {
        self.shown.as_ref().is_none_or(|shown| shown.iter().flatten().any(|shown| *shown))
    }

    /// Every value that is drawn.
    fn drawn(&self) -> impl Iterator<Item = f64> + '_ {
        let cells = self
            .values
            .iter()
            .enumerate()
            .flat_map(|(column, values)| values.indexed_iter().map(move |cell| (column, cell)));
        cells
            .filter(|(column, ((step, channel), _))| self.is_shown(*column, *step, *channel))
            .map(|(_, (_, value))| f64::from(*value))
    }
}

/// A stroke of this width for each channel.
pub(super) fn channel_strokes(looks: &[Look], width: f64) -> Vec<Stroke> {
    looks.iter().map(|look| look.stroke(width)).collect()
}

impl Row {
    /// A row of lines with its legend, high enough for it.
    pub fn lines(name: &str, layers: Vec<Layer>, legend: Vec<(String, Stroke)>) -> Self {
        let drawn = layers.iter().flat_map(Layer::drawn);
        let (low, high) = range(drawn);
        let height = legend_height(legend.len()).max(LINES);
        Self {
            name: name.into(),
            content: Content::Lines { layers, low, high },
            key: Key::Legend(legend),
            height,
            joined: false,
        }
    }

    /// A heatmap of channels, as high as `height` or nearly so, with a colour bar of its own.
    pub fn channels(name: &str, values: Vec<Array2<f32>>, names: &[String], scale: ColorScale, height: f64) -> Self {
        let cell = cell_size(height, names.len());
        let height = cell * names.len() as f64;
        let content = Content::Heat { values, scale, cell, what: "channels", groups: channel_groups(names, cell) };
        Self { name: name.into(), content, key: Key::Bar { label: "Value", height }, height, joined: false }
    }

    /// Its name, and how many channels or units a heatmap shows.
    pub fn names(&self) -> (&str, Option<String>) {
        let count = match &self.content {
            Content::Heat { values, what, .. } => {
                let n = values.first().map_or(0, Array2::ncols);
                Some(format!("{n} {}", if n == 1 { what.trim_end_matches('s') } else { what }))
            }
            _ => None,
        };
        (&self.name, count)
    }
}

/// Whether so many channels are told apart by colour.
pub(super) fn fit_as_lines(n_channels: usize) -> bool {
    n_channels <= PALETTE.len()
}

/// Whether so many lines can be followed by eye: not where several jump up and down again and again, like the bits of a
/// flip-flop.
pub(super) fn are_lines(values: &[Array2<f32>]) -> bool {
    let n_channels = values.first().map_or(0, Array2::ncols);
    let all = values.iter().flatten();
    let (low, high) =
        all.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    let large = |pair: ArrayView1<'_, f32>| (pair[1] - pair[0]).abs() >= 0.5 * (high - low) && high > low;
    let jumps = |line: ArrayView1<'_, f32>| line.windows(2).into_iter().filter(|pair| large(*pair)).count();
    let n_jumps: usize = values.iter().flat_map(|trial| trial.columns()).map(jumps).sum();
    fit_as_lines(n_channels) && (n_channels < 2 || n_jumps <= JUMPS * n_channels * values.len())
}

/// Height of a heatmap of so many channels: strips of a few, `many` in all of more.
pub(super) fn heat_height(n_channels: usize, many: f64) -> f64 {
    if fit_as_lines(n_channels) { STRIP * n_channels as f64 } else { many }
}

/// The heatmap of one trial, with its outline, from the top left corner; `step` is the width of a cell.
pub(super) fn draw_heat(canvas: &mut Canvas, row: &Row, column: usize, (left, top): Point, step: f64) {
    let Content::Heat { values, scale, cell, .. } = &row.content else { return };
    let values = &values[column];
    let shape = (values.ncols(), values.nrows());
    canvas.cells((left, top), (step, *cell), shape, |channel, t| scale.color(f64::from(values[[t, channel]])));
    let (right, bottom) = (left + step * values.nrows() as f64, top + row.height);
    canvas.polyline(
        &[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)],
        Stroke::solid(INK, THIN * 0.75),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_channels_that_jump_again_and_again_are_a_heatmap_and_noise_is_not() {
        let lines = |value: fn(usize) -> f32| are_lines(&[Array2::from_shape_fn((40, 2), |(step, _)| value(step))]);
        assert!(!lines(|step| (step % 2) as f32));
        assert!(lines(|step| f32::from(u8::from(step > 20)) + 0.1 * (step % 3) as f32));
        assert!(lines(|_| 1.0));
        assert!(are_lines(&[Array2::from_shape_fn((40, 1), |(step, _)| (step % 2) as f32)]), "one line hides no other");
    }
}
