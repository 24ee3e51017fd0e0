//! Where a unit is active: connected bins of a high rate.
//!
//! ```text
//! field    bins with l_b > theta max l that share sides, min_bins of them at least
//! ```

use ndarray::Array2;
use serde::Serialize;

use super::{Arena, Undefined, check_rates};

/// A field of a unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Number of bins.
    pub bins: usize,
    /// Highest rate.
    pub peak_rate: f64,
    /// Middle of the bin of the highest rate.
    pub peak_at: Vec<f64>,
    /// Mean place, weighted by the rate.
    pub centre: Vec<f64>,
}

/// The fields of a map (y, x) as bins (row, column), the largest first: bins above the fraction `threshold` of the
/// highest rate that share sides, `min_bins` of them at least.
///
/// # Errors
/// If a rate is negative, or all are 0.
pub fn fields(map: &Array2<f64>, threshold: f64, min_bins: usize) -> Result<Vec<Vec<(usize, usize)>>, Undefined> {
    check_rates(map)?;
    let peak = map.iter().copied().filter(|rate| !rate.is_nan()).fold(0.0, f64::max);
    let mut left = map.mapv(|rate| rate > threshold * peak);
    let mut found: Vec<Vec<(usize, usize)>> = Vec::new();
    for at in ndarray::indices(map.dim()) {
        let field = connected(&mut left, at);
        if !field.is_empty() && field.len() >= min_bins {
            found.push(field);
        }
    }
    found.sort_by_key(|field| std::cmp::Reverse(field.len()));
    Ok(found)
}

/// The bins that are left and connected to this one, which are left no longer.
fn connected(left: &mut Array2<bool>, at: (usize, usize)) -> Vec<(usize, usize)> {
    let (mut field, mut to_do) = (Vec::new(), vec![at]);
    while let Some((row, column)) = to_do.pop() {
        match left.get_mut((row, column)) {
            Some(is_left) if *is_left => *is_left = false,
            _ => continue,
        }
        field.push((row, column));
        // Row and column -1 wrap to what is no bin.
        to_do.extend([
            (row + 1, column),
            (row.wrapping_sub(1), column),
            (row, column + 1),
            (row, column.wrapping_sub(1)),
        ]);
    }
    field
}

impl Field {
    /// Of its bins.
    pub(super) fn of(map: &Array2<f64>, bins: &[(usize, usize)], arena: &Arena) -> Self {
        let mut peak = (f64::NEG_INFINITY, (0, 0));
        let (mut all, mut row, mut column) = (0.0, 0.0, 0.0);
        for at in bins {
            let rate = map[*at];
            if rate > peak.0 {
                peak = (rate, *at);
            }
            (all, row, column) = (all + rate, row + rate * at.0 as f64, column + rate * at.1 as f64);
        }
        Self {
            bins: bins.len(),
            peak_rate: peak.0,
            peak_at: arena.middle(peak.1.0 as f64, peak.1.1 as f64),
            centre: arena.middle(row / all, column / all),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn fields_share_sides_and_are_large_enough() {
        let map = array![[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.9, 0.0], [0.0, 0.3, 0.9, 0.9], [0.5, f64::NAN, 0.2, 0.0]];
        let sizes =
            |threshold, least| -> Vec<usize> { fields(&map, threshold, least).unwrap().iter().map(Vec::len).collect() };
        // Corners do not connect; 0.3 is not above 0.3.
        assert_eq!(sizes(0.3, 1), [3, 2, 1]);
        assert_eq!(sizes(0.3, 2), [3, 2]);
        assert_eq!(sizes(0.1, 1), [5, 2, 1]);
        assert_eq!(sizes(0.95, 3), [0; 0]);
        assert_eq!(fields(&array![[0.0]], 0.3, 1), Err(Undefined::Silent));
    }

    #[test]
    fn a_field_has_its_peak_and_its_centre() {
        let arena = Arena { ends: vec![(10.0, 14.0), (0.0, 2.0)], bin: 1.0, rows: 2, columns: 4 };
        let map = array![[0.0, 1.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]];
        let found = Field::of(&map, &[(0, 1), (0, 2)], &arena);
        assert_eq!((found.bins, found.peak_rate, found.peak_at), (2, 3.0, vec![12.5, 0.5]));
        assert_eq!(found.centre, [12.25, 0.5]);
    }
}
