//! Named random streams of a seed. Each draw of a network's construction has its own, so that changing one leaves the
//! others as they were.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What the numbers of a stream are used for. The discriminants are part of the reproducibility contract: append, never
/// renumber.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    InputConnectivity = 1,
    RecurrentConnectivity = 2,
    OutputConnectivity = 3,
    InputWeights = 4,
    RecurrentWeights = 5,
    OutputWeights = 6,
    RecurrentNoise = 7,
    BetweenLayersNoise = 8,
}

/// A seed, and the layer whose streams are meant; 0 in a network that is not stacked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerSeed {
    pub seed: u64,
    pub layer: usize,
}

impl Stream {
    pub(crate) fn rng(self, LayerSeed { seed, layer }: LayerSeed) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(self as u64 | (layer as u64) << 32);
        rng
    }
}
