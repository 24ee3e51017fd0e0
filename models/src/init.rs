//! Initial weights, drawn on the host in f64 from a seed, so that they are the same on every device.

use faer::Mat;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};

use crate::{
    config::{Balance, CellType, FixedSynapse, Init},
    connectivity::Mask,
    error::{ModelError, Result},
};

/// What the initial weights of one matrix depend on.
pub(crate) struct Draw<'a> {
    /// Name of the matrix, for messages.
    pub name: &'a str,
    pub init: &'a Init,
    pub mask: &'a Mask,
    /// Cell type of each presynaptic unit.
    pub pre_types: &'a [Option<CellType>],
    pub balance: Balance,
    pub spectral_radius: Option<f64>,
    /// Whether the radius was asked for; a default gives way where it cannot be reached.
    pub radius_requested: bool,
    pub fixed: &'a [FixedSynapse],
}

impl Draw<'_> {
    /// The weights (posts x pres): drawn, masked, signed, balanced, rescaled, and the fixed synapses put in.
    pub(crate) fn weights(&self, rng: &mut ChaCha8Rng) -> Result<Mat<f64>> {
        let mut weights = self.magnitudes(rng)?;
        self.apply_mask_and_signs(&mut weights)?;
        // Balance and radius are those of the free synapses; the fixed ones keep the weights that were asked for.
        self.fixed.iter().for_each(|synapse| weights[(synapse.post, synapse.pre)] = 0.0);
        self.apply_balance(&mut weights)?;
        if let Some(target) = self.spectral_radius {
            // Without loops every eigenvalue is 0, but round-off would report others, and the weights would explode.
            let radius = if has_loop(&weights) {
                spectral_radius(&weights).map_err(|message| ModelError::tensor(self.name, message))?
            } else {
                0.0
            };
            if radius > 1e-12 {
                weights *= faer::Scale(target / radius);
            } else if self.radius_requested {
                return Err(ModelError::config(
                    format!("{}.spectral_radius", self.name),
                    format!(
                        "= {target} cannot be reached: the drawn matrix has spectral radius 0 (no synapses, or no \
                        loops); raise the density or leave it out"
                    ),
                ));
            }
        }
        for synapse in self.fixed {
            weights[(synapse.post, synapse.pre)] = synapse.weight;
        }
        Ok(weights)
    }

    fn magnitudes(&self, rng: &mut ChaCha8Rng) -> Result<Mat<f64>> {
        let (posts, pres) = (self.mask.posts, self.mask.pres);
        let mut fill = |draw: &dyn Fn(usize, usize, &mut ChaCha8Rng) -> f64| {
            fill_rows(posts, pres, |post, pre| draw(post, pre, rng))
        };
        let fan_in_scale: Vec<f64> = (0..posts)
            .map(|post| {
                let fan_in = self.mask.row(post).iter().filter(|entry| **entry == 1).count();
                1.0 / (fan_in.max(1) as f64).sqrt()
            })
            .collect();
        Ok(match self.init {
            Init::Zero => Mat::zeros(posts, pres),
            Init::Uniform(gain) => fill(&|post, _, rng| gain * fan_in_scale[post] * rng.random_range(-1.0..=1.0)),
            Init::Normal(gain) => fill(&|post, _, rng| gain * fan_in_scale[post] * normal(rng)),
            Init::UniformRange(range) => fill(&|_, _, rng| range * rng.random_range(-1.0..=1.0)),
            Init::Gamma { shape, mean } => {
                let means = self.balanced_means();
                let gamma = Gamma::new(*shape, 1.0)
                    .map_err(|error| ModelError::config(format!("{}.init", self.name), error.to_string()))?;
                fill(&|post, pre, rng| gamma.sample(rng) * mean * means[(post, pre)] / shape)
            }
            Init::Diagonal(gain) => Mat::from_fn(posts, pres, |post, pre| if post == pre { *gain } else { 0.0 }),
            Init::DiagonalNormal { diagonal, gain } => fill(&|post, pre, rng| match post == pre {
                true => *diagonal,
                false => gain * fan_in_scale[post] * normal(rng),
            }),
            Init::Orthogonal(gain) => random_orthogonal(posts, rng) * faer::Scale(*gain),
            Init::Array(rows) => Mat::from_fn(posts, pres, |post, pre| rows[post][pre]),
        })
    }

    /// Song 2016: ones, the inhibitory entries of each row scaled to sum to the excitatory ones, each row of unit
    /// length.
    fn balanced_means(&self) -> Mat<f64> {
        let mut means = Mat::zeros(self.mask.posts, self.mask.pres);
        for post in 0..self.mask.posts {
            let row = self.mask.row(post);
            let count = |cell_type| {
                row.iter().zip(self.pre_types).filter(|(entry, pre)| **entry == 1 && **pre == Some(cell_type)).count()
                    as f64
            };
            let (excitatory, inhibitory) = (count(CellType::Excitatory), count(CellType::Inhibitory));
            let ratio = if excitatory > 0.0 && inhibitory > 0.0 { excitatory / inhibitory } else { 1.0 };
            let entry = |pre: usize| match (row[pre], self.pre_types[pre]) {
                (0, _) => 0.0,
                (_, Some(CellType::Inhibitory)) => ratio,
                _ => 1.0,
            };
            let length = (0..self.mask.pres).map(|pre| entry(pre).powi(2)).sum::<f64>().sqrt();
            for pre in 0..self.mask.pres {
                means[(post, pre)] = if length > 0.0 { entry(pre) / length } else { 0.0 };
            }
        }
        means
    }

    fn apply_mask_and_signs(&self, weights: &mut Mat<f64>) -> Result<()> {
        let explicit = matches!(self.init, Init::Array(_));
        for post in 0..self.mask.posts {
            for pre in 0..self.mask.pres {
                let weight = &mut weights[(post, pre)];
                let sign = self.pre_types[pre].map(CellType::sign);
                if self.mask.row(post)[pre] == 0 {
                    if explicit && *weight != 0.0 {
                        return Err(ModelError::config(
                            format!("{}.init.array[{post}][{pre}]", self.name),
                            format!(
                                "is {weight}, but there is no such synapse; set it to 0, or allow it (densities, \
                                groups, `connectivity`, `autapses`)"
                            ),
                        ));
                    }
                    *weight = 0.0;
                } else if let Some(sign) = sign {
                    if explicit && *weight * sign < 0.0 {
                        return Err(ModelError::config(
                            format!("{}.init.array[{post}][{pre}]", self.name),
                            format!(
                                "is {weight}, against the cell type of its presynaptic unit; correct the sign or the \
                                cell type"
                            ),
                        ));
                    }
                    *weight = weight.abs() * sign;
                }
            }
        }
        Ok(())
    }

    fn apply_balance(&self, weights: &mut Mat<f64>) -> Result<()> {
        let rows: Vec<usize> = (0..self.mask.posts).collect();
        let groups: Vec<&[usize]> = match self.balance {
            Balance::Off => return Ok(()),
            Balance::Row => rows.chunks(1).collect(),
            Balance::Global => vec![&rows],
        };
        for posts in groups {
            let sum = |weights: &Mat<f64>, cell_type| -> f64 {
                let pres = (0..self.mask.pres).filter(|pre| self.pre_types[*pre] == Some(cell_type));
                pres.flat_map(|pre| posts.iter().map(move |post| (*post, pre)))
                    .map(|(post, pre)| weights[(post, pre)])
                    .sum()
            };
            let (excitation, inhibition) = (sum(weights, CellType::Excitatory), -sum(weights, CellType::Inhibitory));
            if excitation == 0.0 || inhibition == 0.0 {
                return Err(ModelError::config(
                    format!("{}.balance", self.name),
                    format!(
                        "cannot be reached: unit {} has excitatory input {excitation} and inhibitory input \
                        {inhibition}; raise the densities",
                        posts[0]
                    ),
                ));
            }
            for post in posts {
                for pre in (0..self.mask.pres).filter(|pre| self.pre_types[*pre] == Some(CellType::Inhibitory)) {
                    weights[(*post, pre)] *= excitation / inhibition;
                }
            }
        }
        Ok(())
    }
}

/// Largest modulus of the eigenvalues of a square matrix.
fn spectral_radius(weights: &Mat<f64>) -> Result<f64, String> {
    let eigenvalues = weights.eigenvalues().map_err(|error| format!("the eigenvalues were not found ({error:?})"))?;
    Ok(eigenvalues.iter().map(|value| value.re.hypot(value.im)).fold(0.0, f64::max))
}

/// Whether a chain of synapses leads from any unit back to itself.
fn has_loop(weights: &Mat<f64>) -> bool {
    let n = weights.nrows();
    let mut n_pres: Vec<usize> = (0..n).map(|post| (0..n).filter(|pre| weights[(post, *pre)] != 0.0).count()).collect();
    // Take away units without presynaptic partners until none is left, or only loops and what they drive.
    let mut sources: Vec<usize> = (0..n).filter(|unit| n_pres[*unit] == 0).collect();
    let mut n_removed = 0;
    while let Some(pre) = sources.pop() {
        n_removed += 1;
        for post in (0..n).filter(|post| weights[(*post, pre)] != 0.0) {
            n_pres[post] -= 1;
            if n_pres[post] == 0 {
                sources.push(post);
            }
        }
    }
    n_removed < n
}

/// Uniform over the orthogonal group: the Q of a Gaussian matrix, its columns' signs fixed by the diagonal of R
/// (Mezzadri 2007, arXiv:math-ph/0609050).
fn random_orthogonal(n: usize, rng: &mut ChaCha8Rng) -> Mat<f64> {
    let qr = fill_rows(n, n, |_, _| normal(rng)).qr();
    let (q, r) = (qr.compute_Q(), qr.thin_R().to_owned());
    Mat::from_fn(n, n, |post, pre| q[(post, pre)] * r[(pre, pre)].signum())
}

/// Fills row by row, so that a draw does not depend on the memory order of the matrix library.
fn fill_rows(posts: usize, pres: usize, mut draw: impl FnMut(usize, usize) -> f64) -> Mat<f64> {
    let mut weights = Mat::zeros(posts, pres);
    for post in 0..posts {
        for pre in 0..pres {
            weights[(post, pre)] = draw(post, pre);
        }
    }
    weights
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{LayerSeed, Stream};

    fn full(posts: usize, pres: usize) -> Mask {
        Mask { posts, pres, entries: vec![1; posts * pres] }
    }

    fn ei(excitatory: usize, inhibitory: usize) -> Vec<Option<CellType>> {
        let mut types = vec![Some(CellType::Excitatory); excitatory];
        types.extend(vec![Some(CellType::Inhibitory); inhibitory]);
        types
    }

    fn draw<'a>(init: &'a Init, mask: &'a Mask, pre_types: &'a [Option<CellType>]) -> Draw<'a> {
        Draw {
            name: "w_rec",
            init,
            mask,
            pre_types,
            balance: Balance::Off,
            spectral_radius: None,
            radius_requested: true,
            fixed: &[],
        }
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        Stream::RecurrentWeights.rng(LayerSeed { seed, layer: 0 })
    }

    #[test]
    fn spectral_radius_of_a_rotation_and_of_a_known_matrix() {
        let rotation = faer::mat![[0.0, -2.0], [2.0, 0.0]];
        assert!((spectral_radius(&rotation).unwrap() - 2.0).abs() < 1e-12);
        let golden = faer::mat![[1.0, 1.0], [1.0, 0.0]];
        assert!((spectral_radius(&golden).unwrap() - (1.0 + 5f64.sqrt()) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_requested_spectral_radius_is_reached() {
        let (mask, types, init) = (full(40, 40), ei(32, 8), Init::Gamma { shape: 2.0, mean: 0.1 });
        let weights = Draw { spectral_radius: Some(1.5), ..draw(&init, &mask, &types) }.weights(&mut rng(1)).unwrap();
        assert!((spectral_radius(&weights).unwrap() - 1.5).abs() < 1e-9);
    }

    #[test]
    fn a_radius_that_cannot_be_reached_is_refused_if_asked_for_and_gives_way_if_default() {
        // Synapses from later to earlier units only, in a scrambled order: nilpotent, yet its numerical eigenvalues are
        // not 0.
        let n = 20;
        let mut mask = full(n, n);
        (0..n * n).for_each(|index| mask.entries[index] = u8::from((index / n * 7) % n < (index % n * 7) % n));
        let (types, init) = (vec![None; n], Init::Normal(1.0));
        let drawn = |spectral_radius, radius_requested| {
            Draw { spectral_radius, radius_requested, ..draw(&init, &mask, &types) }.weights(&mut rng(1))
        };
        assert!(drawn(Some(1.5), true).unwrap_err().to_string().contains("cannot be reached"));
        assert_eq!(drawn(Some(1.5), false).unwrap(), drawn(None, false).unwrap());
    }

    #[test]
    fn a_random_orthogonal_matrix_is_orthogonal() {
        let (mask, types) = (full(12, 12), vec![None; 12]);
        let weights = draw(&Init::Orthogonal(0.5), &mask, &types).weights(&mut rng(1)).unwrap();
        let gram = weights.transpose() * &weights;
        for i in 0..12 {
            for j in 0..12 {
                let wanted = if i == j { 0.25 } else { 0.0 };
                assert!((gram[(i, j)] - wanted).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_diagonal_among_gaussian_weights_is_as_given() {
        let (mask, types) = (full(400, 400), vec![None; 400]);
        let weights =
            draw(&Init::DiagonalNormal { diagonal: 0.9, gain: 0.3 }, &mask, &types).weights(&mut rng(1)).unwrap();
        assert!((0..400).all(|unit| weights[(unit, unit)] == 0.9));
        let off = (0..400 * 400).filter(|index| index / 400 != index % 400);
        let squares: f64 = off.map(|index| weights[(index / 400, index % 400)].powi(2)).sum();
        let deviation = (squares / (400.0 * 399.0)).sqrt();
        assert!((deviation - 0.3 / 20.0).abs() < 1e-4, "{deviation}");
    }

    #[test]
    fn gamma_draws_have_balanced_means() {
        // One postsynaptic unit, 4 E and 2 I: entries 1 and 2, row length sqrt(4 + 8).
        let (mask, types, init) = (full(1, 6), ei(4, 2), Init::Gamma { shape: 2.0, mean: 0.1 });
        let (mut excitatory, mut inhibitory) = (0.0, 0.0);
        let draws = 20_000;
        let mut rng = rng(5);
        for _ in 0..draws {
            let weights = draw(&init, &mask, &types).weights(&mut rng).unwrap();
            excitatory += weights[(0, 0)] / draws as f64;
            inhibitory += weights[(0, 5)] / draws as f64;
        }
        let expected = 0.1 / 12f64.sqrt();
        assert!((excitatory - expected).abs() < 0.02 * expected, "{excitatory} vs {expected}");
        assert!((inhibitory + 2.0 * expected).abs() < 0.04 * expected, "{inhibitory} vs {}", -2.0 * expected);
    }

    #[test]
    fn row_balance_cancels_every_row_and_global_balance_the_sum() {
        let (mask, types, init) = (full(10, 10), ei(8, 2), Init::Uniform(1.0));
        let balanced = |balance| Draw { balance, ..draw(&init, &mask, &types) }.weights(&mut rng(2)).unwrap();
        let row_sum = |weights: &Mat<f64>, post: usize| (0..10).map(|pre| weights[(post, pre)]).sum::<f64>();
        let by_row = balanced(Balance::Row);
        assert!((0..10).all(|post| row_sum(&by_row, post).abs() < 1e-12));
        let global = balanced(Balance::Global);
        assert!((0..10).map(|post| row_sum(&global, post)).sum::<f64>().abs() < 1e-12);
        assert!((0..10).any(|post| row_sum(&global, post).abs() > 1e-3));
    }

    #[test]
    fn uniform_and_normal_scale_with_the_true_fan_in() {
        let mut mask = full(2, 400);
        mask.entries[400 + 100..].fill(0); // the second unit has 100 synapses
        let types = vec![None; 400];
        let deviation = |init: Init, post: usize, count: usize| {
            let weights = draw(&init, &mask, &types).weights(&mut rng(3)).unwrap();
            ((0..count).map(|pre| weights[(post, pre)].powi(2)).sum::<f64>() / count as f64).sqrt()
        };
        assert!((deviation(Init::Normal(1.0), 0, 400) - 1.0 / 20.0).abs() < 0.006);
        assert!((deviation(Init::Normal(1.0), 1, 100) - 1.0 / 10.0).abs() < 0.025);
        assert!((deviation(Init::Uniform(1.0), 0, 400) - 1.0 / 20.0 / 3f64.sqrt()).abs() < 0.003);
    }

    #[test]
    fn an_explicit_weight_where_there_is_no_synapse_is_refused() {
        let (mut mask, types) = (full(1, 2), vec![None; 2]);
        mask.entries[1] = 0;
        let init = Init::Array(vec![vec![0.5, 0.25]]);
        let error = draw(&init, &mask, &types).weights(&mut rng(0)).unwrap_err();
        assert!(error.to_string().contains("array[0][1]: is 0.25, but there is no such synapse"), "{error}");
    }

    #[test]
    fn an_explicit_array_against_dales_law_is_refused() {
        let (mask, types) = (full(1, 2), ei(1, 1));
        let init = Init::Array(vec![vec![0.5, 0.5]]);
        let error = draw(&init, &mask, &types).weights(&mut rng(0)).unwrap_err();
        assert!(error.to_string().contains("array[0][1]"), "{error}");
    }
}
