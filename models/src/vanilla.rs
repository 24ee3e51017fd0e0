//! A recurrent network of units without cell types.
//!
//! ```text
//! x_t = (1 - alpha) x_{t-1} + alpha (W_rec r_{t-1} + W_in u_t + b_rec) + sqrt(2 alpha) sigma_rec xi_t
//! r_t = f(x_t)          z_t = g(W_out r_t + b_out)
//! ```
//!
//! Symbols and the other forms are in [`dynamics`](crate::dynamics). By default the network of Song, Yang & Wang 2016
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

use crate::{
    config::Kind,
    ctrnn::{CtrnnOf, KindMarker},
};

/// A [`Ctrnn`](crate::Ctrnn) without cell types.
pub type VanillaCtrnn = CtrnnOf<Vanilla>;

/// Stands for [`Kind::Vanilla`].
#[derive(Clone, Copy, Debug)]
pub struct Vanilla;

impl KindMarker for Vanilla {
    const KIND: Kind = Kind::Vanilla;
}
