//! What guessing reaches in a validation, and whether a network does better.

use nn4n_tasks::{Performance, Task, TrialBatch};

/// Standard errors by which a network must do better than guessing.
const MARGIN: f64 = 2.0;

/// The performance that guessing reaches on these trials: of random outputs, or of one answer that is given in every
/// trial, whichever is higher.
pub(super) fn guessing(task: &dyn Task, trials: &TrialBatch) -> f64 {
    let answers: Vec<usize> = trials.correct.iter().copied().flatten().collect();
    let most = answers.iter().map(|answer| answers.iter().filter(|other| *other == answer).count()).max();
    let same = most.map_or(0.0, |most| most as f64 / answers.len() as f64);
    task.chance().max(same)
}

/// What guessing reaches, if this performance is no better: within two standard errors of it. `None` where guessing
/// never is right, and no number of trials could tell.
pub(super) fn no_better(found: &Performance, guessing: f64) -> Option<f64> {
    let margin = MARGIN * (guessing * (1.0 - guessing) / found.trials.max(1) as f64).sqrt();
    let is_worse = found.overall.is_some_and(|performance| performance <= guessing + margin);
    (is_worse && guessing > 0.0 && guessing < 1.0).then_some(guessing)
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::{Split, balanced, create};

    use super::*;

    #[test]
    fn one_answer_in_every_trial_is_a_guess() {
        // Half of the trials are matches: random outputs are right by 1/3 (three classes), one answer by 1/2.
        let dms = create("masse2019/dms", None).unwrap();
        let trials = balanced(dms.as_ref(), Split::Train, 0, 0, 20).unwrap();
        assert!((dms.chance() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(guessing(dms.as_ref(), &trials), 0.5);
        // A task without alternatives.
        let wave = create("song2016/sinewave", None).unwrap();
        let trials = balanced(wave.as_ref(), Split::Train, 0, 0, 20).unwrap();
        assert_eq!(guessing(wave.as_ref(), &trials), 0.0);
    }

    #[test]
    fn better_than_guessing_is_by_two_standard_errors() {
        let found = |performance| Performance { overall: Some(performance), trials: 100, ..Performance::default() };
        // The standard error is sqrt(0.25 / 100) = 0.05.
        assert_eq!(no_better(&found(0.59), 0.5), Some(0.5));
        assert_eq!(no_better(&found(0.61), 0.5), None);
        assert_eq!(no_better(&found(0.0), 0.0), None, "no number of trials tells");
        assert_eq!(no_better(&found(1.0), 1.0), None, "nothing is left to learn");
        assert_eq!(no_better(&Performance::default(), 0.5), None, "nothing is scored");
    }
}
