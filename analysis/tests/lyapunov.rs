//! Lyapunov exponents of random networks against mean-field values, and of whole trials against constant ones.

use std::ops::ControlFlow;

use ndarray::Array2;
use nn4n_analysis::{Local, Lyapunov, lyapunov::Settings};
use nn4n_models::{Activation, Form};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::made::autonomous_at;

/// w_ij ~ N(0, g^2 / n)
fn random(n: usize, g: f64, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((n, n), || {
        let w: f64 = StandardNormal.sample(&mut rng);
        g * w / (n as f64).sqrt()
    })
}

/// The largest exponent per step of a random tanh network.
fn largest(n: usize, g: f64, alpha: f64, steps: usize) -> f64 {
    let network = autonomous_at(Form::Current, Activation::Tanh, &random(n, g, 1), alpha);
    let driven = network.under(&[0.0]).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let start: Vec<f64> = (0..n).map(|_| StandardNormal.sample(&mut rng)).collect();
    let settings = Settings { exponents: 1, steps, transient: 300, ..Settings::default() };
    let found = Lyapunov::of(&driven, network.dt(), &start, &settings, &mut |_| ControlFlow::Continue(())).unwrap();
    found.exponents_per_step[0]
}

#[test]
fn a_random_map_is_as_chaotic_as_mean_field_theory_says() {
    // ln sqrt(g^2 <sech^4>) with q = g^2 <tanh^2>: 0.154724 at g = 2, at n = 1000 within three per cent.
    let found = largest(1000, 2.0, 1.0, 1500);
    assert!((found - 0.154_724).abs() < 0.006, "{found}");
    // Below g = 1 activity dies out at about the spectral radius.
    let silent = largest(300, 0.8, 1.0, 600);
    assert!((silent - 0.8f64.ln()).abs() < 0.06, "{silent}");
}

#[test]
fn a_random_flow_is_less_chaotic_than_the_map() {
    // 0.2347 per tau at g = 3 in the limit of many units; 0.19 to 0.24 at n = 1000.
    let found = largest(1000, 3.0, 0.1, 2000) / 0.1;
    assert!((0.19..0.24).contains(&found), "{found}");
}

#[test]
fn activity_that_runs_away_is_refused_in_the_same_words_everywhere() {
    // x' = 0.9 x + 0.3 x: beyond 1e9 after 114 steps from 1.
    let network = autonomous_at(Form::Current, Activation::Relu, &Array2::from_elem((1, 1), 3.0), 0.1);
    let system = network.under(&[0.0]).unwrap();
    let settings = Settings { exponents: 1, steps: 1000, ..Default::default() };
    let watch = &mut |_: usize| ControlFlow::Continue(());
    let inputs = Array2::zeros((200, 1));
    let errors = [
        Lyapunov::of(&system, 10.0, &[1.0], &settings, watch).unwrap_err(),
        Local::of_trial(&network, inputs.view(), &[1.0], 1).unwrap_err(),
        network.run(inputs.mapv(|value: f64| value as f32).view(), &[1.0]).unwrap_err(),
    ];
    assert_eq!(errors[0], errors[1]);
    assert_eq!(errors[1], errors[2]);
    let message = errors[0].to_string();
    assert!(message.contains("grows without bound: after 114 steps it is 1.1e9"), "{message}");
}
