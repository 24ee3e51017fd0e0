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
    http::{HeaderMap, Response, StatusCode, Uri, header},
    typestate::WithoutBody,
};

use super::{
    checksum::Checksum,
    environment::Hub,
    patience::Watch,
    reference::{Reference, is_commit},
    retry::{Waits, is_busy},
};
use crate::{echo::echo, error::Error};

/// For a host to be found and to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// For a whole list of files.
const LISTING_TIMEOUT: Duration = Duration::from_secs(60);
/// Of a renamed repository.
const MOST_REDIRECTS: usize = 5;
/// A list of a hundred thousand files.
const LARGEST_LISTING: u64 = 16 << 20;

/// What may stand in an address as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const ENCODED_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// Why the server did not answer the question.
pub(super) enum Failure {
    /// It could not be asked, or cannot answer now; a copy in the cache may do.
    Unreachable(Outage),
    /// The answer is no.
    Refused(Error),
}

/// Why a server cannot be asked now.
pub(super) struct Outage {
    pub why: String,
    pub remedy: String,
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
            .timeout_recv_response(Some(hub.patience.answer))
            .timeout_per_read(Some(hub.patience.silence))
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
            let response = self.ask(reference, || self.with_token(self.agent.head(&url), &url))?;
            match self.redirection(reference, &url, &response)? {
                Some(target) if self.is_elsewhere(&url, &response, &target) => {
                    return self.read_headers(reference, &response, target);
                }
                Some(target) => url = target,
                None if response.status().is_success() => return self.read_headers(reference, &response, url),
                None => return Err(self.refusal(reference, &response)),
            }
        }
        Err(Failure::Refused(self.not_a_hub(reference, "redirects without an end")))
    }

    /// Whether a redirection leads to the content, not to another name of the repository.
    fn is_elsewhere(&self, url: &str, response: &Response<Body>, target: &str) -> bool {
        let is_path = text(response.headers(), header::LOCATION.as_str()).is_some_and(|at| at.starts_with('/'));
        !is_path && (origin(target) != origin(url) || text(response.headers(), "x-repo-commit").is_some())
    }

    /// Asks for the commit of the reference's revision and the names of its files.
    pub fn list(&self, reference: &Reference) -> Result<(String, Vec<String>), Failure> {
        let mut url = format!(
            "{}/api/models/{}/revision/{}",
            self.hub.endpoint,
            reference.repository(),
            encoded_revision(reference)
        );
        for _ in 0..MOST_REDIRECTS {
            let mut response = self.ask(reference, || self.with_token(self.agent.get(&url), &url))?;
            // A renamed repository is elsewhere.
            if let Some(target) = self.redirection(reference, &url, &response)? {
                url = target;
            } else if response.status().is_success() {
                return self.read_listing(reference, &mut response);
            } else {
                return Err(self.refusal(reference, &response));
            }
        }
        Err(Failure::Refused(self.not_a_hub(reference, "redirects without an end")))
    }

    fn read_listing(
        &self,
        reference: &Reference,
        response: &mut Response<Body>,
    ) -> Result<(String, Vec<String>), Failure> {
        #[derive(Deserialize)]
        struct Listing {
            sha: String,
            siblings: Vec<Sibling>,
        }
        #[derive(Deserialize)]
        struct Sibling {
            rfilename: String,
        }
        let refused = |what: &str| Failure::Refused(self.not_a_hub(reference, what));
        if let Some(encoding) = packed(response.headers()) {
            return Err(refused(&format!("sends its list of files as `{encoding}`, which was not asked for")));
        }
        let _watch = self.watch(reference, "its list of files");
        let body =
            response.body_mut().with_config().limit(LARGEST_LISTING).read_to_vec().map_err(|error| match error {
                ureq::Error::BodyExceedsLimit(_) => {
                    refused(&format!("sends a list of files of more than {LARGEST_LISTING} bytes"))
                }
                error => self.unreachable(&error),
            })?;
        let listing: Option<Listing> = serde_json::from_slice(&body).ok();
        // A repository without any file is none that a checkpoint was asked of.
        let listing = listing
            .filter(|listing| is_commit(&listing.sha) && !listing.siblings.is_empty())
            .ok_or_else(|| refused("lists no files of a commit"))?;
        if is_commit(reference.revision()) && listing.sha != reference.revision() {
            return Err(refused(&format!("lists the files of another commit, {},", listing.sha)));
        }
        Ok((listing.sha, listing.siblings.into_iter().map(|sibling| sibling.rfilename).collect()))
    }

    /// Asks for a content from its byte `start` on.
    pub fn content(&self, reference: &Reference, stated: &Stated, start: u64) -> Result<Response<Body>, ureq::Error> {
        let request = self.with_token(self.agent.get(&stated.url), &stated.url);
        let request = if start > 0 { request.header(header::RANGE, format!("bytes={start}-")) } else { request };
        let _watch = self.watch(reference, "its content");
        request.call()
    }

    /// What it means that a content is refused.
    pub fn content_refused(&self, reference: &Reference, stated: &Stated, response: &Response<Body>) -> Error {
        if origin(&stated.url) == origin(&self.hub.endpoint)
            && let Failure::Refused(error) = self.refusal(reference, response)
        {
            return error;
        }
        let host = origin(&stated.url).map_or_else(String::new, |(_, authority)| authority);
        let remedy = match response.status().as_u16() {
            401 | 403 => {
                "such an address is good for a short time, and from some places only: run the same again, and check \
                the proxy (HTTPS_PROXY)"
            }
            _ => "ask who owns the repository, or take another revision",
        };
        let message = format!("{host}, where its content is, answers {}; {remedy}", response.status());
        Error::hub(reference, message)
    }

    /// Says what is waited for when it does not come.
    pub fn watch(&self, reference: &Reference, what: &str) -> Watch {
        let message = format!("{reference}: waiting for {} to send {what}", self.hub.endpoint);
        Watch::start(self.hub.patience.notice, message)
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

    /// Where an answer redirects to, if it does.
    fn redirection(
        &self,
        reference: &Reference,
        url: &str,
        response: &Response<Body>,
    ) -> Result<Option<String>, Failure> {
        let location = text(response.headers(), header::LOCATION.as_str());
        let Some(location) = location.filter(|_| response.status().is_redirection()) else { return Ok(None) };
        if location.starts_with('/') && !location.starts_with("//") {
            return Ok(Some(self.absolute(url, location)));
        }
        if origin(location).is_some_and(|(scheme, _)| scheme == "http" || scheme == "https") {
            return Ok(Some(location.into()));
        }
        let what = format!("redirects to `{}`, which is no web address", echo(location));
        Err(Failure::Refused(self.not_a_hub(reference, &what)))
    }

    /// The answer, unless the server may or can not be asked or is not well. One that is busy is asked again.
    /// Redirections are left to the caller, who knows where the token may go.
    fn ask(
        &self,
        reference: &Reference,
        request: impl Fn() -> RequestBuilder<WithoutBody>,
    ) -> Result<Response<Body>, Failure> {
        if self.hub.offline {
            let remedy = "unset it to download the file, or let HF_HOME name a folder that has it".into();
            return Err(Failure::Unreachable(Outage { why: "HF_HUB_OFFLINE is set".into(), remedy }));
        }
        let mut waits = Waits::default();
        loop {
            let request = request().config().max_redirects(0).timeout_recv_body(Some(LISTING_TIMEOUT)).build();
            let watch = self.watch(reference, "an answer");
            let response = request.call().map_err(|error| self.unreachable(&error))?;
            drop(watch);
            if !is_busy(response.status()) {
                return Ok(response);
            }
            let why = self.busy(response.status());
            waits
                .pause(response.headers(), &format!("{reference}: {why}"))
                .map_err(|remedy| Failure::Unreachable(Outage { why, remedy }))?;
        }
    }

    /// That a server cannot answer now.
    pub fn busy(&self, status: StatusCode) -> String {
        format!("{} cannot answer now ({status})", self.hub.endpoint)
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        let why = format!("{} could not be reached ({})", self.hub.endpoint, self.hub.patience.explain(error));
        let remedy = "check the network, the proxy (HTTPS_PROXY) and HF_ENDPOINT".into();
        Failure::Unreachable(Outage { why, remedy })
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
        let said =
            text(response.headers(), "x-error-message").map(|said| format!(" ({})", echo(said))).unwrap_or_default();
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
            format!("it has {}: name one as hf:owner/repo/FILE", echo(&networks.join(", ")))
        };
        format!("`{repository}` has no file `{file}` at revision `{}`; {remedy}", reference.revision())
    }
}

fn encoded_revision(reference: &Reference) -> String {
    utf8_percent_encode(reference.revision(), ENCODED).to_string()
}

/// How the body of an answer is packed, if it is and ureq has not unpacked it, as it does with gzip.
pub(super) fn packed(headers: &HeaderMap) -> Option<String> {
    let encoding = text(headers, header::CONTENT_ENCODING.as_str())?;
    (!encoding.is_empty() && encoding != "identity").then(|| echo(encoding).into_owned())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Scheme and authority, which together say whose an address is.
fn origin(url: &str) -> Option<(String, String)> {
    let uri: Uri = url.parse().ok()?;
    Some((uri.scheme_str()?.to_string(), uri.authority()?.to_string()))
}
