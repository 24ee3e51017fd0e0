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

/// Elements that tensors may have beyond one for each byte of the file: a tensor can repeat what is stored once.
const MOST_REPEATED: usize = 1 << 22;

/// An open file.
pub(super) struct TorchFile<'a> {
    archive: Archive<'a>,
    folder: String,
    /// Elements that may still be read.
    budget: usize,
}

impl<'a> TorchFile<'a> {
    /// Opens a file and follows its pickle.
    pub fn open(bytes: &'a [u8]) -> Result<(Self, Pickle), Refused> {
        let mut archive = Archive::open(bytes)?;
        let folder = archive.names().find_map(|name| name.strip_suffix("data.pkl")).map(str::to_owned);
        let folder = folder.ok_or_else(|| Refused::new("is a zip archive without data.pkl; PyTorch did not write it"))?;
        if archive.contains(&format!("{folder}constants.pkl")) {
            return Err(Refused::new("is a TorchScript program, which is not executed; save the `state_dict()` of the network instead"));
        }
        let order = format!("{folder}byteorder");
        if archive.contains(&order) && archive.read(&order, 16)? != b"little" {
            return Err(Refused::new("was written on a big-endian machine; load and save it again on another"));
        }
        let pickle = pickle::parse(&archive.read(&format!("{folder}data.pkl"), LONGEST_PICKLE)?)?;
        Ok((Self { archive, folder, budget: bytes.len().saturating_add(MOST_REPEATED) }, pickle))
    }

    /// The elements of a tensor.
    pub fn array(&mut self, tensor: &StoredTensor) -> Result<Array, Refused> {
        let element = ElementType { scalar: Scalar::of_storage(&tensor.storage_type)?, big_endian: false };
        let size = tensor.elements.checked_mul(element.scalar.size() as u64);
        let size = size.ok_or_else(|| Refused::new("has a storage that no memory can hold"))?;
        if tensor.key.contains('/') || tensor.key.contains('\\') {
            return Err(Refused::new(format!("has a storage named `{}`, which is no name of one", tensor.key)));
        }
        let elements = tensor.shape.iter().try_fold(1_usize, |count, length| count.checked_mul(usize::try_from(*length).ok()?));
        self.charge(elements.unwrap_or(0))?;
        let data = self.archive.read(&format!("{}data/{}", self.folder, tensor.key), size)?;
        if data.len() as u64 != size {
            return Err(Refused::new(format!("has a storage of {} bytes instead of {size}; copy or download the file again", data.len())));
        }
        Array::strided(&data, element, tensor.offset, &tensor.shape, &tensor.strides)
    }

    /// Takes so many elements off the budget.
    fn charge(&mut self, elements: usize) -> Result<(), Refused> {
        let left = self.budget.checked_sub(elements);
        self.budget = left.ok_or_else(|| Refused::new("brings the tensors to more elements than the file can hold"))?;
        Ok(())
    }

    /// The elements of a tensor or of an array of NumPy.
    pub fn array_of(&mut self, value: View<'_>) -> Result<Array, Refused> {
        match (value.tensor(), value.array()) {
            (Some(tensor), _) => self.array(tensor),
            (_, Some(array)) => {
                self.charge(array.data.len())?;
                Array::of_numpy(array)
            }
            _ => Err(Refused::new(format!("is {}, but must be a tensor", value.kind()))),
        }
    }
}
