//! What is done to a network to see what its parts are for.
//!
//! ```text
//! lesion        the synapses that leave some units, or lead from some units to others, are gone
//! silence       r = 0 in a window of the trial
//! injection     a current is added to what units receive in a window
//! weight noise  w [1 + sd xi]+        noise      factor sigma_rec
//! ```
//!
//! The first and the last line make another network, which can be saved and used like any; the others are done by the
//! [`Simulation`](crate::Simulation). The equations are those of [`Ctrnn::lesion`], [`Perturbation`] and
//! [`Ctrnn::with_weight_noise`]. How behaviour changes is asked of
//! [`evaluate::behaviour`](crate::evaluate::behaviour).
//!
//! ```
//! use nn4n::{Simulation, intervention::{Altered, Intervention, TrialTimes}, models::{Ctrnn, ModelConfig}};
//! # use nn4n::candle_core::{DType, Device};
//! let network = Ctrnn::init(&ModelConfig::ei(2, 50, 1), 0, DType::F32, &Device::Cpu)?;
//! let without = Intervention::lesion("inhibitory")?;
//! let silenced = Intervention::silence("0-9@200..400")?;
//! let altered = Altered::of(&network, &[without, silenced])?;
//! let trials = TrialTimes { dt: 20.0, n_steps: &[30, 30], epochs: None };
//! let recording = Simulation::new(&altered.network)
//!     .perturb(altered.perturbations(&trials)?)
//!     .record(&ndarray::Array3::ones((2, 30, 2)))?;
//! assert!(recording.rates.slice(ndarray::s![.., 10..20, ..10]).iter().all(|rate| *rate == 0.0));
//! # Ok::<(), nn4n::Error>(())
//! ```

mod altered;
mod selection;
mod window;

use std::fmt;

pub use altered::{Altered, Applied};
pub use selection::UnitSelection;
pub use window::{TrialTimes, Window};

use crate::{
    echo::echo,
    error::{Error, Result},
};

/// One thing that is done to a network.
#[derive(Clone, Debug, PartialEq)]
pub enum Intervention {
    /// The synapses that leave these units are gone: to other units, to the layer above, to the outputs.
    Lesion(UnitSelection),
    /// The synapses between units that lead from some units to others are gone.
    ProjectionLesion {
        /// The presynaptic units.
        from: UnitSelection,
        /// The postsynaptic units.
        to: UnitSelection,
    },
    /// The rates of these units are 0 in a window.
    Silence {
        /// The units.
        units: UnitSelection,
        /// When.
        window: Window,
    },
    /// A current is added to what these units receive in a window.
    Inject {
        /// In units of the current that synapses give.
        current: f64,
        /// The units.
        units: UnitSelection,
        /// When.
        window: Window,
    },
    /// Free weights between units are multiplied by `[1 + sd xi]+`.
    WeightNoise {
        /// Relative standard deviation.
        sd: f64,
        /// Of the draw.
        seed: u64,
    },
    /// The recurrent noise is multiplied by a factor.
    NoiseFactor(f64),
}

impl Intervention {
    /// A lesion of units, `SELECTION`, or of a projection, `FROM->TO`; see [`UnitSelection`].
    ///
    /// # Errors
    /// If no units are named.
    pub fn lesion(text: &str) -> Result<Self> {
        Ok(match text.split_once("->") {
            Some((from, to)) => Self::ProjectionLesion { from: from.parse()?, to: to.parse()? },
            None => Self::Lesion(text.parse()?),
        })
    }

    /// Silence of units, `SELECTION` or `SELECTION@WINDOW`; see [`Window`].
    ///
    /// # Errors
    /// If no units are named, or the window is none.
    pub fn silence(text: &str) -> Result<Self> {
        let (units, window) = in_window(text)?;
        Ok(Self::Silence { units, window })
    }

    /// A current, `CURRENT:SELECTION` or `CURRENT:SELECTION@WINDOW`.
    ///
    /// # Errors
    /// If there is no finite current, no units are named, or the window is none.
    pub fn inject(text: &str) -> Result<Self> {
        let refusal = || {
            let message = "must be CURRENT:UNITS, as in 0.5:excitatory, with @WINDOW if it is not for the whole trial";
            Error::setting(format!("injection `{}`", echo(text)), message)
        };
        let (current, rest) = text.split_once(':').ok_or_else(refusal)?;
        let current: f64 = current.trim().parse().map_err(|_| refusal())?;
        if !current.is_finite() {
            return Err(refusal());
        }
        let (units, window) = in_window(rest)?;
        Ok(Self::Inject { current, units, window })
    }

    /// The units that it is about; `None` if it is about synapses between some and others, or about all.
    pub fn units(&self) -> Option<&UnitSelection> {
        match self {
            Self::Lesion(units) | Self::Silence { units, .. } | Self::Inject { units, .. } => Some(units),
            Self::ProjectionLesion { .. } | Self::WeightNoise { .. } | Self::NoiseFactor(_) => None,
        }
    }

    /// The same done to other units; what is not about units stays as it is.
    #[must_use]
    pub fn of_units(&self, units: UnitSelection) -> Self {
        match self {
            Self::Lesion(_) => Self::Lesion(units),
            Self::Silence { window, .. } => Self::Silence { units, window: window.clone() },
            Self::Inject { current, window, .. } => Self::Inject { current: *current, units, window: window.clone() },
            other => other.clone(),
        }
    }
}

/// `SELECTION` or `SELECTION@WINDOW`; a selection may begin with the `@` of a file.
fn in_window(text: &str) -> Result<(UnitSelection, Window)> {
    match text.rfind('@').filter(|at| !text[..*at].trim().is_empty() && !text[..*at].trim_end().ends_with(',')) {
        Some(at) => Ok((text[..at].parse()?, text[at + 1..].parse()?)),
        None => Ok((text.parse()?, Window::Trial)),
    }
}

impl fmt::Display for Intervention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lesion(units) => write!(f, "lesion {units}"),
            Self::ProjectionLesion { from, to } => write!(f, "lesion {from}->{to}"),
            Self::Silence { units, window: Window::Trial } => write!(f, "silence {units}"),
            Self::Silence { units, window } => write!(f, "silence {units}@{window}"),
            Self::Inject { current, units, window: Window::Trial } => write!(f, "inject {current}:{units}"),
            Self::Inject { current, units, window } => write!(f, "inject {current}:{units}@{window}"),
            Self::WeightNoise { sd, seed } => write!(f, "weight noise {sd} (seed {seed})"),
            Self::NoiseFactor(factor) => write!(f, "noise times {factor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_meant() -> Result<()> {
        let units = |text: &str| text.parse::<UnitSelection>().unwrap();
        let stimulus = || Window::Epoch("stimulus".into());
        for (read, wanted) in [
            (Intervention::lesion("0-9"), Intervention::Lesion(units("0-9"))),
            (
                Intervention::lesion("PFC -> PMd:excitatory"),
                Intervention::ProjectionLesion { from: units("PFC"), to: units("PMd:excitatory") },
            ),
            (Intervention::silence("3,4"), Intervention::Silence { units: units("3,4"), window: Window::Trial }),
            (
                Intervention::silence("inhibitory@stimulus"),
                Intervention::Silence { units: units("inhibitory"), window: stimulus() },
            ),
            (
                Intervention::silence("@units.json#a"),
                Intervention::Silence { units: units("@units.json#a"), window: Window::Trial },
            ),
            (
                Intervention::silence("1,@units.json@stimulus"),
                Intervention::Silence { units: units("1,@units.json"), window: stimulus() },
            ),
            (
                Intervention::silence("1,@units.json"),
                Intervention::Silence { units: units("1,@units.json"), window: Window::Trial },
            ),
            (
                Intervention::inject("-0.5:PMd:excitatory@200..400"),
                Intervention::Inject {
                    current: -0.5,
                    units: units("PMd:excitatory"),
                    window: Window::Time { start: 200.0, end: Some(400.0) },
                },
            ),
        ] {
            let read = read?;
            assert_eq!(read, wanted);
            let (said, text) = (read.to_string(), wanted.to_string());
            assert_eq!(said, text);
        }
        for text in ["", "excitatory", "x:excitatory", "inf:excitatory", "0.5:", "0.5:1@"] {
            assert!(Intervention::inject(text).is_err(), "{text}");
        }
        assert!(Intervention::lesion("->PMd").is_err() && Intervention::silence("@").is_ok());
        Ok(())
    }
}
