//! Which of one set goes with which of another so that the sum of the costs is least.

use ndarray::Array2;

/// For each row of a square matrix of finite costs its column (Kuhn 1955, 10.1002/nav.3800020109, in n^3 steps).
pub(super) fn assignment(costs: &Array2<f64>) -> Vec<usize> {
    let n = costs.nrows();
    // Place 0 of rows and columns is none: a column that no row has yet belongs to row 0.
    let (mut of_row, mut of_column) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    let mut row_of = vec![0; n + 1];
    for row in 1..=n {
        row_of[0] = row;
        let (mut column, mut least, mut from) = (0, vec![f64::INFINITY; n + 1], vec![0; n + 1]);
        let mut is_reached = vec![false; n + 1];
        // A shortest path from the row to a column that is free.
        while row_of[column] != 0 {
            is_reached[column] = true;
            let (here, mut step, mut next) = (row_of[column], f64::INFINITY, 0);
            for other in (1..=n).filter(|other| !is_reached[*other]) {
                let reduced = costs[[here - 1, other - 1]] - of_row[here] - of_column[other];
                if reduced < least[other] {
                    (least[other], from[other]) = (reduced, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=n {
                if is_reached[other] {
                    of_row[row_of[other]] += step;
                    of_column[other] -= step;
                } else {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[from[column]];
            column = from[column];
        }
    }
    let mut columns = vec![0; n];
    (1..=n).for_each(|column| columns[row_of[column] - 1] = column - 1);
    columns
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_least_sum_is_found_where_the_nearest_first_is_not_it() {
        let costs = array![[1.0, 2.0, 9.0], [1.5, 9.0, 9.0], [9.0, 8.0, 3.0]];
        assert_eq!(assignment(&costs), [1, 0, 2]);
        // Against all orders of five.
        let costs = Array2::from_shape_fn((5, 5), |(i, j)| ((7 * i * i + 13 * j + 5 * i * j) % 17) as f64);
        let sum =
            |columns: &[usize]| columns.iter().enumerate().map(|(row, column)| costs[[row, *column]]).sum::<f64>();
        let least = orders(5).iter().map(|columns| sum(columns)).fold(f64::INFINITY, f64::min);
        assert_eq!(sum(&assignment(&costs)), least);
        assert!(assignment(&Array2::zeros((0, 0))).is_empty());
    }

    fn orders(n: usize) -> Vec<Vec<usize>> {
        if n == 0 {
            return vec![Vec::new()];
        }
        let insert = |order: &Vec<usize>| {
            (0..n).map(|place| [&order[..place], &[n - 1], &order[place..]].concat()).collect::<Vec<_>>()
        };
        orders(n - 1).iter().flat_map(insert).collect()
    }
}
