//! Keeps the gradient from vanishing or exploding on its way back through time.
//!
//! ```text
//! g_t = dE / dx_t                                        E the loss of the task alone
//! h_t = (1 - alpha) g_{t+1} + f'(x_t) (alpha g_{t+1}) W_rec
//! Omega = mean over trials and steps t with |g_{t+1}|^2 >= 1e-20 of ( |h_t|^2 / |g_{t+1}|^2 - 1 )^2
//! ```
//!
//! | symbol | name | shape |
//! |---|---|---|
//! | `g` | gradient of the loss with respect to the state (row vectors) | (batch, steps, units) |
//! | `h` | the part of `g_t` that arrives through the next step | (batch, steps - 1, units) |
//! | `x` | state | (batch, steps, units) |
//! | `alpha` | leak fraction | one or (units) |
//! | `W_rec` | effective recurrent weights | (units, units) |
//!
//! The gradient of Omega is its immediate derivative: `g` and `x` are constants, so that it reaches `w_rec` only. With nothing to average, Omega
//! is 0. It is defined for the current form; the step from the start state to the first step is left out.
//!
//! Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063; Song, Yang & Wang 2016, doi:10.1371/journal.pcbi.1004792, who weigh it by 2. Summed over steps
//! and divided by the mean number of steps that count, as they write it, is this mean. With several time constants, the `alpha` of the postsynaptic
//! unit belongs inside the product with `W_rec`, as above.

use candle_core::{D, Tensor, Var};
use nn4n_models::{Form, dynamics::Coefficient};

use super::Context;
use crate::{
    error::{Error, Result},
    train::loss::ratio,
};

/// Squared norm of a gradient below which it counts as none.
const NO_GRADIENT: f64 = 1e-20;

/// Omega: a scalar.
///
/// # Errors
/// If the network is in the rate form.
pub fn vanishing_gradient(context: &Context) -> Result<Tensor> {
    if context.model.config().form != Form::Current {
        return Err(Error::setting(
            "train.regularisers.vanishing_gradient",
            "is defined for networks in the current form, but `model.form` is \"rate\"; change the form, or remove this regulariser",
        ));
    }
    let adjoint = Adjoint::new(context)?;
    omega(&adjoint, &context.model.effective_w_rec()?, &context.batch.valid)
}

/// What Omega needs as constants.
struct Adjoint {
    /// `g` (batch, steps, units)
    gradients: Tensor,
    /// `f'(x)` (batch, steps, units)
    slopes: Tensor,
    alpha: Coefficient,
    leak: Coefficient,
}

impl Adjoint {
    fn new(context: &Context) -> Result<Self> {
        let frozen = context.model.frozen();
        let step = frozen.effective()?.step;
        let slopes = slopes(context)?;
        let direct = (direct_gradients(context)? * &slopes)?;
        let n_steps = direct.dim(1)?;
        let w_rec = frozen.effective_w_rec()?;
        let mut gradients = Vec::with_capacity(n_steps);
        let mut next: Option<Tensor> = None;
        for t in (0..n_steps).rev() {
            let through_loss = direct.narrow(1, t, 1)?.squeeze(1)?;
            let gradient = match &next {
                Some(next) => (through_loss + arriving(next, &slopes.narrow(1, t, 1)?.squeeze(1)?, &w_rec, &step.alpha, &step.leak)?)?,
                None => through_loss,
            };
            gradients.push(gradient.clone());
            next = Some(gradient);
        }
        gradients.reverse();
        Ok(Self { gradients: Tensor::stack(&gradients, 1)?, slopes, alpha: step.alpha, leak: step.leak })
    }
}

/// `(1 - alpha) g + f'(x) (alpha g) W_rec` of `g` and `f'(x)` (rows, units).
fn arriving(gradients: &Tensor, slopes: &Tensor, w_rec: &Tensor, alpha: &Coefficient, leak: &Coefficient) -> Result<Tensor> {
    let through_synapses = alpha.scale(gradients)?.matmul(w_rec)?;
    Ok((leak.scale(gradients)? + (through_synapses * slopes)?)?)
}

/// `dE/dr` (batch, steps, units) through the output of the same step.
fn direct_gradients(context: &Context) -> Result<Tensor> {
    let rates = Var::from_tensor(&context.trajectory.rates.detach())?;
    let frozen = context.model.frozen();
    let (logits, outputs) = frozen.readout(&frozen.effective()?, &rates)?;
    let loss = context.loss.value(context.model.config().readout, &logits, &outputs, context.batch)?;
    gradient(&loss, &rates)
}

/// `f'(x)` (batch, steps, units).
fn slopes(context: &Context) -> Result<Tensor> {
    let (batch, steps, units) = context.trajectory.states.dims3()?;
    let states = Var::from_tensor(&context.trajectory.states.detach().reshape((batch * steps, units))?)?;
    let rates = context.model.start_from(&states)?.rate;
    Ok(gradient(&rates.sum_all()?, &states)?.reshape((batch, steps, units))?)
}

fn gradient(scalar: &Tensor, variable: &Var) -> Result<Tensor> {
    Ok(match scalar.backward()?.get(variable) {
        Some(gradient) => gradient.detach(),
        None => variable.zeros_like()?,
    })
}

/// Omega as a function of the recurrent weights (units, units), all else constant.
fn omega(adjoint: &Adjoint, w_rec: &Tensor, valid: &Tensor) -> Result<Tensor> {
    let (batch, steps, units) = adjoint.gradients.dims3()?;
    let pairs = steps - 1;
    if pairs == 0 {
        return Ok(Tensor::zeros((), w_rec.dtype(), w_rec.device())?);
    }
    let rows = |tensor: Tensor| tensor.contiguous()?.reshape((batch * pairs, units));
    let gradients = rows(adjoint.gradients.narrow(1, 1, pairs)?)?;
    let slopes = rows(adjoint.slopes.narrow(1, 0, pairs)?)?;
    let arriving = arriving(&gradients, &slopes, w_rec, &adjoint.alpha, &adjoint.leak)?.sqr()?.sum(D::Minus1)?;
    let leaving = gradients.sqr()?.sum(D::Minus1)?;
    let within = valid.narrow(1, 1, pairs)?.flatten_all()?.gt(0.0)?;
    let counted = (leaving.ge(NO_GRADIENT)? * within)?;
    let divisor = counted.where_cond(&leaving, &leaving.ones_like()?)?;
    let counted = counted.to_dtype(leaving.dtype())?;
    let terms = ((arriving / divisor)? - 1.0)?.sqr()?;
    ratio(&(terms * &counted)?.sum_all()?, &counted.sum_all()?)
}
