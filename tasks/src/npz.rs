//! Arrays in NumPy's `.npz` format: batches written, a user's arrays read.
//!
//! ```text
//! npz_bytes   inputs (B, T, I) f32   targets (B, T, O) f32   loss_mask (B, T, O) f32   n_steps (B) i64
//! NpzFile     any array of booleans, integers or floats (1 to 8 bytes, either byte order, C or Fortran order), as f32
//! ```
//!
//! A file can claim anything about itself, so memory is taken for the bytes that are there, not for those that are announced, a few bytes
//! cannot unpack to many gigabytes, and a header that no plain array has is refused before it is parsed.
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

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use ndarray::{Array1, ArrayD};
use ndarray_npy::{NpzWriter, ReadDataError, ReadNpyError, ReadNpyExt, ReadableElement, WriteNpzError};
use py_literal::Value as PyValue;
use zip::ZipArchive;

use crate::{TaskError, TrialBatch};

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
}

/// What an archive can be read from.
trait Source: Read + Seek + Send {}

impl<S: Read + Seek + Send> Source for S {}

impl NpzFile {
    /// Opens a file and reads its table of contents.
    pub fn open(path: &Path) -> Result<Self, TaskError> {
        let file = File::open(path).map_err(|error| unreadable(path, error.to_string()))?;
        Self::new(path, Box::new(BufReader::new(file)))
    }

    /// Takes the bytes of a file, which is called `path` in messages, and reads its table of contents.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, TaskError> {
        Self::new(path, Box::new(Cursor::new(bytes)))
    }

    fn new(path: &Path, source: Box<dyn Source>) -> Result<Self, TaskError> {
        let archive = ZipArchive::new(source).map_err(|error| unreadable(path, format!("{error}; {REMEDY}")))?;
        let names = archive.file_names().map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned()).collect();
        Ok(Self { path: path.into(), names, archive })
    }

    /// The names of the arrays.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The array of this name as f32, if there is one.
    pub fn read(&mut self, name: &str) -> Result<Option<ArrayD<f32>>, TaskError> {
        let stored = [name.to_owned(), format!("{name}.npy")].into_iter().find(|stored| self.archive.index_for_name(stored).is_some());
        let Some(stored) = stored else { return Ok(None) };
        let array = match self.archive.by_name(&stored) {
            Ok(entry) => {
                let (most, size) = (most_unpacked(entry.compressed_size()), entry.size());
                match plain_header(entry) {
                    Ok((_, growth)) if size.saturating_mul(growth) > most => return Err(bomb(&self.path, name, most)),
                    // What the table of contents says need not be true.
                    Ok((file, growth)) => ArrayD::<Number>::read_npy(file.take(most / growth)),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(ReadNpyError::Io(error.into())),
        };
        match array {
            Ok(array) => Ok(Some(array.mapv_into_any(|Number(value)| value))),
            Err(error) => Err(self.refusal(name, &error)),
        }
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
            TaskError::Data { path: self.path.clone(), array: name.into(), problem: "is missing".into(), remedy }
        })
    }

    fn refusal(&self, name: &str, error: &ReadNpyError) -> TaskError {
        let (problem, remedy) = match error {
            ReadNpyError::WrongDescriptor(found) => {
                (format!("holds elements of type {found}"), "save it as float32, float64, an integer type or bool")
            }
            ReadNpyError::MissingData | ReadNpyError::LengthOverflow => {
                ("is shorter than its shape says".into(), "write the file again; it is damaged")
            }
            other => (format!("cannot be read: {other}"), REMEDY),
        };
        TaskError::Data { path: self.path.clone(), array: name.into(), problem, remedy: remedy.into() }
    }
}

const REMEDY: &str = "write it with numpy.savez";

/// What an array may always unpack to, bytes as f32.
const ALWAYS_UNPACKED: u64 = 1 << 30;

/// How many times its size in the file a larger array may have.
const MAX_EXPANSION: u64 = 200;

/// The most bytes that an array which takes `packed` bytes in the file may unpack to, as f32.
fn most_unpacked(packed: u64) -> u64 {
    packed.saturating_mul(MAX_EXPANSION).max(ALWAYS_UNPACKED)
}

fn bomb(path: &Path, name: &str, most: u64) -> TaskError {
    TaskError::Data {
        path: path.into(),
        array: name.into(),
        problem: format!("would unpack to more than {most} bytes, {MAX_EXPANSION} times what it takes in the file"),
        remedy: "write it with numpy.savez, which does not compress".into(),
    }
}

fn unreadable(path: &Path, reason: String) -> TaskError {
    TaskError::File { action: "read", path: path.into(), reason }
}

/// The longest header that is parsed, bytes. Those of plain arrays have about a hundred.
const MAX_HEADER: usize = 4096;

/// The file from its start, and how many times larger its numbers are as f32, after a look at its header: that of a plain array is short and
/// has one dictionary and one tuple, while the parser takes exponential time for brackets in brackets.
fn plain_header(mut file: impl Read) -> Result<(impl Read, u64), ReadNpyError> {
    let mut start = Vec::new();
    file.by_ref().take(MAX_HEADER as u64).read_to_end(&mut start)?;
    // Magic string (6 bytes), version (2), length of the header in 2 bytes (version 1) or 4, little-endian.
    let (length, text) = match start.get(6).copied() {
        Some(1) => (start.get(8..10), 10),
        _ => (start.get(8..12), 12),
    };
    let length = length.map_or(0, |bytes| bytes.iter().rev().fold(0, |length, &byte| (length << 8) | usize::from(byte)));
    let end = text + length;
    let header = &start[text.min(start.len())..end.min(start.len())];
    let brackets = header.iter().filter(|byte| b"([{".contains(byte)).count();
    if end > MAX_HEADER || brackets > 2 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its header is not that of a plain array").into());
    }
    let growth = growth(header);
    Ok((Cursor::new(start).chain(file), growth))
}

/// How many times larger the numbers of a header's type are as f32; the most that is possible where it is not written as NumPy does.
fn growth(header: &[u8]) -> u64 {
    let after = |mark: &[u8]| header.windows(mark.len()).position(|part| part == mark).map(|place| &header[place + mark.len()..]);
    let size = after(b"'descr': '").and_then(|descriptor| descriptor.get(2)).map_or(1, |digit| u64::from(digit.saturating_sub(b'0')));
    (4 / size.max(1)).max(1)
}

/// A number of any of NumPy's plain types, read as f32.
#[derive(Clone, Copy)]
struct Number(f32);

impl ReadableElement for Number {
    fn read_to_end_exact_vec<R: Read>(reader: R, descriptor: &PyValue, len: usize) -> Result<Vec<Self>, ReadDataError> {
        let wrong = || ReadDataError::WrongDescriptor(descriptor.clone());
        let PyValue::String(descriptor) = descriptor else { return Err(wrong()) };
        let (size, decode) = decoder(descriptor).ok_or_else(wrong)?;
        let n_bytes = len.checked_mul(size).ok_or(ReadDataError::MissingData)?;
        let mut bytes = Vec::new();
        reader.take(n_bytes as u64 + 1).read_to_end(&mut bytes)?;
        match bytes.len().checked_sub(n_bytes) {
            None => Err(ReadDataError::MissingData),
            Some(0) => Ok(bytes.chunks_exact(size).map(|element| Self(decode(element))).collect()),
            Some(extra) => Err(ReadDataError::ExtraBytes(extra)),
        }
    }
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
    fn an_array_that_would_unpack_to_very_much_is_refused() {
        let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
        npz.add_array("inputs", &Array1::<f32>::zeros(1000)).unwrap();
        let mut bytes = npz.finish().unwrap().into_inner();
        let read = |bytes: &[u8]| NpzFile::from_bytes(Path::new("mine.npz"), bytes.to_vec()).unwrap().require("inputs");
        assert_eq!(read(&bytes).unwrap().len(), 1000);
        // The unpacked size in the table of contents, 24 bytes after its signature.
        let entry = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        bytes[entry + 24..entry + 28].copy_from_slice(&(2u32 << 30).to_le_bytes());
        let message = read(&bytes).unwrap_err().to_string();
        assert!(message.contains("would unpack to more than 1073741824 bytes") && message.contains("numpy.savez"), "{message}");
        // As f32, bytes are four times as large.
        let header = |descriptor: &str| growth(format!("{{'descr': '{descriptor}', 'fortran_order': False, ").as_bytes());
        assert_eq!(["|b1", "|u1", "<i2", "<f4", ">f8", "<?"].map(header), [4, 4, 2, 1, 1, 4]);
        assert_eq!(growth(b"{\"descr\": \"|u1\""), 4);
        // A large array may unpack to much if it takes much.
        assert_eq!((most_unpacked(0), most_unpacked(1 << 30)), (1 << 30, 200 << 30));
    }

    #[test]
    fn an_array_shorter_than_announced_is_refused_without_taking_its_memory() {
        let float = PyValue::String("<f4".into());
        let read = |bytes: &[u8], len| Number::read_to_end_exact_vec(bytes, &float, len).map(|_| ());
        assert!(matches!(read(&[0; 8], usize::MAX / 8), Err(ReadDataError::MissingData)));
        assert!(matches!(read(&[0; 8], usize::MAX), Err(ReadDataError::MissingData)));
        assert!(matches!(read(&[0; 8], 1), Err(ReadDataError::ExtraBytes(1))));
        assert!(read(&[0; 8], 2).is_ok());
    }
}
