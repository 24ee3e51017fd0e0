//! Runs a target on damaged files for a while, in a process of its own with limited memory, so that even an abort or a
//! loop without end is noticed.
//!
//! ```text
//! NN4N_FUZZ_SECONDS   time for each target, 2 unless it is given
//! NN4N_FUZZ_SEED      other files than those of seed 0
//! NN4N_FUZZ_INPUT     run this one file instead
//! ```
//!
//! A file at which a target fails is kept under target/tmp/fuzz, and the message says how to run it again.

use std::{
    env, fs,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::mutation;

/// What a file is read with. Returns whether it was accepted.
pub type Target = fn(&[u8]) -> bool;

/// The longest that one file may take, of the processor where its time can be told, which other programs do not change.
const LONGEST: Duration = Duration::from_secs(5);

/// The longest that may pass meanwhile on the wall.
const LONGEST_ON_THE_WALL: Duration = Duration::from_secs(60);

/// The most memory that the process may have, KiB.
const MEMORY: u64 = 4 << 20;

/// Set for the process that runs the target: where it writes the number of the case.
const PROGRESS: &str = "NN4N_FUZZ_PROGRESS";

/// The valid files in a folder of the corpus.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).expect("a folder of the corpus").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths.iter().map(|path| fs::read(path).expect("a file of the corpus")).collect()
}

/// Where this process writes the number of the case, if it is the one that runs the target.
pub fn progress() -> Option<PathBuf> {
    env::var_os(PROGRESS).map(PathBuf::from)
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is not a whole number")))
}

/// The test `name`, of a target and its folder of the corpus.
pub fn fuzz(name: &str, folder: &str, target: Target) {
    if let Some(path) = env::var_os("NN4N_FUZZ_INPUT") {
        let accepted = target(&fs::read(&path).expect("the file of NN4N_FUZZ_INPUT"));
        eprintln!("{}: {}", path.display(), if accepted { "accepted" } else { "refused" });
        return;
    }
    let (corpus, seed) = (corpus(folder), number("NN4N_FUZZ_SEED", 0));
    if let Some(progress) = progress() {
        return run(target, &corpus, seed, &progress);
    }
    for (place, file) in corpus.iter().enumerate() {
        assert!(target(file), "file {place} of the corpus is refused");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let progress = folder.path().join("progress");
    fs::write(&progress, 0u64.to_le_bytes()).expect("a file");
    let mut child = spawn(name, &progress, folder.path());
    let failure = match watch(&mut child, &progress) {
        Some(status) if status.success() => None,
        Some(status) => Some(format!("ended with {status}")),
        None => Some(format!("took longer than {} s", LONGEST.as_secs())),
    };
    let case = read(&progress);
    let Some(failure) = failure else { return eprintln!("{name}: {case} files") };
    let kept = keep(name, &mutation::input(&corpus, seed, case), case);
    let said =
        ["stdout", "stderr"].map(|stream| fs::read_to_string(folder.path().join(stream)).unwrap_or_default()).concat();
    panic!(
        "case {case} {failure}\n{said}\nto run it again: NN4N_FUZZ_INPUT={} cargo test --test fuzz {name}",
        kept.display()
    );
}

/// Runs cases until the time is over.
fn run(target: Target, corpus: &[Vec<u8>], seed: u64, progress: &Path) {
    let mut progress = fs::OpenOptions::new().write(true).open(progress).expect("the file of the progress");
    let (start, time) = (Instant::now(), Duration::from_secs(number("NN4N_FUZZ_SECONDS", 2)));
    let mut case = 0u64;
    while start.elapsed() < time {
        progress
            .seek(SeekFrom::Start(0))
            .and_then(|_| progress.write_all(&case.to_le_bytes()))
            .expect("the progress is written");
        target(&mutation::input(corpus, seed, case));
        case += 1;
    }
}

/// This test in another process, whose memory is limited where the shell can do that.
fn spawn(name: &str, progress: &Path, folder: &Path) -> Child {
    let this = env::current_exe().expect("the path of this program");
    let mut command = if cfg!(unix) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {MEMORY} 2>/dev/null; exec \"$@\""), "sh"]).arg(this);
        shell
    } else {
        Command::new(this)
    };
    let stream = |name: &str| Stdio::from(fs::File::create(folder.join(name)).expect("a file"));
    command.args(["--exact", name]).env(PROGRESS, progress).stdout(stream("stdout")).stderr(stream("stderr"));
    command.spawn().expect("this program starts again")
}

/// Waits for the end; `None` if one case takes too long, which is ended.
fn watch(child: &mut Child, progress: &Path) -> Option<ExitStatus> {
    let (mut case, mut since, mut used) = (0, Instant::now(), processor_time(child.id()));
    loop {
        if let Some(status) = child.try_wait().expect("the process is ours") {
            return Some(status);
        }
        let (now, passed, using) = (read(progress), since.elapsed(), processor_time(child.id()));
        let taken = using.zip(used).map_or(passed, |(using, used)| using.saturating_sub(used));
        if now != case {
            (case, since, used) = (now, Instant::now(), using);
        } else if taken > LONGEST || passed > LONGEST_ON_THE_WALL {
            child.kill().expect("the process is ours");
            child.wait().expect("the process is ours");
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The time that a process has had on processors, where the system has a file about it: fields 14 and 15, in hundredths
/// of a second.
fn processor_time(process: u32) -> Option<Duration> {
    let line = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = line.rsplit_once(')')?;
    let ticks: Option<u64> = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().ok()).sum();
    ticks.map(|ticks| Duration::from_millis(10 * ticks))
}

fn read(progress: &Path) -> u64 {
    let mut bytes = [0; 8];
    fs::File::open(progress).and_then(|mut file| file.read_exact(&mut bytes)).expect("the progress");
    u64::from_le_bytes(bytes)
}

fn keep(name: &str, input: &[u8], case: u64) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(format!("{name}-{case}"));
    fs::write(&path, input).expect("a file");
    path
}
