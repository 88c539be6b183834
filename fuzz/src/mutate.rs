//! A small mutator: the same bytes from the same seed.

use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};

/// Values that readers of JSON often get wrong.
const WORDS: &[&[u8]] = &[
    b"null",
    b"true",
    b"-0",
    b"1e400",
    b"-1e400",
    b"1.0",
    b"1E+1",
    b"9007199254740993",
    b"18446744073709551616",
    b"NaN",
    b"\"\"",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"[]",
    b"{}",
    b"[[[[",
    b"{\"a\":",
    b"\\",
    b"\"",
    b"\n",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xed\xa0\x80",
    b",",
    b":",
    b"\"payload\":",
    b"\"action\":",
    b"\"Seed\":-1",
    b"\"timeout_seconds\":1e300",
    b"\"timeout_seconds\":-5",
    b"\0",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
];

/// Longest input: longer ones cost time and find nothing new here.
const BYTES_MAX: usize = 1 << 16;

/// Makes inputs out of a corpus.
#[derive(Debug)]
pub struct Mutator {
    corpus: Vec<Vec<u8>>,
    random: SmallRng,
}

impl Mutator {
    /// A mutator that makes the same inputs from the same seed.
    #[must_use]
    pub fn new(corpus: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { corpus, random: SmallRng::seed_from_u64(seed) }
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.pick().to_vec();
        for _ in 0..self.random.random_range(0..4) {
            self.change(&mut input);
        }
        input.truncate(BYTES_MAX);
        input
    }

    fn pick(&mut self) -> &[u8] {
        if self.corpus.is_empty() {
            return &[];
        }
        let number = self.random.random_range(0..self.corpus.len());
        &self.corpus[number]
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.random_range(0..=input.len());
        let length = self.random.random_range(0..=(input.len() - at).min(32));
        let piece = at..at + length;
        match self.random.random_range(0..8) {
            0 => drop(input.drain(piece)),
            1 => {
                let word = WORDS[self.random.random_range(0..WORDS.len())];
                input.splice(piece, word.iter().copied());
            }
            2 => {
                let again = input[piece].to_vec();
                input.splice(at..at, again);
            }
            3 => {
                for byte in &mut input[piece] {
                    *byte ^= 1 << self.random.random_range(0..8);
                }
            }
            4 => {
                let other = self.pick().to_vec();
                let from = self.random.random_range(0..=other.len());
                input.splice(piece, other[from..].iter().copied());
            }
            5 => input.truncate(at),
            6 => self.swap_values(input),
            _ => {
                let byte = self.random.random_range(0..=u8::MAX);
                input.insert(at, byte);
            }
        }
    }

    /// Replaces the value after a colon by such a value: still JSON, with another meaning.
    fn swap_values(&mut self, input: &mut Vec<u8>) {
        let colons: Vec<usize> = (0..input.len()).filter(|at| input[*at] == b':').collect();
        if colons.is_empty() {
            return;
        }
        let at = colons[self.random.random_range(0..colons.len())] + 1;
        let end =
            input[at..].iter().position(|byte| matches!(byte, b',' | b'}' | b']')).map_or(at, |end| at + end);
        let word = WORDS[self.random.random_range(0..WORDS.len())];
        input.splice(at..end, word.iter().copied());
    }
}
