//! A user's arrays: what is accepted, and what is refused with which message.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Array3, ArrayD, s};
use ndarray_npy::NpzWriter;
use nn4n_tasks::{
    Condition, Criterion, Labels, NpzBuilder, NpzFile, Objective, Split, Task, TaskError, TrialRng, balanced, batch,
    create, npz_bytes, performance, repeated, scores, trajectories, trial_file,
};
use serde_json::json;

type Outcome = Result<(), Box<dyn std::error::Error>>;

struct Arrays {
    inputs: Array3<f64>,
    targets: Array3<f64>,
    loss_mask: Option<Array2<f64>>,
    n_steps: Option<Array1<i64>>,
}

/// Six trials of five steps; the first input is the number of the trial.
fn good() -> Arrays {
    Arrays {
        inputs: Array3::from_shape_fn((6, 5, 2), |(row, _, _)| row as f64),
        targets: Array3::from_elem((6, 5, 1), 0.5),
        loss_mask: None,
        n_steps: None,
    }
}

fn write(path: &Path, arrays: &Arrays) -> Outcome {
    let mut file = NpzWriter::new(fs::File::create(path)?);
    file.add_array("inputs", &arrays.inputs)?;
    file.add_array("targets", &arrays.targets)?;
    if let Some(mask) = &arrays.loss_mask {
        file.add_array("loss_mask", mask)?;
    }
    if let Some(n_steps) = &arrays.n_steps {
        file.add_array("n_steps", n_steps)?;
    }
    file.finish()?;
    Ok(())
}

fn open(path: &Path) -> Result<Box<dyn Task>, TaskError> {
    create("data/npz", Some(&json!({ "path": path })))
}

/// The task of these arrays, or the message that refuses them.
fn made(arrays: &Arrays) -> Result<Box<dyn Task>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("data.npz");
    write(&path, arrays).map_err(|error| error.to_string())?;
    open(&path).map_err(|error| error.to_string())
}

#[test]
fn rows_are_drawn_at_random_and_can_be_asked_for() -> Outcome {
    let task = made(&good())?;
    let trials = batch(task.as_ref(), Split::Train, 0, 0, 6000)?;
    for row in 0..6 {
        let count = trials.inputs.outer_iter().filter(|trial| trial[[0, 0]] == row as f32).count();
        assert!((850..1150).contains(&count), "row {row}: {count}");
    }
    let third = task.trial(Split::Train, Some(&Condition::new().with("row", 3.0)), &mut TrialRng::new(0, "t", 0, 0))?;
    assert_eq!(third.inputs[[4, 1]], 3.0);
    for row in [6.0, -1.0, 0.5, 1e30] {
        assert!(
            task.trial(Split::Train, Some(&Condition::new().with("row", row)), &mut TrialRng::new(0, "t", 0, 0))
                .is_err(),
            "{row}"
        );
    }
    Ok(())
}

#[test]
fn held_out_rows_are_tested_on_and_never_trained_on() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    write(&path, &good())?;
    let task = create("data/npz", Some(&json!({ "path": path, "held_out": 2 })))?;
    let rows = |split| -> Result<Vec<f32>, TaskError> {
        Ok(batch(task.as_ref(), split, 0, 0, 200)?.inputs.outer_iter().map(|trial| trial[[0, 0]]).collect())
    };
    assert!(rows(Split::Train)?.iter().all(|&row| row < 4.0));
    assert!(rows(Split::Test)?.iter().all(|&row| row >= 4.0));
    assert!(create("data/npz", Some(&json!({ "path": path, "held_out": 6 }))).is_err());
    Ok(())
}

#[test]
fn a_batch_that_was_written_is_a_task_with_the_same_trials() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("trials.npz");
    let source = create("song2016/rdm_varstim", None)?;
    let trials = batch(source.as_ref(), Split::Train, 0, 0, 5)?;
    fs::write(&path, npz_bytes(&trials)?)?;
    let mut names = NpzFile::open(&path)?.names().to_vec();
    names.sort();
    names.retain(|name| name != "catch"); // only where one of the five is a catch trial
    assert_eq!(names, ["coherence", "correct", "inputs", "loss_mask", "n_steps", "targets"]);
    let task = open(&path)?;
    for row in 0..5 {
        let again =
            task.trial(Split::Test, Some(&Condition::new().with("row", row as f64)), &mut TrialRng::new(0, "t", 0, 0))?;
        let first = trials.view(row).ok_or("no such trial")?;
        assert_eq!(again.inputs, first.inputs);
        assert_eq!(again.targets, first.targets);
        assert_eq!(again.loss_mask, first.loss_mask);
    }
    assert_eq!(create("data/npz", Some(&task.parameters()))?.parameters(), task.parameters());
    Ok(())
}

/// The file of these trials (K), of `good`, and labels of them.
fn labelled(path: &Path, labels: &[(&str, Labels)]) -> Outcome {
    let arrays = good();
    let mut file = NpzBuilder::default().array("inputs", &arrays.inputs)?.array("targets", &arrays.targets)?;
    for (name, values) in labels {
        file = file.labels(name, values)?;
    }
    fs::write(path, file.finish()?)?;
    Ok(())
}

#[test]
fn labels_are_conditions_of_the_trials_and_those_that_come_again_are_classes() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    let coherence = Labels::Numbers(vec![0.5, -0.5, 0.5, -0.5, f64::NAN, 0.5]);
    let angle = Labels::Numbers(vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    labelled(&path, &[("coherence", coherence), ("angle", angle)])?;
    let task = open(&path)?;
    let classes: Vec<String> = task.conditions().iter().map(ToString::to_string).collect();
    assert_eq!(classes, ["coherence=-0.5", "coherence=0.5", "coherence=none"]);
    let trials = balanced(task.as_ref(), Split::Test, 0, 0, 20)?;
    for (place, condition) in trials.conditions.iter().enumerate() {
        let row = trials.inputs[[place, 0, 0]];
        assert_eq!(condition.number("row"), Some(f64::from(row)));
        assert_eq!(condition.number("angle").map(|angle| (angle * 10.0).round()), Some(f64::from(row) + 1.0));
    }
    let rows = |place: usize| (0..20).map(|i| trials.inputs[[20 * place + i, 0, 0]]).collect::<Vec<_>>();
    assert!(rows(0).iter().all(|row| [1.0, 3.0].contains(row)) && rows(2).iter().all(|row| *row == 4.0));
    let ask = |condition: Condition| {
        let found = task.trial(Split::Test, Some(&condition), &mut TrialRng::new(0, "t", 0, 0));
        found.map(|trial| trial.inputs[[0, 0]]).map_err(|error| error.to_string())
    };
    assert_eq!(ask(Condition::new().with("angle", 0.3)), Ok(2.0));
    assert!(ask(Condition::new().with("coherence", 0.0)).unwrap_err().contains("no trial"));
    assert!(ask(Condition::new().with("colour", 0.0)).unwrap_err().contains("coherence, row"));
    // The last two trials hold none of the class -0.5.
    let message =
        create("data/npz", Some(&json!({ "path": path, "held_out": 2 }))).err().ok_or("accepted")?.to_string();
    assert!(message.contains("hold none of coherence=-0.5; shuffle"), "{message}");
    Ok(())
}

#[test]
fn a_right_output_makes_choices_and_performance() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    let file = NpzBuilder::default().array("inputs", &Array3::<f32>::zeros((4, 5, 1)))?;
    let file = file.array("targets", &Array3::<f32>::zeros((4, 5, 2)))?;
    fs::write(&path, file.array("correct", &Array1::from(vec![0i64, 1, 1, -1]))?.finish()?)?;
    let task = open(&path)?;
    assert!((task.is_scored(), task.chance()) == (true, 0.5));
    let trials =
        repeated(task.as_ref(), Split::Test, 0, 0, &[0.0, 1.0, 3.0].map(|row| Condition::new().with("row", row)), 1)?;
    // The second output is the largest at the last step.
    let answers = Array3::from_shape_fn((3, 5, 2), |(_, step, output)| (step * output) as f32);
    let found = scores(task.as_ref(), &trials, answers.view())?;
    assert_eq!(found.iter().map(|score| score.correct).collect::<Vec<_>>(), [Some(false), Some(true), None]);
    assert_eq!(found[0].choice, Some(1));
    let refused = |correct: Vec<i64>| -> Result<String, Box<dyn std::error::Error>> {
        let file = NpzBuilder::default().array("inputs", &Array3::<f32>::zeros((4, 5, 1)))?;
        let file = file.array("targets", &Array3::<f32>::zeros((4, 5, 2)))?;
        fs::write(&path, file.array("correct", &Array1::from(correct))?.finish()?)?;
        Ok(open(&path).err().ok_or("accepted")?.to_string())
    };
    assert!(refused(vec![0, 2, 0, 0])?.contains("is 2 in trial 1, but the outputs are 0 to 1"));
    assert!(refused(vec![0, 1])?.contains("has 2 values"));
    Ok(())
}

#[test]
fn integers_are_classes_of_trials_or_of_steps() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    let with = |targets: ArrayD<i64>| -> Result<Result<Box<dyn Task>, String>, Box<dyn std::error::Error>> {
        let file = NpzBuilder::default().array("inputs", &good().inputs)?.array("targets", &targets)?;
        fs::write(&path, file.finish()?)?;
        Ok(open(&path).map_err(|error| error.to_string()))
    };
    let third = Condition::new().with("row", 2.0);
    let of_third = |task: &dyn Task| task.trial(Split::Test, Some(&third), &mut TrialRng::new(0, "t", 0, 0));
    let task = with(Array1::from(vec![0, 1, 2, 0, 1, 2]).into_dyn())??;
    assert_eq!(
        (task.objective(), task.outputs().len(), task.outputs()[2].name.as_str()),
        (Objective::Classes, 3, "class_2")
    );
    let trial = of_third(task.as_ref())?;
    assert_eq!((trial.targets.row(0).to_vec(), trial.correct), (vec![0.0, 0.0, 1.0], Some(2)));
    // The class at the last step is the answer.
    let task = with(Array2::from_shape_fn((6, 5), |(_, step)| i64::from(step == 4)).into_dyn())??;
    let trial = of_third(task.as_ref())?;
    assert_eq!((trial.targets.row(3).to_vec(), trial.correct), (vec![1.0, 0.0], Some(1)));
    let refusal = |targets: ArrayD<i64>| -> Result<String, Box<dyn std::error::Error>> {
        Ok(with(targets)?.err().ok_or("accepted")?)
    };
    assert!(refusal(Array1::from(vec![0, -1, 0, 0, 0, 0]).into_dyn())?.contains("is the class -1 at [1, 0]"));
    assert!(refusal(Array1::from(vec![0; 5]).into_dyn())?.contains("give [6] or [6, 5] classes"));
    let goal = create("data/npz", Some(&json!({ "path": path, "rms_error": 0.1 })));
    assert!(goal.is_err());
    Ok(())
}

#[test]
fn time_may_come_first_and_is_warned_of_where_it_seems_to() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    let (steps, trials) = (8, 20);
    let inputs = Array3::from_shape_fn((steps, trials, 2), |(step, trial, _)| (step + 100 * (trial * 7 % 5)) as f32);
    let mask = Array2::from_shape_fn((steps, trials), |(step, _)| f32::from(u8::from(step == 7)));
    let classes = Array2::from_shape_fn((steps, trials), |(_, trial)| (trial % 2) as i64);
    let file = NpzBuilder::default().array("inputs", &inputs)?.array("targets", &classes)?.array("loss_mask", &mask)?;
    fs::write(&path, file.finish()?)?;
    let task = create("data/npz", Some(&json!({ "path": path, "layout": "time_first" })))?;
    let trial = task.trial(Split::Test, Some(&Condition::new().with("row", 3.0)), &mut TrialRng::new(0, "t", 0, 0))?;
    assert_eq!((trial.inputs.column(0).to_vec(), trial.correct), ((0..8).map(|k| (k + 100) as f32).collect(), Some(1)));
    assert_eq!(trial.loss_mask.column(0).sum(), 1.0);
    assert!(task.remarks()[0].contains("20 trials x 8 steps x 2 inputs"), "{:?}", task.remarks());
    assert!(!task.remarks().concat().contains("transposed"));
    assert!(open(&path)?.remarks().concat().contains("looks transposed"));
    Ok(())
}

#[test]
fn the_step_of_a_file_is_taken_and_another_one_is_refused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("trials.npz");
    let source = create("song2016/rdm_varstim", None)?;
    let trials = batch(source.as_ref(), Split::Train, 0, 0, 5)?;
    fs::write(&path, trial_file(&trials, 12.5, None)?)?;
    assert_eq!(open(&path)?.dt(), 12.5);
    let other = create("data/npz", Some(&json!({ "path": path, "dt": 20.0 }))).err().ok_or("accepted")?.to_string();
    assert!(other.contains("`dt`") && other.contains("is 12.5 ms, but `dt` = 20 ms") && other.contains("--dt 12.5"));
    Ok(())
}

#[test]
fn nan_in_all_inputs_to_the_end_is_padding() -> Outcome {
    let mut arrays = good();
    arrays.inputs.slice_mut(s![1, 3.., ..]).fill(f64::NAN);
    arrays.targets[[1, 4, 0]] = f64::NAN;
    let task = made(&arrays)?;
    let trial = task.trial(Split::Train, Some(&Condition::new().with("row", 1.0)), &mut TrialRng::new(0, "t", 0, 0))?;
    assert_eq!(trial.n_steps(), 3);
    assert!(task.remarks().concat().contains("6.7 % of the steps (NaN at the end of trials)"), "{:?}", task.remarks());
    arrays.inputs.slice_mut(s![1, .., ..]).fill(f64::NAN);
    assert!(made(&arrays).is_err());
    Ok(())
}

#[test]
fn where_the_walker_was_comes_with_its_trials() -> Outcome {
    for (id, first) in
        [("wang2024/place_cells", None), ("cueva2018/path_integration", Some(0.0)), ("motor/arm_reach", Some(0.0))]
    {
        let task = create(id, None)?;
        let trials = batch(task.as_ref(), Split::Train, 3, 0, 4)?;
        let paths = trajectories(task.as_ref(), Split::Train, 3, 0, 4)?.ok_or("no trajectory")?;
        assert_eq!(paths.shape(), [4, trials.max_steps() + 1, 2], "{id}");
        for (trial, n_steps) in trials.n_steps.iter().enumerate() {
            let path: Vec<f32> = paths.slice(s![trial, .., 0]).to_vec();
            assert!(
                path.iter().take(n_steps + 1).all(|x| x.is_finite())
                    && path.iter().skip(n_steps + 1).all(|x| x.is_nan())
            );
            match first {
                Some(first) => assert_eq!(path[0], first, "{id}"),
                None => assert_eq!(trials.conditions[trial].number("x").map(|x| x as f32), Some(path[0])),
            }
            if id != "wang2024/place_cells" {
                assert_eq!(trials.targets[[trial, n_steps - 1, 0]], path[*n_steps], "{id}");
            }
        }
    }
    assert!(trajectories(create("song2016/mante", None)?.as_ref(), Split::Train, 0, 0, 2)?.is_none());
    Ok(())
}

#[test]
fn every_task_names_its_variables_so_that_a_file_can_hold_them() -> Outcome {
    for id in nn4n_tasks::ids().filter(|id| !id.starts_with("data/") && *id != "multitask/set") {
        let task = create(id, None)?;
        npz_bytes(&batch(task.as_ref(), Split::Train, 0, 0, 3)?).map_err(|error| format!("{id}: {error}"))?;
    }
    Ok(())
}

#[test]
fn without_a_goal_there_is_an_error_but_no_right_or_wrong() -> Outcome {
    let task = made(&good())?;
    let trials = balanced(task.as_ref(), Split::Test, 0, 0, 10)?;
    let score = performance(task.as_ref(), &trials, (&trials.targets + 0.25).view())?;
    assert_eq!((score.overall, score.rms_error, task.criterion()), (None, Some(0.25), None));
    Ok(())
}

#[test]
fn a_goal_is_a_stop_rule() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    write(&path, &good())?;
    let task = create("data/npz", Some(&json!({ "path": path, "rms_error": 0.3 })))?;
    assert_eq!(task.criterion(), Some(Criterion::RmsError { threshold: 0.3 }));
    let trials = balanced(task.as_ref(), Split::Test, 0, 0, 10)?;
    let score = performance(task.as_ref(), &trials, (&trials.targets + 0.25).view())?;
    assert_eq!(score.overall, Some(1.0));
    assert!(create("data/npz", Some(&json!({ "path": path, "rms_error": -1.0 }))).is_err());
    Ok(())
}

#[test]
fn a_mask_per_step_weighs_every_output_and_what_lies_after_the_end_is_ignored() -> Outcome {
    let mut arrays = good();
    arrays.targets = Array3::zeros((6, 5, 3));
    arrays.inputs[[0, 4, 0]] = f64::NAN;
    arrays.loss_mask = Some(Array2::from_shape_fn((6, 5), |(_, step)| if step == 2 { 2.0 } else { 0.0 }));
    arrays.n_steps = Some(Array1::from(vec![4, 5, 5, 5, 5, 5]));
    let task = made(&arrays)?;
    let trial = task.trial(Split::Train, Some(&Condition::new().with("row", 0.0)), &mut TrialRng::new(0, "t", 0, 0))?;
    assert_eq!(trial.n_steps(), 4);
    assert_eq!(trial.loss_mask.row(2).to_vec(), [2.0, 2.0, 2.0]);
    assert_eq!(trial.loss_mask.row(1).to_vec(), [0.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn arrays_that_do_not_fit_are_refused_with_name_rule_and_value() {
    let refused = |change: &dyn Fn(&mut Arrays), parts: &[&str]| {
        let mut arrays = good();
        change(&mut arrays);
        let Err(message) = made(&arrays) else { panic!("accepted, but should say {parts:?}") };
        assert!(parts.iter().all(|part| message.contains(part)), "{message} lacks one of {parts:?}");
    };
    refused(&|a| a.targets = Array3::zeros((6, 4, 1)), &["`targets`", "6 trials of 4 steps", "`inputs` has 6 of 5"]);
    refused(&|a| a.targets = Array3::zeros((5, 5, 1)), &["`targets`", "5 trials of 5 steps"]);
    refused(&|a| a.inputs[[1, 2, 0]] = f64::NAN, &["`inputs`", "NaN", "[1, 2, 0]", "finite"]);
    refused(&|a| a.targets[[1, 2, 0]] = f64::INFINITY, &["`targets`", "inf", "[1, 2, 0]"]);
    refused(&|a| a.targets[[1, 2, 0]] = 1e300, &["`targets`", "inf", "[1, 2, 0]"]);
    refused(&|a| a.loss_mask = Some(Array2::ones((6, 4))), &["`loss_mask`", "[6, 4]", "[6, 5]"]);
    refused(&|a| a.loss_mask = Some(Array2::zeros((6, 5))), &["`loss_mask`", "0 everywhere"]);
    refused(&|a| a.loss_mask = Some(Array2::from_elem((6, 5), -1.0)), &["`loss_mask`", "-1", "negative"]);
    refused(&|a| a.n_steps = Some(Array1::from(vec![5; 5])), &["`n_steps`", "[5]", "[6]"]);
    refused(&|a| a.n_steps = Some(Array1::from(vec![5, 5, 0, 5, 5, 5])), &["`n_steps`", "0 in trial 2", "1 to 5"]);
    refused(&|a| a.n_steps = Some(Array1::from(vec![5, 6, 5, 5, 5, 5])), &["`n_steps`", "6 in trial 1"]);
    refused(&|a| a.inputs = Array3::zeros((0, 5, 2)), &["`inputs`", "no elements"]);
    refused(&|a| a.targets = Array3::zeros((6, 5, 0)), &["`targets`", "no elements"]);
}

#[test]
fn missing_and_misshapen_arrays_are_refused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    let mut file = NpzWriter::new(fs::File::create(&path)?);
    file.add_array("x", &Array3::<f32>::zeros((2, 3, 1)))?;
    file.finish()?;
    let message = open(&path).err().ok_or("accepted")?.to_string();
    assert!(message.contains("`inputs`") && message.contains("is missing") && message.contains("(x)"), "{message}");

    let mut file = NpzWriter::new(fs::File::create(&path)?);
    file.add_array("inputs", &Array2::<f32>::zeros((2, 3)))?;
    file.add_array("targets", &Array3::<f32>::zeros((2, 3, 1)))?;
    file.finish()?;
    let message = open(&path).err().ok_or("accepted")?.to_string();
    assert!(message.contains("`inputs`") && message.contains("[2, 3]") && message.contains("3 axes"), "{message}");
    Ok(())
}

#[test]
fn files_that_are_no_archives_are_refused_with_their_path() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    let refused = |path: &PathBuf| open(path).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused(&path).contains("data.npz"));
    fs::write(&path, b"hello")?;
    assert!(refused(&path).contains("numpy.savez"));
    assert!(refused(&folder.path().to_path_buf()).contains("it is no file"));
    assert!(create("data/npz", None).err().ok_or("accepted")?.to_string().contains("`path`"));
    Ok(())
}

#[test]
fn no_damage_to_a_file_makes_the_reader_panic() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    write(&path, &good())?;
    let whole = fs::read(&path)?;
    let mut rng = TrialRng::new(0, "damage", 0, 0);
    for _ in 0..1500 {
        let mut bytes = whole.clone();
        if rng.chance(0.2) {
            bytes.truncate((rng.uniform() * whole.len() as f64) as usize);
        } else {
            for _ in 0..1 + (rng.uniform() * 4.0) as usize {
                let place = (rng.uniform() * whole.len() as f64) as usize;
                bytes[place] = (rng.uniform() * 256.0) as u8;
            }
        }
        fs::write(&path, bytes)?;
        if let Ok(task) = open(&path) {
            batch(task.as_ref(), Split::Train, 0, 0, 2)?;
        }
    }
    Ok(())
}

/// The CRC-32 that a zip archive stores of each file.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| bit(crc)))
}

/// A valid archive of one file, stored as it is.
fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let (size, name_size) = ((content.len() as u32).to_le_bytes(), (name.len() as u16).to_le_bytes());
    let times_crc_sizes = [&[0; 4][..], &crc32(content).to_le_bytes(), &size, &size, &name_size, &[0, 0]].concat();
    let local = [b"PK\x03\x04\x14\0\0\0\0\0", &times_crc_sizes[..], name.as_bytes(), content].concat();
    let central = [b"PK\x01\x02\x14\0\x14\0\0\0\0\0", &times_crc_sizes[..], &[0; 14], name.as_bytes()].concat();
    let (length, start) = ((central.len() as u32).to_le_bytes(), (local.len() as u32).to_le_bytes());
    [&local, &central, &b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &length, &start, &[0, 0]].concat()
}

/// An array of 24 bytes whose header describes itself as told.
fn npy(header: &str) -> Vec<u8> {
    let header = format!("{header}\n");
    [b"\x93NUMPY\x02\0", &(header.len() as u32).to_le_bytes()[..], header.as_bytes(), &[0; 24]].concat()
}

#[test]
fn headers_that_lie_are_refused_without_taking_the_memory_they_announce() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    let shaped = |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}");
    let read = |header: String| -> Result<_, Box<dyn std::error::Error>> {
        fs::write(&path, archive("inputs.npy", &npy(&header)))?;
        Ok(NpzFile::open(&path)?.require("inputs"))
    };
    assert_eq!(read(shaped("(3, 2, 1)"))??.shape(), [3, 2, 1]);
    for shape in [
        "(3, 2, 2)",
        "(3, 1, 1)",
        "(100000, 100000, 100)",
        "(4611686018427387904, 1, 1)",
        "(9223372036854775807, 9223372036854775807, 1)",
        "(0, 9223372036854775807, 9223372036854775807)",
        "(-1, 2, 3)",
        "(99999999999999999999999999, 1)",
        "6",
    ] {
        let refused = read(shaped(shape))?;
        assert!(refused.is_err(), "{shape}");
    }
    for header in [
        "",
        "{",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}",
    ] {
        assert!(read(header.into())?.is_err(), "{header}");
    }
    Ok(())
}

#[test]
fn headers_with_brackets_in_brackets_are_refused_before_they_are_parsed() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("data.npz");
    for depth in [3, 100, 1000, 100_000] {
        for bracket in ["(", "[", "{1:"] {
            fs::write(&path, archive("inputs.npy", &npy(&bracket.repeat(depth))))?;
            let message = NpzFile::open(&path)?.require("inputs").err().ok_or("accepted")?.to_string();
            assert!(message.contains("`inputs`") && message.contains("plain array"), "{message}");
        }
    }
    Ok(())
}
