//! The trainings of a paper: its studies, one after the other, each as `nn4n sweep` trains it.

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use anyhow::Result;

use super::{
    super::{
        output::{self, shell_path},
        sweep::{LaunchArgs, Launched, estimate, start_study, time},
    },
    asked::Asked,
};
use crate::{
    report::count_of,
    reproduce::{Mode, Outline, Study, study_directory},
    sweep::{self, Description, Failure, RunState},
    terminal::{INTERRUPTED_CODE, say},
};

/// Where the trainings are.
pub enum Trained {
    /// Nothing is left to train.
    All,
    /// They go on later: interrupted, or given to a cluster.
    Later(ExitCode),
}

/// Trains what is not finished; into `left_out` goes what does not fit into `hours`.
pub fn train(
    outline: &Outline,
    out: &Path,
    asked: &Asked,
    hours: Option<f64>,
    args: &LaunchArgs,
    left_out: &mut BTreeMap<String, String>,
) -> Result<Trained> {
    let is_estimated = asked.mode == Mode::Full;
    let mut todo = Vec::new();
    for (study, description) in unfinished(outline, out, asked)? {
        let seconds = if is_estimated { seconds(study, asked, args.jobs())? } else { 0.0 };
        todo.push((study, description, seconds));
    }
    let fits = within(hours, &todo.iter().map(|(.., seconds)| *seconds).collect::<Vec<f64>>());
    let mut planned = Vec::new();
    let mut sum = 0.0;
    for ((study, description, seconds), fits) in todo.into_iter().zip(fits) {
        if is_estimated {
            let how = if fits { "" } else { ", not run: it does not fit into --hours" };
            let seeds = count_of(asked.seeds as usize, "seed");
            say(&format!("{:<20} about {} for {seeds}{how}", study.name, time(seconds)));
        }
        if fits {
            sum += seconds;
            planned.push((study, description));
        } else {
            left_out.insert(study.name.clone(), not_run(study, seconds, asked, out));
        }
    }
    if is_estimated && planned.len() > 1 {
        say(&format!("all trainings        about {} with {} at a time; analyses come on top", time(sum), args.jobs()));
    }
    for (study, description) in planned {
        say(&format!("{}: {}", study.name, study.summary));
        if let Some(code) = launched(study, &description, out, args)? {
            return Ok(Trained::Later(code));
        }
    }
    Ok(Trained::All)
}

/// Which of these times fit into so many hours together: as many as can, the shortest first.
fn within(hours: Option<f64>, seconds: &[f64]) -> Vec<bool> {
    let mut left = hours.map_or(f64::INFINITY, |hours| hours * 3600.0);
    let mut fits = vec![false; seconds.len()];
    let mut shortest: Vec<usize> = (0..seconds.len()).collect();
    shortest.sort_by(|a, b| seconds[*a].total_cmp(&seconds[*b]));
    for place in shortest {
        fits[place] = seconds[place] <= left;
        if fits[place] {
            left -= seconds[place];
        }
    }
    fits
}

/// The studies that have runs to train.
fn unfinished<'a>(outline: &'a Outline, out: &Path, asked: &Asked) -> Result<Vec<(&'a Study, Description)>> {
    let mut todo = Vec::new();
    for study in &outline.studies {
        let description = study.sweep(asked.seeds)?;
        let place = study_directory(out, study);
        let is_done = sweep::Study::is_in(&place) && {
            let known = sweep::Study::open(&place)?;
            known.entries().len() >= description.count()
                && known.states()?.iter().all(|state| *state == RunState::Finished)
        };
        if !is_done {
            todo.push((study, description));
        }
    }
    Ok(todo)
}

/// Seconds of a study on this machine, by a step that is measured.
fn seconds(study: &Study, asked: &Asked, jobs: usize) -> Result<f64> {
    let mean = estimate(&study.sweep_to_estimate(asked.seeds)?)?.mean;
    let at_a_time = jobs.min(std::thread::available_parallelism().map_or(1, Into::into)) as u64;
    Ok(mean * asked.seeds.div_ceil(at_a_time.max(1)) as f64)
}

fn not_run(study: &Study, seconds: f64, asked: &Asked, out: &Path) -> String {
    let hours = seconds / 3600.0;
    let seeds = count_of(asked.seeds as usize, "seed");
    format!("not run: estimated {hours:.1} h for {} with {seeds}; {}", study.name, asked.command(out))
}

/// Trains a study, or gives it to a cluster; the exit code if the rest has to wait.
fn launched(study: &Study, description: &Description, out: &Path, args: &LaunchArgs) -> Result<Option<ExitCode>> {
    let place = study_directory(out, study);
    args.check(&place, description)?;
    let (mut on_disk, _) = sweep::Study::resume(&place, description)?;
    match start_study(&mut on_disk, args)? {
        Launched::Here(tally) if tally.is_interrupted => return Ok(Some(INTERRUPTED_CODE.into())),
        Launched::Here(tally) => {
            for index in tally.failed {
                let entry = &on_disk.entries()[index];
                let why =
                    Failure::told(&on_disk.run_directory(entry)).map_or_else(String::new, |failure| failure.message);
                say(&format!("{}: training failed: {why}", entry.name));
            }
        }
        Launched::Elsewhere => {}
    }
    let states = on_disk.states()?;
    let waiting = states.iter().filter(|state| !matches!(state, RunState::Finished | RunState::Failed)).count();
    if waiting > 0 {
        let (waiting, place) = (count_of(waiting, "training"), shell_path(&place));
        output::text(&format!("{waiting} to go; see `nn4n sweep status {place}`, then give the same command again"))?;
        return Ok(Some(ExitCode::SUCCESS));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_trainings_as_can_fit_into_the_hours_do() {
        assert_eq!(within(None, &[1e9, 1.0]), [true, true]);
        assert_eq!(within(Some(1.0), &[3000.0, 1200.0, 4000.0, 1800.0]), [false, true, false, true]);
        assert_eq!(within(Some(0.0), &[0.0, 1.0]), [true, false]);
    }
}
