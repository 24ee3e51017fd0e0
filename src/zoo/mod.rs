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
#[cfg(feature = "png")]
mod card;
mod description;
mod embedded;
mod open;
#[cfg(feature = "png")]
mod pack;
#[cfg(feature = "png")]
mod picture;

pub use assessment::{Assessment, Fraction};
#[cfg(feature = "cli")]
pub(crate) use card::channels;
pub use description::{Description, UnitCounts};
pub use embedded::{ALL, Pretrained};
pub use open::open;
#[cfg(feature = "png")]
pub use pack::{FILES, Packed, Packing, pack};

use strsim::levenshtein;

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
        let meant = meant(id).map_or_else(String::new, |meant| format!("did you mean `{meant}`? "));
        let message = format!("`{id}` is no network of the zoo; {meant}Those that come with the program are {known}");
        Error::setting("id", message)
    })
}

/// The network that is probably meant by a name that is none.
fn meant(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace(['_', '/', ' '], "-");
    // Longer names are no typing errors, and their distance would take long.
    if name.is_empty() || name.len() > 100 {
        return None;
    }
    let far = |id: &str| if name.len() >= 3 && id.contains(&name) { 1 } else { levenshtein(&name, id) };
    let nearest = ids().map(|id| (far(id), id)).min();
    nearest.filter(|(far, _)| *far <= name.len().div_ceil(4).min(4)).map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_one_leads_to_it() {
        for name in ["song2016-rdm", "song2016_rdm_ei", "Song2016-rdm-ei", "song2016/rdm-ie"] {
            assert!(meant(name).is_some_and(|id| id.starts_with("song2016-rdm")), "{name}: {:?}", meant(name));
        }
        assert_eq!(meant("kleinman-checkerboard"), Some("kleinman2021-checkerboard"));
        for name in ["", "runs/mine", "model.safetensors", "x", &"song2016-rdm-ei".repeat(20)] {
            assert_eq!(meant(name), None);
        }
        let message = files("song2016-rdm-e").unwrap_err().to_string();
        assert!(message.contains("did you mean `song2016-rdm-ei`? Those"), "{message}");
    }
}
