//! A recurrent network of excitatory and inhibitory units: every unit's outgoing weights have one sign (Dale's law).
//!
//! ```text
//! W_rec = [w_rec . s]+ . s     s_j = +1 for excitatory, -1 for inhibitory presynaptic units j     dale = "rectified"
//! x_t = (1 - alpha) x_{t-1} + alpha (W_rec r_{t-1} + W_in u_t + b_rec) + sqrt(2 alpha) sigma_rec xi_t
//! r_t = f(x_t)          z_t = g(W_out r_t + b_out)
//! ```
//!
//! Symbols and the other forms are in [`dynamics`](crate::dynamics), the second mode of Dale's law in
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

use crate::{
    config::Kind,
    ctrnn::{CtrnnOf, KindMarker},
};

/// A [`Ctrnn`](crate::Ctrnn) of excitatory and inhibitory units.
pub type EiCtrnn = CtrnnOf<Ei>;

/// Stands for [`Kind::Ei`].
#[derive(Clone, Copy, Debug)]
pub struct Ei;

impl KindMarker for Ei {
    const KIND: Kind = Kind::Ei;
}
