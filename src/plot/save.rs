//! From a drawn figure to a file: the format by extension, the directory created, the file whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::PlotError;
use super::canvas::Canvas;

/// Draws the figure and writes it to `path`; nothing is drawn for a path whose format is unknown.
pub(super) fn save(path: &Path, draw: impl FnOnce() -> Result<Canvas, PlotError>) -> Result<(), PlotError> {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let bytes = match extension.as_deref() {
        Some("svg") => draw()?.into_svg().into_bytes(),
        Some("png") => draw()?.into_png()?,
        _ => return Err(PlotError::UnknownFormat { path: path.to_owned() }),
    };
    write_whole(path, &bytes).map_err(|source| PlotError::Write { path: path.to_owned(), source })
}

/// Writes a file beside its final place and renames it, so that no reader sees a part of it.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let temporary = temporary_beside(path);
    let written = write_synced(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report; the temporary file may not even exist.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A hidden name in the same directory that no other process or thread uses.
fn temporary_beside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("plot-save-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    fn blank() -> Result<Canvas, PlotError> {
        Ok(Canvas::new(8.0, 8.0))
    }

    #[test]
    fn the_directory_is_created_and_only_the_figure_is_left_in_it() {
        let root = directory("created");
        let folder = root.join("a/b");
        save(&folder.join("figure.SVG"), blank).unwrap();
        save(&folder.join("figure.png"), blank).unwrap();
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["figure.SVG", "figure.png"]);
        assert!(fs::read(folder.join("figure.png")).unwrap().starts_with(b"\x89PNG"));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn an_unknown_extension_is_refused_with_the_path_and_the_remedy() {
        for name in ["figure.pdf", "figure", ".png"] {
            let message = save(Path::new(name), blank).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(".svg"), "{message}");
        }
    }

    #[test]
    fn a_failed_write_names_the_path_and_leaves_nothing_behind() {
        let root = directory("failed");
        fs::create_dir_all(root.join("taken.svg")).unwrap();
        let error = save(&root.join("taken.svg"), blank).unwrap_err();
        assert!(matches!(&error, PlotError::Write { path, .. } if path.ends_with("taken.svg")), "{error}");
        assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
        fs::remove_dir_all(root).unwrap();
    }
}
