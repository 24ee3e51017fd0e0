//! Choices along the evidence, as they are drawn.

use nn4n_tasks::Task;

use super::{Outcome, PsychometricArgs, curve::Curve};
use crate::{
    cli::analyze::graded::Graded,
    plot::{CurvePanel, CurvePanels, choice_axis, strength_axis, variable_axis},
};

impl PsychometricArgs {
    pub(super) fn figure(&self, graded: &Graded, curves: &[Curve]) -> CurvePanels {
        let task = graded.behaviour.task.as_deref();
        let has_roles = curves.iter().any(|curve| curve.is_relevant.is_some());
        let of_groups = has_roles || graded.groups.len() > 1;
        let panel = |title: &str, wanted: Option<bool>| CurvePanel {
            title: title.into(),
            x: self.x_axis(task, wanted, curves),
            y: if self.of == Outcome::Right { "Right answers (%)".into() } else { choice_axis(task) },
            y_range: Some(if self.of == Outcome::Right { (100.0 * self.floor(curves), 100.0) } else { (0.0, 100.0) }),
            log_x: false,
            log_y: false,
            x_guide: curves.iter().any(Curve::has_two_signs).then_some(0.0),
            y_guide: (self.of == Outcome::Choices).then_some(50.0),
            series: curves
                .iter()
                .filter(|curve| curve.is_relevant == wanted)
                .enumerate()
                .map(|(color, curve)| {
                    // In panels of their own, curves are told apart by their group alone.
                    let variable = format!(", {}", curve.variable.replace('_', " "));
                    let name = if has_roles { curve.name.strip_suffix(&variable) } else { None };
                    let name = name.unwrap_or(&curve.name);
                    curve.series(
                        if of_groups || curves.len() > 1 { name } else { "" },
                        color,
                        variable_axis(task, &curve.variable).1,
                    )
                })
                .collect(),
        };
        let panels = if has_roles {
            let titles = [("Evidence that counts", Some(true)), ("Evidence that does not", Some(false)), ("", None)];
            let is_there = |wanted: Option<bool>| curves.iter().any(|curve| curve.is_relevant == wanted);
            titles
                .into_iter()
                .filter(|(_, wanted)| is_there(*wanted))
                .map(|(title, wanted)| panel(title, wanted))
                .collect()
        } else {
            vec![panel("", None)]
        };
        CurvePanels { panels, remark: remark(curves) }
    }

    /// Right answers are drawn from 50 % upwards, unless some are fewer.
    fn floor(&self, curves: &[Curve]) -> f64 {
        let fractions = curves.iter().flat_map(|curve| &curve.points).map(|point| point.low);
        if fractions.fold(1.0, f64::min) < 0.4 { 0.0 } else { 0.4 }
    }

    fn x_axis(&self, task: Option<&dyn Task>, wanted: Option<bool>, curves: &[Curve]) -> String {
        let of_panel = curves.iter().filter(|curve| curve.is_relevant == wanted);
        let mut names = of_panel.map(|curve| match self.of {
            Outcome::Choices => variable_axis(task, &curve.variable).0,
            Outcome::Right => strength_axis(task, &curve.variable, self.boundary).0,
        });
        let first = names.next().unwrap_or_default();
        let rest: Vec<String> = names.collect();
        if rest.iter().all(|name| *name == first) {
            first
        } else if rest.iter().chain([&first]).all(|name| name.ends_with("(%)")) {
            "Coherence (%)".into()
        } else {
            "Value of the variable".into()
        }
    }
}

/// How many trials points have, and what is drawn about them.
fn remark(curves: &[Curve]) -> String {
    let trials = curves.iter().flat_map(|curve| &curve.points).map(|point| point.trials);
    let (fewest, most) = trials.fold((usize::MAX, 0), |(low, high), n| (low.min(n), high.max(n)));
    let trials = if fewest == most { format!("{most}") } else { format!("{fewest} to {most}") };
    format!("{trials} trials per point, bars: 95 % interval")
}
