//! Path integration of Cueva & Wei (2018), in steps of a tenth of tau.

use std::f64::consts::PI;

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_input, assert_lengths, assert_loss, square, trials};

#[test]
fn speeds_and_directions_have_their_means_in_a_room_with_walls_too() {
    let trials = trials("cueva2018/path_integration", &json!({}), 400);
    assert_lengths("path integration", &trials, (500, 500), 500.0);
    // The speed is not drawn again at a wall: a Rayleigh number of mean m has the mean square 4/pi m^2.
    assert_input("speed", &trials, |inputs| f64::from(inputs[0]), 0.2);
    assert_input("squared speed", &trials, square(0), 0.04 * 4.0 / PI);
    // The square room looks the same from all of its sides.
    assert_input("direction", &trials, |inputs| f64::from(inputs[1]), PI);
    assert_input("cosine of the direction", &trials, |inputs| f64::from(inputs[1]).cos(), 0.0);
}

#[test]
fn who_stays_at_the_start_errs_by_the_spread_of_a_persistent_walk() {
    // Without walls, directions k steps apart have the mean cosine exp(-k sigma^2 h / 2), h = dt / tau = 0.1. After n
    // steps the mean square distance is h^2 (n E v^2 + 2 m^2 sum over k of (n - k) times this cosine), shared by two
    // outputs.
    let (h, m) = (0.1_f64, 0.2_f64);
    let room = json!([[-99.0, -99.0], [99.0, -99.0], [99.0, 99.0], [-99.0, 99.0]]);
    for sigma in [0.5_f64, 2.0] {
        let cosine = (-sigma * sigma * h / 2.0).exp();
        let distance = |n: i32| {
            let together: f64 = (1..n).map(|k| f64::from(n - k) * cosine.powi(k)).sum();
            h * h * (f64::from(n) * 4.0 / PI * m * m + 2.0 * m * m * together)
        };
        let expected = (1..=500).map(distance).sum::<f64>() / 500.0 / 2.0;
        let trials = trials("cueva2018/path_integration", &json!({ "room": room, "turning": sigma }), 3000);
        assert_loss(&format!("path integration, turning {sigma}"), &trials, MaskedMse, 0.0, expected);
    }
}
