//! A duration that is drawn between two bounds, which are parameters of their own: `NAME_min` and `NAME_max`.

use crate::error::rules;
use crate::{Clock, TaskError};

/// Checks the bounds (ms) of the duration of this name: at least a step, and in order.
pub(super) fn validate(name: &str, (min, max): (f64, f64), clock: Clock) -> Result<(), TaskError> {
    let [min_field, max_field] = ["min", "max"].map(|bound| format!("{name}_{bound}"));
    rules::positive(&min_field, min)?;
    rules::positive(&max_field, max)?;
    if min < clock.dt {
        let remedy = format!("a {name} needs at least one step of `dt` = {} ms", clock.dt);
        return Err(TaskError::parameter(min_field, min, "must be at least `dt`", remedy));
    }
    if max < min {
        let remedy = format!("give at least `{min_field}` = {min} ms");
        return Err(TaskError::parameter(max_field, max, "must not be less than the shortest", remedy));
    }
    Ok(())
}
