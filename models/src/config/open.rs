//! What a description may leave to the task that the network is trained on, and what it is where no task says it.
//!
//! | field | alone |
//! |---|---|
//! | `sigma_rec` | 0.15 |
//! | `readout` | linear |
//! | `b_rec`, `b_out` | off |

use super::{Bias, ModelConfig, PerUnit, Readout};

static SIGMA_REC: PerUnit<f64> = PerUnit::Uniform(0.15);
static NO_BIAS: Bias = Bias::Off;

impl ModelConfig {
    /// The recurrent noise of the units.
    pub fn unit_noise(&self) -> &PerUnit<f64> {
        self.sigma_rec.as_ref().unwrap_or(&SIGMA_REC)
    }

    /// The nonlinearity of the readout.
    pub fn nonlinearity(&self) -> Readout {
        self.readout.unwrap_or_default()
    }

    /// The bias of the units.
    pub fn unit_bias(&self) -> &Bias {
        self.b_rec.as_ref().unwrap_or(&NO_BIAS)
    }

    /// The bias of the outputs.
    pub fn output_bias(&self) -> &Bias {
        self.b_out.as_ref().unwrap_or(&NO_BIAS)
    }

    /// The same network with nothing left open, so that it stays what it is when a default changes.
    #[must_use]
    pub fn completed(self) -> Self {
        Self {
            sigma_rec: Some(self.unit_noise().clone()),
            readout: Some(self.nonlinearity()),
            b_rec: Some(self.unit_bias().clone()),
            b_out: Some(self.output_bias().clone()),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_filled_in_and_what_is_said_stays() {
        let open = ModelConfig::vanilla(2, 4, 1);
        let whole = open.clone().completed();
        assert_eq!((whole.sigma_rec, whole.b_rec), (Some(PerUnit::Uniform(0.15)), Some(Bias::Off)));
        let said = open.sigma_rec(0.0).readout(Readout::Sigmoid);
        let whole = said.completed();
        assert_eq!((whole.sigma_rec, whole.readout), (Some(PerUnit::Uniform(0.0)), Some(Readout::Sigmoid)));
    }
}
