//! How strong the noise of the units is.

use candle_core::{DType, Device};

use crate::{
    config::{ModelConfig, Units},
    dynamics::Coefficient,
    error::Result,
    host,
};

/// Noise amplitudes as configured, one or (units).
#[derive(Clone, Debug)]
pub(super) struct Amplitudes {
    pub recurrent: Coefficient,
    pub post: Coefficient,
}

impl Amplitudes {
    pub fn new(config: &ModelConfig, units: &Units, dtype: DType, device: &Device) -> Result<Self> {
        let coefficient = |values: Vec<f64>| coefficient(values, dtype, device);
        Ok(Self {
            recurrent: coefficient(config.unit_noise().resolve(units, "sigma_rec")?)?,
            post: coefficient(config.sigma_post.resolve(units, "sigma_post")?)?,
        })
    }
}

/// A single number if all values agree, else a tensor.
fn coefficient(values: Vec<f64>, dtype: DType, device: &Device) -> Result<Coefficient> {
    if values.iter().all(|value| *value == values[0]) {
        return Ok(Coefficient::Scalar(values[0]));
    }
    let units = values.len();
    Ok(Coefficient::PerUnit(host::placed(values, units, dtype, device)?))
}
