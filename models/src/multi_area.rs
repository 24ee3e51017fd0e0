//! A recurrent network of several areas, each with or without cell types, joined by projections of given densities.
//!
//! ```text
//!           | W_11  W_12  ... |     W_ab: from area b to area a
//! W_rec  =  | W_21  W_22  ... |     a = b: `density`; a = b + 1: `feedforward`; a = b - 1: `feedback`
//!           | ...             |     any pair: `projections`; in each block a density for every pair of cell types
//! ```
//!
//! The dynamics are those of the other kinds ([`dynamics`](crate::dynamics)), Dale's law that of [`ei`](crate::ei) for
//! areas with cell types. By default inputs reach the first area and outputs read the excitatory units of the last. The
//! areas of Kleinman, Chandrasekaran & Kao 2021 (three of 80 E / 20 I units, feedforward E to E 0.10, feedback E to E
//! 0.05) are an example of what this says.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use nn4n_models::{Area, Density, ModelConfig, MultiAreaCtrnn};
//!
//! let e_to_e = |density| Density::ByCellType { e_to_e: density, e_to_i: 0.0, i_to_e: 0.0, i_to_i: 0.0 };
//! let areas = ["one", "two", "three"].map(|name| Area::ei(name, 100, 0.8));
//! let config = ModelConfig::multi_area(4, 2, areas)
//!     .feedforward(e_to_e(0.10))
//!     .feedback(e_to_e(0.05));
//! let model = MultiAreaCtrnn::init(&config, 0, DType::F32, &Device::Cpu)?;
//! let trajectory = model.unroll(&Tensor::zeros((1, 10, 4), DType::F32, &Device::Cpu)?, None, None)?;
//! assert_eq!(model.area_rates(&trajectory, "three")?.dims(), [1, 10, 100]);
//! assert_eq!(model.projection("one", "two")?.dims(), [100, 100]);
//! # Ok::<(), nn4n_models::ModelError>(())
//! ```

use crate::{
    config::Kind,
    ctrnn::{CtrnnOf, KindMarker},
};

/// A [`Ctrnn`](crate::Ctrnn) of several areas.
pub type MultiAreaCtrnn = CtrnnOf<MultiArea>;

/// Stands for [`Kind::MultiArea`].
#[derive(Clone, Copy, Debug)]
pub struct MultiArea;

impl KindMarker for MultiArea {
    const KIND: Kind = Kind::MultiArea;
}
