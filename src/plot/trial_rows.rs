//! The rows of a trial figure: which values each shows, as lines or as a heatmap, and how high it is.

use super::canvas::{Canvas, Point, Stroke};
use super::color_scale::ColorScale;
use super::panel::{Panel, legend_height};
use super::style::{INK, PALETTE, THICK, THIN, cell_size, darker, series};
use super::trial_figure::{TrialFigure, TrialPanel};

/// Height of a row of lines, of a heatmap of channels, of all rate panels together and of the smallest of them.
const LINES: f64 = 80.0;
const CHANNELS: f64 = 96.0;
const RATES: f64 = 230.0;
const SMALLEST: f64 = 30.0;

/// Which array of a trial a row shows.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Source {
    Inputs,
    /// Rates of the group with this index.
    Rates(usize),
    Outputs,
    Targets,
}

/// How a row shows it.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// One line per channel between these values.
    Lines { low: f64, high: f64 },
    /// One strip of cells per channel, each this high.
    Heat { scale: ColorScale, cell: f64 },
}

/// One row of panels, shared by all trials.
pub(super) struct Row {
    pub source: Source,
    pub content: Content,
    pub n_channels: usize,
    pub height: f64,
}

/// The rows of a figure from top to bottom: inputs, one per group of units, outputs.
pub(super) fn rows(figure: &TrialFigure) -> Vec<Row> {
    let mut rows = vec![channel_row(figure, Source::Inputs)];
    let n_units: usize = figure.groups.iter().map(|g| g.units.len()).sum();
    let drawn = move |trial| figure.groups.iter().enumerate().flat_map(move |(g, _)| values(figure, trial, Source::Rates(g)));
    let scale = ColorScale::rates(figure.trials.iter().flat_map(drawn));
    for (g, group) in figure.groups.iter().enumerate() {
        let n = group.units.len();
        let common = cell_size(RATES, n_units);
        let cell = if common * (n as f64) < SMALLEST { cell_size(SMALLEST, n) } else { common };
        rows.push(Row { source: Source::Rates(g), content: Content::Heat { scale, cell }, n_channels: n, height: n as f64 * cell });
    }
    rows.push(channel_row(figure, Source::Outputs));
    if figure.output_names.len() > PALETTE.len() && has_targets(figure) {
        rows.push(channel_row(figure, Source::Targets));
    }
    rows
}

fn channel_row(figure: &TrialFigure, source: Source) -> Row {
    let n_channels = source.n_channels(figure);
    if n_channels > PALETTE.len() {
        let cell = cell_size(CHANNELS, n_channels);
        let of = |source| figure.trials.iter().flat_map(move |t| values(figure, t, source));
        // Outputs and targets share a scale, so that they can be compared.
        let scale = match source {
            Source::Outputs | Source::Targets => ColorScale::channels(of(Source::Outputs).chain(of(Source::Targets))),
            _ => ColorScale::channels(of(source)),
        };
        return Row { source, content: Content::Heat { scale, cell }, n_channels, height: n_channels as f64 * cell };
    }
    let lines = figure.trials.iter().flat_map(|t| values(figure, t, source));
    let counted = |t: &'_ TrialPanel| t.targets.iter().zip(&t.loss_mask).filter(|(_, m)| **m > 0.0).map(|(v, _)| *v).collect::<Vec<_>>();
    let targets = figure.trials.iter().filter(|_| source == Source::Outputs).flat_map(counted);
    let all = lines.chain(targets).map(f64::from);
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    // The legend beside the row also names the target.
    Row { source, content: Content::Lines { low, high }, n_channels, height: legend_height(n_channels + 1).max(LINES) }
}

/// Whether any target counts.
pub(super) fn has_targets(figure: &TrialFigure) -> bool {
    figure.trials.iter().any(|t| t.loss_mask.iter().any(|&m| m > 0.0))
}

/// Every value that a row shows of a trial; masked targets count as 0.
fn values<'a>(figure: &'a TrialFigure, trial: &'a TrialPanel, source: Source) -> impl Iterator<Item = f32> + Clone + 'a {
    let n_channels = source.n_channels(figure);
    (0..trial.n_steps()).flat_map(move |step| (0..n_channels).map(move |channel| source.value(figure, trial, step, channel)))
}

impl Source {
    fn n_channels(self, figure: &TrialFigure) -> usize {
        match self {
            Source::Inputs => figure.input_names.len(),
            Source::Rates(g) => figure.groups[g].units.len(),
            Source::Outputs | Source::Targets => figure.output_names.len(),
        }
    }

    fn value(self, figure: &TrialFigure, trial: &TrialPanel, step: usize, channel: usize) -> f32 {
        match self {
            Source::Inputs => trial.inputs[[step, channel]],
            Source::Rates(g) => trial.rates[[step, figure.groups[g].units[channel]]],
            Source::Outputs => trial.outputs[[step, channel]],
            Source::Targets if trial.loss_mask[[step, channel]] > 0.0 => trial.targets[[step, channel]],
            Source::Targets => 0.0,
        }
    }
}

/// The heatmap of one trial, with its outline, from the top left corner; `step` is the width of a cell.
pub(super) fn draw_heat(canvas: &mut Canvas, figure: &TrialFigure, trial: &TrialPanel, row: &Row, (left, top): Point, step: f64) {
    let Content::Heat { scale, cell } = row.content else { return };
    let shape = (row.n_channels, trial.n_steps());
    canvas.cells((left, top), (step, cell), shape, |channel, t| scale.color(f64::from(row.source.value(figure, trial, t, channel))));
    let (right, bottom) = (left + step * trial.n_steps() as f64, top + row.height);
    canvas.polyline(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], Stroke::solid(INK, THIN * 0.75));
}

/// The lines of one trial; for outputs also the targets, wherever the loss asks for them.
pub(super) fn draw_lines(canvas: &mut Canvas, figure: &TrialFigure, trial: &TrialPanel, row: &Row, panel: &Panel) {
    let all: Vec<usize> = (0..trial.n_steps()).collect();
    for channel in 0..row.n_channels {
        let stroke = Stroke::solid(series(channel), line_width(row));
        draw_run(canvas, figure, panel, &all, |t| row.source.value(figure, trial, t, channel), stroke);
    }
    let targets = if row.source == Source::Outputs { row.n_channels } else { 0 };
    for channel in 0..targets {
        let stroke = Stroke::dashed(darker(series(channel)), THICK);
        let counted: Vec<usize> = all.iter().copied().filter(|&t| trial.loss_mask[[t, channel]] > 0.0).collect();
        for run in counted.chunk_by(|a, b| a + 1 == *b) {
            draw_run(canvas, figure, panel, run, |t| trial.targets[[t, channel]], stroke);
        }
    }
}

/// A line through the middles of consecutive steps, from the edge of the first to the edge of the last, so that one step is seen too.
fn draw_run(canvas: &mut Canvas, figure: &TrialFigure, panel: &Panel, run: &[usize], value: impl Fn(usize) -> f32, stroke: Stroke) {
    let at = |step: usize, part: f64| ((step as f64 + part) * figure.dt, f64::from(value(step)));
    let (first, last) = (run.first().map(|&t| at(t, 0.0)), run.last().map(|&t| at(t, 1.0)));
    let middles = run.iter().map(|&t| at(t, 0.5));
    panel.curve(canvas, first.into_iter().chain(middles).chain(last), stroke);
}

/// Inputs are noisy and many; outputs are what the reader looks for.
pub(super) fn line_width(row: &Row) -> f64 {
    if row.source == Source::Outputs { THICK } else { 1.0 }
}
