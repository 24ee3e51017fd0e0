//! Where everything of a schematic goes. Inputs, areas and outputs are columns; the gaps between them have room for the
//! tracks of the lines, and lanes lie above and below all areas.

use std::collections::BTreeMap;

use super::canvas::Point;
use super::schematic_routes::Router;
use super::schematic_wiring::{End, Way, Wiring};
use super::style::{SMALL, TEXT, text_width};
use super::{Schematic, SchematicPlace};

/// Least and largest radius of a population, room of a line that ends there, and the gap between two.
pub(super) const RADIUS: (f64, f64) = (23.0, 46.0);
const PORT: f64 = 7.5;
pub(super) const BETWEEN: f64 = 42.0;
/// Room for loops above the first population of an area and below the last, and for its name.
const LOOP: f64 = 34.0;
const TITLE: f64 = 20.0;
/// The least width of an area, beside its populations.
const AREA: f64 = 50.0;
/// Height of a group of channels, and the gap between two.
const BUNDLE: f64 = 20.0;
const BUNDLE_GAP: f64 = 10.0;
/// Distances between tracks, and between lanes.
pub(super) const TRACK: f64 = 6.0;
pub(super) const LANE: f64 = 8.0;
/// Of a gap: between a column and the first track, and what is left between the tracks of both sides.
pub(super) const EDGE: f64 = 9.0;
const CROSSING: f64 = 46.0;
/// Around the figure.
const MARGIN: f64 = 12.0;
/// Part of the half height of a shape that lines end at.
const REACH: f64 = 0.8;

/// A population or a group of channels.
pub(super) struct Shape {
    pub centre: Point,
    /// Half of its width and height.
    pub half: (f64, f64),
    pub column: usize,
    pub is_round: bool,
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

impl Layout {
    /// Of a valid figure.
    pub fn of(figure: &Schematic) -> Self {
        let wiring = Wiring::of(figure);
        let lanes = |of: fn(&Way) -> Option<usize>| wiring.ways.iter().filter_map(of).map(|lane| lane + 1).max();
        let over = lanes(|way| if let Way::Over(lane) = way { Some(*lane) } else { None }).unwrap_or(0);
        let under = lanes(|way| if let Way::Under(lane) = way { Some(*lane) } else { None }).unwrap_or(0);
        let top = MARGIN + LANE * over as f64 + if over > 0 { LANE } else { 0.0 };
        let radius = radius(&wiring);
        let height = (0..wiring.columns()).map(|column| column_height(figure, column, radius)).fold(0.0, f64::max);
        let (lefts, rights) = column_edges(&wiring, radius);
        let shapes = shapes(figure, &lefts, &rights, top + height / 2.0, radius);
        let boxes = (0..figure.areas.len()).map(|area| {
            let (left, right) = (lefts[area + 1], rights[area + 1]);
            let size = (right - left, column_height(figure, area + 1, radius));
            Frame { corner: (left, top + (height - size.1) / 2.0), size }
        });
        let boxes = boxes.collect();
        let bottom = top + height;
        let ports = ports(&wiring, &shapes);
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

pub(super) fn shapes(
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

/// Of all populations: so large that their lines have room.
fn radius(wiring: &Wiring) -> f64 {
    let is_population = |place: &SchematicPlace| matches!(place, SchematicPlace::Population { .. });
    let sides = wiring.sides();
    let most = sides.iter().filter(|((place, _), _)| is_population(place)).map(|(_, ends)| ends.len()).max();
    (most.unwrap_or(0) as f64 * PORT / (2.0 * REACH)).clamp(RADIUS.0, RADIUS.1)
}

/// Left and right edges of the columns.
pub(super) fn column_edges(wiring: &Wiring, radius: f64) -> (Vec<f64>, Vec<f64>) {
    let (mut lefts, mut rights) = (Vec::new(), Vec::new());
    let mut left = MARGIN;
    for column in 0..wiring.columns() {
        let right = left + column_width(wiring.figure, column, radius);
        lefts.push(left);
        rights.push(right);
        if let Some([before, after]) = wiring.tracks.get(column) {
            let is_empty = column == 0 && wiring.figure.inputs.is_empty();
            let gap = 2.0 * EDGE + CROSSING + TRACK * (before.len() + after.len()) as f64;
            left = if is_empty { right } else { right + gap };
        }
    }
    (lefts, rights)
}

/// How far above (negative) or below the middle of its shape each line ends.
pub(super) fn ports(wiring: &Wiring, shapes: &BTreeMap<SchematicPlace, Shape>) -> BTreeMap<End, f64> {
    let mut ports = BTreeMap::new();
    for ((place, _), ends) in wiring.sides() {
        let reach = REACH * shapes[&place].half.1;
        let spacing = (2.0 * reach / ends.len() as f64).min(8.0);
        for (i, end) in ends.iter().enumerate() {
            ports.insert(*end, (i as f64 - (ends.len() - 1) as f64 / 2.0) * spacing);
        }
    }
    ports
}
