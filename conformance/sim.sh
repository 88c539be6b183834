#!/usr/bin/env bash
# The conformance suite against the simulated worker.
#
#   conformance/sim.sh [FLAG OF conformance worker ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --quiet --package worker-sim --package conformance
bin="${CARGO_TARGET_DIR:-target}/debug"
exec "$bin/conformance" worker "$@" -- "$bin/worker-sim"
