//! The two scripts of a study: one for an array of shards, one that collects when all of them have ended. They are
//! plain files, to be read, edited and submitted by hand.

use std::{fmt::Write, path::Path, time::Duration};

use super::{
    options::{Options, directive_word},
    packing::Packing,
};
use crate::error::{Error, Result};

/// How often a shard that ran out of time starts again. Slurm counts preemptions, too.
const MOST_RESTARTS: u32 = 100;

/// What the scripts of a study depend on.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    /// The program, by its absolute path.
    pub program: &'a Path,
    /// The folder of the study, by its absolute path.
    pub study: &'a Path,
    /// How its runs are packed.
    pub packing: Packing,
    /// The device that they are trained on, in the words of `--device`.
    pub device: &'a str,
    /// What is asked of Slurm.
    pub options: &'a Options,
}

impl Script<'_> {
    /// The script of the array, a shard in each of its tasks.
    ///
    /// # Errors
    /// If a path cannot stand in a script.
    pub fn array(&self) -> Result<String> {
        let throttle = self.options.most_at_once()?.map_or_else(String::new, |most| format!("%{most}"));
        let mut lines = vec![
            format!("#SBATCH --job-name={}", directive_word(&self.name())),
            format!("#SBATCH --array=0-{}{throttle}", self.packing.shards.saturating_sub(1)),
            self.directory()?,
            format!("#SBATCH --output={}", self.log("%A_%a.log")?),
            "#SBATCH --open-mode=append".into(),
            "#SBATCH --requeue".into(),
            format!("#SBATCH --signal={}", self.options.signal()),
        ];
        if let (false, Some(time)) = (self.options.has("time"), self.packing.time()) {
            lines.push(format!("#SBATCH --time={}", limit(time)));
        }
        if let (false, Some(memory)) = (self.options.has_memory(), self.packing.memory_of_cpu()) {
            lines.push(format!("#SBATCH --mem-per-cpu={memory}M"));
        }
        lines.extend(self.options.lines());
        let mut text = String::from(
            "#!/bin/bash\n# Trains the runs of a study, one shard of them in each task of this array. Submit it with \
            `nn4n sweep resume`, which\n# keeps account of the jobs, or with sbatch.\n",
        );
        text += &lines.join("\n");
        let _ = write!(
            text,
            "\n\nprogram={}\nstudy={}\nshards={} # run I of the study is in shard I modulo this\n\
            device={}\nmost_restarts={MOST_RESTARTS}\n\n{BODY}",
            shell_path(self.program)?,
            shell_path(self.study)?,
            self.packing.shards,
            self.device
        );
        Ok(text)
    }

    /// The script of the job that collects.
    ///
    /// # Errors
    /// If a path cannot stand in a script.
    pub fn collect(&self) -> Result<String> {
        let mut lines = vec![
            format!("#SBATCH --job-name={}", directive_word(&format!("{}-collect", self.name()))),
            self.directory()?,
            format!("#SBATCH --output={}", self.log("collect_%j.log")?),
            "#SBATCH --open-mode=append".into(),
        ];
        match self.options.time_limit()? {
            Some(time) => lines.push(format!("#SBATCH --time={}", limit(time))),
            None => lines.push("#SBATCH --time=1:00:00".into()),
        }
        lines.extend(self.options.shared_lines());
        Ok(format!(
            "#!/bin/bash\n# Brings the results of a study together, once all of its shards have ended, however they \
            did.\n{}\n\nexec {} sweep collect {}\n",
            lines.join("\n"),
            shell_path(self.program)?,
            shell_path(self.study)?
        ))
    }

    /// The name of the array in the queue.
    fn name(&self) -> String {
        let study = self.study.file_name().map_or_else(|| "study".into(), |name| name.to_string_lossy().into_owned());
        self.options.name().unwrap_or_else(|| format!("nn4n-{study}"))
    }

    fn directory(&self) -> Result<String> {
        Ok(format!("#SBATCH --chdir={}", directive_word(plain(self.study)?)))
    }

    /// Where what a job says goes: Slurm replaces what follows a per cent sign, also in the folder.
    fn log(&self, name: &str) -> Result<String> {
        let folder = plain(self.study)?.replace('%', "%%");
        Ok(directive_word(&format!("{folder}/slurm/logs/{name}")))
    }
}

/// What the task of an array does. `wait` returns early when a signal comes, so that it is asked again; of a process
/// that it has told of already it says 127.
const BODY: &str = r#"task=$SLURM_ARRAY_TASK_ID
job=${SLURM_ARRAY_JOB_ID}_$task # SLURM_JOB_ID names the whole array in one of its tasks
restarts=${SLURM_RESTART_COUNT:-0}
echo "shard $task/$shards: job $job on $(hostname), start $((restarts + 1)), $(date '+%F %T')"

# The time limit is told to this shell alone (B:), a cancelled job to both, which the program takes for one wish.
interrupted= child=
trap 'interrupted=yes; [[ -z $child ]] || kill -TERM "$child" 2>/dev/null' TERM
"$program" sweep run "$study" --shard "$task/$shards" --jobs "${SLURM_CPUS_PER_TASK:-1}" \
    --device "$device" &
child=$!
[[ -z $interrupted ]] || kill -TERM "$child" 2>/dev/null
wait "$child"
code=$?
while [[ -n $interrupted ]]; do
    interrupted=
    wait "$child"
    waited=$?
    [[ $waited == 127 ]] || code=$waited
done
# Of a process that ends in the moment of a signal, bash loses the status (-1, or 143 of the signal itself). It is taken
# for an interruption, since whoever starts again finds in the files what is left to do.
((code >= 0 && code != 143)) || code=75
trap '' TERM # what follows takes a moment

# 75: interrupted, with the state of every run saved. A job that Slurm itself takes away (scancel, preemption) no longer
# says RUNNING, and a study that is cancelled has a file that says so: neither is started again from here.
if [[ $code == 75 && ! -e $study/cancel && $(squeue --noheader --array --jobs="$job" --format=%T) == RUNNING ]]; then
    if ((restarts < most_restarts)); then
        echo "shard $task/$shards: out of time, goes on in a later start"
        scontrol requeue "$job"
    else
        echo "shard $task/$shards: out of time after $((restarts + 1)) starts, not started again"
    fi
fi
exit "$code"
"#;

/// A time limit as sbatch reads it.
fn limit(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let rest = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    if days > 0 { format!("{days}-{rest}") } else { rest }
}

/// A path that can stand in a line of a script: Slurm takes a backslash in the name of a log for a word to itself.
fn plain(path: &Path) -> Result<&str> {
    match path.to_str() {
        Some(text) if !text.contains(|c: char| c.is_control() || c == '\\') => Ok(text),
        _ => {
            let message = "cannot stand in a script of Slurm, as it holds a line break, a backslash, another control \
                character or bytes that are not UTF-8; use another --out";
            Err(Error::file(path, message))
        }
    }
}

fn shell_path(path: &Path) -> Result<String> {
    Ok(format!("'{}'", plain(path)?.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script<'a>(study: &'a str, options: &'a Options) -> Script<'a> {
        let program = Path::new("/opt/nn4n/bin/nn4n");
        let packing = Packing { shards: 12, runs: 1, seconds: Some(3600.0), memory: Some(100 << 20) };
        Script { program, study: Path::new(study), packing, device: "auto", options }
    }

    fn options(toml: &str) -> Options {
        Options::read(&toml.parse().expect("TOML")).expect("options")
    }

    #[test]
    fn the_array_is_this_text() {
        let options = options("partition = 'short'\ncpus-per-task = 4\narray = '%3'\nmem-per-cpu = '1G'");
        let text = script("/data/units", &options).array().expect("a script");
        let head = "\
#!/bin/bash
# Trains the runs of a study, one shard of them in each task of this array. Submit it with `nn4n sweep resume`, which
# keeps account of the jobs, or with sbatch.
#SBATCH --job-name=nn4n-units
#SBATCH --array=0-11%3
#SBATCH --chdir=/data/units
#SBATCH --output=/data/units/slurm/logs/%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#SBATCH --time=02:10:00
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=1G
#SBATCH --partition=short

program='/opt/nn4n/bin/nn4n'
study='/data/units'
shards=12 # run I of the study is in shard I modulo this
device=auto
most_restarts=100
";
        assert_eq!(text, format!("{head}\n{BODY}"));
    }

    #[test]
    fn the_job_that_collects_is_this_text() {
        let options = options("partition = 'short'\ntime = '4:00:00'\nmem-per-cpu = '1G'\njob-name = 'mine'");
        let text = script("/data/units", &options).collect().expect("a script");
        let expected = "\
#!/bin/bash
# Brings the results of a study together, once all of its shards have ended, however they did.
#SBATCH --job-name=mine-collect
#SBATCH --chdir=/data/units
#SBATCH --output=/data/units/slurm/logs/collect_%j.log
#SBATCH --open-mode=append
#SBATCH --time=04:00:00
#SBATCH --partition=short

exec '/opt/nn4n/bin/nn4n' sweep collect '/data/units'
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_limit_of_the_user_is_the_only_one() {
        let options = options("time = '1-0'\nsignal = 'B:TERM@300'");
        let text = script("/data/units", &options).array().expect("a script");
        assert_eq!(text.matches("--time=").count(), 1, "{text}");
        assert!(text.contains("#SBATCH --mem-per-cpu=1024M\n"), "{text}");
        assert!(text.contains("#SBATCH --time=1-0\n") && text.contains("--signal=B:TERM@300\n"), "{text}");
    }

    #[test]
    fn odd_folders_are_quoted_and_impossible_ones_refused() {
        let options = Options::default();
        let text = script("/data/it's 100% \"x\" $HOME", &options).array().expect("a script");
        assert!(text.contains(r#"--chdir="/data/it's 100% \"x\" $HOME""#), "{text}");
        assert!(text.contains(r#"--output="/data/it's 100%% \"x\" $HOME/slurm/logs/%A_%a.log""#), "{text}");
        assert!(text.contains(r#"study='/data/it'\''s 100% "x" $HOME'"#), "{text}");
        for study in ["/data/a\nb", "/data/a\\b"] {
            let refusal = script(study, &options).array().expect_err("a refusal").to_string();
            assert!(refusal.contains("another --out"), "{refusal}");
        }
    }

    /// Runs a script as Slurm does, where `nn4n` is this text of a program and `squeue` says this state; returns its
    /// exit code and what it asked `scontrol` for.
    #[cfg(unix)]
    fn ran(program: &str, state: &str, restarts: &str, is_cancelled: bool) -> (Option<i32>, String) {
        use std::{fs, os::unix::fs::PermissionsExt, process::Command};

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        let command = |name: &str, text: &str| {
            fs::write(path.join(name), format!("#!/bin/bash\n{text}\n")).expect("a file");
            fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o755)).expect("permissions");
        };
        command("nn4n", program);
        command("squeue", &format!("echo {state}"));
        command("scontrol", &format!("echo \"$@\" >> '{}'", path.join("asked").display()));
        if is_cancelled {
            fs::write(path.join("cancel"), "").expect("a file");
        }
        let options = Options::default();
        let packing = Packing { shards: 3, runs: 1, seconds: None, memory: None };
        let script = Script { program: &path.join("nn4n"), study: path, packing, device: "auto", options: &options };
        fs::write(path.join("script"), script.array().expect("a script")).expect("a file");
        let found = std::env::var("PATH").expect("a PATH");
        let mut bash = Command::new("bash");
        bash.arg(path.join("script")).env("PATH", format!("{}:{found}", path.display()));
        bash.env("SLURM_ARRAY_JOB_ID", "7").env("SLURM_ARRAY_TASK_ID", "2").env("SLURM_RESTART_COUNT", restarts);
        let code = bash.output().expect("bash").status.code();
        (code, fs::read_to_string(path.join("asked")).unwrap_or_default())
    }

    #[test]
    #[cfg(unix)]
    fn only_what_ran_out_of_time_is_requeued() {
        let requeued = "requeue 7_2\n";
        assert_eq!(ran("exit 75", "RUNNING", "0", false), (Some(75), requeued.into()));
        assert_eq!(ran("exit 75", "COMPLETING", "0", false), (Some(75), String::new()), "Slurm takes it away");
        assert_eq!(ran("exit 75", "RUNNING", "100", false), (Some(75), String::new()), "often enough");
        assert_eq!(ran("exit 75", "RUNNING", "0", true), (Some(75), String::new()), "the study is cancelled");
        for code in [0, 1, 137] {
            assert_eq!(ran(&format!("exit {code}"), "RUNNING", "0", false), (Some(code), String::new()));
        }
    }

    #[test]
    #[cfg(unix)]
    fn the_shell_passes_the_signal_on_and_waits() {
        // It signals the shell, and ends in order when the signal comes back.
        let program = "trap 'sleep 0.2; exit 75' TERM; kill -TERM $PPID; for i in {1..100}; do sleep 0.1; done; exit 3";
        assert_eq!(ran(program, "RUNNING", "0", false), (Some(75), "requeue 7_2\n".into()));
        // It ends before the shell hears of the signal.
        let program = "trap '' TERM; kill -TERM $PPID; exit 75";
        assert_eq!(ran(program, "RUNNING", "0", false), (Some(75), "requeue 7_2\n".into()));
        let arguments =
            "[[ \"$1 $2 $4 $5 $6 $7 $8 $9\" == 'sweep run --shard 2/3 --jobs 1 --device auto' ]] && exit 0 || exit 9";
        assert_eq!(ran(arguments, "RUNNING", "0", false).0, Some(0));
    }

    #[test]
    fn limits_are_written_as_sbatch_reads_them() {
        assert_eq!(limit(Duration::from_secs(600)), "00:10:00");
        assert_eq!(limit(Duration::from_secs(93_784)), "1-02:03:04");
    }
}
