//! What counts as right, and how often a guess does.

use ndarray::Array3;
use nn4n_tasks::neurogym::{
    DelayMatchSample, DelayMatchSampleDistractor1D, DelayPairedAssociation, DualDelayMatchSample, DualMatchToSample,
    GoNogo, PostDecisionWager,
};
use nn4n_tasks::{Condition, Score, Split, Task, TaskError, Trial, TrialRng, balanced, create, performance};
use serde_json::json;

use super::{answers, trial};

fn score(task: &dyn Task, trial: &Trial, actions: &[(usize, usize)]) -> Score {
    task.score(trial.view(), answers(trial.view(), actions).view())
}

#[test]
fn the_first_action_in_the_decision_counts_and_none_before() -> Result<(), TaskError> {
    let task = DelayMatchSample::default();
    let trial = trial(&task, &Condition::new().with("match", true))?;
    // The decision is steps 23 to 31.
    let right = score(&task, &trial, &[(3, 2), (22, 2), (25, 1), (26, 2)]);
    assert_eq!((right.choice, right.correct, right.reaction_time), (Some(1), Some(true), Some(300.0)));
    let wrong = score(&task, &trial, &[(23, 2), (24, 1)]);
    assert_eq!((wrong.choice, wrong.correct, wrong.reaction_time), (Some(2), Some(false), Some(100.0)));
    let none = score(&task, &trial, &[(22, 1)]);
    assert_eq!((none.choice, none.correct, none.reaction_time), (Some(0), Some(false), None));
    Ok(())
}

#[test]
fn not_to_act_is_right_where_nothing_is_to_be_done() -> Result<(), TaskError> {
    let pair = |first: f64, second: f64| Condition::new().with("first", first).with("second", second);
    let pairs = [(pair(1.0, 3.0), true), (pair(1.0, 4.0), false), (pair(2.0, 3.0), false), (pair(2.0, 4.0), true)];
    for (condition, go) in pairs {
        let task = DelayPairedAssociation::default();
        let trial = trial(&task, &condition)?;
        assert_eq!(score(&task, &trial, &[(10, 1)]).correct, Some(!go), "{condition}");
        assert_eq!(score(&task, &trial, &[(44, 1)]).correct, Some(go), "{condition}");
    }
    for go in [true, false] {
        let trial = trial(&GoNogo::default(), &Condition::new().with("go", go))?;
        assert_eq!(score(&GoNogo::default(), &trial, &[]).correct, Some(!go));
        assert_eq!(score(&GoNogo::default(), &trial, &[(14, 1)]).correct, Some(go));
    }
    Ok(())
}

#[test]
fn a_response_to_a_distractor_or_a_delay_is_wrong_and_one_to_the_sample_does_not_matter() -> Result<(), TaskError> {
    let task = DelayMatchSampleDistractor1D::default();
    let trial = trial(&task, &Condition::new().with("match", 2.0))?;
    // Sample 3-8, tests 18-23, 33-38, 48-53.
    for (actions, correct) in [
        (&[(34, 1)][..], true),
        (&[(4, 1), (34, 1), (50, 1)], true),
        (&[(20, 1), (34, 1)], false),
        (&[(30, 1), (34, 1)], false),
        (&[(50, 1)], false),
        (&[], false),
    ] {
        assert_eq!(score(&task, &trial, actions).correct, Some(correct), "{actions:?}");
    }
    assert_eq!(score(&task, &trial, &[(34, 1)]).reaction_time, Some(200.0));
    Ok(())
}

#[test]
fn both_tests_must_be_right_where_for_neurogym_one_will_do() -> Result<(), TaskError> {
    let condition = Condition::new().with("tested_first", 2.0).with("match_1", true).with("match_2", false);
    let both = DualDelayMatchSample::default();
    let any = DualMatchToSample { both: false, ..Default::default() };
    let any = DualDelayMatchSample { task: any, ..Default::default() };
    let trial = trial(&both, &condition)?;
    // The first test, steps 20 to 24, is of object 2 and asks for class 2; the second, 35 to 39, for class 1.
    for (actions, right, enough) in [
        (&[(20, 2), (35, 1)][..], true, true),
        (&[(20, 1), (35, 1)], false, true),
        (&[(20, 1), (21, 2), (35, 2)], false, true),
        (&[(20, 2)], false, true),
        (&[(20, 1), (35, 2), (36, 1)], false, false),
    ] {
        assert_eq!(score(&both, &trial, actions).correct, Some(right), "{actions:?}");
        assert_eq!(score(&any, &trial, actions).correct, Some(enough), "{actions:?}");
    }
    assert_eq!(score(&both, &trial, &[(20, 2), (36, 1)]).choice, Some(1));
    Ok(())
}

#[test]
fn a_sure_choice_is_not_scored_where_it_is_offered_and_wrong_where_it_is_not() -> Result<(), TaskError> {
    let task = PostDecisionWager::default();
    for (wager, correct) in [(true, None), (false, Some(false))] {
        let trial = trial(&task, &Condition::new().with("wager", wager).with("coherence", 0.512))?;
        let last = trial.n_steps() - 1;
        let sure = score(&task, &trial, &[(last, 3)]);
        assert_eq!((sure.choice, sure.correct), (Some(3), correct));
        assert_eq!(score(&task, &trial, &[(last, 1)]).correct, Some(true));
        assert_eq!(trial.inputs.column(3).sum() > 0.0, wager);
    }
    Ok(())
}

#[test]
fn chance_is_right_for_other_parameters_too() -> Result<(), TaskError> {
    let cases = [
        ("dual_delay_match_sample", json!({ "both": false, "test1": 200.0 })),
        ("dual_delay_match_sample", json!({ "test1": 100.0 })),
        ("delay_match_sample_distractor_1d", json!({ "delay": 0.0, "test": 100.0 })),
        ("ready_set_go", json!({ "measure": 240.0, "gain": 0.5 })),
        (
            "ready_set_go",
            json!({ "measure": { "min": 160.0, "max": 400.0 }, "measure_from": "onset", "reward_from": "onset" }),
        ),
        ("motor_timing", json!({ "intervals": [160.0, 320.0] })),
        ("perceptual_decision_making", json!({ "dim_ring": 5, "decision": 300.0 })),
        ("post_decision_wager", json!({ "decision": 300.0 })),
    ];
    for (name, parameters) in cases {
        let task = create(&format!("neurogym/{name}"), Some(&parameters))?;
        let trials = balanced(task.as_ref(), Split::Train, 2, 0, 4000 / task.conditions().len())?;
        let mut rng = TrialRng::new(3, "answers", 0, 0);
        let answers = Array3::from_shape_simple_fn(trials.targets.dim(), || rng.uniform() as f32);
        let (reached, p) = (performance(task.as_ref(), &trials, answers.view())?.overall.unwrap(), task.chance());
        assert!(
            (reached - p).abs() < 4.5 * (p * (1.0 - p) / 3500.0).sqrt(),
            "{name} {parameters}: {reached}, but chance is {p}"
        );
    }
    Ok(())
}
