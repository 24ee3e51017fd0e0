//! A continuous-time recurrent network: parameters, constraints and dynamics of any kind of network.
//!
//! [`VanillaCtrnn`](crate::VanillaCtrnn), [`EiCtrnn`](crate::EiCtrnn) and [`MultiAreaCtrnn`](crate::MultiAreaCtrnn) are this network seen as their kind.
//! The equation is in [`dynamics`](crate::dynamics), the pass through time in [`scan`](crate::scan), the constraints in [`synapses`](crate::synapses).

mod closed_loop;
mod effective;
mod unroll;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;

use self::effective::Amplitudes;
pub use self::{
    effective::Effective,
    unroll::{Answer, Trajectory},
};

use crate::{
    activation::UnitActivations,
    config::{LearnTau, ModelConfig, Units},
    dynamics::Dynamics,
    error::{ModelError, Result},
    params::{self, Tensors},
    scan::Memory,
    synapses::Synapses,
};

/// A continuous-time recurrent network.
#[derive(Clone, Debug)]
pub struct Ctrnn {
    config: ModelConfig,
    units: Units,
    dynamics: Dynamics,
    w_in: Option<Synapses>,
    w_rec: Synapses,
    w_out: Synapses,
    b_rec: Tensor,
    b_out: Tensor,
    x0: Tensor,
    tau: Tensor,
    /// First unit of each unit's group of shared time constants.
    tau_groups: Option<Tensor>,
    amplitudes: Amplitudes,
    memory: Memory,
}

/// A trained tensor and how its updates are to be applied.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name of the tensor, such as `w_rec`.
    pub name: &'static str,
    /// The tensor.
    pub var: Var,
    /// Multiplier of each element's update; `None` is 1.
    pub plastic: Option<Tensor>,
    /// Whether updates are additive on the logarithm of the tensor (time constants) instead of on the tensor.
    pub logarithmic: bool,
}

impl Ctrnn {
    /// Builds the network from named tensors (see [`params`]). Tensors that are candle variables are trained with the network.
    ///
    /// # Errors
    /// If the description is invalid, a tensor is missing or misshapen, or the weights break their constraints.
    pub fn new(config: &ModelConfig, vb: VarBuilder) -> Result<Self> {
        config.validate()?;
        if !matches!(vb.dtype(), DType::F32 | DType::F64) {
            return Err(ModelError::Shape(format!("the data type is {:?}; a network needs F32 or F64", vb.dtype())));
        }
        let units = config.layout();
        let n = units.len();
        let mut synapses = params::matrices(config).into_iter().map(|(name, matrix, shape)| {
            let types = config.presynaptic_types(name, matrix, shape.1, &units)?;
            Synapses::new(&vb, name, shape, &types, config.dale)
        });
        let mut next = || synapses.next().transpose();
        let w_in = if config.inputs > 0 { next()? } else { None };
        let missing = |name| ModelError::tensor(name, "is missing");
        let w_rec = next()?.ok_or_else(|| missing("w_rec"))?;
        let w_out = next()?.ok_or_else(|| missing("w_out"))?;
        let tau = vb.get(n, "tau")?;
        check_tau(config, &tau)?;
        params::check_prescribed(config, &units, &vb)?;
        let activations = config.activation.resolve(&units, "activation")?;
        let tau_groups = match config.learn_tau {
            LearnTau::Shared => {
                let groups: Vec<u32> = config.tau.representatives(&units).into_iter().map(|unit| unit as u32).collect();
                Some(Tensor::new(groups, vb.device())?)
            }
            LearnTau::Off | LearnTau::PerUnit => None,
        };
        let amplitudes = Amplitudes::new(config, &units, vb.dtype(), vb.device())?;
        Ok(Self {
            dynamics: Dynamics::new(config.form, UnitActivations::new(&activations, vb.device())?),
            b_rec: vb.get(n, "b_rec")?,
            b_out: vb.get(config.outputs, "b_out")?,
            x0: vb.get(n, "x0")?,
            config: config.clone(),
            units,
            w_in,
            w_rec,
            w_out,
            tau,
            tau_groups,
            amplitudes,
            memory: Memory::default(),
        })
    }

    /// A fresh network drawn from `seed`; its trained tensors are variables.
    ///
    /// # Errors
    /// If the description is invalid or a draw cannot satisfy it.
    pub fn init(config: &ModelConfig, seed: u64, dtype: DType, device: &Device) -> Result<Self> {
        Self::from_tensors(config, config.draw(seed, dtype)?, dtype, device)
    }

    /// A network with these tensors and no others; its trained tensors are variables.
    ///
    /// # Errors
    /// If a tensor is missing, unexpected, misshapen or not finite, or the weights break their constraints.
    pub fn from_tensors(config: &ModelConfig, tensors: Tensors, dtype: DType, device: &Device) -> Result<Self> {
        config.validate()?;
        Self::new(config, params::var_builder(config, tensors, dtype, device)?)
    }

    /// The description.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The units with their areas and cell types.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// Where the network lives.
    pub fn device(&self) -> &Device {
        self.tau.device()
    }

    /// Its data type.
    pub fn dtype(&self) -> DType {
        self.tau.dtype()
    }

    /// Input weights with their constraints; `None` without inputs.
    pub fn w_in(&self) -> Option<&Synapses> {
        self.w_in.as_ref()
    }

    /// Recurrent weights with their constraints.
    pub fn w_rec(&self) -> &Synapses {
        &self.w_rec
    }

    /// Output weights with their constraints.
    pub fn w_out(&self) -> &Synapses {
        &self.w_out
    }

    /// Input weights that act (units, inputs); `None` without inputs.
    pub fn effective_w_in(&self) -> Result<Option<Tensor>> {
        self.w_in.as_ref().map(Synapses::effective).transpose()
    }

    /// Recurrent weights that act (units, units).
    pub fn effective_w_rec(&self) -> Result<Tensor> {
        self.w_rec.effective()
    }

    /// Output weights that act (outputs, units).
    pub fn effective_w_out(&self) -> Result<Tensor> {
        self.w_out.effective()
    }

    /// Time constant of each unit (units), ms.
    pub fn tau(&self) -> Result<Tensor> {
        Ok(match &self.tau_groups {
            Some(groups) => self.tau.index_select(groups, 0)?,
            None => self.tau.clone(),
        })
    }

    /// The same network simulated with another step, ms. Its parameters are shared, not copied.
    ///
    /// # Errors
    /// If `dt` is not positive or exceeds a time constant. Noise given per step keeps its amplitude; see [`NoiseScaling`](crate::NoiseScaling).
    pub fn with_dt(&self, dt: f64) -> Result<Self> {
        let config = self.config.clone().dt(dt);
        config.validate()?;
        check_tau(&config, &self.tau)?;
        Ok(Self { config, ..self.clone() })
    }

    /// The same network as constants: nothing that is computed with it keeps a graph for gradients. Its parameters are shared, not copied.
    #[must_use]
    pub fn frozen(&self) -> Self {
        Self {
            w_in: self.w_in.as_ref().map(Synapses::frozen),
            w_rec: self.w_rec.frozen(),
            w_out: self.w_out.frozen(),
            b_rec: self.b_rec.detach(),
            b_out: self.b_out.detach(),
            x0: self.x0.detach(),
            tau: self.tau.detach(),
            ..self.clone()
        }
    }

    /// The trained tensors, in the order of their names.
    pub fn parameters(&self) -> Result<Vec<Parameter>> {
        let mut candidates = vec![("b_out", &self.b_out, None, false), ("b_rec", &self.b_rec, None, false), ("tau", &self.tau, None, true)];
        if let Some(w_in) = &self.w_in {
            candidates.push(("w_in", w_in.weight(), w_in.plastic(), false));
        }
        candidates.push(("w_out", self.w_out.weight(), self.w_out.plastic(), false));
        candidates.push(("w_rec", self.w_rec.weight(), self.w_rec.plastic(), false));
        candidates.push(("x0", &self.x0, None, false));
        candidates
            .into_iter()
            .filter(|(_, tensor, _, _)| tensor.is_variable())
            .map(|(name, tensor, plastic, logarithmic)| {
                Ok(Parameter { name, var: Var::from_tensor(tensor)?, plastic: plastic.cloned(), logarithmic })
            })
            .collect()
    }

    /// Projects every trained tensor onto its constraints: Dale's law, connectivity and fixed synapses exactly, `tau >= dt`, shared time constants.
    /// Call it after every update.
    pub fn project(&self) -> Result<()> {
        for synapses in self.w_in.iter().chain([&self.w_rec, &self.w_out]) {
            synapses.project()?;
        }
        if self.tau.is_variable() {
            let projected = self.tau()?.maximum(self.config.dt)?;
            Var::from_tensor(&self.tau)?.set(&projected.detach().contiguous()?)?;
        }
        Ok(())
    }

    /// All tensors of the network, as they are saved: copies, which later updates leave as they are.
    pub fn tensors(&self) -> Result<Tensors> {
        let mut tensors = Tensors::new();
        for (name, tensor) in [("b_rec", &self.b_rec), ("b_out", &self.b_out), ("x0", &self.x0), ("tau", &self.tau)] {
            tensors.insert(name.into(), tensor.detach().copy()?);
        }
        for synapses in self.w_in.iter().chain([&self.w_rec, &self.w_out]) {
            tensors.extend(synapses.tensors()?);
        }
        Ok(tensors)
    }
}

/// Time constants of a file must obey the configured step, as configured ones do.
fn check_tau(config: &ModelConfig, tau: &Tensor) -> Result<()> {
    let values: Vec<f64> = tau.detach().to_dtype(DType::F64)?.to_vec1()?;
    // The step as the data type rounds it: 0.7 ms of f32 are a little less than 0.7.
    let dt: f64 = Tensor::new(config.dt, &Device::Cpu)?.to_dtype(tau.dtype())?.to_dtype(DType::F64)?.to_scalar()?;
    match values.iter().find(|tau| !(tau.is_finite() && **tau >= dt)) {
        Some(tau) => Err(ModelError::config(
            "dt",
            format!("= {} ms exceeds the time constant {tau} ms of a unit; the Euler step needs dt <= tau", config.dt),
        )),
        None => Ok(()),
    }
}
