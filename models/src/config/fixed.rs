//! Fixed synapses that are taken away.

use super::{MatrixConfig, ModelConfig, prefix};

impl ModelConfig {
    /// The same description without the fixed synapses of which `is_cut` says so, given the name of the matrix's tensor
    /// and the place in it.
    pub(crate) fn without_fixed(&self, is_cut: impl Fn(&str, usize, usize) -> bool) -> Self {
        // `None` where nothing changes.
        let remaining = |matrix: &MatrixConfig, name: &str| {
            let fixed: Vec<_> =
                matrix.fixed.iter().filter(|synapse| !is_cut(name, synapse.post, synapse.pre)).cloned().collect();
            (fixed.len() < matrix.fixed.len()).then(|| MatrixConfig { fixed, ..matrix.clone() })
        };
        let mut config = self.clone();
        for (place, layer) in self.layers.iter().enumerate() {
            let name = |matrix: &str| format!("{}{matrix}", prefix(Some(place)));
            let w_rec = layer.w_rec.as_ref().unwrap_or(&self.w_rec);
            let w_in = if place == 0 { Some(layer.w_in.as_ref().unwrap_or(&self.w_in)) } else { layer.w_in.as_ref() };
            let own = &mut config.layers[place];
            own.w_rec = remaining(w_rec, &name("w_rec")).or_else(|| own.w_rec.take());
            own.w_in = w_in.and_then(|w_in| remaining(w_in, &name("w_in"))).or_else(|| own.w_in.take());
        }
        for (matrix, name) in [(&mut config.w_in, "w_in"), (&mut config.w_rec, "w_rec"), (&mut config.w_out, "w_out")] {
            if let Some(remaining) = remaining(matrix, name) {
                *matrix = remaining;
            }
        }
        config
    }
}
