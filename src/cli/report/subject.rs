//! What a page is about: a network with its task, or a recording.

use std::{cell::OnceCell, path::Path};

use anyhow::{Context, Result, anyhow, bail};
use clap::FromArgMatches;
use nn4n_models::Ctrnn;
use nn4n_tasks::Task;

use super::ReportArgs;
use crate::{
    checkpoint::Checkpoint,
    cli::{
        analyze::{Source, SourceArgs},
        output::{self, shell_word},
        subject::{SubjectArgs, is_trial_file},
    },
    experiment::check_fit,
    zoo,
};

/// About how many trials an evaluation and the activity are of, unless the arguments say otherwise.
const EVALUATED: usize = 1000;
const ACTIVE: usize = 200;
/// And how many of each condition at most.
const MOST: usize = 100;
const MOST_ACTIVE: usize = 10;

/// A network or a recording.
pub struct Subject<'a> {
    pub args: &'a ReportArgs,
    /// As it was named.
    pub name: String,
    network: Option<Network>,
    activity: OnceCell<std::result::Result<Source, String>>,
    independent_activity: OnceCell<std::result::Result<Source, String>>,
}

/// A network with its task.
pub struct Network {
    pub checkpoint: Checkpoint,
    pub ctrnn: Ctrnn,
    /// Or why there is none.
    task: std::result::Result<Box<dyn Task>, String>,
}

impl<'a> Subject<'a> {
    /// The networks and then the recordings of these arguments.
    pub fn all(args: &'a ReportArgs) -> Result<Vec<Self>> {
        let of = |path: &Path, network| Self {
            args,
            name: path.display().to_string(),
            network,
            activity: OnceCell::new(),
            independent_activity: OnceCell::new(),
        };
        let mut all = Vec::new();
        for path in &args.checkpoints {
            all.push(of(path, Some(Network::open(path, args)?)));
        }
        for path in &args.activity {
            let recording = of(path, None);
            // A page without a recording that can be read says nothing.
            recording.activity().with_context(|| format!("--activity {}", path.display()))?;
            all.push(recording);
        }
        if args.checkpoints.is_empty() && (args.task.is_some() || !args.settings.is_empty() || args.trials.is_some()) {
            bail!("--task, --set and --trials are for networks, but the activity is recorded; leave them out");
        }
        Ok(all)
    }

    /// The network.
    ///
    /// # Errors
    /// Of a recording.
    pub fn network(&self) -> Result<&Network> {
        self.network.as_ref().context("the activity is recorded, and there is no network")
    }

    /// The network and its task.
    ///
    /// # Errors
    /// Of a recording, and if nothing is known of the task.
    pub fn task(&self) -> Result<(&Network, &dyn Task)> {
        let network = self.network()?;
        let task = network.task.as_deref().map_err(|why| anyhow!("nothing is known of its trials: {why}"))?;
        Ok((network, task))
    }

    /// The activity in trials, simulated once, or recorded.
    pub fn activity(&self) -> Result<&Source> {
        let open = || self.opened(|args| args.open_one(None));
        self.activity.get_or_init(open).as_ref().map_err(|why| anyhow!("{why}"))
    }

    /// The same with each row of a file of trials once.
    pub fn independent_activity(&self) -> Result<&Source> {
        let source = self.activity()?;
        if source.is_independent() {
            return Ok(source);
        }
        let open = || self.opened(|args| args.open_one_independent(None));
        self.independent_activity.get_or_init(open).as_ref().map_err(|why| anyhow!("{why}"))
    }

    fn opened(&self, open: impl FnOnce(SourceArgs) -> Result<Source>) -> std::result::Result<Source, String> {
        let source = self.source_words().and_then(|words| open(parsed::<SourceArgs>(&words)?));
        source.map_err(|error| output::message(&error))
    }

    /// In a sentence.
    pub fn summary(&self) -> String {
        match self.task() {
            Ok((network, task)) => {
                format!("{}. {}", network.checkpoint.header.model.kind.summary(), task.about().summary)
            }
            Err(_) => match self.network() {
                Ok(network) => network.checkpoint.header.model.kind.summary().into(),
                Err(_) => "Recorded activity".into(),
            },
        }
    }

    /// Trials of each condition of an evaluation.
    pub fn trials(&self, task: &dyn Task) -> usize {
        self.per_condition(task, EVALUATED, MOST)
    }

    /// About so many trials, at most so many of each condition; as many of each as the arguments say, if they do.
    pub fn per_condition(&self, task: &dyn Task, all: usize, most: usize) -> usize {
        let own = all.div_ceil(task.conditions().len().max(1)).clamp(1, most);
        self.args.trials.map_or(own, |trials| trials as usize)
    }

    /// What `nn4n analyze` and the figures of activity take for the same trials.
    pub fn source_words(&self) -> Result<Vec<String>> {
        if self.network.is_none() {
            let mut words = vec!["--activity".into(), self.name.clone()];
            words.extend(
                self.args.conditions.iter().flat_map(|path| ["--conditions".into(), path.display().to_string()]),
            );
            words.extend(self.seed_words());
            return Ok(words);
        }
        let (_, task) = self.task()?;
        let trials = self.per_condition(task, ACTIVE, MOST_ACTIVE).min(MOST_ACTIVE);
        let mut words = self.probe_words();
        words.extend(["--trials".into(), trials.to_string()]);
        Ok(words)
    }

    /// What the analyses of a network take: it, its task and the seed.
    pub fn probe_words(&self) -> Vec<String> {
        let mut words = vec![self.name.clone()];
        words.extend(self.args.task.iter().flat_map(|task| ["--task".into(), task.clone()]));
        words.extend(self.setting_words());
        words.extend(self.seed_words());
        words
    }

    /// The same for `nn4n eval` and what is like it.
    pub fn subject_words(&self) -> Vec<String> {
        let mut words = vec![self.name.clone()];
        let flag = |task: &str| if is_trial_file(task) { "--data" } else { "--task" };
        words.extend(self.args.task.iter().flat_map(|task| [flag(task).into(), task.clone()]));
        words.extend(self.setting_words());
        words.extend(self.seed_words());
        words
    }

    fn setting_words(&self) -> Vec<String> {
        self.args.settings.iter().flat_map(|(name, value)| ["--set".into(), format!("{name}={value}")]).collect()
    }

    fn seed_words(&self) -> [String; 2] {
        ["--seed".into(), self.args.seed.to_string()]
    }

    /// The variable that trials are told apart by, as words.
    pub fn by_words(&self) -> Vec<String> {
        self.args.by.iter().flat_map(|by| ["--by".into(), by.clone()]).collect()
    }
}

impl Network {
    fn open(path: &Path, args: &ReportArgs) -> Result<Self> {
        let checkpoint = zoo::open(path)?;
        let ctrnn = checkpoint.network(&candle_core::Device::Cpu)?;
        let subject = SubjectArgs::named(path, args.task.as_deref(), &args.settings, None);
        let fitting = || -> Result<Box<dyn Task>> {
            let task = subject.task(&checkpoint, checkpoint.header.model.dt)?;
            check_fit(ctrnn.config(), Some(checkpoint.header.task.channels()), task.as_ref())?;
            Ok(task)
        };
        let task = match fitting() {
            Ok(task) => Ok(task),
            Err(error) if args.task.is_some() || !args.settings.is_empty() => return Err(error),
            Err(error) => Err(output::message(&error)),
        };
        Ok(Self { checkpoint, ctrnn, task })
    }

    /// The task, if it is known.
    pub fn known_task(&self) -> Option<&dyn Task> {
        self.task.as_deref().ok()
    }
}

/// Arguments from words, as the program reads them.
pub fn parsed<T: clap::Args + FromArgMatches>(words: &[String]) -> Result<T> {
    let command = T::augment_args(clap::Command::new("nn4n").no_binary_name(true));
    Ok(T::from_arg_matches(&command.try_get_matches_from(words)?)?)
}

/// `nn4n` with these words as a line for a shell.
pub fn nn4n(words: &[&str], more: &[String]) -> String {
    let words: Vec<String> = std::iter::once(&"nn4n").chain(words).map(|word| word.to_string()).collect();
    // What says where to draw comes last.
    let out = words.iter().position(|word| word == "--out").unwrap_or(words.len());
    let (before, after) = words.split_at(out);
    line(&[before, more, after].concat())
}

/// Words as a shell reads them.
pub fn line(words: &[String]) -> String {
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words_in_a_shell() {
        let words = ["a b", "it's", "x=[1,2]", "plain.npz", ""].map(String::from);
        assert_eq!(line(&words), r"'a b' 'it'\''s' 'x=[1,2]' plain.npz ''");
        assert_eq!(nn4n(&["plot", "weights", "--out", "w.svg"], &["net".into()]), "nn4n plot weights net --out w.svg");
    }
}
