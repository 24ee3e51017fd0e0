//! `[random]`: settings drawn at random, the same ones from the same seed on every machine.
//!
//! ```text
//! low + u (high - low)                     u uniform in [0, 1)
//! low (high / low)^u                       log = true
//! floor of the same with high + 1          integer = true: low to high, both included
//! one of the list, each as likely          choices = [...]
//! ```
//!
//! The draws of a sample depend on the seed and its place alone: a larger `count` adds samples and changes none.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use toml::{Table, Value};

use super::{MOST_RUNS, settings};
use crate::error::{Error, Result};

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Random {
    count: usize,
    seed: u64,
    ranges: Vec<(String, Range)>,
}

/// Where a value is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sweep) enum Range {
    Number { low: f64, high: f64, log: bool },
    Integer { low: i64, high: i64, log: bool },
    Choices(Vec<Value>),
}

impl Random {
    /// Reads the table.
    ///
    /// # Errors
    /// If it says no number of samples or draws nothing, or a range is none.
    pub(super) fn read(table: &Table) -> Result<Self> {
        let mut table = table.clone();
        let mut whole = |name: &str, default: Option<u64>| {
            let refused = |is: &str| {
                Error::setting(format!("random.{name}"), format!("must be a whole number >= 0, but is {is}; write 20"))
            };
            match table.remove(name) {
                Some(value) => value
                    .as_integer()
                    .and_then(|number| u64::try_from(number).ok())
                    .ok_or_else(|| refused(&value.to_string())),
                None => default.ok_or_else(|| refused("left out")),
            }
        };
        let (count, seed) = (whole("count", None)?, whole("seed", Some(0))?);
        let ranges = settings::flat("random", &table, is_range)?;
        if count == 0 || ranges.is_empty() {
            let message = "draws nothing; give `count` and a range, as in \"model.tau\" = { low = 10, high = 200 }";
            return Err(Error::setting("random", message));
        }
        let ranges = ranges.into_iter().map(|(name, value)| {
            let range = Range::read(&value).map_err(|why| Error::setting(format!("random.{name}"), why))?;
            Ok((name, range))
        });
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(MOST_RUNS + 1);
        Ok(Self { count, seed, ranges: ranges.collect::<Result<_>>()? })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn ranges(&self) -> &[(String, Range)] {
        &self.ranges
    }

    /// All samples.
    pub(super) fn samples(&self) -> Vec<Vec<(String, Value)>> {
        (0..self.count).map(|place| self.sample(place)).collect()
    }

    fn sample(&self, place: usize) -> Vec<(String, Value)> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(place as u64);
        // 53 bits, as many as an f64 has.
        let mut uniform = || (random.next_u64() >> 11) as f64 * 2f64.powi(-53);
        self.ranges.iter().map(|(name, range)| (name.clone(), range.at(uniform()))).collect()
    }

    /// What no manifest can say.
    pub(super) fn check_values(&self) -> Result<()> {
        let choices = self.ranges.iter().filter_map(|(name, range)| match range {
            Range::Choices(values) => Some(values.iter().map(move |value| settings::in_json(name, value))),
            _ => None,
        });
        choices.flatten().try_for_each(|found| found.map(drop))
    }
}

/// Whether a table is a range and not one of the run.toml.
fn is_range(table: &Table) -> bool {
    let is_bound = |(name, value): (&String, &Value)| {
        !value.is_table() && ["low", "high", "log", "integer", "choices"].contains(&name.as_str())
    };
    !table.is_empty() && table.iter().all(is_bound)
}

impl Range {
    fn read(value: &Value) -> Result<Self, String> {
        let form = "write { low = 10, high = 200 } (with log = true, integer = true), or { choices = [1, 2] }";
        let Some(table) = value.as_table() else { return Err(format!("must be a range, but is {value}; {form}")) };
        if let Some(choices) = table.get("choices") {
            return match choices.as_array() {
                Some(values) if !values.is_empty() && table.len() == 1 => Ok(Self::Choices(values.clone())),
                _ => Err(format!("must be a list of choices and nothing else, but is {value}; {form}")),
            };
        }
        let flag = |name: &str| match table.get(name) {
            None => Ok(false),
            Some(flag) => flag.as_bool().ok_or_else(|| format!("has {name} = {flag}; write true or false")),
        };
        let (is_log, is_whole) = (flag("log")?, flag("integer")?);
        let (Some(low), Some(high)) = (table.get("low"), table.get("high")) else {
            return Err(format!("must have `low` and `high`, but is {value}; {form}"));
        };
        if is_whole {
            let bound = |bound: &Value| {
                // Beyond 2^53 not every whole number is an f64.
                let found = bound.as_integer().filter(|number| number.unsigned_abs() <= 1 << 52);
                found.ok_or_else(|| format!("has the bound {bound}, which is no whole number up to 2^52; {form}"))
            };
            let (low, high) = (bound(low)?, bound(high)?);
            check_order(low as f64, high as f64, is_log, low <= high)?;
            return Ok(Self::Integer { low, high, log: is_log });
        }
        let bound = |bound: &Value| {
            let found = bound.as_float().or(bound.as_integer().map(|number| number as f64));
            found.filter(|number| number.is_finite()).ok_or_else(|| format!("has the bound {bound}, no number; {form}"))
        };
        let (low, high) = (bound(low)?, bound(high)?);
        check_order(low, high, is_log, low < high && (high - low).is_finite())?;
        Ok(Self::Number { low, high, log: is_log })
    }

    /// The value at a place in [0, 1).
    fn at(&self, place: f64) -> Value {
        match self {
            Self::Number { low, high, log } => Value::Float(between(*low, *high, *log, place).clamp(*low, *high)),
            Self::Integer { low, high, log } => {
                let drawn = between(*low as f64, *high as f64 + 1.0, *log, place).floor() as i64;
                Value::Integer(drawn.clamp(*low, *high))
            }
            Self::Choices(values) => values[((place * values.len() as f64) as usize).min(values.len() - 1)].clone(),
        }
    }
}

fn check_order(low: f64, high: f64, is_log: bool, is_ascending: bool) -> Result<(), String> {
    if !is_ascending {
        return Err(format!("must have `low` below `high`, but they are {low} and {high}; exchange them"));
    }
    if is_log && low <= 0.0 {
        return Err(format!("has low = {low}, but with log = true it must be > 0; raise it, or leave `log` out"));
    }
    Ok(())
}

/// Roundoff may reach beyond the bounds by a last bit.
fn between(low: f64, high: f64, is_log: bool, place: f64) -> f64 {
    if is_log { low * libm::exp(place * libm::log(high / low)) } else { low + place * (high - low) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(text: &str) -> Result<Random> {
        Random::read(&text.parse().unwrap())
    }

    const ALL: &str = "seed = 7\n\"train.learning_rate\" = { low = 1e-4, high = 1e-2, log = true }\n\
        model.units = { low = 10, high = 12, integer = true }\nmodel.tau = { low = 10, high = 20 }\n\
        \"model.activation\" = { choices = [\"relu\", \"tanh\"] }\ntask.low = { low = 1, high = 2 }";

    #[test]
    fn samples_follow_from_the_seed_and_their_place() -> Result<()> {
        let (few, many) = (random(&format!("count = 3\n{ALL}"))?, random(&format!("count = 400\n{ALL}"))?);
        let samples = many.samples();
        assert_eq!(few.samples()[..], samples[..3]);
        assert_ne!(samples[0], samples[1]);
        assert_ne!(random(&format!("count = 3\n{}", ALL.replace("seed = 7", "seed = 8")))?.samples(), few.samples());
        let column = |name: &str| -> Vec<Value> {
            let of = |sample: &Vec<(String, Value)>| sample.iter().find(|(known, _)| known == name).unwrap().1.clone();
            samples.iter().map(of).collect()
        };
        let units: Vec<i64> = column("model.units").iter().map(|value| value.as_integer().unwrap()).collect();
        for wanted in 10..=12 {
            let share = units.iter().filter(|found| **found == wanted).count();
            assert!((90..180).contains(&share), "{wanted}: {share} of 400");
        }
        let rates: Vec<f64> = column("train.learning_rate").iter().map(|value| value.as_float().unwrap()).collect();
        assert!(rates.iter().all(|rate| (1e-4..=1e-2).contains(rate)));
        let below = rates.iter().filter(|rate| **rate < 1e-3).count();
        assert!((160..240).contains(&below), "half of a range in logarithms is below its middle: {below} of 400");
        assert!(column("model.tau").iter().all(|tau| (10.0..=20.0).contains(&tau.as_float().unwrap())));
        let relu = column("model.activation").iter().filter(|name| name.as_str() == Some("relu")).count();
        assert!((160..240).contains(&relu), "{relu}");
        assert!(column("task.low").iter().all(Value::is_float));
        Ok(())
    }

    /// A study that grows is drawn anew: another version must draw the same.
    #[test]
    fn the_first_samples_are_known() -> Result<()> {
        let samples = random("count = 2\nseed = 1\nmodel.density = { low = 0.25, high = 1 }")?.samples();
        let drawn: Vec<Option<f64>> = samples.iter().map(|sample| sample[0].1.as_float()).collect();
        assert_eq!(drawn, [Some(0.5518642477486361), Some(0.8889341206331389)]);
        Ok(())
    }

    #[test]
    fn ranges_that_are_none_are_refused() {
        let refusal = |range: &str| random(&format!("count = 2\na.b = {range}")).unwrap_err().to_string();
        assert!(refusal("5").contains("random.a.b: must be a range, but is 5"));
        assert!(refusal("{ low = 1 }").contains("must have `low` and `high`"));
        assert!(refusal("{ low = 2, high = 1 }").contains("but they are 2 and 1"));
        assert!(refusal("{ low = 0, high = 1, log = true }").contains("low = 0, but with log"));
        assert!(refusal("{ low = 0.5, high = 1, integer = true }").contains("bound 0.5"));
        assert!(refusal("{ low = 1, high = inf }").contains("bound inf"));
        assert!(refusal("{ choices = [] }").contains("list of choices"));
        assert!(refusal("{ choices = [1], low = 2 }").contains("nothing else"));
        assert!(random("a.b = { low = 0, high = 1 }").unwrap_err().to_string().contains("random.count"));
        assert!(random("count = 2").unwrap_err().to_string().contains("draws nothing"));
        assert!(random("count = -2").unwrap_err().to_string().contains("but is -2"));
    }
}
