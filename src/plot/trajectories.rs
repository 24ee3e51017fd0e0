//! Means of activity over conditions as lines along two or three directions.

use std::path::Path;

use ndarray::Array2;

use super::canvas::{Align, Canvas, Stroke};
use super::condition_colors::{condition_colors, condition_stroke};
use super::error::{require, require_finite, require_fractions, require_some};
use super::key::{Dot, Mark, key, key_height, key_width};
use super::panel::{EqualScale, Panel, note, padded_range};
use super::save::save;
use super::style::{INK, Rgb, SMALL, text_width};
use super::{PlotError, StateAxis};

/// Left and top of the first panel, and the gap between two.
const LEFT: f64 = 70.0;
const TOP: f64 = 34.0;
const GAP: f64 = 82.0;
/// The longest and the shortest side of a panel.
const LONGEST: f64 = 280.0;
const SHORTEST: f64 = 170.0;
/// Names in the legend at most.
const NAMED: usize = 14;
/// Width of a line.
const WIDTH: f64 = 1.4;

/// Lines that begin at a hollow dot and end at a full one, coloured by a variable. Three directions are drawn as two
/// panels: the first with the second, the first with the third. Both axes of a panel have one scale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectories {
    /// The directions, two or three.
    pub axes: Vec<StateAxis>,
    /// At least one.
    pub lines: Vec<Trajectory>,
    /// A remark above the panels, such as which variable colours are of; empty for none.
    pub remark: String,
}

/// The mean of a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// Its name in the legend.
    pub name: String,
    /// The number that its colour is of; colours are graded if all lines have one.
    pub value: Option<f64>,
    /// (steps, axes), at least one step.
    pub states: Array2<f64>,
}

impl Trajectories {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If a field breaks a rule that stands with it, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    /// Colours of the lines, and how each is drawn.
    pub(super) fn strokes(&self) -> Vec<Stroke> {
        let values: Vec<Option<f64>> = self.lines.iter().map(|line| line.value).collect();
        let is_graded = values.iter().all(Option::is_some) && values.len() > 2;
        let colors: Vec<Rgb> = condition_colors(&values);
        colors.into_iter().enumerate().map(|(i, color)| condition_stroke(color, i, is_graded, WIDTH)).collect()
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let along = |axis: usize| self.lines.iter().flat_map(move |line| line.states.column(axis).to_vec());
        let ranges: Vec<(f64, f64)> = (0..self.axes.len()).map(|axis| padded_range(along(axis), 0.05)).collect();
        let scale = EqualScale::new(&ranges, LONGEST, SHORTEST);
        let width = scale.length(ranges[0]);
        let height = ranges[1..].iter().map(|range| scale.length(*range)).fold(0.0, f64::max);
        let panels = (ranges.len() - 1) as f64;
        let right = LEFT + panels * width + (panels - 1.0) * GAP;
        let strokes = self.strokes();
        let entries = self.entries(&strokes);
        let below = (TOP + height + 54.0).max(TOP + key_height(entries.len()) + 8.0);
        let wide = (right + 20.0 + key_width(&entries)).max(LEFT + text_width(&self.remark, SMALL)) + 12.0;
        let mut canvas = Canvas::new(wide, below);
        for (i, range) in ranges[1..].iter().enumerate() {
            let left = LEFT + i as f64 * (width + GAP);
            let panel =
                Panel { x: scale.axis(ranges[0], (left, left + width)), y: scale.axis(*range, (TOP + height, TOP)) };
            for (line, stroke) in self.lines.iter().zip(&strokes) {
                draw_line(&mut canvas, &panel, line, i + 1, *stroke);
            }
            panel.left_axis(&mut canvas, &panel.y.roomy_ticks(), &self.axes[i + 1].label());
            panel.bottom_axis(&mut canvas, &panel.x.roomy_ticks(), &self.axes[0].label());
        }
        note(&mut canvas, (LEFT, 14.0), &self.remark, Align::Left);
        key(&mut canvas, (right + 20.0, TOP), &entries);
        Ok(canvas)
    }

    /// Of many lines a few, spread evenly.
    fn entries(&self, strokes: &[Stroke]) -> Vec<(String, Mark)> {
        let n = self.lines.len();
        let shown = n.min(NAMED);
        let place = |i: usize| if shown < 2 { 0 } else { i * (n - 1) / (shown - 1) };
        let mut entries: Vec<(String, Mark)> =
            (0..shown).map(|i| (self.lines[place(i)].name.clone(), Mark::Line(strokes[place(i)]))).collect();
        if n > shown {
            entries.push((format!("{n} lines in all"), Mark::Line(Stroke::solid(super::style::WHITE, WIDTH))));
        }
        entries.push(("start".into(), Mark::Dot(Dot { hollow: true, ..Dot::new(INK, 2.6) })));
        entries.push(("end".into(), Mark::Dot(Dot::new(INK, 3.0))));
        entries
    }

    /// Refuses what cannot be drawn, by the name of the field.
    pub(super) fn validate(&self) -> Result<(), PlotError> {
        let n = self.axes.len();
        require((2..=3).contains(&n), "axes", || format!("has {n} entries; give two or three directions"))?;
        require_fractions("axes[].variance", self.axes.iter().filter_map(|axis| axis.variance))?;
        require_some("lines", self.lines.len())?;
        for (i, line) in self.lines.iter().enumerate() {
            let field = format!("lines[{i}].states");
            let (steps, columns) = line.states.dim();
            require_some(&field, steps)?;
            require(columns == n, &field, || format!("has shape ({steps}, {columns}); it must be (steps, {n})"))?;
            require_finite(&field, line.states.iter().copied())?;
            require_finite(&format!("lines[{i}].value"), line.value)?;
        }
        Ok(())
    }
}

fn draw_line(canvas: &mut Canvas, panel: &Panel, line: &Trajectory, across: usize, stroke: Stroke) {
    let at = |state: ndarray::ArrayView1<'_, f64>| (state[0], state[across]);
    panel.curve(canvas, line.states.outer_iter().map(at), stroke);
    let ends = [line.states.outer_iter().next(), line.states.outer_iter().next_back()];
    for (state, is_end) in ends.into_iter().flatten().zip([false, true]) {
        let dot = Dot { hollow: !is_end, ..Dot::new(stroke.color, if is_end { 3.0 } else { 2.6 }) };
        dot.draw(canvas, panel.at(at(state)));
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn figure(names: &[&str], value: impl Fn(usize) -> Option<f64>) -> Trajectories {
        let axis = |name: &str| StateAxis { name: name.into(), variance: Some(0.5) };
        let line = |(i, name): (usize, &&str)| Trajectory {
            name: (*name).into(),
            value: value(i),
            states: array![[0.0, i as f64], [1.0, i as f64 + 0.5]],
        };
        Trajectories {
            axes: vec![axis("PC 1"), axis("PC 2")],
            lines: names.iter().enumerate().map(line).collect(),
            remark: "by coherence".into(),
        }
    }

    #[test]
    fn lines_have_a_start_an_end_and_a_name() {
        let svg = figure(&["-0.5", "0.5"], |_| None).draw().unwrap().into_svg();
        for text in [">-0.5<", ">0.5<", ">start<", ">end<", ">PC 1 (50.0 %)<", ">by coherence<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        // Two of each line, and two in the legend.
        assert_eq!(svg.matches("<circle").count(), 6, "{svg}");
        let many: Vec<String> = (0..60).map(|i| format!("line {i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let svg = figure(&many, |i| Some(i as f64)).draw().unwrap().into_svg();
        assert!(svg.contains(">60 lines in all<") && svg.contains(">line 0<") && svg.contains(">line 59<"));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let refusal = |change: fn(&mut Trajectories)| {
            let mut figure = figure(&["a", "b"], |_| None);
            change(&mut figure);
            figure.draw().err().unwrap().to_string()
        };
        assert!(refusal(|figure| figure.axes.truncate(1)).contains("`axes` has 1 entries"));
        assert!(refusal(|figure| figure.lines.clear()).contains("`lines` is empty"));
        assert!(refusal(|figure| figure.lines[1].states[[0, 0]] = f64::NAN).contains("`lines[1].states` holds NaN"));
        assert!(refusal(|figure| figure.lines[0].value = Some(f64::INFINITY)).contains("`lines[0].value` holds inf"));
    }
}
