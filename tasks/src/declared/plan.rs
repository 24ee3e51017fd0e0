//! A declared task whose tables have been checked, with all expressions read.

use super::channel::{CATCH, Channel, RESERVED, Side, Slot, check_size, slots};
use super::draws::variables;
use super::expression::{Expression, Kind};
use super::format::{Catch, Format, Level, Noise as NoiseTable, ScoreRule, at_most, in_order};
use super::noise::Noise;
use super::scope::{NONE, Scope, check_name, quoted};
use super::variable::Variable;
use crate::error::rules;
use crate::song2016::InputNoise;
use crate::{Clock, Criterion, Duration, Objective, Split, TaskError};

/// Of epochs, of variables, of definitions.
const MAX_NAMES: usize = 64;

/// A declared task that makes sense.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) summary: String,
    pub(crate) clock: Clock,
    pub(crate) objective: Objective,
    /// The numbers of words are places in this list; the outputs come first.
    pub(crate) words: Vec<String>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) definitions: Vec<Expression>,
    pub(crate) epochs: Vec<Epoch>,
    pub(crate) inputs: Vec<Channel>,
    pub(crate) outputs: Vec<Channel>,
    pub(crate) noise: Noise,
    /// The fraction of catch trials, and how long they are, ms.
    pub(crate) catch: Option<(f64, f64)>,
    pub(crate) correct: Option<Expression>,
    pub(crate) score: ScoreRule,
    pub(crate) chance: Option<f64>,
    pub(crate) criterion: Option<Criterion>,
}

/// A period.
#[derive(Clone, Debug)]
pub(crate) struct Epoch {
    pub(crate) name: String,
    pub(crate) train: Duration,
    pub(crate) test: Duration,
    pub(crate) graded: Expression,
    /// What messages call the three.
    pub(crate) train_field: String,
    pub(crate) test_field: String,
    pub(crate) graded_field: String,
}

impl Plan {
    /// Checks the tables and reads all expressions.
    pub(crate) fn new(format: &Format) -> Result<Self, TaskError> {
        rules::positive("dt", format.dt)?;
        if format.summary.trim().is_empty() {
            return Err(TaskError::parameter(
                "summary",
                "\"\"",
                "must say something",
                "describe the task in one sentence",
            ));
        }
        let clock = Clock::new(format.dt).rounding(format.rounding);
        at_most("epochs", format.epochs.len(), MAX_NAMES)?;
        at_most("variables", format.variables.len(), MAX_NAMES)?;
        at_most("define", format.define.len(), MAX_NAMES)?;
        let names: Vec<&str> = format.epochs.iter().map(|epoch| epoch.name.as_str()).collect();
        let (input_slots, output_slots) =
            (slots(Side::Inputs, &format.inputs)?, slots(Side::Outputs, &format.outputs)?);
        for slots in [&input_slots, &output_slots] {
            check_size(slots, names.len())?;
        }
        if output_slots.is_empty() {
            return Err(TaskError::parameter("outputs", "{}", "must not be empty", "give at least one output"));
        }
        let mut scope =
            Scope { words: output_slots.iter().map(|slot| slot.name.clone()).collect(), ..Scope::default() };
        let variables = variables(format, &mut scope)?;
        let definitions = definitions(format, &mut scope)?;
        let epochs = epochs(format, clock, &scope)?;
        let catches = format.catch.is_some();
        let read = |side, slots: Vec<Slot<'_>>| -> Result<Vec<Channel>, TaskError> {
            slots.into_iter().map(|slot| slot.read(side, &names, catches, &scope)).collect()
        };
        let inputs = read(Side::Inputs, input_slots)?;
        let outputs = read(Side::Outputs, output_slots)?;
        let score = score(format, &names, &outputs)?;
        let correct = correct(format, &mut scope)?;
        Ok(Self {
            summary: format.summary.trim().into(),
            clock,
            objective: format.objective,
            noise: noise(format, &names, &inputs)?,
            catch: format.catch.as_ref().map(|catch| self::catch(catch, clock, &scope)).transpose()?,
            correct,
            score,
            chance: format.chance.map(|chance| rules::probability("chance", chance).map(|()| chance)).transpose()?,
            criterion: format.criterion.map(criterion).transpose()?,
            words: scope.words,
            variables,
            definitions,
            epochs,
            inputs,
            outputs,
        })
    }

    /// Whether the epoch of this name (or the catch trial) lasts at least one step in every trial.
    pub(crate) fn always_lasts(&self, name: &str, split: Split) -> bool {
        self.epochs.iter().find(|epoch| epoch.name == name).is_none_or(|epoch| {
            let (duration, field) = match split {
                Split::Train => (&epoch.train, &epoch.train_field),
                Split::Test => (&epoch.test, &epoch.test_field),
            };
            duration.validate_at_least_one_step(field, self.clock).is_ok()
        })
    }
}

fn definitions(format: &Format, scope: &mut Scope) -> Result<Vec<Expression>, TaskError> {
    let mut definitions = Vec::new();
    for (name, level) in in_order(&format.define) {
        let field = format!("define.{name}");
        let (expression, kind) = match level {
            Level::Text(text) => scope.read(&field, text)?,
            other => (scope.level(&field, other)?, Kind::Number),
        };
        scope.declare(&field, name, kind)?;
        definitions.push(expression);
    }
    Ok(definitions)
}

fn epochs(format: &Format, clock: Clock, scope: &Scope) -> Result<Vec<Epoch>, TaskError> {
    let mut epochs: Vec<Epoch> = Vec::new();
    for table in &format.epochs {
        let name = &table.name;
        check_name("epochs.name", name)?;
        if RESERVED.contains(&name.as_str()) || epochs.iter().any(|known| known.name == *name) {
            return Err(TaskError::parameter(
                "epochs.name",
                quoted(name),
                "has a meaning already",
                "give every epoch a name of its own",
            ));
        }
        let (train, test) = (table.duration.clone(), table.test.clone().unwrap_or_else(|| table.duration.clone()));
        let [train_field, test_field, graded_field] =
            ["duration", "test", "graded"].map(|key| format!("epochs.{name}.{key}"));
        train.validate(&train_field, clock)?;
        test.validate(if table.test.is_some() { &test_field } else { &train_field }, clock)?;
        let graded =
            table.graded.as_ref().map_or(Ok(Expression::Constant(0.0)), |level| scope.level(&graded_field, level))?;
        epochs.push(Epoch { name: name.clone(), train, test, graded, train_field, test_field, graded_field });
    }
    if epochs.is_empty() {
        return Err(TaskError::parameter("epochs", "[]", "must not be empty", "give at least one [[epochs]]"));
    }
    Ok(epochs)
}

/// Noise: what scales it, and where it goes.
fn noise(format: &Format, epochs: &[&str], inputs: &[Channel]) -> Result<Noise, TaskError> {
    match &format.noise {
        None => Ok(Noise::None),
        Some(NoiseTable::Rectified { baseline, sigma_in, tau_in }) => {
            let noise = InputNoise { dt: format.dt, baseline: *baseline, sigma_in: *sigma_in, tau_in: *tau_in };
            noise.validate()?;
            Ok(Noise::Rectified(noise))
        }
        Some(NoiseTable::White { std, sigma, inputs: some_inputs, epochs: some_epochs }) => {
            let std = match (std, sigma) {
                (Some(std), None) => rules::not_negative("noise.std", *std).map(|()| *std)?,
                (None, Some(sigma)) => rules::not_negative("noise.sigma", *sigma).map(|()| sigma / format.dt.sqrt())?,
                _ => {
                    let remedy =
                        "give either `std`, that of one step, or `sigma`, which is divided by the root of `dt`";
                    return Err(TaskError::parameter("noise", "white", "must have one strength", remedy));
                }
            };
            let named = |name: &str| -> Vec<usize> {
                let is_it = |channel: &Channel| channel.name == name || channel.group == name;
                inputs.iter().enumerate().filter(|(_, channel)| is_it(channel)).map(|(place, _)| place).collect()
            };
            let mut channels: Vec<usize> = (0..inputs.len()).collect();
            if let Some(names) = some_inputs {
                if let Some(name) = names.iter().find(|name| named(name).is_empty()) {
                    return Err(TaskError::parameter(
                        "noise.inputs",
                        quoted(name),
                        "is no input",
                        "give names of inputs",
                    ));
                }
                channels.retain(|place| names.iter().any(|name| named(name).contains(place)));
            }
            if let Some(name) =
                some_epochs.iter().flatten().find(|name| !epochs.contains(&name.as_str()) && *name != CATCH)
            {
                return Err(TaskError::parameter(
                    "noise.epochs",
                    quoted(name),
                    "is no epoch",
                    format!("the epochs are: {}", epochs.join(", ")),
                ));
            }
            Ok(Noise::White { std, channels, epochs: some_epochs.clone() })
        }
    }
}

fn catch(table: &Catch, clock: Clock, scope: &Scope) -> Result<(f64, f64), TaskError> {
    let probability = scope.constant("catch.probability", &table.probability)?;
    rules::probability("catch.probability", probability)?;
    clock.at_least_one_step("catch.duration", table.duration)?;
    Ok((probability, table.duration))
}

fn correct(format: &Format, scope: &mut Scope) -> Result<Option<Expression>, TaskError> {
    let Some(text) = &format.correct else { return Ok(None) };
    scope.intern(NONE);
    match scope.read("correct", text)? {
        (expression, Kind::Word) => Ok(Some(expression)),
        (_, Kind::Number) => {
            let remedy = "write it in single quotes, such as if(coherence > 0, 'choice_1', 'choice_2'); 'none' if no \
                choice is right";
            Err(TaskError::parameter("correct", quoted(text), "must be the name of an output", remedy))
        }
    }
}

fn score(format: &Format, epochs: &[&str], outputs: &[Channel]) -> Result<ScoreRule, TaskError> {
    let rule = match (&format.score, &format.correct) {
        (Some(rule), _) => rule.clone(),
        (None, Some(_)) => ScoreRule::Choice,
        (None, None) => ScoreRule::RmsError { at_most: None },
    };
    match &rule {
        ScoreRule::RmsError { at_most } => at_most.map_or(Ok(()), |most| rules::positive("score.at_most", most))?,
        _ if format.correct.is_none() => {
            let remedy = "add correct = \"...\" with the name of the output that should win";
            return Err(TaskError::parameter("score", "a choice", "needs `correct`", remedy));
        }
        ScoreRule::Choice => {}
        ScoreRule::FirstAction { epoch, rest } => {
            if !epochs.contains(&epoch.as_str()) {
                let remedy = format!("the epochs are: {}", epochs.join(", "));
                return Err(TaskError::parameter("score.epoch", quoted(epoch), "is no epoch", remedy));
            }
            if !outputs.iter().any(|output| output.name == *rest) {
                return Err(TaskError::parameter(
                    "score.rest",
                    quoted(rest),
                    "is no output",
                    "name the output that stands for doing nothing",
                ));
            }
        }
    }
    Ok(rule)
}

/// A rule for the end of training that a single task can meet.
fn criterion(rule: Criterion) -> Result<Criterion, TaskError> {
    match rule {
        Criterion::MeanPerformance { window: 0, .. } => {
            return Err(TaskError::parameter(
                "criterion.window",
                0,
                "must be at least 1",
                "say over how many validations the mean is taken",
            ));
        }
        Criterion::MeanPerformance { threshold, .. } | Criterion::MinPerformance { threshold } => {
            rules::probability("criterion.threshold", threshold)?;
        }
        Criterion::RmsError { threshold } => rules::positive("criterion.threshold", threshold)?,
        Criterion::MeanOfTasks { .. } | Criterion::MinOfTasks { .. } => {
            let remedy = "use mean_performance, min_performance or rms_error";
            return Err(TaskError::parameter(
                "criterion",
                "a rule for several tasks",
                "is met by no single task",
                remedy,
            ));
        }
    }
    Ok(rule)
}
