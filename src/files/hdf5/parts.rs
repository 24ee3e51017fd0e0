//! The elements of an array, written some entries of its first axis at a time.

use std::io::{self, Write};

use ndarray::{Array, IxDyn};
use rust_hdf5::{H5Dataset, H5Type};

use super::{
    Hdf5, Layout,
    element::Element,
    failed,
    matlab::{at_least_two, set_class},
};

/// Bytes that are transposed and written at a time, and of a part that is stored in one piece.
const PIECE: usize = 1 << 20;

/// Takes the elements of an array in C order, and writes them some entries of the first axis at a time.
pub(super) struct Parts {
    dataset: H5Dataset,
    element: Element,
    layout: Layout,
    /// With two axes at least where MATLAB wants them.
    shape: Vec<usize>,
    /// Entries that are written at a time, those that were, and the bytes of the next.
    at_once: usize,
    written: usize,
    bytes: Vec<u8>,
}

impl Parts {
    pub(super) fn create(file: &Hdf5, called: &str, element: Element, shape: &[usize]) -> io::Result<Self> {
        let layout = file.layout;
        let dimensions = file.dimensions(shape);
        let shape = match layout {
            Layout::Matlab => at_least_two(shape),
            Layout::Plain if shape.is_empty() => vec![1],
            Layout::Plain => shape.to_vec(),
        };
        let one: usize = shape[1..].iter().product::<usize>() * element.bytes();
        let at_once = (PIECE / one.max(1)).clamp(1, shape[0]);
        let mut dataset = file.file.new_dataset::<u8>().datatype(element.datatype(layout)).shape(&dimensions);
        // Transposed, a part is scattered over the whole array, unless it is stored in one piece.
        if layout == Layout::Matlab && at_once < shape[0] {
            dataset = dataset.chunk(&piece(&shape, at_once, element.bytes()));
        }
        let dataset = dataset.create(called).map_err(failed)?;
        if layout == Layout::Matlab {
            set_class(&dataset, element.class(), (element == Element::Flag).then_some(1))?;
        }
        Ok(Self { dataset, element, layout, shape, at_once, written: 0, bytes: Vec::new() })
    }

    /// The bytes of this many entries of the first axis.
    fn size(&self, entries: usize) -> usize {
        entries * self.shape[1..].iter().product::<usize>() * self.element.bytes()
    }

    fn put(&mut self) -> io::Result<()> {
        match self.element.bytes() {
            1 => self.put_as(|[byte]: [u8; 1]| byte),
            2 => self.put_as(u16::from_le_bytes),
            4 => self.put_as(u32::from_le_bytes),
            _ => self.put_as(u64::from_le_bytes),
        }
    }

    /// Writes what is there, as integers of the elements' size: bits are moved, not read.
    fn put_as<T: H5Type, const N: usize>(&mut self, read: impl Fn([u8; N]) -> T) -> io::Result<()> {
        let values: Vec<T> = self.bytes.as_chunks().0.iter().map(|bytes| read(*bytes)).collect();
        let entries = self.bytes.len() / self.size(1);
        let mut counts = [&[entries], &self.shape[1..]].concat();
        let mut starts = vec![0; counts.len()];
        starts[0] = self.written;
        let wrote = match self.layout {
            Layout::Plain if self.dataset.ndims() == 0 => self.dataset.write_raw(&values),
            Layout::Plain => self.dataset.write_slice(&starts, &counts, &values),
            Layout::Matlab => {
                let part = Array::from_shape_vec(IxDyn(&counts), values).map_err(io::Error::other)?;
                let part = part.t().as_standard_layout().into_owned().into_raw_vec_and_offset().0;
                starts.reverse();
                counts.reverse();
                self.dataset.write_slice(&starts, &counts, &part)
            }
        };
        self.written += entries;
        self.bytes.clear();
        wrote.map_err(failed)
    }

    pub(super) fn finish(mut self) -> io::Result<H5Dataset> {
        if !self.bytes.is_empty() {
            self.put()?;
        }
        match self.written == self.shape[0] {
            true => Ok(self.dataset),
            false => Err(io::Error::other("an array is shorter than its shape says")),
        }
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.size(self.at_once.min(self.shape[0] - self.written)) - self.bytes.len();
        if room == 0 && !bytes.is_empty() {
            return Err(io::Error::other("an array is longer than its shape says"));
        }
        let taken = bytes.len().min(room);
        self.bytes.extend(&bytes[..taken]);
        if taken == room {
            self.put()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lengths of a part that is stored in one piece, in the order of the file: `at_once` entries of the first axis, and
/// of the following ones as much as keeps it small.
fn piece(shape: &[usize], at_once: usize, element: usize) -> Vec<usize> {
    let mut lengths = [&[at_once], &shape[1..]].concat();
    for axis in 1..lengths.len() {
        let bytes = lengths.iter().product::<usize>() * element;
        lengths[axis] = lengths[axis].div_ceil(bytes.div_ceil(PIECE));
    }
    lengths.reverse();
    lengths
}
