//! Hexadecimal, as the contract writes hashes.

use std::fmt::Write;

/// Bytes in lower-case hexadecimal, two digits each.
///
/// ```
/// assert_eq!(contracts::hex(&[0x0f, 0xa0]), "0fa0");
/// ```
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(digits, "{byte:02x}").expect("a string takes everything");
    }
    digits
}
