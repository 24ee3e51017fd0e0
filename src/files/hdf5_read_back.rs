//! What is written as HDF5 is read as it was, and other files are refused.

use std::{fs, path::Path};

use ndarray::{Array1, Array3, array};
use nn4n_tasks::{Labels, NpzBuilder, NpzFile};
use rust_hdf5::H5File;

use super::{ArrayFile, ArrayFormat, Hdf5, Meaning};

fn arrays() -> NpzBuilder {
    let rates = Array3::from_shape_fn((4, 3, 2), |(trial, step, unit)| (100 * trial + 10 * step + unit) as f32);
    let words = ["left", "straße", "", "left"].map(str::to_owned).to_vec();
    NpzBuilder::default()
        .array("rates", &rates)
        .and_then(|file| file.array("inputs", &Array3::<f32>::ones((4, 3, 1))))
        .and_then(|file| file.array("dt", &ndarray::arr0(2.5)))
        .and_then(|file| file.array("hit", &array![true, false, true, true]))
        .and_then(|file| file.array("motion.coherence", &array![0.1, -0.2, 1e-300, f64::NAN]))
        .and_then(|file| file.array("count", &array![1_i64, -2, 3, 4]))
        .and_then(|file| file.labels("side", &Labels::Words(words)))
        .and_then(|file| file.array("none", &Array1::<f64>::zeros(0)))
        .unwrap()
}

#[test]
fn what_is_written_for_matlab_or_as_hdf5_is_read_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let npz = arrays().finish().unwrap();
    for end in ["mat", "h5"] {
        let path = folder.path().join(format!("activity.{end}"));
        let mut file = ArrayFile::create(&path).unwrap();
        file.add(&npz, Meaning::of_trials).unwrap();
        file.finish().unwrap();
        let (mut read, mut wanted) =
            (NpzFile::open(&path).unwrap(), NpzFile::from_bytes(Path::new("a.npz"), npz.clone()).unwrap());
        for name in ["rates", "inputs"] {
            assert_eq!(read.require(name).unwrap(), wanted.require(name).unwrap(), "{name} {end}");
        }
        for name in ["hit", "count", "side"] {
            assert_eq!(read.labels(name).unwrap(), wanted.labels(name).unwrap(), "{name} {end}");
        }
        let bits = |file: &mut NpzFile| {
            let numbers = file.numbers("motion.coherence").unwrap().unwrap();
            numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(bits(&mut read), bits(&mut wanted), "{end}");
        assert_eq!(read.numbers("dt").unwrap().unwrap().iter().collect::<Vec<_>>(), [&2.5]);
        assert_eq!(read.numbers("none").unwrap().unwrap().len(), 0);
    }
}

#[test]
fn other_files_and_other_things_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    let refusal = || NpzFile::open(&path).err().expect("a refusal").to_string();
    fs::write(&path, b"MATLAB 5.0 MAT-file, Platform: GLNXA64").unwrap();
    assert!(refusal().contains("before 7.3") && refusal().contains("'-v7.3'"), "{}", refusal());
    fs::write(&path, b"plain text").unwrap();
    assert!(refusal().contains("is no whole HDF5 file"), "{}", refusal());
    let mut file = Hdf5::create(&path, ArrayFormat::Mat).unwrap();
    file.text("note", "a text").unwrap();
    file.words("words", &["a".into()], &Meaning::default()).unwrap();
    file.finish().unwrap();
    NpzFile::open(&path).unwrap();
    let file = H5File::options().no_locking().create(&path).unwrap();
    file.create_group("cfg").unwrap();
    file.close().unwrap();
    assert!(refusal().contains("`cfg` is a struct"), "{}", refusal());
}

#[test]
fn an_array_that_claims_more_than_its_file_bears_out_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let file = H5File::options().no_locking().create(&path).unwrap();
    let chunked = file.new_dataset::<f64>().shape([1 << 20, 1 << 10]).chunk(&[1 << 10, 1 << 10]);
    chunked.create("rates").unwrap();
    file.close().unwrap();
    let message = NpzFile::open(&path).err().expect("a refusal").to_string();
    assert!(message.contains("`rates` would bring the arrays to more than"), "{message}");
}
