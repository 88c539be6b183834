#!/usr/bin/env bash
# The conformance suite against the simulated worker.
#
#   conformance/sim.sh [FLAG OF conformance worker ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo bins --quiet
bin="${CARGO_TARGET_DIR:-target}/debug"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/models"
. conformance/pretend.sh
has=("${pretend[@]}")
files=(--scratch-models "$scratch/models" --base-file "$pretend_base")
# Short steps: most of the time is otherwise spent in jobs that only have to end. Four scenarios at a time, as many wait.
"$bin/conformance" worker --jobs 4 "${has[@]}" "${files[@]}" "$@" -- "$bin/worker-sim" --step-ms 5 --load-ms 0 --model-root "$scratch/models"
