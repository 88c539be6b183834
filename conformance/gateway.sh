#!/usr/bin/env bash
# The conformance suite against a gateway on two simulated workers, over HTTP.
#
#   conformance/gateway.sh [FLAG OF conformance gateway …]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --quiet --package gateway --package conformance
bin="${CARGO_TARGET_DIR:-target}/debug"
scratch=$(mktemp -d)
gateway=
trap '[ -z "$gateway" ] || { kill "$gateway" 2>/dev/null; wait "$gateway" || true; }; rm -rf "$scratch"' EXIT
mkdir "$scratch/inputs"
touch "$scratch/out" "$scratch/err"
"$bin/gateway" serve --workers sim --listen 127.0.0.1:0 --sim-arg --step-ms --sim-arg 5 --sim-arg --load-ms --sim-arg 0 \
  --input-root "$scratch/inputs" --output-dir "$scratch/outputs" >"$scratch/out" 2>"$scratch/err" &
gateway=$!
# The gateway prints its address once it listens; a gateway that ends before it does is not waited for.
url=
while [ -z "$url" ]; do
  kill -0 "$gateway" 2>/dev/null || { cat "$scratch/out" "$scratch/err" >&2; echo "the gateway ended before it listened" >&2; exit 30; }
  url=$(grep -om1 'http://127.0.0.1:[0-9]*' "$scratch/out" "$scratch/err" -h || true)
  [ -n "$url" ] || sleep 0.05
done
"$bin/conformance" gateway --input-root "$scratch/inputs" "$@" "$url"
