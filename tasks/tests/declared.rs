//! Declared tasks: the shipped ones are the built-in ones bit for bit, and what makes no sense is refused with its place and a remedy.

use std::path::{Path, PathBuf};

use nn4n_tasks::{Condition, Split, Task, TaskError, TrialRng, balanced, batch, create, performance};
use serde_json::json;

const SPLITS: [Split; 2] = [Split::Train, Split::Test];

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("declared").join(name)
}

fn open(name: &str) -> Result<Box<dyn Task>, TaskError> {
    create("data/toml", Some(&json!({ "path": shipped(name) })))
}

fn from_text(text: &str) -> Result<Box<dyn Task>, TaskError> {
    create("data/toml", Some(&json!({ "text": text })))
}

/// Everything that training, validation and evaluation see.
fn assert_same(declared: &dyn Task, built_in: &dyn Task) -> Result<(), TaskError> {
    assert_eq!((declared.inputs(), declared.outputs()), (built_in.inputs(), built_in.outputs()));
    assert_eq!((declared.conditions(), declared.grid()), (built_in.conditions(), built_in.grid()));
    assert_eq!((declared.dt(), declared.objective()), (built_in.dt(), built_in.objective()));
    assert_eq!((declared.chance(), declared.criterion()), (built_in.chance(), built_in.criterion()));
    assert_eq!(declared.summary(), built_in.summary());
    for split in SPLITS {
        let drawn = batch(built_in, split, 3, 1, 200)?;
        assert_eq!(batch(declared, split, 3, 1, 200)?, drawn);
        assert_eq!(balanced(declared, split, 3, 1, 2)?, balanced(built_in, split, 3, 1, 2)?);
        let mut rng = TrialRng::new(1, "answers", 0, 0);
        let answers = drawn.targets.mapv(|_| rng.uniform() as f32);
        assert_eq!(performance(declared, &drawn, answers.view())?, performance(built_in, &drawn, answers.view())?);
        for (i, condition) in built_in.grid().iter().enumerate() {
            let trial = |task: &dyn Task| task.trial(split, Some(condition), &mut TrialRng::new(0, "grid", 0, i as u64));
            assert_eq!(trial(declared)?, trial(built_in)?, "{condition}");
        }
    }
    Ok(())
}

#[test]
fn rdm_fixed_in_words_is_the_built_in_one_bit_for_bit() -> Result<(), TaskError> {
    let (declared, built_in) = (open("rdm_fixed.toml")?, create("song2016/rdm_fixed", None)?);
    assert_same(declared.as_ref(), built_in.as_ref())?;
    assert!(batch(declared.as_ref(), Split::Train, 3, 1, 200)?.conditions.iter().any(Condition::is_catch));
    // A coherence of 0 draws which choice is right, and one between the published ones is shown as asked.
    for coherence in [0.0, -0.01, 1.0] {
        let condition = Condition::new().with("coherence", coherence);
        for index in 0..10 {
            let trial = |task: &dyn Task| task.trial(Split::Test, Some(&condition), &mut TrialRng::new(0, "t", 0, index));
            assert_eq!(trial(declared.as_ref())?, trial(built_in.as_ref())?);
        }
    }
    Ok(())
}
