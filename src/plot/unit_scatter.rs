//! Two values of each unit against each other.

use std::path::Path;

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Align, Canvas};
use super::error::{require_finite, require_some};
use super::key::{Dot, Mark, key, key_width};
use super::panel::{Panel, note, padded_range};
use super::save::save;
use super::style::{FAINT, PALETTE, Rgb, SMALL, text_width};

/// Left, top and side of the data area.
const AREA: (f64, f64, f64) = (76.0, 34.0, 280.0);
/// Radius of a dot.
const DOT: f64 = 3.0;

/// Units in a plane, by kind, with lines at 0: grey of the first kind, and the others in colour.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitScatter {
    /// What is on the x axis.
    pub x: String,
    /// What is on the y axis.
    pub y: String,
    /// Kinds of units; the last is drawn on top.
    pub kinds: Vec<ScatterKind>,
    /// A remark above the panel; empty for none.
    pub remark: String,
}

/// Units of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterKind {
    /// Its name.
    pub name: String,
    /// (x, y) of each unit.
    pub points: Vec<(f64, f64)>,
}

impl UnitScatter {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no unit, a number is not finite, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, side) = AREA;
        let entries: Vec<(String, Mark)> = self
            .kinds
            .iter()
            .map(|kind| (format!("{} ({})", kind.name, kind.points.len()), Mark::Dot(Dot::new(color(&kind.name), DOT))))
            .collect();
        let wide = (left + side + 18.0 + key_width(&entries)).max(left + text_width(&self.remark, SMALL)) + 20.0;
        let mut canvas = Canvas::new(wide, top + side + 54.0);
        let all = || self.kinds.iter().flat_map(|kind| kind.points.iter());
        let axis = |values: Vec<f64>, pixels| {
            let (low, high) = padded_range(values.into_iter().chain([0.0]), 0.05);
            Axis::linear(low, high, pixels)
        };
        let panel = Panel {
            x: axis(all().map(|point| point.0).collect(), (left, left + side)),
            y: axis(all().map(|point| point.1).collect(), (top + side, top)),
        };
        panel.horizontal_guide(&mut canvas, 0.0);
        panel.vertical_guide(&mut canvas, 0.0);
        for kind in &self.kinds {
            let dot = Dot::new(color(&kind.name), DOT);
            kind.points.iter().for_each(|point| dot.draw(&mut canvas, panel.at(*point)));
        }
        panel.left_axis(&mut canvas, &panel.y.ticks(5), &self.y);
        panel.bottom_axis(&mut canvas, &panel.x.ticks(5), &self.x);
        note(&mut canvas, (left, 14.0), &self.remark, Align::Left);
        key(&mut canvas, (left + side + 18.0, top), &entries);
        Ok(canvas)
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("kinds", self.kinds.len())?;
        for (i, kind) in self.kinds.iter().enumerate() {
            let field = format!("kinds[{i}].points");
            require_some(&field, kind.points.len())?;
            require_finite(&field, kind.points.iter().flat_map(|(x, y)| [*x, *y]))?;
        }
        Ok(())
    }
}

/// The same kind has the same colour in all figures; one that is not known is black.
fn color(name: &str) -> Rgb {
    match name {
        "unselective" => FAINT,
        "pure" => PALETTE[0],
        "linear mixed" => PALETTE[2],
        "nonlinear mixed" => PALETTE[1],
        _ => PALETTE[6],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(points: &[(f64, f64)]) -> UnitScatter {
        UnitScatter {
            x: "Coefficient of context".into(),
            y: "Coefficient of coherence".into(),
            kinds: vec![ScatterKind { name: "pure".into(), points: points.to_vec() }],
            remark: String::new(),
        }
    }

    #[test]
    fn units_are_dots_and_kinds_are_counted() {
        let svg = figure(&[(0.5, -0.1), (0.2, 0.3)]).draw().unwrap().into_svg();
        assert_eq!(svg.matches("<circle").count(), 3, "{svg}");
        for text in [">pure (2)<", ">Coefficient of context<", "Coefficient of coherence<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }

    #[test]
    fn nothing_and_what_is_not_finite_are_refused() {
        let refusal = |points: &[(f64, f64)]| figure(points).draw().err().unwrap().to_string();
        assert!(refusal(&[]).contains("`kinds[0].points` is empty"));
        assert!(refusal(&[(0.0, f64::NAN)]).contains("`kinds[0].points` holds NaN"));
    }
}
