//! The reaching tasks, in steps of 10 ms.

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_ends, assert_input, assert_lengths, assert_loss, trials};

/// 100 ms each before the delay and the movement, 600 of movement, 200 on the target, and 450 of delay on average.
const STEPS: f64 = 10.0 + 45.0 + 10.0 + 60.0 + 20.0;

fn minimum_jerk(s: f64) -> f64 {
    10.0 * s.powi(3) - 15.0 * s.powi(4) + 6.0 * s.powi(5)
}

#[test]
fn reaches_have_the_lengths_the_loss_and_the_cues_of_their_definitions() {
    // The integral of the squared path is 181/462 = 100/7 - 300/8 + 345/9 - 180/10 + 36/11. A sum over the ends of 60
    // steps adds half of the last, and 20 steps on the target follow.
    let squares = 60.0 * 181.0 / 462.0 + 0.5 + 20.0;
    for (id, distance, first, turn) in [("centre_out", 1.0, 0.0, 45.0), ("arm_reach", 0.2, -36.0, 36.0)] {
        let trials = trials(&format!("motor/{id}"), &json!({}), 3000);
        // 30 to 60 steps of delay, the nearest ones.
        assert_lengths(id, &trials, (100 + 30, 100 + 60), STEPS);
        assert_ends(id, &trials, 100 + 30, 100 + 60);
        assert_loss(id, &trials, MaskedMse, 0.0, distance * distance * squares / (2.0 * STEPS));
        assert_input(&format!("go cue of {id}"), &trials, |inputs| f64::from(inputs[2]), 90.0 / STEPS);
        // Eight directions, shown from the delay on.
        let directions = (0..8).map(|k| f64::to_radians(first + turn * f64::from(k)));
        for (channel, parts) in
            [directions.clone().map(f64::cos).collect::<Vec<_>>(), directions.map(f64::sin).collect()]
                .iter()
                .enumerate()
        {
            for power in [1, 2] {
                let mean = parts.iter().map(|part| part.powi(power)).sum::<f64>() / 8.0;
                let cue = |inputs: ndarray::ArrayView1<'_, f32>| f64::from(inputs[channel]).powi(power);
                assert_input(
                    &format!("{id}, cue {channel} to the power {power}"),
                    &trials,
                    cue,
                    mean * (STEPS - 10.0) / STEPS,
                );
            }
        }
    }
}

#[test]
fn a_hand_that_stays_costs_the_squared_velocities_of_the_path() {
    let trials = trials("motor/centre_out", &json!({ "kinematics": "velocity" }), 2000);
    let velocity = |k: i32| (minimum_jerk(f64::from(k) / 60.0) - minimum_jerk(f64::from(k - 1) / 60.0)) / 0.01;
    let squares: f64 = (1..=60).map(|k| velocity(k).powi(2)).sum();
    // Nearly the integral, 10/7 of the squared mean velocity of 1 in 0.6 s.
    assert!((squares / 60.0 / (10.0 / 7.0 / 0.36) - 1.0).abs() < 2e-3, "{squares}");
    assert_loss("centre_out with velocities", &trials, MaskedMse, 0.0, squares / (2.0 * STEPS));
}
