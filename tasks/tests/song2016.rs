//! The tasks of Song et al. (2016) against numbers worked by hand.

use ndarray::s;
use nn4n_tasks::song2016::{Mante, Multisensory, RdmFixed, RdmRt, RdmVarstim, ReactionTime, Romo};
use nn4n_tasks::{Condition, Rounding, Split, Task, TaskError, Trial, TrialRng, batch, create, repeated, scores};
use serde_json::json;

fn trial(task: &dyn Task, split: Split, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(split, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

fn spans(trial: &Trial) -> Vec<(&str, usize, usize)> {
    trial.epochs.iter().map(|epoch| (epoch.name.as_ref(), epoch.start, epoch.end)).collect()
}

#[test]
fn rdm_fixed_has_the_published_geometry_and_levels() -> Result<(), TaskError> {
    let task = RdmFixed { sigma_in: 0.0, ..RdmFixed::default() };
    let condition = Condition::new().with("coherence", -0.128);
    let train = trial(&task, Split::Train, &condition)?;
    assert_eq!(spans(&train), [("fixation", 0, 5), ("stimulus", 5, 45), ("decision", 45, 60)]);
    let test = trial(&task, Split::Test, &condition)?;
    assert_eq!(spans(&test), [("fixation", 0, 15), ("stimulus", 15, 55), ("decision", 55, 70)]);
    for (step, levels) in [(4, [0.2, 0.2]), (5, [0.636, 0.764]), (44, [0.636, 0.764]), (45, [0.2, 0.2])] {
        for (channel, level) in levels.into_iter().enumerate() {
            assert!((train.inputs[[step, channel]] - level).abs() < 1e-6, "{step} {channel}");
        }
    }
    assert_eq!(train.correct, Some(1));
    assert!(train.targets.slice(s![..45, ..]).iter().all(|&z| z == 0.2));
    assert!(train.targets.slice(s![45.., 0]).iter().all(|&z| z == 0.2));
    assert!(train.targets.slice(s![45.., 1]).iter().all(|&z| z == 1.0));
    assert_eq!(trial(&task, Split::Train, &Condition::catch())?.n_steps(), 100);
    Ok(())
}

#[test]
fn rdm_fixed_runs_at_the_test_step_of_half_a_millisecond() -> Result<(), TaskError> {
    let task = RdmFixed { dt: 0.5, ..RdmFixed::default() };
    let trial = trial(&task, Split::Test, &Condition::new().with("coherence", 0.032))?;
    assert_eq!(spans(&trial), [("fixation", 0, 600), ("stimulus", 600, 2200), ("decision", 2200, 2800)]);
    Ok(())
}

#[test]
fn input_noise_has_the_stated_variance_in_a_real_trial() -> Result<(), TaskError> {
    let task = RdmFixed::default();
    let noisy = repeated(&task, Split::Train, 0, 0, &[Condition::new().with("coherence", 0.0)], 400)?;
    let shown = noisy.inputs.slice(s![.., 5..45, ..]);
    let n = shown.len() as f64;
    let mean = shown.iter().map(|&u| f64::from(u)).sum::<f64>() / n;
    let variance = shown.iter().map(|&u| (f64::from(u) - mean).powi(2)).sum::<f64>() / n;
    assert!((mean - 0.7).abs() < 0.001, "{mean}");
    assert!((variance / 0.001 - 1.0).abs() < 0.03, "{variance}");
    Ok(())
}

#[test]
fn zero_coherence_can_be_asked_for_and_either_choice_is_correct_half_the_time() -> Result<(), TaskError> {
    let zero = [Condition::new().with("coherence", 0.0)];
    let trials = repeated(&RdmVarstim::default(), Split::Test, 0, 0, &zero, 1000)?;
    let first = trials.correct.iter().filter(|&&correct| correct == Some(0)).count();
    assert!((450..550).contains(&first), "{first}");
    Ok(())
}

#[test]
fn stimulus_durations_follow_the_truncated_exponential() -> Result<(), TaskError> {
    // At a step of 0.5 ms, rounding is out of the way of the closed form: mean = a + m - (b - a) e / (1 - e), e =
    // exp(-(b - a)/m).
    let e = (-(1500.0_f64 - 80.0) / 330.0).exp();
    let mean = 80.0 + 330.0 - 1420.0 * e / (1.0 - e);
    let cdf = |x: f64| (1.0 - (-(x - 80.0) / 330.0).exp()) / (1.0 - e);
    for (dt, rounding) in [(0.5, Rounding::Exact), (20.0, Rounding::Nearest)] {
        let task = RdmVarstim { dt, rounding, sigma_in: 0.0, p_catch: 0.0, ..RdmVarstim::default() };
        let trials = batch(&task, Split::Train, 0, 0, 4000)?;
        let durations: Vec<f64> =
            trials.epochs.iter().map(|epochs| (epochs[1].end - epochs[1].start) as f64 * dt).collect();
        assert!(durations.iter().all(|d| (80.0..=1500.0).contains(d)));
        let drawn = durations.iter().sum::<f64>() / 4000.0;
        // The standard deviation is about 290 ms, so that of the mean about 4.6 ms.
        assert!((drawn - mean).abs() < 15.0, "dt {dt}: {drawn} for {mean}");
        for x in [150.0, 310.0, 610.0, 1210.0] {
            let below = durations.iter().filter(|&&d| d < x).count() as f64 / 4000.0;
            assert!((below - cdf(x)).abs() < 0.03, "dt {dt}, {x} ms: {below} for {}", cdf(x));
        }
    }
    Ok(())
}

#[test]
fn the_start_cue_of_rdm_varstim_is_on_in_the_stimulus_only() -> Result<(), TaskError> {
    let task = RdmVarstim { sigma_in: 0.0, baseline: 0.0, ..RdmVarstim::default() };
    let trial = trial(&task, Split::Test, &Condition::new().with("coherence", 0.512))?;
    let stimulus = &trial.epochs[1];
    assert_eq!((trial.epochs[0].end, trial.n_steps() - stimulus.end), (25, 15));
    for step in 0..trial.n_steps() {
        let on = if stimulus.steps().contains(&step) { 1.0 } else { 0.0 };
        assert_eq!(trial.inputs[[step, 2]], on);
    }
    Ok(())
}

#[test]
fn rdm_rt_grades_from_300_ms_after_onset_while_the_stimulus_stays_on() -> Result<(), TaskError> {
    let task = RdmRt { sigma_in: 0.0, baseline: 0.0, ..RdmRt::default() };
    let condition = Condition::new().with("coherence", 0.512);
    let train = trial(&task, Split::Train, &condition)?;
    assert_eq!(spans(&train), [("fixation", 0, 5), ("stimulus", 5, 20), ("decision", 20, 45)]);
    assert_eq!(
        spans(&trial(&task, Split::Test, &condition)?),
        [("fixation", 0, 15), ("stimulus", 15, 30), ("decision", 30, 90)]
    );
    assert!(train.inputs.slice(s![5.., 0]).iter().all(|&u| u == 0.756));
    assert!(train.inputs.slice(s![5.., 2]).iter().all(|&u| u == 1.0));
    assert_eq!(train.targets.row(20).to_vec(), [1.2, 0.2]);
    Ok(())
}

#[test]
fn a_reaction_is_the_first_crossing_and_without_one_there_is_no_choice() -> Result<(), TaskError> {
    let task = RdmRt::default();
    let trials = repeated(&task, Split::Train, 0, 0, &[Condition::new().with("coherence", 0.1)], 4)?;
    let mut outputs = trials.targets.clone();
    outputs.fill(0.3);
    outputs[[0, 2, 1]] = 1.5; // before onset: does not count
    outputs[[0, 9, 0]] = 1.01; // 100 ms after onset
    outputs[[1, 9, 1]] = 1.01;
    outputs[[2, 44, 0]] = 0.9; // never decides, but leans the right way at the end
    outputs[[3, 44, 1]] = 0.9;
    let scores = scores(&task, &trials, outputs.view())?;
    let seen: Vec<_> = scores.iter().map(|score| (score.choice, score.reaction_time, score.correct)).collect();
    assert_eq!(
        seen,
        [
            (Some(0), Some(100.0), Some(true)),
            (Some(1), Some(100.0), Some(true)),
            (None, None, Some(true)),
            (None, None, Some(false)),
        ]
    );
    Ok(())
}

#[test]
fn mante_has_72_conditions_and_scores_the_relevant_evidence() -> Result<(), TaskError> {
    let task = Mante::default();
    assert_eq!(task.conditions().iter().filter(|condition| !condition.is_catch()).count(), 72);
    for condition in task.conditions().iter().filter(|condition| !condition.is_catch()) {
        let relevant = format!("{}_coherence", condition.text("context").unwrap());
        let correct = usize::from(condition.number(&relevant).unwrap() < 0.0);
        assert_eq!(trial(&task, Split::Train, condition)?.correct, Some(correct), "{condition}");
    }
    let wrong = Condition::new().with("context", "shape");
    assert!(trial(&task, Split::Train, &wrong).unwrap_err().to_string().contains("motion or colour"));
    Ok(())
}

#[test]
fn multisensory_shows_the_asked_modalities_and_keeps_the_cue_through_the_decision() -> Result<(), TaskError> {
    let task = Multisensory { sigma_in: 0.0, baseline: 0.0, ..Multisensory::default() };
    assert_eq!(task.conditions().len(), 25);
    let shown = |modality: &'static str, rate: f64| -> Result<Vec<f32>, TaskError> {
        let trial = trial(&task, Split::Train, &Condition::new().with("modality", modality).with("rate", rate))?;
        assert_eq!(spans(&trial), [("fixation", 0, 5), ("stimulus", 5, 55), ("decision", 55, 70)]);
        assert_eq!(trial.inputs.row(60).to_vec(), [0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(trial.correct, Some(usize::from(rate < 12.5)));
        Ok(trial.inputs.row(30).to_vec())
    };
    assert_eq!(shown("visual", 9.0)?, [0.4, 0.0, 1.2, 0.0, 1.0]);
    assert_eq!(shown("auditory", 9.0)?, [0.0, 0.4, 0.0, 1.2, 1.0]);
    assert_eq!(shown("both", 16.0)?, [1.2, 1.2, 0.4, 0.4, 1.0]);
    Ok(())
}

#[test]
fn romo_delays_are_uniform_in_training_and_fixed_in_tests() -> Result<(), TaskError> {
    let task = Romo { sigma_in: 0.0, p_catch: 0.0, ..Romo::default() };
    let delays = |split| -> Result<Vec<f64>, TaskError> {
        let trials = batch(&task, split, 0, 0, 2000)?;
        Ok(trials.epochs.iter().map(|epochs| (epochs[2].end - epochs[2].start) as f64 * 20.0).collect())
    };
    let train = delays(Split::Train)?;
    assert!(train.iter().all(|d| (2500.0..=3500.0).contains(d)));
    // Rounded down, they are half a step of 20 ms shorter on average.
    assert!((train.iter().sum::<f64>() / 2000.0 - 2990.0).abs() < 25.0);
    assert!((train.iter().filter(|&&d| d < 2750.0).count() as f64 / 2000.0 - 0.25).abs() < 0.04);
    assert!(delays(Split::Test)?.iter().all(|&d| d == 3000.0));
    Ok(())
}

#[test]
fn romo_needs_both_frequencies_or_neither() {
    let task = Romo::default();
    assert!(trial(&task, Split::Train, &Condition::new().with("f1", 18.0)).is_err());
    assert!(trial(&task, Split::Train, &Condition::new().with("f1", 9.0).with("f2", 18.0)).is_err());
    assert!(trial(&task, Split::Train, &Condition::new()).is_ok());
}

/// The tasks at a step of 30 ms, which no published duration but 300 ms is a multiple of.
fn coarse(rounding: &str) -> Result<Vec<Box<dyn Task>>, TaskError> {
    let ids = ["rdm_fixed", "rdm_varstim", "rdm_rt", "mante", "multisensory", "romo", "lee_sequence", "sinewave"];
    let parameters = json!({ "dt": 30.0, "rounding": rounding });
    ids.into_iter().map(|name| create(&format!("song2016/{name}"), Some(&parameters))).collect()
}

#[test]
fn durations_between_two_steps_are_rounded_as_the_user_says() -> Result<(), TaskError> {
    // In steps of 30 ms: 100 ms is 3.33, 300 is 10, 500 is 16.67, 800 is 26.67, 1000 is 33.33, 1600 is 53.33, 2000 is
    // 66.67.
    for (rounding, fixed, rt, sequence, wave, catch) in [
        ("nearest", [3, 30, 40], [3, 13, 30], [33, 66, 83, 100, 117], 53, 67),
        ("floor", [3, 29, 39], [3, 13, 29], [33, 66, 82, 98, 114], 53, 66),
        ("ceil", [4, 31, 41], [4, 14, 31], [34, 68, 85, 102, 119], 54, 67),
    ] {
        let tasks = coarse(rounding)?;
        let ends = |task: usize, condition: Option<Condition>| -> Result<Vec<usize>, TaskError> {
            let trial = tasks[task].trial(Split::Train, condition.as_ref(), &mut TrialRng::new(0, "test", 0, 0))?;
            Ok(trial.epochs.iter().map(|epoch| epoch.end).collect())
        };
        let coherence = || Some(Condition::new().with("coherence", 0.1));
        assert_eq!(ends(0, coherence())?, fixed, "{rounding}");
        assert_eq!(ends(2, coherence())?, rt, "{rounding}");
        assert_eq!(ends(6, None)?, sequence, "{rounding}");
        assert_eq!(ends(7, None)?, [wave], "{rounding}");
        assert_eq!(ends(0, Some(Condition::catch()))?, [catch], "{rounding}");
    }
    Ok(())
}

#[test]
fn every_task_runs_at_a_step_that_does_not_divide_its_durations_only_if_told_how() -> Result<(), TaskError> {
    for task in coarse("nearest")? {
        for split in [Split::Train, Split::Test] {
            assert_eq!(batch(task.as_ref(), split, 0, 0, 10)?.len(), 10, "{}", task.id());
        }
        let message = create(task.id(), Some(&json!({ "dt": 30.0 }))).unwrap_err().to_string();
        assert!(message.contains("not a whole number of steps") && message.contains("`rounding`"), "{message}");
    }
    Ok(())
}

#[test]
fn drawn_durations_follow_the_rounding_of_the_user_too() -> Result<(), TaskError> {
    let lengths = |rounding| -> Result<Vec<usize>, TaskError> {
        let task = RdmVarstim { rounding, p_catch: 0.0, ..RdmVarstim::default() };
        Ok(batch(&task, Split::Train, 0, 0, 200)?.n_steps)
    };
    let (nearest, floor, ceil) = (lengths(Rounding::Nearest)?, lengths(Rounding::Floor)?, lengths(Rounding::Ceil)?);
    assert_eq!(lengths(Rounding::Exact)?, floor, "the rule of the source");
    for ((nearest, floor), ceil) in nearest.iter().zip(&floor).zip(&ceil) {
        assert!(floor + 1 == *ceil && (nearest == floor || nearest == ceil), "{floor} {nearest} {ceil}");
    }
    let below = nearest.iter().zip(&floor).filter(|(nearest, floor)| nearest == floor).count();
    assert!((70..130).contains(&below), "about half are rounded down: {below}");
    Ok(())
}

#[test]
fn a_stimulus_that_rounds_to_its_ungraded_part_is_refused() {
    let with = |rounding| {
        let task = ReactionTime { stimulus: 310.0, ..ReactionTime::default() };
        RdmRt { rounding, task, ..RdmRt::default() }
    };
    let message = with(Rounding::Floor).validate().unwrap_err().to_string();
    assert!(message.contains("`stimulus` = 310") && message.contains("ungraded"), "{message}");
    assert!(with(Rounding::Ceil).validate().is_ok());
}
