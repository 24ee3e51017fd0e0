//! The tasks of Driscoll et al. (2022) against numbers worked by hand.

use std::f64::consts::PI;

use ndarray::{Array2, s};
use nn4n_tasks::{Condition, Split, Task, TaskError, Trial, TrialRng, batch, create, list, repeated, ring, scores};
use serde_json::json;

const ALL: [&str; 15] = [
    "fdgo",
    "reactgo",
    "delaygo",
    "fdanti",
    "reactanti",
    "delayanti",
    "delaydm1",
    "delaydm2",
    "contextdelaydm1",
    "contextdelaydm2",
    "multidelaydm",
    "dmsgo",
    "dmsnogo",
    "dmcgo",
    "dmcnogo",
];

fn quiet(rule: &str) -> Result<Box<dyn Task>, TaskError> {
    create(&format!("driscoll2022/{rule}"), Some(&json!({ "sigma_in": 0.0 })))
}

fn test_trial(task: &dyn Task, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(Split::Test, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

fn ends(trial: &Trial) -> Vec<usize> {
    trial.epochs.iter().map(|epoch| epoch.end).collect()
}

/// The conditions of one trial from each of many updates: those of one update have their modality in common.
fn drawn(task: &dyn Task, n: u64) -> Result<Vec<Condition>, TaskError> {
    (0..n)
        .map(|update| Ok(task.trial(Split::Train, None, &mut TrialRng::new(3, "train", update, 0))?.condition))
        .collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (n, sum) = values.fold((0.0, 0.0), |(n, sum), x| (n + 1.0, sum + x));
    sum / n
}

#[test]
fn every_task_has_the_channels_of_the_source_and_its_own_rule() -> Result<(), TaskError> {
    for (i, rule) in ALL.iter().enumerate() {
        let task = quiet(rule)?;
        assert_eq!((task.inputs().len(), task.outputs().len(), task.dt()), (20, 3, 20.0));
        assert_eq!(task.inputs()[5 + i].name, format!("rule_{rule}"));
        let trial = test_trial(task.as_ref(), &Condition::new())?;
        for channel in 5..20 {
            let level = if channel == 5 + i { 1.0 } else { 0.0 };
            assert!(trial.inputs.column(channel).iter().all(|&u| u == level), "{rule} {channel}");
        }
    }
    Ok(())
}

#[test]
fn test_trials_have_the_timing_of_the_source() -> Result<(), TaskError> {
    // Ends of the epochs in ms, from the test mode of the code.
    let (delayed, context, matching) =
        (vec![500, 1000, 2000, 2500, 2700, 3000], vec![500, 1000, 2000, 2500, 3000, 3500], vec![500, 1000, 2200, 2700]);
    let cases = [
        ("fdgo", vec![500, 1500, 2000]),
        ("reactgo", vec![2000, 2500]),
        ("delaygo", vec![500, 1000, 2000, 2500]),
        ("delayanti", vec![500, 1000, 2000, 2500]),
        ("delaydm1", delayed.clone()),
        ("delaydm2", delayed),
        ("contextdelaydm1", context.clone()),
        ("contextdelaydm2", context.clone()),
        ("multidelaydm", context),
        ("dmsgo", matching.clone()),
        ("dmcnogo", matching),
    ];
    for (rule, ms) in cases {
        let steps: Vec<usize> = ms.iter().map(|ms| ms / 20).collect();
        assert_eq!(ends(&test_trial(quiet(rule)?.as_ref(), &Condition::new())?), steps, "{rule}");
    }
    Ok(())
}

#[test]
fn a_delayed_go_trial_has_its_levels_and_its_loss_mask() -> Result<(), TaskError> {
    // 30 degrees: sin 0.5, cos 0.8660. Stimulus in steps 25 to 49, response from 100.
    let condition = Condition::new().with("modality", 2.0).with("angle", PI / 6.0);
    let trial = test_trial(quiet("delaygo")?.as_ref(), &condition)?;
    for (step, expected) in [
        (0, [1.0, 0.0, 0.0]),
        (25, [1.0, 0.5, 0.8660]),
        (49, [1.0, 0.5, 0.8660]),
        (50, [1.0, 0.0, 0.0]),
        (100, [0.0; 3]),
    ] {
        for (channel, level) in [0, 3, 4].into_iter().zip(expected) {
            assert!((trial.inputs[[step, channel]] - level).abs() < 1e-4, "{step} {channel}");
        }
        assert_eq!([trial.inputs[[step, 1]], trial.inputs[[step, 2]]], [0.0, 0.0]);
    }
    assert_eq!(trial.targets.row(99).to_vec(), [0.8, 0.0, 0.0]);
    let response = trial.targets.row(100);
    assert!(response[0] == 0.0 && (response[1] - 0.5).abs() < 1e-6 && (response[2] - 0.8660).abs() < 1e-4);
    for (step, weight) in [(4, 0.0), (5, 1.0), (99, 1.0), (100, 0.0), (104, 0.0), (105, 5.0), (124, 5.0)] {
        assert_eq!(trial.loss_mask.row(step).to_vec(), [2.0 * weight, weight, weight], "{step}");
    }
    Ok(())
}

#[test]
fn silence_costs_what_the_source_charges_for_it() -> Result<(), TaskError> {
    // 95 steps of fixation cost (2 * 0.8)^2 each, 20 steps of the response 5^2 (sin^2 + cos^2); mean over 125 steps and
    // 3 outputs.
    let trial = test_trial(quiet("delaygo")?.as_ref(), &Condition::new())?;
    let cost: f64 = trial.targets.iter().zip(&trial.loss_mask).map(|(z, mask)| f64::from(z * mask).powi(2)).sum();
    let expected: f64 = (95.0 * 2.56 + 20.0 * 25.0) / 375.0;
    assert!((cost / 375.0 - expected).abs() < 1e-5, "{cost}");
    Ok(())
}

#[test]
fn anti_tasks_ask_for_the_opposite_angle_and_reaction_tasks_keep_fixation_on() -> Result<(), TaskError> {
    for pair in [["fdgo", "fdanti"], ["reactgo", "reactanti"], ["delaygo", "delayanti"]] {
        let condition = Condition::new().with("modality", 1.0).with("angle", 1.0);
        let [pro, anti] = pair.map(|rule| test_trial(quiet(rule).unwrap().as_ref(), &condition).unwrap());
        let last = pro.n_steps() - 1;
        assert_eq!(pro.inputs.slice(s![.., ..5]), anti.inputs.slice(s![.., ..5]));
        assert!((pro.targets[[last, 1]] + anti.targets[[last, 1]]).abs() < 1e-6);
        assert!((pro.targets[[last, 2]] + anti.targets[[last, 2]]).abs() < 1e-6);
        assert_eq!(pro.inputs[[last, 0]], if pair[0] == "reactgo" { 1.0 } else { 0.0 });
        // The stimulus stays on, but for the delayed task.
        assert_eq!(pro.inputs[[last, 2]] != 0.0, pair[0] != "delaygo");
    }
    Ok(())
}

#[test]
fn a_comparison_shows_its_strengths_in_order_and_asks_for_the_stronger() -> Result<(), TaskError> {
    let strengths = Condition::new().with("angle_1", 0.0).with("angle_2", PI / 2.0).with("strength", 1.0);
    for (rule, channel) in [("delaydm1", 1), ("delaydm2", 3)] {
        let trial = test_trial(quiet(rule)?.as_ref(), &strengths.clone().with("coherence", -0.25))?;
        assert_eq!(trial.inputs.slice(s![30, 1..5]).sum(), 0.75);
        assert_eq!(trial.inputs[[30, channel + 1]], 0.75);
        assert_eq!(trial.inputs[[110, channel]], 1.25);
        assert_eq!((trial.correct, trial.targets[[149, 1]]), (Some(1), 1.0));
    }
    let both = Condition::new()
        .with("angle_1", 0.0)
        .with("angle_2", PI / 2.0)
        .with("strength_modality_1", 1.0)
        .with("coherence_modality_1", 0.2)
        .with("strength_modality_2", 1.0)
        .with("coherence_modality_2", -0.1);
    for (rule, correct) in [("contextdelaydm1", 0), ("contextdelaydm2", 1)] {
        let trial = test_trial(quiet(rule)?.as_ref(), &both)?;
        assert!((trial.inputs[[30, 2]] - 1.2).abs() < 1e-6 && (trial.inputs[[30, 4]] - 0.9).abs() < 1e-6);
        assert_eq!(trial.correct, Some(correct), "{rule}");
    }
    Ok(())
}

#[test]
fn modalities_share_a_stimulus_and_their_sum_is_twice_its_strength() -> Result<(), TaskError> {
    let task = quiet("multidelaydm")?;
    for condition in drawn(task.as_ref(), 200)? {
        let trial = test_trial(task.as_ref(), &condition)?;
        let number = |name: &str| condition.number(name).unwrap();
        let sides = [(30, number("angle_1"), 1.0), (110, number("angle_2"), -1.0)];
        for (step, angle, sign) in sides {
            let strength = number("strength") + sign * number("coherence");
            let sum = trial.inputs[[step, 1]] + trial.inputs[[step, 3]];
            assert!((f64::from(sum) - 2.0 * strength * angle.sin()).abs() < 1e-5);
        }
        assert!((0.005..0.8).contains(&number("split_1").abs()) && (0.005..0.8).contains(&number("split_2").abs()));
    }
    Ok(())
}

#[test]
fn strengths_and_angles_of_a_comparison_follow_their_distributions() -> Result<(), TaskError> {
    for rule in ["delaydm1", "multidelaydm"] {
        let all = drawn(quiet(rule)?.as_ref(), 4000)?;
        let number = |name: &'static str| all.iter().map(move |condition| condition.number(name).unwrap());
        assert!((mean(number("strength")) - 1.0).abs() < 0.01);
        assert!((mean(number("coherence").map(f64::abs)) - 0.4025).abs() < 0.015);
        assert!(number("coherence").all(|c| (0.005..0.8).contains(&c.abs())));
        assert!((mean(number("coherence").map(|c| f64::from(u8::from(c > 0.0)))) - 0.5).abs() < 0.04);
        let apart: Vec<f64> = number("angle_1").zip(number("angle_2")).map(|(a, b)| ring::wrapped(b - a)).collect();
        assert!(apart.iter().all(|d| (0.5 * PI - 1e-9..1.5 * PI + 1e-9).contains(d)));
        assert!((mean(apart.into_iter()) - PI).abs() < 0.06);
    }
    Ok(())
}

#[test]
fn samples_match_half_of_the_time_and_differ_by_20_degrees_otherwise() -> Result<(), TaskError> {
    for rule in ["dmsgo", "dmcnogo"] {
        let all = drawn(quiet(rule)?.as_ref(), 4000)?;
        let matches = all.iter().filter(|condition| condition.get("match") == Some(&true.into())).count();
        assert!((matches as f64 / 4000.0 - 0.5).abs() < 0.036, "{rule} {matches}");
        for condition in &all {
            let (first, second) = (condition.number("angle_1").unwrap(), condition.number("angle_2").unwrap());
            let is_match = condition.get("match") == Some(&true.into());
            match rule {
                "dmsgo" if is_match => assert_eq!(first, second),
                "dmsgo" => assert!(ring::distance(first, second) > PI / 9.0 - 1e-9),
                _ => assert_eq!((first < PI) == (second < PI), is_match),
            }
        }
    }
    Ok(())
}

#[test]
fn matching_tasks_respond_or_keep_fixating_as_their_rule_says() -> Result<(), TaskError> {
    for (rule, go_on_match) in [("dmsgo", true), ("dmsnogo", false), ("dmcgo", true), ("dmcnogo", false)] {
        let task = quiet(rule)?;
        for is_match in [true, false] {
            let trial = test_trial(task.as_ref(), &Condition::new().with("match", is_match))?;
            let responds = is_match == go_on_match;
            assert_eq!(trial.targets[[134, 0]], if responds { 0.0 } else { 0.8 });
            assert_eq!(trial.correct, Some(usize::from(!responds)));
            let angle = trial.condition.number("angle_2").unwrap();
            let sin = if responds { angle.sin() as f32 } else { 0.0 };
            assert!((trial.targets[[134, 1]] - sin).abs() < 1e-6);
            assert!(trial.inputs.column(0).iter().all(|&u| u == 1.0));
        }
    }
    Ok(())
}

#[test]
fn a_batch_has_one_timing_and_one_modality_unless_told_otherwise() -> Result<(), TaskError> {
    let own = json!({ "same_timing_per_batch": false });
    for (rule, parameters, same) in [("delaygo", json!({}), true), ("delaygo", own, false)] {
        let task = create(&format!("driscoll2022/{rule}"), Some(&parameters))?;
        let trials = batch(task.as_ref(), Split::Train, 0, 0, 30)?;
        assert_eq!(trials.epochs.iter().all(|epochs| *epochs == trials.epochs[0]), same);
        let modality = |i: usize| trials.conditions[i].number("modality");
        assert_eq!((0..30).all(|i| modality(i) == modality(0)), same);
        assert!((1..30).all(|i| trials.conditions[i].number("angle") != trials.conditions[0].number("angle")));
    }
    Ok(())
}

#[test]
fn durations_are_uniform_and_cut_to_whole_steps() -> Result<(), TaskError> {
    let task = create("driscoll2022/delaygo", Some(&json!({ "same_timing_per_batch": false, "sigma_in": 0.0 })))?;
    let trials = batch(task.as_ref(), Split::Train, 0, 0, 4000)?;
    for (epoch, min, max) in [(0, 300.0, 700.0), (1, 200.0, 1600.0), (2, 200.0, 1600.0), (3, 300.0, 700.0)] {
        let durations: Vec<f64> =
            trials.epochs.iter().map(|epochs| epochs[epoch].steps().len() as f64 * 20.0).collect();
        assert!(durations.iter().all(|d| (min..max).contains(d)));
        // Cutting takes 10 ms off the mean.
        let (expected, std) = ((min + max) / 2.0 - 10.0, (max - min) / 12.0_f64.sqrt());
        assert!((mean(durations.into_iter()) - expected).abs() < 4.0 * std / 4000.0_f64.sqrt(), "{epoch}");
    }
    Ok(())
}

#[test]
fn input_noise_is_on_all_channels_with_the_stated_variance() -> Result<(), TaskError> {
    let task = create("driscoll2022/reactgo", None)?;
    let condition = [Condition::new().with("modality", 1.0).with("angle", 0.0)];
    let noisy = repeated(task.as_ref(), Split::Test, 0, 0, &condition, 200)?;
    let signal = test_trial(quiet("reactgo")?.as_ref(), &condition[0])?.inputs;
    for channel in [0, 2, 3, 6, 19] {
        let noise: Vec<f64> = noisy
            .inputs
            .slice(s![.., .., channel])
            .outer_iter()
            .flat_map(|trial| (&trial - &signal.column(channel)).mapv(f64::from).to_vec())
            .collect();
        // 2 tau / dt sigma^2 = 10 * 0.01
        let variance = mean(noise.iter().map(|u| u * u));
        assert!(mean(noise.iter().copied()).abs() < 0.01 && (variance - 0.1).abs() < 0.005, "{channel}: {variance}");
    }
    Ok(())
}

/// The outputs of a network that fixates up to `leaves`, and then reports `angle`.
fn report(trial: &Trial, leaves: usize, angle: f64) -> Array2<f32> {
    let mut outputs = Array2::zeros((trial.n_steps(), 3));
    outputs.slice_mut(s![..leaves, 0]).fill(0.9);
    outputs.slice_mut(s![leaves.., 1]).fill(0.3 * angle.sin() as f32);
    outputs.slice_mut(s![leaves.., 2]).fill(0.3 * angle.cos() as f32);
    outputs
}

#[test]
fn a_report_is_right_within_18_degrees_and_timed_from_the_response() -> Result<(), TaskError> {
    let task = quiet("delaygo")?;
    let trial = test_trial(task.as_ref(), &Condition::new().with("angle", 6.2))?;
    for (error, is_right) in [(0.0, true), (0.09 * PI, true), (-0.09 * PI, true), (0.11 * PI, false), (PI, false)] {
        let score = task.score(trial.view(), report(&trial, 103, 6.2 + error).view());
        assert_eq!(score.correct, Some(is_right), "{error}");
        assert_eq!((score.reaction_time, score.choice), (Some(80.0), None));
    }
    let never = task.score(trial.view(), report(&trial, 125, 6.2).view());
    assert_eq!((never.correct, never.reaction_time), (Some(false), None));
    let mut broken = report(&trial, 103, 6.2);
    broken[[124, 2]] = f32::NAN;
    assert_eq!(task.score(trial.view(), broken.view()).correct, Some(false));
    assert_eq!(task.score(trial.view(), Array2::zeros((0, 3)).view()).correct, Some(false));
    Ok(())
}

#[test]
fn fixation_counts_at_the_last_step_only_unless_it_must_be_maintained() -> Result<(), TaskError> {
    for (rule, is_right) in [("last_step", true), ("maintained", false)] {
        let task = create("driscoll2022/delaygo", Some(&json!({ "fixation_rule": rule })))?;
        let trial = test_trial(task.as_ref(), &Condition::new().with("angle", 2.0))?;
        assert_eq!(task.score(trial.view(), report(&trial, 101, 2.0).view()).correct, Some(true));
        // Fixation is broken before the response; the first five steps are not graded.
        assert_eq!(task.score(trial.view(), report(&trial, 50, 2.0).view()).correct, Some(is_right), "{rule}");
        let mut late = report(&trial, 101, 2.0);
        late.slice_mut(s![..5, 0]).fill(0.0);
        assert_eq!(task.score(trial.view(), late.view()).correct, Some(true));
    }
    Ok(())
}

#[test]
fn the_choice_of_a_comparison_is_the_nearer_stimulus_and_that_of_a_match_whether_to_respond() -> Result<(), TaskError> {
    let task = quiet("delaydm1")?;
    let coherences =
        [-0.4, 0.4].map(|c| Condition::new().with("coherence", c).with("angle_1", 1.0).with("angle_2", 4.0));
    let trials = repeated(task.as_ref(), Split::Test, 0, 0, &coherences, 1)?;
    let mut outputs = trials.targets.clone();
    let seen = scores(task.as_ref(), &trials, outputs.view())?;
    assert_eq!([seen[0].choice, seen[1].choice], [Some(1), Some(0)]);
    // Nearer to the second, but nowhere near enough.
    outputs.slice_mut(s![1, 135.., 1]).fill(3.3_f32.sin());
    outputs.slice_mut(s![1, 135.., 2]).fill(3.3_f32.cos());
    let seen = scores(task.as_ref(), &trials, outputs.view())?;
    assert_eq!((seen[1].choice, seen[1].correct), (Some(1), Some(false)));
    outputs.slice_mut(s![0, .., 0]).fill(0.8);
    assert_eq!(scores(task.as_ref(), &trials, outputs.view())?[0].choice, None);

    let task = quiet("dmsgo")?;
    let trial = test_trial(task.as_ref(), &Condition::new().with("match", false))?;
    assert_eq!(task.score(trial.view(), trial.targets.view()).choice, Some(1));
    assert_eq!(task.score(trial.view(), report(&trial, 110, 0.0).view()).choice, Some(0));
    Ok(())
}

#[test]
fn a_baseline_lifts_all_targets_but_fixation() -> Result<(), TaskError> {
    let task = create("driscoll2022/delaygo", Some(&json!({ "baseline": 0.05 })))?;
    let trial = test_trial(task.as_ref(), &Condition::new().with("angle", 0.0))?;
    assert_eq!(trial.targets.row(0).to_vec(), [0.8, 0.05, 0.05]);
    assert_eq!(trial.targets.row(124).to_vec(), [0.05, 0.05, 1.05]);
    assert_eq!(task.score(trial.view(), trial.targets.view()).correct, Some(true));
    assert!(create("driscoll2022/delaygo", Some(&json!({ "baseline": 0.25 }))).is_err());
    Ok(())
}

#[test]
fn the_grid_is_that_of_the_sources_test_mode() -> Result<(), TaskError> {
    for (rule, size) in [
        ("fdgo", 80),
        ("delaydm2", 160),
        ("contextdelaydm1", 640),
        ("multidelaydm", 640),
        ("dmsnogo", 160),
        ("dmcgo", 160),
    ] {
        let task = quiet(rule)?;
        let grid = task.grid();
        assert_eq!(grid.len(), size, "{rule}");
        for condition in &grid {
            // Every trial of the grid asks for a response.
            let trial = test_trial(task.as_ref(), condition)?;
            assert!(trial.targets[[trial.n_steps() - 1, 0]] < 0.5, "{rule} {condition}");
        }
    }
    // Modality 1: 0.8 and 1.2; modality 2: 1.1 and 0.9.
    let task = quiet("multidelaydm")?;
    let trial = test_trial(task.as_ref(), &task.grid()[3])?;
    assert!((trial.inputs[[30, 2]] - 0.8).abs() < 1e-6 && (trial.inputs[[30, 4]] - 1.1).abs() < 1e-6);
    assert!((trial.inputs[[110, 2]] + 1.2).abs() < 1e-6 && (trial.inputs[[110, 4]] + 0.9).abs() < 1e-6);
    Ok(())
}

#[test]
fn conditions_that_contradict_themselves_are_refused_by_name() -> Result<(), TaskError> {
    let number = |name: &'static str, value: f64| Condition::new().with(name, value);
    let cases = [
        ("delaygo", number("angle", 7.0), "angle"),
        ("delaygo", number("modality", 3.0), "modality"),
        ("delaydm1", number("coherence", 0.2).with("stronger", 2.0), "stronger"),
        ("delaydm1", number("strength", 0.1).with("coherence", 0.2), "strength"),
        ("delaydm1", number("coherence", 0.9), "coherence"),
        ("multidelaydm", number("split_1", 2.5), "split_1"),
        ("dmsgo", number("angle_1", 1.0).with("angle_2", 2.0).with("match", true), "match"),
        ("dmcgo", number("angle_1", 1.0).with("angle_2", 2.0).with("match", false), "match"),
        ("dmcgo", number("match", 1.0), "match"),
        ("dmcgo", number("angle", 1.0), "angle"),
    ];
    for (rule, condition, word) in cases {
        let message = test_trial(quiet(rule)?.as_ref(), &condition).unwrap_err().to_string();
        assert!(message.contains(&format!("`{word}`")), "{rule} {condition}: {message}");
    }
    Ok(())
}

#[test]
fn parameters_without_meaning_are_refused_by_name() {
    let shared = json!({
        "dt": 0.0, "sigma_in": -1.0, "tau_in": 0.0, "ungraded": 110.0, "grace": -20.0, "max_angle": 4.0,
        "weight_response": 0.0, "baseline": -0.1, "non_match": 4.0, "response": 100.0, "response_test": 110.0,
        "fixation": { "min": 700.0, "max": 300.0 },
    });
    let comparison = json!({
        "strength_min": 0.7, "coherence_min": 0.0, "coherence_max": 0.001, "stimulus": 0.0, "wait_test": 210.0,
    });
    let multi = json!({ "split_min": -0.1, "split_max": 2.5 });
    for (rule, parameters) in
        [("dmsgo", &shared), ("delaydm1", &shared), ("delaydm1", &comparison), ("multidelaydm", &multi)]
    {
        for (field, value) in parameters.as_object().unwrap() {
            let one = json!({ field.as_str(): value });
            let Err(error) = create(&format!("driscoll2022/{rule}"), Some(&one)) else {
                panic!("{rule} accepts {one}")
            };
            assert!(error.to_string().contains(field.as_str()), "{rule} {one}: {error}");
        }
    }
    // A step that does not divide the test durations needs a rule for rounding.
    assert!(create("driscoll2022/delaygo", Some(&json!({ "dt": 30.0 }))).is_err());
    assert!(create("driscoll2022/delaygo", Some(&json!({ "dt": 30.0, "rounding": "floor" }))).is_ok());
}

#[test]
fn a_task_made_without_parameters_has_those_that_are_listed() -> Result<(), TaskError> {
    for info in list().into_iter().filter(|info| info.n_inputs.is_some()) {
        assert_eq!(create(info.id, None)?.parameters(), info.parameters, "{}", info.id);
    }
    Ok(())
}
