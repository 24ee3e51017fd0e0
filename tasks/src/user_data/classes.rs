//! Classes of trials by their labels: those that performance is told apart for.
//!
//! A label whose values come again and again divides the trials into classes, such as a context or one of a few
//! coherences; one that is different in most trials, such as an angle, is known of each trial and makes no class.

use crate::{Condition, Labels, Value};

/// The most values of a label that divides trials into classes.
const MOST_VALUES: usize = 32;

/// The most classes of trials, so that a validation stays small.
pub(super) const MOST_CLASSES: usize = 256;

/// What a trial is that has no value of a label, where others have.
const NONE: &str = "none";

/// The classes of trials.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Classes {
    /// The variables of every trial.
    pub trials: Vec<Condition>,
    /// Each class and its trials; one without variables where no label divides them.
    pub all: Vec<(Condition, Vec<usize>)>,
    /// What each label is: its name, the number of its values, and whether it divides the trials.
    pub labels: Vec<(String, usize, bool)>,
}

impl Classes {
    /// Of `trials` trials by these labels.
    pub fn of(labels: &[(String, Labels)], trials: usize) -> Self {
        let described = |(name, labels): &(String, Labels)| {
            let n = distinct(labels);
            (name.clone(), n, n <= MOST_VALUES && 2 * n <= trials)
        };
        let described: Vec<_> = labels.iter().map(described).collect();
        let condition = |trial: usize, class_only: bool| {
            let used = labels.iter().zip(&described).filter(|(_, (.., divides))| *divides || !class_only);
            used.fold(Condition::new(), |condition, ((name, labels), (.., divides))| {
                let none = divides.then(|| Value::from(NONE));
                match labels.value(trial).or(none) {
                    Some(value) => condition.with(name.clone(), value),
                    None => condition,
                }
            })
        };
        let mut all: Vec<(Condition, Vec<usize>)> = Vec::new();
        for trial in 0..trials {
            let class = condition(trial, true);
            match all.iter_mut().find(|(known, _)| *known == class) {
                Some((_, members)) => members.push(trial),
                None => all.push((class, vec![trial])),
            }
        }
        all.sort_by(|(a, _), (b, _)| in_order(a, b));
        Self { trials: (0..trials).map(|trial| condition(trial, false)).collect(), all, labels: described }
    }
}

/// The number of different values.
fn distinct(labels: &Labels) -> usize {
    let mut values: Vec<String> = (0..labels.len())
        .map(|trial| labels.value(trial).map_or_else(String::new, |value| value.to_string()))
        .collect();
    values.sort();
    values.dedup();
    values.len()
}

/// By the value of the first variable that differs: numbers by size, before words.
fn in_order(a: &Condition, b: &Condition) -> std::cmp::Ordering {
    let differing = a.iter().zip(b.iter()).find(|(x, y)| x != y);
    differing.map_or(std::cmp::Ordering::Equal, |((_, x), (_, y))| match (x, y) {
        (Value::Number(x), Value::Number(y)) => x.total_cmp(y),
        (Value::Number(_), _) => std::cmp::Ordering::Less,
        (_, Value::Number(_)) => std::cmp::Ordering::Greater,
        _ => x.to_string().cmp(&y.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_come_again_divide_the_trials_and_others_do_not() {
        let labels = [
            ("angle".to_string(), Labels::Numbers(vec![0.1, 0.2, 0.3, 0.4])),
            ("side".to_string(), Labels::Words(vec!["right".into(), "left".into(), String::new(), "left".into()])),
        ];
        let classes = Classes::of(&labels[..1], 4);
        assert_eq!(classes.all, [(Condition::new(), vec![0, 1, 2, 3])]);
        assert_eq!(classes.trials[1], Condition::new().with("angle", 0.2));
        let labels = [labels[1].clone(), ("go".into(), Labels::Flags(vec![true; 4]))];
        // Three values in four trials do not come again often enough.
        assert_eq!(Classes::of(&labels, 4).all.len(), 1);
        let twice: Vec<(String, Labels)> =
            vec![("side".into(), Labels::Words(["right", "left", "", "left", "", "right"].map(String::from).to_vec()))];
        let classes = Classes::of(&twice, 6);
        let found: Vec<_> = classes.all.iter().map(|(class, trials)| (class.to_string(), trials.len())).collect();
        assert_eq!(found, [("side=left".into(), 2), ("side=none".into(), 2), ("side=right".into(), 2)]);
    }
}
