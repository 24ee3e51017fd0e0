//! Where everything of a figure of trials goes: columns of trials, rows of panels, headings above, legends to the
//! right.

use super::EpochSpan;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Point, Stroke};
use super::panel::{Panel, lanes, legend, legend_width, note};
use super::style::{FAINT, INK, Rgb, SMALL, TEXT, THIN, cell_size, text_width, widest};
use super::trial_lines::{draw_area, draw_layer};
use super::trial_rows::{Column, Content, Key, Row, TrialGrid, draw_heat};

const COLUMN_GAP: f64 = 24.0;
/// Between rows, and between two that are joined.
const ROW_GAP: f64 = 18.0;
const JOINED_GAP: f64 = 5.0;
/// Room for spine, ticks and tick labels left of the first column.
const TICKS: f64 = 42.0;
/// Height of a line of a heading.
const HEADING: f64 = 15.0;
/// Height of a lane of epoch names, and of the strip of epochs below it.
const LANE: f64 = 13.0;
const STRIP: f64 = 5.0;
/// Least distance between the names of two groups of channels.
const NAME: f64 = 11.0;
/// The greys that epochs alternate between, and that of every other epoch behind lines.
const SHADES: [Rgb; 2] = [(222, 222, 222), (186, 186, 186)];
const SHADED: Rgb = (244, 244, 244);
const TIME: &str = "Time (ms)";
/// What stands out in a heading: vermilion.
const MARK: Rgb = (213, 94, 0);

/// Pixels of the parts of the figure.
struct Layout {
    /// Tops of the rows.
    rows: Vec<f64>,
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
pub(super) fn draw(grid: &TrialGrid) -> Canvas {
    let layout = Layout::new(grid);
    let below = if grid.note.is_empty() { 48.0 } else { 66.0 };
    let width = layout.right + 16.0 + keys_width(grid);
    let mut canvas = Canvas::new(width.max(20.0 + text_width(&grid.note, SMALL)), layout.bottom + below);
    note(&mut canvas, (10.0, layout.bottom + 54.0), &grid.note, Align::Left);
    for (index, &left) in layout.columns.iter().enumerate() {
        draw_column(&mut canvas, grid, &layout, index, left);
    }
    for (row, &top) in grid.rows.iter().zip(&layout.rows) {
        label_row(&mut canvas, row, top);
        name_channels(&mut canvas, row, (layout.columns[0], top));
        explain_row(&mut canvas, row, (layout.right + 16.0, top));
    }
    canvas
}

impl Layout {
    fn new(grid: &TrialGrid) -> Self {
        let longest = grid.columns.iter().map(|column| column.n_steps).max().unwrap_or(1);
        let step = cell_size(grid.width, longest);
        let first = (10.0 + row_names_width(grid) + TICKS.max(channel_names_width(grid))).ceil();
        let mut right = first - COLUMN_GAP;
        let mut columns = Vec::new();
        for column in &grid.columns {
            let left = right + COLUMN_GAP;
            columns.push(left);
            right = left + column_width(column, step).ceil();
        }
        let all_lanes =
            grid.columns.iter().zip(&columns).flat_map(|(column, &left)| epoch_names(grid.dt, column, left, step));
        let n_lanes = all_lanes.map(|(_, lane)| lane + 1).max().unwrap_or(0);
        let headings = grid.columns.iter().map(heading_lines).max().unwrap_or(1).max(1);
        let strip = 13.0 + HEADING * headings as f64 + LANE * n_lanes as f64;
        let mut bottom = strip + STRIP + 8.0;
        let mut rows = Vec::new();
        for (i, row) in grid.rows.iter().enumerate() {
            let gap = if row.joined { JOINED_GAP } else { ROW_GAP };
            let top = if i == 0 { bottom } else { bottom + gap };
            rows.push(top);
            bottom = top + row.height;
        }
        Self { rows, columns, step, strip, right, bottom }
    }
}

fn heading_lines(column: &Column) -> usize {
    column.title.lines().count() + usize::from(column.mark.is_some())
}

/// A heading, the name of an epoch or that of the axis may be wider than a short trial.
fn column_width(column: &Column, step: f64) -> f64 {
    let texts = widest(column.title.lines().chain([TIME]), TEXT)
        .max(widest(column.epochs.iter().map(|epoch| epoch.name.as_str()), SMALL));
    (step * column.n_steps as f64).max(texts)
}

fn draw_column(canvas: &mut Canvas, grid: &TrialGrid, layout: &Layout, index: usize, left: f64) {
    let column = &grid.columns[index];
    let right = left + layout.step * column.n_steps as f64;
    let time = Axis::linear(0.0, column.n_steps as f64 * grid.dt, (left, right));
    for (i, line) in column.title.lines().enumerate() {
        canvas.text((left, 14.0 + HEADING * i as f64), line, TEXT, Align::Left, INK);
    }
    if let Some(mark) = column.mark {
        let line = column.title.lines().count() as f64;
        canvas.text((left, 14.0 + HEADING * line), mark, TEXT, Align::Left, MARK);
    }
    for (row, &top) in grid.rows.iter().zip(&layout.rows) {
        if grid.shaded && !matches!(row.content, Content::Heat { .. }) {
            shade_epochs(canvas, column, time, (top, row.height));
        }
        draw_heat(canvas, row, index, (left, top), layout.step);
    }
    draw_epochs(canvas, grid.dt, layout, column, left, time);
    for (row, &top) in grid.rows.iter().zip(&layout.rows) {
        draw_panel(canvas, grid, row, index, (time, top));
    }
    let lowest = Panel { x: time, y: Axis::linear(0.0, 1.0, (layout.bottom, 0.0)) };
    let n_ticks = if right - left < 30.0 { 1 } else { ((right - left) / 50.0).max(2.0) as usize };
    lowest.bottom_axis(canvas, &time.ticks(n_ticks), TIME);
}

/// The lines or the area of a row, and the axis left of the first column.
fn draw_panel(canvas: &mut Canvas, grid: &TrialGrid, row: &Row, index: usize, (time, top): (Axis, f64)) {
    let pixels = (top + row.height, top);
    let (panel, ticks) = match &row.content {
        Content::Lines { layers, low, high } => {
            let panel = Panel { x: time, y: Axis::linear(*low, *high, pixels).padded(0.06) };
            layers.iter().for_each(|layer| draw_layer(canvas, layer, index, grid.dt, &panel));
            // One tick alone tells no scale.
            let ticks = [3, 5].map(|n| panel.y.ticks(n)).into_iter().find(|ticks| ticks.len() > 1).unwrap_or_default();
            (panel, ticks)
        }
        Content::Area { values, high } => {
            let panel = Panel { x: time, y: Axis::linear(0.0, f64::from(*high), pixels) };
            draw_area(canvas, values[index].view(), grid.dt, &panel);
            (panel, vec![(0.0, "0".to_owned()), (f64::from(*high), high.to_string())])
        }
        Content::Heat { .. } => return,
    };
    if index == 0 {
        panel.left_axis(canvas, &ticks, "");
    }
}

fn shade_epochs(canvas: &mut Canvas, column: &Column, time: Axis, (top, height): (f64, f64)) {
    for epoch in column.epochs.iter().skip(1).step_by(2) {
        let (start, end) = (time.pixel(epoch.start), time.pixel(epoch.end));
        canvas.rect((start, top), end - start, height, SHADED);
    }
}

/// Names and strip of the epochs above a column, and a line down the column wherever one begins or ends.
fn draw_epochs(canvas: &mut Canvas, dt: f64, layout: &Layout, column: &Column, left: f64, time: Axis) {
    for (i, (epoch, (centre, lane))) in column.epochs.iter().zip(epoch_names(dt, column, left, layout.step)).enumerate()
    {
        let (start, end) = (time.pixel(epoch.start), time.pixel(epoch.end));
        canvas.rect((start, layout.strip), end - start, STRIP, SHADES[i % 2]);
        canvas.text((centre, layout.strip - LANE * (lane as f64 + 0.5) - 1.0), &epoch.name, SMALL, Align::Centre, INK);
        for edge in [start, end].into_iter().filter(|x| *x > time.pixels().0 + 0.5 && *x < time.pixels().1 - 0.5) {
            canvas.line((edge, layout.strip), (edge, layout.bottom), Stroke::solid(FAINT, THIN));
        }
    }
}

/// Centre and lane of every epoch's name, kept within its column where it fits.
fn epoch_names(dt: f64, column: &Column, left: f64, step: f64) -> Vec<(f64, usize)> {
    let right = left + step * column.n_steps as f64;
    let place = |epoch: &EpochSpan| {
        let half = text_width(&epoch.name, SMALL) / 2.0;
        let middle = left + step * (epoch.start + epoch.end) / 2.0 / dt;
        (middle.min(right - half).max(left + half), 2.0 * half)
    };
    let texts: Vec<(f64, f64)> = column.epochs.iter().map(place).collect();
    texts.iter().map(|t| t.0).zip(lanes(texts.iter().copied())).collect()
}

fn row_names_width(grid: &TrialGrid) -> f64 {
    let widths = grid.rows.iter().map(|row| {
        let (name, count) = row.names();
        text_width(name, TEXT).max(text_width(&count.unwrap_or_default(), SMALL))
    });
    widths.fold(0.0, f64::max)
}

fn label_row(canvas: &mut Canvas, row: &Row, top: f64) {
    let middle = top + row.height / 2.0;
    let (name, count) = row.names();
    let above = if count.is_some() { 7.0 } else { 0.0 };
    canvas.text((10.0, middle - above), name, TEXT, Align::Left, INK);
    if let Some(count) = count {
        note(canvas, (10.0, middle + 7.0), &count, Align::Left);
    }
}

/// Groups of channels that a heatmap has room to name, as (name, middle of its text, top, bottom) from the top of the
/// row.
fn named_channels(row: &Row) -> Vec<(&str, f64, f64, f64)> {
    let Content::Heat { groups, cell, .. } = &row.content else { return Vec::new() };
    let room = (row.height / NAME) as usize;
    if groups.len() > room.max(1) {
        return Vec::new();
    }
    let span = |range: &std::ops::Range<usize>| (cell * range.start as f64, cell * range.end as f64);
    let mut named: Vec<_> = groups
        .iter()
        .map(|(name, range)| (name.as_str(), (span(range).0 + span(range).1) / 2.0, span(range)))
        .collect();
    // Downwards until none touches the one before, and back up from the lower edge.
    for i in 1..named.len() {
        named[i].1 = named[i].1.max(named[i - 1].1 + NAME);
    }
    let mut lowest = row.height + NAME / 2.0;
    for entry in named.iter_mut().rev() {
        entry.1 = entry.1.min(lowest - NAME / 2.0);
        lowest = entry.1 - NAME / 2.0;
    }
    named.into_iter().map(|(name, middle, (top, bottom))| (name, middle, top, bottom)).collect()
}

fn channel_names_width(grid: &TrialGrid) -> f64 {
    let names = grid.rows.iter().flat_map(named_channels).map(|named| named.0);
    widest(names, SMALL) + 24.0
}

/// Names of groups of channels left of a heatmap, each with a line along its channels.
fn name_channels(canvas: &mut Canvas, row: &Row, (left, top): Point) {
    for (name, middle, start, end) in named_channels(row) {
        let x = left - 5.0;
        // Groups are told apart by gaps between their lines.
        let gap = ((end - start) / 4.0).min(1.5);
        canvas.line((x, top + start + gap), (x, top + end - gap), Stroke::solid(INK, THIN));
        canvas.line((x, top + (start + end) / 2.0), (x - 5.0, top + middle), Stroke::solid(FAINT, THIN));
        canvas.text((x - 7.0, top + middle), name, SMALL, Align::Right, INK);
    }
}

/// The legend or the colour bar right of a row.
fn explain_row(canvas: &mut Canvas, row: &Row, at: Point) {
    match (&row.key, &row.content) {
        (Key::Legend(entries), _) => {
            let entries: Vec<_> = entries.iter().map(|(name, stroke)| (name.as_str(), *stroke)).collect();
            legend(canvas, at, &entries);
        }
        (Key::Bar { label, height }, Content::Heat { scale, .. }) => {
            scale.bar(canvas, (at.0, at.1 + 18.0), (height - 40.0).clamp(24.0, 110.0), label);
        }
        _ => {}
    }
}

fn keys_width(grid: &TrialGrid) -> f64 {
    let entries = grid
        .rows
        .iter()
        .filter_map(|row| if let Key::Legend(entries) = &row.key { Some(entries) } else { None })
        .flatten();
    legend_width(entries.map(|(name, _)| name.as_str()).chain(["0.0 % beyond"])) + 8.0
}
