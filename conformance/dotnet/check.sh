#!/usr/bin/env bash
# Holds the model of System.Text.Json, and what is read in C# sources, to real .NET. Exits with 77 and the reason if it is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. conformance/dotnet/find.sh
peer=$PWD/target/dotnet-peer
dotnet build --verbosity quiet --nologo --output "$peer" conformance/dotnet
shapes=$PWD/target/dotnet-shapes
dotnet build --verbosity quiet --nologo --output "$shapes" conformance/tests/shapes
CONFORMANCE_DOTNET_PEER=$peer/Peer.dll CONFORMANCE_DOTNET_SHAPES=$shapes/Shapes.dll \
  cargo test --quiet --workspace --test it -- dotnet:: csharp::shapes
