//! The formats, and how a file shows which one it has.

use std::{fmt, path::Path, str::FromStr};

use super::{Refused, archive::Archive};
use crate::kind::Kind;

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `CTRNN.save` of the original nn4n.
    Nn4n,
    /// `RNN` or `RNNLayer` of the original nn4n; Time Makes Space.
    Nn4nLayers,
    /// `torch.nn.RNN`.
    TorchRnn,
    /// PsychRNN.
    PsychRnn,
    /// NeuralRNN.
    NeuralRnn,
    /// pycog.
    Pycog,
    /// The continuous-time module of the tutorials of neurogym and nn-brain.
    Ctrnn,
    /// Arrays by the names that they have here.
    Arrays,
    /// What `nn4n export` writes.
    Export,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 9] = [
        Self::Nn4n,
        Self::Nn4nLayers,
        Self::TorchRnn,
        Self::PsychRnn,
        Self::NeuralRnn,
        Self::Pycog,
        Self::Ctrnn,
        Self::Arrays,
        Self::Export,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nn4n => "nn4n",
            Self::Nn4nLayers => "nn4n-layers",
            Self::TorchRnn => "torch-rnn",
            Self::PsychRnn => "psychrnn",
            Self::NeuralRnn => "neuralrnn",
            Self::Pycog => "pycog",
            Self::Ctrnn => "ctrnn",
            Self::Arrays => "arrays",
            Self::Export => "nn4n-export",
        }
    }

    /// What is read, in a few words.
    pub fn description(self) -> &'static str {
        match self {
            Self::Nn4n => ".pth of the original nn4n (CTRNN)",
            Self::Nn4nLayers => "state_dict of the original nn4n's RNN or RNNLayer, or of Time Makes Space",
            Self::TorchRnn => "state_dict of torch.nn.RNN or RNNCell",
            Self::PsychRnn => ".npz of PsychRNN",
            Self::NeuralRnn => "directory of NeuralRNN (config.json, model.safetensors)",
            Self::Pycog => "pickle of pycog",
            Self::Ctrnn => "state_dict of the tutorials' CTRNN and EIRNN (rnn.input2h, rnn.h2h, fc)",
            Self::Arrays => ".npz, .mat, .h5, safetensors or dictionary of w_in, w_rec, w_out",
            Self::Export => {
                "what `nn4n export` writes (npz, mat, h5, torch, nn4n), and its PyTorch module as trained there"
            }
        }
    }

    /// What to cite with a network of this library.
    pub(super) fn citations(self) -> Vec<String> {
        let citation = match self {
            Self::Nn4n => "NN4Neurosim. https://github.com/NN4Neurosim/nn4n",
            Self::Nn4nLayers => {
                "Wang, Di Tullio, Rooke & Balasubramanian (2024). Time makes space: emergence of place fields in \
                networks encoding temporally continuous \
                 sensory experiences. NeurIPS 37. https://github.com/NN4Neurosim/nn4n"
            }
            Self::TorchRnn | Self::Arrays | Self::Export => return Vec::new(),
            Self::Ctrnn => {
                "Molano-Mazon, Barbosa, Pastor-Ciurana, Fradera, Zhang, Forest, del Pozo Lerida, Ji-An, Cueva, \
                de la Rocha, Narain & Yang (2022). NeuroGym: an open resource for developing and sharing \
                neuroscience tasks. https://doi.org/10.31234/osf.io/aqc9n"
            }
            Self::PsychRnn => {
                "Ehrlich, Stone, Brandfonbrener, Atanasov & Murray (2021). PsychRNN: an accessible and flexible \
                Python package for training recurrent \
                 neural network models on cognitive tasks. https://doi.org/10.1523/ENEURO.0427-20.2020"
            }
            Self::NeuralRnn => "NeuralRNN. https://github.com/ChenHH730/NeuralRNN",
            Self::Pycog => {
                "Song, Yang & Wang (2016). Training excitatory-inhibitory recurrent neural networks for cognitive \
                tasks: a simple and flexible framework. https://doi.org/10.1371/journal.pcbi.1004792"
            }
        };
        vec![citation.into()]
    }

    fn list() -> String {
        Self::ALL.map(|format| format!("{format} ({})", format.description())).join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| format!("unknown format `{text}`; known are {}", Self::list()))
    }
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// Written by `torch.save`.
    Torch,
    Npz,
    SafeTensors,
    Pickle,
}

/// Start of what `torch.save` wrote before PyTorch 1.6: a pickle of one large integer.
const OLD_TORCH: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

impl Opened {
    /// Bytes at the start of a file that [`check_start`](Self::check_start) looks at.
    pub const START: u64 = 1024;

    /// Refuses a file that starts like none that can be imported, before all of it is read.
    pub fn check_start(start: &[u8]) -> Result<(), Refused> {
        let known = start.starts_with(b"PK")
            || Self::is_safetensors(start)
            || matches!(start.first(), Some(0x80 | b'(' | b'}'));
        if known { Ok(()) } else { Err(Self::unknown(start)) }
    }

    fn is_safetensors(start: &[u8]) -> bool {
        start.get(8) == Some(&b'{') && Kind::of(start).is_none()
    }

    fn unknown(start: &[u8]) -> Refused {
        match Kind::of(start).filter(|kind| !kind.is_importable()) {
            Some(kind) => Refused::new(kind.explain(Path::new("FILE"))),
            None => Refused::new(format!("is in no format that can be imported; those are {}", Format::list())),
        }
    }

    /// The kind of file that has this content.
    ///
    /// # Errors
    /// If it is none that can be imported.
    pub fn of(bytes: &[u8]) -> Result<Self, Refused> {
        if bytes.starts_with(b"PK") {
            let archive = Archive::open(bytes)?;
            let names: Vec<&str> = archive.names().collect();
            if names.iter().any(|name| name.ends_with("data.pkl")) {
                return Ok(Self::Torch);
            }
            if !names.is_empty() && names.iter().any(|name| name.ends_with(".npy")) {
                return Ok(Self::Npz);
            }
        }
        if bytes.starts_with(OLD_TORCH) {
            return Err(Refused::new("was written by a PyTorch older than 1.6; load and save it with a newer one"));
        }
        if Self::is_safetensors(bytes) {
            return Ok(Self::SafeTensors);
        }
        match bytes.first() {
            // Protocol 2 and newer say so, older ones start with a dictionary or a mark.
            Some(0x80) => Ok(Self::Pickle),
            Some(b'(' | b'}') if bytes.ends_with(b".") => Ok(Self::Pickle),
            _ => Err(Self::unknown(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_get_the_list() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert!("keras".parse::<Format>().unwrap_err().contains("psychrnn"));
    }

    #[test]
    fn unknown_content_gets_the_list_and_old_files_their_remedy() {
        for bytes in [&b"GIF89a"[..], b"plain text.", b"PK"] {
            let message = Opened::of(bytes).unwrap_err().to_string();
            assert!(message.contains("torch.nn.RNN") || message.contains("zip"), "{message}");
        }
        let mut old = OLD_TORCH.to_vec();
        old.extend(b"\x80\x02M\xe9\x03.");
        assert!(Opened::of(&old).unwrap_err().to_string().contains("older than 1.6"));
        for (bytes, kind) in [
            (&b"\x80\x02}."[..], Opened::Pickle),
            (b"(dp0\n.", Opened::Pickle),
            (b"\x10\0\0\0\0\0\0\0{}", Opened::SafeTensors),
        ] {
            assert_eq!((Opened::check_start(bytes), Opened::of(bytes)), (Ok(()), Ok(kind)));
        }
        assert_eq!((Opened::check_start(b"PK"), Opened::check_start(b"")), (Ok(()), Err(Opened::unknown(b""))));
    }
}
