//! Drawing lots: a stream of random numbers for each thing that is made up.

use plimsoll::manifest::meta::StringMap;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers.
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream for thing number `index` of sort `sort` in the cluster of `seed`.
    pub fn of(seed: u64, sort: &str, index: usize) -> Draw {
        // FNV-1a: any fixed hash does, as long as it is the same everywhere and for ever
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let bytes = seed.to_le_bytes().into_iter().chain(sort.bytes()).chain((index as u64).to_le_bytes());
        bytes.for_each(|byte| hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Draw(ChaCha8Rng::seed_from_u64(hash))
    }

    /// A number less than `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.random_range(0..bound)
    }

    /// True in that many of a hundred draws.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// One of these texts.
    pub fn text(&mut self, choices: &[&str]) -> String {
        (*self.pick(choices)).to_owned()
    }

    /// Some of these texts, at least one, in their order.
    pub fn texts(&mut self, choices: &[&str]) -> Vec<String> {
        let kept: Vec<String> = choices.iter().filter(|_| self.percent(50)).map(|text| (*text).to_owned()).collect();
        if kept.is_empty() { vec![self.text(choices)] } else { kept }
    }
}

/// A small map of texts.
pub fn map<const N: usize>(pairs: [(&str, &str); N]) -> StringMap {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
