//! A network whose kind is known when the program is compiled.

use std::{marker::PhantomData, ops::Deref};

use candle_core::{DType, Device};
use candle_nn::VarBuilder;

use super::network::Ctrnn;
use crate::{
    config::{Kind, ModelConfig},
    error::{ModelError, Result},
};

/// A type that stands for a kind of network, such as [`Ei`](crate::ei::Ei).
pub trait KindMarker {
    /// The kind.
    const KIND: Kind;
}

/// A [`Ctrnn`] of the kind that `K` stands for, with all its methods. Made only if the description is of that kind; a
/// network that is there already becomes one by `try_into()`.
#[derive(Clone, Debug)]
pub struct CtrnnOf<K> {
    network: Ctrnn,
    kind: PhantomData<K>,
}

impl<K: KindMarker> CtrnnOf<K> {
    /// Builds the network from named tensors; see [`Ctrnn::new`].
    ///
    /// # Errors
    /// Those of [`Ctrnn::new`], or if the description is of another kind.
    pub fn new(config: &ModelConfig, vb: VarBuilder) -> Result<Self> {
        Ctrnn::new(config, vb)?.try_into()
    }

    /// A fresh network drawn from `seed`; see [`Ctrnn::init`].
    ///
    /// # Errors
    /// Those of [`Ctrnn::init`], or if the description is of another kind.
    pub fn init(config: &ModelConfig, seed: u64, dtype: DType, device: &Device) -> Result<Self> {
        Ctrnn::init(config, seed, dtype, device)?.try_into()
    }
}

impl<K: KindMarker> TryFrom<Ctrnn> for CtrnnOf<K> {
    type Error = ModelError;

    fn try_from(network: Ctrnn) -> Result<Self> {
        network.config().expect_kind(K::KIND)?;
        Ok(Self { network, kind: PhantomData })
    }
}

impl<K> Deref for CtrnnOf<K> {
    type Target = Ctrnn;

    fn deref(&self) -> &Ctrnn {
        &self.network
    }
}
