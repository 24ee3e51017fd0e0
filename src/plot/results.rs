//! Figures of networks and their behaviour: from the types of the other modules to the plain data that the figures
//! hold.

use ndarray::{Array1, Array2, Array3, Axis, s};
use nn4n_analysis::{ChoiceCount, CumulativeGaussian};
use nn4n_models::Ctrnn;
use nn4n_tasks::{Channel, Condition, Epoch, Score, Task, TrialBatch, Value, scores};

use super::{
    ChoicePoint, EpochSpan, Graded, LearningCurve, Psychometric, PsychometricCurve, TaskFigure, TaskPanel, TrialFigure,
    TrialPanel, UnitGroup, axis::range,
};
use crate::{checkpoint::ValidationRecord, simulate::Recording};

/// Most lines of a heading.
const HEADING: usize = 5;

impl Psychometric {
    /// One curve of choices against a variable of the task's conditions, such as `coherence`, and the function fitted
    /// to them, if there is one.
    pub fn of(
        task: &dyn Task,
        name: &str,
        variable: &str,
        counts: &[ChoiceCount],
        fit: Option<CumulativeGaussian>,
    ) -> Self {
        let points = counts.iter().map(|count| ChoicePoint {
            value: count.value,
            n_choice_1: count.chose_first,
            n_trials: count.trials,
        });
        let (low, high) = range(counts.iter().map(|count| count.value));
        let fitted = fit.map_or_else(String::new, |fit| fit_in_words(&fit, variable, (low, high)));
        let fit = fit.map_or(Vec::new(), |fit| {
            Array1::linspace(low, high, 200).iter().map(|value| (*value, fit.at(*value))).collect()
        });
        let variable = if is_coherence(variable) {
            Graded::Coherence
        } else {
            Graded::Named(capitalised(&with_unit(task, variable)))
        };
        let curve = PsychometricCurve { name: name.into(), points: points.collect(), fit, fitted };
        Self { variable, choice: first_choices(task), curves: vec![curve] }
    }
}

/// Whether a variable is a fraction that is drawn in percent.
fn is_coherence(variable: &str) -> bool {
    variable.ends_with("coherence")
}

/// The name of the axis of a graded variable, and what its values are multiplied by there.
pub fn variable_axis(task: Option<&dyn Task>, variable: &str) -> (String, f64) {
    if is_coherence(variable) {
        return (format!("{} (%)", capitalised(&in_words(variable))), 100.0);
    }
    (capitalised(&task.map_or_else(|| in_words(variable), |task| with_unit(task, variable))), 1.0)
}

/// The name of the axis of how far a graded variable lies from `boundary`, and what its values are multiplied by there.
pub fn strength_axis(task: Option<&dyn Task>, variable: &str, boundary: f64) -> (String, f64) {
    let (label, scale) = variable_axis(task, variable);
    let (name, unit) = label.split_once(" (").map_or((label.as_str(), ""), |(name, unit)| (name, unit));
    let from = if boundary == 0.0 { String::new() } else { format!(" \u{2212} {}", scale * boundary) };
    let unit = if unit.is_empty() { String::new() } else { format!(" ({unit}") };
    (format!("|{name}{from}|{unit}"), scale)
}

/// The name of the axis of the share of the choices that positive evidence speaks for, in percent.
pub fn choice_axis(task: Option<&dyn Task>) -> String {
    let choices = task.map_or_else(|| "choices of the first alternative".into(), first_choices);
    format!("{} (%)", capitalised(&choices))
}

fn first_choices(task: &dyn Task) -> String {
    first_choice(task).map_or_else(|| "choices for positive evidence".into(), |name| as_choice(&name))
}

/// What the choice is called that positive evidence speaks for, where it is always the same.
fn first_choice(task: &dyn Task) -> Option<String> {
    let classes = task.conditions();
    let is_first = |choice: &usize| {
        let score = Score { choice: Some(*choice), ..Score::default() };
        classes.iter().all(|class| task.chose_first(class, &score) == Some(true))
    };
    // Choices that are no outputs, such as the signs of one, may be numbered beyond them.
    (0..task.outputs().len() + 2).find(is_first).map(|choice| task.choice_name(choice))
}

/// For example `choice 1` or `left choices`.
fn as_choice(name: &str) -> String {
    if name.contains("choice") { name.into() } else { format!("{name} choices") }
}

/// A fitted curve in words: bias and inverse slope in the unit of the axis, and lapses. Those of a curve that hardly
/// rises between `low` and `high` say nothing else.
fn fit_in_words(fit: &CumulativeGaussian, variable: &str, (low, high): (f64, f64)) -> String {
    let (scale, unit) = if is_coherence(variable) { (100.0, " %") } else { (1.0, "") };
    let number = |value: f64| short(&Value::Number((scale * value * 100.0).round() / 100.0));
    if fit.sigma.abs() > high - low {
        return format!("flat (\u{3c3} > {}{unit})", number(high - low));
    }
    let lapses = if fit.lapse > 0.0 { format!(", lapses {:.1} %", 100.0 * fit.lapse) } else { String::new() };
    format!("\u{3bc} {}{unit}, \u{3c3} {}{unit}{lapses}", number(fit.mu), number(fit.sigma))
}

impl TrialFigure {
    /// The trials of these indices side by side. Units of a group are sorted by what they prefer in the trials of the
    /// whole batch: of two right choices by how much more they fire where the first is right, of more by the choice
    /// that is right where they fire most; `order` says which.
    pub fn of(task: &dyn Task, network: &Ctrnn, trials: &TrialBatch, recording: &Recording, which: &[usize]) -> Self {
        // Outputs that do not fit the trials are refused when the figure is drawn.
        let scores = scores(task, trials, recording.outputs.view()).unwrap_or_default();
        let correct = |trial: usize| scores.get(trial).and_then(|score| score.correct);
        let (preference, order) = unit_order(task, trials, recording);
        let mut groups = UnitGroup::of(network);
        for group in &mut groups {
            group.units.sort_by(|a, b| preference[*b].total_cmp(&preference[*a]));
        }
        let panels = which
            .iter()
            .filter(|trial| **trial < trials.len())
            .map(|&trial| TrialPanel { correct: correct(trial), ..panel(task, trials, recording, trial) })
            .collect();
        Self {
            dt: task.dt(),
            input_names: names(&task.inputs()),
            output_names: names(&task.outputs()),
            groups,
            order,
            trials: panels,
        }
    }
}

impl TaskFigure {
    /// All of these trials side by side.
    pub fn of(task: &dyn Task, trials: &TrialBatch) -> Self {
        let panel = |trial: usize| TaskPanel {
            title: title(task, &trials.conditions[trial], trial),
            epochs: spans(task.dt(), &trials.epochs[trial]),
            inputs: cut(&trials.inputs, trials, trial),
            targets: cut(&trials.targets, trials, trial),
            loss_mask: cut(&trials.loss_mask, trials, trial),
        };
        let trials = (0..trials.len()).map(panel).collect();
        Self { dt: task.dt(), input_names: names(&task.inputs()), output_names: names(&task.outputs()), trials }
    }
}

impl LearningCurve {
    /// Loss and performance of the validations of a run.
    pub fn of(validations: &[ValidationRecord], stop_performance: Option<f64>) -> Self {
        let update = |record: &ValidationRecord| record.update as usize;
        Self {
            loss: validations.iter().map(|record| (update(record), record.loss)).collect(),
            performance: validations.iter().filter_map(|record| Some((update(record), record.performance?))).collect(),
            stop_performance,
            training_loss: Vec::new(),
        }
    }
}

fn panel(task: &dyn Task, trials: &TrialBatch, recording: &Recording, trial: usize) -> TrialPanel {
    TrialPanel {
        title: title(task, &trials.conditions[trial], trial),
        correct: None,
        epochs: spans(task.dt(), &trials.epochs[trial]),
        inputs: cut(&trials.inputs, trials, trial),
        rates: cut(&recording.rates, trials, trial),
        outputs: cut(&recording.outputs, trials, trial),
        targets: cut(&trials.targets, trials, trial),
        loss_mask: cut(&trials.loss_mask, trials, trial),
    }
}

/// One trial of an array, without its padding.
fn cut(array: &Array3<f32>, trials: &TrialBatch, trial: usize) -> Array2<f32> {
    array.slice(s![trial, ..trials.n_steps[trial], ..]).to_owned()
}

/// The epochs of a trial in ms.
pub fn spans(dt: f64, epochs: &[Epoch]) -> Vec<EpochSpan> {
    let span = |epoch: &Epoch| EpochSpan {
        name: in_words(&epoch.name),
        start: epoch.start as f64 * dt,
        end: epoch.end as f64 * dt,
    };
    epochs.iter().map(span).collect()
}

pub(super) fn names(channels: &[Channel]) -> Vec<String> {
    channels.iter().map(|channel| in_words(&channel.name)).collect()
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(super) fn in_words(name: &str) -> String {
    name.replace('_', " ")
}

/// The trial's variables, one a line; those of its class where they are many, its number where there are none.
fn title(task: &dyn Task, condition: &Condition, trial: usize) -> String {
    let mut variables = lines(task, condition);
    if variables.len() > HEADING {
        let class =
            task.conditions().into_iter().find(|class| condition.belongs_to(class)).map(|class| lines(task, &class));
        variables = class.filter(|class| !class.is_empty()).unwrap_or(variables);
    }
    if variables.len() > HEADING {
        variables.truncate(HEADING - 1);
        variables.push("...".into());
    }
    if variables.is_empty() { format!("trial {}", trial + 1) } else { variables.join("\n") }
}

fn lines(task: &dyn Task, condition: &Condition) -> Vec<String> {
    let line = |(name, value): (&str, &Value)| match value {
        Value::Bool(true) => in_words(name),
        Value::Number(_) => format!("{} = {}{}", in_words(name), short(value), spaced(task.unit(name))),
        _ => format!("{} = {}", in_words(name), short(value)),
    };
    condition.iter().map(line).collect()
}

/// A variable in words, with its unit.
fn with_unit(task: &dyn Task, name: &str) -> String {
    match task.unit(name) {
        "" => in_words(name),
        unit => format!("{} ({unit})", in_words(name)),
    }
}

/// A unit behind a number; degrees stand close to it.
fn spaced(unit: &str) -> String {
    if unit.is_empty() || unit == "\u{b0}" { unit.into() } else { format!(" {unit}") }
}

/// A number to four significant digits, with a true minus sign.
fn short(value: &Value) -> String {
    let Value::Number(number) = value else { return in_words(&value.to_string()) };
    let rounded = if *number == 0.0 || !number.is_finite() {
        *number
    } else {
        let unit = 10f64.powi(number.abs().log10().floor() as i32 - 3);
        // Dividing by a power of ten that is whole leaves no digits behind.
        if unit < 1.0 { (number / unit).round() / (1.0 / unit).round() } else { (number / unit).round() * unit }
    };
    rounded.to_string().replace('-', "\u{2212}")
}

/// What sorts the units, the largest first, and in words.
fn unit_order(task: &dyn Task, trials: &TrialBatch, recording: &Recording) -> (Array1<f32>, String) {
    const ROWS: &str = "units from top to bottom:";
    let difference = |first: &[usize], others: &[usize], name: &str| {
        let words = format!("{ROWS} mean rate in trials where {name} is right, minus that in the others");
        (mean_rates(trials, recording, first) - mean_rates(trials, recording, others), words)
    };
    let with = |is_it: &dyn Fn(usize, usize) -> bool| -> Vec<usize> {
        (0..trials.len()).filter(|trial| trials.correct[*trial].is_some_and(|choice| is_it(*trial, choice))).collect()
    };
    let chose_first = |trial: usize, choice: usize| {
        let score = Score { choice: Some(choice), ..Score::default() };
        task.chose_first(&trials.conditions[trial], &score)
    };
    let sides = [true, false].map(|side| with(&|trial, choice| chose_first(trial, choice) == Some(side)));
    if sides.iter().all(|trials| !trials.is_empty()) {
        let name = first_choice(task).unwrap_or_else(|| "the choice for positive evidence".into());
        return difference(&sides[0], &sides[1], &name);
    }
    let mut choices: Vec<usize> = trials.correct.iter().flatten().copied().collect();
    choices.sort_unstable();
    choices.dedup();
    let of = |right: usize| with(&|_, choice| choice == right);
    match choices.as_slice() {
        [] | [_] => (Array1::zeros(recording.rates.len_of(Axis(2))), format!("{ROWS} in the network's order")),
        [first, second] => difference(&of(*first), &of(*second), &task.choice_name(*first)),
        _ => {
            let means: Vec<_> = choices.iter().map(|choice| mean_rates(trials, recording, &of(*choice))).collect();
            let preferred = |unit: usize| {
                let best =
                    (1..means.len()).fold(0, |best, i| if means[i][unit] > means[best][unit] { i } else { best });
                -(best as f32)
            };
            let words = format!("{ROWS} the choice that is right in the trials in which they fire most");
            ((0..means[0].len()).map(preferred).collect(), words)
        }
    }
}

/// Mean rate of each unit over the steps of these trials, each trial with the same weight.
fn mean_rates(trials: &TrialBatch, recording: &Recording, which: &[usize]) -> Array1<f32> {
    let sum = which.iter().fold(Array1::zeros(recording.rates.len_of(Axis(2))), |sum: Array1<f32>, &trial| {
        sum + recording.rates.slice(s![trial, ..trials.n_steps[trial], ..]).sum_axis(Axis(0))
            / trials.n_steps[trial] as f32
    });
    sum / which.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_has_one_variable_a_line_and_numbers_of_four_digits() {
        let task = nn4n_tasks::create("yang2019/fdgo", None).unwrap();
        let task = task.as_ref();
        let condition = Condition::new()
            .with("motion_coherence", -0.15)
            .with("angle", 2.0 * std::f64::consts::PI)
            .with("go_cue", "on");
        assert_eq!(title(task, &condition, 0), "motion coherence = \u{2212}0.15\nangle = 6.283 rad\ngo cue = on");
        assert_eq!(title(task, &Condition::catch(), 0), "catch");
        assert_eq!(title(task, &Condition::new(), 2), "trial 3");
        let numbers = [0.0, 1234.56, 98765.4, 1e-7, -0.032, 12.8].map(|number| short(&Value::Number(number)));
        assert_eq!(numbers, ["0", "1235", "98770", "0.0000001", "\u{2212}0.032", "12.8"]);
    }

    #[test]
    fn of_many_variables_those_of_the_class_are_named() {
        let task = nn4n_tasks::song2016::RdmVarstim::default();
        let many = |first: Condition| {
            ["a", "b", "c", "d", "e"].into_iter().fold(first, |condition, name| condition.with(name, 1.0))
        };
        assert_eq!(title(&task, &many(Condition::new().with("coherence", 0.128)), 0), "coherence = 0.128");
        assert_eq!(title(&task, &many(Condition::new().with("x", 0.0)), 0), "x = 0\na = 1\nb = 1\nc = 1\n...");
    }

    /// The order of three units in one-step trials with these right choices; `rates[trial]` are those of its units.
    fn order(id: &str, correct: &[Option<usize>], rates: &[[f32; 3]]) -> (Vec<f32>, String) {
        let task = nn4n_tasks::create(id, None).unwrap();
        let mut trials = nn4n_tasks::batch(task.as_ref(), nn4n_tasks::Split::Test, 0, 0, correct.len()).unwrap();
        trials.correct = correct.to_vec();
        trials.n_steps = vec![1; correct.len()];
        let n_outputs = task.outputs().len();
        let recording = Recording {
            states: Array3::zeros((correct.len(), 1, 3)),
            rates: Array3::from_shape_fn((correct.len(), 1, 3), |(trial, _, unit)| rates[trial][unit]),
            outputs: Array3::zeros((correct.len(), 1, n_outputs)),
        };
        let (preference, words) = unit_order(task.as_ref(), &trials, &recording);
        (preference.to_vec(), words)
    }

    #[test]
    fn units_are_sorted_by_the_choice_that_the_words_name() {
        let rates = [[1.0, 0.0, 0.5], [0.0, 2.0, 0.5]];
        let (preference, words) = order("song2016/rdm_fixed", &[Some(0), Some(1)], &rates);
        assert_eq!(preference, [1.0, -2.0, 0.0]);
        assert!(words.contains("where choice 1 is right, minus"), "{words}");
        // Class 0 of neurogym is to fixate: the choices are 1 and 2.
        let (preference, words) = order("neurogym/perceptual_decision_making", &[Some(2), Some(1)], &rates);
        assert_eq!(preference, [-1.0, 2.0, 0.0]);
        assert!(words.contains("where choice 1 is right, minus"), "{words}");
        // Not match is output 1, match output 2.
        let (preference, words) = order("masse2019/dms", &[Some(1), Some(2)], &rates);
        assert_eq!(preference, [1.0, -2.0, 0.0]);
        assert!(words.contains("where non match is right, minus"), "{words}");
    }

    #[test]
    fn units_of_many_choices_are_sorted_by_the_preferred_one_and_without_choices_not_at_all() {
        let rates = [[0.0, 2.0, 0.5], [1.0, 0.0, 0.5], [0.0, 0.0, 0.6]];
        let (preference, words) = order("neurogym/anti_reach", &[Some(3), Some(7), Some(9)], &rates);
        assert_eq!(preference, [-1.0, 0.0, -2.0]);
        assert!(words.contains("in which they fire most"), "{words}");
        let (preference, words) = order("golub2018/flip_flop", &[None, None, None], &rates);
        assert_eq!(preference, [0.0; 3]);
        assert!(words.contains("in the network's order"), "{words}");
    }

    #[test]
    fn the_choice_whose_fraction_is_drawn_has_the_name_of_the_task() {
        let name = |id: &str| first_choice(nn4n_tasks::create(id, None).unwrap().as_ref());
        assert_eq!(name("song2016/rdm_fixed").as_deref(), Some("choice 1"));
        assert_eq!(name("kleinman2021/checkerboard").as_deref(), Some("choice left"));
        assert_eq!(name("mante2013/context_integration").as_deref(), Some("positive choice"));
        assert_eq!(name("driscoll2022/delaydm1").as_deref(), Some("stimulus 1"));
        assert_eq!(name("neurogym/perceptual_decision_making").as_deref(), Some("choice 1"));
        assert_eq!(["choice left", "stimulus 1"].map(as_choice), ["choice left", "stimulus 1 choices"]);
        assert_eq!(name("yang2019/dm1"), None, "on a ring it depends on the trial");
    }

    #[test]
    fn a_curve_that_hardly_rises_has_no_bias() {
        let fit = |sigma| CumulativeGaussian { mu: 0.01, sigma, lapse: 0.0 };
        assert_eq!(fit_in_words(&fit(0.2), "coherence", (-0.5, 0.5)), "\u{3bc} 1 %, \u{3c3} 20 %");
        assert_eq!(fit_in_words(&fit(6.9), "coherence", (-0.5, 0.5)), "flat (\u{3c3} > 100 %)");
        assert_eq!(fit_in_words(&fit(9.0), "rate", (9.0, 16.0)), "flat (\u{3c3} > 7)");
    }
}
