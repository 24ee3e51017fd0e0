//! What one pass needs of the parameters, computed once: effective weights, leak and noise amplitudes.

use candle_core::{DType, Device, Tensor};

use super::{Ctrnn, Layer};
use crate::{
    config::{Bias, Form, LearnTau, ModelConfig, NoiseScaling, PerUnit, Units},
    dynamics::{Coefficient, StepParameters},
    error::{ModelError, Result},
};

/// Everything one pass needs of the parameters.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Of the layers below the last, from the input on; none unless the network is stacked. Their readout is one row of
    /// zeros: a pass has one, and nothing reads it.
    pub below: Vec<Effective>,
    /// Of the steps; in a stacked network those of the last layer.
    pub step: StepParameters,
    /// `W_out` (outputs, units of the layer).
    pub w_out: Tensor,
    /// `b_out` (outputs); `None` without bias.
    pub b_out: Option<Tensor>,
}

impl Effective {
    /// Of each layer, from the input on.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Self> {
        self.below.iter().chain([self])
    }

    /// `W_out r + b_out` (rows, outputs) of `rates` (rows, units).
    pub(crate) fn logits(&self, rates: &Tensor) -> Result<Tensor> {
        let logits = rates.matmul(&self.w_out.t()?)?;
        Ok(match &self.b_out {
            Some(bias) => logits.broadcast_add(bias)?,
            None => logits,
        })
    }
}

/// Noise amplitudes as configured, one or (units).
#[derive(Clone, Debug)]
pub(super) struct Amplitudes {
    recurrent: Coefficient,
    post: Coefficient,
}

impl Amplitudes {
    pub(super) fn new(config: &ModelConfig, units: &Units, dtype: DType, device: &Device) -> Result<Self> {
        let coefficient = |values: Vec<f64>| coefficient(values, dtype, device);
        Ok(Self {
            recurrent: coefficient(config.sigma_rec.resolve(units, "sigma_rec")?)?,
            post: coefficient(config.sigma_post.resolve(units, "sigma_post")?)?,
        })
    }
}

impl Ctrnn {
    /// What a step needs of the parameters; compute it once for many steps. Gradients flow through it.
    pub fn effective(&self) -> Result<Effective> {
        let mut steps = self.layers.iter().map(Layer::step_parameters).collect::<Result<Vec<_>>>()?;
        let step = steps.pop().ok_or_else(|| ModelError::Shape("a network without layers has no step".into()))?;
        let unread = |step: StepParameters| {
            let w_out = Tensor::zeros((1, step.w_rec.dim(0)?), self.dtype(), self.device())?;
            Ok(Effective { below: Vec::new(), step, w_out, b_out: None })
        };
        let b_out = (self.config.b_out != Bias::Off).then(|| self.b_out.clone());
        Ok(Effective {
            below: steps.into_iter().map(unread).collect::<Result<_>>()?,
            step,
            w_out: self.w_out.effective()?,
            b_out,
        })
    }
}

impl Layer {
    fn step_parameters(&self) -> Result<StepParameters> {
        let (alpha, leak) = self.leak()?;
        Ok(StepParameters {
            w_rec: self.effective_w_rec()?,
            w_in: self.effective_w_in()?,
            b_rec: (self.config.b_rec != Bias::Off).then(|| self.b_rec.clone()),
            recurrent_noise: self.recurrent_noise(&alpha)?,
            post_noise: self.amplitudes.post.clone(),
            alpha,
            leak,
        })
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
}

/// A single number if all values agree, else a tensor.
fn coefficient(values: Vec<f64>, dtype: DType, device: &Device) -> Result<Coefficient> {
    if values.iter().all(|value| *value == values[0]) {
        return Ok(Coefficient::Scalar(values[0]));
    }
    Ok(Coefficient::PerUnit(Tensor::new(values, device)?.to_dtype(dtype)?))
}
