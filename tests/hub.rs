//! Checkpoints from a hub: what is downloaded, what is kept, and what is said when it cannot be.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::client::Client;
use crate::served::{COMMITS, Fault, Listing, OLD_NAME, Served, sha256};
use crate::trained::network;
use nn4n::{
    Checkpoint,
    hub::{Hub, Reference},
    zoo::{self, Packing},
};

const CARD: &[u8] = b"---\nlicense: mit\n---\nA network.\n";

/// Of more than one buffer and no period.
fn large() -> Vec<u8> {
    (0_u32..100_000).flat_map(|number| number.wrapping_mul(number).to_le_bytes()).collect()
}

fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

#[test]
fn a_file_is_downloaded_once_into_the_layout_that_hub_programs_share() {
    let server = Served::start(&[("model.safetensors", network()), ("README.md", CARD)]);
    let client = Client::of(&server);
    let path = client.fetch("hf:lab/rdm").expect("a download");
    assert_eq!(path, client.at(&format!("snapshots/{}/model.safetensors", COMMITS[0])));
    assert_eq!(fs::read_link(&path).expect("a link"), Path::new("../../blobs").join(sha256(network())));
    assert!(fs::read(&path).expect("a file") == network());
    assert_eq!(fs::read_to_string(client.at("refs/main")).expect("a reference"), COMMITS[0]);
    assert_eq!(server.requests().iter().filter(|request| request.is_for_content()).count(), 1);

    assert_eq!(client.fetch("hf:lab/rdm").expect("the copy"), path);
    let again = server.requests();
    assert_eq!(again.iter().map(|request| &*request.method).collect::<Vec<_>>(), ["HEAD"], "{again:?}");

    assert_eq!(client.bytes("hf:lab/rdm/README.md"), CARD);
    assert_eq!(client.files().len(), 5, "two contents, two links and a reference: {:?}", client.files());
}

#[test]
fn a_branch_moves_and_a_tag_or_a_commit_stays() {
    let server = Served::start(&[("model.safetensors", network())]);
    let client = Client::of(&server);
    assert!(client.bytes("hf:lab/rdm") == network());
    server.state().commits.insert("3".repeat(40), BTreeMap::from([("model.safetensors".into(), large())]));
    server.state().references.insert("main".into(), "3".repeat(40));
    server.state().references.insert("refs/pr/1".into(), "3".repeat(40));
    assert!(client.bytes("hf:lab/rdm") == large());
    assert!(client.bytes("hf:lab/rdm@v1") == network());
    server.requests();
    assert!(client.bytes(&format!("hf:lab/rdm@{}", COMMITS[0])) == network());
    assert_eq!(server.requests(), [], "a commit in the cache needs no server");
    assert!(client.bytes("hf:lab/rdm@refs%2Fpr%2F1") == large());
    assert!(server.requests().iter().all(|request| !request.is_for_content()), "the content was there already");
    let pinned = client.hub.pin(&"hf:lab/rdm@v1".parse::<Reference>().expect("a reference")).expect("a commit");
    assert_eq!(pinned.to_string(), format!("hf:lab/rdm@{}", COMMITS[1]));
}

#[test]
fn commands_take_a_reference_where_they_take_a_checkpoint() {
    let server = Served::start(&[("model.safetensors", network())]);
    let client = Client::of(&server);
    fs::write(client.folder.path().join("local.safetensors"), network()).expect("a file");
    let json = |arguments: &[&str], variables: &[(&str, &str)]| {
        let (is_fine, stdout, stderr) = client.nn4n(arguments, variables);
        assert!(is_fine, "{stderr}");
        (stdout, stderr)
    };
    let (expected, _) = json(&["eval", "local.safetensors", "--json", "--trials", "2"], &[]);
    let (evaluated, progress) = json(&["eval", "hf:lab/rdm@v1", "--json", "--trials", "2"], &[]);
    assert_eq!(evaluated, expected);
    assert_says(&progress, &["downloading hf:lab/rdm@v1"]);
    let (text, progress) = json(&["inspect", "hf:lab/rdm@v1"], &[("HF_HUB_OFFLINE", "1")]);
    assert_says(&text, &["song2016/rdm_fixed"]);
    assert_eq!(progress, "");

    let task = ["train", "--init", "hf:lab/rdm", "--task", "song2016/rdm_fixed", "--model", "ei", "--units", "8"];
    json(&[&task[..], &["--out", "tuned", "--updates", "1", "--batch-size", "2", "--device", "cpu"]].concat(), &[]);
    let pinned = PathBuf::from(format!("hf:lab/rdm@{}", COMMITS[0]));
    let tuned = Checkpoint::load(client.folder.path().join("tuned")).expect("a checkpoint");
    assert_eq!(tuned.header.provenance.init, Some(pinned), "a branch may move, so that the run could not be repeated");
}

#[test]
fn the_token_is_read_from_the_environment_or_its_file_and_reaches_the_hub_alone() {
    let server = Served::start(&[("model.safetensors", network())]);
    server.state().token = Some("hf_secret".into());
    let tokens =
        || server.requests().into_iter().map(|request| (request.is_for_content(), request.token)).collect::<Vec<_>>();
    let expected = [(false, Some("hf_secret".into())), (true, None)];
    let client = Client::of(&server);
    let inspected = |client: &Client, variables: &[(&str, &str)]| {
        let (is_fine, _, stderr) = client.nn4n(&["inspect", "hf:lab/rdm"], variables);
        assert!(is_fine, "{stderr}");
    };
    inspected(&client, &[("HF_TOKEN", "hf_secret")]);
    assert_eq!(tokens(), expected);

    let client = Client::of(&server);
    fs::create_dir(client.folder.path().join("home")).expect("a folder");
    fs::write(client.folder.path().join("home/token"), "hf_secret\n").expect("a file");
    inspected(&client, &[]);
    assert_eq!(tokens(), expected);
    let elsewhere = client.folder.path().join("elsewhere").display().to_string();
    inspected(&client, &[("HF_HUB_CACHE", &elsewhere)]);
    assert!(client.folder.path().join("elsewhere/models--lab--rdm/refs/main").exists());
}

#[test]
fn the_cache_is_where_the_environment_puts_it() {
    let server = Served::start(&[("model.safetensors", network())]);
    let client = Client::of(&server);
    let home = client.folder.path().display().to_string();
    for (variables, cache) in [
        (&[("HF_HOME", "~/hf")][..], "hf/hub"),
        (&[("HF_HOME", ""), ("XDG_CACHE_HOME", &*format!("{home}/xdg"))], "xdg/huggingface/hub"),
        (&[("HF_HOME", ""), ("XDG_CACHE_HOME", "")], ".cache/huggingface/hub"),
        (&[("HF_HUB_CACHE", "~/cache")], "cache"),
    ] {
        let (is_fine, _, stderr) = client.nn4n(&["inspect", "hf:lab/rdm"], &[variables, &[("HOME", &*home)]].concat());
        assert!(is_fine, "{stderr}");
        assert!(client.folder.path().join(cache).join("models--lab--rdm/refs/main").exists(), "{cache}");
    }
}

#[test]
fn each_refusal_says_what_to_do_and_keeps_nothing() {
    let server = Served::start(&[("other.safetensors", network()), ("README.md", CARD)]);
    let client = Client::of(&server);
    let endpoint = &*server.endpoint;
    assert_says(
        &client.refusal("hf:lab/rmd"),
        &["hf:lab/rmd: there is no model `lab/rmd`", &format!("check the name at {endpoint}/lab/rmd")],
    );
    assert_says(
        &client.refusal("hf:lab/rdm@v2/README.md"),
        &["`lab/rdm` has no revision `v2`", "a branch, a tag or a commit"],
    );
    assert_says(
        &client.refusal("hf:lab/rdm"),
        &["`lab/rdm` has no file `model.safetensors`", "it has other.safetensors"],
    );

    server.state().gated = true;
    assert_says(&client.refusal("hf:lab/rdm/README.md"), &["conditions", "accept them at", "HF_TOKEN"]);
    server.state().gated = false;
    server.state().token = Some("hf_secret".into());
    assert_says(
        &client.refusal("hf:lab/rdm/README.md"),
        &["who you are (Invalid username or password.)", "is private or does not exist", "set HF_TOKEN"],
    );
    let stranger = Hub { token: Some("hf_wrong".into()), ..client.hub.clone() };
    let message =
        stranger.fetch(&"hf:lab/rdm/README.md".parse().expect("a reference")).expect_err("a private file").to_string();
    assert_says(&message, &["does not let your token read `lab/rdm`", "settings/tokens"]);
    assert!(!message.contains("hf_wrong") && !format!("{stranger:?}").contains("hf_wrong"), "the token is shown");
    assert_eq!(client.files(), [""; 0]);

    let bad = |name: &str, value: &str, parts: &[&str]| {
        let (is_fine, _, stderr) = client.nn4n(&["inspect", "hf:lab/rdm"], &[(name, value)]);
        assert!(!is_fine);
        assert_says(&stderr, parts);
    };
    bad("HF_ENDPOINT", "huggingface.co", &["HF_ENDPOINT: must begin with https://", "`huggingface.co`", "unset it"]);
    bad("HF_TOKEN", "hf_\u{e9}", &["HF_TOKEN", "characters"]);
}

#[test]
fn without_a_network_the_cache_is_read_and_said_to_be() {
    let server = Served::start(&[("model.safetensors", network())]);
    let mut client = Client::of(&server);
    assert!(client.bytes("hf:lab/rdm") == network());
    server.state().down = Some(503);
    assert!(client.bytes("hf:lab/rdm") == network(), "the copy does while the hub is ill");
    assert_says(&client.refusal("hf:lab/rdm@v1"), &["cannot answer now (503", "holds no whole copy"]);

    client.hub.endpoint = "http://127.0.0.1:9".into();
    assert!(client.bytes("hf:lab/rdm") == network());
    assert_says(
        &client.refusal("hf:lab/rdm/README.md"),
        &["http://127.0.0.1:9 could not be reached", "check the network", "HF_ENDPOINT"],
    );
    let (is_fine, _, stderr) = client.nn4n(&["inspect", "hf:lab/rdm"], &[]);
    assert!(is_fine, "{stderr}");
    assert_says(
        &stderr,
        &[
            "hf:lab/rdm: http://127.0.0.1:9 could not be reached",
            &format!("the copy in the cache is used, of commit {}", COMMITS[0]),
        ],
    );

    server.requests();
    client.hub = Hub { offline: true, endpoint: server.endpoint.clone(), ..client.hub };
    assert!(client.bytes("hf:lab/rdm") == network());
    assert_says(&client.refusal("hf:lab/rdm@v1"), &["HF_HUB_OFFLINE is set", "holds no whole copy", "unset it"]);
    assert_eq!(server.requests(), [], "offline, the server is left alone");
}

#[test]
fn an_interrupted_download_goes_on_where_it_ended_and_does_not_count_before() {
    let content = large();
    let server = Served::start(&[("model.safetensors", &content)]);
    server.state().fault = Fault::Cut(3);
    let client = Client::of(&server);
    // Half, a half of the rest, and a half of that.
    let received = content.len() - content.len() / 8;
    assert_says(
        &client.refusal("hf:lab/rdm"),
        &[&format!("after {received} of {} bytes", content.len()), "is kept", "run the same again"],
    );
    let partial = format!("models--lab--rdm/blobs/{}.nn4n.incomplete", sha256(&content));
    assert_eq!(client.files(), [partial], "and no link to it");
    let offline = Hub { offline: true, ..client.hub.clone() };
    let refused = offline.fetch(&"hf:lab/rdm".parse().expect("a reference")).expect_err("half a file").to_string();
    assert_says(&refused, &["no whole copy"]);

    server.requests();
    assert!(client.bytes("hf:lab/rdm") == content);
    let asked: Vec<_> =
        server.requests().iter().filter(|request| request.is_for_content()).map(|request| request.first_byte).collect();
    assert_eq!(asked, [Some(received)]);
    assert!(client.files().iter().all(|name| !name.contains("incomplete")), "{:?}", client.files());
}

#[test]
fn a_program_that_is_killed_while_it_downloads_leaves_what_can_be_resumed() {
    let content = large();
    let server = Served::start(&[("model.safetensors", &content)]);
    server.state().fault = Fault::Stall;
    let client = Client::of(&server);
    let mut program = crate::program::command(client.folder.path(), &["inspect", "hf:lab/rdm"]);
    let mut program = program.envs(client.variables()).stderr(Stdio::null()).spawn().expect("a program");
    let partial = client.at(&format!("blobs/{}.nn4n.incomplete", sha256(&content)));
    let (begin, half) = (Instant::now(), content.len() as u64 / 2);
    while fs::metadata(&partial).map_or(0, |metadata| metadata.len()) < half
        && begin.elapsed() < Duration::from_secs(20)
    {
        thread::sleep(Duration::from_millis(10));
    }
    program.kill().and_then(|()| program.wait()).expect("an end");
    assert_eq!(client.files().len(), 1, "{:?}", client.files());

    server.state().fault = Fault::None;
    server.requests();
    assert!(client.bytes("hf:lab/rdm") == content);
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.is_for_content() && request.first_byte == Some(content.len() / 2))
    );
}

#[test]
fn whatever_is_left_of_a_download_the_file_becomes_whole() {
    let content = large();
    let half = &content[..content.len() / 2];
    let altered = [&[!half[0]], &half[1..]].concat();
    let too_long = [&content[..], b"more"].concat();
    for (what, left, fault) in [
        ("a connection that breaks twice", &[][..], Fault::Cut(2)),
        ("half, from a server without ranges", half, Fault::NoRanges),
        ("half, with a wrong byte", &altered, Fault::None),
        ("half, of which the server knows nothing", half, Fault::NoSuchRange),
        ("more than all", &too_long, Fault::None),
        ("all", &content, Fault::None),
    ] {
        let server = Served::start(&[("model.safetensors", &content)]);
        server.state().fault = fault;
        let client = Client::of(&server);
        fs::create_dir_all(client.at("blobs")).expect("a folder");
        fs::write(client.at(&format!("blobs/{}.nn4n.incomplete", sha256(&content))), left).expect("a file");
        assert!(client.bytes("hf:lab/rdm") == content, "{what}");
        assert_eq!(client.files().len(), 3, "{what}: {:?}", client.files());
    }
}

#[test]
fn what_arrives_otherwise_than_stated_is_not_kept() {
    let content = large();
    for (fault, parts) in [
        (Fault::Altered, &["SHA-256", "instead of the", "nothing of it is kept", "Try again"][..]),
        (Fault::Long, &["more than the 400000 bytes", "nothing of it is kept"]),
    ] {
        let server = Served::start(&[("model.safetensors", &content)]);
        server.state().fault = fault;
        let client = Client::of(&server);
        assert_says(&client.refusal("hf:lab/rdm"), parts);
        assert_eq!(client.files(), [""; 0], "{fault:?}");
        server.state().fault = Fault::None;
        assert!(client.bytes("hf:lab/rdm") == content);
    }
    let server = Served::start(&[("model.safetensors", &content), ("README.md", CARD)]);
    server.state().fault = Fault::Short;
    let client = Client::of(&server);
    assert_says(&client.refusal("hf:lab/rdm"), &["after 200000 of 400000 bytes"]);

    // The hash by which git knows another text of the same length.
    server.state().headers.insert("ETag", format!("\"{}\"", "a".repeat(40)));
    assert_says(&client.refusal("hf:lab/rdm/README.md"), &["git hash", &"a".repeat(40)]);
    assert!(!client.at("snapshots").exists(), "{:?}", client.files());
}

#[test]
fn a_copy_that_was_damaged_in_the_cache_is_replaced() {
    let server = Served::start(&[("model.safetensors", network())]);
    let client = Client::of(&server);
    let path = client.fetch("hf:lab/rdm").expect("a download");
    let mut damaged = network().to_vec();
    *damaged.last_mut().expect("a byte") ^= 1;
    fs::write(&path, &damaged).expect("through the link");
    let offline = Hub { offline: true, ..client.hub.clone() };
    assert_says(
        &offline.fetch(&"hf:lab/rdm".parse().expect("a reference")).expect_err("a damaged file").to_string(),
        &["no whole copy"],
    );
    for reference in ["hf:lab/rdm".to_string(), format!("hf:lab/rdm@{}", COMMITS[0])] {
        fs::write(&path, &damaged).expect("through the link");
        assert!(client.bytes(&reference) == network());
    }
}

/// A limit on files does what a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_named_with_the_place_and_nothing_is_kept() {
    let server = Served::start(&[("model.safetensors", network())]);
    let client = Client::of(&server);
    let program = env!("CARGO_BIN_EXE_nn4n");
    let limited = format!("trap '' XFSZ; ulimit -f 1; exec {program} inspect hf:lab/rdm");
    let output = Command::new("sh")
        .args(["-c", &limited])
        .current_dir(client.folder.path())
        .envs(client.variables())
        .output()
        .expect("a shell");
    let blobs = client.at("blobs").display().to_string();
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert_says(&stderr, &["could not be kept in", &blobs, "File too large", "make room", "HF_HOME"]);
    assert_eq!(client.files(), [""; 0]);
}

#[test]
fn what_the_disk_cannot_hold_is_not_begun() {
    let server = Served::start(&[("model.safetensors", network())]);
    server.state().headers.insert("X-Linked-Size", (1_u64 << 60).to_string());
    let client = Client::of(&server);
    assert_says(&client.refusal("hf:lab/rdm"), &["bytes are free", &(1_u64 << 60).to_string(), "make room", "HF_HOME"]);
    assert!(server.requests().iter().all(|request| !request.is_for_content()));
    assert_eq!(client.files(), [""; 0]);
}

#[test]
fn without_the_list_of_files_nothing_counts_as_pulled() {
    let server = Served::start(&[("model.safetensors", network()), ("README.md", CARD)]);
    let client = Client::of(&server);
    for (listing, parts) in [
        (Listing::Status(429), &["cannot answer now (429", "its files are not known", "run the same again later"][..]),
        (Listing::Status(500), &["cannot answer now (500", "HF_HUB_OFFLINE=1"]),
        (Listing::Status(503), &["cannot answer now (503"]),
        (Listing::Status(404), &["answers 404"]),
        (Listing::Endless, &["more than 16777216 bytes", "check HF_ENDPOINT"]),
        (Listing::Compressed, &["as `br`, which was not asked for", "proxy"]),
        (Listing::OtherCommit, &["the files of another commit, ffff"]),
        (Listing::Empty, &["lists no files of a commit"]),
    ] {
        server.state().listing = listing.clone();
        let pinned = format!("hf:lab/rdm@{}", COMMITS[0]).parse().expect("a reference");
        let refused = client.hub.fetch_files(&pinned, |_| true).expect_err("files without a list").to_string();
        assert_says(&refused, parts);
    }
    server.state().listing = Listing::Gzip;
    let pulled = client.hub.fetch_files(&"hf:lab/rdm@v1".parse().expect("a reference"), |_| true).expect("files");
    assert_eq!(pulled.files, ["README.md", "model.safetensors"]);
    server.state().listing = Listing::Status(503);
    let (is_fine, stdout, stderr) = client.nn4n(&["zoo", "pull", "hf:lab/rdm"], &[]);
    assert!(!is_fine && stdout.is_empty(), "{stdout}");
    assert_says(&stderr, &["hf:lab/rdm", "its files are not known"]);
    let (is_fine, stdout, stderr) = client.nn4n(&["zoo", "pull", "hf:lab/rdm"], &[("HF_HUB_OFFLINE", "1")]);
    assert!(is_fine, "{stderr}");
    assert_says(&stdout, &["model.safetensors"]);
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let content = large();
    let server = Served::start(&[("model.safetensors", &content)]);
    let client = Client::of(&server);
    server.state().busy = vec![(429, "1"), (503, "")];
    let begin = Instant::now();
    assert!(client.bytes("hf:lab/rdm") == content);
    assert!(begin.elapsed() >= Duration::from_secs(1), "{:?}", begin.elapsed());

    let client = Client::of(&server);
    server.state().busy = vec![(503, "3600")];
    let begin = Instant::now();
    assert_says(&client.refusal("hf:lab/rdm"), &["cannot answer now (503", "run the same again after 3600 s"]);
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    server.state().fault = Fault::Status(503);
    assert_says(&client.refusal("hf:lab/rdm"), &["interrupted after 0 of 400000 bytes", "503", "again later"]);
}

#[test]
fn a_refused_content_is_no_interruption_and_what_is_here_stays() {
    let content = large();
    let half = &content[..content.len() / 2];
    for (fault, parts) in [
        (Fault::Status(401), &["answers 401", "run the same again"][..]),
        (Fault::Status(403), &["answers 403", "good for a short time"]),
        (Fault::Status(404), &["answers 404", "ask who owns the repository"]),
        (Fault::Compressed, &["as `br`, which was not asked for"]),
    ] {
        let server = Served::start(&[("model.safetensors", &content)]);
        server.state().fault = fault;
        let client = Client::of(&server);
        let partial = client.at(&format!("blobs/{}.nn4n.incomplete", sha256(&content)));
        fs::create_dir_all(client.at("blobs")).expect("a folder");
        fs::write(&partial, half).expect("a file");
        let refusal = client.refusal("hf:lab/rdm");
        assert_says(&refusal, parts);
        assert!(!refusal.contains("interrupted"), "{refusal}");
        assert_eq!(server.requests().iter().filter(|request| request.is_for_content()).count(), 1, "asked once");
        assert!(fs::read(&partial).expect("the part") == half);
    }
}

#[test]
fn a_server_that_keeps_its_client_waiting_is_left_in_the_end() {
    let content = large();
    let server = Served::start(&[("model.safetensors", &content)]);
    let mut client = Client::of(&server);
    client.hub.patience.silence = Duration::from_millis(300);
    server.state().fault = Fault::Stall;
    assert_says(&client.refusal("hf:lab/rdm"), &["interrupted after", "nothing came for 0.3 s", "is kept"]);

    let mut client = Client::of(&server);
    client.hub.patience.answer = Duration::from_millis(500);
    server.state().drips = true;
    assert_says(&client.refusal("hf:lab/rdm"), &["no whole answer came within 0.5 s", "check the network"]);

    let variables = [("HF_HUB_ETAG_TIMEOUT", "6.5")];
    let (is_fine, _, stderr) = client.nn4n(&["inspect", "hf:lab/rdm"], &variables);
    assert!(!is_fine);
    assert_says(&stderr, &["hf:lab/rdm: waiting for http", "to send an answer", "within 6.5 s"]);
    let (_, _, stderr) = client.nn4n(&["inspect", "hf:lab/rdm"], &[("HF_HUB_ETAG_TIMEOUT", "soon")]);
    assert_says(&stderr, &["HF_HUB_ETAG_TIMEOUT", "number of seconds", "`soon`", "unset it"]);
}

#[test]
fn another_process_that_gets_no_further_is_waited_for_and_then_named() {
    let content = large();
    let server = Served::start(&[("model.safetensors", &content)]);
    let mut client = Client::of(&server);
    let locks = client.hub.cache.join(".locks/models--lab--rdm");
    fs::create_dir_all(&locks).expect("a folder");
    let lock = locks.join(format!("{}.lock", sha256(&content)));
    let held = fs::File::create(&lock).expect("a file");
    held.lock().expect("a lock");
    client.hub.patience.standstill = Duration::from_millis(300);
    assert_says(
        &client.refusal("hf:lab/rdm"),
        &["another process downloads it", &lock.display().to_string(), "end that process"],
    );
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(6500));
            held.unlock().expect("no lock");
        });
        let (_, _, stderr) = client.nn4n(&["zoo", "pull", "hf:lab/rdm"], &[]);
        assert_says(&stderr, &["hf:lab/rdm: waiting for another process", &lock.display().to_string()]);
    });
    assert!(client.bytes("hf:lab/rdm") == content);
}

#[test]
fn a_token_stays_with_the_port_that_it_is_for() {
    let server = Served::start(&[("model.safetensors", network()), ("README.md", CARD)]);
    server.state().token = Some("hf_secret".into());
    server.state().listing = Listing::Elsewhere;
    let mut client = Client::of(&server);
    client.hub.token = Some("hf_secret".into());
    let listed = client.hub.fetch_files(&"hf:lab/rdm".parse().expect("a reference"), |_| true);
    assert!(listed.is_err(), "the other port asks for a token and has none");
    let requests = server.requests();
    assert!(requests.iter().any(|request| request.is_elsewhere), "{requests:?}");
    for request in requests {
        assert_eq!(request.token.is_some(), !request.is_elsewhere, "{request:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_stands_where_the_token_or_a_branch_is_kept_is_not_waited_for() {
    let server = Served::start(&[("model.safetensors", network())]);
    let client = Client::of(&server);
    let pipe = client.folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    for (path, kind) in [(&*pipe.display().to_string(), "a pipe"), ("/dev/zero", "a device")] {
        let (is_fine, _, stderr) = client.nn4n(&["inspect", "hf:lab/rdm"], &[("HF_TOKEN_PATH", path)]);
        assert!(!is_fine);
        assert_says(&stderr, &["HF_TOKEN_PATH", path, kind, "set HF_TOKEN"]);
    }
    fs::create_dir_all(client.at("refs")).expect("a folder");
    fs::rename(&pipe, client.at("refs/main")).expect("a pipe");
    let offline = Hub { offline: true, ..client.hub.clone() };
    let refused = offline.fetch(&"hf:lab/rdm".parse().expect("a reference")).expect_err("no copy").to_string();
    assert_says(&refused, &["no whole copy"]);
}

#[test]
fn a_file_that_is_no_checkpoint_is_named_as_it_was_asked_for() {
    let tensor = safetensors::tensor::TensorView::new(safetensors::Dtype::U8, vec![1], &[7]).expect("a tensor");
    let foreign = safetensors::serialize([("weight", tensor)], None).expect("a file");
    let server = Served::start(&[("model.safetensors", &foreign), ("README.md", CARD)]);
    let client = Client::of(&server);
    for (reference, parts) in [
        (
            "hf:lab/rdm",
            ["hf:lab/rdm: ", "is a safetensors file of another program", "name another file of the repository"],
        ),
        (
            "hf:lab/rdm/README.md",
            ["hf:lab/rdm/README.md: ", "is not a complete safetensors file", "name another file of the repository"],
        ),
    ] {
        for command in
            [&["eval", reference][..], &["zoo", "pull", reference], &["zoo", "pack", reference, "--out", "packed"]]
        {
            let (is_fine, _, stderr) = client.nn4n(command, &[]);
            assert!(!is_fine, "{command:?}");
            // What is pulled is named with its commit.
            assert!(stderr.contains("hf:lab/rdm"), "{command:?}: {stderr}");
            assert_says(&stderr, &parts[1..]);
        }
        let (_, _, stderr) = client.nn4n(&["eval", reference], &[]);
        assert_says(&stderr, &parts);
    }
    let (_, _, stderr) = client.nn4n(&["zoo", "pull", "hf:lab/rdm/nothing.safetensors"], &[]);
    assert_says(&stderr, &["hf:lab/rdm", "has no file `nothing.safetensors`"]);
    let (_, _, stderr) = client.nn4n(&["eval", "hf:lab"], &[]);
    assert_says(&stderr, &["hf:lab: names no repository", "write hf:owner/repo[@revision][/file]"]);
}

#[test]
fn a_renamed_repository_is_found_under_its_old_name() {
    let server = Served::start(&[("model.safetensors", network()), ("README.md", CARD)]);
    let client = Client::of(&server);
    assert!(client.bytes(&format!("hf:{OLD_NAME}")) == network());
    assert_eq!(client.bytes(&format!("hf:{OLD_NAME}/README.md")), CARD);
}

#[test]
fn a_server_that_is_no_hub_or_means_harm_is_refused() {
    let server = Served::start(&[("model.safetensors", network()), ("README.md", CARD)]);
    let client = Client::of(&server);
    for (header, value, says) in [
        ("X-Linked-ETag", "\"../../../../escaped\"", "states no checksum"),
        ("X-Repo-Commit", "../../../escaped", "states no commit"),
        ("X-Repo-Commit", "main", "states no commit"),
        ("X-Linked-Size", "-1", "states no size"),
        ("Location", "file:///etc/passwd", "redirects to `file:///etc/passwd`"),
        ("Location", "elsewhere", "redirects to `elsewhere`"),
    ] {
        server.state().headers = BTreeMap::from([(header, value.to_string())]);
        assert_says(&client.refusal("hf:lab/rdm"), &[says, "check HF_ENDPOINT"]);
    }
    server.state().headers.clear();
    server.state().listed = vec!["../../escaped".into()];
    let refused = client
        .hub
        .fetch_files(&"hf:lab/rdm".parse().expect("a reference"), |_| true)
        .expect_err("a path out")
        .to_string();
    assert_says(&refused, &["`../../escaped`", "without empty, `.` or `..` parts"]);
    let below: Vec<String> = client.files().into_iter().filter(|name| !name.starts_with("models--lab--rdm/")).collect();
    assert_eq!(below, [""; 0]);
    assert_eq!(fs::read_dir(client.folder.path()).expect("a folder").count(), 1);
}

#[test]
fn files_of_a_repository_are_fetched_from_one_commit() {
    let server = Served::start(&[
        ("model.safetensors", network()),
        ("README.md", CARD),
        ("figures/a b.svg", b"<svg/>"),
        ("notes.txt", b""),
    ]);
    let client = Client::of(&server);
    let wanted = |name: &str| name != "README.md";
    let snapshot = client.hub.fetch_files(&"hf:lab/rdm".parse().expect("a reference"), wanted).expect("files");
    assert_eq!(
        (&*snapshot.commit, &snapshot.files[..]),
        (COMMITS[0], &["figures/a b.svg", "model.safetensors", "notes.txt"].map(String::from)[..])
    );
    assert_eq!(fs::read(snapshot.directory.join("figures/a b.svg")).expect("a file"), b"<svg/>");
    assert_eq!(fs::read(snapshot.directory.join("notes.txt")).expect("an empty file"), b"");
    assert!(!snapshot.directory.join("README.md").exists());

    let offline = Hub { offline: true, ..client.hub.clone() };
    let again = offline.fetch_files(&"hf:lab/rdm".parse().expect("a reference"), wanted).expect("what is in the cache");
    assert_eq!(again, snapshot);
}

#[test]
fn many_downloads_of_one_file_at_once_make_one() {
    let content = large();
    let server = Served::start(&[("model.safetensors", &content)]);
    let client = Client::of(&server);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| assert!(client.bytes("hf:lab/rdm") == content));
        }
    });
    assert_eq!(server.requests().iter().filter(|request| request.is_for_content()).count(), 1);
}

/// The files of a packed network, the checkpoint first.
fn packed() -> Vec<(&'static str, Vec<u8>)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let packing = Packing {
        id: "rdm".into(),
        repository: Some(crate::served::REPOSITORY.into()),
        license: None,
        overwrite: false,
    };
    zoo::pack("rdm-vanilla".as_ref(), folder.path(), &packing).expect("a packed network");
    zoo::FILES.map(|name| (name, fs::read(folder.path().join(name)).expect("a file"))).into()
}

fn borrowed<'a>(files: &'a [(&'static str, Vec<u8>)]) -> Vec<(&'a str, &'a [u8])> {
    files.iter().map(|(name, content)| (*name, &content[..])).collect()
}

#[test]
fn a_packed_network_is_pulled_and_works_without_a_connection() {
    let packed = packed();
    let client = Client::of(&Served::start(&borrowed(&packed)));
    let (done, printed, messages) = client.nn4n(&["zoo", "pull", "hf:lab/rdm"], &[]);
    assert!(done, "{messages}");
    for words in [COMMITS[0], "50 units", "song2016/rdm_varstim", "performance.png", "nn4n eval hf:lab/rdm"] {
        assert!(printed.contains(words), "no {words} in {printed}");
    }
    // The server is gone.
    let (done, printed, messages) = client.nn4n(&["eval", "hf:lab/rdm", "--trials", "2"], &[("HF_HUB_OFFLINE", "1")]);
    assert!(done && printed.contains("performance"), "{messages}");
    let (done, _, messages) = client.nn4n(&["zoo", "pull", "rdm"], &[]);
    assert!(!done && messages.contains("hf:OWNER/NAME"), "{messages}");
}

/// The interpreter that NN4N_PYTHON names has the official client, `huggingface_hub`.
#[test]
fn the_official_client_reads_the_same_server_and_the_same_cache() {
    let Some(python) = std::env::var_os("NN4N_PYTHON") else {
        // Not `eprintln!`, which is shown of failed tests only.
        let note = "NOT RUN: set NN4N_PYTHON to a Python interpreter that has huggingface_hub, as .ci/run does";
        writeln!(io::stderr(), "{note}").expect("standard error");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/served/client.py");
    let packed = packed();
    let server = Served::start(&[&borrowed(&packed)[..], &[("figures/a b.svg", b"<svg/>")]].concat());
    server.state().token = Some("hf_secret".into());
    let mut client = Client::of(&server);
    client.hub.token = Some("hf_secret".into());
    let run = |command: &str, home: &Path, offline: &str| {
        let output = Command::new(&python)
            .arg(&script)
            .args([command, crate::served::REPOSITORY])
            .env("HF_ENDPOINT", &server.endpoint)
            .env("HF_HOME", home)
            .env("HF_TOKEN", "hf_secret")
            .env("HF_HUB_OFFLINE", offline)
            .env_remove("HF_HUB_CACHE")
            .output()
            .expect("the interpreter that NN4N_PYTHON names");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<BTreeMap<String, String>>(&output.stdout).expect("names of files with their SHA-256")
    };
    let expected: BTreeMap<String, String> =
        server.state().commits[COMMITS[0]].iter().map(|(name, content)| (name.clone(), sha256(content))).collect();

    // What it downloads is what we read, without a server.
    let theirs = client.folder.path().join("theirs");
    assert_eq!(run("download", &theirs, "0"), expected);
    let cache = Hub { cache: theirs.join("hub"), offline: true, ..client.hub.clone() };
    assert!(
        fs::read(cache.fetch(&"hf:lab/rdm".parse().expect("a reference")).expect("their copy")).expect("a file")
            == packed[0].1
    );

    // What we download is what it finds in the cache.
    client.hub.fetch_files(&"hf:lab/rdm".parse().expect("a reference"), |_| true).expect("files");
    server.requests();
    assert_eq!(run("cached", &client.folder.path().join("home"), "1"), expected);
    assert_eq!(server.requests(), []);
}
