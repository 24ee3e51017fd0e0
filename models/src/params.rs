//! The named tensors of a network: which there are, how a fresh set is drawn, and which of them are trained.
//!
//! | tensor | shape | |
//! |---|---|---|
//! | `w_in`, `w_rec`, `w_out` | (units, inputs), (units, units), (outputs, units) | `w[post, pre]`, effective weights |
//! | `b_rec`, `b_out` | (units), (outputs) | zero if switched off |
//! | `x0` | (units) | start state; in the rate form the start rate |
//! | `tau` | (units) | ms |
//! | `connectivity.*` | as the matrix, u8 | 1 where a synapse exists |
//! | `fixed.*` | as the matrix | weight of fixed synapses, 0 elsewhere; only if there are any |
//! | `plastic.*` | as the matrix | multiplier of the update; only if it is not 1 everywhere |
//!
//! In a stacked network each layer has the tensors of a network without readout, counted from the input:
//! `layers.0.w_in`, `layers.0.connectivity.w_in`, `layers.1.tau`. Its `w_in` is (units, units of the layer below) above
//! the first layer; `w_out` and `b_out` are those of the last.

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use faer::Mat;

use crate::{
    config::{Bias, LearnTau, MatrixConfig, ModelConfig, Plastic, Start, Units, Values},
    connectivity::{Connectivity, Mask},
    error::{ModelError, Result},
    init::Draw,
    stream::{LayerSeed, Stream},
};

/// Named tensors, in the order of their names.
pub type Tensors = BTreeMap<String, Tensor>;

/// What one tensor of a network must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether training changes it.
    pub trained: bool,
    /// Whether it is a 0/1 mask, stored as u8.
    pub mask: bool,
}

/// A weight matrix: name, settings and shape.
pub(crate) type Matrix<'a> = (&'static str, &'a MatrixConfig, (usize, usize));

/// The input weights of a network that is not stacked; `None` without inputs.
pub(crate) fn w_in(config: &ModelConfig) -> Option<Matrix<'_>> {
    (config.inputs > 0).then(|| ("w_in", &config.w_in, (config.n_units(), config.inputs)))
}

pub(crate) fn w_rec(config: &ModelConfig) -> Matrix<'_> {
    ("w_rec", &config.w_rec, (config.n_units(), config.n_units()))
}

pub(crate) fn w_out(config: &ModelConfig) -> Matrix<'_> {
    ("w_out", &config.w_out, (config.outputs, config.n_units()))
}

fn spec(name: &str, shape: &[usize], trained: bool) -> TensorSpec {
    TensorSpec { name: name.into(), shape: shape.into(), trained, mask: false }
}

fn matrix_specs((name, matrix, (posts, pres)): Matrix) -> Vec<TensorSpec> {
    let mut specs = vec![
        spec(name, &[posts, pres], true),
        TensorSpec { mask: true, ..spec(&format!("connectivity.{name}"), &[posts, pres], false) },
    ];
    if !matrix.fixed.is_empty() {
        specs.push(spec(&format!("fixed.{name}"), &[posts, pres], false));
    }
    if matrix.plastic != Plastic::All(1.0) {
        specs.push(spec(&format!("plastic.{name}"), &[posts, pres], false));
    }
    specs
}

impl ModelConfig {
    /// All tensors of a network with this description, and no others, in the order of their names.
    pub fn tensor_specs(&self) -> Vec<TensorSpec> {
        let mut specs = Vec::new();
        for plan in self.plans() {
            let prefix = plan.prefix();
            let named = |spec: TensorSpec| TensorSpec { name: format!("{prefix}{}", spec.name), ..spec };
            specs.extend(plan.config.specs_of_units().into_iter().map(named));
            if plan.is_last {
                specs.extend(matrix_specs(w_out(&plan.config)));
                specs.push(spec("b_out", &[self.outputs], matches!(self.output_bias(), Bias::Trained(_))));
            }
        }
        specs.sort_by(|a, b| a.name.cmp(&b.name));
        specs
    }

    /// All but those of the readout, of a network that is not stacked.
    fn specs_of_units(&self) -> Vec<TensorSpec> {
        let n = self.n_units();
        let mut specs = vec![
            spec("b_rec", &[n], matches!(self.unit_bias(), Bias::Trained(_))),
            spec("tau", &[n], self.learn_tau != LearnTau::Off),
            spec("x0", &[n], matches!(self.start, Start::Trained(_))),
        ];
        specs.extend(w_in(self).into_iter().chain([w_rec(self)]).flat_map(matrix_specs));
        specs
    }

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
            (_, None) => (crate::config::Init::UniformRange(0.1), None),
        };
        let pre_types = self.presynaptic_types(name, matrix, mask.pres, units)?;
        let radius_requested = matrix.spectral_radius.is_some();
        let (balance, fixed) = (matrix.balance, matrix.fixed.as_slice());
        Draw { name, init: &init, mask, pre_types: &pre_types, balance, spectral_radius, radius_requested, fixed }
            .weights(&mut stream.rng(seed))
    }

    /// What this description of a network that is not stacked prescribes for tensors that are not trained, in f64;
    /// without those of the readout.
    pub(crate) fn prescribed_of_units(&self, units: &Units) -> Result<Tensors> {
        let mut prescribed = Tensors::new();
        if self.learn_tau == LearnTau::Off {
            prescribed.insert("tau".into(), vector(self.tau.resolve(units, "tau")?, DType::F64)?);
        }
        if !matches!(self.start, Start::Trained(_)) {
            prescribed.insert("x0".into(), vector(start(&self.start, units.len())?, DType::F64)?);
        }
        if !matches!(self.unit_bias(), Bias::Trained(_)) {
            prescribed.insert("b_rec".into(), vector(bias(self.unit_bias(), units.len(), "b_rec")?, DType::F64)?);
        }
        for matrix in w_in(self).into_iter().chain([w_rec(self)]) {
            prescribe_matrix(matrix, &mut prescribed)?;
        }
        Ok(prescribed)
    }

    /// The same for the readout.
    pub(crate) fn prescribed_of_readout(&self) -> Result<Tensors> {
        let mut prescribed = Tensors::new();
        if !matches!(self.output_bias(), Bias::Trained(_)) {
            prescribed.insert("b_out".into(), vector(bias(self.output_bias(), self.outputs, "b_out")?, DType::F64)?);
        }
        prescribe_matrix(w_out(self), &mut prescribed)?;
        Ok(prescribed)
    }
}

fn prescribe_matrix((name, matrix, shape): Matrix, prescribed: &mut Tensors) -> Result<()> {
    for (kind, weights) in [("fixed", fixed_weights(matrix, shape)), ("plastic", plastic_multipliers(matrix, shape))] {
        if let Some(weights) = weights {
            prescribed.insert(format!("{kind}.{name}"), host_matrix(&weights, DType::F64)?);
        }
    }
    Ok(())
}

fn fixed_weights(matrix: &MatrixConfig, (posts, pres): (usize, usize)) -> Option<Mat<f64>> {
    let mut fixed = Mat::zeros(posts, pres);
    matrix.fixed.iter().for_each(|synapse| fixed[(synapse.post, synapse.pre)] = synapse.weight);
    (!matrix.fixed.is_empty()).then_some(fixed)
}

fn plastic_multipliers(matrix: &MatrixConfig, (posts, pres): (usize, usize)) -> Option<Mat<f64>> {
    match &matrix.plastic {
        Plastic::All(1.0) => None,
        Plastic::All(value) => Some(Mat::full(posts, pres, *value)),
        Plastic::Each(rows) => Some(Mat::from_fn(posts, pres, |post, pre| rows[post][pre])),
    }
}

/// Refuses tensors that contradict what is prescribed (up to the rounding of f32).
pub(crate) fn check_prescribed(prescribed: Tensors, vb: &VarBuilder) -> Result<()> {
    let host =
        |tensor: &Tensor| -> Result<Vec<f64>> { Ok(tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1()?) };
    for (name, wanted) in prescribed {
        let (values, wanted) = (host(&vb.get(wanted.dims(), &name)?)?, host(&wanted)?);
        let differs = |(value, wanted): (&f64, &f64)| (value - wanted).abs() > 1e-6 * wanted.abs() || value.is_nan();
        if let Some(index) = values.iter().zip(&wanted).position(differs) {
            let message = format!(
                "is {} at element {index}, but the configuration says {}; correct one of the two",
                values[index], wanted[index]
            );
            return Err(ModelError::tensor(name, message));
        }
    }
    Ok(())
}

/// A variable builder over `tensors` on `device`, with those that training changes as variables.
///
/// # Errors
/// If a tensor is missing, unexpected, misshapen or not finite.
pub(crate) fn var_builder(
    config: &ModelConfig,
    tensors: Tensors,
    dtype: DType,
    device: &Device,
) -> Result<VarBuilder<'static>> {
    let specs = config.tensor_specs();
    if let Some(name) = tensors.keys().find(|name| specs.iter().all(|spec| spec.name != **name)) {
        return Err(ModelError::tensor(name, "is not part of this network; its configuration asks for no such tensor"));
    }
    let mut placed = HashMap::new();
    for spec in &specs {
        let tensor = tensors
            .get(&spec.name)
            .ok_or_else(|| ModelError::tensor(&spec.name, "is missing; the configuration asks for it"))?;
        if tensor.dims() != spec.shape {
            return Err(ModelError::tensor(
                &spec.name,
                format!("has shape {:?}, but the configuration asks for {:?}", tensor.dims(), spec.shape),
            ));
        }
        let tensor = tensor.to_dtype(dtype)?;
        check_values(&spec.name, &tensor, spec.mask)?;
        let tensor = tensor.to_device(device)?;
        let tensor = if spec.trained { Var::from_tensor(&tensor)?.into_inner() } else { tensor };
        placed.insert(spec.name.clone(), tensor);
    }
    Ok(VarBuilder::from_tensors(placed, dtype, device))
}

fn check_values(name: &str, tensor: &Tensor, mask: bool) -> Result<()> {
    let values: Vec<f64> = tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(ModelError::tensor(
            name,
            format!("is {} at element {index}; parameters must be finite", values[index]),
        ));
    }
    if mask && let Some(index) = values.iter().position(|value| *value != 0.0 && *value != 1.0) {
        return Err(ModelError::tensor(
            name,
            format!("is {} at element {index}; a connectivity is 0 or 1", values[index]),
        ));
    }
    Ok(())
}

fn vector(values: Vec<f64>, dtype: DType) -> Result<Tensor> {
    Ok(Tensor::new(values, &Device::Cpu)?.to_dtype(dtype)?)
}

fn host_matrix(weights: &Mat<f64>, dtype: DType) -> Result<Tensor> {
    Ok(Tensor::from_vec(row_major(weights), (weights.nrows(), weights.ncols()), &Device::Cpu)?.to_dtype(dtype)?)
}

fn row_major(weights: &Mat<f64>) -> Vec<f64> {
    (0..weights.nrows()).flat_map(|post| (0..weights.ncols()).map(move |pre| weights[(post, pre)])).collect()
}

fn bias(bias: &Bias, count: usize, field: &str) -> Result<Vec<f64>> {
    match bias {
        Bias::Off => Ok(vec![0.0; count]),
        Bias::Constant(values) | Bias::Trained(values) => values.resolve(count, field),
    }
}

fn start(start: &Start, count: usize) -> Result<Vec<f64>> {
    match start {
        Start::Zero | Start::Carried => Values::All(0.0).resolve(count, "start"),
        Start::Constant(values) | Start::Trained(values) => values.resolve(count, "start"),
    }
}
