//! Arrays as a report lists them.

use serde::{Serialize, Serializer};

use crate::files::Meaning;

/// Arrays by their names, with their shapes and what they mean, as a report lists them.
pub struct Listed<'a>(pub Vec<(&'a str, Vec<usize>, &'a Meaning)>);

impl Listed<'_> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct One<'a> {
            shape: &'a [usize],
            axes: &'a [String],
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            columns: &'a [String],
            #[serde(skip_serializing_if = "Option::is_none")]
            unit: Option<&'static str>,
        }
        serializer.collect_map(self.0.iter().map(|(name, shape, meaning)| {
            let Meaning { axes, columns, unit } = meaning;
            (name, One { shape, axes, columns, unit: *unit })
        }))
    }
}
