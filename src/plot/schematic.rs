//! A network as papers draw it: inputs, areas with their populations, outputs, and what projects where.

use std::path::Path;

use nn4n_models::CellType;

use super::PlotError;
use super::canvas::{Align, Canvas, Point, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Mark, arrow_along, key, key_height, key_width};
use super::panel::note;
use super::save::save;
use super::schematic_layout::{Layout, Shape};
use super::style::{FAINT, GREY, INK, NEGATIVE, POSITIVE, Rgb, SMALL, TEXT, tint, widest};

/// Widths of the weakest and of the strongest line.
const WIDTHS: (f64, f64) = (0.7, 3.6);

/// Inputs on the left, areas as boxes with their populations as circles, outputs on the right. Lines are projections:
/// red with a head where they excite, blue with a bar where they inhibit, as wide as they are strong; what does not
/// exist is not drawn. Lines above the areas go forward, lines below them back.
#[derive(Clone, Debug, PartialEq)]
pub struct Schematic {
    /// Groups of input channels, from top to bottom; may be empty.
    pub inputs: Vec<ChannelBundle>,
    /// Areas from left to right, at least one.
    pub areas: Vec<SchematicArea>,
    /// Groups of outputs, from top to bottom, at least one.
    pub outputs: Vec<ChannelBundle>,
    /// What projects where. One that has excitation and inhibition is two.
    pub projections: Vec<SchematicProjection>,
}

/// Channels that are drawn as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelBundle {
    /// What they have in common.
    pub name: String,
    /// How many they are, at least 1.
    pub channels: usize,
}

/// An area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchematicArea {
    /// Its name; empty for none.
    pub name: String,
    /// From top to bottom, at least one.
    pub populations: Vec<SchematicPopulation>,
}

/// Units of an area that are of one cell type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchematicPopulation {
    /// Its cell type; `None` where Dale's law does not apply.
    pub cell_type: Option<CellType>,
    /// How many units it has, at least 1.
    pub units: usize,
}

/// Excitation or inhibition from one place to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SchematicProjection {
    /// Where it comes from: no output.
    pub from: SchematicPlace,
    /// Where it goes: no input.
    pub to: SchematicPlace,
    /// Sum of its weights into a target unit or output, mean over them: above 0 for excitation, below 0 for inhibition,
    /// never 0.
    pub strength: f64,
}

/// Something that projections join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchematicPlace {
    /// The group of inputs with this place among them.
    Input(usize),
    /// The population with this place among those of an area.
    Population {
        /// Place of the area.
        area: usize,
        /// Place of the population in it.
        population: usize,
    },
    /// The group of outputs with this place among them.
    Output(usize),
}

impl Schematic {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no area or output, something has no channels or units, a projection joins what is not there or has
    /// no strength, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let layout = Layout::of(self);
        let (entries, remarks) = (self.entries(), self.remarks());
        let keyed = layout.height + 8.0;
        let remarked = keyed + key_height(entries.len()) + 10.0;
        let texts = widest(remarks.iter().map(String::as_str), SMALL).max(key_width(&entries));
        let mut canvas = Canvas::new(layout.width.max(20.0 + texts), remarked + 14.0 * remarks.len() as f64);
        for (area, frame) in self.areas.iter().zip(&layout.boxes) {
            canvas.rounded(frame.corner, frame.size, 10.0, tint(GREY, 0.06), Stroke::solid(FAINT, 1.0));
            let top = (frame.corner.0 + frame.size.0 / 2.0, frame.corner.1 + 13.0);
            canvas.text(top, &area.name, TEXT, Align::Centre, INK);
        }
        for (projection, route) in self.projections.iter().zip(&layout.routes) {
            draw_route(&mut canvas, route, projection.strength, self.width(projection));
        }
        for (place, shape) in &layout.shapes {
            self.draw_shape(&mut canvas, *place, shape);
        }
        key(&mut canvas, (10.0, keyed), &entries);
        for (i, remark) in remarks.iter().enumerate() {
            note(&mut canvas, (10.0, remarked + 14.0 * i as f64), remark, Align::Left);
        }
        Ok(canvas)
    }

    fn draw_shape(&self, canvas: &mut Canvas, place: SchematicPlace, shape: &Shape) {
        let (x, y) = shape.centre;
        match place {
            SchematicPlace::Population { area, population } => {
                let population = self.areas[area].populations[population];
                let (color, name) = match population.cell_type {
                    Some(CellType::Excitatory) => (POSITIVE, "E"),
                    Some(CellType::Inhibitory) => (NEGATIVE, "I"),
                    None => (GREY, "units"),
                };
                canvas.circle(shape.centre, shape.half.1, tint(color, 0.14), Stroke::solid(color, 1.4));
                canvas.text((x, y - 6.5), name, if name.len() == 1 { TEXT } else { SMALL }, Align::Centre, INK);
                canvas.text((x, y + 7.0), &population.units.to_string(), SMALL, Align::Centre, INK);
            }
            SchematicPlace::Input(i) => draw_bundle(canvas, &self.inputs[i], shape),
            SchematicPlace::Output(i) => draw_bundle(canvas, &self.outputs[i], shape),
        }
    }

    /// In proportion to the strength, the strongest of each class (from inputs, between units, to outputs) being the
    /// widest: weights of inputs and of units are not comparable.
    fn width(&self, projection: &SchematicProjection) -> f64 {
        let strongest = self.strongest(class(projection)).unwrap_or(1.0);
        WIDTHS.0 + (WIDTHS.1 - WIDTHS.0) * projection.strength.abs() / strongest
    }

    fn strongest(&self, wanted: &str) -> Option<f64> {
        let of_class = self.projections.iter().filter(|projection| class(projection) == wanted);
        of_class.map(|projection| projection.strength.abs()).reduce(f64::max)
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let any = |positive: bool| self.projections.iter().any(|projection| (projection.strength > 0.0) == positive);
        let entries = [
            any(true).then(|| ("positive weights".to_owned(), Mark::Arrow(Stroke::solid(POSITIVE, 1.6)))),
            any(false).then(|| ("negative weights".to_owned(), Mark::Bar(Stroke::solid(NEGATIVE, 1.6)))),
        ];
        entries.into_iter().flatten().collect()
    }

    fn remarks(&self) -> Vec<String> {
        let widest = CLASSES
            .iter()
            .filter_map(|class| self.strongest(class).map(|strongest| format!("{} {class}", two_digits(strongest))));
        let widest: Vec<String> = widest.collect();
        if widest.is_empty() {
            return vec!["no projection".into()];
        }
        vec!["width: sum of the weights into a target".into(), format!("widest: {}", widest.join(", "))]
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("areas", self.areas.len())?;
        require_some("outputs", self.outputs.len())?;
        for (field, bundles) in [("inputs", &self.inputs), ("outputs", &self.outputs)] {
            for (i, bundle) in bundles.iter().enumerate() {
                require_some(&format!("{field}[{i}].channels"), bundle.channels)?;
            }
        }
        for (i, area) in self.areas.iter().enumerate() {
            require_some(&format!("areas[{i}].populations"), area.populations.len())?;
            let least = area.populations.iter().map(|population| population.units).min().unwrap_or(0);
            require_some(&format!("areas[{i}].populations[].units"), least)?;
        }
        for (i, projection) in self.projections.iter().enumerate() {
            let field = format!("projections[{i}]");
            for place in [projection.from, projection.to] {
                require(self.holds(place), &field, || format!("names {place:?}, which is not there"))?;
            }
            let (from, to) = (projection.from, projection.to);
            let crosses = matches!(from, SchematicPlace::Output(_)) || matches!(to, SchematicPlace::Input(_));
            let jumps = matches!((from, to), (SchematicPlace::Input(_), SchematicPlace::Output(_)));
            require(!crosses && !jumps, &field, || {
                format!("goes from {from:?} to {to:?}; inputs project to units, and units to units and outputs")
            })?;
            require_finite(&field, [projection.strength])?;
            require(projection.strength != 0.0, &field, || "has strength 0; leave it out".into())?;
        }
        Ok(())
    }

    fn holds(&self, place: SchematicPlace) -> bool {
        match place {
            SchematicPlace::Input(i) => i < self.inputs.len(),
            SchematicPlace::Output(i) => i < self.outputs.len(),
            SchematicPlace::Population { area, population } => {
                self.areas.get(area).is_some_and(|area| population < area.populations.len())
            }
        }
    }
}

impl ChannelBundle {
    /// For example `motion` or `ring (32)`.
    pub(super) fn label(&self) -> String {
        if self.channels == 1 { self.name.clone() } else { format!("{} ({})", self.name, self.channels) }
    }
}

const CLASSES: [&str; 3] = ["from inputs", "between units", "to outputs"];

fn class(projection: &SchematicProjection) -> &'static str {
    match (projection.from, projection.to) {
        (SchematicPlace::Input(_), _) => CLASSES[0],
        (_, SchematicPlace::Output(_)) => CLASSES[2],
        _ => CLASSES[1],
    }
}

fn two_digits(value: f64) -> String {
    let digits = (1.0 - value.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.digits$}")
}

fn draw_bundle(canvas: &mut Canvas, bundle: &ChannelBundle, shape: &Shape) {
    let ((x, y), (half_width, half_height)) = (shape.centre, shape.half);
    let size = (2.0 * half_width, 2.0 * half_height);
    canvas.rounded((x - half_width, y - half_height), size, half_height, tint(GREY, 0.08), Stroke::solid(GREY, 1.0));
    canvas.text((x, y), &bundle.label(), SMALL, Align::Centre, INK);
}

/// A line with a head where it excites, and a bar where it inhibits.
fn draw_route(canvas: &mut Canvas, route: &[Point], strength: f64, width: f64) {
    let color: Rgb = if strength > 0.0 { POSITIVE } else { NEGATIVE };
    let stroke = Stroke::solid(color, width);
    if strength > 0.0 {
        return arrow_along(canvas, route, stroke);
    }
    canvas.polyline(route, stroke);
    if let [.., before, end] = route {
        canvas.bar(*before, *end, 4.0 + 1.3 * width, stroke);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(area: usize, population: usize) -> SchematicPlace {
        SchematicPlace::Population { area, population }
    }

    /// Areas of E and I units, each projecting to itself and to all others.
    fn figure(areas: usize) -> Schematic {
        let populations = vec![
            SchematicPopulation { cell_type: Some(CellType::Excitatory), units: 80 },
            SchematicPopulation { cell_type: Some(CellType::Inhibitory), units: 20 },
        ];
        let mut projections =
            vec![SchematicProjection { from: SchematicPlace::Input(0), to: population(0, 0), strength: 0.4 }];
        for from in 0..areas {
            for to in 0..areas {
                for target in 0..2 {
                    projections.push(SchematicProjection {
                        from: population(from, 0),
                        to: population(to, target),
                        strength: if from == to { 2.0 } else { 0.5 },
                    });
                }
            }
            projections.push(SchematicProjection {
                from: population(from, 1),
                to: population(from, 0),
                strength: -3.0,
            });
        }
        projections.push(SchematicProjection {
            from: population(areas - 1, 0),
            to: SchematicPlace::Output(0),
            strength: 1.0,
        });
        Schematic {
            inputs: vec![ChannelBundle { name: "motion".into(), channels: 2 }],
            areas: (0..areas)
                .map(|i| SchematicArea { name: format!("area {}", i + 1), populations: populations.clone() })
                .collect(),
            outputs: vec![ChannelBundle { name: "choice".into(), channels: 1 }],
            projections,
        }
    }

    #[test]
    fn everything_is_named_and_the_legend_says_what_width_means() {
        let svg = figure(2).draw().unwrap().into_svg();
        for text in [
            ">motion (2)<",
            ">choice<",
            ">area 2<",
            ">E<",
            ">20<",
            ">positive weights<",
            ">negative weights<",
            ">widest: 0.40 from inputs, 3.0 between units, 1.0 to outputs<",
        ] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 4, "{svg}");
    }

    #[test]
    fn the_strongest_of_each_class_is_the_widest() {
        let figure = figure(2);
        let widths: Vec<f64> = figure.projections.iter().map(|projection| figure.width(projection)).collect();
        let is_widest = |width: &&f64| (**width - WIDTHS.1).abs() < 1e-9;
        assert!(is_widest(&&widths[0]), "the only one from an input");
        assert_eq!(widths.iter().filter(is_widest).count(), 4, "{widths:?}");
        assert!((widths[1] - (WIDTHS.0 + (WIDTHS.1 - WIDTHS.0) * 2.0 / 3.0)).abs() < 1e-12);
    }

    #[test]
    fn a_projection_from_an_output_to_nowhere_or_of_no_strength_is_refused() {
        let refusal = |change: fn(&mut SchematicProjection)| {
            let mut figure = figure(1);
            change(&mut figure.projections[0]);
            figure.draw().err().unwrap().to_string()
        };
        assert!(refusal(|p| p.strength = 0.0).contains("`projections[0]` has strength 0"));
        assert!(refusal(|p| p.strength = f64::NAN).contains("holds NaN"));
        assert!(refusal(|p| p.to = population(1, 0)).contains("which is not there"));
        assert!(refusal(|p| p.to = SchematicPlace::Output(0)).contains("inputs project to units"));
        assert!(refusal(|p| p.from = SchematicPlace::Output(0)).contains("inputs project to units"));
        let mut empty = figure(1);
        empty.areas[0].populations[1].units = 0;
        assert!(empty.draw().err().unwrap().to_string().contains("`areas[0].populations[].units` is empty"));
    }

    #[test]
    fn one_to_eight_areas_are_drawn_without_a_line_through_a_circle() {
        for areas in 1..=8 {
            let figure = figure(areas);
            let layout = Layout::of(&figure);
            for (projection, route) in figure.projections.iter().zip(&layout.routes) {
                for (place, shape) in &layout.shapes {
                    let is_end = [projection.from, projection.to].contains(place);
                    let enters = route.windows(2).any(|pair| distance(shape.centre, pair[0], pair[1]) < shape.half.1);
                    assert!(is_end || !enters, "{areas} areas: {projection:?} goes through {place:?}");
                }
                let inside =
                    |p: &(f64, f64)| (0.0..=layout.width).contains(&p.0) && (0.0..=layout.height).contains(&p.1);
                assert!(route.iter().all(inside), "{areas} areas: {projection:?} leaves the figure");
            }
        }
    }

    /// Of a point from a segment.
    fn distance(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let along = ((point.0 - from.0) * dx + (point.1 - from.1) * dy) / (dx * dx + dy * dy).max(1e-12);
        let t = along.clamp(0.0, 1.0);
        (point.0 - from.0 - t * dx).hypot(point.1 - from.1 - t * dy)
    }
}
