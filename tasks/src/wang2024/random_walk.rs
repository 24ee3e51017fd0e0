//! How an animal explores a room: a random walk with momentum that bends towards a drift.
//!
//! ```text
//! v       log-normal with mean m and standard deviation s; drawn anew with probability p_speed in every step
//! d       a velocity of magnitude delta v in a random direction; drawn anew with probability p_drift in every step
//! step    place += (v h + d) dt;  if a wall is in the way, v dt in a random direction h instead, tried until the way
//!         is free
//!         h = direction of v h + d, then steered away from a near wall
//! steer   where the heading is less than a right angle off the direction to the nearest wall, at distance r:
//!         turn away by exp(-r^2 / w) times what is missing to a right angle, if exp(-r^2 / w) > 0.01
//! ```
//!
//! | symbol | field | unit | slow | medium | fast |
//! |---|---|---|---|---|---|
//! | m | `speed_mean` | cm/s | 4 | 10 | 20 |
//! | s | `speed_sd` | cm/s | 1 | 2 | 5 |
//! | delta | `drift` | per 50 ms | 0.02 | 0.05 | 0.1 |
//! | p_drift | `p_drift` | per 50 ms | 0.06 | 0.15 | 0.3 |
//! | p_speed | `p_speed` | per 50 ms | 0.03 | 0.05 | 0.1 |
//! | w | `wall_scale` | cm^2 | 5 | 10 | 30 |
//!
//! With another step dt, delta becomes delta dt / 50 ms and a probability p becomes 1 - (1 - p)^(dt / 50 ms), so that
//! paths look the same.
//!
//! Reference: the presets of Wang et al. (2024), <https://doi.org/10.48550/arXiv.2408.05798>, from the notes that come
//! with its code; the walk itself is that of the authors' simulator RatatouGym, which takes the same settings.

use serde::{Deserialize, Serialize};

use crate::error::rules;
use crate::navigation::{Point, Room, random_direction};
use crate::{TaskError, TrialRng};

/// The step that the published numbers refer to, ms.
const PUBLISHED_STEP: f64 = 50.0;
/// Below this weight a wall does not steer.
const LEAST_WEIGHT: f64 = 0.01;

/// How an animal walks: a published setting by name, or one's own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected \"slow\", \"medium\", \"fast\", or a table with all fields of a random walk")]
pub enum Walk {
    /// A published setting.
    Preset(Preset),
    /// One's own.
    Custom(RandomWalk),
}

impl Walk {
    /// Its settings.
    pub fn settings(&self) -> RandomWalk {
        match self {
            Self::Preset(preset) => preset.settings(),
            Self::Custom(walk) => *walk,
        }
    }
}

/// The published settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// 4 cm/s.
    Slow,
    /// 10 cm/s.
    Medium,
    /// 20 cm/s.
    Fast,
}

impl Preset {
    /// Its settings.
    pub fn settings(self) -> RandomWalk {
        let [speed_mean, speed_sd, drift, p_drift, p_speed, wall_scale] = match self {
            Self::Slow => [4.0, 1.0, 0.02, 0.06, 0.03, 5.0],
            Self::Medium => [10.0, 2.0, 0.05, 0.15, 0.05, 10.0],
            Self::Fast => [20.0, 5.0, 0.1, 0.3, 0.1, 30.0],
        };
        RandomWalk { speed_mean, speed_sd, drift, p_drift, p_speed, wall_scale }
    }
}

/// The settings of a random walk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomWalk {
    /// The mean speed, cm/s.
    pub speed_mean: f64,
    /// The standard deviation of the speed, cm/s.
    pub speed_sd: f64,
    /// The drift, as a fraction of the speed, for each 50 ms.
    pub drift: f64,
    /// The probability that the drift changes, for each 50 ms.
    pub p_drift: f64,
    /// The probability that the speed changes, for each 50 ms.
    pub p_speed: f64,
    /// How far walls are felt where they are avoided, cm^2: the square of the distance at which they steer with weight
    /// 1/e.
    pub wall_scale: f64,
}

impl RandomWalk {
    /// Checks the fields.
    pub fn validate(&self) -> Result<(), TaskError> {
        rules::positive("walk.speed_mean", self.speed_mean)?;
        rules::not_negative("walk.speed_sd", self.speed_sd)?;
        rules::not_negative("walk.drift", self.drift)?;
        rules::probability("walk.p_drift", self.p_drift)?;
        rules::probability("walk.p_speed", self.p_speed)?;
        rules::positive("walk.wall_scale", self.wall_scale)
    }

    /// `n` places from `start` on, a step of `dt` ms apart.
    pub(super) fn places(
        &self,
        room: &Room<'_>,
        avoid_walls: bool,
        start: Point,
        n: usize,
        dt: f64,
        rng: &mut TrialRng,
    ) -> Vec<Point> {
        let share = dt / PUBLISHED_STEP;
        let per_step = |p: f64| 1.0 - (1.0 - p).powf(share);
        let (p_drift, p_speed, drift_size, seconds) =
            (per_step(self.p_drift), per_step(self.p_speed), self.drift * share, dt / 1000.0);
        let steered =
            |heading: Point, place: Point| if avoid_walls { self.steered(heading, place, room) } else { heading };
        let times = |length: f64, [x, y]: Point| [length * x, length * y];

        let mut place = start;
        let mut speed = self.speed(rng);
        let mut drift = times(drift_size * speed, random_direction(rng));
        let mut velocity = sum(times(speed, random_direction(rng)), drift);
        let mut heading = steered(direction(velocity), place);
        let mut places = Vec::with_capacity(n);
        for _ in 0..n {
            places.push(place);
            let (next, thrown_back) = room.step(place, times(seconds, velocity), seconds * speed, rng);
            place = next;
            heading = thrown_back.unwrap_or(heading);
            if rng.chance(p_drift) {
                drift = times(drift_size * speed, random_direction(rng));
            }
            if rng.chance(p_speed) {
                speed = self.speed(rng);
            }
            velocity = sum(times(speed, heading), drift);
            heading = steered(direction(velocity), place);
        }
        places
    }

    /// A speed, cm/s.
    fn speed(&self, rng: &mut TrialRng) -> f64 {
        let spread = (1.0 + (self.speed_sd / self.speed_mean).powi(2)).ln();
        self.speed_mean * (spread.sqrt() * rng.gaussian() - spread / 2.0).exp()
    }

    /// A heading that a near wall turns away from itself.
    fn steered(&self, heading: Point, place: Point, room: &Room<'_>) -> Point {
        let (distance, towards) = room.nearest_wall(place);
        let weight = (-distance * distance / self.wall_scale).exp();
        // The sine and cosine of the angle from the heading to the wall's direction.
        let (sin, cos) =
            (heading[0] * towards[1] - heading[1] * towards[0], heading[0] * towards[0] + heading[1] * towards[1]);
        if weight <= LEAST_WEIGHT || cos < 0.0 {
            return heading;
        }
        let off = sin.atan2(cos);
        let (turn_sin, turn_cos) = (-off.signum() * weight * (std::f64::consts::FRAC_PI_2 - off.abs())).sin_cos();
        [heading[0] * turn_cos - heading[1] * turn_sin, heading[0] * turn_sin + heading[1] * turn_cos]
    }
}

fn sum(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1]]
}

fn direction([x, y]: Point) -> Point {
    let length = x.hypot(y);
    if length > 0.0 { [x / length, y / length] } else { [1.0, 0.0] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: [Point; 4] = [[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]];

    fn walk(walk: RandomWalk, avoid_walls: bool, n: usize, dt: f64) -> Vec<Point> {
        let room = Room::new("room", &ROOM).expect("a square is a room");
        walk.places(&room, avoid_walls, [50.0, 50.0], n, dt, &mut TrialRng::new(3, "test", 0, 0))
    }

    fn distance(a: Point, b: Point) -> f64 {
        (a[0] - b[0]).hypot(a[1] - b[1])
    }

    #[test]
    fn speeds_have_the_published_mean_and_spread() {
        let mut rng = TrialRng::new(0, "test", 0, 0);
        for preset in [Preset::Slow, Preset::Medium, Preset::Fast] {
            let walk = preset.settings();
            let speeds: Vec<f64> = (0..40_000).map(|_| walk.speed(&mut rng)).collect();
            let mean = speeds.iter().sum::<f64>() / 40_000.0;
            let sd = (speeds.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 40_000.0).sqrt();
            assert!(
                (mean / walk.speed_mean - 1.0).abs() < 0.01 && (sd / walk.speed_sd - 1.0).abs() < 0.03,
                "{preset:?}: {mean} {sd}"
            );
        }
    }

    #[test]
    fn an_animal_moves_at_its_speed_and_stays_in_the_room() {
        let still = RandomWalk { drift: 0.0, ..Preset::Fast.settings() };
        let places = walk(still, false, 60_000, 50.0);
        assert!(places.iter().flatten().all(|x| (0.0..=100.0).contains(x)));
        let mean = places.windows(2).map(|pair| distance(pair[0], pair[1])).sum::<f64>() / 59_999.0 / 0.05;
        assert!((mean - 20.0).abs() < 0.4, "{mean} cm/s");
    }

    #[test]
    fn without_drift_the_heading_changes_at_walls_only() {
        let straight = RandomWalk { drift: 0.0, p_speed: 0.0, ..Preset::Medium.settings() };
        let places = walk(straight, false, 2000, 50.0);
        for three in places.windows(3) {
            let step = |i: usize| direction([three[i + 1][0] - three[i][0], three[i + 1][1] - three[i][1]]);
            let near_wall = three[1].iter().any(|x| !(2.0..=98.0).contains(x));
            assert!(near_wall || distance(step(0), step(1)) < 1e-9);
        }
    }

    #[test]
    fn drift_bends_the_path_as_much_in_a_second_at_any_step() {
        // The mean cosine between headings one second apart.
        let persistence = |dt: f64| {
            let room = [[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6], [-1e6, 1e6]];
            let room = Room::new("room", &room).expect("a square is a room");
            let n = (40_000.0 / dt * 50.0) as usize;
            let places =
                Preset::Fast.settings().places(&room, false, [0.0, 0.0], n, dt, &mut TrialRng::new(1, "test", 0, 0));
            let headings: Vec<Point> =
                places.windows(2).map(|pair| direction([pair[1][0] - pair[0][0], pair[1][1] - pair[0][1]])).collect();
            let lag = (1000.0 / dt) as usize;
            let cosines = headings.iter().zip(&headings[lag..]).map(|(a, b)| a[0] * b[0] + a[1] * b[1]);
            cosines.sum::<f64>() / (headings.len() - lag) as f64
        };
        let (coarse, fine) = (persistence(50.0), persistence(10.0));
        assert!((0.1..0.9).contains(&coarse) && (coarse - fine).abs() < 0.05, "{coarse} {fine}");
    }

    #[test]
    fn who_avoids_walls_meets_them_less_often() {
        let near = |avoid_walls| {
            let places = walk(Preset::Fast.settings(), avoid_walls, 40_000, 50.0);
            places.iter().filter(|place| place.iter().any(|x| !(2.0..=98.0).contains(x))).count()
        };
        let (without, with) = (near(false), near(true));
        assert!(with < without, "{with} of {without}");
    }

    #[test]
    fn a_wall_turns_a_heading_by_hand_worked_angles() {
        let room = Room::new("room", &ROOM).expect("a square is a room");
        let walk = Preset::Fast.settings();
        // At the wall x = 100 the weight is 1: a heading 30 degrees off the wall's direction becomes parallel to the
        // wall.
        let (sin, cos) = (std::f64::consts::PI / 6.0).sin_cos();
        let turned = walk.steered([cos, sin], [100.0 - 1e-9, 50.0], &room);
        assert!(distance(turned, [0.0, 1.0]) < 1e-6, "{turned:?}");
        // Away from the wall nothing turns, and far from it neither.
        assert_eq!(walk.steered([-cos, sin], [99.0, 50.0], &room), [-cos, sin]);
        assert_eq!(walk.steered([cos, sin], [80.0, 50.0], &room), [cos, sin]);
    }

    #[test]
    fn a_walk_is_named_or_spelt_out() -> Result<(), serde_json::Error> {
        assert_eq!(serde_json::from_str::<Walk>("\"medium\"")?.settings(), Preset::Medium.settings());
        let custom = Walk::Custom(RandomWalk { speed_mean: 7.0, ..Preset::Slow.settings() });
        assert_eq!(serde_json::from_str::<Walk>(&serde_json::to_string(&custom)?)?, custom);
        assert!(serde_json::from_str::<Walk>("\"fats\"").is_err());
        Ok(())
    }
}
