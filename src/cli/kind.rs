//! Kinds of network as arguments.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use nn4n_models::Kind;

/// Reads the name of a kind of network.
pub(super) fn any() -> impl TypedValueParser<Value = Kind> {
    named(|kind| PossibleValue::new(kind.tag()), |_| true)
}

/// Reads the name of a kind of network that is described by its size alone.
pub(super) fn example() -> impl TypedValueParser<Value = Kind> {
    let value = |kind: Kind| match kind.parts() {
        Some(parts) => PossibleValue::new(kind.tag())
            .help(format!("Two {} of equal size; describe others in a RUN.toml", parts.name())),
        None => PossibleValue::new(kind.tag()),
    };
    named(value, |_| true)
}

/// Reads the name of a kind of network whose units are all one.
pub(super) fn undivided() -> impl TypedValueParser<Value = Kind> {
    named(|kind| PossibleValue::new(kind.tag()), |kind| kind.parts().is_none())
}

fn named(value: fn(Kind) -> PossibleValue, admits: fn(Kind) -> bool) -> impl TypedValueParser<Value = Kind> {
    let values = Kind::ALL.into_iter().filter(|kind| admits(*kind)).map(value);
    PossibleValuesParser::new(values).try_map(|tag| tag.parse::<Kind>())
}
