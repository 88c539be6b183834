#!/usr/bin/env bash
# Lints of Rust: `cargo xtask test` builds with clippy's compiler, and cargo says again what it warned of in a build that it
# does not repeat. So the build of the step before, which is given as the arguments, must say nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${RUSTC_WORKSPACE_WRAPPER:-}" != clippy-driver ] || [ $# -eq 0 ]; then
  echo "lint.sh: run it as \`cargo xtask test lint\`, which builds with clippy-driver" >&2
  exit 1
fi
said=$("$@" 2>&1) || { echo "$said"; exit 1; }
if [ -n "$said" ]; then
  echo "$said"
  exit 1
fi
