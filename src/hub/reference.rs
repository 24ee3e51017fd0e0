//! The name of a file on the hub.

use std::{fmt, path::Path, str::FromStr};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::error::{Error, Result};

const PREFIX: &str = "hf:";
const DEFAULT_REVISION: &str = "main";
const DEFAULT_FILE: &str = "model.safetensors";

/// The longest name of an owner or a repository, and of a revision or a file.
const LONGEST: (usize, usize) = (96, 512);

/// What a revision may hold but could not show: it ends at the `/` of the file.
const IN_REVISION: &AsciiSet = &CONTROLS.add(b'/').add(b'%');

/// `hf:owner/repo[@revision][/file]`; a `/` in a revision is written `%2F`, as in `refs%2Fpr%2F1`.
///
/// ```
/// use nn4n::hub::Reference;
///
/// let reference: Reference = "hf:lab/networks@v1/rdm/model.safetensors".parse()?;
/// assert_eq!((reference.repository(), reference.revision()), ("lab/networks", "v1"));
/// assert_eq!(reference.file(), "rdm/model.safetensors");
/// # Ok::<(), nn4n::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    repository: String,
    revision: Option<String>,
    file: Option<String>,
}

impl Reference {
    /// The reference that `path` is, or `None` if it is the path of a file.
    ///
    /// # Errors
    /// If it begins as a reference but is none.
    pub fn from_path(path: &Path) -> Result<Option<Self>> {
        path.to_str().filter(|text| text.starts_with(PREFIX)).map(str::parse).transpose()
    }

    /// `owner/repo`
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// Branch, tag or commit.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(DEFAULT_REVISION)
    }

    /// Path of the file in the repository.
    pub fn file(&self) -> &str {
        self.file.as_deref().unwrap_or(DEFAULT_FILE)
    }

    /// The same file of a commit.
    pub(crate) fn at(&self, commit: &str) -> Self {
        Self { revision: Some(commit.into()), ..self.clone() }
    }

    /// Another file of the same repository and revision.
    ///
    /// # Errors
    /// If it is not the path of a file below the repository.
    pub fn file_named(&self, file: &str) -> Result<Self> {
        let refused = |rule| Error::hub(self, format!("its file `{file}` {rule}; name another file"));
        check_path(file).map_err(refused)?;
        Ok(Self { file: Some(file.into()), ..self.clone() })
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = |message: String| Error::hub(text, format!("{message}; write hf:owner/repo[@revision][/file]"));
        let Some(rest) = text.strip_prefix(PREFIX) else { return Err(refused("does not begin with `hf:`".into())) };
        let (owner, rest) = rest.split_once('/').ok_or_else(|| refused("names no repository of an owner".into()))?;
        let (named, file) = rest.split_once('/').map_or((rest, None), |(named, file)| (named, Some(file)));
        let (name, revision) = named.split_once('@').map_or((named, None), |(name, revision)| (name, Some(revision)));
        for (what, part) in [("owner", owner), ("repository", name)] {
            check_name(part).map_err(|rule| refused(format!("the {what} `{part}` {rule}")))?;
        }
        let decode = |revision| percent_decode_str(revision).decode_utf8().map(String::from);
        let revision = revision
            .map(decode)
            .transpose()
            .map_err(|error| refused(format!("the revision is not UTF-8 ({error})")))?;
        for (what, path) in [("revision", revision.as_deref()), ("file", file)] {
            path.map_or(Ok(()), check_path)
                .map_err(|rule| refused(format!("the {what} `{}` {rule}", path.unwrap_or_default())))?;
        }
        Ok(Self { repository: format!("{owner}/{name}"), revision, file: file.map(String::from) })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFIX}{}", self.repository)?;
        if let Some(revision) = &self.revision {
            write!(out, "@{}", utf8_percent_encode(revision, IN_REVISION))?;
        }
        self.file.as_ref().map_or(Ok(()), |file| write!(out, "/{file}"))
    }
}

/// Whether a revision is a whole commit hash, whose files cannot change.
pub(super) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The hub's own rule for names. It also keeps them, and what the cache makes of them, below its folder.
fn check_name(name: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.len() > LONGEST.0 {
        return Err("must have 1 to 96 characters");
    }
    if !name.bytes().all(allowed) {
        return Err("may hold letters, digits, `-`, `_` and `.` only");
    }
    if name.starts_with(['-', '.']) || name.ends_with(['-', '.']) || name.contains("--") || name.contains("..") {
        return Err("must neither begin nor end with `-` or `.`, nor hold `--` or `..`");
    }
    Ok(())
}

/// A revision or a file becomes a path below the cache's folder on every system.
fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() || path.len() > LONGEST.1 {
        return Err("must have 1 to 512 bytes");
    }
    if path.chars().any(|character| character.is_control() || "\\:*?\"<>|".contains(character)) {
        return Err("may not hold control characters or any of \\ : * ? \" < > |");
    }
    if path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Err("must be a path without empty, `.` or `..` parts");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> Result<(String, String, String)> {
        let reference: Reference = text.parse()?;
        Ok((reference.repository().into(), reference.revision().into(), reference.file().into()))
    }

    #[test]
    fn what_is_left_out_has_a_default() -> Result<()> {
        let own = |repository: &str, revision: &str, file: &str| {
            (repository.to_string(), revision.to_string(), file.to_string())
        };
        assert_eq!(parts("hf:a/b")?, own("a/b", "main", "model.safetensors"));
        assert_eq!(parts("hf:a/b@v1")?, own("a/b", "v1", "model.safetensors"));
        assert_eq!(parts("hf:a/b/c/d@e.safetensors")?, own("a/b", "main", "c/d@e.safetensors"));
        assert_eq!(parts("hf:a/b@refs%2Fpr%2F1/c")?, own("a/b", "refs/pr/1", "c"));
        Ok(())
    }

    #[test]
    fn what_is_no_reference_is_refused_with_the_form_of_one() {
        for text in [
            "a/b",
            "hf:",
            "hf:a",
            "hf:/b",
            "hf:a/",
            "hf://a/b",
            "hf:a/b@",
            "hf:a/b/",
            "hf:a/b@/c",
            "hf:a/..",
            "hf:../b",
            "hf:a--b/c",
            "hf:a/.b",
            "hf:a b/c",
            "hf:a/b/../c",
            "hf:a/b//c",
            "hf:a/b/c/",
            "hf:a/b@..%2F..%2Fc",
            "hf:a/b@%2Fc",
            "hf:a/b/c\\d",
            "hf:a/b/C:",
            "hf:a/b@%ff",
            "hf:a/b/c\nd",
            "hf:ä/b",
        ] {
            let message = text.parse::<Reference>().unwrap_err().to_string();
            assert!(
                message.starts_with(text) && message.contains("write hf:owner/repo[@revision][/file]"),
                "{message}"
            );
        }
        assert!(format!("hf:a/{}", "b".repeat(97)).parse::<Reference>().is_err());
    }

    #[test]
    fn only_what_begins_with_hf_is_taken_from_a_path() -> Result<()> {
        assert_eq!(Reference::from_path(Path::new("runs/rdm"))?, None);
        assert_eq!(
            Reference::from_path(Path::new("hf:a/b"))?.map(|reference| reference.to_string()),
            Some("hf:a/b".into())
        );
        assert!(Reference::from_path(Path::new("hf:a")).is_err());
        Ok(())
    }

    #[test]
    fn a_commit_is_forty_hexadecimal_digits() {
        assert!(is_commit(&"0a".repeat(20)));
        assert!(
            !is_commit(&"0A".repeat(20))
                && !is_commit("main")
                && !is_commit(&"a".repeat(39))
                && !is_commit(&"../a".repeat(10))
        );
    }

    proptest! {
        #[test]
        fn a_reference_is_shown_as_it_is_read(text in "hf:[a-c.]{1,3}/[a-c-]{1,3}(@[a-c/%é]{1,4})?(/[a-c/@% \
            é]{1,6})?") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string().parse::<Reference>().unwrap(), reference);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(hf:)?.{0,40}") {
            if let Ok(reference) = text.parse::<Reference>() {
                let revision = reference.revision();
                prop_assert!(!revision.contains("..") || revision.split('/').all(|part| part != ".."));
            }
        }
    }
}
