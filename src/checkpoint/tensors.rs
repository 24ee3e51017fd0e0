//! The tensors of a checkpoint as a safetensors file; sizes are checked before memory is taken.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek},
    path::Path,
};

use candle_core::{Device, Tensor};
use nn4n_models::Tensors;
use safetensors::SafeTensors;

use super::header::LARGEST_HEADER;
use crate::{
    echo::{echo, quoted},
    error::{Error, Result},
    files::{open_regular, read_rest},
    kind::Kind,
};

/// The one key of the file's metadata.
pub(super) const KEY: &str = "nn4n";

/// The largest file that is read, bytes: the largest network in f64 with all its masks is smaller.
pub(super) const LARGEST_FILE: u64 = 32 << 30;

/// The longest table of tensors with the description of a network in it, bytes.
const LONGEST_TABLE: u64 = 2 * LARGEST_HEADER as u64;

/// Most tensors in a file: a stacked network has some ten for each layer.
const MOST_TENSORS: usize = 10_000;

/// The tensors as a safetensors file with `json` under the one metadata key.
pub(crate) fn serialize(path: &Path, tensors: &Tensors, json: Option<String>) -> Result<Vec<u8>> {
    let contiguous: Vec<(&String, Tensor)> = tensors
        .iter()
        .map(|(name, tensor)| Ok((name, tensor.to_device(&Device::Cpu)?.contiguous()?)))
        .collect::<Result<_>>()?;
    let metadata = json.map(|json| HashMap::from([(KEY.to_string(), json)]));
    safetensors::serialize(contiguous.iter().map(|(name, tensor)| (name, tensor)), metadata)
        .map_err(|error| Error::file(path, format!("could not be written ({error})")))
}

/// All tensors of a safetensors file, and its metadata.
pub(crate) fn read_tensors(path: &Path) -> Result<(Tensors, Option<HashMap<String, String>>)> {
    parse_tensors(path, &read_safetensors(path)?)
}

/// The bytes of a safetensors file. Of a file whose head does not fit its length only the head is read, so that what is
/// wrong with it is found there.
pub(crate) fn read_safetensors(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error| Error::file(path, format!("could not be read ({error})"));
    let mut file = open_regular(path)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let head = head(&mut file).map_err(unreadable)?;
    match claimed_length(&head) {
        Some(claimed) if claimed == length => {
            file.rewind().map_err(unreadable)?;
            read_rest(path, file, LARGEST_FILE)
        }
        Some(claimed) => {
            Err(incomplete(path, &format!("its head tells of {claimed} bytes, but the file has {length}")))
        }
        None => Ok(head),
    }
}

/// The beginning of a file up to the end of its table of tensors; if there cannot be one, enough to recognise what it
/// is.
fn head(file: &mut File) -> std::io::Result<Vec<u8>> {
    const RECOGNISED: u64 = 64 << 10;
    let mut head = Vec::new();
    file.by_ref().take(8).read_to_end(&mut head)?;
    let table = table_length(&head);
    let rest = if table <= LONGEST_TABLE { table } else { RECOGNISED };
    file.by_ref().take(rest).read_to_end(&mut head)?;
    Ok(head)
}

/// The first number of a safetensors file: the length of its table.
fn table_length(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length))
}

/// The document of a checkpoint alone. Of its tensors it is checked that the file is as long as they are, and no more.
///
/// # Errors
/// If the file cannot be read, is not whole, or is none of this program's.
#[cfg(feature = "sweep")]
pub(crate) fn read_document(path: &Path) -> Result<String> {
    let unreadable = |error| Error::file(path, format!("could not be read ({error})"));
    let mut file = open_regular(path)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let head = head(&mut file).map_err(unreadable)?;
    let table = table(&head).ok_or_else(|| incomplete(path, &"it has no table of tensors"))?;
    match end_of(&head, &table) {
        Some(claimed) if claimed == length => {}
        Some(claimed) => {
            let message = format!("its head tells of {claimed} bytes, but the file has {length}");
            return Err(incomplete(path, &message));
        }
        None => return Err(incomplete(path, &"its table of tensors has no offsets")),
    }
    let document = table.get("__metadata__").and_then(|metadata| metadata.get(KEY)?.as_str());
    document.map(String::from).ok_or_else(|| {
        Error::file(path, format!("is a safetensors file of another program (without the key `{KEY}`); name another"))
    })
}

/// What the head of a file tells of its tensors, if it is one.
fn table(head: &[u8]) -> Option<HashMap<String, serde_json::Value>> {
    serde_json::from_slice(head.get(8..)?).ok()
}

/// The length of the whole file according to its head, if that is one.
fn claimed_length(head: &[u8]) -> Option<u64> {
    end_of(head, &table(head)?)
}

fn end_of(head: &[u8], table: &HashMap<String, serde_json::Value>) -> Option<u64> {
    let end = |tensor: &serde_json::Value| tensor.get("data_offsets")?.get(1)?.as_u64();
    let data = table.iter().filter(|(name, _)| *name != "__metadata__").map(|(_, tensor)| end(tensor));
    let data = data.collect::<Option<Vec<u64>>>()?.into_iter().max().unwrap_or(0);
    (head.len() as u64).checked_add(data)
}

/// Checksum of the numbers of the tensors in the bytes of a file, whatever its metadata are.
pub(crate) fn data_checksum(bytes: &[u8]) -> u32 {
    let start = usize::try_from(table_length(bytes).saturating_add(8)).unwrap_or(usize::MAX);
    crc32c::crc32c(bytes.get(start..).unwrap_or_default())
}

fn incomplete(path: &Path, error: &dyn std::fmt::Display) -> Error {
    let error = quoted(&error);
    Error::file(
        path,
        format!("is not a complete safetensors file ({error}); it may be truncated: copy or download it again"),
    )
}

/// The same of the bytes of a file.
pub(super) fn parse_tensors(path: &Path, bytes: &[u8]) -> Result<(Tensors, Option<HashMap<String, String>>)> {
    if let Some(kind) = Kind::of(bytes) {
        return Err(Error::file(path, kind.explain(path)));
    }
    let damaged = |error: &dyn std::fmt::Display| incomplete(path, error);
    let length = table_length(bytes);
    if length > LONGEST_TABLE {
        return Err(damaged(&format!(
            "its head has {length} bytes, more than the table and the description of a network"
        )));
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?;
    if file.len() > MOST_TENSORS {
        return Err(damaged(&format!(
            "it has {} tensors, more than the {MOST_TENSORS} of the largest network",
            file.len()
        )));
    }
    for (name, tensor) in file.iter() {
        // Of a shape with a zero among its sizes the others say nothing about the bytes in the file.
        let strides = tensor.shape().iter().try_fold(1usize, |product, size| product.checked_mul((*size).max(1)));
        if strides.is_none_or(|product| isize::try_from(product).is_err()) {
            return Err(damaged(&format!("tensor `{}` has the impossible shape {:?}", echo(name), tensor.shape())));
        }
    }
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error))?;
    let tensors = candle_core::safetensors::load_buffer(bytes, &Device::Cpu).map_err(|error| damaged(&error))?;
    Ok((tensors.into_iter().collect(), metadata.metadata().clone()))
}
