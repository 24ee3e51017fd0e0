//! A continuous-time recurrent network: parameters, constraints and dynamics of any kind of network.
//!
//! [`VanillaCtrnn`](crate::VanillaCtrnn), [`EiCtrnn`](crate::EiCtrnn) and [`MultiAreaCtrnn`](crate::MultiAreaCtrnn) are this network seen as their kind.
//! The equation is in [`dynamics`](crate::dynamics), the pass through time in [`scan`](crate::scan), the constraints in [`synapses`](crate::synapses).

use candle_core::{D, DType, Device, Tensor, Var};
use candle_nn::{VarBuilder, ops};

use crate::{
    activation::UnitActivations,
    config::{Bias, Form, LearnTau, ModelConfig, NoiseScaling, PerUnit, Readout, Units},
    dynamics::{Coefficient, Dynamics, State, StepNoise, StepParameters},
    error::{ModelError, Result},
    noise::{self, NoiseKey, NoiseStream},
    params::{self, Tensors},
    scan::{ScanNoise, scan},
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
}

/// Noise amplitudes as configured, one or (units).
#[derive(Clone, Debug)]
struct Amplitudes {
    recurrent: Coefficient,
    post: Coefficient,
}

/// What a network did at every step.
#[derive(Clone, Debug)]
pub struct Trajectory {
    /// `x` (batch, steps, units); in the rate form the noise-free rates.
    pub states: Tensor,
    /// `r` (batch, steps, units).
    pub rates: Tensor,
    /// `W_out r + b_out` (batch, steps, outputs), before the readout's nonlinearity.
    pub logits: Tensor,
    /// `z` (batch, steps, outputs).
    pub outputs: Tensor,
    /// The last step, to carry over to another call.
    pub last: State,
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

/// Everything one pass needs of the parameters.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Of the steps.
    pub step: StepParameters,
    w_out_t: Tensor,
    b_out: Option<Tensor>,
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
        let coefficient = |values: Vec<f64>| coefficient(values, vb.dtype(), vb.device());
        let amplitudes = Amplitudes {
            recurrent: coefficient(config.sigma_rec.resolve(&units, "sigma_rec")?)?,
            post: coefficient(config.sigma_post.resolve(&units, "sigma_post")?)?,
        };
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
    /// If `dt` is not positive or exceeds a time constant. Noise given per step keeps its amplitude; see [`NoiseScaling`].
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
        for parameter in self.parameters()? {
            let projected = match parameter.name {
                "w_in" => self.w_in.as_ref().map(Synapses::projected).transpose()?,
                "w_rec" => Some(self.w_rec.projected()?),
                "w_out" => Some(self.w_out.projected()?),
                "tau" => Some(self.tau()?.maximum(self.config.dt)?),
                _ => None,
            };
            if let Some(projected) = projected {
                parameter.var.set(&projected.detach().contiguous()?)?;
            }
        }
        Ok(())
    }

    /// What a step needs of the parameters; compute it once for many steps. Gradients flow through it.
    pub fn effective(&self) -> Result<Effective> {
        let transposed = |tensor: Tensor| -> Result<Tensor> { Ok(tensor.t()?.contiguous()?) };
        let (alpha, leak) = self.leak()?;
        let step = StepParameters {
            w_rec_t: transposed(self.effective_w_rec()?)?,
            w_in_t: self.effective_w_in()?.map(transposed).transpose()?,
            b_rec: (self.config.b_rec != Bias::Off).then(|| self.b_rec.clone()),
            recurrent_noise: self.recurrent_noise(&alpha)?,
            post_noise: self.amplitudes.post.clone(),
            alpha,
            leak,
        };
        let b_out = (self.config.b_out != Bias::Off).then(|| self.b_out.clone());
        Ok(Effective { step, w_out_t: transposed(self.effective_w_out()?)?, b_out })
    }

    /// `alpha` and `1 - alpha`.
    fn leak(&self) -> Result<(Coefficient, Coefficient)> {
        if let (PerUnit::Uniform(tau), LearnTau::Off) = (&self.config.tau, self.config.learn_tau) {
            let alpha = self.config.dt / tau;
            return Ok((Coefficient::Scalar(alpha), Coefficient::Scalar(1.0 - alpha)));
        }
        let alpha = (self.tau()?.recip()? * self.config.dt)?;
        let leak = alpha.affine(-1.0, 1.0)?;
        Ok((Coefficient::PerUnit(alpha), Coefficient::PerUnit(leak)))
    }

    /// Amplitude of the recurrent noise per step.
    fn recurrent_noise(&self, alpha: &Coefficient) -> Result<Coefficient> {
        let sigma = &self.amplitudes.recurrent;
        if self.config.noise_scaling == NoiseScaling::PerStep || sigma.is_zero() {
            return Ok(sigma.clone());
        }
        let factor = match (self.config.form, alpha) {
            (Form::Current, Coefficient::Scalar(alpha)) => Coefficient::Scalar((2.0 * alpha).sqrt()),
            (Form::Rate, Coefficient::Scalar(alpha)) => Coefficient::Scalar((2.0 / alpha).sqrt()),
            (Form::Current, Coefficient::PerUnit(alpha)) => Coefficient::PerUnit((alpha * 2.0)?.sqrt()?),
            (Form::Rate, Coefficient::PerUnit(alpha)) => Coefficient::PerUnit((alpha.recip()? * 2.0)?.sqrt()?),
        };
        Ok(match (factor, sigma) {
            (Coefficient::Scalar(factor), Coefficient::Scalar(sigma)) => Coefficient::Scalar(factor * sigma),
            (Coefficient::Scalar(factor), Coefficient::PerUnit(sigma)) => Coefficient::PerUnit((sigma * factor)?),
            (Coefficient::PerUnit(factor), Coefficient::Scalar(sigma)) => Coefficient::PerUnit((factor * *sigma)?),
            (Coefficient::PerUnit(factor), Coefficient::PerUnit(sigma)) => Coefficient::PerUnit((factor * sigma)?),
        })
    }

    /// The configured start of `batch` trials. A carried start is zero here: hand the previous call's [`Trajectory::last`] to [`unroll`](Self::unroll).
    pub fn start(&self, batch: usize) -> Result<State> {
        let n = self.units.len();
        self.dynamics.start(self.x0.reshape((1, n))?.broadcast_as((batch, n))?.contiguous()?)
    }

    /// The state with `x` = `states` (batch, units) and the rates that belong to it.
    ///
    /// # Errors
    /// If the shape is not (batch, units).
    pub fn start_from(&self, states: &Tensor) -> Result<State> {
        match states.dims() {
            [_, units] if *units == self.units.len() => self.dynamics.start(states.to_device(self.device())?.to_dtype(self.dtype())?),
            dims => Err(ModelError::Shape(format!("the start state has shape {dims:?}, but must be (batch, {} units)", self.units.len()))),
        }
    }

    /// One step of the dynamics from `previous` under `input` (batch, inputs).
    pub fn step(&self, effective: &Effective, previous: &State, input: &Tensor, noise: &StepNoise) -> Result<State> {
        self.dynamics.step(&effective.step, previous, input, noise)
    }

    /// Logits and outputs (batch, .., outputs) of `rates` (batch, .., units).
    pub fn readout(&self, effective: &Effective, rates: &Tensor) -> Result<(Tensor, Tensor)> {
        let logits = rates.broadcast_matmul(&effective.w_out_t)?;
        let logits = match &effective.b_out {
            Some(bias) => logits.broadcast_add(bias)?,
            None => logits,
        };
        let outputs = match self.config.readout {
            Readout::Linear => logits.clone(),
            Readout::Sigmoid => ops::sigmoid(&logits)?,
            Readout::Softmax => ops::softmax(&logits, D::Minus1)?,
        };
        Ok((logits, outputs))
    }

    /// Runs `inputs` (batch, steps, inputs) through the network: states, rates and outputs of every step.
    ///
    /// `start` replaces the configured start state (`None`); `noise` switches the network's noise on.
    ///
    /// # Errors
    /// If the inputs are not (batch >= 1, steps >= 1, inputs) or the start does not fit the batch.
    pub fn unroll(&self, inputs: &Tensor, start: Option<&State>, noise: Option<NoiseKey>) -> Result<Trajectory> {
        let (batch, steps) = self.check_inputs(inputs)?;
        let n = self.units.len();
        let start = match start {
            Some(start) if start.state.dims() == [batch, n] && start.rate.dims() == [batch, n] => start.clone(),
            Some(start) => {
                return Err(ModelError::Shape(format!(
                    "the start state has shape {:?}, but the inputs ask for ({batch} trials, {n} units)",
                    start.state.dims()
                )));
            }
            None => self.start(batch)?,
        };
        let effective = self.effective()?;
        let noise = self.scan_noise(&effective.step, noise, (steps, batch, n))?;
        let scanned = scan(&self.dynamics, &effective.step, inputs, start, &noise)?;
        let flat = scanned.rates.reshape((batch * steps, n))?;
        let (logits, outputs) = self.readout(&effective, &flat)?;
        let shape = (batch, steps, self.config.outputs);
        Ok(Trajectory {
            states: scanned.states,
            rates: scanned.rates,
            logits: logits.reshape(shape)?,
            outputs: outputs.reshape(shape)?,
            last: scanned.last,
        })
    }

    fn check_inputs(&self, inputs: &Tensor) -> Result<(usize, usize)> {
        match inputs.dims() {
            [batch, steps, channels] if *batch > 0 && *steps > 0 && *channels == self.config.inputs => Ok((*batch, *steps)),
            dims => Err(ModelError::Shape(format!(
                "the inputs have shape {dims:?}, but this network needs (batch, steps, {} inputs), none of the first two 0",
                self.config.inputs
            ))),
        }
    }

    fn scan_noise(&self, parameters: &StepParameters, key: Option<NoiseKey>, shape: (usize, usize, usize)) -> Result<ScanNoise> {
        let Some(key) = key else { return Ok(ScanNoise::default()) };
        let draw = |wanted: bool, stream| -> Result<Option<Tensor>> {
            wanted.then(|| noise::gaussian(key, stream, shape, self.dtype(), self.device())).transpose()
        };
        Ok(ScanNoise {
            recurrent: draw(!parameters.recurrent_noise.is_zero(), NoiseStream::Recurrent)?,
            post: draw(!parameters.post_noise.is_zero(), NoiseStream::PostActivation)?,
        })
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

/// A single number if all values agree, else a tensor.
fn coefficient(values: Vec<f64>, dtype: DType, device: &Device) -> Result<Coefficient> {
    if values.iter().all(|value| *value == values[0]) {
        return Ok(Coefficient::Scalar(values[0]));
    }
    Ok(Coefficient::PerUnit(Tensor::new(values, device)?.to_dtype(dtype)?))
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
