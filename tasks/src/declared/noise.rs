//! The noise in the inputs of a declared task.

use ndarray::{Array2, s};

use crate::song2016::InputNoise;
use crate::{Epoch, TrialRng};

/// What is added to the signals.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Noise {
    /// Nothing.
    None,
    /// As in the tasks of Song et al. (2016).
    Rectified(InputNoise),
    /// Independent numbers on some channels, in some epochs.
    White {
        /// The standard deviation of one step.
        std: f64,
        /// The places of the channels, ascending.
        channels: Vec<usize>,
        /// The names of the epochs; without them, the whole trial at once.
        epochs: Option<Vec<String>>,
    },
}

impl Noise {
    /// Turns signals (n_steps, inputs) into inputs. Where epochs are named, the numbers are drawn epoch by epoch, step
    /// by step.
    pub(crate) fn apply(&self, signals: &mut Array2<f32>, timeline: &[Epoch], rng: &mut TrialRng) {
        match self {
            Self::None => {}
            Self::Rectified(noise) => noise.apply(signals, rng),
            Self::White { std, channels, epochs: None } => add(signals, 0..signals.nrows(), channels, *std, rng),
            Self::White { std, channels, epochs: Some(names) } => {
                for epoch in timeline.iter().filter(|epoch| names.iter().any(|name| *name == epoch.name)) {
                    add(signals, epoch.steps(), channels, *std, rng);
                }
            }
        }
    }
}

fn add(signals: &mut Array2<f32>, steps: std::ops::Range<usize>, channels: &[usize], std: f64, rng: &mut TrialRng) {
    let mut noise = vec![0.0f32; steps.len() * channels.len()];
    rng.add_gaussian(&mut noise, std);
    let rows = noise.chunks_exact(channels.len().max(1));
    for (mut row, noise) in signals.slice_mut(s![steps, ..]).outer_iter_mut().zip(rows) {
        for (channel, noise) in channels.iter().zip(noise) {
            if let Some(value) = row.get_mut(*channel) {
                *value += noise;
            }
        }
    }
}
