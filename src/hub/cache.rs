//! The folder that a repository has in the cache, in the layout that the hub's programs share.
//!
//! ```text
//! models--OWNER--REPO/blobs/CHECKSUM                      contents
//!                     blobs/CHECKSUM.nn4n.incomplete      an interrupted download
//!                     snapshots/COMMIT/FILE               a link to its content
//!                     refs/REVISION                       the commit that a branch or tag was at
//! .locks/models--OWNER--REPO/CHECKSUM.lock                held while a content is downloaded
//! ```

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

#[cfg(unix)]
use std::os::unix::fs::symlink;
#[cfg(windows)]
use std::os::windows::fs::symlink_file as symlink;

use hf_hub::{Repo, RepoType};

use super::{
    checksum::Checksum,
    disk::open_in_place,
    patience::{Patience, Watch},
    reference::{Reference, is_commit},
};
use crate::{
    error::{Error, Result},
    files::{read_bounded, write_atomically},
};

/// More bytes than the file of a branch has.
const LONGEST_COMMIT: u64 = 1024;
/// Between two looks at a lock.
const LOOK: Duration = Duration::from_millis(100);

/// One repository's part of the cache.
pub(super) struct Repository {
    directory: PathBuf,
    locks: PathBuf,
}

impl Repository {
    pub fn of(cache: &Path, reference: &Reference) -> Self {
        let folder = Repo::new(reference.repository().into(), RepoType::Model).folder_name();
        Self { directory: cache.join(&folder), locks: cache.join(".locks").join(folder) }
    }

    /// The commit that a revision was at when it was last asked for.
    pub fn commit(&self, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.into());
        }
        let commit = String::from_utf8(read_bounded(&self.reference(revision), LONGEST_COMMIT).ok()?).ok()?;
        Some(commit.trim().to_string()).filter(|commit| is_commit(commit))
    }

    /// Notes the commit that a revision is at.
    pub fn remember(&self, revision: &str, commit: &str) -> Result<()> {
        if is_commit(revision) || self.commit(revision).as_deref() == Some(commit) {
            return Ok(());
        }
        write_atomically(&self.reference(revision), commit.as_bytes())
    }

    /// The folder of a commit's files.
    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.directory.join("snapshots").join(commit)
    }

    /// Names of the files of a commit that are in the cache, in order.
    pub fn files(&self, commit: &str) -> Vec<String> {
        let snapshot = self.snapshot(commit);
        let mut names = Vec::new();
        let mut folders = vec![snapshot.clone()];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(below) = path.strip_prefix(&snapshot) {
                    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
                    names.extend(parts.map(|parts| parts.join("/")));
                }
            }
        }
        names.sort();
        names
    }

    /// A file of a commit, if it is in the cache and undamaged. Where it is no link, its checksum is not known and it
    /// is taken as it is.
    pub fn whole(&self, commit: &str, file: &str) -> Option<PathBuf> {
        let path = self.snapshot(commit).join(file);
        let content = fs::read_link(&path).ok();
        let checksum = content.as_ref().and_then(|content| Checksum::of_etag(content.file_name()?.to_str()?));
        checksum.map_or(path.is_file(), |checksum| checksum.holds(&path)).then_some(path)
    }

    /// Where a content is kept.
    pub fn content(&self, checksum: &Checksum) -> PathBuf {
        self.directory.join("blobs").join(checksum.digits())
    }

    /// Where a content is kept until it is whole.
    pub fn partial(&self, checksum: &Checksum) -> PathBuf {
        self.directory.join("blobs").join(format!("{}.nn4n.incomplete", checksum.digits()))
    }

    /// Makes a content the file of a commit, unless it is by now.
    pub fn link(&self, commit: &str, file: &str, checksum: &Checksum) -> Result<PathBuf> {
        let path = self.snapshot(commit).join(file);
        if checksum.holds(&path) {
            return Ok(path);
        }
        let content = self.content(checksum);
        let failed = |error: io::Error| {
            Error::file(&path, format!("could not be made ({error}); check the permissions of the cache"))
        };
        let up = "../".repeat(2 + file.split('/').count() - 1);
        let target = PathBuf::from(up).join("blobs").join(checksum.digits());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).map_err(failed)?;
        }
        if let Err(error) = symlink(target, &path) {
            // Another process may have been quicker; else the file system has no links.
            if error.kind() != io::ErrorKind::AlreadyExists {
                let bytes = fs::read(content).map_err(failed)?;
                write_atomically(&path, &bytes)?;
            }
        }
        Ok(path)
    }

    /// Waits until no other process, of whatever hub program, downloads this content. A file system that has no locks
    /// is no reason to download nothing: two processes then write the same bytes to the same places, and both check
    /// what became of them.
    ///
    /// # Errors
    /// If the other process gets no further.
    pub fn lock(&self, reference: &Reference, checksum: &Checksum, patience: &Patience) -> Result<Option<File>> {
        let path = self.locks.join(format!("{}.lock", checksum.digits()));
        let opened = fs::create_dir_all(&self.locks).and_then(|()| open_in_place(&path));
        let Ok(file) = opened else { return Ok(None) };
        let _watch = Watch::start(
            patience.notice,
            format!("{reference}: waiting for another process that downloads it, and holds {}", path.display()),
        );
        let mut arrived = (self.arrived(checksum), Instant::now());
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::Error(_)) => return Ok(None),
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
            }
            let bytes = self.arrived(checksum);
            if bytes != arrived.0 {
                arrived = (bytes, Instant::now());
            } else if arrived.1.elapsed() >= patience.standstill {
                let message = format!(
                    "another process downloads it and has got no further for {} s; end that process, which holds {} \
                    (`lsof` names it)",
                    patience.standstill.as_secs(),
                    path.display()
                );
                return Err(Error::hub(reference, message));
            }
        }
    }

    /// The bytes of a content that are here so far, of whatever program's download.
    fn arrived(&self, checksum: &Checksum) -> u64 {
        let content = self.content(checksum);
        let entries = content.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        let of_content = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(checksum.digits()));
        of_content.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
    }

    fn reference(&self, revision: &str) -> PathBuf {
        self.directory.join("refs").join(revision)
    }
}
