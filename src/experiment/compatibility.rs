//! Whether a network fits a task: numbers and order of channels, and the step.

use nn4n_models::ModelConfig;
use nn4n_tasks::{Channel, Task};

use crate::error::{Error, Result};

/// The names of the channels that a network was trained on, in their order.
#[derive(Clone, Copy, Debug)]
pub struct ChannelNames<'a> {
    /// The inputs.
    pub inputs: &'a [String],
    /// The outputs.
    pub outputs: &'a [String],
}

/// Refuses a task that does not fit a network. `trained` are the channels that it was trained on, where they are known:
/// a network knows its channels by their place, so the same names in another order would be taken for each other.
///
/// # Errors
/// If the numbers of channels differ, the step, or the order of the same channels.
pub fn check_fit(model: &ModelConfig, trained: Option<ChannelNames<'_>>, task: &dyn Task) -> Result<()> {
    let (inputs, outputs) = (task.inputs(), task.outputs());
    check_number("inputs", model.inputs, inputs.len(), task.id())?;
    check_number("outputs", model.outputs, outputs.len(), task.id())?;
    check_step(model, task)?;
    if let Some(trained) = trained {
        check_order("inputs", trained.inputs, &inputs, task.id())?;
        check_order("outputs", trained.outputs, &outputs, task.id())?;
    }
    Ok(())
}

fn check_number(field: &str, network: usize, task: usize, id: &str) -> Result<()> {
    if network == task {
        return Ok(());
    }
    let message =
        format!("the network has {network} {field}, but the task `{id}` has {task}; choose a task of its shape");
    Err(Error::setting(field, message))
}

/// Refuses a task whose step is not the network's.
pub(crate) fn check_step(model: &ModelConfig, task: &dyn Task) -> Result<()> {
    if model.dt == task.dt() {
        return Ok(());
    }
    let message = format!(
        "the network's step is {} ms, but that of the task `{}` is {} ms; give the task the same `dt`",
        model.dt,
        task.id(),
        task.dt()
    );
    Err(Error::setting("dt", message))
}

fn check_order(field: &str, trained: &[String], task: &[Channel], id: &str) -> Result<()> {
    let given: Vec<&str> = task.iter().map(|channel| channel.name.as_str()).collect();
    let permuted = trained.len() == given.len() && trained.iter().all(|name| given.contains(&name.as_str()));
    if !permuted || trained.iter().eq(&given) {
        return Ok(());
    }
    let message = format!(
        "of `{id}` stand in another order ({}) than those that the network was trained on ({}); choose a task of that \
        order",
        given.join(", "),
        trained.join(", ")
    );
    Err(Error::setting(field, message))
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::create;

    use super::*;

    #[test]
    fn numbers_step_and_order_must_be_the_tasks() {
        let task = create("song2016/rdm_varstim", None).unwrap();
        let names = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        let (inputs, outputs) = (names("evidence_1 evidence_2 start_cue"), names("choice_1 choice_2"));
        let fitting = ModelConfig::vanilla(3, 5, 2);
        let check = |model: &ModelConfig, inputs: &[String]| {
            let trained = ChannelNames { inputs, outputs: &outputs };
            check_fit(model, Some(trained), task.as_ref()).map_err(|error| error.to_string())
        };
        assert_eq!(check(&fitting, &inputs), Ok(()));
        // Other names are the user's own decision; the same ones exchanged are a mistake.
        assert_eq!(check(&fitting, &names("a b c")), Ok(()));
        assert!(check(&fitting, &names("evidence_2 evidence_1 start_cue")).unwrap_err().contains("another order"));
        assert!(check(&ModelConfig::vanilla(4, 5, 2), &inputs).unwrap_err().contains("has 4 inputs"));
        assert!(check(&ModelConfig::vanilla(3, 5, 1), &inputs).unwrap_err().contains("has 1 outputs"));
        assert!(check(&fitting.clone().dt(10.0), &inputs).unwrap_err().contains("10 ms"));
    }
}
