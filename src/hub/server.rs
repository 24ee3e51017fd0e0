//! What is asked of the hub over HTTP, and what its answers mean.
//!
//! ```text
//! HEAD ENDPOINT/OWNER/REPO/resolve/REVISION/FILE
//!      X-Repo-Commit, X-Linked-ETag or ETag, X-Linked-Size or Content-Length, Location
//! GET  that Location or, without one, the same address   the content, from any byte on
//! GET  ENDPOINT/api/models/OWNER/REPO/revision/REVISION  the commit and the names of its files
//! ```

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use ureq::{
    Agent, Body, RequestBuilder,
    config::RedirectAuthHeaders,
    http::{HeaderMap, Response, StatusCode, Uri, header},
    typestate::WithoutBody,
};

use super::{
    checksum::Checksum,
    environment::Hub,
    reference::{Reference, is_commit},
};
use crate::error::Error;

/// For a host to be found and to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Without a single byte.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Of a renamed repository.
const MOST_REDIRECTS: usize = 5;
/// A listing of a hundred thousand files.
const LARGEST_LISTING: u64 = 16 << 20;

/// What may stand in an address as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const ENCODED_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// Why the server did not answer the question.
pub(super) enum Failure {
    /// It could not be asked, or cannot answer now; a copy in the cache may do.
    Unreachable(String),
    /// The answer is no.
    Refused(Error),
}

/// What the server states of a file.
pub(super) struct Stated {
    pub commit: String,
    pub checksum: Checksum,
    /// In bytes.
    pub size: u64,
    /// Where its content is.
    url: String,
}

/// The hub, ready to be asked.
pub(super) struct Server<'a> {
    hub: &'a Hub,
    agent: Agent,
}

impl<'a> Server<'a> {
    pub fn of(hub: &'a Hub) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("nn4n/", env!("CARGO_PKG_VERSION")))
            // Compressed answers would have another length than the one stated.
            .accept_encoding("identity")
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_per_read(Some(READ_TIMEOUT))
            .build();
        Self { hub, agent: config.into() }
    }

    /// Asks for a file's commit, checksum and size.
    pub fn stated(&self, reference: &Reference) -> Result<Stated, Failure> {
        let encoded_file = utf8_percent_encode(reference.file(), ENCODED_PATH);
        let mut url = format!(
            "{}/{}/resolve/{}/{encoded_file}",
            self.hub.endpoint,
            reference.repository(),
            encoded_revision(reference)
        );
        for _ in 0..MOST_REDIRECTS {
            let request = self.with_token(self.agent.head(&url), &url).config().max_redirects(0).build();
            let response = self.ask(request)?;
            let location = text(response.headers(), header::LOCATION.as_str());
            match (response.status().is_redirection(), location) {
                (true, Some(location)) if location.starts_with('/') && !location.starts_with("//") => {
                    url = self.absolute(&url, location)
                }
                (true, Some(location))
                    if origin(location).is_some_and(|(scheme, _)| scheme == "http" || scheme == "https") =>
                {
                    return self.read_headers(reference, &response, location.into());
                }
                (true, Some(location)) => {
                    return Err(Failure::Refused(
                        self.not_a_hub(reference, &format!("redirects to `{location}`, which is no web address")),
                    ));
                }
                _ if response.status().is_success() => return self.read_headers(reference, &response, url),
                _ => return Err(self.refusal(reference, &response)),
            }
        }
        Err(Failure::Refused(self.not_a_hub(reference, "redirects without an end")))
    }

    /// Asks for the commit of the reference's revision and the names of its files.
    pub fn list(&self, reference: &Reference) -> Result<(String, Vec<String>), Failure> {
        #[derive(Deserialize)]
        struct Listing {
            sha: String,
            siblings: Vec<Sibling>,
        }
        #[derive(Deserialize)]
        struct Sibling {
            rfilename: String,
        }
        let url = format!(
            "{}/api/models/{}/revision/{}",
            self.hub.endpoint,
            reference.repository(),
            encoded_revision(reference)
        );
        // A renamed repository is elsewhere on the same host.
        let request = self
            .with_token(self.agent.get(&url), &url)
            .config()
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .build();
        let mut response = self.ask(request)?;
        if !response.status().is_success() {
            return Err(self.refusal(reference, &response));
        }
        let body = response
            .body_mut()
            .with_config()
            .limit(LARGEST_LISTING)
            .read_to_vec()
            .map_err(|error| self.unreachable(&error))?;
        let listing: Option<Listing> = serde_json::from_slice(&body).ok();
        let listing = listing
            .filter(|listing| is_commit(&listing.sha))
            .ok_or_else(|| Failure::Refused(self.not_a_hub(reference, "lists no files of a commit")))?;
        Ok((listing.sha, listing.siblings.into_iter().map(|sibling| sibling.rfilename).collect()))
    }

    /// Asks for a content from its byte `start` on.
    pub fn content(&self, stated: &Stated, start: u64) -> Result<Response<Body>, ureq::Error> {
        let request = self.with_token(self.agent.get(&stated.url), &stated.url);
        let request = if start > 0 { request.header(header::RANGE, format!("bytes={start}-")) } else { request };
        request.call()
    }

    /// Only the hub itself learns the token, not where it redirects to.
    fn with_token(&self, request: RequestBuilder<WithoutBody>, url: &str) -> RequestBuilder<WithoutBody> {
        match &self.hub.token {
            Some(token) if origin(url).is_some() && origin(url) == origin(&self.hub.endpoint) => {
                request.header(header::AUTHORIZATION, format!("Bearer {token}"))
            }
            _ => request,
        }
    }

    /// The address that a redirection to a path of the same server means.
    fn absolute(&self, url: &str, path: &str) -> String {
        origin(url).map_or_else(
            || format!("{}{path}", self.hub.endpoint),
            |(scheme, authority)| format!("{scheme}://{authority}{path}"),
        )
    }

    /// The answer, unless the server may or can not be asked or is not well.
    fn ask(&self, request: RequestBuilder<WithoutBody>) -> Result<Response<Body>, Failure> {
        if self.hub.offline {
            return Err(Failure::Unreachable("HF_HUB_OFFLINE is set".into()));
        }
        let response = request.call().map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Failure::Unreachable(format!("{} cannot answer now ({status})", self.hub.endpoint)));
        }
        Ok(response)
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::Unreachable(format!("{} could not be reached ({error})", self.hub.endpoint))
    }

    fn read_headers(&self, reference: &Reference, response: &Response<Body>, url: String) -> Result<Stated, Failure> {
        let headers = response.headers();
        let missing = |what: &str| Failure::Refused(self.not_a_hub(reference, what));
        let commit = text(headers, "x-repo-commit")
            .filter(|commit| is_commit(commit))
            .ok_or_else(|| missing("states no commit of the file"))?;
        let etag = text(headers, "x-linked-etag").or_else(|| text(headers, header::ETAG.as_str()));
        let checksum = etag.and_then(Checksum::of_etag).ok_or_else(|| missing("states no checksum of the file"))?;
        // The length of a redirection is not that of the file.
        let length = if response.status().is_success() { text(headers, header::CONTENT_LENGTH.as_str()) } else { None };
        let size = text(headers, "x-linked-size")
            .or(length)
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| missing("states no size of the file"))?;
        Ok(Stated { commit: commit.into(), checksum, size, url })
    }

    fn not_a_hub(&self, reference: &Reference, what: &str) -> Error {
        let message = format!("{} {what}, so that it is no hub; check HF_ENDPOINT and the proxy", self.hub.endpoint);
        Error::hub(reference, message)
    }

    /// What an answer other than the one asked for means, and what to do about it.
    fn refusal(&self, reference: &Reference, response: &Response<Body>) -> Failure {
        let (endpoint, repository) = (&self.hub.endpoint, reference.repository());
        let page = format!("{endpoint}/{repository}");
        let said = text(response.headers(), "x-error-message").map(|said| format!(" ({said})")).unwrap_or_default();
        let login = "set HF_TOKEN or run `hf auth login`";
        let message = match (text(response.headers(), "x-error-code"), response.status().as_u16()) {
            (Some("EntryNotFound"), _) => self.no_such_file(reference),
            (Some("RevisionNotFound"), _) => {
                format!(
                    "`{repository}` has no revision `{}`; take a branch, a tag or a commit of those at \
                    {page}/commits/main",
                    reference.revision()
                )
            }
            (Some("GatedRepo"), _) => {
                format!("`{repository}` is open to those who accept its conditions; accept them at {page}, and {login}")
            }
            (_, 401) if self.hub.token.is_none() => format!(
                "{endpoint} asks who you are{said}: `{repository}` is private or does not exist; check the name, and \
                if it is private, {login}"
            ),
            (_, 401 | 403) => format!(
                "{endpoint} does not let your token read `{repository}`{said}; get one that may at \
                {endpoint}/settings/tokens, and {login}"
            ),
            (Some("RepoNotFound"), _) => format!(
                "there is no model `{repository}` at {endpoint}, or none that you may see; check the name at {page}, \
                and if it is private, {login}"
            ),
            _ => format!("{endpoint} answers {}{said}; check the name at {page}, and HF_ENDPOINT", response.status()),
        };
        Failure::Refused(Error::hub(reference, message))
    }

    fn no_such_file(&self, reference: &Reference) -> String {
        let names = self.list(reference).map_or_else(|_| Vec::new(), |(_, names)| names);
        let networks: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| name.ends_with(".safetensors")).take(10).collect();
        let (repository, file) = (reference.repository(), reference.file());
        let remedy = if networks.is_empty() {
            format!("look for another at {}/{repository}/tree/main", self.hub.endpoint)
        } else {
            format!("it has {}: name one as hf:owner/repo/FILE", networks.join(", "))
        };
        format!("`{repository}` has no file `{file}` at revision `{}`; {remedy}", reference.revision())
    }
}

fn encoded_revision(reference: &Reference) -> String {
    utf8_percent_encode(reference.revision(), ENCODED).to_string()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Scheme and authority, which together say whose an address is.
fn origin(url: &str) -> Option<(String, String)> {
    let uri: Uri = url.parse().ok()?;
    Some((uri.scheme_str()?.to_string(), uri.authority()?.to_string()))
}
