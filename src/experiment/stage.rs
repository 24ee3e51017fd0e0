//! A curriculum: easier tasks that come first.

use std::sync::Arc;

use nn4n_tasks::Task;

use crate::error::{Error, Result};

/// A task that is trained on until the network has learned it.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The task, with the channels and the step of the experiment's.
    pub task: Arc<dyn Task>,
    /// The performance in a validation from which on the next stage follows, in (0, 1].
    pub threshold: f64,
}

impl Stage {
    /// Checks the stage at `place` of a curriculum that leads to the task `last`.
    pub(super) fn validate(&self, place: usize, last: &dyn Task) -> Result<()> {
        self.task.validate()?;
        let field = |name: &str| format!("curriculum[{place}].{name}");
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            return Err(Error::setting(field("threshold"), format!("must lie in (0, 1], but is {}", self.threshold)));
        }
        let same =
            self.task.inputs() == last.inputs() && self.task.outputs() == last.outputs() && self.task.dt() == last.dt();
        if same {
            return Ok(());
        }
        let message = "has other channels or another `dt` than the task itself; one network must serve both";
        Err(Error::setting(field("task"), message))
    }
}
