//! The tasks of Mante et al. (2013), against numbers worked by hand.

use ndarray::{Array3, s};
use nn4n_tasks::mante2013::{
    ContextIntegration, ContextIntegrationContinuous, ContinuousNoise, Integration, ShortTrials,
};
use nn4n_tasks::{Condition, Rounding, Split, Task, TaskError, Trial, TrialRng, batch, repeated, scores};

fn trial(task: &dyn Task, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(Split::Test, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

fn named(context: &'static str, motion: f64, colour: f64) -> Condition {
    Condition::new().with("context", context).with("motion_coherence", motion).with("colour_coherence", colour)
}

#[test]
fn short_trials_have_the_published_geometry_and_levels() -> Result<(), TaskError> {
    let task = ContextIntegration { sigma_in: 0.0, ..ContextIntegration::default() };
    let trial = trial(&task, &named("motion", 0.4, -0.1))?;
    let ends: Vec<_> = trial.epochs.iter().map(|epoch| (epoch.name.as_ref(), epoch.end)).collect();
    assert_eq!(ends, [("fixation", 5), ("context", 22), ("stimulus", 62), ("delay", 67), ("decision", 68)]);
    for (step, inputs) in [
        (4, [0.0; 4]),
        (5, [0.0, 0.0, 0.0, 0.1]),
        (22, [-0.1, 0.4, 0.0, 0.1]),
        (62, [0.0, 0.0, 0.0, 0.1]),
        (67, [0.0; 4]),
    ] {
        assert_eq!(trial.inputs.row(step).to_vec(), inputs, "{step}");
    }
    assert_eq!((trial.targets[[66, 0]], trial.targets[[67, 0]], trial.loss_mask.sum()), (0.0, 1.0, 1.0));
    Ok(())
}

#[test]
fn the_context_of_350_ms_is_floored_unless_the_user_says_otherwise() -> Result<(), TaskError> {
    let lasting = |rounding| -> Result<usize, TaskError> {
        Ok(trial(&ContextIntegration { rounding, ..ContextIntegration::default() }, &named("motion", 0.1, 0.1))?.epochs
            [1]
        .steps()
        .len())
    };
    assert_eq!((lasting(Rounding::Floor)?, lasting(Rounding::Ceil)?), (17, 18));
    let message = lasting(Rounding::Exact).unwrap_err().to_string();
    assert!(message.contains("context") && message.contains("350"), "{message}");
    Ok(())
}

#[test]
fn only_the_evidence_of_the_context_decides() -> Result<(), TaskError> {
    let short = ContextIntegration::default();
    assert_eq!(short.conditions().len(), 72);
    for (task, grid) in [
        (&short as &dyn Task, short.grid()),
        (&ContextIntegrationContinuous::default(), ContextIntegrationContinuous::default().grid()),
    ] {
        assert_eq!(grid.len(), 72);
        for condition in &grid {
            let relevant = format!("{}_coherence", condition.text("context").unwrap());
            let positive = condition.number(&relevant).unwrap() > 0.0;
            let trial = trial(task, condition)?;
            assert_eq!(
                (trial.correct, trial.targets[[trial.n_steps() - 1, 0]] > 0.0),
                (Some(usize::from(!positive)), positive),
                "{condition}"
            );
        }
    }
    Ok(())
}

#[test]
fn noise_has_the_stated_variance_on_the_evidence_and_none_on_the_context() -> Result<(), TaskError> {
    let tasks: [(Box<dyn Task>, f64); 4] = [
        (Box::new(ContextIntegration::default()), 0.01),
        (Box::new(ContextIntegration { dt: 5.0, rounding: Rounding::Exact, ..ContextIntegration::default() }), 0.04),
        (Box::new(ContextIntegrationContinuous::default()), 1.0),
        (Box::new(ContextIntegrationContinuous { dt: 0.5, ..ContextIntegrationContinuous::default() }), 2.0),
    ];
    for (task, stated) in tasks {
        let trials = repeated(task.as_ref(), Split::Train, 0, 0, &[named("motion", 0.0, 0.0)], 300)?;
        let noise = trials.inputs.slice(s![.., .., ..2]);
        let variance = noise.iter().map(|&u| f64::from(u).powi(2)).sum::<f64>() / noise.len() as f64;
        assert!((variance / stated - 1.0).abs() < 0.03, "{} {variance} for {stated}", task.id());
        assert!(trials.inputs.slice(s![.., .., 2..]).iter().all(|&u| u == 0.0 || u == 0.1 || u == 1.0));
    }
    Ok(())
}

#[test]
fn continuous_trials_train_on_uniform_strengths_and_test_on_three() -> Result<(), TaskError> {
    let task = ContextIntegrationContinuous { sigma_in: 0.0, ..ContextIntegrationContinuous::default() };
    let train = batch(&task, Split::Train, 0, 0, 4000)?.conditions;
    for name in ["motion_coherence", "colour_coherence"] {
        let strengths: Vec<f64> = train.iter().filter_map(|condition| condition.number(name)).collect();
        assert!(strengths.iter().all(|c| c.abs() < 0.1875));
        let mean = strengths.iter().sum::<f64>() / 4000.0;
        let variance = strengths.iter().map(|c| c * c).sum::<f64>() / 4000.0;
        // Uniform on (-w, w): variance w^2 / 3 = 0.0117.
        assert!(mean.abs() < 0.006 && (variance / 0.01171875 - 1.0).abs() < 0.05, "{mean} {variance}");
    }
    for condition in batch(&task, Split::Test, 0, 0, 50)?.conditions {
        assert!([0.009, 0.036, 0.15].contains(&condition.number("motion_coherence").unwrap().abs()));
    }
    Ok(())
}

#[test]
fn an_ideal_observer_is_as_good_as_the_header_says() -> Result<(), TaskError> {
    let task = ContextIntegrationContinuous::default();
    for (coherence, expected) in [(0.009, 0.597), (0.036, 0.838), (-0.15, 1.0)] {
        let trials = repeated(&task, Split::Test, 0, 0, &[named("motion", coherence, 0.15)], 1000)?;
        let mut outputs = Array3::zeros(trials.targets.dim());
        for (mut output, inputs) in outputs.outer_iter_mut().zip(trials.inputs.outer_iter()) {
            output[[749, 0]] = inputs.column(0).sum();
        }
        let right = scores(&task, &trials, outputs.view())?.iter().filter(|score| score.correct == Some(true)).count();
        // Phi(0.246) = 0.597, Phi(0.986) = 0.838.
        assert!((right as f64 / 1000.0 - expected).abs() < 0.05, "{coherence}: {right}");
    }
    Ok(())
}

#[test]
fn parameters_and_conditions_without_meaning_are_refused_by_name() {
    let (short, long) = (ContextIntegration::default(), ContextIntegrationContinuous::default());
    let tasks: [(Box<dyn Task>, &str); 6] = [
        (Box::new(ContextIntegration { decision: 0.0, ..short.clone() }), "decision"),
        (
            Box::new(Integration { task: ShortTrials { coherences: vec![], ..short.task.clone() }, ..short.clone() }),
            "coherences",
        ),
        (Box::new(Integration { task: ShortTrials { cue: f64::NAN, ..short.task.clone() }, ..short.clone() }), "cue"),
        (Box::new(ContextIntegrationContinuous { decision: 751.0, ..long.clone() }), "decision"),
        (
            Box::new(Integration { task: ContinuousNoise { coherence_max: 1.5, ..long.task.clone() }, ..long.clone() }),
            "coherence_max",
        ),
        (Box::new(ContextIntegrationContinuous { sigma_in: -1.0, ..long.clone() }), "sigma_in"),
    ];
    for (task, word) in tasks {
        let message = task.validate().unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
    for condition in [named("shape", 0.1, 0.1), named("motion", 1.1, 0.1)] {
        assert!(trial(&short, &condition).is_err() && trial(&long, &condition).is_err(), "{condition}");
    }
}
