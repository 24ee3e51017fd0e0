//! The network: its description, its layers and its readout.

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;

use super::{
    joined::join,
    layer::{Layer, readout},
    parameter::Parameter,
};
use crate::{
    config::{ModelConfig, Units},
    error::{ModelError, Result},
    params::{self, Tensors},
    scan::Memory,
    synapses::Synapses,
};

/// A continuous-time recurrent network.
#[derive(Clone, Debug)]
pub struct Ctrnn {
    pub(super) config: ModelConfig,
    pub(super) units: Units,
    /// At least one, from the input on.
    pub(super) layers: Vec<Layer>,
    pub(super) w_out: Synapses,
    pub(super) b_out: Tensor,
    pub(super) memory: Memory,
}

impl Ctrnn {
    /// Builds the network from named tensors (see [`params`]). Tensors that are candle variables are trained with the
    /// network.
    ///
    /// # Errors
    /// If the description is invalid, a tensor is missing or misshapen, or the weights break their constraints.
    pub fn new(config: &ModelConfig, vb: VarBuilder) -> Result<Self> {
        config.validate()?;
        if !matches!(vb.dtype(), DType::F32 | DType::F64) {
            return Err(ModelError::DataType(vb.dtype()));
        }
        let mut layers = Vec::new();
        let mut last = None;
        for plan in config.plans() {
            layers.push(Layer::new(&plan, &vb).map_err(|error| plan.locate(error))?);
            if plan.is_last {
                last = Some(readout(&plan.config, &vb)?);
            }
        }
        let (w_out, b_out) = last.ok_or_else(|| ModelError::tensor("w_out", "is missing; the network has no layer"))?;
        Ok(Self { config: config.clone(), units: config.layout(), layers, w_out, b_out, memory: Memory::default() })
    }

    /// A fresh network drawn from `seed`; its trained tensors are variables.
    ///
    /// # Errors
    /// If the description is invalid or a draw cannot satisfy it.
    pub fn init(config: &ModelConfig, seed: u64, dtype: DType, device: &Device) -> Result<Self> {
        Self::from_tensors(config, config.draw(seed, dtype)?, dtype, device)
    }

    /// A network with these tensors and no others; its trained tensors are variables.
    ///
    /// # Errors
    /// If a tensor is missing, unexpected, misshapen or not finite, or the weights break their constraints.
    pub fn from_tensors(config: &ModelConfig, tensors: Tensors, dtype: DType, device: &Device) -> Result<Self> {
        config.validate()?;
        Self::new(config, params::var_builder(config, tensors, dtype, device)?)
    }

    /// The description.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The layers, from the input on; one unless the network is stacked.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The layers below the last, and the last, which the outputs read.
    pub(super) fn below_and_last(&self) -> (&[Layer], &Layer) {
        let last = self.layers.len() - 1; // there is at least one
        (&self.layers[..last], &self.layers[last])
    }

    /// The units with their areas and cell types.
    pub fn units(&self) -> &Units {
        &self.units
    }

    /// Where the network lives.
    pub fn device(&self) -> &Device {
        self.b_out.device()
    }

    /// Its data type.
    pub fn dtype(&self) -> DType {
        self.b_out.dtype()
    }

    /// Input weights with their constraints; `None` without inputs. In a stacked network those of the first layer: see
    /// [`layers`](Self::layers).
    pub fn w_in(&self) -> Option<&Synapses> {
        self.layers.first().and_then(Layer::w_in)
    }

    /// Recurrent weights with their constraints. In a stacked network those of the first layer: see
    /// [`layers`](Self::layers).
    pub fn w_rec(&self) -> &Synapses {
        self.layers[0].w_rec()
    }

    /// Output weights (outputs, units of the last layer) with their constraints.
    pub fn w_out(&self) -> &Synapses {
        &self.w_out
    }

    /// Input weights that act (units, inputs); `None` without inputs. Above the first layer they are zero.
    pub fn effective_w_in(&self) -> Result<Option<Tensor>> {
        let Some(w_in) = self.w_in() else { return Ok(None) };
        let effective = w_in.effective()?;
        match self.units.len() - effective.dim(0)? {
            0 => Ok(Some(effective)),
            above => Ok(Some(effective.pad_with_zeros(0, 0, above)?)),
        }
    }

    /// Weights that act between units (units, units): the recurrent ones, and in a stacked network those from each
    /// layer to the next, which act within the step.
    pub fn effective_w_rec(&self) -> Result<Tensor> {
        if let [layer] = self.layers.as_slice() {
            return layer.effective_w_rec();
        }
        let mut rows = Vec::with_capacity(self.layers.len());
        for (place, layer) in self.layers.iter().enumerate() {
            let own = layer.effective_w_rec()?;
            let (row, from) = match layer.effective_w_in()?.filter(|_| place > 0) {
                Some(below) => (Tensor::cat(&[&below, &own], 1)?, self.units.areas[place - 1].start),
                None => (own, self.units.areas[place].start),
            };
            let after = self.units.len() - from - row.dim(1)?;
            rows.push(row.pad_with_zeros(1, from, after)?);
        }
        Ok(Tensor::cat(&rows, 0)?)
    }

    /// Output weights that act (outputs, units); only units of the last layer are read.
    pub fn effective_w_out(&self) -> Result<Tensor> {
        let effective = self.w_out.effective()?;
        match self.units.len() - effective.dim(1)? {
            0 => Ok(effective),
            below => Ok(effective.pad_with_zeros(1, below, 0)?),
        }
    }

    /// Time constant of each unit (units), ms.
    pub fn tau(&self) -> Result<Tensor> {
        join(&self.layers.iter().map(Layer::tau).collect::<Result<Vec<_>>>()?)
    }

    /// The same network simulated with another step, ms. Its parameters are shared, not copied.
    ///
    /// # Errors
    /// If `dt` is not positive or exceeds a time constant. Noise given per step keeps its amplitude; see
    /// [`NoiseScaling`](crate::NoiseScaling).
    pub fn with_dt(&self, dt: f64) -> Result<Self> {
        let config = self.config.clone().dt(dt);
        config.validate()?;
        let layers = self.layers.iter().map(|layer| layer.with_dt(dt)).collect::<Result<_>>()?;
        Ok(Self { config, layers, ..self.clone() })
    }

    /// The same network as constants: nothing that is computed with it keeps a graph for gradients. Its parameters are
    /// shared, not copied.
    #[must_use]
    pub fn frozen(&self) -> Self {
        Self {
            layers: self.layers.iter().map(Layer::frozen).collect(),
            w_out: self.w_out.frozen(),
            b_out: self.b_out.detach(),
            ..self.clone()
        }
    }

    /// The trained tensors, in the order of their names; in a stacked network those of the readout, and then layer
    /// after layer.
    pub fn parameters(&self) -> Result<Vec<Parameter>> {
        let readout =
            [("b_out", &self.b_out, None, false), ("w_out", self.w_out.weight(), self.w_out.plastic(), false)];
        let mut candidates: Vec<_> = readout.into_iter().map(|candidate| (None, candidate)).collect();
        for layer in &self.layers {
            candidates.extend(layer.candidates().into_iter().map(|candidate| (layer.place(), candidate)));
        }
        candidates.retain(|(_, (_, tensor, _, _))| tensor.is_variable());
        candidates.sort_by_key(|(layer, (name, ..))| (*layer, *name));
        candidates
            .into_iter()
            .map(|(layer, (name, tensor, plastic, logarithmic))| {
                Ok(Parameter { name, layer, var: Var::from_tensor(tensor)?, plastic: plastic.cloned(), logarithmic })
            })
            .collect()
    }

    /// Projects every trained tensor onto its constraints: Dale's law, connectivity and fixed synapses exactly,
    /// `tau >= dt`, shared time constants. Call it after every update.
    pub fn project(&self) -> Result<()> {
        self.layers.iter().try_for_each(Layer::project)?;
        self.w_out.project()
    }

    /// All tensors of the network, as they are saved: copies, which later updates leave as they are.
    pub fn tensors(&self) -> Result<Tensors> {
        let mut tensors = self.w_out.tensors()?;
        tensors.insert("b_out".into(), self.b_out.detach().copy()?);
        for layer in &self.layers {
            tensors.extend(layer.tensors()?);
        }
        Ok(tensors)
    }
}
