//! The arrays of the `.npz` for MATLAB and for other readers of HDF5.
//!
//! ```text
//! as in the .npz, with the axes of each as an attribute     in MATLAB layers.0.w_rec is called layers_0_w_rec
//! header       text: jsondecode(header)                     area_names    cell of words, strings
//! ```

use std::{io, path::Path};

use super::npz;
use crate::{
    checkpoint::Checkpoint,
    error::{Error, Result},
    files::{ArrayFormat, Hdf5, Meaning, each_array},
};

/// The file.
pub(super) fn hdf5(checkpoint: &Checkpoint, format: ArrayFormat) -> Result<Vec<u8>> {
    let npz = npz::npz(checkpoint)?;
    let written = || -> io::Result<Vec<u8>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("network");
        write(&npz, &path, format)?;
        std::fs::read(path)
    };
    written().map_err(|error| Error::system(format!("the arrays could not be put together ({error})")))
}

fn write(npz: &[u8], path: &Path, format: ArrayFormat) -> io::Result<()> {
    let mut file = Hdf5::create(path, format)?;
    each_array(npz, |name, header, elements| match name {
        "header" => file.text(name, &io::read_to_string(elements)?),
        "area_names" => {
            let names: Vec<String> = serde_json::from_reader(elements)?;
            file.words(name, &names, &Meaning::of(&["areas"]))
        }
        _ => file.array(name, header, &meaning(name), |out| io::copy(elements, out).map(drop)),
    })?;
    file.finish()
}

/// By the last part of its name: `layers.0.w_rec` and `connectivity.w_rec` have the axes of `w_rec`.
fn meaning(name: &str) -> Meaning {
    match name.rsplit('.').next().unwrap_or(name) {
        "w_in" => Meaning::of(&["units", "inputs"]),
        "w_rec" => Meaning::of(&["units to", "units from"]),
        "w_out" => Meaning::of(&["outputs", "units"]),
        "b_out" => Meaning::of(&["outputs"]),
        "tau" => Meaning::of(&["units"]).unit("ms"),
        "checksum" => Meaning::of(&[]),
        "dt" => Meaning::of(&[]).unit("ms"),
        _ => Meaning::of(&["units"]),
    }
}
