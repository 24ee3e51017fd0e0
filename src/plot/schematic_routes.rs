//! The lines of a schematic, once everything else has its position.

use std::collections::BTreeMap;

use super::SchematicPlace;
use super::canvas::{Point, bezier};
use super::schematic_layout::{BETWEEN, EDGE, LANE, Shape, TRACK};
use super::schematic_wiring::{End, Side, Way, Wiring};

/// Between the tip of a line and what it goes to.
const TIP: f64 = 2.0;
/// Radius of the corners of a line.
const CORNER: f64 = 5.0;

/// What lines are made of, once all else has its position.
pub(super) struct Router<'a> {
    pub wiring: &'a Wiring<'a>,
    pub shapes: &'a BTreeMap<SchematicPlace, Shape>,
    pub ports: &'a BTreeMap<End, f64>,
    pub lefts: &'a [f64],
    pub rights: &'a [f64],
    pub top: f64,
    pub bottom: f64,
}

impl Router<'_> {
    /// Of all projections, in order.
    pub fn routes(&self) -> Vec<Vec<Point>> {
        (0..self.wiring.ways.len()).map(|projection| self.route(projection)).collect()
    }

    fn route(&self, projection: usize) -> Vec<Point> {
        let (from, to) = ((projection, false), (projection, true));
        match self.wiring.ways[projection] {
            Way::Loop => self.around(projection),
            Way::Within => self.within(projection),
            Way::Across => {
                let (start, end) = (self.port(from), self.port(to));
                let reach = (end.0 - start.0) * 0.45;
                bezier(start, (start.0 + reach, start.1), (end.0 - reach, end.1), end)
            }
            Way::Over(lane) => self.detour(projection, self.top - LANE * (lane + 1) as f64),
            Way::Under(lane) => self.detour(projection, self.bottom + LANE * (lane + 1) as f64),
        }
    }

    /// Out to a track, along a lane at this height, and in from a track.
    fn detour(&self, projection: usize, lane: f64) -> Vec<Point> {
        let [from, to] = [(projection, false), (projection, true)];
        let (start, end) = (self.port(from), self.port(to));
        let (leaves, enters) = (self.track(from), self.track(to));
        rounded(&[start, (leaves, start.1), (leaves, lane), (enters, lane), (enters, end.1), end])
    }

    /// Where a line meets its shape.
    fn port(&self, end: End) -> Point {
        let shape = &self.shapes[&self.wiring.place(end)];
        let dy = self.ports[&end];
        let (width, height) = shape.half;
        let reach = if shape.is_round { (width * height - dy * dy).max(0.0).sqrt() } else { width };
        let reach = reach + if end.1 { TIP } else { 0.0 };
        let sign = if self.wiring.side(end) == Side::Right { 1.0 } else { -1.0 };
        (shape.centre.0 + sign * reach, shape.centre.1 + dy)
    }

    fn track(&self, end: End) -> f64 {
        let at = self.shapes[&self.wiring.place(end)].column;
        let place = |tracks: &[End]| tracks.iter().position(|track| *track == end).unwrap_or(0) as f64;
        match self.wiring.side(end) {
            Side::Right => self.rights[at] + EDGE + TRACK * place(&self.wiring.tracks[at][0]),
            Side::Left => {
                let tracks = &self.wiring.tracks[at - 1][1];
                self.lefts[at] - EDGE - TRACK * ((tracks.len() - 1) as f64 - place(tracks))
            }
        }
    }

    /// A loop above a population, or below if it is the last of several, or if it inhibits and is alone.
    fn around(&self, projection: usize) -> Vec<Point> {
        let described = &self.wiring.figure.projections[projection];
        let shape = &self.shapes[&described.from];
        let (is_first, is_last) = match described.from {
            SchematicPlace::Population { area, population } => {
                (population == 0, population + 1 == self.wiring.figure.areas[area].populations.len())
            }
            _ => (true, true),
        };
        let up = is_first && (!is_last || described.strength > 0.0);
        let sign = if up { -1.0 } else { 1.0 };
        let same = |i: &usize| {
            let other = &self.wiring.figure.projections[*i];
            other.from == other.to
                && other.from == described.from
                && (other.strength > 0.0) == (described.strength > 0.0)
        };
        let both_here = !(is_first && is_last);
        let earlier = (0..projection).filter(|i| same(i) || both_here && self.is_loop_of(*i, described.from)).count();
        let (x, y) = shape.centre;
        let r = shape.half.1;
        let angle = 0.62f64;
        let start = (x - r * angle.sin(), y + sign * r * angle.cos());
        let end = (x + (r + TIP) * angle.sin(), y + sign * (r + TIP) * angle.cos());
        let (wide, high) = (20.0 + 7.0 * earlier as f64, 30.0 + 9.0 * earlier as f64);
        bezier(start, (start.0 - wide + 8.0, start.1 + sign * high), (end.0 + wide - 8.0, end.1 + sign * high), end)
    }

    fn is_loop_of(&self, projection: usize, place: SchematicPlace) -> bool {
        let other = &self.wiring.figure.projections[projection];
        other.from == place && other.to == place
    }

    /// Down on the right, up on the left.
    fn within(&self, projection: usize) -> Vec<Point> {
        let described = &self.wiring.figure.projections[projection];
        let (from, to) = (&self.shapes[&described.from], &self.shapes[&described.to]);
        let down = if to.centre.1 > from.centre.1 { 1.0 } else { -1.0 };
        let twice = |i: &usize| {
            let other = &self.wiring.figure.projections[*i];
            (other.from, other.to) == (described.from, described.to)
        };
        let earlier = (0..projection).filter(twice).count() as f64;
        let offset = down * (6.5 + 7.0 * earlier);
        let r = from.half.1;
        let reach = (r * r - offset * offset).max(0.0).sqrt();
        let x = from.centre.0 + offset;
        let start = (x, from.centre.1 + down * reach);
        let end = (x, to.centre.1 - down * (reach + TIP));
        if (to.centre.1 - from.centre.1).abs() < 3.0 * r + BETWEEN {
            return vec![start, end];
        }
        // Around what stands between.
        let side = x + down * 3.0 * r;
        bezier(start, (side, start.1), (side, end.1), end)
    }
}

/// A line along these points with rounded corners, without points that stand still.
fn rounded(points: &[Point]) -> Vec<Point> {
    const STEPS: usize = 5;
    let length = |a: Point, b: Point| (b.0 - a.0).hypot(b.1 - a.1);
    let toward = |from: Point, to: Point, by: f64| {
        let part = by / length(from, to).max(1e-9);
        (from.0 + part * (to.0 - from.0), from.1 + part * (to.1 - from.1))
    };
    let mut found = vec![points[0]];
    for corner in points.windows(3) {
        let (before, at, after) = (corner[0], corner[1], corner[2]);
        let radius = CORNER.min(length(before, at) / 2.0).min(length(at, after) / 2.0);
        let (start, end) = (toward(at, before, radius), toward(at, after, radius));
        for i in 0..=STEPS {
            let t = i as f64 / STEPS as f64;
            let [p, q, r] = [(1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t];
            found.push((p * start.0 + q * at.0 + r * end.0, p * start.1 + q * at.1 + r * end.1));
        }
    }
    found.push(points[points.len() - 1]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::schematic_layout::{RADIUS, column_edges, ports, shapes};
    use crate::plot::schematic_wiring::tests::figure;

    #[test]
    fn no_two_tracks_or_ports_are_the_same() {
        let pairs: Vec<(usize, usize)> = (0..6).flat_map(|from| (0..6).map(move |to| (from, to))).collect();
        let figure = figure(6, &pairs);
        let wiring = Wiring::of(&figure);
        let (lefts, rights) = column_edges(&wiring, RADIUS.0);
        let shapes = shapes(&figure, &lefts, &rights, 0.0, RADIUS.0);
        let ports = ports(&wiring, &shapes);
        let router = Router {
            wiring: &wiring,
            shapes: &shapes,
            ports: &ports,
            lefts: &lefts,
            rights: &rights,
            top: 0.0,
            bottom: 0.0,
        };
        let ends: Vec<End> = wiring.tracks.iter().flatten().flatten().copied().collect();
        let mut tracks: Vec<f64> = ends.iter().map(|end| router.track(*end)).collect();
        tracks.sort_by(f64::total_cmp);
        assert_eq!(tracks.len(), 2 * (36 - 6 - 10), "two ends of each line that goes far");
        assert!(tracks.windows(2).all(|pair| pair[1] - pair[0] > 0.9 * TRACK), "{tracks:?}");
        let mut meets: Vec<(i64, i64)> =
            ports.keys().map(|end| router.port(*end)).map(|(x, y)| ((x * 100.0) as i64, (y * 100.0) as i64)).collect();
        let n = meets.len();
        meets.sort_unstable();
        meets.dedup();
        assert_eq!(meets.len(), n);
    }

    #[test]
    fn corners_are_rounded_and_ends_are_kept() {
        let line = rounded(&[(0.0, 0.0), (20.0, 0.0), (20.0, 20.0)]);
        assert_eq!((line[0], line[line.len() - 1]), ((0.0, 0.0), (20.0, 20.0)));
        assert_eq!((line[1], line[line.len() - 2]), ((15.0, 0.0), (20.0, 5.0)));
    }
}
