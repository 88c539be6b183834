#!/usr/bin/env bash
# Holds the model of System.Text.Json to real .NET. Exits with 77 and the reason if it is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if ! command -v dotnet >/dev/null; then
  if [ -x ../shared/dotnet/setup.sh ]; then
    eval "$(../shared/dotnet/setup.sh)"
  else
    echo "skipped: no dotnet on PATH; the peer needs .NET 10"
    exit 77
  fi
fi
# Build servers would hold the output open after the build.
export MSBUILDDISABLENODEREUSE=1
peer=$PWD/target/dotnet-peer
dotnet build --verbosity quiet --nologo --output "$peer" conformance/dotnet
CONFORMANCE_DOTNET_PEER=$peer/Peer.dll cargo test --quiet --workspace --test it -- dotnet::
