//! One task of a set, and its place among the channels of all.

use std::collections::BTreeSet;

use ndarray::{Array2, ArrayView2, Axis};

use super::settings::{MemberSettings, RuleInputs, TaskSetSettings};
use crate::{Channel, Condition, Objective, Score, Task, TaskError, Trial, TrialView, families};

/// What the name of a rule input begins with.
const RULE: &str = "rule_";

/// A task of a set.
#[derive(Debug)]
pub(super) struct Member {
    pub name: String,
    pub task: Box<dyn Task>,
    pub weight: f64,
    /// Its input channels among those of the set.
    inputs: Vec<usize>,
    /// Its output channels among those of the set.
    outputs: Vec<usize>,
    /// The input of the set that names it.
    rule: Option<usize>,
    /// What a composed rule adds to inputs of the set.
    composed: Vec<(usize, f32)>,
}

/// The channels of a set: those of its tasks by name, each name once, in the order in which they appear; then the
/// inputs that name the tasks.
#[derive(Debug)]
pub(super) struct Layout {
    pub inputs: Vec<Channel>,
    pub outputs: Vec<Channel>,
    pub objective: Objective,
}

/// Creates the tasks and gives each its place.
pub(super) fn arrange(
    tasks: &[&MemberSettings],
    settings: &TaskSetSettings,
) -> Result<(Vec<Member>, Layout), TaskError> {
    let mut layout = Layout { inputs: Vec::new(), outputs: Vec::new(), objective: Objective::default() };
    let mut members = Vec::new();
    for setting in tasks {
        let task = families::create(&setting.id, Some(&serde_json::Value::Object(setting.parameters.clone())))?;
        let (inputs, outputs) =
            (places(&mut layout.inputs, task.inputs()), places(&mut layout.outputs, task.outputs()));
        let (name, weight) = (setting.name().to_string(), setting.weight);
        members.push(Member { name, task, weight, inputs, outputs, rule: None, composed: Vec::new() });
    }
    let adds_rules = match settings.rule_inputs {
        RuleInputs::Always => true,
        RuleInputs::Never => false,
        RuleInputs::Auto => !bring_rules_along(&members),
    };
    if adds_rules {
        add_rules(&mut members, &mut layout.inputs)?;
    }
    for (member, setting) in members.iter_mut().zip(tasks) {
        member.composed = composed(member, setting, &layout.inputs)?;
    }
    same_for_all(&members)?;
    layout.objective = objective(&members, settings.objective)?;
    Ok((members, layout))
}

/// Whether each task has a rule input of its own name that no other task of the set has.
fn bring_rules_along(members: &[Member]) -> bool {
    let rules: BTreeSet<_> = members.iter().filter_map(own_rule).collect();
    rules.len() == members.len()
}

/// The rule input that a task brings along.
fn own_rule(member: &Member) -> Option<String> {
    let name = format!("{RULE}{}", member.task.id().rsplit('/').next().unwrap_or_default());
    member.task.inputs().iter().any(|channel| channel.name == name).then_some(name)
}

/// What turns the rule of a task into a composed one, if its settings name one: nothing on its own rule input, and the
/// values of the composed rule.
fn composed(member: &Member, setting: &MemberSettings, inputs: &[Channel]) -> Result<Vec<(usize, f32)>, TaskError> {
    if setting.rules.is_empty() {
        return Ok(Vec::new());
    }
    let field = format!("rules of {}", member.name);
    let place = |name: &str| inputs.iter().position(|channel| channel.name == name);
    let own = member.rule.or_else(|| place(&own_rule(member)?));
    let mut changes: Vec<(usize, f32)> = own.map(|own| (own, -1.0)).into_iter().collect();
    for (rule, value) in &setting.rules {
        if !value.is_finite() {
            return Err(TaskError::parameter(field, value, "must be finite", "give a number such as 1 or -1"));
        }
        let Some(place) = place(&format!("{RULE}{rule}")) else {
            let known: Vec<&str> = inputs.iter().filter_map(|channel| channel.name.strip_prefix(RULE)).collect();
            let remedy = match known.as_slice() {
                [] => "the set has no rule inputs; set `rule_inputs` to \"always\"".into(),
                known => format!("the rules are {}", known.join(", ")),
            };
            return Err(TaskError::parameter(field, rule, "names no rule input of the set", remedy));
        };
        changes.push((place, *value as f32));
    }
    Ok(changes)
}

/// Gives each task an input that is 1 on its trials.
fn add_rules(members: &mut [Member], inputs: &mut Vec<Channel>) -> Result<(), TaskError> {
    for member in members {
        let rule = Channel { name: format!("{RULE}{}", member.name) };
        if inputs.contains(&rule) {
            let remedy = format!("give it another `name`: a task has an input `{rule}` already");
            return Err(TaskError::parameter("tasks", &member.name, "cannot name its rule input", remedy));
        }
        member.rule = Some(inputs.len());
        inputs.push(rule);
    }
    Ok(())
}

/// What the outputs of the set are trained to do.
fn objective(members: &[Member], asked: Option<Objective>) -> Result<Objective, TaskError> {
    let Some(first) = members.first() else { return Ok(Objective::default()) };
    let other = members.iter().find(|member| member.task.objective() != asked.unwrap_or(first.task.objective()));
    match (asked, other) {
        (None, None) => Ok(first.task.objective()),
        (Some(asked), None) => Ok(asked),
        // Targets that are no classes have no cross-entropy.
        (Some(asked), Some(_)) if asked != Objective::Classes => Ok(asked),
        (_, Some(member)) => {
            let (value, remedy) = (
                crate::parameters_of(&member.task.objective()).to_string(),
                "one network is trained with one loss; set `objective` of the set to \"masked_mse\" or \
                \"mean_square\", or take tasks that share it",
            );
            Err(TaskError::parameter(format!("objective of {}", member.name), value, "differs within the set", remedy))
        }
    }
}

/// Where these channels are among `all`, to which those that are new are added.
fn places(all: &mut Vec<Channel>, channels: Vec<Channel>) -> Vec<usize> {
    let place = |channel: Channel| match all.iter().position(|known| *known == channel) {
        Some(place) => place,
        None => {
            all.push(channel);
            all.len() - 1
        }
    };
    channels.into_iter().map(place).collect()
}

fn same_for_all(members: &[Member]) -> Result<(), TaskError> {
    let Some(first) = members.first() else { return Ok(()) };
    for member in members {
        if member.task.plant().is_some() {
            let remedy = "each trial would need an arm of its own or none; train on this task alone";
            return Err(TaskError::parameter("tasks", &member.name, "drives an arm, which a set does not", remedy));
        }
        if member.task.dt() != first.task.dt() {
            let remedy = format!(
                "`{}` has {} ms; set it for one of them: {{ id = \"{}\", parameters = {{ dt = {} }} }}, or for a \
                family as \"FAMILY/*\"",
                first.name,
                first.task.dt(),
                member.task.id(),
                first.task.dt()
            );
            return Err(TaskError::parameter(
                format!("dt of {}", member.name),
                member.task.dt(),
                "differs within the set",
                remedy,
            ));
        }
    }
    Ok(())
}

impl Member {
    /// A trial of this task, on the channels of the set.
    pub(super) fn placed(&self, trial: Trial, layout: &Layout) -> Trial {
        let n_steps = trial.n_steps();
        let mut inputs = spread(trial.inputs.view(), &self.inputs, layout.inputs.len());
        if let Some(rule) = self.rule {
            inputs.column_mut(rule).fill(1.0);
        }
        for (input, change) in &self.composed {
            inputs.column_mut(*input).mapv_inplace(|value| value + change);
        }
        let targets = spread(trial.targets.view(), &self.outputs, layout.outputs.len());
        let loss_mask = match layout.objective {
            // A class that a task does not have is wrong at every step that counts.
            Objective::Classes => {
                let weight = trial.loss_mask.column(0);
                Array2::from_shape_fn((n_steps, layout.outputs.len()), |(step, _)| {
                    weight.get(step).copied().unwrap_or(0.0)
                })
            }
            // An output that a task does not have is not graded.
            Objective::MaskedMse | Objective::MeanSquare => {
                spread(trial.loss_mask.view(), &self.outputs, layout.outputs.len())
            }
        };
        let condition = Condition::new().with("task", self.name.clone()).and(&trial.condition);
        let correct = trial.correct.map(|correct| self.choice_in(layout, correct));
        Trial { inputs, targets, loss_mask, condition, epochs: trial.epochs, correct }
    }

    /// The task's own score of outputs on the channels of the set.
    pub(super) fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>, layout: &Layout) -> Score {
        let own = |array: ArrayView2<'_, f32>, channels: &[usize]| array.select(Axis(1), channels);
        let (inputs, targets) = (own(trial.inputs, &self.inputs), own(trial.targets, &self.outputs));
        let (loss_mask, outputs) = (own(trial.loss_mask, &self.outputs), own(outputs, &self.outputs));
        let condition = trial.condition.without("task");
        let view = TrialView {
            inputs: inputs.view(),
            targets: targets.view(),
            loss_mask: loss_mask.view(),
            condition: &condition,
            epochs: trial.epochs,
            correct: trial.correct.and_then(|choice| self.own_choice(layout, choice)),
        };
        let score = self.task.score(view, outputs.view());
        Score { choice: score.choice.map(|choice| self.choice_in(layout, choice)), ..score }
    }

    /// Which alternative an answer took, its choice being one of the set.
    pub(super) fn chose_first(&self, condition: &Condition, score: &Score, layout: &Layout) -> Option<bool> {
        let own = Score { choice: score.choice.and_then(|choice| self.own_choice(layout, choice)), ..*score };
        self.task.chose_first(&condition.without("task"), &own)
    }

    /// What a choice of the set is called, if it is one of the task.
    pub(super) fn choice_name(&self, choice: usize, layout: &Layout) -> Option<String> {
        self.own_choice(layout, choice).map(|own| self.task.choice_name(own))
    }

    /// What the set calls a choice of the task: its output, or, of choices that are no outputs (such as the sign of
    /// one), a number beyond all outputs.
    fn choice_in(&self, layout: &Layout, own: usize) -> usize {
        self.outputs.get(own).copied().unwrap_or(layout.outputs.len() + own)
    }

    /// The task's own number of a choice of the set.
    fn own_choice(&self, layout: &Layout, choice: usize) -> Option<usize> {
        match choice.checked_sub(layout.outputs.len()) {
            Some(own) => Some(own),
            None => self.outputs.iter().position(|output| *output == choice),
        }
    }
}

/// Columns at their `places` among `n`, zeros elsewhere.
fn spread(array: ArrayView2<'_, f32>, places: &[usize], n: usize) -> Array2<f32> {
    // Tasks of one family have the channels of the set already.
    if places.len() == n && places.iter().enumerate().all(|(i, place)| i == *place) {
        return array.to_owned();
    }
    let mut all = Array2::zeros((array.nrows(), n));
    for (column, place) in array.axis_iter(Axis(1)).zip(places) {
        all.column_mut(*place).assign(&column);
    }
    all
}
