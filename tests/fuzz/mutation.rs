//! Damaged copies of valid files: which one is a function of the seed and the number of the case.

use std::ops::Range;

/// The longest input, bytes.
const LONGEST: usize = 1 << 16;

/// What readers of text and of numbers stumble over.
const TOKENS: [&str; 30] = [
    "[", "]", "{", "}", "(", ")", "\"", "'", ",", ":", "=", ".", "\n", "\\", "\0", "é", "null", "true", "nan", "inf",
    "-", "^", "+", "#", "[[", "]]", "\"\"\"", "0x", "if(", "'''",
];

/// Numbers at the edges of types and of sense.
const NUMBERS: [&str; 18] = [
    "0",
    "-0.0",
    "-1",
    "1",
    "2",
    "0.5",
    "1e308",
    "-1e308",
    "1e-320",
    "1e999",
    "255",
    "65536",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "20000",
];

/// Integers at the edges of types.
const INTEGERS: [u64; 12] = [
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    0x7FFF_FFFF_FFFF_FFFF,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// The generator SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..end`, or 0 if there is none.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A range of a length up to `longest` in `0..end`.
    fn range(&mut self, end: usize, longest: usize) -> Range<usize> {
        let start = self.below(end + 1);
        start..start + self.below((end - start).min(longest) + 1)
    }
}

/// Case `case` of the mutations of these files.
pub fn input(corpus: &[Vec<u8>], seed: u64, case: u64) -> Vec<u8> {
    let mut random = Random(seed.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ case);
    random.next();
    let mut bytes = random.of(corpus).clone();
    for _ in 0..1 + random.below(4) {
        mutate(&mut bytes, corpus, &mut random);
        bytes.truncate(LONGEST);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    let len = bytes.len();
    match random.below(11) {
        0 if len > 0 => bytes[random.below(len)] ^= 1 << random.below(8),
        1 if len > 0 => bytes[random.below(len)] = random.next() as u8,
        2 => write_integer(bytes, random),
        3 => bytes.truncate(random.below(len)),
        4 => drop(bytes.drain(random.range(len, 64))),
        5 => {
            let copy = bytes[random.range(len, 64)].repeat(1 + random.below(3));
            insert(bytes, random, &copy);
        }
        6 => {
            let other = random.of(corpus);
            bytes.truncate(random.below(len + 1));
            bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
        }
        7 => {
            let token = *random.of(&TOKENS);
            insert(bytes, random, token.as_bytes());
        }
        8 => {
            let token = *random.of(&TOKENS);
            let repeated = token.repeat(1 << random.below(16));
            insert(bytes, random, repeated.as_bytes());
        }
        9 => {
            let number = *random.of(&NUMBERS);
            replace_run(bytes, random, |byte| byte.is_ascii_digit() || byte == b'.', number.as_bytes());
        }
        _ => {
            let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            let other = random.of(corpus);
            let word = run(other, random.below(other.len()), is_of_word).map_or(&b""[..], |range| &other[range]);
            replace_run(bytes, random, is_of_word, word);
        }
    }
}

fn insert(bytes: &mut Vec<u8>, random: &mut Random, piece: &[u8]) {
    let at = random.below(bytes.len() + 1);
    bytes.splice(at..at, piece.iter().copied());
}

/// Writes an integer of 1, 2, 4 or 8 bytes: one at an edge, or one near what is there.
fn write_integer(bytes: &mut [u8], random: &mut Random) {
    let width = 1 << random.below(4);
    if bytes.len() < width {
        return;
    }
    let at = random.below(bytes.len() - width + 1);
    let mut old = [0; 8];
    old[..width].copy_from_slice(&bytes[at..at + width]);
    let new = match random.below(2) {
        0 => *random.of(&INTEGERS),
        _ => u64::from_le_bytes(old).wrapping_add(random.below(33) as u64).wrapping_sub(16),
    };
    bytes[at..at + width].copy_from_slice(&new.to_le_bytes()[..width]);
}

/// Replaces the first run of such bytes after a random place.
fn replace_run(bytes: &mut Vec<u8>, random: &mut Random, belongs: impl Fn(u8) -> bool, new: &[u8]) {
    if let Some(range) = run(bytes, random.below(bytes.len()), belongs) {
        bytes.splice(range, new.iter().copied());
    }
}

/// The first run of such bytes that starts at or after `from`.
fn run(bytes: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> Option<Range<usize>> {
    let start = from + bytes.get(from..)?.iter().position(|byte| belongs(*byte))?;
    let length = bytes[start..].iter().take_while(|byte| belongs(**byte)).count();
    Some(start..start + length)
}
