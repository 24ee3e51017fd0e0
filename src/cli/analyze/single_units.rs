//! What analyses of single units share: which populations they are of, which variables make a stimulus, and how groups
//! of them are lesioned.

use std::path::Path;

use nn4n_analysis::structure::Group;
use serde_json::{Number, Value};

use super::source::Source;
use crate::bench;

/// Populations that divide the units: the smallest groups, if each unit is in one, or all units as one group.
pub fn populations(source: &Source) -> Vec<Group> {
    let n = source.activity.units();
    let holds = |outer: &Group, inner: &Group| {
        outer.units.len() > inner.units.len() && inner.units.iter().all(|unit| outer.units.contains(unit))
    };
    let groups = &source.groups;
    let smallest: Vec<Group> =
        groups.iter().filter(|group| !groups.iter().any(|other| holds(group, other))).cloned().collect();
    let mut all: Vec<usize> = smallest.iter().flat_map(|group| group.units.iter().copied()).collect();
    all.sort_unstable();
    match all == (0..n).collect::<Vec<_>>() {
        true => smallest,
        false => vec![Group { name: "units".into(), units: (0..n).collect() }],
    }
}

/// Groups of units in their numbers in the network or the recording, without those that are empty.
pub fn groups(source: &Source, groups: impl IntoIterator<Item = (&'static str, Vec<usize>)>) -> Vec<Group> {
    let numbered = |(name, units): (&str, Vec<usize>)| Group {
        name: name.into(),
        units: units.into_iter().map(|unit| source.units[unit]).collect(),
    };
    groups.into_iter().map(numbered).filter(|group| !group.units.is_empty()).collect()
}

/// The command that lesions the first of these groups, if a network has them and they were written.
pub fn lesion(source: &Source, report: Option<&Path>, groups: &[Group]) -> Option<String> {
    source.network.as_ref()?;
    let (report, group) = (report?.display(), groups.first()?);
    Some(format!("nn4n analyze interventions {} --lesion @{report}#{}", source.name, group.name))
}

/// Numbers of which some may not be finite; those are `null`.
pub fn json(values: impl IntoIterator<Item = f64>) -> Vec<Value> {
    values.into_iter().map(|value| Number::from_f64(value).map_or(Value::Null, Value::Number)).collect()
}

/// The median of those that are numbers; `None` of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    (!values.is_empty()).then(|| bench::median(&values))
}
