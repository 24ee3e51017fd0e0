//! A recurrent network of several areas, each with or without cell types, joined by projections of given densities.
//!
//! ```text
//!           | W_11  W_12  ... |     W_ab: from area b to area a. a = b: `density`; a = b + 1: `feedforward`; a = b - 1: `feedback`;
//! W_rec  =  | W_21  W_22  ... |     any pair: `projections`. Within each block a density for every pair of cell types.
//!           | ...             |
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
//! let config = ModelConfig::multi_area(4, 2, [Area::ei("one", 100, 0.8), Area::ei("two", 100, 0.8), Area::ei("three", 100, 0.8)])
//!     .feedforward(e_to_e(0.10))
//!     .feedback(e_to_e(0.05));
//! let model = MultiAreaCtrnn::init(&config, 0, DType::F32, &Device::Cpu)?;
//! let trajectory = model.unroll(&Tensor::zeros((1, 10, 4), DType::F32, &Device::Cpu)?, None, None)?;
//! assert_eq!(model.area_rates(&trajectory, "three")?.dims(), [1, 10, 100]);
//! assert_eq!(model.projection("one", "two")?.dims(), [100, 100]);
//! # Ok::<(), nn4n_models::ModelError>(())
//! ```

use std::ops::Deref;

use candle_core::{D, DType, Device, Tensor};
use candle_nn::VarBuilder;

use crate::{
    config::{Kind, ModelConfig, UnitRange},
    ctrnn::{Ctrnn, Trajectory},
    error::{ModelError, Result},
};

/// A [`Ctrnn`] of kind multi_area.
#[derive(Clone, Debug)]
pub struct MultiAreaCtrnn(Ctrnn);

impl MultiAreaCtrnn {
    /// Builds the network from named tensors; see [`Ctrnn::new`].
    pub fn new(config: &ModelConfig, vb: VarBuilder) -> Result<Self> {
        Ctrnn::new(config, vb)?.try_into()
    }

    /// A fresh network drawn from `seed`; see [`Ctrnn::init`].
    pub fn init(config: &ModelConfig, seed: u64, dtype: DType, device: &Device) -> Result<Self> {
        Ctrnn::init(config, seed, dtype, device)?.try_into()
    }

    /// Names and units of the areas.
    pub fn areas(&self) -> &[UnitRange] {
        &self.units().areas
    }

    /// Rates (batch, steps, units of the area) of one area.
    pub fn area_rates(&self, trajectory: &Trajectory, area: &str) -> Result<Tensor> {
        let area = self.area(area)?;
        Ok(trajectory.rates()?.narrow(D::Minus1, area.start, area.end - area.start)?)
    }

    /// Effective weights (units of `to`, units of `from`) of the projection between two areas.
    pub fn projection(&self, from: &str, to: &str) -> Result<Tensor> {
        let (from, to) = (self.area(from)?, self.area(to)?);
        Ok(self.effective_w_rec()?.narrow(0, to.start, to.end - to.start)?.narrow(
            1,
            from.start,
            from.end - from.start,
        )?)
    }

    fn area(&self, name: &str) -> Result<&UnitRange> {
        self.units().area(name).ok_or_else(|| {
            let known: Vec<&str> = self.areas().iter().map(|area| area.name.as_str()).collect();
            ModelError::Shape(format!("there is no area `{name}`; areas are {}", known.join(", ")))
        })
    }
}

impl TryFrom<Ctrnn> for MultiAreaCtrnn {
    type Error = ModelError;

    fn try_from(network: Ctrnn) -> Result<Self> {
        network.config().expect_kind(Kind::MultiArea)?;
        Ok(Self(network))
    }
}

impl Deref for MultiAreaCtrnn {
    type Target = Ctrnn;

    fn deref(&self) -> &Ctrnn {
        &self.0
    }
}
