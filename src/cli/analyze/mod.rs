//! `nn4n analyze`: a kind of analysis of a trained network, its numbers, arrays and figures.
//!
//! ```text
//! Probe      the network in f64, its task's trials without noise, the input that is held        probe
//! Source     activity of networks at their task, or recorded; or what was chosen alone          source
//! Answer     KIND.json, KIND.npz and figures in a directory; few lines or JSON on the terminal   answer
//! ```

mod answer;
mod bifurcations;
mod chronometric;
mod confusion;
mod count;
mod currents;
mod decision_model;
mod decoding;
mod dpca;
mod duration;
mod fixed_points;
mod flow_field;
mod graded;
mod interventions;
mod jpca;
mod kernel;
mod listed;
mod local;
mod lyapunov;
mod nonnormality;
mod pca;
mod probe;
mod progress;
mod psychometric;
mod rate_maps;
mod remapping;
mod search;
mod selectivity;
mod sequence;
mod similarity;
mod single_units;
mod source;
mod starts;
mod structure;
mod subspaces;
mod task_variance;
mod tdr;
mod trajectories;
mod tuning;
mod window;

use anyhow::Result;
use clap::Subcommand;

use crate::terminal::end_in_order;

// What a report and figures of activity are made of, too.
pub(super) use self::{
    decoding::{Decoded, DecodingArgs, default_steps},
    fixed_points::state_space,
    graded::flag,
    interventions::figure as lesion_table,
    psychometric::PsychometricArgs,
    search::{Search, SearchArgs, search},
    source::{Source, SourceArgs},
    trajectories::Trajectories,
    window::{by_condition, mean_trajectories, of_epoch, shown},
};

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  nn4n analyze fixed-points flip-flop-3bit --out runs/flip_flop
  nn4n analyze fixed-points song2016-mante-ei --at stimulus --where context=motion,motion_coherence=0,colour_coherence=0
  nn4n analyze lyapunov runs/mine --json
  nn4n analyze interventions song2016-rdm-ei --lesion inhibitory --lesion 0-9 --out runs/lesions
  nn4n analyze structure kleinman2021-checkerboard --out runs/structure
  nn4n analyze pca song2016-rdm-ei --out runs/pca
  nn4n analyze dpca --activity recording.npz --conditions trials.csv --variables stimulus,decision --out runs/dpca
  nn4n analyze decoding song2016-rdm-ei --variable choice --out runs/decoding
  nn4n analyze pca runs/study --jobs 8             every finished network of a study, results beside each")]
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
    /// How choices depend on the evidence
    Psychometric(psychometric::PsychometricArgs),
    /// How long decisions take at each strength of the evidence
    Chronometric(chronometric::ChronometricArgs),
    /// Performance against the duration of a period
    Duration(duration::DurationArgs),
    /// What was chosen where something else was right
    Confusion(confusion::ConfusionArgs),
    /// A decision of two populations that can be solved: choices, reaction times, phase plane; needs no network
    DecisionModel(decision_model::DecisionModelArgs),
    /// How much the evidence at each time weighs in choices
    Kernel(kernel::KernelArgs),
    /// Which units tell the values of a variable apart, or respond to several
    Selectivity(selectivity::SelectivityArgs),
    /// Which direction each unit prefers, and how narrowly
    Tuning(tuning::TuningArgs),
    /// Which tasks and epochs units take part in, and clusters of units that are alike in this
    TaskVariance(task_variance::TaskVarianceArgs),
    /// Whether units are active one after the other
    Sequence(sequence::SequenceArgs),
    /// How many directions activity takes: principal components, participation ratio, and their nulls
    Pca(pca::PcaArgs),
    /// Directions that each carry one variable of the task: demixed principal components
    Dpca(dpca::DpcaArgs),
    /// One axis for each variable of the task, by regression: targeted dimensionality reduction
    Tdr(tdr::TdrArgs),
    /// Rotations that conditions have in common, beside surrogates
    Jpca(jpca::JpcaArgs),
    /// Angles and alignment between subspaces of epochs; what of the activity a projection lets through
    Subspaces(subspaces::SubspacesArgs),
    /// Where in space units are active: maps, information, fields, grid and border scores
    RateMaps(rate_maps::RateMapsArgs),
    /// Whether maps of places change between two conditions, by population vectors, places and rates
    Remapping(remapping::RemappingArgs),
    /// How alike networks, areas, epochs and recordings are in what their units do
    Similarity(similarity::SimilarityArgs),
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
        AnalyzeCommand::Psychometric(args) => psychometric::psychometric(&args),
        AnalyzeCommand::Chronometric(args) => chronometric::chronometric(&args),
        AnalyzeCommand::Duration(args) => duration::duration(&args),
        AnalyzeCommand::Confusion(args) => confusion::confusion(&args),
        AnalyzeCommand::DecisionModel(args) => decision_model::decision_model(&args),
        AnalyzeCommand::Kernel(args) => kernel::kernel(&args),
        AnalyzeCommand::Selectivity(args) => selectivity::selectivity(&args),
        AnalyzeCommand::Tuning(args) => tuning::tuning(&args),
        AnalyzeCommand::TaskVariance(args) => task_variance::task_variance(&args),
        AnalyzeCommand::Sequence(args) => sequence::sequence(&args),
        AnalyzeCommand::Pca(args) => pca::pca(&args),
        AnalyzeCommand::Dpca(args) => dpca::dpca(&args),
        AnalyzeCommand::Tdr(args) => tdr::tdr(&args),
        AnalyzeCommand::Jpca(args) => jpca::jpca(&args),
        AnalyzeCommand::Subspaces(args) => subspaces::subspaces(&args),
        AnalyzeCommand::RateMaps(args) => rate_maps::rate_maps(&args),
        AnalyzeCommand::Remapping(args) => remapping::remapping(&args),
        AnalyzeCommand::Similarity(args) => similarity::similarity(&args),
        AnalyzeCommand::Decoding(args) => decoding::decoding(&args),
    }
}
