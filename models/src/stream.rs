//! Named random streams of a seed. Each draw of a network's construction has its own, so that changing one leaves the others as they were.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What the numbers of a stream are used for. The discriminants are part of the reproducibility contract: append, never renumber.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    InputConnectivity = 1,
    RecurrentConnectivity = 2,
    OutputConnectivity = 3,
    InputWeights = 4,
    RecurrentWeights = 5,
    OutputWeights = 6,
}

impl Stream {
    pub(crate) fn rng(self, seed: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(self as u64);
        rng
    }
}
