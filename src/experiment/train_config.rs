//! Settings of a training run: `[train]` of a run.toml.

use nn4n_tasks::{Criterion, Task};
use serde::{Deserialize, Serialize};

use crate::{
    error::{
        Error, Result,
        rules::{at_least_one, fraction, not_negative, positive},
    },
    loss::Loss,
    optimizer::{OptimizerConfig, Schedule},
    penalty::Regulariser,
};

/// Settings of a training run. The defaults are those of Song, Yang & Wang 2016 (doi:10.1371/journal.pcbi.1004792)
/// where they are about the problem (batch of 20, gradient norm at most 1, masked squared error, stop rule of the
/// task); the optimiser is Adam at 0.003 where theirs is gradient descent at 0.01, which needs about ten times the
/// updates, and validations are every 100 updates where theirs are every 500.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Trials per update; `None` is 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    /// Most updates, if the stop rule is not met before.
    pub updates: u64,
    /// Learning rate at the first update.
    pub learning_rate: f64,
    /// Gradient clipping by the norm of all gradients together; `None` (`"off"` in TOML) is off.
    #[serde(with = "or_off")]
    #[cfg_attr(feature = "schema", schemars(with = "or_off::Switch"))]
    pub clip_norm: Option<f64>,
    /// Clipping of each gradient entry to +- this value, before `clip_norm`; `None` (`"off"` in TOML) is off.
    #[serde(with = "or_off")]
    #[cfg_attr(feature = "schema", schemars(with = "or_off::Switch"))]
    pub clip_value: Option<f64>,
    /// Loss of the task; `None` is that of the task's source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Updates between two records in log.jsonl.
    pub log_every: u64,
    /// Whether to write TensorBoard event files, too.
    pub tensorboard: bool,
    /// How the parameters are updated; `None` is Adam with its usual settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerConfig>,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Validation on fixed trials.
    pub validation: ValidationConfig,
    /// When to stop before `updates`.
    pub stop: StopConfig,
    /// Train on trials end to end in rows of so many steps, as neurogym's users do, instead of on single trials. A row
    /// goes on where it ended in the update before, and every 16 updates starts anew with a whole trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_steps: Option<usize>,
    /// Keep of every trial the state at each sqrt(steps)-th step, and compute the others again on the way back
    /// (gradient checkpointing over time): long trials need far less memory, up to half as much time more, and give the
    /// same bits. On the CPU; not through a plant.
    #[serde(skip_serializing_if = "is_off")]
    pub remat: bool,
    /// Draw conditions the more often the worse the last validation was in them, instead of as the source does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapt_conditions: Option<AdaptConditions>,
    /// Parameters that stay as they are, by name: `w_in`, `w_rec`, `w_out`, `b_rec`, `b_out`, `x0`, `tau`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<String>,
    /// Of the input weights train only those from these input channels, such as the rule input of a new task; empty
    /// trains all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_inputs: Vec<String>,
    /// Protect what earlier tasks of a sequence need.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synaptic_intelligence: Option<SynapticIntelligenceConfig>,
    /// Penalties added to the loss.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regularisers: Vec<Regulariser>,
}

/// Conditions drawn by what is not mastered yet: condition c with a probability in proportion to
/// `floor + 1 - performance_c`, from the first validation on. Conditions that are not scored (catch trials) are drawn
/// as often as the scored ones on average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AdaptConditions {
    /// The weight of a condition that is always answered right, relative to 1 + `floor` for one that never is; > 0.
    pub floor: f64,
}

impl Default for AdaptConditions {
    fn default() -> Self {
        Self { floor: 0.1 }
    }
}

/// Settings of [synaptic intelligence](crate::train::synaptic_intelligence). The defaults are among the values that the
/// code of Yang et al. 2019 (doi:10.1038/s41593-018-0310-2) tries (c 0.1 and 1, xi 0.01, 0.1 and 1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SynapticIntelligenceConfig {
    /// Strength of the penalty, >= 0.
    pub c: f64,
    /// Keeps the importance of weights that hardly moved finite, in squared units of the weights; > 0.
    pub xi: f64,
}

impl Default for SynapticIntelligenceConfig {
    fn default() -> Self {
        Self { c: 1.0, xi: 0.01 }
    }
}

/// Whether a setting that few turn on need not be written.
fn is_off(setting: &bool) -> bool {
    !setting
}

/// A number or `"off"`: what is off must be written, because leaving it out means the default.
mod or_off {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    #[serde(untagged, expecting = "expected a number or \"off\"")]
    pub(super) enum Switch {
        On(f64),
        Off(Off),
    }

    #[derive(Serialize, Deserialize)]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    #[serde(rename_all = "snake_case")]
    pub(super) enum Off {
        /// Not at all.
        Off,
    }

    pub(super) fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map_or(Switch::Off(Off::Off), Switch::On).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Ok(match Switch::deserialize(deserializer)? {
            Switch::On(value) => Some(value),
            Switch::Off(Off::Off) => None,
        })
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            batch_size: None,
            updates: 20_000,
            learning_rate: 0.003,
            clip_norm: Some(1.0),
            clip_value: None,
            loss: None,
            log_every: 10,
            tensorboard: false,
            optimizer: None,
            schedule: Schedule::default(),
            validation: ValidationConfig::default(),
            stop: StopConfig::default(),
            stream_steps: None,
            remat: false,
            adapt_conditions: None,
            freeze: Vec::new(),
            only_inputs: Vec::new(),
            synaptic_intelligence: None,
            regularisers: Vec::new(),
        }
    }
}

/// Validation on trials that are drawn once, and never trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ValidationConfig {
    /// Updates between two validations.
    pub every: u64,
    /// Trials of each of the task's conditions.
    pub trials_per_condition: usize,
    /// Keep the network of every validation as `model-UPDATE.safetensors`, and not the best alone.
    #[serde(skip_serializing_if = "is_off")]
    pub keep: bool,
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self { every: 100, trials_per_condition: 50, keep: false }
    }
}

/// When training ends before its last update.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct StopConfig {
    /// Never stop early.
    pub never: bool,
    /// Performance to reach, in place of the task's own rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criterion: Option<Criterion>,
    /// Stop when so many validations in a row bring no better one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
}

impl TrainConfig {
    /// Trials per update where nothing else is said.
    pub const BATCH_SIZE: usize = 20;

    /// When training on `task` ends before the last update, if it does.
    pub fn criterion(&self, task: &dyn Task) -> Option<Criterion> {
        if self.stop.never { None } else { self.stop.criterion.or(task.criterion()) }
    }

    /// Whether nothing is left to the task.
    pub fn is_complete(&self) -> bool {
        self.batch_size.is_some() && self.loss.is_some() && self.optimizer.is_some()
    }

    /// Checks every rule.
    ///
    /// # Errors
    /// The first rule that is broken: field, rule, value and remedy.
    pub fn validate(&self) -> Result<()> {
        at_least_one("batch_size", self.batch_size.unwrap_or(Self::BATCH_SIZE) as u64)?;
        at_least_one("updates", self.updates)?;
        at_least_one("log_every", self.log_every)?;
        at_least_one("validation.every", self.validation.every)?;
        at_least_one("validation.trials_per_condition", self.validation.trials_per_condition as u64)?;
        at_least_one("stop.patience", self.stop.patience.unwrap_or(1))?;
        positive("learning_rate", self.learning_rate)?;
        positive("clip_norm", self.clip_norm.unwrap_or(1.0))?;
        positive("clip_value", self.clip_value.unwrap_or(1.0))?;
        if self.stop.never && (self.stop.criterion.is_some() || self.stop.patience.is_some()) {
            return Err(Error::setting(
                "train.stop.never",
                "is true, but a criterion or a patience is given; remove one of them",
            ));
        }
        if let Some(criterion) = &self.stop.criterion {
            validate_criterion(criterion)?;
        }
        at_least_one("stream_steps", self.stream_steps.unwrap_or(1) as u64)?;
        if let Some(adapt) = &self.adapt_conditions {
            positive("adapt_conditions.floor", adapt.floor)?;
            if self.stream_steps.is_some() {
                let message = "has no meaning with `stream_steps`, whose trials follow each other as the source draws \
                    them; remove one of them";
                return Err(Error::setting("train.adapt_conditions", message));
            }
        }
        if let Some(SynapticIntelligenceConfig { c, xi }) = &self.synaptic_intelligence {
            positive("synaptic_intelligence.xi", *xi)?;
            not_negative("synaptic_intelligence.c", *c)?;
        }
        self.optimizer.unwrap_or_default().validate()?;
        self.schedule.validate()?;
        self.regularisers.iter().try_for_each(Regulariser::validate)
    }
}

/// Most validations that a rule may look at; a run keeps so many at hand.
pub(crate) const LONGEST_WINDOW: usize = 1_000;

fn validate_criterion(criterion: &Criterion) -> Result<()> {
    match *criterion {
        Criterion::MeanPerformance { threshold, window } => {
            fraction("stop.criterion.mean_performance.threshold", threshold)?;
            at_least_one("stop.criterion.mean_performance.window", window as u64)?;
            if window > LONGEST_WINDOW {
                let message = format!("must be at most {LONGEST_WINDOW}, but is {window}; validate less often");
                return Err(Error::setting("train.stop.criterion.mean_performance.window", message));
            }
            Ok(())
        }
        Criterion::MinPerformance { threshold } => fraction("stop.criterion.min_performance.threshold", threshold),
        Criterion::MeanOfTasks { threshold } => fraction("stop.criterion.mean_of_tasks.threshold", threshold),
        Criterion::MinOfTasks { threshold } => fraction("stop.criterion.min_of_tasks.threshold", threshold),
        Criterion::RmsError { threshold } => positive("stop.criterion.rms_error.threshold", threshold),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_rules_are_named_with_their_field() {
        let broken = |change: fn(&mut TrainConfig)| {
            let mut config = TrainConfig::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        assert!(TrainConfig::default().validate().is_ok());
        assert!(broken(|c| c.batch_size = Some(0)).starts_with("train.batch_size"));
        assert!(broken(|c| c.learning_rate = f64::NAN).contains("NaN"));
        assert!(broken(|c| c.clip_norm = Some(-1.0)).starts_with("train.clip_norm"));
        assert!(
            broken(|c| c.stop = StopConfig { never: true, patience: Some(3), criterion: None }).contains("stop.never")
        );
        assert!(
            broken(|c| c.optimizer = Some(OptimizerConfig::Adam { beta1: 1.0, beta2: 0.9, epsilon: 1e-8 }))
                .contains("beta1")
        );
    }

    #[test]
    fn clipping_that_is_off_stays_off_when_written_and_read() {
        for (clip_norm, text) in [(None, "clip_norm = \"off\""), (Some(2.0), "clip_norm = 2")] {
            let config: TrainConfig = toml::from_str(text).unwrap();
            assert_eq!(config.clip_norm, clip_norm);
            assert_eq!(toml::from_str::<TrainConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
        }
        assert!(
            toml::from_str::<TrainConfig>("clip_norm = \"of\"")
                .unwrap_err()
                .to_string()
                .contains("expected a number or \"off\"")
        );
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        assert!(toml::from_str::<TrainConfig>("learning_rat = 0.1").unwrap_err().to_string().contains("learning_rat"));
        assert!(toml::from_str::<TrainConfig>("optimizer = { kind = \"adam\", beta = 0.1 }").is_err());
    }
}
