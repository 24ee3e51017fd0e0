//! Sensory autoencoding of Time Makes Space: predict what is sensed next on a walk through a room, from what is sensed
//! now or not at all.
//!
//! ```text
//! epochs    walk 950 ms, that is 19 steps between 20 places p_0, p_1, ..., p_19
//! signals   u_i(k) = r_i(p_k) b(k)        r_i: response of weakly spatially modulated cell i
//!                                         b(k) = 0 with probability 1/2, else 1
//! targets   r_i(p_(k+1))                  what is sensed at the next place, masked or not; all steps graded
//! cells     r_i = m (g_i - min g_i) / mean(g_i - min g_i)
//!           g_i: white noise on the pixels behind a Gaussian filter of width sigma
//! walk      place += (v h + d) dt, h = direction of v h + d;  at a wall v dt in a random direction h instead, until
//!           the way is free
//!           v log-normal, 20 +- 5 cm/s, drawn anew with probability 0.1 a step
//!           d of size 0.1 v, with probability 0.3 a step in a new direction
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | room | `room` | cm | the square of 100 x 100; any polygon |
//! | i = 1 .. n | `n_cells` | | 200 |
//! | sigma, m | `sigma`, `mean_rate` | cm, | 12, 4 |
//! | pixels | `room_seed`, `pixel`, `margin` | , cm, cm | any, 1, 5 around the room |
//! | v, d | `walk`, `avoid_walls` | | fast, no; also slow, medium, and turning before walls |
//! | P(b = 0) | `p_masked` | | 0.5 |
//! | b | `masking` | | step: all cells of a step together; cell: each by itself |
//! | | `shuffled` | | no; yes: the places of a trial in random order, so that nothing is continuous in time |
//!
//! The responses are a function of the room's parameters and made once for each task. A room with another `room_seed`
//! has unrelated responses: train on several in turn to study remapping. Where the animal was is what
//! [`Task::trajectory`] says of the trial made from the same random numbers, e.g. for rate maps. A trial is
//! correct if its root mean square error is at most `rms_error` (1, a choice of this library: the source has no rule).
//!
//! Reference: Wang Z, Di Tullio RW, Rooke S, Balasubramanian V (2024), <https://doi.org/10.48550/arXiv.2408.05798>.
//!
//! Differences from the source: it cuts walks of 2048 s into pieces of 1 s, where here every trial is a walk of its
//! own, which starts anywhere in the room with equal probability; a place belongs to the pixel it lies in, where the
//! source rounds it to the nearest; walls are straight lines, where the source has pixels. Its walks came from a
//! simulator that was released later, with the same settings. Its text gives responses with maximum 10, its code with
//! mean 4.
//!
//! ```
//! use nn4n_tasks::{Split, Task, TrialRng, wang2024::PlaceCells};
//! let room = vec![[0.0, 0.0], [40.0, 0.0], [20.0, 30.0]];
//! let task = PlaceCells { room, n_cells: 8, p_masked: 0.0, ..PlaceCells::default() };
//! let key = TrialRng::new(7, "test", 0, 3); // trial 3 of update 0 of `batch(&task, Split::Test, 7, 0, size)`
//! let trial = task.trial(Split::Test, None, &mut key.clone())?;
//! let places = task.trajectory(Split::Test, None, &mut key.clone())?.unwrap_or_default();
//! assert_eq!((trial.inputs.dim(), trial.targets.dim(), places.dim()), ((19, 8), (19, 8), (20, 2)));
//! assert_eq!(trial.inputs.row(1), trial.targets.row(0)); // unmasked, the next input is the target
//! assert_eq!(trial.condition.number("x"), Some(places[[0, 0]]));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use rand::{RngCore, seq::SliceRandom};
use serde::{Deserialize, Serialize};

use super::sensory_map::MapSettings;
use super::{MapCache, Preset, Walk};
use crate::error::rules;
use crate::navigation::{Point, Room};
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView,
};
use crate::{parameters_of, rms_error};

/// What is masked together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Masking {
    /// All cells of a step.
    #[default]
    Step,
    /// Each cell by itself.
    Cell,
}

/// Sensory autoencoding on a walk through a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlaceCells {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The length of a trial, ms.
    pub duration: f64,
    /// The corners of the room, (x, y) in cm, in order around it.
    pub room: Vec<[f64; 2]>,
    /// Tells rooms of the same shape apart.
    pub room_seed: u64,
    /// The number of weakly spatially modulated cells.
    pub n_cells: usize,
    /// The standard deviation of the filter that smooths their responses, cm.
    pub sigma: f64,
    /// Their mean response.
    pub mean_rate: f64,
    /// The size of a pixel, cm.
    pub pixel: f64,
    /// What is added around the room before the noise is smoothed, cm.
    pub margin: f64,
    /// How the animal walks.
    pub walk: Walk,
    /// Whether it turns before it meets a wall.
    pub avoid_walls: bool,
    /// The probability that an input is masked.
    pub p_masked: f64,
    /// What is masked together.
    pub masking: Masking,
    /// Whether the places of a trial come in random order.
    pub shuffled: bool,
    /// The root mean square error at which a trial is correct, in units of the responses.
    pub rms_error: f64,
    /// The responses in the room, once they have been made. Not a parameter.
    #[serde(skip)]
    pub maps: MapCache,
}

impl Default for PlaceCells {
    fn default() -> Self {
        Self {
            dt: 50.0,
            rounding: Rounding::Exact,
            duration: 950.0,
            room: vec![[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]],
            room_seed: 0,
            n_cells: 200,
            sigma: 12.0,
            mean_rate: 4.0,
            pixel: 1.0,
            margin: 5.0,
            walk: Walk::Preset(Preset::Fast),
            avoid_walls: false,
            p_masked: 0.5,
            masking: Masking::Step,
            shuffled: false,
            rms_error: 1.0,
            maps: MapCache::default(),
        }
    }
}

impl PlaceCells {
    /// What the cells respond at a place (x, y) in cm, one number for each; an error if it lies outside the room.
    pub fn sensed(&self, place: [f64; 2]) -> Result<Vec<f32>, TaskError> {
        if !Room::new("room", &self.room)?.contains(place) {
            return Err(TaskError::parameter(
                "place",
                format!("{place:?}"),
                "lies outside the room",
                "give a place inside",
            ));
        }
        Ok(self.maps.get(&self.map_settings())?.at(place).to_vec())
    }

    fn clock(&self) -> Clock {
        Clock::new(self.dt).fixed(self.rounding)
    }

    fn map_settings(&self) -> MapSettings {
        MapSettings {
            corners: self.room.clone(),
            room_seed: self.room_seed,
            n_cells: self.n_cells,
            sigma: self.sigma,
            mean_rate: self.mean_rate,
            pixel: self.pixel,
            margin: self.margin,
        }
    }

    fn places(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Vec<Point>, TaskError> {
        let room = Room::new("room", &self.room)?;
        let start = start(&room, condition, rng)?;
        let n_steps = self.clock().at_least_one_step("duration", self.duration)?;
        let mut places = self.walk.settings().places(&room, self.avoid_walls, start, n_steps + 1, self.dt, rng);
        if self.shuffled {
            places.shuffle(rng);
        }
        Ok(places)
    }

    /// Sets to 0 what is masked. `inputs` is (n_steps, cells).
    fn mask(&self, inputs: &mut Array2<f32>, rng: &mut TrialRng) {
        if self.p_masked == 0.0 {
            return;
        }
        // A word of 32 random bits is below the limit with probability `p_masked`.
        let limit = (self.p_masked * 4_294_967_296.0) as u64;
        let mut is_masked = || u64::from(rng.next_u32()) < limit;
        match self.masking {
            Masking::Step => inputs.axis_iter_mut(Axis(0)).filter(|_| is_masked()).for_each(|mut step| step.fill(0.0)),
            Masking::Cell => inputs.iter_mut().filter(|_| is_masked()).for_each(|input| *input = 0.0),
        }
    }
}

impl Described for PlaceCells {
    const ABOUT: About<'static> = About {
        id: "wang2024/place_cells",
        summary: "Sensory autoencoding: predict what is sensed next on a walk through a room, from what is sensed now \
            or not at all",
        citation: Citation {
            authors: "Wang Z, Di Tullio RW, Rooke S, Balasubramanian V",
            year: 2024,
            title: "Time makes space: emergence of place fields in networks encoding temporally continuous sensory \
                experiences",
            doi: "10.48550/arXiv.2408.05798",
        },
        header: include_str!("place_cells.rs"),
        shared: &[include_str!("sensory_map.rs"), include_str!("random_walk.rs")],
        ..About::NEW
    };
}

impl Task for PlaceCells {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.clock().at_least_one_step("duration", self.duration)?;
        if self.n_cells == 0 {
            return Err(TaskError::parameter("n_cells", 0, "must be at least 1", "the published task has 200"));
        }
        rules::positive("sigma", self.sigma)?;
        rules::positive("mean_rate", self.mean_rate)?;
        rules::positive("pixel", self.pixel)?;
        rules::not_negative("margin", self.margin)?;
        self.map_settings().validate(&Room::new("room", &self.room)?)?;
        self.walk.settings().validate()?;
        rules::probability("p_masked", self.p_masked)?;
        rules::positive("rms_error", self.rms_error)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("cell", self.n_cells)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::numbered("cell", self.n_cells)
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let places = self.places(condition, rng)?;
        let maps = self.maps.get(&self.map_settings())?;
        let n_steps = places.len() - 1;
        let mut timeline = self.clock().timeline()?;
        timeline.push_steps("walk", n_steps)?;
        let mut sensed = Array2::zeros((n_steps + 1, self.n_cells));
        sensed
            .outer_iter_mut()
            .zip(&places)
            .for_each(|(mut step, &place)| step.assign(&ArrayView1::from(maps.at(place))));
        let (mut inputs, targets) = (sensed.slice(s![..n_steps, ..]).to_owned(), sensed.slice(s![1.., ..]).to_owned());
        self.mask(&mut inputs, rng);
        let loss_mask = Array2::ones((n_steps, self.n_cells));
        let condition = Condition::new().with("x", places[0][0]).with("y", places[0][1]);
        Ok(Trial { inputs, targets, loss_mask, condition, epochs: timeline.into_epochs(), correct: None })
    }

    /// The places (x, y) in cm: what is sensed at the first is the first input, at the second the first target.
    fn trajectory(
        &self,
        _: Split,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<Option<Array2<f64>>, TaskError> {
        let places = self.places(condition, rng)?;
        Ok(Some(Array2::from_shape_fn((places.len(), 2), |(step, axis)| places[step][axis])))
    }

    fn sigma_rec(&self) -> Option<f64> {
        // The networks of the source have none.
        Some(0.0)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let error = rms_error(trial, outputs);
        Score { correct: error.map(|error| error <= self.rms_error), error, ..Score::default() }
    }
}

/// Where a walk starts.
fn start(room: &Room<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Point, TaskError> {
    let Some(condition) = condition else { return Ok(room.random_place(rng)) };
    condition.allow(&["x", "y"])?;
    match (condition.finite_number("x")?, condition.finite_number("y")?) {
        (None, None) => Ok(room.random_place(rng)),
        (Some(x), Some(y)) if room.contains([x, y]) => Ok([x, y]),
        (Some(x), Some(y)) => Err(TaskError::condition(
            "x, y",
            format!("{x}, {y}"),
            "lies outside the room",
            "give a place inside the polygon `room`",
        )),
        (Some(x), None) => Err(TaskError::condition("x", x, "is only half of a place", "give `y` too")),
        (None, Some(y)) => Err(TaskError::condition("y", y, "is only half of a place", "give `x` too")),
    }
}
