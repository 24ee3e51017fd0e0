//! Activation functions and their slopes in f64 (see [`nn4n_models::Activation`] for the definitions).
//!
//! The slope at a kink is that of the left side, 0 for rectifiers, as in training.

use nn4n_models::Activation;

/// `f(x)`
pub fn value(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Linear => x,
        Activation::Relu => x.max(0.0),
        Activation::LeakyRelu(slope) => {
            if x > 0.0 {
                x
            } else {
                slope * x
            }
        }
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::Retanh => x.tanh().max(0.0),
        // Neither overflows nor loses small values.
        Activation::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        Activation::Power(n) => x.max(0.0).powf(n),
    }
}

/// `f'(x)`
pub fn slope(activation: Activation, x: f64) -> f64 {
    let above = f64::from(u8::from(x > 0.0));
    match activation {
        Activation::Linear => 1.0,
        Activation::Relu => above,
        Activation::LeakyRelu(slope) => {
            if x > 0.0 {
                1.0
            } else {
                slope
            }
        }
        Activation::Tanh => 1.0 - x.tanh().powi(2),
        Activation::Sigmoid => sigmoid(x) * sigmoid(-x),
        Activation::Retanh => above * (1.0 - x.tanh().powi(2)),
        Activation::Softplus => sigmoid(x),
        Activation::Power(n) => {
            if x > 0.0 {
                n * x.powf(n - 1.0)
            } else {
                0.0
            }
        }
    }
}

/// Whether the slope jumps at 0.
pub fn has_kink(activation: Activation) -> bool {
    match activation {
        Activation::Relu | Activation::LeakyRelu(_) | Activation::Retanh => true,
        Activation::Power(n) => n == 1.0,
        Activation::Linear | Activation::Tanh | Activation::Sigmoid | Activation::Softplus => false,
    }
}

/// The least and the largest value of `f`, if it is bounded.
pub fn range(activation: Activation) -> Option<(f64, f64)> {
    match activation {
        Activation::Tanh => Some((-1.0, 1.0)),
        Activation::Sigmoid | Activation::Retanh => Some((0.0, 1.0)),
        Activation::Linear
        | Activation::Relu
        | Activation::LeakyRelu(_)
        | Activation::Softplus
        | Activation::Power(_) => None,
    }
}

/// Whether a rate passes `f` unchanged, `f(r) = r` for every `r` in the range of `f`: then the blend form has a limit as
/// the step goes to 0.
pub fn keeps_rates(activation: Activation) -> bool {
    match activation {
        Activation::Linear | Activation::Relu => true,
        Activation::LeakyRelu(slope) => slope == 0.0,
        Activation::Power(n) => n == 1.0,
        Activation::Tanh | Activation::Sigmoid | Activation::Retanh | Activation::Softplus => false,
    }
}

fn sigmoid(x: f64) -> f64 {
    let small = (-x.abs()).exp();
    if x < 0.0 { small / (1.0 + small) } else { 1.0 / (1.0 + small) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 8] = [
        Activation::Linear,
        Activation::Relu,
        Activation::LeakyRelu(0.25),
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Retanh,
        Activation::Softplus,
        Activation::Power(2.0),
    ];

    #[test]
    fn values_are_those_of_the_networks() {
        use candle_core::{Device, Tensor};
        let points = [-800.0, -2.0, -0.3, 0.0, 1e-12, 0.7, 1.5, 30.0, 800.0];
        let tensor = Tensor::new(&points, &Device::Cpu).unwrap();
        for activation in ALL {
            let wanted = activation.forward(&tensor).unwrap().to_vec1::<f64>().unwrap();
            for (x, wanted) in points.iter().zip(wanted) {
                let found = value(activation, *x);
                assert!(
                    (found - wanted).abs() <= 1e-12 * (1.0 + wanted.abs()),
                    "{activation} at {x}: {found}, {wanted}"
                );
            }
        }
    }

    #[test]
    fn slopes_match_differences_and_stay_finite_far_out() {
        for activation in ALL {
            for x in [-3.0, -0.4, 0.3, 2.0] {
                let difference = (value(activation, x + 1e-6) - value(activation, x - 1e-6)) / 2e-6;
                assert!((slope(activation, x) - difference).abs() < 1e-8, "{activation} at {x}");
            }
            assert!([-1e4, 1e4].iter().all(|x| slope(activation, *x).is_finite()), "{activation}");
            assert_eq!(has_kink(activation), slope(activation, 1e-9) - slope(activation, -1e-9) > 0.5, "{activation}");
        }
        // What a slope of 1 - tanh^2 loses to rounding at 20 is 0, where cosh would overflow at 710.
        assert_eq!(slope(Activation::Tanh, 800.0), 0.0);
    }
}
