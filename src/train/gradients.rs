//! Gradients of the trained parameters, and their clipping.

use candle_core::{DType, Tensor};
use nn4n_models::Parameter;

use crate::error::Result;

/// The gradient of `loss` with respect to each parameter, in their order; with respect to its logarithm where updates are on that scale,
/// and zero where `plastic` is zero.
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
                Some(plastic) => (gradient * plastic.gt(0.0)?.to_dtype(plastic.dtype())?)?,
                None => gradient,
            };
            Ok(if parameter.logarithmic { (gradient * parameter.var.as_detached_tensor())? } else { gradient })
        })
        .collect()
}

/// Clips entries to +- `value`, then scales all gradients together to a norm of at most `norm`. Returns them and the norm before scaling.
pub fn clip(gradients: Vec<Tensor>, value: Option<f64>, norm: Option<f64>) -> Result<(Vec<Tensor>, f64)> {
    let bounded = match value {
        Some(value) => gradients.iter().map(|gradient| gradient.clamp(-value, value)).collect::<candle_core::Result<_>>()?,
        None => gradients,
    };
    let mut sum = 0.0;
    for gradient in &bounded {
        sum += gradient.sqr()?.sum_all()?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    }
    let found = sum.sqrt();
    match norm {
        Some(norm) if found > norm => {
            let scaled = bounded.iter().map(|gradient| gradient * (norm / found)).collect::<candle_core::Result<_>>()?;
            Ok((scaled, found))
        }
        _ => Ok((bounded, found)),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn clipping_matches_hand_worked_numbers() -> Result<()> {
        let gradients = || vec![Tensor::new(&[3.0f64, -9.0], &Device::Cpu).unwrap(), Tensor::new(&[0.0f64, 4.0], &Device::Cpu).unwrap()];
        let values = |gradients: &[Tensor]| -> Vec<Vec<f64>> { gradients.iter().map(|g| g.to_vec1().unwrap()).collect() };
        let (clipped, norm) = clip(gradients(), Some(4.0), None)?;
        assert_eq!(values(&clipped), [[3.0, -4.0], [0.0, 4.0]]);
        assert!((norm - 41f64.sqrt()).abs() < 1e-12);
        let (clipped, norm) =
            clip(vec![Tensor::new(&[3.0f64, 0.0], &Device::Cpu)?, Tensor::new(&[0.0f64, 4.0], &Device::Cpu)?], None, Some(1.0))?;
        assert_eq!((values(&clipped), norm), (vec![vec![3.0 * 0.2, 0.0], vec![0.0, 4.0 * 0.2]], 5.0));
        let (untouched, _) = clip(gradients(), None, Some(100.0))?;
        assert_eq!(values(&untouched), values(&gradients()));
        Ok(())
    }
}
