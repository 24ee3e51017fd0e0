//! The kinds of penalty, as they are written in a run.toml.

use candle_core::Tensor;
use nn4n_models::ModelConfig;
use serde::{Deserialize, Serialize};

use super::{
    Context, entropy, hebbian,
    population_kl::{self, Population},
    rates::{self, MeanRateNorm},
    spread, state_prediction, vanishing_gradient,
    weights::{self, Matrix},
};
use crate::error::{Error, Result};

/// What is penalised. The equation of each is in its module; the table in the [parent module](super) says which.
// Kinds without parameters are written with braces because serde lets a unit variant ignore unknown keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

impl Penalty {
    /// The kind, and the matrix if it is about one.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::L1Weights { matrix } => format!("l1_weights.{matrix}"),
            Self::L2Weights { matrix } => format!("l2_weights.{matrix}"),
            Self::Frobenius { matrix } => format!("frobenius.{matrix}"),
            Self::L1Rates {} => "l1_rates".into(),
            Self::L2Rates {} => "l2_rates".into(),
            Self::MeanRate { .. } => "mean_rate".into(),
            Self::RateSd {} => "rate_sd".into(),
            Self::RateCv {} => "rate_cv".into(),
            Self::RateMeanDeviation {} => "rate_mean_deviation".into(),
            Self::RateMaxDeviation {} => "rate_max_deviation".into(),
            Self::StatePrediction { .. } => "state_prediction".into(),
            Self::Entropy {} => "entropy".into(),
            Self::Hebbian {} => "hebbian".into(),
            Self::PopulationKl { .. } => "population_kl".into(),
            Self::VanishingGradient {} => "vanishing_gradient".into(),
        }
    }

    /// Checks the parameters.
    pub(super) fn validate(&self) -> Result<()> {
        match self {
            Self::MeanRate { target, .. } => {
                self.require(target.is_finite(), "target", || format!("must be a finite rate, but is {target}"))
            }
            Self::StatePrediction { lag } => self
                .require(*lag >= 1, "lag", || "must be at least 1 step, but is 0; a rate always equals itself".into()),
            Self::PopulationKl { variance, .. } => {
                self.require(variance.is_finite() && *variance > 0.0, "variance", || {
                    format!("must be finite and > 0, but is {variance}; 1e-6 is small against rates of order 1")
                })
            }
            _ => Ok(()),
        }
    }

    /// Refuses a network to which it does not apply.
    pub(super) fn check_fit(&self, model: &ModelConfig) -> Result<()> {
        match self {
            Self::L1Weights { matrix } | Self::L2Weights { matrix } | Self::Frobenius { matrix } => {
                matrix.check_fit(model)
            }
            Self::PopulationKl { first, second, .. } => population_kl::pair(&model.layout(), first, second).map(drop),
            Self::VanishingGradient {} => vanishing_gradient::check_fit(model),
            _ => Ok(()),
        }
    }

    /// The penalty: a scalar.
    pub(super) fn value(&self, context: &Context) -> Result<Tensor> {
        let (rates, valid) = (|| context.trajectory.rates(), &context.batch.valid);
        match self {
            Self::L1Weights { matrix } => weights::l1_weights(context.model, *matrix),
            Self::L2Weights { matrix } => weights::l2_weights(context.model, *matrix),
            Self::Frobenius { matrix } => weights::frobenius(context.model, *matrix),
            Self::L1Rates {} => rates::l1_rates(&rates()?, valid),
            Self::L2Rates {} => rates::l2_rates(&rates()?, valid),
            Self::MeanRate { target, norm } => rates::mean_rate(&rates()?, valid, *target, *norm),
            Self::RateSd {} => spread::standard_deviation(&rates()?, valid),
            Self::RateCv {} => spread::coefficient_of_variation(&rates()?, valid),
            Self::RateMeanDeviation {} => spread::mean_deviation(&rates()?, valid),
            Self::RateMaxDeviation {} => spread::max_deviation(&rates()?, valid),
            Self::StatePrediction { lag } => state_prediction::state_prediction(&rates()?, valid, *lag),
            Self::Entropy {} => entropy::entropy(&rates()?, valid),
            Self::Hebbian {} => hebbian::hebbian(&context.model.effective_w_rec()?, &rates()?, valid),
            Self::PopulationKl { first, second, symmetric, variance } => {
                let pairs = population_kl::pair(context.model.units(), first, second)?;
                population_kl::population_kl(&rates()?, valid, &pairs, *symmetric, *variance)
            }
            Self::VanishingGradient {} => vanishing_gradient::vanishing_gradient(context),
        }
    }

    fn require(&self, holds: bool, parameter: &str, message: impl FnOnce() -> String) -> Result<()> {
        if holds {
            Ok(())
        } else {
            Err(Error::setting(format!("train.regularisers.{}.{parameter}", self.name()), message()))
        }
    }
}
