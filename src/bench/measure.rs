//! Steps and matrix products timed in turn, so that both see the same machine.

use std::time::{Duration, Instant};

use candle_core::Device;
use serde::Serialize;

use super::{
    case::Case,
    median::median,
    product::{ProductSpeed, Products},
    step::TrainingStep,
};
use crate::{
    device::name,
    error::{Error, Result},
    train::{Trainer, Update},
};

/// Steps before the first that counts.
const WARM_UP: usize = 2;
/// Fewest steps that count, and how often each product is timed at least.
const FEWEST: usize = 5;

/// What was measured of one case.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was measured.
    #[serde(flatten)]
    pub case: Case,
    /// Where the steps were taken, in words.
    pub device: String,
    /// Threads of the pool.
    pub threads: usize,
    /// Steps that count.
    pub timed_steps: usize,
    /// Median time of a step, ms.
    pub median_ms: f64,
    /// Shortest time of a step, ms.
    pub min_ms: f64,
    /// Billions of operations per second at the median.
    pub gflops: f64,
    /// Those of the fastest of `products`.
    pub sgemm_peak_gflops: f64,
    /// `gflops` in percent of `sgemm_peak_gflops`.
    pub percent_of_peak: f64,
    /// Every product that was timed, the fastest first.
    pub products: Vec<ProductSpeed>,
    /// Median time of each phase, ms, in the order of [`Trainer::PHASES`].
    #[serde(skip)]
    pub phases_ms: [f64; Trainer::PHASES.len()],
}

/// Measures a case on a device and the current pool of threads for at least `seconds`, and longer if a few steps take
/// longer. The products are always those of the processor. `progress` is told the number of steps so far.
///
/// # Errors
/// If the case is invalid.
pub fn measure(case: &Case, device: &Device, seconds: f64, mut progress: impl FnMut(usize)) -> Result<Report> {
    let threads = rayon::current_num_threads();
    let mut step = TrainingStep::on(case, device)?;
    let mut products = Products::new()?;
    for _ in 0..WARM_UP {
        step.update()?;
    }
    let limit = duration(seconds)?;
    let start = Instant::now();
    let mut updates: Vec<Update> = Vec::new();
    // A third of the time is for the products.
    let (mut in_steps, mut in_products) = (0.0, 0.0);
    while updates.len() < FEWEST || products.rounds() < FEWEST || start.elapsed() < limit {
        if in_products < 0.5 * in_steps || (updates.len() >= FEWEST && start.elapsed() >= limit) {
            in_products += products.time_one(threads)?;
            continue;
        }
        let update = step.update()?;
        in_steps += update.total_seconds();
        updates.push(update);
        progress(updates.len());
    }
    Ok(Report { device: name(device), ..report(case, threads, &updates, products.speeds()) })
}

/// # Errors
/// If it is not a time.
pub(super) fn duration(seconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|error| Error::setting("seconds", format!("= {seconds}: {error}")))
}

fn report(case: &Case, threads: usize, updates: &[Update], products: Vec<ProductSpeed>) -> Report {
    let totals: Vec<f64> = updates.iter().map(Update::total_seconds).collect();
    let median_ms = 1e3 * median(&totals);
    let gflops = case.operations() / (median_ms * 1e6);
    let sgemm_peak_gflops = products.first().map_or(f64::NAN, |product| product.gflops);
    Report {
        case: case.clone(),
        device: name(&Device::Cpu),
        threads,
        timed_steps: updates.len(),
        median_ms,
        min_ms: 1e3 * totals.iter().copied().fold(f64::INFINITY, f64::min),
        gflops,
        sgemm_peak_gflops,
        percent_of_peak: 100.0 * gflops / sgemm_peak_gflops,
        products,
        phases_ms: std::array::from_fn(|phase| {
            1e3 * median(&updates.iter().map(|update| update.seconds[phase]).collect::<Vec<_>>())
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_follows_from_its_times() -> Result<()> {
        let case = Case { units: 10, batch_size: 10, steps: 10, inputs: 0, outputs: 10, ..Case::named("small")? };
        let updates = [1.0, 3.0, 2.0].map(|forward| Update {
            update: 1,
            loss: 0.0,
            terms: Vec::new(),
            gradient_norm: 0.0,
            learning_rate: 0.0,
            seconds: [1e-3 * forward, 0.0, 1e-3, 0.0, 0.0],
        });
        let product = ProductSpeed { library: "faer", rows: 1, columns: 1, inner: 1, gflops: 0.08 };
        let found = report(&case, 2, &updates, vec![product]);
        // 100 * (6 * 100 + 6 * 100) operations in 3 ms.
        let close = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
        close(found.median_ms, 3.0);
        close(found.min_ms, 2.0);
        close(found.gflops, 0.04);
        close(found.percent_of_peak, 50.0);
        close(found.phases_ms[0] + found.phases_ms[2], 3.0);
        Ok(())
    }
}
