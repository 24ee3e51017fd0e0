//! One weight matrix with its constraints: connectivity, Dale's law, fixed synapses.
//!
//! ```text
//! rectified   W = C . [w s]+ s + F         gradient 0 where w s <= 0
//! clamped     W = C . w + F                w s >= 0 kept by the projection after each update
//! ```
//!
//! `w` free weight, `C` connectivity without the fixed synapses, `s` sign of the presynaptic unit, `F` fixed weights.
//! After every projection `w = W`, so what is stored, saved and read by others is the effective weight. In the
//! rectified mode the projection changes nothing that follows: a weight of the wrong sign has no gradient, so whether
//! it is kept negative or set to zero, it stays silent.

mod constraint;

use candle_core::{Tensor, Var};
use candle_nn::VarBuilder;

use self::constraint::Constraint;
use crate::{
    config::{CellType, Dale},
    error::{ModelError, Result},
    host::{self, has_passes},
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
    /// Number of synapses, fixed ones included.
    count: usize,
    /// What `effective` and `projected` let through; `None` if everything.
    acting: Option<Constraint>,
    feasible: Option<Constraint>,
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
        let signs: Vec<f64> = pre_types.iter().map(|cell_type| cell_type.map_or(0.0, CellType::sign)).collect();
        let host = |mask: &Tensor| mask.flatten_all()?.to_vec1::<u8>();
        let count = host(&connectivity)?.into_iter().map(usize::from).sum();
        let constraint = |signs: &[f64]| -> Result<Option<Constraint>> {
            let constraint = Constraint::new(&host(&free)?, signs, fixed.clone());
            Ok((!constraint.is_void()).then_some(constraint))
        };
        let feasible = constraint(&signs)?;
        let acting = match dale {
            Dale::Rectified => feasible.clone(),
            Dale::Clamped => constraint(&[0.0])?,
        };
        let signs = if pre_types.iter().any(Option::is_some) {
            let unsigned: Vec<f64> = signs.iter().map(|sign| f64::from(*sign == 0.0)).collect();
            let row = |values| host::placed(values, (1, shape.1), weight.dtype(), weight.device());
            Some((row(signs)?, row(unsigned)?))
        } else {
            None
        };
        let plastic = optional("plastic")?;
        let synapses = Self { name, weight, connectivity, free, signs, fixed, plastic, dale, count, acting, feasible };
        synapses.check()?;
        Ok(synapses)
    }

    /// The weights that act in the dynamics (posts, pres). Where nothing constrains them, they are the free weights
    /// themselves, which updates change.
    pub fn effective(&self) -> Result<Tensor> {
        match &self.acting {
            None => Ok(self.weight.clone()),
            Some(acting) if has_passes(self.weight.device()) => Ok(self.weight.apply_op1(acting.clone())?),
            Some(_) => self.effective_by_ops(),
        }
    }

    /// A copy of the free weights, projected onto the constraints.
    pub fn projected(&self) -> Result<Tensor> {
        let weight = self.weight.detach();
        match &self.feasible {
            None => Ok(weight.copy()?),
            Some(feasible) if has_passes(weight.device()) => Ok(weight.apply_op1_no_bwd(feasible)?),
            Some(_) => Ok(self.select(&self.feasible()?)?.detach()),
        }
    }

    /// Projects the free weights onto the constraints, if they are trained.
    pub(crate) fn project(&self) -> Result<()> {
        match &self.feasible {
            Some(feasible) if self.weight.is_variable() && has_passes(self.weight.device()) => {
                Ok(feasible.impose(&self.weight)?)
            }
            Some(_) if self.weight.is_variable() => {
                Ok(Var::from_tensor(&self.weight)?.set(&self.projected()?.contiguous()?)?)
            }
            _ => Ok(()),
        }
    }

    /// The number of synapses, fixed ones included.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The free weights (posts, pres); equal to the effective ones after every projection.
    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// 1 where a synapse exists (posts, pres), u8.
    pub fn connectivity(&self) -> &Tensor {
        &self.connectivity
    }

    /// Sign of each presynaptic unit (1, pres): 1, -1, or 0 if it may have any; `None` if all may.
    pub fn signs(&self) -> Option<&Tensor> {
        self.signs.as_ref().map(|(signs, _)| signs)
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
        let mut tensors = Tensors::from([
            (name.to_string(), self.projected()?),
            (format!("connectivity.{name}"), self.connectivity.clone()),
        ]);
        let optional = [("fixed", &self.fixed), ("plastic", &self.plastic)];
        tensors.extend(
            optional.into_iter().filter_map(|(kind, tensor)| Some((format!("{kind}.{name}"), tensor.clone()?))),
        );
        Ok(tensors)
    }

    fn effective_by_ops(&self) -> Result<Tensor> {
        match self.dale {
            Dale::Rectified => self.select(&self.feasible()?),
            Dale::Clamped => self.select(&self.free),
        }
    }

    /// 1 for free synapses whose weight has the sign its presynaptic unit asks for, u8. A weight of exactly zero does
    /// not count.
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
        let (weights, projected) = (host::values(&self.weight)?, host::values(&self.projected()?)?);
        let broken = weights.iter().zip(&projected).position(|(weight, projected)| weight != projected);
        match broken {
            None => Ok(()),
            Some(index) => Err(ModelError::tensor(
                self.name,
                format!(
                    "[{}, {}] = {} breaks its connectivity, its fixed weight or Dale's law (it would have to be {}); \
                    the tensor does not fit the configuration",
                    index / pres,
                    index % pres,
                    weights[index],
                    projected[index]
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::{Ctrnn, FixedSynapse, MatrixConfig, ModelConfig};

    fn bits(tensor: &Tensor) -> Vec<u64> {
        tensor
            .to_dtype(DType::F64)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f64>()
            .unwrap()
            .into_iter()
            .map(f64::to_bits)
            .collect()
    }

    /// Weights of both signs, zeros of both signs, and numbers that are none.
    fn spoil(weight: &Tensor) -> Result<()> {
        let special = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.3, -0.3, 1e-30];
        let values: Vec<f64> =
            (0..weight.elem_count()).map(|index| special[(index * index + index / 7) % special.len()]).collect();
        let values = Tensor::from_vec(values, weight.shape(), &Device::Cpu)?.to_dtype(weight.dtype())?;
        Ok(Var::from_tensor(weight)?.set(&values)?)
    }

    #[test]
    fn one_pass_and_separate_operations_agree_bit_for_bit() -> Result<()> {
        let fixed = vec![FixedSynapse { post: 3, pre: 0, weight: 0.5 }];
        let fixed = MatrixConfig { fixed, ..MatrixConfig::default() };
        for config in [
            ModelConfig::vanilla(3, 37, 2),
            ModelConfig::ei(3, 37, 2).density(0.4),
            ModelConfig::ei(3, 37, 2).w_rec(fixed.clone()),
            ModelConfig::vanilla(3, 7, 2).w_rec(fixed),
            ModelConfig::ei(1, 530, 1), // enough weights for several pieces
        ] {
            for (dale, dtype) in [(Dale::Rectified, DType::F64), (Dale::Clamped, DType::F32)] {
                let model = Ctrnn::init(&config.clone().dale(dale), 1, dtype, &Device::Cpu)?;
                for synapses in [model.w_in().unwrap(), model.w_rec(), model.w_out()] {
                    spoil(&synapses.weight)?;
                    let (fused, separate) = (synapses.effective()?, synapses.effective_by_ops()?);
                    assert_eq!(bits(&fused), bits(&separate), "{}", synapses.name);
                    let upstream = Tensor::rand(0f64, 1.0, fused.shape(), &Device::Cpu)?.to_dtype(dtype)?;
                    let gradient = |effective: &Tensor| -> Result<Vec<u64>> {
                        Ok(bits((effective * &upstream)?.sum_all()?.backward()?.get(&synapses.weight).unwrap()))
                    };
                    assert_eq!(gradient(&fused)?, gradient(&separate)?, "{}", synapses.name);
                    let projected = synapses.select(&synapses.feasible()?)?;
                    assert_eq!(bits(&synapses.projected()?), bits(&projected), "{}", synapses.name);
                    synapses.project()?;
                    assert_eq!(bits(&synapses.weight), bits(&projected), "{}", synapses.name);
                }
            }
        }
        Ok(())
    }

    #[test]
    fn weights_that_nothing_constrains_are_used_as_they_are() -> Result<()> {
        let model = Ctrnn::init(&ModelConfig::vanilla(2, 5, 1).autapses(true), 1, DType::F32, &Device::Cpu)?;
        for synapses in [model.w_in().unwrap(), model.w_rec(), model.w_out()] {
            assert_eq!(synapses.effective()?.id(), synapses.weight.id(), "{}", synapses.name);
        }
        assert_eq!((model.w_rec().count(), model.w_out().count()), (25, 5));
        Ok(())
    }
}
