//! Delayed estimation: give back the orientation, or both orientations, that were seen before the delay.
//!
//! ```text
//! delayed_estimation_1     one location, which shows s_1;  outputs and targets: s_1
//! delayed_estimation_2     two locations, which show s_1 and s_2;  outputs and targets: s_1 and s_2
//! response                 all channels fire spontaneously
//! ```
//!
//! The tests present eight orientations, evenly spaced, or all pairs of them.
//!
//! Differences from the source: where the delay of `delayed_estimation_1` varies, the code also lets the channels fire
//! Poisson( spontaneous_spikes / 100 ) times in each step of the response.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::{DelayedEstimation1, DelayedEstimation2}};
//! let mut rng = TrialRng::new(0, "doc", 0, 0);
//! let one = Condition::new().with("orientation_1", 0.5);
//! let trial = DelayedEstimation1::default().trial(Split::Train, Some(&one), &mut rng)?;
//! assert_eq!((trial.inputs.dim(), trial.targets.row(125).to_vec()), ((150, 50), vec![0.5]));
//! assert_eq!((trial.loss_mask.row(124)[0], trial.loss_mask.row(125)[0]), (0.0, 1.0));
//!
//! let trial = DelayedEstimation2::default().trial(Split::Train, Some(&one.with("orientation_2", 2.0)), &mut rng)?;
//! assert_eq!((trial.inputs.dim(), trial.targets.row(125).to_vec()), ((150, 100), vec![0.5, 2.0]));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::estimation::{evenly, orientation};
use super::{Answer, Definition, ESTIMATION, Estimation, Plan, Response, ShortTermMemory, Tuning};
use crate::{About, Channel, Condition, TaskError, TrialRng};

/// Delayed estimation of one orientation.
pub type DelayedEstimation1 = ShortTermMemory<Recall<1>>;
/// Delayed estimation of two orientations.
pub type DelayedEstimation2 = ShortTermMemory<Recall<2>>;

/// The variable of each orientation.
const NAMES: [&str; 2] = ["orientation_1", "orientation_2"];

/// Orientations at so many locations, all of which are to be given back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recall<const LOCATIONS: usize>(pub Estimation);

impl<const LOCATIONS: usize> Definition for Recall<LOCATIONS> {
    const ABOUT: About<'static> = {
        let (id, summary) = match LOCATIONS {
            1 => (
                "orhan2019/delayed_estimation_1",
                "Delayed estimation of one orientation: give back the orientation that was seen before the delay",
            ),
            2 => (
                "orhan2019/delayed_estimation_2",
                "Delayed estimation of two orientations: give back both orientations that were seen before the delay",
            ),
            _ => panic!("the source shows one or two orientations"),
        };
        About { id, version: 3, summary, header: include_str!("recall.rs"), ..ESTIMATION }
    };
    const VARIABLES: &'static [&'static str] = NAMES.split_at(LOCATIONS).0;
    const LOCATIONS: usize = LOCATIONS;

    fn validate(&self) -> Result<(), TaskError> {
        self.0.validate()
    }

    fn tuning(&self) -> Tuning {
        self.0.tuning()
    }

    fn outputs(&self) -> Vec<Channel> {
        self.0.outputs(Self::VARIABLES)
    }

    fn answer(&self) -> Answer<'_> {
        Answer::Orientations(&self.0, LOCATIONS as i32)
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn grid(&self) -> Vec<Condition> {
        Self::VARIABLES.iter().fold(vec![Condition::new()], |before, &name| {
            let each = |condition: Condition| evenly(8).map(move |s| condition.clone().with(name, s));
            before.into_iter().flat_map(each).collect()
        })
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let draw = |name: &&str| orientation(name, condition, rng);
        let shown = Self::VARIABLES.iter().map(draw).collect::<Result<Vec<_>, _>>()?;
        let named = Self::VARIABLES.iter().zip(&shown);
        let condition = named.fold(Condition::new(), |condition, (&name, &s)| condition.with(name, s));
        let targets = self.0.targets(&shown);
        Ok(Plan { condition, shown, response: Response::Rest, targets, correct: None })
    }
}
