//! Arrays read from HDF5, of MATLAB or of others, as the `.npz` that they would be.
//!
//! ```text
//! .mat   MATLAB 7.3: size(rates) is [trials steps units]. n x 1 and 1 x n are (n); an axis of length 1 that MATLAB drops
//!        at the end of an array with three is there again, but for targets in whole numbers, which are classes, and
//!        weights, which may be the same for all outputs. Where an attribute `dims` names the axes, as this program
//!        writes it, there are as many. Cells of char, and rows of char, are words.
//! .h5    axes as NumPy sees them
//! both   numbers, flags and words; all else (structs, strings, complex numbers) is refused by its name
//! ```
//!
//! A file can claim anything about itself: no array and no part of one is read that would take more memory than the size
//! of the file lets expect.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use rust_hdf5::{DatatypeMessage, H5Dataset, H5File, Hdf5Error};

use crate::file::{open, unreadable as refused};
use crate::npz::is_matlab;
use crate::{Labels, NpzBuilder, TaskError};

/// Bytes that arrays may always take, and how many times the size of their file.
const ALWAYS: u64 = 256 << 20;
const MOST_EXPANSION: u64 = 100;

/// How each file of MATLAB before 7.3 begins.
const OLDER: &[u8] = b"MATLAB 5.0";

/// How many bits numbers keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Arrays of several axes are single, as trials and activity are here; lists of numbers are as they are.
    Trials,
    /// All are as they are.
    Whole,
}

/// The arrays of a file that ends in `.mat`, `.h5` or `.hdf5`, as an `.npz`.
///
/// # Errors
/// If it cannot be read, or holds something else at its top.
pub fn npz_of_hdf5(path: &Path, precision: Precision) -> Result<Vec<u8>, TaskError> {
    let length = check_start(path)?;
    let damaged = |error: Hdf5Error| refused(path, format!("it is no whole HDF5 file ({error}); write it again"));
    let file = H5File::options().no_locking().open(path).map_err(damaged)?;
    let root = file.root_group();
    let is_matlab = is_matlab(path);
    let is_own = |name: &String| !name.starts_with('#');
    if let Some(name) = root.group_names().map_err(damaged)?.into_iter().find(is_own) {
        let what = if is_matlab { "a struct" } else { "a group" };
        let message = format!("`{name}` is {what}, and only arrays are read; save them alone, as in {SAVE}");
        return Err(refused(path, message));
    }
    let most = length.saturating_mul(MOST_EXPANSION).max(ALWAYS);
    let mut reader = Reader { file: &file, is_matlab, precision, room: most, words: BTreeMap::new() };
    let mut npz = NpzBuilder::default();
    for name in root.dataset_names().map_err(damaged)?.into_iter().filter(is_own) {
        npz = reader.add(npz, &name).map_err(|problem| refused(path, format!("`{name}` {problem}")))?;
    }
    npz.finish()
}

const SAVE: &str = "save('x.mat', 'rates', 'dt', '-v7.3')";

/// Refuses what is no regular file, and files of MATLAB before 7.3. Returns the length, bytes.
fn check_start(path: &Path) -> Result<u64, TaskError> {
    let mut file = open(path)?;
    let unreadable = |error: std::io::Error| refused(path, error.to_string());
    let mut start = Vec::new();
    (&mut file).take(OLDER.len() as u64).read_to_end(&mut start).map_err(unreadable)?;
    if start == OLDER {
        let message = format!("it is a file of MATLAB before 7.3, which is not HDF5; save it again, as in {SAVE}");
        return Err(refused(path, message));
    }
    Ok(file.metadata().map_err(unreadable)?.len())
}

struct Reader<'a> {
    file: &'a H5File,
    is_matlab: bool,
    precision: Precision,
    /// Bytes that further arrays may take.
    room: u64,
    /// Words that cells refer to, by where they lie.
    words: BTreeMap<String, String>,
}

impl Reader<'_> {
    /// Adds an array of the file to others. The error is the end of a sentence about it.
    fn add(&mut self, npz: NpzBuilder, name: &str) -> Result<NpzBuilder, String> {
        let dataset = self.file.dataset(name).map_err(unreadable)?;
        let name = text(&dataset, "name")?.unwrap_or(name.to_owned());
        let shape = self.shape(&dataset, &name)?;
        let added = match (self.class(&dataset)?.as_str(), dataset.datatype().map_err(unreadable)?) {
            ("cell", _) => npz.labels(&name, &self.cell(&dataset, &shape)?),
            ("char", _) => npz.labels(&name, &Labels::Words(self.rows(&dataset)?)),
            (_, DatatypeMessage::FixedString { .. } | DatatypeMessage::VarLenString { .. }) => {
                self.take(&dataset)?;
                let words = dataset.read_strings().map_err(unreadable)?;
                npz.labels(&name, &Labels::Words(of_one_axis(words, &shape)?))
            }
            ("logical", _) | (_, DatatypeMessage::Enum { .. }) => {
                let flags = self.flags(&dataset)?;
                npz.array(&name, &self.shaped(shape, flags)?)
            }
            (class @ ("struct" | "string" | "function_handle" | "table" | "categorical" | "opaque"), _) => {
                return Err(format!("is a {class} of MATLAB; save numbers, flags, or words as cellstr(..)"));
            }
            (_, datatype) if is_whole(&datatype) => {
                let numbers = self.integers(&dataset)?;
                npz.array(&name, &self.shaped(shape, numbers)?)
            }
            (_, datatype) if self.is_double(&dataset, &shape) => {
                let numbers = self.numbers(&dataset, &datatype)?;
                npz.array(&name, &self.shaped(shape, numbers)?)
            }
            (_, datatype) => {
                let numbers = self.numbers(&dataset, &datatype)?.into_iter().map(|number| number as f32).collect();
                npz.array(&name, &self.shaped(shape, numbers)?)
            }
        };
        added.map_err(|error| format!("cannot be read: {error}"))
    }

    /// What MATLAB says that a dataset is, if it is one of MATLAB.
    fn class(&self, dataset: &H5Dataset) -> Result<String, String> {
        Ok(if self.is_matlab { text(dataset, "MATLAB_class")?.unwrap_or_default() } else { String::new() })
    }

    /// The shape of the array: in MATLAB the first index is the last of the file.
    fn shape(&self, dataset: &H5Dataset, name: &str) -> Result<Vec<usize>, String> {
        if !self.is_matlab {
            return Ok(dataset.shape());
        }
        if is_empty(dataset)? {
            let lengths = dataset.read_numeric_as::<u64>().map_err(unreadable)?;
            return lengths.into_iter().map(|length| usize::try_from(length).map_err(|_| DAMAGED.into())).collect();
        }
        let shape: Vec<usize> = dataset.shape().into_iter().rev().collect();
        let axes = text(dataset, "dims")?.map(|dims| dims.split(", ").count());
        Ok(match (axes, &shape[..]) {
            (Some(2), _) => shape,
            (None, [_, _]) if self.is_matrix(name) => shape,
            (Some(3), [first, second]) => vec![*first, *second, 1],
            (Some(1), _) => vec![shape.iter().product()],
            (None, [first, second]) if self.has_three_axes(dataset, name)? => vec![*first, *second, 1],
            (_, [1, n] | [n, 1]) => vec![*n],
            _ => shape,
        })
    }

    /// Whether an array that says nothing of its axes has three of them, of which MATLAB drops a last one of length 1.
    fn has_three_axes(&self, dataset: &H5Dataset, name: &str) -> Result<bool, String> {
        Ok(match name {
            "inputs" | "outputs" | "states" | "rates" | "trajectory" => true,
            "targets" => !is_whole(&dataset.datatype().map_err(unreadable)?),
            _ => false,
        })
    }

    /// Whether an array is a matrix of a network, whose axes are two whatever their lengths.
    fn is_matrix(&self, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        self.precision == Precision::Whole && ["w_in", "w_rec", "w_out"].contains(&last)
    }

    /// Whether numbers are kept in double precision: those of trials, and all where it is asked for.
    fn is_double(&self, dataset: &H5Dataset, shape: &[usize]) -> bool {
        let is_stored_so = dataset.element_size() > size_of::<f32>();
        shape.len() < 2 || (self.precision == Precision::Whole && is_stored_so)
    }

    /// Refuses an array that would take more memory than is left, whole or one of the parts that it is stored in.
    fn take(&mut self, dataset: &H5Dataset) -> Result<(), String> {
        let bytes = |lengths: &[usize]| {
            let element = dataset.element_size().max(size_of::<f64>()) as u64;
            lengths.iter().try_fold(element, |bytes, length| bytes.checked_mul(*length as u64))
        };
        let (whole, part) = (bytes(&dataset.shape()), bytes(&dataset.chunk_dims().unwrap_or_default()));
        match whole.zip(part) {
            Some((whole, part)) if whole.max(part) <= self.room => {
                self.room -= whole;
                Ok(())
            }
            _ => Err(format!(
                "would bring the arrays to more than the {} bytes that are left to a file of this size; save it without \
                compression",
                self.room
            )),
        }
    }

    fn numbers(&mut self, dataset: &H5Dataset, datatype: &DatatypeMessage) -> Result<Vec<f64>, String> {
        if self.is_matlab && is_empty(dataset)? {
            return Ok(Vec::new());
        }
        self.take(dataset)?;
        match datatype {
            DatatypeMessage::FloatingPoint { .. } => dataset.read_numeric_as::<f64>().map_err(unreadable),
            _ => Err("holds neither numbers, flags nor words; save real numbers".into()),
        }
    }

    fn integers(&mut self, dataset: &H5Dataset) -> Result<Vec<i64>, String> {
        if self.is_matlab && is_empty(dataset)? {
            return Ok(Vec::new());
        }
        self.take(dataset)?;
        dataset.read_numeric_as::<i64>().map_err(unreadable)
    }

    fn flags(&mut self, dataset: &H5Dataset) -> Result<Vec<bool>, String> {
        if self.is_matlab && is_empty(dataset)? {
            return Ok(Vec::new());
        }
        self.take(dataset)?;
        let bytes = dataset.read_raw::<u8>().map_err(unreadable)?;
        Ok(bytes.into_iter().map(|byte| byte != 0).collect())
    }

    /// The words of a cell: each a row of char.
    fn cell(&mut self, dataset: &H5Dataset, shape: &[usize]) -> Result<Labels, String> {
        if is_empty(dataset)? {
            return Ok(Labels::Words(Vec::new()));
        }
        self.take(dataset)?;
        let references = dataset.read_references().map_err(unreadable)?;
        let word = |reference: &rust_hdf5::Reference| -> Result<String, String> {
            let path = reference.path().ok_or("refers to what is not there; write it again")?.trim_start_matches('/');
            if let Some(word) = self.words.get(path) {
                return Ok(word.clone());
            }
            let referred = self.file.dataset(path).map_err(unreadable)?;
            if self.class(&referred)? != "char" {
                return Err("is a cell of other things than words; save numbers as an array".into());
            }
            let word = self.rows(&referred)?.into_iter().next().unwrap_or_default();
            self.words.insert(path.to_owned(), word.clone());
            Ok(word)
        };
        let words = references.iter().map(word).collect::<Result<Vec<_>, _>>()?;
        Ok(Labels::Words(of_one_axis(words, shape)?))
    }

    /// The rows of an array of char, without the blanks at their ends.
    fn rows(&mut self, dataset: &H5Dataset) -> Result<Vec<String>, String> {
        if is_empty(dataset)? {
            return Ok(vec![String::new()]);
        }
        self.take(dataset)?;
        let [width, rows] = dataset.shape()[..] else { return Err("has more axes than words have".into()) };
        let units = dataset.read_raw::<u16>().map_err(unreadable)?;
        let row = |row: usize| {
            let units: Vec<u16> = (0..width).map(|place| units[place * rows + row]).collect();
            let text = String::from_utf16(&units).map_err(|_| "holds characters that are no text")?;
            Ok(text.trim_end_matches(['\0', ' ']).to_owned())
        };
        (0..rows).map(row).collect()
    }

    fn shaped<T>(&self, shape: Vec<usize>, values: Vec<T>) -> Result<ArrayD<T>, String> {
        ArrayD::from_shape_vec(IxDyn(&shape).set_f(self.is_matlab), values).map_err(|_| DAMAGED.into())
    }
}

const DAMAGED: &str = "has another shape than it says; write it again";

fn unreadable(error: Hdf5Error) -> String {
    format!("cannot be read ({error}); write it again")
}

fn of_one_axis(words: Vec<String>, shape: &[usize]) -> Result<Vec<String>, String> {
    match shape.len() {
        0 | 1 => Ok(words),
        _ => Err(format!("has words in shape {shape:?}; give one for each trial, or unit")),
    }
}

/// The text of an attribute, if there is one.
fn text(dataset: &H5Dataset, name: &str) -> Result<Option<String>, String> {
    if !dataset.attr_names().map_err(unreadable)?.iter().any(|known| known == name) {
        return Ok(None);
    }
    dataset.attr(name).and_then(|attribute| attribute.read_string()).map(Some).map_err(unreadable)
}

fn is_whole(datatype: &DatatypeMessage) -> bool {
    matches!(datatype, DatatypeMessage::FixedPoint { .. } | DatatypeMessage::BitField { .. })
}

/// Whether MATLAB has the lengths of an array without elements in place of them.
fn is_empty(dataset: &H5Dataset) -> Result<bool, String> {
    let has_mark = dataset.attr_names().map_err(unreadable)?.iter().any(|name| name == "MATLAB_empty");
    // Two lengths or more, and never many.
    if has_mark && dataset.shape().iter().product::<usize>() > 32 {
        return Err(DAMAGED.into());
    }
    Ok(has_mark)
}
