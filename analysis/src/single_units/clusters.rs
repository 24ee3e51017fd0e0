//! Groups of rows that are alike: k-means, how well groups are apart, and whether they are found again.
//!
//! ```text
//! inertia       sum_i |x_i - c_{g(i)}|^2                            c: means of the groups, g: the nearest one
//! silhouette    mean_i (b_i - a_i) / max(a_i, b_i)                 a: mean distance to the others of the own group
//!                                                                  b: least mean distance to another group
//! ARI           (pairs together in both - expected) / (mean of both - expected)     1: the same, 0: as by chance
//! ```
//!
//! A row that is alone in its group has a silhouette of 0. Starts are drawn by k-means++: each further centre with a
//! probability that grows with the square of the distance to the nearest centre so far.
//!
//! Arthur & Vassilvitskii 2007, k-means++: the advantages of careful seeding; Rousseeuw 1987,
//! doi:10.1016/0377-0427(87)90125-7; Hubert & Arabie 1985, doi:10.1007/BF01908075.

use ndarray::{Array2, ArrayView2, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::{AnalysisError, interruption::each};

/// Steps of one descent at most; about ten are usual.
const STEPS: usize = 300;

/// How groups are looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How many groups; `None` for the number with the best silhouette.
    pub k: Option<usize>,
    /// The most groups that are tried.
    pub most: usize,
    /// Starts, of which the one with the least inertia counts.
    pub starts: usize,
    /// Further searches with random numbers of their own, to see whether the same is found.
    pub repeats: usize,
    /// Seed of all of them.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { k: None, most: 29, starts: 20, repeats: 20, seed: 0 }
    }
}

/// Groups of rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clusters {
    /// How many groups.
    pub k: usize,
    /// The group of each row, from 0.
    pub labels: Vec<usize>,
    /// Mean silhouette.
    pub silhouette: f64,
    /// Sum of the squared distances to the means.
    pub inertia: f64,
    /// Each number of groups that was tried with its silhouette.
    pub tried: Vec<(usize, f64)>,
    /// Mean adjusted Rand index with what further searches found; `None` without any.
    pub stability: Option<f64>,
    /// The least of them.
    pub least_stability: Option<f64>,
    /// Means of the groups (k, columns).
    #[serde(skip)]
    pub centroids: Array2<f64>,
}

/// One end of a descent.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    /// The group of each row.
    pub labels: Vec<usize>,
    /// Means of the groups (k, columns).
    pub centroids: Array2<f64>,
    /// Sum of the squared distances to the means.
    pub inertia: f64,
}

impl Clusters {
    /// Of the rows of a matrix (rows, columns).
    ///
    /// # Errors
    /// If a number is not finite, a setting breaks its rule, or there are not more different rows than groups.
    pub fn of(rows: ArrayView2<'_, f64>, settings: &Settings) -> Result<Self, AnalysisError> {
        let different = check(&rows, settings)?;
        let distances = distances(&rows);
        let numbers: Vec<usize> = match settings.k {
            Some(k) => vec![k],
            None => (2..=settings.most.min(different - 1)).collect(),
        };
        let all: Vec<(KMeans, f64)> = each(numbers.len(), |place| {
            let found = best_of(rows, numbers[place], settings, 0)?;
            let silhouette = silhouette_of(&distances, &found.labels, numbers[place]);
            Ok::<_, AnalysisError>((found, silhouette))
        })?;
        let tried: Vec<(usize, f64)> = numbers.iter().zip(&all).map(|(k, (_, value))| (*k, *value)).collect();
        // Of equal silhouettes the fewer groups.
        let mut best = 0;
        (1..tried.len()).for_each(|place| best = if tried[place].1 > tried[best].1 { place } else { best });
        let (k, silhouette) = tried[best];
        let found = all.into_iter().nth(best).map_or_else(|| best_of(rows, k, settings, 0), |(found, _)| Ok(found))?;
        let again: Vec<f64> = each(settings.repeats, |repeat| {
            Ok::<_, AnalysisError>(adjusted_rand(&found.labels, &best_of(rows, k, settings, repeat + 1)?.labels))
        })?;
        Ok(Self {
            k,
            silhouette,
            inertia: found.inertia,
            tried,
            stability: (!again.is_empty()).then(|| again.iter().sum::<f64>() / again.len() as f64),
            least_stability: again.iter().copied().min_by(f64::total_cmp),
            labels: found.labels,
            centroids: found.centroids,
        })
    }

    /// The same groups under other numbers: group `order[i]` becomes group i.
    pub fn ordered(self, order: &[usize]) -> Self {
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, old)| place[*old] = new);
        Self {
            labels: self.labels.iter().map(|label| place[*label]).collect(),
            centroids: self.centroids.select(Axis(0), order),
            ..self
        }
    }
}

/// The number of different rows, more than the groups that are asked for.
fn check(rows: &ArrayView2<'_, f64>, settings: &Settings) -> Result<usize, AnalysisError> {
    if let Some(value) = rows.iter().find(|value| !value.is_finite()) {
        return Err(AnalysisError::NotFinite { array: "rows", value: *value });
    }
    let refusal =
        |setting, value: usize, rule: String| AnalysisError::Setting { setting, value: value.to_string(), rule };
    if settings.starts == 0 {
        return Err(refusal("starts", 0, "must be one at least".into()));
    }
    if settings.k.unwrap_or(settings.most) < 2 {
        return Err(refusal("clusters", settings.k.unwrap_or(settings.most), "must be two at least".into()));
    }
    let mut all: Vec<Vec<f64>> = rows.outer_iter().map(|row| row.to_vec()).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    all.dedup();
    let (different, wanted) = (all.len(), settings.k.unwrap_or(2));
    if different <= wanted {
        let rule = format!("needs more than {wanted} different rows, but there are {different}; ask for fewer");
        return Err(refusal("clusters", wanted, rule));
    }
    Ok(different)
}

/// The best of several starts; `search` tells apart those that share a seed.
fn best_of(rows: ArrayView2<'_, f64>, k: usize, settings: &Settings, search: usize) -> Result<KMeans, AnalysisError> {
    let found: Vec<KMeans> = each(settings.starts, |start| {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream((search * settings.starts + start) as u64);
        Ok::<_, AnalysisError>(k_means(rows, seeds(&rows, k, &mut rng)))
    })?;
    // The first of equal ones, so that threads decide nothing.
    let best = (0..found.len()).min_by(|a, b| found[*a].inertia.total_cmp(&found[*b].inertia)).unwrap_or(0);
    Ok(found.into_iter().nth(best).unwrap_or_else(|| k_means(rows, rows.select(Axis(0), &[0]))))
}

/// k-means++.
fn seeds(rows: &ArrayView2<'_, f64>, k: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let mut chosen = vec![rng.random_range(0..rows.nrows())];
    let mut nearest = vec![f64::INFINITY; rows.nrows()];
    while chosen.len() < k {
        let last = rows.row(chosen[chosen.len() - 1]);
        nearest.iter_mut().zip(rows.outer_iter()).for_each(|(far, row)| *far = far.min(squared(row, last)));
        let mut left = rng.random::<f64>() * nearest.iter().sum::<f64>();
        let place = nearest.iter().position(|far| {
            left -= far;
            left < 0.0
        });
        // Rounding may leave a hair behind the last.
        let farthest = || (0..nearest.len()).max_by(|a, b| nearest[*a].total_cmp(&nearest[*b])).unwrap_or(0);
        chosen.push(place.unwrap_or_else(farthest));
    }
    rows.select(Axis(0), &chosen)
}

/// Lloyd's descent from these centres (k, columns): to the nearest centre, to the mean, until nothing changes. A centre
/// that loses all its rows moves to the row that is farthest from its own.
pub fn k_means(rows: ArrayView2<'_, f64>, mut centroids: Array2<f64>) -> KMeans {
    let k = centroids.nrows();
    let mut labels = vec![usize::MAX; rows.nrows()];
    for _ in 0..STEPS {
        let (mut next, mut far): (Vec<usize>, Vec<f64>) = rows.outer_iter().map(|row| nearest(row, &centroids)).unzip();
        for empty in 0..k {
            if !next.contains(&empty) {
                let farthest = (0..far.len()).max_by(|a, b| far[*a].total_cmp(&far[*b])).unwrap_or(0);
                (next[farthest], far[farthest]) = (empty, 0.0);
            }
        }
        if next == labels {
            break;
        }
        labels = next;
        let mut counts = vec![0usize; k];
        centroids.fill(0.0);
        for (row, label) in rows.outer_iter().zip(&labels) {
            counts[*label] += 1;
            let mut centre = centroids.row_mut(*label);
            centre += &row;
        }
        for (mut centre, count) in centroids.outer_iter_mut().zip(counts) {
            centre /= count.max(1) as f64;
        }
    }
    let inertia = rows.outer_iter().zip(&labels).map(|(row, label)| squared(row, centroids.row(*label))).sum();
    KMeans { labels, centroids, inertia }
}

/// The nearest centre, the first of equal ones, and its squared distance.
fn nearest(row: ndarray::ArrayView1<'_, f64>, centroids: &Array2<f64>) -> (usize, f64) {
    let all = centroids.outer_iter().map(|centre| squared(row, centre)).enumerate();
    all.fold((0, f64::INFINITY), |best, one| if one.1 < best.1 { one } else { best })
}

fn squared(a: ndarray::ArrayView1<'_, f64>, b: ndarray::ArrayView1<'_, f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn distances(rows: &ArrayView2<'_, f64>) -> Array2<f64> {
    let n = rows.nrows();
    Array2::from_shape_fn((n, n), |(a, b)| squared(rows.row(a), rows.row(b)).sqrt())
}

/// Mean silhouette of the rows of a matrix (rows, columns) in these groups; `None` for fewer than two groups, or where
/// not every row has a group.
///
/// ```
/// use ndarray::array;
/// let rows = array![[0.0, 0.0], [0.0, 1.0], [10.0, 0.0], [10.0, 1.0]];
/// let found = nn4n_analysis::single_units::clusters::silhouette(rows.view(), &[0, 0, 1, 1]);
/// assert!((found.unwrap_or(0.0) - 0.900249).abs() < 5e-7);
/// ```
pub fn silhouette(rows: ArrayView2<'_, f64>, labels: &[usize]) -> Option<f64> {
    let k = labels.iter().max()? + 1;
    (k > 1 && labels.len() == rows.nrows()).then(|| silhouette_of(&distances(&rows), labels, k))
}

fn silhouette_of(distances: &Array2<f64>, labels: &[usize], k: usize) -> f64 {
    let mut counts = vec![0usize; k];
    labels.iter().for_each(|label| counts[*label] += 1);
    let of_row = |row: usize| {
        let own = labels[row];
        if counts[own] < 2 {
            return 0.0;
        }
        let mut sums = vec![0.0; k];
        distances.row(row).iter().zip(labels).for_each(|(far, label)| sums[*label] += far);
        let within = sums[own] / (counts[own] - 1) as f64;
        let others = (0..k).filter(|group| *group != own && counts[*group] > 0);
        let between = others.map(|group| sums[group] / counts[group] as f64).fold(f64::INFINITY, f64::min);
        match within.max(between) {
            0.0 => 0.0,
            largest => (between - within) / largest,
        }
    };
    (0..labels.len()).map(of_row).sum::<f64>() / labels.len() as f64
}

/// The adjusted Rand index of two groupings of the same rows: 1 where they are the same, about 0 of chance.
///
/// ```
/// let found = nn4n_analysis::single_units::clusters::adjusted_rand(&[0, 0, 1, 1], &[1, 1, 0, 2]);
/// assert!((found - 4.0 / 7.0).abs() < 1e-12);
/// ```
pub fn adjusted_rand(a: &[usize], b: &[usize]) -> f64 {
    let groups = |labels: &[usize]| labels.iter().max().map_or(0, |last| last + 1);
    let mut table = Array2::<f64>::zeros((groups(a), groups(b)));
    a.iter().zip(b).for_each(|(a, b)| table[[*a, *b]] += 1.0);
    let pairs = |count: f64| count * (count - 1.0) / 2.0;
    let together: f64 = table.iter().map(|count| pairs(*count)).sum();
    let of_a: f64 = table.sum_axis(Axis(1)).iter().map(|count| pairs(*count)).sum();
    let of_b: f64 = table.sum_axis(Axis(0)).iter().map(|count| pairs(*count)).sum();
    let all = pairs(a.len() as f64);
    let expected = if all > 0.0 { of_a * of_b / all } else { 0.0 };
    let most = (of_a + of_b) / 2.0;
    // All in one group, or each alone, in both.
    if most == expected { 1.0 } else { (together - expected) / (most - expected) }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Three clouds of twenty rows.
    fn clouds(spread: f64) -> (Array2<f64>, Vec<usize>) {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let centres = array![[0.0, 0.0], [4.0, 0.0], [0.0, 5.0]];
        let labels: Vec<usize> = (0..60).map(|row| row % 3).collect();
        let rows = Array2::from_shape_fn((60, 2), |(row, column)| {
            let noise: f64 = StandardNormal.sample(&mut rng);
            centres[[labels[row], column]] + spread * noise
        });
        (rows, labels)
    }

    #[test]
    fn the_silhouette_of_two_pairs_is_that_worked_by_hand() {
        let rows = array![[0.0, 0.0], [0.0, 1.0], [10.0, 0.0], [10.0, 1.0]];
        // a = 1, b = (10 + sqrt 101) / 2 for each.
        let exact = 1.0 - 2.0 / (10.0 + 101f64.sqrt());
        let found = silhouette(rows.view(), &[0, 0, 1, 1]).unwrap();
        assert!((found - exact).abs() < 1e-15 && (found - 0.900249).abs() < 5e-7, "{found}");
        // Alone a row has 0: the two that are left have (10.02 - 1) / 10.02 or less.
        assert!(silhouette(rows.view(), &[0, 0, 1, 2]).unwrap() < 0.5);
        assert_eq!((silhouette(rows.view(), &[0; 4]), silhouette(rows.view(), &[0, 1])), (None, None));
    }

    #[test]
    fn clouds_are_found_again_whatever_the_seed_and_their_number_by_the_silhouette() {
        let (rows, labels) = clouds(0.4);
        let found = Clusters::of(rows.view(), &Settings::default()).unwrap();
        assert_eq!((found.k, adjusted_rand(&found.labels, &labels)), (3, 1.0));
        assert_eq!((found.stability, found.least_stability), (Some(1.0), Some(1.0)));
        assert!(found.silhouette > 0.7 && found.tried.len() == 28);
        assert_eq!(silhouette(rows.view(), &found.labels), Some(found.silhouette));
        let other = Clusters::of(rows.view(), &Settings { seed: 9, ..Settings::default() }).unwrap();
        assert_eq!(adjusted_rand(&found.labels, &other.labels), 1.0);
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(one.install(|| Clusters::of(rows.view(), &Settings::default()).unwrap()), found);
        let turned = found.clone().ordered(&[2, 0, 1]);
        assert!(turned.labels.iter().zip(&found.labels).all(|(new, old)| [2, 0, 1][*new] == *old));
        assert_eq!(turned.centroids.row(0), found.centroids.row(2));
    }

    #[test]
    fn groups_of_noise_are_not_found_again() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let rows = Array2::from_shape_simple_fn((80, 6), || StandardNormal.sample(&mut rng));
        let settings = Settings { k: Some(8), starts: 1, ..Settings::default() };
        let found = Clusters::of(rows.view(), &settings).unwrap();
        assert!(found.stability.unwrap() < 0.6 && found.silhouette < 0.25, "{:?}", found.stability);
    }

    #[test]
    fn a_centre_without_rows_moves_to_the_farthest_one() {
        let rows = array![[0.0], [1.0], [10.0]];
        let found = k_means(rows.view(), array![[0.5], [100.0]]);
        assert_eq!((found.labels, found.inertia), (vec![0, 0, 1], 0.5));
    }

    #[test]
    fn the_index_of_rand_is_1_for_the_same_groups_under_other_names() {
        assert_eq!(adjusted_rand(&[0, 0, 1, 2], &[2, 2, 0, 1]), 1.0);
        assert!((adjusted_rand(&[0, 0, 1, 1], &[0, 1, 0, 1]) + 0.5).abs() < 1e-12);
        assert_eq!((adjusted_rand(&[0, 0], &[0, 0]), adjusted_rand(&[], &[])), (1.0, 1.0));
    }

    #[test]
    fn too_few_rows_and_settings_that_mean_nothing_are_refused() {
        let rows = array![[0.0], [1.0], [1.0], [0.0]];
        let refusal = |settings: Settings| Clusters::of(rows.view(), &settings).unwrap_err().to_string();
        assert!(refusal(Settings::default()).contains("more than 2 different rows, but there are 2"));
        assert!(refusal(Settings { k: Some(1), ..Settings::default() }).contains("clusters = 1: must be two"));
        assert!(refusal(Settings { starts: 0, ..Settings::default() }).contains("starts = 0"));
        let nan = array![[0.0], [f64::NAN]];
        assert!(Clusters::of(nan.view(), &Settings::default()).is_err());
    }
}
