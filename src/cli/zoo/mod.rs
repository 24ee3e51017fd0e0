//! `nn4n zoo`

mod list;
mod pack;
mod pull;
mod show;

use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ZooCommand {
    /// The networks that come with the program
    List(list::ListArgs),
    /// The model card of one of them
    Show(show::ShowArgs),
    /// Download a network from the Hugging Face hub, to be used without a connection
    Pull(pull::PullArgs),
    /// Make of a trained network what a repository of the Hugging Face hub holds
    Pack(pack::PackArgs),
}

pub fn zoo(command: ZooCommand) -> Result<()> {
    match command {
        ZooCommand::List(args) => list::list(&args),
        ZooCommand::Show(args) => show::show(&args),
        ZooCommand::Pull(args) => pull::pull(&args),
        ZooCommand::Pack(args) => pack::pack(&args),
    }
}
