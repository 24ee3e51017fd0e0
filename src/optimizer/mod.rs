//! Optimisers with a state that is saved and restored bit for bit: gradient descent, Adam, AdamW.
//!
//! ```text
//! sgd     d = -lr v                                  v = momentum v + g
//! adam    d = -lr m^ / (sqrt(v^) + epsilon)          m, v running means of g, g^2; ^ corrected for their start at 0
//! adamw   d = adam's - lr weight_decay w             (weight matrices only)
//!
//! w <- w + plastic . d                               tau <- tau exp(d), with g taken with respect to log tau
//! ```
//!
//! `plastic` multiplies the update, not the gradient, so it means the same under every optimiser. After the update the
//! network projects its parameters onto their constraints. Adam: Kingma & Ba 2015, arXiv:1412.6980; AdamW: Loshchilov &
//! Hutter 2019, arXiv:1711.05101.

mod fused;
mod schedule;

use std::collections::btree_map::Entry;

use candle_core::Tensor;
use nn4n_models::{Parameter, Tensors, host::has_passes};
use serde::{Deserialize, Serialize};

pub use schedule::Schedule;

use crate::error::{
    Error, Result,
    rules::{fraction, not_negative, positive},
};

/// An optimiser, `{ kind = "adam", beta1 = 0.9 }` in TOML.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    deny_unknown_fields,
    expecting = "an optimizer, as in { kind = \"adam\" }"
)]
pub enum OptimizerConfig {
    /// Gradient descent.
    Sgd {
        /// Momentum in [0, 1); 0 if left out.
        #[serde(default)]
        momentum: f64,
    },
    /// Adam.
    Adam {
        /// Decay of the mean gradient; 0.9 if left out.
        #[serde(default = "beta1")]
        beta1: f64,
        /// Decay of the mean squared gradient; 0.999 if left out.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Keeps the quotient finite; 1e-8 if left out.
        #[serde(default = "epsilon")]
        epsilon: f64,
    },
    /// Adam with decoupled weight decay.
    Adamw {
        /// Decay of the mean gradient; 0.9 if left out.
        #[serde(default = "beta1")]
        beta1: f64,
        /// Decay of the mean squared gradient; 0.999 if left out.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Keeps the quotient finite; 1e-8 if left out.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// Decay of the weight matrices per unit of learning rate; 0.01 if left out.
        #[serde(default = "weight_decay")]
        weight_decay: f64,
    },
}

fn beta1() -> f64 {
    0.9
}

fn beta2() -> f64 {
    0.999
}

fn epsilon() -> f64 {
    1e-8
}

fn weight_decay() -> f64 {
    0.01
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self::Adam { beta1: beta1(), beta2: beta2(), epsilon: epsilon() }
    }
}

impl OptimizerConfig {
    /// The optimiser of that name with its usual settings.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "sgd" => Ok(Self::Sgd { momentum: 0.0 }),
            "adam" => Ok(Self::default()),
            "adamw" => {
                Ok(Self::Adamw { beta1: beta1(), beta2: beta2(), epsilon: epsilon(), weight_decay: weight_decay() })
            }
            _ => Err(Error::setting("train.optimizer", format!("`{name}` is unknown; use sgd, adam or adamw"))),
        }
    }

    /// The running means it keeps of every parameter.
    pub(crate) fn moments(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd { momentum: 0.0 } => &[],
            Self::Sgd { .. } => &["v"],
            Self::Adam { .. } | Self::Adamw { .. } => &["m", "v"],
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let below_one = |field: &str, value: f64| {
            fraction(field, value)?;
            if value < 1.0 { Ok(()) } else { Err(Error::setting(format!("train.{field}"), "must be < 1, but is 1")) }
        };
        match *self {
            Self::Sgd { momentum } => below_one("optimizer.momentum", momentum),
            Self::Adam { beta1, beta2, epsilon } | Self::Adamw { beta1, beta2, epsilon, .. } => {
                below_one("optimizer.beta1", beta1)?;
                below_one("optimizer.beta2", beta2)?;
                positive("optimizer.epsilon", epsilon)
            }
        }?;
        match *self {
            Self::Adamw { weight_decay, .. } => not_negative("optimizer.weight_decay", weight_decay),
            _ => Ok(()),
        }
    }
}

/// An optimiser and its state; [`Trainer`](crate::Trainer) has one.
#[doc(hidden)]
#[derive(Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    /// Steps done.
    steps: u64,
    /// `m.NAME`, `v.NAME`
    moments: Tensors,
}

impl Optimizer {
    /// An optimiser that has done no step.
    pub fn new(config: OptimizerConfig) -> Self {
        Self { config, steps: 0, moments: Tensors::new() }
    }

    /// An optimiser that has done `steps` and goes on with the moments of [`state`](Self::state), of which it makes
    /// copies.
    pub fn resume(config: OptimizerConfig, steps: u64, moments: &Tensors) -> Result<Self> {
        let copy = |(name, moment): (&String, &Tensor)| Ok((name.clone(), moment.copy()?));
        Ok(Self { config, steps, moments: moments.iter().map(copy).collect::<Result<_>>()? })
    }

    /// The running moments, by name. The next step changes them in place.
    pub fn state(&self) -> &Tensors {
        &self.moments
    }

    /// Updates every parameter along its gradient. The two lists are in the same order.
    pub fn step(&mut self, parameters: &[Parameter], gradients: &[Tensor], learning_rate: f64) -> Result<()> {
        self.steps += 1;
        for (parameter, gradient) in parameters.iter().zip(gradients) {
            // Time constants are few.
            if has_passes(parameter.var.device()) && !parameter.logarithmic {
                self.step_in_place(parameter, gradient, learning_rate)?;
            } else {
                self.step_by_ops(parameter, gradient, learning_rate)?;
            }
        }
        Ok(())
    }

    fn step_in_place(&mut self, parameter: &Parameter, gradient: &Tensor, learning_rate: f64) -> Result<()> {
        for kind in self.config.moments() {
            if let Entry::Vacant(place) = self.moments.entry(format!("{kind}.{}", parameter.path())) {
                place.insert(parameter.var.zeros_like()?.detach());
            }
        }
        let moment = |kind: &str| {
            let name = format!("{kind}.{}", parameter.path());
            self.moments
                .get(&name)
                .ok_or_else(|| Error::setting("train.optimizer", format!("has lost its moment `{name}`")))
        };
        let gradient = &gradient.contiguous()?;
        match self.config {
            OptimizerConfig::Sgd { momentum: 0.0 } => fused::descend(parameter, gradient, learning_rate)?,
            OptimizerConfig::Sgd { momentum } => {
                let velocity = moment("v")?;
                fused::decay_and_add(velocity, momentum, gradient)?;
                fused::descend(parameter, velocity, learning_rate)?;
            }
            OptimizerConfig::Adam { beta1, beta2, epsilon } | OptimizerConfig::Adamw { beta1, beta2, epsilon, .. } => {
                let correction = |beta: f64| 1.0 - beta.powf(self.steps as f64);
                let decay = match self.config {
                    OptimizerConfig::Adamw { weight_decay, .. } if parameter.name.starts_with("w_") => {
                        learning_rate * weight_decay
                    }
                    _ => 0.0,
                };
                let step = fused::Adam {
                    betas: [beta1, beta2],
                    rate: -learning_rate / correction(beta1),
                    square_scale: 1.0 / correction(beta2),
                    epsilon,
                    decay,
                };
                step.apply(parameter, gradient, [moment("m")?, moment("v")?])?;
            }
        }
        Ok(())
    }

    fn step_by_ops(&mut self, parameter: &Parameter, gradient: &Tensor, learning_rate: f64) -> Result<()> {
        let change = self.change(parameter, gradient, learning_rate)?;
        let change = match &parameter.plastic {
            Some(plastic) => (change * plastic)?,
            None => change,
        };
        let value = parameter.var.as_detached_tensor();
        let updated = if parameter.logarithmic { (value * change.exp()?)? } else { (value + change)? };
        Ok(parameter.var.set(&updated)?)
    }

    fn change(&mut self, parameter: &Parameter, gradient: &Tensor, learning_rate: f64) -> Result<Tensor> {
        match self.config {
            OptimizerConfig::Sgd { momentum: 0.0 } => Ok((gradient * -learning_rate)?),
            OptimizerConfig::Sgd { momentum } => {
                Ok((self.moment("v", parameter, momentum, gradient, 1.0)? * -learning_rate)?)
            }
            OptimizerConfig::Adam { beta1, beta2, epsilon } => {
                self.adam(parameter, gradient, (beta1, beta2, epsilon), learning_rate)
            }
            OptimizerConfig::Adamw { beta1, beta2, epsilon, weight_decay } => {
                let change = self.adam(parameter, gradient, (beta1, beta2, epsilon), learning_rate)?;
                if !parameter.name.starts_with("w_") {
                    return Ok(change);
                }
                Ok((change - (parameter.var.as_detached_tensor() * (learning_rate * weight_decay))?)?)
            }
        }
    }

    fn adam(
        &mut self,
        parameter: &Parameter,
        gradient: &Tensor,
        (beta1, beta2, epsilon): (f64, f64, f64),
        learning_rate: f64,
    ) -> Result<Tensor> {
        let correction = |beta: f64| 1.0 - beta.powf(self.steps as f64);
        let (first, second) = (correction(beta1), correction(beta2));
        let mean = self.moment("m", parameter, beta1, gradient, 1.0 - beta1)?;
        let square = self.moment("v", parameter, beta2, &gradient.sqr()?, 1.0 - beta2)?;
        let scale = ((square / second)?.sqrt()? + epsilon)?;
        Ok(((mean * (-learning_rate / first))? / scale)?)
    }

    /// `decay * moment + weight * value`, kept for the next step.
    fn moment(&mut self, kind: &str, parameter: &Parameter, decay: f64, value: &Tensor, weight: f64) -> Result<Tensor> {
        let name = format!("{kind}.{}", parameter.path());
        let fresh = (value * weight)?;
        let updated = match self.moments.get(&name) {
            Some(moment) => ((moment * decay)? + fresh)?,
            None => fresh,
        };
        self.moments.insert(name, updated.clone());
        Ok(updated)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Var};

    use super::*;

    fn parameter(name: &'static str, values: &[f64]) -> Parameter {
        Parameter { name, layer: None, var: Var::new(values, &Device::Cpu).unwrap(), plastic: None, logarithmic: false }
    }

    fn values(parameter: &Parameter) -> Vec<f64> {
        parameter.var.to_vec1().unwrap()
    }

    fn close(found: &[f64], wanted: &[f64]) {
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} is not {wanted:?}");
    }

    #[test]
    fn momentum_descent_matches_hand_worked_numbers() -> Result<()> {
        let w = parameter("w_rec", &[1.0]);
        let mut optimizer = Optimizer::new(OptimizerConfig::Sgd { momentum: 0.5 });
        let gradient = [Tensor::new(&[2.0], &Device::Cpu)?];
        optimizer.step(std::slice::from_ref(&w), &gradient, 0.1)?;
        close(&values(&w), &[0.8]);
        optimizer.step(std::slice::from_ref(&w), &gradient, 0.1)?; // v = 0.5 * 2 + 2 = 3
        close(&values(&w), &[0.5]);
        Ok(())
    }

    #[test]
    fn adam_matches_hand_worked_numbers() -> Result<()> {
        let w = parameter("w_rec", &[1.0, 1.0]);
        let mut optimizer = Optimizer::new(OptimizerConfig::Adam { beta1: 0.5, beta2: 0.75, epsilon: 1e-300 });
        // The first step has the size of the learning rate whatever the gradient.
        optimizer.step(std::slice::from_ref(&w), &[Tensor::new(&[4.0, -0.01], &Device::Cpu)?], 0.1)?;
        close(&values(&w), &[0.9, 1.1]);
        // m = 0.5 * 2 + 0.5 * 2 = 2, / (1 - 0.25); v = 0.75 * 4 + 0.25 * 4 = 4, / (1 - 0.5625).
        optimizer.step(std::slice::from_ref(&w), &[Tensor::new(&[2.0, -0.01], &Device::Cpu)?], 0.1)?;
        let step = 0.1 * (2.0 / 0.75) / (4.0f64 / 0.4375).sqrt();
        close(&values(&w)[..1], &[0.9 - step]);
        Ok(())
    }

    #[test]
    fn one_pass_and_separate_operations_agree_bit_for_bit() -> Result<()> {
        let adamw = OptimizerConfig::Adamw { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weight_decay: 0.3 };
        let sgd = |momentum| OptimizerConfig::Sgd { momentum };
        for config in [sgd(0.0), sgd(0.8), OptimizerConfig::default(), adamw] {
            for (dtype, size, plastic) in
                [(DType::F64, 1003, true), (DType::F32, 1003, false), (DType::F32, 300_001, true)]
            {
                let random = |low| Tensor::rand(low, 1f64, size, &Device::Cpu)?.to_dtype(dtype);
                let start = random(-1.0)?;
                let plastic = if plastic { Some(random(0.0)?) } else { None };
                let new = || -> Result<Parameter> {
                    Ok(Parameter {
                        name: "w_rec",
                        layer: None,
                        var: Var::from_tensor(&start)?,
                        plastic: plastic.clone(),
                        logarithmic: false,
                    })
                };
                let (fused, separate) = (new()?, new()?);
                let mut optimizers = [Optimizer::new(config), Optimizer::new(config)];
                for _ in 0..3 {
                    let gradient = random(-0.5)?;
                    optimizers[0].step(std::slice::from_ref(&fused), std::slice::from_ref(&gradient), 0.01)?;
                    optimizers[1].steps += 1;
                    optimizers[1].step_by_ops(&separate, &gradient, 0.01)?;
                }
                let bits = |tensor: &Tensor| -> Vec<u64> {
                    tensor
                        .to_dtype(DType::F64)
                        .unwrap()
                        .to_vec1::<f64>()
                        .unwrap()
                        .into_iter()
                        .map(f64::to_bits)
                        .collect()
                };
                assert_eq!(bits(&fused.var), bits(&separate.var), "{config:?} {dtype:?}");
                assert_ne!(bits(&fused.var), bits(&start), "{config:?} {dtype:?}");
                for (name, moment) in optimizers[0].state() {
                    assert_eq!(bits(moment), bits(&optimizers[1].state()[name]), "{config:?} {dtype:?} {name}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn a_gradient_that_shares_memory_or_does_not_fit_is_refused() -> Result<()> {
        for config in
            [OptimizerConfig::Sgd { momentum: 0.0 }, OptimizerConfig::Sgd { momentum: 0.5 }, OptimizerConfig::default()]
        {
            let w = parameter("w_rec", &[1.0, 2.0]);
            let step = |gradient: Tensor| Optimizer::new(config).step(std::slice::from_ref(&w), &[gradient], 0.1);
            assert!(step(Tensor::new(&[1.0], &Device::Cpu)?).is_err(), "{config:?}");
            assert!(step(Tensor::new(&[1f32, 2.0], &Device::Cpu)?).is_err(), "{config:?}");
        }
        let w = parameter("w_rec", &[1.0, 2.0]);
        assert!(
            Optimizer::new(OptimizerConfig::default())
                .step(std::slice::from_ref(&w), &[w.var.as_detached_tensor()], 0.1)
                .is_err()
        );
        Ok(())
    }

    #[test]
    fn weight_decay_spares_biases_and_plasticity_scales_every_update() -> Result<()> {
        let config = OptimizerConfig::Adamw { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.5 };
        let zero = [Tensor::zeros(2, DType::F64, &Device::Cpu)?];
        let (w, b) = (parameter("w_rec", &[1.0, 2.0]), parameter("b_rec", &[1.0, 2.0]));
        Optimizer::new(config).step(std::slice::from_ref(&w), &zero, 0.1)?;
        Optimizer::new(config).step(std::slice::from_ref(&b), &zero, 0.1)?;
        close(&values(&w), &[0.95, 1.9]);
        close(&values(&b), &[1.0, 2.0]);
        for config in [OptimizerConfig::Sgd { momentum: 0.9 }, OptimizerConfig::default(), config] {
            let full = parameter("w_rec", &[1.0, 1.0]);
            let scaled = Parameter {
                plastic: Some(Tensor::new(&[0.25, 0.0], &Device::Cpu)?),
                ..parameter("w_rec", &[1.0, 1.0])
            };
            let gradient = [Tensor::new(&[0.3, 0.3], &Device::Cpu)?];
            Optimizer::new(config).step(std::slice::from_ref(&full), &gradient, 0.1)?;
            Optimizer::new(config).step(std::slice::from_ref(&scaled), &gradient, 0.1)?;
            close(&values(&scaled), &[1.0 + 0.25 * (values(&full)[0] - 1.0), 1.0]);
        }
        Ok(())
    }

    #[test]
    fn time_constants_move_on_a_logarithmic_scale() -> Result<()> {
        let tau = Parameter { logarithmic: true, ..parameter("tau", &[100.0, 10.0]) };
        Optimizer::new(OptimizerConfig::Sgd { momentum: 0.0 }).step(
            std::slice::from_ref(&tau),
            &[Tensor::new(&[1.0, -1.0], &Device::Cpu)?],
            0.1,
        )?;
        close(&values(&tau), &[100.0 * (-0.1f64).exp(), 10.0 * 0.1f64.exp()]);
        Ok(())
    }
}
