//! The variables of a declared task: drawn for every trial, or as a condition says.

use std::borrow::Cow;

use crate::{Condition, TaskError, TrialRng, Value, song2016::coherence};

/// A variable whose description makes sense.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) draw: Draw,
    /// Whether its values tell classes of trials apart.
    pub(crate) class: bool,
    /// The numbers that a condition may ask for beyond those that are drawn.
    pub(crate) range: Option<[f64; 2]>,
    /// The number of values on the grid of a continuous variable.
    pub(crate) grid: usize,
}

/// How a value comes about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Draw {
    /// One of the numbers, each equally likely.
    Numbers(Vec<f64>),
    /// The same, with either sign.
    Signed(Vec<f64>),
    /// One of the words (and the number that stands for it), each equally likely.
    Words(Vec<(String, usize)>),
    /// True with this probability.
    Chance(f64),
    /// A whole number from the first to the last, each equally likely.
    Whole(i32, i32),
    /// Uniform on [low, high).
    Uniform(f64, f64),
}

/// The value of a variable in a trial.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawn {
    /// As expressions see it.
    pub(crate) number: f64,
    /// 1 or -1: that of a signed number, drawn at 0.
    pub(crate) sign: f64,
    /// As the condition of the trial says it.
    pub(crate) value: Value,
}

impl Drawn {
    fn new(number: f64) -> Self {
        // -0 and 0 are one condition.
        let number = if number == 0.0 { 0.0 } else { number };
        Self { number, sign: 1.0, value: Value::Number(number) }
    }

    fn flag(flag: bool) -> Self {
        Self { number: f64::from(u8::from(flag)), sign: 1.0, value: Value::Bool(flag) }
    }

    fn word((word, number): &(String, usize)) -> Self {
        Self { number: *number as f64, sign: 1.0, value: Value::Text(Cow::Owned(word.clone())) }
    }
}

impl Variable {
    /// The value that the condition asks for, or one that is drawn.
    pub(crate) fn in_trial(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Drawn, TaskError> {
        match condition.and_then(|condition| condition.get(&self.name)) {
            Some(value) => self.asked(value, rng),
            None => Ok(self.drawn(rng)),
        }
    }

    /// Whether expressions may ask for its sign.
    pub(crate) fn is_signed(&self) -> bool {
        matches!(self.draw, Draw::Signed(_))
    }

    fn drawn(&self, rng: &mut TrialRng) -> Drawn {
        match &self.draw {
            Draw::Numbers(values) => Drawn::new(rng.pick(values).copied().unwrap_or(f64::NAN)),
            Draw::Signed(strengths) => {
                let strength = rng.pick(strengths).copied().unwrap_or(f64::NAN);
                let sign = if rng.chance(0.5) { -1.0 } else { 1.0 };
                Drawn { sign, ..Drawn::new(sign * strength) }
            }
            Draw::Words(words) => rng.pick(words).map_or_else(|| Drawn::new(f64::NAN), Drawn::word),
            Draw::Chance(p) => Drawn::flag(rng.chance(*p)),
            Draw::Whole(first, last) => {
                let count = f64::from(*last) - f64::from(*first) + 1.0;
                // The product can round up to the count itself.
                Drawn::new(f64::from(*first) + (rng.uniform() * count).floor().min(count - 1.0))
            }
            Draw::Uniform(low, high) => Drawn::new(rng.between(*low, *high)),
        }
    }

    fn asked(&self, value: &Value, rng: &mut TrialRng) -> Result<Drawn, TaskError> {
        let refuse =
            |remedy: String| Err(TaskError::condition(&self.name, value, "is no value of this variable", remedy));
        match (&self.draw, value) {
            (Draw::Words(words), Value::Text(asked)) => match words.iter().find(|(word, _)| word == asked) {
                Some(word) => Ok(Drawn::word(word)),
                None => refuse(format!("give {}", self.allowed())),
            },
            (Draw::Chance(_), Value::Bool(flag)) => Ok(Drawn::flag(*flag)),
            (Draw::Words(_) | Draw::Chance(_), _) => refuse(format!("give {}", self.allowed())),
            (_, Value::Number(number)) if self.may_be(*number) => match &self.draw {
                Draw::Signed(_) => {
                    let negative = if *number == 0.0 { rng.chance(0.5) } else { *number < 0.0 };
                    Ok(Drawn { sign: if negative { -1.0 } else { 1.0 }, ..Drawn::new(*number) })
                }
                _ => Ok(Drawn::new(*number)),
            },
            _ => refuse(format!("give {}", self.allowed())),
        }
    }

    fn may_be(&self, number: f64) -> bool {
        let within = |low: f64, high: f64| (low..=high).contains(&number);
        match (&self.draw, self.range) {
            (_, Some([low, high])) => within(low, high),
            (Draw::Numbers(values), None) => values.contains(&number),
            (Draw::Signed(strengths), None) => strengths.contains(&number.abs()),
            (Draw::Whole(first, last), None) => number.fract() == 0.0 && within(f64::from(*first), f64::from(*last)),
            (Draw::Uniform(low, high), None) => within(*low, *high),
            (Draw::Words(_) | Draw::Chance(_), None) => false,
        }
    }

    /// What may be asked for, in words.
    fn allowed(&self) -> String {
        match (&self.draw, self.range) {
            (_, Some([low, high])) => format!("a number from {low} to {high}"),
            (Draw::Uniform(low, high), None) => format!("a number from {low} to {high}"),
            (Draw::Chance(_), None) => "true or false".into(),
            _ => {
                let values: Vec<String> = self.grid().iter().take(20).map(ToString::to_string).collect();
                let range = if matches!(self.draw, Draw::Words(_)) { "" } else { ", or give the variable a `range`" };
                format!("one of {}{range}", values.join(", "))
            }
        }
    }

    /// The number of values in [`Self::grid`].
    pub(crate) fn n_values(&self) -> usize {
        match &self.draw {
            Draw::Numbers(values) => values.len(),
            Draw::Signed(strengths) => 2 * strengths.len(),
            Draw::Words(words) => words.len(),
            Draw::Chance(_) => 2,
            Draw::Whole(first, last) => first.abs_diff(*last) as usize + 1,
            Draw::Uniform(..) => self.grid,
        }
    }

    /// The values, in order; those of a continuous variable are the lower ends of equal parts.
    pub(crate) fn grid(&self) -> Vec<Value> {
        match &self.draw {
            Draw::Numbers(values) => values.iter().copied().map(Value::Number).collect(),
            Draw::Signed(strengths) => coherence::signed(strengths).into_iter().map(Value::Number).collect(),
            Draw::Words(words) => words.iter().map(|word| Drawn::word(word).value).collect(),
            Draw::Chance(p) if *p >= 1.0 => vec![Value::Bool(true)],
            Draw::Chance(p) if *p <= 0.0 => vec![Value::Bool(false)],
            Draw::Chance(_) => vec![Value::Bool(true), Value::Bool(false)],
            Draw::Whole(first, last) => (*first..=*last).map(|value| Value::Number(f64::from(value))).collect(),
            Draw::Uniform(low, high) => {
                let part = (high - low) / self.grid.max(1) as f64;
                (0..self.grid).map(|k| Value::Number(low + k as f64 * part)).collect()
            }
        }
    }

    /// How it is drawn, in words.
    pub(crate) fn in_words(&self) -> String {
        let list = |values: Vec<String>| values.join(", ");
        match &self.draw {
            Draw::Numbers(values) => format!("one of {}", list(values.iter().map(ToString::to_string).collect())),
            Draw::Signed(values) => {
                format!("one of {}, either sign", list(values.iter().map(ToString::to_string).collect()))
            }
            Draw::Words(words) => format!("one of {}", list(words.iter().map(|(word, _)| word.clone()).collect())),
            Draw::Chance(p) => format!("true with probability {p}"),
            Draw::Whole(first, last) => format!("a whole number from {first} to {last}"),
            Draw::Uniform(low, high) => format!("uniform on [{low}, {high})"),
        }
    }
}

/// All combinations of the variables' values, the last variable changing fastest.
pub(crate) fn product<'a>(variables: impl IntoIterator<Item = &'a Variable>) -> Vec<Condition> {
    variables.into_iter().fold(vec![Condition::new()], |conditions, variable| {
        let values = variable.grid();
        let with = |condition: &Condition| -> Vec<Condition> {
            values.iter().map(|value| condition.clone().with(variable.name.clone(), value.clone())).collect()
        };
        conditions.iter().flat_map(with).collect()
    })
}
