//! Declared tasks: the shipped ones are the built-in ones bit for bit, and what makes no sense is refused with its
//! place and a remedy.

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
    assert_eq!(declared.about().summary, built_in.about().summary);
    for split in SPLITS {
        let drawn = batch(built_in, split, 3, 1, 200)?;
        assert_eq!(batch(declared, split, 3, 1, 200)?, drawn);
        assert_eq!(balanced(declared, split, 3, 1, 2)?, balanced(built_in, split, 3, 1, 2)?);
        let mut rng = TrialRng::new(1, "answers", 0, 0);
        let answers = drawn.targets.mapv(|_| rng.uniform() as f32);
        assert_eq!(performance(declared, &drawn, answers.view())?, performance(built_in, &drawn, answers.view())?);
        for (i, condition) in built_in.grid().iter().enumerate() {
            let trial =
                |task: &dyn Task| task.trial(split, Some(condition), &mut TrialRng::new(0, "grid", 0, i as u64));
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
            let trial =
                |task: &dyn Task| task.trial(Split::Test, Some(&condition), &mut TrialRng::new(0, "t", 0, index));
            assert_eq!(trial(declared.as_ref())?, trial(built_in.as_ref())?);
        }
    }
    Ok(())
}

/// A task with a cue on one of two channels, with one line replaced.
fn with(line: &str, by: &str) -> String {
    let text = r#"
summary = "Report the cue"
dt = 10.0
correct = "cue"
chance = 0.5
variables.cue = { values = ["left", "right"] }
variables.level = { uniform = [0.5, "3 / 2"], grid = 4 }
define.gain = "2 * level"
epochs = [
    { name = "show", duration = 20.0 },
    { name = "answer", duration = 20.0, test = 40.0, graded = "gain / level" },
]
inputs."cue[3]" = { show = "gain * (i == 1 and cue == 'left' or i == n and cue == 'right')", answer = "t" }
inputs.go = { default = -1, answer = true }
outputs.left = { answer = "cue == 'left'" }
outputs.right = { answer = "cue == 'right'", weight = 3 }
"#;
    assert!(text.contains(line), "{line}");
    text.replacen(line, by, 1)
}

#[test]
fn levels_times_and_weights_are_what_the_file_says() -> Result<(), TaskError> {
    let task = from_text(&with("", ""))?;
    let condition = Condition::new().with("cue", "right").with("level", 0.75);
    let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "t", 0, 0))?;
    let inputs =
        ndarray::array![[0.0, 0.0, 1.5, -1.0], [0.0, 0.0, 1.5, -1.0], [10.0, 10.0, 10.0, 1.0], [20.0, 20.0, 20.0, 1.0]];
    assert_eq!(trial.inputs, inputs);
    assert_eq!(trial.targets, ndarray::array![[0.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 1.0]]);
    assert_eq!(trial.loss_mask, ndarray::array![[0.0, 0.0], [0.0, 0.0], [2.0, 6.0], [2.0, 6.0]]);
    assert_eq!((trial.correct, &trial.condition), (Some(1), &condition));
    assert_eq!(task.inputs().iter().map(ToString::to_string).collect::<Vec<_>>(), ["cue_1", "cue_2", "cue_3", "go"]);
    assert_eq!(task.conditions(), ["left", "right"].map(|cue| Condition::new().with("cue", cue)));
    assert_eq!((task.grid().len(), task.grid()[7].number("level")), (8, Some(1.25)));
    assert_eq!(task.trial(Split::Test, None, &mut TrialRng::new(0, "t", 0, 0))?.n_steps(), 6);
    Ok(())
}

#[test]
fn noise_falls_on_the_named_channels_and_epochs_with_its_standard_deviation() -> Result<(), TaskError> {
    let noise = "noise = { kind = \"white\", sigma = 1.0, inputs = [\"cue\"], epochs = [\"show\"] }\n";
    let text = with("summary", &format!("{noise}summary"));
    let (noisy, silent) = (from_text(&text)?, from_text(&with("", ""))?);
    let (noisy, silent) =
        (batch(noisy.as_ref(), Split::Train, 0, 0, 2000)?, batch(silent.as_ref(), Split::Train, 0, 0, 2000)?);
    assert_eq!((&noisy.targets, &noisy.conditions), (&silent.targets, &silent.conditions));
    let noise = &noisy.inputs - &silent.inputs;
    let (shown, rest) = (noise.slice(ndarray::s![.., ..2, ..3]), noise.slice(ndarray::s![.., 2.., ..]));
    let variance = shown.iter().map(|x| f64::from(x * x)).sum::<f64>() / shown.len() as f64;
    assert!((variance - 0.1).abs() < 0.005, "{variance}");
    assert!(rest.iter().chain(noise.slice(ndarray::s![.., .., 3])).all(|x| *x == 0.0));
    Ok(())
}

#[test]
fn the_text_is_recorded_and_outlives_the_file() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, with("", ""))?;
    let task = create("data/toml", Some(&json!({ "path": path })))?;
    std::fs::write(&path, "nonsense")?;
    let again = create("data/toml", Some(&task.parameters()))?;
    let trials = |task: &dyn Task| batch(task, Split::Train, 0, 0, 5);
    assert_eq!((again.parameters(), trials(again.as_ref())?), (task.parameters(), trials(task.as_ref())?));
    let message = create("data/toml", Some(&json!({ "path": path }))).unwrap_err().to_string();
    assert!(message.contains("mine.toml") && message.contains("line 1"), "{message}");
    Ok(())
}

#[test]
fn the_description_is_the_comment_at_the_head_and_what_the_tables_say() -> Result<(), TaskError> {
    let description = open("rdm_fixed.toml")?.about().description();
    for words in [
        "Perceptual decision-making with fixed",
        "10.1371/journal.pcbi.1004792",
        "fixation 100 ms (test 300) | stimulus 800 ms",
    ] {
        assert!(description.contains(words), "{words}: {description}");
    }
    assert!(description.contains("(1 + coherence) / 2") && description.contains("either sign"), "{description}");
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused_with_its_field_and_a_remedy() {
    for (line, by, words) in [
        ("dt = 10.0", "dt = 0.0", &["`dt`", "positive"][..]),
        ("dt = 10.0", "dt = 15.0", &["`epochs.show.duration` = 20", "rounding"]),
        ("dt = 10.0", "dt = \"fast\"", &["line 3, column 6", "`dt` must be a number, but is \"fast\""]),
        ("chance", "chanse", &["chanse", "did you mean `chance`?"]),
        ("chance = 0.5", "chance = 1.5", &["`chance` = 1.5"]),
        ("correct = \"cue\"", "correct = \"level\"", &["`correct`", "single quotes"]),
        (
            "correct = \"cue\"",
            "correct = \"'none'\"\nscore = { rule = \"first_action\", epoch = \"go\", rest = \"left\" }",
            &["score.epoch", "show, answer"],
        ),
        ("correct = \"cue\"", "score = { rule = \"choice\" }", &["`score`", "correct"]),
        (
            "correct = \"cue\"",
            "criterion = { min_of_tasks = { threshold = 0.5 } }",
            &["`criterion`", "mean_performance"],
        ),
        ("[\"left\", \"right\"]", "[\"left\", \"top\"]", &["`correct`", "left, right"]),
        ("[\"left\", \"right\"]", "[\"left\", 2]", &["variables.cue.values", "all words"]),
        ("[\"left\", \"right\"]", "[\"left\", \"left\"]", &["variables.cue.values", "twice"]),
        ("[0.5, \"3 / 2\"]", "[0.5, 0.5]", &["variables.level.uniform", "smaller first"]),
        ("uniform = [0.5, \"3 / 2\"]", "whole = [1, 3], chance = 0.5", &["variables.level", "exactly one"]),
        ("grid = 4", "grid = 4, range = [2, 1]", &["variables.level.range"]),
        ("variables.level", "variables.i", &["variables.i", "meaning"]),
        ("\"2 * level\"", "\"2 * levle\"", &["define.gain", "character 5", "known are: cue, level"]),
        ("\"2 * level\"", "\"1 / (level - level)\"", &["inputs.cue_1.show", "divisions"]),
        ("\"gain / level\"", "0", &["graded", "something"]),
        ("\"gain / level\"", "-1", &["epochs.answer.graded"]),
        ("name = \"show\"", "name = \"answer\"", &["epochs.name"]),
        ("duration = 20.0", "duration = { min = 5.0 }", &["one_of"]),
        ("duration = 20.0", "duration = { min = 1.0, max = 4.0 }", &["epochs.show.duration.max", "never lasts"]),
        (
            "duration = 20.0, test = 40.0",
            "duration = { min = 0.0, max = 40.0 }",
            &["epochs.graded", "`answer`", "longer `min`"],
        ),
        (
            "correct = \"cue\"",
            "correct = \"cue\"\ncriterion = { mean_performance = { threshold = 0.5, window = 0 } }",
            &["criterion.window"],
        ),
        ("duration = 20.0", "duration = 9e7", &["epochs.show.duration", "long"]),
        ("cue[3]", "cue[three]", &["ring[32]"]),
        ("cue[3]", "cue[1024]", &["1025", "1024"]),
        ("show = \"gain", "sho = \"gain", &["\"sho\"", "show, answer"]),
        ("default = -1", "default = \"sqrt(-level)\"", &["inputs.go.show", "roots"]),
        ("outputs.right", "outputs.left_right", &["`correct`", "right"]),
        ("summary", "objective = \"classes\"\nsummary", &["outputs", "show"]),
        ("summary", "noise = { kind = \"white\" }\nsummary", &["noise", "sigma"]),
        ("summary", "noise = { kind = \"white\", std = 1, inputs = [\"stop\"] }\nsummary", &["noise.inputs", "stop"]),
        ("summary", "catch = { probability = 2, duration = 20.0 }\nsummary", &["catch.probability"]),
        ("summary", "[summary", &["line 2"]),
    ] {
        let Err(error) = from_text(&with(line, by)) else { panic!("{by} is accepted") };
        let message = error.to_string();
        assert!(words.iter().all(|word| message.contains(word)), "{by}: {message}");
    }
    for parameters in [json!({}), json!({ "path": "/nowhere/mine.toml" }), json!({ "text": "#".repeat((1 << 20) + 1) })]
    {
        assert!(create("data/toml", Some(&parameters)).is_err());
    }
}

#[test]
fn a_small_file_that_would_take_much_memory_is_refused() {
    let epochs: String = (0..64).map(|i| format!("[[epochs]]\nname = \"e{i}\"\nduration = 20.0\n")).collect();
    let long = vec!["1"; 999].join(" + ");
    let text = format!(
        "summary = \"x\"\ndt = 20.0\n{epochs}[inputs]\n\"r[1024]\" = {{ default = \"{long}\" }}\n[outputs.z]\ndefault \
        = 0.0\n"
    );
    let message = from_text(&text).expect_err("must be refused").to_string();
    assert!(message.contains("makes the expressions too long"), "{message}");
}

#[test]
fn conditions_that_the_file_does_not_provide_for_are_refused() -> Result<(), TaskError> {
    let task = from_text(&with("", ""))?;
    for condition in [
        Condition::new().with("cue", "top"),
        Condition::new().with("cue", 1.0),
        Condition::new().with("level", 2.0),
        Condition::new().with("level", f64::NAN),
        Condition::new().with("colour", "red"),
        Condition::catch(),
    ] {
        let (name, _) = condition.iter().next().unwrap();
        let message =
            task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "t", 0, 0)).unwrap_err().to_string();
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
    Ok(())
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_panic(at in 0usize..2000, length in 0usize..20, by in "[\\[\\]{}()='\"0-9a-z.,*^ -]{0,6}") {
        for name in ["rdm_fixed.toml", "delay_match_sample.toml"] {
            let text = std::fs::read_to_string(shipped(name)).unwrap();
            let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            let text: Vec<char> = lines.join("\n").chars().collect();
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            let (before, after) = (text[..at].iter().copied(), text[end..].iter().copied());
            let broken: String = before.chain(by.chars()).chain(after).collect();
            if let Ok(task) = from_text(&broken) {
                let _ = batch(task.as_ref(), Split::Train, 0, 0, 2);
            }
        }
    }
}

#[test]
fn delay_match_sample_in_words_is_the_built_in_one_bit_for_bit() -> Result<(), TaskError> {
    assert_same(open("delay_match_sample.toml")?.as_ref(), create("neurogym/delay_match_sample", None)?.as_ref())
}
