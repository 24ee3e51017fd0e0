//! A network that drives an arm learns through it, and its runs and trials are as reproducible as those of any other.

use std::{fs, sync::Arc};

use crate::pieces::{assert_same, train_in_pieces};
use crate::small::{easy_task, settings, train};
use candle_core::{DType, Device};
use ndarray::{Array3, Axis, s};
use nn4n::{
    Checkpoint, Experiment, Result, TrainConfig,
    experiment::Stage,
    models::{Ctrnn, ModelConfig, NoiseKey},
    simulate::{Simulation, array3},
    tasks::{
        Duration, Split, Task, batch,
        motor::{Arm, ArmReach, DrivenArm, Reach},
    },
};

/// Short reaches to two targets: 30 steps of 20 ms.
fn reaching(arm: Arm) -> Arc<dyn Task> {
    let reach = Reach {
        centre: 40.0,
        delay: Duration::Fixed(60.0),
        reaction: 100.0,
        movement: 300.0,
        hold: 100.0,
        ..Reach::default()
    };
    let task = DrivenArm { arm, ..DrivenArm::default() };
    Arc::new(ArmReach { dt: 20.0, angles: vec![0.0, 144.0], reach, task, ..ArmReach::default() })
}

fn experiment(task: Arc<dyn Task>, units: usize, train: TrainConfig) -> Result<Experiment> {
    let model =
        ModelConfig::vanilla(task.inputs().len(), units, task.outputs().len()).dt(task.dt()).tau(60.0).sigma_rec(0.02);
    Experiment::new(task, model, train, 1)
}

#[test]
fn what_is_graded_is_the_hand_where_there_is_an_arm_and_the_output_elsewhere() -> Result<()> {
    for (task, driven) in [(easy_task(), false), (reaching(Arm::default()), true)] {
        let config = ModelConfig::vanilla(task.inputs().len(), 10, 2).dt(task.dt());
        let network = Ctrnn::init(&config, 0, DType::F32, &Device::Cpu)?;
        let trials = batch(task.as_ref(), Split::Train, 0, 0, 2)?;
        let answers = Simulation::of(&network, task.as_ref()).answer(&trials.inputs)?;
        let (own, graded) = (array3(&answers.logits)?, array3(&answers.outputs)?);
        if let Some(plant) = task.plant() {
            for (torques, hand) in own.outer_iter().zip(graded.outer_iter()) {
                let moved = plant.movement(torques.mapv(f64::from).view());
                assert!(moved.iter().zip(&hand).all(|(a, b)| (a - f64::from(*b)).abs() < 1e-5));
            }
        }
        assert_eq!(own != graded, driven, "{}", task.id());
    }
    Ok(())
}

#[test]
fn training_through_the_arm_brings_the_hand_nearer_to_its_path() -> Result<()> {
    let task = reaching(Arm::default());
    let trials = batch(task.as_ref(), Split::Train, 0, 0, 8)?;
    // What a hand costs that never moves.
    let still = f64::from(trials.targets.pow2().sum() / trials.loss_mask.sum());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let losses: Vec<f64> =
        train(&experiment(task, 30, settings(60, 20))?, folder.path())?.validations.iter().map(|v| v.loss).collect();
    assert!(losses.windows(2).all(|pair| pair[1] < pair[0]), "{losses:?}");
    assert!(losses[2] < 0.5 * still, "{losses:?}, but {still} without a movement");
    Ok(())
}

#[test]
fn an_interrupted_run_through_the_arm_ends_as_an_uninterrupted_one() -> Result<()> {
    let experiment = experiment(reaching(Arm::default()), 10, settings(6, 2))?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = folder.path().join("whole");
    train(&experiment, &whole)?;
    for ends in [&[1][..], &[2, 5]] {
        let pieces = folder.path().join(format!("{ends:?}"));
        train_in_pieces(&experiment, &pieces, ends)?;
        assert_same(&whole, &pieces, &format!("interrupted after {ends:?}"));
    }
    Ok(())
}

#[test]
fn a_stage_of_a_curriculum_is_trained_through_its_own_arm() -> Result<()> {
    let heavy = reaching(Arm { m2: 2.0, i2: 0.1, ..Arm::default() });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let alone = experiment(heavy.clone(), 10, settings(4, 2))?;
    let mut staged = experiment(reaching(Arm::default()), 10, settings(4, 2))?;
    // Never reached within so few updates.
    staged.curriculum = vec![Stage { task: heavy, threshold: 1.0 }];
    let mut weights = Vec::new();
    for (name, experiment) in [("alone", alone), ("staged", staged)] {
        let directory = folder.path().join(name);
        train(&experiment, &directory)?;
        weights.push(Checkpoint::load(&directory)?.tensors["w_rec"].flatten_all()?.to_vec1::<f32>()?);
    }
    assert_eq!(weights[0], weights[1]);
    Ok(())
}

#[test]
fn one_thread_and_two_threads_give_the_same_files() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Large enough for the matrix products to be divided among threads.
    let settings = TrainConfig { batch_size: Some(64), ..settings(2, 2) };
    fs::write(folder.path().join("arm.toml"), experiment(reaching(Arm::default()), 120, settings)?.to_toml()?)
        .expect("a file");
    for threads in ["1", "2"] {
        let arguments = ["train", "arm.toml", "--device", "cpu", "--out", threads];
        let output = crate::program::nn4n(folder.path(), &arguments, &[("RAYON_NUM_THREADS", threads)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_same(&folder.path().join("1"), &folder.path().join("2"), "1 and 2 threads");
    Ok(())
}

#[test]
fn a_trial_of_a_batch_goes_as_it_does_alone() -> Result<()> {
    // Delays differ, so that the trials are padded; the feedback is noisy and late.
    let noisy = DrivenArm { feedback_delay: 40.0, sigma_feedback: 0.1, ..DrivenArm::default() };
    let task = ArmReach { dt: 20.0, task: noisy, ..ArmReach::default() };
    let config = ModelConfig::vanilla(7, 12, 2).dt(20.0).tau(60.0).sigma_rec(0.05);
    let network = Ctrnn::init(&config, 3, DType::F64, &Device::Cpu)?;
    let trials = batch(&task, Split::Test, 5, 2, 6)?;
    let noise = NoiseKey::new(1, 2);
    let together = Simulation::of(&network, &task).noise(noise).record(&trials.inputs)?;
    assert!(trials.n_steps.iter().any(|steps| *steps < trials.max_steps()));
    for (trial, &n_steps) in trials.n_steps.iter().enumerate() {
        let mut alone = trials.clone();
        alone.inputs = trials.inputs.slice(s![trial..=trial, ..n_steps, ..]).to_owned();
        let alone = {
            let noise = NoiseKey { first_trial: trial as u32, ..noise };
            Simulation::of(&network, &task).noise(noise).record(&alone.inputs)?
        };
        let apart = |one: &Array3<f32>, other: &Array3<f32>| {
            let one = one.slice(s![trial, ..n_steps, ..]).insert_axis(Axis(0)).to_owned();
            (&one - other).iter().fold(0f32, |most, x| most.max(x.abs()))
        };
        assert!(
            apart(&together.outputs, &alone.outputs) < 1e-6 && apart(&together.states, &alone.states) < 1e-5,
            "trial {trial}"
        );
    }
    // The hands move, each in its own way.
    let last = |trial: usize| together.outputs.slice(s![trial, trials.n_steps[trial] - 1, ..]).to_owned();
    assert!(last(0).iter().all(|x| x.abs() > 1e-3) && last(0) != last(1), "{} {}", last(0), last(1));
    Ok(())
}
