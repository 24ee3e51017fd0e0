//! What a task is: named channels, conditions, trials, and a rule that scores the answers.
//!
//! A [`Task`] is a plain struct of parameters. Its trials are a pure function of the parameters, the condition and the
//! random numbers, so a task can be shared between threads and rebuilt anywhere from `id` and `parameters`.

use std::fmt;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::motor::Plant;
use crate::{Condition, Performance, Score, TaskError, Trial, TrialRng, TrialView};

/// Which timing the trials have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// As the paper trains.
    #[default]
    Train,
    /// As the paper tests; usually with a longer fixation.
    Test,
}

impl Split {
    /// `"train"` or `"test"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

/// One input or output line of the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Channel {
    /// A short unique name, e.g. `"start_cue"`.
    pub name: String,
}

impl Channel {
    /// A channel for each name.
    pub fn list(names: &[&str]) -> Vec<Self> {
        names.iter().map(|&name| Self { name: name.into() }).collect()
    }

    /// `prefix_1` to `prefix_n`.
    pub fn numbered(prefix: &str, n: usize) -> Vec<Self> {
        (1..=n).map(|i| Self { name: format!("{prefix}_{i}") }).collect()
    }
}

impl AsRef<str> for Channel {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Where a task is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// The authors.
    pub authors: &'static str,
    /// The year; 0 for what is not published.
    pub year: u16,
    /// The title.
    pub title: &'static str,
    /// The DOI, without a resolver in front of it; empty where there is none.
    pub doi: &'static str,
}

impl Citation {
    /// What has no source.
    pub const UNPUBLISHED: Self = Self { authors: "Unpublished", year: 0, title: "", doi: "" };
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.authors)?;
        if self.year > 0 {
            write!(f, " ({})", self.year)?;
        }
        write!(f, ". {}.", self.title)?;
        if self.doi.is_empty() { Ok(()) } else { write!(f, " https://doi.org/{}", self.doi) }
    }
}

/// What the source trains the outputs to do; it decides the loss and the nonlinearity of the readout unless a run says
/// otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Come close to the targets: squared error, weighted by the loss mask and divided by its sum.
    #[default]
    MaskedMse,
    /// The same with the loss mask inside the square, and divided by the number of all entries.
    MeanSquare,
    /// Name the class of every step: the targets are 1 for the right class and 0 for the others, the loss is the
    /// cross-entropy of a softmax.
    Classes,
}

/// When the source stops training. Performances are fractions in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// The mean performance over the last `window` validations (over all, while there are fewer) exceeds `threshold`.
    MeanPerformance {
        /// A fraction in [0, 1].
        threshold: f64,
        /// How many validations are averaged.
        window: usize,
    },
    /// In the last validation the performance of the worst condition is at least `threshold`.
    MinPerformance {
        /// A fraction in [0, 1].
        threshold: f64,
    },
    /// In the last validation of several tasks the mean of their performances exceeds `threshold`.
    MeanOfTasks {
        /// A fraction in [0, 1].
        threshold: f64,
    },
    /// In the last validation of several tasks the performance of the worst is at least `threshold`.
    MinOfTasks {
        /// A fraction in [0, 1].
        threshold: f64,
    },
    /// In the last validation the root mean square error over all graded entries is at most `threshold`.
    RmsError {
        /// In units of the targets.
        threshold: f64,
    },
}

impl Criterion {
    /// Whether it looks at answers that are right or wrong.
    pub fn needs_scores(&self) -> bool {
        !matches!(self, Self::RmsError { .. })
    }

    /// Whether these validations, oldest first, satisfy the rule. A validation without scored trials does not.
    pub fn is_met(&self, validations: &[Performance]) -> bool {
        let Some(last) = validations.last() else { return false };
        match *self {
            Self::MeanPerformance { threshold, window } => {
                let recent = &validations[validations.len().saturating_sub(window.max(1))..];
                let sum: Option<f64> = recent.iter().map(|validation| validation.overall).sum();
                sum.is_some_and(|sum| sum / recent.len() as f64 > threshold)
            }
            Self::MinPerformance { threshold } => last.minimum.is_some_and(|minimum| minimum >= threshold),
            Self::MeanOfTasks { threshold } => last.mean_of_tasks().is_some_and(|mean| mean > threshold),
            Self::MinOfTasks { threshold } => last.min_of_tasks().is_some_and(|minimum| minimum >= threshold),
            Self::RmsError { threshold } => last.rms_error.is_some_and(|error| error <= threshold),
        }
    }
}

/// A task: generates trials and scores the answers to them.
pub trait Task: Send + Sync + fmt::Debug {
    /// `family/name`, the family naming the source, e.g. `"song2016/rdm_varstim"`.
    fn id(&self) -> &str;

    /// Counts the changes of the definition: the same id, version, parameters and seed give the same trials.
    /// A task of one's own starts at 1.
    fn version(&self) -> u32 {
        1
    }

    /// One sentence.
    fn summary(&self) -> &str;

    /// The source; unpublished unless it says otherwise.
    fn citation(&self) -> Citation {
        Citation::UNPUBLISHED
    }

    /// All parameters, so that [`create`](crate::create) with this id and these parameters rebuilds the task.
    /// A task of one's own without parameters has none.
    fn parameters(&self) -> serde_json::Value {
        serde_json::Value::Object(serde_json::Map::new())
    }

    /// Checks all parameters; without any there is nothing to check.
    fn validate(&self) -> Result<(), TaskError> {
        Ok(())
    }

    /// The time step, ms.
    fn dt(&self) -> f64;

    /// The input channels, in order.
    fn inputs(&self) -> Vec<Channel>;

    /// The output channels, in order.
    fn outputs(&self) -> Vec<Channel>;

    /// The classes of trials that are told apart in validation and evaluation, the catch condition included: every
    /// trial that is drawn belongs to exactly one of them. A class leaves out variables that vary within it, such as an
    /// angle.
    fn conditions(&self) -> Vec<Condition>;

    /// The conditions that tests present one by one, for task variance and tuning: those of
    /// [`conditions`](Self::conditions), with the variables that these leave out on the grid of the source.
    fn grid(&self) -> Vec<Condition> {
        self.conditions()
    }

    /// One trial. A `condition` fixes the variables it names, and those it leaves out are drawn; `None` draws all,
    /// catch trials included, as the source does. A condition the task cannot present is an error.
    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError>;

    /// Scores the answer `outputs` (n_steps, outputs) to a trial.
    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score;

    /// Whether an answer took the first of two alternatives, the one that positive evidence speaks for; `None` if it
    /// took neither. Outputs 0 and 1 unless the task says otherwise.
    fn chose_first(&self, _condition: &Condition, score: &Score) -> Option<bool> {
        score.choice.filter(|choice| *choice < 2).map(|choice| choice == 0)
    }

    /// What the source trains the outputs to do.
    fn objective(&self) -> Objective {
        Objective::MaskedMse
    }

    /// The expected performance of outputs that are independent uniform random numbers in [0, 1) at every step.
    fn chance(&self) -> f64 {
        0.0
    }

    /// The definition in words and equations; the summary unless there is more to say.
    fn description(&self) -> String {
        self.summary().into()
    }

    /// The names of the tasks in it whose answers are neither right nor wrong: they have no performance, and no
    /// criterion can ask for one.
    fn unscored(&self) -> Vec<String> {
        Vec::new()
    }

    /// What its place in the training says of the condition of a trial: which task of a set it is of. Nothing, for a
    /// single task. `rng` is not that of the trial, whose numbers would then say something of its task.
    fn turn(&self, _split: Split, _rng: &mut TrialRng) -> Condition {
        Condition::new()
    }

    /// The updates at which training goes over to another task, ascending; none for a single task.
    fn switches(&self) -> Vec<u64> {
        Vec::new()
    }

    /// The plant that the outputs of the network drive, if what is graded is not the outputs themselves: `targets` and
    /// [`score`](Self::score) then are about what the plant does.
    fn plant(&self) -> Option<Plant> {
        None
    }

    /// The source's rule for ending the training, if it has one.
    fn criterion(&self) -> Option<Criterion> {
        None
    }
}

/// The parameters of a task as JSON, for [`Task::parameters`].
pub fn parameters_of<T: Serialize>(task: &T) -> serde_json::Value {
    // Structs of numbers, texts and lists always have a JSON form.
    serde_json::to_value(task).unwrap_or_default()
}

/// The text at the head of a task's source file, for [`Task::description`]: its `//!` lines without fences, up to the
/// first example in Rust.
pub fn header_of(source: &str) -> String {
    let (mut text, mut in_block) = (Vec::new(), false);
    for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match line.strip_prefix("```") {
            Some("text") => in_block = true,
            Some("") if in_block => in_block = false,
            Some(_) => break,
            None => text.push(line),
        }
    }
    text.join("\n").trim_end().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validation(overall: f64) -> Performance {
        Performance {
            overall: Some(overall),
            minimum: Some(overall),
            rms_error: Some(1.0 - overall),
            ..Performance::default()
        }
    }

    #[test]
    fn a_header_is_read_up_to_its_example() {
        let source = "//! A task.\n//!\n//! ```text\n//! u = 1\n//! ```\n//!\n//! Reference.\n//!\n//! ```\n//! let x \
            = 1;\n//! ```\n\nuse std;";
        assert_eq!(header_of(source), "A task.\n\nu = 1\n\nReference.");
    }

    #[test]
    fn the_mean_is_over_the_last_validations_or_all_while_there_are_few() {
        let rule = Criterion::MeanPerformance { threshold: 0.85, window: 5 };
        assert!(!rule.is_met(&[]));
        assert!(rule.is_met(&[validation(0.9)]));
        assert!(!rule.is_met(&[validation(0.85)]));
        let mut history: Vec<_> = [0.0, 0.8, 0.9, 0.9, 0.9, 0.9].map(validation).into();
        assert!(rule.is_met(&history));
        history.push(validation(0.6));
        assert!(!rule.is_met(&history));
    }

    #[test]
    fn minimum_and_error_look_at_the_last_validation_only() {
        let history = [validation(0.96), validation(0.84)];
        assert!(!Criterion::MinPerformance { threshold: 0.85 }.is_met(&history));
        assert!(Criterion::MinPerformance { threshold: 0.84 }.is_met(&history));
        assert!(!Criterion::RmsError { threshold: 0.05 }.is_met(&history));
        assert!(Criterion::RmsError { threshold: 0.05 }.is_met(&history[..1]));
    }

    #[test]
    fn tasks_count_equally_however_many_trials_they_have() {
        let tasks = |performances: [f64; 2]| Performance {
            per_task: ["a", "b"].into_iter().map(String::from).zip(performances).collect(),
            ..validation(0.99)
        };
        let (mean, minimum) = (Criterion::MeanOfTasks { threshold: 0.9 }, Criterion::MinOfTasks { threshold: 0.9 });
        assert!(mean.is_met(&[tasks([0.84, 0.97])]) && !minimum.is_met(&[tasks([0.84, 0.97])]));
        assert!(!mean.is_met(&[tasks([0.82, 0.97])]) && minimum.is_met(&[tasks([0.9, 0.97])]));
        assert!(!mean.is_met(&[validation(0.99)]) && !minimum.is_met(&[validation(0.99)]));
    }

    #[test]
    fn a_validation_without_scored_trials_meets_nothing() {
        let nothing = [Performance::default()];
        assert!(!Criterion::MeanPerformance { threshold: 0.0, window: 5 }.is_met(&nothing));
        assert!(!Criterion::MinPerformance { threshold: 0.0 }.is_met(&nothing));
        assert!(!Criterion::RmsError { threshold: 9.0 }.is_met(&nothing));
    }
}
