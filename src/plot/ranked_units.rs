//! Values of all units in their order: how many are selective, and how much.

use std::path::Path;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, key, key_width};
use super::panel::{Panel, note, padded_range};
use super::save::save;
use super::style::{Rgb, SMALL, series, text_width};

/// Left and top of the first panel, its width and height, and the gap to the next one.
const LEFT: f64 = 66.0;
const TOP: f64 = 34.0;
const SIZE: (f64, f64) = (210.0, 200.0);
const GAP: f64 = 74.0;
/// Radius of a dot.
const DOT: f64 = 2.3;

/// One panel for each quantity: units from the smallest value to the largest, population by population, filled where
/// they are marked. Values that are not finite are counted and not drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedUnits {
    /// The quantities, from left to right.
    pub panels: Vec<RankedPanel>,
    /// A remark above the panels; empty for none.
    pub remark: String,
}

/// A quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedPanel {
    /// Its name, such as `ROC area`.
    pub quantity: String,
    /// The value that means nothing, such as 0.5; a dashed line.
    pub reference: f64,
    /// Populations, the same in all panels.
    pub series: Vec<UnitSeries>,
}

/// Units of one population.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitSeries {
    /// Its name; a single one is not named.
    pub name: String,
    /// Values in any order; those that are not finite are not drawn.
    pub values: Vec<f64>,
    /// Whether each is filled.
    pub is_marked: Vec<bool>,
}

impl RankedUnits {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no panel or population, marks do not match values, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let entries: Vec<(String, Mark)> = match &self.panels[0].series[..] {
            [_] => Vec::new(),
            populations => {
                let entry = |(i, one): (usize, &UnitSeries)| (one.name.clone(), Mark::Dot(Dot::new(series(i), 3.0)));
                populations.iter().enumerate().map(entry).collect()
            }
        };
        let right = LEFT + self.panels.len() as f64 * (SIZE.0 + GAP) - GAP;
        let legend = if entries.is_empty() { 0.0 } else { 18.0 + key_width(&entries) };
        let wide = (right + legend).max(LEFT + text_width(&self.remark, SMALL)) + 20.0;
        let mut canvas = Canvas::new(wide, TOP + SIZE.1 + 54.0);
        for (place, panel) in self.panels.iter().enumerate() {
            panel.draw(&mut canvas, LEFT + place as f64 * (SIZE.0 + GAP));
        }
        note(&mut canvas, (LEFT, 12.0), &self.remark, Align::Left);
        key(&mut canvas, (right + 18.0, TOP), &entries);
        Ok(canvas)
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("panels", self.panels.len())?;
        for (i, panel) in self.panels.iter().enumerate() {
            require_some(&format!("panels[{i}].series"), panel.series.len())?;
            require_finite(&format!("panels[{i}].reference"), [panel.reference])?;
            for (j, one) in panel.series.iter().enumerate() {
                let (field, values, marks) =
                    (format!("panels[{i}].series[{j}].is_marked"), one.values.len(), one.is_marked.len());
                require(values == marks, &field, || format!("has {marks} entries; there are {values} values"))?;
            }
        }
        Ok(())
    }
}

impl RankedPanel {
    fn draw(&self, canvas: &mut Canvas, left: f64) {
        let all = || self.series.iter().flat_map(|one| one.values.iter().copied());
        let finite = || all().filter(|value| value.is_finite());
        let (low, high) = padded_range(finite().chain([self.reference]), 0.05);
        let most = self.series.iter().map(|one| one.values.len()).max().unwrap_or(1);
        let panel = Panel {
            x: Axis::linear(0.0, most.max(1) as f64, (left, left + SIZE.0)),
            y: Axis::linear(low, high, (TOP + SIZE.1, TOP)),
        };
        panel.horizontal_guide(canvas, self.reference);
        for (i, one) in self.series.iter().enumerate() {
            one.draw(canvas, &panel, series(i));
        }
        panel.left_axis(canvas, &panel.y.ticks(5), &self.quantity);
        panel.bottom_axis(canvas, &panel.x.whole_ticks(4), "Unit, by its value");
        let lost = all().count() - finite().count();
        if lost > 0 {
            note(canvas, (left + SIZE.0, TOP - 6.0), &format!("{lost} without a finite value"), Align::Right);
        }
    }
}

impl UnitSeries {
    fn draw(&self, canvas: &mut Canvas, panel: &Panel, color: Rgb) {
        let mut units: Vec<(f64, bool)> = self.values.iter().copied().zip(self.is_marked.iter().copied()).collect();
        units.retain(|(value, _)| value.is_finite());
        units.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (rank, (value, is_marked)) in units.into_iter().enumerate() {
            let at = panel.at((rank as f64 + 0.5, value));
            match is_marked {
                true => canvas.dot(at, DOT, color),
                false => Dot { hollow: true, ..Dot::new(color, DOT - 0.5) }.draw(canvas, at),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: &[f64], marked: &[bool]) -> RankedUnits {
        let one = |name: &str| UnitSeries { name: name.into(), values: values.to_vec(), is_marked: marked.to_vec() };
        let panel = |quantity: &str| RankedPanel {
            quantity: quantity.into(),
            reference: 0.5,
            series: vec![one("excitatory"), one("inhibitory")],
        };
        RankedUnits { panels: vec![panel("d'"), panel("ROC area")], remark: "filled where p < 0.01".into() }
    }

    #[test]
    fn every_unit_with_a_value_has_a_dot_and_the_others_are_counted() {
        let svg = figure(&[0.3, 0.9, f64::INFINITY], &[false, true, true]).draw().unwrap().into_svg();
        // Two populations in two panels, and two in the legend.
        assert_eq!(svg.matches("<circle").count(), 2 * 2 * 2 + 2, "{svg}");
        for text in ["ROC area<", ">Unit, by its value<", ">2 without a finite value<", ">inhibitory<", "p &lt; 0.01"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }

    #[test]
    fn marks_that_do_not_match_and_empty_figures_are_refused() {
        let refusal = |figure: RankedUnits| figure.draw().err().unwrap().to_string();
        assert!(refusal(figure(&[0.1], &[])).contains("`panels[0].series[0].is_marked` has 0 entries; there are 1"));
        assert!(refusal(RankedUnits { panels: Vec::new(), remark: String::new() }).contains("`panels` is empty"));
    }
}
