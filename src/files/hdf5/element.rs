//! What arrays hold: NumPy's types of elements, and what MATLAB and HDF5 call them.

use std::io::{self, Write};

use rust_hdf5::{DatatypeMessage, H5Type, HBool};

use super::Layout;

/// What an array holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Flag,
    /// Bits; `is_signed`.
    Integer(u32, bool),
    Float(u32),
    /// Characters of four bytes.
    Text(usize),
}

impl Element {
    /// That of NumPy's type.
    pub(super) fn of(descriptor: &str) -> io::Result<Self> {
        Ok(match descriptor {
            "|b1" => Self::Flag,
            "<f4" => Self::Float(32),
            "<f8" => Self::Float(64),
            "|i1" => Self::Integer(8, true),
            "|u1" => Self::Integer(8, false),
            "<i2" => Self::Integer(16, true),
            "<u2" => Self::Integer(16, false),
            "<i4" => Self::Integer(32, true),
            "<u4" => Self::Integer(32, false),
            "<i8" => Self::Integer(64, true),
            "<u8" => Self::Integer(64, false),
            other => match other.strip_prefix("<U").and_then(|length| length.parse().ok()) {
                Some(length) if length > 0 => Self::Text(length),
                _ => return Err(io::Error::other(format!("elements of type {other} have no place in HDF5"))),
            },
        })
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Flag => 1,
            Self::Integer(bits, _) | Self::Float(bits) => bits as usize / 8,
            Self::Text(length) => 4 * length,
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Flag => "logical",
            Self::Float(32) => "single",
            Self::Float(_) => "double",
            Self::Integer(8, true) => "int8",
            Self::Integer(8, false) => "uint8",
            Self::Integer(16, true) => "int16",
            Self::Integer(16, false) => "uint16",
            Self::Integer(32, true) => "int32",
            Self::Integer(32, false) => "uint32",
            Self::Integer(_, true) => "int64",
            Self::Integer(_, false) => "uint64",
            Self::Text(_) => "cell",
        }
    }

    pub(super) fn datatype(self, layout: Layout) -> DatatypeMessage {
        match self {
            Self::Flag if layout == Layout::Plain => HBool::hdf5_type(),
            Self::Flag | Self::Text(_) | Self::Integer(8, false) => DatatypeMessage::u8_type(),
            Self::Float(32) => DatatypeMessage::f32_type(),
            Self::Float(_) => DatatypeMessage::f64_type(),
            Self::Integer(8, true) => DatatypeMessage::i8_type(),
            Self::Integer(16, true) => DatatypeMessage::i16_type(),
            Self::Integer(16, false) => DatatypeMessage::u16_type(),
            Self::Integer(32, true) => DatatypeMessage::i32_type(),
            Self::Integer(32, false) => DatatypeMessage::u32_type(),
            Self::Integer(_, true) => DatatypeMessage::i64_type(),
            Self::Integer(_, false) => DatatypeMessage::u64_type(),
        }
    }
}

/// Takes words as NumPy stores them: characters of four bytes, zeros behind them.
pub(super) struct Words {
    pub(super) length: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) words: Vec<String>,
}

impl Write for Words {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend(bytes);
        let whole = self.bytes.len() / (4 * self.length) * (4 * self.length);
        for word in self.bytes[..whole].chunks_exact(4 * self.length) {
            let codes = word.as_chunks().0.iter().map(|code| u32::from_le_bytes(*code));
            let text = codes.map(|code| char::from_u32(code).ok_or_else(|| io::Error::other("no text")));
            self.words.push(text.collect::<io::Result<String>>()?.trim_end_matches('\0').to_owned());
        }
        self.bytes.drain(..whole);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
