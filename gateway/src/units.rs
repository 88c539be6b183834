//! Numbers that are checked when they are read, in the file and in flags, so that no code behind them checks again.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};

/// The longest duration: 31 days. A service that waits longer is restarted before; and a sum of some of these stays far
/// below what an `Instant` can hold.
const SECONDS_MAX: f64 = 31.0 * 24.0 * 3600.0;
/// The smallest non-zero duration: the resolution of tokio's timers.
const SECONDS_MIN: f64 = 0.001;

/// A number outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} is out of range: give {min} to {max}{unit}")]
pub struct OutOfRange {
    given: String,
    min: u64,
    max: u64,
    unit: &'static str,
}

/// A duration in seconds, from a millisecond to 31 days; with `ZERO`, zero too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds<const ZERO: bool = false>(Duration);

/// A duration that may be zero.
pub type SecondsFromZero = Seconds<true>;

impl<const ZERO: bool> Seconds<ZERO> {
    /// This many seconds; `None` if out of range.
    #[must_use]
    pub fn new(seconds: f64) -> Option<Self> {
        let fits = (SECONDS_MIN..=SECONDS_MAX).contains(&seconds) || (ZERO && seconds == 0.0);
        Duration::try_from_secs_f64(seconds).ok().filter(|_| fits).map(Self)
    }

    /// This many seconds, a constant in range.
    pub(crate) fn of(seconds: f64) -> Self {
        Self::new(seconds).expect("a default is in range")
    }

    /// As a `Duration`.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl<const ZERO: bool> fmt::Display for Seconds<ZERO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs_f64())
    }
}

impl<'de, const ZERO: bool> Deserialize<'de> for Seconds<ZERO> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        let or_none = if ZERO { "0, or " } else { "" };
        Self::new(seconds).ok_or_else(|| {
            D::Error::custom(format!(
                "{} is out of range: give {or_none}{SECONDS_MIN} to {SECONDS_MAX} seconds",
                short(seconds)
            ))
        })
    }
}

/// A number in a sentence: as it is written, but one of many digits with an exponent.
fn short(number: f64) -> String {
    if number == 0.0 || (1e-6..1e15).contains(&number.abs()) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

/// A number of bytes on a disk or in memory, from 1024 to 2^50.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(u64);

impl Bytes {
    const MIN: u64 = 1 << 10;
    const MAX: u64 = 1 << 50;

    /// This many bytes, a constant in range.
    pub(crate) fn of(bytes: u64) -> Self {
        i64::try_from(bytes).ok().and_then(|bytes| Self::checked(bytes).ok()).expect("a default is in range")
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// The number as a size in memory; `usize::MAX` if it is larger.
    #[must_use]
    pub fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    fn checked(bytes: i64) -> Result<Self, OutOfRange> {
        let in_range = u64::try_from(bytes).ok().filter(|bytes| (Self::MIN..=Self::MAX).contains(bytes));
        in_range.map(Self).ok_or_else(|| OutOfRange {
            given: bytes.to_string(),
            min: Self::MIN,
            max: Self::MAX,
            unit: " bytes",
        })
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::checked(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A count from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count<const MIN: u32, const MAX: u32>(u32);

/// A count of commands, records or deaths. Ten million of the smallest fill the memory of any host.
pub type Many = Count<1, 10_000_000>;
/// The longest frame, in bytes. A worker takes at most 1 GiB, and 64 KiB of that are for the envelope.
pub type FrameBytes = Count<1024, { (1 << 30) - (64 << 10) }>;
/// Bytes of bodies that are read at the same time.
pub type ReadingBytes = Count<1024, { u32::MAX }>;
/// How many simulated workers.
pub type SimWorkers = Count<1, 64>;

impl<const MIN: u32, const MAX: u32> Count<MIN, MAX> {
    /// This many, a constant in range.
    pub(crate) fn of(count: u32) -> Self {
        Self::checked(count.into()).expect("a default is in range")
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }

    /// The number as a size.
    #[must_use]
    pub fn size(self) -> usize {
        self.0 as usize
    }

    fn checked(count: i64) -> Result<Self, OutOfRange> {
        let in_range = u32::try_from(count).ok().filter(|count| (MIN..=MAX).contains(count));
        in_range.map(Self).ok_or_else(|| Self::out_of_range(count.to_string()))
    }

    fn out_of_range(given: String) -> OutOfRange {
        OutOfRange { given, min: MIN.into(), max: MAX.into(), unit: "" }
    }
}

impl<const MIN: u32, const MAX: u32> FromStr for Count<MIN, MAX> {
    type Err = OutOfRange;

    fn from_str(text: &str) -> Result<Self, OutOfRange> {
        let count = text.parse().map_err(|_| Self::out_of_range(format!("{text:?}")))?;
        Self::checked(count)
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Count<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::checked(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
