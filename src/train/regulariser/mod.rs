//! Penalties that are added to the loss of the task, each a named term with its own weight.
//!
//! ```text
//! total = loss + sum over the regularisers of weight * penalty
//! ```
//!
//! | `kind` | parameters | penalises | in |
//! |---|---|---|---|
//! | `l1_weights`, `l2_weights`, `frobenius` | `matrix` | size of the weights | [`weights`] |
//! | `l1_rates`, `l2_rates` | | size of the rates | [`rates`] |
//! | `mean_rate` | `target` = 0, `norm` = `"l2"` | distance of each unit's mean rate from `target` | [`rates`] |
//! | `rate_sd`, `rate_cv`, `rate_mean_deviation`, `rate_max_deviation` | | differences between the units' mean rates | [`spread`] |
//! | `state_prediction` | `lag` = 1 | change of the rates from step to step | [`state_prediction`] |
//! | `entropy` | | activity spread over many units | [`entropy`] |
//! | `hebbian` | | weights between units active together | [`hebbian`] |
//! | `population_kl` | `first`, `second`, `symmetric` = true, `variance` = 1e-6 | difference between two populations | [`population_kl`] |
//! | `vanishing_gradient` | | gradients that shrink or grow on their way back | [`vanishing_gradient`] |
//!
//! Steps after a trial's end are left out of every average.
//!
//! ```
//! use nn4n::train::{Regulariser, TrainConfig};
//!
//! let config: TrainConfig = toml::from_str(r#"
//!     regularisers = [ { kind = "l2_rates", weight = 0.01 },
//!                      { kind = "l1_weights", matrix = "w_rec", weight = 0.1 },
//!                      { kind = "vanishing_gradient", weight = 2.0 } ]
//! "#)?;
//! let names: Vec<String> = config.regularisers.iter().map(Regulariser::name).collect();
//! assert_eq!(names, ["l2_rates", "l1_weights.w_rec", "vanishing_gradient"]);
//! # Ok::<(), toml::de::Error>(())
//! ```
//!
//! To add a penalty: a file with its equation and its tests, a variant of [`Penalty`], and its line in the table and in each `match` below.

mod average;
pub mod entropy;
pub mod hebbian;
pub mod population_kl;
pub mod rates;
pub mod spread;
pub mod state_prediction;
#[cfg(test)]
mod testing;
pub mod vanishing_gradient;
pub mod weights;

use candle_core::Tensor;
use nn4n_models::{Ctrnn, Trajectory};
use serde::{Deserialize, Serialize};

use self::{
    population_kl::Population,
    rates::{MeanRateNorm, l1_rates, l2_rates, mean_rate},
    weights::{Matrix, frobenius, l1_weights, l2_weights},
};
use super::loss::Loss;
use crate::{
    batch::TensorBatch,
    error::{Error, Result},
};

/// One penalty and its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regulariser {
    /// What is penalised, with its parameters.
    #[serde(flatten)]
    pub kind: Penalty,
    /// Factor of the penalty in the total; finite and >= 0.
    pub weight: f64,
}

/// What is penalised. The equation of each is in its module; see the table in the [module](self).
// Kinds without parameters are written with braces because serde lets a unit variant ignore unknown keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Penalty {
    /// Mean absolute weight of the synapses of a matrix.
    L1Weights {
        /// The matrix.
        matrix: Matrix,
    },
    /// Mean squared weight of the synapses of a matrix.
    L2Weights {
        /// The matrix.
        matrix: Matrix,
    },
    /// Frobenius norm of a matrix.
    Frobenius {
        /// The matrix.
        matrix: Matrix,
    },
    /// Mean absolute rate.
    L1Rates {},
    /// Mean squared rate.
    L2Rates {},
    /// Distance of each unit's mean rate from a target; with the target 0 the activity term of Time Makes Space.
    MeanRate {
        /// Wanted mean rate of every unit.
        #[serde(default)]
        target: f64,
        /// Whether the distance is squared.
        #[serde(default)]
        norm: MeanRateNorm,
    },
    /// Standard deviation of the units' mean rates.
    RateSd {},
    /// Coefficient of variation of the units' mean rates.
    RateCv {},
    /// Mean absolute deviation of the units' mean rates.
    RateMeanDeviation {},
    /// Largest absolute deviation of the units' mean rates.
    RateMaxDeviation {},
    /// Squared difference between the rates at a step and `lag` steps later.
    StatePrediction {
        /// Distance of the two, steps; >= 1.
        #[serde(default = "one_step")]
        lag: usize,
    },
    /// Entropy of how the activity is spread over the units.
    Entropy {},
    /// Correlated activity across strong recurrent weights.
    Hebbian {},
    /// Kullback-Leibler divergence between the activity of two populations.
    PopulationKl {
        /// One population.
        first: Population,
        /// The other, of as many units.
        second: Population,
        /// Whether both directions are averaged; otherwise of `first` from `second`.
        #[serde(default = "yes")]
        symmetric: bool,
        /// Variance added to each unit's, > 0, so that silent units have a distribution, too.
        #[serde(default = "small_variance")]
        variance: f64,
    },
    /// The vanishing-gradient regulariser of Pascanu et al. and Song et al.
    VanishingGradient {},
}

fn one_step() -> usize {
    1
}

fn yes() -> bool {
    true
}

fn small_variance() -> f64 {
    1e-6
}

/// What penalties are functions of.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The network.
    pub model: &'a Ctrnn,
    /// What it did.
    pub trajectory: &'a Trajectory,
    /// The trials it did it on.
    pub batch: &'a TensorBatch,
    /// The loss of the task.
    pub loss: Loss,
}

impl Context<'_> {
    /// The loss of the task: a scalar.
    pub fn task_loss(&self) -> Result<Tensor> {
        self.loss.value(self.model.config().readout, &self.trajectory.logits, &self.trajectory.outputs, self.batch)
    }
}

impl Regulariser {
    /// A penalty with its weight.
    pub fn new(kind: Penalty, weight: f64) -> Self {
        Self { kind, weight }
    }

    /// Name of the term in logs: the kind, and what distinguishes it from others of its kind, such as `l2_weights.w_rec`.
    pub fn name(&self) -> String {
        match &self.kind {
            Penalty::L1Weights { matrix } => format!("l1_weights.{matrix}"),
            Penalty::L2Weights { matrix } => format!("l2_weights.{matrix}"),
            Penalty::Frobenius { matrix } => format!("frobenius.{matrix}"),
            Penalty::L1Rates {} => "l1_rates".into(),
            Penalty::L2Rates {} => "l2_rates".into(),
            Penalty::MeanRate { target: 0.0, .. } => "mean_rate".into(),
            Penalty::MeanRate { target, .. } => format!("mean_rate.{target}"),
            Penalty::RateSd {} => "rate_sd".into(),
            Penalty::RateCv {} => "rate_cv".into(),
            Penalty::RateMeanDeviation {} => "rate_mean_deviation".into(),
            Penalty::RateMaxDeviation {} => "rate_max_deviation".into(),
            Penalty::StatePrediction { lag: 1 } => "state_prediction".into(),
            Penalty::StatePrediction { lag } => format!("state_prediction.{lag}"),
            Penalty::Entropy {} => "entropy".into(),
            Penalty::Hebbian {} => "hebbian".into(),
            Penalty::PopulationKl { first, second, .. } => format!("population_kl.{first}.{second}"),
            Penalty::VanishingGradient {} => "vanishing_gradient".into(),
        }
    }

    /// Checks every rule that does not depend on the network.
    ///
    /// # Errors
    /// The first rule that is broken: field, rule, value and remedy.
    pub fn validate(&self) -> Result<()> {
        self.require(self.weight.is_finite() && self.weight >= 0.0, "weight", || {
            format!("must be finite and >= 0, but is {}; leave the regulariser out to switch it off", self.weight)
        })?;
        match &self.kind {
            Penalty::MeanRate { target, .. } => {
                self.require(target.is_finite(), "target", || format!("must be a finite rate, but is {target}"))
            }
            Penalty::StatePrediction { lag } => {
                self.require(*lag >= 1, "lag", || "must be at least 1 step, but is 0; a rate always equals itself".into())
            }
            Penalty::PopulationKl { variance, .. } => self.require(variance.is_finite() && *variance > 0.0, "variance", || {
                format!("must be finite and > 0, but is {variance}; 1e-6 is small against rates of order 1")
            }),
            _ => Ok(()),
        }
    }

    /// The penalty, without its weight: a scalar.
    ///
    /// # Errors
    /// If it does not apply to this network or these trials.
    pub fn value(&self, context: &Context) -> Result<Tensor> {
        let (rates, valid) = (&context.trajectory.rates, &context.batch.valid);
        match &self.kind {
            Penalty::L1Weights { matrix } => l1_weights(context.model, *matrix),
            Penalty::L2Weights { matrix } => l2_weights(context.model, *matrix),
            Penalty::Frobenius { matrix } => frobenius(context.model, *matrix),
            Penalty::L1Rates {} => l1_rates(rates, valid),
            Penalty::L2Rates {} => l2_rates(rates, valid),
            Penalty::MeanRate { target, norm } => mean_rate(rates, valid, *target, *norm),
            Penalty::RateSd {} => spread::standard_deviation(rates, valid),
            Penalty::RateCv {} => spread::coefficient_of_variation(rates, valid),
            Penalty::RateMeanDeviation {} => spread::mean_deviation(rates, valid),
            Penalty::RateMaxDeviation {} => spread::max_deviation(rates, valid),
            Penalty::StatePrediction { lag } => state_prediction::state_prediction(rates, valid, *lag),
            Penalty::Entropy {} => entropy::entropy(rates, valid),
            Penalty::Hebbian {} => hebbian::hebbian(&context.model.effective_w_rec()?, rates, valid),
            Penalty::PopulationKl { first, second, symmetric, variance } => {
                let units = population_kl::pair(context.model, first, second)?;
                population_kl::population_kl(rates, valid, &units, *symmetric, *variance)
            }
            Penalty::VanishingGradient {} => vanishing_gradient::vanishing_gradient(context),
        }
    }

    fn require(&self, holds: bool, parameter: &str, message: impl FnOnce() -> String) -> Result<()> {
        if holds { Ok(()) } else { Err(Error::setting(format!("train.regularisers.{}.{parameter}", self.name()), message())) }
    }
}

/// The loss, term by term.
#[derive(Clone, Debug)]
pub struct LossTerms {
    /// Sum of all terms: a scalar.
    pub total: Tensor,
    /// Name and weighted value of each term: `task` first, then the regularisers in their order.
    pub terms: Vec<(String, Tensor)>,
}

/// The loss of the task and every weighted penalty.
///
/// # Errors
/// If the loss or a penalty does not apply to this network or these trials.
pub fn loss_terms(regularisers: &[Regulariser], context: &Context) -> Result<LossTerms> {
    let mut total = context.task_loss()?;
    let mut terms = vec![("task".to_string(), total.clone())];
    for regulariser in regularisers {
        let term = (regulariser.value(context)? * regulariser.weight)?;
        total = (total + &term)?;
        terms.push((regulariser.name(), term));
    }
    Ok(LossTerms { total, terms })
}
