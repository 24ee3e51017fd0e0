//! Networks of other libraries, read from the files those libraries write.
//!
//! | format | what is read |
//! |---|---|
//! | `nn4n` | `.pth` of the original nn4n 1.1 and 1.2 (`CTRNN.save`), with its masks and cell types |
//! | `nn4n-layers` | state_dict of the original's `RNN` and `RNNLayer`, and of Time Makes Space (Wang 2024) |
//! | `torch-rnn` | state_dict of `torch.nn.RNN`, alone or with one linear readout |
//! | `psychrnn` | `.npz` of PsychRNN (Ehrlich 2021) |
//! | `neuralrnn` | directory of NeuralRNN: `ctrnn`, `vanilla_rnn`, `ei_rnn`, `constrained_rnn`, `multiarea_rnn` |
//! | `pycog` | pickle of pycog (Song 2016), as far as it holds arrays and plain data |
//!
//! ```text
//! bytes -> format -> Network {layers, readout}, in f64 -> ModelConfig + tensors -> Checkpoint
//! ```
//!
//! Files are untrusted. Pickles are parsed, never executed (see [`pickle`]). Nothing is dropped in silence: a tensor or
//! setting without counterpart here is an error that names it, one without effect on the dynamics is listed in
//! [`Imported::notes`].

mod archive;
mod array;
mod convert;
mod format;
mod ledger;
mod network;
mod neuralrnn;
mod npy;
mod options;
mod original;
mod original_layers;
pub mod pickle;
mod psychrnn;
mod pycog;
mod state_dict;
mod structure;
mod torch;
mod torch_rnn;

use std::{collections::BTreeMap, fs, io::Read, path::Path};

pub use self::{format::Format, options::Options};
use self::{
    format::Opened,
    network::Network,
    state_dict::{StateDict, safetensors},
    torch::TorchFile,
};
use crate::{
    checkpoint::{Checkpoint, FORMAT, Header, ImportedFrom, Provenance, TaskRecord, TrainRecord},
    error::{Error, Result},
    experiment::check_fit,
    files::read_bounded,
};

/// The id of the task of a network that was imported without one.
pub const UNKNOWN_TASK: &str = "unknown";

/// Longest file that is read, bytes (8 GiB).
const LONGEST_FILE: u64 = 8 << 30;

/// Why a file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

impl Refused {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The same about the part of the file called `name`.
    fn of(self, name: &str) -> Self {
        Self(format!("`{name}` {}", self.0))
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Import { message: refused.0 }
    }
}

/// An imported network.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The network, ready to be saved.
    pub checkpoint: Checkpoint,
    /// Whose file it was.
    pub format: Format,
    /// What was supplied, changed or left out.
    pub notes: Vec<String>,
}

/// Reads the network of another library from a file, or from a directory of NeuralRNN.
///
/// # Errors
/// If the file is damaged, of no known format, or holds what has no counterpart here; if it lacks what `options` do not
/// supply, or contradicts them; if the named task has other channels.
pub fn import(path: &Path, options: &Options) -> Result<Imported> {
    let refused = |error: Error| match error {
        file @ Error::File { .. } => file,
        other => Error::file(path, other),
    };
    let (format, mut network) = read(path, options).map_err(refused)?;
    let (model, tensors) = convert::convert(&mut network).map_err(refused)?;
    let names = |kind: &str, count: usize| (0..count).map(|index| format!("{kind}_{index}")).collect();
    let task = TaskRecord {
        id: UNKNOWN_TASK.into(),
        version: 0,
        parameters: serde_json::json!({}),
        inputs: names("input", model.inputs),
        outputs: names("output", model.outputs),
    };
    let provenance = Provenance {
        program: Provenance::program(),
        platform: None,
        device: None,
        init: None,
        imported: Some(ImportedFrom {
            format: format.to_string(),
            file: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        }),
        citations: format.citations(),
    };
    let train = TrainRecord { settings: serde_json::json!({}), updates: 0, validations: Vec::new() };
    let header = Header { format: FORMAT, model, task, train, seed: 0, metrics: BTreeMap::new(), provenance };
    let mut checkpoint = Checkpoint { header, tensors };
    if let Some(id) = &options.task {
        let task = nn4n_tasks::create(id, Some(&serde_json::json!({ "dt": checkpoint.header.model.dt })))?;
        check_fit(&checkpoint.header.model, None, task.as_ref())?;
        checkpoint.header.task = TaskRecord::of(task.as_ref());
    }
    Ok(Imported { checkpoint, format, notes: network.notes })
}

/// Finds the format and follows it.
fn read(path: &Path, options: &Options) -> Result<(Format, Network)> {
    let metadata = fs::metadata(path).map_err(|error| Error::file(path, format!("could not be read ({error})")))?;
    if metadata.is_dir() {
        options.expect_format(Format::NeuralRnn)?;
        return Ok((Format::NeuralRnn, neuralrnn::read(path, options)?));
    }
    let mut start = Vec::new();
    let opened = fs::File::open(path).and_then(|file| file.take(Opened::START).read_to_end(&mut start));
    opened.map_err(|error| Error::file(path, format!("could not be read ({error})")))?;
    Opened::check_start(&start)?;
    let bytes = read_bounded(path, LONGEST_FILE)?;
    let (format, network) = read_file(&bytes, options)?;
    Ok((format, network))
}

/// Reads the network in the bytes of a file.
fn read_file(bytes: &[u8], options: &Options) -> Result<(Format, Network), Refused> {
    match Opened::of(bytes)? {
        Opened::Torch => {
            let (mut file, pickle) = TorchFile::open(bytes)?;
            let state = StateDict::of_torch(&mut file, pickle.root())?;
            let format = state.format()?;
            options.expect_format(format)?;
            let network = match format {
                Format::Nn4n => {
                    let keywords = state_dict::keywords(&mut file, pickle.root())?;
                    original::read(state, keywords, options)
                }
                Format::Nn4nLayers => original_layers::read(state.without_keywords()?, options),
                _ => torch_rnn::read(state.without_keywords()?, options),
            };
            Ok((format, network?))
        }
        Opened::SafeTensors => {
            let state = safetensors(bytes)?;
            let format = state.format()?;
            options.expect_format(format)?;
            let network = match format {
                Format::Nn4n => original::read(state, None, options),
                Format::Nn4nLayers => original_layers::read(state, options),
                _ => torch_rnn::read(state, options),
            };
            Ok((format, network?))
        }
        Opened::Npz => {
            options.expect_format(Format::PsychRnn)?;
            Ok((Format::PsychRnn, psychrnn::read(bytes, options)?))
        }
        Opened::Pickle => {
            options.expect_format(Format::Pycog)?;
            Ok((Format::Pycog, pycog::read(bytes, options)?))
        }
    }
}

/// Reads the network in the bytes of a file and forgets it: what a fuzzer calls.
///
/// # Errors
/// As [`import`].
pub fn check(bytes: &[u8], options: &Options) -> Result<()> {
    let (_, mut network) = read_file(bytes, options)?;
    convert::convert(&mut network).map(drop)
}
