//! Choices along one kind of evidence, and the curve through them.

use nn4n_analysis::{PsychometricFunction, behaviour::psychometric::ChoiceCount, wilson_interval};
use serde::Serialize;

use crate::plot::{CurvePoint, CurveSeries};

/// Points of a fitted line.
const LINE: usize = 200;

#[derive(Clone, Serialize)]
pub(super) struct Curve {
    /// What tells it from others.
    pub name: String,
    pub variable: String,
    /// Whether this evidence decides which answer is right; `null` where that is not asked.
    pub is_relevant: Option<bool>,
    pub points: Vec<Point>,
    /// Trials with a value, but without a choice between the two.
    pub without_choice: usize,
    pub fit: Option<PsychometricFunction>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_fit: Option<String>,
    /// The line through the points.
    #[serde(skip)]
    pub line: Vec<(f64, f64)>,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Point {
    pub value: f64,
    /// Right answers, where these are counted.
    pub chose_first: usize,
    pub trials: usize,
    /// Wilson interval of 95 % of their ratio.
    pub low: f64,
    pub high: f64,
}

impl Curve {
    pub fn of(
        name: &str,
        variable: &str,
        is_relevant: Option<bool>,
        counts: &[ChoiceCount],
        without_choice: usize,
        fit: Result<PsychometricFunction, String>,
    ) -> Self {
        let counts = counts.iter().filter(|count| count.trials > 0);
        let point = |count: &ChoiceCount| {
            let (low, high) = wilson_interval(count.chose_first, count.trials);
            Point { value: count.value, chose_first: count.chose_first, trials: count.trials, low, high }
        };
        let points: Vec<Point> = counts.map(point).collect();
        let (fit, no_fit) = match fit {
            Ok(fit) => (Some(fit), None),
            Err(why) => (None, Some(why)),
        };
        let ends = points.first().zip(points.last()).map(|(first, last)| (first.value, last.value));
        let line = fit.as_ref().zip(ends).map(|(fit, ends)| {
            along(ends).map(|value| (value, fit.at(value))).filter(|(_, p)| p.is_finite()).collect()
        });
        let line = line.unwrap_or_default();
        Self { name: name.into(), variable: variable.into(), is_relevant, points, without_choice, fit, no_fit, line }
    }

    pub fn has_two_signs(&self) -> bool {
        self.points.iter().any(|point| point.value < 0.0) && self.points.iter().any(|point| point.value > 0.0)
    }

    pub fn series(&self, name: &str, color: usize, scale: f64) -> CurveSeries {
        let point = |point: &Point| CurvePoint {
            x: scale * point.value,
            y: 100.0 * point.chose_first as f64 / point.trials as f64,
            low: 100.0 * point.low,
            high: 100.0 * point.high,
        };
        CurveSeries {
            name: name.into(),
            color,
            points: self.points.iter().map(point).collect(),
            line: self.line.iter().map(|(value, p)| (scale * value, 100.0 * p)).collect(),
            ..CurveSeries::default()
        }
    }

    pub fn heading(&self) -> String {
        let name = if self.name.is_empty() { self.variable.replace('_', " ") } else { self.name.clone() };
        match (&self.fit, &self.no_fit) {
            (Some(fit), _) => {
                let within = |interval: Option<[f64; 2]>| {
                    interval.map_or_else(String::new, |[low, high]| format!(" ({low:.4}..{high:.4})"))
                };
                let intervals = fit.intervals.as_ref();
                let mut line = format!(
                    "{name}: mu {:.4}{}, sigma {:.4}{}, lapses {:.3} and {:.3}, deviance {:.2} of {}",
                    fit.mu,
                    within(intervals.map(|all| all.mu)),
                    fit.sigma,
                    within(intervals.map(|all| all.sigma)),
                    fit.lapse_low,
                    fit.lapse_high,
                    fit.deviance,
                    fit.degrees_of_freedom
                );
                if let Some(p) = fit.goodness_p {
                    line += &format!(", p {p:.3}");
                }
                if fit.unresolved {
                    line += "; unresolved: choices are separated, and sigma lies at its bound";
                }
                if fit.lapses_at_bound {
                    line += "; lapses at their bound";
                }
                line
            }
            (None, why) => format!("{name}: no curve: {}", why.as_deref().unwrap_or("")),
        }
    }
}

/// Places of a line between two ends.
pub(super) fn along((low, high): (f64, f64)) -> impl Iterator<Item = f64> {
    (0..LINE).map(move |i| low + (high - low) * i as f64 / (LINE - 1) as f64)
}
