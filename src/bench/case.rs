//! What is measured: the size and the kind of a network, and its batch.

use nn4n_models::{Activation, Bias, Form, Kind, ModelConfig, Parts, Values};
use serde::Serialize;

use crate::error::{Error, Result};

/// Most values in an array over all steps and trials, so that a mistyped size is an error instead of an exhausted
/// memory.
const LARGEST_ARRAY: usize = 1 << 30;

/// A network and the size of its batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// Its name; `custom` for any other size.
    pub case: &'static str,
    /// Vanilla or ei (under rectified Dale's law).
    pub kind: Kind,
    /// Form of the equation.
    pub form: Form,
    /// Activation of all units.
    pub activation: Activation,
    /// Number of units.
    pub units: usize,
    /// Trials per step.
    pub batch_size: usize,
    /// Steps of the dynamics per trial.
    pub steps: usize,
    /// Input channels; may be 0.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// Whether most states are computed again on the way back.
    #[serde(skip)]
    pub remat: bool,
}

/// The cases with a name.
pub const CASES: [Case; 5] = [
    Case::vanilla("small", Activation::Relu, (50, 100, 100), (2, 2)),
    Case { kind: Kind::Ei, ..Case::vanilla("song", Activation::Relu, (100, 20, 100), (3, 2)) },
    Case::vanilla("yang", Activation::Softplus, (256, 64, 100), (85, 33)),
    Case::vanilla("large", Activation::Relu, (512, 128, 100), (32, 8)),
    Case::vanilla("tms", Activation::Relu, (1024, 512, 20), (200, 200)),
];

impl Case {
    const fn vanilla(
        case: &'static str,
        activation: Activation,
        (units, batch_size, steps): (usize, usize, usize),
        (inputs, outputs): (usize, usize),
    ) -> Self {
        Self {
            case,
            kind: Kind::Vanilla,
            form: Form::Current,
            activation,
            units,
            batch_size,
            steps,
            inputs,
            outputs,
            remat: false,
        }
    }

    /// The case of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn named(name: &str) -> Result<Self> {
        let found = CASES.into_iter().find(|case| case.case == name);
        found.ok_or_else(|| {
            Error::setting(
                "case",
                format!("`{name}` is unknown; use {} or all", CASES.map(|case| case.case).join(", ")),
            )
        })
    }

    /// Operations in the matrix products of one step, forward and backward; the formula is in the [module](super).
    pub fn operations(&self) -> f64 {
        let [units, batch, steps, inputs, outputs] =
            [self.units, self.batch_size, self.steps, self.inputs, self.outputs].map(|n| n as f64);
        batch * steps * (6.0 * units * units + 4.0 * units * inputs + 6.0 * units * outputs)
    }

    /// Bytes of one value of f32 for each unit of each step of each trial.
    pub fn rate_bytes(&self) -> u64 {
        self.units.saturating_mul(self.batch_size).saturating_mul(self.steps).saturating_mul(4) as u64
    }

    /// Values in the largest of inputs, rates and outputs over all steps and trials.
    pub(super) fn largest_array(&self) -> usize {
        self.units.max(self.inputs).max(self.outputs).saturating_mul(self.batch_size).saturating_mul(self.steps)
    }

    /// Checks every rule that needs no network.
    ///
    /// # Errors
    /// The first rule that is broken: field, rule, value and remedy.
    pub fn validate(&self) -> Result<()> {
        for (field, value) in
            [("units", self.units), ("batch_size", self.batch_size), ("steps", self.steps), ("outputs", self.outputs)]
        {
            if value == 0 {
                return Err(Error::setting(
                    field,
                    "must be at least 1, but is 0; give another number, or leave it out",
                ));
            }
        }
        if let Some(parts) = self.kind.parts() {
            let remedy = match parts {
                Parts::Areas => "its step is that of \"ei\"; take that",
                Parts::Layers => "its step is those of its layers; measure each as \"vanilla\" or \"ei\"",
            };
            return Err(Error::setting("kind", format!("= \"{}\" is not measured: {remedy}", self.kind)));
        }
        if self.largest_array() > LARGEST_ARRAY {
            let message = format!(
                "= {} trials of {} steps with {} units, {} inputs and {} outputs need an array of more than \
                {LARGEST_ARRAY} values; take fewer",
                self.batch_size, self.steps, self.units, self.inputs, self.outputs
            );
            return Err(Error::setting("batch_size", message));
        }
        self.model().validate().map_err(Error::from)
    }

    /// The network: dt / tau = 0.2, `sigma_rec` = 0.05, and a trained bias of each unit and output where there are no
    /// cell types.
    pub fn model(&self) -> ModelConfig {
        let bias = || Bias::Trained(Values::All(0.0));
        let model = ModelConfig::of_kind(self.kind, self.inputs, self.units, self.outputs);
        let typed = model.layout().have_cell_types();
        let model = if typed { model } else { model.b_rec(bias()).b_out(bias()) };
        model.form(self.form).activation(self.activation).dt(20.0).tau(100.0).sigma_rec(0.05)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_match_a_number_worked_by_hand() -> Result<()> {
        // 100 trials of 100 steps: recurrent 6 * 2500, input 4 * 100, output 6 * 100.
        assert_eq!(Case::named("small")?.operations(), 1e4 * 16_000.0);
        assert_eq!(Case::named("small")?.rate_bytes(), 2_000_000);
        Ok(())
    }

    #[test]
    fn every_named_case_is_a_valid_network() -> Result<()> {
        CASES.iter().try_for_each(Case::validate)
    }

    #[test]
    fn what_cannot_be_measured_is_refused_by_its_field() -> Result<()> {
        let small = Case::named("small")?;
        let message = |case: Case| case.validate().unwrap_err().to_string();
        assert!(message(Case { units: 0, ..small.clone() }).starts_with("units: must be at least 1, but is 0"));
        assert!(message(Case { outputs: 0, ..small.clone() }).starts_with("outputs: must be"));
        assert!(message(Case { steps: usize::MAX, ..small.clone() }).contains("take fewer"));
        assert!(message(Case { inputs: 20_000, batch_size: 10_000, ..small.clone() }).contains("take fewer"));
        assert!(message(Case { units: 20_001, batch_size: 1, steps: 1, ..small }).contains("20001"));
        assert!(Case::named("smal").unwrap_err().to_string().contains("small, song, yang, large, tms or all"));
        Ok(())
    }
}
