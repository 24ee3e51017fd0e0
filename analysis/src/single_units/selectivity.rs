//! Which units tell the values of a variable apart.
//!
//! ```text
//! d' = (m_1 - m_2) / sqrt((v_1 + v_2) / 2)         m, v: mean and variance over trials of the mean rate in a trial
//! ```
//!
//! Trials are of two kinds ([`Division`]). A unit that varies in neither is not selective: its d' is 0 where the means
//! agree, and infinite where they do not.
//!
//! Green & Swets 1966, Signal Detection Theory and Psychophysics; Song, Yang & Wang 2016,
//! doi:10.1371/journal.pcbi.1004792 (sorting of units).

use ndarray::{Array2, ArrayView2, ArrayView3};
use nn4n_tasks::{Condition, TrialBatch, Value};
use serde::Serialize;

use crate::{Activity, AnalysisError, activity::names_of, structure::Group};

/// Trials of each kind that are needed.
const LEAST: usize = 2;

/// Trials of two kinds, by a variable.
///
/// | values | first | second |
/// |---|---|---|
/// | words | the first by the alphabet | the others |
/// | yes and no | yes | no |
/// | numbers on both sides of 0 | above 0 | below 0; those at 0 are of neither |
/// | two numbers | the larger | the smaller |
#[derive(Clone, Debug, PartialEq)]
pub struct Division {
    /// The variable.
    pub variable: String,
    /// The first kind, such as `coherence > 0`.
    pub first: String,
    /// The second kind.
    pub second: String,
    /// Whether each trial is of the first kind; `None` of neither.
    pub kinds: Vec<Option<bool>>,
}

/// d' of all units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Selectivity {
    /// The variable.
    pub variable: String,
    /// What a positive d' prefers, such as `coherence > 0`.
    pub prefers_first: String,
    /// What a negative d' prefers.
    pub prefers_second: String,
    /// (units); NaN of a unit that was recorded in fewer than two trials of a kind.
    pub d_prime: Vec<f64>,
    /// Trials of the first and of the second kind.
    pub trials: (usize, usize),
}

impl Division {
    /// Of the trials of these conditions.
    ///
    /// # Errors
    /// If one kind has fewer than two trials; the message names the variables that there are.
    pub fn of(conditions: &[Condition], variable: &str) -> Result<Self, AnalysisError> {
        let values: Vec<&Value> = conditions.iter().filter_map(|condition| condition.get(variable)).collect();
        if values.is_empty() {
            return Err(AnalysisError::Trials(format!("no trial has `{variable}`; there are {}", known(conditions))));
        }
        let rule = Rule::of(&values);
        let kinds = conditions.iter().map(|condition| rule.kind(condition.get(variable)?)).collect();
        let (first, second) = rule.names(variable);
        let found = Self { variable: variable.into(), first, second, kinds };
        let (of_first, of_second) = found.counts();
        if of_first < LEAST || of_second < LEAST {
            return Err(AnalysisError::Trials(refusal(conditions, variable, (of_first, of_second))));
        }
        Ok(found)
    }

    /// Trials of the first and of the second kind.
    pub fn counts(&self) -> (usize, usize) {
        let of = |kind: bool| self.kinds.iter().filter(|found| **found == Some(kind)).count();
        (of(true), of(false))
    }
}

/// What decides between the two kinds.
enum Rule {
    Word(String),
    YesNo,
    Sign,
    Two(f64, f64),
}

impl Rule {
    fn of(values: &[&Value]) -> Self {
        let words = values.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.as_ref()),
            _ => None,
        });
        if let Some(first) = words.min() {
            return Self::Word(first.into());
        }
        if values.iter().any(|value| matches!(value, Value::Bool(_))) {
            return Self::YesNo;
        }
        let numbers = values.iter().filter_map(|value| match value {
            Value::Number(number) if !number.is_nan() => Some(*number),
            _ => None,
        });
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        match numbers[..] {
            [low, high] if low * high >= 0.0 => Self::Two(high, low),
            _ => Self::Sign,
        }
    }

    fn kind(&self, value: &Value) -> Option<bool> {
        match (self, value) {
            (Self::Word(word), Value::Text(text)) => Some(text == word),
            (Self::YesNo, Value::Bool(value)) => Some(*value),
            (Self::Two(high, low), Value::Number(value)) => (value == high || value == low).then_some(value == high),
            (_, Value::Number(value)) if *value != 0.0 && !value.is_nan() => Some(*value > 0.0),
            _ => None,
        }
    }

    fn names(&self, variable: &str) -> (String, String) {
        match self {
            Self::Word(word) => (format!("{variable} = {word}"), format!("another {variable}")),
            Self::YesNo => (format!("{variable} = true"), format!("{variable} = false")),
            Self::Sign => (format!("{variable} > 0"), format!("{variable} < 0")),
            Self::Two(high, low) => (format!("{variable} = {high}"), format!("{variable} = {low}")),
        }
    }
}

impl Selectivity {
    /// Of rates (trials, steps, units) of these trials.
    ///
    /// # Errors
    /// If the rates are of other trials, or one kind of trials has fewer than two.
    pub fn of(rates: ArrayView3<'_, f32>, trials: &TrialBatch, variable: &str) -> Result<Self, AnalysisError> {
        let (n, steps, units) = rates.dim();
        if (n, steps) != (trials.len(), trials.max_steps()) {
            let message =
                format!("has shape {:?}, but must be ({}, {}, units)", rates.dim(), trials.len(), trials.max_steps());
            return Err(AnalysisError::Shape { array: "rates", message });
        }
        let means = Array2::from_shape_fn((n, units), |(trial, unit)| {
            let n_steps = trials.n_steps[trial].max(1);
            (0..n_steps).map(|step| f64::from(rates[[trial, step, unit]])).sum::<f64>() / n_steps as f64
        });
        Ok(Self::between(means.view(), &Division::of(&trials.conditions, variable)?))
    }

    /// Of the mean rates in trials, or in one epoch of each.
    ///
    /// # Errors
    /// If no trial has the epoch, or one kind of trials has fewer than two.
    pub fn of_activity(activity: &Activity, variable: &str, epoch: Option<&str>) -> Result<Self, AnalysisError> {
        let division = Division::of(&activity.trials().conditions, variable)?;
        Ok(Self::between(activity.mean_rates(epoch)?.view(), &division))
    }

    /// Of one rate for each trial and unit (trials, units), NaN where there is none.
    pub fn between(rates: ArrayView2<'_, f64>, division: &Division) -> Self {
        let d_prime = rates.columns().into_iter().map(|of_unit| {
            let moments = |kind: bool| {
                let of_kind = of_unit.iter().zip(&division.kinds).filter(|(_, found)| **found == Some(kind));
                let values: Vec<f64> = of_kind.map(|(rate, _)| *rate).filter(|rate| !rate.is_nan()).collect();
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
                (values.len() >= LEAST).then_some((mean, variance))
            };
            moments(true).zip(moments(false)).map_or(f64::NAN, |(first, second)| d_prime(first, second))
        });
        Self {
            d_prime: d_prime.collect(),
            variable: division.variable.clone(),
            prefers_first: division.first.clone(),
            prefers_second: division.second.clone(),
            trials: division.counts(),
        }
    }
}

/// d' of two (mean, variance).
pub fn d_prime((first, first_variance): (f64, f64), (second, second_variance): (f64, f64)) -> f64 {
    match first - second {
        0.0 => 0.0,
        difference => difference / ((first_variance + second_variance) / 2.0).sqrt(),
    }
}

/// The units of a group by what they prefer: the first, the second, and neither with at least `least` |d'|. Groups
/// without units are left out.
pub fn by_preference(group: &Group, selectivity: &Selectivity, least: f64) -> Vec<Group> {
    let of = |words: &str, is_one: &dyn Fn(f64) -> bool| Group {
        name: format!("{} ({words})", group.name),
        units: group.units.iter().copied().filter(|unit| is_one(selectivity.d_prime[*unit])).collect(),
    };
    let groups = [
        of(&selectivity.prefers_first, &|d| d >= least),
        of(&selectivity.prefers_second, &|d| d <= -least),
        of("neither", &|d| d.abs() < least),
    ];
    groups.into_iter().filter(|group| !group.units.is_empty()).collect()
}

fn refusal(conditions: &[Condition], variable: &str, (first, second): (usize, usize)) -> String {
    format!(
        "`{variable}` divides the trials into {first} and {second}, but two of each are needed; the variables of the \
        trials are: {}",
        known(conditions)
    )
}

/// The variables of the trials.
fn known(conditions: &[Condition]) -> String {
    let names = names_of(conditions);
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    fn trials(values: &[f64]) -> TrialBatch {
        let n = values.len();
        TrialBatch {
            inputs: Array3::zeros((n, 2, 1)),
            targets: Array3::zeros((n, 2, 1)),
            loss_mask: Array3::zeros((n, 2, 1)),
            n_steps: vec![2; n],
            conditions: values.iter().map(|value| Condition::new().with("coherence", *value)).collect(),
            epochs: vec![Vec::new(); n],
            correct: vec![None; n],
        }
    }

    #[test]
    fn d_prime_is_the_one_worked_by_hand() {
        // Unit 0: means 3 and 1, variances 1 and 1; unit 1: the same rate always; unit 2: 0 without variance, then 1.
        let rates = [[2.0, 5.0, 0.0], [4.0, 5.0, 0.0], [0.0, 5.0, 1.0], [2.0, 5.0, 1.0], [9.0, 9.0, 9.0]];
        let rates = Array3::from_shape_fn((5, 2, 3), |(trial, _, unit)| rates[trial][unit] as f32);
        let found = Selectivity::of(rates.view(), &trials(&[0.5, 0.2, -0.5, -0.1, 0.0]), "coherence").unwrap();
        assert_eq!(found.d_prime, [2.0, 0.0, f64::NEG_INFINITY]);
        assert_eq!((found.trials, found.prefers_first.as_str()), ((2, 2), "coherence > 0"));
        let groups = by_preference(&Group { name: "E".into(), units: vec![0, 1, 2] }, &found, 1.0);
        let units: Vec<_> = groups.iter().map(|group| (group.name.as_str(), group.units.as_slice())).collect();
        assert_eq!(units, [("E (coherence > 0)", [0].as_slice()), ("E (coherence < 0)", &[2]), ("E (neither)", &[1])]);
    }

    #[test]
    fn trials_are_divided_by_sign_by_word_by_yes_and_no_or_by_two_numbers() {
        let of = |values: &[Value]| {
            let conditions: Vec<Condition> =
                values.iter().map(|value| Condition::new().with("x", value.clone())).collect();
            let found = Division::of(&conditions, "x").unwrap();
            (found.kinds, found.first, found.second)
        };
        let numbers = |values: &[f64]| values.iter().map(|value| Value::from(*value)).collect::<Vec<_>>();
        let (yes, no) = (Some(true), Some(false));
        let found = of(&numbers(&[0.5, -1.0, 0.0, 2.0, -2.0, f64::NAN]));
        assert_eq!(found, (vec![yes, no, None, yes, no, None], "x > 0".into(), "x < 0".into()));
        let found = of(&numbers(&[1.0, 2.0, 2.0, 1.0]));
        assert_eq!(found, (vec![no, yes, yes, no], "x = 2".into(), "x = 1".into()));
        let found = of(&[true, false, true, false].map(Value::from));
        assert_eq!(found, (vec![yes, no, yes, no], "x = true".into(), "x = false".into()));
        let found = of(&["red", "green", "green", "blue", "blue"].map(Value::from));
        assert_eq!(found, (vec![no, no, no, yes, yes], "x = blue".into(), "another x".into()));
        let graded: Vec<Condition> = [0.0, 1.0, 2.0, 3.0].map(|value| Condition::new().with("x", value)).into();
        assert!(Division::of(&graded, "x").unwrap_err().to_string().contains("into 3 and 0"));
    }

    #[test]
    fn of_activity_d_prime_is_of_an_epoch_and_of_the_trials_in_which_a_unit_was_recorded() {
        use crate::activity::Trials;
        use nn4n_tasks::Epoch;
        let stimulus = [[2.0, 7.0], [4.0, 7.0], [0.0, 7.0], [2.0, f64::NAN]];
        let rates = Array3::from_shape_fn((4, 2, 2), |(trial, step, unit)| step as f64 * stimulus[trial][unit]);
        let mut trials = Trials::new(
            vec![2; 4],
            [0.5, 0.2, -0.5, -0.1].map(|value| Condition::new().with("coherence", value)).into(),
        );
        trials.epochs = vec![vec![Epoch { name: "stimulus".into(), start: 1, end: 2 }]; 4];
        let activity = Activity::new(rates, 1.0, trials).unwrap();
        let found = Selectivity::of_activity(&activity, "coherence", Some("stimulus")).unwrap();
        assert!(found.d_prime[0] == 2.0 && found.d_prime[1].is_nan(), "{:?}", found.d_prime);
        // Half of the rates, so half the difference and half the spread.
        assert_eq!(Selectivity::of_activity(&activity, "coherence", None).unwrap().d_prime[0], 2.0);
    }

    #[test]
    fn a_variable_that_does_not_divide_the_trials_is_refused_with_those_there_are() {
        let rates = Array3::zeros((3, 2, 1));
        for (variable, words) in
            [("coherence", "into 3 and 0"), ("context", "no trial has `context`; there are coherence")]
        {
            let message = Selectivity::of(rates.view(), &trials(&[0.5, 0.2, 0.1]), variable).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }
}
