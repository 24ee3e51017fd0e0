//! Packing: the directory that a network travels in, made from a checkpoint.

use std::path::{Path, PathBuf};

use candle_core::Device;
use serde::Serialize;

use super::{
    Assessment, Description,
    card::{PICTURE, card},
    embedded::ALL,
    open::open_with_bytes,
    picture::Picture,
};
use crate::{
    checkpoint::Checkpoint,
    error::{Error, Result},
    files::write_atomically,
    hub::Reference,
    import::UNKNOWN_TASK,
};

/// The files of a packed network.
pub const FILES: [&str; 4] = ["model.safetensors", "config.json", "README.md", PICTURE];

/// How a network is to be packed.
#[derive(Clone, Debug)]
pub struct Packing {
    /// Its name, which becomes the title of the card.
    pub id: String,
    /// The repository that it will be published in, `OWNER/NAME`, for the examples on the card; `None` while it has
    /// none.
    pub repository: Option<String>,
    /// Its licence, as the hub names it, such as `mit` or `cc-by-4.0`. `None` is `mit`, but for an imported network,
    /// whose licence is not known here.
    pub license: Option<String>,
    /// Whether files that are there may be replaced.
    pub overwrite: bool,
}

/// What was written.
#[derive(Clone, Debug, Serialize)]
pub struct Packed {
    /// The directory.
    pub directory: PathBuf,
    /// The names of its files.
    pub files: Vec<String>,
    /// What `config.json` says.
    pub description: Description,
}

impl Packing {
    fn validate(&self) -> Result<()> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_name = |name: &str| !name.is_empty() && name.len() <= 96 && name.chars().all(allowed);
        if !is_name(&self.id) {
            return Err(Error::setting(
                "id",
                format!("`{}` is no name; use letters, digits, `-`, `_` and `.`, at most 96", self.id),
            ));
        }
        if let Some(license) = self.license.as_ref().filter(|license| !is_name(license)) {
            return Err(Error::setting(
                "license",
                format!("`{license}` is no licence as the hub names them, such as mit or cc-by-4.0"),
            ));
        }
        match &self.repository {
            Some(name) if format!("hf:{name}").parse::<Reference>().is_ok_and(|named| named.repository() == name) => {
                Ok(())
            }
            Some(name) => Err(Error::setting("repository", format!("`{name}` is not OWNER/NAME as the hub allows it"))),
            None => Ok(()),
        }
    }

    fn license(&self, checkpoint: &Checkpoint) -> Result<&str> {
        match &self.license {
            Some(license) => Ok(license),
            None if checkpoint.header.provenance.imported.is_some() => Err(Error::setting(
                "license",
                "is not given, and the network was imported; say with --license under which licence it may be \
                published",
            )),
            None => Ok("mit"),
        }
    }

    /// How the network is named in the examples.
    fn reference(&self, model: &[u8]) -> String {
        match &self.repository {
            None if ALL.iter().any(|files| files.id == self.id && files.model == model) => self.id.clone(),
            None => format!("hf:OWNER/{}", self.id),
            Some(repository) => format!("hf:{repository}"),
        }
    }
}

/// Evaluates the checkpoint that `source` names, and writes into `directory` what a repository of the hub holds: the
/// checkpoint as it is, `config.json`, the model card and its picture.
///
/// # Errors
/// If the checkpoint's task is not one of this program, or a file is there already.
pub fn pack(source: &Path, directory: &Path, packing: &Packing) -> Result<Packed> {
    packing.validate()?;
    if let Some(name) = FILES.iter().find(|name| !packing.overwrite && directory.join(name).exists()) {
        return Err(Error::file(
            directory.join(name),
            "exists; use --force to replace it, or choose another directory",
        ));
    }
    refuse_others(directory)?;
    let (checkpoint, bytes) = open_with_bytes(source)?;
    if checkpoint.header.provenance.imported.is_some() && checkpoint.header.task.id == UNKNOWN_TASK {
        return Err(Error::setting(
            "task",
            "is not known, and a card says how well it is done; import the network again with --task ID",
        ));
    }
    let license = packing.license(&checkpoint)?;
    let (task, network) = (checkpoint.task()?, checkpoint.network(&Device::Cpu)?.frozen());
    let (assessment, conditions) = Assessment::of(&network, task.as_ref())?;
    let description = Description::of(&packing.id, &checkpoint, bytes.len() as u64, assessment, license)?;
    let picture = Picture::of(&network, task.as_ref())?;
    let text = card(&checkpoint, task.as_ref(), &description, &conditions, &picture, &packing.reference(&bytes));
    let json = serde_json::to_string_pretty(&description).map_err(|error| Error::file(directory, error))?;

    picture.save(&directory.join(PICTURE))?;
    write_atomically(&directory.join("config.json"), format!("{json}\n").as_bytes())?;
    write_atomically(&directory.join("README.md"), text.as_bytes())?;
    write_atomically(&directory.join("model.safetensors"), &bytes)?;
    Ok(Packed { directory: directory.into(), files: FILES.map(String::from).into(), description })
}

/// What else is in the directory would be published, too; only a recipe may.
fn refuse_others(directory: &Path) -> Result<()> {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if !FILES.iter().chain(&["run.toml"]).any(|known| name == *known) {
            let message = format!(
                "holds `{}`, which would be published with the network; choose an empty directory",
                name.display()
            );
            return Err(Error::file(directory, message));
        }
    }
    Ok(())
}
