//! A panel: two axes and what is drawn against them.

use super::axis::{Axis, range};
use super::canvas::{Align, Canvas, Point, Stroke};
use super::style::{FAINT, GREY, INK, SMALL, TEXT, THIN, TICK, widest};

/// Gap between the data area and its spines, so that marks at the edge stay clear of them.
const OFFSET: f64 = 5.0;
/// Length of the line sample in a legend.
const SAMPLE: f64 = 16.0;
/// Height of a legend entry.
const ENTRY: f64 = 16.0;

/// The data area of a figure or of one part of it.
pub(super) struct Panel {
    pub x: Axis,
    pub y: Axis,
}

impl Panel {
    /// Pixels of a data point.
    pub fn at(&self, (x, y): (f64, f64)) -> Point {
        (self.x.pixel(x), self.y.pixel(y))
    }

    /// A line through data points.
    pub fn curve(&self, canvas: &mut Canvas, points: impl IntoIterator<Item = (f64, f64)>, stroke: Stroke) {
        let pixels: Vec<Point> = points.into_iter().map(|p| self.at(p)).collect();
        canvas.polyline(&pixels, stroke);
    }

    /// The parts of a line through data points that lie within the panel.
    pub fn curve_within(&self, canvas: &mut Canvas, points: impl IntoIterator<Item = (f64, f64)>, stroke: Stroke) {
        let ((left, right), (bottom, top)) = (self.x.pixels(), self.y.pixels());
        let pixels: Vec<Point> = points.into_iter().map(|p| self.at(p)).collect();
        for piece in cut(&pixels, (left, top), (right, bottom)) {
            canvas.polyline(&piece, stroke);
        }
    }

    /// A dashed line across the panel at a value of y.
    pub fn horizontal_guide(&self, canvas: &mut Canvas, y: f64) {
        let (left, right) = self.x.pixels();
        let at = self.y.pixel(y);
        canvas.line((left, at), (right, at), Stroke::dashed(FAINT, 1.0));
    }

    /// A dashed line up the panel at a value of x.
    pub fn vertical_guide(&self, canvas: &mut Canvas, x: f64) {
        let (bottom, top) = self.y.pixels();
        let at = self.x.pixel(x);
        canvas.line((at, bottom), (at, top), Stroke::dashed(FAINT, 1.0));
    }

    /// Spine, ticks and label below the panel.
    pub fn bottom_axis(&self, canvas: &mut Canvas, ticks: &[(f64, String)], label: &str) {
        let y = self.y.pixels().0 + OFFSET;
        let spine = Stroke::solid(INK, THIN);
        let (left, right) = self.x.pixels();
        canvas.line((left, y), (right, y), spine);
        for (value, text) in ticks {
            let x = self.x.pixel(*value);
            canvas.line((x, y), (x, y + TICK), spine);
            canvas.text((x, y + TICK + 8.0), text, SMALL, Align::Centre, INK);
        }
        canvas.text(((left + right) / 2.0, y + TICK + 26.0), label, TEXT, Align::Centre, INK);
    }

    /// Spine and ticks left of the panel, and a vertical label unless it is empty.
    pub fn left_axis(&self, canvas: &mut Canvas, ticks: &[(f64, String)], label: &str) {
        let x = self.x.pixels().0 - OFFSET;
        let spine = Stroke::solid(INK, THIN);
        let (bottom, top) = self.y.pixels();
        canvas.line((x, bottom), (x, top), spine);
        for (value, text) in ticks {
            let y = self.y.pixel(*value);
            canvas.line((x, y), (x - TICK, y), spine);
            canvas.text((x - TICK - 3.0, y), text, SMALL, Align::Right, INK);
        }
        if !label.is_empty() {
            let labels = widest(ticks.iter().map(|(_, text)| text.as_str()), SMALL);
            canvas.vertical_text((x - TICK - labels - 14.0, (bottom + top) / 2.0), label, TEXT, Align::Centre, INK);
        }
    }
}

/// The pieces of a line that lie between two corners of a box.
fn cut(points: &[Point], low: Point, high: Point) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = cut_segment(pair[0], pair[1], low, high) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// The part of a segment between two corners of a box (Liang and Barsky).
fn cut_segment(from: Point, to: Point, low: Point, high: Point) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    for (change, room) in [(-dx, from.0 - low.0), (dx, high.0 - from.0), (-dy, from.1 - low.1), (dy, high.1 - from.1)] {
        if change == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if change < 0.0 {
            enters = enters.max(room / change);
        } else {
            leaves = leaves.min(room / change);
        }
    }
    let at = |t: f64| match t {
        0.0 => from,
        1.0 => to,
        t => (from.0 + t * dx, from.1 + t * dy),
    };
    (enters <= leaves).then(|| (at(enters), at(leaves)))
}

/// Two axes of one scale, so that lengths and angles are seen as they are.
#[derive(Clone, Copy)]
pub(super) struct EqualScale {
    /// Pixels of a unit.
    scale: f64,
    /// Fewest pixels of an axis: a range that is shorter is widened about its middle.
    shortest: f64,
}

impl EqualScale {
    /// The longest of the ranges (low, high) takes `longest` pixels.
    pub fn new(ranges: &[(f64, f64)], longest: f64, shortest: f64) -> Self {
        let range = ranges.iter().map(|(low, high)| high - low).fold(0.0, f64::max);
        Self { scale: if range > 0.0 { longest / range } else { longest }, shortest }
    }

    /// Pixels that a range takes.
    pub fn length(self, (low, high): (f64, f64)) -> f64 {
        (self.scale * (high - low)).max(self.shortest).ceil()
    }

    /// The axis over these pixels with the range in its middle.
    pub fn axis(self, (low, high): (f64, f64), pixels: (f64, f64)) -> Axis {
        let (middle, half) = (0.5 * (low + high), 0.5 * (pixels.1 - pixels.0).abs() / self.scale);
        Axis::linear(middle - half, middle + half, pixels)
    }
}

/// The least and the largest of some values, with room at both ends as a fraction of the range.
pub(super) fn padded_range(values: impl IntoIterator<Item = f64>, room: f64) -> (f64, f64) {
    let (low, high) = range(values);
    let pad = room * (high - low);
    (low - pad, high + pad)
}

/// Line samples with names, downwards from the top left corner.
pub(super) fn legend(canvas: &mut Canvas, (left, top): Point, entries: &[(&str, Stroke)]) {
    for (i, (name, stroke)) in entries.iter().enumerate() {
        let y = top + ENTRY * (i as f64 + 0.5);
        canvas.line((left, y), (left + SAMPLE, y), *stroke);
        canvas.text((left + SAMPLE + 5.0, y), name, SMALL, Align::Left, INK);
    }
}

/// Height that a legend with `n` entries needs.
pub(super) fn legend_height(n: usize) -> f64 {
    ENTRY * n as f64
}

/// Width that a legend with these names needs.
pub(super) fn legend_width<'a>(names: impl IntoIterator<Item = &'a str>) -> f64 {
    SAMPLE + 5.0 + widest(names, SMALL)
}

/// Assigns texts centred at the given positions to lanes so that none touches another: each goes to the first lane with
/// room. `texts` are (centre, extent) in ascending order of centre.
pub(super) fn lanes(texts: impl IntoIterator<Item = (f64, f64)>) -> Vec<usize> {
    const GAP: f64 = 3.0;
    let mut ends: Vec<f64> = Vec::new();
    let mut place = |(centre, extent): (f64, f64)| {
        let (start, end) = (centre - extent / 2.0, centre + extent / 2.0);
        let lane = ends.iter().position(|&e| e + GAP <= start).unwrap_or(ends.len());
        if lane == ends.len() {
            ends.push(end)
        } else {
            ends[lane] = end
        }
        lane
    };
    texts.into_iter().map(&mut place).collect()
}

/// A remark in small grey type.
pub(super) fn note(canvas: &mut Canvas, at: Point, text: &str, align: Align) {
    canvas.text(at, text, SMALL, align, GREY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_it_leaves_a_box_and_goes_on_where_it_comes_back() {
        let box_of = |points: &[Point]| cut(points, (0.0, 0.0), (10.0, 10.0));
        let inside = [(1.0, 1.0), (2.0, 5.0), (9.0, 9.0)];
        assert_eq!(box_of(&inside), vec![inside.to_vec()]);
        let out_and_back = [(5.0, 5.0), (15.0, 5.0), (15.0, 8.0), (5.0, 8.0)];
        assert_eq!(box_of(&out_and_back), vec![vec![(5.0, 5.0), (10.0, 5.0)], vec![(10.0, 8.0), (5.0, 8.0)]]);
        assert_eq!(box_of(&[(-5.0, 4.0), (20.0, 4.0)]), vec![vec![(0.0, 4.0), (10.0, 4.0)]]);
        assert!(box_of(&[(-5.0, 4.0), (1.0, 20.0)]).is_empty());
    }

    #[test]
    fn a_unit_is_as_long_on_both_axes_and_a_flat_range_is_widened() {
        let scale = EqualScale::new(&[(0.0, 4.0), (1.0, 1.5)], 200.0, 60.0);
        assert_eq!((scale.length((0.0, 4.0)), scale.length((1.0, 1.5))), (200.0, 60.0));
        let (x, y) = (scale.axis((0.0, 4.0), (10.0, 210.0)), scale.axis((1.0, 1.5), (80.0, 20.0)));
        let off = [x.pixel(0.0) - 10.0, x.pixel(1.0) - 60.0, y.pixel(1.25) - 50.0];
        assert!(off.iter().all(|off| off.abs() < 1e-9), "{off:?}");
        assert!((y.pixel(1.0) - y.pixel(2.0) - 50.0).abs() < 1e-9);
        assert_eq!(padded_range([1.0, 3.0, 2.0], 0.5), (0.0, 4.0));
    }

    #[test]
    fn texts_that_would_touch_go_to_different_lanes_and_later_ones_reuse_the_first() {
        assert_eq!(lanes([(10.0, 20.0), (22.0, 20.0), (34.0, 20.0), (45.0, 4.0)]), [0, 1, 0, 1]);
    }
}
