//! An input that holds in trials: what a network is under while its activity goes where the dynamics lead.
//!
//! ```text
//! u_t = u for all steps t of a stretch              most     the u of the most steps of all trials
//! x_t = F(x_{t-1}, u_t) of the whole trial          at       the one u of an epoch under a condition
//! ```
//!
//! A fixed point belongs to a constant input. In a trial that is the input of an epoch: the fixation cue alone, a
//! context without evidence, nothing. Where it changes from step to step (a ramp, noise, a moving place), there is none,
//! and trials must be those without noise ([`nn4n_tasks::noise_free`]).

use std::{collections::BTreeMap, ops::Range};

use ndarray::{Array2, ArrayView1, Axis, s};
use nn4n_tasks::{Condition, TrialBatch};
use serde::Serialize;

use crate::{AnalysisError, dynamics::System};

/// Most states that are taken from trials.
const STATES: usize = 20_000;

/// An input that holds for some steps of some trials.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldInput {
    /// The input (inputs).
    pub input: Vec<f64>,
    /// Steps of all trials at which it holds.
    pub steps: usize,
    /// Steps of all trials.
    pub of_steps: usize,
    /// The epochs that it holds in, at least for a step.
    pub epochs: Vec<String>,
    /// Where it holds.
    #[serde(skip)]
    pub stretches: Vec<Stretch>,
}

/// Steps of a trial, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The trial.
    pub trial: usize,
    /// Its steps.
    pub steps: Range<usize>,
}

impl HeldInput {
    /// The input that holds at the most steps of the trials; of several, the one that comes first.
    ///
    /// # Errors
    /// If no input holds for two steps in a row.
    pub fn most(trials: &TrialBatch) -> Result<Self, AnalysisError> {
        let mut counts: BTreeMap<Vec<u32>, (usize, usize)> = BTreeMap::new();
        let mut order = 0;
        for trial in 0..trials.len() {
            for stretch in stretches_of(trials, trial) {
                let count = counts.entry(bits(row(trials, trial, stretch.start))).or_insert_with(|| {
                    order += 1;
                    (0, order)
                });
                // A value of one step does not hold.
                count.0 += if stretch.len() > 1 { stretch.len() } else { 0 };
            }
        }
        let most = counts.into_iter().max_by_key(|(_, (steps, order))| (*steps, std::cmp::Reverse(*order)));
        match most {
            Some((input, (steps, _))) if steps > 0 => Ok(Self::wherever(trials, &input)),
            _ => Err(none("the input changes at every step of all trials; name the values of its channels")),
        }
    }

    /// The input of an epoch in the trials that belong to a condition.
    ///
    /// # Errors
    /// If no trial belongs to the condition or has the epoch, or the input changes within it or from trial to trial.
    pub fn at(trials: &TrialBatch, epoch: &str, condition: &Condition) -> Result<Self, AnalysisError> {
        let chosen: Vec<usize> = (0..trials.len()).filter(|i| trials.conditions[*i].belongs_to(condition)).collect();
        if chosen.is_empty() {
            return Err(none(&format!("no trial has {condition}; the conditions are like {}", examples(trials, None))));
        }
        let mut stretches = Vec::new();
        for trial in &chosen {
            let spans = trials.epochs[*trial].iter().filter(|span| span.name == epoch);
            stretches.extend(spans.map(|span| Stretch { trial: *trial, steps: span.steps() }));
        }
        let Some(first) = stretches.iter().find(|stretch| !stretch.steps.is_empty()) else {
            return Err(none(&format!(
                "no trial has an epoch `{epoch}`; there are: {}",
                epoch_names(trials).join(", ")
            )));
        };
        let input = bits(row(trials, first.trial, first.steps.start));
        let differs = |stretch: &Stretch, step: usize| bits(row(trials, stretch.trial, step)) != input;
        for stretch in &stretches {
            let changes = stretch.steps.clone().find(|step| differs(stretch, *step));
            match changes {
                Some(step) if stretch.trial == first.trial || step > stretch.steps.start => {
                    let message = format!(
                        "the input of `{epoch}` changes within it (trial {}, step {step}), so that nothing is constant \
                        there; name another epoch of: {}",
                        stretch.trial,
                        epoch_names(trials).join(", ")
                    );
                    return Err(none(&message));
                }
                Some(_) => {
                    let message = format!(
                        "the input of `{epoch}` differs from trial to trial; name a condition that fixes it, such as {}",
                        examples(trials, Some(condition))
                    );
                    return Err(none(&message));
                }
                None => {}
            }
        }
        let of_steps = chosen.iter().map(|trial| trials.n_steps[*trial]).sum();
        Ok(Self::on(trials, &input, stretches, of_steps))
    }

    fn wherever(trials: &TrialBatch, input: &[u32]) -> Self {
        let mut stretches = Vec::new();
        for trial in 0..trials.len() {
            let held = stretches_of(trials, trial).into_iter();
            let held = held.filter(|steps| bits(row(trials, trial, steps.start)) == input);
            stretches.extend(held.map(|steps| Stretch { trial, steps }));
        }
        Self::on(trials, input, stretches, trials.n_steps.iter().sum())
    }

    fn on(trials: &TrialBatch, input: &[u32], stretches: Vec<Stretch>, of_steps: usize) -> Self {
        let mut epochs: Vec<String> = Vec::new();
        for Stretch { trial, steps } in &stretches {
            for epoch in &trials.epochs[*trial] {
                let is_met = epoch.start < steps.end && steps.start < epoch.end;
                if is_met && epochs.iter().all(|known| *known != epoch.name) {
                    epochs.push(epoch.name.to_string());
                }
            }
        }
        Self {
            input: input.iter().map(|bits| f64::from(f32::from_bits(*bits))).collect(),
            steps: stretches.iter().map(|stretch| stretch.steps.len()).sum(),
            of_steps,
            epochs,
            stretches,
        }
    }

    /// States (states, dim) that a network, alone or in the loop, visits while the input holds, in the order of trials
    /// and steps: all of them, or at most 20,000 at even distances.
    ///
    /// # Errors
    /// If the trials have other inputs than the network, or activity grows without bound.
    pub fn states<'a>(&self, system: impl Into<System<'a>>, trials: &TrialBatch) -> Result<Array2<f64>, AnalysisError> {
        let system: System<'a> = system.into();
        let start = system.start();
        self.states_of(system.dim(), |trial, until| system.run(trials.inputs.slice(s![trial, ..until, ..]), &start))
    }

    /// The same of trials that are simulated by `run`: the states (steps, dim) of a trial, at least so many steps of it.
    ///
    /// # Errors
    /// As `run`.
    pub fn states_of(
        &self,
        dim: usize,
        mut run: impl FnMut(usize, usize) -> Result<Array2<f64>, AnalysisError>,
    ) -> Result<Array2<f64>, AnalysisError> {
        let every = self.steps.div_ceil(STATES).max(1);
        let (mut numbers, mut place) = (Vec::new(), 0);
        for together in self.stretches.chunk_by(|a, b| a.trial == b.trial) {
            let until = together.iter().map(|stretch| stretch.steps.end).max().unwrap_or(0);
            let states = run(together[0].trial, until)?;
            for step in together.iter().flat_map(|stretch| stretch.steps.clone()) {
                if place % every == 0 {
                    numbers.extend(states.row(step));
                }
                place += 1;
            }
        }
        let shape = (numbers.len() / dim.max(1), dim);
        Array2::from_shape_vec(shape, numbers)
            .map_err(|error| AnalysisError::Shape { array: "states", message: error.to_string() })
    }
}

fn none(message: &str) -> AnalysisError {
    AnalysisError::Trials(message.into())
}

/// The names of the epochs of all trials, in the order in which they come.
fn epoch_names(trials: &TrialBatch) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for epoch in trials.epochs.iter().flatten() {
        if names.iter().all(|known| *known != epoch.name) {
            names.push(epoch.name.to_string());
        }
    }
    names
}

/// Some of the conditions in words, of those that belong to one.
fn examples(trials: &TrialBatch, of: Option<&Condition>) -> String {
    let mut words: Vec<String> = Vec::new();
    let shown = |condition: &&Condition| !condition.is_catch() && of.is_none_or(|of| condition.belongs_to(of));
    for condition in trials.conditions.iter().filter(shown) {
        let text = condition.to_string().replace(' ', ",");
        if words.len() < 4 && !words.contains(&text) && !text.is_empty() {
            words.push(text);
        }
    }
    words.join(" or ")
}

fn row(trials: &TrialBatch, trial: usize, step: usize) -> ArrayView1<'_, f32> {
    trials.inputs.index_axis(Axis(0), trial).index_axis_move(Axis(0), step)
}

/// The numbers as they are told apart: 0 and -0 are one.
fn bits(row: ArrayView1<'_, f32>) -> Vec<u32> {
    row.iter().map(|value| (value + 0.0).to_bits()).collect()
}

/// The steps of a trial, divided where the input changes.
fn stretches_of(trials: &TrialBatch, trial: usize) -> Vec<Range<usize>> {
    let n_steps = trials.n_steps[trial];
    let mut found = Vec::new();
    let mut start = 0;
    for step in 1..=n_steps {
        if step == n_steps || bits(row(trials, trial, step)) != bits(row(trials, trial, start)) {
            found.push(start..step);
            start = step;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use nn4n_tasks::Epoch;

    use super::*;

    /// Two trials of four steps: cue 1 1 | 0 0 and 2 2 | 0 3.
    fn trials() -> TrialBatch {
        let inputs = Array3::from_shape_vec((2, 4, 1), vec![1.0, 1.0, 0.0, 0.0, 2.0, 2.0, 0.0, 3.0]).unwrap();
        let epochs =
            vec![Epoch { name: "cue".into(), start: 0, end: 2 }, Epoch { name: "delay".into(), start: 2, end: 4 }];
        TrialBatch {
            targets: Array3::zeros((2, 4, 1)),
            loss_mask: Array3::zeros((2, 4, 1)),
            inputs,
            n_steps: vec![4, 4],
            conditions: vec![Condition::new().with("cue", 1.0), Condition::new().with("cue", 2.0)],
            epochs: vec![epochs.clone(), epochs],
            correct: vec![None, None],
        }
    }

    #[test]
    fn the_input_of_the_most_steps_is_the_one_that_holds() {
        let trials = trials();
        let held = HeldInput::most(&trials).unwrap();
        // 0, 1 and 2 hold for two steps in a row; 1 comes first.
        assert_eq!((held.input.as_slice(), held.steps, held.of_steps), ([1.0].as_slice(), 2, 8));
        assert_eq!((held.epochs, held.stretches), (vec!["cue".into()], vec![Stretch { trial: 0, steps: 0..2 }]));
        let mut changing = trials;
        changing.inputs.iter_mut().enumerate().for_each(|(place, value)| *value = place as f32);
        assert!(HeldInput::most(&changing).unwrap_err().to_string().contains("changes at every step"));
    }

    #[test]
    fn an_epoch_has_an_input_under_a_condition_or_says_why_not() {
        let trials = trials();
        let of = |cue: f64| Condition::new().with("cue", cue);
        assert_eq!(HeldInput::at(&trials, "cue", &of(2.0)).unwrap().input, [2.0]);
        assert_eq!(HeldInput::at(&trials, "delay", &of(1.0)).unwrap().steps, 2);
        let refused = |epoch, condition: &Condition| HeldInput::at(&trials, epoch, condition).unwrap_err().to_string();
        assert!(
            refused("cue", &Condition::new()).contains("differs from trial to trial; name a condition that fixes it")
        );
        assert!(refused("cue", &Condition::new()).contains("such as cue=1 or cue=2"));
        assert!(refused("delay", &of(2.0)).contains("changes within it (trial 1, step 3)"));
        assert!(refused("go", &of(1.0)).contains("no trial has an epoch `go`; there are: cue, delay"));
        assert!(refused("cue", &of(5.0)).contains("no trial has cue=5"));
    }
}
