//! How the lines of a schematic go, before anything has a position: across to a neighbour, or by a lane above or below
//! all areas, which they reach by a track of a gap and leave by another. No lane, track or port is used twice.

use std::collections::BTreeMap;

use super::{Schematic, SchematicPlace};

/// How a line goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
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
pub(super) enum Side {
    Left,
    Right,
}

/// An end of a line: the place of its projection, and whether it is the target.
pub(super) type End = (usize, bool);

/// What is known of the lines before anything has a position.
pub(super) struct Wiring<'a> {
    pub figure: &'a Schematic,
    pub ways: Vec<Way>,
    /// The tracks of each gap on its left and on its right, from left to right.
    pub tracks: Vec<[Vec<End>; 2]>,
}

impl<'a> Wiring<'a> {
    pub fn of(figure: &'a Schematic) -> Self {
        let mut wiring = Self { figure, ways: ways(figure), tracks: Vec::new() };
        wiring.tracks = (0..wiring.columns() - 1).map(|gap| wiring.tracks_of(gap)).collect();
        wiring
    }

    pub fn columns(&self) -> usize {
        self.figure.areas.len() + 2
    }

    pub fn place(&self, (projection, is_target): End) -> SchematicPlace {
        let projection = &self.figure.projections[projection];
        if is_target { projection.to } else { projection.from }
    }

    /// The side at which a line that leaves its column ends.
    pub fn side(&self, (projection, is_target): End) -> Side {
        let other = self.place((projection, !is_target));
        let own = self.place((projection, is_target));
        if column(self.figure, other) > column(self.figure, own) { Side::Right } else { Side::Left }
    }

    /// On the left of a gap the tracks of the column before it, on its right those of the column after it. The outer
    /// lanes have the tracks next to the column, so that lines of one population do not cross.
    pub fn tracks_of(&self, gap: usize) -> [Vec<End>; 2] {
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
    pub fn order(&self, (projection, is_target): End) -> (usize, isize, SchematicPlace, bool) {
        let other = self.place((projection, !is_target));
        match self.ways[projection] {
            Way::Over(lane) => (0, -(lane as isize), other, is_target),
            Way::Under(lane) => (2, lane as isize, other, is_target),
            // Of two neighbours the lines forward lie above those back at both.
            _ => (1, 0, other, is_target == (self.side((projection, is_target)) == Side::Right)),
        }
    }

    /// The lines that end at each side of each shape, from top to bottom.
    pub fn sides(&self) -> BTreeMap<(SchematicPlace, Side), Vec<End>> {
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
}

/// The column of a place: inputs, the areas, outputs.
pub(super) fn column(figure: &Schematic, place: SchematicPlace) -> usize {
    match place {
        SchematicPlace::Input(_) => 0,
        SchematicPlace::Population { area, .. } => area + 1,
        SchematicPlace::Output(_) => figure.areas.len() + 1,
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::plot::{ChannelBundle, SchematicArea, SchematicPopulation, SchematicProjection};

    /// Areas of one population each, with a projection for each pair (from, to).
    pub fn figure(areas: usize, pairs: &[(usize, usize)]) -> Schematic {
        let populations = vec![SchematicPopulation { cell_type: None, units: 10 }];
        let area = |area| SchematicPlace::Population { area, population: 0 };
        let bundle = |name: &str| ChannelBundle { name: name.into(), channels: 1 };
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
}
