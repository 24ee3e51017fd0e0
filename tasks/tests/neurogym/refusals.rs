//! Parameters and conditions without meaning.

use nn4n_tasks::neurogym::{
    Edge, Environment, IntervalComparison, IntervalReproduction, ProbabilisticReasoning, PulseDecisionMaking,
};
use nn4n_tasks::{Condition, Duration, Task, TaskError, Value, create};
use serde_json::json;

use super::trial;

#[test]
fn parameters_without_meaning_are_refused_by_name() {
    let cases = [
        (
            "perceptual_decision_making",
            json!({ "dt": 0.0, "sigma": -1.0, "coherences": [6.4], "dim_ring": 1, "stimulus": 0.0, "decision": 50.0 }),
        ),
        (
            "context_decision_making",
            json!({ "context": "both", "dim_ring": 1000, "delay": { "min": 9.0, "max": 3.0 } }),
        ),
        ("multisensory_integration", json!({ "coherences": [], "decision": 0.0 })),
        ("delay_comparison", json!({ "pairs": [[10.0, 10.0]], "stimulus1": 0.0, "stimulus2": 0.0 })),
        ("delay_match_sample", json!({ "sample": 0.0, "test": 0.0, "delay": -1.0 })),
        ("delay_match_sample_distractor_1d", json!({ "test": 0.0, "delay": 150.0 })),
        ("delay_match_category", json!({ "test": 0.0, "first_delay": -1.0, "dim_ring": 0 })),
        ("delay_paired_association", json!({ "stim1": 0.0, "stim2": 0.0, "sigma": null })),
        ("dual_delay_match_sample", json!({ "cue1": 0.0, "test1": 0.0, "test2": 40.0, "both": 1 })),
        ("go_nogo", json!({ "stimulus": 0.0, "delay": 120.0 })),
        ("anti_reach", json!({ "dim_ring": 1, "decision": 0.0 })),
        ("ready_set_go", json!({ "ready": 0.0, "set": 0.0, "gain": 0.0, "prod_margin": -0.1, "measure": 0.0 })),
        ("ready_set_go", json!({ "gain": 0.01 })),
        ("motor_timing", json!({ "intervals": [800.0, 800.0], "cue": 0.0, "prod_slack": -1.0 })),
        ("interval_discrimination", json!({ "stim1": 0.0, "decision": 0.0 })),
        ("pulse_decision_making", json!({ "n_bins": 0, "p_pulse": [0.3, 1.5], "cue": 0.0, "gap": 5.0 })),
        ("post_decision_wager", json!({ "pre_sure": 1500.0, "coherences": [3.2] })),
        ("probabilistic_reasoning", json!({ "n_locations": 0, "shape_weights": [], "stimulus": 0.0 })),
        ("economic_decision_making", json!({ "offers": [[2.2, 1.0]], "b_to_a": 0.0 })),
        ("economic_decision_making", json!({ "offers": [] })),
    ];
    for (name, parameters) in cases {
        for (field, value) in parameters.as_object().unwrap() {
            let one = json!({ field.as_str(): value });
            let Err(error) = create(&format!("neurogym/{name}"), Some(&one)) else { panic!("{name} accepts {one}") };
            assert!(error.to_string().contains(&format!("`{field}")), "{name} {one}: {error}");
        }
    }
    let equal = IntervalComparison { stim1: 400.0.into(), stim2: 400.0.into(), ..Default::default() };
    let equal = Environment { task: equal, ..Environment::default() };
    assert!(equal.validate().unwrap_err().to_string().contains("`stim2`"));
    let validate = |task: IntervalReproduction| -> Result<(), TaskError> {
        Environment { task, ..Environment::default() }.validate()
    };
    let long = IntervalReproduction { ready: 4000.0, measure_from: Edge::Onset, ..Default::default() };
    assert!(validate(long).unwrap_err().to_string().contains("`measure`"));
    // 160 ms to produce end within a flash of 320 ms, but can follow it.
    let short = IntervalReproduction { set: 320.0, gain: 0.2, label_from: Edge::Onset, ..Default::default() };
    assert!(validate(short.clone()).unwrap_err().to_string().contains("`gain`"));
    assert!(validate(IntervalReproduction { label_from: Edge::Offset, ..short }).is_ok());
    let exact = IntervalReproduction { prod_margin: 0.0, prod_slack: 1.0, ..Default::default() };
    assert!(validate(exact).unwrap_err().to_string().contains("`prod_slack`"));
    let listed = IntervalReproduction { measure: Duration::one_of([800.0, 880.0]), ..Default::default() };
    assert!(validate(listed).is_ok());
}

#[test]
fn conditions_without_meaning_are_refused_by_name() {
    let word = |text: &'static str| Value::from(text);
    let cases = [
        ("perceptual_decision_making", "coherence", Value::Number(6.4)),
        ("perceptual_decision_making", "direction", Value::Number(3.0)),
        ("multisensory_integration", "proportion", Value::Number(1.5)),
        ("delay_comparison", "v1", Value::Number(18.0)),
        ("delay_match_sample", "match", Value::Number(1.0)),
        ("delay_match_sample_distractor_1d", "match", Value::Number(4.0)),
        ("delay_match_category", "sample", Value::Number(7.0)),
        ("delay_paired_association", "second", Value::Number(2.0)),
        ("dual_delay_match_sample", "tested_first", Value::Number(0.0)),
        ("go_nogo", "go", word("yes")),
        ("anti_reach", "target", Value::Number(0.5)),
        ("ready_set_go", "interval", Value::Number(810.0)),
        ("motor_timing", "interval", Value::Number(801.0)),
        ("interval_discrimination", "duration_1", Value::Number(410.0)),
        ("pulse_decision_making", "pulses_1", word("101010")),
        ("probabilistic_reasoning", "shape", Value::Number(1.0)),
        ("economic_decision_making", "juice_1", word("c")),
        ("economic_decision_making", "n_a", Value::Number(1.0)),
    ];
    for (name, variable, value) in cases {
        let task = create(&format!("neurogym/{name}"), None).unwrap();
        let condition = Condition::new().with(variable, value);
        let Err(error) = trial(task.as_ref(), &condition) else { panic!("{name} accepts {condition}") };
        assert!(error.to_string().contains(&format!("`{variable}`")), "{name} {condition}: {error}");
    }
    let unequal = Condition::new().with("more", 2.0).with("pulses_1", "110000").with("pulses_2", "100000");
    assert!(trial(&PulseDecisionMaking::default(), &unequal).unwrap_err().to_string().contains("`more`"));
    let one_shape = Condition::new().with("shape_1", 3.0);
    assert!(trial(&ProbabilisticReasoning::default(), &one_shape).unwrap_err().to_string().contains("shape_1"));
}
