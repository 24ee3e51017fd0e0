//! Does a field lie along a wall?
//!
//! ```text
//! B = (c - d) / (c + d)                             -1 in the middle, up to 1 along a wall
//! c    largest fraction of a side that is covered by one field
//! d    mean distance of the bins of all fields to the nearest side, weighted by their rates, as a part of half the
//!      shorter side
//! ```
//!
//! Distances are those of the middles of bins. A side counts where half of its bins were visited, of which the covered
//! ones are a fraction.
//!
//! Reference: Solstad T, Boccara CN, Kropff E, Moser MB, Moser EI (2008), Science 322: 1865-1868,
//! <https://doi.org/10.1126/science.1166466>.

use std::collections::BTreeSet;

use ndarray::Array2;

use super::Undefined;

/// Least fraction of a side that must have been visited.
const VISITED: f64 = 0.5;

/// Border score of a map (y, x) with these [`fields`](super::fields()), in [-1, 1].
///
/// # Errors
/// If the map has one row or column, there is no field, or no side was visited.
pub fn border_score(map: &Array2<f64>, fields: &[Vec<(usize, usize)>]) -> Result<f64, Undefined> {
    let (rows, columns) = map.dim();
    if rows < 2 || columns < 2 {
        return Err(Undefined::NotAPlane);
    }
    if fields.is_empty() {
        return Err(Undefined::NoField);
    }
    let sides: Vec<BTreeSet<(usize, usize)>> = sides(rows, columns)
        .into_iter()
        .filter_map(|side| {
            let visited: BTreeSet<_> = side.iter().copied().filter(|at| !map[*at].is_nan()).collect();
            (visited.len() as f64 >= VISITED * side.len() as f64).then_some(visited)
        })
        .collect();
    if sides.is_empty() {
        return Err(Undefined::NoWall);
    }
    let covered = |side: &BTreeSet<(usize, usize)>, field: &Vec<(usize, usize)>| {
        field.iter().filter(|at| side.contains(at)).count() as f64 / side.len() as f64
    };
    let coverage = sides.iter().flat_map(|side| fields.iter().map(|field| covered(side, field))).fold(0.0, f64::max);
    let distance = distance(map, fields);
    Ok((coverage - distance) / (coverage + distance))
}

/// The bins along the four sides.
fn sides(rows: usize, columns: usize) -> [Vec<(usize, usize)>; 4] {
    let row = |row: usize| (0..columns).map(|column| (row, column)).collect();
    let column = |column: usize| (0..rows).map(|row| (row, column)).collect();
    [row(0), row(rows - 1), column(0), column(columns - 1)]
}

fn distance(map: &Array2<f64>, fields: &[Vec<(usize, usize)>]) -> f64 {
    let (rows, columns) = map.dim();
    let nearest =
        |(row, column): (usize, usize)| row.min(rows - 1 - row).min(column).min(columns - 1 - column) as f64 + 0.5;
    let (mut sum, mut rates) = (0.0, 0.0);
    for at in fields.iter().flatten() {
        (sum, rates) = (sum + map[*at] * nearest(*at), rates + map[*at]);
    }
    2.0 * sum / rates / rows.min(columns) as f64
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    fn score(rate: impl Fn(usize, usize) -> f64) -> Result<f64, Undefined> {
        let map = Array2::from_shape_fn((40, 40), |(y, x)| rate(y, x));
        border_score(&map, &fields(&map, 0.3, 9).unwrap_or_default())
    }

    #[test]
    fn bands_along_a_wall_and_a_field_in_the_middle_have_their_scores() {
        let known = |found: Result<f64, Undefined>, wanted: f64| {
            assert!((found.clone().unwrap() - wanted).abs() < 5e-4, "{found:?}")
        };
        known(score(|y, _| f64::from(y < 1)), 0.951);
        known(score(|_, x| f64::from(x >= 36)), 0.829);
        known(score(|y, x| f64::from((15..25).contains(&y) && (15..25).contains(&x))), -1.0);
    }

    #[test]
    fn bins_of_a_side_that_were_not_visited_are_no_part_of_it() {
        let visited =
            |from: usize| move |y: usize, x: usize| if y < 1 && x < from { f64::NAN } else { f64::from(y < 1) };
        // A corner of ten bins: all of the visited side is covered.
        assert!(score(visited(10)).unwrap() > 0.94);
        // Of a side that was hardly visited nothing is known; 10 bins along another one are few.
        assert!(score(visited(30)).unwrap() < 0.1);
        let inside = |y: usize, x: usize| (1..39).contains(&y) && (1..39).contains(&x);
        assert_eq!(score(|y, x| if inside(y, x) { 1.0 } else { f64::NAN }), Err(Undefined::NoWall));
        assert_eq!(score(|_, _| 0.0), Err(Undefined::NoField));
        assert_eq!(border_score(&Array2::ones((1, 9)), &[vec![(0, 0)]]), Err(Undefined::NotAPlane));
    }
}
