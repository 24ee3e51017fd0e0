//! How much of the variance lies along each principal component.

use std::path::Path;

use nn4n_analysis::Components;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require_fractions, require_some};
use super::key::Dot;
use super::panel::{Panel, legend, legend_width, note};
use super::save::save;
use super::style::{SMALL, THICK, series, text_width};

/// Left, top, width and height of the data area.
const AREA: (f64, f64, f64, f64) = (66.0, 34.0, 320.0, 200.0);
/// Components that are drawn at most.
const MOST: usize = 30;
/// Radius of a dot.
const DOT: f64 = 2.8;

/// The part of the variance along each principal component, the largest first, and along all up to it.
///
/// The participation ratio `(sum lambda)^2 / sum lambda^2` is the number of components that as many of equal variance
/// would be (Gao et al. 2017, <https://doi.org/10.1101/214262>).
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedVariance {
    /// Along each component, in [0, 1], the largest first. The first 30 are drawn, and the number of the others is said.
    pub ratio: Vec<f64>,
}

impl ExplainedVariance {
    /// Of principal components, all of them.
    pub fn of(found: &Components) -> Self {
        Self { ratio: found.variance.clone() }
    }

    /// The participation ratio; `None` where nothing varies.
    pub fn participation_ratio(&self) -> Option<f64> {
        let squares: f64 = self.ratio.iter().map(|part| part * part).sum();
        (squares > 0.0).then(|| self.ratio.iter().sum::<f64>().powi(2) / squares)
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no component, a part is none, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        require_some("ratio", self.ratio.len())?;
        require_fractions("ratio", self.ratio.iter().copied())?;
        let (left, top, width, height) = AREA;
        let remark = self.remark();
        let names = ["each component", "all up to it"];
        let right = left + width + 18.0;
        let total = (right + legend_width(names) + 12.0).max(left + text_width(&remark, SMALL) + 12.0);
        let mut canvas = Canvas::new(total, top + height + 54.0);
        let n = self.ratio.len().min(MOST);
        let panel = Panel {
            x: Axis::linear(0.5, n as f64 + 0.5, (left, left + width)),
            y: Axis::linear(0.0, 1.0, (top + height, top)).padded(0.03),
        };
        let each: Vec<(f64, f64)> = (1..).map(f64::from).zip(self.ratio.iter().take(n).copied()).collect();
        let mut sum = 0.0;
        let all: Vec<(f64, f64)> = each
            .iter()
            .map(|(place, part)| {
                sum += part;
                (*place, sum)
            })
            .collect();
        for (points, color) in [(&all, series(1)), (&each, series(0))] {
            panel.curve(&mut canvas, points.iter().copied(), Stroke::solid(color, THICK));
            points.iter().for_each(|point| Dot::new(color, DOT).draw(&mut canvas, panel.at(*point)));
        }
        panel.left_axis(&mut canvas, &panel.y.ticks(5), "Fraction of the variance");
        panel.bottom_axis(&mut canvas, &panel.x.whole_ticks(8), "Principal component");
        note(&mut canvas, (left, 14.0), &remark, Align::Left);
        let strokes = [series(0), series(1)].map(|color| Stroke::solid(color, THICK));
        legend(&mut canvas, (right, top), &[(names[0], strokes[0]), (names[1], strokes[1])]);
        Ok(canvas)
    }

    fn remark(&self) -> String {
        let ratio = match self.participation_ratio() {
            Some(ratio) => format!("participation ratio {ratio:.2} of {}", self.ratio.len()),
            None => "nothing varies".into(),
        };
        let rest = self.ratio.len().saturating_sub(MOST);
        if rest == 0 { ratio } else { format!("{ratio}; {rest} more components are not drawn") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(ratio: &[f64]) -> ExplainedVariance {
        ExplainedVariance { ratio: ratio.to_vec() }
    }

    #[test]
    fn equal_variances_have_a_participation_ratio_of_their_number_and_one_alone_of_1() {
        assert_eq!(figure(&[0.25; 4]).participation_ratio(), Some(4.0));
        assert_eq!(figure(&[1.0, 0.0, 0.0]).participation_ratio(), Some(1.0));
        assert_eq!(figure(&[0.0, 0.0]).participation_ratio(), None);
        // (1/2 + 1/3 + 1/6)^2 / (1/4 + 1/9 + 1/36) = 36 / 14
        let ratio = figure(&[1.0 / 2.0, 1.0 / 3.0, 1.0 / 6.0]).participation_ratio().unwrap();
        assert!((ratio - 36.0 / 14.0).abs() < 1e-12, "{ratio}");
    }

    #[test]
    fn what_is_not_drawn_is_counted() {
        let svg = figure(&[1.0 / 40.0; 40]).draw().unwrap().into_svg();
        assert_eq!(svg.matches("<circle").count(), 60, "{svg}");
        assert!(svg.contains("participation ratio 40.00 of 40; 10 more components are not drawn"), "{svg}");
        let few = figure(&[0.75, 0.25]).draw().unwrap().into_svg();
        assert!(few.contains(">participation ratio 1.60 of 2<") && few.contains(">Principal component<"), "{few}");
    }

    #[test]
    fn parts_that_are_none_are_refused() {
        assert!(figure(&[]).draw().err().unwrap().to_string().contains("`ratio` is empty"));
        assert!(figure(&[1.5]).draw().err().unwrap().to_string().contains("`ratio` holds 1.5"));
    }
}
