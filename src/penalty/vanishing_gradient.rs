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
//! The gradient of Omega is its immediate derivative: `g` and `x` are constants, so that it reaches `w_rec` only. With
//! nothing to average, Omega is 0. It is defined for the current form; the step from the start state to the first step
//! is left out.
//!
//! Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063; Song, Yang & Wang 2016, doi:10.1371/journal.pcbi.1004792, who weigh
//! it by 2. Summed over steps and divided by the mean number of steps that count, as they write it, is this mean. With
//! several time constants, the `alpha` of the postsynaptic unit belongs inside the product with `W_rec`, as above.
//!
//! In training on the CPU the way back of the loss finds Omega and its gradient as it goes
//! ([`Omega`]); what is below is the definition, and the way of other devices.

use candle_core::{D, Tensor, Var};
use nn4n_models::{Form, ModelConfig, Omega, dynamics::Coefficient};

use super::Context;
use crate::{
    error::{Error, Result},
    loss::ratio,
};

/// Squared norm of a gradient below which it counts as none.
const NO_GRADIENT: f64 = 1e-20;

/// Omega, which the way back of a pass on the CPU finds as it goes; `None` where there is no such pass.
pub(super) fn on_the_way_back(context: &Context) -> Result<Option<Omega>> {
    check_fit(context.model.config())?;
    Ok(context.trajectory.omega(&context.batch.valid)?)
}

/// Omega: a scalar. The loss is gone back through for it here, step by step, on any device.
///
/// # Errors
/// If the network is not in the current form, or stacked.
pub fn vanishing_gradient(context: &Context) -> Result<Tensor> {
    check_fit(context.model.config())?;
    let adjoint = Adjoint::new(context)?;
    omega(&adjoint, &context.model.effective_w_rec()?, &context.batch.valid)
}

/// Refuses the other forms and layers, where gradients have another recursion.
pub(super) fn check_fit(model: &ModelConfig) -> Result<()> {
    let refused = |message: &str| Err(Error::setting("train.regularisers.vanishing_gradient", message));
    if model.form != Form::Current {
        return refused(&format!(
            "is defined for networks in the current form, but `model.form` is \"{}\"; change the form, or remove this \
            regulariser",
            model.form
        ));
    }
    if model.kind.has_layers() {
        return refused(
            "is defined for gradients that go back through time, but in a stacked network they go back through \
            layers, too; remove this regulariser",
        );
    }
    Ok(())
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
                Some(next) => {
                    (through_loss
                        + arriving(next, &slopes.narrow(1, t, 1)?.squeeze(1)?, &w_rec, &step.alpha, &step.leak)?)?
                }
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
fn arriving(
    gradients: &Tensor,
    slopes: &Tensor,
    w_rec: &Tensor,
    alpha: &Coefficient,
    leak: &Coefficient,
) -> Result<Tensor> {
    let through_synapses = alpha.scale(gradients)?.matmul(w_rec)?;
    Ok((leak.scale(gradients)? + (through_synapses * slopes)?)?)
}

/// `dE/dr` (batch, steps, units) through the output of the same step.
fn direct_gradients(context: &Context) -> Result<Tensor> {
    let rates = Var::from_tensor(&context.trajectory.rates()?.detach())?;
    let frozen = context.model.frozen();
    let (logits, outputs) = frozen.readout(&frozen.effective()?, &rates)?;
    let loss = context.loss.value(context.model.config().nonlinearity(), &logits, &outputs, context.batch)?;
    gradient(&loss, &rates)
}

/// `f'(x)` (batch, steps, units).
fn slopes(context: &Context) -> Result<Tensor> {
    let (batch, steps, units) = context.trajectory.states()?.dims3()?;
    let states = Var::from_tensor(&context.trajectory.states()?.detach().reshape((batch * steps, units))?)?;
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

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use nn4n_models::{Activation, Ctrnn, Init, LayerConfig, MatrixConfig, Start, Values};

    use super::{
        super::testing::{
            assert_close, assert_gradient, differences, evaluate, network, number, numbers, simulate, trials, w_rec,
        },
        *,
    };
    use crate::{loss::Loss, simulate::TensorBatch};

    fn of(init: Vec<Vec<f64>>) -> MatrixConfig {
        MatrixConfig { init: Some(Init::Array(init)), ..MatrixConfig::default() }
    }

    #[test]
    fn omega_matches_a_hand_worked_number() -> Result<()> {
        let config = ModelConfig::vanilla(0, 2, 1)
            .start(Start::Constant(Values::Each(vec![1.0, 1.5])))
            .w_rec(of(vec![vec![0.0, 1.0], vec![-3.0, 0.0]]))
            .w_out(of(vec![vec![1.0, 0.0]]));
        let model = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu)?;
        let ones = Tensor::ones((2, 2, 1), DType::F64, &Device::Cpu)?;
        // The last step of the first trial alone is graded.
        let loss_mask = Tensor::new(&[[[0.0], [1.0]], [[0.0], [0.0f64]]], &Device::Cpu)?;
        let inputs = Tensor::zeros((2, 2, 0), DType::F64, &Device::Cpu)?;
        let batch = TensorBatch { inputs, targets: ones.zeros_like()?, loss_mask, valid: ones, n_steps: vec![2, 2] };
        // The states are (1.1, 0.6) and (1, -0.18). g_2 is along (1, 0), so h_1 is along (0.8, 0.2), and (0.68 - 1)^2 =
        // 0.1024.
        assert_close(number(&evaluate(&model, &batch, vanishing_gradient)?), 0.1024);
        Ok(())
    }

    #[test]
    fn gradients_of_the_states_match_finite_differences() -> Result<()> {
        for activation in [Activation::Softplus, Activation::Relu] {
            let (model, batch) = (network(activation)?, trials(6)?);
            let trajectory = model.unroll(&batch.inputs, None, None)?;
            let context = Context { model: &model, trajectory: &trajectory, batch: &batch, loss: Loss::MaskedMse };
            let found = Adjoint::new(&context)?.gradients;
            let effective = model.effective()?;
            for t in 0..6 {
                // The loss as a function of the states at t, run on from there.
                let states = Var::from_tensor(&trajectory.states()?.narrow(1, t, 1)?.squeeze(1)?)?;
                let loss = || -> Result<f64> {
                    let mut state = model.start_from(&states)?;
                    let mut rates: Vec<Tensor> =
                        (0..t).map(|t| Ok(trajectory.rates()?.narrow(1, t, 1)?.squeeze(1)?)).collect::<Result<_>>()?;
                    rates.push(state.rate.clone());
                    for t in t + 1..6 {
                        state = model.step(
                            &effective,
                            &state,
                            &batch.inputs.narrow(1, t, 1)?.squeeze(1)?,
                            &Default::default(),
                        )?;
                        rates.push(state.rate.clone());
                    }
                    let (logits, outputs) = model.readout(&effective, &Tensor::stack(&rates, 1)?)?;
                    Ok(number(&Loss::MaskedMse.value(model.config().nonlinearity(), &logits, &outputs, &batch)?))
                };
                let wanted = differences(&states, || loss().unwrap());
                assert_gradient(&format!("{activation} at step {t}"), &found.narrow(1, t, 1)?, &wanted, 15);
            }
        }
        Ok(())
    }

    #[test]
    fn the_gradient_of_omega_is_its_immediate_derivative_and_reaches_the_recurrent_weights_only() -> Result<()> {
        let (model, batch) = (network(Activation::Softplus)?, trials(6)?);
        let trajectory = simulate(&model, &batch, 0.0)?;
        let context = Context { model: &model, trajectory: &trajectory, batch: &batch, loss: Loss::MaskedMse };
        let adjoint = Adjoint::new(&context)?;
        let variable = w_rec(&model);
        let wanted = differences(&variable, || {
            number(&omega(&adjoint, &model.effective_w_rec().unwrap(), &batch.valid).unwrap())
        });
        let gradients = vanishing_gradient(&context)?.backward()?;
        for parameter in model.parameters()? {
            match gradients.get(&parameter.var) {
                Some(gradient) if parameter.name == "w_rec" => assert_gradient("omega", gradient, &wanted, 10),
                Some(gradient) => assert!(numbers(gradient).iter().all(|value| *value == 0.0), "{}", parameter.name),
                None => assert_ne!(parameter.name, "w_rec"),
            }
        }
        Ok(())
    }

    #[test]
    fn steps_without_gradient_count_as_none() -> Result<()> {
        let (model, batch) = (network(Activation::Softplus)?, trials(6)?);
        let ungraded = TensorBatch { loss_mask: batch.loss_mask.zeros_like()?, ..batch };
        assert_eq!(number(&evaluate(&model, &ungraded, vanishing_gradient)?), 0.0);
        Ok(())
    }

    #[test]
    fn the_other_forms_and_layers_are_refused() -> Result<()> {
        let message = |config: ModelConfig| -> Result<String> {
            let model = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu)?;
            Ok(evaluate(&model, &trials(6)?, vanishing_gradient).unwrap_err().to_string())
        };
        for form in [Form::Rate, Form::Blend] {
            let found = message(ModelConfig::ei(2, 5, 2).form(form))?;
            assert!(found.contains("current form, but") && found.contains(&form.to_string()), "{found}");
        }
        assert!(message(ModelConfig::stacked(2, 2, [LayerConfig::new("one", 5)]))?.contains("through layers"));
        Ok(())
    }
}
