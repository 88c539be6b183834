#!/usr/bin/env bash
# The conformance suite against a gateway that it starts, over HTTP: on two simulated workers, or on the real Python worker
# with the tiny models that workers/setup.sh makes. On simulated workers also over stdio, as one worker; both are then compared
# with a simulated worker alone.
#
#   conformance/gateway.sh [--python [--all]] [FLAG OF conformance gateway ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo bins --quiet
bin="${CARGO_TARGET_DIR:-target}/debug"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/inputs" "$scratch/models"

# Over stdio it is held to all that a worker is. Its process ends and stalls alike whatever its workers are, and simulated
# ones start soon. How documents are read is the same as over HTTP.
worker_alike=()
process=(--skip readings --skip bounds)
one=(--sim-workers 1 --sim-arg --step-ms --sim-arg 20)
workers=(--workers sim --sim-arg --step-ms --sim-arg 5 --sim-arg --load-ms --sim-arg 0)
. conformance/pretend.sh
has=("${pretend[@]}")
base=$pretend_base
if [ "${1:-}" = --python ]; then
  shift
  models="$PWD/workers/.tiny-models"
  [ -x workers/.venv/bin/python ] && [ -d "$models" ] || { echo "run workers/setup.sh first" >&2; exit 30; }
  echo "{\"control_nets\": {\"canny\": \"$models/controlnet_canny\"}}" >"$scratch/worker.json"
  workers=(--workers python --device cpu --threads 1 --model-root "$models" --worker-arg --config --worker-arg "$scratch/worker.json")
  base="$models/sdxl_base_file.safetensors"
  process=()
  # What a document is refused for is the same with any worker, and python.sh judges this one alone.
  [ "${1:-}" = --all ] && shift || worker_alike=(--skip http --skip strangers --skip hostile --skip bounds --skip readings --skip properties --skip own-fields --skip own-members)
  has=(--skip gateway-process --skip gateway-log --skip asked.training-numbers --timeout 120 --model sdxl_base --refiner sdxl_refiner --vae sdxl_vae --lora lora_style.safetensors --control-net controlnet_canny --embedding ti_style.safetensors)
fi
folders=(--model-root "$scratch/models" --input-root "$scratch/inputs" --output-dir "$scratch/outputs")
files=(--scratch-models "$scratch/models" --base-file "$base")
run=(--start-timeout 60 "${has[@]}" "${files[@]}")
pool=(--input-root "$scratch/inputs")
recorded() { echo "--record --report json=$scratch/$1.json"; }
"$bin/conformance" gateway "${worker_alike[@]}" "${pool[@]}" "${run[@]}" $(recorded http) "$@" \
  -- "$bin/gateway" serve "${workers[@]}" --listen '{address}' "${folders[@]}"
# The caller's choice of checks is about HTTP.
[ $# -eq 0 ] && [ ${#process[@]} -gt 0 ] || exit 0
"$bin/conformance" worker "${process[@]}" "${pool[@]}" "${run[@]}" $(recorded stdio) \
  -- "$bin/gateway" stdio "${workers[@]}" "${one[@]}" "${folders[@]}"
# Of the worker alone, which sim.sh judges, the suites that see the most members.
seen=(envelopes binding errors members models events training)
"$bin/conformance" worker --jobs 4 "${run[@]}" $(recorded sim) "${seen[@]/#/--only=}" \
  -- "$bin/worker-sim" --step-ms 5 --load-ms 0 --model-root "$scratch/models"
echo "the three compared: a worker, and a gateway over HTTP and over stdio"
"$bin/conformance" compare "$scratch"/{sim,http,stdio}.json >"$scratch/compared" || { code=$?; cat "$scratch/compared"; exit $code; }
tail -1 "$scratch/compared"
