//! How the time of a step grows with the length of a trial and the size of the batch, and shrinks with threads.

use std::time::{Duration, Instant};

use rayon::ThreadPool;
use serde::Serialize;

use super::{case::Case, measure::duration, median::median, pool::pool, step::TrainingStep};
use crate::error::{Error, Result};

/// Lengths of a trial; the first is what the others are compared with.
const STEPS: [usize; 7] = [100, 200, 500, 1000, 2000, 5000, 10_000];

/// Most values in an array over all steps and trials; what needs more is left out, so that a table fits a usual memory.
const LARGEST_ARRAY: usize = 1 << 28;

/// Fewest rounds that count; one more warms up.
const FEWEST: usize = 3;

/// How long an entry has its turn.
const MOMENT: Duration = Duration::from_millis(20);

/// The two tables.
#[derive(Clone, Debug, Serialize)]
pub struct Scaling {
    /// What was measured, but for its steps and its batch.
    #[serde(flatten)]
    pub case: Case,
    /// Rounds that count; every time is a median over them, or over more.
    pub rounds: usize,
    /// Longer and longer trials, on all threads.
    pub by_steps: Vec<StepsRow>,
    /// Larger and larger batches, on one thread and more.
    pub by_batch_size: Vec<BatchRow>,
}

/// One length of a trial.
#[derive(Clone, Debug, Serialize)]
pub struct StepsRow {
    /// Steps of the dynamics per trial.
    pub steps: usize,
    /// Time of a training step, ms.
    pub ms: f64,
    /// Time per step of the dynamics, relative to that of the shortest trial; 1 if the cost is linear.
    pub ratio: f64,
}

/// One size of a batch.
#[derive(Clone, Debug, Serialize)]
pub struct BatchRow {
    /// Trials per training step.
    pub batch_size: usize,
    /// One thread first.
    pub by_threads: Vec<ThreadTime>,
    /// Time per trial on all threads, relative to that of the smallest batch; 1 if the cost is linear.
    pub ratio: f64,
}

/// One size of a batch on some threads.
#[derive(Clone, Debug, Serialize)]
pub struct ThreadTime {
    /// Number of threads.
    pub threads: usize,
    /// Time of a training step, ms.
    pub ms: f64,
    /// Time on one thread divided by this one.
    pub speed_up: f64,
}

/// Measures both tables with up to `threads` threads, every entry in turn, for at least `seconds`, and longer if a few
/// rounds take longer. `progress` is told the round and what is measured.
///
/// # Errors
/// If the case is invalid, or so large that nothing is left to measure.
pub fn scaling(case: &Case, threads: usize, seconds: f64, mut progress: impl FnMut(usize, &Case)) -> Result<Scaling> {
    case.validate()?;
    let pools = thread_counts(threads).into_iter().map(pool).collect::<Result<Vec<_>>>()?;
    let all = pools.len() - 1;
    let mut by_steps = entries(STEPS.map(|steps| Case { steps, ..case.clone() }), &[all])?;
    let every_pool: Vec<usize> = (0..pools.len()).collect();
    let mut by_batch_size =
        entries(batch_sizes(case.batch_size).map(|batch_size| Case { batch_size, ..case.clone() }), &every_pool)?;
    if by_steps.is_empty() || by_batch_size.is_empty() {
        let message = format!(
            "= {} with {} units leaves no arrays of at most {LARGEST_ARRAY} values; take fewer",
            case.batch_size, case.units
        );
        return Err(Error::setting("batch_size", message));
    }
    // One table after the other: trials of 10,000 steps leave neither cache nor memory as short ones need them.
    let least = duration(seconds / 2.0)?;
    let mut measure = |entries: &mut [Entry]| rounds(entries, &pools, least, &mut progress);
    Ok(Scaling {
        case: case.clone(),
        rounds: measure(&mut by_batch_size)?.min(measure(&mut by_steps)?),
        by_steps: steps_rows(&by_steps),
        by_batch_size: batch_rows(&by_batch_size, &pools),
    })
}

/// Measures each entry in turn, for at least `least` and [`FEWEST`] rounds, and says how many rounds count.
fn rounds(
    entries: &mut [Entry],
    pools: &[ThreadPool],
    least: Duration,
    progress: &mut impl FnMut(usize, &Case),
) -> Result<usize> {
    let start = Instant::now();
    let mut round = 0;
    while round <= FEWEST || start.elapsed() < least {
        for entry in entries.iter_mut() {
            progress(round, &entry.case);
            entry.time(pools, round > 0)?;
        }
        round += 1;
    }
    Ok(round - 1)
}

/// 1, 2, 4 and so on, and `threads`.
fn thread_counts(threads: usize) -> Vec<usize> {
    let mut counts: Vec<usize> =
        std::iter::successors(Some(1), |count| Some(2 * count)).take_while(|count| *count < threads).collect();
    counts.push(threads.max(1));
    counts
}

/// From a quarter of the batch to four times as many trials.
fn batch_sizes(batch_size: usize) -> [usize; 5] {
    let quarter = batch_size.div_ceil(4);
    [1, 2, 4, 8, 16].map(|factor| factor * quarter)
}

/// What is measured of one case: its times on each of some pools.
struct Entry {
    case: Case,
    step: TrainingStep,
    /// Index of a pool, and seconds.
    times: Vec<(usize, Vec<f64>)>,
}

fn entries(cases: impl IntoIterator<Item = Case>, pools: &[usize]) -> Result<Vec<Entry>> {
    let fitting = cases.into_iter().filter(|case| case.largest_array() <= LARGEST_ARRAY);
    fitting
        .map(|case| {
            let times = pools.iter().map(|pool| (*pool, Vec::new())).collect();
            Ok(Entry { step: TrainingStep::new(&case)?, case, times })
        })
        .collect()
}

impl Entry {
    fn time(&mut self, pools: &[ThreadPool], counts: bool) -> Result<()> {
        for (pool, seconds) in &mut self.times {
            let time = pools[*pool].install(|| burst(&mut self.step))?;
            if counts {
                seconds.push(time);
            }
        }
        Ok(())
    }

    /// Median on the pool of most threads, ms.
    fn ms(&self) -> f64 {
        self.times.last().map_or(f64::NAN, |(_, seconds)| 1e3 * median(seconds))
    }
}

/// Seconds of a step amid others of its kind: the median of as many as fit into a moment, after a first one that wakes
/// the threads.
fn burst(step: &mut TrainingStep) -> Result<f64> {
    let start = Instant::now();
    let mut seconds = vec![step.update()?.total_seconds()];
    while start.elapsed() < MOMENT {
        seconds.push(step.update()?.total_seconds());
    }
    Ok(if seconds.len() == 1 { seconds[0] } else { median(&seconds[1..]) })
}

fn steps_rows(entries: &[Entry]) -> Vec<StepsRow> {
    let per_step = |entry: &Entry| entry.ms() / entry.case.steps as f64;
    entries
        .iter()
        .map(|entry| StepsRow {
            steps: entry.case.steps,
            ms: entry.ms(),
            ratio: per_step(entry) / per_step(&entries[0]),
        })
        .collect()
}

fn batch_rows(entries: &[Entry], pools: &[ThreadPool]) -> Vec<BatchRow> {
    let per_trial = |entry: &Entry| entry.ms() / entry.case.batch_size as f64;
    let by_threads = |entry: &Entry| {
        let single = median(&entry.times[0].1);
        let on_pool = |(pool, seconds): &(usize, Vec<f64>)| ThreadTime {
            threads: pools[*pool].current_num_threads(),
            ms: 1e3 * median(seconds),
            speed_up: single / median(seconds),
        };
        entry.times.iter().map(on_pool).collect()
    };
    entries
        .iter()
        .map(|entry| BatchRow {
            batch_size: entry.case.batch_size,
            by_threads: by_threads(entry),
            ratio: per_trial(entry) / per_trial(&entries[0]),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_double_up_to_all_of_them() {
        assert_eq!(thread_counts(1), [1]);
        assert_eq!(thread_counts(2), [1, 2]);
        assert_eq!(thread_counts(6), [1, 2, 4, 6]);
        assert_eq!(thread_counts(8), [1, 2, 4, 8]);
    }

    #[test]
    fn batches_span_a_quarter_to_four_times_the_case() {
        assert_eq!(batch_sizes(100), [25, 50, 100, 200, 400]);
        assert_eq!(batch_sizes(1), [1, 2, 4, 8, 16]);
    }

    #[test]
    fn rows_follow_from_their_times() -> Result<()> {
        let case = Case { units: 2, batch_size: 4, steps: 100, ..Case::named("small")? };
        let entry = |steps, batch_size, times: &[f64]| -> Result<Entry> {
            let case = Case { steps, batch_size, ..case.clone() };
            let times = times.iter().enumerate().map(|(pool, seconds)| (pool, vec![*seconds])).collect();
            Ok(Entry { step: TrainingStep::new(&case)?, case, times })
        };
        let rows = steps_rows(&[entry(100, 4, &[1.0])?, entry(400, 4, &[6.0])?]);
        assert_eq!((rows[1].ms, rows[1].ratio), (6000.0, 1.5));
        let pools = [pool(1)?, pool(2)?];
        let rows = batch_rows(&[entry(100, 2, &[1.0, 0.5])?, entry(100, 4, &[3.0, 2.0])?], &pools);
        assert_eq!((rows[1].by_threads[1].threads, rows[1].by_threads[1].speed_up, rows[1].ratio), (2, 1.5, 2.0));
        Ok(())
    }
}
