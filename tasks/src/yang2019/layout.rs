//! The 85 inputs and 33 outputs that all 20 tasks share, so that one network can learn them all.
//!
//! ```text
//! inputs     0 fixation | 1 .. 32 modality 1 | 33 .. 64 modality 2 | 65 .. 84 rules, 1 on that of the task throughout
//! outputs    0 fixation | 1 .. 32 response
//! rings      channel k of 32 prefers the angle 2 pi k / 32, k = 0 .. 31
//! bump       of an angle: 0.8 exp(-0.5 (d_k / (pi/8))^2) on channel k, d_k the distance of the angle and 2 pi k / 32
//! stimulus   of strength g: g times the bump of its angle more on the channels of its modality
//! ```

use std::f64::consts::{PI, TAU};

use crate::{Channel, ring};

/// The number of channels of a ring.
pub const RING: usize = 32;

/// The number of outputs: fixation and the response ring.
pub const OUTPUTS: usize = 1 + RING;

/// The rules, in the order of their inputs.
pub const RULES: [&str; 20] = [
    "fdgo",
    "reactgo",
    "delaygo",
    "fdanti",
    "reactanti",
    "delayanti",
    "dm1",
    "dm2",
    "contextdm1",
    "contextdm2",
    "multidm",
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

/// The number of inputs: fixation, two rings and the rules.
pub const INPUTS: usize = 1 + 2 * RING + RULES.len();

/// The height of a bump of activity, in inputs and targets.
pub const HEIGHT: f64 = 0.8;

/// The width of a bump: the standard deviation of its Gaussian, rad.
pub const WIDTH: f64 = PI / 8.0;

/// The input channels.
pub fn inputs() -> Vec<Channel> {
    let mut channels = Channel::list(&["fixation"]);
    channels.extend(Channel::numbered("modality_1", RING));
    channels.extend(Channel::numbered("modality_2", RING));
    channels.extend(RULES.iter().map(|rule| Channel { name: format!("rule_{rule}") }));
    channels
}

/// The output channels.
pub fn outputs() -> Vec<Channel> {
    let mut channels = Channel::list(&["fixation"]);
    channels.extend(Channel::numbered("response", RING));
    channels
}

/// The input channel of the rule of a task, given its id or name.
pub(super) fn rule_input(id: &str) -> Option<usize> {
    let name = id.rsplit('/').next()?;
    RULES.iter().position(|rule| *rule == name).map(|place| 1 + 2 * RING + place)
}

/// A bump of activity on a ring, centred on an angle.
pub fn bump(angle: f64) -> [f32; RING] {
    std::array::from_fn(|k| {
        let d = ring::distance(angle, TAU * k as f64 / RING as f64) / WIDTH;
        (HEIGHT * (-0.5 * d * d).exp()) as f32
    })
}

/// The output of the response ring that prefers the angle nearest to this one.
pub(super) fn nearest_output(angle: f64) -> usize {
    1 + (ring::wrapped(angle) * RING as f64 / TAU).round() as usize % RING
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channels_are_those_of_the_source() {
        let (inputs, outputs) = (inputs(), outputs());
        assert_eq!((inputs.len(), outputs.len()), (85, 33));
        for (place, name) in
            [(0, "fixation"), (1, "modality_1_1"), (33, "modality_2_1"), (64, "modality_2_32"), (65, "rule_fdgo")]
        {
            assert_eq!(inputs[place].name, name);
        }
        assert_eq!(rule_input("yang2019/dmcnogo"), Some(84));
        assert_eq!(rule_input("yang2019/fixation"), None);
        assert_eq!((outputs[0].name.as_str(), outputs[32].name.as_str()), ("fixation", "response_32"));
    }

    #[test]
    fn a_bump_falls_off_by_one_width_in_two_channels_and_goes_around_the_circle() {
        let bump = bump(0.0);
        // The channels lie pi/16 apart, half a width.
        for (k, height) in
            [(0, 0.8), (1, 0.8 * (-0.125_f64).exp()), (2, 0.8 * (-0.5_f64).exp()), (16, 0.8 * (-32.0_f64).exp())]
        {
            assert!((f64::from(bump[k]) - height).abs() < 1e-7, "{k}");
            assert!((bump[k] - bump[(32 - k) % 32]).abs() < 1e-7, "{k}");
        }
    }

    #[test]
    fn the_output_nearest_to_an_angle_is_found_across_zero() {
        for (angle, output) in [(0.0, 1), (0.09, 1), (0.11, 2), (TAU - 0.09, 1), (TAU - 0.11, 32), (PI, 17)] {
            assert_eq!(nearest_output(angle), output, "{angle}");
        }
    }
}
