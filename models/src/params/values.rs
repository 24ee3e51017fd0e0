//! Numbers that a description gives, as vectors and matrices on the host.

use candle_core::{DType, Device, Tensor};
use faer::Mat;

use crate::{
    config::{Bias, MatrixConfig, Plastic, Start, Values},
    error::Result,
};

/// The weights of the fixed synapses, 0 elsewhere; `None` if there are none.
pub(super) fn fixed_weights(matrix: &MatrixConfig, (posts, pres): (usize, usize)) -> Option<Mat<f64>> {
    let mut fixed = Mat::zeros(posts, pres);
    matrix.fixed.iter().for_each(|synapse| fixed[(synapse.post, synapse.pre)] = synapse.weight);
    (!matrix.fixed.is_empty()).then_some(fixed)
}

/// The multipliers of the updates; `None` if they are 1 everywhere.
pub(super) fn plastic_multipliers(matrix: &MatrixConfig, (posts, pres): (usize, usize)) -> Option<Mat<f64>> {
    match &matrix.plastic {
        Plastic::All(1.0) => None,
        Plastic::All(value) => Some(Mat::full(posts, pres, *value)),
        Plastic::Each(rows) => Some(Mat::from_fn(posts, pres, |post, pre| rows[post][pre])),
    }
}

pub(super) fn vector(values: Vec<f64>, dtype: DType) -> Result<Tensor> {
    Ok(Tensor::new(values, &Device::Cpu)?.to_dtype(dtype)?)
}

pub(super) fn host_matrix(weights: &Mat<f64>, dtype: DType) -> Result<Tensor> {
    Ok(Tensor::from_vec(row_major(weights), (weights.nrows(), weights.ncols()), &Device::Cpu)?.to_dtype(dtype)?)
}

fn row_major(weights: &Mat<f64>) -> Vec<f64> {
    (0..weights.nrows()).flat_map(|post| (0..weights.ncols()).map(move |pre| weights[(post, pre)])).collect()
}

pub(super) fn bias(bias: &Bias, count: usize, field: &str) -> Result<Vec<f64>> {
    match bias {
        Bias::Off => Ok(vec![0.0; count]),
        Bias::Constant(values) | Bias::Trained(values) => values.resolve(count, field),
    }
}

pub(super) fn start(start: &Start, count: usize) -> Result<Vec<f64>> {
    match start {
        Start::Zero | Start::Carried => Values::All(0.0).resolve(count, "start"),
        Start::Constant(values) | Start::Trained(values) => values.resolve(count, "start"),
    }
}
