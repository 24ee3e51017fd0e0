//! From a drawn figure to a file: the format by extension, the directory created, the file whole or not at all.

use std::path::Path;

use super::PlotError;
use super::canvas::Canvas;
use crate::files::write_atomically;

/// Draws the figure and writes it to `path`; nothing is drawn for a path whose format is unknown.
pub(super) fn save(path: &Path, draw: impl FnOnce() -> Result<Canvas, PlotError>) -> Result<(), PlotError> {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let bytes = match extension.as_deref() {
        Some("svg") => draw()?.into_svg().into_bytes(),
        #[cfg(feature = "png")]
        Some("png") => draw()?.into_png()?,
        #[cfg(not(feature = "png"))]
        Some("png") => return Err(PlotError::NoPng { path: path.to_owned() }),
        _ => return Err(PlotError::UnknownFormat { path: path.to_owned() }),
    };
    write_atomically(path, &bytes)
        .map_err(|source| PlotError::Write { path: path.to_owned(), source: Box::new(source) })
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

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
    #[cfg(feature = "png")]
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
