//! The rules of the dynamics.

use super::super::{
    dynamics::{Bias, LearnTau, Start},
    model::ModelConfig,
    per_unit::PerUnit,
    rules::check_not_negative,
    units::Units,
};
use crate::error::{ModelError, Result};

impl ModelConfig {
    pub(super) fn check_dynamics(&self, units: &Units) -> Result<()> {
        if !(self.dt.is_finite() && self.dt > 0.0) {
            return Err(ModelError::config("dt", format!("must be > 0 ms, but is {}", self.dt)));
        }
        for tau in self.tau.resolve(units, "tau")? {
            if !(tau.is_finite() && tau > 0.0) {
                return Err(ModelError::config("tau", format!("must be > 0 ms, but is {tau}")));
            }
            if self.dt > tau {
                return Err(ModelError::config(
                    "dt",
                    format!("= {} ms exceeds `tau` = {tau} ms; the Euler step needs dt <= tau", self.dt),
                ));
            }
        }
        if self.learn_tau == LearnTau::Shared && matches!(self.tau, PerUnit::ByUnit { .. }) {
            return Err(ModelError::config(
                "learn_tau",
                "is \"shared\", but `tau` is given unit by unit; use \"per_unit\"",
            ));
        }
        for activation in self.activation.resolve(units, "activation")? {
            activation.check().map_err(|message| ModelError::config("activation", message))?;
        }
        for (field, sigma) in [("sigma_rec", self.unit_noise()), ("sigma_post", &self.sigma_post)] {
            sigma.resolve(units, field)?.into_iter().try_for_each(|value| check_not_negative(field, value))?;
        }
        if let Start::Constant(values) | Start::Trained(values) = &self.start {
            values.resolve(units.len(), "start")?;
        }
        for (field, bias, count) in
            [("b_rec", self.unit_bias(), units.len()), ("b_out", self.output_bias(), self.outputs)]
        {
            if let Bias::Constant(values) | Bias::Trained(values) = bias {
                values.resolve(count, field)?;
            }
        }
        Ok(())
    }
}
