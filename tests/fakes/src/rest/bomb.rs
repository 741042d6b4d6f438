//! A gzip stream that is far smaller than what it says.

/// Bytes that it becomes: eight times what Hookyard's plugin for such calls reads of an answer.
const INFLATED_BYTES: u32 = 8 * 1024 * 1024;
/// What they are, since blanks before JSON are JSON still.
const BLANK: u8 = b' ';
/// The longest repetition of deflate (RFC 1951, 3.2.5).
const REPEATED_BYTES: u32 = 258;

/// A stream of one member (RFC 1952) with one block of fixed Huffman codes (RFC 1951, 3.2.6): a blank, and then repetitions of it.
pub(super) fn bomb() -> Vec<u8> {
    let mut bits = Bits(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], 0);
    bits.push(0b110, 3);
    // The last byte of the repetitions does not always fit; blanks of their own fill the rest.
    for _ in 0..=(INFLATED_BYTES - 1) % REPEATED_BYTES {
        bits.push(0x30 + u32::from(BLANK), 8);
    }
    for _ in 0..(INFLATED_BYTES - 1) / REPEATED_BYTES {
        // Length 258 without extra bits, and the distance 1.
        bits.push(0b1100_0101, 8);
        bits.push(0, 5);
    }
    bits.push(0, 7);
    let mut stream = bits.0;
    stream.extend(checksum().to_le_bytes());
    stream.extend(INFLATED_BYTES.to_le_bytes());
    stream
}

/// Bytes that are filled from their lowest bit, and how many bits of the last one are taken; 0 if all are.
struct Bits(Vec<u8>, u32);

impl Bits {
    /// Huffman codes come with their highest bit first.
    fn push(&mut self, code: u32, length: u32) {
        for place in (0..length).rev() {
            if self.1 == 0 {
                self.0.push(0);
            }
            let bit = u8::from(code >> place & 1 == 1);
            if let Some(last) = self.0.last_mut() {
                *last |= bit << self.1;
            }
            self.1 = (self.1 + 1) % 8;
        }
    }
}

/// The CRC-32 of the blanks (RFC 1952, 8): what one more blank makes of each state, applied as often.
fn checksum() -> u32 {
    let mut after = [0_u32; 256];
    for (index, entry) in (0_u32..).zip(&mut after) {
        *entry = (0..8).fold(index, |value, _| if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 });
    }
    let step = |state: u32| after[usize::from(state.to_le_bytes()[0] ^ BLANK)] ^ state >> 8;
    !(0..INFLATED_BYTES).fold(u32::MAX, |state, _| step(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As zlib computes it.
    const CHECKSUM: u32 = 0x693a_1888;

    #[test]
    fn it_is_a_hundred_times_smaller_than_what_it_says() {
        let stream = bomb();
        let (head, tail) = (&stream[..3], &stream[stream.len() - 8..]);
        assert_eq!(head, [0x1f, 0x8b, 8]);
        assert_eq!(tail[..4], CHECKSUM.to_le_bytes());
        assert_eq!(tail[4..], INFLATED_BYTES.to_le_bytes());
        assert!(u64::from(INFLATED_BYTES) > 100 * u64::try_from(stream.len()).expect("it is small"));
    }
}
