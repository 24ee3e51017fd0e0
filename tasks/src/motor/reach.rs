//! What reaching tasks share: epochs, cues, the path of the hand that is asked for, and the rules of a good reach.
//!
//! ```text
//! epochs    centre 100 ms | delay 300 to 600 ms | reaction 100 ms | movement 600 ms | hold 200 ms
//! cues      target_x, target_y: (cos a, sin a) from the delay on;   go_cue: 1 from the reaction on
//! path      p(t) = distance (cos a, sin a) (10 s^3 - 15 s^4 + 6 s^5)
//!           s = time since the movement began / its duration, in [0, 1]
//! correct   until the go cue the hand never is farther than tolerance * distance from the centre, and at the last step
//!           no farther than that from the target
//! reaction  from the go cue to the end of the first step at which the hand is farther than that from the centre
//! ```
//!
//! | symbol | field | unit | value |
//! |---|---|---|---|
//! | dt | `dt` | ms | 10 |
//! | | `centre`, `reaction`, `movement`, `hold` | ms | 100, 100, 600, 200 |
//! | | `delay` | ms | uniform from 300 to 600 |
//! | tolerance | `tolerance` | of the distance | 0.1 |
//! | | `sigma_in` | that of the cues, each step | 0 |
//!
//! Step k has the place at its end, (k + 1) dt. A condition may ask for any `angle`, also for one between the targets.
//! A drawn delay goes to the nearest step, or as `rounding` says.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::{
    Clock, Condition, Duration, Rounding, Score, TaskError, Timeline, Trial, TrialRng, TrialView, reaction_time,
    rms_error,
};

/// The number of cue channels.
pub(super) const CUES: [&str; 3] = ["target_x", "target_y", "go_cue"];

/// The most targets: each is a class of trials.
const MAX_TARGETS: usize = 72;

/// Epochs, cues and tolerance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reach {
    /// The hand rests in the centre and no target is shown, ms.
    pub centre: f64,
    /// The target is shown and the hand must wait, ms.
    pub delay: Duration,
    /// From the go cue to the movement, ms.
    pub reaction: f64,
    /// The movement, ms.
    pub movement: f64,
    /// The hand rests on the target, ms.
    pub hold: f64,
    /// How far from its place the hand may be, as a fraction of the distance of the targets.
    pub tolerance: f64,
    /// The standard deviation of the noise on the cues, each step anew.
    pub sigma_in: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            centre: 100.0,
            delay: Duration::uniform(300.0, 600.0),
            reaction: 100.0,
            movement: 600.0,
            hold: 200.0,
            tolerance: 0.1,
            sigma_in: 0.0,
            rounding: Rounding::Exact,
        }
    }
}

/// Where the targets are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Targets<'a> {
    pub dt: f64,
    /// Degrees.
    pub angles: &'a [f64],
    pub distance: f64,
}

/// A trial before what a task adds to it, and its go cue.
pub(super) struct Begun {
    pub timeline: Timeline,
    pub movement: Range<usize>,
    /// The first step of the delay and of the go cue.
    shown: usize,
    go: usize,
    angle: f64,
}

impl Reach {
    fn clock(&self, dt: f64) -> Clock {
        Clock::new(dt).rounding(self.rounding)
    }

    pub(super) fn validate(&self, targets: Targets<'_>) -> Result<(), TaskError> {
        let clock = self.clock(targets.dt);
        // The hand is somewhere before it may move.
        clock.at_least_one_step("centre", self.centre)?;
        self.delay.validate("delay", clock)?;
        clock.steps("reaction", self.reaction)?;
        clock.at_least_one_step("movement", self.movement)?;
        clock.steps("hold", self.hold)?;
        rules::positive("tolerance", self.tolerance)?;
        rules::not_negative("sigma_in", self.sigma_in)?;
        rules::positive("distance", targets.distance)?;
        validate_angles(targets.angles)
    }

    /// Draws target and timing, in this order.
    pub(super) fn begin(
        &self,
        targets: Targets<'_>,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<Begun, TaskError> {
        let angle = draw_angle(targets.angles, condition, rng)?;
        let clock = self.clock(targets.dt);
        let mut timeline = clock.timeline()?;
        let shown = timeline.push("centre", ("centre", self.centre))?.end;
        let go = timeline.push_steps("delay", self.delay.draw("delay", clock, rng)?)?.end;
        timeline.push("reaction", ("reaction", self.reaction))?;
        let movement = timeline.push("movement", ("movement", self.movement))?;
        timeline.push("hold", ("hold", self.hold))?;
        Ok(Begun { timeline, movement, shown, go, angle })
    }

    /// Fills the cue channels, which are the first, noise last.
    pub(super) fn cue(&self, begun: &Begun, inputs: &mut Array2<f32>, rng: &mut TrialRng) {
        let [x, y] = direction(begun.angle);
        inputs.slice_mut(s![begun.shown.., 0]).fill(x as f32);
        inputs.slice_mut(s![begun.shown.., 1]).fill(y as f32);
        inputs.slice_mut(s![begun.go.., 2]).fill(1.0);
        add_noise(inputs, 0..CUES.len(), self.sigma_in, rng);
    }

    /// The place of the hand that is asked for at each step (n_steps, 2).
    pub(super) fn path(&self, begun: &Begun, distance: f64) -> Array2<f32> {
        let [x, y] = direction(begun.angle);
        let (start, steps) = (begun.movement.start, begun.movement.len() as f64);
        let mut path = Array2::zeros((begun.timeline.n_steps(), 2));
        for (step, mut place) in path.outer_iter_mut().enumerate().skip(start) {
            let covered = distance * minimum_jerk((step - start + 1) as f64 / steps);
            place[0] = (covered * x) as f32;
            place[1] = (covered * y) as f32;
        }
        path
    }

    /// The score of a movement (n_steps, 2), `distance` and tolerance being those of the trial.
    pub(super) fn score(
        &self,
        trial: TrialView<'_>,
        targets: Targets<'_>,
        movement: ArrayView2<'_, f32>,
        outputs: ArrayView2<'_, f32>,
    ) -> Score {
        let tolerance = self.tolerance * targets.distance;
        let away = |step: usize, from: [f64; 2]| {
            let (x, y) = (
                movement.get((step, 0)).copied().unwrap_or(f32::NAN),
                movement.get((step, 1)).copied().unwrap_or(f32::NAN),
            );
            (f64::from(x) - from[0]).hypot(f64::from(y) - from[1])
        };
        let go = trial.epoch("reaction").or(trial.epoch("movement")).map_or(0, |epoch| epoch.start);
        let goal = direction(trial.condition.number("angle").unwrap_or(f64::NAN)).map(|part| targets.distance * part);
        let waited = (0..go).all(|step| away(step, [0.0; 2]) <= tolerance);
        let arrived = trial.n_steps().checked_sub(1).is_some_and(|last| away(last, goal) <= tolerance);
        let left = (go..trial.n_steps()).find(|&step| away(step, [0.0; 2]) > tolerance);
        Score {
            choice: None,
            correct: Some(waited && arrived),
            reaction_time: left.filter(|_| waited).map(|step| reaction_time(step, go, targets.dt)),
            error: rms_error(trial, outputs),
        }
    }
}

impl Begun {
    pub(super) fn into_trial(self, inputs: Array2<f32>, targets: Array2<f32>) -> Trial {
        let loss_mask = Array2::ones(targets.dim());
        Trial {
            inputs,
            targets,
            loss_mask,
            condition: at(self.angle),
            epochs: self.timeline.into_epochs(),
            correct: None,
        }
    }
}

/// The part of the way that is covered at `s`, of which 1 is the whole duration.
fn minimum_jerk(s: f64) -> f64 {
    let s = s.min(1.0);
    s * s * s * (10.0 + s * (6.0 * s - 15.0))
}

/// (cos a, sin a) of an angle in degrees.
fn direction(angle: f64) -> [f64; 2] {
    let (sin, cos) = angle.to_radians().sin_cos();
    [cos, sin]
}

fn at(angle: f64) -> Condition {
    Condition::new().with("angle", angle)
}

pub(super) fn conditions(angles: &[f64]) -> Vec<Condition> {
    angles.iter().copied().map(at).collect()
}

/// Adds `std` times a standard Gaussian to some channels at every step.
pub(super) fn add_noise(inputs: &mut Array2<f32>, channels: Range<usize>, std: f64, rng: &mut TrialRng) {
    rng.add_gaussian_to(inputs.slice_mut(s![.., channels]), std);
}

fn draw_angle(angles: &[f64], condition: Option<&Condition>, rng: &mut TrialRng) -> Result<f64, TaskError> {
    let given = match condition {
        Some(condition) => {
            condition.allow(&["angle"])?;
            condition.finite_number("angle")?
        }
        None => None,
    };
    // A network may be asked for directions that it was not trained on.
    Ok(given.unwrap_or_else(|| rng.pick(angles).copied().unwrap_or(0.0)))
}

fn validate_angles(angles: &[f64]) -> Result<(), TaskError> {
    let refuse = |value: String, rule, remedy: &str| Err(TaskError::parameter("angles", value, rule, remedy));
    if angles.is_empty() || angles.len() > MAX_TARGETS {
        return refuse(format!("{} targets", angles.len()), "must hold 1 to 72 targets", "eight are usual");
    }
    for (i, angle) in angles.iter().enumerate() {
        rules::finite("angles", *angle)?;
        if angles[i + 1..].iter().any(|other| (other - angle).rem_euclid(360.0) == 0.0) {
            return refuse(angle.to_string(), "is one direction given twice", "give each target once, in degrees");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_starts_and_ends_at_rest_and_is_half_way_at_half_time() {
        assert_eq!([0.0, 0.5, 1.0, 2.0].map(minimum_jerk), [0.0, 0.5, 1.0, 1.0]);
        let speed = |s: f64| (minimum_jerk(s + 1e-6) - minimum_jerk(s - 1e-6)) / 2e-6;
        assert!((speed(0.5) - 1.875).abs() < 1e-9, "the peak of 30 s^2 (1 - s)^2");
        assert!(speed(1e-6).abs() < 1e-9 && speed(1.0 - 1e-6).abs() < 1e-9);
        // 10 / 64 - 15 / 256 + 6 / 1024
        assert_eq!(minimum_jerk(0.25), 0.103515625);
    }

    #[test]
    fn one_direction_is_not_given_twice() {
        assert!(validate_angles(&[0.0, 45.0]).is_ok());
        for angles in [vec![], vec![0.0, 360.0], vec![f64::NAN], vec![90.0, -270.0], vec![0.0; 73]] {
            assert!(validate_angles(&angles).is_err(), "{angles:?}");
        }
    }
}
