//! The model zoo: pretrained networks that come with the program, and the form in which networks travel.
//!
//! ```text
//! model.safetensors     the checkpoint
//! config.json           what a list of networks shows: Description
//! README.md             the model card: what it is, how well it does, how to load it
//! performance.png       its psychometric curves, or a few trials
//! ```
//!
//! Everything but the checkpoint is made from the checkpoint, by [`pack`]. The networks that come with the program are
//! in `models/zoo/ID/`, with the recipe that made them, `run.toml`; to add one, train such a recipe, pack the run into
//! its directory and add its name to `src/zoo/embedded.rs`.
//!
//! ```
//! let checkpoint = nn4n::zoo::open("song2016-rdm-ei")?;
//! let network = checkpoint.network(&candle_core::Device::Cpu)?;
//! assert_eq!(network.units().len(), 100);
//! # Ok::<(), nn4n::Error>(())
//! ```

mod assessment;
#[cfg(feature = "plot")]
mod card;
mod description;
mod embedded;
mod open;
#[cfg(feature = "plot")]
mod pack;
#[cfg(feature = "plot")]
mod picture;

pub use assessment::{Assessment, Fraction};
pub use description::{Description, UnitCounts};
pub use embedded::{ALL, Pretrained};
pub use open::open;
#[cfg(feature = "plot")]
pub use pack::{FILES, Packed, Packing, pack};

use crate::error::{Error, Result};

/// What there is to know about every network that comes with the program.
///
/// # Errors
/// If the program was built with a damaged file.
pub fn list() -> Result<Vec<Description>> {
    ALL.iter().map(|files| Description::from_json(files.id, files.config)).collect()
}

/// The names of these networks.
pub fn ids() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|files| files.id)
}

/// The files of the network with this name.
///
/// # Errors
/// If there is none; the message names those that there are.
pub fn files(id: &str) -> Result<&'static Pretrained> {
    ALL.iter().find(|files| files.id == id).ok_or_else(|| {
        let known = ids().collect::<Vec<_>>().join(", ");
        Error::setting("id", format!("`{id}` is no network of the zoo; those that come with the program are {known}"))
    })
}
