//! `nn4n zoo pack`

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use nn4n_tasks::{Described, UserData};

use crate::{
    cli::output,
    terminal::say,
    zoo::{self, Packing},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n zoo pack runs/rdm --out rdm-ei
  nn4n zoo pack runs/rdm --out rdm-ei --repo mylab/rdm-ei --license cc-by-4.0")]
pub struct PackArgs {
    /// A run directory, a checkpoint file or a network of the zoo
    run: PathBuf,
    /// Directory to write model.safetensors, config.json, README.md and performance.png to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Name of the network [default: that of --repo or --out]
    #[arg(long, value_name = "NAME")]
    id: Option<String>,
    /// The repository it will be published in, for the examples on its card
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Option<String>,
    /// Its licence, as the hub names it [default: mit, but for an imported network none]
    #[arg(long, value_name = "LICENCE")]
    license: Option<String>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

pub fn pack(args: &PackArgs) -> Result<()> {
    let id = match &args.id {
        Some(id) => id.clone(),
        None => name_of(args)?,
    };
    let packing =
        Packing { id: id.clone(), repository: args.repo.clone(), license: args.license.clone(), overwrite: args.force };
    let packed = zoo::pack(&args.run, &args.out, &packing)?;
    if packed.description.task == UserData::ABOUT.id {
        say("note: its task is a file of your own, whose path the checkpoint and the card name; others can run the \
            network, but not evaluate it");
    }
    if args.json {
        return output::json(&packed);
    }
    let found = packed.description.assessment.performance;
    let performance = found.map_or_else(String::new, |found| {
        format!(
            ", performance {} ({} to {})",
            output::percent(found.value),
            output::percent(found.low),
            output::percent(found.high)
        )
    });
    output::text(&format!(
        "{}: {}{performance}, licence {}",
        packed.directory.display(),
        packed.files.join(", "),
        packed.description.license
    ))?;
    output::text(&format!("publish: hf upload {} '{}'", args.repo.as_deref().unwrap_or(&id), args.out.display()))
}

/// The last part of the repository's name, or of the directory.
fn name_of(args: &PackArgs) -> Result<String> {
    if let Some((_, name)) = args.repo.as_deref().and_then(|repository| repository.split_once('/')) {
        return Ok(name.into());
    }
    let name = args.out.file_name().and_then(|name| name.to_str());
    name.map(String::from)
        .with_context(|| format!("--out {} has no name of its own; give the network's with --id", args.out.display()))
}
