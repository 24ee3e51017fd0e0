//! Evidence that counts and evidence that does not, in one fit.

use nn4n_analysis::{
    TwoVariableFunction,
    behaviour::psychometric::{ChoiceCountOfTwo, Settings},
};
use serde::Serialize;

use super::curve::along;
use crate::cli::analyze::graded::{Graded, Group};

#[derive(Clone, Serialize)]
pub(super) struct Context {
    pub name: String,
    pub relevant: String,
    pub irrelevant: String,
    pub fit: Option<TwoVariableFunction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_fit: Option<String>,
}

impl Context {
    pub fn line(&self) -> String {
        let name = if self.name.is_empty() { "both".into() } else { self.name.clone() };
        let Some(fit) = &self.fit else {
            return format!("{name}: no fit of both: {}", self.no_fit.as_deref().unwrap_or(""));
        };
        let within = fit
            .intervals
            .as_ref()
            .map_or_else(String::new, |intervals| format!(" ({:.3}..{:.3})", intervals.ratio[0], intervals.ratio[1]));
        let p = fit.goodness_p.map_or_else(String::new, |p| format!(", p {p:.3}"));
        format!(
            "{name}: slope of {} {:.3}, of {} {:.3}, ratio {:.3}{within}, deviance {:.2} of {}{p}{}",
            self.relevant.replace('_', " "),
            fit.relevant_slope,
            self.irrelevant.replace('_', " "),
            fit.irrelevant_slope,
            fit.ratio,
            fit.deviance,
            fit.degrees_of_freedom,
            if fit.unresolved { "; unresolved: choices are separated" } else { "" }
        )
    }
}

/// The fit of both kinds of evidence.
pub(super) fn context(graded: &Graded, group: &Group, irrelevant: &str, settings: &Settings) -> Context {
    let relevant = group.variables[0].as_str();
    let mut counts: Vec<ChoiceCountOfTwo> = Vec::new();
    for trial in &group.trials {
        let values = graded.value(*trial, relevant).zip(graded.value(*trial, irrelevant));
        let (Some((r, i)), Some(is_first)) = (values, graded.chose_first(*trial)) else { continue };
        let place = counts.iter().position(|count| count.relevant == r && count.irrelevant == i).unwrap_or_else(|| {
            counts.push(ChoiceCountOfTwo { relevant: r, irrelevant: i, chose_first: 0, trials: 0 });
            counts.len() - 1
        });
        counts[place].trials += 1;
        counts[place].chose_first += usize::from(is_first);
    }
    let (fit, no_fit) = match TwoVariableFunction::fit([relevant, irrelevant], &counts, settings) {
        Ok(fit) => (Some(fit), None),
        Err(error) => (None, Some(error.to_string())),
    };
    Context { name: group.name.clone(), relevant: relevant.into(), irrelevant: irrelevant.into(), fit, no_fit }
}

/// The fit of both kinds of evidence along one, averaged over what the other was in the trials.
pub(super) fn marginal(
    graded: &Graded,
    group: &Group,
    fit: &TwoVariableFunction,
    (relevant, irrelevant): (&str, &str),
    along_relevant: bool,
) -> Vec<(f64, f64)> {
    let (own, other) = if along_relevant { (relevant, irrelevant) } else { (irrelevant, relevant) };
    let values = |name: &str| group.trials.iter().filter_map(|trial| graded.value(*trial, name)).collect::<Vec<f64>>();
    let mut others: Vec<(f64, f64)> = Vec::new();
    for value in values(other) {
        match others.iter_mut().find(|(known, _)| *known == value) {
            Some((_, n)) => *n += 1.0,
            None => others.push((value, 1.0)),
        }
    }
    let all: f64 = others.iter().map(|(_, n)| n).sum();
    let own = values(own);
    let ends =
        (own.iter().copied().fold(f64::INFINITY, f64::min), own.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    let mean = |value: f64| {
        let at = |other: f64| if along_relevant { fit.at(value, other) } else { fit.at(other, value) };
        others.iter().map(|(other, n)| n * at(*other)).sum::<f64>() / all
    };
    along(ends).map(|value| (value, mean(value))).filter(|(_, p)| p.is_finite()).collect()
}
