//! Psychometric curves of a network: which ones a task has, and the choices along them.

use nn4n_analysis::{ChoiceCount, CumulativeGaussian};
use nn4n_models::Ctrnn;
use nn4n_tasks::Task;

use super::{Graded, Psychometric};
use crate::{
    error::{Error, Result},
    evaluate::{GradedCurve, choices, graded_curves, numbers_of},
};

/// Which curves are measured, and how.
#[derive(Clone, Copy, Debug)]
pub struct PsychometricPlan<'a> {
    /// The variable that choices are drawn against; `None` takes each one of the task that grades the evidence, such as
    /// `coherence`.
    pub variable: Option<&'a str>,
    /// Fresh trials at each value.
    pub per_value: usize,
    /// Seed of the trials and the noise.
    pub seed: u64,
}

impl Psychometric {
    /// The choices of a network, with its noise on, along each curve of a task; `None` of a task that has none.
    ///
    /// A cumulative Gaussian is drawn where one fits, with lapses where none does without.
    ///
    /// # Errors
    /// If a variable is asked for that no condition of the task has a number of; otherwise as [`choices`].
    pub fn measured(network: &Ctrnn, task: &dyn Task, plan: PsychometricPlan<'_>) -> Result<Option<Self>> {
        let mut figure: Option<Self> = None;
        let curves = graded_curves(task, plan.variable);
        if let (Some(variable), true) = (plan.variable, curves.is_empty()) {
            let message = format!("no condition of `{}` has a number called so; {}", task.id(), numbers_of(task));
            return Err(Error::setting(variable, message));
        }
        for GradedCurve { name, variable, conditions, .. } in curves {
            let mut counts = choices(network, task, &variable, &conditions, plan.per_value, plan.seed)?;
            counts.retain(|count| count.trials > 0);
            if counts.is_empty() {
                continue;
            }
            let fit = CumulativeGaussian::of(&counts).filter(|fit| is_good(fit, &counts));
            let fit = fit.or_else(|| CumulativeGaussian::with_lapses(&counts).filter(|fit| is_good(fit, &counts)));
            let curve = Self::of(task, &name, &variable, &counts, fit);
            match &mut figure {
                Some(figure) => figure.join(curve),
                None => figure = Some(curve),
            }
        }
        Ok(figure)
    }
}

impl Psychometric {
    /// Adds the curves of another figure. An axis of several variables has the name of none.
    fn join(&mut self, other: Self) {
        if self.variable != other.variable {
            self.variable = Graded::Named("Value of the variable".into());
        }
        self.curves.extend(other.curves);
    }
}

/// Whether the fitted curve leaves about as much to chance as there is (Pearson's chi-squared, within four standard
/// deviations of its mean).
fn is_good(fit: &CumulativeGaussian, counts: &[ChoiceCount]) -> bool {
    let term = |count: &ChoiceCount| {
        let (n, p) = (count.trials as f64, fit.at(count.value).clamp(1e-3, 1.0 - 1e-3));
        (count.chose_first as f64 - n * p).powi(2) / (n * p * (1.0 - p))
    };
    let parameters = if fit.lapse > 0.0 { 3 } else { 2 };
    let freedom = counts.len().saturating_sub(parameters).max(1) as f64;
    counts.iter().map(term).sum::<f64>() <= freedom + 4.0 * (2.0 * freedom).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_of_several_variables_has_the_name_of_none() {
        let figure = |variable: Graded| Psychometric { variable, choice: "choice 1".into(), curves: Vec::new() };
        let joined = |a: Graded, b: Graded| {
            let mut all = figure(a);
            all.join(figure(b));
            all.variable
        };
        let f1 = Graded::Named("F1 (Hz)".into());
        assert_eq!(joined(f1.clone(), f1.clone()), f1);
        assert_eq!(joined(Graded::Coherence, f1), Graded::Named("Value of the variable".into()));
    }
}
