//! Where activity comes from: trained networks at their task, or recordings.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::{Array2, Axis};
use nn4n_analysis::{Activity, Network, structure::Group};
use nn4n_models::{Ctrnn, Units};
use nn4n_tasks::{Condition, Task};
use serde::Serialize;

use super::probe::ConditionArgs;
use crate::{
    checkpoint::Checkpoint,
    cli::{
        interventions::InterventionArgs,
        output::{shell_path, shell_word},
        over_study::networks_of,
        setting::{Setting, parse_setting},
        subject::{SubjectArgs, at_step},
    },
    evaluate::{Outcomes, TrialPlan, activity, conditions, once, outcomes, populations, recorded, recorded_outcomes},
    intervention::{Altered, Applied, UnitSelection},
    zoo,
};

/// Trials of each condition, unless the arguments or the analysis say otherwise.
const TRIALS: u32 = 20;
/// What trials are that are not counted.
const ONCE_MORE: &str = "trials are a row of the file once more and differ in the noise alone";

#[derive(Debug, Args)]
pub struct SourceArgs {
    /// Networks: checkpoint files, run directories, names of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    #[arg(value_name = "CHECKPOINT")]
    checkpoints: Vec<PathBuf>,
    /// Recorded activity in place of a network: rates (trials, steps, units), dt, and variables of the trials; may be
    /// repeated
    #[arg(long, value_name = "FILE.npz|.mat|.h5")]
    activity: Vec<PathBuf>,
    /// What is known of the trials of the recording: trials.json of `nn4n tasks sample`, or a row a trial in .csv
    #[arg(long, value_name = "FILE.json|FILE.csv", requires = "activity")]
    conditions: Option<PathBuf>,
    /// Another task than the one it was trained on: an id, or trials of your own in .npz or .toml
    #[arg(long, value_name = "ID|FILE")]
    task: Option<String>,
    /// A parameter of the task, in JSON; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// Simulate the network at another step, ms
    #[arg(long, value_name = "MS")]
    dt: Option<f64>,
    /// Fresh trials of each condition [default: 20, or as the analysis says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    trials: Option<u32>,
    /// Without the noise of inputs and units
    #[arg(long)]
    pub noise_free: bool,
    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    condition: ConditionArgs,
    /// Only these units: numbers (0,5,10-20), a cell type, an area, area:type, @FILE or @FILE#GROUP
    #[arg(long, value_name = "UNITS")]
    units: Option<UnitSelection>,
    #[command(flatten)]
    interventions: InterventionArgs,
}

/// Activity, and what is known of its units.
pub struct Source {
    /// The network or the file, as it was named.
    pub name: String,
    pub about: SourceAbout,
    pub activity: Activity,
    /// The numbers that its units have in the network or the recording.
    pub units: Vec<usize>,
    /// Areas and cell types as far as they are known, of the units that the activity has.
    pub groups: Vec<Group>,
    /// `None` of a recording.
    pub network: Option<Ctrnn>,
    /// `None` of a recording.
    pub task: Option<Box<dyn Task>>,
}

/// What was done in trials, without activity.
pub struct Behaviour {
    pub about: SourceAbout,
    pub outcomes: Outcomes,
    /// `None` of a recording.
    pub task: Option<Box<dyn Task>>,
}

/// What every report begins with.
#[derive(Clone, Debug, Serialize)]
pub struct SourceAbout {
    /// The network, as it was named; `null` of a recording.
    pub network: Option<String>,
    /// The file of a recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// Id of the task, if it is known.
    pub task: Option<String>,
    /// ms
    pub dt: f64,
    /// Whether the noise of inputs and units was on; `null` of a recording.
    pub noise: Option<bool>,
    /// Which units these are; all of them if that is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected_units: Option<String>,
    /// Only trials with these variables.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// What was done to the network.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interventions: Vec<Applied>,
    /// Trials that are a row of a file once more, and not counted.
    #[serde(skip_serializing_if = "is_none")]
    pub repeated_trials: usize,
    pub seed: u64,
}

/// The trials that an analysis wants.
#[derive(Clone, Copy)]
struct Wanted {
    /// Of each condition, unless the arguments say otherwise.
    per_condition: Option<u32>,
    /// Whether the noise of inputs and units is on.
    noise: bool,
    /// Whether they are of the grid of the task, or else of its classes.
    is_grid: bool,
}

/// A network with its task, ready to be simulated.
struct Subject {
    name: String,
    altered: Altered,
    task: Box<dyn Task>,
    plan: TrialPlan,
}

impl Behaviour {
    /// Keeps the first draw of each row of a file of trials, and says how many others there were.
    pub fn count_rows_once(&mut self) -> usize {
        let Some(task) = &self.task else { return 0 };
        let kept = once(task.as_ref(), &self.outcomes.trials.conditions);
        let repeated = self.outcomes.trials.len() - kept.len();
        if repeated > 0 {
            self.outcomes.inputs = self.outcomes.inputs.select(Axis(0), &kept);
            self.outcomes.trials = self.outcomes.trials.select(&kept);
        }
        repeated
    }
}

impl Source {
    /// The weights (posts, pres) between units of the network, by their numbers; `None` of a recording, which has none.
    pub fn weights(&self, posts: &[usize], pres: &[usize]) -> Result<Option<Array2<f64>>> {
        let Some(network) = &self.network else { return Ok(None) };
        Ok(Some(Network::of(network)?.joined_weights().select(Axis(0), posts).select(Axis(1), pres)))
    }

    /// Whether no row of a file of trials is there more than once.
    pub fn is_independent(&self) -> bool {
        self.independent_trials().len() == self.activity.trials().len()
    }

    /// The trials with each row of a file once, at its first draw.
    fn independent_trials(&self) -> Vec<usize> {
        let trials = self.activity.trials();
        match &self.task {
            Some(task) => once(task.as_ref(), &trials.conditions),
            None => (0..trials.len()).collect(),
        }
    }
}

impl SourceAbout {
    /// A result, or an error that says, too, which trials are not counted.
    pub fn explained<T>(&self, found: Result<T, impl Into<anyhow::Error>>) -> Result<T> {
        match self.repeated_trials {
            0 => found.map_err(Into::into),
            n => found.map_err(Into::into).with_context(|| format!("{n} {ONCE_MORE}, and are left out")),
        }
    }
}

/// A line on the rows of a file that were drawn more than once, if any were.
pub fn repetitions(n: usize) -> Option<String> {
    (n > 0).then(|| format!("left out     {n} {ONCE_MORE}"))
}

fn is_none(n: &usize) -> bool {
    *n == 0
}

impl SourceArgs {
    /// The activity of each network, then of each recording. `per_condition` is how many trials of each condition the
    /// analysis wants, unless the arguments say otherwise.
    pub fn open(&self, per_condition: Option<u32>) -> Result<Vec<Source>> {
        self.check_any()?;
        let paths = self.networks()?;
        let networks = paths.iter().map(|path| self.simulated(path, self.wanted(per_condition)));
        networks.chain(self.activity.iter().map(|path| self.read(path))).collect()
    }

    /// The same with each row of a file of trials once, at its first draw: for analyses that take trials as independent,
    /// which those that differ in the noise alone are not.
    pub fn open_independent(&self, per_condition: Option<u32>) -> Result<Vec<Source>> {
        let mut sources = self.open(per_condition)?;
        for source in sources.iter_mut().filter(|source| !source.is_independent()) {
            let kept = source.independent_trials();
            source.about.repeated_trials = source.activity.trials().len() - kept.len();
            source.activity = source.activity.with_trials(&kept)?;
        }
        Ok(sources)
    }

    /// The networks that are named, all finished ones of a study among them.
    fn networks(&self) -> Result<Vec<PathBuf>> {
        let of = |path: &PathBuf| Ok(networks_of(path)?.unwrap_or_else(|| vec![path.clone()]));
        Ok(self.checkpoints.iter().map(of).collect::<Result<Vec<_>>>()?.concat())
    }

    /// The activity of the one network or recording.
    pub fn open_one(&self, per_condition: Option<u32>) -> Result<Source> {
        self.check_one()?;
        self.open(per_condition)?.pop().context("no network is named")
    }

    /// The same with each row of a file of trials once.
    pub fn open_one_independent(&self, per_condition: Option<u32>) -> Result<Source> {
        self.check_one()?;
        self.open_independent(per_condition)?.pop().context("no network is named")
    }

    /// The activity of the one network on the grid of conditions that tests present one by one, with or without the
    /// noise of inputs and units; or that of the recording.
    pub fn open_grid(&self, per_condition: Option<u32>, noise: bool) -> Result<Source> {
        self.check_one()?;
        match self.checkpoints.first() {
            Some(path) => self.simulated(path, Wanted { per_condition, noise, is_grid: true }),
            None => self.read(&self.activity[0]),
        }
    }

    /// What the one network, or recorded animal, did in trials.
    pub fn behaviour(&self, per_condition: Option<u32>) -> Result<Behaviour> {
        self.behaviour_of(|_, _| Ok(None), |_| per_condition)
    }

    /// The same in trials of other conditions than those of the task: `plan` chooses them, if it does, from the task
    /// and from what `--where` asks for; `per_condition` says how many trials to take of each of so many.
    pub fn behaviour_of(
        &self,
        plan: impl FnOnce(&dyn Task, &Condition) -> Result<Option<Vec<Condition>>>,
        per_condition: impl FnOnce(usize) -> Option<u32>,
    ) -> Result<Behaviour> {
        self.check_one()?;
        if let Some(units) = &self.units {
            bail!("--units {units}: is for activity, and this is of what was chosen; leave it out");
        }
        if let Some(path) = self.activity.first() {
            self.check_options_of_networks()?;
            let outcomes = recorded_outcomes(path, self.conditions.as_deref())?;
            let kept = outcomes.trials.of_condition(&self.condition.parse()?).context("--where")?;
            let outcomes = Outcomes {
                inputs: outcomes.inputs.select(Axis(0), &kept),
                trials: outcomes.trials.select(&kept),
                ..outcomes
            };
            let name = path.display().to_string();
            return Ok(Behaviour { about: self.of_recording(&name, outcomes.dt), outcomes, task: None });
        }
        let mut subject = self.subject(&self.checkpoints[0], self.wanted(None))?;
        if let Some(planned) = plan(subject.task.as_ref(), &self.condition.parse()?)? {
            subject.plan.conditions = planned;
        }
        if let Some(n) = per_condition(subject.plan.conditions.len()).filter(|_| self.trials.is_none()) {
            subject.plan.per_condition = n as usize;
        }
        let outcomes = outcomes(&subject.altered, subject.task.as_ref(), &subject.plan)?;
        let about = self.of_network(&subject);
        Ok(Behaviour { about, outcomes, task: Some(subject.task) })
    }

    /// The options that give the same activity again, for a command that goes on from here.
    pub fn again(&self) -> String {
        let mut words: Vec<String> = self.checkpoints.iter().map(|path| shell_path(path)).collect();
        let mut add = |flag: &str, value: &dyn std::fmt::Display| {
            words.push(format!("--{flag} {}", shell_word(&value.to_string())))
        };
        self.activity.iter().for_each(|path| add("activity", &path.display()));
        self.conditions.iter().for_each(|path| add("conditions", &path.display()));
        self.task.iter().for_each(|task| add("task", task));
        self.settings.iter().for_each(|(name, value)| add("set", &format!("{name}={value}")));
        self.dt.iter().for_each(|dt| add("dt", dt));
        self.trials.iter().for_each(|trials| add("trials", trials));
        self.condition.words().iter().for_each(|condition| add("where", condition));
        self.units.iter().for_each(|units| add("units", units));
        if self.seed != 0 {
            add("seed", &self.seed);
        }
        if self.noise_free {
            words.push("--noise-free".into());
        }
        words.extend(self.interventions.words());
        words.join(" ")
    }

    fn check_any(&self) -> Result<()> {
        if self.checkpoints.is_empty() && self.activity.is_empty() {
            bail!("name a network, or recorded activity with --activity FILE.npz");
        }
        Ok(())
    }

    fn check_one(&self) -> Result<()> {
        self.check_any()?;
        if self.checkpoints.len() + self.activity.len() > 1 {
            bail!("one network or one recording is analysed at a time here; name one");
        }
        Ok(())
    }

    fn wanted(&self, per_condition: Option<u32>) -> Wanted {
        Wanted { per_condition, noise: !self.noise_free, is_grid: false }
    }

    /// The conditions of the task that have the variables of `--where`, on its grid or as classes.
    fn conditions_of(&self, task: &dyn Task, is_grid: bool) -> Result<Vec<Condition>> {
        let condition = self.condition.parse()?;
        let of_grid: Vec<Condition> = match is_grid {
            true => task.grid().into_iter().filter(|one| one.belongs_to(&condition)).collect(),
            false => Vec::new(),
        };
        Ok(if of_grid.is_empty() { conditions(task, &condition) } else { of_grid })
    }

    /// A network with its task and the trials that are asked for.
    fn subject(&self, path: &std::path::Path, wanted: Wanted) -> Result<Subject> {
        let checkpoint = zoo::open(path)?;
        let network = checkpoint.network(&candle_core::Device::Cpu)?;
        let dt = self.dt.unwrap_or(checkpoint.header.model.dt);
        let altered = Altered::of(&at_step(&network, dt, wanted.noise)?, &self.interventions.all())?;
        let task = self.task(path, &checkpoint, dt)?;
        let conditions = self.conditions_of(task.as_ref(), wanted.is_grid)?;
        let plan = TrialPlan {
            // A task without conditions has one, that of all its trials.
            conditions: if conditions.is_empty() { vec![Condition::new()] } else { conditions },
            per_condition: self.trials.or(wanted.per_condition).unwrap_or(TRIALS) as usize,
            seed: self.seed,
            noise: wanted.noise,
        };
        Ok(Subject { name: path.display().to_string(), altered, task, plan })
    }

    fn task(&self, path: &std::path::Path, checkpoint: &Checkpoint, dt: f64) -> Result<Box<dyn Task>> {
        SubjectArgs::named(path, self.task.as_deref(), &self.settings, self.dt).task_with(checkpoint, dt, "--task")
    }

    fn simulated(&self, path: &std::path::Path, wanted: Wanted) -> Result<Source> {
        let subject = self.subject(path, wanted)?;
        let found = activity(&subject.altered, subject.task.as_ref(), &subject.plan)?;
        let units = subject.altered.network.units();
        let selected = self.units.as_ref().map(|selection| selection.resolve(units)).transpose()?;
        let numbers = selected.clone().unwrap_or_else(|| (0..found.units()).collect());
        let (activity, groups) = selection(found, groups_of(units), selected.as_deref())?;
        let about = self.of_network(&subject);
        let Subject { name, altered, task, .. } = subject;
        let (network, task) = (Some(altered.network), Some(task));
        Ok(Source { name, about, activity, units: numbers, groups, network, task })
    }

    fn read(&self, path: &std::path::Path) -> Result<Source> {
        self.check_options_of_networks()?;
        let found = recorded(path, self.conditions.as_deref())?;
        let kept = found.activity.with_condition(&self.condition.parse()?).context("--where")?;
        let selected = self.units.as_ref().map(|units| units.among(&found.groups, kept.units())).transpose()?;
        let units = selected.clone().unwrap_or_else(|| (0..kept.units()).collect());
        let (activity, groups) = selection(kept, found.groups, selected.as_deref())?;
        let name = path.display().to_string();
        let about = self.of_recording(&name, activity.dt());
        Ok(Source { about, name, activity, units, groups, network: None, task: None })
    }

    /// Refuses what nothing can be done with where there is no network.
    fn check_options_of_networks(&self) -> Result<()> {
        let given = [
            ("--task", self.task.is_some()),
            ("--set", !self.settings.is_empty()),
            ("--dt", self.dt.is_some()),
            ("--trials", self.trials.is_some()),
            ("--noise-free", self.noise_free),
            ("interventions", !self.interventions.all().is_empty()),
        ];
        match given.iter().find(|(_, is_given)| *is_given).filter(|_| self.checkpoints.is_empty()) {
            Some((name, _)) => bail!("{name}: is for networks, but the activity is recorded; leave it out"),
            None => Ok(()),
        }
    }

    fn of_network(&self, subject: &Subject) -> SourceAbout {
        SourceAbout {
            network: Some(subject.name.clone()),
            recording: None,
            task: Some(subject.task.id().into()),
            dt: subject.task.dt(),
            noise: Some(subject.plan.noise),
            selected_units: self.units.as_ref().map(ToString::to_string),
            condition: self.condition.words(),
            interventions: subject.altered.applied.clone(),
            repeated_trials: 0,
            seed: self.seed,
        }
    }

    fn of_recording(&self, name: &str, dt: f64) -> SourceAbout {
        SourceAbout {
            network: None,
            recording: Some(name.into()),
            task: None,
            dt,
            noise: None,
            selected_units: self.units.as_ref().map(ToString::to_string),
            condition: self.condition.words(),
            interventions: Vec::new(),
            repeated_trials: 0,
            seed: self.seed,
        }
    }
}

/// Areas with their cell types; the areas, too, where there are both.
fn groups_of(units: &Units) -> Vec<Group> {
    let mut groups = populations(units);
    let areas = units.areas.iter().map(|area| Group { name: area.name.clone(), units: area.range().collect() });
    if units.areas.len() > 1 && units.have_cell_types() {
        groups.splice(0..0, areas);
    }
    groups
}

/// Some units alone, and the groups in their numbers.
fn selection(activity: Activity, groups: Vec<Group>, units: Option<&[usize]>) -> Result<(Activity, Vec<Group>)> {
    let Some(units) = units else { return Ok((activity, groups)) };
    let within = |group: Group| {
        let places = units.iter().enumerate().filter(|(_, unit)| group.units.contains(unit));
        Group { units: places.map(|(place, _)| place).collect(), name: group.name }
    };
    let groups = groups.into_iter().map(within).filter(|group| !group.units.is_empty()).collect();
    Ok((activity.with_units(units)?, groups))
}
