#!/usr/bin/env bash
# Whether the tests notice a fixture that is wrong in one place: a sample, another one each day.
#
#   conformance/fixtures.sh [--all] [FLAG OF conformance mutants ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo bins --quiet
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo test --workspace --test it --no-run --message-format json 2>"$scratch/said" >"$scratch/built" || {
  cat "$scratch/said" >&2
  exit 1
}
# The tests of two crates read fixtures from the folder in CONCORD_FIXTURES.
test_of() {
  python3 -c '
import json, sys
for line in open(sys.argv[1]):
    built = json.loads(line)
    if built.get("executable") and built["target"]["name"] == "it" and f"/{sys.argv[2]}#" in built["package_id"]:
        print(built["executable"])
' "$scratch/built" "$1"
}
contracts=$(test_of contracts)
conformance=$(test_of conformance)
# A package finds its snapshots from its own folder.
export check="cd contracts && '$contracts' fixtures:: oracle:: bound:: image_refs:: model_ids:: \
  && cd ../conformance && '$conformance' replies:: csharp:: dotnet::"
sample=(--sample 30 --seed "$(date -u +%Y%j)")
if [ "${1:-}" = --all ]; then
  shift
  sample=()
fi
"${CARGO_TARGET_DIR:-target}/debug/conformance" mutants --side fixtures "${sample[@]}" "$@" -- bash -c "$check"
