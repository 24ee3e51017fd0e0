//! A 3 x 3 grid of dots, and the eight sequences of movements on it.
//!
//! ```text
//! dots      0 1 2        dot d lies at x = -0.5 + 0.5 (d mod 3),  y = -0.5 + 0.5 (2 - d div 3)
//!           3 4 5
//!           6 7 8
//! options   from 4: 3, 5    from 3 and 5: 1, 7    from 1: 0, 2    from 7: 6, 8
//! sequences 1: 4 5 1 0    2: 4 3 1 2    3: 4 3 7 8    4: 4 5 7 6
//!           5: 4 5 1 2    6: 4 3 1 0    7: 4 3 7 6    8: 4 5 7 8
//! ```

use ndarray::ArrayView2;

/// The dots of each sequence: the start and the goals of its three movements.
pub(super) const SEQUENCES: [[usize; 4]; 8] =
    [[4, 5, 1, 0], [4, 3, 1, 2], [4, 3, 7, 8], [4, 5, 7, 6], [4, 5, 1, 2], [4, 3, 1, 0], [4, 3, 7, 6], [4, 5, 7, 8]];
/// How many dots there are.
pub(super) const N_DOTS: usize = 9;

/// Where the eyes can go from a dot: across from the middle row, along from the others.
pub(super) fn options(dot: usize) -> [usize; 2] {
    match dot {
        4 => [3, 5],
        3 | 5 => [1, 7],
        1 => [0, 2],
        _ => [6, 8],
    }
}

/// (x, y) of a dot.
pub(super) fn position(dot: usize) -> [f32; 2] {
    [-0.5 + 0.5 * (dot % 3) as f32, -0.5 + 0.5 * (2 - (dot / 3).min(2)) as f32]
}

/// The dot nearest to the outputs at a step; `None` if they are no place.
pub(super) fn nearest_dot(outputs: ArrayView2<'_, f32>, step: usize) -> Option<usize> {
    let (x, y) = (*outputs.get((step, 0))?, *outputs.get((step, 1))?);
    let squared = |dot: usize| {
        let [dot_x, dot_y] = position(dot);
        (x - dot_x).powi(2) + (y - dot_y).powi(2)
    };
    if !x.is_finite() || !y.is_finite() {
        return None;
    }
    (0..N_DOTS).min_by(|&a, &b| squared(a).total_cmp(&squared(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_goal_is_one_of_the_options_of_the_dot_before_it() {
        for dots in SEQUENCES {
            assert_eq!(dots[0], 4);
            assert!(dots.windows(2).all(|pair| options(pair[0]).contains(&pair[1])), "{dots:?}");
        }
        let mut goals: Vec<_> = SEQUENCES.to_vec();
        goals.sort();
        goals.dedup();
        assert_eq!(goals.len(), 8);
    }

    #[test]
    fn dots_lie_on_the_grid_row_by_row_from_the_top() {
        assert_eq!(position(0), [-0.5, 0.5]);
        assert_eq!(position(4), [0.0, 0.0]);
        assert_eq!(position(8), [0.5, -0.5]);
    }
}
