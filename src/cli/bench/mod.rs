//! `nn4n bench`

mod args;
mod memory;
mod print;

use anyhow::{Result, bail};
pub use args::BenchArgs;
use candle_core::Device;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde::Serialize;

use super::{environment, output};
use crate::{
    bench::{self, Case, RematRow, Report},
    device::{DeviceChoice, Work},
    train::Trainer,
};

/// What is reported of one case.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    report: Report,
    /// `null` where it is not measured.
    activation_memory_bytes: Option<u64>,
    /// In units of batch x steps x units x 4 bytes.
    activation_memory_multiple: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phases: Option<Vec<Phase>>,
}

/// What is reported of a case with `--remat`.
#[derive(Serialize)]
struct RematLine {
    #[serde(flatten)]
    row: RematRow,
    /// `null` where it is not measured.
    activation_memory_bytes: Option<u64>,
    /// The same of the step that computes most states again.
    remat_activation_memory_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Phase {
    phase: &'static str,
    ms: f64,
    /// Of the median time of a whole step.
    percent: f64,
}

pub fn bench(args: &BenchArgs) -> Result<()> {
    let cases = args.cases()?;
    let threads = args.threads.unwrap_or_else(rayon::current_num_threads);
    environment::settle(environment::product_threads(threads).into_iter().chain(environment::no_spinning()));
    if args.probe_memory {
        let case = Case { remat: args.remat, ..cases[0].clone() };
        return output::json_line(&bench::in_pool(threads, || bench::probe(&case))?);
    }
    let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    let done = match &args.trials {
        Some(prefix) => trials(args, prefix, threads, &spinner),
        None if args.regularisers.is_some() => regularisers(args, &cases, threads, &spinner),
        None if args.remat => remat(args, &cases, threads, &spinner),
        None if args.scaling => scaling(args, &cases[0], threads, &spinner),
        None => steps(args, &cases, threads, &spinner),
    };
    spinner.finish_and_clear();
    done
}

fn steps(args: &BenchArgs, cases: &[Case], threads: usize, spinner: &ProgressBar) -> Result<()> {
    for (index, case) in cases.iter().enumerate() {
        let line = line(args, case, threads, spinner)?;
        spinner.suspend(|| if args.json { output::json_line(&line) } else { print::step(&line, index == 0) })?;
    }
    if args.json { Ok(()) } else { print::next(args, cases) }
}

fn line(args: &BenchArgs, case: &Case, threads: usize, spinner: &ProgressBar) -> Result<Line> {
    spinner.set_message(format!("{}: memory", case.case));
    spinner.tick();
    let device = device(args, case)?;
    // Seen from outside the process, so of the CPU alone.
    let memory = if device.is_cpu() { memory::of_step(case, threads)? } else { None };
    let progress = |steps: usize| {
        spinner.set_message(format!("{}: {steps} steps timed", case.case));
        spinner.tick();
    };
    let report = bench::in_pool(threads, || bench::measure(case, &device, args.seconds, progress))?;
    let phase = |(phase, ms): (&'static str, f64)| Phase { phase, ms, percent: 100.0 * ms / report.median_ms };
    Ok(Line {
        activation_memory_bytes: memory,
        activation_memory_multiple: memory.map(|bytes| bytes as f64 / case.rate_bytes() as f64),
        phases: args.phases.then(|| Trainer::PHASES.into_iter().zip(report.phases_ms).map(phase).collect()),
        report,
    })
}

fn device(args: &BenchArgs, case: &Case) -> Result<Device> {
    match args.device {
        DeviceChoice::Cpu => Ok(Device::Cpu),
        choice => output::open_device(choice, Work::of_update(&case.model(), case.batch_size, case.steps)),
    }
}

fn remat(args: &BenchArgs, cases: &[Case], threads: usize, spinner: &ProgressBar) -> Result<()> {
    for (index, case) in cases.iter().enumerate() {
        spinner.set_message(format!("{}: memory", case.case));
        spinner.tick();
        let memory = |remat| memory::of_step(&Case { remat, ..case.clone() }, threads);
        let (keeping, again) = (memory(false)?, memory(true)?);
        let progress = |rounds: usize| {
            spinner.set_message(format!("{}: {rounds} rounds timed", case.case));
            spinner.tick();
        };
        let line = RematLine {
            row: bench::in_pool(threads, || bench::remat(case, args.seconds, progress))?,
            activation_memory_bytes: keeping,
            remat_activation_memory_bytes: again,
        };
        spinner.suspend(|| if args.json { output::json_line(&line) } else { print::remat(&line, index == 0) })?;
    }
    Ok(())
}

fn regularisers(args: &BenchArgs, cases: &[Case], threads: usize, spinner: &ProgressBar) -> Result<()> {
    let prefix = args.regularisers.as_deref().unwrap_or_default();
    for (index, case) in cases.iter().enumerate() {
        let progress = |rounds: usize| {
            spinner.set_message(format!("{}: {rounds} rounds timed", case.case));
            spinner.tick();
        };
        let row = bench::in_pool(threads, || bench::regularisers(case, prefix, args.seconds, progress))?;
        spinner.suspend(|| if args.json { output::json_line(&row) } else { print::regularisers(&row, index == 0) })?;
    }
    Ok(())
}

fn scaling(args: &BenchArgs, case: &Case, threads: usize, spinner: &ProgressBar) -> Result<()> {
    let progress = |round: usize, at: &Case| {
        spinner.set_message(format!("round {round}: {} trials of {} steps", at.batch_size, at.steps));
        spinner.tick();
    };
    let found = bench::scaling(case, threads, args.seconds, progress)?;
    spinner.suspend(|| if args.json { output::json_line(&found) } else { print::scaling(&found) })
}

fn trials(args: &BenchArgs, prefix: &str, threads: usize, spinner: &ProgressBar) -> Result<()> {
    // A task without channels of its own reads a user's data.
    let chosen = |info: &nn4n_tasks::TaskInfo| info.n_inputs.is_some() && info.id.starts_with(prefix);
    let tasks: Vec<_> = nn4n_tasks::list().into_iter().filter(chosen).collect();
    if tasks.is_empty() {
        bail!("--trials {prefix}: no task has an id that starts so; see `nn4n tasks list`");
    }
    let mut above = Vec::new();
    for (index, info) in tasks.iter().enumerate() {
        spinner.set_message(info.id);
        spinner.tick();
        let row = bench::in_pool(threads, || bench::trials(info, args.seconds))?;
        spinner.suspend(|| if args.json { output::json_line(&row) } else { print::trials(&row, index == 0) })?;
        above.extend((row.percent > 10.0).then_some(row.task));
    }
    if args.json {
        return Ok(());
    }
    output::text(&match above.as_slice() {
        [] => format!("all of {} tasks make a batch in less than a tenth of their training step", tasks.len()),
        above => format!(
            "{} of {} tasks take more than a tenth of their training step: {}",
            above.len(),
            tasks.len(),
            above.join(", ")
        ),
    })
}
