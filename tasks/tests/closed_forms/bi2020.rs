//! Interval production of Bi & Zhou (2020), in steps of 20 ms.

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_ends, assert_input, assert_lengths, assert_loss, trials};

#[test]
fn an_interval_has_the_length_the_loss_and_the_inputs_of_its_definition() {
    let trials = trials("bi2020/interval_production", &json!({}), 4000);
    // Whole steps: 4 to 24 of fixation, 20 to 69 of the interval, which is produced once more, 30 to 79 of the delay.
    let steps = 14.0 + 3.0 + 44.5 + 3.0 + 54.5 + 3.0 + 44.5 + 15.0;
    assert_lengths("interval production", &trials, (4 + 2 * 20 + 30 + 24, 24 + 2 * 69 + 79 + 24), steps);
    // 1 in the last 15 steps; graded from the first pulse on.
    assert_loss("interval production", &trials, MaskedMse, 0.0, 15.0 / (steps - 14.0));
    for (channel, on) in [6.0, 3.0].into_iter().enumerate() {
        assert_input(
            &format!("interval production, channel {channel}"),
            &trials,
            |inputs| f64::from(inputs[channel]),
            on / steps,
        );
    }
}

#[test]
fn each_drawn_duration_has_the_ends_of_its_range() {
    // 5 steps of fixation, twice 30 of the interval, 80 of the delay, and 24 for the rest, where they are not drawn.
    let fixed = json!({ "fixation": 100.0, "interval": 600.0, "delay": 1600.0 });
    for (drawn, shortest, longest) in
        [("fixation", 164 + 4, 164 + 24), ("interval", 109 + 2 * 20, 109 + 2 * 69), ("delay", 89 + 30, 89 + 79)]
    {
        let mut parameters = fixed.clone();
        parameters.as_object_mut().map(|fields| fields.remove(drawn));
        assert_ends(drawn, &trials("bi2020/interval_production", &parameters, 2000), shortest, longest);
    }
}
