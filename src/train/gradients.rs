//! Gradients of the trained parameters, and their clipping.

use candle_core::{DType, Device, Result as CandleResult, Tensor};
use nn4n_models::{
    Parameter,
    host::{self, Real, has_passes},
};

use crate::error::Result;

/// The gradient of `loss` with respect to each parameter, in their order; with respect to its logarithm where updates
/// are on that scale, and zero where `plastic` is zero.
pub fn gradients(loss: &Tensor, parameters: &[Parameter]) -> Result<Vec<Tensor>> {
    let store = loss.backward()?;
    parameters
        .iter()
        .map(|parameter| {
            let gradient = match store.get(&parameter.var) {
                Some(gradient) => gradient.detach(),
                None => parameter.var.zeros_like()?, // the loss does not depend on it
            };
            // Synapses that are never updated have no part in the norm that clipping looks at.
            let gradient = match &parameter.plastic {
                Some(plastic) => silence(gradient, plastic)?,
                None => gradient,
            };
            Ok(if parameter.logarithmic { (gradient * parameter.var.as_detached_tensor())? } else { gradient })
        })
        .collect()
}

/// `gradient` where `plastic` is positive, else 0; on the CPU in place.
fn silence(gradient: Tensor, plastic: &Tensor) -> Result<Tensor> {
    fn in_place<T: Real>(gradient: &Tensor, plastic: &Tensor) -> CandleResult<()> {
        host::change_from(gradient, [plastic, plastic], |gradient: &mut [T], [plastic, _]| {
            let zero = T::zero();
            host::map(gradient, [plastic; 3], |g, [p, ..]| g * if p > zero { T::one() } else { zero });
            Ok(())
        })
    }
    if !has_passes(gradient.device()) {
        return Ok((gradient * plastic.gt(0.0)?.to_dtype(plastic.dtype())?)?);
    }
    let (gradient, plastic) = (gradient.contiguous()?, plastic.contiguous()?);
    match gradient.dtype() {
        DType::F64 => in_place::<f64>(&gradient, &plastic)?,
        _ => in_place::<f32>(&gradient, &plastic)?,
    }
    Ok(gradient)
}

/// Clips entries to +- `value`, then scales all gradients together to a norm of at most `norm`. Returns them and the
/// norm before scaling. On the CPU they are changed in place.
pub fn clip(gradients: Vec<Tensor>, value: Option<f64>, norm: Option<f64>) -> Result<(Vec<Tensor>, f64)> {
    if gradients.iter().any(|gradient| !has_passes(gradient.device())) {
        return clip_by_ops(gradients, value, norm);
    }
    let gradients = gradients.iter().map(Tensor::contiguous).collect::<CandleResult<Vec<_>>>()?;
    let found = match gradients.first().map(Tensor::dtype) {
        Some(DType::F64) => clip_in_place::<f64>(&gradients, value, norm)?,
        _ => clip_in_place::<f32>(&gradients, value, norm)?,
    };
    Ok((gradients, found))
}

fn clip_in_place<T: Real>(gradients: &[Tensor], value: Option<f64>, norm: Option<f64>) -> CandleResult<f64> {
    if let Some(value) = value {
        let (low, high) = (T::from_f64(-value), T::from_f64(value));
        let bounded = |gradient: T| if gradient > high { high } else { gradient };
        apply(gradients, |gradient: T| if gradient < low { low } else { bounded(gradient) })?;
    }
    let mut sum = 0.0;
    for gradient in gradients {
        let [squares] = host::read([gradient], |[values]: [&[T]; 1]| host::sums([values; 3], |[g, ..]| [g * g]))?;
        sum += squares;
    }
    let found = sum.sqrt();
    if let Some(norm) = norm
        && found > norm
    {
        let scale = T::from_f64(norm / found);
        apply(gradients, |gradient: T| gradient * scale)?;
    }
    Ok(found)
}

fn apply<T: Real>(gradients: &[Tensor], value: impl Fn(T) -> T + Sync) -> CandleResult<()> {
    gradients.iter().try_for_each(|gradient| {
        host::change(gradient, |gradient| {
            host::apply(gradient, &value);
            Ok(())
        })
    })
}

fn clip_by_ops(gradients: Vec<Tensor>, value: Option<f64>, norm: Option<f64>) -> Result<(Vec<Tensor>, f64)> {
    let bounded = match value {
        Some(value) => {
            gradients.iter().map(|gradient| gradient.clamp(-value, value)).collect::<candle_core::Result<_>>()?
        }
        None => gradients,
    };
    // One number comes to the host, not one for each gradient.
    let squares = bounded.iter().map(|gradient| gradient.sqr()?.sum_all()).collect::<CandleResult<Vec<_>>>()?;
    let squares = Tensor::stack(&squares, 0)?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
    let found = squares.sum_all()?.to_scalar::<f64>()?.sqrt();
    match norm {
        Some(norm) if found > norm => {
            let scaled =
                bounded.iter().map(|gradient| gradient * (norm / found)).collect::<candle_core::Result<_>>()?;
            Ok((scaled, found))
        }
        _ => Ok((bounded, found)),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::*;

    fn host(tensor: &Tensor) -> Vec<f64> {
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn one_pass_and_separate_operations_agree() -> Result<()> {
        let gradients =
            vec![Tensor::rand(-1f64, 1.0, (41, 53), &Device::Cpu)?, Tensor::rand(-2f64, 1.0, 530_000, &Device::Cpu)?];
        for (value, norm) in [(None, None), (Some(0.7), None), (None, Some(3.0)), (Some(0.2), Some(50.0))] {
            let copies = gradients.iter().map(Tensor::copy).collect::<CandleResult<Vec<_>>>()?;
            let (found, wanted) = (clip(copies, value, norm)?, clip_by_ops(gradients.clone(), value, norm)?);
            // The separate operations add all squares up one after the other, which costs them a few digits.
            assert!((found.1 / wanted.1 - 1.0).abs() < 1e-10, "{} is not {}", found.1, wanted.1);
            for (found, wanted) in found.0.iter().zip(&wanted.0) {
                assert!(host(found).iter().zip(&host(wanted)).all(|(a, b)| (a - b).abs() < 1e-10));
            }
        }
        Ok(())
    }

    #[test]
    fn synapses_without_plasticity_have_no_gradient() -> Result<()> {
        let plastic = Some(Tensor::new(&[[1.0, 0.0], [0.5, 0.0]], &Device::Cpu)?);
        let var = Var::new(&[[1.0, 2.0], [3.0, 4.0]], &Device::Cpu)?;
        let parameter = Parameter { name: "w_rec", layer: None, var: var.clone(), plastic, logarithmic: false };
        let found = gradients(&var.sqr()?.sum_all()?, &[parameter])?;
        assert_eq!(host(&found[0]), [2.0, 0.0, 6.0, 0.0]);
        Ok(())
    }

    #[test]
    fn clipping_matches_hand_worked_numbers() -> Result<()> {
        let gradients = || {
            vec![
                Tensor::new(&[3.0f64, -9.0], &Device::Cpu).unwrap(),
                Tensor::new(&[0.0f64, 4.0], &Device::Cpu).unwrap(),
            ]
        };
        let values =
            |gradients: &[Tensor]| -> Vec<Vec<f64>> { gradients.iter().map(|g| g.to_vec1().unwrap()).collect() };
        let (clipped, norm) = clip(gradients(), Some(4.0), None)?;
        assert_eq!(values(&clipped), [[3.0, -4.0], [0.0, 4.0]]);
        assert!((norm - 41f64.sqrt()).abs() < 1e-12);
        let (clipped, norm) = clip(
            vec![Tensor::new(&[3.0f64, 0.0], &Device::Cpu)?, Tensor::new(&[0.0f64, 4.0], &Device::Cpu)?],
            None,
            Some(1.0),
        )?;
        assert_eq!((values(&clipped), norm), (vec![vec![3.0 * 0.2, 0.0], vec![0.0, 4.0 * 0.2]], 5.0));
        let (untouched, _) = clip(gradients(), None, Some(100.0))?;
        assert_eq!(values(&untouched), values(&gradients()));
        Ok(())
    }
}
