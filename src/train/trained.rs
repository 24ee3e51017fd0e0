//! Which parameters of a network a run trains.

use candle_core::{DType, Tensor};
use nn4n_models::{Ctrnn, Layer, Parameter};
use nn4n_tasks::Task;

use crate::{
    error::{Error, Result},
    experiment::TrainConfig,
};

const NAMES: [&str; 7] = ["w_in", "w_rec", "w_out", "b_rec", "b_out", "x0", "tau"];

/// The parameters that `config` does not freeze; of the input weights only those from `only_inputs`, if it names any.
/// In a stacked network `w_rec` freezes that of every layer, `layers.0.w_rec` that of the first.
///
/// # Errors
/// If a parameter or a channel is unknown, or nothing is left to train.
pub(super) fn trained(network: &Ctrnn, config: &TrainConfig, task: &dyn Task) -> Result<Vec<Parameter>> {
    let known = names(network);
    if let Some(name) = config.freeze.iter().find(|name| !known.contains(name)) {
        let message = format!("names `{name}`, which is no parameter; the parameters are {}", known.join(", "));
        return Err(Error::setting("train.freeze", message));
    }
    let mut parameters = network.parameters()?;
    parameters
        .retain(|parameter| config.freeze.iter().all(|name| *name != parameter.name && *name != parameter.path()));
    if !config.only_inputs.is_empty() {
        let of_inputs =
            |parameter: &&mut Parameter| parameter.name == "w_in" && parameter.layer.is_none_or(|layer| layer == 0);
        let Some(w_in) = parameters.iter_mut().find(of_inputs) else {
            let message =
                "says which input weights are trained, but `freeze` or the model fixes them all; remove one of the two";
            return Err(Error::setting("train.only_inputs", message));
        };
        w_in.plastic = Some(only(w_in, &columns(config, task)?)?);
    }
    if parameters.is_empty() {
        return Err(Error::setting("train.freeze", "leaves no parameter to train; freeze fewer"));
    }
    Ok(parameters)
}

/// What can be frozen: a parameter, in a stacked network also that of one layer.
fn names(network: &Ctrnn) -> Vec<String> {
    let layers = network.layers().iter().filter_map(Layer::place);
    let of_layers = layers.flat_map(|layer| {
        NAMES.iter().filter(|name| !name.ends_with("_out")).map(move |name| format!("layers.{layer}.{name}"))
    });
    NAMES.iter().map(ToString::to_string).chain(of_layers).collect()
}

/// The places of the named channels among the inputs.
fn columns(config: &TrainConfig, task: &dyn Task) -> Result<Vec<usize>> {
    let channels = task.inputs();
    let place = |name: &String| {
        channels.iter().position(|channel| channel.name == *name).ok_or_else(|| {
            let known = channels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Error::setting(
                "train.only_inputs",
                format!("names `{name}`, which is no input of `{}`; its inputs are {known}", task.id()),
            )
        })
    };
    config.only_inputs.iter().map(place).collect()
}

/// What `plastic` of the input weights (units, inputs) leaves in these columns.
fn only(w_in: &Parameter, columns: &[usize]) -> Result<Tensor> {
    let (units, inputs) = w_in.var.dims2()?;
    let row: Vec<f32> = (0..inputs).map(|column| if columns.contains(&column) { 1.0 } else { 0.0 }).collect();
    let mask = Tensor::from_vec(row, (1, inputs), w_in.var.device())?.to_dtype(w_in.var.dtype())?;
    let mask = mask.broadcast_as((units, inputs))?.contiguous()?;
    Ok(match &w_in.plastic {
        Some(plastic) => (plastic.to_dtype(DType::F32)? * mask.to_dtype(DType::F32)?)?.to_dtype(w_in.var.dtype())?,
        None => mask,
    })
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use nn4n_models::{LayerConfig, ModelConfig};
    use nn4n_tasks::create;

    use super::*;

    fn of(change: impl Fn(&mut TrainConfig)) -> Result<Vec<Parameter>> {
        let mut config = TrainConfig::default();
        change(&mut config);
        let task = create("song2016/rdm_varstim", None)?;
        trained(&Ctrnn::init(&ModelConfig::ei(3, 10, 2), 0, DType::F32, &Device::Cpu)?, &config, task.as_ref())
    }

    #[test]
    fn frozen_parameters_are_not_among_the_trained_ones() -> Result<()> {
        let names =
            |parameters: Vec<Parameter>| parameters.into_iter().map(|parameter| parameter.name).collect::<Vec<_>>();
        assert_eq!(names(of(|_| ())?), ["w_in", "w_out", "w_rec", "x0"]);
        assert_eq!(names(of(|config| config.freeze = vec!["w_rec".into(), "x0".into()])?), ["w_in", "w_out"]);
        Ok(())
    }

    #[test]
    fn in_a_stacked_network_a_parameter_is_frozen_in_one_layer_or_in_all() -> Result<()> {
        let layers = [LayerConfig::new("lower", 4), LayerConfig::new("upper", 5)];
        let network = Ctrnn::init(&ModelConfig::stacked(3, 2, layers), 0, DType::F32, &Device::Cpu)?;
        let task = create("song2016/rdm_varstim", None)?;
        let paths = |freeze: &[&str], only_inputs: &[&str]| -> Result<Vec<String>> {
            let strings = |names: &[&str]| names.iter().map(ToString::to_string).collect();
            let config =
                TrainConfig { freeze: strings(freeze), only_inputs: strings(only_inputs), ..TrainConfig::default() };
            Ok(trained(&network, &config, task.as_ref())?.iter().map(Parameter::path).collect())
        };
        assert_eq!(
            paths(&["layers.1.w_rec", "x0"], &[])?,
            ["w_out", "layers.0.w_in", "layers.0.w_rec", "layers.1.w_in"].map(String::from)
        );
        assert_eq!(paths(&["w_rec", "w_in"], &[])?, ["w_out", "layers.0.x0", "layers.1.x0"].map(String::from));
        assert!(paths(&["layers.2.w_rec"], &[]).unwrap_err().to_string().contains("layers.1.w_rec"));
        // The weights from layer to layer are no weights of the inputs.
        assert!(paths(&["layers.0.w_in"], &["start_cue"]).unwrap_err().to_string().contains("remove one"));
        Ok(())
    }

    #[test]
    fn only_the_columns_of_the_named_inputs_are_plastic() -> Result<()> {
        let parameters = of(|config| config.only_inputs = vec!["start_cue".into()])?;
        let plastic = parameters[0].plastic.as_ref().map(Tensor::to_vec2::<f32>).transpose()?.unwrap_or_default();
        assert_eq!(plastic, vec![vec![0.0, 0.0, 1.0]; 10]);
        Ok(())
    }

    #[test]
    fn unknown_names_are_refused_with_the_known_ones() {
        let message = |change: fn(&mut TrainConfig)| of(change).unwrap_err().to_string();
        assert!(message(|config| config.freeze = vec!["wrec".into()]).contains("w_in, w_rec, w_out"));
        assert!(
            message(|config| config.only_inputs = vec!["cue".into()]).contains("evidence_1, evidence_2, start_cue")
        );
        assert!(message(|config| config.freeze = NAMES.map(String::from).into()).contains("no parameter to train"));
        assert!(
            message(|config| (config.freeze, config.only_inputs) = (vec!["w_in".into()], vec!["start_cue".into()]))
                .contains("remove one")
        );
    }
}
