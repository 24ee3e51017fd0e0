//! Path integration: the inputs add up to the targets, and the walk has the stated statistics.

use std::f64::consts::TAU;

use ndarray::Array2;
use nn4n_tasks::cueva2018::{Direction, PathIntegration};
use nn4n_tasks::{Criterion, Split, Task, TaskError, Trial, TrialRng, batch, create};
use serde_json::json;

fn trial(task: &PathIntegration, index: u64) -> Result<Trial, TaskError> {
    task.trial(Split::Train, None, &mut TrialRng::new(0, "test", 0, index))
}

#[test]
fn the_steps_add_up_to_the_place() -> Result<(), TaskError> {
    for direction in [Direction::Angle, Direction::SinCos] {
        let task = PathIntegration { direction, ..PathIntegration::default() };
        for index in 0..5 {
            let trial = trial(&task, index)?;
            let (mut x, mut y) = (0.0, 0.0);
            for (input, target) in trial.inputs.outer_iter().zip(trial.targets.outer_iter()) {
                let (sin, cos) = match direction {
                    Direction::Angle => f64::from(input[1]).sin_cos(),
                    Direction::SinCos => (f64::from(input[1]), f64::from(input[2])),
                };
                (x, y) = (x + 0.1 * f64::from(input[0]) * cos, y + 0.1 * f64::from(input[0]) * sin);
                assert!((x - f64::from(target[0])).abs() < 1e-4 && (y - f64::from(target[1])).abs() < 1e-4);
            }
        }
    }
    Ok(())
}

#[test]
fn both_forms_of_the_direction_tell_of_the_same_walk() -> Result<(), TaskError> {
    let angle = trial(&PathIntegration::default(), 0)?;
    let sin_cos = trial(&PathIntegration { direction: Direction::SinCos, ..PathIntegration::default() }, 0)?;
    assert_eq!(angle.targets, sin_cos.targets);
    assert_eq!((angle.inputs.dim(), sin_cos.inputs.dim()), ((500, 2), (500, 3)));
    assert!(angle.inputs.column(1).iter().all(|&phi| (0.0..TAU as f32).contains(&phi)));
    for (one, two) in angle.inputs.outer_iter().zip(sin_cos.inputs.outer_iter()) {
        assert!((one[1].sin() - two[1]).abs() < 1e-5 && (one[1].cos() - two[2]).abs() < 1e-5 && one[0] == two[0]);
    }
    Ok(())
}

#[test]
fn speeds_are_rayleigh_and_turns_gaussian() -> Result<(), TaskError> {
    // So large a room that no wall is met.
    let room = vec![[-99.0, -99.0], [99.0, -99.0], [99.0, 99.0], [-99.0, 99.0]];
    let task = PathIntegration { room, duration: 200_000.0, ..PathIntegration::default() };
    let trial = trial(&task, 0)?;
    let speeds: Vec<f64> = trial.inputs.column(0).iter().map(|&v| f64::from(v)).collect();
    let mean = speeds.iter().sum::<f64>() / speeds.len() as f64;
    let square = speeds.iter().map(|v| v * v).sum::<f64>() / speeds.len() as f64;
    // E v^2 = 4 / pi (E v)^2.
    assert!(
        (mean - 0.2).abs() < 0.004 && (square - 0.04 * 4.0 / std::f64::consts::PI).abs() < 0.002,
        "{mean} {square}"
    );
    let turns = trial.inputs.column(1);
    let turn = |a: f32, b: f32| (f64::from(b - a) + 1.5 * TAU).rem_euclid(TAU) - 0.5 * TAU;
    let variance = turns.iter().zip(turns.iter().skip(1)).map(|(&a, &b)| turn(a, b).powi(2)).sum::<f64>()
        / (turns.len() - 1) as f64;
    // sigma^2 dt / tau = 0.25 * 0.1.
    assert!((variance / 0.025 - 1.0).abs() < 0.04, "{variance}");
    Ok(())
}

#[test]
fn no_walk_leaves_the_room_whatever_its_shape() -> Result<(), TaskError> {
    let triangle = vec![[-1.0, -0.5], [1.0, -0.5], [0.0, 1.2]];
    let task = PathIntegration { room: triangle, speed_mean: 1.0, ..PathIntegration::default() };
    for place in batch(&task, Split::Train, 0, 0, 20)?.targets.lanes(ndarray::Axis(2)) {
        let (x, y) = (place[0], place[1]);
        assert!(y >= -0.5 - 1e-6 && 1.7 * (1.0 - x.abs()) >= y + 0.5 - 1e-5, "{x} {y}");
    }
    Ok(())
}

#[test]
fn the_error_is_measured_against_the_side_of_the_room() -> Result<(), TaskError> {
    let task = PathIntegration::default();
    let Some(Criterion::RmsError { threshold }) = task.criterion() else { panic!("the task has a criterion") };
    assert!((threshold - 0.2).abs() < 1e-12, "a tenth of a side of 2");
    let trial = trial(&task, 0)?;
    let off = |by: f32| task.score(trial.view(), (&trial.targets + by).view());
    assert_eq!((off(0.19).correct, off(0.21).correct), (Some(true), Some(false)));
    assert!((off(0.19).error.unwrap() - 0.19).abs() < 1e-6);
    Ok(())
}

#[test]
fn who_guesses_the_centre_of_a_large_room_errs_by_the_variance_of_free_diffusion() -> Result<(), TaskError> {
    // With sigma so large that directions are independent, the mean square distance after k steps is k E v^2 (dt /
    // tau)^2.
    let room = vec![[-99.0, -99.0], [99.0, -99.0], [99.0, 99.0], [-99.0, 99.0]];
    let task = PathIntegration { room, turning: 100.0, duration: 2000.0, ..PathIntegration::default() };
    let (n, steps) = (400, 200.0);
    let trials = batch(&task, Split::Train, 0, 0, n)?;
    let mean = trials.targets.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / (n as f64 * steps);
    let expected = (steps + 1.0) / 2.0 * 0.04 * 4.0 / std::f64::consts::PI * 0.01;
    assert!((mean / expected - 1.0).abs() < 0.15, "{mean} for {expected}");
    let still = task.score(trials.view(0).unwrap(), Array2::zeros((200, 2)).view()).error.unwrap();
    assert!(still > 0.0);
    Ok(())
}

#[test]
fn parameters_without_meaning_are_refused_by_name() {
    for (field, value) in [
        ("room", json!([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])),
        ("start", json!([2.0, 0.0])),
        ("speed_mean", json!(0.0)),
        ("turning", json!(-0.5)),
        ("duration", json!(5005.0)),
        ("tau", json!(0.0)),
        ("rms_error", json!(0.0)),
        ("direction", json!("sideways")),
    ] {
        let message = create("cueva2018/path_integration", Some(&json!({ field: value }))).unwrap_err().to_string();
        assert!(message.contains(field), "{message}");
    }
}
