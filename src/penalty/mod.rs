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
//! | `rate_sd`, `rate_cv` | | differences between the units' mean rates | [`spread`] |
//! | `rate_mean_deviation`, `rate_max_deviation` | | the same | [`spread`] |
//! | `state_prediction` | `lag` = 1 | change of the rates from step to step | [`state_prediction`] |
//! | `entropy` | | activity spread over many units | [`entropy`] |
//! | `hebbian` | | weights between units active together | [`hebbian`] |
//! | `population_kl` | `first`, `second`, `symmetric`, `variance` | difference of two populations | [`population_kl`] |
//! | `vanishing_gradient` | | gradients that shrink or grow on their way back | [`vanishing_gradient`] |
//!
//! Steps after a trial's end are left out of every average.
//!
//! ```
//! use nn4n::{TrainConfig, penalty::Regulariser};
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
//! To add a penalty: a file with its equation and its tests, a variant of [`Penalty`] with its arm in each `match`, and
//! a line in the table above.

mod average;
pub mod entropy;
pub mod hebbian;
mod kind;
#[cfg(test)]
mod omega_agreement;
pub mod population_kl;
pub mod rates;
pub mod spread;
pub mod state_prediction;
#[cfg(test)]
mod testing;
pub mod vanishing_gradient;
pub mod weights;

use candle_core::Tensor;
use nn4n_models::{Ctrnn, ModelConfig, Omega, Trajectory, host};
use serde::{Deserialize, Serialize};

pub use self::{kind::Penalty, population_kl::Population, rates::MeanRateNorm, weights::Matrix};
use crate::{
    error::{Error, Result},
    loss::Loss,
    simulate::TensorBatch,
};

/// One penalty and its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Regulariser {
    /// What is penalised, with its parameters.
    #[serde(flatten)]
    pub kind: Penalty,
    /// Factor of the penalty in the total; finite and >= 0.
    pub weight: f64,
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
        self.loss.value(
            self.model.config().nonlinearity(),
            &self.trajectory.logits,
            &self.trajectory.outputs,
            self.batch,
        )
    }
}

impl Regulariser {
    /// A penalty with its weight.
    pub fn new(kind: Penalty, weight: f64) -> Self {
        Self { kind, weight }
    }

    /// Name of the term in logs: the kind, and the matrix if it is about one, as in `l2_weights.w_rec`.
    pub fn name(&self) -> String {
        self.kind.name()
    }

    /// Checks every rule that does not depend on the network.
    ///
    /// # Errors
    /// The first rule that is broken: field, rule, value and remedy.
    pub fn validate(&self) -> Result<()> {
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            return Err(Error::setting(
                format!("train.regularisers.{}.weight", self.name()),
                format!("must be finite and >= 0, but is {}; a regulariser that is left out is off", self.weight),
            ));
        }
        self.kind.validate()
    }

    /// Checks that it applies to a network of this description.
    ///
    /// # Errors
    /// If it does not: an area or a matrix that the network has not, or a form of the equation it is not defined for.
    pub fn check_fit(&self, model: &ModelConfig) -> Result<()> {
        self.kind.check_fit(model)
    }

    /// The penalty, without its weight: a scalar.
    ///
    /// # Errors
    /// If it does not apply to this network or these trials.
    pub fn value(&self, context: &Context) -> Result<Tensor> {
        self.kind.value(context)
    }

    /// With its weight; not before the way back if it can be found along with it.
    fn term(&self, context: &Context) -> Result<Term> {
        if let Penalty::VanishingGradient {} = self.kind
            && let Some(omega) = vanishing_gradient::on_the_way_back(context)?
        {
            return Ok(Term::Awaited(omega, self.weight));
        }
        Ok(Term::Known((self.value(context)? * self.weight)?))
    }
}

/// The loss, term by term; [`Trainer`](crate::Trainer) tells its values.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct LossTerms {
    /// A scalar with the gradients of all terms. Its number is the sum of those that are known before the way back.
    pub total: Tensor,
    /// Name of each term: `task` first, then the regularisers in their order. Names that repeat are numbered:
    /// `mean_rate`, `mean_rate.2`.
    pub terms: Vec<(String, Term)>,
}

/// A term of the loss.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum Term {
    /// Its weighted value.
    Known(Tensor),
    /// What is found on the way back, and its weight.
    Awaited(Omega, f64),
}

impl LossTerms {
    /// Whether a term is found only on the way back.
    pub fn awaits(&self) -> bool {
        self.terms.iter().any(|(_, term)| matches!(term, Term::Awaited(..)))
    }

    /// The loss and its terms by name; NaN where a term is awaited still.
    pub fn values(&self) -> Result<(f64, Vec<(String, f64)>)> {
        let (mut loss, mut terms) = (host::value(&self.total)?, Vec::with_capacity(self.terms.len()));
        for (name, term) in &self.terms {
            let value = match term {
                Term::Known(value) => host::value(value)?,
                Term::Awaited(omega, weight) => {
                    let value = weight * omega.value().unwrap_or(f64::NAN);
                    loss += value;
                    value
                }
            };
            terms.push((name.clone(), value));
        }
        Ok((loss, terms))
    }
}

/// The loss of the task and every weighted penalty.
///
/// # Errors
/// If the loss or a penalty does not apply to this network or these trials.
#[doc(hidden)]
pub fn loss_terms(regularisers: &[Regulariser], context: &Context) -> Result<LossTerms> {
    let mut total = context.task_loss()?;
    let mut terms = vec![("task".to_string(), Term::Known(total.clone()))];
    for (index, regulariser) in regularisers.iter().enumerate() {
        let term = regulariser.term(context)?;
        total = match &term {
            Term::Known(value) => (total + value)?,
            Term::Awaited(omega, weight) => (total + (omega.term() * *weight)?)?,
        };
        let name = regulariser.name();
        let same = regularisers[..index].iter().filter(|other| other.name() == name).count();
        terms.push((if same == 0 { name } else { format!("{name}.{}", same + 1) }, term));
    }
    Ok(LossTerms { total, terms })
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Var};
    use nn4n_models::Activation;

    use super::{
        testing::{
            assert_close, assert_gradient, differences, evaluate, network, number, numbers, simulate, trials, w_rec,
        },
        *,
    };

    /// Every kind, with all its parameters.
    fn every_penalty() -> Vec<Penalty> {
        let mut penalties = vec![
            Penalty::L1Rates {},
            Penalty::L2Rates {},
            Penalty::MeanRate { target: 0.4, norm: MeanRateNorm::L1 },
            Penalty::MeanRate { target: 0.4, norm: MeanRateNorm::L2 },
            Penalty::RateSd {},
            Penalty::RateCv {},
            Penalty::RateMeanDeviation {},
            Penalty::RateMaxDeviation {},
            Penalty::StatePrediction { lag: 2 },
            Penalty::Entropy {},
            Penalty::Hebbian {},
            Penalty::VanishingGradient {},
        ];
        for matrix in [Matrix::WIn, Matrix::WRec, Matrix::WOut] {
            penalties.extend([
                Penalty::L1Weights { matrix },
                Penalty::L2Weights { matrix },
                Penalty::Frobenius { matrix },
            ]);
        }
        for symmetric in [false, true] {
            let (first, second) = (Population::Units(vec![0, 1]), Population::Units(vec![4, 2]));
            penalties.push(Penalty::PopulationKl { first, second, symmetric, variance: 1e-3 });
        }
        penalties
    }

    #[test]
    fn gradients_with_respect_to_the_recurrent_weights_match_finite_differences() -> Result<()> {
        let (model, batch) = (network(Activation::Softplus)?, trials(6)?);
        let variable = w_rec(&model);
        let task = |context: &Context| context.task_loss();
        let wanted = differences(&variable, || number(&evaluate(&model, &batch, task).unwrap()));
        assert_gradient("task", evaluate(&model, &batch, task)?.backward()?.get(&variable).unwrap(), &wanted, 10);
        for penalty in every_penalty() {
            // Omega's gradient is an immediate derivative, and w_in and w_out do not depend on w_rec.
            let other_matrix = penalty.name().ends_with("w_in") || penalty.name().ends_with("w_out");
            if other_matrix || penalty == (Penalty::VanishingGradient {}) {
                continue;
            }
            let wanted =
                differences(&variable, || number(&evaluate(&model, &batch, |context| penalty.value(context)).unwrap()));
            let gradients = evaluate(&model, &batch, |context| penalty.value(context))?.backward()?;
            assert_gradient(&format!("{penalty:?}"), gradients.get(&variable).unwrap(), &wanted, 10);
        }
        Ok(())
    }

    #[test]
    fn padding_has_no_influence() -> Result<()> {
        let model = network(Activation::Softplus)?;
        let (tight, wide) = (trials(6)?, trials(9)?);
        let (clean, garbage) = (simulate(&model, &tight, 0.0)?, simulate(&model, &wide, 35.0)?);
        for penalty in every_penalty() {
            let wanted =
                penalty.value(&Context { model: &model, trajectory: &clean, batch: &tight, loss: Loss::MaskedMse })?;
            let found =
                penalty.value(&Context { model: &model, trajectory: &garbage, batch: &wide, loss: Loss::MaskedMse })?;
            assert!(number(&wanted) > 0.0, "{penalty:?}");
            assert_close(number(&found), number(&wanted));
        }
        Ok(())
    }

    #[test]
    fn silence_and_uniform_activity_have_finite_values_and_gradients_in_f32() -> Result<()> {
        let model = testing::network_of(Activation::Softplus, DType::F32)?;
        let mut batch = trials(6)?;
        for tensor in [&mut batch.inputs, &mut batch.targets, &mut batch.loss_mask, &mut batch.valid] {
            *tensor = tensor.to_dtype(DType::F32)?;
        }
        for rate in [0.0, 1e-40, 1e-30, 1e-13, 1e-11, 1.0] {
            let trajectory = simulate(&model, &batch, 0.0)?;
            let rates = Var::from_tensor(&(trajectory.rates()?.zeros_like()? + rate)?)?;
            let (states, logits) = (trajectory.states()?, trajectory.logits);
            let trajectory = Trajectory::new(states, rates.as_tensor().clone(), logits, trajectory.outputs)?;
            for penalty in every_penalty() {
                let value = penalty.value(&Context {
                    model: &model,
                    trajectory: &trajectory,
                    batch: &batch,
                    loss: Loss::MaskedMse,
                })?;
                assert!(number(&value).is_finite(), "{penalty:?} at {rate}");
                if let Some(gradient) = value.backward()?.get(&rates) {
                    assert!(numbers(gradient).iter().all(|value| value.is_finite()), "{penalty:?} at {rate}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn terms_are_weighted_named_and_add_up() -> Result<()> {
        let (model, batch) = (network(Activation::Softplus)?, trials(6)?);
        let regularisers = [(0.5, 0.0), (2.0, 0.3)]
            .map(|(weight, target)| Regulariser::new(Penalty::MeanRate { target, norm: MeanRateNorm::L2 }, weight))
            .to_vec();
        let trajectory = simulate(&model, &batch, 0.0)?;
        let context = Context { model: &model, trajectory: &trajectory, batch: &batch, loss: Loss::MeanSquare };
        let found = loss_terms(&regularisers, &context)?;
        let names: Vec<&str> = found.terms.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["task", "mean_rate", "mean_rate.2"]);
        let (loss, terms) = found.values()?;
        assert_close(terms[0].1, number(&context.task_loss()?));
        assert_close(terms[2].1, 2.0 * number(&regularisers[1].value(&context)?));
        assert_close(loss, terms.iter().map(|(_, term)| term).sum());
        Ok(())
    }

    /// A list of regularisers, as it stands in a run.toml.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Table {
        regularisers: Vec<Regulariser>,
    }

    #[test]
    fn every_penalty_survives_toml_and_json() {
        let table =
            Table { regularisers: every_penalty().into_iter().map(|kind| Regulariser::new(kind, 0.25)).collect() };
        let text = toml::to_string(&table).unwrap();
        assert_eq!(toml::from_str::<Table>(&text).unwrap(), table, "{text}");
        assert_eq!(serde_json::from_str::<Table>(&serde_json::to_string(&table).unwrap()).unwrap(), table);
    }

    #[test]
    fn short_forms_take_the_defaults_and_mistakes_are_refused() {
        let parse = |text: &str| toml::from_str::<Regulariser>(text).map_err(|error| error.to_string());
        let kind = |text: &str| parse(&format!("{text}\nweight = 1.0")).unwrap().kind;
        assert_eq!(kind("kind = \"mean_rate\""), Penalty::MeanRate { target: 0.0, norm: MeanRateNorm::L2 });
        assert_eq!(kind("kind = \"state_prediction\""), Penalty::StatePrediction { lag: 1 });
        let (first, second) = (Population::Area("v4".into()), Population::Units(vec![1, 2]));
        let wanted = Penalty::PopulationKl { first, second, symmetric: true, variance: 1e-6 };
        assert_eq!(kind("kind = \"population_kl\"\nfirst = \"v4\"\nsecond = [1, 2]"), wanted);

        assert!(parse("kind = \"l2_rate\"\nweight = 1.0").unwrap_err().contains("l2_rates"));
        assert!(parse("kind = \"l2_rates\"").unwrap_err().contains("weight"));
        assert!(parse("kind = \"l2_rates\"\nweight = 1.0\ntarget = 2.0").unwrap_err().contains("target"));
        assert!(parse("kind = \"l2_weights\"\nweight = 1.0\nmatrix = \"w\"").unwrap_err().contains("w_rec"));
        assert!(parse("kind = \"mean_rate\"\nweight = 1.0\ntaget = 2.0").unwrap_err().contains("taget"));
    }

    #[test]
    fn broken_rules_are_named_with_their_field_and_value() {
        let message = |kind, weight| Regulariser::new(kind, weight).validate().unwrap_err().to_string();
        assert!(
            message(Penalty::L2Rates {}, -1.0)
                .starts_with("train.regularisers.l2_rates.weight: must be finite and >= 0, but is -1")
        );
        assert!(message(Penalty::L2Rates {}, f64::NAN).contains("NaN"));
        assert!(
            message(Penalty::StatePrediction { lag: 0 }, 1.0).starts_with("train.regularisers.state_prediction.lag")
        );
        assert!(
            message(Penalty::MeanRate { target: f64::INFINITY, norm: MeanRateNorm::L1 }, 1.0)
                .contains("mean_rate.target")
        );
        let (first, second) = (Population::Units(vec![0]), Population::Units(vec![1]));
        assert!(
            message(Penalty::PopulationKl { first, second, symmetric: true, variance: 0.0 }, 1.0).contains("variance")
        );
        assert!(every_penalty().into_iter().all(|kind| Regulariser::new(kind, 0.0).validate().is_ok()));
    }
}
