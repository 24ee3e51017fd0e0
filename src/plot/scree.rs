//! How much of the variance of activity the first components hold.

use std::path::Path;

use nn4n_analysis::geometry::{Pca, pca::cumulative};

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_fractions, require_some};
use super::key::{Dot, Mark, key, key_width};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{FAINT, GREY, SMALL, THICK, THIN, series, text_width};

/// Left, top, width and height of the data area.
const AREA: (f64, f64, f64, f64) = (70.0, 34.0, 300.0, 200.0);
/// The part of the variance up to which components are drawn, and how many at least.
const DRAWN: (f64, usize) = (0.995, 10);
/// More than these have no dots.
const DOTS: usize = 40;

/// Cumulative variance against the number of components, beside that of a null.
#[derive(Clone, Debug, PartialEq)]
pub struct Scree {
    /// The part of the variance of each component, the largest first, fractions in [0, 1].
    pub ratios: Vec<f64>,
    /// The same of the null; empty for none.
    pub null: Vec<f64>,
    /// What the null is, for the legend.
    pub null_name: String,
    /// A remark above the panel, such as the participation ratio; empty for none.
    pub remark: String,
}

impl Scree {
    /// With the participation ratio and the spectrum of shuffles, if there is one.
    pub fn of(found: &Pca) -> Self {
        let null = found.independent_noise.participation_ratio;
        let null = null.map_or_else(String::new, |ratio| format!("; independent noise: {ratio:.1}"));
        Self {
            ratios: found.explained_variance_ratio.clone(),
            null: found.shuffled.as_ref().map_or_else(Vec::new, |of| of.explained_variance_ratio.clone()),
            null_name: "units shuffled".into(),
            remark: format!("participation ratio {:.2} of {} units{null}", found.participation_ratio, found.units),
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no component, a part is no fraction, they descend nowhere, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, width, height) = AREA;
        let entries = self.entries();
        let right = left + width + 20.0 + key_width(&entries);
        let mut canvas = Canvas::new(right.max(left + text_width(&self.remark, SMALL)) + 12.0, top + height + 54.0);
        let own = cumulative(&self.ratios);
        let n = own.iter().take_while(|sum| **sum < DRAWN.0).count() + 1;
        let n = n.max(DRAWN.1).min(own.len());
        let panel = Panel {
            x: Axis::linear(0.5, n as f64 + 0.5, (left, left + width)),
            y: Axis::linear(0.0, 100.0, (top + height, top)),
        };
        panel.horizontal_guide(&mut canvas, 100.0);
        let points = |sums: &[f64]| -> Vec<(f64, f64)> {
            sums.iter().take(n).enumerate().map(|(place, sum)| ((place + 1) as f64, 100.0 * sum)).collect()
        };
        if !self.null.is_empty() {
            panel.curve(&mut canvas, points(&cumulative(&self.null)), null_stroke());
        }
        panel.curve(&mut canvas, points(&own), Stroke::solid(series(0), THICK));
        if n <= DOTS {
            points(&own).into_iter().for_each(|point| Dot::new(series(0), 2.6).draw(&mut canvas, panel.at(point)));
        }
        for percent in [90.0, 95.0] {
            let component = own.iter().take_while(|sum| 100.0 * **sum < percent - 1e-9).count() + 1;
            if component <= n {
                let (x, y) = panel.at((component as f64, percent));
                canvas.line((x, top + height), (x, y), Stroke::solid(FAINT, THIN));
                canvas.line((left, y), (x, y), Stroke::solid(FAINT, THIN));
            }
        }
        panel.left_axis(&mut canvas, &panel.y.ticks(5), "Cumulative variance (%)");
        panel.bottom_axis(&mut canvas, &panel.x.whole_ticks(8), "Component");
        note(&mut canvas, (left, 14.0), &self.remark, Align::Left);
        key(&mut canvas, (left + width + 20.0, top), &entries);
        Ok(canvas)
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let mut entries = vec![("activity".to_owned(), Mark::Line(Stroke::solid(series(0), THICK)))];
        if !self.null.is_empty() {
            entries.push((self.null_name.clone(), Mark::Line(null_stroke())));
        }
        entries.push(("90 and 95 %".into(), Mark::Line(Stroke::solid(FAINT, THIN))));
        entries
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("ratios", self.ratios.len())?;
        // Of many parts the sum may be rounded up.
        require_fractions("ratios", self.ratios.iter().copied())?;
        require_fractions("null", self.null.iter().copied())?;
        let descends = self.ratios.windows(2).all(|pair| pair[0] >= pair[1] - 1e-9);
        require(descends, "ratios", || "must descend, the largest first; sort them".into())
    }
}

fn null_stroke() -> Stroke {
    Stroke::dashed(GREY, THICK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(ratios: &[f64], null: &[f64]) -> Scree {
        Scree {
            ratios: ratios.to_vec(),
            null: null.to_vec(),
            null_name: "shuffled".into(),
            remark: "participation ratio 1.9 of 4 units".into(),
        }
    }

    #[test]
    fn the_null_is_in_the_legend_if_there_is_one() {
        let svg = figure(&[0.7, 0.2, 0.1], &[0.4, 0.3, 0.3]).draw().unwrap().into_svg();
        for text in [">shuffled<", ">Component<", ">Cumulative variance (%)<", ">participation ratio 1.9 of 4 units<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 3, "{svg}");
        assert!(!figure(&[1.0], &[]).draw().unwrap().into_svg().contains("shuffled"));
    }

    #[test]
    fn parts_that_are_none_are_refused() {
        let refusal = |ratios: &[f64]| figure(ratios, &[]).draw().err().unwrap().to_string();
        assert!(refusal(&[]).contains("`ratios` is empty"));
        assert!(refusal(&[70.0]).contains("holds 70"));
        assert!(refusal(&[0.2, 0.3]).contains("must descend"));
    }
}
