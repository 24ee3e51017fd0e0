//! The picture of a model card: psychometric curves, or a few trials.

use nn4n_analysis::{ChoiceCount, CumulativeGaussian};
use nn4n_models::{Ctrnn, NoiseKey};
use nn4n_tasks::{Condition, Split, Task, Value, balanced};

use super::assessment::SEED;
use crate::{
    error::Result,
    evaluate::choices,
    plot::{PlotError, Psychometric, TrialFigure},
    simulate::Simulation,
};

/// Trials at each value of a psychometric curve.
const PER_VALUE: usize = 200;
/// Trials side by side in a figure.
const SHOWN: usize = 3;
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

/// The picture of a card.
pub(super) enum Picture {
    /// How choices depend on the evidence.
    Psychometric(Psychometric),
    /// What the network does in a few trials.
    Trials(TrialFigure),
}

impl Picture {
    /// Psychometric curves where the task has a graded variable, otherwise trials.
    pub fn of(network: &Ctrnn, task: &dyn Task) -> Result<Self> {
        let mut figure: Option<Psychometric> = None;
        for Curve { name, variable, conditions } in curves(task) {
            let mut counts = choices(network, task, variable, &conditions, PER_VALUE, SEED)?;
            counts.retain(|count| count.trials > 0);
            if counts.is_empty() {
                continue;
            }
            let fit = CumulativeGaussian::of(&counts).filter(|fit| is_good(fit, &counts));
            let fit = fit.or_else(|| CumulativeGaussian::with_lapses(&counts).filter(|fit| is_good(fit, &counts)));
            let curve = Psychometric::of(&name, variable, &counts, fit);
            match &mut figure {
                Some(figure) => figure.curves.extend(curve.curves),
                None => figure = Some(curve),
            }
        }
        if let Some(figure) = figure {
            return Ok(Self::Psychometric(figure));
        }
        let trials = balanced(task, Split::Test, SEED, 0, SHOWN.div_ceil(task.conditions().len().max(1)))?;
        let recording = Simulation::of(network, task).noise(NoiseKey::new(SEED, 0)).record(&trials.inputs)?;
        let shown: Vec<usize> = (0..SHOWN).map(|i| i * trials.len() / SHOWN).collect();
        Ok(Self::Trials(TrialFigure::of(task, network, &trials, &recording, &shown)))
    }

    /// What it shows.
    pub fn caption(&self) -> &'static str {
        match self {
            Self::Psychometric(_) => {
                "Choices by the strength of the evidence, with the network's noise on; a cumulative Gaussian where \
                one fits, with lapses where it does not without."
            }
            Self::Trials(_) => "Inputs, rates and outputs in a few trials, with the network's noise on.",
        }
    }

    /// Writes it.
    pub fn save(&self, path: &std::path::Path) -> Result<(), PlotError> {
        match self {
            Self::Psychometric(figure) => figure.save(path),
            Self::Trials(figure) => figure.save(path),
        }
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

/// The conditions along one psychometric curve.
struct Curve {
    name: String,
    variable: &'static str,
    conditions: Vec<Condition>,
}

/// A curve for each graded variable and each combination of the words beside it, such as the context; what else there
/// is, is drawn.
fn curves(task: &dyn Task) -> Vec<Curve> {
    let classes = task.conditions();
    let all: Vec<Condition> =
        classes.iter().cloned().chain(task.grid()).filter(|condition| !condition.is_catch()).collect();
    let graded: Vec<&'static str> = GRADED
        .into_iter()
        .filter(|variable| all.iter().any(|condition| condition.number(variable).is_some()))
        .collect();
    let mut curves: Vec<Curve> = Vec::new();
    for variable in graded.iter().copied() {
        for words in all.iter().filter(|condition| condition.number(variable).is_some()).map(words) {
            let name = name(&words, (graded.len() > 1).then_some(variable));
            if curves.iter().all(|curve| curve.name != name) {
                let conditions =
                    values(&classes, &all, &words, variable).map(|value| words.clone().with(variable, value)).collect();
                curves.push(Curve { name, variable, conditions });
            }
        }
    }
    curves
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
        curves(nn4n_tasks::create(id, None).unwrap().as_ref()).into_iter().map(|curve| curve.name).collect()
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
        let curves = curves(set.as_ref());
        assert_eq!(curves.len(), 4);
        assert!(
            curves.iter().all(|curve| curve.conditions.len() == 8),
            "the irrelevant modality has the coherences of the relevant one"
        );
        assert!(names("golub2018/flip_flop").is_empty() && names("yang2019/fdgo").is_empty());
    }

    #[test]
    fn the_values_of_a_curve_ascend_and_appear_once() {
        let task = nn4n_tasks::create("song2016/mante", None).unwrap();
        for curve in curves(task.as_ref()) {
            let values: Vec<f64> =
                curve.conditions.iter().filter_map(|condition| condition.number(curve.variable)).collect();
            assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
        }
    }
}
