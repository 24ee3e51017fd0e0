//! Recurrent units with their parameters, constraints and dynamics: all of a network but its readout, or one layer of a
//! stacked network.

use candle_core::{Device, Tensor, Var};
use candle_nn::VarBuilder;

use super::amplitudes::Amplitudes;
use crate::{
    activation::UnitActivations,
    config::{LayerPlan, LearnTau, ModelConfig, Units, prefix},
    dynamics::{Dynamics, State},
    error::{ModelError, Result},
    host,
    params::{self, Tensors},
    synapses::Synapses,
};

/// Recurrent units and the weights that reach them.
#[derive(Clone, Debug)]
pub struct Layer {
    /// In a stacked network, counted from the input.
    place: Option<usize>,
    pub(super) config: ModelConfig,
    units: Units,
    pub(super) dynamics: Dynamics,
    w_in: Option<Synapses>,
    w_rec: Synapses,
    pub(super) b_rec: Tensor,
    x0: Tensor,
    tau: Tensor,
    /// First unit of each unit's group of shared time constants.
    tau_groups: Option<Tensor>,
    pub(super) amplitudes: Amplitudes,
}

/// A tensor that may be trained: name, tensor, multiplier of its updates, and whether they are logarithmic.
type Candidate<'a> = (&'static str, &'a Tensor, Option<&'a Tensor>, bool);

impl Layer {
    /// `vb` holds the tensors of the whole network.
    pub(super) fn new(plan: &LayerPlan, vb: &VarBuilder) -> Result<Self> {
        let (config, units) = (plan.config.as_ref().clone(), plan.config.layout());
        let vb = if plan.place.is_some() { vb.pp(plan.prefix().trim_end_matches('.')) } else { vb.clone() };
        let n = units.len();
        let synapses = |matrix: params::Matrix| matrix_of(&config, &units, matrix, &vb);
        let w_in = params::w_in(&config).map(synapses).transpose()?;
        let w_rec = synapses(params::w_rec(&config))?;
        let tau = vb.get(n, "tau")?;
        check_tau(&config, &tau)?;
        params::check_prescribed(config.prescribed_of_units(&units)?, &vb)?;
        let activations = config.activation.resolve(&units, "activation")?;
        let tau_groups = match config.learn_tau {
            LearnTau::Shared => {
                let groups: Vec<u32> = config.tau.representatives(&units).into_iter().map(|unit| unit as u32).collect();
                Some(Tensor::new(groups, vb.device())?)
            }
            LearnTau::Off | LearnTau::PerUnit => None,
        };
        Ok(Self {
            place: plan.place,
            dynamics: Dynamics::new(config.form, UnitActivations::new(&activations, vb.device())?),
            amplitudes: Amplitudes::new(&config, &units, vb.dtype(), vb.device())?,
            b_rec: vb.get(n, "b_rec")?,
            x0: vb.get(n, "x0")?,
            config,
            units,
            w_in,
            w_rec,
            tau,
            tau_groups,
        })
    }

    /// Its description, as that of a network of its own.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The units with their cell types, counted within the layer.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// Its place in a stacked network, counted from the input; `None` in any other.
    pub fn place(&self) -> Option<usize> {
        self.place
    }

    /// Weights from the inputs or from the layer below (units, inputs) with their constraints; `None` without inputs.
    pub fn w_in(&self) -> Option<&Synapses> {
        self.w_in.as_ref()
    }

    /// Recurrent weights with their constraints.
    pub fn w_rec(&self) -> &Synapses {
        &self.w_rec
    }

    /// Weights that act from the inputs or from the layer below (units, inputs); `None` without inputs.
    pub fn effective_w_in(&self) -> Result<Option<Tensor>> {
        self.w_in.as_ref().map(Synapses::effective).transpose()
    }

    /// Recurrent weights that act (units, units).
    pub fn effective_w_rec(&self) -> Result<Tensor> {
        self.w_rec.effective()
    }

    /// Time constant of each unit (units), ms.
    pub fn tau(&self) -> Result<Tensor> {
        Ok(match &self.tau_groups {
            Some(groups) => self.tau.index_select(groups, 0)?,
            None => self.tau.clone(),
        })
    }

    /// The configured start of `batch` trials.
    pub(super) fn start(&self, batch: usize) -> Result<State> {
        let n = self.units.len();
        self.dynamics.start(self.x0.reshape((1, n))?.broadcast_as((batch, n))?.contiguous()?)
    }

    pub(super) fn with_dt(&self, dt: f64) -> Result<Self> {
        let config = self.config.clone().dt(dt);
        check_tau(&config, &self.tau)?;
        Ok(Self { config, ..self.clone() })
    }

    pub(super) fn frozen(&self) -> Self {
        Self {
            w_in: self.w_in.as_ref().map(Synapses::frozen),
            w_rec: self.w_rec.frozen(),
            b_rec: self.b_rec.detach(),
            x0: self.x0.detach(),
            tau: self.tau.detach(),
            ..self.clone()
        }
    }

    pub(super) fn candidates(&self) -> Vec<Candidate<'_>> {
        let mut candidates =
            vec![("b_rec", &self.b_rec, None, false), ("tau", &self.tau, None, true), ("x0", &self.x0, None, false)];
        let matrices = self.w_in.iter().map(|w_in| ("w_in", w_in)).chain([("w_rec", &self.w_rec)]);
        candidates.extend(matrices.map(|(name, matrix)| (name, matrix.weight(), matrix.plastic(), false)));
        candidates
    }

    pub(super) fn project(&self) -> Result<()> {
        self.w_in.iter().chain([&self.w_rec]).try_for_each(Synapses::project)?;
        if self.tau.is_variable() {
            let projected = self.tau()?.maximum(self.config.dt)?;
            Var::from_tensor(&self.tau)?.set(&projected.detach().contiguous()?)?;
        }
        Ok(())
    }

    /// Its tensors by the names they have in the network.
    pub(super) fn tensors(&self) -> Result<Tensors> {
        let mut tensors = Tensors::new();
        for (name, tensor) in [("b_rec", &self.b_rec), ("x0", &self.x0), ("tau", &self.tau)] {
            tensors.insert(name.into(), tensor.detach().copy()?);
        }
        for synapses in self.w_in.iter().chain([&self.w_rec]) {
            tensors.extend(synapses.tensors()?);
        }
        let prefix = prefix(self.place);
        Ok(tensors.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect())
    }
}

/// Weights and bias of the readout of the last layer.
pub(super) fn readout(config: &ModelConfig, vb: &VarBuilder) -> Result<(Synapses, Tensor)> {
    params::check_prescribed(config.prescribed_of_readout()?, vb)?;
    Ok((matrix_of(config, &config.layout(), params::w_out(config), vb)?, vb.get(config.outputs, "b_out")?))
}

fn matrix_of(
    config: &ModelConfig,
    units: &Units,
    (name, matrix, shape): params::Matrix,
    vb: &VarBuilder,
) -> Result<Synapses> {
    let types = config.presynaptic_types(name, matrix, shape.1, units)?;
    Synapses::new(vb, name, shape, &types, config.dale)
}

/// Time constants of a file must obey the configured step, as configured ones do.
fn check_tau(config: &ModelConfig, tau: &Tensor) -> Result<()> {
    let values = host::values(tau)?;
    // The step as the data type rounds it: 0.7 ms of f32 are a little less than 0.7.
    let dt = host::value(&Tensor::new(config.dt, &Device::Cpu)?.to_dtype(tau.dtype())?)?;
    match values.iter().find(|tau| !(tau.is_finite() && **tau >= dt)) {
        Some(tau) => Err(ModelError::config(
            "dt",
            format!("= {} ms exceeds the time constant {tau} ms of a unit; the Euler step needs dt <= tau", config.dt),
        )),
        None => Ok(()),
    }
}
