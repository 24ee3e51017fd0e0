//! What the cells of a room respond to at every place: smoothed white noise, the same whenever the same room is made.
//!
//! ```text
//! n_i(x, y)   ~ N(0, 1) on every pixel of the room's bounding box and a margin around it
//! g_i         = Gaussian filter of n_i, standard deviation sigma, cut off at 4 sigma, with 0 beyond the margin
//! r_i         = m (g_i - min g_i) / mean(g_i - min g_i)            minimum and mean over all pixels
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use crate::navigation::{Point, Room};
use crate::{TaskError, TrialRng};

/// The most numbers the maps of a room may have (1 GiB), so that a mistyped size is an error instead of an exhausted
/// memory.
const MAX_NUMBERS: f64 = (1u64 << 28) as f64;

/// What the maps of a room depend on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MapSettings {
    pub corners: Vec<Point>,
    pub room_seed: u64,
    pub n_cells: usize,
    /// cm
    pub sigma: f64,
    pub mean_rate: f64,
    /// cm
    pub pixel: f64,
    /// cm
    pub margin: f64,
}

impl MapSettings {
    /// The place of the first pixel's corner, and the number of pixels along x and y.
    fn grid(&self, room: &Room<'_>) -> Result<(Point, [usize; 2]), TaskError> {
        let (low, high) = room.bounds();
        let origin = low.map(|x| x - self.margin);
        let pixels = [0, 1].map(|axis| ((high[axis] + self.margin - origin[axis]) / self.pixel).ceil().max(1.0));
        if pixels[0] * pixels[1] * self.n_cells as f64 > MAX_NUMBERS {
            let value = format!("{} cells on {} x {} pixels", self.n_cells, pixels[0], pixels[1]);
            return Err(TaskError::parameter(
                "room",
                value,
                "is more than 1 GiB of maps",
                "give a larger `pixel`, fewer cells, or a smaller room",
            ));
        }
        Ok((origin, pixels.map(|n| n as usize)))
    }

    /// Checks that the maps are of a reasonable size.
    pub fn validate(&self, room: &Room<'_>) -> Result<(), TaskError> {
        self.grid(room).map(drop)
    }
}

/// The responses of all cells at all places of a room.
#[derive(Debug)]
pub(super) struct SensoryMap {
    settings: MapSettings,
    origin: Point,
    pixels: [usize; 2],
    /// (x, y, cell), so that what is sensed at a place lies together.
    rates: Vec<f32>,
}

impl SensoryMap {
    fn new(settings: &MapSettings) -> Result<Self, TaskError> {
        let (origin, pixels) = settings.grid(&Room::new("room", &settings.corners)?)?;
        let kernel = kernel(settings.sigma / settings.pixel);
        let [width, height] = pixels;
        let mut rates = vec![0.0; width * height * settings.n_cells];
        // One after the other: threads of the pool that makes the trials would wait here for each other.
        for cell in 0..settings.n_cells {
            let map = map(settings, pixels, &kernel, cell);
            for (place, rate) in rates.iter_mut().skip(cell).step_by(settings.n_cells).zip(map) {
                *place = rate;
            }
        }
        Ok(Self { settings: settings.clone(), origin, pixels, rates })
    }

    /// What the cells respond at a place in the room.
    pub fn at(&self, place: Point) -> &[f32] {
        let [x, y] = [0, 1].map(|axis| {
            let pixel = ((place[axis] - self.origin[axis]) / self.settings.pixel) as usize;
            // A place on the last edge of the grid belongs to the pixel before it.
            pixel.min(self.pixels[axis] - 1)
        });
        let first = (x * self.pixels[1] + y) * self.settings.n_cells;
        &self.rates[first..first + self.settings.n_cells]
    }
}

/// One cell's map, (x, y).
fn map(settings: &MapSettings, [width, height]: [usize; 2], kernel: &[f32], cell: usize) -> Vec<f32> {
    let mut noise = vec![0.0; width * height];
    TrialRng::new(settings.room_seed, "room", 0, cell as u64).add_gaussian(&mut noise, 1.0);
    // Along x, then along y as the x of the transpose.
    let along_x = transposed(&smoothed(&noise, height, kernel), height);
    let mut map = transposed(&smoothed(&along_x, width, kernel), width);
    let least = map.iter().copied().fold(f32::INFINITY, f32::min);
    let mean = map.iter().map(|&g| f64::from(g - least)).sum::<f64>() / map.len() as f64;
    // A room of a single pixel has no structure; all its cells respond with the mean.
    let scale = if mean > 0.0 { settings.mean_rate / mean } else { 0.0 };
    let offset = if mean > 0.0 { 0.0 } else { settings.mean_rate };
    map.iter_mut().for_each(|g| *g = (offset + scale * f64::from(*g - least)) as f32);
    map
}

/// The weights of a Gaussian at distances 0, 1, ... pixels; all of them, at both sides, sum to 1.
fn kernel(sigma: f64) -> Vec<f32> {
    let radius = (4.0 * sigma + 0.5) as usize;
    let weights: Vec<f64> = (0..=radius).map(|d| (-0.5 * (d as f64 / sigma).powi(2)).exp()).collect();
    let total = 2.0 * weights.iter().sum::<f64>() - 1.0;
    weights.into_iter().map(|weight| (weight / total) as f32).collect()
}

/// Rows of `length` numbers, each replaced by the weighted sum of the rows around it; beyond the first and the last
/// there is nothing.
fn smoothed(rows: &[f32], length: usize, kernel: &[f32]) -> Vec<f32> {
    let n = rows.len() / length;
    let mut result = vec![0.0; rows.len()];
    for (i, sum) in result.chunks_exact_mut(length).enumerate() {
        let first = (i + 1).saturating_sub(kernel.len());
        for j in first..(i + kernel.len()).min(n) {
            let weight = kernel[i.abs_diff(j)];
            sum.iter_mut().zip(&rows[j * length..(j + 1) * length]).for_each(|(sum, x)| *sum += weight * x);
        }
    }
    result
}

/// Rows of `length` numbers as columns.
fn transposed(rows: &[f32], length: usize) -> Vec<f32> {
    (0..length).flat_map(|column| rows.iter().skip(column).step_by(length).copied()).collect()
}

/// The maps of a task's room, made when they are first needed. Not a parameter: any two are equal.
#[derive(Debug, Default)]
pub struct MapCache(Mutex<Option<Arc<SensoryMap>>>);

impl MapCache {
    /// The maps of these settings.
    pub(super) fn get(&self, settings: &MapSettings) -> Result<Arc<SensoryMap>, TaskError> {
        // A thread that panicked here left either maps or none.
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(map) = cached.as_ref().filter(|map| map.settings == *settings) {
            return Ok(Arc::clone(map));
        }
        let map = Arc::new(SensoryMap::new(settings)?);
        *cached = Some(Arc::clone(&map));
        Ok(map)
    }
}

impl Clone for MapCache {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}

impl PartialEq for MapCache {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(n_cells: usize) -> MapSettings {
        let corners = vec![[0.0, 0.0], [60.0, 0.0], [60.0, 40.0], [0.0, 40.0]];
        MapSettings { corners, room_seed: 1, n_cells, sigma: 6.0, mean_rate: 4.0, pixel: 1.0, margin: 5.0 }
    }

    fn rates(map: &SensoryMap, cell: usize) -> Vec<f64> {
        map.rates.iter().skip(cell).step_by(map.settings.n_cells).map(|&r| f64::from(r)).collect()
    }

    #[test]
    fn every_map_has_the_stated_mean_and_touches_zero() -> Result<(), TaskError> {
        let map = SensoryMap::new(&settings(5))?;
        assert_eq!(map.pixels, [70, 50]);
        for cell in 0..5 {
            let rates = rates(&map, cell);
            let mean = rates.iter().sum::<f64>() / rates.len() as f64;
            assert!((mean - 4.0).abs() < 1e-4 && rates.iter().copied().fold(f64::INFINITY, f64::min) == 0.0, "{mean}");
        }
        Ok(())
    }

    #[test]
    fn neighbouring_places_are_correlated_as_filtered_noise_is() -> Result<(), TaskError> {
        // White noise behind a Gaussian filter has the correlation exp(-d^2 / (4 sigma^2)) at distance d.
        let map = SensoryMap::new(&MapSettings { sigma: 3.0, ..settings(60) })?;
        let (mut products, mut squares, distance) = (0.0, 0.0, 4);
        for cell in 0..60 {
            let rates = rates(&map, cell);
            let inner = |x: usize, y: usize| rates[x * 50 + y];
            let places = || (12..58).flat_map(|x| (12..38).map(move |y| (x, y)));
            let mean = places().map(|(x, y)| inner(x, y)).sum::<f64>() / places().count() as f64;
            for (x, y) in places().filter(|(x, _)| x + distance < 58) {
                products += (inner(x, y) - mean) * (inner(x + distance, y) - mean);
                squares += (inner(x, y) - mean).powi(2) / 2.0 + (inner(x + distance, y) - mean).powi(2) / 2.0;
            }
        }
        // Taking each map's own mean away takes the correlation of all pairs of places from both.
        let correlation = |d: usize| (-(d as f64).powi(2) / 36.0).exp();
        let pairs = |n: usize| {
            (0..n).flat_map(|i| (0..n).map(move |j| correlation(i.abs_diff(j)))).sum::<f64>() / (n * n) as f64
        };
        let common = pairs(46) * pairs(26);
        let (found, expected) = (products / squares, (correlation(distance) - common) / (1.0 - common));
        assert!((found - expected).abs() < 0.03, "{found} for {expected}");
        Ok(())
    }

    #[test]
    fn a_filter_spreads_one_pixel_into_its_kernel_along_the_rows() {
        let kernel = kernel(1.0);
        assert_eq!(kernel.len(), 5);
        assert!((kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let mut rows = vec![0.0; 2 * 11];
        rows[2 * 5 + 1] = 1.0;
        let spread = smoothed(&rows, 2, &kernel);
        for row in 0..11usize {
            let expected = kernel.get(row.abs_diff(5)).copied().unwrap_or(0.0);
            assert_eq!((spread[2 * row], spread[2 * row + 1]), (0.0, expected));
        }
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }

    #[test]
    fn a_room_is_made_once_and_again_only_when_it_changes() -> Result<(), TaskError> {
        let cache = MapCache::default();
        let first = cache.get(&settings(2))?;
        assert!(Arc::ptr_eq(&first, &cache.get(&settings(2))?));
        assert!(Arc::ptr_eq(&first, &cache.clone().get(&settings(2))?));
        let other = cache.get(&MapSettings { room_seed: 2, ..settings(2) })?;
        assert_ne!(first.rates, other.rates);
        assert_eq!(first.rates, SensoryMap::new(&settings(2))?.rates);
        Ok(())
    }

    #[test]
    fn the_cells_of_a_place_are_those_of_its_pixel() -> Result<(), TaskError> {
        let map = SensoryMap::new(&settings(3))?;
        // 12.7 cm along x is pixel 17 behind the margin of 5, 3.2 cm along y is pixel 8.
        let first = (17 * 50 + 8) * 3;
        assert_eq!(map.at([12.7, 3.2]), &map.rates[first..first + 3]);
        Ok(())
    }
}
