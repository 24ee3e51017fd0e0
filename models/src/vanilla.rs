//! A recurrent network of units without cell types.
//!
//! ```text
//! x_t = (1 - alpha) x_{t-1} + alpha (W_rec r_{t-1} + W_in u_t + b_rec) + sqrt(2 alpha) sigma_rec xi_t
//! r_t = f(x_t)          z_t = g(W_out r_t + b_out)
//! ```
//!
//! Symbols and the rate form are in [`dynamics`](crate::dynamics). By default the network of Song, Yang & Wang 2016
//! (doi:10.1371/journal.pcbi.1004792) without Dale's law: Gaussian weights of spectral radius 1.1.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use nn4n_models::{ModelConfig, VanillaCtrnn};
//!
//! let model = VanillaCtrnn::init(&ModelConfig::vanilla(3, 50, 2), 0, DType::F32, &Device::Cpu)?;
//! let inputs = Tensor::zeros((4, 25, 3), DType::F32, &Device::Cpu)?;
//! assert_eq!(model.unroll(&inputs, None, None)?.rates()?.dims(), [4, 25, 50]);
//! # Ok::<(), nn4n_models::ModelError>(())
//! ```

use std::ops::Deref;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;

use crate::{
    config::{Kind, ModelConfig},
    ctrnn::Ctrnn,
    error::{ModelError, Result},
};

/// A [`Ctrnn`] of kind vanilla.
#[derive(Clone, Debug)]
pub struct VanillaCtrnn(Ctrnn);

impl VanillaCtrnn {
    /// Builds the network from named tensors; see [`Ctrnn::new`].
    pub fn new(config: &ModelConfig, vb: VarBuilder) -> Result<Self> {
        Ctrnn::new(config, vb)?.try_into()
    }

    /// A fresh network drawn from `seed`; see [`Ctrnn::init`].
    pub fn init(config: &ModelConfig, seed: u64, dtype: DType, device: &Device) -> Result<Self> {
        Ctrnn::init(config, seed, dtype, device)?.try_into()
    }
}

impl TryFrom<Ctrnn> for VanillaCtrnn {
    type Error = ModelError;

    fn try_from(network: Ctrnn) -> Result<Self> {
        network.config().expect_kind(Kind::Vanilla)?;
        Ok(Self(network))
    }
}

impl Deref for VanillaCtrnn {
    type Target = Ctrnn;

    fn deref(&self) -> &Ctrnn {
        &self.0
    }
}
