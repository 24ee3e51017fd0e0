//! What a file says of its network, in the terms of this program, before it becomes a checkpoint.
//!
//! A file is a list of recurrent layers, each driven by the rates of the one before, and a readout of the last.

use nn4n_models::{Activation, CellType, Dale, Form, NoiseScaling, Readout};

use super::{Refused, array::Array, ledger::uniform};

/// Largest number of units or channels, as of a [`ModelConfig`](nn4n_models::ModelConfig).
const LARGEST: usize = 20_000;

/// A network as found.
#[derive(Debug)]
pub(super) struct Network {
    pub layers: Vec<Layer>,
    pub w_out: Weights,
    pub b_out: Vector,
    pub readout: Readout,
    /// What the reader of the report should know.
    pub notes: Vec<String>,
}

/// One recurrent layer.
#[derive(Debug)]
pub(super) struct Layer {
    /// `None` without inputs.
    pub w_in: Option<Weights>,
    pub w_rec: Weights,
    pub b_rec: Vector,
    pub start: StartState,
    pub form: Form,
    pub activation: Activation,
    /// ms
    pub dt: f64,
    pub tau: TimeConstants,
    pub dale: Dale,
    pub noise: Noise,
    /// Names and sizes of areas, where the file has them.
    pub areas: Option<Vec<(String, usize)>>,
}

/// Time constants.
#[derive(Clone, Debug)]
pub(super) struct TimeConstants {
    /// One for each unit, ms.
    pub values: Vec<f64>,
    pub trained: bool,
}

impl TimeConstants {
    /// The same for all of `units` units.
    pub fn fixed(tau: f64, units: usize) -> Self {
        Self { values: vec![tau; units], trained: false }
    }

    /// Those that give `alpha = dt / tau`, which the file holds in 32 bits.
    ///
    /// # Errors
    /// If an `alpha` is not in (0, 1].
    pub fn of_alpha(alpha: &[f64], dt: f64, trained: bool) -> Result<Self, Refused> {
        if let Some(bad) = alpha.iter().find(|alpha| !(**alpha > 0.0 && **alpha <= 1.0)) {
            return Err(Refused::new(format!("`alpha` is {bad}, but the leak of a step must lie in (0, 1]")));
        }
        // 10 ms / 0.1 in 32 bits would be 99.9999985 ms.
        let shortest = |alpha: f64| {
            let rounded: Option<f64> = format!("{:.5e}", dt / alpha).parse().ok();
            rounded.filter(|tau| (dt / tau) as f32 == alpha as f32).unwrap_or(dt / alpha).max(dt)
        };
        Ok(Self { values: alpha.iter().map(|alpha| shortest(*alpha)).collect(), trained })
    }
}

/// Noise of a layer, as in [`ModelConfig`](nn4n_models::ModelConfig).
#[derive(Clone, Debug, Default)]
pub(super) struct Noise {
    /// One for each unit, or one for all.
    pub sigma_rec: Vec<f64>,
    pub sigma_post: f64,
    pub scaling: NoiseScaling,
}

/// A bias.
#[derive(Clone, Debug)]
pub(super) struct Vector {
    pub values: Vec<f64>,
    pub trained: bool,
}

impl Vector {
    /// A bias that is trained, or zeros if there is none.
    pub fn trained(values: Option<Vec<f64>>, length: usize) -> Self {
        let trained = values.is_some();
        Self { values: values.unwrap_or_else(|| vec![0.0; length]), trained }
    }

    /// The sum with another, which acts on the same units.
    pub fn plus(mut self, other: &Self) -> Self {
        self.values.iter_mut().zip(&other.values).for_each(|(value, other)| *value += other);
        self.trained |= other.trained;
        self
    }

    /// Whether it is switched off: not trained, and zero.
    pub fn is_off(&self) -> bool {
        !self.trained && self.values.iter().all(|value| *value == 0.0)
    }
}

/// State at the start of a trial.
#[derive(Clone, Debug)]
pub(super) enum StartState {
    Zero,
    Carried,
    Fixed(Vec<f64>),
    Trained(Vec<f64>),
}

/// A weight matrix (posts, pres).
#[derive(Clone, Debug)]
pub(super) struct Weights {
    pub posts: usize,
    pub pres: usize,
    /// Row by row.
    pub values: Vec<f64>,
    /// Whether each synapse exists.
    pub connectivity: Vec<bool>,
    /// Cell type of each presynaptic unit or channel.
    pub types: Vec<Option<CellType>>,
    /// Multiplier of each update, if they are not all 1.
    pub plastic: Option<Vec<f64>>,
    /// Synapses that are never trained.
    pub fixed: Vec<bool>,
    pub double: bool,
}

impl Weights {
    /// A full square matrix without cell types.
    pub fn recurrent(array: Array) -> Result<Self, Refused> {
        match array.matrix()? {
            (posts, pres) if posts == pres => Self::new(array),
            shape => Err(Refused::new(format!("has shape {shape:?}, but recurrent weights are a square matrix"))),
        }
    }

    /// A full matrix without cell types.
    pub fn new(array: Array) -> Result<Self, Refused> {
        let (posts, pres) = array.matrix()?;
        if posts.max(pres) > LARGEST {
            return Err(Refused::new(format!(
                "has shape {:?}, but the largest size of a network is {LARGEST}",
                (posts, pres)
            )));
        }
        let count = array.values.len();
        Ok(Self {
            posts,
            pres,
            values: array.values,
            connectivity: vec![true; count],
            types: vec![None; pres],
            plastic: None,
            fixed: vec![false; count],
            double: array.double,
        })
    }

    /// Each of `units` channels is one unit.
    pub fn identity(units: usize) -> Self {
        let diagonal: Vec<bool> = (0..units * units).map(|index| index / units == index % units).collect();
        Self {
            posts: units,
            pres: units,
            values: diagonal.iter().map(|entry| f64::from(u8::from(*entry))).collect(),
            connectivity: diagonal,
            types: vec![None; units],
            plastic: None,
            fixed: vec![false; units * units],
            double: false,
        }
    }

    /// Whether each channel is one unit, as in [`identity`](Self::identity).
    pub fn is_identity(&self) -> bool {
        let entry = |index: usize| f64::from(u8::from(index / self.pres == index % self.pres));
        self.posts == self.pres && self.values.iter().enumerate().all(|(index, value)| *value == entry(index))
    }

    /// Leaves only the synapses where `mask` (posts, pres) is not 0.
    pub fn masked(mut self, mask: Array) -> Result<Self, Refused> {
        let mask = mask.expect(&[self.posts, self.pres])?.finite()?;
        self.connectivity = mask.values.iter().map(|entry| *entry != 0.0).collect();
        Ok(self)
    }

    /// Gives every column the cell type that the signs (posts, pres) of its synapses say; `zero` is what a sign of 0
    /// says.
    ///
    /// # Errors
    /// If a column has synapses of both signs.
    pub fn signed(mut self, signs: Array, zero: Option<CellType>) -> Result<Self, Refused> {
        let signs = signs.expect(&[self.posts, self.pres])?.finite()?;
        let of = |sign: f64| match sign {
            sign if sign > 0.0 => Some(CellType::Excitatory),
            sign if sign < 0.0 => Some(CellType::Inhibitory),
            _ => zero,
        };
        for pre in 0..self.pres {
            let column = || (0..self.posts).map(|post| post * self.pres + pre);
            let mut present = column().filter(|index| self.connectivity[*index]).map(|index| of(signs.values[index]));
            let first = present.next();
            if present.any(|found| Some(found) != first) {
                return Err(Refused::new(format!(
                    "asks for synapses of both signs from presynaptic unit {pre}; here a unit is excitatory or \
                    inhibitory as a whole"
                )));
            }
            // A unit without synapses is what it would be with some.
            let type_of_column = first.or_else(|| column().next().map(|index| of(signs.values[index])));
            self.types[pre] = type_of_column.unwrap_or(zero);
        }
        Ok(self)
    }

    /// Puts the weights into what acts: 0 where there is no synapse, and where the sign is not that of the cell type.
    pub fn project(&mut self, name: &str, notes: &mut Vec<String>) {
        let (mut count, mut largest) = (0, 0.0_f64);
        for (index, value) in self.values.iter_mut().enumerate() {
            let wrong_sign =
                self.types[index % self.pres.max(1)].is_some_and(|cell_type| *value * cell_type.sign() < 0.0);
            if *value != 0.0 && (!self.connectivity[index] || wrong_sign) {
                count += 1;
                largest = largest.max(value.abs());
                *value = 0.0;
            }
        }
        if count > 0 {
            notes.push(format!(
                "{name}: {count} weights against their mask or cell type (the largest {largest:.3e}) \
                are 0 now, as after the next constraint step"
            ));
        }
    }

    /// Whether the diagonal has a synapse.
    pub fn has_autapses(&self) -> bool {
        self.posts == self.pres && (0..self.posts).any(|unit| self.connectivity[unit * self.pres + unit])
    }

    /// Sets the multipliers of the updates (posts, pres), in [0, 1].
    pub fn with_plastic(mut self, plastic: Array) -> Result<Self, Refused> {
        let plastic = plastic.expect(&[self.posts, self.pres])?;
        if let Some(bad) = plastic.values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            return Err(Refused::new(format!("holds {bad}; multipliers of updates lie in [0, 1]")));
        }
        self.plastic = (uniform(&plastic.values) != Some(1.0)).then_some(plastic.values);
        Ok(self)
    }
}
