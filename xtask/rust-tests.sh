#!/usr/bin/env bash
# The tests of every crate, and that each snapshot is one that a test asserts: none is pending, none is left over.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export INSTA_UPDATE=no INSTA_SNAPSHOT_REFERENCES_FILE="$scratch/asserted"
cargo test --workspace --no-fail-fast "$@"

# A part of the tests asserts a part of the snapshots.
[ $# -eq 0 ] || exit 0
find . -name '*.snap.new' -not -path './target*' >"$scratch/pending"
sort -u "$INSTA_SNAPSHOT_REFERENCES_FILE" | xargs -d '\n' realpath --relative-to=. | sort -u >"$scratch/used"
git ls-files --cached --others --exclude-standard -- '*.snap' | sort -u >"$scratch/there"
comm -13 "$scratch/used" "$scratch/there" >"$scratch/orphans"
code=0
sed 's/.*/&: pending: read it, then rename it or run `cargo insta accept`/' "$scratch/pending"
sed 's/.*/&: no test asserts this snapshot: remove it/' "$scratch/orphans"
[ ! -s "$scratch/pending" ] && [ ! -s "$scratch/orphans" ] || code=1
exit "$code"
