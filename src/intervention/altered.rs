//! A network with what is done to it.

use std::fmt;

use nn4n_models::{Ctrnn, Effect, Perturbation};
use serde::Serialize;

use super::{
    Intervention, UnitSelection,
    selection::listed,
    window::{TrialTimes, Window},
};
use crate::error::{Error, Result};

/// A network after lesions, and what remains to be done to it during trials.
#[derive(Clone, Debug)]
pub struct Altered {
    /// The network, with its lesions and its noise.
    pub network: Ctrnn,
    /// What was done, and is to be done, in the order that it was given.
    pub applied: Vec<Applied>,
    during: Vec<During>,
}

/// What is done in trials.
#[derive(Clone, Debug)]
struct During {
    units: Vec<usize>,
    effect: Effect,
    window: Window,
}

/// An intervention with the units that it is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Applied {
    /// See [`Intervention::Lesion`].
    Lesion {
        /// As they were named.
        selection: String,
        /// The units.
        units: Vec<usize>,
        /// The number of units of the network.
        of: usize,
    },
    /// See [`Intervention::ProjectionLesion`].
    ProjectionLesion {
        /// As they were named, `FROM->TO`.
        selection: String,
        /// The presynaptic units.
        from: Vec<usize>,
        /// The postsynaptic units.
        to: Vec<usize>,
        /// The number of synapses that are gone.
        synapses: usize,
    },
    /// See [`Intervention::Silence`].
    Silence {
        /// As they were named.
        selection: String,
        /// The units.
        units: Vec<usize>,
        /// The number of units of the network.
        of: usize,
        /// When.
        window: String,
    },
    /// See [`Intervention::Inject`].
    Injection {
        /// The current.
        current: f64,
        /// As they were named.
        selection: String,
        /// The units.
        units: Vec<usize>,
        /// The number of units of the network.
        of: usize,
        /// When.
        window: String,
    },
    /// See [`Intervention::WeightNoise`].
    WeightNoise {
        /// Relative standard deviation.
        sd: f64,
        /// Of the draw.
        seed: u64,
    },
    /// See [`Intervention::NoiseFactor`].
    NoiseFactor {
        /// The factor.
        factor: f64,
    },
}

impl Altered {
    /// Does these things to a network, in their order.
    ///
    /// # Errors
    /// If units are named that it does not have, a projection has no synapse, or noise is no number >= 0.
    pub fn of(network: &Ctrnn, interventions: &[Intervention]) -> Result<Self> {
        let mut altered = Self { network: network.clone(), applied: Vec::new(), during: Vec::new() };
        for intervention in interventions {
            let applied = altered.apply(intervention)?;
            altered.applied.push(applied);
        }
        Ok(altered)
    }

    /// What is to be done while these trials are simulated, for [`Simulation::perturb`](crate::Simulation::perturb).
    ///
    /// # Errors
    /// If a window is not in the trials.
    pub fn perturbations(&self, trials: &TrialTimes<'_>) -> Result<Vec<Perturbation>> {
        let one = |during: &During| {
            let windows = during.window.steps(trials)?;
            Ok(Perturbation { units: during.units.clone(), effect: during.effect, windows })
        };
        self.during.iter().map(one).collect()
    }

    fn apply(&mut self, intervention: &Intervention) -> Result<Applied> {
        let of = self.network.units().len();
        Ok(match intervention {
            Intervention::Lesion(selection) => {
                let units = selection.resolve(self.network.units())?;
                self.network = self.network.lesion(&units)?;
                Applied::Lesion { selection: selection.to_string(), units, of }
            }
            Intervention::ProjectionLesion { from, to } => self.cut(from, to)?,
            Intervention::Silence { units: selection, window } => {
                let units = self.during(selection, Effect::Silence, window)?;
                Applied::Silence { selection: selection.to_string(), units, of, window: window.to_string() }
            }
            Intervention::Inject { current, units: selection, window } => {
                let units = self.during(selection, Effect::Inject(*current), window)?;
                let (selection, window) = (selection.to_string(), window.to_string());
                Applied::Injection { current: *current, selection, units, of, window }
            }
            Intervention::WeightNoise { sd, seed } => {
                self.network = self.network.with_weight_noise(*sd, *seed)?;
                Applied::WeightNoise { sd: *sd, seed: *seed }
            }
            Intervention::NoiseFactor(factor) => {
                self.network = self.network.with_noise_scaled(*factor)?;
                Applied::NoiseFactor { factor: *factor }
            }
        })
    }

    fn during(&mut self, selection: &UnitSelection, effect: Effect, window: &Window) -> Result<Vec<usize>> {
        let units = selection.resolve(self.network.units())?;
        self.during.push(During { units: units.clone(), effect, window: window.clone() });
        Ok(units)
    }

    fn cut(&mut self, from: &UnitSelection, to: &UnitSelection) -> Result<Applied> {
        let selection = format!("{from}->{to}");
        let (from, to) = (from.resolve(self.network.units())?, to.resolve(self.network.units())?);
        let synapses = self.network.synapses_between(&from, &to)?;
        if synapses == 0 {
            let message = format!("there is no synapse to cut; there are {}", projections(&self.network)?);
            return Err(Error::setting(format!("projection `{selection}`"), message));
        }
        self.network = self.network.lesion_projection(&from, &to)?;
        Ok(Applied::ProjectionLesion { selection, from, to, synapses })
    }
}

/// The projections between areas that have synapses.
fn projections(network: &Ctrnn) -> Result<String> {
    let mut names = Vec::new();
    for from in network.areas() {
        for to in network.areas() {
            let [pres, posts] = [from, to].map(|area| area.range().collect::<Vec<_>>());
            if network.synapses_between(&pres, &posts)? > 0 {
                names.push(format!("`{}->{}`", from.name, to.name));
            }
        }
    }
    Ok(if names.is_empty() { "none between any units".into() } else { names.join(", ") })
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lesion { selection, units, of } => write!(f, "lesion of {}", some(selection, units, *of)),
            Self::ProjectionLesion { selection, synapses, .. } => {
                write!(f, "lesion of {selection}: {synapses} synapses")
            }
            Self::Silence { selection, units, of, window } => {
                write!(f, "silence in {window} of {}", some(selection, units, *of))
            }
            Self::Injection { current, selection, units, of, window } => {
                write!(f, "current {current} in {window} into {}", some(selection, units, *of))
            }
            Self::WeightNoise { sd, seed } => write!(f, "weights between units times [1 + {sd} xi]+, seed {seed}"),
            Self::NoiseFactor { factor } => write!(f, "recurrent noise times {factor}"),
        }
    }
}

/// Units in a few words.
fn some(selection: &str, units: &[usize], of: usize) -> String {
    let (count, numbers) = (units.len(), listed(units));
    let numbers = if numbers == selection || numbers.len() > 60 { String::new() } else { format!(" ({numbers})") };
    if count == of {
        format!("{selection}: all {of} units")
    } else {
        format!("{selection}: {count} of {of} units{numbers}")
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use nn4n_models::{Area, Density, ModelConfig, Windows};

    use super::*;

    fn network() -> Ctrnn {
        let areas = [Area::ei("PFC", 5, 0.8), Area::ei("PMd", 5, 0.6)];
        let config = ModelConfig::multi_area(2, 1, areas).feedforward(Density::excitatory(1.0));
        Ctrnn::init(&config, 0, DType::F32, &Device::Cpu).unwrap()
    }

    fn said(interventions: &[Result<Intervention>]) -> Vec<String> {
        let interventions: Vec<_> = interventions.iter().map(|one| one.as_ref().unwrap().clone()).collect();
        Altered::of(&network(), &interventions).unwrap().applied.iter().map(Applied::to_string).collect()
    }

    #[test]
    fn what_is_done_is_said_with_its_units() {
        let said = said(&[
            Intervention::lesion("inhibitory"),
            Intervention::lesion("PFC->PMd"),
            Intervention::silence("0-2@40..80"),
            Intervention::inject("0.5:all"),
            Ok(Intervention::WeightNoise { sd: 0.1, seed: 3 }),
            Ok(Intervention::NoiseFactor(2.0)),
        ]);
        assert_eq!(said[0], "lesion of inhibitory: 3 of 10 units (4,8,9)");
        assert_eq!(said[1], "lesion of PFC->PMd: 20 synapses");
        assert_eq!(said[2], "silence in 40..80 of 0-2: 3 of 10 units");
        assert_eq!(said[3], "current 0.5 in the whole trial into all: all 10 units");
        assert_eq!(said[4..], ["weights between units times [1 + 0.1 xi]+, seed 3", "recurrent noise times 2"]);
    }

    #[test]
    fn what_happens_in_trials_is_handed_to_the_simulation() -> Result<()> {
        let interventions = [Intervention::silence("1@40..80")?, Intervention::inject("0.5:2")?];
        let altered = Altered::of(&network(), &interventions)?;
        let trials = TrialTimes { dt: 20.0, n_steps: &[6, 8], epochs: None };
        let wanted = [(vec![1], Effect::Silence, 2..4), (vec![2], Effect::Inject(0.5), 0..8)];
        let wanted = wanted.map(|(units, effect, steps)| Perturbation { units, effect, windows: Windows::Same(steps) });
        assert_eq!(altered.perturbations(&trials)?, wanted);
        Ok(())
    }

    #[test]
    fn a_projection_without_synapses_is_refused_with_those_there_are() {
        let message = Altered::of(&network(), &[Intervention::lesion("PMd->PFC").unwrap()]).unwrap_err().to_string();
        let wanted = "projection `PMd->PFC`: there is no synapse to cut; there are `PFC->PFC`, `PFC->PMd`, `PMd->PMd`";
        assert_eq!(message, wanted);
    }
}
