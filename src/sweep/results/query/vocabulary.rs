//! The names that expressions may use, and the kinds of their values.

use std::collections::{BTreeMap, BTreeSet};

use strsim::levenshtein;

use super::Known;
use crate::{
    echo::echo,
    error::{Error, Result},
};

/// Which kinds of values the runs have of each name; of one that no run has a value of, none.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary(BTreeMap<String, BTreeSet<Kind>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Number,
    Text,
    Boolean,
}

impl Vocabulary {
    /// Adds a name, and the kind of a value of it.
    pub fn add(&mut self, name: &str, value: Option<&Known>) {
        if !self.0.contains_key(name) {
            self.0.insert(name.into(), BTreeSet::new());
        }
        if let (Some(kinds), Some(value)) = (self.0.get_mut(name), value) {
            kinds.insert(value.kind());
        }
    }

    /// Refuses a name that no run knows; `option` is where it was written.
    ///
    /// # Errors
    /// With the name that is probably meant, or all of them.
    pub fn check(&self, option: &str, name: &str) -> Result<()> {
        self.kinds(option, name).map(drop)
    }

    pub(super) fn kinds(&self, option: &str, name: &str) -> Result<&BTreeSet<Kind>> {
        self.0.get(name).ok_or_else(|| {
            let meant = match self.meant(name) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("they have {}", self.0.keys().cloned().collect::<Vec<_>>().join(", ")),
            };
            Error::setting(option, format!("`{}` is nothing that these runs differ in or report; {meant}", echo(name)))
        })
    }

    /// The name that ends like this one, or is spelt nearly so.
    fn meant(&self, name: &str) -> Option<&str> {
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_lowercase();
        let alike = |known: &&String| last(known) == last(name);
        let near = || {
            let distances =
                self.0.keys().map(|known| (levenshtein(&known.to_lowercase(), &name.to_lowercase()), known));
            distances.min().filter(|(distance, _)| *distance <= 1 + name.chars().count() / 4).map(|(_, known)| known)
        };
        self.0.keys().find(alike).or_else(near).map(String::as_str)
    }
}

impl Known {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::Boolean(_) => Kind::Boolean,
        }
    }
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Number => "numbers",
            Self::Text => "texts (in quotes)",
            Self::Boolean => "true or false",
        }
    }
}
