//! One who asks a hub, with a cache of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use nn4n::{
    Result,
    hub::{Hub, Patience},
};

use crate::served::Served;

/// A cache, and what is done with it.
pub struct Client {
    /// Where the program runs.
    pub folder: tempfile::TempDir,
    pub hub: Hub,
}

impl Client {
    /// With an empty cache.
    pub fn of(server: &Served) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let hub = Hub {
            endpoint: server.endpoint.clone(),
            cache: folder.path().join("home/hub"),
            token: None,
            offline: false,
            patience: Patience::default(),
        };
        Self { folder, hub }
    }

    /// The file, from the cache or the server.
    pub fn fetch(&self, reference: &str) -> Result<PathBuf> {
        self.hub.fetch(&reference.parse()?)
    }

    /// Why it cannot be fetched.
    pub fn refusal(&self, reference: &str) -> String {
        self.fetch(reference).expect_err("something was fetched").to_string()
    }

    /// What is in the file.
    pub fn bytes(&self, reference: &str) -> Vec<u8> {
        let path = self.fetch(reference).unwrap_or_else(|error| panic!("{error}"));
        fs::read(path).expect("a file")
    }

    /// A path in the repository's folder of the cache.
    pub fn at(&self, path: &str) -> PathBuf {
        self.hub.cache.join("models--lab--rdm").join(path)
    }

    /// Names of all files below the cache, except for the locks.
    pub fn files(&self) -> Vec<String> {
        fn collect(folder: &Path, names: &mut Vec<PathBuf>) {
            for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
                if path.is_dir() { collect(&path, names) } else { names.push(path) }
            }
        }
        let mut paths = Vec::new();
        collect(&self.hub.cache, &mut paths);
        let names =
            paths.iter().map(|path| path.strip_prefix(&self.hub.cache).expect("a path below").display().to_string());
        names.filter(|name| !name.starts_with(".locks")).collect()
    }

    /// What points the program to this server and this cache.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let empty = [
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HF_HUB_CACHE",
            "HF_HUB_OFFLINE",
            "HF_HUB_ETAG_TIMEOUT",
            "HF_HUB_DOWNLOAD_TIMEOUT",
        ]
        .map(|name| (name, String::new()));
        let home = self.folder.path().join("home").display().to_string();
        [("HF_ENDPOINT", self.hub.endpoint.clone()), ("HF_HOME", home)].into_iter().chain(empty).collect()
    }

    /// Runs the program: whether it succeeded, and what it prints to standard output and error.
    pub fn nn4n(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String, String) {
        let own = self.variables();
        let all: Vec<(&str, &str)> =
            own.iter().map(|(name, value)| (*name, &**value)).chain(variables.iter().copied()).collect();
        let output = crate::program::nn4n(self.folder.path(), arguments, &all);
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.success(), text(output.stdout), text(output.stderr))
    }
}
