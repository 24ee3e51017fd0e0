//! From the parameters of a network to what a pass needs of them.

use super::{layer::Layer, network::Ctrnn};
use crate::{
    config::{Bias, Form, LearnTau, NoiseScaling, PerUnit},
    dynamics::{Coefficient, StepParameters},
    effective::{Effective, ReadoutParameters},
    error::Result,
};

impl Ctrnn {
    /// What a step needs of the parameters; compute it once for many steps. Gradients flow through it.
    pub fn effective(&self) -> Result<Effective> {
        let (below, last) = self.below_and_last();
        Ok(Effective {
            below: below.iter().map(Layer::step_parameters).collect::<Result<_>>()?,
            step: last.step_parameters()?,
            readout: ReadoutParameters {
                w_out: self.w_out.effective()?,
                b_out: (*self.config.output_bias() != Bias::Off).then(|| self.b_out.clone()),
            },
        })
    }
}

impl Layer {
    fn step_parameters(&self) -> Result<StepParameters> {
        let (alpha, leak) = self.leak()?;
        Ok(StepParameters {
            w_rec: self.effective_w_rec()?,
            w_in: self.effective_w_in()?,
            b_rec: (*self.config.unit_bias() != Bias::Off).then(|| self.b_rec.clone()),
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
            (Form::Current | Form::Blend, Coefficient::Scalar(alpha)) => Coefficient::Scalar((2.0 * alpha).sqrt()),
            (Form::Rate, Coefficient::Scalar(alpha)) => Coefficient::Scalar((2.0 / alpha).sqrt()),
            (Form::Current | Form::Blend, Coefficient::PerUnit(alpha)) => Coefficient::PerUnit((alpha * 2.0)?.sqrt()?),
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
