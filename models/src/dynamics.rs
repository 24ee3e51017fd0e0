//! One Euler step of a continuous-time recurrent network.
//!
//! ```text
//! current form   x_t = (1 - alpha) x_{t-1} + alpha (W_rec r_{t-1} + W_in u_t + b_rec) + s xi_t
//!                r_t = f(x_t) + sigma_post zeta_t
//! rate form      x_t = (1 - alpha) x_{t-1} + alpha f(W_rec r_{t-1} + W_in u_t + b_rec + s xi_t)
//!                r_t = x_t + sigma_post zeta_t
//! blend form     x_t = f((1 - alpha) x_{t-1} + alpha (W_rec r_{t-1} + W_in u_t + b_rec) + s xi_t)
//!                r_t = x_t + sigma_post zeta_t
//!
//! start          r_0 = f(x_0) (current form), x_0 (rate form, blend form)
//! continuous     s = sqrt(2 alpha) sigma_rec (current form, blend form), sqrt(2 / alpha) sigma_rec (rate form)
//! per step       s = sigma_rec
//! ```
//!
//! | symbol | name | unit, shape |
//! |---|---|---|
//! | `x` | state: the current, or in the rate and the blend form the noise-free rate | (batch, units) |
//! | `r` | rate | (batch, units) |
//! | `u` | input | (batch, inputs) |
//! | `alpha = dt / tau` | leak fraction | (0, 1], one or (units) |
//! | `s` | noise amplitude | one or (units) |
//! | `xi`, `zeta` | unit Gaussians | (batch, units) |
//!
//! Song, Yang & Wang 2016, doi:10.1371/journal.pcbi.1004792 (current form); Yang et al. 2019,
//! doi:10.1038/s41593-018-0310-2 (rate form); Masse et al. 2019, doi:10.1038/s41593-019-0414-3, and the tutorials of
//! Yang & Wang 2020, doi:10.1016/j.neuron.2020.09.005 (blend form). Where `alpha` = 1, the rate and the blend form are
//! the same. With relu they differ only where the total current is negative: there rates fall faster in the blend
//! form. As `dt` goes to 0, the blend form has a limit only where `f` leaves rates as they are (linear, relu): any
//! other `f` is applied to them once a step, however short.

use candle_core::Tensor;

use crate::{
    activation::{Activation, UnitActivations},
    config::Form,
    error::Result,
};

/// A quantity that multiplies every unit: one number, or one for each unit.
#[derive(Clone, Debug)]
pub enum Coefficient {
    /// The same for all units.
    Scalar(f64),
    /// One per unit (units).
    PerUnit(Tensor),
}

impl Coefficient {
    /// The product with `x` (batch, units).
    pub fn scale(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Scalar(value) => x * *value,
            Self::PerUnit(values) => x.broadcast_mul(values),
        }
    }

    /// Whether it is zero for all units.
    pub fn is_zero(&self) -> bool {
        matches!(self, Self::Scalar(0.0))
    }
}

/// What a step needs of the parameters, computed once for all steps.
#[derive(Clone, Debug)]
pub struct StepParameters {
    /// `W_rec` (units, units).
    pub w_rec: Tensor,
    /// `W_in` (units, inputs); `None` without inputs.
    pub w_in: Option<Tensor>,
    /// `b_rec` (units); `None` without bias.
    pub b_rec: Option<Tensor>,
    /// `alpha`
    pub alpha: Coefficient,
    /// `1 - alpha`
    pub leak: Coefficient,
    /// Noise amplitude `s`.
    pub recurrent_noise: Coefficient,
    /// `sigma_post`
    pub post_noise: Coefficient,
}

/// What a network carries from one step to the next.
#[derive(Clone, Debug)]
pub struct State {
    /// `x` (batch, units).
    pub state: Tensor,
    /// `r` (batch, units).
    pub rate: Tensor,
}

impl State {
    /// The same state as a constant: no gradient flows into what made it.
    pub fn detach(&self) -> Self {
        Self { state: self.state.detach(), rate: self.rate.detach() }
    }
}

/// The unit Gaussians of one step, each (batch, units).
#[derive(Clone, Debug, Default)]
pub struct StepNoise {
    /// `xi`; `None` is no recurrent noise.
    pub recurrent: Option<Tensor>,
    /// `zeta`; `None` is no noise after the activation.
    pub post: Option<Tensor>,
}

/// Form of the equation and activation functions.
#[derive(Clone, Debug)]
pub struct Dynamics {
    form: Form,
    activation: UnitActivations,
}

impl Dynamics {
    pub(crate) fn new(form: Form, activation: UnitActivations) -> Self {
        Self { form, activation }
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    pub(crate) fn activation(&self) -> &UnitActivations {
        &self.activation
    }

    /// The activation of each unit.
    pub(crate) fn activations(&self) -> &[Activation] {
        self.activation.per_unit()
    }

    /// The state with `x = state` (batch, units) and its rate.
    pub fn start(&self, state: Tensor) -> Result<State> {
        let rate = match self.form {
            Form::Current => self.activation.forward(&state)?,
            Form::Rate | Form::Blend => state.clone(),
        };
        Ok(State { state, rate })
    }

    /// One step from `previous` under `input` (batch, inputs).
    pub fn step(
        &self,
        parameters: &StepParameters,
        previous: &State,
        input: &Tensor,
        noise: &StepNoise,
    ) -> Result<State> {
        let recurrent_noise = match &noise.recurrent {
            Some(xi) => Some(parameters.recurrent_noise.scale(xi)?),
            None => None,
        };
        let current = total_current(parameters, &previous.rate, input)?;
        // The leak stands on the left: candle's backward then descends three tensors a step, not seven.
        let leaked = parameters.leak.scale(&previous.state)?;
        let (state, rate) = match self.form {
            Form::Current => {
                let integrated = (leaked + parameters.alpha.scale(&current)?)?;
                let state = add(integrated, recurrent_noise)?;
                let rate = self.activation.forward(&state)?;
                (state, rate)
            }
            Form::Rate => {
                let driven = self.activation.forward(&add(current, recurrent_noise)?)?;
                let state = (leaked + parameters.alpha.scale(&driven)?)?;
                (state.clone(), state)
            }
            Form::Blend => {
                let integrated = (leaked + parameters.alpha.scale(&current)?)?;
                let state = self.activation.forward(&add(integrated, recurrent_noise)?)?;
                (state.clone(), state)
            }
        };
        let rate = match &noise.post {
            Some(zeta) => (rate + parameters.post_noise.scale(zeta)?)?,
            None => rate,
        };
        Ok(State { state, rate })
    }
}

/// `W_rec r + W_in u + b_rec` (batch, units).
fn total_current(parameters: &StepParameters, rate: &Tensor, input: &Tensor) -> Result<Tensor> {
    let recurrent = rate.matmul(&parameters.w_rec.t()?)?;
    let with_input = match &parameters.w_in {
        Some(w_in) => (recurrent + input.matmul(&w_in.t()?)?)?,
        None => recurrent,
    };
    Ok(match &parameters.b_rec {
        Some(bias) => with_input.broadcast_add(bias)?,
        None => with_input,
    })
}

fn add(x: Tensor, noise: Option<Tensor>) -> Result<Tensor> {
    Ok(match noise {
        Some(noise) => (x + noise)?,
        None => x,
    })
}
