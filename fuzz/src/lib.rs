//! Random bytes against everything that reads bytes.
//!
//! Each target is a plain function over bytes that panics where a promise is broken. Two engines drive them: the
//! mutator here, which starts from what is under `fixtures/` and is the same in every run of one seed (`cargo test`,
//! `cargo xtask fuzz`), and libFuzzer, which follows coverage (feature `libfuzzer`, `cargo fuzz run NAME -s none
//! --features libfuzzer`).

pub mod corpus;
pub mod mutate;
pub mod targets;
