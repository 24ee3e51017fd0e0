//! The learning curve: loss and performance against update.

use std::path::Path;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_fractions, require_some};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{Rgb, series};

/// Left, top and width of both data areas, and height of one.
const AREA: (f64, f64, f64, f64) = (70.0, 16.0, 360.0, 130.0);
/// Between the two panels.
const GAP: f64 = 24.0;
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
        let mut canvas = Canvas::new(left + width + 70.0, bottom + 54.0);
        let x = self.update_axis((left, left + width));
        let loss = Panel { x, y: self.loss_axis((top + height, top)) };
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
        let last = self.loss.iter().chain(&self.performance).map(|p| p.0).max().unwrap_or(0);
        Axis::linear(0.0, last as f64, pixels)
    }

    fn loss_axis(&self, pixels: (f64, f64)) -> Axis {
        let values = self.loss.iter().map(|p| p.1);
        let (low, high) = values.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), v| (low.min(v), high.max(v)));
        Axis::log(low, high, pixels).padded(0.04)
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("loss", self.loss.len())?;
        for (field, points) in [("loss", &self.loss), ("performance", &self.performance)] {
            let unordered = points.windows(2).find(|pair| pair[1].0 <= pair[0].0).map(|pair| (pair[0].0, pair[1].0));
            let (before, after) = unordered.unwrap_or_default();
            require(unordered.is_none(), field, || {
                format!("must ascend in update, but {after} follows {before}; sort it and keep one entry per update")
            })?;
        }
        require_finite("loss", self.loss.iter().map(|p| p.1))?;
        let low = self.loss.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        require(low > 0.0, "loss", || {
            format!("holds {low}, which a logarithmic axis cannot show; it must be above 0")
        })?;
        require_fractions("performance", self.performance.iter().map(|p| p.1))?;
        require_fractions("stop_performance", self.stop_performance)
    }
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
        LearningCurve { loss: loss.to_vec(), performance: performance.to_vec(), stop_performance }
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
