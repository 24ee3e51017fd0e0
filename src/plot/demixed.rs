//! Demixed components over time, and what of the variance each explains.

use std::path::Path;

use nn4n_analysis::geometry::Dpca;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::condition_colors::{condition_colors, condition_stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Mark, key, key_height, key_width};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{GREY, INK, SMALL, TEXT, THICK, THIN, series, widest};

/// Left and top of the first panel, its width and height, and the gaps between panels.
const LEFT: f64 = 58.0;
const TOP: f64 = 26.0;
const PANEL: (f64, f64) = (170.0, 84.0);
const GAP: (f64, f64) = (44.0, 34.0);
/// Components of a marginalisation that are drawn.
const COLUMNS: usize = 3;
/// Conditions in the legend at most.
const NAMED: usize = 24;

/// Components against time, a line for each condition: a row of panels for each marginalisation, the components that
/// explain the most first. A black bar lies where a component tells the values of its variables apart.
#[derive(Clone, Debug, PartialEq)]
pub struct DemixedComponents {
    /// The middle of each bin, ms, ascending.
    pub time_ms: Vec<f64>,
    /// Names of the marginalisations, one for each row.
    pub rows: Vec<String>,
    /// The conditions, in the order of the lines.
    pub conditions: Vec<DemixedCondition>,
    /// In any order.
    pub components: Vec<DemixedComponent>,
}

/// How a condition is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct DemixedCondition {
    /// Its name in the legend.
    pub name: String,
    /// The place of its colour, which conditions of one value of the first variable share.
    pub color: usize,
    /// The number that the colour is of, if the values are numbers.
    pub value: Option<f64>,
    /// Whether the line is dashed.
    pub is_dashed: bool,
}

/// A component.
#[derive(Clone, Debug, PartialEq)]
pub struct DemixedComponent {
    /// The place of its marginalisation.
    pub row: usize,
    /// The part of the variance that it explains.
    pub explained: f64,
    /// A value for each time, for each condition.
    pub lines: Vec<Vec<f64>>,
    /// Where it is significant; empty if it was not tested.
    pub significant: Vec<bool>,
}

impl DemixedComponents {
    /// Of all components: coloured by the first variable, dashed by the last values of the second.
    pub fn of(found: &Dpca) -> Self {
        let per_first = found.conditions.len() / found.levels.first().map_or(1, Vec::len).max(1);
        let rest: usize = found.levels.iter().skip(2).map(Vec::len).product();
        let condition = |(place, name): (usize, &String)| {
            let first = place / per_first;
            DemixedCondition {
                name: name.clone(),
                color: first,
                value: found.levels[0][first].parse().ok(),
                is_dashed: place % per_first / rest % 2 == 1,
            }
        };
        let component = |(place, component): (usize, &nn4n_analysis::geometry::dpca::Component)| DemixedComponent {
            row: component.marginalisation,
            explained: component.explained,
            lines: found
                .projections
                .index_axis(ndarray::Axis(0), place)
                .outer_iter()
                .map(|line| line.to_vec())
                .collect(),
            significant: component.significance.as_ref().map_or_else(Vec::new, |of| of.is_significant.clone()),
        };
        Self {
            time_ms: found.time_ms.clone(),
            rows: found.marginalisations.iter().map(|part| part.name.clone()).collect(),
            conditions: found.conditions.iter().enumerate().map(condition).collect(),
            components: found.components.iter().enumerate().map(component).collect(),
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is nothing to draw, lines do not match their conditions or times, a number is not finite, or the file
    /// cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let rows: Vec<Vec<&DemixedComponent>> = (0..self.rows.len()).map(|row| self.row(row)).collect();
        let shown: Vec<(usize, Vec<&DemixedComponent>)> =
            rows.into_iter().enumerate().filter(|(_, row)| !row.is_empty()).collect();
        let columns = shown.iter().map(|(_, row)| row.len()).max().unwrap_or(1) as f64;
        let strokes = self.strokes();
        let entries = self.entries(&strokes);
        let right = LEFT + columns * (PANEL.0 + GAP.0) - GAP.0;
        let bottom = TOP + shown.len() as f64 * (PANEL.1 + GAP.1) - GAP.1;
        let below = (bottom + 54.0).max(TOP + key_height(entries.len()) + 8.0);
        let mut canvas = Canvas::new(right + 20.0 + key_width(&entries) + 12.0, below);
        for (place, (name, row)) in shown.iter().enumerate() {
            let top = TOP + place as f64 * (PANEL.1 + GAP.1);
            for (column, component) in row.iter().enumerate() {
                let left = LEFT + column as f64 * (PANEL.0 + GAP.0);
                let title = format!("{} {}: {:.1} %", self.rows[*name], column + 1, 100.0 * component.explained);
                let panel = self.panel(component, (left, top));
                self.draw_panel(&mut canvas, &panel, component, &strokes);
                canvas.text((left, top - 10.0), &title, SMALL, Align::Left, INK);
                panel.left_axis(&mut canvas, &panel.y.ticks(3), "");
                // Below the lowest panel of each column.
                if place + 1 == shown.len() || shown[place + 1].1.len() <= column {
                    panel.bottom_axis(&mut canvas, &panel.x.ticks(4), "Time (ms)");
                }
            }
        }
        canvas.vertical_text((12.0, (TOP + bottom) / 2.0), "Component", TEXT, Align::Centre, INK);
        key(&mut canvas, (right + 20.0, TOP), &entries);
        Ok(canvas)
    }

    /// The first components of a row.
    fn row(&self, row: usize) -> Vec<&DemixedComponent> {
        let mut own: Vec<&DemixedComponent> = self.components.iter().filter(|one| one.row == row).collect();
        own.sort_by(|a, b| b.explained.total_cmp(&a.explained));
        own.truncate(COLUMNS);
        own
    }

    fn panel(&self, component: &DemixedComponent, (left, top): (f64, f64)) -> Panel {
        let values = component.lines.iter().flatten();
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
        let (first, last) = (self.time_ms[0], self.time_ms[self.time_ms.len() - 1]);
        let half = self.half_bin();
        Panel {
            x: Axis::linear(first - half, last + half, (left, left + PANEL.0)),
            // Room for the bar of significance.
            y: Axis::linear(low, high, (top + PANEL.1 - 6.0, top)).padded(0.04),
        }
    }

    fn draw_panel(&self, canvas: &mut Canvas, panel: &Panel, component: &DemixedComponent, strokes: &[Stroke]) {
        if self.time_ms[0] < 0.0 && self.time_ms[self.time_ms.len() - 1] > 0.0 {
            panel.vertical_guide(canvas, 0.0);
        }
        for (line, stroke) in component.lines.iter().zip(strokes) {
            panel.curve(canvas, self.time_ms.iter().copied().zip(line.iter().copied()), *stroke);
        }
        let y = panel.y.pixels().0 + 3.0;
        let half = self.half_bin();
        let mut bin = 0;
        for run in component.significant.chunk_by(|a, b| a == b) {
            if run[0] {
                let (start, end) = (self.time_ms[bin] - half, self.time_ms[bin + run.len() - 1] + half);
                canvas.line((panel.x.pixel(start), y), (panel.x.pixel(end), y), significance());
            }
            bin += run.len();
        }
    }

    fn half_bin(&self) -> f64 {
        self.time_ms.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(0.0) / 2.0
    }

    fn strokes(&self) -> Vec<Stroke> {
        let n = self.conditions.iter().map(|one| one.color + 1).max().unwrap_or(0);
        let value = |color: usize| self.conditions.iter().find(|one| one.color == color).and_then(|one| one.value);
        let colors = condition_colors(&(0..n).map(value).collect::<Vec<_>>());
        let stroke = |one: &DemixedCondition| match one.is_dashed {
            true => Stroke::dashed(colors[one.color], THICK),
            false => condition_stroke(colors[one.color], 0, true, THICK),
        };
        self.conditions.iter().map(stroke).collect()
    }

    fn entries(&self, strokes: &[Stroke]) -> Vec<(String, Mark)> {
        let n = self.conditions.len();
        let mut entries: Vec<(String, Mark)> = self
            .conditions
            .iter()
            .zip(strokes)
            .take(NAMED)
            .map(|(one, stroke)| (one.name.clone(), Mark::Line(*stroke)))
            .collect();
        if n > NAMED {
            let white = Stroke::solid(super::style::WHITE, THIN);
            entries.push((format!("and {} more", n - NAMED), Mark::Line(white)));
        }
        if self.components.iter().any(|one| !one.significant.is_empty()) {
            entries.push(("significant".into(), Mark::Line(significance())));
        }
        entries
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("time_ms", self.time_ms.len())?;
        require_some("conditions", self.conditions.len())?;
        require_some("components", self.components.len())?;
        require_finite("time_ms", self.time_ms.iter().copied())?;
        for (i, component) in self.components.iter().enumerate() {
            let (field, row, rows) = (format!("components[{i}]"), component.row, self.rows.len());
            require(row < rows, &field, || format!("is of row {row}, but there are {rows}, counted from 0"))?;
            let (lines, conditions) = (component.lines.len(), self.conditions.len());
            require(lines == conditions, &field, || format!("has {lines} lines for {conditions} conditions"))?;
            let times = self.time_ms.len();
            let fits = component.lines.iter().all(|line| line.len() == times);
            require(fits, &field, || format!("has lines of other lengths than the {times} times"))?;
            let tested = component.significant.len();
            require(tested == 0 || tested == times, &field, || {
                format!("says significance of {tested} times, but there are {times}")
            })?;
            require_finite(&field, component.lines.iter().flatten().copied())?;
            require_finite(&field, [component.explained])?;
        }
        Ok(())
    }
}

fn significance() -> Stroke {
    Stroke::solid(INK, 3.0)
}

/// What each demixed component explains, by marginalisation: bars that are stacked, and of all components together
/// beside as many principal components.
#[derive(Clone, Debug, PartialEq)]
pub struct DemixedVariance {
    /// Names of the marginalisations with their parts of the variance, fractions.
    pub marginalisations: Vec<(String, f64)>,
    /// For each component what it explains of each marginalisation, as parts of the variance.
    pub components: Vec<Vec<f64>>,
    /// The part that the first one, two, .. explain together.
    pub cumulative: Vec<f64>,
    /// The same of principal components; empty for none.
    pub cumulative_pca: Vec<f64>,
}

/// The data area of the bars and that of the sums: left, top, width and height.
const BARS: (f64, f64, f64, f64) = (64.0, 26.0, 260.0, 190.0);
const SUMS: f64 = 390.0;
/// Components that are drawn.
const MOST: usize = 20;

impl DemixedVariance {
    /// Of all components.
    pub fn of(found: &Dpca) -> Self {
        Self {
            marginalisations: found.marginalisations.iter().map(|part| (part.name.clone(), part.variance)).collect(),
            components: found.components.iter().map(|one| one.explained_by_marginalisation.clone()).collect(),
            cumulative: found.cumulative.clone(),
            cumulative_pca: found.cumulative_pca.clone(),
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is nothing to draw, components do not match the marginalisations, a number is not finite, or the file
    /// cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, width, height) = BARS;
        let n = self.components.len().min(MOST);
        let entries = self.entries();
        let right = SUMS + width + 20.0;
        let names = widest(entries.iter().map(|(name, _)| name.as_str()), SMALL);
        let mut canvas = Canvas::new(right + key_width(&entries).max(names) + 12.0, top + height + 54.0);
        let stacked = |of: &Vec<f64>| of.iter().map(|part| part.max(0.0)).sum::<f64>();
        let highest = self.components.iter().map(stacked).fold(0.0, f64::max);
        let x = |left: f64| Axis::linear(0.5, n as f64 + 0.5, (left, left + width));
        let bars = Panel { x: x(left), y: Axis::linear(0.0, 105.0 * highest, (top + height, top)) };
        for (place, component) in self.components.iter().take(n).enumerate() {
            let (start, end) = (bars.x.pixel(place as f64 + 0.65), bars.x.pixel(place as f64 + 1.35));
            let mut below = 0.0;
            for (group, part) in component.iter().enumerate().filter(|(_, part)| **part > 0.0) {
                let (low, high) = (bars.y.pixel(100.0 * below), bars.y.pixel(100.0 * (below + part)));
                canvas.rect((start, high), end - start, low - high, series(group));
                below += part;
            }
        }
        bars.left_axis(&mut canvas, &bars.y.ticks(5), "Explained variance (%)");
        bars.bottom_axis(&mut canvas, &bars.x.whole_ticks(10), "Component");
        let sums = Panel { x: x(SUMS), y: Axis::linear(0.0, 100.0, (top + height, top)) };
        sums.horizontal_guide(&mut canvas, 100.0);
        for (values, stroke) in [(&self.cumulative_pca, pca_stroke()), (&self.cumulative, dpca_stroke())] {
            let points =
                values.iter().take(n).enumerate().map(|(place, sum)| ((place + 1) as f64, 100.0 * sum.max(0.0)));
            sums.curve_within(&mut canvas, points, stroke);
        }
        sums.left_axis(&mut canvas, &sums.y.ticks(5), "Cumulative (%)");
        sums.bottom_axis(&mut canvas, &sums.x.whole_ticks(10), "Components");
        if self.components.len() > n {
            let more = format!("the first {n} of {} components", self.components.len());
            note(&mut canvas, (left, 10.0), &more, Align::Left);
        }
        key(&mut canvas, (right, top), &entries);
        Ok(canvas)
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let of = self.marginalisations.iter().enumerate();
        let mut entries: Vec<(String, Mark)> = of
            .map(|(i, (name, part))| (format!("{name} ({:.1} % in all)", 100.0 * part), Mark::Patch(series(i))))
            .collect();
        entries.push(("demixed".into(), Mark::Line(dpca_stroke())));
        if !self.cumulative_pca.is_empty() {
            entries.push(("principal".into(), Mark::Line(pca_stroke())));
        }
        entries
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("marginalisations", self.marginalisations.len())?;
        require_some("components", self.components.len())?;
        let n = self.marginalisations.len();
        for (i, component) in self.components.iter().enumerate() {
            let (field, given) = (format!("components[{i}]"), component.len());
            require(given == n, &field, || format!("has {given} parts for {n} marginalisations"))?;
            require_finite(&field, component.iter().copied())?;
        }
        require_finite("marginalisations", self.marginalisations.iter().map(|(_, part)| *part))?;
        require_finite("cumulative", self.cumulative.iter().copied())?;
        require_finite("cumulative_pca", self.cumulative_pca.iter().copied())
    }
}

fn dpca_stroke() -> Stroke {
    Stroke::solid(INK, THICK)
}

fn pca_stroke() -> Stroke {
    Stroke::dashed(GREY, THICK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn components() -> DemixedComponents {
        let condition = |place: usize| DemixedCondition {
            name: format!("side={place}"),
            color: place,
            value: None,
            is_dashed: false,
        };
        let component = |row: usize, explained: f64| DemixedComponent {
            row,
            explained,
            lines: vec![vec![0.0, 1.0, 2.0], vec![0.0, -1.0, -2.0]],
            significant: if row == 1 { vec![false, true, true] } else { Vec::new() },
        };
        DemixedComponents {
            time_ms: vec![-10.0, 0.0, 10.0],
            rows: vec!["time".into(), "side".into()],
            conditions: vec![condition(0), condition(1)],
            components: vec![component(1, 0.2), component(0, 0.3), component(1, 0.4)],
        }
    }

    #[test]
    fn components_are_in_the_row_of_their_marginalisation_by_what_they_explain() {
        let svg = components().draw().unwrap().into_svg();
        for text in [">time 1: 30.0 %<", ">side 1: 40.0 %<", ">side 2: 20.0 %<", ">side=1<", ">significant<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert_eq!(svg.matches(">Time (ms)<").count(), 2, "{svg}");
        let mut wrong = components();
        wrong.components[0].lines.pop();
        assert!(wrong.draw().err().unwrap().to_string().contains("1 lines for 2 conditions"));
        wrong = components();
        wrong.components[0].row = 2;
        assert!(wrong.draw().err().unwrap().to_string().contains("is of row 2"));
    }

    #[test]
    fn bars_say_what_of_the_variance_is_of_what() {
        let figure = DemixedVariance {
            marginalisations: vec![("time".into(), 0.4), ("side".into(), 0.6)],
            components: vec![vec![0.0, 0.5], vec![0.35, -0.01]],
            cumulative: vec![0.5, 0.84],
            cumulative_pca: vec![0.6, 0.9],
        };
        let svg = figure.draw().unwrap().into_svg();
        for text in [">time (40.0 % in all)<", ">side (60.0 % in all)<", ">demixed<", ">principal<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        let wrong = DemixedVariance { components: vec![vec![0.1]], ..figure };
        assert!(wrong.draw().err().unwrap().to_string().contains("has 1 parts for 2"));
    }
}
