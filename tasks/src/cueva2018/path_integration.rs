//! Path integration: say where a walk through a room has led, from the speed and the direction of every step.
//!
//! ```text
//! epochs    walk 500 steps of tau / 10
//! walk      p_0 = start,  p_k = p_(k-1) + v_k (cos phi_k, sin phi_k) dt / tau
//!           v_k Rayleigh with mean m, drawn anew in every step;
//!           phi_k = phi_(k-1) + sigma sqrt(dt / tau) xi_k, xi_k ~ N(0, 1), phi_0 uniform;
//!           if the step would cross a wall, phi_k is uniform instead, drawn until the way is free;
//!           v_k = 0 in a corner without a way out
//! signals   v_k and phi_k, the latter as an angle in [0, 2 pi) or as (sin, cos)
//! targets   p_k;  all steps graded
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | steps, dt | `duration`, `dt` | ms | 500 steps of tau / 10 |
//! | tau | `tau` | ms | the network's time constant, in which the source counts time; 100 here |
//! | room | `room`, `start` | any | square, triangle and hexagon; here the square of side 2 around the start (0, 0) |
//! | m | `speed_mean` | room units per tau | not stated; 0.2 here |
//! | sigma | `turning` | rad per sqrt(tau) | not stated; 0.5 here |
//! | phi | `direction` | | angle |
//!
//! A trial is correct if its root mean square error is at most `rms_error` = 0.1 of the side of a square as large as
//! the room. Training stops when that holds over all trials of a validation.
//!
//! Reference: Cueva CJ, Wei X-X (2018), ICLR, <https://doi.org/10.48550/arXiv.1803.07770>.
//!
//! Differences from the source: it describes the walk as a modified Brownian motion with directions drawn again at
//! walls, without numbers, and no code was released; the numbers here are those of a public replication (C. McGrory,
//! rnn_spatial). The source has no rule for a correct trial nor for ending the training.
//!
//! ```
//! use nn4n_tasks::{Split, Task, TrialRng, cueva2018::PathIntegration};
//! let trial = PathIntegration::default().trial(Split::Train, None, &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!((trial.inputs.dim(), trial.targets.dim()), ((500, 2), (500, 2)));
//! let (speed, direction) = (trial.inputs[[0, 0]], trial.inputs[[0, 1]]);
//! assert!((trial.targets[[0, 0]] - 0.1 * speed * direction.cos()).abs() < 1e-6); // a tenth of tau at this speed
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::{PI, TAU};

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::navigation::Room;
use crate::ring::wrapped;
use crate::{
    About, Channel, Citation, Clock, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};
use crate::{parameters_of, rms_error};

/// How the inputs tell the direction of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// As an angle in [0, 2 pi), on one channel.
    #[default]
    Angle,
    /// As its sine and cosine, on two channels.
    SinCos,
}

/// Path integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathIntegration {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The length of a trial, ms.
    pub duration: f64,
    /// The unit of time of the walk, ms: the network's time constant.
    pub tau: f64,
    /// The corners of the room, (x, y), in order around it.
    pub room: Vec<[f64; 2]>,
    /// Where every walk starts.
    pub start: [f64; 2],
    /// The mean speed, room units per `tau`.
    pub speed_mean: f64,
    /// How much the direction changes, rad per square root of `tau`.
    pub turning: f64,
    /// How the inputs tell the direction.
    pub direction: Direction,
    /// The root mean square error at which a trial is correct and training stops, as a fraction of the side of a square
    /// as large as the room.
    pub rms_error: f64,
}

impl Default for PathIntegration {
    fn default() -> Self {
        Self {
            dt: 10.0,
            rounding: Rounding::Exact,
            duration: 5000.0,
            tau: 100.0,
            room: vec![[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]],
            start: [0.0, 0.0],
            speed_mean: 0.2,
            turning: 0.5,
            direction: Direction::Angle,
            rms_error: 0.1,
        }
    }
}

impl PathIntegration {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).fixed(self.rounding)
    }

    fn room(&self) -> Result<Room<'_>, TaskError> {
        Room::new("room", &self.room)
    }

    /// The root mean square error at which a trial is correct, in units of the room; 0 for what is no room.
    fn threshold(&self) -> f64 {
        self.room().map_or(0.0, |room| self.rms_error * room.area().sqrt())
    }
}

impl Described for PathIntegration {
    const ABOUT: About<'static> = About {
        id: "cueva2018/path_integration",
        summary: "Path integration: say where a walk through a room has led, from the speed and the direction of every \
            step",
        citation: Citation {
            authors: "Cueva CJ, Wei X-X",
            year: 2018,
            title: "Emergence of grid-like representations by training recurrent neural networks to perform spatial \
                localization",
            doi: "10.48550/arXiv.1803.07770",
        },
        header: include_str!("path_integration.rs"),
        ..About::NEW
    };
}

impl Task for PathIntegration {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.clock().at_least_one_step("duration", self.duration)?;
        rules::positive("tau", self.tau)?;
        if !self.room()?.contains(self.start) {
            return Err(TaskError::parameter(
                "start",
                format!("{:?}", self.start),
                "must lie in the room",
                "give a place inside the polygon `room`",
            ));
        }
        rules::positive("speed_mean", self.speed_mean)?;
        rules::not_negative("turning", self.turning)?;
        rules::positive("rms_error", self.rms_error)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        match self.direction {
            Direction::Angle => Channel::list(&["speed", "direction"]),
            Direction::SinCos => Channel::list(&["speed", "sin_direction", "cos_direction"]),
        }
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["x", "y"])
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&[]))?;
        let room = self.room()?;
        let mut timeline = self.clock().timeline()?;
        timeline.push("walk", ("duration", self.duration))?;
        let n_steps = timeline.n_steps();

        // In units of tau. The mean of a Rayleigh distribution is sqrt(pi / 2) times its scale.
        let (time, scale) = (self.dt / self.tau, self.speed_mean * (2.0 / PI).sqrt());
        let (mut place, mut angle) = (self.start, TAU * rng.uniform());
        // How far the walker can go from here in any direction without meeting a wall.
        let mut clear = 0.0;
        let mut inputs = Array2::zeros((n_steps, self.inputs().len()));
        let mut targets = Array2::zeros((n_steps, 2));
        for (mut input, mut target) in inputs.outer_iter_mut().zip(targets.outer_iter_mut()) {
            let speed = scale * (-2.0 * (-rng.uniform()).ln_1p()).sqrt();
            angle += self.turning * time.sqrt() * rng.gaussian();
            let (mut sin, mut cos) = angle.sin_cos();
            let length = speed * time;
            let step = [length * cos, length * sin];
            let (next, thrown_back) = if length < clear {
                clear -= length;
                ([place[0] + step[0], place[1] + step[1]], None)
            } else {
                let (next, thrown_back) = room.step(place, step, length, rng);
                clear = room.nearest_wall(next).0;
                (next, thrown_back)
            };
            if let Some([x, y]) = thrown_back {
                (cos, sin, angle) = (x, y, y.atan2(x));
            }
            // Who is stuck in a corner does not move.
            input[0] = if next == place { 0.0 } else { speed as f32 };
            place = next;
            match self.direction {
                Direction::Angle => input[1] = wrapped(angle) as f32,
                Direction::SinCos => (input[1], input[2]) = (sin as f32, cos as f32),
            }
            (target[0], target[1]) = (place[0] as f32, place[1] as f32);
        }
        let loss_mask = Array2::ones((n_steps, 2));
        Ok(Trial {
            inputs,
            targets,
            loss_mask,
            condition: Condition::new(),
            epochs: timeline.into_epochs(),
            correct: None,
        })
    }

    /// The places (x, y), in units of the room.
    fn trajectory(
        &self,
        split: Split,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<Option<Array2<f64>>, TaskError> {
        let targets = self.trial(split, condition, rng)?.targets;
        let places = Array2::from_shape_fn((targets.nrows() + 1, 2), |(step, axis)| match step {
            0 => self.start[axis],
            _ => f64::from(targets[[step - 1, axis]]),
        });
        Ok(Some(places))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let error = rms_error(trial, outputs);
        Score { correct: error.map(|error| error <= self.threshold()), error, ..Score::default() }
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::RmsError { threshold: self.threshold() })
    }
}
