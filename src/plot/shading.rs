//! A quantity over a plane as colours: cells of whole pixels, whatever the grid that it is known on.

use ndarray::Array2;

use super::canvas::Canvas;
use super::panel::Panel;
use super::style::Rgb;

/// Side of a cell of a smooth scale, pixels.
pub(super) const CELL: f64 = 3.0;

/// Values on a grid, at least two by two.
pub(super) struct Grid<'a> {
    /// Ascending, in equal steps.
    pub x: &'a [f64],
    /// Ascending, in equal steps.
    pub y: &'a [f64],
    /// (y, x)
    pub values: &'a Array2<f64>,
}

impl Grid<'_> {
    /// The value at a place, linear between the points of the grid and constant beyond them.
    pub fn at(&self, x: f64, y: f64) -> f64 {
        let (column, right) = place(self.x, x);
        let (row, up) = place(self.y, y);
        let along = |row: usize| (1.0 - right) * self.values[[row, column]] + right * self.values[[row, column + 1]];
        (1.0 - up) * along(row) + up * along(row + 1)
    }

    /// Fills a panel whose sides are whole numbers of cells of this side.
    pub fn shade(&self, canvas: &mut Canvas, panel: &Panel, cell: f64, color: impl Fn(f64) -> Rgb) {
        let ((left, right), (bottom, top)) = (panel.x.pixels(), panel.y.pixels());
        let columns = ((right - left) / cell).round() as usize;
        let rows = ((bottom - top) / cell).round() as usize;
        canvas.cells((left, top), (cell, cell), (rows, columns), |row, column| {
            let middle = |i: usize| (i as f64 + 0.5) * cell;
            color(self.at(panel.x.value(left + middle(column)), panel.y.value(top + middle(row))))
        });
    }
}

/// The next whole number of cells.
pub(super) fn in_cells(length: f64) -> f64 {
    (length / CELL).ceil() * CELL
}

/// The interval of a grid that a value lies in, and how far along it.
fn place(grid: &[f64], value: f64) -> (usize, f64) {
    let step = (grid[grid.len() - 1] - grid[0]) / (grid.len() - 1) as f64;
    let along = ((value - grid[0]) / step).clamp(0.0, (grid.len() - 1) as f64);
    let interval = (along as usize).min(grid.len() - 2);
    (interval, along - interval as f64)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn between_the_points_of_a_grid_values_are_linear_and_beyond_them_constant() {
        let values = array![[0.0, 1.0, 2.0], [10.0, 11.0, 12.0]];
        let grid = Grid { x: &[0.0, 1.0, 2.0], y: &[0.0, 5.0], values: &values };
        assert_eq!((grid.at(1.5, 0.0), grid.at(0.0, 2.5), grid.at(2.0, 5.0)), (1.5, 5.0, 12.0));
        assert_eq!((grid.at(-3.0, -1.0), grid.at(9.0, 9.0)), (0.0, 12.0));
    }
}
