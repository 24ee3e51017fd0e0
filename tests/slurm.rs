//! Studies on Slurm, with commands in its place that only say what they were asked; `.ci/on_slurm` has a real one.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use crate::program::{nn4n, words};

const SWEEP: &str = "task = 'song2016/rdm_varstim'\nseeds = 6\n[grid]\n\"model.units\" = [8]\n\"train.updates\" = [2]\n\
    \"train.batch_size\" = [4]\n[slurm]\npartition = 'short'\ntime = '1:00:00'\nmem = '1G'\n";

struct Cluster {
    folder: tempfile::TempDir,
    path: String,
}

impl Cluster {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Nothing else: the machine may have a Slurm of its own.
        let path = folder.path().join("bin").display().to_string();
        fs::create_dir(folder.path().join("bin")).expect("a folder");
        fs::write(folder.path().join("sweep.toml"), SWEEP).expect("a file");
        let cluster = Self { folder, path };
        cluster.command("scontrol", "echo 'MaxArraySize = 4'");
        cluster.command("sbatch", "mapfile -t before < asked; number=$((7 + ${#before[@]})); echo $number\\;north");
        cluster.command("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
        cluster.command("sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1");
        cluster.command("scancel", "true");
        cluster
    }

    /// A command that notes what it was asked in a file of the folder, and then does this.
    fn command(&self, name: &str, body: &str) {
        let path = self.folder.path().join("bin").join(name);
        let text = format!("#!/bin/bash\ncd '{}'\necho \"{name} $*\" >> asked\n{body}\n", self.folder.path().display());
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    fn output(&self, line: &str) -> Output {
        nn4n(self.folder.path(), &words(&["sweep"], line), &[("PATH", &self.path)])
    }

    fn said(&self, line: &str) -> String {
        let Output { status, stdout, stderr } = self.output(line);
        assert!(status.success(), "{line}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("a text")
    }

    fn refused(&self, line: &str) -> String {
        let Output { status, stderr, .. } = self.output(line);
        assert!(!status.success(), "{line} succeeded");
        String::from_utf8(stderr).expect("a text")
    }

    /// What was asked since the last time, without what asks only for the version and the set-up.
    fn asked(&self) -> Vec<String> {
        let path = self.folder.path().join("asked");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        text.lines().filter(|line| !line.contains("--version") && !line.contains("config")).map(String::from).collect()
    }

    fn study(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).expect("a folder").join("study").join(name)
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.said(line)).expect("JSON")
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

#[test]
fn a_study_is_submitted_asked_after_cancelled_and_gone_on_with() {
    let cluster = Cluster::new();
    let said =
        cluster.said("sweep.toml --out study --launcher slurm --shards 3 --sbatch account=lab --sbatch array=%2");
    assert!(said.contains("3 shards of 2 runs at most") && said.contains("next: nn4n sweep status study"), "{said}");
    let script = text(&cluster.study("slurm/array.sbatch"));
    for line in ["--array=0-2%2", "--account=lab", "--partition=short", "--time=1:00:00", "--mem=1G", "--requeue"] {
        assert!(script.contains(&format!("#SBATCH {line}\n")), "{line}: {script}");
    }
    assert!(!script.contains("mem-per-cpu"), "{script}");
    let asked = cluster.asked();
    assert_eq!(asked[0], "sbatch --parsable --array=0-2%2 array.sbatch");
    let jobs: Value = serde_json::from_str(&text(&cluster.study("slurm/jobs.json"))).expect("JSON");
    let (array, collect) = (&jobs["submissions"][0]["array"], &jobs["submissions"][0]["collect"]);
    assert_eq!(asked[1], format!("sbatch --parsable --dependency=afterany:{array} collect.sbatch"));

    cluster.command(
        "squeue",
        &format!(
            "echo '{array}_0|RUNNING|None'; echo '{array}_[1-2%2]|PENDING|JobArrayTaskLimit'
        echo '{collect}|PENDING|Dependency'"
        ),
    );
    let status = cluster.said("status study");
    assert!(status.contains("2 PENDING (JobArrayTaskLimit), 1 RUNNING"), "{status}");
    assert!(status.contains("next: nn4n sweep cancel study"), "{status}");
    let report = cluster.json("status study --json");
    assert_eq!(report["slurm"]["shards"][2]["job"], format!("{array}_2"));
    assert_eq!(report["slurm"]["shards"][2]["unfinished"], 2);
    // What waits or runs is not submitted once more.
    cluster.asked();
    let said = cluster.said("resume study");
    assert!(said.contains("nothing is left to submit"), "{said}");
    assert!(cluster.asked().iter().all(|asked| !asked.starts_with("sbatch")));

    let said = cluster.said("cancel study");
    assert!(said.contains(&format!("{collect}, {array}")), "{said}");
    assert!(cluster.asked().contains(&format!("scancel {collect} {array}")));
    assert!(cluster.study("cancel").exists());

    // One shard is left, which had too little memory.
    for (index, run) in fs::read_dir(cluster.study("runs")).expect("runs").flatten().enumerate() {
        let name = run.file_name().into_string().expect("a name");
        assert!(index < 6, "{name}");
        if !["0001", "0004"].iter().any(|number| name.starts_with(number)) {
            fs::write(run.path().join("finished.json"), "{}").expect("a file");
        }
    }
    cluster.command("squeue", &format!("echo '{array}_1|OUT_OF_MEMORY|OutOfMemory'"));
    let status = cluster.said("status study");
    assert!(status.contains("shard    1: OUT_OF_MEMORY (OutOfMemory)") && status.contains("more memory:"), "{status}");
    cluster.asked();
    let said = cluster.said("resume study --sbatch mem=4G --sbatch partition=large");
    assert!(said.contains("2 runs in 1 shard"), "{said}");
    let asked: Vec<String> = cluster.asked().into_iter().filter(|asked| asked.starts_with("sbatch")).collect();
    assert_eq!(asked[0], "sbatch --parsable --mem=4G --partition=large --array=1%2 array.sbatch");
    assert!(asked[1].starts_with("sbatch --parsable --partition=large --dependency=afterany:"), "{asked:?}");
    assert!(!cluster.study("cancel").exists());
    assert_eq!(text(&cluster.study("slurm/array.sbatch")), script, "what may have been edited stays");
}

#[test]
fn scripts_alone_are_written_on_request() {
    let cluster = Cluster::new();
    fs::remove_file(cluster.folder.path().join("bin/sbatch")).expect("it was there");
    let said = cluster.said("sweep.toml --out study --launcher slurm --no-submit");
    assert!(said.contains("written: ") && said.contains("--dependency=afterany:${job%%;*}"), "{said}");
    assert!(said.contains("next: nn4n sweep resume study"), "{said}");
    assert!(text(&cluster.study("slurm/array.sbatch")).contains("#SBATCH --array=0-0\n"), "a second each");
    let refusal = cluster.refused("resume study --no-submit --sbatch mem=2G");
    assert!(refusal.contains("edit them"), "{refusal}");
    assert!(cluster.refused("resume study --shards 2").contains("no effect"));
    let refusal = cluster.refused("resume study");
    assert!(refusal.contains("there is no sbatch") && refusal.lines().count() == 1, "{refusal}");
}

#[test]
fn what_cannot_work_is_said_before_there_is_a_study() {
    let cluster = Cluster::new();
    for (options, expected) in [
        ("--launcher slurm --sbatch output=x", "slurm.output"),
        ("--launcher slurm --sbatch time=1", "at least"),
        ("--launcher slurm --sbatch =x", "KEY=VALUE"),
        ("--launcher slurm --jobs 2", "cpus-per-task"),
        ("--launcher slurm --shards 7", "6 runs"),
        ("--launcher slurm --shards 5", "at most 4 (MaxArraySize"),
        ("--sbatch mem=1G", "--launcher slurm"),
        ("--shards 2", "--launcher slurm"),
    ] {
        let refusal = cluster.refused(&format!("sweep.toml --out study {options}"));
        assert!(refusal.contains(expected) && refusal.lines().count() == 1, "{options}: {refusal}");
        assert!(!cluster.folder.path().join("study").exists(), "{options}");
    }
}

#[test]
fn what_slurm_refuses_can_be_submitted_later() {
    let cluster = Cluster::new();
    cluster.command("sbatch", "echo 'sbatch: error: invalid partition specified: short' >&2; [[ $1 == --version ]]");
    let refusal = cluster.refused("sweep.toml --out study --launcher slurm --shards 2");
    assert!(refusal.contains("invalid partition"), "{refusal}");
    assert!(!cluster.study("slurm/jobs.json").exists());
    cluster.command("sbatch", "echo 3");
    assert!(cluster.said("resume study").contains("submitted array job 3: 6 runs in 2 shards"));
}

#[test]
fn a_controller_that_is_away_takes_nothing_from_the_files() {
    let cluster = Cluster::new();
    cluster.said("sweep.toml --out study --launcher slurm --shards 2");
    cluster.command("squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1");
    let Output { status, stdout, stderr } = cluster.output("status study");
    let (out, error) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success() && out.contains("6 runs: 6 pending") && out.contains("2 not known to Slurm"), "{out}");
    assert!(error.contains("Unable to contact") && error.contains("files alone"), "{error}");
    // It cannot be known that nothing runs, so nothing is submitted.
    assert!(cluster.refused("resume study").contains("Unable to contact"));
}
