//! The gateway's program with a bug in it, for tests that see how the real process ends: `GATEWAY_BUG=PLACE:REQUEST_ID`,
//! where PLACE is `desk` or `talk`.

use std::process::ExitCode;

use gateway::faults::{Spot, plant};

fn main() -> ExitCode {
    // Its own workers inherit the variable, and never come by these places.
    if let Ok(bug) = std::env::var("GATEWAY_BUG") {
        match bug.split_once(':') {
            Some(("desk", id)) => plant(Spot::Desk, id),
            Some(("talk", id)) => plant(Spot::Talk, id),
            _ => panic!("GATEWAY_BUG={bug:?} is not PLACE:REQUEST_ID"),
        }
    }
    gateway::program::main()
}
