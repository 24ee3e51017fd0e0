//! Where searches begin: states of trials with noise, the box of all fixed points, or released trajectories.

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::{Array2, Axis, Ix2, concatenate};
use nn4n_analysis::{NetworkDynamics, fixed_points::starts};
use nn4n_tasks::NpzFile;

use super::{answer::rows, probe::Held, trajectories::Trajectories};
use crate::cli::setting::has_arrays;

#[derive(Debug, Args)]
pub struct StartsArgs {
    /// How many starts, or an .npz with `starts` (starts, units); in the loop (starts, whole state), or (starts, units)
    /// for an arm at rest
    #[arg(long, value_name = "N|FILE.npz", default_value = "1024")]
    starts: String,
    /// Noise around states of trials, in standard deviations of each unit
    #[arg(long, value_name = "SD", default_value_t = 0.5)]
    start_noise: f64,
}

/// Starts and where they are from.
pub struct Starts {
    /// (starts, dim)
    pub states: Array2<f64>,
    /// In words.
    pub from: String,
}

impl StartsArgs {
    pub fn draw(
        &self,
        system: &dyn NetworkDynamics,
        held: &Held,
        trials: Option<&mut Trajectories<'_>>,
        seed: u64,
    ) -> Result<Starts> {
        if !self.start_noise.is_finite() || self.start_noise < 0.0 {
            bail!("--start-noise {}: must be finite and at least 0", self.start_noise);
        }
        let n = match self.starts.parse::<usize>() {
            Ok(n) if (1..=1_000_000).contains(&n) => n,
            Ok(n) => bail!("--starts {n}: must lie in 1 to 1000000"),
            Err(_) => return given(Path::new(&self.starts), system),
        };
        let Some(trials) = trials else { return Ok(without_trials(system, n, seed)) };
        let whole = trials.some(64)?;
        let all = concatenate(Axis(0), &whole.iter().map(|states| states.view()).collect::<Vec<_>>())?;
        let noise = self.start_noise;
        let around = |states: &Array2<f64>, n, seed| starts::around(states.view(), n, noise, seed);
        let Some(stretches) = &held.stretches else {
            let from = format!("states of noise-free test trials with noise of {noise} standard deviations");
            return Ok(Starts { states: around(&all, n, seed)?, from });
        };
        let near = stretches.states_of(system.dim(), |trial, until| trials.until(trial, until))?;
        let states = concatenate(
            Axis(0),
            &[around(&near, n - n / 2, seed)?.view(), around(&all, n / 2, seed.wrapping_add(1))?.view()],
        )?;
        let from = format!(
            "{} around states where the input holds, {} around states of whole trials, with noise of {noise} standard \
            deviations",
            n - n / 2,
            n / 2
        );
        Ok(Starts { states, from })
    }
}

/// From a box where that holds all fixed points, else from trajectories.
fn without_trials(system: &dyn NetworkDynamics, n: usize, seed: u64) -> Starts {
    match starts::in_box(system, n, seed) {
        Some(states) => Starts { states, from: "the box that holds all fixed points".into() },
        None => Starts {
            states: starts::released(system, n, seed),
            from: "trajectories released from random states, since no box holds all fixed points of unbounded units"
                .into(),
        },
    }
}

fn given(path: &Path, system: &dyn NetworkDynamics) -> Result<Starts> {
    if !has_arrays(path) {
        bail!(
            "--starts {}: must be a number of starts, or an .npz, .mat or .h5 with the array `starts`",
            path.display()
        );
    }
    let mut file = NpzFile::open(path)?;
    let (units, dim) = (system.network().units(), system.dim());
    let found = file
        .numbers("starts")?
        .with_context(|| format!("{}: has no array `starts`; give one of shape (starts, {dim})", path.display()))?;
    let shape = found.shape().to_vec();
    match found.into_dimensionality::<Ix2>() {
        Ok(states) if states.ncols() == dim && states.nrows() > 0 => {
            Ok(Starts { states, from: path.display().to_string() })
        }
        Ok(units_alone) if units_alone.ncols() == units && units_alone.nrows() > 0 => {
            let whole: Vec<Vec<f64>> = units_alone.outer_iter().map(|x| system.at_rest(&x.to_vec())).collect();
            let states = rows(whole.iter().map(Vec::as_slice));
            Ok(Starts { states, from: format!("{}, with the arm at rest", path.display()) })
        }
        _ if dim > units => bail!(
            "{}: `starts` has shape {shape:?}, but must be (starts, {dim} numbers of the state) or (starts, {units} units)",
            path.display()
        ),
        _ => bail!("{}: `starts` has shape {shape:?}, but must be (starts, {units} units)", path.display()),
    }
}
