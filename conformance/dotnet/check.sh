#!/usr/bin/env bash
# Holds the model of System.Text.Json, and what is read in C# sources, to real .NET, and all parties to each other on payloads made
# from the schemas. Exits with 77 and the reason if it is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. conformance/dotnet/find.sh
peer=$PWD/target/dotnet-peer
dotnet build --verbosity quiet --nologo --output "$peer" conformance/dotnet
shapes=$PWD/target/dotnet-shapes
dotnet build --verbosity quiet --nologo --output "$shapes" conformance/tests/shapes
cases=$PWD/target/dotnet-cases
dotnet build --verbosity quiet --nologo --output "$cases" fixtures/csharp/source
export CONFORMANCE_DOTNET_PEER=$peer/Peer.dll CONFORMANCE_DOTNET_SHAPES=$shapes/Shapes.dll CONFORMANCE_DOTNET_CASES=$cases/Describe.dll
cargo test --quiet --workspace --test it -- dotnet:: csharp::shapes
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo bins --quiet
agree=("${CARGO_TARGET_DIR:-target}/debug/conformance" agree --dotnet "$peer/Peer.dll")
# Without it the command counts Python as skipped, and says why.
if [ -x workers/.venv/bin/python ]; then agree+=(--python workers/.venv/bin/python); fi
PYTHONPATH=workers "${agree[@]}"
