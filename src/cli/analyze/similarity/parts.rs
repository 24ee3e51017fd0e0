//! What is compared: networks and recordings, their groups and epochs, in rows of the same conditions and times.

use anyhow::{Context, Result, bail};
use nn4n_analysis::{
    Activity, Similarity,
    similarity::{MatchedParts, Matching, NoiseCeiling, Part, RdmDistance},
};

use super::{Ceiling, Name, SimilarityArgs};
use crate::{
    cli::{analyze::source::Source, names},
    evaluate::{self, Compared},
};

/// Steps of time that differ by less than this part are one.
const SAME: f64 = 1e-6;
/// Bins that steps of different lengths have in common are at most so many times the longest step.
const WIDEST: f64 = 10.0;
/// The fewest networks or recordings of which a noise ceiling says something.
const SUBJECTS: usize = 3;

impl SimilarityArgs {
    /// The width of a bin, ms: a whole number of steps of every source.
    pub(super) fn bin_width(&self, sources: &[Source]) -> Result<f64> {
        let steps: Vec<f64> = sources.iter().map(|source| source.activity.dt()).collect();
        let longest = steps.iter().copied().fold(0.0, f64::max);
        let divides = |bin: f64, step: f64| {
            let times = (bin / step).round();
            times >= 1.0 && (bin - times * step).abs() <= SAME * bin
        };
        if let Some(bin) = self.bin {
            return match sources.iter().find(|source| !divides(bin, source.activity.dt())) {
                None => Ok(bin),
                Some(source) => bail!(
                    "--bin {bin}: must be a whole number of steps, but those of {} are {} ms; choose a multiple",
                    source.name,
                    source.activity.dt()
                ),
            };
        }
        let multiples = (1..).map(|times| f64::from(times) * longest).take_while(|bin| *bin <= WIDEST * longest);
        let found = multiples.into_iter().find(|bin| steps.iter().all(|step| divides(*bin, *step)));
        found.with_context(|| {
            let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
            format!(
                "steps of {} ms have no short bin in common; simulate networks at another step (--dt), or name a bin \
                 (--bin)",
                steps.join(" and ")
            )
        })
    }

    /// What is compared: each source, its areas, its epochs.
    pub(super) fn parts(&self, sources: &[Source], bin: f64) -> Result<Vec<Part>> {
        let mut parts: Vec<Part> = Vec::new();
        for source in sources {
            let steps = (bin / source.activity.dt()).round() as usize;
            for (group, activity) in self.of_groups(source)? {
                let activity = activity.as_ref().unwrap_or(&source.activity);
                let named = |epoch: Option<&str>| self.name(&parts, sources.len(), source, group, epoch);
                let of_epochs = if names::of(&self.epochs).is_empty() {
                    let of_all = Part::of(named(None), activity, self.align.as_deref(), steps);
                    vec![of_all.with_context(|| source.name.clone())?]
                } else {
                    let of_epoch = |epoch: &String| {
                        let part = Part::within(named(Some(epoch.as_str())), activity, epoch, steps);
                        part.with_context(|| source.name.clone())
                    };
                    names::of(&self.epochs).iter().map(of_epoch).collect::<Result<Vec<_>>>()?
                };
                parts.extend(of_epochs);
            }
        }
        if parts.len() < 2 {
            bail!(
                "{} is named, but two are compared at least; name another network or recording, areas (--groups), or \
                 epochs (--epochs)",
                parts.first().map_or("nothing", |part| part.name.as_str())
            );
        }
        Ok(parts)
    }

    /// The activity of each group; all units alone where no groups are named.
    fn of_groups<'a>(&'a self, source: &Source) -> Result<Vec<(Option<&'a str>, Option<Activity>)>> {
        if names::of(&self.groups).is_empty() {
            return Ok(vec![(None, None)]);
        }
        let of_group = |name: &'a String| {
            let known = || {
                let names: Vec<&str> = source.groups.iter().map(|group| group.name.as_str()).collect();
                if names.is_empty() { "none is known".into() } else { format!("there are {}", names.join(", ")) }
            };
            let found = source.groups.iter().find(|group| group.name == *name);
            let group =
                found.with_context(|| format!("--groups {name}: {} has no such group; {}", source.name, known()))?;
            Ok((Some(name.as_str()), Some(source.activity.with_units(&group.units)?)))
        };
        names::of(&self.groups).iter().map(of_group).collect()
    }

    /// What tells a part from the others, numbered where the same is named twice.
    fn name(
        &self,
        before: &[Part],
        sources: usize,
        source: &Source,
        group: Option<&str>,
        epoch: Option<&str>,
    ) -> String {
        let needs_source = sources > 1 || (group.is_none() && epoch.is_none());
        let words = [needs_source.then_some(source.name.as_str()), group, epoch];
        let name = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let is_free = |name: &str| before.iter().all(|part| part.name != name);
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        std::iter::once(name.clone()).chain(numbered).find(|name| is_free(name)).unwrap_or(name)
    }

    /// Rows of all parts; with why there are no halves of the trials, where DSA would compare them.
    pub(super) fn matched(
        &self,
        sources: &[Source],
        parts: &[Part],
        by: &[String],
    ) -> Result<(MatchedParts, Option<String>)> {
        let is_rsa = |distances: &[RdmDistance]| self.measure == Name::Rsa && distances.contains(&self.rdm);
        let matching = Matching {
            by: by.to_vec(),
            average_times: self.average_times,
            folds: is_rsa(&[RdmDistance::Crossnobis]).then_some(self.folds),
            noise: is_rsa(&[RdmDistance::Crossnobis, RdmDistance::Mahalanobis]),
        };
        let plain = || MatchedParts::of(parts, &matching);
        if self.measure != Name::Dsa {
            return Ok((plain()?, None));
        }
        if sources.iter().any(|source| source.about.noise == Some(false)) {
            return Ok((plain()?, Some("trials without noise are copies of one another".into())));
        }
        match MatchedParts::of(parts, &Matching { folds: Some(2), ..matching.clone() }) {
            Ok(matched) => Ok((matched, None)),
            Err(error) => Ok((plain()?, Some(error.to_string()))),
        }
    }

    /// Of what is the same in each source; none where there are too few, or the measure is another.
    pub(super) fn ceilings(&self, sources: usize, found: &Similarity) -> Result<Vec<Ceiling>> {
        if self.measure != Name::Rsa || sources < SUBJECTS {
            return Ok(Vec::new());
        }
        // Parts follow one another source by source, group by group, epoch by epoch.
        let of_source = found.rdms.len() / sources;
        let of = |place: usize| {
            let rdms: Vec<_> = found.rdms.iter().skip(place).step_by(of_source).cloned().collect();
            let (groups, epochs_named) = (names::of(&self.groups), names::of(&self.epochs));
            let epochs = epochs_named.len().max(1);
            let words = [groups.get(place / epochs), epochs_named.get(place % epochs)];
            let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
            let of = if words.is_empty() { "all units".into() } else { words.join(" ") };
            Ok(Ceiling { of, found: NoiseCeiling::of(&rdms, self.compare)? })
        };
        (0..of_source).map(of).collect()
    }
}

/// The variables that all sources have, see [`evaluate::shared_variables`].
pub(super) fn shared_variables(sources: &[Source]) -> Result<Vec<String>> {
    let compared = sources.iter().map(|source| Compared {
        name: &source.name,
        trials: source.activity.trials(),
        task: source.task.as_deref(),
    });
    Ok(evaluate::shared_variables(&compared.collect::<Vec<_>>())?)
}
