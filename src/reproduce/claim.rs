//! A quantity of a paper, what it is to be, and how it is read from what was found.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::found::{Found, Run};
use crate::{error::Result, report::digits};

/// Digits of a number that count.
pub(super) const DIGITS: usize = 4;

/// How a target is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It was read in the paper or its released code.
    Published,
    /// It is ours: what must hold for the paper's statement to be seen here.
    Criterion,
}

impl Kind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Criterion => "our criterion",
        }
    }
}

/// What a quantity is to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// More.
    Above(f64),
    /// Less.
    Below(f64),
    /// From the first to the second.
    Between(f64, f64),
    /// The value, and how far from it still agrees.
    Near(f64, f64),
    /// The value itself, as of a count.
    Exactly(f64),
}

impl Target {
    /// Whether a value agrees with it.
    pub fn agrees(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Above(low) => value > low,
            Self::Below(high) => value < high,
            Self::Between(low, high) => (low..=high).contains(&value),
            Self::Near(wanted, apart) => (value - wanted).abs() <= apart,
            Self::Exactly(wanted) => value == wanted,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |value: &f64| digits(*value, DIGITS);
        match self {
            Self::AtLeast(least) => write!(f, "at least {}", short(least)),
            Self::AtMost(most) => write!(f, "at most {}", short(most)),
            Self::Above(low) => write!(f, "above {}", short(low)),
            Self::Below(high) => write!(f, "below {}", short(high)),
            Self::Between(low, high) => write!(f, "{} to {}", short(low), short(high)),
            Self::Near(wanted, apart) => write!(f, "{} \u{b1} {}", short(wanted), short(apart)),
            Self::Exactly(wanted) => write!(f, "{}", short(wanted)),
        }
    }
}

/// Reads the values of a quantity, one for each network, in the order of their seeds.
type Measure = Box<dyn Fn(&Found) -> Result<Vec<Result<f64>>>>;

/// A quantity, where it stands, and what it is to be.
pub struct Claim {
    /// What is measured, with its unit.
    pub quantity: String,
    /// Where it stands: a figure, a section, a file of the released code; of a criterion the statement that it tests.
    pub source: String,
    /// How the target is known.
    pub kind: Kind,
    /// What it is to be; `None` of what is told and not judged.
    pub target: Option<Target>,
    measure: Measure,
}

impl Claim {
    /// A number of the paper.
    pub fn published(quantity: impl Into<String>, source: impl Into<String>) -> Unmeasured {
        Unmeasured { quantity: quantity.into(), source: source.into(), kind: Kind::Published, target: None }
    }

    /// A threshold of ours, for a statement of the paper.
    pub fn criterion(quantity: impl Into<String>, source: impl Into<String>) -> Unmeasured {
        Unmeasured { quantity: quantity.into(), source: source.into(), kind: Kind::Criterion, target: None }
    }

    /// Its values, one for each network, or why one has none: an activity without a line has no direction of it.
    ///
    /// # Errors
    /// If there are no networks.
    pub fn measure(&self, found: &Found) -> Result<Vec<Result<f64>>> {
        (self.measure)(found)
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("quantity", &self.quantity).field("target", &self.target).finish_non_exhaustive()
    }
}

/// A claim without the way in which it is read.
#[derive(Clone, Debug)]
pub struct Unmeasured {
    quantity: String,
    source: String,
    kind: Kind,
    target: Option<Target>,
}

impl Unmeasured {
    /// Says what it is to be; left out, it is told and not judged.
    pub fn is(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Reads it from each network of a study.
    pub fn of_each(self, study: impl Into<String>, measure: impl Fn(&Run) -> Result<f64> + 'static) -> Claim {
        let study = study.into();
        self.measured(move |found| Ok(found.runs(&study)?.iter().map(&measure).collect()))
    }

    /// Reads it from each pair of networks of two studies that have the same seed.
    pub fn of_pairs(
        self,
        study: impl Into<String>,
        other: impl Into<String>,
        measure: impl Fn(&Run, &Run) -> Result<f64> + 'static,
    ) -> Claim {
        let (study, other) = (study.into(), other.into());
        self.measured(move |found| {
            Ok(found.pairs(&study, &other)?.into_iter().map(|(run, other)| measure(run, other)).collect())
        })
    }

    /// Reads what part of the trainings of a study ended because their criterion was met.
    pub fn of_trainings(self, study: impl Into<String>) -> Claim {
        let study = study.into();
        self.of_all(move |found| Ok(vec![found.part_that_met(&study)?]))
    }

    /// Reads it from everything.
    pub fn of_all(self, measure: impl Fn(&Found) -> Result<Vec<f64>> + 'static) -> Claim {
        self.measured(move |found| Ok(measure(found)?.into_iter().map(Ok).collect()))
    }

    fn measured(self, measure: impl Fn(&Found) -> Result<Vec<Result<f64>>> + 'static) -> Claim {
        let Self { quantity, source, kind, target } = self;
        Claim { quantity, source, kind, target, measure: Box::new(measure) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_agree_as_they_say() {
        let cases = [
            (Target::AtLeast(0.85), 0.85, 0.84, "at least 0.85"),
            (Target::AtMost(0.6), 0.6, 0.61, "at most 0.6"),
            (Target::Above(0.0), 0.1, 0.0, "above 0"),
            (Target::Below(1.0), 0.9, 1.0, "below 1"),
            (Target::Between(8.0, 20.0), 20.0, 21.0, "8 to 20"),
            (Target::Near(0.944, 0.05), 0.99, 0.89, "0.944 \u{b1} 0.05"),
            (Target::Exactly(8.0), 8.0, 9.0, "8"),
        ];
        for (target, good, bad, words) in cases {
            assert!(target.agrees(good) && !target.agrees(bad) && !target.agrees(f64::NAN), "{target:?}");
            assert_eq!(target.to_string(), words);
        }
    }
}
