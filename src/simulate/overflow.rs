//! Why the numbers of a network leave the range of its type though nothing has been learned yet: what is large, or else
//! what grows from step to step.

use candle_core::Tensor;
use ndarray::Ix2;
use nn4n_analysis::Spectrum;
use nn4n_models::{Activation, Ctrnn};

use super::tensors::host;
use crate::error::Result;

/// Weights, inputs, outputs and noise of networks that work are far below this.
pub(crate) const LARGE: f64 = 1e4;

/// Most units whose eigenvalues are computed for a message, which takes a second or two.
const MOST_UNITS: usize = 1_000;

/// Why outputs, loss or gradients of a network on trials of so many `steps` are not finite, and what to change.
/// `arrays` are those that it is given, by name, with their largest magnitude.
///
/// # Errors
/// If a tensor cannot be brought to the host.
pub(crate) fn cause(network: &Ctrnn, steps: usize, arrays: &[(&str, f64)]) -> Result<String> {
    let mut suspects: Vec<(f64, String)> = Vec::new();
    for (name, size) in arrays {
        suspects.push((*size, format!("the {name} reach {size:.1e}; scale them, or lower the noise of the task")));
    }
    for (name, tensor) in network.tensors()?.into_iter().filter(|(name, _)| !name.ends_with("tau")) {
        let size = largest(&tensor)?;
        suspects.push((size, format!("`{name}` reaches {size:.1e}; begin with smaller numbers there")));
    }
    for (name, size) in noise(network)? {
        suspects.push((size, format!("the noise `{name}` is {size:.1e}; lower it")));
    }
    match suspects.into_iter().filter(|(size, _)| *size > LARGE).max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, words)) => Ok(words),
        None => growth(network, steps),
    }
}

/// The largest magnitude in a tensor; 0 if it is empty.
pub(crate) fn largest(tensor: &Tensor) -> Result<f64> {
    Ok(host::<f64>(tensor)?.view().iter().fold(0.0, |largest, value| largest.max(value.abs())))
}

/// The largest amplitudes of the network's noise.
fn noise(network: &Ctrnn) -> Result<[(&'static str, f64); 2]> {
    let mut found = [("sigma_rec", 0.0), ("sigma_post", 0.0)];
    for layer in network.layers() {
        let (config, units) = (layer.config(), layer.units());
        for ((name, size), sigma) in found.iter_mut().zip([config.unit_noise(), &config.sigma_post]) {
            *size = sigma.resolve(units, name)?.into_iter().fold(*size, f64::max);
        }
    }
    Ok(found)
}

/// Where nothing is large by itself.
fn growth(network: &Ctrnn, steps: usize) -> Result<String> {
    let radius = match radius(network)? {
        Some(radius) => format!("the spectral radius of the recurrent weights is {radius:.3}"),
        None => "the recurrent weights let them grow".into(),
    };
    let unbounded = unbounded(network)?;
    if unbounded.is_empty() {
        return Ok(format!(
            "gradients grow over {steps} steps: {radius}; lower it by w_rec = {{ spectral_radius = 1.0 }}"
        ));
    }
    Ok(format!(
        "rates grow over {steps} steps: the activation {} sets no limit, and {radius}; lower it by w_rec = {{ \
        spectral_radius = 1.0 }}, or take an activation with a limit: tanh, sigmoid, retanh",
        unbounded.join(", ")
    ))
}

/// The largest spectral radius of a layer; `None` where there are too many units.
fn radius(network: &Ctrnn) -> Result<Option<f64>> {
    if network.units().len() > MOST_UNITS {
        return Ok(None);
    }
    let mut blocks = Vec::new();
    for layer in network.layers() {
        let weights = layer.effective_w_rec()?;
        let square = host::<f64>(&weights)?.view().into_dimensionality::<Ix2>().map(|view| view.to_owned());
        blocks.extend(square.ok());
    }
    Ok(Spectrum::of(&blocks).ok().map(|spectrum| spectrum.radius))
}

/// The activations of the network that have no upper limit, each once.
fn unbounded(network: &Ctrnn) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for layer in network.layers() {
        for activation in layer.config().activation.resolve(layer.units(), "activation")? {
            let limited = matches!(activation, Activation::Tanh | Activation::Sigmoid | Activation::Retanh);
            let name = format!("`{activation}`");
            if !limited && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use nn4n_models::{Init, MatrixConfig, ModelConfig};

    use super::*;

    fn words(model: &ModelConfig, arrays: &[(&str, f64)]) -> Result<String> {
        cause(&Ctrnn::init(model, 0, DType::F32, &Device::Cpu)?, 1_000, arrays)
    }

    #[test]
    fn what_is_large_is_named_and_else_what_grows() -> Result<()> {
        let calm = ModelConfig::vanilla(2, 8, 1);
        assert!(words(&calm, &[("targets", 1e30), ("inputs", 2.0)])?.starts_with("the targets reach 1.0e30; scale"));
        let noisy = words(&calm.clone().sigma_rec(1e20), &[])?;
        assert!(noisy.starts_with("the noise `sigma_rec` is 1.0e20; lower it"), "{noisy}");
        let init = Some(Init::UniformRange(1e20));
        let heavy = words(&calm.clone().w_in(MatrixConfig { init, ..MatrixConfig::default() }), &[])?;
        assert!(heavy.starts_with("`w_in` reaches ") && heavy.contains("e19"), "{heavy}");

        let wide = MatrixConfig { spectral_radius: Some(5.0), ..MatrixConfig::default() };
        let growing = words(&calm.clone().w_rec(wide.clone()), &[])?;
        for part in ["over 1000 steps", "`relu`", "radius of the recurrent weights is 5.000", "spectral_radius = 1.0"] {
            assert!(growing.contains(part), "{part}: {growing}");
        }
        let limited = words(&calm.activation(Activation::Tanh).w_rec(wide), &[])?;
        assert!(!limited.contains("activation") && limited.contains("5.000"), "{limited}");
        Ok(())
    }
}
