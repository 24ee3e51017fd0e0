//! What makes a file of HDF5 one of MATLAB.

use std::io;

use rust_hdf5::{DatatypeMessage, H5Dataset};

use super::failed;

/// Bytes before the HDF5 of a MATLAB file.
pub(super) const USER_BLOCK: usize = 512;

/// How texts of a fixed length end.
pub(super) const NULL_PADDED: u8 = 1;
pub(super) const UTF_8: u8 = 1;
const ASCII: u8 = 0;

/// Sets an attribute that is a text.
pub(super) fn set_text(dataset: &H5Dataset, name: &str, text: &str) -> io::Result<()> {
    let size = u32::try_from(text.len()).map_err(io::Error::other)?;
    let charset = if text.is_ascii() { ASCII } else { UTF_8 };
    let datatype = DatatypeMessage::FixedString { size, padding: NULL_PADDED, charset };
    dataset.set_attr_typed(name, datatype, text.into()).map_err(failed)
}

/// Says what MATLAB makes of a dataset, and how where its numbers are no numbers: 1 flags, 2 characters.
pub(super) fn set_class(dataset: &H5Dataset, class: &str, decode: Option<i32>) -> io::Result<()> {
    set_text(dataset, "MATLAB_class", class)?;
    decode.map_or(Ok(()), |decode| {
        let value = decode.to_le_bytes().into();
        dataset.set_attr_typed("MATLAB_int_decode", DatatypeMessage::i32_type(), value).map_err(failed)
    })
}

/// The block by which MATLAB knows its files: a text of 116 bytes, no subsystem (8 bytes), version 2.0, byte order.
pub(super) fn user_block() -> [u8; USER_BLOCK] {
    let text = concat!("MATLAB 7.3 MAT-file, written by nn4n ", env!("CARGO_PKG_VERSION"), ", HDF5 schema 1.00 .");
    let mut block = [0; USER_BLOCK];
    block[..116].fill(b' ');
    block[..text.len()].copy_from_slice(text.as_bytes());
    block[124..128].copy_from_slice(&[0, 2, b'I', b'M']);
    block
}

/// The shape of an array of MATLAB: it has two axes or more.
pub(super) fn at_least_two(shape: &[usize]) -> Vec<usize> {
    let ones = std::iter::repeat_n(1, 2_usize.saturating_sub(shape.len()));
    shape.iter().copied().chain(ones).collect()
}
