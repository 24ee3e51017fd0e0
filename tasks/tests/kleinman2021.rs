//! The checkerboard task of Kleinman et al. (2021), against numbers worked by hand.

use ndarray::{Array2, s};
use nn4n_tasks::kleinman2021::Checkerboard;
use nn4n_tasks::{
    Condition, Criterion, Described, Split, Task, TaskError, Trial, TrialRng, batch, create, performance, repeated,
};

fn trial(task: &Checkerboard, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(Split::Train, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

fn shown(left_target: &'static str, coherence: f64) -> Condition {
    Condition::new().with("left_target", left_target).with("coherence", coherence)
}

/// Without noise, and with times that are always the same.
fn still() -> Checkerboard {
    Checkerboard { sigma_in: 0.0, pre_targets_sd: 0.0, targets: 600.0.into(), ..Checkerboard::default() }
}

#[test]
fn targets_come_first_then_the_checkerboard_and_both_go_off_together() -> Result<(), TaskError> {
    let trial = trial(&still(), &shown("red", -0.6))?;
    let spans: Vec<_> = trial.epochs.iter().map(|epoch| (epoch.name.as_ref(), epoch.start, epoch.end)).collect();
    assert_eq!(
        spans,
        [
            ("pre_targets", 0, 20),
            ("targets", 20, 80),
            ("checkerboard", 80, 100),
            ("decision", 100, 230),
            ("off", 230, 260)
        ]
    );
    let nothing = [0.0; 4];
    for (step, inputs) in [
        (19, nothing),
        (20, [-1.0, 1.0, 0.0, 0.0]),
        (80, [-1.0, 1.0, -0.6, 0.6]),
        (229, [-1.0, 1.0, -0.6, 0.6]),
        (230, nothing),
    ] {
        assert_eq!(trial.inputs.row(step).to_vec(), inputs, "{step}");
    }
    assert_eq!(trial.correct, Some(1), "more green, and the green target is on the right");
    for (step, targets, graded) in [
        (79, [0.0, 0.0], 1.0),
        (80, [0.0, 0.0], 1.0),
        (100, [0.0, 1.0], 1.0),
        (229, [0.0, 1.0], 1.0),
        (230, [0.0, 0.0], 1.0),
    ] {
        assert_eq!(
            (trial.targets.row(step).to_vec(), trial.loss_mask.row(step).to_vec()),
            (targets.to_vec(), vec![graded; 2]),
            "{step}"
        );
    }
    Ok(())
}

#[test]
fn the_first_part_of_the_checkerboard_is_left_ungraded_on_demand_as_in_version_1() -> Result<(), TaskError> {
    let mask = |task: &dyn Task| -> Result<Vec<f32>, TaskError> {
        let trial = task.trial(Split::Train, Some(&shown("red", -0.6)), &mut TrialRng::new(0, "test", 0, 0))?;
        Ok([79, 80, 99, 100].map(|step| trial.loss_mask[[step, 0]]).into())
    };
    assert_eq!(mask(&still())?, [1.0; 4]);
    assert_eq!(mask(&Checkerboard { grade_onset: false, ..still() })?, [1.0, 0.0, 0.0, 1.0]);

    let mut first = still().parameters();
    first.as_object_mut().map(|parameters| parameters.remove("grade_onset"));
    let now = Checkerboard::ABOUT.of_version(1, &first);
    assert_eq!(mask(create("kleinman2021/checkerboard", now.as_ref())?.as_ref())?, [1.0, 0.0, 0.0, 1.0]);
    Ok(())
}

#[test]
fn colour_and_arrangement_decide_about_the_side_and_any_two_of_them_about_the_third() -> Result<(), TaskError> {
    let task = still();
    for (left, coherence, side, correct) in
        [("red", 0.6, "left", 0), ("red", -0.6, "right", 1), ("green", 0.6, "right", 1), ("green", -0.6, "left", 0)]
    {
        let full = shown(left, coherence).with("side", side);
        assert_eq!(trial(&task, &shown(left, coherence))?.correct, Some(correct));
        let from_side = trial(&task, &Condition::new().with("side", side).with("coherence", coherence))?;
        assert_eq!(from_side.condition.text("left_target"), Some(left));
        let from_left = trial(&task, &Condition::new().with("side", side).with("left_target", left))?;
        assert_eq!(from_left.condition.number("coherence").map(f64::signum), Some(coherence.signum()));
        assert_eq!(trial(&task, &full)?.condition, Condition::new().with("side", side).and(&shown(left, coherence)));
        let other = if side == "left" { "right" } else { "left" };
        assert!(trial(&task, &full.with("side", other)).unwrap_err().to_string().contains(side));
    }
    let even = repeated(&task, Split::Test, 0, 0, &[shown("red", 0.0)], 1000)?;
    let left = even.correct.iter().filter(|&&correct| correct == Some(0)).count();
    assert!((430..570).contains(&left), "{left}");
    Ok(())
}

#[test]
fn the_coherences_are_those_of_the_published_numbers_of_squares() {
    let grid = Checkerboard::default().grid();
    assert_eq!(grid.len(), 1 + 28);
    let mut squares: Vec<_> =
        grid[1..15].iter().map(|condition| (condition.number("coherence").unwrap() + 1.0) * 225.0 / 2.0).collect();
    squares.sort_by(f64::total_cmp);
    for (found, published) in squares.into_iter().zip([11, 45, 67, 78, 90, 101, 108, 117, 124, 135, 147, 158, 180, 214])
    {
        assert!((found - f64::from(published)).abs() < 1e-9, "{found}");
    }
}

#[test]
fn times_have_their_published_distributions_and_are_floored() -> Result<(), TaskError> {
    let task = Checkerboard { p_catch: 0.0, sigma_in: 0.0, ..Checkerboard::default() };
    let trials = batch(&task, Split::Train, 0, 0, 4000)?;
    let views = || (0..4000).filter_map(|i| trials.view(i));
    let lasting = |name: &'static str| {
        views().map(move |trial| trial.epoch(name).map_or(0.0, |epoch| epoch.steps().len() as f64))
    };
    let mean = |name| lasting(name).sum::<f64>() / 4000.0;
    // Flooring takes away half a step on average. The means are uncertain by 50 / sqrt(4000) = 0.8 ms and 115 /
    // sqrt(4000) = 1.8 ms.
    let before = mean("pre_targets");
    assert!((before - 19.5).abs() < 0.35, "{before}");
    let variance = lasting("pre_targets").map(|steps| (steps - before).powi(2)).sum::<f64>() / 4000.0;
    assert!((variance.sqrt() - 5.0).abs() < 0.3, "{variance}");
    assert!((mean("targets") - 79.5).abs() < 0.8, "{}", mean("targets"));
    assert!(lasting("targets").all(|steps| (60.0..100.0).contains(&steps)));
    for (name, steps) in [("checkerboard", 20.0), ("decision", 130.0), ("off", 30.0)] {
        assert!(lasting(name).all(|lasting| lasting == steps), "{name}");
    }
    Ok(())
}

#[test]
fn only_the_coherences_are_noisy_at_all_times() -> Result<(), TaskError> {
    let trials = repeated(&Checkerboard::default(), Split::Train, 0, 0, &[Condition::catch()], 300)?;
    let noise = trials.inputs.slice(s![.., .., 2..]);
    let variance = noise.iter().map(|&u| f64::from(u).powi(2)).sum::<f64>() / noise.len() as f64;
    assert!((variance - 0.1).abs() < 0.003, "2 x 50 / 10 x 0.01: {variance}");
    assert!(trials.inputs.slice(s![.., .., ..2]).iter().all(|u| [-1.0, 0.0, 1.0].contains(u)));
    Ok(())
}

#[test]
fn every_other_catch_trial_shows_the_targets() -> Result<(), TaskError> {
    let task = Checkerboard { p_catch: 1.0, ..still() };
    let trials = batch(&task, Split::Train, 0, 0, 1000)?;
    let shown = |condition: &&Condition| condition.get("targets_shown") == Some(&true.into());
    let with_targets = trials.conditions.iter().filter(shown).count();
    assert!((430..570).contains(&with_targets), "{with_targets}");
    assert!(trials.n_steps.iter().all(|&n| n == 200));
    let green = trial(&task, &Condition::catch().with("targets_shown", true).with("left_target", "green"))?;
    assert_eq!(
        (green.inputs.row(20).to_vec(), green.inputs.row(169).to_vec()),
        (vec![1.0, -1.0, 0.0, 0.0], vec![1.0, -1.0, 0.0, 0.0])
    );
    assert!(green.inputs.slice(s![170.., ..]).iter().chain(green.inputs.slice(s![..20, ..])).all(|&u| u == 0.0));
    assert!(green.loss_mask.iter().all(|&m| m == 1.0) && green.targets.iter().all(|&z| z == 0.0));
    assert!(trial(&task, &Condition::catch().with("targets_shown", false).with("left_target", "red")).is_err());
    Ok(())
}

#[test]
fn the_answer_is_read_seven_steps_before_the_checkerboard_goes_off() -> Result<(), TaskError> {
    let task = still();
    let trial = trial(&task, &shown("red", 0.6))?;
    let answer = |step: usize, left: f32, right: f32| {
        let mut outputs = Array2::zeros((260, 2));
        (outputs[[step, 0]], outputs[[step, 1]]) = (left, right);
        task.score(trial.view(), outputs.view())
    };
    assert_eq!(answer(223, 0.7, 0.65).correct, Some(true));
    for (step, left, right) in [(222, 0.7, 0.0), (224, 0.7, 0.0), (223, 0.59, 0.0), (223, 0.7, 0.8)] {
        assert_eq!(answer(step, left, right).correct, Some(false), "{step} {left} {right}");
    }
    let decided = answer(92, 0.1, 0.61);
    assert_eq!((decided.choice, decided.reaction_time), (Some(1), Some(130.0)), "13 steps after the onset at step 80");
    assert_eq!(answer(79, 0.9, 0.0).choice, None, "before the onset");
    Ok(())
}

#[test]
fn training_stops_when_either_side_is_right_in_65_percent() -> Result<(), TaskError> {
    let task = still();
    let trials = nn4n_tasks::balanced(&task, Split::Train, 0, 0, 100)?;
    assert_eq!(task.criterion(), Some(Criterion::MinPerformance { threshold: 0.65 }));
    let with_errors = |left: usize, right: usize| -> Result<bool, TaskError> {
        let mut outputs = trials.targets.clone();
        // The classes come one after another: catch, left, right.
        (100..100 + left).chain(200..200 + right).for_each(|i| outputs.slice_mut(s![i, .., ..]).fill(0.0));
        Ok(task.criterion().unwrap().is_met(&[performance(&task, &trials, outputs.view())?]))
    };
    assert!(with_errors(35, 35)? && !with_errors(36, 0)? && !with_errors(0, 36)?);
    Ok(())
}

#[test]
fn parameters_and_conditions_without_meaning_are_refused_by_name() {
    let good = Checkerboard::default;
    for (task, word) in [
        (Checkerboard { ungraded: 1500.0, ..good() }, "ungraded"),
        (Checkerboard { read_before: 1300.0, ..good() }, "read_before"),
        (Checkerboard { catch_duration: 300.0, ..good() }, "catch_duration"),
        (Checkerboard { threshold: 1.0, ..good() }, "threshold"),
        (Checkerboard { lo: 1.0, ..good() }, "hi"),
        (Checkerboard { off: 305.0, ..good() }, "off"),
        (Checkerboard { coherences: vec![1.2], ..good() }, "coherences"),
        (Checkerboard { pre_targets_sd: f64::NAN, ..good() }, "pre_targets_sd"),
        (Checkerboard { p_catch_targets: 2.0, ..good() }, "p_catch_targets"),
    ] {
        let message = task.validate().unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
    for condition in [
        shown("blue", 0.1),
        shown("red", 2.0),
        Condition::catch().with("coherence", 0.1),
        Condition::catch().with("targets_shown", 1.0),
    ] {
        assert!(trial(&good(), &condition).is_err(), "{condition}");
    }
}
