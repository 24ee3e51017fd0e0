//! Periods, inputs and labels.

use ndarray::ArrayView2;
use nn4n_tasks::neurogym::{
    Context, ContextDecision, ContextDecisionMaking, EconomicDecisionMaking, Edge, Environment, IntervalReproduction,
    PerceptualDecision, ReadySetGo, Wager,
};
use nn4n_tasks::{Condition, Split, Task, TaskError, Trial, TrialRng, create, list};
use serde_json::json;

use super::{answers, trial};

/// The epochs of a trial as text, with their lengths in steps.
fn spans(trial: &Trial) -> String {
    trial
        .epochs
        .iter()
        .map(|epoch| format!("{} {}", epoch.name, epoch.end - epoch.start))
        .collect::<Vec<_>>()
        .join(" | ")
}

#[test]
fn every_environment_has_the_published_periods() -> Result<(), TaskError> {
    let pulses: String = (1..=6).map(|bin| format!("cue_{bin} 1 | gap_{bin} 24 | ")).collect();
    let cases: [(&str, serde_json::Value, String); 19] = [
        ("perceptual_decision_making", json!({}), "fixation 1 | stimulus 20 | decision 1".into()),
        (
            "perceptual_decision_making_delay_response",
            json!({ "delay": 4000.0 }),
            "stimulus 12 | delay 40 | decision 15".into(),
        ),
        ("context_decision_making", json!({ "delay": 600.0 }), "fixation 3 | stimulus 8 | delay 6 | decision 1".into()),
        ("multisensory_integration", json!({}), "fixation 3 | stimulus 8 | decision 1".into()),
        ("delay_comparison", json!({}), "fixation 5 | stimulus1 5 | delay 10 | stimulus2 5 | decision 1".into()),
        ("delay_match_sample", json!({}), "fixation 3 | sample 5 | delay 10 | test 5 | decision 9".into()),
        (
            "delay_match_sample_distractor_1d",
            json!({}),
            "fixation 3 | sample 5 | delay1 10 | test1 5 | delay2 10 | test2 5 | delay3 10 | test3 5".into(),
        ),
        ("delay_match_category", json!({}), "fixation 5 | sample 7 | first_delay 10 | test 7".into()),
        (
            "delay_paired_association",
            json!({}),
            "stim1 10 | delay_btw_stim 10 | stim2 10 | delay_aft_stim 10 | decision 5".into(),
        ),
        (
            "dual_delay_match_sample",
            json!({}),
            "fixation 5 | sample 5 | delay1 5 | cue1 5 | test1 5 | delay2 5 | cue2 5 | test2 5".into(),
        ),
        ("go_nogo", json!({}), "stimulus 5 | delay 5 | decision 5".into()),
        ("anti_reach", json!({}), "fixation 5 | stimulus 5 | decision 5".into()),
        (
            "ready_set_go",
            json!({ "measure": 960.0 }),
            "fixation 1 | ready 1 | measure 12 | set 1 | production 24".into(),
        ),
        ("motor_timing", json!({ "cue": 1040.0 }), "fixation 6 | cue 13 | set 1 | production 38".into()),
        (
            "interval_discrimination",
            json!({ "stim1": 400.0, "stim2": 480.0, "delay1": 1040.0 }),
            "fixation 4 | stim1 5 | delay1 13 | stim2 6 | delay2 6 | decision 4".into(),
        ),
        ("pulse_decision_making", json!({}), format!("fixation 50 | {pulses}decision 50")),
        (
            "post_decision_wager",
            json!({ "stimulus": 200.0, "delay": 1300.0, "pre_sure": 600.0 }),
            "fixation 1 | stimulus 2 | delay 13 | decision 1".into(),
        ),
        (
            "probabilistic_reasoning",
            json!({}),
            "fixation 5 | stimulus1 5 | stimulus2 5 | stimulus3 5 | stimulus4 5 | delay 5 | decision 5".into(),
        ),
        ("economic_decision_making", json!({ "offer_on": 1200.0 }), "fixation 15 | offer_on 12 | decision 8".into()),
    ];
    for (name, parameters, expected) in cases {
        let task = create(&format!("neurogym/{name}"), Some(&parameters))?;
        let trial = trial(task.as_ref(), &task.conditions().pop().unwrap())?;
        assert_eq!(spans(&trial), expected, "{name}");
        assert!(trial.loss_mask.iter().all(|&weight| weight == 1.0), "{name}");
    }
    Ok(())
}

#[test]
fn durations_are_floored_as_in_neurogym_on_request() -> Result<(), TaskError> {
    let cases = [
        (
            "perceptual_decision_making_delay_response",
            "stimulus 11 | delay 40 | decision 15",
            json!({ "delay": 4000.0 }),
        ),
        (
            "context_decision_making",
            "fixation 3 | stimulus 7 | delay 3 | decision 1",
            json!({ "delay": { "min": 350.0, "max": 399.0 } }),
        ),
        ("delay_match_category", "fixation 5 | sample 6 | first_delay 10 | test 6", json!({})),
        ("motor_timing", "fixation 6 | cue 13 | production 37", json!({ "cue": 1040.0 })),
        ("economic_decision_making", "fixation 15 | offer_on 12 | decision 7", json!({ "offer_on": 1200.0 })),
    ];
    for (name, expected, mut parameters) in cases {
        parameters["rounding"] = json!("floor");
        let task = create(&format!("neurogym/{name}"), Some(&parameters))?;
        let trial = trial(task.as_ref(), &task.conditions().pop().unwrap())?;
        assert_eq!(spans(&trial), expected, "{name}");
        let perfect = task.score(trial.view(), trial.targets.view());
        assert_eq!(perfect.correct, Some(true), "{name}");
        parameters["rounding"] = json!("exact");
        if name != "context_decision_making" {
            assert!(
                create(&format!("neurogym/{name}"), Some(&parameters))
                    .unwrap_err()
                    .to_string()
                    .contains("whole number"),
                "{name}"
            );
        }
    }
    Ok(())
}

#[test]
fn the_go_cue_is_the_end_of_the_fixation_input_and_neurogym_has_none() -> Result<(), TaskError> {
    let condition = Condition::new().with("context", 2.0);
    for (go_cue, context_in_decision, fixation, context) in
        [(true, false, 17.0, 17.0), (false, false, 3.0, 17.0), (true, true, 17.0, 18.0), (false, true, 3.0, 18.0)]
    {
        let cued = ContextDecision { context: Context::Cued, delay: 600.0.into(), sigma: 0.0, ..Default::default() };
        let task = ContextDecision { go_cue, context_in_decision, ..cued };
        let task = Environment { task, ..Environment::default() };
        let trial = trial(&task, &condition)?;
        assert_eq!(trial.inputs.column(0).sum(), fixation);
        assert_eq!((trial.inputs.column(5).sum(), trial.inputs.column(6).sum()), (0.0, context));
    }
    for (go_cue, fixation) in [(true, 21.0), (false, 1.0)] {
        let task = PerceptualDecision { go_cue, ..Default::default() };
        let task = Environment { task, ..Environment::default() };
        assert_eq!(trial(&task, &Condition::new())?.inputs.column(0).sum(), fixation);
    }
    Ok(())
}

#[test]
fn context_says_which_modality_counts() -> Result<(), TaskError> {
    let condition = Condition::new().with("coherence_1", 0.5).with("coherence_2", -0.5);
    for (context, expected) in [(Context::Modality1, 1), (Context::Modality2, 2)] {
        let task = ContextDecision { context, ..Default::default() };
        let task = Environment { task, ..Environment::default() };
        assert_eq!((task.inputs().len(), task.conditions().len()), (5, 36));
        assert_eq!(trial(&task, &condition)?.correct, Some(expected));
        assert!(trial(&task, &condition.clone().with("context", (3 - expected) as f64)).is_err());
    }
    let cued = ContextDecision { context: Context::Cued, ..Default::default() };
    let cued = ContextDecisionMaking { task: cued, ..Default::default() };
    assert_eq!((cued.inputs().len(), cued.conditions().len()), (7, 72));
    assert_eq!(trial(&cued, &condition.clone().with("context", 2.0))?.correct, Some(2));
    assert_eq!(cued.parameters()["context"], "cued");
    Ok(())
}

#[test]
fn the_sure_target_comes_after_its_delay_and_stays() -> Result<(), TaskError> {
    let task = Wager { pre_sure: 600.0.into(), delay: 1300.0.into(), stimulus: 200.0.into(), ..Default::default() };
    let task = Environment { task, ..Environment::default() };
    let trial = trial(&task, &Condition::new().with("wager", true))?;
    assert_eq!(spans(&trial), "fixation 1 | stimulus 2 | delay 6 | sure_target 7 | decision 1");
    assert_eq!(trial.inputs.column(3).to_vec(), [vec![0.0; 9], vec![1.0; 8]].concat());
    Ok(())
}

#[test]
fn intervals_run_from_flash_to_flash_or_as_the_code_of_neurogym_counts_them() -> Result<(), TaskError> {
    let condition = Condition::new().with("interval", 960.0);
    let step = |trial: &Trial, array: fn(&Trial) -> ArrayView2<'_, f32>, channel: usize| {
        array(trial).column(channel).iter().position(|&u| u == 1.0).unwrap()
    };
    let (onset, offset) = (Edge::Onset, Edge::Offset);
    let default = IntervalReproduction::default();
    assert_eq!((default.measure_from, default.label_from, default.reward_from), (offset, offset, offset));
    // The last but one is neurogym's code.
    for (measure_from, label_from, reward_from, set, go) in [
        (offset, offset, offset, 14, 27),
        (onset, onset, onset, 13, 25),
        (onset, offset, onset, 13, 26),
        (offset, onset, onset, 14, 26),
    ] {
        let task = IntervalReproduction { measure_from, label_from, reward_from, ..Default::default() };
        let task = Environment { task, ..Environment::default() };
        let trial = trial(&task, &condition)?;
        assert_eq!(step(&trial, |trial| trial.inputs.view(), 1), 1);
        assert_eq!(step(&trial, |trial| trial.inputs.view(), 2), set);
        assert_eq!(step(&trial, |trial| trial.targets.view(), 1), go);
        // In time: 960 +- 217 ms after an edge of set, which are 10 to 14 steps.
        let edge = if reward_from == onset { set } else { set + 1 };
        for late in 1..24 {
            let score = task.score(trial.view(), answers(trial.view(), &[(edge + late, 1)]).view());
            assert_eq!(score.correct, Some((10..=14).contains(&late)), "{late}");
            assert_eq!(score.reaction_time, Some(80.0 * late as f64));
        }
    }
    let faster = IntervalReproduction { gain: 1.5, ..Default::default() };
    let faster = ReadySetGo { task: faster, ..Default::default() };
    let trial = trial(&faster, &condition)?;
    assert_eq!(step(&trial, |trial| trial.targets.view(), 1), 15 + 18);
    Ok(())
}

#[test]
fn the_more_valuable_juice_is_right_on_either_side() -> Result<(), TaskError> {
    let task = EconomicDecisionMaking::default();
    assert_eq!(task.conditions().len(), 18);
    for condition in task.conditions() {
        let (b, a) = (condition.number("n_b").unwrap() / 2.2, condition.number("n_a").unwrap());
        let first_is_better = (condition.text("juice_1") == Some("a")) == (a > b);
        assert_eq!(trial(&task, &condition)?.correct, Some(if first_is_better { 1 } else { 2 }), "{condition}");
    }
    Ok(())
}

#[test]
fn a_drawn_trial_is_shown_again_without_its_noise() -> Result<(), TaskError> {
    for info in list().into_iter().filter(|info| info.id.starts_with("neurogym/")) {
        // Timing is no part of a condition, so it is fixed here.
        let fixed = |(field, value): (&String, &serde_json::Value)| match value.get("min") {
            Some(min) => Some((field.clone(), json!((min.as_f64().unwrap() / info.dt).ceil() * info.dt))),
            None if value.get("one_of").is_some() => Some((field.clone(), json!(300.0))),
            None if field == "sigma" => Some((field.clone(), json!(0.0))),
            None => None,
        };
        let changes: serde_json::Map<_, _> = info.parameters.as_object().unwrap().iter().filter_map(fixed).collect();
        let keep = |field: &str| matches!(field, "measure" | "stim1" | "stim2") && info.dt == 80.0;
        let changes: serde_json::Map<_, _> = changes.into_iter().filter(|(field, _)| !keep(field)).collect();
        let task = create(info.id, Some(&changes.into()))?;
        for index in 0..20 {
            let drawn = task.trial(Split::Train, None, &mut TrialRng::new(0, "train", 0, index))?;
            let again = trial(task.as_ref(), &drawn.condition)?;
            assert_eq!(
                (again.inputs, again.targets, again.correct),
                (drawn.inputs, drawn.targets, drawn.correct),
                "{}",
                info.id
            );
        }
    }
    Ok(())
}
