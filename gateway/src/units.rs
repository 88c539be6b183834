//! Numbers that are checked when they are read, in the file and in flags: nothing behind them has to doubt them.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, de::Error};

/// The longest time that can be given: 31 days.
const SECONDS_MAX: f64 = 31.0 * 24.0 * 3600.0;
/// The shortest that is not none.
const SECONDS_MIN: f64 = 0.001;

/// A time in seconds, at least a millisecond and at most 31 days; with `ZERO` none at all, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds<const ZERO: bool = false>(Duration);

/// A time that may be none.
pub type SecondsFromZero = Seconds<true>;

impl<const ZERO: bool> Seconds<ZERO> {
    /// This many; `None` out of range.
    #[must_use]
    pub fn new(seconds: f64) -> Option<Self> {
        let fits = (SECONDS_MIN..=SECONDS_MAX).contains(&seconds) || (ZERO && seconds == 0.0);
        Duration::try_from_secs_f64(seconds).ok().filter(|_| fits).map(Self)
    }

    /// This many, known to be in range.
    pub(crate) fn of(seconds: f64) -> Self {
        Self::new(seconds).expect("a default is in range")
    }

    /// As the clock takes it.
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
                "{seconds} is out of range: give {or_none}{SECONDS_MIN} to {SECONDS_MAX} seconds"
            ))
        })
    }
}

/// A number of bytes on a disk or in memory, from 1024 to 2^50.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(u64);

impl Bytes {
    const MIN: u64 = 1 << 10;
    const MAX: u64 = 1 << 50;

    /// This many, known to be in range.
    pub(crate) fn of(bytes: u64) -> Self {
        Self::checked(bytes).expect("a default is in range")
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// The number, as sizes in memory take it.
    #[must_use]
    pub fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    fn checked(bytes: u64) -> Result<Self, String> {
        let fits = (Self::MIN..=Self::MAX).contains(&bytes);
        fits.then_some(Self(bytes))
            .ok_or_else(|| format!("{bytes} is out of range: give {} to {} bytes", Self::MIN, Self::MAX))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = i64::deserialize(deserializer)?;
        let fitting = u64::try_from(bytes).unwrap_or_default();
        Self::checked(fitting)
            .map_err(|why| D::Error::custom(why.replacen(&fitting.to_string(), &bytes.to_string(), 1)))
    }
}

/// A count from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count<const MIN: u32, const MAX: u32>(u32);

/// A count of commands, records or deaths.
pub type Many = Count<1, 10_000_000>;
/// The longest frame, in bytes: what a worker takes is at most a GiB, with the envelope.
pub type FrameBytes = Count<1024, { (1 << 30) - (64 << 10) }>;
/// Bytes of bodies that are read at the same time.
pub type ReadingBytes = Count<1024, { u32::MAX }>;
/// How many simulated workers.
pub type SimWorkers = Count<1, 64>;

impl<const MIN: u32, const MAX: u32> Count<MIN, MAX> {
    /// This many, known to be in range.
    pub(crate) fn of(count: u32) -> Self {
        Self::checked(count.into()).expect("a default is in range")
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }

    /// The number, as sizes take it.
    #[must_use]
    pub fn size(self) -> usize {
        self.0 as usize
    }

    fn checked(count: i64) -> Result<Self, String> {
        let fitting = u32::try_from(count).ok().filter(|count| (MIN..=MAX).contains(count));
        fitting.map(Self).ok_or_else(|| format!("{count} is out of range: give {MIN} to {MAX}"))
    }
}

impl<const MIN: u32, const MAX: u32> FromStr for Count<MIN, MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let count = text.parse().map_err(|_| format!("{text:?} is out of range: give {MIN} to {MAX}"))?;
        Self::checked(count)
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Count<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::checked(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
