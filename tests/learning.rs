//! Training teaches, stops when it should, and tells what it did.

use std::{fs, ops::ControlFlow, path::Path, sync::Arc};

use crate::small::{easy_task, settings, train};
use candle_core::{DType, Device};
use ndarray::{Array2, ArrayView2};
use nn4n::{
    Checkpoint, Error, Existing, Experiment, Result, RunDirectory, TrainConfig,
    evaluate::evaluate,
    experiment::StopConfig,
    models::{Activation, Ctrnn, MatrixConfig, ModelConfig, Tensors},
    optimizer::OptimizerConfig,
    penalty::Regulariser,
    tasks::{
        About, Channel, Condition, Criterion, Score, Split, Task, TaskError, Timeline, Trial, TrialRng, TrialView,
        choice, create,
    },
    train::{StopReason, fit},
};
use serde_json::Value;

fn log(directory: &Path) -> Vec<Value> {
    let text = fs::read_to_string(directory.join("log.jsonl")).expect("a log");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// A task of one's own: repeat at the end which of the two inputs was on.
#[derive(Debug)]
struct Repeat;

impl Task for Repeat {
    fn about(&self) -> About<'_> {
        About { id: "mine/repeat", summary: "Repeat which of two inputs was on", ..About::NEW }
    }
    fn dt(&self) -> f64 {
        20.0
    }
    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["left", "right"])
    }
    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["left", "right"])
    }
    fn conditions(&self) -> Vec<Condition> {
        [0.0, 1.0].map(|side| Condition::new().with("side", side)).into()
    }
    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let asked = condition.and_then(|condition| condition.number("side"));
        let side = usize::from(asked.map_or_else(|| rng.chance(0.5), |side| side == 1.0));
        let mut timeline = Timeline::new(self.dt())?;
        timeline.push_steps("stimulus", 8)?;
        let on_side = |_, channel| f32::from(u8::from(channel == side));
        Ok(Trial {
            inputs: Array2::from_shape_fn((8, 2), |(step, channel)| on_side(step, channel)),
            targets: Array2::from_shape_fn((8, 2), |(step, channel)| on_side(step, channel)),
            loss_mask: Array2::from_shape_fn((8, 2), |(step, _)| f32::from(u8::from(step >= 4))),
            condition: Condition::new().with("side", side as f64),
            epochs: timeline.into_epochs(),
            correct: Some(side),
        })
    }
    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let choice = choice(outputs);
        Score { choice, correct: Some(choice == trial.correct), ..Score::default() }
    }
}

#[test]
fn training_lowers_the_loss_and_raises_the_performance() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = settings(300, 100);
    (settings.batch_size, settings.learning_rate) = (Some(10), 0.01);
    let experiment = Experiment::new(easy_task(), ModelConfig::ei(2, 20, 2), settings, 0)?;
    let outcome = train(&experiment, folder.path())?;
    let losses: Vec<f64> = log(folder.path()).iter().filter_map(|record| record["loss"].as_f64()).collect();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..10]), mean(&losses[losses.len() - 10..]));
    assert!(last < 0.5 * first, "the loss went from {first} to {last}");
    let network = Checkpoint::load(folder.path())?.network(&Device::Cpu)?;
    let performance = evaluate(&network, easy_task().as_ref(), 50, 1)?.performance.expect("a scored task");
    assert!(performance > 0.9, "{performance}, validations {:?}", outcome.validations);
    Ok(())
}

#[test]
fn a_run_that_diverges_names_the_update_and_keeps_its_best_network() -> Result<()> {
    for (validate_every, learning_rate) in [(1, 1e6), (2, 1e6), (1, 1e38), (1, 1e300)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut settings = settings(500, validate_every);
        (settings.learning_rate, settings.clip_norm) = (1e-3, None);
        settings.optimizer = Some(OptimizerConfig::Sgd { momentum: 0.0 });
        let model = ModelConfig::vanilla(2, 8, 2).activation(Activation::Linear);
        let calm = Experiment::new(easy_task(), model.clone(), TrainConfig { updates: 4, ..settings.clone() }, 0)?;
        train(&calm, folder.path())?;
        let best = fs::read(folder.path().join("model.safetensors")).expect("a checkpoint");

        let wild = Experiment::new(easy_task(), model, TrainConfig { learning_rate, ..settings }, 0)?;
        let run = RunDirectory::open(folder.path(), Existing::Resume)?;
        let error = fit(&wild, None, &run, &Device::Cpu, |_| ControlFlow::Continue(())).expect_err("it diverges");
        let Error::Diverged { update, value, .. } = &error else { panic!("{error}") };
        assert!(*update >= 4 && !value.is_finite(), "{error}");
        let message = error.to_string();
        assert!(message.contains(&format!("at update {update}")) && message.contains("learning_rate"), "{message}");
        assert!(
            fs::read(run.model()).expect("a checkpoint") == best,
            "lr {learning_rate}: the best network was replaced"
        );
        Checkpoint::load(run.path())?;
        RunDirectory::open(folder.path(), Existing::Resume)?;
    }
    Ok(())
}

#[test]
fn what_overflows_before_the_first_update_is_explained_without_the_learning_rate() -> Result<()> {
    let task: Arc<dyn Task> = create("song2016/rdm_varstim", None)?.into();
    let calm = ModelConfig::vanilla(3, 8, 2);
    let wide = MatrixConfig { spectral_radius: Some(1e3), ..MatrixConfig::default() };
    let growing = calm.clone().w_rec(wide);
    let cases = [
        (growing.clone(), ["the activation `relu` sets no limit", "spectral radius of the recurrent weights is 1000"]),
        (calm.sigma_rec(1e30), ["the noise `sigma_rec` is 1.0e30", "lower it"]),
    ];
    for (model, words) in cases {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let experiment = Experiment::new(task.clone(), model, settings(2, 1), 0)?;
        let error = train(&experiment, folder.path()).expect_err("it overflows");
        let message = error.to_string();
        assert!(matches!(error, Error::NotFinite { .. }) && message.contains("before the first update"), "{message}");
        assert!(words.iter().all(|word| message.contains(word)) && !message.contains("learning_rate"), "{message}");
    }

    let network = Ctrnn::init(&growing, 0, DType::F32, &Device::Cpu)?;
    let message = evaluate(&network, task.as_ref(), 2, 0).expect_err("it overflows").to_string();
    for words in ["activity grows without bound: the outputs reach", "at step ", "the activation `relu` sets no limit"]
    {
        assert!(message.contains(words), "{message}");
    }
    Ok(())
}

/// The rectification hides a weight that is not a number: the loss stays finite, so only the weights themselves tell.
#[test]
fn weights_that_overflow_are_never_saved() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = settings(3, 1);
    (settings.learning_rate, settings.clip_norm) = (1e300, None);
    settings.optimizer = Some(OptimizerConfig::Sgd { momentum: 0.0 });
    let experiment = Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings, 0)?;
    let error = train(&experiment, folder.path()).expect_err("it diverges").to_string();
    assert!(error.contains("at update 0"), "{error}");
    let kept = Checkpoint::load(folder.path())?;
    let fresh = Ctrnn::init(&experiment.model, experiment.seed, DType::F32, &Device::Cpu)?.tensors()?;
    let weights = |tensors: &Tensors| tensors["w_rec"].to_vec2::<f32>().expect("a matrix");
    assert_eq!(
        (kept.header.train.updates, weights(&kept.tensors)),
        (0, weights(&fresh)),
        "the network before the first update is kept"
    );
    Ok(())
}

#[test]
fn a_run_stops_when_its_patience_ends_or_its_criterion_is_met() -> Result<()> {
    let stopped = |change: fn(&mut TrainConfig)| -> Result<(u64, StopReason)> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut settings = settings(40, 2);
        settings.stop.never = false;
        // Steps too small to change a single f32, so that no validation is better than the first.
        settings.learning_rate = 1e-30;
        settings.stop.criterion = Some(Criterion::MinPerformance { threshold: 1.0 });
        change(&mut settings);
        let outcome = train(
            &Experiment::new(Arc::new(Repeat), ModelConfig::ei(2, 8, 2).sigma_rec(0.0), settings, 0)?,
            folder.path(),
        )?;
        Ok((outcome.updates, outcome.reason))
    };
    assert_eq!(stopped(|_| {})?, (40, StopReason::LastUpdate));
    assert_eq!(
        stopped(|settings| settings.stop.criterion = Some(Criterion::MinPerformance { threshold: 0.0 }))?,
        (2, StopReason::CriterionMet)
    );
    let (updates, reason) = stopped(|settings| {
        settings.learning_rate = 0.02;
        settings.stop.patience = Some(3);
        settings.stop.criterion = Some(Criterion::MeanPerformance { threshold: 1.0, window: 1 });
        settings.updates = 2000;
    })?;
    assert!(reason == StopReason::OutOfPatience && (8..2000).contains(&updates), "{reason:?} after {updates}");
    Ok(())
}

#[test]
fn a_task_of_ones_own_is_trained_and_its_checkpoint_says_whose_it_is() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = settings(400, 20);
    settings.learning_rate = 0.01;
    settings.stop = StopConfig { criterion: Some(Criterion::MinPerformance { threshold: 1.0 }), ..Default::default() };
    let outcome =
        train(&Experiment::new(Arc::new(Repeat), ModelConfig::vanilla(2, 12, 2), settings, 0)?, folder.path())?;
    assert_eq!(outcome.reason, StopReason::CriterionMet);
    let checkpoint = Checkpoint::load(folder.path())?;
    let evaluation = evaluate(&checkpoint.network(&Device::Cpu)?, &Repeat, 20, 0)?;
    assert!(evaluation.performance.is_some_and(|performance| performance > 0.8), "{evaluation:?}");
    assert_eq!((evaluation.conditions.len(), evaluation.trials), (2, 40));
    let message = checkpoint.task().expect_err("the registry does not know it").to_string();
    assert!(message.contains("mine/repeat"), "{message}");
    Ok(())
}

#[test]
fn every_term_of_the_loss_is_logged_by_name_and_they_add_up() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = settings(6, 3);
    (settings.log_every, settings.tensorboard) = (2, true);
    let regularisers =
        r#"[{ "kind": "l2_rates", "weight": 0.5 }, { "kind": "l1_weights", "matrix": "w_rec", "weight": 0.1 }]"#;
    settings.regularisers = serde_json::from_str::<Vec<Regulariser>>(regularisers).expect("two regularisers");
    train(&Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings, 0)?, folder.path())?;
    let records = log(folder.path());
    let (validations, updates): (Vec<_>, Vec<_>) =
        records.iter().partition(|record| record.get("validation").is_some());
    let numbers =
        |records: &[&Value]| records.iter().filter_map(|record| record["update"].as_u64()).collect::<Vec<_>>();
    assert_eq!((numbers(&updates), numbers(&validations)), (vec![2, 4, 6], vec![3, 6]));
    for record in updates {
        let terms = record["terms"].as_object().expect("terms");
        assert_eq!(terms.keys().collect::<Vec<_>>(), ["l1_weights.w_rec", "l2_rates", "task"]);
        let sum: f64 = terms.values().filter_map(Value::as_f64).sum();
        let loss = record["loss"].as_f64().expect("a loss");
        assert!((loss - sum).abs() < 1e-5 * loss && terms.values().all(|term| term.as_f64() > Some(0.0)), "{record}");
        assert!(
            record["gradient_norm"].as_f64() > Some(0.0) && record["learning_rate"].as_f64() == Some(0.003),
            "{record}"
        );
    }
    assert!(
        validations
            .iter()
            .all(|record| record["validation"]["loss"].is_f64() && record["validation"]["performance"].is_f64())
    );
    let events =
        fs::read_dir(folder.path()).expect("a folder").filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let events: Vec<_> = events.filter(|name| name.starts_with("events.out.tfevents")).collect();
    assert_eq!(events.len(), 1, "{events:?}");
    let bytes = fs::read(folder.path().join(&events[0])).expect("events");
    for tag in ["train/l1_weights.w_rec", "train/task", "validation/performance"] {
        assert!(bytes.windows(tag.len()).any(|window| window == tag.as_bytes()), "no {tag} in the events");
    }
    Ok(())
}

#[test]
fn without_being_asked_for_there_are_no_event_files() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    train(&Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(2, 2), 0)?, folder.path())?;
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [".lock", "finished.json", "log.jsonl", "model.safetensors", "optimizer.safetensors", "run.toml"]
    );
    Ok(())
}

#[test]
fn settings_changed_after_they_were_checked_are_checked_again() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut experiment = Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(2, 2), 0)?;
    experiment.train.validation.every = 0;
    let message = train(&experiment, folder.path()).expect_err("validation every 0 updates").to_string();
    assert!(message.starts_with("train.validation.every"), "{message}");
    Ok(())
}
