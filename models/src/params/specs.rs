//! Which tensors a network has.

use std::collections::BTreeMap;

use candle_core::Tensor;

use super::matrix::{Matrix, w_in, w_out, w_rec};
use crate::config::{Bias, LearnTau, ModelConfig, Plastic, Start};

/// Named tensors, in the order of their names.
pub type Tensors = BTreeMap<String, Tensor>;

/// What one tensor of a network must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether training changes it.
    pub trained: bool,
    /// Whether it is a 0/1 mask, stored as u8.
    pub mask: bool,
}

fn spec(name: &str, shape: &[usize], trained: bool) -> TensorSpec {
    TensorSpec { name: name.into(), shape: shape.into(), trained, mask: false }
}

fn matrix_specs((name, matrix, (posts, pres)): Matrix) -> Vec<TensorSpec> {
    let mut specs = vec![
        spec(name, &[posts, pres], true),
        TensorSpec { mask: true, ..spec(&format!("connectivity.{name}"), &[posts, pres], false) },
    ];
    if !matrix.fixed.is_empty() {
        specs.push(spec(&format!("fixed.{name}"), &[posts, pres], false));
    }
    if matrix.plastic != Plastic::All(1.0) {
        specs.push(spec(&format!("plastic.{name}"), &[posts, pres], false));
    }
    specs
}

impl ModelConfig {
    /// All tensors of a network with this description, and no others, in the order of their names.
    pub fn tensor_specs(&self) -> Vec<TensorSpec> {
        let mut specs = Vec::new();
        for plan in self.plans() {
            let prefix = plan.prefix();
            let named = |spec: TensorSpec| TensorSpec { name: format!("{prefix}{}", spec.name), ..spec };
            specs.extend(plan.config.specs_of_units().into_iter().map(named));
            if plan.is_last {
                specs.extend(matrix_specs(w_out(&plan.config)));
                specs.push(spec("b_out", &[self.outputs], matches!(self.output_bias(), Bias::Trained(_))));
            }
        }
        specs.sort_by(|a, b| a.name.cmp(&b.name));
        specs
    }

    /// All but those of the readout, of a network that is not stacked.
    fn specs_of_units(&self) -> Vec<TensorSpec> {
        let n = self.n_units();
        let mut specs = vec![
            spec("b_rec", &[n], matches!(self.unit_bias(), Bias::Trained(_))),
            spec("tau", &[n], self.learn_tau != LearnTau::Off),
            spec("x0", &[n], matches!(self.start, Start::Trained(_))),
        ];
        specs.extend(w_in(self).into_iter().chain([w_rec(self)]).flat_map(matrix_specs));
        specs
    }
}
