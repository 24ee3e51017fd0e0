//! The validations of a run so far, as far as they are kept: what a run of any length writes at each of them is
//! bounded. All of them are in the log.
//!
//! ```text
//! kept      every validation, from 1,000 on every second, from 2,000 on every fourth, ...
//! best      whose network is saved
//! last      which decides on the stage of a curriculum
//! recent    performances of the last stage, which a rule that ends the run may take the mean of
//! ```

use nn4n_tasks::Performance;
use serde::{Deserialize, Serialize};

use crate::{checkpoint::ValidationRecord, experiment::LONGEST_WINDOW};

/// Most validations that are kept.
pub(super) const MOST: usize = LONGEST_WINDOW;

/// The validations of a run so far.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    count: u64,
    /// Every `every`-th one, from the first on.
    kept: Vec<ValidationRecord>,
    every: u64,
    best: Option<Placed>,
    last: Option<ValidationRecord>,
    recent: Vec<Option<f64>>,
}

/// A validation and how many came before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Placed {
    place: u64,
    record: ValidationRecord,
}

/// What a file says of a history beside the validations that are kept, if those are not all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Thinned {
    count: u64,
    every: u64,
    best: Placed,
    last: ValidationRecord,
    recent: Vec<Option<f64>>,
}

impl History {
    /// Adds a validation; `is_best` if none before it was better, `is_graded` if it is on the task itself and not on an
    /// earlier stage of a curriculum.
    pub(super) fn push(&mut self, record: ValidationRecord, is_best: bool, is_graded: bool) {
        let every = self.every.max(1);
        if self.count.is_multiple_of(every) {
            self.kept.push(record.clone());
        }
        self.every = every;
        if self.kept.len() > MOST {
            let mut place = 0;
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.every *= 2;
        }
        if is_graded {
            self.recent.push(record.performance);
            let surplus = self.recent.len().saturating_sub(MOST);
            self.recent.drain(..surplus);
        }
        if is_best {
            self.best = Some(Placed { place: self.count, record: record.clone() });
        }
        self.last = Some(record);
        self.count += 1;
    }

    /// The validations that are kept, the best and the last, oldest first.
    pub(super) fn records(&self) -> Vec<ValidationRecord> {
        let mut records = self.kept.clone();
        for record in [self.best(), self.last()].into_iter().flatten() {
            if let Err(place) = records.binary_search_by_key(&record.update, |known| known.update) {
                records.insert(place, record.clone());
            }
        }
        records
    }

    /// The best, whose network is saved.
    pub(super) fn best(&self) -> Option<&ValidationRecord> {
        self.best.as_ref().map(|best| &best.record)
    }

    pub(super) fn last(&self) -> Option<&ValidationRecord> {
        self.last.as_ref()
    }

    /// How many followed the best.
    pub(super) fn since_best(&self) -> u64 {
        self.best.as_ref().map_or(0, |best| self.count - best.place - 1)
    }

    /// The last validations, oldest first, if the last was on the task itself. Of those before the last only the
    /// performance is known.
    pub(super) fn recent(&self) -> Vec<Performance> {
        let before = self.recent.len().saturating_sub(1);
        let overall = |overall: &Option<f64>| Performance { overall: *overall, ..Performance::default() };
        let last = self.last.iter().filter(|_| !self.recent.is_empty()).map(performance_of);
        self.recent[..before].iter().map(overall).chain(last).collect()
    }

    /// What a file says of it.
    pub(super) fn to_parts(&self) -> (Vec<ValidationRecord>, Option<Thinned>) {
        let thinned = match (&self.best, &self.last) {
            (Some(best), Some(last)) if self.every > 1 => Some(Thinned {
                count: self.count,
                every: self.every,
                best: best.clone(),
                last: last.clone(),
                recent: self.recent.clone(),
            }),
            _ => None,
        };
        (self.kept.clone(), thinned)
    }

    /// The history that a file tells of, if it can be one. Where all are kept, they are pushed one by one by `push`.
    pub(super) fn from_parts(
        kept: Vec<ValidationRecord>,
        thinned: Option<Thinned>,
        push: impl Fn(&mut Self, ValidationRecord) -> bool,
    ) -> Option<Self> {
        if !kept.is_sorted_by(|one, next| one.update < next.update) {
            return None;
        }
        let Some(Thinned { count, every, best, last, recent }) = thinned else {
            let mut history = Self::default();
            for record in kept {
                push(&mut history, record);
            }
            return Some(history);
        };
        let fits =
            every > 1 && best.place < count && count.div_ceil(every) == kept.len() as u64 && recent.len() <= MOST;
        fits.then_some(Self { count, kept, every, best: Some(best), last: Some(last), recent })
    }

    /// The validation after `update` is the one whose network is saved, whatever the rule is by now.
    pub(super) fn set_best(&mut self, update: u64) {
        if self.every <= 1
            && let Some(place) = self.kept.iter().position(|record| record.update == update)
        {
            self.best = Some(Placed { place: place as u64, record: self.kept[place].clone() });
        }
    }
}

pub(super) fn performance_of(record: &ValidationRecord) -> Performance {
    Performance {
        overall: record.performance,
        minimum: record.minimum,
        rms_error: record.rms_error,
        per_task: record.per_task.clone(),
        ..Performance::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(update: u64) -> ValidationRecord {
        ValidationRecord {
            update,
            loss: 1.0,
            performance: Some(1.0 / update as f64),
            minimum: Some(0.5),
            rms_error: None,
            per_task: Default::default(),
            stage: None,
        }
    }

    /// The best is that of update 1,234.
    fn push(history: &mut History, record: ValidationRecord) -> bool {
        let is_best = record.update <= 1_234;
        history.push(record, is_best, true);
        is_best
    }

    fn history(count: u64) -> History {
        let mut history = History::default();
        for update in 1..=count {
            push(&mut history, record(update));
        }
        history
    }

    fn updates(history: &History) -> Vec<u64> {
        history.records().iter().map(|record| record.update).collect()
    }

    #[test]
    fn up_to_a_thousand_all_are_kept_and_then_every_second_with_the_best_and_the_last() {
        assert_eq!(updates(&history(1_000)), (1..=1_000).collect::<Vec<_>>());
        let thinned = updates(&history(1_500));
        let odd: Vec<u64> = (1..=1_499).step_by(2).collect();
        let added: Vec<u64> = thinned.iter().filter(|update| **update % 2 == 0).copied().collect();
        assert_eq!(added, [1_234, 1_500]);
        assert_eq!(thinned.len(), odd.len() + 2);
        assert_eq!(history(1_500).since_best(), 266);
    }

    #[test]
    fn what_is_written_is_bounded_and_goes_on_as_if_it_had_not_been() {
        for first in [0, 1, 999, 1_000, 1_001, 2_500, 40_000] {
            let (kept, thinned) = history(first).to_parts();
            assert!(kept.len() <= MOST, "{first}");
            let json = serde_json::to_string(&(kept, thinned)).unwrap();
            let (kept, thinned) = serde_json::from_str(&json).unwrap();
            let mut read = History::from_parts(kept, thinned, push).unwrap();
            for update in first + 1..=first + 3_000 {
                push(&mut read, record(update));
            }
            let whole = history(first + 3_000);
            assert_eq!(read.to_parts(), whole.to_parts(), "{first}");
            assert_eq!((updates(&read), read.since_best()), (updates(&whole), whole.since_best()), "{first}");
            let overall = |history: &History| history.recent().iter().map(|found| found.overall).collect::<Vec<_>>();
            assert_eq!(overall(&read), overall(&whole), "{first}");
            assert_eq!(overall(&read).len(), MOST);
        }
    }

    #[test]
    fn what_cannot_be_a_history_is_refused() {
        assert!(History::from_parts(vec![record(2), record(1)], None, push).is_none());
        let (kept, thinned) = history(3_000).to_parts();
        assert!(History::from_parts(kept[1..].to_vec(), thinned.clone(), push).is_none());
        let whole = thinned.unwrap();
        for every in [0, 1, 3] {
            assert!(History::from_parts(kept.clone(), Some(Thinned { every, ..whole.clone() }), push).is_none());
        }
    }
}
