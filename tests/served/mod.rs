//! A hub on the loopback interface, over the protocol that the official clients use, with the faults that networks
//! have.
//!
//! ```text
//! HEAD, GET /OWNER/REPO/resolve/REVISION/FILE
//!     small files: the content; large ones (*.safetensors): 302 to the other port
//! GET /api/models/OWNER/REPO[/revision/REVISION]         the commit and its files
//! GET /api/models/OWNER/REPO/tree/REVISION               the same with sizes and hashes
//! GET /cdn/SHA256                                        on the other port
//! ```

mod request;

use std::{
    collections::BTreeMap,
    io::Write,
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use percent_encoding::percent_decode_str;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde_json::{Value, json};

pub use request::Request;

/// The only repository.
pub const REPOSITORY: &str = "lab/rdm";
/// A name that it had before.
pub const OLD_NAME: &str = "lab/dots";
/// Where its branch `main` and its tag `v1` are at first.
pub const COMMITS: [&str; 2] = ["2222222222222222222222222222222222222222", "1111111111111111111111111111111111111111"];

/// What goes wrong with the content of large files.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Fault {
    #[default]
    None,
    /// The connection ends half way, this often.
    Cut(usize),
    /// Nothing comes any more after one half.
    Stall,
    /// One byte is another.
    Altered,
    /// It is longer than stated.
    Long,
    /// It is shorter than stated.
    Short,
    /// Ranges are ignored.
    NoRanges,
    /// No range can be had.
    NoSuchRange,
    /// It is refused with this status.
    Status(u16),
    /// It comes compressed, as nobody asked.
    Compressed,
}

/// What the list of files is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Listing {
    #[default]
    Right,
    /// This status instead.
    Status(u16),
    /// It never ends.
    Endless,
    /// It comes compressed, as nobody asked, in a way that clients unpack.
    Gzip,
    /// The same in a way that they do not.
    Compressed,
    /// Of another commit.
    OtherCommit,
    /// It names no file.
    Empty,
    /// It is at the other port of the host.
    Elsewhere,
}

/// What the server has and does; a test may change it at any time.
#[derive(Default)]
pub struct State {
    /// Files of each commit.
    pub commits: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// Where branches and tags are.
    pub references: BTreeMap<String, String>,
    /// The one who may read it; anyone, if there is none.
    pub token: Option<String>,
    /// The repository's conditions have not been accepted.
    pub gated: bool,
    /// What goes wrong.
    pub fault: Fault,
    /// Every answer is this status.
    pub down: Option<u16>,
    /// The next answers are this status, with this `Retry-After`.
    pub busy: Vec<(u16, &'static str)>,
    /// What the list of files is.
    pub listing: Listing,
    /// Every answer comes a byte at a time.
    pub drips: bool,
    /// Headers that are sent instead of the right ones.
    pub headers: BTreeMap<&'static str, String>,
    /// Names that the list of files holds besides.
    pub listed: Vec<String>,
    /// All requests so far.
    pub requests: Vec<Request>,
}

/// A server until the end of the test.
pub struct Served {
    pub endpoint: String,
    state: Arc<Mutex<State>>,
}

impl Served {
    /// A server whose branch `main` and tag `v1` hold these files.
    pub fn start(files: &[(&str, &[u8])]) -> Self {
        let files: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(name, content)| (name.to_string(), content.to_vec())).collect();
        let state = State {
            commits: COMMITS.iter().map(|commit| (commit.to_string(), files.clone())).collect(),
            references: ["main", "v1"]
                .iter()
                .zip(COMMITS)
                .map(|(name, commit)| (name.to_string(), commit.to_string()))
                .collect(),
            ..State::default()
        };
        let state = Arc::new(Mutex::new(state));
        let [hub, cdn] = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
        let [endpoint, contents] =
            [&hub, &cdn].map(|listener| format!("http://{}", listener.local_addr().expect("an address")));
        for listener in [hub, cdn] {
            let (state, contents) = (state.clone(), contents.clone());
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (state, contents) = (state.clone(), contents.clone());
                    thread::spawn(move || answer(&stream, &state, &contents));
                }
            });
        }
        Self { endpoint, state }
    }

    /// What it has and does.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The requests since the last time.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state().requests)
    }
}

/// In lower-case hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    digest(&SHA256, content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn git_hash(content: &[u8]) -> String {
    let blob = [format!("blob {}\0", content.len()).as_bytes(), content].concat();
    digest(&SHA1_FOR_LEGACY_USE_ONLY, &blob).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A member of gzip with one stored block (RFC 1951, 1952).
fn gzip(content: &[u8]) -> Vec<u8> {
    let bit = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    let crc = !content.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit));
    let length = content.len() as u16;
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    let lengths = [length.to_le_bytes(), (!length).to_le_bytes()].concat();
    [&head[..], &lengths, content, &crc.to_le_bytes(), &u32::from(length).to_le_bytes()].concat()
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// The length that is stated, if it is not that of the body.
    length: Option<usize>,
    /// The connection stays open without the rest.
    stalls: bool,
    /// The body is repeated until the client goes away.
    is_endless: bool,
}

impl Answer {
    fn new(status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body, length: None, stalls: false, is_endless: false }
    }

    fn error(status: u16, code: &str, message: &str) -> Self {
        Self::new(status, vec![("X-Error-Code", code.into()), ("X-Error-Message", message.into())], message.into())
    }

    fn json(value: &Value) -> Self {
        Self::new(200, vec![("Content-Type", "application/json".into())], value.to_string().into_bytes())
    }
}

fn answer(mut stream: &TcpStream, state: &Mutex<State>, contents: &str) {
    // A client that went away is no error of the server.
    let Some(mut request) = Request::read(stream) else { return };
    request.is_elsewhere = stream.local_addr().is_ok_and(|address| contents.ends_with(&format!(":{}", address.port())));
    let (answer, drips) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.push(request.clone());
        (respond(&mut state, &request, contents), state.drips)
    };
    let length = answer.length.unwrap_or(answer.body.len());
    let mut head = format!("HTTP/1.1 {} -\r\nConnection: close\r\n", answer.status);
    if !answer.is_endless {
        head += &format!("Content-Length: {length}\r\n");
    }
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let head = format!("{head}\r\n");
    for byte in head.bytes().filter(|_| drips) {
        thread::sleep(Duration::from_millis(100));
        if stream.write_all(&[byte]).is_err() {
            return;
        }
    }
    let body = if request.method == "HEAD" { &[][..] } else { &answer.body };
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    while answer.is_endless && stream.write_all(body).is_ok() {}
    if answer.stalls {
        thread::sleep(Duration::from_secs(30));
    }
}

fn respond(state: &mut State, request: &Request, contents: &str) -> Answer {
    if let Some(status) = state.down {
        return Answer::new(status, Vec::new(), Vec::new());
    }
    if !state.busy.is_empty() {
        let (status, wait) = state.busy.remove(0);
        return Answer::new(status, vec![("Retry-After", wait.into())], Vec::new());
    }
    if let Some(digits) = request.path.strip_prefix("/cdn/") {
        return content(state, digits, request.first_byte);
    }
    let (path, is_api) = request.path.strip_prefix("/api/models").map_or((&*request.path, false), |path| (path, true));
    if let Some(rest) = path.strip_prefix(&format!("/{OLD_NAME}/")) {
        return Answer::new(307, vec![("Location", format!("/{REPOSITORY}/{rest}"))], Vec::new());
    }
    let rest = path.strip_prefix(&format!("/{REPOSITORY}")).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_known = state.token.is_none() || request.token == state.token;
    let Some(rest) = rest.filter(|_| is_known) else {
        return match &request.token {
            Some(token) if state.token.as_ref() == Some(token) => {
                Answer::error(404, "RepoNotFound", "Repository not found")
            }
            None if state.token.is_some() => Answer::error(401, "RepoNotFound", "Invalid username or password."),
            Some(_) if state.token.is_some() => Answer::new(
                401,
                vec![("X-Error-Message", "Invalid credentials in Authorization header".into())],
                Vec::new(),
            ),
            _ => Answer::error(404, "RepoNotFound", "Repository not found"),
        };
    };
    if state.gated && !is_api {
        return Answer::error(403, "GatedRepo", "Access to model lab/rdm is restricted");
    }
    let mut parts = rest.trim_start_matches('/').splitn(3, '/');
    let (kind, revision, file) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or("main"), parts.next().unwrap_or_default());
    let [revision, file] = [revision, file].map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
    let commit = state.references.get(&revision).unwrap_or(&revision).clone();
    let Some(files) = state.commits.get(&commit) else {
        return Answer::error(404, "RevisionNotFound", "Invalid rev id");
    };
    match (is_api, kind) {
        (true, "" | "revision") => {
            match state.listing {
                Listing::Status(status) => return Answer::new(status, Vec::new(), Vec::new()),
                Listing::Endless => {
                    return Answer { is_endless: true, ..Answer::new(200, Vec::new(), vec![b' '; 1 << 16]) };
                }
                Listing::Compressed => {
                    return Answer::new(200, vec![("Content-Encoding", "br".into())], vec![0; 9]);
                }
                Listing::Elsewhere if !request.is_elsewhere => {
                    let location = format!("{contents}{}", request.path);
                    return Answer::new(307, vec![("Location", location)], Vec::new());
                }
                Listing::OtherCommit => {
                    let siblings = [json!({ "rfilename": "model.safetensors" })];
                    return Answer::json(&json!({ "sha": "f".repeat(40), "siblings": siblings }));
                }
                Listing::Empty => return Answer::json(&json!({ "sha": commit, "siblings": [] })),
                Listing::Right | Listing::Gzip | Listing::Elsewhere => {}
            }
            let names = files.keys().chain(&state.listed);
            let siblings: Vec<Value> = names.map(|name| json!({ "rfilename": name })).collect();
            let mut answer = Answer::json(
                &json!({ "id": REPOSITORY, "sha": commit, "private": state.token.is_some(), "siblings": siblings }),
            );
            if state.listing == Listing::Gzip {
                answer.body = gzip(&answer.body);
                answer.headers.push(("Content-Encoding", "gzip".into()));
            }
            answer
        }
        (true, "tree") => Answer::json(&files.iter().map(|(name, content)| entry(name, content)).collect()),
        (false, "resolve") => match files.get(&file) {
            Some(content) => resolve(&file, content, &commit, contents, &state.headers),
            None => {
                let mut missing = Answer::error(404, "EntryNotFound", "Entry not found");
                missing.headers.push(("X-Repo-Commit", commit));
                missing
            }
        },
        _ => Answer::new(404, Vec::new(), Vec::new()),
    }
}

fn is_large(name: &str) -> bool {
    name.ends_with(".safetensors")
}

fn entry(name: &str, content: &[u8]) -> Value {
    let mut entry = json!({ "type": "file", "path": name, "size": content.len(), "oid": git_hash(content) });
    if is_large(name) {
        entry["lfs"] = json!({ "oid": sha256(content), "size": content.len(), "pointerSize": 130 });
    }
    entry
}

fn resolve(
    name: &str,
    content: &[u8],
    commit: &str,
    contents: &str,
    instead: &BTreeMap<&'static str, String>,
) -> Answer {
    let mut answer = if is_large(name) {
        let digits = sha256(content);
        let headers = vec![
            ("Location", format!("{contents}/cdn/{digits}")),
            ("X-Linked-Size", content.len().to_string()),
            ("X-Linked-ETag", format!("\"{digits}\"")),
            ("ETag", "\"0000\"".into()),
        ];
        Answer::new(302, headers, b"Found. Redirecting".to_vec())
    } else {
        Answer::new(200, vec![("ETag", format!("\"{}\"", git_hash(content)))], content.to_vec())
    };
    answer.headers.push(("X-Repo-Commit", commit.into()));
    for (name, value) in &mut answer.headers {
        if let Some(other) = instead.get(name) {
            value.clone_from(other);
        }
    }
    answer
}

/// The content with this hash from a byte on, subject to the fault.
fn content(state: &mut State, digits: &str, first_byte: Option<usize>) -> Answer {
    let found = state.commits.values().flat_map(BTreeMap::values).find(|content| sha256(content) == digits).cloned();
    let Some(mut whole) = found else { return Answer::new(404, Vec::new(), Vec::new()) };
    match state.fault {
        Fault::Altered => whole[0] ^= 1,
        Fault::Long => whole.extend([0; 9]),
        Fault::Short => whole.truncate(whole.len() / 2),
        Fault::Status(status) => return Answer::new(status, Vec::new(), Vec::new()),
        Fault::NoSuchRange if first_byte.is_some() => return Answer::new(416, Vec::new(), Vec::new()),
        Fault::Compressed => return Answer::new(200, vec![("Content-Encoding", "br".into())], whole),
        Fault::None | Fault::Cut(_) | Fault::Stall | Fault::NoRanges | Fault::NoSuchRange => {}
    }
    let size = whole.len();
    let first_byte = first_byte.filter(|_| state.fault != Fault::NoRanges);
    let start = first_byte.unwrap_or(0);
    if start > 0 && start >= size {
        return Answer::new(416, vec![("Content-Range", format!("bytes */{size}"))], Vec::new());
    }
    let mut answer = Answer::new(200, Vec::new(), whole.split_off(start));
    if first_byte.is_some() {
        answer.status = 206;
        answer.headers.push(("Content-Range", format!("bytes {start}-{}/{size}", size - 1)));
    }
    answer.stalls = state.fault == Fault::Stall;
    if let Fault::Cut(times @ 1..) = state.fault {
        state.fault = Fault::Cut(times - 1);
    } else if !answer.stalls {
        return answer;
    }
    answer.length = Some(answer.body.len());
    answer.body.truncate(answer.body.len() / 2);
    answer
}
