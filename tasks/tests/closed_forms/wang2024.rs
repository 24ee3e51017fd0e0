//! Sensory autoencoding of Wang et al. (2024): what cells sense at places near each other. Rates of masking and the
//! mean response are checked in `tests/wang2024.rs`; what an output that is always 0 costs depends on the least
//! response of each cell, which has no closed form.

use nn4n_tasks::wang2024::PlaceCells;
use nn4n_tasks::{Task, TaskError};
use serde_json::json;

use super::measure::{assert_lengths, assert_ratio, trials};

#[test]
fn a_walk_of_950_ms_has_19_steps() {
    assert_lengths("place cells", &trials("wang2024/place_cells", &json!({}), 50), (19, 19), 19.0);
    assert_lengths("place cells", &trials("wang2024/place_cells", &json!({ "dt": 10.0 }), 50), (95, 95), 95.0);
}

#[test]
fn responses_at_two_places_differ_as_those_of_noise_behind_a_gaussian_filter() -> Result<(), TaskError> {
    // The correlation at distance d is exp(-d^2 / (4 sigma^2)). A margin of 4 sigma keeps the filter within the noise,
    // and the pixels are small.
    let (sigma, n_cells) = (4.0, 300);
    let task = PlaceCells { sigma, n_cells, margin: 16.0, ..PlaceCells::default() };
    task.validate()?;
    let at = |x: i32, y: i32| task.sensed([f64::from(x) + 0.5, f64::from(y) + 0.5]);
    for (near, far) in [(1, 4), (3, 6), (4, 20)] {
        let mut pairs = vec![(0.0, 0.0); n_cells];
        for (x, y) in (0..5).flat_map(|i| (0..5).map(move |j| (19 * i, 19 * j))) {
            let (here, near, far) = (at(x, y)?, at(x + near, y)?, at(x, y + far)?);
            for (cell, pair) in pairs.iter_mut().enumerate() {
                pair.0 += f64::from(near[cell] - here[cell]).powi(2);
                pair.1 += f64::from(far[cell] - here[cell]).powi(2);
            }
        }
        let differ = |d: i32| 1.0 - (-f64::from(d * d) / (4.0 * sigma * sigma)).exp();
        assert_ratio(&format!("differences over {near} and {far} cm"), &pairs, differ(near) / differ(far));
    }
    Ok(())
}
