#!/usr/bin/env bash
# The conformance suite against the real Python worker, on the processor, with the tiny models that workers/setup.sh makes.
#
#   conformance/python.sh [FLAG OF conformance worker …]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
models="$PWD/workers/.tiny-models"
[ -x workers/.venv/bin/python ] && [ -d "$models" ] || { echo "run workers/setup.sh first" >&2; exit 30; }
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo bins --quiet
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/models"
echo "{\"control_nets\": {\"canny\": \"$models/controlnet_canny\"}}" >"$scratch/worker.json"
# One OpenMP thread: with more, small tensors take tens of times longer on a busy machine.
OMP_NUM_THREADS=1 "${CARGO_TARGET_DIR:-target}/debug/conformance" worker --timeout 120 --start-timeout 60 \
  --model sdxl_base --refiner sdxl_refiner --vae sdxl_vae --lora lora_style.safetensors --control-net controlnet_canny \
  --embedding ti_style.safetensors \
  --scratch-models "$scratch/models" --base-file "$models/sdxl_base_file.safetensors" \
  "$@" -- workers/.venv/bin/python workers/main.py --device cpu --model-root "$models" --model-root "$scratch/models" --config "$scratch/worker.json"
