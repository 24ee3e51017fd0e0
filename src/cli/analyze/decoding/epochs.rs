//! Where epochs lie in a course over time.

use std::collections::BTreeMap;

use nn4n_analysis::activity::Trials;

use crate::plot::EpochSpan;

/// The means over trials of where epochs begin and end, ms from the time 0.
pub(super) fn epochs(trials: &Trials, align: Option<&str>, dt: f64) -> Vec<EpochSpan> {
    let mut spans: BTreeMap<String, (usize, f64, f64)> = BTreeMap::new();
    for trial in 0..trials.len() {
        let zero = match align {
            Some(name) => trials.epoch(trial, name).map(|epoch| epoch.start),
            None => Some(0),
        };
        let Some(zero) = zero else { continue };
        for epoch in &trials.epochs[trial] {
            let time = |step: usize| (step as f64 - zero as f64) * dt;
            let span = spans.entry(epoch.name.to_string()).or_default();
            *span = (span.0 + 1, span.1 + time(epoch.start), span.2 + time(epoch.end));
        }
    }
    let names = trials.epoch_names().into_iter();
    let mean = |name: String| {
        let (n, start, end) = *spans.get(&name)?;
        Some(EpochSpan { name, start: start / n as f64, end: end / n as f64 })
    };
    names.filter_map(mean).collect()
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::{Condition, Epoch};

    use super::*;

    #[test]
    fn epochs_are_drawn_at_their_mean_times() {
        let mut trials = Trials::new(vec![10; 2], vec![Condition::new(); 2]);
        let epoch = |name: &'static str, start, end| Epoch { name: name.into(), start, end };
        trials.epochs = vec![
            vec![epoch("fixation", 0, 2), epoch("stimulus", 2, 6)],
            vec![epoch("fixation", 0, 4), epoch("stimulus", 4, 10)],
        ];
        let spans = epochs(&trials, Some("stimulus"), 10.0);
        assert_eq!(spans[0], EpochSpan { name: "fixation".into(), start: -30.0, end: 0.0 });
        assert_eq!(spans[1], EpochSpan { name: "stimulus".into(), start: 0.0, end: 50.0 });
    }
}
