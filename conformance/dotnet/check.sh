#!/usr/bin/env bash
# Holds the model of System.Text.Json, and what is read in C# sources, to real .NET. Exits with 77 and the reason if it is skipped.
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
