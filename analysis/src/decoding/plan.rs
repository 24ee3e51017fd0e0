//! Which trials take part, what is decoded of them, and how they are split.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ClassCount, LeftOut, R2, Settings, Shuffles,
    fit::Labels,
    folds::{joined, stratified},
};
use crate::{
    AnalysisError,
    activity::{Aligned, Classes, Variable},
};

/// What is decoded of each trial.
enum Target {
    Classes { names: Vec<String>, of: Vec<usize> },
    Graded(Vec<f64>),
}

/// How trials are decoded, whatever the time.
pub(super) struct Plan {
    /// Places of the trials among those that are aligned.
    pub places: Vec<usize>,
    target: Target,
    /// The fold of each trial, repeat by repeat.
    pub fold_of: Vec<Vec<usize>>,
    folds: usize,
    shuffles: Shuffles,
    /// The condition of each trial, for the null of generalisation.
    pub condition: Vec<usize>,
    /// How many conditions there are.
    pub conditions: usize,
    /// Values of the variable that is generalised over: the folds.
    pub held_out: Option<Vec<String>>,
    pub left_out: LeftOut,
    /// Labels that shuffles can change.
    pub movable: usize,
}

impl Plan {
    pub fn of(aligned: &Aligned, settings: &Settings) -> Result<Self, AnalysisError> {
        check(settings)?;
        let trials = &aligned.trials;
        let variable = trials.variable(&settings.variable)?;
        // Generalisation has no groups to shuffle within: there is one other variable at most.
        let other = settings.generalize.as_ref().or(settings.within.as_ref());
        let other = other.map(|name| Ok::<_, AnalysisError>(trials.variable(name)?.classes())).transpose()?;
        let is_graded = settings.is_graded.unwrap_or_else(|| variable.is_graded());
        if is_graded != settings.decoder.decodes_graded() {
            return Err(settings.decoder.mismatch(is_graded));
        }
        let classes = variable.classes();
        let has = |trial: &usize| classes.of[*trial].is_some() && other.iter().all(|other| other.of[*trial].is_some());
        let places: Vec<usize> = (0..trials.len()).filter(has).collect();
        let target = Target::of(&variable, &classes, &places, is_graded)?;
        let (names, other) = other.map(|other| present(&other, &places)).unzip();
        let one = vec![0; places.len()];
        let (held_out, over, groups) = match settings.generalize {
            Some(_) => (names, other, one),
            None => (None, None, other.unwrap_or(one)),
        };
        let strata = target.strata();
        let fold_of: Vec<Vec<usize>> = match &over {
            Some(over) => vec![over.clone()],
            None => (0..settings.repeats as u64)
                .map(|repeat| {
                    let seed = settings.seed.wrapping_add(repeat.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                    stratified(&strata, &groups, settings.folds, is_graded, seed)
                })
                .collect(),
        };
        let blocks = joined(&fold_of[0], &groups);
        let condition = over.as_ref().map_or_else(|| vec![0; places.len()], |over| joined(over, &strata));
        let plan = Self {
            movable: movable(&blocks, &strata),
            left_out: LeftOut {
                without_value: trials.len() - places.len(),
                without_epoch: aligned.without,
                steps_without_bin: 0,
            },
            conditions: condition.iter().max().map_or(0, |most| most + 1),
            folds: held_out.as_ref().map_or(settings.folds, Vec::len),
            // Of generalisation there is another null.
            shuffles: Shuffles::new(if over.is_some() { 0 } else { settings.shuffles }, blocks, settings.seed ^ 1),
            places,
            target,
            fold_of,
            condition,
            held_out,
        };
        plan.check(settings)?;
        Ok(plan)
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn number_of_folds(&self) -> usize {
        self.folds
    }

    /// The name of a measure, and what guessing reaches.
    pub fn measure(&self, measure: usize) -> (&'static str, f64) {
        match (&self.target, measure) {
            (Target::Classes { names, .. }, _) => ("balanced_accuracy", 1.0 / names.len() as f64),
            (Target::Graded(_), 0) => (R2, 0.0),
            (Target::Graded(_), _) => ("sign_accuracy", 0.5),
        }
    }

    /// Whether values lie on both sides of 0.
    pub fn has_signs(&self) -> bool {
        match &self.target {
            Target::Classes { .. } => false,
            Target::Graded(values) => values.iter().any(|y| *y > 0.0) && values.iter().any(|y| *y < 0.0),
        }
    }

    pub fn counts(&self) -> Option<Vec<ClassCount>> {
        let Target::Classes { names, of } = &self.target else { return None };
        let count = |class: usize| of.iter().filter(|own| **own == class).count();
        let class = |(class, name): (usize, &String)| ClassCount { name: name.clone(), trials: count(class) };
        Some(names.iter().enumerate().map(class).collect())
    }

    /// The places among these trials that are tested together, repeat by repeat and fold by fold.
    pub fn folds(&self, trials: &[usize]) -> Vec<Vec<Vec<usize>>> {
        let of_repeat = |of: &Vec<usize>| {
            let fold = |fold: usize| (0..trials.len()).filter(|place| of[trials[*place]] == fold).collect();
            (0..self.folds).map(fold).collect()
        };
        self.fold_of.iter().map(of_repeat).collect()
    }

    /// The labels of these trials, as observed and then shuffled.
    pub fn labels(&self, trials: &[usize]) -> Labels {
        let sources: Vec<Vec<usize>> =
            (0..self.shuffles.len()).map(|shuffle| self.shuffles.sources(shuffle, trials)).collect();
        match &self.target {
            Target::Classes { names, of } => {
                Labels::Classes { of: labellings(of, trials, &sources), classes: names.len() }
            }
            Target::Graded(values) => Labels::Graded(labellings(values, trials, &sources)),
        }
    }

    /// Why these trials cannot be decoded, if so.
    pub fn reason(&self, trials: &[usize], folds: &[Vec<Vec<usize>>]) -> Option<String> {
        folds.iter().find_map(|folds| {
            folds.iter().enumerate().find_map(|(fold, tested)| self.reason_of_fold(trials, (fold, tested)))
        })
    }

    fn reason_of_fold(&self, trials: &[usize], (fold, tested): (usize, &[usize])) -> Option<String> {
        let name = match &self.held_out {
            Some(names) => format!("the trials of `{}`", names[fold]),
            None => format!("fold {fold}"),
        };
        match &self.target {
            Target::Classes { names, of } => (0..names.len()).find_map(|class| {
                let is_own = |place: &&usize| of[trials[**place]] == class;
                let here = tested.iter().filter(is_own).count();
                let all = trials.iter().filter(|trial| of[**trial] == class).count();
                match (here, all - here) {
                    (0, _) => Some(format!("{name} has no trial of `{}` here ({all} in all)", names[class])),
                    (_, 0 | 1) => {
                        Some(format!("outside of {name} there are too few trials of `{}` here", names[class]))
                    }
                    _ => None,
                }
            }),
            Target::Graded(values) => {
                let distinct = |of: &mut dyn Iterator<Item = usize>| {
                    of.map(|place| values[trials[place]].to_bits()).collect::<BTreeSet<_>>().len()
                };
                let is_tested: BTreeSet<usize> = tested.iter().copied().collect();
                let here = distinct(&mut tested.iter().copied());
                let there = distinct(&mut (0..trials.len()).filter(|place| !is_tested.contains(place)));
                (here < 2 || there < 2)
                    .then(|| format!("{name} has fewer than two values to predict or to learn from here"))
            }
        }
    }

    /// Refuses what no time can be decoded of.
    fn check(&self, settings: &Settings) -> Result<(), AnalysisError> {
        if let Some(names) = &self.held_out {
            if names.len() < 2 {
                let name = settings.generalize.as_deref().unwrap_or_default();
                return Err(AnalysisError::Trials(format!(
                    "`{name}` has one value alone, and there is none to generalise to; give trials of others"
                )));
            }
            let all: Vec<usize> = (0..self.len()).collect();
            if let Some(reason) = self.reason(&all, &self.folds(&all)) {
                return Err(AnalysisError::Trials(format!(
                    "generalisation needs every value of `{}` with each of the other variable, but {}; leave values \
                     out with --where, or give more trials",
                    settings.variable,
                    reason.replace(" here", "")
                )));
            }
            return Ok(());
        }
        let remedy = "give more trials (--trials), take fewer --folds, or leave the value out (--where)";
        match &self.target {
            Target::Classes { .. } => {
                // Two of each class are trained on at least.
                let least = if self.folds == 2 { 4 } else { self.folds };
                let rare = self.counts().into_iter().flatten().find(|class| class.trials < least);
                if let Some(class) = rare {
                    return Err(AnalysisError::Trials(format!(
                        "`{}`={} has {} trials, but {} folds need {least}; {remedy}",
                        settings.variable, class.name, class.trials, self.folds
                    )));
                }
            }
            Target::Graded(values) => {
                if values.len() < 2 * self.folds {
                    return Err(AnalysisError::Trials(format!(
                        "there are {} trials with a value of `{}`, fewer than two for each of {} folds; {remedy}",
                        values.len(),
                        settings.variable,
                        self.folds
                    )));
                }
            }
        }
        if self.movable == 0 && settings.shuffles > 0 {
            let within = settings.within.as_deref().unwrap_or("the folds");
            return Err(AnalysisError::Trials(format!(
                "shuffling within `{within}` moves no label, since trials of one of its values (in one fold) have one \
                 value of `{}`; shuffle within another variable, or take fewer --folds",
                settings.variable
            )));
        }
        Ok(())
    }
}

impl Target {
    fn of(variable: &Variable, classes: &Classes, places: &[usize], is_graded: bool) -> Result<Self, AnalysisError> {
        let (names, of) = present(classes, places);
        if names.len() < 2 {
            let value = names.first().map_or("none", String::as_str);
            return Err(AnalysisError::Trials(format!(
                "`{}` has one value alone in these trials, {value}, and there is nothing to tell apart; give trials of \
                 others",
                variable.name
            )));
        }
        if !is_graded {
            return Ok(Self::Classes { names, of });
        }
        let Some(numbers) = variable.numbers() else {
            return Err(AnalysisError::Trials(format!(
                "`{}` has values that are no numbers, such as {}, and cannot be graded; take it as classes",
                variable.name, classes.names[0]
            )));
        };
        if let Some(value) = places.iter().map(|place| numbers[*place]).find(|value| value.is_infinite()) {
            return Err(AnalysisError::NotFinite { array: "variable", value });
        }
        Ok(Self::Graded(places.iter().map(|place| numbers[*place]).collect()))
    }

    /// The class of each trial, or the rank of its value.
    fn strata(&self) -> Vec<usize> {
        match self {
            Self::Classes { of, .. } => of.clone(),
            Self::Graded(values) => {
                let mut sorted = values.clone();
                sorted.sort_by(f64::total_cmp);
                sorted.dedup();
                values.iter().map(|value| sorted.partition_point(|other| other < value)).collect()
            }
        }
    }
}

/// The values that these trials have, which all have one, and the place of the value of each.
fn present(classes: &Classes, places: &[usize]) -> (Vec<String>, Vec<usize>) {
    let own: Vec<usize> = places.iter().filter_map(|place| classes.of[*place]).collect();
    let values: BTreeSet<usize> = own.iter().copied().collect();
    let place: BTreeMap<usize, usize> = values.iter().enumerate().map(|(place, class)| (*class, place)).collect();
    let names = values.iter().map(|class| classes.names[*class].clone()).collect();
    (names, own.iter().map(|class| place[class]).collect())
}

fn labellings<T: Copy>(of: &[T], trials: &[usize], sources: &[Vec<usize>]) -> Vec<Vec<T>> {
    let own: Vec<T> = trials.iter().map(|trial| of[*trial]).collect();
    let shuffled = sources.iter().map(|sources| sources.iter().map(|source| own[*source]).collect());
    std::iter::once(own.clone()).chain(shuffled).collect()
}

/// How many trials are in a block with more than one stratum.
fn movable(blocks: &[usize], strata: &[usize]) -> usize {
    let mut of_blocks: BTreeMap<usize, (usize, BTreeSet<usize>)> = BTreeMap::new();
    for (block, stratum) in blocks.iter().zip(strata) {
        let entry = of_blocks.entry(*block).or_default();
        entry.0 += 1;
        entry.1.insert(*stratum);
    }
    of_blocks.values().filter(|(_, strata)| strata.len() > 1).map(|(trials, _)| trials).sum()
}

fn check(settings: &Settings) -> Result<(), AnalysisError> {
    let refused = |setting, value: &dyn ToString, rule: &str| {
        Err(AnalysisError::Setting { setting, value: value.to_string(), rule: rule.into() })
    };
    if settings.folds < 2 {
        return refused(
            "folds",
            &settings.folds,
            "must be at least 2, so that trials that are tested are not trained on",
        );
    }
    if settings.repeats == 0 {
        return refused("repeats", &settings.repeats, "must be at least 1");
    }
    if settings.components == Some(0) {
        return refused("components", &0, "must be at least 1");
    }
    if settings.generalize.is_some() && (settings.within.is_some() || settings.repeats > 1) {
        let (name, value) = match &settings.within {
            Some(within) => ("within", within.clone()),
            None => ("repeats", settings.repeats.to_string()),
        };
        return refused(
            name,
            &value,
            "is for folds and shuffles, but generalisation has values in their place; leave it out",
        );
    }
    for (name, other) in [("generalize", &settings.generalize), ("within", &settings.within)] {
        if other.as_ref() == Some(&settings.variable) {
            return refused(name, &settings.variable, "must be another variable than the one that is decoded");
        }
    }
    Ok(())
}
