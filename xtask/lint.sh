#!/usr/bin/env bash
# Lints of Rust: `cargo xtask test` builds with clippy's compiler, and cargo says again what it warned of in a build that it
# does not repeat. So the build of the step before, asked for once more, must say nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${RUSTC_WORKSPACE_WRAPPER:-}" != clippy-driver ]; then
  echo "lint.sh: RUSTC_WORKSPACE_WRAPPER is not clippy-driver: run it as \`cargo xtask test lint\`" >&2
  exit 1
fi
said=$(cargo test --quiet --workspace --all-targets --no-run 2>&1) || { echo "$said"; exit 1; }
if [ -n "$said" ]; then
  echo "$said"
  exit 1
fi
