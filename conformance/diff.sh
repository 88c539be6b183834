#!/usr/bin/env bash
# The long tests of `conformance diff`, with jsoncompat as the second judge: it decides changes of validation with a proof
# or a counterexample. It is installed beside the build, and is no dependency: it would bring a second validator of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools="$PWD/${CARGO_TARGET_DIR:-target}/tools"
# It is asked about small documents: a quick build of it is worth more than a quick program.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
cargo install --quiet --locked jsoncompat --version 0.5.0 --root "$tools"
export CONCORD_DIFF_LONG=1 CONCORD_JSONCOMPAT="$tools/bin/jsoncompat"
cargo test --quiet --workspace --test it -- diff:: --nocapture
