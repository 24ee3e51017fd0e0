//! Synaptic intelligence: weights that earlier tasks of a sequence depend on are held back in the later ones.
//!
//! ```text
//! in every update              path_k      += -g_k (theta_k' - theta_k)
//!                              g: gradient of the loss without this penalty
//! when the task is switched    importance_k = max(0, importance_k + path_k / ((theta_k - reference_k)^2 + xi));
//!                              reference_k = theta_k;   path_k = 0
//! penalty                      c sum_k importance_k (theta_k - reference_k)^2
//! ```
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | `theta_k`, `theta_k'` | a trained parameter before and after the update (logarithms of time constants) | |
//! | `path_k` | how much its changes have lowered the loss since the last switch | loss |
//! | `importance_k` | how much moving it costs the earlier tasks | loss / theta^2 |
//! | `c`, `xi` | `c`, `xi` of [`SynapticIntelligenceConfig`] | 1, theta^2 |
//!
//! Before the first switch all importances are 0. The switches are those of the task
//! ([`switches`](nn4n_tasks::Schedule::switches)), such as a sequential set of tasks.
//!
//! Zenke, Poole & Ganguli 2017, arXiv:1703.04200; used by Yang et al. 2019, doi:10.1038/s41593-018-0310-2, on sequences
//! of cognitive tasks.

use candle_core::Tensor;
use nn4n_models::{Parameter, Tensors, host};

use crate::{
    error::{Error, Result},
    experiment::SynapticIntelligenceConfig,
};

/// The three quantities that are kept of every parameter.
pub(super) const KINDS: [&str; 3] = ["importance", "path", "reference"];

/// What is remembered of the earlier tasks.
#[derive(Debug)]
pub struct SynapticIntelligence {
    config: SynapticIntelligenceConfig,
    /// `importance.NAME`, `path.NAME`, `reference.NAME`
    memory: Tensors,
}

impl SynapticIntelligence {
    /// Before the first task.
    pub fn new(config: SynapticIntelligenceConfig, parameters: &[Parameter]) -> Result<Self> {
        let mut memory = Tensors::new();
        for parameter in parameters {
            let position = position(parameter)?;
            for kind in ["importance", "path"] {
                memory.insert(format!("{kind}.{}", parameter.path()), position.zeros_like()?);
            }
            memory.insert(format!("reference.{}", parameter.path()), position);
        }
        Ok(Self { config, memory })
    }

    /// Goes on with what [`memory`](Self::memory) held.
    pub fn resume(config: SynapticIntelligenceConfig, memory: Tensors) -> Self {
        Self { config, memory }
    }

    /// What must be saved to go on later.
    pub fn memory(&self) -> &Tensors {
        &self.memory
    }

    /// The penalty, in units of the loss.
    pub fn penalty(&self, parameters: &[Parameter]) -> Result<f64> {
        let squares = |parameter| -> Result<Tensor> {
            Ok((self.away(parameter)?.sqr()? * self.get("importance", parameter)?)?.sum_all()?)
        };
        // One number for each parameter, but one way to the host.
        let squares = Tensor::stack(&parameters.iter().map(squares).collect::<Result<Vec<_>>>()?, 0)?;
        Ok(self.config.c * host::values(&squares)?.iter().sum::<f64>())
    }

    /// `gradients` with those of the penalty added.
    pub fn gradients(&self, parameters: &[Parameter], gradients: &[Tensor]) -> Result<Vec<Tensor>> {
        let with_penalty = |(parameter, gradient): (&Parameter, &Tensor)| {
            let pull = (self.away(parameter)? * self.get("importance", parameter)?)?;
            let pull = match &parameter.plastic {
                Some(plastic) => (pull * plastic.gt(0.0)?.to_dtype(plastic.dtype())?)?,
                None => pull,
            };
            Ok((gradient + (pull * (2.0 * self.config.c))?)?)
        };
        parameters.iter().zip(gradients).map(with_penalty).collect()
    }

    /// Accounts for an update: what the parameters were `before`, and the gradients of the loss without the penalty.
    pub fn follow(&mut self, parameters: &[Parameter], before: &[Tensor], gradients: &[Tensor]) -> Result<()> {
        for ((parameter, before), gradient) in parameters.iter().zip(before).zip(gradients) {
            let lowered = ((before - position(parameter)?)? * gradient)?;
            let path = (self.get("path", parameter)? + lowered)?;
            self.memory.insert(format!("path.{}", parameter.path()), path);
        }
        Ok(())
    }

    /// Turns the paths since the last switch into importances.
    pub fn switch(&mut self, parameters: &[Parameter]) -> Result<()> {
        for parameter in parameters {
            let moved = (self.away(parameter)?.sqr()? + self.config.xi)?;
            let gained = (self.get("path", parameter)? / moved)?;
            let importance = (self.get("importance", parameter)? + gained)?.relu()?;
            let position = position(parameter)?;
            self.memory.insert(format!("importance.{}", parameter.path()), importance);
            self.memory.insert(format!("path.{}", parameter.path()), position.zeros_like()?);
            self.memory.insert(format!("reference.{}", parameter.path()), position);
        }
        Ok(())
    }

    /// How far a parameter is from where the last task left it.
    fn away(&self, parameter: &Parameter) -> Result<Tensor> {
        Ok((position(parameter)? - self.get("reference", parameter)?)?)
    }

    fn get(&self, kind: &str, parameter: &Parameter) -> Result<&Tensor> {
        let name = format!("{kind}.{}", parameter.path());
        let missing = || {
            Error::setting(
                "train.synaptic_intelligence",
                format!("has no `{name}`; the trained parameters have changed"),
            )
        };
        self.memory.get(&name).ok_or_else(missing)
    }
}

/// A copy of what the gradient refers to: the parameter, or its logarithm.
pub(super) fn position(parameter: &Parameter) -> Result<Tensor> {
    let value = parameter.var.as_detached_tensor();
    Ok(if parameter.logarithmic { value.log()? } else { value.copy()? })
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    fn weight(values: &[f64]) -> Result<Vec<Parameter>> {
        Ok(vec![Parameter {
            name: "w_rec",
            layer: None,
            var: Var::new(values, &Device::Cpu)?,
            plastic: None,
            logarithmic: false,
        }])
    }

    fn move_to(parameters: &[Parameter], values: &[f64]) -> Result<()> {
        Ok(parameters[0].var.set(&Tensor::new(values, &Device::Cpu)?)?)
    }

    #[test]
    fn importance_penalty_and_gradient_match_hand_worked_numbers() -> Result<()> {
        let parameters = weight(&[0.0, 1.0])?;
        let mut memory = SynapticIntelligence::new(SynapticIntelligenceConfig { c: 0.5, xi: 0.25 }, &parameters)?;
        // Weight 1 goes downhill by 0.5 at slope -4; weight 2 goes uphill and is of no importance.
        let before = [position(&parameters[0])?];
        move_to(&parameters, &[0.5, 3.0])?;
        memory.follow(&parameters, &before, &[Tensor::new(&[-4.0, 1.0], &Device::Cpu)?])?;
        assert_eq!(memory.penalty(&parameters)?, 0.0);
        memory.switch(&parameters)?;
        // path 2 / (0.25 + 0.25) = 4
        assert_eq!(memory.memory()["importance.w_rec"].to_vec1::<f64>()?, [4.0, 0.0]);
        move_to(&parameters, &[1.5, 9.0])?;
        assert_eq!(memory.penalty(&parameters)?, 0.5 * 4.0 * 1.0);
        let gradients = memory.gradients(&parameters, &[Tensor::new(&[0.25, 0.25], &Device::Cpu)?])?;
        assert_eq!(gradients[0].to_vec1::<f64>()?, [0.25 + 2.0 * 0.5 * 4.0 * 1.0, 0.25]);
        // Uphill by 1 at slope 1: the importance falls by 1 / (1 + 0.25), but not below 0.
        memory.follow(
            &parameters,
            &[Tensor::new(&[0.5, 3.0], &Device::Cpu)?],
            &[Tensor::new(&[1.0, 1.0], &Device::Cpu)?],
        )?;
        memory.switch(&parameters)?;
        assert_eq!(memory.memory()["importance.w_rec"].to_vec1::<f64>()?, [4.0 - 0.8, 0.0]);
        Ok(())
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_penalty() -> Result<()> {
        let parameters = weight(&[0.3, -0.2])?;
        let mut memory = SynapticIntelligence::new(SynapticIntelligenceConfig { c: 0.7, xi: 0.1 }, &parameters)?;
        memory.follow(
            &parameters,
            &[Tensor::new(&[0.5, 0.4], &Device::Cpu)?],
            &[Tensor::new(&[3.0, 2.0], &Device::Cpu)?],
        )?;
        memory.switch(&parameters)?;
        let at = |x: f64| -> Result<f64> {
            move_to(&parameters, &[x, 0.1])?;
            memory.penalty(&parameters)
        };
        let slope = (at(0.9 + 1e-6)? - at(0.9 - 1e-6)?) / 2e-6;
        move_to(&parameters, &[0.9, 0.1])?;
        let gradient =
            memory.gradients(&parameters, &[Tensor::new(&[0.0, 0.0], &Device::Cpu)?])?[0].to_vec1::<f64>()?[0];
        assert!((slope - gradient).abs() < 1e-6 * gradient.abs(), "{slope} {gradient}");
        Ok(())
    }
}
