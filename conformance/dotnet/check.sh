#!/usr/bin/env bash
# Holds the model of System.Text.Json to real .NET. Exits with 77 and the reason if it is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. conformance/dotnet/find.sh
peer=$PWD/target/dotnet-peer
dotnet build --verbosity quiet --nologo --output "$peer" conformance/dotnet
CONFORMANCE_DOTNET_PEER=$peer/Peer.dll cargo test --quiet --workspace --test it -- dotnet::
