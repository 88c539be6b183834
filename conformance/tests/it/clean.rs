//! No false alarm: a worker without a fault passes, however it writes and however it is written to. `clean.sh`
//! (`cargo xtask long clean-workers`) runs the whole suite so.

use std::process::Command;

use crate::{gateway, simulated_worker};

/// Scenarios that see bytes, bound members, numbers, lists, events and the order of lines.
const SCENARIOS: [&str; 6] = [
    "envelopes.get_status",
    "binding.generate_sdxl",
    "members.reports",
    "framing.written",
    "events.progress",
    "sentences.numbers",
];

/// The same over HTTP.
const ROUTES: [&str; 5] =
    ["http.routes", "http.problems", "http.dialects", "binding.generate_sdxl", "sentences.numbers"];

#[test]
fn bodies_of_a_gateway() {
    let proxy = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clean/rewrite_http.py");
    let mut tool = Command::new(env!("CARGO_BIN_EXE_conformance"));
    tool.args(["gateway", "--start-timeout", "60"]).args(ROUTES.iter().flat_map(|id| ["--only", *id]));
    tool.args(["--", "python3", proxy, "shuffled,blanks,crlf,escapes,numbers", "{address}"]).arg(gateway());
    tool.args([
        "serve",
        "--listen",
        "{inner}",
        "--workers",
        "sim",
        "--sim-workers",
        "1",
        "--sim-arg",
        "--load-ms",
    ]);
    let output = tool.args(["--sim-arg", "0", "--output-dir", env!("CARGO_TARGET_TMPDIR")]).output();
    let output = output.expect("the tool starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// The suite against the proxy of a way to write.
fn passes(way: &str) {
    let proxy = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clean/rewrite.py");
    let mut tool = Command::new(env!("CARGO_BIN_EXE_conformance"));
    tool.args(["worker", "--timeout", "20"]).env("GOOD_WORKER", simulated_worker());
    tool.args(SCENARIOS.iter().flat_map(|id| ["--only", *id]));
    let output =
        tool.args(["--", "python3", proxy, way, "--load-ms", "0"]).output().expect("the tool starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(" 0 skipped"), "{way}: {said}");
}

macro_rules! clean {
    ($($name:ident: $way:literal,)*) => {
        $(#[test] fn $name() { passes($way); })*
    };
}

clean! {
    keys_in_another_order: "replies:order",
    maps_in_an_order_of_their_own: "replies:shuffled,relaxed",
    lines_that_end_with_crlf: "replies:crlf",
    lines_in_pieces: "replies:pieces,ascii",
    blanks_between_tokens: "replies:blanks,solidus",
    escapes_of_dotnet: "replies:escapes,numbers",
    everything_escaped: "replies:all-escaped",
    late_but_in_time: "replies:slow",
    keys_of_commands_in_another_order: "commands:order,escapes",
    commands_in_crlf_pieces_and_blanks: "commands:shuffled,crlf,pieces,blanks",
    commands_without_nulls: "commands:no-nulls,all-escaped",
}
