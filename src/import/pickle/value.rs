//! The values of a pickle, and a way to look at them.

use std::collections::BTreeMap;

use super::{
    MAX_DEPTH, MAX_EXPANDED, MAX_VALUES,
    callable::Callable,
    numpy::{ElementType, Scalar},
};
use crate::import::Refused;

/// Index of a value in its pickle.
pub(super) type Id = usize;

/// A value of a pickle, which refers to others by their index.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// A list, tuple or set.
    Sequence(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A function or class on the list of those that are known.
    Callable(Callable),
    /// What the file keeps outside of the pickle, by its identifier.
    Persistent(Id),
    Tensor(StoredTensor),
    ElementType(ElementType),
    Array(NumpyArray),
    /// What a function or class that is not known would have made, by its name.
    Stranger(String),
    /// An instance of a known class, of which only the state is kept.
    Object {
        class: String,
        state: Option<Id>,
    },
}

impl Node {
    /// The number in these bytes, if they are as many as it has.
    pub fn of_scalar(element: ElementType, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != element.scalar.size() {
            return None;
        }
        let number = element.scalar.number(bytes, element.big_endian);
        match element.scalar {
            Scalar::Bool => Some(Self::Bool(number != 0.0)),
            Scalar::Signed(_) | Scalar::Unsigned(_) => Some(Self::Int(number as i64)),
            Scalar::Float(_) => Some(Self::Float(number)),
            Scalar::Object => None,
        }
    }
}

impl Node {
    /// The values that this one holds.
    fn children(&self) -> Vec<Id> {
        match self {
            Self::Sequence(items) => items.clone(),
            Self::Dict(entries) => entries.iter().flat_map(|(key, value)| [*key, *value]).collect(),
            Self::Persistent(id) | Self::Object { state: Some(id), .. } => vec![*id],
            Self::Array(array) => array.objects.clone(),
            _ => Vec::new(),
        }
    }
}

/// A tensor of PyTorch: a window on a storage that lies outside of the pickle.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::import) struct StoredTensor {
    /// Type of the storage, such as `FloatStorage`.
    pub storage_type: String,
    /// Name of the storage in the file.
    pub key: String,
    /// Number of elements of the storage.
    pub elements: u64,
    pub offset: i64,
    pub shape: Vec<i64>,
    pub strides: Vec<i64>,
}

/// An array of NumPy.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::import) struct NumpyArray {
    pub shape: Vec<i64>,
    pub element: Option<ElementType>,
    pub fortran_order: bool,
    pub data: Vec<u8>,
    /// The elements of an array of Python objects.
    pub objects: Vec<Id>,
}

/// All values of a pickle.
#[derive(Clone, Debug, Default)]
pub struct Pickle {
    nodes: Vec<Node>,
    pub(super) root: Id,
}

impl Pickle {
    /// The outermost value.
    pub(in crate::import) fn root(&self) -> View<'_> {
        View { pickle: self, id: self.root }
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    pub(super) fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.nodes[id]
    }

    pub(super) fn add(&mut self, node: Node) -> Result<Id, Refused> {
        if self.nodes.len() == MAX_VALUES {
            return Err(Refused::new(format!("the pickle holds more than {MAX_VALUES} values")));
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// Refuses values that hold themselves, lie deep within others, or repeat others until they are very many: who
    /// follows them ends soon. Known only when the pickle is complete, as a value can grow after it was put into
    /// others.
    pub(super) fn check_extent(&self) -> Result<(), Refused> {
        let mut extents: Vec<Option<Extent>> = vec![None; self.nodes.len()];
        let mut is_open = vec![false; self.nodes.len()];
        let mut path = vec![self.root];
        while let Some(&id) = path.last() {
            if extents[id].is_some() {
                path.pop();
                continue;
            }
            let children = self.node(id).children();
            if is_open[id] {
                path.pop();
                extents[id] = Some(Extent::around(children.iter().filter_map(|child| extents[*child]))?);
                continue;
            }
            is_open[id] = true;
            if children.iter().any(|child| is_open[*child] && extents[*child].is_none()) {
                return Err(Refused::new("the pickle holds a value that is part of itself"));
            }
            path.extend(children.iter().filter(|child| extents[**child].is_none()));
        }
        Ok(())
    }
}

/// How many containers deep a value is, and how many values it is made of if shared ones are counted every time.
#[derive(Clone, Copy, Debug)]
struct Extent {
    depth: u32,
    size: u64,
}

impl Extent {
    fn around(children: impl Iterator<Item = Self>) -> Result<Self, Refused> {
        let extent = children.fold(Self { depth: 0, size: 1 }, |all, child| Self {
            depth: all.depth.max(child.depth + 1),
            size: all.size.saturating_add(child.size),
        });
        if extent.depth > MAX_DEPTH {
            return Err(Refused::new(format!("the pickle nests its values deeper than {MAX_DEPTH} containers")));
        }
        if extent.size > MAX_EXPANDED {
            return Err(Refused::new(format!("the pickle repeats its values until they are more than {MAX_EXPANDED}")));
        }
        Ok(extent)
    }
}

/// A value of a pickle.
#[derive(Clone, Copy)]
pub(in crate::import) struct View<'a> {
    pickle: &'a Pickle,
    id: Id,
}

impl<'a> View<'a> {
    pub(super) fn node(self) -> &'a Node {
        self.pickle.node(self.id)
    }

    fn at(self, id: Id) -> Self {
        Self { id, ..self }
    }

    pub fn is_none(self) -> bool {
        *self.node() == Node::None
    }

    pub fn bool(self) -> Option<bool> {
        match self.node() {
            Node::Bool(value) => Some(*value),
            Node::Int(value @ (0 | 1)) => Some(*value == 1),
            _ => None,
        }
    }

    pub fn int(self) -> Option<i64> {
        match self.node() {
            Node::Int(value) => Some(*value),
            _ => None,
        }
    }

    pub fn float(self) -> Option<f64> {
        match self.node() {
            Node::Float(value) => Some(*value),
            Node::Int(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// A string; those of Python 2 are bytes.
    pub fn text(self) -> Option<&'a str> {
        match self.node() {
            Node::Text(text) => Some(text),
            Node::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    pub fn items(self) -> Option<Vec<Self>> {
        match self.node() {
            Node::Sequence(items) => Some(items.iter().map(|id| self.at(*id)).collect()),
            _ => None,
        }
    }

    /// The entries of a dictionary whose keys are strings; the last of a key counts, as in Python.
    pub fn entries(self) -> Option<BTreeMap<&'a str, Self>> {
        match self.node() {
            Node::Dict(entries) => {
                entries.iter().map(|(key, value)| Some((self.at(*key).text()?, self.at(*value)))).collect()
            }
            _ => None,
        }
    }

    pub fn tensor(self) -> Option<&'a StoredTensor> {
        match self.node() {
            Node::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    pub fn array(self) -> Option<&'a NumpyArray> {
        match self.node() {
            Node::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The one element of an array of Python objects.
    pub fn only_object(self) -> Option<Self> {
        match self.array()?.objects.as_slice() {
            [id] => Some(self.at(*id)),
            _ => None,
        }
    }

    /// The name of a function that is not known.
    pub fn function(self) -> Option<&'a str> {
        match self.node() {
            Node::Callable(Callable::Stranger(name)) => Some(name),
            _ => None,
        }
    }

    /// The attributes of an instance of the class `name`.
    pub fn attributes_of(self, name: &str) -> Option<BTreeMap<&'a str, Self>> {
        match self.node() {
            Node::Object { class, state: Some(state) } if class == name => self.at(*state).entries(),
            _ => None,
        }
    }

    /// What kind of value it is, for messages.
    pub fn kind(self) -> String {
        match self.node() {
            Node::None => "None".into(),
            Node::Bool(_) => "a boolean".into(),
            Node::Int(_) | Node::Float(_) => "a number".into(),
            Node::Text(_) => "a string".into(),
            Node::Bytes(_) => "bytes".into(),
            Node::Sequence(_) => "a list".into(),
            Node::Dict(_) => "a dictionary".into(),
            Node::Callable(Callable::Stranger(name)) | Node::Stranger(name) => format!(
                "`{name}`, which is neither a tensor nor plain data and was not executed (in Python, save tensors and \
                plain data alone, such as the `state_dict()` of the network)"
            ),
            Node::Callable(callable) => format!("the function or class `{callable}`"),
            Node::Persistent(_) => "a storage".into(),
            Node::Tensor(_) => "a tensor".into(),
            Node::ElementType(_) => "an element type".into(),
            Node::Array(_) => "an array".into(),
            Node::Object { class, .. } => format!("an instance of `{class}`"),
        }
    }
}
