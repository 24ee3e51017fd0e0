//! `nn4n reproduce`: a paper's trainings, measures and figures, and a page that says what agrees.
//!
//! ```text
//! Asked       the paper, the mode, the seeds: what a directory belongs to       asked
//! train       its studies, as `nn4n sweep` trains them                           train
//! run         its steps, each a call of this program for each network            steps
//! tell        report.json, report.html and the table on the terminal             tell
//! ```
//!
//! What is there is not done again, so that the same command goes on after an interruption, with more seeds, or when
//! the jobs of a cluster have ended.

mod asked;
mod steps;
mod tell;
mod train;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use self::{asked::Asked, train::Trained};
use super::{
    output::{self, shell_path},
    sweep::LaunchArgs,
};
use crate::{
    reproduce::{Found, Mode, PAPERS, Paper, Record, find, summary, table},
    terminal::{INTERRUPTED_CODE, end_in_order, is_interrupted, say},
};

/// Hours that each paper may take of `all`.
const HOURS_OF_ALL: f64 = 2.0;

/// A paper's trainings, measures and figures, and a page that says what agrees
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:
  nn4n reproduce list
  nn4n reproduce sussillo2013 --quick --out papers/sussillo2013       reduced: at most three minutes on two cores
  nn4n reproduce song2016 --out papers/song2016                       the paper's settings; says how long it will take
  nn4n reproduce song2016 --pretrained --out papers/song2016-zoo      networks of the zoo, nothing is trained
  nn4n reproduce yang2019 --seeds 5 --launcher slurm --sbatch partition=short --out papers/yang2019
  nn4n reproduce all --out papers                                     at most two hours a paper
  nn4n reproduce table papers/*/report.json                           the claims as a table in Markdown; --summary

The same command goes on where it was: after Ctrl-C, with more --seeds, or once the jobs of a cluster have ended.
Everything lies in --out: studies of `nn4n sweep`, results beside each run, report.html and report.json.

Exit codes: 0 the report is there, whether or not the claims agree; 75 it was interrupted and can go on; 1, 2 it failed"
)]
pub struct ReproduceArgs {
    #[command(subcommand)]
    command: Option<ReproduceCommand>,
    /// A paper of `nn4n reproduce list`, or all
    #[arg(value_name = "PAPER", required = true)]
    paper: Option<String>,
    /// Directory of everything that is made
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,
    /// A reduced form, at most three minutes on two cores
    #[arg(long)]
    quick: bool,
    /// Take networks of the zoo in place of trainings
    #[arg(long, conflicts_with = "seeds")]
    pretrained: bool,
    /// Seeds 0 to N - 1 of every training [default: those of the paper's module]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: Option<u64>,
    /// Hours of training; what does not fit is told with its estimate and not run [default: no limit; 2 a paper of all]
    #[arg(long, value_name = "H", value_parser = hours)]
    hours: Option<f64>,
    /// Report in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    launch: LaunchArgs,
}

#[derive(Debug, Subcommand)]
enum ReproduceCommand {
    /// All papers
    List(ListArgs),
    /// Claims of several reports as one table in Markdown
    Table(TableArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct TableArgs {
    /// Files report.json
    #[arg(value_name = "REPORT.json", required = true)]
    reports: Vec<PathBuf>,
    /// A row for each paper in place of one for each claim
    #[arg(long)]
    summary: bool,
}

fn hours(text: &str) -> Result<f64, String> {
    let hours: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if hours > 0.0 && hours.is_finite() { Ok(hours) } else { Err("must be positive and finite".into()) }
}

pub fn reproduce(args: &ReproduceArgs) -> Result<ExitCode> {
    match &args.command {
        Some(ReproduceCommand::List(list)) => tell::list(list.json).map(|()| ExitCode::SUCCESS),
        Some(ReproduceCommand::Table(of)) => {
            let records = of.reports.iter().map(|path| tell::read(path)).collect::<Result<Vec<_>>>()?;
            output::csv(&if of.summary { summary(&records) } else { table(&records) }).map(|()| ExitCode::SUCCESS)
        }
        None => {
            end_in_order();
            let (Some(paper), Some(out)) = (&args.paper, &args.out) else { bail!("name a paper and --out DIR") };
            // Paths of networks are arguments of the steps.
            let out = &output::no_option(out);
            if paper == "all" { all(args, out) } else { one(args, find(paper)?, out, args.hours) }
        }
    }
}

/// All papers, one after the other; one that fails does not stop the others.
fn all(args: &ReproduceArgs, out: &Path) -> Result<ExitCode> {
    let hours = Some(args.hours.unwrap_or(HOURS_OF_ALL));
    let (mut failed, mut reports) = (Vec::new(), Vec::new());
    for paper in PAPERS {
        say(&format!("{}: {}", paper.id, paper.summary));
        let place = out.join(paper.id);
        match one(args, paper, &place, hours) {
            Ok(code) if code == ExitCode::from(INTERRUPTED_CODE) => return Ok(code),
            Ok(_) => reports.push(place.join(tell::JSON)),
            Err(error) => failed.push(format!("{}: {}", paper.id, output::message(&error))),
        }
    }
    let words: Vec<String> = reports.iter().map(|path| shell_path(path)).collect();
    output::text(&format!("next: nn4n reproduce table {}", words.join(" ")))?;
    match failed.as_slice() {
        [] => Ok(ExitCode::SUCCESS),
        failed => bail!("{}", failed.join("\n")),
    }
}

fn one(args: &ReproduceArgs, paper: &'static Paper, out: &Path, hours: Option<f64>) -> Result<ExitCode> {
    let clock = Instant::now();
    let mode = if args.quick { Mode::Quick } else { Mode::Full };
    let outline = (paper.outline)(mode);
    let seeds = if args.pretrained { 1 } else { args.seeds.unwrap_or(outline.seeds) };
    let mut asked = Asked::open(out, paper, mode, seeds, args.pretrained)?;
    let mut left_out = BTreeMap::new();
    if !args.pretrained
        && let Trained::Later(code) = train::train(&outline, out, &asked, hours, &args.launch, &mut left_out)?
    {
        asked.add(clock.elapsed(), out)?;
        if code == INTERRUPTED_CODE.into() {
            output::text(&format!("interrupted; next: {}", asked.command(out)))?;
        }
        return Ok(code);
    }
    let found = Found::new(out, &outline, args.pretrained, &left_out);
    let is_done = steps::run(&outline, &found, args.launch.jobs())?;
    asked.add(clock.elapsed(), out)?;
    if !is_done || is_interrupted() {
        output::text(&format!("interrupted; next: {}", asked.command(out)))?;
        return Ok(INTERRUPTED_CODE.into());
    }
    let record = Record::new(paper, &outline, mode, args.pretrained, &found, asked.said(out));
    tell::tell(&record, &outline, &found, out, args.json)?;
    Ok(ExitCode::SUCCESS)
}
