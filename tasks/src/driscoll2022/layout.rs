//! The 20 inputs and 3 outputs that all 15 tasks share, so that one network can learn them all.
//!
//! ```text
//! inputs     0 fixation | 1, 2 modality 1: sin, cos | 3, 4 modality 2: sin, cos | 5 .. 19 rules, 1 on that of the task
//! outputs    0 fixation | 1, 2 response: sin, cos
//! stimulus   of strength g: g sin(angle), g cos(angle) more in its modality
//! ```

use crate::Channel;

/// The rules, in the order of their inputs.
pub const RULES: [&str; 15] = [
    "fdgo",
    "reactgo",
    "delaygo",
    "fdanti",
    "reactanti",
    "delayanti",
    "delaydm1",
    "delaydm2",
    "contextdelaydm1",
    "contextdelaydm2",
    "multidelaydm",
    "dmsgo",
    "dmsnogo",
    "dmcgo",
    "dmcnogo",
];

/// Fixation, and sine and cosine in two modalities.
const SENSES: [&str; 5] = ["fixation", "modality_1_sin", "modality_1_cos", "modality_2_sin", "modality_2_cos"];

/// The number of inputs.
pub const INPUTS: usize = SENSES.len() + RULES.len();

/// The number of outputs.
pub const OUTPUTS: usize = 3;

/// Where a stimulus is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// The first.
    One,
    /// The second.
    Two,
}

impl Modality {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];

    /// 1 or 2, as in conditions.
    pub fn number(self) -> f64 {
        self as u8 as f64 + 1.0
    }

    /// The input channel of its sine; that of its cosine follows.
    pub fn channel(self) -> usize {
        1 + 2 * self as usize
    }
}

/// The input channels.
pub fn inputs() -> Vec<Channel> {
    let mut channels = Channel::list(&SENSES);
    channels.extend(RULES.iter().map(|rule| Channel { name: format!("rule_{rule}") }));
    channels
}

/// The output channels.
pub fn outputs() -> Vec<Channel> {
    Channel::list(&["fixation", "response_sin", "response_cos"])
}

/// The input channel of the rule of a task, given its id.
pub(super) fn rule_input(id: &str) -> Option<usize> {
    let name = id.rsplit('/').next()?;
    RULES.iter().position(|rule| *rule == name).map(|place| SENSES.len() + place)
}
