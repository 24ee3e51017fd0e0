//! How runs learned: their validations, from their logs.

use super::RunResult;
use crate::{checkpoint::ValidationRecord, error::Result, run_directory::LOG, train::Logged, zoo};

/// The validations of a run, oldest first: at most `most`, evenly thinned, with the last one. A checkpoint without a log
/// tells those that it keeps; a run that has not begun has none.
///
/// # Errors
/// If its files cannot be read.
pub fn validations(run: &RunResult, most: usize) -> Result<Vec<ValidationRecord>> {
    let log = run.directory.join(LOG);
    if log.exists() {
        return Ok(thinned(Logged::validations(&log)?, most));
    }
    if run.updates.is_none_or(|updates| updates == 0) {
        return Ok(Vec::new());
    }
    Ok(thinned(zoo::open(&run.directory)?.header.train.validations, most))
}

fn thinned<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let (n, every) = (all.len(), all.len().div_ceil(most.max(1)).max(1));
    let is_kept = |place: &usize| (n - 1 - place).is_multiple_of(every);
    all.into_iter().enumerate().filter(|(place, _)| is_kept(place)).map(|(_, record)| record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validations_are_thinned_towards_the_last() {
        let thinned_to = |most| thinned((1..=10).collect(), most);
        assert_eq!((thinned_to(100).len(), thinned_to(4), thinned_to(1)), (10, vec![1, 4, 7, 10], vec![10]));
        assert!(thinned(Vec::<u64>::new(), 4).is_empty());
    }
}
