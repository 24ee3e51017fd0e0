//! Where the hub is, where downloads are kept, and who asks.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use super::patience::Patience;
use crate::{
    error::{Error, Result},
    files::read_bounded,
};

/// More bytes than any token has.
const LONGEST_TOKEN: u64 = 4096;

/// A hub and the cache of what was downloaded from it.
#[derive(Clone)]
pub struct Hub {
    /// Its address, without a `/` at the end.
    pub endpoint: String,
    /// The cache, in the layout of Python's `huggingface_hub`.
    pub cache: PathBuf,
    /// For private repositories.
    pub token: Option<String>,
    /// Read the cache only.
    pub offline: bool,
    /// How long it is waited for.
    pub patience: Patience,
}

impl Hub {
    /// The settings of the environment; see the [module](super).
    ///
    /// # Errors
    /// If there is no place for the cache, or the address is none.
    pub fn from_env() -> Result<Self> {
        let hugging_face = match (path("HF_HOME"), path("XDG_CACHE_HOME"), env::home_dir()) {
            (Some(hugging_face), _, _) => hugging_face,
            (None, Some(cache), _) => cache.join("huggingface"),
            (None, None, Some(home)) => home.join(".cache/huggingface"),
            (None, None, None) => {
                return Err(Error::setting(
                    "HF_HOME",
                    "is not set, and there is no home directory; set it to a folder for downloads",
                ));
            }
        };
        let endpoint = text("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".into());
        if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") {
            let message = format!(
                "must begin with https:// or http://, but is `{endpoint}`; unset it for https://huggingface.co"
            );
            return Err(Error::setting("HF_ENDPOINT", message));
        }
        let token_file = path("HF_TOKEN_PATH").unwrap_or_else(|| hugging_face.join("token"));
        let token = match text("HF_TOKEN") {
            Some(token) => Some(token),
            None => saved_token(&token_file)?,
        };
        let token = token.map(|token| token.trim().to_string());
        if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(Error::setting(
                "HF_TOKEN",
                "(or the token's file) holds characters that no token has; copy the token again",
            ));
        }
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').into(),
            cache: path("HF_HUB_CACHE").unwrap_or_else(|| hugging_face.join("hub")),
            token: token.filter(|token| !token.is_empty()),
            offline: text("HF_HUB_OFFLINE")
                .is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str())),
            patience: patience()?,
        })
    }
}

/// The token is kept out of logs.
impl std::fmt::Debug for Hub {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "...");
        let Self { endpoint, cache, offline, patience, .. } = self;
        out.debug_struct("Hub")
            .field("endpoint", endpoint)
            .field("cache", cache)
            .field("token", &token)
            .field("offline", offline)
            .field("patience", patience)
            .finish()
    }
}

/// The token that `hf auth login` left, if it did.
fn saved_token(file: &Path) -> Result<Option<String>> {
    if !file.try_exists().unwrap_or(true) {
        return Ok(None);
    }
    let bytes = read_bounded(file, LONGEST_TOKEN)
        .map_err(|error| Error::setting("HF_TOKEN_PATH", format!("{error}; run `hf auth login`, or set HF_TOKEN")))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The waits that Python's client has, too.
fn patience() -> Result<Patience> {
    let seconds = |name: &str, default: Duration| {
        let Some(value) = text(name) else { return Ok(default) };
        let seconds = value.parse().ok().filter(|seconds| (0.001..=1e6).contains(seconds));
        let refused =
            || Error::setting(name, format!("must be a number of seconds above 0, but is `{value}`; unset it"));
        seconds.map(Duration::from_secs_f64).ok_or_else(refused)
    };
    let default = Patience::default();
    Ok(Patience {
        answer: seconds("HF_HUB_ETAG_TIMEOUT", default.answer)?,
        silence: seconds("HF_HUB_DOWNLOAD_TIMEOUT", default.silence)?,
        ..default
    })
}

/// A variable that is set and not empty.
fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable that holds a path; Python's client expands `~`, which a shell does not do inside quotes.
fn path(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env::var_os(name).filter(|value| !value.is_empty())?);
    let below_home = path.strip_prefix("~").ok().zip(env::home_dir()).map(|(below, home): (&Path, _)| home.join(below));
    Some(below_home.unwrap_or(path))
}
