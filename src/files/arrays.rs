//! A file of arrays in the format that its name asks for: `.npz` for NumPy, `.mat` for MATLAB, `.h5` for all who read
//! HDF5.
//!
//! Arrays come as the header and the elements of a `.npy`, in C order, so that each may be larger than the memory.

use std::{
    fmt,
    io::{self, Write},
    path::Path,
};

use nn4n_tasks::NpyHeader;

#[cfg(feature = "hdf5")]
use super::hdf5::Hdf5;
use super::{Npz, names::Names};
use crate::error::{Error, Result};

/// A format of arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArrayFormat {
    /// NumPy's archive.
    Npz,
    /// MATLAB 7.3, which is HDF5.
    Mat,
    /// HDF5 as NumPy lays arrays out.
    H5,
}

impl ArrayFormat {
    #[cfg(feature = "cli")]
    pub const ALL: [Self; 3] = [Self::Npz, Self::Mat, Self::H5];

    /// That of a file: by the end of its name, else `.npz`.
    ///
    /// # Errors
    /// If this build knows no HDF5.
    pub fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let format = match extension.to_ascii_lowercase().as_str() {
            "mat" => Self::Mat,
            "h5" | "hdf5" => Self::H5,
            _ => Self::Npz,
        };
        format.check(path)?;
        Ok(format)
    }

    /// Refuses a format that was left out of this build.
    pub fn check(self, path: &Path) -> Result<()> {
        if cfg!(feature = "hdf5") || self == Self::Npz {
            return Ok(());
        }
        let message =
            "is HDF5, without which this program was built; build it with the feature `hdf5`, or name an .npz file";
        Err(Error::file(path, message))
    }

    /// Its name, and the end of its files' names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Npz => "npz",
            Self::Mat => "mat",
            Self::H5 => "h5",
        }
    }

    /// What reads it, in a few words.
    pub fn description(self) -> &'static str {
        match self {
            Self::Npz => "arrays for NumPy",
            Self::Mat => "variables for MATLAB 7.3 and later",
            Self::H5 => "HDF5, with what the axes are as attributes",
        }
    }

    /// Refuses arrays of which two would be called the same in the file at `path`.
    pub fn check_names<'a>(self, path: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let mut known = Names::new(self);
        let mut add = |name| known.add(name).map(drop);
        names.into_iter().try_for_each(&mut add).map_err(|message| Error::file(path, message))
    }

    /// A command that lists the arrays of a file.
    #[cfg(feature = "cli")]
    pub fn lists(self, path: &Path) -> String {
        let file = path.display();
        match self {
            Self::Npz => format!("python -c 'import numpy; print(numpy.load(\"{file}\").files)'"),
            Self::Mat => format!("matlab -batch 'whos(\"-file\", \"{file}\")'"),
            Self::H5 => format!("python -c 'import h5py; print(list(h5py.File(\"{file}\")))'"),
        }
    }
}

/// What an array means, beyond its numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
// An `.npz` has no place for it.
#[cfg_attr(not(any(feature = "cli", feature = "hdf5")), allow(dead_code))]
pub(crate) struct Meaning {
    /// What is along each of its axes.
    pub axes: Vec<String>,
    /// What the entries along its last axis are, where they are of several kinds.
    pub columns: Vec<String>,
    /// The unit of its numbers, such as `ms`.
    pub unit: Option<&'static str>,
}

impl Meaning {
    /// Of an array with these axes.
    pub fn of(axes: &[&str]) -> Self {
        Self { axes: axes.iter().map(ToString::to_string).collect(), ..Self::default() }
    }

    /// The same with the unit of the numbers.
    pub fn unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// The meaning of an array of trials or of activity by its name; what is no such array is a label of trials.
    pub fn of_trials(name: &str) -> Self {
        match name {
            "inputs" => Self::of(&["trials", "steps", "inputs"]),
            "targets" | "loss_mask" | "outputs" => Self::of(&["trials", "steps", "outputs"]),
            "states" | "rates" => Self::of(&["trials", "steps", "units"]),
            "trajectory" => Self::of(&["trials", "steps + 1", "axes of space"]),
            "n_steps" => Self::of(&["trials"]).unit("steps"),
            "time_ms" => Self::of(&["steps"]).unit("ms"),
            "dt" => Self::of(&[]).unit("ms"),
            _ => Self::of(&["trials"]),
        }
    }
}

/// A file of arrays in the making.
pub(crate) enum ArrayFile {
    Npz(Box<Npz>),
    #[cfg(feature = "hdf5")]
    Hdf5(Box<Hdf5>),
}

impl ArrayFile {
    /// Begins the file that will be at `path`, in the format that its name ends in.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(match ArrayFormat::of(path).map_err(io::Error::other)? {
            #[cfg(feature = "hdf5")]
            format @ (ArrayFormat::Mat | ArrayFormat::H5) => Self::Hdf5(Box::new(Hdf5::create(path, format)?)),
            _ => Self::Npz(Box::new(Npz::create(path)?)),
        })
    }

    /// Adds an array: its header, what it means, and its elements as `write` puts them.
    pub fn array(
        &mut self,
        name: &str,
        header: &NpyHeader,
        meaning: &Meaning,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Npz(file) => {
                let _ = meaning;
                file.array(name, header, write)
            }
            #[cfg(feature = "hdf5")]
            Self::Hdf5(file) => file.array(name, header, meaning, write),
        }
    }

    /// Adds all arrays of an `.npz`.
    pub fn add(&mut self, npz: &[u8], meaning: impl Fn(&str) -> Meaning) -> io::Result<()> {
        match self {
            Self::Npz(file) => {
                let _ = meaning;
                file.add(npz)
            }
            #[cfg(feature = "hdf5")]
            Self::Hdf5(file) => each(npz, |name, header, elements| {
                file.array(name, header, &meaning(name), |out| io::copy(elements, out).map(drop))
            }),
        }
    }

    /// Puts the file in its place.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Npz(file) => file.finish(),
            #[cfg(feature = "hdf5")]
            Self::Hdf5(file) => file.finish(),
        }
    }
}

/// Does something with the name, the header and the elements of each array of an `.npz`, in their order.
#[cfg(feature = "hdf5")]
pub(crate) fn each(
    npz: &[u8],
    mut with: impl FnMut(&str, &NpyHeader, &mut dyn io::Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(io::Cursor::new(npz))?;
    (0..archive.len()).try_for_each(|index| {
        let mut member = archive.by_index(index)?;
        let name = member.name().strip_suffix(".npy").unwrap_or(member.name()).to_owned();
        let header = NpyHeader::read(&mut member).map_err(|problem| io::Error::other(format!("`{name}` {problem}")))?;
        with(&name, &header, &mut member)
    })
}

impl fmt::Display for ArrayFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
