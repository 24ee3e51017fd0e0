//! The checkerboard of Kleinman et al. (2021), in steps of 10 ms.

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_input, assert_lengths, assert_loss, square, trials};

/// Whole steps of |N(200, 50)| ms and of U(600, 1000) ms: half a step less than the durations.
const BEFORE: f64 = 19.5;
const TARGETS: f64 = 79.5;

#[test]
fn a_checkerboard_trial_has_the_length_the_loss_and_the_inputs_of_its_definition() {
    let trials = trials("kleinman2021/checkerboard", &json!({ "sigma_in": 0.0 }), 4000);
    let steps = 0.9 * (BEFORE + TARGETS + 150.0 + 30.0) + 0.1 * 200.0;
    // A catch trial is the shortest; a Gaussian stays within 5.5 standard deviations.
    assert_lengths("checkerboard", &trials, (200, 47 + 99 + 180), steps);
    // The right output is 1 for 130 steps. The first 20 of the checkerboard are graded, unless it is said otherwise.
    assert_loss("checkerboard", &trials, MaskedMse, 0.0, 0.9 * 130.0 / (2.0 * steps));
    let free = self::trials("kleinman2021/checkerboard", &json!({ "sigma_in": 0.0, "grade_onset": false }), 4000);
    assert_loss("a free onset", &free, MaskedMse, 0.0, 0.9 * 130.0 / (2.0 * (steps - 0.9 * 20.0)));
    // Half of the catch trials show the targets, from when they come on to 300 ms before the end.
    let shown = 0.9 * (TARGETS + 150.0) + 0.05 * (170.0 - BEFORE);
    let coherences =
        [117.0, 124.0, 135.0, 147.0, 158.0, 180.0, 214.0].map(|red: f64| (2.0 * red / 225.0 - 1.0).powi(2));
    let evidence = 0.9 * 150.0 * coherences.iter().sum::<f64>() / 7.0;
    for (channel, expected) in [shown, shown, evidence, evidence].into_iter().enumerate() {
        assert_input(&format!("squared channel {channel}"), &trials, square(channel), expected / steps);
    }
    // Either arrangement, either colour, and either side are as frequent.
    assert_input("the left target", &trials, |inputs| f64::from(inputs[0]), 0.0);
    assert_input("the coherence", &trials, |inputs| f64::from(inputs[2]), 0.0);
    assert_input("their product", &trials, |inputs| f64::from(inputs[0] * inputs[2]), 0.0);
}

#[test]
fn a_catch_trial_asks_for_nothing_and_half_of_them_show_either_arrangement() {
    let trials = trials("kleinman2021/checkerboard", &json!({ "sigma_in": 0.0, "p_catch": 1.0 }), 4000);
    assert_lengths("catch trials", &trials, (200, 200), 200.0);
    assert_loss("catch trials", &trials, MaskedMse, 0.0, 0.0);
    for (channel, expected) in [0.5, 0.5, 0.0, 0.0].into_iter().enumerate() {
        assert_input(
            &format!("catch trials, squared channel {channel}"),
            &trials,
            square(channel),
            expected * (170.0 - BEFORE) / 200.0,
        );
        assert_input(&format!("catch trials, channel {channel}"), &trials, |inputs| f64::from(inputs[channel]), 0.0);
    }
}
