//! All tasks by id: listed, and created from their parameters.
//!
//! ```
//! use nn4n_tasks::create;
//! use serde_json::json;
//! let task = create("song2016/rdm_varstim", Some(&json!({ "sigma_in": 0.0 })))?;
//! assert_eq!(task.parameters()["sigma_in"], 0.0);
//! let message = create("song2016/rdm_varstin", None).unwrap_err().to_string();
//! assert!(message.contains("did you mean `song2016/rdm_varstim`?"));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde_json::Value;

use crate::entry::{Entry, TaskInfo, read};
use crate::multitask::{TaskSet, TaskSetSettings};
use crate::{Described, Task, TaskError, catalogue, families};

/// Several tasks for one network.
const SET: Entry = Entry {
    id: TaskSet::ABOUT.id,
    create: |parameters| Ok(Box::new(TaskSet::new(read(TaskSet::ABOUT.id, parameters)?)?)),
    describe: || match TaskSet::new(TaskSetSettings::default()) {
        Ok(set) => TaskInfo::of(TaskSet::ABOUT.id, &set),
        // The default names tasks of this crate only.
        Err(error) => {
            TaskInfo { summary: error.to_string(), ..TaskInfo::without_channels(TaskSet::ABOUT, 0.0, Value::Null) }
        }
    },
};

fn entries() -> impl Iterator<Item = &'static Entry> + Clone {
    families::published().chain([&SET]).chain(families::of_files())
}

/// The ids of all tasks, in the order of the registry.
pub fn ids() -> impl Iterator<Item = &'static str> {
    entries().map(|entry| entry.id)
}

/// All tasks, in the order of the registry.
pub fn list() -> Vec<TaskInfo> {
    entries().map(|entry| (entry.describe)()).collect()
}

/// The task of this id; parameters that are left out (or `None` for all) keep their published values.
pub fn create(id: &str, parameters: Option<&Value>) -> Result<Box<dyn Task>, TaskError> {
    catalogue::create(entries(), id, parameters)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(unknown: &str) -> String {
        create(unknown, None).expect_err(unknown).to_string()
    }

    #[test]
    fn ids_are_unique_and_are_those_of_the_tasks() -> Result<(), TaskError> {
        for (i, entry) in entries().enumerate() {
            assert!(entries().skip(i + 1).all(|other| other.id != entry.id));
            if !["data/npz", "data/toml"].contains(&entry.id) {
                assert_eq!(create(entry.id, None)?.id(), entry.id);
            }
        }
        Ok(())
    }

    #[test]
    fn only_the_sources_own_durations_are_rounded_unasked() {
        let made = |id: &str, parameters: Value| create(id, Some(&parameters)).map(|task| task.id().to_owned());
        for (id, off, on) in [
            ("mante2013/context_integration", json!({ "stimulus": 799.0 }), json!({ "stimulus": 800.0 })),
            ("neurogym/delay_match_category", json!({ "sample": 333.0 }), json!({ "sample": 300.0 })),
            ("neurogym/motor_timing", json!({ "fixation": 499.0 }), json!({ "fixation": 500 })),
            ("neurogym/multisensory_integration", json!({ "dt": 80.0 }), json!({ "dt": 100.0 })),
        ] {
            let message = made(id, off.clone()).unwrap_err().to_string();
            assert!(message.contains("set `rounding`"), "{id}: {message}");
            assert_eq!(made(id, on).expect(id), id);
            let mut asked = off;
            asked["rounding"] = json!("floor");
            assert_eq!(made(id, asked).expect(id), id);
        }
    }

    #[test]
    fn a_name_without_its_family_is_recognised_and_nonsense_is_not() {
        assert!(message("rdm_varstim").contains("did you mean `song2016/rdm_varstim`?"));
        let nonsense = message("zzzzzzzzzzzzzzzz");
        assert!(!nonsense.contains("did you mean") && nonsense.contains("families song2016, yang2019"), "{nonsense}");
        for (id, known) in [("rdm", "did you mean `song2016/rdm_"), ("dmsg", "dmsgo`")] {
            assert!(message(id).contains(known), "{}", message(id));
        }
        for id in ["", "motor/reach", "x"] {
            assert!(!message(id).contains("did you mean"), "{}", message(id));
        }
        let message = message("kim2019/xox");
        assert!(
            message.contains("did you mean `kim2019/xor`?") && message.ends_with("are kim2019/go_nogo, kim2019/xor"),
            "{message}"
        );
    }
}
