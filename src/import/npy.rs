//! Arrays of `.npz` files, one `.npy` each.
//!
//! ```text
//! \x93NUMPY  version (2 bytes)  length (2 or 4 bytes)  {'descr': '<f4', 'fortran_order': False, 'shape': (50, 2), }  elements
//! ```

use super::{
    Refused,
    archive::Archive,
    array::Array,
    pickle::{self, ElementType, Pickle, Scalar},
};

/// Longest header that is read, bytes. Those of plain arrays have about a hundred.
const LONGEST_HEADER: usize = 4096;

/// What an `.npy` holds.
#[derive(Debug)]
pub(super) enum Stored {
    Numbers(Array),
    /// Python objects, as an array in a pickle.
    Objects(Pickle),
}

/// All arrays of an `.npz` file, by name.
pub(super) fn read_all(bytes: &[u8]) -> Result<Vec<(String, Stored)>, Refused> {
    let mut archive = Archive::open(bytes)?;
    let mut members: Vec<String> = archive.names().map(str::to_owned).collect();
    members.sort_unstable();
    members
        .into_iter()
        .map(|member| {
            let name = member.strip_suffix(".npy").ok_or_else(|| Refused::new(format!("holds `{member}`, which is no array of NumPy")))?;
            let bytes = archive.read(&member, u64::MAX)?;
            let stored = Npy::parse(&bytes).and_then(|npy| {
                archive.charge(npy.numbers())?;
                npy.read()
            });
            stored.map(|stored| (name.to_owned(), stored)).map_err(|error| error.of(name))
        })
        .collect()
}

/// An `.npy` with its header read.
pub(super) struct Npy<'a> {
    element: ElementType,
    fortran_order: bool,
    shape: Vec<i64>,
    data: &'a [u8],
}

impl<'a> Npy<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Refused> {
        let damaged = || Refused::new("is not a whole array of NumPy");
        let (magic, rest) = bytes.split_at_checked(8).ok_or_else(damaged)?;
        if !magic.starts_with(b"\x93NUMPY") {
            return Err(damaged());
        }
        let width = if magic[6] == 1 { 2 } else { 4 };
        let (length, rest) = rest.split_at_checked(width).ok_or_else(damaged)?;
        let length = length.iter().rev().fold(0, |length, byte| (length << 8) | usize::from(*byte));
        if length > LONGEST_HEADER {
            return Err(Refused::new(format!("has a header of {length} bytes, which no plain array has")));
        }
        let (header, data) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let header = std::str::from_utf8(header).map_err(|_| damaged())?;
        let element = ElementType::of_descriptor(quoted(field(header, "descr")?)?)?;
        let fortran_order = match field(header, "fortran_order")? {
            order if order.starts_with("True") => true,
            order if order.starts_with("False") => false,
            _ => return Err(damaged()),
        };
        Ok(Self { element, fortran_order, shape: tuple(field(header, "shape")?)?, data })
    }

    /// How many numbers there are.
    pub fn numbers(&self) -> usize {
        self.data.len() / self.element.scalar.size().max(1)
    }

    pub fn read(self) -> Result<Stored, Refused> {
        if self.element.scalar == Scalar::Object {
            return Ok(Stored::Objects(pickle::parse(self.data)?));
        }
        Array::packed(self.data, self.element, &self.shape, self.fortran_order).map(Stored::Numbers)
    }
}

/// What follows a key of the header.
fn field<'a>(header: &'a str, name: &str) -> Result<&'a str, Refused> {
    let value = header.split_once(&format!("'{name}':")).map(|(_, value)| value.trim_start());
    value.ok_or_else(|| Refused::new(format!("has a header without `{name}`")))
}

fn quoted(value: &str) -> Result<&str, Refused> {
    let text = value.strip_prefix('\'').and_then(|value| value.split_once('\''));
    text.map(|(text, _)| text).ok_or_else(|| Refused::new("has elements of several parts; save a plain array"))
}

fn tuple(value: &str) -> Result<Vec<i64>, Refused> {
    let inner = value.strip_prefix('(').and_then(|value| value.split_once(')')).map(|(inner, _)| inner);
    let inner = inner.ok_or_else(|| Refused::new("has a header without a shape"))?;
    let lengths = inner.split(',').map(str::trim).filter(|length| !length.is_empty());
    lengths.map(|length| length.parse().map_err(|_| Refused::new(format!("has a shape of `{length}`")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<Stored, Refused> {
        Npy::parse(bytes)?.read()
    }

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn arrays_and_numbers_are_read() {
        let array = npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 2), }", &[1, 0, 2, 0, 3, 0, 4, 0]);
        let Stored::Numbers(array) = parse(&array).expect("an array") else { panic!("not an array") };
        assert_eq!((array.shape, array.values), (vec![2, 2], vec![1.0, 3.0, 2.0, 4.0]));
        let Stored::Numbers(number) =
            parse(&npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", &0.8_f64.to_le_bytes())).expect("a number")
        else {
            panic!("not an array")
        };
        assert_eq!((number.shape.len(), number.values[0], number.double), (0, 0.8, true));
    }

    #[test]
    fn zeros_that_were_packed_are_not_unpacked_to_many_times_the_file() {
        let zeros = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (8388608,), }", &vec![0; 1 << 23]);
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file("w.npy", zip::write::SimpleFileOptions::default()).expect("a member");
        std::io::Write::write_all(&mut writer, &zeros).expect("its bytes");
        let bytes = writer.finish().expect("an archive").into_inner();
        assert!(bytes.len() < zeros.len() / 100, "the member is packed");
        let message = read_all(&bytes).expect_err("a bomb").to_string();
        assert!(message.contains("`w`") && message.contains("more numbers than a file of this size"), "{message}");
    }

    #[test]
    fn damaged_headers_are_refused_by_what_is_wrong() {
        let header = |text: &str| parse(&npy(text, &[0; 4])).expect_err(text).to_string();
        assert!(header("{'descr': '<f4', 'fortran_order': False, }").contains("`shape`"));
        assert!(header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }").contains("several parts"));
        assert!(header("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }").contains("c8"));
        assert!(header("{'descr': '<f4', 'fortran_order': False, 'shape': (x,), }").contains('x'));
        assert!(header("{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }").contains("outside"));
        let mut long = npy("", &[]);
        long[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
        assert!(parse(&long).expect_err("a long header").to_string().contains("65535"));
        assert!(parse(b"\x93NUMPY").is_err() && parse(b"plain text, longer than that").is_err());
    }
}
