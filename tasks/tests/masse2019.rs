//! The tasks of Masse et al. (2019) against numbers worked by hand.

use ndarray::{Array2, s};
use nn4n_tasks::{Condition, Split, Task, TaskError, Trial, TrialRng, batch, create, repeated};
use serde_json::json;

fn quiet(name: &str) -> Result<Box<dyn Task>, TaskError> {
    create(&format!("masse2019/{name}"), Some(&json!({ "sigma_in": 0.0 })))
}

fn trial(task: &dyn Task, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(Split::Train, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

fn spans(trial: &Trial) -> Vec<(&str, usize, usize)> {
    trial.epochs.iter().map(|epoch| (epoch.name.as_ref(), epoch.start, epoch.end)).collect()
}

fn is(condition: &Condition, name: &str) -> bool {
    condition.get(name) == Some(&true.into())
}

fn share(n: usize, of: usize) -> f64 {
    n as f64 / of as f64
}

#[test]
fn trials_have_the_timing_and_the_channels_of_the_source() -> Result<(), TaskError> {
    let dms = quiet("dms")?;
    assert_eq!((dms.inputs().len(), dms.outputs().len(), dms.dt()), (24, 3, 10.0));
    let spans_of = |name: &str| trial(quiet(name)?.as_ref(), &Condition::new());
    assert_eq!(
        spans(&spans_of("dmc")?),
        [("fixation", 0, 50), ("sample", 50, 100), ("delay", 100, 200), ("test", 200, 250)]
    );
    assert_eq!(
        spans(&spans_of("abba")?),
        [
            ("fixation", 0, 50),
            ("sample", 50, 90),
            ("delay_1", 90, 130),
            ("test_1", 130, 170),
            ("delay_2", 170, 210),
            ("test_2", 210, 250),
            ("delay_3", 250, 290),
            ("test_3", 290, 330),
            ("after", 330, 380),
        ]
    );
    let dual = spans_of("dual_dms")?;
    assert_eq!(
        spans(&dual),
        [
            ("fixation", 0, 50),
            ("sample", 50, 100),
            ("delay_1", 100, 200),
            ("test_1", 200, 250),
            ("delay_2", 250, 350),
            ("test_2", 350, 400)
        ]
    );
    assert_eq!(dual.inputs.ncols(), 2 * 24 + 6);
    assert_eq!(quiet("dms_dmrs")?.inputs().len(), 30);
    Ok(())
}

#[test]
fn a_direction_is_shown_as_a_von_mises_bump() -> Result<(), TaskError> {
    let trial = trial(quiet("dms")?.as_ref(), &Condition::new().with("sample", 90.0).with("test", 270.0))?;
    // Channels are 15 degrees apart: 4 at the direction, 4 exp(-2) a quarter away, 4 exp(-4) opposite.
    for (step, peak) in [(50, 6), (99, 6), (200, 18), (249, 18)] {
        for (away, level) in
            [(0, 4.0), (6, 4.0 * (-2.0_f32).exp()), (12, 4.0 * (-4.0_f32).exp()), (18, 4.0 * (-2.0_f32).exp())]
        {
            assert!((trial.inputs[[step, (peak + away) % 24]] - level).abs() < 1e-5, "{step} {away}");
        }
    }
    for step in [0, 49, 100, 199] {
        assert!(trial.inputs.row(step).iter().all(|&u| u == 0.0));
    }
    Ok(())
}

#[test]
fn targets_and_loss_mask_are_those_of_the_source() -> Result<(), TaskError> {
    for (is_match, class) in [(true, 2), (false, 1)] {
        let trial = trial(quiet("dms")?.as_ref(), &Condition::new().with("match", is_match))?;
        assert!(trial.targets.slice(s![..200, 0]).iter().all(|&z| z == 1.0));
        assert!(trial.targets.slice(s![200.., class]).iter().all(|&z| z == 1.0));
        assert_eq!(trial.targets.sum(), 250.0);
        assert_eq!(trial.correct, Some(class));
        assert!(trial.loss_mask.slice(s![200..205, ..]).iter().all(|&m| m == 0.0));
        assert_eq!(trial.loss_mask.sum(), 3.0 * (200.0 + 2.0 * 45.0));
    }
    let parameters = json!({ "dead": 250.0, "test_weight": 3.0, "n_fixation": 2, "sigma_in": 0.0 });
    let trial = trial(create("masse2019/dms", Some(&parameters))?.as_ref(), &Condition::new())?;
    assert_eq!((trial.n_steps(), trial.inputs.ncols()), (275, 26));
    assert_eq!(trial.loss_mask.sum(), 3.0 * (200.0 + 3.0 * 45.0));
    let fixation: Vec<f32> = [24, 25, 224, 225].iter().map(|step| trial.inputs[[*step, 25]]).collect();
    assert_eq!(fixation, [0.0, 4.0, 4.0, 0.0]);
    Ok(())
}

#[test]
fn what_matches_is_what_the_task_says_for_every_pair_of_directions() -> Result<(), TaskError> {
    for (name, turn) in
        [("dms", Some(0.0)), ("dmrs45", Some(45.0)), ("dmrs90", Some(90.0)), ("dmrs180", Some(180.0)), ("dmc", None)]
    {
        let task = quiet(name)?;
        assert_eq!(task.grid().len(), 64);
        for condition in task.grid() {
            let (sample, test) = (condition.number("sample").unwrap(), condition.number("test").unwrap());
            let expected = turn.map_or((sample < 180.0) == (test < 180.0), |turn| test == (sample + turn) % 360.0);
            assert_eq!(is(&trial(task.as_ref(), &condition)?.condition, "match"), expected, "{name} {condition}");
        }
    }
    let task = quiet("dms_dmrs")?;
    assert_eq!((task.grid().len(), task.conditions().len()), (128, 32));
    for condition in task.grid() {
        let turn = if condition.text("rule") == Some("dmrs") { 90.0 } else { 0.0 };
        let expected = condition.number("test") == condition.number("sample").map(|sample| (sample + turn) % 360.0);
        assert_eq!(is(&trial(task.as_ref(), &condition)?.condition, "match"), expected, "{condition}");
    }
    Ok(())
}

#[test]
fn half_of_the_tests_match_and_the_others_are_equally_frequent() -> Result<(), TaskError> {
    for (name, matching, other) in [("dms", 1, 7), ("dmc", 4, 4)] {
        let trials = batch(quiet(name)?.as_ref(), Split::Train, 0, 0, 8000)?;
        let matches = trials.conditions.iter().filter(|condition| is(condition, "match")).count();
        assert!((share(matches, 8000) - 0.5).abs() < 0.025, "{name} {matches}");
        for sample in [0.0, 135.0] {
            let tests = |test: f64| {
                let asked = Condition::new().with("sample", sample).with("test", test);
                trials.conditions.iter().filter(|condition| condition.belongs_to(&asked)).count()
            };
            for test in (0..8).map(|i| f64::from(i) * 45.0) {
                let is_match = if name == "dms" { test == sample } else { test < 180.0 };
                let p = 1.0 / 8.0 * 0.5 / f64::from(if is_match { matching } else { other });
                assert!((share(tests(test), 8000) - p).abs() < 4.5 * (p / 8000.0).sqrt(), "{name} {sample} {test}");
            }
        }
    }
    Ok(())
}

#[test]
fn input_noise_is_rectified_and_has_the_stated_moments() -> Result<(), TaskError> {
    // sigma = sqrt(2 * 100 / 10) 0.1; a rectified Gaussian has mean sigma / sqrt(2 pi) and second moment sigma^2 / 2.
    let task = create("masse2019/dms", None)?;
    let trials = repeated(task.as_ref(), Split::Train, 0, 0, &[Condition::new().with("sample", 0.0)], 200)?;
    let silent: Vec<f64> = trials.inputs.slice(s![.., ..50, ..]).iter().map(|&u| f64::from(u)).collect();
    let moment = |power: i32| silent.iter().map(|u| u.powi(power)).sum::<f64>() / silent.len() as f64;
    let sigma = 0.2_f64.sqrt();
    assert!((moment(1) - sigma / std::f64::consts::TAU.sqrt()).abs() < 0.003, "{}", moment(1));
    assert!((moment(2) - 0.1).abs() < 0.003, "{}", moment(2));
    assert!(silent.iter().all(|u| *u >= 0.0));
    Ok(())
}

#[test]
fn tests_of_a_sequence_match_and_repeat_as_often_as_in_the_source() -> Result<(), TaskError> {
    // In ABBA a test after a match is one with 0.5 + 0.5 * 0.5, since the match itself may be repeated.
    for (name, after_match, repeats) in [("abba", 0.75, 0.5), ("abca", 0.5, 0.0)] {
        let trials = batch(quiet(name)?.as_ref(), Split::Train, 0, 0, 8000)?;
        let count = |condition: &dyn Fn(&Condition) -> bool| trials.conditions.iter().filter(|c| condition(c)).count();
        let first = count(&|c| is(c, "match_1"));
        assert!((share(first, 8000) - 0.5).abs() < 0.025);
        for (before, now) in [("match_1", "match_2"), ("match_2", "match_3")] {
            let p = share(count(&|c| is(c, before) && is(c, now)), count(&|c| is(c, before)));
            assert!((p - after_match).abs() < 0.03, "{name}: {p}");
            let p = share(count(&|c| !is(c, before) && is(c, now)), count(&|c| !is(c, before)));
            assert!((p - 0.5).abs() < 0.035, "{name}: {p}");
        }
        let neither = count(&|c| !is(c, "match_1") && !is(c, "match_2"));
        let repeated = count(&|c| !is(c, "match_1") && c.number("test_1") == c.number("test_2"));
        assert!((share(repeated, neither) - repeats).abs() < 0.05, "{name}: {repeated} of {neither}");
    }
    Ok(())
}

#[test]
fn a_test_that_is_neither_a_match_nor_a_repetition_is_new() -> Result<(), TaskError> {
    let trials = batch(quiet("abca")?.as_ref(), Split::Train, 0, 0, 2000)?;
    for condition in &trials.conditions {
        let others: Vec<f64> = ["test_1", "test_2", "test_3"]
            .iter()
            .filter_map(|name| condition.number(name))
            .filter(|test| Some(*test) != condition.number("sample"))
            .collect();
        assert!(others.iter().enumerate().all(|(i, test)| !others[i + 1..].contains(test)), "{condition}");
    }
    Ok(())
}

#[test]
fn a_pattern_of_matches_can_be_asked_for() -> Result<(), TaskError> {
    for name in ["abba", "abca"] {
        let task = quiet(name)?;
        assert_eq!((task.grid().len(), task.conditions().len()), (64, 16));
        for condition in task.grid() {
            let trial = trial(task.as_ref(), &condition)?;
            for (name, first) in [("match_1", 130), ("match_2", 210), ("match_3", 290)] {
                assert_eq!(trial.targets[[first, 2]] == 1.0, is(&condition, name), "{condition}");
                assert_eq!(trial.targets[[first - 1, 0]], 1.0);
            }
        }
    }
    Ok(())
}

#[test]
fn a_variable_delay_shortens_the_delay_and_lengthens_the_test() -> Result<(), TaskError> {
    let task = create("masse2019/dms", Some(&json!({ "variable_delay": true, "sigma_in": 0.0 })))?;
    let trials = batch(task.as_ref(), Split::Train, 0, 0, 4000)?;
    assert!(trials.n_steps.iter().all(|&n| n == 250));
    let catch = trials.conditions.iter().filter(|condition| condition.is_catch()).count();
    assert!((share(catch, 4000) - (-2.0_f64).exp()).abs() < 0.025, "{catch}");
    let delays: Vec<f64> = (0..4000)
        .filter(|&i| !trials.conditions[i].is_catch())
        .map(|i| trials.epochs[i][2].steps().len() as f64 * 10.0)
        .collect();
    assert!(delays.iter().all(|d| (700.0..1000.0).contains(d)));
    // 700 + 150 - 300 / (e^2 - 1) ms, and 5 ms less for the cut to whole steps.
    let expected = 700.0 + 150.0 - 300.0 / 2.0_f64.exp_m1() - 5.0;
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    assert!((mean - expected).abs() < 6.0, "{mean} for {expected}");
    assert!(delays.iter().any(|d| *d != delays[0]));
    Ok(())
}

#[test]
fn a_catch_trial_shows_no_test_and_asks_for_fixation() -> Result<(), TaskError> {
    let task = create("masse2019/dms_dmrs", Some(&json!({ "p_catch": 0.2, "sigma_in": 0.0 })))?;
    let trial = trial(task.as_ref(), &Condition::catch().with("sample", 45.0))?;
    assert!(trial.targets.column(0).iter().all(|&z| z == 1.0));
    assert!(trial.inputs.slice(s![200.., ..24]).iter().all(|&u| u == 0.0));
    assert_eq!(task.score(trial.view(), trial.targets.view()).correct, None);
    let trials = batch(task.as_ref(), Split::Train, 0, 0, 3000)?;
    let catch = trials.conditions.iter().filter(|condition| condition.is_catch()).count();
    assert!((share(catch, 3000) - 0.2).abs() < 0.033);
    assert_eq!(task.conditions().len(), 33);
    Ok(())
}

#[test]
fn the_rule_is_cued_when_asked_for() -> Result<(), TaskError> {
    for (cue, on, off) in [("delay", 150, 175), ("early", 0, 50), ("full", 0, 250)] {
        let task = create("masse2019/dms_dmrs", Some(&json!({ "cue": cue, "sigma_in": 0.0 })))?;
        for (rule, channel) in [("dms", 24), ("dmrs", 25)] {
            let trial = trial(task.as_ref(), &Condition::new().with("rule", rule))?;
            for step in 0..250 {
                let level = if (on..off).contains(&step) { 4.0 } else { 0.0 };
                assert_eq!(
                    [trial.inputs[[step, channel]], trial.inputs[[step, channel + 4]]],
                    [level; 2],
                    "{cue} {step}"
                );
                assert_eq!(trial.inputs[[step, 49 - channel]], 0.0);
            }
        }
    }
    Ok(())
}

#[test]
fn the_cue_of_a_dual_task_points_at_the_place_that_is_compared() -> Result<(), TaskError> {
    let task = quiet("dual_dms")?;
    assert_eq!((task.grid().len(), task.conditions().len()), (256, 16));
    let condition = Condition::new()
        .with("sample_1", 0.0)
        .with("sample_2", 90.0)
        .with("cued_1", 2.0)
        .with("test_1", 90.0)
        .with("distractor_1", 180.0)
        .with("cued_2", 1.0)
        .with("test_2", 90.0);
    let trial = trial(task.as_ref(), &condition)?;
    assert_eq!([trial.targets[[200, 2]], trial.targets[[350, 1]]], [1.0, 1.0]); // match, non-match
    assert_eq!([trial.inputs[[50, 0]], trial.inputs[[50, 24 + 6]]], [4.0, 4.0]);
    assert_eq!([trial.inputs[[200, 12]], trial.inputs[[200, 24 + 6]], trial.inputs[[350, 6]]], [4.0, 4.0, 4.0]);
    for step in 0..400 {
        let second = if (150..250).contains(&step) { 4.0 } else { 0.0 };
        let first = if (300..400).contains(&step) { 4.0 } else { 0.0 };
        assert_eq!(
            trial.inputs.slice(s![step, 48..]).to_vec(),
            [first, second, first, second, first, second],
            "{step}"
        );
    }
    Ok(())
}

#[test]
fn a_test_is_answered_by_most_of_its_graded_steps() -> Result<(), TaskError> {
    let task = quiet("dms")?;
    let trial = trial(task.as_ref(), &Condition::new().with("match", true))?;
    let answer = |matches: usize, ungraded: f32| {
        let mut outputs = trial.targets.clone();
        outputs.slice_mut(s![200..205, ..]).assign(&ndarray::array![ungraded, 0.5, 0.4]);
        outputs.slice_mut(s![205 + matches.., ..]).assign(&ndarray::array![0.0, 0.6, 0.3]);
        task.score(trial.view(), outputs.view())
    };
    assert_eq!((answer(23, 9.0).correct, answer(23, 9.0).choice), (Some(true), Some(2)));
    assert_eq!((answer(22, 9.0).correct, answer(22, 9.0).choice), (Some(false), Some(1)));
    // The reaction is the first step at which fixation is not the largest, graded or not.
    assert_eq!(answer(30, 9.0).reaction_time, Some(60.0));
    assert_eq!(answer(30, 0.0).reaction_time, Some(10.0));
    let still = Array2::from_shape_fn((250, 3), |(_, output)| if output == 0 { 1.0 } else { 0.0 });
    let score = task.score(trial.view(), still.view());
    assert_eq!((score.choice, score.correct, score.reaction_time), (Some(0), Some(false), None));
    Ok(())
}

#[test]
fn a_trial_with_several_tests_is_right_only_if_all_are() -> Result<(), TaskError> {
    for (name, test) in [("abba", 210..250), ("dual_dms", 350..400)] {
        let task = quiet(name)?;
        let trial = trial(task.as_ref(), &Condition::new())?;
        assert_eq!(task.score(trial.view(), trial.targets.view()).correct, Some(true));
        let mut outputs = trial.targets.clone();
        outputs.slice_mut(s![test, ..]).fill(0.0);
        assert_eq!(task.score(trial.view(), outputs.view()).correct, Some(false), "{name}");
        // Mistakes outside of the tests are not counted, as in the code.
        let mut outputs = trial.targets.clone();
        outputs.slice_mut(s![..120, ..]).fill(0.0);
        outputs.slice_mut(s![..120, 1]).fill(1.0);
        assert_eq!(task.score(trial.view(), outputs.view()).correct, Some(true), "{name}");
        assert_eq!(task.score(trial.view(), Array2::zeros((0, 3)).view()).correct, Some(false));
    }
    Ok(())
}

#[test]
fn conditions_that_contradict_themselves_are_refused_by_name() -> Result<(), TaskError> {
    let number = |name: &'static str, value: f64| Condition::new().with(name, value);
    let cases = [
        ("dms", number("sample", 50.0), "sample"),
        ("dms", number("sample", 45.0).with("test", 45.0).with("match", false), "match"),
        ("dms", number("match", 1.0), "match"),
        ("dms", Condition::catch().with("test", 45.0), "test"),
        ("dms", number("rule", 1.0), "rule"),
        ("dms_dmrs", Condition::new().with("rule", "dmc"), "rule"),
        ("abba", number("sample", 45.0).with("test_2", 90.0).with("match_2", true), "match_2"),
        ("abca", number("test", 45.0), "test"),
        ("dual_dms", number("cued_1", 0.0), "cued_1"),
    ];
    for (name, condition, word) in cases {
        let message = trial(quiet(name)?.as_ref(), &condition).unwrap_err().to_string();
        assert!(message.contains(&format!("`{word}`")), "{name} {condition}: {message}");
    }
    Ok(())
}

#[test]
fn parameters_without_meaning_are_refused_by_name() {
    let shared = json!({
        "dt": 0.0, "n_motion": 0, "n_fixation": 99999, "height": 0.0, "kappa": -1.0, "sigma_in": -0.1, "tau_in": 0.0,
        "dead": 255.0,
        "ungraded": -10.0, "test_weight": 0.0, "fixation": -10.0, "sample": 0.0, "test": 50.0, "delay": 1005.0,
    });
    let delayed = json!({ "p_catch": 1.1, "variable_delay_max": 0.0 });
    let cue = json!({ "cue_offset": 400.0, "cue_onset": 505.0, "n_rule": 1 });
    let sequence = json!({ "p_match": -0.1, "p_repeat": 2.0, "after": 5.0 });
    let cases = [
        ("dms", &shared),
        ("abba", &shared),
        ("dual_dms", &shared),
        ("dmrs45", &delayed),
        ("dms_dmrs", &cue),
        ("abba", &sequence),
    ];
    for (name, parameters) in cases {
        for (field, value) in parameters.as_object().unwrap() {
            let one = json!({ field.as_str(): value });
            let Err(error) = create(&format!("masse2019/{name}"), Some(&one)) else { panic!("{name} accepts {one}") };
            assert!(error.to_string().contains(field.as_str()), "{name} {one}: {error}");
        }
    }
    assert!(create("masse2019/dms", Some(&json!({ "variable_delay": true, "delay": 200.0 }))).is_err());
    assert!(create("masse2019/dms", Some(&json!({ "dt": 20.0 }))).is_err());
    assert!(create("masse2019/dms", Some(&json!({ "dt": 20.0, "rounding": "floor" }))).is_ok());
}
