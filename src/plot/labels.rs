//! Texts beside marks, each placed where it touches neither a mark nor another text.

use super::canvas::{Align, Canvas, Point, Stroke};
use super::style::{FAINT, Rgb, SMALL, THIN, text_width};

/// From the middle of a mark to its text.
const AWAY: f64 = 7.0;
/// Height that a line of text takes.
const HEIGHT: f64 = 11.0;

/// A box, as (left, top, right, bottom).
type Area = (f64, f64, f64, f64);

/// The places that are taken.
pub(super) struct Labels {
    taken: Vec<Area>,
    /// What a text must lie within.
    within: Area,
}

impl Labels {
    /// Within `(left, top, right, bottom)`.
    pub fn new(within: Area) -> Self {
        Self { taken: Vec::new(), within }
    }

    /// Keeps texts off a mark.
    pub fn avoid(&mut self, (x, y): Point, radius: f64) {
        self.taken.push((x - radius, y - radius, x + radius, y + radius));
    }

    /// Keeps texts off a line.
    pub fn avoid_line(&mut self, from: Point, to: Point) {
        const PIECE: f64 = 4.0;
        let pieces = ((to.0 - from.0).hypot(to.1 - from.1) / PIECE).ceil().max(1.0);
        for i in 0..=pieces as usize {
            let t = i as f64 / pieces;
            self.avoid((from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1)), 1.5);
        }
    }

    /// A text beside `at`: on the side where it overlaps least with what is there, the right one first.
    pub fn place(&mut self, canvas: &mut Canvas, at: Point, text: &str, color: Rgb) {
        let width = text_width(text, SMALL);
        let side = AWAY + width / 2.0;
        let (near, far) = (AWAY + HEIGHT / 2.0, 2.0 * AWAY + HEIGHT);
        let offsets = [
            (side, 0.0),
            (-side, 0.0),
            (0.0, -near),
            (0.0, near),
            (side, -near),
            (-side, -near),
            (side, near),
            (-side, near),
            (0.0, -far),
            (0.0, far),
        ];
        let area = |(dx, dy): Point| {
            let (x, y) = (at.0 + dx, at.1 + dy);
            (x - width / 2.0, y - HEIGHT / 2.0, x + width / 2.0, y + HEIGHT / 2.0)
        };
        let cost = |offset: &Point| self.cost(area(*offset));
        let best = offsets.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or((side, 0.0));
        self.taken.push(area(best));
        canvas.text((at.0 + best.0, at.1 + best.1), text, SMALL, Align::Centre, color);
    }

    /// A text as near to `at` as nothing else is, with a line to it where that is not beside it. Places are looked for
    /// in rings, each twice as dense as a text is high.
    pub fn place_clear(&mut self, canvas: &mut Canvas, at: Point, text: &str, color: Rgb) {
        const RINGS: usize = 40;
        const ANGLES: usize = 16;
        let (width, clear) = (text_width(text, SMALL), 1e-9);
        let area = |(x, y): Point| (x - width / 2.0, y - HEIGHT / 2.0, x + width / 2.0, y + HEIGHT / 2.0);
        let place = |place: usize| {
            let (ring, angle) = (place / ANGLES, (place % ANGLES) as f64 / ANGLES as f64 * std::f64::consts::TAU);
            let radius = AWAY + 0.5 * HEIGHT * ring as f64;
            // The nearest side of the text lies on the ring.
            let (dx, dy) = (angle.cos(), angle.sin());
            (ring, (at.0 + dx * (radius + width / 2.0), at.1 + dy * (radius + HEIGHT / 2.0)))
        };
        let all = (0..RINGS * ANGLES).map(place);
        let costs = all.map(|(ring, middle)| (self.cost(area(middle)), ring, middle));
        let mut best = (f64::INFINITY, 0, at);
        for found in costs {
            if found.0 < best.0 {
                best = found;
            }
            if best.0 <= clear {
                break;
            }
        }
        let (_, ring, middle) = best;
        let (left, top, right, bottom) = area(middle);
        if ring > 1 {
            let edge = (at.0.clamp(left - 1.5, right + 1.5), at.1.clamp(top, bottom));
            canvas.line(at, edge, Stroke::solid(FAINT, THIN * 0.75));
        }
        self.taken.push((left, top, right, bottom));
        canvas.text(middle, text, SMALL, Align::Centre, color);
    }

    /// Overlap with what is there, and what is cut off.
    fn cost(&self, area: Area) -> f64 {
        let (left, top, right, bottom) = self.within;
        let beyond =
            (left - area.0).max(0.0) + (area.2 - right).max(0.0) + (top - area.1).max(0.0) + (area.3 - bottom).max(0.0);
        100.0 * beyond + self.taken.iter().map(|taken| overlap(area, *taken)).sum::<f64>()
    }
}

fn overlap(a: Area, b: Area) -> f64 {
    (a.2.min(b.2) - a.0.max(b.0)).max(0.0) * (a.3.min(b.3) - a.1.max(b.1)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::style::INK;

    #[test]
    fn a_text_goes_to_the_right_unless_something_is_there() {
        let within = (0.0, 0.0, 100.0, 100.0);
        let right_of = |marks: &[Point], at: Point| {
            let mut labels = Labels::new(within);
            marks.iter().for_each(|mark| labels.avoid(*mark, 4.0));
            labels.place(&mut Canvas::new(100.0, 100.0), at, "a b", INK);
            let area = labels.taken.last().unwrap();
            (area.0 + area.2) / 2.0 > at.0
        };
        assert!(right_of(&[(50.0, 50.0)], (50.0, 50.0)));
        assert!(!right_of(&[(50.0, 50.0), (64.0, 50.0)], (50.0, 50.0)));
        assert!(!right_of(&[], (95.0, 50.0)), "there is no room at the edge");
    }

    #[test]
    fn texts_beside_one_mark_do_not_touch() {
        let mut labels = Labels::new((0.0, 0.0, 400.0, 400.0));
        labels.avoid((200.0, 200.0), 4.0);
        let mut canvas = Canvas::new(400.0, 400.0);
        (0..30).for_each(|_| labels.place_clear(&mut canvas, (200.0, 200.0), "a network", INK));
        let taken = &labels.taken;
        let touching = (0..31).flat_map(|i| (0..i).map(move |j| overlap(taken[i], taken[j])));
        assert_eq!(touching.fold(0.0, f64::max), 0.0);
    }
}
