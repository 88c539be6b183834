#!/usr/bin/env bash
# Runs the C# bridge against worker-sim, the drop-in (the gateway) and the Python worker. Exits with 77 and the reason if it is
# skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. conformance/dotnet/find.sh
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo bins --quiet
dotnet build --verbosity quiet --nologo clients/bridge
bridge=(dotnet clients/bridge/bin/Debug/net10.0/Bridge.dll)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
run() { # name, command
  echo "-- the bridge drives $1"
  "${bridge[@]}" "${@:2}" --worker pipeline_manager --output-dir "$out/$1" 2>"$out/$1.err" || { tail -20 "$out/$1.err" >&2; return 1; }
}
run worker-sim target/debug/worker-sim
CONCORD_GATEWAY="$PWD/target/debug/gateway" run drop-in python3 clients/drop-in/main.py
if [ -x workers/.venv/bin/python ] && [ -d workers/.tiny-models ]; then
  run python-worker workers/.venv/bin/python workers/main.py --model-root workers/.tiny-models
else
  echo "-- the Python worker is skipped: run workers/setup.sh first"
fi
