//! Masse et al. (2019): steps of 10 ms, classes at every step, 50 ms without cost at the start of each test.

use nn4n_tasks::{Condition, Objective, TrialBatch, create};
use serde_json::{Value, json};

use crate::closed_forms::measure::{
    Period, assert_classes, assert_mean, assert_periods, assert_ratio, assert_shown, mean_floor_exponential, steps_of,
    trials,
};

const N: usize = 2000;

const DELAYED: [&str; 6] = ["dms", "dmrs45", "dmrs90", "dmrs180", "dmc", "dms_dmrs"];

/// What the inputs of one place show of one direction at a step: 4 exp(2 (cos x - 1)) summed over 24 channels, with the
/// Bessel function I0(2).
const BUMP: f64 = 4.0 * 24.0 * 0.135_335_283_236_612_7 * 2.279_585_302_336_067;

fn quiet(name: &str, more: &Value) -> TrialBatch {
    let mut parameters = json!({ "sigma_in": 0.0 });
    parameters.as_object_mut().expect("a table").extend(more.as_object().expect("a table").clone());
    trials(&format!("masse2019/{name}"), &parameters, N)
}

/// Many short trials, where only their variables count.
fn coarse(name: &str) -> TrialBatch {
    trials(&format!("masse2019/{name}"), &json!({ "sigma_in": 0.0, "dt": 50.0 }), 5000)
}

fn periods(name: &str) -> Vec<Period> {
    let fixed = |list: &[(&'static str, usize)]| list.iter().map(|(name, n)| (*name, (*n, *n), *n as f64)).collect();
    match name {
        "abba" | "abca" => fixed(&[
            ("fixation", 50),
            ("sample", 40),
            ("delay_1", 40),
            ("test_1", 40),
            ("delay_2", 40),
            ("test_2", 40),
            ("delay_3", 40),
            ("test_3", 40),
            ("after", 50),
        ]),
        "dual_dms" => fixed(&[
            ("fixation", 50),
            ("sample", 50),
            ("delay_1", 100),
            ("test_1", 50),
            ("delay_2", 100),
            ("test_2", 50),
        ]),
        _ => fixed(&[("fixation", 50), ("sample", 50), ("delay", 100), ("test", 50)]),
    }
}

/// The mean weight of the graded steps of each class: fixation, non-match and match. Those of tests count twice.
fn classes(name: &str) -> [f64; 3] {
    // Matches among the tests. In ABBA a match is followed by one with 0.5 + 0.5 * 0.5, else with 0.5: 0.5, 0.5 + 0.25
    // * 0.5, 0.5 + 0.25 * 0.625.
    let (fixation, graded, tests, matches) = match name {
        "abba" => (260.0, 35.0, 3.0, 0.5 + 0.625 + 0.65625),
        "abca" => (260.0, 35.0, 3.0, 1.5),
        "dual_dms" => (300.0, 45.0, 2.0, 1.0),
        _ => (200.0, 45.0, 1.0, 0.5),
    };
    [fixation, 2.0 * graded * (tests - matches), 2.0 * graded * matches]
}

#[test]
fn periods_have_their_published_lengths_and_classes_their_share_of_the_graded_steps() {
    for name in DELAYED.into_iter().chain(["abba", "abca", "dual_dms"]) {
        let trials = quiet(name, &json!({}));
        assert_periods(name, &trials, &periods(name));
        assert_classes(name, &trials, &classes(name));
        assert_eq!(create(&format!("masse2019/{name}"), None).expect(name).objective(), Objective::Classes);
    }
}

#[test]
fn weights_of_tests_and_time_that_is_dead_change_what_is_graded() {
    for name in DELAYED {
        // 250 ms before fixation are dead, a test is graded after 100 ms, and its steps weigh 3 times as much.
        let trials = quiet(name, &json!({ "dead": 250.0, "test_weight": 3.0, "ungraded": 100.0 }));
        assert!(trials.n_steps.iter().all(|steps| *steps == 25 + 250));
        assert_classes(name, &trials, &[200.0, 3.0 * 40.0 / 2.0, 3.0 * 40.0 / 2.0]);
    }
}

#[test]
fn catch_trials_are_to_be_fixated_to_the_end() {
    for name in DELAYED {
        let trials = quiet(name, &json!({ "p_catch": 0.25 }));
        assert_classes(name, &trials, &[200.0 + 0.25 * 45.0, 0.75 * 45.0, 0.75 * 45.0]);
    }
}

#[test]
fn a_variable_delay_gives_its_steps_to_the_test() {
    // The time since the shortest delay, 700 ms, has the mean 150 ms before it is truncated to 300 ms, and is cut to
    // whole steps.
    let delay = mean_floor_exponential(15.0, 70.0, 100.0);
    for name in DELAYED {
        let trials = quiet(name, &json!({ "variable_delay": true }));
        assert!(trials.n_steps.iter().all(|steps| *steps == 250));
        let is_shown = |trial: &usize| !trials.conditions[*trial].is_catch();
        let delays: Vec<f64> = (0..N).filter(is_shown).map(|trial| steps_of(&trials, trial, "delay")).collect();
        assert_mean(&format!("delay of {name}"), &delays, delay);
        // What lies beyond the truncation is a catch trial: exp(-300 / 150).
        let shown = 1.0 - (-2.0_f64).exp();
        let answered = shown * (150.0 - 5.0 - delay) / 2.0;
        assert_classes(name, &trials, &[245.0 - 2.0 * answered, 2.0 * answered, 2.0 * answered]);
    }
}

#[test]
fn inputs_show_as_much_as_their_directions_and_cues() {
    for (name, steps) in DELAYED.into_iter().map(|name| (name, 100.0)).chain([("abba", 160.0), ("abca", 160.0)]) {
        let trials = quiet(name, &json!({}));
        assert_shown(name, &trials, 0..24, steps * BUMP);
        // Directions are 45 degrees apart, the channels 15: all are shown equally often, however wide the bump is.
        for channel in [0, 7, 20] {
            assert_shown(name, &trials, channel..channel + 1, steps * BUMP / 24.0);
        }
    }
    // Half of the six rule channels are at 4, for 250 ms or twice from the middle of the delay to the end of the test.
    let trials = quiet("dms_dmrs", &json!({}));
    assert_shown("dms_dmrs", &trials, 24..30, 3.0 * 4.0 * 25.0);
    assert_shown("dms_dmrs", &trials, 24..25, 4.0 * 25.0 / 2.0);
    let trials = quiet("dual_dms", &json!({}));
    assert_shown("dual_dms", &trials, 0..24, 150.0 * BUMP);
    assert_shown("dual_dms", &trials, 24..48, 150.0 * BUMP);
    assert_shown("dual_dms", &trials, 48..54, 3.0 * 4.0 * 200.0);
    assert_shown("dual_dms", &trials, 51..52, 4.0 * 200.0 / 2.0);
}

#[test]
fn rectified_noise_lifts_inputs_that_show_nothing() {
    // A tenth, times sqrt(2 * 100 / 10); a rectified Gaussian has the mean sigma / sqrt(2 pi) and the mean square
    // sigma^2 / 2.
    let trials = trials("masse2019/dual_dms", &json!({}), 200);
    let silent = |power: i32| {
        let of_trial = |trial: usize| {
            let inputs = trials.view(trial).expect("a trial").inputs;
            (inputs.iter().take(50 * 54).map(|u| f64::from(*u).powi(power)).sum::<f64>(), 50.0 * 54.0)
        };
        (0..200).map(of_trial).collect::<Vec<_>>()
    };
    assert_ratio("noise", &silent(1), 0.1 * 20.0_f64.sqrt() / std::f64::consts::TAU.sqrt());
    assert_ratio("power of the noise", &silent(2), 0.01 * 20.0 / 2.0);
}

#[test]
fn the_turn_from_sample_to_test_is_the_one_asked_for_in_half_of_the_trials() {
    let (unlikely, even) = (0.5 / 7.0, 1.0 / 8.0);
    for (name, match_turn, other) in
        [("dms", 0, unlikely), ("dmrs45", 1, unlikely), ("dmrs90", 2, unlikely), ("dmrs180", 4, unlikely)]
    {
        assert_turns(name, |turn| if turn == match_turn { 0.5 } else { other });
    }
    // Of the pairs in one half of the circle (4 - |t|) / 16 have the turn t, of those across as many t - 4: together as
    // many each.
    assert_turns("dmc", |_| even);
    // The mean of dms and dmrs90.
    assert_turns("dms_dmrs", |turn| if turn == 0 || turn == 2 { (0.5 + unlikely) / 2.0 } else { unlikely });
}

/// How often the test is so many times 45 degrees further than the sample.
fn assert_turns(name: &str, expected: impl Fn(usize) -> f64) {
    let trials = coarse(name);
    let turn = |condition: &Condition| {
        let degrees = condition.number("test").expect("a test") - condition.number("sample").expect("a sample");
        (degrees.rem_euclid(360.0) / 45.0).round() as usize
    };
    for asked in 0..8 {
        let hits: Vec<f64> =
            trials.conditions.iter().map(|condition| f64::from(u8::from(turn(condition) == asked))).collect();
        assert_mean(&format!("turn {asked} of {name}"), &hits, expected(asked));
    }
}

#[test]
fn each_test_of_a_sequence_matches_as_often_as_its_rule_says() {
    // A test that does not match is the last one again with 0.5 in ABBA, if that did not match either, and never in
    // ABCA. Matches are as frequent as above.
    for (name, matches, again) in [("abba", [0.5, 0.625, 0.65625], 0.5), ("abca", [0.5, 0.5, 0.5], 0.0)] {
        let trials = coarse(name);
        let is_match = |condition: &Condition, test: &str| condition.number(test) == condition.number("sample");
        for (test, expected) in ["test_1", "test_2", "test_3"].into_iter().zip(matches) {
            let hits: Vec<f64> =
                trials.conditions.iter().map(|condition| f64::from(u8::from(is_match(condition, test)))).collect();
            assert_mean(&format!("{test} of {name}"), &hits, expected);
        }
        for (before, test) in [("test_1", "test_2"), ("test_2", "test_3")] {
            let others =
                trials.conditions.iter().filter(|condition| !is_match(condition, before) && !is_match(condition, test));
            let repeats =
                others.map(|condition| f64::from(u8::from(condition.number(before) == condition.number(test))));
            assert_mean(&format!("repeats in {test} of {name}"), &repeats.collect::<Vec<_>>(), again);
        }
    }
}

#[test]
fn places_cues_and_distractors_of_the_dual_task_are_drawn_evenly() {
    let trials = coarse("dual_dms");
    let share = |what: &str, expected: f64, is_hit: &dyn Fn(&Condition) -> Option<bool>| {
        let hits: Vec<f64> = trials.conditions.iter().filter_map(is_hit).map(|hit| f64::from(u8::from(hit))).collect();
        assert_mean(what, &hits, expected);
    };
    for (cued, test, distractor) in [("cued_1", "test_1", "distractor_1"), ("cued_2", "test_2", "distractor_2")] {
        let at = |condition: &Condition, is_cued: bool| {
            let place = if is_cued { condition.number(cued)? } else { 3.0 - condition.number(cued)? };
            condition.number(if place == 1.0 { "sample_1" } else { "sample_2" })
        };
        share(cued, 0.5, &|condition| Some(condition.number(cued)? == 1.0));
        share(test, 0.5, &|condition| Some(condition.number(test)? == at(condition, true)?));
        // Drawn freely, the distractor is its sample in one of eight trials.
        share(distractor, 1.0 / 8.0, &|condition| Some(condition.number(distractor)? == at(condition, false)?));
    }
    share("samples", 1.0 / 8.0, &|condition| Some(condition.number("sample_1")? == condition.number("sample_2")?));
    share("cues", 0.5, &|condition| Some(condition.number("cued_1")? == condition.number("cued_2")?));
}
