//! Activation functions `f`: from the state `x` to the rate `r = f(x)`, possibly a different one for each unit.
//!
//! ```text
//! linear  x                     relu      max(x, 0)          leaky_relu(s)  x if x > 0 else s x
//! tanh    tanh(x)               sigmoid   1 / (1 + exp(-x))  retanh         max(tanh(x), 0)
//! softplus  log(1 + exp(x))     power(n)  max(x, 0)^n
//! ```
//!
//! The derivative of every rectifying function at exactly zero is 0, as in PyTorch (candle's own `relu` has 1 there).

use std::{fmt, str::FromStr};

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// An activation function. Written in TOML and JSON as a string: `"relu"`, `"leaky_relu(0.1)"`, `"power(2)"`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", schemars(with = "String", extend("choices" = NAMES)))]
pub enum Activation {
    /// `x`
    Linear,
    /// `max(x, 0)`
    Relu,
    /// `x` where positive, `slope * x` elsewhere; 0 <= slope < 1.
    LeakyRelu(f64),
    /// `tanh(x)`
    Tanh,
    /// `1 / (1 + exp(-x))`
    Sigmoid,
    /// Rectified tanh, `max(tanh(x), 0)`
    Retanh,
    /// `log(1 + exp(x))`
    Softplus,
    /// Supralinear power law `max(x, 0)^n`, n >= 1.
    Power(f64),
}

/// Names a user can write, for messages.
const NAMES: &str = "linear, relu, leaky_relu(slope), tanh, sigmoid, retanh, softplus, power(n)";

impl FromStr for Activation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, argument) = match text.split_once('(') {
            Some((name, rest)) => {
                let inner = rest.strip_suffix(')').ok_or_else(|| format!("`{text}` lacks its closing parenthesis"))?;
                let number: f64 = inner.trim().parse().map_err(|_| format!("`{inner}` in `{text}` is not a number"))?;
                (name.trim(), Some(number))
            }
            None => (text.trim(), None),
        };
        let activation = match (name, argument) {
            ("linear", None) => Ok(Self::Linear),
            ("relu", None) => Ok(Self::Relu),
            ("tanh", None) => Ok(Self::Tanh),
            ("sigmoid", None) => Ok(Self::Sigmoid),
            ("retanh", None) => Ok(Self::Retanh),
            ("softplus", None) => Ok(Self::Softplus),
            ("leaky_relu", Some(slope)) => Ok(Self::LeakyRelu(slope)),
            ("power", Some(n)) => Ok(Self::Power(n)),
            ("leaky_relu" | "power", None) => {
                Err(format!("`{text}` lacks its number, as in `leaky_relu(0.1)` and `power(2)`"))
            }
            _ => Err(format!("unknown activation `{text}`; known are {NAMES}")),
        }?;
        activation.check()?;
        Ok(activation)
    }
}

impl TryFrom<String> for Activation {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Activation> for String {
    fn from(activation: Activation) -> Self {
        activation.to_string()
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear => f.write_str("linear"),
            Self::Relu => f.write_str("relu"),
            Self::LeakyRelu(slope) => write!(f, "leaky_relu({slope})"),
            Self::Tanh => f.write_str("tanh"),
            Self::Sigmoid => f.write_str("sigmoid"),
            Self::Retanh => f.write_str("retanh"),
            Self::Softplus => f.write_str("softplus"),
            Self::Power(n) => write!(f, "power({n})"),
        }
    }
}

impl Activation {
    /// Refuses a slope or an exponent outside its range.
    pub(crate) fn check(self) -> Result<(), String> {
        match self {
            Self::LeakyRelu(slope) if !(0.0..1.0).contains(&slope) => {
                Err(format!("`{self}`: leaky_relu needs a slope in [0, 1), as in `leaky_relu(0.1)`"))
            }
            Self::Power(n) if !(n.is_finite() && n >= 1.0) => {
                Err(format!("`{self}`: power needs an exponent n >= 1, as in `power(2)`"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is nowhere below 0.
    pub(crate) fn is_non_negative(self) -> bool {
        match self {
            Self::Relu | Self::Sigmoid | Self::Retanh | Self::Softplus | Self::Power(_) => true,
            Self::LeakyRelu(slope) => slope == 0.0,
            Self::Linear | Self::Tanh => false,
        }
    }

    /// Applies the function to every element of `x`.
    pub fn forward(self, x: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Linear => Ok(x.clone()),
            Self::Relu => x * positive(x)?,
            // slope + (1 - slope) [x > 0] is the slope of each element.
            Self::LeakyRelu(slope) => x * positive(x)?.affine(1.0 - slope, slope)?,
            Self::Tanh => x.tanh(),
            Self::Sigmoid => candle_nn::ops::sigmoid(x),
            Self::Retanh => x.tanh()? * positive(x)?,
            Self::Softplus => softplus(x),
            Self::Power(n) => (x * positive(x)?)?.powf(n),
        }
    }

    /// `f(x)` of constants, where [`forward`](Self::forward) has more operations for the sake of its gradient. With a
    /// slope of 0 below zero, `elu` is a rectification in which a NaN stays visible.
    fn value(self, x: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Relu => x.elu(0.0),
            Self::Retanh => x.tanh()?.elu(0.0),
            Self::Power(n) => x.elu(0.0)?.powf(n),
            Self::Softplus => x.elu(0.0)? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?,
            Self::Linear | Self::LeakyRelu(_) | Self::Tanh | Self::Sigmoid => self.forward(x),
        }
    }

    /// `f'(x)` of every element of the rates `r = f(x)`, which determine it.
    fn derivative(self, r: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Linear => r.ones_like(),
            Self::Relu => positive(r),
            Self::LeakyRelu(slope) => positive(r)?.affine(1.0 - slope, slope),
            Self::Tanh => r.sqr()?.affine(-1.0, 1.0),
            Self::Sigmoid => r * r.affine(-1.0, 1.0)?,
            Self::Retanh => positive(r)? * r.sqr()?.affine(-1.0, 1.0)?,
            // 1 - exp(-r) = 2 t / (1 + t) with t = tanh(r / 2), which keeps its digits where r is small.
            Self::Softplus => {
                let t = (r * 0.5)?.tanh()?;
                (&t * 2.0)? / (&t + 1.0)?
            }
            Self::Power(n) => (positive(r)? * r.powf((n - 1.0) / n)?)? * n,
        }
    }
}

/// 1 where `x > 0`, else 0; a constant to the gradient. A comparison would need a zero from the host.
fn positive(x: &Tensor) -> candle_core::Result<Tensor> {
    x.detach().sign()?.relu()
}

/// `max(x, 0) + log(1 + exp(-|x|))`, which neither overflows nor loses the gradient at zero.
fn softplus(x: &Tensor) -> candle_core::Result<Tensor> {
    let positive = positive(x)?;
    let minus_abs = (x * positive.affine(-2.0, 1.0)?)?;
    (x * positive)? + ((minus_abs.exp()? + 1.0)?).log()?
}

/// The activation functions of a whole network: one for all units, or several, each for its own units.
#[derive(Clone, Debug)]
pub(crate) struct UnitActivations {
    per_unit: Vec<Activation>,
    groups: Vec<(Activation, Option<Tensor>)>,
}

impl UnitActivations {
    /// `per_unit`: the function of each unit.
    pub fn new(per_unit: &[Activation], device: &Device) -> Result<Self> {
        let mut distinct: Vec<Activation> = Vec::new();
        for activation in per_unit {
            if !distinct.contains(activation) {
                distinct.push(*activation);
            }
        }
        if distinct.len() == 1 {
            return Ok(Self { per_unit: per_unit.to_vec(), groups: vec![(distinct[0], None)] });
        }
        let groups = distinct
            .into_iter()
            .map(|activation| {
                let members: Vec<u8> = per_unit.iter().map(|a| u8::from(*a == activation)).collect();
                Ok((activation, Some(Tensor::from_vec(members, per_unit.len(), device)?)))
            })
            .collect::<Result<_>>()?;
        Ok(Self { per_unit: per_unit.to_vec(), groups })
    }

    /// The function of each unit.
    pub fn per_unit(&self) -> &[Activation] {
        &self.per_unit
    }

    /// Rates of states `x` (.., units).
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.each(x, Activation::forward)
    }

    /// Rates of states (.., units) that have no gradient.
    pub fn values(&self, x: &Tensor) -> Result<Tensor> {
        self.each(&x.detach(), Activation::value)
    }

    /// `f'(x)` where the rates (.., units) are `r = f(x)`.
    pub fn derivative(&self, r: &Tensor) -> Result<Tensor> {
        self.each(r, Activation::derivative)
    }

    /// What `apply` makes of each unit's own elements.
    fn each(&self, x: &Tensor, apply: impl Fn(Activation, &Tensor) -> candle_core::Result<Tensor>) -> Result<Tensor> {
        if let [(activation, None)] = self.groups.as_slice() {
            return Ok(apply(*activation, x)?);
        }
        let zeros = x.zeros_like()?;
        let mut all = zeros.clone();
        for (activation, members) in &self.groups {
            let Some(members) = members else { continue };
            // Other units' elements are replaced before the function sees them, so that a power of theirs cannot
            // overflow into a NaN gradient.
            let members = members.broadcast_as(x.shape())?;
            let own = apply(*activation, &members.where_cond(x, &zeros)?)?;
            all = (all + members.where_cond(&own, &zeros)?)?;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

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
    fn names_round_trip_and_unknown_ones_are_refused() {
        for activation in ALL {
            assert_eq!(activation.to_string().parse::<Activation>().unwrap(), activation);
        }
        assert!("gelu".parse::<Activation>().unwrap_err().contains("softplus"));
        assert!("power(0.5)".parse::<Activation>().unwrap_err().contains("n >= 1"));
        assert!("power(2".parse::<Activation>().unwrap_err().contains("parenthesis"));
    }

    #[test]
    fn values_match_hand_worked_numbers() -> Result<()> {
        let x = Tensor::new(&[-2.0f64, 0.0, 1.5, 800.0], &Device::Cpu)?;
        let expect = |activation: Activation, wanted: [f64; 4]| {
            for got in [activation.forward(&x), activation.value(&x)] {
                for (got, wanted) in got.unwrap().to_vec1::<f64>().unwrap().into_iter().zip(wanted) {
                    assert!((got - wanted).abs() < 1e-12, "{activation}: {got} is not {wanted}");
                }
            }
        };
        expect(Activation::Relu, [0.0, 0.0, 1.5, 800.0]);
        expect(Activation::LeakyRelu(0.25), [-0.5, 0.0, 1.5, 800.0]);
        expect(Activation::Retanh, [0.0, 0.0, 0.905_148_253_644_866_4, 1.0]);
        expect(Activation::Softplus, [0.126_928_011_042_972_5, std::f64::consts::LN_2, 1.701_413_277_982_752_6, 800.0]);
        expect(Activation::Power(2.0), [0.0, 0.0, 2.25, 640_000.0]);
        Ok(())
    }

    #[test]
    fn a_nan_stays_visible() -> Result<()> {
        let x = Tensor::new(&[f64::NAN, -f64::NAN], &Device::Cpu)?;
        for activation in ALL {
            for rates in [activation.forward(&x)?, activation.value(&x)?] {
                assert!(rates.to_vec1::<f64>()?.into_iter().all(f64::is_nan), "{activation}");
            }
        }
        Ok(())
    }

    #[test]
    fn gradients_match_finite_differences_and_vanish_at_zero_for_rectifiers() -> Result<()> {
        let points = [-1.3f64, -0.2, 0.4, 2.1];
        for activation in ALL {
            let x = Var::new(&points, &Device::Cpu)?;
            let grads = activation.forward(&x)?.sum_all()?.backward()?;
            let grad = grads.get(&x).unwrap().to_vec1::<f64>()?;
            for (point, grad) in points.iter().zip(grad) {
                let at = |x: f64| -> f64 {
                    let x = Tensor::new(&[x], &Device::Cpu).unwrap();
                    activation.forward(&x).unwrap().to_vec1::<f64>().unwrap()[0]
                };
                let difference = (at(point + 1e-5) - at(point - 1e-5)) / 2e-5;
                assert!((grad - difference).abs() < 1e-8, "{activation} at {point}: {grad} vs {difference}");
            }
        }
        for (activation, at_zero) in [(Activation::Relu, 0.0), (Activation::Retanh, 0.0), (Activation::Softplus, 0.5)] {
            let x = Var::new(&[0.0f64], &Device::Cpu)?;
            let grads = activation.forward(&x)?.sum_all()?.backward()?;
            assert_eq!(grads.get(&x).unwrap().to_vec1::<f64>()?, [at_zero], "{activation}");
        }
        Ok(())
    }

    #[test]
    fn mixed_units_each_use_their_own_function() -> Result<()> {
        let units = UnitActivations::new(&[Activation::Tanh, Activation::Power(3.0), Activation::Tanh], &Device::Cpu)?;
        let x = Var::new(&[[0.5f64, 2.0, -0.5], [1e200, -1.0, 1e200]], &Device::Cpu)?;
        let rates = units.forward(&x)?;
        let values = rates.to_vec2::<f64>()?;
        assert_eq!(values[0], [0.5f64.tanh(), 8.0, -(0.5f64.tanh())]);
        assert_eq!(values[1], [1.0, 0.0, 1.0]);
        let grads = rates.sum_all()?.backward()?;
        assert!(grads.get(&x).unwrap().flatten_all()?.to_vec1::<f64>()?.iter().all(|g| g.is_finite()));
        Ok(())
    }
}
