//! Size of the weights.
//!
//! ```text
//! l1_weights   sum |W| / S              l2_weights   sum W^2 / S              frobenius   sqrt(sum W^2)
//! ```
//!
//! `W` are the effective weights of one matrix (`w_in`, `w_rec` or `w_out`), after connectivity and Dale's law, and `S`
//! is the number of its synapses, fixed ones included; in a stacked network those of all layers together. The gradient
//! of the Frobenius norm at `W = 0` is taken as 0.
//!
//! `l1_weights` and `l2_weights` are those of Song, Yang & Wang 2016, doi:10.1371/journal.pcbi.1004792, who average
//! over all entries of the free weights instead, so that a sparse matrix is penalised less there. The original nn4n
//! penalises the Frobenius norm, and the sum of absolute weights: `l1_weights` times `S`.

use std::fmt;

use candle_core::Tensor;
use nn4n_models::{Ctrnn, Layer, ModelConfig, synapses::Synapses};
use serde::{Deserialize, Serialize};

use super::average::{SizeNorm, sqrt_or_zero, sum_of_sizes};
use crate::error::{Error, Result};

/// A weight matrix of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Matrix {
    /// Input weights (units, inputs), and those from layer to layer.
    WIn,
    /// Recurrent weights (units, units).
    WRec,
    /// Output weights (outputs, units).
    WOut,
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WIn => "w_in",
            Self::WRec => "w_rec",
            Self::WOut => "w_out",
        })
    }
}

impl Matrix {
    /// Refuses the input weights of a network without inputs.
    pub(super) fn check_fit(self, model: &ModelConfig) -> Result<()> {
        if self == Self::WIn && model.inputs == 0 { Err(Self::without_inputs()) } else { Ok(()) }
    }

    fn without_inputs() -> Error {
        Error::setting(
            "train.regularisers",
            "penalise the matrix w_in, but the network has no inputs; remove that regulariser",
        )
    }

    /// The synapses it stands for: one matrix, or in a stacked network one of each layer.
    fn synapses(self, model: &Ctrnn) -> Result<Vec<&Synapses>> {
        let synapses: Vec<&Synapses> = match self {
            Self::WIn => model.layers().iter().filter_map(Layer::w_in).collect(),
            Self::WRec => model.layers().iter().map(Layer::w_rec).collect(),
            Self::WOut => vec![model.w_out()],
        };
        if synapses.is_empty() { Err(Self::without_inputs()) } else { Ok(synapses) }
    }

    /// `sum |W|` or `sum W^2`.
    fn size(self, model: &Ctrnn, norm: SizeNorm) -> Result<Tensor> {
        let sizes = self.synapses(model)?.into_iter().map(|synapses| sum_of_sizes(&synapses.effective()?, norm));
        sizes.reduce(|total, size| Ok((total? + size?)?)).unwrap_or_else(|| Err(Self::without_inputs()))
    }

    /// `sum |W|` or `sum W^2`, divided by the number of synapses.
    fn mean_size(self, model: &Ctrnn, norm: SizeNorm) -> Result<Tensor> {
        let count: usize = self.synapses(model)?.iter().map(|synapses| synapses.count()).sum();
        Ok((self.size(model, norm)? / count.max(1) as f64)?)
    }
}

/// Mean absolute weight of the synapses: a scalar.
pub fn l1_weights(model: &Ctrnn, matrix: Matrix) -> Result<Tensor> {
    matrix.mean_size(model, SizeNorm::Absolute)
}

/// Mean squared weight of the synapses: a scalar.
pub fn l2_weights(model: &Ctrnn, matrix: Matrix) -> Result<Tensor> {
    matrix.mean_size(model, SizeNorm::Squared)
}

/// Frobenius norm: a scalar.
pub fn frobenius(model: &Ctrnn, matrix: Matrix) -> Result<Tensor> {
    sqrt_or_zero(&matrix.size(model, SizeNorm::Squared)?)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use nn4n_models::{Init, LayerConfig, MatrixConfig, ModelConfig};

    use super::{
        super::testing::{assert_close, number},
        *,
    };

    fn of(init: Vec<Vec<f64>>) -> MatrixConfig {
        MatrixConfig { init: Some(Init::Array(init)), ..MatrixConfig::default() }
    }

    #[test]
    fn sizes_of_weights_count_the_synapses_that_exist() -> Result<()> {
        // No autapses: the two zeros on the diagonal are no synapses.
        let config = ModelConfig::vanilla(1, 2, 1)
            .w_rec(of(vec![vec![0.0, -2.0], vec![3.0, 0.0]]))
            .w_out(of(vec![vec![4.0, 0.0]]));
        let model = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu)?;
        assert_close(number(&l1_weights(&model, Matrix::WRec)?), 2.5);
        assert_close(number(&l2_weights(&model, Matrix::WRec)?), 6.5);
        assert_close(number(&frobenius(&model, Matrix::WRec)?), 13f64.sqrt());
        assert_close(number(&l1_weights(&model, Matrix::WOut)?), 2.0);
        assert_close(number(&l2_weights(&model, Matrix::WOut)?), 8.0);
        Ok(())
    }

    #[test]
    fn the_layers_of_a_stacked_network_count_together() -> Result<()> {
        let layers = [
            LayerConfig::new("lower", 2).w_rec(of(vec![vec![0.0, -2.0], vec![3.0, 0.0]])),
            LayerConfig::new("upper", 2)
                .w_rec(of(vec![vec![0.0, 1.0], vec![4.0, 0.0]]))
                .w_in(of(vec![vec![1.0, -1.0], vec![6.0, 2.0]])),
        ];
        let config = ModelConfig::stacked(1, 1, layers).w_in(of(vec![vec![5.0], vec![-3.0]]));
        let model = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu)?;
        assert_close(number(&l1_weights(&model, Matrix::WRec)?), 2.5);
        assert_close(number(&frobenius(&model, Matrix::WRec)?), 30f64.sqrt());
        assert_close(number(&l1_weights(&model, Matrix::WIn)?), 3.0);
        Ok(())
    }

    #[test]
    fn a_network_without_inputs_has_no_input_weights_to_penalise() -> Result<()> {
        let model = Ctrnn::init(&ModelConfig::vanilla(0, 2, 1), 0, DType::F64, &Device::Cpu)?;
        assert!(l2_weights(&model, Matrix::WIn).unwrap_err().to_string().contains("no inputs"));
        Ok(())
    }

    #[test]
    fn the_norm_of_a_matrix_of_zeros_has_no_gradient() -> Result<()> {
        let config =
            ModelConfig::vanilla(1, 2, 1).w_rec(MatrixConfig { init: Some(Init::Zero), ..MatrixConfig::default() });
        let model = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu)?;
        let norm = frobenius(&model, Matrix::WRec)?;
        let gradient = norm.backward()?.get(&super::super::testing::w_rec(&model)).map(super::super::testing::numbers);
        assert_eq!((number(&norm), gradient), (0.0, Some(vec![0.0; 4])));
        Ok(())
    }
}
