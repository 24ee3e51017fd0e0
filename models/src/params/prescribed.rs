//! What a description prescribes for tensors that are not trained, and whether those of a file agree.

use candle_core::DType;
use candle_nn::VarBuilder;

use super::{
    matrix::{Matrix, w_in, w_out, w_rec},
    specs::Tensors,
    values::{bias, fixed_weights, host_matrix, plastic_multipliers, start, vector},
};
use crate::{
    config::{Bias, LearnTau, ModelConfig, Start, Units},
    error::{ModelError, Result},
    host,
};

impl ModelConfig {
    /// What this description of a network that is not stacked prescribes for tensors that are not trained, in f64;
    /// without those of the readout.
    pub(crate) fn prescribed_of_units(&self, units: &Units) -> Result<Tensors> {
        let mut prescribed = Tensors::new();
        if self.learn_tau == LearnTau::Off {
            prescribed.insert("tau".into(), vector(self.tau.resolve(units, "tau")?, DType::F64)?);
        }
        if !matches!(self.start, Start::Trained(_)) {
            prescribed.insert("x0".into(), vector(start(&self.start, units.len())?, DType::F64)?);
        }
        if !matches!(self.unit_bias(), Bias::Trained(_)) {
            prescribed.insert("b_rec".into(), vector(bias(self.unit_bias(), units.len(), "b_rec")?, DType::F64)?);
        }
        for matrix in w_in(self).into_iter().chain([w_rec(self)]) {
            prescribe_matrix(matrix, &mut prescribed)?;
        }
        Ok(prescribed)
    }

    /// The same for the readout.
    pub(crate) fn prescribed_of_readout(&self) -> Result<Tensors> {
        let mut prescribed = Tensors::new();
        if !matches!(self.output_bias(), Bias::Trained(_)) {
            prescribed.insert("b_out".into(), vector(bias(self.output_bias(), self.outputs, "b_out")?, DType::F64)?);
        }
        prescribe_matrix(w_out(self), &mut prescribed)?;
        Ok(prescribed)
    }
}

fn prescribe_matrix((name, matrix, shape): Matrix, prescribed: &mut Tensors) -> Result<()> {
    for (kind, weights) in [("fixed", fixed_weights(matrix, shape)), ("plastic", plastic_multipliers(matrix, shape))] {
        if let Some(weights) = weights {
            prescribed.insert(format!("{kind}.{name}"), host_matrix(&weights, DType::F64)?);
        }
    }
    Ok(())
}

/// Refuses tensors that contradict what is prescribed (up to the rounding of f32).
pub(crate) fn check_prescribed(prescribed: Tensors, vb: &VarBuilder) -> Result<()> {
    for (name, wanted) in prescribed {
        let (values, wanted) = (host::values(&vb.get(wanted.dims(), &name)?)?, host::values(&wanted)?);
        let differs = |(value, wanted): (&f64, &f64)| (value - wanted).abs() > 1e-6 * wanted.abs() || value.is_nan();
        if let Some(index) = values.iter().zip(&wanted).position(differs) {
            let message = format!(
                "is {} at element {index}, but the configuration says {}; correct one of the two",
                values[index], wanted[index]
            );
            return Err(ModelError::tensor(name, message));
        }
    }
    Ok(())
}
