//! What each kind of penalty costs (`train.regularisers`): steps without any and with one of each kind in turn, so that
//! all see the same machine.

use std::time::Instant;

use nn4n_models::ModelConfig;
use serde::Serialize;

use super::{case::Case, measure::duration, median::median, step::TrainingStep};
use crate::{
    error::{Error, Result},
    penalty::{Matrix, MeanRateNorm, Penalty, Population, Regulariser},
};

/// Fewest rounds that count; one more warms up.
const FEWEST: usize = 3;

/// Little beside the loss, whatever the penalty.
const WEIGHT: f64 = 1e-3;

/// The times of one case.
#[derive(Clone, Debug, Serialize)]
pub struct RegularisersRow {
    /// What was measured.
    #[serde(flatten)]
    pub case: Case,
    /// Threads of the pool.
    pub threads: usize,
    /// Steps of each kind that count.
    pub rounds: usize,
    /// Median time of a step without penalties, ms.
    pub median_ms: f64,
    /// What each penalty makes of it.
    pub regularisers: Vec<Price>,
    /// Why others are not for this network.
    pub left_out: Vec<String>,
}

/// The time of a step with one penalty.
#[derive(Clone, Debug, Serialize)]
pub struct Price {
    /// Name of the term in logs.
    pub regulariser: String,
    /// Median time, ms.
    pub median_ms: f64,
    /// Median over the rounds of the time by that of the step without penalties.
    pub ratio: f64,
}

/// Measures a case on the current pool of threads, with each penalty whose name starts with `prefix`, for at least
/// `seconds`, and longer if a few rounds take longer. `progress` is told the number of rounds so far.
///
/// # Errors
/// If the case is invalid, or no penalty has such a name.
pub fn regularisers(
    case: &Case,
    prefix: &str,
    seconds: f64,
    mut progress: impl FnMut(usize),
) -> Result<RegularisersRow> {
    let mut step = TrainingStep::new(case)?;
    let (fitting, left_out) = chosen(&case.model(), prefix)?;
    let (limit, start) = (duration(seconds)?, Instant::now());
    let mut rounds: Vec<Vec<f64>> = Vec::new();
    let mut warm = false;
    while rounds.len() < FEWEST || start.elapsed() < limit {
        let mut round = vec![time(&mut step, None)?];
        for regulariser in &fitting {
            round.push(time(&mut step, Some(regulariser))?);
        }
        if std::mem::replace(&mut warm, true) {
            rounds.push(round);
            progress(rounds.len());
        }
    }
    let of = |each: &dyn Fn(&[f64]) -> f64| median(&rounds.iter().map(|round| each(round)).collect::<Vec<_>>());
    let price = |(index, regulariser): (usize, &Regulariser)| Price {
        regulariser: regulariser.name(),
        median_ms: 1e3 * of(&|round| round[index + 1]),
        ratio: of(&|round| round[index + 1] / round[0]),
    };
    Ok(RegularisersRow {
        case: case.clone(),
        threads: rayon::current_num_threads(),
        rounds: rounds.len(),
        median_ms: 1e3 * of(&|round| round[0]),
        regularisers: fitting.iter().enumerate().map(price).collect(),
        left_out,
    })
}

/// Seconds of one step.
fn time(step: &mut TrainingStep, regulariser: Option<&Regulariser>) -> Result<f64> {
    step.trainer.set_regularisers(regulariser.cloned().into_iter().collect());
    Ok(step.update()?.total_seconds())
}

/// The penalties of these names that are for this network, and why the others are not.
fn chosen(model: &ModelConfig, prefix: &str) -> Result<(Vec<Regulariser>, Vec<String>)> {
    let all = kinds(model.n_units()).into_iter().map(|kind| Regulariser::new(kind, WEIGHT));
    let (mut fitting, mut left_out) = (Vec::new(), Vec::new());
    for regulariser in all.filter(|regulariser| regulariser.name().starts_with(prefix)) {
        match regulariser.check_fit(model) {
            Ok(()) => fitting.push(regulariser),
            Err(error) => left_out.push(error.to_string()),
        }
    }
    if fitting.is_empty() && left_out.is_empty() {
        let names: Vec<String> =
            kinds(model.n_units()).into_iter().map(|kind| Regulariser::new(kind, WEIGHT).name()).collect();
        let message = format!("no regulariser has a name that starts with `{prefix}`; use one of {}", names.join(", "));
        return Err(Error::setting("regularisers", message));
    }
    Ok((fitting, left_out))
}

/// One of each kind, of the recurrent weights if it is about a matrix.
fn kinds(units: usize) -> Vec<Penalty> {
    // A case has fewer units than fit into 32 bits.
    let (matrix, half) = (Matrix::WRec, (units / 2) as u32);
    vec![
        Penalty::L1Weights { matrix },
        Penalty::L2Weights { matrix },
        Penalty::Frobenius { matrix },
        Penalty::L1Rates {},
        Penalty::L2Rates {},
        Penalty::MeanRate { target: 0.0, norm: MeanRateNorm::L2 },
        Penalty::RateSd {},
        Penalty::RateCv {},
        Penalty::RateMeanDeviation {},
        Penalty::RateMaxDeviation {},
        Penalty::StatePrediction { lag: 1 },
        Penalty::Entropy {},
        Penalty::Hebbian {},
        Penalty::PopulationKl {
            first: Population::Units((0..half).collect()),
            second: Population::Units((half..2 * half).collect()),
            symmetric: true,
            variance: 1e-6,
        },
        Penalty::VanishingGradient {},
    ]
}

#[cfg(test)]
mod tests {
    use nn4n_models::Form;

    use super::*;

    #[test]
    fn every_kind_has_a_price() {
        // serde names all that there are.
        let message = toml::from_str::<Regulariser>("kind = \"none\"\nweight = 1.0").unwrap_err().to_string();
        let all = message.split_once("expected one of ").expect("a list").1;
        let all: Vec<&str> = all.split('`').skip(1).step_by(2).collect();
        let priced: Vec<String> = kinds(4).iter().map(Penalty::name).collect();
        let priced: Vec<&str> = priced.iter().map(|name| name.split('.').next().unwrap_or_default()).collect();
        assert_eq!(priced, all);
    }

    #[test]
    fn what_is_not_for_a_network_is_left_out_and_an_unknown_name_is_refused() -> Result<()> {
        let model = ModelConfig::vanilla(1, 4, 1);
        let (fitting, left_out) = chosen(&model, "")?;
        assert_eq!((fitting.len(), left_out), (kinds(4).len(), Vec::new()));
        let (fitting, left_out) = chosen(&model.clone().form(Form::Rate), "vanishing")?;
        assert!(fitting.is_empty() && left_out[0].contains("is \"rate\""));
        let message = chosen(&model, "l3").unwrap_err().to_string();
        assert!(message.contains("starts with `l3`") && message.contains("l2_rates"), "{message}");
        Ok(())
    }
}
