//! Difference between two populations of units: the Kullback-Leibler divergence between Gaussians with their means and
//! variances.
//!
//! ```text
//! KL(a, b) = mean over pairs of ( log(v_b / v_a) + (v_a + (m_a - m_b)^2) / v_b - 1 ) / 2
//! L = KL(first, second)                                              symmetric = false
//! L = (KL(first, second) + KL(second, first)) / 2                    symmetric = true
//! ```
//!
//! | symbol | name | shape |
//! |---|---|---|
//! | `m` | mean of a unit's rate over trials and steps | (pairs) |
//! | `v` | its variance (divided by the count) plus the parameter `variance` | (pairs) |
//!
//! The i-th unit of one population is paired with the i-th of the other. A population is an area, by name, or a list of
//! units: `first = "v4"`, `second = [40, 41, 42]`. The added `variance`, that of an independent noise of each unit,
//! keeps the divergence finite for units whose rate is constant.
//!
//! The population criterion of the original nn4n, which compares two separately computed sets of states, adds nothing
//! to the variances, and adds 0.001 of the summed squared rates: here a term of its own, `l2_rates`.

use candle_core::Tensor;
use nn4n_models::Units;
use serde::{Deserialize, Serialize};

use super::average::channel_means;
use crate::error::{Error, Result};

/// Units of a network: an area or a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected the name of an area or a list of units")]
pub enum Population {
    /// The units of the area of this name.
    Area(String),
    /// These units, counted from 0.
    Units(Vec<u32>),
}

impl Population {
    fn resolve(&self, network: &Units, field: &str) -> Result<Vec<u32>> {
        let error = |message| Error::setting(format!("train.regularisers.population_kl.{field}"), message);
        let n_units = network.len();
        match self {
            Self::Area(name) => match network.area(name) {
                Some(area) => Ok((area.start as u32..area.end as u32).collect()),
                None => {
                    let names: Vec<&str> = network.areas.iter().map(|area| area.name.as_str()).collect();
                    Err(error(format!("names the area `{name}`, which does not exist; areas are {}", names.join(", "))))
                }
            },
            Self::Units(units) if units.is_empty() => Err(error("lists no unit; list at least one".into())),
            Self::Units(units) => match units.iter().find(|unit| **unit as usize >= n_units) {
                Some(unit) => Err(error(format!("names unit {unit}, but there are {n_units} (counted from 0)"))),
                None => Ok(units.clone()),
            },
        }
    }
}

/// The units of both populations, in pairs, each (pairs).
#[derive(Clone, Debug)]
pub struct Pairs {
    first: Vec<u32>,
    second: Vec<u32>,
}

/// Pairs the units of two populations of a network of these `units`.
///
/// # Errors
/// If a population does not exist in the network, or they differ in size.
pub fn pair(units: &Units, first: &Population, second: &Population) -> Result<Pairs> {
    let (first, second) = (first.resolve(units, "first")?, second.resolve(units, "second")?);
    if first.len() != second.len() {
        return Err(Error::setting(
            "train.regularisers.population_kl",
            format!("pairs units, but `first` has {} and `second` {}; list as many of each", first.len(), second.len()),
        ));
    }
    Ok(Pairs { first, second })
}

/// Divergence between the two populations of `pairs`: a scalar.
pub fn population_kl(rates: &Tensor, valid: &Tensor, pairs: &Pairs, symmetric: bool, variance: f64) -> Result<Tensor> {
    let of = |units: &[u32]| -> Result<Gaussian> {
        let units = Tensor::new(units, rates.device())?;
        Gaussian::fit(&rates.index_select(&units, 2)?, valid, variance)
    };
    let (first, second) = (of(&pairs.first)?, of(&pairs.second)?);
    let divergence = first.divergence_from(&second)?;
    Ok(if symmetric { ((divergence + second.divergence_from(&first)?)? * 0.5)? } else { divergence })
}

/// Independent Gaussians, one for each unit of a population.
struct Gaussian {
    mean: Tensor,
    variance: Tensor,
}

impl Gaussian {
    fn fit(rates: &Tensor, valid: &Tensor, added: f64) -> Result<Self> {
        let mean = channel_means(rates, valid)?;
        let variance = (channel_means(&rates.broadcast_sub(&mean)?.sqr()?, valid)? + added)?;
        Ok(Self { mean, variance })
    }

    fn divergence_from(&self, other: &Self) -> Result<Tensor> {
        let logarithm = (other.variance.log()? - self.variance.log()?)?;
        let distance = ((&self.variance + (&self.mean - &other.mean)?.sqr()?)? / &other.variance)?;
        Ok((logarithm + distance)?.mean_all()?.affine(0.5, -0.5)?)
    }
}

#[cfg(test)]
mod tests {
    use nn4n_models::{Area, ModelConfig};

    use super::{super::testing::on_two_trials, *};

    #[test]
    fn divergences_match_hand_worked_numbers() -> Result<()> {
        // Means 1 and 3; variances 2/3 and 8/3, to which 4/3 is added.
        let pairs = Pairs { first: vec![0], second: vec![1] };
        let forward = 0.5 * (2f64.ln() + (2.0 + 4.0) / 4.0 - 1.0);
        let backward = 0.5 * (-(2f64.ln()) + (4.0 + 4.0) / 2.0 - 1.0);
        for (symmetric, wanted) in [(false, forward), (true, 0.5 * (forward + backward))] {
            on_two_trials(
                [[0.0, 1.0], [2.0, 5.0]],
                [1.0, 3.0],
                |r, v| population_kl(r, v, &pairs, symmetric, 4.0 / 3.0),
                wanted,
            );
        }
        Ok(())
    }

    #[test]
    fn populations_are_areas_or_lists_and_misfits_are_named() -> Result<()> {
        let config = ModelConfig::multi_area(1, 1, [Area::ei("v4", 4, 0.5), Area::ei("pfc", 3, 0.5)]);
        let units = config.layout();
        let area = |name: &str| Population::Area(name.into());
        let pairs = pair(&units, &Population::Units(vec![3, 0, 1]), &area("pfc"))?;
        assert_eq!((pairs.first, pairs.second), (vec![3, 0, 1], vec![4, 5, 6]));
        let message = |first, second| pair(&units, &first, &second).unwrap_err().to_string();
        assert!(message(area("v4"), area("pfc")).contains("`first` has 4 and `second` 3"));
        assert!(message(area("pmd"), area("pfc")).contains("areas are v4, pfc"));
        assert!(
            message(area("v4"), Population::Units(vec![7]))
                .contains("population_kl.second: names unit 7, but there are 7")
        );
        assert!(message(area("v4"), Population::Units(vec![])).contains("no unit"));
        Ok(())
    }
}
