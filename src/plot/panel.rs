//! A panel: two axes and what is drawn against them.

use super::axis::Axis;
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
    fn texts_that_would_touch_go_to_different_lanes_and_later_ones_reuse_the_first() {
        assert_eq!(lanes([(10.0, 20.0), (22.0, 20.0), (34.0, 20.0), (45.0, 4.0)]), [0, 1, 0, 1]);
    }
}
