//! The trials of a declared task.

use ndarray::{Array2, ArrayViewMut2, s};

use super::channel::{CATCH, Channel};
use super::expression::Expression;
use super::plan::{Epoch as EpochPlan, Plan};
use super::scope::TIME;
use crate::error::rules;
use crate::{Condition, Split, TaskError, Timeline, Trial, TrialRng};

/// The most numbers that one trial may hold: far above any task.
const MAX_NUMBERS: usize = 1 << 24;

impl Plan {
    /// One trial: first whether it is a catch trial, then the variables, then the durations, then the noise.
    pub(crate) fn trial(
        &self,
        split: Split,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<Trial, TaskError> {
        if let Some(duration) = self.catch_duration(condition, rng)? {
            return self.catch_trial(duration, rng);
        }
        let (condition, values) = self.draw(condition, rng)?;
        let (timeline, places) = self.timeline(split, rng)?;
        let mut trial = self.blank(&timeline)?;
        let correct = self.right(&values)?;
        let mut stage = Stage { dt: self.clock.dt, values };
        for (shown, &place) in timeline.epochs().iter().zip(&places) {
            let Some(epoch) = self.epochs.get(place) else { continue };
            stage.fill("inputs", (epoch, place), &self.inputs, trial.inputs.slice_mut(s![shown.steps(), ..]))?;
            stage.fill("outputs", (epoch, place), &self.outputs, trial.targets.slice_mut(s![shown.steps(), ..]))?;
            let graded = stage.weight(epoch)?;
            let weights: Vec<f32> = self.outputs.iter().map(|output| (graded * output.weight) as f32).collect();
            fill_steps(trial.loss_mask.slice_mut(s![shown.steps(), ..]), &weights);
        }
        self.noise.apply(&mut trial.inputs, timeline.epochs(), rng);
        Ok(Trial { condition, correct, epochs: timeline.into_epochs(), ..trial })
    }

    /// How long the catch trial is, if this is one.
    fn catch_duration(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Option<f64>, TaskError> {
        let names: Vec<&str> = self.variables.iter().map(|variable| variable.name.as_str()).collect();
        let Some((probability, duration)) = self.catch else {
            return condition.map_or(Ok(()), |condition| condition.allow(&names)).map(|()| None);
        };
        match condition {
            Some(condition) if condition.is_catch() => condition.allow(&[CATCH]).map(|()| Some(duration)),
            Some(condition) => condition.allow(&names).map(|()| None),
            None => Ok(rng.chance(probability).then_some(duration)),
        }
    }

    /// Nothing is shown, the outputs stay at their default, and everything is graded.
    fn catch_trial(&self, duration: f64, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let mut timeline = self.clock.timeline()?;
        timeline.push(CATCH, ("catch.duration", duration))?;
        let mut trial = self.blank(&timeline)?;
        for (array, channels) in [(&mut trial.inputs, &self.inputs), (&mut trial.targets, &self.outputs)] {
            array
                .columns_mut()
                .into_iter()
                .zip(channels)
                .for_each(|(mut column, channel)| column.fill(channel.catch as f32));
        }
        let weights = trial.loss_mask.columns_mut().into_iter().zip(&self.outputs);
        weights.for_each(|(mut column, output)| column.fill(output.weight as f32));
        self.noise.apply(&mut trial.inputs, timeline.epochs(), rng);
        Ok(Trial { condition: Condition::catch(), epochs: timeline.into_epochs(), ..trial })
    }

    /// The condition of the trial, and all values that expressions can see.
    fn draw(&self, asked: Option<&Condition>, rng: &mut TrialRng) -> Result<(Condition, Vec<f64>), TaskError> {
        let (mut condition, mut values, mut signs) = (Condition::new(), vec![0.0], Vec::new());
        for variable in &self.variables {
            let drawn = variable.in_trial(asked, rng)?;
            values.push(drawn.number);
            if variable.is_signed() {
                signs.push(drawn.sign);
            }
            condition = condition.with(variable.name.clone(), drawn.value);
        }
        values.append(&mut signs);
        for definition in &self.definitions {
            values.push(definition.value(&values));
        }
        Ok((condition, values))
    }

    /// The epochs that last at least a step, and the places of their tables.
    fn timeline(&self, split: Split, rng: &mut TrialRng) -> Result<(Timeline, Vec<usize>), TaskError> {
        let (mut timeline, mut places) = (self.clock.timeline()?, Vec::new());
        for (place, epoch) in self.epochs.iter().enumerate() {
            let (duration, field) = match split {
                Split::Train => (&epoch.train, &epoch.train_field),
                Split::Test => (&epoch.test, &epoch.test_field),
            };
            let steps = duration.draw(field, self.clock, rng)?;
            timeline.push_steps(epoch.name.clone(), steps)?;
            if steps > 0 {
                places.push(place);
            }
        }
        Ok((timeline, places))
    }

    /// Zeros of the right shape.
    fn blank(&self, timeline: &Timeline) -> Result<Trial, TaskError> {
        let (n_steps, n_inputs, n_outputs) = (timeline.n_steps(), self.inputs.len(), self.outputs.len());
        if n_steps == 0 {
            return Err(TaskError::parameter(
                "epochs",
                "0 steps",
                "make a trial without any steps",
                "give an epoch a duration",
            ));
        }
        let numbers = n_steps.saturating_mul(n_inputs + 2 * n_outputs);
        if numbers > MAX_NUMBERS {
            let remedy = format!("shorten the epochs or use a larger `dt`: a trial has at most {MAX_NUMBERS} numbers");
            return Err(TaskError::parameter("epochs", format!("{n_steps} steps"), "make a trial too large", remedy));
        }
        Ok(Trial {
            inputs: Array2::zeros((n_steps, n_inputs)),
            targets: Array2::zeros((n_steps, n_outputs)),
            loss_mask: Array2::zeros((n_steps, n_outputs)),
            condition: Condition::new(),
            epochs: Vec::new(),
            correct: None,
        })
    }

    /// The output that should win.
    fn right(&self, values: &[f64]) -> Result<Option<usize>, TaskError> {
        let Some(correct) = &self.correct else { return Ok(None) };
        // Words are small whole numbers; the outputs come first, and only `none` may follow.
        let word = correct.value(values) as usize;
        if word < self.outputs.len() {
            return Ok(Some(word));
        }
        match self.words.get(word) {
            Some(word) if word == super::scope::NONE => Ok(None),
            other => {
                let value = format!("{:?}", other.map_or("", String::as_str));
                let names: Vec<&str> = self.outputs.iter().map(|output| output.name.as_str()).collect();
                let remedy = format!("the outputs are: {}; 'none' if no choice is right", names.join(", "));
                Err(TaskError::parameter("correct", value, "is no output", remedy))
            }
        }
    }
}

/// What the expressions of a trial see.
struct Stage {
    dt: f64,
    values: Vec<f64>,
}

impl Stage {
    /// Writes the levels of the channels in an epoch into its steps.
    fn fill(
        &mut self,
        side: &str,
        (epoch, place): (&EpochPlan, usize),
        channels: &[Channel],
        mut array: ArrayViewMut2<'_, f32>,
    ) -> Result<(), TaskError> {
        let mut levels = vec![0.0; channels.len()];
        for (k, channel) in channels.iter().enumerate() {
            let (Some(level), Some(constant)) = (channel.levels.get(place), levels.get_mut(k)) else { continue };
            if !level.uses(TIME) {
                *constant = self.value(side, epoch, channel, level)?;
            }
        }
        fill_steps(array.view_mut(), &levels);
        for (mut column, channel) in array.columns_mut().into_iter().zip(channels) {
            let Some(level) = channel.levels.get(place).filter(|level| level.uses(TIME)) else { continue };
            for (step, value) in column.iter_mut().enumerate() {
                if let Some(time) = self.values.get_mut(TIME) {
                    *time = (step + 1) as f64 * self.dt;
                }
                *value = self.value(side, epoch, channel, level)?;
            }
        }
        Ok(())
    }

    /// The value of a level, which must be an ordinary number.
    fn value(&self, side: &str, epoch: &EpochPlan, channel: &Channel, level: &Expression) -> Result<f32, TaskError> {
        let value = level.value(&self.values);
        if (value as f32).is_finite() {
            return Ok(value as f32);
        }
        let (field, remedy) = (
            format!("{side}.{}.{}", channel.name, epoch.name),
            "check for divisions by 0 and for roots of negative numbers",
        );
        Err(TaskError::parameter(&field, value, "must be an ordinary number", remedy))
    }

    /// The weight of an epoch in the loss.
    fn weight(&self, epoch: &EpochPlan) -> Result<f64, TaskError> {
        let weight = epoch.graded.value(&self.values);
        rules::not_negative(&epoch.graded_field, weight).map(|()| weight)
    }
}

/// The same values at every step.
fn fill_steps(mut array: ArrayViewMut2<'_, f32>, values: &[f32]) {
    for (mut column, value) in array.columns_mut().into_iter().zip(values) {
        column.fill(*value);
    }
}
