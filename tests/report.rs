//! Pages of `nn4n report`: what is in them, that the commands in them make their figures, and that they ask nobody.

use std::{
    collections::BTreeSet,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use ndarray::{Array3, arr0, array};
use nn4n::tasks::{Labels, NpzBuilder};

use crate::program::{nn4n, said, words};

/// The largest page of a network that comes with the program, bytes.
const LARGEST: usize = 3_000_000;

fn report(directory: &Path, arguments: &str) -> (bool, String, String) {
    said(directory, &words(&["report"], arguments))
}

fn page(directory: &Path, arguments: &str) -> String {
    let (is_done, _, error) = report(directory, &format!("{arguments} --out page.html --force"));
    assert!(is_done, "{arguments}: {error}");
    fs::read_to_string(directory.join("page.html")).unwrap()
}

/// What stands between each `start` and the `end` after it.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0)).collect()
}

fn headings(page: &str) -> Vec<&str> {
    between(page, "<h2 ", "</h2>").into_iter().filter_map(|heading| Some(heading.split_once('>')?.1)).collect()
}

/// The commands below figures and tables.
fn commands(page: &str) -> BTreeSet<String> {
    let plain =
        |html: &str| html.replace("<span>", "").replace("</span>", "").replace("&gt;", ">").replace("&amp;", "&");
    between(page, "<p class=\"source\"><code>", "</code>").into_iter().map(plain).collect()
}

/// The tables that links of the page hold, by the names of their files.
fn data(page: &str) -> Vec<(String, String)> {
    let of_link = |link: &str| {
        let (name, rest) = link.split_once("\" href=\"").unwrap();
        let (address, _) = rest.split_once('"').unwrap();
        let text = match address.strip_prefix("data:application/gzip;base64,") {
            Some(packed) => {
                let mut text = String::new();
                GzDecoder::new(&STANDARD.decode(packed).unwrap()[..]).read_to_string(&mut text).unwrap();
                text
            }
            None => unescaped(address.strip_prefix("data:text/csv;charset=utf-8,").unwrap()),
        };
        (name.to_owned(), text)
    };
    between(page, "class=\"data\" download=\"", "</a>").into_iter().map(of_link).collect()
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

/// The page has nothing that a browser would fetch.
fn asks_nobody(page: &str) {
    for address in between(page, "href=\"", "\"") {
        assert!(address.starts_with('#') || address.starts_with("data:"), "{address}");
    }
    for word in [" src=", "@import", "url(", "<link", "<iframe"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn a_page_holds_all_it_says_and_its_commands_make_its_figures() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = "rdm-vanilla --trials 4 --starts 16 --seed 3";
    let page = page(folder.path(), arguments);
    assert_eq!(
        headings(&page),
        [
            "Main numbers",
            "Network",
            "Training",
            "Behaviour",
            "Activity",
            "Decoding",
            "State space",
            "Weights",
            "Lesions"
        ]
    );
    assert!(page.len() < LARGEST, "{} bytes", page.len());
    assert!(page.contains("song2016/rdm_varstim, version 2") && page.contains("https://doi.org/10.1371/"));
    asks_nobody(&page);
    let tables = data(&page);
    assert!(tables.len() > 10, "{}", tables.len());
    for (name, text) in tables {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert!(reader.headers().unwrap().len() > 1, "{name}");
        let rows = reader.records().map(|row| row.unwrap_or_else(|error| panic!("{name}: {error}")));
        assert!(rows.count() > 0, "{name}");
    }
    let commands = commands(&page);
    assert!(commands.len() >= 9, "{commands:?}");
    for command in &commands {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let output = nn4n(folder.path(), &words, &[]);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // Without heat maps, which are pictures in the page, figures are the same, line by line.
    for figure in [
        "network.svg",
        "learning.svg",
        "psychometric.svg",
        "rates.svg",
        "pca/scree.svg",
        "fixed_points/fixed-points.svg",
        "fixed_points/eigenvalues.svg",
        "structure/histograms.svg",
        "structure/spectrum.svg",
    ] {
        let svg = fs::read_to_string(folder.path().join(figure)).unwrap();
        let (_, drawn) = svg.split_once("fill=\"white\" />").unwrap();
        assert!(page.contains(drawn), "{figure} is another figure in the page");
    }
    let again = self::page(folder.path(), arguments);
    assert!(again == page, "the same command gives another page");
    assert!(self::page(folder.path(), "rdm-vanilla --trials 4 --starts 16 --seed 4") != page);
}

/// Three units in six trials of two sides.
fn recording(folder: &Path) -> PathBuf {
    let rates = Array3::from_shape_fn((6, 20, 3), |(trial, step, unit)| {
        let side = if trial % 2 == 0 { 1.0 } else { -1.0 };
        (0.3 * step as f32 + unit as f32 + trial as f32).sin() + side * (unit as f32 - 1.0)
    });
    let words = ["left", "right"].into_iter().cycle().take(6).map(String::from).collect();
    let file = NpzBuilder::default().array("rates", &rates).unwrap().array("dt", &arr0(10.0)).unwrap();
    let file = file.array("strength", &array![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).unwrap();
    let path = folder.join("neurons.npz");
    fs::write(&path, file.labels("side", &Labels::Words(words)).unwrap().finish().unwrap()).unwrap();
    path
}

#[test]
fn a_recording_has_a_page_that_says_what_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    let page = page(folder.path(), "--activity neurons.npz --by side");
    assert_eq!(headings(&page), ["Main numbers", "Recording", "Activity", "State space", "Left out"]);
    assert!(page.contains("Training: the activity is recorded, and there is no network"));
    let tables = data(&page);
    let of = |name: &str| &tables.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name}")).1;
    assert!(of("variables.csv").contains("side,classes,6,\"left, right\""), "{}", of("variables.csv"));
    assert!(of("rates.csv").starts_with("time_ms,all (3 units): side=left,all (3 units): side=right\n5,"));
    asks_nobody(&page);
    for command in commands(&page) {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let output = nn4n(folder.path(), &words, &[]);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let (is_done, said, error) = report(folder.path(), "--activity neurons.npz --by speed --out other.html");
    assert!(is_done, "{error}");
    assert!(said.contains("left out     mean rates: no trial has `speed`; there are side, strength"), "{said}");
}

#[test]
fn a_recording_with_choices_has_their_curve_and_what_can_be_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let coherence = |trial: usize| [-0.4, -0.1, 0.1, 0.4][trial % 4];
    let is_first = |trial: usize| (coherence(trial) > 0.0) != (!trial.is_multiple_of(4) && trial.is_multiple_of(5));
    let rates = Array3::from_shape_fn((80, 20, 4), |(trial, step, unit)| {
        let noise = ((trial * 31 + step * 17 + unit * 7) % 23) as f32 / 23.0;
        noise + if unit == 0 { step as f32 * coherence(trial) as f32 } else { 0.0 }
    });
    let file = NpzBuilder::default().array("rates", &rates).unwrap().array("dt", &arr0(10.0)).unwrap();
    fs::write(folder.path().join("neurons.npz"), file.finish().unwrap()).unwrap();
    let row = |trial: usize| {
        let (first, right) = (is_first(trial), is_first(trial) == (coherence(trial) > 0.0));
        format!("{},{},{}", coherence(trial), u8::from(first), u8::from(right))
    };
    let rows: Vec<String> = (0..80).map(row).collect();
    let table = format!("coherence,chose_first,was_right\n{}\n", rows.join("\n"));
    fs::write(folder.path().join("trials.csv"), table).unwrap();
    let arguments = "--activity neurons.npz --conditions trials.csv --seed 3";
    let page = page(folder.path(), arguments);
    for heading in ["Behaviour", "Decoding"] {
        assert!(headings(&page).contains(&heading), "{:?}", headings(&page));
    }
    let tables = data(&page);
    let of = |name: &str| &tables.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name}")).1;
    assert_eq!(of("psychometric.csv").lines().count(), 5, "four values of the evidence");
    assert!(of("decoding_coherence.csv").contains("\nsign_accuracy,"), "{}", of("decoding_coherence.csv"));
    assert!(of("decoding_chose_first.csv").starts_with("measure,time_ms,value,low,high,chance"));
    assert!(page.contains("80 trials with a score were right") && page.contains("5 folds of 80 trials, 4 bins of 50"));
    for command in commands(&page) {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let output = nn4n(folder.path(), &words, &[]);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(self::page(folder.path(), arguments) == page, "the same command gives another page");
}

#[test]
fn a_network_and_a_recording_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    let page = page(folder.path(), "rdm-vanilla --activity neurons.npz --trials 2 --starts 4");
    assert_eq!(headings(&page)[..2], ["Main numbers", "Network or recording"]);
    assert!(!headings(&page).contains(&"Left out"), "each section says something of one of them");
    for name in ["rdm-vanilla", "neurons.npz"] {
        assert!(page.matches(&format!("<h3>{name}</h3>")).count() == 8, "{name}");
    }
    let numbers = between(&page, "<th scope=\"row\">Units</th>", "</tr>")[0];
    assert_eq!(between(numbers, "<td>", "</td>"), ["50", "3"]);
    assert_eq!(page.matches("id=\"library\"").count(), 1, "the library is there once, for two spaces");
    assert_eq!(page.matches("type=\"application/json\"").count(), 2);
}

#[test]
fn what_cannot_be_a_page_is_refused_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    fs::write(folder.path().join("there.html"), "kept").unwrap();
    for (arguments, words) in [
        ("rdm-vanilla --out page.svg", "end its name in .html"),
        ("rdm-vanilla --out there.html", "use --force"),
        ("--out page.html", "<CHECKPOINT>"),
        ("nothing --out page.html", "nothing: does not exist"),
        ("--activity missing.npz --out page.html", "--activity missing.npz"),
        ("--activity neurons.npz --trials 3 --out page.html", "leave them out"),
        ("rdm-vanilla --task song2016/mante --out page.html", "song2016/mante"),
    ] {
        let (is_done, _, error) = report(folder.path(), arguments);
        assert!(!is_done && error.contains(words), "{arguments}: {error}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("there.html")).unwrap(), "kept");
    assert!(!folder.path().join("page.html").exists());
}
