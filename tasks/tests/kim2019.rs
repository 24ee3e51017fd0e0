//! The tasks of Kim et al. (2019) against numbers worked by hand.

use ndarray::{Array2, s};
use nn4n_tasks::kim2019::{GoNogo, StimulusPair, Xor};
use nn4n_tasks::{Condition, Split, Task, TaskError, Trial, TrialRng, create};
use serde_json::json;

fn trial(task: &dyn Task, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(Split::Train, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

fn spans(trial: &Trial) -> Vec<(&str, usize, usize)> {
    trial.epochs.iter().map(|epoch| (epoch.name.as_ref(), epoch.start, epoch.end)).collect()
}

#[test]
fn xor_has_the_published_geometry_and_levels() -> Result<(), TaskError> {
    for (first, second, answer) in [(1.0, 1.0, 1.0), (1.0, -1.0, -1.0), (-1.0, 1.0, -1.0), (-1.0, -1.0, 1.0)] {
        let trial = trial(
            &Xor::default(),
            &Condition::new().with("first", f64::from(first)).with("second", f64::from(second)),
        )?;
        assert_eq!(
            spans(&trial),
            [
                ("fixation", 0, 50),
                ("stimulus_1", 50, 100),
                ("delay", 100, 110),
                ("stimulus_2", 110, 160),
                ("wait", 160, 170),
                ("response", 170, 270),
                ("rest", 270, 300),
            ]
        );
        let sums = [trial.inputs.column(0).sum(), trial.inputs.column(1).sum(), trial.targets.sum()];
        assert_eq!(sums, [50.0 * first, 50.0 * second, 100.0 * answer]);
        assert!(trial.targets.slice(s![170..270, 0]).iter().all(|&z| z == answer));
        assert!(trial.inputs.slice(s![50..100, 0]).iter().all(|&u| u == first));
        assert!(trial.inputs.slice(s![110..160, 1]).iter().all(|&u| u == second));
        assert_eq!((trial.loss_mask.sum(), trial.loss_mask[[299, 0]]), (299.0, 0.0), "all but the last step");
    }
    Ok(())
}

#[test]
fn xor_is_scored_by_the_peak_from_step_200_on() -> Result<(), TaskError> {
    let task = Xor::default();
    let same = trial(&task, &Condition::new().with("first", 1.0).with("second", 1.0))?;
    let different = trial(&task, &Condition::new().with("first", -1.0).with("second", 1.0))?;
    let peak = |trial: &Trial, step: usize, level: f32| {
        let mut outputs = Array2::zeros((300, 1));
        outputs[[step, 0]] = level;
        task.score(trial.view(), outputs.view()).correct == Some(true)
    };
    assert!(peak(&same, 200, 0.71) && peak(&same, 298, 0.71) && peak(&different, 250, -0.71));
    assert!(!peak(&same, 199, 0.71) && !peak(&same, 299, 0.71), "too early, too late");
    assert!(!peak(&same, 250, 0.69) && !peak(&different, 250, -0.69), "too weak");
    assert!(!peak(&same, 250, -0.71) && !peak(&different, 250, 0.71), "the wrong sign");
    Ok(())
}

#[test]
fn xor_chance_is_that_of_a_peak_among_the_scored_steps() {
    // Two scored steps, the last one being none: P(a number in [0, 1) above 0.7) is 1 - 0.7^2 in half of the trials,
    // and none is below -0.7.
    let task = StimulusPair { rest: 10.0, settling: 5.0, ..StimulusPair::default() };
    let task = Xor { response: 10.0, task, ..Xor::default() };
    assert!((task.chance() - 0.5 * (1.0 - 0.49)).abs() < 1e-12);
    assert!((Xor::default().chance() - 0.5).abs() < 1e-12);
}

#[test]
fn go_nogo_has_the_published_geometry_and_levels() -> Result<(), TaskError> {
    let task = GoNogo::default();
    let (go, nogo) =
        (trial(&task, &Condition::new().with("go", true))?, trial(&task, &Condition::new().with("go", false))?);
    assert_eq!(spans(&go), [("fixation", 0, 50), ("stimulus", 50, 75), ("response", 75, 200)]);
    assert_eq!((go.inputs.sum(), go.targets.sum()), (25.0, 125.0));
    assert!(nogo.inputs.iter().chain(&nogo.targets).all(|&x| x == 0.0));
    Ok(())
}

#[test]
fn go_nogo_is_scored_by_the_peak_and_by_silence() -> Result<(), TaskError> {
    let task = GoNogo::default();
    let (go, nogo) =
        (trial(&task, &Condition::new().with("go", true))?, trial(&task, &Condition::new().with("go", false))?);
    let outputs = |step: usize, level: f32| {
        let mut outputs = Array2::zeros((200, 1));
        outputs[[step, 0]] = level;
        let correct = |trial: &Trial| task.score(trial.view(), outputs.view()).correct == Some(true);
        (correct(&go), correct(&nogo))
    };
    assert_eq!(outputs(100, 0.71), (true, false));
    assert_eq!(outputs(74, 0.71), (false, true));
    assert_eq!(outputs(100, -0.31), (false, false));
    assert_eq!(outputs(100, 0.29), (false, true));
    Ok(())
}

/// Outputs of 0 but for these steps.
fn peaks(n_steps: usize, peaks: &[(usize, f32)]) -> Array2<f32> {
    let mut outputs = Array2::zeros((n_steps, 1));
    peaks.iter().for_each(|&(step, level)| outputs[[step, 0]] = level);
    outputs
}

#[test]
fn go_nogo_reacts_where_the_output_crosses_and_chooses_no_go_by_silence() -> Result<(), TaskError> {
    let task = GoNogo::default();
    for (go, correct) in [(true, 0), (false, 1)] {
        let trial = trial(&task, &Condition::new().with("go", go))?;
        assert_eq!(trial.correct, Some(correct));
        let score = |outputs: &[(usize, f32)]| {
            let score = task.score(trial.view(), peaks(200, outputs).view());
            assert_eq!(score.correct, Some(score.choice == Some(correct)));
            (score.choice, score.reaction_time)
        };
        // The response starts at step 75, and a step lasts 5 ms.
        assert_eq!(score(&[(75, 0.71)]), (Some(0), Some(5.0)));
        assert_eq!(score(&[(74, 0.9), (90, 0.69), (94, 0.8), (199, 0.9)]), (Some(0), Some(100.0)));
        assert_eq!(score(&[(74, 0.9), (100, 0.29)]), (Some(1), None));
        assert_eq!(score(&[(100, 0.5)]), (None, None), "neither");
        assert_eq!(score(&[(100, f32::NAN)]), (None, None));
    }
    Ok(())
}

#[test]
fn xor_chooses_by_the_first_crossing_that_is_scored_and_reacts_from_the_response_on() -> Result<(), TaskError> {
    let task = Xor::default();
    let same = trial(&task, &Condition::new().with("first", -1.0).with("second", -1.0))?;
    let different = trial(&task, &Condition::new().with("first", -1.0).with("second", 1.0))?;
    assert_eq!((same.correct, different.correct), (Some(0), Some(1)));
    let score = |trial: &Trial, outputs: &[(usize, f32)]| {
        let score = task.score(trial.view(), peaks(300, outputs).view());
        (score.choice, score.reaction_time, score.correct)
    };
    // The response starts at step 170, and steps from 200 on are scored.
    assert_eq!(score(&same, &[(200, 0.71)]), (Some(0), Some(155.0), Some(true)));
    assert_eq!(
        score(&same, &[(179, 0.8), (180, -0.8), (210, 0.71)]),
        (Some(0), Some(50.0), Some(true)),
        "the side of the choice"
    );
    assert_eq!(score(&different, &[(169, -0.9), (175, -0.71), (250, -0.71)]), (Some(1), Some(30.0), Some(true)));
    assert_eq!(
        score(&different, &[(210, 0.8), (250, -0.8)]),
        (Some(0), Some(205.0), Some(true)),
        "right after all, as in the source"
    );
    assert_eq!(score(&different, &[(210, 0.8)]), (Some(0), Some(205.0), Some(false)));
    assert_eq!(score(&same, &[(199, 0.9), (250, 0.69), (251, f32::NAN)]), (None, None, Some(false)));
    Ok(())
}

#[test]
fn conditions_and_parameters_without_meaning_are_refused_by_name() {
    for condition in [
        Condition::new().with("first", 0.5),
        Condition::new().with("second", true),
        Condition::new().with("third", 1.0),
    ] {
        assert!(trial(&Xor::default(), &condition).is_err(), "{condition}");
    }
    assert!(
        trial(&GoNogo::default(), &Condition::new().with("go", 1.0)).unwrap_err().to_string().contains("true or false")
    );
    for (id, field, value) in [
        ("kim2019/xor", "stimulus", 0.0),
        ("kim2019/xor", "wait", 52.0),
        ("kim2019/xor", "settling", 500.0),
        ("kim2019/xor", "threshold", 1.0),
        ("kim2019/go_nogo", "response", 0.0),
        ("kim2019/go_nogo", "threshold", 0.0),
        ("kim2019/go_nogo", "silence", -0.3),
        ("kim2019/go_nogo", "silence", 0.8),
    ] {
        let message = create(id, Some(&json!({ field: value }))).unwrap_err().to_string();
        assert!(message.contains(field), "{message}");
    }
}
