//! The command line: flags become a validated plan, a plan becomes a library call. Results go to standard output,
//! progress and diagnostics to standard error; exit code 1 is failure, 2 is usage, and 75 a training that was
//! interrupted and can go on.

mod activity;
mod analyze;
mod bench;
mod choice;
mod compare;
mod config;
mod environment;
mod eval;
mod export;
mod import;
mod inspect;
mod interventions;
mod names;
mod number;
mod output;
mod over_study;
mod plot;
mod report;
mod reproduce;
mod resume;
mod run;
mod setting;
mod subject;
mod sweep;
mod tasks;
mod train;
mod usage;
mod zoo;

use std::{env, ffi::OsString, process::ExitCode};

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::over_study::OverStudy;
use crate::{
    device::DeviceChoice,
    terminal::{say, show_progress},
};

/// Recurrent networks for computational neuroscience: train, evaluate, simulate, inspect.
#[derive(Debug, Parser)]
#[command(
    name = "nn4n",
    version,
    arg_required_else_help = true,
    after_help = "Start here:\n  nn4n zoo list\n  nn4n tasks list\n  nn4n train --task song2016/rdm_varstim --model \
        ei --out runs/rdm\n  nn4n eval runs/rdm"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a network on a task
    Train(train::TrainArgs),
    /// Studies: an experiment in many variants, on this machine or on a cluster
    Sweep(sweep::SweepArgs),
    /// Performance of a trained network, condition by condition
    Eval(eval::EvalArgs),
    /// Run any input through a trained network
    Run(run::RunArgs),
    /// A trained network in a format of another program
    Export(export::ExportArgs),
    /// Take a trained network apart: fixed points, exponents, flow, structure
    #[command(subcommand)]
    Analyze(Box<analyze::AnalyzeCommand>),
    /// Read a network of another library: the original nn4n, PyTorch, PsychRNN, NeuralRNN, pycog
    Import(import::ImportArgs),
    /// What is in a checkpoint: network, constraints, spectrum, provenance
    Inspect(inspect::InspectArgs),
    /// Every field of a run.toml: type, default, unit, choices
    Config(config::ConfigArgs),
    /// List, describe and sample tasks
    #[command(subcommand)]
    Tasks(tasks::TasksCommand),
    /// Draw a task, or what a trained network does and has learned
    #[command(subcommand)]
    Plot(plot::PlotCommand),
    /// Runs side by side: results, groups over seeds, learning curves
    Compare(compare::CompareArgs),
    /// Everything about a network, or several side by side, on one page
    Report(report::ReportArgs),
    /// A paper's trainings, measures and figures, and a page that says what agrees
    Reproduce(Box<reproduce::ReproduceArgs>),
    /// Pretrained networks: list, show, and pack one's own
    #[command(subcommand)]
    Zoo(zoo::ZooCommand),
    /// How fast training is on this machine, and how fast it could be
    Bench(bench::BenchArgs),
}

/// Parses the arguments, runs the command and turns an error into one message and an exit code.
pub fn main() -> ExitCode {
    show_progress();
    let argv: Vec<_> = env::args_os().collect();
    let (cli, matches) = match read(&argv) {
        Ok(read) => read,
        Err(error) => return usage::answer(error, argv.into_iter().nth(1)),
    };
    match OverStudy::of(&matches, &argv) {
        Ok(None) => {}
        Ok(Some(over)) => return ended(over.run().map(|()| ExitCode::SUCCESS)),
        Err(error) => return ended(Err(error)),
    }
    let result = match cli.command {
        Command::Train(args) => return ended(train::train(&args)),
        Command::Sweep(args) => return ended(sweep::sweep(args)),
        Command::Reproduce(args) => return ended(reproduce::reproduce(&args)),
        Command::Eval(args) => eval::eval(&args),
        Command::Run(args) => run::run(&args),
        Command::Export(args) => export::export(&args),
        Command::Analyze(command) => analyze::analyze(*command),
        Command::Import(args) => import::import(&args),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Config(args) => config::config(&args),
        Command::Tasks(command) => tasks::tasks(command),
        Command::Plot(command) => plot::plot(command),
        Command::Compare(args) => compare::compare(&args),
        Command::Report(args) => report::report(&args),
        Command::Zoo(command) => zoo::zoo(command),
        Command::Bench(args) => bench::bench(&args),
    };
    ended(result.map(|()| ExitCode::SUCCESS))
}

/// The program's commands and options.
fn program() -> clap::Command {
    number::with_negatives(Cli::command())
}

/// What these words ask for, the name of the program first, and as the parser has it.
fn read(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<(Cli, ArgMatches), clap::Error> {
    let mut program = program();
    let matches = program.try_get_matches_from_mut(words)?;
    number::check(&program, &matches)?;
    Ok((Cli::from_arg_matches(&matches)?, matches))
}

/// The exit code of a command, after a word on why it failed.
fn ended(result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {}", output::message(&error)));
            ExitCode::FAILURE
        }
    }
}

fn parse_device(text: &str) -> Result<DeviceChoice, String> {
    text.parse()
}
