//! The search for fixed points, as several analyses begin with it.

use std::{ops::ControlFlow, time::Instant};

use anyhow::Result;
use nn4n_analysis::{
    Driven, FixedPoints,
    fixed_points::{PointKind, Settings},
};

use super::{
    probe::{Held, Probe},
    starts::{Starts, StartsArgs},
};
use crate::terminal::steps_bar;

/// Points found from starts.
pub struct Search<'a> {
    pub driven: Driven<'a>,
    pub found: FixedPoints,
    /// Starts, without those between points that were found.
    pub n_given: usize,
    pub starts_from: String,
    /// Seconds until the points were found; the rest went into what the dynamics do around them.
    pub search_seconds: f64,
}

/// Searches under the input that is held.
pub fn search<'a>(probe: &'a Probe, held: &Held, starts: &StartsArgs, seed: u64) -> Result<Search<'a>> {
    let driven = probe.network.under(&held.values)?;
    let Starts { states, from } = starts.draw(probe, &driven, held, seed)?;
    let settings = Settings { seed, ..Settings::default() };
    let mut bar = steps_bar("starts", states.nrows() as u64);
    let clock = Instant::now();
    let found = FixedPoints::search(&driven, states.view(), &settings, &mut |done| {
        bar(done as u64);
        ControlFlow::Continue(())
    })?;
    let search_seconds = clock.elapsed().as_secs_f64();
    let found = FixedPoints::describe(&driven, &held.values, found, &settings)?;
    Ok(Search { driven, found, n_given: states.nrows(), starts_from: from, search_seconds })
}

impl Search<'_> {
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
