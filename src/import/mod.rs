//! Networks of other libraries, read from the files those libraries write.
//!
//! | format | what is read |
//! |---|---|
//! | `nn4n` | `.pth` of the original nn4n 1.1 and 1.2 (`CTRNN.save`), with its masks and cell types |
//! | `nn4n-layers` | state_dict of the original's `RNN` and `RNNLayer`, and of Time Makes Space (Wang 2024) |
//! | `torch-rnn` | state_dict of `torch.nn.RNN` or `RNNCell`, alone or with one linear readout |
//! | `psychrnn` | `.npz` of PsychRNN (Ehrlich 2021) |
//! | `neuralrnn` | directory of NeuralRNN: `ctrnn`, `vanilla_rnn`, `ei_rnn`, `constrained_rnn`, `multiarea_rnn` |
//! | `pycog` | pickle of pycog (Song 2016), as far as it holds arrays and plain data |
//! | `ctrnn` | state_dict of the CTRNN of the tutorials of neurogym and nn-brain, and of its E/I sibling |
//! | `arrays` | `.npz`, `.mat`, `.h5`, safetensors or dictionary of `w_in`, `w_rec`, `w_out` and what belongs to them |
//! | `nn4n-export` | what [`export`](crate::export) writes |
//!
//! ```text
//! bytes -> format -> Network {layers, readout}, in f64 -> ModelConfig + tensors -> Checkpoint
//! ```
//!
//! Files are untrusted. Pickles are parsed, never executed (see [`pickle`]). Nothing is dropped in silence: a tensor or
//! setting without counterpart here is an error that names it, one without effect on the dynamics is listed in
//! [`Imported::notes`], as is what a training script saved beside the network. The releases that were read are named in
//! the module of each format: the original nn4n 1.1 and 1.2, PyTorch 1.13, PsychRNN at aff98e1 (after 1.0.0), pycog at
//! 7c5d54b, nn-brain at a675b15, NeuralRNN at fc2394b.

mod archive;
mod array;
mod arrays;
mod convert;
mod ctrnn;
mod exported;
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

use nn4n_models::ModelConfig;

pub(crate) use self::exported::{MODULE, checksum};
use self::{
    archive::Archive,
    exported::Exported,
    format::Opened,
    network::Network,
    state_dict::{StateDict, metadata, safetensors},
    torch::TorchFile,
};
pub use self::{
    format::Format,
    options::{Options, form_of},
};
use crate::{
    checkpoint::{Checkpoint, FORMAT, Header, ImportedFrom, Provenance, TaskRecord, TrainRecord},
    echo::echo,
    error::{Error, Result},
    experiment::check_fit,
    files::{open_regular, read_bounded},
    kind::Kind,
};

/// The id of the task of a network that was imported without one.
pub const UNKNOWN_TASK: &str = TaskRecord::UNKNOWN;

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
        Self(format!("`{}` {}", echo(name), self.0))
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
    let (mut checkpoint, format, notes) = match read(path, options).map_err(refused)? {
        Found::Exported(exported) => {
            let (checkpoint, notes) = exported.restore(path, options).map_err(refused)?;
            (checkpoint, Format::Export, notes)
        }
        Found::Network(format, mut network) => {
            let (model, tensors) = convert::convert(&mut network).map_err(refused)?;
            (Checkpoint { header: header(model, format, path), tensors }, format, network.notes)
        }
    };
    if let Some(id) = &options.task {
        let task = nn4n_tasks::create(id, Some(&serde_json::json!({ "dt": checkpoint.header.model.dt })))?;
        check_fit(&checkpoint.header.model, None, task.as_ref())?;
        checkpoint.header.task = TaskRecord::of(task.as_ref());
    }
    Ok(Imported { checkpoint, format, notes })
}

/// The header of a network that another library saved.
fn header(model: ModelConfig, format: Format, path: &Path) -> Header {
    let task = TaskRecord::unknown(&model);
    let provenance = Provenance {
        program: Provenance::program(),
        platform: None,
        device: None,
        init: None,
        imported: Some(ImportedFrom {
            format: format.to_string(),
            file: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        }),
        altered: Vec::new(),
        citations: format.citations(),
    };
    let train = TrainRecord { settings: serde_json::json!({}), updates: 0, validations: Vec::new() };
    Header { format: FORMAT, model, task, train, seed: 0, metrics: BTreeMap::new(), provenance }
}

/// What a file holds.
enum Found {
    Network(Format, Network),
    /// What this program wrote.
    Exported(Exported),
}

/// Finds the format and follows it.
fn read(path: &Path, options: &Options) -> Result<Found> {
    let metadata = fs::metadata(path).map_err(|error| Error::file(path, format!("could not be read ({error})")))?;
    if metadata.is_dir() {
        options.expect_format(Format::NeuralRnn)?;
        return Ok(Found::Network(Format::NeuralRnn, neuralrnn::read(path, options)?));
    }
    let mut start = Vec::new();
    let opened = open_regular(path)?.take(Opened::START).read_to_end(&mut start);
    opened.map_err(|error| Error::file(path, format!("could not be read ({error})")))?;
    if matches!(Kind::of(&start), Some(Kind::MatlabHdf5 | Kind::Hdf5)) {
        return Ok(read_file(&of_hdf5(path)?, options)?);
    }
    Opened::check_start(&start)?;
    let bytes = read_bounded(path, LONGEST_FILE)?;
    Ok(read_file(&bytes, options)?)
}

/// The arrays of a file of MATLAB or of HDF5, as an `.npz`.
#[cfg(feature = "hdf5")]
fn of_hdf5(path: &Path) -> Result<Vec<u8>> {
    Ok(nn4n_tasks::npz_of_hdf5(path, nn4n_tasks::Precision::Whole)?)
}

#[cfg(not(feature = "hdf5"))]
fn of_hdf5(path: &Path) -> Result<Vec<u8>> {
    Err(Error::file(path, Kind::Hdf5.explain(path)))
}

/// Reads the network in the bytes of a file.
fn read_file(bytes: &[u8], options: &Options) -> Result<Found, Refused> {
    match Opened::of(bytes)? {
        Opened::Torch => {
            let (mut file, pickle) = TorchFile::open(bytes)?;
            let state = StateDict::of_torch(&mut file, pickle.root())?;
            match expected(state.format()?, options)? {
                Format::Nn4n => {
                    let keywords = state_dict::keywords(&mut file, pickle.root())?;
                    Ok(Found::Network(Format::Nn4n, original::read(state, keywords, options)?))
                }
                format => of_state(state.without_keywords()?, format, options),
            }
        }
        Opened::SafeTensors => {
            if metadata(bytes, "nn4n").is_some() {
                let message = "is a checkpoint of nn4n, which needs no import; give its path to any other command";
                return Err(Refused::new(message));
            }
            let state = safetensors(bytes)?;
            match (state.format()?, metadata(bytes, "network")) {
                (Format::Nn4n, Some(network)) => of_original(state, &network, options),
                (format, _) => of_state(state, expected(format, options)?, options),
            }
        }
        Opened::Npz => {
            let archive = Archive::open(bytes)?;
            if !archive.contains("w_rec.npy") && !archive.contains("layers.0.w_rec.npy") {
                let format = expected(Format::PsychRnn, options)?;
                return Ok(Found::Network(format, psychrnn::read(bytes, options)?));
            }
            let state = arrays::of_npz(bytes)?;
            let format = state.format()?;
            of_state(state, expected(format, options)?, options)
        }
        Opened::Pickle => {
            let format = expected(Format::Pycog, options)?;
            Ok(Found::Network(format, pycog::read(bytes, options)?))
        }
    }
}

/// Reads what was exported as a network of the original, or what lies like one.
fn of_original(mut state: StateDict, network: &str, options: &Options) -> Result<Found, Refused> {
    if options.format != Some(Format::Nn4n)
        && let Some(exported) = Exported::of_original(&mut state, network)?
    {
        return expected(Format::Export, options).map(|_| Found::Exported(exported));
    }
    let format = expected(Format::Nn4n, options)?;
    let keywords = state_dict::keywords_of_json(network)?;
    Ok(Found::Network(format, original::read(state, Some(keywords), options)?))
}

/// The format, if it is not another than the one that was asked for.
fn expected(format: Format, options: &Options) -> Result<Format, Refused> {
    options.expect_format(format).map(|()| format)
}

/// Reads the network of a state_dict without keyword arguments.
fn of_state(state: StateDict, format: Format, options: &Options) -> Result<Found, Refused> {
    let network = match format {
        Format::Export => return Exported::of_state(state).map(Found::Exported),
        Format::Nn4n => original::read(state, None, options)?,
        Format::Nn4nLayers => original_layers::read(state, options)?,
        Format::Ctrnn => ctrnn::read(state, options)?,
        Format::Arrays => arrays::read(state, options)?,
        _ => torch_rnn::read(state, options)?,
    };
    Ok(Found::Network(format, network))
}

/// Reads the network in the bytes of a file and forgets it: what a fuzzer calls.
///
/// # Errors
/// As [`import`].
pub fn check(bytes: &[u8], options: &Options) -> Result<()> {
    match read_file(bytes, options)? {
        Found::Exported(exported) => exported.restore(Path::new("file"), options).map(drop),
        Found::Network(_, mut network) => convert::convert(&mut network).map(drop),
    }
}
