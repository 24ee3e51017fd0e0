//! Gaussians of one step of a pass.

use crate::noise::{Gaussians, Tile};

/// Room for the Gaussians of one step.
pub(super) struct NoiseRows {
    rows: Vec<f32>,
    tile: Tile,
}

impl NoiseRows {
    /// Room for `len` of them.
    pub fn new(len: usize) -> Self {
        Self { rows: vec![0.0; len], tile: Tile::new() }
    }

    /// Unit Gaussians (trials, width) of a step, of the trials of the batch from `first` on; `None` without a
    /// generator.
    #[inline(always)]
    pub fn draw(&mut self, gaussians: Option<&Gaussians>, step: usize, first: usize, width: usize) -> Option<&[f32]> {
        gaussians?.fill(step as u32, first as u32, &mut self.rows, width, &mut self.tile);
        Some(&self.rows)
    }
}
