//! A task of one's own: a cue on one of two channels is remembered over a delay and reported when the go signal comes.
//!
//! ```text
//! cargo run --release --example custom_task
//! ```

use clap::Parser;
use nn4n::ndarray::{Array2, ArrayView2, s};
use nn4n::{Checkpoint, Existing, Experiment, RunDirectory, TrainConfig, evaluate::evaluate, models::ModelConfig};
use nn4n::{tasks::*, terminal::progress_bar, train::fit};
use std::{path::PathBuf, sync::Arc};

/// Remember which of two cues was shown, for so long.
#[derive(Debug)]
struct DelayedReport(Duration);

impl Task for DelayedReport {
    fn about(&self) -> About<'_> {
        let summary = "Report after a delay which of two cues was shown";
        About { id: "mine/delayed_report", summary, ..About::NEW }
    }
    fn dt(&self) -> f64 {
        20.0
    }
    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["cue_1", "cue_2", "go"])
    }
    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice_1", "choice_2"])
    }
    fn conditions(&self) -> Vec<Condition> {
        [1.0, 2.0].map(|cue| Condition::new().with("cue", cue)).into()
    }
    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let drawn = if rng.chance(0.5) { 1.0 } else { 2.0 };
        let cue = condition.and_then(|condition| condition.number("cue")).unwrap_or(drawn);
        let (correct, mut timeline) = (usize::from(cue == 2.0), Timeline::new(self.dt())?);
        let shown = timeline.push("cue", ("cue", 200.0))?;
        timeline.push_steps("delay", self.0.draw("delay", Clock::new(self.dt()), rng)?)?;
        let decision = timeline.push("decision", ("decision", 300.0))?;
        let steps = timeline.n_steps();
        let (mut inputs, mut targets) = (Array2::zeros((steps, 3)), Array2::zeros((steps, 2)));
        inputs.slice_mut(s![shown, correct]).fill(1.0);
        inputs.slice_mut(s![decision.clone(), 2]).fill(1.0);
        inputs.mapv_inplace(|signal: f32| signal + 0.03 * rng.gaussian() as f32);
        targets.slice_mut(s![decision, correct]).fill(1.0);
        let (condition, epochs) = (Condition::new().with("cue", cue), timeline.into_epochs());
        Ok(Trial { inputs, targets, loss_mask: Array2::ones((steps, 2)), condition, epochs, correct: Some(correct) })
    }
    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        Score { choice: choice(outputs), correct: Some(choice(outputs) == trial.correct), ..Score::default() }
    }
    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MeanPerformance { threshold: 0.95, window: 1 })
    }
}

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "runs/custom_task")]
    out: PathBuf,
    #[arg(long)]
    force: bool,
    #[arg(long)]
    quick: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let task = Arc::new(DelayedReport(Duration::one_of([200.0, 400.0, 800.0])));
    let train = TrainConfig { updates: if args.quick { 5 } else { 5000 }, ..TrainConfig::default() };
    let run = RunDirectory::open(&args.out, if args.force { Existing::Overwrite } else { Existing::Keep })?;
    let experiment = Experiment::new(task.clone(), ModelConfig::ei(3, 50, 2), train, 0)?;
    let (device, _) = nn4n::DeviceChoice::Auto.open_for(experiment.work()?)?;
    fit(&experiment, None, &run, &device, progress_bar())?;
    let network = Checkpoint::load(run.path())?.network(&device)?;
    println!("performance {:.1} %", 100.0 * evaluate(&network, task.as_ref(), 200, 0)?.performance.unwrap_or(0.0));
    println!("next: cargo run --release -- inspect {}", run.path().display());
    Ok(())
}
