//! Whether the outputs of a network can reach the targets of a task: excitatory units that are read without a bias
//! never answer below zero, so that negative targets cannot be learned.

use nn4n_models::ModelConfig;
use nn4n_tasks::{Split, Task, batch};

use crate::error::{Error, Result};

/// Trials that are looked at.
const TRIALS: u64 = 64;
/// How far below the outputs a target may lie: rounding, not an answer.
const TOLERANCE: f64 = 1e-6;

/// What no output of the network can come down to.
struct OutOfReach {
    asked: String,
    lowest: f64,
}

impl OutOfReach {
    /// The first one that trials of the task ask for.
    fn find(model: &ModelConfig, task: &dyn Task) -> Result<Option<Self>> {
        let Some(lowest) = model.lowest_output()? else { return Ok(None) };
        if task.plant().is_some() {
            // The targets are places of the hand; an arm that is pushed one way cannot be stopped.
            return Ok(Some(Self { asked: "torques of either sign".into(), lowest }));
        }
        for update in 0..TRIALS {
            let trial = batch(task, Split::Train, 0, update, 1)?;
            let graded = trial.targets.iter().zip(&trial.loss_mask).filter(|(_, weight)| **weight > 0.0);
            let target = graded.map(|(target, _)| *target).fold(f32::INFINITY, f32::min);
            if f64::from(target) < lowest - TOLERANCE {
                return Ok(Some(Self { asked: format!("outputs down to {target}"), lowest }));
            }
        }
        Ok(None)
    }
}

/// Refuses a network whose outputs cannot come down to the targets of the task.
pub(super) fn check_reach(model: &ModelConfig, task: &dyn Task) -> Result<()> {
    let Some(OutOfReach { asked, lowest }) = OutOfReach::find(model, task)? else { return Ok(()) };
    let message = format!(
        "= \"excitatory\" keeps every output at {lowest} or above, since neither the rates nor the output weights of \
        excitatory units are negative, but `{}` asks for {asked}; read all units (`readout_from = \
        \"all\"`), give the output weights any sign (`w_out = {{ signs = \"free\" }}`), or the outputs a bias (`b_out \
        = {{ trained = 0.0 }}`)",
        task.id()
    );
    Err(Error::setting("model.readout_from", message))
}

/// The same network with output weights of any sign and a bias of the outputs, and a line that says so, if it could not
/// come down to the targets without.
#[cfg(feature = "cli")]
pub(crate) fn with_reach(model: ModelConfig, task: &dyn Task) -> Result<(ModelConfig, Option<String>)> {
    use nn4n_models::{Bias, SignRule};
    let Some(OutOfReach { asked, lowest }) = OutOfReach::find(&model, task)? else { return Ok((model, None)) };
    let mut model = model.b_out(Bias::Trained(0.0.into()));
    model.w_out.signs = Some(SignRule::Free);
    let words = format!(
        "the task asks for {asked}, where excitatory units alone cannot answer below {lowest}: the output weights \
        may have any sign (w_out.signs = \"free\"), and the outputs have a bias (b_out = {{ trained = 0.0 }})"
    );
    Ok((model, Some(words)))
}
