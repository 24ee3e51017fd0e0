//! Element types of NumPy arrays and PyTorch storages, and how their bytes become numbers.

use crate::import::Refused;

/// Type of the elements of an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::import) struct ElementType {
    pub scalar: Scalar,
    pub big_endian: bool,
}

/// Type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::import) enum Scalar {
    Bool,
    Signed(u8),
    Unsigned(u8),
    Float(u8),
    /// References to Python objects.
    Object,
}

impl Scalar {
    /// Its size in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Signed(size) | Self::Unsigned(size) | Self::Float(size) => size.into(),
            Self::Object => 0,
        }
    }

    /// The type that NumPy writes as a letter and a size, such as `f4`.
    pub fn of_code(code: &str) -> Result<Self, Refused> {
        Ok(match code {
            "b1" => Self::Bool,
            "i1" => Self::Signed(1),
            "i2" => Self::Signed(2),
            "i4" => Self::Signed(4),
            "i8" => Self::Signed(8),
            "u1" => Self::Unsigned(1),
            "u2" => Self::Unsigned(2),
            "u4" => Self::Unsigned(4),
            "u8" => Self::Unsigned(8),
            "f4" => Self::Float(4),
            "f8" => Self::Float(8),
            "O" | "O8" | "O4" => Self::Object,
            other => {
                return Err(Refused::new(format!(
                    "holds elements of NumPy's type `{other}`; save it as float32, float64, an integer or bool"
                )));
            }
        })
    }

    /// The type of the elements of a storage of PyTorch.
    pub fn of_storage(name: &str) -> Result<Self, Refused> {
        Ok(match name {
            "FloatStorage" => Self::Float(4),
            "DoubleStorage" => Self::Float(8),
            "LongStorage" => Self::Signed(8),
            "IntStorage" => Self::Signed(4),
            "ShortStorage" => Self::Signed(2),
            "CharStorage" => Self::Signed(1),
            "ByteStorage" => Self::Unsigned(1),
            "BoolStorage" => Self::Bool,
            other => {
                return Err(Refused::new(format!(
                    "lies in a `torch.{other}`; convert the tensor with `.float()` and save it again"
                )));
            }
        })
    }

    /// The number in these bytes, of which there must be [`size`](Self::size); NaN otherwise.
    pub fn number(self, bytes: &[u8], big_endian: bool) -> f64 {
        let mut word = [0; 8];
        let size = self.size();
        if bytes.len() != size || size == 0 {
            return f64::NAN;
        }
        word[..size].copy_from_slice(bytes);
        if big_endian {
            word[..size].reverse();
        }
        let unsigned = u64::from_le_bytes(word);
        match self {
            Self::Bool => f64::from(u8::from(unsigned != 0)),
            Self::Unsigned(_) => unsigned as f64,
            Self::Signed(_) => {
                let unused = 64 - 8 * size as u32;
                ((unsigned << unused) as i64 >> unused) as f64
            }
            Self::Float(4) => f32::from_bits(unsigned as u32).into(),
            Self::Float(_) => f64::from_bits(unsigned),
            Self::Object => f64::NAN,
        }
    }
}

impl ElementType {
    /// The type that NumPy writes with its byte order, such as `<f4`.
    pub fn of_descriptor(descriptor: &str) -> Result<Self, Refused> {
        let (code, big_endian) = match descriptor.as_bytes().first() {
            Some(b'>') => (&descriptor[1..], true),
            Some(b'<' | b'|' | b'=') => (&descriptor[1..], false),
            _ => (descriptor, false),
        };
        Ok(Self { scalar: Scalar::of_code(code)?, big_endian })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_decoded_in_both_byte_orders() {
        let decode = |descriptor: &str, bytes: &[u8]| {
            let element = ElementType::of_descriptor(descriptor).expect(descriptor);
            element.scalar.number(bytes, element.big_endian)
        };
        assert_eq!(decode("<f8", &1.5_f64.to_le_bytes()), 1.5);
        assert_eq!(decode(">f4", &(-1.5_f32).to_be_bytes()), -1.5);
        assert_eq!(decode("<i8", &(-3_i64).to_le_bytes()), -3.0);
        assert_eq!(decode(">i2", &(-300_i16).to_be_bytes()), -300.0);
        assert_eq!(decode("|i1", &[0xFF]), -1.0);
        assert_eq!(decode(">u2", &[1, 0]), 256.0);
        assert_eq!(decode("|b1", &[2]), 1.0);
        assert!(decode("<f4", &[0; 3]).is_nan());
        assert!(ElementType::of_descriptor("<c16").unwrap_err().to_string().contains("c16"));
        assert!(ElementType::of_descriptor("").is_err());
    }
}
