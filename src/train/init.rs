//! Starting from a trained network: its weights on the channels of another task, matched by name.
//!
//! ```text
//! the same names in the same order     all tensors as they are
//! every name is one of the task's      w_in, w_out and b_out channel by channel;
//!                                      channels that are new start as in a network drawn from the seed
//! no name in common, as many           channel by channel in their order, which is said
//! ```

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, ModelConfig, Tensors};

use crate::{
    checkpoint::{Checkpoint, TaskRecord},
    echo::echo,
    error::{Error, Result},
    experiment::Experiment,
    progress::note,
};

/// The network of the checkpoint called `path`, with the channels of the experiment.
///
/// # Errors
/// If its network fits neither the model nor the channels.
pub(super) fn network(experiment: &Experiment, path: &Path, init: &Checkpoint, device: &Device) -> Result<Ctrnn> {
    let (network, differences) = fitted(experiment, path, init, device)?;
    differences.iter().for_each(|difference| note(&format!("note: {}: {difference}", path.display())));
    Ok(network)
}

/// Refuses a checkpoint that training cannot start from: before there is a directory for it.
///
/// # Errors
/// If its network fits neither the model nor the channels.
#[cfg(feature = "sweep")]
pub(crate) fn check(experiment: &Experiment, path: &Path, init: &Checkpoint) -> Result<()> {
    fitted(experiment, path, init, &Device::Cpu).map(drop)
}

/// The network, and what it does not have of the checkpoint.
fn fitted(experiment: &Experiment, path: &Path, init: &Checkpoint, device: &Device) -> Result<(Ctrnn, Vec<String>)> {
    let refused = |error: Error| {
        Error::setting("init", format!("{}: {error}; name a checkpoint of the network to train", path.display()))
    };
    let Checkpoint { header, tensors } = init;
    let task = TaskRecord::of(experiment.task.as_ref());
    let (inputs, outputs) = places(&header.task.inputs, &task.inputs)
        .and_then(|inputs| Ok((inputs, places(&header.task.outputs, &task.outputs)?)))
        .map_err(refused)?;
    let mut differences: Vec<String> = lost_cell_types(&header.model, &experiment.model)
        .into_iter()
        .chain(other_step(&header.model, &experiment.model))
        .collect();
    if [&inputs, &outputs].into_iter().any(|places| *places == Places::InOrder) {
        differences.push(format!("its channels are not those of `{}`, and are taken in their order", task.id));
    }
    let tensors = match (inputs.by_name(), outputs.by_name()) {
        (None, None) => tensors.clone(),
        (inputs, outputs) => matched(experiment, tensors.clone(), inputs, outputs)?,
    };
    let network = Ctrnn::from_tensors(&experiment.model, tensors, DType::F32, device);
    Ok((network.map_err(|error| refused(error.into()))?, differences))
}

/// What to say where units of a cell type become units without one.
fn lost_cell_types(known: &ModelConfig, wanted: &ModelConfig) -> Option<String> {
    let typed = |model: &ModelConfig| model.layout().have_cell_types();
    (typed(known) && !typed(wanted)).then(|| {
        format!(
            "its units are excitatory and inhibitory, those of the {} network that is trained are not: Dale's law no \
            longer holds (without --model, and with the [model] of the checkpoint, it does)",
            wanted.kind.title()
        )
    })
}

/// What to say where the network goes on in other steps.
fn other_step(known: &ModelConfig, wanted: &ModelConfig) -> Option<String> {
    (known.dt != wanted.dt).then(|| {
        format!(
            "its step is {} ms, that of the task {} ms: it begins as another discretisation of the same equations",
            known.dt, wanted.dt
        )
    })
}

/// Where the channels of a task are in a checkpoint.
#[derive(Debug, PartialEq, Eq)]
enum Places {
    Same,
    InOrder,
    /// `None` of a channel that is new.
    ByName(Vec<Option<usize>>),
}

impl Places {
    fn by_name(&self) -> Option<&[Option<usize>]> {
        if let Self::ByName(places) = self { Some(places) } else { None }
    }
}

fn places(known: &[String], wanted: &[String]) -> Result<Places> {
    let missing = known.iter().find(|name| !wanted.contains(name));
    match missing {
        _ if known == wanted => Ok(Places::Same),
        None => Ok(Places::ByName(wanted.iter().map(|name| known.iter().position(|known| known == name)).collect())),
        Some(_) if known.len() == wanted.len() && !known.iter().any(|name| wanted.contains(name)) => {
            Ok(Places::InOrder)
        }
        Some(name) => {
            let message =
                format!("its channel `{}` is none of the task's, which are {}", echo(name), wanted.join(", "));
            Err(Error::setting("channels", message))
        }
    }
}

/// The tensors of the checkpoint, those of channels put together from its own and a drawn network's.
fn matched(
    experiment: &Experiment,
    mut known: Tensors,
    inputs: Option<&[Option<usize>]>,
    outputs: Option<&[Option<usize>]>,
) -> Result<Tensors> {
    let drawn = Ctrnn::init(&experiment.model, experiment.seed, DType::F32, &Device::Cpu)?.tensors()?;
    for (name, tensor) in &mut known {
        let parts: Vec<&str> = name.split('.').collect();
        // The first layer of a stacked network has the inputs; the others' are the units below.
        let of_channels = match (parts[parts.len() - 1], parts.contains(&"layers") && !parts.contains(&"0")) {
            ("w_in", false) => inputs.map(|places| (1, places)),
            ("w_out" | "b_out", _) => outputs.map(|places| (0, places)),
            _ => None,
        };
        if let (Some((axis, places)), Some(drawn)) = (of_channels, drawn.get(name)) {
            *tensor = joined(tensor, drawn, axis, places)?;
            refuse_other_structure(&experiment.model, name, tensor, drawn)?;
        }
    }
    if inputs.is_some_and(|places| places.iter().all(Option::is_none)) {
        // A network without inputs has no tensors of them.
        let of_inputs = drawn
            .into_iter()
            .filter(|(name, _)| name.ends_with("w_in") && !known.contains_key(name))
            .collect::<Vec<_>>();
        known.extend(of_inputs);
    }
    Ok(known)
}

/// Where the model says which channels have synapses, those of the checkpoint must be where it says.
fn refuse_other_structure(model: &ModelConfig, name: &str, tensor: &Tensor, drawn: &Tensor) -> Result<()> {
    let of_inputs =
        name.ends_with("connectivity.w_in") && (model.w_in.connectivity.is_some() || !model.input_groups.is_empty());
    let of_outputs = name.ends_with("connectivity.w_out") && model.w_out.connectivity.is_some();
    let host = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<u8>();
    if !(of_inputs || of_outputs) || host(tensor)? == host(drawn)? {
        return Ok(());
    }
    let message = "says which channels have synapses, and not as the checkpoint; leave `connectivity` and \
        `input_groups` out, or train from the start";
    Err(Error::setting("model", message))
}

/// Slices of `known` at their places along `axis`, and of `drawn` where there is none.
fn joined(known: &Tensor, drawn: &Tensor, axis: usize, places: &[Option<usize>]) -> Result<Tensor> {
    let drawn = drawn.to_dtype(known.dtype())?.to_device(known.device())?;
    let slice = |(channel, place): (usize, &Option<usize>)| match place {
        Some(place) => known.narrow(axis, *place, 1),
        None => drawn.narrow(axis, channel, 1),
    };
    let slices = places.iter().enumerate().map(slice).collect::<candle_core::Result<Vec<_>>>()?;
    Ok(Tensor::cat(&slices, axis)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_found_by_name_or_else_in_their_order_if_there_are_as_many() -> Result<()> {
        let names = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        assert_eq!(places(&names("a b"), &names("a b"))?, Places::Same);
        assert_eq!(places(&names("a b"), &names("b c a"))?, Places::ByName(vec![Some(1), None, Some(0)]));
        assert_eq!(places(&names("a b"), &names("c d"))?, Places::InOrder);
        assert_eq!(places(&[], &names("c d"))?, Places::ByName(vec![None, None]));
        for other in ["a c d", "c a", "c"] {
            let message = places(&names("a b"), &names(other)).unwrap_err().to_string();
            assert!(
                message.contains("is none of the task's") && message.contains(&names(other).join(", ")),
                "{message}"
            );
        }
        Ok(())
    }

    #[test]
    fn new_channels_are_drawn_and_the_others_keep_their_weights() -> Result<()> {
        let (known, drawn) =
            (Tensor::new(&[[1f32, 2.0]], &Device::Cpu)?, Tensor::new(&[[7f32, 8.0, 9.0]], &Device::Cpu)?);
        assert_eq!(joined(&known, &drawn, 1, &[Some(1), None, Some(0)])?.to_vec2::<f32>()?, [[2.0, 8.0, 1.0]]);
        Ok(())
    }
}
