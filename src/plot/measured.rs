//! Psychometric curves of a network: which ones a task has, and the choices along them.

use nn4n_analysis::{ChoiceCount, CumulativeGaussian};
use nn4n_models::Ctrnn;
use nn4n_tasks::{Condition, Task, Value};

use super::{Graded, Psychometric};
use crate::{
    error::{Error, Result},
    evaluate::choices,
};

/// The variables of trials on which choices depend gradually.
const GRADED: [&str; 10] = [
    "coherence",
    "motion_coherence",
    "colour_coherence",
    "modality_1_coherence",
    "modality_2_coherence",
    "coherence_modality_1",
    "coherence_modality_2",
    "coherence_1",
    "coherence_2",
    "rate",
];

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
        let curves = curves(task, plan.variable);
        if let (Some(variable), true) = (plan.variable, curves.is_empty()) {
            let message = format!("no condition of `{}` has a number called so; {}", task.id(), numbers_of(task));
            return Err(Error::setting(variable, message));
        }
        for Curve { name, variable, conditions } in curves {
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

/// Which variables there are, for those who named another.
fn numbers_of(task: &dyn Task) -> String {
    let mut names: Vec<String> = Vec::new();
    for condition in task.conditions().iter().chain(&task.grid()) {
        let numbers = condition.iter().filter(|(_, value)| matches!(value, Value::Number(_)));
        names.extend(numbers.map(|(name, _)| name.to_string()));
    }
    names.sort();
    names.dedup();
    if names.is_empty() { "it has none".into() } else { format!("there are {}", names.join(", ")) }
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

/// The conditions along one psychometric curve.
struct Curve {
    name: String,
    variable: String,
    conditions: Vec<Condition>,
}

/// A curve for each graded variable and each combination of the words beside it, such as the context; what else there
/// is, is drawn.
fn curves(task: &dyn Task, wanted: Option<&str>) -> Vec<Curve> {
    let classes = task.conditions();
    let all: Vec<Condition> =
        classes.iter().cloned().chain(task.grid()).filter(|condition| !condition.is_catch()).collect();
    let graded: Vec<String> = match wanted {
        Some(variable) => vec![variable.into()],
        None if task.id() == "data/npz" => graded_labels(&all),
        None => GRADED.map(String::from).into(),
    };
    let has = |variable: &String| all.iter().any(|condition| condition.number(variable).is_some());
    let graded: Vec<String> = graded.into_iter().filter(has).collect();
    let mut curves: Vec<Curve> = Vec::new();
    for variable in &graded {
        for words in all.iter().filter(|condition| condition.number(variable).is_some()).map(words) {
            let name = name(&words, (graded.len() > 1).then_some(variable));
            if curves.iter().all(|curve| curve.name != name) {
                let conditions = values(&classes, &all, &words, variable)
                    .map(|value| words.clone().with(variable.clone(), value))
                    .collect();
                curves.push(Curve { name, variable: variable.clone(), conditions });
            }
        }
    }
    curves
}

/// The labels of trials of one's own that are numbers of three values or more.
fn graded_labels(all: &[Condition]) -> Vec<String> {
    let mut found: Vec<(String, Vec<f64>)> = Vec::new();
    for (name, value) in all.iter().flat_map(Condition::iter) {
        let Value::Number(value) = value else { continue };
        match found.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) if !values.contains(value) => values.push(*value),
            Some(_) => {}
            None => found.push((name.into(), vec![*value])),
        }
    }
    found.into_iter().filter(|(_, values)| values.len() > 2).map(|(name, _)| name).collect()
}

/// The values of a variable, ascending: those that the classes of trials have beside these words, or beside any (where
/// the variable does not matter, it takes the values that matter elsewhere), or those of the test conditions.
fn values(classes: &[Condition], all: &[Condition], words: &Condition, variable: &str) -> impl Iterator<Item = f64> {
    let among = |conditions: &[Condition], fits: &dyn Fn(&Condition) -> bool| -> Vec<f64> {
        conditions
            .iter()
            .filter(|condition| fits(condition))
            .filter_map(|condition| condition.number(variable))
            .collect()
    };
    let candidates =
        [among(classes, &|class| class.belongs_to(words)), among(classes, &|_| true), among(all, &|_| true)];
    let mut values = candidates.into_iter().find(|values| !values.is_empty()).unwrap_or_default();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values.into_iter()
}

/// The variables of a condition that are words.
fn words(condition: &Condition) -> Condition {
    let words = condition.iter().filter(|(_, value)| matches!(value, Value::Text(_)));
    words.fold(Condition::new(), |all, (name, value)| all.with(name.to_string(), value.clone()))
}

fn name(words: &Condition, variable: Option<&str>) -> String {
    let words = words.iter().map(|(name, value)| format!("{} {value}", name.replace('_', " ")));
    words.chain(variable.map(|variable| variable.replace('_', " "))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(id: &str) -> Vec<String> {
        curves(nn4n_tasks::create(id, None).unwrap().as_ref(), None).into_iter().map(|curve| curve.name).collect()
    }

    #[test]
    fn there_is_a_curve_for_every_graded_variable_in_every_context() {
        assert_eq!(names("song2016/rdm_varstim"), [""]);
        assert_eq!(names("song2016/multisensory"), ["modality visual", "modality auditory", "modality both"]);
        let contexts = ["context motion, motion coherence", "context colour, motion coherence"];
        assert_eq!(names("song2016/mante")[..2], contexts);
        assert_eq!(names("song2016/mante").len(), 4);
        let set = serde_json::json!({ "tasks": ["yang2019/contextdm1", "yang2019/contextdm2"] });
        let set = nn4n_tasks::create("multitask/set", Some(&set)).unwrap();
        let curves = curves(set.as_ref(), None);
        assert_eq!(curves.len(), 4);
        assert!(
            curves.iter().all(|curve| curve.conditions.len() == 8),
            "the irrelevant modality has the coherences of the relevant one"
        );
        assert!(names("golub2018/flip_flop").is_empty() && names("yang2019/fdgo").is_empty());
    }

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

    #[test]
    fn the_values_of_a_curve_ascend_and_appear_once() {
        let task = nn4n_tasks::create("song2016/mante", None).unwrap();
        for curve in curves(task.as_ref(), None) {
            let values: Vec<f64> =
                curve.conditions.iter().filter_map(|condition| condition.number(&curve.variable)).collect();
            assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
        }
    }
}
