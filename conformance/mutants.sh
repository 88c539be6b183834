#!/usr/bin/env bash
# What the conformance suite misses: a sample of mutants of the simulated worker and of what it is asked, another one each day.
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
seed=$(date -u +%Y%j)
sample=(--edit next --edit flip --edit other --sample 30 --seed "$seed")
commands=(--sample 8 --seed "$seed")
if [ "${1:-}" = --all ]; then
  shift
  sample=()
  commands=()
else
  echo "seed $seed"
fi
# Both sides are tried, whatever the first one shows.
code=0
for side in replies commands; do
  [ $side = replies ] || sample=("${commands[@]}")
  "$bin/conformance" mutants --side $side "${sample[@]}" "${skip[@]}" \
    "${has[@]}" "${files[@]}" "$@" -- "$bin/worker-sim" --model-root "$scratch/models" || code=$?
done
exit $code
