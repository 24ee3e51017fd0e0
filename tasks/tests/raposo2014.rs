//! The multisensory task of Raposo et al. (2014), against numbers worked by hand.

use nn4n_tasks::raposo2014::Multisensory;
use nn4n_tasks::{Condition, Split, Task, TaskError, Trial, TrialRng, batch, repeated};

fn trial(task: &Multisensory, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(Split::Train, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

fn still() -> Multisensory {
    Multisensory { sigma_in: 0.0, ..Multisensory::default() }
}

#[test]
fn a_modality_that_is_not_shown_is_silent_and_the_sign_is_asked_for_after_the_delay() -> Result<(), TaskError> {
    let trial = trial(&still(), &Condition::new().with("modality", "auditory").with("auditory_coherence", 0.8))?;
    let ends: Vec<_> = trial.epochs.iter().map(|epoch| (epoch.name.as_ref(), epoch.end)).collect();
    assert_eq!(ends, [("fixation", 5), ("stimulus", 45), ("delay", 50), ("decision", 75)]);
    for (step, inputs) in [(4, [0.0, 0.0]), (5, [0.0, 0.8]), (44, [0.0, 0.8]), (45, [0.0, 0.0])] {
        assert_eq!(trial.inputs.row(step).to_vec(), inputs, "{step}");
    }
    assert_eq!((trial.targets[[49, 0]], trial.targets[[50, 0]], trial.loss_mask.sum()), (0.0, 1.0, 25.0));
    assert_eq!(trial.condition.get("visual_coherence"), None);
    Ok(())
}

#[test]
fn both_modalities_agree_and_every_strength_is_as_likely_as_the_others() -> Result<(), TaskError> {
    let trials = batch(&still(), Split::Train, 0, 0, 4800)?;
    let (mut both, mut strongest, mut positive) = (0, 0, 0);
    for (condition, correct) in trials.conditions.iter().zip(&trials.correct) {
        let [visual, auditory] = ["visual_coherence", "auditory_coherence"].map(|name| condition.number(name));
        for coherence in [visual, auditory].into_iter().flatten() {
            assert_eq!(*correct, Some(usize::from(coherence < 0.0)), "{condition}");
        }
        assert_eq!(
            (visual.is_some(), auditory.is_some()),
            match condition.text("modality") {
                Some("visual") => (true, false),
                Some("auditory") => (false, true),
                _ => (true, true),
            }
        );
        both += usize::from(visual.is_some() && auditory.is_some());
        strongest += usize::from(visual.is_some_and(|c| c.abs() == 0.8));
        positive += usize::from(*correct == Some(0));
    }
    // 1/3 of 4800, 2/3 x 1/4 of 4800, 1/2 of 4800; within 4.5 standard deviations.
    assert!(
        both.abs_diff(1600) < 147 && strongest.abs_diff(800) < 117 && positive.abs_diff(2400) < 156,
        "{both} {strongest} {positive}"
    );
    Ok(())
}

#[test]
fn evidence_of_opposite_signs_is_added() -> Result<(), TaskError> {
    let conflict = |visual: f64, auditory: f64| {
        Condition::new().with("modality", "both").with("visual_coherence", visual).with("auditory_coherence", auditory)
    };
    assert_eq!(trial(&still(), &conflict(0.4, -0.2))?.correct, Some(0));
    assert_eq!(trial(&still(), &conflict(0.1, -0.2))?.correct, Some(1));
    let even = repeated(&still(), Split::Test, 0, 0, &[conflict(0.2, -0.2)], 1000)?;
    let positive = even.correct.iter().filter(|&&correct| correct == Some(0)).count();
    assert!((430..570).contains(&positive), "{positive}");
    let visual = repeated(&still(), Split::Test, 0, 0, &[Condition::new().with("visual_coherence", -0.2)], 100)?;
    assert!(visual.conditions.iter().all(|condition| condition.text("modality") != Some("auditory")));
    Ok(())
}

#[test]
fn the_noise_has_the_stated_variance_at_every_dt() -> Result<(), TaskError> {
    for (dt, stated) in [(20.0, 0.25), (5.0, 1.0)] {
        let task = Multisensory { dt, ..Multisensory::default() };
        let trials = repeated(
            &task,
            Split::Train,
            0,
            0,
            &[Condition::new().with("modality", "visual").with("visual_coherence", 0.0)],
            300,
        )?;
        let variance = trials.inputs.iter().map(|&u| f64::from(u).powi(2)).sum::<f64>() / trials.inputs.len() as f64;
        assert!((variance / stated - 1.0).abs() < 0.03, "{variance} for {stated}");
    }
    Ok(())
}

#[test]
fn the_grid_has_every_strength_in_every_modality() {
    let grid = Multisensory::default().grid();
    assert_eq!(grid.len(), 3 * 8);
    let both = grid.iter().filter(|condition| condition.text("modality") == Some("both"));
    assert!(
        both.clone().all(|condition| condition.number("visual_coherence") == condition.number("auditory_coherence"))
    );
    assert_eq!(both.count(), 8);
}

#[test]
fn conditions_that_contradict_themselves_are_refused() {
    for condition in [
        Condition::new().with("modality", "visual").with("auditory_coherence", 0.1),
        Condition::new().with("modality", "touch"),
        Condition::new().with("visual_coherence", 1.2),
    ] {
        assert!(trial(&still(), &condition).is_err(), "{condition}");
    }
    assert!(Multisensory { decision: 0.0, ..still() }.validate().is_err());
    assert!(Multisensory { sigma_in: f64::NAN, ..still() }.validate().is_err());
}

#[test]
fn cues_are_absent_unless_they_have_a_level_and_then_name_the_modalities_without_noise() -> Result<(), TaskError> {
    assert_eq!(Multisensory::default().inputs().len(), 2);
    let cued = Multisensory { cue: 0.1, context: 340.0, decision: 20.0, ..Multisensory::default() };
    let names: Vec<_> = cued.inputs().into_iter().map(|channel| channel.name).collect();
    assert_eq!(names, ["visual", "auditory", "context_visual", "context_auditory"]);
    for (modality, cues) in [("visual", [0.1, 0.0]), ("auditory", [0.0, 0.1]), ("both", [0.1, 0.1])] {
        let trial = trial(&cued, &Condition::new().with("modality", modality))?;
        let ends: Vec<_> = trial.epochs.iter().map(|epoch| (epoch.name.as_ref(), epoch.end)).collect();
        assert_eq!(ends, [("fixation", 5), ("context", 22), ("stimulus", 62), ("delay", 67), ("decision", 68)]);
        for step in 0..68 {
            let expected = if (5..62).contains(&step) { cues } else { [0.0; 2] };
            assert_eq!([trial.inputs[[step, 2]], trial.inputs[[step, 3]]], expected, "{modality} {step}");
        }
    }
    let message = Multisensory { cue: f64::NAN, ..still() }.validate().unwrap_err().to_string();
    assert!(message.contains("cue"), "{message}");
    Ok(())
}
