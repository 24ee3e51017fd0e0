//! The search for fixed points, as several analyses begin with it.

use std::{ops::ControlFlow, time::Instant};

use anyhow::Result;
use clap::Args;
use ndarray::Array2;
use nn4n_analysis::{
    FixedPoints, NetworkDynamics, System,
    fixed_points::{PointKind, Settings},
};

use super::{
    answer::rows,
    probe::{About, Held, InputArgs, LoopArgs, Probe, ProbeArgs},
    starts::{Starts, StartsArgs},
    trajectories::Trajectories,
};
use crate::{plot::Projection, terminal::steps_bar};

/// Trajectories that are shown among points.
pub const SHOWN: usize = 12;

/// What fixed points are searched in: a network, in the loop with its arm or alone, under an input, from some starts.
#[derive(Debug, Args)]
pub struct SearchArgs {
    #[command(flatten)]
    pub probe: ProbeArgs,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub closed: LoopArgs,
    #[command(flatten)]
    pub starts: StartsArgs,
    /// End each start where q, half the squared length of a step, is at most this: points that sample a slow manifold
    /// [default: follow each start to where activity stands still, or is slowest]
    #[arg(long, value_name = "Q", value_parser = positive)]
    pub slow: Option<f64>,
}

fn positive(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err("must be positive and finite, such as 1e-4".into()) }
}

/// Points found from starts.
pub struct Search<'a> {
    /// What was searched, under the input.
    pub under: Box<dyn NetworkDynamics + 'a>,
    pub found: FixedPoints,
    /// Starts, without those between points that were found.
    pub n_given: usize,
    pub starts_from: String,
    /// Seconds until the points were found; the rest went into what the dynamics do around them.
    pub search_seconds: f64,
}

impl SearchArgs {
    /// The network, and the input that is held.
    pub fn open(&self) -> Result<(Probe, Held)> {
        let probe = self.probe.open()?;
        let held = probe.held(&self.input, self.probe.seed)?;
        Ok((probe, held))
    }

    /// What a report begins with.
    pub fn about(&self, probe: &Probe, system: &System<'_>) -> About {
        self.probe.about(probe).of(system)
    }

    /// What a command takes that goes on with the same system.
    pub fn same(&self) -> String {
        format!("{}{}", self.probe.again(), self.closed.words())
    }

    /// The same under the same input.
    pub fn again(&self) -> String {
        format!("{}{}", self.same(), self.input.words())
    }
}

/// Searches under the input that is held. The trials are those of the input; there are none where no task is known.
pub fn search<'a>(
    system: System<'a>,
    held: &Held,
    trials: Option<&mut Trajectories<'_>>,
    args: &SearchArgs,
) -> Result<Search<'a>> {
    let seed = args.probe.seed;
    let under = system.under(&held.values)?;
    let Starts { states, from } = args.starts.draw(&*under, held, trials, seed)?;
    let settings = Settings { seed, slow: args.slow, ..Settings::default() };
    let mut bar = steps_bar("starts", states.nrows() as u64);
    let clock = Instant::now();
    let found = FixedPoints::search(&*under, states.view(), &settings, &mut |done| {
        bar(done as u64);
        ControlFlow::Continue(())
    })?;
    let search_seconds = clock.elapsed().as_secs_f64();
    let found = FixedPoints::describe(&*under, &held.values, found, &settings)?;
    Ok(Search { under, found, n_given: states.nrows(), starts_from: from, search_seconds })
}

impl Search<'_> {
    /// Along the first components of the states of trajectories, or of the points where there are none.
    pub fn projection(&self, trajectories: &[Array2<f64>], axes: usize) -> Result<Projection> {
        if trajectories.is_empty() {
            let points = rows(self.found.points.iter().map(|point| point.x_star.as_slice()));
            return Ok(Projection::principal(&[points], axes)?);
        }
        Ok(Projection::principal(trajectories, axes)?)
    }

    /// The kind of a point and its number of growing modes, in words.
    pub fn words(&self, place: usize) -> String {
        let point = &self.found.points[place];
        match (point.kind, point.is_stable, point.unstable_dimensions) {
            (PointKind::Slow, ..) => "slow".into(),
            (_, true, _) => "stable".into(),
            (_, _, 0) => "marginal".into(),
            (_, _, n) => format!("unstable in {n}"),
        }
    }
}
