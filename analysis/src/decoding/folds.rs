//! Which trials are tested together, and shuffles that keep what must be kept.

use rand::{Rng, RngCore, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// The fold of each trial, stratified: trials stand by their stratum, then by their group, then at random, and go to
/// the folds in turn. `is_graded` strata are ranks of a graded value: there each run of as many trials as folds is
/// spread over the folds at random, since in turn the first fold would always have the smallest.
pub(super) fn stratified(strata: &[usize], groups: &[usize], folds: usize, is_graded: bool, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let keys: Vec<u64> = strata.iter().map(|_| rng.next_u64()).collect();
    let mut order: Vec<usize> = (0..strata.len()).collect();
    order.sort_by_key(|trial| (strata[*trial], groups[*trial], keys[*trial]));
    let mut of = vec![0; strata.len()];
    for run in order.chunks(folds).enumerate() {
        let mut places: Vec<usize> = (0..folds).collect();
        if is_graded {
            places.shuffle(&mut rng);
        }
        run.1.iter().zip(places).for_each(|(trial, fold)| of[*trial] = fold);
    }
    of
}

/// Keys by which labels of trials are shuffled: each trial has one in each shuffle, whichever trials take part, so that
/// shuffles are the same at all times.
pub(super) struct Shuffles {
    keys: Vec<Vec<u64>>,
    /// Labels move within these.
    blocks: Vec<usize>,
}

impl Shuffles {
    /// `n` shuffles of labels within blocks, of which each trial has one.
    pub fn new(n: usize, blocks: Vec<usize>, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let keys = (0..n).map(|_| blocks.iter().map(|_| rng.random()).collect()).collect();
        Self { keys, blocks }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// For each of these trials the place among them whose label it gets.
    pub fn sources(&self, shuffle: usize, trials: &[usize]) -> Vec<usize> {
        let keys = &self.keys[shuffle];
        let mut from: Vec<usize> = (0..trials.len()).collect();
        let mut to = from.clone();
        from.sort_by_key(|place| (self.blocks[trials[*place]], keys[trials[*place]]));
        to.sort_by_key(|place| (self.blocks[trials[*place]], *place));
        let mut sources = vec![0; trials.len()];
        to.into_iter().zip(from).for_each(|(to, from)| sources[to] = from);
        sources
    }
}

/// An order of the units for each condition, that of one draw of the null of generalisation.
pub(super) fn orders(conditions: usize, units: usize, seed: u64, draw: usize) -> Vec<Vec<usize>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(1 + draw as u64);
    let order = |_| {
        let mut order: Vec<usize> = (0..units).collect();
        order.shuffle(&mut rng);
        order
    };
    (0..conditions).map(order).collect()
}

/// Pairs of numbers as one number each, in order of the pairs.
pub(super) fn joined(a: &[usize], b: &[usize]) -> Vec<usize> {
    let most = b.iter().max().map_or(1, |most| most + 1);
    a.iter().zip(b).map(|(a, b)| a * most + b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_have_as_many_of_each_class_and_of_each_group_as_can_be() {
        let classes: Vec<usize> = (0..103).map(|trial| usize::from(trial % 3 == 0)).collect();
        let groups: Vec<usize> = (0..103).map(|trial| trial % 2).collect();
        let of = stratified(&classes, &groups, 5, false, 1);
        let mut counts = [[0; 2]; 5];
        of.iter().zip(&classes).for_each(|(fold, class)| counts[*fold][*class] += 1);
        for class in 0..2 {
            let of_class = counts.map(|fold| fold[class]);
            assert!(of_class.iter().max().unwrap() - of_class.iter().min().unwrap() <= 1, "{counts:?}");
        }
        assert_eq!(of, stratified(&classes, &groups, 5, false, 1));
        assert_ne!(of, stratified(&classes, &groups, 5, false, 2));
    }

    #[test]
    fn each_fold_has_graded_values_of_all_sizes() {
        let ranks: Vec<usize> = (0..100).collect();
        let of = stratified(&ranks, &[0; 100], 5, true, 3);
        for run in of.chunks(5) {
            let mut run = run.to_vec();
            run.sort_unstable();
            assert_eq!(run, [0, 1, 2, 3, 4]);
        }
        assert!(of.chunks(5).any(|run| run[0] != 0));
    }

    #[test]
    fn labels_move_within_their_block_alone_and_alike_whichever_trials_take_part() {
        let blocks: Vec<usize> = (0..60).map(|trial| trial % 3).collect();
        let shuffles = Shuffles::new(50, blocks.clone(), 5);
        let all: Vec<usize> = (0..60).collect();
        let mut moved = 0;
        for shuffle in 0..shuffles.len() {
            let sources = shuffles.sources(shuffle, &all);
            let mut sorted = sources.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, all);
            assert!(sources.iter().enumerate().all(|(to, from)| blocks[to] == blocks[*from]));
            moved += sources.iter().enumerate().filter(|(to, from)| to != *from).count();
            // Trials of the other blocks may be missing.
            let first: Vec<usize> = all.iter().copied().filter(|trial| blocks[*trial] == 0).collect();
            let alone: Vec<usize> = shuffles.sources(shuffle, &first).into_iter().map(|place| first[place]).collect();
            assert_eq!(alone, first.iter().map(|trial| sources[*trial]).collect::<Vec<_>>());
        }
        // Of 20 trials of a block one stays where it is on average.
        assert!((2800..2900).contains(&moved), "{moved}");
    }
}
