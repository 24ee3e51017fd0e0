//! What the terminal says of choices along the evidence.

use nn4n_analysis::behaviour::psychometric::Lapses;
use serde::Serialize;

use super::{PsychometricArgs, Report, context::Context, curve::Curve};

impl PsychometricArgs {
    pub(super) fn lines(&self, report: &Report<'_>, curves: &[Curve]) -> Vec<String> {
        let settings = report.settings;
        let about = report.about;
        let mut lines = vec![format!(
            "fitted       {}, {}, lapses up to {}, {} refits, seed {}",
            word(&settings.family),
            match settings.lapses {
                Lapses::None => "no lapses".to_owned(),
                Lapses::Equal => "equal lapses".into(),
                Lapses::Two => "two lapses".into(),
                Lapses::Guess => format!("floor {}, lapses", settings.guess),
            },
            settings.max_lapse,
            settings.refits,
            about.seed
        )];
        for curve in curves {
            lines.push(curve.heading());
            lines.extend(curve.points.iter().map(|point| {
                let fraction = 100.0 * point.chose_first as f64 / point.trials as f64;
                format!(
                    "  {:>10}  {fraction:>5.1} % of {} trials ({:.1}..{:.1})",
                    point.value,
                    point.trials,
                    100.0 * point.low,
                    100.0 * point.high
                )
            }));
        }
        lines.extend(report.contexts.iter().map(Context::line));
        let without: usize = curves.iter().map(|curve| curve.without_choice).sum();
        if without > 0 {
            lines.push(format!("left out     {without} trials without a choice"));
        }
        if report.trials_left_out > 0 {
            lines.push(format!("left out     {} trials without a value or of no group", report.trials_left_out));
        }
        lines
    }
}

fn word(name: &impl Serialize) -> String {
    serde_json::to_value(name).ok().and_then(|name| name.as_str().map(String::from)).unwrap_or_default()
}
