//! Arrays in NumPy's `.npz` format: batches written, a user's arrays read.
//!
//! ```text
//! npz_bytes   inputs (B, T, I) f32   targets (B, T, O) f32   loss_mask (B, T, O) f32   n_steps (B) i64
//!             correct (B) i64, -1 where no output should win; and one array (B) for each variable of the trials
//! NpzFile     also of MATLAB 7.3 and of HDF5 (feature `hdf5`);
//!             any array of booleans, integers or floats (1 to 8 bytes, either byte order, C or Fortran order), as f32;
//!             labels of trials, also in words, as they are
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
use std::io::{BufReader, Cursor, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use ndarray::{Array1, ArrayD, ArrayRef, Dimension, IxDyn, ShapeBuilder, arr0};
use ndarray_npy::{WritableElement, WriteNpyExt};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::file::{open, unreadable};
use crate::{Labels, NpyHeader, TaskError, TrialBatch, variables_of};

/// The trials of a batch as the bytes of an `.npz` file: arrays, lengths, right outputs and variables.
///
/// # Errors
/// If a variable of the trials is named as another array of the file.
pub fn npz_bytes(batch: &TrialBatch) -> Result<Vec<u8>, TaskError> {
    with_trials(NpzBuilder::default(), batch)?.finish()
}

/// The same, with what else a task knows of its trials: `dt` (ms), and where it has one their `trajectory` (B, T + 1,
/// axes) of [`trajectories`](crate::trajectories).
///
/// # Errors
/// As [`npz_bytes`].
pub fn trial_file(batch: &TrialBatch, dt: f64, trajectory: Option<&ArrayD<f32>>) -> Result<Vec<u8>, TaskError> {
    let file = with_trials(NpzBuilder::default(), batch)?.array("dt", &arr0(dt))?;
    match trajectory {
        Some(trajectory) => file.array("trajectory", trajectory)?.finish(),
        None => file.finish(),
    }
}

fn with_trials(file: NpzBuilder, batch: &TrialBatch) -> Result<NpzBuilder, TaskError> {
    let n_steps: Array1<i64> = batch.n_steps.iter().map(|&n| n as i64).collect();
    let correct: Array1<i64> = batch.correct.iter().map(|correct| correct.map_or(-1, |output| output as i64)).collect();
    let mut file = file
        .array("inputs", &batch.inputs)?
        .array("targets", &batch.targets)?
        .array("loss_mask", &batch.loss_mask)?
        .array("n_steps", &n_steps)?
        .array("correct", &correct)?;
    for (name, labels) in variables_of(&batch.conditions) {
        file = file.labels(&name, &labels)?;
    }
    Ok(file)
}

/// An `.npz` file in the making.
pub struct NpzBuilder {
    archive: ZipWriter<Cursor<Vec<u8>>>,
    names: Vec<String>,
}

impl Default for NpzBuilder {
    fn default() -> Self {
        Self { archive: ZipWriter::new(Cursor::new(Vec::new())), names: Vec::new() }
    }
}

impl NpzBuilder {
    /// Arrays that have a meaning of their own, so that no variable of a trial can be called so.
    pub const RESERVED: [&'static str; 12] = [
        "inputs",
        "targets",
        "loss_mask",
        "n_steps",
        "correct",
        "dt",
        "time_ms",
        "trajectory",
        "x0",
        "states",
        "rates",
        "outputs",
    ];

    /// Adds an array.
    ///
    /// # Errors
    /// If there is one of this name.
    pub fn array<T: WritableElement, D: Dimension>(
        mut self,
        name: &str,
        array: &ArrayRef<T, D>,
    ) -> Result<Self, TaskError> {
        self.begin(name)?;
        array.write_npy(&mut self.archive).map_err(|error| unwritable(name, error.to_string()))?;
        Ok(self)
    }

    /// Adds one value for each trial.
    ///
    /// # Errors
    /// If the name is that of another array, or [reserved](Self::RESERVED).
    pub fn labels(self, name: &str, labels: &Labels) -> Result<Self, TaskError> {
        Self::check_label(name)?;
        match labels {
            Labels::Numbers(values) => self.array(name, &Array1::from_vec(values.clone())),
            Labels::Flags(values) => self.array(name, &Array1::from_vec(values.clone())),
            Labels::Words(words) => self.words(name, words),
        }
    }

    /// Refuses a variable of the trials that is called as an array with a meaning of its own.
    ///
    /// # Errors
    /// If the name is [reserved](Self::RESERVED).
    pub fn check_label(name: &str) -> Result<(), TaskError> {
        if Self::RESERVED.contains(&name) { Err(taken(name)) } else { Ok(()) }
    }

    /// Text as NumPy stores it: as many code points for each as the longest has.
    fn words(mut self, name: &str, words: &[String]) -> Result<Self, TaskError> {
        let longest = words.iter().map(|word| word.chars().count()).max().unwrap_or(0).max(1);
        let mut bytes = NpyHeader::new(format!("<U{longest}"), &[words.len()]).bytes();
        bytes.extend(words.iter().flat_map(|word| text_element(word, longest)));
        self.begin(name)?;
        self.archive.write_all(&bytes).map_err(|error| unwritable(name, error.to_string()))?;
        Ok(self)
    }

    fn begin(&mut self, name: &str) -> Result<(), TaskError> {
        if self.names.iter().any(|known| known == name) {
            return Err(taken(name));
        }
        self.names.push(name.into());
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
        self.archive.start_file(format!("{name}.npy"), options).map_err(|error| unwritable(name, error.to_string()))
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// If it is larger than an archive can be.
    pub fn finish(self) -> Result<Vec<u8>, TaskError> {
        Ok(self.archive.finish().map_err(|error| unwritable("arrays", error.to_string()))?.into_inner())
    }
}

/// A text as NumPy stores it among others of at most `longest` characters.
pub fn text_element(text: &str, longest: usize) -> impl Iterator<Item = u8> {
    text.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest).flat_map(u32::to_le_bytes)
}

fn taken(name: &str) -> TaskError {
    TaskError::Batch {
        field: "conditions",
        value: format!("`{name}`"),
        rule: "is the name of another array of the file",
        remedy: "call the variable otherwise".into(),
    }
}

fn unwritable(name: &str, reason: String) -> TaskError {
    let remedy = format!("write fewer trials ({reason})");
    TaskError::Batch { field: "arrays", value: format!("`{name}`"), rule: "cannot be written as .npz", remedy }
}

/// Whether a file is one of MATLAB, by the end of its name.
pub(crate) fn is_matlab(path: &Path) -> bool {
    ends_in(path, &["mat"])
}

fn ends_in(path: &Path, ends: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ends.iter().any(|end| extension.eq_ignore_ascii_case(end))
}

#[cfg(feature = "hdf5")]
fn of_hdf5(path: &Path) -> Result<Vec<u8>, TaskError> {
    crate::hdf5::npz_of_hdf5(path, crate::hdf5::Precision::Trials)
}

#[cfg(not(feature = "hdf5"))]
fn of_hdf5(path: &Path) -> Result<Vec<u8>, TaskError> {
    let reason = "it is HDF5, without which this program was built; build it with the feature `hdf5`, or name an .npz";
    Err(unreadable(path, reason.into()))
}

/// An open `.npz` file, or one of HDF5.
pub struct NpzFile {
    path: PathBuf,
    names: Vec<String>,
    archive: ZipArchive<Box<dyn Source>>,
    /// The most bytes that all arrays may take, as f32.
    most: u64,
    /// The bytes that each array takes which was read.
    taken: BTreeMap<String, u64>,
}

/// Refuses what does not begin as an archive: one that does not is read to its end before that is known.
fn check_start(source: &mut dyn Source) -> Result<(), String> {
    let mut start = Vec::new();
    source.take(6).read_to_end(&mut start).map_err(|error| error.to_string())?;
    source.rewind().map_err(|error| error.to_string())?;
    if start.starts_with(b"PK") {
        Ok(())
    } else if start == b"\x93NUMPY" {
        Err("it is a single array without a name (.npy); save the arrays by name with numpy.savez".into())
    } else {
        Err(format!("it is no .npz archive, as its first bytes show; {REMEDY}"))
    }
}

/// What an archive can be read from.
trait Source: Read + Seek + Send {}

impl<S: Read + Seek + Send> Source for S {}

impl NpzFile {
    /// Opens a file and reads its table of contents. Of one that ends in `.mat`, `.h5` or `.hdf5` all arrays are read.
    pub fn open(path: &Path) -> Result<Self, TaskError> {
        if is_matlab(path) || ends_in(path, &["h5", "hdf5"]) {
            return Self::from_bytes(path, of_hdf5(path)?);
        }
        let file = open(path)?;
        let length = file.metadata().map_err(|error| unreadable(path, error.to_string()))?.len();
        Self::new(path, Box::new(BufReader::new(file)), length)
    }

    /// Takes the bytes of a file, which is called `path` in messages, and reads its table of contents.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, TaskError> {
        let length = bytes.len() as u64;
        Self::new(path, Box::new(Cursor::new(bytes)), length)
    }

    fn new(path: &Path, mut source: Box<dyn Source>, length: u64) -> Result<Self, TaskError> {
        check_start(&mut source).map_err(|reason| unreadable(path, reason))?;
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
        let found = self.entry(name, |entry, room| array(entry, room, decoder))?;
        if let Some(array) = &found {
            self.taken.insert(name.into(), bytes_of(array.len()));
        }
        Ok(found)
    }

    /// The type and the shape of an array, if there is one of this name.
    pub fn header(&mut self, name: &str) -> Result<Option<NpyHeader>, TaskError> {
        self.entry(name, |entry, _| NpyHeader::read(entry).map_err(|problem| Problem::new(problem, REMEDY)))
    }

    /// The array of this name as f64, if there is one.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn numbers(&mut self, name: &str) -> Result<Option<ArrayD<f64>>, TaskError> {
        self.entry(name, |entry, room| array(entry, room, number_decoder))
    }

    /// One value for each trial, if there is an array of this name.
    ///
    /// # Errors
    /// If it has not one axis, or holds neither numbers nor words.
    pub fn labels(&mut self, name: &str) -> Result<Option<Labels>, TaskError> {
        let Some(header) = self.header(name)? else { return Ok(None) };
        if header.shape.len() != 1 {
            let problem = format!("has shape {:?}, but labels have one value for each trial", header.shape);
            return Err(self.refusal(name, problem, "give an array with one axis".into()));
        }
        let descriptor = header.descriptor.as_str();
        if let Some(width) = TextWidth::of(descriptor) {
            return Ok(self.entry(name, |entry, room| words(entry, room, width))?.map(Labels::Words));
        }
        let numbers = self.numbers(name)?.map(IntoIterator::into_iter);
        Ok(numbers.map(|numbers| match descriptor {
            "|b1" => Labels::Flags(numbers.map(|number| number != 0.0).collect()),
            _ => Labels::Numbers(numbers.collect()),
        }))
    }

    /// What `read` makes of the entry of this name, given the bytes that its array may take.
    fn entry<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn Read, u64) -> Result<T, Problem>,
    ) -> Result<Option<T>, TaskError> {
        let stored = [name.to_owned(), format!("{name}.npy")]
            .into_iter()
            .find(|stored| self.archive.index_for_name(stored).is_some());
        let Some(stored) = stored else { return Ok(None) };
        let others: u64 = self.taken.iter().filter(|(known, _)| *known != name).map(|(_, bytes)| bytes).sum();
        let room = self.most.saturating_sub(others);
        let found = match self.archive.by_name(&stored) {
            Ok(mut entry) => read(&mut entry, room),
            Err(error) => Err(Problem::new(format!("cannot be read: {error}"), REMEDY)),
        };
        found.map(Some).map_err(|Problem { problem, remedy }| self.refusal(name, problem, remedy))
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

    /// The error that an array of this file breaks a rule.
    pub fn refusal(&self, name: &str, problem: String, remedy: String) -> TaskError {
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

/// How wide an element of a type is, and how its bytes are read; `None` for a type that is not read.
type Decoder<T> = fn(&str) -> Option<(usize, Decode<T>)>;

/// The array in a `.npy` of at most `room` bytes (as f32), each element read by what `decoder` gives for its type.
fn array<T>(mut file: &mut dyn Read, room: u64, decoder: Decoder<T>) -> Result<ArrayD<T>, Problem> {
    let header = NpyHeader::read(&mut file).map_err(|problem| Problem::new(problem, REMEDY))?;
    let Some((size, decode)) = decoder(&header.descriptor) else {
        let problem = format!("holds elements of type {}", header.descriptor);
        return Err(Problem::new(problem, "save it as float32, float64, an integer type or bool"));
    };
    let values = elements(file, header.count(), size, room, decode)?;
    let shape = IxDyn(&header.shape).set_f(header.fortran_order);
    ArrayD::from_shape_vec(shape, values)
        .map_err(|error| Problem::new(format!("has no usable shape ({error})"), REMEDY))
}

/// The text elements of a `.npy`.
fn words(mut file: &mut dyn Read, room: u64, width: TextWidth) -> Result<Vec<String>, Problem> {
    let header = NpyHeader::read(&mut file).map_err(|problem| Problem::new(problem, REMEDY))?;
    let words = elements(file, header.count(), width.bytes(), room, |bytes| width.word(bytes))?;
    let damaged = || Problem::new("holds bytes that are no text", "save it with numpy.array(labels, dtype=str)");
    words.into_iter().map(|word| word.ok_or_else(damaged)).collect()
}

/// How long a text element is, and in which code.
#[derive(Clone, Copy)]
struct TextWidth {
    /// The most characters, or bytes where `is_wide` is false.
    length: usize,
    /// Four bytes a character.
    is_wide: bool,
    big_endian: bool,
}

impl TextWidth {
    /// Of NumPy's types `<U7`, `>U7` and `|S7`.
    fn of(descriptor: &str) -> Option<Self> {
        let (code, length) = (descriptor.get(..2)?, descriptor.get(2..)?.parse().ok()?);
        let (is_wide, big_endian) = match code {
            "<U" => (true, false),
            ">U" => (true, true),
            "|S" => (false, false),
            _ => return None,
        };
        // Text of no width is text all the same: NumPy gives empty words.
        (length > 0 && length <= PIECE / 4).then_some(Self { length, is_wide, big_endian })
    }

    fn bytes(self) -> usize {
        self.length * if self.is_wide { 4 } else { 1 }
    }

    /// The characters up to the zeros at the end.
    fn word(self, bytes: &[u8]) -> Option<String> {
        if !self.is_wide {
            let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            return String::from_utf8(bytes[..end].to_vec()).ok();
        }
        let code = |four: &[u8]| {
            let four = four.try_into().unwrap_or_default();
            if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
        };
        let codes: Vec<u32> = bytes.chunks_exact(4).map(code).collect();
        let end = codes.iter().rposition(|code| *code != 0).map_or(0, |last| last + 1);
        codes[..end].iter().map(|code| char::from_u32(*code)).collect()
    }
}

/// `count` elements of `size` bytes, which must end the file.
fn elements<T>(
    file: &mut dyn Read,
    count: usize,
    size: usize,
    room: u64,
    decode: impl Fn(&[u8]) -> T,
) -> Result<Vec<T>, Problem> {
    // Numbers are counted as f32, whatever they become; words by their bytes.
    let wanted = bytes_of(count).saturating_mul(size.div_ceil(8) as u64);
    if wanted > room {
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
        values.extend(bytes.chunks_exact(size).map(&decode));
    }
    // The end of the file is where a damaged one is found out by its checksum.
    match file.read(&mut piece[..1]) {
        Ok(0) => {}
        Ok(_) => return Err(Problem::new("is longer than its shape says", "write the file again; it is damaged")),
        Err(error) => return Err(Problem::new(format!("cannot be read: {error}"), REMEDY)),
    }
    Ok(values)
}

/// Reads an element from exactly its bytes.
type Decode<T> = fn(&[u8]) -> T;

/// A function that gives the size in bytes of an element of NumPy's type `descriptor` (`<f4`, `>i8`, `|b1`, ...), and
/// how to read one as `$float`.
macro_rules! decoder {
    ($name:ident, $float:ident) => {
        fn $name(descriptor: &str) -> Option<(usize, Decode<$float>)> {
            macro_rules! number {
                ($type:ty, $from:ident) => {
                    (size_of::<$type>(), |bytes| {
                        bytes.try_into().map_or($float::NAN, |bytes| <$type>::$from(bytes) as $float)
                    })
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
    };
}

decoder!(decoder, f32);
decoder!(number_decoder, f64);

#[cfg(test)]
mod tests {
    use ndarray_npy::NpzWriter;

    use super::*;

    #[test]
    fn labels_come_back_as_they_were_written_and_no_other_array_is_written_over() {
        let written = [
            ("coherence", Labels::Numbers(vec![0.032, f64::NEG_INFINITY, 1e300])),
            ("context", Labels::Words(vec!["motion".into(), String::new(), "f\u{e4}rben".into()])),
            ("catch", Labels::Flags(vec![true, false, true])),
        ];
        let mut file = NpzBuilder::default();
        for (name, labels) in &written {
            file = file.labels(name, labels).unwrap();
        }
        let bytes = file.finish().unwrap();
        let mut file = NpzFile::from_bytes(Path::new("mine.npz"), bytes).unwrap();
        for (name, labels) in &written {
            assert_eq!(file.labels(name).unwrap().as_ref(), Some(labels));
        }
        let refused = |name: &str| NpzBuilder::default().labels(name, &written[0].1).err().map(|e| e.to_string());
        assert!(refused("targets").unwrap().contains("`targets` is the name of another array"));
        assert!(refused("coherence").is_none());
    }

    #[test]
    fn text_in_either_order_and_in_bytes_is_read() {
        let word = |descriptor: &str, bytes: &[u8]| TextWidth::of(descriptor).unwrap().word(bytes);
        assert_eq!(word(">U2", &[0, 0, 0, 97, 0, 0, 0, 0]), Some("a".into()));
        assert_eq!(word("|S3", b"ab\0"), Some("ab".into()));
        assert_eq!(word("<U1", &[0, 0, 0xff, 0xff]), None);
        assert!(TextWidth::of("|O").is_none() && TextWidth::of("<U").is_none() && TextWidth::of("<f8").is_none());
    }

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
            array(&mut npy(shape, bytes).as_slice(), u64::MAX, decoder).map_err(|problem| problem.problem)
        };
        assert_eq!(read("(2, 1)", 8).unwrap().shape(), [2, 1]);
        assert_eq!(read("(3,)", 8).unwrap_err(), "is shorter than its shape says");
        assert_eq!(read("(1000000000000,)", 8).unwrap_err(), "is shorter than its shape says");
        assert_eq!(read("(1,)", 8).unwrap_err(), "is longer than its shape says");
        assert_eq!(read("(0, 7)", 0).unwrap().shape(), [0, 7]);
    }
}
