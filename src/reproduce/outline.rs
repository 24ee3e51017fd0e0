//! What is done for a paper: trainings, commands, claims, figures.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::claim::Claim;
use crate::{
    error::{Error, Result},
    sweep::Description,
};

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Reduced, so that it takes at most three minutes on two cores.
    Quick,
    /// The settings of the paper.
    Full,
}

impl Mode {
    /// Its name.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
        }
    }

    /// One of two values.
    pub fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// What is done for a paper.
#[derive(Debug, Default)]
pub struct Outline {
    /// Seeds of every study, unless the user says otherwise.
    pub seeds: u64,
    /// What is trained, in order.
    pub studies: Vec<Study>,
    /// Commands for the trained networks, in order.
    pub steps: Vec<Step>,
    /// What is compared.
    pub claims: Vec<Claim>,
    /// What the page shows.
    pub figures: Vec<Figure>,
    /// What a reader should know: where settings differ from the paper's, what was tried in vain.
    pub notes: Vec<String>,
}

impl Outline {
    /// Both together, this one first; the number of seeds is this one's.
    pub fn and(mut self, other: Self) -> Self {
        self.studies.extend(other.studies);
        self.steps.extend(other.steps);
        self.claims.extend(other.claims);
        self.figures.extend(other.figures);
        self.notes.extend(other.notes);
        self
    }
}

/// A network that is trained with several seeds: a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// Its directory, and what steps and claims call it.
    pub name: String,
    /// What is trained, in one sentence.
    pub summary: String,
    /// The id of the preset.
    pub preset: &'static str,
    /// What it sets otherwise than its preset, by the dotted names of a run.toml.
    pub settings: Vec<(&'static str, Value)>,
    /// Updates that a training takes as far as is known, for estimates of its time; else the most that it may take.
    pub updates: Option<u64>,
    /// A network of the zoo that can stand in for it.
    pub pretrained: Option<&'static str>,
}

impl Study {
    /// A preset as it is.
    pub fn new(name: impl Into<String>, preset: &'static str, summary: impl Into<String>) -> Self {
        let (name, summary) = (name.into(), summary.into());
        Self { name, summary, preset, settings: Vec::new(), updates: None, pretrained: None }
    }

    /// Sets a field of the run.toml by its dotted name.
    pub fn set(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    /// Says how many updates a training takes, as far as is known.
    pub fn takes(mut self, updates: u64) -> Self {
        self.updates = Some(updates);
        self
    }

    /// Names a network of the zoo that can stand in for it.
    pub fn pretrained(mut self, id: &'static str) -> Self {
        self.pretrained = Some(id);
        self
    }

    /// The sweep over this many seeds.
    ///
    /// # Errors
    /// If the preset is unknown, or a setting is none of its fields.
    pub fn sweep(&self, seeds: u64) -> Result<Description> {
        self.described(seeds, &self.settings)
    }

    /// The sweep by which its time is estimated: it ends after as many updates as trainings are known to take.
    ///
    /// # Errors
    /// As [`sweep`](Self::sweep).
    pub fn sweep_to_estimate(&self, seeds: u64) -> Result<Description> {
        let mut settings = self.settings.clone();
        if let Some(updates) = self.updates {
            settings.retain(|(name, _)| *name != UPDATES);
            settings.push((UPDATES, Value::Integer(updates as i64)));
        }
        self.described(seeds, &settings)
    }

    fn described(&self, seeds: u64, settings: &[(&'static str, Value)]) -> Result<Description> {
        let mut document = Table::new();
        document.insert("preset".into(), self.preset.into());
        document.insert("seeds".into(), Value::Integer(seeds as i64));
        if !settings.is_empty() {
            let run: Table = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            document.insert("runs".into(), Value::Array(vec![run.into()]));
        }
        let text = toml::to_string(&document).map_err(|error| Error::setting("sweep", error.to_string()))?;
        Description::from_toml(&text, std::path::Path::new(""))
    }
}

/// A table of a run.toml, by the names of its fields.
pub(super) fn fields<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Table(fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
}

/// A list of a run.toml.
pub(super) fn list<T: Into<Value>, const N: usize>(values: [T; N]) -> Value {
    Value::Array(values.map(Into::into).into())
}

/// The field of a run.toml that says how many updates there are at most.
const UPDATES: &str = "train.updates";

/// A command of the program for each network of a study, such as `nn4n analyze decoding RUN --variable choice`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its directory beside each run, and what claims and figures call it.
    pub name: String,
    /// The study whose networks it is given; `None` of what needs no network.
    pub study: Option<String>,
    /// `analyze decoding`, `plot trials`, `eval`.
    pub command: &'static str,
    /// The rest of the command. `{results}` stands for the directory beside the run that holds results of other steps,
    /// `{network:STUDY}` for the network of the same seed of another study, `{after:UPDATES}` for another network that
    /// the run kept.
    pub words: Vec<String>,
    /// Of trainings that keep networks: the one after so many updates, in place of that which the run saved.
    pub after: Option<u64>,
    /// Whether only the network of the first seed is taken, as for a figure.
    pub is_of_first: bool,
    /// Whether a plot is drawn in pixels, as one of many small parts.
    pub is_in_pixels: bool,
}

impl Step {
    /// A command for every network of a study.
    pub fn new(name: impl Into<String>, study: &Study, command: &'static str, words: &str) -> Self {
        let words = words.split_whitespace().map(String::from).collect();
        Self {
            name: name.into(),
            study: Some(study.name.clone()),
            command,
            words,
            after: None,
            is_of_first: false,
            is_in_pixels: false,
        }
    }

    /// A command that needs no network.
    pub fn alone(name: impl Into<String>, command: &'static str, words: &str) -> Self {
        let words = words.split_whitespace().map(String::from).collect();
        Self { name: name.into(), study: None, command, words, after: None, is_of_first: true, is_in_pixels: false }
    }

    /// The same for the network that the run kept after so many updates.
    pub fn after(self, updates: u64) -> Self {
        Self { after: Some(updates), ..self }
    }

    /// The same for the first network alone.
    pub fn of_first(self) -> Self {
        Self { is_of_first: true, ..self }
    }

    /// The same, drawn in pixels: a plot of very many small parts.
    pub fn as_pixels(self) -> Self {
        Self { is_in_pixels: true, ..self }
    }

    /// The last word of the command, by which its files are called.
    pub fn kind(&self) -> &'static str {
        self.command.split(' ').next_back().unwrap_or_default()
    }

    /// Whether it leaves a picture and nothing else.
    pub fn draws_alone(&self) -> bool {
        self.command.starts_with("plot ")
    }

    /// The file that is there once the command has succeeded.
    pub fn result(&self) -> String {
        let ending = match (self.draws_alone(), self.is_in_pixels) {
            (false, _) => "json",
            (true, false) => "svg",
            (true, true) => "png",
        };
        format!("{}.{ending}", self.kind())
    }
}

/// A figure that a step has drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The heading of the section that it stands in.
    pub section: &'static str,
    /// What it is, in a few words.
    pub title: String,
    /// What it shows and how it is read.
    pub caption: String,
    /// The study whose first network it is of; `None` of what needs no network.
    pub study: Option<String>,
    /// The step that draws it.
    pub step: String,
    /// The name of its file without the ending.
    pub file: &'static str,
}

impl Figure {
    /// A figure of a step.
    pub fn new(section: &'static str, step: &Step, file: &'static str, title: &str, caption: &str) -> Self {
        let (study, step) = (step.study.clone(), step.name.clone());
        Self { section, title: title.into(), caption: caption.into(), study, step, file }
    }
}
