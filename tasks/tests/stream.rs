//! What streams of trials must do, checked for every task of the registry.

use ndarray::{Array2, Array3, Axis, concatenate, s};
use nn4n_tasks::{Split, Stream, Task, TaskError, Trial, TrialBatch, TrialRng, create, list, stream};
use serde_json::json;

fn tasks() -> Vec<Box<dyn Task>> {
    let made = list().into_iter().filter(|info| info.n_inputs.is_some()).map(|info| create(info.id, None));
    made.collect::<Result<_, _>>().expect("a listed task can be created with its defaults")
}

/// The windows of these updates.
fn windows(
    task: &dyn Task,
    updates: std::ops::Range<u64>,
    rows: usize,
    n_steps: usize,
) -> Result<Vec<TrialBatch>, TaskError> {
    updates.map(|update| stream(task, Split::Train, 3, update, rows, n_steps)).collect()
}

/// One row of several windows end to end.
fn joined(windows: &[TrialBatch], row: usize, part: fn(&TrialBatch) -> &Array3<f32>) -> Array2<f32> {
    let parts: Vec<_> = windows.iter().map(|window| part(window).index_axis(Axis(0), row)).collect();
    concatenate(Axis(0), &parts).expect("the same channels")
}

/// The trials that fill the first `updates` windows of a row, made one by one.
fn made_alone(task: &dyn Task, updates: u64, row: usize, n_steps: usize) -> Result<Vec<Trial>, TaskError> {
    let (mut trials, mut start) = (Vec::new(), 0);
    for update in 0..updates {
        for k in 0.. {
            if start >= n_steps {
                start -= n_steps;
                break;
            }
            let trial =
                task.trial(Split::Train, None, &mut TrialRng::new(3, "train", update, (row * n_steps) as u64 + k))?;
            start += trial.n_steps();
            trials.push(trial);
        }
    }
    Ok(trials)
}

#[test]
fn consecutive_windows_join_to_whole_trials_end_to_end() -> Result<(), TaskError> {
    for task in tasks() {
        let n_steps = task.trial(Split::Train, None, &mut TrialRng::new(0, "train", 0, 0))?.n_steps() * 2 / 3 + 1;
        let windows = windows(task.as_ref(), 0..4, 2, n_steps)?;
        for row in 0..2 {
            let trials = made_alone(task.as_ref(), 4, row, n_steps)?;
            assert!(trials.len() > 1, "{}", task.id());
            for (part, of_trial) in [
                (
                    (|rows| &rows.inputs) as fn(&TrialBatch) -> &Array3<f32>,
                    (|trial| &trial.inputs) as fn(&Trial) -> &Array2<f32>,
                ),
                (|rows| &rows.targets, |trial| &trial.targets),
                (|rows| &rows.loss_mask, |trial| &trial.loss_mask),
            ] {
                let parts: Vec<_> = trials.iter().map(|trial| of_trial(trial).view()).collect();
                let expected = concatenate(Axis(0), &parts).expect("the same channels");
                assert_eq!(joined(&windows, row, part), expected.slice(s![..4 * n_steps, ..]), "{}", task.id());
            }
        }
    }
    Ok(())
}

#[test]
fn periods_tile_every_window_and_one_that_is_cut_goes_on_in_the_next() -> Result<(), TaskError> {
    for task in tasks() {
        for window in windows(task.as_ref(), 14..18, 2, 37)? {
            assert_eq!(window.n_steps, [37, 37], "{}", task.id());
            for epochs in &window.epochs {
                assert!(epochs.windows(2).all(|pair| pair[0].end == pair[1].start), "{}", task.id());
                assert!(epochs.iter().all(|epoch| epoch.start < epoch.end), "{}", task.id());
                assert_eq!((epochs[0].start, epochs[epochs.len() - 1].end), (0, 37), "{}", task.id());
            }
        }
    }
    // Trials of 5 steps of fixation, 40 of the stimulus and 15 of the decision, in windows of 50.
    let task = create("song2016/rdm_fixed", Some(&json!({ "p_catch": 0.0 })))?;
    let seen = windows(task.as_ref(), 0..2, 1, 50)?;
    let periods = |update: usize| -> Vec<_> {
        seen[update].epochs[0].iter().map(|epoch| (epoch.name.as_ref(), epoch.start, epoch.end)).collect()
    };
    assert_eq!(periods(0), [("fixation", 0, 5), ("stimulus", 5, 45), ("decision", 45, 50)]);
    assert_eq!(periods(1), [("decision", 0, 10), ("fixation", 10, 15), ("stimulus", 15, 50)]);
    Ok(())
}

#[test]
fn every_sixteenth_window_starts_with_a_whole_trial_and_any_can_be_made_alone() -> Result<(), TaskError> {
    let task = create("song2016/rdm_fixed", Some(&json!({ "p_catch": 0.0 })))?;
    let starts: Vec<_> =
        windows(task.as_ref(), 0..33, 1, 50)?.iter().map(|window| window.epochs[0][0].clone()).collect();
    for (update, first) in starts.iter().enumerate() {
        // 50 steps of a cache are 10 less than a trial, so that every sixth window starts with one, too.
        let whole = update % 16 % 6 == 0;
        assert_eq!(first.name == "fixation" && first.end == 5, whole, "{update}");
    }
    let first = task.trial(Split::Train, None, &mut TrialRng::new(3, "train", 16, 50))?;
    let far = stream(task.as_ref(), Split::Train, 3, 16, 2, 50)?;
    assert_eq!(far.inputs.slice(s![1, .., ..]), first.inputs.slice(s![..50, ..]));
    assert_eq!(stream(task.as_ref(), Split::Train, 3, u64::MAX, 2, 50)?.n_steps, [50, 50]);
    Ok(())
}

#[test]
fn a_stream_that_goes_on_makes_the_windows_that_are_made_alone() -> Result<(), TaskError> {
    for (id, n_steps) in
        [("neurogym/go_nogo", 7), ("yang2019/dm1", 40), ("song2016/rdm_varstim", 150), ("multitask/set", 60)]
    {
        let task = create(id, None)?;
        let mut stream_on = Stream::new(task.as_ref(), Split::Train, 3, 3, n_steps)?;
        // On, across the end of a cache, again, back, and far away.
        for update in (0..19).chain([19, 19, 18, 31, 32, 7, 8, u64::MAX]) {
            assert_eq!(
                stream_on.window(update)?,
                stream(task.as_ref(), Split::Train, 3, update, 3, n_steps)?,
                "{id} {update}"
            );
        }
    }
    Ok(())
}

#[test]
fn rows_updates_seeds_and_splits_differ() -> Result<(), TaskError> {
    let task = create("neurogym/perceptual_decision_making", None)?;
    let of = |split, seed, update| stream(task.as_ref(), split, seed, update, 8, 30);
    let rows = of(Split::Train, 0, 5)?;
    for row in 0..8 {
        for other in 0..row {
            assert_ne!(rows.inputs.index_axis(Axis(0), row), rows.inputs.index_axis(Axis(0), other));
        }
    }
    for other in [of(Split::Train, 0, 6)?, of(Split::Train, 0, 21)?, of(Split::Train, 1, 5)?, of(Split::Test, 0, 5)?] {
        assert_ne!(rows.inputs, other.inputs);
    }
    // What a row holds does not depend on how many there are.
    assert_eq!(stream(task.as_ref(), Split::Train, 0, 5, 3, 30)?.inputs, rows.inputs.slice(s![..3, .., ..]));
    Ok(())
}

#[test]
fn one_thread_and_two_make_the_same_bits() -> Result<(), TaskError> {
    for id in ["neurogym/go_nogo", "yang2019/fdgo", "multitask/set"] {
        let task = create(id, None)?;
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
            pool.install(|| stream(task.as_ref(), Split::Train, 2, 21, 9, 40))
        };
        assert_eq!(with(1)?, with(2)?, "{id}");
    }
    Ok(())
}

#[test]
fn lengths_that_make_no_stream_are_refused() -> Result<(), TaskError> {
    let task = create("song2016/rdm_fixed", None)?;
    for (rows, n_steps, field) in [(1, 0, "n_steps"), (1, 1_000_001, "n_steps"), (0, 50, "batch_size")] {
        let message = stream(task.as_ref(), Split::Train, 0, 0, rows, n_steps).unwrap_err().to_string();
        assert!(message.contains(field), "{message}");
    }
    Ok(())
}
