//! One network under many interventions on the same trials, and random controls of each.

use std::collections::BTreeMap;

use ndarray::s;
use nn4n_analysis::{matched_by_group, matched_by_rate, paired_difference_interval, wilson_interval};
use nn4n_models::{Ctrnn, NoiseKey, Units};
use nn4n_tasks::{Score, Task, TrialBatch, performance, scores};

use super::{BehaviourOptions, BehaviourRow, Controls, Matched, Matching};
use crate::{
    error::{Error, Result},
    evaluate::{EVALUATION, outputs},
    intervention::{Altered, Applied, Intervention, TrialTimes, UnitSelection},
    simulate::Simulation,
};

/// What every evaluation shares.
pub(super) struct Bench<'a> {
    pub network: &'a Ctrnn,
    pub task: &'a dyn Task,
    pub trials: &'a TrialBatch,
    pub options: BehaviourOptions,
}

/// One row to come.
pub(super) struct Plan {
    name: String,
    done: Vec<Intervention>,
    /// `None` if there are to be none, or why there cannot be any.
    controls: Option<Result<ControlSets, String>>,
}

impl Plan {
    /// The number of controls.
    pub fn n_controls(&self) -> usize {
        self.controls.as_ref().and_then(|sets| sets.as_ref().ok()).map_or(0, |sets| sets.done.len())
    }
}

/// The same done to random other units.
struct ControlSets {
    done: Vec<Vec<Intervention>>,
    matched: Matched,
}

/// What a network did on the trials.
pub(super) struct Answer {
    scores: Vec<Score>,
    performance: Option<f64>,
    per_task: BTreeMap<String, f64>,
    trials: usize,
    rms_error: Option<f64>,
    not_finite: usize,
}

impl Bench<'_> {
    pub fn plan(&self, done: &[Intervention]) -> Result<Plan> {
        let name = done.iter().map(Intervention::to_string).collect::<Vec<_>>().join(" + ");
        if done.is_empty() {
            return Err(Error::setting("interventions", "are none in one of the rows; name at least one for each"));
        }
        Altered::of(self.network, done)?.perturbations(&TrialTimes::of(self.trials, self.task.dt()))?;
        let controls = if self.options.controls == 0 { None } else { Some(self.controls(done)?) };
        Ok(Plan { name, done: done.into(), controls })
    }

    /// The same done to random other units, or why that cannot be.
    fn controls(&self, done: &[Intervention]) -> Result<Result<ControlSets, String>> {
        let units = self.network.units();
        let mut all = Vec::new();
        for intervention in done {
            match intervention.units() {
                Some(selection) => all.extend(selection.resolve(units)?),
                None if matches!(intervention, Intervention::ProjectionLesion { .. }) => {
                    return Ok(Err(format!("`{intervention}` is about synapses, not about units")));
                }
                None => {} // noise, which is that of the controls, too
            }
        }
        if all.is_empty() {
            return Ok(Err("nothing is done to some units alone".into()));
        }
        all.sort_unstable();
        all.dedup();
        let Some((sets, matched)) = self.sets(&all)? else {
            return Ok(Err(format!("there are not as many other units as these {} of {}", all.len(), units.len())));
        };
        let control = |set: &Vec<usize>| {
            let replaced = |intervention: &Intervention| -> Result<Intervention> {
                let Some(selection) = intervention.units() else { return Ok(intervention.clone()) };
                let own = selection.resolve(units)?;
                let others = all.iter().zip(set).filter(|(unit, _)| own.contains(unit)).map(|(_, other)| *other);
                let mut others: Vec<usize> = others.collect();
                others.sort_unstable();
                Ok(intervention.of_units(UnitSelection::units(others)))
            };
            done.iter().map(replaced).collect::<Result<Vec<_>>>()
        };
        // Of few other units the same are drawn again and again: one control, however often.
        let mut distinct: Vec<Vec<Intervention>> = Vec::new();
        for set in &sets {
            let control = control(set)?;
            if !distinct.contains(&control) {
                distinct.push(control);
            }
        }
        Ok(Ok(ControlSets { done: distinct, matched }))
    }

    /// Sets of replacements, each in the order of `units`.
    fn sets(&self, units: &[usize]) -> Result<Option<(Vec<Vec<usize>>, Matched)>> {
        let BehaviourOptions { seed, controls, matching, .. } = self.options;
        if matching == Matching::Rate {
            let sets = matched_by_rate(&self.mean_rates()?, units, controls, seed).map_err(unmatched)?;
            return Ok(sets.map(|sets| (sets, Matched::MeanRate)));
        }
        let of_groups = |groups: &[usize]| matched_by_group(groups, units, controls, seed).map_err(unmatched);
        if let Some(sets) = of_groups(&groups(self.network.units()))? {
            return Ok(Some((sets, Matched::AreaAndCellType)));
        }
        let sets = of_groups(&vec![0; self.network.units().len()])?;
        Ok(sets.map(|sets| (sets, Matched::Number)))
    }

    /// Of each unit of the intact network, over all steps of all trials.
    fn mean_rates(&self) -> Result<Vec<f64>> {
        let (mut sums, mut first) = (vec![0.0; self.network.units().len()], 0);
        let key = NoiseKey::new(self.options.seed, EVALUATION);
        Simulation::of(self.network, self.task).noise(key).record_in_parts(&self.trials.inputs, |part| {
            for (rates, n_steps) in part.rates.outer_iter().zip(&self.trials.n_steps[first..]) {
                for rates in rates.slice(s![..*n_steps, ..]).outer_iter() {
                    sums.iter_mut().zip(rates).for_each(|(sum, rate)| *sum += f64::from(*rate));
                }
            }
            first += part.rates.dim().0;
            Ok(())
        })?;
        let steps = self.trials.n_steps.iter().sum::<usize>().max(1) as f64;
        Ok(sums.into_iter().map(|sum| sum / steps).collect())
    }

    pub fn answer(&self, altered: &Altered) -> Result<Answer> {
        let outputs = outputs(altered, self.task, self.trials, self.options.seed)?;
        let found = performance(self.task, self.trials, outputs.view())?;
        let is_unbounded = |(trial, n_steps): (usize, &usize)| {
            outputs.slice(s![trial, ..*n_steps, ..]).iter().any(|output| !output.is_finite())
        };
        Ok(Answer {
            scores: scores(self.task, self.trials, outputs.view())?,
            performance: found.overall,
            per_task: found.per_task,
            trials: found.trials,
            rms_error: found.rms_error.filter(|error| error.is_finite()),
            not_finite: self.trials.n_steps.iter().enumerate().filter(|trial| is_unbounded(*trial)).count(),
        })
    }

    /// `None` if the work was ended.
    pub fn row(
        &self,
        plan: &Plan,
        intact: &Answer,
        go_on: &mut impl FnMut(&str) -> bool,
    ) -> Result<Option<BehaviourRow>> {
        if !go_on(&plan.name) {
            return Ok(None);
        }
        let altered = Altered::of(self.network, &plan.done)?;
        let answer = self.answer(&altered)?;
        let mut row = row(plan.name.clone(), altered.applied, &answer, Some(intact));
        match &plan.controls {
            None => {}
            Some(Err(why)) => row.no_controls = Some(why.clone()),
            Some(Ok(sets)) => {
                let mut values = Vec::new();
                for done in &sets.done {
                    if !go_on(&plan.name) {
                        return Ok(None);
                    }
                    values.push(self.answer(&Altered::of(self.network, done)?)?.measured());
                }
                row.controls = summary(sets.matched, &answer, values);
                if row.controls.is_none() {
                    row.no_controls = Some("one of them has no performance and no error that is finite".into());
                }
            }
        }
        Ok(Some(row))
    }
}

impl Answer {
    /// What behaviour is compared by: its name and its value.
    fn measured(&self) -> Option<(&'static str, f64)> {
        let performance = self.performance.map(|performance| ("performance", performance));
        performance.or(self.rms_error.map(|error| ("rms_error", error)))
    }

    fn reaction_time(&self) -> Option<f64> {
        let times: Vec<f64> = self.scores.iter().filter_map(|score| score.reaction_time).collect();
        (!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64)
    }
}

pub(super) fn row(name: String, interventions: Vec<Applied>, answer: &Answer, intact: Option<&Answer>) -> BehaviourRow {
    let pair = |(low, high): (f64, f64)| [low, high];
    let right = answer.scores.iter().filter(|score| score.correct == Some(true)).count();
    let scored = answer.scores.iter().filter(|score| score.correct.is_some()).count();
    let difference = intact.and_then(|intact| difference(intact, answer));
    BehaviourRow {
        name,
        interventions,
        trials: answer.trials,
        performance: answer.performance,
        interval: answer.performance.map(|_| pair(wilson_interval(right, scored))),
        per_task: answer.per_task.clone(),
        difference: difference.map(|(difference, _)| difference),
        difference_interval: difference.map(|(_, interval)| pair(interval)),
        rms_error: answer.rms_error,
        reaction_time: answer.reaction_time(),
        not_finite: answer.not_finite,
        controls: None,
        no_controls: None,
    }
}

/// The change of the performance with its interval, over trials that are scored in both.
fn difference(intact: &Answer, other: &Answer) -> Option<(f64, (f64, f64))> {
    let pairs = intact.scores.iter().zip(&other.scores).filter_map(|(a, b)| a.correct.zip(b.correct));
    let (mut n, mut gained, mut lost) = (0, 0, 0);
    for (before, after) in pairs {
        n += 1;
        gained += usize::from(!before && after);
        lost += usize::from(before && !after);
    }
    let change = (gained as f64 - lost as f64) / n as f64;
    (n > 0).then(|| (change, paired_difference_interval(gained, lost, n)))
}

fn summary(matched: Matched, answer: &Answer, values: Vec<Option<(&'static str, f64)>>) -> Option<Controls> {
    let (measure, own) = answer.measured()?;
    let values: Vec<f64> = values.into_iter().map(|value| Some(value?.1)).collect::<Option<_>>()?;
    let is_as_bad = |value: &&f64| if measure == "performance" { **value <= own } else { **value >= own };
    let (n, as_bad) = (values.len() as f64, values.iter().filter(is_as_bad).count() as f64);
    Some(Controls {
        matched,
        measure,
        mean: values.iter().sum::<f64>() / n,
        minimum: values.iter().copied().fold(f64::INFINITY, f64::min),
        maximum: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        at_least_as_bad: as_bad / n,
        p: (1.0 + as_bad) / (1.0 + n),
        values,
    })
}

/// The group of each unit: its area and its cell type.
fn groups(units: &Units) -> Vec<usize> {
    let mut groups = vec![0; units.len()];
    for (group, population) in units.populations().iter().enumerate() {
        population.units.iter().for_each(|unit| groups[*unit] = group);
    }
    groups
}

fn unmatched(error: nn4n_analysis::AnalysisError) -> Error {
    Error::setting("controls", error.to_string())
}
