//! Lyapunov exponents, the largest first.

use std::path::Path;

use nn4n_analysis::Lyapunov;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::Dot;
use super::panel::{Panel, note};
use super::save::save;
use super::style::{SMALL, STABLE, THIN, UNSTABLE, text_width};

/// Left, top, width and height of the data area.
const AREA: (f64, f64, f64, f64) = (76.0, 34.0, 340.0, 220.0);
/// Radius of a dot.
const DOT: f64 = 3.0;
/// Half the width of the cap of an error bar.
const CAP: f64 = 2.5;

/// Lyapunov exponents against their index, with standard errors and a line at zero: black where nearby trajectories
/// meet, red where they part.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponents {
    /// The largest first. One of minus infinity, of a direction that is lost at once, is drawn as an arrow at the
    /// bottom.
    pub exponents: Vec<f64>,
    /// Standard error of each, not negative; that of an exponent of minus infinity means nothing.
    pub standard_errors: Vec<f64>,
    /// Unit of both, such as `1/s`.
    pub unit: String,
    /// A remark above the panel, such as the Kaplan-Yorke dimension; empty for none.
    pub remark: String,
}

impl Exponents {
    /// In 1/s, with the Kaplan-Yorke dimension.
    pub fn of(found: &Lyapunov) -> Self {
        let remark = match found.kaplan_yorke {
            Some(dimension) => format!("Kaplan-Yorke dimension {dimension:.2} of {}", found.dimensions),
            None => format!(
                "no Kaplan-Yorke dimension: the {} exponents of {} do not sum to less than 0",
                found.exponents_per_second.len(),
                found.dimensions
            ),
        };
        Self {
            exponents: found.exponents_per_second.clone(),
            standard_errors: found.standard_errors.clone(),
            unit: "1/s".into(),
            remark,
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no exponent, they ascend, are NaN or plus infinity, do not match their errors, or the file cannot be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, width, height) = AREA;
        let wide = (left + text_width(&self.remark, SMALL)).max(left + width) + 20.0;
        let mut canvas = Canvas::new(wide, top + height + 54.0);
        let n = self.exponents.len();
        let panel =
            Panel { x: Axis::linear(0.5, n as f64 + 0.5, (left, left + width)), y: self.axis((top + height, top)) };
        panel.horizontal_guide(&mut canvas, 0.0);
        for (i, (&exponent, &error)) in self.exponents.iter().zip(&self.standard_errors).enumerate() {
            draw_exponent(&mut canvas, &panel, (i + 1) as f64, exponent, error);
        }
        panel.left_axis(&mut canvas, &panel.y.ticks(6), &format!("Lyapunov exponent ({})", self.unit));
        panel.bottom_axis(&mut canvas, &panel.x.whole_ticks(10), "Index");
        note(&mut canvas, (left, 14.0), &self.remark, Align::Left);
        Ok(canvas)
    }

    /// With zero, and room for arrows below everything.
    fn axis(&self, pixels: (f64, f64)) -> Axis {
        let finite = self.exponents.iter().zip(&self.standard_errors).filter(|(exponent, _)| exponent.is_finite());
        let ends = finite.flat_map(|(exponent, error)| [exponent - error, exponent + error]);
        let (low, high) = ends.fold((0.0, 0.0), |(low, high): (f64, f64), v| (low.min(v), high.max(v)));
        Axis::linear(low, high, pixels).padded(0.08)
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("exponents", self.exponents.len())?;
        let lost = |value: &f64| *value == f64::NEG_INFINITY;
        require_finite("exponents", self.exponents.iter().copied().filter(|value| !lost(value)))?;
        let ordered = self.exponents.windows(2).all(|pair| pair[0] >= pair[1]);
        require(ordered, "exponents", || "must descend, the largest first; sort them".into())?;
        let (n, errors) = (self.exponents.len(), self.standard_errors.len());
        require(n == errors, "standard_errors", || format!("has {errors} entries; there are {n} exponents"))?;
        let pairs = self.exponents.iter().zip(&self.standard_errors);
        let errors = pairs.filter(|(exponent, _)| !lost(exponent)).map(|(_, error)| *error);
        require_finite("standard_errors", errors.clone())?;
        let least = errors.fold(0.0, f64::min);
        require(least >= 0.0, "standard_errors", || format!("holds {least}; it must not be negative"))
    }
}

fn draw_exponent(canvas: &mut Canvas, panel: &Panel, index: f64, exponent: f64, error: f64) {
    let color = if exponent > 0.0 { UNSTABLE } else { STABLE };
    let x = panel.x.pixel(index);
    if exponent == f64::NEG_INFINITY {
        let bottom = panel.y.pixels().0;
        canvas.line((x, bottom - 14.0), (x, bottom - 5.0), Stroke::solid(color, THIN));
        return canvas.arrow_head((x, bottom - 14.0), (x, bottom), 6.0, color);
    }
    let [low, high] = [exponent - error, exponent + error].map(|value| panel.y.pixel(value));
    let stroke = Stroke::solid(color, THIN);
    // A bar that the dot would hide is no bar.
    if low - high > 2.0 * DOT + 2.0 {
        canvas.line((x, low), (x, high), stroke);
        for end in [low, high] {
            canvas.line((x - CAP, end), (x + CAP, end), stroke);
        }
    }
    Dot::new(color, DOT).draw(canvas, (x, panel.y.pixel(exponent)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(exponents: &[f64], standard_errors: &[f64]) -> Exponents {
        Exponents {
            exponents: exponents.to_vec(),
            standard_errors: standard_errors.to_vec(),
            unit: "1/s".into(),
            remark: "Kaplan-Yorke dimension 1.26 of 2".into(),
        }
    }

    #[test]
    fn exponents_have_bars_and_those_of_lost_directions_are_arrows() {
        let svg = figure(&[0.4, -0.1, f64::NEG_INFINITY], &[0.1, 0.0, f64::NAN]).draw().unwrap().into_svg();
        assert_eq!(svg.matches("<circle").count(), 2, "{svg}");
        assert_eq!(svg.matches("z\"").count(), 1, "one arrow head: {svg}");
        for text in [">Lyapunov exponent (1/s)<", ">Index<", ">3<", ">Kaplan-Yorke dimension 1.26 of 2<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        let lost = figure(&[f64::NEG_INFINITY], &[0.0]).draw().unwrap().into_svg();
        assert!(!lost.contains("NaN") && !lost.contains("inf"), "{lost}");
    }

    #[test]
    fn exponents_out_of_order_or_without_errors_are_refused() {
        let refusal = |exponents: &[f64], errors: &[f64]| figure(exponents, errors).draw().err().unwrap().to_string();
        assert!(refusal(&[], &[]).contains("`exponents` is empty"));
        assert!(refusal(&[0.1, 0.2], &[0.0, 0.0]).contains("must descend"));
        assert!(refusal(&[f64::INFINITY], &[0.0]).contains("`exponents` holds inf"));
        assert!(refusal(&[0.1], &[]).contains("has 0 entries; there are 1"));
        assert!(refusal(&[0.1], &[-1.0]).contains("holds -1"));
    }
}
