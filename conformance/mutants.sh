#!/usr/bin/env bash
# What the conformance suite misses: a sample of mutants of the simulated worker, another one each day; with --all
# every one, and those of what it is asked.
#
#   conformance/mutants.sh [--all] [FLAG OF conformance mutants ...]
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
# Signals and documents say nothing of single members, and take the most time.
skip=(--skip worker-process --skip readings --skip bounds --skip properties)
sample=(--edit next --edit flip --edit other --sample 30 --seed "$(date -u +%Y%j)")
# What is done to commands is looked for by the whole hunt alone: some of it is survived, and not mended yet.
sides=(replies)
if [ "${1:-}" = --all ]; then
  shift
  sample=()
  sides=(replies commands)
else
  echo "${sample[@]: -2}"
fi
# Both sides are tried, whatever the first one shows.
code=0
for side in "${sides[@]}"; do
  "$bin/conformance" mutants --side "$side" "${sample[@]}" "${skip[@]}" \
    "${has[@]}" "${files[@]}" "$@" -- "$bin/worker-sim" --model-root "$scratch/models" || code=$?
done
exit $code
