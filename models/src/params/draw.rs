//! How a fresh set of tensors is drawn.

use candle_core::{DType, Device, Tensor};
use faer::Mat;

use super::{
    matrix::{Matrix, w_in, w_out, w_rec},
    specs::Tensors,
    values::{bias, fixed_weights, host_matrix, plastic_multipliers, start, vector},
};
use crate::{
    config::{Init, MatrixConfig, ModelConfig, Units},
    connectivity::{Connectivity, Mask},
    error::Result,
    init::Draw,
    stream::{LayerSeed, Stream},
};

impl ModelConfig {
    /// Draws the tensors of a fresh network on the host: the same for every device, a function of the description and
    /// the seed alone.
    ///
    /// # Errors
    /// If the description is invalid, or a draw cannot satisfy it.
    pub fn draw(&self, seed: u64, dtype: DType) -> Result<Tensors> {
        self.validate()?;
        let mut tensors = Tensors::new();
        for plan in self.plans() {
            let (config, units, prefix) = (&plan.config, plan.config.layout(), plan.prefix());
            let seed = LayerSeed { seed, layer: plan.place.unwrap_or(0) };
            let draw = || -> Result<(Tensors, Connectivity)> {
                let connectivity = Connectivity::draw(config, &units, seed)?;
                Ok((config.draw_units(&units, &connectivity, seed, dtype)?, connectivity))
            };
            let (own, connectivity) = draw().map_err(|error| plan.locate(error))?;
            tensors.extend(own.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
            if plan.is_last {
                let mask = connectivity.draw_readout(config, &units, seed)?;
                config.insert_matrix(
                    w_out(config),
                    &mask,
                    &units,
                    (Stream::OutputWeights, seed),
                    dtype,
                    &mut tensors,
                )?;
                tensors.insert("b_out".into(), vector(bias(config.output_bias(), config.outputs, "b_out")?, dtype)?);
            }
        }
        Ok(tensors)
    }

    /// All but those of the readout, of a network that is not stacked.
    fn draw_units(&self, units: &Units, connectivity: &Connectivity, seed: LayerSeed, dtype: DType) -> Result<Tensors> {
        let mut tensors = Tensors::new();
        tensors.insert("b_rec".into(), vector(bias(self.unit_bias(), units.len(), "b_rec")?, dtype)?);
        tensors.insert("tau".into(), vector(self.tau.resolve(units, "tau")?, dtype)?);
        tensors.insert("x0".into(), vector(start(&self.start, units.len())?, dtype)?);
        if let Some(matrix) = w_in(self) {
            self.insert_matrix(matrix, &connectivity.w_in, units, (Stream::InputWeights, seed), dtype, &mut tensors)?;
        }
        self.insert_matrix(
            w_rec(self),
            &connectivity.w_rec,
            units,
            (Stream::RecurrentWeights, seed),
            dtype,
            &mut tensors,
        )?;
        Ok(tensors)
    }

    /// Draws a matrix and puts it with its masks among the tensors.
    fn insert_matrix(
        &self,
        (name, matrix, shape): Matrix,
        mask: &Mask,
        units: &Units,
        (stream, seed): (Stream, LayerSeed),
        dtype: DType,
        tensors: &mut Tensors,
    ) -> Result<()> {
        let weights = self.draw_matrix(name, matrix, mask, units, stream, seed)?;
        tensors.insert(name.into(), host_matrix(&weights, dtype)?);
        tensors.insert(format!("connectivity.{name}"), Tensor::from_vec(mask.entries.clone(), shape, &Device::Cpu)?);
        if let Some(fixed) = fixed_weights(matrix, shape) {
            tensors.insert(format!("fixed.{name}"), host_matrix(&fixed, dtype)?);
        }
        if let Some(plastic) = plastic_multipliers(matrix, shape) {
            tensors.insert(format!("plastic.{name}"), host_matrix(&plastic, dtype)?);
        }
        Ok(())
    }

    fn draw_matrix(
        &self,
        name: &str,
        matrix: &MatrixConfig,
        mask: &Mask,
        units: &Units,
        stream: Stream,
        seed: LayerSeed,
    ) -> Result<Mat<f64>> {
        let (init, spectral_radius) = match (name, &matrix.init) {
            ("w_rec", _) => self.recurrent_init(units.have_cell_types()),
            (_, Some(init)) => (init.clone(), None),
            (_, None) => (Init::UniformRange(0.1), None),
        };
        let pre_types = self.presynaptic_types(name, matrix, mask.pres, units)?;
        let radius_requested = matrix.spectral_radius.is_some();
        let (balance, fixed) = (matrix.balance, matrix.fixed.as_slice());
        Draw { name, init: &init, mask, pre_types: &pre_types, balance, spectral_radius, radius_requested, fixed }
            .weights(&mut stream.rng(seed))
    }
}
