//! Checkpoints from the Hugging Face hub, or from any server that speaks its protocol.
//!
//! ```text
//! hf:owner/repo[@revision][/file]     revision: a branch, a tag or a commit [main]; file [model.safetensors]
//!
//! HF_ENDPOINT      the server [https://huggingface.co]
//! HF_TOKEN         who asks, for private repositories; else the file HF_TOKEN_PATH [HF_HOME/token] that `hf auth
//!                  login` writes
//! HF_HOME          where the hub's programs keep their files [XDG_CACHE_HOME/huggingface or ~/.cache/huggingface]
//! HF_HUB_CACHE     where downloads are kept [HF_HOME/hub]
//! HF_HUB_OFFLINE   1: nothing is asked of the server, only the cache is read
//! HF_HUB_ETAG_TIMEOUT, HF_HUB_DOWNLOAD_TIMEOUT
//!                  seconds to wait for an answer, and for the next byte of a content [30]
//! ```
//!
//! The cache is that of Python's `huggingface_hub`: what one has downloaded the other finds. A branch or tag is asked
//! for each time, as it may have moved; a commit that is in the cache is not. If the server cannot be reached, the copy
//! in the cache is taken, and standard error says so.
//!
//! A file counts as downloaded once its SHA-256 is the one that the server states (for small files outside the
//! large-file storage: the hash that git gives it). An interrupted download is kept beside the finished ones and goes
//! on where it ended. A server that cannot answer now is asked again after the time that it names, up to a minute; what
//! is waited for is said after 5 s.

mod cache;
mod checksum;
mod disk;
mod download;
mod environment;
mod patience;
mod reference;
mod retry;
mod server;

use std::path::{Path, PathBuf};

pub use environment::Hub;
pub use patience::Patience;
pub use reference::Reference;

use crate::{
    error::{Error, Result},
    progress::note,
};
use cache::Repository;
use server::{Failure, Outage, Server};

/// Files of a repository, all of one commit, in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit.
    pub commit: String,
    /// The folder that holds the files.
    pub directory: PathBuf,
    /// Their names in the repository and, separated by `/`, below the folder.
    pub files: Vec<String>,
}

/// [`Hub::fetch`] with the settings of the environment.
///
/// # Errors
/// If there is no such file, it cannot be had, or it is not what the server says it is.
pub fn fetch(reference: &Reference) -> Result<PathBuf> {
    Hub::from_env()?.fetch(reference)
}

/// [`Hub::fetch_files`] with the settings of the environment.
///
/// # Errors
/// As [`fetch`].
pub fn fetch_files(reference: &Reference, wanted: impl Fn(&str) -> bool) -> Result<Snapshot> {
    Hub::from_env()?.fetch_files(reference, wanted)
}

/// The same checkpoint for ever: a reference to the hub is fetched and names its commit from then on, and a path stays
/// as it is.
///
/// # Errors
/// As [`fetch`].
pub fn pinned(checkpoint: &Path) -> Result<PathBuf> {
    let Some(reference) = Reference::from_path(checkpoint)? else { return Ok(checkpoint.to_path_buf()) };
    Ok(Hub::from_env()?.pin(&reference)?.to_string().into())
}

impl Hub {
    /// The file that `reference` names, from the cache or downloaded into it.
    ///
    /// # Errors
    /// As [`fetch`](fn@fetch).
    pub fn fetch(&self, reference: &Reference) -> Result<PathBuf> {
        self.obtain(reference).map(|(path, _)| path)
    }

    /// Fetches the file and names the commit that it is of.
    ///
    /// # Errors
    /// As [`fetch`](fn@fetch).
    pub fn pin(&self, reference: &Reference) -> Result<Reference> {
        self.obtain(reference).map(|(_, commit)| reference.at(&commit))
    }

    /// The wanted files of the reference's repository, all of one commit: offline, those that are in the cache.
    ///
    /// # Errors
    /// As [`fetch`](fn@fetch).
    pub fn fetch_files(&self, reference: &Reference, wanted: impl Fn(&str) -> bool) -> Result<Snapshot> {
        let repository = Repository::of(&self.cache, reference);
        let revision = reference.revision();
        let (commit, names) = match Server::of(self).list(reference) {
            Ok(listing) => listing,
            Err(Failure::Unreachable(outage)) if self.offline => {
                let commit = repository.commit(revision).ok_or_else(|| self.nothing_cached(reference, &outage))?;
                let names = repository.files(&commit);
                (commit, names)
            }
            // Without the list nobody knows whether the cache has all files.
            Err(Failure::Unreachable(Outage { why, remedy })) => {
                let message = format!(
                    "{why}, so that its files are not known; {remedy}, or set HF_HUB_OFFLINE=1 to take \
                    those of the cache"
                );
                return Err(Error::hub(reference, message));
            }
            Err(Failure::Refused(error)) => return Err(error),
        };
        let mut files = Vec::new();
        for name in names.into_iter().filter(|name| wanted(name)) {
            self.fetch(&reference.at(&commit).file_named(&name)?)?;
            files.push(name);
        }
        if !reference::is_commit(revision) {
            repository.remember(revision, &commit)?;
        }
        Ok(Snapshot { directory: repository.snapshot(&commit), commit, files })
    }

    fn obtain(&self, reference: &Reference) -> Result<(PathBuf, String)> {
        let repository = Repository::of(&self.cache, reference);
        let (revision, file) = (reference.revision(), reference.file());
        if let (true, Some(path)) = (reference::is_commit(revision), repository.whole(revision, file)) {
            return Ok((path, revision.into()));
        }
        match Server::of(self).stated(reference) {
            Ok(stated) => Ok((download::obtain(self, reference, &repository, &stated)?, stated.commit)),
            Err(Failure::Unreachable(outage)) => {
                let commit = repository.commit(revision).ok_or_else(|| self.nothing_cached(reference, &outage))?;
                match repository.whole(&commit, file) {
                    Some(path) => {
                        self.say_cached(reference, &outage.why, &commit);
                        Ok((path, commit))
                    }
                    None => Err(self.nothing_cached(reference, &outage)),
                }
            }
            Err(Failure::Refused(error)) => Err(error),
        }
    }

    fn say_cached(&self, reference: &Reference, why: &str, commit: &str) {
        if !self.offline && !reference::is_commit(reference.revision()) {
            note(&format!("{reference}: {why}; the copy in the cache is used, of commit {commit}"));
        }
    }

    fn nothing_cached(&self, reference: &Reference, Outage { why, remedy }: &Outage) -> Error {
        Error::hub(reference, format!("{why}, and {} holds no whole copy; {remedy}", self.cache.display()))
    }
}
