//! What is analysed: a trained network under an input that is held.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use nn4n_analysis::{HeldInput, Network, System, dynamics::StatePart};
use nn4n_models::Ctrnn;
use nn4n_tasks::{Condition, Split, Task, TrialBatch, Value, motor::Plant, noise_free};
use serde::Serialize;

use crate::{
    checkpoint::Checkpoint,
    cli::{
        interventions::InterventionArgs,
        names::{joined_pairs, pairs},
        output::{shell_path, shell_word},
        setting::{Setting, parse_setting},
        subject::{SubjectArgs, at_step},
    },
    evaluate::conditions,
    experiment::check_fit,
    intervention::{self, Applied, Intervention, Window},
    terminal::say,
    zoo,
};

/// What is analysed where the plant is part of it.
const IN_THE_LOOP: &str = "the network in the loop with the arm that it drives";
/// What is analysed where there is none.
const NETWORK: &str = "the network";
/// What is analysed where it is not.
const ALONE: &str = "the network alone, without the arm that it drives; what it feels is part of the input";

/// Trials that are made at least, so that their states are many.
const TRIALS: usize = 64;

#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// A checkpoint file, a run directory, a network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    pub checkpoint: PathBuf,
    /// Another task than the one it was trained on: an id, or trials of your own in .npz or .toml
    #[arg(long, value_name = "ID|FILE")]
    task: Option<String>,
    /// A parameter of the task, in JSON; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// Analyse the network at another step, ms
    #[arg(long, value_name = "MS")]
    dt: Option<f64>,
    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    interventions: InterventionArgs,
}

#[derive(Debug, Args)]
pub struct ConditionArgs {
    /// Only trials with these variables
    #[arg(long = "where", value_name = "NAME=VALUE,..", allow_hyphen_values = true)]
    condition: Option<String>,
}

#[derive(Debug, Args)]
pub struct InputArgs {
    /// The input that is held, channel by channel; those not named are 0 [default: the one that holds at the most steps
    /// of noise-free test trials]
    #[arg(long, value_name = "NAME=VALUE,..", conflicts_with_all = ["at", "condition"], allow_hyphen_values = true)]
    input: Option<String>,
    /// The input of this epoch of the task
    #[arg(long, value_name = "EPOCH")]
    at: Option<String>,
    #[command(flatten)]
    pub trials: ConditionArgs,
}

#[derive(Debug, Args)]
pub struct LoopArgs {
    /// Analyse the network alone, even if it was trained to drive an arm that it feels
    #[arg(long)]
    open_loop: bool,
}

impl LoopArgs {
    /// The network in the loop with what it was trained to drive, or alone.
    pub fn system<'a>(&self, probe: &'a Probe) -> Result<System<'a>> {
        Ok(match probe.plant().filter(|_| !self.open_loop) {
            Some(plant) => System::in_loop(&probe.network, plant)?,
            None => System::from(&probe.network),
        })
    }

    /// The option that chooses the same again.
    pub fn words(&self) -> &'static str {
        if self.open_loop { " --open-loop" } else { "" }
    }
}

impl InputArgs {
    /// The options that hold the same input again.
    pub fn words(&self) -> String {
        let given = [("input", &self.input), ("at", &self.at), ("where", &self.trials.condition)];
        given.iter().filter_map(|(flag, value)| Some(format!(" --{flag} {}", shell_word(value.as_ref()?)))).collect()
    }
}

impl ConditionArgs {
    /// The variables that trials must have.
    pub fn parse(&self) -> Result<Condition> {
        self.condition.as_deref().map_or_else(|| Ok(Condition::new()), parse_condition)
    }

    /// As it was given.
    pub fn words(&self) -> Option<String> {
        self.condition.clone()
    }
}

/// A network and what is known of its task.
pub struct Probe {
    /// As it was named.
    pub name: String,
    pub ctrnn: Ctrnn,
    /// What was done to it.
    pub applied: Vec<Applied>,
    /// The same in f64, without noise.
    pub network: Network,
    /// Names of the input channels.
    pub inputs: Vec<String>,
    /// Names of the outputs.
    pub outputs: Vec<String>,
    /// `None` where the task is none of this program's.
    pub task: Option<Box<dyn Task>>,
}

/// The input that is held.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Names of the channels.
    channels: Vec<String>,
    /// (inputs)
    pub values: Vec<f64>,
    /// Where it comes from, in words.
    pub from: String,
    /// Where it holds in trials.
    #[serde(skip)]
    pub stretches: Option<HeldInput>,
    /// The trials.
    #[serde(skip)]
    pub trials: Option<TrialBatch>,
}

/// What every report begins with.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// As it was named.
    pub network: String,
    /// Id of the task, if it is known.
    pub task: Option<String>,
    pub units: usize,
    /// ms
    pub dt: f64,
    /// What the analysis is of, where there is a choice.
    pub system: &'static str,
    /// What the numbers of its state are, where they are not those of units alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<StatePart>,
    /// What was done to the network.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interventions: Vec<Applied>,
    pub seed: u64,
}

impl ProbeArgs {
    /// Of an analysis without the noise of the network.
    pub fn open(&self) -> Result<Probe> {
        self.interventions.refuse_noise_factor("this analysis is of the network without its noise")?;
        self.open_noisy()
    }

    /// Of an analysis that simulates the network with its noise.
    pub fn open_noisy(&self) -> Result<Probe> {
        let checkpoint = zoo::open(&self.checkpoint)?;
        let ctrnn = checkpoint.network(&candle_core::Device::Cpu)?;
        let dt = self.dt.unwrap_or(checkpoint.header.model.dt);
        let Altered { network: ctrnn, applied, currents } = self.altered(&at_step(&ctrnn, dt, false)?)?;
        let task = self.task(&checkpoint, dt)?;
        if let Some(task) = &task {
            check_fit(ctrnn.config(), Some(checkpoint.header.task.channels()), task.as_ref())?;
        }
        let network = currents
            .iter()
            .try_fold(Network::of(&ctrnn)?, |network, (current, units)| network.with_current(*current, units))?;
        let names = |of_task: Option<Vec<String>>, given: &[String], n: usize, what: &str| {
            let known = of_task.unwrap_or_else(|| given.to_vec());
            if known.len() == n { known } else { (0..n).map(|place| format!("{what}{place}")).collect() }
        };
        let of = |channels: Vec<nn4n_tasks::Channel>| channels.iter().map(ToString::to_string).collect::<Vec<_>>();
        let header = &checkpoint.header.task;
        Ok(Probe {
            name: self.checkpoint.display().to_string(),
            inputs: names(task.as_ref().map(|task| of(task.inputs())), &header.inputs, network.inputs(), "input"),
            // The outputs of a network that drives an arm are torques; those of the task are where the hand is.
            outputs: match task.as_ref().and_then(|task| task.plant()) {
                Some(_) => ["torque_shoulder", "torque_elbow"].map(String::from).to_vec(),
                None => {
                    names(task.as_ref().map(|task| of(task.outputs())), &header.outputs, network.outputs(), "output")
                }
            },
            ctrnn,
            applied,
            network,
            task,
        })
    }

    /// The task, unless it is none of this program's and none was asked for.
    fn task(&self, checkpoint: &Checkpoint, dt: f64) -> Result<Option<Box<dyn Task>>> {
        let is_asked_for = self.task.is_some() || !self.settings.is_empty() || self.dt.is_some();
        let subject = SubjectArgs::named(&self.checkpoint, self.task.as_deref(), &self.settings, self.dt);
        match subject.task_with(checkpoint, dt, "--task") {
            Ok(task) => Ok(Some(task)),
            Err(error) if is_asked_for => Err(error),
            Err(error) => {
                say(&format!("nothing is known of the trials of this network ({error:#})"));
                Ok(None)
            }
        }
    }

    /// The network and the options that make the same of it again, for a command that goes on from here.
    pub fn again(&self) -> String {
        let mut words = shell_path(&self.checkpoint);
        let mut add = |flag: &str, value: &dyn std::fmt::Display| {
            words.push_str(&format!(" --{flag} {}", shell_word(&value.to_string())));
        };
        self.task.iter().for_each(|task| add("task", task));
        self.settings.iter().for_each(|(name, value)| add("set", &format!("{name}={value}")));
        self.dt.iter().for_each(|dt| add("dt", dt));
        if self.seed != 0 {
            add("seed", &self.seed);
        }
        self.interventions.words().iter().for_each(|word| words.push_str(&format!(" {word}")));
        words
    }

    pub fn about(&self, probe: &Probe) -> About {
        About {
            network: probe.name.clone(),
            task: probe.task.as_ref().map(|task| task.id().to_owned()),
            units: probe.network.units(),
            dt: probe.network.dt(),
            system: if probe.plant().is_some() { ALONE } else { NETWORK },
            state: Vec::new(),
            interventions: probe.applied.clone(),
            seed: self.seed,
        }
    }

    /// The network with what is done to it all the time: an input that is held knows no windows.
    fn altered(&self, network: &Ctrnn) -> Result<Altered> {
        let (mut applied, mut currents) = (Vec::new(), Vec::new());
        let mut network = network.clone();
        for intervention in self.interventions.all() {
            let as_lesion = match &intervention {
                Intervention::Silence { window, .. } | Intervention::Inject { window, .. }
                    if *window != Window::Trial =>
                {
                    bail!(
                        "{intervention}: what holds all the time is analysed here, and a window does not; leave `@{window}` \
                        out"
                    )
                }
                // Units that are silent all the time drive nobody, as without their synapses.
                Intervention::Silence { units, .. } => Intervention::Lesion(units.clone()),
                Intervention::Inject { current, units, .. } => {
                    currents.push((*current, units.resolve(network.units())?));
                    applied.extend(intervention::Altered::of(&network, std::slice::from_ref(&intervention))?.applied);
                    continue;
                }
                other => other.clone(),
            };
            let altered = intervention::Altered::of(&network, &[as_lesion])?;
            network = altered.network;
            applied.extend(altered.applied);
        }
        Ok(Altered { network, applied, currents })
    }
}

/// A network after interventions, and currents that are added all the time.
struct Altered {
    network: Ctrnn,
    applied: Vec<Applied>,
    currents: Vec<(f64, Vec<usize>)>,
}

impl About {
    /// Of this system.
    pub fn of(self, system: &System<'_>) -> Self {
        if !system.is_in_loop() {
            return self;
        }
        Self { system: IN_THE_LOOP, state: system.parts(), ..self }
    }

    /// Says first what the analysis is of, where there is a choice.
    pub fn head(&self, lines: &mut Vec<String>) {
        if self.system != NETWORK {
            lines.insert(0, format!("of           {}", self.system));
        }
    }
}

impl Probe {
    /// What the network was trained to drive.
    pub fn plant(&self) -> Option<Plant> {
        self.task.as_ref().and_then(|task| task.plant())
    }

    /// Noise-free test trials: of these variables, or of all conditions.
    pub fn trials(&self, condition: &Condition, seed: u64) -> Result<Option<TrialBatch>> {
        let Some(task) = &self.task else { return Ok(None) };
        let conditions = conditions(task.as_ref(), condition);
        let each = TRIALS.div_ceil(conditions.len().max(1));
        Ok(Some(noise_free(task.as_ref(), Split::Test, seed, 0, &conditions, each)?))
    }

    /// The input that is held, as the arguments say.
    pub fn held(&self, args: &InputArgs, seed: u64) -> Result<Held> {
        let condition = args.trials.parse()?;
        if let Some(given) = &args.input {
            let values = self.channel_values(given)?;
            let trials = self.trials(&condition, seed)?;
            return Ok(self.shown(values, "--input".into(), None, trials));
        }
        let Some(trials) = self.trials(&condition, seed)? else {
            let (flag, given) =
                (args.at.as_deref().map(|_| "--at"), args.trials.condition.as_deref().map(|_| "--where"));
            if let Some(flag) = flag.or(given) {
                bail!(
                    "{flag}: nothing is known of the trials of this network; name its task with --task, or the input with --input"
                );
            }
            let zero = vec![0.0; self.network.inputs()];
            return Ok(self.shown(zero, "zero, as nothing is known of its trials".into(), None, None));
        };
        let found = match &args.at {
            Some(epoch) => {
                let epoch = epoch.strip_prefix("epoch=").unwrap_or(epoch);
                HeldInput::at(&trials, epoch, &condition).context("--at")
            }
            None => HeldInput::most(&trials).context("--input is needed"),
        }?;
        let percent = 100.0 * found.steps as f64 / found.of_steps.max(1) as f64;
        let of = if args.trials.condition.is_some() { format!(" with {condition}") } else { String::new() };
        let from = format!(
            "holds at {percent:.0} % of the steps of noise-free test trials{of}, in {}",
            found.epochs.join(", ")
        );
        Ok(self.shown(found.input.clone(), from, Some(found), Some(trials)))
    }

    fn shown(&self, values: Vec<f64>, from: String, held: Option<HeldInput>, trials: Option<TrialBatch>) -> Held {
        Held { channels: self.inputs.clone(), values, from, stretches: held, trials }
    }

    /// `name=value,..` as one number for each channel.
    fn channel_values(&self, text: &str) -> Result<Vec<f64>> {
        let (mut values, mut named) = (vec![0.0; self.inputs.len()], Vec::new());
        for (name, value) in pairs(text).map_err(|why| anyhow!("--input {why}"))? {
            let place = self.channel(&name).with_context(|| format!("--input {name}={value}"))?;
            if named.contains(&place) {
                bail!("--input {text}: `{name}` is named twice; name it once");
            }
            named.push(place);
            let number: f64 = value.parse().ok().filter(|number: &f64| number.is_finite()).with_context(|| {
                format!("--input {name}={value}: `{value}` is no finite number; give one, as in {name}=0.5")
            })?;
            values[place] = number;
        }
        Ok(values)
    }

    /// The place of an input channel.
    pub fn channel(&self, name: &str) -> Result<usize> {
        self.inputs.iter().position(|known| known == name).with_context(|| match self.inputs.as_slice() {
            [] => format!("`{name}` is no input: this network has none"),
            inputs => format!("`{name}` is no input of this network; they are: {}", inputs.join(", ")),
        })
    }
}

impl Held {
    /// The option that holds this input, channel by channel.
    pub fn option(&self) -> String {
        let named = self.channels.iter().zip(&self.values).filter(|(_, value)| **value != 0.0);
        let named: Vec<(String, String)> = named.map(|(name, value)| (name.clone(), value.to_string())).collect();
        if named.is_empty() { String::new() } else { format!(" --input {}", shell_word(&joined_pairs(&named))) }
    }

    /// What is held, in a line: the channels that are not 0.
    pub fn words(&self) -> String {
        let shown: Vec<String> = self
            .channels
            .iter()
            .zip(&self.values)
            .filter(|(_, value)| **value != 0.0)
            .map(|(name, value)| format!("{name}={}", short(*value)))
            .collect();
        match shown.len() {
            0 => format!("all channels 0 ({})", self.from),
            n if n > 8 => format!("{} and {} more ({})", shown[..6].join(" "), n - 6, self.from),
            _ => format!("{} ({})", shown.join(" "), self.from),
        }
    }

    /// The same with another value of one channel.
    pub fn with(&self, channel: usize, value: f64) -> Self {
        let mut held = self.clone();
        held.values[channel] = value;
        held
    }
}

/// `name=value,..` with values in JSON, or words.
fn parse_condition(text: &str) -> Result<Condition> {
    let mut condition = Condition::new();
    for (name, value) in pairs(text).map_err(|why| anyhow!("--where {why}"))? {
        let value = match value.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            other => other.parse().map_or_else(|_| Value::from(other.to_owned()), Value::Number),
        };
        if condition.get(&name).is_some() {
            bail!("--where {text}: `{name}` is named twice; name it once");
        }
        condition = condition.with(name, value);
    }
    Ok(condition)
}

/// A number with at most six digits behind the point; as it is where it needs an exponent.
fn short(value: f64) -> String {
    if !(1e-4..1e7).contains(&value.abs()) {
        return format!("{value:e}");
    }
    let digits = format!("{value:.6}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}
