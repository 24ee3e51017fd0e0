//! Units whose selectivity is known.

use ndarray::Array3;
use nn4n_tasks::Condition;

use super::*;
use crate::activity::Trials;

/// Trials of all combinations, `repeats` of each, with rates of one unit.
fn activity(rate: impl Fn(usize, f64, f64) -> f64, repeats: usize) -> Activity {
    let (mut rates, mut conditions) = (Vec::new(), Vec::new());
    for trial in 0..4 * repeats {
        let (a, b) = ([-1.0, 1.0][trial % 2], [-1.0, 1.0][trial / 2 % 2]);
        rates.push(rate(trial, a, b));
        conditions.push(Condition::new().with("a", a).with("b", if b > 0.0 { "right" } else { "left" }));
    }
    let n = rates.len();
    Activity::new(Array3::from_shape_vec((n, 1, 1), rates).unwrap(), 1.0, Trials::new(vec![1; n], conditions)).unwrap()
}

fn found(rate: impl Fn(usize, f64, f64) -> f64) -> MixedSelectivity {
    let variables = ["a".to_owned(), "b".to_owned()];
    MixedSelectivity::of(&activity(rate, 8), &variables, None, &Settings::default()).unwrap()
}

/// Alternates within each combination, so that it is no part of any term.
fn wobble(trial: usize) -> f64 {
    if (trial / 4).is_multiple_of(2) { 0.5 } else { -0.5 }
}

#[test]
fn units_are_pure_linear_or_nonlinear_as_they_were_made() {
    let kind = |rate: &dyn Fn(usize, f64, f64) -> f64| found(rate).regressions[0].kind;
    assert_eq!(kind(&|trial, a, _| 3.0 + a + wobble(trial)), Kind::Pure);
    assert_eq!(kind(&|trial, a, b| 3.0 + a - 2.0 * b + wobble(trial)), Kind::LinearMixed);
    assert_eq!(kind(&|trial, a, b| 3.0 + a * b + wobble(trial)), Kind::NonlinearMixed);
    assert_eq!(kind(&|trial, _, _| wobble(trial)), Kind::Unselective);
    assert_eq!(kind(&|_, _, _| 2.0), Kind::Constant);
    assert_eq!(found(|_, a, b| a + b).counts, Counts { linear_mixed: 1, ..Counts::default() });
}

#[test]
fn f_and_partial_r2_are_those_worked_by_hand() {
    // 32 trials, orthogonal columns: sums of squares are 32 for a, 32 / 4 for the rest that is left.
    let found = found(|trial, a, _| a + wobble(trial));
    let unit = &found.regressions[0];
    assert_eq!(found.terms.iter().map(|term| term.name.as_str()).collect::<Vec<_>>(), ["a", "b", "a x b"]);
    assert!((unit.f[0] - 32.0 / (8.0 / 29.0)).abs() < 1e-9 && unit.f[1..] == [0.0, 0.0], "{:?}", unit.f);
    assert!((unit.partial_r2[0] - 0.8).abs() < 1e-12);
    assert!((unit.r2.unwrap().0 - 0.8).abs() < 1e-12 && (unit.r2.unwrap().1 - 0.8).abs() < 1e-12);
    // Rates of variance 1.25 are divided by its root.
    assert!((unit.coefficients[0][0] - 1.0 / 1.25f64.sqrt()).abs() < 1e-12, "{:?}", unit.coefficients);
    let exact = self::found(|_, a, _| a);
    assert_eq!((exact.regressions[0].f[0], exact.regressions[0].p[0]), (f64::INFINITY, 0.0));
    assert_eq!(exact.regressions[0].kind, Kind::Pure);
}

#[test]
fn words_of_three_values_are_two_columns_and_graded_ones_one_unless_taken_by_value() {
    let mut activity = activity(|trial, a, _| a + wobble(trial), 9);
    let mut trials = activity.trials().clone();
    for (trial, condition) in trials.conditions.iter_mut().enumerate() {
        *condition = condition.clone().with("b", ["x", "y", "z"][trial % 3]).with("c", (trial / 3 % 3) as f64);
    }
    activity = Activity::new(activity.rates().to_owned(), 1.0, trials).unwrap();
    let columns = |by_value: bool| {
        let settings = Settings { by_value, ..Settings::default() };
        let found = MixedSelectivity::of(&activity, &["b".into(), "c".into()], None, &settings).unwrap();
        found.terms.iter().map(|term| term.columns).collect::<Vec<_>>()
    };
    assert_eq!((columns(false), columns(true)), (vec![2, 1, 2], vec![2, 2, 4]));
}

#[test]
fn what_cannot_be_told_apart_is_refused_by_name() {
    let activity = activity(|trial, a, _| a + wobble(trial), 4);
    let refusal = |change: &dyn Fn(&Condition) -> Condition, variables: &[&str]| {
        let mut trials = activity.trials().clone();
        trials.conditions.iter_mut().for_each(|condition| *condition = change(condition));
        let changed = Activity::new(activity.rates().to_owned(), 1.0, trials).unwrap();
        let variables: Vec<String> = variables.iter().map(ToString::to_string).collect();
        MixedSelectivity::of(&changed, &variables, None, &Settings::default()).unwrap_err().to_string()
    };
    let copied = |condition: &Condition| condition.clone().with("b", condition.number("a").unwrap() > 0.0);
    let message = refusal(&copied, &["a", "b"]);
    assert!(message.contains("`b` cannot be told from") && message.contains("no trial has a=-1 with b=true"));
    let same = |condition: &Condition| condition.clone().with("b", "one");
    assert!(refusal(&same, &["a", "b"]).contains("`b` has 1 value"));
    let none = |condition: &Condition| condition.clone();
    assert!(refusal(&none, &["a"]).contains("must be two at least"));
    assert!(refusal(&none, &["a", "a"]).contains("named twice"));
    assert!(refusal(&none, &["a", "c"]).contains("there are a, b"));
    let few = activity.with_trials(&[0, 1, 2, 3]).unwrap();
    let few = MixedSelectivity::of(&few, &["a".into(), "b".into()], None, &Settings::default());
    assert!(few.unwrap_err().to_string().contains("4 trials have all variables"));
}
