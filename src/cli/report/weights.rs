//! The weights between units.

use anyhow::Result;
use ndarray::Array2;
use nn4n_analysis::{Network, Structure, structure::Group};

use super::{
    Made, data, figure,
    subject::{Subject, nn4n},
};
use crate::{
    evaluate::populations,
    plot::{EigenvaluePlane, UnitGroup, WeightHistograms, WeightMatrix},
    report::{Csv, Part, Source, Table, digits},
};

pub fn part(subject: &Subject) -> Result<Part> {
    let network = subject.network()?;
    let weights = Network::of(&network.ctrnn)?.joined_weights();
    let groups = populations(network.ctrnn.units());
    let found = Structure::of(&weights, &groups)?;
    let drawn: Vec<UnitGroup> =
        groups.iter().map(|group| UnitGroup { name: group.name.clone(), units: group.units.clone() }).collect();
    let command = nn4n(&["analyze", "structure", "--out", "structure"], &subject.probe_words());
    let radius = found.eigenvalues.first().map_or(0.0, |value| value.0.hypot(value.1));
    let (n, synapses) = (weights.nrows(), weights.iter().filter(|weight| **weight != 0.0).count());
    let mut part = Part::default();
    part.paragraphs.push(format!(
        "{synapses} of {} possible synapses between units are not zero. The spectral radius is {}; random weights of the \
        same variances would have {}, and {} eigenvalues lie beyond. {} of {n} singular values are larger than those of \
        noise, with {:.1} % of the squares.",
        n * n,
        digits(radius, 3),
        digits(found.predicted_radius, 3),
        found.outliers,
        found.rank,
        100.0 * found.low_rank_share
    ));
    part.number("Spectral radius", digits(radius, 3));
    part.number("Synapses between units", synapses);
    let w_rec: Array2<f32> = weights.mapv(|weight| weight as f32);
    let matrix = WeightMatrix { w_rec: w_rec.clone(), groups: drawn.clone() };
    let caption = "Effective weights: a row for each receiving unit, a column for each sending one; red excites, blue \
        inhibits, white is exactly zero.";
    part.figure("weights", figure("Weights between units", caption, &matrix, (command.clone(), data::weights(&w_rec))));
    let histograms = WeightHistograms { w_rec, groups: drawn };
    let caption = "Weights that are not zero, from each group (columns) to each (rows). The data are the numbers of the \
        blocks; the weights themselves are those of the figure before.";
    let blocks = blocks(&found);
    part.figure(
        "histograms",
        figure("Distributions of weights", caption, &histograms, (command.clone(), blocks.clone())),
    );
    let spectrum = EigenvaluePlane::of_weights(&found);
    let caption = "Eigenvalues of the weights in the complex plane; random weights of the same variances lie within the \
        circle.";
    let csv = data::eigenvalues("spectrum.csv", &spectrum);
    part.figure("spectrum", figure("Spectrum of the weights", caption, &spectrum, (command.clone(), csv)));
    if groups.len() > 1 {
        part.tables.push(table(&found, &groups, command, blocks));
    }
    Ok(part)
}

fn blocks(found: &Structure) -> Csv {
    let mut csv = Csv::new("blocks.csv", ["from", "to", "synapses", "density", "mean", "sd", "input"]);
    for block in &found.blocks {
        let numbers = [block.density, block.mean, block.sd, block.input].map(|value| digits(value, 5));
        let words = [block.from.clone(), block.to.clone(), block.synapses.to_string()];
        csv.row(words.into_iter().chain(numbers));
    }
    csv
}

/// The blocks that have synapses.
fn table(found: &Structure, groups: &[Group], command: String, data: Csv) -> Table {
    let row = |block: &nn4n_analysis::structure::Block| {
        vec![
            format!("{} \u{2192} {}", block.from, block.to),
            block.synapses.to_string(),
            format!("{:.1} %", 100.0 * block.density),
            digits(block.mean, 3),
            digits(block.input, 3),
        ]
    };
    let there: Vec<_> = found.blocks.iter().filter(|block| block.synapses > 0).map(row).collect();
    Table {
        caption: format!("Synapses between the {} groups", groups.len()),
        head: ["from and to", "synapses", "of all pairs", "mean weight", "input of a unit"].map(String::from).into(),
        rows: there,
        folded: false,
        source: Some(Source { command, data }),
    }
}
