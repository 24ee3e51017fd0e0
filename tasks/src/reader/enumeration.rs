//! One of a few words, some of which have a value: `"off"`, `{ constant = 0.5 }`.

use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, VariantAccess, Visitor},
};

use super::{
    misfit::Misfit,
    node::{Node, name, table_of},
};

/// A word and its value, if it has one.
pub(super) struct Enumeration<'de> {
    word: &'de str,
    value: Option<&'de Node>,
}

impl<'de> Enumeration<'de> {
    /// Of a text, or of a table with one entry.
    pub fn new(node: &'de Node, words: &[&str]) -> Result<Self, Misfit> {
        let found = match node {
            Node::Text(word) => Some(Self { word, value: None }),
            Node::Table(entries) => match &entries[..] {
                [(word, value)] => Some(Self { word, value: Some(value) }),
                _ => None,
            },
            _ => None,
        };
        match found {
            Some(found) if words.contains(&found.word) => Ok(found),
            Some(Self { word, value: Some(_) }) => Err(Misfit::choice(words, Node::Text(word.into()).to_string())),
            _ => Err(Misfit::choice(words, node.to_string())),
        }
    }

    /// The value, which must be there; `rule` says so.
    fn required(&self, rule: &str) -> Result<&'de Node, Misfit> {
        let word = || Node::Text(self.word.into()).to_string();
        self.value.ok_or_else(|| Misfit::value(format!("must be a table with {rule}"), Some(word())))
    }
}

impl<'de> EnumAccess<'de> for Enumeration<'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Misfit> {
        Ok((seed.deserialize(name(self.word))?, self))
    }
}

impl<'de> VariantAccess<'de> for Enumeration<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        let word = self.word;
        match self.value {
            None | Some(Node::Empty) => Ok(()),
            Some(Node::Table(entries)) if entries.is_empty() => Ok(()),
            Some(other) => {
                Err(Misfit::value(format!("must be \"{word}\" without a value"), Some(other.to_string())).below(word))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        let word = self.word;
        let value = self.required(&format!("a value for `{word}`, as in {{ {word} = .. }}"))?;
        seed.deserialize(value).map_err(|misfit| misfit.of(value).below(word))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        let word = self.word;
        let value = self.required(&format!("a list for `{word}`, as in {{ {word} = [..] }}"))?;
        value.deserialize_any(visitor).map_err(|misfit| misfit.below(word))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        let word = self.word;
        let settings = fields.iter().map(|field| format!("{field} = ..")).collect::<Vec<_>>().join(", ");
        let value = self.required(&format!("the settings of `{word}`, as in {{ {word} = {{ {settings} }} }}"))?;
        match value {
            Node::Table(_) | Node::List(_) => value.deserialize_any(visitor),
            other => Err(Misfit::value(format!("must be {}", table_of(fields)), Some(other.to_string()))),
        }
        .map_err(|misfit| misfit.below(word))
    }
}
