//! The same experiment gives the same files, bit for bit: in one process or several, with any number of threads,
//! interrupted or not.

use std::{fs, ops::ControlFlow};

use crate::pieces::{FILES, assert_same, bytes, train_in_pieces};
use crate::small::{easy_task, settings, train};
use candle_core::Device;
use nn4n::{
    Checkpoint, Existing, Experiment, Result, RunDirectory, TrainConfig,
    models::{Dale, LearnTau, ModelConfig, Start},
    optimizer::{OptimizerConfig, Schedule},
    penalty::{Penalty, Regulariser},
    train::fit,
};

fn check_interruptions(model: ModelConfig, change: impl FnOnce(&mut TrainConfig)) -> Result<()> {
    let mut settings = settings(9, 3);
    change(&mut settings);
    let what = format!("{:?}, {:?}, {:?}, {:?}", model.kind, model.start, settings.optimizer, settings.schedule);
    let experiment = Experiment::new(easy_task(), model, settings, 3)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = folder.path().join("whole");
    train(&experiment, &whole)?;
    // Before, between and at validations; more than once; in the last update but one.
    for ends in [&[1][..], &[3], &[4], &[2, 3, 7], &[8]] {
        let pieces = folder.path().join(format!("{ends:?}"));
        train_in_pieces(&experiment, &pieces, ends)?;
        assert_same(&whole, &pieces, &format!("{what}, interrupted after {ends:?}"));
    }
    Ok(())
}

#[test]
fn a_seed_gives_the_same_files_twice_in_one_process_and_another_seed_gives_others() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |name: &str, seed| -> Result<std::path::PathBuf> {
        let directory = folder.path().join(name);
        train(&Experiment::new(easy_task(), ModelConfig::ei(2, 10, 2), settings(4, 2), seed)?, &directory)?;
        Ok(directory)
    };
    let (one, again, other) = (run("one", 1)?, run("again", 1)?, run("other", 2)?);
    assert_same(&one, &again, "same seed");
    for file in FILES {
        assert!(bytes(&one, file) != bytes(&other, file), "{file} does not depend on the seed");
    }
    Ok(())
}

#[test]
fn one_thread_and_two_threads_give_the_same_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Large enough for the matrix products to be divided among threads.
    let arguments = [
        "train",
        "--task",
        "song2016/rdm_varstim",
        "--model",
        "ei",
        "--units",
        "120",
        "--batch-size",
        "64",
        "--updates",
        "3",
    ];
    for threads in ["1", "2"] {
        let arguments = [&arguments[..], &["--device", "cpu", "--seed", "4", "--out", threads]].concat();
        let output = crate::program::nn4n(folder.path(), &arguments, &[("RAYON_NUM_THREADS", threads)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_same(&folder.path().join("1"), &folder.path().join("2"), "1 and 2 threads");
}

#[test]
fn an_interrupted_run_under_gradient_descent_with_momentum_ends_as_an_uninterrupted_one() -> Result<()> {
    check_interruptions(ModelConfig::ei(2, 8, 2).dale(Dale::Clamped), |settings| {
        settings.optimizer = Some(OptimizerConfig::Sgd { momentum: 0.9 });
        settings.schedule = Schedule::Cosine { updates: 8, last: 0.1 };
        settings.clip_norm = None;
    })
}

#[test]
fn an_interrupted_run_under_adam_with_learned_time_constants_ends_as_an_uninterrupted_one() -> Result<()> {
    check_interruptions(ModelConfig::ei(2, 8, 2).learn_tau(LearnTau::PerUnit), |settings| {
        settings.schedule = Schedule::Step { every: 2, factor: 0.5 };
    })
}

#[test]
fn an_interrupted_run_with_the_vanishing_gradient_regulariser_ends_as_an_uninterrupted_one() -> Result<()> {
    check_interruptions(ModelConfig::ei(2, 8, 2), |settings| {
        settings.regularisers = vec![Regulariser::new(Penalty::VanishingGradient {}, 2.0)];
    })
}

#[test]
fn an_interrupted_run_with_carried_states_ends_as_an_uninterrupted_one() -> Result<()> {
    check_interruptions(ModelConfig::vanilla(2, 8, 2).start(Start::Carried), |settings| {
        settings.optimizer = Some(OptimizerConfig::named("adamw").expect("a known optimiser"));
        settings.schedule = Schedule::Warmup { updates: 5 };
    })
}

/// A crash leaves what was written last: records in the log of updates that the saved state does not know of.
#[test]
fn a_run_that_was_killed_between_two_validations_ends_as_an_uninterrupted_one() -> Result<()> {
    let experiment = Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(9, 3), 3)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    fs::create_dir(&killed).expect("a folder");
    fit(&experiment, None, &RunDirectory::open(&whole, Existing::Keep)?, &Device::Cpu, |progress| {
        if progress.update == 8 {
            for file in FILES {
                fs::copy(whole.join(file), killed.join(file)).expect("a copy");
            }
        }
        ControlFlow::Continue(())
    })?;
    let mut log = String::from_utf8(bytes(&whole, "log.jsonl")).expect("text");
    log.truncate(log.len() - 20);
    fs::write(killed.join("log.jsonl"), log).expect("a log whose last line is cut");
    fit(&experiment, None, &RunDirectory::open(&killed, Existing::Resume)?, &Device::Cpu, |_| {
        ControlFlow::Continue(())
    })?;
    assert_same(&whole, &killed, "killed after update 8");
    Ok(())
}

#[test]
fn the_network_of_every_validation_is_kept_where_that_is_asked_for() -> Result<()> {
    let of = |updates| {
        let mut settings = settings(updates, 2);
        settings.validation.keep = true;
        Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings, 3)
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = |name: &str| folder.path().join(name);
    let kept = |name: &str, update: u64| place(name).join(format!("model-{update}.safetensors"));
    train(&of(5)?, &place("whole"))?;
    train_in_pieces(&of(5)?, &place("pieces"), &[1, 3, 4])?;
    train(&of(2)?, &place("short"))?;
    for update in [2, 4, 5] {
        assert!(
            fs::read(kept("whole", update)).expect("a network") == fs::read(kept("pieces", update)).expect("it, too")
        );
        let header = Checkpoint::load(kept("whole", update))?.header;
        assert_eq!((header.train.updates, header.train.validations.len() as u64), (update, update.div_ceil(2)));
    }
    let [long, short] = ["whole", "short"].map(|name| Checkpoint::load(kept(name, 2)));
    let weights =
        |found: Result<Checkpoint>| -> Result<Vec<f32>> { Ok(found?.tensors["w_rec"].flatten_all()?.to_vec1()?) };
    assert_eq!(weights(long)?, weights(short)?);
    assert!(!kept("whole", 1).exists() && !kept("whole", 3).exists());

    // What replaces the run replaces them, and nothing else.
    fs::write(place("whole").join("model-best.safetensors"), b"precious").expect("a file");
    let run = RunDirectory::open(place("whole"), Existing::Overwrite)?;
    fit(&of(2)?, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()))?;
    assert!(run.kept(2).exists() && !run.kept(4).exists() && place("whole").join("model-best.safetensors").exists());
    Ok(())
}

#[test]
fn a_resumed_run_keeps_settings_that_are_not_the_defaults() -> Result<()> {
    let mut settings = settings(4, 2);
    settings.clip_norm = None;
    settings.clip_value = Some(0.5);
    let experiment = Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings, 3)?;
    let read = Experiment::from_toml(&experiment.to_toml()?)?;
    assert_eq!((read.settings(), &read.model, read.seed), (experiment.settings(), &experiment.model, 3));
    assert!(read.train.is_complete(), "a run.toml leaves nothing to the task");
    assert_eq!(read.task.parameters(), experiment.task.parameters());
    Ok(())
}

#[test]
fn a_sparse_run_that_started_from_a_checkpoint_of_another_seed_resumes_bit_for_bit() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let model = ModelConfig::ei(2, 16, 2).density(0.3);
    let first = Experiment::new(easy_task(), model.clone(), settings(2, 2), 1)?;
    train(&first, &at("first"))?;
    let second = |updates| -> Result<Experiment> {
        Ok(Experiment {
            init: Some(at("first")),
            ..Experiment::new(easy_task(), model.clone(), settings(updates, 2), 2)?
        })
    };
    train(&second(6)?, &at("whole"))?;
    train(&second(4)?, &at("pieces"))?;
    fit(&second(6)?, None, &RunDirectory::open(at("pieces"), Existing::Resume)?, &Device::Cpu, |_| {
        ControlFlow::Continue(())
    })?;
    assert!(bytes(&at("whole"), "optimizer.safetensors") == bytes(&at("pieces"), "optimizer.safetensors"));
    let header = Checkpoint::load(at("whole"))?.header;
    assert_eq!(header.provenance.init, Some(at("first")));

    let other = Experiment::new(easy_task(), ModelConfig::vanilla(2, 16, 2), settings(6, 2), 2)?;
    let run = RunDirectory::open(at("pieces"), Existing::Resume)?;
    let message =
        fit(&other, None, &run, &Device::Cpu, |_| ControlFlow::Continue(())).expect_err("another network").to_string();
    assert!(message.contains("is not the one that the run was started with: `"), "{message}");
    Ok(())
}

#[test]
fn what_a_run_remembers_is_named_when_it_is_changed() -> Result<()> {
    let model = ModelConfig::vanilla(2, 8, 2).start(Start::Carried);
    let changed = |change: fn(&mut TrainConfig)| -> Result<Experiment> {
        let mut settings = settings(6, 2);
        settings.batch_size = Some(5);
        change(&mut settings);
        Experiment::new(easy_task(), model.clone(), settings, 2)
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    train(&changed(|settings| settings.updates = 4)?, folder.path())?;
    type Change = fn(&mut TrainConfig);
    let cases: [(Change, &str); 3] = [
        (
            |settings| settings.freeze = vec!["w_in".into()],
            "train.freeze: leaves w_out, w_rec to be trained, but this run trains w_in, w_out, w_rec; restore it",
        ),
        (
            |settings| settings.batch_size = Some(3),
            "train.batch_size: is 3, but this run carries the states of 5 trials from update to update; restore it",
        ),
        (
            |settings| settings.optimizer = Some(OptimizerConfig::Sgd { momentum: 0.5 }),
            "train.optimizer: is another one, but this run holds the moments of the one that it began with; restore it",
        ),
    ];
    for (change, words) in cases {
        let run = RunDirectory::open(folder.path(), Existing::Resume)?;
        let found = fit(&changed(change)?, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()));
        let message = found.expect_err("another setting").to_string();
        assert!(message.starts_with(words), "{message}");
    }
    Ok(())
}
