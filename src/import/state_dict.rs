//! A `state_dict` of PyTorch: tensors by the names of the modules that own them.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};

use super::{
    Format, Refused,
    array::Array,
    ledger::Ledger,
    pickle::{ElementType, Scalar, View},
    torch::TorchFile,
};

/// Keys under which a training script keeps the state_dict.
const WRAPPERS: [&str; 3] = ["model_state_dict", "state_dict", "model"];

/// What training scripts keep beside it.
const OF_TRAINING: [&str; 12] = [
    "epoch",
    "epochs",
    "iteration",
    "step",
    "loss",
    "train_loss",
    "val_loss",
    "losses",
    "optimizer",
    "optimizer_state_dict",
    "scheduler",
    "scheduler_state_dict",
];

/// Named tensors.
#[derive(Debug)]
pub(super) struct StateDict {
    pub tensors: Ledger<Array>,
    /// Whether `kwargs` lie beside it, with which the network was made.
    has_keywords: bool,
    pub notes: Vec<String>,
}

impl StateDict {
    /// The state_dict in a file of PyTorch, alone or beside what a training script keeps.
    pub fn of_torch(file: &mut TorchFile<'_>, root: View<'_>) -> Result<Self, Refused> {
        let mut entries = Ledger::new("entry", owned(root)?);
        let (mut notes, mut has_keywords) = (Vec::new(), false);
        let wrapped = WRAPPERS.iter().find(|name| entries.contains(name)).and_then(|name| entries.take(name));
        let state = match wrapped {
            Some(state) => {
                entries.set_aside(&OF_TRAINING, "of training", &mut notes);
                has_keywords = entries.take("kwargs").is_some();
                entries.finish()?;
                owned(state)?
            }
            None => owned(root)?,
        };
        let arrays = state.into_iter().map(|(name, value)| {
            let array = file.array_of(value).map_err(|error| error.of(&name))?;
            Ok((name, array))
        });
        Ok(Self { has_keywords, ..Self::new(arrays.collect::<Result<_, _>>()?, notes)? })
    }

    fn new(arrays: BTreeMap<String, Array>, notes: Vec<String>) -> Result<Self, Refused> {
        if arrays.is_empty() {
            return Err(Refused::new("holds no tensors; save the `state_dict()` of the network"));
        }
        // `torch.nn.DataParallel` puts a word before every name.
        let parallel = arrays.keys().all(|name| name.starts_with("module."));
        let name = |name: String| if parallel { name["module.".len()..].to_owned() } else { name };
        let tensors = Ledger::new("tensor", arrays.into_iter().map(|(key, array)| (name(key), array)));
        Ok(Self { tensors, has_keywords: false, notes })
    }

    /// Refuses keyword arguments, for formats that do not know their meaning.
    pub fn without_keywords(self) -> Result<Self, Refused> {
        if !self.has_keywords {
            return Ok(self);
        }
        Err(Refused::new(
            "holds `kwargs` beside the state_dict, which are read for networks of nn4n's CTRNN only; save the \
            state_dict alone, and give what they say with --activation, --dt, --tau and --sigma-rec",
        ))
    }

    /// The library whose modules have these names.
    pub fn format(&self) -> Result<Format, Refused> {
        let any = |test: &dyn Fn(&str) -> bool| self.tensors.names().any(test);
        if any(&|name| name.starts_with("recurrent_layer.")) {
            return Ok(Format::Nn4n);
        }
        if any(&|name| name.starts_with("recurrent_layers.") || name.starts_with("hidden_layers.")) {
            return Ok(Format::Nn4nLayers);
        }
        if any(&|name| name.ends_with("weight_ih_l0")) {
            return Ok(Format::TorchRnn);
        }
        if any(&|name| name == "h2h.weight") {
            return Err(Refused::new(
                "is the state_dict of a NeuralRNN network; name the directory that also holds its config.json",
            ));
        }
        let names: Vec<&str> = self.tensors.names().take(8).collect();
        Err(Refused::new(format!(
            "holds the tensors {}, which are those of no network that can be imported: {}, {} and {} are",
            names.join(", "),
            Format::Nn4n.description(),
            Format::Nn4nLayers.description(),
            Format::TorchRnn.description()
        )))
    }
}

fn owned(value: View<'_>) -> Result<BTreeMap<String, View<'_>>, Refused> {
    let entries = value.entries();
    let entries =
        entries.ok_or_else(|| Refused::new(format!("holds {} where a dictionary of names must be", value.kind())))?;
    Ok(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A keyword argument with which a network was made.
#[derive(Clone, Debug)]
pub(super) enum Keyword {
    None,
    Bool(bool),
    Number(f64),
    Text(String),
    Array(Array),
    List(Vec<Keyword>),
}

/// The keyword arguments beside a state_dict, if there are any.
pub(super) fn keywords(file: &mut TorchFile<'_>, root: View<'_>) -> Result<Option<Ledger<Keyword>>, Refused> {
    let Some(kwargs) = owned(root)?.remove("kwargs") else { return Ok(None) };
    let entries = owned(kwargs).map_err(|error| error.of("kwargs"))?;
    let keyword = |(name, value): (String, View<'_>)| {
        let keyword = Keyword::of(value, file, 0).map_err(|error| error.of(&format!("kwargs.{name}")))?;
        Ok((name, keyword))
    };
    let entries: Vec<_> = entries.into_iter().map(keyword).collect::<Result<_, Refused>>()?;
    Ok(Some(Ledger::new("keyword argument", entries)))
}

impl Keyword {
    fn of(value: View<'_>, file: &mut TorchFile<'_>, depth: u32) -> Result<Self, Refused> {
        if let Some(items) = value.items().filter(|_| depth < 2) {
            return Ok(Self::List(
                items.into_iter().map(|item| Self::of(item, file, depth + 1)).collect::<Result<_, _>>()?,
            ));
        }
        if value.is_none() {
            return Ok(Self::None);
        }
        // 0 and 1 are numbers first; `bool` reads them as well.
        if let Some(number) = value.float() {
            return Ok(Self::Number(number));
        }
        if let Some(value) = value.bool() {
            return Ok(Self::Bool(value));
        }
        match value.text() {
            Some(text) => Ok(Self::Text(text.into())),
            None => file.array_of(value).map(Self::Array),
        }
    }

    pub fn number(self) -> Result<f64, Refused> {
        match self {
            Self::Number(value) => Ok(value),
            Self::Array(array) if array.values.len() == 1 => Ok(array.values[0]),
            other => Err(Refused::new(format!("is {}, but must be a number", other.kind()))),
        }
    }

    pub fn flag(self) -> Result<bool, Refused> {
        match self {
            Self::Bool(value) => Ok(value),
            Self::Number(value) => Ok(value != 0.0),
            Self::None => Ok(false),
            other => Err(Refused::new(format!("is {}, but must be True or False", other.kind()))),
        }
    }

    pub fn text(self) -> Result<String, Refused> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(Refused::new(format!("is {}, but must be a name", other.kind()))),
        }
    }

    /// One for each of the three matrices; `None` stands for three of them.
    pub fn three(self) -> Result<[Self; 3], Refused> {
        match self {
            Self::None => Ok([Self::None, Self::None, Self::None]),
            Self::List(items) => items
                .try_into()
                .map_err(|items: Vec<Self>| Refused::new(format!("has {} entries, but must have three", items.len()))),
            other => Ok([other.clone(), other.clone(), other]),
        }
    }

    pub fn array(self) -> Result<Option<Array>, Refused> {
        match self {
            Self::None => Ok(None),
            Self::Array(array) => Ok(Some(array)),
            other => Err(Refused::new(format!("is {}, but must be a matrix", other.kind()))),
        }
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::List(_) => "a list",
        }
    }
}

/// The tensors of a safetensors file.
pub(super) fn safetensors(bytes: &[u8]) -> Result<StateDict, Refused> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        Refused::new(format!("is not a complete safetensors file ({error}); copy or download it again"))
    })?;
    let array = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
        let refused = |error: Refused| error.of(&name);
        let scalar = match view.dtype() {
            Dtype::F32 => Scalar::Float(4),
            Dtype::F64 => Scalar::Float(8),
            Dtype::BOOL => Scalar::Bool,
            Dtype::U8 => Scalar::Unsigned(1),
            Dtype::I8 => Scalar::Signed(1),
            Dtype::I16 => Scalar::Signed(2),
            Dtype::I32 => Scalar::Signed(4),
            Dtype::I64 => Scalar::Signed(8),
            other => return Err(refused(Refused::new(format!("has elements of {other:?}; convert it to float32")))),
        };
        let shape = view.shape().iter().map(|length| i64::try_from(*length)).collect::<Result<Vec<_>, _>>();
        let shape = shape.map_err(|_| refused(Refused::new("has a shape that no memory can hold")))?;
        let array =
            Array::packed(view.data(), ElementType { scalar, big_endian: false }, &shape, false).map_err(refused)?;
        Ok((name, array))
    };
    StateDict::new(file.tensors().into_iter().map(array).collect::<Result<_, _>>()?, Vec::new())
}
