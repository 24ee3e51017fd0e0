//! What a task is: named channels, conditions, trials, and a rule that scores the answers.
//!
//! A [`Task`] is a plain struct of parameters. Its trials are a pure function of the parameters, the condition and the
//! random numbers, so a task can be shared between threads and rebuilt anywhere from `id` and `parameters`.

use std::fmt;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::plant::Plant;
use crate::units;
use crate::{About, Condition, Criterion, Schedule, Score, Split, TaskError, Trial, TrialRng, TrialView};

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

/// A task: generates trials and scores the answers to them.
pub trait Task: Send + Sync + fmt::Debug {
    /// Its id, version, summary, source and definition.
    fn about(&self) -> About<'_>;

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

    /// Where the animal or the hand of a trial is, (n_steps + 1, axes): before the first step and after each. Of the
    /// trial that [`trial`](Self::trial) makes of the same random numbers; `None` of a task that knows no places.
    ///
    /// # Errors
    /// As [`trial`](Self::trial).
    fn trajectory(
        &self,
        _split: Split,
        _condition: Option<&Condition>,
        _rng: &mut TrialRng,
    ) -> Result<Option<Array2<f64>>, TaskError> {
        Ok(None)
    }

    /// The unit of a variable of its trials, such as `rad`; empty for pure numbers and words.
    fn unit(&self, variable: &str) -> &'static str {
        units::unit(self.about().id, variable)
    }

    /// What a user should know before a network is trained or evaluated on this task, a sentence each: how data of
    /// one's own were understood. Of a published task there is nothing to say.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// Scores the answer `outputs` (n_steps, outputs) to a trial.
    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score;

    /// Whether an answer took the first of two alternatives, the one that positive evidence speaks for; `None` if it
    /// took neither. Outputs 0 and 1 unless the task says otherwise.
    fn chose_first(&self, _condition: &Condition, score: &Score) -> Option<bool> {
        score.choice.filter(|choice| *choice < 2).map(|choice| choice == 0)
    }

    /// What a choice ([`Score::choice`]) is called, in words: the output of that number, unless the choices of the task
    /// are no outputs.
    fn choice_name(&self, choice: usize) -> String {
        let outputs = self.outputs();
        outputs.get(choice).map_or_else(|| format!("choice {}", choice + 1), |output| output.name.replace('_', " "))
    }

    /// What the source trains the outputs to do.
    fn objective(&self) -> Objective {
        Objective::MaskedMse
    }

    /// The recurrent noise of the networks that the source trains on it (`sigma_rec`, scaled as for a continuous-time
    /// process), which networks have that leave theirs open; `None` if it has none of its own.
    fn sigma_rec(&self) -> Option<f64> {
        None
    }

    /// The expected performance of outputs that are independent uniform random numbers in [0, 1) at every step.
    fn chance(&self) -> f64 {
        0.0
    }

    /// Whether its answers are right or wrong; if they are neither they have no performance, and no criterion can ask
    /// for one.
    fn is_scored(&self) -> bool {
        true
    }

    /// Whose turn it is, for a set of several tasks; none for a single task.
    fn schedule(&self) -> Option<&dyn Schedule> {
        None
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

impl dyn Task + '_ {
    /// `family/name`, the family naming the source, e.g. `"song2016/rdm_varstim"`.
    pub fn id(&self) -> &str {
        self.about().id
    }

    /// The updates at which training goes over to another task, ascending; none for a single task.
    pub fn switches(&self) -> Vec<u64> {
        self.schedule().map_or_else(Vec::new, Schedule::switches)
    }

    /// The names of the tasks in it whose answers are neither right nor wrong: they have no performance, and no
    /// criterion can ask for one.
    pub fn unscored(&self) -> Vec<String> {
        match self.schedule() {
            Some(schedule) => schedule.unscored(),
            None if self.is_scored() => Vec::new(),
            None => vec![self.id().into()],
        }
    }
}

/// The parameters of a task as JSON, for [`Task::parameters`].
pub fn parameters_of<T: Serialize>(task: &T) -> serde_json::Value {
    // Structs of numbers, texts and lists always have a JSON form.
    serde_json::to_value(task).unwrap_or_default()
}
