//! Arrays in NumPy's `.npz` format: batches written, a user's arrays read.
//!
//! ```text
//! npz_bytes   inputs (B, T, I) f32   targets (B, T, O) f32   loss_mask (B, T, O) f32   n_steps (B) i64
//! NpzFile     any array of booleans, integers or floats (1 to 8 bytes, either byte order, C or Fortran order), as f32
//! ```
//!
//! A file can claim anything about itself, so memory is taken for the bytes that are there, not for those that are
//! announced, and a small file cannot unpack to many gigabytes.
//!
//! ```
//! use nn4n_tasks::{NpzFile, Split, batch, create, npz_bytes};
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("trials.npz");
//! let trials = batch(create("song2016/rdm_fixed", None)?.as_ref(), Split::Train, 0, 0, 4)?;
//! std::fs::write(&path, npz_bytes(&trials)?)?;
//! assert_eq!(NpzFile::open(&path)?.require("inputs")?, trials.inputs.into_dyn());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

use ndarray::{Array1, ArrayD, IxDyn, ShapeBuilder};
use ndarray_npy::{NpzWriter, WriteNpzError};
use zip::ZipArchive;

use crate::file::{open, unreadable};
use crate::{NpyHeader, TaskError, TrialBatch};

/// `inputs`, `targets`, `loss_mask` and `n_steps` of a batch as the bytes of an `.npz` file.
pub fn npz_bytes(batch: &TrialBatch) -> Result<Vec<u8>, WriteNpzError> {
    let n_steps: Array1<i64> = batch.n_steps.iter().map(|&n| n as i64).collect();
    let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
    npz.add_array("inputs", &batch.inputs)?;
    npz.add_array("targets", &batch.targets)?;
    npz.add_array("loss_mask", &batch.loss_mask)?;
    npz.add_array("n_steps", &n_steps)?;
    Ok(npz.finish()?.into_inner())
}

/// An open `.npz` file.
pub struct NpzFile {
    path: PathBuf,
    names: Vec<String>,
    archive: ZipArchive<Box<dyn Source>>,
    /// The most bytes that all arrays may take, as f32.
    most: u64,
    /// The bytes that each array takes which was read.
    taken: BTreeMap<String, u64>,
}

/// What an archive can be read from.
trait Source: Read + Seek + Send {}

impl<S: Read + Seek + Send> Source for S {}

impl NpzFile {
    /// Opens a file and reads its table of contents.
    pub fn open(path: &Path) -> Result<Self, TaskError> {
        let file = open(path)?;
        let length = file.metadata().map_err(|error| unreadable(path, error.to_string()))?.len();
        Self::new(path, Box::new(BufReader::new(file)), length)
    }

    /// Takes the bytes of a file, which is called `path` in messages, and reads its table of contents.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, TaskError> {
        let length = bytes.len() as u64;
        Self::new(path, Box::new(Cursor::new(bytes)), length)
    }

    fn new(path: &Path, source: Box<dyn Source>, length: u64) -> Result<Self, TaskError> {
        let archive = ZipArchive::new(source).map_err(|error| unreadable(path, format!("{error}; {REMEDY}")))?;
        let names = archive.file_names().map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned()).collect();
        Ok(Self { path: path.into(), names, archive, most: most_unpacked(length), taken: BTreeMap::new() })
    }

    /// The names of the arrays.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The array of this name as f32, if there is one.
    pub fn read(&mut self, name: &str) -> Result<Option<ArrayD<f32>>, TaskError> {
        let stored = [name.to_owned(), format!("{name}.npy")]
            .into_iter()
            .find(|stored| self.archive.index_for_name(stored).is_some());
        let Some(stored) = stored else { return Ok(None) };
        let others: u64 = self.taken.iter().filter(|(known, _)| *known != name).map(|(_, bytes)| bytes).sum();
        let room = self.most.saturating_sub(others);
        let found = match self.archive.by_name(&stored) {
            Ok(mut entry) => array(&mut entry, room),
            Err(error) => Err(Problem::new(format!("cannot be read: {error}"), REMEDY)),
        };
        let array = found.map_err(|Problem { problem, remedy }| self.refusal(name, problem, remedy))?;
        self.taken.insert(name.into(), bytes_of(array.len()));
        Ok(Some(array))
    }

    /// The array of this name as f32; an error if there is none.
    pub fn require(&mut self, name: &str) -> Result<ArrayD<f32>, TaskError> {
        let found = self.read(name)?;
        found.ok_or_else(|| {
            let remedy = if self.names.is_empty() {
                "the file holds no arrays".into()
            } else {
                format!("rename one of the file's arrays ({}) or add it", self.names.join(", "))
            };
            self.refusal(name, "is missing".into(), remedy)
        })
    }

    fn refusal(&self, name: &str, problem: String, remedy: String) -> TaskError {
        TaskError::Data { path: self.path.clone(), array: name.into(), problem, remedy }
    }
}

const REMEDY: &str = "write it with numpy.savez";

/// What the arrays of a file may always unpack to, bytes as f32.
const ALWAYS_UNPACKED: u64 = 256 << 20;

/// How many times the size of their file larger arrays may have.
const MAX_EXPANSION: u64 = 100;

/// Bytes that are unpacked at a time; a multiple of every element's size.
const PIECE: usize = 1 << 16;

/// The most bytes that the arrays in a file of `packed` bytes may unpack to, as f32.
fn most_unpacked(packed: u64) -> u64 {
    packed.saturating_mul(MAX_EXPANSION).max(ALWAYS_UNPACKED)
}

/// The bytes of so many numbers, as f32.
fn bytes_of(count: usize) -> u64 {
    (count as u64).saturating_mul(size_of::<f32>() as u64)
}

/// What is wrong with an array.
#[derive(Debug)]
struct Problem {
    problem: String,
    remedy: String,
}

impl Problem {
    fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into() }
    }
}

/// The array in a `.npy` of at most `room` bytes as f32.
fn array(file: &mut impl Read, room: u64) -> Result<ArrayD<f32>, Problem> {
    let header = NpyHeader::read(file).map_err(|problem| Problem::new(problem, REMEDY))?;
    let Some((size, decode)) = decoder(&header.descriptor) else {
        let problem = format!("holds elements of type {}", header.descriptor);
        return Err(Problem::new(problem, "save it as float32, float64, an integer type or bool"));
    };
    let count = header.count();
    if bytes_of(count) > room {
        let problem =
            format!("would bring the arrays to more than the {room} bytes that are left to a file of this size");
        return Err(Problem::new(problem, "write it with numpy.savez, which does not compress"));
    }
    let mut values = Vec::new();
    let mut piece = vec![0; PIECE];
    while values.len() < count {
        let bytes = &mut piece[..(count - values.len()).min(PIECE / size) * size];
        file.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => {
                Problem::new("is shorter than its shape says", "write the file again; it is damaged")
            }
            _ => Problem::new(format!("cannot be read: {error}"), REMEDY),
        })?;
        values.extend(bytes.chunks_exact(size).map(decode));
    }
    // The end of the file is where a damaged one is found out by its checksum.
    match file.read(&mut piece[..1]) {
        Ok(0) => {}
        Ok(_) => return Err(Problem::new("is longer than its shape says", "write the file again; it is damaged")),
        Err(error) => return Err(Problem::new(format!("cannot be read: {error}"), REMEDY)),
    }
    let shape = IxDyn(&header.shape).set_f(header.fortran_order);
    ArrayD::from_shape_vec(shape, values)
        .map_err(|error| Problem::new(format!("has no usable shape ({error})"), REMEDY))
}

/// Reads an element from exactly its bytes.
type Decode = fn(&[u8]) -> f32;

/// The size in bytes of an element of NumPy's type `descriptor` (`<f4`, `>i8`, `|b1`, ...), and how to read one.
fn decoder(descriptor: &str) -> Option<(usize, Decode)> {
    macro_rules! number {
        ($type:ty, $from:ident) => {
            (size_of::<$type>(), |bytes| bytes.try_into().map_or(f32::NAN, |bytes| <$type>::$from(bytes) as f32))
        };
    }
    Some(match descriptor {
        "|b1" => (1, |bytes| if bytes.iter().all(|&byte| byte == 0) { 0.0 } else { 1.0 }),
        "|u1" => number!(u8, from_le_bytes),
        "|i1" => number!(i8, from_le_bytes),
        "<u2" => number!(u16, from_le_bytes),
        "<u4" => number!(u32, from_le_bytes),
        "<u8" => number!(u64, from_le_bytes),
        "<i2" => number!(i16, from_le_bytes),
        "<i4" => number!(i32, from_le_bytes),
        "<i8" => number!(i64, from_le_bytes),
        "<f4" => number!(f32, from_le_bytes),
        "<f8" => number!(f64, from_le_bytes),
        ">u2" => number!(u16, from_be_bytes),
        ">u4" => number!(u32, from_be_bytes),
        ">u8" => number!(u64, from_be_bytes),
        ">i2" => number!(i16, from_be_bytes),
        ">i4" => number!(i32, from_be_bytes),
        ">i8" => number!(i64, from_be_bytes),
        ">f4" => number!(f32, from_be_bytes),
        ">f8" => number!(f64, from_be_bytes),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plain_type_is_decoded() {
        let decode = |descriptor: &str, bytes: &[u8]| {
            let (size, decode) = decoder(descriptor).expect(descriptor);
            assert_eq!(size, bytes.len());
            decode(bytes)
        };
        assert_eq!(decode("<f8", &1.5_f64.to_le_bytes()), 1.5);
        assert_eq!(decode(">f4", &1.5_f32.to_be_bytes()), 1.5);
        assert_eq!(decode("<i8", &(-3_i64).to_le_bytes()), -3.0);
        assert_eq!(decode(">u2", &[1, 0]), 256.0);
        assert_eq!(decode("|b1", &[1]), 1.0);
        assert!(decoder("<c16").is_none() && decoder("|O").is_none());
    }

    #[test]
    fn arrays_that_would_unpack_to_very_much_are_refused() {
        let mut npz = NpzWriter::new_compressed(Cursor::new(Vec::new()));
        for name in ["a", "b", "c"] {
            npz.add_array(name, &Array1::<u8>::zeros(25 << 20)).unwrap();
        }
        let mut file = NpzFile::from_bytes(Path::new("mine.npz"), npz.finish().unwrap().into_inner()).unwrap();
        // As f32 two of them fill 200 MiB.
        assert_eq!(file.require("a").unwrap().len(), 25 << 20);
        file.require("b").unwrap();
        file.require("b").unwrap();
        let message = file.require("c").unwrap_err().to_string();
        assert!(
            message.contains("`c` in mine.npz") && message.contains("numpy.savez, which does not compress"),
            "{message}"
        );
        // A large file may unpack to much.
        assert_eq!((most_unpacked(0), most_unpacked(1 << 30)), (256 << 20, 100 << 30));
    }

    #[test]
    fn an_array_of_another_length_than_announced_is_refused() {
        let npy = |shape: &str, bytes: usize| {
            let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
            [b"\x93NUMPY\x02\0", &(header.len() as u32).to_le_bytes()[..], header.as_bytes(), &vec![0; bytes]].concat()
        };
        let read = |shape: &str, bytes: usize| {
            array(&mut npy(shape, bytes).as_slice(), u64::MAX).map_err(|problem| problem.problem)
        };
        assert_eq!(read("(2, 1)", 8).unwrap().shape(), [2, 1]);
        assert_eq!(read("(3,)", 8).unwrap_err(), "is shorter than its shape says");
        assert_eq!(read("(1000000000000,)", 8).unwrap_err(), "is shorter than its shape says");
        assert_eq!(read("(1,)", 8).unwrap_err(), "is longer than its shape says");
        assert_eq!(read("(0, 7)", 0).unwrap().shape(), [0, 7]);
    }
}
