//! Tolmachev & Engel (2025), in steps of 1 ms.

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_input, assert_lengths, assert_loss, trials};

#[test]
fn two_bits_have_the_lengths_the_loss_and_the_inputs_of_their_definitions() {
    // Of the bits, as often 0 as 1, the sum is 1 in two trials of four and the carry in one; 90 of the 120 graded steps
    // ask for them.
    let (sum, carry) = (0.5 * 90.0 / 120.0, 0.25 * 90.0 / 120.0);
    for (id, parameters, loss) in [
        // One of two outputs is 1, and nothing else is graded.
        ("xor", json!({}), 0.5),
        ("half_adder", json!({}), (sum + carry) / 2.0),
        ("half_adder", json!({ "carry": false }), sum),
    ] {
        let trials = trials(&format!("tolmachev2025/{id}"), &parameters, 4000);
        assert_lengths(id, &trials, (150, 150), 150.0);
        assert_loss(id, &trials, MaskedMse, 0.0, loss);
        for channel in 0..trials.inputs.dim().2 {
            assert_input(&format!("{id}, channel {channel}"), &trials, |inputs| f64::from(inputs[channel]), 0.5);
        }
        let (first, second) = if id == "xor" { (1, 3) } else { (0, 1) };
        assert_input(&format!("{id}, both bits"), &trials, |inputs| f64::from(inputs[first] * inputs[second]), 0.25);
    }
}

#[test]
fn an_anti_angle_has_the_length_the_loss_and_the_inputs_of_its_definition() {
    let trials = trials("tolmachev2025/memory_anti_angle", &json!({}), 4000);
    assert_lengths("memory_anti_angle", &trials, (200, 200), 200.0);
    // Two channels share an angle as f and 1 - f. Over the 71 angles f = 0, 1/71, .. 70/71, each once, and over the
    // opposite ones 1/142, 3/142, .. 141/142: the mean of f is then 1/2, that of its square 1/3 - 1 / (12 * 71^2).
    let squares = 2.0 / 3.0 - 1.0 / (6.0 * 71.0 * 71.0);
    assert_loss("memory_anti_angle", &trials, MaskedMse, 0.0, 70.0 * squares / (190.0 * 3.0));
    // 24, 24 and 23 angles lie in the thirds of the circle. Summed over all, a channel has 24 - 23/71 or 24 - 24/71.
    let shown = |missing: f64| 10.0 * (24.0 - missing / 71.0) / 71.0;
    for (channel, steps) in [shown(23.0), shown(24.0), shown(24.0), 200.0, 80.0].into_iter().enumerate() {
        assert_input(
            &format!("memory_anti_angle, channel {channel}"),
            &trials,
            |inputs| f64::from(inputs[channel]),
            steps / 200.0,
        );
    }
}
