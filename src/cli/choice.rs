//! Arguments that are one of a few things of the library, by their names.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use nn4n_models::Kind;

/// One of these, by its name, with a few words of help on each.
pub fn choice<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
    help: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let named = move |thing: &T| PossibleValue::new(name(*thing)).help(help(*thing));
    PossibleValuesParser::new(all.iter().map(named).collect::<Vec<_>>()).try_map(move |text| {
        let found = all.iter().copied().find(|thing| name(*thing) == text);
        found.ok_or_else(|| format!("`{text}` is unknown"))
    })
}

/// One of these kinds of network, by its tag.
pub fn kinds(all: &'static [Kind]) -> impl TypedValueParser<Value = Kind> {
    choice(all, Kind::tag, Kind::summary)
}
