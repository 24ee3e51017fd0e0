//! What the outputs of a network can reach, whatever its weights become.

use super::{
    dynamics::{Bias, Readout, Values},
    model::ModelConfig,
    synapses::ReadoutFrom,
    units::{CellType, Units},
};
use crate::error::Result;

impl ModelConfig {
    /// The level that no output can fall below, whatever the training makes of the weights: the bias (0 without one,
    /// 0.5 behind a sigmoid) where all units that are read have rates >= 0 and synapses >= 0, as excitatory units under
    /// Dale's law. `None` where there is no such level, or where outputs are a softmax.
    ///
    /// ```
    /// use nn4n_models::{Bias, ModelConfig, ReadoutFrom, SignRule};
    /// let network = ModelConfig::ei(2, 10, 1);
    /// assert_eq!(network.lowest_output()?, Some(0.0));
    /// assert_eq!(network.clone().readout_from(ReadoutFrom::All).lowest_output()?, None);
    /// assert_eq!(network.b_out(Bias::Trained(0.0.into())).lowest_output()?, None);
    /// assert_eq!(ModelConfig::vanilla(2, 10, 1).lowest_output()?, None);
    /// # Ok::<(), nn4n_models::ModelError>(())
    /// ```
    ///
    /// # Errors
    /// If the description breaks one of its rules.
    pub fn lowest_output(&self) -> Result<Option<f64>> {
        self.validate()?;
        let plans = self.plans();
        let Some(last) = plans.last().map(|plan| plan.config.as_ref()) else { return Ok(None) };
        let bias = match last.output_bias() {
            Bias::Off => 0.0,
            Bias::Constant(Values::All(value)) => *value,
            Bias::Constant(Values::Each(values)) => values.iter().copied().fold(f64::INFINITY, f64::min),
            Bias::Trained(_) => return Ok(None),
        };
        let units = last.layout();
        let signs = last.presynaptic_types("w_out", &last.w_out, units.len(), &units)?;
        let activations = last.activation.resolve(&units, "activation")?;
        let only_adds = |unit: usize| activations[unit].is_non_negative() && signs[unit] == Some(CellType::Excitatory);
        let adds_up = last.read_units(&units).into_iter().all(only_adds);
        Ok(match last.nonlinearity() {
            _ if !adds_up => None,
            Readout::Linear => Some(bias),
            Readout::Sigmoid => Some(1.0 / (1.0 + (-bias).exp())),
            Readout::Softmax => None,
        })
    }

    /// The units that an output may read: those of its groups, or of the last area, of the cell types that
    /// `readout_from` allows, and those that a fixed synapse reads.
    fn read_units(&self, units: &Units) -> Vec<usize> {
        let of_groups: Vec<usize> = if self.output_groups.is_empty() {
            units.areas.last().map_or(0..0, |area| area.range()).collect()
        } else {
            self.output_groups.iter().flat_map(|group| group.to.candidates(units)).collect()
        };
        let is_read = |unit: &usize| {
            self.readout_from == ReadoutFrom::All || units.cell_types[*unit] != Some(CellType::Inhibitory)
        };
        let fixed = self.w_out.fixed.iter().map(|synapse| synapse.pre);
        of_groups.into_iter().filter(is_read).chain(fixed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Area, ChannelGroup, FixedSynapse, Kind, LayerConfig, PerUnit, SignRule, UnitSet};

    fn floor(network: &ModelConfig) -> Option<f64> {
        network.lowest_output().unwrap()
    }

    #[test]
    fn the_units_that_are_read_decide() {
        for kind in [Kind::Ei, Kind::MultiArea, Kind::Stacked] {
            let network = ModelConfig::of_kind(kind, 2, 20, 1);
            assert_eq!(floor(&network), Some(0.0), "{kind}");
            assert_eq!(floor(&network.readout_from(ReadoutFrom::All)), None, "{kind}");
        }
        // The last area has no cell types; of its own group an output reads one that has.
        let areas = ModelConfig::multi_area(2, 1, [Area::ei("v1", 10, 0.8), Area::new("m1", 10)]);
        assert_eq!(floor(&areas), None);
        assert_eq!(floor(&areas.output_group(ChannelGroup::all(UnitSet::area("v1")))), Some(0.0));
        let last = ModelConfig::stacked(2, 1, [LayerConfig::ei("a", 5, 0.8), LayerConfig::new("b", 5)]);
        assert_eq!(floor(&last), None);
    }

    #[test]
    fn rates_signs_biases_and_the_readout_decide() {
        let ei = || ModelConfig::ei(2, 10, 1);
        assert_eq!(floor(&ei().activation(Activation::Softplus)), Some(0.0));
        assert_eq!(floor(&ei().activation(Activation::Tanh)), None);
        assert_eq!(floor(&ei().activation(PerUnit::Uniform(Activation::LeakyRelu(0.1)))), None);
        let mut free = ei();
        free.w_out.signs = Some(SignRule::Free);
        assert_eq!(floor(&free), None);
        let mut fixed = ei();
        fixed.w_out.fixed.push(FixedSynapse { post: 0, pre: 9, weight: -1.0 });
        assert_eq!(floor(&fixed), None, "an inhibitory unit is read");
        assert_eq!(floor(&ei().b_out(Bias::Constant(Values::Each(vec![-0.5])))), Some(-0.5));
        assert_eq!(floor(&ei().readout(Readout::Sigmoid)), Some(0.5));
        assert_eq!(floor(&ei().readout(Readout::Softmax)), None);
    }
}
