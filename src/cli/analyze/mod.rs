//! `nn4n analyze`: a kind of analysis of a trained network, its numbers, arrays and figures.
//!
//! ```text
//! Probe      the network in f64, its task's trials without noise, the input that is held        probe
//! Source     activity of networks at their task, or recorded; or what was chosen alone          source
//! Answer     KIND.json, KIND.npz and figures in a directory; few lines or JSON on the terminal   answer
//! ```

mod answer;
mod bifurcations;
mod currents;
mod decoding;
mod fixed_points;
mod flow_field;
mod interventions;
mod local;
mod lyapunov;
mod nonnormality;
mod probe;
mod search;
mod source;
mod starts;
mod structure;

use anyhow::Result;
use clap::Subcommand;

use crate::terminal::end_in_order;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  nn4n analyze fixed-points flip-flop-3bit --out runs/flip_flop
  nn4n analyze fixed-points song2016-mante-ei --at stimulus --where context=motion,motion_coherence=0,colour_coherence=0
  nn4n analyze lyapunov runs/mine --json
  nn4n analyze interventions song2016-rdm-ei --lesion inhibitory --lesion 0-9 --out runs/lesions
  nn4n analyze structure kleinman2021-checkerboard --out runs/structure
  nn4n analyze decoding song2016-rdm-ei --variable choice --out runs/decoding")]
pub enum AnalyzeCommand {
    /// Where activity stands still or nearly so, and what it does around there
    FixedPoints(fixed_points::FixedPointsArgs),
    /// Fixed points as an input changes, and where they vanish or change
    Bifurcations(bifurcations::BifurcationsArgs),
    /// How fast nearby trajectories part or meet
    Lyapunov(lyapunov::LyapunovArgs),
    /// Where activity goes from every state of a plane
    FlowField(flow_field::FlowFieldArgs),
    /// The slowest modes at every step of a trial
    Local(local::LocalArgs),
    /// What modes that are not orthogonal do to small perturbations of a fixed point
    Nonnormality(nonnormality::NonnormalityArgs),
    /// What units receive, by where it comes from
    Currents(currents::CurrentsArgs),
    /// Behaviour with and without interventions, beside the same done to random other units
    Interventions(interventions::TableArgs),
    /// Weights by groups of units, degrees, balance, spectrum, low-rank part
    Structure(structure::StructureArgs),
    /// What of a trial's variables can be read from its units, and when
    Decoding(decoding::DecodingArgs),
}

pub fn analyze(command: AnalyzeCommand) -> Result<()> {
    end_in_order();
    match command {
        AnalyzeCommand::FixedPoints(args) => fixed_points::fixed_points(&args),
        AnalyzeCommand::Bifurcations(args) => bifurcations::bifurcations(&args),
        AnalyzeCommand::Lyapunov(args) => lyapunov::lyapunov(&args),
        AnalyzeCommand::FlowField(args) => flow_field::flow_field(&args),
        AnalyzeCommand::Local(args) => local::local(&args),
        AnalyzeCommand::Nonnormality(args) => nonnormality::nonnormality(&args),
        AnalyzeCommand::Currents(args) => currents::currents(&args),
        AnalyzeCommand::Interventions(args) => interventions::interventions(&args),
        AnalyzeCommand::Structure(args) => structure::structure(&args),
        AnalyzeCommand::Decoding(args) => decoding::decoding(&args),
    }
}
