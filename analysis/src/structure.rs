//! What the weights between units are: by groups, by unit, as a spectrum, as a low-rank part with the rest.
//!
//! ```text
//! degrees     synapses that a unit receives, sends                          balance  (E - |I|) / (E + |I|) of its inputs
//! circle      eigenvalues of random weights lie within R = sqrt(sum_j var_j): var_j of the weights that unit j sends
//! low rank    singular values above s sqrt(n) 2 are no noise of sd s        share = their squares / all squares
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | `W` | effective recurrent weights, `w[post, pre]` |
//! | `E`, `I` | sums of the positive and of the negative weights that a unit receives |
//! | `var_j` | variance over postsynaptic units, absent synapses counted as 0, about the mean of the column |
//!
//! A mean that differs between columns (Dale's law) adds one outlier per cell type, and nothing to the circle.
//!
//! Rajan & Abbott 2006, doi:10.1103/PhysRevLett.97.188104 (circle); Marchenko & Pastur 1967, doi:10.1070/
//! SM1967v001n04ABEH001994 (singular values of noise).

use ndarray::{Array1, Array2, ArrayView1, Axis};
use serde::Serialize;

use crate::{
    AnalysisError,
    linear::{self, Complex},
};

/// An eigenvalue is an outlier beyond so many radii of the circle.
const OUTSIDE: f64 = 1.1;

/// Units with a name, such as `excitatory` or `visual`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its units.
    pub units: Vec<usize>,
}

/// The weights from one group to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Block {
    /// Name of the presynaptic group.
    pub from: String,
    /// Name of the postsynaptic group.
    pub to: String,
    /// Weights that are not 0.
    pub synapses: usize,
    /// The same as a part of all pairs, a unit with itself left out.
    pub density: f64,
    /// Mean of the weights that are not 0; 0 without any.
    pub mean: f64,
    /// Their standard deviation.
    pub sd: f64,
    /// Mean over the postsynaptic units of what they receive together.
    pub input: f64,
}

/// What the recurrent weights are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Structure {
    /// Every pair of groups.
    pub blocks: Vec<Block>,
    /// Synapses that each unit receives (units).
    pub in_degree: Vec<usize>,
    /// Synapses that each unit sends (units).
    pub out_degree: Vec<usize>,
    /// Sum of the positive weights that each unit receives (units).
    pub excitation: Vec<f64>,
    /// Sum of the negative ones, not positive (units).
    pub inhibition: Vec<f64>,
    /// `(E - |I|) / (E + |I|)` (units), in [-1, 1]; `null` of a unit without inputs.
    pub balance: Vec<Option<f64>>,
    /// Of largest modulus first.
    pub eigenvalues: Vec<Complex>,
    /// Radius of the circle that random weights of the same variances would fill.
    pub predicted_radius: f64,
    /// Eigenvalues beyond it by more than a tenth.
    pub outliers: usize,
    /// Singular values, the largest first.
    pub singular_values: Vec<f64>,
    /// The largest singular value of noise of the same variance.
    pub noise_edge: f64,
    /// Singular values above it.
    pub rank: usize,
    /// Their part of all squares, in [0, 1].
    pub low_rank_share: f64,
}

impl Structure {
    /// Of recurrent weights (units, units), looked at by groups of units.
    ///
    /// # Errors
    /// If the weights are not square or not finite, a group names a unit that is not there, or a decomposition fails.
    pub fn of(weights: &Array2<f64>, groups: &[Group]) -> Result<Self, AnalysisError> {
        linear::check_square("w_rec", weights)?;
        let n = weights.nrows();
        if let Some(unit) = groups.iter().flat_map(|group| &group.units).find(|unit| **unit >= n) {
            let rule = format!("is no unit; they are 0 to {}", n.saturating_sub(1));
            return Err(AnalysisError::Setting { setting: "groups", value: unit.to_string(), rule });
        }
        let eigenvalues = linear::eigenvalues("w_rec", weights)?;
        let predicted_radius = weights.axis_iter(Axis(1)).map(|column| column.var(0.0)).sum::<f64>().sqrt();
        let singular_values = linear::singular_values("w_rec", weights)?;
        let noise_edge = 2.0 * (n as f64).sqrt() * weights.iter().copied().collect::<Array1<f64>>().std(0.0);
        let squares = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
        let rank = singular_values.iter().filter(|value| **value > noise_edge).count();
        let all = squares(&singular_values);
        let sum = |row: ArrayView1<'_, f64>, is_it: fn(f64) -> bool| row.iter().filter(|w| is_it(**w)).sum::<f64>();
        let rows = || weights.outer_iter();
        let excitation: Vec<f64> = rows().map(|row| sum(row, |w| w > 0.0)).collect();
        let inhibition: Vec<f64> = rows().map(|row| sum(row, |w| w < 0.0)).collect();
        let count = |line: ArrayView1<'_, f64>| line.iter().filter(|w| **w != 0.0).count();
        let balance = |(e, i): (&f64, &f64)| (e - i > 0.0).then(|| (e + i) / (e - i));
        Ok(Self {
            blocks: groups.iter().flat_map(|to| groups.iter().map(|from| block(weights, from, to))).collect(),
            in_degree: rows().map(count).collect(),
            out_degree: weights.axis_iter(Axis(1)).map(count).collect(),
            balance: excitation.iter().zip(&inhibition).map(balance).collect(),
            excitation,
            inhibition,
            outliers: eigenvalues.iter().filter(|value| linear::modulus(value) > OUTSIDE * predicted_radius).count(),
            eigenvalues,
            predicted_radius,
            rank,
            low_rank_share: if all > 0.0 { squares(&singular_values[..rank]) / all } else { 0.0 },
            singular_values,
            noise_edge,
        })
    }
}

fn block(weights: &Array2<f64>, from: &Group, to: &Group) -> Block {
    let pairs = || to.units.iter().flat_map(|post| from.units.iter().map(move |pre| (*post, *pre)));
    let there: Vec<f64> = pairs().map(|(post, pre)| weights[[post, pre]]).filter(|w| *w != 0.0).collect();
    let possible = pairs().filter(|(post, pre)| post != pre).count();
    let (n, total) = (there.len() as f64, there.iter().sum::<f64>());
    let mean = if there.is_empty() { 0.0 } else { total / n };
    let variance = there.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / n.max(1.0);
    Block {
        from: from.name.clone(),
        to: to.name.clone(),
        synapses: there.len(),
        density: n / possible.max(1) as f64,
        mean,
        sd: variance.sqrt(),
        input: total / to.units.len().max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    #[test]
    fn blocks_degrees_and_balance_are_those_worked_by_hand() {
        let weights = array![[0.0, 1.0, -2.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
        let groups = [
            Group { name: "excitatory".into(), units: vec![0, 1] },
            Group { name: "inhibitory".into(), units: vec![2] },
        ];
        let found = Structure::of(&weights, &groups).unwrap();
        assert_eq!((found.in_degree, found.out_degree), (vec![2, 1, 0], vec![1, 1, 1]));
        assert_eq!(found.balance, [Some(-1.0 / 3.0), Some(1.0), None]);
        let within = &found.blocks[0];
        assert_eq!((within.synapses, within.density, within.mean, within.sd), (2, 1.0, 2.0, 1.0));
        assert_eq!((within.input, found.blocks[1].from.as_str(), found.blocks[1].input), (2.0, "inhibitory", -1.0));
        let bad = [Group { name: "all".into(), units: vec![3] }];
        assert!(Structure::of(&weights, &bad).unwrap_err().to_string().contains("is no unit; they are 0 to 2"));
    }

    #[test]
    fn random_weights_fill_their_circle_and_a_planted_vector_is_found() {
        let (n, g) = (200, 0.9);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut weights = Array2::from_shape_simple_fn((n, n), || {
            let w: f64 = StandardNormal.sample(&mut rng);
            g * w / (n as f64).sqrt()
        });
        let random = Structure::of(&weights, &[]).unwrap();
        assert!((random.predicted_radius - g).abs() < 0.03 && random.outliers == 0 && random.rank == 0, "{random:?}");
        // u v^T of norm 4, whose eigenvalue is u . v = 4 with u = v.
        weights.mapv_inplace(|w| w + 4.0 / n as f64);
        let planted = Structure::of(&weights, &[]).unwrap();
        assert_eq!((planted.outliers, planted.rank), (1, 1));
        assert!((planted.eigenvalues[0].0 - 4.0).abs() < 0.3 && planted.low_rank_share > 0.05);
    }
}
