//! Tensors of a file on a device, those that are trained as variables.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;

use super::specs::Tensors;
use crate::{
    config::ModelConfig,
    error::{ModelError, Result},
    host,
};

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
    let values = host::values(tensor)?;
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
