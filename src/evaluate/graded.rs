//! The variables on which choices depend gradually, and the conditions along them.

use nn4n_tasks::{Condition, Split, Task, TrialRng, Value};

use crate::error::{Error, Result};

/// The variables of trials on which choices depend gradually.
pub const GRADED: [&str; 10] = [
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

/// The conditions along one psychometric curve.
#[derive(Clone, Debug, PartialEq)]
pub struct GradedCurve {
    /// What tells it from the others of the task, in words; empty of the only one.
    pub name: String,
    /// The variable that grades the evidence.
    pub variable: String,
    /// The words that all trials along it have, such as the context.
    pub words: Condition,
    /// Those words with each value, ascending.
    pub conditions: Vec<Condition>,
}

/// A curve for each graded variable and each combination of the words beside it, such as the context; what else there
/// is, is drawn.
pub fn graded_curves(task: &dyn Task, wanted: Option<&str>) -> Vec<GradedCurve> {
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
    let mut curves: Vec<GradedCurve> = Vec::new();
    for variable in &graded {
        for words in all.iter().filter(|condition| condition.number(variable).is_some()).map(words) {
            let name = name(&words, (graded.len() > 1).then_some(variable));
            if curves.iter().all(|curve| curve.name != name) {
                let conditions = values(&classes, &all, &words, variable)
                    .map(|value| words.clone().with(variable.clone(), value))
                    .collect();
                curves.push(GradedCurve { name, variable: variable.clone(), words, conditions });
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

/// Which variables there are, for those who named another.
pub fn numbers_of(task: &dyn Task) -> String {
    let mut names: Vec<String> = Vec::new();
    for condition in task.conditions().iter().chain(&task.grid()) {
        let numbers = condition.iter().filter(|(_, value)| matches!(value, Value::Number(_)));
        names.extend(numbers.map(|(name, _)| name.to_string()));
    }
    names.sort();
    names.dedup();
    if names.is_empty() { "it has none".into() } else { format!("there are {}", names.join(", ")) }
}

/// Every combination of the values of the graded variables of a task (of these two, or of the first two that it has,
/// beside the words of each curve), with 0 where the evidence has two signs and can be none. Of what is asked for,
/// words choose among these, and numbers replace theirs.
///
/// # Errors
/// If the task has no graded variable, or none that is called so, or no combination has what is asked for.
pub fn graded_grid(
    task: &dyn Task,
    variable: Option<&str>,
    second: Option<&str>,
    asked: &Condition,
) -> Result<Vec<Condition>> {
    let mut curves = graded_curves(task, variable);
    match (variable, second) {
        (Some(variable), _) if curves.is_empty() => return Err(no_variable(task, variable)),
        (None, _) if curves.is_empty() => {
            let message =
                "has no graded evidence that is known by its name; name a variable of its trials with --variable";
            return Err(Error::setting(task.id(), message));
        }
        (_, Some(second)) => {
            let others = graded_curves(task, Some(second));
            if others.is_empty() {
                return Err(no_variable(task, second));
            }
            curves.extend(others);
        }
        _ => {}
    }
    let mut grid: Vec<Condition> = Vec::new();
    let mut done: Vec<Condition> = Vec::new();
    for curve in &curves {
        if done.contains(&curve.words) {
            continue;
        }
        done.push(curve.words.clone());
        let with_zero = |curve: &GradedCurve| values_with_none(task, curve);
        let mut of_words = curves.iter().filter(|other| other.words == curve.words);
        let mut combinations: Vec<Condition> = of_words.next().map(with_zero).unwrap_or_default();
        if let Some(other) = of_words.next() {
            let values = with_zero(other);
            combinations =
                combinations.iter().flat_map(|one| values.iter().map(|value| one.clone().and(value))).collect();
        }
        grid.extend(combinations);
    }
    // A word that is asked for chooses among the curves; a number takes the place of all values.
    let is_other_word = |one: &Condition, (name, value): (&str, &Value)| {
        one.get(name).is_some_and(|own| own != value && !matches!(own, Value::Number(_)))
    };
    let mut asked_for: Vec<Condition> = Vec::new();
    for one in grid {
        let has_other_word = asked.iter().any(|variable| is_other_word(&one, variable));
        let one = one.and(asked);
        if !has_other_word && !asked_for.contains(&one) {
            asked_for.push(one);
        }
    }
    if asked_for.is_empty() {
        let message = format!("has no trials of {asked} along its graded variables; ask for other trials with --where");
        return Err(Error::setting(task.id(), message));
    }
    Ok(asked_for)
}

fn no_variable(task: &dyn Task, variable: &str) -> Error {
    let message = format!("no condition of `{}` has a number called so; {}", task.id(), numbers_of(task));
    Error::setting(variable, message)
}

/// The conditions along a curve, and one without evidence where it has two signs and the task can show none.
fn values_with_none(task: &dyn Task, curve: &GradedCurve) -> Vec<Condition> {
    let values = || curve.conditions.iter().filter_map(|condition| condition.number(&curve.variable));
    let mut all = curve.conditions.clone();
    if values().any(|value| value < 0.0) && values().any(|value| value > 0.0) && values().all(|value| value != 0.0) {
        let without = curve.words.clone().with(curve.variable.clone(), 0.0);
        if task.trial(Split::Test, Some(&without), &mut TrialRng::new(0, "graded", 0, 0)).is_ok() {
            all.insert(values().filter(|value| *value < 0.0).count(), without);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(id: &str) -> Vec<String> {
        graded_curves(nn4n_tasks::create(id, None).unwrap().as_ref(), None)
            .into_iter()
            .map(|curve| curve.name)
            .collect()
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
        let curves = graded_curves(set.as_ref(), None);
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
        for curve in graded_curves(task.as_ref(), None) {
            let values: Vec<f64> =
                curve.conditions.iter().filter_map(|condition| condition.number(&curve.variable)).collect();
            assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
        }
    }

    #[test]
    fn grids_hold_every_combination_with_trials_without_evidence_and_obey_what_is_asked() {
        let mante = nn4n_tasks::create("song2016/mante", None).unwrap();
        let all = graded_grid(mante.as_ref(), None, None, &Condition::new()).unwrap();
        assert_eq!(all.len(), 2 * 7 * 7, "three strengths of either sign, and none");
        assert!(all.iter().any(|one| one.number("motion_coherence") == Some(0.0)));
        let motion = Condition::new().with("context", "motion");
        assert_eq!(graded_grid(mante.as_ref(), None, None, &motion).unwrap().len(), 49);
        assert_eq!(graded_grid(mante.as_ref(), Some("motion_coherence"), None, &motion).unwrap().len(), 7);
        let still = graded_grid(mante.as_ref(), None, None, &Condition::new().with("motion_coherence", 0.0)).unwrap();
        assert_eq!(still.len(), 14);
        let sensory = nn4n_tasks::create("song2016/multisensory", None).unwrap();
        assert_eq!(graded_grid(sensory.as_ref(), None, None, &Condition::new()).unwrap().len(), 3 * 8);
        let board = nn4n_tasks::create("kleinman2021/checkerboard", None).unwrap();
        let red = graded_grid(board.as_ref(), None, None, &Condition::new().with("left_target", "red")).unwrap();
        assert!(red.len() > 4 && red.iter().all(|one| one.text("left_target") == Some("red")));
        let refusal = graded_grid(mante.as_ref(), Some("speed"), None, &motion).unwrap_err().to_string();
        assert!(refusal.contains("speed") && refusal.contains("colour_coherence"), "{refusal}");
        let none = graded_grid(nn4n_tasks::create("golub2018/flip_flop", None).unwrap().as_ref(), None, None, &motion);
        assert!(none.unwrap_err().to_string().contains("no graded evidence"));
    }
}
