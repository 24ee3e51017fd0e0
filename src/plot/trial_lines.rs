//! Lines of a trial. Where several of one layer have the same value they take turns, dash by dash, so that none hides
//! another.

use ndarray::{ArrayView1, ArrayView2};

use super::canvas::Canvas;
use super::panel::Panel;
use super::style::FAINT;
use super::trial_rows::{Course, Layer};

/// Lines share a stretch of at least so many pixels for each of them; on a shorter one the dashes of some would be
/// lost.
const SHARED: f64 = 10.0;

/// The lines of one layer in one trial, against an axis in ms.
pub(super) fn draw_layer(canvas: &mut Canvas, layer: &Layer, column: usize, dt: f64, panel: &Panel) {
    let values = layer.values[column].view();
    for (channel, stroke) in layer.strokes.iter().enumerate() {
        let places: Vec<Option<(usize, usize)>> =
            (0..values.nrows()).map(|step| place(layer, column, step, channel)).collect();
        let mut start = 0;
        for run in places.chunk_by(|a, b| a == b) {
            let end = start + run.len();
            if let Some((i, n)) = run[0] {
                // The line comes from the step before, if it was drawn there.
                let joined = start > 0 && places[start - 1].is_some();
                let ends = end == values.nrows() || places[end].is_none();
                let length = panel.x.pixel(end as f64 * dt) - panel.x.pixel(start as f64 * dt);
                let n = if length < SHARED * n as f64 { 1 } else { n };
                let line = values.column(channel);
                let points: Vec<(f64, f64)> = match layer.course {
                    Course::Steps => steps(line, dt, (start, end), joined),
                    Course::Line => points(line, dt, (start, end), (joined, ends)).collect(),
                };
                panel.curve(canvas, points, stroke.sharing(i, n));
            }
            start = end;
        }
    }
}

/// Which of how many lines with one value a channel is at a step; nothing where it is not drawn.
fn place(layer: &Layer, column: usize, step: usize, channel: usize) -> Option<(usize, usize)> {
    let values = &layer.values[column];
    let shares =
        |other: &usize| layer.is_shown(column, step, *other) && values[[step, *other]] == values[[step, channel]];
    let is_shown = layer.is_shown(column, step, channel);
    is_shown.then(|| ((0..channel).filter(shares).count(), (0..values.ncols()).filter(shares).count()))
}

/// Each value from `start` to before `end` for as long as it holds, [k dt, (k + 1) dt); with the jump to the first, if
/// the line is joined to the step before.
fn steps(line: ArrayView1<'_, f32>, dt: f64, (start, end): (usize, usize), joined: bool) -> Vec<(f64, f64)> {
    let at = |edge: usize, step: usize| (edge as f64 * dt, f64::from(line[step]));
    let mut points = Vec::from_iter(joined.then(|| at(start, start - 1)));
    let mut from = start;
    for until in start + 1..=end {
        if until == end || line[until] != line[from] {
            points.extend([at(from, from), at(until, from)]);
            from = until;
        }
    }
    points
}

/// The middles of the steps from `start` to before `end`; with the edge of the first and of the last, so that one step
/// is seen too, unless the line is joined to the step before, or goes on after them.
fn points(
    values: ArrayView1<'_, f32>,
    dt: f64,
    (start, end): (usize, usize),
    (joined, ends): (bool, bool),
) -> impl Iterator<Item = (f64, f64)> {
    let at = move |step: usize, part: f64| ((step as f64 + part) * dt, f64::from(values[step]));
    let first = if joined { at(start - 1, 0.5) } else { at(start, 0.0) };
    let last = ends.then(|| at(end - 1, 1.0));
    std::iter::once(first).chain((start..end).map(move |step| at(step, 0.5))).chain(last)
}

/// The value of the first channel as an area above 0.
pub(super) fn draw_area(canvas: &mut Canvas, values: ArrayView2<'_, f32>, dt: f64, panel: &Panel) {
    let column: Vec<f64> = values.column(0).iter().map(|value| f64::from(*value)).collect();
    let mut start = 0;
    for run in column.chunk_by(|a, b| a == b) {
        let end = start + run.len();
        let (left, top) = panel.at((start as f64 * dt, run[0]));
        let (right, bottom) = panel.at((end as f64 * dt, 0.0));
        canvas.rect((left, top), right - left, bottom - top, FAINT);
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::plot::canvas::Stroke;

    #[test]
    fn a_line_shares_its_place_with_those_of_the_same_value_that_are_drawn() {
        let values = vec![array![[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]];
        let mut layer = Layer::whole(values, vec![Stroke::solid(FAINT, 1.0); 3], Course::Steps);
        assert_eq!([0, 1, 2].map(|channel| place(&layer, 0, 0, channel)), [Some((0, 2)), Some((1, 2)), Some((0, 1))]);
        layer.shown = Some(vec![array![[true, true, true], [false, true, true]]]);
        assert_eq!([0, 1, 2].map(|channel| place(&layer, 0, 1, channel)), [None, Some((0, 2)), Some((1, 2))]);
    }

    #[test]
    fn a_value_is_drawn_for_as_long_as_it_holds() {
        let pulse = array![0.0, 0.0, 1.0, 0.0];
        let found = |run, joined| steps(pulse.view(), 10.0, run, joined);
        let whole = [(0.0, 0.0), (20.0, 0.0), (20.0, 1.0), (30.0, 1.0), (30.0, 0.0), (40.0, 0.0)];
        assert_eq!(found((0, 4), false), whole);
        assert_eq!(found((2, 3), false), [(20.0, 1.0), (30.0, 1.0)]);
        assert_eq!(found((2, 3), true), [(20.0, 0.0), (20.0, 1.0), (30.0, 1.0)]);
    }

    #[test]
    fn a_line_reaches_the_edges_where_it_begins_and_ends_and_the_middles_where_it_is_joined() {
        let line = array![1.0, 2.0, 3.0];
        let found = |run, joints| points(line.view(), 10.0, run, joints).collect::<Vec<_>>();
        assert_eq!(found((0, 2), (false, true)), [(0.0, 1.0), (5.0, 1.0), (15.0, 2.0), (20.0, 2.0)]);
        assert_eq!(found((1, 3), (true, false)), [(5.0, 1.0), (15.0, 2.0), (25.0, 3.0)]);
    }
}
