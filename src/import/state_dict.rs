//! A `state_dict` of PyTorch: tensors by the names of the modules that own them.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use super::{
    Format, Refused,
    array::Array,
    ledger::Ledger,
    pickle::{ElementType, Scalar, View},
    torch::TorchFile,
};

/// Keys under which training scripts keep the state_dict, the likeliest first.
const WRAPPERS: [&str; 7] = ["model_state_dict", "state_dict", "model", "net", "network", "params", "weights"];

/// How many dictionaries deep a state_dict is looked for.
const DEEPEST: usize = 3;

/// Named tensors.
#[derive(Debug)]
pub(super) struct StateDict {
    pub tensors: Ledger<Array>,
    /// Settings in words that lie among them.
    pub texts: BTreeMap<String, String>,
    /// Whether `kwargs` lie beside it, with which the network was made.
    has_keywords: bool,
    pub notes: Vec<String>,
}

impl StateDict {
    /// The state_dict in a file of PyTorch, alone or beside what a training script keeps.
    pub fn of_torch(file: &mut TorchFile<'_>, root: View<'_>) -> Result<Self, Refused> {
        let entries = owned(root)?;
        let has_keywords = entries.contains_key("kwargs");
        let mut beside: Vec<String> = Vec::new();
        let state = match found(&entries)? {
            None => entries,
            Some((path, state)) => {
                beside.extend(entries.into_keys().filter(|name| *name != path[0] && name != "kwargs"));
                state
            }
        };
        // Of arrays without a module around them, dt and the like are numbers.
        let with_numbers = matches!(recognise(&tensor_names(&state)), Some(Ok(Format::Arrays)));
        let (mut arrays, mut texts) = (BTreeMap::new(), BTreeMap::new());
        for (name, value) in state {
            if is_tensor(value) || with_numbers && value.float().is_some() {
                let array = file.array_of(value).map_err(|error| error.of(&name))?;
                arrays.insert(name, array);
            } else if let Some(text) = value.text().filter(|_| with_numbers) {
                texts.insert(name, text.to_owned());
            } else {
                beside.push(name);
            }
        }
        let notes = if beside.is_empty() {
            Vec::new()
        } else {
            vec![format!("not kept, beside the network in the file: {}", listed(&beside))]
        };
        Ok(Self { has_keywords, ..Self::new(arrays, notes)?.with_texts(texts) })
    }

    pub fn new(arrays: BTreeMap<String, Array>, notes: Vec<String>) -> Result<Self, Refused> {
        if arrays.is_empty() {
            return Err(Refused::new("holds no tensors; save the `state_dict()` of the network"));
        }
        let names: Vec<&str> = arrays.keys().map(String::as_str).collect();
        let prefix = prefix(&names).unwrap_or_default().len();
        let tensors = Ledger::new("tensor", arrays.into_iter().map(|(name, array)| (name[prefix..].to_owned(), array)));
        Ok(Self { tensors, texts: BTreeMap::new(), has_keywords: false, notes })
    }

    /// With settings in words.
    pub fn with_texts(self, texts: BTreeMap<String, String>) -> Self {
        Self { texts, ..self }
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
        let names: Vec<&str> = self.tensors.names().collect();
        recognise(&names).unwrap_or_else(|| {
            Err(Refused::new(format!(
                "holds the tensors {}, which are those of no network that can be imported: {}, {}, {}, {} and {} are",
                listed(&names),
                Format::Nn4n.description(),
                Format::Nn4nLayers.description(),
                Format::TorchRnn.description(),
                Format::Ctrnn.description(),
                Format::Arrays.description()
            )))
        })
    }
}

/// The first of these names.
fn listed(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 8;
    let first: Vec<&str> = names.iter().take(MOST).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(MOST);
    first.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// The library whose modules have these names, or why its networks cannot be read; `None` if no known one has.
fn recognise(names: &[&str]) -> Option<Result<Format, Refused>> {
    let any = |test: &dyn Fn(&str) -> bool| names.iter().any(|name| test(name));
    let has = |name: &str| names.contains(&name);
    // The module that `nn4n export` writes may be part of another.
    if any(&|name| name.ends_with(".header")) {
        return None;
    }
    if has("header") {
        return Some(Ok(Format::Export));
    }
    if any(&|name| name.starts_with("recurrent_layer.")) {
        return Some(Ok(Format::Nn4n));
    }
    if any(&|name| name.starts_with("recurrent_layers.") || name.starts_with("hidden_layers.")) {
        return Some(Ok(Format::Nn4nLayers));
    }
    if any(&|name| name.ends_with("weight_ih_l0") || last(name) == "weight_ih") {
        return Some(Ok(Format::TorchRnn));
    }
    if has("h2h.weight") && (has("readout_layer.weight") || !has("input2h.weight")) {
        return Some(Err(Refused::new(
            "is the state_dict of a NeuralRNN network; name the directory that also holds its config.json",
        )));
    }
    if any(&|name| name.ends_with("h2h.weight")) && any(&|name| name.ends_with("input2h.weight")) {
        return Some(Ok(Format::Ctrnn));
    }
    if ["wi", "wo", "m", "n"].into_iter().all(has) {
        return Some(Err(Refused::new(
            "holds a low-rank network, whose recurrent weights are the product of `m` and `n`; low-rank networks do \
            not exist here yet. Save w_in, w_rec and w_out as arrays to have it as one of full rank",
        )));
    }
    (has("w_rec") || has("recurrent.weight")).then_some(Ok(Format::Arrays))
}

/// The last part of a name.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// What all names start with without being part of the network: `module.` of `torch.nn.DataParallel`, `model.` of a
/// module around it. `None` if they are those of no known network.
fn prefix<'a>(names: &[&'a str]) -> Option<&'a str> {
    let whole = *names.first()?;
    let mut length = 0;
    loop {
        let inner: Vec<&str> = names.iter().map(|name| &name[length..]).collect();
        if recognise(&inner).is_some() {
            return Some(&whole[..length]);
        }
        let part = whole[length..].find('.')? + 1;
        let outer = &whole[..length + part];
        if !names.iter().all(|name| name.starts_with(outer)) {
            return None;
        }
        length += part;
    }
}

/// Whether it is a list of numbers.
fn is_row(value: &Value) -> bool {
    value.as_array().is_some_and(|row| row.iter().all(Value::is_number))
}

fn is_tensor(value: View<'_>) -> bool {
    value.tensor().is_some() || value.array().is_some()
}

/// Whether these are the tensors of a network.
fn is_state(entries: &BTreeMap<String, View<'_>>) -> bool {
    prefix(&tensor_names(entries)).is_some()
}

fn tensor_names<'e>(entries: &'e BTreeMap<String, View<'_>>) -> Vec<&'e str> {
    entries.iter().filter(|(_, value)| is_tensor(**value)).map(|(name, _)| name.as_str()).collect()
}

/// A dictionary and the keys that lead to it.
type Place<'a> = (Vec<String>, BTreeMap<String, View<'a>>);

/// The one state_dict in the dictionaries of a file; `None` if the outermost is it, or there is none.
fn found<'a>(root: &BTreeMap<String, View<'a>>) -> Result<Option<Place<'a>>, Refused> {
    if is_state(root) {
        return Ok(None);
    }
    let mut places: Vec<Place<'a>> = Vec::new();
    let mut open: Vec<(Vec<String>, View<'a>)> = root.iter().map(|(key, value)| (vec![key.clone()], *value)).collect();
    while let Some((path, value)) = open.pop() {
        let Ok(entries) = owned(value) else { continue };
        if is_state(&entries) {
            places.push((path, entries));
        } else if path.len() < DEEPEST {
            let below = |(key, value): (String, View<'a>)| (path.iter().cloned().chain([key]).collect(), value);
            open.extend(entries.into_iter().map(below));
        }
    }
    let rank = |place: &Place<'a>| WRAPPERS.iter().position(|name| *name == place.0[0]).unwrap_or(WRAPPERS.len());
    places.sort_by_key(|place| (rank(place), place.0.clone()));
    match places.as_slice() {
        [first, second, ..] if rank(first) == rank(second) => {
            let names: Vec<String> = places.iter().map(|(path, _)| path.join(".")).collect();
            Err(Refused::new(format!(
                "holds {} networks ({}); save the state_dict of one of them alone",
                names.len(),
                listed(&names)
            )))
        }
        // Tensors of no known network are named by the message that says so.
        [] => Ok(WRAPPERS.iter().find_map(|name| Some((vec![name.to_string()], owned(*root.get(*name)?).ok()?)))),
        _ => Ok(Some(places.swap_remove(0))),
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

/// The keyword arguments in the metadata of a network that was exported to the original.
pub(super) fn keywords_of_json(network: &str) -> Result<Ledger<Keyword>, Refused> {
    let damaged = || Refused::new("has damaged metadata, whose `network` holds no `kwargs`; export the network again");
    let network: Value = serde_json::from_str(network).map_err(|_| damaged())?;
    let kwargs = network["kwargs"].as_object().ok_or_else(damaged)?;
    let entries = kwargs
        .iter()
        .map(|(name, value)| Ok((name.clone(), Keyword::of_json(value).ok_or_else(|| damaged().of(name))?)));
    Ok(Ledger::new("keyword argument", entries.collect::<Result<Vec<_>, Refused>>()?))
}

impl Keyword {
    /// A list of three is one thing for each matrix, a list of lists a matrix.
    fn of_json(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::None,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.as_f64()?),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(rows) if !rows.is_empty() && rows.iter().all(is_row) => {
                let columns = rows[0].as_array()?.len();
                let values: Vec<f64> = rows
                    .iter()
                    .flat_map(|row| row.as_array().into_iter().flatten())
                    .filter_map(Value::as_f64)
                    .collect();
                let shape = vec![rows.len(), columns];
                if values.len() != rows.len() * columns {
                    return None;
                }
                Self::Array(Array { shape, values, double: false })
            }
            Value::Array(items) => Self::List(items.iter().map(Self::of_json).collect::<Option<_>>()?),
            Value::Object(_) => return None,
        })
    }

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

/// What stands under a key in the metadata of a safetensors file.
pub(super) fn metadata(bytes: &[u8], key: &str) -> Option<String> {
    let (_, found) = SafeTensors::read_metadata(bytes).ok()?;
    found.metadata().as_ref()?.get(key).cloned()
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
