//! Random dots of fixed duration in networks of more and more structure, and who connects to whom (Fig 3).

use serde_json::Value;

use super::{choices, ends, motion::ABOVE_85, number, study};
use crate::{
    error::{Error, Result},
    reproduce::{Claim, Figure, Mode, Outline, Run, Step, Target},
};

const SECTION: &str = "Structure";

const NODALE: &str = "rdm_nodale";
const DENSE: &str = "rdm_dense";
const FIXED: &str = "rdm_fixed";

/// The two kinds of selective units.
const KINDS: [&str; 2] = ["coherence > 0", "coherence < 0"];

pub fn outline(mode: Mode) -> Outline {
    let studies = [
        (NODALE, "song2016/rdm_nodale", "100 units without Dale's law (the paper's code: 3 minutes)", (500, 3000)),
        (
            DENSE,
            "song2016/rdm_dense",
            "80 excitatory and 20 inhibitory units (the paper's code: 6 minutes)",
            (1200, 5000),
        ),
        (FIXED, "song2016/rdm_fixed", "two selective pools (the paper's code: 5 minutes)", (1200, 4000)),
    ]
    .map(|(name, preset, summary, (quick, full))| study(mode, name, preset, summary).takes(mode.pick(quick, full)));
    let [nodale, dense, fixed] = &studies;
    let connectivity = [nodale, dense].map(|study| {
        let words = format!("--selectivity coherence --least 0.3 --trials {}", mode.pick(50, 200));
        Step::new("connectivity", study, "analyze structure", &words)
    });
    let psychometric = [nodale, dense, fixed].map(|study| choices::step(mode, study));
    let figures = vec![
        weights(
            &connectivity[0],
            "Weights without Dale's law",
            "Each half is to excite itself and to inhibit the other.",
        ),
        weights(
            &connectivity[1],
            "Weights with Dale's law",
            "Excitation is to be stronger within a half, inhibition of the other half to come from inhibitory units.",
        ),
    ];
    let mut claims = Vec::new();
    for study in [NODALE, DENSE, FIXED] {
        claims.push(ends(study, ABOVE_85));
        claims.extend(choices::claims(study, "networks of different structure behave alike"));
    }
    claims.extend(connections());
    let steps = psychometric.into_iter().chain(connectivity).collect();
    Outline { studies: studies.into(), steps, claims, figures, ..Outline::default() }
}

fn weights(step: &Step, title: &str, what: &str) -> Figure {
    let caption = format!("Recurrent weights, from the columns to the rows, units by what they prefer. {what}");
    Figure::new(SECTION, step, "weights", title, &caption)
}

fn connections() -> Vec<Claim> {
    let statement = "units that prefer the same excite each other";
    vec![
        Claim::criterion(format!("{NODALE}: mean weight between units that prefer the same"), statement)
            .is(Target::Above(0.0))
            .of_each(NODALE, |run| Ok(mean_weights(run, "", "")?.same)),
        Claim::criterion(
            format!("{NODALE}: mean weight between units that prefer opposite choices"),
            "they inhibit each other directly",
        )
        .is(Target::Below(0.0))
        .of_each(NODALE, |run| Ok(mean_weights(run, "", "")?.opposite)),
        Claim::criterion(
            format!("{DENSE}: mean weight E to E of units that prefer the same, less that of opposite ones"),
            statement,
        )
        .is(Target::Above(0.0))
        .of_each(DENSE, |run| mean_weights(run, "excitatory ", "excitatory ").map(|mean| mean.same - mean.opposite)),
        Claim::criterion(
            format!("{DENSE}: mean weight I to E of units that prefer the same, less that of opposite ones"),
            "inhibition of the other choice is carried by inhibitory units (their weights are below 0)",
        )
        .is(Target::Above(0.0))
        .of_each(DENSE, |run| mean_weights(run, "inhibitory ", "excitatory ").map(|mean| mean.same - mean.opposite)),
    ]
}

/// Mean weights between selective units; synapses that are absent count as 0.
struct MeanWeights {
    same: f64,
    opposite: f64,
}

/// From one cell type to another, by the starts of their names.
fn mean_weights(run: &Run, from: &str, to: &str) -> Result<MeanWeights> {
    let blocks = run.list("connectivity", "blocks")?;
    let mean = |is_same: bool| -> Result<f64> {
        let is_meant = |block: &&Value| {
            let pairs = KINDS.iter().flat_map(|one| KINDS.iter().map(move |other| (one, other)));
            let mut pairs = pairs.filter(|(one, other)| (one == other) == is_same);
            pairs.any(|(one, other)| is_of(&block["from"], from, one) && is_of(&block["to"], to, other))
        };
        let (mut sum, mut pairs) = (0.0, 0.0);
        for block in blocks.iter().filter(is_meant) {
            let (synapses, density) = (number(block, "/synapses")?, number(block, "/density")?);
            if density > 0.0 {
                sum += synapses * number(block, "/mean")?;
                pairs += synapses / density;
            }
        }
        let missing = || Error::file(run.place("connectivity"), "no such units are selective");
        if pairs > 0.0 { Ok(sum / pairs) } else { Err(missing()) }
    };
    Ok(MeanWeights { same: mean(true)?, opposite: mean(false)? })
}

/// Whether a group is of a cell type and of what its units prefer.
fn is_of(group: &Value, cell_type: &str, kind: &str) -> bool {
    group.as_str().is_some_and(|name| name.starts_with(cell_type) && name.ends_with(&format!("({kind})")))
}
