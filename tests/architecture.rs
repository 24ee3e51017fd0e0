//! Everything looks down: a module uses what stands before it in the order of its crate, and nothing else.
//!
//! The order is the list here. An arrow is a path that starts with `crate::` and the name of a module, in a `use` line
//! or anywhere else in a file.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The modules of `src/`, the lowest first; `lib` and `main` stand above all.
const ORDER: [&str; 31] = [
    "echo",
    "error",
    "memory",
    "device",
    "files",
    "kind",
    "progress",
    "threads",
    "simulate",
    "intervention",
    "loss",
    "penalty",
    "optimizer",
    "experiment",
    "checkpoint",
    "run_directory",
    "train",
    "evaluate",
    "plot",
    "import",
    "export",
    "hub",
    "zoo",
    "report",
    "sweep",
    "reproduce",
    "terminal",
    "bench",
    "cli",
    "lib",
    "main",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            files.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    files.sort();
    files
}

/// The module of `src/` that a file belongs to.
fn module(file: &Path, root: &Path) -> String {
    let path = file.strip_prefix(root).expect("a file below the root").with_extension("");
    path.components().next().expect("a name").as_os_str().to_string_lossy().into_owned()
}

/// The names after `crate::` in the code of a file, those in braces one by one.
fn names(text: &str) -> BTreeSet<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code = text.lines().filter(is_code).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue; // `nn4n_crate::`
        }
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(outermost(list)),
            None => names.extend(first_name(rest)),
        }
    }
    names
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// The first names of the entries of a list up to its closing brace.
fn outermost(list: &str) -> Vec<String> {
    let (mut depth, mut entry, mut names) = (0, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.extend(first_name(std::mem::take(&mut entry).trim())),
            _ if depth == 0 => entry.push(c),
            _ => {}
        }
    }
    names.extend(first_name(entry.trim()));
    names
}

/// The arrow from a module to a name of the crate, if it points up or to nowhere.
fn fault(from: &str, name: &str) -> Option<String> {
    let place = |module: &str| ORDER.iter().position(|known| *known == module);
    match (place(from), place(name)) {
        (Some(from), Some(to)) if to <= from => None,
        (Some(_), Some(_)) => Some(format!("{from} uses {name}, which stands above it")),
        _ => {
            Some(format!("{from} uses {name}: one of the two is no module; name things by the module that they are in"))
        }
    }
}

#[test]
fn no_arrow_points_up() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for file in sources(&root) {
        let (from, text) = (module(&file, &root), fs::read_to_string(&file).expect("a source file"));
        if from == "lib" {
            continue;
        }
        let found = names(&text).into_iter().filter_map(|name| fault(&from, &name));
        faults.extend(found.map(|fault| format!("{}: {fault}", file.strip_prefix(&root).unwrap_or(&file).display())));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_module_has_its_place() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs");
    let declared = |line: &str| {
        let line = line.trim_start_matches("pub ");
        line.strip_prefix("mod ")?.strip_suffix(';').map(String::from)
    };
    let modules: BTreeSet<String> = text.lines().filter_map(declared).collect();
    let placed: BTreeSet<String> = ORDER[..ORDER.len() - 2].iter().map(ToString::to_string).collect();
    assert_eq!(modules, placed);
}

#[test]
fn an_arrow_that_points_up_is_found_however_it_is_written() {
    let found = |text: &str| names(text).into_iter().collect::<Vec<_>>();
    assert_eq!(found("use crate::error::Result;"), ["error"]);
    let nested = "use crate::{\n    error::{Error, Result},\n    cli,\n    train::{Trainer, fit},\n};";
    assert_eq!(found(nested), ["cli", "error", "train"]);
    assert_eq!(found("let x = crate::zoo::open(path)?; // crate::hub"), ["hub", "zoo"]);
    assert_eq!(found("//! [`fit`](crate::train::fit)"), [] as [&str; 0]);
    assert_eq!(fault("train", "error"), None);
    assert_eq!(fault("train", "train"), None);
    assert!(fault("checkpoint", "hub").is_some_and(|fault| fault.contains("stands above")));
    assert!(fault("error", "checkpoint").is_some());
    assert!(fault("error", "nowhere").is_some_and(|fault| fault.contains("no module")));
}
