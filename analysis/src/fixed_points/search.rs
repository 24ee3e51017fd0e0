//! All starts at once: descents in parallel, what they found gathered, more starts between the points that were found.

use std::ops::ControlFlow;

use ndarray::ArrayView2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{
    Settings,
    descend::{End, descend, polished},
    known::{Known, Traveller},
};
use crate::{
    AnalysisError,
    dynamics::Dynamics,
    linear::{distance, length},
};

/// Starts of the first block; each is twice as large as the one before, up to the last number. Points found in a block
/// are known in the next, so that the result does not depend on the number of threads.
const BLOCKS: (usize, usize) = (8, 256);
/// Starts that are led together.
const TOGETHER: usize = 64;
/// Rounds of starts between points that were found, and the most starts of one.
const ROUNDS: usize = 8;
const STARTS_BETWEEN: usize = 256;
/// States of which all pairs are looked at for the median distance.
const PAIRS_AMONG: usize = 256;

/// A point that starts led to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Root {
    pub state: Vec<f64>,
    pub is_fixed: bool,
    pub n_starts: usize,
}

/// Points that starts led to, before they are described, and what became of the starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub(super) roots: Vec<Root>,
    pub(super) n_starts: usize,
    pub(super) n_fixed: usize,
    pub(super) n_slow: usize,
    pub(super) n_failed: usize,
    /// Points that were left out, since they lie far from where the starts were.
    pub(super) n_outliers: usize,
    pub(super) distance: f64,
    pub(super) is_complete: bool,
}

pub(super) struct Search<'a> {
    system: &'a dyn Dynamics,
    settings: &'a Settings,
    known: Known,
    found: Found,
    /// Numbers of a state that tell points apart.
    centre: Vec<f64>,
    reach: f64,
}

impl<'a> Search<'a> {
    /// Prepares for starts (starts, dim).
    ///
    /// # Errors
    /// If there are no starts, or they have another length or are not finite.
    pub fn new(
        system: &'a dyn Dynamics,
        starts: ArrayView2<'_, f64>,
        settings: &'a Settings,
    ) -> Result<Self, AnalysisError> {
        if starts.nrows() == 0 || starts.ncols() != system.dim() {
            let message = format!(
                "has shape {:?}, but must be (starts, {}) with at least one start",
                starts.shape(),
                system.dim()
            );
            return Err(AnalysisError::Shape { array: "starts", message });
        }
        if let Some(value) = starts.iter().find(|value| !value.is_finite()) {
            return Err(AnalysisError::NotFinite { array: "starts", value: *value });
        }
        let rows: Vec<Vec<f64>> = starts.outer_iter().map(|row| row.to_vec()).collect();
        let centre: Vec<f64> =
            (0..system.dim()).map(|unit| rows.iter().map(|row| row[unit]).sum::<f64>() / rows.len() as f64).collect();
        let mean = rows.iter().map(|row| distance(row, &centre)).sum::<f64>() / rows.len() as f64;
        // Starts in one place have no spread: nothing is far from them.
        let reach = if mean > 0.0 { settings.outlier_distance * mean } else { f64::INFINITY };
        let spread = median_distance(&rows).max(1e-6 * (1.0 + length(&centre)));
        let found = Found { distance: settings.same_point * spread, ..Found::default() };
        Ok(Self { system, settings, known: Known::new(found.distance), found, centre, reach })
    }

    /// Follows the starts, and then starts between the points that were found, until no more are found. `watch` is told
    /// how many starts have ended; where it breaks, what was found by then is the result.
    pub fn run(mut self, starts: ArrayView2<'_, f64>, watch: &mut dyn FnMut(usize) -> ControlFlow<()>) -> Found {
        let rows: Vec<Vec<f64>> = starts.outer_iter().map(|row| row.to_vec()).collect();
        let mut goes_on = self.follow(&rows, watch).is_continue();
        let mut rng = ChaCha8Rng::seed_from_u64(self.settings.seed);
        for _ in 0..ROUNDS {
            let before = self.found.roots.len();
            let between = self.between(&mut rng);
            if !goes_on || between.is_empty() {
                break;
            }
            goes_on = self.follow(&between, watch).is_continue();
            if self.found.roots.len() == before {
                break;
            }
        }
        self.found.is_complete = goes_on;
        self.found
    }

    fn follow(&mut self, starts: &[Vec<f64>], watch: &mut dyn FnMut(usize) -> ControlFlow<()>) -> ControlFlow<()> {
        let (mut block, most) = BLOCKS;
        let mut rest = starts;
        while !rest.is_empty() {
            let (now, after) = rest.split_at(block.min(rest.len()));
            let led: Vec<Traveller> = now.par_chunks(TOGETHER).flat_map_iter(|starts| self.led(starts)).collect();
            let descend = |start| descend(self.system, start, self.settings, &self.known);
            let mut ends: Vec<End> = led.into_par_iter().map(descend).map(|end| self.represented(end)).collect();
            self.polish(&mut ends);
            ends.into_iter().for_each(|end| self.gather(end));
            (rest, block) = (after, (2 * block).min(most));
            watch(self.found.n_starts)?;
        }
        ControlFlow::Continue(())
    }

    /// Starts, led toward known points as far as they lead; not where they are to end before.
    fn led(&self, starts: &[Vec<f64>]) -> Vec<Traveller> {
        let flows = self.system.flows(starts);
        let start = |(state, flow): (&Vec<f64>, Vec<f64>)| Traveller { state: state.clone(), flow, reached: None };
        let mut travellers: Vec<Traveller> = starts.iter().zip(flows).map(start).collect();
        if self.settings.slow.is_none() {
            self.known.lead(self.system, &mut travellers);
        }
        travellers
    }

    fn represented(&self, end: End) -> End {
        match end {
            End::Fixed(state) => End::Fixed(self.system.representative(state)),
            End::Slow(state) => End::Slow(self.system.representative(state)),
            other => other,
        }
    }

    /// Brings those ends to the floor of rounding that are new points, one for each.
    fn polish(&self, ends: &mut [End]) {
        let mut new: Vec<(usize, Vec<f64>)> = Vec::new();
        for (place, end) in ends.iter().enumerate() {
            let End::Fixed(state) = end else { continue };
            let is_here = |(_, other): &(usize, Vec<f64>)| distance(other, state) <= self.found.distance;
            if self.is_new(state) && !new.iter().any(is_here) {
                new.push((place, state.clone()));
            }
        }
        let polish = |(place, state)| (place, polished(self.system, state));
        for (place, state) in new.into_par_iter().map(polish).collect::<Vec<_>>() {
            ends[place] = End::Polished(state);
        }
    }

    /// Whether a fixed point is none of those that were found.
    fn is_new(&self, state: &[f64]) -> bool {
        !self.found.roots.iter().any(|root| root.is_fixed && distance(&root.state, state) <= self.found.distance)
    }

    fn gather(&mut self, end: End) {
        self.found.n_starts += 1;
        match end {
            End::Known(place) => {
                self.found.n_fixed += 1;
                self.found.roots[place].n_starts += 1;
            }
            End::Polished(state) => {
                self.found.n_fixed += 1;
                self.add(state, true);
            }
            End::Fixed(state) => {
                self.found.n_fixed += 1;
                // One that was near another new point, and is not any more where that one moved away.
                let state = if self.is_new(&state) { polished(self.system, state) } else { state };
                self.add(state, true);
            }
            End::Slow(state) => {
                self.found.n_slow += 1;
                self.add(state, false);
            }
            End::Failed => self.found.n_failed += 1,
        }
    }

    /// A point, unless it is one of those that were found, or far from all starts.
    fn add(&mut self, state: Vec<f64>, is_fixed: bool) {
        if distance(&state, &self.centre) > self.reach {
            self.found.n_outliers += 1;
            return;
        }
        // A minimum of |g| is known less exactly than a zero.
        let near = if is_fixed { self.found.distance } else { 10.0 * self.found.distance };
        let same = |root: &&mut Root| root.is_fixed == is_fixed && distance(&root.state, &state) <= near;
        if let Some(root) = self.found.roots.iter_mut().find(same) {
            root.n_starts += 1;
            return;
        }
        self.known.add(self.system, state.clone(), is_fixed);
        self.found.roots.push(Root { state, is_fixed, n_starts: 1 });
    }

    /// Starts between fixed points: the middle of each pair, and random mixtures of several.
    fn between(&self, rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let fixed: Vec<&[f64]> =
            self.found.roots.iter().filter(|root| root.is_fixed).map(|root| root.state.as_slice()).collect();
        if fixed.len() < 2 || fixed.len() > PAIRS_AMONG {
            return Vec::new();
        }
        let mut starts = Vec::new();
        'pairs: for (place, a) in fixed.iter().enumerate() {
            for b in &fixed[..place] {
                if starts.len() == STARTS_BETWEEN / 2 {
                    break 'pairs;
                }
                starts.push(a.iter().zip(*b).map(|(a, b)| 0.5 * (a + b)).collect());
            }
        }
        while starts.len() < STARTS_BETWEEN {
            let several = 2 + rng.random_range(0..3.min(fixed.len() - 1));
            let weights: Vec<f64> = (0..several).map(|_| -rng.random::<f64>().max(1e-300).ln()).collect();
            let sum: f64 = weights.iter().sum();
            let mut mixture = vec![0.0; self.system.dim()];
            for weight in weights {
                let of = fixed[rng.random_range(0..fixed.len())];
                mixture.iter_mut().zip(of).for_each(|(value, x)| *value += weight / sum * x);
            }
            starts.push(mixture);
        }
        starts
    }
}

/// The median distance of pairs among the first states.
fn median_distance(states: &[Vec<f64>]) -> f64 {
    let among = &states[..states.len().min(PAIRS_AMONG)];
    let mut distances: Vec<f64> =
        among.iter().enumerate().flat_map(|(place, a)| among[..place].iter().map(|b| distance(a, b))).collect();
    distances.sort_by(f64::total_cmp);
    distances.get(distances.len() / 2).copied().unwrap_or(0.0)
}
