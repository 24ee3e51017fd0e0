//! Reads the arrays of an `.npz` file as f64 tensors.

use std::{collections::BTreeMap, fs::File, path::Path};

use candle_core::{Device, Tensor};
use ndarray::{ArrayD, IxDyn, OwnedRepr};
use ndarray_npy::NpzReader;

pub fn read(path: &Path) -> BTreeMap<String, Tensor> {
    let mut npz = NpzReader::new(File::open(path).unwrap()).unwrap();
    let names = npz.names().unwrap();
    let mut array = |name: &str| -> ArrayD<f64> {
        npz.by_name::<OwnedRepr<f64>, IxDyn>(name)
            .or_else(|_| npz.by_name::<OwnedRepr<f32>, IxDyn>(name).map(|array| array.mapv(f64::from)))
            .or_else(|_| npz.by_name::<OwnedRepr<i8>, IxDyn>(name).map(|array| array.mapv(f64::from)))
            .unwrap_or_else(|error| panic!("{} in {}: {error}", name, path.display()))
    };
    names
        .into_iter()
        .map(|name| {
            let array = array(&name);
            let shape = array.shape().to_vec();
            let tensor = Tensor::from_vec(array.into_iter().collect(), shape, &Device::Cpu).unwrap();
            (name.trim_end_matches(".npy").to_string(), tensor)
        })
        .collect()
}

/// Largest difference between two tensors.
pub fn distance(a: &Tensor, b: &Tensor) -> f64 {
    let values = |tensor: &Tensor| {
        tensor.to_dtype(candle_core::DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap()
    };
    assert_eq!(a.dims(), b.dims());
    values(a)
        .iter()
        .zip(values(b))
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst })
}
