//! Lesions: a network without some of its synapses.
//!
//! ```text
//! units        w[post, pre] = 0   for pre in `units`                  within the layer, to the layer above, to the outputs
//! projection   w[post, pre] = 0   for pre in `from`, post in `to`     within the layer, to the layer above
//! ```
//!
//! To all other units and to the outputs a lesion of units is the same as rates clamped to `r = 0`, in every form of the
//! equation and also where `f(0)` is not 0. The units themselves go on: they still receive, and their own states and
//! rates are recorded. In the rate and the blend form, where the leak is within the rate, they relax to what drives them.
//!
//! The synapses are gone, not only silent: their `connectivity` is 0 and fixed ones leave the description, so that
//! training does not bring them back. What constrains the others (Dale's law, `fixed`, `plastic`) stays as it was.

use std::ops::Range;

use candle_core::{Device, Tensor};

use super::network::Ctrnn;
use crate::{
    config::prefix,
    error::{ModelError, Result},
    host,
    synapses::Synapses,
};

/// A weight matrix from units to units or to outputs.
pub(super) struct Outgoing<'a> {
    /// In a stacked network, the layer whose tensor it is.
    pub place: Option<usize>,
    pub name: &'static str,
    /// The units that its rows are; `None` where they are the outputs.
    pub posts: Option<Range<usize>>,
    /// The units that its columns are.
    pub pres: Range<usize>,
    pub synapses: &'a Synapses,
}

impl Outgoing<'_> {
    /// The name of its tensor of this kind: `connectivity.`, `fixed.`, or empty for the weights.
    pub fn tensor(&self, kind: &str) -> String {
        format!("{}{kind}{}", prefix(self.place), self.name)
    }
}

/// Synapses from some units to some others.
struct Cut {
    /// Whether a unit is presynaptic.
    from: Vec<bool>,
    /// Whether a unit is postsynaptic; `None` is all of them, and the outputs.
    to: Option<Vec<bool>>,
}

impl Cut {
    /// Whether the synapse of a matrix in this row and column is one of them.
    fn takes(&self, matrix: &Outgoing, post: usize, pre: usize) -> bool {
        let is_post = match (&self.to, &matrix.posts) {
            (None, _) => true,
            (Some(to), Some(posts)) => to[posts.start + post],
            (Some(_), None) => false,
        };
        is_post && self.from[matrix.pres.start + pre]
    }
}

impl Ctrnn {
    /// The network without the synapses that leave `units`. Its parameters are copies.
    ///
    /// # Errors
    /// If there is no such unit.
    pub fn lesion(&self, units: &[usize]) -> Result<Self> {
        self.cut(&Cut { from: self.marked(units)?, to: None })
    }

    /// The network without the synapses between units that lead from `from` to `to`; the outputs still read all units.
    /// Its parameters are copies.
    ///
    /// # Errors
    /// If there is no such unit.
    pub fn lesion_projection(&self, from: &[usize], to: &[usize]) -> Result<Self> {
        self.cut(&Cut { from: self.marked(from)?, to: Some(self.marked(to)?) })
    }

    /// The number of synapses between units that lead from `from` to `to`.
    ///
    /// # Errors
    /// If there is no such unit.
    pub fn synapses_between(&self, from: &[usize], to: &[usize]) -> Result<usize> {
        let cut = Cut { from: self.marked(from)?, to: Some(self.marked(to)?) };
        let mut count = 0;
        for matrix in self.outgoing() {
            let there = host::values(matrix.synapses.connectivity())?;
            let pres = matrix.pres.len();
            count += there
                .iter()
                .enumerate()
                .filter(|(index, there)| **there > 0.0 && cut.takes(&matrix, index / pres, index % pres))
                .count();
        }
        Ok(count)
    }

    /// Whether each unit is one of these.
    pub(super) fn marked(&self, units: &[usize]) -> Result<Vec<bool>> {
        let mut marked = vec![false; self.units.len()];
        for unit in units {
            match marked.get_mut(*unit) {
                Some(mark) => *mark = true,
                None => {
                    let known = format!("0 to {}", marked.len().saturating_sub(1));
                    return Err(ModelError::Unknown { kind: "unit", name: unit.to_string(), known });
                }
            }
        }
        Ok(marked)
    }

    /// The matrices whose columns are units.
    pub(super) fn outgoing(&self) -> Vec<Outgoing<'_>> {
        let mut matrices = Vec::new();
        let (mut start, mut below) = (0, 0..0);
        for layer in &self.layers {
            let own = start..start + layer.units().len();
            let matrix = |name, pres, synapses| {
                let posts = Some(own.clone());
                Outgoing { place: layer.place(), name, posts, pres, synapses }
            };
            if let Some(w_in) = layer.w_in().filter(|_| start > 0) {
                matrices.push(matrix("w_in", below, w_in));
            }
            matrices.push(matrix("w_rec", own.clone(), layer.w_rec()));
            (start, below) = (own.end, own);
        }
        matrices.push(Outgoing { place: None, name: "w_out", posts: None, pres: below, synapses: &self.w_out });
        matrices
    }

    fn cut(&self, cut: &Cut) -> Result<Self> {
        let (mut tensors, matrices) = (self.tensors()?, self.outgoing());
        for matrix in &matrices {
            let (posts, pres) = matrix.synapses.weight().dims2()?;
            let is_cut: Vec<u8> =
                (0..posts * pres).map(|index| u8::from(cut.takes(matrix, index / pres, index % pres))).collect();
            let is_cut = Tensor::from_vec(is_cut, (posts, pres), &Device::Cpu)?.to_device(self.device())?;
            for kind in ["", "connectivity.", "fixed."] {
                if let Some(tensor) = tensors.get_mut(&matrix.tensor(kind)) {
                    *tensor = is_cut.where_cond(&tensor.zeros_like()?, tensor)?;
                }
            }
        }
        let config = self.config.without_fixed(|name, post, pre| {
            matrices.iter().any(|matrix| matrix.tensor("") == name && cut.takes(matrix, post, pre))
        });
        // A matrix without fixed synapses has no tensor of them.
        let specs = config.tensor_specs();
        tensors.retain(|name, _| specs.iter().any(|spec| spec.name == *name));
        Self::from_tensors(&config, tensors, self.dtype(), self.device())
    }
}
