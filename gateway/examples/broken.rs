//! The gateway's program with a bug in it, for tests that see how the real process ends:
//! `GATEWAY_BUG=PLACE:REQUEST_ID`, where PLACE is `queue` or `stdio`.

use std::process::ExitCode;

use gateway::faults::{FaultPoint, plant};

fn main() -> ExitCode {
    // Its workers inherit the variable, and never reach these places.
    if let Ok(bug) = std::env::var("GATEWAY_BUG") {
        match bug.split_once(':') {
            Some(("queue", id)) => plant(FaultPoint::JobQueue, id),
            Some(("stdio", id)) => plant(FaultPoint::StdioClient, id),
            _ => panic!("GATEWAY_BUG={bug:?} is not PLACE:REQUEST_ID"),
        }
    }
    gateway::program::main()
}
