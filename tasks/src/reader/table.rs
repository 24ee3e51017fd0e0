//! The entries of a table and of a list, one after the other.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use super::{misfit::Misfit, node::Node, node::name};

/// A table that is being read.
pub(super) struct Table<'de> {
    entries: std::slice::Iter<'de, (String, Node)>,
    /// The one whose name was read last.
    entry: Option<&'de (String, Node)>,
}

impl<'de> Table<'de> {
    pub fn new(entries: &'de [(String, Node)]) -> Self {
        Self { entries: entries.iter(), entry: None }
    }
}

impl<'de> MapAccess<'de> for Table<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        self.entry = self.entries.next();
        self.entry.map(|entry| seed.deserialize(name(&entry.0))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        // Serde asks for a value after its name only.
        let Some((name, node)) = self.entry else { return Err(Misfit::value("must have a name", None)) };
        seed.deserialize(node).map_err(|misfit| misfit.of(node).below(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// A list that is being read.
pub(super) struct List<'de> {
    nodes: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
}

impl<'de> List<'de> {
    pub fn new(nodes: &'de [Node]) -> Self {
        Self { nodes: nodes.iter().enumerate() }
    }
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some((place, node)) = self.nodes.next() else { return Ok(None) };
        seed.deserialize(node).map(Some).map_err(|misfit| misfit.of(node).below(&format!("[{place}]")))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.nodes.len())
    }
}
