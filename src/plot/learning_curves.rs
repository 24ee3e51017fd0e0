//! The learning curves of many runs: loss and performance against update, in the colour of their group.

use std::path::Path;

use kuva::plot::ColorMap;

use super::PlotError;
use super::axis::{Axis, range};
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_fractions, require_some};
use super::key::{Mark, key, key_height, key_width};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{INK, PALETTE, Rgb, SMALL, series, text_width, tint};

/// Left, top and width of both data areas, and height of one.
const AREA: (f64, f64, f64, f64) = (74.0, 30.0, 420.0, 160.0);
/// Between the two panels.
const GAP: f64 = 24.0;
/// From so many curves on, lines are thin and light.
const MANY: usize = 25;
/// Most entries of the legend.
const ENTRIES: usize = 20;

/// Loss and performance of many runs against update, one panel each. A dot ends each curve: there the run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningCurves {
    /// What the groups are of, such as a setting; above the legend. Empty for none.
    pub by: String,
    /// The groups, in the order of their colours.
    pub groups: Vec<CurveGroup>,
    /// A remark above; empty for none.
    pub remark: String,
}

/// Runs of one colour.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveGroup {
    /// Legend entry; empty for none.
    pub name: String,
    /// Its runs.
    pub runs: Vec<RunCurves>,
}

/// One run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunCurves {
    /// (update, loss), ascending in update.
    pub loss: Vec<(f64, f64)>,
    /// (update, performance as a fraction in [0, 1]), ascending in update; empty for a task without choices.
    pub performance: Vec<(f64, f64)>,
}

impl LearningCurves {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no loss to draw, a number is not finite, a performance is no fraction, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, width, height) = AREA;
        let two = self.runs().any(|run| !run.performance.is_empty());
        let bottom = top + height + if two { GAP + height } else { 0.0 };
        let entries = self.entries();
        let titled = if self.by.is_empty() { 0.0 } else { 18.0 };
        let legend = key_width(&entries).max(text_width(&self.by, SMALL));
        let right = left + width + if entries.is_empty() { 26.0 } else { 24.0 + legend + 12.0 };
        let wide = right.max(left + text_width(&self.remark, SMALL) + 12.0);
        let below = (bottom + 54.0).max(top + titled + key_height(entries.len()) + 12.0);
        let mut canvas = Canvas::new(wide, below);
        let x = Axis::linear(0.0, self.last_update(), (left, left + width));
        let loss = Panel { x, y: self.loss_axis((top + height, top)) };
        self.draw_lines(&mut canvas, &loss, |run| &run.loss);
        loss.left_axis(&mut canvas, &loss.y.ticks(7), "Loss");
        if two {
            let panel = Panel { x, y: Axis::linear(0.0, 1.0, (bottom, bottom - height)).padded(0.03) };
            self.draw_lines(&mut canvas, &panel, |run| &run.performance);
            panel.left_axis(&mut canvas, &panel.y.ticks(5), "Performance");
        }
        let lowest = Panel { x, y: Axis::linear(0.0, 1.0, (bottom, bottom - height)) };
        lowest.bottom_axis(&mut canvas, &x.whole_ticks(6), "Update");
        note(&mut canvas, (left, 12.0), &self.remark, Align::Left);
        if !entries.is_empty() {
            canvas.text((left + width + 24.0, top + 4.0), &self.by, SMALL, Align::Left, INK);
            key(&mut canvas, (left + width + 24.0, top + titled), &entries);
        }
        Ok(canvas)
    }

    fn draw_lines(&self, canvas: &mut Canvas, panel: &Panel, points: impl Fn(&RunCurves) -> &Vec<(f64, f64)>) {
        let (strength, line) = if self.runs().count() >= MANY { (0.65, 0.8) } else { (1.0, 1.2) };
        for (place, group) in self.groups.iter().enumerate() {
            let color = tint(self.color(place), strength);
            for run in &group.runs {
                panel.curve(canvas, points(run).iter().copied(), Stroke::solid(color, line));
            }
        }
        for (place, group) in self.groups.iter().enumerate() {
            for end in group.runs.iter().filter_map(|run| points(run).last()) {
                canvas.dot(panel.at(*end), 2.0, self.color(place));
            }
        }
    }

    /// Few groups differ as much as colours can; many go from dark to light.
    fn color(&self, place: usize) -> Rgb {
        let n = self.groups.len();
        if n <= PALETTE.len() {
            return series(place);
        }
        ColorMap::Viridis.map_rgb(0.92 * place as f64 / (n - 1) as f64).unwrap_or(INK)
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let entry = |(place, group): (usize, &CurveGroup)| {
            (group.name.clone(), Mark::Line(Stroke::solid(self.color(place), 2.0)))
        };
        let named = || self.groups.iter().enumerate().filter(|(_, group)| !group.name.is_empty());
        let n = named().count();
        // Of many groups evenly spread ones: the colours between them are those between.
        let every = n.div_ceil(ENTRIES).max(1);
        named().step_by(every).map(entry).collect()
    }

    fn last_update(&self) -> f64 {
        let points = self.runs().flat_map(|run| run.loss.iter().chain(&run.performance));
        points.map(|point| point.0).fold(1.0, f64::max)
    }

    /// Logarithmic where all losses are above 0.
    fn loss_axis(&self, pixels: (f64, f64)) -> Axis {
        let losses = self.runs().flat_map(|run| &run.loss).map(|point| point.1);
        let (low, high) = range(losses);
        if low > 0.0 { Axis::log(low, high, pixels).padded(0.04) } else { Axis::linear(low, high, pixels).padded(0.04) }
    }

    fn runs(&self) -> impl Iterator<Item = &RunCurves> {
        self.groups.iter().flat_map(|group| &group.runs)
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("groups", self.runs().map(|run| run.loss.len()).sum())?;
        for (i, group) in self.groups.iter().enumerate() {
            for (j, run) in group.runs.iter().enumerate() {
                let field = |name: &str| format!("groups[{i}].runs[{j}].{name}");
                for (name, points) in [("loss", &run.loss), ("performance", &run.performance)] {
                    require_finite(&field(name), points.iter().flat_map(|point| [point.0, point.1]))?;
                    let ascends = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
                    require(ascends, &field(name), || "must ascend in update; sort it".into())?;
                }
                require_fractions(&field("performance"), run.performance.iter().map(|point| point.1))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(groups: usize, runs: usize, performance: &[(f64, f64)]) -> LearningCurves {
        let run = RunCurves { loss: vec![(100.0, 1.0), (200.0, 0.1)], performance: performance.to_vec() };
        let group = |place| CurveGroup { name: format!("group {place}"), runs: vec![run.clone(); runs] };
        LearningCurves { by: "model.units".into(), groups: (0..groups).map(group).collect(), remark: "remark".into() }
    }

    #[test]
    fn every_run_is_a_line_that_ends_in_a_dot_and_every_group_has_its_name() {
        let svg = figure(2, 3, &[(100.0, 0.5)]).draw().unwrap().into_svg();
        assert_eq!(svg.matches("<circle").count(), 2 * 2 * 3, "{svg}");
        for text in [">group 0<", ">group 1<", ">model.units<", ">Loss<", ">Performance<", ">Update<", ">remark<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        let svg = figure(1, 1, &[]).draw().unwrap().into_svg();
        assert!(!svg.contains(">Performance<"), "{svg}");
    }

    #[test]
    fn of_many_groups_some_are_named_and_all_have_a_colour() {
        let many = figure(60, 1, &[]);
        let svg = many.draw().unwrap().into_svg();
        assert!(svg.contains(">group 0<") && svg.contains(">group 57<") && !svg.contains(">group 1<"), "{svg}");
        assert_ne!(many.color(0), many.color(59));
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_by_name() {
        let refusal = |figure: LearningCurves| figure.draw().err().unwrap().to_string();
        assert!(refusal(figure(0, 1, &[])).contains("`groups` is empty"));
        assert!(refusal(figure(1, 1, &[(1.0, 85.0)])).contains("`groups[0].runs[0].performance` holds 85"));
        assert!(refusal(figure(1, 1, &[(2.0, 0.5), (1.0, 0.5)])).contains("must ascend"));
    }
}
