//! The declared task as a [`Task`].

use std::io::Read;
use std::path::{Path, PathBuf};

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::format::read;
use super::plan::Plan;
use super::variable::product;
use super::words::description;
use crate::entry::{self, Entry, TaskInfo};
use crate::file::{open, unreadable};
use crate::{
    About, Channel, Condition, Criterion, Described, Objective, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView, UserData, parameters_of,
};

/// The longest text, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// So many conditions are tried out before a task is accepted.
const TRIED: usize = 32;

/// Where a declared task stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeclaredSettings {
    /// The `.toml` file; not read if there is a text.
    pub path: PathBuf,
    /// What the file says.
    pub text: String,
}

/// A task that a file declares.
#[derive(Clone, Debug)]
pub struct DeclaredTask {
    settings: DeclaredSettings,
    plan: Plan,
    description: String,
}

impl Described for DeclaredTask {
    const ABOUT: About<'static> = About {
        id: "data/toml",
        summary: "A task that a .toml file declares: epochs, variables, and what each channel carries",
        citation: UserData::ABOUT.citation,
        header: include_str!("mod.rs"),
        ..About::NEW
    };
}

impl DeclaredTask {
    pub(crate) const ENTRY: Entry = Entry {
        id: Self::ABOUT.id,
        create: |parameters| Ok(Box::new(Self::open(entry::read(Self::ABOUT.id, parameters)?)?)),
        describe: || TaskInfo::without_channels(Self::ABOUT, UserData::DT, parameters_of(&DeclaredSettings::default())),
    };

    /// Reads the text (from the file, if it is not given) and checks all of it.
    pub fn open(mut settings: DeclaredSettings) -> Result<Self, TaskError> {
        let source = if settings.text.is_empty() {
            settings.text = text_of(&settings.path)?;
            settings.path.display().to_string()
        } else {
            "text".into()
        };
        if settings.text.len() as u64 > MAX_BYTES {
            return Err(too_long(&source));
        }
        let format = read(&source, &settings.text)?;
        let plan = Plan::new(&format)?;
        let task = Self { description: description(&settings.text, &format, &plan), settings, plan };
        task.try_out()?;
        Ok(task)
    }

    /// Makes a trial of every condition, or of the first ones if there are many, so that what an expression does wrong
    /// shows at once.
    fn try_out(&self) -> Result<(), TaskError> {
        for condition in self.conditions().iter().take(1).chain(&self.grid()).take(TRIED) {
            for split in [Split::Train, Split::Test] {
                let trial = self.trial(split, Some(condition), &mut TrialRng::new(0, "try", 0, 0))?;
                self.grades_something(&trial, split)?;
                if self.plan.objective == Objective::Classes {
                    one_class_per_step(&trial)?;
                }
            }
        }
        Ok(())
    }

    /// However short the periods of a trial like this one turn out, one that is graded must last.
    fn grades_something(&self, trial: &Trial, split: Split) -> Result<(), TaskError> {
        let is_graded = |epoch: &&crate::Epoch| {
            trial.loss_mask.slice(ndarray::s![epoch.steps(), ..]).iter().any(|weight| *weight != 0.0)
        };
        let graded: Vec<&str> = trial.epochs.iter().filter(is_graded).map(|epoch| epoch.name.as_ref()).collect();
        if graded.iter().any(|name| self.plan.always_lasts(name, split)) {
            return Ok(());
        }
        let remedy = match graded.first() {
            None => "give an epoch `graded = 1`".into(),
            Some(name) => {
                format!("the epoch `{name}` may last no step; give it a longer `min`, or another epoch `graded = 1`")
            }
        };
        let value = format!("0 ({})", trial.condition);
        Err(TaskError::parameter("epochs.graded", value, "must grade something in every trial", remedy))
    }
}

/// Classes: one target is 1 and the others are 0, at every step.
fn one_class_per_step(trial: &Trial) -> Result<(), TaskError> {
    let is_class = |row: ndarray::ArrayView1<'_, f32>| row.iter().all(|z| [0.0, 1.0].contains(z)) && row.sum() == 1.0;
    let Some((step, row)) = trial.targets.outer_iter().enumerate().find(|(_, row)| !is_class(row.view())) else {
        return Ok(());
    };
    let epoch = trial.epochs.iter().find(|epoch| epoch.steps().contains(&step)).map_or("", |epoch| epoch.name.as_ref());
    let remedy = format!("see the targets in the epoch `{epoch}` ({}), or choose another `objective`", trial.condition);
    Err(TaskError::parameter(
        "outputs",
        format!("{:?}", row.to_vec()),
        "must be 1 for one class and 0 for the others",
        remedy,
    ))
}

fn too_long(source: &str) -> TaskError {
    TaskError::parameter(
        source,
        format!("more than {MAX_BYTES} bytes"),
        "is too long for a declared task",
        "give the .toml file of a task",
    )
}

/// The content of a file, of which no more is read than a task may have.
fn text_of(path: &Path) -> Result<String, TaskError> {
    if path.as_os_str().is_empty() {
        return Err(TaskError::parameter(
            "path",
            "\"\"",
            "must name a .toml file",
            "give the file that declares your task, or its `text`",
        ));
    }
    let mut text = String::new();
    open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| unreadable(path, error.to_string()))?;
    Ok(text)
}

impl Task for DeclaredTask {
    fn about(&self) -> About<'_> {
        About { summary: &self.plan.summary, header: &self.description, ..Self::ABOUT }
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(&self.settings)
    }

    fn dt(&self) -> f64 {
        self.plan.clock.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        self.plan.inputs.iter().map(|channel| Channel { name: channel.name.clone() }).collect()
    }

    fn outputs(&self) -> Vec<Channel> {
        self.plan.outputs.iter().map(|channel| Channel { name: channel.name.clone() }).collect()
    }

    fn conditions(&self) -> Vec<Condition> {
        self.listed(|variable| variable.class)
    }

    fn grid(&self) -> Vec<Condition> {
        self.listed(|variable| variable.n_values() > 0)
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.plan.trial(split, condition, rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.plan.score(trial, outputs)
    }

    fn objective(&self) -> Objective {
        self.plan.objective
    }

    fn chance(&self) -> f64 {
        self.plan.chance()
    }

    fn is_scored(&self) -> bool {
        self.plan.has_scores()
    }

    fn criterion(&self) -> Option<Criterion> {
        self.plan.criterion
    }
}

impl DeclaredTask {
    /// Catch trials, if there are any, and all combinations of the values of some variables.
    fn listed(&self, rule: impl Fn(&super::variable::Variable) -> bool) -> Vec<Condition> {
        let catch = self.plan.catch.filter(|(probability, _)| *probability > 0.0).map(|_| Condition::catch());
        catch.into_iter().chain(product(self.plan.variables.iter().filter(|variable| rule(variable)))).collect()
    }
}
