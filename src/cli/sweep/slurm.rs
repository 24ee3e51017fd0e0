//! `--launcher slurm`: writes the scripts of a study, submits them, and says what becomes of the jobs.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::Path,
};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::{
    super::output::{self, shell_path},
    coordinate::LocalArgs,
    plan,
};
use crate::{
    report::count_of,
    sweep::{
        Description, RunState, Study,
        slurm::{self, Collecting, Estimate, Job, Load, Options, Packing, Report, Slurm},
    },
    terminal::say,
};

/// Most shards that are named one by one; JSON has all.
const NAMED: usize = 10;

/// Options of the launcher slurm.
#[derive(Debug, Args)]
pub struct SlurmArgs {
    /// An option of sbatch, as in partition=short, or exclusive; may be repeated [--launcher slurm]
    #[arg(long, value_name = "KEY=VALUE")]
    sbatch: Vec<String>,
    /// Pack the runs into N shards, the tasks of an array [--launcher slurm; default: each about an hour of work]
    #[arg(long, value_name = "N")]
    shards: Option<usize>,
    /// Write the files (with --launcher slurm its scripts, too) and start nothing
    #[arg(long)]
    pub no_submit: bool,
}

impl SlurmArgs {
    /// An option that only this launcher has, if one is given.
    pub fn given(&self) -> Option<&'static str> {
        match self {
            Self { shards: Some(_), .. } => Some("--shards"),
            Self { sbatch, .. } => (!sbatch.is_empty()).then_some("--sbatch"),
        }
    }

    /// Refuses what cannot be submitted, before anything is written.
    pub fn check(&self, study: &Path, description: &Description, local: &LocalArgs) -> Result<()> {
        let options = Options::read(description.slurm())?.with(&self.sbatch)?;
        if local.is_jobs_given() {
            bail!(
                "--jobs is of the launcher local; give --sbatch cpus-per-task=J to train J runs of a shard at a time"
            );
        }
        if slurm::is_prepared(study) {
            let written = "the scripts are there already, in slurm/ of the study; edit them, or remove \
                slurm/array.sbatch to have them written anew";
            if self.shards.is_some() {
                bail!("--shards has no effect: {written}");
            }
            if self.no_submit && !self.sbatch.is_empty() {
                bail!("--sbatch has no effect with --no-submit: {written}");
            }
        } else {
            self.load(description.count(), None, &options)?.pack(self.shards)?;
        }
        if !self.no_submit {
            slurm::version()?;
        }
        Ok(())
    }

    fn load(&self, runs: usize, estimate: Option<Estimate>, options: &Options) -> Result<Load> {
        let (jobs, limit) = (options.cpus()?.unwrap_or(1), options.time_limit()?);
        Ok(Load { runs, jobs, estimate, limit, most: slurm::most_tasks() })
    }
}

/// Writes the scripts of a study, unless they are there, and submits what is not finished.
pub fn launch(study: &Study, args: &SlurmArgs, local: &LocalArgs) -> Result<()> {
    let slurm = Slurm::of(study.directory())?;
    let mut options = Options::default().with(&args.sbatch)?;
    let is_new = !slurm.is_prepared();
    if is_new {
        prepare(study, &slurm, args, local)?;
        options = Options::default(); // They stand in the script now.
    }
    let directory = shell_path(study.directory());
    if args.no_submit {
        return print_scripts(&slurm, is_new, &directory);
    }
    submit(study, &slurm, &options, &directory)
}

fn prepare(study: &Study, slurm: &Slurm, args: &SlurmArgs, local: &LocalArgs) -> Result<()> {
    let description = study.description()?;
    let options = Options::read(description.slurm())?.with(&args.sbatch)?;
    let estimate = match options.has_limits() && args.shards.is_some() {
        true => None,
        false => Some(plan::estimate(&description)?),
    };
    let packing = args.load(study.entries().len(), estimate, &options)?.pack(args.shards)?;
    let program = env::current_exe().context("the program does not know its own path")?;
    slurm.write(&program, packing, &local.device().to_string(), &options)?;
    output::text(&in_words(&packing))
}

fn in_words(packing: &Packing) -> String {
    let Packing { shards, runs, seconds, .. } = packing;
    let each = if *shards == 1 { "" } else { " at most" };
    let time = seconds.map_or_else(String::new, |seconds| {
        format!(", {}{each} by a step that was measured here", plan::time(seconds))
    });
    format!("packed into {} of {}{each}{time}", count_of(*shards, "shard"), count_of(*runs, "run"))
}

fn print_scripts(slurm: &Slurm, is_new: bool, directory: &str) -> Result<()> {
    let (array, collect) = (slurm.script(), slurm.collecting_script());
    let done = if is_new { "written" } else { "there already" };
    output::text(&format!("{done}: {}", array.display()))?;
    output::text(&format!("{done}: {}", collect.display()))?;
    let (array, collect) = (shell_path(&array), shell_path(&collect));
    output::text(&format!(
        "by hand: job=$(sbatch --parsable {array}) && sbatch --dependency=afterany:${{job%%;*}} {collect}"
    ))?;
    output::text(&format!("next: nn4n sweep resume {directory}, which submits them"))?;
    Ok(())
}

fn submit(study: &Study, slurm: &Slurm, options: &Options, directory: &str) -> Result<()> {
    let shards = slurm.shards()?;
    let in_use = slurm.places_in_use()?;
    let (mut places, mut runs, mut elsewhere, mut queued) = (BTreeSet::new(), 0, 0, 0);
    for (entry, state) in study.entries().iter().zip(study.states()?) {
        let place = entry.index as u64 % shards;
        match state {
            RunState::Finished => {}
            _ if in_use.contains(&place) => queued += 1,
            RunState::Running => elsewhere += 1,
            _ => {
                runs += 1;
                places.insert(place);
            }
        }
    }
    if queued > 0 {
        say(&format!("left out: {}, of shards that wait or run already", count_of(queued, "run")));
    }
    if elsewhere > 0 {
        say(&format!("left out: {}, trained by processes that are no jobs of this study", count_of(elsewhere, "run")));
    }
    if places.is_empty() {
        output::text("nothing is left to submit")?;
        let next = if queued + elsewhere > 0 { "sweep status" } else { "sweep collect" };
        output::text(&format!("next: nn4n {next} {directory}"))?;
        return Ok(());
    }
    let submission = slurm.submit(&places.iter().copied().collect::<Vec<_>>(), options)?;
    let (runs, shards) = (count_of(runs, "run"), count_of(places.len(), "shard"));
    output::text(&format!("submitted array job {}: {runs} in {shards}", submission.array))?;
    if let Some(collect) = submission.collect {
        output::text(&format!("submitted job {collect}: it collects when all of them have ended"))?;
    }
    output::text(&format!("script: {}", slurm.script().display()))?;
    output::text(&format!("next: nn4n sweep status {directory}"))?;
    Ok(())
}

/// What is known of the jobs of a study, unless it has none.
pub fn report(study: &Study, states: &[RunState]) -> Result<Option<Report>> {
    if !slurm::is_begun(study.directory()) {
        return Ok(None);
    }
    let unfinished = study.entries().iter().zip(states).filter(|(_, state)| **state != RunState::Finished);
    let unfinished: Vec<usize> = unfinished.map(|(entry, _)| entry.index).collect();
    Slurm::of(study.directory())?.report(&unfinished).map(Some).map_err(Into::into)
}

/// Says what is known of the jobs, and what to do about those that ended before their runs did.
pub fn print(report: &Report, directory: &Path) -> Result<()> {
    report.notes.iter().for_each(|note| say(&format!("note: {note}; what follows is from files alone")));
    if !report.shards.is_empty() {
        output::text(&format!("shards   {}", counted(&report.shards)))?;
    }
    let ended: Vec<&Job> = report.shards.iter().filter(|job| !job.is_alive && job.unfinished > 0).collect();
    for job in ended.iter().take(NAMED) {
        let by_log = job.ended.map_or_else(String::new, |ended| format!(", {ended} by its log"));
        output::text(&format!(
            "shard    {}: {}{by_log}; {} of its runs are not finished\n         its log: {}",
            job.shard,
            state(job),
            job.unfinished,
            job.log.display()
        ))?;
    }
    if ended.len() > NAMED {
        output::text(&format!("{} of this kind besides; --json names all", count_of(ended.len() - NAMED, "shard")))?;
    }
    let is_out_of_memory =
        |job: &&Job| job.ended == Some("out of memory") || job.state.as_deref() == Some("OUT_OF_MEMORY");
    if ended.iter().any(is_out_of_memory) {
        let option = Slurm::of(directory)?.memory_option()?;
        let directory = shell_path(directory);
        output::text(&format!("more memory: nn4n sweep resume {directory} --sbatch {option}=4G"))?;
    }
    match &report.collect {
        Some(Collecting { job, state: Some(state) }) => output::text(&format!("collect  job {job}: {state}")),
        _ => Ok(()),
    }
}

/// How many jobs are in each state, and why they wait.
fn counted(jobs: &[Job]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    jobs.iter().for_each(|job| *counts.entry(state(job)).or_default() += 1);
    counts.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ")
}

fn state(job: &Job) -> String {
    match (&job.state, &job.reason) {
        (Some(state), Some(reason)) => format!("{state} ({reason})"),
        (Some(state), None) => state.clone(),
        (None, _) => "not known to Slurm".into(),
    }
}

/// Cancels the jobs of a study, if it has any.
pub fn cancel(study: &Study) -> Result<()> {
    if !slurm::is_begun(study.directory()) {
        return Ok(());
    }
    let jobs: Vec<String> = Slurm::of(study.directory())?.cancel()?.iter().map(u64::to_string).collect();
    if jobs.is_empty() {
        return output::text("no job of Slurm waits or runs");
    }
    output::text(&format!(
        "jobs of Slurm that are cancelled: {}; what they train is saved",
        output::listed(&jobs, NAMED)
    ))
}
