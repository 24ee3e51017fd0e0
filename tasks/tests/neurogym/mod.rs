//! The environments of neurogym against numbers worked by hand, observers with a closed form, and neurogym's own
//! behaviour.

mod geometry;
mod refusals;
mod scoring;
mod statistics;

use ndarray::Array2;
use nn4n_tasks::{Condition, Split, Task, TaskError, Trial, TrialRng, TrialView};

fn trial(task: &dyn Task, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(Split::Train, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

/// Outputs that fixate but for these (step, class).
fn answers(trial: TrialView<'_>, actions: &[(usize, usize)]) -> Array2<f32> {
    let mut outputs = Array2::zeros(trial.targets.dim());
    outputs.column_mut(0).fill(0.5);
    for &(step, class) in actions {
        outputs[[step, class]] = 1.0;
    }
    outputs
}
