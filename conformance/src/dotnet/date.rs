//! Dates, times and spans as System.Text.Json reads and writes them.

use chrono::{Datelike as _, Days, NaiveDate};

const TICKS_A_SECOND: i64 = 10_000_000;
const TICKS_A_MINUTE: i64 = 60 * TICKS_A_SECOND;
const TICKS_A_DAY: i64 = 24 * 60 * TICKS_A_MINUTE;
/// The largest offset from UTC, in minutes.
const OFFSET_MAX: i64 = 14 * 60;

struct Read {
    date: NaiveDate,
    /// Since midnight.
    ticks: i64,
    zone: Zone,
}

enum Zone {
    None,
    Utc,
    Offset(i64),
}

/// A `DateTime` as it is written. One with an offset becomes local time, which is UTC here.
pub(super) fn date_time(text: &str) -> Option<String> {
    let read = parse(text)?;
    Some(match read.zone {
        Zone::None => format!("{}T{}", day(read.date), time(read.ticks)),
        Zone::Utc => format!("{}T{}Z", day(read.date), time(read.ticks)),
        Zone::Offset(minutes) => {
            let (date, ticks) = shifted(read.date, read.ticks - minutes * TICKS_A_MINUTE)?;
            format!("{}T{}+00:00", day(date), time(ticks))
        }
    })
}

/// A `DateTimeOffset` as it is written. One without an offset is local time, which is UTC here.
pub(super) fn date_time_offset(text: &str) -> Option<String> {
    let read = parse(text)?;
    let minutes = match read.zone {
        Zone::None | Zone::Utc => 0,
        Zone::Offset(minutes) => minutes,
    };
    shifted(read.date, read.ticks - minutes * TICKS_A_MINUTE)?;
    let sign = if minutes < 0 { '-' } else { '+' };
    let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    Some(format!("{}T{}{offset}", day(read.date), time(read.ticks)))
}

/// A `DateOnly`: a date without a time.
pub(super) fn date_only(text: &str) -> Option<String> {
    if text.len() != 10 {
        return None;
    }
    parse(text).map(|read| day(read.date))
}

/// Year, month and day; then hours and minutes, seconds, a fraction and a zone.
fn parse(text: &str) -> Option<Read> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    if year == 0 {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    if rest.is_empty() {
        return Some(Read { date, ticks: 0, zone: Zone::None });
    }
    let rest = rest.strip_prefix('T')?;
    let (clock, rest) = rest.split_at_checked(5)?;
    let [hour, minute] = numbers(clock, ':', [2, 2])?;
    let (second, fraction, rest) = seconds(rest)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let ticks = (hour * 60 + minute) * TICKS_A_MINUTE + second * TICKS_A_SECOND + fraction;
    Some(Read { date, ticks, zone: zone(rest)? })
}

/// Seconds and ticks, where they stand, and the rest.
fn seconds(text: &str) -> Option<(i64, i64, &str)> {
    let Some(text) = text.strip_prefix(':') else { return Some((0, 0, text)) };
    let (second, rest) = text.split_at_checked(2)?;
    let [second] = numbers(second, ':', [2])?;
    let Some(rest) = rest.strip_prefix('.') else { return Some((second, 0, rest)) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 16 {
        return None;
    }
    Some((second, fraction(&rest[..digits])?, &rest[digits..]))
}

/// The ticks of the digits of a fraction, of which the first seven count.
fn fraction(digits: &str) -> Option<i64> {
    format!("{:0<7}", &digits[..digits.len().min(7)]).parse().ok()
}

fn zone(text: &str) -> Option<Zone> {
    if text.is_empty() {
        return Some(Zone::None);
    }
    if text == "Z" {
        return Some(Zone::Utc);
    }
    let sign = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let [hours, minutes] = match text.len() {
        3 => [numbers(&text[1..], ':', [2])?[0], 0],
        6 => numbers(text.get(1..)?, ':', [2, 2])?,
        _ => return None,
    };
    let offset = hours * 60 + minutes;
    (minutes <= 59 && offset <= OFFSET_MAX).then_some(Zone::Offset(sign * offset))
}

/// Numbers of fixed widths between separators.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut found = [0; N];
    let mut parts = text.split(separator);
    for (found, width) in found.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *found = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

/// A date and ticks that may lie outside the day. None beyond the years of .NET.
fn shifted(date: NaiveDate, ticks: i64) -> Option<(NaiveDate, i64)> {
    let days = ticks.div_euclid(TICKS_A_DAY);
    let step = Days::new(days.unsigned_abs());
    let date = if days < 0 { date.checked_sub_days(step)? } else { date.checked_add_days(step)? };
    (1..=9999).contains(&date.year()).then_some((date, ticks.rem_euclid(TICKS_A_DAY)))
}

fn day(date: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// A time of day; its fraction without the last zeros.
fn time(ticks: i64) -> String {
    let clock = clock(ticks);
    match ticks % TICKS_A_SECOND {
        0 => clock,
        fraction => format!("{clock}.{}", format!("{fraction:07}").trim_end_matches('0')),
    }
}

fn clock(ticks: i64) -> String {
    let seconds = ticks / TICKS_A_SECOND;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A `TimeSpan` in the form `[-][d.]hh:mm[:ss[.fffffff]]`, or days alone; as it is written.
pub(super) fn time_span(text: &str) -> Option<String> {
    let (negative, size) = match text.strip_prefix('-') {
        Some(size) => (true, size),
        None => (false, text),
    };
    if !size.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (days, clock) = match (size.find(['.', ':']), size.contains(':')) {
        (None, _) => (size, None),
        (Some(at), true) if size.as_bytes()[at] == b'.' => (&size[..at], Some(&size[at + 1..])),
        (Some(_), true) => ("0", Some(size)),
        (Some(_), false) => return None,
    };
    let days = small(days, i64::MAX)?;
    let ticks = clock.map_or(Some(0), clock_ticks)?;
    let ticks = i128::from(days) * i128::from(TICKS_A_DAY) + i128::from(ticks);
    let ticks = i64::try_from(if negative { -ticks } else { ticks }).ok()?;
    Some(span(ticks))
}

fn clock_ticks(text: &str) -> Option<i64> {
    let (text, ticks) = match text.split_once('.') {
        Some((text, digits)) if (1..=7).contains(&digits.len()) => {
            small(digits, i64::MAX)?;
            (text, fraction(digits)?)
        }
        Some(_) => return None,
        None => (text, 0),
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] if ticks == 0 => (small(hours, 23)?, small(minutes, 59)?, 0),
        [hours, minutes, seconds] => (small(hours, 23)?, small(minutes, 59)?, small(seconds, 59)?),
        _ => return None,
    };
    Some((hours * 60 + minutes) * TICKS_A_MINUTE + seconds * TICKS_A_SECOND + ticks)
}

/// Digits of a number that is at most `most`.
fn small(digits: &str, most: i64) -> Option<i64> {
    let is_one = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| digits.parse().ok()).flatten().filter(|number| *number <= most)
}

fn span(ticks: i64) -> String {
    let size = ticks.unsigned_abs();
    let a_day = TICKS_A_DAY.unsigned_abs();
    let days = match size / a_day {
        0 => String::new(),
        days => format!("{days}."),
    };
    let within = i64::try_from(size % a_day).unwrap_or(0);
    let fraction = match within % TICKS_A_SECOND {
        0 => String::new(),
        fraction => format!(".{fraction:07}"),
    };
    let sign = if ticks < 0 { "-" } else { "" };
    format!("{sign}{days}{}{fraction}", clock(within))
}
