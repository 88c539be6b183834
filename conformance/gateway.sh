#!/usr/bin/env bash
# The conformance suite against a gateway, over HTTP: on two simulated workers, or on the real Python worker with the
# tiny models that workers/setup.sh makes.
#
#   conformance/gateway.sh [--python] [FLAG OF conformance gateway ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo build --quiet --workspace --bins
bin="${CARGO_TARGET_DIR:-target}/debug"
scratch=$(mktemp -d)
gateway=
trap '[ -z "$gateway" ] || { kill "$gateway" 2>/dev/null; wait "$gateway" || true; }; rm -rf "$scratch"' EXIT
mkdir "$scratch/inputs"
touch "$scratch/out" "$scratch/err"

workers=(--workers sim --sim-arg --step-ms --sim-arg 5 --sim-arg --load-ms --sim-arg 0)
# Pretend models are of the type that their names tell.
has=(--refiner sdxl_refiner --vae sdxl_vae --lora loras/style.safetensors --control-net controlnet_canny.safetensors)
if [ "${1:-}" = --python ]; then
  shift
  models="$PWD/workers/.tiny-models"
  [ -x workers/.venv/bin/python ] && [ -d "$models" ] || { echo "run workers/setup.sh first" >&2; exit 30; }
  echo "{\"control_nets\": {\"canny\": \"$models/controlnet_canny\"}}" >"$scratch/worker.json"
  workers=(--workers python --device cpu --threads 1 --model-root "$models" --worker-arg --config --worker-arg "$scratch/worker.json")
  has=(--timeout 120 --model sdxl_base --refiner sdxl_refiner --vae sdxl_vae --lora lora_style.safetensors --control-net controlnet_canny)
fi
"$bin/gateway" serve "${workers[@]}" --listen 127.0.0.1:0 \
  --input-root "$scratch/inputs" --output-dir "$scratch/outputs" >"$scratch/out" 2>"$scratch/err" &
gateway=$!
# The gateway prints its address once it listens; a gateway that ends before it does is not waited for.
url=
while [ -z "$url" ]; do
  kill -0 "$gateway" 2>/dev/null || { cat "$scratch/out" "$scratch/err" >&2; echo "the gateway ended before it listened" >&2; exit 30; }
  url=$(grep -om1 'http://127.0.0.1:[0-9]*' "$scratch/out" "$scratch/err" -h || true)
  [ -n "$url" ] || sleep 0.05
done
"$bin/conformance" gateway --input-root "$scratch/inputs" "${has[@]}" "$@" "$url"
