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

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use faer::Mat;

use crate::{
    config::{Bias, LearnTau, MatrixConfig, ModelConfig, Plastic, Start, Units, Values},
    connectivity::{Connectivity, Mask},
    error::{ModelError, Result},
    init::Draw,
    stream::Stream,
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

/// The weight matrices of a network: name, settings and shape. Without inputs there is no `w_in`.
pub(crate) fn matrices(config: &ModelConfig) -> Vec<(&'static str, &MatrixConfig, (usize, usize))> {
    let n = config.n_units();
    let mut matrices = vec![("w_rec", &config.w_rec, (n, n)), ("w_out", &config.w_out, (config.outputs, n))];
    if config.inputs > 0 {
        matrices.insert(0, ("w_in", &config.w_in, (n, config.inputs)));
    }
    matrices
}

impl ModelConfig {
    /// All tensors of a network with this description, and no others, in the order of their names.
    pub fn tensor_specs(&self) -> Vec<TensorSpec> {
        let n = self.n_units();
        let spec = |name: &str, shape: &[usize], trained| TensorSpec { name: name.into(), shape: shape.into(), trained, mask: false };
        let mut specs = vec![
            spec("b_out", &[self.outputs], matches!(self.b_out, Bias::Trained(_))),
            spec("b_rec", &[n], matches!(self.b_rec, Bias::Trained(_))),
            spec("tau", &[n], self.learn_tau != LearnTau::Off),
            spec("x0", &[n], matches!(self.start, Start::Trained(_))),
        ];
        for (name, matrix, (posts, pres)) in matrices(self) {
            specs.push(spec(name, &[posts, pres], true));
            specs.push(TensorSpec { mask: true, ..spec(&format!("connectivity.{name}"), &[posts, pres], false) });
            if !matrix.fixed.is_empty() {
                specs.push(spec(&format!("fixed.{name}"), &[posts, pres], false));
            }
            if matrix.plastic != Plastic::All(1.0) {
                specs.push(spec(&format!("plastic.{name}"), &[posts, pres], false));
            }
        }
        specs.sort_by(|a, b| a.name.cmp(&b.name));
        specs
    }

    /// Draws the tensors of a fresh network on the host: the same for every device, a function of the description and the seed alone.
    ///
    /// # Errors
    /// If the description is invalid, or a draw cannot satisfy it.
    pub fn draw(&self, seed: u64, dtype: DType) -> Result<Tensors> {
        self.validate()?;
        let units = self.layout();
        let connectivity = Connectivity::draw(self, &units, seed)?;
        let mut tensors = Tensors::new();
        let vector = |values: Vec<f64>| -> Result<Tensor> { Ok(Tensor::new(values, &Device::Cpu)?.to_dtype(dtype)?) };
        tensors.insert("b_rec".into(), vector(bias(&self.b_rec, units.len(), "b_rec")?)?);
        tensors.insert("b_out".into(), vector(bias(&self.b_out, self.outputs, "b_out")?)?);
        tensors.insert("tau".into(), vector(self.tau.resolve(&units, "tau")?)?);
        tensors.insert("x0".into(), vector(start(&self.start, units.len())?)?);
        for (name, matrix, _) in matrices(self) {
            let (mask, stream) = match name {
                "w_in" => (&connectivity.w_in, Stream::InputWeights),
                "w_rec" => (&connectivity.w_rec, Stream::RecurrentWeights),
                _ => (&connectivity.w_out, Stream::OutputWeights),
            };
            let weights = self.draw_matrix(name, matrix, mask, &units, stream, seed)?;
            tensors.insert(name.into(), host_matrix(&weights, dtype)?);
            self.insert_masks(name, matrix, mask, dtype, &mut tensors)?;
        }
        Ok(tensors)
    }

    fn draw_matrix(&self, name: &str, matrix: &MatrixConfig, mask: &Mask, units: &Units, stream: Stream, seed: u64) -> Result<Mat<f64>> {
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

    /// What this description prescribes for tensors that are not trained, in f64.
    fn prescribed(&self, units: &Units) -> Result<Tensors> {
        let mut prescribed = Tensors::new();
        let vector = |values: Vec<f64>| Tensor::new(values, &Device::Cpu);
        if self.learn_tau == LearnTau::Off {
            prescribed.insert("tau".into(), vector(self.tau.resolve(units, "tau")?)?);
        }
        if !matches!(self.start, Start::Trained(_)) {
            prescribed.insert("x0".into(), vector(start(&self.start, units.len())?)?);
        }
        for (name, setting, count) in [("b_rec", &self.b_rec, units.len()), ("b_out", &self.b_out, self.outputs)] {
            if !matches!(setting, Bias::Trained(_)) {
                prescribed.insert(name.into(), vector(bias(setting, count, name)?)?);
            }
        }
        for (name, matrix, shape) in matrices(self) {
            for (kind, weights) in [("fixed", fixed_weights(matrix, shape)), ("plastic", plastic_multipliers(matrix, shape))] {
                if let Some(weights) = weights {
                    prescribed.insert(format!("{kind}.{name}"), host_matrix(&weights, DType::F64)?);
                }
            }
        }
        Ok(prescribed)
    }

    fn insert_masks(&self, name: &str, matrix: &MatrixConfig, mask: &Mask, dtype: DType, tensors: &mut Tensors) -> Result<()> {
        let shape = (mask.posts, mask.pres);
        tensors.insert(format!("connectivity.{name}"), Tensor::from_vec(mask.entries.clone(), shape, &Device::Cpu)?);
        if let Some(fixed) = fixed_weights(matrix, shape) {
            tensors.insert(format!("fixed.{name}"), host_matrix(&fixed, dtype)?);
        }
        if let Some(plastic) = plastic_multipliers(matrix, shape) {
            tensors.insert(format!("plastic.{name}"), host_matrix(&plastic, dtype)?);
        }
        Ok(())
    }
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

/// Refuses tensors that contradict the description where it leaves nothing to training (up to the rounding of f32).
pub(crate) fn check_prescribed(config: &ModelConfig, units: &Units, vb: &VarBuilder) -> Result<()> {
    let host = |tensor: &Tensor| -> Result<Vec<f64>> { Ok(tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1()?) };
    for (name, wanted) in config.prescribed(units)? {
        let (values, wanted) = (host(&vb.get(wanted.dims(), &name)?)?, host(&wanted)?);
        let differs = |(value, wanted): (&f64, &f64)| (value - wanted).abs() > 1e-6 * wanted.abs() || value.is_nan();
        if let Some(index) = values.iter().zip(&wanted).position(differs) {
            let message =
                format!("is {} at element {index}, but the configuration says {}; correct one of the two", values[index], wanted[index]);
            return Err(ModelError::tensor(name, message));
        }
    }
    Ok(())
}

/// A variable builder over `tensors` on `device`, with those that training changes as variables.
///
/// # Errors
/// If a tensor is missing, unexpected, misshapen or not finite.
pub(crate) fn var_builder(config: &ModelConfig, tensors: Tensors, dtype: DType, device: &Device) -> Result<VarBuilder<'static>> {
    let specs = config.tensor_specs();
    if let Some(name) = tensors.keys().find(|name| specs.iter().all(|spec| spec.name != **name)) {
        return Err(ModelError::tensor(name, "is not part of this network; its configuration asks for no such tensor"));
    }
    let mut placed = HashMap::new();
    for spec in &specs {
        let tensor = tensors.get(&spec.name).ok_or_else(|| ModelError::tensor(&spec.name, "is missing; the configuration asks for it"))?;
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
        return Err(ModelError::tensor(name, format!("is {} at element {index}; parameters must be finite", values[index])));
    }
    if mask && let Some(index) = values.iter().position(|value| *value != 0.0 && *value != 1.0) {
        return Err(ModelError::tensor(name, format!("is {} at element {index}; a connectivity is 0 or 1", values[index])));
    }
    Ok(())
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
