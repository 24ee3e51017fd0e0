//! A content on its way from the hub into the cache: it goes on where it was interrupted, and counts once its checksum
//! is the stated one.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use ureq::http::{StatusCode, header};

use super::{
    cache::Repository,
    environment::Hub,
    reference::Reference,
    server::{Server, Stated},
};
use crate::{
    error::{Error, Result},
    progress::{Transfer, transfer},
};

/// Of a connection that breaks.
const ATTEMPTS: u32 = 3;
/// Before the second attempt; twice as long before each further one.
const WAIT: Duration = Duration::from_millis(250);

/// The file that the server has `stated`, from the cache or downloaded into it.
pub(super) fn obtain(hub: &Hub, reference: &Reference, repository: &Repository, stated: &Stated) -> Result<PathBuf> {
    let path = repository.snapshot(&stated.commit).join(reference.file());
    if stated.checksum.holds(&path) {
        // A cache that may only be read still has the file.
        let _ = repository.remember(reference.revision(), &stated.commit);
        return Ok(path);
    }
    let _lock = repository.lock(&stated.checksum);
    let content = repository.content(&stated.checksum);
    if !stated.checksum.holds(&content) {
        let partial = repository.partial(&stated.checksum);
        let download = Download { hub, server: Server::of(hub), reference, stated, partial };
        download.complete()?;
        fs::rename(&download.partial, &content).map_err(|error| download.unwritten(&error))?;
    }
    let path = repository.link(&stated.commit, reference.file(), &stated.checksum)?;
    repository.remember(reference.revision(), &stated.commit)?;
    Ok(path)
}

struct Download<'a> {
    hub: &'a Hub,
    server: Server<'a>,
    reference: &'a Reference,
    stated: &'a Stated,
    partial: PathBuf,
}

/// Why an attempt ended early.
enum Break {
    /// Another may succeed.
    Broken(String),
    /// None will.
    Final(Error),
}

impl Download<'_> {
    /// Leaves a file with the stated content, or an error.
    fn complete(&self) -> Result<()> {
        let resumed = fs::metadata(&self.partial).map_or(0, |metadata| metadata.len());
        if resumed > self.stated.size {
            self.discard();
        }
        if let Err(error) = self.receive().and_then(|()| self.check()) {
            // What was there before may have been the damaged part.
            if resumed == 0 || self.partial.exists() {
                return Err(error);
            }
            self.receive()?;
            self.check()?;
        }
        Ok(())
    }

    /// Receives what is missing, in several attempts if the connection breaks.
    fn receive(&self) -> Result<()> {
        if let Some(folder) = self.partial.parent() {
            fs::create_dir_all(folder).map_err(|error| self.unwritten(&error))?;
        }
        let open = || File::options().write(true).create(true).truncate(false).open(&self.partial);
        let mut file = open().map_err(|error| self.unwritten(&error))?;
        let mut received = file.metadata().map_err(|error| self.unwritten(&error))?.len();
        let mut told = transfer(&self.reference.to_string(), received, self.stated.size);
        let mut attempt = 0;
        while received < self.stated.size {
            attempt += 1;
            match self.receive_from(&mut received, &mut file, told.as_mut()) {
                Ok(()) => {}
                Err(Break::Broken(why)) if attempt == ATTEMPTS => {
                    if received == 0 {
                        self.discard();
                    }
                    return Err(self.interrupted(received, &why));
                }
                Err(Break::Broken(_)) => thread::sleep(WAIT * 2_u32.pow(attempt - 1)),
                Err(Break::Final(error)) => {
                    self.discard();
                    return Err(error);
                }
            }
        }
        file.sync_all().map_err(|error| {
            self.discard();
            self.unwritten(&error)
        })
    }

    /// One attempt. The bytes go where they belong and not to the end of the file, which another process may be writing
    /// too.
    fn receive_from(&self, received: &mut u64, file: &mut File, told: &mut dyn Transfer) -> Result<(), Break> {
        let broken = |why: &dyn std::fmt::Display| Break::Broken(why.to_string());
        let unwritten = |error: io::Error| Break::Final(self.unwritten(&error));
        let response = self.server.content(self.stated, *received).map_err(|error| broken(&error))?;
        let from = response.headers().get(header::CONTENT_RANGE).and_then(|value| first_byte(value.to_str().ok()?));
        match (response.status(), from) {
            (StatusCode::OK, _) => *received = 0,
            (StatusCode::PARTIAL_CONTENT, Some(from)) if from == *received => {}
            (status, _) => return Err(broken(&format!("the server answers {status}"))),
        }
        file.seek(SeekFrom::Start(*received)).map_err(unwritten)?;
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = body.read(&mut buffer).map_err(|error| broken(&error))?;
            if read == 0 {
                break;
            }
            if *received + read as u64 > self.stated.size {
                return Err(Break::Final(self.damaged(&format!("more than the {} bytes", self.stated.size))));
            }
            file.write_all(buffer.get(..read).unwrap_or_default()).map_err(unwritten)?;
            *received += read as u64;
            told.reached(*received);
        }
        if *received < self.stated.size { Err(broken(&"the server sent no more")) } else { Ok(()) }
    }

    fn check(&self) -> Result<()> {
        let checksum = &self.stated.checksum;
        let found = checksum.found_in(&self.partial).map_err(|error| self.unwritten(&error))?;
        if found == *checksum {
            return Ok(());
        }
        self.discard();
        Err(self.damaged(&format!(
            "a file of {} {} instead of the {}",
            checksum.kind(),
            found.digits(),
            checksum.digits()
        )))
    }

    /// Nothing half-written stays where it cannot be completed. That it cannot be removed is not worth a second
    /// message: it never counts as whole.
    fn discard(&self) {
        let _ = fs::remove_file(&self.partial);
    }

    fn damaged(&self, what: &str) -> Error {
        let message = format!(
            "{what} that {} states arrived; nothing of it is kept. Try again; if it stays so, ask who owns the \
            repository, or what alters it on its way (a proxy, HF_ENDPOINT)",
            self.hub.endpoint
        );
        Error::hub(self.reference, message)
    }

    fn interrupted(&self, received: u64, why: &str) -> Error {
        let message = format!(
            "the download was interrupted after {received} of {} bytes ({why}); what has arrived is kept: run the \
            same again to go on from there",
            self.stated.size
        );
        Error::hub(self.reference, message)
    }

    fn unwritten(&self, error: &io::Error) -> Error {
        let folder = self.partial.parent().unwrap_or_else(|| Path::new("."));
        let message = format!(
            "could not be kept in {} ({error}); it needs {} bytes there: make room, check the permissions, or let \
            HF_HOME name a folder elsewhere",
            folder.display(),
            self.stated.size
        );
        Error::hub(self.reference, message)
    }
}

/// Of `bytes FIRST-LAST/SIZE`.
fn first_byte(range: &str) -> Option<u64> {
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
