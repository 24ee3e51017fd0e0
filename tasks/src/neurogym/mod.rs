//! The most-used environments of neurogym 2.2, with class labels.
//!
//! | tasks | what the network must do |
//! |---|---|
//! | `perceptual_decision_making`, `perceptual_decision_making_delay_response` | report the direction of noisy evidence |
//! | `context_decision_making`, `multisensory_integration` | the same, with evidence in two modalities |
//! | `pulse_decision_making`, `post_decision_wager` | count pulses, or wager on the evidence |
//! | `delay_comparison`, `delay_paired_association` | compare two stimuli across a delay |
//! | `delay_match_sample`, `delay_match_sample_distractor_1d`, `dual_delay_match_sample`, `delay_match_category` | match them |
//! | `go_nogo`, `anti_reach` | respond to a stimulus, or not, or away from it |
//! | `ready_set_go`, `motor_timing`, `interval_discrimination` | produce or compare intervals |
//! | `probabilistic_reasoning`, `economic_decision_making` | weigh odds and values |
//!
//! In all of them the outputs are classes, class 0 is to fixate, the loss is the cross-entropy over all steps, and the
//! answer is the first other class in the decision ([`answer`]). neurogym's users train on trials one after another:
//! [`stream`](crate::stream). Noise is sigma / sqrt(dt) per step ([`stage`]); evidence is shown on a ring of channels
//! ([`evidence`]). Where the code of an environment differs from what its documentation or paper describes, the default
//! is the task as described and an option restores the code; the head of each file says where, and which. What a trial
//! is worth is not part of a task; neurogym's `abort` is off, as it is there.
//!
//! Reference: Molano-Mazon M, Barbosa J, Pastor-Ciurana J, et al. (2022). NeuroGym: an open resource for developing and
//! sharing neuroscience tasks. PsyArXiv. <https://doi.org/10.31234/osf.io/aqc9n>

pub mod answer;
mod anti_reach;
mod asked;
mod context_decision_making;
mod delay_comparison;
mod delay_match_category;
mod delay_match_sample;
mod delay_match_sample_distractor_1d;
mod delay_paired_association;
mod dual_delay_match_sample;
mod economic_decision_making;
mod environment;
pub mod evidence;
mod go_nogo;
mod interval_discrimination;
mod motor_timing;
mod multisensory_integration;
mod perceptual_decision_making;
mod perceptual_decision_making_delay_response;
mod post_decision_wager;
mod probabilistic_reasoning;
mod production;
mod pulse_decision_making;
mod ready_set_go;
pub mod stage;

pub use anti_reach::AntiReach;
pub use asked::Asked;
pub use context_decision_making::{Context, ContextDecisionMaking};
pub use delay_comparison::DelayComparison;
pub use delay_match_category::DelayMatchCategory;
pub use delay_match_sample::DelayMatchSample;
pub use delay_match_sample_distractor_1d::DelayMatchSampleDistractor1D;
pub use delay_paired_association::DelayPairedAssociation;
pub use dual_delay_match_sample::DualDelayMatchSample;
pub use economic_decision_making::EconomicDecisionMaking;
pub use go_nogo::GoNogo;
pub use interval_discrimination::IntervalDiscrimination;
pub use motor_timing::MotorTiming;
pub use multisensory_integration::MultisensoryIntegration;
pub use perceptual_decision_making::PerceptualDecisionMaking;
pub use perceptual_decision_making_delay_response::PerceptualDecisionMakingDelayResponse;
pub use post_decision_wager::PostDecisionWager;
pub use probabilistic_reasoning::ProbabilisticReasoning;
pub use pulse_decision_making::PulseDecisionMaking;
pub use ready_set_go::{Edge, ReadySetGo};

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all environments as such; most have a paper of their own.
pub const CITATION: Citation = Citation {
    authors: "Molano-Mazon M, Barbosa J, Pastor-Ciurana J, et al.",
    year: 2022,
    title: "NeuroGym: an open resource for developing and sharing neuroscience tasks",
    doi: "10.31234/osf.io/aqc9n",
};

/// What is said of every task of this family.
const FAMILY: About<'static> =
    About { citation: CITATION, shared: &[include_str!("answer.rs"), include_str!("stage.rs")], ..About::NEW };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[
    entry::<PerceptualDecisionMaking>(),
    entry::<PerceptualDecisionMakingDelayResponse>(),
    entry::<ContextDecisionMaking>(),
    entry::<MultisensoryIntegration>(),
    entry::<DelayComparison>(),
    entry::<DelayMatchSample>(),
    entry::<DelayMatchSampleDistractor1D>(),
    entry::<DelayMatchCategory>(),
    entry::<DelayPairedAssociation>(),
    entry::<DualDelayMatchSample>(),
    entry::<GoNogo>(),
    entry::<AntiReach>(),
    entry::<ReadySetGo>(),
    entry::<MotorTiming>(),
    entry::<IntervalDiscrimination>(),
    entry::<PulseDecisionMaking>(),
    entry::<PostDecisionWager>(),
    entry::<ProbabilisticReasoning>(),
    entry::<EconomicDecisionMaking>(),
];
