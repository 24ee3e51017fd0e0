//! Rules that several settings obey.

use crate::error::{ModelError, Result};

/// A number in [0, 1].
pub(super) fn check_fraction(field: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(ModelError::config(field, format!("must lie in [0, 1], but is {value}")))
}

/// A number that is not negative.
pub(super) fn check_not_negative(field: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(ModelError::config(field, format!("must be finite and >= 0, but is {value}")))
}

/// Rows of a matrix (posts, pres).
pub(super) fn check_shape<T>(field: &str, rows: &[Vec<T>], (posts, pres): (usize, usize)) -> Result<()> {
    if rows.len() == posts && rows.iter().all(|row| row.len() == pres) {
        return Ok(());
    }
    let found = rows.iter().map(Vec::len).find(|length| *length != pres).unwrap_or(pres);
    Err(ModelError::config(
        field,
        format!(
            "must be {posts} rows of {pres} (postsynaptic by presynaptic), but has {} rows, one of them of {found}",
            rows.len()
        ),
    ))
}
