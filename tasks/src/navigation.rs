//! Rooms to walk in: polygons, their walls, and steps that do not leave them.
//!
//! ```text
//! inside      a ray to the right crosses the walls an odd number of times
//! step        p -> p + s if that is inside and no wall lies between; else as far in a random direction, tried anew
//!             until the way is free
//! ```

use std::f64::consts::TAU;

use crate::{TaskError, TrialRng};

/// A place, or a displacement.
pub(crate) type Point = [f64; 2];

/// The directions that are tried before a walker who cannot move stays where it is.
const TRIES: usize = 1000;
/// The least part of its bounding box that a room fills, so that a random place in it is found soon.
const LEAST_FILLING: f64 = 0.01;

/// A room with straight walls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room<'a> {
    corners: &'a [Point],
}

impl<'a> Room<'a> {
    /// The room with these corners, in order around it, which the parameter `field` holds.
    pub fn new(field: &str, corners: &'a [Point]) -> Result<Self, TaskError> {
        let refuse =
            |rule: &'static str, remedy: &str| Err(TaskError::parameter(field, format!("{corners:?}"), rule, remedy));
        if corners.iter().flatten().any(|x| !x.is_finite()) {
            return refuse("must have finite corners", "give ordinary numbers");
        }
        if corners.len() < 3 {
            return refuse("must have at least three corners", "give the corners of a polygon, [x, y] each, in order");
        }
        let room = Self { corners };
        if room.crosses_itself() {
            return refuse("must not cross or touch itself", "give the corners in order around the room, each once");
        }
        let (low, high) = room.bounds();
        let filling = room.area() / ((high[0] - low[0]) * (high[1] - low[1]));
        // A room on a line has a bounding box without area.
        if filling.is_nan() || filling < LEAST_FILLING {
            return refuse("must fill at least a hundredth of its bounding box", "give a wider room, or turn it");
        }
        Ok(room)
    }

    /// The walls, each from one corner to the next.
    fn walls(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        self.corners.iter().copied().zip(self.corners.iter().copied().cycle().skip(1))
    }

    fn crosses_itself(&self) -> bool {
        let walls: Vec<_> = self.walls().collect();
        let n = walls.len();
        let touching = |i: usize, j: usize| j == i + 1 || (i == 0 && j + 1 == n);
        walls.iter().any(|(a, b)| a == b)
            || (0..n)
                .any(|i| (i + 1..n).any(|j| !touching(i, j) && meet(walls[i].0, walls[i].1, walls[j].0, walls[j].1)))
    }

    /// The corners of the bounding box: (least, greatest).
    pub fn bounds(&self) -> (Point, Point) {
        let extreme = |start: f64, pick: fn(f64, f64) -> f64| {
            [0, 1].map(|axis| self.corners.iter().map(|p| p[axis]).fold(start, pick))
        };
        (extreme(f64::INFINITY, f64::min), extreme(f64::NEG_INFINITY, f64::max))
    }

    /// The area.
    pub fn area(&self) -> f64 {
        (self.walls().map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<f64>() / 2.0).abs()
    }

    /// Whether a place is inside.
    pub fn contains(&self, p: Point) -> bool {
        let crossed = self.walls().filter(|(a, b)| {
            (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
        });
        crossed.count() % 2 == 1
    }

    /// A place inside, each equally likely.
    pub fn random_place(&self, rng: &mut TrialRng) -> Point {
        let (low, high) = self.bounds();
        loop {
            let place = [rng.between(low[0], high[0]), rng.between(low[1], high[1])];
            if self.contains(place) {
                return place;
            }
        }
    }

    /// Where a step from a place inside leads, and the direction in which the walker was thrown back from a wall, if it
    /// was.
    pub fn step(&self, from: Point, step: Point, length: f64, rng: &mut TrialRng) -> (Point, Option<Point>) {
        let to = [from[0] + step[0], from[1] + step[1]];
        if self.is_open(from, to) {
            return (to, None);
        }
        let mut direction = [0.0, 0.0];
        for _ in 0..TRIES {
            direction = random_direction(rng);
            let to = [from[0] + length * direction[0], from[1] + length * direction[1]];
            if self.is_open(from, to) {
                return (to, Some(direction));
            }
        }
        (from, Some(direction))
    }

    fn is_open(&self, from: Point, to: Point) -> bool {
        self.contains(to) && !self.walls().any(|(a, b)| meet(from, to, a, b))
    }

    /// The distance of the nearest wall, and the direction towards it.
    pub fn nearest_wall(&self, p: Point) -> (f64, Point) {
        let mut nearest = (f64::INFINITY, [0.0, 0.0]);
        for (a, b) in self.walls() {
            let wall = [b[0] - a[0], b[1] - a[1]];
            let along = ((p[0] - a[0]) * wall[0] + (p[1] - a[1]) * wall[1]) / (wall[0] * wall[0] + wall[1] * wall[1]);
            let along = along.clamp(0.0, 1.0);
            let towards = [a[0] + along * wall[0] - p[0], a[1] + along * wall[1] - p[1]];
            let distance = towards[0].hypot(towards[1]);
            if distance < nearest.0 {
                nearest = (distance, towards);
            }
        }
        let (distance, [x, y]) = nearest;
        (distance, if distance > 0.0 { [x / distance, y / distance] } else { [0.0, 0.0] })
    }
}

/// A unit vector, each direction equally likely.
pub(crate) fn random_direction(rng: &mut TrialRng) -> Point {
    let (sin, cos) = (TAU * rng.uniform()).sin_cos();
    [cos, sin]
}

/// Whether the segments from `a` to `b` and from `c` to `d` have a point in common.
fn meet(a: Point, b: Point, c: Point, d: Point) -> bool {
    let side = |p: Point, q: Point, r: Point| (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
    side(c, d, a) * side(c, d, b) <= 0.0 && side(a, b, c) * side(a, b, d) <= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [Point; 4] = [[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 2.0]];
    /// Two arms that meet at the origin's corner.
    const ELL: [Point; 6] = [[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [1.0, 1.0], [1.0, 4.0], [0.0, 4.0]];

    #[test]
    fn area_bounds_and_inside_are_those_worked_by_hand() -> Result<(), TaskError> {
        let room = Room::new("room", &ELL)?;
        assert_eq!(room.area(), 7.0);
        assert_eq!(room.bounds(), ([0.0, 0.0], [4.0, 4.0]));
        assert!(
            room.contains([3.5, 0.5])
                && room.contains([0.5, 3.5])
                && !room.contains([2.0, 2.0])
                && !room.contains([-0.1, 0.5])
        );
        Ok(())
    }

    #[test]
    fn the_nearest_wall_is_found_with_its_direction() -> Result<(), TaskError> {
        let room = Room::new("room", &SQUARE)?;
        assert_eq!(room.nearest_wall([1.0, 1.5]), (0.5, [0.0, 1.0]));
        assert_eq!(room.nearest_wall([3.75, 1.0]), (0.25, [1.0, 0.0]));
        Ok(())
    }

    #[test]
    fn no_step_leads_through_a_wall_even_if_it_ends_inside() -> Result<(), TaskError> {
        let room = Room::new("room", &ELL)?;
        assert!(room.contains([0.5, 3.0]) && room.contains([3.0, 0.5]));
        assert!(!room.is_open([0.5, 3.0], [3.0, 0.5]));
        let mut rng = TrialRng::new(0, "test", 0, 0);
        for _ in 0..200 {
            let (to, thrown) = room.step([0.5, 3.0], [2.5, -2.5], 0.4, &mut rng);
            let direction = thrown.expect("the way is closed");
            assert!(room.contains(to) && (direction[0].hypot(direction[1]) - 1.0).abs() < 1e-12);
            assert!(((to[0] - 0.5).hypot(to[1] - 3.0) - 0.4).abs() < 1e-12);
        }
        Ok(())
    }

    #[test]
    fn who_cannot_move_stays() -> Result<(), TaskError> {
        let room = Room::new("room", &SQUARE)?;
        let (to, thrown) = room.step([1.0, 1.0], [9.0, 0.0], 9.0, &mut TrialRng::new(0, "test", 0, 0));
        assert_eq!((to, thrown.is_some()), ([1.0, 1.0], true));
        Ok(())
    }

    #[test]
    fn random_places_fill_the_room_evenly() -> Result<(), TaskError> {
        let room = Room::new("room", &ELL)?;
        let mut rng = TrialRng::new(0, "test", 0, 0);
        let corner = (0..7000).filter(|_| room.random_place(&mut rng).iter().all(|&x| x < 1.0)).count();
        assert!((900..1100).contains(&corner), "a seventh of the room has {corner} of 7000");
        Ok(())
    }

    #[test]
    fn what_is_no_room_is_refused() {
        let bow_tie = [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]];
        let line = [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]];
        let sliver = [[0.0, 0.0], [100.0, 100.0], [100.0, 100.1]];
        let twice = [[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 1.0]];
        let endless = [[0.0, 0.0], [f64::INFINITY, 0.0], [1.0, 1.0]];
        for corners in [&bow_tie[..], &line, &sliver, &twice, &endless, &bow_tie[..2], &[]] {
            let message = Room::new("room", corners).map(drop).expect_err("no room").to_string();
            assert!(message.contains("`room`"), "{message}");
        }
    }
}
