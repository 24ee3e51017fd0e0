//! What the terminal says of a comparison.

use nn4n_analysis::{
    Similarity,
    similarity::{Control, Dynamics, NoiseCeiling, RankError, Shuffle},
};

use super::{Name, Report, Score, SimilarityArgs};
use crate::cli::names;

/// Names in a table.
const IN_TABLE: usize = 12;

impl SimilarityArgs {
    /// The measure with what it depends on.
    pub(super) fn title(&self, found: &Similarity) -> String {
        let name = self.measure_label().trim_end_matches(" (rad)");
        match self.measure {
            Name::Svcca | Name::Pwcca => format!("{name}, {} % of the variance", 100.0 * self.variance),
            Name::Cca if self.regularisation > 0.0 => format!("{name}, regularisation {}", self.regularisation),
            Name::Rsa => format!("{name}, {} distances, {}", self.rdm.tag(), self.compare.tag()),
            _ => match &found.dynamics {
                Some(dynamics) if dynamics.delays > 1 => format!("{name}, {} delays", dynamics.delays),
                _ => name.into(),
            },
        }
    }

    pub(super) fn measure_label(&self) -> &'static str {
        match (self.measure, self.score) {
            (Name::Cka, _) => "CKA",
            (Name::CkaDebiased, _) => "Debiased CKA",
            (Name::Cca, _) => "CCA",
            (Name::Svcca, _) => "SVCCA",
            (Name::Pwcca, _) => "PWCCA",
            (Name::Procrustes, _) => "Procrustes",
            (Name::Angular, _) => "Angular distance (rad)",
            (Name::Rsa, _) => "RSA",
            (Name::Dsa, Score::Angular) => "DSA (rad)",
            (Name::Dsa, Score::Wasserstein) => "DSA",
        }
    }

    pub(super) fn lines(&self, report: &Report<'_>) -> Vec<String> {
        let (found, matched) = (report.found, report.matched);
        let kind = if found.is_distance { "a distance" } else { "a similarity" };
        let by = if report.by.is_empty() { "all trials together".into() } else { report.by.join(", ") };
        let mut lines = vec![
            format!("measure      {}: {kind}; seed {}", self.title(found), report.seed),
            format!(
                "rows         {} conditions ({by}) x {} times, bins of {} ms from {}",
                matched.conditions.len(),
                matched.time_ms.len(),
                report.bin_ms,
                self.start()
            ),
        ];
        lines.extend(matched.parts.iter().map(|part| {
            let shrinkage = part.shrinkage.map_or(String::new(), |part| format!(", noise shrunk by {part:.3}"));
            format!(
                "  {}: {} units, {} trials; left out: {} trials, {} times{shrinkage}",
                part.name, part.units, part.trials, part.trials_left_out, part.times_left_out
            )
        }));
        if let Some(dimensions) = &found.dimensions {
            let dimensions: Vec<String> = dimensions.iter().map(ToString::to_string).collect();
            lines.push(format!("dimensions   {}", dimensions.join(" ")));
        }
        lines.extend(table(found));
        lines.extend(found.control.as_ref().map(|control| of_control(found, control)).into_iter().flatten());
        lines.extend(report.noise_ceilings.iter().map(|ceiling| {
            let NoiseCeiling { lower, upper, subjects } = ceiling.found;
            format!(
                "ceiling      {lower:.4} to {upper:.4} ({}): as alike as a model of distances can be to all {subjects}",
                ceiling.of
            )
        }));
        lines.extend(report.no_noise_ceiling.iter().map(|reason| format!("no ceiling   {reason}")));
        if let Some(dynamics) = &found.dynamics {
            lines.extend(of_dynamics(found, dynamics, report.no_halves.as_deref()));
        }
        lines.push(format!(
            "map          two dimensions show {:.1} % of the distances ({}); stress {:.3}",
            100.0 * found.map.variance,
            found.map_of,
            found.map.stress
        ));
        lines
    }

    fn start(&self) -> String {
        match (&self.align, names::of(&self.epochs).is_empty()) {
            (Some(epoch), _) => format!("the start of {epoch}"),
            (None, true) => "the start of the trial".into(),
            (None, false) => "the start of each epoch".into(),
        }
    }
}

/// Values of all pairs, or the number of them where they are many.
fn table(found: &Similarity) -> Vec<String> {
    let n = found.names.len();
    if n > IN_TABLE {
        return vec![format!("matrix       {n} x {n}: see the figure, or --json")];
    }
    let width = found.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let row = |(name, values): (&String, &Vec<f64>)| {
        let values: Vec<String> = values.iter().map(|value| format!("{value:>8.4}")).collect();
        format!("  {name:>width$} {}", values.join(" "))
    };
    std::iter::once("matrix".to_owned()).chain(found.names.iter().zip(&found.matrix).map(row)).collect()
}

/// What chance gives, pair by pair where they are few.
fn of_control(found: &Similarity, control: &Control) -> Vec<String> {
    let what = match control.shuffle {
        Shuffle::Rows => "samples",
        Shuffle::Conditions => "conditions",
    };
    let mut lines = vec![format!("chance       of {} shuffles of {what}", control.shuffles)];
    let n = found.names.len();
    if n > IN_TABLE / 2 {
        let all: Vec<f64> = control.p.iter().flatten().flatten().copied().collect();
        let least = all.iter().filter(|p| **p <= 0.05).count() / 2;
        lines.push(format!("  {least} of {} pairs have p <= 0.05", all.len() / 2));
        return lines;
    }
    for i in 0..n {
        for j in i + 1..n {
            if let (Some(mean), Some(extreme), Some(p)) = (control.mean[i][j], control.extreme[i][j], control.p[i][j]) {
                let names = format!("{} and {}", found.names[i], found.names[j]);
                lines.push(format!("  {names}: mean {mean:.4}, 5 % reach {extreme:.4}, p = {p:.3}"));
            }
        }
    }
    lines
}

fn of_dynamics(found: &Similarity, dynamics: &Dynamics, no_halves: Option<&str>) -> Vec<String> {
    let mut lines = vec![of_delays(dynamics), of_rank(dynamics)];
    for (place, name) in found.names.iter().enumerate() {
        let halves = dynamics.between_halves[place].map_or("not known".into(), |angle| format!("{angle:.4}"));
        let identity = dynamics.to_identity[place];
        lines.push(format!("  {name}: between halves of the trials {halves}; to the identity {identity:.4} rad"));
    }
    if let Some(reason) = no_halves {
        lines.push(format!("  no halves: {reason}"));
    }
    if let (Some(spread), Some(starts)) = (&dynamics.spread, &dynamics.starts_to_best) {
        let pairs = || (0..spread.len()).flat_map(|i| (i + 1..spread.len()).map(move |j| (i, j)));
        let largest = pairs().map(|(i, j)| spread[i][j]).fold(0.0, f64::max);
        let fewest = pairs().map(|(i, j)| starts[i][j]).min().unwrap_or(0);
        lines.push(format!(
            "search       starts end up to {largest:.4} rad apart; the best is reached by {fewest} at least"
        ));
    }
    lines
}

/// The number of delays, and why it is that.
fn of_delays(dynamics: &Dynamics) -> String {
    let Some(taken) = dynamics.delays_held_out.iter().find(|of| of.delays == dynamics.delays) else {
        return format!("delays       {}: as it was asked for", dynamics.delays);
    };
    let best = dynamics.delays_held_out.iter().min_by(|a, b| a.least.error.total_cmp(&b.least.error)).unwrap_or(taken);
    format!(
        "delays       {} of up to {}: {}; the least error is that of {}, and the fewest within a standard error of it \
         are taken",
        dynamics.delays,
        dynamics.delays_held_out.last().unwrap_or(taken).delays,
        held_out(&taken.least),
        best.delays
    )
}

fn of_rank(dynamics: &Dynamics) -> String {
    let how = dynamics.held_out.iter().find(|error| error.rank == dynamics.rank);
    format!("dynamics     rank {}: {}", dynamics.rank, how.map_or("as it was asked for".into(), held_out))
}

fn held_out(error: &RankError) -> String {
    format!("held-out error {:.4} +- {:.4} of what changes in a bin", error.error, error.standard_error)
}
