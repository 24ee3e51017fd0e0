//! The kinds of network, and what the rest of the program asks about them.
//!
//! A new kind is a variant, an entry in [`Kind::ALL`] and one in `about`; its units and the rules of its description
//! are in `layout.rs` and `validate/`, what it is for in a file of its own (`ei.rs`).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// The four kinds of network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Units without cell types: [`VanillaCtrnn`](crate::VanillaCtrnn).
    #[default]
    Vanilla,
    /// Excitatory and inhibitory units under Dale's law: [`EiCtrnn`](crate::EiCtrnn).
    Ei,
    /// Several areas, each with or without cell types: [`MultiAreaCtrnn`](crate::MultiAreaCtrnn).
    MultiArea,
    /// Layers of recurrent units, each driven by the rates of the one below: [`StackedCtrnn`](crate::StackedCtrnn).
    Stacked,
}

/// What the units of a network are divided into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// Areas, joined by projections.
    Areas,
    /// Layers, each driven by the one below.
    Layers,
}

impl Parts {
    /// `areas` or `layers`, as in the descriptions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Areas => "areas",
            Self::Layers => "layers",
        }
    }
}

/// One entry for each kind.
struct About {
    tag: &'static str,
    title: &'static str,
    keyword: &'static str,
    summary: &'static str,
    parts: Option<Parts>,
    has_cell_types: bool,
}

impl Kind {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Vanilla, Self::Ei, Self::MultiArea, Self::Stacked];

    const fn about(self) -> About {
        match self {
            Self::Vanilla => About {
                tag: "vanilla",
                title: "vanilla",
                keyword: "vanilla",
                summary: "A recurrent network without cell types",
                parts: None,
                has_cell_types: false,
            },
            Self::Ei => About {
                tag: "ei",
                title: "E/I",
                keyword: "excitatory-inhibitory",
                summary: "A recurrent network of excitatory and inhibitory units (Dale's law)",
                parts: None,
                has_cell_types: true,
            },
            Self::MultiArea => About {
                tag: "multi_area",
                title: "multi-area",
                keyword: "multi-area",
                summary: "A recurrent network of several areas",
                parts: Some(Parts::Areas),
                has_cell_types: false,
            },
            Self::Stacked => About {
                tag: "stacked",
                title: "stacked",
                keyword: "stacked",
                summary: "A stack of recurrent layers",
                parts: Some(Parts::Layers),
                has_cell_types: false,
            },
        }
    }

    /// Its name in TOML, in names of files and on the command line, such as `multi_area`.
    pub const fn tag(self) -> &'static str {
        self.about().tag
    }

    /// Its name for people, such as `multi-area`.
    pub const fn title(self) -> &'static str {
        self.about().title
    }

    /// The keyword under which it is found on the Hugging Face Hub, such as `excitatory-inhibitory`.
    pub const fn keyword(self) -> &'static str {
        self.about().keyword
    }

    /// What it is, as the beginning of a sentence.
    pub const fn summary(self) -> &'static str {
        self.about().summary
    }

    /// What its units are divided into; `None` if they are all one.
    pub const fn parts(self) -> Option<Parts> {
        self.about().parts
    }

    /// Whether all its units have cell types; each area or layer says for itself whether its units have.
    pub const fn has_cell_types(self) -> bool {
        self.about().has_cell_types
    }

    /// Whether it has areas, joined by projections.
    pub const fn has_areas(self) -> bool {
        matches!(self.parts(), Some(Parts::Areas))
    }

    /// Whether it has layers, each driven by the one below within the same step.
    pub const fn has_layers(self) -> bool {
        matches!(self.parts(), Some(Parts::Layers))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// By its [`tag`](Kind::tag).
impl FromStr for Kind {
    type Err = ModelError;

    fn from_str(tag: &str) -> Result<Self, ModelError> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag).ok_or_else(|| {
            let known = Self::ALL.map(Self::tag).join(", ");
            ModelError::config("kind", format!("is `{tag}`, which is unknown; use one of {known}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_tag_everywhere() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place, "{kind:?} stands where it is declared");
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.tag());
            assert_eq!((kind.to_string().as_str(), kind.tag().parse::<Kind>().unwrap()), (kind.tag(), kind));
        }
        let refusal = "layered".parse::<Kind>().unwrap_err().to_string();
        assert_eq!(refusal, "model.kind: is `layered`, which is unknown; use one of vanilla, ei, multi_area, stacked");
    }
}
