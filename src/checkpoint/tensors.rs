//! The tensors of a checkpoint as a safetensors file; sizes are checked before memory is taken.

use std::{collections::HashMap, path::Path};

use candle_core::{Device, Tensor};
use nn4n_models::Tensors;
use safetensors::SafeTensors;

use super::header::LARGEST_HEADER;
use crate::{
    echo::echo,
    error::{Error, Result},
    files::read_bounded,
    kind::Kind,
};

/// The one key of the file's metadata.
pub(super) const KEY: &str = "nn4n";

/// The largest file that is read, bytes: the largest network in f64 with all its masks is smaller.
pub(super) const LARGEST_FILE: u64 = 32 << 30;

/// Most tensors in a file: a stacked network has some ten for each layer.
const MOST_TENSORS: usize = 10_000;

/// The tensors as a safetensors file with `json` under the one metadata key.
pub(crate) fn serialize(path: &Path, tensors: &Tensors, json: Option<String>) -> Result<Vec<u8>> {
    let contiguous: Vec<(&String, Tensor)> = tensors
        .iter()
        .map(|(name, tensor)| Ok((name, tensor.to_device(&Device::Cpu)?.contiguous()?)))
        .collect::<Result<_>>()?;
    let metadata = json.map(|json| HashMap::from([(KEY.to_string(), json)]));
    safetensors::serialize(contiguous.iter().map(|(name, tensor)| (name, tensor)), metadata)
        .map_err(|error| Error::file(path, format!("could not be written ({error})")))
}

/// All tensors of a safetensors file, and its metadata.
pub(crate) fn read_tensors(path: &Path) -> Result<(Tensors, Option<HashMap<String, String>>)> {
    parse_tensors(path, &read_bounded(path, LARGEST_FILE)?)
}

/// The same of the bytes of a file.
pub(super) fn parse_tensors(path: &Path, bytes: &[u8]) -> Result<(Tensors, Option<HashMap<String, String>>)> {
    if let Some(kind) = Kind::of(bytes) {
        return Err(Error::file(path, kind.explain(path)));
    }
    let damaged = |error: &dyn std::fmt::Display| {
        Error::file(
            path,
            format!("is not a complete safetensors file ({error}); it may be truncated: copy or download it again"),
        )
    };
    let length = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    if length > 2 * LARGEST_HEADER as u64 {
        return Err(damaged(&format!(
            "its head has {length} bytes, more than the table and the description of a network"
        )));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?;
    if file.len() > MOST_TENSORS {
        return Err(damaged(&format!(
            "it has {} tensors, more than the {MOST_TENSORS} of the largest network",
            file.len()
        )));
    }
    for (name, tensor) in file.iter() {
        // Of a shape with a zero among its sizes the others say nothing about the bytes in the file.
        let strides = tensor.shape().iter().try_fold(1usize, |product, size| product.checked_mul((*size).max(1)));
        if strides.is_none_or(|product| isize::try_from(product).is_err()) {
            return Err(damaged(&format!("tensor `{}` has the impossible shape {:?}", echo(name), tensor.shape())));
        }
    }
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error))?;
    let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(|error| damaged(&error))?;
    Ok((tensors.into_iter().collect(), metadata.metadata().clone()))
}
