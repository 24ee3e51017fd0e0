//! A legend of marks: lines, dots, arrows and patches with their names.

use super::canvas::{Align, Canvas, Point, Stroke};
use super::style::{INK, Rgb, SMALL, WHITE, widest};

/// Width of a sample.
const SAMPLE: f64 = 16.0;
/// Height of an entry.
const ENTRY: f64 = 16.0;

/// A dot, or a hollow one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dot {
    pub color: Rgb,
    pub radius: f64,
    pub hollow: bool,
    /// Whether a thin ring goes around it.
    pub ringed: bool,
}

/// What stands before a name.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Line(Stroke),
    Dot(Dot),
    Arrow(Stroke),
    Bar(Stroke),
    Patch(Rgb),
}

impl Dot {
    pub fn new(color: Rgb, radius: f64) -> Self {
        Self { color, radius, hollow: false, ringed: false }
    }

    pub fn draw(self, canvas: &mut Canvas, at: Point) {
        let (fill, width) = if self.hollow { (WHITE, 1.3) } else { (self.color, 0.8) };
        // A white edge keeps dots apart that lie on one another.
        let edge = if self.hollow { self.color } else { WHITE };
        canvas.circle(at, self.radius, fill, Stroke::solid(edge, width));
        if self.ringed {
            canvas.ring(at, self.radius + 2.4, Stroke::solid(self.color, 0.9));
        }
    }
}

/// Entries downwards from the top left corner.
pub(super) fn key(canvas: &mut Canvas, (left, top): Point, entries: &[(String, Mark)]) {
    for (i, (name, mark)) in entries.iter().enumerate() {
        let y = top + ENTRY * (i as f64 + 0.5);
        let (start, end) = ((left, y), (left + SAMPLE, y));
        match *mark {
            Mark::Line(stroke) => canvas.line(start, end, stroke),
            Mark::Dot(dot) => dot.draw(canvas, (left + SAMPLE / 2.0, y)),
            Mark::Arrow(stroke) => arrow(canvas, start, end, stroke),
            Mark::Bar(stroke) => {
                canvas.line(start, end, stroke);
                canvas.bar(start, end, 5.0 + 1.6 * stroke.width, stroke);
            }
            Mark::Patch(fill) => canvas.rect((left, y - 4.5), SAMPLE, 9.0, fill),
        }
        canvas.text((left + SAMPLE + 5.0, y), name, SMALL, Align::Left, INK);
    }
}

/// A line with a head.
pub(super) fn arrow(canvas: &mut Canvas, from: Point, to: Point, stroke: Stroke) {
    arrow_along(canvas, &[from, to], stroke);
}

/// A line along points with a head at its end. The line ends within the head, which would be blunt otherwise.
pub(super) fn arrow_along(canvas: &mut Canvas, points: &[Point], stroke: Stroke) {
    let Some(&tip) = points.last() else { return };
    let head = 4.0 + 2.0 * stroke.width;
    let line = shortened(points, 0.8 * head);
    if let Some(&from) = line.last() {
        canvas.polyline(&line, stroke);
        canvas.arrow_head(from, tip, head, stroke.color);
    }
}

/// A line without its last `by` pixels; its first point alone if it is not longer.
fn shortened(points: &[Point], by: f64) -> Vec<Point> {
    let mut line = points.to_vec();
    let mut left = by;
    while let [.., before, end] = line[..] {
        let length = (end.0 - before.0).hypot(end.1 - before.1);
        line.pop();
        if length > left {
            let part = left / length;
            line.push((end.0 + part * (before.0 - end.0), end.1 + part * (before.1 - end.1)));
            break;
        }
        left -= length;
    }
    line
}

/// Width that these entries need.
pub(super) fn key_width(entries: &[(String, Mark)]) -> f64 {
    SAMPLE + 5.0 + widest(entries.iter().map(|entry| entry.0.as_str()), SMALL)
}

/// Height that so many entries need.
pub(super) fn key_height(entries: usize) -> f64 {
    ENTRY * entries as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shortened_from_its_end_across_corners() {
        let line = [(0.0, 0.0), (10.0, 0.0), (10.0, 3.0)];
        assert_eq!(shortened(&line, 1.0), [(0.0, 0.0), (10.0, 0.0), (10.0, 2.0)]);
        assert_eq!(shortened(&line, 5.0), [(0.0, 0.0), (8.0, 0.0)]);
        assert_eq!(shortened(&line, 50.0), [(0.0, 0.0)]);
        assert!(shortened(&[], 1.0).is_empty());
    }
}
