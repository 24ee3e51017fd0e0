//! Files of `torch.save`: a zip archive of one pickle and the storages of its tensors.
//!
//! ```text
//! NAME/data.pkl     the pickle; a tensor is (storage, offset, shape, strides)
//! NAME/data/KEY     the elements of one storage, little-endian
//! NAME/byteorder    "little", in newer files
//! ```

use super::{
    Refused,
    archive::Archive,
    array::Array,
    pickle::{self, ElementType, Pickle, Scalar, StoredTensor, View},
};

/// Longest pickle of a file, bytes; its tensors lie elsewhere.
const LONGEST_PICKLE: u64 = 64 << 20;

/// An open file.
pub(super) struct TorchFile<'a> {
    archive: Archive<'a>,
    folder: String,
    /// The storage that was read last, and its name: tensors that share one follow each other.
    last: Option<(String, Vec<u8>)>,
}

impl<'a> TorchFile<'a> {
    /// Opens a file and follows its pickle.
    pub fn open(bytes: &'a [u8]) -> Result<(Self, Pickle), Refused> {
        let mut archive = Archive::open(bytes)?;
        let folder = archive.names().find_map(|name| name.strip_suffix("data.pkl")).map(str::to_owned);
        let folder =
            folder.ok_or_else(|| Refused::new("is a zip archive without data.pkl; PyTorch did not write it"))?;
        if archive.contains(&format!("{folder}constants.pkl")) {
            return Err(Refused::new(
                "is a TorchScript program, which is not executed; save the `state_dict()` of the network instead",
            ));
        }
        let order = format!("{folder}byteorder");
        if archive.contains(&order) && archive.read(&order, 16)? != b"little" {
            return Err(Refused::new("was written on a big-endian machine; load and save it again on another"));
        }
        let pickle = pickle::parse_beside_strangers(&archive.read(&format!("{folder}data.pkl"), LONGEST_PICKLE)?)?;
        Ok((Self { archive, folder, last: None }, pickle))
    }

    /// The elements of a tensor.
    pub fn array(&mut self, tensor: &StoredTensor) -> Result<Array, Refused> {
        let element = ElementType { scalar: Scalar::of_storage(&tensor.storage_type)?, big_endian: false };
        let size = tensor.elements.checked_mul(element.scalar.size() as u64);
        let size = size.ok_or_else(|| Refused::new("has a storage that no memory can hold"))?;
        if tensor.key.contains('/') || tensor.key.contains('\\') {
            return Err(Refused::new(format!("has a storage named `{}`, which is no name of one", tensor.key)));
        }
        let elements =
            tensor.shape.iter().try_fold(1_usize, |count, length| count.checked_mul(usize::try_from(*length).ok()?));
        self.archive.charge(elements.unwrap_or(0))?;
        let data = self.storage(&tensor.key, size)?;
        Array::strided(data, element, tensor.offset, &tensor.shape, &tensor.strides)
    }

    /// The bytes of a storage.
    fn storage(&mut self, key: &str, size: u64) -> Result<&[u8], Refused> {
        if self.last.as_ref().is_none_or(|(last, _)| last != key) {
            self.last = Some((key.to_owned(), self.archive.read(&format!("{}data/{key}", self.folder), size)?));
        }
        let data = self.last.as_ref().map_or(&[][..], |(_, data)| data);
        if data.len() as u64 != size {
            return Err(Refused::new(format!(
                "has a storage of {} bytes instead of {size}; copy or download the file again",
                data.len()
            )));
        }
        Ok(data)
    }

    /// The elements of a tensor or of an array of NumPy, or a number.
    pub fn array_of(&mut self, value: View<'_>) -> Result<Array, Refused> {
        match (value.tensor(), value.array(), value.float()) {
            (Some(tensor), ..) => self.array(tensor),
            (_, Some(array), _) => {
                self.archive.charge(array.data.len())?;
                Array::of_numpy(array)
            }
            (.., Some(number)) => Ok(Array { shape: Vec::new(), values: vec![number], double: true }),
            _ => Err(Refused::new(format!("is {}, but must be a tensor", value.kind()))),
        }
    }
}
