//! How runs learned: their validations, from their logs.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
};

use serde::Deserialize;

use super::RunResult;
use crate::{
    checkpoint::ValidationRecord,
    error::{Error, Result},
    files::open_regular,
    run_directory::LOG,
    zoo,
};

/// A longer line of a log was not written by this program, bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// A line of a log that tells of a validation.
#[derive(Deserialize)]
struct Line {
    validation: ValidationRecord,
}

/// The validations of a run, oldest first: at most `most`, evenly thinned, with the last one. A checkpoint without a log
/// tells those that it keeps; a run that has not begun has none.
///
/// # Errors
/// If its files cannot be read.
pub fn validations(run: &RunResult, most: usize) -> Result<Vec<ValidationRecord>> {
    let log = run.directory.join(LOG);
    if log.is_file() {
        let unreadable = |error| Error::file(&log, format!("could not be read ({error})"));
        return Ok(thinned(in_log(open_regular(&log)?).map_err(unreadable)?, most));
    }
    if run.updates.is_none_or(|updates| updates == 0) {
        return Ok(Vec::new());
    }
    Ok(thinned(zoo::open(&run.directory)?.header.train.validations, most))
}

/// Those in a log. The last line may be cut while it is written; lines that are no records are the log's own matter, and
/// are told of when the run goes on.
fn in_log(log: File) -> std::io::Result<Vec<ValidationRecord>> {
    let (mut log, mut line, mut found) = (BufReader::new(log), Vec::new(), Vec::<ValidationRecord>::new());
    loop {
        line.clear();
        if log.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(found);
        }
        // Most lines tell of updates, and need not be parsed.
        let is_validation = line.windows(12).any(|part| part == b"\"validation\"");
        let record = if is_validation { serde_json::from_slice::<Line>(&line).ok() } else { None };
        let last = found.last().map(|last| last.update);
        found.extend(record.map(|line| line.validation).filter(|record| Some(record.update) > last));
    }
}

fn thinned(all: Vec<ValidationRecord>, most: usize) -> Vec<ValidationRecord> {
    let (n, every) = (all.len(), all.len().div_ceil(most.max(1)).max(1));
    let is_kept = |place: &usize| (n - 1 - place).is_multiple_of(every);
    all.into_iter().enumerate().filter(|(place, _)| is_kept(place)).map(|(_, record)| record).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn validations_are_found_among_updates_and_thinned_towards_the_last() {
        let mut log = tempfile::tempfile().unwrap();
        for update in 1..=10 {
            writeln!(log, "{{\"update\":{update},\"loss\":0.5}}").unwrap();
            writeln!(
                log,
                "{{\"update\":{update},\"validation\":{{\"update\":{update},\"loss\":0.25,\"performance\":0.5}}}}"
            )
            .unwrap();
        }
        write!(log, "not a record \"validation\"\n{{\"update\":11,\"validation\":{{\"upd").unwrap();
        std::io::Seek::rewind(&mut log).unwrap();
        let found = in_log(log).unwrap();
        assert_eq!(found.len(), 10);
        let updates = |most| thinned(found.clone(), most).iter().map(|record| record.update).collect::<Vec<_>>();
        assert_eq!((updates(100).len(), updates(4), updates(1)), (10, vec![1, 4, 7, 10], vec![10]));
        assert!(thinned(Vec::new(), 4).is_empty());
    }
}
