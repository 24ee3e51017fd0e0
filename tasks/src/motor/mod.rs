//! Reaching: the hand as the output, and an arm that the network drives.
//!
//! | task | the outputs are |
//! |---|---|
//! | `centre_out` | the hand, or its velocity |
//! | `arm_reach` | torques that move an arm with two joints |
//!
//! What they share is in [`Reaching`] and in [`Reach`] (epochs, cues, the path that is asked for, and when a reach is a
//! good one). A network that drives an [`Arm`] is part of a loop, which [`Plant`] describes:
//! [`Task::plant`](crate::Task::plant).
//!
//! References: Georgopoulos AP, Kalaska JF, Caminiti R, Massey JT (1982). On the relations between the direction of
//! two-dimensional arm movements and cell discharge in primate motor cortex. Journal of Neuroscience 2: 1527-1537.
//! <https://doi.org/10.1523/JNEUROSCI.02-11-01527.1982>. Kao T-C, Sadabadi MS, Hennequin G (2021). Optimal anticipatory
//! control as a theory of motor preparation: A thalamo-cortical circuit model. Neuron 109: 1567-1581.
//! <https://doi.org/10.1016/j.neuron.2021.03.009>

mod arm_reach;
mod centre_out;
mod reach;
mod reaching;

pub use arm_reach::{ArmReach, DrivenArm};
pub use centre_out::{CentreOut, FreeHand, Kinematics};
pub use reach::Reach;
pub use reaching::{Definition, Reaching};

pub use crate::arm::{Arm, ArmState};
pub use crate::plant::{Feedback, Plant};

use crate::entry::{Entry, entry};

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<CentreOut>(), entry::<ArmReach>()];
