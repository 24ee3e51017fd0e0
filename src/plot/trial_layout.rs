//! Where everything of a trial figure goes: columns of trials, rows of panels, headings above, legends to the right.

use super::axis::Axis;
use super::canvas::{Align, Canvas, Point, Stroke};
use super::panel::{Panel, lanes, legend, legend_width, note};
use super::style::{FAINT, INK, Rgb, SMALL, TEXT, THICK, THIN, cell_size, darker, series, text_width, widest};
use super::trial_figure::{EpochSpan, TrialFigure, TrialPanel};
use super::trial_rows::{Content, Row, Source, draw_heat, draw_lines, has_targets, line_width, rows};

/// Width that the longest trial comes close to.
const COLUMN: f64 = 210.0;
const COLUMN_GAP: f64 = 24.0;
/// Between rows, and between two groups of units.
const ROW_GAP: f64 = 18.0;
const GROUP_GAP: f64 = 5.0;
/// Room for spine, ticks and tick labels left of the first column.
const TICKS: f64 = 42.0;
/// Height of a lane of epoch names, and of the strip of epochs below it.
const LANE: f64 = 13.0;
const STRIP: f64 = 5.0;
/// The greys that epochs alternate between.
const SHADES: [Rgb; 2] = [(222, 222, 222), (186, 186, 186)];

/// Pixels of the parts of the figure.
struct Layout {
    rows: Vec<(f64, Row)>,
    /// Left edges of the columns.
    columns: Vec<f64>,
    /// Width of one step.
    step: f64,
    /// Bottom of the epoch names, where the strip begins.
    strip: f64,
    right: f64,
    bottom: f64,
}

/// Draws a valid figure.
pub(super) fn draw(figure: &TrialFigure) -> Canvas {
    let layout = Layout::new(figure);
    let legends = legend_room(figure);
    let mut canvas = Canvas::new(layout.right + 16.0 + legends, layout.bottom + 48.0);
    for (trial, &left) in figure.trials.iter().zip(&layout.columns) {
        draw_column(&mut canvas, figure, &layout, trial, left);
    }
    for (top, row) in &layout.rows {
        label_row(&mut canvas, figure, *top, row);
        explain_row(&mut canvas, figure, &layout, *top, row);
    }
    canvas
}

impl Layout {
    fn new(figure: &TrialFigure) -> Self {
        let longest = figure.trials.iter().map(TrialPanel::n_steps).max().unwrap_or(1);
        let step = cell_size(COLUMN, longest);
        let first = (10.0 + row_names_width(figure) + TICKS).ceil();
        let mut right = first - COLUMN_GAP;
        let mut columns = Vec::new();
        for trial in &figure.trials {
            let left = right + COLUMN_GAP;
            columns.push(left);
            // A title may be wider than a short trial.
            right = left + (step * trial.n_steps() as f64).max(text_width(&trial.title, TEXT)).ceil();
        }
        let lanes =
            figure.trials.iter().zip(&columns).flat_map(|(t, &left)| epoch_names(figure, t, left, step)).map(|(_, lane)| lane + 1).max();
        let strip = 28.0 + LANE * lanes.unwrap_or(0) as f64;
        let mut bottom = strip + STRIP + 8.0;
        let mut placed: Vec<(f64, Row)> = Vec::new();
        for row in rows(figure) {
            if let Some((top, above)) = placed.last() {
                let both_rates = matches!((above.source, row.source), (Source::Rates(_), Source::Rates(_)));
                bottom = top + above.height + if both_rates { GROUP_GAP } else { ROW_GAP };
            }
            placed.push((bottom, row));
        }
        if let Some((top, last)) = placed.last() {
            bottom = top + last.height;
        }
        Self { rows: placed, columns, step, strip, right, bottom }
    }
}

fn draw_column(canvas: &mut Canvas, figure: &TrialFigure, layout: &Layout, trial: &TrialPanel, left: f64) {
    let right = left + layout.step * trial.n_steps() as f64;
    let time = Axis::linear(0.0, trial.n_steps() as f64 * figure.dt, (left, right));
    canvas.text((left, 14.0), &trial.title, TEXT, Align::Left, INK);
    for (top, row) in &layout.rows {
        draw_heat(canvas, figure, trial, row, (left, *top), layout.step);
    }
    draw_epochs(canvas, figure, layout, trial, left, time);
    for (top, row) in &layout.rows {
        if let Content::Lines { low, high } = row.content {
            let panel = Panel { x: time, y: Axis::linear(low, high, (top + row.height, *top)).padded(0.06) };
            draw_lines(canvas, figure, trial, row, &panel);
            if left == layout.columns[0] {
                panel.left_axis(canvas, &panel.y.ticks(3), "");
            }
        }
    }
    let lowest = Panel { x: time, y: Axis::linear(0.0, 1.0, (layout.bottom, 0.0)) };
    let n_ticks = ((right - left) / 50.0).max(1.0) as usize;
    lowest.bottom_axis(canvas, &time.ticks(n_ticks), "Time (ms)");
}

/// Names and strip of the epochs above a column, and a line down the column wherever one begins or ends.
fn draw_epochs(canvas: &mut Canvas, figure: &TrialFigure, layout: &Layout, trial: &TrialPanel, left: f64, time: Axis) {
    for (i, (epoch, (centre, lane))) in trial.epochs.iter().zip(epoch_names(figure, trial, left, layout.step)).enumerate() {
        let (start, end) = (time.pixel(epoch.start), time.pixel(epoch.end));
        canvas.rect((start, layout.strip), end - start, STRIP, SHADES[i % 2]);
        canvas.text((centre, layout.strip - LANE * (lane as f64 + 0.5) - 1.0), &epoch.name, SMALL, Align::Centre, INK);
        for edge in [start, end].into_iter().filter(|x| *x > time.pixels().0 + 0.5 && *x < time.pixels().1 - 0.5) {
            canvas.line((edge, layout.strip), (edge, layout.bottom), Stroke::solid(FAINT, THIN));
        }
    }
}

/// Centre and lane of every epoch's name, kept within its column where it fits.
fn epoch_names(figure: &TrialFigure, trial: &TrialPanel, left: f64, step: f64) -> Vec<(f64, usize)> {
    let right = left + step * trial.n_steps() as f64;
    let place = |epoch: &EpochSpan| {
        let half = text_width(&epoch.name, SMALL) / 2.0;
        let middle = left + step * (epoch.start + epoch.end) / 2.0 / figure.dt;
        (middle.min(right - half).max(left + half), 2.0 * half)
    };
    let texts: Vec<(f64, f64)> = trial.epochs.iter().map(place).collect();
    texts.iter().map(|t| t.0).zip(lanes(texts.iter().copied())).collect()
}

/// Name of a row, and how many channels or units a heatmap shows.
fn row_name(figure: &TrialFigure, row: &Row) -> (String, Option<String>) {
    let heat = matches!(row.content, Content::Heat { .. });
    let (name, what) = match row.source {
        Source::Inputs => ("Inputs", "channels"),
        Source::Rates(g) => (figure.groups[g].name.as_str(), "units"),
        Source::Outputs => ("Outputs", "channels"),
        Source::Targets => ("Targets", "channels"),
    };
    (name.to_owned(), heat.then(|| format!("{} {}", row.n_channels, if row.n_channels == 1 { what.trim_end_matches('s') } else { what })))
}

fn row_names_width(figure: &TrialFigure) -> f64 {
    let names: Vec<_> = rows(figure).iter().map(|row| row_name(figure, row)).collect();
    let widest_name = widest(names.iter().map(|n| n.0.as_str()), TEXT);
    widest_name.max(widest(names.iter().filter_map(|n| n.1.as_deref()), SMALL))
}

fn label_row(canvas: &mut Canvas, figure: &TrialFigure, top: f64, row: &Row) {
    let middle = top + row.height / 2.0;
    let (name, count) = row_name(figure, row);
    let above = if count.is_some() { 7.0 } else { 0.0 };
    canvas.text((10.0, middle - above), &name, TEXT, Align::Left, INK);
    if let Some(count) = count {
        note(canvas, (10.0, middle + 7.0), &count, Align::Left);
    }
}

/// The legend or the colour bar right of a row; the groups of units share the bar beside the first of them.
fn explain_row(canvas: &mut Canvas, figure: &TrialFigure, layout: &Layout, top: f64, row: &Row) {
    let at: Point = (layout.right + 16.0, top);
    match row.content {
        Content::Lines { .. } => legend(canvas, at, &legend_entries(figure, row)),
        Content::Heat { scale, .. } => {
            let (label, height) = match row.source {
                Source::Rates(0) => ("Rate", rates_height(layout)),
                Source::Rates(_) => return,
                _ => ("Value", row.height),
            };
            scale.bar(canvas, (at.0, top + 18.0), (height - 40.0).clamp(24.0, 110.0), label);
        }
    }
}

fn rates_height(layout: &Layout) -> f64 {
    layout.rows.iter().filter(|(_, row)| matches!(row.source, Source::Rates(_))).map(|(_, row)| row.height).sum()
}

fn legend_entries<'a>(figure: &'a TrialFigure, row: &Row) -> Vec<(&'a str, Stroke)> {
    let names = if row.source == Source::Inputs { &figure.input_names } else { &figure.output_names };
    let mut entries: Vec<_> =
        names.iter().enumerate().map(|(i, name)| (name.as_str(), Stroke::solid(series(i), line_width(row)))).collect();
    if row.source == Source::Outputs && has_targets(figure) {
        entries.push(("target", Stroke::dashed(darker(series(0)), THICK)));
    }
    entries
}

fn legend_room(figure: &TrialFigure) -> f64 {
    let names = figure.input_names.iter().chain(&figure.output_names).map(String::as_str);
    legend_width(names.chain(["0.0 % beyond"])) + 8.0
}
