//! A value of JSON or TOML, before anybody knows what it is to mean.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};

use super::{
    enumeration::Enumeration,
    misfit::{Misfit, listed},
    table::{List, Table},
};

/// Most characters that are shown of a value.
const SHOWN: usize = 200;
/// Names of fields that a rule lists.
const LISTED: usize = 6;

/// A value of JSON or TOML.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// null
    Empty,
    /// true or false
    Bool(bool),
    /// A whole number.
    Signed(i64),
    /// A whole number beyond those.
    Unsigned(u64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order in which it is given.
    Table(Vec<(String, Node)>),
}

impl Node {
    /// The value that a reader holds; why not, if it can't be read.
    pub(super) fn of<'de, D: Deserializer<'de>>(source: D) -> Result<Self, String> {
        Self::deserialize(source).map_err(|error| error.to_string())
    }
}

/// As in TOML.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut whole = String::new();
        self.write(&mut whole);
        match whole.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(f, "{}...", &whole[..end]),
            None => f.write_str(&whole),
        }
    }
}

impl Node {
    /// Appends the value, or so much of it as can be shown.
    fn write(&self, to: &mut String) {
        if to.len() > 4 * SHOWN {
            return;
        }
        match self {
            Self::Empty => to.push_str("empty"),
            Self::Bool(value) => to.push_str(&value.to_string()),
            Self::Signed(value) => to.push_str(&value.to_string()),
            Self::Unsigned(value) => to.push_str(&value.to_string()),
            Self::Float(value) => to.push_str(&format!("{value:?}")),
            Self::Text(value) => {
                to.push('"');
                to.extend(value.chars().take(SHOWN + 1));
                to.push('"');
            }
            Self::List(nodes) => {
                to.push('[');
                for (place, node) in nodes.iter().enumerate() {
                    to.push_str(if place > 0 { ", " } else { "" });
                    node.write(to);
                }
                to.push(']');
            }
            Self::Table(entries) => {
                to.push_str("{ ");
                for (place, (name, node)) in entries.iter().enumerate() {
                    to.push_str(if place > 0 { ", " } else { "" });
                    to.push_str(name);
                    to.push_str(" = ");
                    node.write(to);
                }
                to.push_str(" }");
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON or TOML")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Empty)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Signed(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value).map_or(Node::Unsigned(value), Node::Signed))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = table.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Table(entries))
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let read = match self {
            Node::Empty => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Signed(value) => visitor.visit_i64(*value),
            Node::Unsigned(value) => visitor.visit_u64(*value),
            Node::Float(value) => visitor.visit_f64(*value),
            Node::Text(value) => visitor.visit_borrowed_str(value),
            Node::List(nodes) => visitor.visit_seq(List::new(nodes)),
            Node::Table(entries) => visitor.visit_map(Table::new(entries)),
        };
        read.map_err(|misfit: Misfit| misfit.of(self))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Node::Empty => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Node::Table(_) | Node::List(_) => self.deserialize_any(visitor),
            _ => Err(Misfit::value(format!("must be {}", table_of(fields)), Some(self.to_string()))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_enum(Enumeration::new(self, variants)?)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// A table with these fields; many are not listed.
pub(super) fn table_of(fields: &[&str]) -> String {
    if fields.len() <= LISTED { format!("a table with {}", listed(fields)) } else { "a table".into() }
}

/// The name of an entry, as what it is to be read as.
pub(super) fn name<'de>(name: &'de str) -> StrDeserializer<'de, Misfit> {
    de::IntoDeserializer::into_deserializer(name)
}
