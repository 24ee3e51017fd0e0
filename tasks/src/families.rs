//! The published tasks, family by family, and those of a user's files: every single task that has an id.

use serde_json::Value;

use crate::entry::Entry;
use crate::{
    DeclaredTask, Task, TaskError, UserData, bi2020, catalogue, cueva2018, driscoll2022, golub2018, kim2019,
    kleinman2021, mante2013, masse2019, motor, neurogym, orhan2019, raposo2014, song2016, sussillo2009, tolmachev2025,
    wang2024, yang2019,
};

/// Every family lists its own tasks.
const FAMILIES: [&[Entry]; 17] = [
    song2016::TASKS,
    yang2019::TASKS,
    driscoll2022::TASKS,
    masse2019::TASKS,
    neurogym::TASKS,
    kleinman2021::TASKS,
    mante2013::TASKS,
    raposo2014::TASKS,
    orhan2019::TASKS,
    golub2018::TASKS,
    sussillo2009::TASKS,
    kim2019::TASKS,
    tolmachev2025::TASKS,
    bi2020::TASKS,
    wang2024::TASKS,
    cueva2018::TASKS,
    motor::TASKS,
];

/// The published tasks.
pub(crate) fn published() -> impl Iterator<Item = &'static Entry> + Clone {
    FAMILIES.into_iter().flatten()
}

/// The tasks that a user's files define.
pub(crate) fn of_files() -> impl Iterator<Item = &'static Entry> + Clone {
    [&UserData::ENTRY, &DeclaredTask::ENTRY].into_iter()
}

/// The single task of this id.
pub(crate) fn create(id: &str, parameters: Option<&Value>) -> Result<Box<dyn Task>, TaskError> {
    catalogue::create(published().chain(of_files()), id, parameters)
}
