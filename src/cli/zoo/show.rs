//! `nn4n zoo show`

use anyhow::Result;
use clap::Args;

use crate::{
    cli::output,
    zoo::{self, Description},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n zoo show song2016-rdm-ei
  nn4n zoo show song2016-rdm-ei --recipe > run.toml     to train it again, or differently")]
pub struct ShowArgs {
    /// Its name; see `nn4n zoo list`
    id: String,
    /// The run.toml that made it, instead of the card
    #[arg(long, conflicts_with = "json")]
    recipe: bool,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

pub fn show(args: &ShowArgs) -> Result<()> {
    let files = zoo::files(&args.id)?;
    if args.json {
        return output::json(&Description::from_json(files.id, files.config)?);
    }
    if args.recipe {
        return output::text(files.recipe.trim_end());
    }
    output::text(files.card.trim_end())?;
    output::text(&format!("\nnext: nn4n eval {}", files.id))
}
