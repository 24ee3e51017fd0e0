//! A content on its way from the hub into the cache: it goes on where it was interrupted, and counts once its checksum
//! is the stated one.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ureq::{
    Body,
    http::{HeaderMap, Response, StatusCode, header},
};

use super::{
    cache::Repository,
    disk::open_in_place,
    environment::Hub,
    reference::Reference,
    retry::{Waits, is_busy},
    server::{Server, Stated, packed},
};
use crate::{
    error::{Error, Result},
    files::free_space,
    progress::{Transfer, transfer},
};

/// A content that comes slower than `SLOWEST` bytes in `SPELL` does not come.
const SPELL: Duration = Duration::from_secs(60);
const SLOWEST: u64 = 60 << 10;

/// The file that the server has `stated`, from the cache or downloaded into it.
pub(super) fn obtain(hub: &Hub, reference: &Reference, repository: &Repository, stated: &Stated) -> Result<PathBuf> {
    let path = repository.snapshot(&stated.commit).join(reference.file());
    if stated.checksum.holds(&path) {
        // A cache that may only be read still has the file.
        let _ = repository.remember(reference.revision(), &stated.commit);
        return Ok(path);
    }
    let _lock = repository.lock(reference, &stated.checksum, &hub.patience)?;
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
    /// Another may succeed, after the wait that these headers ask for.
    Broken(String, HeaderMap),
    /// None will; what has arrived may be of use another time.
    Refused(Error),
    /// None will, and what has arrived is of no use.
    Final(Error),
}

impl Break {
    fn broken(why: impl ToString) -> Self {
        Self::Broken(why.to_string(), HeaderMap::new())
    }
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
        let mut file = open_in_place(&self.partial).map_err(|error| self.unwritten(&error))?;
        let mut received = file.metadata().map_err(|error| self.unwritten(&error))?.len();
        self.check_space(received)?;
        let mut told = transfer(&self.reference.to_string(), received, self.stated.size);
        let mut waits = Waits::default();
        while received < self.stated.size {
            let Err(broken) = self.receive_from(&mut received, &mut file, told.as_mut()) else { continue };
            let error = match broken {
                Break::Broken(why, headers) => {
                    let Err(remedy) = waits.pause(&headers, &format!("{}: {why}", self.reference)) else { continue };
                    self.interrupted(received, &why, &remedy)
                }
                Break::Refused(error) => error,
                Break::Final(error) => {
                    received = 0;
                    error
                }
            };
            if received == 0 {
                self.discard();
            }
            return Err(error);
        }
        file.sync_all().map_err(|error| {
            self.discard();
            self.unwritten(&error)
        })
    }

    /// Refuses what the disk cannot hold, where the system says how much that is.
    fn check_space(&self, received: u64) -> Result<()> {
        let missing = self.stated.size.saturating_sub(received);
        let folder = self.partial.parent().unwrap_or_else(|| Path::new("."));
        match free_space(folder) {
            Some(free) if free < missing => {
                let error = io::Error::new(io::ErrorKind::StorageFull, format!("{free} bytes are free"));
                if received == 0 {
                    self.discard();
                }
                Err(self.unwritten(&error))
            }
            _ => Ok(()),
        }
    }

    /// One attempt. The bytes go where they belong and not to the end of the file, which another process may be writing
    /// too.
    fn receive_from(&self, received: &mut u64, file: &mut File, told: &mut dyn Transfer) -> Result<(), Break> {
        let explained = |error: &ureq::Error| Break::broken(self.hub.patience.explain(error));
        let unwritten = |error: io::Error| Break::Final(self.unwritten(&error));
        let response =
            self.server.content(self.reference, self.stated, *received).map_err(|error| explained(&error))?;
        let start = self.start_of(&response, *received)?;
        if start < *received {
            *received = start;
            file.set_len(start).map_err(unwritten)?;
        }
        if !response.status().is_success() {
            return Err(Break::broken("what was here already is no part of what the server has"));
        }
        file.seek(SeekFrom::Start(*received)).map_err(unwritten)?;
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 1 << 16];
        let watch = self.server.watch(self.reference, "more of its content");
        let mut spell = (Instant::now(), *received);
        while let read @ 1.. = body.read(&mut buffer).map_err(|error| explained(&error.into()))? {
            watch.sign();
            if *received + read as u64 > self.stated.size {
                return Err(Break::Final(self.damaged(&format!("more than the {} bytes", self.stated.size))));
            }
            file.write_all(buffer.get(..read).unwrap_or_default()).map_err(unwritten)?;
            *received += read as u64;
            told.reached(*received);
            if spell.0.elapsed() >= SPELL {
                let bytes = *received - spell.1;
                if bytes < SLOWEST {
                    return Err(Break::broken(format!("{bytes} bytes came in {} s", SPELL.as_secs())));
                }
                spell = (Instant::now(), *received);
            }
        }
        if *received < self.stated.size { Err(Break::broken("the server sent no more")) } else { Ok(()) }
    }

    /// The byte to go on with.
    fn start_of(&self, response: &Response<Body>, received: u64) -> Result<u64, Break> {
        let (status, headers) = (response.status(), response.headers());
        if let Some(encoding) = packed(headers) {
            let message = format!(
                "its content comes as `{encoding}`, which was not asked for; check the proxy (HTTPS_PROXY) and \
                HF_ENDPOINT"
            );
            return Err(Break::Refused(Error::hub(self.reference, message)));
        }
        let from = headers.get(header::CONTENT_RANGE).and_then(|value| first_byte(value.to_str().ok()?));
        match status {
            StatusCode::OK => Ok(0),
            StatusCode::PARTIAL_CONTENT if from == Some(received) => Ok(received),
            // What is here goes beyond what the server has, so that it cannot be a part of it.
            StatusCode::RANGE_NOT_SATISFIABLE if received > 0 => Ok(0),
            status if is_busy(status) => Err(Break::Broken(self.server.busy(status), headers.clone())),
            status if status.is_client_error() => {
                Err(Break::Refused(self.server.content_refused(self.reference, self.stated, response)))
            }
            status => Err(Break::broken(format!("the server answers {status}"))),
        }
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

    fn interrupted(&self, received: u64, why: &str, remedy: &str) -> Error {
        let message = format!(
            "the download was interrupted after {received} of {} bytes ({why}); what has arrived is kept: {remedy}, \
            and it goes on from there",
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
