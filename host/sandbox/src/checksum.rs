//! A checksum that finds what a disk or a crash has damaged, at the speed at which files are read. It is no defence against
//! somebody: who can write compiled code can write its checksum.
//!
//! XXH64 with seed 0, <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>.

use std::io::{self, Read};

const PRIME_1: u64 = 0x9E37_79B1_85EB_CA87;
const PRIME_2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const PRIME_3: u64 = 0x1656_67B1_9E37_79F9;
const PRIME_4: u64 = 0x85EB_CA77_C2B2_AE63;
const PRIME_5: u64 = 0x27D4_EB2F_1656_67C5;
const STRIPE_BYTES: usize = 32;
/// Read at a time: whole stripes that stay in the processor's cache.
const BLOCK_BYTES: usize = 128 * 1024;

/// What a file holds, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checksum {
    /// How many bytes it has.
    pub(crate) bytes: u64,
    /// Their XXH64.
    pub(crate) hash: u64,
}

impl Checksum {
    /// Reads to the end. Holds one block at a time.
    pub(crate) fn of(mut reader: impl Read) -> io::Result<Self> {
        let mut lanes = [PRIME_1.wrapping_add(PRIME_2), PRIME_2, 0, PRIME_1.wrapping_neg()];
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        let mut bytes = 0;
        loop {
            block.clear();
            (&mut reader).take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
            bytes += block.len() as u64;
            let (stripes, tail) = block.as_chunks::<STRIPE_BYTES>();
            for stripe in stripes {
                let (words, _) = stripe.as_chunks::<8>();
                for (lane, word) in lanes.iter_mut().zip(words) {
                    *lane = round(*lane, u64::from_le_bytes(*word));
                }
            }
            if block.len() < BLOCK_BYTES {
                return Ok(Self { bytes, hash: finish(lanes, bytes, tail) });
            }
        }
    }
}

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1)
}

fn finish(lanes: [u64; 4], bytes: u64, tail: &[u8]) -> u64 {
    let mut hash = PRIME_5;
    if bytes >= STRIPE_BYTES as u64 {
        let rotated = lanes.iter().zip([1, 7, 12, 18]).map(|(lane, by)| lane.rotate_left(by));
        hash = rotated.fold(0, u64::wrapping_add);
        for lane in lanes {
            hash = (hash ^ round(0, lane)).wrapping_mul(PRIME_1).wrapping_add(PRIME_4);
        }
    }
    hash = hash.wrapping_add(bytes);
    let (words, tail) = tail.as_chunks::<8>();
    for word in words {
        let word = round(0, u64::from_le_bytes(*word));
        hash = (hash ^ word).rotate_left(27).wrapping_mul(PRIME_1).wrapping_add(PRIME_4);
    }
    let (halves, tail) = tail.as_chunks::<4>();
    for half in halves {
        let half = u64::from(u32::from_le_bytes(*half)).wrapping_mul(PRIME_1);
        hash = (hash ^ half).rotate_left(23).wrapping_mul(PRIME_2).wrapping_add(PRIME_3);
    }
    for byte in tail {
        hash = (hash ^ u64::from(*byte).wrapping_mul(PRIME_5)).rotate_left(11).wrapping_mul(PRIME_1);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(PRIME_2);
    hash = (hash ^ (hash >> 29)).wrapping_mul(PRIME_3);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(bytes: &[u8]) -> u64 {
        let checksum = Checksum::of(bytes).expect("a slice can be read");
        assert_eq!(checksum.bytes, bytes.len() as u64);
        checksum.hash
    }

    #[test]
    fn known_texts_have_the_known_hashes() {
        assert_eq!(hash(b""), 0xEF46_DB37_51D8_E999);
        assert_eq!(hash(b"a"), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(hash(b"abc"), 0x44BC_2CF5_AD77_0999);
        assert_eq!(hash(b"Nobody inspects the spammish repetition"), 0xFBCE_A83C_8A37_8BF1);
    }

    #[test]
    fn any_damage_shows_wherever_a_block_ends() {
        for length in [BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 37] {
            let whole: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let known = hash(&whole);
            for at in (0..length).step_by(997).chain([length - 1]) {
                let mut damaged = whole.clone();
                damaged[at] ^= 0x80;
                assert_ne!(hash(&damaged), known, "byte {at} of {length}");
            }
            assert_ne!(hash(&whole[..length - 1]), known, "one byte less than {length}");
        }
    }
}
