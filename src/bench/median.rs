//! The middle of several times.

/// The middle of the values, or the mean of the two in the middle; not a number if there are none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (length, middle) if length % 2 == 1 => sorted[middle],
        (_, middle) => 0.5 * (sorted[middle - 1] + sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_those_worked_by_hand() {
        assert_eq!(median(&[3.0, 1.0, 7.0]), 3.0);
        assert_eq!(median(&[8.0, 3.0, 1.0, 7.0]), 5.0);
        assert!(median(&[]).is_nan());
    }
}
