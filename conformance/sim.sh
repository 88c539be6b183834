#!/usr/bin/env bash
# The conformance suite against the simulated worker.
#
#   conformance/sim.sh [FLAG OF conformance worker ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo bins --quiet
bin="${CARGO_TARGET_DIR:-target}/debug"
# Pretend models are of the type that their names tell.
has=(--refiner sdxl_refiner --vae sdxl_vae --lora loras/style.safetensors --control-net controlnet_canny.safetensors)
exec "$bin/conformance" worker "${has[@]}" "$@" -- "$bin/worker-sim"
