#!/usr/bin/env bash
# Which wrong lines of `contracts` and `conformance` their tests find: cargo-mutants, by .cargo/mutants.toml. A part of 96, some 70 of
# 7 000, another one each day. Fails if more than five of a hundred are missed, and lists those.
#
#   xtask/mutants.sh [--all | FLAG OF cargo mutants ...]
#   xtask/mutants.sh --file contracts/src/pointer.rs
#
# The program is built once, below the target folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=27.1.0
missed_max_percent=5
parts=96
home="$(realpath -m "${CARGO_TARGET_DIR:-target}")/cargo-mutants-$version"
if [ ! -x "$home/bin/cargo-mutants" ]; then
  cargo install --quiet --locked --root "$home" --version "=$version" cargo-mutants
fi

# The tests start workers and gateways, which are of other packages: cargo-mutants builds the mutated one alone, in a copy of the
# tree. Those of the tree as it is serve every mutant.
cargo bins --quiet
CONCORD_BUILT=$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)
export CONCORD_BUILT

if [ $# -eq 0 ]; then
  day=$(date -u +%-j)
  set -- --shard "$((day % parts))/$parts"
  echo "part $2"
elif [ "$1" = --all ]; then
  shift
fi
said="$home/said"
mkdir -p "$said"
# Dependencies are built once for all runs, and of a mutant only what its line changes. Lints say nothing of a mutant.
export CARGO_TARGET_DIR="$home/built" CARGO_INCREMENTAL=1
unset RUSTC_WORKSPACE_WRAPPER
# The copy has no environment of Python: tests that need one are skipped.
unset CONCORD_REQUIRE_PYTHON
code=0
"$home/bin/cargo-mutants" mutants --package contracts --package conformance --output "$said" "$@" || code=$?
# 2: some were missed; 3: some ran too long, which is a way to be found.
case $code in
  0 | 2 | 3) ;;
  *) exit "$code" ;;
esac
count() { wc -l <"$said/mutants.out/$1.txt"; }
missed=$(count missed)
judged=$((missed + $(count caught) + $(count timeout)))
cat "$said/mutants.out/missed.txt"
echo "$missed of $judged mutants are missed"
[ "$judged" -gt 0 ] && [ $((missed * 100)) -le $((judged * missed_max_percent)) ]
