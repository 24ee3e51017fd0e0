//! One weight matrix with its constraints: connectivity, Dale's law, fixed synapses.
//!
//! ```text
//! rectified   W = C . [w s]+ s + F         gradient 0 where w s <= 0
//! clamped     W = C . w + F                w s >= 0 kept by the projection after each update
//! ```
//!
//! `w` free weight, `C` connectivity without the fixed synapses, `s` sign of the presynaptic unit, `F` fixed weights. After every projection `w = W`, so
//! what is stored, saved and read by others is the effective weight. In the rectified mode the projection changes nothing that follows: a weight
//! of the wrong sign has no gradient, so whether it is kept negative or set to zero, it stays silent.

use candle_core::{DType, Tensor};
use candle_nn::VarBuilder;

use crate::{
    config::{CellType, Dale},
    error::{ModelError, Result},
    params::Tensors,
};

/// A weight matrix (posts, pres) and its constraints.
#[derive(Clone, Debug)]
pub struct Synapses {
    name: &'static str,
    weight: Tensor,
    /// 1 where a synapse exists, u8.
    connectivity: Tensor,
    /// 1 where a synapse exists and is not fixed, u8.
    free: Tensor,
    /// Sign of each presynaptic unit (1, pres), 0 if it may have any; and 1 where it is 0.
    signs: Option<(Tensor, Tensor)>,
    fixed: Option<Tensor>,
    plastic: Option<Tensor>,
    dale: Dale,
}

impl Synapses {
    pub(crate) fn new(
        vb: &VarBuilder,
        name: &'static str,
        shape: (usize, usize),
        pre_types: &[Option<CellType>],
        dale: Dale,
    ) -> Result<Self> {
        let optional = |kind: &str| -> Result<Option<Tensor>> {
            let name = format!("{kind}.{name}");
            Ok(if vb.contains_tensor(&name) { Some(vb.get(shape, &name)?) } else { None })
        };
        let weight = vb.get(shape, name)?;
        let connectivity = vb.get(shape, &format!("connectivity.{name}"))?.gt(0.0)?;
        let fixed = optional("fixed")?;
        let free = match &fixed {
            Some(fixed) => (&connectivity * fixed.eq(0.0)?)?,
            None => connectivity.clone(),
        };
        let signs = if pre_types.iter().any(Option::is_some) {
            let signs: Vec<f64> = pre_types.iter().map(|cell_type| cell_type.map_or(0.0, CellType::sign)).collect();
            let unsigned: Vec<f64> = signs.iter().map(|sign| f64::from(*sign == 0.0)).collect();
            let row = |values| Tensor::from_vec(values, (1, shape.1), weight.device())?.to_dtype(weight.dtype());
            Some((row(signs)?, row(unsigned)?))
        } else {
            None
        };
        let synapses = Self { name, weight, connectivity, free, signs, fixed, plastic: optional("plastic")?, dale };
        synapses.check()?;
        Ok(synapses)
    }

    /// The weights that act in the dynamics (posts, pres).
    pub fn effective(&self) -> Result<Tensor> {
        match self.dale {
            Dale::Rectified => self.select(&self.feasible()?),
            Dale::Clamped => self.select(&self.free),
        }
    }

    /// The free weights projected onto the constraints.
    pub fn projected(&self) -> Result<Tensor> {
        self.select(&self.feasible()?)
    }

    /// The free weights (posts, pres); equal to the effective ones after every projection.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// 1 where a synapse exists (posts, pres), u8.
    pub fn connectivity(&self) -> &Tensor {
        &self.connectivity
    }

    /// Multiplier of each synapse's update; `None` if all are fully plastic.
    pub fn plastic(&self) -> Option<&Tensor> {
        self.plastic.as_ref()
    }

    /// The same synapses as constants, sharing their weights.
    pub(crate) fn frozen(&self) -> Self {
        Self { weight: self.weight.detach(), ..self.clone() }
    }

    /// The matrix and its masks by name, as they are saved.
    pub(crate) fn tensors(&self) -> Result<Tensors> {
        let name = self.name;
        let mut tensors =
            Tensors::from([(name.to_string(), self.projected()?.detach()), (format!("connectivity.{name}"), self.connectivity.clone())]);
        let optional = [("fixed", &self.fixed), ("plastic", &self.plastic)];
        tensors.extend(optional.into_iter().filter_map(|(kind, tensor)| Some((format!("{kind}.{name}"), tensor.clone()?))));
        Ok(tensors)
    }

    /// 1 for free synapses whose weight has the sign its presynaptic unit asks for, u8. A weight of exactly zero does not count.
    fn feasible(&self) -> Result<Tensor> {
        let Some((signs, unsigned)) = &self.signs else { return Ok(self.free.clone()) };
        let signed = self.weight.detach().broadcast_mul(signs)?.broadcast_add(unsigned)?;
        // Not `signed > 0`: a NaN must stay visible, and not become a silent zero.
        let right_sign = signed.le(0.0)?.eq(0u8)?;
        Ok((&self.free * right_sign)?)
    }

    fn select(&self, allowed: &Tensor) -> Result<Tensor> {
        let weights = allowed.where_cond(&self.weight, &self.weight.zeros_like()?)?;
        Ok(match &self.fixed {
            Some(fixed) => (weights + fixed)?,
            None => weights,
        })
    }

    /// Refuses weights that break a constraint, naming the first.
    fn check(&self) -> Result<()> {
        let (_, pres) = self.weight.dims2()?;
        let host = |tensor: &Tensor| -> Result<Vec<f64>> { Ok(tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1()?) };
        let (weights, projected) = (host(&self.weight)?, host(&self.projected()?)?);
        let broken = weights.iter().zip(&projected).position(|(weight, projected)| weight != projected);
        match broken {
            None => Ok(()),
            Some(index) => Err(ModelError::tensor(
                self.name,
                format!(
                    "[{}, {}] = {} breaks its connectivity, its fixed weight or Dale's law (it would have to be {}); the file does not fit its configuration",
                    index / pres,
                    index % pres,
                    weights[index],
                    projected[index]
                ),
            )),
        }
    }
}
