//! File descriptors: how many connections the system's limit leaves room for, beside workers, pictures and logs.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors that are not of a connection: pipes of workers, files of pictures, the log. 64 workers have three pipes
/// each.
const OTHERS: u64 = 256;

/// Descriptors of one connection: its socket, and the file of the picture that it is sent.
const EACH: u64 = 2;

/// Raises the limit of descriptors to what connections need, as far as the system allows. Returns how many connections
/// there may be.
pub(super) fn room(connections_max: usize) -> usize {
    let wanted = connections_max as u64 * EACH + OTHERS;
    let allowed = match raise(wanted) {
        Ok(allowed) => allowed,
        Err(err) => {
            tracing::warn!(%err, "how many files may be open is not known; connections are not limited by it");
            return connections_max;
        }
    };
    if allowed >= wanted {
        return connections_max;
    }
    let room = usize::try_from(allowed.saturating_sub(OTHERS) / EACH).unwrap_or(usize::MAX).max(1);
    tracing::warn!(
        connections_max,
        room,
        "the system allows {allowed} open files: there is room for {room} connections; \
         raise the hard limit (LimitNOFILE, ulimit -Hn), or lower connections_max"
    );
    room
}

fn raise(wanted: u64) -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= wanted {
        return Ok(soft);
    }
    let most = wanted.min(hard);
    setrlimit(Resource::RLIMIT_NOFILE, most, hard)?;
    Ok(most)
}
