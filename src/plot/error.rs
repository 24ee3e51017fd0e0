//! What can go wrong between a figure's data and its file.

use std::path::PathBuf;

use crate::error::Error;

/// Why a figure was not drawn or not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The extension of the path is neither `.svg` nor `.png`.
    #[error("cannot tell the format of the figure `{}`; end the path in `.svg` or `.png`", path.display())]
    UnknownFormat {
        /// The path as it was given.
        path: PathBuf,
    },
    /// This build of the library draws no `.png`.
    #[error("the figure `{}` cannot be drawn: nn4n was built without its feature `png`; end the path in `.svg`", path.display())]
    #[cfg(not(feature = "png"))]
    NoPng {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A field that must hold something holds nothing.
    #[error("`{field}` is empty; a figure needs at least one entry there")]
    Empty {
        /// Name of the field.
        field: String,
    },
    /// A field holds NaN or an infinity.
    #[error("`{field}` holds {value}, which has no place on an axis; remove it or find where it arose")]
    NotFinite {
        /// Name of the field.
        field: String,
        /// The first such value.
        value: f64,
    },
    /// A field breaks a rule of the figure.
    #[error("`{field}` {problem}")]
    Invalid {
        /// Name of the field.
        field: String,
        /// The rule, the value and the remedy.
        problem: String,
    },
    /// The figure has more pixels than a raster image can sensibly hold.
    #[error(
        "the figure is {width} x {height} pixels, and the limit of a .png is {limit} on a side; write a .svg or draw \
        fewer units or steps"
    )]
    #[cfg(feature = "png")]
    TooLarge {
        /// Width, pixels.
        width: usize,
        /// Height, pixels.
        height: usize,
        /// Largest allowed side, pixels.
        limit: usize,
    },
    /// The rasteriser refused the figure.
    #[error("cannot rasterise the figure: {0}")]
    Raster(String),
    /// The file could not be written.
    #[error("cannot write the figure `{}`", path.display())]
    Write {
        /// Where it should have gone.
        path: PathBuf,
        /// Why not.
        source: Box<Error>,
    },
}

impl From<PlotError> for Error {
    fn from(error: PlotError) -> Self {
        let message = match &error {
            PlotError::Write { source, .. } => format!("{error}: {source}"),
            _ => error.to_string(),
        };
        Self::Figure { message }
    }
}

/// Fails with [`PlotError::Empty`] when there are no entries.
pub(super) fn require_some(field: &str, len: usize) -> Result<(), PlotError> {
    if len == 0 { Err(PlotError::Empty { field: field.to_owned() }) } else { Ok(()) }
}

/// Fails with [`PlotError::NotFinite`] at the first NaN or infinity.
pub(super) fn require_finite(field: &str, values: impl IntoIterator<Item = f64>) -> Result<(), PlotError> {
    match values.into_iter().find(|v| !v.is_finite()) {
        Some(value) => Err(PlotError::NotFinite { field: field.to_owned(), value }),
        None => Ok(()),
    }
}

/// Fails with [`PlotError::Invalid`] unless the rule holds; the problem is worded only then.
pub(super) fn require(holds: bool, field: &str, problem: impl FnOnce() -> String) -> Result<(), PlotError> {
    if holds { Ok(()) } else { Err(PlotError::Invalid { field: field.to_owned(), problem: problem() }) }
}

/// Fails unless every value is a fraction in [0, 1].
pub(super) fn require_fractions(field: &str, values: impl IntoIterator<Item = f64>) -> Result<(), PlotError> {
    for value in values {
        require_finite(field, [value])?;
        require((0.0..=1.0).contains(&value), field, || {
            format!("holds {value}; it must lie in [0, 1], a fraction and not percent")
        })?;
    }
    Ok(())
}
