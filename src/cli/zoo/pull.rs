//! `nn4n zoo pull`

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;

use crate::{
    cli::output,
    hub::{self, Hub, Reference},
    zoo,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n zoo pull hf:mylab/rdm-ei
  nn4n zoo pull hf:mylab/rdm-ei@v1.0                 a tag, a branch or a commit
  HF_TOKEN=hf_... nn4n zoo pull hf:mylab/private     a private repository")]
pub struct PullArgs {
    /// hf:OWNER/NAME[@REVISION][/FILE]
    reference: PathBuf,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    /// Commit of the repository.
    commit: String,
    directory: PathBuf,
    files: Vec<String>,
    task: String,
    units: usize,
}

pub fn pull(args: &PullArgs) -> Result<()> {
    let name = args.reference.display();
    let Some(reference) = Reference::from_path(&args.reference)? else {
        if zoo::ids().any(|id| args.reference.as_os_str() == id) {
            return output::text(&format!("{name} comes with the program\nnext: nn4n zoo show {name}"));
        }
        bail!(
            "`{name}` is not on the hub; name a repository as hf:OWNER/NAME[@REVISION][/FILE], or see `nn4n zoo list`"
        );
    };
    // What is no checkpoint is refused before anything else is downloaded, and all is of one commit, wherever the
    // branch is by now.
    let pinned = Hub::from_env()?.pin(&reference)?;
    let checkpoint = zoo::open(pinned.to_string())?;
    let is_packed = pinned.file() == zoo::FILES[0];
    let snapshot =
        hub::fetch_files(&pinned, |file| file == pinned.file() || (is_packed && zoo::FILES.contains(&file)))?;
    let report = Report {
        commit: snapshot.commit,
        directory: snapshot.directory,
        files: snapshot.files,
        task: checkpoint.header.task.id,
        units: checkpoint.header.model.n_units(),
    };
    if args.json {
        return output::json(&report);
    }
    output::text(&format!("{name} at commit {}: {} units, task {}", report.commit, report.units, report.task))?;
    output::text(&format!("{}: {}", report.directory.display(), report.files.join(", ")))?;
    output::text(&format!("next: nn4n eval {name}\n      nn4n inspect {name}"))
}
