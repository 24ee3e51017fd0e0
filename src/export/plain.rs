//! A network as programs need it: effective weights and one number per unit, on the host.

use candle_core::{Device, Tensor};
use nn4n_models::{Activation, Ctrnn, Layer, ModelConfig, NoiseScaling, PerUnit, host};

use crate::{
    checkpoint::{Checkpoint, Header},
    error::{Error, Result},
};

/// A network in plain numbers.
pub(super) struct Plain<'c> {
    pub header: &'c Header,
    pub network: Ctrnn,
    /// Input weights (units, inputs), also if there are no inputs.
    pub w_in: Tensor,
    /// (units, units)
    pub w_rec: Tensor,
    /// (outputs, units)
    pub w_out: Tensor,
    /// (units)
    pub b_rec: Tensor,
    /// (outputs)
    pub b_out: Tensor,
    /// (units)
    pub x0: Tensor,
    /// Time constants, ms (units).
    pub tau: Vec<f64>,
    /// The activation of each unit.
    pub activations: Vec<Activation>,
    /// `sigma_rec` of each unit.
    pub sigma_rec: Vec<f64>,
    /// `sigma_post` of each unit.
    pub sigma_post: Vec<f64>,
}

impl<'c> Plain<'c> {
    pub fn new(checkpoint: &'c Checkpoint) -> Result<Self> {
        let network = checkpoint.network(&Device::Cpu)?.frozen();
        let tensors = network.tensors()?;
        let tensor = |name: &str| {
            let missing = || Error::shape(name, "is missing in the network; it cannot be exported");
            tensors.get(name).ok_or_else(missing)
        };
        let of_units = |name: &str| -> Result<Tensor> {
            let path = |layer: &Layer| {
                layer.place().map_or_else(|| name.to_string(), |place| format!("layers.{place}.{name}"))
            };
            let parts = network.layers().iter().map(|layer| tensor(&path(layer))).collect::<Result<Vec<_>>>()?;
            Ok(Tensor::cat(&parts, 0)?)
        };
        let units = network.units();
        let w_in = match network.effective_w_in()? {
            Some(w_in) => w_in,
            None => Tensor::zeros((units.len(), 0), network.dtype(), &Device::Cpu)?,
        };
        Ok(Self {
            header: &checkpoint.header,
            w_in,
            w_rec: network.effective_w_rec()?,
            w_out: network.effective_w_out()?,
            b_rec: of_units("b_rec")?,
            b_out: tensor("b_out")?.clone(),
            x0: of_units("x0")?,
            tau: numbers(&network.tau()?)?,
            activations: per_unit(&network, "activation", |config| &config.activation)?,
            sigma_rec: per_unit(&network, "sigma_rec", |config| config.unit_noise())?,
            sigma_post: per_unit(&network, "sigma_post", |config| &config.sigma_post)?,
            network,
        })
    }

    /// The description.
    pub fn config(&self) -> &ModelConfig {
        self.network.config()
    }

    /// Refuses a stacked network.
    pub fn expect_one_layer(&self) -> Result<()> {
        if !self.config().kind.has_layers() {
            return Ok(());
        }
        let message =
            "is \"stacked\", but only networks of one layer are written in this format; export to npz or numpy";
        Err(Error::setting("model.kind", message))
    }

    /// `dt / tau` of each unit.
    pub fn alpha(&self) -> Vec<f64> {
        self.tau.iter().map(|tau| self.config().dt / tau).collect()
    }

    /// A vector in the data type of the network.
    pub fn vector(&self, values: Vec<f64>) -> Result<Tensor> {
        Ok(Tensor::new(values, &Device::Cpu)?.to_dtype(self.network.dtype())?)
    }

    /// The standard deviation of what the noise adds to the current of each unit at each step, before the leak fraction
    /// multiplies it.
    pub fn current_noise(&self) -> Vec<f64> {
        let noise = |(sigma, alpha): (&f64, f64)| match self.config().noise_scaling {
            NoiseScaling::Continuous => (2.0 / alpha).sqrt() * sigma,
            NoiseScaling::PerStep => sigma / alpha,
        };
        self.sigma_rec.iter().zip(self.alpha()).map(noise).collect()
    }
}

/// A setting of each unit, from the layers' descriptions.
fn per_unit<T: Clone>(network: &Ctrnn, field: &str, setting: impl Fn(&ModelConfig) -> &PerUnit<T>) -> Result<Vec<T>> {
    let layers = network.layers().iter();
    let parts =
        layers.map(|layer| setting(layer.config()).resolve(layer.units(), field)).collect::<Result<Vec<_>, _>>()?;
    Ok(parts.concat())
}

/// The numbers of a tensor, row by row.
pub(super) fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(host::values(tensor)?)
}

/// The one value that all entries have, if they do.
pub(super) fn uniform<T: PartialEq + Copy>(values: &[T]) -> Option<T> {
    values.first().copied().filter(|first| values.iter().all(|value| value == first))
}
