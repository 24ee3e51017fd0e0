//! The tasks of trainRNNbrain against numbers worked by hand.

use std::f64::consts::{PI, TAU};

use ndarray::{Array2, array, s};
use nn4n_tasks::tolmachev2025::{Addition, HalfAdder, MemoryAntiAngle, OppositeAngle, Xor};
use nn4n_tasks::{Condition, Duration, Split, Task, TaskError, Trial, TrialRng, batch, create, repeated};
use serde_json::json;

fn trial(task: &dyn Task, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(Split::Train, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

fn bits(first: f64, second: f64) -> Condition {
    Condition::new().with("bit_1", first).with("bit_2", second)
}

#[test]
fn xor_shows_one_of_two_channels_for_each_bit_and_asks_whether_they_are_equal() -> Result<(), TaskError> {
    let task = Xor { sigma_in: 0.0, ..Xor::default() };
    for (first, second, signals, equal) in [
        (0.0, 0.0, [1.0, 0.0, 1.0, 0.0], 1),
        (0.0, 1.0, [1.0, 0.0, 0.0, 1.0], 0),
        (1.0, 0.0, [0.0, 1.0, 1.0, 0.0], 0),
        (1.0, 1.0, [0.0, 1.0, 0.0, 1.0], 1),
    ] {
        let trial = trial(&task, &bits(first, second))?;
        assert!(trial.inputs.outer_iter().all(|step| step.to_vec() == signals));
        assert_eq!((trial.n_steps(), trial.correct), (150, Some(equal)));
        assert_eq!(trial.targets.column(equal).sum(), 135.0);
        assert_eq!(trial.targets.column(1 - equal).sum(), 0.0);
        assert!(trial.loss_mask.slice(s![..15, ..]).iter().all(|&m| m == 0.0));
        assert!(trial.loss_mask.slice(s![15.., ..]).iter().all(|&m| m == 1.0));
    }
    Ok(())
}

#[test]
fn a_half_adder_counts_to_two_in_binary() -> Result<(), TaskError> {
    let task = HalfAdder { sigma_in: 0.0, ..HalfAdder::default() };
    let source = HalfAdder { task: Addition { carry: false, ..task.task.clone() }, ..task.clone() };
    for (first, second, sum, carry) in
        [(0.0, 0.0, 0.0, 0.0), (0.0, 1.0, 1.0, 0.0), (1.0, 0.0, 1.0, 0.0), (1.0, 1.0, 0.0, 1.0)]
    {
        let full = trial(&task, &bits(first, second))?;
        assert_eq!(full.inputs.row(149).to_vec(), [first as f32, second as f32]);
        assert!(full.targets.slice(s![30..120, ..]).outer_iter().all(|step| step.to_vec() == [sum, carry]));
        assert!(full.targets.slice(s![..30, ..]).iter().chain(full.targets.slice(s![120.., ..])).all(|&z| z == 0.0));
        assert_eq!((full.loss_mask.slice(s![..30, ..]).sum(), full.loss_mask.slice(s![30.., ..]).sum()), (0.0, 240.0));
        assert_eq!(trial(&source, &bits(first, second))?.targets.column(0), full.targets.column(0));
    }
    assert_eq!((task.outputs().len(), source.outputs().len(), task.chance(), source.chance()), (2, 1, 0.25, 0.5));
    Ok(())
}

#[test]
fn bits_are_read_at_the_end_of_the_decision_only() -> Result<(), TaskError> {
    let adder = trial(&HalfAdder::default(), &bits(1.0, 1.0))?;
    let mut outputs = Array2::from_elem((150, 2), 0.9);
    let mut correct = |answer: [f32; 2]| {
        outputs.row_mut(119).assign(&ndarray::arr1(&answer));
        HalfAdder::default().score(adder.view(), outputs.view()).correct
    };
    assert_eq!(
        [[0.4, 0.6], [0.6, 0.6], [0.4, 0.4], [f32::NAN, 0.6]].map(&mut correct),
        [Some(true), Some(false), Some(false), Some(false)]
    );

    let xor = trial(&Xor::default(), &bits(1.0, 1.0))?;
    let mut outputs = Array2::zeros((150, 2));
    outputs.row_mut(149).assign(&array![0.1, 0.2]);
    let score = Xor::default().score(xor.view(), outputs.view());
    assert_eq!((score.choice, score.correct), (Some(1), Some(true)));
    Ok(())
}

#[test]
fn the_mean_loss_of_one_half_is_a_quarter_of_what_is_graded_in_the_decision() -> Result<(), TaskError> {
    // In the decision all targets are 0 or 1, so that an output of 1/2 is wrong by 1/2; in the release they are 0, with
    // the same error.
    let task = HalfAdder::default();
    let trials = batch(&task, Split::Train, 0, 0, 8)?;
    for i in 0..8 {
        let trial = trials.view(i).unwrap();
        let error = nn4n_tasks::rms_error(trial, Array2::from_elem((150, 2), 0.5).view());
        assert!((error.unwrap() - 0.5).abs() < 1e-9);
    }
    Ok(())
}

#[test]
fn input_noise_has_the_stated_variance() -> Result<(), TaskError> {
    let trials = repeated(&HalfAdder::default(), Split::Train, 0, 0, &[bits(0.0, 0.0)], 200)?;
    let n = trials.inputs.len() as f64;
    let variance = trials.inputs.iter().map(|&u| f64::from(u).powi(2)).sum::<f64>() / n;
    // 2 tau / dt sigma^2 = 2 * 10 * 0.0025.
    assert!((variance / 0.05 - 1.0).abs() < 0.03, "{variance}");
    Ok(())
}

#[test]
fn the_opposite_angle_is_asked_for_in_the_code_of_the_source() -> Result<(), TaskError> {
    let task = MemoryAntiAngle { sigma_in: 0.0, ..MemoryAntiAngle::default() };
    let arc = TAU / 3.0;
    let trial = trial(&task, &Condition::new().with("angle", arc * 1.25))?;
    let ends: Vec<usize> = trial.epochs.iter().map(|epoch| epoch.end).collect();
    assert_eq!(ends, [10, 20, 120, 200]);
    let close = |row: Vec<f32>, expected: &[f32]| row.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(close(trial.inputs.row(9).to_vec(), &[0.0, 0.0, 0.0, 1.0, 0.0]));
    // A quarter of the way from channel 2 to channel 3.
    assert!(close(trial.inputs.row(10).to_vec(), &[0.0, 0.75, 0.25, 1.0, 0.0]));
    assert!(close(trial.inputs.row(20).to_vec(), &[0.0, 0.0, 0.0, 1.0, 0.0]));
    assert!(close(trial.inputs.row(120).to_vec(), &[0.0, 0.0, 0.0, 1.0, 1.0]));
    // Half a turn is 1.5 arcs, and 2.75 arcs lie three quarters of the way from channel 3 to channel 1.
    assert!(close(trial.targets.row(120).to_vec(), &[0.75, 0.0, 0.25]));
    assert!(trial.targets.slice(s![..120, ..]).iter().all(|&z| z == 0.0));
    let graded: Vec<usize> = (0..200).filter(|&step| trial.loss_mask[[step, 0]] > 0.0).collect();
    assert_eq!(graded, (0..120).chain(130..200).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn an_answer_within_a_fifth_of_half_a_turn_is_right() -> Result<(), TaskError> {
    let task = OppositeAngle { n_channels: 36, ..OppositeAngle::default() };
    let task = MemoryAntiAngle { task, ..MemoryAntiAngle::default() };
    let (zero, arc) = (trial(&task, &Condition::new().with("angle", 0.0))?, TAU / 36.0);
    for off in [0.0, 0.3, -0.6, 0.62, 0.65, -0.7, PI] {
        let mut outputs = Array2::zeros((200, 36));
        let place = (PI + off) / arc;
        let (before, share) = (place as usize, place.fract() as f32);
        outputs[[199, before % 36]] = 1.0 - share;
        outputs[[199, (before + 1) % 36]] = share;
        assert_eq!(task.score(zero.view(), outputs.view()).correct, Some(off.abs() < 0.2 * PI), "{off}");
    }
    Ok(())
}

#[test]
fn the_source_draws_from_72_angles_and_others_can_be_asked_for() -> Result<(), TaskError> {
    let task = MemoryAntiAngle::default();
    assert_eq!(task.grid().len(), 71);
    let drawn = batch(&task, Split::Train, 0, 0, 2000)?.conditions;
    for k in 0..71 {
        let count =
            drawn.iter().filter(|condition| condition.number("angle") == Some(TAU * f64::from(k) / 71.0)).count();
        assert!((8..60).contains(&count), "{k}: {count} of 28");
    }
    assert_eq!(trial(&task, &Condition::new().with("angle", -PI))?.condition.number("angle"), Some(PI));
    Ok(())
}

#[test]
fn the_stimulus_may_come_at_a_random_time() -> Result<(), TaskError> {
    let task = OppositeAngle { wait: Duration::uniform(0.0, 20.0), ..OppositeAngle::default() };
    let task = MemoryAntiAngle { task, ..MemoryAntiAngle::default() };
    let starts: Vec<usize> = batch(&task, Split::Train, 0, 0, 500)?
        .epochs
        .iter()
        .map(|epochs| epochs.iter().find(|epoch| epoch.name == "stimulus").unwrap().start)
        .collect();
    let mean = starts.iter().sum::<usize>() as f64 / 500.0;
    assert!(starts.iter().all(|start| *start <= 20) && (mean - 10.0).abs() < 1.2, "{mean}");
    Ok(())
}

#[test]
fn conditions_and_parameters_without_meaning_are_refused_by_name() {
    for condition in [bits(0.5, 1.0), Condition::new().with("bit_1", true), Condition::new().with("bit_3", 1.0)] {
        assert!(
            trial(&Xor::default(), &condition).is_err() && trial(&HalfAdder::default(), &condition).is_err(),
            "{condition}"
        );
    }
    assert!(trial(&MemoryAntiAngle::default(), &Condition::new().with("angle", f64::NAN)).is_err());
    for (id, field, value) in [
        ("tolmachev2025/xor", "decision", json!(0.0)),
        ("tolmachev2025/xor", "onset", json!(15.5)),
        ("tolmachev2025/xor", "sigma_in", json!(-0.1)),
        ("tolmachev2025/half_adder", "release", json!(-1.0)),
        ("tolmachev2025/half_adder", "tau_in", json!(0.0)),
        ("tolmachev2025/memory_anti_angle", "grace", json!(80.0)),
        ("tolmachev2025/memory_anti_angle", "n_channels", json!(2)),
        ("tolmachev2025/memory_anti_angle", "n_angles", json!(0)),
        ("tolmachev2025/memory_anti_angle", "tolerance", json!(0.0)),
        ("tolmachev2025/memory_anti_angle", "wait", json!({ "min": 3.0, "max": 1.0 })),
    ] {
        let message = create(id, Some(&json!({ field: value }))).unwrap_err().to_string();
        assert!(message.contains(field), "{message}");
    }
}
