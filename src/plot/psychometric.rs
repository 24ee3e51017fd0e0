//! The psychometric curve: how often one of two choices was made at each strength of the evidence.

use std::path::Path;

use super::PlotError;
use super::axis::{Axis, range};
use super::canvas::{Align, Canvas, Stroke};
use super::channel_looks::named_color;
use super::error::{require, require_finite, require_fractions, require_some};
use super::panel::{Panel, legend, legend_width, note};
use super::save::save;
use super::style::{Rgb, THICK, WHITE, series};
use nn4n_analysis::wilson_interval;

/// Left, top, width and height of the data area.
const AREA: (f64, f64, f64, f64) = (66.0, 34.0, 320.0, 260.0);

/// Fraction of one choice against signed coherence or another graded variable, one or several named curves.
///
/// Bars are Wilson 95 % intervals. Dashed guides mark coherence 0 and a fraction of 0.5.
#[derive(Clone, Debug)]
pub struct Psychometric {
    /// What varies.
    pub variable: Graded,
    /// What the choice is called whose fraction is drawn, such as `choice 1` or `left choices`.
    pub choice: String,
    /// Curves in the order of the legend, for example one per modality or context.
    pub curves: Vec<PsychometricCurve>,
}

/// The variable that choices are drawn against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Graded {
    /// Signed coherence, a fraction in [-1, 1], drawn in percent on an axis about 0.
    #[default]
    Coherence,
    /// Another variable, by the name of its axis, drawn as it is.
    Named(String),
}

/// One set of measured points and, where there is one, the function fitted to them.
#[derive(Clone, Debug)]
pub struct PsychometricCurve {
    /// Legend entry; a single curve with an empty name has no legend.
    pub name: String,
    /// Measured points, in any order.
    pub points: Vec<ChoicePoint>,
    /// The fitted function in words, such as its parameters; empty where there is none.
    pub fitted: String,
    /// Fitted function as (value of the variable, fraction of the choice) in the order to connect them; may be empty.
    pub fit: Vec<(f64, f64)>,
}

/// Choices at one value of the variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChoicePoint {
    /// The value; a coherence is a fraction in [-1, 1].
    pub value: f64,
    /// Trials with choice 1, at most `n_trials`.
    pub n_choice_1: usize,
    /// Trials with a choice, at least 1.
    pub n_trials: usize,
}

impl Psychometric {
    /// Writes the figure to `path`, `.svg` or `.png`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, width, height) = AREA;
        let entries = self.legend();
        let legend_room = 18.0 + legend_width(entries.iter().map(|(text, _)| text.as_str()));
        let mut canvas = Canvas::new(left + width + legend_room + 18.0, top + height + 54.0);
        let panel = Panel {
            x: self.value_axis((left, left + width)),
            y: Axis::linear(0.0, 1.0, (top + height, top)).padded(0.03),
        };
        panel.horizontal_guide(&mut canvas, 0.5);
        if self.variable == Graded::Coherence {
            panel.vertical_guide(&mut canvas, 0.0);
        }
        for (curve, color) in self.curves.iter().zip(self.colors()) {
            curve.draw(&mut canvas, &panel, self.variable.scale(), Stroke::solid(color, THICK));
        }
        panel.left_axis(&mut canvas, &panel.y.ticks(5), &format!("Fraction of {}", self.choice));
        panel.bottom_axis(&mut canvas, &panel.x.ticks(6), self.variable.label());
        note(&mut canvas, (left, 14.0), &self.trials_note(), Align::Left);
        let entries: Vec<_> = entries.iter().map(|(text, stroke)| (text.as_str(), *stroke)).collect();
        legend(&mut canvas, (left + width + 18.0, top), &entries);
        Ok(canvas)
    }

    /// One for each curve: the one that it is named after, if each is named after one of its own.
    fn colors(&self) -> Vec<Rgb> {
        let named: Option<Vec<Rgb>> = self.curves.iter().map(|curve| named_color(&curve.name)).collect();
        let all_differ = |colors: &Vec<Rgb>| (1..colors.len()).all(|i| !colors[..i].contains(&colors[i]));
        named.filter(all_differ).unwrap_or_else(|| (0..self.curves.len()).map(series).collect())
    }

    /// A line for each curve, and below it what is fitted to it.
    fn legend(&self) -> Vec<(String, Stroke)> {
        let entries = self.curves.iter().zip(self.colors()).flat_map(|(curve, color)| {
            let name = if curve.name.is_empty() { "choices" } else { curve.name.as_str() };
            let fitted = (!curve.fitted.is_empty()).then(|| (curve.fitted.clone(), Stroke::solid(WHITE, 0.0)));
            [Some((name.to_owned(), Stroke::solid(color, THICK))), fitted]
        });
        entries.flatten().collect()
    }

    /// Symmetric about 0 for coherences.
    fn value_axis(&self, pixels: (f64, f64)) -> Axis {
        let values = self.curves.iter().flat_map(|c| c.points.iter().map(|p| p.value).chain(c.fit.iter().map(|f| f.0)));
        let (low, high) = range(values);
        let scale = self.variable.scale();
        match self.variable {
            Graded::Coherence => Axis::linear(-scale * high.max(-low), scale * high.max(-low), pixels).padded(0.04),
            Graded::Named(_) => Axis::linear(scale * low, scale * high, pixels).padded(0.04),
        }
    }

    /// For example `100 to 120 trials per point, bars: 95 % interval`.
    fn trials_note(&self) -> String {
        let trials = self.curves.iter().flat_map(|c| &c.points).map(|p| p.n_trials);
        let (fewest, most) = trials.fold((usize::MAX, 0), |(low, high), n| (low.min(n), high.max(n)));
        let count = if fewest == most { format!("{most}") } else { format!("{fewest} to {most}") };
        let plural = if most == 1 { "" } else { "s" };
        let fitted = self.curves.iter().any(|curve| !curve.fit.is_empty());
        let line = if fitted { "; line: cumulative Gaussian" } else { "" };
        format!("{count} trial{plural} per point, bars: 95 % interval{line}")
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("curves", self.curves.len())?;
        for (i, curve) in self.curves.iter().enumerate() {
            let points = format!("curves[{i}].points");
            require_some(&points, curve.points.len())?;
            for p in &curve.points {
                require_finite(&points, [p.value])?;
                require(self.variable != Graded::Coherence || p.value.abs() <= 1.0, &points, || {
                    format!("has coherence {}; it must lie in [-1, 1], a fraction and not percent", p.value)
                })?;
                require((1..).contains(&p.n_trials) && p.n_choice_1 <= p.n_trials, &points, || {
                    format!("has {} choices 1 in {} trials; leave out values without trials", p.n_choice_1, p.n_trials)
                })?;
            }
            let fit = format!("curves[{i}].fit");
            require_finite(&fit, curve.fit.iter().map(|f| f.0))?;
            require_fractions(&fit, curve.fit.iter().map(|f| f.1))?;
        }
        Ok(())
    }
}

impl Graded {
    fn label(&self) -> &str {
        match self {
            Self::Coherence => "Signed coherence (%)",
            Self::Named(name) => name,
        }
    }

    fn scale(&self) -> f64 {
        match self {
            Self::Coherence => 100.0,
            Self::Named(_) => 1.0,
        }
    }
}

impl PsychometricCurve {
    fn draw(&self, canvas: &mut Canvas, panel: &Panel, scale: f64, stroke: Stroke) {
        panel.curve(canvas, self.fit.iter().map(|&(value, p)| (scale * value, p)), stroke);
        for point in &self.points {
            let x = scale * point.value;
            let (low, high) = wilson_interval(point.n_choice_1, point.n_trials);
            panel.curve(canvas, [(x, low), (x, high)], Stroke::solid(stroke.color, 1.0));
            let at = panel.at((x, point.n_choice_1 as f64 / point.n_trials as f64));
            // A white rim keeps dots of different curves apart.
            canvas.dot(at, 4.2, WHITE);
            canvas.dot(at, 3.5, stroke.color);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(points: &[(f64, usize, usize)], fit: &[(f64, f64)]) -> Psychometric {
        let points =
            points.iter().map(|&(value, n_choice_1, n_trials)| ChoicePoint { value, n_choice_1, n_trials }).collect();
        Psychometric {
            variable: Graded::Coherence,
            choice: "choice left".into(),
            curves: vec![PsychometricCurve {
                name: "motion".to_owned(),
                points,
                fit: fit.to_vec(),
                fitted: "\u{3c3} 12 %".into(),
            }],
        }
    }

    fn refusal(figure: &Psychometric) -> String {
        figure.draw().err().expect("the figure must be refused").to_string()
    }

    #[test]
    fn the_figure_names_its_axes_curves_and_trials_and_draws_coherence_in_percent() {
        let svg = figure(&[(-0.5, 2, 100), (0.5, 118, 120)], &[(-0.5, 0.02), (0.5, 0.98)]).draw().unwrap().into_svg();
        for label in [
            "Signed coherence (%)",
            "Fraction of choice left",
            ">motion<",
            ">\u{3c3} 12 %<",
            "100 to 120 trials",
            "line: cumulative Gaussian",
            ">\u{2212}40<",
            ">40<",
        ] {
            assert!(svg.contains(label), "{label} is missing from {svg}");
        }
    }

    #[test]
    fn data_that_cannot_be_drawn_are_refused_by_name() {
        assert!(refusal(&Psychometric { curves: vec![], ..figure(&[], &[]) }).contains("`curves` is empty"));
        assert!(refusal(&figure(&[], &[])).contains("`curves[0].points` is empty"));
        assert!(refusal(&figure(&[(f64::NAN, 1, 2)], &[])).contains("NaN"));
        assert!(refusal(&figure(&[(12.8, 1, 2)], &[])).contains("not percent"));
        assert!(refusal(&figure(&[(0.1, 3, 2)], &[])).contains("3 choices 1 in 2 trials"));
        assert!(refusal(&figure(&[(0.1, 0, 0)], &[])).contains("0 trials"));
        assert!(refusal(&figure(&[(0.1, 1, 2)], &[(0.1, f64::INFINITY)])).contains("`curves[0].fit`"));
    }

    #[test]
    fn curves_that_are_named_after_colours_have_them() {
        let named = |names: [&str; 2]| {
            let curve = |name: &str| PsychometricCurve { name: name.into(), ..figure(&[], &[]).curves.remove(0) };
            Psychometric { curves: names.map(curve).into(), ..figure(&[], &[]) }.colors()
        };
        assert_eq!(named(["left target red", "left target green"]), [(213, 94, 0), (0, 158, 115)]);
        assert_eq!(named(["red, one", "red, two"]), [series(0), series(1)], "both would be one colour");
        assert_eq!(named(["context motion", "context green"]), [series(0), series(1)]);
    }

    #[test]
    fn another_variable_is_drawn_as_it_is() {
        let rate = Psychometric {
            variable: Graded::Named("Rate (events/s)".into()),
            ..figure(&[(9.0, 2, 100), (16.0, 98, 100)], &[])
        };
        let svg = rate.draw().unwrap().into_svg();
        for label in ["Rate (events/s)", ">10<", ">16<"] {
            assert!(svg.contains(label), "{label} is missing from {svg}");
        }
    }

    #[test]
    fn one_point_at_zero_coherence_is_a_figure() {
        assert!(figure(&[(0.0, 5, 10)], &[]).draw().is_ok());
    }
}
