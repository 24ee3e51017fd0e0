//! Mante et al. (2013): short trials in steps of 20 ms, and continuous ones in steps of 1 ms.

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_input, assert_lengths, assert_loss, square, trials};

#[test]
fn context_integration_has_the_lengths_the_loss_and_the_inputs_of_its_definition() {
    // The stimulus is 40 of 68 steps; the cue is on from after the fixation to before the decision.
    let (evidence, cue) = ((0.01 + 0.04 + 0.16) / 3.0 * 40.0 / 68.0 + 0.01, 0.01 / 2.0 * 62.0 / 68.0);
    let uniform = 0.1875 * 0.1875 / 3.0 + 1.0;
    for (id, steps, evidence, cue, both) in [
        ("context_integration", 68, evidence, cue, 0.1 * 62.0 / 68.0),
        ("context_integration_continuous", 750, uniform, 0.5, 1.0),
    ] {
        let trials = trials(&format!("mante2013/{id}"), &json!({}), 2000);
        assert_lengths(id, &trials, (steps, steps), steps as f64);
        assert_loss(id, &trials, MaskedMse, 0.0, 1.0);
        // 1/4 or 9/4, since either sign is asked for as often.
        assert_loss(id, &trials, MaskedMse, 0.5, 1.25);
        for (channel, expected) in [evidence, evidence, cue, cue].into_iter().enumerate() {
            assert_input(&format!("{id}, squared channel {channel}"), &trials, square(channel), expected);
        }
        // One cue or the other is on, and there is no noise on them.
        assert_input(&format!("{id}, both cues"), &trials, |inputs| f64::from(inputs[2]) + f64::from(inputs[3]), both);
        assert_input(&format!("{id}, one context at a time"), &trials, |inputs| f64::from(inputs[2] * inputs[3]), 0.0);
    }
}
