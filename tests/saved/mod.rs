//! What is in a file of tensors, read by the safetensors crate and not by the code under test.

use std::{collections::BTreeMap, fs, path::Path};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

/// Shape and values of every tensor: of f32, or of bytes as numbers.
pub fn saved(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let values = |view: &TensorView<'_>| match view.dtype() {
        Dtype::F32 => {
            view.data().chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
        }
        _ => view.data().iter().map(|byte| f32::from(*byte)).collect(),
    };
    file.tensors().into_iter().map(|(name, view)| (name, (view.shape().to_vec(), values(&view)))).collect()
}
