//! The learning curve: loss and performance against update.

use std::path::Path;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_fractions, require_some};
use super::panel::{Panel, legend, note};
use super::save::save;
use super::style::{FAINT, Rgb, THIN, series};

/// Left, top and width of both data areas, and height of one.
const AREA: (f64, f64, f64, f64) = (70.0, 16.0, 360.0, 130.0);
/// Between the two panels.
const GAP: f64 = 24.0;
/// Points of the loss of batches that are drawn at most.
const DRAWN: usize = 400;
/// Room right of the data areas, and what the legend takes of it more.
const RIGHT: (f64, f64) = (70.0, 40.0);
/// With at most this many points each is marked by a dot.
const MARKED: usize = 40;

/// Loss (logarithmic) and performance against update, one panel each.
#[derive(Clone, Debug)]
pub struct LearningCurve {
    /// (update, loss), ascending in update; loss > 0 because its axis is logarithmic.
    pub loss: Vec<(usize, f64)>,
    /// (update, performance as a fraction in [0, 1]), ascending in update; empty for a task without choices, whose
    /// figure shows the loss alone.
    pub performance: Vec<(usize, f64)>,
    /// Performance at which training stops, a fraction in [0, 1]; drawn dashed.
    pub stop_performance: Option<f64>,
    /// (update, loss of its batch), ascending in update and > 0, as the log of the run has them; drawn behind, of more
    /// than 400 the means over neighbours. May be empty.
    pub training_loss: Vec<(usize, f64)>,
}

impl LearningCurve {
    /// Writes the figure to `path`, `.svg` or `.png`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, width, height) = AREA;
        let two = !self.performance.is_empty();
        let bottom = top + height + if two { GAP + height } else { 0.0 };
        let has_batches = !self.training_loss.is_empty();
        let right = RIGHT.0 + if has_batches { RIGHT.1 } else { 0.0 };
        let mut canvas = Canvas::new(left + width + right, bottom + 54.0);
        let x = self.update_axis((left, left + width));
        let loss = Panel { x, y: self.loss_axis((top + height, top)) };
        if has_batches {
            loss.curve(&mut canvas, thinned(&self.training_loss), Stroke::solid(FAINT, THIN));
            let entries = [("batches", Stroke::solid(FAINT, THIN)), ("validations", Stroke::solid(series(0), 1.2))];
            legend(&mut canvas, (left + width + 10.0, top), &entries);
        }
        draw_series(&mut canvas, &loss, &self.loss, series(0));
        loss.left_axis(&mut canvas, &loss.y.ticks(7), "Loss");
        if two {
            self.draw_performance(&mut canvas, x, bottom);
        }
        let lowest = Panel { x, y: Axis::linear(0.0, 1.0, (bottom, bottom - height)) };
        lowest.bottom_axis(&mut canvas, &x.whole_ticks(5), "Update");
        Ok(canvas)
    }

    fn draw_performance(&self, canvas: &mut Canvas, x: Axis, bottom: f64) {
        let panel = Panel { x, y: Axis::linear(0.0, 1.0, (bottom, bottom - AREA.3)).padded(0.03) };
        if let Some(stop) = self.stop_performance {
            panel.horizontal_guide(canvas, stop);
            note(canvas, (x.pixels().1 + 6.0, panel.y.pixel(stop)), &format!("stop {stop:.2}"), Align::Left);
        }
        draw_series(canvas, &panel, &self.performance, series(1));
        panel.left_axis(canvas, &panel.y.ticks(5), "Performance");
    }

    /// From update 0, so that the length of training can be read off.
    fn update_axis(&self, pixels: (f64, f64)) -> Axis {
        let last = self.loss.iter().chain(&self.performance).chain(&self.training_loss).map(|p| p.0).max().unwrap_or(0);
        Axis::linear(0.0, last as f64, pixels)
    }

    fn loss_axis(&self, pixels: (f64, f64)) -> Axis {
        let values = self.loss.iter().map(|p| p.1).chain(thinned(&self.training_loss).map(|p| p.1));
        let (low, high) = values.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), v| (low.min(v), high.max(v)));
        Axis::log(low, high, pixels).padded(0.04)
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("loss", self.loss.len())?;
        let series = [("loss", &self.loss), ("performance", &self.performance), ("training_loss", &self.training_loss)];
        for (field, points) in series {
            let unordered = points.windows(2).find(|pair| pair[1].0 <= pair[0].0).map(|pair| (pair[0].0, pair[1].0));
            let (before, after) = unordered.unwrap_or_default();
            require(unordered.is_none(), field, || {
                format!("must ascend in update, but {after} follows {before}; sort it and keep one entry per update")
            })?;
        }
        for (field, points) in [("loss", &self.loss), ("training_loss", &self.training_loss)] {
            require_finite(field, points.iter().map(|p| p.1))?;
            let low = points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
            require(low > 0.0, field, || {
                format!("holds {low}, which a logarithmic axis cannot show; it must be above 0")
            })?;
        }
        require_fractions("performance", self.performance.iter().map(|p| p.1))?;
        require_fractions("stop_performance", self.stop_performance)
    }
}

/// At most [`DRAWN`] points: means over as many neighbours each.
fn thinned(points: &[(usize, f64)]) -> impl Iterator<Item = (f64, f64)> {
    points.chunks(points.len().div_ceil(DRAWN).max(1)).map(|near| {
        let n = near.len() as f64;
        let sum = near.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 as f64, sum.1 + point.1));
        (sum.0 / n, sum.1 / n)
    })
}

fn draw_series(canvas: &mut Canvas, panel: &Panel, points: &[(usize, f64)], color: Rgb) {
    let points = points.iter().map(|&(update, value)| (update as f64, value));
    panel.curve(canvas, points.clone(), Stroke::solid(color, 1.2));
    if points.len() <= MARKED {
        points.for_each(|p| canvas.dot(panel.at(p), 2.6, color));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(loss: &[(usize, f64)], performance: &[(usize, f64)], stop_performance: Option<f64>) -> LearningCurve {
        LearningCurve {
            loss: loss.to_vec(),
            performance: performance.to_vec(),
            stop_performance,
            training_loss: Vec::new(),
        }
    }

    fn refusal(figure: LearningCurve) -> String {
        figure.draw().err().expect("the figure must be refused").to_string()
    }

    #[test]
    fn both_panels_and_the_threshold_are_named() {
        let svg = figure(&[(0, 1.0), (100, 0.01)], &[(0, 0.5), (100, 0.9)], Some(0.85)).draw().unwrap().into_svg();
        for label in [">Loss<", ">Performance<", ">Update<", ">stop 0.85<", ">0.1<"] {
            assert!(svg.contains(label), "{label} is missing from {svg}");
        }
    }

    #[test]
    fn the_loss_of_batches_lies_behind_and_is_thinned() {
        let batches: Vec<(usize, f64)> = (1..=4000).map(|update| (update, 1.0 / update as f64)).collect();
        let with = LearningCurve { training_loss: batches.clone(), ..figure(&[(500, 0.1)], &[], None) };
        let svg = with.draw().unwrap().into_svg();
        assert!(svg.contains(">batches<") && svg.contains(">validations<"), "{svg}");
        assert!(svg.len() < 20_000, "{} bytes", svg.len());
        let thin: Vec<(f64, f64)> = thinned(&batches).collect();
        assert_eq!((thin.len(), thin[0].0), (DRAWN, 5.5));
        assert!(!figure(&[(500, 0.1)], &[], None).draw().unwrap().into_svg().contains("batches"));
        let wrong = LearningCurve { training_loss: vec![(1, -1.0)], ..figure(&[(500, 0.1)], &[], None) };
        assert!(refusal(wrong).contains("`training_loss` holds -1"));
    }

    #[test]
    fn updates_are_whole() {
        let svg = figure(&[(2, 0.3)], &[], None).draw().unwrap().into_svg();
        assert!(svg.contains(">1<") && svg.contains(">2<"), "{svg}");
        assert!(!svg.contains(">0.5<") && !svg.contains(">2.0<"), "{svg}");
    }

    #[test]
    fn without_performance_the_loss_stands_alone() {
        let svg = figure(&[(0, 1.0), (100, 0.01)], &[], None).draw().unwrap().into_svg();
        assert!(svg.contains(">Loss<") && !svg.contains(">Performance<"), "{svg}");
    }

    #[test]
    fn data_that_cannot_be_drawn_are_refused_by_name() {
        assert!(refusal(figure(&[], &[], None)).contains("`loss` is empty"));
        assert!(refusal(figure(&[(0, f64::NAN)], &[], None)).contains("`loss` holds NaN"));
        assert!(refusal(figure(&[(0, 0.0)], &[], None)).contains("above 0"));
        assert!(refusal(figure(&[(9, 0.1), (9, 0.2)], &[], None)).contains("`loss` must ascend in update"));
        assert!(refusal(figure(&[(0, 0.1)], &[(0, 85.0)], None)).contains("`performance` holds 85"));
        assert!(refusal(figure(&[(0, 0.1)], &[], Some(f64::INFINITY))).contains("`stop_performance`"));
    }
}
