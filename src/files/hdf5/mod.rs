//! Arrays in HDF5, for MATLAB and for all others: what an `.npz` holds, with what the axes are as attributes.
//!
//! ```text
//! .mat   MATLAB 7.3: 512 bytes by which MATLAB knows the file, then HDF5 as its oldest readers know it.
//!        MATLAB's first index varies fastest, HDF5's last: the dimensions are reversed and the elements transposed, so
//!        that size(rates) in MATLAB is [trials steps units], and h5py sees (units, steps, trials)
//!          numbers single, double, (u)int8 to (u)int64    (n) is n x 1, a single number 1 x 1
//!          flags   logical                                texts char, lists of words cell
//! .h5    dimensions as in NumPy; flags as h5py has them, words as text of any length
//! both   attributes of an array: name (by which this program calls it), dims (its axes, in the order of NumPy and
//!        MATLAB), columns (what is along the last of them), units
//! ```
//!
//! Elements come in C order and are written in parts: of an array that is larger than the memory, one entry of its first
//! axis has to fit into it.

mod element;
mod matlab;
mod parts;

use std::{
    collections::BTreeMap,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

use ndarray::{Array, IxDyn};
use nn4n_tasks::NpyHeader;
use rust_hdf5::{DatatypeMessage, H5Dataset, H5File, Hdf5Error, LibverBound};

use self::{
    element::{Element, Words},
    matlab::{NULL_PADDED, USER_BLOCK, UTF_8, at_least_two, set_class, set_text, user_block},
    parts::Parts,
};
use super::{ArrayFormat, Meaning, Unfinished, names::Names};

/// Where the values of cells lie in a MATLAB file.
const REFERRED: &str = "#refs#";

/// How arrays are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Matlab,
    Plain,
}

/// The file that arrays are written into.
pub(crate) struct Hdf5 {
    file: H5File,
    unfinished: Unfinished,
    layout: Layout,
    names: Names,
    /// Where each word that a cell refers to lies.
    words: BTreeMap<String, String>,
}

impl Hdf5 {
    /// Begins the file that will be at `path`.
    pub fn create(path: &Path, format: ArrayFormat) -> io::Result<Self> {
        let layout = if format == ArrayFormat::Mat { Layout::Matlab } else { Layout::Plain };
        let unfinished = Unfinished::create(path)?;
        // The lock is that of the unfinished file.
        let options = H5File::options().no_locking();
        let options = match layout {
            Layout::Matlab => options.libver(LibverBound::Earliest).userblock(USER_BLOCK as u64),
            Layout::Plain => options,
        };
        let file = options.create(unfinished.temporary()).map_err(failed)?;
        Ok(Self { file, unfinished, layout, names: Names::new(format), words: BTreeMap::new() })
    }

    /// Adds an array: its header, what it means, and its elements as `write` puts them.
    pub fn array(
        &mut self,
        name: &str,
        header: &NpyHeader,
        meaning: &Meaning,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let called = self.names.add(name).map_err(io::Error::other)?;
        let dataset = match Element::of(&header.descriptor)? {
            Element::Text(length) => {
                let mut words = Words { length, bytes: Vec::new(), words: Vec::new() };
                write(&mut words)?;
                self.text_array(&called, &header.shape, &words.words)?
            }
            element if header.count() == 0 => self.empty(&called, element, &header.shape)?,
            element => {
                let mut parts = Parts::create(self, &called, element, &header.shape)?;
                write(&mut parts)?;
                parts.finish()?
            }
        };
        self.describe(&dataset, (name, &called), meaning)
    }

    /// Adds a text.
    pub fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.texts(name, &[], &[text.to_owned()], &Meaning::default())
    }

    /// Adds a list of words.
    pub fn words(&mut self, name: &str, words: &[String], meaning: &Meaning) -> io::Result<()> {
        self.texts(name, &[words.len()], words, meaning)
    }

    fn texts(&mut self, name: &str, shape: &[usize], words: &[String], meaning: &Meaning) -> io::Result<()> {
        let called = self.names.add(name).map_err(io::Error::other)?;
        let dataset = self.text_array(&called, shape, words)?;
        self.describe(&dataset, (name, &called), meaning)
    }

    /// Puts the file in its place.
    pub fn finish(self) -> io::Result<()> {
        let Self { file, mut unfinished, layout, .. } = self;
        // Synced below, with the block before it.
        file.close_no_sync().map_err(failed)?;
        if layout == Layout::Matlab {
            unfinished.seek(SeekFrom::Start(0))?;
            unfinished.write_all(&user_block())?;
        }
        unfinished.finish()
    }

    /// The lengths of a dataset for an array of this shape.
    fn dimensions(&self, shape: &[usize]) -> Vec<usize> {
        match self.layout {
            Layout::Matlab => at_least_two(shape).into_iter().rev().collect(),
            Layout::Plain => shape.to_vec(),
        }
    }

    /// An array without elements. MATLAB has its lengths in place of them.
    fn empty(&self, called: &str, element: Element, shape: &[usize]) -> io::Result<H5Dataset> {
        if self.layout == Layout::Plain {
            let dataset = self.file.new_dataset::<u8>().datatype(element.datatype(self.layout)).shape(shape);
            return dataset.create(called).map_err(failed);
        }
        self.matlab_empty(called, element.class(), shape)
    }

    fn matlab_empty(&self, called: &str, class: &str, shape: &[usize]) -> io::Result<H5Dataset> {
        let lengths: Vec<u64> = at_least_two(shape).into_iter().map(|length| length as u64).collect();
        let dataset = self.file.new_dataset::<u64>().shape([lengths.len()]).create(called).map_err(failed)?;
        dataset.write_raw(&lengths).map_err(failed)?;
        set_text(&dataset, "MATLAB_class", class)?;
        let empty = DatatypeMessage::u8_type();
        dataset.set_attr_typed("MATLAB_empty", empty, vec![1]).map_err(failed)?;
        Ok(dataset)
    }

    /// Words: in MATLAB a cell, or a char array of a single one.
    fn text_array(&mut self, called: &str, shape: &[usize], words: &[String]) -> io::Result<H5Dataset> {
        match (self.layout, words) {
            (Layout::Matlab, [word]) if shape.is_empty() => self.char(called, word),
            (Layout::Matlab, _) => self.cell(called, shape, words),
            (Layout::Plain, _) => {
                let longest = words.iter().map(String::len).max().unwrap_or(0).max(1);
                let size = u32::try_from(longest).map_err(io::Error::other)?;
                let datatype = DatatypeMessage::FixedString { size, padding: NULL_PADDED, charset: UTF_8 };
                let dataset = self.file.new_dataset::<u8>().datatype(datatype).shape(shape);
                let dataset = dataset.create(called).map_err(failed)?;
                if !words.is_empty() {
                    let padded =
                        |word: &String| word.bytes().chain(std::iter::repeat(0)).take(longest).collect::<Vec<_>>();
                    let bytes: Vec<u8> = words.iter().flat_map(padded).collect();
                    dataset.write_raw_bytes(&bytes).map_err(failed)?;
                }
                Ok(dataset)
            }
        }
    }

    /// A text of MATLAB: a row of UTF-16.
    fn char(&self, called: &str, text: &str) -> io::Result<H5Dataset> {
        let units: Vec<u16> = text.encode_utf16().collect();
        if units.is_empty() {
            return self.matlab_empty(called, "char", &[0, 0]);
        }
        let dataset = self.file.new_dataset::<u16>().shape([units.len(), 1]).create(called).map_err(failed)?;
        dataset.write_raw(&units).map_err(failed)?;
        set_class(&dataset, "char", Some(2))?;
        Ok(dataset)
    }

    /// A cell of MATLAB: references to texts, of which equal ones are stored once.
    fn cell(&mut self, called: &str, shape: &[usize], words: &[String]) -> io::Result<H5Dataset> {
        if words.is_empty() {
            return self.matlab_empty(called, "cell", shape);
        }
        let paths: Vec<String> = words.iter().map(|word| self.referred(word)).collect::<io::Result<_>>()?;
        let shaped = Array::from_shape_vec(IxDyn(&at_least_two(shape)), paths).map_err(io::Error::other)?;
        let in_order: Vec<&str> = shaped.t().into_iter().map(String::as_str).collect();
        let dataset = self.file.new_dataset::<u64>().object_references().shape(self.dimensions(shape));
        let dataset = dataset.create(called).map_err(failed)?;
        dataset.write_object_references(&in_order).map_err(failed)?;
        set_class(&dataset, "cell", None)?;
        Ok(dataset)
    }

    /// Where the text of an element of a cell lies.
    fn referred(&mut self, word: &str) -> io::Result<String> {
        if let Some(path) = self.words.get(word) {
            return Ok(path.clone());
        }
        if self.words.is_empty() {
            self.file.create_group(REFERRED).map_err(failed)?;
        }
        let path = format!("{REFERRED}/w{}", self.words.len());
        self.char(&path, word)?;
        self.words.insert(word.to_owned(), path.clone());
        Ok(path)
    }

    fn describe(&self, dataset: &H5Dataset, (name, called): (&str, &str), meaning: &Meaning) -> io::Result<()> {
        let (dims, columns) = (meaning.axes.join(", "), meaning.columns.join(", "));
        let texts = [
            ("name", if name == called { "" } else { name }),
            ("dims", &dims),
            ("columns", &columns),
            ("units", meaning.unit.unwrap_or_default()),
        ];
        texts.iter().filter(|(_, text)| !text.is_empty()).try_for_each(|(key, text)| set_text(dataset, key, text))
    }
}

fn failed(error: Hdf5Error) -> io::Error {
    match error {
        Hdf5Error::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ndarray::{Array1, Array3, array};
    use nn4n_tasks::{Labels, NpzBuilder};

    use super::*;
    use crate::files::ArrayFile;

    /// The file of these arrays, with this end of its name.
    fn written(folder: &Path, end: &str, npz: NpzBuilder) -> std::path::PathBuf {
        let path = folder.join(format!("arrays.{end}"));
        let mut file = ArrayFile::create(&path).unwrap();
        file.add(&npz.finish().unwrap(), Meaning::of_trials).unwrap();
        assert!(!path.exists(), "it is there whole or not at all");
        file.finish().unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
        path
    }

    fn text(file: &H5File, array: &str, attribute: &str) -> String {
        file.dataset(array).unwrap().attr(attribute).unwrap().read_string().unwrap()
    }

    #[test]
    fn matlab_sees_the_axes_in_our_order_and_the_file_is_known_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let rates = Array3::from_shape_fn((5, 3, 2), |(trial, step, unit)| (100 * trial + 10 * step + unit) as f32);
        let path = written(folder.path(), "mat", NpzBuilder::default().array("rates", &rates).unwrap());
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(b"MATLAB 7.3 MAT-file"));
        assert_eq!(bytes[124..128], [0, 2, b'I', b'M']);
        assert_eq!(&bytes[512..520], b"\x89HDF\r\n\x1a\n");
        assert_eq!(bytes[520], 0, "the oldest version");
        let file = H5File::open(&path).unwrap();
        let dataset = file.dataset("rates").unwrap();
        assert_eq!(dataset.shape(), [2, 3, 5]);
        assert_eq!(dataset.read_raw::<f32>().unwrap(), rates.t().iter().copied().collect::<Vec<_>>());
        assert_eq!(text(&file, "rates", "MATLAB_class"), "single");
        assert_eq!(text(&file, "rates", "dims"), "trials, steps, units");
    }

    #[test]
    fn an_array_of_many_parts_is_that_of_one() {
        let folder = tempfile::tempdir().unwrap();
        // Parts of 5 trials, of which the last is not whole, and pieces that divide the steps of one.
        for shape in [(33, 13, 3_997), (3, 300_001, 1)] {
            let rates = Array3::from_shape_fn(shape, |(trial, step, unit)| (trial * 7 + step * 3 + unit) as f32);
            for end in ["mat", "h5"] {
                let path = written(folder.path(), end, NpzBuilder::default().array("rates", &rates).unwrap());
                let found = H5File::open(&path).unwrap().dataset("rates").unwrap().read_raw::<f32>().unwrap();
                let is_same = match end {
                    "mat" => rates.t().iter().eq(&found),
                    _ => rates.iter().eq(&found),
                };
                assert!(is_same, "{shape:?} {end}");
                fs::remove_file(path).unwrap();
            }
        }
    }

    #[test]
    fn flags_words_and_empty_arrays_have_the_classes_of_matlab() {
        let folder = tempfile::tempdir().unwrap();
        let words = ["left", "straße", "left"].map(str::to_owned).to_vec();
        let arrays = NpzBuilder::default()
            .array("hit", &array![true, false])
            .unwrap()
            .array("nothing", &Array1::<f64>::zeros(0))
            .unwrap()
            .labels("side", &Labels::Words(words))
            .unwrap()
            .array("dt", &ndarray::arr0(2.5))
            .unwrap();
        let file = H5File::open(written(folder.path(), "mat", arrays)).unwrap();
        for (name, class) in [("hit", "logical"), ("nothing", "double"), ("side", "cell"), ("dt", "double")] {
            assert_eq!(text(&file, name, "MATLAB_class"), class);
        }
        assert_eq!(file.dataset("nothing").unwrap().read_raw::<u64>().unwrap(), [0, 1]);
        assert_eq!(file.dataset("dt").unwrap().shape(), [1, 1]);
        assert_eq!(file.dataset("side").unwrap().shape(), [1, 3]);
        let stored = file.dataset(&format!("{REFERRED}/w1")).unwrap();
        assert_eq!(stored.read_raw::<u16>().unwrap(), "straße".encode_utf16().collect::<Vec<_>>());
        assert!(file.dataset(&format!("{REFERRED}/w2")).is_err(), "equal words are stored once");
        assert_eq!(text(&file, "dt", "units"), "ms");
    }

    #[test]
    fn one_array_gives_the_same_bytes_every_time() {
        let bytes = |end: &str| {
            let folder = tempfile::tempdir().unwrap();
            let arrays = NpzBuilder::default().array("rates", &Array3::<f32>::ones((2, 3, 4))).unwrap();
            fs::read(written(folder.path(), end, arrays)).unwrap()
        };
        assert!(bytes("mat") == bytes("mat") && bytes("h5") == bytes("h5"));
    }

    #[test]
    fn more_or_fewer_elements_than_announced_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for numbers in [2, 4] {
            let mut file = Hdf5::create(&folder.path().join("a.mat"), ArrayFormat::Mat).unwrap();
            let header = NpyHeader::new("<f4", &[3]);
            let written = file.array("a", &header, &Meaning::default(), |out| out.write_all(&vec![0; 4 * numbers]));
            assert!(written.unwrap_err().to_string().contains("than its shape says"), "{numbers}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
