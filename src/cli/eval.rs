//! `nn4n eval`

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::{
    interventions::{self, InterventionArgs},
    output,
    over_study::OverStudyArgs,
    subject::SubjectArgs,
};
use crate::{
    evaluate::{Evaluation, evaluate_altered},
    intervention::{Altered, Applied},
};

#[derive(Debug, Args)]
#[command(after_help = format!("Examples:
  nn4n eval runs/rdm
  nn4n eval runs/rdm/model.safetensors --trials 500 --json
  nn4n eval runs/rdm --task song2016/rdm_rt           another task of the same channels
  nn4n eval runs/rdm --set coherences=[0.5]           the same task with another parameter
  nn4n eval runs/rdm --dt 2                           at a finer step: what it learned must not depend on it
  nn4n eval runs/data --data held_out.npz             trials of your own that it was not trained on
  nn4n eval runs/study --jobs 8                       every finished network of a study, results beside each
  nn4n eval hf:owner/repo@v1                          a checkpoint on the Hugging Face hub
  nn4n eval song2016-rdm-ei --lesion inhibitory       what is left without some of its units

{}", interventions::EXAMPLES))]
pub struct EvalArgs {
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    interventions: InterventionArgs,
    /// Fresh trials of each condition; of an .npz, rows drawn
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Seed of the trials and the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Report in JSON
    #[arg(long)]
    json: bool,
    /// Replace earlier results of a study
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    study: OverStudyArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    /// Whether the trials are those that the network was trained on.
    trained_on: bool,
    /// What was done to the network.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    interventions: &'a [Applied],
}

pub fn eval(args: &EvalArgs) -> Result<()> {
    let subject = args.subject.open(args.trials as usize)?;
    let altered = Altered::of(&subject.network, &args.interventions.all())?;
    let evaluation = evaluate_altered(&altered, subject.task.as_ref(), args.trials as usize, args.seed)?;
    let report = Report { evaluation: &evaluation, trained_on: subject.is_trained_on, interventions: &altered.applied };
    if args.json { output::json(&report) } else { print(&report, args) }
}

fn print(report: &Report<'_>, args: &EvalArgs) -> Result<()> {
    let evaluation = report.evaluation;
    output::text(&format!("task         {}", evaluation.task))?;
    for applied in report.interventions {
        output::text(&format!("done to it   {applied}"))?;
    }
    if report.trained_on {
        output::text(
            "trials       those that it was trained on, so this says nothing of new ones; keep some apart with \
            `held_out`, or give others with --data FILE",
        )?;
    }
    if let Some(rows) = evaluation.rows {
        output::text(&format!(
            "rows         {rows} of the file, drawn until there are --trials of each class; each time with other noise"
        ))?;
    }
    if let Some(performance) = evaluation.performance {
        output::text(&format!("performance  {} of {} scored trials", output::percent(performance), evaluation.trials))?;
    }
    if let Some(error) = evaluation.rms_error {
        let error = if error < 1e4 { format!("{error:.4}") } else { format!("{error:.1e}") };
        output::text(&format!("rms error    {error}"))?;
    }
    if let Some(time) = evaluation.reaction_time {
        output::text(&format!("reaction     {time:.0} ms"))?;
    }
    if let Some(largest) = evaluation.runaway {
        output::text(&format!(
            "runaway      activity grows without bound: outputs reach {largest:.1e}; what stands above is that of a network \
            out of its range"
        ))?;
    }
    for row in &evaluation.conditions {
        output::text(&format!(
            "  {:>8}  {:>6} trials  {}",
            output::percent(row.performance),
            row.trials,
            row.condition
        ))?;
    }
    output::text(&format!("next: nn4n inspect {}", output::shell_path(&args.subject.checkpoint)))
}
