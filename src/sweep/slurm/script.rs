//! The two scripts of a study: one for an array of shards, one that collects when all of them have ended. They are plain
//! files, to be read, edited and submitted by hand.

use std::{fmt::Write, path::Path, time::Duration};

use super::options::{Options, directive_word};
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
    /// In how many shards its runs are packed.
    pub shards: usize,
    /// The time limit of a shard, where the options have none.
    pub time: Option<Duration>,
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
            format!("#SBATCH --array=0-{}{throttle}", self.shards.saturating_sub(1)),
            self.directory()?,
            format!("#SBATCH --output={}", self.log("%A_%a.log")?),
            "#SBATCH --open-mode=append".into(),
            "#SBATCH --requeue".into(),
            format!("#SBATCH --signal={}", self.options.signal()),
        ];
        if let (false, Some(time)) = (self.options.has("time"), self.time) {
            lines.push(format!("#SBATCH --time={}", limit(time)));
        }
        lines.extend(self.options.lines());
        let mut text = String::from(
            "#!/bin/bash\n# Trains the runs of a study, one shard of them in each task of this array. Submit it with \
            `nn4n sweep resume`, which keeps\n# account of the jobs, or with sbatch.\n",
        );
        text += &lines.join("\n");
        let _ = write!(
            text,
            "\n\nprogram={}\nstudy={}\nshards={} # other numbers divide the runs in another way\n\
            most_restarts={MOST_RESTARTS}\n\n{BODY}",
            shell_path(self.program)?,
            shell_path(self.study)?,
            self.shards
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

/// What the task of an array does. `wait` returns early when a signal comes, so that it is asked again; a number that it
/// has told already is 127 from then on.
const BODY: &str = r#"task=$SLURM_ARRAY_TASK_ID
job=${SLURM_ARRAY_JOB_ID}_$task # SLURM_JOB_ID names the whole array in one of its tasks
restarts=${SLURM_RESTART_COUNT:-0}
echo "shard $task/$shards: job $job on $(hostname), start $((restarts + 1)), $(date '+%F %T')"

# The time limit is told to this shell alone (B:), a cancelled job to both, which the program takes for one wish.
interrupted=
"$program" sweep run "$study" --shard "$task/$shards" --jobs "${SLURM_CPUS_PER_TASK:-1}" &
child=$!
trap 'interrupted=yes; kill -TERM "$child" 2>/dev/null' TERM
wait "$child"
code=$?
while [[ -n $interrupted ]]; do
    interrupted=
    wait "$child"
    waited=$?
    [[ $waited == 127 ]] || code=$waited
done
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
        Script { program, study: Path::new(study), shards: 12, time: Some(Duration::from_secs(7800)), options }
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
# Trains the runs of a study, one shard of them in each task of this array. Submit it with `nn4n sweep resume`, which keeps
# account of the jobs, or with sbatch.
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
shards=12 # other numbers divide the runs in another way
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

    #[test]
    fn limits_are_written_as_sbatch_reads_them() {
        assert_eq!(limit(Duration::from_secs(600)), "00:10:00");
        assert_eq!(limit(Duration::from_secs(93_784)), "1-02:03:04");
    }
}
