//! What is done to units while a network is simulated.
//!
//! ```text
//! silence      r_t = 0                      for t in [start, end); in the rate and the blend form x_t = 0, too
//! injection    h_t = W_rec r_{t-1} + W_in u_t + b_rec + I      for t in [start, end)
//! ```
//!
//! `h` is the bracket of the equation of [`dynamics`](crate::dynamics): an injected current is leaked like a synaptic
//! one, and in the rate form it stands inside of `f`. A silent unit drives nobody and is not read out, whatever `f(0)` is,
//! and its noise after the activation is gone. In the current form its state goes on and it has its rate again after the
//! window; in the rate and the blend form the rate is the state, so that it begins from 0. A silence that begins with the
//! trial holds for the rates of the start, too: to the other units it is a [lesion](Ctrnn::lesion), as long as it lasts.
//!
//! Silence goes before injection; currents add up.

use std::{borrow::Cow, ops::Range};

use candle_core::{Device, Tensor};

use super::{joined::split, network::Ctrnn};
use crate::{
    config::Form,
    dynamics::{State, StepParameters},
    error::{ModelError, Result},
    host,
};

/// What is done to some units during some steps of each trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Perturbation {
    /// The units.
    pub units: Vec<usize>,
    /// What is done to them.
    pub effect: Effect,
    /// When.
    pub windows: Windows,
}

/// What is done to a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Its rate is 0.
    Silence,
    /// This current is added to what it receives.
    Inject(f64),
}

/// Steps of trials, [start, end) counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Windows {
    /// The same in all trials.
    Same(Range<usize>),
    /// Those of each trial, none or several.
    Each(Vec<Vec<Range<usize>>>),
}

impl Perturbation {
    /// The same of the trials in this range alone.
    #[must_use]
    pub fn of_trials(&self, trials: Range<usize>) -> Self {
        let windows = match &self.windows {
            Windows::Same(window) => Windows::Same(window.clone()),
            Windows::Each(windows) => Windows::Each(windows.get(trials).unwrap_or_default().to_vec()),
        };
        Self { windows, ..self.clone() }
    }

    fn holds(&self, trial: usize, step: usize) -> bool {
        match &self.windows {
            Windows::Same(window) => window.contains(&step),
            Windows::Each(windows) => windows[trial].iter().any(|window| window.contains(&step)),
        }
    }

    /// Refuses what does not fit (batch, steps).
    fn check(&self, (batch, steps): (usize, usize)) -> Result<()> {
        if let Effect::Inject(current) = self.effect
            && !current.is_finite()
        {
            return Err(ModelError::config("injection", format!("must be finite, but is {current}")));
        }
        let windows: Vec<&Range<usize>> = match &self.windows {
            Windows::Same(window) => vec![window],
            Windows::Each(windows) if windows.len() == batch => windows.iter().flatten().collect(),
            Windows::Each(windows) => {
                return Err(ModelError::shape("windows", &[windows.len()], format!("there are {batch} trials")));
            }
        };
        match windows.into_iter().find(|window| window.start >= window.end || window.end > steps) {
            Some(window) => {
                let rule = format!("a window [start, end) must lie within the {steps} steps");
                Err(ModelError::shape("windows", &[window.start, window.end], rule))
            }
            None => Ok(()),
        }
    }
}

/// What is done to the units of a layer in one step.
#[derive(Clone, Debug, Default)]
pub(super) struct Touch {
    /// Added to the bracket (batch, units).
    current: Option<Tensor>,
    /// 1 where a unit is silent (batch, units), u8.
    silent: Option<Tensor>,
}

impl Touch {
    /// The parameters of the step under an injected current.
    pub fn parameters<'a>(&self, parameters: &'a StepParameters) -> Result<Cow<'a, StepParameters>> {
        let Some(current) = &self.current else { return Ok(Cow::Borrowed(parameters)) };
        let bias = match &parameters.b_rec {
            Some(bias) => current.broadcast_add(bias)?,
            None => current.clone(),
        };
        Ok(Cow::Owned(StepParameters { b_rec: Some(bias), ..parameters.clone() }))
    }

    /// The state with silent units silenced.
    pub fn silenced(&self, state: State, form: Form) -> Result<State> {
        let Some(silent) = &self.silent else { return Ok(state) };
        // Selected, not multiplied: a rate that is not finite is silent, too.
        let without = |all: &Tensor| silent.where_cond(&all.zeros_like()?, all);
        let rate = without(&state.rate)?;
        let state = match form {
            Form::Current => state.state,
            Form::Rate | Form::Blend => without(&state.state)?,
        };
        Ok(State { state, rate })
    }
}

/// What is done to each layer, step by step.
pub(super) struct Schedule<'a> {
    network: &'a Ctrnn,
    perturbations: &'a [Perturbation],
    batch: usize,
    /// What holds in which trial, and what that does; kept while it stays the same.
    now: (Vec<bool>, Vec<Touch>),
}

impl<'a> Schedule<'a> {
    /// # Errors
    /// If a perturbation does not fit the network or (batch, steps).
    pub fn new(network: &'a Ctrnn, perturbations: &'a [Perturbation], size: (usize, usize)) -> Result<Self> {
        for perturbation in perturbations {
            perturbation.check(size)?;
            network.marked(&perturbation.units)?;
        }
        let now = (vec![false; perturbations.len() * size.0], Vec::new());
        Ok(Self { network, perturbations, batch: size.0, now })
    }

    /// What is done in a step; empty if nothing.
    pub fn at(&mut self, step: usize) -> Result<&[Touch]> {
        let trials = 0..self.batch;
        let holds: Vec<bool> = self
            .perturbations
            .iter()
            .flat_map(|perturbation| trials.clone().map(move |trial| perturbation.holds(trial, step)))
            .collect();
        if holds != self.now.0 {
            let touches = if holds.contains(&true) { self.touches(&holds)? } else { Vec::new() };
            self.now = (holds, touches);
        }
        Ok(&self.now.1)
    }

    fn touches(&self, holds: &[bool]) -> Result<Vec<Touch>> {
        let (units, layers) = (self.network.units.len(), &self.network.layers);
        let mut current = vec![0.0; self.batch * units];
        let mut silent = vec![0u8; self.batch * units];
        let (mut injects, mut silences) = (false, false);
        for (perturbation, holds) in self.perturbations.iter().zip(holds.chunks(self.batch)) {
            for trial in (0..self.batch).filter(|trial| holds[*trial]) {
                let places = perturbation.units.iter().map(|unit| trial * units + unit);
                match perturbation.effect {
                    Effect::Silence => places.for_each(|place| silent[place] = 1),
                    Effect::Inject(by) => places.for_each(|place| current[place] += by),
                }
                silences |= perturbation.effect == Effect::Silence;
                injects |= perturbation.effect != Effect::Silence;
            }
        }
        let (dtype, device, shape) = (self.network.dtype(), self.network.device(), (self.batch, units));
        let of_layers = |all: Option<Tensor>| -> Result<Vec<Option<Tensor>>> {
            Ok(match all {
                Some(all) => split(&all, layers)?.into_iter().map(Some).collect(),
                None => vec![None; layers.len()],
            })
        };
        let current = injects.then(|| host::placed(current, shape, dtype, device)).transpose()?;
        let silent = silences
            .then(|| Tensor::from_vec(silent, shape, &Device::Cpu).and_then(|silent| silent.to_device(device)))
            .transpose()?;
        let parts = of_layers(current)?.into_iter().zip(of_layers(silent)?);
        Ok(parts.map(|(current, silent)| Touch { current, silent }).collect())
    }
}
