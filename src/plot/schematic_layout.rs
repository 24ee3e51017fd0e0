//! Where everything of a schematic goes. Inputs, areas and outputs are columns. Lines between neighbours cross the gap
//! between them; lines that go farther leave their column in a track of the gap, go in a lane above all areas (forward)
//! or below them (back), and come down in a track of the last gap. No track, lane or port is used twice.

use std::collections::BTreeMap;

use super::canvas::{Point, bezier};
use super::style::{SMALL, TEXT, text_width};
use super::{Schematic, SchematicPlace};

/// Least and largest radius of a population, room of a line that ends there, and the gap between two.
const RADIUS: (f64, f64) = (23.0, 44.0);
const PORT: f64 = 5.6;
const BETWEEN: f64 = 42.0;
/// Room for loops above the first population of an area and below the last, and for its name.
const LOOP: f64 = 34.0;
const TITLE: f64 = 20.0;
/// The least width of an area, beside its populations.
const AREA: f64 = 50.0;
/// Height of a group of channels, and the gap between two.
const BUNDLE: f64 = 20.0;
const BUNDLE_GAP: f64 = 10.0;
/// Distances between tracks, and between lanes.
const TRACK: f64 = 6.0;
const LANE: f64 = 8.0;
/// Of a gap: between a column and the first track, and what is left between the tracks of both sides.
const EDGE: f64 = 9.0;
const CROSSING: f64 = 46.0;
/// Around the figure.
const MARGIN: f64 = 12.0;
/// Between the tip of a line and what it goes to.
const TIP: f64 = 2.0;
/// Part of the half height of a shape that lines end at.
const REACH: f64 = 0.8;
/// Radius of the corners of a line.
const CORNER: f64 = 5.0;

/// A population or a group of channels.
pub(super) struct Shape {
    pub centre: Point,
    /// Half of its width and height.
    pub half: (f64, f64),
    column: usize,
    is_round: bool,
}

/// The frame of an area.
pub(super) struct Frame {
    pub corner: Point,
    pub size: (f64, f64),
}

pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    /// Of the areas, in order.
    pub boxes: Vec<Frame>,
    pub shapes: BTreeMap<SchematicPlace, Shape>,
    /// Of the projections, in order.
    pub routes: Vec<Vec<Point>>,
}

/// How a line goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// From a population to itself.
    Loop,
    /// To another population of the same area.
    Within,
    /// To a neighbouring column.
    Across,
    /// Forward above others, in a lane.
    Over(usize),
    /// Back below others, in a lane.
    Under(usize),
}

/// The side of a shape at which a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
}

/// An end of a line: the place of its projection, and whether it is the target.
type End = (usize, bool);

/// What is known of the lines before anything has a position.
struct Wiring<'a> {
    figure: &'a Schematic,
    ways: Vec<Way>,
    /// The tracks of each gap on its left and on its right, from left to right.
    tracks: Vec<[Vec<End>; 2]>,
}

impl Layout {
    /// Of a valid figure.
    pub fn of(figure: &Schematic) -> Self {
        let wiring = Wiring::of(figure);
        let lanes = |of: fn(&Way) -> Option<usize>| wiring.ways.iter().filter_map(of).map(|lane| lane + 1).max();
        let over = lanes(|way| if let Way::Over(lane) = way { Some(*lane) } else { None }).unwrap_or(0);
        let under = lanes(|way| if let Way::Under(lane) = way { Some(*lane) } else { None }).unwrap_or(0);
        let top = MARGIN + LANE * over as f64 + if over > 0 { LANE } else { 0.0 };
        let radius = wiring.radius();
        let height = (0..wiring.columns()).map(|column| column_height(figure, column, radius)).fold(0.0, f64::max);
        let (lefts, rights) = wiring.column_edges(radius);
        let shapes = shapes(figure, &lefts, &rights, top + height / 2.0, radius);
        let boxes = (0..figure.areas.len()).map(|area| {
            let (left, right) = (lefts[area + 1], rights[area + 1]);
            let size = (right - left, column_height(figure, area + 1, radius));
            Frame { corner: (left, top + (height - size.1) / 2.0), size }
        });
        let boxes = boxes.collect();
        let bottom = top + height;
        let ports = wiring.ports(&shapes);
        let routes =
            Router { wiring: &wiring, shapes: &shapes, ports: &ports, lefts: &lefts, rights: &rights, top, bottom }
                .routes();
        Self {
            width: rights[wiring.columns() - 1] + MARGIN,
            height: bottom + LANE * under as f64 + if under > 0 { LANE } else { 0.0 } + MARGIN,
            boxes,
            shapes,
            routes,
        }
    }
}

/// The column of a place: inputs, the areas, outputs.
fn column(figure: &Schematic, place: SchematicPlace) -> usize {
    match place {
        SchematicPlace::Input(_) => 0,
        SchematicPlace::Population { area, .. } => area + 1,
        SchematicPlace::Output(_) => figure.areas.len() + 1,
    }
}

fn column_height(figure: &Schematic, column: usize, radius: f64) -> f64 {
    let bundles = |n: usize| n as f64 * (BUNDLE + BUNDLE_GAP) - BUNDLE_GAP;
    match column {
        0 => bundles(figure.inputs.len()),
        column if column == figure.areas.len() + 1 => bundles(figure.outputs.len()),
        column => {
            let n = figure.areas[column - 1].populations.len() as f64;
            title(figure) + 2.0 * LOOP + n * 2.0 * radius + (n - 1.0) * BETWEEN
        }
    }
}

/// Room for names of areas, if one has one.
fn title(figure: &Schematic) -> f64 {
    if figure.areas.iter().all(|area| area.name.is_empty()) { 0.0 } else { TITLE }
}

fn column_width(figure: &Schematic, column: usize, radius: f64) -> f64 {
    let bundles = |bundles: &[super::ChannelBundle]| {
        bundles.iter().map(|bundle| text_width(&bundle.label(), SMALL) + 18.0).fold(0.0, f64::max)
    };
    match column {
        0 => bundles(&figure.inputs),
        column if column == figure.areas.len() + 1 => bundles(&figure.outputs),
        column => (AREA + 2.0 * radius).max(text_width(&figure.areas[column - 1].name, TEXT) + 16.0),
    }
}

fn shapes(
    figure: &Schematic,
    lefts: &[f64],
    rights: &[f64],
    middle: f64,
    radius: f64,
) -> BTreeMap<SchematicPlace, Shape> {
    let mut shapes = BTreeMap::new();
    let n = figure.areas.len();
    for (column, bundles) in [(0, &figure.inputs), (n + 1, &figure.outputs)] {
        let top = middle - column_height(figure, column, radius) / 2.0;
        for i in 0..bundles.len() {
            let place = if column == 0 { SchematicPlace::Input(i) } else { SchematicPlace::Output(i) };
            let y = top + i as f64 * (BUNDLE + BUNDLE_GAP) + BUNDLE / 2.0;
            let centre = ((lefts[column] + rights[column]) / 2.0, y);
            let half = ((rights[column] - lefts[column]) / 2.0, BUNDLE / 2.0);
            shapes.insert(place, Shape { centre, half, column, is_round: false });
        }
    }
    for (area, described) in figure.areas.iter().enumerate() {
        let column = area + 1;
        let top = middle - column_height(figure, column, radius) / 2.0 + title(figure) + LOOP + radius;
        for population in 0..described.populations.len() {
            let y = top + population as f64 * (2.0 * radius + BETWEEN);
            let centre = ((lefts[column] + rights[column]) / 2.0, y);
            let place = SchematicPlace::Population { area, population };
            shapes.insert(place, Shape { centre, half: (radius, radius), column, is_round: true });
        }
    }
    shapes
}

impl<'a> Wiring<'a> {
    fn of(figure: &'a Schematic) -> Self {
        let mut wiring = Self { figure, ways: ways(figure), tracks: Vec::new() };
        wiring.tracks = (0..wiring.columns() - 1).map(|gap| wiring.tracks_of(gap)).collect();
        wiring
    }

    /// Of all populations: so large that their lines have room.
    fn radius(&self) -> f64 {
        let is_population = |place: &SchematicPlace| matches!(place, SchematicPlace::Population { .. });
        let sides = self.sides();
        let most = sides.iter().filter(|((place, _), _)| is_population(place)).map(|(_, ends)| ends.len()).max();
        (most.unwrap_or(0) as f64 * PORT / (2.0 * REACH)).clamp(RADIUS.0, RADIUS.1)
    }

    fn columns(&self) -> usize {
        self.figure.areas.len() + 2
    }

    fn place(&self, (projection, is_target): End) -> SchematicPlace {
        let projection = &self.figure.projections[projection];
        if is_target { projection.to } else { projection.from }
    }

    /// The side at which a line that leaves its column ends.
    fn side(&self, (projection, is_target): End) -> Side {
        let other = self.place((projection, !is_target));
        let own = self.place((projection, is_target));
        if column(self.figure, other) > column(self.figure, own) { Side::Right } else { Side::Left }
    }

    /// On the left of a gap the tracks of the column before it, on its right those of the column after it. The outer
    /// lanes have the tracks next to the column, so that lines of one population do not cross.
    fn tracks_of(&self, gap: usize) -> [Vec<End>; 2] {
        [(gap, Side::Right), (gap + 1, Side::Left)].map(|(at, side)| {
            let ends = (0..self.ways.len()).flat_map(|projection| [(projection, false), (projection, true)]);
            let mut found: Vec<End> = ends
                .filter(|end| matches!(self.ways[end.0], Way::Over(_) | Way::Under(_)))
                .filter(|end| column(self.figure, self.place(*end)) == at && self.side(*end) == side)
                .collect();
            found.sort_by_key(|end| (self.place(*end), self.order(*end)));
            if side == Side::Left {
                found.reverse();
            }
            found
        })
    }

    /// Order of lines from top to bottom at one side of a shape: those above all areas from the outermost lane on, then
    /// those across, then those below all areas to the outermost.
    fn order(&self, (projection, is_target): End) -> (usize, isize, SchematicPlace, bool) {
        let other = self.place((projection, !is_target));
        match self.ways[projection] {
            Way::Over(lane) => (0, -(lane as isize), other, is_target),
            Way::Under(lane) => (2, lane as isize, other, is_target),
            // Of two neighbours the lines forward lie above those back at both.
            _ => (1, 0, other, is_target == (self.side((projection, is_target)) == Side::Right)),
        }
    }

    /// Left and right edges of the columns.
    fn column_edges(&self, radius: f64) -> (Vec<f64>, Vec<f64>) {
        let (mut lefts, mut rights) = (Vec::new(), Vec::new());
        let mut left = MARGIN;
        for column in 0..self.columns() {
            let right = left + column_width(self.figure, column, radius);
            lefts.push(left);
            rights.push(right);
            if let Some([before, after]) = self.tracks.get(column) {
                let is_empty = column == 0 && self.figure.inputs.is_empty();
                let gap = 2.0 * EDGE + CROSSING + TRACK * (before.len() + after.len()) as f64;
                left = if is_empty { right } else { right + gap };
            }
        }
        (lefts, rights)
    }

    /// The lines that end at each side of each shape, from top to bottom.
    fn sides(&self) -> BTreeMap<(SchematicPlace, Side), Vec<End>> {
        let mut sides: BTreeMap<(SchematicPlace, Side), Vec<End>> = BTreeMap::new();
        for (projection, way) in self.ways.iter().enumerate() {
            for end in [(projection, false), (projection, true)] {
                if !matches!(way, Way::Loop | Way::Within) {
                    sides.entry((self.place(end), self.side(end))).or_default().push(end);
                }
            }
        }
        sides.values_mut().for_each(|ends| ends.sort_by_key(|end| self.order(*end)));
        sides
    }

    /// How far above (negative) or below the middle of its shape each line ends.
    fn ports(&self, shapes: &BTreeMap<SchematicPlace, Shape>) -> BTreeMap<End, f64> {
        let mut ports = BTreeMap::new();
        for ((place, _), ends) in self.sides() {
            let reach = REACH * shapes[&place].half.1;
            let spacing = (2.0 * reach / ends.len() as f64).min(9.0);
            for (i, end) in ends.iter().enumerate() {
                ports.insert(*end, (i as f64 - (ends.len() - 1) as f64 / 2.0) * spacing);
            }
        }
        ports
    }
}

/// How each line goes. Of those above or below others the shortest have the innermost lanes; lines whose gaps overlap
/// have different ones.
fn ways(figure: &Schematic) -> Vec<Way> {
    let columns = |i: usize| {
        let projection = &figure.projections[i];
        (column(figure, projection.from), column(figure, projection.to))
    };
    let mut ways: Vec<Way> = figure
        .projections
        .iter()
        .enumerate()
        .map(|(i, projection)| match columns(i) {
            _ if projection.from == projection.to => Way::Loop,
            (from, to) if from == to => Way::Within,
            _ => Way::Across,
        })
        .collect();
    for forward in [true, false] {
        let span = |i: &usize| columns(*i).0.abs_diff(columns(*i).1);
        let far = |i: &usize| span(i) > 1 && (columns(*i).0 < columns(*i).1) == forward;
        let mut lines: Vec<usize> = (0..ways.len()).filter(far).collect();
        lines.sort_by_key(|i| (span(i), columns(*i)));
        let mut lanes: Vec<Vec<(usize, usize)>> = Vec::new();
        for i in lines {
            let (from, to) = columns(i);
            // Gaps are numbered by the column before them.
            let gaps = (from.min(to), from.max(to) - 1);
            let is_free = |lane: &Vec<(usize, usize)>| lane.iter().all(|other| other.1 < gaps.0 || gaps.1 < other.0);
            let lane = lanes.iter().position(is_free).unwrap_or(lanes.len());
            if lane == lanes.len() {
                lanes.push(Vec::new());
            }
            lanes[lane].push(gaps);
            ways[i] = if forward { Way::Over(lane) } else { Way::Under(lane) };
        }
    }
    ways
}

/// What lines are made of, once all else has its position.
struct Router<'a> {
    wiring: &'a Wiring<'a>,
    shapes: &'a BTreeMap<SchematicPlace, Shape>,
    ports: &'a BTreeMap<End, f64>,
    lefts: &'a [f64],
    rights: &'a [f64],
    top: f64,
    bottom: f64,
}

impl Router<'_> {
    fn routes(&self) -> Vec<Vec<Point>> {
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
    use crate::plot::{SchematicArea, SchematicPopulation, SchematicProjection};

    fn figure(areas: usize, pairs: &[(usize, usize)]) -> Schematic {
        let populations = vec![SchematicPopulation { cell_type: None, units: 10 }];
        let area = |area| SchematicPlace::Population { area, population: 0 };
        let bundle = |name: &str| super::super::ChannelBundle { name: name.into(), channels: 1 };
        Schematic {
            inputs: vec![bundle("in")],
            areas: (0..areas)
                .map(|i| SchematicArea { name: format!("{i}"), populations: populations.clone() })
                .collect(),
            outputs: vec![bundle("out")],
            projections: pairs
                .iter()
                .map(|(from, to)| SchematicProjection { from: area(*from), to: area(*to), strength: 1.0 })
                .collect(),
        }
    }

    #[test]
    fn lines_between_neighbours_are_direct_and_others_have_lanes_of_their_own() {
        let found = ways(&figure(5, &[(0, 1), (1, 0), (0, 2), (0, 3), (3, 4), (2, 4), (4, 0), (2, 2)]));
        let wanted = [
            Way::Across,
            Way::Across,
            Way::Over(0),
            // Its gaps are those of the line before, and one of the line from 2 to 4.
            Way::Over(1),
            Way::Across,
            Way::Over(0),
            Way::Under(0),
            Way::Loop,
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn no_two_tracks_or_ports_are_the_same() {
        let pairs: Vec<(usize, usize)> = (0..6).flat_map(|from| (0..6).map(move |to| (from, to))).collect();
        let figure = figure(6, &pairs);
        let wiring = Wiring::of(&figure);
        let (lefts, rights) = wiring.column_edges(RADIUS.0);
        let shapes = shapes(&figure, &lefts, &rights, 0.0, RADIUS.0);
        let ports = wiring.ports(&shapes);
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
