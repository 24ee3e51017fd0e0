//! Do fields lie on a triangular lattice?
//!
//! ```text
//! A(d)     Pearson's correlation of the map with itself moved by d, over the bins that both have, 20 at least
//! c(phi)   correlation of A with itself turned by phi, over an annulus about the centre
//! score    min(c(60), c(120)) - max(c(30), c(90), c(150))        in [-2, 2]
//! annulus  from 0.5 to 1.5 spacings: the central peak is left out, the six peaks around it are in
//! spacing  the radius at which the mean of A over circles has its first maximum beyond its first minimum
//! ```
//!
//! Scores depend on the annulus, which other programs choose in other ways: the best of several outer radii is higher.
//!
//! References: Sargolini F et al. (2006), Science 312: 758-762, <https://doi.org/10.1126/science.1125572>; Langston RF
//! et al. (2010), Science 328: 1576-1580, <https://doi.org/10.1126/science.1188210>.

use ndarray::Array2;

use super::{Undefined, correlation};

/// Fewest bins that a correlation is over.
const OVERLAP: usize = 20;
/// The annulus, spacings.
const ANNULUS: (f64, f64) = (0.5, 1.5);
/// Weight below which a neighbour is there by rounding alone.
const NO_WEIGHT: f64 = 1e-9;

/// How far a map is a grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridScore {
    /// In [-2, 2].
    pub score: f64,
    /// Distance of neighbouring fields, bins.
    pub spacing: f64,
}

impl GridScore {
    /// Of an [`autocorrelogram`], with the annulus from its spacing.
    ///
    /// # Errors
    /// If it has no ring of peaks.
    pub fn of(autocorrelogram: &Array2<f64>) -> Result<Self, Undefined> {
        Self::at(autocorrelogram, spacing(&profile(autocorrelogram)))
    }

    /// Of a map (y, x): the same as of its autocorrelogram, of which no more is computed than the score needs.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_map(map: &Array2<f64>) -> Result<Self, Undefined> {
        let mut growing = Growing::of(map);
        let mut profile = Vec::new();
        let mut found = None;
        while found.is_none()
            && let Some(mean) = growing.next_circle()
        {
            profile.push(mean);
            found = spacing(&profile);
        }
        if let Some(spacing) = found {
            // The neighbours of what is turned into the annulus, too.
            let reach = (ANNULUS.1 * spacing).ceil() as usize + 2;
            while growing.circle <= reach && growing.next_circle().is_some() {}
        }
        Self::at(&growing.found, found)
    }

    fn at(autocorrelogram: &Array2<f64>, spacing: Option<f64>) -> Result<Self, Undefined> {
        let spacing = spacing.ok_or(Undefined::NoSpacing)?;
        let score = score(autocorrelogram, ANNULUS.0 * spacing, ANNULUS.1 * spacing).ok_or(Undefined::NoSpacing)?;
        Ok(Self { score, spacing })
    }
}

/// The correlation of a map (y, x) with itself moved by each number of bins (2 y - 1, 2 x - 1), not moved in the
/// middle; NaN where fewer than 20 bins overlap, or do not vary.
pub fn autocorrelogram(map: &Array2<f64>) -> Array2<f64> {
    let mut growing = Growing::of(map);
    for circle in 0..growing.circles.len() {
        growing.fill(circle);
    }
    growing.found
}

/// An autocorrelogram that is computed from its middle outwards, circle by circle.
struct Growing {
    centred: Centred,
    /// Displacements down and across by their length, rounded; of two opposite ones, which are the same, one.
    circles: Vec<Vec<(usize, isize)>>,
    found: Array2<f64>,
    /// The next one.
    circle: usize,
}

impl Growing {
    fn of(map: &Array2<f64>) -> Self {
        let (rows, columns) = map.dim();
        let mut circles = vec![Vec::new(); rows + columns];
        for down in 0..rows {
            for across in -(columns as isize - 1)..columns as isize {
                let overlap = (rows - down) * (columns - across.unsigned_abs());
                if (down > 0 || across >= 0) && overlap >= OVERLAP {
                    circles[(down as f64).hypot(across as f64).round() as usize].push((down, across));
                }
            }
        }
        let found = Array2::from_elem((2 * rows - 1, 2 * columns - 1), f64::NAN);
        Self { centred: Centred::of(map), circles, found, circle: 0 }
    }

    fn fill(&mut self, circle: usize) -> (f64, usize) {
        let (rows, columns) = (self.centred.rows, self.centred.columns);
        let (mut sum, mut count) = (0.0, 0);
        for &(down, across) in &self.circles[circle] {
            let value = self.centred.moved(down, across);
            let (row, column) = (rows - 1 + down, (columns as isize - 1 + across) as usize);
            self.found[[row, column]] = value;
            self.found[[2 * rows - 2 - row, 2 * columns - 2 - column]] = value;
            if !value.is_nan() {
                (sum, count) = (sum + value, count + 1);
            }
        }
        (sum, count)
    }

    /// The mean over the next circle that lies within all sides; `None` after the last, or if nothing is known there.
    fn next_circle(&mut self) -> Option<f64> {
        if self.circle >= self.centred.rows.min(self.centred.columns) {
            return None;
        }
        let (sum, count) = self.fill(self.circle);
        self.circle += 1;
        (count > 0).then(|| sum / count as f64)
    }
}

/// A map about its mean, 0 where it has no rate.
struct Centred {
    rows: usize,
    columns: usize,
    rates: Vec<f64>,
    squares: Vec<f64>,
    there: Vec<f64>,
}

impl Centred {
    fn of(map: &Array2<f64>) -> Self {
        let there: Vec<f64> = map.iter().map(|rate| f64::from(!rate.is_nan())).collect();
        let n: f64 = there.iter().sum();
        let mean = map.iter().filter(|rate| !rate.is_nan()).sum::<f64>() / n.max(1.0);
        let rates: Vec<f64> = map.iter().map(|rate| if rate.is_nan() { 0.0 } else { rate - mean }).collect();
        let squares = rates.iter().map(|rate| rate * rate).collect();
        let (rows, columns) = map.dim();
        Self { rows, columns, rates, squares, there }
    }

    /// The correlation of this moved down and across with what stays.
    fn moved(&self, down: usize, across: isize) -> f64 {
        let width = self.columns - across.unsigned_abs();
        let (left, left_moved) = (across.max(0) as usize, (-across).max(0) as usize);
        let [mut n, mut a, mut b, mut aa, mut bb, mut ab] = [0.0; 6];
        for row in 0..self.rows - down {
            let stays = (row + down) * self.columns + left;
            let moved = row * self.columns + left_moved;
            let [x, xx, k] = [&self.rates, &self.squares, &self.there].map(|of| &of[stays..stays + width]);
            let [y, yy, l] = [&self.rates, &self.squares, &self.there].map(|of| &of[moved..moved + width]);
            for i in 0..width {
                n += k[i] * l[i];
                a += x[i] * l[i];
                b += k[i] * y[i];
                aa += xx[i] * l[i];
                bb += k[i] * yy[i];
                ab += x[i] * y[i];
            }
        }
        if n < OVERLAP as f64 {
            return f64::NAN;
        }
        let (var_a, var_b) = (aa - a * a / n, bb - b * b / n);
        // What rounding leaves of bins of one rate is no variation.
        if var_a <= 1e-12 * aa || var_b <= 1e-12 * bb {
            return f64::NAN;
        }
        ((ab - a * b / n) / (var_a * var_b).sqrt()).clamp(-1.0, 1.0)
    }
}

/// The radius of the ring of peaks in means over circles, bins.
fn spacing(profile: &[f64]) -> Option<f64> {
    let falls = |k: &usize| profile.get(k + 1).is_some_and(|next| next <= &profile[*k]);
    let rises = |k: &usize| profile.get(k + 1).is_some_and(|next| next > &profile[*k]);
    let lowest = (1..profile.len()).find(|k| !falls(k))?;
    let highest = (lowest..profile.len()).find(|k| !rises(k))?;
    // Where it rises up to the end there is no maximum yet.
    (highest > lowest && highest + 1 < profile.len()).then_some(highest as f64)
}

/// Means over circles, one bin wide, as far as all of a circle lies within and something is known there.
fn profile(autocorrelogram: &Array2<f64>) -> Vec<f64> {
    let (rows, columns) = autocorrelogram.dim();
    let reach = rows.min(columns) / 2;
    let (mut sums, mut counts) = (vec![0.0; reach + 1], vec![0usize; reach + 1]);
    for ((row, column), value) in autocorrelogram.indexed_iter().filter(|(_, value)| !value.is_nan()) {
        let circle = radius((row, column), (rows, columns)).round() as usize;
        if circle <= reach {
            sums[circle] += value;
            counts[circle] += 1;
        }
    }
    sums.iter().zip(&counts).take_while(|(_, n)| **n > 0).map(|(sum, n)| sum / *n as f64).collect()
}

fn radius((row, column): (usize, usize), (rows, columns): (usize, usize)) -> f64 {
    let from_middle = |at: usize, n: usize| at as f64 - (n - 1) as f64 / 2.0;
    from_middle(row, rows).hypot(from_middle(column, columns))
}

/// The score over the annulus between two radii, bins; `None` if a correlation there is not defined.
pub fn score(autocorrelogram: &Array2<f64>, inner: f64, outer: f64) -> Option<f64> {
    let annulus: Vec<(usize, usize)> = autocorrelogram
        .indexed_iter()
        .filter(|(at, value)| !value.is_nan() && (inner..=outer).contains(&radius(*at, autocorrelogram.dim())))
        .map(|(at, _)| at)
        .collect();
    let turned = |degrees: f64| {
        let pairs: Vec<(f64, f64)> = annulus
            .iter()
            .map(|at| (autocorrelogram[*at], turned(autocorrelogram, *at, degrees.to_radians())))
            .filter(|(_, turned)| !turned.is_nan())
            .collect();
        correlation(pairs.iter().copied())
    };
    let high = turned(60.0)?.min(turned(120.0)?);
    Some(high - turned(30.0)?.max(turned(90.0)?).max(turned(150.0)?))
}

/// What comes to lie at a place as all is turned about the middle, between its four neighbours; NaN if one is missing.
fn turned(of: &Array2<f64>, (row, column): (usize, usize), angle: f64) -> f64 {
    let (rows, columns) = of.dim();
    let middle = ((rows - 1) as f64 / 2.0, (columns - 1) as f64 / 2.0);
    let (y, x) = (row as f64 - middle.0, column as f64 - middle.1);
    let (sin, cos) = angle.sin_cos();
    let (y, x) = (middle.0 + cos * y - sin * x, middle.1 + sin * y + cos * x);
    let (above, left) = (y.floor(), x.floor());
    let mut sum = 0.0;
    for (row, weight_y) in [(above, 1.0 - (y - above)), (above + 1.0, y - above)] {
        for (column, weight_x) in [(left, 1.0 - (x - left)), (left + 1.0, x - left)] {
            let weight = weight_y * weight_x;
            if weight < NO_WEIGHT {
                continue;
            }
            let is_there = (0.0..rows as f64).contains(&row) && (0.0..columns as f64).contains(&column);
            sum += if is_there { weight * of[[row as usize, column as usize]] } else { f64::NAN };
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Over a square of side 1 in 40 x 40 bins.
    fn map(rate: impl Fn(f64, f64) -> f64) -> Array2<f64> {
        let middle = |bin: usize| (bin as f64 + 0.5) / 40.0;
        Array2::from_shape_fn((40, 40), |(y, x)| rate(middle(x), middle(y)))
    }

    /// Plane waves at these angles, rectified.
    fn lattice(waves: &[f64], period: f64) -> Array2<f64> {
        let k = 2.0 * PI / period;
        map(|x, y| waves.iter().map(|angle| (k * (angle.cos() * x + angle.sin() * y)).cos()).sum::<f64>().max(0.0))
    }

    fn triangular(spacing: f64) -> Array2<f64> {
        lattice(&[0.0, PI / 3.0, 2.0 * PI / 3.0], spacing * 3f64.sqrt() / 2.0)
    }

    #[test]
    fn lattices_a_bump_and_noise_have_their_scores() {
        let within = |found: f64, wanted: f64, by: f64| assert!((found - wanted).abs() < by, "{found} is not {wanted}");
        let found = GridScore::of(&autocorrelogram(&triangular(0.3))).unwrap();
        within(found.score, 1.33, 0.01);
        assert_eq!(found.spacing, 12.0);
        let found = GridScore::of(&autocorrelogram(&lattice(&[0.0, PI / 2.0], 0.3))).unwrap();
        within(found.score, -1.31, 0.01);
        assert_eq!(found.spacing, 12.0);
        let bump = map(|x, y| (-((x - 0.5).powi(2) + (y - 0.5).powi(2)) / 0.02).exp());
        within(score(&autocorrelogram(&bump), 6.0, 18.0).unwrap(), -0.03, 0.01);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let noise = Array2::from_shape_simple_fn((40, 40), || StandardNormal.sample(&mut rng));
        within(score(&autocorrelogram(&noise), 6.0, 18.0).unwrap(), -0.03, 0.1);
    }

    #[test]
    fn the_spacing_is_found_at_other_scales() {
        for (spacing, bins) in [(0.2, 8.0), (0.4, 16.0), (0.5, 20.0)] {
            let found = GridScore::of(&autocorrelogram(&triangular(spacing))).unwrap();
            assert!((found.spacing - bins).abs() <= 1.0 && found.score > 1.2, "{spacing}: {found:?}");
        }
    }

    #[test]
    fn bins_without_a_rate_are_left_out_of_the_correlation() {
        let mut map = triangular(0.3);
        let whole = autocorrelogram(&map);
        map.indexed_iter_mut().filter(|((y, x), _)| (y + 3 * x) % 7 == 0).for_each(|(_, rate)| *rate = f64::NAN);
        let found = autocorrelogram(&map);
        assert!((found[[39, 39]] - 1.0).abs() < 1e-12 && (whole[[39, 39]] - 1.0).abs() < 1e-12);
        assert!((GridScore::of(&found).unwrap().score - 1.33).abs() < 0.05);
        // By hand: one displacement.
        let pairs = (0..40).flat_map(|y| (0..40).map(move |x| (y, x))).filter(|(y, x)| y + 5 < 40 && *x >= 3);
        let pairs = pairs.map(|(y, x)| (map[[y + 5, x - 3]], map[[y, x]])).filter(|(a, b)| !a.is_nan() && !b.is_nan());
        let wanted = correlation(pairs.collect::<Vec<_>>().into_iter()).unwrap();
        assert!((found[[39 + 5, 39 - 3]] - wanted).abs() < 1e-12);
        assert!(found[[0, 0]].is_nan(), "one bin overlaps there");
    }

    #[test]
    fn what_does_not_vary_has_no_score() {
        let flat = autocorrelogram(&Array2::from_elem((20, 20), 0.1));
        assert!(flat.iter().all(|value| value.is_nan()));
        assert_eq!(GridScore::of(&flat), Err(Undefined::NoSpacing));
        assert_eq!(GridScore::of(&autocorrelogram(&Array2::from_elem((1, 1), 1.0))), Err(Undefined::NoSpacing));
    }

    #[test]
    fn the_score_of_a_map_is_that_of_its_autocorrelogram() {
        let mut holed = triangular(0.4);
        holed.indexed_iter_mut().filter(|((y, x), _)| (3 * y + x) % 5 == 0).for_each(|(_, rate)| *rate = f64::NAN);
        let strip = triangular(0.2).slice(ndarray::s![..9, ..]).to_owned();
        let bump = map(|x, y| (-((x - 0.2).powi(2) + (y - 0.5).powi(2)) / 0.02).exp());
        for map in [triangular(0.2), triangular(0.5), holed, strip, bump, Array2::from_elem((5, 5), 1.0)] {
            match (GridScore::of_map(&map), GridScore::of(&autocorrelogram(&map))) {
                (Ok(found), Ok(wanted)) => {
                    assert!(found.spacing == wanted.spacing && (found.score - wanted.score).abs() < 1e-12, "{found:?}");
                }
                (found, wanted) => assert_eq!(found, wanted),
            }
        }
    }
}
