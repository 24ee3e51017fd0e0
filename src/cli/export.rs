//! `nn4n export`

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;

use super::{choice::choice, output};
use crate::{
    export::{self, Format},
    files::{ArrayFormat, write_atomically},
    zoo,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n export runs/rdm --to npz --out net.npz              arrays: numpy.load(\"net.npz\")[\"w_rec\"]
  nn4n export runs/rdm --to mat --out net.mat              variables: load(\"net.mat\") in MATLAB, w_rec(to, from)
  nn4n export runs/rdm --to numpy --out net.py             a program: python net.py trials.npz activity.npz
  nn4n export runs/rdm --to torch --out net.safetensors    a PyTorch state dict, and the module that it fits
  nn4n export runs/rdm --to nn4n --out net.safetensors     a state dict of the original nn4n 1.2")]
pub struct ExportArgs {
    /// A checkpoint file, a run directory, a network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    checkpoint: PathBuf,
    /// The format
    #[arg(long, value_name = "FORMAT", value_parser = choice(&Format::ALL, Format::name, Format::description))]
    to: Format,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace FILE if it exists
    #[arg(long)]
    force: bool,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    file: &'a Path,
    bytes: usize,
    /// What loads or runs it.
    next: String,
}

pub fn export(args: &ExportArgs) -> Result<()> {
    check_end(args)?;
    output::check_free(&args.out, args.force)?;
    let bytes = export::export(&zoo::open(&args.checkpoint)?, args.to)?;
    write_atomically(&args.out, &bytes)?;
    let report = Report { file: &args.out, bytes: bytes.len(), next: next(args.to, &args.out) };
    if args.json {
        return output::json(&report);
    }
    output::text(&format!("{} bytes in {}", report.bytes, args.out.display()))?;
    output::text(&format!("next: {}", report.next))
}

/// Refuses a name that says another format: MATLAB goes by it.
fn check_end(args: &ExportArgs) -> Result<()> {
    let (by_name, asked) = (ArrayFormat::of(&args.out)?, arrays(args.to));
    if by_name == asked {
        return Ok(());
    }
    let out = args.out.display();
    match by_name {
        ArrayFormat::Npz => bail!("--out {out}: must end in .{asked} for --to {asked}; rename it"),
        _ => bail!(
            "--out {out}: ends in .{by_name}, which is not what --to {} writes; rename it, or give --to {by_name}",
            args.to.name()
        ),
    }
}

/// The format of its arrays; all names that say no other will do where it has none.
fn arrays(format: Format) -> ArrayFormat {
    match format {
        Format::Mat => ArrayFormat::Mat,
        Format::H5 => ArrayFormat::H5,
        _ => ArrayFormat::Npz,
    }
}

/// The command that loads or runs the file.
fn next(format: Format, out: &Path) -> String {
    let file = out.display();
    let metadata = |key: &str| format!("safetensors.safe_open(\"{file}\", \"pt\").metadata()[\"{key}\"]");
    match format {
        Format::Npz | Format::Mat | Format::H5 => arrays(format).lists(out),
        Format::Torch => format!("python -c 'import safetensors; print({})'", metadata("module")),
        // The masks would fill the terminal.
        Format::Nn4n => format!(
            "python -c 'import json, safetensors; kwargs = json.loads({})[\"kwargs\"]; \
             print({{name: kwargs[name] for name in kwargs if not name.endswith(\"masks\")}})'",
            metadata("network")
        ),
        Format::Numpy => format!("python {file} IN.npz OUT.npz"),
    }
}
