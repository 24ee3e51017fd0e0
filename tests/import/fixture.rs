//! The files, what their networks do, and ways to spoil a copy of them.

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor};
use ndarray::{ArrayD, IxDyn, OwnedRepr};
use ndarray_npy::NpzReader;
use nn4n::import::{Imported, Options, import};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name)
}

pub fn imported(name: &str, options: &Options) -> Imported {
    import(&path(name), options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What the import of a file says when it refuses it.
pub fn refusal(file: &Path, options: &Options) -> String {
    match import(file, options) {
        Ok(_) => panic!("{} was imported", file.display()),
        Err(error) => error.to_string(),
    }
}

/// The arrays of an `.npz` as tensors.
pub fn arrays(name: &str) -> BTreeMap<String, Tensor> {
    let mut npz = NpzReader::new(fs::File::open(path(name)).expect(name)).expect(name);
    let mut array = |name: &str| -> ArrayD<f64> {
        let single = npz.by_name::<OwnedRepr<f32>, IxDyn>(name).map(|array| array.mapv(f64::from));
        single.or_else(|_| npz.by_name::<OwnedRepr<f64>, IxDyn>(name)).expect("an array of floats")
    };
    let names = NpzReader::new(fs::File::open(path(name)).expect(name)).and_then(|mut npz| npz.names()).expect(name);
    let tensor = |name: String| {
        let array = array(&name);
        let shape = array.shape().to_vec();
        (
            name.trim_end_matches(".npy").to_owned(),
            Tensor::from_vec(array.into_iter().collect(), shape, &Device::Cpu).expect("a tensor"),
        )
    };
    names.into_iter().map(tensor).collect()
}

/// Largest difference between two tensors.
pub fn distance(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.dims(), b.dims());
    let values = |tensor: &Tensor| {
        tensor.to_dtype(DType::F64).and_then(|tensor| tensor.flatten_all()?.to_vec1::<f64>()).expect("values")
    };
    values(a)
        .iter()
        .zip(values(b))
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst })
}

/// A copy of a zip archive with some members replaced, removed (`None`) or added.
pub fn rezipped(name: &str, changes: &[(&str, Option<Vec<u8>>)]) -> Vec<u8> {
    let bytes = fs::read(path(name)).expect(name);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect(name);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut write = |name: &str, bytes: &[u8]| {
        writer
            .start_file(name, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
            .expect("a member");
        writer.write_all(bytes).expect("its bytes");
    };
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    for name in names.iter().filter(|name| changes.iter().all(|(changed, _)| *changed != name.as_str())) {
        let mut bytes = Vec::new();
        archive.by_name(name).expect("a member").read_to_end(&mut bytes).expect("its bytes");
        write(name, &bytes);
    }
    for (name, bytes) in changes {
        if let Some(bytes) = bytes {
            write(name, bytes);
        }
    }
    writer.finish().expect("an archive").into_inner()
}

/// The bytes of a member of an archive.
pub fn member(name: &str, member: &str) -> Vec<u8> {
    let mut archive = ZipArchive::new(fs::File::open(path(name)).expect(name)).expect(name);
    let mut bytes = Vec::new();
    archive.by_name(member).expect(member).read_to_end(&mut bytes).expect(member);
    bytes
}

/// A copy with the first (or only) occurrence of `from` replaced by `to`.
pub fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let place = bytes.windows(from.len()).position(|window| window == from).expect("the bytes to replace");
    [&bytes[..place], to, &bytes[place + from.len()..]].concat()
}
