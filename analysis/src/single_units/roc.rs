//! How well one unit tells two kinds of trials apart: the area under the ROC curve, and choice probability.
//!
//! ```text
//! auc = P(r_1 > r_2) + P(r_1 = r_2) / 2                 r_1, r_2: rates in a trial of the first and of the second kind
//! p = (1 + #{|auc_s - 1/2| >= |auc - 1/2|}) / (1 + S)   s: one of S shuffles of the kinds
//! z = (r - (m_1 + m_2) / 2) / sqrt((v_1 + v_2) / 2 + (m_1 - m_2)^2 / 4)     within one stimulus
//! choice probability = auc of z, the trials of all stimuli together         shuffles stay within a stimulus
//! ```
//!
//! `m` and `v` are means and variances of the trials with each choice: z-scores that count both choices alike, whatever
//! their numbers. Those of all trials together would draw choice probabilities towards 1/2 wherever a stimulus leads
//! to one choice more often.
//!
//! Green & Swets 1966, Signal Detection Theory and Psychophysics; Britten et al. 1996, doi:10.1017/S095252380000715X;
//! Kang & Maunsell 2012, doi:10.1152/jn.00471.2012 (balanced z-scores).

use std::collections::BTreeMap;

use ndarray::ArrayView2;
use nn4n_tasks::Condition;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::{
    AnalysisError, activity::Trials, interruption::each, single_units::selectivity::Division, statistics::ranks,
};

/// Trials with either choice that a stimulus needs to count for choice probability.
const LEAST: usize = 3;

/// The area under the ROC curve of all units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Roc {
    /// (units), 1 where each rate of the first kind is above all of the second; NaN of a unit that was not recorded in
    /// both kinds.
    pub auc: Vec<f64>,
    /// Two-sided p of each; NaN as there.
    pub p: Vec<f64>,
    /// Shuffles behind each p.
    pub shuffles: usize,
    /// Units whose rate is the same in all trials; their area is 1/2.
    pub constant: usize,
    /// Units that were not recorded in trials of both kinds.
    pub unrecorded: usize,
}

/// Choice probability of all units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceProbability {
    /// The variables of which trials of one stimulus have the same values.
    pub within: Vec<String>,
    /// (units); NaN of a unit that varies within no stimulus that counts.
    pub choice_probability: Vec<f64>,
    /// Two-sided p of each; NaN as there.
    pub p: Vec<f64>,
    /// Shuffles behind each p.
    pub shuffles: usize,
    /// Stimuli with three trials of either choice at least.
    pub stimuli: usize,
    /// Stimuli with fewer, which are left out.
    pub stimuli_left_out: usize,
    /// Trials of the stimuli that count.
    pub trials: usize,
    /// Units without a choice probability.
    pub constant: usize,
}

impl Roc {
    /// Of one rate for each trial and unit (trials, units), NaN where there is none.
    ///
    /// # Errors
    /// If it was interrupted.
    pub fn of(
        rates: ArrayView2<'_, f64>,
        division: &Division,
        shuffles: usize,
        seed: u64,
    ) -> Result<Self, AnalysisError> {
        let found: Vec<Option<Area>> = each(rates.ncols(), |unit| {
            let (values, kinds) = of_unit(&rates, &division.kinds, unit);
            Ok::<_, AnalysisError>(Area::of(&values, &kinds, shuffles, &mut stream(seed, unit)))
        })?;
        Ok(Self {
            auc: found.iter().map(|area| area.as_ref().map_or(f64::NAN, |area| area.auc)).collect(),
            p: found.iter().map(|area| area.as_ref().map_or(f64::NAN, |area| area.p)).collect(),
            shuffles,
            constant: found.iter().flatten().filter(|area| area.is_constant).count(),
            unrecorded: found.iter().filter(|area| area.is_none()).count(),
        })
    }
}

impl ChoiceProbability {
    /// Of one rate for each trial and unit (trials, units), NaN where there is none, where the division is by choice.
    /// Trials of one stimulus have the same values of the variables `within`; without any, all trials are of one.
    ///
    /// # Errors
    /// If no trial has a variable, or no stimulus led to both choices three times at least.
    pub fn of(
        rates: ArrayView2<'_, f64>,
        division: &Division,
        trials: &Trials,
        within: &[String],
        shuffles: usize,
        seed: u64,
    ) -> Result<Self, AnalysisError> {
        let all = stimuli(trials, within)?;
        let known = all.len();
        let counts = |trials: &[usize], kind: bool| trials.iter().filter(|t| division.kinds[**t] == Some(kind)).count();
        let stimuli: Vec<Vec<usize>> = all
            .into_iter()
            .filter(|trials| counts(trials, true) >= LEAST && counts(trials, false) >= LEAST)
            .map(|trials| trials.into_iter().filter(|trial| division.kinds[*trial].is_some()).collect())
            .collect();
        if stimuli.is_empty() {
            return Err(AnalysisError::Trials(format!(
                "none of {known} stimuli led to `{}` and `{}` {LEAST} times each; take more trials, or name fewer \
                 variables that make a stimulus",
                division.first, division.second
            )));
        }
        let found: Vec<Option<(f64, f64)>> = each(rates.ncols(), |unit| {
            Ok::<_, AnalysisError>(choice_probability(&rates, division, &stimuli, shuffles, (seed, unit)))
        })?;
        Ok(Self {
            within: within.to_vec(),
            choice_probability: found.iter().map(|found| found.map_or(f64::NAN, |found| found.0)).collect(),
            p: found.iter().map(|found| found.map_or(f64::NAN, |found| found.1)).collect(),
            shuffles,
            stimuli: stimuli.len(),
            stimuli_left_out: known - stimuli.len(),
            trials: stimuli.iter().map(Vec::len).sum(),
            constant: found.iter().filter(|found| found.is_none()).count(),
        })
    }
}

/// The area under the ROC curve of these rates, of which `kinds` says whether they are of the first kind; `None` without
/// rates of both.
///
/// ```
/// let auc = nn4n_analysis::single_units::roc::auc(&[3.0, 2.0, 2.0, 1.0], &[true, true, false, false]);
/// assert_eq!(auc, Some(0.875));
/// ```
pub fn auc(rates: &[f64], kinds: &[bool]) -> Option<f64> {
    let (first, ranks) = (kinds.iter().filter(|kind| **kind).count(), ranks(rates));
    let sum = ranks.iter().zip(kinds).filter(|(_, kind)| **kind).map(|(rank, _)| rank).sum();
    area(sum, first, rates.len() - first)
}

/// The area of which this is the sum of the ranks of the first kind.
fn area(ranks_of_first: f64, first: usize, second: usize) -> Option<f64> {
    let (n, m) = (first as f64, second as f64);
    (first > 0 && second > 0).then(|| (ranks_of_first - n * (n + 1.0) / 2.0) / (n * m))
}

struct Area {
    auc: f64,
    p: f64,
    is_constant: bool,
}

impl Area {
    fn of(values: &[f64], kinds: &[bool], shuffles: usize, rng: &mut ChaCha8Rng) -> Option<Self> {
        let auc = auc(values, kinds)?;
        let first = kinds.iter().filter(|kind| **kind).count();
        let mut ranks = ranks(values);
        let shuffled = (0..shuffles).map(|_| {
            let (chosen, _) = ranks.partial_shuffle(rng, first);
            area(chosen.iter().sum(), first, values.len() - first).unwrap_or(0.5)
        });
        let p = p_of(auc, shuffled);
        Some(Self { auc, p, is_constant: values.iter().all(|value| *value == values[0]) })
    }
}

/// Two-sided p of an area among those of shuffles.
fn p_of(auc: f64, shuffled: impl Iterator<Item = f64>) -> f64 {
    // Sums of ranks are exact; what is as far is counted although the division rounds.
    let far = (auc - 0.5).abs() * (1.0 - 1e-12);
    let (n, as_far) =
        shuffled.fold((0usize, 0usize), |(n, as_far), other| (n + 1, as_far + usize::from((other - 0.5).abs() >= far)));
    (1 + as_far) as f64 / (1 + n) as f64
}

/// The rates of a unit in the trials of a kind in which it was recorded.
fn of_unit(rates: &ArrayView2<'_, f64>, kinds: &[Option<bool>], unit: usize) -> (Vec<f64>, Vec<bool>) {
    let pairs = rates.column(unit).into_iter().zip(kinds);
    pairs.filter_map(|(rate, kind)| Some((*rate, (*kind)?))).filter(|(rate, _)| !rate.is_nan()).unzip()
}

/// Random numbers of a unit: the same whatever the thread that takes it.
fn stream(seed: u64, unit: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(unit as u64);
    rng
}

/// Trials with the same values of these variables.
fn stimuli(trials: &Trials, within: &[String]) -> Result<Vec<Vec<usize>>, AnalysisError> {
    within.iter().try_for_each(|name| trials.variable(name).map(drop))?;
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (trial, condition) in trials.conditions.iter().enumerate() {
        let of = within.iter().fold(Condition::new(), |of, name| match condition.get(name) {
            Some(value) => of.with(name.clone(), value.clone()),
            None => of,
        });
        found.entry(of.to_string()).or_default().push(trial);
    }
    Ok(found.into_values().collect())
}

/// Choice probability and its p; `None` where the unit varies within no stimulus.
fn choice_probability(
    rates: &ArrayView2<'_, f64>,
    division: &Division,
    stimuli: &[Vec<usize>],
    shuffles: usize,
    (seed, unit): (u64, usize),
) -> Option<(f64, f64)> {
    let of_stimulus = |trials: &Vec<usize>| -> Option<(Vec<f64>, Vec<bool>)> {
        let there = trials.iter().filter(|trial| !rates[[**trial, unit]].is_nan());
        let (values, kinds): (Vec<f64>, Vec<bool>) =
            there.filter_map(|trial| Some((rates[[*trial, unit]], division.kinds[*trial]?))).unzip();
        let enough = |kind: bool| kinds.iter().filter(|found| **found == kind).count() >= LEAST;
        (enough(true) && enough(false) && values.iter().any(|value| *value != values[0])).then_some((values, kinds))
    };
    let mut of_unit: Vec<(Vec<f64>, Vec<bool>)> = stimuli.iter().filter_map(of_stimulus).collect();
    let pooled = |of_unit: &[(Vec<f64>, Vec<bool>)]| {
        let z: Vec<f64> = of_unit.iter().flat_map(|(values, kinds)| balanced(values, kinds)).collect();
        let kinds: Vec<bool> = of_unit.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect();
        auc(&z, &kinds)
    };
    let found = pooled(&of_unit)?;
    let mut rng = stream(seed, unit);
    let shuffled = (0..shuffles).map(|_| {
        of_unit.iter_mut().for_each(|(_, kinds)| kinds.shuffle(&mut rng));
        pooled(&of_unit).unwrap_or(0.5)
    });
    Some((found, p_of(found, shuffled)))
}

/// z-scores that count both kinds alike; the rates are not all the same.
fn balanced(values: &[f64], kinds: &[bool]) -> Vec<f64> {
    let moments = |kind: bool| {
        let of_kind: Vec<f64> =
            values.iter().zip(kinds).filter(|(_, found)| **found == kind).map(|(value, _)| *value).collect();
        let mean = of_kind.iter().sum::<f64>() / of_kind.len() as f64;
        (mean, of_kind.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / of_kind.len() as f64)
    };
    let ((first, first_variance), (second, second_variance)) = (moments(true), moments(false));
    let middle = (first + second) / 2.0;
    let deviation = ((first_variance + second_variance) / 2.0 + (first - second).powi(2) / 4.0).sqrt();
    values.iter().map(|value| (value - middle) / deviation).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Axis, array};
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    fn division(kinds: &[bool]) -> Division {
        let conditions: Vec<Condition> = kinds.iter().map(|kind| Condition::new().with("choice", *kind)).collect();
        Division::of(&conditions, "choice").unwrap()
    }

    fn normal(seed: u64) -> impl FnMut() -> f64 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        move || StandardNormal.sample(&mut rng)
    }

    #[test]
    fn areas_are_those_worked_by_hand_and_ties_count_half() {
        assert_eq!(auc(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true]), Some(1.0));
        assert_eq!(auc(&[1.0, 2.0, 3.0, 4.0], &[true, true, false, false]), Some(0.0));
        // Of the four pairs two are won and one is tied.
        assert_eq!(auc(&[1.0, 2.0, 2.0, 0.5], &[true, true, false, false]), Some(0.625));
        assert_eq!((auc(&[1.0], &[true]), auc(&[], &[])), (None, None));
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 7.0]), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn p_is_that_of_all_orders_and_the_same_on_any_number_of_threads() {
        // Two trials against two that are all higher: 2 of the 6 orders are as far from 1/2.
        let rates = array![[1.0, 3.0, f64::NAN], [2.0, 3.0, 1.0], [3.0, 3.0, f64::NAN], [4.0, 3.0, f64::NAN]];
        let kinds = division(&[false, false, true, true]);
        let found = Roc::of(rates.view(), &kinds, 20_000, 1).unwrap();
        assert_eq!(found.auc[..2], [1.0, 0.5]);
        assert!((found.p[0] - 1.0 / 3.0).abs() < 0.015 && found.p[1] == 1.0, "{:?}", found.p);
        assert!(found.auc[2].is_nan() && found.p[2].is_nan());
        assert_eq!((found.constant, found.unrecorded), (1, 1));
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let again = one.install(|| Roc::of(rates.view(), &kinds, 20_000, 1)).unwrap();
        assert_eq!(again.p[..2], found.p[..2]);
        assert_ne!(Roc::of(rates.view(), &kinds, 20_000, 2).unwrap().p[0], found.p[0]);
    }

    /// Trials of two stimuli of which the second excites the unit and leads to one choice four times in five. Choices
    /// raise the rate by `effect`.
    fn choices(effect: f64, n: usize) -> (Array2<f64>, Division, Trials) {
        let mut noise = normal(3);
        let (mut rates, mut kinds, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        for trial in 0..n {
            let stimulus = f64::from(u8::from(trial % 2 == 1));
            let kind = if stimulus == 1.0 { (trial / 2) % 5 != 0 } else { (trial / 2) % 5 == 0 };
            rates.push(10.0 * stimulus + noise() + if kind { effect } else { 0.0 });
            kinds.push(kind);
            conditions.push(Condition::new().with("coherence", stimulus));
        }
        let rates = Array2::from_shape_vec((n, 1), rates).unwrap();
        (rates, division(&kinds), Trials::new(vec![1; n], conditions))
    }

    #[test]
    fn choice_probability_is_free_of_the_stimulus_and_of_how_often_each_choice_is_made() {
        let within = ["coherence".to_owned()];
        let (rates, kinds, trials) = choices(0.0, 2000);
        // What the stimulus does to both looks like an effect of the choice until stimuli are kept apart.
        assert!(Roc::of(rates.view(), &kinds, 10, 1).unwrap().auc[0] > 0.75);
        let none = ChoiceProbability::of(rates.view(), &kinds, &trials, &within, 200, 1).unwrap();
        assert!((none.choice_probability[0] - 0.5).abs() < 0.04 && none.p[0] > 0.05, "{none:?}");
        assert_eq!((none.stimuli, none.stimuli_left_out, none.trials), (2, 0, 2000));
        // d' = 1 between choices is an area of Phi(1 / sqrt 2) = 0.7602.
        let (rates, kinds, trials) = choices(1.0, 20_000);
        let some = ChoiceProbability::of(rates.view(), &kinds, &trials, &within, 9, 1).unwrap();
        assert!((some.choice_probability[0] - 0.7602).abs() < 0.01 && some.p[0] == 0.1, "{some:?}");
    }

    #[test]
    fn stimuli_without_both_choices_and_units_that_do_not_vary_are_counted() {
        let (rates, kinds, mut trials) = choices(1.0, 60);
        let rates = ndarray::concatenate![Axis(1), rates, Array2::from_elem((60, 1), 3.0)];
        for condition in trials.conditions.iter_mut().take(4) {
            *condition = Condition::new().with("coherence", 7.0);
        }
        let within = ["coherence".to_owned()];
        let found = ChoiceProbability::of(rates.view(), &kinds, &trials, &within, 10, 1).unwrap();
        assert_eq!((found.stimuli, found.stimuli_left_out, found.constant), (2, 1, 1));
        assert!(found.choice_probability[1].is_nan());
        let few = Trials::new(vec![1; 4], trials.conditions[..4].to_vec());
        let kinds = division(&[true, false, true, false]);
        let few = ChoiceProbability::of(rates.slice(ndarray::s![..4, ..]), &kinds, &few, &within, 1, 1);
        assert!(few.unwrap_err().to_string().contains("none of 1 stimuli led to `choice = true`"));
    }
}
