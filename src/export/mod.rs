//! A trained network in the formats of other programs.
//!
//! | format | what is written | read by |
//! |---|---|---|
//! | [`Npz`](Format::Npz) | every tensor by its name, cell types, areas, `alpha`, `dt`, the header | `numpy.load` |
//! | [`Mat`](Format::Mat) | the same as variables of MATLAB 7.3 | `load` in MATLAB, `mat73` |
//! | [`H5`](Format::H5) | the same as HDF5 | `h5py`, `h5read` |
//! | [`Torch`](Format::Torch) | a PyTorch state dict, and the module that it fits | `safetensors.torch` |
//! | [`Nn4n`](Format::Nn4n) | a state dict of the original nn4n 1.2, and its arguments | `safetensors.torch` |
//! | [`Numpy`](Format::Numpy) | a Python program with the weights in it, which runs the network | Python 3 with NumPy |
//!
//! State dicts are safetensors files. Weights are the effective ones. Stacked networks are written as arrays and as
//! NumPy programs only. What a format cannot express is refused by name. All but programs hold the header of the
//! checkpoint. What is neither a program nor HDF5 is read again by [`import`](crate::import): the same network to the
//! bit, or what was made of it.
//! ONNX is left out: no well-kept crate writes it.
//!
//! ```
//! use nn4n::{Checkpoint, export::{Format, export}};
//! # fn exported(checkpoint: &Checkpoint) -> nn4n::Result<()> {
//! let program = export(checkpoint, Format::Numpy)?;
//! std::fs::write("net.py", program).expect("the folder is writable"); // python net.py IN.npz OUT.npz
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "hdf5")]
mod hdf5;
mod npz;
mod numpy;
mod original;
mod plain;
mod python;
mod torch;

use self::plain::Plain;
use crate::{
    checkpoint::{Checkpoint, Header},
    error::{Error, Result},
    files::ArrayFormat,
};

/// A format of another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Arrays for NumPy.
    Npz,
    /// Variables of MATLAB 7.3.
    Mat,
    /// HDF5.
    H5,
    /// A PyTorch state dict as safetensors.
    Torch,
    /// A state dict of the original nn4n 1.2 (PyTorch) as safetensors.
    Nn4n,
    /// A Python program that runs the network with NumPy alone.
    Numpy,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] = [Self::Npz, Self::Mat, Self::H5, Self::Torch, Self::Nn4n, Self::Numpy];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Npz => ArrayFormat::Npz.name(),
            Self::Mat => ArrayFormat::Mat.name(),
            Self::H5 => ArrayFormat::H5.name(),
            Self::Torch => "torch",
            Self::Nn4n => "nn4n",
            Self::Numpy => "numpy",
        }
    }

    /// What is written, in a few words.
    pub fn description(self) -> &'static str {
        match self {
            Self::Npz => ArrayFormat::Npz.description(),
            Self::Mat => ArrayFormat::Mat.description(),
            Self::H5 => ArrayFormat::H5.description(),
            Self::Torch => "a PyTorch state dict as safetensors",
            Self::Nn4n => "a state dict of the original nn4n 1.2 (PyTorch) as safetensors",
            Self::Numpy => "a Python program that runs the network with NumPy alone",
        }
    }
}

/// The header of a checkpoint as JSON; of the network it says all.
fn header_json(header: &Header) -> Result<String> {
    let whole = Header { model: header.model.clone().completed(), ..header.clone() };
    serde_json::to_string(&whole).map_err(|error| Error::system(format!("the header cannot be written ({error})")))
}

/// The bytes of the network's file in another format.
///
/// # Errors
/// If the checkpoint's tensors do not make its network, or the format cannot express it, or was left out of this build.
pub fn export(checkpoint: &Checkpoint, format: Format) -> Result<Vec<u8>> {
    match format {
        Format::Npz => npz::npz(checkpoint),
        #[cfg(feature = "hdf5")]
        Format::Mat => hdf5::hdf5(checkpoint, ArrayFormat::Mat),
        #[cfg(feature = "hdf5")]
        Format::H5 => hdf5::hdf5(checkpoint, ArrayFormat::H5),
        #[cfg(not(feature = "hdf5"))]
        Format::Mat | Format::H5 => Err(Error::system("this build has no HDF5; build it with the feature `hdf5`")),
        Format::Torch => torch::state_dict(&Plain::new(checkpoint)?),
        Format::Nn4n => original::state_dict(&Plain::new(checkpoint)?),
        Format::Numpy => numpy::program(&Plain::new(checkpoint)?).map(String::into_bytes),
    }
}
