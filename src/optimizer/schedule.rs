//! Learning-rate schedules: the rate of update `k` (counted from 0) relative to the first.

use serde::{Deserialize, Serialize};

use crate::error::{
    Error, Result,
    rules::{fraction, positive},
};

/// How the learning rate changes, `{ kind = "step", every = 1000, factor = 0.5 }` in TOML.
// The kind without parameters is written with braces because serde lets a unit variant ignore unknown keys.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    deny_unknown_fields,
    expecting = "a schedule, as in { kind = \"step\", every = 1000, factor = 0.5 }"
)]
pub enum Schedule {
    /// It does not.
    Constant {},
    /// Multiplied by `factor` after every `every` updates.
    Step {
        /// Updates between two changes.
        every: u64,
        /// In (0, 1].
        factor: f64,
    },
    /// Multiplied by `decay` after every update.
    Exponential {
        /// In (0, 1].
        decay: f64,
    },
    /// Half a cosine from 1 down to `last` over `updates`, then constant (Loshchilov & Hutter 2017, arXiv:1608.03983).
    Cosine {
        /// Updates of the descent.
        updates: u64,
        /// In [0, 1].
        last: f64,
    },
    /// A linear rise over the first `updates`, then constant.
    Warmup {
        /// Updates of the rise.
        updates: u64,
    },
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant {}
    }
}

impl Schedule {
    /// The factor of update `update`.
    pub fn factor(self, update: u64) -> f64 {
        match self {
            Self::Constant {} => 1.0,
            Self::Step { every, factor } => factor.powf((update / every) as f64),
            Self::Exponential { decay } => decay.powf(update as f64),
            Self::Cosine { updates, last } => {
                let progress = (update as f64 / updates as f64).min(1.0);
                last + (1.0 - last) * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
            }
            Self::Warmup { updates } => ((update + 1) as f64 / updates as f64).min(1.0),
        }
    }

    pub(crate) fn validate(self) -> Result<()> {
        let updates = |value: u64| {
            if value >= 1 { Ok(()) } else { Err(Error::setting("train.schedule", "counts updates from 1, but has 0")) }
        };
        match self {
            Self::Constant {} => Ok(()),
            Self::Step { every, factor } => {
                updates(every).and(fraction("schedule.factor", factor)).and(positive("schedule.factor", factor))
            }
            Self::Exponential { decay } => fraction("schedule.decay", decay).and(positive("schedule.decay", decay)),
            Self::Cosine { updates: count, last } => updates(count).and(fraction("schedule.last", last)),
            Self::Warmup { updates: count } => updates(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_match_hand_worked_numbers() {
        let step = Schedule::Step { every: 10, factor: 0.5 };
        assert_eq!([0, 9, 10, 25].map(|update| step.factor(update)), [1.0, 1.0, 0.5, 0.25]);
        assert!((Schedule::Exponential { decay: 0.9 }.factor(2) - 0.81).abs() < 1e-12);
        let cosine = Schedule::Cosine { updates: 100, last: 0.2 };
        for (update, factor) in [(0, 1.0), (50, 0.6), (100, 0.2), (500, 0.2)] {
            assert!((cosine.factor(update) - factor).abs() < 1e-12);
        }
        let warmup = Schedule::Warmup { updates: 4 };
        assert_eq!([0, 1, 3, 9].map(|update| warmup.factor(update)), [0.25, 0.5, 1.0, 1.0]);
        assert!(Schedule::Step { every: 0, factor: 0.5 }.validate().is_err());
    }
}
