//! A worker's stderr: logged up to a rate, and its last lines kept for the cause of its death.

use std::collections::VecDeque;

use contracts::framing::{Decoder, Line};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{GpuId, meter::Meter, process::shorten};

/// Lines kept for the cause of a death: a Python traceback fits.
const TAIL_MAX: usize = 20;
/// A longer line is only counted, so that a worker cannot fill the gateway's memory with one line.
const LINE_BYTES_MAX: usize = 256 << 10;

/// The last lines, oldest first.
pub(super) type Tail = VecDeque<String>;

/// Logs one worker's stderr until its end, at most `lines_max` lines a second.
pub(super) async fn log(
    mut stderr: impl AsyncRead + Unpin,
    tail: watch::Sender<Tail>,
    gpu: GpuId,
    lines_max: u64,
) {
    let mut decoder = Decoder::new(LINE_BYTES_MAX);
    let mut meter = Meter::new(lines_max, Instant::now());
    let mut chunk = vec![0; 64 << 10];
    loop {
        let read = match meter.report_due() {
            // The worker may be silent after a flood; the count of suppressed lines must be logged all the same.
            Some(at) => match timeout_at(at, stderr.read(&mut chunk)).await {
                Ok(read) => read,
                Err(_) => {
                    log_suppressed(&gpu, meter.roll(Instant::now()));
                    continue;
                }
            },
            None => stderr.read(&mut chunk).await,
        };
        let lines = match read {
            Ok(0) => break,
            Ok(count) => decoder.push(&chunk[..count]),
            Err(err) => {
                tracing::warn!(%gpu, %err, "the worker's stderr broke");
                break;
            }
        };
        let now = Instant::now();
        lines.into_iter().for_each(|line| one(&line, &tail, &gpu, &mut meter, now));
    }
    if let Some(line) = decoder.finish() {
        one(&line, &tail, &gpu, &mut meter, Instant::now());
    }
    log_suppressed(&gpu, meter.end());
}

fn one(line: &Line, tail: &watch::Sender<Tail>, gpu: &GpuId, meter: &mut Meter, now: Instant) {
    let text = match line {
        Line::Text(line) => harmless(shorten(String::from_utf8_lossy(line).trim_end())),
        Line::TooLarge { bytes } => format!("(a line of more than {bytes} bytes)"),
    };
    log_suppressed(gpu, meter.roll(now));
    if meter.passes() {
        tracing::info!(target: "worker", %gpu, "{text}");
    }
    tail.send_modify(|tail| {
        if tail.len() == TAIL_MAX {
            tail.pop_front();
        }
        tail.push_back(text);
    });
}

fn log_suppressed(gpu: &GpuId, lines: u64) {
    if lines > 0 {
        tracing::warn!(target: "worker", %gpu, lines, "lines of its stderr were left out: they came too fast");
    }
}

/// Writes control characters as escapes: the CR of a progress bar must not overwrite the log on a terminal, nor an ESC
/// colour it.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '\t' => harmless.push('\t'),
            one if one.is_control() => harmless.extend(one.escape_default()),
            one => harmless.push(one),
        }
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn control_characters_are_written_as_escapes() {
        assert_eq!(harmless("10%\r20%\u{1b}[31m\tä"), "10%\\r20%\\u{1b}[31m\tä");
    }
}
