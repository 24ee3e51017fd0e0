//! The header of an array in NumPy's `.npy` format, as NumPy writes it for plain arrays.
//!
//! ```text
//! \x93NUMPY  version (2 bytes)  length of the header (2 bytes in version 1, else 4)  header  elements
//! header     {'descr': '<f4', 'fortran_order': False, 'shape': (50, 2), }
//! ```
//!
//! A file can claim anything about itself: a header that says a thing twice, that is longer than any plain array's, or
//! that has a shape which no memory can hold is refused.
//!
//! ```
//! use nn4n_tasks::NpyHeader;
//! let start = b"\x93NUMPY\x01\x00\x3b\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)} \n".to_vec();
//! let file = [start, 1f32.to_le_bytes().to_vec(), 2f32.to_le_bytes().to_vec()].concat();
//! let mut file = file.as_slice();
//! let header = NpyHeader::read(&mut file)?;
//! assert_eq!((header.descriptor.as_str(), header.shape.as_slice(), header.count()), ("<f4", &[1, 2][..], 2));
//! assert_eq!(file.len(), 8);
//! # Ok::<(), String>(())
//! ```

use std::io::Read;

/// The longest header that is read, bytes. Those of plain arrays have about a hundred.
const LONGEST: usize = 4096;

/// The most dimensions of an array, as in NumPy.
const MOST_DIMENSIONS: usize = 32;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyHeader {
    /// The type of the elements, such as `<f4`.
    pub descriptor: String,
    /// Whether the first index varies fastest.
    pub fortran_order: bool,
    /// The lengths of the dimensions; their product fits into the memory of this machine.
    pub shape: Vec<usize>,
}

impl NpyHeader {
    /// That of a plain array in C order.
    pub fn new(descriptor: impl Into<String>, shape: &[usize]) -> Self {
        Self { descriptor: descriptor.into(), fortran_order: false, shape: shape.into() }
    }

    /// Magic number, version and header, as NumPy writes them: the elements come next, at a multiple of 64 bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let lengths: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        let comma = if lengths.len() == 1 { "," } else { "" };
        let order = if self.fortran_order { "True" } else { "False" };
        let (descriptor, lengths) = (&self.descriptor, lengths.join(", "));
        let text = format!("{{'descr': '{descriptor}', 'fortran_order': {order}, 'shape': ({lengths}{comma}), }}");
        let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((length as u16).to_le_bytes());
        bytes.extend(format!("{text:<width$}\n", width = length - 1).bytes());
        bytes
    }

    /// Reads it from the start of a file, which then stands at the first element.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence about the array.
    pub fn read(file: &mut (impl Read + ?Sized)) -> Result<Self, String> {
        let damaged = |_| "is not a whole array of NumPy".to_string();
        let mut start = [0; 8];
        file.read_exact(&mut start).map_err(damaged)?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err("is not a whole array of NumPy".into());
        }
        let mut length = [0; 4];
        file.read_exact(&mut length[..if start[6] == 1 { 2 } else { 4 }]).map_err(damaged)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            return Err(format!("has a header of {length} bytes, which no plain array has"));
        }
        let mut text = vec![0; length];
        file.read_exact(&mut text).map_err(damaged)?;
        Self::parse(std::str::from_utf8(&text).map_err(|_| "has a header that is no text")?)
    }

    /// The number of elements.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let fortran_order = match value(text, "fortran_order")? {
            order if order.starts_with("True") => true,
            order if order.starts_with("False") => false,
            _ => return Err("has a header whose `fortran_order` is neither True nor False".into()),
        };
        Ok(Self {
            descriptor: quoted(value(text, "descr")?)?.into(),
            fortran_order,
            shape: shape(value(text, "shape")?)?,
        })
    }
}

/// What follows a key of the header.
fn value<'a>(text: &'a str, key: &str) -> Result<&'a str, String> {
    let key_of_dictionary = format!("'{key}':");
    let mut parts = text.split(&key_of_dictionary).skip(1);
    match (parts.next(), parts.next()) {
        (Some(value), None) => Ok(value.trim_start()),
        (None, _) => Err(format!("has a header without `{key}`, which is none of a plain array")),
        (Some(_), Some(_)) => Err(format!("has a header that says `{key}` twice")),
    }
}

fn quoted(value: &str) -> Result<&str, String> {
    let text = value.strip_prefix('\'').and_then(|value| value.split_once('\''));
    text.map(|(text, _)| text).ok_or_else(|| "has elements of several parts; save a plain array".into())
}

fn shape(value: &str) -> Result<Vec<usize>, String> {
    let inner = value.strip_prefix('(').and_then(|value| value.split_once(')')).map(|(inner, _)| inner);
    let inner = inner.ok_or("has a header whose `shape` is no tuple")?;
    let lengths = inner.split(',').map(str::trim).filter(|length| !length.is_empty());
    let lengths = lengths
        .map(|length| length.parse().map_err(|_| format!("has a shape of `{length}`")))
        .collect::<Result<Vec<usize>, _>>()?;
    if lengths.len() > MOST_DIMENSIONS {
        return Err(format!("has {} dimensions, more than the {MOST_DIMENSIONS} of an array", lengths.len()));
    }
    // Of an array without elements, the other lengths are bounded here, too.
    let largest = lengths.iter().try_fold(size_of::<f64>(), |bytes, length| bytes.checked_mul((*length).max(1)));
    largest.filter(|bytes| isize::try_from(*bytes).is_ok()).ok_or("has a shape that no memory can hold")?;
    Ok(lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_written_is_read_as_it_was_and_ends_where_numpy_wants_it() {
        for shape in [&[][..], &[3], &[2, 50, 7], &[1_000_000_000, 1_000_000_000]] {
            let header = NpyHeader::new("<f4", shape);
            let bytes = header.bytes();
            assert_eq!(bytes.len() % 64, 0);
            assert_eq!(NpyHeader::read(&mut bytes.as_slice()), Ok(header));
        }
    }

    #[test]
    fn headers_that_numpy_does_not_write_are_refused_by_what_is_wrong() {
        let header = |text: &str| NpyHeader::parse(text).expect_err(text);
        assert!(header("{'descr': '<f4', 'fortran_order': False, }").contains("without `shape`"));
        assert!(header("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }").contains("`fortran_order`"));
        assert!(header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }").contains("several parts"));
        assert!(
            header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'descr': '|u1', }")
                .contains("`descr` twice")
        );
        for shape in ["(0, 9223372036854775808, 3)", "(0, 4294967296, 4294967296)", "(1152921504606846976,)"] {
            assert!(
                header(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"))
                    .contains("no memory"),
                "{shape}"
            );
        }
        for shape in ["(x,)", "(-1,)", "(99999999999999999999999,)", "6", "(1"] {
            assert!(
                header(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}")).contains("shape"),
                "{shape}"
            );
        }
        let many = "1, ".repeat(33);
        assert!(
            header(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({many}), }}"))
                .contains("33 dimensions")
        );
    }

    #[test]
    fn files_that_end_in_their_header_or_announce_a_long_one_are_refused() {
        let read = |mut bytes: &[u8]| NpyHeader::read(&mut bytes).expect_err("a damaged header");
        assert!(read(b"\x93NUMPY").contains("not a whole array"));
        assert!(read(b"plain text, longer than that").contains("not a whole array"));
        assert!(read(b"\x93NUMPY\x01\x00\x76\x00{'descr'").contains("not a whole array"));
        assert!(read(b"\x93NUMPY\x01\x00\xff\xff").contains("65535"));
    }

    #[test]
    fn numbers_and_empty_arrays_have_a_shape() {
        let parse = |shape: &str| {
            NpyHeader::parse(&format!("{{'descr': '>i2', 'fortran_order': True, 'shape': {shape}, }}")).expect(shape)
        };
        assert_eq!((parse("()").shape, parse("()").count()), (vec![], 1));
        assert_eq!((parse("(0, 3)").shape, parse("(0, 3)").count()), (vec![0, 3], 0));
        assert!(parse("(5,)").fortran_order && parse("(5,)").descriptor == ">i2");
    }
}
