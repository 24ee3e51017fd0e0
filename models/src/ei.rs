//! A recurrent network of excitatory and inhibitory units: every unit's outgoing weights have one sign (Dale's law).
//!
//! ```text
//! W_rec = [w_rec . s]+ . s     s_j = +1 for excitatory, -1 for inhibitory presynaptic units j          (dale = "rectified")
//! x_t = (1 - alpha) x_{t-1} + alpha (W_rec r_{t-1} + W_in u_t + b_rec) + sqrt(2 alpha) sigma_rec xi_t
//! r_t = f(x_t)          z_t = g(W_out r_t + b_out)
//! ```
//!
//! Symbols and the rate form are in [`dynamics`](crate::dynamics), the second mode of Dale's law in
//! [`synapses`](crate::synapses). By default the network of Song, Yang & Wang 2016 (doi:10.1371/journal.pcbi.1004792):
//! 80 % excitatory units, no autapses, input weights not negative, output from excitatory units only, gamma-distributed
//! balanced weights of spectral radius 1.5. As in their code, the sign is kept by rectification; unlike there, a weight
//! of the wrong sign is stored as zero, which changes nothing (it has no gradient either way).
//!
//! ```
//! use candle_core::{DType, Device};
//! use nn4n_models::{CellType, EiCtrnn, ModelConfig};
//!
//! let model = EiCtrnn::init(&ModelConfig::ei(3, 100, 2), 0, DType::F32, &Device::Cpu)?;
//! assert_eq!(model.of_type(CellType::Inhibitory), (80..100).collect::<Vec<_>>());
//! let from_inhibitory = model.effective_w_rec()?.narrow(1, 80, 20)?;
//! assert!(from_inhibitory.flatten_all()?.to_vec1::<f32>()?.iter().all(|weight| *weight <= 0.0));
//! # Ok::<(), nn4n_models::ModelError>(())
//! ```

use std::ops::Deref;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;

use crate::{
    config::{CellType, Kind, ModelConfig},
    ctrnn::Ctrnn,
    error::{ModelError, Result},
};

/// A [`Ctrnn`] of kind ei.
#[derive(Clone, Debug)]
pub struct EiCtrnn(Ctrnn);

impl EiCtrnn {
    /// Builds the network from named tensors; see [`Ctrnn::new`].
    pub fn new(config: &ModelConfig, vb: VarBuilder) -> Result<Self> {
        Ctrnn::new(config, vb)?.try_into()
    }

    /// A fresh network drawn from `seed`; see [`Ctrnn::init`].
    pub fn init(config: &ModelConfig, seed: u64, dtype: DType, device: &Device) -> Result<Self> {
        Ctrnn::init(config, seed, dtype, device)?.try_into()
    }

    /// Units of one cell type, in order.
    pub fn of_type(&self, cell_type: CellType) -> Vec<usize> {
        self.units().of_type(cell_type)
    }
}

impl TryFrom<Ctrnn> for EiCtrnn {
    type Error = ModelError;

    fn try_from(network: Ctrnn) -> Result<Self> {
        network.config().expect_kind(Kind::Ei)?;
        Ok(Self(network))
    }
}

impl Deref for EiCtrnn {
    type Target = Ctrnn;

    fn deref(&self) -> &Ctrnn {
        &self.0
    }
}
