//! Networks whose weights or noise are not those of the training: how well does what was learned hold?
//!
//! ```text
//! weight noise     w <- w [1 + sd xi]+           free synapses between units; xi unit Gaussians of a seed
//! noise            sigma_rec <- factor sigma_rec
//! ```
//!
//! A factor below 0 would turn the sign of a synapse, against Dale's law where it holds; such a synapse is lost instead,
//! in every network, so that the same `sd` means the same with and without cell types. Synapses that are not there and
//! fixed ones stay as they are, and so do the weights of inputs and outputs.

use rand_distr::{Distribution, StandardNormal};

use super::network::Ctrnn;
use crate::{
    config::PerUnit,
    error::{ModelError, Result},
    host,
    stream::{LayerSeed, Stream},
};

impl Ctrnn {
    /// The network with free weights between units times `[1 + sd xi]+`, drawn from `seed`. Its parameters are copies.
    ///
    /// # Errors
    /// If `sd` is negative or not finite.
    pub fn with_weight_noise(&self, sd: f64, seed: u64) -> Result<Self> {
        check("weight noise", sd)?;
        let mut tensors = self.tensors()?;
        for matrix in self.outgoing().into_iter().filter(|matrix| matrix.posts.is_some()) {
            let (name, layer) = (matrix.tensor(""), matrix.place.unwrap_or(0));
            let stream = if matrix.name == "w_rec" { Stream::RecurrentNoise } else { Stream::BetweenLayersNoise };
            let (Some(weights), mut rng) = (tensors.get(&name), stream.rng(LayerSeed { seed, layer })) else {
                continue;
            };
            let fixed = tensors.get(&matrix.tensor("fixed.")).map(host::values).transpose()?;
            let is_fixed = |index: usize| fixed.as_ref().is_some_and(|fixed| fixed[index] != 0.0);
            // One draw for every entry, so that a synapse has its own whatever else there is.
            let noisy = host::values(weights)?.into_iter().enumerate().map(|(index, weight)| {
                let xi: f64 = StandardNormal.sample(&mut rng);
                if is_fixed(index) { weight } else { weight * (1.0 + sd * xi).max(0.0) }
            });
            let noisy = host::placed(noisy.collect(), weights.shape(), self.dtype(), self.device())?;
            tensors.insert(name, noisy);
        }
        Self::from_tensors(&self.config, tensors, self.dtype(), self.device())
    }

    /// The network with `factor` times its recurrent noise. Its parameters are copies.
    ///
    /// # Errors
    /// If `factor` is negative or not finite.
    pub fn with_noise_scaled(&self, factor: f64) -> Result<Self> {
        check("noise factor", factor)?;
        let scaled = |sigma: &PerUnit<f64>| Some(sigma.map(|sigma| factor * sigma));
        let mut config = self.config.clone();
        config.sigma_rec = scaled(self.config.unit_noise());
        for layer in &mut config.layers {
            layer.sigma_rec = layer.sigma_rec.as_ref().and_then(scaled);
        }
        Self::from_tensors(&config, self.tensors()?, self.dtype(), self.device())
    }

    /// The network with this recurrent noise in place of its own, that of its layers, too. Its parameters are copies.
    ///
    /// # Errors
    /// If the noise does not fit the units.
    pub fn with_sigma_rec(&self, sigma: impl Into<PerUnit<f64>>) -> Result<Self> {
        let mut config = self.config.clone().sigma_rec(sigma);
        for layer in &mut config.layers {
            layer.sigma_rec = None;
        }
        Self::from_tensors(&config, self.tensors()?, self.dtype(), self.device())
    }
}

fn check(field: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(ModelError::config(field, format!("must be finite and >= 0, but is {value}")))
}
