//! `nn4n plot`

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use nn4n_models::{Ctrnn, NoiseKey};
use nn4n_tasks::{Condition, Criterion, Split, Task, balanced, repeated};

use super::{
    activity::{ActivityArgs, rates, trajectories},
    output::{self, shell_path},
    setting::{Setting, parse_setting, task},
    subject::{Subject, SubjectArgs},
    tasks::SplitName,
};
use crate::{
    checkpoint::{Checkpoint, ValidationRecord},
    plot::{LearningCurve, Psychometric, PsychometricPlan, Schematic, TaskFigure, TrialFigure, WeightMatrix},
    run_directory::LOG,
    simulate::Simulation,
    terminal::say,
    train::Logged,
    zoo,
};

#[derive(Debug, Subcommand)]
pub enum PlotCommand {
    /// One trial of each class of conditions: inputs, targets, loss mask, epochs
    Task(TaskArgs),
    /// Inputs, rates and outputs of a trained network in a few trials
    Trials(TrialsArgs),
    /// How the choices of a trained network depend on the evidence
    Psychometric(PsychometricArgs),
    /// Recurrent weights of a trained network, by area and cell type
    Weights(NetworkArgs),
    /// The network as a schematic: inputs, areas with their populations, outputs, and what projects where
    Network(NetworkArgs),
    /// Loss and performance of the validations of a run, until the network that is saved
    Learning(NetworkArgs),
    /// Mean rates of each area and cell type over time, by the values of a variable; also of recordings
    Rates(ActivityArgs),
    /// Mean activity of each value of a variable along the first principal components; also of recordings
    Trajectories(ActivityArgs),
}

/// Where to draw.
#[derive(Debug, Args)]
pub struct Canvas {
    /// Where to draw: the extension is the format
    #[arg(long, value_name = "FILE.svg|FILE.png")]
    pub out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n plot trials runs/rdm --out trials.png
  nn4n plot trials song2016-mante-ei --count 4 --seed 7 --out trials.svg")]
pub struct TrialsArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    canvas: Canvas,
    /// Trials side by side, spread evenly over the classes of conditions
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=12))]
    count: u32,
    /// Seed of the trials and the noise
    #[arg(long, default_value_t = 2)]
    seed: u64,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n plot psychometric runs/rdm --out psychometric.png
  nn4n plot psychometric song2016-mante-ei --variable motion_coherence --trials 200 --out motion.svg")]
pub struct PsychometricArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    canvas: Canvas,
    /// The variable of the trials that choices are drawn against [default: each that grades the evidence]
    #[arg(long, value_name = "NAME")]
    variable: Option<String>,
    /// Fresh trials at each value
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Seed of the trials and the noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// A checkpoint file, a run directory, a network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    checkpoint: PathBuf,
    #[command(flatten)]
    canvas: Canvas,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n plot task song2016/mante --out mante.svg
  nn4n plot task golub2018/flip_flop --set bits=4 --out flip_flop.png")]
pub struct TaskArgs {
    /// Id of the task; see `nn4n tasks list`
    id: String,
    /// Where to draw: the extension is the format
    #[arg(long, value_name = "FILE.svg|FILE.png")]
    out: PathBuf,
    /// Most classes of conditions, spread evenly over all
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..))]
    max: u32,
    /// A parameter of the task, in JSON; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// Seed of the trials
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Timing of the trials
    #[arg(long, value_enum, default_value = "train")]
    split: SplitName,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

pub fn plot(command: PlotCommand) -> Result<()> {
    match command {
        PlotCommand::Task(args) => plot_task(&args),
        PlotCommand::Trials(args) => plot_trials(&args),
        PlotCommand::Psychometric(args) => plot_psychometric(&args),
        PlotCommand::Weights(args) => plot_weights(&args),
        PlotCommand::Network(args) => plot_network(&args),
        PlotCommand::Learning(args) => plot_learning(&args),
        PlotCommand::Rates(args) => args.draw(rates, |figure, path| figure.save(path)),
        PlotCommand::Trajectories(args) => args.draw(trajectories, |figure, path| figure.save(path)),
    }
}

impl Canvas {
    pub fn check(&self) -> Result<()> {
        output::check_free(&self.out, self.force)
    }

    /// Says what was drawn, and what to run next.
    pub fn say(&self, what: &str, next: &str) -> Result<()> {
        output::text(&format!("{}: {what}", self.out.display()))?;
        output::text(&format!("next: {next}"))
    }
}

fn plot_trials(args: &TrialsArgs) -> Result<()> {
    args.canvas.check()?;
    let Subject { network, task, .. } = args.subject.open(1)?;
    let count = args.count as usize;
    trial_figure(&network, task.as_ref(), count, args.seed)?.save(&args.canvas.out)?;
    let checkpoint = shell_path(&args.subject.checkpoint);
    args.canvas.say(
        &format!("{count} trials of {}", task.id()),
        &format!("nn4n plot weights {checkpoint} --out {}", output::free("weights.png")),
    )
}

/// So many trials with the noise of the network, spread evenly over all classes of conditions, which sort the units.
pub fn trial_figure(network: &Ctrnn, task: &dyn Task, count: usize, seed: u64) -> Result<TrialFigure> {
    let per_condition = count.div_ceil(task.conditions().len().max(1));
    let trials = balanced(task, Split::Test, seed, 0, per_condition)?;
    let recording = Simulation::of(network, task).noise(NoiseKey::new(seed, 0)).record(&trials.inputs)?;
    let shown: Vec<usize> = (0..count).map(|i| (2 * i + 1) * trials.len() / (2 * count)).collect();
    Ok(TrialFigure::of(task, network, &trials, &recording, &shown))
}

fn plot_psychometric(args: &PsychometricArgs) -> Result<()> {
    args.canvas.check()?;
    let Subject { network, task, .. } = args.subject.open(args.trials as usize)?;
    let plan =
        PsychometricPlan { variable: args.variable.as_deref(), per_value: args.trials as usize, seed: args.seed };
    let Some(figure) = Psychometric::measured(&network, task.as_ref(), plan)? else {
        bail!(
            "`{}` has no graded evidence, or its answers are no choices between two; name a variable of its trials \
            with --variable (see nn4n tasks show {}), or draw trials: nn4n plot trials",
            task.id(),
            task.id()
        );
    };
    figure.save(&args.canvas.out)?;
    for curve in &figure.curves {
        let name = if curve.name.is_empty() { "choices" } else { curve.name.as_str() };
        let fitted = if curve.fitted.is_empty() { "no cumulative Gaussian fits" } else { curve.fitted.as_str() };
        output::text(&format!("{name}: {fitted}"))?;
        for point in &curve.points {
            let percent = output::percent(point.n_choice_1 as f64 / point.n_trials as f64);
            output::text(&format!("  {:>10}  {percent:>8} of {} trials", point.value, point.n_trials))?;
        }
    }
    if task.id() == "data/npz" {
        output::text("rows of the file are counted once each, however often they were drawn")?;
    }
    let checkpoint = shell_path(&args.subject.checkpoint);
    args.canvas.say(
        &format!("fraction of {}", figure.choice),
        &format!("nn4n plot trials {checkpoint} --out {}", output::free("trials.png")),
    )
}

fn plot_weights(args: &NetworkArgs) -> Result<()> {
    args.canvas.check()?;
    let network = zoo::open(&args.checkpoint)?.network(&candle_core::Device::Cpu)?;
    WeightMatrix::of(&network)?.save(&args.canvas.out)?;
    args.canvas.say(
        &format!("recurrent weights of {} units", network.units().len()),
        &format!("nn4n inspect {}", args.checkpoint.display()),
    )
}

fn plot_network(args: &NetworkArgs) -> Result<()> {
    args.canvas.check()?;
    let checkpoint = zoo::open(&args.checkpoint)?;
    let network = checkpoint.network(&candle_core::Device::Cpu)?;
    let task = checkpoint.task().ok(); // without one, as after an import, channels have numbers
    let figure = Schematic::of(&network, task.as_deref())?;
    figure.save(&args.canvas.out)?;
    let areas = figure.areas.len();
    let plural = if areas == 1 { "" } else { "s" };
    args.canvas.say(
        &format!("{} units in {areas} area{plural}, {} projections", network.units().len(), figure.projections.len()),
        &format!("nn4n plot weights {} --out {}", shell_path(&args.checkpoint), output::free("weights.png")),
    )
}

fn plot_learning(args: &NetworkArgs) -> Result<()> {
    args.canvas.check()?;
    let checkpoint = zoo::open(&args.checkpoint)?;
    let figure = learning_curve(&checkpoint, &args.checkpoint)?;
    figure.save(&args.canvas.out)?;
    let batches = match figure.training_loss.len() {
        0 => String::new(),
        n => format!(", loss of {n} batches of its log"),
    };
    args.canvas.say(
        &format!("{} validations{batches}", figure.loss.len()),
        &format!("nn4n eval {}", shell_path(&args.checkpoint)),
    )
}

/// The validations of the network of this name, the performance at which its task ends the training, and the loss of the
/// batches in the log that lies beside it.
pub fn learning_curve(checkpoint: &Checkpoint, path: &Path) -> Result<LearningCurve> {
    let validations = &checkpoint.header.train.validations;
    if validations.is_empty() {
        let name = path.display();
        bail!("{name}: knows of no validation, so there is no learning to draw; networks that were imported have none");
    }
    let stop = match checkpoint.task().ok().and_then(|task| task.criterion()) {
        Some(
            Criterion::MeanPerformance { threshold, .. }
            | Criterion::MinPerformance { threshold }
            | Criterion::MeanOfTasks { threshold }
            | Criterion::MinOfTasks { threshold },
        ) => Some(threshold),
        _ => None,
    };
    Ok(LearningCurve { training_loss: training_loss(path, validations)?, ..LearningCurve::of(validations, stop) })
}

/// The loss of batches from the log beside a checkpoint; none where there is no log, or one of another run. What is not
/// above 0 has no place on a logarithmic axis.
fn training_loss(path: &Path, validations: &[ValidationRecord]) -> Result<Vec<(usize, f64)>> {
    let beside = if path.is_dir() { Some(path) } else { path.parent().filter(|_| path.is_file()) };
    let Some(log) = beside.map(|folder| folder.join(LOG)).filter(|log| log.exists()) else { return Ok(Vec::new()) };
    let Logged { losses, validations: logged, .. } = Logged::read(&log)?;
    let is_own = |last: &ValidationRecord| logged.iter().any(|one| one.update == last.update && one.loss == last.loss);
    if !validations.last().is_some_and(is_own) {
        say(&format!("{}: is the log of another run, and not drawn", log.display()));
        return Ok(Vec::new());
    }
    let all = losses.len();
    let drawn: Vec<(usize, f64)> = losses
        .into_iter()
        .filter(|(_, loss)| *loss > 0.0 && loss.is_finite())
        .map(|(update, loss)| (update as usize, loss))
        .collect();
    if drawn.len() < all {
        say(&format!("{}: the loss of {} batches is not above 0, and not drawn", log.display(), all - drawn.len()));
    }
    Ok(drawn)
}

fn plot_task(args: &TaskArgs) -> Result<()> {
    output::check_free(&args.out, args.force)?;
    let task = task(&args.id, &args.settings)?;
    let (catch, classes): (Vec<Condition>, Vec<Condition>) =
        task.conditions().into_iter().partition(Condition::is_catch);
    let most = args.max as usize;
    let mut drawn = spread(&classes, most.saturating_sub(catch.len()).max(1));
    drawn.extend(catch.iter().take(most - drawn.len()).cloned()); // last, for the others tell more of the task
    let trials = repeated(task.as_ref(), args.split.into(), args.seed, 0, &drawn, 1)?;
    TaskFigure::of(task.as_ref(), &trials).save(&args.out)?;
    let (count, all) = (drawn.len(), classes.len() + catch.len());
    let more = if count < all { format!(" (all with --max {all})") } else { String::new() };
    output::text(&format!("{}: a trial of each of {count} of {all} classes of conditions{more}", args.out.display()))?;
    output::text(&format!("next: nn4n tasks show {}", args.id))
}

/// At most `most` of the conditions, the first among them, spread by the golden ratio: even distances go along the
/// diagonal of a table of two variables, where both always agree.
fn spread(conditions: &[Condition], most: usize) -> Vec<Condition> {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let mut places: Vec<usize> = (0..conditions.len()).collect();
    places.sort_by(|a, b| (*a as f64 * GOLDEN).fract().total_cmp(&(*b as f64 * GOLDEN).fract()));
    places.truncate(most);
    places.sort_unstable();
    places.into_iter().filter_map(|place| conditions.get(place).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_conditions_are_spread_over_all() {
        let all: Vec<Condition> = (0..11).map(|i| Condition::new().with("i", f64::from(i))).collect();
        let chosen = |most| spread(&all, most).iter().filter_map(|condition| condition.number("i")).collect::<Vec<_>>();
        assert_eq!(chosen(6), [0.0, 2.0, 4.0, 5.0, 7.0, 10.0]);
        assert_eq!(chosen(1), [0.0]);
        assert_eq!(chosen(50).len(), 11);
        assert!(spread(&[], 6).is_empty());
    }

    #[test]
    fn two_variables_do_not_go_together() {
        for (rows, columns) in [(6, 6), (12, 6), (2, 10)] {
            let cell =
                |i: usize| Condition::new().with("row", (i / columns) as f64).with("column", (i % columns) as f64);
            let chosen = spread(&(0..rows * columns).map(cell).collect::<Vec<_>>(), 6);
            let agree = chosen.iter().filter(|condition| condition.number("row") == condition.number("column")).count();
            assert!(chosen.len() == 6 && agree <= 2, "{rows} x {columns}: {chosen:?}");
        }
    }
}
