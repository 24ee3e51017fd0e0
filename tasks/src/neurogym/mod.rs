//! The most-used environments of neurogym 2.2, with class labels.
//!
//! | tasks | what the network must do |
//! |---|---|
//! | `perceptual_decision_making`, `.._delay_response` | report the direction of noisy evidence |
//! | `context_decision_making`, `multisensory_integration` | the same, with evidence in two modalities |
//! | `pulse_decision_making`, `post_decision_wager` | count pulses, or wager on the evidence |
//! | `delay_comparison`, `delay_paired_association` | compare two stimuli across a delay |
//! | `delay_match_sample`, `delay_match_category`, `dual_delay_match_sample` | match a test with a sample |
//! | `delay_match_sample_distractor_1d` | find the sample among tests |
//! | `go_nogo`, `anti_reach` | respond to a stimulus, or not, or away from it |
//! | `ready_set_go`, `motor_timing`, `interval_discrimination` | produce or compare intervals |
//! | `probabilistic_reasoning`, `economic_decision_making` | weigh odds and values |
//!
//! A task is an [`Environment`]: what all of them have in common, channels of fixation included, is stated in its file,
//! [`answer`] (the first action other than to fixate counts) and [`stage`] (class labels); those with a ring of
//! channels share [`ring`] and [`evidence`], those that produce an interval `production`. neurogym's users train on
//! trials one after another: [`stream`](crate::stream). Where the code of an environment differs from what its
//! documentation or paper describes, the default is the task as described and an option restores the code; the head of
//! each file says where, and which. neurogym's `abort` is off, as it is there.
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
pub mod ring;
pub mod stage;
mod timing;

pub use anti_reach::{AntiReach, Reach};
pub use asked::Asked;
pub use context_decision_making::{Context, ContextDecision, ContextDecisionMaking};
pub use delay_comparison::{Comparison, DelayComparison};
pub use delay_match_category::{DelayMatchCategory, MatchToCategory};
pub use delay_match_sample::{DelayMatchSample, MatchToSample};
pub use delay_match_sample_distractor_1d::{DelayMatchSampleDistractor1D, MatchAmongDistractors};
pub use delay_paired_association::{DelayPairedAssociation, PairedAssociation};
pub use dual_delay_match_sample::{DualDelayMatchSample, DualMatchToSample};
pub use economic_decision_making::{EconomicDecisionMaking, JuiceChoice};
pub use environment::{Definition, Environment};
pub use go_nogo::{GoNogo, Response};
pub use interval_discrimination::{IntervalComparison, IntervalDiscrimination};
pub use motor_timing::{CuedInterval, MotorTiming};
pub use multisensory_integration::{DividedEvidence, MultisensoryIntegration};
pub use perceptual_decision_making::{PerceptualDecision, PerceptualDecisionMaking};
pub use perceptual_decision_making_delay_response::{DelayedResponse, PerceptualDecisionMakingDelayResponse};
pub use post_decision_wager::{PostDecisionWager, Wager};
pub use probabilistic_reasoning::{ProbabilisticReasoning, ShapeOdds};
pub use pulse_decision_making::{PulseCount, PulseDecisionMaking};
pub use ready_set_go::{Edge, IntervalReproduction, ReadySetGo};
pub use stage::Stage;
pub use timing::{Period, Schedule, Timing};

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all environments as such; most have a paper of their own.
pub const CITATION: Citation = Citation {
    authors: "Molano-Mazon M, Barbosa J, Pastor-Ciurana J, et al.",
    year: 2022,
    title: "NeuroGym: an open resource for developing and sharing neuroscience tasks",
    doi: "10.31234/osf.io/aqc9n",
};

/// The source of the matches to a sample.
const MILLER: Citation = Citation {
    authors: "Miller EK, Erickson CA, Desimone R",
    year: 1996,
    title: "Neural mechanisms of visual working memory in prefrontal cortex of the macaque",
    doi: "10.1523/JNEUROSCI.16-16-05154.1996",
};

/// The source of the tasks in which to do nothing can be right.
const ZHANG: Citation = Citation {
    authors: "Zhang X, Yan W, Wang W, et al.",
    year: 2019,
    title: "Active information maintenance in working memory by a sensory cortex",
    doi: "10.7554/eLife.43191",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About {
    citation: CITATION,
    shared: &[include_str!("environment.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
    ..About::NEW
};

/// The same of those with a ring of channels.
const RING: About<'static> = About {
    shared: &[
        include_str!("ring.rs"),
        include_str!("environment.rs"),
        include_str!("answer.rs"),
        include_str!("stage.rs"),
    ],
    ..FAMILY
};

/// The same of those with evidence on such a ring.
const EVIDENCE: About<'static> = About {
    shared: &[
        include_str!("evidence.rs"),
        include_str!("ring.rs"),
        include_str!("environment.rs"),
        include_str!("answer.rs"),
        include_str!("stage.rs"),
    ],
    ..FAMILY
};

/// The same of those that produce an interval.
const PRODUCTION: About<'static> = About {
    shared: &[
        include_str!("production.rs"),
        include_str!("environment.rs"),
        include_str!("answer.rs"),
        include_str!("stage.rs"),
    ],
    ..FAMILY
};

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
