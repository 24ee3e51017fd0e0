//! Random valid parameters always give trials of the announced shape.

use nn4n_tasks::golub2018::FlipFlop;
use nn4n_tasks::song2016::{
    FixedDuration, FrequencyComparison, LeeSequence, RdmFixed, RdmRt, RdmVarstim, ReactionTime, Romo, VariableDuration,
};
use nn4n_tasks::{Split, Task, batch};
use proptest::prelude::*;

fn geometry(task: &dyn Task, seed: u64) -> Result<(), TestCaseError> {
    prop_assert!(task.validate().is_ok(), "{:?}", task.validate());
    for split in [Split::Train, Split::Test] {
        let trials = batch(task, split, seed, 0, 8).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(trials.inputs.dim(), (8, trials.max_steps(), task.inputs().len()));
        prop_assert_eq!(trials.targets.dim(), (8, trials.max_steps(), task.outputs().len()));
        prop_assert_eq!(trials.loss_mask.dim(), trials.targets.dim());
        for (epochs, &n_steps) in trials.epochs.iter().zip(&trials.n_steps) {
            let covered: usize = epochs.iter().map(|epoch| epoch.steps().len()).sum();
            prop_assert_eq!(covered, n_steps);
            prop_assert!(epochs.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
        prop_assert!(trials.inputs.iter().all(|u| u.is_finite()));
        let graded = trials.loss_mask.iter().filter(|&&m| m > 0.0).count();
        prop_assert!(graded > 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fixed_durations(
        dt in 0.5..40.0_f64, f in 0..9_u32, g in 0..9_u32, s in 1..60_u32, d in 1..30_u32, c in 1..99_u32, seed: u64,
    ) {
        let ms = |steps: u32| f64::from(steps) * dt;
        let task = FixedDuration { stimulus: ms(s), decision: ms(d), ..FixedDuration::default() };
        let (fixation, fixation_test, catch_duration) = (ms(f), ms(g), ms(c));
        geometry(&RdmFixed { dt, fixation, fixation_test, catch_duration, task, ..RdmFixed::default() }, seed)?;
    }

    #[test]
    fn drawn_durations(
        dt in 0.5..40.0_f64, a in 1.0..20.0_f64, width in 0.0..50.0_f64, mean in 1.0..5000.0_f64, d in 1..30_u32,
        seed: u64,
    ) {
        let (stimulus_min, decision) = (a * dt, f64::from(d) * dt);
        let stimulus_max = stimulus_min + width * dt;
        let (fixation, fixation_test, catch_duration) = (dt, 2.0 * dt, 3.0 * dt);
        let task = VariableDuration {
            stimulus_min, stimulus_mean: mean, stimulus_max, decision, ..VariableDuration::default()
        };
        geometry(&RdmVarstim { dt, fixation, fixation_test, catch_duration, task, ..RdmVarstim::default() }, seed)?;
        let task = FrequencyComparison {
            stimulus: dt, delay_min: stimulus_min, delay_max: stimulus_max, delay_test: dt, decision,
            ..FrequencyComparison::default()
        };
        geometry(&Romo { dt, fixation, fixation_test, catch_duration, task, ..Romo::default() }, seed)?;
    }

    #[test]
    fn reaction_times(
        dt in 0.5..40.0_f64, u in 0..20_u32, more in 1..40_u32, more_test in 1..40_u32, p_catch in 0.0..1.0_f64,
        seed: u64,
    ) {
        let ms = |steps: u32| f64::from(steps) * dt;
        let task = ReactionTime {
            ungraded: ms(u), stimulus: ms(u + more), stimulus_test: ms(u + more_test), ..ReactionTime::default()
        };
        let (fixation, fixation_test, catch_duration) = (dt, dt, dt);
        geometry(&RdmRt { dt, fixation, fixation_test, catch_duration, p_catch, task, ..RdmRt::default() }, seed)?;
    }

    #[test]
    fn sequences_and_bits(
        iti in 0..20_u32, fixation in 1..20_u32, movement in 1..20_u32, bits in 1..9_usize, n_steps in 1..99_usize,
        seed: u64,
    ) {
        let ms = |steps: u32| f64::from(steps) * 10.0;
        let (iti, fixation, movement) = (ms(iti), ms(fixation), ms(movement));
        let lee = LeeSequence { iti, fixation, movement, ..LeeSequence::default() };
        geometry(&lee, seed)?;
        geometry(&FlipFlop { bits, n_steps, ..FlipFlop::default() }, seed)?;
    }
}
